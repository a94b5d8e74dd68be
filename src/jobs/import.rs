//! Files, folders and zips become sources in running order, several at once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::JobContext;
use super::parallel::map_in_order;
use super::sources::{Taken, take};
use crate::media::SourceError;
use crate::media::import::{Found, collect};
use crate::media::library::Library;

/// What an import brought.
#[derive(Debug, Default)]
pub struct Import {
    /// In running order.
    pub taken: Vec<Taken>,
    /// What was left out, each in one line with its reason.
    pub left_out: Vec<String>,
    /// What could not be read; a delivery with such a file is not complete.
    pub unreadable: Vec<SourceError>,
}

/// Takes everything audible out of `paths`. Zips are unpacked into `unpack_into`; folders of alternates are left out and
/// named.
///
/// # Errors
/// Only cancelling.
pub fn import(
    paths: &[PathBuf],
    unpack_into: &Path,
    library: &Library,
    threads: usize,
    cx: &JobContext,
) -> Result<Import, SourceError> {
    let mut out = Import::default();
    let mut files = Vec::new();
    // What was named and is not there makes the import incomplete; what is passed over inside a folder does not.
    let (there, gone): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(|p| p.exists());
    out.unreadable.extend(gone.into_iter().map(|path| SourceError::Missing { path }));
    for found in collect(&there, unpack_into, cx.cancel_flag()) {
        match found {
            Found::Audio { path, alternate: false } => files.push(path),
            Found::Audio { path, alternate: true } => {
                out.left_out.push(format!("{}: left out, an alternate version", path.display()));
            }
            Found::Skipped { path, reason } => {
                out.left_out.push(format!("{}: left out, {reason}", path.display()));
            }
        }
    }
    let done = AtomicUsize::new(0);
    let results = map_in_order(&files, threads, |_, path| {
        let taken = take(library, path, cx);
        let count = done.fetch_add(1, Ordering::Relaxed) + 1;
        cx.set_fraction(count as f64 / files.len() as f64);
        taken
    });
    for result in results {
        match result {
            Ok(taken) => out.taken.push(taken),
            Err(SourceError::Cancelled) => return Err(SourceError::Cancelled),
            Err(error) => out.unreadable.push(error),
        }
    }
    if cx.is_cancelled() { Err(SourceError::Cancelled) } else { Ok(out) }
}
