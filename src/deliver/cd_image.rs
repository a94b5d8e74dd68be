//! One stream of CD audio (16-bit stereo, 44.1 kHz) in whole sectors: the body of a DDP image, and the CD image (BIN
//! or WAV with a cue sheet) that a burner takes.
//!
//! [`SectorStream`] puts the disc's missing silence in front, counts and sums what goes by, and pads with digital zero
//! to the lead-out. A DDP image starts at 00:00:00 and holds the first pause. A CD image for burning starts where a
//! drive's own address zero is, at 00:02:00: drives make the first two seconds themselves.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::cue::{CueEncoding, CueKind, CueSheet};
use super::ddp::DeliverDdpError;
use super::ddp::checksum::{Summer, Sums};
use super::ddp::disc::{Disc, FIRST_INDEX_MIN};
use super::part_folder::FileSet;
use crate::units::CdFrames;

/// Sample pairs in a sector.
pub const SECTOR_FRAMES: usize = 588;
/// Bytes in a sector.
pub const SECTOR_BYTES: usize = SECTOR_FRAMES * 4;

/// A sample pair, left and right.
pub type Pair = [i16; 2];

/// Where sample pairs go: a raw file, a WAV, or a writer of another part of the program.
pub trait PairSink {
    /// Takes the next pairs.
    ///
    /// # Errors
    /// Writing failed.
    fn write_pairs(&mut self, pairs: &[Pair]) -> io::Result<()>;

    /// Everything was written: puts headers right and flushes to disk.
    ///
    /// # Errors
    /// Writing failed.
    fn finish(&mut self) -> io::Result<()>;
}

impl<S: PairSink + ?Sized> PairSink for Box<S> {
    fn write_pairs(&mut self, pairs: &[Pair]) -> io::Result<()> {
        (**self).write_pairs(pairs)
    }

    fn finish(&mut self) -> io::Result<()> {
        (**self).finish()
    }
}

/// Raw little-endian samples.
pub struct RawSink {
    file: BufWriter<File>,
    bytes: Vec<u8>,
}

impl RawSink {
    /// A new file; one that exists is an error.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::with_capacity(1 << 18, File::create_new(path)?), bytes: Vec::new() })
    }
}

impl PairSink for RawSink {
    fn write_pairs(&mut self, pairs: &[Pair]) -> io::Result<()> {
        put_bytes(&mut self.bytes, pairs);
        self.file.write_all(&self.bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

/// A plain RIFF/WAVE file, 16-bit stereo at 44.1 kHz. A CD is far below the 4 GB such a file can hold.
pub struct WavSink {
    raw: RawSink,
    data_bytes: u32,
}

impl WavSink {
    /// A new file; one that exists is an error.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut raw = RawSink::create(path)?;
        raw.file.write_all(&wav_header(0))?;
        Ok(Self { raw, data_bytes: 0 })
    }
}

impl PairSink for WavSink {
    fn write_pairs(&mut self, pairs: &[Pair]) -> io::Result<()> {
        let bytes = u32::try_from(pairs.len() * 4).ok().and_then(|n| self.data_bytes.checked_add(n));
        self.data_bytes = bytes
            .filter(|n| *n < u32::MAX - 64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "more than a WAV file can hold"))?;
        self.raw.write_pairs(pairs)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.raw.file.seek(SeekFrom::Start(0))?;
        self.raw.file.write_all(&wav_header(self.data_bytes))?;
        self.raw.finish()
    }
}

/// Length of [`wav_header`].
const WAV_HEADER_BYTES: u64 = 44;

/// The 44 bytes before the samples.
fn wav_header(data_bytes: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(44);
    header.extend(b"RIFF");
    header.extend((36 + data_bytes).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    header.extend(1u16.to_le_bytes()); // PCM
    header.extend(2u16.to_le_bytes()); // channels
    header.extend(44_100u32.to_le_bytes());
    header.extend((44_100u32 * 4).to_le_bytes()); // bytes a second
    header.extend(4u16.to_le_bytes()); // bytes a pair
    header.extend(16u16.to_le_bytes()); // bits
    header.extend(b"data");
    header.extend(data_bytes.to_le_bytes());
    header
}

/// The pairs as little-endian bytes, replacing what `bytes` held.
pub(crate) fn put_bytes(bytes: &mut Vec<u8>, pairs: &[Pair]) {
    bytes.clear();
    bytes.extend(pairs.iter().flat_map(|[l, r]| {
        let ([a, b], [c, d]) = (l.to_le_bytes(), r.to_le_bytes());
        [a, b, c, d]
    }));
}

/// Where on the disc an image file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageStart {
    /// 00:00:00, with the first pause: a DDP image.
    Pause,
    /// 00:02:00, a drive's address zero: an image to burn.
    Program,
}

impl ImageStart {
    /// The position of the file's first sector.
    pub fn position(self) -> CdFrames {
        match self {
            Self::Pause => CdFrames(0),
            Self::Program => FIRST_INDEX_MIN,
        }
    }
}

/// Writes a disc's audio in whole sectors from its start to its lead-out, summing as it goes.
pub struct SectorStream<S> {
    sink: S,
    summer: Summer,
    bytes: Vec<u8>,
    /// Pairs still to be left out (before the file begins).
    skip: u64,
    /// Pairs the file still has room for.
    room: u64,
}

impl<S: PairSink> SectorStream<S> {
    /// The stream of a disc into a sink. The disc's silence in front is written at once.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(sink: S, disc: &Disc, start: ImageStart) -> Result<Self, DeliverDdpError> {
        let pairs = |f: CdFrames| u64::from(f.0) * SECTOR_FRAMES as u64;
        let skip = pairs(start.position()).min(pairs(disc.lead_out));
        let room = pairs(disc.lead_out) - skip;
        let mut stream = Self { sink, summer: Summer::default(), bytes: Vec::new(), skip, room };
        stream.silence(pairs(disc.silence_in_front).min(skip + room))?;
        Ok(stream)
    }

