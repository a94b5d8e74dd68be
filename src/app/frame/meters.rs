//! What the meters show: one picture of the signal at the meter point, made by the meter worker.
//!
//! A reading that does not exist (silence, too short) is `None`.

use std::sync::Arc;

use crate::app::meter_settings::TraceRef;
pub use crate::meter::ledger::LedgerReading as PlaceReading;
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
    /// Largest true peak minus integrated, dB.
    pub plr_db: Option<f64>,
    /// True peak of the last 3 s minus short-term, dB.
    pub psr_db: Option<f64>,
    /// Smallest PSR since reset, dB.
    pub min_psr_db: Option<f64>,
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
    /// The picture when nothing plays: what was measured since the reset stays; M, S and the PSR of now are of the moment
    /// and go.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        Self { momentary_lufs: None, short_term_lufs: None, psr_db: None, ..self.clone() }
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
    /// The average as mean power where the traces read tones (the highest bin): densities are taken from it. Empty where
    /// [`Self::average_db`] is that itself.
    pub mean_power_db: Vec<f32>,
    /// Held maximum, dB.
    pub peak_db: Vec<f32>,
    /// Held minimum, dB; empty where it is not shown.
    pub minimum_db: Vec<f32>,
    /// The second channel now, dB; empty without one.
    pub second_now_db: Vec<f32>,
    /// The second channel averaged, dB.
    pub second_average_db: Vec<f32>,
    /// What the traces and the second ones are of (`stereo`, `side`); the second is empty without one.
    pub channels: [&'static str; 2],
    /// Over what is averaged (`3 s`).
    pub average_over: &'static str,
    /// How it is read, smoothed and tilted, as shown (`8192 Hann · 1/12 oct · 4.5 dB/oct`).
    pub label: String,
    /// Slope applied, dB per octave about 1 kHz.
    pub slope_db_oct: f32,
    /// What noise of power 1 in a hertz reads at slope 0, dB: bin width times noise bandwidth. Curves of files are densities.
    pub noise_db: f32,
    /// The strongest tone of the last spectrum, at its place between the bins, with no slope and no smoothing.
    pub strongest: Option<ToneView>,
    /// The last minutes as a picture.
    pub gram: Arc<SpectrogramView>,
}

/// A tone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ToneView {
    /// Frequency, Hz.
    pub hz: f64,
    /// Level, dB; a full-scale sine has 0.
    pub level_db: f64,
}

impl SpectrumView {
    /// The slope at a frequency, dB.
    pub fn tilt_db(&self, hz: f32) -> f32 {
        self.slope_db_oct * (hz / 1000.0).log2()
    }
}

/// Columns of the spectrogram: as many as fit across it.
pub const GRAM_COLUMNS: usize = 1024;
/// Rows of the spectrogram, from [`GRAM_LOW_HZ`] (the first) to [`GRAM_HIGH_HZ`], equally spaced in logarithm.
pub const GRAM_ROWS: usize = 256;
/// Frequency of the lowest row, Hz.
pub const GRAM_LOW_HZ: f64 = 10.0;
/// Frequency of the highest row, Hz.
pub const GRAM_HIGH_HZ: f64 = 22_000.0;

/// The spectrogram: a ring of columns of levels. Column `n` of all ever written lies at `n % GRAM_COLUMNS`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpectrogramView {
    /// Columns ever written.
    pub written: u64,
    /// Counts resets: with another one, everything before is gone.
    pub run: u64,
    /// `GRAM_COLUMNS · GRAM_ROWS` levels, column by column, lowest row first; see [`Self::level_db`]. Empty before the first.
    pub levels: Vec<u8>,
    /// Album frame in the middle of each column, if it is known.
    pub places: Vec<Option<i64>>,
    /// Columns a second.
    pub columns_per_s: f64,
    /// Columns across the panel, as many as the seconds it spans; not more than `GRAM_COLUMNS`.
    pub across: usize,
    /// Slope in it, dB per octave about 1 kHz (that of the spectrum).
    pub slope_db_oct: f32,
}

