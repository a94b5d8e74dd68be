//! How the meters are set: kept with the machine, not with a session, and changed by
//! [`crate::app::Command::SetMeters`].

mod layout;
mod level;
mod loudness;
mod spectrum;
mod stereo;

use serde::{Deserialize, Serialize};

pub use crate::meter::spectrum::{Channel, FftSize, Smoothing, WindowKind};
pub use layout::LayoutSettings;
pub use level::LevelSettings;
pub use loudness::LoudnessSettings;
pub use spectrum::{AverageOver, Difference, Slope, SpectrumSettings, TraceRef};
pub use stereo::StereoSettings;

/// Where the meters listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeterPoint {
    /// The end of the album chain: what every export is made of.
    #[default]
    MasterTap,
}

impl MeterPoint {
    /// Source and point in words (`master · master tap`).
    pub fn in_words(self) -> &'static str {
        match self {
            Self::MasterTap => "master · master tap",
        }
    }
}

/// All settings of the meters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MeterSettings {
    /// Where they listen.
    pub point: MeterPoint,
    /// Peaks and levels.
    pub level: LevelSettings,
    /// Loudness.
    pub loudness: LoudnessSettings,
    /// Correlation, goniometer.
    pub stereo: StereoSettings,
    /// Spectrum, spectrogram.
    pub spectrum: SpectrumSettings,
    /// What stands where.
    pub layout: LayoutSettings,
}
