//! The settings every deliverable of audio files shares, and what they mean.

use super::conform::{Ceiling, ConformSpec, album_ceiling_dbtp};
use super::master_file::AudioKind;
use super::settings::{SettingDesc, SettingKind, Settings};
use super::{DeliverError, mp3};
use crate::audio::format::SampleFormat;
use crate::model::Session;
use crate::units::SampleRate;

const DITHERS: &[&str] = &[
    "none",
    "tpdf",
    "shaped",
    "shaped:own",
    "shaped:lipshitz5",
    "shaped:fweighted3",
    "shaped:fweighted9",
    "shaped:modified_e9",
    "shaped:improved_e9",
];

const RATE: SettingDesc = SettingDesc {
    id: "rate",
    name: "Sample rate",
    kind: SettingKind::Choice {
        words: &["session", "44100", "48000", "88200", "96000", "176400", "192000"],
        default: "session",
    },
    help: "Rate of the files; never above the session's without need.",
};
const MP3_RATE: SettingDesc = SettingDesc {
    id: "rate",
    name: "Sample rate",
    kind: SettingKind::Choice { words: &["session", "44100", "48000"], default: "session" },
    help: "Rate of the files; a session above 48 kHz takes the lower rate of its family.",
};
const WAV_BITS: SettingDesc = SettingDesc {
    id: "bits",
    name: "Bits",
    kind: SettingKind::Choice { words: &["16", "20", "24", "32", "32f", "64f"], default: "24" },
    help: "Word length; 32f and 64f are floats. 20 bits stand in 24-bit files.",
};
const FLAC_BITS: SettingDesc = SettingDesc {
    id: "bits",
    name: "Bits",
    kind: SettingKind::Choice { words: &["16", "24"], default: "24" },
    help: "Word length.",
};
const KBPS: SettingDesc = SettingDesc {
    id: "kbps",
    name: "Bit rate",
    kind: SettingKind::Choice { words: mp3::BIT_RATES, default: "320" },
    help: "Constant bit rate in kbit/s.",
};
pub(super) const DITHER: SettingDesc = SettingDesc {
    id: "dither",
    name: "Dither",
    kind: SettingKind::Choice { words: DITHERS, default: "tpdf" },
    help: "Added once, last, where integers are written.",
};
pub(super) const CEILING: SettingDesc = SettingDesc {
    id: "ceiling",
    name: "Ceiling after rate conversion",
    kind: SettingKind::Choice { words: &["guard", "trim", "none"], default: "guard" },
    help: "Guard limits what conversion lifts above the album's ceiling; trim turns the album down; none leaves it.",
};
pub(super) const TRIM: SettingDesc = SettingDesc {
    id: "trim_db",
    name: "Trim",
    kind: SettingKind::Decibels { min: -12.0, max: 0.0, default: -0.5 },
    help: "Gain of the whole album where the ceiling policy is trim.",
};
const TAGS: SettingDesc = SettingDesc {
    id: "tags",
    name: "Tags",
    kind: SettingKind::Switch { default: true },
    help: "Titles and codes inside the files; some distributors take only files without.",
};
pub(super) const ASCII: SettingDesc = SettingDesc {
    id: "ascii_names",
    name: "Plain names",
    kind: SettingKind::Switch { default: false },
    help: "No accents and no spaces in file names.",
};
const SONG_PATTERN: SettingDesc = SettingDesc {
    id: "pattern",
    name: "File name",
    kind: SettingKind::Text { default: "{nn} {title} ({version})" },
    help: "Fields: {artist} {album} {nn} {title} {version} {rate} {depth} {round} {cat} {side}.",
};
const ALBUM_PATTERN: SettingDesc = SettingDesc {
    id: "pattern",
    name: "File name",
    kind: SettingKind::Text { default: "{artist} - {album} {rate} {depth}" },
    help: "Fields: {artist} {album} {rate} {depth} {round} {cat}.",
};

const fn folder(default: &'static str) -> SettingDesc {
    SettingDesc {
        id: "folder",
        name: "Folder name",
        kind: SettingKind::Text { default },
        help: "Folder of the song files; the same fields as the file name.",
    }
}

