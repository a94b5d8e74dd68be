//! One band: compressor, expander, gain, width, bypass and solo on its part of the signal.

use super::params::{
    ATTACK, AUTO_RELEASE, BAND_AUTO_RELEASE, BAND_DETECTOR, BAND_LINK, BAND_MIX, BYPASS, DETECTOR,
    EXPAND_RATIO, EXPAND_THRESHOLD, FIRST_BAND, GAIN, HOLD, HOLD_MAX_MS, KNEE, LINK, LOOKAHEAD,
    PARAMS_PER_BAND, RANGE, RATIO, RELEASE, SOLO, THRESHOLD, UP_RANGE, UP_RATIO, UP_THRESHOLD, WIDTH,
};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::midside::{left_right, mid_side};
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::process::Values;
use crate::process::dynamics::{
    ExpanderCurve, Follower, GainComputer, Lanes, Setting, Times, factors_of, frames_of, gain_shown_db,
};
use crate::units::SampleRate;

/// The parameters that are settings of the computer as they are, and their places in the band.
const SETTINGS: [(usize, Setting); 10] = [
    (THRESHOLD, Setting::ThresholdDb),
    (RATIO, Setting::Ratio),
    (KNEE, Setting::KneeDb),
    (RANGE, Setting::RangeDb),
    (UP_THRESHOLD, Setting::UpThresholdDb),
    (UP_RATIO, Setting::UpRatio),
    (UP_RANGE, Setting::UpRangeDb),
    (ATTACK, Setting::AttackMs),
    (RELEASE, Setting::ReleaseMs),
    (HOLD, Setting::HoldMs),
];

/// What a band may take from all bands or have of its own.
struct Shares {
    /// Index in the words of all bands.
    detector_of_all: f64,
    /// Index in its own words, where 0 is that of all bands.
    detector: f64,
    auto_release_of_all: bool,
    /// 0 as all, 1 off, 2 on.
    auto_release: f64,
    /// 0 to 1.
    link_of_all: f64,
    link: f64,
}

impl Shares {
    fn detector(&self) -> f64 {
        if self.detector < 0.5 { self.detector_of_all } else { self.detector - 1.0 }
    }

    fn auto_release(&self) -> f64 {
        let on = if self.auto_release < 0.5 { self.auto_release_of_all } else { self.auto_release > 1.5 };
        f64::from(u8::from(on))
    }

    fn link(&self) -> f64 {
        self.link_of_all * self.link
    }
}

/// Downward expansion, at the times of the compressor.
struct Expansion {
    threshold: Smoothed,
    /// `R − 1`.
    slope: Smoothed,
    knee: Smoothed,
    range: Smoothed,
    followers: [Follower; CHANNELS],
    times: Times,
}

impl Expansion {
    fn numbers(&mut self) -> [&mut Smoothed; 4] {
        [&mut self.threshold, &mut self.slope, &mut self.knee, &mut self.range]
    }

    fn is_idle(&self) -> bool {
        self.slope.rests_at(0.0) && self.followers.iter().all(Follower::is_at_rest)
    }

    /// Whether one lane does for both channels, if they are linked.
    fn is_one(&self) -> bool {
        let [one, other] = &self.followers;
        one.agrees_with(other)
    }

    fn curve(&self) -> ExpanderCurve {
        ExpanderCurve {
            threshold_db: self.threshold.value(),
            slope: self.slope.value(),
            knee_db: self.knee.value(),
            range_db: self.range.value(),
        }
    }

    /// Levels become reductions in force.
    fn reduce(&mut self, lanes: &mut Lanes, links: &[f64; QUANTUM]) {
        if self.numbers().iter().all(|n| !n.is_moving()) {
            // Resting curves are the same for all frames, so that the loop over a block becomes vector code.
            let curve = self.curve();
            lanes.as_mut_slice().iter_mut().for_each(|lane| curve.reductions_db(lane));
        } else {
            for i in 0..QUANTUM {
                self.numbers().into_iter().for_each(|n| _ = n.tick());
                let curve = self.curve();
                lanes.as_mut_slice().iter_mut().for_each(|lane| lane[i] = curve.reduction_db(lane[i]));
            }
        }
        // The louder channel keeps both open.
        lanes.link_to_smaller(links);
        lanes.follow(&mut self.followers, self.times);
    }
}

