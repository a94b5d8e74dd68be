//! Band-limited interpolation between samples, for true peaks (ITU-R BS.1770-5, annex 2).
//!
//! The wave is read at 16 points per sample at every rate by a 48-tap Kaiser-windowed sinc (β 6.5), which leaves at
//! most `20·log10 cos(π/32)` = 0.04 dB of a tone at the Nyquist frequency between two points. Reading all points
//! everywhere would be slow, and needless: near the maximum `A` of a band-limited wave `|y(t)| ≥ A·cos(π·|t − t0|·fs)`,
//! so on a grid of `1/(2d)` sample the neighbour of the highest point is at least `A·cos(π/(4d))`. Cheap 32-tap phases
//! (single precision, 16 intervals at once), first at the half sample, then at the quarters, decide where the wave can
//! exceed the maximum so far; there it is read exactly at 4, 8, 16 points, as long as it still can. The cheap phases are
//! a trigger only and never the reading: taken as a value they would read up to 0.07 dB high on noise.

use std::ops::Range;

use super::simd::widest;
use super::window::interpolator_phases;

/// Points per sample.
pub const OVERSAMPLING: usize = 16;
/// Samples before the newest that the interpolator needs to see around a point.
pub const DELAY_FRAMES: usize = HALF;

const HALF: usize = 24;
const TAPS: usize = 2 * HALF;
const BETA: f64 = 6.5;
const COARSE_HALF: usize = 16;
const COARSE_TAPS: usize = 2 * COARSE_HALF;
const COARSE_BETA: f64 = 5.0;
/// Samples handled at a time.
const CHUNK: usize = 512;
/// Coarse values compared at a time.
const GROUP: usize = 16;
/// Samples kept from the chunk before.
const CONTEXT: usize = TAPS - 1;
/// A wave that exceeds the maximum shows at least this part of it on a grid of 2, 4, 8 points per sample:
/// cos(π/4), cos(π/8), cos(π/16), each with a margin for the finite filters; the coarse quarters have the widest.
const TRIGGER_2X: f64 = 0.70;
const TRIGGER_COARSE_4X: f64 = 0.905;
const TRIGGER_4X: f64 = 0.915;
const TRIGGER_8X: f64 = 0.975;
/// Samples beyond this are not audio; they and NaN count as silence.
pub const ABSURD: f64 = 1e30;

/// Samples that a group of intervals is read from.
const SPAN: usize = GROUP + COARSE_TAPS;
type Window = [f32; SPAN];
type Peaks = [f32; GROUP];

/// The highest point found in a stretch of signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crest {
    /// Magnitude, full scale 1.0.
    pub value: f64,
    /// Frame at or before the point, counted from the last reset.
    pub frame: u64,
}

/// Finds the highest point of one channel's wave. Nothing is allocated after `new`.
#[derive(Debug, Clone)]
pub struct CrestFinder {
    phases: Vec<[f64; TAPS]>,
    coarse: Coarse,
    /// `CONTEXT` samples of before, then the chunk.
    exact: Vec<f64>,
    rough: Vec<f32>,
    /// Frames taken since the last reset, flushing included.
    taken: u64,
}

impl Default for CrestFinder {
    fn default() -> Self {
        Self::new()
    }
}

/// Cheap phases: what decides where to look closer.
#[derive(Debug, Clone)]
struct Coarse {
    /// Half a sample: symmetric, kept from the middle outwards.
    half: [f32; COARSE_HALF],
    /// A quarter; three quarters is the same backwards.
    quarter: [f32; COARSE_TAPS],
}

impl Coarse {
    fn new() -> Self {
        let phases = interpolator_phases(4, COARSE_HALF, COARSE_BETA);
        // Taps 1..=32 of 33: the first lies outside the window for every phase but 0.
        Self {
            half: std::array::from_fn(|j| phases[2][COARSE_HALF + 1 + j] as f32),
            quarter: std::array::from_fn(|j| phases[1][1 + j] as f32),
        }
    }
}

