//! One audio file from its first frame to its name: encoder, measuring, checksum, and the reading back.
//!
//! The numbers that go in are hashed and measured; when the file stands under its name it is opened again, decoded, and
//! the numbers, codes and texts that come out are held against what went in.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lofty::file::TaggedFileExt;
use lofty::tag::{ItemKey, Tag};

use super::flac::FlacWriter;
use super::manifest::{AudioProof, Written};
#[cfg(feature = "mp3")]
use super::mp3::Mp3Writer;
use super::null_test::NullRecorder;
use super::tags::{Tags, program};
use super::wav::{Bext, BextLoudness, WavInfo, WavSpec, WavTags, WavWriter};
use super::writer::{PartFile, sha256_of_file};
use super::{Chunk, ConformReport, DeliverError, flac, mp3, wav};
use crate::audio::format::{SampleFormat, f64_from_int};
use crate::meter::analysis::{Analyzer, FileFacts, Measurements};
use crate::model::{Finding, Severity, SongId};
use crate::units::SampleRate;

/// Container and coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioKind {
    /// WAV, BWF, RF64.
    Wav,
    /// FLAC.
    Flac,
    /// MP3.
    Mp3,
}

impl AudioKind {
    /// File extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
        }
    }

    /// As shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
        }
    }

    /// The kind a file name asks for.
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        [Self::Wav, Self::Flac, Self::Mp3].into_iter().find(|k| k.extension() == extension)
    }
}

/// What one file is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSpec {
    /// Container and coding.
    pub kind: AudioKind,
    /// Samples; floats for MP3.
    pub format: SampleFormat,
    /// Rate.
    pub rate: SampleRate,
    /// Of a lossy file, kbit/s.
    pub kbps: String,
    /// Exactly this many frames will come.
    pub frames: u64,
    /// Texts and codes inside.
    pub tags: Option<Tags>,
    /// Place of the first frame on the album, frames at the file's rate.
    pub place: u64,
    /// Local time of the delivery.
    pub written_at: jiff::civil::DateTime,
    /// Dither by name, for the coding history.
    pub dither: String,
    /// Where what goes into a lossy encoder is kept for the null test.
    pub scratch: PathBuf,
}

impl FileSpec {
    /// A file of sound alone: no tags, nothing kept for a null test.
    pub fn plain(kind: AudioKind, format: SampleFormat, rate: SampleRate, frames: u64) -> Self {
        Self {
            kind,
            format,
            rate,
            kbps: String::new(),
            frames,
            tags: None,
            place: 0,
            written_at: jiff::civil::DateTime::default(),
            dither: String::new(),
            scratch: std::env::temp_dir(),
        }
    }

    /// As shown: `WAV 24`, `MP3 320`.
    pub fn format_name(&self) -> String {
        match self.kind {
            AudioKind::Mp3 => format!("MP3 {}", self.kbps),
            kind => format!("{} {}", kind.name(), self.format.name()),
        }
    }

    fn wav(&self) -> WavSpec {
        let tags = self.tags.as_ref().map(|tags| WavTags {
            bext: self.bext(tags),
            info: tags.riff_info(),
            isrc: Some(tags.isrc.clone()).filter(|isrc| !isrc.is_empty()),
        });
        WavSpec { tags, ..WavSpec::new(self.format, self.rate, self.frames) }
    }

    fn bext(&self, tags: &Tags) -> Bext {
        let number = tags.track.map_or(0, |(n, _)| n);
        let dither = if self.format.integer_bits().is_some() { self.dither.as_str() } else { "none" };
        Bext {
            description: format!("{} - {}", tags.artist, tags.printed_title()),
            originator: program(),
            reference: format!("{}-{number:02}-{}", tags.catalog, self.written_at.strftime("%Y%m%d")),
            date: self.written_at.strftime("%Y-%m-%d").to_string(),
            time: self.written_at.strftime("%H:%M:%S").to_string(),
            time_reference: self.place,
            // EBU R 98.
            coding_history: format!(
                "A=PCM,F={},W={},M=stereo,T={};dither {dither}\r\n",
                self.rate.0,
                self.format.integer_bits().unwrap_or(self.format.bytes() as u32 * 8),
                program()
            ),
            loudness: BextLoudness::default(),
        }
    }

    /// What a reader of the file finds: 20 bits stand in 24.
    fn facts(&self, target: &Path) -> FileFacts {
        let stored = if self.format == SampleFormat::Int20 { SampleFormat::Int24 } else { self.format };
        FileFacts {
            path: target.to_string_lossy().into_owned(),
            format: format!("{} {}", self.kind.name(), stored.name()),
            sample_rate_hz: self.rate.0,
            channels: 2,
            bits: Some(stored.bytes() as u32 * 8),
        }
    }
}

