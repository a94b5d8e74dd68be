//! The figures of the mastered songs: of one song beside the work, or of the whole album in one go.
//!
//! A song is what its file would hold at the session rate before word-length reduction: the master tap from its start to
//! the next song's ([`crate::model::Timeline::file_range`]). The whole album is one pass of the offline renderer and exact.
//! One song alone is rendered by the same renderer from [`RUN_IN_S`] before it: its own chain begins where it always does,
//! only the album chain (and a song that crosses into it) starts from rest there. Measured on albums with memory in every
//! chain (compressor, multiband, limiter with automatic release), 10 s bring every reading within 0.01 LU and 0.01 dB of
//! the whole; without an album chain nothing is missing and nothing is run in. What reaches back to album frame 0 is exact.
//!
//! A [`Signature`] names all that makes a song's figures: sources, edits, chains, what sounds before it within the run-in,
//! but no titles, no ids and not the place on the album. Equal signatures have equal figures.

use std::sync::Arc;

use super::JobContext;
use super::matching::as_heard;
use super::sources::{key_of, prepare};
use crate::audio::Block;
use crate::audio::fpu::FpuGuard;
use crate::deliver::conform::album_ceiling_dbtp;
use crate::media::SourceError;
use crate::media::file_source::FileSources;
use crate::media::library::Library;
use crate::meter::album;
use crate::meter::song_figures::{MeasuredSong, SongFigures, SongMeter};
use crate::model::{PlacedSong, Session, Song, SongId, SourceRef, Timeline};
use crate::render::plan::TAIL_SECONDS;
use crate::render::renderer::{Renderer, Sources};
use crate::render::{Progress, RangeOptions, RenderError, RenderPlan, render_range};
use crate::units::Frames;

/// Sound run through the album chain before a song that is measured alone, seconds.
pub const RUN_IN_S: f64 = 10.0;

/// Quanta between two looks at the cancel flag.
const LOOK_QUANTA: i64 = 256;

/// What a measurement of a song depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature([u8; 32]);

/// The figures of the whole album, from one pass.
#[derive(Debug, Clone, PartialEq)]
pub struct AlbumScan {
    /// In running order.
    pub songs: Vec<(SongId, Arc<MeasuredSong>)>,
    /// The figures of the whole.
    pub album: SongFigures,
    /// Where each song stands.
    pub standings: Vec<album::Standing>,
    /// BLAKE3 of the master tap from the start of the first song to the end of the last.
    pub tap_hash: String,
    /// The whole was rendered in one go.
    pub exact: bool,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The song went away, or has no length of its own.
    #[error("that song has no length of its own to be measured")]
    NoSong,
    /// A source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The system gave no thread, or a source failed in the middle.
    #[error("{0}")]
    System(String),
    /// Something else is wanted by now.
    #[error("cancelled")]
    Cancelled,
}

/// What of the session sounds in a song's file and in the run-in before it.
struct Stretch {
    range: (Frames, Frames),
    run_in: Frames,
    /// Indexes of the songs that sound there.
    songs: Vec<usize>,
}

impl Stretch {
    fn of(session: &Session, timeline: &Timeline, index: usize) -> Option<Self> {
        let range = timeline.file_range(index).filter(|(from, to)| from < to)?;
        let rate = session.sample_rate_hz;
        let has_chain = session.album_chain.slots.iter().any(|s| s.enabled);
        let mut run_in = if has_chain { rate.frames_from_seconds(RUN_IN_S) } else { Frames::ZERO };
        // As the plan lays songs out: a chain rings on unless a fade has ended the song.
        let tail = |at: usize, placed: &PlacedSong| {
            let rings = placed.fade_out == Frames::ZERO && !session.songs[at].chain.slots.is_empty();
            if rings { rate.frames_from_seconds(TAIL_SECONDS) } else { Frames::ZERO }
        };
        let sounds = |from: Frames| {
            let placed = timeline.songs.iter().enumerate();
            placed.filter(move |(i, s)| s.start < range.1 && s.end + tail(*i, s) > from).map(|(i, _)| i)
        };
        if sounds(range.0).any(|i| i != index) {
            // What crosses into the song has a chain with a state of its own.
            run_in = rate.frames_from_seconds(RUN_IN_S);
        }
        let songs = sounds(range.0 - run_in).collect();
        Some(Self { range, run_in: run_in.min(range.0), songs })
    }
}

