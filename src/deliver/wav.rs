//! WAV files: plain PCM or float, Broadcast Wave `bext`, RIFF INFO, ISRC in `axml`, RF64 above 4 GiB.
//!
//! Layout: `RIFF`, reserved space that becomes `ds64` (EBU Tech 3306) only where the file may outgrow 32 bits, `bext`
//! (EBU Tech 3285 v2), `fmt `, `fact` for floats, `LIST INFO`, `axml` (EBU Tech 3352), and `data` last. Stereo integers
//! carry the plain 16-byte `fmt ` that old tools expect; without tags the header is the classic 44 bytes. 20-bit samples
//! stand in 24-bit containers with four zero bits.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::{Chunk, DeliverError};
use crate::audio::CHANNELS;
use crate::audio::format::{SampleFormat, i24_from_le, i24_to_le};
use crate::units::SampleRate;

/// Loudness of a finished file, for `bext`; what could not be measured is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BextLoudness {
    /// LUFS.
    pub integrated_lufs: Option<f64>,
    /// LU.
    pub range_lu: Option<f64>,
    /// dBTP.
    pub max_true_peak_dbtp: Option<f64>,
    /// LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// LUFS.
    pub max_short_term_lufs: Option<f64>,
}

impl BextLoudness {
    /// The ten bytes of Tech 3285 v2: hundredths, `7FFFh` where there is no value.
    fn to_le(self) -> [u8; 10] {
        let fields = [
            self.integrated_lufs,
            self.range_lu,
            self.max_true_peak_dbtp,
            self.max_momentary_lufs,
            self.max_short_term_lufs,
        ];
        let mut bytes = [0u8; 10];
        for (place, field) in bytes.chunks_exact_mut(2).zip(fields) {
            let hundredths = match field {
                Some(value) if value.is_finite() => (value * 100.0).round().clamp(-32_768.0, 32_766.0) as i16,
                _ => i16::MAX,
            };
            place.copy_from_slice(&hundredths.to_le_bytes());
        }
        bytes
    }

    fn from_le(bytes: &[u8]) -> Self {
        let at = |i: usize| {
            let raw = i16::from_le_bytes([*bytes.get(2 * i)?, *bytes.get(2 * i + 1)?]);
            (raw != i16::MAX).then(|| f64::from(raw) / 100.0)
        };
        Self {
            integrated_lufs: at(0),
            range_lu: at(1),
            max_true_peak_dbtp: at(2),
            max_momentary_lufs: at(3),
            max_short_term_lufs: at(4),
        }
    }
}

/// The `bext` chunk. Texts become ASCII and are cut to their fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bext {
    /// Up to 256 characters.
    pub description: String,
    /// Up to 32.
    pub originator: String,
    /// Up to 32.
    pub reference: String,
    /// `yyyy-mm-dd`.
    pub date: String,
    /// `hh:mm:ss`.
    pub time: String,
    /// Place of the first frame on the album, in frames at the file's rate.
    pub time_reference: u64,
    /// EBU R 98 lines.
    pub coding_history: String,
    /// Measured on the finished audio; may be patched later.
    pub loudness: BextLoudness,
}

/// Where the loudness fields stand inside a `bext` chunk.
const BEXT_LOUDNESS_OFFSET: usize = 412;
/// Bytes of a `bext` chunk before its coding history.
const BEXT_FIXED_BYTES: usize = 602;

