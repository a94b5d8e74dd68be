//! One audio file by the ending of its name: WAV or FLAC, written beside and renamed; neither tags nor measurements.

use std::path::Path;

use super::conform::Chunk;
use super::master_file::{AudioKind, Encoder, FileSpec};
use super::writer::{DeliverError, PartFile};
use crate::audio::format::SampleFormat;
use crate::units::SampleRate;

/// An audio file on its way to its name.
#[derive(Debug)]
pub struct AudioFile {
    encoder: Encoder,
}

impl AudioFile {
    /// Begins a file of exactly `frames` frames. `.wav` takes every format, `.flac` 16, 20 and 24 bits.
    ///
    /// # Errors
    /// The ending is neither, the format does not fit, or the file cannot be made.
    pub fn create(
        target: &Path,
        format: SampleFormat,
        rate: SampleRate,
        frames: u64,
        force: bool,
    ) -> Result<Self, DeliverError> {
        let ending = target.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        let refuse = |what: &str| DeliverError::Refused(format!("{}: {what}", target.display()));
        let kind = match (ending.as_str(), format.integer_bits()) {
            ("wav" | "wave", _) => AudioKind::Wav,
            ("flac", Some(16..=24)) => AudioKind::Flac,
            ("flac", _) => {
                return Err(refuse("FLAC holds 16, 20 or 24 bits; choose one of them or a .wav name"));
            }
            _ => return Err(refuse("the name should end in .wav or .flac")),
        };
        let part = PartFile::create(target, force)?;
        let spec = FileSpec::plain(kind, format, rate, frames);
        let encoder = Encoder::new(part, &spec).map_err(|e| DeliverError::from_io(target, e))?;
        Ok(Self { encoder })
    }

    /// Appends frames.
    ///
    /// # Errors
    /// What the system said; the file never gets its name then.
    pub fn write(&mut self, frames: &Chunk<'_>, target: &Path) -> Result<(), DeliverError> {
        self.encoder.write(frames).map_err(|e| DeliverError::from_io(target, e))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// What the system said.
    pub fn finish(self, target: &Path) -> Result<(), DeliverError> {
        self.encoder.finish(None).map_err(|e| DeliverError::from_io(target, e))?.commit()
    }
}
