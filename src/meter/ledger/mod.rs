//! Loudness and peaks by place: what was heard of an album, kept where it lies, so that a stretch heard again replaces
//! what was there and an edit voids only what it changed.
//!
//! The album has one sheet, every song another. A sheet keeps K-weighted energy (BS.1770-5), true and sample peaks in
//! sub-blocks of 10 ms on a grid `⌊k·fs/100⌋` from its origin: album frame 0 for the album, its first frame for a song.
//! From the sub-blocks follow integrated loudness, range (Tech 3342 v4), maxima, PLR and PSR, by the very sums of
//! [`super::loudness`]: an album heard in one go reads the same bits as its file, a song heard through its start the same
//! as its frames measured alone. A song is its frames up to the start of the next, as its file is; the album is its frames
//! from the first song on, without what rings in the pause before it, as its file is (from its first whole sub-block, where
//! the song does not begin on the grid).
//!
//! **After a jump** the K filter starts from silence. Its slowest part is a double pole at 38 Hz, whose memory of a step
//! has decayed to `(1 + ωt)·e^−ωt` = 10⁻⁹ (−180 dB) after 100 ms: what is measured before that does not count, the error
//! left is below 10⁻⁴ dB for a full-scale step into music at −60 dBFS. The fades of a seek (5 ms) and of a new plan (20 ms)
//! lie inside the same 100 ms. Where a song was reached by a seek, those 100 ms are missing from it until it is heard from
//! before its start. True peaks lie up to 24 frames behind and are booked where they become known.

mod gauge;
mod sheet;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::loudness::lufs_from_power;
use super::loudness_map::{LoudnessMap, MapCell, cell_at};
use crate::units::{Frames, SampleRate, db_from_gain};
use gauge::Gauge;
use sheet::{Scratch, Sheet, State, carry_on_album, carry_song, is_on_grid, sum};

/// Sub-blocks in a second.
const SUB_BLOCKS_PER_SECOND: i64 = 100;
/// Sub-blocks of a momentary window, of a short-term window, and in a cell of the map.
const MOMENTARY: usize = 40;
const SHORT_TERM: usize = 300;
const HOP: usize = 10;
/// What does not count after a jump, in sub-blocks.
const SETTLE: i64 = 10;

/// Loudness of a part of the album (a song, the album), gathered by place: a stretch heard again replaces what was there,
/// a stretch that an edit changed does not count until it is heard again. `None` where there is no reading.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LedgerReading {
    /// LUFS, gated.
    pub integrated_lufs: Option<f64>,
    /// LU (EBU Tech 3342).
    pub range_lu: Option<f64>,
    /// Largest M, LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Largest S, LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// Largest true peak of each channel, dBTP.
    pub true_peak_dbtp: [Option<f64>; 2],
    /// Largest sample of each channel, dBFS.
    pub sample_peak_dbfs: [Option<f64>; 2],
    /// Largest true peak minus integrated, dB.
    pub plr_db: Option<f64>,
    /// Largest true peak of the loudest 3 s minus their loudness (max S), dB.
    pub psr_db: Option<f64>,
    /// Smallest PSR, dB.
    pub min_psr_db: Option<f64>,
    /// Seconds the figures are made of.
    pub measured_s: f64,
    /// Seconds that were measured and have been changed by an edit since.
    pub stale_s: f64,
    /// Seconds in all: a song as its file, from its start to the start of the next; the album from its first song on.
    pub length_s: f64,
}

/// A song's place, and what of an earlier measurement of it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SongSpan {
    /// Identity; measurements stay with it.
    pub id: u64,
    /// First album frame.
    pub start: Frames,
    /// First album frame of what follows.
    pub end: Frames,
    /// First frame of the song, from its start, whose sound is still what was measured; frames before it are stale.
    /// [`Frames::ZERO`] keeps everything, anything from the length on makes all stale.
    pub holds_from: Frames,
}

impl SongSpan {
    /// Frames from its start that are stale.
    fn stale_head(&self) -> Frames {
        self.holds_from.clamp(Frames::ZERO, (self.end - self.start).max(Frames::ZERO))
    }
}

/// The album and its songs, by place.
#[derive(Debug)]
pub struct Ledger {
    rate: SampleRate,
    spans: Vec<SongSpan>,
    /// End of the album as it was given.
    laid_out_to: Frames,
    album: Sheet,
    songs: Vec<Sheet>,
    album_gauge: Gauge,
    song_gauge: Gauge,
    /// Index of the song heard now, and identity of the one heard last.
    song: Option<usize>,
    heard: Option<u64>,
    /// Next album frame of the run, and the first at which its sound is that of the place.
    next: Option<Frames>,
    sound_from: Frames,
    map: Arc<LoudnessMap>,
    scratch: Scratch,
}

