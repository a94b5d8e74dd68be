//! Work beside the sound: a few named threads, each job with progress and cancel.

pub mod inspect;
pub mod parallel;
pub mod pool;

pub use pool::{JobContext, JobInfo, Pool, Priority};
