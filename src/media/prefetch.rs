//! The live way to a renderer: a thread reads ahead, the audio thread never waits.
//!
//! A [`StreamSource`] begins with half a second that was read when it was opened. When it is first asked for frames
//! near that start, the reader thread makes a ring of two seconds, fills it with what follows and hands it over
//! through a ring of its own; a song that is far away costs its half second only. Positions are counted on both
//! sides: after late data the frames that are past are skipped, so the stream is in its place again.
//!
//! `read` takes no lock and neither allocates nor frees. Dropping a stream frees its memory: that belongs to the
//! thread that retires plans, never to the audio thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{Builder, Thread};
use std::time::Duration;

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::file_source::{FileSource, overlap};
use super::library::Library;
use super::{FrameSource, OpenSource, ReadOutcome, SourceError, SourceKey};
use crate::units::Frames;

/// What every stream holds from the beginning, in parts of a second: half.
const STARTERS_PER_SECOND: usize = 2;
/// Length of the ring of a song that plays.
const RING_SECONDS: usize = 2;
/// Frames read for one stream before the next one has its turn.
const TURN_FRAMES: usize = 8192;
/// Streams that may wait to be taken over by the reader thread.
const WAITING_STREAMS: usize = 64;
/// The reader looks at its rings this often: a small part of the half second that is always there.
const LOOK_EVERY: Duration = Duration::from_millis(10);

type Frame = [f64; 2];

/// What both sides of a stream see.
#[derive(Debug, Default)]
struct Shared {
    /// The audio thread has come near the start.
    wanted: AtomicBool,
    /// The file cannot be read any more.
    failed: AtomicBool,
    /// The stream was dropped.
    closed: AtomicBool,
}

/// A source read ahead by a thread. Read it forwards; a seek opens a new one.
pub struct StreamSource {
    length: Frames,
    starter: Vec<Frame>,
    /// Position of the first starter frame.
    starter_start: i64,
    /// Where the ring comes from.
    handover: HeapCons<HeapCons<Frame>>,
    ring: Option<HeapCons<Frame>>,
    /// Position of the frame that leaves the ring next.
    ring_next: i64,
    /// Asked for a position this near to the start, the ring is wanted.
    near_frames: i64,
    shared: Arc<Shared>,
}

impl StreamSource {
    /// Fills the slices from `pos` (inside the source), false where frames were missing.
    fn fill(&mut self, pos: i64, left: &mut [f64], right: &mut [f64]) -> bool {
        if pos < self.starter_start {
            return false;
        }
        let first = (pos - self.starter_start).min(self.starter.len() as i64) as usize;
        let held = &self.starter[first..];
        let taken = held.len().min(left.len());
        spread(&held[..taken], left, right);
        taken == left.len()
            || self.fill_from_ring(pos + taken as i64, &mut left[taken..], &mut right[taken..])
    }

    fn fill_from_ring(&mut self, pos: i64, left: &mut [f64], right: &mut [f64]) -> bool {
        if self.ring.is_none() {
            self.ring = self.handover.try_pop();
        }
        let Some(ring) = &mut self.ring else { return false };
        if pos > self.ring_next {
            let late = usize::try_from(pos - self.ring_next).unwrap_or(usize::MAX);
            self.ring_next += ring.skip(late.min(ring.occupied_len())) as i64;
        }
        if pos != self.ring_next {
            return false;
        }
        let mut done = 0;
        let mut piece = [[0.0; 2]; 64];
        while done < left.len() {
            let want = piece.len().min(left.len() - done);
            let got = ring.pop_slice(&mut piece[..want]);
            spread(&piece[..got], &mut left[done..], &mut right[done..]);
            self.ring_next += got as i64;
            done += got;
            if got < want {
                return false;
            }
        }
        true
    }
}

fn spread(frames: &[Frame], left: &mut [f64], right: &mut [f64]) {
    for ((l, r), frame) in left.iter_mut().zip(right).zip(frames) {
        [*l, *r] = *frame;
    }
}

