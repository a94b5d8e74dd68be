//! A chain of processors: slots in order, each with named parameter values.
//!
//! Values are kept by name, so that files are readable, can be compared line by line, and survive reordering. A slot of
//! an unknown kind, or with unknown parameters, is kept as it was and passes the sound through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Extra;

/// Identity of a slot, unique in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotId(pub u64);

/// Which part of the stereo signal a slot works on; the rest passes beside it, latency-matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelMode {
    /// Both channels.
    #[default]
    Stereo,
    /// `(L+R)/2` only.
    Mid,
    /// `(L−R)/2` only.
    Side,
    /// Left only.
    Left,
    /// Right only.
    Right,
}

impl ChannelMode {
    /// Every mode, in menu order.
    pub const ALL: [Self; 5] = [Self::Stereo, Self::Mid, Self::Side, Self::Left, Self::Right];

    /// As shown to the user.
    pub fn label(self) -> &'static str {
        match self {
            Self::Stereo => "Stereo",
            Self::Mid => "Mid",
            Self::Side => "Side",
            Self::Left => "Left",
            Self::Right => "Right",
        }
    }
}

/// A parameter value as it stands in a file: number, switch, or word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// A switch.
    Switch(bool),
    /// A number in the parameter's unit.
    Number(f64),
    /// A choice by its id.
    Word(String),
}

impl From<f64> for ParamValue {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<bool> for ParamValue {
    fn from(value: bool) -> Self {
        Self::Switch(value)
    }
}

impl From<&str> for ParamValue {
    fn from(value: &str) -> Self {
        Self::Word(value.to_owned())
    }
}

/// What is listened to at a slot. Never part of a master: deliveries and rendered files are made in the normal state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listen {
    /// What the slot makes.
    #[default]
    Normal,
    /// What the slot makes minus its input, matched in latency: what it adds or takes.
    Delta,
    /// The input as loud as the output: [`Slot::match_db`].
    MatchedBypass,
}

impl Listen {
    /// As shown to the user.
    pub fn label(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Delta => "Difference",
            Self::MatchedBypass => "Matched bypass",
        }
    }
}

/// One processor in a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Identity; 0 in a chain file, given on taking it into a session.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub id: SlotId,
    /// Stable id of the processor kind (`eq`, `limiter` …).
    pub kind: String,
    /// Version of the processor's sound the slot was made with.
    #[serde(default = "one")]
    pub version: u32,
    /// Off: the slot passes its input, delayed by its latency.
    #[serde(default = "on")]
    pub enabled: bool,
    /// Part of the signal it works on.
    #[serde(default)]
    pub mode: ChannelMode,
    /// Share of the processed signal, 0 to 1; the rest is the latency-matched input.
    #[serde(default = "full")]
    pub wet: f64,
    /// Gain into the processor, −24 to 24 dB.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub input_db: f64,
    /// Gain out of the processor, before the mix, −24 to 24 dB.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub output_db: f64,
    /// What is listened to.
    #[serde(default, skip_serializing_if = "is_normal")]
    pub listen: Listen,
    /// Loudness of the output against the input as last measured, dB: the gain of the matched bypass.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub match_db: f64,
    /// Values by parameter id; what is left out has its default.
    #[serde(default)]
    pub params: BTreeMap<String, ParamValue>,
    /// Fields of other versions.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Slot {
    /// A slot of a kind with every parameter at its default.
    pub fn new(id: SlotId, kind: &str) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            version: 1,
            enabled: true,
            mode: ChannelMode::Stereo,
            wet: 1.0,
            input_db: 0.0,
            output_db: 0.0,
            listen: Listen::Normal,
            match_db: 0.0,
            params: BTreeMap::new(),
            extra: Extra::new(),
        }
    }
}

/// Processors in order, first to last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Chain {
    /// First to last.
    #[serde(default)]
    pub slots: Vec<Slot>,
    /// Fields of other versions.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Chain {
    /// The slot with this id.
    pub fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.slots.iter().find(|s| s.id == id)
    }
}

fn is_unset(id: &SlotId) -> bool {
    id.0 == 0
}

fn is_zero(db: &f64) -> bool {
    db.to_bits() == 0
}

fn is_normal(listen: &Listen) -> bool {
    *listen == Listen::Normal
}

fn one() -> u32 {
    1
}

fn on() -> bool {
    true
}

fn full() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slot_has_around_its_processor_is_written_only_where_it_is_set() {
        let plain = serde_json::to_value(Slot::new(SlotId(1), "gain")).unwrap();
        for field in ["input_db", "output_db", "listen", "match_db"] {
            assert!(plain.get(field).is_none(), "{field}");
        }
        let text =
            r#"{"kind":"gain","input_db":-3.5,"output_db":2,"listen":"matched_bypass","match_db":1.25}"#;
        let slot: Slot = serde_json::from_str(text).unwrap();
        assert_eq!((slot.input_db, slot.output_db, slot.match_db), (-3.5, 2.0, 1.25));
        assert_eq!(slot.listen, Listen::MatchedBypass);
        let again: Slot = serde_json::from_value(serde_json::to_value(&slot).unwrap()).unwrap();
        assert_eq!(again, slot);
    }

    #[test]
    fn a_chain_file_round_trips_with_foreign_fields() {
        let text = r#"{"slots":[{"kind":"mystery","params":{"warp_factor":9.5,"on":true,"colour":"blue"},"shine":[1,2]}],"author":"A"}"#;
        let chain: Chain = serde_json::from_str(text).unwrap();
        assert_eq!(chain.slots[0].params["warp_factor"], ParamValue::Number(9.5));
        assert_eq!(chain.slots[0].params["on"], ParamValue::Switch(true));
        let back: serde_json::Value = serde_json::to_value(&chain).unwrap();
        assert_eq!(back["author"], "A");
        assert_eq!(back["slots"][0]["shine"][1], 2);
        let again: Chain = serde_json::from_value(back).unwrap();
        assert_eq!(again, chain);
    }
}