impl Ledger {
    /// Of no album yet.
    pub fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            spans: Vec::new(),
            laid_out_to: Frames::ZERO,
            album: Sheet::new(rate, Frames::ZERO, Frames::ZERO, Frames::ZERO),
            songs: Vec::new(),
            album_gauge: Gauge::new(rate),
            song_gauge: Gauge::new(rate),
            song: None,
            heard: None,
            next: None,
            sound_from: Frames::ZERO,
            map: Arc::default(),
            scratch: Scratch::default(),
        }
    }

    /// The rate it measures at.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// What is 100 ms long at this rate: what does not count after a jump.
    pub fn settling(&self) -> Frames {
        Frames(i64::from(self.rate.0) * SETTLE / SUB_BLOCKS_PER_SECOND)
    }

    /// Lays the album out anew, songs in running order. Songs measured before take along what still holds; on the album's
    /// grid only where they moved by whole sub-blocks, else it is stale there. Where nothing moved only what does not hold
    /// is touched. Allocates.
    pub fn lay_out(&mut self, spans: &[SongSpan], end: Frames, map: Arc<LoudnessMap>) {
        let run = self.run_on(spans);
        if Arc::ptr_eq(&map, &self.map) && self.laid_out_to == end && is_unmoved(spans, &self.spans) {
            self.spans.copy_from_slice(spans);
        } else {
            self.rearrange(spans, end, map);
        }
        self.void_changed();
        self.resume(run);
        self.refresh();
    }

    fn rearrange(&mut self, spans: &[SongSpan], end: Frames, map: Arc<LoudnessMap>) {
        let start = spans.first().map_or(Frames::ZERO, |s| s.start);
        let mut album = Sheet::new(self.rate, Frames::ZERO, start, end);
        let old_cells: Vec<Option<MapCell>> = (0..self.map.cells()).map(|i| self.map.cell(i)).collect();
        map.clear();
        if spans.first().zip(self.spans.first()).is_some_and(|(new, old)| new.start == old.start) {
            // The pause before the first song.
            album.copy(&self.album, 0, self.album.first, 0);
        }
        for (span, index) in spans.iter().zip(0..) {
            let Some(before) = self.spans.iter().position(|s| s.id == span.id) else { continue };
            let old = self.spans[before];
            carry_on_album(&self.album, &mut album, &old, span);
            carry_cells(&old_cells, &map, self.rate, &old, span);
            if distance_to_neighbour(&self.spans, before) != distance_to_neighbour(spans, index) {
                // Another sound ends in the sub-block the song begins in.
                let k = album.sub_block_at(span.start.0.max(0));
                let is_shared = album.border(k) < span.start.0;
                album.void(k, if is_shared { k + 1 } else { k });
            }
        }
        let songs: Vec<Sheet> = spans.iter().map(|span| self.carried_song(span)).collect();
        let most = songs.iter().map(Sheet::hop_count).max().unwrap_or(0).max(album.hop_count());
        self.scratch = Scratch::with_room(most + 1);
        (self.spans, self.album, self.songs, self.map) = (spans.to_vec(), album, songs, map);
        self.laid_out_to = end;
    }

    /// The sheet of a song, taken along from where it was.
    fn carried_song(&mut self, span: &SongSpan) -> Sheet {
        let new = |from: Frames, to: Frames| Sheet::new(self.rate, from, from, to);
        let Some(index) = self.spans.iter().position(|s| s.id == span.id) else {
            return new(span.start, span.end);
        };
        let old = &self.songs[index];
        if old.end - old.origin == span.end - span.start {
            let nothing = new(Frames::ZERO, Frames::ZERO);
            let mut kept = std::mem::replace(&mut self.songs[index], nothing);
            kept.move_to(span.start);
            return kept;
        }
        let mut sheet = new(span.start, span.end);
        carry_song(old, &mut sheet);
        sheet
    }

    /// What of the songs does not hold is stale.
    fn void_changed(&mut self) {
        for (span, sheet) in self.spans.iter().zip(&mut self.songs) {
            let head = span.stale_head();
            if head > Frames::ZERO {
                sheet.void(0, sheet.sub_block_at(head.0 - 1) + 1);
                let at = |frame: Frames| self.album.sub_block_at(frame.0.max(0));
                let (from, to) = (at(span.start), at(span.start + head - Frames(1)) + 1);
                self.album.void(from, to);
            }
        }
    }

    /// Where a run goes on once the album is laid out anew: index of the song and by how much it moved; `None` where its
    /// sound does not go on.
    fn run_on(&self, spans: &[SongSpan]) -> Option<(Option<usize>, Frames)> {
        let next = self.next?;
        let Some(old) = self.song.and_then(|i| self.spans.get(i)) else {
            let same = spans.first().map(|s| s.start) == self.spans.first().map(|s| s.start);
            return same.then_some((None, Frames::ZERO));
        };
        let index = spans.iter().position(|s| s.id == old.id)?;
        let offset = next - old.start;
        let holds = offset >= spans[index].holds_from && spans[index].start + offset <= spans[index].end;
        holds.then(|| (Some(index), spans[index].start - old.start))
    }

    fn resume(&mut self, run: Option<(Option<usize>, Frames)>) {
        let (Some((song, shift)), Some(next)) = (run, self.next) else { return self.stop() };
        self.song = song;
        self.next = Some(next + shift);
        self.sound_from += shift;
        if is_on_grid(shift, i64::from(self.rate.0)) {
            self.album_gauge.next += shift.0;
            self.album_gauge.counts_from += shift.0;
        } else {
            let from = next + shift + self.settling();
            self.album_gauge.begin((next + shift).0, from.0);
        }
    }

    /// The places.
    pub fn spans(&self) -> &[SongSpan] {
        &self.spans
    }

    /// The sound goes nowhere from here: what comes next is a new run.
    pub fn stop(&mut self) {
        self.next = None;
        self.album_gauge.is_running = false;
        self.song_gauge.is_running = false;
    }

    /// A run begins at an album frame. `is_clean`: out of silence and unfaded, so that its first frame counts.
    pub fn begin(&mut self, at: Frames, is_clean: bool) {
        self.stop();
        self.next = Some(at);
        self.sound_from = if is_clean { at } else { at + self.settling() };
        self.album_gauge.begin(at.0, self.sound_from.0);
        self.song = None;
    }

    /// The same, but what was heard before is not known while the sound itself is right from the first frame on: after
    /// lost frames, and at seams of places inside the renderer.
    pub fn begin_unfaded(&mut self, at: Frames) {
        self.begin(at, false);
        self.sound_from = at;
    }

    /// From here on the sound is another one for 100 ms: a parameter has moved.
    pub fn unsettle(&mut self) {
        let Some(next) = self.next else { return };
        self.sound_from = next + self.settling();
        self.album_gauge.counts_from = self.album_gauge.counts_from.max(self.sound_from.0);
        if let Some(span) = self.song.and_then(|i| self.spans.get(i)) {
            let from = (self.sound_from - span.start).0;
            self.song_gauge.counts_from = self.song_gauge.counts_from.max(from);
        }
    }

    /// Where the run stands; `None` where there is none.
    pub fn next(&self) -> Option<Frames> {
        self.next
    }

    /// Takes the next frames of the run. Allocates nothing.
    pub fn push(&mut self, mut left: &[f64], mut right: &[f64]) {
        while let Some(at) = self.next.filter(|_| !left.is_empty()) {
            let count = self.follow_song(at).min(left.len());
            let (l, r) = (&left[..count], &right[..count]);
            self.album_gauge.push(&mut self.album, l, r);
            if let Some(sheet) = self.song.and_then(|i| self.songs.get_mut(i)) {
                self.song_gauge.push(sheet, l, r);
            }
            self.next = Some(at + Frames(count as i64));
            (left, right) = (&left[count..], &right[count..]);
        }
    }

    /// Goes over to the song at an album frame; how many frames it is that song still (at least 1).
    fn follow_song(&mut self, at: Frames) -> usize {
        let index = self.spans.iter().rposition(|s| s.start <= at && at < s.end);
        let until = match index {
            Some(i) => self.spans[i].end,
            None => self.spans.iter().map(|s| s.start).filter(|s| *s > at).min().unwrap_or(Frames(i64::MAX)),
        };
        if index != self.song || !self.song_gauge.is_running {
            self.enter(index, at);
        }
        usize::try_from((until - at).0.max(1)).unwrap_or(usize::MAX)
    }

    fn enter(&mut self, index: Option<usize>, at: Frames) {
        self.song = index;
        let Some(span) = index.and_then(|i| self.spans.get(i)) else {
            self.song_gauge.is_running = false;
            return;
        };
        self.heard = Some(span.id);
        // At its first frame it begins as if it were alone; inside, the filter has to settle.
        let from = if at == span.start { at } else { at + self.settling() };
        self.song_gauge.begin((at - span.start).0, (from.max(self.sound_from) - span.start).0);
        if index == Some(0) && at == span.start && self.album_gauge.is_running {
            // Filters ring before a song's first frame; the album's file does not hold that.
            self.album_gauge.begin(at.0, self.album_gauge.counts_from);
        }
    }

    /// Works out the figures anew where 100 ms more are known, and writes the cells of the map; `true` if it did. Call it
    /// some thirty times a second. Allocates nothing.
    pub fn refresh_if_due(&mut self) -> bool {
        if !self.album.is_due() && !self.songs.iter().any(Sheet::is_due) {
            return false;
        }
        self.refresh();
        true
    }

    /// Works out all figures and cells that changed, now.
    pub fn refresh(&mut self) {
        if let Some((from, to)) = self.album.dirty {
            self.album.refresh(&mut self.scratch);
            let last = (to + SHORT_TERM).div_ceil(HOP).min(self.map.cells());
            for cell in from / HOP..last {
                self.write_cell(cell);
            }
        }
        for song in &mut self.songs {
            song.refresh(&mut self.scratch);
        }
    }

    /// Writes a cell whose sub-blocks were all heard or are stale.
    fn write_cell(&mut self, cell: usize) {
        let sheet = &self.album;
        let begin = cell * HOP;
        let end = (begin + HOP).min(sheet.whole + 1);
        let states = sheet.state.get(begin..end).unwrap_or_default();
        let has = |state| states.contains(&state);
        if !has(State::Fresh) {
            if has(State::Stale) {
                self.map.mark_stale(cell..cell + 1);
            }
            return;
        }
        let peak = sheet.true_peak[begin..end].iter().zip(states).filter(|(_, s)| **s == State::Fresh);
        let peak = peak.fold(0.0f64, |top, ([l, r], _)| top.max(*l).max(*r));
        let loudness = |sum: f64| lufs_from_power(sum) as f32;
        let window = |frames: usize| begin + HOP >= frames && begin + HOP <= sheet.whole;
        let at = |n: usize| sheet.energy.get(begin + HOP - n..begin + HOP).unwrap_or_default();
        let frames = |n: usize| sheet.frames_between(begin + HOP - n, begin + HOP);
        let of = |n: usize| if window(n) { loudness(sum(at(n)) / frames(n)) } else { f32::NAN };
        self.map.write(
            cell,
            MapCell {
                momentary_lufs: of(MOMENTARY),
                short_term_lufs: of(SHORT_TERM),
                true_peak_dbtp: db_from_gain(peak) as f32,
                is_stale: has(State::Stale),
            },
        );
    }

    /// Of the album.
    pub fn album(&self) -> &LedgerReading {
        &self.album.reading
    }

    /// Of a song.
    pub fn song(&self, id: u64) -> Option<&LedgerReading> {
        let index = self.spans.iter().position(|s| s.id == id)?;
        Some(&self.songs.get(index)?.reading)
    }

    /// The song heard last.
    pub fn current_song(&self) -> Option<u64> {
        self.heard.filter(|id| self.spans.iter().any(|s| s.id == *id))
    }

    /// Everything measured is stale.
    pub fn void(&mut self) {
        let sheets = std::iter::once(&mut self.album).chain(&mut self.songs);
        sheets.for_each(|sheet| sheet.void(0, usize::MAX));
        self.refresh();
    }

    /// Forgets everything measured.
    pub fn clear(&mut self) {
        self.album.clear();
        self.songs.iter_mut().for_each(Sheet::clear);
        self.map.clear();
        self.stop();
        self.refresh();
    }
}

