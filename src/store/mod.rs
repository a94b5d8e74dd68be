//! Sessions on disk: read whatever opens, write so that nothing is lost.
//!
//! A session file is JSON with a `format_version`. It is written beside and renamed after it has reached the disk, the
//! last ten versions are kept, a lock keeps two programs from writing one session, and an autosave journal costs a
//! crash seconds. Sources are named relative to the file where they share a folder with it; in memory paths are absolute.

pub mod autosave;
mod bounded;
pub mod curves;
pub mod json;
pub mod lock;
pub mod migrate;
mod paths;
pub mod presets;
pub mod safe_write;
pub mod services;

use std::path::PathBuf;

pub use json::{Loaded, load, save, session_to_bytes};
pub use lock::SessionLock;
pub use safe_write::write_atomically;

/// Why a session could not be read or written. Each prints as one line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such file.
    #[error("{}: there is no such session file; check the name", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// Not a session, or a damaged one.
    #[error("{}: not a readable session ({detail}); earlier versions are in “{}”", path.display(), versions.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What the parser said, with line and column.
        detail: String,
        /// The folder of kept versions.
        versions: PathBuf,
    },
    /// Made by a newer program.
    #[error(
        "{}: made by a newer Glassmaster (session format {found}; this program reads up to {known}); update to open it, nothing was changed",
        path.display()
    )]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest version this program knows.
        known: u32,
    },
    /// Open in another program.
    #[error("{}: open in another Glassmaster ({holder}); close it there or save under another name", path.display())]
    Locked {
        /// Where.
        path: PathBuf,
        /// Who holds it.
        holder: String,
    },
    /// The disk is full.
    #[error("{}: the disk is full; nothing was replaced, free some space and save again", path.display())]
    NoSpace {
        /// Where.
        path: PathBuf,
    },
    /// The folder or file may not be written.
    #[error("{}: may not be written (read-only or no permission); choose another folder", path.display())]
    ReadOnly {
        /// Where.
        path: PathBuf,
    },
    /// The file may not be read.
    #[error("{}: may not be read (no permission); ask its owner for the right to read it", path.display())]
    NotReadable {
        /// Where.
        path: PathBuf,
    },
    /// The folder to write into is not there.
    #[error("{}: there is no folder of that name to write into; make it or choose another", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system refused otherwise.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Its words.
        error: std::io::Error,
    },
}

impl StoreError {
    /// The error of reading `path`, sorted by what a user would do.
    pub fn from_read(path: &std::path::Path, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::NotFound => Self::Missing { path },
            ErrorKind::PermissionDenied => Self::NotReadable { path },
            _ => Self::Io { path, error },
        }
    }

    /// The error of writing `path`, sorted by what a user would do.
    pub fn from_io(path: &std::path::Path, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let folder = safe_write::folder_of(path).to_owned();
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::NoFolder { folder },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Io { path, error },
        }
    }
}
