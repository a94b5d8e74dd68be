//! Band-limited interpolation between samples, for true peaks.
