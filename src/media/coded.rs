//! FLAC, ALAC, AAC, MP3 and Ogg Vorbis through symphonia, with the checks it leaves to us.
//!
//! symphonia ends quietly where a file is cut or a block is bad. Here every block is held against its time stamp and
//! the sum against the header: what is missing in the middle is filled with silence so that the rest stays in its
//! place, and the first fault is reported *after* everything that could be decoded was delivered. FLAC is decoded with
//! its MD5. AAC is cut to the music by [`super::mp4`]. A panic inside a decoder becomes [`SourceError::Damaged`].

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::well_known as codec_ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::facts::{Format, Note};
use super::wav::{check_channels, check_rate};
use super::{SourceError, mp4};
use crate::units::SampleRate;

/// The longest hole in the time stamps that is filled with silence; a longer one is nonsense in a header.
const MAX_HOLE_FRAMES: u64 = 1 << 24;

/// What the container says.
#[derive(Debug, Clone)]
pub(super) struct CodedFacts {
    pub format: Format,
    pub rate: SampleRate,
    pub channels: u32,
    pub bits: u32,
    pub frames: u64,
    pub notes: Vec<Note>,
}

/// A coded file being decoded from its start.
pub(super) struct CodedReader {
    path: PathBuf,
    facts: CodedFacts,
    reader: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// Time stamps count frames (not so in a few MP4 files).
    stamped: bool,
    /// Decoded frames still to drop before the music.
    lead_in: u64,
    /// Frames to deliver at most.
    limit: Option<u64>,
    /// Frames the header promises; `None` where it promises nothing reliable.
    promised: Option<u64>,
    /// Frames delivered.
    delivered: u64,
    /// Frames decoded, with the lead-in: what the next time stamp should say.
    decoded: u64,
    fault: Option<Fault>,
    planes: Vec<Vec<f64>>,
    ended: bool,
}

/// The first thing that went wrong, and how many there were.
#[derive(Debug)]
struct Fault {
    frame: u64,
    detail: String,
    count: u64,
}

/// Everything known after opening a file and before decoding it.
struct Opened {
    reader: Box<dyn FormatReader>,
    params: AudioCodecParameters,
    track: u32,
    num_frames: Option<u64>,
    delay_known: bool,
}

