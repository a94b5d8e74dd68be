//! What the audio thread tells the rest of the program by atomics: place, state, counters, load.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::audio::priority::{Priority, in_words};
use crate::units::Frames;

/// Half a percent of the time a buffer lasts per step; the last step takes all above.
const LOAD_STEPS: usize = 512;

/// Written by the callback, read by anyone. All of it is a state or a counter that grows until it is reset.
#[derive(Debug)]
pub struct Shared {
    /// Raised by every wish of the user to play, seek or stop; a renderer prepared for an older wish is not played.
    pub(super) intent: AtomicU64,
    pub(super) position: AtomicI64,
    pub(super) playing: AtomicBool,
    /// Plan of the renderer that is heard.
    pub(super) plan_id: AtomicU64,
    /// Quanta with frames that came too late from the disk.
    pub(super) late_quanta: AtomicU64,
    /// Quanta with a source that cannot be read.
    pub(super) failed_quanta: AtomicU64,
    /// Callbacks that took longer than their buffer lasts.
    pub(super) late_callbacks: AtomicU64,
    /// Xruns the device reported.
    pub(super) xruns: AtomicU64,
    pub(super) callbacks: AtomicU64,
    /// Quanta of the probed slot that its worker was too slow for.
    pub(super) probes_lost: AtomicU64,
    /// Repetitions of a loop that were played or given back.
    pub(super) loop_taken: AtomicU64,
    pub(super) guard_tripped: AtomicBool,
    pub(super) lost: AtomicBool,
    /// A renderer was refused because the device was opened for another session rate.
    pub(super) wrong_rate: AtomicBool,
    /// `SCHED_FIFO` priority of the audio thread, or the negated error; 0 where nobody asked.
    pub(super) priority: AtomicI32,
    load_steps: [AtomicU32; LOAD_STEPS],
    load_sum_ppm: AtomicU64,
    load_worst_ppm: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            intent: AtomicU64::new(0),
            position: AtomicI64::new(0),
            playing: AtomicBool::new(false),
            plan_id: AtomicU64::new(0),
            late_quanta: AtomicU64::new(0),
            failed_quanta: AtomicU64::new(0),
            late_callbacks: AtomicU64::new(0),
            xruns: AtomicU64::new(0),
            callbacks: AtomicU64::new(0),
            probes_lost: AtomicU64::new(0),
            loop_taken: AtomicU64::new(0),
            guard_tripped: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            wrong_rate: AtomicBool::new(false),
            priority: AtomicI32::new(0),
            load_steps: std::array::from_fn(|_| AtomicU32::new(0)),
            load_sum_ppm: AtomicU64::new(0),
            load_worst_ppm: AtomicU64::new(0),
        }
    }
}

/// Time the callback took against the time its buffer lasts; 1.0 is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LoadReading {
    /// Mean.
    pub mean: f64,
    /// 99.9 % of callbacks took no longer, to half a percent of the buffer; above 2.56 it reads 2.56.
    pub p999: f64,
    /// The worst of all.
    pub worst: f64,
    /// Readings.
    pub count: u64,
}

impl Shared {
    /// Album frame that is heard next.
    pub fn position(&self) -> Frames {
        Frames(self.position.load(Relaxed))
    }

    /// Whether the transport runs.
    pub fn is_playing(&self) -> bool {
        self.playing.load(Relaxed)
    }

    /// Dropouts since the counters were reset: source frames that came late, callbacks that took too long, xruns of the
    /// device.
    pub fn dropouts(&self) -> u64 {
        self.late_quanta.load(Relaxed) + self.late_callbacks.load(Relaxed) + self.xruns.load(Relaxed)
    }

    /// Callbacks that took longer than their buffer lasts.
    pub fn late_callbacks(&self) -> u64 {
        self.late_callbacks.load(Relaxed)
    }

    /// Quanta of the probed slot that were not shown: nobody took them in time.
    pub fn probes_lost(&self) -> u64 {
        self.probes_lost.load(Relaxed)
    }

    /// An xrun the device reported; any thread.
    pub fn count_xrun(&self) {
        self.xruns.fetch_add(1, Relaxed);
    }

    /// Whether the device is gone; the transport stands still until another is opened.
    pub fn is_device_lost(&self) -> bool {
        self.lost.load(Relaxed)
    }

    /// Says that the device is gone, or is there again.
    pub fn set_device_lost(&self, lost: bool) {
        self.lost.store(lost, Relaxed);
    }

    /// Notes what the system answered when the audio thread asked for real-time priority.
    pub(super) fn note_priority(&self, answer: Result<i32, i32>) {
        self.priority.store(answer.unwrap_or_else(|error| -error), Relaxed);
    }

    /// What the system answered when the audio thread asked for real-time priority; `None` before it did.
    pub fn priority(&self) -> Option<Priority> {
        match self.priority.load(Relaxed) {
            0 => None,
            granted if granted > 0 => Some(in_words(Ok(granted))),
            error => Some(in_words(Err(-error))),
        }
    }

    /// Sets the dropout counters, the count of callbacks and the load meter to zero.
    pub fn reset_counters(&self) {
        let counters =
            [&self.late_quanta, &self.failed_quanta, &self.late_callbacks, &self.xruns, &self.callbacks];
        for counter in counters {
            counter.store(0, Relaxed);
        }
        self.load_steps.iter().for_each(|s| s.store(0, Relaxed));
        self.load_sum_ppm.store(0, Relaxed);
        self.load_worst_ppm.store(0, Relaxed);
    }

    pub(super) fn note_load(&self, load: f64) {
        let step = ((load * 200.0) as usize).min(LOAD_STEPS - 1);
        self.load_steps[step].fetch_add(1, Relaxed);
        let ppm = (load * 1e6) as u64;
        self.load_sum_ppm.fetch_add(ppm, Relaxed);
        self.load_worst_ppm.fetch_max(ppm, Relaxed);
        if load > 1.0 {
            self.late_callbacks.fetch_add(1, Relaxed);
        }
    }

    /// The load meter.
    pub fn load(&self) -> LoadReading {
        let steps: Vec<u64> = self.load_steps.iter().map(|s| u64::from(s.load(Relaxed))).collect();
        let count: u64 = steps.iter().sum();
        if count == 0 {
            return LoadReading::default();
        }
        let worst = self.load_worst_ppm.load(Relaxed) as f64 * 1e-6;
        let wanted = count - count / 1000;
        let mut seen = 0;
        let step = steps.iter().position(|n| {
            seen += n;
            seen >= wanted
        });
        let p999 = ((step.unwrap_or(LOAD_STEPS - 1) + 1) as f64 / 200.0).min(worst);
        let mean = self.load_sum_ppm.load(Relaxed) as f64 * 1e-6 / count as f64;
        LoadReading { mean, p999, worst, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_readings_are_mean_permille_and_worst() {
        let shared = Shared::default();
        for i in 0..10_000 {
            shared.note_load(if i % 500 == 0 { 0.5 } else { 0.1 });
        }
        shared.note_load(1.5);
        let load = shared.load();
        assert_eq!(load.count, 10_001);
        assert!((load.mean - 0.10094).abs() < 1e-4, "{}", load.mean);
        assert!((load.p999 - 0.505).abs() < 1e-9, "{}", load.p999);
        assert!((load.worst - 1.5).abs() < 1e-6);
        assert_eq!(shared.dropouts(), 1);
        shared.reset_counters();
        assert_eq!((shared.dropouts(), shared.load().count), (0, 0));
    }
}
