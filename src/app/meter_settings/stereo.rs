//! Settings of the correlation meters and goniometer.

use serde::{Deserialize, Serialize};

use crate::meter::stereo::BandSplit;

/// Settings of the correlation meters and goniometer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StereoSettings {
    /// Time constant of every correlation.
    pub average: CorrelationTime,
    /// Bands of the correlation by band.
    pub bands: CorrelationBands,
    /// What the field shows.
    pub picture: FieldPicture,
    /// How long a point stays.
    pub persistence: Persistence,
    /// How the field is scaled.
    pub gain: FieldGain,
}

/// Time constant of the correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrelationTime {
    /// 0.1 s.
    Fast,
    /// 0.3 s.
    #[default]
    Medium,
    /// 0.6 s.
    Calm,
    /// 1 s.
    Slow,
}

impl CorrelationTime {
    /// All, shortest first.
    pub const ALL: [Self; 4] = [Self::Fast, Self::Medium, Self::Calm, Self::Slow];

    /// Seconds.
    pub fn seconds(self) -> f64 {
        match self {
            Self::Fast => 0.1,
            Self::Medium => 0.3,
            Self::Calm => 0.6,
            Self::Slow => 1.0,
        }
    }
}

/// Bands of the correlation by band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrelationBands {
    /// Below 120 Hz, to 2 kHz, above.
    #[default]
    Three,
    /// Octaves.
    Octaves,
    /// Thirds of an octave.
    Thirds,
}

impl CorrelationBands {
    /// All, fewest bands first.
    pub const ALL: [Self; 3] = [Self::Three, Self::Octaves, Self::Thirds];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Three => "3 bands",
            Self::Octaves => "Octaves",
            Self::Thirds => "1/3 octaves",
        }
    }

    /// For the meter.
    pub fn split(self) -> BandSplit {
        match self {
            Self::Three => BandSplit::Three,
            Self::Octaves => BandSplit::Octaves,
            Self::Thirds => BandSplit::Thirds,
        }
    }
}

/// What the field shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldPicture {
    /// Side across, mid up.
    #[default]
    Lissajous,
    /// Points by direction and radius, both polarities upwards.
    PolarSample,
    /// The loudest radius in each direction.
    PolarLevel,
}

impl FieldPicture {
    /// All.
    pub const ALL: [Self; 3] = [Self::Lissajous, Self::PolarSample, Self::PolarLevel];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Lissajous => "Lissajous",
            Self::PolarSample => "Polar sample",
            Self::PolarLevel => "Polar level",
        }
    }
}

/// How long a point stays: a time constant in milliseconds, 50 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Persistence(u16);

impl Default for Persistence {
    fn default() -> Self {
        Self(200)
    }
}

impl Persistence {
    /// Those the menu offers.
    pub const OFFERED: [Self; 6] = [Self(50), Self(100), Self(200), Self(300), Self(500), Self(1000)];

    /// Milliseconds.
    pub fn ms(self) -> u16 {
        self.0.clamp(50, 1000)
    }

    /// Seconds.
    pub fn seconds(self) -> f64 {
        f64::from(self.ms()) / 1000.0
    }
}

/// How the field is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldGain {
    /// The loudest of the last moments stands on the edge.
    #[default]
    Auto,
    /// A fixed gain, dB, 0 to 48.
    Fixed(u8),
}

impl FieldGain {
    /// Those the menu offers.
    pub const OFFERED: [Self; 6] =
        [Self::Auto, Self::Fixed(0), Self::Fixed(6), Self::Fixed(12), Self::Fixed(18), Self::Fixed(24)];

    /// The fixed gain, dB.
    pub fn fixed_db(self) -> Option<f64> {
        match self {
            Self::Auto => None,
            Self::Fixed(db) => Some(f64::from(db.min(48))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_comes_back_and_what_is_absurd_is_held_in_range() {
        let set = StereoSettings {
            average: CorrelationTime::Slow,
            bands: CorrelationBands::Thirds,
            picture: FieldPicture::PolarLevel,
            persistence: Persistence(500),
            gain: FieldGain::Fixed(12),
        };
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<StereoSettings>(&text).unwrap(), set, "{text}");
        let old: StereoSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(old, StereoSettings::default());
        let odd: StereoSettings =
            serde_json::from_str(r#"{"persistence":65535,"gain":{"fixed":255}}"#).unwrap();
        assert_eq!((odd.persistence.ms(), odd.gain.fixed_db()), (1000, Some(48.0)));
    }
}
