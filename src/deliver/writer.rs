//! Safe writing: a master appears under its name whole or not at all.
//!
//! A file is written as `NAME.part` beside its target, flushed to the disk, and renamed; then the folder itself is
//! flushed, because a rename counts only when the folder knows it. What is dropped before [`PartFile::commit`] is
//! removed. Several files that belong together are made in a [`super::part_folder`].

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempPath;

/// Why a delivery could not be written. One variant per thing a caller does differently.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// Nothing is overwritten unasked.
    #[error("{}: already exists; choose another place or name, or allow it to be replaced", path.display())]
    AlreadyExists {
        /// The name that is taken.
        path: PathBuf,
    },
    /// The disk, or the user's share of it, is full.
    #[error("{}: no space left on the disk; make room or choose another disk", path.display())]
    NoSpace {
        /// What was being written.
        path: PathBuf,
    },
    /// The file system takes no files of this size.
    #[error("{}: the file is too large for this file system; choose another disk or export songs", path.display())]
    TooLarge {
        /// What was being written.
        path: PathBuf,
    },
    /// The folder may not be written to.
    #[error("{}: writing is not permitted here; choose another folder", path.display())]
    Permission {
        /// What was being written.
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
        /// The file.
        path: PathBuf,
        /// Its words.
        error: io::Error,
    },
    /// What was asked for cannot be made; says what to change.
    #[error("{0}")]
    Refused(String),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl DeliverError {
    /// An operating system's error at a path, sorted by what to do about it. A file in a folder that has not got its name
    /// yet is called by the place it was to have.
    pub fn from_io(path: &Path, error: io::Error) -> Self {
        let path = place_of(path);
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace { path },
            ErrorKind::FileTooLarge => Self::TooLarge { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::Permission { path },
            ErrorKind::AlreadyExists => Self::AlreadyExists { path },
            _ => Self::Io { path, error },
        }
    }

    /// The error of making a file: as [`DeliverError::from_io`], and a folder that is not there is named.
    fn from_open(target: &Path, error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Self::NoFolder { folder: parent_of(target).to_owned() }
            }
            _ => Self::from_io(target, error),
        }
    }
}

/// The name something has while it is written: its own with `.part` behind it, in the same folder.
pub fn part_path(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// The place a file in a part folder will have.
fn place_of(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(Path::to_str).and_then(|f| f.strip_suffix(".part"));
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => Path::new(folder).join(name),
        _ => path.to_owned(),
    }
}

/// Makes a folder and those above it.
///
/// # Errors
/// [`DeliverError`] with the folder.
pub fn create_folder(path: &Path) -> Result<(), DeliverError> {
    fs::create_dir_all(path).map_err(|e| DeliverError::from_io(path, e))
}

/// Flushes a folder's own entries, where the system can.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

pub(super) fn parent_of(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new("."))
}

/// One file on its way to its name. Reads, writes and seeks like a file; [`PartFile::commit`] gives it its name;
/// dropping it removes it.
#[derive(Debug)]
pub struct PartFile {
    // Declared before `part`, so that the file is closed before it is removed.
    file: BufWriter<File>,
    part: TempPath,
    target: PathBuf,
    force: bool,
}

impl PartFile {
    /// Begins a file that will be `target`. With `force` an existing one is replaced at the end, and not before.
    ///
    /// # Errors
    /// [`DeliverError::AlreadyExists`], or what the system said.
    pub fn create(target: &Path, force: bool) -> Result<Self, DeliverError> {
        if !force && target.symlink_metadata().is_ok() {
            return Err(DeliverError::AlreadyExists { path: target.to_owned() });
        }
        if target.is_dir() {
            return Err(DeliverError::Refused(format!(
                "{}: is a folder; choose another name for the file",
                target.display()
            )));
        }
        let part = part_path(target);
        // Left behind by a killed export: taken over, unless that export is still alive and holds its lock.
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(|e| DeliverError::from_open(target, e))?;
        if let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
            return Err(busy(target));
        }
        file.set_len(0).map_err(|e| DeliverError::from_io(target, e))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, file),
            part: TempPath::try_from_path(&part).map_err(|e| DeliverError::from_io(&part, e))?,
            target: target.to_owned(),
            force,
        })
    }

    /// The name it will have.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// SHA-256 and length in bytes of what was written, read back through the system. The position moves to the end.
    ///
    /// # Errors
    /// What the system said.
    pub fn checksum(&mut self) -> Result<(String, u64), DeliverError> {
        self.try_checksum().map_err(|e| DeliverError::from_io(&self.target, e))
    }

    fn try_checksum(&mut self) -> io::Result<(String, u64)> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        sha256_of(&mut *file)
    }

    /// Flushes to the disk and gives the file its name.
    ///
    /// # Errors
    /// What the system said, or [`DeliverError::AlreadyExists`] if the name was taken meanwhile; the part file is gone
    /// then.
    pub fn commit(self) -> Result<(), DeliverError> {
        let Self { file, part, target, force } = self;
        let in_context = |e: io::Error| DeliverError::from_io(&target, e);
        let file = file.into_inner().map_err(|e| in_context(e.into_error()))?;
        file.sync_all().map_err(in_context)?;
        drop(file);
        let named = if force { part.persist(&target) } else { part.persist_noclobber(&target) };
        named.map_err(|e| in_context(e.error))?;
        sync_folder(parent_of(&target)).map_err(in_context)
    }
}

