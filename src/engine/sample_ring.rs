//! The ring that carries the signal at the meter point to whoever measures it, and beside it a ring of marks that say
//! where on the album the frames lie.
//!
//! A mark is written only where the sound does not simply go on: at the start, after a seek, a loop, a new plan, lost
//! frames, another session. Between marks positions count on by themselves. A mark is pushed before the first frame it is
//! for, so a reader that sees the frame sees the mark. Memory: 2^19 frames of 16 bytes (8 MiB, 11 s at 48 kHz) and 2^12
//! marks of 64 bytes (256 KiB); when either is full, frames are dropped and counted, and the next that fit are marked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::render::watch::WatchPoint;
use crate::units::Frames;

/// Frames the ring holds.
const SAMPLES: usize = 1 << 19;

/// Marks the ring holds.
const MARKS: usize = 1 << 12;

/// Where the signal in the sample ring is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MeterTap {
    /// The end of the album chain, before the monitor section.
    #[default]
    Master,
    /// After monitor section and output guard.
    Monitor,
    /// A place inside the renderer.
    Inside(WatchPoint),
}

impl MeterTap {
    /// The place inside the renderer, if it is one.
    pub(super) fn inside(self) -> Option<WatchPoint> {
        match self {
            Self::Inside(point) => Some(point),
            Self::Master | Self::Monitor => None,
        }
    }
}

/// How a run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begin {
    /// Out of silence and unfaded: its first frame is already what the album is.
    Clean,
    /// Faded in, over at most 20 ms, perhaps while another place faded out.
    #[default]
    Faded,
    /// A new plan, crossed over in 20 ms at the same moment of the music; or the same plan on a device opened anew.
    Crossed,
}

/// Where a frame lies and what it is of. Frames that follow each other with the same values are one stretch of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SamplePlace {
    /// Album frame; `None` where the sound is that of no place: the last milliseconds of a place that was left, or a
    /// source that could not be read in time.
    pub position: Option<Frames>,
    /// [`crate::render::RenderPlan::id`] of the plan it was made with.
    pub plan: u64,
    /// [`super::LiveEngine::session_number`] of the session whose parameters it was made with.
    pub session: u64,
    /// Changes where the sound does not go on: seek, loop, new plan, device opened anew.
    pub run: u32,
    /// How the run began.
    pub begin: Begin,
    /// Where it was taken.
    pub tap: MeterTap,
    /// Changes where the monitor section was set otherwise. The gain of a service does not count: it is each song's own.
    pub monitor: u32,
}

impl SamplePlace {
    /// The place so many frames on.
    #[must_use]
    pub fn after(self, frames: usize) -> Self {
        Self { position: self.position.map(|p| p + Frames(frames as i64)), ..self }
    }
}

/// Says where the frame with number `at` (counted over all that ever went through the ring) lies.
#[derive(Debug, Clone, Copy, Default)]
struct SampleMark {
    at: u64,
    place: SamplePlace,
}

/// The callback's end.
pub(super) struct SampleWriter {
    samples: HeapProd<[f64; 2]>,
    marks: HeapProd<SampleMark>,
    pushed: u64,
    /// Frames dropped since the start.
    lost: Arc<AtomicU64>,
    /// Where a frame lies that needs no mark.
    next: Option<SamplePlace>,
}

impl SampleWriter {
    /// Offers frames that lie together. A reader that is late misses some; the audio never waits.
    pub fn push(&mut self, place: SamplePlace, left: &[f64], right: &[f64]) {
        let pushed = if self.is_marked(place) {
            let frames = left.iter().zip(right).map(|(l, r)| [*l, *r]);
            self.samples.push_iter(frames)
        } else {
            0
        };
        self.pushed += pushed as u64;
        let lost = left.len() - pushed;
        if lost == 0 {
            self.next = Some(place.after(pushed));
        } else {
            self.next = None;
            self.lost.fetch_add(lost as u64, Relaxed);
        }
    }

    /// Whether the next frames find their place told. No mark is spent where there is no room for a frame.
    fn is_marked(&mut self, place: SamplePlace) -> bool {
        let mark = SampleMark { at: self.pushed, place };
        self.next == Some(place) || !self.samples.is_full() && self.marks.try_push(mark).is_ok()
    }

    /// Frames there is room for.
    pub fn room(&self) -> usize {
        self.samples.vacant_len()
    }
}

/// The reader's end.
pub struct SampleReader {
    samples: HeapCons<[f64; 2]>,
    marks: HeapCons<SampleMark>,
    mark: Option<SampleMark>,
    taken: u64,
    lost: Arc<AtomicU64>,
    place: SamplePlace,
}

impl std::fmt::Debug for SampleReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SampleReader").field("place", &self.place).finish_non_exhaustive()
    }
}

