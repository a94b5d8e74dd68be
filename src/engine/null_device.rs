//! A device made of a clock: everything works on it, nothing is heard. For machines without sound, and for tests.
//!
//! At real time it behaves as a card with two buffers: one must be filled while the other lasts. Where that takes longer,
//! because the callback did or because the system woke its thread too late, it is an xrun and the clock begins anew.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::callback::Callback;
use super::lease::{Lease, LeaseReturn};
use crate::audio::priority;

/// How fast the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A buffer every time a buffer lasts.
    RealTime,
    /// As fast as the machine allows.
    Free,
    /// As fast as the machine and whoever reads the sample ring allow: waits, outside the callback, while the ring has
    /// no room for what the next buffer may bring. Where nobody reads, it stands still.
    Heard,
}

/// Frames a callback may bring beside those of its buffer: what is left of a quantum, and of a segment that is converted.
const ROOM: usize = 1024;

/// How long a full ring is left alone.
const PATIENCE: Duration = Duration::from_millis(1);

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
            if let (Pace::RealTime, Some(callback)) = (pace, lease.get()) {
                callback.shared().note_priority(priority::raise());
            }
            let mut deadline = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let Some(callback) = lease.get() else { return };
                if pace == Pace::Heard && callback.sample_room() < frames + ROOM {
                    std::thread::park_timeout(PATIENCE);
                    continue;
                }
                let late_before = callback.shared().late_callbacks();
                callback.process(&mut buffer, 2);
                if let Some(capture) = &mut capture {
                    capture(&buffer);
                }
                if pace == Pace::RealTime {
                    let lasts = Duration::from_secs_f64(frames as f64 / callback.device_rate().hz());
                    deadline += lasts;
                    let now = Instant::now();
                    if now > deadline {
                        // A callback that took too long has counted itself.
                        if callback.shared().late_callbacks() == late_before {
                            callback.shared().count_xrun();
                        }
                        deadline = now;
                    }
                    std::thread::sleep(deadline.saturating_duration_since(now));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{LiveEngine, MonotonicClock};
    use crate::media::library::Library;
    use crate::media::memory::MemorySources;
    use crate::units::SampleRate;

    #[test]
    fn a_buffer_filled_too_late_is_an_xrun() {
        let dir = tempfile::tempdir().unwrap();
        let library = Arc::new(Library::new(dir.path().to_owned(), 1 << 20));
        let sources = Arc::new(MemorySources::new(library));
        let clock = Box::new(MonotonicClock::default());
        let (mut engine, callback) =
            LiveEngine::new(SampleRate(48_000), sources.clone(), sources, clock).unwrap();
        // 64 frames last 1.3 ms. The first buffer takes three times that, or longer where the machine is slow.
        let (say, said) = std::sync::mpsc::sync_channel(1);
        let mut buffers = 0;
        let capture = move |_: &[f32]| {
            buffers += 1;
            let until = Instant::now() + Duration::from_millis(4);
            while buffers == 1 && Instant::now() < until {
                std::hint::spin_loop();
            }
            if buffers == 2 {
                // By now the first has been judged.
                say.send(()).unwrap();
            }
        };
        let null = NullDevice::start(callback, 64, Pace::RealTime, Some(Box::new(capture))).unwrap();
        said.recv().unwrap();
        drop(null);
        assert!(engine.poll().xruns >= 1);
    }
}
