//! The moving gain of a dynamic band: a band-passed level, a static curve, and times.
//!
//! The side-chain is the input of the equaliser through a peak-normalised band-pass (trapezoidal, 6 dB/oct to either side)
//! with the frequency and Q of the band, or its own. Its envelope is `b² + a²`, `a` being `b` through a first-order all-pass
//! that turns the centre frequency by 90°: for a sine there it is the square of the amplitude at every instant, without ripple
//! and without a window. With `x = L − T` (or `T − L`, below) and a knee of 6 dB the way wanted is `0`, `(x+3)²/12`, `x`,
//! at most the range: 1 dB for 1 dB. It is smoothed in dB by two equal one-poles in a row, so that it has no corners: `τ` is the
//! time in which both together cover 63.2 % of a step. Cut and boost are smoothed apart, so that a range that changes its
//! sign, or goes to 0, releases one and attacks the other.

use std::f64::consts::PI;

use super::band::{CONTROL_FRAMES, TUNE_RAMP_MS};
use super::params::{
    BandChannel, DYN_ATTACK, DYN_ENABLED, DYN_MODE, DYN_RANGE, DYN_RELEASE, DYN_SC_FREQ, DYN_SC_Q,
    DYN_SIDECHAIN, DYN_THRESHOLD, FREQ, PARAMS_PER_BAND, Q,
};
use crate::dsp::elementary::db_from_power;
use crate::dsp::envelope::one_pole;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::statevar::{Core, CoreStep};
use crate::dsp::svf::Frame;
use crate::process::Values;
use crate::process::dynamics::curve::Curve;
use crate::process::dynamics::{ExpanderCurve, Follower, Times};
use crate::units::SampleRate;

/// Softness of the threshold.
const KNEE_DB: f64 = 6.0;

/// Frames over which the envelope is averaged for one step of level, curve and times.
const LEVEL_FRAMES: usize = 4;

/// Two equal one-poles in a row cover 63.2 % of a step in this many of their time constants: `(1+t)·e^−t = e^−1`.
const TWO_POLES: f64 = 2.146_193_220_620_583;

/// Highest frequency of the side-chain as a part of the sample rate.
const TOP: f64 = 0.46;

/// Samples beyond this are damage, not sound.
const KEY_MAX: f64 = 1e9;

/// Moves smaller than this are not followed, dB: a filter at rest costs less.
const STILL_DB: f64 = 1e-4;

/// What makes the gain of one band move.
#[derive(Debug, Clone)]
pub(super) struct Dynamics {
    /// The parameters of the band that matter here, by their place in it.
    given: [f64; PARAMS_PER_BAND],
    range_db: Smoothed,
    threshold_db: Smoothed,
    /// From above (0) to below (1).
    below: Smoothed,
    key_ln_hz: Smoothed,
    key_ln_q: Smoothed,
    times: Times,
    rate: SampleRate,
    filter: KeyFilter,
    /// Of the cut and of the boost.
    followers: [Follower; 2],
    move_db: f64,
}

impl Dynamics {
    /// Of band `index` (from 0) at the base rate.
    pub(super) fn new(values: &Values, index: usize, rate: SampleRate) -> Self {
        let given = std::array::from_fn(|offset| values.get(index * PARAMS_PER_BAND + offset));
        let (hz, q) = key_of(&given);
        let mut dynamics = Self {
            range_db: Smoothed::new(range_of(&given), RAMP_MS, rate),
            threshold_db: Smoothed::new(given[DYN_THRESHOLD], RAMP_MS, rate),
            below: Smoothed::new(given[DYN_MODE], RAMP_MS, rate),
            key_ln_hz: Smoothed::new(hz.ln(), TUNE_RAMP_MS, rate),
            key_ln_q: Smoothed::new(q.ln(), TUNE_RAMP_MS, rate),
            times: times_of(&given, rate),
            given,
            rate,
            filter: KeyFilter::default(),
            followers: [Follower::default(); 2],
            move_db: 0.0,
        };
        dynamics.reset();
        dynamics
    }

    /// Takes a parameter of the band.
    pub(super) fn set(&mut self, offset: usize, value: f64) {
        self.given[offset] = value;
        match offset {
            DYN_RANGE | DYN_ENABLED => self.range_db.set(range_of(&self.given)),
            DYN_THRESHOLD => self.threshold_db.set(value),
            DYN_MODE => self.below.set(value),
            DYN_ATTACK | DYN_RELEASE => self.times = times_of(&self.given, self.rate),
            FREQ | Q | DYN_SIDECHAIN | DYN_SC_FREQ | DYN_SC_Q => {
                let (hz, q) = key_of(&self.given);
                self.key_ln_hz.set(hz.ln());
                self.key_ln_q.set(q.ln());
            }
            _ => {}
        }
    }

    /// Whether the gain may move, or has still a way back.
    pub(super) fn is_on(&self) -> bool {
        !self.range_db.rests_at(0.0) || !self.followers.iter().all(Follower::is_at_rest)
    }

    /// By how much it is moved now, dB.
    pub(super) fn move_db(&self) -> f64 {
        self.move_db
    }

    /// As built, at the values last set.
    pub(super) fn reset(&mut self) {
        self.settle();
        self.forget();
    }

    pub(super) fn settle(&mut self) {
        let all = [
            &mut self.range_db,
            &mut self.threshold_db,
            &mut self.below,
            &mut self.key_ln_hz,
            &mut self.key_ln_q,
        ];
        all.into_iter().for_each(Smoothed::settle);
        self.tune();
    }

    /// No past, and no gain moved.
    pub(super) fn forget(&mut self) {
        self.filter.forget();
        self.followers.iter_mut().for_each(Follower::reset);
        self.move_db = 0.0;
    }

