//! Listening to what one band touches: a filter over the output, faded in and out within 20 ms.
//!
//! Of a bell, notch or band-pass a band-pass with the frequency and Q of the band, of shelves and cuts the Butterworth low-
//! or high-pass (12 dB/oct) of the side they work on, of tilts everything; of a band on a part of the signal that part
//! alone. Frequency and Q follow the band. Only for listening: deliveries never have it.

use std::f64::consts::{PI, SQRT_2};

use super::BANDS;
use super::band::{CONTROL_FRAMES, TUNE_RAMP_MS};
use super::params::{BandChannel, BandType, FREQ, PARAMS_PER_BAND, Q, SOLO, Shape};
use crate::audio::{Block, QUANTUM};
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::statevar::{Core, CoreStep};
use crate::dsp::svf::Frame;
use crate::process::{ParamIndex, Setup, Values};

/// Highest frequency as a part of the sample rate.
const TOP: f64 = 0.46;

/// What is kept of every band.
#[derive(Debug, Clone, Copy)]
struct Heard {
    shape: Shape,
    hz: f64,
    q: f64,
}

/// Everything (`band` 0) or the region of a band (from 1).
#[derive(Debug, Clone)]
struct Voice {
    band: usize,
    /// Of that band when the voice began.
    shape: Option<Shape>,
    core: Core,
    ln_hz: Smoothed,
    ln_q: Smoothed,
}

pub(super) struct Solo {
    heard: [Heard; BANDS],
    wanted: usize,
    current: Voice,
    previous: Voice,
    /// From `previous` (0) to `current` (1).
    fade: Smoothed,
    rate_hz: f64,
}

impl Solo {
    pub(super) fn new(values: &Values, setup: &Setup) -> Self {
        let heard = std::array::from_fn(|band| Heard {
            shape: Shape::of(values, band),
            hz: values.get(band * PARAMS_PER_BAND + FREQ),
            q: values.get(band * PARAMS_PER_BAND + Q),
        });
        let rate = setup.sample_rate;
        let voice = Voice {
            band: 0,
            shape: None,
            core: Core::default(),
            ln_hz: Smoothed::new(0.0, TUNE_RAMP_MS, rate),
            ln_q: Smoothed::new(0.0, TUNE_RAMP_MS, rate),
        };
        let mut solo = Self {
            heard,
            wanted: values.choice(SOLO),
            current: voice.clone(),
            previous: voice,
            fade: Smoothed::new(1.0, RAMP_MS, rate),
            rate_hz: rate.hz(),
        };
        solo.reset();
        solo
    }

    pub(super) fn reset(&mut self) {
        self.start(self.wanted);
        self.previous = self.current.clone();
        self.fade.set(1.0);
        self.fade.settle();
    }

    pub(super) fn set(&mut self, param: ParamIndex, value: f64) {
        if param == SOLO {
            self.wanted = (value as usize).min(BANDS);
            return;
        }
        let Some(heard) = self.heard.get_mut(param / PARAMS_PER_BAND) else { return };
        match param % PARAMS_PER_BAND {
            FREQ => heard.hz = value,
            Q => heard.q = value,
            offset => {
                heard.shape.set(offset, value);
            }
        }
    }

    fn start(&mut self, band: usize) {
        self.current.band = band;
        self.current.shape = self.shape_of(band);
        self.current.core.clear();
        self.aim(false);
        self.current.ln_hz.settle();
        self.current.ln_q.settle();
    }

    fn shape_of(&self, band: usize) -> Option<Shape> {
        band.checked_sub(1).and_then(|band| self.heard.get(band)).map(|heard| heard.shape)
    }

    /// Lets a voice follow its band.
    fn aim(&mut self, previous: bool) {
        let voice = if previous { &mut self.previous } else { &mut self.current };
        if let Some(heard) = voice.band.checked_sub(1).and_then(|band| self.heard.get(band)) {
            voice.ln_hz.set(heard.hz.ln());
            voice.ln_q.set(heard.q.ln());
        }
    }

    /// Plays what is to be heard, in place; with nothing to do the block is not touched.
    pub(super) fn process(&mut self, block: &mut Block) {
        let is_other = self.wanted != self.current.band || self.shape_of(self.wanted) != self.current.shape;
        if is_other && !self.fade.is_moving() {
            std::mem::swap(&mut self.current, &mut self.previous);
            self.start(self.wanted);
            self.fade.set(0.0);
            self.fade.settle();
            self.fade.set(1.0);
        }
        if self.current.band == 0 && !self.fade.is_moving() {
            return;
        }
        let new = self.listen(false, block);
        if !self.fade.is_moving() {
            return write(block, |i| new[i]);
        }
        let old = self.listen(true, block);
        let mut share = [0.0; QUANTUM];
        share.fill_with(|| self.fade.tick());
        write(block, |i| [0, 1].map(|c| old[i][c] + share[i] * (new[i][c] - old[i][c])));
    }

    /// What a voice plays of a block.
    fn listen(&mut self, previous: bool, block: &Block) -> [Frame; QUANTUM] {
        self.aim(previous);
        let voice = if previous { &mut self.previous } else { &mut self.current };
        let mut out = std::array::from_fn(|i| [block.left()[i], block.right()[i]]);
        let Some(shape) = voice.shape else { return out };
        for chunk in out.chunks_mut(CONTROL_FRAMES) {
            let hz = voice.ln_hz.advance(CONTROL_FRAMES as u32).exp();
            let q = voice.ln_q.advance(CONTROL_FRAMES as u32).exp();
            let region = Region::of(shape.band_type);
            let damping = if region == Region::Around { 1.0 / q } else { SQRT_2 };
            let step = CoreStep::new((PI * (hz / self.rate_hz).min(TOP)).tan(), damping);
            for frame in chunk {
                let x = part_alone(shape.channel, frame);
                let (band, low) = voice.core.tick(&step, x);
                *frame = [0, 1].map(|c| match region {
                    Region::All => x[c],
                    Region::Around => damping * band[c],
                    Region::Below => low[c],
                    Region::Above => x[c] - damping * band[c] - low[c],
                });
            }
        }
        out
    }
}

fn write(block: &mut Block, frame: impl Fn(usize) -> Frame) {
    let (left, right) = block.stereo_mut();
    for i in 0..QUANTUM {
        [left[i], right[i]] = frame(i);
    }
}

/// A frame with nothing but the part a band works on.
fn part_alone(channel: BandChannel, frame: &Frame) -> Frame {
    if channel == BandChannel::Stereo {
        return *frame;
    }
    let part = channel.part_of(frame);
    channel.to_left_right().map(|sign| sign * part)
}

/// Where a band works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Region {
    Around,
    Below,
    Above,
    All,
}

impl Region {
    fn of(band_type: BandType) -> Self {
        match band_type {
            BandType::Bell | BandType::Notch | BandType::BandPass => Self::Around,
            BandType::LowShelf | BandType::LowCut => Self::Below,
            BandType::HighShelf | BandType::HighCut => Self::Above,
            BandType::Tilt | BandType::FlatTilt => Self::All,
        }
    }
}