impl FrameSource for StreamSource {
    fn read(&mut self, pos: Frames, left: &mut [f64], right: &mut [f64]) -> ReadOutcome {
        left.fill(0.0);
        right.fill(0.0);
        if pos.0.saturating_add(self.near_frames) >= self.starter_start {
            self.shared.wanted.store(true, Ordering::Release);
        }
        let Some(inside) = overlap(pos, left.len(), self.length) else { return ReadOutcome::Complete };
        let at = pos.0 + inside.start as i64;
        if self.fill(at, &mut left[inside.clone()], &mut right[inside]) {
            ReadOutcome::Complete
        } else if self.shared.failed.load(Ordering::Acquire) {
            ReadOutcome::Failed
        } else {
            ReadOutcome::Late
        }
    }

    fn length(&self) -> Frames {
        self.length
    }
}

impl Drop for StreamSource {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
    }
}

/// The reading side of one stream.
struct Feed {
    file: FileSource,
    shared: Arc<Shared>,
    /// Way to hand the ring over; taken when it was.
    handover: HeapProd<HeapCons<Frame>>,
    ring: Option<HeapProd<Frame>>,
    ring_frames: usize,
    /// Position of the frame read next.
    next: i64,
}

impl Feed {
    /// One turn; true if there was something to do.
    fn turn(&mut self, planes: &mut [Vec<f64>; 2], frames: &mut Vec<Frame>) -> bool {
        let over = self.next >= self.file.length().0 || self.shared.failed.load(Ordering::Relaxed);
        if over || !self.shared.wanted.load(Ordering::Acquire) {
            return false;
        }
        if self.ring.is_none() {
            self.hand_over_ring();
        }
        let Some(ring) = &mut self.ring else { return false };
        let rest = usize::try_from(self.file.length().0 - self.next).unwrap_or(0);
        let count = ring.vacant_len().min(TURN_FRAMES).min(rest);
        if count == 0 {
            return false;
        }
        if !read_frames(&mut self.file, self.next, count, planes, frames) {
            self.shared.failed.store(true, Ordering::Release);
            return false;
        }
        self.next += ring.push_slice(frames) as i64;
        true
    }

    fn hand_over_ring(&mut self) {
        let (producer, consumer) = HeapRb::<Frame>::new(self.ring_frames).split();
        // There is room for the one ring of this stream.
        if self.handover.try_push(consumer).is_ok() {
            self.ring = Some(producer);
        }
    }
}

fn read_frames(
    file: &mut FileSource,
    pos: i64,
    count: usize,
    planes: &mut [Vec<f64>; 2],
    frames: &mut Vec<Frame>,
) -> bool {
    let [left, right] = planes;
    left.resize(count, 0.0);
    right.resize(count, 0.0);
    let outcome = file.read(Frames(pos), left, right);
    frames.clear();
    frames.extend(left.iter().zip(right).map(|(l, r)| [*l, *r]));
    outcome == ReadOutcome::Complete
}

/// All feeds and the queue of new ones: what the reader thread runs.
struct Pump {
    arrivals: Receiver<Feed>,
    feeds: Vec<Feed>,
    planes: [Vec<f64>; 2],
    frames: Vec<Frame>,
}

impl Pump {
    /// One turn for every stream. `None` when all are gone and no new ones can come; else whether there was work.
    fn pass(&mut self) -> Option<bool> {
        let orphaned = loop {
            match self.arrivals.try_recv() {
                Ok(feed) => self.feeds.push(feed),
                Err(TryRecvError::Empty) => break false,
                Err(TryRecvError::Disconnected) => break true,
            }
        };
        self.feeds.retain(|f| !f.shared.closed.load(Ordering::Acquire));
        if orphaned && self.feeds.is_empty() {
            return None;
        }
        let mut busy = false;
        for feed in &mut self.feeds {
            busy |= feed.turn(&mut self.planes, &mut self.frames);
        }
        Some(busy)
    }

    fn run(mut self) {
        while let Some(busy) = self.pass() {
            if !busy {
                std::thread::park_timeout(LOOK_EVERY);
            }
        }
    }
}

