//! Curves without memory and their first-order antiderivative anti-aliasing (Parker, Zavalishin, Le Bivic, DAFx 2016).
//!
//! The output is the mean of the curve over the way from the last input to this one,
//! `(F(x_n) − F(x_n−1)) / (x_n − x_n−1)`, `F' = f`. That is the curve of a straight line between the samples, averaged
//! over one frame: aliases fall by the slope of that average, a line itself is delayed by half a frame with a droop of
//! `cos(ω/2)`, which [`super::oversampler::DroopFilter`] takes back.

use super::elementary::{exp_of_negative, ln_one_plus};

/// An odd curve with slope 1 at 0 and the limits ±1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waveshape {
    /// `tanh x = x − x³/3 + …`
    Tanh,
    /// `x / √(1 + x²) = x − x³/2 + …`
    Root,
    /// `x` between −1 and 1.
    Hard,
}

/// Steps smaller than this take the mean of both ends instead of the quotient; both then err by less than 1e-9.
const TINY_STEP: f64 = 3e-5;

/// Frames worked on at once.
const LANES: usize = 8;

impl Waveshape {
    /// The curve.
    #[inline(always)]
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Tanh => tanh_and_integral(x).0,
            Self::Root => x / (1.0 + x * x).sqrt(),
            Self::Hard => x.clamp(-1.0, 1.0),
        }
    }
}

/// `tanh x` and `ln(2·cosh x)`, from `e^(−2|x|)`.
#[inline(always)]
fn tanh_and_integral(x: f64) -> (f64, f64) {
    let size = x.abs();
    let e = exp_of_negative(-2.0 * size);
    (((1.0 - e) / (1.0 + e)).copysign(x), size + ln_one_plus(e))
}

/// One channel through a curve with anti-aliasing.
#[derive(Debug, Clone)]
pub struct Antialiased {
    curve: Waveshape,
    /// The last input, and what the curve needs of it.
    last: f64,
    value: f64,
    integral: f64,
}

impl Antialiased {
    /// From rest at `x`.
    pub fn new(curve: Waveshape, x: f64) -> Self {
        let mut new = Self { curve, last: 0.0, value: 0.0, integral: 0.0 };
        new.rest_at(x);
        new
    }

    /// As after a long time at `x`.
    pub fn rest_at(&mut self, x: f64) {
        self.last = x;
        (self.value, self.integral) = match self.curve {
            Waveshape::Tanh => tanh_and_integral(x),
            Waveshape::Root => (0.0, (1.0 + x * x).sqrt()),
            Waveshape::Hard => (x.clamp(-1.0, 1.0), 0.0),
        };
    }

    /// A block in place; its length is a multiple of eight. Takes part in [`super::simd::widest`].
    #[inline(always)]
    pub fn process(&mut self, samples: &mut [f64]) {
        for chunk in samples.chunks_exact_mut(LANES) {
            let mut x = [0.0; LANES];
            x.copy_from_slice(chunk);
            let y = match self.curve {
                Waveshape::Tanh => self.tanh(&x),
                Waveshape::Root => self.root(&x),
                Waveshape::Hard => self.hard(&x),
            };
            chunk.copy_from_slice(&y);
            self.last = x[LANES - 1];
        }
    }

    #[inline(always)]
    fn tanh(&mut self, x: &[f64; LANES]) -> [f64; LANES] {
        let (mut values, mut integrals) = ([0.0; LANES], [0.0; LANES]);
        // One step after the other, so that each becomes vector code.
        let decays = x.map(|v| exp_of_negative(-2.0 * v.abs()));
        for j in 0..LANES {
            integrals[j] = x[j].abs() + ln_one_plus(decays[j]);
        }
        for j in 0..LANES {
            values[j] = ((1.0 - decays[j]) / (1.0 + decays[j])).copysign(x[j]);
        }
        let before = shifted(x, self.last);
        let (values_before, integrals_before) =
            (shifted(&values, self.value), shifted(&integrals, self.integral));
        let mut y = [0.0; LANES];
        for j in 0..LANES {
            let step = x[j] - before[j];
            let quotient = (integrals[j] - integrals_before[j]) / step;
            let mean = 0.5 * (values[j] + values_before[j]);
            y[j] = if step.abs() < TINY_STEP { mean } else { quotient };
        }
        (self.value, self.integral) = (values[LANES - 1], integrals[LANES - 1]);
        y
    }