impl CodedReader {
    /// Opens a file and finds its audio track. `format_hint` is what its first bytes say.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        guarded(path, || Self::open_unguarded(path))
    }

    fn open_unguarded(path: &Path) -> Result<Self, SourceError> {
        let opened = open_container(path)?;
        let format = format_of(path, opened.params.codec)?;
        refuse_sbr(path, format, &opened.params)?;
        let (rate, channels) = spec_of(path, &opened)?;
        let plan = plan_edges(path, format, rate, &opened)?;
        // symphonia cuts MP3 by an estimated length where there is no tag; then nothing may be cut.
        let gapless = format != Format::Mp3 || opened.delay_known;
        let options = AudioDecoderOptions::default().verify(true).gapless(gapless);
        let decoder = make_decoder(path, &opened.params, &options)?;
        let bits = bits_of(format, &opened.params);
        let frames = match plan.frames {
            Some(frames) => frames,
            None if format == Format::Vorbis => count_decoded(path)?,
            None => count_frames(path)?,
        };
        if frames == 0 {
            return Err(super::wav::empty(path, 0));
        }
        let facts = CodedFacts { format, rate, channels, bits, frames, notes: plan.notes };
        Ok(Self {
            path: path.to_path_buf(),
            facts,
            reader: opened.reader,
            decoder,
            track: opened.track,
            stamped: plan.stamped,
            lead_in: plan.lead_in,
            limit: plan.limit,
            promised: plan.frames,
            delivered: 0,
            decoded: 0,
            fault: None,
            planes: Vec::new(),
            ended: false,
        })
    }

    pub fn facts(&self) -> &CodedFacts {
        &self.facts
    }

    /// The next block into `out` (cleared first); 0 at the end.
    pub fn next(&mut self, out: &mut [Vec<f64>; 2]) -> Result<usize, SourceError> {
        out.iter_mut().for_each(Vec::clear);
        let path = self.path.clone();
        guarded(&path, || {
            while !self.ended && out[0].is_empty() {
                self.step(out)?;
            }
            if out[0].is_empty() {
                return self.finish();
            }
            self.delivered += out[0].len() as u64;
            Ok(out[0].len())
        })
    }

    /// Takes one packet.
    fn step(&mut self, out: &mut [Vec<f64>; 2]) -> Result<(), SourceError> {
        match self.reader.next_packet() {
            Ok(Some(packet)) if packet.track_id == self.track => self.take_packet(&packet, out),
            Ok(Some(_)) => (),
            Ok(None) => self.ended = true,
            Err(SymphoniaError::IoError(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                return Err(SourceError::Io { path: self.path.clone(), error });
            }
            Err(error) => {
                // At its end a cut file gives an error; a shorter length says so as well.
                self.ended = true;
                self.note_fault(&match error {
                    SymphoniaError::IoError(_) => "the file ends in the middle of a block".to_owned(),
                    SymphoniaError::ResetRequired => {
                        "another stream is chained behind; it is not read".to_owned()
                    }
                    other => other.to_string(),
                });
            }
        }
        Ok(())
    }

    fn take_packet(&mut self, packet: &Packet, out: &mut [Vec<f64>; 2]) {
        self.fill_hole(packet, out);
        let whole = packet.dur.get();
        match self.decoder.decode(packet) {
            Ok(buffer) => {
                let planes = buffer.num_planes() as u32;
                let rate = buffer.spec().rate();
                buffer.copy_to_vecs_planar(&mut self.planes);
                if planes != self.facts.channels || rate != self.facts.rate.0 {
                    self.note_fault("channels or rate change in the middle of the file");
                    self.ended = true;
                    return;
                }
            }
            Err(error) => {
                self.note_fault(&format!("a block cannot be decoded ({error})"));
                let silent = if self.stamped { whole.min(MAX_HOLE_FRAMES) as usize } else { 0 };
                self.planes.clear();
                self.planes.resize_with(self.facts.channels as usize, || vec![0.0; silent]);
            }
        }
        let frames = self.planes.first().map_or(0, Vec::len);
        self.decoded += frames as u64;
        self.emit(frames, out);
    }

    /// Silence for blocks that the container lost: the next one says a later time than expected. Only FLAC stamps its
    /// blocks with their own number of the first frame.
    fn fill_hole(&mut self, packet: &Packet, out: &mut [Vec<f64>; 2]) {
        let expected = self.decoded.cast_signed();
        let Ok(hole) = u64::try_from(packet.pts.get().saturating_sub(expected)) else { return };
        if self.facts.format != Format::Flac || hole == 0 || hole > MAX_HOLE_FRAMES || self.past_promise(hole)
        {
            return;
        }
        self.note_fault(&format!("{hole} frames are missing and silent instead"));
        self.planes.clear();
        self.planes.resize_with(self.facts.channels as usize, || vec![0.0; hole as usize]);
        self.decoded += hole;
        self.emit(hole as usize, out);
    }

    fn past_promise(&self, hole: u64) -> bool {
        self.promised.is_some_and(|p| self.decoded + hole > p.saturating_add(self.lead_in))
    }

    /// Moves decoded planes to the output, without lead-in and behind-the-end frames; mono to both sides.
    fn emit(&mut self, frames: usize, out: &mut [Vec<f64>; 2]) {
        let skip = (frames as u64).min(self.lead_in);
        self.lead_in -= skip;
        let done = self.delivered + out[0].len() as u64;
        let room = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(done));
        let keep = (frames as u64 - skip).min(room) as usize;
        let range = skip as usize..skip as usize + keep;
        let (Some(left), Some(right)) = (self.planes.first(), self.planes.last()) else { return };
        out[0].extend_from_slice(&left[range.clone()]);
        out[1].extend_from_slice(&right[range]);
    }

    fn note_fault(&mut self, detail: &str) {
        let frame = self.decoded.saturating_sub(self.lead_in).min(self.facts.frames);
        let fault = self.fault.get_or_insert_with(|| Fault { frame, detail: detail.to_owned(), count: 0 });
        fault.count += 1;
    }

    /// At the end: what the checks say.
    fn finish(&mut self) -> Result<usize, SourceError> {
        if let Some(promised) = self.promised
            && self.delivered < promised
        {
            let said = self.fault.take().map(|f| format!("; {}", f.detail)).unwrap_or_default();
            let detail = format!("{} of {promised} frames are there{said}", self.delivered);
            return Err(self.damaged(self.delivered, detail));
        }
        if let Some(fault) = self.fault.take() {
            let more =
                if fault.count > 1 { format!(" ({} faults in all)", fault.count) } else { String::new() };
            return Err(self.damaged(fault.frame, fault.detail + &more));
        }
        if self.decoder.finalize().verify_ok == Some(false) {
            let detail = "the checksum (MD5) in the file is not that of its audio".to_owned();
            return Err(self.damaged(self.delivered, detail));
        }
        if self.delivered == 0 {
            return Err(super::wav::empty(&self.path, 0));
        }
        Ok(0)
    }

    fn damaged(&self, frame: u64, detail: String) -> SourceError {
        SourceError::Damaged { path: self.path.clone(), frame, detail }
    }
}

