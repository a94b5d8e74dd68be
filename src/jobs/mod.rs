//! Work beside the sound: a few named threads, each job with progress and cancel.

pub mod pool;

pub use pool::{JobContext, JobInfo, Pool, Priority};
