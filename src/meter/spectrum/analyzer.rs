//! The spectrum of one signal, averaged: Hann window, 8192 samples at 44.1 and 48 kHz, 75 % overlap.
//!
//! Powers are averaged exponentially; a separate curve holds the peaks.

use super::stereo::Traces;
use super::transform::{Ring, Transform};
use super::{FftSize, Lobe, SpectrumView, WindowKind, trace_db};
use crate::dsp::fft::Complex;

/// A new spectrum each quarter of the length.
const HOPS: usize = 4;

/// The analyser of one signal. Nothing is allocated after `new`.
pub struct SpectrumAnalyzer {
    rate_hz: f64,
    transform: Transform,
    bins: Vec<Complex<f64>>,
    window: Vec<f64>,
    lobe: Lobe,
    ring: Ring,
    until_hop: usize,
    hop: usize,
    /// Part of the new spectrum in the average.
    step: f64,
    kept: Traces,
}

impl SpectrumAnalyzer {
    /// At a rate in hertz; the average has a time constant of `average_s` seconds (0.3 fast, 1 medium, 3 slow), infinite
    /// for the mean since reset.
    pub fn new(rate_hz: u32, average_s: f64) -> Self {
        let length = FftSize::default().length(rate_hz);
        let hop = length / HOPS;
        let rate_hz = f64::from(rate_hz.max(1));
        let transform = Transform::new(length);
        Self {
            rate_hz,
            bins: transform.output(),
            transform,
            window: WindowKind::Hann.scaled(length),
            lobe: Lobe::new(WindowKind::Hann),
            ring: Ring::new(length),
            until_hop: hop,
            hop,
            step: step_for(hop, rate_hz, average_s),
            kept: Traces::new(length / 2 + 1),
        }
    }

    /// Another time constant from now on.
    pub fn set_average(&mut self, average_s: f64) {
        self.step = step_for(self.hop, self.rate_hz, average_s);
    }

    /// Takes a block of the signal (a channel, mid, side …). NaN counts as silence.
    pub fn push(&mut self, mut samples: &[f64]) {
        while !samples.is_empty() {
            let n = samples.len().min(self.until_hop);
            self.ring.push(&samples[..n]);
            samples = &samples[n..];
            self.until_hop -= n;
            if self.until_hop == 0 {
                self.until_hop = self.hop;
                self.analyse();
            }
        }
    }

    fn analyse(&mut self) {
        self.ring.windowed(&self.window, &mut self.transform.input);
        self.transform.run(&mut self.bins);
        let bins = &self.bins;
        let write = |now: &mut [f64]| now.iter_mut().zip(bins).for_each(|(p, bin)| *p = bin.norm_sqr());
        self.kept.take_powers(write, self.step, 1.0);
    }

    /// Averaged powers of the bins; a full-scale sine at a bin reads 1. Bin `k` lies at `k ·` [`Self::bin_hz`].
    pub fn powers(&self) -> &[f64] {
        &self.kept.average
    }

    /// Distance of two bins, Hz.
    pub fn bin_hz(&self) -> f64 {
        self.rate_hz / self.window.len() as f64
    }

    /// Writes the average in dB on the view's grid, as many points as `out` holds.
    pub fn trace_db(&self, view: &SpectrumView, out: &mut [f32]) {
        trace_db(&self.kept.average, self.bin_hz(), &self.lobe, view, out);
    }

    /// The same of the held peaks.
    pub fn peak_trace_db(&self, view: &SpectrumView, out: &mut [f32]) {
        trace_db(&self.kept.peak, self.bin_hz(), &self.lobe, view, out);
    }

    /// Forgets average and peaks.
    pub fn reset(&mut self) {
        self.restart_average();
        self.ring.clear();
        self.reset_peaks();
    }

    /// Forgets the average, keeps the signal.
    pub fn restart_average(&mut self) {
        self.kept.restart_average();
        // Nothing is shown until there is something new.
        self.kept.average.fill(0.0);
    }

    /// Forgets the held peaks.
    pub fn reset_peaks(&mut self) {
        self.kept.reset_holds();
    }
}

pub(super) fn step_for(hop: usize, rate_hz: f64, average_s: f64) -> f64 {
    1.0 - (-(hop as f64) / rate_hz / average_s.max(1e-3)).exp()
}

#[cfg(test)]
mod tests {
    use super::super::Smoothing;
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
            analyzer.restart_average();
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