/// What is known of the edges of the audio.
#[derive(Default)]
struct Plan {
    frames: Option<u64>,
    lead_in: u64,
    limit: Option<u64>,
    stamped: bool,
    notes: Vec<Note>,
}

fn plan_edges(path: &Path, format: Format, rate: SampleRate, opened: &Opened) -> Result<Plan, SourceError> {
    let stamped = Plan { frames: opened.num_frames, stamped: true, ..Plan::default() };
    Ok(match format {
        Format::Aac => plan_aac(path, rate)?,
        Format::Vorbis => plan_vorbis(path, stamped)?,
        Format::Mp3 if opened.delay_known => stamped,
        Format::Mp3 => {
            let frames = if has_length_tag(path)? { opened.num_frames } else { None };
            Plan { frames, stamped: true, notes: vec![Note::UnknownDelay], ..Plan::default() }
        }
        _ => stamped,
    })
}

fn plan_aac(path: &Path, rate: SampleRate) -> Result<Plan, SourceError> {
    let unknown = Plan { notes: vec![Note::UnknownDelay], ..Plan::default() };
    let Some(track) = mp4::read_audio_track(path)? else { return Ok(unknown) };
    if track.timescale != rate.0 || track.media_ticks == 0 {
        return Ok(unknown);
    }
    Ok(match track.edges {
        Some(edges) => Plan {
            frames: Some(edges.length),
            lead_in: edges.lead_in,
            limit: Some(edges.length),
            stamped: true,
            notes: Vec::new(),
        },
        None => Plan { frames: None, stamped: true, ..unknown },
    })
}

/// The last page of an Ogg stream tells its length. Streams that were cut and joined have pages whose times go backwards,
/// and then more frames than that: nothing is cut off, they are counted instead.
fn plan_vorbis(path: &Path, stamped: Plan) -> Result<Plan, SourceError> {
    match stamped.frames {
        Some(frames) if count_frames(path)? <= frames => Ok(stamped),
        _ => Ok(Plan { frames: None, notes: vec![Note::UnknownLength], ..stamped }),
    }
}

/// A file from behind the ID3v2 tags at its head. Our symphonia reads none, and would look for blocks inside a tag, where
/// pictures and the byte order marks of UTF-16 texts look like MPEG headers.
struct Untagged {
    file: File,
    /// Where the sound begins.
    start: u64,
}

impl Untagged {
    /// Tags that are passed over; a file with more of them is no music.
    const MOST_TAGS: usize = 8;

    fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let mut start = 0;
        for _ in 0..Self::MOST_TAGS {
            file.seek(SeekFrom::Start(start))?;
            let mut head = Vec::new();
            file.by_ref().take(10).read_to_end(&mut head)?;
            match super::probe::id3_bytes(&head) {
                0 => break,
                bytes => start += bytes,
            }
        }
        file.seek(SeekFrom::Start(start))?;
        Ok(Self { file, start })
    }
}

impl Read for Untagged {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(bytes)
    }
}

impl Seek for Untagged {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => self.file.seek(SeekFrom::Start(at.saturating_add(self.start)))?,
            other => self.file.seek(other)?,
        };
        at.checked_sub(self.start).ok_or_else(|| std::io::ErrorKind::InvalidInput.into())
    }
}

impl MediaSource for Untagged {
    fn is_seekable(&self) -> bool {
        self.file.is_seekable()
    }

    fn byte_len(&self) -> Option<u64> {
        self.file.byte_len().map(|bytes| bytes.saturating_sub(self.start))
    }
}

fn open_container(path: &Path) -> Result<Opened, SourceError> {
    let file = Untagged::open(path).map_err(|e| SourceError::from_io(path, e))?;
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let reader = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|e| container_error(path, e))?;
    let none = || unsupported(path, "no audio track in this file");
    let track = reader.default_track(TrackType::Audio).ok_or_else(none)?;
    let params = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(none)?.clone();
    let (id, num_frames, delay_known) = (track.id, track.num_frames, track.delay.is_some());
    let num_frames = num_frames.filter(|n| *n > 0);
    Ok(Opened { params, track: id, num_frames, delay_known, reader })
}

fn container_error(path: &Path, error: SymphoniaError) -> SourceError {
    match error {
        SymphoniaError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            SourceError::from_io(path, error)
        }
        SymphoniaError::Unsupported(what) if !what.contains("missing") => {
            unsupported(path, &format!("not a file that can be read ({what})"))
        }
        other => SourceError::Damaged {
            path: path.to_path_buf(),
            frame: 0,
            detail: format!("its headers cannot be read ({other}); the file may be cut off"),
        },
    }
}

fn unsupported(path: &Path, detail: &str) -> SourceError {
    SourceError::Unsupported { path: path.to_path_buf(), detail: detail.to_owned() }
}

fn format_of(path: &Path, codec: AudioCodecId) -> Result<Format, SourceError> {
    Ok(match codec {
        codec_ids::CODEC_ID_FLAC => Format::Flac,
        codec_ids::CODEC_ID_ALAC => Format::Alac,
        codec_ids::CODEC_ID_AAC => Format::Aac,
        codec_ids::CODEC_ID_MP1 | codec_ids::CODEC_ID_MP2 | codec_ids::CODEC_ID_MP3 => Format::Mp3,
        codec_ids::CODEC_ID_VORBIS => Format::Vorbis,
        codec_ids::CODEC_ID_OPUS => {
            return Err(unsupported(path, "Opus is not read; ask for WAV, AIFF or FLAC"));
        }
        _ => return Err(unsupported(path, "its coding is not read; ask for WAV, AIFF or FLAC")),
    })
}

/// HE-AAC would come out at half its bandwidth: refused rather than misread. The object type is in the upper five bits.
fn refuse_sbr(path: &Path, format: Format, params: &AudioCodecParameters) -> Result<(), SourceError> {
    let object_type = params.extra_data.as_ref().and_then(|d| d.first()).map_or(2, |b| b >> 3);
    if format == Format::Aac && matches!(object_type, 5 | 29) {
        return Err(unsupported(path, "HE-AAC is not read; ask for WAV, AIFF or FLAC"));
    }
    Ok(())
}