impl Bext {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(BEXT_FIXED_BYTES + self.coding_history.len());
        for (text, size) in [
            (&self.description, 256),
            (&self.originator, 32),
            (&self.reference, 32),
            (&self.date, 10),
            (&self.time, 8),
        ] {
            let mut ascii = ascii(text).into_bytes();
            ascii.resize(size, 0);
            out.extend(ascii);
        }
        out.extend(self.time_reference.to_le_bytes());
        out.extend(2u16.to_le_bytes()); // version 2
        out.extend([0; 64]); // no UMID
        out.extend(self.loudness.to_le());
        out.resize(BEXT_FIXED_BYTES, 0);
        out.extend(ascii(&self.coding_history).into_bytes());
        // Even, because some readers forget the pad byte of odd chunks.
        out.resize(out.len().next_multiple_of(2), 0);
        out
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = |from: usize, size: usize| -> Option<String> {
            let field = bytes.get(from..from + size)?;
            let end = field.iter().position(|b| *b == 0).unwrap_or(size);
            Some(String::from_utf8_lossy(&field[..end]).into_owned())
        };
        Some(Self {
            description: text(0, 256)?,
            originator: text(256, 32)?,
            reference: text(288, 32)?,
            date: text(320, 10)?,
            time: text(330, 8)?,
            time_reference: u64::from_le_bytes(bytes.get(338..346)?.try_into().ok()?),
            loudness: BextLoudness::from_le(bytes.get(BEXT_LOUDNESS_OFFSET..BEXT_LOUDNESS_OFFSET + 10)?),
            coding_history: text(BEXT_FIXED_BYTES, bytes.len().checked_sub(BEXT_FIXED_BYTES)?)?,
        })
    }
}

fn ascii(text: &str) -> String {
    deunicode::deunicode(text)
}

/// What goes into a WAV beside the sound.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WavTags {
    /// Broadcast Wave data.
    pub bext: Bext,
    /// RIFF INFO fields, four-letter id and text (UTF-8).
    pub info: Vec<(&'static str, String)>,
    /// Twelve characters, written in EBU Tech 3352 form.
    pub isrc: Option<String>,
}

/// What a WAV file is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct WavSpec {
    /// Sample format.
    pub format: SampleFormat,
    /// Rate.
    pub rate: SampleRate,
    /// Frames to come, if known; then no space is reserved in a file that cannot outgrow 32 bits.
    pub expected_frames: Option<u64>,
    /// Left out: nothing but format and sound.
    pub tags: Option<WavTags>,
    /// Largest RIFF size before the file becomes RF64; 2³²−1 but in tests.
    pub riff_limit: u64,
}

impl WavSpec {
    /// A file of known length.
    pub fn new(format: SampleFormat, rate: SampleRate, frames: u64) -> Self {
        Self { format, rate, expected_frames: Some(frames), tags: None, riff_limit: u64::from(u32::MAX) }
    }

    fn frame_bytes(&self) -> u64 {
        (self.format.bytes() * CHANNELS) as u64
    }

    /// Bytes of the `fmt ` chunk's content.
    fn fmt(&self) -> Vec<u8> {
        // WAVE_FORMAT_PCM, WAVE_FORMAT_IEEE_FLOAT
        let tag: u16 = if self.format.is_float() { 3 } else { 1 };
        let align = self.frame_bytes() as u16;
        let mut out = Vec::with_capacity(18);
        out.extend(tag.to_le_bytes());
        out.extend((CHANNELS as u16).to_le_bytes());
        out.extend(self.rate.0.to_le_bytes());
        out.extend((self.rate.0 * u32::from(align)).to_le_bytes());
        out.extend(align.to_le_bytes());
        out.extend((self.format.bytes() as u16 * 8).to_le_bytes());
        if self.format.is_float() {
            out.extend(0u16.to_le_bytes());
        }
        out
    }
}

fn chunk(out: &mut Vec<u8>, id: &[u8; 4], content: &[u8]) {
    out.extend(id);
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    if !content.len().is_multiple_of(2) {
        out.push(0);
    }
}

