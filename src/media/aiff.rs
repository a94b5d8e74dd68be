//! AIFF and AIFF-C (Apple, 1989 and 1991): uncompressed codings only.
//!
//! Everything is big endian; `sowt` samples are little endian. Sizes are checked against the file as in [`super::wav`].

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::facts::{Format, Note, Tags};
use super::pcm::{Encoding, Layout};
use super::wav::{check_channels, check_rate, empty, text};
use super::{FileFacts, SourceError};

/// Chunks looked at before a file is taken for nonsense.
const MAX_CHUNKS: usize = 4096;
/// Largest text chunk that is read.
const MAX_TEXT_BYTES: u64 = 64 << 10;

/// Whether these first bytes open an AIFF or AIFF-C file.
pub fn is_aiff(head: &[u8]) -> bool {
    head.len() >= 12 && &head[..4] == b"FORM" && matches!(&head[8..12], b"AIFF" | b"AIFC")
}

/// Reads the headers of an AIFF file: what it is, and where its samples are.
///
/// # Errors
/// As [`super::wav::read_headers`].
pub fn read_headers(path: &Path) -> Result<(FileFacts, Layout), SourceError> {
    let file = File::open(path).map_err(|e| SourceError::from_io(path, e))?;
    let bytes = file.metadata().map_err(|e| SourceError::from_io(path, e))?.len();
    let mut scan = Scan {
        input: BufReader::new(file),
        file_bytes: bytes,
        aifc: false,
        comm: None,
        sound: None,
        tags: Tags::default(),
    };
    scan.run().map_err(|e| SourceError::from_io(path, e))?;
    scan.finish(path)
}

/// The `COMM` chunk.
#[derive(Debug, Clone, Copy)]
struct Comm {
    channels: u16,
    frames: u32,
    bits: u16,
    rate_hz: f64,
    coding: [u8; 4],
}

impl Comm {
    fn parse(chunk: &[u8], aifc: bool) -> Option<Self> {
        let coding = if aifc { *chunk.get(18..)?.first_chunk()? } else { *b"NONE" };
        Some(Self {
            channels: u16_be(chunk, 0)?,
            frames: u32_be(chunk, 2)?,
            bits: u16_be(chunk, 6)?,
            rate_hz: extended(chunk.get(8..)?.first_chunk()?),
            coding,
        })
    }

    fn encoding(&self) -> Result<Encoding, String> {
        let width = self.bits.div_ceil(8) as u8;
        let int = |bytes, big_endian| Ok(Encoding::Int { bytes, big_endian });
        match (&self.coding, width) {
            (b"NONE" | b"twos", 1..=4) => int(width, true),
            (b"sowt", 1..=4) => int(width, false),
            (b"in24", _) => int(3, true),
            (b"in32", _) => int(4, true),
            (b"42ni", _) => int(3, false),
            (b"23ni", _) => int(4, false),
            (b"raw ", 1) => Ok(Encoding::U8),
            (b"fl32" | b"FL32", _) => Ok(Encoding::F32 { big_endian: true }),
            (b"fl64" | b"FL64", _) => Ok(Encoding::F64 { big_endian: true }),
            (b"NONE" | b"twos" | b"sowt" | b"raw ", _) => {
                Err(format!("an AIFF file of {}-bit samples; 8 to 32 bits are read", self.bits))
            }
            (coding, _) => {
                let name = text(coding);
                Err(format!("an AIFF file compressed as '{name}'; ask for an uncompressed one"))
            }
        }
    }
}

/// The `SSND` chunk.
#[derive(Debug, Clone, Copy)]
struct Sound {
    start: u64,
    declared: u64,
    present: u64,
}

struct Scan<R> {
    input: R,
    file_bytes: u64,
    aifc: bool,
    comm: Option<Comm>,
    sound: Option<Sound>,
    tags: Tags,
}

impl<R: Read + Seek> Scan<R> {
    fn run(&mut self) -> std::io::Result<()> {
        let head = self.read_at(0, 12)?;
        self.aifc = head.get(8..12) == Some(b"AIFC");
        let mut at: u64 = 12;
        for _ in 0..MAX_CHUNKS {
            let header = self.read_at(at, 8)?;
            let (Some(id), Some(size)) = (header.get(..4), u32_be(&header, 4)) else { break };
            let size = u64::from(size);
            self.chunk(id, at + 8, size)?;
            at = at + 8 + size + size % 2;
            if at >= self.file_bytes {
                break;
            }
        }
        Ok(())
    }

