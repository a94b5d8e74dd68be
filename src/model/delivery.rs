//! Which deliverables were ordered, with their settings.

use serde::{Deserialize, Serialize};

use super::Extra;

/// One ordered deliverable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Id in the registry of deliverables (`wav_songs`, `ddp` …).
    pub id: String,
    /// Its settings by name; what is left out has its default.
    #[serde(default)]
    pub settings: Extra,
}
