//! Average spectrum of a whole programme: the mean power (Leq) of each third of an octave, and of any range of frequency.
//!
//! Bands of IEC 61260-1: 31 with centres `1000·10^(n/10)` Hz, n = −17 (20 Hz) to 13 (20 kHz), borders a factor
//! `10^(1/20)` away. Spectra of 32768 samples at 44.1 and 48 kHz (1.4 Hz apart; twice as long for each doubling of the
//! rate) overlap by a quarter under slopes whose squares add up to one, so that every sample counts the same and the bins
//! add up to the mean power of the signal. A bin on a border is shared in proportion. Mean over the channels; level as
//! AES17, a full-scale sine reads 0 dBFS.

use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

use super::spectrum::BandCurve;
use crate::dsp::fft::Complex;
use crate::dsp::fft::{RealFftPlanner, RealToComplex};

/// Bands from 20 Hz to 20 kHz.
pub const BANDS: usize = 31;
/// Number `n` of the lowest band, 20 Hz.
const LOWEST: i32 = -17;
const LENGTH_AT_48K: usize = 1 << 15;

/// Exact centre of a band (0 to 30) in hertz.
pub fn centre_hz(band: usize) -> f64 {
    1000.0 * 10f64.powf(f64::from(LOWEST + band as i32) / 10.0)
}

/// Borders of a band (0 to 30) in hertz.
pub fn borders_hz(band: usize) -> [f64; 2] {
    [-0.05, 0.05].map(|step| centre_hz(band) * 10f64.powf(step))
}

/// Gathers the power of up to two channels, frequency by frequency.
pub struct AverageSpectrum {
    rate_hz: f64,
    channels: usize,
    plan: Arc<dyn RealToComplex<f32>>,
    /// The rising slope; the falling one is the same backwards.
    slope: Vec<f32>,
    waiting: [Vec<f32>; 2],
    filled: usize,
    frames: u64,
    input: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// Σ |X|² of each bin.
    energies: Vec<f64>,
}

impl AverageSpectrum {
    /// At a rate in hertz, for 1 or 2 channels.
    pub fn new(rate_hz: u32, channels: usize) -> Self {
        let length = length_for(rate_hz);
        let plan = RealFftPlanner::<f32>::new().plan_fft_forward(length);
        let channels = channels.clamp(1, 2);
        Self {
            rate_hz: f64::from(rate_hz.max(1)),
            channels,
            slope: slope(length / 4),
            waiting: [vec![0.0; length], vec![0.0; if channels > 1 { length } else { 0 }]],
            filled: length / 4,
            frames: 0,
            input: plan.make_input_vec(),
            spectrum: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            energies: vec![0.0; length / 2 + 1],
            plan,
        }
    }

    /// Takes a block; `right` is not looked at with one channel.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        self.frames += left.len() as u64;
        self.take(left, right);
    }

    fn take(&mut self, left: &[f64], right: &[f64]) {
        let mut at = 0;
        while at < left.len() {
            let take = (left.len() - at).min(self.input.len() - self.filled);
            for (waiting, samples) in self.waiting.iter_mut().zip([left, right]).take(self.channels) {
                let place = &mut waiting[self.filled..self.filled + take];
                for (w, &x) in place.iter_mut().zip(samples.get(at..at + take).unwrap_or(&[])) {
                    *w = x as f32;
                }
            }
            self.filled += take;
            at += take;
            if self.filled == self.input.len() {
                self.transform();
            }
        }
    }

    fn transform(&mut self) {
        let (length, overlap) = (self.input.len(), self.slope.len());
        for waiting in self.waiting.iter_mut().take(self.channels) {
            self.input.copy_from_slice(waiting);
            let (rising, falling) = self.input.split_at_mut(length - overlap);
            rising.iter_mut().zip(&self.slope).for_each(|(x, w)| *x *= w);
            falling.iter_mut().rev().zip(&self.slope).for_each(|(x, w)| *x *= w);
            let done = self.plan.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
            debug_assert!(done.is_ok(), "buffers come from the plan");
            for (energy, bin) in self.energies.iter_mut().zip(&self.spectrum) {
                *energy += f64::from(bin.re * bin.re + bin.im * bin.im);
            }
            waiting.copy_within(length - overlap.., 0);
        }
        self.filled = overlap;
    }

    /// The mean powers. Ends the measurement.
    pub fn finish(mut self) -> AveragePowers {
        // Silence until all that was heard has passed the falling slope.
        let silence = vec![0.0; self.input.len()];
        self.take(&silence, &silence);
        let length = self.input.len() as f64;
        let last = self.energies.len() - 1;
        // Parseval: bins 1 to N/2 − 1 stand for two each.
        let scale = 1.0 / (length * self.frames.max(1) as f64 * self.channels as f64);
        let powers = self
            .energies
            .iter()
            .enumerate()
            .map(|(k, e)| e * scale * if k == 0 || k == last { 1.0 } else { 2.0 });
        AveragePowers { bin_hz: self.rate_hz / length, powers: powers.collect() }
    }
}

