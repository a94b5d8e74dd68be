//! MP3 references through LAME: constant bit rate, best quality, gapless.
//!
//! The encoder is fed 64-bit floats, never a 16-bit copy. Its first frame is a placeholder of the right size, over which
//! the LAME tag (frames, delay, padding, CRC) is written at the end: with it a player gives back exactly the frames that
//! went in. The ID3v2.3 tag stands in front. LAME is LGPL and sits behind the feature `mp3`; without it everything here
//! still reads, and writing says what is missing.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
#[cfg(feature = "mp3")]
use std::io::{SeekFrom, Write};
use std::path::Path;

use super::DeliverError;
use crate::units::SampleRate;

/// Bit rates offered, kbit/s.
pub const BIT_RATES: &[&str] = &["320", "256", "192", "128"];

/// Whether this build can write MP3.
pub const fn is_available() -> bool {
    cfg!(feature = "mp3")
}

/// What to tell a user whose build cannot.
pub const UNAVAILABLE: &str = "this build cannot write MP3; build with the feature “mp3”";

/// The rate an MP3 of a session has: its own, or that of its family MP3 can hold (96 kHz becomes 48 kHz).
pub fn rate_for(session_rate: SampleRate) -> SampleRate {
    match session_rate.0 {
        48_000 | 96_000 | 192_000 => SampleRate(48_000),
        _ => SampleRate::CD,
    }
}

#[cfg(feature = "mp3")]
pub use encode::Mp3Writer;

#[cfg(feature = "mp3")]
mod encode {
    use lofty::config::WriteOptions;
    use lofty::id3::v2::Id3v2Tag;
    use lofty::tag::{Accessor, ItemKey, ItemValue, Tag, TagExt, TagItem, TagType};
    use mp3lame_encoder::{Bitrate, Builder, DualPcm, Encoder, FlushGap, Mode, Quality, VbrMode};

    use super::{DeliverError, SampleRate, Seek, SeekFrom, UNAVAILABLE, Write, io};
    use crate::deliver::Chunk;
    use crate::deliver::tags::Tags;

    /// Writes an MP3 file block by block.
    pub struct Mp3Writer<W> {
        out: W,
        encoder: Encoder,
        /// Where the first frame begins.
        stream_at: u64,
        encoded: Vec<u8>,
    }