    /// `F = √(1+x²)`: the difference of roots divided by that of the inputs is `(a+b) / (F(a)+F(b))`, whatever the step.
    #[inline(always)]
    fn root(&mut self, x: &[f64; LANES]) -> [f64; LANES] {
        let integrals = x.map(|v| (1.0 + v * v).sqrt());
        let (before, integrals_before) = (shifted(x, self.last), shifted(&integrals, self.integral));
        let mut y = [0.0; LANES];
        for j in 0..LANES {
            y[j] = (x[j] + before[j]) / (integrals[j] + integrals_before[j]);
        }
        self.integral = integrals[LANES - 1];
        y
    }

    /// `F = c²/2 + c·(x−c)` with `c` the clipped input: what is inside and what is outside are subtracted apart, so that
    /// no step is too small.
    #[inline(always)]
    fn hard(&mut self, x: &[f64; LANES]) -> [f64; LANES] {
        let clipped = x.map(|v| v.clamp(-1.0, 1.0));
        let (before, clipped_before) = (shifted(x, self.last), shifted(&clipped, self.value));
        let mut y = [0.0; LANES];
        for j in 0..LANES {
            let (now, then) = (clipped[j], clipped_before[j]);
            let mean = 0.5 * (now + then);
            let outside = now * (x[j] - now) - then * (before[j] - then);
            let quotient = ((now - then) * mean + outside) / (x[j] - before[j]);
            let inside = outside.abs() <= 0.0 || now.to_bits() == then.to_bits();
            y[j] = if inside { mean } else { quotient };
        }
        self.value = clipped[LANES - 1];
        y
    }
}

/// Every value's predecessor.
#[inline(always)]
fn shifted(values: &[f64; LANES], first: f64) -> [f64; LANES] {
    let mut before = [first; LANES];
    before[1..].copy_from_slice(&values[..LANES - 1]);
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Waveshape; 3] = [Waveshape::Tanh, Waveshape::Root, Waveshape::Hard];

    fn exact(curve: Waveshape, x: f64) -> f64 {
        match curve {
            Waveshape::Tanh => x.tanh(),
            Waveshape::Root => x / (1.0 + x * x).sqrt(),
            Waveshape::Hard => x.clamp(-1.0, 1.0),
        }
    }

    #[test]
    fn the_output_is_the_mean_of_the_curve_over_the_step() {
        let x: Vec<f64> = (0..800)
            .map(|n| {
                let size = [1e-7, 1e-4, 0.01, 1.0, 5.0, 60.0][n / 134];
                size * (n as f64 * 0.7).sin() + if n % 50 < 10 { 1.0 } else { 0.0 }
            })
            .collect();
        for curve in ALL {
            let mut y = x.clone();
            Antialiased::new(curve, 0.0).process(&mut y);
            for n in 1..x.len() {
                // Two thousand midpoints between the two inputs.
                let between = |i: usize| x[n - 1] + (x[n] - x[n - 1]) * (i as f64 + 0.5) / 2000.0;
                let mean = (0..2000).map(|i| exact(curve, between(i))).sum::<f64>() / 2000.0;
                assert!((y[n] - mean).abs() < 2e-4, "{curve:?} frame {n}: {} {mean}", y[n]);
                assert!((curve.at(x[n]) - exact(curve, x[n])).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn rest_is_the_curve_itself() {
        for curve in ALL {
            for rest in [0.0, 0.3, -0.9, 2.0] {
                let mut block = [rest; 16];
                Antialiased::new(curve, rest).process(&mut block);
                assert!(block.iter().all(|y| (y - exact(curve, rest)).abs() < 1e-15), "{curve:?} {rest}");
            }
        }
    }

    #[test]
    fn quotient_and_mean_meet_where_they_take_turns() {
        // Around a point of strong bend, with steps just above and just below the limit.
        for step in [0.99 * TINY_STEP, 1.01 * TINY_STEP] {
            for x in [0.5, 20.0, 60.0] {
                let mut shaper = Antialiased::new(Waveshape::Tanh, x);
                let mut block = [x + step; 8];
                shaper.process(&mut block);
                assert!((block[0] - (x + 0.5 * step).tanh()).abs() < 1e-9, "{x}");
            }
        }
    }
}
