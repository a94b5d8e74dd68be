//! Around a processor: the gains into and out of it, and what is listened to at the slot.
//!
//! With the mix `y` of a slot and its input `x`, delayed by its latency: normal is `y`, the difference (delta)
//! `y − x`, the matched bypass `g·x`, `g` from the measured difference in loudness. Going from one to another takes 20 ms:
//! `out = a·y + b·x` with `(a, b)` from `(1, 0)` to `(1, −1)` or `(0, g)`. Of a kind that puts a gain on everything
//! ([`super::Processor::driven`]) the difference is `processed − driven` in place of `processed − x`, through mix and mode. At rest every state is exact: normal is `y` bit
//! for bit, and gains of 0 dB leave every bit alone.

use crate::audio::{Block, QUANTUM};
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::model::{Listen, Slot};
use crate::units::{SampleRate, gain_from_db};

/// Gains of a slot stay inside this, dB.
pub const SLOT_GAIN_RANGE_DB: (f64, f64) = (-24.0, 24.0);

/// The gain of a matched bypass stays inside this, dB: a limiter driven hard is far louder than its input.
pub const MATCH_RANGE_DB: (f64, f64) = (-60.0, 60.0);

/// A gain inside its range; what is not a number is 0 dB.
pub fn clean_gain_db(db: f64, (lowest, highest): (f64, f64)) -> f64 {
    if db.is_nan() { 0.0 } else { db.clamp(lowest, highest) }
}

/// What is listened to at a slot, as it fades from one state to another.
#[derive(Debug)]
pub(super) struct ListenMix {
    /// Factor of what the slot makes.
    made: Smoothed,
    /// Factor of its delayed input.
    dry: Smoothed,
    /// How far the difference is one against the driven input, 0 to 1.
    undriven: Smoothed,
}

impl ListenMix {
    /// At rest as the slot has it.
    pub fn new(slot: &Slot, rate: SampleRate) -> Self {
        let (made, dry) = factors(slot.listen, slot.match_db);
        let [made, dry, undriven] =
            [made, dry, undriven(slot.listen)].map(|factor| Smoothed::new(factor, RAMP_MS, rate));
        Self { made, dry, undriven }
    }

    /// Fades to another state.
    pub fn set(&mut self, listen: Listen, match_db: f64) {
        let (made, dry) = factors(listen, match_db);
        self.made.set(made);
        self.dry.set(dry);
        self.undriven.set(undriven(listen));
    }

    /// Takes the driven input out of what was processed and puts the plain one in its place, as far as the difference is
    /// listened to; `output` is the gain that follows.
    pub fn undrive(&mut self, processed: &mut Block, driven: &Block, dry: &Block, output: &mut SmoothedGain) {
        if self.undriven.rests_at(0.0) {
            return output.apply(processed);
        }
        let mut shares = [0.0; QUANTUM];
        shares.fill_with(|| self.undriven.tick());
        let with = |block: &mut Block, other: &Block, sign: f64| {
            for (samples, other) in block.channels_mut().iter_mut().zip(other.channels()) {
                for ((sample, other), share) in samples.iter_mut().zip(other).zip(&shares) {
                    *sample += sign * share * other;
                }
            }
        };
        with(processed, driven, -1.0);
        output.apply(processed);
        with(processed, dry, 1.0);
    }

    /// Ends every fade.
    pub fn settle(&mut self) {
        self.made.settle();
        self.dry.settle();
        self.undriven.settle();
    }

    /// Makes of what the slot made (in `block`) what is listened to.
    pub fn apply(&mut self, dry: &Block, block: &mut Block) {
        if self.made.rests_at(1.0) && self.dry.rests_at(0.0) {
            return;
        }
        let (left, right) = block.stereo_mut();
        let inputs = dry.left().iter().zip(dry.right());
        for ((l, r), (dry_left, dry_right)) in left.iter_mut().zip(right).zip(inputs) {
            let (made, dry) = (self.made.tick(), self.dry.tick());
            *l = made * *l + dry * dry_left;
            *r = made * *r + dry * dry_right;
        }
    }
}

fn undriven(listen: Listen) -> f64 {
    if listen == Listen::Delta { 1.0 } else { 0.0 }
}

fn factors(listen: Listen, match_db: f64) -> (f64, f64) {
    match listen {
        Listen::Normal => (1.0, 0.0),
        Listen::Delta => (1.0, -1.0),
        Listen::MatchedBypass => (0.0, gain_from_db(clean_gain_db(match_db, MATCH_RANGE_DB))),
    }
}
