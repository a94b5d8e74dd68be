//! The core of a state-variable filter: band-pass and low-pass of a frame, to be mixed into any filter of second order.
//!
//! Trapezoidal (V. Zavalishin, *The Art of VA Filter Design*), `g = tan(π·f/fs)`, `k = 1/Q`: high-pass is
//! `x − k·band − low`, all-pass `x − 2k·band`, peak-normalised band-pass `k·band`. Run in the expanded form, next states as
//! sums of products of `s1, s2, x`, which shortens the chain from frame to frame. May be moved while it runs.

use super::svf::Frame;

/// Next states as sums of products of `s1`, `s2`, `x`.
#[derive(Debug, Clone, Copy)]
pub struct CoreStep {
    s1: [f64; 3],
    s2: [f64; 3],
}

impl CoreStep {
    /// For `g = tan(π·f/fs)` and `k = 1/Q`.
    #[inline]
    pub fn new(g: f64, k: f64) -> Self {
        let c1 = 1.0 / (1.0 + g * (g + k));
        let c2 = g * c1;
        let c3 = g * c2;
        Self { s1: [2.0 * c1 - 1.0, -2.0 * c2, 2.0 * c2], s2: [2.0 * c2, 1.0 - 2.0 * c3, 2.0 * c3] }
    }
}

/// States of both channels.
#[derive(Debug, Clone, Copy, Default)]
pub struct Core {
    s1: Frame,
    s2: Frame,
}

impl Core {
    /// Forgets the past.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// As after a long time at this value: the low-pass goes on from there.
    pub fn resting_at(x: Frame) -> Self {
        Self { s1: [0.0; 2], s2: x }
    }

    /// Band-pass and low-pass of one frame.
    #[inline(always)]
    pub fn tick(&mut self, step: &CoreStep, x: Frame) -> (Frame, Frame) {
        let (mut band, mut low) = ([0.0; 2], [0.0; 2]);
        for c in 0..2 {
            let (s1, s2) = (self.s1[c], self.s2[c]);
            let next1 = step.s1[0] * s1 + (step.s1[1] * s2 + step.s1[2] * x[c]);
            let next2 = step.s2[0] * s1 + (step.s2[1] * s2 + step.s2[2] * x[c]);
            band[c] = 0.5 * (next1 + s1);
            low[c] = 0.5 * (next2 + s2);
            (self.s1[c], self.s2[c]) = (next1, next2);
        }
        (band, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn it_can_start_at_rest() {
        let step = CoreStep::new(0.3, 1.4);
        let mut core = Core::resting_at([0.5, -0.25]);
        for _ in 0..50 {
            let (band, low) = core.tick(&step, [0.5, -0.25]);
            assert!(band.iter().all(|v| v.abs() < 1e-15));
            assert!((low[0] - 0.5).abs() < 1e-15 && (low[1] + 0.25).abs() < 1e-15);
        }
    }

    #[test]
    fn it_has_the_response_of_its_formula() {
        for (hz, q) in [(100.0, 0.7), (3000.0, 2.0), (15_000.0, 1.0)] {
            let (g, k) = ((PI * hz / 48_000.0).tan(), 1.0 / q);
            let step = CoreStep::new(g, k);
            let mut core = Core::default();
            let h: Vec<(Frame, Frame)> =
                (0..20_000).map(|n| core.tick(&step, if n == 0 { [1.0, 0.5] } else { [0.0; 2] })).collect();
            for f in [50.0, 1000.0, 9000.0] {
                let power = |at: &dyn Fn(&(Frame, Frame)) -> f64| {
                    let (re, im) = h.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, v)| {
                        let w = 2.0 * PI * f * n as f64 / 48_000.0;
                        (re + at(v) * w.cos(), im - at(v) * w.sin())
                    });
                    re * re + im * im
                };
                let x = (PI * f / 48_000.0).tan() / g;
                let denominator = (1.0 - x * x).powi(2) + (k * x).powi(2);
                assert!((power(&|v| v.1[0]) * denominator - 1.0).abs() < 1e-9);
                assert!((power(&|v| 2.0 * v.0[1]) * denominator / (x * x) - 1.0).abs() < 1e-9);
            }
        }
    }
}