/// Mean power of a programme by frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct AveragePowers {
    bin_hz: f64,
    powers: Vec<f64>,
}

impl AveragePowers {
    /// Mean square between two frequencies in hertz.
    pub fn between(&self, low_hz: f64, high_hz: f64) -> f64 {
        // Bin k reaches from k − ½ to k + ½.
        let from = if low_hz > 0.0 { low_hz / self.bin_hz + 0.5 } else { 0.0 };
        let to = high_hz / self.bin_hz + 0.5;
        let first = (from as usize).min(self.powers.len());
        let last = (to.max(0.0).ceil() as usize).min(self.powers.len());
        let part = |k: usize| ((k + 1) as f64).min(to) - (k as f64).max(from);
        (first..last).map(|k| self.powers[k] * part(k).clamp(0.0, 1.0)).sum()
    }

    /// Mean square of all.
    pub fn total(&self) -> f64 {
        self.powers.iter().sum()
    }

    /// The same as a curve that lies beside those of [`super::spectrum::BandMeter`]: densities of 1/6 octave, a full-scale
    /// sine of power 1. `None` in silence.
    pub fn curve(&self) -> Option<BandCurve> {
        let half = 2f64.powf(1.0 / 12.0);
        BandCurve::from_densities(self.nyquist_hz(), |hz| {
            // Never narrower than two bins.
            let half_hz = (0.5 * hz * (half - 1.0 / half)).max(self.bin_hz);
            2.0 * self.between(hz - half_hz, hz + half_hz) / (2.0 * half_hz)
        })
    }

    fn nyquist_hz(&self) -> f64 {
        self.powers.len().saturating_sub(1) as f64 * self.bin_hz
    }

    /// Leq of each band, mean square. Bands over half the rate are 0.
    pub fn thirds(&self) -> [f64; BANDS] {
        std::array::from_fn(|band| {
            let [low, high] = borders_hz(band);
            self.between(low, high)
        })
    }
}

/// 32768 up to 48 kHz, doubled with each doubling of the rate.
fn length_for(rate_hz: u32) -> usize {
    let doublings = (f64::from(rate_hz) / 48_000.0).log2().ceil().clamp(0.0, 4.0);
    LENGTH_AT_48K << doublings as u32
}

