//! Matching by loudness: what a slot adds in loudness, and the gain that takes it away or reaches a target.
//!
//! What runs into the slot is rendered once into a file on disk (32-bit floats; their noise is 150 dB down); the slot
//! alone is then run over it as often as the search needs. Loudness is integrated (ITU-R BS.1770-5) over the song, before
//! its fades and level, or over the album; over the loop where one is set. Everything is as a master has it: nothing that
//! is only for listening takes part, and the slot is on. The search is a secant held inside a bracket, in steps of
//! 0.01 dB, to within ±0.02 LU.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::JobContext;
use super::sources::{key_of, prepare};
use crate::audio::fpu::FpuGuard;
use crate::audio::{Block, QUANTUM};
use crate::edit::{Edit, apply};
use crate::media::SourceError;
use crate::media::file_source::FileSources;
use crate::media::library::Library;
use crate::meter::loudness::LoudnessMeter;
use crate::model::{
    Chain, ChainRef, Extra, Listen, ParamValue, Session, Slot, SlotId, Song, SongMetadata, Timeline,
};
use crate::process::listen::{MATCH_RANGE_DB, SLOT_GAIN_RANGE_DB, clean_gain_db};
use crate::process::slot::SlotRunner;
use crate::process::{ParamKind, Setup, audition, find, follows_loudness, values_of};
use crate::render::{Progress, RangeOptions, RenderError, RenderPlan, render_range};
use crate::units::{Frames, SampleRate};

/// Distance at which a search has found, LU.
const NEAR_LU: f64 = 0.02;

/// Distance with which a match is still one, LU.
const TOLERANCE_LU: f64 = 0.05;

/// Runs of the slot a search may take.
const MOST_RUNS: u32 = 8;

/// Part of the work that making the slot's input is.
const INPUT_SHARE: f64 = 0.5;

/// Sound before a loop that the slot is fed, so that it has its state, seconds.
const LEAD_S: f64 = 5.0;

/// Hours of an album at most.
const MOST_HOURS: f64 = 12.0;

/// What is to be equal to what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The output as loud as the input, by the kind's own output gain or the slot's.
    Output,
    /// The bypassed input as loud as the output, and listen to it.
    Bypass,
    /// The output at so many LUFS, by the gain into the processor.
    Loudness(f64),
}

/// What to match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// In which chain.
    pub chain: ChainRef,
    /// Which slot.
    pub slot: SlotId,
    /// What for.
    pub goal: Goal,
    /// The loop, album frames.
    pub loop_range: Option<(Frames, Frames)>,
}

/// What was found: one edit, and a sentence for the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// To be applied if the slot is still as it was measured.
    pub edit: Edit,
    /// What was found, with its figures.
    pub text: String,
    /// Integrated loudness into the slot, LUFS.
    pub input_lufs: f64,
    /// Integrated loudness out of it with the edit, LUFS.
    pub output_lufs: f64,
}

/// Why nothing was matched.
#[derive(Debug, thiserror::Error)]
pub enum MatchError {
    /// The slot went away.
    #[error("that processor is no longer in the chain")]
    NoSlot,
    /// This version does not know the processor.
    #[error("this version does not know the processor “{0}”; it passes the sound unchanged")]
    UnknownKind(String),
    /// Nothing to measure.
    #[error("nothing loud enough to measure runs through the slot (in the loop, where one is set)")]
    Silent,
    /// No gain within the range does it.
    #[error("{0}")]
    OutOfReach(String),
    /// A source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The disk is full or broken.
    #[error("what runs into the slot cannot be kept: {0}; free some space or choose another cache folder")]
    Disk(#[from] io::Error),
    /// The system gave no thread, or a source failed in the middle.
    #[error("{0}")]
    System(String),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}

/// What a measurement depends on; two equal ones have equal results.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// What runs into the slot: its album is what the slot hears.
    before: Session,
    /// The slot as it is measured.
    slot: Slot,
    /// First and last frame measured, in the time of `before`.
    range: (Frames, Frames),
}

