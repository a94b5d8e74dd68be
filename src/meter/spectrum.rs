//! The averaged spectrum: calibrated so that a full-scale sine reads 0 dB at no slope.
//!
//! Hann window, 75 % overlap, 8192 samples at 44.1 and 48 kHz and twice as many for each doubling of the rate. Powers are
//! averaged exponentially; a separate curve holds the peaks. For display, powers are gathered on a grid of frequencies
//! equally spaced in logarithm, averaged over a fraction of an octave, and tilted about 1 kHz (pink noise is flat at
//! 3 dB an octave). At a tone's own frequency the reading is at most 1.42 dB low (the Hann window between two bins)
//! where no smoothing is chosen; smoothing spreads a tone's power over its band, so tones then read lower.

use std::sync::Arc;

use crate::dsp::fft::Complex;
use crate::dsp::fft::{RealFftPlanner, RealToComplex};

use crate::dsp::window::hann_periodic;

const LENGTH_AT_48K: usize = 8192;
/// A new spectrum each quarter of the length.
const HOPS: usize = 4;
/// The slope turns about this frequency.
const PIVOT_HZ: f64 = 1000.0;
/// Powers are never shown below this.
const LOWEST_DB: f64 = -180.0;

/// Width of the display's smoothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoothing {
    /// The highest bin at each point.
    None,
    /// Mean power over 1/n of an octave.
    Octave(u32),
}

/// How the spectrum is displayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectrumView {
    /// Lowest frequency, Hz.
    pub low_hz: f64,
    /// Highest frequency, Hz; not above the Nyquist frequency.
    pub high_hz: f64,
    /// 1/3 to 1/24 octave is usual.
    pub smoothing: Smoothing,
    /// 0, 3 or 4.5 dB an octave.
    pub slope_db_per_octave: f64,
}

impl Default for SpectrumView {
    fn default() -> Self {
        Self { low_hz: 20.0, high_hz: 20_000.0, smoothing: Smoothing::Octave(12), slope_db_per_octave: 4.5 }
    }
}

impl SpectrumView {
    /// The frequency of a point of `points`, Hz.
    pub fn hz_at(&self, point: usize, points: usize) -> f64 {
        let part = point as f64 / points.saturating_sub(1).max(1) as f64;
        self.low_hz * (self.high_hz / self.low_hz).powf(part)
    }
}

/// The analyser of one signal. Nothing is allocated after `new`.
pub struct SpectrumAnalyzer {
    rate_hz: f64,
    transform: Transform,
    window: Vec<f64>,
    /// The last `length` samples, oldest at `next`.
    ring: Vec<f64>,
    next: usize,
    until_hop: usize,
    hop: usize,
    /// Part of the new spectrum in the average.
    step: f64,
    spectra: u64,
    average: Vec<f64>,
    peaks: Vec<f64>,
}

impl SpectrumAnalyzer {
    /// At a rate in hertz; the average has a time constant of `average_s` seconds (0.3 fast, 1 medium, 3 slow), infinite
    /// for the mean since reset.
    pub fn new(rate_hz: u32, average_s: f64) -> Self {
        let length = length_for(rate_hz);
        let hop = length / HOPS;
        let rate_hz = f64::from(rate_hz.max(1));
        let scale = 2.0 / (0.5 * length as f64);
        Self {
            rate_hz,
            transform: Transform::new(length),
            window: hann_periodic(length).iter().map(|w| w * scale).collect(),
            ring: vec![0.0; length],
            next: 0,
            until_hop: hop,
            hop,
            step: step_for(hop, rate_hz, average_s),
            spectra: 0,
            average: vec![0.0; length / 2 + 1],
            peaks: vec![0.0; length / 2 + 1],
        }
    }

    /// Another time constant from now on.
    pub fn set_average(&mut self, average_s: f64) {
        self.step = step_for(self.hop, self.rate_hz, average_s);
    }

    /// Takes a block of the signal (a channel, mid, side …). NaN counts as silence.
    pub fn push(&mut self, samples: &[f64]) {
        for &x in samples {
            self.ring[self.next] = if x.abs() <= 1e15 { x } else { 0.0 };
            self.next = (self.next + 1) % self.ring.len();
            self.until_hop -= 1;
            if self.until_hop == 0 {
                self.until_hop = self.hop;
                self.analyse();
            }
        }
    }

