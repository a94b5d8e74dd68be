//! Levels of a file in one pass: sums, peaks, DR, bits used, samples at full scale, the loudest 600 ms.
//!
//! Sums are gathered over stretches that end on the absolute grid of 10 ms `⌊k·fs/100⌋` and on the blocks of the DR value.
//! Full scale is that of the file's format ([`crate::meter::full_scale`]).

use crate::dsp::simd::widest;
use crate::meter::dynamics::{DrChannel, Moments, aes17_dbfs, track_dr};
use crate::meter::full_scale::full_scale;
use crate::units::db_from_gain;

use super::figures::{ChannelMeasurements, Measurements};
use super::{CHANNELS, finite};

/// Bits looked for at most.
const MAX_BITS: u32 = 32;
/// Samples at full scale, one after the other, that make a run.
const RUN: u64 = 3;
/// Sub-blocks of 10 ms in a second.
const SUB_BLOCKS_PER_SECOND: u64 = 100;
/// 600 ms, the integration of the K-System.
const K_WINDOW: usize = 60;
const SECOND: usize = 100;

/// The pass.
pub(super) struct Levels {
    rate_hz: u64,
    stereo: bool,
    full_scale: f64,
    frames: u64,
    sub_blocks: u64,
    total: Sums,
    dr: [DrChannel; CHANNELS],
    bits: LowestBit,
    runs: [FullScaleRuns; CHANNELS],
    /// Energy of the 10 ms under way.
    energy: [f64; CHANNELS],
    windows: Windows,
}

/// Sums over both channels.
#[derive(Clone, Copy, Default)]
struct Sums {
    channels: [Moments; CHANNELS],
    /// Σ left·right.
    cross: f64,
}

impl Sums {
    #[inline(always)]
    fn of(left: &[f64], right: &[f64]) -> Self {
        Self { channels: [Moments::of(left), Moments::of(right)], cross: cross(left, right) }
    }

    fn add(&mut self, other: &Self) {
        for (total, part) in self.channels.iter_mut().zip(other.channels) {
            total.add(part);
        }
        self.cross += other.cross;
    }
}

impl Levels {
    pub(super) fn new(rate_hz: u32, stereo: bool, bits: Option<u32>, max_hours: f64) -> Self {
        Self {
            rate_hz: u64::from(rate_hz.max(1)),
            stereo,
            full_scale: full_scale(bits),
            frames: 0,
            sub_blocks: 0,
            total: Sums::default(),
            dr: [DrChannel::new(rate_hz, max_hours), DrChannel::new(rate_hz, max_hours)],
            bits: LowestBit::default(),
            runs: [FullScaleRuns::default(); CHANNELS],
            energy: [0.0; CHANNELS],
            windows: Windows::new(u64::from(rate_hz.max(1))),
        }
    }

    /// Makes sure that the next second finds room; allocates where it would not.
    pub(super) fn make_room(&mut self) {
        self.dr.iter_mut().for_each(DrChannel::make_room);
    }

