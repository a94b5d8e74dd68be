//! Any audio file → blocks of `f64`, exact where the file is.
//!
//! Integer samples and floats of any width come out without rounding. Mono is delivered on both channels; `facts` tells
//! that it was mono. Whatever the header promised is checked at the end, and a broken promise is an error that comes
//! after the last good block, never silence.

use std::path::{Path, PathBuf};

use super::coded::CodedReader;
use super::pcm::PcmReader;
use super::{FileFacts, SourceError, probe};

/// Frames of one block of an uncompressed file; coded files come in blocks of their own size.
const BLOCK_FRAMES: usize = 8192;

/// Decodes one file from its start to its end.
pub struct Decoder {
    path: PathBuf,
    facts: FileFacts,
    input: Input,
    position: u64,
    done: bool,
}

enum Input {
    Pcm(PcmReader),
    Coded(Box<CodedReader>),
}

impl Decoder {
    /// Opens a file; reads its headers only.
    ///
    /// # Errors
    /// Those of [`probe::probe`].
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let (facts, input) = match probe::examine(path)? {
            (facts, probe::Content::Pcm(layout)) => (facts, Input::Pcm(PcmReader::open(path, layout)?)),
            (facts, probe::Content::Coded(reader)) => (facts, Input::Coded(reader)),
        };
        Ok(Self { path: path.to_path_buf(), facts, input, position: 0, done: false })
    }

    /// What the file is.
    pub fn facts(&self) -> &FileFacts {
        &self.facts
    }

    /// Frames delivered so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Puts the next block into `out` (what was there is dropped) and gives its length, 0 at the end.
    ///
    /// # Errors
    /// [`SourceError::Damaged`] once everything readable was delivered, with the first frame that is not to be trusted;
    /// [`SourceError::Io`]. After an error the decoder is at its end.
    pub fn next(&mut self, out: &mut [Vec<f64>; 2]) -> Result<usize, SourceError> {
        if self.done {
            out.iter_mut().for_each(Vec::clear);
            return Ok(0);
        }
        let read = match &mut self.input {
            Input::Pcm(reader) => read_pcm(reader, &self.facts, &self.path, self.position, out),
            Input::Coded(reader) => reader.next(out),
        };
        match &read {
            Ok(frames) => {
                self.position += *frames as u64;
                self.done = *frames == 0;
            }
            Err(_) => {
                out.iter_mut().for_each(Vec::clear);
                self.done = true;
            }
        }
        read
    }
}

fn read_pcm(
    reader: &mut PcmReader,
    facts: &FileFacts,
    path: &Path,
    position: u64,
    out: &mut [Vec<f64>; 2],
) -> Result<usize, SourceError> {
    let frames = BLOCK_FRAMES.min(facts.frames.saturating_sub(position) as usize);
    let [left, right] = out;
    left.resize(frames, 0.0);
    right.resize(frames, 0.0);
    if frames > 0 {
        return reader.read(position, left, right);
    }
    match facts.truncation() {
        Some((declared, present)) => Err(SourceError::Damaged {
            path: path.to_path_buf(),
            frame: present,
            detail: format!("{present} of {declared} frames are there"),
        }),
        None => Ok(0),
    }
}