/// The writer of a format.
#[derive(Debug)]
pub(super) enum Encoder {
    Wav(Box<WavWriter<PartFile>>),
    Flac(Box<FlacWriter<PartFile>>),
    #[cfg(feature = "mp3")]
    Mp3(Box<Mp3Writer<PartFile>>),
}

impl Encoder {
    pub(super) fn new(file: PartFile, spec: &FileSpec) -> io::Result<Self> {
        match spec.kind {
            AudioKind::Wav => WavWriter::new(file, spec.wav()).map(|writer| Self::Wav(Box::new(writer))),
            AudioKind::Flac => {
                let bits = spec.format.integer_bits().unwrap_or(24);
                let comments = spec.tags.as_ref().map(Tags::vorbis).unwrap_or_default();
                FlacWriter::new(file, spec.rate, bits, spec.frames, &comments)
                    .map(|writer| Self::Flac(Box::new(writer)))
            }
            #[cfg(feature = "mp3")]
            AudioKind::Mp3 => Mp3Writer::new(file, spec.rate, &spec.kbps, spec.tags.as_ref())
                .map(|writer| Self::Mp3(Box::new(writer))),
            #[cfg(not(feature = "mp3"))]
            AudioKind::Mp3 => Err(io::Error::other(mp3::UNAVAILABLE)),
        }
    }

    pub(super) fn write(&mut self, frames: &Chunk<'_>) -> io::Result<()> {
        match self {
            Self::Wav(writer) => writer.write(frames),
            Self::Flac(writer) => writer.write(frames),
            #[cfg(feature = "mp3")]
            Self::Mp3(writer) => writer.write(frames),
        }
    }

    pub(super) fn finish(self, loudness: Option<&BextLoudness>) -> io::Result<PartFile> {
        match self {
            Self::Wav(writer) => writer.finish(loudness),
            Self::Flac(writer) => writer.finish(),
            #[cfg(feature = "mp3")]
            Self::Mp3(writer) => writer.finish(),
        }
    }
}

/// A file being written.
pub struct MasterFile {
    spec: FileSpec,
    target: PathBuf,
    encoder: Encoder,
    hash: SoundHash,
    analyzer: Option<Analyzer>,
    /// Of a lossy file, while there is room for it.
    recorder: Option<NullRecorder>,
    frames: u64,
    planar: [Vec<f64>; 2],
}

impl std::fmt::Debug for MasterFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MasterFile").field("target", &self.target).finish_non_exhaustive()
    }
}

impl MasterFile {
    /// Begins a file; nothing stands under its name yet.
    ///
    /// # Errors
    /// [`DeliverError`] with the path.
    pub fn create(target: &Path, force: bool, spec: FileSpec) -> Result<Self, DeliverError> {
        if spec.kind == AudioKind::Mp3 && !mp3::is_available() {
            return Err(DeliverError::Refused(mp3::UNAVAILABLE.to_owned()));
        }
        let file = PartFile::create(target, force)?;
        let encoder = Encoder::new(file, &spec).map_err(|e| DeliverError::from_io(target, e))?;
        let analyzer =
            (spec.kind != AudioKind::Mp3).then(|| Analyzer::for_frames(spec.facts(target), spec.frames));
        let is_lossy = spec.kind == AudioKind::Mp3;
        Ok(Self {
            hash: SoundHash::new(spec.format),
            recorder: is_lossy.then(|| NullRecorder::create(&spec.scratch).ok()).flatten(),
            spec,
            target: target.to_owned(),
            encoder,
            analyzer,
            frames: 0,
            planar: Default::default(),
        })
    }

    /// Appends frames.
    ///
    /// # Errors
    /// [`DeliverError`] with the path.
    pub fn write(&mut self, frames: &Chunk<'_>) -> Result<(), DeliverError> {
        self.encoder.write(frames).map_err(|e| DeliverError::from_io(&self.target, e))?;
        self.hash.update(frames);
        self.frames += frames.len() as u64;
        self.measure(frames);
        self.record(frames);
        Ok(())
    }

    /// Without room to keep what went in the file is made all the same; [`verify`] says what is then not known of it.
    fn record(&mut self, frames: &Chunk<'_>) {
        if let (Some(recorder), Chunk::Float { left, right }) = (&mut self.recorder, frames)
            && recorder.push(left, right).is_err()
        {
            self.recorder = None;
        }
    }

