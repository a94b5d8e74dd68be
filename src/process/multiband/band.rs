//! One band: compressor, expander, gain, width, bypass and solo on its part of the signal.

use super::params::{
    ATTACK, AUTO_RELEASE, BYPASS, DETECTOR, EXPAND_RATIO, EXPAND_THRESHOLD, FIRST_BAND, GAIN, KNEE,
    PARAMS_PER_BAND, RANGE, RATIO, RELEASE, SOLO, THRESHOLD, WIDTH,
};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::elementary::{db_from_powers, gains_from_reductions};
use crate::dsp::midside::{left_right, mid_side};
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::process::Values;
use crate::process::dynamics::{Ballistics, Curve, Detector, ExpanderCurve, Follower, LevelReader, Times};
use crate::units::SampleRate;

/// What is common to all bands, frame by frame.
pub(super) struct Shared {
    pub link: [f64; QUANTUM],
    pub mix: [f64; QUANTUM],
}

/// One channel of a band.
struct Channel {
    level: LevelReader,
    reduction: Follower,
    expansion: Follower,
}

impl Channel {
    fn reset(&mut self) {
        self.level.reset();
        self.reduction.reset();
        self.expansion.reset();
    }
}

pub(super) struct Band {
    rate: SampleRate,
    channels: [Channel; CHANNELS],
    threshold: Smoothed,
    /// `1 − 1/R`.
    slope: Smoothed,
    knee: Smoothed,
    range: Smoothed,
    expand_threshold: Smoothed,
    /// `R − 1`.
    expand_slope: Smoothed,
    gain: SmoothedGain,
    width: Smoothed,
    /// 0 where the band is bypassed.
    share: Smoothed,
    /// 0 where another band has solo and this one has not.
    heard: Smoothed,
    is_solo: bool,
    ballistics: Ballistics,
    times: Times,
    expander_times: Times,
    /// Nothing was to be done in the last block: the levels hold an old past.
    is_asleep: bool,
    deepest_db: f64,
}

impl Band {
    pub(super) fn new(values: &Values, index: usize, rate: SampleRate) -> Self {
        let value = |offset| values.get(FIRST_BAND + index * PARAMS_PER_BAND + offset);
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let channel = |_| Channel {
            level: LevelReader::new(0.0, rate),
            reduction: Follower::default(),
            expansion: Follower::default(),
        };
        let ballistics = Ballistics {
            detector: Detector::from_value(values.get(DETECTOR)),
            attack_ms: value(ATTACK),
            release_ms: value(RELEASE),
            hold_ms: 0.0,
            auto_release: values.is_on(AUTO_RELEASE),
        };
        let (times, _) = ballistics.times(rate);
        let mut band = Self {
            rate,
            channels: [0, 1].map(channel),
            threshold: smoothed(value(THRESHOLD)),
            slope: smoothed(1.0 - 1.0 / value(RATIO)),
            knee: smoothed(value(KNEE)),
            range: smoothed(value(RANGE)),
            expand_threshold: smoothed(value(EXPAND_THRESHOLD)),
            expand_slope: smoothed(value(EXPAND_RATIO) - 1.0),
            gain: SmoothedGain::new(value(GAIN), RAMP_MS, rate),
            width: smoothed(value(WIDTH) / 100.0),
            share: smoothed(share(value(BYPASS))),
            heard: smoothed(1.0),
            is_solo: value(SOLO) >= 0.5,
            ballistics,
            times,
            expander_times: times,
            is_asleep: false,
            deepest_db: 0.0,
        };
        band.set_times();
        band
    }

    fn numbers(&mut self) -> [&mut Smoothed; 9] {
        [
            &mut self.threshold,
            &mut self.slope,
            &mut self.knee,
            &mut self.range,
            &mut self.expand_threshold,
            &mut self.expand_slope,
            &mut self.width,
            &mut self.share,
            &mut self.heard,
        ]
    }

    pub(super) fn reset(&mut self) {
        self.channels.iter_mut().for_each(Channel::reset);
        self.numbers().into_iter().for_each(Smoothed::settle);
        self.gain.settle();
        self.is_asleep = false;
        self.deepest_db = 0.0;
    }

