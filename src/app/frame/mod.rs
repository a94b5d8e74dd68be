//! What a view sees: one read-only picture of the program per drawn frame.
//!
//! Everything large is shared behind an `Arc` and replaced, never changed. Levels are in the unit their name says; a
//! reading that does not exist (silence, too short) is `None`.

mod album;
mod meters;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::meter_settings::MeterSettings;
use super::presets::Presets;
pub use super::telemetry::{LevelTrace, TRACE_PER_SECOND, TRACE_POINTS, TracePoint};
pub use crate::deliver::{SettingDesc, SettingKind};
pub use crate::meter::full_scale::{LIVE_FULL_SCALE, is_full_scale_dbfs};
pub use crate::meter::level::BitReading;
pub use crate::meter::level::rms::AES17_OVER_PLAIN_DB;
pub use crate::meter::loudness_counts::{BIN_LU, LOWEST_LUFS, LoudnessCounts};
pub use crate::meter::loudness_map::{LoudnessMap, MapCell};
pub use crate::meter::stereo::{BandReading, Lowest, NeedleReading};
use crate::model::{ChainRef, Extra, Finding, PlacedSong, Session, SlotId, SongId, Timeline};
use crate::units::{Frames, SampleRate};
pub use album::{
    AlbumRow, AlbumView, Confidence, Direction, Grade, Held, Mode, Outlier, Playback, Reading, RowState,
    Service, ServicePlay, SongFigures, Standing, Verdict,
};
pub use meters::{
    CurveKind, CurveView, FieldView, GRAM_COLUMNS, GRAM_HIGH_HZ, GRAM_LOW_HZ, GRAM_ROWS, LevelView,
    LoudnessView, MeterView, PlaceReading, SpectrogramView, SpectrumView, StereoView, ToneView,
};

/// Whether the session is on disk as it is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SaveState {
    /// Never saved; an autosave may exist.
    #[default]
    NeverSaved,
    /// As on disk.
    Saved,
    /// Changed since.
    Unsaved,
    /// Being written.
    Saving,
}

/// What is selected, for editing and for the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// In running order.
    pub songs: Vec<SongId>,
    /// The chain whose slots are shown.
    pub chain: ChainRef,
    /// The slot whose editor is open.
    pub slot: Option<SlotId>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { songs: Vec::new(), chain: ChainRef::Album, slot: None }
    }
}

impl Selection {
    /// The same view of other songs: the chain shown follows the song unless the album's is open.
    #[must_use]
    pub fn with_songs(&self, songs: Vec<SongId>) -> Self {
        let mut next = Self { songs, ..self.clone() };
        if let (Some(&first), ChainRef::Song(shown)) = (next.songs.first(), next.chain)
            && shown != first
        {
            next.chain = ChainRef::Song(first);
        }
        next
    }

    /// Lets the selection hold nothing that is not there. A slot is chosen wherever there is one: the one selected, else
    /// one of the kind worked on last, so that the same processor of another song comes up, else the first.
    pub fn settle(&mut self, session: &Session, last_kind: Option<&str>) {
        self.songs.retain(|id| session.song(*id).is_some());
        if session.chain(self.chain).is_none() {
            self.chain = ChainRef::Album;
        }
        let Some(chain) = session.chain(self.chain) else { return };
        let known = self.slot.filter(|id| chain.slot(*id).is_some());
        let alike = || chain.slots.iter().find(|s| Some(s.kind.as_str()) == last_kind);
        self.slot = known.or_else(|| alike().or(chain.slots.first()).map(|s| s.id));
    }
}

/// Transport as heard.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TransportView {
    /// Sound runs.
    pub playing: bool,
    /// Album frame being heard.
    pub position: Frames,
    /// Where play will begin.
    pub cursor: Frames,
    /// Looped range.
    pub loop_range: Option<(Frames, Frames)>,
    /// After stop, go back to where play began.
    pub return_on_stop: bool,
}

/// Which part of the signal the monitors play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum MonitorListen {
    /// Left and right.
    #[default]
    Stereo,
    /// `(L+R)/2` on both.
    Mono,
    /// `(L−R)/2` on both.
    Side,
    /// Left on both.
    Left,
    /// Right on both.
    Right,
}

