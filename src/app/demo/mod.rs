//! The demo album: four short songs synthesised here, and how they are mastered.
//!
//! *Opening* (48 kHz, 24 bit) runs without a gap into *Second Wind* (44.1 kHz, 24 bit); *Overpass* (96 kHz, 24 bit) is
//! loud and hides a clip of a few samples; *Afterglow* (44.1 kHz, 16 bit) is quiet. All notes, sounds and rooms are
//! made from arithmetic, so the album is the same bits everywhere and belongs to nobody else.

pub mod album;
mod instruments;
mod mixdown;
mod songs;

pub use songs::{DEMO_SONGS, DemoSong};
