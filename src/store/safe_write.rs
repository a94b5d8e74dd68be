//! Writing a small file so that at every moment either the old or the new one is whole on disk.
//!
//! The bytes go into a temporary file in the same folder, reach the disk (`fsync`), and take the name by a rename; then
//! the folder itself is flushed. A crash leaves at most a stray temporary file, which the next write into that folder
//! clears away. Whose it is tells a lock of the operating system: who writes a temporary file holds it locked, and a lock
//! goes with its process, also with a killed one. Where the file system knows no locks, a day must have passed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

use super::StoreError;

const PREFIX: &str = ".glassmaster-";

const SUFFIX: &str = ".tmp";

/// Without locks, a temporary file this old is nobody's.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// Temporary files begun before giving up: one is lost only to a clearing in the moment between its making and its lock.
const TRIES: u32 = 8;

/// Replaces (or makes) `path` with `bytes`. Clears away what killed writes left in that folder.
///
/// # Errors
/// [`StoreError`]; the old file is untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |error| StoreError::from_io(path, error);
    let folder = folder_of(path);
    remove_strays(folder);
    let mut file = begin_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    sync_folder(folder).map_err(fail)
}

/// A temporary file, locked and in its place.
fn begin_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    for _ in 0..TRIES {
        let file = builder.tempfile_in(folder)?;
        let taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !taken && file.path().exists() {
            return Ok(file);
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Removes temporary files whose writers are gone. What cannot be looked at stays.
fn remove_strays(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|n| n.starts_with(PREFIX) && n.ends_with(SUFFIX));
        if is_ours && entry.file_type().is_ok_and(|t| t.is_file()) {
            remove_if_stray(&entry.path());
        }
    }
}

fn remove_if_stray(path: &Path) {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return };
    let is_stray = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => {
            let written = file.metadata().and_then(|m| m.modified());
            written.is_ok_and(|w| w.elapsed().is_ok_and(|age| age > STALE))
        }
    };
    if is_stray {
        // While the lock is held: a writer that has not yet locked its file sees that it is gone and begins another.
        fs::remove_file(path).unwrap_or_default();
    }
}

/// Flushes a folder's entries to disk, where the system has such a thing.
///
/// # Errors
/// Those of the operating system.
pub fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The folder a path lies in, `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_write_clears_what_a_dead_writer_left_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".glassmaster-dead.tmp"), "half").unwrap();
        fs::write(dir.path().join(".glassmaster-notes.txt"), "mine").unwrap();
        fs::write(dir.path().join("other.tmp"), "mine").unwrap();
        fs::create_dir(dir.path().join(".glassmaster-folder.tmp")).unwrap();
        write_atomically(&dir.path().join("a.json"), b"new").unwrap();
        assert_eq!(fs::read(dir.path().join("a.json")).unwrap(), b"new");
        let left = [".glassmaster-folder.tmp", ".glassmaster-notes.txt", "a.json", "other.tmp"];
        assert_eq!(names_in(dir.path()), left);
    }

    #[test]
    fn a_file_that_is_being_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let mut busy = begin_in(dir.path()).unwrap();
        write_atomically(&dir.path().join("a.json"), b"one").unwrap();
        assert!(busy.path().exists());
        busy.write_all(b"two").unwrap();
        busy.persist(dir.path().join("a.json")).unwrap();
        assert_eq!(fs::read(dir.path().join("a.json")).unwrap(), b"two");
        assert_eq!(names_in(dir.path()), ["a.json"]);
    }
}
