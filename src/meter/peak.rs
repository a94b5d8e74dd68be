//! Level bars: sample peak with fall and hold, RMS, and the counter of full-scale runs.
//!
//! The peak bar rises at once and falls 20 dB in 1.7 s, its hold mark stays 1 s (IEC 60268-18 style). RMS is the AES17
//! level (a full-scale sine reads 0 dBFS) of a one-pole average of the squares with a time constant of 300 ms. Time is
//! counted in frames, never read from a clock. Nothing is allocated.

use super::dynamics::aes17_dbfs;
use crate::units::db_from_gain;

/// Fall of the peak bar in dB a second.
const FALL_DB_PER_S: f64 = 20.0 / 1.7;
/// How long the hold mark stays.
const HOLD_S: f64 = 1.0;
/// Time constant of the RMS average.
pub const RMS_TIME_S: f64 = 0.3;
/// Squares under this (−200 dBFS) are set to zero, so that silence costs no denormal arithmetic.
const NOTHING: f64 = 1e-20;

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
    rate_hz: f64,
    peak: f64,
    hold: f64,
    hold_frames_left: f64,
    max: f64,
    mean_square: f64,
    rms_step: f64,
    overs: OverCounter,
}

impl LevelMeter {
    /// At a rate in hertz; `over_samples` full-scale samples in a row are an over.
    pub fn new(rate_hz: u32, over_samples: u32) -> Self {
        let rate_hz = f64::from(rate_hz.max(1));
        Self {
            rate_hz,
            peak: 0.0,
            hold: 0.0,
            hold_frames_left: 0.0,
            max: 0.0,
            mean_square: 0.0,
            rms_step: 1.0 - (-1.0 / (RMS_TIME_S * rate_hz)).exp(),
            overs: OverCounter::new(over_samples),
        }
    }

    /// Takes a block. NaN counts as silence.
    pub fn push(&mut self, samples: &[f64]) {
        let mut top = 0.0;
        let mut mean_square = self.mean_square;
        for &x in samples {
            let clean = if x.abs() <= f64::MAX { x } else { 0.0 };
            top = if clean.abs() > top { clean.abs() } else { top };
            mean_square += self.rms_step * (clean * clean - mean_square);
        }
        self.mean_square = if mean_square > NOTHING && mean_square.is_finite() { mean_square } else { 0.0 };
        self.overs.push(samples);
        self.max = self.max.max(top);
        self.fall(samples.len() as f64, top);
    }

    fn fall(&mut self, frames: f64, top: f64) {
        self.peak = top.max(self.peak * 10f64.powf(-FALL_DB_PER_S * frames / self.rate_hz / 20.0));
        self.hold_frames_left -= frames;
        if top >= self.hold || self.hold_frames_left <= 0.0 {
            self.hold = if top >= self.hold { top } else { self.peak };
            self.hold_frames_left = HOLD_S * self.rate_hz;
        }
    }

    /// What the bar shows now.
    pub fn reading(&self) -> LevelReading {
        let db = |gain: f64| (gain > 1e-10).then(|| db_from_gain(gain));
        LevelReading {
            peak_dbfs: db(self.peak),
            hold_dbfs: db(self.hold),
            max_dbfs: db(self.max),
            rms_dbfs: aes17_dbfs(self.mean_square),
            overs: self.overs.count(),
        }
    }

    /// Forgets maximum, hold and overs; the bars go on.
    pub fn restart(&mut self) {
        (self.max, self.hold, self.hold_frames_left) = (0.0, 0.0, 0.0);
        self.overs.restart();
    }
}

/// Counts runs of at least N full-scale samples.
#[derive(Debug, Clone)]
pub struct OverCounter {
    samples: u32,
    run: u32,
    count: u64,
}

/// Full scale of 16 bits: the highest positive sample of any integer format is at least this.
const FULL_SCALE: f64 = 32_767.0 / 32_768.0;

impl OverCounter {
    /// `samples` in a row make an over (1 and 3 are usual).
    pub fn new(samples: u32) -> Self {
        Self { samples: samples.max(1), run: 0, count: 0 }
    }

    /// Takes a block.
    pub fn push(&mut self, samples: &[f64]) {
        for &x in samples {
            self.run = if x.abs() >= FULL_SCALE { self.run.saturating_add(1) } else { 0 };
            self.count += u64::from(self.run == self.samples);
        }
    }

    /// Overs since reset; a run counts once, however long.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Counts from zero again.
    pub fn restart(&mut self) {
        (self.run, self.count) = (0, 0);
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
    fn overs_are_counted_once_a_run_across_blocks() {
        let mut counter = OverCounter::new(3);
        counter.push(&[0.0, 1.0, 1.0]);
        counter.push(&[1.0, 1.0, 0.0, -1.0, -1.0, 0.0]);
        counter.push(&[-1.0, -1.0, -1.0]);
        assert_eq!(counter.count(), 2);
    }

    #[test]
    fn nan_does_not_stick() {
        let mut meter = LevelMeter::new(48_000, 1);
        meter.push(&[f64::NAN, f64::INFINITY, 0.25]);
        let r = meter.reading();
        assert!((r.peak_dbfs.unwrap() + 12.0412).abs() < 1e-3 && r.rms_dbfs.unwrap().is_finite());
    }
}
