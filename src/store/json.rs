//! Reading and writing session files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::StoreError;
use super::migrate::{MigrateError, migrate};
use super::paths::{absolute_from_stored, stored_from_absolute};
use super::safe_write::{folder_of, write_atomically};
use crate::model::session::FORMAT_VERSION;
use crate::model::{Finding, Session};

/// Earlier versions kept beside a session.
pub const KEPT_VERSIONS: usize = 10;

/// Largest file taken for a session; anything above is not one.
const LARGEST_BYTES: u64 = 256 << 20;

/// A session as read, with what had to be mended.
#[derive(Debug)]
pub struct Loaded {
    /// Ready to use; source paths are absolute.
    pub session: Session,
    /// What was mended.
    pub findings: Vec<Finding>,
}

/// Reads a session file.
///
/// # Errors
/// [`StoreError`]: missing, damaged, newer, not allowed.
pub fn load(path: &Path) -> Result<Loaded, StoreError> {
    let size = fs::metadata(path).map_err(|e| StoreError::from_read(path, e))?.len();
    if size > LARGEST_BYTES {
        return Err(damaged(path, format!("{} MB is no session", size >> 20)));
    }
    let bytes = fs::read(path).map_err(|e| StoreError::from_read(path, e))?;
    let mut json: Value = serde_json::from_slice(&bytes).map_err(|e| damaged(path, e.to_string()))?;
    match migrate(&mut json) {
        Ok(()) => {}
        Err(MigrateError::NoVersion) => return Err(damaged(path, "it says no format_version".to_owned())),
        Err(MigrateError::Newer(found)) => {
            return Err(StoreError::Newer { path: path.to_owned(), found, known: FORMAT_VERSION });
        }
    }
    let session: Session = serde_json::from_value(json).map_err(|e| damaged(path, e.to_string()))?;
    let (mut session, findings) = session.repaired();
    let folder = folder_of(path);
    for song in &mut session.songs {
        let absolute = absolute_from_stored(&song.source.path, folder).to_string_lossy().into_owned();
        if absolute != song.source.path {
            Arc::make_mut(song).source.path = absolute;
        }
    }
    Ok(Loaded { session, findings })
}

fn damaged(path: &Path, detail: String) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), detail, versions: versions_folder(path) }
}

/// The text of a session file that will lie at `path`.
///
/// # Errors
/// A session that cannot be put into JSON: a bug, and never a reason to write less than all of it.
pub fn session_to_bytes(session: &Session, path: &Path) -> Result<Vec<u8>, StoreError> {
    let folder = folder_of(path);
    let mut stored = session.clone();
    stored.format_version = FORMAT_VERSION;
    for song in &mut stored.songs {
        let relative = stored_from_absolute(Path::new(&song.source.path), folder);
        if relative != song.source.path {
            Arc::make_mut(song).source.path = relative;
        }
    }
    let mut bytes = serde_json::to_vec_pretty(&stored)
        .map_err(|e| StoreError::Io { path: path.to_owned(), error: std::io::Error::other(e) })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes a session file; the one it replaces becomes a kept version.
///
/// # Errors
/// [`StoreError`]; the former file is then untouched.
pub fn save(path: &Path, session: &Session) -> Result<(), StoreError> {
    let bytes = session_to_bytes(session, path)?;
    keep_version(path)?;
    write_atomically(path, &bytes)
}

/// The folder of kept versions of a session file.
pub fn versions_folder(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    folder_of(path).join(format!("{name}.versions"))
}

/// Keeps a copy of the present file under the time it was written.
fn keep_version(path: &Path) -> Result<(), StoreError> {
    keep_among_versions(path, path)
}

/// Keeps what `path` holds among the versions of a session file, under the time it was written.
///
/// # Errors
/// The folder or the file cannot be made.
pub(super) fn keep_among_versions(path: &Path, session_file: &Path) -> Result<(), StoreError> {
    let Ok(meta) = fs::metadata(path) else { return Ok(()) };
    let folder = versions_folder(session_file);
    fs::create_dir_all(&folder).map_err(|e| StoreError::from_io(&folder, e))?;
    let written = meta.modified().ok().and_then(|t| jiff::Timestamp::try_from(t).ok());
    let stamp = written.unwrap_or_else(jiff::Timestamp::now).strftime("%Y-%m-%dT%H-%M-%S%.6fZ").to_string();
    let kept = folder.join(format!("{stamp}.json"));
    if !kept.exists() {
        // A second name for the same bytes: the rename that follows leaves them to it.
        let linked = fs::hard_link(path, &kept);
        if linked.is_err() {
            let bytes = fs::read(path).map_err(|e| StoreError::from_io(path, e))?;
            write_atomically(&kept, &bytes)?;
        }
    }
    prune_versions(&folder);
    Ok(())
}

/// Forgets the oldest versions. That one cannot be removed is no reason not to save.
fn prune_versions(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    let surplus = files.len().saturating_sub(KEPT_VERSIONS);
    for old in &files[..surplus] {
        fs::remove_file(old).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Song, SongId, SourceRef};
    use crate::units::{Frames, SampleRate};

    fn session(folder: &Path) -> Session {
        let source = SourceRef {
            path: folder.join("mixes/01 One.wav").to_string_lossy().into_owned(),
            sample_rate_hz: 44_100,
            frames: 441_000,
            ..SourceRef::default()
        };
        let mut session = Session::new(SampleRate(96_000));
        let mut song = Song::new(SongId(1), source, SampleRate(96_000), Frames(192_000));
        song.gain_db = 0.1 + 0.2;
        session.songs.push(Arc::new(song));
        session.next_id = 2;
        session
    }

    #[test]
    fn a_session_comes_back_identical_and_names_its_sources_relatively() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("album.json");
        let session = session(dir.path());
        save(&path, &session).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"mixes/01 One.wav\""), "{text}");
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.session, session);
        assert!(loaded.findings.is_empty());
    }

    #[test]
    fn ten_versions_are_kept_and_they_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("album.json");
        for i in 0..14 {
            let mut s = session(dir.path());
            s.notes = i.to_string();
            save(&path, &s).unwrap();
        }
        let mut kept: Vec<_> =
            fs::read_dir(versions_folder(&path)).unwrap().flatten().map(|e| e.path()).collect();
        kept.sort();
        assert_eq!(kept.len(), KEPT_VERSIONS);
        assert_eq!(load(kept.last().unwrap()).unwrap().session.notes, "12");
        assert_eq!(load(&path).unwrap().session.notes, "13");
    }

    #[test]
    fn every_truncation_is_refused_in_one_line_without_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("album.json");
        let bytes = session_to_bytes(&session(dir.path()), &path).unwrap();
        for cut in 0..bytes.trim_ascii_end().len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let error = load(&path).unwrap_err().to_string();
            assert!(error.lines().count() == 1 && error.contains("album.json"), "{error}");
        }
    }

    #[test]
    fn a_newer_session_is_refused_by_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("album.json");
        fs::write(&path, r#"{"format_version": 7, "sample_rate_hz": 44100}"#).unwrap();
        assert!(matches!(load(&path), Err(StoreError::Newer { found: 7, .. })));
    }
}