    /// Takes a chunk; chunks are cut the same way in every reading of a file.
    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        let bits = &mut self.bits;
        widest(
            #[inline(always)]
            || [left, right].into_iter().for_each(|samples| bits.push(samples)),
        );
        let mut at = 0;
        while at < left.len() {
            let border = (self.sub_blocks + 1) * self.rate_hz / SUB_BLOCKS_PER_SECOND;
            let wanted = usize::try_from(border - self.frames).unwrap_or(usize::MAX).min(self.dr[0].room());
            let end = left.len().min(at + wanted);
            self.take(&left[at..end], right.get(at..end).unwrap_or(&[]));
            at = end;
            if self.frames == border {
                self.close_sub_block();
            }
        }
    }

    fn take(&mut self, left: &[f64], right: &[f64]) {
        let sums = widest(
            #[inline(always)]
            || Sums::of(left, right),
        );
        self.total.add(&sums);
        self.frames += left.len() as u64;
        for (c, samples) in [left, right].into_iter().enumerate() {
            let part = &sums.channels[c];
            self.energy[c] += part.square_sum;
            self.dr[c].add(part, samples.len());
            self.runs[c].push(samples, part.peak, self.full_scale);
        }
    }

    fn close_sub_block(&mut self) {
        self.sub_blocks += 1;
        self.windows.push(self.energy);
        self.energy = [0.0; CHANNELS];
    }

    /// ΣL², ΣR², ΣLR.
    pub(super) fn products(&self) -> [f64; 3] {
        let [left, right] = &self.total.channels;
        [left.square_sum, right.square_sum, self.total.cross]
    }

    /// Writes its figures.
    pub(super) fn finish(mut self, into: &mut Measurements) {
        self.runs.iter_mut().for_each(FullScaleRuns::close);
        let count = self.frames.max(1) as f64;
        let channels = if self.stereo { CHANNELS } else { 1 };
        let heard = &self.total.channels[..channels];
        let peak = heard.iter().fold(0.0f64, |a, m| a.max(m.peak));
        let mean_square = heard.iter().map(|m| m.square_sum).sum::<f64>() / (count * channels as f64);
        let dc = heard.iter().map(|m| m.sum / count).max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let known = self.frames > 0;
        into.per_channel = heard
            .iter()
            .zip(self.runs)
            .map(|(m, runs)| ChannelMeasurements {
                true_peak_dbtp: None,
                sample_peak_dbfs: dbfs(m.peak),
                rms_dbfs: finite(aes17_dbfs(m.square_sum / count)),
                dc_offset: finite(known.then_some(m.sum / count)),
                full_scale_samples: runs.samples,
                full_scale_runs: runs.runs,
                longest_full_scale_run: runs.longest,
            })
            .collect();
        into.frames = self.frames;
        into.duration_s = self.frames as f64 / self.rate_hz as f64;
        into.sample_peak_dbfs = dbfs(peak);
        into.rms_dbfs = finite(aes17_dbfs(mean_square));
        into.dc_offset = finite(dc.filter(|_| known));
        into.correlation = self.total.correlation();
        into.mono_loss_db = if self.stereo { self.total.mono_loss_db() } else { None };
        into.effective_bits = self.bits.bits();
        self.windows.finish(channels, into);
        let dr = self.dr.into_iter().take(channels).map(DrChannel::finish).collect::<Vec<_>>();
        into.dr = finite(track_dr(&dr));
    }
}

fn dbfs(peak: f64) -> Option<f64> {
    finite((peak > 0.0).then(|| db_from_gain(peak)))
}

impl Sums {
    /// Σ LR / √(ΣL² ΣR²).
    fn correlation(&self) -> Option<f64> {
        let [left, right] = &self.channels;
        let norm = left.square_sum.sqrt() * right.square_sum.sqrt();
        finite((norm > 0.0).then(|| (self.cross / norm).clamp(-1.0, 1.0)))
    }

    /// `10·log10(⟨((L+R)/2)²⟩ / ((⟨L²⟩+⟨R²⟩)/2))`.
    fn mono_loss_db(&self) -> Option<f64> {
        let both = self.channels[0].square_sum + self.channels[1].square_sum;
        let part = (both + 2.0 * self.cross) / (2.0 * both);
        finite((part > 0.0).then(|| 10.0 * part.log10()))
    }
}

#[inline(always)]
fn cross(left: &[f64], right: &[f64]) -> f64 {
    let mut acc = [0.0; 4];
    let pairs = left.chunks_exact(4).zip(right.chunks_exact(4));
    for (l, r) in pairs {
        for k in 0..4 {
            acc[k] += l[k] * r[k];
        }
    }
    let done = left.len().min(right.len()) / 4 * 4;
    let rest: f64 = left.iter().zip(right).skip(done).map(|(l, r)| l * r).sum();
    acc.iter().sum::<f64>() + rest
}

/// Samples at full scale, and how they follow each other.
#[derive(Debug, Clone, Copy, Default)]
struct FullScaleRuns {
    samples: u64,
    runs: u64,
    longest: u64,
    now: u64,
}

