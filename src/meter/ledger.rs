//! Loudness and peaks by place: what was heard of an album, kept where it lies, so that a stretch heard again replaces
//! what was there and an edit voids only what it changed.
//!
//! The album has one [`Sheet`], every song another. A sheet keeps K-weighted energy (BS.1770-5), true and sample peaks in
//! sub-blocks of 10 ms on a grid `⌊k·fs/100⌋` from its origin: album frame 0 for the album, its first frame for a song.
//! From the sub-blocks follow integrated loudness, range (Tech 3342 v4), maxima, PLR and PSR, by the very sums of
//! [`super::loudness`]: an album heard in one go reads the same bits as its file, a song heard through its start the same
//! as its frames measured alone. A song is its frames up to the start of the next, as its file is; the album is its frames
//! from the first song on (from its first whole sub-block, where the song does not begin on the grid).
//!
//! **After a jump** the K filter starts from silence. Its slowest part is a double pole at 38 Hz, whose memory of a step
//! has decayed to `(1 + ωt)·e^−ωt` = 10⁻⁹ (−180 dB) after 100 ms: what is measured before that does not count, the error
//! left is below 10⁻⁴ dB for a full-scale step into music at −60 dBFS. The fades of a seek (5 ms) and of a new plan (20 ms)
//! lie inside the same 100 ms. Where a song was reached by a seek, those 100 ms are missing from it until it is heard from
//! before its start. True peaks lie up to 24 frames behind and are booked where they become known. Peaks are kept in
//! single precision (within 10⁻⁶ dB).

use std::sync::Arc;

use super::dynamics::plr_db;
use super::loudness::{integrated_lufs, lufs_from_power, range_lu};
use super::loudness_map::{LoudnessMap, MapCell};
use super::true_peak::{Keep, TruePeakMeter};
use crate::dsp::kweight::KWeight;
use crate::units::{Frames, SampleRate, db_from_gain};

/// Sub-blocks in a second.
const SUB_BLOCKS_PER_SECOND: i64 = 100;
/// Sub-blocks of a momentary window, of a short-term window, between two gating blocks, and in a cell of the map.
const MOMENTARY: usize = 40;
const SHORT_TERM: usize = 300;
const HOP: usize = 10;
const HOPS_IN_SHORT_TERM: usize = SHORT_TERM / HOP;
/// What does not count after a jump, in sub-blocks.
const SETTLE: i64 = 10;
/// Longest album kept, sub-blocks: six hours (33 bytes each, for album and songs; an hour takes 24 MB).
const MOST_SUB_BLOCKS: usize = 6 * 3600 * SUB_BLOCKS_PER_SECOND as usize;
/// Below this a maximum is silence, not a reading.
const SILENCE_LUFS: f64 = -120.0;

/// Figures of a sheet; `None` where there is no reading.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LedgerReading {
    /// LUFS, both gates.
    pub integrated_lufs: Option<f64>,
    /// LU.
    pub range_lu: Option<f64>,
    /// LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// dBTP, per channel.
    pub true_peak_dbtp: [Option<f64>; 2],
    /// dBFS, per channel.
    pub sample_peak_dbfs: [Option<f64>; 2],
    /// Largest true peak minus integrated loudness, dB.
    pub plr_db: Option<f64>,
    /// PSR of the loudest 3 s, dB.
    pub psr_db: Option<f64>,
    /// Smallest PSR, dB.
    pub min_psr_db: Option<f64>,
    /// Seconds that count.
    pub measured_s: f64,
    /// Seconds measured before they were changed.
    pub stale_s: f64,
    /// Seconds in all.
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

/// Whether a sub-block counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unheard,
    Fresh,
    Stale,
}

/// A sub-block as measured.
#[derive(Debug, Clone, Copy)]
struct SubBlock {
    energy: f64,
    true_peak: [f64; 2],
    sample_peak: [f64; 2],
}

