//! What a compressor does to its gain: levels of two channels, curves, link, and the way to the reduction in time.
//!
//! While both channels are fully linked and have the same threshold, one lane does for both: the louder channel decides.

use super::curve::{Curve, UpwardCurve};
use super::follower::{Ballistics, Follower, Times};
use super::lanes::Lanes;
use super::level::LevelReader;
use super::{Detector, frames_of};

use crate::audio::{CHANNELS, QUANTUM};
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::units::SampleRate;

/// What can be set on a [`GainComputer`], in the units of the parameters of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    ThresholdDb,
    Ratio,
    KneeDb,
    RangeDb,
    UpThresholdDb,
    UpRatio,
    UpRangeDb,
    /// Added to both thresholds of the second channel.
    OffsetDb,
    AttackMs,
    ReleaseMs,
    HoldMs,
    /// Index in [`super::DETECTOR_WORDS`].
    Detector,
    AutoRelease,
    /// 0 to 1.
    Link,
}

/// A curve whose numbers move smoothly.
#[derive(Debug, Clone)]
struct MovingCurve {
    threshold: Smoothed,
    /// `1 − 1/R`.
    slope: Smoothed,
    knee: Smoothed,
    range: Smoothed,
    up_threshold: Smoothed,
    up_slope: Smoothed,
    up_range: Smoothed,
    offset: Smoothed,
}

fn slope_of(ratio: f64) -> f64 {
    1.0 - 1.0 / ratio.max(1.0)
}

impl MovingCurve {
    fn new(value: &impl Fn(Setting) -> f64, rate: SampleRate) -> Self {
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        Self {
            threshold: smoothed(value(Setting::ThresholdDb)),
            slope: smoothed(slope_of(value(Setting::Ratio))),
            knee: smoothed(value(Setting::KneeDb)),
            range: smoothed(value(Setting::RangeDb)),
            up_threshold: smoothed(value(Setting::UpThresholdDb)),
            up_slope: smoothed(slope_of(value(Setting::UpRatio))),
            up_range: smoothed(value(Setting::UpRangeDb)),
            offset: smoothed(value(Setting::OffsetDb)),
        }
    }

    fn numbers(&mut self) -> [&mut Smoothed; 8] {
        [
            &mut self.threshold,
            &mut self.slope,
            &mut self.knee,
            &mut self.range,
            &mut self.up_threshold,
            &mut self.up_slope,
            &mut self.up_range,
            &mut self.offset,
        ]
    }

    fn is_idle(&self) -> bool {
        self.slope.rests_at(0.0) && self.up_slope.rests_at(0.0)
    }

    /// The curves of a channel as they are now.
    fn of_channel(&self, channel: usize) -> (Curve, UpwardCurve) {
        let offset_db = if channel == 0 { 0.0 } else { self.offset.value() };
        let knee_db = self.knee.value();
        (
            Curve {
                threshold_db: self.threshold.value() + offset_db,
                slope: self.slope.value(),
                knee_db,
                range_db: self.range.value(),
            },
            UpwardCurve {
                threshold_db: self.up_threshold.value() + offset_db,
                slope: self.up_slope.value(),
                knee_db,
                range_db: self.up_range.value(),
            },
        )
    }

    /// Levels become the reductions wanted, in place.
    fn apply(&mut self, lanes: &mut [[f64; QUANTUM]]) {
        if self.numbers().iter().all(|n| !n.is_moving()) {
            // Resting curves are the same for all frames, so that the loop over a block becomes vector code.
            for (channel, lane) in lanes.iter_mut().enumerate() {
                let (down, up) = self.of_channel(channel);
                if self.up_slope.rests_at(0.0) {
                    lane.iter_mut().for_each(|l| *l = down.reduction_db(*l));
                } else {
                    lane.iter_mut().for_each(|l| *l = down.reduction_db(*l) - up.gain_db(*l));
                }
            }
            return;
        }
        for i in 0..QUANTUM {
            self.numbers().into_iter().for_each(|n| _ = n.tick());
            for (channel, lane) in lanes.iter_mut().enumerate() {
                let (down, up) = self.of_channel(channel);
                lane[i] = down.reduction_db(lane[i]) - up.gain_db(lane[i]);
            }
        }
    }
}

/// Levels, curves, link and times of a compressor.
#[derive(Debug, Clone)]
pub(crate) struct GainComputer {
    rate: SampleRate,
    readers: [LevelReader; CHANNELS],
    followers: [Follower; CHANNELS],
    curve: MovingCurve,
    link: Smoothed,
    ballistics: Ballistics,
    times: Times,
}

