//! Sample containers, sample formats and the floating-point mode. No policy.

pub mod buffer;
pub mod format;
pub mod fpu;

pub use buffer::{Block, CHANNELS, QUANTUM};
pub use fpu::FpuGuard;
