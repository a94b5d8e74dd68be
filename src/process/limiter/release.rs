//! How a gain goes back once nothing needs it any more: the two laws of release.
//!
//! Both take the held gain `h` and give one that is never above it.
//!
//! *Even* (transparent, smooth): `g = min(f, s)`. `f` is `h` on the way down and goes back to it exponentially; `s`
//! (transparent, where the automatic is on) follows `h` slowly both ways, so that it holds what lasts.
//!
//! *Crest* (punch, loud) works on the reduction `r = −ln g` and parts it in two. The *body* `b` follows the held reduction
//! with a charge and a release of its own. What stands out above it, `e = r − b`, decays by `ė = −k(e)·e`,
//! `k = 1/τ_body + (1/τ_fast − 1/τ_body)·min(1, e/e₀)`: the more it stands out, the faster it goes. A hit leaves within
//! milliseconds; the ripple that low notes leave in `h`, small beside the body, is let go slowly and bends them little.
//! (Release that depends on the crest of the reduction: after Giannoulis, Massberg and Reiss, JAES 60(6) 2012, where it is the
//! crest of the signal.)

use crate::dsp::elementary::exp_of_negative;
use crate::dsp::envelope::one_pole;
use crate::units::SampleRate;

/// A gain nearer to 1 than this is 1 (0.000001 dB).
const SNAP: f64 = 1e-7;

/// Slow release of the automatic, and the time that charges it.
const SLOW_RELEASE_MS: f64 = 1500.0;
const SLOW_CHARGE_MS: f64 = 200.0;

/// The body of the crest law goes back so many times slower with the automatic.
const AUTO_TIMES: f64 = 5.0;

/// What stands out is let go in this part of the set release, but not below the shortest.
const FAST_PART: f64 = 0.1;
const FAST_LEAST_MS: f64 = 5.0;

/// One step from `state` towards `target`, which snaps to 1.
#[inline]
pub(super) fn towards(target: f64, state: f64, coefficient: f64) -> f64 {
    let next = target + coefficient * (state - target);
    if next > 1.0 - SNAP { 1.0 } else { next }
}

/// Which law, with what does not change while it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Law {
    Even {
        /// Whether `s` is there.
        slow: bool,
    },
    Crest {
        /// Time that charges the body, ms.
        charge_ms: f64,
        /// `e₀` in decibels: from here on the release is as fast as it gets.
        stands_out_db: f64,
    },
}

/// Coefficients of a law at the set release.
#[derive(Debug, Clone)]
pub(super) struct Times {
    law: Law,
    rate: SampleRate,
    release_ms: f64,
    auto: bool,
    /// Even: whether `s` is at work.
    holds_what_lasts: bool,
    /// Even: of `f`. Crest: of what stands out least, as a share gone in a frame.
    release: f64,
    slow_charge: f64,
    slow_release: f64,
    /// Crest: share of what stands out most that goes in a frame.
    fastest: f64,
    /// `1/e₀`, 1/nepers.
    per_standing_out: f64,
}

impl Times {
    pub(super) fn new(law: Law, release_ms: f64, auto: bool, rate: SampleRate) -> Self {
        let mut times = Self {
            law,
            rate,
            release_ms,
            auto,
            holds_what_lasts: false,
            release: 0.0,
            slow_charge: 0.0,
            slow_release: 0.0,
            fastest: 0.0,
            per_standing_out: 0.0,
        };
        times.update();
        times
    }

    pub(super) fn set_release(&mut self, release_ms: f64) {
        self.release_ms = release_ms;
        self.update();
    }

    pub(super) fn set_auto(&mut self, auto: bool) {
        self.auto = auto;
        self.update();
    }

    fn update(&mut self) {
        let set = one_pole(self.release_ms, self.rate);
        match self.law {
            Law::Even { slow } => {
                self.holds_what_lasts = slow && self.auto;
                self.release = set;
                self.slow_charge = one_pole(SLOW_CHARGE_MS, self.rate);
                self.slow_release = one_pole(SLOW_RELEASE_MS, self.rate);
            }
            Law::Crest { charge_ms, stands_out_db } => {
                let body_ms = self.release_ms * if self.auto { AUTO_TIMES } else { 1.0 };
                let fast_ms = (FAST_PART * self.release_ms).max(FAST_LEAST_MS).min(body_ms);
                self.release = 1.0 - one_pole(body_ms, self.rate);
                self.fastest = 1.0 - one_pole(fast_ms, self.rate);
                self.slow_charge = one_pole(charge_ms, self.rate);
                self.slow_release = one_pole(body_ms, self.rate);
                self.per_standing_out = 20.0 * std::f64::consts::LOG10_E / stands_out_db;
            }
        }
    }
}

/// The release of one channel.
#[derive(Debug, Clone)]
pub(super) struct Release {
    /// Even: `f` and `s`, 1 at rest. Crest: nepers of `r` and `b`, 0 at rest.
    fast: f64,
    slow: f64,
    rest: f64,
    /// Crest: the held gain of the frame before and its reduction; it changes seldom.
    held: f64,
    held_nepers: f64,
}

impl Release {
    pub(super) fn new(law: Law) -> Self {
        let rest = if matches!(law, Law::Even { .. }) { 1.0 } else { 0.0 };
        Self { fast: rest, slow: rest, rest, held: 1.0, held_nepers: 0.0 }
    }

    /// As after a long time without reduction.
    pub(super) fn open(&mut self) {
        (self.fast, self.slow) = (self.rest, self.rest);
        (self.held, self.held_nepers) = (1.0, 0.0);
    }

    pub(super) fn is_open(&self) -> bool {
        self.fast.to_bits() == self.rest.to_bits() && self.slow.to_bits() == self.rest.to_bits()
    }

    /// Takes the held gain of the next frame and gives the released one.
    #[inline]
    pub(super) fn tick(&mut self, held: f64, times: &Times) -> f64 {
        if matches!(times.law, Law::Even { .. }) { self.even(held, times) } else { self.crest(held, times) }
    }

    #[inline]
    fn even(&mut self, held: f64, times: &Times) -> f64 {
        self.fast = if held <= self.fast { held } else { towards(held, self.fast, times.release) };
        if times.holds_what_lasts {
            let coefficient = if held < self.slow { times.slow_charge } else { times.slow_release };
            self.slow = towards(held, self.slow, coefficient);
        } else if self.slow < 1.0 {
            // Switched off at work: what it held goes with the set release.
            self.slow = towards(1.0, self.slow, times.release);
        }
        self.fast.min(self.slow)
    }

    #[inline]
    fn crest(&mut self, held: f64, times: &Times) -> f64 {
        if held.to_bits() != self.held.to_bits() {
            (self.held, self.held_nepers) = (held, -held.max(1e-30).ln());
        }
        let needed = self.held_nepers;
        let coefficient = if needed > self.slow { times.slow_charge } else { times.slow_release };
        self.slow = needed + coefficient * (self.slow - needed);
        let body = self.slow.min(self.fast);
        let out = self.fast - body;
        let share = (out * times.per_standing_out).min(1.0);
        self.fast -= (times.release + (times.fastest - times.release) * share) * out;
        self.fast = self.fast.max(needed);
        if needed <= 0.0 && self.fast < SNAP && self.slow < SNAP {
            (self.fast, self.slow) = (0.0, 0.0);
            return 1.0;
        }
        if self.fast <= needed { held } else { exp_of_negative(-self.fast) }
    }
}