impl GainComputer {
    /// With these settings and a hold of up to `hold_max_ms`.
    pub(crate) fn new(hold_max_ms: f64, rate: SampleRate, value: impl Fn(Setting) -> f64) -> Self {
        let ballistics = Ballistics {
            detector: Detector::from_value(value(Setting::Detector)),
            attack_ms: value(Setting::AttackMs),
            release_ms: value(Setting::ReleaseMs),
            hold_ms: value(Setting::HoldMs),
            auto_release: value(Setting::AutoRelease) >= 0.5,
        };
        let mut computer = Self {
            rate,
            readers: [0, 1].map(|_| LevelReader::new(hold_max_ms, rate)),
            followers: [Follower::default(); CHANNELS],
            curve: MovingCurve::new(&value, rate),
            link: Smoothed::new(value(Setting::Link), RAMP_MS, rate),
            ballistics,
            times: ballistics.times(rate).0,
        };
        computer.set_times();
        computer
    }

    fn set_times(&mut self) {
        let (times, window) = self.ballistics.times(self.rate);
        self.times = times;
        self.readers.iter_mut().for_each(|reader| reader.set_window(window));
    }

    /// A new value of a setting.
    pub(crate) fn set(&mut self, setting: Setting, value: f64) {
        let (curve, ballistics) = (&mut self.curve, &mut self.ballistics);
        match setting {
            Setting::ThresholdDb => curve.threshold.set(value),
            Setting::Ratio => curve.slope.set(slope_of(value)),
            Setting::KneeDb => curve.knee.set(value),
            Setting::RangeDb => curve.range.set(value),
            Setting::UpThresholdDb => curve.up_threshold.set(value),
            Setting::UpRatio => curve.up_slope.set(slope_of(value)),
            Setting::UpRangeDb => curve.up_range.set(value),
            Setting::OffsetDb => curve.offset.set(value),
            Setting::Link => self.link.set(value),
            Setting::AttackMs => ballistics.attack_ms = value,
            Setting::ReleaseMs => ballistics.release_ms = value,
            Setting::HoldMs => ballistics.hold_ms = value,
            Setting::Detector => ballistics.detector = Detector::from_value(value),
            Setting::AutoRelease => ballistics.auto_release = value >= 0.5,
        }
        self.set_times();
    }

    /// Forgets the past and settles.
    pub(crate) fn reset(&mut self) {
        self.forget();
        self.curve.numbers().into_iter().for_each(Smoothed::settle);
        self.link.settle();
    }

    /// Forgets the past.
    pub(crate) fn forget(&mut self) {
        self.readers.iter_mut().for_each(LevelReader::reset);
        self.followers = [Follower::default(); CHANNELS];
    }

    /// Whether the gain is and will be left alone.
    pub(crate) fn is_idle(&self) -> bool {
        self.curve.is_idle() && self.followers.iter().all(Follower::is_at_rest)
    }

    /// What would have moved in a block, had it been at work.
    pub(crate) fn pass_time(&mut self) {
        self.curve.numbers().into_iter().for_each(|n| _ = n.advance(QUANTUM as u32));
        self.link.advance(QUANTUM as u32);
    }

    /// Coefficients of its times.
    pub(crate) fn ballistics(&self) -> &Ballistics {
        &self.ballistics
    }

    /// Whether one lane does for both channels.
    pub(crate) fn is_one(&self) -> bool {
        let [one, other] = &self.followers;
        self.link.rests_at(1.0) && self.curve.offset.rests_at(0.0) && one.agrees_with(other)
    }

    /// Share of the link for every frame of the coming block.
    pub(crate) fn links(&mut self) -> [f64; QUANTUM] {
        frames_of(&mut self.link)
    }

    /// Levels of a key in dB; one lane if `one`, for the louder channel.
    pub(crate) fn levels_db(&mut self, key: &[[f64; QUANTUM]; CHANNELS], one: bool) -> Lanes {
        Lanes::levels_db(&mut self.readers, self.ballistics.detector, key, one)
    }

    /// Levels become the reductions wanted: by the curves, linked.
    pub(crate) fn wanted(&mut self, lanes: &mut Lanes, links: &[f64; QUANTUM]) {
        let levels = lanes.clone();
        self.curve.apply(lanes.as_mut_slice());
        if self.curve.offset.rests_at(0.0) {
            lanes.link_to_louder(&levels, links);
        } else {
            lanes.link_to_larger(links);
        }
    }

    /// Reductions wanted become those in force.
    pub(crate) fn follow(&mut self, lanes: &mut Lanes) {
        lanes.follow(&mut self.followers, self.times);
    }
}
