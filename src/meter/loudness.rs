//! Loudness by ITU-R BS.1770-5, EBU Tech 3341 and Tech 3342 (both v4): momentary, short-term, integrated, range.
//!
//! The K-weighted energy is gathered in sub-blocks of 10 ms on the absolute grid `⌊k·fs/100⌋`, so that windows are
//! exact to the sample where 10 ms is not a whole number of frames. Momentary is the mean over the last 40 sub-blocks,
//! short-term over the last 300, both evaluated every 10 ms from the first full window; the windows are summed anew each
//! time, so nothing drifts. Gating blocks are taken every 100 ms; their powers are kept, and the integrated loudness
//! applies both gates to the stored powers. The range takes short-term values every 100 ms.
//!
//! `l = −0.691 + 10·log10(Σ mean squares)`. A mono signal is one channel, 3.01 LU under the same signal in both.
//!
//! Figures do not depend on how the signal is cut into blocks. Nothing is allocated after `new`.

use crate::dsp::kweight::KWeight;

/// Sub-blocks of 10 ms in a second.
const SUB_BLOCKS_PER_SECOND: u64 = 100;
/// 400 ms.
const MOMENTARY: usize = 40;
/// 3 s.
const SHORT_TERM: usize = 300;
/// 100 ms between gating blocks.
const HOP: u64 = 10;
/// Blocks up to this count for nothing.
pub const ABSOLUTE_GATE_LUFS: f64 = -70.0;
const RELATIVE_GATE_LU: f64 = -10.0;
/// Short-term values this far under the mean power of the rest do not count in the loudness range, LU.
pub(super) const RANGE_GATE_LU: f64 = -20.0;
/// Below this a momentary or short-term value is silence, not a reading.
const SILENCE_LUFS: f64 = -120.0;

/// Loudness of a power (sum over channels of K-weighted mean squares), in LUFS.
pub fn lufs_from_power(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// The power that has a loudness.
pub fn power_from_lufs(lufs: f64) -> f64 {
    10f64.powf((lufs + 0.691) / 10.0)
}

/// What the meter shows. `None` where there is no reading: too short, or silence.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LoudnessReading {
    /// 400 ms window, LUFS.
    pub momentary_lufs: Option<f64>,
    /// 3 s window, LUFS.
    pub short_term_lufs: Option<f64>,
    /// Since reset, both gates, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Loudness range since reset, LU. Unstable for the first minute.
    pub range_lu: Option<f64>,
    /// Highest momentary value since reset, LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Highest short-term value since reset, LUFS.
    pub max_short_term_lufs: Option<f64>,
}

/// The streaming meter of one or two channels.
#[derive(Debug, Clone)]
pub struct LoudnessMeter {
    filter: KWeight,
    rate_hz: u64,
    stereo: bool,
    running: bool,
    energy: [f64; 2],
    /// Frames taken since reset.
    frames: u64,
    /// Complete sub-blocks since reset, and since measuring last began or went on.
    sub_blocks: u64,
    unbroken: u64,
    windows: Windows,
    gated: Pool,
    short_terms: Pool,
    /// Room to find percentiles in.
    scratch: Vec<f64>,
    max_momentary: Highest,
    max_short_term: Highest,
    integrated: Option<f64>,
    range: Option<f64>,
    stale: bool,
}

impl LoudnessMeter {
    /// A meter at a rate in hertz for 1 or 2 channels, measuring. It keeps up to `max_hours` of gating blocks (0.6 MB an
    /// hour); what comes later no longer enters the integrated loudness and the range ([`Self::is_full`],
    /// [`Self::make_room`]).
    pub fn new(rate_hz: u32, channels: usize, max_hours: f64) -> Self {
        let capacity = (max_hours.clamp(0.0, 1000.0) * 36_000.0).ceil() as usize + 1;
        Self {
            filter: KWeight::new(f64::from(rate_hz)),
            rate_hz: u64::from(rate_hz.max(1)),
            stereo: channels > 1,
            running: true,
            energy: [0.0; 2],
            frames: 0,
            sub_blocks: 0,
            unbroken: 0,
            windows: Windows::new(),
            gated: Pool::new(capacity),
            short_terms: Pool::new(capacity),
            scratch: vec![0.0; capacity],
            max_momentary: Highest::default(),
            max_short_term: Highest::default(),
            integrated: None,
            range: None,
            stale: false,
        }
    }

