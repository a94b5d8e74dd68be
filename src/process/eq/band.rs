//! One band of the minimum-phase equaliser: a cascade that moves with its parameters and crossfades between shapes.
//!
//! Gain moves in dB within 20 ms, frequency and Q in their logarithm within 30 ms (a jump by octaves turns the phase, which
//! splatters more than a change of gain); a new filter is designed every 16 base frames and
//! its coefficients are interpolated in between. Type, slope, channel and on/off crossfade two filters within 20 ms.

use super::params::{BandChannel, FREQ, GAIN, PARAMS_PER_BAND, Q, Shape};
use crate::dsp::midside::mid_side;
use crate::dsp::oversample::DOUBLE;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::svf::{Cascade, Frame, MAX_SECTIONS, SvfCoefs};
use crate::process::Values;
use crate::units::SampleRate;

/// Base frames between two designs of a moving filter.
pub(super) const CONTROL_FRAMES: usize = 16;

/// Time of a change of frequency or Q.
const TUNE_RAMP_MS: f64 = 30.0;

/// One shape with its filter.
#[derive(Debug, Clone)]
struct Voice {
    shape: Shape,
    filter: Cascade,
}

pub(super) struct Band {
    /// What it should be; taken up when no crossfade is under way.
    wanted: Shape,
    current: Voice,
    previous: Voice,
    /// From `previous` (0) to `current` (1), per frame of the running rate.
    fade: Smoothed,
    ln_hz: Smoothed,
    gain_db: Smoothed,
    ln_q: Smoothed,
    rate_hz: f64,
    /// It did nothing in the last block: its filter holds an old past.
    idle: bool,
}

impl Band {
    /// Band `index` (from 0), to run at `running` when the base rate is `base`.
    pub(super) fn new(values: &Values, index: usize, base: SampleRate, running: SampleRate) -> Self {
        let shape = Shape::of(values, index);
        let value = |offset| values.get(index * PARAMS_PER_BAND + offset);
        let tuned = |offset| Smoothed::new(value(offset).ln(), TUNE_RAMP_MS, base);
        let voice = Voice { shape, filter: Cascade::default() };
        let mut band = Self {
            wanted: shape,
            current: voice.clone(),
            previous: voice,
            fade: Smoothed::new(1.0, RAMP_MS, running),
            ln_hz: tuned(FREQ),
            gain_db: Smoothed::new(value(GAIN), RAMP_MS, base),
            ln_q: tuned(Q),
            rate_hz: running.hz(),
            idle: false,
        };
        band.reset();
        band
    }

    pub(super) fn set(&mut self, offset: usize, value: f64) {
        if self.wanted.set(offset, value) {
            return;
        }
        match offset {
            FREQ => self.ln_hz.set(value.ln()),
            GAIN => self.gain_db.set(value),
            Q => self.ln_q.set(value.ln()),
            _ => {}
        }
        if !self.is_heard() {
            self.settle_numbers();
        }
    }

    pub(super) fn reset(&mut self) {
        self.settle_numbers();
        self.fade = {
            let mut fade = self.fade.clone();
            fade.set(1.0);
            fade.settle();
            fade
        };
        self.current.shape = self.wanted;
        self.previous.shape = self.wanted;
        self.restart();
        self.idle = false;
    }

    /// Whether it changes the sound, or is about to.
    pub(super) fn is_active(&self) -> bool {
        self.fade.is_moving() || self.acts(self.current.shape) || self.acts(self.wanted)
    }

    fn is_heard(&self) -> bool {
        self.fade.is_moving() || self.current.shape.enabled
    }

    fn acts(&self, shape: Shape) -> bool {
        shape.enabled && !(shape.has_gain() && self.gain_db.rests_at(0.0))
    }

    fn is_moving(&self) -> bool {
        self.ln_hz.is_moving() || self.gain_db.is_moving() || self.ln_q.is_moving()
    }

    fn settle_numbers(&mut self) {
        self.ln_hz.settle();
        self.gain_db.settle();
        self.ln_q.settle();
    }

    /// The current filter from an empty past at the present numbers.
    fn restart(&mut self) {
        let (count, coefs) = self.design(self.current.shape);
        self.current.filter.clear();
        self.current.filter.jump_to(&coefs[..count]);
    }

