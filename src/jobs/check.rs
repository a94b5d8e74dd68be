//! The delivered-mix check: every file read once, then all rules over all files.

use std::path::{Path, PathBuf};

use super::JobContext;
use super::inspect::{inspect_open, sizes_of};
use super::parallel::{map_in_order, threads_each};
use crate::media::{Decoder, SourceError};
use crate::meter::analysis::Analysis;
use crate::qc::{self, Brief, DeliveredFile, FaultScan, Faults, FileCheck, ReadFault, ReadFaultKind};

/// What one read of a delivered file gave.
#[derive(Debug)]
pub struct ReadFile {
    /// Plain facts.
    pub delivered: DeliveredFile,
    /// Measurements and faults with their places; `None` if it could not be read at all.
    pub read: Option<(Analysis, Faults)>,
}

/// Reads one file for the check, a long one measured on up to `threads` threads beside. `listen` hears every block as
/// well.
///
/// # Errors
/// Only cancelling; what is wrong with the file is in the result.
pub fn read_for_check(
    path: &Path,
    brief: &Brief,
    threads: usize,
    cx: &JobContext,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<ReadFile, SourceError> {
    let shown = path.display().to_string();
    let decoder = match Decoder::open(path) {
        Ok(decoder) => decoder,
        Err(error) => return Ok(ReadFile { delivered: unread(shown, &error), read: None }),
    };
    let facts = decoder.facts().clone();
    let integer_bits = (!facts.float && facts.bits > 0).then_some(facts.bits);
    let mut scan = FaultScan::new(facts.rate.0, facts.channels, integer_bits, brief);
    let stereo = facts.channels > 1;
    let inspected = inspect_open(decoder, path, threads, cx, &mut |left, right| {
        scan.push(left, if stereo { right } else { &[] });
        listen(left, right);
    });
    let inspected = match inspected {
        Ok(inspected) => inspected,
        Err(SourceError::Cancelled) => return Err(SourceError::Cancelled),
        Err(error) => return Ok(ReadFile { delivered: unread(shown, &error), read: None }),
    };
    let declared = inspected.facts.truncation().map_or(inspected.facts.frames, |(declared, _)| declared);
    let delivered = DeliveredFile {
        path: shown,
        format: facts.format_name(),
        lossy: facts.format.is_lossy(),
        sample_rate_hz: facts.rate.0,
        channels: facts.channels,
        bits: (facts.bits > 0).then_some(facts.bits),
        frames_expected: Some(declared),
        frames_decoded: inspected.decoded_frames,
        read_fault: inspected.damage.as_ref().map(|d| fault(ReadFaultKind::Damaged, d)),
    };
    Ok(ReadFile { delivered, read: Some((inspected.analysis, scan.finish())) })
}

fn fault(kind: ReadFaultKind, error: &SourceError) -> ReadFault {
    ReadFault { kind, text: error.to_string() }
}

/// The facts of a file that could not be read at all.
fn unread(path: String, error: &SourceError) -> DeliveredFile {
    let mut file = DeliveredFile { path, ..DeliveredFile::default() };
    match error {
        SourceError::Channels { channels, .. } => file.channels = *channels,
        SourceError::Empty { .. } => file.frames_expected = Some(0),
        _ => {}
    }
    let kind = match error {
        SourceError::Missing { .. } | SourceError::NotReadable { .. } | SourceError::Io { .. } => {
            ReadFaultKind::Io
        }
        SourceError::Damaged { .. } => ReadFaultKind::Damaged,
        _ => ReadFaultKind::Unsupported,
    };
    file.read_fault = Some(fault(kind, error));
    file
}

/// All rules over files that were read together.
pub fn judge(files: &[&ReadFile], brief: &Brief) -> Vec<FileCheck> {
    let album = qc::album_of(files.iter().map(|f| &f.delivered));
    let check = |f: &&ReadFile| {
        let read = f.read.as_ref().map(|(analysis, faults)| (analysis, faults));
        qc::check_file(&f.delivered, read, &album, brief)
    };
    files.iter().map(check).collect()
}

/// Reads and judges files, several at once.
///
/// # Errors
/// Only cancelling.
pub fn check(
    paths: &[PathBuf],
    brief: &Brief,
    threads: usize,
    cx: &JobContext,
) -> Result<Vec<FileCheck>, SourceError> {
    let (each, shares) = (threads_each(threads, paths.len()), cx.shares(&sizes_of(paths)));
    let read = map_in_order(paths, threads, |index, path| {
        read_for_check(path, brief, each, &shares[index], &mut |_, _| ())
    });
    let read = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(judge(&read.iter().collect::<Vec<_>>(), brief))
}
