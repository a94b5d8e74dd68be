//! Second-order sections: analog prototypes and digital ones with the same magnitude up to 20 kHz.
//!
//! Prototypes after R. Bristow-Johnson's *Audio EQ Cookbook*, `s` normalised to the corner or centre frequency `f0`.
//! Digital sections after M. Vicanek, *Matched Second Order Digital Filters* (2016): poles by impulse invariance, then the
//! numerator from the prototype's magnitude at three frequencies. With `φ0 = cos²(ω/2)`, `φ1 = sin²(ω/2)`, `φ2 = 4φ0φ1`
//! every section has `|H|² = (B0φ0+B1φ1+B2φ2) / (A0φ0+A1φ1+A2φ2)`, so `B` is a linear solve. Meant to run at 88.2 kHz or
//! more; there the error to 20 kHz stays below 0.014 dB for bells and 0.005 dB for shelves of ±12 dB up to 18 kHz
//! (match points DC, `min(f0, 11 kHz)`, 19 kHz; found by a search over both).

use std::f64::consts::PI;

/// Highest matched frequencies for bells, shelves and tilts, Hz.
const EQ_MATCH_HZ: (f64, f64) = (11_000.0, 19_000.0);

/// Highest matched frequencies for pairs of shelves, Hz, whose curve is flatter.
const SHELVES_MATCH_HZ: (f64, f64) = (6000.0, 18_000.0);

/// Highest matched frequencies for cuts and band-passes, Hz: the corner itself as far as the band reaches.
const CUT_MATCH_HZ: (f64, f64) = (18_000.0, 20_500.0);

/// Poles are kept below this angle (radians per sample).
const MAX_POLE_ANGLE: f64 = 0.98 * PI;

/// An analog section. Gains in dB, `q` > 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Section {
    /// `(s²+s·A/Q+1)/(s²+s/(A·Q)+1)`, `A = 10^(gain/40)`.
    Bell {
        /// Gain at the centre.
        gain_db: f64,
        /// Quality.
        q: f64,
    },
    /// `A·(s²+(√A/Q)s+A)/(A·s²+(√A/Q)s+1)`.
    LowShelf {
        /// Gain at 0 Hz.
        gain_db: f64,
        /// Quality; 0.7071 is the steepest without a bump.
        q: f64,
    },
    /// `A·(A·s²+(√A/Q)s+1)/(s²+(√A/Q)s+A)`.
    HighShelf {
        /// Gain far above.
        gain_db: f64,
        /// Quality; 0.7071 is the steepest without a bump.
        q: f64,
    },
    /// `(k·s+1)/(s+k)`, `k = 10^(gain/20)`: unity at the centre.
    Tilt {
        /// Gain far above; far below it is the opposite.
        gain_db: f64,
    },
    /// `gain·(s/z1+1)(s/z2+1) / ((s/p1+1)(s/p2+1))`: two shelves of first order. Corners relative to `f0`, all above 0.
    Shelves1 {
        /// Linear gain at 0 Hz.
        gain: f64,
        /// Corners of the numerator.
        zeros: [f64; 2],
        /// Corners of the denominator.
        poles: [f64; 2],
    },
    /// `(s²+1)/(s²+s/Q+1)`.
    Notch {
        /// Quality.
        q: f64,
    },
    /// `(s/Q)/(s²+s/Q+1)`: unity at the centre.
    BandPass {
        /// Quality.
        q: f64,
    },
    /// `1/(s²+s/Q+1)`.
    LowPass {
        /// Quality.
        q: f64,
    },
    /// `s²/(s²+s/Q+1)`.
    HighPass {
        /// Quality.
        q: f64,
    },
    /// `1/(s+1)`.
    LowPass1,
    /// `s/(s+1)`.
    HighPass1,
}

/// Numerator and denominator in falling powers of `s` (or rising powers of `z⁻¹`).
#[derive(Debug, Clone, Copy)]
struct Ratio {
    b: [f64; 3],
    a: [f64; 3],
}