    /// Takes a block; `right` is not looked at by a mono meter. NaN and infinity cost the 10 ms they fall into.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = if self.stereo { left.len().min(right.len()) } else { left.len() };
        let mut at = 0;
        while at < length {
            let border = self.border(self.sub_blocks + 1);
            let wanted = usize::try_from(border - self.frames).unwrap_or(usize::MAX);
            let end = length.min(at + wanted);
            if self.stereo {
                self.filter.add_energy(&left[at..end], &right[at..end], &mut self.energy);
            } else {
                self.filter.add_energy_mono(&left[at..end], &mut self.energy);
            }
            self.frames += (end - at) as u64;
            at = end;
            if self.frames == border {
                self.close_sub_block();
            }
        }
    }

    /// First frame after sub-block `k − 1`.
    fn border(&self, k: u64) -> u64 {
        k * self.rate_hz / SUB_BLOCKS_PER_SECOND
    }

    fn close_sub_block(&mut self) {
        let energy = self.energy[0] + self.energy[1];
        if energy.is_finite() {
            self.windows.push(energy);
        } else {
            self.filter.reset();
            self.windows.push(0.0);
        }
        self.energy = [0.0; 2];
        self.sub_blocks += 1;
        if self.running {
            self.unbroken += 1;
            self.note_windows();
        }
    }

    /// Takes the windows that just ended into maxima, gates and range, if all of them was measured.
    fn note_windows(&mut self) {
        let on_hop = self.sub_blocks.is_multiple_of(HOP);
        if self.unbroken >= MOMENTARY as u64 {
            let power = self.momentary_power();
            self.max_momentary.raise(power, self.sub_blocks);
            if on_hop {
                self.gated.push(power);
                self.stale = true;
            }
        }
        if self.unbroken >= SHORT_TERM as u64 {
            let power = self.short_term_power();
            self.max_short_term.raise(power, self.sub_blocks);
            if on_hop {
                self.short_terms.push(power);
            }
        }
    }

    fn momentary_power(&self) -> f64 {
        self.windows.sum::<MOMENTARY>() / self.window_frames(MOMENTARY)
    }

    fn short_term_power(&self) -> f64 {
        self.windows.sum::<SHORT_TERM>() / self.window_frames(SHORT_TERM)
    }

    /// Frames in the last `count` sub-blocks.
    fn window_frames(&self, count: usize) -> f64 {
        let first = self.sub_blocks.saturating_sub(count as u64);
        (self.border(self.sub_blocks) - self.border(first)).max(1) as f64
    }

    /// Loudness of the last 400 ms, LUFS.
    pub fn momentary_lufs(&self) -> Option<f64> {
        if self.sub_blocks < MOMENTARY as u64 { None } else { audible(self.momentary_power()) }
    }

    /// Loudness of the last 3 s, LUFS.
    pub fn short_term_lufs(&self) -> Option<f64> {
        if self.sub_blocks < SHORT_TERM as u64 { None } else { audible(self.short_term_power()) }
    }

    /// All figures. Integrated loudness and range are worked out anew only when a gating block has come since; that
    /// takes time in proportion to the length measured (about 0.3 ms an hour), so call it beside the audio thread.
    pub fn reading(&mut self) -> LoudnessReading {
        if self.stale {
            self.integrated = integrated_lufs(self.gated.powers());
            self.range = range_lu(self.short_terms.powers(), &mut self.scratch);
            self.stale = false;
        }
        LoudnessReading {
            momentary_lufs: self.momentary_lufs(),
            short_term_lufs: self.short_term_lufs(),
            integrated_lufs: self.integrated,
            range_lu: self.range,
            max_momentary_lufs: audible(self.max_momentary.power),
            max_short_term_lufs: audible(self.max_short_term.power),
        }
    }

    /// Powers of the gating blocks so far, one each 100 ms. Those of several songs, one after the other, give an album's
    /// loudness through [`integrated_lufs`].
    pub fn gating_powers(&self) -> &[f64] {
        self.gated.powers()
    }

    /// Powers of the short-term windows so far, one each 100 ms; those of several songs, one after the other, give an
    /// album's range through [`range_lu`]. The first ends at 3 s, if measuring was never interrupted.
    pub fn short_term_powers(&self) -> &[f64] {
        self.short_terms.powers()
    }

    /// First frame (since reset) of the window with the highest momentary loudness; `None` before there is one.
    pub fn max_momentary_frame(&self) -> Option<u64> {
        self.first_frame(self.max_momentary, MOMENTARY)
    }

    /// First frame (since reset) of the window with the highest short-term loudness; `None` before there is one.
    pub fn max_short_term_frame(&self) -> Option<u64> {
        self.first_frame(self.max_short_term, SHORT_TERM)
    }

    fn first_frame(&self, highest: Highest, window: usize) -> Option<u64> {
        let first = highest.end.checked_sub(window as u64)?;
        audible(highest.power).map(|_| self.border(first))
    }

    /// Whether the pool is used up, so that newer blocks no longer enter the integrated loudness and the range.
    pub fn is_full(&self) -> bool {
        self.gated.is_full()
    }

    /// Makes sure that the blocks of the next second find room. Allocates where they would not, so it is for files that
    /// turn out longer than they said, not for the audio thread.
    pub fn make_room(&mut self) {
        self.gated.make_room();
        self.short_terms.make_room();
        if self.scratch.len() < self.short_terms.powers.len() {
            self.scratch.resize(self.short_terms.powers.len(), 0.0);
        }
    }

    /// Whether integrated loudness, range and maxima are being measured.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Stops or goes on measuring integrated loudness, range and maxima. Momentary and short-term always run. A window
    /// counts only if all of it was measured.
    pub fn set_running(&mut self, running: bool) {
        if running != self.running {
            self.running = running;
            self.unbroken = 0;
        }
    }

    /// Begins integrated loudness, range and maxima anew, also while stopped; momentary and short-term go on.
    pub fn restart(&mut self) {
        self.unbroken = 0;
        self.gated.clear();
        self.short_terms.clear();
        (self.max_momentary, self.max_short_term) = (Highest::default(), Highest::default());
        (self.integrated, self.range) = (None, None);
        self.stale = false;
    }

    /// As new: windows and filters are empty too.
    pub fn reset(&mut self) {
        self.restart();
        self.filter.reset();
        self.energy = [0.0; 2];
        (self.frames, self.sub_blocks) = (0, 0);
        self.windows.clear();
    }
}

