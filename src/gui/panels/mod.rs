//! The panels of the window, each a function of a frame, its own visual state and the outbox.

pub mod album_strip;
pub mod chain;
pub mod log;
pub mod menu;
pub mod meters;
pub mod song_list;
pub mod spectrum;
pub mod status;
pub mod timeline;
pub mod transport;