impl Coarse {
    /// Highest of sample, half-way point and next sample for a group of intervals.
    #[inline(always)]
    fn half_peaks(&self, window: &Window) -> Peaks {
        let mut acc = [0.0f32; GROUP];
        for (j, &tap) in self.half.iter().enumerate() {
            let before = &window[COARSE_HALF - 1 - j..][..GROUP];
            let after = &window[COARSE_HALF + j..][..GROUP];
            for k in 0..GROUP {
                acc[k] += tap * (before[k] + after[k]);
            }
        }
        let here = &window[COARSE_HALF - 1..][..GROUP];
        let next = &window[COARSE_HALF..][..GROUP];
        for k in 0..GROUP {
            acc[k] = larger(acc[k].abs(), larger(here[k].abs(), next[k].abs()));
        }
        acc
    }

    /// The same with the points at a quarter and three quarters.
    #[inline(always)]
    fn quarter_peaks(&self, window: &Window, halves: &Peaks) -> Peaks {
        let (mut first, mut third) = ([0.0f32; GROUP], [0.0f32; GROUP]);
        for (j, &tap) in self.quarter.iter().enumerate() {
            let (forward, back) = (&window[j..][..GROUP], &window[COARSE_TAPS - 1 - j..][..GROUP]);
            for k in 0..GROUP {
                first[k] += tap * forward[k];
                third[k] += tap * back[k];
            }
        }
        for k in 0..GROUP {
            first[k] = larger(halves[k], larger(first[k].abs(), third[k].abs()));
        }
        first
    }
}

/// When the samples themselves count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Samples {
    AtOnce,
    InPlace,
}

impl CrestFinder {
    /// Starts in silence.
    pub fn new() -> Self {
        Self {
            phases: interpolator_phases(OVERSAMPLING, HALF, BETA).iter().map(|p| tail_taps(p)).collect(),
            coarse: Coarse::new(),
            exact: vec![0.0; CONTEXT + CHUNK],
            rough: vec![0.0; CONTEXT + CHUNK],
            taken: 0,
        }
    }

    /// Silence again, frame 0 next.
    pub fn reset(&mut self) {
        self.exact.fill(0.0);
        self.rough.fill(0.0);
        self.taken = 0;
    }

    /// Takes samples and raises `best` where the wave goes higher. The wave is known up to [`DELAY_FRAMES`] before the
    /// newest sample; the samples themselves count at once.
    pub fn push(&mut self, samples: &[f64], best: &mut Crest) {
        self.take_all(samples, Samples::AtOnce, best);
    }

    /// The same, but samples count together with the wave around them: after `n` frames `best` knows of the `n` −
    /// [`DELAY_FRAMES`] first ones and of nothing later.
    pub fn push_in_place(&mut self, samples: &[f64], best: &mut Crest) {
        self.take_all(samples, Samples::InPlace, best);
    }

    /// Reads the wave to its end, as if silence followed. Call once, after the last sample.
    pub fn finish(&mut self, best: &mut Crest) {
        self.push(&[0.0; TAPS], best);
    }

    fn take_all(&mut self, samples: &[f64], count: Samples, best: &mut Crest) {
        for chunk in samples.chunks(CHUNK) {
            widest(
                #[inline(always)]
                || self.take(chunk, count, best),
            );
        }
    }

    #[inline(always)]
    fn take(&mut self, chunk: &[f64], count: Samples, best: &mut Crest) {
        let n = chunk.len();
        let fresh = self.exact[CONTEXT..].iter_mut().zip(&mut self.rough[CONTEXT..]);
        for ((exact, rough), &x) in fresh.zip(chunk) {
            let clean = if x.abs() <= ABSURD { x } else { 0.0 };
            *exact = clean;
            *rough = clean as f32;
        }
        let first = if count == Samples::AtOnce { CONTEXT } else { HALF - 1 };
        let top = highest_magnitude(&self.exact[first..first + n]);
        if top > best.value {
            self.raise_to_sample(first, n, top, best);
        }
        self.search(n, best);
        self.taken += n as u64;
        self.exact.copy_within(n..n + CONTEXT, 0);
        self.rough.copy_within(n..n + CONTEXT, 0);
    }

