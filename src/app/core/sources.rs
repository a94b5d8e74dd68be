//! The sources of the session on this machine: converted, drawn, measured and checked beside the sound.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Core, Done};
use crate::app::frame::{Picture, SongState, SourceState, WaveColumn};
use crate::app::settings::{Folders, Settings};
use crate::edit::{Edit, apply};
use crate::jobs::check::{ReadFile, judge, read_for_check};
use crate::jobs::import::{Import, import};
use crate::jobs::parallel::{thread_count, threads_each};
use crate::jobs::sources::{Taken, key_of, session_rate_for, take};
use crate::jobs::{JobContext, Priority};
use crate::media::file_source::FileSource;
use crate::media::library::Library;
use crate::media::overview::{Overview, OverviewBuilder};
use crate::media::{FrameSource, SourceError, SourceKey};
use crate::meter::analysis::Measurements;
use crate::meter::spectrum::{BandCurve, BandMeter};
use crate::model::{Finding, Session, SongId, SourceRef};
use crate::qc::Brief;
use crate::store::safe_write::folder_of;
use crate::units::{Frames, SampleRate, hms_from_seconds};

/// Gap given to imported songs, seconds; a starting point.
const IMPORT_GAP_SECONDS: f64 = 2.0;

/// What an import job brings back.
pub(crate) struct Imported {
    at: Option<usize>,
    result: Result<Import, SourceError>,
}

/// What a job on one source brings back.
pub(crate) enum SourceDone {
    /// Ready to play (or why not), with its picture where that was drawn before.
    Prepared { key: SourceKey, overview: Option<Overview>, result: Result<(), SourceError> },
    /// Drawn, measured and checked in one reading.
    Inspected { hash: String, inspected: Inspected },
    /// Another file for a song.
    Relinked { song: SongId, taken: Result<Box<Taken>, SourceError> },
}

/// What one reading of a file brings back.
pub(crate) struct Inspected {
    overview: Option<Overview>,
    curve: Option<BandCurve>,
    read: Result<Box<ReadFile>, SourceError>,
}

/// Findings, and measurements as label and value.
type Judged = (Arc<Vec<Finding>>, Arc<Vec<(String, String)>>);

#[derive(Default)]
struct Record {
    key: Option<SourceKey>,
    /// Frames of the file in one frame of the session.
    ratio: f64,
    /// There is something to hear and to draw.
    playable: bool,
    state: SourceState,
    job: Option<u64>,
    picture: Option<Arc<dyn Picture>>,
}

/// What one reading of a file brought.
#[derive(Default)]
struct Seen {
    overview: Option<Arc<Overview>>,
    /// Its average spectrum.
    curve: Option<Arc<BandCurve>>,
    check: Option<Box<ReadFile>>,
}

/// What is known about the sources.
pub(super) struct Sources {
    library: Arc<Library>,
    data: PathBuf,
    /// By song.
    records: BTreeMap<SongId, Record>,
    /// What was read, by content hash; empty while it is being read.
    read: BTreeMap<String, Seen>,
    /// Judged anew when a read comes in: verdicts compare the files with each other.
    judged: BTreeMap<String, Judged>,
}

impl Sources {
    pub(super) fn new(folders: &Folders, settings: &Settings) -> Self {
        Self {
            library: Arc::new(Library::new(folders.cache.clone(), settings.cache_limit_bytes())),
            data: folders.data.clone(),
            records: BTreeMap::new(),
            read: BTreeMap::new(),
            judged: BTreeMap::new(),
        }
    }

    pub(super) fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// As the frame shows them, in running order.
    pub(super) fn song_states(&self, session: &Session) -> Vec<SongState> {
        session.songs.iter().map(|song| self.song_state(song.id, &song.source)).collect()
    }

    /// State of a song's file.
    pub(super) fn state(&self, id: SongId) -> SourceState {
        self.records.get(&id).map(|r| r.state.clone()).unwrap_or_default()
    }

