//! The pool: jobs wait in order of priority, run on named threads, report progress, can be cancelled, and hand a value
//! back that the owner collects when it suits it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::audio::priority;

/// Which jobs go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The user waits for it (an export, an import).
    Asked,
    /// Useful soon (overviews of what is on screen).
    Soon,
    /// When there is time (measurements).
    Idle,
}

/// What a running job may do besides its work: say how far it is, and ask whether to stop.
#[derive(Debug, Clone)]
pub struct JobContext {
    shared: Arc<JobShared>,
    share: Option<Arc<Share>>,
}

/// One of several pieces of a job that are worked on at the same time.
#[derive(Debug)]
struct Share {
    /// Millionths of this piece.
    done: AtomicU32,
    /// Millionths of the job that this piece makes.
    weight: u64,
    /// What all pieces have done, millionths of millionths of the job.
    all: Arc<AtomicU64>,
}

impl Share {
    /// Millionths of the job, now that so much of this piece is done.
    fn advance(&self, done: u32) -> u32 {
        let before = self.done.fetch_max(done, Ordering::Relaxed);
        let step = u64::from(done.saturating_sub(before)) * self.weight;
        ((self.all.fetch_add(step, Ordering::Relaxed) + step) / 1_000_000) as u32
    }
}

#[derive(Debug)]
struct JobShared {
    cancelled: AtomicBool,
    /// Millionths; `u32::MAX` is unknown.
    fraction: AtomicU32,
    detail: Mutex<String>,
}

impl JobContext {
    /// A context of no pool, for work on the caller's own thread.
    pub fn detached() -> Self {
        Self {
            shared: Arc::new(JobShared {
                cancelled: AtomicBool::new(false),
                fraction: AtomicU32::new(u32::MAX),
                detail: Mutex::default(),
            }),
            share: None,
        }
    }

    /// Contexts for the pieces of a job that are worked on at the same time, each as much of it as its size says: what
    /// each says of itself adds up to how far the job is, and all hear when it is to stop.
    pub fn shares(&self, sizes: &[u64]) -> Vec<Self> {
        let total = sizes.iter().sum::<u64>().max(1) as f64;
        let all = Arc::new(AtomicU64::new(0));
        let share = |&size: &u64| {
            let weight = (size as f64 / total * 1e6) as u64;
            let share = Share { done: AtomicU32::new(0), weight, all: Arc::clone(&all) };
            Self { shared: Arc::clone(&self.shared), share: Some(Arc::new(share)) }
        };
        sizes.iter().map(share).collect()
    }

    /// Says how far the job is, or this piece of it, 0 to 1.
    pub fn set_fraction(&self, fraction: f64) {
        let millionths = (fraction.clamp(0.0, 1.0) * 1e6) as u32;
        let whole = self.share.as_ref().map_or(millionths, |share| share.advance(millionths));
        self.shared.fraction.store(whole, Ordering::Relaxed);
    }

    /// How far the job is, 0 to 1, where it has said so.
    pub fn fraction(&self) -> Option<f64> {
        let millionths = self.shared.fraction.load(Ordering::Relaxed);
        (millionths != u32::MAX).then_some(f64::from(millionths) / 1e6)
    }

    /// Says what the job is at (`03 Jungle`).
    pub fn set_detail(&self, detail: &str) {
        detail.clone_into(&mut lock(&self.shared.detail));
    }

    /// Whether the user wants it stopped.
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Relaxed)
    }

    /// The flag itself, for code that takes one.
    pub fn cancel_flag(&self) -> &AtomicBool {
        &self.shared.cancelled
    }

    /// Asks the job to stop.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }
}

/// A job as listed.
#[derive(Debug, Clone, PartialEq)]
pub struct JobInfo {
    /// Its number.
    pub id: u64,
    /// What it does, as shown.
    pub title: String,
    /// What it is at.
    pub detail: String,
    /// How far it is, 0 to 1, where known.
    pub fraction: Option<f32>,
    /// How soon it was wanted.
    pub priority: Priority,
}

type Work<R> = Box<dyn FnOnce(&JobContext) -> R + Send>;

struct Task<R> {
    id: u64,
    title: String,
    priority: Priority,
    context: JobContext,
    /// `None` while it runs.
    work: Option<Work<R>>,
}

struct State<R> {
    /// Waiting and running, in the order they were asked for.
    tasks: VecDeque<Task<R>>,
    done: Vec<(u64, Result<R, String>)>,
    closing: bool,
}

