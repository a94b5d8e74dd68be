//! Reading a level: mean square or held peak.

use super::hold::HeldMaximum;
use super::{Detector, WINDOW_MS};
use crate::audio::QUANTUM;
use crate::units::SampleRate;

/// Fixed point of the mean square: powers up to +30 dB re full scale, in steps of 2^−40.
const POWER_MAX: f64 = 1024.0;
const POWER_UNIT: f64 = (1u64 << 40) as f64;

/// Added to a number below it, the low bits are the nearest whole number.
const TWO_52: f64 = (1u64 << 52) as f64;

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

    /// Takes a block; the mean square of the window that ends with each of its frames.
    pub(crate) fn run(&mut self, input: &[f64; QUANTUM]) -> [f64; QUANTUM] {
        let powers = powers(input);
        let scale = 1.0 / (POWER_UNIT * self.ring.len() as f64);
        let mut means = [0.0; QUANTUM];
        let mut done = 0;
        while done < QUANTUM {
            let count = (QUANTUM - done).min(self.ring.len() - self.at);
            let old = &mut self.ring[self.at..self.at + count];
            let (new, out) = (&powers[done..done + count], &mut means[done..done + count]);
            for ((old, new), mean) in old.iter_mut().zip(new).zip(out) {
                self.sum += new - std::mem::replace(old, *new);
                *mean = self.sum as f64 * scale;
            }
            done += count;
            self.at = if self.at + count == self.ring.len() { 0 } else { self.at + count };
        }
        means
    }
}

/// Squares in fixed point, to the nearest step.
fn powers(input: &[f64; QUANTUM]) -> [i64; QUANTUM] {
    let mut powers = [0; QUANTUM];
    for (power, x) in powers.iter_mut().zip(input) {
        let square = x * x;
        let kept = if square < POWER_MAX { square } else { POWER_MAX };
        *power = (kept * POWER_UNIT + TWO_52).to_bits() as i64 - TWO_52.to_bits() as i64;
    }
    powers
}

/// The level of one channel.
#[derive(Debug, Clone)]
pub(crate) struct LevelReader {
    held: HeldMaximum,
    mean: MeanSquare,
}

impl LevelReader {
    /// Whose level can be held for up to `hold_max_ms`.
    pub(crate) fn new(hold_max_ms: f64, rate: SampleRate) -> Self {
        let frames = rate.frames_from_seconds((WINDOW_MS + hold_max_ms) / 1000.0).as_len();
        Self { held: HeldMaximum::new(frames), mean: MeanSquare::new(WINDOW_MS, rate) }
    }

    /// Holds the level for this many frames, as [`super::Ballistics::times`] gives them.
    pub(crate) fn set_window(&mut self, frames: usize) {
        self.held.set_window(frames);
    }

    /// Forgets the past.
    pub(crate) fn reset(&mut self) {
        self.held.reset();
        self.mean.clear();
    }

    /// Level as power for every frame. The mean runs on in every mode, so that switching is seamless.
    pub(crate) fn levels(&mut self, key: &[f64; QUANTUM], detector: Detector) -> [f64; QUANTUM] {
        let mut levels = self.mean.run(key);
        if detector == Detector::Peak {
            levels.iter_mut().zip(key).for_each(|(level, x)| *level = x * x);
        }
        self.held.run(&mut levels);
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise::Noise;

    #[test]
    fn the_mean_square_is_that_of_its_window() {
        let noise = Noise::new(7, 0);
        let x: Vec<f64> = (0..64 * 40).map(|n| noise.uniform(n, 0) - 0.5).collect();
        for rate in [44_100, 48_000, 192_000] {
            let mut mean = MeanSquare::new(WINDOW_MS, SampleRate(rate));
            let window = (rate / 100) as usize;
            for (k, chunk) in x.chunks(QUANTUM).enumerate() {
                let block: [f64; QUANTUM] = std::array::from_fn(|i| chunk[i]);
                for (i, got) in mean.run(&block).iter().enumerate() {
                    let end = k * QUANTUM + i + 1;
                    let sum: f64 = x[end.saturating_sub(window)..end].iter().map(|v| v * v).sum();
                    assert!((got - sum / window as f64).abs() < 1e-12);
                }
            }
        }
    }
}