/// Settings of WAV songs.
pub const WAV_SONGS: &[SettingDesc] = &[
    WAV_BITS,
    RATE,
    DITHER,
    CEILING,
    TRIM,
    TAGS,
    ASCII,
    SONG_PATTERN,
    folder("{artist} - {album} WAV {rate} {depth}"),
];
/// Settings of FLAC songs.
pub const FLAC_SONGS: &[SettingDesc] = &[
    FLAC_BITS,
    RATE,
    DITHER,
    CEILING,
    TRIM,
    TAGS,
    ASCII,
    SONG_PATTERN,
    folder("{artist} - {album} FLAC {rate} {depth}"),
];
/// Settings of MP3 songs.
pub const MP3_SONGS: &[SettingDesc] =
    &[KBPS, MP3_RATE, CEILING, TRIM, TAGS, ASCII, SONG_PATTERN, folder("{artist} - {album} MP3 {depth}")];
/// Settings of the album as one WAV.
pub const WAV_ALBUM: &[SettingDesc] = &[WAV_BITS, RATE, DITHER, CEILING, TRIM, TAGS, ASCII, ALBUM_PATTERN];
/// Settings of the album as one FLAC.
pub const FLAC_ALBUM: &[SettingDesc] = &[FLAC_BITS, RATE, DITHER, CEILING, TRIM, TAGS, ASCII, ALBUM_PATTERN];
/// Settings of the album as one MP3.
pub const MP3_ALBUM: &[SettingDesc] = &[KBPS, MP3_RATE, CEILING, TRIM, TAGS, ASCII, ALBUM_PATTERN];

/// The ceiling policy that [`CEILING`] and [`TRIM`] ask for.
pub(super) fn ceiling_of(session: &Session, settings: &Settings) -> Ceiling {
    match settings.text("ceiling") {
        "trim" => Ceiling::Trim { trim_db: settings.db("trim_db") },
        "none" => Ceiling::Nothing,
        _ => Ceiling::Guard { ceiling_dbtp: album_ceiling_dbtp(session) },
    }
}

/// Settings as the writer takes them.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioOrder {
    /// Container and coding.
    pub kind: AudioKind,
    /// Samples; 64-bit floats into a lossy encoder.
    pub format: SampleFormat,
    /// Rate of the files.
    pub rate: SampleRate,
    /// Of a lossy file.
    pub kbps: String,
    /// By name.
    pub dither: String,
    /// Policy.
    pub ceiling: Ceiling,
    /// Tags inside.
    pub has_tags: bool,
    /// Names in plain ASCII.
    pub ascii_names: bool,
    /// Pattern of file names.
    pub pattern: String,
    /// Pattern of the folder's name; empty for no folder.
    pub folder: String,
}

impl AudioOrder {
    /// What the settings mean for a session.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] if a word means nothing; settings made by [`Settings::from_order`] always mean something.
    pub fn new(kind: AudioKind, session: &Session, settings: &Settings) -> Result<Self, DeliverError> {
        let own = session.sample_rate_hz;
        let rate = match (settings.text("rate"), kind) {
            ("session", AudioKind::Mp3) => mp3::rate_for(own),
            ("session", _) => own,
            (hz, _) => SampleRate(
                hz.parse().map_err(|e| DeliverError::Refused(format!("“{hz}” is no sample rate: {e}")))?,
            ),
        };
        let format = match kind {
            AudioKind::Mp3 => SampleFormat::Float64,
            _ => SampleFormat::from_name(settings.text("bits")).ok_or_else(|| {
                DeliverError::Refused(format!("“{}” is no word length", settings.text("bits")))
            })?,
        };
        Ok(Self {
            kind,
            format,
            rate,
            kbps: settings.text("kbps").to_owned(),
            dither: settings.text("dither").to_owned(),
            ceiling: ceiling_of(session, settings),
            has_tags: settings.is_on("tags"),
            ascii_names: settings.is_on("ascii_names"),
            pattern: settings.text("pattern").to_owned(),
            folder: settings.text("folder").to_owned(),
        })
    }

    /// `{depth}` of names: `24b`, `32f`, `320k`.
    pub fn depth(&self) -> String {
        match (self.kind, self.format.integer_bits()) {
            (AudioKind::Mp3, _) => format!("{}k", self.kbps),
            (_, Some(bits)) => format!("{bits}b"),
            (_, None) => self.format.name().to_owned(),
        }
    }

    /// The way of `frames` frames of a session's tap into these files.
    pub fn conform(&self, session: &Session, frames: u64) -> ConformSpec {
        ConformSpec {
            from: session.sample_rate_hz,
            to: self.rate,
            format: self.format,
            dither: self.dither.clone(),
            seed: session.dither_seed,
            ceiling: self.ceiling,
            frames,
        }
    }
}
