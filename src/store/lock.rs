//! Keeps two programs from writing one session.
//!
//! An advisory lock of the operating system on `.<name>.lock` beside the session: it goes with the process, also with a
//! killed one. The file names who holds it, for the message; it stays behind empty of meaning.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::safe_write::folder_of;

/// Holds the right to write a session until dropped.
#[derive(Debug)]
pub struct SessionLock {
    path: PathBuf,
    /// `None` where the file system knows no locks (some network shares): then nobody is kept out.
    file: Option<File>,
}

impl SessionLock {
    /// Takes the lock of a session file (which need not exist yet).
    ///
    /// # Errors
    /// [`StoreError::Locked`] with who holds it, or that the folder cannot be written.
    pub fn take(session: &Path) -> Result<Self, StoreError> {
        let path = lock_path(session);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(|e| StoreError::from_io(session, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let read = file.read_to_string(&mut holder);
                let holder =
                    if read.is_ok() && !holder.is_empty() { holder } else { "another process".to_owned() };
                return Err(StoreError::Locked { path: session.to_owned(), holder });
            }
            Err(std::fs::TryLockError::Error(_)) => return Ok(Self { path, file: None }),
        }
        let text = format!("process {}", std::process::id());
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|e| StoreError::from_io(session, e))?;
        Ok(Self { path, file: Some(file) })
    }

    /// Whether this is the lock of a session file.
    pub fn is_of(&self, session: &Path) -> bool {
        self.path == lock_path(session)
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Removed while still held; who waits on the name makes a new one.
            std::fs::remove_file(&self.path).unwrap_or_default();
        }
    }
}

fn lock_path(session: &Path) -> PathBuf {
    let name = session.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    folder_of(session).join(format!(".{name}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_locked_once() {
        let dir = tempfile::tempdir().unwrap();
        let session = dir.path().join("a.json");
        let first = SessionLock::take(&session).unwrap();
        assert!(first.is_of(&session));
        let error = SessionLock::take(&session).unwrap_err();
        assert!(matches!(&error, StoreError::Locked { holder, .. } if holder.contains("process")), "{error}");
        drop(first);
        SessionLock::take(&session).unwrap();
    }
}
