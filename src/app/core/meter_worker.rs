//! The thread that measures: takes the signal from its ring, publishes a picture thirty times a second.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ringbuf::HeapCons;
use ringbuf::traits::{Consumer, Observer};

use crate::app::command::MeterAct;
use crate::app::frame::{MeterView, SpectrumView};
use crate::app::meter_settings::MeterSettings;
use crate::app::telemetry::{LevelTrace, Meters};
use crate::units::SampleRate;

/// Frames taken from the ring at a time.
const CHUNK: usize = 4096;

/// How long the worker sleeps when the ring is empty.
const NAP: Duration = Duration::from_millis(8);

/// The picture of the meters, replaced whole.
#[derive(Debug, Default, Clone)]
pub(super) struct Published {
    pub meters: Arc<MeterView>,
    pub spectrum: Arc<SpectrumView>,
    pub field: Arc<Vec<[f32; 2]>>,
    pub trace: Arc<LevelTrace>,
}

/// What the worker is told.
enum Tell {
    Set(Box<MeterSettings>),
    Act(MeterAct),
}

/// What waits for the worker, oldest first.
type Told = Arc<Mutex<Vec<Tell>>>;

/// The worker, and what it published last.
pub(super) struct MeterWorker {
    published: Arc<Mutex<Published>>,
    told: Told,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread holds.
struct Task {
    ring: HeapCons<[f64; 2]>,
    told: Told,
    published: Arc<Mutex<Published>>,
    meters: Meters,
    frames: Vec<[f64; 2]>,
    left: Vec<f64>,
    right: Vec<f64>,
    /// Frames measured since the last picture.
    waiting: usize,
    /// Frames between two pictures.
    interval: usize,
}

impl Task {
    /// Takes what there is; `false` when there was little.
    fn turn(&mut self) -> bool {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        for tell in told {
            match tell {
                Tell::Set(settings) => self.meters.set(&settings),
                Tell::Act(act) => self.meters.act(&act),
            }
            self.waiting = self.interval;
        }
        if self.ring.occupied_len() == self.ring.capacity().get() {
            self.meters.lost();
        }
        let count = self.ring.pop_slice(&mut self.frames);
        self.left.clear();
        self.right.clear();
        self.left.extend(self.frames[..count].iter().map(|f| f[0]));
        self.right.extend(self.frames[..count].iter().map(|f| f[1]));
        self.meters.push(&self.left, &self.right);
        self.waiting += count;
        if self.waiting >= self.interval {
            self.waiting = 0;
            self.publish();
        }
        count == self.frames.len()
    }

    fn publish(&mut self) {
        let next = Published {
            meters: Arc::new(self.meters.view()),
            spectrum: Arc::new(self.meters.spectrum()),
            field: Arc::new(self.meters.field()),
            trace: Arc::clone(self.meters.trace()),
        };
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

impl MeterWorker {
    pub(super) fn start(
        rate: SampleRate,
        settings: &MeterSettings,
        ring: HeapCons<[f64; 2]>,
    ) -> io::Result<Self> {
        let published = Arc::<Mutex<Published>>::default();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Told::default();
        let interval = (rate.0 / 30) as usize;
        let mut task = Task {
            ring,
            told: Arc::clone(&told),
            published: Arc::clone(&published),
            meters: Meters::new(rate, settings),
            frames: vec![[0.0; 2]; CHUNK],
            left: Vec::with_capacity(CHUNK),
            right: Vec::with_capacity(CHUNK),
            // The first picture is there at once.
            waiting: interval,
            interval,
        };
        let wants_stop = Arc::clone(&stop);
        let run = move || {
            while !wants_stop.load(Ordering::Relaxed) {
                if !task.turn() {
                    std::thread::park_timeout(NAP);
                }
            }
        };
        let thread = std::thread::Builder::new().name("gm-meters".to_owned()).spawn(run)?;
        Ok(Self { published, told, stop, thread: Some(thread) })
    }

    /// Sets the meters.
    pub(super) fn set(&self, settings: &MeterSettings) {
        self.send(Tell::Set(Box::new(settings.clone())));
    }

    /// Does something to the meters.
    pub(super) fn act(&self, act: MeterAct) {
        self.send(Tell::Act(act));
    }

    fn send(&self, tell: Tell) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(tell);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// The last picture.
    pub(super) fn published(&self) -> Published {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for MeterWorker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // Its panic has been reported; there is nothing to add.
            drop(thread.join());
        }
    }
}