pub(super) fn busy(target: &Path) -> DeliverError {
    DeliverError::Refused(format!(
        "{}: another export is writing this; wait for it or choose another place",
        target.display()
    ))
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for PartFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// SHA-256 (64 lower-case hex digits) and length of everything a reader gives.
///
/// # Errors
/// What the reader said.
pub fn sha256_of(mut reader: impl Read) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 17];
    let mut bytes = 0u64;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok((hex(&hasher.finalize()), bytes))
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| char::from(DIGITS[usize::from(d)])).collect()
}

/// SHA-256 and length of a file.
///
/// # Errors
/// [`DeliverError`] with the path.
pub fn sha256_of_file(path: &Path) -> Result<(String, u64), DeliverError> {
    let file = File::open(path).map_err(|e| DeliverError::from_io(path, e))?;
    sha256_of(BufReader::new(file)).map_err(|e| DeliverError::from_io(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_after_commit() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.wav");
        let mut file = PartFile::create(&target, false).unwrap();
        file.write_all(b"abc").unwrap();
        assert_eq!(names_in(dir.path()), ["a.wav.part"]);
        // FIPS 180-4, the published digest of "abc".
        let (sha, bytes) = file.checksum().unwrap();
        assert_eq!(sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(bytes, 3);
        file.commit().unwrap();
        assert_eq!(names_in(dir.path()), ["a.wav"]);
        assert_eq!(fs::read(&target).unwrap(), b"abc");
    }

    #[test]
    fn a_dropped_file_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = PartFile::create(&dir.path().join("a.wav"), false).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names_in(dir.path()).is_empty());
    }

    #[test]
    fn nothing_is_overwritten_unasked_and_replaced_whole_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.wav");
        fs::write(&target, b"old").unwrap();
        assert!(matches!(PartFile::create(&target, false), Err(DeliverError::AlreadyExists { .. })));
        let mut file = PartFile::create(&target, true).unwrap();
        file.write_all(b"new").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn a_name_taken_while_writing_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.wav");
        let file = PartFile::create(&target, false).unwrap();
        fs::write(&target, b"someone else's").unwrap();
        assert!(matches!(file.commit(), Err(DeliverError::AlreadyExists { .. })));
        assert_eq!(fs::read(&target).unwrap(), b"someone else's");
        assert_eq!(names_in(dir.path()), ["a.wav"]);
    }

    #[test]
    fn two_exports_of_one_name_do_not_mix() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.wav");
        let first = PartFile::create(&target, false).unwrap();
        let second = PartFile::create(&target, false).unwrap_err();
        assert!(second.to_string().contains("another export"), "{second}");
        drop(first);
        assert!(PartFile::create(&target, false).is_ok());
    }

    #[test]
    fn what_a_killed_export_left_is_cleared_away() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(part_path(&dir.path().join("a.wav")), b"half of an old file").unwrap();
        let mut file = PartFile::create(&dir.path().join("a.wav"), false).unwrap();
        file.write_all(b"x").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(dir.path().join("a.wav")).unwrap(), b"x");
    }

    #[test]
    fn errors_say_what_where_and_what_to_do() {
        let at = Path::new("/m/a.wav");
        for (kind, words) in [
            (ErrorKind::StorageFull, "no space left"),
            (ErrorKind::ReadOnlyFilesystem, "not permitted"),
            (ErrorKind::PermissionDenied, "not permitted"),
            (ErrorKind::FileTooLarge, "too large"),
            (ErrorKind::AlreadyExists, "already exists"),
        ] {
            let line = DeliverError::from_io(at, kind.into()).to_string();
            assert!(line.starts_with("/m/a.wav: ") && line.contains(words), "{line}");
            assert!(!line.contains('\n'));
        }
        let missing = PartFile::create(Path::new("/nowhere-at-all/a.wav"), false).unwrap_err();
        assert!(missing.to_string().starts_with("/nowhere-at-all: there is no folder"), "{missing}");
    }
}