pub(super) struct Band {
    rate: SampleRate,
    computer: GainComputer,
    expansion: Expansion,
    shares: Shares,
    audio: [Delay; CHANNELS],
    gain: SmoothedGain,
    width: Smoothed,
    mix: Smoothed,
    /// 0 where the band is bypassed.
    share: Smoothed,
    /// 0 where another band has solo and this one has not.
    heard: Smoothed,
    is_solo: bool,
    /// Nothing was to be done in the last block: the levels hold an old past.
    is_asleep: bool,
    gain_db: f64,
}

impl Band {
    pub(super) fn new(values: &Values, index: usize, rate: SampleRate) -> Self {
        let value = |offset| values.get(FIRST_BAND + index * PARAMS_PER_BAND + offset);
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let lookahead = rate.frames_from_seconds(values.get(LOOKAHEAD) / 1000.0).as_len();
        let shares = Shares {
            detector_of_all: values.get(DETECTOR),
            detector: value(BAND_DETECTOR),
            auto_release_of_all: values.is_on(AUTO_RELEASE),
            auto_release: value(BAND_AUTO_RELEASE),
            link_of_all: values.get(LINK) / 100.0,
            link: value(BAND_LINK) / 100.0,
        };
        let setting = |setting| match setting {
            Setting::Detector => shares.detector(),
            Setting::AutoRelease => shares.auto_release(),
            Setting::Link => shares.link(),
            setting => SETTINGS.iter().find(|s| s.1 == setting).map_or(0.0, |s| value(s.0)),
        };
        let computer = GainComputer::new(HOLD_MAX_MS, rate, setting);
        let expansion = Expansion {
            threshold: smoothed(value(EXPAND_THRESHOLD)),
            slope: smoothed(value(EXPAND_RATIO) - 1.0),
            knee: smoothed(value(KNEE)),
            range: smoothed(value(RANGE)),
            followers: [Follower::default(); CHANNELS],
            times: computer.ballistics().expander_times(rate).0,
        };
        Self {
            rate,
            computer,
            expansion,
            shares,
            audio: [0, 1].map(|_| Delay::new(lookahead, 0.0)),
            gain: SmoothedGain::new(value(GAIN), RAMP_MS, rate),
            width: smoothed(value(WIDTH) / 100.0),
            mix: smoothed(value(BAND_MIX) / 100.0),
            share: smoothed(share(value(BYPASS))),
            heard: smoothed(1.0),
            is_solo: value(SOLO) >= 0.5,
            is_asleep: false,
            gain_db: 0.0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.computer.reset();
        self.expansion.followers = [Follower::default(); CHANNELS];
        self.expansion.numbers().into_iter().for_each(Smoothed::settle);
        self.audio.iter_mut().for_each(Delay::reset);
        [&mut self.width, &mut self.mix, &mut self.share, &mut self.heard]
            .into_iter()
            .for_each(Smoothed::settle);
        self.gain.settle();
        self.is_asleep = false;
        self.gain_db = 0.0;
    }

    pub(super) fn set(&mut self, offset: usize, value: f64) {
        match offset {
            GAIN => self.gain.set_db(value),
            EXPAND_THRESHOLD => self.expansion.threshold.set(value),
            EXPAND_RATIO => self.expansion.slope.set(value.max(1.0) - 1.0),
            WIDTH => self.width.set(value / 100.0),
            BYPASS => self.share.set(share(value)),
            SOLO => self.is_solo = value >= 0.5,
            BAND_MIX => self.mix.set(value / 100.0),
            BAND_DETECTOR => self.shares.detector = value,
            BAND_AUTO_RELEASE => self.shares.auto_release = value,
            BAND_LINK => self.shares.link = value / 100.0,
            _ => {
                if let Some((_, setting)) = SETTINGS.iter().find(|s| s.0 == offset) {
                    self.computer.set(*setting, value);
                }
            }
        }
        match offset {
            KNEE => self.expansion.knee.set(value),
            RANGE => self.expansion.range.set(value),
            _ => {}
        }
        self.set_shares();
    }

    pub(super) fn set_detector_of_all(&mut self, value: f64) {
        self.shares.detector_of_all = value;
        self.set_shares();
    }

    pub(super) fn set_auto_release_of_all(&mut self, on: bool) {
        self.shares.auto_release_of_all = on;
        self.set_shares();
    }

    pub(super) fn set_link_of_all(&mut self, link: f64) {
        self.shares.link_of_all = link;
        self.set_shares();
    }

    fn set_shares(&mut self) {
        self.computer.set(Setting::Detector, self.shares.detector());
        self.computer.set(Setting::AutoRelease, self.shares.auto_release());
        self.computer.set(Setting::Link, self.shares.link());
        self.expansion.times = self.computer.ballistics().expander_times(self.rate).0;
    }

    pub(super) fn is_solo(&self) -> bool {
        self.is_solo
    }

    /// Whether it is heard at all.
    pub(super) fn set_heard(&mut self, heard: bool) {
        self.heard.set(if heard { 1.0 } else { 0.0 });
    }

    /// Gain change of the dynamics in the last block, dB, signed as a meter shows it.
    pub(super) fn gain_db(&self) -> f64 {
        self.gain_db
    }

    /// Whether nothing in the dynamics can act.
    fn is_idle(&self) -> bool {
        self.share.rests_at(0.0) || (self.computer.is_idle() && self.expansion.is_idle())
    }

    /// One block of the band in place; `mix` is that of all bands.
    pub(super) fn process(&mut self, part: &mut Block, mix: &[f64; QUANTUM]) {
        self.gain_db = 0.0;
        let gains = if self.is_idle() {
            self.is_asleep = true;
            self.pass_time();
            None
        } else {
            if std::mem::take(&mut self.is_asleep) {
                self.computer.forget();
                self.expansion.followers = [Follower::default(); CHANNELS];
            }
            Some(self.gains(part))
        };
        for (delay, samples) in self.audio.iter_mut().zip(part.channels_mut()) {
            delay.run(samples);
        }
        self.apply(part, mix, gains.as_ref());
    }

    /// What would have moved, had the dynamics been at work.
    fn pass_time(&mut self) {
        self.computer.pass_time();
        for number in self.expansion.numbers() {
            number.advance(QUANTUM as u32);
        }
    }

    /// The gains of the dynamics.
    fn gains(&mut self, part: &Block) -> Lanes {
        let expands = !self.expansion.is_idle();
        let one = self.computer.is_one() && (!expands || self.expansion.is_one());
        let links = self.computer.links();
        let mut lanes = self.computer.levels_db(part.channels(), one);
        let mut expansions = if expands { Some(lanes.clone()) } else { None };
        self.computer.wanted(&mut lanes, &links);
        self.computer.follow(&mut lanes);
        if let Some(expansions) = &mut expansions {
            self.expansion.reduce(expansions, &links);
            lanes.add(expansions);
        } else {
            self.expansion.numbers().into_iter().for_each(|n| _ = n.advance(QUANTUM as u32));
        }
        self.gain_db = gain_shown_db(lanes.as_slice());
        lanes.to_gains();
        lanes
    }

    /// Gains, width, bypass and solo on the sound.
    fn apply(&mut self, part: &mut Block, mix: &[f64; QUANTUM], gains: Option<&Lanes>) {
        if gains.is_none()
            && self.gain.is_unity()
            && self.width.rests_at(1.0)
            && self.heard.rests_at(1.0)
            && !self.share.is_moving()
        {
            self.mix.advance(QUANTUM as u32);
            return;
        }
        let (gain, heard) = (factors_of(&mut self.gain), frames_of(&mut self.heard));
        let mut shares = frames_of(&mut self.share);
        for ((share, mix), own) in shares.iter_mut().zip(mix).zip(frames_of(&mut self.mix)) {
            *share *= mix * own;
        }
        for (channel, samples) in part.channels_mut().iter_mut().enumerate() {
            let dynamics = gains.map_or([1.0; QUANTUM], |gains| *gains.of_channel(channel));
            for i in 0..QUANTUM {
                samples[i] *= heard[i] * (1.0 + shares[i] * (dynamics[i] * gain[i] - 1.0));
            }
        }
        if !self.width.rests_at(1.0) {
            self.widen(part, &shares);
        }
    }

    fn widen(&mut self, part: &mut Block, shares: &[f64; QUANTUM]) {
        let width = frames_of(&mut self.width);
        let (left, right) = part.stereo_mut();
        for i in 0..QUANTUM {
            let (mid, side) = mid_side(left[i], right[i]);
            (left[i], right[i]) = left_right(mid, side * (1.0 + shares[i] * (width[i] - 1.0)));
        }
    }
}

/// Share of the processing at a position of the bypass switch.
fn share(bypass: f64) -> f64 {
    if bypass >= 0.5 { 0.0 } else { 1.0 }
}
