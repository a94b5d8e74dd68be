//! The smoothing of a reduction in time.

use super::{Detector, WINDOW_MS};
use crate::dsp::envelope::one_pole;
use crate::units::SampleRate;

/// The part of the mean-square window by which a falling level is late.
const RMS_LAG: f64 = 0.8;

/// The part by which a rising level is late, for a step well over the threshold.
const RMS_RISE: f64 = 0.41;

/// Slow release of the automatic, and the time that charges it.
const SLOW_RELEASE_MS: f64 = 1500.0;
const SLOW_CHARGE_MS: f64 = 500.0;

/// Two equal one-poles in a row reach 63.2 % of a step after this many of their time constants: `(1+t)·e^−t = e^−1`.
const TWO_POLES: f64 = 2.146_193_220_620_583;

/// Reductions below this are none (dB).
const SNAP_DB: f64 = 1e-9;

/// The times asked for, and what reads the level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ballistics {
    pub detector: Detector,
    pub attack_ms: f64,
    pub release_ms: f64,
    pub hold_ms: f64,
    pub auto_release: bool,
}

impl Ballistics {
    /// Coefficients from the times asked for, less what the detector takes itself; and the frames over which the level is
    /// to be held.
    pub(crate) fn times(&self, rate: SampleRate) -> (Times, usize) {
        let peak_hold_ms = WINDOW_MS.min(0.5 * self.release_ms);
        let (late_ms, window_ms) = match self.detector {
            Detector::Peak => (peak_hold_ms, peak_hold_ms + self.hold_ms),
            Detector::Rms | Detector::Smooth => (RMS_LAG * peak_hold_ms, self.hold_ms),
        };
        let poles = self.poles();
        let rise_ms = match self.detector {
            Detector::Peak => 0.0,
            Detector::Rms | Detector::Smooth => (RMS_RISE * WINDOW_MS).min(0.45 * self.attack_ms),
        };
        let times = Times {
            attack: one_pole((self.attack_ms - rise_ms) / poles, rate),
            release: one_pole((self.release_ms - late_ms) / poles, rate),
            two_poles: self.detector == Detector::Smooth,
            auto: self.auto_release,
            slow_charge: one_pole(SLOW_CHARGE_MS, rate),
            slow_release: one_pole(SLOW_RELEASE_MS, rate),
        };
        (times, rate.frames_from_seconds(window_ms / 1000.0).as_len().max(1))
    }

    /// The same for an expander, whose reduction grows when the level falls: what closes is the attack of the follower, what
    /// opens its release. A level that rises far above the threshold is there at once, so nothing is taken off.
    pub(crate) fn expander_times(&self, rate: SampleRate) -> (Times, usize) {
        let (times, window) = self.times(rate);
        let opening = one_pole(self.attack_ms / self.poles(), rate);
        (Times { attack: times.release, release: opening, auto: false, ..times }, window)
    }

    /// By what the time of one pole is shorter than the time asked for.
    fn poles(&self) -> f64 {
        if self.detector == Detector::Smooth { TWO_POLES } else { 1.0 }
    }
}

/// Coefficients of the smoothing in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// While the reduction grows.
    pub attack: f64,
    /// While it goes back.
    pub release: f64,
    /// Two one-poles in a row.
    pub two_poles: bool,
    /// A slow release for reduction that lasts.
    pub auto: bool,
    pub slow_charge: f64,
    pub slow_release: f64,
}

/// The reduction of one channel on its way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Follower {
    /// In dB after one and after two one-poles.
    first: f64,
    second: f64,
    slow: f64,
}

impl Follower {
    /// As after a long time without reduction.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing is being reduced.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.first <= 0.0 && self.second <= 0.0 && self.slow <= 0.0
    }

    /// One frame on towards the reduction wanted; the reduction in force.
    #[inline]
    pub(crate) fn follow(&mut self, wanted: f64, times: &Times) -> f64 {
        let pole = if wanted > self.first { times.attack } else { times.release };
        self.first = settle(wanted + pole * (self.first - wanted));
        let mut reduction = self.first;
        if times.two_poles {
            let pole = if self.first > self.second { times.attack } else { times.release };
            self.second = settle(self.first + pole * (self.second - self.first));
            reduction = self.second;
        } else {
            self.second = self.first;
        }
        if times.auto {
            let pole = if wanted > self.slow { times.slow_charge } else { times.slow_release };
            self.slow = settle(wanted + pole * (self.slow - wanted));
            reduction = reduction.max(self.slow);
        } else {
            self.slow = 0.0;
        }
        reduction
    }
}

#[inline]
fn settle(reduction_db: f64) -> f64 {
    if reduction_db < SNAP_DB { 0.0 } else { reduction_db }
}
