//! Real Fourier transforms of fixed length; the only file that names the FFT crate. Planning allocates, running does not.

use std::sync::Arc;

pub use realfft::num_complex::Complex;
pub use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// The code the FFT runs on this machine: `avx` (with FMA), `sse`, `neon` or `scalar`. The crate chooses by itself when a
/// transform is planned, and rubato's dependency keeps it from being left out; the ways differ in the last bits of 64-bit
/// floats (some 1e-16 of full scale), so whoever compares bits across machines must know which one ran. Leaving AVX out
/// would cost a factor of 1.6 to 5 at the lengths we use.
pub fn code_path() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx") && is_x86_feature_detected!("fma") {
            "avx"
        } else if is_x86_feature_detected!("sse4.1") {
            "sse"
        } else {
            "scalar"
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    if cfg!(target_arch = "aarch64") { "neon" } else { "scalar" }
}

/// Forward and inverse transform of a real signal of one length, with scratch of its own.
pub struct RealFft {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    forward_scratch: Vec<Complex<f64>>,
    inverse_scratch: Vec<Complex<f64>>,
}

impl RealFft {
    /// For `length` samples, an even number.
    pub fn new(length: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let (forward_scratch, inverse_scratch) = (forward.make_scratch_vec(), inverse.make_scratch_vec());
        Self { forward, inverse, forward_scratch, inverse_scratch }
    }

    /// Samples of the real signal.
    pub fn length(&self) -> usize {
        self.forward.len()
    }

    /// Bins of the spectrum: `length / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.length() / 2 + 1
    }

    /// `spectrum[k] = Σ signal[n]·e^(−2πikn/length)`; the signal is used up. Both of the right length, else the spectrum
    /// is left as it was.
    pub fn forward(&mut self, signal: &mut [f64], spectrum: &mut [Complex<f64>]) {
        let done = self.forward.process_with_scratch(signal, spectrum, &mut self.forward_scratch);
        debug_assert!(done.is_ok(), "lengths are those of the plan");
    }

    /// The inverse times `length`; the spectrum is used up. The imaginary parts of the first and last bin are taken as 0.
    pub fn inverse(&mut self, spectrum: &mut [Complex<f64>], signal: &mut [f64]) {
        for bin in [0, spectrum.len().saturating_sub(1)] {
            if let Some(value) = spectrum.get_mut(bin) {
                value.im = 0.0;
            }
        }
        let done = self.inverse.process_with_scratch(spectrum, signal, &mut self.inverse_scratch);
        debug_assert!(done.is_ok(), "lengths are those of the plan");
    }

    /// The spectrum in a new vector; the signal is used up.
    pub fn spectrum_of(&mut self, signal: &mut [f64]) -> Vec<Complex<f64>> {
        let mut spectrum = vec![Complex::default(); self.bins()];
        self.forward(signal, &mut spectrum);
        spectrum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn it_is_the_fourier_sum_and_comes_back() {
        let signal: Vec<f64> = (0..16).map(|n| f64::from(n * n % 7) - 3.0).collect();
        let mut fft = RealFft::new(16);
        let mut spectrum = fft.spectrum_of(&mut signal.clone());
        for (k, value) in spectrum.iter().enumerate() {
            let sum: Complex<f64> = signal.iter().enumerate().fold(Complex::default(), |sum, (n, x)| {
                sum + Complex::from_polar(*x, -2.0 * PI * (k * n) as f64 / 16.0)
            });
            assert!((sum - value).norm() < 1e-12);
        }
        let mut back = vec![0.0; 16];
        fft.inverse(&mut spectrum, &mut back);
        assert!(back.iter().zip(&signal).all(|(b, s)| (b / 16.0 - s).abs() < 1e-12));
    }
}
