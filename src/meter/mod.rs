//! Measuring: used by live meters, checks and reports alike.
//!
//! Streaming meters take planar `f64` blocks of any size and allocate nothing after `new`; [`analysis`] runs all that a
//! file needs in one pass.

pub mod album;
pub mod analysis;
pub mod bandwidth;
pub mod dynamics;
pub mod full_scale;
pub mod ledger;
pub mod level;
pub mod loudness;
pub mod loudness_counts;
pub mod loudness_map;
pub mod peak;
pub mod services;
pub mod song_figures;
pub mod spectrum;
pub mod stereo;
pub mod thirds;
pub mod true_peak;