/// The level of a service in the monitor path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonitorService {
    /// Its gain at this moment, dB.
    pub gain_db: f64,
    /// By song or by album.
    pub mode: Mode,
}

/// The monitor section: after the master tap, never in a file.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MonitorView {
    /// Level, dB, 0 is unity.
    pub level_db: f64,
    /// Lowers the monitors by 20 dB.
    pub dim: bool,
    /// What is heard.
    pub listen: MonitorListen,
    /// Exchanges left and right.
    pub swap: bool,
    /// Inverts the right channel.
    pub invert_right: bool,
    /// The service whose level is heard; set by the program alone, and never kept.
    #[serde(skip)]
    pub service: Option<MonitorService>,
}

impl Default for MonitorView {
    fn default() -> Self {
        Self {
            level_db: 0.0,
            dim: false,
            listen: MonitorListen::Stereo,
            swap: false,
            invert_right: false,
            service: None,
        }
    }
}

/// Levels of one signal beside a slot. What silence has no reading of is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SideReading {
    /// Sample peak of the last moments, per channel, dBFS.
    pub peak_dbfs: [Option<f64>; 2],
    /// Largest true peak since the slot was opened or the meters reset, dBTP.
    pub max_true_peak_dbtp: Option<f64>,
    /// LUFS, 400 ms.
    pub momentary_lufs: Option<f64>,
    /// LUFS, 3 s.
    pub short_term_lufs: Option<f64>,
    /// −1 to 1 (300 ms).
    pub correlation: Option<f64>,
}

/// What went through a slot in 10 ms.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FocusPoint {
    /// Largest magnitude of both channels at its input (delayed by its latency), linear.
    pub before: f32,
    /// At its output, linear.
    pub after: f32,
    /// Gain change, dB, signed as [`crate::process::Processor::gain_reduction_db`]; 0 where it has none.
    pub gain_db: f32,
}

/// Width and correlation in a stretch of the spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BandField {
    /// Lower edge, Hz.
    pub low_hz: f32,
    /// Upper edge, Hz.
    pub high_hz: f32,
    /// Side against mid before the slot, dB.
    pub side_before_db: Option<f32>,
    /// Side against mid after the slot, dB.
    pub side_after_db: Option<f32>,
    /// Correlation before, −1 to 1.
    pub correlation_before: Option<f32>,
    /// Correlation after, −1 to 1.
    pub correlation_after: Option<f32>,
}

/// What the slot whose editor is open does to the sound: its input, delayed by its latency, beside its output (what
/// leaves the slot, also while a difference or a matched bypass is listened to).
///
/// While nothing plays through it, what shows this moment is empty; the history stands still and the largest true peaks
/// stay until another slot is chosen or the meters are reset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FocusView {
    /// Which slot.
    pub slot: Option<SlotId>,
    /// Frequencies of the two spectra, Hz, ascending.
    pub freqs_hz: Vec<f32>,
    /// How they are read, smoothed and tilted, as shown: always alike, whatever the meters' spectrum is set to.
    pub label: String,
    /// Their slope, dB per octave about 1 kHz.
    pub slope_db_oct: f32,
    /// What noise of power 1 in a hertz reads in them at slope 0, dB.
    pub noise_db: f32,
    /// Spectrum at its input, dB.
    pub before_db: Vec<f32>,
    /// Spectrum at its output, dB.
    pub after_db: Vec<f32>,
    /// The last ten seconds, a point each 10 ms, newest last.
    pub history: Arc<Vec<FocusPoint>>,
    /// Gain change of each band now, dB; empty for kinds without bands.
    pub bands_db: Vec<f32>,
    /// At its input.
    pub before: SideReading,
    /// At its output.
    pub after: SideReading,
    /// Goniometer points before, left and right, newest last.
    pub field_before: Arc<Vec<[f32; 2]>>,
    /// Goniometer points after.
    pub field_after: Arc<Vec<[f32; 2]>>,
    /// Width and correlation from low to high, octave by octave or wider.
    pub field_bands: Vec<BandField>,
}

