//! Level bars of the slots: peaks of meter frames in, bars that fall as a level meter does out.

use std::collections::BTreeMap;

use super::frame::SlotLevels;
use crate::engine::MeterFrame;
use crate::model::{Chain, Session, SlotId};
use crate::render::watch::ChainPeaks;
use crate::units::db_from_gain;

/// Fall of a bar, dB a second (as [`crate::meter::peak`]).
const FALL_DB_PER_S: f64 = 20.0 / 1.7;

/// Under this a bar is empty, dBFS.
const EMPTY_DBFS: f64 = -90.0;

/// The bars of every slot sound ran through lately.
#[derive(Debug, Default)]
pub struct SlotMeters {
    /// Input and output, dBFS.
    bars: BTreeMap<SlotId, [f64; 2]>,
    last_s: Option<f64>,
}

impl SlotMeters {
    /// Lets the bars fall to a later time, seconds since any start.
    pub fn fall_to(&mut self, now_s: f64) {
        let seconds = self.last_s.map_or(0.0, |last| (now_s - last).max(0.0));
        self.last_s = Some(now_s);
        for bar in self.bars.values_mut() {
            *bar = bar.map(|db| db - seconds * FALL_DB_PER_S);
        }
        self.bars.retain(|_, bar| bar.iter().any(|db| *db >= EMPTY_DBFS));
    }

    /// Raises the bars to the levels of a meter frame.
    pub fn take(&mut self, session: &Session, frame: &MeterFrame) {
        self.raise(&session.album_chain, &frame.album_peaks);
        if let Some(song) = frame.song.and_then(|id| session.song(id)) {
            self.raise(&song.chain, &frame.song_peaks);
        }
    }

    fn raise(&mut self, chain: &Chain, peaks: &ChainPeaks) {
        for (slot, pair) in chain.slots.iter().zip(peaks.windows(2)) {
            let bar = self.bars.entry(slot.id).or_insert([f64::NEG_INFINITY; 2]);
            for (db, peak) in bar.iter_mut().zip(pair) {
                *db = db.max(db_from_gain(f64::from(*peak)));
            }
        }
        self.bars.retain(|_, bar| bar.iter().any(|db| *db >= EMPTY_DBFS));
    }

    /// The bars.
    pub fn view(&self) -> Vec<(SlotId, SlotLevels)> {
        let shown = |db: f64| (db >= EMPTY_DBFS).then_some(db as f32);
        let levels = |bar: &[f64; 2]| SlotLevels { before_dbfs: shown(bar[0]), after_dbfs: shown(bar[1]) };
        self.bars.iter().map(|(id, bar)| (*id, levels(bar))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Slot;
    use crate::units::SampleRate;
    use std::sync::Arc;

    #[test]
    fn bars_rise_at_once_and_fall_to_nothing() {
        let mut session = Session::new(SampleRate(48_000));
        let slots = vec![Slot::new(SlotId(1), "gain"), Slot::new(SlotId(2), "gain")];
        session.album_chain = Arc::new(Chain { slots, ..Chain::default() });
        let mut frame = MeterFrame::default();
        frame.album_peaks[..3].copy_from_slice(&[1.0, 0.5, 0.25]);
        let mut meters = SlotMeters::default();
        meters.fall_to(10.0);
        meters.take(&session, &frame);
        let view = meters.view();
        assert_eq!(view.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2]);
        let bars = |view: &[(SlotId, SlotLevels)], i: usize| {
            (view[i].1.before_dbfs.unwrap(), view[i].1.after_dbfs.unwrap())
        };
        assert!((bars(&view, 0).1 + 6.0206).abs() < 1e-3 && bars(&view, 0).0.abs() < 1e-6);
        assert!((bars(&view, 1).0 + 6.0206).abs() < 1e-3 && (bars(&view, 1).1 + 12.0412).abs() < 1e-3);
        // 20 dB in 1.7 s.
        meters.fall_to(11.7);
        assert!((bars(&meters.view(), 0).0 + 20.0).abs() < 1e-4);
        meters.fall_to(30.0);
        assert!(meters.view().is_empty());
    }
}
