//! The smoothing of a reduction in time.

use super::{Detector, WINDOW_MS};
use crate::audio::QUANTUM;
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

/// Changes of gain below this are none (dB).
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
            // A level that rises far above the upward threshold is there at once, so nothing is taken off.
            let_go: one_pole(self.attack_ms / poles, rate),
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
    /// While gain that was added goes back.
    pub let_go: f64,
    /// While it goes back.
    pub release: f64,
    /// Two one-poles in a row.
    pub two_poles: bool,
    /// A slow release for reduction that lasts.
    pub auto: bool,
    pub slow_charge: f64,
    pub slow_release: f64,
}

/// The reduction of one channel on its way, dB; negative where gain is added.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Follower {
    /// After one and after two one-poles.
    first: f64,
    second: f64,
    slow: f64,
}

impl Follower {
    /// As after a long time without reduction.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing is being done to the gain.
    pub(crate) fn is_at_rest(&self) -> bool {
        is_none(self.first) && is_none(self.second) && is_none(self.slow)
    }

    /// What a way that was just switched off had in force goes on in the one that stays, so that nothing jumps.
    fn hand_over(&mut self, times: &Times) {
        if !times.auto && !is_none(self.slow) {
            (self.first, self.second) = (self.first.max(self.slow), self.second.max(self.slow));
            self.slow = 0.0;
        }
        if !times.two_poles {
            self.first = self.second;
        }
    }

    /// One step on towards a reduction wanted of 0 or more, through both one-poles and without the slow release: for those
    /// who step every few frames. The reduction in force.
    #[inline]
    pub(crate) fn step(&mut self, wanted: f64, times: &Times) -> f64 {
        let pass = |y: f64, wanted: f64| {
            let pole = if wanted > y { times.attack } else { times.release };
            let next = wanted + pole * (y - wanted);
            if is_none(next) { 0.0 } else { next }
        };
        self.first = pass(self.first, wanted);
        self.second = pass(self.second, self.first);
        self.second
    }

    /// Whether two are at the same place, as good as.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        is_none(self.first - other.first)
            && is_none(self.second - other.second)
            && is_none(self.slow - other.slow)
    }
}

/// A follower with the reductions wanted of it, which become those in force.
pub(crate) struct Lane<'a> {
    pub follower: &'a mut Follower,
    pub values: &'a mut [f64; QUANTUM],
    pub times: Times,
}

/// One block on in several lanes, whose recursions overlap in time.
pub(crate) fn follow<const N: usize>(mut lanes: [Lane<'_>; N]) {
    lanes.iter_mut().for_each(|lane| lane.follower.hand_over(&lane.times));
    let wanted = lanes.iter().any(|lane| lane.times.auto).then(|| lanes.each_ref().map(|lane| *lane.values));
    pass(&mut lanes, |follower| &mut follower.first, Times::poles);
    if lanes.iter().all(|lane| lane.times.two_poles) {
        pass(&mut lanes, |follower| &mut follower.second, Times::poles);
    } else {
        lanes.iter_mut().for_each(Lane::follow_twice);
    }
    match wanted {
        Some(wanted) => lanes.iter_mut().zip(wanted).for_each(|(lane, wanted)| lane.add_slow(wanted)),
        None => lanes.iter_mut().for_each(|lane| lane.follower.slow = 0.0),
    }
}

impl Lane<'_> {
    /// The second one-pole, if there is one.
    fn follow_twice(&mut self) {
        if self.times.two_poles {
            let lane = Lane { follower: self.follower, values: self.values, times: self.times };
            pass(&mut [lane], |follower| &mut follower.second, Times::poles);
        } else {
            self.follower.second = self.follower.first;
        }
    }

    /// The slow release of the automatic: the larger reduction counts.
    fn add_slow(&mut self, mut wanted: [f64; QUANTUM]) {
        if !self.times.auto {
            self.follower.slow = 0.0;
            return;
        }
        let lane = Lane { follower: self.follower, values: &mut wanted, times: self.times };
        pass(&mut [lane], |follower| &mut follower.slow, Times::slow_poles);
        for (value, slow) in self.values.iter_mut().zip(wanted) {
            *value = if slow > *value { slow } else { *value };
        }
    }
}

