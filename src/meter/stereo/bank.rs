//! Octaves and thirds of an octave: band-pass filters in the shape of IEC 61260-1, class 1.
//!
//! Mid frequencies `1000·10^(3k/10)` (octaves, 31.5 Hz to 16 kHz) and `1000·10^(n/10)` (thirds, 25 Hz to 20 kHz), each a
//! Butterworth band-pass of sixth order by the bilinear transform, exact (−3.01 dB) at both edges. A band lower than an eighth
//! of the rate runs at half of it, and so on downwards: a half-band filter (80 dB from 0.375 of the rate it takes) stands
//! between two rates, so the whole bank costs little more than its highest octaves. An edge above 0.49 of the rate is put there.

use std::f64::consts::PI;

use super::Products;
use crate::dsp::fft::Complex;
use crate::dsp::simd::widest;
use crate::dsp::window::{kaiser_at, sinc};

/// Frames worked on at a time.
const CHUNK: usize = 1024;
/// Octave bands, 31.5 Hz to 16 kHz.
const OCTAVES: std::ops::RangeInclusive<i32> = -5..=4;
/// A band whose upper edge is not above this part of a rate can run at that rate, if the rate is not the first.
const TOP: f64 = 0.25;
/// Highest edge of a band as a part of its rate.
const HIGHEST: f64 = 0.49;
/// Amplitude under which a filter has died away.
const DEAD: f64 = 1e-200;

/// Lower and upper edge of an octave band `k`, or of its third `third` of three, Hz.
fn edges_hz(k: i32, bands: usize, third: usize) -> [f64; 2] {
    let octave = 10f64.powf(0.3);
    let place = f64::from(k) - 0.5 + third as f64 / bands as f64;
    [place, place + 1.0 / bands as f64].map(|p| 1000.0 * octave.powf(p))
}

/// One second-order section `g·(1 − z⁻²)/(1 + a1·z⁻¹ + a2·z⁻²)`.
#[derive(Debug, Clone, Copy, Default)]
struct Section {
    g: f64,
    a: [f64; 2],
}

/// The three sections of a Butterworth band-pass of sixth order between two edges.
fn band_pass(edges_hz: [f64; 2], rate_hz: f64) -> [Section; 3] {
    let [low, high] = edges_hz.map(|hz| (PI * (hz / rate_hz).min(HIGHEST)).tan());
    let (width, square) = (high - low, low * high);
    // The prototype's poles, one of each pair: −1 and e^(j·2π/3). Each gives the roots of s² − p·width·s + low·high.
    let half = Complex::new(-0.5, 0.75f64.sqrt()).scale(0.5 * width);
    let root = (half * half - square).sqrt();
    let pairs = [half + root, half - root].map(|s| (-2.0 * s.re, s.norm_sqr()));
    [(width, square), pairs[0], pairs[1]].map(|(b, c)| {
        let a0 = 1.0 + b + c;
        Section { g: width / a0, a: [2.0 * (c - 1.0) / a0, (1.0 - b + c) / a0] }
    })
}

/// The bands of one octave, both channels of each side by side in lanes.
#[derive(Debug, Clone)]
struct Octave<const LANES: usize> {
    g: [[f64; LANES]; 3],
    a: [[[f64; LANES]; 2]; 3],
    z: [[[f64; LANES]; 2]; 3],
    squares: [f64; LANES],
    /// In every even lane.
    products: [f64; LANES],
}

impl<const LANES: usize> Octave<LANES> {
    fn new(k: i32, rate_hz: f64) -> Self {
        let none = [0.0; LANES];
        let mut octave =
            Self { g: [none; 3], a: [[none; 2]; 3], z: [[none; 2]; 3], squares: none, products: none };
        for lane in 0..LANES {
            let sections = band_pass(edges_hz(k, LANES / 2, lane / 2), rate_hz);
            for (i, section) in sections.into_iter().enumerate() {
                octave.g[i][lane] = section.g;
                (octave.a[i][0][lane], octave.a[i][1][lane]) = (section.a[0], section.a[1]);
            }
        }
        octave
    }

