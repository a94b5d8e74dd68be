//! Parameter smoothing: a value on its way to a target, without jumps in value, slope or curvature.
//!
//! A change takes a fixed time (usually [`RAMP_MS`]). From rest the way is `10u³ − 15u⁴ + 6u⁵`, `u` from 0 to 1: close to
//! a raised cosine, but with a continuous second derivative, so that it splatters less. When the target moves again on the
//! way, a new quintic starts with the value, slope and curvature reached and ends in rest at the new target; a target that
//! moves every block is therefore followed smoothly, about 0.6 of the ramp time behind.
//!
//! Steps are counted in frames from the block in which the target changed, never in callbacks.

use std::f64::consts::LN_10;

use crate::audio::Block;
use crate::units::{SampleRate, gain_from_db};

/// The usual time of a change in milliseconds: no click on a jump, immediate for a hand on a knob.
pub const RAMP_MS: f64 = 20.0;

/// A value that moves smoothly.
#[derive(Debug, Clone)]
pub struct Smoothed {
    value: f64,
    target: f64,
    /// Coefficients of `u⁰` to `u⁵`.
    path: [f64; 6],
    /// Frames of a whole way.
    length: u32,
    /// Frames gone; equal to `length` at rest.
    gone: u32,
    /// `1 / length`.
    step: f64,
}

impl Smoothed {
    /// At rest at `value`; a change takes `ramp_ms` milliseconds (at least one frame).
    pub fn new(value: f64, ramp_ms: f64, sample_rate: SampleRate) -> Self {
        let length = (ramp_ms * 1e-3 * sample_rate.hz()).round().max(1.0);
        Self {
            value,
            target: value,
            path: [0.0; 6],
            length: length as u32,
            gone: length as u32,
            step: 1.0 / length,
        }
    }

    /// A new target; from the value, slope and curvature of now.
    pub fn set(&mut self, target: f64) {
        if target.to_bits() == self.target.to_bits() {
            return;
        }
        let (slope, curve) = if self.is_moving() { self.slope_and_curvature() } else { (0.0, 0.0) };
        let way = target - self.value;
        self.path = [
            self.value,
            slope,
            0.5 * curve,
            10.0 * way - 6.0 * slope - 1.5 * curve,
            -15.0 * way + 8.0 * slope + 1.5 * curve,
            6.0 * way - 3.0 * slope - 0.5 * curve,
        ];
        self.target = target;
        self.gone = 0;
    }

    /// Jumps to the target.
    pub fn settle(&mut self) {
        self.value = self.target;
        self.gone = self.length;
    }

    /// Whether the value still differs from tick to tick.
    pub fn is_moving(&self) -> bool {
        self.gone < self.length
    }

    /// Whether it rests at exactly `value`.
    pub fn rests_at(&self, value: f64) -> bool {
        !self.is_moving() && self.value.to_bits() == value.to_bits()
    }

    /// The value now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Where it goes.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// One frame on; the new value.
    #[inline]
    pub fn tick(&mut self) -> f64 {
        self.advance(1)
    }

    /// `frames` on; the new value.
    #[inline]
    pub fn advance(&mut self, frames: u32) -> f64 {
        if self.is_moving() {
            self.gone += frames;
            if self.gone >= self.length {
                self.settle();
            } else {
                let u = f64::from(self.gone) * self.step;
                let [c0, c1, c2, c3, c4, c5] = self.path;
                self.value = c0 + u * (c1 + u * (c2 + u * (c3 + u * (c4 + u * c5))));
            }
        }
        self.value
    }

    /// First and second derivative by `u`.
    fn slope_and_curvature(&self) -> (f64, f64) {
        let u = f64::from(self.gone) * self.step;
        let [_, c1, c2, c3, c4, c5] = self.path;
        (
            c1 + u * (2.0 * c2 + u * (3.0 * c3 + u * (4.0 * c4 + u * 5.0 * c5))),
            2.0 * c2 + u * (6.0 * c3 + u * (12.0 * c4 + u * 20.0 * c5)),
        )
    }
}

/// A gain that moves evenly in decibels and is read as a linear factor. 0 dB at rest is exactly 1.
#[derive(Debug, Clone)]
pub struct SmoothedGain {
    db: Smoothed,
    factor: f64,
}

impl SmoothedGain {
    /// At rest at `db` decibels.
    pub fn new(db: f64, ramp_ms: f64, sample_rate: SampleRate) -> Self {
        Self { db: Smoothed::new(db, ramp_ms, sample_rate), factor: gain_from_db(db) }
    }

    /// A new target in decibels.
    pub fn set_db(&mut self, db: f64) {
        self.db.set(db);
    }

    /// Jumps to the target.
    pub fn settle(&mut self) {
        self.db.settle();
        self.factor = gain_from_db(self.db.value());
    }

    /// Whether the factor still changes.
    pub fn is_moving(&self) -> bool {
        self.db.is_moving()
    }

