//! Delay of one channel against the other, in fractions of a frame.
//!
//! `y(n) = x(n − 48 − δ)` on the delayed channel, `x(n − 48)` on the other. A fraction is read by a Kaiser-windowed
//! sinc of 96 taps (β 9: flat within 0.001 dB to 19 kHz at 44.1 kHz); whole frames are the samples themselves. A new delay is
//! faded to, never swept: the old and the new reading cross in 60 ms, and what is set meanwhile waits for the next fade.

use super::params::MOST_DELAY_MS;
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::smooth::Smoothed;
use crate::dsp::window::{kaiser_at, sinc};
use crate::units::SampleRate;

/// Half-length of the interpolator, and with it the delay of both channels, frames.
pub(super) const HALF: usize = 48;

const TAPS: usize = 2 * HALF;
const BETA: f64 = 9.0;

/// A fraction smaller than this is none.
const WHOLE: f64 = 1e-6;

/// Long enough for the whole swing of a tone from one phase to its opposite.
const FADE_MS: f64 = 60.0;

/// One way of reading the past of a channel.
#[derive(Debug, Clone)]
struct Tap {
    /// Whole frames of delay besides [`HALF`].
    whole: usize,
    /// Weights of the frames `whole + TAPS − k` ago, oldest first; `None` where the delay is whole.
    weights: Option<[f64; TAPS]>,
}

impl Tap {
    fn new(frames: f64) -> Self {
        let nearest = frames.round();
        if (frames - nearest).abs() < WHOLE {
            return Self { whole: nearest as usize, weights: None };
        }
        let whole = frames.floor();
        let fraction = frames - whole;
        let mut weights = [0.0; TAPS];
        for (k, weight) in weights.iter_mut().enumerate() {
            // Distance of the frame from the point that is read.
            let away = k as f64 - HALF as f64 + fraction;
            *weight = sinc(away) * kaiser_at(away / HALF as f64, BETA);
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        Self { whole: whole as usize, weights: Some(weights) }
    }

    /// The value at a frame; `at` is its place in the ring.
    #[inline]
    fn read(&self, ring: &[f64], at: usize) -> f64 {
        let mask = ring.len() - 1;
        match &self.weights {
            None => ring[at.wrapping_sub(HALF + self.whole) & mask],
            Some(weights) => {
                let oldest = at.wrapping_sub(self.whole + TAPS);
                weights.iter().enumerate().map(|(k, w)| w * ring[oldest.wrapping_add(k) & mask]).sum()
            }
        }
    }
}

/// Both channels, one of them delayed.
pub(super) struct Align {
    /// A power of two each.
    rings: [Vec<f64>; CHANNELS],
    at: usize,
    now: [Tap; CHANNELS],
    next: [Tap; CHANNELS],
    /// Share of `next`.
    share: Smoothed,
    fading: bool,
    /// Delay of `next`, or of `now` at rest, ms.
    heard_ms: f64,
    wanted_ms: f64,
    rate_hz: f64,
}

/// Taps of left and right.
fn taps_of(delay_ms: f64, rate_hz: f64) -> [Tap; CHANNELS] {
    let frames = delay_ms.abs().min(MOST_DELAY_MS) * 1e-3 * rate_hz;
    let (delayed, other) = (Tap::new(frames), Tap::new(0.0));
    if delay_ms < 0.0 { [delayed, other] } else { [other, delayed] }
}

impl Align {
    pub(super) fn new(delay_ms: f64, rate: SampleRate) -> Self {
        let most = (MOST_DELAY_MS * 1e-3 * rate.hz()).ceil() as usize;
        let length = (most + TAPS + QUANTUM + 1).next_power_of_two();
        let taps = taps_of(delay_ms, rate.hz());
        Self {
            rings: [vec![0.0; length], vec![0.0; length]],
            at: 0,
            now: taps.clone(),
            next: taps,
            share: Smoothed::new(0.0, FADE_MS, rate),
            fading: false,
            heard_ms: delay_ms,
            wanted_ms: delay_ms,
            rate_hz: rate.hz(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.rings.iter_mut().for_each(|ring| ring.fill(0.0));
        self.at = 0;
        self.now = taps_of(self.wanted_ms, self.rate_hz);
        self.heard_ms = self.wanted_ms;
        self.fading = false;
        self.share.set(0.0);
        self.share.settle();
    }

    pub(super) fn set_ms(&mut self, delay_ms: f64) {
        self.wanted_ms = delay_ms;
    }

    pub(super) fn process(&mut self, block: &mut Block) {
        self.begin_fade();
        let mut shares = [0.0; QUANTUM];
        if self.fading {
            shares.fill_with(|| self.share.tick());
        }
        for (c, samples) in block.channels_mut().iter_mut().enumerate() {
            let ring = &mut self.rings[c];
            for (i, (s, share)) in samples.iter_mut().zip(&shares).enumerate() {
                let at = self.at + i & (ring.len() - 1);
                ring[at] = if s.is_finite() { *s } else { 0.0 };
                *s = self.now[c].read(ring, at);
                if self.fading {
                    *s += share * (self.next[c].read(ring, at) - *s);
                }
            }
        }
        self.at = self.at + QUANTUM & (self.rings[0].len() - 1);
        if self.fading && !self.share.is_moving() {
            self.now.clone_from(&self.next);
            self.fading = false;
            self.share.set(0.0);
            self.share.settle();
        }
    }

    fn begin_fade(&mut self) {
        if !self.fading && self.wanted_ms.to_bits() != self.heard_ms.to_bits() {
            self.next = taps_of(self.wanted_ms, self.rate_hz);
            self.heard_ms = self.wanted_ms;
            self.share.set(1.0);
            self.fading = true;
        }
    }
}