impl FocusView {
    /// The picture when nothing plays: what shows this moment is gone, history and largest true peaks stay.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        let peak_of = |side: &SideReading| SideReading {
            max_true_peak_dbtp: side.max_true_peak_dbtp,
            ..SideReading::default()
        };
        Self {
            slot: self.slot,
            history: Arc::clone(&self.history),
            before: peak_of(&self.before),
            after: peak_of(&self.after),
            ..Self::default()
        }
    }
}

/// Sample peaks at a slot, largest of both channels in the last moments, dBFS.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SlotLevels {
    /// At its input.
    pub before_dbfs: Option<f32>,
    /// At its output.
    pub after_dbfs: Option<f32>,
}

/// The column of an overview picture under one pixel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WaveColumn {
    /// Smallest sample.
    pub min: f32,
    /// Largest sample.
    pub max: f32,
    /// Root mean square.
    pub rms: f32,
}

/// A source as a picture.
pub trait Picture: Send + Sync + std::fmt::Debug {
    /// Columns of a channel (0 left, 1 right) from a source frame on, `frames_per_pixel` each. Outside the source
    /// columns are zero. What is not computed yet is missing at the end.
    fn columns(
        &self,
        channel: usize,
        from_frame: f64,
        frames_per_pixel: f64,
        pixels: usize,
    ) -> Vec<WaveColumn>;

    /// The samples of a channel in a short range (close-up); `None` until they have been read.
    fn samples(&self, channel: usize, from_frame: i64, frames: usize) -> Option<Vec<f32>>;
}

/// State of a song's file on this machine.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum SourceState {
    /// Not looked at yet.
    #[default]
    Unknown,
    /// Being read or converted, 0 to 1.
    Preparing(f32),
    /// Ready to play.
    Ready,
    /// Missing, changed or damaged: one line that says what and what to do.
    Failed(String),
}

/// What is known about a song besides the session.
#[derive(Debug, Clone, Default)]
pub struct SongState {
    /// Whose.
    pub id: SongId,
    /// Its file.
    pub source: SourceState,
    /// Its picture, as soon as there is one.
    pub picture: Option<Arc<dyn Picture>>,
    /// The file as delivered: integrated loudness, LUFS.
    pub integrated_lufs: Option<f64>,
    /// The file as delivered: true peak, dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// The file as delivered: all measurements as label and value with unit, in order.
    pub measurements: Arc<Vec<(String, String)>>,
    /// Findings of the delivered-mix check.
    pub findings: Arc<Vec<Finding>>,
}

/// Names a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobId(pub u64);

/// A job beside the sound.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// Which.
    pub id: JobId,
    /// What it does, as shown (`Export reference`).
    pub title: String,
    /// What it is at (`03 Jungle`).
    pub detail: String,
    /// 0 to 1 where known.
    pub fraction: Option<f32>,
    /// It asks for the whole attention (an export) rather than running unseen (overviews).
    pub prominent: bool,
}

/// How grave a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For the record.
    Info,
    /// Wants a look.
    Warning,
    /// Something failed.
    Error,
}

/// A line of the log panel.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// Wall-clock time `hh:mm:ss`.
    pub time: String,
    /// How grave.
    pub level: LogLevel,
    /// One sentence: what, where, what to do.
    pub text: String,
}

/// An audio device that could be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceChoice {
    /// Audio host.
    pub host: String,
    /// Id the host knows it by.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Rates it offers, Hz.
    pub rates_hz: Vec<u32>,
}

/// The audio side as shown in the status line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeviceView {
    /// Host and device (`ALSA · hw:0`), or `no device` for the null device.
    pub name: String,
    /// Host in use; `None` for the null device.
    pub host: Option<String>,
    /// Device id in use.
    pub id: Option<String>,
    /// Rate the device runs at.
    pub rate_hz: u32,
    /// Frames a buffer.
    pub buffer_frames: u32,
    /// The samples reach the device unchanged (same rate, neutral monitor).
    pub bit_transparent: bool,
    /// The device went away; says what to do.
    pub lost: Option<String>,
    /// Mean callback load, 0 to 1 of the time there is.
    pub load_mean: f32,
    /// Worst callback load since cleared.
    pub load_worst: f32,
    /// Callbacks that came late or ran out of source audio, since cleared.
    pub dropouts: u64,
    /// The output guard muted the monitors; says why.
    pub guard: Option<String>,
    /// What can be chosen.
    pub choices: Arc<Vec<DeviceChoice>>,
    /// Whether the audio thread runs with real-time priority.
    pub realtime: bool,
}

