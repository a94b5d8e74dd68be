//! A stretch of the album in sub-blocks of 10 ms, and the figures that follow from those that count.
//!
//! Ten sub-blocks make a hop. When sub-blocks change, their hops and those whose windows reach back to them are worked out
//! anew, and the figures are summed up over all hops.

use super::{HOP, LedgerReading, MOMENTARY, SHORT_TERM, SUB_BLOCKS_PER_SECOND, SongSpan};
use crate::meter::dynamics::{PSR_GATE_LUFS, plr_db};
use crate::meter::loudness::{audible, integrated_lufs, lufs_from_power, range_lu};
use crate::units::{Frames, SampleRate, db_from_gain};

const HOPS_IN_SHORT_TERM: usize = SHORT_TERM / HOP;
/// Longest album kept, sub-blocks: six hours (49 bytes each, for album and songs; an hour takes 35 MB).
const MOST_SUB_BLOCKS: usize = 6 * 3600 * SUB_BLOCKS_PER_SECOND as usize;

/// Whether a sub-block counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Unheard,
    Fresh,
    Stale,
}

/// A sub-block as measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct SubBlock {
    pub energy: f64,
    pub true_peak: [f64; 2],
    pub sample_peak: [f64; 2],
}

/// What ten sub-blocks amount to.
#[derive(Debug, Clone, Copy)]
struct Hop {
    max_momentary: f64,
    max_short_term: f64,
    /// At its end; NaN where there is none.
    psr_db: f64,
    true_peak: [f64; 2],
    sample_peak: [f64; 2],
    fresh: u8,
    stale: u8,
}

const VOID_HOP: Hop = Hop {
    max_momentary: 0.0,
    max_short_term: 0.0,
    psr_db: f64::NAN,
    true_peak: [0.0; 2],
    sample_peak: [0.0; 2],
    fresh: 0,
    stale: 0,
};

/// A stretch of the album, measured by place.
#[derive(Debug)]
pub(super) struct Sheet {
    rate_hz: i64,
    /// Album frame at which its grid begins, and the frame after its last.
    pub origin: Frames,
    pub end: Frames,
    /// First sub-block that counts, and how many are whole; one more holds the peaks of what is left.
    pub first: usize,
    pub whole: usize,
    /// NaN where it does not count.
    pub energy: Vec<f64>,
    pub true_peak: Vec<[f64; 2]>,
    sample_peak: Vec<[f64; 2]>,
    pub state: Vec<State>,
    hops: Vec<Hop>,
    /// Powers of the gating blocks and short-term values at the end of each hop; NaN where there is none.
    gating: Vec<f64>,
    short_term: Vec<f64>,
    /// Sub-blocks written since the hops were worked out.
    pub dirty: Option<(usize, usize)>,
    pub reading: LedgerReading,
}

impl Sheet {
    /// Nothing heard yet of `start..end`, on a grid from `origin`.
    pub fn new(rate: SampleRate, origin: Frames, start: Frames, end: Frames) -> Self {
        let rate_hz = i64::from(rate.0.max(1));
        let most = MOST_SUB_BLOCKS as i64 * rate_hz / SUB_BLOCKS_PER_SECOND;
        let start = start.clamp(origin, origin + Frames(most));
        let end = end.clamp(start, origin + Frames(most));
        let length = (end - origin).0.max(0);
        let whole = (((length + 1) * SUB_BLOCKS_PER_SECOND - 1) / rate_hz) as usize;
        let first = ((start - origin).0.max(0) * SUB_BLOCKS_PER_SECOND + rate_hz - 1) / rate_hz;
        let first = (first as usize).min(whole);
        let hops = (whole - first).div_ceil(HOP);
        let mut sheet = Self {
            rate_hz,
            origin,
            end,
            first,
            whole,
            energy: vec![f64::NAN; whole + 1],
            true_peak: vec![[0.0; 2]; whole + 1],
            sample_peak: vec![[0.0; 2]; whole + 1],
            state: vec![State::Unheard; whole + 1],
            hops: vec![VOID_HOP; hops],
            gating: vec![f64::NAN; hops],
            short_term: vec![f64::NAN; hops],
            dirty: None,
            reading: LedgerReading::default(),
        };
        sheet.reading.length_s = sheet.length_s();
        sheet
    }

