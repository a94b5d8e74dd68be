//! The way around a hard clip that does not clip: the driven input, delayed, bit for bit.
//!
//! The clip is found at the higher rate, before what it makes leaves the decimation filters: their middle comes 45 base
//! frames later, so a fade of half a block is over when the first bent sample is heard. In the pass-band both ways differ by
//! less than 0.0001 dB, so that neither fade can be heard. The way back is taken after half a second without a clip.

use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::units::SampleRate;

/// Frames of the fade to the clip, and back.
const TO_CLIP_FRAMES: f64 = 32.0;
const BACK_FRAMES: f64 = 1024.0;

/// Without a clip for this long, the way back begins.
const HOLD_MS: f64 = 500.0;

#[derive(Debug, Clone)]
pub(super) struct CleanWay {
    delay: [Delay; CHANNELS],
    /// 1 where the clipped signal is heard.
    share: f64,
    /// Frames until the way back begins.
    hold: usize,
    hold_frames: usize,
}

impl CleanWay {
    /// Beside a path of this latency.
    pub(super) fn new(latency: usize, rate: SampleRate) -> Self {
        Self {
            delay: [0, 1].map(|_| Delay::new(latency, 0.0)),
            share: 0.0,
            hold: 0,
            hold_frames: latency + rate.frames_from_seconds(HOLD_MS / 1000.0).as_len(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.delay.iter_mut().for_each(Delay::reset);
        (self.share, self.hold) = (0.0, 0);
    }

    /// Takes the driven input of this block and gives it back delayed.
    pub(super) fn delayed(&mut self, block: &Block) -> Block {
        let mut out = block.clone();
        for (delay, samples) in self.delay.iter_mut().zip(out.channels_mut()) {
            samples.iter_mut().for_each(|s| *s = delay.tick(*s));
        }
        out
    }

    /// Mixes the path (in `block`) with the delayed input; `bent` where anything in the path bent this block.
    pub(super) fn mix(&mut self, clean: &Block, block: &mut Block, bent: bool) {
        self.hold = if bent { self.hold_frames } else { self.hold.saturating_sub(QUANTUM) };
        let step = if self.hold > 0 { 1.0 / TO_CLIP_FRAMES } else { -1.0 / BACK_FRAMES };
        let from = self.share;
        let at = |i: usize| (from + step * (i + 1) as f64).clamp(0.0, 1.0);
        self.share = at(QUANTUM - 1);
        if from.min(self.share) >= 1.0 {
            return;
        }
        for (samples, clean) in block.channels_mut().iter_mut().zip(clean.channels()) {
            for (i, (y, x)) in samples.iter_mut().zip(clean).enumerate() {
                let share = at(i);
                *y = if share <= 0.0 { *x } else { x + share * (*y - x) };
            }
        }
    }
}
