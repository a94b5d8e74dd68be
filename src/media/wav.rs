//! WAVE files: RIFF, RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088), with `bext` (EBU Tech 3285), `iXML` and LIST INFO.
//!
//! Sizes in headers are promises, checked against the length of the file. What is there is read; a promise that is not
//! kept becomes a [`Note`]. Sizes that streaming writers leave (0, 0xFFFFFFFF, sox's 0x7FFF….) mean "to the end of the file".

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::facts::{Bext, Format, Note, Tags};
use super::pcm::{Encoding, Layout};
use super::{FileFacts, SourceError};
use crate::units::SampleRate;

/// Chunks looked at before a file is taken for nonsense.
const MAX_CHUNKS: usize = 4096;
/// Largest text chunk that is read.
const MAX_TEXT_BYTES: u64 = 4 << 20;
/// Sizes from here on are left by writers that could not go back to the header (sox writes 0x7FFFFFFF less the header).
const STREAMED_BYTES: u64 = 0x7FFF_F000;
/// A 32-bit size that says: look into `ds64`.
const SIZE_ELSEWHERE: u64 = 0xFFFF_FFFF;
/// Rest of a WAVEFORMATEXTENSIBLE sub-format after its two bytes of format tag.
const SUBFORMAT_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

/// Whether these first bytes open a WAVE file we read.
pub fn is_wave(head: &[u8]) -> bool {
    head.len() >= 12 && matches!(&head[..4], b"RIFF" | b"RF64" | b"BW64") && &head[8..12] == b"WAVE"
}

/// Reads the headers of a WAVE file: what it is, and where its samples are.
///
/// # Errors
/// [`SourceError::Unsupported`] for codings that are not plain samples, [`SourceError::Channels`],
/// [`SourceError::Empty`], [`SourceError::Damaged`] when a needed chunk is missing.
pub fn read_headers(path: &Path) -> Result<(FileFacts, Layout), SourceError> {
    let file = File::open(path).map_err(|e| SourceError::from_io(path, e))?;
    let bytes = file.metadata().map_err(|e| SourceError::from_io(path, e))?.len();
    let mut scan = Scan::new(BufReader::new(file), bytes);
    scan.run().map_err(|e| SourceError::from_io(path, e))?;
    scan.finish(path)
}

/// The `fmt ` chunk.
#[derive(Debug, Clone, Copy)]
struct Fmt {
    tag: u16,
    channels: u16,
    rate_hz: u32,
    block_align: u16,
    bits: u16,
    /// Of the extensible form; 0 where it is not said.
    valid_bits: u16,
    subformat_known: bool,
}

impl Fmt {
    fn parse(chunk: &[u8]) -> Option<Self> {
        let bits = u16_le(chunk, 14)?;
        let mut fmt = Self {
            tag: u16_le(chunk, 0)?,
            channels: u16_le(chunk, 2)?,
            rate_hz: u32_le(chunk, 4)?,
            block_align: u16_le(chunk, 12)?,
            bits,
            valid_bits: 0,
            subformat_known: true,
        };
        if fmt.tag == 0xFFFE && chunk.len() >= 40 {
            fmt.valid_bits = u16_le(chunk, 18)?;
            fmt.tag = u16_le(chunk, 24)?;
            fmt.subformat_known = chunk[26..40] == SUBFORMAT_TAIL;
        }
        Some(fmt)
    }

    /// Bytes of one sample: from the block where that makes sense, else from the bits.
    fn container_bytes(&self) -> u16 {
        let whole = self.channels != 0 && self.block_align.is_multiple_of(self.channels);
        let from_block = if whole { self.block_align / self.channels } else { 0 };
        let needed = self.bits.div_ceil(8);
        if from_block >= needed && from_block <= 8 { from_block } else { needed }
    }

    fn encoding(&self) -> Result<Encoding, String> {
        if !self.subformat_known {
            return Err("a WAVE file with an unknown sub-format; plain PCM and float are read".to_owned());
        }
        let width = self.container_bytes();
        match (self.tag, self.bits, width) {
            (1, 1..=8, 1) => Ok(Encoding::U8),
            (1, 1..=32, 2..=4) => Ok(Encoding::Int { bytes: width as u8, big_endian: false }),
            (3, 32, 4) => Ok(Encoding::F32 { big_endian: false }),
            (3, 64, 8) => Ok(Encoding::F64 { big_endian: false }),
            (1 | 3, bits, _) => Err(format!(
                "a WAVE file of {bits}-bit {} samples; 8 to 32-bit integers and 32 or 64-bit floats are read",
                if self.tag == 3 { "float" } else { "integer" }
            )),
            (tag, ..) => Err(format!("a WAVE file holding {}; ask for plain PCM", coding_name(tag))),
        }
    }

    fn significant_bits(&self) -> u32 {
        let container = self.container_bytes() * 8;
        let stated = if self.valid_bits == 0 { self.bits } else { self.valid_bits };
        u32::from(if stated == 0 || stated > container { self.bits } else { stated })
    }
}

