//! Sample containers, sample formats, the floating-point mode and the priorities of threads. No policy.

pub mod buffer;
pub mod format;
pub mod fpu;
pub mod priority;

pub use buffer::{Block, CHANNELS, QUANTUM};
pub use fpu::FpuGuard;