/// A highest power, and the sub-blocks that were over when its window ended.
#[derive(Debug, Clone, Copy, Default)]
struct Highest {
    power: f64,
    end: u64,
}

impl Highest {
    fn raise(&mut self, power: f64, end: u64) {
        if power > self.power {
            *self = Self { power, end };
        }
    }
}

/// A momentary or short-term loudness, LUFS; `None` in silence.
pub(super) fn audible(power: f64) -> Option<f64> {
    Some(lufs_from_power(power)).filter(|&l| l > SILENCE_LUFS)
}

/// Integrated loudness of gating-block powers: absolute gate at −70 LUFS, relative gate 10 LU under what passes it
/// (BS.1770-5, annex 1). `None` if nothing passes.
pub fn integrated_lufs(powers: &[f64]) -> Option<f64> {
    let absolute = power_from_lufs(ABSOLUTE_GATE_LUFS);
    let ungated = mean(powers, |p| p > absolute)?;
    let relative = ungated * 10f64.powf(RELATIVE_GATE_LU / 10.0);
    mean(powers, |p| p > absolute && p > relative).map(lufs_from_power)
}

/// Loudness range of short-term powers at 10 Hz (Tech 3342 v4): gates at −70 LUFS and 20 LU under the mean power, then
/// the distance of the 95th from the 10th percentile. `scratch` is at least as long as `powers`.
pub fn range_lu(powers: &[f64], scratch: &mut [f64]) -> Option<f64> {
    let absolute = power_from_lufs(ABSOLUTE_GATE_LUFS);
    let ungated = mean(powers, |p| p >= absolute)?;
    let relative = ungated * 10f64.powf(RANGE_GATE_LU / 10.0);
    let mut n = 0;
    for &p in powers.iter().filter(|&&p| p >= absolute && p >= relative) {
        *scratch.get_mut(n)? = p;
        n += 1;
    }
    let kept = scratch.get_mut(..n).filter(|k| !k.is_empty())?;
    let high = percentile(kept, 0.95);
    let low = percentile(kept, 0.10);
    Some(10.0 * (high / low).log10())
}

