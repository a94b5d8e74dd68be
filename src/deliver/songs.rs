//! One file a song, cut from one delivery of the whole album.
//!
//! Rate conversion and dither run once over the album, and the files are slices of the result: played in a row they are
//! the album file, sample for sample, across segues and at any rate. The pause belongs to the song before it
//! ([`crate::model::Timeline::file_range`]). The files are made in a folder that gets its name when all are whole.

use std::path::{Path, PathBuf};

use super::audio_order::AudioOrder;
use super::conform::{Ceiling, Conform, ConformRange, converted_frames};
use super::deliverable::{Card, Deliverable, DeliveryContext, Sink};
use super::manifest::Written;
use super::master_file::{AudioKind, CompleteFile, FileSpec, MasterFile};
use super::naming::{NameFields, clashes, file_name};
use super::part_folder::PartFolder;
use super::tags::Tags;
use super::writer::create_folder;
use super::{Chunk, DeliverError, mp3};
use crate::model::metadata::{check_isrc, ean13};
use crate::model::{Finding, Severity, SongId};
use crate::units::Frames;

/// Song files of a kind.
#[derive(Debug)]
pub struct SongFiles {
    /// Container and coding.
    pub kind: AudioKind,
    /// What it says of itself.
    pub card: Card,
}

impl SongFiles {
    fn order(&self, cx: &DeliveryContext) -> Result<AudioOrder, DeliverError> {
        AudioOrder::new(self.kind, &cx.session, &cx.settings)
    }

    fn folder(&self, cx: &DeliveryContext, order: &AudioOrder) -> Result<String, DeliverError> {
        let fields = NameFields::of_album(&cx.session, order.rate, &order.depth());
        file_name(&order.folder, &fields, "", order.ascii_names)
    }

    fn cuts(&self, cx: &DeliveryContext, order: &AudioOrder) -> Result<Vec<Cut>, DeliverError> {
        let mut cuts = Vec::new();
        for (index, song) in cx.session.songs.iter().enumerate() {
            let is_wanted = cx.only.as_ref().is_none_or(|only| only.contains(&song.id));
            let Some(range) = cx.timeline.file_range(index).filter(|_| is_wanted) else { continue };
            let fields = NameFields::of_song(&cx.session, index, order.rate, &order.depth());
            cuts.push(Cut {
                name: file_name(&order.pattern, &fields, self.kind.extension(), order.ascii_names)?,
                song: Some(song.id),
                frames: cut_of_program(cx, order, range),
                tags: order.has_tags.then(|| Tags::of_song(&cx.session, index)),
            });
        }
        Ok(cuts)
    }
}

impl Deliverable for SongFiles {
    fn card(&self) -> &Card {
        &self.card
    }

    fn check(&self, cx: &DeliveryContext) -> Vec<Finding> {
        let mut findings = check_audio(cx, self.order(cx));
        findings.extend(check_songs(cx));
        if let Ok(files) = self.files(cx) {
            findings.extend(clashes(files.iter().map(PathBuf::as_path)));
        }
        findings
    }

    fn files(&self, cx: &DeliveryContext) -> Result<Vec<PathBuf>, DeliverError> {
        let order = self.order(cx)?;
        let folder = PathBuf::from(self.folder(cx, &order)?);
        Ok(self.cuts(cx, &order)?.into_iter().map(|cut| folder.join(cut.name)).collect())
    }

    fn begin(&self, cx: &DeliveryContext, out: &Path) -> Result<Box<dyn Sink>, DeliverError> {
        let order = self.order(cx)?;
        let cuts = self.cuts(cx, &order)?;
        if let Some(clash) = clashes(cuts.iter().map(|c| Path::new(&c.name))).first() {
            return Err(DeliverError::Refused(clash.text.clone()));
        }
        let folder = self.folder(cx, &order)?;
        begin_cuts(cx, &order, self.id(), out, Some(folder), cuts)
    }
}

