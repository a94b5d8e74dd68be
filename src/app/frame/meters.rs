//! What the meters show: one picture of the signal at the meter point, made by the meter worker.
//!
//! A reading that does not exist (silence, too short) is `None`.

use std::sync::Arc;

use crate::meter::level::{BitReading, Needle};
use crate::meter::loudness_counts::LoudnessCounts;
use crate::meter::stereo::BandReading;
use crate::model::SongId;
use crate::units::Frames;

/// Readings of the signal at the meter point.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeterView {
    /// The source and the point, as shown (`master · master tap`).
    pub point: String,
    /// Peaks and levels.
    pub level: LevelView,
    /// Loudness and what is derived from it.
    pub loudness: LoudnessView,
    /// Correlation and balance.
    pub stereo: StereoView,
    /// Some sound was not measured since the reset (the worker was too slow).
    pub gap: bool,
}

/// Peaks and levels, per channel. What the panel shows of them is set by
/// [`LevelSettings`](crate::app::meter_settings::LevelSettings).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LevelView {
    /// Sample peak of the last moments, dBFS.
    pub peak_dbfs: [Option<f64>; 2],
    /// The mark of the peak bar, dBFS, as its hold is set; `None` where it is off.
    pub hold_dbfs: [Option<f64>; 2],
    /// Highest sample since reset, dBFS.
    pub max_dbfs: [Option<f64>; 2],
    /// Where on the album that was.
    pub max_at: [Option<Frames>; 2],
    /// RMS (AES17, 300 ms), dBFS.
    pub rms_dbfs: [Option<f64>; 2],
    /// Highest of it since reset.
    pub max_rms_dbfs: [Option<f64>; 2],
    /// RMS (AES17, 600 ms): the average of the K scales.
    pub rms_600: [Needle; 2],
    /// VU before its reference: dBFS of a sine.
    pub vu: [Needle; 2],
    /// PPM type I (DIN, Nordic), dBFS of a sine.
    pub ppm_1: [Needle; 2],
    /// PPM type II (BBC, EBU), dBFS of a sine.
    pub ppm_2: [Needle; 2],
    /// True peak of the last moments, dBTP.
    pub true_peak_now_dbtp: [Option<f64>; 2],
    /// Largest true peak since reset, dBTP.
    pub true_peak_dbtp: [Option<f64>; 2],
    /// Where on the album that was.
    pub true_peak_at: [Option<Frames>; 2],
    /// Stretches above 0 dBTP since reset.
    pub true_peak_overs: [u64; 2],
    /// Runs of full-scale samples since reset, both channels.
    pub full_scale_runs: u64,
    /// The same for each channel.
    pub overs: [u64; 2],
    /// Where on the album the last run began.
    pub over_at: [Option<Frames>; 2],
    /// Mean of all samples since reset, full scale 1.0.
    pub dc: [Option<f64>; 2],
    /// Bits of the words.
    pub bits: [BitReading; 2],
}

impl LevelView {
    /// The picture when nothing plays: holds, maxima and counts stay.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        let still = |needles: [Needle; 2]| needles.map(|n| Needle { now_dbfs: None, ..n });
        Self {
            peak_dbfs: [None; 2],
            rms_dbfs: [None; 2],
            true_peak_now_dbtp: [None; 2],
            rms_600: still(self.rms_600),
            vu: still(self.vu),
            ppm_1: still(self.ppm_1),
            ppm_2: still(self.ppm_2),
            bits: self.bits.map(|b| BitReading { activity: [0.0; 32], ..b }),
            ..self.clone()
        }
    }
}

/// Loudness of a part of the album (a song, the album), gathered by place: a stretch heard again replaces what was there,
/// a stretch that an edit changed does not count until it is heard again.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlaceReading {
    /// LUFS, gated.
    pub integrated_lufs: Option<f64>,
    /// LU (EBU Tech 3342).
    pub range_lu: Option<f64>,
    /// Largest M, LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Largest S, LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// Largest true peak of each channel, dBTP.
    pub true_peak_dbtp: [Option<f64>; 2],
    /// Largest sample of each channel, dBFS.
    pub sample_peak_dbfs: [Option<f64>; 2],
    /// Largest true peak minus integrated, dB.
    pub plr_db: Option<f64>,
    /// Largest true peak of the loudest 3 s minus their loudness (max S), dB.
    pub psr_db: Option<f64>,
    /// Smallest PSR, dB.
    pub min_psr_db: Option<f64>,
    /// Seconds the figures are made of.
    pub measured_s: f64,
    /// Seconds that were measured and have been changed by an edit since.
    pub stale_s: f64,
    /// Seconds in all: a song as its file, from its start to the start of the next; the album from its first song on.
    pub length_s: f64,
}

