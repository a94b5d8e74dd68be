//! The spectrum at the meter point.

use crate::app::frame::SpectrumView;
use crate::app::meter_settings::SpectrumSettings;
use crate::meter::spectrum::{self, Smoothing, SpectrumAnalyzer};
use crate::units::{SampleRate, db_from_power, gain_from_db};

/// Points of the spectrum's curves.
pub(in crate::app) const SPECTRUM_POINTS: usize = 320;

/// Time constants of the two averages shown, seconds.
const FAST_S: f64 = 0.15;
const SLOW_S: f64 = 3.0;

/// The analysers.
pub(super) struct Spectra {
    fast: [SpectrumAnalyzer; 2],
    slow: [SpectrumAnalyzer; 2],
    display: spectrum::SpectrumView,
    /// Room for the curves of left and right.
    sides: [Vec<f32>; 2],
}

impl Spectra {
    pub(super) fn new(rate: SampleRate, _: &SpectrumSettings) -> Self {
        let pair = |average_s| [(); 2].map(|()| SpectrumAnalyzer::new(rate.0, average_s));
        Self {
            fast: pair(FAST_S),
            slow: pair(SLOW_S),
            display: display_of(rate),
            sides: [(); 2].map(|()| vec![0.0; SPECTRUM_POINTS]),
        }
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        for (channel, samples) in [left, right].into_iter().enumerate() {
            self.fast[channel].push(samples);
            self.slow[channel].push(samples);
        }
    }

    /// Mean power of left and right, so that a full-scale sine in both reads 0 dB; over an older picture.
    pub(super) fn view_into(&mut self, out: &mut SpectrumView) {
        let Self { fast, slow, display, sides } = self;
        if out.label.is_empty() {
            "1/12 oct · 4.5 dB/oct".clone_into(&mut out.label);
        }
        out.freqs_hz.clear();
        out.freqs_hz.extend((0..SPECTRUM_POINTS).map(|i| display.hz_at(i, SPECTRUM_POINTS) as f32));
        out.slope_db_oct = display.slope_db_per_octave as f32;
        mean_trace(fast, display, SpectrumAnalyzer::trace_db, sides, &mut out.now_db);
        mean_trace(slow, display, SpectrumAnalyzer::trace_db, sides, &mut out.average_db);
        mean_trace(fast, display, SpectrumAnalyzer::peak_trace_db, sides, &mut out.peak_db);
    }
}

/// The grid every/// The grid every spectrum of the window is drawn on.
pub(in crate::app) fn display_of(rate: SampleRate) -> spectrum::SpectrumView {
    spectrum::SpectrumView {
        low_hz: 10.0,
        high_hz: 22_000f64.min(rate.nyquist_hz()),
        smoothing: Smoothing::Octave(12),
        slope_db_per_octave: 4.5,
    }
}

/// Frequencies of the points of a display, Hz.
pub(in crate::app) fn points_of(display: &spectrum::SpectrumView, points: usize) -> Vec<f32> {
    (0..points).map(|i| display.hz_at(i, points) as f32).collect()
}

/// Writes a curve of an analyser in dB on the grid of a display.
pub(in crate::app) type ReadTrace = fn(&SpectrumAnalyzer, &spectrum::SpectrumView, &mut [f32]);

/// Mean power of left and right in dB, so that a full-scale sine in both reads 0 dB.
pub(in crate::app) fn stereo_trace(
    pair: &[SpectrumAnalyzer; 2],
    display: &spectrum::SpectrumView,
    points: usize,
    read: ReadTrace,
) -> Vec<f32> {
    let (mut sides, mut trace) = ([vec![0.0f32; points], vec![0.0f32; points]], Vec::new());
    mean_trace(pair, display, read, &mut sides, &mut trace);
    trace
}

/// The same through curves of left and right that are there already.
fn mean_trace(
    pair: &[SpectrumAnalyzer; 2],
    display: &spectrum::SpectrumView,
    read: ReadTrace,
    sides: &mut [Vec<f32>; 2],
    out: &mut Vec<f32>,
) {
    for (analyzer, side) in pair.iter().zip(&mut *sides) {
        read(analyzer, display, side);
    }
    let power = |db: f32| gain_from_db(f64::from(db) * 2.0);
    let [left, right] = sides;
    out.clear();
    out.extend(left.iter().zip(&*right).map(|(&l, &r)| db_from_power(0.5 * (power(l) + power(r))) as f32));
}