    pub(super) fn set(&mut self, offset: usize, value: f64) {
        match offset {
            THRESHOLD => self.threshold.set(value),
            RATIO => self.slope.set(1.0 - 1.0 / value.max(1.0)),
            KNEE => self.knee.set(value),
            ATTACK => self.ballistics.attack_ms = value,
            RELEASE => self.ballistics.release_ms = value,
            RANGE => self.range.set(value),
            GAIN => self.gain.set_db(value),
            EXPAND_THRESHOLD => self.expand_threshold.set(value),
            EXPAND_RATIO => self.expand_slope.set(value.max(1.0) - 1.0),
            WIDTH => self.width.set(value / 100.0),
            BYPASS => self.share.set(share(value)),
            SOLO => self.is_solo = value >= 0.5,
            _ => {}
        }
        if matches!(offset, ATTACK | RELEASE) {
            self.set_times();
        }
    }

    pub(super) fn set_detector(&mut self, value: f64) {
        self.ballistics.detector = Detector::from_value(value);
        self.set_times();
    }

    pub(super) fn set_auto_release(&mut self, on: bool) {
        self.ballistics.auto_release = on;
        self.set_times();
    }

    pub(super) fn is_solo(&self) -> bool {
        self.is_solo
    }

    /// Whether it is heard at all.
    pub(super) fn set_heard(&mut self, heard: bool) {
        self.heard.set(if heard { 1.0 } else { 0.0 });
    }

    /// Reduction in the last block, dB, 0 or positive.
    pub(super) fn deepest_db(&self) -> f64 {
        self.deepest_db
    }

    fn set_times(&mut self) {
        let (times, window) = self.ballistics.times(self.rate);
        self.times = times;
        self.expander_times = self.ballistics.expander_times(self.rate).0;
        self.channels.iter_mut().for_each(|c| c.level.set_window(window));
    }

    /// Whether nothing in the dynamics can act.
    fn is_idle(&self) -> bool {
        let still = self.slope.rests_at(0.0) && self.expand_slope.rests_at(0.0);
        let rests = |c: &Channel| c.reduction.is_at_rest() && c.expansion.is_at_rest();
        self.share.rests_at(0.0) || (still && self.channels.iter().all(rests))
    }

    /// One block of the band in place.
    pub(super) fn process(&mut self, part: &mut Block, shared: &Shared) {
        self.deepest_db = 0.0;
        let mut gains = [[1.0; QUANTUM]; CHANNELS];
        if self.is_idle() {
            self.is_asleep = true;
            self.pass_time();
        } else {
            if std::mem::take(&mut self.is_asleep) {
                self.channels.iter_mut().for_each(Channel::reset);
            }
            self.reduce(part, &shared.link, &mut gains);
        }
        self.apply(part, &shared.mix, &gains);
    }

    /// What would have moved, had the dynamics been at work.
    fn pass_time(&mut self) {
        for number in [
            &mut self.threshold,
            &mut self.slope,
            &mut self.knee,
            &mut self.range,
            &mut self.expand_threshold,
            &mut self.expand_slope,
        ] {
            number.advance(QUANTUM as u32);
        }
    }