    fn length_s(&self) -> f64 {
        let start = self.origin + Frames(self.border(self.first));
        (self.end - start).0.max(0) as f64 / self.rate_hz as f64
    }

    /// Frame, from the origin, at which sub-block `k` begins.
    pub fn border(&self, k: usize) -> i64 {
        k as i64 * self.rate_hz / SUB_BLOCKS_PER_SECOND
    }

    /// The sub-block that holds a frame counted from the origin, which is not negative.
    pub fn sub_block_at(&self, frame: i64) -> usize {
        (((frame + 1).saturating_mul(SUB_BLOCKS_PER_SECOND) - 1) / self.rate_hz) as usize
    }

    pub fn frames_between(&self, from: usize, to: usize) -> f64 {
        (self.border(to) - self.border(from)).max(1) as f64
    }

    /// Replaces a sub-block. The one behind the last whole one has peaks only.
    pub fn write(&mut self, k: usize, block: SubBlock) {
        if k > self.whole {
            return;
        }
        let is_good = block.energy.is_finite();
        self.energy[k] = if k < self.whole && is_good { block.energy } else { f64::NAN };
        self.true_peak[k] = block.true_peak;
        self.sample_peak[k] = block.sample_peak;
        self.state[k] = if is_good { State::Fresh } else { State::Unheard };
        self.touch(k, k + 1);
    }

    /// The wave behind the last frame: it belongs to the last sub-block.
    pub fn raise_last(&mut self, true_peak: [f64; 2]) {
        let k =
            if self.state[self.whole] == State::Fresh { self.whole } else { self.whole.saturating_sub(1) };
        if self.state[k] == State::Fresh {
            for (kept, peak) in self.true_peak[k].iter_mut().zip(true_peak) {
                *kept = kept.max(peak);
            }
            self.touch(k, k + 1);
        }
    }

    /// What was measured in `from..to` is no longer true.
    pub fn void(&mut self, from: usize, to: usize) {
        let to = to.min(self.state.len());
        for k in from.min(to)..to {
            if self.state[k] == State::Fresh {
                self.state[k] = State::Stale;
                self.energy[k] = f64::NAN;
                self.touch(k, k + 1);
            }
        }
    }

    /// Moves along with its song, with all that was measured and worked out.
    pub fn move_to(&mut self, start: Frames) {
        self.end += start - self.origin;
        self.origin = start;
    }

    fn touch(&mut self, from: usize, to: usize) {
        self.dirty = Some(self.dirty.map_or((from, to), |(a, b)| (a.min(from), b.max(to))));
    }

    /// Values a [`Scratch`] needs room for.
    pub fn hop_count(&self) -> usize {
        self.hops.len()
    }

    /// Takes over sub-blocks of another sheet: `from..to` of it to `at` of this one.
    pub fn copy(&mut self, other: &Self, from: usize, to: usize, at: usize) {
        let to = to.min(other.whole + 1).min(from + (self.whole + 1).saturating_sub(at));
        if from >= to {
            return;
        }
        let here = at..at + (to - from);
        self.energy[here.clone()].copy_from_slice(&other.energy[from..to]);
        self.true_peak[here.clone()].copy_from_slice(&other.true_peak[from..to]);
        self.sample_peak[here.clone()].copy_from_slice(&other.sample_peak[from..to]);
        self.state[here].copy_from_slice(&other.state[from..to]);
        if at + (to - from) > self.whole {
            self.energy[self.whole] = f64::NAN;
        }
        self.touch(at, at + (to - from));
    }

    /// Works out the hops that changed, and the figures.
    pub fn refresh(&mut self, scratch: &mut Scratch) {
        let Some((from, to)) = self.dirty.take() else { return };
        let last = (self.hop_of(to) + HOPS_IN_SHORT_TERM + 1).min(self.hops.len());
        for h in self.hop_of(from).min(last.saturating_sub(1))..last {
            self.work_out(h);
        }
        self.reading = self.sum_up(scratch);
    }

