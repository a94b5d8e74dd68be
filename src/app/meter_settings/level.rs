//! Settings of the peak, RMS, VU and PPM meters.

use serde::{Deserialize, Serialize};

/// Settings of the peak, RMS, VU and PPM meters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LevelSettings {}