/// The value at `round((n − 1)·part)` of the sorted values.
fn percentile(values: &mut [f64], part: f64) -> f64 {
    let index = ((values.len() - 1) as f64 * part + 0.5).floor() as usize;
    *values.select_nth_unstable_by(index, f64::total_cmp).1
}

fn mean(powers: &[f64], keep: impl Fn(f64) -> bool) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0u64);
    for &p in powers {
        if keep(p) {
            sum += p;
            n += 1;
        }
    }
    (n > 0).then(|| sum / n as f64)
}

/// The last 300 sub-block energies, written twice so that any window is one slice.
#[derive(Debug, Clone)]
struct Windows {
    energies: Vec<f64>,
    next: usize,
}

impl Windows {
    fn new() -> Self {
        Self { energies: vec![0.0; 2 * SHORT_TERM], next: 0 }
    }

    fn clear(&mut self) {
        self.energies.fill(0.0);
        self.next = 0;
    }

    fn push(&mut self, energy: f64) {
        self.energies[self.next] = energy;
        self.energies[self.next + SHORT_TERM] = energy;
        self.next = (self.next + 1) % SHORT_TERM;
    }

    /// Sum of the last `N` energies.
    fn sum<const N: usize>(&self) -> f64 {
        let end = self.next + SHORT_TERM;
        let mut acc = [0.0; 4];
        for four in self.energies[end - N..end].chunks_exact(4) {
            for (a, e) in acc.iter_mut().zip(four) {
                *a += e;
            }
        }
        (acc[0] + acc[1]) + (acc[2] + acc[3])
    }
}

/// A list with a fixed room.
#[derive(Debug, Clone)]
struct Pool {
    powers: Vec<f64>,
    used: usize,
}

impl Pool {
    fn new(capacity: usize) -> Self {
        Self { powers: vec![0.0; capacity], used: 0 }
    }

    fn push(&mut self, power: f64) {
        if let Some(place) = self.powers.get_mut(self.used) {
            *place = power;
            self.used += 1;
        }
    }

    fn powers(&self) -> &[f64] {
        &self.powers[..self.used]
    }

    /// For a second more; twice the room if there is less.
    fn make_room(&mut self) {
        let wanted = self.used + (SUB_BLOCKS_PER_SECOND / HOP) as usize;
        if wanted > self.powers.len() {
            self.powers.resize(2 * wanted, 0.0);
        }
    }

    fn is_full(&self) -> bool {
        self.used == self.powers.len()
    }

    fn clear(&mut self) {
        self.used = 0;
    }
}
