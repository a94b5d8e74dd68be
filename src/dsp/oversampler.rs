//! Oversampling by 2, 4, 8 or 16 around a non-linear stage: cascaded linear-phase half-bands, one channel.
//!
//! Every stage is a Kaiser-windowed sinc half-band. The first has the transition 0.908 to 1.092 of the base Nyquist
//! frequency (20.02 kHz at 44.1 kHz); the later ones only have to keep what the first lets through apart from its images,
//! which takes far fewer taps: 19, 11 and 9 to either side. All are more than 120 dB down in what they stop, and the
//! whole way there and back is flat to 0.908 of Nyquist within 0.0001 dB. The delay is a whole number of base frames: what is
//! missing is added at the highest rate.

use super::window::{kaiser_at, sinc};
use crate::audio::QUANTUM;

/// Largest factor.
pub const MAX_FACTOR: usize = 16;

/// Flat up to this part of the base Nyquist frequency.
pub const PASS: f64 = 0.908;

/// Taps to either side of the centre (odd) and Kaiser parameter of every stage, lowest rate first.
const STAGES: [(usize, f64); 4] = [(89, 12.8), (19, 13.5), (11, 13.1), (9, 13.5)];

/// Frames worked on at once; they stay in registers.
const LANES: usize = 16;

/// A symmetric filter with an even number of taps over a sliding stretch of input.
#[derive(Debug, Clone)]
struct Symmetric {
    /// The outer half, outermost first.
    taps: Vec<f64>,
    /// The past, then a block.
    line: Vec<f64>,
}

impl Symmetric {
    fn new(taps: Vec<f64>, block: usize) -> Self {
        let past = 2 * taps.len() - 1;
        Self { taps, line: vec![0.0; past + block] }
    }

    fn past(&self) -> usize {
        2 * self.taps.len() - 1
    }

    fn clear(&mut self) {
        self.line.fill(0.0);
    }

    /// Takes every `step`th value from `from` on: a block.
    #[inline(always)]
    fn take(&mut self, input: &[f64], from: usize, step: usize) {
        let past = self.past();
        let block = self.line.len() - past;
        self.line.copy_within(block.., 0);
        for (place, value) in self.line[past..].iter_mut().zip(input[from..].iter().step_by(step)) {
            *place = *value;
        }
    }

    /// The filtered frames `from..from + LANES` of the block taken last.
    #[inline(always)]
    fn lanes(&self, from: usize) -> [f64; LANES] {
        let past = self.past();
        let mut sums = [0.0; LANES];
        for (k, tap) in self.taps.iter().enumerate() {
            let old = &self.line[from + k..from + k + LANES];
            let new = &self.line[from + past - k..from + past - k + LANES];
            for j in 0..LANES {
                sums[j] += tap * (old[j] + new[j]);
            }
        }
        sums
    }

    /// The input of the block taken last, `back` frames before frame `from`.
    #[inline(always)]
    fn delayed(&self, from: usize, back: usize) -> &[f64] {
        let at = self.past() + from - back;
        &self.line[at..at + LANES]
    }
}

/// The odd taps of a half-band with unity gain (each phase sums to one half), outermost first.
fn half_band(half: usize, beta: f64) -> Vec<f64> {
    let at = |i: usize| {
        let n = (half - 2 * i) as f64;
        sinc(0.5 * n) * kaiser_at(n / (half + 1) as f64, beta)
    };
    let taps: Vec<f64> = (0..half.div_ceil(2)).map(at).collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|t| 0.25 * t / sum).collect()
}

/// Doubles the rate of blocks of a fixed length.
#[derive(Debug, Clone)]
struct Up {
    filter: Symmetric,
    block: usize,
}

impl Up {
    #[inline(always)]
    fn process(&mut self, input: &[f64], out: &mut [f64]) {
        self.filter.take(input, 0, 1);
        let back = self.filter.taps.len() - 1;
        for from in (0..self.block).step_by(LANES) {
            let between = self.filter.lanes(from);
            // The delay at the doubled rate is odd, so the inputs themselves come out at the odd places.
            let same = self.filter.delayed(from, back);
            for (pair, (b, s)) in out[2 * from..].chunks_exact_mut(2).zip(between.iter().zip(same)) {
                pair[0] = 2.0 * b;
                pair[1] = *s;
            }
        }
    }
}

/// Halves the rate; `block` frames come out.
#[derive(Debug, Clone)]
struct Down {
    even: Symmetric,
    odd: Symmetric,
    block: usize,
}

impl Down {
    #[inline(always)]
    fn process(&mut self, input: &[f64], out: &mut [f64]) {
        self.even.take(input, 0, 2);
        self.odd.take(input, 1, 2);
        let back = self.even.taps.len();
        for from in (0..self.block).step_by(LANES) {
            let filtered = self.even.lanes(from);
            let same = self.odd.delayed(from, back);
            for (o, (f, s)) in out[from..].iter_mut().zip(filtered.iter().zip(same)) {
                *o = f + 0.5 * s;
            }
        }
    }
}

