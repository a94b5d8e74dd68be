//! Settings of the spectrum and spectrogram.

use serde::{Deserialize, Serialize};

/// Settings of the spectrum and spectrogram.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SpectrumSettings {}