/// A deliverable on offer.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliverableView {
    /// Stable id (`wav_songs`).
    pub id: String,
    /// As shown (`WAV, one file a song`).
    pub name: String,
    /// What it is good for, one sentence.
    pub about: String,
    /// Findings if it were made now.
    pub findings: Vec<Finding>,
    /// The files it would write.
    pub files: Vec<String>,
    /// What can be chosen about it.
    pub settings: &'static [SettingDesc],
}

/// What to export and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    /// As shown in the job list (`Reference`, `DDP`).
    pub title: String,
    /// Deliverables by id.
    pub deliverables: Vec<String>,
    /// Folder to write into.
    pub out: PathBuf,
    /// Settings by deliverable, as in orders; what is left out keeps its default.
    pub settings: BTreeMap<String, Extra>,
    /// Replace what is already there.
    pub overwrite: bool,
}

/// One written file with what was measured on it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveredFileView {
    /// Name with its folder inside the delivery.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
    /// Measured on the finished file, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Measured on the finished file, dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// Length, seconds; `None` for what is not audio.
    pub duration_s: Option<f64>,
    /// `bit exact`, `null −112.3 dB` …: the residual against the master tap through the same conversion.
    pub null: Option<String>,
}

/// A finished export.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportResult {
    /// `Reference`, `DDP` …
    pub title: String,
    /// Folder.
    pub out: PathBuf,
    /// What was written.
    pub files: Vec<DeliveredFileView>,
    /// What the checks and the read-back found.
    pub findings: Vec<Finding>,
    /// Why it stopped, if it did.
    pub error: Option<String>,
    /// It was stopped by hand.
    pub cancelled: bool,
}

/// An autosaved session newer than the one opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryOffer {
    /// What it belongs to, as shown.
    pub name: String,
    /// When it was written, as shown.
    pub when: String,
}

/// Everything a view may read.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The session now.
    pub session: Arc<Session>,
    /// Where its songs lie.
    pub timeline: Arc<Timeline>,
    /// Its file, if it has one.
    pub path: Option<PathBuf>,
    /// Whether that is up to date.
    pub save: SaveState,
    /// What undo would take back.
    pub undo_name: Option<&'static str>,
    /// What redo would do again.
    pub redo_name: Option<&'static str>,
    /// A chain was copied.
    pub can_paste: bool,
    /// In running order.
    pub songs: Arc<Vec<SongState>>,
    /// What is selected.
    pub selection: Selection,
    /// Transport as heard.
    pub transport: TransportView,
    /// Monitor section.
    pub monitor: MonitorView,
    /// The mastered songs side by side, and the services.
    pub album: AlbumView,
    /// How the meters are set: point, ballistics, scales, analyser, layout.
    pub meter_settings: Arc<MeterSettings>,
    /// Meters.
    pub meters: Arc<MeterView>,
    /// Loudness by place on the album, as far as it was heard.
    pub loudness_map: Arc<LoudnessMap>,
    /// The waveform of the last minute at the meter point, with what the chains took away.
    pub level_trace: Arc<LevelTrace>,
    /// Spectrum.
    pub spectrum: Arc<SpectrumView>,
    /// Curves behind the spectrum: of songs, references, genres, frozen ones; those not shown too.
    pub curves: Arc<Vec<CurveView>>,
    /// Goniometer points, left and right, newest last.
    pub field: Arc<Vec<[f32; 2]>>,
    /// Gain change now of each slot that has one, dB: the deepest reduction, else the largest gain.
    pub gain_reductions: Arc<Vec<(SlotId, f32)>>,
    /// Levels at the slots of the album chain and of the song that sounds, falling as a level meter does; no slot beyond the
    /// sixteenth of a chain.
    pub slot_levels: Arc<Vec<(SlotId, SlotLevels)>>,
    /// What the slot whose editor is open does.
    pub focus: Arc<FocusView>,
    /// Device, load, dropouts.
    pub device: Arc<DeviceView>,
    /// Running jobs, oldest first.
    pub jobs: Arc<Vec<JobView>>,
    /// The log, oldest first.
    pub log: Arc<Vec<LogLine>>,
    /// An autosave waits for an answer.
    pub recovery: Option<RecoveryOffer>,
    /// The last export's result, until put away.
    pub result: Option<Arc<ExportResult>>,
    /// Deliverables on offer.
    pub deliverables: Arc<Vec<DeliverableView>>,
    /// Sessions opened lately, newest first.
    pub recent: Arc<Vec<PathBuf>>,
    /// Presets of chains and slots.
    pub presets: Presets,
}

