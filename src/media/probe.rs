//! What is this file? Its content decides, never its name; nothing is decoded.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::TaggedFileExt;
use lofty::probe::Probe;
use lofty::tag::{Accessor, ItemKey, Tag};

use super::coded::CodedReader;
use super::facts::{Format, Note, Tags};
use super::pcm::Layout;
use super::{FileFacts, SourceError, aiff, wav};

/// First bytes looked at.
const HEAD_BYTES: u64 = 4096;

/// Files that are often sent and not read here: bytes, their place, and what to say.
const REFUSALS: &[(usize, &[u8], &str)] = &[
    (0, b"DSD ", "DSD audio (DSF) is not read; ask for PCM: WAV, AIFF or FLAC"),
    (0, b"FRM8", "DSD audio (DFF) is not read; ask for PCM: WAV, AIFF or FLAC"),
    (0, b"wvpk", "WavPack is not read; ask for WAV, AIFF or FLAC"),
    (0, b"MAC ", "Monkey's Audio is not read; ask for WAV, AIFF or FLAC"),
    (0, b"TTA1", "TTA is not read; ask for WAV, AIFF or FLAC"),
    (0, b"riff\x2E\x91\xCF\x11", "Wave64 is not read; ask for WAV, RF64 or FLAC"),
    (0, b"caff", "Core Audio Format is not read; ask for WAV, AIFF or FLAC"),
    (0, b"RIFX", "big-endian WAVE (RIFX) is not read; ask for WAV"),
    (0, b"\x30\x26\xB2\x75", "Windows Media is not read; ask for WAV, AIFF or FLAC"),
    (0, b"\x1A\x45\xDF\xA3", "Matroska is not read; ask for WAV, AIFF or FLAC"),
    (0, b".snd", "AU is not read; ask for WAV, AIFF or FLAC"),
    (0, b"MThd", "a MIDI file holds no audio; ask for a mix"),
    (0, b"%PDF", "a PDF, not an audio file"),
    (0, b"\x89PNG", "a picture, not an audio file"),
    (0, b"\xFF\xD8\xFF", "a picture, not an audio file"),
    (0, b"PK\x03\x04", "a zip archive; import it as a whole"),
];

/// How the frames of an examined file are reached.
pub(super) enum Content {
    /// Plain samples.
    Pcm(Layout),
    /// To be decoded.
    Coded(Box<CodedReader>),
}

/// Finds out what a file is without decoding it.
///
/// # Errors
/// [`SourceError::Missing`], [`SourceError::Empty`], [`SourceError::Channels`], [`SourceError::Unsupported`] (with what
/// it is), [`SourceError::Damaged`] where the headers are broken, [`SourceError::Io`].
pub fn probe(path: &Path) -> Result<FileFacts, SourceError> {
    examine(path).map(|(facts, _)| facts)
}

/// The facts, and the place of plain samples if that is what the file holds.
pub(super) fn examine_pcm(path: &Path) -> Result<Option<(FileFacts, Layout)>, SourceError> {
    let head = read_head(path)?;
    if wav::is_wave(&head) {
        wav::read_headers(path).map(Some)
    } else if aiff::is_aiff(&head) {
        aiff::read_headers(path).map(Some)
    } else {
        Ok(None)
    }
}

pub(super) fn examine(path: &Path) -> Result<(FileFacts, Content), SourceError> {
    let (mut facts, content) = match examine_pcm(path)? {
        Some((facts, layout)) => (facts, Content::Pcm(layout)),
        None => examine_coded(path)?,
    };
    merge_tags(&mut facts.tags, read_tags(path, facts.format));
    if let Some(note) = wrong_extension(path, facts.format) {
        facts.notes.push(note);
    }
    Ok((facts, content))
}

fn examine_coded(path: &Path) -> Result<(FileFacts, Content), SourceError> {
    let bytes = std::fs::metadata(path).map_err(|e| SourceError::from_io(path, e))?.len();
    refuse_known(path, &read_head(path)?)?;
    let reader = CodedReader::open(path)?;
    let coded = reader.facts().clone();
    let facts = FileFacts {
        format: coded.format,
        rate: coded.rate,
        channels: coded.channels,
        bits: coded.bits,
        float: false,
        frames: coded.frames,
        bytes,
        tags: Tags::default(),
        bext: None,
        ixml: None,
        notes: coded.notes,
    };
    Ok((facts, Content::Coded(Box::new(reader))))
}

fn read_head(path: &Path) -> Result<Vec<u8>, SourceError> {
    let mut file = File::open(path).map_err(|e| SourceError::from_io(path, e))?;
    let meta = file.metadata().map_err(|e| SourceError::from_io(path, e))?;
    if meta.is_dir() {
        return Err(unsupported(path, "a folder, not an audio file"));
    }
    if meta.len() == 0 {
        let detail = "it is zero bytes long; ask for it again".to_owned();
        return Err(SourceError::Empty { path: path.to_path_buf(), detail });
    }
    read_at(&mut file, 0).map_err(|e| SourceError::from_io(path, e))
}

