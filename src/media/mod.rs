//! Audio files in: what is this file, its frames, its picture, and its way to the renderer.

pub mod source;

use std::path::PathBuf;

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
