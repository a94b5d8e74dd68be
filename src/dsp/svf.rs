//! Trapezoidal state-variable filter: runs any biquad, stereo, and may be moved while it runs.
//!
//! Coefficients from any biquad: `g = √((1+a1+a2)/(1−a1+a2))`, `k = 2(1−a2)/(g(1−a1+a2))` and the mix of high, band and
//! low pass. One frame (V. Zavalishin, *The Art of VA Filter Design*; A. Simper, 2013): `c1 = 1/(1+g(g+k))`, `c2 = g·c1`,
//! `c3 = g·c2`, `v1 = c1·s1 + c2·(x−s2)`, `v2 = s2 + c2·s1 + c3·(x−s2)`, `s1 ← 2v1−s1`, `s2 ← 2v2−s2`,
//! `y = m_hp·(x−k·v1−v2) + m_bp·v1 + m_lp·v2`. It is run in the expanded form (state and output as sums of products of
//! `s1, s2, x`), which is the same filter with a shorter dependency chain.

use super::biquad::Biquad;

/// Left and right of one frame, side by side.
pub type Frame = [f64; 2];

/// Most sections in a [`Cascade`].
pub const MAX_SECTIONS: usize = 8;

/// What a section does; may be interpolated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SvfCoefs {
    g: f64,
    k: f64,
    high: f64,
    band: f64,
    low: f64,
}

impl SvfCoefs {
    /// Passes everything.
    pub const IDENTITY: Self = Self { g: 0.1, k: 1.0, high: 1.0, band: 1.0, low: 1.0 };

    /// The state-variable form of a stable biquad.
    pub fn from_biquad(biquad: &Biquad) -> Self {
        let [b0, b1, b2] = biquad.b;
        let [a1, a2] = biquad.a;
        let (at_dc, at_nyquist) = (1.0 + a1 + a2, 1.0 - a1 + a2);
        let g = (at_dc / at_nyquist).sqrt();
        Self {
            g,
            k: 2.0 * (1.0 - a2) / (g * at_nyquist),
            high: (b0 - b1 + b2) / at_nyquist,
            band: 2.0 * (b0 - b2) / (g * at_nyquist),
            low: (b0 + b1 + b2) / at_dc,
        }
    }

    /// On the line from `self` (0) to `other` (1).
    pub fn towards(&self, other: &Self, t: f64) -> Self {
        let mix = |a: f64, b: f64| a + t * (b - a);
        Self {
            g: mix(self.g, other.g),
            k: mix(self.k, other.k),
            high: mix(self.high, other.high),
            band: mix(self.band, other.band),
            low: mix(self.low, other.low),
        }
    }

    fn step(&self) -> Step {
        let c1 = 1.0 / (1.0 + self.g * (self.g + self.k));
        let c2 = self.g * c1;
        let c3 = self.g * c2;
        let p = self.band - self.k * self.high;
        let q = self.low - self.high;
        Step {
            s1: [2.0 * c1 - 1.0, -2.0 * c2, 2.0 * c2],
            s2: [2.0 * c2, 1.0 - 2.0 * c3, 2.0 * c3],
            y: [p * c1 + q * c2, q * (1.0 - c3) - p * c2, self.high + p * c2 + q * c3],
        }
    }
}

/// Factors of `s1`, `s2`, `x` in the next state and the output.
#[derive(Debug, Clone, Copy)]
struct Step {
    s1: [f64; 3],
    s2: [f64; 3],
    y: [f64; 3],
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    s1: Frame,
    s2: Frame,
}

impl State {
    #[inline(always)]
    fn tick(&mut self, step: &Step, x: Frame) -> Frame {
        let mut y = [0.0; 2];
        for c in 0..2 {
            let (s1, s2) = (self.s1[c], self.s2[c]);
            y[c] = step.y[0] * s1 + (step.y[1] * s2 + step.y[2] * x[c]);
            self.s1[c] = step.s1[0] * s1 + (step.s1[1] * s2 + step.s1[2] * x[c]);
            self.s2[c] = step.s2[0] * s1 + (step.s2[1] * s2 + step.s2[2] * x[c]);
        }
        y
    }
}

/// Up to [`MAX_SECTIONS`] sections one after the other.
#[derive(Debug, Clone)]
pub struct Cascade {
    coefs: [SvfCoefs; MAX_SECTIONS],
    states: [State; MAX_SECTIONS],
    count: usize,
}

impl Default for Cascade {
    fn default() -> Self {
        Self { coefs: [SvfCoefs::IDENTITY; MAX_SECTIONS], states: [State::default(); MAX_SECTIONS], count: 0 }
    }
}

impl Cascade {
    /// Forgets the past.
    pub fn clear(&mut self) {
        self.states = [State::default(); MAX_SECTIONS];
    }

    /// Takes these sections (at most [`MAX_SECTIONS`]) at once.
    pub fn jump_to(&mut self, coefs: &[SvfCoefs]) {
        self.count = coefs.len().min(MAX_SECTIONS);
        for (mine, new) in self.coefs.iter_mut().zip(coefs) {
            *mine = *new;
        }
    }