fn read_at(file: &mut File, at: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(HEAD_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Lets only what looks like audio through to the decoders, which would find MP3 in any noise.
fn refuse_known(path: &Path, head: &[u8]) -> Result<(), SourceError> {
    let matches = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|h| h.starts_with(magic));
    if let Some((.., say)) = REFUSALS.iter().find(|(at, magic, _)| matches(*at, magic)) {
        return Err(unsupported(path, say));
    }
    if matches(0, b"OggS") && head.windows(8).any(|w| w == b"OpusHead") {
        return Err(unsupported(path, "Opus is not read; ask for WAV, AIFF or FLAC"));
    }
    if matches(0, b"fLaC") || matches(0, b"OggS") || matches(4, b"ftyp") || is_mpeg_sync(head) {
        return Ok(());
    }
    let id3 = id3_bytes(head);
    // Junk before the first MPEG frame is common in files that at least claim to be MPEG.
    if id3 > 0 || matches!(extension(path).as_str(), "mp3" | "mp2" | "mp1" | "aac") {
        let mut file = File::open(path).map_err(|e| SourceError::from_io(path, e))?;
        let after = read_at(&mut file, id3).map_err(|e| SourceError::from_io(path, e))?;
        if after.starts_with(b"fLaC") || after.windows(2).any(is_mpeg_sync) {
            return Ok(());
        }
    }
    Err(unsupported(
        path,
        "not an audio file of a kind that is read (WAV, AIFF, FLAC, ALAC, AAC, MP3, Ogg Vorbis)",
    ))
}

/// Eleven or twelve set bits open an MPEG audio or ADTS frame; layer and version fields may not be reserved.
fn is_mpeg_sync(head: &[u8]) -> bool {
    matches!(head, [0xFF, second, ..] if second & 0xE0 == 0xE0 && second & 0x18 != 0x08 && *second != 0xFF)
}

/// Bytes of an ID3v2 tag at the start of a file (seven-bit sizes), 0 where there is none.
pub(super) fn id3_bytes(head: &[u8]) -> u64 {
    match head {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] => {
            let size = [a, b, c, d].iter().fold(0u64, |n, b| n << 7 | u64::from(**b & 0x7F));
            let footer = if flags & 0x10 != 0 { 10 } else { 0 };
            size + 10 + footer
        }
        _ => 0,
    }
}

fn unsupported(path: &Path, detail: &str) -> SourceError {
    SourceError::Unsupported { path: path.to_path_buf(), detail: detail.to_owned() }
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn wrong_extension(path: &Path, format: Format) -> Option<Note> {
    let extension = extension(path);
    let fits = extension.is_empty() || format.extensions().contains(&extension.as_str());
    (!fits).then_some(Note::WrongExtension { extension, format })
}

/// Tags through lofty. Trouble with tags never keeps audio out: then there are none.
fn read_tags(path: &Path, format: Format) -> Tags {
    let read = || {
        let options = ParseOptions::new().read_properties(false).read_cover_art(false);
        let file = Probe::open(path).ok()?.options(options).guess_file_type().ok()?.read().ok()?;
        Some(file.primary_tag().or_else(|| file.first_tag()).map(tags_from).unwrap_or_default())
    };
    // lofty reads WAVE chunk sizes as they are written, which is not for RF64; INFO was read by our own reader.
    if matches!(format, Format::Rf64 | Format::Bw64) {
        return Tags::default();
    }
    catch_unwind(AssertUnwindSafe(read)).ok().flatten().unwrap_or_default()
}

fn tags_from(tag: &Tag) -> Tags {
    let text = |key: ItemKey| tag.get_string(key).unwrap_or_default().trim().to_owned();
    Tags {
        title: text(ItemKey::TrackTitle),
        artist: text(ItemKey::TrackArtist),
        album: text(ItemKey::AlbumTitle),
        album_artist: text(ItemKey::AlbumArtist),
        composer: text(ItemKey::Composer),
        isrc: text(ItemKey::Isrc),
        track_number: tag.track().unwrap_or(0),
        date: text(ItemKey::RecordingDate),
        genre: text(ItemKey::Genre),
        comment: text(ItemKey::Comment),
        copyright: text(ItemKey::CopyrightMessage),
    }
}

/// Fills what is empty.
fn merge_tags(tags: &mut Tags, more: Tags) {
    let pairs = [
        (&mut tags.title, more.title),
        (&mut tags.artist, more.artist),
        (&mut tags.album, more.album),
        (&mut tags.album_artist, more.album_artist),
        (&mut tags.composer, more.composer),
        (&mut tags.isrc, more.isrc),
        (&mut tags.date, more.date),
        (&mut tags.genre, more.genre),
        (&mut tags.comment, more.comment),
        (&mut tags.copyright, more.copyright),
    ];
    for (mine, theirs) in pairs {
        if mine.is_empty() {
            *mine = theirs;
        }
    }
    if tags.track_number == 0 {
        tags.track_number = more.track_number;
    }
}
