//! The average spectrum of a whole file as a curve that others can be laid over: song, album, reference, genre.
//!
//! A curve is a power density (power in a hertz; a full-scale sine has power 1), averaged over 1/6 octave, so that it means
//! the same at every rate and beside every analyser: a trace of mean bin power is the density plus `10·log10(bin width ·
//! noise bandwidth of the window)`. Files are as loud as they are; to compare tone and not level, curves are **levelled**: moved
//! so that their K-weighted powers (BS.1770-5 weighting, ungated, 20 Hz to 20 kHz) are equal.

use std::sync::LazyLock;

use super::stereo::{Channel, StereoSpectrum, Traces};
use super::{FftSize, Smoothing, SpectrumView, WindowKind};
use crate::dsp::kweight;

/// Points of a curve, from 20 Hz to 20 kHz equally spaced in logarithm: 18 an octave.
pub const CURVE_POINTS: usize = 181;

const LOW_HZ: f64 = 20.0;
const HIGH_HZ: f64 = 20_000.0;
/// Below any density of 24 bits; stands where there is nothing.
const NOTHING_DB: f32 = -240.0;
/// Rate the weighting is computed at; it is the same curve at every rate within 0.04 dB.
const WEIGHT_RATE_HZ: f64 = 96_000.0;

/// Frequency of a point, Hz.
pub fn curve_hz(point: usize) -> f64 {
    GRID.hz_at(point, CURVE_POINTS)
}

const GRID: SpectrumView = SpectrumView {
    low_hz: LOW_HZ,
    high_hz: HIGH_HZ,
    smoothing: Smoothing::Octave(6),
    slope_db_per_octave: 0.0,
};

/// An average spectrum, dB a hertz at the points of [`curve_hz`].
#[derive(Debug, Clone, PartialEq)]
pub struct BandCurve {
    density_db: Vec<f32>,
}

impl BandCurve {
    /// From densities at the points of [`curve_hz`]; `None` where there are more or fewer, or one that is no number.
    pub fn new(density_db: Vec<f32>) -> Option<Self> {
        let fits = density_db.len() == CURVE_POINTS && density_db.iter().all(|d| d.abs() <= 1000.0);
        fits.then_some(Self { density_db })
    }

    /// From the density (power in a hertz, a full-scale sine has power 1) at any frequency below half the rate; `None` where
    /// there is nothing anywhere.
    pub(in crate::meter) fn from_densities(nyquist_hz: f64, density: impl Fn(f64) -> f64) -> Option<Self> {
        let at = |point: usize| {
            let hz = curve_hz(point);
            let power = if hz < nyquist_hz { density(hz) } else { 0.0 };
            (10.0 * power.max(1e-30).log10()).max(f64::from(NOTHING_DB)) as f32
        };
        let density_db: Vec<f32> = (0..CURVE_POINTS).map(at).collect();
        if density_db.iter().all(|d| *d <= NOTHING_DB) { None } else { Self::new(density_db) }
    }

    /// From densities at ascending frequencies (another grid); 0 dB of each is power 1 in a hertz.
    pub fn sampled(freqs_hz: &[f32], density_db: &[f32]) -> Option<Self> {
        let at = |point| between(freqs_hz, density_db, curve_hz(point) as f32);
        Self::new((0..CURVE_POINTS).map(at).collect::<Option<Vec<f32>>>()?)
    }

    /// Densities at the points, dB a hertz.
    pub fn density_db(&self) -> &[f32] {
        &self.density_db
    }

    /// Density at a frequency; `None` outside 20 Hz to 20 kHz.
    pub fn at(&self, hz: f64) -> Option<f32> {
        let place = (hz / LOW_HZ).ln() / (HIGH_HZ / LOW_HZ).ln() * (CURVE_POINTS - 1) as f64;
        if !(-1e-6..=(CURVE_POINTS - 1) as f64 + 1e-6).contains(&place) {
            return None;
        }
        let k = (place.max(0.0) as usize).min(CURVE_POINTS - 2);
        let part = (place - k as f64) as f32;
        Some(self.density_db[k] + part * (self.density_db[k + 1] - self.density_db[k]))
    }

    /// K-weighted power from 20 Hz to 20 kHz in dB (a full-scale sine at 1 kHz has 0.7 dB): `∫ S·K² df`.
    pub fn level_db(&self) -> f64 {
        let power = |(d, w): (&f32, &f64)| w * 10f64.powf(f64::from(*d) / 10.0);
        10.0 * self.density_db.iter().zip(WEIGHTS.iter()).map(power).sum::<f64>().max(1e-30).log10()
    }