impl FullScaleRuns {
    /// Takes samples whose highest magnitude is `peak`.
    fn push(&mut self, samples: &[f64], peak: f64, full_scale: f64) {
        if peak < full_scale {
            self.close();
            return;
        }
        for x in samples {
            if x.abs() >= full_scale {
                self.now += 1;
                self.samples += 1;
            } else {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        self.runs += u64::from(self.now >= RUN);
        self.longest = self.longest.max(self.now);
        self.now = 0;
    }
}

/// Energies of the last second in sub-blocks of 10 ms, and what is wanted of them.
struct Windows {
    energies: [[f64; CHANNELS]; SECOND],
    count: u64,
    /// Highest mean square of 600 ms in a channel.
    loudest: f64,
    first_second: Option<[f64; CHANNELS]>,
    rate_hz: u64,
}

impl Windows {
    fn new(rate_hz: u64) -> Self {
        Self { energies: [[0.0; CHANNELS]; SECOND], count: 0, loudest: 0.0, first_second: None, rate_hz }
    }

    fn push(&mut self, energy: [f64; CHANNELS]) {
        self.energies[(self.count % SECOND as u64) as usize] = energy;
        self.count += 1;
        if self.count >= K_WINDOW as u64 {
            let [left, right] = self.mean_squares(K_WINDOW);
            self.loudest = self.loudest.max(left).max(right);
        }
        if self.count == SECOND as u64 {
            self.first_second = Some(self.mean_squares(SECOND));
        }
    }

    /// Of the last so many sub-blocks.
    fn mean_squares(&self, sub_blocks: usize) -> [f64; CHANNELS] {
        let first = self.count - sub_blocks as u64;
        let border = |k: u64| k * self.rate_hz / SUB_BLOCKS_PER_SECOND;
        let mut sum = [0.0; CHANNELS];
        for k in first..self.count {
            let energy = self.energies[(k % SECOND as u64) as usize];
            (0..CHANNELS).for_each(|c| sum[c] += energy[c]);
        }
        sum.map(|s| s / (border(self.count) - border(first)).max(1) as f64)
    }

    fn finish(&self, channels: usize, into: &mut Measurements) {
        let level = |[left, right]: [f64; CHANNELS]| finite(aes17_dbfs((left + right) / channels as f64));
        into.first_second_rms_dbfs = self.first_second.and_then(level);
        into.last_second_rms_dbfs = self.first_second.and_then(|_| level(self.mean_squares(SECOND)));
        into.max_rms_600_ms_dbfs = finite(aes17_dbfs(self.loudest));
        let on_scale = |zero_dbfs: f64| into.max_rms_600_ms_dbfs.map(|level| level - zero_dbfs);
        (into.max_k20_db, into.max_k14_db, into.max_k12_db) =
            (on_scale(-20.0), on_scale(-14.0), on_scale(-12.0));
    }
}

/// Finds the lowest bit ever used: the smallest `b` for which every sample is a multiple of `2^−(b−1)`.
#[derive(Debug, Clone, Default)]
struct LowestBit {
    bits: u32,
    heard: bool,
}

impl LowestBit {
    #[inline(always)]
    fn push(&mut self, samples: &[f64]) {
        if self.bits > MAX_BITS {
            return;
        }
        if !self.heard {
            self.heard = samples.iter().any(|x| x.abs() > 0.0);
            self.bits = u32::from(self.heard);
        }
        while self.heard && self.bits <= MAX_BITS && !on_grid(samples, self.bits) {
            self.bits += 1;
        }
    }

    fn bits(&self) -> Option<u32> {
        (1..=MAX_BITS).contains(&self.bits).then_some(self.bits)
    }
}

/// Whether every sample is a multiple of `2^−(bits−1)`. Adding and taking away 1.5·2⁵² rounds to a whole number, and
/// unlike a call to `round` it stays in vector registers.
#[inline(always)]
fn on_grid(samples: &[f64], bits: u32) -> bool {
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let scale = f64::from(1u32 << (bits - 1));
    let mut off = [0.0f64; 4];
    let mut four = samples.chunks_exact(4);
    for x in &mut four {
        for k in 0..4 {
            let v = x[k] * scale;
            off[k] += (v - ((v + ROUNDER) - ROUNDER)).abs();
        }
    }
    let rest: f64 = four.remainder().iter().map(|x| (x * scale - (x * scale).round()).abs()).sum();
    off.iter().sum::<f64>() + rest <= 0.0
}
