//! Reading a level: side-chain high-pass, mean square or held peak.

use super::{Detector, WINDOW_MS};
use crate::audio::QUANTUM;
use crate::dsp::envelope::SlidingMin;
use crate::units::SampleRate;

/// Fixed point of the mean square: powers up to +30 dB re full scale, in steps of 2^−40.
const POWER_MAX: f64 = 1024.0;
const POWER_UNIT: f64 = (1u64 << 40) as f64;

/// Time of a change of the high-pass.
const TUNE_RAMP_MS: f64 = 30.0;

/// Second-order Butterworth high-pass as a trapezoidal state-variable filter (Zavalishin). A new corner is reached evenly,
/// so that the level does not jump.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HighPass {
    /// `tan(π·f/fs)`; 0 is off.
    g: f64,
    /// Where `g` goes, by how much a frame, and for how many frames.
    target: f64,
    step: f64,
    left: u32,
    s1: f64,
    s2: f64,
}

impl HighPass {
    /// A new corner; below 1 Hz it is off.
    pub(crate) fn set_hz(&mut self, freq_hz: f64, rate: SampleRate) {
        let g = |hz: f64| (std::f64::consts::PI * hz / rate.hz()).tan();
        self.target = if freq_hz < 1.0 { 0.0 } else { g(freq_hz) };
        self.left = rate.frames_from_seconds(TUNE_RAMP_MS / 1000.0).as_len().max(1) as u32;
        // At 1 Hz it passes what is heard: from there it comes out of nothing.
        self.g = self.g.max(g(1.0));
        self.step = (self.target - self.g) / f64::from(self.left);
    }

    /// Whether it does anything.
    pub(crate) fn is_on(&self) -> bool {
        self.g > 0.0
    }

    /// Forgets the past, at the corner last set.
    pub(crate) fn clear(&mut self) {
        (self.g, self.left) = (self.target, 0);
        (self.s1, self.s2) = (0.0, 0.0);
    }

    fn advance(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            self.g = if self.left == 0 { self.target } else { self.g + self.step };
        }
    }

    /// One frame.
    #[inline]
    pub(crate) fn tick(&mut self, x: f64) -> f64 {
        self.advance();
        let k = std::f64::consts::SQRT_2;
        let high = (x - (self.g + k) * self.s1 - self.s2) / (1.0 + self.g * (self.g + k));
        let band = self.g * high + self.s1;
        let low = self.g * band + self.s2;
        self.s1 = self.g * high + band;
        self.s2 = self.g * band + low;
        high
    }
}

/// Mean square of a window, in whole numbers so that nothing drifts.
#[derive(Debug, Clone)]
pub(crate) struct MeanSquare {
    ring: Vec<i64>,
    at: usize,
    sum: i64,
}

impl MeanSquare {
    /// Over the frames of a time, at least one.
    pub(crate) fn new(window_ms: f64, rate: SampleRate) -> Self {
        let frames = rate.frames_from_seconds(window_ms / 1000.0).as_len().max(1);
        Self { ring: vec![0; frames], at: 0, sum: 0 }
    }

    /// Forgets the past.
    pub(crate) fn clear(&mut self) {
        self.ring.fill(0);
        (self.at, self.sum) = (0, 0);
    }

    /// What brings the sum to a mean power.
    pub(crate) fn scale(&self) -> f64 {
        1.0 / (POWER_UNIT * self.ring.len() as f64)
    }

    /// Takes a sample; the sum of the squares of the window, to be multiplied with [`Self::scale`].
    #[inline]
    pub(crate) fn tick(&mut self, x: f64) -> f64 {
        let power = ((x * x).min(POWER_MAX) * POWER_UNIT) as i64;
        self.sum += power - std::mem::replace(&mut self.ring[self.at], power);
        self.at = if self.at + 1 == self.ring.len() { 0 } else { self.at + 1 };
        self.sum as f64
    }
}

/// The level of one channel.
#[derive(Debug, Clone)]
pub(crate) struct LevelReader {
    /// High-pass ahead of the level.
    pub filter: HighPass,
    /// Of the negative level, so that its minimum is the peak.
    held: SlidingMin,
    mean: MeanSquare,
}

impl LevelReader {
    /// Whose level can be held for up to `hold_max_ms`.
    pub(crate) fn new(hold_max_ms: f64, rate: SampleRate) -> Self {
        let frames = |ms: f64| rate.frames_from_seconds(ms / 1000.0).as_len();
        Self {
            filter: HighPass::default(),
            held: SlidingMin::new(frames(WINDOW_MS + hold_max_ms), 0.0),
            mean: MeanSquare::new(WINDOW_MS, rate),
        }
    }

    /// Holds the level for this many frames, as [`super::Ballistics::times`] gives them.
    pub(crate) fn set_window(&mut self, frames: usize) {
        self.held.set_window(frames);
    }

    /// Forgets the past.
    pub(crate) fn reset(&mut self) {
        self.filter.clear();
        self.held.reset();
        self.mean.clear();
    }

    /// Level as power for every frame.
    pub(crate) fn levels(&mut self, input: &[f64; QUANTUM], detector: Detector) -> [f64; QUANTUM] {
        let mut key = *input;
        if self.filter.is_on() {
            key.iter_mut().for_each(|x| *x = self.filter.tick(*x));
            if !self.filter.is_on() {
                self.filter.clear();
            }
        }
        let scale = self.mean.scale();
        std::array::from_fn(|i| {
            // The mean runs on in every mode, so that switching is seamless.
            let mean = self.mean.tick(key[i]) * scale;
            -self.held.tick(if detector == Detector::Peak { -key[i] * key[i] } else { -mean })
        })
    }

    /// The mean square for every frame, without hold and high-pass.
    pub(crate) fn mean_squares(&mut self, input: &[f64; QUANTUM]) -> [f64; QUANTUM] {
        let scale = self.mean.scale();
        std::array::from_fn(|i| self.mean.tick(input[i]) * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::db_from_gain;
    use std::f64::consts::PI;

    #[test]
    fn the_side_chain_filter_is_butterworth() {
        let rate = SampleRate(48_000);
        let mut filter = HighPass::default();
        filter.set_hz(100.0, rate);
        filter.clear();
        let tone = |n: usize| (2.0 * PI * 100.0 * n as f64 / rate.hz()).sin();
        let y: Vec<f64> = (0..48_000).map(|n| filter.tick(tone(n))).collect();
        let rms = (y[24_000..].iter().map(|v| v * v).sum::<f64>() / 24_000.0 * 2.0).sqrt();
        assert!((db_from_gain(rms) + 3.0103).abs() < 0.01, "{rms}");
    }
}
