//! Counter-based noise: a value depends on seed, channel and absolute frame only.
