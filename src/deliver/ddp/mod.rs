//! DDP 2.00 compatible filesets for audio CDs, written and read.
//!
//! A set is one flat folder: DDPID (identity), DDPMS (map of the other files), the PQ descriptor, CD-Text, and the
//! audio image; checksum lists, a cue sheet for the image and readable papers lie beside. [`DdpWriter`] takes the album
//! as it is rendered and lets the whole set appear at the end; [`verify::verify`] reads any set back.
//! DDP is a registered trademark of DCA.

pub mod cdtext;
pub mod checksum;
pub mod ddpid;
pub mod ddpms;
pub mod disc;
pub mod extract;
mod fields;
mod judge;
pub mod pq;
pub mod verify;

use std::io;
use std::path::{Path, PathBuf};

use self::cdtext::{CdTextError, CdTextOptions};
use self::checksum::Sums;
use self::ddpid::Identity;
use self::ddpms::MapPacket;
use self::disc::Disc;
use super::DeliverError;
use super::cd_image::{ImageStart, Pair, RawSink, SectorStream};
use super::cue::{CueEncoding, CueKind, CueSheet};
use super::part_folder::PartFolder;
use crate::model::Severity;

/// Name of the identity file.
pub const DDPID_NAME: &str = "DDPID";
/// Name of the map stream.
pub const DDPMS_NAME: &str = "DDPMS";
/// Name we give the CD-Text file.
pub const CD_TEXT_NAME: &str = "CDTEXT.BIN";
/// Name we give the audio image.
pub const IMAGE_NAME: &str = "IMAGE.DAT";
/// Name of the cue sheet beside the image.
pub const CUE_NAME: &str = "IMAGE.cue";

/// Why a CD product could not be written. One variant for each thing a caller does differently.
#[derive(Debug, thiserror::Error)]
pub enum DeliverDdpError {
    /// Ask, or choose another name.
    #[error("{} exists: choose another name or allow overwriting", path.display())]
    Exists {
        /// What stands there.
        path: PathBuf,
    },
    /// A rule of the format is broken; nothing was written.
    #[error("the disc cannot be made: {0}")]
    Disc(String),
    /// A text cannot be written.
    #[error(transparent)]
    CdText(#[from] CdTextError),
    /// The audio does not end where the disc does.
    #[error("there is more audio than the disc has room for before its lead-out")]
    TooMuchAudio,
    /// The caller stopped it.
    #[error("stopped")]
    Cancelled,
    /// Writing failed.
    #[error("writing failed: {0}")]
    Io(#[from] io::Error),
    /// Making or naming the files failed.
    #[error(transparent)]
    Files(DeliverError),
}

impl From<DeliverError> for DeliverDdpError {
    fn from(error: DeliverError) -> Self {
        match error {
            DeliverError::AlreadyExists { path } => Self::Exists { path },
            other => Self::Files(other),
        }
    }
}

impl DeliverDdpError {
    /// The same as an error of any delivery, naming what was being written.
    pub fn at(self, path: &Path) -> DeliverError {
        match self {
            Self::Exists { path } => DeliverError::AlreadyExists { path },
            Self::Io(error) => DeliverError::from_io(path, error),
            Self::Files(error) => error,
            Self::Cancelled => DeliverError::Cancelled,
            other => DeliverError::Refused(format!("{}: {other}", path.display())),
        }
    }
}

/// Choices of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DdpOptions {
    /// Name of the PQ descriptor (`PQDESCR`; some programs use `SD`).
    pub pq_name: String,
    /// Write CD-Text if the disc has any.
    pub cd_text: bool,
    /// What CD-Text carries beside the texts.
    pub cd_text_options: CdTextOptions,
    /// Write `IMAGE.cue` beside the image.
    pub cue: bool,
    /// Replace a set that stands there.
    pub force: bool,
}

impl Default for DdpOptions {
    fn default() -> Self {
        Self {
            pq_name: "PQDESCR".to_owned(),
            cd_text: true,
            cd_text_options: CdTextOptions::default(),
            cue: true,
            force: false,
        }
    }
}

/// A file put beside the set (PQ sheet, notes); not part of DDP and not in the checksum lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    /// Name without folders.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// The files of a set but for the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptors {
    /// Name and content, in the order of the checksum lists.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Encodes the descriptor files of a disc. No rule is checked here but what cannot be encoded.
///
/// # Errors
/// CD-Text cannot be encoded, or the PQ name does not fit.
pub fn encode(disc: &Disc, options: &DdpOptions) -> Result<Descriptors, DeliverDdpError> {
    check_pq_name(&options.pq_name)?;
    let cd_text = if options.cd_text { cdtext::encode(disc, options.cd_text_options)? } else { Vec::new() };
    let pq = pq::to_bytes(&pq::packets_of(disc));
    let mut map = Vec::new();
    if !cd_text.is_empty() {
        map.push(MapPacket::cd_text(CD_TEXT_NAME, cd_text.len() as u64));
    }
    map.push(MapPacket::pq(&options.pq_name, pq.len() as u64));
    let pregap = disc.tracks.first().map_or(0, |t| t.start().0);
    map.push(MapPacket::audio(IMAGE_NAME, disc.lead_out.0, pregap));
    let id = Identity::audio_cd(&disc.upc, &disc.master_id).to_bytes();
    let mut files = vec![
        (DDPID_NAME.to_owned(), id.to_vec()),
        (DDPMS_NAME.to_owned(), map.iter().flat_map(MapPacket::to_bytes).collect()),
    ];
    if !cd_text.is_empty() {
        files.push((CD_TEXT_NAME.to_owned(), cd_text));
    }
    files.push((options.pq_name.clone(), pq));
    Ok(Descriptors { files })
}

fn check_pq_name(name: &str) -> Result<(), DeliverDdpError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let others =
        [DDPID_NAME, DDPMS_NAME, CD_TEXT_NAME, IMAGE_NAME, CUE_NAME, checksum::MD5_NAME, checksum::CRC_NAME];
    let ok = !name.is_empty()
        && name.len() <= ddpms::NAME_WIDTH
        && name.bytes().all(plain)
        && !name.starts_with('.')
        && !others.iter().any(|o| o.eq_ignore_ascii_case(name));
    if ok {
        Ok(())
    } else {
        Err(DeliverDdpError::Disc(format!("“{name}” cannot be the name of the PQ file")))
    }
}

