//! The thread that measures: takes the signal from its ring, publishes a picture thirty times a second.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::command::MeterAct;
use crate::app::meter_settings::MeterSettings;
use crate::app::telemetry::{Meters, Pictures, Published};
use crate::engine::SampleReader;
use crate::meter::loudness_map::LoudnessMap;
use crate::model::Session;
use crate::units::SampleRate;

/// Frames taken from the ring at a time.
const CHUNK: usize = 4096;

/// How long the worker sleeps when the ring is empty.
const NAP: Duration = Duration::from_millis(8);

/// What the worker is told.
enum Tell {
    Set(Box<MeterSettings>),
    Act(MeterAct),
    Session { number: u64, session: Arc<Session>, map: Arc<LoudnessMap> },
}

/// What waits for the worker, oldest first.
type Told = Arc<Mutex<Vec<Tell>>>;

/// The worker, and what it published last.
pub(super) struct MeterWorker {
    published: Arc<Mutex<Published>>,
    told: Told,
    /// The thread ends when it is set.
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread holds.
struct Task {
    ring: SampleReader,
    told: Told,
    published: Arc<Mutex<Published>>,
    meters: Meters,
    pictures: Pictures,
    frames: Vec<[f64; 2]>,
    left: Vec<f64>,
    right: Vec<f64>,
    /// Frames that found no room in the ring, as far as the meters know.
    lost: u64,
    /// Frames measured since the last picture.
    waiting: usize,
    /// Frames between two pictures.
    interval: usize,
}

impl Task {
    /// Takes what there is; `false` when there was little.
    fn turn(&mut self) -> bool {
        self.listen_to_orders();
        let lost = self.ring.lost();
        if lost != self.lost {
            self.lost = lost;
            self.meters.lost();
        }
        let Some((place, count)) = self.ring.take(&mut self.frames) else {
            self.publish_if_due();
            return false;
        };
        self.left.clear();
        self.right.clear();
        self.left.extend(self.frames[..count].iter().map(|f| f[0]));
        self.right.extend(self.frames[..count].iter().map(|f| f[1]));
        self.meters.push_at(&place, &self.left, &self.right);
        self.waiting += count;
        self.publish_if_due();
        self.ring.waiting() > 0
    }

    fn listen_to_orders(&mut self) {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        let newest = told.iter().rposition(|tell| matches!(tell, Tell::Session { .. }));
        for (tell, index) in told.into_iter().zip(0..) {
            match tell {
                Tell::Set(settings) => self.meters.set(&settings),
                Tell::Act(act) => self.meters.act(&act),
                // While a knob is dragged there are many: laying the album out for each could take too long.
                Tell::Session { number, session, .. } if Some(index) != newest => {
                    self.meters.pass_session(number, &session);
                }
                Tell::Session { number, session, map } => self.meters.set_session(number, &session, &map),
            }
            self.waiting = self.interval;
        }
    }

    fn publish_if_due(&mut self) {
        if self.waiting >= self.interval {
            self.waiting = 0;
            let next = self.pictures.paint(&mut self.meters);
            *self.published.lock().unwrap_or_else(PoisonError::into_inner) = next;
        }
    }
}

impl MeterWorker {
    pub(super) fn start(rate: SampleRate, settings: &MeterSettings, ring: SampleReader) -> io::Result<Self> {
        let published = Arc::<Mutex<Published>>::default();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Told::default();
        let interval = (rate.0 / 30) as usize;
        let mut task = Task {
            ring,
            told: Arc::clone(&told),
            published: Arc::clone(&published),
            meters: Meters::new(rate, settings),
            pictures: Pictures::default(),
            frames: vec![[0.0; 2]; CHUNK],
            left: Vec::with_capacity(CHUNK),
            right: Vec::with_capacity(CHUNK),
            lost: 0,
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

    /// The session the engine was given under a number, and the map of its album's loudness.
    pub(super) fn set_session(&self, number: u64, session: &Arc<Session>, map: &Arc<LoudnessMap>) {
        self.send(Tell::Session { number, session: Arc::clone(session), map: Arc::clone(map) });
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
