//! Checks of delivered mixes and of masters.