impl SpectrogramView {
    /// Level of a byte, dB: 0 is −120 dB or less, 255 is +7.5 dB, steps of 0.5 dB.
    pub fn level_db(byte: u8) -> f32 {
        0.5 * f32::from(byte) - 120.0
    }

    /// The byte of a level.
    pub fn byte(level_db: f32) -> u8 {
        ((level_db + 120.0) * 2.0).round().clamp(0.0, 255.0) as u8
    }

    /// Columns that can be shown, oldest first.
    pub fn shown(&self) -> std::ops::Range<u64> {
        self.written.saturating_sub(self.across as u64)..self.written
    }

    /// Levels of a column of [`Self::shown`], lowest row first.
    pub fn column(&self, n: u64) -> &[u8] {
        let at = (n % GRAM_COLUMNS as u64) as usize * GRAM_ROWS;
        self.levels.get(at..at + GRAM_ROWS).unwrap_or_default()
    }

    /// Album frame of a column of [`Self::shown`].
    pub fn place(&self, n: u64) -> Option<i64> {
        self.places.get((n % GRAM_COLUMNS as u64) as usize).copied().flatten()
    }

    /// Frequency of a row, Hz.
    pub fn row_hz(row: usize) -> f64 {
        GRAM_LOW_HZ * (GRAM_HIGH_HZ / GRAM_LOW_HZ).powf(row as f64 / (GRAM_ROWS - 1) as f64)
    }
}

/// What a curve over the spectrum is, for its colour and place in the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurveKind {
    /// The mix of the current song.
    Song,
    /// The mixes of the album.
    Album,
    /// The master of the current song.
    Master,
    /// The masters of the album.
    Masters,
    /// A reference file.
    Reference,
    /// Files of a genre.
    Genre,
    /// A frozen trace, 0 to 3.
    Frozen(usize),
}

/// A curve that stands behind the live spectrum, on its grid and with its slope.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveView {
    /// What it is called in settings.
    pub trace: TraceRef,
    /// What it is.
    pub kind: CurveKind,
    /// Its name, with what it is of.
    pub name: String,
    /// Levels at the spectrum's frequencies, dB; NaN where there is none.
    pub levels_db: Arc<Vec<f32>>,
    /// Deviation to each side, dB; empty for a single one.
    pub spread_db: Arc<Vec<f32>>,
    /// Added to the levels so that it is as loud (K-weighted) as the live average, dB; `None` where it stands at its own
    /// level.
    pub levelled_by_db: Option<f32>,
    /// It is drawn.
    pub is_shown: bool,
}

impl CurveView {
    /// Level at a point of the spectrum's grid as drawn, dB.
    pub fn level_db(&self, point: usize) -> Option<f32> {
        let level = *self.levels_db.get(point)?;
        level.is_finite().then(|| level + self.levelled_by_db.unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_rest_nothing_of_the_moment_stands_as_if_it_sounded() {
        let heard = LoudnessView {
            momentary_lufs: Some(-8.0),
            short_term_lufs: Some(-9.0),
            psr_db: Some(8.1),
            integrated_lufs: Some(-11.0),
            range_lu: Some(6.0),
            max_momentary_lufs: Some(-6.0),
            max_short_term_lufs: Some(-7.0),
            plr_db: Some(10.0),
            min_psr_db: Some(7.6),
            measured_s: 80.0,
            ..LoudnessView::default()
        };
        let rest = heard.at_rest();
        assert_eq!((rest.momentary_lufs, rest.short_term_lufs, rest.psr_db), (None, None, None));
        let of_the_moment = LoudnessView {
            momentary_lufs: heard.momentary_lufs,
            short_term_lufs: heard.short_term_lufs,
            psr_db: heard.psr_db,
            ..rest
        };
        assert_eq!(of_the_moment, heard, "everything else stays");
    }
}
