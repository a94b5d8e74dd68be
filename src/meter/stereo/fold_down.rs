//! What a mono sum costs in loudness, since reset.
//!
//! `10·log10(⟨K((L+R)/2)²⟩ / ((⟨K(L)²⟩+⟨K(R)²⟩)/2))`, K the weighting of BS.1770-5: the loudness of the sum played by both
//! loudspeakers against that of the stereo signal, in LU. Ungated: silence weighs nothing in either.
//! As `L² + R² = 2(M² + S²)`, mid and side are weighted instead of left and right.

use super::grid::Grid;
use crate::dsp::kweight::KWeight;
use crate::units::db_from_power;

/// Evaluations a second.
const STEPS: u32 = 100;
/// Frames worked on at a time.
const CHUNK: usize = 256;
/// Energy under which the filter has died away.
const DEAD: f64 = 1e-200;

/// Loudness of the mono sum against stereo.
#[derive(Debug, Clone)]
pub struct FoldDown {
    filter: KWeight,
    grid: Grid,
    /// Of mid and side, this step.
    energy: [f64; 2],
    /// Of mid and side, since reset.
    total: [f64; 2],
}

impl FoldDown {
    /// At a rate in hertz.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            filter: KWeight::new(f64::from(rate_hz.max(1))),
            grid: Grid::new(rate_hz, STEPS),
            energy: [0.0; 2],
            total: [0.0; 2],
        }
    }

    /// Takes a block of both channels. NaN and infinity cost the 10 ms they fall into.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = left.len().min(right.len());
        let (mut mid, mut side) = ([0.0; CHUNK], [0.0; CHUNK]);
        let mut at = 0;
        while at < length {
            let end = length.min(at + self.grid.room().min(CHUNK));
            let count = end - at;
            for i in 0..count {
                let (l, r) = (left[at + i], right[at + i]);
                (mid[i], side[i]) = (0.5 * (l + r), 0.5 * (l - r));
            }
            self.filter.add_energy(&mid[..count], &side[..count], &mut self.energy);
            if self.grid.advance(count).is_some() {
                self.close();
            }
            at = end;
        }
    }

    fn close(&mut self) {
        let [mid, side] = std::mem::take(&mut self.energy);
        if (mid + side).is_finite() && mid + side > DEAD {
            self.total = [self.total[0] + mid, self.total[1] + side];
        } else {
            self.filter.reset();
        }
    }

    /// LU, at least −120; `None` before any sound.
    pub fn loss_lu(&self) -> Option<f64> {
        let [mid, side] = self.total;
        (mid + side > 1e-12).then(|| db_from_power((mid / (mid + side)).max(1e-12)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::kweight::sections;

    fn loss(rate: u32, signal: impl Fn(f64) -> [f64; 2]) -> Option<f64> {
        let mut meter = FoldDown::new(rate);
        let frames = (0..2 * rate).map(|n| signal(f64::from(n) / f64::from(rate)));
        let (left, right): (Vec<f64>, Vec<f64>) = frames.map(|f| (f[0], f[1])).unzip();
        for (l, r) in left.chunks(1000).zip(right.chunks(1000)) {
            meter.push(l, r);
        }
        meter.loss_lu()
    }

    fn sine(hz: f64, at_s: f64) -> f64 {
        0.5 * (std::f64::consts::TAU * hz * at_s).sin()
    }

    #[test]
    fn mono_loses_nothing_one_channel_3_lu_and_opposite_channels_all() {
        for rate in crate::units::SESSION_RATES_HZ {
            let x = |t| sine(1000.0, t);
            assert!(loss(rate, |t| [x(t), x(t)]).unwrap().abs() < 1e-9);
            assert!((loss(rate, |t| [x(t), 0.0]).unwrap() + 3.0103).abs() < 1e-4);
            assert!((loss(rate, |t| [x(t), -x(t)]).unwrap() + 120.0).abs() < 1e-9);
            assert_eq!(loss(rate, |_| [0.0; 2]), None);
        }
    }

    #[test]
    fn the_loss_is_weighted_as_the_ear_hears_it() {
        // In phase at 3 kHz, opposite at 50 Hz, equally strong: −3.01 dB, but K hears the bass far softer.
        let (rate, high, low) = (48_000, 3000.0, 50.0);
        let measured = loss(rate, |t| [sine(high, t) + sine(low, t), sine(high, t) - sine(low, t)]).unwrap();
        let weight =
            |hz: f64| sections(48_000.0).iter().map(|s| s.magnitude(hz, 48_000.0).powi(2)).product::<f64>();
        let expected = 10.0 * (weight(high) / (weight(high) + weight(low))).log10();
        assert!(expected > -1.0 && (measured - expected).abs() < 0.01, "{measured}, not {expected}");
    }

    #[test]
    fn what_is_not_a_number_costs_ten_milliseconds() {
        let x = |t: f64| if (0.5..0.5001).contains(&t) { f64::NAN } else { sine(1000.0, t) };
        assert!((loss(48_000, |t| [x(t), 0.0]).unwrap() + 3.0103).abs() < 0.01);
    }
}