impl Frame {
    /// A still picture of a session: nothing plays, nothing runs. The start of every real frame, and enough for tests
    /// of views.
    pub fn still(session: Arc<Session>) -> Self {
        let timeline = Arc::new(Timeline::of(&session));
        let songs = session.songs.iter().map(|s| SongState { id: s.id, ..SongState::default() }).collect();
        Self {
            session,
            timeline,
            path: None,
            save: SaveState::NeverSaved,
            undo_name: None,
            redo_name: None,
            can_paste: false,
            songs: Arc::new(songs),
            selection: Selection::default(),
            transport: TransportView::default(),
            monitor: MonitorView::default(),
            album: AlbumView::default(),
            meter_settings: Arc::default(),
            meters: Arc::default(),
            loudness_map: Arc::default(),
            level_trace: Arc::default(),
            spectrum: Arc::default(),
            curves: Arc::default(),
            field: Arc::default(),
            gain_reductions: Arc::default(),
            slot_levels: Arc::default(),
            focus: Arc::default(),
            device: Arc::default(),
            jobs: Arc::default(),
            log: Arc::default(),
            recovery: None,
            result: None,
            deliverables: Arc::default(),
            recent: Arc::default(),
            presets: Presets::default(),
        }
    }

    /// Rate of the session.
    pub fn rate(&self) -> SampleRate {
        self.session.sample_rate_hz
    }

    /// What is known about a song.
    pub fn song_state(&self, id: SongId) -> Option<&SongState> {
        self.songs.iter().find(|s| s.id == id)
    }

    /// The song that is trimmed or split at the cursor.
    pub fn song_under_cursor(&self) -> Option<&PlacedSong> {
        song_under(&self.timeline, &self.selection, self.transport.cursor)
    }

    /// Ceiling of the album's limiter with the gain out of its slot, dBTP; `None` without one.
    pub fn ceiling_dbtp(&self) -> Option<f64> {
        crate::deliver::conform::limiter_ceiling_dbtp(&self.session)
    }

    /// The place in the running order of the song at the playhead: of what is heard, else of where play will begin. In a
    /// gap it is the song before.
    pub fn song_at_playhead(&self) -> Option<usize> {
        let transport = &self.transport;
        let head = if transport.playing { transport.position } else { transport.cursor };
        self.session.song_index(self.timeline.song_at(head)?.id)
    }

    /// The song the keys act on: the first selected, else the one at the cursor.
    pub fn current_song(&self) -> Option<SongId> {
        let at_cursor = || self.timeline.song_at(self.transport.cursor).map(|s| s.id);
        self.selection.songs.first().copied().or_else(at_cursor)
    }
}

/// The song an edit at an album frame means: the selected one where it lies there, else the last one that does. `None`
/// in a gap.
pub fn song_under<'a>(
    timeline: &'a Timeline,
    selection: &Selection,
    pos_album: Frames,
) -> Option<&'a PlacedSong> {
    let lies_there = |s: &&PlacedSong| (s.start..=s.end).contains(&pos_album);
    let selected = selection.songs.first().and_then(|id| timeline.song(*id));
    selected.filter(lies_there).or_else(|| timeline.songs.iter().rev().find(lies_there))
}
