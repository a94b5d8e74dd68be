//! Linear-phase filters: design by frequency sampling, and convolution without latency of its own.
//!
//! Design: a zero-phase magnitude is sampled on a grid four times as fine as the kernel has half-taps, brought back by an
//! inverse transform, shifted to the middle and windowed (Kaiser). Convolution: uniformly partitioned overlap-save with
//! partitions of one quantum, so that every block costs the same; the delay is the kernel's middle and nothing more.

use super::fft::{Complex, RealFft};
use super::window::kaiser_at;
use crate::audio::QUANTUM;

/// Kaiser window parameter of the design.
const BETA: f64 = 9.0;

/// Samples of one transform: the last block and this one.
const SPAN: usize = 2 * QUANTUM;

/// Bins of one transform.
const BINS: usize = QUANTUM + 1;

/// A symmetric kernel with the given magnitude, middle at `taps / 2`; `taps` even. `magnitude` takes hertz and may be
/// negative (polarity). Tap 0, which has no partner, is zero.
pub fn linear_phase_kernel(taps: usize, rate_hz: f64, magnitude: impl Fn(f64) -> f64) -> Vec<f64> {
    let grid = 2 * taps;
    let mut fft = RealFft::new(grid);
    let mut spectrum: Vec<Complex<f64>> = (0..fft.bins())
        .map(|k| Complex::new(magnitude(k as f64 * rate_hz / grid as f64) / grid as f64, 0.0))
        .collect();
    let mut zero_phase = vec![0.0; grid];
    fft.inverse(&mut spectrum, &mut zero_phase);
    let middle = taps / 2;
    (0..taps)
        .map(|n| {
            let from_middle = n.abs_diff(middle);
            if from_middle == middle {
                return 0.0;
            }
            zero_phase[from_middle] * kaiser_at(from_middle as f64 / middle as f64, BETA)
        })
        .collect()
}

/// The transformed partitions of a kernel.
#[derive(Debug, Clone)]
pub struct Kernel {
    partitions: Vec<[Complex<f64>; BINS]>,
}

impl Kernel {
    /// Of any length; scaled for the unscaled inverse transform.
    pub fn new(taps: &[f64]) -> Self {
        let mut fft = RealFft::new(SPAN);
        let partitions = taps
            .chunks(QUANTUM)
            .map(|chunk| {
                let mut padded = [0.0; SPAN];
                for (p, t) in padded.iter_mut().zip(chunk) {
                    *p = t / SPAN as f64;
                }
                let mut bins = [Complex::default(); BINS];
                fft.forward(&mut padded, &mut bins);
                bins
            })
            .collect();
        Self { partitions }
    }
}

/// The transformed past of one channel, as long as a kernel of `partitions`.
pub struct History {
    /// A ring of spectra, the newest at `newest`.
    spectra: Vec<[Complex<f64>; BINS]>,
    newest: usize,
    last: [f64; QUANTUM],
    fft: RealFft,
}

impl History {
    /// For kernels of up to `taps` taps.
    pub fn new(taps: usize) -> Self {
        Self {
            spectra: vec![[Complex::default(); BINS]; taps.div_ceil(QUANTUM).max(1)],
            newest: 0,
            last: [0.0; QUANTUM],
            fft: RealFft::new(SPAN),
        }
    }

    /// Forgets the past.
    pub fn clear(&mut self) {
        self.spectra.fill([Complex::default(); BINS]);
        self.newest = 0;
        self.last = [0.0; QUANTUM];
    }

    /// Takes one block.
    pub fn push(&mut self, input: &[f64; QUANTUM]) {
        let mut span = [0.0; SPAN];
        span[..QUANTUM].copy_from_slice(&self.last);
        span[QUANTUM..].copy_from_slice(input);
        self.last = *input;
        self.newest = if self.newest == 0 { self.spectra.len() - 1 } else { self.newest - 1 };
        self.fft.forward(&mut span, &mut self.spectra[self.newest]);
    }

    /// Adds the convolution with a kernel to a spectrum.
    pub fn accumulate(&self, kernel: &Kernel, sum: &mut [Complex<f64>; BINS]) {
        // Newest first on both sides; the ring wraps once.
        let (wrapped, straight) = self.spectra.split_at(self.newest);
        for (past, part) in straight.iter().chain(wrapped).zip(&kernel.partitions) {
            for ((s, p), k) in sum.iter_mut().zip(past).zip(part) {
                s.re += p.re * k.re - p.im * k.im;
                s.im += p.re * k.im + p.im * k.re;
            }
        }
    }

    /// The block of a summed spectrum.
    pub fn block_of(&mut self, sum: &mut [Complex<f64>; BINS]) -> [f64; QUANTUM] {
        let mut span = [0.0; SPAN];
        self.fft.inverse(sum, &mut span);
        let mut out = [0.0; QUANTUM];
        out.copy_from_slice(&span[QUANTUM..]);
        out
    }
}

/// An empty spectrum to accumulate in.
pub fn no_spectrum() -> [Complex<f64>; BINS] {
    [Complex::default(); BINS]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_give_the_convolution_sum() {
        let kernel: Vec<f64> = (0..300).map(|i| ((i * 7 % 13) as f64 - 6.0) / 13.0).collect();
        let input: Vec<f64> = (0..10 * QUANTUM).map(|i| ((i * i) as f64 * 0.11).sin()).collect();
        let transformed = Kernel::new(&kernel);
        let mut history = History::new(kernel.len());
        for (k, block) in input.chunks(QUANTUM).enumerate() {
            history.push(block.try_into().unwrap());
            let mut sum = no_spectrum();
            history.accumulate(&transformed, &mut sum);
            for (i, y) in history.block_of(&mut sum).iter().enumerate() {
                let n = k * QUANTUM + i;
                let direct: f64 = (0..kernel.len().min(n + 1)).map(|t| kernel[t] * input[n - t]).sum();
                assert!((y - direct).abs() < 1e-12, "frame {n}");
            }
        }
    }

    #[test]
    fn a_flat_kernel_is_a_single_tap_in_the_middle() {
        let kernel = linear_phase_kernel(256, 48_000.0, |_| 0.5);
        for (n, tap) in kernel.iter().enumerate() {
            let expected = if n == 128 { 0.5 } else { 0.0 };
            assert!((tap - expected).abs() < 1e-15);
        }
    }
}