/// The session cut down to what runs into a slot.
///
/// # Errors
/// The slot is not there, or its kind is unknown.
pub fn setting_of(session: &Session, request: &Request) -> Result<Setting, MatchError> {
    let session = as_heard(session);
    let chain = session.chain(request.chain).ok_or(MatchError::NoSlot)?;
    let place = chain.slots.iter().position(|s| s.id == request.slot).ok_or(MatchError::NoSlot)?;
    let slot = Slot { enabled: true, match_db: 0.0, ..chain.slots[place].clone() };
    if find(&slot.kind).is_none() {
        return Err(MatchError::UnknownKind(slot.kind));
    }
    let prefix = Arc::new(Chain { slots: chain.slots[..place].to_vec(), ..Chain::default() });
    let timeline = Timeline::of(&session);
    let mut before = session.clone();
    let (whole, origin) = match request.chain {
        ChainRef::Album => {
            before.album_chain = prefix;
            ((timeline.program_start(), timeline.end), Frames::ZERO)
        }
        ChainRef::Song(id) => {
            let placed = timeline.song(id).ok_or(MatchError::NoSlot)?;
            before.songs.retain(|s| s.id == id);
            before.album_chain = Arc::default();
            before.snap_to_cd_frames = false;
            for song in &mut before.songs {
                let song = Arc::make_mut(song);
                song.chain = Arc::clone(&prefix);
                song.gap = Frames::ZERO;
                song.level_db = 0.0;
                (song.fade_in.frames, song.fade_out.frames) = (Frames::ZERO, Frames::ZERO);
            }
            ((Frames::ZERO, placed.end - placed.start), placed.start)
        }
    };
    Ok(Setting { before, slot, range: inside(whole, request.loop_range, origin) })
}

/// The session without what nobody hears in it (texts, codes, orders) and without what is only for listening, so that two
/// that sound alike are equal.
pub(super) fn as_heard(session: &Session) -> Session {
    let plain = audition::delivered(session);
    let songs = plain.songs.iter().map(|song| {
        Arc::new(Song {
            metadata: SongMetadata::default(),
            indexes: Vec::new(),
            notes: String::new(),
            extra: Extra::new(),
            chain: Arc::new(without_listening(&song.chain)),
            ..(**song).clone()
        })
    });
    Session {
        snap_to_cd_frames: plain.snap_to_cd_frames,
        songs: songs.collect(),
        album_chain: Arc::new(without_listening(&plain.album_chain)),
        ..Session::new(plain.sample_rate_hz)
    }
}

/// A chain without its switches for listening, given or not.
fn without_listening(chain: &Chain) -> Chain {
    let mut plain = Chain { slots: chain.slots.clone(), extra: Extra::new() };
    for slot in &mut plain.slots {
        slot.match_db = 0.0;
        slot.extra = Extra::new();
        let Some(kind) = find(&slot.kind) else { continue };
        slot.params.retain(|id, _| !kind.params().iter().any(|p| p.audition && p.id == id.as_str()));
    }
    plain
}

/// The part of `whole` that is looped; all of it where that is none.
fn inside(whole: (Frames, Frames), looped: Option<(Frames, Frames)>, origin: Frames) -> (Frames, Frames) {
    let Some((from, to)) = looped else { return whole };
    let part = ((from - origin).max(whole.0), (to - origin).min(whole.1));
    if part.0 < part.1 { part } else { whole }
}

