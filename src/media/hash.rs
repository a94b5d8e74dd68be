//! Identity of a file: BLAKE3 of all its bytes, as 64 lower-case hex digits.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::SourceError;

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 18;

/// Hashes a file as a stream. `progress` hears the fraction done, 0 to 1.
///
/// # Errors
/// [`SourceError::Missing`], [`SourceError::Io`], [`SourceError::Cancelled`].
pub fn hash_file(
    path: &Path,
    progress: &(dyn Fn(f64) + Sync),
    cancel: &AtomicBool,
) -> Result<String, SourceError> {
    let mut file = File::open(path).map_err(|e| SourceError::from_io(path, e))?;
    let total = file.metadata().map_err(|e| SourceError::from_io(path, e))?.len().max(1);
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut done = 0u64;
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(SourceError::Cancelled);
        }
        let n = file.read(&mut chunk).map_err(|e| SourceError::from_io(path, e))?;
        if n == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(&chunk[..n]);
        done += n as u64;
        progress(done as f64 / total as f64);
    }
}

/// [`hash_file`] without progress, not to be stopped.
///
/// # Errors
/// [`SourceError::Missing`], [`SourceError::Io`].
pub fn of_file(path: &Path) -> Result<String, SourceError> {
    hash_file(path, &|_| (), &AtomicBool::new(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_blake3_of_the_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        // BLAKE3 of the empty input: test vector of the specification.
        std::fs::write(&path, b"").unwrap();
        let empty = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
        assert_eq!(of_file(&path).unwrap(), empty);
        let long = vec![7u8; 3 * CHUNK_BYTES + 5];
        std::fs::write(&path, &long).unwrap();
        assert_eq!(of_file(&path).unwrap(), blake3::hash(&long).to_hex().to_string());
    }

    #[test]
    fn a_missing_file_and_a_cancel_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        assert!(matches!(of_file(&path), Err(SourceError::Missing { .. })));
        std::fs::write(&path, b"abc").unwrap();
        let stopped = hash_file(&path, &|_| (), &AtomicBool::new(true));
        assert!(matches!(stopped, Err(SourceError::Cancelled)));
    }
}