    /// Takes the next pairs of the album, from album time zero on.
    ///
    /// # Errors
    /// Writing failed, or there is more audio than the disc has room for before its lead-out.
    pub fn write(&mut self, pairs: &[Pair]) -> Result<(), DeliverDdpError> {
        let left_out = usize::try_from(self.skip).unwrap_or(usize::MAX).min(pairs.len());
        self.skip -= left_out as u64;
        let pairs = &pairs[left_out..];
        self.room = self.room.checked_sub(pairs.len() as u64).ok_or(DeliverDdpError::TooMuchAudio)?;
        put_bytes(&mut self.bytes, pairs);
        self.summer.add(&self.bytes);
        Ok(self.sink.write_pairs(pairs)?)
    }

    /// Pads to the lead-out and closes the file.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> Result<Sums, DeliverDdpError> {
        self.silence(self.skip + self.room)?;
        self.sink.finish()?;
        Ok(self.summer.finish())
    }

    fn silence(&mut self, mut pairs: u64) -> Result<(), DeliverDdpError> {
        let zeros = [[0i16; 2]; SECTOR_FRAMES];
        while pairs > 0 {
            let now = pairs.min(SECTOR_FRAMES as u64);
            self.write(&zeros[..now as usize])?;
            pairs -= now;
        }
        Ok(())
    }
}

/// The two kinds of CD image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CdImageKind {
    /// Raw samples, `.bin`.
    Bin,
    /// `.wav`.
    Wav,
}

/// A CD image being written: one audio file and its cue sheet, which appear together at the end.
pub struct CdImageWriter {
    stream: SectorStream<Box<dyn PairSink + Send>>,
    files: FileSet,
    disc: Disc,
    kind: CdImageKind,
    stem: String,
    folder: PathBuf,
}

impl CdImageWriter {
    /// Starts `folder/stem.bin` or `.wav` with `folder/stem.cue`. Nothing is seen there before [`Self::finish`];
    /// dropped before that, nothing stays.
    ///
    /// # Errors
    /// The files exist (and `force` is off), or the folder cannot be written to.
    pub fn create(
        folder: &Path,
        stem: &str,
        kind: CdImageKind,
        disc: &Disc,
        force: bool,
    ) -> Result<Self, DeliverDdpError> {
        let (audio, cue) = (audio_name(stem, kind), format!("{stem}.cue"));
        let files = FileSet::create(folder, &cue, &[audio.clone(), cue.clone()], force)?;
        let path = files.path().join(audio);
        let sink: Box<dyn PairSink + Send> = match kind {
            CdImageKind::Bin => Box::new(RawSink::create(&path)?),
            CdImageKind::Wav => Box::new(WavSink::create(&path)?),
        };
        let stream = SectorStream::new(sink, disc, ImageStart::Program)?;
        let (stem, folder) = (stem.to_owned(), folder.to_owned());
        Ok(Self { stream, files, disc: disc.clone(), kind, stem, folder })
    }

