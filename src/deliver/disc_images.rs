//! An image of the CD with a cue sheet as a deliverable: `BIN` or `WAV`, for burning a reference.

use std::path::{Path, PathBuf};

use super::DeliverError;
use super::cd_image::{CdImageKind, CdImageWriter, ImageStart, audio_name, sums_of_image};
use super::cd_order::{self, PairStream};
use super::cue::{CueKind, CueSheet};
use super::ddp::disc::{DiscOptions, error};
use super::deliverable::{Card, Deliverable, DeliveryContext, Sink};
use super::manifest::Written;
use super::writer::{create_folder, sha256_of_file};
use crate::model::{Finding, Severity};
use crate::units::Frames;

/// The sheet takes any letters; texts are not held to those of CD-Text.
const OPTIONS: DiscOptions = DiscOptions { cd_text: true, transliterate: false };
/// What only CD-Text minds.
const CD_TEXT_RULES: &str = "cd_text";

/// `cd_bin_cue`, `cd_wav_cue`.
#[derive(Debug)]
pub struct CdImages {
    /// Form of the audio file.
    pub kind: CdImageKind,
    /// What it says of itself.
    pub card: Card,
}

impl Deliverable for CdImages {
    fn card(&self) -> &Card {
        &self.card
    }

    fn check(&self, cx: &DeliveryContext) -> Vec<Finding> {
        let mut findings = cd_order::check(cx, OPTIONS);
        findings.retain(|f| !f.rule.starts_with(CD_TEXT_RULES));
        findings
    }

    fn files(&self, cx: &DeliveryContext) -> Result<Vec<PathBuf>, DeliverError> {
        let stem = cd_order::stem(cx)?;
        Ok(vec![PathBuf::from(audio_name(&stem, self.kind)), PathBuf::from(format!("{stem}.cue"))])
    }

    fn begin(&self, cx: &DeliveryContext, out: &Path) -> Result<Box<dyn Sink>, DeliverError> {
        if let Some(broken) = self.check(cx).into_iter().find(|f| f.severity == Severity::Error) {
            return Err(DeliverError::Refused(broken.text));
        }
        create_folder(out)?;
        let stem = cd_order::stem(cx)?;
        let (disc, _) = cd_order::disc(cx, OPTIONS);
        let target = out.join(audio_name(&stem, self.kind));
        let stream = PairStream::new(cx, &disc)?;
        let writer =
            CdImageWriter::create(out, &stem, self.kind, &disc, cx.force).map_err(|e| e.at(&target))?;
        Ok(Box::new(ImageSink { id: self.id(), kind: self.kind, target, stream, writer }))
    }

    fn verify(&self, cx: &DeliveryContext, written: &mut [Written]) -> Result<Vec<Finding>, DeliverError> {
        let mut findings = Vec::new();
        for file in written.iter_mut().filter(|f| f.deliverable == self.id()) {
            let (sha256, _) = sha256_of_file(&file.path)?;
            let mut wrong = |what: &str| {
                findings.push(error("read_back", format!("{}: {what}", file.path.display())));
            };
            if sha256 != file.sha256 {
                file.bit_exact = false;
                wrong("the checksum changed since it was written");
            } else if file.frames > 0 && !file.bit_exact {
                wrong("the sound read back is not the sound that was written");
            } else if file.frames == 0 && !is_sheet_of(cx, self.kind, &file.path)? {
                wrong("the sheet read back is not the disc of the session");
            }
        }
        Ok(findings)
    }
}

/// Whether a cue sheet says what the session says: every track, index, code and flag.
fn is_sheet_of(cx: &DeliveryContext, kind: CdImageKind, path: &Path) -> Result<bool, DeliverError> {
    let bytes = std::fs::read(path).map_err(|e| DeliverError::from_io(path, e))?;
    let Ok(read) = CueSheet::parse(&bytes) else { return Ok(false) };
    let (disc, _) = cd_order::disc(cx, OPTIONS);
    let cue_kind = match kind {
        CdImageKind::Bin => CueKind::Binary,
        CdImageKind::Wav => CueKind::Wave,
    };
    let meant =
        CueSheet::of_disc(&disc, &audio_name(&cd_order::stem(cx)?, kind), cue_kind, ImageStart::Program);
    let facts = |sheet: &CueSheet| {
        let tracks: Vec<_> = sheet
            .tracks
            .iter()
            .map(|t| (t.number, t.isrc.clone(), t.flags.clone(), t.indexes.clone()))
            .collect();
        (sheet.catalog.clone(), sheet.files.clone(), tracks)
    };
    Ok(facts(&read) == facts(&meant))
}

/// An image being written.
struct ImageSink {
    id: &'static str,
    kind: CdImageKind,
    target: PathBuf,
    stream: PairStream,
    writer: CdImageWriter,
}

impl Sink for ImageSink {
    fn push(&mut self, start: Frames, left: &[f64], right: &[f64]) -> Result<(), DeliverError> {
        let Self { stream, writer, target, .. } = self;
        stream.push(start, (left, right), &mut |pairs| writer.write(pairs))?.map_err(|e| e.at(target))
    }

    fn finish(self: Box<Self>) -> Result<Vec<Written>, DeliverError> {
        let Self { id, kind, target, stream, mut writer } = *self;
        let (report, taken) = stream.finish(&mut |pairs| writer.write(pairs))?;
        taken.map_err(|e| e.at(&target))?;
        let (paths, sums) = writer.finish().map_err(|e| e.at(&target))?;
        let mut written = Vec::with_capacity(paths.len());
        for path in paths {
            let (sha256, bytes) = sha256_of_file(&path)?;
            let is_audio = path == target;
            let format = if is_audio { "CD audio 16" } else { "cue sheet" };
            let mut file = Written::other(path, id, format, sha256, bytes);
            if is_audio {
                let read = sums_of_image(&target, kind).map_err(|e| DeliverError::from_io(&target, e))?;
                file.frames = sums.bytes / 4;
                file.sample_rate_hz = cd_order::CD_RATE.0;
                file.conform = report;
                file.bit_exact = read == sums;
            }
            written.push(file);
        }
        Ok(written)
    }
}