impl Section {
    fn analog(self) -> Ratio {
        match self {
            Self::Bell { gain_db, q } => {
                let a = amplitude(gain_db);
                Ratio { b: [1.0, a / q, 1.0], a: [1.0, 1.0 / (a * q), 1.0] }
            }
            Self::LowShelf { gain_db, q } => {
                let a = amplitude(gain_db);
                let k = a.sqrt() / q;
                Ratio { b: [a, a * k, a * a], a: [a, k, 1.0] }
            }
            Self::HighShelf { gain_db, q } => {
                let a = amplitude(gain_db);
                let k = a.sqrt() / q;
                Ratio { b: [a * a, a * k, a], a: [1.0, k, a] }
            }
            Self::Tilt { gain_db } => {
                let k = amplitude(2.0 * gain_db);
                Ratio { b: [0.0, k, 1.0], a: [0.0, 1.0, k] }
            }
            Self::Shelves1 { gain, zeros, poles } => {
                let product = |[c, d]: [f64; 2]| [1.0 / (c * d), 1.0 / c + 1.0 / d, 1.0];
                Ratio { b: product(zeros).map(|v| gain * v), a: product(poles) }
            }
            Self::Notch { q } => Ratio { b: [1.0, 0.0, 1.0], a: [1.0, 1.0 / q, 1.0] },
            Self::BandPass { q } => Ratio { b: [0.0, 1.0 / q, 0.0], a: [1.0, 1.0 / q, 1.0] },
            Self::LowPass { q } => Ratio { b: [0.0, 0.0, 1.0], a: [1.0, 1.0 / q, 1.0] },
            Self::HighPass { q } => Ratio { b: [1.0, 0.0, 0.0], a: [1.0, 1.0 / q, 1.0] },
            Self::LowPass1 => Ratio { b: [0.0, 0.0, 1.0], a: [0.0, 1.0, 1.0] },
            Self::HighPass1 => Ratio { b: [0.0, 1.0, 0.0], a: [0.0, 1.0, 1.0] },
        }
    }

    /// `|H|²` of the analog prototype at `x = f / f0`.
    pub fn power_at(self, x: f64) -> f64 {
        let Ratio { b, a } = self.analog();
        let power = |p: [f64; 3]| (p[2] - p[0] * x * x).powi(2) + (p[1] * x).powi(2);
        power(b) / power(a)
    }

    /// The digital section with the prototype's magnitude, `f0_hz` below half of `rate_hz`.
    pub fn matched(self, f0_hz: f64, rate_hz: f64) -> Biquad {
        match self {
            // Designed as a boost and turned over, so that a cut undoes the same boost exactly.
            Self::Bell { gain_db, q } if gain_db < 0.0 => {
                Self::Bell { gain_db: -gain_db, q }.matched(f0_hz, rate_hz).inverse()
            }
            Self::LowShelf { gain_db, q } if gain_db < 0.0 => {
                Self::LowShelf { gain_db: -gain_db, q }.matched(f0_hz, rate_hz).inverse()
            }
            Self::HighShelf { gain_db, q } if gain_db < 0.0 => {
                Self::HighShelf { gain_db: -gain_db, q }.matched(f0_hz, rate_hz).inverse()
            }
            Self::Tilt { gain_db } if gain_db < 0.0 => {
                Self::Tilt { gain_db: -gain_db }.matched(f0_hz, rate_hz).inverse()
            }
            Self::Shelves1 { gain, zeros, poles } if zeros[0] > poles[0] => {
                Self::Shelves1 { gain: 1.0 / gain, zeros: poles, poles: zeros }
                    .matched(f0_hz, rate_hz)
                    .inverse()
            }
            Self::Shelves1 { poles: [p1, p2], .. } => {
                // Matched between its own poles, wherever `f0` is.
                let near_hz = (f0_hz * (p1 * p2).sqrt()).min(SHELVES_MATCH_HZ.0);
                self.matched_through(f0_hz, rate_hz, near_hz, SHELVES_MATCH_HZ.1)
            }
            Self::Bell { .. } | Self::LowShelf { .. } | Self::HighShelf { .. } | Self::Tilt { .. } => {
                self.matched_numerator(f0_hz, rate_hz, EQ_MATCH_HZ)
            }
            Self::HighPass { .. } => self.matched_high_pass(f0_hz, rate_hz),
            Self::Notch { .. } => self.matched_notch(f0_hz, rate_hz),
            Self::BandPass { .. } | Self::LowPass { .. } | Self::LowPass1 | Self::HighPass1 => {
                self.matched_numerator(f0_hz, rate_hz, CUT_MATCH_HZ)
            }
        }
    }

    /// Poles by impulse invariance, numerator from three magnitudes (0 Hz, near `f0`, near the top of the band).
    fn matched_numerator(self, f0_hz: f64, rate_hz: f64, (near_hz, top_hz): (f64, f64)) -> Biquad {
        self.matched_through(f0_hz, rate_hz, f0_hz.min(near_hz), top_hz)
    }

