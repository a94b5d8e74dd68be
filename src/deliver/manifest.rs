//! What was written: every file with its checksum, length, measurements and proof, in the shape of `deliver --json`.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::ConformReport;
use super::master_file::AudioKind;
use super::null_test::NullReference;
use super::tags::{Tags, program};
use crate::audio::format::SampleFormat;
use crate::meter::analysis::Measurements;
use crate::model::{Finding, SongId};

/// One finished file under its name.
#[derive(Debug, Clone, Serialize)]
pub struct Written {
    /// Where it stands.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// Id of the deliverable it belongs to.
    pub deliverable: String,
    /// SHA-256 of the finished file, hex.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Length in frames; 0 for what is not audio.
    pub frames: u64,
    /// Rate; 0 for what is not audio.
    pub sample_rate_hz: u32,
    /// As shown (`WAV 24`, `FLAC 16`, `MP3 320`).
    pub format: String,
    /// The song, unless it is the album or no song.
    pub song: Option<SongId>,
    /// Measured on the very numbers in the file; `None` for lossy files, which are measured by decoding them.
    pub measurements: Option<Measurements>,
    /// Residual against the tap through the same conversion, dBFS as AES17 counts RMS ([`super::null_test`]); `None` if
    /// exact or not yet compared.
    pub null_db: Option<f64>,
    /// The sound read back from the finished file is bit for bit what the tap gave.
    pub bit_exact: bool,
    /// What conversion, ceiling and dither did on the way.
    pub conform: ConformReport,
    /// Program and version that wrote it.
    pub engine: String,
    /// What is needed to read it back and compare; nothing for what is not audio.
    #[serde(skip)]
    pub audio: Option<AudioProof>,
}

/// What a finished audio file is held against when it is read back.
#[derive(Debug, Clone)]
pub struct AudioProof {
    /// Container and coding.
    pub kind: AudioKind,
    /// Samples.
    pub format: SampleFormat,
    /// BLAKE3 of the numbers that went in.
    pub sound_hash: String,
    /// Tags that went in.
    pub tags: Option<Tags>,
    /// What went into a lossy encoder, until the residual is measured; `None` if there was no room to keep it.
    pub reference: Option<Arc<NullReference>>,
}

impl Written {
    /// A file that is not audio (a sheet, a table), by its checksum.
    pub fn other(path: PathBuf, deliverable: &str, format: &str, sha256: String, bytes: u64) -> Self {
        Self {
            path,
            deliverable: deliverable.to_owned(),
            sha256,
            bytes,
            frames: 0,
            sample_rate_hz: 0,
            format: format.to_owned(),
            song: None,
            measurements: None,
            null_db: None,
            bit_exact: false,
            conform: ConformReport::default(),
            engine: program(),
            audio: None,
        }
    }
}

fn as_text<S: Serializer>(path: &std::path::Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// A whole delivery.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Manifest {
    /// In the order they were ordered and written.
    pub files: Vec<Written>,
    /// Before and after writing.
    pub findings: Vec<Finding>,
}

impl Manifest {
    /// Lines of `sha256sum`: checksum, two spaces, name as `name_of` gives it.
    pub fn checksum_lines(&self, name_of: impl Fn(&Written) -> String) -> String {
        self.files.iter().map(|f| format!("{}  {}\n", f.sha256, name_of(f))).collect()
    }
}
