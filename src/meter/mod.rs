//! Measuring: used by live meters, checks and reports alike.

pub mod analysis;
pub mod bandwidth;
pub mod dynamics;
pub mod loudness;
pub mod true_peak;