    fn design(&self, shape: Shape) -> (usize, [SvfCoefs; MAX_SECTIONS]) {
        let (count, sections) = shape.sections(self.gain_db.value(), self.ln_q.value().exp());
        let f0_hz = self.ln_hz.value().exp();
        let mut coefs = [SvfCoefs::IDENTITY; MAX_SECTIONS];
        for (coef, section) in coefs.iter_mut().zip(&sections).take(count) {
            *coef = SvfCoefs::from_biquad(&section.matched(f0_hz, self.rate_hz));
        }
        (count, coefs)
    }

    /// Works on one block at the running rate in place; `control` is [`CONTROL_FRAMES`] at that rate.
    pub(super) fn process(&mut self, frames: &mut [Frame], control: usize) {
        self.take_up_shape();
        if !self.is_active() {
            self.idle = true;
            return;
        }
        if self.idle {
            self.restart();
            self.idle = false;
        }
        if self.is_moving() {
            for chunk in frames.chunks_mut(control) {
                self.ln_hz.advance(CONTROL_FRAMES as u32);
                self.gain_db.advance(CONTROL_FRAMES as u32);
                self.ln_q.advance(CONTROL_FRAMES as u32);
                self.step(chunk, true);
            }
        } else {
            self.step(frames, false);
        }
        self.current.filter.heal();
        self.previous.filter.heal();
    }

    fn take_up_shape(&mut self) {
        if self.wanted == self.current.shape || self.fade.is_moving() {
            return;
        }
        std::mem::swap(&mut self.current, &mut self.previous);
        self.current.shape = self.wanted;
        if !self.previous.shape.enabled {
            self.settle_numbers();
        }
        self.restart();
        self.fade.set(0.0);
        self.fade.settle();
        self.fade.set(1.0);
    }

    fn step(&mut self, frames: &mut [Frame], moving: bool) {
        if !self.fade.is_moving() {
            self.voice(false, frames, moving);
            return;
        }
        let mut old = [[0.0; 2]; DOUBLE];
        let old = &mut old[..frames.len()];
        old.copy_from_slice(frames);
        self.voice(true, old, moving);
        self.voice(false, frames, moving);
        for (new, old) in frames.iter_mut().zip(old) {
            let share = self.fade.tick();
            for c in 0..2 {
                new[c] = old[c] + share * (new[c] - old[c]);
            }
        }
    }

    /// Runs the previous or the current filter.
    fn voice(&mut self, previous: bool, frames: &mut [Frame], moving: bool) {
        let shape = if previous { self.previous.shape } else { self.current.shape };
        if !shape.enabled {
            return;
        }
        let target = moving.then(|| self.design(shape));
        let filter = if previous { &mut self.previous.filter } else { &mut self.current.filter };
        in_channel(shape.channel, frames, |part| match &target {
            Some((count, coefs)) => filter.glide(&coefs[..*count], part),
            None => filter.run(part),
        });
    }
}

/// Lets `filter` work on a part of the signal; what it changes is added to both channels as the part demands.
fn in_channel(channel: BandChannel, frames: &mut [Frame], filter: impl FnOnce(&mut [Frame])) {
    if channel == BandChannel::Stereo {
        filter(frames);
        return;
    }
    let part_of = |f: &Frame| match channel {
        BandChannel::Stereo | BandChannel::Left => f[0],
        BandChannel::Right => f[1],
        BandChannel::Mid => mid_side(f[0], f[1]).0,
        BandChannel::Side => mid_side(f[0], f[1]).1,
    };
    let (left, right) = match channel {
        BandChannel::Stereo | BandChannel::Mid => (1.0, 1.0),
        BandChannel::Side => (1.0, -1.0),
        BandChannel::Left => (1.0, 0.0),
        BandChannel::Right => (0.0, 1.0),
    };
    let mut part = [[0.0; 2]; DOUBLE];
    let part = &mut part[..frames.len()];
    for (p, f) in part.iter_mut().zip(frames.iter()) {
        p[0] = part_of(f);
    }
    filter(part);
    for (p, f) in part.iter().zip(frames.iter_mut()) {
        let change = p[0] - part_of(f);
        f[0] += left * change;
        f[1] += right * change;
    }
}
