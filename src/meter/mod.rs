//! Measuring: used by live meters, checks and reports alike.

pub mod loudness;
pub mod true_peak;