fn info_list(fields: &[(&'static str, String)]) -> Vec<u8> {
    let mut out = b"INFO".to_vec();
    for (id, text) in fields {
        let Ok(id) = <&[u8; 4]>::try_from(id.as_bytes()) else { continue };
        let mut content: Vec<u8> = text.bytes().filter(|b| *b != 0).collect();
        content.push(0);
        chunk(&mut out, id, &content);
    }
    out
}

/// EBU Tech 3352: an EBUCore document whose `dc:identifier` carries the code.
fn axml_of(isrc: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ebucore:ebuCoreMain xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:ebucore=\"urn:ebu:metadata-schema:ebuCore_2012\">\n\
         <ebucore:coreMetadata>\n\
         <ebucore:identifier typeLabel=\"GUID\" typeDefinition=\"Globally Unique Identifier\" \
         formatLabel=\"ISRC\" formatDefinition=\"International Standard Recording Code\" \
         formatLink=\"http://www.ebu.ch/metadata/cs/ebu_IdentifierTypeCodeCS.xml#3.7\">\n\
         <dc:identifier>ISRC:{isrc}</dc:identifier>\n\
         </ebucore:identifier>\n\
         </ebucore:coreMetadata>\n\
         </ebucore:ebuCoreMain>\n"
    )
}

/// Bytes of a `ds64` chunk's content without a table.
const DS64_BYTES: usize = 28;

/// Writes a WAV file frame by frame and mends its header at the end.
#[derive(Debug)]
pub struct WavWriter<W> {
    out: W,
    spec: WavSpec,
    has_ds64_room: bool,
    bext_at: Option<u64>,
    fact_at: Option<u64>,
    data_at: u64,
    data_bytes: u64,
    scratch: Vec<u8>,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes the header; `out` stands at the beginning of an empty file.
    ///
    /// # Errors
    /// What the writer said.
    pub fn new(mut out: W, spec: WavSpec) -> io::Result<Self> {
        let mut header = Vec::new();
        let mut tail = Vec::new();
        chunk(&mut tail, b"fmt ", &spec.fmt());
        let mut fact_at = None;
        if spec.format.is_float() {
            fact_at = Some(tail.len() + 8);
            chunk(&mut tail, b"fact", &[0; 4]);
        }
        let mut bext_at = None;
        header.extend(b"RIFF\0\0\0\0WAVE");
        let mut meta = Vec::new();
        if let Some(tags) = &spec.tags {
            chunk(&mut meta, b"bext", &tags.bext.to_bytes());
            bext_at = Some(8);
            if !tags.info.is_empty() {
                chunk(&mut tail, b"LIST", &info_list(&tags.info));
            }
            if let Some(isrc) = &tags.isrc {
                let mut axml = axml_of(isrc).into_bytes();
                axml.resize(axml.len().next_multiple_of(2), b'\n');
                chunk(&mut tail, b"axml", &axml);
            }
        }
        let without_room = (header.len() + meta.len() + tail.len() + 8) as u64;
        let has_ds64_room = spec.expected_frames.is_none_or(|frames| {
            frames.saturating_mul(spec.frame_bytes()).saturating_add(without_room + 8) > spec.riff_limit
        });
        if has_ds64_room {
            chunk(&mut header, b"JUNK", &[0; DS64_BYTES]);
        }
        let bext_at = bext_at.map(|at| (header.len() + at) as u64);
        header.extend(&meta);
        let fact_at = fact_at.map(|at| (header.len() + at) as u64);
        header.extend(&tail);
        header.extend(b"data\0\0\0\0");
        out.write_all(&header)?;
        Ok(Self {
            out,
            spec,
            has_ds64_room,
            bext_at,
            fact_at,
            data_at: header.len() as u64,
            data_bytes: 0,
            scratch: Vec::new(),
        })
    }

    /// Appends frames; integers must have the bits of the format.
    ///
    /// # Errors
    /// What the writer said.
    pub fn write(&mut self, frames: &Chunk<'_>) -> io::Result<()> {
        self.scratch.clear();
        pack(self.spec.format, frames, &mut self.scratch);
        self.out.write_all(&self.scratch)?;
        self.data_bytes += self.scratch.len() as u64;
        Ok(())
    }

    /// Mends the header, as RF64 if need be, and gives the writer back.
    ///
    /// # Errors
    /// What the writer said; [`io::ErrorKind::FileTooLarge`] if the file outgrew what was expected of it.
    pub fn finish(mut self, loudness: Option<&BextLoudness>) -> io::Result<W> {
        if !self.data_bytes.is_multiple_of(2) {
            self.out.write_all(&[0])?;
        }
        let riff_size = self.data_at + self.data_bytes + self.data_bytes % 2 - 8;
        let frames = self.data_bytes / self.spec.frame_bytes();
        let is_rf64 = riff_size > self.spec.riff_limit;
        if is_rf64 && !self.has_ds64_room {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if is_rf64 {
            let mut ds64 = b"ds64".to_vec();
            ds64.extend((DS64_BYTES as u32).to_le_bytes());
            for size in [riff_size, self.data_bytes, frames] {
                ds64.extend(size.to_le_bytes());
            }
            self.patch(0, b"RF64\xff\xff\xff\xffWAVE")?;
            self.patch(12, &ds64)?;
            self.patch(self.data_at - 4, &[0xff; 4])?;
        } else {
            self.patch(4, &(riff_size as u32).to_le_bytes())?;
            self.patch(self.data_at - 4, &(self.data_bytes as u32).to_le_bytes())?;
        }
        if let Some(at) = self.fact_at {
            self.patch(at, &u32::try_from(frames).unwrap_or(u32::MAX).to_le_bytes())?;
        }
        if let (Some(at), Some(loudness)) = (self.bext_at, loudness) {
            self.patch(at + BEXT_LOUDNESS_OFFSET as u64, &loudness.to_le())?;
        }
        self.out.seek(SeekFrom::End(0))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(at))?;
        self.out.write_all(bytes)
    }
}

/// Appends the bytes of frames as a file of this format holds them.
fn pack(format: SampleFormat, frames: &Chunk<'_>, out: &mut Vec<u8>) {
    match (frames, format) {
        (Chunk::Int { frames, .. }, SampleFormat::Int16) => {
            out.extend(frames.iter().flatten().flat_map(|v| (*v as i16).to_le_bytes()));
        }
        (Chunk::Int { frames, .. }, SampleFormat::Int20) => {
            out.extend(frames.iter().flatten().flat_map(|v| i24_to_le(v << 4)));
        }
        (Chunk::Int { frames, .. }, SampleFormat::Int24) => {
            out.extend(frames.iter().flatten().flat_map(|v| i24_to_le(*v)));
        }
        (Chunk::Int { frames, .. }, _) => {
            out.extend(frames.iter().flatten().flat_map(|v| v.to_le_bytes()));
        }
        (Chunk::Float { left, right }, SampleFormat::Float64) => {
            for (l, r) in left.iter().zip(*right) {
                out.extend(l.to_le_bytes());
                out.extend(r.to_le_bytes());
            }
        }
        (Chunk::Float { left, right }, _) => {
            for (l, r) in left.iter().zip(*right) {
                out.extend((*l as f32).to_le_bytes());
                out.extend((*r as f32).to_le_bytes());
            }
        }
    }
}

/// Writes loudness into the `bext` chunk of a finished file. Its checksum changes.
///
/// # Errors
/// [`DeliverError`]; refused if there is no `bext` chunk.
pub fn patch_loudness(path: &Path, loudness: &BextLoudness) -> Result<(), DeliverError> {
    let info = WavInfo::read(path)?;
    let at = info.bext_at.ok_or_else(|| {
        DeliverError::Refused(format!("{}: has no bext chunk to hold loudness", path.display()))
    })?;
    let in_context = |e| DeliverError::from_io(path, e);
    let mut file = File::options().write(true).open(path).map_err(in_context)?;
    file.seek(SeekFrom::Start(at + BEXT_LOUDNESS_OFFSET as u64)).map_err(in_context)?;
    file.write_all(&loudness.to_le()).map_err(in_context)?;
    file.sync_all().map_err(in_context)
}

/// What stands in the header of a WAV file, read back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WavInfo {
    /// RF64 instead of RIFF.
    pub is_rf64: bool,
    /// 1 PCM, 3 float.
    pub format_tag: u16,
    /// Channels.
    pub channels: u16,
    /// Rate.
    pub sample_rate_hz: u32,
    /// Container bits of a sample.
    pub bits: u16,
    /// Bytes of a frame.
    pub frame_bytes: u16,
    /// First byte of the sound.
    pub data_at: u64,
    /// Bytes of sound the header promises.
    pub data_bytes: u64,
    /// Bytes of the whole file.
    pub file_bytes: u64,
    /// `fact` frames, if there is such a chunk.
    pub fact_frames: Option<u32>,
    /// Where the content of `bext` begins.
    pub bext_at: Option<u64>,
    /// Its content.
    pub bext: Option<Bext>,
    /// RIFF INFO.
    pub info: Vec<(String, String)>,
    /// ISRC in `axml`.
    pub isrc: Option<String>,
}

