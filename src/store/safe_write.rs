//! Writing a small file so that at every moment either the old or the new one is whole on disk.
//!
//! The bytes go into a temporary file in the same folder, reach the disk (`fsync`), and take the name by a rename; then
//! the folder itself is flushed. A crash leaves at most a stray temporary file.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::StoreError;

/// Replaces (or makes) `path` with `bytes`.
///
/// # Errors
/// [`StoreError`]; the old file is untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |error| StoreError::from_io(path, error);
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".glassmaster-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    sync_folder(folder).map_err(fail)
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