    #[expect(clippy::float_cmp, reason = "looks for the very sample the maximum was taken from")]
    fn raise_to_sample(&self, first: usize, n: usize, top: f64, best: &mut Crest) {
        let place = self.exact[first..first + n].iter().position(|x| x.abs() == top).unwrap_or(0);
        let frame = (self.taken + (first + place) as u64).saturating_sub(CONTEXT as u64);
        *best = Crest { value: top, frame };
    }

    /// Searches between samples: `i` of 0..n is the interval from `exact[i + HALF − 1]` to the sample after it.
    #[inline(always)]
    fn search(&self, n: usize, best: &mut Crest) {
        let mut start = 0;
        while start < n {
            let window = self.coarse_window(start);
            let peaks = self.coarse.half_peaks(&window);
            let highest = peaks.iter().fold(0.0f32, |a, &b| if b > a { b } else { a });
            if f64::from(highest) > TRIGGER_2X * best.value {
                self.look_closer(start..n.min(start + GROUP), &window, &peaks, best);
            }
            start += GROUP;
        }
    }

    /// Reads exactly where the quarters still allow a higher crest.
    #[inline(always)]
    fn look_closer(&self, intervals: Range<usize>, window: &Window, peaks: &Peaks, best: &mut Crest) {
        let peaks = self.coarse.quarter_peaks(window, peaks);
        for (i, &peak) in intervals.zip(&peaks) {
            if f64::from(peak) > TRIGGER_COARSE_4X * best.value {
                self.refine(i, best);
            }
        }
    }

    /// The samples around the intervals from `i` on.
    #[inline(always)]
    fn coarse_window(&self, i: usize) -> Window {
        let from = i + HALF - COARSE_HALF;
        let mut window = [0.0f32; SPAN];
        window.copy_from_slice(&self.rough[from..from + SPAN]);
        window
    }

    /// Reads one interval at 4, then 8, then 16 points as long as the wave can still exceed the maximum.
    #[inline(always)]
    fn refine(&self, i: usize, best: &mut Crest) {
        let Some(window) = self.exact[i..].first_chunk::<TAPS>() else { return };
        let mut top = window[HALF - 1].abs().max(window[HALF].abs());
        for (points, trigger) in [
            (&[4, 8, 12][..], TRIGGER_4X),
            (&[2, 6, 10, 14], TRIGGER_8X),
            (&[1, 3, 5, 7, 9, 11, 13, 15], f64::INFINITY),
        ] {
            for &p in points {
                top = top.max(dot(&self.phases[p], window).abs());
            }
            if top > best.value {
                let frame = (self.taken + i as u64).saturating_sub(HALF as u64);
                *best = Crest { value: top, frame };
            }
            if top <= trigger * best.value {
                return;
            }
        }
    }
}

/// `f32::max` without its care for NaN, which there is none of here.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn highest_magnitude(samples: &[f64]) -> f64 {
    let mut top = [0.0f64; 8];
    let mut eight = samples.chunks_exact(8);
    for x in &mut eight {
        for k in 0..8 {
            top[k] = if x[k].abs() > top[k] { x[k].abs() } else { top[k] };
        }
    }
    let rest = eight.remainder().iter().fold(0.0f64, |a, x| a.max(x.abs()));
    top.iter().fold(rest, |a, &b| a.max(b))
}

/// Taps 1..=48 of 49: the first lies outside the window for every phase but 0, which is never computed.
fn tail_taps(phase: &[f64]) -> [f64; TAPS] {
    std::array::from_fn(|k| phase[k + 1])
}