/// Metadata chunks larger than this are passed over.
const LARGEST_CHUNK_READ: u64 = 1 << 20;
/// A header with more chunks than this is not read further.
const MOST_CHUNKS: usize = 1000;

impl WavInfo {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// [`DeliverError`]; refused if it is no WAV file.
    pub fn read(path: &Path) -> Result<Self, DeliverError> {
        let in_context = |e| DeliverError::from_io(path, e);
        let file = File::open(path).map_err(in_context)?;
        Self::parse(BufReader::new(file))
            .map_err(in_context)?
            .ok_or_else(|| DeliverError::Refused(format!("{}: is not a WAV file", path.display())))
    }

    /// Frames of sound the header promises.
    pub fn frames(&self) -> u64 {
        self.data_bytes / u64::from(self.frame_bytes.max(1))
    }

    fn parse(mut from: impl Read + Seek) -> io::Result<Option<Self>> {
        let mut info = Self { file_bytes: from.seek(SeekFrom::End(0))?, ..Self::default() };
        from.seek(SeekFrom::Start(0))?;
        let mut head = [0u8; 12];
        if from.read_exact(&mut head).is_err() || &head[8..] != b"WAVE" {
            return Ok(None);
        }
        info.is_rf64 = match &head[..4] {
            b"RIFF" => false,
            b"RF64" => true,
            _ => return Ok(None),
        };
        let mut long_data = None;
        let mut at = 12u64;
        for _ in 0..MOST_CHUNKS {
            if at + 8 > info.file_bytes {
                break;
            }
            from.seek(SeekFrom::Start(at))?;
            let mut head = [0u8; 8];
            from.read_exact(&mut head)?;
            let id = [head[0], head[1], head[2], head[3]];
            let size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
            at += 8;
            if &id == b"data" {
                info.data_at = at;
                info.data_bytes =
                    if info.is_rf64 && size == u64::from(u32::MAX) { long_data.unwrap_or(0) } else { size };
                at = at.saturating_add(info.data_bytes).saturating_add(info.data_bytes % 2);
                continue;
            }
            if size <= LARGEST_CHUNK_READ.min(info.file_bytes - at) {
                let mut content = vec![0u8; size as usize];
                from.read_exact(&mut content)?;
                info.take(id, at, &content, &mut long_data);
            }
            at = at.saturating_add(size + size % 2);
        }
        Ok(Some(info))
    }

