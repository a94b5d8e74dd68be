//! The panels of the window, each a function of a frame, its own visual state and the outbox.

pub mod album_strip;
pub mod chain;
pub mod deliver;
pub mod intake;
pub mod log;
pub mod menu;
pub mod metadata;
pub mod meters;
pub mod parts;
pub mod presets;
pub mod review;
pub mod slot_drag;
pub mod song_list;
pub mod status;
pub mod timeline;
pub mod transport;
