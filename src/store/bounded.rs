//! Reading a small text file whole, and never more of it than it can be.
//!
//! The bound is on what is read, not on what the directory says: a file may grow while it is read, and a pipe has no length.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// The text of a file of at most so many bytes.
///
/// # Errors
/// What the system says; [`ErrorKind::FileTooLarge`] where there is more; [`ErrorKind::InvalidData`] where it is no text.
pub(super) fn read_text(path: &Path, most_bytes: u64) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("more than {most_bytes} bytes")));
    }
    String::from_utf8(bytes).map_err(|e| Error::new(ErrorKind::InvalidData, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_allowed_is_read_and_not_a_byte_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("text");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert_eq!(read_text(&path, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
        std::fs::write(&path, [b'a', 0xff]).unwrap();
        assert_eq!(read_text(&path, 5).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read_text(&dir.path().join("none"), 5).unwrap_err().kind(), ErrorKind::NotFound);
    }

    /// The directory says 0 bytes of it; there is no end to it.
    #[cfg(unix)]
    #[test]
    fn a_file_whose_length_says_nothing_is_read_no_further() {
        assert_eq!(read_text(Path::new("/dev/zero"), 1000).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}