    /// Takes the next pairs of the album, from album time zero on.
    ///
    /// # Errors
    /// Writing failed, or there is more audio than fits before the lead-out.
    pub fn write(&mut self, pairs: &[Pair]) -> Result<(), DeliverDdpError> {
        self.stream.write(pairs)
    }

    /// Pads, writes the cue sheet and puts both files in their place. Gives back the two paths, audio first, and the
    /// checksums of the samples.
    ///
    /// # Errors
    /// Writing failed; what stood there before is untouched unless both files were complete ([`FileSet::commit`]).
    pub fn finish(self) -> Result<(Vec<PathBuf>, Sums), DeliverDdpError> {
        let sums = self.stream.finish()?;
        let audio = audio_name(&self.stem, self.kind);
        let kind = match self.kind {
            CdImageKind::Bin => CueKind::Binary,
            CdImageKind::Wav => CueKind::Wave,
        };
        let sheet = CueSheet::of_disc(&self.disc, &audio, kind, ImageStart::Program);
        let cue = format!("{}.cue", self.stem);
        self.files.write(&cue, &sheet.to_bytes(CueEncoding::Utf8))?;
        self.files.commit()?;
        Ok((vec![self.folder.join(audio), self.folder.join(cue)], sums))
    }
}

/// Checksums of the samples in a finished image, read from the disk.
///
/// # Errors
/// It cannot be read.
pub fn sums_of_image(path: &Path, kind: CdImageKind) -> io::Result<Sums> {
    let mut file = File::open(path)?;
    if kind == CdImageKind::Wav {
        file.seek(SeekFrom::Start(WAV_HEADER_BYTES))?;
    }
    let mut summer = Summer::default();
    let mut buffer = vec![0u8; SECTOR_BYTES * 128];
    loop {
        let got = file.read(&mut buffer)?;
        if got == 0 {
            return Ok(summer.finish());
        }
        summer.add(&buffer[..got]);
    }
}

/// Name of an image's audio file.
pub(super) fn audio_name(stem: &str, kind: CdImageKind) -> String {
    match kind {
        CdImageKind::Bin => format!("{stem}.bin"),
        CdImageKind::Wav => format!("{stem}.wav"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps what it is given.
    impl PairSink for &mut Vec<Pair> {
        fn write_pairs(&mut self, pairs: &[Pair]) -> io::Result<()> {
            self.extend(pairs);
            Ok(())
        }
        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn disc(silence: u32, lead_out: u32) -> Disc {
        Disc { silence_in_front: CdFrames(silence), lead_out: CdFrames(lead_out), ..Disc::default() }
    }

    #[test]
    fn silence_goes_in_front_and_the_last_sector_is_filled() {
        let mut got = Vec::new();
        let mut stream = SectorStream::new(&mut got, &disc(150, 152), ImageStart::Pause).unwrap();
        stream.write(&[[1, -1]; 589]).unwrap();
        let sums = stream.finish().unwrap();
        assert_eq!(got.len(), 152 * 588);
        assert_eq!(sums.bytes, 152 * 2352);
        assert_eq!(
            (got[150 * 588 - 1], got[150 * 588], got[150 * 588 + 588], got[150 * 588 + 589]),
            ([0, 0], [1, -1], [1, -1], [0, 0])
        );
    }

    #[test]
    fn an_image_to_burn_starts_at_two_seconds() {
        for (silence, split) in [(150, 588), (100, 1), (0, 7)] {
            let mut got = Vec::new();
            let mut stream = SectorStream::new(&mut got, &disc(silence, 160), ImageStart::Program).unwrap();
            let album: Vec<Pair> =
                (0..(160 - silence as usize) * 588).map(|i| [(i / 588) as i16 + silence as i16, 0]).collect();
            for block in album.chunks(split) {
                stream.write(block).unwrap();
            }
            stream.finish().unwrap();
            assert_eq!(got.len(), 10 * 588);
            assert_eq!((got[0][0], got[587][0], got[10 * 588 - 1][0]), (150, 150, 159), "{silence}");
        }
    }

    #[test]
    fn audio_past_the_lead_out_is_an_error() {
        let mut got = Vec::new();
        let mut stream = SectorStream::new(&mut got, &disc(0, 1), ImageStart::Pause).unwrap();
        assert!(matches!(stream.write(&[[0, 0]; 589]), Err(DeliverDdpError::TooMuchAudio)));
    }
}
