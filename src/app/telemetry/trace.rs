//! The last minute at the meter point as a waveform: peak and RMS of every 10 ms, and over it the gain the chains took
//! away. Written by the meter worker (levels) and the window's thread (gain, from the meter frames), read by the window;
//! no lock, no copy, nothing allocated after `new`.
//!
//! The total gain reduction is the sum, in dB, over every slot of the album chain and of the chain of the song sounding,
//! of its reduction in the meter frame; gains count as 0. Slots stand in series, so that decibels add; each is at its
//! deepest inside the frame (some 10 ms), so that the sum is the deepest there can have been. Levels and gains are
//! laid side by side by counting frames; they may be off by the time between two looks at the ring, some 30 ms.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::engine::MeterFrame;
use crate::units::SampleRate;

/// Points of the longest history.
pub const TRACE_POINTS: u64 = 6000;
/// Points in a second.
pub const TRACE_PER_SECOND: u64 = 100;
/// Places in the ring: the history, and room for gains that come before their levels.
const PLACES: u64 = 8192;
/// Gains farther from their levels than this are laid beside them anew, points.
const MOST_DRIFT: f64 = 10.0;

/// What went by in 10 ms.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TracePoint {
    /// Largest magnitude of both channels, linear.
    pub peak: f32,
    /// Root mean square of both channels, linear.
    pub rms: f32,
    /// Total gain reduction, dB, 0 or negative; `None` where none was reported.
    pub gain_db: Option<f32>,
}

#[derive(Debug, Default)]
struct Place {
    peak: AtomicU32,
    rms: AtomicU32,
    /// Number of the point (its low half) and gain.
    gain: AtomicU64,
}

/// The ring.
#[derive(Debug)]
pub struct LevelTrace {
    places: Box<[Place]>,
    written: AtomicU64,
}

impl Default for LevelTrace {
    fn default() -> Self {
        let places: Box<[Place]> = (0..PLACES).map(|_| Place::default()).collect();
        // No gain belongs to a point that is not there.
        places.iter().for_each(|p| p.gain.store(u64::MAX, Relaxed));
        Self { places, written: AtomicU64::new(0) }
    }
}

impl LevelTrace {
    fn place(&self, index: u64) -> Option<&Place> {
        self.places.get((index % PLACES) as usize)
    }

    /// Points written since the start.
    pub fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }

    /// Writes the next point's levels.
    pub fn write(&self, peak: f32, rms: f32) {
        let index = self.written();
        let Some(place) = self.place(index) else { return };
        place.peak.store(peak.to_bits(), Relaxed);
        place.rms.store(rms.to_bits(), Relaxed);
        self.written.store(index + 1, Relaxed);
    }

    /// Writes the gain of some points.
    pub fn write_gain(&self, points: std::ops::Range<u64>, gain_db: f32) {
        for index in points.start..points.end.min(points.start + PLACES) {
            if let Some(place) = self.place(index) {
                place.gain.store(u64::from(index as u32) << 32 | u64::from(gain_db.to_bits()), Relaxed);
            }
        }
    }

    /// A point of the history; `None` before its start and after its end.
    pub fn point(&self, index: u64) -> Option<TracePoint> {
        let written = self.written();
        let place = self.place(index).filter(|_| index < written && index + TRACE_POINTS >= written)?;
        let gain = place.gain.load(Relaxed);
        let own = (gain >> 32) as u32 == index as u32;
        Some(TracePoint {
            peak: f32::from_bits(place.peak.load(Relaxed)),
            rms: f32::from_bits(place.rms.load(Relaxed)),
            gain_db: own.then(|| f32::from_bits(gain as u32)),
        })
    }
}

/// Makes points of 10 ms of the signal.
pub(super) struct Trace {
    ring: std::sync::Arc<LevelTrace>,
    rate_hz: u64,
    /// Points begun.
    points: u64,
    /// Frames taken in all.
    frames: u64,
    peak: f64,
    square_sum: f64,
    count: u64,
}

impl Trace {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            ring: std::sync::Arc::default(),
            rate_hz: u64::from(rate.0.max(TRACE_PER_SECOND as u32)),
            points: 0,
            frames: 0,
            peak: 0.0,
            square_sum: 0.0,
            count: 0,
        }
    }

    pub(super) fn ring(&self) -> &std::sync::Arc<LevelTrace> {
        &self.ring
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        for (l, r) in left.iter().zip(right) {
            self.peak = self.peak.max(l.abs()).max(r.abs());
            self.square_sum += l * l + r * r;
            self.count += 1;
            self.frames += 1;
            // The k-th point ends at ⌊k·fs/100⌋.
            if self.frames >= (self.points + 1) * self.rate_hz / TRACE_PER_SECOND {
                self.finish();
            }
        }
    }

    fn finish(&mut self) {
        let rms = (self.square_sum / (2 * self.count.max(1)) as f64).sqrt();
        self.ring.write(self.peak as f32, rms as f32);
        self.points += 1;
        (self.peak, self.square_sum, self.count) = (0.0, 0.0, 0);
    }
}