    /// The gains of the dynamics.
    fn reduce(&mut self, part: &Block, link: &[f64; QUANTUM], gains: &mut [[f64; QUANTUM]; CHANNELS]) {
        let detector = self.ballistics.detector;
        let mut levels = [[0.0; QUANTUM]; CHANNELS];
        for ((channel, input), levels) in self.channels.iter_mut().zip(part.channels()).zip(&mut levels) {
            *levels = match detector {
                Detector::Peak => channel.level.levels(input, detector),
                Detector::Rms | Detector::Smooth => channel.level.mean_squares(input),
            };
            db_from_powers(levels);
        }
        let expands =
            !self.expand_slope.rests_at(0.0) || self.channels.iter().any(|c| !c.expansion.is_at_rest());
        let mut expansions = levels;
        self.wanted(&mut levels, &mut expansions, expands);
        let [left, right] = &mut self.channels;
        for i in 0..QUANTUM {
            let both = levels[0][i].max(levels[1][i]);
            let of = |own: f64, both: f64| own + link[i] * (both - own);
            levels[0][i] = left.reduction.follow(of(levels[0][i], both), &self.times);
            levels[1][i] = right.reduction.follow(of(levels[1][i], both), &self.times);
        }
        if expands {
            for i in 0..QUANTUM {
                // The louder channel keeps both open.
                let both = expansions[0][i].min(expansions[1][i]);
                let of = |own: f64, both: f64| own + link[i] * (both - own);
                levels[0][i] += left.expansion.follow(of(expansions[0][i], both), &self.expander_times);
                levels[1][i] += right.expansion.follow(of(expansions[1][i], both), &self.expander_times);
            }
        }
        for (gains, reductions) in gains.iter_mut().zip(&levels) {
            self.deepest_db = reductions.iter().copied().fold(self.deepest_db, f64::max);
            *gains = *reductions;
            gains_from_reductions(gains);
        }
    }

    /// Levels become the reductions wanted of both curves.
    fn wanted(
        &mut self,
        levels: &mut [[f64; QUANTUM]; CHANNELS],
        expansions: &mut [[f64; QUANTUM]; CHANNELS],
        expands: bool,
    ) {
        let moving = [
            &self.threshold,
            &self.slope,
            &self.knee,
            &self.range,
            &self.expand_threshold,
            &self.expand_slope,
        ]
        .iter()
        .any(|n| n.is_moving());
        // Resting curves are the same for all frames, so that the loop over a block becomes vector code.
        let step = if moving { 1 } else { QUANTUM };
        for from in (0..QUANTUM).step_by(step) {
            if moving {
                self.tick_curves();
            }
            let (curve, expander) = self.curves();
            for (levels, expansions) in levels.iter_mut().zip(expansions.iter_mut()) {
                if expands {
                    expander.reductions_db(&mut expansions[from..from + step]);
                }
                curve.reductions_db(&mut levels[from..from + step]);
            }
        }
    }

    fn tick_curves(&mut self) {
        self.threshold.tick();
        self.slope.tick();
        self.knee.tick();
        self.range.tick();
        self.expand_threshold.tick();
        self.expand_slope.tick();
    }

    fn curves(&self) -> (Curve, ExpanderCurve) {
        let (knee_db, range_db) = (self.knee.value(), self.range.value());
        (
            Curve { threshold_db: self.threshold.value(), slope: self.slope.value(), knee_db, range_db },
            ExpanderCurve {
                threshold_db: self.expand_threshold.value(),
                slope: self.expand_slope.value(),
                knee_db,
                range_db,
            },
        )
    }

    /// Gains, width, bypass and solo on the sound.
    fn apply(&mut self, part: &mut Block, mix: &[f64; QUANTUM], gains: &[[f64; QUANTUM]; CHANNELS]) {
        if self.is_asleep
            && self.gain.is_unity()
            && self.width.rests_at(1.0)
            && self.heard.rests_at(1.0)
            && !self.share.is_moving()
        {
            return;
        }
        let widens = !self.width.rests_at(1.0);
        let (left, right) = part.stereo_mut();
        for i in 0..QUANTUM {
            let (gain, heard) = (self.gain.tick(), self.heard.tick());
            let share = self.share.tick() * mix[i];
            let factor = |dynamics: f64| heard * (1.0 + share * (dynamics * gain - 1.0));
            left[i] *= factor(gains[0][i]);
            right[i] *= factor(gains[1][i]);
            if widens {
                let (mid, side) = mid_side(left[i], right[i]);
                let width = 1.0 + share * (self.width.tick() - 1.0);
                (left[i], right[i]) = left_right(mid, side * width);
            }
        }
    }
}

/// Share of the processing at a position of the bypass switch.
fn share(bypass: f64) -> f64 {
    if bypass >= 0.5 { 0.0 } else { 1.0 }
}