/// What a song's figures depend on; `None` where it has no length of its own.
pub fn signatures(session: &Session) -> Vec<Option<Signature>> {
    let plain = as_heard(session);
    let timeline = Timeline::of(session);
    (0..session.songs.len()).map(|index| signature(&plain, &timeline, index)).collect()
}

fn signature(plain: &Session, timeline: &Timeline, index: usize) -> Option<Signature> {
    let stretch = Stretch::of(plain, timeline, index)?;
    let mut hash = blake3::Hasher::new();
    let mut take = |text: String| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    take(format!("{:?} {:?} {:?}", plain.sample_rate_hz, stretch.range.1 - stretch.range.0, stretch.run_in));
    take(format!("{:?}", plain.album_chain));
    for at in stretch.songs {
        let (song, mut placed) = (sound_of(&plain.songs[at]), timeline.songs[at]);
        placed.id = SongId::default();
        (placed.start, placed.end) = (placed.start - stretch.range.0, placed.end - stretch.range.0);
        take(format!("{} {placed:?} {song:?}", at == index));
    }
    Some(Signature(*hash.finalize().as_bytes()))
}

/// A song without its place in the album; its source by what it holds, not where it lies.
fn sound_of(song: &Song) -> Song {
    let known = !song.source.hash.is_empty();
    let path = if known { String::new() } else { song.source.path.clone() };
    Song {
        id: SongId::default(),
        gap: Frames::ZERO,
        source: SourceRef { path, ..song.source.clone() },
        ..song.clone()
    }
}

/// Measures one song of the album alone.
///
/// # Errors
/// [`ScanError`].
pub fn measure_song(
    session: &Session,
    index: usize,
    library: &Arc<Library>,
    cx: &JobContext,
) -> Result<MeasuredSong, ScanError> {
    measure_song_after(session, index, None, library, cx)
}

/// The same after a run-in of another length, for those who look into how long it must be.
///
/// # Errors
/// [`ScanError`].
pub fn measure_song_after(
    session: &Session,
    index: usize,
    run_in: Option<Frames>,
    library: &Arc<Library>,
    cx: &JobContext,
) -> Result<MeasuredSong, ScanError> {
    let timeline = Timeline::of(session);
    let stretch = Stretch::of(session, &timeline, index).ok_or(ScanError::NoSong)?;
    let rate = session.sample_rate_hz;
    let heard = Session {
        songs: stretch.songs.iter().map(|&i| Arc::clone(&session.songs[i])).collect(),
        ..session.clone()
    };
    ready(&heard, library, 1, cx)?;
    let mut plan = RenderPlan::for_master(session, &|source| key_of(source, rate), 0);
    let sounding: Vec<SongId> = heard.songs.iter().map(|s| s.id).collect();
    plan.strands.retain(|s| sounding.contains(&s.song));
    let plan = Arc::new(plan);
    let opener = FileSources::new(Arc::clone(library));
    let sources = Sources { preroll: None, play: &opener };
    let _fpu = FpuGuard::new();
    let run_in = run_in.unwrap_or(stretch.run_in);
    let mut renderer = Renderer::start(&plan, sources, stretch.range.0, run_in);
    if let Some(note) = renderer.notes().first() {
        return Err(ScanError::System(note.text.clone()));
    }
    let (from, to) = stretch.range;
    let mut meter = SongMeter::new(rate.0, (to - from).as_len() as u64);
    let mut block = Block::silent();
    let mut quanta = 0;
    while renderer.position() < to {
        if quanta % LOOK_QUANTA == 0 {
            if cx.is_cancelled() {
                return Err(ScanError::Cancelled);
            }
            cx.set_fraction((renderer.position() - from).0 as f64 / (to - from).0 as f64);
        }
        quanta += 1;
        let start = renderer.position();
        if renderer.next(&mut block).failed {
            return Err(ScanError::System("a source could not be read to its end".to_owned()));
        }
        let inside = |pos: Frames| (pos - start).0.clamp(0, block.left().len() as i64) as usize;
        let (a, b) = (inside(from), inside(to));
        meter.push(&block.left()[a..b], &block.right()[a..b]);
    }
    Ok(meter.finish())
}