/// Measures, searches, and says what to change. `folder` takes the sound on its way; nothing stays there.
///
/// # Errors
/// [`MatchError`].
pub fn run(
    session: &Session,
    library: &Arc<Library>,
    folder: &Path,
    request: &Request,
    threads: usize,
    cx: &JobContext,
) -> Result<Matched, MatchError> {
    let setting = setting_of(session, request)?;
    cx.set_detail("rendering what runs into the slot");
    if let Some(error) = prepare(&setting.before, library, threads, cx).into_iter().next() {
        return Err(match error {
            SourceError::Cancelled => MatchError::Cancelled,
            other => other.into(),
        });
    }
    let mut bench = Bench::new(&setting, library, folder, threads, cx)?;
    cx.set_detail("measuring");
    match request.goal {
        Goal::Output => match_output(&mut bench, request),
        Goal::Bypass => match_bypass(&mut bench, request),
        Goal::Loudness(target_lufs) => find_gain(&mut bench, request, target_lufs),
    }
}

/// Every slot that follows, as a request for its whole song or album.
pub fn followers(session: &Session) -> Vec<Request> {
    let songs = session.songs.iter().map(|song| (ChainRef::Song(song.id), &song.chain));
    let chains = songs.chain([(ChainRef::Album, &session.album_chain)]);
    chains
        .flat_map(|(chain, slots)| {
            let following = slots.slots.iter().filter(|s| follows(s));
            following.map(move |s| Request { chain, slot: s.id, goal: Goal::Output, loop_range: None })
        })
        .collect()
}

/// Whether a slot is on and its own switch says that its gain follows.
fn follows(slot: &Slot) -> bool {
    slot.enabled && find(&slot.kind).is_some_and(|kind| follows_loudness(kind, &slot.params))
}

