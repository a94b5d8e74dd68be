//! Settings of a deliverable: described once, and from that come the panel, the command line and the session file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Extra;

/// What a setting can hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SettingKind {
    /// One of these words.
    Choice {
        /// Allowed words, in menu order.
        words: &'static [&'static str],
        /// The one taken where nothing is said.
        default: &'static str,
    },
    /// On or off.
    Switch {
        /// Where nothing is said.
        default: bool,
    },
    /// A number in decibels.
    Decibels {
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
        /// Where nothing is said.
        default: f64,
    },
    /// Free text.
    Text {
        /// Where nothing is said.
        default: &'static str,
    },
}

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SettingDesc {
    /// Stable id, as in session files.
    pub id: &'static str,
    /// As shown.
    pub name: &'static str,
    /// What it holds.
    pub kind: SettingKind,
    /// One sentence of help.
    pub help: &'static str,
}

impl SettingDesc {
    fn default_value(&self) -> Value {
        match self.kind {
            SettingKind::Choice { default, .. } | SettingKind::Text { default } => default.into(),
            SettingKind::Switch { default } => default.into(),
            SettingKind::Decibels { default, .. } => default.into(),
        }
    }

    /// The value a file gives, in the form the setting holds it; numbers are taken for words (`"bits": 24`).
    fn value_from(&self, given: &Value) -> Result<Value, String> {
        let wrong = |allowed: String| Err(format!("{} cannot be {given}; allowed: {allowed}", self.id));
        match self.kind {
            SettingKind::Choice { words, .. } => {
                let word = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
                if words.contains(&word.as_str()) { Ok(word.into()) } else { wrong(words.join(", ")) }
            }
            SettingKind::Switch { .. } if given.is_boolean() => Ok(given.clone()),
            SettingKind::Switch { .. } => wrong("true or false".to_owned()),
            SettingKind::Decibels { min, max, .. } => match given.as_f64() {
                Some(db) if (min..=max).contains(&db) => Ok(db.into()),
                _ => wrong(format!("{min} to {max} dB")),
            },
            SettingKind::Text { .. } if given.is_string() => Ok(given.clone()),
            SettingKind::Text { .. } => wrong("text".to_owned()),
        }
    }
}

/// The value of every setting of a deliverable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings(BTreeMap<&'static str, Value>);

impl Settings {
    /// Every setting at its default.
    pub fn defaults(descs: &[SettingDesc]) -> Self {
        Self(descs.iter().map(|d| (d.id, d.default_value())).collect())
    }

    /// Settings as an order gives them; what is left out has its default.
    ///
    /// # Errors
    /// One line naming the setting, what was given and what is allowed.
    pub fn from_order(descs: &[SettingDesc], given: &Extra) -> Result<Self, String> {
        let mut settings = Self::defaults(descs);
        for (id, value) in given {
            let Some(desc) = descs.iter().find(|d| d.id == id.as_str()) else {
                let known: Vec<&str> = descs.iter().map(|d| d.id).collect();
                return Err(format!("there is no setting “{id}”; there are: {}", known.join(", ")));
            };
            settings.0.insert(desc.id, desc.value_from(value)?);
        }
        Ok(settings)
    }

    /// A chosen word or a text; empty if there is no such setting.
    pub fn text(&self, id: &str) -> &str {
        self.0.get(id).and_then(Value::as_str).unwrap_or("")
    }

    /// Whether a switch is on.
    pub fn is_on(&self, id: &str) -> bool {
        self.0.get(id).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A number in decibels; 0 if there is no such setting.
    pub fn db(&self, id: &str) -> f64 {
        self.0.get(id).and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// As written into a manifest.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.iter().map(|(id, value)| ((*id).to_owned(), value.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCS: &[SettingDesc] = &[
        SettingDesc {
            id: "bits",
            name: "Bits",
            kind: SettingKind::Choice { words: &["16", "24"], default: "24" },
            help: "",
        },
        SettingDesc { id: "tags", name: "Tags", kind: SettingKind::Switch { default: true }, help: "" },
    ];

    fn order(text: &str) -> Result<Settings, String> {
        Settings::from_order(DESCS, &serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_is_left_out_has_its_default_and_numbers_are_words() {
        let settings = order(r#"{"bits": 16}"#).unwrap();
        assert_eq!(settings.text("bits"), "16");
        assert!(settings.is_on("tags"));
        assert_eq!(order("{}").unwrap(), Settings::defaults(DESCS));
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_allowed() {
        assert_eq!(order(r#"{"bits": 17}"#).unwrap_err(), "bits cannot be 17; allowed: 16, 24");
        assert!(order(r#"{"tags": "yes"}"#).unwrap_err().contains("true or false"));
        assert!(order(r#"{"colour": 1}"#).unwrap_err().contains("there are: bits, tags"));
    }
}