/// What ten sub-blocks amount to.
#[derive(Debug, Clone, Copy)]
struct Hop {
    max_momentary: f64,
    max_short_term: f64,
    /// At its end; NaN where there is none.
    psr_db: f64,
    true_peak: [f32; 2],
    sample_peak: [f32; 2],
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
struct Sheet {
    rate_hz: i64,
    /// Album frame at which its grid begins, and the frame after its last.
    origin: Frames,
    end: Frames,
    /// First sub-block that counts, and how many are whole; one more holds the peaks of what is left.
    first: usize,
    whole: usize,
    /// NaN where it does not count.
    energy: Vec<f64>,
    true_peak: Vec<[f32; 2]>,
    sample_peak: Vec<[f32; 2]>,
    state: Vec<State>,
    hops: Vec<Hop>,
    /// Powers of the gating blocks and short-term values at the end of each hop; NaN where there is none.
    gating: Vec<f64>,
    short_term: Vec<f64>,
    /// Sub-blocks written since the hops were worked out.
    dirty: Option<(usize, usize)>,
    reading: LedgerReading,
}

impl Sheet {
    /// Nothing heard yet of `start..end`, on a grid from `origin`.
    fn new(rate: SampleRate, origin: Frames, start: Frames, end: Frames) -> Self {
        let rate_hz = i64::from(rate.0.max(1));
        let end = end.max(start);
        let length = (end - origin).0.max(0);
        let whole = (((length + 1) * SUB_BLOCKS_PER_SECOND - 1) / rate_hz) as usize;
        let whole = whole.min(MOST_SUB_BLOCKS);
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
    fn border(&self, k: usize) -> i64 {
        k as i64 * self.rate_hz / SUB_BLOCKS_PER_SECOND
    }

    /// The sub-block that holds a frame counted from the origin, which is not negative.
    fn sub_block_at(&self, frame: i64) -> usize {
        (((frame + 1) * SUB_BLOCKS_PER_SECOND - 1) / self.rate_hz) as usize
    }

    fn frames_between(&self, from: usize, to: usize) -> f64 {
        (self.border(to) - self.border(from)).max(1) as f64
    }

    /// Replaces a sub-block. The one behind the last whole one has peaks only.
    fn write(&mut self, k: usize, block: SubBlock) {
        if k > self.whole {
            return;
        }
        let is_good = block.energy.is_finite();
        self.energy[k] = if k < self.whole && is_good { block.energy } else { f64::NAN };
        self.true_peak[k] = block.true_peak.map(|p| p as f32);
        self.sample_peak[k] = block.sample_peak.map(|p| p as f32);
        self.state[k] = if is_good { State::Fresh } else { State::Unheard };
        self.touch(k, k + 1);
    }

    /// The wave behind the last frame: it belongs to the last sub-block.
    fn raise_last(&mut self, true_peak: [f64; 2]) {
        let k =
            if self.state[self.whole] == State::Fresh { self.whole } else { self.whole.saturating_sub(1) };
        if self.state[k] == State::Fresh {
            for (kept, peak) in self.true_peak[k].iter_mut().zip(true_peak) {
                *kept = kept.max(peak as f32);
            }
            self.touch(k, k + 1);
        }
    }

    fn void(&mut self, k: usize) {
        self.energy[k] = f64::NAN;
        if self.state[k] == State::Fresh {
            self.state[k] = State::Stale;
        }
    }

    fn touch(&mut self, from: usize, to: usize) {
        self.dirty = Some(self.dirty.map_or((from, to), |(a, b)| (a.min(from), b.max(to))));
    }

    /// Takes over sub-blocks of another sheet: `from..to` of it to `at` of this one.
    fn copy(&mut self, other: &Self, from: usize, to: usize, at: usize) {
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
    fn refresh(&mut self, scratch: &mut Scratch) {
        let Some((from, to)) = self.dirty.take() else { return };
        let last = (self.hop_of(to) + HOPS_IN_SHORT_TERM + 1).min(self.hops.len());
        for h in self.hop_of(from).min(last.saturating_sub(1))..last {
            self.work_out(h);
        }
        self.reading = self.sum_up(scratch);
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
        if short_term.is_nan() || lufs_from_power(short_term) <= SILENCE_LUFS {
            return f64::NAN;
        }
        let peaks = self.true_peak[end - SHORT_TERM..end].iter();
        let highest = f64::from(peaks.fold(0.0f32, |top, [l, r]| top.max(*l).max(*r)));
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
        let peak_db = |peak: f32| (peak > 0.0).then(|| db_from_gain(f64::from(peak)));
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

    fn clear(&mut self) {
        self.state.fill(State::Unheard);
        self.energy.fill(f64::NAN);
        self.touch(0, self.whole + 1);
    }
}

fn larger(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}

fn audible(power: f64) -> Option<f64> {
    Some(lufs_from_power(power)).filter(|&l| l > SILENCE_LUFS)
}

/// In the order of [`super::loudness`], so that the bits are the same.
fn sum(energies: &[f64]) -> f64 {
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
struct Scratch {
    present: Vec<f64>,
    sorted: Vec<f64>,
}

impl Scratch {
    /// With room for as many values.
    fn with_room(values: usize) -> Self {
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

/// Measures a run of the sound into the sub-blocks of a sheet.
#[derive(Debug)]
struct Gauge {
    filter: KWeight,
    peak: TruePeakMeter,
    energy: [f64; 2],
    sample_peak: [f64; 2],
    /// Frames from the sheet's origin: the next, and the first that counts.
    next: i64,
    counts_from: i64,
    is_running: bool,
}

impl Gauge {
    fn new(rate: SampleRate) -> Self {
        Self {
            filter: KWeight::new(rate.hz()),
            peak: TruePeakMeter::new(Keep::Intervals),
            energy: [0.0; 2],
            sample_peak: [0.0; 2],
            next: 0,
            counts_from: 0,
            is_running: false,
        }
    }

    /// From silence at a frame counted from the sheet's origin.
    fn begin(&mut self, at: i64, counts_from: i64) {
        self.filter.reset();
        self.peak.reset();
        self.forget_sub_block();
        (self.next, self.counts_from, self.is_running) = (at, counts_from.max(at), true);
    }

    fn forget_sub_block(&mut self) {
        self.energy = [0.0; 2];
        self.sample_peak = [0.0; 2];
        self.peak.take_interval();
    }

    /// Whether this was not the last frame of the sheet.
    fn push(&mut self, sheet: &mut Sheet, mut left: &[f64], mut right: &[f64]) {
        let length = (sheet.end - sheet.origin).0;
        while self.is_running && !left.is_empty() {
            let k = sheet.sub_block_at(self.next.max(0));
            let border = if self.next < 0 { 0 } else { sheet.border(k + 1).min(length) };
            let count = usize::try_from(border - self.next).unwrap_or(0).min(left.len());
            if count == 0 {
                self.is_running = false;
                return;
            }
            self.measure(&left[..count], &right[..count]);
            (left, right) = (&left[count..], &right[count..]);
            self.next += count as i64;
            if self.next == border {
                self.close(sheet, k, border == length);
            }
        }
    }

    fn measure(&mut self, left: &[f64], right: &[f64]) {
        self.filter.add_energy(left, right, &mut self.energy);
        self.peak.push(left, right);
        for (top, samples) in self.sample_peak.iter_mut().zip([left, right]) {
            *top = samples.iter().fold(*top, |top, x| if x.abs() > top { x.abs() } else { top });
        }
    }

    fn close(&mut self, sheet: &mut Sheet, k: usize, is_end: bool) {
        let energy = self.energy[0] + self.energy[1];
        if !energy.is_finite() {
            self.filter.reset();
        }
        let begun = sheet.border(k);
        let block = SubBlock { energy, true_peak: self.peak.take_interval(), sample_peak: self.sample_peak };
        let counts = self.next > begun && begun >= self.counts_from;
        if counts {
            sheet.write(k, block);
        }
        self.forget_sub_block();
        if is_end {
            self.peak.finish();
            let tail = self.peak.take_interval();
            if counts {
                sheet.raise_last(tail);
            }
            self.is_running = false;
        }
    }
}

/// The album and its songs, by place.
#[derive(Debug)]
pub struct Ledger {
    rate: SampleRate,
    spans: Vec<SongSpan>,
    album: Sheet,
    songs: Vec<Sheet>,
    album_gauge: Gauge,
    song_gauge: Gauge,
    /// Index of the song heard now.
    song: Option<usize>,
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
            album: Sheet::new(rate, Frames::ZERO, Frames::ZERO, Frames::ZERO),
            songs: Vec::new(),
            album_gauge: Gauge::new(rate),
            song_gauge: Gauge::new(rate),
            song: None,
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
    /// grid only where they moved by whole sub-blocks, else it is stale there. Allocates.
    pub fn lay_out(&mut self, spans: &[SongSpan], end: Frames, map: Arc<LoudnessMap>) {
        let start = spans.first().map_or(Frames::ZERO, |s| s.start);
        let mut album = Sheet::new(self.rate, Frames::ZERO, start, end);
        let mut songs: Vec<Sheet> =
            spans.iter().map(|s| Sheet::new(self.rate, s.start, s.start, s.end)).collect();
        let old_cells: Vec<Option<MapCell>> = (0..self.map.cells()).map(|i| self.map.cell(i)).collect();
        let run = self.run_on(spans);
        map.clear();
        if spans.first().zip(self.spans.first()).is_some_and(|(new, old)| new.start == old.start) {
            // The pause before the first song.
            album.copy(&self.album, 0, self.album.first, 0);
        }
        for (span, sheet) in spans.iter().zip(&mut songs) {
            let Some(index) = self.spans.iter().position(|s| s.id == span.id) else { continue };
            let old = self.spans[index];
            carry_song(&self.songs[index], sheet, span);
            carry_on_album(&self.album, &mut album, &old, span);
            carry_cells(&self.map, &old_cells, &map, &old, span);
        }
        let most = songs.iter().map(|s| s.hops.len()).max().unwrap_or(0).max(album.hops.len());
        self.scratch = Scratch::with_room(most + 1);
        (self.spans, self.album, self.songs, self.map) = (spans.to_vec(), album, songs, map);
        self.resume(run);
        self.refresh();
        for cell in 0..self.map.cells() {
            self.write_cell(cell);
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
        // At its first frame it begins as if it were alone; inside, the filter has to settle.
        let from = if at == span.start { at } else { at + self.settling() };
        self.song_gauge.begin((at - span.start).0, (from.max(self.sound_from) - span.start).0);
    }

    /// Works out the figures anew where 100 ms more are known, and writes the cells of the map; `true` if it did. Call it
    /// some thirty times a second. Allocates nothing.
    pub fn refresh_if_due(&mut self) -> bool {
        if !is_due(&self.album) && !self.songs.iter().any(is_due) {
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
        let peak = peak.fold(0.0f32, |top, ([l, r], _)| top.max(*l).max(*r));
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
                true_peak_dbtp: db_from_gain(f64::from(peak)) as f32,
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
        self.song.and_then(|i| self.spans.get(i)).map(|s| s.id)
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

/// Whether a hop ends inside what was written, or the sheet does.
fn is_due(sheet: &Sheet) -> bool {
    sheet.dirty.is_some_and(|(from, to)| sheet.hop_of(to) > sheet.hop_of(from) || to >= sheet.whole)
}

/// Whether a move by so many frames takes sub-blocks onto sub-blocks.
fn is_on_grid(shift: Frames, rate_hz: i64) -> bool {
    let whole = (shift.0 * SUB_BLOCKS_PER_SECOND) % rate_hz == 0;
    shift == Frames::ZERO || whole && rate_hz % SUB_BLOCKS_PER_SECOND == 0
}

/// A song's own grid moves with it.
fn carry_song(old: &Sheet, new: &mut Sheet, span: &SongSpan) {
    // Sub-blocks of one length hold whole frames of both; the odd one at the end only if the length is the same.
    let same_length = old.end - old.origin == new.end - new.origin;
    let whole = old.whole.min(new.whole);
    new.copy(old, 0, if same_length { whole + 1 } else { whole }, 0);
    let stale = if span.holds_from <= Frames::ZERO { 0 } else { new.sub_block_at(span.holds_from.0 - 1) + 1 };
    for k in 0..stale.min(new.whole + 1) {
        new.void(k);
    }
}

/// The album's grid does not: only a shift by whole sub-blocks keeps it.
fn carry_on_album(old: &Sheet, new: &mut Sheet, from: &SongSpan, to: &SongSpan) {
    let shift = (to.start - from.start).0 * SUB_BLOCKS_PER_SECOND;
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
    let held = new.sub_block_at((to.start + to.holds_from).0.saturating_sub(1).max(0)) + 1;
    let stale_to = match (is_exact, to.holds_from > Frames::ZERO) {
        (false, _) => usize::MAX,
        (true, true) => held,
        (true, false) => 0,
    };
    for k in at..(at + end.saturating_sub(begin)).min(stale_to).min(new.whole + 1) {
        new.void(k);
    }
}

/// What was drawn stays, as stale, where it is not worked out anew.
fn carry_cells(
    old: &LoudnessMap,
    cells: &[Option<MapCell>],
    new: &LoudnessMap,
    from: &SongSpan,
    to: &SongSpan,
) {
    let (begin, end) = (old.index_at(from.start), old.index_at(from.end));
    let at = new.index_at(to.start);
    for (cell, i) in cells.get(begin..end.min(cells.len())).unwrap_or_default().iter().zip(0..) {
        if let Some(cell) = cell.filter(|_| at + i <= new.index_at(to.end)) {
            new.write(at + i, MapCell { is_stale: true, ..cell });
        }
    }
}