/// What every deliverable of audio files looks at before it writes.
pub(super) fn check_audio(cx: &DeliveryContext, order: Result<AudioOrder, DeliverError>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |rule: &str, severity, text: String| findings.push(Finding::new(rule, severity, text));
    let order = match order {
        Ok(order) => order,
        Err(error) => {
            say("settings", Severity::Error, error.to_string());
            return findings;
        }
    };
    if cx.session.songs.is_empty() {
        say("empty", Severity::Error, "there is no song to deliver".to_owned());
    }
    if order.kind == AudioKind::Mp3 && !mp3::is_available() {
        say("encoder", Severity::Error, mp3::UNAVAILABLE.to_owned());
    }
    if let Err(error) = Conform::new(order.conform(&cx.session, 0)) {
        say("settings", Severity::Error, error.to_string());
    }
    let own = cx.rate();
    if order.rate > own {
        let text = format!("files at {} from a session at {own} are up-sampled; deliver {own}", order.rate);
        say("upsampled", Severity::Warning, text);
    }
    if order.rate != own && order.ceiling == Ceiling::Nothing {
        let text = format!("conversion to {} raises peaks and nothing holds the ceiling", order.rate);
        say("ceiling", Severity::Warning, text);
    }
    if order.format.integer_bits().is_some_and(|b| b < 24) && order.dither == "none" {
        say("dither", Severity::Warning, "the word length is reduced without dither".to_owned());
    }
    if order.has_tags
        && !cx.session.metadata.upc.is_empty()
        && let Err(why) = ean13(&cx.session.metadata.upc)
    {
        say("upc", Severity::Error, format!("UPC/EAN {}: {why}", cx.session.metadata.upc));
    }
    findings
}

fn check_songs(cx: &DeliveryContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, song) in cx.session.songs.iter().enumerate() {
        let title = song.metadata.full_title();
        if cx.timeline.file_range(index).is_none_or(|(start, end)| start >= end) {
            let text = format!("song {} “{title}” has no length of its own to be a file", index + 1);
            findings.push(Finding::new("empty", Severity::Error, text));
        }
        let isrc = &song.metadata.isrc;
        if isrc.is_empty() {
            let text = format!("song {} “{title}” has no ISRC", index + 1);
            findings.push(Finding::new("isrc", Severity::Info, text));
        } else if let Err(why) = check_isrc(isrc) {
            let text = format!("song {} “{title}”: ISRC {isrc}: {why}", index + 1);
            findings.push(Finding::new("isrc", Severity::Error, text));
        }
    }
    findings
}

/// One file as a slice of the delivered album.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut {
    pub name: String,
    pub song: Option<SongId>,
    /// First frame and first frame behind, at the delivery rate, counted from the start of the program.
    pub frames: (u64, u64),
    pub tags: Option<Tags>,
}

/// An album range as frames of the delivery.
pub(super) fn cut_of_program(
    cx: &DeliveryContext,
    order: &AudioOrder,
    range: (Frames, Frames),
) -> (u64, u64) {
    let at = |pos: Frames| {
        converted_frames((pos - cx.timeline.program_start()).as_len() as u64, cx.rate(), order.rate)
    };
    (at(range.0), at(range.1))
}

/// Begins files that are slices of the program, in a folder of their own or straight in `out`.
pub(super) fn begin_cuts(
    cx: &DeliveryContext,
    order: &AudioOrder,
    deliverable: &'static str,
    out: &Path,
    folder: Option<String>,
    cuts: Vec<Cut>,
) -> Result<Box<dyn Sink>, DeliverError> {
    let (start, end) = cx.program();
    if cuts.is_empty() || start >= end {
        return Err(DeliverError::Refused(format!("{deliverable}: there is no song to deliver")));
    }
    if let Some(cut) = cuts.iter().find(|c| c.frames.0 >= c.frames.1) {
        return Err(DeliverError::Refused(format!(
            "“{}” would have no length; give the song some",
            cut.name
        )));
    }
    let spec = order.conform(&cx.session, (end - start).as_len() as u64);
    let conform = ConformRange::new(spec, start)?;
    let spec = FileSpec {
        kbps: order.kbps.clone(),
        written_at: cx.written_at,
        dither: order.dither.clone(),
        scratch: cx.scratch.clone(),
        ..FileSpec::plain(order.kind, order.format, order.rate, 0)
    };
    create_folder(out)?;
    let folder = folder.map(|name| PartFolder::create(&out.join(name), cx.force)).transpose()?;
    let inside = folder.as_ref().map_or_else(|| out.to_owned(), |f| f.path().to_owned());
    let files = Files {
        deliverable,
        inside,
        folder,
        force: cx.force,
        spec,
        cuts,
        index: 0,
        current: None,
        complete: Vec::new(),
        place: 0,
    };
    Ok(Box::new(CutSink { conform, files }))
}

