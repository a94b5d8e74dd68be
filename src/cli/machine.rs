//! What every command takes from this machine: the library of sources and sessions from files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::output::{CliError, ProgressLine, say};
use crate::app::settings::{Folders, Settings};
use crate::jobs::JobContext;
use crate::media::import::{Found, collect};
use crate::media::library::Library;
use crate::model::Session;
use crate::store;

/// The library with the user's cache.
pub fn library() -> Arc<Library> {
    let folders = Folders::of_user();
    let limit = Settings::load(&folders.settings_file()).cache_limit_bytes();
    Arc::new(Library::new(folders.cache, limit))
}

/// A session from its file; what had to be mended is said.
pub fn open_session(path: &Path) -> Result<Session, CliError> {
    let loaded = store::load(path).map_err(CliError::input)?;
    for finding in &loaded.findings {
        say(&format!("glassmaster: {}: {}", path.display(), finding.text));
    }
    Ok(loaded.session)
}

/// The audio files in files, folders and zips, in running order. Zips are unpacked into a folder that is gone with the
/// second value. A file named by the user is taken whatever its name; nothing found at all is an error.
pub fn audio_files(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, tempfile::TempDir), CliError> {
    let unpacked = super::new::unpack_folder()?;
    let mut files = Vec::new();
    for path in paths {
        let is_zip = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
        if !path.is_dir() && !is_zip {
            files.push(path.clone());
            continue;
        }
        let nobody_cancels = AtomicBool::new(false);
        for found in collect(std::slice::from_ref(path), unpacked.path(), &nobody_cancels) {
            match found {
                Found::Audio { path, .. } => files.push(path),
                Found::Skipped { path, reason } => say(&format!("glassmaster: {}: {reason}", path.display())),
            }
        }
    }
    if files.is_empty() {
        return Err(CliError::input_text("no audio file was found in what was given"));
    }
    Ok((files, unpacked))
}

/// Does a piece of work with a progress line beside it.
pub fn with_progress<R>(what: &str, cx: &JobContext, work: impl FnOnce() -> R) -> R {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let shown = scope.spawn(|| {
            let mut line = ProgressLine::new();
            while !done.load(Ordering::Relaxed) {
                line.show(what, cx.fraction().unwrap_or(0.0));
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        shown.thread().unpark();
        result
    })
}