/// The sum of the reductions of every slot in a meter frame, dB.
pub fn total_reduction_db(frame: &MeterFrame) -> f32 {
    let slots = frame.album_reduction_db.iter().chain(&frame.song_reduction_db);
    slots.map(|db| db.min(0.0)).sum()
}

/// Lays the gains of meter frames beside the levels.
#[derive(Debug, Default)]
pub struct GainTrace {
    /// Where the next frame begins, points.
    next: f64,
}

impl GainTrace {
    /// Takes the meter frames that came since the last time, oldest first.
    pub fn take(&mut self, trace: &LevelTrace, rate: SampleRate, frames: &[MeterFrame]) {
        let points = |f: &MeterFrame| f64::from(f.frames) * TRACE_PER_SECOND as f64 / rate.hz();
        let end = self.next + frames.iter().map(points).sum::<f64>();
        let written = trace.written() as f64;
        if (end - written).abs() > MOST_DRIFT {
            self.next = (self.next + written - end).max(0.0);
        }
        for frame in frames {
            let end = self.next + points(frame);
            trace.write_gain(
                self.next as u64..(end as u64).max(self.next as u64 + 1),
                total_reduction_db(frame),
            );
            self.next = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_the_peak_and_rms_of_its_ten_milliseconds() {
        for rate in [44_100u32, 48_000, 192_000] {
            let mut trace = Trace::new(SampleRate(rate));
            // A square of 0.5 for a second, then a single click of 0.9 in the middle of a point of silence.
            let square: Vec<f64> = (0..rate).map(|i| if i % 2 == 0 { 0.5 } else { -0.5 }).collect();
            square.chunks(997).for_each(|c| trace.push(c, c));
            let mut click = vec![0.0; (rate / 100) as usize];
            click[20] = 0.9;
            trace.push(&click, &vec![0.0; click.len()]);
            let ring = trace.ring();
            assert_eq!(ring.written(), 101, "{rate}");
            for i in 0..100 {
                let point = ring.point(i).unwrap();
                assert_eq!((point.peak, point.gain_db), (0.5, None));
                assert!((point.rms - 0.5).abs() < 1e-6);
            }
            let last = ring.point(100).unwrap();
            let rms = (0.81 / f64::from(rate / 100) / 2.0).sqrt();
            assert!((f64::from(last.rms) - rms).abs() < 1e-6 && (last.peak - 0.9).abs() < 1e-6);
            assert_eq!(ring.point(101), None);
        }
    }

    #[test]
    fn a_minute_is_kept_and_an_old_gain_is_not_taken_for_a_new_one() {
        let ring = LevelTrace::default();
        ring.write_gain(0..5, -3.0);
        (0..20_000).for_each(|_| ring.write(0.1, 0.1));
        assert_eq!(ring.point(20_000 - TRACE_POINTS - 1), None);
        assert!((20_000 - TRACE_POINTS..20_000).all(|i| ring.point(i).is_some_and(|p| p.gain_db.is_none())));
        ring.write_gain(19_990..20_010, -1.5);
        assert_eq!(ring.point(19_999).unwrap().gain_db, Some(-1.5));
        ring.write(0.2, 0.1);
        assert_eq!(ring.point(20_000).unwrap().gain_db, Some(-1.5), "a gain may come before its level");
    }

    #[test]
    fn the_total_is_the_sum_of_reductions_and_lies_beside_its_levels() {
        let mut frame = MeterFrame { frames: 480, ..MeterFrame::default() };
        frame.album_reduction_db[..3].copy_from_slice(&[-2.0, 1.5, -0.5]);
        frame.song_reduction_db[0] = -4.0;
        assert_eq!(total_reduction_db(&frame), -6.5);
        let (ring, mut gains) = (LevelTrace::default(), GainTrace::default());
        (0..3000).for_each(|_| ring.write(0.1, 0.1));
        let quiet = MeterFrame { frames: 960, ..MeterFrame::default() };
        gains.take(&ring, SampleRate(48_000), &[quiet, frame, frame]);
        let gain = |i| ring.point(i).unwrap().gain_db;
        assert_eq!(
            [2995, 2996, 2997, 2998, 2999].map(gain),
            [None, Some(0.0), Some(0.0), Some(-6.5), Some(-6.5)]
        );
        // A little late is not laid anew: the next frames follow without a seam.
        (0..4).for_each(|_| ring.write(0.1, 0.1));
        gains.take(&ring, SampleRate(48_000), &[frame]);
        assert_eq!([3000, 3001].map(gain), [Some(-6.5), None]);
    }
}