    fn measure(&mut self, frames: &Chunk<'_>) {
        let Some(analyzer) = &mut self.analyzer else { return };
        match frames {
            Chunk::Float { left, right } => analyzer.push(left, right),
            Chunk::Int { frames, bits } => {
                for (i, channel) in self.planar.iter_mut().enumerate() {
                    channel.clear();
                    channel.extend(frames.iter().map(|f| f64_from_int(f[i], *bits)));
                }
                analyzer.push(&self.planar[0], &self.planar[1]);
            }
        }
    }

    /// Completes the file: loudness into the header, encoder closed, checksum taken. It still has no name.
    ///
    /// # Errors
    /// [`DeliverError`] with the path; refused if frames are missing.
    pub fn complete(self) -> Result<CompleteFile, DeliverError> {
        let in_context = |e| DeliverError::from_io(&self.target, e);
        if self.frames != self.spec.frames {
            return Err(DeliverError::Refused(format!(
                "{}: {} of {} frames came; the file was not written",
                self.target.display(),
                self.frames,
                self.spec.frames
            )));
        }
        let measurements = self.analyzer.map(|a| a.finish().measurements);
        let loudness = measurements.as_ref().map(loudness_of);
        let mut file = self.encoder.finish(loudness.as_ref()).map_err(in_context)?;
        let (sha256, bytes) = file.checksum()?;
        Ok(CompleteFile {
            file,
            sha256,
            bytes,
            measurements,
            proof: AudioProof {
                kind: self.spec.kind,
                format: self.spec.format,
                sound_hash: self.hash.finish(),
                tags: self.spec.tags.clone(),
                reference: self.recorder.and_then(|r| r.finish().ok()).map(Arc::new),
            },
            spec: self.spec,
        })
    }
}

fn loudness_of(measured: &Measurements) -> BextLoudness {
    BextLoudness {
        integrated_lufs: measured.integrated_lufs,
        range_lu: measured.loudness_range_lu,
        max_true_peak_dbtp: measured.true_peak_dbtp,
        max_momentary_lufs: measured.max_momentary_lufs,
        max_short_term_lufs: measured.max_short_term_lufs,
    }
}

/// A whole file that still lacks its name.
#[derive(Debug)]
pub struct CompleteFile {
    file: PartFile,
    sha256: String,
    bytes: u64,
    measurements: Option<Measurements>,
    proof: AudioProof,
    spec: FileSpec,
}

impl CompleteFile {
    /// Gives it its name.
    ///
    /// # Errors
    /// [`DeliverError`] with the path.
    pub fn commit(
        self,
        deliverable: &str,
        song: Option<SongId>,
        conform: ConformReport,
    ) -> Result<Written, DeliverError> {
        let path = self.file.target().to_owned();
        self.file.commit()?;
        Ok(Written {
            path,
            deliverable: deliverable.to_owned(),
            sha256: self.sha256,
            bytes: self.bytes,
            frames: self.spec.frames,
            sample_rate_hz: self.spec.rate.0,
            format: self.spec.format_name(),
            song,
            measurements: self.measurements,
            null_db: None,
            bit_exact: false,
            conform,
            engine: program(),
            audio: Some(self.proof),
        })
    }
}

/// A running BLAKE3 of samples as numbers, whatever the file format.
#[derive(Debug)]
struct SoundHash {
    format: SampleFormat,
    hasher: blake3::Hasher,
    bytes: Vec<u8>,
}

impl SoundHash {
    fn new(format: SampleFormat) -> Self {
        Self { format, hasher: blake3::Hasher::new(), bytes: Vec::new() }
    }

    fn update(&mut self, frames: &Chunk<'_>) {
        self.bytes.clear();
        match frames {
            Chunk::Int { frames, .. } => {
                self.bytes.extend(frames.iter().flatten().flat_map(|v| v.to_le_bytes()));
            }
            Chunk::Float { left, right } => {
                let is_single = self.format == SampleFormat::Float32;
                for v in left.iter().zip(*right).flat_map(|(l, r)| [*l, *r]) {
                    let stored = if is_single { f64::from(v as f32) } else { v };
                    self.bytes.extend(stored.to_le_bytes());
                }
            }
        }
        self.hasher.update(&self.bytes);
    }

