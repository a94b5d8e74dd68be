//! Compressor: feed-forward, in the logarithmic domain, downward above one threshold and upward below another; level,
//! curves and times are those of `process::dynamics`.
//!
//! Stereo link `λ`: the reduction wanted of a channel is `(1−λ)` its own and `λ` that of the louder (with two thresholds the
//! larger). In mid/side mode the two channels are `M = (L+R)/2` and `S = (L−R)/2`, detected and moved as such:
//! `out = in + (g_M − 1)·M ± (g_S − 1)·S`. A signal between the thresholds passes bit for bit when make-up is 0 dB and the mix
//! is full.

mod params;

use super::dynamics::sidechain::{HighPassOrder, SideChain};
use super::dynamics::{GainComputer, Lanes, Setting, fade, gain_shown_db, make_sane};
use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::midside::mid_side;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::{Frames, SampleRate};
use params::{
    ATTACK, AUTO_RELEASE, CHANNEL_MODE, DETECTOR, HOLD, HOLD_MAX_MS, KNEE, LINK, LOOKAHEAD, MAKEUP, MID_SIDE,
    MIX, PARAMS, RANGE, RATIO, RELEASE, SIDECHAIN_HPF, SIDECHAIN_LISTEN, SIDECHAIN_SLOPE, SIDECHAIN_TILT,
    THRESHOLD, THRESHOLD_OFFSET, UP_RANGE, UP_RATIO, UP_THRESHOLD,
};

/// The entry for the registry.
pub struct CompressorKind;

impl Kind for CompressorKind {
    fn id(&self) -> &'static str {
        "compressor"
    }

    fn name(&self) -> &'static str {
        "Compressor"
    }

    /// 2: linked channels are one lane, levels are rounded to the nearest step; differences are below 1e-9 dB.
    fn version(&self) -> u32 {
        2
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Compressor::new(values, setup.sample_rate))
    }
}

/// The parameters that are settings of the computer as they are, and their places.
const SETTINGS: [(ParamIndex, Setting); 12] = [
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
    (DETECTOR, Setting::Detector),
    (AUTO_RELEASE, Setting::AutoRelease),
];

struct Compressor {
    is_mid_side: bool,
    has_two_thresholds: bool,
    computer: GainComputer,
    side_chain: SideChain,
    audio: [Delay; CHANNELS],
    /// What the detector hears, in time with the sound.
    heard: [Delay; CHANNELS],
    listen: Smoothed,
    mix: Smoothed,
    makeup: SmoothedGain,
    gain_db: f64,
}