/// The session with every gain that follows the loudness set, in the order of the sound; and what was found, or why nothing
/// was, in a sentence each.
///
/// # Errors
/// A source that cannot be read, a full disk, a cancel.
pub fn follow_all(
    mut session: Session,
    library: &Arc<Library>,
    folder: &Path,
    threads: usize,
    cx: &JobContext,
) -> Result<(Session, Vec<String>), MatchError> {
    let mut told = Vec::new();
    for request in followers(&session) {
        match run(&session, library, folder, &request, threads, cx) {
            Ok(found) => match apply(&session, &found.edit) {
                Ok(next) => {
                    session = next;
                    told.push(found.text);
                }
                Err(error) => told.push(error.to_string()),
            },
            Err(error @ (MatchError::Silent | MatchError::OutOfReach(_))) => told.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok((session, told))
}

fn match_bypass(bench: &mut Bench<'_>, request: &Request) -> Result<Matched, MatchError> {
    let output_lufs = bench.output_lufs(&bench.slot.clone())?;
    let match_db = clean_gain_db(output_lufs - bench.input_lufs, MATCH_RANGE_DB);
    let (chain, slot) = (request.chain, request.slot);
    Ok(Matched {
        edit: Edit::SetSlotListen { chain, slot, listen: Listen::MatchedBypass, match_db: Some(match_db) },
        text: format!(
            "{}: in {:.2} LUFS, out {:.2} LUFS; the bypass plays {:+.2} dB",
            bench.name(),
            bench.input_lufs,
            output_lufs,
            match_db
        ),
        input_lufs: bench.input_lufs,
        output_lufs,
    })
}

fn match_output(bench: &mut Bench<'_>, request: &Request) -> Result<Matched, MatchError> {
    let target = bench.input_lufs;
    let mut knobs = Knob::of_output(&bench.slot).into_iter();
    loop {
        let Some(knob) = knobs.next() else {
            return Err(MatchError::OutOfReach("no gain makes the slot as loud as its input".to_owned()));
        };
        let found = bench.search(&knob, target)?;
        let is_last = knobs.len() == 0;
        if found.distance_lu().abs() <= TOLERANCE_LU || is_last {
            return bench.matched(&knob, &found, target, request);
        }
    }
}

fn find_gain(bench: &mut Bench<'_>, request: &Request, target_lufs: f64) -> Result<Matched, MatchError> {
    let knob = Knob::of_input(&bench.slot);
    let found = bench.search(&knob, target_lufs)?;
    bench.matched(&knob, &found, target_lufs, request)
}

/// A gain that a search may turn.
#[derive(Debug, Clone, PartialEq)]
struct Knob {
    /// Parameter of the kind; `None` is the slot's own gain.
    param: Option<String>,
    /// As shown.
    name: String,
    is_input: bool,
    range_db: (f64, f64),
}

impl Knob {
    /// The kind's own gain at its output, where it has one, then the slot's.
    fn of_output(slot: &Slot) -> Vec<Self> {
        let own = ["makeup_db", "output_db"].into_iter().find_map(|id| Self::own(slot, id, false));
        own.into_iter().chain([Self::of_slot("output", false)]).collect()
    }

    /// The kind's own gain at its input, else the slot's.
    fn of_input(slot: &Slot) -> Self {
        Self::own(slot, "input_gain_db", true).unwrap_or_else(|| Self::of_slot("input", true))
    }

    fn of_slot(name: &str, is_input: bool) -> Self {
        Self { param: None, name: name.to_owned(), is_input, range_db: SLOT_GAIN_RANGE_DB }
    }

    fn own(slot: &Slot, id: &str, is_input: bool) -> Option<Self> {
        let desc = find(&slot.kind)?.params().iter().find(|p| p.id == id)?;
        let ParamKind::Number { min, max, .. } = desc.kind else { return None };
        Some(Self {
            param: Some(id.to_owned()),
            name: desc.name.to_lowercase(),
            is_input,
            range_db: (min, max),
        })
    }

    /// Where it stands, dB.
    fn value_db(&self, slot: &Slot) -> f64 {
        let Some(id) = &self.param else {
            return if self.is_input { slot.input_db } else { slot.output_db };
        };
        let Some(kind) = find(&slot.kind) else { return 0.0 };
        let (values, _) = values_of(kind, &slot.params);
        kind.params().iter().position(|p| p.id == id.as_str()).map_or(0.0, |i| values.get(i))
    }

    /// The slot with the knob at another value.
    fn turned(&self, slot: &Slot, db: f64) -> Slot {
        let mut slot = slot.clone();
        match (&self.param, self.is_input) {
            (Some(id), _) => drop(slot.params.insert(id.clone(), ParamValue::Number(db))),
            (None, true) => slot.input_db = db,
            (None, false) => slot.output_db = db,
        }
        slot
    }

    fn edit(&self, request: &Request, db: f64) -> Edit {
        let (chain, slot) = (request.chain, request.slot);
        match (&self.param, self.is_input) {
            (Some(id), _) => {
                Edit::SetParams { chain, slot, values: vec![(id.clone(), ParamValue::Number(db))] }
            }
            (None, true) => Edit::SetSlotInput { chain, slot, input_db: db },
            (None, false) => Edit::SetSlotOutput { chain, slot, output_db: db },
        }
    }
}

/// Where a search ended.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Found {
    db: f64,
    output_lufs: f64,
    target_lufs: f64,
    runs: u32,
}

impl Found {
    /// Louder than the target, positive.
    fn distance_lu(&self) -> f64 {
        self.output_lufs - self.target_lufs
    }
}

/// What runs into a slot, kept, and the slot to run over it.
struct Bench<'a> {
    slot: Slot,
    spool: Spool,
    rate: SampleRate,
    /// Frames of the spool before the first one measured.
    lead: u64,
    input_lufs: f64,
    runs: u32,
    cx: &'a JobContext,
}