    fn analyse(&mut self) {
        let (newer, older) = self.ring.split_at(self.next);
        let samples = older.iter().chain(newer);
        for ((input, x), w) in self.transform.input.iter_mut().zip(samples).zip(&self.window) {
            *input = x * w;
        }
        self.spectra += 1;
        // Early on the plain mean, so that the trace does not rise from nothing.
        let step = self.step.max(1.0 / self.spectra as f64);
        let bins = self.transform.run();
        for ((average, peak), bin) in self.average.iter_mut().zip(&mut self.peaks).zip(bins) {
            let power = bin.re * bin.re + bin.im * bin.im;
            *average += step * (power - *average);
            *peak = peak.max(power);
        }
    }

    /// Averaged powers of the bins; a full-scale sine at a bin reads 1. Bin `k` lies at `k ·` [`Self::bin_hz`].
    pub fn powers(&self) -> &[f64] {
        &self.average
    }

    /// Distance of two bins, Hz.
    pub fn bin_hz(&self) -> f64 {
        self.rate_hz / self.window.len() as f64
    }

    /// Writes the average in dB on the view's grid, as many points as `out` holds.
    pub fn trace_db(&self, view: &SpectrumView, out: &mut [f32]) {
        self.trace(&self.average, view, out);
    }

    /// The same of the held peaks.
    pub fn peak_trace_db(&self, view: &SpectrumView, out: &mut [f32]) {
        self.trace(&self.peaks, view, out);
    }

    fn trace(&self, powers: &[f64], view: &SpectrumView, out: &mut [f32]) {
        let points = out.len();
        for (point, value) in out.iter_mut().enumerate() {
            let hz = view.hz_at(point, points);
            let power = match view.smoothing {
                Smoothing::None => {
                    let half_step = (view.high_hz / view.low_hz).powf(0.5 / points.max(2) as f64);
                    self.highest_within(powers, hz, half_step)
                }
                Smoothing::Octave(n) => self.mean_within(powers, hz, 2f64.powf(0.5 / f64::from(n.max(1)))),
            };
            let slope = view.slope_db_per_octave * (hz / PIVOT_HZ).log2();
            *value = ((10.0 * power.log10()).max(LOWEST_DB) + slope) as f32;
        }
    }

    /// Highest bin between `hz / ratio` and `hz · ratio`; between two bins where the band holds none.
    fn highest_within(&self, powers: &[f64], hz: f64, ratio: f64) -> f64 {
        let (low, high) = (hz / ratio / self.bin_hz(), hz * ratio / self.bin_hz());
        let (first, last) = (low.ceil() as usize, (high.floor() as usize).min(powers.len() - 1));
        if first > last {
            between(powers, hz / self.bin_hz())
        } else {
            powers[first..=last].iter().fold(0.0, |a, &b| a.max(b))
        }
    }

    /// Mean power between `hz / ratio` and `hz · ratio`; bins at the edges count by the part inside.
    fn mean_within(&self, powers: &[f64], hz: f64, ratio: f64) -> f64 {
        let (low, high) = (hz / ratio / self.bin_hz(), hz * ratio / self.bin_hz());
        if high - low < 1.0 {
            return between(powers, hz / self.bin_hz());
        }
        let top = powers.len() as f64 - 0.5;
        let (low, high) = (low.min(top), high.min(top));
        let (first, last) = ((low + 0.5) as usize, (high + 0.5) as usize);
        let inside = |k: usize| (high.min(k as f64 + 0.5) - low.max(k as f64 - 0.5)).max(0.0);
        let bins = powers.iter().enumerate().take(last + 1).skip(first);
        let (sum, width) = bins.fold((0.0, 0.0), |(s, w), (k, &p)| (s + p * inside(k), w + inside(k)));
        if width > 0.0 { sum / width } else { 0.0 }
    }

    /// Forgets average and peaks.
    pub fn reset(&mut self) {
        self.average.fill(0.0);
        self.ring.fill(0.0);
        self.spectra = 0;
        self.reset_peaks();
    }

    /// Forgets the held peaks.
    pub fn reset_peaks(&mut self) {
        self.peaks.fill(0.0);
    }
}

/// Power between two bins, linear.
fn between(powers: &[f64], bin: f64) -> f64 {
    let at = |k: usize| powers.get(k).copied().unwrap_or(0.0);
    let (k, part) = (bin as usize, bin.fract());
    at(k) + part * (at(k + 1) - at(k))
}

fn step_for(hop: usize, rate_hz: f64, average_s: f64) -> f64 {
    1.0 - (-(hop as f64) / rate_hz / average_s.max(1e-3)).exp()
}

/// 8192 up to 48 kHz, doubled with each doubling of the rate.
fn length_for(rate_hz: u32) -> usize {
    let doublings = (f64::from(rate_hz) / 48_000.0).log2().ceil().clamp(0.0, 4.0);
    LENGTH_AT_48K << doublings as u32
}

