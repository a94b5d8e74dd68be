//! Width by frequency: two first-order shelves of the side signal, from a complementary split in three zones.
//!
//! `S' = S + (a_low − 1)·LP(S) + (a_high − 1)·HP(S)` with first-order filters at the two splits: the zones add up to the
//! side signal itself, so equal widths null bit for bit, and with both splits at one place `S' = a·S` exactly. First order
//! as in Blumlein's shuffler: the sum of such zones is of minimum phase for any widths, turns side against mid by at most
//! `asin((1−a)/(1+a))` (19.5° at 200 or 50 %), needs no all-pass in the mid and leaves the mono sum untouched. A
//! steeper split of fourth order would need one, which colours the mid even where nothing is widened; for no phase shift at
//! all there is the linear phase. Filters: trapezoidal one-poles, `g = tan(π·f/fs)`.

use crate::audio::QUANTUM;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::units::SampleRate;

/// Time of a change of a split.
const TUNE_RAMP_MS: f64 = 30.0;

/// Highest corner as a part of the sample rate.
const TOP: f64 = 0.46;

/// Widths and splits as set.
#[derive(Debug, Clone, Copy)]
pub(super) struct ZoneValues {
    /// Factor of the lows and of the highs.
    pub(super) factors: [f64; 2],
    /// Low and high split, Hz.
    pub(super) splits_hz: [f64; 2],
}

impl ZoneValues {
    /// The splits in order: the high one never below the low one.
    fn ordered(&self) -> [f64; 2] {
        [self.splits_hz[0], self.splits_hz[1].max(self.splits_hz[0])]
    }

    /// Whether every zone is as wide as the others.
    pub(super) fn are_neutral(&self) -> bool {
        self.factors.iter().all(|f| f.to_bits() == 1f64.to_bits())
    }

    /// Magnitude of the analog shelves at a frequency.
    pub(super) fn magnitude_at(&self, hz: f64) -> f64 {
        let [low, high] = self.ordered();
        let (x, y) = (hz / low, hz / high);
        // LP = 1/(1 + jx), HP = jy/(1 + jy).
        let (lows, highs) = (1.0 / (1.0 + x * x), 1.0 / (1.0 + y * y));
        let [a, b] = self.factors.map(|f| f - 1.0);
        let re = 1.0 + a * lows + b * y * y * highs;
        let im = -a * x * lows + b * y * highs;
        re.hypot(im)
    }
}

/// One trapezoidal low-pass with a corner that moves.
#[derive(Debug, Clone)]
struct OnePole {
    ln_hz: Smoothed,
    rate_hz: f64,
    /// `g/(1 + g)` now.
    factor: f64,
    state: f64,
}

impl OnePole {
    fn new(hz: f64, rate: SampleRate) -> Self {
        let ln_hz = Smoothed::new(hz.ln(), TUNE_RAMP_MS, rate);
        let mut pole = Self { ln_hz, rate_hz: rate.hz(), factor: 0.0, state: 0.0 };
        pole.reset();
        pole
    }

    fn reset(&mut self) {
        self.ln_hz.settle();
        self.state = 0.0;
        self.tune();
    }

    fn tune(&mut self) {
        let part = (self.ln_hz.value().exp() / self.rate_hz).min(TOP);
        let g = (std::f64::consts::PI * part).tan();
        self.factor = g / (1.0 + g);
    }

    #[inline]
    fn tick(&mut self, x: f64) -> f64 {
        if self.ln_hz.is_moving() {
            self.ln_hz.tick();
            self.tune();
        }
        let v = (x - self.state) * self.factor;
        let low = v + self.state;
        self.state = low + v;
        low
    }
}

/// The zones of the side signal in minimum phase.
pub(super) struct Zones {
    factors: [Smoothed; 2],
    low: OnePole,
    high: OnePole,
    values: ZoneValues,
}

impl Zones {
    pub(super) fn new(values: ZoneValues, rate: SampleRate) -> Self {
        let [low, high] = values.ordered();
        Self {
            factors: values.factors.map(|f| Smoothed::new(f, RAMP_MS, rate)),
            low: OnePole::new(low, rate),
            high: OnePole::new(high, rate),
            values,
        }
    }

    pub(super) fn are_off(&self) -> bool {
        self.factors.iter().all(|f| f.rests_at(1.0))
    }

    pub(super) fn reset(&mut self) {
        self.factors.iter_mut().for_each(Smoothed::settle);
        self.low.reset();
        self.high.reset();
    }

    /// Factor of the lows (0) or the highs (1).
    pub(super) fn set_factor(&mut self, zone: usize, factor: f64) {
        if self.are_off() {
            self.low.reset();
            self.high.reset();
        }
        self.factors[zone].set(factor);
    }

    /// Low (0) or high split (1).
    pub(super) fn set_split(&mut self, split: usize, hz: f64) {
        self.values.splits_hz[split] = hz;
        let [low, high] = self.values.ordered();
        self.low.ln_hz.set(low.ln());
        self.high.ln_hz.set(high.ln());
    }

    /// Factors of lows and highs now.
    pub(super) fn factors_now(&self) -> [f64; 2] {
        [self.factors[0].value(), self.factors[1].value()]
    }

    pub(super) fn process(&mut self, side: &mut [f64; QUANTUM]) {
        if self.are_off() {
            return;
        }
        for s in side {
            let x = if s.is_finite() { *s } else { 0.0 };
            let low = self.low.tick(x);
            let high = x - self.high.tick(x);
            *s += (self.factors[0].tick() - 1.0) * low + (self.factors[1].tick() - 1.0) * high;
        }
    }
}