impl Compressor {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let lookahead = rate.frames_from_seconds(values.get(LOOKAHEAD) / 1000.0).as_len();
        let delays = || [0, 1].map(|_| Delay::new(lookahead, 0.0));
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let mode = values.choice(CHANNEL_MODE);
        let has_two_thresholds = mode != 0;
        let setting = |setting| match setting {
            Setting::Link => values.get(LINK) / 100.0,
            Setting::OffsetDb if has_two_thresholds => values.get(THRESHOLD_OFFSET),
            setting => SETTINGS.iter().find(|s| s.1 == setting).map_or(0.0, |s| values.get(s.0)),
        };
        let mut compressor = Self {
            is_mid_side: mode == MID_SIDE,
            has_two_thresholds,
            computer: GainComputer::new(HOLD_MAX_MS, rate, setting),
            side_chain: SideChain::new(HighPassOrder::from_value(values.get(SIDECHAIN_SLOPE)), rate),
            audio: delays(),
            heard: delays(),
            listen: smoothed(values.get(SIDECHAIN_LISTEN)),
            mix: smoothed(values.get(MIX) / 100.0),
            makeup: SmoothedGain::new(values.get(MAKEUP), RAMP_MS, rate),
            gain_db: 0.0,
        };
        compressor.side_chain.set_high_pass_hz(values.get(SIDECHAIN_HPF));
        compressor.side_chain.set_tilt_db(values.get(SIDECHAIN_TILT));
        compressor.side_chain.reset();
        compressor
    }

    /// What the detector hears.
    fn key(&mut self, block: &Block) -> Block {
        let mut key = block.clone();
        if self.side_chain.is_on() {
            self.side_chain.run(&mut key);
        }
        key
    }

    /// The reductions in force for a key.
    fn reductions(&mut self, mut key: Block) -> Lanes {
        if self.is_mid_side {
            encode(&mut key);
        }
        let one = self.computer.is_one();
        let links = self.computer.links();
        let mut lanes = self.computer.levels_db(key.channels(), one);
        self.computer.wanted(&mut lanes, &links);
        self.computer.follow(&mut lanes);
        lanes
    }

    /// Gains on the (delayed) sound, before make-up and mix.
    fn compressed(&self, block: &Block, gains: &Lanes) -> Block {
        let mut wet = block.clone();
        if self.is_mid_side {
            let (left, right) = wet.stereo_mut();
            let (mid_gains, side_gains) = (gains.of_channel(0), gains.of_channel(1));
            for i in 0..QUANTUM {
                let (mid, side) = mid_side(left[i], right[i]);
                let (mid, side) = ((mid_gains[i] - 1.0) * mid, (side_gains[i] - 1.0) * side);
                left[i] += mid + side;
                right[i] += mid - side;
            }
            return wet;
        }
        for (channel, samples) in wet.channels_mut().iter_mut().enumerate() {
            for (sample, gain) in samples.iter_mut().zip(gains.of_channel(channel)) {
                *sample *= gain;
            }
        }
        wet
    }

    fn apply_makeup(&mut self, wet: &mut Block) {
        if self.makeup.is_unity() {
            return;
        }
        let (left, right) = wet.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            let makeup = self.makeup.tick();
            *l *= makeup;
            *r *= makeup;
        }
    }
}

/// `M` and `S` in place of left and right.
fn encode(block: &mut Block) {
    let (left, right) = block.stereo_mut();
    for (l, r) in left.iter_mut().zip(right) {
        (*l, *r) = mid_side(*l, *r);
    }
}

impl Processor for Compressor {
    fn latency(&self) -> Frames {
        Frames(self.audio[0].frames() as i64)
    }

    fn reset(&mut self) {
        self.computer.reset();
        self.side_chain.reset();
        self.audio.iter_mut().chain(&mut self.heard).for_each(Delay::reset);
        self.listen.settle();
        self.mix.settle();
        self.makeup.settle();
        self.gain_db = 0.0;
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            LINK => self.computer.set(Setting::Link, value / 100.0),
            THRESHOLD_OFFSET if self.has_two_thresholds => self.computer.set(Setting::OffsetDb, value),
            MAKEUP => self.makeup.set_db(value),
            SIDECHAIN_HPF => self.side_chain.set_high_pass_hz(value),
            SIDECHAIN_TILT => self.side_chain.set_tilt_db(value),
            SIDECHAIN_LISTEN => self.listen.set(value),
            MIX => self.mix.set(value / 100.0),
            _ => {
                if let Some((_, setting)) = SETTINGS.iter().find(|s| s.0 == param) {
                    self.computer.set(*setting, value);
                }
            }
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_sane(block);
        let key = self.key(block);
        let mut heard = key.clone();
        let mut lanes = self.reductions(key);
        self.gain_db = gain_shown_db(lanes.as_slice());
        lanes.to_gains();
        for (delay, samples) in self.audio.iter_mut().zip(block.channels_mut()) {
            delay.run(samples);
        }
        for (delay, samples) in self.heard.iter_mut().zip(heard.channels_mut()) {
            delay.run(samples);
        }
        let mut wet = self.compressed(block, &lanes);
        self.apply_makeup(&mut wet);
        fade(&mut self.mix, block, &wet);
        fade(&mut self.listen, block, &heard);
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        Some(self.gain_db)
    }
}

#[cfg(test)]
mod tests;