/// Names of codings somebody may really send (RFC 2361).
fn coding_name(tag: u16) -> String {
    match tag {
        0x02 => "Microsoft ADPCM".to_owned(),
        0x06 => "A-law".to_owned(),
        0x07 => "µ-law".to_owned(),
        0x11 => "IMA ADPCM".to_owned(),
        0x50 | 0x55 => "MPEG audio".to_owned(),
        0x92 | 0x2000 => "Dolby AC-3".to_owned(),
        0x161 | 0x162 => "Windows Media Audio".to_owned(),
        0xF1AC => "FLAC".to_owned(),
        _ => format!("coding 0x{tag:04X}"),
    }
}

/// The promise of a `data` chunk.
#[derive(Debug, Clone, Copy)]
struct Data {
    start: u64,
    declared: u64,
    present: u64,
    streamed: bool,
}

/// Walk over the chunks.
struct Scan<R> {
    input: R,
    file_bytes: u64,
    kind: Format,
    riff_bytes: u64,
    ds64_data_bytes: Option<u64>,
    fmt: Option<Fmt>,
    data: Option<Data>,
    bext: Option<Bext>,
    ixml: Option<String>,
    tags: Tags,
}

impl<R: Read + Seek> Scan<R> {
    fn new(input: R, file_bytes: u64) -> Self {
        Self {
            input,
            file_bytes,
            kind: Format::Wav,
            riff_bytes: 0,
            ds64_data_bytes: None,
            fmt: None,
            data: None,
            bext: None,
            ixml: None,
            tags: Tags::default(),
        }
    }

    fn run(&mut self) -> std::io::Result<()> {
        let head = self.read_at(0, 12)?;
        self.kind = match head.get(..4) {
            Some(b"RF64") => Format::Rf64,
            Some(b"BW64") => Format::Bw64,
            _ => Format::Wav,
        };
        self.riff_bytes = u64::from(u32_le(&head, 4).unwrap_or(0));
        let mut at = 12;
        for _ in 0..MAX_CHUNKS {
            let header = self.read_at(at, 8)?;
            let (Some(id), Some(size)) = (header.get(..4), u32_le(&header, 4)) else { break };
            let id = [id[0], id[1], id[2], id[3]];
            let size = self.chunk(id, at + 8, u64::from(size))?;
            let next = at.saturating_add(8).saturating_add(size);
            if next >= self.file_bytes {
                break;
            }
            at = self.skip_pad(next)?;
        }
        Ok(())
    }

    /// Chunks begin at even places; some writers forget the pad byte, and then a chunk id stands at the odd one.
    fn skip_pad(&mut self, next: u64) -> std::io::Result<u64> {
        if next.is_multiple_of(2) {
            return Ok(next);
        }
        let known =
            |id: &[u8]| matches!(id, b"LIST" | b"bext" | b"iXML" | b"fmt " | b"data" | b"id3 " | b"ID3 ");
        let here = self.read_at(next, 4)?;
        Ok(if known(&here) { next } else { next + 1 })
    }

    /// Takes in one chunk and returns the bytes it occupies.
    fn chunk(&mut self, id: [u8; 4], start: u64, size: u64) -> std::io::Result<u64> {
        match &id {
            b"data" => return Ok(self.take_data(start, size)),
            b"fmt " => {
                let chunk = self.read_at(start, size.min(64))?;
                self.fmt = self.fmt.or_else(|| Fmt::parse(&chunk));
            }
            b"ds64" => {
                let chunk = self.read_at(start, size.min(64))?;
                self.riff_bytes = u64_le(&chunk, 0).unwrap_or(0);
                self.ds64_data_bytes = u64_le(&chunk, 8);
            }
            b"bext" => {
                let chunk = self.read_at(start, size.min(MAX_TEXT_BYTES))?;
                self.bext = parse_bext(&chunk);
            }
            b"iXML" => {
                let chunk = self.read_at(start, size.min(MAX_TEXT_BYTES))?;
                self.ixml = Some(text(&chunk));
            }
            b"LIST" => {
                let chunk = self.read_at(start, size.min(MAX_TEXT_BYTES))?;
                if chunk.starts_with(b"INFO") {
                    parse_info(&chunk[4..], &mut self.tags);
                }
            }
            _ => (),
        }
        Ok(size)
    }

