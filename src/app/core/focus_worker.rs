//! The thread that measures the probed slot: takes its quanta from the ring, publishes a picture thirty times a second.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ringbuf::HeapCons;
use ringbuf::traits::Consumer;

use crate::app::focus::Focus;
use crate::app::frame::FocusView;
use crate::audio::QUANTUM;
use crate::render::SlotProbe;
use crate::units::SampleRate;

/// How long the worker sleeps when the ring is empty.
const NAP: Duration = Duration::from_millis(8);

/// Naps without a quantum after which nothing runs through the slot: a device's longest buffer lasts less.
const NAPS_TO_REST: u32 = 40;

/// The worker, and what it published last.
pub(super) struct FocusWorker {
    published: Arc<Mutex<Arc<FocusView>>>,
    reset: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread holds.
struct Task {
    ring: HeapCons<SlotProbe>,
    focus: Focus,
    published: Arc<Mutex<Arc<FocusView>>>,
    /// Frames measured since the last picture.
    waiting: usize,
    /// Frames between two pictures.
    interval: usize,
    naps: u32,
}

impl Task {
    /// Takes what there is.
    fn turn(&mut self) {
        let mut taken = 0;
        while let Some(probe) = self.ring.try_pop() {
            self.focus.push(&probe);
            taken += QUANTUM;
            self.waiting += QUANTUM;
            if self.waiting >= self.interval {
                self.waiting = 0;
                self.publish(self.focus.view());
            }
        }
        self.naps = if taken > 0 { 0 } else { self.naps.saturating_add(1) };
        if self.naps == NAPS_TO_REST {
            self.publish(self.focus.view().at_rest());
        }
    }

    fn publish(&self, view: FocusView) {
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }
}

impl FocusWorker {
    pub(super) fn start(rate: SampleRate, ring: HeapCons<SlotProbe>) -> io::Result<Self> {
        let published = Arc::<Mutex<Arc<FocusView>>>::default();
        let (reset, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (wants_reset, wants_stop) = (Arc::clone(&reset), Arc::clone(&stop));
        let mut task = Task {
            ring,
            focus: Focus::new(rate),
            published: Arc::clone(&published),
            waiting: 0,
            interval: rate.0 as usize / 30,
            naps: 0,
        };
        let run = move || {
            while !wants_stop.load(Ordering::Relaxed) {
                if wants_reset.swap(false, Ordering::Relaxed) {
                    task.focus.reset();
                    task.publish(FocusView::default());
                }
                task.turn();
                std::thread::park_timeout(NAP);
            }
        };
        let thread = std::thread::Builder::new().name("gm-focus".to_owned()).spawn(run)?;
        Ok(Self { published, reset, stop, thread: Some(thread) })
    }

    /// The last picture.
    pub(super) fn published(&self) -> Arc<FocusView> {
        Arc::clone(&self.published.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets what was measured.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }
}

impl Drop for FocusWorker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // Its panic has been reported; there is nothing to add.
            drop(thread.join());
        }
    }
}