impl<'a> Bench<'a> {
    fn new(
        setting: &Setting,
        library: &Arc<Library>,
        folder: &Path,
        threads: usize,
        cx: &'a JobContext,
    ) -> Result<Self, MatchError> {
        let rate = setting.before.sample_rate_hz;
        let (from, to) = setting.range;
        let begin = (from - rate.frames_from_seconds(LEAD_S)).max(Frames::ZERO);
        let lead = (from - begin).as_len() as u64;
        let mut spool = Spool::create(folder)?;
        let mut meter = Measure::new(rate, lead);
        let plan = Arc::new(RenderPlan::for_master(&setting.before, &|source| key_of(source, rate), 0));
        let progress = |p: Progress| cx.set_fraction(INPUT_SHARE * p.done.0 as f64 / p.total.0.max(1) as f64);
        let options = RangeOptions { threads, cancel: Some(cx.cancel_flag()), progress: Some(&progress) };
        let mut sink = |_: Frames, left: &[f64], right: &[f64]| {
            meter.push(left, right);
            spool.push(left, right)
        };
        let opener = FileSources::new(Arc::clone(library));
        let summary = render_range(&plan, &opener, (begin, to), options, &mut sink).map_err(|e| match e {
            RenderError::Cancelled => MatchError::Cancelled,
            RenderError::Sink(error) => error.into(),
            RenderError::Worker(error) => MatchError::System(error.to_string()),
        })?;
        if !summary.failed.is_empty() {
            return Err(MatchError::System(
                "a source could not be read to its end: nothing was changed".to_owned(),
            ));
        }
        let input_lufs = meter.integrated_lufs()?;
        Ok(Self { slot: setting.slot.clone(), spool, rate, lead, input_lufs, runs: 0, cx })
    }

    fn name(&self) -> String {
        find(&self.slot.kind).map_or_else(|| self.slot.kind.clone(), |k| k.name().to_owned())
    }

    /// Integrated loudness out of the slot with these settings, LUFS.
    fn output_lufs(&mut self, slot: &Slot) -> Result<f64, MatchError> {
        let _fpu = FpuGuard::new();
        let (mut runner, _) = SlotRunner::new(slot, &Setup { sample_rate: self.rate });
        // The slot is late by its latency: that much of what comes out is from before the first frame.
        let late = runner.latency().as_len() as u64;
        let mut meter = Measure::new(self.rate, self.lead + late);
        let frames = self.spool.frames + late;
        let mut input = self.spool.read()?;
        let mut done = 0;
        while done < frames {
            if self.cx.cancel_flag().load(Ordering::Relaxed) {
                return Err(MatchError::Cancelled);
            }
            let mut block = input.next_block()?;
            runner.process(Frames(done as i64), &mut block);
            let count = (frames - done).min(QUANTUM as u64) as usize;
            meter.push(&block.left()[..count], &block.right()[..count]);
            done += count as u64;
        }
        self.runs += 1;
        let part = f64::from(self.runs) / f64::from(MOST_RUNS);
        self.cx.set_fraction(INPUT_SHARE + (1.0 - INPUT_SHARE) * part.min(1.0));
        meter.integrated_lufs()
    }

    /// The value of a knob at which the output is `target_lufs` loud; the nearest where there is none.
    fn search(&mut self, knob: &Knob, target_lufs: f64) -> Result<Found, MatchError> {
        let mut search = Search::new(knob.range_db);
        let mut best: Option<Found> = None;
        let mut db = search.inside(knob.value_db(&self.slot));
        for runs in 1..=MOST_RUNS {
            let output_lufs = self.output_lufs(&knob.turned(&self.slot, db))?;
            let found = Found { db, output_lufs, target_lufs, runs };
            if best.is_none_or(|b| found.distance_lu().abs() < b.distance_lu().abs()) {
                best = Some(found);
            }
            if found.distance_lu().abs() <= NEAR_LU {
                break;
            }
            match search.next(db, found.distance_lu()) {
                Some(next) => db = next,
                None => break,
            }
        }
        best.ok_or(MatchError::Silent)
    }

    fn matched(
        &self,
        knob: &Knob,
        found: &Found,
        target_lufs: f64,
        request: &Request,
    ) -> Result<Matched, MatchError> {
        let name = self.name();
        if found.distance_lu().abs() > TOLERANCE_LU {
            return Err(MatchError::OutOfReach(format!(
                "{name}: {target_lufs:.2} LUFS was not reached: the nearest found is {2:.2} LUFS, with its {0} at {1:+.2} dB; nothing was changed",
                knob.name, found.db, found.output_lufs
            )));
        }
        Ok(Matched {
            edit: knob.edit(request, found.db),
            text: format!(
                "{name}: {} {:+.2} dB; in {:.2} LUFS, out {:.2} LUFS, found in {} runs",
                knob.name, found.db, self.input_lufs, found.output_lufs, found.runs
            ),
            input_lufs: self.input_lufs,
            output_lufs: found.output_lufs,
        })
    }
}

