//! What the master tap can become: the contract, the context it works in, and the registry.
//!
//! One pass over the album tap feeds every ordered deliverable: each begins a [`Sink`], every block goes to every sink,
//! and a sink cuts out what it needs by absolute album frames. `check` comes before a byte is written, `verify` after,
//! on the finished files; both give findings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::album::AlbumFile;
use super::cd_image::CdImageKind;
use super::disc_images::CdImages;
use super::disc_sets::DdpSets;
use super::manifest::Written;
use super::master_file::{self, AudioKind};
use super::settings::{SettingDesc, Settings};
use super::songs::SongFiles;
use super::{DeliverError, audio_order, cd_order};
use crate::model::{Extra, Finding, Session, SongId, Timeline};
use crate::units::{Frames, SampleRate};

/// What a deliverable is made from.
#[derive(Debug, Clone)]
pub struct DeliveryContext {
    /// The session whose tap comes.
    pub session: Arc<Session>,
    /// Its layout.
    pub timeline: Arc<Timeline>,
    /// Settings of the deliverable this is handed to.
    pub settings: Settings,
    /// Only these songs, where files are songs; `None` is all of them.
    pub only: Option<Vec<SongId>>,
    /// Replace what is there already.
    pub force: bool,
    /// Local time of the delivery, the same in every file.
    pub written_at: jiff::civil::DateTime,
    /// Where large things may lie while files are made.
    pub scratch: PathBuf,
}

impl DeliveryContext {
    /// For a session, all songs, nothing overwritten, no settings yet.
    pub fn new(session: Arc<Session>, written_at: jiff::civil::DateTime) -> Self {
        let timeline = Arc::new(Timeline::of(&session));
        Self {
            session,
            timeline,
            settings: Settings::default(),
            only: None,
            force: false,
            written_at,
            scratch: std::env::temp_dir(),
        }
    }

    /// The same for a deliverable with the settings of an order.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] names the setting and what is allowed.
    pub fn ordered(&self, deliverable: &dyn Deliverable, given: &Extra) -> Result<Self, DeliverError> {
        let settings = Settings::from_order(deliverable.settings(), given)
            .map_err(|e| DeliverError::Refused(format!("{}: {e}", deliverable.id())))?;
        Ok(Self { settings, ..self.clone() })
    }

    /// Rate of the tap.
    pub fn rate(&self) -> SampleRate {
        self.session.sample_rate_hz
    }

    /// Album frames song and album files are made from: start of the first song, end of the last.
    pub fn program(&self) -> (Frames, Frames) {
        (self.timeline.program_start(), self.timeline.end)
    }
}

/// Takes the master tap and writes. Dropped before `finish`, it leaves nothing behind.
pub trait Sink: Send {
    /// The next frames of the tap; `start` is the album frame of the first. Blocks follow each other without gaps and
    /// begin at or before the first frame the deliverable needs; what it does not need it passes over.
    ///
    /// # Errors
    /// [`DeliverError`]; the sink is of no use after one.
    fn push(&mut self, start: Frames, left: &[f64], right: &[f64]) -> Result<(), DeliverError>;

    /// Completes the files and gives them their names.
    ///
    /// # Errors
    /// [`DeliverError`]; then nothing stands under a final name that was not whole.
    fn finish(self: Box<Self>) -> Result<Vec<Written>, DeliverError>;
}

/// What a deliverable says of itself.
#[derive(Debug)]
pub struct Card {
    /// Stable id, as in orders.
    pub id: &'static str,
    /// As shown.
    pub name: &'static str,
    /// What it is good for, one sentence.
    pub about: &'static str,
    /// Its settings.
    pub settings: &'static [SettingDesc],
}

/// One thing the master tap can become.
pub trait Deliverable: Sync {
    /// What it says of itself.
    fn card(&self) -> &Card;

