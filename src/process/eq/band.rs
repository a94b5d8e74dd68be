//! One band of the minimum-phase equaliser: a cascade that moves with its parameters and crossfades between shapes.
//!
//! Gain moves in dB within 20 ms, frequency and Q in their logarithm within 30 ms (a jump by octaves turns the phase, which
//! splatters more than a change of gain); a new filter is designed every 16 base frames and
//! its coefficients are interpolated in between. Type, slope, channel and on/off crossfade two filters within 20 ms.
//!
//! The gain of a dynamic band moves all the time, so its filters are designed on a grid of [`GRID_DB`] about the static gain
//! and interpolated (the corners at its points are below -95 dBc): a new one is needed only when the gain leaves its cell.

use super::dynamic::Dynamics;
use super::params::{BandChannel, FREQ, GAIN, PARAMS_PER_BAND, Q, Shape};
use crate::audio::QUANTUM;
use crate::dsp::oversample::DOUBLE;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::svf::{Cascade, Frame, MAX_SECTIONS, SvfCoefs};
use crate::process::Values;
use crate::units::SampleRate;

/// Base frames between two designs of a moving filter.
pub(super) const CONTROL_FRAMES: usize = 16;

/// Cells of the moved gain of a dynamic band.
const GRID_DB: f64 = 0.125;

/// Time of a change of frequency or Q.
pub(super) const TUNE_RAMP_MS: f64 = 30.0;

/// One shape with its filter.
#[derive(Debug, Clone)]
struct Voice {
    shape: Shape,
    filter: Cascade,
    cell: Cell,
}

/// The filters at both ends of a cell of the grid, for one shape and static setting.
#[derive(Debug, Clone)]
struct Cell {
    /// Bits of gain, frequency and Q, and the number of the cell; `None` before the first.
    of: Option<([u64; 3], i32)>,
    ends: [SvfCoefs; 2],
}

