//! Envelopes: one-pole times, the sliding extreme of a window, and a smoother that keeps a minimum.
//!
//! A one-pole of time τ has the coefficient `α = exp(−1/(τ·fs))` and covers 63.2 % of a step in τ.

use crate::units::SampleRate;

/// `exp(−1/(τ·fs))` for a time constant in milliseconds; 0 (at once) for a time of 0.
pub fn one_pole(time_ms: f64, rate: SampleRate) -> f64 {
    if time_ms <= 0.0 { 0.0 } else { (-1000.0 / (time_ms * rate.hz())).exp() }
}

/// Smallest value of the last `window` frames, by a monotone wedge (Lemire 2006): constant cost on average.
#[derive(Debug, Clone)]
pub struct SlidingMin {
    /// Rising values with the frame they came at; a ring of a power of two.
    wedge: Vec<(f64, u64)>,
    first: u64,
    end: u64,
    window: u64,
    frame: u64,
    initial: f64,
}

impl SlidingMin {
    /// Over `window` frames (at least 1), all of which had the value `initial` before the start.
    pub fn new(window: usize, initial: f64) -> Self {
        let window = window.max(1);
        let mut min = Self {
            wedge: vec![(initial, 0); (window + 1).next_power_of_two()],
            first: 0,
            end: 0,
            window: window as u64,
            frame: 0,
            initial,
        };
        min.reset();
        min
    }

    /// Another window from now on, at most the one it was made with.
    pub fn set_window(&mut self, window: usize) {
        self.window = window.clamp(1, self.wedge.len() - 1) as u64;
    }

    /// As at the start.
    pub fn reset(&mut self) {
        self.frame = self.window;
        (self.first, self.end) = (0, 1);
        self.wedge[0] = (self.initial, self.frame - 1);
    }

    /// Takes the value of the next frame and gives the smallest of the window that ends with it.
    #[inline]
    pub fn tick(&mut self, value: f64) -> f64 {
        let mask = self.wedge.len() as u64 - 1;
        if self.window == 1 {
            self.wedge[(self.end & mask) as usize] = (value, self.frame);
            self.first = self.end;
            self.end += 1;
            self.frame += 1;
            return value;
        }
        while self.end > self.first && self.wedge[((self.end - 1) & mask) as usize].0 >= value {
            self.end -= 1;
        }
        self.wedge[(self.end & mask) as usize] = (value, self.frame);
        self.end += 1;
        self.frame += 1;
        while self.wedge[(self.first & mask) as usize].1 + self.window < self.frame {
            self.first += 1;
        }
        self.wedge[(self.first & mask) as usize].0
    }
}

/// Fixed point of [`GainSmoother`]: a gain of 1.
const UNITY: f64 = (1u64 << 31) as f64;

/// Three cascaded moving averages over gains from 0 to 1, in whole numbers: nothing drifts however long it runs, and a
/// gain of exactly 1 stays exactly 1. Gains are rounded down to 2^−31, so the average of gains that are all at most
/// `g` is at most `g`.
#[derive(Debug, Clone)]
pub struct GainSmoother {
    stages: [MovingSum; 3],
    /// What the last stage holds at a gain of 1.
    full: f64,
}

impl GainSmoother {
    /// With three averages over `length` frames each (1 to 1400): it reaches over `3·length − 2` frames.
    pub fn new(length: usize) -> Self {
        let length = length.clamp(1, 1400);
        let mut smoother = Self {
            stages: [0, 1, 2].map(|_| MovingSum { ring: vec![0; length], at: 0, sum: 0 }),
            full: UNITY,
        };
        smoother.reset();
        smoother
    }

    /// Frames it reaches over: its output depends on that many last inputs.
    pub fn reach(&self) -> usize {
        3 * self.stages[0].ring.len() - 2
    }

    /// As after a long time at gain 1.
    pub fn reset(&mut self) {
        let mut value = UNITY as i64;
        for stage in &mut self.stages {
            stage.ring.fill(value);
            value *= stage.ring.len() as i64;
            stage.sum = value;
        }
        self.full = value as f64;
    }

    /// Takes the gain of the next frame and gives the average.
    #[inline]
    pub fn tick(&mut self, gain: f64) -> f64 {
        let mut value = (gain * UNITY) as i64;
        for stage in &mut self.stages {
            value = stage.tick(value);
        }
        // A division, because a product with the inverse may miss 1 by one bit.
        value as f64 / self.full
    }
}

#[derive(Debug, Clone)]
struct MovingSum {
    ring: Vec<i64>,
    at: usize,
    sum: i64,
}

impl MovingSum {
    #[inline]
    fn tick(&mut self, value: i64) -> i64 {
        self.sum += value - std::mem::replace(&mut self.ring[self.at], value);
        self.at = if self.at + 1 == self.ring.len() { 0 } else { self.at + 1 };
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise::Noise;

    #[test]
    fn one_pole_covers_63_percent_in_its_time() {
        let a = one_pole(10.0, SampleRate(48_000));
        assert!((1.0 - a.powi(480) - (1.0 - (-1.0f64).exp())).abs() < 1e-12);
        assert_eq!(one_pole(0.0, SampleRate(48_000)), 0.0);
    }

    #[test]
    fn sliding_minimum_equals_the_plain_one() {
        let noise = Noise::new(3, 0);
        let x: Vec<f64> = (0..3000).map(|n| (noise.uniform(n, 0) * 20.0).floor() / 20.0).collect();
        for window in [1, 2, 7, 8, 100] {
            let mut min = SlidingMin::new(window, 0.5);
            for n in 0..x.len() {
                let start = n.saturating_sub(window - 1);
                let mut expected = x[start..=n].iter().copied().fold(f64::INFINITY, f64::min);
                if n + 1 < window {
                    expected = expected.min(0.5);
                }
                assert_eq!(min.tick(x[n]), expected, "window {window}, frame {n}");
            }
        }
    }

    #[test]
    fn smoother_is_the_triple_average_and_keeps_one() {
        for length in [1, 5, 74, 1280] {
            let mut smoother = GainSmoother::new(length);
            assert_eq!(smoother.tick(1.0), 1.0);
            for n in 0..smoother.reach() {
                assert!(smoother.tick(0.25) > 0.25 - 1e-9, "{n}");
            }
            assert!((smoother.tick(0.25) - 0.25).abs() < 1e-9);
            for _ in 0..smoother.reach() {
                smoother.tick(1.0);
            }
            assert_eq!(smoother.tick(1.0), 1.0, "length {length}");
        }
        // Step response of three averages over 2 frames: 1/8, 4/8, 7/8, 1.
        let mut smoother = GainSmoother::new(2);
        let step = [0.5; 4].map(|g| 2.0 - 2.0 * smoother.tick(g));
        assert_eq!(step, [0.125, 0.5, 0.875, 1.0]);
    }
}
