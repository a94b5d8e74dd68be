//! The mean square over a time: a one-pole average whose time constant is the time named.
//!
//! Read as AES17 level (a sine reads its peak: `10·log10(2·mean square)`); the plain level is 3.01 dB under it.

use super::super::dynamics::aes17_dbfs;
use super::{NOTHING, Needle, TINY, clean};

/// AES17 over plain RMS: `10·log10 2` dB.
pub const AES17_OVER_PLAIN_DB: f64 = 3.010_299_956_639_812;

/// The average of one channel.
#[derive(Debug, Clone)]
pub struct MeanSquare {
    step: f64,
    now: f64,
    max: f64,
}

impl MeanSquare {
    /// At a rate in hertz, over a time in seconds.
    pub fn new(rate_hz: u32, time_s: f64) -> Self {
        let frames = (time_s * f64::from(rate_hz)).max(1.0);
        Self { step: -(-1.0 / frames).exp_m1(), now: 0.0, max: 0.0 }
    }

    /// Takes a block.
    pub fn push(&mut self, samples: &[f64]) {
        let (mut now, mut max) = (self.now, self.max);
        for &x in samples {
            let clean = clean(x);
            now += self.step * (clean * clean + TINY - now);
            max = if now > max { now } else { max };
        }
        (self.now, self.max) = (now, max);
    }

    /// AES17 level.
    pub fn needle(&self) -> Needle {
        let dbfs = |power: f64| (power > NOTHING * NOTHING).then_some(power).and_then(aes17_dbfs);
        Needle { now_dbfs: dbfs(self.now), max_dbfs: dbfs(self.max) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SESSION_RATES_HZ;
    use std::f64::consts::TAU;

    /// Level once settled of a signal given by its time in seconds.
    fn settled(rate: u32, time_s: f64, wave: impl FnMut(f64) -> f64) -> f64 {
        let mut meter = MeanSquare::new(rate, time_s);
        let x: Vec<f64> = (0..rate * 8).map(|i| f64::from(i) / f64::from(rate)).map(wave).collect();
        meter.push(&x);
        meter.needle().now_dbfs.unwrap()
    }

    #[test]
    fn sine_square_and_noise_read_as_the_formula_says() {
        for rate in [44_100, 96_000] {
            for time_s in [0.3, 0.6] {
                let sine = settled(rate, time_s, |t| 0.1 * (TAU * 1000.0 * t).sin());
                assert!((sine + 20.0).abs() < 0.01, "sine at its peak: {sine}");
                let square = settled(rate, time_s, |t| if (t * 100.0).fract() < 0.5 { 0.1 } else { -0.1 });
                assert!(
                    (square + 20.0 - AES17_OVER_PLAIN_DB).abs() < 1e-4,
                    "square 3.01 dB over its peak: {square}"
                );
            }
        }
    }

    #[test]
    fn pink_noise_reads_its_mean_square_over_time() {
        // Sum of first-order sections (about −3 dB an octave); what matters is the mean square of the very samples.
        let mut state = [0.0; 3];
        let mut seed = 3u64;
        let mut sum = 0.0;
        let level = settled(48_000, 0.6, |t| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let white = (seed >> 33) as f64 / f64::from(1u32 << 30) - 1.0;
            for (z, pole) in state.iter_mut().zip([0.997, 0.96, 0.57]) {
                *z = pole * *z + (1.0 - pole) * white;
            }
            let x = 0.3 * state.iter().sum::<f64>();
            // The weight the average gives it at the end.
            sum += x * x * (-(8.0 - t) / 0.6).exp() / (0.6 * 48_000.0);
            x
        });
        assert!((level - 10.0 * (2.0 * sum).log10()).abs() < 0.001, "{level}");
    }

    #[test]
    fn it_has_its_time_constant_at_every_rate() {
        for rate in SESSION_RATES_HZ {
            for time_s in [0.3, 0.6] {
                let mut meter = MeanSquare::new(rate, time_s);
                meter.push(&vec![0.5; (f64::from(rate) * time_s) as usize]);
                let expected = 10.0 * (2.0 * 0.25 * (1.0 - (-1.0f64).exp())).log10();
                assert!((meter.needle().now_dbfs.unwrap() - expected).abs() < 0.001, "{rate} Hz, {time_s} s");
            }
        }
    }

    #[test]
    fn the_maximum_stays_and_silence_reads_nothing() {
        let mut meter = MeanSquare::new(48_000, 0.3);
        assert_eq!(meter.needle(), Needle::default());
        meter.push(&[1.0; 48_000]);
        let top = meter.needle().now_dbfs;
        (0..30).for_each(|_| meter.push(&[0.0; 48_000]));
        assert_eq!(meter.needle(), Needle { now_dbfs: None, max_dbfs: top });
        assert!(meter.now.is_normal());
    }
}
