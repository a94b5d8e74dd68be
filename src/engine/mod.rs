//! The live side: the callback body, its rings, the monitor section, devices, and the thread that prepares renderers.
//!
//! [`LiveEngine`] is what the program holds; [`Callback`] is what a device holds. Between them are rings and atomics
//! ([`link`]); nothing on the callback's side allocates, frees, locks or waits.

pub mod callback;
mod conductor;
#[cfg(feature = "device")]
pub mod device;
pub mod lease;
pub mod link;
pub mod live;
pub mod monitor;
mod monitor_rate;
pub mod null_device;
pub mod output_guard;
pub mod sample_ring;
pub mod shared;
mod voice;

pub use callback::{Callback, Clock, DeviceSample, MonotonicClock};
pub use link::{LoopRange, MeterFrame};
pub use live::{EngineEvent, EngineStatus, LiveEngine, Resolver};
pub use monitor::Monitor;
pub use null_device::{NullDevice, Pace};
pub use sample_ring::{Begin, MeterTap, SamplePlace, SampleReader};
pub use shared::{LoadReading, Shared};
