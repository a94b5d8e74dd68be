//! A range of the album pass into one file: the work of `render` and `process`.

use std::path::Path;
use std::sync::Arc;

use super::sources::{key_of, prepare};
use super::{JobContext, parallel};
use crate::audio::format::SampleFormat;
use crate::deliver::audio_file::AudioFile;
use crate::deliver::conform::{Ceiling, Conform, ConformReport, ConformSpec, album_ceiling_dbtp};
use crate::deliver::writer::DeliverError;
use crate::media::SourceError;
use crate::media::file_source::FileSources;
use crate::media::library::Library;
use crate::model::Session;
use crate::process::audition::auditions;
use crate::render::{RangeOptions, RenderError, RenderPlan, render_range};
use crate::units::{Frames, SampleRate};

/// The file that is wanted.
#[derive(Debug, Clone)]
pub struct FileSpec {
    /// Samples.
    pub format: SampleFormat,
    /// Rate.
    pub rate: SampleRate,
    /// `none`, `tpdf`, `shaped` …
    pub dither: String,
    /// What to do about peaks a rate conversion raises; `None` is the album's own guard.
    pub ceiling: Option<Ceiling>,
    /// What is only for listening (a solo, a difference) is in the file: for trying a chain, never for a master.
    pub with_auditions: bool,
    /// Replace a file of that name.
    pub force: bool,
    /// Threads for songs.
    pub threads: usize,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// BLAKE3 of the range of the master tap.
    pub tap_hash: String,
    /// Frames in the file.
    pub frames: u64,
    /// What conforming did.
    pub conform: ConformReport,
    /// What was odd on the way.
    pub notes: Vec<String>,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum RenderFileError {
    /// A source cannot be read, or not to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file cannot be written or the settings do not fit.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
    /// No thread could be started.
    #[error("{0}")]
    System(String),
}

/// Renders `range` of a session's album pass into a file.
///
/// # Errors
/// [`RenderFileError`]; the target is then as it was.
pub fn render_to_file(
    session: &Session,
    library: &Arc<Library>,
    range: (Frames, Frames),
    target: &Path,
    spec: &FileSpec,
    cx: &JobContext,
) -> Result<Rendered, RenderFileError> {
    if let Some(error) = prepare(session, library, spec.threads, cx).into_iter().next() {
        return Err(error.into());
    }
    let from = session.sample_rate_hz;
    let lay_out = if spec.with_auditions { RenderPlan::compile } else { RenderPlan::for_master };
    let plan = Arc::new(lay_out(session, &|source| key_of(source, from), 0));
    let off = if spec.with_auditions { Vec::new() } else { auditions(session) };
    let frames = (range.1 - range.0).as_len() as u64;
    let ceiling =
        spec.ceiling.unwrap_or_else(|| Ceiling::Guard { ceiling_dbtp: album_ceiling_dbtp(session) });
    let mut conform = Conform::new(ConformSpec {
        from,
        to: spec.rate,
        format: spec.format,
        dither: spec.dither.clone(),
        seed: session.dither_seed,
        ceiling,
        frames,
    })?;
    let frames_out = conform.frames_out();
    let mut file = AudioFile::create(target, spec.format, spec.rate, frames_out, spec.force)?;
    let progress = |p: crate::render::Progress| cx.set_fraction(p.done.0 as f64 / p.total.0.max(1) as f64);
    let options =
        RangeOptions { threads: spec.threads, cancel: Some(cx.cancel_flag()), progress: Some(&progress) };
    let mut sink = |_: Frames, left: &[f64], right: &[f64]| file.write(&conform.push(left, right)?, target);
    let opener = FileSources::new(Arc::clone(library));
    let summary = render_range(&plan, &opener, range, options, &mut sink).map_err(|e| match e {
        RenderError::Cancelled => RenderFileError::Cancelled,
        RenderError::Sink(error) => error.into(),
        RenderError::Worker(error) => RenderFileError::System(error.to_string()),
    })?;
    if !summary.failed.is_empty() {
        return Err(RenderFileError::System(
            "a source could not be read to its end while rendering; nothing was written".to_owned(),
        ));
    }
    file.write(&conform.finish()?, target)?;
    file.finish(target)?;
    Ok(Rendered {
        tap_hash: summary.tap_hash,
        frames: frames_out,
        conform: conform.report(),
        notes: off
            .iter()
            .map(|audition| audition.note(session))
            .chain(summary.notes.into_iter().map(|n| n.text))
            .collect(),
    })
}

/// Threads for an export of this session: no more than there are songs.
pub fn threads_for(session: &Session, limit: Option<usize>) -> usize {
    parallel::thread_count(limit).min(session.songs.len().max(1))
}