/// Up, a stage at the higher rate, and down again, for one channel.
#[derive(Debug, Clone)]
pub struct Oversampler {
    factor: usize,
    up: Vec<Up>,
    down: Vec<Down>,
    /// Completes the delay to whole base frames, at the highest rate.
    pad: Vec<f64>,
    latency: usize,
    work: [Vec<f64>; 2],
}

impl Oversampler {
    /// By `factor` (1, 2, 4, 8 or 16; what is between is rounded down) around a stage that delays by `inner` frames of the
    /// higher rate.
    pub fn new(factor: usize, inner: usize) -> Self {
        let stages = factor.clamp(1, MAX_FACTOR).ilog2() as usize;
        let factor = 1 << stages;
        let filter = |stage: usize, block| {
            let (half, beta) = STAGES[stage];
            Symmetric::new(half_band(half, beta), block)
        };
        let block = |stage: usize| QUANTUM << stage;
        let up = (0..stages).map(|s| Up { filter: filter(s, block(s)), block: block(s) }).collect();
        let down = (0..stages)
            .map(|s| Down { even: filter(s, block(s)), odd: filter(s, block(s)), block: block(s) })
            .collect();
        // Up and down of a stage delay by `half` frames each at the doubled rate.
        let filters: usize = (0..stages).map(|s| 2 * STAGES[s].0 * (factor >> (s + 1))).sum();
        let latency = (filters + inner).div_ceil(factor);
        Self {
            factor,
            up,
            down,
            pad: vec![0.0; latency * factor - filters - inner],
            latency,
            work: [vec![0.0; QUANTUM * factor], vec![0.0; QUANTUM * factor]],
        }
    }

    /// How many times the base rate the stage runs at.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// Delay of the whole, the stage included, base frames.
    pub fn latency(&self) -> usize {
        self.latency
    }

    /// Forgets the past.
    pub fn clear(&mut self) {
        self.up.iter_mut().for_each(|u| u.filter.clear());
        self.down.iter_mut().for_each(|d| {
            d.even.clear();
            d.odd.clear();
        });
        self.pad.fill(0.0);
    }

    /// One block in place; `stage` gets it at the higher rate. Takes part in [`super::simd::widest`].
    #[inline(always)]
    pub fn process(&mut self, samples: &mut [f64; QUANTUM], stage: impl FnOnce(&mut [f64])) {
        let [one, two] = &mut self.work;
        one[..QUANTUM].copy_from_slice(samples);
        let (mut from, mut to) = (one, two);
        for up in &mut self.up {
            up.process(&from[..up.block], &mut to[..2 * up.block]);
            std::mem::swap(&mut from, &mut to);
        }
        stage(from);
        delay_through(&mut self.pad, from);
        for down in self.down.iter_mut().rev() {
            down.process(&from[..2 * down.block], &mut to[..down.block]);
            std::mem::swap(&mut from, &mut to);
        }
        samples.copy_from_slice(&from[..QUANTUM]);
    }
}

/// Delays a block by the length of `past`, which is shorter and takes up its end.
#[inline(always)]
fn delay_through(past: &mut [f64], block: &mut [f64]) {
    let length = past.len();
    block.rotate_right(length);
    past.swap_with_slice(&mut block[..length]);
}

/// The mean of two neighbours (what first-order antiderivative anti-aliasing does to a straight line) and the inverse of its
/// droop `cos(ω/2)` together: flat, with a delay of a whole number of frames.
///
/// With `x = sin²(ω/2)` the filter is `cos(ω/2)·Q(x)`, `Q` the polynomial that meets `1/(1−x)` at the Chebyshev points
/// from 0 to the end of the pass-band; together with the mean it is `(1−x)·Q(x) ≈ 1`.
#[derive(Debug, Clone)]
pub struct DroopFilter {
    filter: Symmetric,
}

impl DroopFilter {
    /// Terms of `Q` at a factor.
    fn terms(factor: usize) -> usize {
        match factor {
            2 => 6,
            4 => 4,
            _ => 3,
        }
    }

