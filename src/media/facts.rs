//! What is known of an audio file before a sample is decoded.

use crate::units::SampleRate;

/// Container and coding of a file, as far as somebody would name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// RIFF/WAVE, also as BWF.
    Wav,
    /// RF64: WAVE with 64-bit sizes (EBU Tech 3306).
    Rf64,
    /// BW64: RF64's successor (ITU-R BS.2088).
    Bw64,
    /// AIFF.
    Aiff,
    /// AIFF-C, uncompressed.
    Aifc,
    /// FLAC, native or in Ogg.
    Flac,
    /// Apple Lossless in MP4.
    Alac,
    /// AAC in MP4 or ADTS.
    Aac,
    /// MPEG layer 3 (also layers 1 and 2).
    Mp3,
    /// Ogg Vorbis.
    Vorbis,
}

impl Format {
    /// Short name as shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Rf64 => "RF64",
            Self::Bw64 => "BW64",
            Self::Aiff => "AIFF",
            Self::Aifc => "AIFC",
            Self::Flac => "FLAC",
            Self::Alac => "ALAC",
            Self::Aac => "AAC",
            Self::Mp3 => "MP3",
            Self::Vorbis => "Ogg Vorbis",
        }
    }

    /// Whether coding threw something away.
    pub fn is_lossy(self) -> bool {
        matches!(self, Self::Aac | Self::Mp3 | Self::Vorbis)
    }

    /// Whether frames lie in the file as plain samples.
    pub fn is_pcm(self) -> bool {
        matches!(self, Self::Wav | Self::Rf64 | Self::Bw64 | Self::Aiff | Self::Aifc)
    }

    /// Endings (lower case) under which this format is expected.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Wav => &["wav", "wave", "bwf"],
            Self::Rf64 | Self::Bw64 => &["wav", "wave", "rf64", "bwf", "bw64"],
            Self::Aiff | Self::Aifc => &["aif", "aiff", "aifc"],
            Self::Flac => &["flac", "fla", "oga", "ogg"],
            Self::Alac | Self::Aac => &["m4a", "mp4", "aac", "m4b", "mov", "3gp", "adts"],
            Self::Mp3 => &["mp3", "mp2", "mp1", "mpga"],
            Self::Vorbis => &["ogg", "oga"],
        }
    }
}

/// Something about a file that its receiver should be told; none of them keeps it from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The header promises more than the file holds.
    Truncated {
        /// Frames promised.
        declared: u64,
        /// Whole frames there.
        present: u64,
    },
    /// The name says another format than the content.
    WrongExtension {
        /// The ending, lower case, without the dot.
        extension: String,
        /// What the file is.
        format: Format,
    },
    /// The header does not say how long the file is (it was written to a pipe, or the recorder died): all that follows
    /// the header is taken as audio.
    UnknownLength,
    /// A lossy file without a record of the encoder's delay: the start may be late by some tens of milliseconds and
    /// the length is that of the coded blocks.
    UnknownDelay,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Truncated { declared, present } => {
                write!(f, "the header promises {declared} frames, the file holds {present}")
            }
            Self::WrongExtension { extension, format } => {
                write!(f, "the name ends in .{extension}, the content is {}", format.name())
            }
            Self::UnknownLength => {
                f.write_str("the header does not tell the length; all of the file was taken")
            }
            Self::UnknownDelay => {
                f.write_str("the encoder's delay is not recorded; the start may be a little late")
            }
        }
    }
}

/// Text tags, whatever the file calls them. Empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags {
    /// Title of the song.
    pub title: String,
    /// Performer.
    pub artist: String,
    /// Album.
    pub album: String,
    /// Performer of the album.
    pub album_artist: String,
    /// Composer.
    pub composer: String,
    /// International Standard Recording Code.
    pub isrc: String,
    /// Number on the album; 0 is none.
    pub track_number: u32,
    /// Year or date.
    pub date: String,
    /// Genre.
    pub genre: String,
    /// Comment.
    pub comment: String,
    /// Copyright line.
    pub copyright: String,
}

/// Broadcast Wave extension chunk (EBU Tech 3285, supplement versions 0 to 2).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bext {
    /// Free description.
    pub description: String,
    /// Who made it.
    pub originator: String,
    /// Their reference.
    pub originator_reference: String,
    /// `yyyy-mm-dd`.
    pub origination_date: String,
    /// `hh:mm:ss`.
    pub origination_time: String,
    /// First frame since midnight.
    pub time_reference_frames: u64,
    /// Version of the chunk.
    pub version: u16,
    /// Integrated loudness, LUFS (version 2).
    pub loudness_lufs: Option<f64>,
    /// Loudness range, LU (version 2).
    pub loudness_range_lu: Option<f64>,
    /// Maximum true peak, dBTP (version 2).
    pub max_true_peak_dbtp: Option<f64>,
    /// Coding history.
    pub coding_history: String,
}

/// Everything `probe` finds out.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFacts {
    /// What it is.
    pub format: Format,
    /// Its own rate.
    pub rate: SampleRate,
    /// 1 or 2.
    pub channels: u32,
    /// Significant bits of integer samples, 32 or 64 for floats, 0 for lossy formats.
    pub bits: u32,
    /// Whether samples are IEEE floats.
    pub float: bool,
    /// Frames that decoding gives: for uncompressed files those present; for others those promised, which decoding
    /// checks.
    pub frames: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Titles and codes.
    pub tags: Tags,
    /// Broadcast extension of a WAV file.
    pub bext: Option<Bext>,
    /// iXML chunk of a WAV file, as it is.
    pub ixml: Option<String>,
    /// What its receiver should know.
    pub notes: Vec<Note>,
}

impl FileFacts {
    /// Short name as shown in lists: `WAV 24`, `WAV 32f`, `FLAC 16`, `MP3`.
    pub fn format_name(&self) -> String {
        let name = self.format.name();
        match (self.bits, self.float) {
            (0, _) => name.to_owned(),
            (bits, true) => format!("{name} {bits}f"),
            (bits, false) => format!("{name} {bits}"),
        }
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / self.rate.hz()
    }

    /// Frames the header promised beyond those present.
    pub fn truncation(&self) -> Option<(u64, u64)> {
        self.notes.iter().find_map(|n| match n {
            Note::Truncated { declared, present } => Some((*declared, *present)),
            _ => None,
        })
    }

    /// Whether every decoded sample fits a 32-bit float without rounding.
    pub fn fits_f32(&self) -> bool {
        match (self.float, self.bits) {
            (true, bits) => bits == 32,
            // Decoders of lossy formats work in 32-bit floats.
            (false, bits) => bits <= 24,
        }
    }
}
