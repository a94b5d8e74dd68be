//! Window functions and windowed-sinc design.
//!
//! Windows are symmetric of length `n` (first and last value equal). Kaiser: `I0(β·√(1−x²))/I0(β)`, with the modified
//! Bessel function by its power series (Abramowitz & Stegun 9.6.12).

use std::f64::consts::PI;

/// Modified Bessel function of the first kind, order zero.
pub fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..500 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// Kaiser window at `x` in −1..=1 (0 outside).
pub fn kaiser_at(x: f64, beta: f64) -> f64 {
    if x.abs() > 1.0 { 0.0 } else { bessel_i0(beta * (1.0 - x * x).sqrt()) / bessel_i0(beta) }
}

/// Hann window of length `n`, periodic (as an FFT wants it): mean 0.5, noise bandwidth 1.5 bins.
pub fn hann_periodic(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f64 / n as f64).cos()).collect()
}

/// `sin(πx)/(πx)`.
pub fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// A Kaiser-windowed sinc interpolator split into `factor` phases: `phases[p][k]` weighs the input sample `k − half`
/// frames (`k` from 0 to `2·half`) around the point `p/factor` of a frame after the centre sample:
/// `y(n + p/factor) = Σ phases[p][k] · x[n + k − half]`. `half` is the half-length in input samples, the window
/// reaches to `half`; the cut-off is the Nyquist frequency; each phase is scaled to unity gain at 0 Hz. Phase 0 is
/// the sample itself.
pub fn interpolator_phases(factor: usize, half: usize, beta: f64) -> Vec<Vec<f64>> {
    (0..factor)
        .map(|phase| {
            let offset = phase as f64 / factor as f64;
            let mut taps: Vec<f64> = (0..=2 * half)
                .map(|k| {
                    let t = k as f64 - half as f64 - offset;
                    sinc(t) * kaiser_at(t / half as f64, beta)
                })
                .collect();
            let sum: f64 = taps.iter().sum();
            taps.iter_mut().for_each(|t| *t /= sum);
            taps
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_matches_published_values() {
        // Abramowitz & Stegun, table 9.8 (e^-x I0) recomputed: I0(1), I0(5).
        assert!((bessel_i0(1.0) - 1.266_065_877_752_008_4).abs() < 1e-14);
        assert!((bessel_i0(5.0) - 27.239_871_823_604_44).abs() < 1e-12);
    }

    #[test]
    fn interpolator_reads_a_sine_between_its_samples() {
        let phases = interpolator_phases(16, 24, 6.5);
        let f = 0.2; // of the sample rate
        for (p, taps) in phases.iter().enumerate() {
            let at = |n: f64| (2.0 * PI * f * n + 0.3).sin();
            let y: f64 = taps.iter().enumerate().map(|(k, t)| t * at(k as f64 - 24.0)).sum();
            assert!((y - at(p as f64 / 16.0)).abs() < 2e-3, "phase {p}");
        }
    }
}
