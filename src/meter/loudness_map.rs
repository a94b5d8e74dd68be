//! Loudness by place: a cell for each 100 ms of the album, written by the meter worker while the album is heard and read by
//! the window at the same time, without a lock and without a copy.
//!
//! A cell keeps the momentary and short-term loudness at its end and the true peak inside it. What was heard before an
//! edit stays, marked as stale, until it is heard again.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::units::{Frames, SampleRate};

/// Cells in a second.
pub const CELLS_PER_SECOND: u64 = 10;

const UNHEARD: u32 = 0;
const FRESH: u32 = 1;
const STALE: u32 = 2;

/// What was measured in 100 ms of the album.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapCell {
    /// Loudness of the 400 ms that end with the cell, LUFS; −∞ for silence, NaN where they were not all heard.
    pub momentary_lufs: f32,
    /// Loudness of the 3 s that end with the cell, LUFS; −∞ for silence, NaN where they were not all heard.
    pub short_term_lufs: f32,
    /// Highest true peak inside the cell, both channels, dBTP; −∞ for silence.
    pub true_peak_dbtp: f32,
    /// The sound has been changed since.
    pub is_stale: bool,
}

#[derive(Debug, Default)]
struct Place {
    state: AtomicU32,
    momentary: AtomicU32,
    short_term: AtomicU32,
    true_peak: AtomicU32,
}

/// The map of an album. Nothing is allocated after `new`.
#[derive(Debug)]
pub struct LoudnessMap {
    rate_hz: u64,
    places: Box<[Place]>,
    changes: AtomicU64,
}

impl Default for LoudnessMap {
    fn default() -> Self {
        Self::new(SampleRate(44_100), Frames::ZERO)
    }
}

/// Cells of an album of a length.
fn cells_of(rate: SampleRate, length: Frames) -> usize {
    (length.0.max(0) as u64 * CELLS_PER_SECOND).div_ceil(u64::from(rate.0.max(1))) as usize
}

/// The cell an album frame lies in, frames counted at a rate in hertz: the last cell whose start is not behind it.
pub fn cell_at(frame: Frames, rate_hz: u64) -> usize {
    let index = ((frame.0.max(0) as u64 + 1) * CELLS_PER_SECOND).div_ceil(rate_hz.max(1));
    index.saturating_sub(1) as usize
}

impl LoudnessMap {
    /// An empty map of an album of a length.
    pub fn new(rate: SampleRate, length: Frames) -> Self {
        let places = (0..cells_of(rate, length)).map(|_| Place::default()).collect();
        Self { rate_hz: u64::from(rate.0.max(1)), places, changes: AtomicU64::new(0) }
    }

    /// Whether an album of this length has this map.
    pub fn fits(&self, rate: SampleRate, length: Frames) -> bool {
        (self.rate_hz, self.places.len()) == (u64::from(rate.0.max(1)), cells_of(rate, length))
    }

    /// Cells in all.
    pub fn cells(&self) -> usize {
        self.places.len()
    }

    /// First album frame of a cell: `⌊index·fs/10⌋`.
    pub fn start_of(&self, index: usize) -> Frames {
        Frames((index as u64 * self.rate_hz / CELLS_PER_SECOND) as i64)
    }

    /// The cell an album frame lies in.
    pub fn index_at(&self, frame: Frames) -> usize {
        cell_at(frame, self.rate_hz)
    }

    /// What was measured; `None` where nothing was heard yet and outside the album.
    pub fn cell(&self, index: usize) -> Option<MapCell> {
        let place = self.places.get(index)?;
        let state = place.state.load(Relaxed);
        (state != UNHEARD).then(|| MapCell {
            momentary_lufs: f32::from_bits(place.momentary.load(Relaxed)),
            short_term_lufs: f32::from_bits(place.short_term.load(Relaxed)),
            true_peak_dbtp: f32::from_bits(place.true_peak.load(Relaxed)),
            is_stale: state == STALE,
        })
    }

    /// Writes a cell; outside the album nothing happens.
    pub fn write(&self, index: usize, cell: MapCell) {
        let Some(place) = self.places.get(index) else { return };
        place.momentary.store(cell.momentary_lufs.to_bits(), Relaxed);
        place.short_term.store(cell.short_term_lufs.to_bits(), Relaxed);
        place.true_peak.store(cell.true_peak_dbtp.to_bits(), Relaxed);
        place.state.store(if cell.is_stale { STALE } else { FRESH }, Relaxed);
        self.changes.fetch_add(1, Relaxed);
    }

    /// Marks what was heard in some cells as no longer true.
    pub fn mark_stale(&self, cells: std::ops::Range<usize>) {
        let end = cells.end.min(self.places.len());
        for place in self.places.get(cells.start.min(end)..end).unwrap_or_default() {
            // What was never heard stays unheard; another state cannot be written in between by more than one worker.
            if place.state.load(Relaxed) == FRESH {
                place.state.store(STALE, Relaxed);
            }
        }
        self.changes.fetch_add(1, Relaxed);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.places.iter().for_each(|p| p.state.store(UNHEARD, Relaxed));
        self.changes.fetch_add(1, Relaxed);
    }

    /// Grows with every change, so that a picture of the map is drawn anew only when it must be.
    pub fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lie_where_their_frames_do() {
        for rate in [11_025, 44_100, 48_000, 88_200, 192_000] {
            let map = LoudnessMap::new(SampleRate(rate), Frames(i64::from(rate) * 3 + 1));
            assert_eq!(map.cells(), 31);
            for index in 0..map.cells() {
                let start = map.start_of(index);
                assert_eq!(map.index_at(start), index, "{rate} Hz, first frame");
                let last = map.start_of(index + 1) - Frames(1);
                assert_eq!(map.index_at(last), index, "{rate} Hz, last frame");
            }
        }
    }

    #[test]
    fn what_was_heard_stays_and_grows_stale() {
        let map = LoudnessMap::new(SampleRate(48_000), Frames(480_000));
        assert_eq!((map.cells(), map.cell(3)), (100, None));
        let cell = MapCell {
            momentary_lufs: -9.5,
            short_term_lufs: f32::NEG_INFINITY,
            true_peak_dbtp: -1.0,
            is_stale: false,
        };
        map.write(3, cell);
        map.write(100, cell);
        let before = map.changes();
        map.mark_stale(0..200);
        assert_eq!(map.cell(3), Some(MapCell { is_stale: true, ..cell }));
        assert_eq!(map.cell(4), None, "what was never heard is not stale");
        assert!(map.changes() > before);
        map.write(3, cell);
        assert_eq!(map.cell(3), Some(cell));
        map.clear();
        assert_eq!(map.cell(3), None);
    }
}
