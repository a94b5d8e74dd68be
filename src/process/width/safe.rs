//! Mono-safe widening: what width adds to the side signal is held back where the correlation would fall too low.
//!
//! `S(t) = S₁ + t·(S_w − S₁)` between the side at 100 % width (`t` = 0) and as widened (`t` = 1). With powers averaged
//! over 400 ms (exponential) the correlation of left and right is at least `(P_M − P_S)/(P_M + P_S)`, so it keeps the floor
//! `ρ` while `P_S ≤ P_M·(1−ρ)/(1+ρ)`. `t` is the largest share for which the power of `S(t)`,
//! `P₁ + 2t·⟨S₁·Δ⟩ + t²·⟨Δ²⟩` with `Δ = S_w − S₁`, stays inside that or, where it is more, inside `P₁`: what was less
//! correlated before widening is not mended. Below −70 dBFS `t` stays. Worked out once a block, on the quantum grid.

use crate::audio::QUANTUM;
use crate::dsp::elementary::db_from_power;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::units::SampleRate;

/// Time constant of the averages.
const AVERAGE_MS: f64 = 400.0;

/// Power below which nothing is learned: −70 dBFS.
const SILENCE: f64 = 1e-7;

/// Averaged powers of a frame.
#[derive(Debug, Clone, Copy, Default)]
struct Powers {
    mid: f64,
    plain: f64,
    cross: f64,
    added: f64,
}

pub(super) struct Safe {
    on: bool,
    /// Largest side power in units of the mid's: `(1−ρ)/(1+ρ)`.
    budget: f64,
    average: Powers,
    keep: f64,
    share: Smoothed,
}

fn budget_of(floor: f64) -> f64 {
    (1.0 - floor) / (1.0 + floor)
}

impl Safe {
    pub(super) fn new(on: bool, floor: f64, rate: SampleRate) -> Self {
        Self {
            on,
            budget: budget_of(floor),
            average: Powers::default(),
            keep: (-(QUANTUM as f64) / (AVERAGE_MS * 1e-3 * rate.hz())).exp(),
            share: Smoothed::new(1.0, RAMP_MS, rate),
        }
    }

    pub(super) fn reset(&mut self) {
        self.forget();
        self.share.set(1.0);
        self.share.settle();
    }

    /// Nothing is widened: what was learned is old.
    pub(super) fn forget(&mut self) {
        self.average = Powers::default();
    }

    pub(super) fn set_on(&mut self, on: bool) {
        if on && !self.on {
            self.forget();
        }
        self.on = on;
        if !on {
            self.share.set(1.0);
        }
    }

    pub(super) fn set_floor(&mut self, floor: f64) {
        self.budget = budget_of(floor);
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Share of the widening heard now.
    pub(super) fn share(&self) -> f64 {
        self.share.value()
    }

    /// How much less side there is than without holding back, dB, 0 or negative.
    pub(super) fn held_db(&self) -> f64 {
        let (all, now) = (self.power(1.0), self.power(self.share.value()));
        if all > now && all > SILENCE { db_from_power(now) - db_from_power(all) } else { 0.0 }
    }

    /// Averaged power of the side at a share.
    fn power(&self, t: f64) -> f64 {
        let p = &self.average;
        p.plain + 2.0 * t * p.cross + t * t * p.added
    }

    /// Brings the widened side back as far as needed; `plain` is the side at 100 % width.
    pub(super) fn process(
        &mut self,
        mid: &[f64; QUANTUM],
        plain: &[f64; QUANTUM],
        wide: &mut [f64; QUANTUM],
    ) {
        if self.on {
            self.learn(mid, plain, wide);
        }
        if self.share.rests_at(1.0) {
            return;
        }
        for (w, p) in wide.iter_mut().zip(plain) {
            *w = p + self.share.tick() * (*w - p);
        }
    }

    fn learn(&mut self, mid: &[f64; QUANTUM], plain: &[f64; QUANTUM], wide: &[f64; QUANTUM]) {
        let mut sum = Powers::default();
        for ((m, p), w) in mid.iter().zip(plain).zip(wide) {
            let added = w - p;
            sum.mid += m * m;
            sum.plain += p * p;
            sum.cross += p * added;
            sum.added += added * added;
        }
        if !(sum.mid + sum.plain + sum.added).is_finite() {
            return;
        }
        let mix = |old: f64, new: f64| new / QUANTUM as f64 + self.keep * (old - new / QUANTUM as f64);
        let old = self.average;
        self.average = Powers {
            mid: mix(old.mid, sum.mid),
            plain: mix(old.plain, sum.plain),
            cross: mix(old.cross, sum.cross),
            added: mix(old.added, sum.added),
        };
        if self.average.mid + self.average.plain + self.average.added > SILENCE {
            let share = self.largest_share();
            self.share.set(share);
        }
    }

    /// The largest share whose side power is inside the budget.
    fn largest_share(&self) -> f64 {
        let p = &self.average;
        let most = (self.budget * p.mid).max(p.plain);
        if self.power(1.0) <= most {
            return 1.0;
        }
        // P₁ − most is 0 or negative and the power at 1 is above it: one root in 0..1.
        let root = (p.cross * p.cross + p.added * (most - p.plain)).sqrt();
        ((root - p.cross) / p.added).clamp(0.0, 1.0)
    }
}