    fn chunk(&mut self, id: &[u8], start: u64, size: u64) -> std::io::Result<()> {
        match id {
            b"COMM" => {
                let chunk = self.read_at(start, size.min(64))?;
                self.comm = self.comm.or_else(|| Comm::parse(&chunk, self.aifc));
            }
            b"SSND" if self.sound.is_none() => {
                let head = self.read_at(start, 8)?;
                let offset = u64::from(u32_be(&head, 0).unwrap_or(0));
                let start = start.saturating_add(8).saturating_add(offset);
                let declared = size.saturating_sub(8).saturating_sub(offset);
                let present = declared.min(self.file_bytes.saturating_sub(start));
                self.sound = Some(Sound { start, declared, present });
            }
            b"NAME" => self.tags.title = self.text_at(start, size)?,
            b"AUTH" => self.tags.artist = self.text_at(start, size)?,
            b"(c) " => self.tags.copyright = self.text_at(start, size)?,
            b"ANNO" => self.tags.comment = self.text_at(start, size)?,
            _ => (),
        }
        Ok(())
    }

    fn text_at(&mut self, start: u64, size: u64) -> std::io::Result<String> {
        Ok(text(&self.read_at(start, size.min(MAX_TEXT_BYTES))?))
    }

    /// Up to `len` bytes from `at`; fewer at the end of the file.
    fn read_at(&mut self, at: u64, len: u64) -> std::io::Result<Vec<u8>> {
        let len = len.min(self.file_bytes.saturating_sub(at));
        self.input.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        self.input.by_ref().take(len).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn finish(self, path: &Path) -> Result<(FileFacts, Layout), SourceError> {
        let damaged = |detail: &str| SourceError::Damaged {
            path: path.to_path_buf(),
            frame: 0,
            detail: detail.to_owned(),
        };
        let comm = self.comm.ok_or_else(|| damaged("an AIFF file without a COMM chunk"))?;
        let encoding = comm
            .encoding()
            .map_err(|detail| SourceError::Unsupported { path: path.to_path_buf(), detail })?;
        let channels = u32::from(comm.channels);
        check_channels(path, channels)?;
        // `as` saturates: an absurd rate is refused by the check.
        let rate = check_rate(path, comm.rate_hz.round() as u32)?;
        let declared = u64::from(comm.frames);
        let Some(sound) = self.sound else {
            return Err(if declared == 0 { empty(path, 0) } else { damaged("an AIFF file without sound") });
        };
        let frame_bytes = encoding.bytes() * u64::from(channels);
        let frames = (sound.present / frame_bytes).min(declared);
        if frames == 0 {
            return Err(empty(path, declared.saturating_mul(frame_bytes).min(sound.declared)));
        }
        let notes =
            if frames < declared { vec![Note::Truncated { declared, present: frames }] } else { Vec::new() };
        let float = matches!(encoding, Encoding::F32 { .. } | Encoding::F64 { .. });
        let facts = FileFacts {
            format: if self.aifc { Format::Aifc } else { Format::Aiff },
            rate,
            channels,
            bits: if float { encoding.bytes() as u32 * 8 } else { u32::from(comm.bits) },
            float,
            frames,
            bytes: self.file_bytes,
            tags: self.tags,
            bext: None,
            ixml: None,
            notes,
        };
        Ok((facts, Layout { data_start: sound.start, frames, channels, encoding }))
    }
}

/// An 80-bit IEEE 754 extended number: sign and exponent (bias 16383), then a 64-bit mantissa with its leading one.
fn extended(bytes: &[u8; 10]) -> f64 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]]) & 0x7FFF) - 16_383 - 63;
    let mantissa = bytes[2..].iter().fold(0u64, |m, b| m << 8 | u64::from(*b));
    let magnitude = mantissa as f64 * 2f64.powi(exponent);
    if bytes[0] & 0x80 == 0 { magnitude } else { -magnitude }
}

fn u16_be(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact values are promised")]
mod tests {
    use super::*;

    #[test]
    fn extended_numbers_of_the_usual_rates() {
        // 44100 Hz as the AIFF specification prints it.
        assert_eq!(extended(&[0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0]), 44_100.0);
        assert_eq!(extended(&[0x40, 0x0F, 0xBB, 0x80, 0, 0, 0, 0, 0, 0]), 96_000.0);
    }
}
