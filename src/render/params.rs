//! What an edit means for a running plan: nothing, a group of parameter changes, or a new plan.
//!
//! Titles mean nothing. Gains, levels and what a processor takes up smoothly are a [`ParamGroup`], its addresses resolved
//! once. Everything else (trims, fades, gaps, order, slots, structural parameters) is a new plan.

use crate::model::{Chain, Session, Song};
use crate::process::slot::{SlotChange, SlotSet, slot_change};
use crate::units::gain_from_db;

/// Where a change lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The song at this place in the running order of the plan.
    Song(u16),
    /// The album chain.
    Album,
}

/// One changed value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamChange {
    /// Linear gain into the song's chain.
    Gain(f64),
    /// Linear gain after the song's chain.
    Level(f64),
    /// A value of the slot at this place in the chain.
    Slot(u16, SlotSet),
}

/// One changed value and where it lands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParamEntry {
    /// Which chain.
    pub target: Target,
    /// What changes.
    pub change: ParamChange,
}

/// Values that change together, at one quantum border.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamGroup {
    /// [`super::RenderPlan::id`] of the plan whose places the entries name.
    pub plan_id: u64,
    /// In the order of the session.
    pub entries: Box<[ParamEntry]>,
}

/// What an edit means for a running plan.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanChange {
    /// Nothing that is heard.
    None,
    /// Values that a running plan takes up.
    Params(ParamGroup),
    /// A new plan is needed.
    Structure,
}

/// Compares two sessions for a plan of `plan_id` that was compiled from a session laid out like `old`.
pub fn diff(old: &Session, new: &Session, plan_id: u64) -> PlanChange {
    let mut entries = Vec::new();
    if old.sample_rate_hz != new.sample_rate_hz
        || old.snap_to_cd_frames != new.snap_to_cd_frames
        || old.songs.len() != new.songs.len()
    {
        return PlanChange::Structure;
    }
    for ((old, new), index) in old.songs.iter().zip(&new.songs).zip(0u16..) {
        if !std::sync::Arc::ptr_eq(old, new) && diff_song(old, new, index, &mut entries).is_none() {
            return PlanChange::Structure;
        }
    }
    if diff_chain(&old.album_chain, &new.album_chain, Target::Album, &mut entries).is_none() {
        return PlanChange::Structure;
    }
    if entries.is_empty() {
        return PlanChange::None;
    }
    PlanChange::Params(ParamGroup { plan_id, entries: entries.into() })
}

/// `None` where a new plan is needed.
fn diff_song(old: &Song, new: &Song, index: u16, entries: &mut Vec<ParamEntry>) -> Option<()> {
    if !same_layout(old, new) {
        return None;
    }
    let target = Target::Song(index);
    if old.gain_db.to_bits() != new.gain_db.to_bits() {
        entries.push(ParamEntry { target, change: ParamChange::Gain(gain_from_db(new.gain_db)) });
    }
    if old.level_db.to_bits() != new.level_db.to_bits() {
        entries.push(ParamEntry { target, change: ParamChange::Level(gain_from_db(new.level_db)) });
    }
    diff_chain(&old.chain, &new.chain, target, entries)
}

/// Whether two songs sound at the same times from the same source.
fn same_layout(old: &Song, new: &Song) -> bool {
    old.id == new.id
        && old.source == new.source
        && (old.trim_start, old.trim_end, old.gap) == (new.trim_start, new.trim_end, new.gap)
        && (old.fade_in, old.fade_out, old.cross_shape) == (new.fade_in, new.fade_out, new.cross_shape)
}

fn diff_chain(old: &Chain, new: &Chain, target: Target, entries: &mut Vec<ParamEntry>) -> Option<()> {
    if old.slots.len() != new.slots.len() {
        return None;
    }
    for ((old, new), slot) in old.slots.iter().zip(&new.slots).zip(0u16..) {
        if old.id != new.id {
            return None;
        }
        match slot_change(old, new) {
            SlotChange::Same => {}
            SlotChange::Params(sets) => entries.extend(
                sets.into_iter().map(|set| ParamEntry { target, change: ParamChange::Slot(slot, set) }),
            ),
            SlotChange::Rebuild => return None,
        }
    }
    Some(())
}