    #[inline(always)]
    fn push(&mut self, frames: &[[f64; 2]]) {
        let (mut z, mut squares, mut products) = (self.z, self.squares, self.products);
        for frame in frames {
            let mut x: [f64; LANES] = std::array::from_fn(|lane| frame[lane % 2]);
            for ((z, g), a) in z.iter_mut().zip(&self.g).zip(&self.a) {
                for lane in 0..LANES {
                    let scaled = g[lane] * x[lane];
                    let y = scaled + z[0][lane];
                    z[0][lane] = z[1][lane] - a[0][lane] * y;
                    z[1][lane] = -scaled - a[1][lane] * y;
                    x[lane] = y;
                }
            }
            for lane in 0..LANES {
                squares[lane] += x[lane] * x[lane];
                products[lane] += x[lane] * x[lane ^ 1];
            }
        }
        (self.z, self.squares, self.products) = (z, squares, products);
    }

    fn take(&mut self, band: usize) -> Products {
        let left = 2 * band;
        let taken = Products {
            ll: std::mem::take(&mut self.squares[left]),
            rr: std::mem::take(&mut self.squares[left + 1]),
            lr: std::mem::take(&mut self.products[left]),
        };
        if taken.is_finite() && taken.power() > DEAD {
            return taken;
        }
        for state in self.z.as_flattened_mut() {
            (state[left], state[left + 1]) = (0.0, 0.0);
        }
        Products::default()
    }
}

/// Taps of the half-band filter to either side of the centre; odd.
const HALF: usize = 11;
/// Kaiser window parameter for 80 dB.
const BETA: f64 = 7.857;
/// Past frames the half-band filter looks at.
const PAST: usize = 2 * HALF;

/// Halves the rate.
#[derive(Debug, Clone)]
struct Halve {
    /// At ±1, ±3 … of the centre.
    taps: [f64; HALF.div_ceil(2)],
    line: Vec<[f64; 2]>,
    /// Frames to the next one that is kept.
    skip: usize,
}

impl Halve {
    fn new() -> Self {
        let mut taps: [f64; HALF.div_ceil(2)] = std::array::from_fn(|i| {
            let n = (2 * i + 1) as f64;
            0.5 * sinc(0.5 * n) * kaiser_at(n / (HALF + 1) as f64, BETA)
        });
        let sum: f64 = taps.iter().sum();
        taps.iter_mut().for_each(|t| *t *= 0.25 / sum);
        Self { taps, line: vec![[0.0; 2]; PAST + CHUNK], skip: 0 }
    }

    /// Takes at most [`CHUNK`] frames; how many there are of `output` then.
    #[inline(always)]
    fn run(&mut self, input: &[[f64; 2]], output: &mut [[f64; 2]; CHUNK]) -> usize {
        self.line[PAST..PAST + input.len()].copy_from_slice(input);
        let (mut at, mut count) = (self.skip, 0);
        while at < input.len() {
            let line = &self.line[at..=at + PAST];
            let mut sum = line[HALF].map(|x| 0.5 * x);
            for (i, tap) in self.taps.iter().enumerate() {
                let (before, after) = (line[HALF - 1 - 2 * i], line[HALF + 1 + 2 * i]);
                sum = [sum[0] + tap * (before[0] + after[0]), sum[1] + tap * (before[1] + after[1])];
            }
            output[count] = sum;
            (at, count) = (at + 2, count + 1);
        }
        self.skip = at - input.len();
        self.line.copy_within(input.len()..input.len() + PAST, 0);
        count
    }

    /// Forgets what is not a number: the past of a filter without feedback lasts 22 frames anyway.
    fn clear(&mut self) {
        self.line[..PAST].fill([0.0; 2]);
    }
}

/// The octaves that run at one rate.
#[derive(Debug, Clone)]
struct Stage<const LANES: usize> {
    rate_hz: f64,
    octaves: Vec<(i32, Octave<LANES>)>,
    halve: Option<Halve>,
    frames: u64,
}

