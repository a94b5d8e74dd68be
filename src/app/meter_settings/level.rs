//! Settings of the peak, RMS, VU and PPM meters: what is shown. All meters run whatever is chosen here.

use serde::{Deserialize, Serialize};

/// The scale of the level panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelScale {
    /// Sample peak and RMS to full scale.
    #[default]
    Dbfs,
    /// K-12: RMS and peak, 0 at −12 dBFS.
    K12,
    /// K-14.
    K14,
    /// K-20.
    K20,
    /// VU (IEC 60268-17).
    Vu,
    /// PPM type I, DIN 45406.
    PpmDin,
    /// PPM type I, Nordic.
    PpmNordic,
    /// PPM type IIa, BBC.
    PpmBbc,
    /// PPM type IIb, EBU.
    PpmEbu,
}

impl LevelScale {
    /// All, in the order of the menu.
    pub const ALL: [Self; 9] = [
        Self::Dbfs,
        Self::K12,
        Self::K14,
        Self::K20,
        Self::Vu,
        Self::PpmDin,
        Self::PpmNordic,
        Self::PpmBbc,
        Self::PpmEbu,
    ];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Dbfs => "dBFS",
            Self::K12 => "K-12",
            Self::K14 => "K-14",
            Self::K20 => "K-20",
            Self::Vu => "VU",
            Self::PpmDin => "PPM DIN",
            Self::PpmNordic => "PPM Nordic",
            Self::PpmBbc => "PPM BBC",
            Self::PpmEbu => "PPM EBU",
        }
    }
}

/// Which RMS is written and drawn on the dBFS scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RmsKind {
    /// A sine reads its peak (AES17).
    #[default]
    Aes17,
    /// A square reads its peak; a sine 3.01 dB less.
    Plain,
}

/// Over which time the RMS on the dBFS scale is taken. K scales always take 600 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RmsTime {
    /// 300 ms.
    #[default]
    Ms300,
    /// 600 ms.
    Ms600,
}

/// How long the mark of the peak bar waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldMode {
    /// No mark.
    Off,
    /// 1 s.
    #[default]
    OneSecond,
    /// 3 s.
    ThreeSeconds,
    /// 10 s.
    TenSeconds,
    /// Until the meters are reset.
    UntilReset,
}

impl HoldMode {
    /// All, in the order of the menu.
    pub const ALL: [Self; 5] =
        [Self::Off, Self::OneSecond, Self::ThreeSeconds, Self::TenSeconds, Self::UntilReset];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::OneSecond => "1 s",
            Self::ThreeSeconds => "3 s",
            Self::TenSeconds => "10 s",
            Self::UntilReset => "Until reset",
        }
    }

    /// Seconds the mark waits; `None` where time does not move it.
    pub fn seconds(self) -> Option<f64> {
        match self {
            Self::Off | Self::UntilReset => None,
            Self::OneSecond => Some(1.0),
            Self::ThreeSeconds => Some(3.0),
            Self::TenSeconds => Some(10.0),
        }
    }
}

/// Lowest and highest reference of the VU, dBFS.
pub const VU_REFERENCE_RANGE_DBFS: (f64, f64) = (-40.0, 0.0);
/// Fewest and most full-scale samples that make an over.
pub const OVER_SAMPLES_RANGE: (u32, u32) = (1, 32);

/// Settings of the peak, RMS, VU and PPM meters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LevelSettings {
    /// The scale.
    pub scale: LevelScale,
    /// 0 VU in dBFS of a sine: −18 (EBU), −20 (SMPTE), −14 for loud masters, or any of [`VU_REFERENCE_RANGE_DBFS`].
    pub vu_reference_dbfs: f64,
    /// Which RMS.
    pub rms: RmsKind,
    /// Over which time.
    pub rms_time: RmsTime,
    /// How long the peak mark waits.
    pub hold: HoldMode,
    /// Full-scale samples in a row that make an over, within [`OVER_SAMPLES_RANGE`].
    pub over_samples: u32,
}

impl Default for LevelSettings {
    fn default() -> Self {
        Self {
            scale: LevelScale::default(),
            vu_reference_dbfs: -18.0,
            rms: RmsKind::default(),
            rms_time: RmsTime::default(),
            hold: HoldMode::default(),
            over_samples: 3,
        }
    }
}

impl LevelSettings {
    /// 0 VU in dBFS, whatever a file on disk says.
    pub fn vu_reference(&self) -> f64 {
        let (low, high) = VU_REFERENCE_RANGE_DBFS;
        if self.vu_reference_dbfs.is_finite() { self.vu_reference_dbfs.clamp(low, high) } else { -18.0 }
    }

    /// Length of a run, whatever a file on disk says.
    pub fn run_length(&self) -> u32 {
        self.over_samples.clamp(OVER_SAMPLES_RANGE.0, OVER_SAMPLES_RANGE.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_calm_default_and_settings_come_back_as_written() {
        let calm: LevelSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(calm, LevelSettings::default());
        let set = LevelSettings {
            scale: LevelScale::PpmBbc,
            vu_reference_dbfs: -16.5,
            rms: RmsKind::Plain,
            rms_time: RmsTime::Ms600,
            hold: HoldMode::UntilReset,
            over_samples: 5,
        };
        let text = serde_json::to_string(&set).unwrap();
        assert!(text.contains("\"ppm_bbc\"") && text.contains("\"until_reset\""), "{text}");
        assert_eq!(serde_json::from_str::<LevelSettings>(&text).unwrap(), set);
    }

    #[test]
    fn what_a_file_says_out_of_range_is_brought_into_it() {
        let wild = LevelSettings { vu_reference_dbfs: f64::NAN, over_samples: 0, ..LevelSettings::default() };
        assert_eq!((wild.vu_reference(), wild.run_length()), (-18.0, 1));
        let wild = LevelSettings { vu_reference_dbfs: 300.0, over_samples: 9999, ..LevelSettings::default() };
        assert_eq!((wild.vu_reference(), wild.run_length()), (0.0, 32));
    }
}
