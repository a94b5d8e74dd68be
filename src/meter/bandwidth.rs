//! Bandwidth: the highest frequency at which a programme still has energy.
//!
//! Spectra of 4096 samples at 44.1 and 48 kHz (twice as long for each doubling of the rate), one after the other without
//! overlap (a rest shorter than a spectrum is left out), Blackman-Harris window (4 terms, side lobes −92 dB), highest
//! value of each bin over the whole programme and
//! both channels. The bandwidth is the upper edge of the highest bin that reaches −100 dBFS (a full-scale sine reads
//! 0 dB) and is not more than 90 dB under the strongest bin. Dither of 16 bits lies near −114 dB there and does not count.

use std::sync::Arc;

use crate::dsp::fft::Complex;
use crate::dsp::fft::{RealFftPlanner, RealToComplex};

const LENGTH_AT_48K: usize = 4096;
const FLOOR_DBFS: f64 = -100.0;
const RANGE_DB: f64 = 90.0;

/// Gathers the highest spectrum of up to two channels.
pub struct BandwidthMeter {
    rate_hz: f64,
    plan: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// Samples of each channel waiting for a full block.
    waiting: [Vec<f32>; 2],
    filled: usize,
    transformed: bool,
    input: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// Highest power of each bin.
    highest: Vec<f32>,
}

impl BandwidthMeter {
    /// At a rate in hertz.
    pub fn new(rate_hz: u32) -> Self {
        let length = length_for(rate_hz);
        let plan = RealFftPlanner::<f32>::new().plan_fft_forward(length);
        Self {
            rate_hz: f64::from(rate_hz),
            window: blackman_harris(length),
            waiting: [vec![0.0; length], vec![0.0; length]],
            filled: 0,
            transformed: false,
            input: plan.make_input_vec(),
            spectrum: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            highest: vec![0.0; length / 2 + 1],
            plan,
        }
    }

    /// Takes a block; for a mono signal give an empty `right`.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = self.window.len();
        let mut at = 0;
        while at < left.len() {
            let take = (left.len() - at).min(length - self.filled);
            for (waiting, samples) in self.waiting.iter_mut().zip([left, right]) {
                let place = &mut waiting[self.filled..self.filled + take];
                for (w, &x) in place.iter_mut().zip(samples.get(at..at + take).unwrap_or(&[])) {
                    *w = x as f32;
                }
            }
            self.filled += take;
            at += take;
            if self.filled == length {
                self.transform();
            }
        }
    }

    /// Takes the waiting block into the highest spectrum.
    fn transform(&mut self) {
        for channel in 0..self.waiting.len() {
            for ((i, w), x) in self.input.iter_mut().zip(&self.window).zip(&self.waiting[channel]) {
                *i = w * x;
            }
            let done = self.plan.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
            debug_assert!(done.is_ok(), "buffers come from the plan");
            for (high, bin) in self.highest.iter_mut().zip(&self.spectrum) {
                let power = bin.re * bin.re + bin.im * bin.im;
                *high = if power > *high { power } else { *high };
            }
        }
        self.waiting.iter_mut().for_each(|w| w.fill(0.0));
        self.filled = 0;
        self.transformed = true;
    }

    /// The bandwidth in hertz; `None` where nothing reaches −100 dBFS. Ends the measurement.
    pub fn finish(mut self) -> Option<f64> {
        // A rest filled up with zeros would end in a click of our own; it is taken only where there is nothing else.
        if self.filled > 0 && !self.transformed {
            self.transform();
        }
        let strongest = self.highest.iter().skip(1).fold(0.0f32, |a, &b| a.max(b));
        let floor = 10f64.powf(FLOOR_DBFS / 10.0).max(f64::from(strongest) * 10f64.powf(-RANGE_DB / 10.0));
        let bin = self.highest.iter().skip(1).rposition(|&p| f64::from(p) >= floor)? + 1;
        Some(((bin as f64 + 0.5) * self.rate_hz / self.window.len() as f64).min(self.rate_hz / 2.0))
    }
}

/// 4096 up to 48 kHz, doubled with each doubling of the rate.
fn length_for(rate_hz: u32) -> usize {
    let doublings = (f64::from(rate_hz) / 48_000.0).log2().ceil().clamp(0.0, 4.0);
    LENGTH_AT_48K << doublings as u32
}

/// Scaled so that a full-scale sine reads power 1.
fn blackman_harris(length: usize) -> Vec<f32> {
    const TERMS: [f64; 4] = [0.358_75, -0.488_29, 0.141_28, -0.011_68];
    let at = |n: usize| -> f64 {
        let x = std::f64::consts::TAU * n as f64 / length as f64;
        TERMS.iter().enumerate().map(|(k, a)| a * (k as f64 * x).cos()).sum()
    };
    let scale = 2.0 / (TERMS[0] * length as f64);
    (0..length).map(|n| (at(n) * scale) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn a_tone_ends_at_its_frequency_at_every_rate() {
        for rate in crate::units::SESSION_RATES_HZ {
            for hz in [1000.0, 15_000.0] {
                let tone: Vec<f64> =
                    (0..rate).map(|n| 0.5 * (2.0 * PI * hz * f64::from(n) / f64::from(rate)).sin()).collect();
                let mut meter = BandwidthMeter::new(rate);
                meter.push(&tone, &[]);
                let found = meter.finish().unwrap();
                assert!((found - hz).abs() < 80.0, "{rate}: {hz} read as {found}");
            }
        }
    }

    #[test]
    fn low_level_dither_does_not_count_and_silence_has_no_bandwidth() {
        let mut seed = 3u64;
        let mut white = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        let mut meter = BandwidthMeter::new(44_100);
        let x: Vec<f64> = (0..409_600)
            .map(|n| {
                let tone = 0.5 * (2.0 * PI * 3000.0 * f64::from(n) / 44_100.0).sin();
                ((tone * 32_768.0 + white() + white()).round()) / 32_768.0
            })
            .collect();
        meter.push(&x, &x);
        let found = meter.finish().unwrap();
        assert!((found - 3000.0).abs() < 80.0, "{found}");
        assert_eq!(BandwidthMeter::new(44_100).finish(), None);
    }
}