impl Cell {
    const NONE: Self = Self { of: None, ends: [SvfCoefs::IDENTITY; 2] };
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
    dynamics: Dynamics,
    /// The gain of the last block could move.
    was_dynamic: bool,
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
        let voice = Voice { shape, filter: Cascade::default(), cell: Cell::NONE };
        let mut band = Self {
            wanted: shape,
            current: voice.clone(),
            previous: voice,
            fade: Smoothed::new(1.0, RAMP_MS, running),
            ln_hz: tuned(FREQ),
            gain_db: Smoothed::new(value(GAIN), RAMP_MS, base),
            ln_q: tuned(Q),
            dynamics: Dynamics::new(values, index, base),
            was_dynamic: false,
            rate_hz: running.hz(),
            idle: false,
        };
        band.reset();
        band
    }

    pub(super) fn set(&mut self, offset: usize, value: f64) {
        self.dynamics.set(offset, value);
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
        self.dynamics.forget();
        self.was_dynamic = false;
        self.restart();
        self.idle = false;
    }

    /// Whether its gain may move: it wants the input of the equaliser to listen to.
    pub(super) fn is_dynamic(&self) -> bool {
        let can = |shape: Shape| shape.enabled && shape.can_be_dynamic();
        let fading = self.fade.is_moving() && can(self.previous.shape);
        self.dynamics.is_on() && (can(self.wanted) || can(self.current.shape) || fading)
    }

    /// By how much its gain is moved now, dB.
    pub(super) fn move_db(&self) -> f64 {
        if self.is_dynamic() { self.dynamics.move_db() } else { 0.0 }
    }

    /// Whether it changes the sound, or is about to.
    pub(super) fn is_active(&self) -> bool {
        self.fade.is_moving() || self.acts(self.current.shape) || self.acts(self.wanted)
    }

    fn is_heard(&self) -> bool {
        self.fade.is_moving() || self.current.shape.enabled
    }

    fn acts(&self, shape: Shape) -> bool {
        let is_flat = shape.has_gain() && self.gain_db.rests_at(0.0);
        shape.enabled && (!is_flat || (shape.can_be_dynamic() && self.dynamics.is_on()))
    }

    fn is_moving(&self) -> bool {
        self.ln_hz.is_moving() || self.gain_db.is_moving() || self.ln_q.is_moving()
    }

    fn settle_numbers(&mut self) {
        self.ln_hz.settle();
        self.gain_db.settle();
        self.ln_q.settle();
        self.dynamics.settle();
    }

    /// The current filter from an empty past at the present numbers.
    fn restart(&mut self) {
        self.current.cell = Cell::NONE;
        let (count, coefs, cell) = self.target(&self.current);
        self.current.cell = cell;
        self.current.filter.clear();
        self.current.filter.jump_to(&coefs[..count]);
    }

    fn design(&self, shape: Shape, move_db: f64) -> (usize, [SvfCoefs; MAX_SECTIONS]) {
        let f0_hz = self.ln_hz.value().exp();
        let gain_db = self.gain_db.value() + move_db;
        let (count, sections) = shape.sections(f0_hz, gain_db, self.ln_q.value().exp());
        let mut coefs = [SvfCoefs::IDENTITY; MAX_SECTIONS];
        for (coef, section) in coefs.iter_mut().zip(&sections).take(count) {
            *coef = SvfCoefs::from_biquad(&section.matched(f0_hz, self.rate_hz));
        }
        (count, coefs)
    }

    /// The filter of a voice with the gain moved as it is now, and the cell it lies in.
    fn target(&self, voice: &Voice) -> (usize, [SvfCoefs; MAX_SECTIONS], Cell) {
        let move_db = if voice.shape.can_be_dynamic() { self.dynamics.move_db() } else { 0.0 };
        if move_db.abs() <= 0.0 {
            let (count, coefs) = self.design(voice.shape, 0.0);
            return (count, coefs, voice.cell.clone());
        }
        let place = move_db / GRID_DB;
        let number = place.floor();
        let cell = self.cell_of(voice, number as i32);
        let mut coefs = [SvfCoefs::IDENTITY; MAX_SECTIONS];
        coefs[0] = cell.ends[0].towards(&cell.ends[1], place - number);
        (1, coefs, cell)
    }

    fn cell_of(&self, voice: &Voice, number: i32) -> Cell {
        let setting = [&self.gain_db, &self.ln_hz, &self.ln_q].map(|v| v.value().to_bits());
        if voice.cell.of == Some((setting, number)) {
            return voice.cell.clone();
        }
        let end = |n: i32| match voice.cell.of {
            // A neighbour shares one of its ends.
            Some((old, known)) if old == setting && n == known => voice.cell.ends[0],
            Some((old, known)) if old == setting && n == known + 1 => voice.cell.ends[1],
            _ => self.design(voice.shape, f64::from(n) * GRID_DB).1[0],
        };
        Cell { of: Some((setting, number)), ends: [end(number), end(number + 1)] }
    }

    /// Works on one block at the running rate in place; `control` is [`CONTROL_FRAMES`] at that rate, `key` the input of the
    /// equaliser at the base rate, which a dynamic band listens to.
    pub(super) fn process(&mut self, frames: &mut [Frame], control: usize, key: &[Frame; QUANTUM]) {
        self.take_up_shape();
        if !self.is_active() {
            self.idle = true;
            self.was_dynamic = false;
            return;
        }
        if self.idle {
            self.dynamics.forget();
            self.restart();
            self.idle = false;
        }
        if self.is_dynamic() {
            self.process_dynamic(frames, control, key);
        } else if self.is_moving() {
            for chunk in frames.chunks_mut(control) {
                self.advance();
                self.step(chunk, true);
            }
        } else {
            self.step(frames, false);
        }
        self.was_dynamic = self.is_dynamic();
        self.current.filter.heal();
        self.previous.filter.heal();
    }

    fn process_dynamic(&mut self, frames: &mut [Frame], control: usize, key: &[Frame; QUANTUM]) {
        if !self.was_dynamic {
            self.dynamics.forget();
        }
        let channel = self.current.shape.channel;
        for (chunk, key) in frames.chunks_mut(control).zip(key.chunks(CONTROL_FRAMES)) {
            let is_moving = self.is_moving();
            if is_moving {
                self.advance();
            }
            let before = self.dynamics.move_db();
            self.dynamics.follow(key, channel);
            self.step(chunk, is_moving || before.to_bits() != self.dynamics.move_db().to_bits());
        }
    }

    fn advance(&mut self) {
        self.ln_hz.advance(CONTROL_FRAMES as u32);
        self.gain_db.advance(CONTROL_FRAMES as u32);
        self.ln_q.advance(CONTROL_FRAMES as u32);
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
        // Where nothing moved the gain, nothing of an earlier move may be in the new filter.
        if !self.was_dynamic {
            self.dynamics.forget();
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
        let voice = if previous { &self.previous } else { &self.current };
        if !voice.shape.enabled {
            return;
        }
        let channel = voice.shape.channel;
        let target = moving.then(|| self.target(voice));
        let voice = if previous { &mut self.previous } else { &mut self.current };
        in_channel(channel, frames, |part| match target {
            Some((count, coefs, cell)) => {
                voice.filter.glide(&coefs[..count], part);
                voice.cell = cell;
            }
            None => voice.filter.run(part),
        });
    }
}

/// Lets `filter` work on a part of the signal; what it changes is added to both channels as the part demands.
fn in_channel(channel: BandChannel, frames: &mut [Frame], filter: impl FnOnce(&mut [Frame])) {
    if channel == BandChannel::Stereo {
        filter(frames);
        return;
    }
    let [left, right] = channel.to_left_right();
    let mut part = [[0.0; 2]; DOUBLE];
    let part = &mut part[..frames.len()];
    for (p, f) in part.iter_mut().zip(frames.iter()) {
        p[0] = channel.part_of(f);
    }
    filter(part);
    for (p, f) in part.iter().zip(frames.iter_mut()) {
        let change = p[0] - channel.part_of(f);
        f[0] += left * change;
        f[1] += right * change;
    }
}