/// Opens streams of a library, with one reader thread for all of them. The thread ends when this and the last stream
/// are dropped.
#[derive(Debug)]
pub struct StreamSources {
    library: Arc<Library>,
    arrivals: SyncSender<Feed>,
    thread: Option<Thread>,
}

impl StreamSources {
    /// Starts the reader thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(library: Arc<Library>) -> std::io::Result<Self> {
        let (mut sources, pump) = Self::unstarted(library);
        let handle = Builder::new().name("source prefetch".to_owned()).spawn(move || pump.run())?;
        sources.thread = Some(handle.thread().clone());
        Ok(sources)
    }

    fn unstarted(library: Arc<Library>) -> (Self, Pump) {
        let (sender, arrivals) = sync_channel(WAITING_STREAMS);
        let planes = [Vec::new(), Vec::new()];
        let pump = Pump { arrivals, feeds: Vec::new(), planes, frames: Vec::new() };
        (Self { library, arrivals: sender, thread: None }, pump)
    }

    fn stream(&self, key: &SourceKey, from: Frames) -> Result<(StreamSource, Feed), SourceError> {
        let mut file = self.library.open_file(key)?;
        let (rate, length) = (key.rate.0 as usize, file.length());
        let start = from.max(Frames::ZERO).min(length);
        let count = (rate / STARTERS_PER_SECOND).min((length - start).as_len());
        let (mut planes, mut starter) = ([Vec::new(), Vec::new()], Vec::new());
        if !read_frames(&mut file, start.0, count, &mut planes, &mut starter) {
            let detail = "its beginning cannot be read".to_owned();
            let frame = start.0.cast_unsigned();
            return Err(SourceError::Damaged { path: key.path.clone(), frame, detail });
        }
        let next = start.0 + count as i64;
        let shared = Arc::new(Shared::default());
        let (producer, handover) = HeapRb::new(1).split();
        let ring_frames = rate * RING_SECONDS;
        let stream = StreamSource {
            length,
            starter,
            starter_start: start.0,
            handover,
            ring: None,
            ring_next: next,
            near_frames: ring_frames as i64,
            shared: Arc::clone(&shared),
        };
        Ok((stream, Feed { file, shared, handover: producer, ring: None, ring_frames, next }))
    }
}