    fn finish(self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

/// Opens a finished file again and holds it against what went in; sets [`Written::bit_exact`].
///
/// # Errors
/// [`DeliverError`] if it cannot be read; what differs is a finding.
pub fn verify(written: &mut Written) -> Result<Vec<Finding>, DeliverError> {
    let Some(proof) = written.audio.clone() else { return Ok(Vec::new()) };
    let path = written.path.clone();
    let mut verdict = Verdict { path: &path, findings: Vec::new() };
    let (sha256, bytes) = sha256_of_file(&path)?;
    verdict.expect("the checksum", &sha256, &written.sha256);
    verdict.expect("the size", &bytes, &written.bytes);
    if !verdict.findings.is_empty() {
        // Decoding what is known to be damaged would say nothing more.
        written.bit_exact = false;
        return Ok(verdict.findings);
    }
    let mut hash = SoundHash::new(proof.format);
    let mut hashed = |chunk: &Chunk<'_>| {
        hash.update(chunk);
        Ok(())
    };
    match proof.kind {
        AudioKind::Wav => {
            let info = WavInfo::read(&path)?;
            verdict.expect("the length", &info.frames(), &written.frames);
            verdict.expect("the sample rate", &info.sample_rate_hz, &written.sample_rate_hz);
            verdict.expect("the container", &usize::from(info.bits), &(proof.format.bytes() * 8));
            verdict.expect("the end of the sound", &info.file_bytes, &(info.data_at + info.data_bytes));
            let frames = wav::read_back(&path, proof.format, &mut hashed)?;
            verdict.expect("the sound read", &frames, &written.frames);
            if let Some(tags) = &proof.tags {
                verdict.wav_tags(&info, tags);
            }
        }
        AudioKind::Flac => {
            let info = flac::read_back(&path, &mut hashed)?;
            verdict.expect("the length", &info.frames, &written.frames);
            verdict.expect("the sample rate", &info.sample_rate_hz, &written.sample_rate_hz);
            verdict.expect("the bits", &Some(info.bits), &proof.format.integer_bits());
            verdict.expect("the MD5 of the sound", &info.md5.is_some(), &true);
        }
        AudioKind::Mp3 => {
            let info = mp3::Mp3Info::read(&path)?;
            verdict.expect("the gapless length", &info.gapless_frames(), &written.frames);
            verdict.expect("the frames of the LAME tag", &info.tagged_frames, &info.mp3_frames);
            verdict.expect("the sample rate", &info.sample_rate_hz, &written.sample_rate_hz);
            if proof.reference.is_none() {
                let text =
                    format!("{}: no room to keep what went in; its residual is not known", path.display());
                verdict.findings.push(Finding::new("null_test", Severity::Warning, text));
            }
        }
    }
    if proof.kind != AudioKind::Mp3 {
        written.bit_exact = hash.finish() == proof.sound_hash;
        verdict.expect("the sound", &written.bit_exact, &true);
    }
    if let Some(tags) = proof.tags.as_ref().filter(|_| proof.kind != AudioKind::Wav) {
        verdict.tags(&path, tags);
    }
    Ok(verdict.findings)
}

struct Verdict<'a> {
    path: &'a Path,
    findings: Vec<Finding>,
}

impl Verdict<'_> {
    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: &T, want: &T) {
        if got != want {
            let text = format!("{}: {what} read back is {got:?}, not {want:?}", self.path.display());
            self.findings.push(Finding::new("read_back", Severity::Error, text));
        }
    }

    fn wav_tags(&mut self, info: &WavInfo, tags: &Tags) {
        let want = tags.riff_info();
        let got: Vec<(&str, String)> =
            info.info.iter().map(|(id, text)| (id.as_str(), text.clone())).collect();
        self.expect("RIFF INFO", &got, &want);
        self.expect("the ISRC", &info.isrc.clone().unwrap_or_default(), &tags.isrc);
        self.expect("bext", &info.bext.is_some(), &true);
    }

    /// Tags of FLAC and MP3 files through a reader that is not our writer.
    fn tags(&mut self, path: &Path, tags: &Tags) {
        let file = match lofty::read_from_path(path) {
            Ok(file) => file,
            Err(error) => {
                self.expect("the tag", &error.to_string(), &String::new());
                return;
            }
        };
        let tag = file.primary_tag();
        let text = |key: ItemKey| tag.and_then(|t: &Tag| t.get_string(key)).unwrap_or("").to_owned();
        for (what, key, want) in [
            ("the title", ItemKey::TrackTitle, &tags.title),
            ("the artist", ItemKey::TrackArtist, &tags.artist),
            ("the album", ItemKey::AlbumTitle, &tags.album),
            ("the album artist", ItemKey::AlbumArtist, &tags.album_artist),
            ("the ISRC", ItemKey::Isrc, &tags.isrc),
            ("the barcode", ItemKey::Barcode, &tags.barcode),
            ("the composer", ItemKey::Composer, &tags.composer),
            ("the copyright", ItemKey::CopyrightMessage, &tags.copyright),
        ] {
            self.expect(what, &text(key), want);
        }
        let number = tags.track.map_or_else(String::new, |(n, _)| n.to_string());
        self.expect("the track number", &text(ItemKey::TrackNumber), &number);
    }
}
