//! Masters out.

pub mod cd_image;
pub mod cue;
pub mod ddp;
pub mod toc;
