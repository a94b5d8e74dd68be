//! Dynamics: RMS, crest factor, PLR, PSR and the TT DR value.
//!
//! RMS is AES17: 3.01 dB above the plain mean square, so that a full-scale sine reads 0 dBFS. PLR = highest true peak −
//! integrated loudness. PSR = highest true peak of the last 3 s − short-term loudness of the same 3 s; for its minimum a
//! window counts only from −70 LUFS up, as for the loudness itself. DR is the method of the Pleasurize Music Foundation
//! ("Measuring DR", Algorithmix, v1.3, 2009).

use crate::units::{db_from_gain, db_from_power};

/// AES17 level of a mean square in dBFS: `10·log10(2·mean square)`; `None` in silence.
pub fn aes17_dbfs(mean_square: f64) -> Option<f64> {
    (mean_square > 0.0).then(|| db_from_power(2.0 * mean_square))
}

/// Peak over AES17 RMS in dB: 0 for a sine. `None` in silence.
pub fn crest_db(peak: f64, mean_square: f64) -> Option<f64> {
    (peak > 0.0).then(|| db_from_gain(peak)).zip(aes17_dbfs(mean_square)).map(|(p, r)| p - r)
}

/// Peak to loudness ratio in dB, where both exist.
pub fn plr_db(max_true_peak_dbtp: Option<f64>, integrated_lufs: Option<f64>) -> Option<f64> {
    max_true_peak_dbtp.zip(integrated_lufs).map(|(peak, loudness)| peak - loudness)
}

/// Steps of 100 ms in the 3 s window.
const PSR_STEPS: usize = 30;
/// Quieter windows do not count for the minimum: the ratio of a fade's last hiss says nothing of the music.
pub const PSR_GATE_LUFS: f64 = -70.0;

/// The least PSR of a file, in dB, and the step of 100 ms at which its window begins. `crests` are the true peaks of each
/// step (factors), `short_terms_lufs[i]` the loudness of the 30 steps from `i` on.
pub fn least_psr_db(crests: &[f64], short_terms_lufs: impl Iterator<Item = f64>) -> Option<(f64, usize)> {
    let mut least: Option<(f64, usize)> = None;
    for (i, (window, lufs)) in crests.windows(PSR_STEPS).zip(short_terms_lufs).enumerate() {
        let highest = window.iter().fold(0.0f64, |a, &b| a.max(b));
        let psr_db = db_from_gain(highest) - lufs;
        if lufs >= PSR_GATE_LUFS && highest > 0.0 && least.is_none_or(|(db, _)| psr_db < db) {
            least = Some((psr_db, i));
        }
    }
    least
}

/// Peak to short-term loudness ratio and its minimum. Feed it every 100 ms.
#[derive(Debug, Clone)]
pub struct PsrMeter {
    /// Highest true peak of each of the last steps, factors.
    peaks: [f64; PSR_STEPS],
    next: usize,
    filled: usize,
    now_db: Option<f64>,
    minimum_db: Option<f64>,
}

impl Default for PsrMeter {
    fn default() -> Self {
        Self::new()
    }
}

impl PsrMeter {
    /// Nothing heard yet.
    pub fn new() -> Self {
        Self { peaks: [0.0; PSR_STEPS], next: 0, filled: 0, now_db: None, minimum_db: None }
    }

    /// Takes the highest true peak of the last 100 ms (factor) and the short-term loudness at their end.
    pub fn push(&mut self, true_peak: f64, short_term_lufs: Option<f64>) {
        self.peaks[self.next] = true_peak;
        self.next = (self.next + 1) % PSR_STEPS;
        self.filled = (self.filled + 1).min(PSR_STEPS);
        let highest = self.peaks.iter().fold(0.0, |a: f64, &b| a.max(b));
        let full = self.filled == PSR_STEPS && highest > 0.0;
        self.now_db = short_term_lufs.filter(|_| full).map(|s| db_from_gain(highest) - s);
        let counts = short_term_lufs.is_some_and(|s| s >= PSR_GATE_LUFS);
        if let Some(now) = self.now_db.filter(|_| counts) {
            self.minimum_db = Some(self.minimum_db.map_or(now, |m: f64| m.min(now)));
        }
    }

    /// Of the last 3 s, dB.
    pub fn psr_db(&self) -> Option<f64> {
        self.now_db
    }

    /// Lowest since reset, dB.
    pub fn minimum_db(&self) -> Option<f64> {
        self.minimum_db
    }

    /// As new.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

/// Frames of a DR block at 44.1 kHz (3.004 s); other rates in proportion.
const DR_BLOCK_AT_44100: u64 = 132_480;
/// Part of the blocks, the loudest, that make the RMS.
const DR_LOUDEST: f64 = 0.2;

/// Gathers the TT DR value of one channel. A last, shorter block counts as a block.
#[derive(Debug)]
pub struct DrChannel {
    block_frames: usize,
    in_block: usize,
    sum: f64,
    peak: f64,
    /// Mean square × 2 and peak of each block.
    blocks: Vec<(f64, f64)>,
}

impl DrChannel {
    /// At a rate in hertz, with room for `max_hours`; what comes later is not counted ([`Self::make_room`]).
    pub fn new(rate_hz: u32, max_hours: f64) -> Self {
        let block_frames = (u64::from(rate_hz) * DR_BLOCK_AT_44100 / 44_100).max(1) as usize;
        let capacity = (max_hours.clamp(0.0, 1000.0) * 1200.0).ceil() as usize + 2;
        Self { block_frames, in_block: 0, sum: 0.0, peak: 0.0, blocks: Vec::with_capacity(capacity) }
    }

