//! What every dynamics processor is made of: a level, a static curve, and a reduction smoothed in time.
//!
//! Feed-forward, in the logarithmic domain (Giannoulis, Massberg, Reiss, JAES 60(6) 2012). The reduction is smoothed in dB
//! *after* the curve, so that times do not depend on the level: `τ` is the time to 63.2 % of the step in dB. Detectors:
//! *peak* holds the largest sample of 10 ms, *rms* is the mean square of the last 10 ms, *smooth* is rms with two equal
//! one-poles in a row. Hold and window are taken off the times, so that the time printed is the time measured.

mod computer;
pub(crate) mod curve;
mod follower;
mod hold;
mod lanes;
mod level;
pub(crate) mod sidechain;

pub(crate) use computer::{GainComputer, Setting};
pub(crate) use curve::ExpanderCurve;
pub(crate) use follower::{Ballistics, Follower, Lane, Times, follow, gain_shown_db};
pub(crate) use hold::HeldMaximum;
pub(crate) use lanes::Lanes;
pub(crate) use level::{LevelReader, MeanSquare};

use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::smooth::{Smoothed, SmoothedGain};

/// Words of a `detector` parameter.
pub(crate) const DETECTOR_WORDS: &[&str] = &["peak", "rms", "smooth"];

/// Hold of the peak detector and window of the mean square.
pub(crate) const WINDOW_MS: f64 = 10.0;

/// Samples beyond this are damage, not sound.
const INPUT_MAX: f64 = 1e9;

/// How a level is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detector {
    /// Largest sample of 10 ms.
    Peak,
    /// Mean square of 10 ms.
    Rms,
    /// The same, with a gain curve without corners.
    Smooth,
}

impl Detector {
    /// Of the index of a word.
    pub(crate) fn from_value(value: f64) -> Self {
        match value as usize {
            0 => Self::Peak,
            1 => Self::Rms,
            _ => Self::Smooth,
        }
    }
}

/// Takes out what is not sound: NaN becomes silence, the rest is kept within ±1e9.
pub(crate) fn make_sane(block: &mut Block) {
    for sample in block.channels_mut().iter_mut().flatten() {
        *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-INPUT_MAX, INPUT_MAX) };
    }
}

/// A share of `to` in place of `from`; nothing is done at rest at 0, all at rest at 1.
pub(crate) fn fade(share: &mut Smoothed, from: &mut Block, to: &Block) {
    if share.rests_at(0.0) {
        return;
    }
    if share.rests_at(1.0) {
        from.clone_from(to);
        return;
    }
    let shares = frames_of(share);
    for (from, to) in from.channels_mut().iter_mut().zip(to.channels()) {
        for ((f, t), share) in from.iter_mut().zip(to).zip(&shares) {
            *f = share * t + (1.0 - share) * *f;
        }
    }
}

/// What a detector heard, as late as the sound; `None` if nobody listens.
pub(crate) fn delayed_key(delays: &mut [Delay; CHANNELS], listen: &Smoothed, key: &Block) -> Option<Block> {
    // A delay is fed all the time, so that it holds the right past when somebody begins to listen.
    let is_late = delays[0].frames() > 0;
    (is_late || !listen.rests_at(0.0)).then(|| {
        let mut heard = key.clone();
        for (delay, samples) in delays.iter_mut().zip(heard.channels_mut()) {
            delay.run(samples);
        }
        heard
    })
}

/// A share of what is there, the rest of `dry`.
pub(crate) fn blend(share: &mut Smoothed, dry: &Block, wet: &mut Block) {
    let shares = frames_of(share);
    for (wet, dry) in wet.channels_mut().iter_mut().zip(dry.channels()) {
        for ((w, d), share) in wet.iter_mut().zip(dry).zip(&shares) {
            *w = share * *w + (1.0 - share) * d;
        }
    }
}

/// The value for every frame of the coming block.
pub(crate) fn frames_of(number: &mut Smoothed) -> [f64; QUANTUM] {
    let mut frames = [number.value(); QUANTUM];
    if number.is_moving() {
        frames.fill_with(|| number.tick());
    }
    frames
}

/// The linear factor for every frame of the coming block.
pub(crate) fn factors_of(gain: &mut SmoothedGain) -> [f64; QUANTUM] {
    let mut frames = [gain.factor(); QUANTUM];
    if gain.is_moving() {
        frames.fill_with(|| gain.tick());
    }
    frames
}
