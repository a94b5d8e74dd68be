//! One correlation needle: `r = ⟨LR⟩ / √(⟨L²⟩⟨R²⟩)` with one-pole averages, +1 mono, 0 unrelated, −1 opposite.
//!
//! Under the floor in either channel there is nothing to correlate: the needle stays where it was, and no time counts. The
//! lowest value and the time below zero count once the averages have heard one time constant of sound without a break,
//! because the first moments of a sound say nothing about its phase.

use super::Products;

/// The lowest correlation, and where it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lowest {
    /// −1 to 1.
    pub value: f64,
    /// Seconds since reset, silence included.
    pub at_s: f64,
}

/// What a needle shows, and what it has shown since reset.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NeedleReading {
    /// −1 to 1; `None` if nothing has sounded yet.
    pub now: Option<f64>,
    /// It stands where the last sound left it.
    pub is_held: bool,
    /// Lowest since reset.
    pub lowest: Option<Lowest>,
    /// Seconds measured since reset, silence not counted.
    pub measured_s: f64,
    /// Of these, seconds below zero.
    pub below_zero_s: f64,
}

impl NeedleReading {
    /// Without what shows this moment.
    #[must_use]
    pub fn at_rest(self) -> Self {
        Self { now: None, is_held: false, ..self }
    }

    /// Time below zero as a part of the time measured, 0 to 1; `None` before anything was measured.
    pub fn below_zero_share(&self) -> Option<f64> {
        (self.measured_s > 0.0).then(|| self.below_zero_s / self.measured_s)
    }
}

/// The running needle.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    time_s: f64,
    /// Mean square under which a channel is silent.
    floor: f64,
    means: Products,
    /// Seconds of unbroken sound.
    sounding_s: f64,
    reading: NeedleReading,
}

impl Needle {
    pub(super) fn new(time_s: f64, floor: f64) -> Self {
        Self { time_s, floor, means: Products::default(), sounding_s: 0.0, reading: NeedleReading::default() }
    }

    /// As new, with the same time and floor.
    pub(super) fn renewed(&self) -> Self {
        Self::new(self.time_s, self.floor)
    }

    /// Another time constant, s; nothing is lost.
    pub(super) fn set_time(&mut self, time_s: f64) {
        self.time_s = time_s;
    }

    /// Takes the means over the next `length_s` seconds, which end at `at_s` since reset.
    pub(super) fn step(&mut self, means: Products, length_s: f64, at_s: f64) {
        let part = -(-length_s / self.time_s).exp_m1();
        let next = self.means.towards(means, part);
        self.means = if next.is_finite() && next.power() > 1e-200 { next } else { Products::default() };
        let Some(value) = self.means.correlation(self.floor) else {
            self.sounding_s = 0.0;
            self.reading.is_held = self.reading.now.is_some();
            return;
        };
        (self.reading.now, self.reading.is_held) = (Some(value), false);
        self.sounding_s += length_s;
        if self.sounding_s < self.time_s {
            return;
        }
        self.reading.measured_s += length_s;
        if value < 0.0 {
            self.reading.below_zero_s += length_s;
        }
        if self.reading.lowest.is_none_or(|lowest| value < lowest.value) {
            self.reading.lowest = Some(Lowest { value, at_s });
        }
    }

    pub(super) fn means(&self) -> Products {
        self.means
    }

    pub(super) fn reading(&self) -> NeedleReading {
        self.reading
    }

    /// The sound jumped: the averages begin anew, what counts since reset stays.
    pub(super) fn restart(&mut self) {
        self.means = Products::default();
        self.sounding_s = 0.0;
        self.reading.is_held = self.reading.now.is_some();
    }
}
