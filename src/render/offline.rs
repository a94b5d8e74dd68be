//! A range of the album through the renderer into a sink, as fast as the machine allows.
//!
//! Every range is a slice of the full album pass: the render begins at album frame 0 in reset state, whatever the range,
//! so a song exported alone is the same bits as that stretch of the album. Songs do not depend on each other up to the
//! album sum: with more than one thread they run ahead on workers, through bounded queues, and are summed in running
//! order; the bits do not depend on the number of threads. A queue holds seconds, not songs: the chains of one song run
//! beside the album chain and all that follows it, and memory does not grow with the length of a song. A source is open
//! only while its song is rendered.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Builder;

use crate::audio::Block;
use crate::audio::fpu::FpuGuard;
use crate::media::{OpenSource, ReadOutcome};
use crate::model::SongId;
use crate::units::Frames;

use super::plan::{Q, RenderNote, RenderPlan, StrandPlan};
use super::renderer::{Renderer, finish};
use super::strand::{ChainRunner, Strand};
use super::tap::TapHash;

/// Quanta that travel together from a worker, and to the sink: 4096 frames.
const CHUNK_QUANTA: usize = 64;

/// Chunks a song may run ahead of the sum: 128 · 64 KiB = 8 MiB a worker, 12 s at 44.1 kHz.
const AHEAD_CHUNKS: usize = 128;

/// How far a render has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Frames of the pass that are done.
    pub done: Frames,
    /// Frames of the pass.
    pub total: Frames,
}

/// How to render a range.
#[derive(Clone, Copy, Default)]
pub struct RangeOptions<'a> {
    /// Workers for songs beside the thread that sums them; 0 and 1 render everything on the calling thread.
    pub threads: usize,
    /// Set by anyone to stop the render.
    pub cancel: Option<&'a AtomicBool>,
    /// Told of progress after every 4096 frames.
    pub progress: Option<&'a dyn Fn(Progress)>,
}

/// Takes rendered frames: their album position, left, right.
pub type Sink<'s, E> = dyn FnMut(Frames, &[f64], &[f64]) -> Result<(), E> + 's;

/// Why a render did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RenderError<E> {
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The sink could not take the frames.
    #[error(transparent)]
    Sink(E),
    /// No thread could be started, or one died.
    #[error("rendering stopped: {0}")]
    Worker(io::Error),
}

/// What a finished render says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderSummary {
    /// BLAKE3 of the range of the master tap ([`TapHash`]).
    pub tap_hash: String,
    /// What was odd about chains, and sources that could not be opened.
    pub notes: Vec<RenderNote>,
    /// Songs whose source failed within the pass: silence stands where it could not be read. A delivery must not be
    /// made of such a render.
    pub failed: Vec<SongId>,
}

/// Renders album frames `range.0..range.1` into `sink`, which is given the album position of the frames and both
/// channels, at most 4096 frames at a time, without gaps.
///
/// # Errors
/// [`RenderError`] when cancelled, when the sink fails, when a worker cannot run.
pub fn render_range<'s, E>(
    plan: &Arc<RenderPlan>,
    opener: &dyn OpenSource,
    range: (Frames, Frames),
    options: RangeOptions<'_>,
    sink: &'s mut Sink<'s, E>,
) -> Result<RenderSummary, RenderError<E>> {
    let range = (range.0.max(Frames::ZERO), range.1.max(range.0).max(Frames::ZERO));
    let _fpu = FpuGuard::new();
    let mut parts = Renderer::parts_from_reset(plan);
    keep_before(&mut parts.strands, range.1.ceil_to(Q).0 / Q);
    let mut pass = Pass {
        album: parts.album,
        quantum: parts.quantum,
        output: Output { range, options, sink, hash: TapHash::new(), left: Vec::new(), right: Vec::new() },
    };
    let heard = if options.threads > 1 {
        run_on_threads(parts.strands, opener, &mut pass, options.threads)?
    } else {
        pass.run(parts.strands.into_iter().map(|s| Feed::here(s, opener)).collect())?
    };
    let notes = plan.notes.iter().cloned().chain(heard.notes).collect();
    Ok(RenderSummary { tap_hash: pass.output.hash.hex(), notes, failed: heard.failed })
}

/// Leaves out what begins at or goes on after quantum `end`.
fn keep_before(strands: &mut Vec<Strand>, end: i64) {
    strands.retain(|s| s.plan.first_quantum < end);
    for strand in strands {
        strand.plan.end_quantum = strand.plan.end_quantum.min(end);
    }
}

