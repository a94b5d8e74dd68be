//! Around a processor: the gains into and out of it, and what is listened to at the slot.
//!
//! With the mix `y` of a slot and its input `x`, delayed by its latency: normal is `y`, the difference (delta)
//! `y − d·x`, `d` the gain the kind puts on everything ([`super::Kind::drive_param`], 1 for most), the matched bypass `g·x`,
//! `g` from the measured difference in loudness. Going from one to another takes 20 ms: `out = a·y + b·x` with `(a, b)` from
//! `(1, 0)` to `(1, −d)` or `(0, g)`. At rest every state is exact: normal is `y` bit
//! for bit, and gains of 0 dB leave every bit alone.

use crate::audio::Block;
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

/// Multiplies a block by a gain that may be moving.
pub(super) fn apply_gain(gain: &mut SmoothedGain, block: &mut Block) {
    if gain.is_moving() {
        let (left, right) = block.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            let factor = gain.tick();
            (*l, *r) = (*l * factor, *r * factor);
        }
    } else if !gain.is_unity() {
        let factor = gain.factor();
        block.channels_mut().iter_mut().flatten().for_each(|x| *x *= factor);
    }
}

/// What is listened to at a slot, as it fades from one state to another.
#[derive(Debug)]
pub(super) struct ListenMix {
    listen: Listen,
    match_db: f64,
    /// Gain of the kind on everything, dB.
    drive_db: f64,
    /// Factor of what the slot makes.
    made: Smoothed,
    /// Factor of its delayed input.
    dry: Smoothed,
}

impl ListenMix {
    /// At rest as the slot has it.
    pub fn new(slot: &Slot, drive_db: f64, rate: SampleRate) -> Self {
        let (listen, match_db) = (slot.listen, slot.match_db);
        let (made, dry) = factors(listen, match_db, drive_db);
        let [made, dry] = [made, dry].map(|factor| Smoothed::new(factor, RAMP_MS, rate));
        Self { listen, match_db, drive_db, made, dry }
    }

    /// Fades to another state.
    pub fn set(&mut self, listen: Listen, match_db: f64) {
        (self.listen, self.match_db) = (listen, match_db);
        self.fade();
    }

    /// The kind puts another gain on everything.
    pub fn set_drive(&mut self, drive_db: f64) {
        self.drive_db = drive_db;
        self.fade();
    }

    fn fade(&mut self) {
        let (made, dry) = factors(self.listen, self.match_db, self.drive_db);
        self.made.set(made);
        self.dry.set(dry);
    }

    /// Ends every fade.
    pub fn settle(&mut self) {
        self.made.settle();
        self.dry.settle();
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

fn factors(listen: Listen, match_db: f64, drive_db: f64) -> (f64, f64) {
    match listen {
        Listen::Normal => (1.0, 0.0),
        Listen::Delta => (1.0, -gain_from_db(drive_db)),
        Listen::MatchedBypass => (0.0, gain_from_db(clean_gain_db(match_db, MATCH_RANGE_DB))),
    }
}
