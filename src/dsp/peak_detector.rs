//! The true-peak detector of the limiter: where is the peak between the samples, and how high.
//!
//! The reference is a Kaiser-windowed sinc over ±128 frames (cut-off at Nyquist). Material with energy up to
//! Nyquist needs that length: there the reading grows with the logarithm of it. To run it only where it counts, a
//! short interpolator (single precision, ±12 frames) first finds the crests of the curve that might pass the
//! threshold. Two cases follow:
//!
//! * Little energy near Nyquist: the short curve has the right shape. Each of its crests is read again with the long
//!   sinc at three points, and the vertex of the parabola through them is the peak.
//! * Much energy near Nyquist, where the short interpolator cannot know: every frame that might pass is read at all
//!   points of the fine grid, and what the window of the long sinc takes off there is added again: around a frame `n`,
//!   `sin(π·φ)·(−1)ⁿ·Σ a_j·(1 − w(d_j))/(π·d_j)` over alternating sums `a_j` of the signal at distance `d_j`, as far as the
//!   memory reaches after the frame and 128 groups of 8 frames before it. That is the sinc without a window for signals near
//!   Nyquist, where the window costs up to 0.4 dB, and nothing for others, whose alternating sums are nothing. How much the part beyond the short interpolator can add is bounded from the signal shifted
//!   down by the Nyquist frequency: `Σ |a_j| / (π·d_j)` over the Hann-weighted sums, unsigned.
//!
//! On a stretch without a crest the curve is monotone and the samples themselves bound it. Grid of the fine points: 8
//! times to 48 kHz, 4 times above.

use std::f64::consts::PI;

use super::window::{hann_periodic, interpolator_phases, kaiser_at};
use crate::audio::QUANTUM;
use crate::units::SampleRate;

/// Half-length of the long interpolator in frames.
const LONG_HALF: usize = 128;

/// Its taps: the outermost one on the early side is outside the window at every phase used.
const LONG_TAPS: usize = 2 * LONG_HALF;

/// Kaiser window of the long interpolator.
const LONG_BETA: f64 = 4.0;

/// Half-length of the short interpolator in frames.
const SHORT_HALF: usize = 12;
const SHORT_TAPS: usize = 2 * SHORT_HALF;
const SHORT_BETA: f64 = 5.0;

/// Frames that share one bound of the energy near Nyquist.
const GROUP: usize = 8;
const GROUPS: usize = QUANTUM / GROUP;
const BORDERS: usize = GROUPS + 1;

/// Frames of the window an alternating sum looks at.
const SUM_WINDOW: usize = 32;

/// Groups of memory: as far as the long interpolator reaches on both sides of a block.
const SUMS: usize = (LEN - SUM_WINDOW) / GROUP + 1;

/// Groups remembered beyond that: energy near Nyquist is felt from as far back as this.
const PAST: usize = 128;

/// Distances between a group and a border of groups in the block.
const DISTANCES: usize = PAST + SUMS + GROUPS;

/// The bound counts energy from this many frames away, where the short window has begun to fall.
const FAR_FROM: f64 = 6.0;

/// A bound above this share of the threshold makes the shape of the short curve unreliable.
const FAR_LIMIT: f64 = 0.004;

/// Frames of memory, one block included. One more at either end, so that crests there have a neighbour.
const LEN: usize = LONG_TAPS + 2 + QUANTUM;

/// Where the centre of the first frame of a block lies in the memory.
const CENTRE: usize = LONG_HALF + 1;

/// Largest points per frame of the short curve and of the fine grid.
const SHORT_MAX: usize = 4;
const FINE_MAX: usize = 8;

/// Peak detector of one channel.
#[derive(Debug, Clone)]
pub struct PeakDetector {
    /// The last [`LEN`] frames, oldest first.
    memory: Box<[f64; LEN]>,
    /// Points per frame of the short curve: 4 or 2.
    factor: usize,
    /// What the short curve can under-read a crest by, as a factor.
    margin: f64,
    /// Taps of the short interpolator by phase, from phase 1.
    short: Vec<[f32; SHORT_TAPS]>,
    /// Taps of the long one by phase of the fine grid (twice `factor`), from phase 1.
    long: Vec<[f64; LONG_TAPS]>,
    /// `sin(π·phase)` on the fine grid.
    phase_sine: [f64; FINE_MAX],
    /// Sum of the absolute taps of the worst phase: no input below `1/reach` of the threshold can pass it.
    reach: f64,
    /// Hann window with alternating signs.
    alternating: [f64; SUM_WINDOW],
    /// Alternating sums of the memory and before it, oldest first.
    sums: Box<[f64; PAST + SUMS]>,
    /// `1/(π·d)` by distance in groups.
    far_weight: [f64; SUMS],
    /// `(1 − w(d))/(π·d)`: what the window `w` of the long interpolator takes off, by place (border less group).
    taken_off: Box<[f64; DISTANCES]>,
    /// Last point of the short curve of the frame before.
    last_short: f64,
    /// Last fine point of the frame before, where it was read.
    last_fine: Option<f64>,
}

