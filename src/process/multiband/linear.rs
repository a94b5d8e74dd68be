//! The linear-phase split: low-passes as symmetric kernels, bands as their differences.
//!
//! `low_k = h_k * x`, band 1 = `low_1`, band k = `low_k − low_(k−1)`, the highest `x` (delayed) less the last: the sum is
//! the delayed input whatever the kernels. `|h_k| = 1/(1 + (f/f_k)⁴)`, the slope of the minimum-phase split. The transition
//! cannot be narrower than about 5.5 fs over the taps; at 44.1 kHz that is 30 Hz.

use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::fir::{History, Kernel, linear_phase_kernel, no_spectrum};
use crate::units::SampleRate;

/// Taps below 88.2 kHz; as many more as the rate is higher.
const TAPS: usize = 8192;

fn taps_at(rate: SampleRate) -> usize {
    match rate.0 {
        0..88_200 => TAPS,
        88_200..176_400 => 2 * TAPS,
        _ => 4 * TAPS,
    }
}

/// Delay of the split, a whole number of blocks.
pub(super) fn latency_at(rate: SampleRate) -> usize {
    taps_at(rate) / 2
}

pub(super) struct LinearSplit {
    kernels: Vec<Kernel>,
    past: [History; CHANNELS],
    /// The last blocks of input, oldest at `at`.
    delay: Vec<Block>,
    at: usize,
}

impl LinearSplit {
    pub(super) fn new(splits_hz: &[f64], rate: SampleRate) -> Self {
        let taps = taps_at(rate);
        let mut highest = 0.0f64;
        let kernel = |hz: &f64| {
            highest = highest.max(*hz);
            let corner = highest;
            Kernel::new(&linear_phase_kernel(taps, rate.hz(), |f| 1.0 / (1.0 + (f / corner).powi(4))))
        };
        Self {
            kernels: splits_hz.iter().map(kernel).collect(),
            past: [History::new(taps), History::new(taps)],
            delay: vec![Block::silent(); latency_at(rate) / QUANTUM],
            at: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.past.iter_mut().for_each(History::clear);
        self.delay.iter_mut().for_each(Block::clear);
        self.at = 0;
    }

    /// One block into its bands; `parts` holds one more than there are kernels.
    pub(super) fn split(&mut self, block: &Block, parts: &mut [Block]) {
        let delayed = std::mem::replace(&mut self.delay[self.at], block.clone());
        self.at = (self.at + 1) % self.delay.len();
        for (c, past) in self.past.iter_mut().enumerate() {
            past.push(&block.channels()[c]);
            let mut below = [0.0; QUANTUM];
            for (kernel, part) in self.kernels.iter().zip(parts.iter_mut()) {
                let mut sum = no_spectrum();
                past.accumulate(kernel, &mut sum);
                let low = past.block_of(&mut sum);
                difference(&low, &below, &mut part.channels_mut()[c]);
                below = low;
            }
            if let Some(top) = parts.get_mut(self.kernels.len()) {
                difference(&delayed.channels()[c], &below, &mut top.channels_mut()[c]);
            }
        }
    }

    /// The sum of the bands.
    pub(super) fn join(parts: &[Block], block: &mut Block) {
        block.clear();
        parts.iter().for_each(|part| block.add(part));
    }
}

fn difference(a: &[f64; QUANTUM], b: &[f64; QUANTUM], out: &mut [f64; QUANTUM]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = a - b;
    }
}