    /// Filters in place with the coefficients as they are.
    pub fn run(&mut self, frames: &mut [Frame]) {
        let mut index = 0;
        while index + 1 < self.count {
            self.run_pair(index, frames);
            index += 2;
        }
        if index < self.count {
            let step = self.coefs[index].step();
            let mut state = self.states[index];
            frames.iter_mut().for_each(|f| *f = state.tick(&step, *f));
            self.states[index] = state;
        }
    }

    /// Two sections in one pass: their recursions overlap in time.
    fn run_pair(&mut self, index: usize, frames: &mut [Frame]) {
        let (first, second) = (self.coefs[index].step(), self.coefs[index + 1].step());
        let (mut one, mut two) = (self.states[index], self.states[index + 1]);
        for frame in frames {
            let between = one.tick(&first, *frame);
            *frame = two.tick(&second, between);
        }
        self.states[index] = one;
        self.states[index + 1] = two;
    }

    /// Filters in place while the coefficients move evenly to `target` (as many as there are), reached with the last frame.
    pub fn glide(&mut self, target: &[SvfCoefs], frames: &mut [Frame]) {
        let length = 1.0 / frames.len().max(1) as f64;
        for (index, to) in target.iter().enumerate().take(self.count) {
            let from = self.coefs[index];
            let state = &mut self.states[index];
            for (n, frame) in frames.iter_mut().enumerate() {
                let step = from.towards(to, (n + 1) as f64 * length).step();
                *frame = state.tick(&step, *frame);
            }
            self.coefs[index] = *to;
        }
    }

    /// Clears the past if it holds anything that is not a number or infinite.
    pub fn heal(&mut self) {
        let sum: f64 = self.states[..self.count]
            .iter()
            .map(|s| s.s1[0] * 0.0 + s.s1[1] * 0.0 + s.s2[0] * 0.0 + s.s2[1] * 0.0)
            .sum();
        if sum.is_nan() {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::biquad::Section;

    fn direct_form(biquad: &Biquad, input: &[f64]) -> Vec<f64> {
        let (mut z1, mut z2) = (0.0, 0.0);
        input
            .iter()
            .map(|x| {
                let y = biquad.b[0] * x + z1;
                z1 = biquad.b[1] * x - biquad.a[0] * y + z2;
                z2 = biquad.b[2] * x - biquad.a[1] * y;
                y
            })
            .collect()
    }

    #[test]
    fn it_is_the_biquad_it_was_made_from() {
        let input: Vec<f64> = (0..500).map(|i| ((i * i) as f64 * 0.37).sin()).collect();
        let sections = [
            Section::Bell { gain_db: 7.0, q: 2.0 },
            Section::HighShelf { gain_db: -4.0, q: 0.7 },
            Section::HighPass { q: 0.7 },
            Section::LowPass1,
        ];
        let biquads: Vec<Biquad> = sections.iter().map(|s| s.matched(3000.0, 96_000.0)).collect();
        for count in 1..=sections.len() {
            let expected = biquads[..count].iter().fold(input.clone(), |x, b| direct_form(b, &x));
            let coefs: Vec<SvfCoefs> = biquads[..count].iter().map(SvfCoefs::from_biquad).collect();
            let mut cascade = Cascade::default();
            cascade.jump_to(&coefs);
            let mut frames: Vec<Frame> = input.iter().map(|x| [*x, -0.5 * x]).collect();
            cascade.run(&mut frames);
            for (f, e) in frames.iter().zip(&expected) {
                assert!((f[0] - e).abs() < 1e-12 && (f[1] + 0.5 * e).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn gliding_to_where_it_is_changes_nothing() {
        let coefs = [SvfCoefs::from_biquad(&Section::Bell { gain_db: 7.0, q: 2.0 }.matched(500.0, 96_000.0))];
        let mut still = Cascade::default();
        still.jump_to(&coefs);
        let mut moving = still.clone();
        let mut a: Vec<Frame> = (0..64).map(|i| [f64::from(i).sin(), 0.0]).collect();
        let mut b = a.clone();
        still.run(&mut a);
        moving.glide(&coefs, &mut b);
        assert_eq!(a, b);
    }

    #[test]
    fn identity_passes_and_a_poisoned_state_heals() {
        let mut cascade = Cascade::default();
        cascade.jump_to(&[SvfCoefs::IDENTITY]);
        let mut frames = [[0.3, -0.7]; 8];
        cascade.run(&mut frames);
        assert!(frames.iter().all(|f| (f[0] - 0.3).abs() < 1e-15 && (f[1] + 0.7).abs() < 1e-15));
        cascade.run(&mut [[f64::NAN, 1.0]]);
        cascade.heal();
        let mut after = [[1.0, 1.0]; 2];
        cascade.run(&mut after);
        assert!(after.iter().flatten().all(|v| v.is_finite()));
    }
}