    fn song_state(&self, id: SongId, source: &SourceRef) -> SongState {
        let record = self.records.get(&id);
        let read = self.check_of(&source.hash).and_then(|r| r.read.as_ref());
        let measured = read.map(|(analysis, _)| &analysis.measurements);
        let judged = self.judged.get(&source.hash);
        SongState {
            id,
            source: record.map(|r| r.state.clone()).unwrap_or_default(),
            picture: record.and_then(|r| r.picture.clone()),
            integrated_lufs: measured.and_then(|m| m.integrated_lufs),
            true_peak_dbtp: measured.and_then(|m| m.true_peak_dbtp),
            measurements: judged.map(|(_, m)| Arc::clone(m)).unwrap_or_default(),
            findings: judged.map(|(f, _)| Arc::clone(f)).unwrap_or_default(),
        }
    }

    /// The average spectrum of a source, once it was read.
    pub(super) fn curve_of(&self, hash: &str) -> Option<Arc<BandCurve>> {
        self.read.get(hash).and_then(|seen| seen.curve.clone())
    }

    fn check_of(&self, hash: &str) -> Option<&ReadFile> {
        self.read.get(hash).and_then(|seen| seen.check.as_deref())
    }

    /// Gives a picture to the songs of a source that have none.
    fn draw(&mut self, hash: &str, overview: &Arc<Overview>) {
        let records = self.records.values_mut().filter(|r| r.playable && r.picture.is_none());
        for record in records {
            let Some(key) = record.key.as_ref().filter(|key| key.hash == hash) else { continue };
            record.picture = Some(Arc::new(SourcePicture {
                overview: Arc::clone(overview),
                ratio: record.ratio,
                library: Arc::clone(&self.library),
                key: key.clone(),
                close_up: Mutex::default(),
            }));
        }
    }

    /// Judges all files of a session together.
    fn judge_all(&mut self, session: &Session) {
        let mut hashes: Vec<&String> = session.songs.iter().map(|s| &s.source.hash).collect();
        hashes.dedup();
        let files: Vec<(&String, &ReadFile)> =
            hashes.into_iter().filter_map(|h| self.check_of(h).map(|r| (h, r))).collect();
        let read: Vec<&ReadFile> = files.iter().map(|(_, r)| *r).collect();
        let checks = judge(&read, &Brief::default());
        let judged = files.iter().zip(checks).map(|((hash, _), check)| {
            let lines = check.measurements.as_ref().map(measurement_lines).unwrap_or_default();
            ((*hash).clone(), (Arc::new(check.findings), Arc::new(lines)))
        });
        self.judged = judged.collect();
    }
}

/// Measurements as label and value with unit.
fn measurement_lines(m: &Measurements) -> Vec<(String, String)> {
    let value = |v: Option<f64>, digits: usize, unit: &str| {
        v.map_or_else(
            || "–".to_owned(),
            |v| format!("{v:.digits$} {unit}").replace('-', "−").trim_end().to_owned(),
        )
    };
    [
        ("Length", hms_from_seconds(m.duration_s)),
        ("Integrated", value(m.integrated_lufs, 1, "LUFS")),
        ("Loudness range", value(m.loudness_range_lu, 1, "LU")),
        ("Max momentary", value(m.max_momentary_lufs, 1, "LUFS")),
        ("Max short-term", value(m.max_short_term_lufs, 1, "LUFS")),
        ("True peak", value(m.true_peak_dbtp, 2, "dBTP")),
        ("Sample peak", value(m.sample_peak_dbfs, 2, "dBFS")),
        ("RMS (AES17)", value(m.rms_dbfs, 1, "dBFS")),
        ("PLR", value(m.plr_db, 1, "dB")),
        ("DR", value(m.dr, 0, "")),
        ("DC offset", value(m.dc_offset.map(|d| d * 100.0), 4, "%")),
        ("Correlation", value(m.correlation, 2, "")),
        ("Bits used", m.effective_bits.map_or_else(|| "–".to_owned(), |b| b.to_string())),
        ("Bandwidth", value(m.bandwidth_hz.map(|hz| hz / 1000.0), 1, "kHz")),
    ]
    .map(|(label, value)| (label.to_owned(), value))
    .into()
}

