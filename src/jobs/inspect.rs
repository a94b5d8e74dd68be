//! One read of an audio file for everything that wants its frames: measurements and whatever else listens.

use std::path::{Path, PathBuf};

use super::JobContext;
use super::measuring::{Feed, measure_on};
use super::parallel::{map_in_order, threads_each};
use crate::media::decode::Decoder;
use crate::media::{self, SourceError};
use crate::meter::analysis::{Analysis, FileFacts};

/// A file read to its end (or to where it is damaged).
#[derive(Debug)]
pub struct Inspected {
    /// What the file is.
    pub facts: media::FileFacts,
    /// Everything measured on the frames that decoded.
    pub analysis: Analysis,
    /// Frames that decoded.
    pub decoded_frames: u64,
    /// Why the end was not reached; what was measured is what could be read.
    pub damage: Option<SourceError>,
}

/// The facts a measurement names its file by.
pub fn measured_facts(path: &Path, facts: &media::FileFacts) -> FileFacts {
    FileFacts {
        path: path.display().to_string(),
        format: facts.format_name(),
        sample_rate_hz: facts.rate.0,
        channels: facts.channels,
        bits: (facts.bits > 0).then_some(facts.bits),
    }
}

/// Reads a file once; `listen` hears every block (left, right) besides the measurements. Mono files come on both
/// channels there.
///
/// # Errors
/// The file cannot be opened, the system fails in the middle, or the job is cancelled. A damaged file is no error here.
pub fn inspect(
    path: &Path,
    cx: &JobContext,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<Inspected, SourceError> {
    inspect_open(Decoder::open(path)?, path, 1, cx, listen)
}

/// The same for a file that is open already, at its start; a long file is measured on up to `threads` threads beside the
/// one that reads it.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_open(
    mut decoder: Decoder,
    path: &Path,
    threads: usize,
    cx: &JobContext,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<Inspected, SourceError> {
    let facts = decoder.facts().clone();
    let mut damage = None;
    let analysis = measure_on(measured_facts(path, &facts), facts.frames, threads, |feed| {
        damage = read_through(&mut decoder, cx, feed, listen)?;
        Ok(())
    })?;
    Ok(Inspected { facts, analysis, decoded_frames: decoder.position(), damage })
}

/// Reads several files, up to `threads` at once, with the threads that are over for each; results in the order of the
/// files. Progress is counted in bytes of all.
pub fn inspect_all(
    paths: &[PathBuf],
    threads: usize,
    cx: &JobContext,
) -> Vec<Result<Inspected, SourceError>> {
    let (each, shares) = (threads_each(threads, paths.len()), cx.shares(&sizes_of(paths)));
    map_in_order(paths, threads, |index, path| {
        inspect_open(Decoder::open(path)?, path, each, &shares[index], &mut |_, _| ())
    })
}

/// Bytes of each file; none where the system does not say.
pub(super) fn sizes_of(paths: &[PathBuf]) -> Vec<u64> {
    paths.iter().map(|path| std::fs::metadata(path).map_or(0, |m| m.len())).collect()
}

/// Decodes to the end, or to where the file is damaged, which it says.
fn read_through(
    decoder: &mut Decoder,
    cx: &JobContext,
    feed: &mut Feed<'_>,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<Option<SourceError>, SourceError> {
    let (stereo, frames) = (decoder.facts().channels > 1, decoder.facts().frames.max(1));
    let mut block = [Vec::new(), Vec::new()];
    loop {
        if cx.is_cancelled() {
            return Err(SourceError::Cancelled);
        }
        match decoder.next(&mut block) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error @ SourceError::Damaged { .. }) => return Ok(Some(error)),
            Err(error) => return Err(error),
        }
        let [left, right] = &block;
        feed(left, if stereo { right } else { &[] });
        listen(left, right);
        cx.set_fraction(decoder.position() as f64 / frames as f64);
    }
}