/// What was heard of the songs, in running order.
struct Heard {
    failed: Vec<SongId>,
    notes: Vec<RenderNote>,
}

/// The album pass after the songs.
struct Pass<'a, E> {
    album: ChainRunner,
    quantum: i64,
    output: Output<'a, E>,
}

impl<E> Pass<'_, E> {
    /// Sums the feeds to the end of the range.
    fn run(&mut self, mut feeds: Vec<Feed<'_>>) -> Result<Heard, RenderError<E>> {
        let end = self.output.range.1.ceil_to(Q).0 / Q;
        let (mut sum, mut song) = (Block::silent(), Block::silent());
        for quantum in self.quantum..end {
            sum.clear();
            for feed in feeds.iter_mut().filter(|f| f.is_active(quantum)) {
                feed.next(quantum, &mut song).map_err(RenderError::Worker)?;
                sum.add(&song);
            }
            finish(&mut self.album, quantum, &mut sum);
            self.output.take(quantum, &sum)?;
        }
        self.output.flush(Frames(end * Q))?;
        Ok(Heard {
            failed: feeds.iter().filter(|f| f.failed).map(|f| f.song).collect(),
            notes: feeds.into_iter().filter_map(|f| f.note).collect(),
        })
    }
}

/// Cuts quanta to the range and passes them on in chunks.
struct Output<'a, E> {
    range: (Frames, Frames),
    options: RangeOptions<'a>,
    sink: &'a mut Sink<'a, E>,
    hash: TapHash,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl<E> Output<'_, E> {
    fn take(&mut self, quantum: i64, block: &Block) -> Result<(), RenderError<E>> {
        let start = Frames(quantum * Q);
        let from = (self.range.0 - start).0.clamp(0, Q) as usize;
        let to = (self.range.1 - start).0.clamp(0, Q) as usize;
        if from < to {
            self.left.extend_from_slice(&block.left()[from..to]);
            self.right.extend_from_slice(&block.right()[from..to]);
        }
        if (quantum + 1) % CHUNK_QUANTA as i64 == 0 { self.flush(start + Frames(Q)) } else { Ok(()) }
    }

    /// Passes on what is gathered; `done` is the end of the pass so far.
    fn flush(&mut self, done: Frames) -> Result<(), RenderError<E>> {
        if self.options.cancel.is_some_and(|c| c.load(Ordering::Relaxed)) {
            return Err(RenderError::Cancelled);
        }
        if !self.left.is_empty() {
            let pos = self.range.0 + self.hash.frames();
            self.hash.update(&self.left, &self.right);
            (self.sink)(pos, &self.left, &self.right).map_err(RenderError::Sink)?;
            self.left.clear();
            self.right.clear();
        }
        if let Some(progress) = self.options.progress {
            progress(Progress { done: done.min(self.range.1), total: self.range.1 });
        }
        Ok(())
    }
}

/// Consecutive quanta of one song.
#[derive(Default)]
struct Chunk {
    blocks: Vec<Block>,
    failed: bool,
    /// Of the first chunk: why the source could not be opened.
    note: Option<RenderNote>,
}

/// A song waiting for a worker, with the queue it is to fill.
type Waiting = Mutex<Option<(Box<Strand>, SyncSender<Chunk>)>>;

/// Where the quanta of a song come from.
enum FeedState<'a> {
    /// Rendered here.
    Here(Box<Strand>),
    /// Not begun: a worker may take it, else it is rendered here when its time has come.
    Waiting(&'a Waiting, Receiver<Chunk>),
    /// A worker runs ahead.
    Ahead(Receiver<Chunk>, Chunk, usize),
    /// Rendered to its end; its source is closed.
    Over,
}

/// One song on its way to the sum.
struct Feed<'a> {
    song: SongId,
    quanta: (i64, i64),
    failed: bool,
    note: Option<RenderNote>,
    opener: &'a dyn OpenSource,
    state: FeedState<'a>,
}

impl<'a> Feed<'a> {
    fn new(plan: &StrandPlan, opener: &'a dyn OpenSource, state: FeedState<'a>) -> Self {
        let quanta = (plan.first_quantum, plan.end_quantum);
        Self { song: plan.song, quanta, failed: false, note: None, opener, state }
    }

    fn here(strand: Strand, opener: &'a dyn OpenSource) -> Self {
        let plan = strand.plan.clone();
        Self::new(&plan, opener, FeedState::Here(Box::new(strand)))
    }

    fn is_active(&self, quantum: i64) -> bool {
        (self.quanta.0..self.quanta.1).contains(&quantum)
    }

