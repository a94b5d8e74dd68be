//! The blocking way to a renderer: frames straight from a file, for exports and for feeding the live streams.

use std::path::Path;
use std::sync::Arc;

use super::library::Library;
use super::pcm::{Layout, PcmReader};
use super::{FrameSource, OpenSource, ReadOutcome, SourceError, SourceKey};
use crate::units::Frames;

/// Reads a plain file (a PCM source at the session rate, or a cache file) at any position; sequential reading is read
/// ahead. Never on the audio thread: it waits for the disk.
#[derive(Debug)]
pub struct FileSource {
    reader: PcmReader,
    error: Option<SourceError>,
}

impl FileSource {
    /// Opens a file whose layout is known.
    ///
    /// # Errors
    /// [`SourceError::Missing`], [`SourceError::Io`].
    pub fn open(path: &Path, layout: Layout) -> Result<Self, SourceError> {
        Ok(Self { reader: PcmReader::open(path, layout)?, error: None })
    }

    /// Why a read failed, once one did.
    pub fn error(&self) -> Option<&SourceError> {
        self.error.as_ref()
    }
}

impl FrameSource for FileSource {
    fn read(&mut self, pos: Frames, left: &mut [f64], right: &mut [f64]) -> ReadOutcome {
        left.fill(0.0);
        right.fill(0.0);
        let Some(inside) = overlap(pos, left.len(), self.length()) else { return ReadOutcome::Complete };
        let frame = (pos.0 + inside.start as i64).cast_unsigned();
        match self.reader.read(frame, &mut left[inside.clone()], &mut right[inside]) {
            Ok(_) => ReadOutcome::Complete,
            Err(error) => {
                left.fill(0.0);
                right.fill(0.0);
                self.error = Some(error);
                ReadOutcome::Failed
            }
        }
    }

    fn length(&self) -> Frames {
        Frames(i64::try_from(self.reader.layout().frames).unwrap_or(i64::MAX))
    }
}

/// Which of `count` frames from `pos` on lie inside a source of this length.
pub(super) fn overlap(pos: Frames, count: usize, length: Frames) -> Option<std::ops::Range<usize>> {
    let start = pos.0.saturating_neg().max(0);
    let end = (length.0.saturating_sub(pos.0)).min(i64::try_from(count).unwrap_or(i64::MAX));
    (start < end).then_some(start as usize..end as usize)
}

/// Opens files of a library, for an export.
#[derive(Debug, Clone)]
pub struct FileSources {
    library: Arc<Library>,
}

impl FileSources {
    /// Of this library.
    pub fn new(library: Arc<Library>) -> Self {
        Self { library }
    }
}

impl OpenSource for FileSources {
    fn open(&self, source: &SourceKey, _from: Frames) -> Result<Box<dyn FrameSource>, SourceError> {
        Ok(Box::new(self.library.open_file(source)?))
    }
}