/// Loudness: since reset, and beside it by place (`song`, `album`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoudnessView {
    /// LUFS, 400 ms.
    pub momentary_lufs: Option<f64>,
    /// LUFS, 3 s.
    pub short_term_lufs: Option<f64>,
    /// LUFS since reset, gated.
    pub integrated_lufs: Option<f64>,
    /// LU since reset (EBU Tech 3342).
    pub range_lu: Option<f64>,
    /// Largest M since reset.
    pub max_momentary_lufs: Option<f64>,
    /// Largest S since reset.
    pub max_short_term_lufs: Option<f64>,
    /// Largest true peak minus integrated, LU.
    pub plr_lu: Option<f64>,
    /// True peak of the last 3 s minus short-term, LU.
    pub psr_lu: Option<f64>,
    /// Smallest PSR since reset, LU.
    pub min_psr_lu: Option<f64>,
    /// Seconds measured since reset; under 60 the range is not stable yet.
    pub measured_s: f64,
    /// Integrated loudness, range and maxima stand still; M and S go on.
    pub is_paused: bool,
    /// Largest true peak since reset, both channels, dBTP; stands still while paused.
    pub max_true_peak_dbtp: Option<f64>,
    /// Largest sample since reset, both channels, dBFS; stands still while paused.
    pub max_sample_peak_dbfs: Option<f64>,
    /// The song whose figures are in `song`: the one heard last.
    pub song_id: Option<SongId>,
    /// By place, of that song.
    pub song: Option<PlaceReading>,
    /// By place, of the album.
    pub album: PlaceReading,
    /// How often which loudness came since the reset; not while paused.
    pub counts: Arc<LoudnessCounts>,
    /// Short-term loudness of the last minutes, one value each 0.1 s, newest last.
    pub short_term_history: Arc<Vec<f32>>,
}

impl LoudnessView {
    /// The picture when nothing plays: what was measured since the reset stays.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        Self { momentary_lufs: None, ..self.clone() }
    }
}

/// Correlation, balance, mono fold-down and what the goniometer needs besides its points.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StereoView {
    /// −1 to 1; in silence as the last sound left it.
    pub correlation: Option<f64>,
    /// Nothing sounds: the needle is held.
    pub is_held: bool,
    /// Lowest correlation since reset.
    pub min_correlation: Option<f64>,
    /// Where that was, seconds since reset.
    pub min_at_s: Option<f64>,
    /// Seconds below zero since reset.
    pub below_zero_s: f64,
    /// Seconds measured since reset, silence not counted.
    pub measured_s: f64,
    /// The same for each band, lowest first.
    pub bands: Vec<BandReading>,
    /// Right against left, dB (300 ms).
    pub balance_db: Option<f64>,
    /// Right against left since reset, dB.
    pub long_balance_db: Option<f64>,
    /// Level change of the mono sum, dB (300 ms); at least −120.
    pub fold_down_db: Option<f64>,
    /// The same since reset, dB.
    pub long_fold_down_db: Option<f64>,
    /// Loudness change of the mono sum since reset, LU (K-weighted).
    pub long_fold_down_lu: Option<f64>,
    /// RMS of mid and side, dBFS (AES17, 300 ms).
    pub mid_side_dbfs: [Option<f64>; 2],
    /// The side's part of the energy below 150 and below 300 Hz, 0 to 1, since reset.
    pub low_side: [Option<f64>; 2],
    /// The same over the last second.
    pub low_side_now: [Option<f64>; 2],
    /// How the field is to be drawn.
    pub field: FieldView,
}

impl StereoView {
    /// The picture when nothing plays: minima and times stay.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        Self {
            correlation: None,
            balance_db: None,
            fold_down_db: None,
            mid_side_dbfs: [None; 2],
            low_side_now: [None; 2],
            bands: self.bands.iter().map(|b| BandReading { needle: b.needle.at_rest(), ..*b }).collect(),
            field: FieldView { polar: Arc::default(), ..self.field.clone() },
            ..self.clone()
        }
    }
}

/// How the points of the field are to be drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldView {
    /// Seconds from one point to the next: the newest is new, the one before this old, and so on.
    pub spacing_s: f64,
    /// Time constant of the fading, s; 0 is none.
    pub persistence_s: f64,
    /// Gain of the display, dB; at 0 mono at full scale stands on the edge.
    pub gain_db: f64,
    /// For the polar level: radius now and its envelope, linear, in each of
    /// [`crate::meter::stereo::SECTORS`] directions. Empty while it is not shown.
    pub polar: Arc<Vec<[f32; 2]>>,
}

/// The live spectrum, on a log-frequency grid. 0 dB is a full-scale sine at slope 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpectrumView {
    /// Frequencies, Hz, ascending.
    pub freqs_hz: Vec<f32>,
    /// Now, dB.
    pub now_db: Vec<f32>,
    /// Averaged, dB.
    pub average_db: Vec<f32>,
    /// Held maximum, dB.
    pub peak_db: Vec<f32>,
    /// How it is smoothed and tilted, as shown (`1/12 oct · 4.5 dB/oct`).
    pub label: String,
    /// Slope applied, dB per octave about 1 kHz.
    pub slope_db_oct: f32,
}