impl OpenSource for StreamSources {
    fn open(&self, source: &SourceKey, from: Frames) -> Result<Box<dyn FrameSource>, SourceError> {
        let (stream, feed) = self.stream(source, from)?;
        // The receiver lives as long as this sender; a stream without a reader would merely run late.
        if self.arrivals.send(feed).is_err() {
            stream.shared.failed.store(true, Ordering::Release);
        }
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
        Ok(Box::new(stream))
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact values are promised")]
mod tests {
    use super::*;
    use crate::media::hash;
    use crate::units::SampleRate;

    const LENGTH: i64 = 300_001;

    fn library(dir: &std::path::Path) -> (Arc<Library>, SourceKey) {
        let path = dir.join("s.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 24,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for i in 0..LENGTH as i32 {
            writer.write_sample(i + 1).unwrap();
            writer.write_sample(-i - 1).unwrap();
        }
        writer.finalize().unwrap();
        let hash = hash::of_file(&path).unwrap();
        let library = Library::new(dir.join("cache"), 1 << 30);
        (Arc::new(library), SourceKey { path, hash, rate: SampleRate(44_100) })
    }

    fn read(source: &mut dyn FrameSource, pos: i64) -> (ReadOutcome, [Vec<f64>; 2]) {
        let (mut l, mut r) = (vec![9.0; 64], vec![9.0; 64]);
        let outcome = source.read(Frames(pos), &mut l, &mut r);
        (outcome, [l, r])
    }

    #[test]
    fn a_stream_is_the_file_bit_for_bit_from_before_its_start_to_past_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let (library, key) = library(dir.path());
        let (sources, mut pump) = StreamSources::unstarted(Arc::clone(&library));
        for from in [-1000, 0, 12_345] {
            let mut stream = sources.open(&key, Frames(from)).unwrap();
            let mut file = library.open_file(&key).unwrap();
            let mut pos = from;
            while pos < LENGTH + 200 {
                pump.pass().unwrap();
                let streamed = read(&mut *stream, pos);
                assert_eq!(streamed.0, ReadOutcome::Complete, "at {pos}");
                assert_eq!(streamed, read(&mut file, pos), "at {pos}");
                pos += 64;
            }
        }
    }

    #[test]
    fn late_data_is_silence_and_then_the_stream_is_in_its_place_again() {
        let dir = tempfile::tempdir().unwrap();
        let (library, key) = library(dir.path());
        let (sources, mut pump) = StreamSources::unstarted(Arc::clone(&library));
        let mut stream = sources.open(&key, Frames::ZERO).unwrap();
        let mut late = 0;
        for quantum in 0..2000 {
            let pos = quantum * 64;
            // The reader sleeps from half a second to one second.
            if !(344..690).contains(&quantum) {
                pump.pass().unwrap();
            } else if quantum == 344 {
                // What it had filled until now is thrown away to meet the hole.
                pump.feeds.clear();
            }
            let (outcome, [l, _]) = read(&mut *stream, pos);
            match outcome {
                ReadOutcome::Complete => assert_eq!(l[0], (pos + 1) as f64 / 8_388_608.0),
                _ => late += 1,
            }
        }
        assert!(late > 0, "a stream without a reader must run dry");
    }

    #[test]
    fn a_reader_that_catches_up_resumes_at_the_right_frame() {
        let dir = tempfile::tempdir().unwrap();
        let (library, key) = library(dir.path());
        let (sources, mut pump) = StreamSources::unstarted(Arc::clone(&library));
        let mut stream = sources.open(&key, Frames::ZERO).unwrap();
        let mut outcomes = Vec::new();
        for quantum in 0..1500i64 {
            if quantum > 600 {
                pump.pass().unwrap();
            }
            let (outcome, [l, r]) = read(&mut *stream, quantum * 64);
            if outcome == ReadOutcome::Complete {
                assert_eq!((l[63], r[63]), ((quantum * 64 + 64) as f64 / 8_388_608.0, -l[63]));
            }
            outcomes.push(outcome);
        }
        assert_eq!(outcomes[500], ReadOutcome::Late);
        assert_eq!(outcomes[1499], ReadOutcome::Complete);
    }

    #[test]
    fn a_song_far_away_has_no_ring_and_the_thread_ends_with_its_last_stream() {
        let dir = tempfile::tempdir().unwrap();
        let (library, key) = library(dir.path());
        let (sources, mut pump) = StreamSources::unstarted(library);
        let mut stream = sources.open(&key, Frames::ZERO).unwrap();
        assert_eq!(read(&mut *stream, -200_000).0, ReadOutcome::Complete);
        pump.pass().unwrap();
        assert!(pump.feeds[0].ring.is_none());
        assert_eq!(read(&mut *stream, -1000).0, ReadOutcome::Complete);
        pump.pass().unwrap();
        assert!(pump.feeds[0].ring.is_some());
        drop(sources);
        assert!(pump.pass().is_some());
        drop(stream);
        assert!(pump.pass().is_none());
    }

    #[test]
    fn reading_a_stream_neither_allocates_nor_frees() {
        let dir = tempfile::tempdir().unwrap();
        let (library, key) = library(dir.path());
        let (sources, mut pump) = StreamSources::unstarted(library);
        let (mut stream, feed) = sources.stream(&key, Frames::ZERO).unwrap();
        pump.feeds.push(feed);
        let (mut l, mut r) = ([0.0; 64], [0.0; 64]);
        for quantum in 0..2000 {
            pump.pass().unwrap();
            let outcome =
                assert_no_alloc::assert_no_alloc(|| stream.read(Frames(quantum * 64), &mut l, &mut r));
            assert_eq!(outcome, ReadOutcome::Complete);
        }
    }
}
