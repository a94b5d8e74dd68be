//! The level bar of one channel in small: sample peak with fall and mark, RMS, full-scale runs.
//!
//! What a slot needs; the full set is [`super::level::ChannelLevels`]. RMS is the AES17 level (a full-scale sine reads
//! 0 dBFS) over 300 ms. Time is counted in frames, never read from a clock. Nothing is allocated.

use super::level::{MeanSquare, PeakBar, RunCounter, dbfs};

/// Time constant of the RMS average.
pub const RMS_TIME_S: f64 = 0.3;

/// What a bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LevelReading {
    /// Falling sample peak, dBFS; `None` in silence.
    pub peak_dbfs: Option<f64>,
    /// Hold mark, dBFS.
    pub hold_dbfs: Option<f64>,
    /// Highest sample since reset, dBFS.
    pub max_dbfs: Option<f64>,
    /// AES17 RMS over 300 ms, dBFS.
    pub rms_dbfs: Option<f64>,
    /// Runs of full-scale samples since reset.
    pub overs: u64,
}

/// The level bar of one channel.
#[derive(Debug, Clone)]
pub struct LevelMeter {
    bar: PeakBar,
    rms: MeanSquare,
    runs: RunCounter,
    over_samples: u32,
}

impl LevelMeter {
    /// At a rate in hertz; `over_samples` full-scale samples in a row are an over.
    pub fn new(rate_hz: u32, over_samples: u32) -> Self {
        Self {
            bar: PeakBar::new(rate_hz),
            rms: MeanSquare::new(rate_hz, RMS_TIME_S),
            runs: RunCounter::default(),
            over_samples,
        }
    }

    /// Takes a block. NaN counts as silence.
    pub fn push(&mut self, samples: &[f64]) {
        self.bar.push(samples, None);
        self.rms.push(samples);
        self.runs.push(samples, None);
    }

    /// What the bar shows now.
    pub fn reading(&self) -> LevelReading {
        LevelReading {
            peak_dbfs: dbfs(self.bar.bar()),
            hold_dbfs: dbfs(self.bar.mark()),
            max_dbfs: dbfs(self.bar.max()),
            rms_dbfs: self.rms.needle().now_dbfs,
            overs: self.runs.count(self.over_samples),
        }
    }

    /// Forgets maximum, hold and overs; the bars go on.
    pub fn restart(&mut self) {
        self.bar.restart();
        self.runs.restart();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn a_sine_reads_the_same_on_peak_and_rms() {
        let mut meter = LevelMeter::new(48_000, 3);
        let x: Vec<f64> = (0..144_000).map(|n| 0.5 * (2.0 * PI * f64::from(n) / 48.0).sin()).collect();
        x.chunks(64).for_each(|block| meter.push(block));
        let r = meter.reading();
        for value in [r.peak_dbfs, r.hold_dbfs, r.max_dbfs, r.rms_dbfs] {
            assert!((value.unwrap() + 6.0206).abs() < 0.02, "{r:?}");
        }
        assert_eq!(r.overs, 0);
    }

    #[test]
    fn bars_fall_at_their_rate_and_the_mark_waits() {
        let mut meter = LevelMeter::new(48_000, 3);
        meter.push(&[1.0; 64]);
        let silence = [0.0; 480];
        (0..90).for_each(|_| meter.push(&silence));
        assert!((meter.reading().hold_dbfs.unwrap()).abs() < 1e-9, "0.9 s later");
        (0..80).for_each(|_| meter.push(&silence));
        let r = meter.reading();
        assert!((r.peak_dbfs.unwrap() + 20.0).abs() < 0.05, "1.7 s later: {r:?}");
        assert!(r.hold_dbfs.unwrap() < -11.0 && r.max_dbfs.unwrap().abs() < 1e-9);
        meter.restart();
        assert_eq!(meter.reading().max_dbfs, None);
    }

    #[test]
    fn rms_has_its_time_constant() {
        let mut meter = LevelMeter::new(48_000, 3);
        meter.push(&vec![0.5; 14_400]);
        let expected = 10.0 * (2.0 * 0.25 * (1.0 - (-1.0f64).exp())).log10();
        assert!((meter.reading().rms_dbfs.unwrap() - expected).abs() < 0.001);
    }

    #[test]
    fn nan_does_not_stick() {
        let mut meter = LevelMeter::new(48_000, 1);
        meter.push(&[f64::NAN, f64::INFINITY, 0.25]);
        let r = meter.reading();
        assert!((r.peak_dbfs.unwrap() + 12.0412).abs() < 1e-3 && r.rms_dbfs.unwrap().is_finite());
    }
}