/// Whether every song lies where it did.
pub fn is_unmoved(new: &[SongSpan], old: &[SongSpan]) -> bool {
    let place = |s: &SongSpan| (s.id, s.start, s.end);
    new.iter().map(place).eq(old.iter().map(place))
}

/// The song before another, and how far before it that ends.
fn distance_to_neighbour(spans: &[SongSpan], index: usize) -> Option<(u64, Frames)> {
    let before = spans[..index].last()?;
    Some((before.id, spans[index].start - before.start))
}

/// What was drawn stays, as stale, where it is not worked out anew. Spans count frames at the ledger's rate.
fn carry_cells(
    cells: &[Option<MapCell>],
    new: &LoudnessMap,
    rate: SampleRate,
    from: &SongSpan,
    to: &SongSpan,
) {
    let cell_of = |frame: Frames| cell_at(frame, u64::from(rate.0));
    let (begin, end) = (cell_of(from.start), cell_of(from.end));
    let at = cell_of(to.start);
    for (cell, i) in cells.get(begin..end.min(cells.len())).unwrap_or_default().iter().zip(0..) {
        if let Some(cell) = cell.filter(|_| at + i <= cell_of(to.end)) {
            new.write(at + i, MapCell { is_stale: true, ..cell });
        }
    }
}