/// What a band has gathered since last asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gathered {
    pub(super) sums: Products,
    pub(super) frames: u64,
    /// Frames a second of this band.
    pub(super) rate_hz: f64,
}

/// The bank: two lanes for octaves, six for thirds.
#[derive(Debug, Clone)]
pub(super) struct Bank<const LANES: usize> {
    stages: Vec<Stage<LANES>>,
    buffers: [[[f64; 2]; CHUNK]; 2],
}

impl<const LANES: usize> Bank<LANES> {
    pub(super) fn new(rate_hz: u32) -> Self {
        let mut stages: Vec<Stage<LANES>> = Vec::new();
        let mut rate_hz = f64::from(rate_hz.max(8000));
        let mut waiting: Vec<i32> =
            OCTAVES.filter(|k| edges_hz(*k, LANES / 2, 0)[0] < 0.45 * rate_hz).rev().collect();
        while !waiting.is_empty() {
            // What can run at half the rate does.
            let waits = |k: i32| edges_hz(k, 1, 0)[1] <= TOP * 0.5 * rate_hz;
            let here = waiting.iter().filter(|k| !waits(**k)).map(|k| (*k, Octave::new(*k, rate_hz)));
            let octaves = here.collect();
            waiting.retain(|k| waits(*k));
            let halve = (!waiting.is_empty()).then(Halve::new);
            stages.push(Stage { rate_hz, octaves, halve, frames: 0 });
            rate_hz *= 0.5;
        }
        Self { stages, buffers: [[[0.0; 2]; CHUNK]; 2] }
    }

    /// Edges of the bands in Hz, in the order of [`Self::take`].
    pub(super) fn edges_hz(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        let octaves = self.stages.iter().rev().flat_map(|s| s.octaves.iter().rev());
        octaves.flat_map(|(k, _)| (0..LANES / 2).map(|third| edges_hz(*k, LANES / 2, third)))
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        for (left, right) in left.chunks(CHUNK).zip(right.chunks(CHUNK)) {
            let [input, output] = &mut self.buffers;
            for ((frame, &l), &r) in input.iter_mut().zip(left).zip(right) {
                *frame = [l, r];
            }
            let stages = &mut self.stages;
            widest(
                #[inline(always)]
                || run(stages, left.len().min(right.len()), input, output),
            );
        }
    }

    /// What every band has gathered since last asked, lowest first.
    pub(super) fn take(&mut self, mut each: impl FnMut(Gathered)) {
        let mut is_clean = true;
        for stage in self.stages.iter_mut().rev() {
            let (rate_hz, frames) = (stage.rate_hz, std::mem::take(&mut stage.frames));
            for (_, octave) in stage.octaves.iter_mut().rev() {
                for band in 0..LANES / 2 {
                    is_clean &=
                        octave.squares[2 * band].is_finite() && octave.squares[2 * band + 1].is_finite();
                    each(Gathered { sums: octave.take(band), frames, rate_hz });
                }
            }
        }
        if !is_clean {
            self.stages.iter_mut().filter_map(|s| s.halve.as_mut()).for_each(Halve::clear);
        }
    }
}