    fn take_data(&mut self, start: u64, size: u64) -> u64 {
        let rest = self.file_bytes.saturating_sub(start);
        let in_ds64 = self.kind != Format::Wav && size == SIZE_ELSEWHERE;
        let declared = if in_ds64 { self.ds64_data_bytes.unwrap_or(SIZE_ELSEWHERE) } else { size };
        // A recorder that died left 0 here and a file longer than its RIFF size admits.
        let abandoned = declared == 0 && rest > 0 && self.riff_bytes.saturating_add(9) < self.file_bytes;
        let absurd = declared > rest && (STREAMED_BYTES..=SIZE_ELSEWHERE).contains(&declared);
        let streamed = abandoned || absurd;
        let present = if streamed { rest } else { declared.min(rest) };
        if self.data.is_none() {
            self.data = Some(Data { start, declared, present, streamed });
        }
        present
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
        let fmt = self.fmt.ok_or_else(|| damaged("a WAVE file without a format chunk"))?;
        let encoding =
            fmt.encoding().map_err(|detail| SourceError::Unsupported { path: path.to_path_buf(), detail })?;
        check_channels(path, u32::from(fmt.channels))?;
        let rate = check_rate(path, fmt.rate_hz)?;
        let data = self.data.ok_or_else(|| damaged("a WAVE file without a data chunk"))?;
        let channels = u32::from(fmt.channels);
        let frame_bytes = encoding.bytes() * u64::from(channels);
        let frames = data.present / frame_bytes;
        let layout = Layout { data_start: data.start, frames, channels, encoding };
        let mut notes = Vec::new();
        if data.streamed {
            notes.push(Note::UnknownLength);
        } else if data.declared > data.present {
            notes.push(Note::Truncated { declared: data.declared / frame_bytes, present: frames });
        }
        if frames == 0 {
            return Err(empty(path, data.declared));
        }
        let facts = FileFacts {
            format: self.kind,
            rate,
            channels,
            bits: fmt.significant_bits(),
            float: matches!(encoding, Encoding::F32 { .. } | Encoding::F64 { .. }),
            frames,
            bytes: self.file_bytes,
            tags: self.tags,
            bext: self.bext,
            ixml: self.ixml,
            notes,
        };
        Ok((facts, layout))
    }
}

/// The error of a file with no frames.
pub(super) fn empty(path: &Path, declared_bytes: u64) -> SourceError {
    let detail = if declared_bytes == 0 {
        "its length is zero".to_owned()
    } else {
        format!("the header promises {declared_bytes} bytes and none of them are there")
    };
    SourceError::Empty { path: path.to_path_buf(), detail }
}

/// One or two channels, or the refusal.
pub(super) fn check_channels(path: &Path, channels: u32) -> Result<(), SourceError> {
    match channels {
        1 | 2 => Ok(()),
        _ => Err(SourceError::Channels { path: path.to_path_buf(), channels }),
    }
}

/// A rate that music has, or the refusal.
pub(super) fn check_rate(path: &Path, rate_hz: u32) -> Result<SampleRate, SourceError> {
    if (4_000..=768_000).contains(&rate_hz) {
        return Ok(SampleRate(rate_hz));
    }
    let detail = format!("a sample rate of {rate_hz} Hz; 4 to 768 kHz are read");
    Err(SourceError::Unsupported { path: path.to_path_buf(), detail })
}

/// Fields of a `bext` chunk. Loudness values are hundredths; 0x7FFF means not set.
fn parse_bext(chunk: &[u8]) -> Option<Bext> {
    let version = u16_le(chunk, 346)?;
    let hundredths = |at: usize| {
        let value = u16_le(chunk, at)?.cast_signed();
        (version >= 2 && value != i16::MAX).then(|| f64::from(value) / 100.0)
    };
    Some(Bext {
        description: text(&chunk[..256]),
        originator: text(&chunk[256..288]),
        originator_reference: text(&chunk[288..320]),
        origination_date: text(&chunk[320..330]),
        origination_time: text(&chunk[330..338]),
        time_reference_frames: u64_le(chunk, 338)?,
        version,
        loudness_lufs: hundredths(412),
        loudness_range_lu: hundredths(414),
        max_true_peak_dbtp: hundredths(416),
        coding_history: chunk.get(602..).map(text).unwrap_or_default(),
    })
}

/// Items of a LIST INFO chunk: id, size, text, pad.
fn parse_info(mut list: &[u8], tags: &mut Tags) {
    while let (Some(id), Some(size)) = (list.get(..4), u32_le(list, 4)) {
        let size = size as usize;
        let Some(body) = list.get(8..8usize.saturating_add(size)) else { return };
        let value = text(body);
        match id {
            b"INAM" => tags.title = value,
            b"IART" => tags.artist = value,
            b"IPRD" => tags.album = value,
            b"ICMT" => tags.comment = value,
            b"ICOP" => tags.copyright = value,
            b"ICRD" => tags.date = value,
            b"IGNR" => tags.genre = value,
            b"ISRC" => tags.isrc = value,
            b"IMUS" => tags.composer = value,
            b"ITRK" | b"IPRT" => tags.track_number = leading_number(&value),
            _ => (),
        }
        list = list.get(8 + size + size % 2..).unwrap_or_default();
    }
}

/// `3` of `3/12`.
pub(super) fn leading_number(value: &str) -> u32 {
    value.split('/').next().and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

/// Text up to the first NUL: UTF-8, or Latin-1 where it is not.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let bytes = &bytes[..end];
    let decoded = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    };
    decoded.trim().to_owned()
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b))
}