/// A source as a picture: the overview, and its own samples for a close-up.
#[derive(Debug)]
struct SourcePicture {
    overview: Arc<Overview>,
    /// Frames of the file in one frame of the session.
    ratio: f64,
    library: Arc<Library>,
    key: SourceKey,
    close_up: Mutex<CloseUp>,
}

#[derive(Debug, Default)]
struct CloseUp {
    file: Option<FileSource>,
    from: i64,
    planes: [Vec<f64>; 2],
}

/// Samples read around what a close-up asks for.
const CLOSE_UP_FRAMES: usize = 1 << 18;

impl Picture for SourcePicture {
    fn columns(
        &self,
        channel: usize,
        from_frame: f64,
        frames_per_pixel: f64,
        pixels: usize,
    ) -> Vec<WaveColumn> {
        let start = from_frame * self.ratio;
        let end = start + frames_per_pixel * self.ratio * pixels as f64;
        let columns = self.overview.columns(start..end, pixels);
        columns
            .iter()
            .map(|c| {
                let peak = c[channel.min(1)];
                WaveColumn { min: peak.min, max: peak.max, rms: peak.rms }
            })
            .collect()
    }

    fn samples(&self, channel: usize, from_frame: i64, frames: usize) -> Option<Vec<f32>> {
        if frames > CLOSE_UP_FRAMES / 2 {
            return None;
        }
        let mut close_up = self.close_up.lock().unwrap_or_else(PoisonError::into_inner);
        let covered = from_frame >= close_up.from
            && from_frame + frames as i64 <= close_up.from + close_up.planes[0].len() as i64;
        if !covered {
            close_up.load(&self.library, &self.key, from_frame - (CLOSE_UP_FRAMES / 4) as i64)?;
        }
        let at = usize::try_from(from_frame - close_up.from).ok()?;
        let plane = close_up.planes[channel.min(1)].get(at..at + frames)?;
        Some(plane.iter().map(|s| *s as f32).collect())
    }
}

impl CloseUp {
    fn load(&mut self, library: &Library, key: &SourceKey, from: i64) -> Option<()> {
        if self.file.is_none() {
            self.file = library.open_file(key).ok();
        }
        let file = self.file.as_mut()?;
        let [left, right] = &mut self.planes;
        left.resize(CLOSE_UP_FRAMES, 0.0);
        right.resize(CLOSE_UP_FRAMES, 0.0);
        self.from = from;
        let outcome = file.read(Frames(from), left, right);
        if outcome != crate::media::ReadOutcome::Complete {
            // Nothing is drawn from half a reading, and the next call tries again.
            self.planes.iter_mut().for_each(Vec::clear);
            return None;
        }
        Some(())
    }
}

/// Reads a file once: its overview, unless that is in the cache, its average spectrum, its measurements and its faults.
fn read_once(
    library: &Library,
    (path, hash, rate): (&Path, &str, SampleRate),
    threads: usize,
    cx: &JobContext,
) -> Inspected {
    let mut overview = Overview::load(library.cache(), hash);
    let mut builder = overview.is_none().then(OverviewBuilder::new);
    let mut bands = BandMeter::new(rate.0);
    let read = read_for_check(path, &Brief::default(), threads, cx, &mut |left, right| {
        bands.push(left, right);
        if let Some(builder) = &mut builder {
            builder.push([left, right]);
        }
    });
    // A damaged file is drawn as far as it goes.
    let has_sound = read.as_ref().is_ok_and(|r| r.read.is_some());
    if let Some(builder) = builder.filter(|_| has_sound) {
        let drawn = builder.finish();
        if drawn.store(library.cache(), hash).is_err() {
            // It is made again next time.
        }
        overview = Some(drawn);
    }
    let curve = bands.finish().filter(|_| has_sound);
    Inspected { overview, curve, read: read.map(Box::new) }
}