    /// Multiplies a block; at rest at 0 dB nothing is touched.
    pub fn apply(&mut self, block: &mut Block) {
        if self.is_unity() {
            return;
        }
        if !self.is_moving() {
            return block.scale(self.factor());
        }
        let (left, right) = block.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            let factor = self.tick();
            *l *= factor;
            *r *= factor;
        }
    }

    /// Whether it rests at 0 dB.
    pub fn is_unity(&self) -> bool {
        self.db.rests_at(0.0)
    }

    /// The linear factor now.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// One frame on; the new linear factor.
    #[inline]
    pub fn tick(&mut self) -> f64 {
        if self.db.is_moving() {
            let db = self.db.tick();
            self.factor = if self.db.is_moving() { (db * (LN_10 / 20.0)).exp() } else { gain_from_db(db) };
        }
        self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    const RATE: SampleRate = SampleRate::CD;

    /// Energy further than 300 Hz from a 1 kHz tone in the worst 93 ms Hann frame, dB relative to the tone in that frame.
    fn splatter_dbc(signal: &[f64]) -> f64 {
        let n = 4096;
        let bins: Vec<usize> = (1..n / 2).collect();
        let mut worst = f64::NEG_INFINITY;
        let mut start = 0;
        while start + n <= signal.len() {
            let window = crate::dsp::window::kaiser_at;
            let mut frame: Vec<f64> = (0..n)
                .map(|i| signal[start + i] * window(2.0 * i as f64 / (n - 1) as f64 - 1.0, 20.0))
                .collect();
            let spectrum = crate::dsp::fft::RealFft::new(n).spectrum_of(&mut frame);
            let (mut far, mut near) = (0.0, 0.0);
            for &k in &bins {
                let away = (k as f64 * RATE.hz() / n as f64 - 1000.0).abs();
                if away > 300.0 { far += spectrum[k].norm_sqr() } else { near += spectrum[k].norm_sqr() }
            }
            worst = worst.max(10.0 * (far / near).log10());
            start += 441;
        }
        worst
    }

    fn tone(i: usize) -> f64 {
        0.5 * (2.0 * PI * 1000.0 * i as f64 / RATE.hz()).sin()
    }

    #[test]
    fn a_six_decibel_jump_splatters_below_minus_75_dbc() {
        // dsp.md row A3, both directions.
        for (from, to) in [(0.0, -6.0), (-6.0, 0.0)] {
            let mut gain = SmoothedGain::new(from, RAMP_MS, RATE);
            let out: Vec<f64> = (0..30_000)
                .map(|i| {
                    if i == 64 * 150 {
                        gain.set_db(to);
                    }
                    tone(i) * gain.tick()
                })
                .collect();
            let dbc = splatter_dbc(&out);
            println!("A3 {from} -> {to} dB: {dbc:.1} dBc");
            assert!(dbc <= -75.0, "{dbc}");
        }
    }

    #[test]
    fn a_two_second_ride_splatters_below_minus_90_dbc() {
        // dsp.md row E5 with a new target every block.
        let mut gain = SmoothedGain::new(0.0, RAMP_MS, RATE);
        let out: Vec<f64> = (0..100_000)
            .map(|i| {
                if i % 64 == 0 {
                    gain.set_db((12.0 * i as f64 / 88_200.0).min(12.0));
                }
                0.2 * tone(i) * gain.tick()
            })
            .collect();
        let dbc = splatter_dbc(&out);
        println!("E5 gain ride: {dbc:.1} dBc");
        assert!(dbc <= -90.0, "{dbc}");
    }

    #[test]
    fn it_arrives_exactly_and_on_time() {
        let mut s = Smoothed::new(0.3, RAMP_MS, RATE);
        s.set(0.7);
        for _ in 0..881 {
            s.tick();
        }
        assert!(s.is_moving() && s.value() < 0.7);
        assert_eq!(s.tick(), 0.7);
        assert!(s.rests_at(0.7));
    }

    #[test]
    fn half_way_is_half_and_a_long_step_equals_many_short_ones() {
        let mut a = Smoothed::new(0.0, RAMP_MS, RATE);
        let mut b = a.clone();
        a.set(1.0);
        b.set(1.0);
        for _ in 0..441 {
            a.tick();
        }
        assert_eq!(a.value(), b.advance(441));
        assert!((a.value() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_new_target_on_the_way_bends_the_path_without_a_kink() {
        let mut s = Smoothed::new(0.0, RAMP_MS, RATE);
        s.set(1.0);
        let mut values = vec![0.0];
        for i in 0..2000 {
            if i == 300 {
                s.set(-1.0);
            }
            values.push(s.tick());
        }
        let second: Vec<f64> = values.windows(3).map(|w| w[2] - 2.0 * w[1] + w[0]).collect();
        let worst = second.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f64::max);
        // The third difference of the quintic itself is at most 60·way/length³ at its ends (way 2.2, overshoot included).
        assert!(worst < 3.0 * 60.0 * 2.2 / 882f64.powi(3), "{worst}");
        assert_eq!(s.value(), -1.0);
    }
}
