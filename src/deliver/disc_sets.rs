//! The DDP set as a deliverable: a folder of its own with the PQ sheet, read back by our own reader.

use std::path::{Path, PathBuf};

use super::DeliverError;
use super::cd_order::{self, PairStream};
use super::ddp::disc::{Disc, DiscOptions, error};
use super::ddp::verify::{DdpReadError, DdpSet, verify};
use super::ddp::{self, Companion, DdpOptions, DdpWriter, WrittenSet, checksum};
use super::deliverable::{Card, Deliverable, DeliveryContext, Sink};
use super::manifest::Written;
use super::writer::{create_folder, sha256_of_file};
use crate::model::{Finding, Severity};
use crate::report::text;
use crate::units::{CdFrames, Frames};

/// Name of the sheet beside the set.
pub const SHEET_NAME: &str = "PQ_SHEET.txt";

const ID: &str = "ddp";

/// `ddp`.
#[derive(Debug)]
pub struct DdpSets;

fn disc_options(cx: &DeliveryContext) -> DiscOptions {
    let settings = &cx.settings;
    DiscOptions { cd_text: settings.is_on("cd_text"), transliterate: settings.is_on("transliterate") }
}

fn ddp_options(cx: &DeliveryContext) -> DdpOptions {
    DdpOptions {
        pq_name: cx.settings.text("pq_name").to_owned(),
        cd_text: cx.settings.is_on("cd_text"),
        force: cx.force,
        ..DdpOptions::default()
    }
}

impl Deliverable for DdpSets {
    fn card(&self) -> &Card {
        &Card {
            id: ID,
            name: "DDP 2.00 set",
            about: "The CD master for the plant, with CD-Text, codes, checksums and PQ sheet.",
            settings: cd_order::DDP,
        }
    }

    fn check(&self, cx: &DeliveryContext) -> Vec<Finding> {
        cd_order::check(cx, disc_options(cx))
    }

    fn files(&self, cx: &DeliveryContext) -> Result<Vec<PathBuf>, DeliverError> {
        let folder = PathBuf::from(cd_order::stem(cx)?);
        let (disc, _) = cd_order::disc(cx, disc_options(cx));
        let set = ddp::encode(&disc, &ddp_options(cx)).map_err(|e| e.at(&folder))?;
        let beside = [ddp::IMAGE_NAME, checksum::MD5_NAME, checksum::CRC_NAME, ddp::CUE_NAME, SHEET_NAME];
        let names = set.files.into_iter().map(|(name, _)| name).chain(beside.map(str::to_owned));
        Ok(names.map(|name| folder.join(name)).collect())
    }

    fn begin(&self, cx: &DeliveryContext, out: &Path) -> Result<Box<dyn Sink>, DeliverError> {
        create_folder(out)?;
        let folder = out.join(cd_order::stem(cx)?);
        let (disc, _) = cd_order::disc(cx, disc_options(cx));
        let stream = PairStream::new(cx, &disc)?;
        let writer = DdpWriter::create(&folder, disc.clone(), ddp_options(cx)).map_err(|e| e.at(&folder))?;
        Ok(Box::new(SetSink { cx: cx.clone(), folder, disc, stream, writer }))
    }

    fn verify(&self, cx: &DeliveryContext, written: &mut [Written]) -> Result<Vec<Finding>, DeliverError> {
        let ours = |f: &&mut Written| f.deliverable == ID;
        let image = written.iter_mut().filter(ours).find(|f| f.path.ends_with(ddp::IMAGE_NAME));
        let Some(folder) = image.and_then(|f| f.path.parent().map(Path::to_owned)) else {
            return Ok(Vec::new());
        };
        let set = verify(&folder).map_err(|e| read_error(&folder, e))?;
        let known = self.check(cx);
        let mut findings: Vec<Finding> =
            set.findings.iter().filter(|f| !known.contains(f)).cloned().collect();
        findings.extend(against_the_session(cx, &set));
        let is_whole = !findings.iter().any(|f| f.severity == Severity::Error);
        for file in written.iter_mut().filter(ours) {
            let (sha256, _) = sha256_of_file(&file.path)?;
            if sha256 != file.sha256 {
                let text = format!("{}: the checksum changed since it was written", file.path.display());
                findings.push(error("read_back", text));
            } else if file.frames > 0 {
                // The reader held the image to the MD5 of what went in.
                file.bit_exact = is_whole;
            }
        }
        Ok(findings)
    }
}

/// The disc that was read must be the disc of the session, to the frame and the letter.
fn against_the_session(cx: &DeliveryContext, set: &DdpSet) -> Option<Finding> {
    let (disc, _) = cd_order::disc(cx, disc_options(cx));
    let expected = Disc { silence_in_front: CdFrames(0), ..disc };
    (set.disc != expected).then(|| {
        let text = format!("{}: what was read back is not the disc of the session", set.folder.display());
        error("read_back", text)
    })
}

fn read_error(folder: &Path, error: DdpReadError) -> DeliverError {
    match error {
        DdpReadError::Io { path, error } => DeliverError::from_io(&path, error),
        DdpReadError::Cancelled => DeliverError::Cancelled,
        error @ DdpReadError::NotASet { .. } => {
            DeliverError::Refused(format!("{}: read back, {error}", folder.display()))
        }
    }
}

/// A set being written.
struct SetSink {
    cx: DeliveryContext,
    folder: PathBuf,
    disc: Disc,
    stream: PairStream,
    writer: DdpWriter,
}

impl Sink for SetSink {
    fn push(&mut self, start: Frames, left: &[f64], right: &[f64]) -> Result<(), DeliverError> {
        let Self { stream, writer, folder, .. } = self;
        stream.push(start, (left, right), &mut |pairs| writer.write(pairs))?.map_err(|e| e.at(folder))
    }

    fn finish(self: Box<Self>) -> Result<Vec<Written>, DeliverError> {
        let Self { cx, folder, disc, stream, mut writer } = *self;
        let (report, taken) = stream.finish(&mut |pairs| writer.write(pairs))?;
        taken.map_err(|e| e.at(&folder))?;
        let name = folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let set = writer
            .finish(|image| {
                let sheet = cd_order::pq_sheet(&cx, &disc, &name, &image.md5_hex());
                let bytes = text::render(&sheet.document()).into_bytes();
                vec![Companion { name: SHEET_NAME.to_owned(), bytes }]
            })
            .map_err(|e| e.at(&folder))?;
        let mut written = manifest_of(&set)?;
        for file in written.iter_mut().filter(|f| f.path.ends_with(ddp::IMAGE_NAME)) {
            file.frames = file.bytes / 4;
            file.sample_rate_hz = cd_order::CD_RATE.0;
            "CD audio 16".clone_into(&mut file.format);
            file.conform = report;
        }
        Ok(written)
    }
}

fn manifest_of(set: &WrittenSet) -> Result<Vec<Written>, DeliverError> {
    let names = set.files.iter().map(|(name, _)| name).chain(&set.companions);
    names
        .map(|name| {
            let path = set.folder.join(name);
            let (sha256, bytes) = sha256_of_file(&path)?;
            Ok(Written::other(path, ID, "DDP 2.00", sha256, bytes))
        })
        .collect()
}
