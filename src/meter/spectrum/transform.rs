//! The real FFT with its buffers: all this folder knows of it.

use std::sync::Arc;

use crate::dsp::fft::{Complex, RealFftPlanner, RealToComplex};

/// A transform of one length.
pub(super) struct Transform {
    plan: Arc<dyn RealToComplex<f64>>,
    pub(super) input: Vec<f64>,
    scratch: Vec<Complex<f64>>,
}

impl Transform {
    pub(super) fn new(length: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(length);
        Self { input: plan.make_input_vec(), scratch: plan.make_scratch_vec(), plan }
    }

    /// Room for a spectrum.
    pub(super) fn output(&self) -> Vec<Complex<f64>> {
        self.plan.make_output_vec()
    }

    /// Transforms `input` (and spoils it). The first and last bin have no twin at negative frequencies: their powers are
    /// halved, so that densities are right up to the ends.
    pub(super) fn run(&mut self, output: &mut [Complex<f64>]) {
        let done = self.plan.process_with_scratch(&mut self.input, output, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers come from the plan");
        let half = std::f64::consts::FRAC_1_SQRT_2;
        if let [first, .., last] = output {
            *first *= half;
            *last *= half;
        }
    }
}

/// The last samples of a signal, oldest first from `next` on.
pub(super) struct Ring {
    samples: Vec<f64>,
    next: usize,
}

impl Ring {
    pub(super) fn new(length: usize) -> Self {
        Self { samples: vec![0.0; length], next: 0 }
    }

    /// Takes samples, no more than its length. NaN counts as silence.
    pub(super) fn push(&mut self, samples: &[f64]) {
        for &x in samples {
            self.samples[self.next] = if x.abs() <= 1e15 { x } else { 0.0 };
            self.next += 1;
            if self.next == self.samples.len() {
                self.next = 0;
            }
        }
    }

    /// Writes them times a window, oldest first.
    pub(super) fn windowed(&self, window: &[f64], out: &mut [f64]) {
        let (newer, older) = self.samples.split_at(self.next);
        for ((out, x), w) in out.iter_mut().zip(older.iter().chain(newer)).zip(window) {
            *out = x * w;
        }
    }

    pub(super) fn clear(&mut self) {
        self.samples.fill(0.0);
        self.next = 0;
    }
}
