//! What a session *is*: serialisable values and pure functions on them. No files, no threads, no sound.
//!
//! A session is an immutable value shared as `Arc<Session>`; only `edit::apply` makes a new one. Fields a newer or
//! foreign program wrote are kept in `extra` and written back untouched.

pub mod chain;
pub mod delivery;
pub mod finding;
pub mod metadata;
pub mod preset;
pub mod session;
pub mod song;
pub mod timeline;

pub use chain::{Chain, ChannelMode, ParamValue, Slot, SlotId};
pub use delivery::Order;
pub use finding::{Finding, Severity};
pub use metadata::{AlbumMetadata, SongMetadata};
pub use preset::{Preset, PresetFor, PresetShelf, ShelvedPreset};
pub use session::{ChainRef, Session};
pub use song::{Fade, FadeShape, Song, SongId, SourceRef, title_from_file_name};
pub use timeline::{PlacedSong, Timeline};

/// Fields this version does not know, kept verbatim.
pub type Extra = serde_json::Map<String, serde_json::Value>;