/// Runs jobs that give an `R` each.
pub struct Pool<R: Send + 'static> {
    state: Arc<(Mutex<State<R>>, Condvar)>,
    threads: Vec<JoinHandle<()>>,
    next_id: u64,
}

/// A poisoned lock only says that another job died; the list itself is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Send + 'static> Pool<R> {
    /// Starts `threads` worker threads.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        Self::start(threads, || {})
    }

    /// Starts `threads` worker threads that give way to every other thread, as do those their jobs start.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn in_background(threads: usize) -> std::io::Result<Self> {
        Self::start(threads, priority::lower)
    }

    fn start(threads: usize, prepare: fn()) -> std::io::Result<Self> {
        let state = State { tasks: VecDeque::new(), done: Vec::new(), closing: false };
        let state = Arc::new((Mutex::new(state), Condvar::new()));
        let threads = (0..threads.max(1))
            .map(|i| {
                let state = Arc::clone(&state);
                std::thread::Builder::new().name(format!("job-{i}")).spawn(move || {
                    prepare();
                    run(&state);
                })
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self { state, threads, next_id: 1 })
    }

    /// Adds a job and gives its number.
    pub fn spawn(
        &mut self,
        title: &str,
        priority: Priority,
        work: impl FnOnce(&JobContext) -> R + Send + 'static,
    ) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let task = Task {
            id,
            title: title.to_owned(),
            priority,
            context: JobContext::detached(),
            work: Some(Box::new(work)),
        };
        lock(&self.state.0).tasks.push_back(task);
        self.state.1.notify_all();
        id
    }

    /// Asks a job to stop; one that has not begun never runs, and gives nothing back.
    pub fn cancel(&self, id: u64) {
        let mut state = lock(&self.state.0);
        if let Some(task) = state.tasks.iter().find(|t| t.id == id) {
            task.context.cancel();
        }
        state.tasks.retain(|t| t.id != id || t.work.is_none());
    }

    /// Everything that waits or runs.
    pub fn jobs(&self) -> Vec<JobInfo> {
        let state = lock(&self.state.0);
        let info = |task: &Task<R>| JobInfo {
            id: task.id,
            title: task.title.clone(),
            detail: lock(&task.context.shared.detail).clone(),
            fraction: task.context.fraction().map(|f| f as f32),
            priority: task.priority,
        };
        state.tasks.iter().map(info).collect()
    }

    /// Whether a job waits, runs, or has finished without having been asked for: not so if it was stopped before it began.
    pub fn holds(&self, id: u64) -> bool {
        let state = lock(&self.state.0);
        state.tasks.iter().any(|t| t.id == id) || state.done.iter().any(|(done, _)| *done == id)
    }

    /// Nothing waits, runs, or has finished without having been asked for.
    pub fn is_idle(&self) -> bool {
        let state = lock(&self.state.0);
        state.tasks.is_empty() && state.done.is_empty()
    }

    /// Blocks until nothing waits or runs.
    pub fn wait_until_idle(&self) {
        let mut state = lock(&self.state.0);
        while !state.tasks.is_empty() {
            state = self.state.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What has finished since last asked. `Err` is the text of a panic: a bug, reported and survived.
    pub fn finished(&self) -> Vec<(u64, Result<R, String>)> {
        std::mem::take(&mut lock(&self.state.0).done)
    }
}

fn run<R>(state: &(Mutex<State<R>>, Condvar)) {
    let (mutex, wake) = state;
    loop {
        let mut guard = lock(mutex);
        let (id, context, work) = loop {
            if guard.closing {
                return;
            }
            let next = guard.tasks.iter_mut().filter(|t| t.work.is_some()).min_by_key(|t| (t.priority, t.id));
            match next.and_then(|t| t.work.take().map(|w| (t.id, t.context.clone(), w))) {
                Some(next) => break next,
                None => guard = wake.wait(guard).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(guard);
        let result = catch_unwind(AssertUnwindSafe(|| work(&context))).map_err(|panic| {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a bug".to_owned())
        });
        let mut guard = lock(mutex);
        guard.tasks.retain(|t| t.id != id);
        guard.done.push((id, result));
        drop(guard);
        // For whoever waits until nothing is left.
        wake.notify_all();
    }
}

impl<R: Send + 'static> Drop for Pool<R> {
    /// Cancels everything and waits for what runs.
    fn drop(&mut self) {
        {
            let mut state = lock(&self.state.0);
            state.closing = true;
            state.tasks.iter().for_each(|t| t.context.cancel());
        }
        self.state.1.notify_all();
        for thread in self.threads.drain(..) {
            // A worker cannot panic outside a job, and a job's panic is caught.
            thread.join().unwrap_or_default();
        }
    }
}

impl<R: Send + 'static> std::fmt::Debug for Pool<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_job_is_held_until_what_it_gave_is_taken() {
        let mut pool: Pool<u8> = Pool::new(1).unwrap();
        let (go, gate) = sync_channel::<()>(0);
        let first = pool.spawn("first", Priority::Asked, move |_| {
            gate.recv().unwrap();
            1
        });
        let second = pool.spawn("second", Priority::Idle, |_| 2);
        pool.cancel(second);
        assert!(pool.holds(first) && !pool.holds(second), "what never began is gone");
        go.send(()).unwrap();
        pool.wait_until_idle();
        assert!(pool.holds(first) && !pool.is_idle() && pool.jobs().is_empty());
        assert_eq!(pool.finished(), [(first, Ok(1))]);
        assert!(!pool.holds(first) && pool.is_idle());
    }

    /// Waits for `n` results without a clock: each job also sends on a channel.
    #[test]
    fn jobs_run_by_priority_and_give_their_values_back() {
        let mut pool: Pool<&'static str> = Pool::new(1).unwrap();
        let (go, gate) = sync_channel::<()>(0);
        let (tell, order) = sync_channel(8);
        pool.spawn("gate", Priority::Asked, move |_| {
            gate.recv().unwrap();
            "gate"
        });
        for (name, priority) in
            [("idle", Priority::Idle), ("soon", Priority::Soon), ("asked", Priority::Asked)]
        {
            let tell = tell.clone();
            pool.spawn(name, priority, move |cx| {
                cx.set_fraction(0.5);
                tell.send(name).unwrap();
                name
            });
        }
        go.send(()).unwrap();
        let seen: Vec<_> = (0..3).map(|_| order.recv().unwrap()).collect();
        assert_eq!(seen, ["asked", "soon", "idle"]);
    }

    #[test]
    fn a_cancelled_job_that_waits_never_runs_and_one_that_runs_is_told() {
        let mut pool: Pool<bool> = Pool::new(1).unwrap();
        let (started, has_started) = sync_channel(0);
        let (told, was_told) = sync_channel(1);
        let running = pool.spawn("long", Priority::Asked, move |cx| {
            started.send(()).unwrap();
            while !cx.is_cancelled() {
                std::thread::yield_now();
            }
            told.send(()).unwrap();
            true
        });
        has_started.recv().unwrap();
        let waiting = pool.spawn("never", Priority::Idle, |_| unreachable!());
        assert_eq!(pool.jobs().len(), 2);
        pool.cancel(waiting);
        assert_eq!(pool.jobs().len(), 1);
        pool.cancel(running);
        was_told.recv().unwrap();
    }

    #[test]
    fn shares_add_up_and_hear_of_the_end() {
        let job = JobContext::detached();
        let shares = job.shares(&[300, 0, 100]);
        assert_eq!(job.fraction(), None);
        for (share, done, whole) in [(0, 0.5, 0.375), (2, 1.0, 0.625), (0, 0.4, 0.625), (1, 1.0, 0.625)] {
            shares[share].set_fraction(done);
            assert!((job.fraction().unwrap() - whole).abs() < 1e-6, "{share} {done}");
        }
        shares[0].set_fraction(1.0);
        assert!((job.fraction().unwrap() - 1.0).abs() < 1e-5);
        assert!(!shares[1].is_cancelled());
        job.cancel();
        assert!(shares.iter().all(JobContext::is_cancelled));
    }

    #[test]
    fn a_panic_is_a_result() {
        let mut pool: Pool<()> = Pool::new(1).unwrap();
        let (tell, told) = sync_channel(1);
        pool.spawn("bad", Priority::Asked, |_| panic!("broken"));
        pool.spawn("good", Priority::Idle, move |_| tell.send(()).unwrap());
        told.recv().unwrap();
        let bad = pool.finished().into_iter().find(|(id, _)| *id == 1).unwrap().1;
        assert_eq!(bad, Err("broken".to_owned()));
    }
}