impl SampleReader {
    /// The next frames that lie together, oldest first: the place of the first, and how many; `None` if there are none.
    pub fn take(&mut self, out: &mut [[f64; 2]]) -> Option<(SamplePlace, usize)> {
        // In this order: the marks of the frames seen here are in their ring already.
        let waiting = self.samples.occupied_len().min(out.len());
        loop {
            self.mark = self.mark.take().or_else(|| self.marks.try_pop());
            match self.mark {
                Some(mark) if mark.at <= self.taken => (self.place, self.mark) = (mark.place, None),
                _ => break,
            }
        }
        let until = self.mark.map_or(u64::MAX, |m| m.at - self.taken);
        let count = usize::try_from(until).unwrap_or(usize::MAX).min(waiting);
        let count = self.samples.pop_slice(&mut out[..count]);
        let place = self.place;
        self.place = place.after(count);
        self.taken += count as u64;
        (count > 0).then_some((place, count))
    }

    /// Frames that wait.
    pub fn waiting(&self) -> usize {
        self.samples.occupied_len()
    }

    /// Frames that found no room since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// A reader to which nothing ever comes.
    pub(super) fn empty() -> Self {
        Self::over(HeapRb::new(1).split().1, HeapRb::new(1).split().1, Arc::default())
    }

    fn over(samples: HeapCons<[f64; 2]>, marks: HeapCons<SampleMark>, lost: Arc<AtomicU64>) -> Self {
        Self { samples, marks, mark: None, taken: 0, lost, place: SamplePlace::default() }
    }
}

/// Both ends of an empty ring.
pub(super) fn sample_ring() -> (SampleWriter, SampleReader) {
    let (samples, samples_out) = super::link::touched(SAMPLES, [0.0; 2]).split();
    let (marks, marks_out) = super::link::touched(MARKS, SampleMark::default()).split();
    let lost = Arc::<AtomicU64>::default();
    let reader = SampleReader::over(samples_out, marks_out, Arc::clone(&lost));
    (SampleWriter { samples, marks, pushed: 0, lost, next: None }, reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: i64, run: u32) -> SamplePlace {
        SamplePlace { position: Some(Frames(position)), run, ..SamplePlace::default() }
    }

    /// Everything that waits: place and length of each stretch.
    fn drain(reader: &mut SampleReader) -> Vec<(SamplePlace, usize)> {
        let mut out = vec![[0.0; 2]; 1000];
        std::iter::from_fn(|| reader.take(&mut out)).collect()
    }

    #[test]
    fn frames_know_their_place_across_jumps() {
        let (mut writer, mut reader) = sample_ring();
        let x = [0.5; 300];
        writer.push(at(0, 1), &x, &x);
        writer.push(at(300, 1), &x, &x);
        writer.push(at(9000, 2), &x, &x);
        assert_eq!(drain(&mut reader), [(at(0, 1), 600), (at(9000, 2), 300)]);
        writer.push(at(9300, 2), &x, &x);
        writer.push(SamplePlace { position: None, ..at(0, 2) }, &x, &x);
        let stretches = drain(&mut reader);
        assert_eq!(stretches[0], (at(9300, 2), 300), "a place goes on over two readings");
        assert_eq!(stretches[1].0.position, None);
        assert_eq!(drain(&mut reader), []);
    }

    #[test]
    fn after_a_full_ring_the_place_is_right_again() {
        let (mut writer, mut reader) = sample_ring();
        let x = vec![0.0; SAMPLES - 10];
        writer.push(at(0, 1), &x, &x);
        writer.push(at(x.len() as i64, 1), &x[..100], &x[..100]);
        assert_eq!(reader.lost(), 90);
        // However long nobody reads, marks are not spent on frames that are not there.
        (0..2 * MARKS).for_each(|_| writer.push(at(1, 1), &x[..1], &x[..1]));
        assert_eq!(reader.lost(), 90 + 2 * MARKS as u64);
        let frames: usize = drain(&mut reader).iter().map(|s| s.1).sum();
        assert_eq!(frames, SAMPLES);
        writer.push(at(x.len() as i64 + 100, 1), &x[..50], &x[..50]);
        assert_eq!(drain(&mut reader), [(at(x.len() as i64 + 100, 1), 50)]);
    }

    #[test]
    fn full_marks_cost_frames_and_never_a_wrong_place() {
        let (mut writer, mut reader) = sample_ring();
        let x = [0.0; 1];
        for i in 0..2 * MARKS as i64 {
            writer.push(at(10 * i, 1), &x, &x);
        }
        let stretches = drain(&mut reader);
        assert_eq!((stretches.len(), reader.lost()), (MARKS, MARKS as u64));
        assert!(stretches.iter().zip(0..).all(|(s, i)| *s == (at(10 * i, 1), 1)));
        writer.push(at(7, 1), &x, &x);
        assert_eq!(drain(&mut reader), [(at(7, 1), 1)]);
    }
}
