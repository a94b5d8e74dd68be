//! FLAC files: 16 or 24 bits, MD5 of the sound, seek table, Vorbis comments.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use flac_codec::decode::FlacSampleReader;
use flac_codec::encode::{FlacSampleWriter, Options};
use flac_codec::metadata::{Metadata, VorbisComment};

use super::{Chunk, DeliverError, tags};
use crate::audio::CHANNELS;
use crate::units::SampleRate;

/// A writer the encoder holds and we get back after it is done with it.
#[derive(Debug)]
struct Shared<W>(Arc<Mutex<W>>);

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

impl<W: Seek> Seek for Shared<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).seek(to)
    }
}

/// Writes a FLAC file frame by frame.
pub struct FlacWriter<W: Write + Seek> {
    encoder: FlacSampleWriter<Shared<W>>,
    out: Arc<Mutex<W>>,
    interleaved: Vec<i32>,
}

impl<W: Write + Seek> std::fmt::Debug for FlacWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlacWriter").finish_non_exhaustive()
    }
}

impl<W: Write + Seek> FlacWriter<W> {
    /// Begins a file of exactly `frames` frames with these Vorbis comments.
    ///
    /// # Errors
    /// What the writer said, or that FLAC cannot hold this.
    pub fn new(
        out: W,
        rate: SampleRate,
        bits: u32,
        frames: u64,
        comments: &[(&'static str, String)],
    ) -> io::Result<Self> {
        let out = Arc::new(Mutex::new(out));
        let comment = VorbisComment {
            vendor_string: tags::program(),
            fields: comments.iter().map(|(field, text)| format!("{field}={text}")).collect(),
        };
        let options = Options::best().comment(comment);
        let samples = frames.checked_mul(CHANNELS as u64);
        let encoder =
            FlacSampleWriter::new(Shared(out.clone()), options, rate.0, bits, CHANNELS as u8, samples)
                .map_err(io_error)?;
        Ok(Self { encoder, out, interleaved: Vec::new() })
    }

    /// Appends frames; integers of the file's bits.
    ///
    /// # Errors
    /// What the writer said.
    pub fn write(&mut self, frames: &Chunk<'_>) -> io::Result<()> {
        let Chunk::Int { frames, .. } = frames else {
            return Err(io::Error::other("FLAC holds integers only"));
        };
        self.interleaved.clear();
        self.interleaved.extend(frames.iter().flatten());
        self.encoder.write(&self.interleaved).map_err(io_error)
    }

    /// Completes header, seek table and MD5 and gives the writer back.
    ///
    /// # Errors
    /// What the writer said.
    pub fn finish(self) -> io::Result<W> {
        let Self { encoder, out, .. } = self;
        encoder.finalize().map_err(io_error)?;
        let lock =
            Arc::into_inner(out).ok_or_else(|| io::Error::other("the encoder still holds the file"))?;
        let mut out = lock.into_inner().unwrap_or_else(PoisonError::into_inner);
        out.flush()?;
        Ok(out)
    }
}

fn io_error(error: flac_codec::Error) -> io::Error {
    match error {
        flac_codec::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// What stands in the header of a FLAC file, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlacInfo {
    /// Rate.
    pub sample_rate_hz: u32,
    /// Bits of a sample.
    pub bits: u32,
    /// Frames.
    pub frames: u64,
    /// MD5 of the sound as the header says it.
    pub md5: Option<[u8; 16]>,
}

/// Decodes a file in chunks and says what its header promised.
///
/// # Errors
/// [`DeliverError`]; refused if the file does not decode.
pub fn read_back(
    path: &Path,
    mut each: impl FnMut(&Chunk<'_>) -> Result<(), DeliverError>,
) -> Result<FlacInfo, DeliverError> {
    let failed = |e: flac_codec::Error| match e {
        flac_codec::Error::Io(e) if e.kind() != io::ErrorKind::UnexpectedEof => {
            DeliverError::from_io(path, e)
        }
        other => DeliverError::Refused(format!("{}: does not decode: {other}", path.display())),
    };
    let file = File::open(path).map_err(|e| DeliverError::from_io(path, e))?;
    let mut reader = FlacSampleReader::new(BufReader::new(file)).map_err(failed)?;
    let info = FlacInfo {
        sample_rate_hz: reader.sample_rate(),
        bits: reader.bits_per_sample(),
        frames: reader.total_samples().unwrap_or(0),
        md5: reader.md5().copied(),
    };
    let mut samples = vec![0i32; 8192];
    let mut frames: Vec<[i32; 2]> = Vec::new();
    let mut half = None;
    loop {
        let n = reader.read(&mut samples).map_err(failed)?;
        if n == 0 {
            return Ok(info);
        }
        frames.clear();
        for sample in &samples[..n] {
            match half.take() {
                Some(left) => frames.push([left, *sample]),
                None => half = Some(*sample),
            }
        }
        each(&Chunk::Int { frames: &frames, bits: info.bits })?;
    }
}