impl Core {
    /// Starts jobs for what is new in the session and forgets what is gone.
    pub(super) fn look_after_sources(&mut self) {
        let session = Arc::clone(self.document.session());
        self.sources.records.retain(|id, _| session.song(*id).is_some());
        for song in &session.songs {
            let key = key_of(&song.source, session.sample_rate_hz);
            let record = self.sources.records.entry(song.id).or_default();
            if record.key.as_ref() == Some(&key) {
                continue;
            }
            let ratio = f64::from(song.source.sample_rate_hz) / key.rate.hz();
            let state = SourceState::Preparing(0.0);
            let old = std::mem::replace(
                record,
                Record { key: Some(key.clone()), ratio, state, ..Record::default() },
            );
            if let Some(job) = old.job {
                self.jobs.cancel(job);
            }
            let job = self.spawn_prepare(key, &song.metadata.title);
            if let Some(record) = self.sources.records.get_mut(&song.id) {
                record.job = Some(job);
            }
        }
    }

    fn spawn_prepare(&mut self, key: SourceKey, title: &str) -> u64 {
        let library = Arc::clone(self.sources.library());
        self.jobs.spawn(&format!("Prepare {title}"), Priority::Soon, move |cx| {
            let progress = |f: f64| cx.set_fraction(f);
            let result = library.prepare(&key, &progress, cx.cancel_flag()).map(|_| ());
            let overview = Overview::load(library.cache(), &key.hash);
            Done::Source(SourceDone::Prepared { key, overview, result })
        })
    }

    /// Reads a file that was not read yet; sooner if there is nothing to draw without it.
    fn spawn_inspect(&mut self, key: &SourceKey, is_drawn: bool) {
        // Being read, or read to some use; a file that was missing is looked at again.
        if self.sources.read.get(&key.hash).is_some_and(|s| s.check.is_none() || s.overview.is_some()) {
            return;
        }
        self.sources.read.insert(key.hash.clone(), Seen::default());
        let library = Arc::clone(self.sources.library());
        let (path, hash) = (key.path.clone(), key.hash.clone());
        let record = self.sources.records.values().find(|r| r.key.as_ref() == Some(key));
        let ratio = record.map_or(1.0, |r| r.ratio);
        let file_rate = SampleRate((ratio * key.rate.hz()).round() as u32);
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let priority = if is_drawn { Priority::Idle } else { Priority::Soon };
        // The songs of an album are read side by side; a file alone gets all cores.
        let threads = threads_each(thread_count(None), self.sources.records.len());
        self.jobs.spawn(&format!("Measure {name}"), priority, move |cx| {
            let inspected = read_once(&library, (&path, &hash, file_rate), threads, cx);
            Done::Source(SourceDone::Inspected { hash, inspected })
        });
    }

    pub(super) fn source_done(&mut self, done: SourceDone) {
        match done {
            SourceDone::Prepared { key, overview, result } => self.prepared(&key, overview, &result),
            SourceDone::Inspected { hash, inspected } => self.inspected(hash, inspected),
            SourceDone::Relinked { song, taken } => match taken {
                Ok(taken) => self.edit(Edit::Relink { song, source: taken.source }),
                Err(error) => self.log.error(error.to_string()),
            },
        }
    }