/// What a finished set is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenSet {
    /// The folder.
    pub folder: PathBuf,
    /// The files of the set with their checksums, in the order of the lists.
    pub files: Vec<(String, Sums)>,
    /// Names of the files beside.
    pub companions: Vec<String>,
}

impl WrittenSet {
    /// Checksums of the image.
    pub fn image(&self) -> Option<&Sums> {
        self.files.iter().find(|(name, _)| name == IMAGE_NAME).map(|(_, sums)| sums)
    }
}

/// A set being written. Audio comes in blocks from album time zero on; nothing is seen under the target's name before
/// [`DdpWriter::finish`], and dropped before that, nothing stays.
pub struct DdpWriter {
    files: PartFolder,
    stream: SectorStream<RawSink>,
    descriptors: Descriptors,
    disc: Disc,
    options: DdpOptions,
    target: PathBuf,
}

impl DdpWriter {
    /// Starts a set that is to be the folder `target`.
    ///
    /// # Errors
    /// Something stands there (and `force` is off), a rule of severity error is broken, CD-Text cannot be encoded, or
    /// the place cannot be written to.
    pub fn create(target: &Path, disc: Disc, options: DdpOptions) -> Result<Self, DeliverDdpError> {
        if let Some(broken) = disc.check().into_iter().find(|f| f.severity == Severity::Error) {
            return Err(DeliverDdpError::Disc(broken.text));
        }
        if disc.tracks.iter().any(|t| t.flags.data) {
            return Err(DeliverDdpError::Disc("an audio CD has no data tracks".to_owned()));
        }
        let descriptors = encode(&disc, &options)?;
        let files = PartFolder::create(target, options.force)?;
        check_replaceable(target)?;
        let sink = RawSink::create(&files.path().join(IMAGE_NAME))?;
        let stream = SectorStream::new(sink, &disc, ImageStart::Pause)?;
        Ok(Self { files, stream, descriptors, disc, options, target: target.to_owned() })
    }

    /// Takes the next sample pairs of the album.
    ///
    /// # Errors
    /// Writing failed, or there is more audio than fits before the lead-out.
    pub fn write(&mut self, pairs: &[Pair]) -> Result<(), DeliverDdpError> {
        self.stream.write(pairs)
    }

    /// Fills the image to the lead-out, writes everything else and lets the set appear. `companions` makes the files
    /// beside it from the image's checksums.
    ///
    /// # Errors
    /// Writing failed; then nothing stays and what stood there before still does.
    pub fn finish(
        self,
        companions: impl FnOnce(&Sums) -> Vec<Companion>,
    ) -> Result<WrittenSet, DeliverDdpError> {
        let image = self.stream.finish()?;
        let mut files: Vec<(String, Sums)> = Vec::new();
        for (name, bytes) in &self.descriptors.files {
            self.files.write(name, bytes)?;
            files.push((name.clone(), Sums::of(bytes)));
        }
        files.push((IMAGE_NAME.to_owned(), image));
        let mut beside = vec![
            companion(checksum::MD5_NAME, checksum::md5_list(&files)),
            companion(checksum::CRC_NAME, checksum::crc_list(&files)),
        ];
        if self.options.cue {
            let sheet = CueSheet::of_disc(&self.disc, IMAGE_NAME, CueKind::Binary, ImageStart::Pause);
            beside.push(Companion { name: CUE_NAME.to_owned(), bytes: sheet.to_bytes(CueEncoding::Latin1) });
        }
        beside.extend(companions(&image));
        for file in &beside {
            self.files.write(&file.name, &file.bytes)?;
        }
        check_replaceable(&self.target)?;
        self.files.commit()?;
        let companions = beside.into_iter().map(|c| c.name).collect();
        Ok(WrittenSet { folder: self.target, files, companions })
    }
}

/// Whether what stands under the target's name, if anything does, is a DDP set or an empty folder. A folder of anything
/// else is never taken away, asked for or not.
fn check_replaceable(target: &Path) -> Result<(), DeliverDdpError> {
    let is_replaceable = target.symlink_metadata().is_err()
        || target.join(DDPID_NAME).is_file()
        || std::fs::read_dir(target)?.next().is_none();
    if is_replaceable {
        return Ok(());
    }
    Err(DeliverDdpError::Disc(format!("{} is no DDP set and is not replaced", target.display())))
}

fn companion(name: &str, text: String) -> Companion {
    Companion { name: name.to_owned(), bytes: text.into_bytes() }
}