    fn tune(&mut self) {
        self.filter.tune(self.key_ln_hz.value().exp(), self.key_ln_q.value().exp(), self.rate);
    }

    /// One control step: listens to [`CONTROL_FRAMES`] of the equaliser's input and moves the gain.
    pub(super) fn follow(&mut self, key: &[Frame], channel: BandChannel) {
        if self.key_ln_hz.is_moving() || self.key_ln_q.is_moving() {
            self.key_ln_hz.advance(CONTROL_FRAMES as u32);
            self.key_ln_q.advance(CONTROL_FRAMES as u32);
            self.tune();
        }
        let range_db = self.range_db.advance(CONTROL_FRAMES as u32);
        let threshold_db = self.threshold_db.advance(CONTROL_FRAMES as u32);
        let below = self.below.advance(CONTROL_FRAMES as u32);
        let limit = range_db.abs();
        let above_curve = Curve { threshold_db, slope: 1.0, knee_db: KNEE_DB, range_db: limit };
        let below_curve = ExpanderCurve { threshold_db, slope: 1.0, knee_db: KNEE_DB, range_db: limit };
        let mut wanted_db = self.move_db;
        for frames in key.chunks(LEVEL_FRAMES) {
            let level_db = db_from_power(self.filter.power(frames, channel));
            let (over, under) = (above_curve.reduction_db(level_db), below_curve.reduction_db(level_db));
            let way = over + below * (under - over);
            let [cut, boost] = &mut self.followers;
            let (down, up) = if range_db < 0.0 { (way, 0.0) } else { (0.0, way) };
            wanted_db = boost.step(up, &self.times) - cut.step(down, &self.times);
        }
        if wanted_db.abs() <= 0.0 || (wanted_db - self.move_db).abs() > STILL_DB {
            self.move_db = wanted_db;
        }
    }
}

/// Range in force, dB.
fn range_of(given: &[f64; PARAMS_PER_BAND]) -> f64 {
    if given[DYN_ENABLED] >= 0.5 { given[DYN_RANGE] } else { 0.0 }
}

/// Frequency and Q of the side-chain.
fn key_of(given: &[f64; PARAMS_PER_BAND]) -> (f64, f64) {
    if given[DYN_SIDECHAIN] >= 0.5 { (given[DYN_SC_FREQ], given[DYN_SC_Q]) } else { (given[FREQ], given[Q]) }
}

fn times_of(given: &[f64; PARAMS_PER_BAND], rate: SampleRate) -> Times {
    // A step every few frames is a step in as much less time.
    let pole = |ms: f64| one_pole(ms / (TWO_POLES * LEVEL_FRAMES as f64), rate);
    Times {
        attack: pole(given[DYN_ATTACK]),
        let_go: pole(given[DYN_ATTACK]),
        release: pole(given[DYN_RELEASE]),
        two_poles: true,
        auto: false,
        slow_charge: 0.0,
        slow_release: 0.0,
    }
}

/// The band-pass of the side-chain and the all-pass behind it.
#[derive(Debug, Clone)]
struct KeyFilter {
    step: CoreStep,
    /// `1/Q`: brings the band-pass to 0 dB at its centre.
    scale: f64,
    /// Of the all-pass.
    turn: f64,
    core: Core,
    /// Last input and output of the all-pass.
    last: [Frame; 2],
}

impl Default for KeyFilter {
    fn default() -> Self {
        Self {
            step: CoreStep::new(0.1, 1.0),
            scale: 1.0,
            turn: 0.0,
            core: Core::default(),
            last: [[0.0; 2]; 2],
        }
    }
}

impl KeyFilter {
    fn tune(&mut self, hz: f64, q: f64, rate: SampleRate) {
        let g = (PI * (hz / rate.hz()).min(TOP)).tan();
        self.scale = 1.0 / q;
        self.step = CoreStep::new(g, self.scale);
        self.turn = (g - 1.0) / (g + 1.0);
    }

    fn forget(&mut self) {
        self.core.clear();
        self.last = [[0.0; 2]; 2];
    }

    /// Mean of the squared envelope over these frames, of the louder channel.
    #[inline]
    fn power(&mut self, frames: &[Frame], channel: BandChannel) -> f64 {
        let mut sum = [0.0; 2];
        for frame in frames {
            let x = channel.key_of(frame).map(|v| v.clamp(-KEY_MAX, KEY_MAX));
            let (band, _) = self.core.tick(&self.step, x);
            for c in 0..2 {
                let b = self.scale * band[c];
                let a = self.turn * (b - self.last[1][c]) + self.last[0][c];
                (self.last[0][c], self.last[1][c]) = (b, a);
                sum[c] += b * b + a * a;
            }
        }
        sum[0].max(sum[1]) / LEVEL_FRAMES as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The envelope of a sine at the centre is its amplitude, at every instant and for every Q.
    #[test]
    fn a_sine_at_the_centre_reads_its_peak_level() {
        let rate = SampleRate::CD;
        for (hz, q) in [(50.0, 0.5), (1000.0, 0.707), (1000.0, 8.0), (15_000.0, 1.0)] {
            let mut filter = KeyFilter::default();
            filter.tune(hz, q, rate);
            for n in 0..30_000 {
                let x = 0.1 * (2.0 * PI * hz * f64::from(n) / rate.hz()).sin();
                let db = db_from_power(4.0 * filter.power(&[[x, 0.5 * x]], BandChannel::Stereo));
                assert!(n < 20_000 || (db + 20.0).abs() < 0.001, "{hz} Hz, Q {q}: {db} dB");
            }
        }
    }
}