    fn matched_through(self, f0_hz: f64, rate_hz: f64, near_hz: f64, top_hz: f64) -> Biquad {
        let a = impulse_invariant_poles(self.analog().a, 2.0 * PI * f0_hz / rate_hz);
        let squared = squared_from(a);
        let target = |f: f64| {
            let phi = phi(2.0 * PI * f / rate_hz);
            (phi, self.power_at(f / f0_hz) * dot(squared, phi))
        };
        let at_dc = self.power_at(0.0) * squared[0];
        Biquad::new(polynomial_through(at_dc, target(near_hz), target(top_hz)), a)
    }

    /// A double zero at 0 Hz keeps the slope; the gain is exact at the corner.
    fn matched_high_pass(self, f0_hz: f64, rate_hz: f64) -> Biquad {
        let w0 = 2.0 * PI * f0_hz / rate_hz;
        let a = impulse_invariant_poles(self.analog().a, w0);
        let unscaled = Biquad::new([1.0, -2.0, 1.0], a);
        let gain = (self.power_at(1.0) / unscaled.power_at(w0)).sqrt();
        Biquad::new([gain, -2.0 * gain, gain], a)
    }

    /// Zeros on the circle at `f0`; the poles from the magnitude of the inverse at three frequencies. Near `f0` that
    /// magnitude is the limit of `|2cos ω − 2cos ω0|² / |1 − x²|²`.
    fn matched_notch(self, f0_hz: f64, rate_hz: f64) -> Biquad {
        let w0 = 2.0 * PI * f0_hz / rate_hz;
        let b = [1.0, -2.0 * w0.cos(), 1.0];
        let squared = squared_from(b);
        let inverse = |f: f64| {
            let phi = phi(2.0 * PI * f / rate_hz);
            (phi, dot(squared, phi) / self.power_at(f / f0_hz))
        };
        let damping = self.analog().a[1];
        let at_f0 = (phi(w0), (w0 * w0.sin() * damping).powi(2));
        let top_hz = if f0_hz < 15_000.0 { CUT_MATCH_HZ.1 } else { 12_000.0 };
        let a = polynomial_through(squared[0], at_f0, inverse(top_hz));
        Biquad::new(b, a)
    }
}

/// `10^(gain/40)`.
fn amplitude(gain_db: f64) -> f64 {
    10f64.powf(gain_db / 40.0)
}

/// Qualities of the second-order sections of a Butterworth filter, low to high; an odd order has a first-order section
/// besides.
pub fn butterworth_q(order: usize, index: usize) -> f64 {
    // The formula counts the poles from the real axis, the other way round.
    let i = (order / 2 - index) as f64;
    1.0 / (2.0 * ((2.0 * i - 1.0) * PI / (2.0 * order as f64)).sin())
}

fn impulse_invariant_poles(a: [f64; 3], w0: f64) -> [f64; 3] {
    let [a2, a1, a0] = a;
    if a2.abs() < f64::MIN_POSITIVE {
        return [1.0, -(-w0 * a0 / a1).exp(), 0.0];
    }
    let angle = (w0 * (a0 / a2).sqrt()).min(MAX_POLE_ANGLE);
    let damping = a1 / (2.0 * (a0 * a2).sqrt());
    let radius = (-damping * angle).exp();
    if damping <= 1.0 {
        return [1.0, -2.0 * radius * ((1.0 - damping * damping).sqrt() * angle).cos(), radius * radius];
    }
    // Two real poles; not as radius·cosh, which overflows far above.
    let spread = (damping * damping - 1.0).sqrt();
    let (slow, fast) = ((-(damping - spread) * angle).exp(), (-(damping + spread) * angle).exp());
    [1.0, -(slow + fast), slow * fast]
}

