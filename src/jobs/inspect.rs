//! One read of an audio file for everything that wants its frames: measurements and whatever else listens.

use std::path::Path;

use super::JobContext;
use crate::media::decode::Decoder;
use crate::media::{self, SourceError};
use crate::meter::analysis::{Analysis, Analyzer, FileFacts};

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
    inspect_open(Decoder::open(path)?, path, cx, listen)
}

/// The same for a file that is open already, at its start.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_open(
    mut decoder: Decoder,
    path: &Path,
    cx: &JobContext,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<Inspected, SourceError> {
    let facts = decoder.facts().clone();
    let mut analyzer = Analyzer::for_frames(measured_facts(path, &facts), facts.frames);
    let mut block = [Vec::new(), Vec::new()];
    let mut damage = None;
    loop {
        if cx.is_cancelled() {
            return Err(SourceError::Cancelled);
        }
        match decoder.next(&mut block) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error @ SourceError::Damaged { .. }) => {
                damage = Some(error);
                break;
            }
            Err(error) => return Err(error),
        }
        let [left, right] = &block;
        analyzer.push(left, if facts.channels > 1 { right } else { &[] });
        listen(left, right);
        cx.set_fraction(decoder.position() as f64 / facts.frames.max(1) as f64);
    }
    let decoded_frames = decoder.position();
    Ok(Inspected { facts, analysis: analyzer.finish(), decoded_frames, damage })
}
