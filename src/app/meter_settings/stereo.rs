//! Settings of the correlation meters and goniometer.

use serde::{Deserialize, Serialize};

/// Settings of the correlation meters and goniometer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StereoSettings {}