fn phi(w: f64) -> [f64; 3] {
    let p1 = (0.5 * w).sin().powi(2);
    let p0 = 1.0 - p1;
    [p0, p1, 4.0 * p0 * p1]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The coefficients of `φ` of the squared magnitude of a polynomial in `z⁻¹`.
fn squared_from(p: [f64; 3]) -> [f64; 3] {
    [(p[0] + p[1] + p[2]).powi(2), (p[0] - p[1] + p[2]).powi(2), -4.0 * p[0] * p[2]]
}

/// The minimum-phase polynomial whose squared magnitude goes through three points: at 0 Hz and at two others `(φ, value)`.
fn polynomial_through(at_dc: f64, near: ([f64; 3], f64), top: ([f64; 3], f64)) -> [f64; 3] {
    let (near_rest, top_rest) = (near.1 - at_dc * near.0[0], top.1 - at_dc * top.0[0]);
    let det = near.0[1] * top.0[2] - near.0[2] * top.0[1];
    let at_nyquist = (near_rest * top.0[2] - near.0[2] * top_rest) / det;
    let curve = (near.0[1] * top_rest - near_rest * top.0[1]) / det;
    // The two lower bounds keep the zeros inside the circle, where extreme settings ask for the impossible: a cut is
    // such a polynomial turned over and must stay stable.
    let (low, high) = (at_dc.max(0.0).sqrt(), at_nyquist.max(1e-9 * at_dc).sqrt());
    let w = 0.5 * (low + high);
    let curve = curve.max(-w * w * (1.0 - 1e-13));
    let p0 = 0.5 * (w + (w * w + curve).sqrt());
    [p0, 0.5 * (low - high), if p0 > 0.0 { -curve / (4.0 * p0) } else { 0.0 }]
}

/// A digital second-order section `(b0+b1z⁻¹+b2z⁻²)/(1+a1z⁻¹+a2z⁻²)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Biquad {
    /// `b0, b1, b2`.
    pub b: [f64; 3],
    /// `a1, a2`.
    pub a: [f64; 2],
}

