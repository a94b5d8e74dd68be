//! Windows as sums of cosines, and the shape they give to a sine.
//!
//! `w(n) = Σ (−1)^m a_m cos(2πmn/N)`. A sine `x` bins away reads `W(x)/W(0)` with
//! `W(x) = sin(πx)/π · [a₀/x + Σ (−1)^m a_m x/(x² − m²)]` (the limit of long windows; the transform of each cosine is a pair of
//! Dirichlet kernels). Coefficients: Hann; Harris, "On the Use of Windows", Proc. IEEE 66 (1978), 4 terms, −92 dB; Albrecht,
//! "A Family of Cosine-Sum Windows for High-Resolution Measurements", ICASSP 2001, 7 terms, −180 dB.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// Coefficients `a_m`.
const HANN: [f64; 2] = [0.5, 0.5];
const BLACKMAN_HARRIS: [f64; 4] = [0.35875, 0.48829, 0.14128, 0.01168];
const SEVEN_TERMS: [f64; 7] = [
    0.271_051_400_693_42,
    0.433_297_939_234_48,
    0.218_122_999_543_11,
    0.065_925_446_388_03,
    0.010_811_742_098_37,
    0.000_776_584_825_22,
    0.000_013_887_217_35,
];

/// A window of the spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// Narrow lobe (2 bins each side), side lobes from −31 dB falling 18 dB an octave: for music.
    #[default]
    Hann,
    /// Four terms: side lobes under −92 dB, lobe of 4 bins each side.
    BlackmanHarris,
    /// Seven terms: side lobes under −180 dB, lobe of 7 bins each side: for noise floors and distortion.
    SevenTerm,
}

impl WindowKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hann, Self::BlackmanHarris, Self::SevenTerm];

    fn coefficients(self) -> &'static [f64] {
        match self {
            Self::Hann => &HANN,
            Self::BlackmanHarris => &BLACKMAN_HARRIS,
            Self::SevenTerm => &SEVEN_TERMS,
        }
    }

    /// As shown.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Hann => "Hann",
            Self::BlackmanHarris => "Blackman-Harris",
            Self::SevenTerm => "Blackman-Harris 7",
        }
    }

    /// The window of a length, periodic, scaled so that a full-scale sine on a bin has a bin of magnitude 1.
    pub fn scaled(self, length: usize) -> Vec<f64> {
        let a = self.coefficients();
        let scale = 2.0 / (a[0] * length as f64);
        let value = |n: usize| -> f64 {
            let turn = 2.0 * PI * n as f64 / length as f64;
            let terms = a.iter().enumerate().map(|(m, a)| {
                let sign = if m % 2 == 0 { 1.0 } else { -1.0 };
                sign * a * (turn * m as f64).cos()
            });
            scale * terms.sum::<f64>()
        };
        (0..length).map(value).collect()
    }

    /// Equivalent noise bandwidth in bins, `(a₀² + ½Σ a_m²)/a₀²`: 1.5 for Hann, 2.00 for four terms, 2.63 for seven.
    pub fn noise_bins(self) -> f64 {
        let a = self.coefficients();
        1.0 + 0.5 * a[1..].iter().map(|a| a * a).sum::<f64>() / (a[0] * a[0])
    }

    /// Power of a sine `bins` away from a bin against one on it.
    pub fn lobe_power(self, bins: f64) -> f64 {
        let a = self.coefficients();
        // At whole numbers the sine vanishes against a pole; a step aside is exact to 1e-9.
        let whole = (bins - bins.round()).abs() < 1e-9;
        let x = if whole { bins + 2e-9 } else { bins };
        let terms = a.iter().enumerate().skip(1).map(|(m, a)| {
            let sign = if m % 2 == 0 { 1.0 } else { -1.0 };
            sign * a * x / (x * x - (m * m) as f64)
        });
        let w = (PI * x).sin() / PI * (a[0] / x + terms.sum::<f64>()) / a[0];
        w * w
    }
}

/// Steps of the table between a bin and the middle to the next.
const STEPS: usize = 64;

/// Where a single sine lies between bins, and its level, from the powers of three bins.
#[derive(Debug, Clone)]
pub struct Lobe {
    kind: WindowKind,
    /// Power of the nearer neighbour against the bin, in dB, for a sine `i / (2·STEPS)` of a bin towards it; ascending.
    nearer_db: Vec<f64>,
}

/// Neighbours this far from the shape of a sine, dB: fully one, and none at all.
const SURE_DB: f64 = 2.0;
const NEVER_DB: f64 = 6.0;

impl Lobe {
    /// The table for a window.
    pub fn new(kind: WindowKind) -> Self {
        let offset = |i: usize| 0.5 * i as f64 / STEPS as f64;
        let ratio = |i| db(kind.lobe_power(1.0 - offset(i)) / kind.lobe_power(offset(i)));
        Self { kind, nearer_db: (0..=STEPS).map(ratio).collect() }
    }

    /// The window.
    pub fn kind(&self) -> WindowKind {
        self.kind
    }

    /// The sine under a bin that is higher than its neighbours, from the three powers: offset in bins (−0.5 to 0.5), power,
    /// and how surely it is one, 0 to 1 (0: noise, or several).
    pub fn sine_at(&self, before: f64, peak: f64, after: f64) -> (f64, f64, f64) {
        if peak <= 1e-30 {
            return (0.0, peak, 0.0);
        }
        let (near, far, side) = if after >= before { (after, before, 1.0) } else { (before, after, -1.0) };
        let offset = self.offset_of(db(near / peak));
        let at_peak = self.kind.lobe_power(offset);
        let misfit = |found: f64, expected: f64| (db(found / peak) - db(expected / at_peak)).abs();
        let near_misfit = misfit(near, self.kind.lobe_power(1.0 - offset));
        let worst = near_misfit.max(misfit(far, self.kind.lobe_power(1.0 + offset)));
        let sure = ((NEVER_DB - worst) / (NEVER_DB - SURE_DB)).clamp(0.0, 1.0);
        (side * offset, peak / at_peak, sure)
    }

    /// Offset towards the nearer neighbour, in bins, from its power against the bin in dB.
    fn offset_of(&self, nearer_db: f64) -> f64 {
        let above = self.nearer_db.partition_point(|&r| r < nearer_db).clamp(1, STEPS);
        let (low, high) = (self.nearer_db[above - 1], self.nearer_db[above]);
        let part = ((nearer_db - low) / (high - low).max(1e-12)).clamp(0.0, 1.0);
        0.5 * ((above - 1) as f64 + part) / STEPS as f64
    }
}

fn db(power_ratio: f64) -> f64 {
    10.0 * power_ratio.max(1e-30).log10()
}