    /// The same curve moved to a K-weighted level.
    #[must_use]
    pub fn levelled(&self, level_db: f64) -> Self {
        let by_db = (level_db - self.level_db()) as f32;
        Self { density_db: self.density_db.iter().map(|d| (d + by_db).max(NOTHING_DB)).collect() }
    }
}

/// `K²·df` of each point: `df = f·ln(step)`, half at the ends.
static WEIGHTS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let sections = kweight::sections(WEIGHT_RATE_HZ);
    let step = (HIGH_HZ / LOW_HZ).ln() / (CURVE_POINTS - 1) as f64;
    let weight = |point: usize| {
        let hz = curve_hz(point);
        let gain: f64 = sections.iter().map(|s| s.magnitude(hz, WEIGHT_RATE_HZ)).product();
        let is_end = point == 0 || point == CURVE_POINTS - 1;
        gain * gain * hz * step * if is_end { 0.5 } else { 1.0 }
    };
    (0..CURVE_POINTS).map(weight).collect()
});

/// A value between ascending frequencies, linear in logarithm; `None` outside.
fn between(freqs_hz: &[f32], values: &[f32], hz: f32) -> Option<f32> {
    let after = freqs_hz.partition_point(|f| *f < hz);
    if after == 0 || after >= freqs_hz.len().min(values.len()) {
        return None;
    }
    let part = (hz / freqs_hz[after - 1]).ln() / (freqs_hz[after] / freqs_hz[after - 1]).ln();
    Some(values[after - 1] + part * (values[after] - values[after - 1]))
}

/// Several curves as one: mean in dB of the levelled curves, and how far they differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Mean of the curves' decibels, each levelled to the mean of their levels.
    pub mean: BandCurve,
    /// Standard deviation at each point, dB (n − 1); zero for one curve.
    pub spread_db: Vec<f32>,
    /// How many curves.
    pub count: usize,
}

impl Spread {
    /// Of these curves; `None` of none.
    pub fn of(curves: &[&BandCurve]) -> Option<Self> {
        let count = curves.len();
        if count == 0 {
            return None;
        }
        let level_db = curves.iter().map(|c| c.level_db()).sum::<f64>() / count as f64;
        let levelled: Vec<BandCurve> = curves.iter().map(|c| c.levelled(level_db)).collect();
        let of_point = |point: usize| {
            let values = || levelled.iter().map(|c| f64::from(c.density_db[point]));
            let mean = values().sum::<f64>() / count as f64;
            let squares: f64 = values().map(|v| (v - mean).powi(2)).sum();
            (mean as f32, (squares / (count.max(2) - 1) as f64).sqrt() as f32)
        };
        let (density_db, spread_db) = (0..CURVE_POINTS).map(of_point).unzip();
        Some(Self { mean: BandCurve { density_db }, spread_db, count })
    }
}

/// Measures the curve of a file while it is read: Hann, 16 384 samples at 44.1 and 48 kHz, half overlapped, mean power of
/// left and right over the whole length.
pub struct BandMeter {
    spectrum: StereoSpectrum,
    kept: Traces,
    nyquist_hz: f64,
}

impl BandMeter {
    /// For a rate in hertz.
    pub fn new(rate_hz: u32) -> Self {
        let size = FftSize::N16384;
        let spectrum = StereoSpectrum::with_hop(rate_hz, size, WindowKind::Hann, size.length(rate_hz) / 2);
        let kept = Traces::new(spectrum.bin_count());
        Self { spectrum, kept, nyquist_hz: 0.5 * f64::from(rate_hz) }
    }

    /// Takes a block, both channels of one length.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let kept = &mut self.kept;
        self.spectrum.push(left, right, &mut |bins, _| kept.take(bins, Channel::Stereo, 0.0, 1.0));
    }

    /// The curve; `None` where there was less than one spectrum, or nothing but silence.
    pub fn finish(&self) -> Option<BandCurve> {
        if self.kept.is_empty() {
            return None;
        }
        let mut density_db = vec![0.0f32; CURVE_POINTS];
        self.spectrum.trace_db(&self.kept.average, &GRID, &mut density_db);
        let width_db = (10.0 * self.spectrum.noise_hz().log10()) as f32;
        for (point, value) in density_db.iter_mut().enumerate() {
            let is_there = curve_hz(point) < self.nyquist_hz && *value > -179.0;
            *value = if is_there { *value - width_db } else { NOTHING_DB };
        }
        let is_silent = density_db.iter().all(|d| *d <= NOTHING_DB);
        if is_silent { None } else { BandCurve::new(density_db) }
    }
}