    fn take(&mut self, id: [u8; 4], at: u64, content: &[u8], long_data: &mut Option<u64>) {
        match &id {
            b"ds64" if content.len() >= 16 => {
                *long_data = content[8..16].try_into().ok().map(u64::from_le_bytes)
            }
            b"fmt " if content.len() >= 16 => {
                let u16_at = |i: usize| u16::from_le_bytes([content[i], content[i + 1]]);
                self.format_tag = u16_at(0);
                self.channels = u16_at(2);
                self.sample_rate_hz = u32::from_le_bytes([content[4], content[5], content[6], content[7]]);
                self.frame_bytes = u16_at(12);
                self.bits = u16_at(14);
            }
            b"fact" => {
                self.fact_frames = content.get(..4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes)
            }
            b"bext" => {
                self.bext_at = Some(at);
                self.bext = Bext::from_bytes(content);
            }
            b"LIST" if content.starts_with(b"INFO") => self.info = info_fields(&content[4..]),
            b"axml" => {
                let text = String::from_utf8_lossy(content);
                self.isrc = text.split_once("ISRC:").and_then(|(_, t)| t.get(..12)).map(str::to_owned);
            }
            _ => {}
        }
    }
}

fn info_fields(mut rest: &[u8]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(8) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let Some(content) = tail.get(..size) else { break };
        let text = String::from_utf8_lossy(content).trim_end_matches('\0').to_owned();
        fields.push((String::from_utf8_lossy(&head[..4]).into_owned(), text));
        rest = tail.get(size + size % 2..).unwrap_or(&[]);
    }
    fields
}

