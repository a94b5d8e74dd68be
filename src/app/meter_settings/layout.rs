//! Settings of the meter panels: what stands where.

use serde::{Deserialize, Serialize};

/// Settings of the meter panels: what stands where.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LayoutSettings {}