/// Significant bits of a lossless file. ALAC tells them in its cookie: frame length `u32`, version `u8`, bits `u8`.
fn bits_of(format: Format, params: &AudioCodecParameters) -> u32 {
    let cookie = || params.extra_data.as_ref().and_then(|d| d.get(5)).map(|b| u32::from(*b));
    match format {
        Format::Alac => cookie().unwrap_or(0),
        Format::Flac => params.bits_per_sample.unwrap_or(0),
        _ => 0,
    }
}

/// Rate and channels: from the headers, or from the first decoded block.
fn spec_of(path: &Path, opened: &Opened) -> Result<(SampleRate, u32), SourceError> {
    let channels = opened.params.channels.as_ref().map(|c| c.count() as u32);
    let (rate_hz, channels) = match (opened.params.sample_rate, channels) {
        (Some(rate), Some(channels)) => (rate, channels),
        _ => decoded_spec(path)?,
    };
    check_channels(path, channels)?;
    Ok((check_rate(path, rate_hz)?, channels))
}

fn decoded_spec(path: &Path) -> Result<(u32, u32), SourceError> {
    let mut opened = open_container(path)?;
    let mut decoder = make_decoder(path, &opened.params, &AudioDecoderOptions::default())?;
    for _ in 0..64 {
        let packet = opened.reader.next_packet().map_err(|e| container_error(path, e))?;
        let Some(packet) = packet else { break };
        if packet.track_id != opened.track {
            continue;
        }
        if let Ok(buffer) = decoder.decode(&packet) {
            return Ok((buffer.spec().rate(), buffer.num_planes() as u32));
        }
    }
    Err(SourceError::Damaged {
        path: path.to_path_buf(),
        frame: 0,
        detail: "no block can be decoded".to_owned(),
    })
}

fn make_decoder(
    path: &Path,
    params: &AudioCodecParameters,
    options: &AudioDecoderOptions,
) -> Result<Box<dyn AudioDecoder>, SourceError> {
    symphonia::default::get_codecs().make_audio_decoder(params, options).map_err(|e| container_error(path, e))
}

/// Frames by walking over the packets without decoding: for files whose header does not say.
fn count_frames(path: &Path) -> Result<u64, SourceError> {
    let mut opened = open_container(path)?;
    let mut frames = 0u64;
    // Any error ends the walk; decoding will meet it again and report it.
    while let Ok(Some(packet)) = opened.reader.next_packet() {
        if packet.track_id == opened.track {
            // In symphonia 0.6.1 the `dur` of MP3 is that of the whole block, so `block_dur` counts what is trimmed twice.
            frames = frames.saturating_add(packet.dur.get());
        }
    }
    Ok(frames)
}

/// Frames by decoding: for the few Ogg files whose pages contradict each other.
fn count_decoded(path: &Path) -> Result<u64, SourceError> {
    let mut opened = open_container(path)?;
    let mut decoder = make_decoder(path, &opened.params, &AudioDecoderOptions::default())?;
    let mut frames = 0u64;
    while let Ok(Some(packet)) = opened.reader.next_packet() {
        if packet.track_id == opened.track {
            // A block that cannot be decoded becomes silence of its length.
            frames += decoder.decode(&packet).map_or(packet.dur.get(), |b| b.frames() as u64);
        }
    }
    Ok(frames)
}

/// Whether an MP3 opens with a Xing, Info or VBRI frame, which tells its length.
fn has_length_tag(path: &Path) -> Result<bool, SourceError> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        file.by_ref().take(10).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(super::probe::id3_bytes(&head)))?;
        let mut first = Vec::new();
        file.take(2048).read_to_end(&mut first)?;
        Ok(first)
    };
    let first = read().map_err(|e| SourceError::from_io(path, e))?;
    Ok(first.windows(4).any(|w| matches!(w, b"Xing" | b"Info" | b"VBRI")))
}

/// Runs `work`; a panic in it (a hostile file that found a hole in a decoder) becomes an error.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, SourceError>) -> Result<T, SourceError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let detail = "the decoder gave up on it".to_owned();
        Err(SourceError::Damaged { path: path.to_path_buf(), frame: 0, detail })
    })
}