#[inline(always)]
fn dot(taps: &[f64; TAPS], window: &[f64; TAPS]) -> f64 {
    let mut acc = [0.0; 8];
    for (t, x) in taps.chunks_exact(8).zip(window.chunks_exact(8)) {
        for k in 0..8 {
            acc[k] += t[k] * x[k];
        }
    }
    acc.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn crest_of(samples: &[f64]) -> Crest {
        let mut finder = CrestFinder::new();
        let mut best = Crest { value: 0.0, frame: 0 };
        finder.push(samples, &mut best);
        finder.finish(&mut best);
        best
    }

    /// White noise in −1..1.
    fn noise(n: usize, mut seed: u64) -> Vec<f64> {
        (0..n)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
            })
            .collect()
    }

    /// Hann-shaped tone burst, its crest between samples.
    fn burst(f: f64, offset: f64) -> Vec<f64> {
        (0..400)
            .map(|n| {
                let t = f64::from(n) - 200.0 - offset;
                let shape = (PI * t / 128.0).cos().powi(2);
                if t.abs() < 64.0 { shape * (2.0 * PI * f * t).cos() } else { 0.0 }
            })
            .collect()
    }

    #[test]
    fn crests_between_samples_are_read_to_hundredths_of_a_decibel() {
        for f in [0.05, 0.1, 0.2, 0.25, 1.0 / 3.0, 0.35, 0.4, 0.42] {
            for k in 0..32 {
                let best = crest_of(&burst(f, f64::from(k) / 32.0));
                let db = 20.0 * best.value.log10();
                assert!(db.abs() < 0.04, "{f} of the rate, offset {k}/32: {db} dB");
                assert!((199..=201).contains(&best.frame), "frame {}", best.frame);
            }
        }
    }

    #[test]
    fn skipping_finds_what_reading_every_point_finds() {
        let finder = CrestFinder::new();
        for seed in 1..60 {
            let mut x = noise(700, seed);
            if seed % 3 == 0 {
                // A limited master: most of it close to its maximum.
                x.iter_mut().for_each(|s| *s = (*s * 3.0).clamp(-0.7, 0.7));
            }
            if seed % 3 == 1 {
                // Less treble.
                (1..x.len()).for_each(|i| x[i] = 0.6 * x[i - 1] + 0.4 * x[i]);
            }
            let mut padded = vec![0.0; TAPS];
            padded.extend(&x);
            padded.extend([0.0; TAPS]);
            let every = padded.windows(TAPS).flat_map(|w| {
                let w = w.first_chunk::<TAPS>().unwrap();
                finder.phases[1..].iter().map(|p| dot(p, w).abs()).chain([w[0].abs()]).collect::<Vec<_>>()
            });
            let full = every.fold(0.0, f64::max);
            assert!(
                (crest_of(&x).value - full).abs() < 1e-12,
                "seed {seed}: {} / {full}",
                crest_of(&x).value
            );
        }
    }

    #[test]
    fn the_last_crest_is_seen_after_flushing() {
        let tone: Vec<f64> = (0..200).map(|n| (PI / 2.0 * f64::from(n) + PI / 4.0).sin()).collect();
        let mut finder = CrestFinder::new();
        let mut best = Crest { value: 0.0, frame: 0 };
        let mut quiet = tone.clone();
        quiet[..196].fill(0.0);
        finder.push(&quiet, &mut best);
        let before = best.value;
        finder.finish(&mut best);
        assert!(best.value > before + 0.1, "{before} then {}", best.value);
    }

    #[test]
    fn any_split_gives_the_same_crest_and_nan_is_silence() {
        let mut x = noise(3000, 9);
        x[1234] = f64::NAN;
        x[1250] = f64::INFINITY;
        let whole = crest_of(&x);
        let mut finder = CrestFinder::new();
        let mut best = Crest { value: 0.0, frame: 0 };
        for part in x.chunks(37) {
            finder.push(part, &mut best);
        }
        finder.finish(&mut best);
        assert!(best.value.is_finite());
        assert!((best.value - whole.value).abs() < 1e-12);
    }
}