/// Conforms a stretch of the tap and hands it to the files.
struct CutSink {
    conform: ConformRange,
    files: Files,
}

impl Sink for CutSink {
    fn push(&mut self, start: Frames, left: &[f64], right: &[f64]) -> Result<(), DeliverError> {
        let chunk = self.conform.push(start, left, right)?;
        self.files.write(&chunk)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Written>, DeliverError> {
        let Self { mut conform, mut files } = *self;
        let chunk = conform.finish()?;
        files.write(&chunk)?;
        files.finish(conform.report())
    }
}

/// The files of a deliverable, one after the other.
struct Files {
    deliverable: &'static str,
    /// Where they are made.
    inside: PathBuf,
    folder: Option<PartFolder>,
    force: bool,
    /// What they have in common.
    spec: FileSpec,
    cuts: Vec<Cut>,
    /// The cut that comes next or is being written.
    index: usize,
    current: Option<MasterFile>,
    complete: Vec<(CompleteFile, Option<SongId>)>,
    /// Delivered frames so far.
    place: u64,
}

impl Files {
    fn write(&mut self, chunk: &Chunk<'_>) -> Result<(), DeliverError> {
        let mut at = 0;
        while at < chunk.len() {
            let left = (chunk.len() - at) as u64;
            let Some(&(start, end)) = self.cuts.get(self.index).map(|c| &c.frames) else { return Ok(()) };
            if self.place < start {
                let passed = left.min(start - self.place);
                (at, self.place) = (at + passed as usize, self.place + passed);
                continue;
            }
            let wanted = left.min(end - self.place) as usize;
            self.open_next()?;
            if let Some(file) = &mut self.current {
                file.write(&chunk.slice(at..at + wanted))?;
            }
            (at, self.place) = (at + wanted, self.place + wanted as u64);
            if self.place == end {
                self.close_current()?;
            }
        }
        Ok(())
    }

    /// Opens the file of the next cut, if it is not open.
    fn open_next(&mut self) -> Result<(), DeliverError> {
        if self.current.is_some() {
            return Ok(());
        }
        let Some(cut) = self.cuts.get(self.index) else { return Ok(()) };
        let (start, end) = cut.frames;
        let spec =
            FileSpec { frames: end - start, tags: cut.tags.clone(), place: start, ..self.spec.clone() };
        self.current = Some(MasterFile::create(&self.inside.join(&cut.name), self.force, spec)?);
        Ok(())
    }

    fn close_current(&mut self) -> Result<(), DeliverError> {
        let song = self.cuts.get(self.index).and_then(|c| c.song);
        if let Some(file) = self.current.take() {
            self.complete.push((file.complete()?, song));
        }
        self.index += 1;
        Ok(())
    }

    fn finish(self, report: super::ConformReport) -> Result<Vec<Written>, DeliverError> {
        if self.index != self.cuts.len() || self.current.is_some() {
            return Err(DeliverError::Refused(
                "the album pass ended before the last file was whole".to_owned(),
            ));
        }
        let mut written = Vec::with_capacity(self.complete.len());
        for (file, song) in self.complete {
            written.push(file.commit(self.deliverable, song, report)?);
        }
        if let Some(folder) = self.folder {
            let target = folder.target().to_owned();
            folder.commit()?;
            for file in &mut written {
                if let Some(name) = file.path.file_name() {
                    file.path = target.join(name);
                }
                if let Some(measured) = &mut file.measurements {
                    measured.path = file.path.to_string_lossy().into_owned();
                }
            }
        }
        Ok(written)
    }
}
