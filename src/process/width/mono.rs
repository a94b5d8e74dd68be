//! The mono-maker in minimum phase: a Butterworth high-pass of the side signal (−3.01 dB at its corner).
//!
//! No all-pass of low order has the phase of a Butterworth high-pass, so none is put into the mid: the mono sum is
//! untouched, and side against mid turns near the corner, least with 6 dB/oct. Where that matters there is the linear phase.

use crate::audio::QUANTUM;
use crate::dsp::biquad::{Section, butterworth_q};
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::svf::{Cascade, Frame, SvfCoefs};
use crate::units::SampleRate;

/// Below this the mono-maker is off.
pub(super) const MONO_OFF_HZ: f64 = 10.0;

/// Frames between two designs of a moving filter.
const CONTROL_FRAMES: usize = 16;

/// The high-pass of the side signal.
pub(super) struct MonoMaker {
    order: usize,
    rate_hz: f64,
    ln_hz: Smoothed,
    /// 1 while the filter is heard.
    share: Smoothed,
    filter: Cascade,
}

impl MonoMaker {
    pub(super) fn new(below_hz: f64, order: usize, rate: SampleRate) -> Self {
        let on = below_hz >= MONO_OFF_HZ;
        let mut mono = Self {
            order,
            rate_hz: rate.hz(),
            ln_hz: Smoothed::new(below_hz.max(MONO_OFF_HZ).ln(), RAMP_MS, rate),
            share: Smoothed::new(if on { 1.0 } else { 0.0 }, RAMP_MS, rate),
            filter: Cascade::default(),
        };
        mono.reset();
        mono
    }

    pub(super) fn is_off(&self) -> bool {
        self.share.rests_at(0.0)
    }

    pub(super) fn reset(&mut self) {
        self.ln_hz.settle();
        self.share.settle();
        self.filter.clear();
        let (coefs, count) = self.design();
        self.filter.jump_to(&coefs[..count]);
    }

    pub(super) fn set(&mut self, below_hz: f64) {
        let on = below_hz >= MONO_OFF_HZ;
        let was_off = self.is_off();
        self.share.set(if on { 1.0 } else { 0.0 });
        if on {
            self.ln_hz.set(below_hz.ln());
        }
        if on && was_off {
            self.ln_hz.settle();
            self.filter.clear();
            let (coefs, count) = self.design();
            self.filter.jump_to(&coefs[..count]);
        }
    }

    fn design(&self) -> ([SvfCoefs; 2], usize) {
        let f0_hz = self.ln_hz.value().exp();
        let mut coefs = [SvfCoefs::IDENTITY; 2];
        let count = self.order.div_ceil(2);
        for (i, coef) in coefs.iter_mut().enumerate().take(count) {
            let section = if self.order == 1 {
                Section::HighPass1
            } else {
                Section::HighPass { q: butterworth_q(self.order, i) }
            };
            *coef = SvfCoefs::from_biquad(&section.matched(f0_hz, self.rate_hz));
        }
        (coefs, count)
    }

    pub(super) fn process(&mut self, side: &mut [f64; QUANTUM]) {
        if self.is_off() {
            return;
        }
        let mut frames: [Frame; QUANTUM] = [[0.0; 2]; QUANTUM];
        for (frame, s) in frames.iter_mut().zip(side.iter()) {
            frame[0] = if s.is_finite() { *s } else { 0.0 };
        }
        if self.ln_hz.is_moving() {
            for chunk in frames.chunks_mut(CONTROL_FRAMES) {
                self.ln_hz.advance(CONTROL_FRAMES as u32);
                let (coefs, count) = self.design();
                self.filter.glide(&coefs[..count], chunk);
            }
        } else {
            self.filter.run(&mut frames);
        }
        self.filter.heal();
        for (s, frame) in side.iter_mut().zip(&frames) {
            *s += self.share.tick() * (frame[0] - *s);
        }
    }
}
