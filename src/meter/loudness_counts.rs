//! How often which loudness came: momentary and short-term values at 10 Hz counted in bins of 0.1 LU from −70 LUFS on.
//! Written by one thread and read by another at the same time, without a lock and without a copy.
//!
//! The 10th and 95th percentiles are those of the loudness range (EBU Tech 3342 v4): values under −70 LUFS and those 20 LU
//! under the mean power of the rest are left out; the percentile is the value at `round((n − 1)·p)` of the sorted ones,
//! here the middle of its bin, 0.05 LU off at most.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::loudness::{ABSOLUTE_GATE_LUFS, RANGE_GATE_LU};

/// Lowest loudness that counts, LUFS: the absolute gate.
pub const LOWEST_LUFS: f64 = ABSOLUTE_GATE_LUFS;
/// Bins in a decibel.
const FINE_PER_LU: f64 = 10.0;
/// Fine bins: up to +10 LUFS.
const FINE: usize = 800;
/// Fine bins in one of a picture.
const COARSE: usize = 5;
/// Width of a bin of a picture, LU.
pub const BIN_LU: f64 = COARSE as f64 / FINE_PER_LU;

/// One kind of loudness.
#[derive(Debug)]
pub struct Counts {
    bins: Box<[AtomicU32]>,
}

impl Default for Counts {
    fn default() -> Self {
        Self { bins: (0..FINE).map(|_| AtomicU32::new(0)).collect() }
    }
}

impl Counts {
    /// Counts a value; silence and what is not a number do not count. Above the last bin it is in the last.
    pub fn add(&self, lufs: f64) {
        if lufs >= LOWEST_LUFS
            && let Some(bin) = self.bins.get((((lufs - LOWEST_LUFS) * FINE_PER_LU) as usize).min(FINE - 1))
        {
            bin.fetch_add(1, Relaxed);
        }
    }

    /// Values counted.
    pub fn total(&self) -> u64 {
        self.bins.iter().map(|b| u64::from(b.load(Relaxed))).sum()
    }

    /// Counts in bins of [`BIN_LU`], the first from [`LOWEST_LUFS`] on.
    pub fn bins(&self) -> Vec<u32> {
        self.bins.chunks(COARSE).map(|c| c.iter().map(|b| b.load(Relaxed)).sum()).collect()
    }

    /// The 10th and 95th percentiles of what passes the gates of the loudness range, LUFS; `None` if nothing does.
    pub fn range_lufs(&self) -> Option<(f64, f64)> {
        let bins: Vec<(f64, u64)> = (0..FINE).map(|i| (middle_lufs(i), self.count(i))).collect();
        let power = |lufs: f64| 10f64.powf(lufs / 10.0);
        let (sum, n) = bins.iter().fold((0.0, 0), |(sum, n), (l, c)| (sum + power(*l) * *c as f64, n + c));
        if n == 0 {
            return None;
        }
        let gate = 10.0 * (sum / n as f64).log10() + RANGE_GATE_LU;
        let kept: Vec<(f64, u64)> = bins.into_iter().filter(|(l, _)| *l >= gate).collect();
        let n: u64 = kept.iter().map(|(_, c)| c).sum();
        let at = |part: f64| {
            let index = (n.saturating_sub(1) as f64 * part + 0.5) as u64;
            let mut before = 0;
            let reaches = |(_, c): &&(f64, u64)| {
                before += c;
                before > index
            };
            kept.iter().find(reaches).map(|(l, _)| *l)
        };
        at(0.10).zip(at(0.95))
    }

    fn count(&self, index: usize) -> u64 {
        self.bins.get(index).map_or(0, |b| u64::from(b.load(Relaxed)))
    }
}

fn middle_lufs(fine: usize) -> f64 {
    LOWEST_LUFS + (fine as f64 + 0.5) / FINE_PER_LU
}

impl PartialEq for Counts {
    fn eq(&self, other: &Self) -> bool {
        (0..FINE).all(|i| self.count(i) == other.count(i))
    }
}

/// Momentary and short-term loudness.
#[derive(Debug, Default, PartialEq)]
pub struct LoudnessCounts {
    /// 400 ms.
    pub momentary: Counts,
    /// 3 s.
    pub short_term: Counts,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::loudness::{power_from_lufs, range_lu};

    #[test]
    fn a_value_is_in_its_bin_and_silence_in_none() {
        let counts = Counts::default();
        for lufs in [-23.05, -22.76, -22.55, -70.0, -70.1, f64::NEG_INFINITY, f64::NAN, 25.0] {
            counts.add(lufs);
        }
        let bins = counts.bins();
        let bin = |lufs: f64| bins[((lufs - LOWEST_LUFS) / BIN_LU) as usize];
        assert_eq!((bin(-23.3), bin(-22.8), bins[0], bins[bins.len() - 1]), (1, 2, 1, 1));
        assert_eq!((counts.total(), bins.len()), (5, 160));
    }

    /// Against the exact loudness range of the same values.
    #[test]
    fn percentiles_are_those_of_the_loudness_range() {
        let counts = Counts::default();
        let values: Vec<f64> = (0..5000)
            .map(|i| -24.0 + 9.0 * (f64::from(i) * 0.0137).sin() + 4.0 * (f64::from(i) * 0.171).cos())
            .chain((0..400).map(|i| -58.0 - f64::from(i) * 0.04))
            .collect();
        values.iter().for_each(|v| counts.add(*v));
        let powers: Vec<f64> = values.iter().map(|v| power_from_lufs(*v)).collect();
        let exact = range_lu(&powers, &mut vec![0.0; powers.len()]).unwrap();
        let (low, high) = counts.range_lufs().unwrap();
        assert!((high - low - exact).abs() <= 0.1 + 1e-9, "{} is not {exact}", high - low);
        // The same values sorted: the percentiles by hand.
        let mean = powers.iter().sum::<f64>() / powers.len() as f64;
        let mut kept: Vec<f64> =
            values.into_iter().filter(|v| *v >= -0.691 + 10.0 * mean.log10() - 20.0).collect();
        kept.sort_by(f64::total_cmp);
        let at = |part: f64| kept[((kept.len() - 1) as f64 * part + 0.5) as usize];
        assert!((low - at(0.10)).abs() <= 0.06 && (high - at(0.95)).abs() <= 0.06);
        assert_eq!(Counts::default().range_lufs(), None);
    }
}
