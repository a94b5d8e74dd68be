//! Three bands by Linkwitz–Riley crossovers of fourth order at 120 and 2000 Hz, as [`crate::dsp::crossover`] has them, but
//! without putting the bands together again.

use std::f64::consts::{PI, SQRT_2};

use super::Products;
use crate::dsp::statevar::{Core, CoreStep};

/// Corners of the three bands (−6 dB), Hz.
pub(super) const SPLITS_HZ: [f64; 2] = [120.0, 2000.0];

/// `1/Q` of a Butterworth filter of second order.
const DAMPING: f64 = SQRT_2;

/// Amplitude under which a filter has died away: far below any signal, far above what costs time to compute.
const DEAD: f64 = 1e-200;

/// A coefficient set at a corner frequency, held inside the band of absurdly low rates.
pub(super) fn corner(hz: f64, rate_hz: u32) -> CoreStep {
    let part = (hz / f64::from(rate_hz.max(1))).min(0.46);
    CoreStep::new((PI * part).tan(), DAMPING)
}

/// A low-pass and a high-pass of fourth order at one corner.
#[derive(Debug, Clone)]
struct Split {
    step: CoreStep,
    cores: [Core; 3],
}

impl Split {
    fn new(hz: f64, rate_hz: u32) -> Self {
        Self { step: corner(hz, rate_hz), cores: [Core::default(); 3] }
    }

    /// What lies below and what lies above.
    #[inline(always)]
    fn tick(&mut self, x: [f64; 2]) -> ([f64; 2], [f64; 2]) {
        let [both, low, high] = &mut self.cores;
        let (band1, low1) = both.tick(&self.step, x);
        let high1 = [x[0] - DAMPING * band1[0] - low1[0], x[1] - DAMPING * band1[1] - low1[1]];
        let (_, below) = low.tick(&self.step, low1);
        let (band2, low2) = high.tick(&self.step, high1);
        (below, [high1[0] - DAMPING * band2[0] - low2[0], high1[1] - DAMPING * band2[1] - low2[1]])
    }

    fn clear(&mut self) {
        self.cores = [Core::default(); 3];
    }
}

/// The three bands of a running signal.
#[derive(Debug, Clone)]
pub(super) struct ThreeBands {
    splits: [Split; 2],
    sums: [Products; 3],
    frames: u64,
}

impl ThreeBands {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            splits: SPLITS_HZ.map(|hz| Split::new(hz, rate_hz)),
            sums: [Products::default(); 3],
            frames: 0,
        }
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        let [lower, upper] = &mut self.splits;
        let (mut first, mut second) = (lower.clone(), upper.clone());
        let mut sums = self.sums;
        for (&l, &r) in left.iter().zip(right) {
            let (low, rest) = first.tick([l, r]);
            let (mid, high) = second.tick(rest);
            for (sum, [l, r]) in sums.iter_mut().zip([low, mid, high]) {
                sum.ll += l * l;
                sum.rr += r * r;
                sum.lr += l * r;
            }
        }
        (*lower, *upper, self.sums) = (first, second, sums);
        self.frames += left.len().min(right.len()) as u64;
    }

    /// Sums and frames since last asked, lowest band first. What was not finite is forgotten.
    pub(super) fn take(&mut self) -> ([Products; 3], u64) {
        let mut sums = std::mem::take(&mut self.sums);
        if !sums.iter().all(|s| s.is_finite()) || sums.iter().all(|s| s.power() < DEAD) {
            self.splits.iter_mut().for_each(Split::clear);
            sums = [Products::default(); 3];
        }
        (sums, std::mem::take(&mut self.frames))
    }
}

/// Low-passes of fourth order, a signal through each.
#[derive(Debug, Clone)]
pub(super) struct LowPasses<const N: usize> {
    steps: [CoreStep; N],
    cores: [[Core; 2]; N],
    sums: [Products; N],
}

impl<const N: usize> LowPasses<N> {
    pub(super) fn new(corners_hz: [f64; N], rate_hz: u32) -> Self {
        Self {
            steps: corners_hz.map(|hz| corner(hz, rate_hz)),
            cores: [[Core::default(); 2]; N],
            sums: [Products::default(); N],
        }
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        let (steps, mut cores, mut sums) = (self.steps, self.cores, self.sums);
        for (&l, &r) in left.iter().zip(right) {
            for ((step, [first, second]), sum) in steps.iter().zip(&mut cores).zip(&mut sums) {
                let (_, low) = first.tick(step, [l, r]);
                let (_, [l, r]) = second.tick(step, low);
                sum.ll += l * l;
                sum.rr += r * r;
                sum.lr += l * r;
            }
        }
        (self.cores, self.sums) = (cores, sums);
    }

    /// Sums since last asked. What was not finite is forgotten.
    pub(super) fn take(&mut self) -> [Products; N] {
        let sums = std::mem::replace(&mut self.sums, [Products::default(); N]);
        if sums.iter().all(|s| s.is_finite() && s.power() > DEAD) {
            return sums;
        }
        self.cores = [[Core::default(); 2]; N];
        [Products::default(); N]
    }
}