    /// Takes samples.
    pub fn push(&mut self, mut samples: &[f64]) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.room()));
            self.add(&Moments::of(now), now.len());
            samples = later;
        }
    }

    /// Makes sure that the next block finds room; allocates where it would not.
    pub fn make_room(&mut self) {
        self.blocks.reserve(2);
    }

    /// Samples up to the end of the block under way.
    pub fn room(&self) -> usize {
        self.block_frames - self.in_block
    }

    /// Takes the sums over the next `frames` samples, at most [`Self::room`].
    pub fn add(&mut self, part: &Moments, frames: usize) {
        self.sum += part.square_sum;
        self.peak = self.peak.max(part.peak);
        self.in_block += frames;
        if self.in_block >= self.block_frames {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.in_block > 0 && self.blocks.len() < self.blocks.capacity() {
            self.blocks.push((2.0 * self.sum / self.in_block as f64, self.peak));
        }
        (self.in_block, self.sum, self.peak) = (0, 0.0, 0.0);
    }

    /// The channel's DR in dB, not rounded; `None` in silence. Ends the measurement.
    pub fn finish(mut self) -> Option<f64> {
        self.close();
        let loudest = ((self.blocks.len() as f64 * DR_LOUDEST) as usize).max(1);
        let mut peaks: Vec<f64> = self.blocks.iter().map(|b| b.1).collect();
        peaks.sort_by(|a, b| b.total_cmp(a));
        let second = *peaks.get(1).or(peaks.first())?;
        self.blocks.sort_by(|a, b| b.0.total_cmp(&a.0));
        let power = self.blocks.iter().take(loudest).map(|b| b.0).sum::<f64>() / loudest as f64;
        (power > 0.0 && second > 0.0).then(|| db_from_gain(second) - db_from_power(power))
    }
}

/// DR of a track: the mean over its channels, rounded to a whole number (never −0).
pub fn track_dr(channels: &[Option<f64>]) -> Option<f64> {
    let heard: Vec<f64> = channels.iter().flatten().copied().collect();
    (!heard.is_empty()).then(|| (heard.iter().sum::<f64>() / heard.len() as f64).round() + 0.0)
}

/// Sums over a stretch of samples.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    /// Σ x.
    pub sum: f64,
    /// Σ x².
    pub square_sum: f64,
    /// max |x|.
    pub peak: f64,
}

impl Moments {
    /// Of a slice. Four partial sums, so that the loop runs in vector registers.
    #[inline(always)]
    pub fn of(samples: &[f64]) -> Self {
        let (mut sum, mut square, mut peak) = ([0.0f64; 4], [0.0f64; 4], [0.0f64; 4]);
        let mut four = samples.chunks_exact(4);
        for x in &mut four {
            for k in 0..4 {
                sum[k] += x[k];
                square[k] += x[k] * x[k];
                peak[k] = if x[k].abs() > peak[k] { x[k].abs() } else { peak[k] };
            }
        }
        for (k, x) in four.remainder().iter().enumerate() {
            sum[k] += x;
            square[k] += x * x;
            peak[k] = peak[k].max(x.abs());
        }
        Self {
            sum: sum.iter().sum(),
            square_sum: square.iter().sum(),
            peak: peak.iter().fold(0.0, |a, &b| a.max(b)),
        }
    }

    /// Takes another stretch in.
    #[inline(always)]
    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.square_sum += other.square_sum;
        self.peak = self.peak.max(other.peak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn sine(amplitude: f64, seconds: f64) -> Vec<f64> {
        (0..(seconds * 44_100.0) as usize).map(|n| amplitude * (2.0 * PI * n as f64 / 44.1).sin()).collect()
    }

    #[test]
    fn a_full_scale_sine_reads_zero() {
        let m = Moments::of(&sine(1.0, 1.0));
        assert!(aes17_dbfs(m.square_sum / 44_100.0).unwrap().abs() < 1e-3);
        assert!(crest_db(m.peak, m.square_sum / 44_100.0).unwrap().abs() < 2e-2);
        assert!(m.sum.abs() < 1e-6);
        assert_eq!(aes17_dbfs(0.0), None);
    }

    #[test]
    fn dr_of_a_sine_is_zero_and_of_a_peaky_programme_its_distance() {
        let mut steady = DrChannel::new(44_100, 1.0);
        steady.push(&sine(0.5, 30.0));
        assert!(steady.finish().unwrap().abs() < 0.05);
        // A tenth of full scale with single full-scale samples: 20 dB, the second peak counts.
        let mut x = sine(0.1, 30.0);
        (x[10], x[400_000]) = (1.0, -0.5);
        let mut peaky = DrChannel::new(44_100, 1.0);
        x.chunks(1000).for_each(|block| peaky.push(block));
        let dr = peaky.finish().unwrap();
        assert!((dr - 20.0 * 5f64.log10()).abs() < 0.05, "{dr}");
        assert_eq!(track_dr(&[Some(13.4), Some(14.2)]), Some(14.0));
        assert_eq!(track_dr(&[DrChannel::new(44_100, 1.0).finish()]), None);
    }

    #[test]
    fn psr_needs_three_seconds_and_keeps_its_minimum() {
        let mut meter = PsrMeter::new();
        for _ in 0..29 {
            meter.push(0.5, Some(-14.0));
        }
        assert_eq!(meter.psr_db(), None);
        meter.push(1.0, Some(-14.0));
        assert!((meter.psr_db().unwrap() - 14.0).abs() < 1e-9);
        (0..30).for_each(|_| meter.push(0.5, Some(-14.0)));
        (0..30).for_each(|_| meter.push(1.0, Some(-14.0)));
        assert!((meter.minimum_db().unwrap() - (14.0 - 6.0206)).abs() < 1e-3);
    }
}
