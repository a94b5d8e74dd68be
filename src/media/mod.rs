//! Audio files in: what is this file, its frames, its picture, and its way to the renderer.
//!
//! | file | what it does |
//! |---|---|
//! | [`mod@probe`], [`facts`] | what a file is, without decoding it |
//! | [`wav`], [`aiff`], [`pcm`] | our own readers of uncompressed files |
//! | [`mp4`] | what symphonia does not tell about an MP4: the edit list |
//! | [`decode`] | any file → blocks of `f64`, checked against its own promises |
//! | [`hash`] | identity of a file |
//! | [`cache`], [`library`] | sources at the session rate, ready to be opened |
//! | [`file_source`], [`prefetch`], [`memory`] | the three ways to the renderer: export, live, preloaded |
//! | [`overview`] | the picture of a file |
//! | [`import`] | files, folders and zips → a list of audio files |

pub mod aiff;
pub mod cache;
mod coded;
pub mod decode;
pub mod facts;
pub mod file_source;
pub mod hash;
pub mod import;
pub mod library;
pub mod memory;
pub mod mp4;
pub mod overview;
pub mod pcm;
pub mod prefetch;
pub mod probe;
pub mod source;
pub mod wav;

use std::path::{Path, PathBuf};

pub use decode::Decoder;
pub use facts::{FileFacts, Format, Note, Tags};
pub use file_source::{FileSource, FileSources};
pub use library::Library;
pub use memory::{MemorySource, MemorySources};
pub use overview::Overview;
pub use prefetch::{StreamSource, StreamSources};
pub use probe::probe;
pub use source::{FrameSource, OpenSource, ReadOutcome};

use crate::units::SampleRate;

/// A source file at a session rate, resolved to a path on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceKey {
    /// Absolute path.
    pub path: PathBuf,
    /// BLAKE3 of the file as the session knows it, hex.
    pub hash: String,
    /// Rate to convert to.
    pub rate: SampleRate,
}

/// Why a source could not be read. One variant per thing a caller does differently.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Ask the engineer where it went.
    #[error("{}: the source file is missing; put it back or relink it", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there but is not what the session knew.
    #[error("{}: the source file has changed since it was taken into the session; relink it to accept the new one", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file without a single frame: ask for it again.
    #[error("{}: the file holds no audio: {detail}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What there is instead.
        detail: String,
    },
    /// More than two channels: ask for a stereo mix.
    #[error("{}: the file has {channels} channels; mono and stereo are read, ask for a stereo mix", path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// How many it has.
        channels: u32,
    },
    /// Not audio, or a kind of audio that is not read here.
    #[error("{}: {detail}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is and what would be read instead.
        detail: String,
    },
    /// Show the place; what decoded before it is kept.
    #[error("{}: damaged after frame {frame}: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Frames that decoded.
        frame: u64,
        /// What the decoder said.
        detail: String,
    },
    /// The source needs conversion that has not been made yet: run `Library::prepare`, then open again.
    #[error("{}: the source is not converted to {rate} yet; prepare it first", path.display())]
    NotReady {
        /// The file.
        path: PathBuf,
        /// The rate asked for.
        rate: SampleRate,
    },
    /// The converted audio could not be kept: free space or choose another cache folder.
    #[error("{}: the audio cache cannot be written: {error}; free some space or choose another folder", path.display())]
    Cache {
        /// The cache file or folder.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// The file may not be read.
    #[error("{}: may not be read (no permission); ask its owner for the right to read it", path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        error: std::io::Error,
    },
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl SourceError {
    /// What a failed system call on a source means: a file that is not there, or trouble.
    pub(crate) fn from_io(path: &Path, error: std::io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { path },
            std::io::ErrorKind::PermissionDenied => Self::NotReadable { path },
            _ => Self::Io { path, error },
        }
    }
}
