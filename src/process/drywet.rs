//! The way around a processor: the input delayed by its latency, and the click-free mix of the two.
//!
//! `out = dry + wet·(processed − dry)`, equal gain because both are the same sound. At rest the ends are exact: wet 0 is
//! the delayed input bit for bit, wet 1 the processed signal bit for bit. While the wet share rests at 0 the processor
//! may sleep; after waking it has to be fed for its latency before the fade, so that its first frames (made from an
//! empty past) are never heard.

use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::units::SampleRate;

/// Delayed input and mix for one processor.
#[derive(Debug)]
pub struct DryWet {
    delay: Delay,
    wet: Smoothed,
    /// The share asked for; `wet` follows once the processor is primed.
    wanted: f64,
    /// Frames the processor has still to be fed before it may be heard.
    unprimed: usize,
    latency: usize,
}

impl DryWet {
    /// For a processor of this latency, at rest at a share of 0 to 1.
    pub fn new(latency: usize, wet: f64, sample_rate: SampleRate) -> Self {
        Self {
            delay: Delay::new(latency),
            wet: Smoothed::new(wet, RAMP_MS, sample_rate),
            wanted: wet,
            unprimed: 0,
            latency,
        }
    }

    /// As built, at the share last asked for.
    pub fn reset(&mut self) {
        self.delay.clear();
        self.unprimed = 0;
        self.wet.set(self.wanted);
        self.wet.settle();
    }

    /// Whether the processor is not heard and will not be: it may sleep.
    pub fn is_asleep(&self) -> bool {
        self.wanted <= 0.0 && self.wet.rests_at(0.0)
    }

    /// A new share. True: the processor was asleep and has to be reset before it is fed again.
    #[must_use]
    pub fn set_wet(&mut self, wet: f64) -> bool {
        let woken = self.is_asleep() && wet > 0.0;
        if woken {
            // Whole blocks: the fade begins with the first one made from real input throughout.
            self.unprimed = self.latency.next_multiple_of(QUANTUM);
        }
        self.wanted = wet;
        if self.unprimed == 0 || wet <= 0.0 {
            self.wet.set(wet);
        }
        woken
    }

    /// Takes the input of this block and gives it back delayed.
    pub fn dry(&mut self, input: &Block) -> Block {
        self.delay.push(input)
    }

    /// Mixes the processed signal (in `block`) with the delayed input.
    pub fn mix(&mut self, dry: &Block, block: &mut Block) {
        if self.wet.rests_at(1.0) {
            return;
        }
        if self.wet.rests_at(0.0) {
            *block = dry.clone();
            self.prime();
            return;
        }
        let mut share = [0.0; QUANTUM];
        share.fill_with(|| self.wet.tick());
        for (out, dry) in block.channels_mut().iter_mut().zip(dry.channels()) {
            for ((o, d), w) in out.iter_mut().zip(dry).zip(&share) {
                *o = d + w * (*o - d);
            }
        }
    }

    fn prime(&mut self) {
        if self.unprimed > 0 {
            self.unprimed = self.unprimed.saturating_sub(QUANTUM);
            if self.unprimed == 0 {
                self.wet.set(self.wanted);
            }
        }
    }
}

/// Delays blocks by a whole number of frames.
#[derive(Debug)]
struct Delay {
    /// One ring per channel, `latency + QUANTUM` frames; empty at latency 0.
    rings: [Vec<f64>; CHANNELS],
    write: usize,
}

impl Delay {
    fn new(latency: usize) -> Self {
        let length = if latency == 0 { 0 } else { latency + QUANTUM };
        Self { rings: [vec![0.0; length], vec![0.0; length]], write: 0 }
    }

    fn clear(&mut self) {
        self.rings.iter_mut().for_each(|ring| ring.fill(0.0));
        self.write = 0;
    }

    fn push(&mut self, input: &Block) -> Block {
        let mut out = input.clone();
        let length = self.rings[0].len();
        if length == 0 {
            return out;
        }
        for (ring, (samples, out)) in
            self.rings.iter_mut().zip(input.channels().iter().zip(out.channels_mut()))
        {
            let mut at = self.write;
            for (sample, o) in samples.iter().zip(out) {
                ring[at] = *sample;
                // The oldest frame of a ring of latency + QUANTUM stands QUANTUM places before the one just written
                // `latency` frames ago.
                let mut read = at + QUANTUM;
                if read >= length {
                    read -= length;
                }
                *o = ring[read];
                at += 1;
                if at == length {
                    at = 0;
                }
            }
        }
        self.write = (self.write + QUANTUM) % length;
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp_block(k: usize) -> Block {
        let mut block = Block::silent();
        for i in 0..QUANTUM {
            block.channels_mut()[0][i] = (k * QUANTUM + i) as f64;
            block.channels_mut()[1][i] = -((k * QUANTUM + i) as f64);
        }
        block
    }

    #[test]
    fn the_delay_is_exact_for_any_latency() {
        for latency in [0usize, 1, 63, 64, 65, 89, 1000] {
            let mut delay = Delay::new(latency);
            for k in 0..40 {
                let out = delay.push(&ramp_block(k));
                for i in 0..QUANTUM {
                    let expected = (k * QUANTUM + i).saturating_sub(latency) as f64;
                    assert_eq!(out.left()[i], expected, "latency {latency}");
                    assert_eq!(out.right()[i], -expected);
                }
            }
        }
    }

    #[test]
    fn the_fade_waits_until_the_processor_has_filled() {
        let mut mix = DryWet::new(100, 0.0, SampleRate::CD);
        assert!(mix.is_asleep());
        assert!(mix.set_wet(1.0));
        let mut heard_after = 0;
        for k in 0..40 {
            let dry = mix.dry(&Block::silent());
            let mut block = Block::silent();
            block.channels_mut()[0] = [1.0; QUANTUM];
            mix.mix(&dry, &mut block);
            if block.left()[0] > 0.0 {
                heard_after = k * QUANTUM;
                break;
            }
        }
        assert!(heard_after == 128, "{heard_after}");
    }
}