    /// Whether a hop ends inside what was written, or the sheet does.
    pub fn is_due(&self) -> bool {
        self.dirty.is_some_and(|(from, to)| self.hop_of(to) > self.hop_of(from) || to >= self.whole)
    }

    fn hop_of(&self, k: usize) -> usize {
        k.saturating_sub(self.first) / HOP
    }

    fn work_out(&mut self, h: usize) {
        let begin = self.first + h * HOP;
        let end = (begin + HOP).min(self.whole);
        let mut hop = VOID_HOP;
        let to = if end == self.whole { end + 1 } else { end };
        for k in begin..to {
            match self.state[k] {
                State::Fresh => {
                    hop.fresh += 1;
                    hop.true_peak = larger(hop.true_peak, self.true_peak[k]);
                    hop.sample_peak = larger(hop.sample_peak, self.sample_peak[k]);
                }
                State::Stale => hop.stale += 1,
                State::Unheard => {}
            }
        }
        for k in begin..end {
            hop.max_momentary = hop.max_momentary.max(self.power::<MOMENTARY>(k + 1));
            hop.max_short_term = hop.max_short_term.max(self.power::<SHORT_TERM>(k + 1));
        }
        let is_whole = end == begin + HOP;
        self.gating[h] = if is_whole { self.power::<MOMENTARY>(end) } else { f64::NAN };
        self.short_term[h] = if is_whole { self.power::<SHORT_TERM>(end) } else { f64::NAN };
        hop.psr_db = self.psr_db(end, self.short_term[h]);
        self.hops[h] = hop;
    }

    /// Power of the `N` sub-blocks before `end`; NaN where they do not all count.
    fn power<const N: usize>(&self, end: usize) -> f64 {
        if end < self.first + N || self.energy[end - 1].is_nan() || self.energy[end - N].is_nan() {
            return f64::NAN;
        }
        sum(&self.energy[end - N..end]) / self.frames_between(end - N, end)
    }

    fn psr_db(&self, end: usize, short_term: f64) -> f64 {
        if short_term.is_nan() || lufs_from_power(short_term) < PSR_GATE_LUFS {
            return f64::NAN;
        }
        let peaks = self.true_peak[end - SHORT_TERM..end].iter();
        let highest = peaks.fold(0.0f64, |top, [l, r]| top.max(*l).max(*r));
        if highest > 0.0 { db_from_gain(highest) - lufs_from_power(short_term) } else { f64::NAN }
    }

    fn sum_up(&self, scratch: &mut Scratch) -> LedgerReading {
        let mut all = VOID_HOP;
        let (mut loudest, mut loudest_psr) = (0.0, f64::NAN);
        let (mut fresh, mut stale) = (0u64, 0u64);
        for (hop, short_term) in self.hops.iter().zip(&self.short_term) {
            all.max_momentary = all.max_momentary.max(hop.max_momentary);
            if *short_term > loudest && !hop.psr_db.is_nan() {
                (loudest, loudest_psr) = (*short_term, hop.psr_db);
            }
            all.max_short_term = all.max_short_term.max(hop.max_short_term);
            all.psr_db = all.psr_db.min(hop.psr_db);
            all.true_peak = larger(all.true_peak, hop.true_peak);
            all.sample_peak = larger(all.sample_peak, hop.sample_peak);
            (fresh, stale) = (fresh + u64::from(hop.fresh), stale + u64::from(hop.stale));
        }
        let integrated_lufs = integrated_lufs(scratch.present(&self.gating));
        let range_lu = scratch.range(&self.short_term);
        let peak_db = |peak: f64| (peak > 0.0).then(|| db_from_gain(peak));
        let true_peak_dbtp = all.true_peak.map(peak_db);
        let highest = peak_db(all.true_peak[0].max(all.true_peak[1]));
        let some = |db: f64| (!db.is_nan()).then_some(db);
        let length_s = self.length_s();
        // The odd frames at the end are a sub-block too.
        let is_all = fresh as usize >= self.whole - self.first && stale == 0 && self.is_last_heard();
        let seconds = |blocks: u64| (blocks as f64 / SUB_BLOCKS_PER_SECOND as f64).min(length_s);
        LedgerReading {
            integrated_lufs,
            range_lu,
            max_momentary_lufs: audible(all.max_momentary),
            max_short_term_lufs: audible(all.max_short_term),
            true_peak_dbtp,
            sample_peak_dbfs: all.sample_peak.map(peak_db),
            plr_db: plr_db(highest, integrated_lufs),
            psr_db: some(loudest_psr),
            min_psr_db: some(all.psr_db),
            measured_s: if is_all { length_s } else { seconds(fresh) },
            stale_s: seconds(stale),
            length_s,
        }
    }