    fn prepared(&mut self, key: &SourceKey, overview: Option<Overview>, result: &Result<(), SourceError>) {
        if matches!(result, Err(SourceError::Cancelled)) {
            return;
        }
        let state = match result {
            Ok(()) => SourceState::Ready,
            Err(error) => {
                self.log.error(error.to_string());
                SourceState::Failed(error.to_string())
            }
        };
        let playable = matches!(result, Ok(()) | Err(SourceError::Damaged { .. }));
        for record in self.sources.records.values_mut().filter(|r| r.key.as_ref() == Some(key)) {
            (record.state, record.job, record.playable) = (state.clone(), None, playable);
        }
        let seen = self.sources.read.get(&key.hash).and_then(|seen| seen.overview.clone());
        let overview = seen.or_else(|| overview.map(Arc::new));
        if let Some(overview) = &overview {
            self.sources.draw(&key.hash, overview);
        }
        self.spawn_inspect(key, overview.is_some());
        self.forget_failed_scans();
        self.live.sources_changed();
    }

    fn inspected(&mut self, hash: String, inspected: Inspected) {
        let Inspected { overview, curve, read } = inspected;
        let Ok(check) = read else {
            self.sources.read.remove(&hash);
            return;
        };
        let overview = overview.map(Arc::new);
        if let Some(overview) = &overview {
            self.sources.draw(&hash, overview);
        }
        self.sources.read.insert(hash, Seen { overview, curve: curve.map(Arc::new), check: Some(check) });
        let session = Arc::clone(self.document.session());
        self.sources.judge_all(&session);
    }

    pub(super) fn import(&mut self, paths: Vec<PathBuf>, at: Option<usize>) {
        let library = Arc::clone(self.sources.library());
        let unpack_into = self
            .document
            .path()
            .map_or_else(|| self.sources.data.join("imports"), |session| folder_of(session).join("Audio"));
        self.jobs.spawn("Import", Priority::Asked, move |cx| {
            let result = import(&paths, &unpack_into, &library, 2, cx);
            Done::Imported(Imported { at, result })
        });
    }

    pub(super) fn imported(&mut self, imported: Imported) {
        let brought = match imported.result {
            Ok(brought) => brought,
            Err(error) => {
                self.log.info(format!("Import: {error}"));
                return;
            }
        };
        for line in brought.left_out {
            self.log.info(line);
        }
        for error in brought.unreadable {
            self.log.error(error.to_string());
        }
        let sources: Vec<SourceRef> = brought.taken.into_iter().map(|t| t.source).collect();
        if sources.is_empty() {
            self.log.warn("Nothing was imported: no audio was found in what was given");
            return;
        }
        let count = sources.len();
        match self.with_songs(sources, imported.at) {
            Ok(next) => {
                self.document.commit(next, "Import mixes", None, self.now_s);
                let rate = self.document.session().sample_rate_hz;
                self.live.session_rate_is(rate, &self.settings, &mut self.log);
                self.log.info(format!("{count} songs imported; the session runs at {rate}"));
                self.session_changed();
            }
            Err(error) => self.log.error(format!("Import: {error}")),
        }
    }

    /// The session with new songs; an empty one whose rate nobody chose takes the rate of most of them first.
    fn with_songs(
        &self,
        sources: Vec<SourceRef>,
        at: Option<usize>,
    ) -> Result<Session, crate::edit::EditError> {
        let mut session = (**self.document.session()).clone();
        if session.songs.is_empty() && self.rate_is_open {
            session = apply(&session, &Edit::SetSampleRate(session_rate_for(&sources)))?;
        }
        let gap = session.sample_rate_hz.frames_from_seconds(IMPORT_GAP_SECONDS);
        let at = at.unwrap_or(session.songs.len());
        apply(&session, &Edit::AddSongs { sources, at, gap })
    }

    pub(super) fn relink(&mut self, song: SongId, path: PathBuf) {
        let library = Arc::clone(self.sources.library());
        self.jobs.spawn("Relink", Priority::Asked, move |cx| {
            let taken = take(&library, &path, cx).map(Box::new);
            Done::Source(SourceDone::Relinked { song, taken })
        });
    }
}
