//! What can be seen of the slots while the sound runs: levels at every slot, and one slot's input beside its output.
//!
//! Nothing of the sound depends on being watched. Where nobody watches (an export), it costs a branch for each chain.

use crate::audio::{Block, CHANNELS};
use crate::model::SlotId;
use crate::process::BANDS_SHOWN;

/// Slots of a chain whose levels and gain changes are metered.
pub const WATCHED_SLOTS: usize = 16;

/// Peaks of a chain, linear, largest of both channels: its input, then the output of each slot.
pub type ChainPeaks = [f32; WATCHED_SLOTS + 1];

/// A place inside the renderer whose signal is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchPoint {
    /// What comes from the file of the song sounding, before gain, chain and fades. It is known earlier than it is heard, by
    /// the latency of the song's chain: where a song follows another whose chain is less late, the last frames before the
    /// seam are left out.
    Source,
    /// The output of a slot, in whichever chain it stands.
    AfterSlot(SlotId),
    /// What the song sounding gives to the sum.
    SongChain,
}

/// A quantum of one slot: its input, delayed by its latency, beside its output.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotProbe {
    /// Which slot.
    pub slot: SlotId,
    /// Changes when the signal does not go on from the quantum before: after a seek, a loop, a new plan.
    pub run: u32,
    /// Its input, delayed by its latency.
    pub before: Block,
    /// Its output.
    pub after: Block,
    /// Gain change in this quantum, dB, signed as [`crate::process::Processor::gain_reduction_db`].
    pub gain_db: Option<f32>,
    /// The same of each band, dB.
    pub bands_db: [f32; BANDS_SHOWN],
    /// How many bands there are.
    pub bands: usize,
}

impl Default for SlotProbe {
    fn default() -> Self {
        Self {
            slot: SlotId::default(),
            run: 0,
            before: Block::silent(),
            after: Block::silent(),
            gain_db: None,
            bands_db: [0.0; BANDS_SHOWN],
            bands: 0,
        }
    }
}

impl SlotProbe {
    /// Frames as left and right before, left and right after.
    pub fn frames(&self) -> impl Iterator<Item = [f64; 2 * CHANNELS]> + '_ {
        let before = self.before.left().iter().zip(self.before.right());
        let after = self.after.left().iter().zip(self.after.right());
        before.zip(after).map(|((bl, br), (al, ar))| [*bl, *br, *al, *ar])
    }
}

/// The gain change that matters of two: the deeper reduction, else the larger gain.
pub fn stronger_db(a: f32, b: f32) -> f32 {
    if a.min(b) < 0.0 { a.min(b) } else { a.max(b) }
}

/// Largest magnitude of both channels.
pub(super) fn peak_of(block: &Block) -> f32 {
    let largest = |samples: &[f64]| samples.iter().fold(0.0f64, |peak, x| peak.max(x.abs()));
    largest(block.left()).max(largest(block.right())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reductions_go_before_gains() {
        assert_eq!(stronger_db(0.0, 2.0), 2.0);
        assert_eq!(stronger_db(-1.0, 2.0), -1.0);
        assert_eq!(stronger_db(-1.0, -3.0), -3.0);
        assert_eq!(stronger_db(0.0, 0.0), 0.0);
    }
}
