//! The linear filters around the curve: emphasis and its exact inverse, tilts, and the high-pass against DC.

use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::biquad::Section;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::svf::{Cascade, Frame, SvfCoefs};
use crate::units::SampleRate;

/// Centre of the tilts.
const TILT_HZ: f64 = 1000.0;

/// Corner of the high-pass.
const DC_HZ: f64 = 5.0;

/// Time in which the high-pass comes and goes: what it holds back must not come as a thump.
const DC_FADE_MS: f64 = 500.0;

/// Frames between two designs of a moving filter.
const CONTROL_FRAMES: usize = 16;

/// A first-order filter `dc · (1 + s/ω_zero) / (1 + s/ω_pole)` by the bilinear transform, and its inverse: one undoes the
/// other but for rounding, since both zero and pole lie inside the circle.
#[derive(Debug, Clone)]
pub(super) struct Emphasis {
    b: [f64; 2],
    a: f64,
    apply: f64,
    undo: f64,
}

impl Emphasis {
    pub(super) fn new(zero_hz: f64, pole_hz: f64, dc: f64, rate: SampleRate) -> Self {
        // ω in units of twice the rate: exact at 0 Hz, no warping corrected (the inverse shares it).
        let unit = |hz: f64| std::f64::consts::PI * hz / rate.hz();
        let (zero, pole) = (unit(zero_hz), unit(pole_hz));
        let gain = dc * pole / zero / (1.0 + pole);
        Self {
            b: [gain * (1.0 + zero), gain * (zero - 1.0)],
            a: (pole - 1.0) / (1.0 + pole),
            apply: 0.0,
            undo: 0.0,
        }
    }

    pub(super) fn clear(&mut self) {
        (self.apply, self.undo) = (0.0, 0.0);
    }

    pub(super) fn apply(&mut self, samples: &mut [f64; QUANTUM]) {
        for x in samples {
            let y = self.b[0] * *x + self.apply;
            self.apply = self.b[1] * *x - self.a * y;
            *x = y;
        }
    }

    pub(super) fn undo(&mut self, samples: &mut [f64; QUANTUM]) {
        let inverse = 1.0 / self.b[0];
        for x in samples {
            let y = (*x - self.undo) * inverse;
            self.undo = self.b[1] * y - self.a * *x;
            *x = y;
        }
    }

    /// Magnitude at a frequency.
    #[cfg(test)]
    pub(super) fn magnitude(&self, hz: f64, rate: SampleRate) -> f64 {
        let w = 2.0 * std::f64::consts::PI * hz / rate.hz();
        let size = |p: [f64; 2]| (p[0] * p[0] + p[1] * p[1] + 2.0 * p[0] * p[1] * w.cos()).sqrt();
        size(self.b) / size([1.0, self.a])
    }
}

/// A tilt about 1 kHz; nothing at 0 dB.
#[derive(Debug, Clone)]
pub(super) struct Tone {
    gain_db: Smoothed,
    filter: Cascade,
    rate_hz: f64,
}

impl Tone {
    pub(super) fn new(gain_db: f64, rate: SampleRate) -> Self {
        let mut tone = Self {
            gain_db: Smoothed::new(gain_db, RAMP_MS, rate),
            filter: Cascade::default(),
            rate_hz: rate.hz(),
        };
        tone.reset();
        tone
    }

    pub(super) fn reset(&mut self) {
        self.gain_db.settle();
        self.restart();
    }

    pub(super) fn set(&mut self, gain_db: f64) {
        // At 0 dB the filter passes everything whatever it holds, so an empty past is as good as any.
        if self.is_off() {
            self.restart();
        }
        self.gain_db.set(gain_db);
    }

    pub(super) fn is_off(&self) -> bool {
        self.gain_db.rests_at(0.0)
    }

    fn restart(&mut self) {
        self.filter.clear();
        self.filter.jump_to(&[self.design()]);
    }

    fn design(&self) -> SvfCoefs {
        let section = Section::Tilt { gain_db: self.gain_db.value() };
        SvfCoefs::from_biquad(&section.matched(TILT_HZ, self.rate_hz))
    }

    pub(super) fn process(&mut self, block: &mut Block) {
        if self.is_off() {
            return;
        }
        let mut frames: [Frame; QUANTUM] = std::array::from_fn(|i| [block.left()[i], block.right()[i]]);
        if self.gain_db.is_moving() {
            for chunk in frames.chunks_mut(CONTROL_FRAMES) {
                self.gain_db.advance(CONTROL_FRAMES as u32);
                let target = self.design();
                self.filter.glide(&[target], chunk);
            }
        } else {
            self.filter.run(&mut frames);
        }
        for (c, samples) in block.channels_mut().iter_mut().enumerate() {
            samples.iter_mut().zip(&frames).for_each(|(s, f)| *s = f[c]);
        }
    }
}

/// First-order high-pass as input less low-pass; faded in only while something makes DC.
#[derive(Debug, Clone)]
pub(super) struct DcBlock {
    /// `tan(π·f/fs) / (1 + tan(π·f/fs))`.
    step: f64,
    low: [f64; CHANNELS],
    share: Smoothed,
}

impl DcBlock {
    pub(super) fn new(rate: SampleRate) -> Self {
        let g = (std::f64::consts::PI * DC_HZ / rate.hz()).tan();
        Self { step: g / (1.0 + g), low: [0.0; CHANNELS], share: Smoothed::new(0.0, DC_FADE_MS, rate) }
    }

    pub(super) fn reset(&mut self, on: bool) {
        self.low = [0.0; CHANNELS];
        self.share.set(if on { 1.0 } else { 0.0 });
        self.share.settle();
    }

    pub(super) fn is_off(&self) -> bool {
        self.share.rests_at(0.0)
    }

    pub(super) fn process(&mut self, block: &mut Block, on: bool) {
        self.share.set(if on { 1.0 } else { 0.0 });
        if self.share.rests_at(0.0) {
            self.low = [0.0; CHANNELS];
            return;
        }
        let (left, right) = block.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            let share = self.share.tick();
            for (x, state) in [l, r].into_iter().zip(&mut self.low) {
                // Trapezoidal one-pole (Zavalishin).
                let v = (*x - *state) * self.step;
                let low = v + *state;
                *state = low + v;
                *x -= share * low;
            }
        }
    }
}
