//! What a measured file is said to be.
//!
//! Each figure names the definition it follows. Keys are those of `measure --json`: their names carry the unit, they are
//! added to and never renamed.

use serde::{Deserialize, Serialize};

use super::CHANNELS;
use crate::meter::spectrum::BandCurve;

/// What the caller knows about the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileFacts {
    /// As the user named it.
    pub path: String,
    /// Container and coding, in the words of the reader (`WAV`, `FLAC` …).
    pub format: String,
    /// Sample rate in hertz.
    pub sample_rate_hz: u32,
    /// Channels: 1 or 2 are measured.
    pub channels: u32,
    /// Bits of a stored sample; `None` where the coding has none (lossy).
    pub bits: Option<u32>,
}

/// Every figure of `measure --json`, keys as on the command line. What does not exist is `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Measurements {
    /// As the user named it.
    pub path: String,
    /// Container and coding.
    pub format: String,
    /// Sample rate in hertz.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Bits of a stored sample.
    pub bits: Option<u32>,
    /// Frames measured.
    pub frames: u64,
    /// Seconds measured.
    pub duration_s: f64,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Loudness range, LU.
    pub loudness_range_lu: Option<f64>,
    /// Highest momentary loudness, LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Highest short-term loudness, LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// Highest point of the wave, dBTP, worst channel.
    pub true_peak_dbtp: Option<f64>,
    /// Highest sample, dBFS, worst channel.
    pub sample_peak_dbfs: Option<f64>,
    /// AES17 RMS of the whole file, dBFS.
    pub rms_dbfs: Option<f64>,
    /// True peak over integrated loudness, dB.
    pub plr_db: Option<f64>,
    /// TT DR.
    pub dr: Option<f64>,
    /// Mean of the worst channel, −1..1, with its sign.
    pub dc_offset: Option<f64>,
    /// Of left and right, −1..1; `None` for mono or silence.
    pub correlation: Option<f64>,
    /// From the sign to the lowest bit ever used.
    pub effective_bits: Option<u32>,
    /// Highest frequency with energy.
    pub bandwidth_hz: Option<f64>,
    /// Where the 400 ms of [`Self::max_momentary_lufs`] begin, seconds.
    pub max_momentary_at_s: Option<f64>,
    /// Where the 3 s of [`Self::max_short_term_lufs`] begin, seconds.
    pub max_short_term_at_s: Option<f64>,
    /// Where the wave is highest, seconds; the sample at or before the point.
    pub true_peak_at_s: Option<f64>,
    /// Least peak to short-term loudness ratio, dB: windows of 3 s from −70 LUFS up, every 100 ms.
    pub min_psr_db: Option<f64>,
    /// Where the 3 s of [`Self::min_psr_db`] begin, seconds.
    pub min_psr_at_s: Option<f64>,
    /// Highest AES17 RMS of 600 ms, every 10 ms, louder channel, dBFS.
    pub max_rms_600_ms_dbfs: Option<f64>,
    /// The same on the K-20 scale (0 dB at −20 dBFS RMS), dB.
    pub max_k20_db: Option<f64>,
    /// On the K-14 scale.
    pub max_k14_db: Option<f64>,
    /// On the K-12 scale.
    pub max_k12_db: Option<f64>,
    /// Short-term loudness of the first 3 s that sound (from the first 100 ms that bring a gating block over −70 LUFS),
    /// LUFS.
    pub start_short_term_lufs: Option<f64>,
    /// Short-term loudness of the last 3 s that sound (to the last such 100 ms), LUFS.
    pub end_short_term_lufs: Option<f64>,
    /// AES17 RMS of the first second, dBFS.
    pub first_second_rms_dbfs: Option<f64>,
    /// AES17 RMS of the last second (to the last whole 10 ms), dBFS.
    pub last_second_rms_dbfs: Option<f64>,
    /// Loss when both channels are folded to one, dB: 0 for mono, −3 for unrelated channels; `None` for a mono file,
    /// silence, and where nothing is left.
    pub mono_loss_db: Option<f64>,
    /// Power under 120 Hz against the whole, dB (unweighted).
    pub balance_low_db: Option<f64>,
    /// Power from 120 to 2000 Hz against the whole, dB.
    pub balance_mid_db: Option<f64>,
    /// Power over 2000 Hz against the whole, dB.
    pub balance_high_db: Option<f64>,
    /// Leq of the 31 thirds of an octave from 20 Hz to 20 kHz (IEC 61260-1), AES17 dBFS, mean of the channels; empty in
    /// silence.
    pub third_octaves_dbfs: Vec<Option<f64>>,
    /// Samples that are no audio (not a number, infinite, beyond 1e30) and were measured as silence.
    pub non_finite_samples: u64,
    /// Each channel by itself.
    pub per_channel: Vec<ChannelMeasurements>,
}

/// What the measurements hold beside the printed figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analysis {
    /// The printed figures.
    pub measurements: Measurements,
    /// Frame of the highest point of the wave in each channel.
    pub true_peak_frames: [u64; CHANNELS],
    /// True peak of each channel, dBTP.
    pub channel_true_peaks_dbtp: [Option<f64>; CHANNELS],
    /// Powers of the gating blocks, one each 100 ms: those of all songs give the album's loudness
    /// ([`integrated_lufs`](crate::meter::loudness::integrated_lufs)).
    pub gating_powers: Vec<f64>,
    /// Powers of the short-term windows, one each 100 ms, the first at 3 s: those of all songs give the album's range
    /// ([`range_lu`](crate::meter::loudness::range_lu)).
    pub short_term_powers: Vec<f64>,
    /// ΣL², ΣR², ΣLR: those of all songs give the album's level and correlation.
    pub products: [f64; 3],
    /// Sums of squares below 120 Hz, between, and above 2000 Hz, mean of the channels: those of all songs give the album's
    /// balance.
    pub band_powers: [f64; 3],
    /// Average spectrum over the whole file, to be laid behind the live one; `None` in silence.
    pub curve: Option<BandCurve>,
}

/// Figures of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelMeasurements {
    /// Highest point of the wave, dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// Highest sample, dBFS.
    pub sample_peak_dbfs: Option<f64>,
    /// AES17 RMS of the whole file, dBFS.
    pub rms_dbfs: Option<f64>,
    /// Mean, −1..1, with its sign.
    pub dc_offset: Option<f64>,
    /// Samples at full scale.
    pub full_scale_samples: u64,
    /// Runs of three and more of them.
    pub full_scale_runs: u64,
    /// Length of the longest run, samples.
    pub longest_full_scale_run: u64,
}
