//! Left/right to mid/side and back.