    /// Stable id, as in orders.
    fn id(&self) -> &'static str {
        self.card().id
    }

    /// As shown.
    fn name(&self) -> &'static str {
        self.card().name
    }

    /// What it is good for, one sentence.
    fn about(&self) -> &'static str {
        self.card().about
    }

    /// Its settings.
    fn settings(&self) -> &'static [SettingDesc] {
        self.card().settings
    }

    /// What should be known before it is made. Severity error: it will be refused or is not fit to send.
    fn check(&self, cx: &DeliveryContext) -> Vec<Finding>;

    /// Names of the files it will write, relative to the folder of the delivery.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] if a name pattern is wrong.
    fn files(&self, cx: &DeliveryContext) -> Result<Vec<PathBuf>, DeliverError>;

    /// Begins writing into a folder, which is made if need be.
    ///
    /// # Errors
    /// [`DeliverError`].
    fn begin(&self, cx: &DeliveryContext, out: &Path) -> Result<Box<dyn Sink>, DeliverError>;

    /// Opens the finished files again and holds them against what went in; sets [`Written::bit_exact`].
    ///
    /// # Errors
    /// [`DeliverError`] if a file cannot be read; what differs is a finding.
    fn verify(&self, _cx: &DeliveryContext, written: &mut [Written]) -> Result<Vec<Finding>, DeliverError> {
        let mut findings = Vec::new();
        for file in written.iter_mut().filter(|f| f.deliverable == self.id()) {
            findings.extend(master_file::verify(file)?);
        }
        Ok(findings)
    }
}

/// In the order of the menu.
const REGISTRY: &[&dyn Deliverable] = &[
    &SongFiles {
        kind: AudioKind::Wav,
        card: Card {
            id: "wav_songs",
            name: "WAV, one file a song",
            about: "Masters for shops and archives, with Broadcast Wave data, tags and ISRC.",
            settings: audio_order::WAV_SONGS,
        },
    },
    &SongFiles {
        kind: AudioKind::Flac,
        card: Card {
            id: "flac_songs",
            name: "FLAC, one file a song",
            about: "Lossless songs at half the size, with tags and a checksum of the sound.",
            settings: audio_order::FLAC_SONGS,
        },
    },
    &SongFiles {
        kind: AudioKind::Mp3,
        card: Card {
            id: "mp3_songs",
            name: "MP3, one file a song",
            about: "References for listening at home, gapless, with tags.",
            settings: audio_order::MP3_SONGS,
        },
    },
    &AlbumFile {
        kind: AudioKind::Wav,
        card: Card {
            id: "wav_album",
            name: "WAV, the album as one file",
            about: "The whole album with its gaps.",
            settings: audio_order::WAV_ALBUM,
        },
    },
    &AlbumFile {
        kind: AudioKind::Flac,
        card: Card {
            id: "flac_album",
            name: "FLAC, the album as one file",
            about: "The whole album with its gaps, lossless at half the size.",
            settings: audio_order::FLAC_ALBUM,
        },
    },
    &AlbumFile {
        kind: AudioKind::Mp3,
        card: Card {
            id: "mp3_album",
            name: "MP3, the album as one file",
            about: "The whole album with its gaps, to listen to at home.",
            settings: audio_order::MP3_ALBUM,
        },
    },
    &DdpSets,
    &CdImages {
        kind: CdImageKind::Wav,
        card: Card {
            id: "cd_wav_cue",
            name: "CD image, WAV and cue sheet",
            about: "To burn a reference CD, or to listen to the disc as it will be.",
            settings: cd_order::WAV_CUE,
        },
    },
    &CdImages {
        kind: CdImageKind::Bin,
        card: Card {
            id: "cd_bin_cue",
            name: "CD image, BIN and cue sheet",
            about: "To burn a reference CD with programs that ask for raw sectors.",
            settings: cd_order::BIN_CUE,
        },
    },
];

/// Every deliverable, in menu order.
pub fn deliverables() -> &'static [&'static dyn Deliverable] {
    REGISTRY
}

/// The deliverable of this id.
pub fn find(id: &str) -> Option<&'static dyn Deliverable> {
    REGISTRY.iter().copied().find(|d| d.id() == id)
}