fn ready(
    session: &Session,
    library: &Arc<Library>,
    threads: usize,
    cx: &JobContext,
) -> Result<(), ScanError> {
    match prepare(session, library, threads, cx).into_iter().next() {
        None => Ok(()),
        Some(SourceError::Cancelled) => Err(ScanError::Cancelled),
        Some(error) => Err(error.into()),
    }
}

/// Renders the whole album in one go and measures every song.
///
/// # Errors
/// [`ScanError`].
pub fn measure_album(
    session: &Session,
    library: &Arc<Library>,
    threads: usize,
    cx: &JobContext,
) -> Result<AlbumScan, ScanError> {
    ready(session, library, threads, cx)?;
    let rate = session.sample_rate_hz;
    let timeline = Timeline::of(session);
    let plan = Arc::new(RenderPlan::for_master(session, &|source| key_of(source, rate), 0));
    let range = (timeline.program_start(), timeline.end);
    let mut gauge = AlbumGauge::new(&timeline, rate.0);
    let progress = |p: Progress| cx.set_fraction(p.done.0 as f64 / p.total.0.max(1) as f64);
    let options = RangeOptions { threads, cancel: Some(cx.cancel_flag()), progress: Some(&progress) };
    let mut sink = |at: Frames, left: &[f64], right: &[f64]| -> Result<(), std::convert::Infallible> {
        gauge.push(at, left, right);
        Ok(())
    };
    let opener = FileSources::new(Arc::clone(library));
    let summary = render_range(&plan, &opener, range, options, &mut sink).map_err(|e| match e {
        RenderError::Cancelled => ScanError::Cancelled,
        RenderError::Sink(never) => match never {},
        RenderError::Worker(error) => ScanError::System(error.to_string()),
    })?;
    if !summary.failed.is_empty() {
        return Err(ScanError::System(
            "a source could not be read to its end; nothing was measured".to_owned(),
        ));
    }
    Ok(scan_of(session, gauge.finish(), summary.tap_hash))
}

fn scan_of(session: &Session, songs: Vec<(SongId, Arc<MeasuredSong>)>, tap_hash: String) -> AlbumScan {
    let measured: Vec<_> = songs.iter().map(|(_, m)| Arc::clone(m)).collect();
    let figures: Vec<_> = measured.iter().map(|m| m.figures).collect();
    AlbumScan {
        album: album::of_songs(&measured),
        standings: album::standings(&figures, album_ceiling_dbtp(session)),
        songs,
        tap_hash,
        exact: true,
    }
}

/// Hands the frames of the album to the song whose file they fall into.
struct AlbumGauge {
    /// Songs not yet begun, the next one last.
    to_come: Vec<(SongId, (Frames, Frames))>,
    now: Option<(SongId, Frames, SongMeter)>,
    rate_hz: u32,
    done: Vec<(SongId, Arc<MeasuredSong>)>,
}

impl AlbumGauge {
    fn new(timeline: &Timeline, rate_hz: u32) -> Self {
        let ranges =
            timeline.songs.iter().enumerate().filter_map(|(i, s)| Some((s.id, timeline.file_range(i)?)));
        let mut to_come: Vec<_> = ranges.filter(|(_, (from, to))| from < to).collect();
        to_come.reverse();
        Self { to_come, now: None, rate_hz, done: Vec::new() }
    }

    fn push(&mut self, mut at: Frames, mut left: &[f64], mut right: &[f64]) {
        while !left.is_empty() {
            if self.now.is_none() {
                let Some((id, (from, to))) = self.to_come.pop() else { return };
                self.now = Some((id, to, SongMeter::new(self.rate_hz, (to - from).as_len() as u64)));
            }
            let Some((_, to, meter)) = &mut self.now else { return };
            let take = ((*to - at).0.max(0) as usize).min(left.len());
            meter.push(&left[..take], &right[..take]);
            (left, right, at) = (&left[take..], &right[take..], at + Frames(take as i64));
            if at >= *to {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        if let Some((id, _, meter)) = self.now.take() {
            self.done.push((id, Arc::new(meter.finish())));
        }
    }

    fn finish(mut self) -> Vec<(SongId, Arc<MeasuredSong>)> {
        self.close();
        self.done
    }
}
