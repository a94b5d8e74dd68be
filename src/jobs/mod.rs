//! Work beside the sound: a few named threads, each job with progress and cancel.

pub mod album_report;
pub mod album_scan;
pub mod check;
pub mod curves;
pub mod export;
pub mod fan_out;
pub mod import;
pub mod inspect;
pub mod matching;
pub mod measuring;
pub mod parallel;
pub mod pool;
pub mod render;
pub mod sources;

pub use pool::{JobContext, JobInfo, Pool, Priority};
