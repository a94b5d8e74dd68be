//! Vector code that gives the same bits on every machine.
//!
//! A kernel is plain Rust over arrays. [`widest`] runs it compiled for the widest vectors this machine has (AVX2 on most
//! x86-64, NEON on ARM). The bits do not depend on it: a wider vector does the same
//! additions and multiplications on more frames at once, in the same order for each, and Rust never fuses a
//! multiplication with an addition nor reorders a sum by itself. What is called inside must be `#[inline(always)]` to take
//! part.

use pulp::Arch;

/// Runs a kernel with the widest vectors of this machine. Neither allocates nor locks; what the machine can do is asked
/// once.
#[inline(always)]
pub fn widest<R>(kernel: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::elementary::{db_from_power, exp_of_negative, gain_from_reduction, ln_one_plus};

    /// What the kernels of this crate are made of: sums of products, quotients, roots, series.
    #[inline(always)]
    fn kernel(x: &[f64; 256]) -> [f64; 256] {
        let mut y = [0.0; 256];
        for (k, tap) in [0.31, -0.17, 0.09, 0.003].into_iter().enumerate() {
            for i in 0..252 {
                y[i] += tap * (x[i + k] + x[255 - i]);
            }
        }
        for (y, x) in y.iter_mut().zip(x) {
            let size = (*y + x).abs().min(1.0);
            *y = db_from_power(size)
                + gain_from_reduction(size)
                + exp_of_negative(-size) / (1.0 + size).sqrt()
                - ln_one_plus(size).clamp(-0.3, 0.3);
        }
        y
    }

    /// The kernel as the compiler makes it for any machine of this kind.
    #[inline(never)]
    fn narrow(x: &[f64; 256]) -> [f64; 256] {
        kernel(x)
    }

    #[test]
    fn wide_vectors_give_the_bits_of_narrow_ones() {
        for seed in 1..200u32 {
            let x: [f64; 256] = std::array::from_fn(|i| f64::from(seed * 7919 % 613 * i as u32 % 1009).sin());
            let narrow = narrow(&x);
            let wide = widest(
                #[inline(always)]
                || kernel(&x),
            );
            assert_eq!(wide.map(f64::to_bits), narrow.map(f64::to_bits), "seed {seed}");
        }
    }
}