/// `sin(π/2·sin²(π/2·t))`: with its mirror image the squares add up to one, and its spectrum falls off fast.
fn slope(length: usize) -> Vec<f32> {
    let at = |n: usize| {
        let inner = (FRAC_PI_2 * (n as f64 + 0.5) / length as f64).sin();
        (FRAC_PI_2 * inner * inner).sin()
    };
    (0..length).map(|n| at(n) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise::Noise;
    use crate::units::{SESSION_RATES_HZ, db_from_power};
    use std::f64::consts::TAU;

    fn powers_of(rate: u32, x: &[f64]) -> AveragePowers {
        let mut meter = AverageSpectrum::new(rate, 1);
        x.chunks(1000).for_each(|block| meter.push(block, &[]));
        meter.finish()
    }

    #[test]
    fn bands_are_those_of_the_standard() {
        // IEC 61260-1, exact mid-band frequencies, base ten.
        for (band, hz) in [(0, 19.953), (7, 100.0), (17, 1000.0), (20, 1995.3), (30, 19_952.6)] {
            assert!((centre_hz(band) / hz - 1.0).abs() < 1e-4, "{band}: {}", centre_hz(band));
        }
        assert!((borders_hz(17)[0] - 891.25).abs() < 0.01 && (borders_hz(17)[1] - 1122.02).abs() < 0.01);
    }

    #[test]
    fn the_bands_of_a_tone_read_it_and_no_other_at_every_rate() {
        for rate in SESSION_RATES_HZ {
            for band in [0, 3, 10, 17, 28] {
                let hz = centre_hz(band);
                let x: Vec<f64> =
                    (0..rate * 3).map(|n| 0.5 * (TAU * hz * f64::from(n) / f64::from(rate)).sin()).collect();
                let thirds = powers_of(rate, &x).thirds().map(|p| db_from_power(2.0 * p));
                // IEC 61260-1, class 1: 0.4 dB at the centre; the lowest band is 3.4 bins wide.
                let bar = if band == 0 { 0.3 } else { 0.1 };
                assert!((thirds[band] + 6.02).abs() < bar, "{rate}, {hz}: {}", thirds[band]);
                for (other, db) in thirds.iter().enumerate().filter(|(o, _)| o.abs_diff(band) > 2) {
                    assert!(*db < -40.0, "{rate}, {hz}: {db} dB in band {other}");
                }
            }
        }
    }

    #[test]
    fn every_sample_counts_the_same_and_the_bins_add_up() {
        for place in [0, 1, 12_345, 24_575, 24_576, 70_000, 99_999] {
            let mut x = vec![0.0; 100_000];
            x[place] = 0.5;
            let total = powers_of(44_100, &x).total() * 1e5;
            assert!((total - 0.25).abs() < 1e-6, "at {place}: {total}");
        }
    }

    /// Against the meter of files, which has other lengths, windows and overlaps.
    #[test]
    fn the_curve_is_the_one_the_meter_of_files_draws() {
        use crate::meter::spectrum::{BandMeter, CURVE_POINTS, curve_hz};
        for rate in [44_100, 96_000] {
            let noise = Noise::new(9, 0);
            let (mut low, mut x) = (0.0, Vec::new());
            for n in 0..i64::from(rate) * 12 {
                // White, and under it what falls by 6 dB an octave.
                let white = 0.1 * noise.triangular(n as _);
                low += 0.02 * (white - low);
                x.push(0.2 * white + 2.0 * low);
            }
            let half: Vec<f64> = x.iter().map(|x| 0.5 * x).collect();
            let (mut file, mut song) = (BandMeter::new(rate), AverageSpectrum::new(rate, 2));
            file.push(&x, &half);
            song.push(&x, &half);
            let (file, song) = (file.finish().unwrap(), song.finish().curve().unwrap());
            assert!((file.level_db() - song.level_db()).abs() < 0.15);
            for point in 30..CURVE_POINTS - 2 {
                let apart = file.density_db()[point] - song.density_db()[point];
                assert!(apart.abs() < 0.8, "{rate}, {} Hz: {apart}", curve_hz(point));
            }
        }
        assert_eq!(powers_of(44_100, &[0.0; 100_000]).curve(), None);
    }

    #[test]
    fn white_noise_rises_by_a_decibel_a_band_and_both_channels_are_averaged() {
        let noise = Noise::new(5, 0);
        let x: Vec<f64> = (0..44_100 * 20).map(|n| 0.3 * noise.triangular(n)).collect();
        let mean_square = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let mut meter = AverageSpectrum::new(44_100, 2);
        meter.push(&x, &vec![0.0; x.len()]);
        let powers = meter.finish();
        for (band, p) in powers.thirds().iter().enumerate().take(30).skip(10) {
            let [low, high] = borders_hz(band);
            let expected = 0.5 * mean_square * (high - low) / 22_050.0;
            assert!((db_from_power(p / expected)).abs() < 0.3, "band {band}");
        }
        assert!((powers.total() / (0.5 * mean_square) - 1.0).abs() < 1e-4);
        assert!((powers.between(0.0, 30_000.0) / powers.total() - 1.0).abs() < 1e-9);
    }
}
