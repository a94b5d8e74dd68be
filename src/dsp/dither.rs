//! Word-length reduction: flat and shaped dither.
