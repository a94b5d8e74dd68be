//! Stereo: correlation wide-band and by band, balance, mono fold-down, low side energy, and points for the goniometer.
//!
//! All of it is made of `⟨L²⟩, ⟨R²⟩, ⟨LR⟩` ([`Products`]), gathered on the absolute grid `⌊k·fs/n⌋`, so that no figure
//! depends on how the signal is cut into blocks. Nothing is allocated after `new`.

mod bands;
mod bank;
mod fold_down;
mod goniometer;
mod grid;
mod low_side;
mod needle;
mod polar;
mod scope;
mod split;
mod wide;

pub use bands::{BandMeter, BandReading, BandSplit};
pub use fold_down::FoldDown;
pub use goniometer::{GonioPoint, Goniometer, gonio_point};
pub use low_side::{LOW_SIDE_HZ, LowSide};
pub use needle::{Lowest, NeedleReading};
pub use polar::{PolarLevel, SECTORS};
pub use scope::{Scope, polar_of};
pub use wide::{StereoMeter, StereoReading};

/// Sums or means of the three products of a stereo signal.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Products {
    /// `L²`.
    pub ll: f64,
    /// `R²`.
    pub rr: f64,
    /// `L·R`.
    pub lr: f64,
}

impl Products {
    /// Adds the frames of a block, one after the other.
    #[inline]
    fn add(&mut self, left: &[f64], right: &[f64]) {
        let mut sums = *self;
        for (&l, &r) in left.iter().zip(right) {
            sums.ll += l * l;
            sums.rr += r * r;
            sums.lr += l * r;
        }
        *self = sums;
    }

    fn plus(self, other: Self) -> Self {
        Self { ll: self.ll + other.ll, rr: self.rr + other.rr, lr: self.lr + other.lr }
    }

    fn times(self, factor: f64) -> Self {
        Self { ll: self.ll * factor, rr: self.rr * factor, lr: self.lr * factor }
    }

    /// A part of the way to other means.
    fn towards(self, other: Self, part: f64) -> Self {
        self.times(1.0 - part).plus(other.times(part))
    }

    /// All that sounds.
    fn power(self) -> f64 {
        self.ll + self.rr
    }

    /// `((L+R)/2)²`.
    fn mid(self) -> f64 {
        (0.25 * (self.ll + self.rr + 2.0 * self.lr)).max(0.0)
    }

    /// `((L−R)/2)²`.
    fn side(self) -> f64 {
        (0.25 * (self.ll + self.rr - 2.0 * self.lr)).max(0.0)
    }

    fn is_finite(self) -> bool {
        self.ll.is_finite() && self.rr.is_finite() && self.lr.is_finite()
    }

    /// −1 to 1; `None` where a channel is not above a mean square.
    fn correlation(self, floor: f64) -> Option<f64> {
        (self.ll > floor && self.rr > floor)
            .then(|| (self.lr / (self.ll.sqrt() * self.rr.sqrt())).clamp(-1.0, 1.0))
    }

    /// Right over left, dB; `None` where a channel is digital silence.
    fn balance_db(self) -> Option<f64> {
        (self.ll > 0.0 && self.rr > 0.0).then(|| crate::units::db_from_power(self.rr / self.ll))
    }

    /// Level change of the mono sum, dB, at least −120.
    fn fold_down_db(self) -> f64 {
        crate::units::db_from_power((self.mid() / (0.5 * self.power())).max(1e-12))
    }
}