/// Reads the sound of a WAV file of ours back in chunks, in the numbers a [`Chunk`] of its format holds.
///
/// # Errors
/// What the system said, or what `each` said.
pub fn read_back(
    path: &Path,
    format: SampleFormat,
    mut each: impl FnMut(&Chunk<'_>) -> Result<(), DeliverError>,
) -> Result<u64, DeliverError> {
    let info = WavInfo::read(path)?;
    let in_context = |e| DeliverError::from_io(path, e);
    let mut file = BufReader::new(File::open(path).map_err(in_context)?);
    file.seek(SeekFrom::Start(info.data_at)).map_err(in_context)?;
    let frame_bytes = format.bytes() * CHANNELS;
    let mut sound = file.take(info.data_bytes);
    let mut bytes = Vec::new();
    let mut frames = 0u64;
    loop {
        bytes.clear();
        let mut part = (&mut sound).take((frame_bytes * 8192) as u64);
        part.read_to_end(&mut bytes).map_err(in_context)?;
        let whole = bytes.len() / frame_bytes;
        if whole == 0 {
            return Ok(frames);
        }
        unpack(format, &bytes[..whole * frame_bytes], &mut each)?;
        frames += whole as u64;
    }
}

fn unpack(
    format: SampleFormat,
    bytes: &[u8],
    each: &mut impl FnMut(&Chunk<'_>) -> Result<(), DeliverError>,
) -> Result<(), DeliverError> {
    if let Some(bits) = format.integer_bits() {
        let value = |b: &[u8]| match format {
            SampleFormat::Int16 => i32::from(i16::from_le_bytes([b[0], b[1]])),
            SampleFormat::Int20 => i24_from_le([b[0], b[1], b[2]]) >> 4,
            SampleFormat::Int24 => i24_from_le([b[0], b[1], b[2]]),
            _ => i32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        };
        let size = format.bytes();
        let frames: Vec<[i32; 2]> =
            bytes.chunks_exact(2 * size).map(|f| [value(&f[..size]), value(&f[size..])]).collect();
        return each(&Chunk::Int { frames: &frames, bits });
    }
    let size = format.bytes();
    let value = |b: &[u8]| match format {
        SampleFormat::Float32 => f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        _ => f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]),
    };
    let (left, right): (Vec<f64>, Vec<f64>) =
        bytes.chunks_exact(2 * size).map(|f| (value(&f[..size]), value(&f[size..]))).unzip();
    each(&Chunk::Float { left: &left, right: &right })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn frames() -> Vec<[i32; 2]> {
        vec![[0, -1], [32_767, -32_768], [12_345, -12_345]]
    }

    fn bext() -> Bext {
        Bext {
            description: "Nächte - Title".into(),
            originator: "Glassmaster".into(),
            reference: "CAT-03".into(),
            date: "2026-11-20".into(),
            time: "10:20:30".into(),
            time_reference: 5_000_000_000,
            coding_history: "A=PCM,F=44100,W=16,M=stereo,T=x\r\n".into(),
            loudness: BextLoudness::default(),
        }
    }

    fn write(spec: WavSpec, loudness: Option<&BextLoudness>) -> Vec<u8> {
        let bits = spec.format.integer_bits().unwrap();
        let mut writer = WavWriter::new(Cursor::new(Vec::new()), spec).unwrap();
        writer.write(&Chunk::Int { frames: &frames(), bits }).unwrap();
        writer.finish(loudness).unwrap().into_inner()
    }

    fn parse(bytes: &[u8]) -> WavInfo {
        WavInfo::parse(Cursor::new(bytes)).unwrap().unwrap()
    }

    #[test]
    fn without_tags_the_header_is_the_classic_44_bytes() {
        let bytes = write(WavSpec::new(SampleFormat::Int16, SampleRate::CD, 3), None);
        let want: [u8; 44] = [
            b'R', b'I', b'F', b'F', 48, 0, 0, 0, b'W', b'A', b'V', b'E', b'f', b'm', b't', b' ', 16, 0, 0, 0,
            1, 0, 2, 0, 0x44, 0xac, 0, 0, 0x10, 0xb1, 2, 0, 4, 0, 16, 0, b'd', b'a', b't', b'a', 12, 0, 0, 0,
        ];
        assert_eq!(bytes[..44], want);
        assert_eq!(bytes[44..], [0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0x80, 0x39, 0x30, 0xc7, 0xcf]);
    }

    #[test]
    fn bext_stands_where_tech_3285_says() {
        let tags = WavTags { bext: bext(), ..WavTags::default() };
        let spec = WavSpec { tags: Some(tags), ..WavSpec::new(SampleFormat::Int24, SampleRate::CD, 3) };
        let loudness = BextLoudness {
            integrated_lufs: Some(-14.256),
            range_lu: Some(6.5),
            max_true_peak_dbtp: Some(-1.0),
            max_momentary_lufs: None,
            max_short_term_lufs: Some(f64::NEG_INFINITY),
        };
        let bytes = write(spec, Some(&loudness));
        assert_eq!(&bytes[12..16], b"bext");
        let chunk = &bytes[20..];
        assert_eq!(&chunk[..15], b"Nachte - Title\0");
        assert_eq!(&chunk[320..338], b"2026-11-2010:20:30");
        assert_eq!(chunk[338..346], 5_000_000_000u64.to_le_bytes());
        assert_eq!(chunk[346..348], [2, 0]);
        let at = |i: usize| i16::from_le_bytes([chunk[412 + 2 * i], chunk[413 + 2 * i]]);
        assert_eq!([at(0), at(1), at(2), at(3), at(4)], [-1426, 650, -100, 0x7fff, 0x7fff]);
        assert_eq!(&chunk[602..607], b"A=PCM");
        let read = parse(&bytes).bext.unwrap();
        assert_eq!(read.loudness.integrated_lufs, Some(-14.26));
        assert_eq!(read.loudness.max_momentary_lufs, None);
        assert_eq!(read.time_reference, 5_000_000_000);
    }

    #[test]
    fn a_file_that_outgrows_the_limit_becomes_rf64() {
        let spec = WavSpec {
            expected_frames: None,
            riff_limit: 80,
            ..WavSpec::new(SampleFormat::Int24, SampleRate::CD, 0)
        };
        let small = write(WavSpec { riff_limit: 1000, ..spec.clone() }, None);
        assert_eq!((&small[..4], &small[12..16]), (&b"RIFF"[..], &b"JUNK"[..]));
        assert_eq!(parse(&small).frames(), 3);

        let large = write(spec, None);
        assert_eq!((&large[..4], &large[4..8], &large[12..16]), (&b"RF64"[..], &[0xff; 4][..], &b"ds64"[..]));
        let u64_at = |at: usize| u64::from_le_bytes(large[at..at + 8].try_into().unwrap());
        assert_eq!((u64_at(20), u64_at(28), u64_at(36)), (large.len() as u64 - 8, 18, 3));
        let info = parse(&large);
        assert!(info.is_rf64);
        assert_eq!((info.frames(), info.data_at + info.data_bytes), (3, large.len() as u64));
    }

    #[test]
    fn four_gigabytes_announced_reserve_the_room_for_rf64() {
        let frames = u64::from(u32::MAX) / 4;
        let spec = WavSpec::new(SampleFormat::Int16, SampleRate::CD, frames);
        let writer = WavWriter::new(Cursor::new(Vec::new()), spec).unwrap();
        assert_eq!(&writer.out.get_ref()[12..16], b"JUNK");
        // Unannounced growth is an error, never a wrong header.
        let spec = WavSpec { riff_limit: 56, ..WavSpec::new(SampleFormat::Int16, SampleRate::CD, 1) };
        let mut writer = WavWriter::new(Cursor::new(Vec::new()), spec).unwrap();
        writer.write(&Chunk::Int { frames: &self::frames().repeat(2), bits: 16 }).unwrap();
        assert_eq!(writer.finish(None).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn tags_and_codes_come_back() {
        let tags = WavTags {
            bext: bext(),
            info: vec![("INAM", "Déjà".into()), ("IART", "X".into())],
            isrc: Some("USABC1100003".into()),
        };
        let spec = WavSpec { tags: Some(tags), ..WavSpec::new(SampleFormat::Int16, SampleRate::CD, 3) };
        let bytes = write(spec, None);
        let info = parse(&bytes);
        assert_eq!(info.info, [("INAM".into(), "Déjà".into()), ("IART".into(), "X".into())]);
        assert_eq!(info.isrc.as_deref(), Some("USABC1100003"));
        assert_eq!((info.frames(), info.bits, info.format_tag), (3, 16, 1));
    }

    #[test]
    fn no_truncation_and_no_lie_upsets_the_reader() {
        let tags =
            WavTags { bext: bext(), info: vec![("INAM", "t".into())], isrc: Some("USABC1100003".into()) };
        let spec = WavSpec { tags: Some(tags), ..WavSpec::new(SampleFormat::Int16, SampleRate::CD, 3) };
        let bytes = write(spec, None);
        for end in 0..bytes.len() {
            drop(WavInfo::parse(Cursor::new(&bytes[..end])));
        }
        for at in 0..bytes.len() - 4 {
            let mut bent = bytes.clone();
            bent[at..at + 4].fill(0xff);
            drop(WavInfo::parse(Cursor::new(&bent)));
        }
    }

    #[test]
    fn loudness_is_patched_into_a_finished_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let tags = WavTags { bext: bext(), ..WavTags::default() };
        let spec = WavSpec { tags: Some(tags), ..WavSpec::new(SampleFormat::Int16, SampleRate::CD, 3) };
        std::fs::write(file.path(), write(spec, None)).unwrap();
        let loudness = BextLoudness { integrated_lufs: Some(-9.5), ..BextLoudness::default() };
        patch_loudness(file.path(), &loudness).unwrap();
        assert_eq!(WavInfo::read(file.path()).unwrap().bext.unwrap().loudness, loudness);
    }

    /// Takes so many bytes and is full then.
    struct SmallDisk {
        room: usize,
    }

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for SmallDisk {
        fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }

    #[test]
    fn a_full_disk_is_said_as_such() {
        let spec = WavSpec::new(SampleFormat::Int16, SampleRate::CD, 3);
        let mut writer = WavWriter::new(SmallDisk { room: 50 }, spec.clone()).unwrap();
        let error = writer.write(&Chunk::Int { frames: &frames(), bits: 16 }).unwrap_err();
        let line = DeliverError::from_io(Path::new("/m/a.wav"), error).to_string();
        assert_eq!(line, "/m/a.wav: no space left on the disk; make room or choose another disk");
        assert!(WavWriter::new(SmallDisk { room: 10 }, spec).is_err());
    }
}