impl PeakDetector {
    /// A detector for a rate. Allocates.
    pub fn new(rate: SampleRate) -> Self {
        // A sine at 0.45 of the rate is under-read by 0.6 dB at 4 points a frame, by 2.4 dB at 2.
        let (factor, margin_db) = if rate.0 <= 64_000 { (4, 0.9) } else { (2, 2.8) };
        let short = interpolator_phases(factor, SHORT_HALF, SHORT_BETA)[1..]
            .iter()
            .map(|taps| std::array::from_fn(|k| taps[k + 1] as f32))
            .collect();
        let long: Vec<[f64; LONG_TAPS]> = interpolator_phases(2 * factor, LONG_HALF, LONG_BETA)[1..]
            .iter()
            .map(|taps| std::array::from_fn(|k| taps[k + 1]))
            .collect();
        let reach = long.iter().map(|t| t.iter().map(|w| w.abs()).sum::<f64>()).fold(1.0, f64::max);
        let hann = hann_periodic(SUM_WINDOW);
        // Windows that overlap every GROUP frames add up to SUM_WINDOW / 2 / GROUP.
        let share = (2 * GROUP) as f64 / SUM_WINDOW as f64;
        let alternating =
            std::array::from_fn(|i| share * hann[i] * if i.is_multiple_of(2) { 1.0 } else { -1.0 });
        let far_weight = std::array::from_fn(|groups| {
            let distance = (groups * GROUP) as f64;
            if distance < FAR_FROM { 0.0 } else { 1.0 / (PI * distance) }
        });
        let taken_off = std::array::from_fn(|i| {
            // From the middle of the last group of the memory back.
            let distance = (CENTRE as f64) - ((SUMS - 1) * GROUP) as f64 - 0.5 * (SUM_WINDOW - 1) as f64
                + (i * GROUP) as f64;
            (1.0 - kaiser_at(distance / LONG_HALF as f64, LONG_BETA)) / (PI * distance)
        });
        Self {
            memory: Box::new([0.0; LEN]),
            factor,
            margin: 10f64.powf(margin_db / 20.0),
            short,
            long,
            phase_sine: std::array::from_fn(|p| (PI * p as f64 / (2 * factor) as f64).sin()),
            reach,
            alternating,
            sums: Box::new([0.0; PAST + SUMS]),
            far_weight,
            taken_off: Box::new(taken_off),
            last_short: 0.0,
            last_fine: None,
        }
    }

    /// Frames from a sample to the peak around it.
    pub const fn latency() -> usize {
        LEN - QUANTUM - CENTRE
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.memory.fill(0.0);
        self.sums.fill(0.0);
        self.last_short = 0.0;
        self.last_fine = None;
    }

    /// Takes a block and gives for each frame, [`Self::latency`] frames late, the peak between it and the next: exact
    /// where it passes `threshold`, else at least the magnitude of the sample. Input must be finite.
    pub fn process(&mut self, block: &[f64; QUANTUM], threshold: f64, peaks: &mut [f64; QUANTUM]) {
        self.memory.copy_within(QUANTUM.., 0);
        self.memory[LEN - QUANTUM..].copy_from_slice(block);
        self.sum_up();
        for (peak, x) in peaks.iter_mut().zip(&self.memory[CENTRE..]) {
            *peak = x.abs();
        }
        let loudest = self.memory.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        if loudest * self.reach <= threshold {
            self.last_short = 0.0;
            self.last_fine = None;
            return;
        }
        self.find(threshold, peaks);
    }

    /// The peaks alone of the samples, with the same delay; the memory is kept, so that switching between the two is
    /// seamless.
    pub fn process_samples(&mut self, block: &[f64; QUANTUM], peaks: &mut [f64; QUANTUM]) {
        self.process(block, f64::INFINITY, peaks);
    }

