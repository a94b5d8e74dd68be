//! Presets: a chain file (`{"slots": [...]}`) with a name and a word about what it is for.
//!
//! A chain preset holds the slots of a chain, a slot preset one slot. Fields of other programs are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Chain, Slot};

/// What a preset is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PresetFor {
    /// A whole chain.
    Chain,
    /// One slot of the kind with this id.
    Slot(String),
}

impl PresetFor {
    /// Whether these slots are such a preset: at least one, or exactly one of the kind.
    pub fn fits(&self, slots: &[Slot]) -> bool {
        match (self, slots) {
            (Self::Chain, slots) => !slots.is_empty(),
            (Self::Slot(kind), [slot]) => slot.kind == *kind,
            (Self::Slot(_), _) => false,
        }
    }
}

/// A preset as it stands in a file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Preset {
    /// As shown.
    #[serde(default)]
    pub name: String,
    /// What it is for and what to set first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The slots, and fields of other programs.
    #[serde(flatten)]
    pub chain: Chain,
}

impl Preset {
    /// The chain to put into a session: the slots alone.
    pub fn to_chain(&self) -> Chain {
        Chain { slots: self.chain.slots.clone(), ..Chain::default() }
    }

    /// The slot of a slot preset.
    pub fn slot(&self) -> Option<&Slot> {
        self.chain.slots.first()
    }
}

/// A preset with the id it is called by: the name of its file without the ending.
#[derive(Debug, Clone, PartialEq)]
pub struct ShelvedPreset {
    /// Id.
    pub id: String,
    /// The preset.
    pub preset: Preset,
}

/// Presets of one origin, by what they are for, in the order they are shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PresetShelf(BTreeMap<PresetFor, Vec<ShelvedPreset>>);

impl PresetShelf {
    /// The presets for something.
    pub fn of(&self, what: &PresetFor) -> &[ShelvedPreset] {
        self.0.get(what).map_or(&[], Vec::as_slice)
    }

    /// One preset.
    pub fn get(&self, what: &PresetFor, id: &str) -> Option<&Preset> {
        self.of(what).iter().find(|p| p.id == id).map(|p| &p.preset)
    }

    /// Puts a preset behind the others of its sort.
    pub fn push(&mut self, what: PresetFor, id: String, preset: Preset) {
        self.0.entry(what).or_default().push(ShelvedPreset { id, preset });
    }

    /// Everything on the shelf.
    pub fn iter(&self) -> impl Iterator<Item = (&PresetFor, &ShelvedPreset)> {
        self.0.iter().flat_map(|(what, presets)| presets.iter().map(move |p| (what, p)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ParamValue, SlotId};

    #[test]
    fn a_preset_is_a_chain_file_and_keeps_foreign_fields() {
        let text = r#"{"name":"N","about":"A","colour":"red","slots":[{"kind":"gain","params":{"gain_db":-1.5},"by":"me"}]}"#;
        let preset: Preset = serde_json::from_str(text).unwrap();
        assert_eq!((preset.name.as_str(), preset.about.as_str()), ("N", "A"));
        let chain: Chain = serde_json::from_str(text).unwrap();
        assert_eq!(chain.slots, preset.chain.slots);
        assert_eq!(preset.slot().unwrap().params["gain_db"], ParamValue::Number(-1.5));
        let back = serde_json::to_value(&preset).unwrap();
        assert_eq!((&back["colour"], &back["slots"][0]["by"]), (&"red".into(), &"me".into()));
        assert!(preset.to_chain().extra.is_empty());
    }

    #[test]
    fn a_slot_preset_is_one_slot_of_its_kind() {
        let slot = |kind| Slot::new(SlotId(0), kind);
        let gain = PresetFor::Slot("gain".into());
        assert!(gain.fits(&[slot("gain")]));
        assert!(!gain.fits(&[slot("eq")]) && !gain.fits(&[]) && !gain.fits(&[slot("gain"), slot("gain")]));
        assert!(PresetFor::Chain.fits(&[slot("eq"), slot("gain")]) && !PresetFor::Chain.fits(&[]));
    }
}