    /// Whether there are no odd frames behind the last whole sub-block, or they were heard.
    fn is_last_heard(&self) -> bool {
        self.origin + Frames(self.border(self.whole)) >= self.end || self.state[self.whole] == State::Fresh
    }

    pub fn clear(&mut self) {
        self.state.fill(State::Unheard);
        self.energy.fill(f64::NAN);
        self.touch(0, self.whole + 1);
    }
}

fn larger(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}

/// In the order of [`super::loudness`], so that the bits are the same.
pub(super) fn sum(energies: &[f64]) -> f64 {
    let mut acc = [0.0; 4];
    for four in energies.chunks_exact(4) {
        for (a, e) in acc.iter_mut().zip(four) {
            *a += e;
        }
    }
    (acc[0] + acc[1]) + (acc[2] + acc[3])
}

/// Room to gather and sort values in.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    present: Vec<f64>,
    sorted: Vec<f64>,
}

impl Scratch {
    /// With room for as many values.
    pub fn with_room(values: usize) -> Self {
        Self { present: Vec::with_capacity(values), sorted: vec![0.0; values] }
    }

    /// The values that are there.
    fn present(&mut self, values: &[f64]) -> &[f64] {
        self.present.clear();
        self.present.extend(values.iter().filter(|v| !v.is_nan()));
        &self.present
    }

    fn range(&mut self, short_terms: &[f64]) -> Option<f64> {
        self.present(short_terms);
        range_lu(&self.present, &mut self.sorted)
    }
}

/// Whether a move by so many frames takes sub-blocks onto sub-blocks.
pub(super) fn is_on_grid(shift: Frames, rate_hz: i64) -> bool {
    let whole = shift.0.saturating_mul(SUB_BLOCKS_PER_SECOND) % rate_hz == 0;
    shift == Frames::ZERO || whole && rate_hz % SUB_BLOCKS_PER_SECOND == 0
}

/// A song's own grid moves with it, whatever its length.
pub(super) fn carry_song(old: &Sheet, new: &mut Sheet) {
    // Sub-blocks of one length hold whole frames of both; the odd one at the end only if the length is the same.
    let same_length = old.end - old.origin == new.end - new.origin;
    let whole = old.whole.min(new.whole);
    new.copy(old, 0, if same_length { whole + 1 } else { whole }, 0);
}

/// The album's grid does not: only a shift by whole sub-blocks keeps it.
pub(super) fn carry_on_album(old: &Sheet, new: &mut Sheet, from: &SongSpan, to: &SongSpan) {
    let shift = (to.start - from.start).0.saturating_mul(SUB_BLOCKS_PER_SECOND);
    let is_exact = is_on_grid(to.start - from.start, new.rate_hz);
    let begin = old.sub_block_at(from.start.0.max(0));
    let length = (from.end - from.start).min(to.end - to.start);
    let end = old.sub_block_at((from.start + length).0.max(0));
    let at = begin as i64 + shift / new.rate_hz;
    let Ok(at) = usize::try_from(at) else { return };
    if at > new.whole {
        return;
    }
    let end = if from.end == old.end && to.end == new.end && shift == 0 { old.whole + 1 } else { end };
    new.copy(old, begin, end, at);
    if !is_exact {
        new.void(at, at + end.saturating_sub(begin));
    }
}