#[inline(always)]
fn run<'a, const LANES: usize>(
    stages: &mut [Stage<LANES>],
    mut count: usize,
    mut input: &'a mut [[f64; 2]; CHUNK],
    mut output: &'a mut [[f64; 2]; CHUNK],
) {
    for stage in stages {
        stage.frames += count as u64;
        for (_, octave) in &mut stage.octaves {
            octave.push(&input[..count]);
        }
        if let Some(halve) = &mut stage.halve {
            count = halve.run(&input[..count], output);
            std::mem::swap(&mut input, &mut output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db_at(sections: &[Section; 3], hz: f64, rate_hz: f64) -> f64 {
        let z = |n: f64| Complex::from_polar(1.0, -n * 2.0 * PI * hz / rate_hz);
        let h: Complex<f64> = sections
            .iter()
            .map(|s| (Complex::new(1.0, 0.0) - z(2.0)) * s.g / (z(1.0) * s.a[0] + z(2.0) * s.a[1] + 1.0))
            .product();
        20.0 * h.norm().log10()
    }

    /// IEC 61260-1:2014, table 1, class 1: limits of the relative attenuation at `Ω` of an octave filter, in whole octaves
    /// from the mid frequency; for thirds the same at `1 + (G^(1/6) − 1)/(G^(1/2) − 1)·(Ω − 1)`.
    #[test]
    fn the_filters_have_the_shape_of_class_1() {
        let octave = 10f64.powf(0.3);
        let limits: [(f64, f64, f64); 8] = [
            (0.0, -0.4, 0.4),
            (1.0 / 8.0, -0.4, 0.5),
            (1.0 / 4.0, -0.4, 0.7),
            (3.0 / 8.0, -0.4, 1.4),
            (1.0, 16.6, f64::INFINITY),
            (2.0, 40.5, f64::INFINITY),
            (3.0, 60.0, f64::INFINITY),
            (4.0, 70.0, f64::INFINITY),
        ];
        for (bands, parts) in [(1, 1.0), (3, 3.0)] {
            for third in 0..bands {
                let edges = edges_hz(0, bands, third);
                let mid = (edges[0] * edges[1]).sqrt();
                for rate in [5700.0, 11_400.0] {
                    let filter = band_pass(edges, rate);
                    for (place, least, most) in limits {
                        let omega: f64 = octave.powf(place);
                        let ratio: f64 = if bands == 1 {
                            omega
                        } else {
                            let g = octave;
                            1.0 + (g.powf(1.0 / (2.0 * parts)) - 1.0) / (g.sqrt() - 1.0) * (omega - 1.0)
                        };
                        for hz in [mid * ratio, mid / ratio] {
                            if hz < 0.49 * rate {
                                let loss = db_at(&filter, mid, rate) - db_at(&filter, hz, rate);
                                let at = format!("{bands} bands at {hz:.0} of {rate}: {loss:.2} dB");
                                assert!((least..=most).contains(&loss), "{at}");
                            }
                        }
                    }
                    for edge in edges {
                        assert!((db_at(&filter, edge, rate) + 3.0103).abs() < 1e-3);
                    }
                }
            }
        }
    }

    #[test]
    fn the_half_band_filter_keeps_what_is_low_and_stops_what_would_fold() {
        let halve = Halve::new();
        let gain = |part: f64| {
            let cosines = halve.taps.iter().enumerate();
            let sum: f64 = cosines.map(|(i, t)| 2.0 * t * (2.0 * PI * part * (2 * i + 1) as f64).cos()).sum();
            0.5 + sum
        };
        for i in 0..=100 {
            let part = 0.125 * f64::from(i) / 100.0;
            assert!((gain(part) - 1.0).abs() < 2e-4, "{part}");
            assert!(gain(0.5 - part).abs() < 2e-4, "{part}");
        }
    }

    #[test]
    fn every_rate_has_every_band_in_order() {
        for rate in crate::units::SESSION_RATES_HZ {
            let (octaves, thirds) = (Bank::<2>::new(rate), Bank::<6>::new(rate));
            let edges: Vec<_> = thirds.edges_hz().collect();
            assert_eq!((octaves.edges_hz().count(), edges.len()), (10, 30), "{rate}");
            assert!(edges.windows(2).all(|w| (w[0][1] / w[1][0] - 1.0).abs() < 1e-9));
            // Every octave but those near the top of the rate runs where it is a good part of it.
            for stage in &octaves.stages[1..] {
                for (k, _) in &stage.octaves {
                    let high = edges_hz(*k, 1, 0)[1] / stage.rate_hz;
                    assert!(high <= TOP && high > 0.12, "{rate}: {k}");
                }
            }
        }
    }
}