    impl<W> std::fmt::Debug for Mp3Writer<W> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Mp3Writer").field("stream_at", &self.stream_at).finish_non_exhaustive()
        }
    }

    impl<W: Write + Seek> Mp3Writer<W> {
        /// Begins a file. `out` stands at the beginning of an empty file.
        ///
        /// # Errors
        /// What the writer said.
        pub fn new(mut out: W, rate: SampleRate, kbps: &str, tags: Option<&Tags>) -> io::Result<Self> {
            let encoder = lame(rate, kbps).map_err(|e| io::Error::other(e.to_string()))?;
            let id3 = match tags {
                Some(tags) => id3v2(tags)?,
                None => Vec::new(),
            };
            out.write_all(&id3)?;
            Ok(Self { out, encoder, stream_at: id3.len() as u64, encoded: Vec::new() })
        }

        /// Appends frames; floats, full scale ±1.0.
        ///
        /// # Errors
        /// What the writer said.
        pub fn write(&mut self, frames: &Chunk<'_>) -> io::Result<()> {
            let Chunk::Float { left, right } = frames else {
                return Err(io::Error::other("the MP3 encoder is fed floats only"));
            };
            // LAME's own bound for a call is 1.25 n + 7200 bytes.
            for (left, right) in left.chunks(1152).zip(right.chunks(1152)) {
                self.encoded.clear();
                self.encoded.reserve(left.len() * 5 / 4 + 7200);
                self.encoder.encode_to_vec(DualPcm { left, right }, &mut self.encoded).map_err(failed)?;
                self.out.write_all(&self.encoded)?;
            }
            Ok(())
        }

        /// Flushes the encoder, writes the LAME tag over its placeholder and gives the writer back.
        ///
        /// # Errors
        /// What the writer said.
        pub fn finish(mut self) -> io::Result<W> {
            self.encoded.clear();
            self.encoded.reserve(7200);
            self.encoder.flush_to_vec::<FlushGap>(&mut self.encoded).map_err(failed)?;
            self.out.write_all(&self.encoded)?;
            self.encoded.clear();
            self.encoded.reserve(self.encoder.lame_tag_size());
            self.encoder
                .lame_tag_encode_to_vec(&mut self.encoded)
                .ok_or_else(|| io::Error::other("LAME gave no tag for the first frame"))?;
            self.out.seek(SeekFrom::Start(self.stream_at))?;
            self.out.write_all(&self.encoded)?;
            self.out.seek(SeekFrom::End(0))?;
            self.out.flush()?;
            Ok(self.out)
        }
    }

    fn failed(error: mp3lame_encoder::EncodeError) -> io::Error {
        io::Error::other(format!("LAME: {error}"))
    }

    fn lame(rate: SampleRate, kbps: &str) -> Result<Encoder, DeliverError> {
        let bit_rate = match kbps {
            "320" => Bitrate::Kbps320,
            "256" => Bitrate::Kbps256,
            "192" => Bitrate::Kbps192,
            "128" => Bitrate::Kbps128,
            other => return Err(DeliverError::Refused(format!("there is no MP3 bit rate {other} here"))),
        };
        let built = Builder::new().ok_or_else(|| DeliverError::Refused(UNAVAILABLE.to_owned()))?;
        (|| {
            built
                .with_num_channels(2)?
                .with_sample_rate(rate.0)?
                // The same, or LAME would convert the rate by its own means.
                .with_output_sample_rate(std::num::NonZeroU32::new(rate.0))?
                .with_vbr_mode(VbrMode::Off)?
                .with_brate(bit_rate)?
                .with_mode(Mode::JointStereo)?
                .with_quality(Quality::Best)?
                .with_to_write_vbr_tag(true)?
                .build()
        })()
        .map_err(|e: mp3lame_encoder::BuildError| DeliverError::Refused(format!("LAME: {e}")))
    }

    /// The bytes of an ID3v2.3 tag, which every player reads.
    fn id3v2(tags: &Tags) -> io::Result<Vec<u8>> {
        let mut tag = Tag::new(TagType::Id3v2);
        let fields = [
            (ItemKey::TrackTitle, &tags.title),
            (ItemKey::TrackSubtitle, &tags.version),
            (ItemKey::TrackArtist, &tags.artist),
            (ItemKey::AlbumTitle, &tags.album),
            (ItemKey::AlbumArtist, &tags.album_artist),
            (ItemKey::Isrc, &tags.isrc),
            (ItemKey::Barcode, &tags.barcode),
            (ItemKey::Composer, &tags.composer),
            (ItemKey::Lyricist, &tags.lyricist),
            (ItemKey::CopyrightMessage, &tags.copyright),
            (ItemKey::RecordingDate, &tags.date),
            (ItemKey::Genre, &tags.genre),
            (ItemKey::Publisher, &tags.label),
            (ItemKey::CatalogNumber, &tags.catalog),
            (ItemKey::Comment, &tags.comment),
        ];
        for (key, text) in fields {
            if !text.is_empty() {
                tag.push(TagItem::new(key, ItemValue::Text(text.clone())));
            }
        }
        if let Some((number, total)) = tags.track {
            tag.set_track(number);
            tag.set_track_total(total);
        }
        let mut bytes = Vec::new();
        let options = WriteOptions::new().use_id3v23(true);
        Id3v2Tag::from(tag).dump_to(&mut bytes, options).map_err(|e| io::Error::other(e.to_string()))?;
        Ok(bytes)
    }
}

/// What the frames of an MP3 file say, read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mp3Info {
    /// Rate.
    pub sample_rate_hz: u32,
    /// Bit rate of the first frame of sound, kbit/s.
    pub kbps: u32,
    /// Frames of sound (of 1152 samples) that stand in the file.
    pub mp3_frames: u64,
    /// Frames of sound the LAME tag promises.
    pub tagged_frames: u64,
    /// Encoder delay, samples.
    pub delay: u32,
    /// Padding at the end, samples.
    pub padding: u32,
}

impl Mp3Info {
    /// Samples a gapless player gives back.
    pub fn gapless_frames(&self) -> u64 {
        (self.mp3_frames * 1152).saturating_sub(u64::from(self.delay) + u64::from(self.padding))
    }

