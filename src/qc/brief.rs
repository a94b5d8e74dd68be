//! What was agreed with the client, and the thresholds the checks hold a mix against. `check --brief FILE` reads it.

use serde::{Deserialize, Serialize};

/// The brief of a delivery. Fields left out take their defaults; unknown fields are an error, so that a misspelt one is
/// not silently without effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brief {
    /// Sample rate agreed on, Hz; without it the majority of the files delivered counts.
    pub sample_rate_hz: Option<u32>,
    /// Bits agreed on; without it the majority counts.
    pub bits: Option<u32>,
    /// Channels agreed on (1 or 2); without it both are taken.
    pub channels: Option<u32>,
    /// Formats agreed on, as named by the reader (`WAV`, `AIFF` …, case does not matter); without it every lossless one.
    pub formats: Option<Vec<String>>,
    /// Samples in a row at one level that make a clip (3 is usual).
    pub clip_run_samples: u32,
    /// Room wanted above the highest sample, dB.
    pub headroom_db: f64,
    /// PLR below this looks limited already, dB.
    pub plr_min_db: f64,
    /// Highest true peak a mix should have, dBTP.
    pub true_peak_max_dbtp: f64,
    /// Silence at the start longer than this is named, seconds.
    pub leading_silence_max_s: f64,
    /// Silence at the end longer than this is named, seconds.
    pub trailing_silence_max_s: f64,
    /// A sample under this is silence, dBFS.
    pub silence_dbfs: f64,
}

impl Default for Brief {
    fn default() -> Self {
        Self {
            sample_rate_hz: None,
            bits: None,
            channels: None,
            formats: None,
            clip_run_samples: 3,
            headroom_db: 2.0,
            plr_min_db: 8.0,
            true_peak_max_dbtp: 0.0,
            leading_silence_max_s: 0.5,
            trailing_silence_max_s: 3.0,
            silence_dbfs: -60.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brief_names_only_what_it_wants_otherwise() {
        let brief: Brief = serde_json::from_str(r#"{"sample_rate_hz": 96000, "headroom_db": 3.0}"#).unwrap();
        assert_eq!(brief.sample_rate_hz, Some(96_000));
        assert_eq!(brief.clip_run_samples, 3);
        assert!((brief.headroom_db - 3.0).abs() < 1e-12);
        assert!(serde_json::from_str::<Brief>(r#"{"headrom_db": 3.0}"#).is_err());
    }
}