/// Coefficients of one branching one-pole.
#[derive(Debug, Clone, Copy, Default)]
struct Poles {
    rise: f64,
    /// In place of `rise` towards values that are not positive.
    let_go: f64,
    fall: f64,
}

impl Times {
    fn poles(&self) -> Poles {
        Poles { rise: self.attack, let_go: self.let_go, fall: self.release }
    }

    fn slow_poles(&self) -> Poles {
        Poles { rise: self.slow_charge, let_go: self.slow_charge, fall: self.slow_release }
    }
}

/// A branching one-pole in every lane.
#[inline]
fn pass<const N: usize>(
    lanes: &mut [Lane<'_>; N],
    state: impl Fn(&mut Follower) -> &mut f64,
    poles: impl Fn(&Times) -> Poles,
) {
    let (mut y, mut of_lane) = ([0.0; N], [Poles::default(); N]);
    let mut adds_gain = false;
    for (n, lane) in lanes.iter_mut().enumerate() {
        of_lane[n] = poles(&lane.times);
        y[n] = *state(lane.follower);
        adds_gain |= y[n] < 0.0 || lane.values.iter().fold(false, |any, v| any | (*v < 0.0));
    }
    if adds_gain {
        run_by_branch(lanes, &mut y, &of_lane)
    } else {
        run_by_size(lanes, &mut y, &of_lane)
    }
    for (lane, end) in lanes.iter_mut().zip(y) {
        *state(lane.follower) = if is_none(end) { 0.0 } else { end };
    }
}

/// Where nothing is negative. Both ways are gone at once; where rising is the quicker of the two, the one wanted is always
/// the larger, else the smaller. The sign makes the second case the first.
#[inline]
fn run_by_size<const N: usize>(lanes: &mut [Lane<'_>; N], y: &mut [f64; N], poles: &[Poles; N]) {
    let sign = poles.map(|p| if p.rise <= p.fall { 1.0 } else { -1.0 });
    let (mut rest_of_rise, mut rest_of_fall) = ([0.0; N], [0.0; N]);
    for n in 0..N {
        (rest_of_rise[n], rest_of_fall[n]) =
            (sign[n] * (1.0 - poles[n].rise), sign[n] * (1.0 - poles[n].fall));
        y[n] *= sign[n];
    }
    for i in 0..QUANTUM {
        for n in 0..N {
            let wanted = lanes[n].values[i];
            let up = poles[n].rise * y[n] + rest_of_rise[n] * wanted;
            let down = poles[n].fall * y[n] + rest_of_fall[n] * wanted;
            y[n] = if up > down { up } else { down };
            lanes[n].values[i] = sign[n] * y[n];
        }
    }
    for n in 0..N {
        y[n] *= sign[n];
    }
}

fn run_by_branch<const N: usize>(lanes: &mut [Lane<'_>; N], y: &mut [f64; N], poles: &[Poles; N]) {
    for i in 0..QUANTUM {
        for n in 0..N {
            let wanted = lanes[n].values[i];
            let rise = if wanted > 0.0 { poles[n].rise } else { poles[n].let_go };
            let pole = if wanted > y[n] { rise } else { poles[n].fall };
            y[n] = pole * y[n] + (1.0 - pole) * wanted;
            lanes[n].values[i] = y[n];
        }
    }
}

/// Whether a change of gain is as good as none.
fn is_none(change_db: f64) -> bool {
    change_db.abs() < SNAP_DB
}

/// What a meter shows of reductions in force: the deepest, negative; where nothing is reduced the largest gain added.
pub(crate) fn gain_shown_db(lanes: &[[f64; QUANTUM]]) -> f64 {
    /// Extremes are taken in so many columns, so that no frame waits for the one before.
    const COLUMNS: usize = 8;
    let (mut most, mut least) = ([0.0; COLUMNS], [0.0; COLUMNS]);
    for values in lanes.iter().flat_map(|lane| lane.chunks_exact(COLUMNS)) {
        for (i, value) in values.iter().enumerate() {
            most[i] = if *value > most[i] { *value } else { most[i] };
            least[i] = if *value < least[i] { *value } else { least[i] };
        }
    }
    let deepest = most.into_iter().fold(0.0, f64::max);
    if deepest > 0.0 { -deepest } else { -least.into_iter().fold(0.0, f64::min) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The branching one-pole of the paper, frame by frame.
    fn plain(y: f64, wanted: f64, rise: f64, fall: f64) -> f64 {
        let pole = if wanted > y { rise } else { fall };
        pole * y + (1.0 - pole) * wanted
    }

    #[test]
    fn it_is_the_branching_one_pole_either_way_round() {
        for (rise, fall, two_poles, auto) in [
            (0.9, 0.999, false, false),
            (0.999, 0.9, true, false),
            (0.95, 0.99, true, true),
            (0.0, 0.9, false, true),
        ] {
            let times = Times {
                attack: rise,
                let_go: rise,
                release: fall,
                two_poles,
                auto,
                slow_charge: 0.998,
                slow_release: 0.9995,
            };
            let (mut one, mut other) = (Follower::default(), Follower::default());
            let (mut first, mut second, mut slow) = (0.0, 0.0, 0.0);
            for block in 0..50 {
                let wanted: [f64; QUANTUM] = std::array::from_fn(|i| {
                    let at = (block * QUANTUM + i) as f64;
                    6.0 * (at * 0.01).sin() - 1.0 + if block % 7 == 3 { 5.0 } else { 0.0 }
                });
                let (mut a, mut b) = (wanted, wanted);
                follow([
                    Lane { follower: &mut one, values: &mut a, times },
                    Lane { follower: &mut other, values: &mut b, times: Times { auto: false, ..times } },
                ]);
                for i in 0..QUANTUM {
                    first = plain(first, wanted[i], rise, fall);
                    second = if two_poles { plain(second, first, rise, fall) } else { first };
                    slow = plain(slow, wanted[i], 0.998, 0.9995);
                    let expected: f64 = if auto { second.max(slow) } else { second };
                    assert!((a[i] - expected).abs() < 1e-12 && (b[i] - second).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn a_meter_shows_the_reduction_before_the_gain() {
        let mut lane = [0.0; QUANTUM];
        assert!(gain_shown_db(&[lane]).abs() < 1e-300);
        lane[3] = -4.0;
        assert_eq!(gain_shown_db(&[lane]), 4.0);
        lane[9] = 0.5;
        assert_eq!(gain_shown_db(&[[0.0; QUANTUM], lane]), -0.5);
    }

    #[test]
    fn nothing_jumps_when_the_automatic_or_the_second_pole_is_switched_off() {
        let times = |two_poles, auto| Times {
            attack: 0.95,
            let_go: 0.95,
            release: 0.999,
            two_poles,
            auto,
            slow_charge: 0.999,
            slow_release: 0.9999,
        };
        for (from, to) in
            [((false, true), (false, false)), ((true, true), (false, false)), ((true, false), (false, false))]
        {
            let mut follower = Follower::default();
            let mut last = 0.0f64;
            let mut biggest = 0.0f64;
            for block in 0..60 {
                let (two_poles, auto) = if block < 45 { from } else { to };
                // Lasting reduction, then little: the slow release holds what the fast one has let go.
                let mut values = [if block < 30 { 6.0 } else { 0.5 }; QUANTUM];
                follow([Lane {
                    follower: &mut follower,
                    values: &mut values,
                    times: times(two_poles, auto),
                }]);
                if block >= 44 {
                    for value in values {
                        biggest = biggest.max(if last > 0.0 { (value - last).abs() } else { 0.0 });
                        last = value;
                    }
                } else {
                    last = values[QUANTUM - 1];
                }
            }
            assert!(biggest < 0.01, "{from:?} {to:?}: {biggest}");
        }
    }
}
