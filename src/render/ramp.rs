//! Gains that change without a click: 20 ms raised cosine, sample by sample, on the grid of the renderer.
//!
//! `g(i) = from + (to − from)·(½ − ½·cos(π·i/n))`. A settled gain of exactly 1 leaves the samples untouched.

use std::f64::consts::PI;

use crate::audio::Block;
use crate::units::SampleRate;

/// Length of every fade between two states of the sound (plan swap, bypass, level, mute), milliseconds.
pub const SWITCH_FADE_MS: f64 = 20.0;

/// Length of the fade out and of the fade in of a seek, milliseconds.
pub const SEEK_FADE_MS: f64 = 5.0;

/// Frames of a time in milliseconds at a rate, at least 1.
pub fn frames_from_ms(ms: f64, rate: SampleRate) -> u32 {
    ((ms * rate.hz() / 1000.0).round() as u32).max(1)
}

/// Raised cosine from 0 to 1: exactly 0 at `step` 0 and exactly 1 from `steps` on.
pub fn raised_cosine(step: u32, steps: u32) -> f64 {
    if step >= steps { 1.0 } else { 0.5 - 0.5 * (PI * f64::from(step) / f64::from(steps)).cos() }
}

/// A linear gain on its way from one value to another.
#[derive(Debug, Clone)]
pub struct Ramp {
    from: f64,
    to: f64,
    step: u32,
    steps: u32,
}

impl Ramp {
    /// Settled at a linear gain; changes take `ms` milliseconds at `rate`.
    pub fn new(gain: f64, ms: f64, rate: SampleRate) -> Self {
        let steps = frames_from_ms(ms, rate);
        Self { from: gain, to: gain, step: steps, steps }
    }

    /// On its way from one gain to another, from the next frame on.
    pub fn between(from: f64, to: f64, ms: f64, rate: SampleRate) -> Self {
        Self { from, to, step: 0, steps: frames_from_ms(ms, rate) }
    }

    /// Frames until it has arrived.
    pub fn remaining(&self) -> usize {
        (self.steps - self.step.min(self.steps)) as usize
    }

    /// Sets out from the present value to a new one.
    pub fn set(&mut self, gain: f64) {
        (self.from, self.to, self.step) = (self.now(), gain, 0);
    }

    /// Jumps to where it was going.
    pub fn settle(&mut self) {
        (self.from, self.step) = (self.to, self.steps);
    }

    /// Whether it has arrived.
    pub fn is_settled(&self) -> bool {
        self.step >= self.steps
    }

    /// The gain of the next frame.
    pub fn now(&self) -> f64 {
        if self.is_settled() {
            return self.to;
        }
        self.from + (self.to - self.from) * raised_cosine(self.step, self.steps)
    }

    /// The gain of the next frame, and one frame on.
    pub fn tick(&mut self) -> f64 {
        let gain = self.now();
        self.step = (self.step + 1).min(self.steps);
        gain
    }

    /// Multiplies a block.
    pub fn apply(&mut self, block: &mut Block) {
        if !self.is_settled() {
            let (left, right) = block.stereo_mut();
            for (l, r) in left.iter_mut().zip(right) {
                let gain = self.tick();
                *l *= gain;
                *r *= gain;
            }
        } else if self.to.to_bits() != 1f64.to_bits() {
            block.scale(self.to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_takes_its_time_and_arrives_exactly() {
        let mut ramp = Ramp::new(1.0, SWITCH_FADE_MS, SampleRate(48_000));
        ramp.set(0.25);
        let gains: Vec<f64> = (0..961).map(|_| ramp.tick()).collect();
        assert_eq!(gains[0], 1.0);
        assert!((gains[480] - 0.625).abs() < 1e-12, "half way at 10 ms: {}", gains[480]);
        assert!(gains[959] > 0.25);
        assert_eq!(gains[960], 0.25);
        assert!(ramp.is_settled());
    }

    #[test]
    fn a_new_target_on_the_way_starts_from_where_it_is() {
        let mut ramp = Ramp::new(0.0, 10.0, SampleRate(48_000));
        ramp.set(1.0);
        for _ in 0..200 {
            ramp.tick();
        }
        let here = ramp.now();
        ramp.set(0.0);
        assert_eq!(ramp.now(), here);
    }

    #[test]
    fn a_settled_gain_of_one_changes_no_bit() {
        let mut block = Block::silent();
        block.stereo_mut().0[0] = -0.0;
        Ramp::new(1.0, 20.0, SampleRate::CD).apply(&mut block);
        assert_eq!(block.left()[0].to_bits(), (-0.0f64).to_bits());
    }
}
