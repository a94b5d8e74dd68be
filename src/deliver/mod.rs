//! Masters out: the master tap becomes audio files, each written beside its name, read back, and only then called done.
//!
//! [`deliverable`] holds the contract and the registry; one pass over the tap feeds any number of [`Sink`]s. A sink for
//! audio files is [`conform`] (rate, ceiling, dither) → [`master_file`] (encoder, safe file, checksum). A new format is
//! a file here and a line in the registry.

pub mod album;
pub mod audio_file;
pub mod audio_order;
pub mod cd_image;
pub mod cd_order;
pub mod conform;
pub mod cue;
pub mod ddp;
pub mod deliverable;
pub mod disc_images;
pub mod disc_sets;
pub mod flac;
pub mod manifest;
pub mod master_file;
pub mod mp3;
pub mod naming;
pub mod null_test;
pub mod part_folder;
pub mod settings;
pub mod songs;
pub mod tags;
pub mod toc;
pub mod wav;
pub mod writer;

pub use conform::{Ceiling, Chunk, Conform, ConformReport, ConformSpec};
pub use deliverable::{Deliverable, DeliveryContext, Sink, deliverables, find};
pub use manifest::{Manifest, Written};
pub use settings::{SettingDesc, SettingKind, Settings};
pub use writer::DeliverError;