/// The real FFT with its buffers: all this file knows of it.
struct Transform {
    plan: Arc<dyn RealToComplex<f64>>,
    input: Vec<f64>,
    output: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Transform {
    fn new(length: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(length);
        Self {
            input: plan.make_input_vec(),
            output: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    /// Transforms `input` (and spoils it).
    fn run(&mut self) -> &[Complex<f64>] {
        let done = self.plan.process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers come from the plan");
        &self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SESSION_RATES_HZ;
    use std::f64::consts::PI;

    const FLAT: SpectrumView = SpectrumView {
        low_hz: 20.0,
        high_hz: 20_000.0,
        smoothing: Smoothing::None,
        slope_db_per_octave: 0.0,
    };

    fn white(n: usize) -> Vec<f64> {
        let mut seed = 5u64;
        (0..n)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
            })
            .collect()
    }

    #[test]
    fn a_full_scale_sine_reads_zero_at_every_rate() {
        for rate in SESSION_RATES_HZ {
            let mut analyzer = SpectrumAnalyzer::new(rate, 0.3);
            let hz = (1000.0 / analyzer.bin_hz()).round() * analyzer.bin_hz();
            let x: Vec<f64> =
                (0..rate).map(|n| (2.0 * PI * hz * f64::from(n) / f64::from(rate)).sin()).collect();
            // The first spectra still hold the silence before.
            analyzer.push(&x[..x.len() / 2]);
            analyzer.average.fill(0.0);
            analyzer.spectra = 0;
            analyzer.push(&x[x.len() / 2..]);
            let mut trace = [0.0f32; 400];
            analyzer.trace_db(&FLAT, &mut trace);
            let top = trace.iter().fold(-200.0f32, |a, &b| a.max(b));
            assert!(top.abs() < 0.01, "{rate} Hz: {top} dB");
            let at = trace.iter().position(|&v| v >= top).unwrap();
            assert!((FLAT.hz_at(at, 400) / hz).log2().abs() < 0.05);
        }
    }

    #[test]
    fn white_noise_has_its_power_density() {
        // Variance 1/3 spread over length/2 bins, times the noise bandwidth of 1.5 bins, re a sine's mean square 1/2.
        let mut analyzer = SpectrumAnalyzer::new(48_000, f64::INFINITY);
        analyzer.push(&white(48_000 * 20));
        let expected = 10.0 * (2.0 / 3.0 * 1.5 / 4096.0f64).log10();
        let mut trace = [0.0f32; 30];
        analyzer
            .trace_db(&SpectrumView { low_hz: 1000.0, smoothing: Smoothing::Octave(3), ..FLAT }, &mut trace);
        for value in trace {
            assert!((f64::from(value) - expected).abs() < 0.5, "{value} for {expected}");
        }
    }

    #[test]
    fn slope_turns_about_one_kilohertz() {
        let mut analyzer = SpectrumAnalyzer::new(48_000, f64::INFINITY);
        analyzer.push(&white(48_000));
        let view =
            |slope| SpectrumView { low_hz: 500.0, high_hz: 8000.0, slope_db_per_octave: slope, ..FLAT };
        let (mut flat, mut tilted) = ([0.0f32; 5], [0.0f32; 5]);
        analyzer.trace_db(&view(0.0), &mut flat);
        analyzer.trace_db(&view(4.5), &mut tilted);
        for (k, expected) in [-4.5, 0.0, 4.5, 9.0, 13.5].into_iter().enumerate() {
            assert!((tilted[k] - flat[k] - expected).abs() < 1e-3);
        }
    }

    #[test]
    fn averages_fade_and_peaks_stay() {
        let mut analyzer = SpectrumAnalyzer::new(48_000, 0.3);
        let x: Vec<f64> = (0..48_000).map(|n| (2.0 * PI * f64::from(n) / 48.0).sin()).collect();
        analyzer.push(&x);
        analyzer.push(&vec![0.0; 96_000]);
        let (mut now, mut held) = ([0.0f32; 400], [0.0f32; 400]);
        analyzer.trace_db(&FLAT, &mut now);
        analyzer.peak_trace_db(&FLAT, &mut held);
        let top = |t: &[f32]| t.iter().fold(-200.0f32, |a, &b| a.max(b));
        assert!(top(&held) > -1.5 && top(&now) < -20.0, "{} {}", top(&held), top(&now));
        analyzer.reset();
        analyzer.peak_trace_db(&FLAT, &mut held);
        assert!(top(&held) < -170.0);
    }
}