    fn find(&mut self, threshold: f64, peaks: &mut [f64; QUANTUM]) {
        let curve = self.short_curve();
        let far = self.far_bounds();
        let is_near_nyquist = |far: f64| far >= FAR_LIMIT * threshold;
        let beyond =
            if far.iter().any(|f| is_near_nyquist(*f)) { self.beyond() } else { [[0.0; 2]; BORDERS] };
        for (group, far) in far.into_iter().enumerate() {
            let is_smooth = !is_near_nyquist(far);
            let far = far + if is_smooth { 0.0 } else { past_of(&beyond, group) };
            let may_pass = |value: f64| value * self.margin + far > threshold;
            let from = group * GROUP * self.factor;
            let stretch = &curve[from..from + GROUP * self.factor + 2];
            if !may_pass(stretch.iter().fold(0.0, |m: f64, v| m.max(*v))) {
                self.last_fine = None;
                continue;
            }
            let frames = group * GROUP..(group + 1) * GROUP;
            if is_smooth {
                self.last_fine = None;
                self.read_crests(&curve, frames, (threshold - far) / self.margin, peaks);
            } else {
                self.read_all(&curve, frames, (threshold - far) / self.margin, &beyond, peaks);
            }
        }
        self.last_short = curve[QUANTUM * self.factor];
    }

    /// Magnitudes of the short curve: point `m` of the block at place `m + 1`, one neighbour on either side.
    fn short_curve(&self) -> [f64; QUANTUM * SHORT_MAX + 2] {
        let mut curve = [0.0; QUANTUM * SHORT_MAX + 2];
        let x: [f32; QUANTUM + SHORT_TAPS] =
            std::array::from_fn(|i| self.memory[CENTRE - SHORT_HALF + 1 + i] as f32);
        for (n, point) in curve[1..].iter_mut().step_by(self.factor).take(QUANTUM + 1).enumerate() {
            *point = self.memory[CENTRE + n].abs();
        }
        curve[0] = self.last_short;
        for (phase, taps) in self.short.iter().enumerate() {
            for strip in 0..QUANTUM / STRIP {
                let sums = short_strip(taps, &x[strip * STRIP..strip * STRIP + STRIP + SHORT_TAPS - 1]);
                for (n, sum) in sums.iter().enumerate() {
                    curve[1 + (strip * STRIP + n) * self.factor + phase + 1] = f64::from(sum.abs());
                }
            }
        }
        curve
    }

    /// Moves the alternating sums on by a block. Its length is even, so that the signs stay.
    fn sum_up(&mut self) {
        self.sums.copy_within(GROUPS.., 0);
        for group in SUMS - GROUPS..SUMS {
            let window = &self.memory[group * GROUP..group * GROUP + SUM_WINDOW];
            self.sums[PAST + group] = dot::<SUM_WINDOW>(window, &self.alternating);
        }
    }

    /// What the window of the long interpolator takes off a point half-way between two frames, and what lies before the
    /// window, at the borders of the groups; both but for the sign, which alternates with the frames.
    fn beyond(&self) -> [[f64; 2]; BORDERS] {
        let (past, near) = self.sums.split_at(PAST);
        let sum = |sums: &[f64], weights: &[f64]| -> f64 {
            sums.iter().rev().zip(weights).map(|(sum, weight)| sum * weight).sum()
        };
        std::array::from_fn(|border| {
            let (of_near, of_past) = self.taken_off[border..].split_at(SUMS);
            [sum(near, of_near), sum(past, of_past)]
        })
    }

    /// For each group the most that the signal near Nyquist beyond the short interpolator can add.
    fn far_bounds(&self) -> [f64; GROUPS] {
        std::array::from_fn(|group| {
            let centre = (CENTRE + group * GROUP + GROUP / 2 - SUM_WINDOW / 2) / GROUP;
            let near = self.sums[PAST..].iter().enumerate();
            near.map(|(j, a)| a.abs() * self.far_weight[j.abs_diff(centre)]).sum()
        })
    }

    /// Reads the crests of the short curve above `level` again with the long interpolator.
    fn read_crests(
        &self,
        curve: &[f64; QUANTUM * SHORT_MAX + 2],
        frames: std::ops::Range<usize>,
        level: f64,
        peaks: &mut [f64; QUANTUM],
    ) {
        for m in frames.start * self.factor..frames.end * self.factor {
            let (before, here, after) = (curve[m], curve[m + 1], curve[m + 2]);
            if here > level && here >= before && here > after {
                let peak = &mut peaks[m / self.factor];
                *peak = peak.max(self.vertex_near(2 * m as isize));
            }
        }
    }

