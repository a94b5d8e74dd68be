//! Stereo width and mono-maker.
