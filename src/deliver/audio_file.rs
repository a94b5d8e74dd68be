//! One audio file by the ending of its name: WAV or FLAC, written beside and renamed.

use std::path::Path;

use super::conform::Chunk;
use super::flac::FlacWriter;
use super::wav::{WavSpec, WavWriter};
use super::writer::{DeliverError, PartFile};
use crate::audio::format::SampleFormat;
use crate::units::SampleRate;

/// An audio file on its way to its name.
pub struct AudioFile {
    writer: Writer,
}

enum Writer {
    Wav(Box<WavWriter<PartFile>>),
    Flac(Box<FlacWriter<PartFile>>),
}

impl std::fmt::Debug for AudioFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.writer {
            Writer::Wav(_) => "WAV",
            Writer::Flac(_) => "FLAC",
        };
        f.debug_tuple("AudioFile").field(&kind).finish()
    }
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
        let bits = match (ending.as_str(), format.integer_bits()) {
            ("wav" | "wave", _) => None,
            ("flac", Some(bits @ 16..=24)) => Some(bits),
            ("flac", _) => {
                return Err(refuse("FLAC holds 16, 20 or 24 bits; choose one of them or a .wav name"));
            }
            _ => return Err(refuse("the name should end in .wav or .flac")),
        };
        let part = PartFile::create(target, force)?;
        let in_context = |e| DeliverError::from_io(target, e);
        let writer = match bits {
            None => {
                let spec = WavSpec::new(format, rate, frames);
                Writer::Wav(Box::new(WavWriter::new(part, spec).map_err(in_context)?))
            }
            Some(bits) => {
                let flac = FlacWriter::new(part, rate, bits, frames, &[]).map_err(in_context)?;
                Writer::Flac(Box::new(flac))
            }
        };
        Ok(Self { writer })
    }

    /// Appends frames.
    ///
    /// # Errors
    /// What the system said; the file never gets its name then.
    pub fn write(&mut self, frames: &Chunk<'_>, target: &Path) -> Result<(), DeliverError> {
        let written = match &mut self.writer {
            Writer::Wav(wav) => wav.write(frames),
            Writer::Flac(flac) => flac.write(frames),
        };
        written.map_err(|e| DeliverError::from_io(target, e))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// What the system said.
    pub fn finish(self, target: &Path) -> Result<(), DeliverError> {
        let part = match self.writer {
            Writer::Wav(wav) => wav.finish(None),
            Writer::Flac(flac) => flac.finish(),
        };
        part.map_err(|e| DeliverError::from_io(target, e))?.commit()
    }
}
