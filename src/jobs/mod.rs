//! Work beside the sound.