    /// For a stage at `factor` (2 or more) times the base rate.
    pub fn new(factor: usize) -> Self {
        let terms = Self::terms(factor);
        let top = (0.5 * std::f64::consts::PI * PASS / factor as f64).sin().powi(2);
        let node = |j: usize| {
            let angle = std::f64::consts::PI * (j as f64 + 0.5) / terms as f64;
            0.5 * top * (1.0 - angle.cos())
        };
        // Newton's form by Horner: the divided differences of 1/(1−x) are the products of 1/(1−node). `side[i]` is the tap
        // `i` frames from the centre.
        let difference = |j: usize| (0..=j).map(|i| 1.0 / (1.0 - node(i))).product::<f64>();
        let mut side = vec![0.0; terms];
        side[0] = difference(terms - 1);
        for j in (0..terms - 1).rev() {
            let at = |i: usize| side.get(i).copied().unwrap_or(0.0);
            let next: Vec<f64> = (0..terms)
                .map(|i| (0.5 - node(j)) * at(i) - 0.25 * (at(i.abs_diff(1)) + at(i + 1)))
                .collect();
            side = next;
            side[0] += difference(j);
        }
        let outermost_first = (0..terms).rev();
        let mut taps: Vec<f64> =
            outermost_first.map(|i| 0.5 * (side[i] + side.get(i + 1).copied().unwrap_or(0.0))).collect();
        let sum: f64 = taps.iter().sum();
        taps.iter_mut().for_each(|t| *t *= 0.5 / sum);
        Self { filter: Symmetric::new(taps, QUANTUM * factor) }
    }

    /// Delay of the mean and this filter together, frames of the higher rate.
    pub fn latency(factor: usize) -> usize {
        Self::terms(factor)
    }

    /// Forgets the past.
    pub fn clear(&mut self) {
        self.filter.clear();
    }

    /// One block in place. Takes part in [`super::simd::widest`].
    #[inline(always)]
    pub fn process(&mut self, samples: &mut [f64]) {
        self.filter.take(samples, 0, 1);
        for from in (0..samples.len()).step_by(LANES) {
            samples[from..from + LANES].copy_from_slice(&self.filter.lanes(from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn gain_at(h: &[f64], middle: f64, cycles_per_frame: f64) -> f64 {
        h.iter().enumerate().map(|(n, v)| v * (2.0 * PI * cycles_per_frame * (n as f64 - middle)).cos()).sum()
    }

    fn response(factor: usize, inner: usize, mut stage: impl FnMut(&mut [f64])) -> (Vec<f64>, usize) {
        let mut over = Oversampler::new(factor, inner);
        let mut out = Vec::new();
        for k in 0..6 {
            let mut block = [0.0; QUANTUM];
            block[0] = if k == 0 { 1.0 } else { 0.0 };
            over.process(&mut block, &mut stage);
            out.extend_from_slice(&block);
        }
        (out, over.latency())
    }

    #[test]
    fn there_and_back_is_flat_with_exact_latency_at_every_factor() {
        for factor in [1, 2, 4, 8, 16] {
            let (h, latency) = response(factor, 0, |_| {});
            for i in 0..=latency {
                assert!((h[latency - i] - h[latency + i]).abs() < 1e-15, "{factor}: symmetric");
            }
            let mut worst = 0.0f64;
            for i in 0..=200 {
                let gain = gain_at(&h, latency as f64, 0.5 * PASS * f64::from(i) / 200.0);
                worst = worst.max((20.0 * gain.log10()).abs());
            }
            println!("{factor}x: latency {latency}, ripple {worst:.2e} dB");
            assert!(worst < 1e-4, "{factor}: {worst}");
        }
    }

    #[test]
    fn every_stage_stops_by_120_db() {
        for (stage, (half, beta)) in STAGES.into_iter().enumerate() {
            let taps = half_band(half, beta);
            // What the first stage lets through ends at (2 − PASS)·Nyquist; its images lie opposite.
            let edge = (2.0 - PASS) * 0.25 / f64::from(1 << stage);
            let gain = |f: f64| {
                let odd = taps.iter().enumerate();
                0.5 + odd.map(|(i, t)| 2.0 * t * (2.0 * PI * f * (half - 2 * i) as f64).cos()).sum::<f64>()
            };
            let from = if stage == 0 { edge } else { 0.5 - edge };
            let worst = (0..=2000)
                .map(|i| gain(from + (0.5 - from) * f64::from(i) / 2000.0).abs())
                .fold(0.0, f64::max);
            println!("stage {stage}: {:.1} dB", 20.0 * worst.log10());
            assert!(20.0 * worst.log10() < -120.0, "stage {stage}");
        }
    }

    #[test]
    fn the_droop_of_a_mean_is_made_good() {
        for factor in [2, 4, 8, 16] {
            let mut last = 0.0;
            let mut droop = DroopFilter::new(factor);
            let (h, latency) = response(factor, DroopFilter::latency(factor), |x| {
                for v in x.iter_mut() {
                    let mean = 0.5 * (*v + last);
                    last = std::mem::replace(v, mean);
                }
                droop.process(x);
            });
            let mut worst = 0.0f64;
            for i in 0..=200 {
                let gain = gain_at(&h, latency as f64, 0.5 * PASS * f64::from(i) / 200.0);
                worst = worst.max((20.0 * gain.log10()).abs());
            }
            println!("{factor}x with mean: latency {latency}, ripple {worst:.2e} dB");
            assert!(worst < 1e-3, "{factor}: {worst}");
            assert!((0..latency).all(|i| (h[latency - i] - h[latency + i]).abs() < 1e-14));
        }
    }
}
