//! The meters of the window: blocks of the signal being heard in, one readable picture out.
//!
//! Runs on the meter worker, never on the audio thread. Figures here are for the eye while listening; those on papers come
//! from the finished file.

use std::sync::Arc;

use super::frame::{MeterView, SpectrumView};
use crate::meter::correlation::{Goniometer, StereoMeter};
use crate::meter::dynamics::{PsrMeter, plr_db};
use crate::meter::loudness::LoudnessMeter;
use crate::meter::peak::LevelMeter;
use crate::meter::spectrum::{self, Smoothing, SpectrumAnalyzer};
use crate::meter::true_peak::{Keep, TruePeakMeter, dbtp};
use crate::units::{SampleRate, db_from_power, gain_from_db};

/// Points of the spectrum's curves.
pub(super) const SPECTRUM_POINTS: usize = 320;

/// Points of the goniometer.
const FIELD_POINTS: usize = 1024;

/// Hours of integrated loudness without a reset.
const MOST_HOURS: f64 = 12.0;

/// Values of the short-term history: ten a second for five minutes.
const HISTORY_VALUES: usize = 3000;

/// Consecutive full-scale samples that count as a run.
const OVER_SAMPLES: u32 = 3;

/// Time constants of the two averages shown, seconds.
const FAST_S: f64 = 0.15;
const SLOW_S: f64 = 3.0;

/// Every meter of the signal being heard.
pub struct Meters {
    rate: SampleRate,
    levels: [LevelMeter; 2],
    true_peak: TruePeakMeter,
    /// True peak by steps of 100 ms, for PSR.
    interval_peak: TruePeakMeter,
    loudness: LoudnessMeter,
    psr: PsrMeter,
    stereo: StereoMeter,
    field: Goniometer,
    fast: [SpectrumAnalyzer; 2],
    slow: [SpectrumAnalyzer; 2],
    view: spectrum::SpectrumView,
    /// Frames until the next step of 100 ms.
    to_step: usize,
    history: Vec<f32>,
    gap: bool,
}

impl Meters {
    /// For a rate.
    pub fn new(rate: SampleRate) -> Self {
        let hz = rate.0;
        Self {
            rate,
            levels: [LevelMeter::new(hz, OVER_SAMPLES), LevelMeter::new(hz, OVER_SAMPLES)],
            true_peak: TruePeakMeter::new(Keep::Maximum),
            interval_peak: TruePeakMeter::new(Keep::Intervals),
            loudness: LoudnessMeter::new(hz, 2, MOST_HOURS),
            psr: PsrMeter::new(),
            stereo: StereoMeter::new(hz),
            field: Goniometer::new(hz, FIELD_POINTS),
            fast: [SpectrumAnalyzer::new(hz, FAST_S), SpectrumAnalyzer::new(hz, FAST_S)],
            slow: [SpectrumAnalyzer::new(hz, SLOW_S), SpectrumAnalyzer::new(hz, SLOW_S)],
            view: display_of(rate),
            to_step: (hz / 10) as usize,
            history: Vec::with_capacity(HISTORY_VALUES),
            gap: false,
        }
    }

    /// The rate it measures at.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Takes a stretch of the signal.
    pub fn push(&mut self, mut left: &[f64], mut right: &[f64]) {
        self.stereo.push(left, right);
        self.field.push(left, right);
        self.true_peak.push(left, right);
        for (channel, samples) in [left, right].into_iter().enumerate() {
            self.levels[channel].push(samples);
            self.fast[channel].push(samples);
            self.slow[channel].push(samples);
        }
        while !left.is_empty() {
            let n = left.len().min(self.to_step);
            self.loudness.push(&left[..n], &right[..n]);
            self.interval_peak.push(&left[..n], &right[..n]);
            (left, right) = (&left[n..], &right[n..]);
            self.to_step -= n;
            if self.to_step == 0 {
                self.step();
            }
        }
    }

    /// Every 100 ms.
    fn step(&mut self) {
        self.to_step = (self.rate.0 / 10) as usize;
        let [l, r] = self.interval_peak.take_interval();
        let short_term = self.loudness.short_term_lufs();
        self.psr.push(l.max(r), short_term);
        if self.history.len() == HISTORY_VALUES {
            self.history.remove(0);
        }
        self.history.push(short_term.map_or(f32::NEG_INFINITY, |s| s as f32));
    }

    /// Some of the signal was lost on the way: integrated readings have a hole.
    pub fn lost(&mut self) {
        self.gap = true;
    }

    /// The sound jumped (a seek): what spans the jump starts anew, what integrates goes on.
    pub fn restart(&mut self) {
        self.true_peak.restart();
        self.interval_peak.restart();
        self.loudness.restart();
        self.stereo.restart();
        self.levels.iter_mut().for_each(LevelMeter::restart);
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::new(self.rate);
    }