/// Looks for the zero of a rising function of a gain: secant steps, inside the bracket as soon as there is one.
#[derive(Debug)]
struct Search {
    range_db: (f64, f64),
    last: Option<(f64, f64)>,
    /// The highest gain known to be too quiet and the lowest known to be too loud, with their distances.
    below: Option<(f64, f64)>,
    above: Option<(f64, f64)>,
}

impl Search {
    fn new(range_db: (f64, f64)) -> Self {
        Self { range_db, last: None, below: None, above: None }
    }

    /// In the range, in steps of 0.01 dB.
    fn inside(&self, db: f64) -> f64 {
        ((db * 100.0).round() / 100.0).clamp(self.range_db.0, self.range_db.1)
    }

    /// The next gain to try after `db` gave `distance_lu`; `None` where no other can be nearer.
    fn next(&mut self, db: f64, distance_lu: f64) -> Option<f64> {
        // Two decibels a decibel at most, and a twentieth at least: a limiter swallows most of what it is given.
        let slope = self.last.map_or(1.0, |(at, was)| ((distance_lu - was) / (db - at)).clamp(0.05, 2.0));
        self.last = Some((db, distance_lu));
        if distance_lu < 0.0 {
            self.below = Some((db, distance_lu));
        } else {
            self.above = Some((db, distance_lu));
        }
        let mut next = self.inside(db - distance_lu / slope);
        if let (Some((low, under)), Some((high, over))) = (self.below, self.above) {
            if next <= low || next >= high {
                next = self.inside(low + (high - low) * (-under / (over - under)).clamp(0.1, 0.9));
            }
            if next <= low || next >= high {
                next = self.inside(0.5 * (low + high));
            }
            // Nothing lies between.
            if next <= low || next >= high {
                return None;
            }
        }
        (next.to_bits() != db.to_bits()).then_some(next)
    }
}

/// Integrated loudness from a frame on.
struct Measure {
    meter: LoudnessMeter,
    /// Frames not measured any more to come.
    skip: u64,
}

impl Measure {
    fn new(rate: SampleRate, skip: u64) -> Self {
        Self { meter: LoudnessMeter::new(rate.0, 2, MOST_HOURS), skip }
    }

    fn push(&mut self, left: &[f64], right: &[f64]) {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(left.len());
        self.skip -= skipped as u64;
        self.meter.push(&left[skipped..], &right[skipped..]);
    }

    fn integrated_lufs(mut self) -> Result<f64, MatchError> {
        self.meter.reading().integrated_lufs.ok_or(MatchError::Silent)
    }
}

/// Bytes of a frame in a spool.
const FRAME_BYTES: usize = 8;

/// Stereo frames on disk, gone when dropped.
struct Spool {
    out: BufWriter<File>,
    frames: u64,
}

impl Spool {
    fn create(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { out: BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?), frames: 0 })
    }

    fn push(&mut self, left: &[f64], right: &[f64]) -> io::Result<()> {
        for (l, r) in left.iter().zip(right) {
            self.out.write_all(&(*l as f32).to_le_bytes())?;
            self.out.write_all(&(*r as f32).to_le_bytes())?;
        }
        self.frames += left.len() as u64;
        Ok(())
    }

    /// From the first frame on.
    fn read(&mut self) -> io::Result<SpoolReader<'_>> {
        self.out.flush()?;
        let file = self.out.get_mut();
        file.rewind()?;
        Ok(SpoolReader { input: BufReader::with_capacity(1 << 18, file), left: self.frames })
    }
}

