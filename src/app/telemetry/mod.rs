//! The meters of the window: blocks of the signal at the meter point in, one readable picture out.
//!
//! Runs on the meter worker, never on the audio thread. Figures here are for the eye while listening; those on papers come
//! from the finished file.

mod level;
mod loudness;
mod spectrum;
mod stereo;
mod trace;

use super::command::MeterAct;
use super::frame::{MeterView, SpectrumView};
use super::meter_settings::MeterSettings;
use crate::units::SampleRate;
pub(super) use spectrum::{SPECTRUM_POINTS, display_of, points_of, stereo_trace};
pub(super) use trace::GainTrace;
pub use trace::{LevelTrace, TRACE_PER_SECOND, TRACE_POINTS, TracePoint};

/// Every meter at the meter point.
pub struct Meters {
    rate: SampleRate,
    settings: MeterSettings,
    levels: level::Levels,
    loudness: loudness::Loudness,
    stereo: stereo::Stereo,
    spectra: spectrum::Spectra,
    trace: trace::Trace,
    gap: bool,
}

impl Meters {
    /// For a rate.
    pub fn new(rate: SampleRate, settings: &MeterSettings) -> Self {
        Self {
            rate,
            settings: settings.clone(),
            levels: level::Levels::new(rate, &settings.level),
            loudness: loudness::Loudness::new(rate, &settings.loudness),
            stereo: stereo::Stereo::new(rate, &settings.stereo),
            spectra: spectrum::Spectra::new(rate, &settings.spectrum),
            trace: trace::Trace::new(rate),
            gap: false,
        }
    }

    /// The rate it measures at.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Takes other settings: only the meters they concern begin anew. How loudness is shown concerns none.
    pub fn set(&mut self, settings: &MeterSettings) {
        if settings.level != self.settings.level {
            self.levels = level::Levels::new(self.rate, &settings.level);
        }
        if settings.stereo != self.settings.stereo {
            self.stereo = stereo::Stereo::new(self.rate, &settings.stereo);
        }
        if settings.spectrum != self.settings.spectrum {
            self.spectra = spectrum::Spectra::new(self.rate, &settings.spectrum);
        }
        self.settings = settings.clone();
    }

    /// Does something to the meters.
    pub fn act(&mut self, act: &MeterAct) {
        match act {
            MeterAct::Reset => *self = Self::new(self.rate, &self.settings),
            MeterAct::Pause => self.loudness.set_running(false),
            MeterAct::Continue => self.loudness.set_running(true),
            MeterAct::ForgetPlaces => {}
        }
    }

    /// Takes a stretch of the signal.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        self.levels.push(left, right);
        self.loudness.push(left, right);
        self.stereo.push(left, right);
        self.spectra.push(left, right);
        self.trace.push(left, right);
    }

    /// Some of the signal was lost on the way: integrated readings have a hole.
    pub fn lost(&mut self) {
        self.gap = true;
    }

    /// The sound jumped (a seek): what spans the jump starts anew, what integrates goes on.
    pub fn restart(&mut self) {
        self.levels.restart();
        self.loudness.restart();
        self.stereo.restart();
    }

    /// The readings.
    pub fn view(&mut self) -> MeterView {
        MeterView {
            point: "master · master tap".to_owned(),
            level: self.levels.view(),
            loudness: self.loudness.view(self.levels.max_true_peak_dbtp()),
            stereo: self.stereo.view(),
            gap: self.gap,
        }
    }

    /// The spectrum.
    pub fn spectrum(&self) -> SpectrumView {
        self.spectra.view()
    }

    /// The waveform of the last minute, written on as long as these meters run.
    pub fn trace(&self) -> &std::sync::Arc<LevelTrace> {
        self.trace.ring()
    }

    /// Points of the goniometer as left and right, newest last.
    pub fn field(&self) -> Vec<[f32; 2]> {
        self.stereo.field()
    }
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
        let mut meters = Meters::new(rate, &MeterSettings::default());
        let sine: Vec<f64> = (0..5 * 48_000)
            .map(|i| 0.1 * (std::f64::consts::TAU * 1000.0 * f64::from(i) / 48_000.0).sin())
            .collect();
        for part in sine.chunks(1000) {
            meters.push(part, part);
        }
        let view = meters.view();
        // -20 dBFS in both channels: -20 LUFS + 0.007 dB (loudness.md 3.3), AES17 RMS equals the peak of a sine.
        assert!((view.loudness.short_term_lufs.unwrap() + 20.0 - 0.007).abs() < 0.01);
        assert!((view.level.peak_dbfs[0].unwrap() + 20.0).abs() < 0.01);
        assert!((view.level.rms_dbfs[1].unwrap() + 20.0).abs() < 0.02);
        assert!((view.level.true_peak_dbtp[0].unwrap() + 20.0).abs() < 0.01);
        assert!(view.stereo.correlation.unwrap() > 0.9999);
        assert!((view.loudness.psr_lu.unwrap() - 0.0).abs() < 0.02);
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