    /// The readings.
    pub fn view(&mut self, point: &str) -> MeterView {
        let levels = [self.levels[0].reading(), self.levels[1].reading()];
        let loudness = self.loudness.reading();
        let stereo = self.stereo.reading();
        let crests = self.true_peak.highest();
        let max_true_peak = self.true_peak.max_dbtp();
        MeterView {
            point: point.to_owned(),
            peak_dbfs: levels.map(|l| l.peak_dbfs),
            hold_dbfs: levels.map(|l| l.hold_dbfs),
            rms_dbfs: levels.map(|l| l.rms_dbfs),
            true_peak_dbtp: crests.map(|c| dbtp(c.value)),
            full_scale_runs: levels.iter().map(|l| l.overs).sum(),
            momentary_lufs: loudness.momentary_lufs,
            short_term_lufs: loudness.short_term_lufs,
            integrated_lufs: loudness.integrated_lufs,
            range_lu: loudness.range_lu,
            max_momentary_lufs: loudness.max_momentary_lufs,
            max_short_term_lufs: loudness.max_short_term_lufs,
            plr_lu: plr_db(max_true_peak, loudness.integrated_lufs),
            psr_lu: self.psr.psr_db(),
            correlation: stereo.correlation,
            min_correlation: stereo.min_correlation,
            balance_db: stereo.balance_db,
            short_term_history: Arc::new(self.history.clone()),
            gap: self.gap,
        }
    }

    /// The spectrum: mean power of left and right, so that a full-scale sine in both reads 0 dB.
    pub fn spectrum(&self) -> SpectrumView {
        let trace = |pair, read| stereo_trace(pair, &self.view, SPECTRUM_POINTS, read);
        SpectrumView {
            freqs_hz: points_of(&self.view, SPECTRUM_POINTS),
            now_db: trace(&self.fast, SpectrumAnalyzer::trace_db),
            average_db: trace(&self.slow, SpectrumAnalyzer::trace_db),
            peak_db: trace(&self.fast, SpectrumAnalyzer::peak_trace_db),
            label: "1/12 oct · 4.5 dB/oct".to_owned(),
            slope_db_oct: self.view.slope_db_per_octave as f32,
        }
    }

    /// Points of the goniometer as left and right, newest last.
    pub fn field(&self) -> Vec<[f32; 2]> {
        // The meter plots x = (R − L)/√2, y = (L + R)/√2.
        let half = std::f32::consts::FRAC_1_SQRT_2;
        self.field.points().map(|p| [(p.y - p.x) * half, (p.y + p.x) * half]).collect()
    }
}

/// The grid every spectrum of the window is drawn on.
pub(super) fn display_of(rate: SampleRate) -> spectrum::SpectrumView {
    spectrum::SpectrumView {
        low_hz: 10.0,
        high_hz: 22_000f64.min(rate.nyquist_hz()),
        smoothing: Smoothing::Octave(12),
        slope_db_per_octave: 4.5,
    }
}

/// Frequencies of the points of a display, Hz.
pub(super) fn points_of(display: &spectrum::SpectrumView, points: usize) -> Vec<f32> {
    (0..points).map(|i| display.hz_at(i, points) as f32).collect()
}

/// Writes a curve of an analyser in dB on the grid of a display.
pub(super) type ReadTrace = fn(&SpectrumAnalyzer, &spectrum::SpectrumView, &mut [f32]);

/// Mean power of left and right in dB, so that a full-scale sine in both reads 0 dB.
pub(super) fn stereo_trace(
    pair: &[SpectrumAnalyzer; 2],
    display: &spectrum::SpectrumView,
    points: usize,
    read: ReadTrace,
) -> Vec<f32> {
    let mut traces = [vec![0.0f32; points], vec![0.0f32; points]];
    for (analyzer, out) in pair.iter().zip(&mut traces) {
        read(analyzer, display, out);
    }
    let power = |db: f32| gain_from_db(f64::from(db) * 2.0);
    let [left, right] = traces;
    left.iter().zip(&right).map(|(&l, &r)| db_from_power(0.5 * (power(l) + power(r))) as f32).collect()
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meters").field("rate", &self.rate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibrated_sine_reads_right_on_every_meter() {
        let rate = SampleRate(48_000);
        let mut meters = Meters::new(rate);
        let sine: Vec<f64> = (0..5 * 48_000)
            .map(|i| 0.1 * (std::f64::consts::TAU * 1000.0 * f64::from(i) / 48_000.0).sin())
            .collect();
        for part in sine.chunks(1000) {
            meters.push(part, part);
        }
        let view = meters.view("test");
        // -20 dBFS in both channels: -20 LUFS + 0.007 dB (loudness.md 3.3), AES17 RMS equals the peak of a sine.
        assert!((view.short_term_lufs.unwrap() + 20.0 - 0.007).abs() < 0.01);
        assert!((view.peak_dbfs[0].unwrap() + 20.0).abs() < 0.01);
        assert!((view.rms_dbfs[1].unwrap() + 20.0).abs() < 0.02);
        assert!((view.true_peak_dbtp[0].unwrap() + 20.0).abs() < 0.01);
        assert!(view.correlation.unwrap() > 0.9999);
        assert!((view.psr_lu.unwrap() - 0.0).abs() < 0.02);
        let spectrum = meters.spectrum();
        let top = spectrum.now_db.iter().copied().fold(f32::MIN, f32::max);
        // The mean power of the bins in 1/12 octave: a Hann-windowed sine spreads over 1.5 bins of 48 000/8192 Hz.
        let bins = 1000.0 * (2f64.powf(1.0 / 24.0) - 2f64.powf(-1.0 / 24.0)) / (48_000.0 / 8192.0);
        let expected = -20.0 + 10.0 * (1.5 / bins).log10();
        assert!((f64::from(top) - expected).abs() < 0.3, "{top}, not {expected}");
        let field = meters.field();
        assert!(field.iter().all(|[l, r]| (l - r).abs() < 1e-6) && !field.is_empty());
    }
}
