//! Settings of the loudness meters.

use serde::{Deserialize, Serialize};

/// Settings of the loudness meters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LoudnessSettings {}
