//! The last ten seconds of a slot: gain changes collected while the sound runs, and what the program says of the slot
//! that is watched.

use std::collections::{BTreeMap, VecDeque};

use crate::app::Frame;
use crate::app::frame::FocusPoint;
use crate::model::SlotId;
use crate::units::db_from_gain;

/// Length of a trace, seconds.
pub(super) const LENGTH_S: f64 = 10.0;
/// Time of a point of the watched past, seconds.
const POINT_S: f64 = 0.01;
/// A pause of drawing longer than this is not drawn as reduction that lasted, seconds.
const LONGEST_STEP_S: f64 = 0.25;

/// The traces of every slot that reduces gain.
#[derive(Debug, Default)]
pub struct Traces {
    /// Sound time: stands still with the transport.
    clock_s: f64,
    last_seen_s: Option<f64>,
    by_slot: BTreeMap<SlotId, VecDeque<(f64, f32)>>,
}

impl Traces {
    /// Takes up the readings of a frame drawn at `now_s`.
    pub(super) fn take(&mut self, now_s: f64, frame: &Frame) {
        let step = self.last_seen_s.map_or(0.0, |last| (now_s - last).clamp(0.0, LONGEST_STEP_S));
        self.last_seen_s = Some(now_s);
        if !frame.transport.playing {
            return;
        }
        self.clock_s += step;
        for (slot, reduction_db) in frame.gain_reductions.iter() {
            self.by_slot.entry(*slot).or_default().push_back((self.clock_s, *reduction_db));
        }
        let oldest = self.clock_s - LENGTH_S;
        for trace in self.by_slot.values_mut() {
            while trace.front().is_some_and(|(at, _)| *at < oldest) {
                trace.pop_front();
            }
        }
        self.by_slot.retain(|_, trace| !trace.is_empty());
    }

    /// Age in seconds and reduction in dB of every reading of a slot, oldest first.
    fn readings(&self, slot: SlotId) -> impl Iterator<Item = (f64, f32)> + '_ {
        self.by_slot.get(&slot).into_iter().flatten().map(|(at, db)| (self.clock_s - at, *db))
    }
}

/// The gain change now, dB, of a slot that has one.
pub(super) fn now_db(frame: &Frame, slot: SlotId) -> Option<f32> {
    frame.gain_reductions.iter().find(|(id, _)| *id == slot).map(|(_, db)| *db)
}

/// The last ten seconds of a slot: its levels while it was watched, its gain for as long as it is known.
#[derive(Debug)]
pub(super) struct Past<'a> {
    /// A point each 10 ms, newest last.
    pub points: &'a [FocusPoint],
    /// Age in seconds and gain change in dB, oldest first.
    pub gains: Vec<(f64, f32)>,
}

impl<'a> Past<'a> {
    /// Of a slot. What was not watched is filled up with the readings collected beside the sound.
    pub(super) fn of(frame: &'a Frame, traces: &Traces, slot: SlotId) -> Self {
        let all: &[FocusPoint] = if frame.focus.slot == Some(slot) { &frame.focus.history } else { &[] };
        let most = (LENGTH_S / POINT_S).round() as usize;
        let points = &all[all.len().saturating_sub(most)..];
        let watched_s = points.len() as f64 * POINT_S;
        let mut gains: Vec<(f64, f32)> =
            traces.readings(slot).filter(|(age, _)| points.is_empty() || *age > watched_s).collect();
        gains.extend(points.iter().enumerate().map(|(i, p)| (age_s(points.len(), i), p.gain_db)));
        Self { points, gains }
    }

    /// The deepest and the highest gain change, dB; 0 lies between them.
    pub(super) fn extremes_db(&self) -> (f32, f32) {
        self.gains.iter().fold((0.0, 0.0), |(low, high), (_, db)| (f32::min(low, *db), f32::max(high, *db)))
    }

    /// The mean gain change in dB over the time known.
    pub(super) fn mean_db(&self) -> Option<f64> {
        let sum: f64 = self.gains.iter().map(|(_, db)| f64::from(*db)).sum();
        (!self.gains.is_empty()).then(|| sum / self.gains.len() as f64)
    }

    /// Largest magnitude before the slot in the last 50 ms, dBFS.
    pub(super) fn input_dbfs(&self) -> Option<f64> {
        self.largest_dbfs(5)
    }

    /// Largest magnitude before the slot in the last 0.3 s, dBFS.
    pub(super) fn peak_dbfs(&self) -> Option<f64> {
        self.largest_dbfs(30)
    }

    fn largest_dbfs(&self, points: usize) -> Option<f64> {
        let largest = self.points.iter().rev().take(points).map(|p| f64::from(p.before)).fold(0.0, f64::max);
        (largest > 1e-6).then(|| db_from_gain(largest))
    }
}

/// Age of a point of the watched past, seconds.
pub(super) fn age_s(count: usize, index: usize) -> f64 {
    (count - 1 - index) as f64 * POINT_S
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Session;
    use crate::units::SampleRate;

    fn frame(playing: bool, reduction_db: f32) -> Frame {
        let mut frame = Frame::still(Arc::new(Session::new(SampleRate(48_000))));
        frame.transport.playing = playing;
        frame.gain_reductions = Arc::new(vec![(SlotId(1), reduction_db)]);
        frame
    }

    #[test]
    fn a_trace_holds_ten_seconds_of_sound() {
        let mut traces = Traces::default();
        for i in 0..300 {
            traces.take(f64::from(i) * 0.1, &frame(true, if i == 100 { -9.0 } else { -1.0 }));
        }
        let ages: Vec<f64> = traces.readings(SlotId(1)).map(|(age, _)| age).collect();
        assert!((100..=102).contains(&ages.len()), "{}", ages.len());
        assert!(ages[0] <= 10.0 + 1e-9 && ages[ages.len() - 1] == 0.0);
        let still = frame(true, 0.0);
        assert_eq!(Past::of(&still, &traces, SlotId(1)).extremes_db(), (-1.0, 0.0));
    }

    #[test]
    fn a_trace_stands_still_with_the_transport() {
        let mut traces = Traces::default();
        traces.take(0.0, &frame(true, -3.0));
        for i in 1..100 {
            traces.take(f64::from(i), &frame(false, 0.0));
        }
        assert_eq!(traces.readings(SlotId(1)).collect::<Vec<_>>(), [(0.0, -3.0)]);
    }

    /// Two seconds watched: the newest gains are those of the focus, the ones before are the collected ones.
    #[test]
    fn the_watched_past_comes_before_the_collected_one() {
        let mut traces = Traces::default();
        for i in 0..=80 {
            traces.take(f64::from(i) * 0.1, &frame(true, -1.0));
        }
        let mut now = frame(true, -1.0);
        let point = FocusPoint { before: 0.5, after: 0.25, gain_db: -6.0 };
        now.focus = Arc::new(crate::app::frame::FocusView {
            slot: Some(SlotId(1)),
            history: Arc::new(vec![point; 200]),
            ..Default::default()
        });
        let past = Past::of(&now, &traces, SlotId(1));
        assert_eq!(past.points.len(), 200);
        assert!(past.gains.windows(2).all(|pair| pair[0].0 > pair[1].0));
        let watched = past.gains.iter().filter(|(age, _)| *age < 1.995).count();
        assert_eq!(watched, 200);
        assert!(past.gains.iter().all(|(age, db)| *db == if *age < 1.995 { -6.0 } else { -1.0 }));
        assert!((past.input_dbfs().unwrap() + 6.0206).abs() < 1e-3);
        assert!(Past::of(&now, &traces, SlotId(2)).points.is_empty());
    }
}
