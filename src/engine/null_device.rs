//! A device made of a clock: everything works on it, nothing is heard. For machines without sound, and for tests.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::callback::Callback;
use super::lease::{Lease, LeaseReturn};

/// How fast the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A buffer every time a buffer lasts.
    RealTime,
    /// As fast as the machine allows.
    Free,
}

/// Takes the buffers a null device has filled, interleaved stereo.
pub type Capture = Box<dyn FnMut(&[f32]) + Send>;

/// A running null device. Stops when dropped.
pub struct NullDevice {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    back: Option<LeaseReturn>,
}

impl NullDevice {
    /// Runs a callback in buffers of `frames` (1 to 8192) on a thread of its own.
    ///
    /// # Errors
    /// When no thread can be started; the callback is lost with it.
    pub fn start(
        callback: Box<Callback>,
        frames: usize,
        pace: Pace,
        mut capture: Option<Capture>,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let (mut lease, back) = Lease::new(callback);
        let frames = frames.clamp(1, 8192);
        let run = move || {
            let mut buffer = vec![0f32; 2 * frames];
            let mut deadline = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let Some(callback) = lease.get() else { return };
                callback.process(&mut buffer, 2);
                if let Some(capture) = &mut capture {
                    capture(&buffer);
                }
                if pace == Pace::RealTime {
                    deadline += Duration::from_secs_f64(frames as f64 / callback.device_rate().hz());
                    std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
                }
            }
        };
        let thread = Builder::new().name("gm-null-device".to_owned()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread), back: Some(back) })
    }

    /// Stops and gives the callback back, with the plan it was playing.
    pub fn close(mut self) -> Option<Box<Callback>> {
        self.halt();
        self.back.take().and_then(LeaseReturn::wait)
    }

    fn halt(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic on that thread has been reported by the panic hook; there is nothing to add.
            drop(thread.join());
        }
    }
}

impl Drop for NullDevice {
    fn drop(&mut self) {
        self.halt();
    }
}