    /// The peak near a point of the fine grid, counted from the first frame of the block.
    fn vertex_near(&self, point: isize) -> f64 {
        let mut at = point;
        let sign = self.fine(at).signum();
        let mut three = [-1, 0, 1].map(|d| sign * self.fine(at + d));
        // The short curve may have put the crest beside its place.
        for _ in 0..2 {
            if three[2] > three[1] {
                at += 1;
                three = [three[1], three[2], sign * self.fine(at + 1)];
            } else if three[0] > three[1] && at > 1 - 2 * self.factor as isize {
                at -= 1;
                three = [sign * self.fine(at - 1), three[0], three[1]];
            }
        }
        vertex(three)
    }

    /// Reads every frame whose short curve is above `level` at all fine points.
    fn read_all(
        &mut self,
        curve: &[f64; QUANTUM * SHORT_MAX + 2],
        frames: std::ops::Range<usize>,
        level: f64,
        beyond: &[[f64; 2]; BORDERS],
        peaks: &mut [f64; QUANTUM],
    ) {
        let fine = 2 * self.factor;
        for n in frames {
            let stretch = &curve[1 + n * self.factor..][..=self.factor];
            if stretch.iter().all(|v| *v <= level) {
                self.last_fine = None;
                continue;
            }
            let mut points = [0.0; FINE_MAX + 2];
            points[1] = self.memory[CENTRE + n];
            let part = (n % GROUP) as f64 / GROUP as f64;
            let [from, to] = [0, 1].map(|i| beyond[n / GROUP + i].iter().sum::<f64>());
            let beyond =
                (from + part * (to - from)) * if (CENTRE + n).is_multiple_of(2) { 1.0 } else { -1.0 };
            for phase in 1..fine {
                points[phase + 1] = dot::<LONG_TAPS>(self.taps_around(CENTRE + n), &self.long[phase - 1])
                    + beyond * self.phase_sine[phase];
            }
            points[fine + 1] = self.memory[CENTRE + n + 1];
            let first = usize::from(self.last_fine.is_none());
            points[0] = self.last_fine.unwrap_or(0.0);
            for three in points[first..fine + 2].windows(3) {
                let sign = three[1].signum();
                peaks[n] = peaks[n].max(vertex([sign * three[0], sign * three[1], sign * three[2]]));
            }
            self.last_fine = Some(points[fine]);
        }
    }

    /// The long interpolation at a point of the fine grid.
    fn fine(&self, point: isize) -> f64 {
        let fine = 2 * self.factor as isize;
        let centre = CENTRE.saturating_add_signed(point.div_euclid(fine));
        let phase = point.rem_euclid(fine) as usize;
        if phase == 0 {
            self.memory[centre]
        } else {
            dot::<LONG_TAPS>(self.taps_around(centre), &self.long[phase - 1])
        }
    }

    fn taps_around(&self, centre: usize) -> &[f64] {
        &self.memory[centre + 1 - LONG_HALF..][..LONG_TAPS]
    }
}

/// The most that what lies before the window adds in a group.
fn past_of(beyond: &[[f64; 2]; BORDERS], group: usize) -> f64 {
    beyond[group][1].abs().max(beyond[group + 1][1].abs())
}

/// Frames of the short curve computed side by side.
const STRIP: usize = 16;

/// One phase of the short interpolator over a strip: tap loop outside, frame loop inside, which the compiler turns into
/// vectors.
#[inline]
fn short_strip(taps: &[f32; SHORT_TAPS], x: &[f32]) -> [f32; STRIP] {
    let mut sums = [0.0; STRIP];
    for (k, tap) in taps.iter().enumerate() {
        let frames = &x[k..k + STRIP];
        for (sum, v) in sums.iter_mut().zip(frames) {
            *sum += tap * v;
        }
    }
    sums
}

/// Sum of products in eight lanes, in a fixed order.
#[inline]
fn dot<const N: usize>(x: &[f64], taps: &[f64; N]) -> f64 {
    let mut lanes = [0.0; 8];
    for (a, b) in x.chunks_exact(8).zip(taps.chunks_exact(8)) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))
}

/// Largest value of the parabola through three equidistant points where the middle one is the largest, else the
/// largest point.
fn vertex([before, here, after]: [f64; 3]) -> f64 {
    if here < before || here < after {
        return before.max(after);
    }
    let curvature = 2.0 * here - before - after;
    if curvature <= 0.0 { here } else { here + (after - before).powi(2) / (8.0 * curvature) }
}