    /// The song in its next active quantum.
    fn next(&mut self, quantum: i64, out: &mut Block) -> io::Result<()> {
        if quantum == self.quanta.0 {
            self.begin()?;
        }
        match &mut self.state {
            FeedState::Here(strand) => self.failed |= strand.render(quantum, out) == ReadOutcome::Failed,
            FeedState::Ahead(queue, chunk, at) => {
                if *at == chunk.blocks.len() {
                    *chunk = queue.recv().map_err(|e| io::Error::other(e.to_string()))?;
                    *at = 0;
                    self.failed |= chunk.failed;
                    self.note = self.note.take().or_else(|| chunk.note.take());
                }
                out.clone_from(&chunk.blocks[*at]);
                *at += 1;
            }
            FeedState::Waiting(..) | FeedState::Over => out.clear(),
        }
        if quantum + 1 == self.quanta.1 {
            self.state = FeedState::Over;
        }
        Ok(())
    }

    /// Finds out, at the song's first quantum, whether a worker has taken it; if not, its source is opened here.
    fn begin(&mut self) -> io::Result<()> {
        self.state = match std::mem::replace(&mut self.state, FeedState::Over) {
            FeedState::Waiting(waiting, queue) => {
                match waiting.lock().map_err(|e| io::Error::other(e.to_string()))?.take() {
                    Some((strand, _)) => FeedState::Here(strand),
                    None => FeedState::Ahead(queue, Chunk::default(), 0),
                }
            }
            state => state,
        };
        if let FeedState::Here(strand) = &mut self.state {
            self.note = strand.open(self.opener, self.quanta.0);
        }
        Ok(())
    }
}

/// Songs on workers, the sum and all after it here.
fn run_on_threads<E>(
    strands: Vec<Strand>,
    opener: &dyn OpenSource,
    pass: &mut Pass<'_, E>,
    threads: usize,
) -> Result<Heard, RenderError<E>> {
    let plans: Vec<StrandPlan> = strands.iter().map(|s| s.plan.clone()).collect();
    let (waiting, queues): (Vec<Waiting>, Vec<_>) = strands
        .into_iter()
        .map(|strand| {
            let (sender, queue) = sync_channel(AHEAD_CHUNKS);
            (Mutex::new(Some((Box::new(strand), sender))), queue)
        })
        .unzip();
    // In the order in which the sum needs them.
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by_key(|&i| plans[i].first_quantum);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..threads.min(plans.len()) {
            // Its first song is its own before it runs, so that the sum does not take it away.
            let first = order.get(next.fetch_add(1, Ordering::Relaxed)).and_then(|&i| take(&waiting[i]));
            let (waiting, order, next) = (&waiting, &order, &next);
            let work = move || run_worker(first, waiting, order, next, opener);
            let name = format!("gm-render-{number}");
            Builder::new().name(name).spawn_scoped(scope, work).map_err(RenderError::Worker)?;
        }
        // The feeds are dropped at the end of this call; then workers that run ahead stop.
        let feeds = plans.iter().zip(&waiting).zip(queues);
        pass.run(feeds.map(|((p, w), queue)| Feed::new(p, opener, FeedState::Waiting(w, queue))).collect())
    })
}

fn take(waiting: &Waiting) -> Option<(Box<Strand>, SyncSender<Chunk>)> {
    waiting.lock().ok().and_then(|mut w| w.take())
}

/// Renders song after song until none is left.
fn run_worker(
    first: Option<(Box<Strand>, SyncSender<Chunk>)>,
    waiting: &[Waiting],
    order: &[usize],
    next: &AtomicUsize,
    opener: &dyn OpenSource,
) {
    let _fpu = FpuGuard::new();
    let mut song = first;
    loop {
        if let Some((strand, queue)) = song.take() {
            run_ahead(*strand, opener, &queue);
        }
        let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
        song = take(&waiting[index]);
    }
}

/// Renders a whole song into its queue; ends early when nobody listens any more.
fn run_ahead(mut strand: Strand, opener: &dyn OpenSource, queue: &SyncSender<Chunk>) {
    let (mut quantum, end) = (strand.plan.first_quantum, strand.plan.end_quantum);
    let mut note = strand.open(opener, quantum);
    while quantum < end {
        let count = CHUNK_QUANTA.min((end - quantum) as usize);
        let mut chunk = Chunk { blocks: vec![Block::silent(); count], failed: false, note: note.take() };
        for block in &mut chunk.blocks {
            chunk.failed |= strand.render(quantum, block) == ReadOutcome::Failed;
            quantum += 1;
        }
        if queue.send(chunk).is_err() {
            return;
        }
    }
}