impl Biquad {
    /// From numerator and denominator, divided by the denominator's first coefficient.
    fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self { b: b.map(|v| v / a[0]), a: [a[1] / a[0], a[2] / a[0]] }
    }

    /// `1 / H`.
    fn inverse(self) -> Self {
        Self::new([1.0, self.a[0], self.a[1]], self.b)
    }

    /// `|H|²` at an angle in radians per sample.
    pub fn power_at(&self, w: f64) -> f64 {
        let power = |p: [f64; 3]| {
            let (re, im) =
                (p[0] + p[1] * w.cos() + p[2] * (2.0 * w).cos(), p[1] * w.sin() + p[2] * (2.0 * w).sin());
            re * re + im * im
        };
        power(self.b) / power([1.0, self.a[0], self.a[1]])
    }

    /// Phase at an angle in radians per sample, radians: that of the numerator less that of the denominator, each between
    /// −π and π.
    pub fn phase_at(&self, w: f64) -> f64 {
        let phase = |p: [f64; 3]| {
            (-p[1] * w.sin() - p[2] * (2.0 * w).sin()).atan2(p[0] + p[1] * w.cos() + p[2] * (2.0 * w).cos())
        };
        phase(self.b) - phase([1.0, self.a[0], self.a[1]])
    }

    /// Group delay at an angle in radians per sample, samples: of a polynomial `Σ p_n z⁻ⁿ` it is the real part of
    /// `Σ n·p_n z⁻ⁿ / Σ p_n z⁻ⁿ`. On a zero on the circle the part of the numerator is left out, where it has no meaning.
    pub fn group_delay_at(&self, w: f64) -> f64 {
        let delay = |p: [f64; 3]| {
            let (c1, s1) = (w.cos(), w.sin());
            let (c2, s2) = ((2.0 * w).cos(), (2.0 * w).sin());
            let (re, im) = (p[0] + p[1] * c1 + p[2] * c2, p[1] * s1 + p[2] * s2);
            let (slope_re, slope_im) = (p[1] * c1 + 2.0 * p[2] * c2, p[1] * s1 + 2.0 * p[2] * s2);
            let power = re * re + im * im;
            if power > f64::MIN_POSITIVE { (slope_re * re + slope_im * im) / power } else { 0.0 }
        };
        delay(self.b) - delay([1.0, self.a[0], self.a[1]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest difference from the prototype in dB, 10 Hz to 20 kHz, where the prototype is above −60 dB.
    fn worst_db(sections: &[Section], f0: f64, rate: f64) -> f64 {
        let digital: Vec<Biquad> = sections.iter().map(|s| s.matched(f0, rate)).collect();
        let mut worst = 0.0f64;
        let mut f = 10.0;
        while f <= 20_000.0 {
            let analog: f64 = sections.iter().map(|s| s.power_at(f / f0)).product();
            if analog > 1e-6 {
                let ours: f64 = digital.iter().map(|d| d.power_at(2.0 * PI * f / rate)).product();
                worst = worst.max((10.0 * (ours / analog).log10()).abs());
            }
            f *= 1.03;
        }
        worst
    }

    fn frequencies(top: f64) -> impl Iterator<Item = f64> {
        (0..13).map(move |i| 30.0 * (top / 30.0).powf(f64::from(i) / 12.0))
    }

    #[test]
    fn bells_and_shelves_follow_their_prototypes() {
        let mut worst = [0.0f64; 3];
        for rate in [88_200.0, 96_000.0, 192_000.0] {
            for f0 in frequencies(18_000.0) {
                for gain_db in [-12.0, -5.0, 1.0, 6.0, 12.0] {
                    for q in [0.5, 1.0, 2.0, 8.0] {
                        worst[0] = worst[0].max(worst_db(&[Section::Bell { gain_db, q }], f0, rate));
                    }
                    let q = std::f64::consts::FRAC_1_SQRT_2;
                    worst[1] = worst[1].max(worst_db(&[Section::LowShelf { gain_db, q }], f0, rate));
                    worst[2] = worst[2].max(worst_db(&[Section::HighShelf { gain_db, q }], f0, rate));
                }
            }
        }
        println!("bell {:.4}, low shelf {:.4}, high shelf {:.4} dB", worst[0], worst[1], worst[2]);
        assert!(worst.iter().all(|w| *w < 0.02), "{worst:?}");
    }

    #[test]
    fn butterworth_cascades_follow_theirs() {
        for order in 1..=16 {
            let mut worst = [0.0f64; 2];
            for f0 in frequencies(16_000.0) {
                let mut high: Vec<Section> =
                    (0..order / 2).map(|i| Section::HighPass { q: butterworth_q(order, i) }).collect();
                let mut low: Vec<Section> =
                    (0..order / 2).map(|i| Section::LowPass { q: butterworth_q(order, i) }).collect();
                if order % 2 == 1 {
                    high.push(Section::HighPass1);
                    low.push(Section::LowPass1);
                }
                let corner: f64 = high.iter().map(|s| s.power_at(1.0)).product();
                assert!((corner - 0.5).abs() < 1e-12, "order {order}: −3.01 dB at the corner");
                worst[0] = worst[0].max(worst_db(&high, f0, 88_200.0));
                worst[1] = worst[1].max(worst_db(&low, f0, 88_200.0));
            }
            println!("order {order}: high-pass {:.4}, low-pass {:.4} dB", worst[0], worst[1]);
            assert!(worst.iter().all(|w| *w < 0.05), "order {order}: {worst:?}");
        }
    }

    #[test]
    fn tilts_notches_and_band_passes_are_close() {
        let (mut tilt, mut notch, mut pass) = (0.0f64, 0.0f64, 0.0f64);
        for f0 in frequencies(16_000.0) {
            for gain_db in [-6.0, 3.0, 12.0] {
                tilt = tilt.max(worst_db(&[Section::Tilt { gain_db }], f0, 88_200.0));
            }
            for q in [0.5, 1.0, 8.0, 30.0] {
                notch = notch.max(worst_db(&[Section::Notch { q }], f0, 88_200.0));
                pass = pass.max(worst_db(&[Section::BandPass { q }], f0, 88_200.0));
            }
        }
        println!("tilt {tilt:.4}, notch {notch:.4}, band-pass {pass:.4} dB");
        assert!(tilt < 0.05 && notch < 0.2 && pass < 0.2);
    }

    #[test]
    fn extreme_settings_stay_stable() {
        for rate in [88_200.0, 192_000.0] {
            for f0 in [10.0, 1000.0, 20_000.0] {
                for gain_db in [-54.0, -30.0, 30.0, 54.0] {
                    for q in [0.1, 0.7, 40.0] {
                        for section in [
                            Section::Bell { gain_db, q },
                            Section::LowShelf { gain_db, q },
                            Section::HighShelf { gain_db, q },
                            Section::Tilt { gain_db },
                            Section::Notch { q },
                            Section::BandPass { q },
                        ] {
                            let Biquad { b, a } = section.matched(f0, rate);
                            let stable = a[1].abs() < 1.0 && a[0].abs() < 1.0 + a[1];
                            assert!(
                                stable && b.iter().all(|v| v.is_finite()),
                                "{section:?} at {f0} Hz, {rate}"
                            );
                        }
                    }
                }
            }
        }
    }
}