/// Frames of a spool in order; silence after the last.
struct SpoolReader<'a> {
    input: BufReader<&'a mut File>,
    left: u64,
}

impl SpoolReader<'_> {
    fn next_block(&mut self) -> io::Result<Block> {
        let mut bytes = [0u8; FRAME_BYTES * QUANTUM];
        let count = self.left.min(QUANTUM as u64) as usize;
        self.left -= count as u64;
        self.input.read_exact(&mut bytes[..FRAME_BYTES * count])?;
        let mut block = Block::silent();
        let (left, right) = block.stereo_mut();
        for ((l, r), frame) in left.iter_mut().zip(right).zip(bytes.chunks_exact(FRAME_BYTES)) {
            let sample = |at: usize| {
                f64::from(f32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]))
            };
            (*l, *r) = (sample(0), sample(4));
        }
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of a search for the zero of `f`, and where it ended.
    fn search(range_db: (f64, f64), from: f64, f: impl Fn(f64) -> f64) -> (u32, f64) {
        let mut search = Search::new(range_db);
        let mut db = from;
        for runs in 1..=MOST_RUNS {
            let distance = f(db);
            if distance.abs() <= NEAR_LU {
                return (runs, db);
            }
            match search.next(db, distance) {
                Some(next) => db = next,
                None => return (runs, db),
            }
        }
        (MOST_RUNS, db)
    }

    #[test]
    fn a_search_finds_a_gain_in_few_runs() {
        let (runs, db) = search((-24.0, 24.0), 0.0, |db| db - 3.456);
        assert!(runs == 2 && (db - 3.46).abs() < 1e-9, "a plain gain: {db} in {runs}");
        // A limiter: every decibel above 6 adds a third of one.
        let limited = |db: f64| if db < 6.0 { db } else { 6.0 + (db - 6.0) / 3.0 };
        for target in [-4.0, 5.9, 6.1, 9.0, 13.0] {
            let (runs, db) = search((-24.0, 36.0), 0.0, |db| limited(db) - target);
            assert!((limited(db) - target).abs() <= NEAR_LU, "{target}: {db} after {runs}");
        }
        // It saturates slowly.
        let soft = |db: f64| 10.0 * (db / 10.0).tanh();
        let (runs, db) = search((-24.0, 36.0), 30.0, |db| soft(db) - 2.0);
        assert!((soft(db) - 2.0).abs() <= TOLERANCE_LU, "{db} after {runs}");
    }

    #[test]
    fn a_search_stops_at_the_end_of_the_range() {
        let (runs, db) = search((-24.0, 24.0), 0.0, |db| db - 60.0);
        assert!(runs <= 3 && (db - 24.0).abs() < 1e-9, "{db} after {runs}");
    }

    #[test]
    fn a_spool_gives_back_what_it_took_and_silence_after() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(dir.path()).unwrap();
        let left: Vec<f64> = (0..100).map(|i| f64::from(i) / 128.0).collect();
        let right: Vec<f64> = left.iter().map(|x| -x).collect();
        spool.push(&left, &right).unwrap();
        for _ in 0..2 {
            let mut reader = spool.read().unwrap();
            let (first, second) = (reader.next_block().unwrap(), reader.next_block().unwrap());
            assert_eq!(first.left()[..], left[..64]);
            assert_eq!(second.right()[..36], right[64..]);
            assert_eq!(second.left()[36..], [0.0; 28]);
        }
    }

    #[test]
    fn a_loop_outside_the_song_is_no_loop() {
        let whole = (Frames(0), Frames(1000));
        assert_eq!(inside(whole, None, Frames(500)), whole);
        assert_eq!(inside(whole, Some((Frames(600), Frames(900))), Frames(500)), (Frames(100), Frames(400)));
        assert_eq!(inside(whole, Some((Frames(0), Frames(700))), Frames(500)), (Frames(0), Frames(200)));
        assert_eq!(inside(whole, Some((Frames(0), Frames(400))), Frames(500)), whole);
    }
}