    /// Walks every frame of an MPEG-1 Layer III file and reads its LAME tag. Memory is constant.
    ///
    /// # Errors
    /// [`DeliverError`]; refused with the place where a frame is missing.
    pub fn read(path: &Path) -> Result<Self, DeliverError> {
        let in_context = |e| DeliverError::from_io(path, e);
        let at_fault =
            |at: u64, what: &str| DeliverError::Refused(format!("{}: {what} at byte {at}", path.display()));
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(in_context)?);
        let end = file.get_ref().metadata().map_err(in_context)?.len();
        let mut at = id3v2_bytes(&peek(&mut file, 0, 10).map_err(in_context)?);
        let first = peek(&mut file, at, FrameHead::MAX_BYTES).map_err(in_context)?;
        let head = FrameHead::of(&first).ok_or_else(|| at_fault(at, "no MP3 frame"))?;
        let tag = first.get(..head.bytes as usize).ok_or_else(|| at_fault(at, "a cut frame"))?;
        let mut info = Self::from_lame_tag(tag).ok_or_else(|| at_fault(at, "no LAME tag"))?;
        info.sample_rate_hz = head.sample_rate_hz;
        at += head.bytes;
        while at < end {
            let next = peek(&mut file, at, 4).map_err(in_context)?;
            let head = FrameHead::of(&next).ok_or_else(|| at_fault(at, "no MP3 frame"))?;
            if at + head.bytes > end {
                return Err(at_fault(at, "a cut frame"));
            }
            info.kbps = head.kbps;
            info.mp3_frames += 1;
            at += head.bytes;
        }
        Ok(info)
    }

    /// Number of frames from the Xing header, delay and padding from LAME's extension of it (stereo MPEG-1: 36 bytes
    /// into the frame).
    fn from_lame_tag(frame: &[u8]) -> Option<Self> {
        let tag = frame.get(36..36 + 144)?;
        if !matches!(&tag[..4], b"Info" | b"Xing") || &tag[120..124] != b"LAME" {
            return None;
        }
        let trims = u32::from_be_bytes([0, tag[141], tag[142], tag[143]]);
        Some(Self {
            tagged_frames: u64::from(u32::from_be_bytes([tag[8], tag[9], tag[10], tag[11]])),
            delay: trims >> 12,
            padding: trims & 0xfff,
            ..Self::default()
        })
    }
}

/// Up to `len` bytes from `at` on, fewer at the end of the file. Going forwards costs no more than reading.
fn peek(file: &mut BufReader<File>, at: u64, len: u64) -> io::Result<Vec<u8>> {
    let here = file.stream_position()?;
    file.seek_relative(at.wrapping_sub(here).cast_signed())?;
    let mut bytes = Vec::new();
    file.by_ref().take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes of the ID3v2 tag in front, 0 without one.
fn id3v2_bytes(bytes: &[u8]) -> u64 {
    match bytes.get(..10) {
        Some(head) if head.starts_with(b"ID3") => {
            10 + head[6..10].iter().fold(0, |size, b| size << 7 | u64::from(b & 0x7f))
        }
        _ => 0,
    }
}

struct FrameHead {
    bytes: u64,
    kbps: u32,
    sample_rate_hz: u32,
}

impl FrameHead {
    /// The longest frame: 320 kbit/s at 32 kHz, padded.
    const MAX_BYTES: u64 = 1441;

    /// The header of an MPEG-1 Layer III frame (ISO 11172-3, 2.4.1.3).
    fn of(head: &[u8]) -> Option<Self> {
        const KBPS: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        if head.len() < 4 || head[0] != 0xff || head[1] & 0xfe != 0xfa {
            return None;
        }
        let kbps = *KBPS.get(usize::from(head[2] >> 4)).filter(|k| **k > 0)?;
        let sample_rate_hz = *[44_100, 48_000, 32_000].get(usize::from(head[2] >> 2 & 3))?;
        let padding = u32::from(head[2] >> 1 & 1);
        Some(Self { bytes: u64::from(144_000 * kbps / sample_rate_hz + padding), kbps, sample_rate_hz })
    }
}
