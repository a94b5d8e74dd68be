//! A finding: what was learned about audio or data, with its place, value and limit. Not an error.

use serde::{Deserialize, Serialize};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Wants a look.
    Warning,
    /// Must be mended or talked about.
    Error,
}

/// One thing learned, in the shape the command line prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable id of the rule (`clipping`, `rate_mismatch` …).
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// `left`, `right`, `both`, or nothing where channels do not matter.
    pub channel: Option<String>,
    /// Start of the place, seconds in the file.
    pub start_s: Option<f64>,
    /// End of the place, seconds in the file.
    pub end_s: Option<f64>,
    /// What was measured.
    pub value: Option<f64>,
    /// What it was held against.
    pub limit: Option<f64>,
    /// Unit of value and limit.
    pub unit: Option<String>,
    /// One sentence for a human.
    pub text: String,
}

impl Finding {
    /// A finding with a sentence and nothing else yet.
    pub fn new(rule: &str, severity: Severity, text: impl Into<String>) -> Self {
        Self {
            rule: rule.to_owned(),
            severity,
            channel: None,
            start_s: None,
            end_s: None,
            value: None,
            limit: None,
            unit: None,
            text: text.into(),
        }
    }

    /// With a measured value, the limit and their unit.
    #[must_use]
    pub fn measured(mut self, value: f64, limit: f64, unit: &str) -> Self {
        self.value = Some(value);
        self.limit = Some(limit);
        self.unit = Some(unit.to_owned());
        self
    }

    /// With a place in seconds.
    #[must_use]
    pub fn at(mut self, start_s: f64, end_s: f64) -> Self {
        self.start_s = Some(start_s);
        self.end_s = Some(end_s);
        self
    }

    /// In a channel.
    #[must_use]
    pub fn on(mut self, channel: &str) -> Self {
        self.channel = Some(channel.to_owned());
        self
    }
}
