//! Word-length reduction: flat and shaped dither, with digital black left black.
//!
//! `q = 2^(1−bits)`. Flat: `y = q·round(x/q + d)`, `d = u1 − u2` triangular over ±1 q, independent per sample and channel:
//! the first two moments of the error do not depend on the signal, its power is q²/4 (Lipshitz, Wannamaker,
//! Vanderkooy, JAES 40(5) 1992). Shaped: `v = x − Σ c_k·e[n−k]`, `y = q·round(v/q + d)`, `e = y − v`, which filters the
//! same error with `N(z) = 1 − Σ c_k z^−k`. There is no gain: 0 dB stays 0 dB, and what does not fit is clipped and
//! counted.
//!
//! *Auto-blank*: where at least 500 ms of both channels lie under −180 dBFS, the output is digital zero from the first
//! such sample, and the dither is back with the first sample above. To know that, the quantiser looks ahead: its output lags
//! inside by up to 500 ms, and [`Quantizer::finish`] brings the rest. A stream that is quiet throughout is black
//! whatever its length.
//!
//! A source that already lies on the grid, through a neutral chain, is passed untouched by [`Dither::None`]: values on the
//! grid come out as they are. Whether that holds is for the caller to know, who knows the chain.

use std::f64::consts::PI;

use super::noise::Noise;
use crate::units::{Frames, SampleRate};

/// Under −180 dBFS a sample counts as black, so that decayed filter tails do not keep the dither on.
const BLACK: f64 = 1e-9;

/// How long black must last to be left without dither.
const BLANK_AFTER_S: f64 = 0.5;

/// A shaper of fixed coefficients (published), or one of our own design for the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shaper {
    /// Three taps, F-weighted; Wannamaker, JAES 40(7/8) 1992.
    FWeighted3,
    /// Five taps; Lipshitz, Vanderkooy, Wannamaker, JAES 39(11) 1991.
    Lipshitz5,
    /// Nine taps, F-weighted; Wannamaker 1992.
    FWeighted9,
    /// Nine taps, modified E-weighted; Lipshitz et al. 1991.
    ModifiedE9,
    /// Nine taps, improved E-weighted; Lipshitz et al. 1991.
    ImprovedE9,
    /// Designed here from the threshold of hearing, for every session rate; see [`own_coefficients`].
    Own,
}

impl Shaper {
    /// Every shaper, in menu order.
    pub const ALL: [Self; 6] =
        [Self::Own, Self::Lipshitz5, Self::FWeighted3, Self::FWeighted9, Self::ModifiedE9, Self::ImprovedE9];

    /// As on the command line after `shaped:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FWeighted3 => "fweighted3",
            Self::Lipshitz5 => "lipshitz5",
            Self::FWeighted9 => "fweighted9",
            Self::ModifiedE9 => "modified_e9",
            Self::ImprovedE9 => "improved_e9",
            Self::Own => "own",
        }
    }

    /// Whether the shaper is made for a rate. The published ones were designed for 44.1 kHz and are used up to
    /// 48 kHz, where their curve is stretched by 1.09.
    pub fn suits(self, rate: SampleRate) -> bool {
        match self {
            Self::Own => rate.is_session_rate(),
            _ => matches!(rate.0, 44_100 | 48_000),
        }
    }

    /// The coefficients `c_1 …` at a rate it suits.
    pub fn coefficients(self, rate: SampleRate) -> Vec<f64> {
        match self {
            Self::FWeighted3 => vec![1.623, -0.982, 0.109],
            Self::Lipshitz5 => vec![2.033, -2.165, 1.959, -1.590, 0.6149],
            Self::FWeighted9 => {
                vec![2.412, -3.370, 3.937, -4.174, 3.353, -2.205, 1.281, -0.569, 0.0847]
            }
            Self::ModifiedE9 => {
                vec![1.662, -1.263, 0.4827, -0.2913, 0.1268, -0.1124, 0.03252, -0.01265, -0.03524]
            }
            Self::ImprovedE9 => {
                vec![2.847, -4.685, 6.214, -7.184, 6.639, -5.032, 3.263, -1.632, 0.4191]
            }
            Self::Own => own_coefficients(rate),
        }
    }
}

/// What is added before rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dither {
    /// Nothing: rounds to nearest. For sources already on the grid.
    None,
    /// Flat triangular noise of ±1 least significant bit.
    Tpdf,
    /// The same with its error shaped away from where the ear is keen.
    Shaped(Shaper),
}

/// Why a dither cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DitherError {
    /// No such name.
    #[error(
        "no dither is called “{name}”; there are none, tpdf, shaped and shaped: with own, lipshitz5, fweighted3, fweighted9, modified_e9 or improved_e9"
    )]
    Unknown {
        /// As given.
        name: String,
    },
    /// The shaper is not made for the rate.
    #[error("there is no shaper “{shaper}” for {rate}; take {instead}")]
    Rate {
        /// Its name.
        shaper: &'static str,
        /// The rate asked for.
        rate: SampleRate,
        /// What there is.
        instead: &'static str,
    },
    /// Shaping is for 16 and 20 bits.
    #[error("{bits}-bit files take flat dither: the noise lies too deep to be shaped; take tpdf")]
    Bits {
        /// The word length asked for.
        bits: u32,
    },
    /// Not a word length the quantiser makes.
    #[error("cannot reduce to {bits} bits; 16, 20 and 24 are made")]
    WordLength {
        /// The word length asked for.
        bits: u32,
    },
}

impl Dither {
    /// The dither of a command-line name (`none`, `tpdf`, `shaped`, `shaped:lipshitz5` …) for a rate and a word
    /// length. `shaped` alone is `shaped:own`.
    ///
    /// # Errors
    /// The name is unknown, or the rate or word length has no such dither; nothing is replaced in silence.
    pub fn from_name(name: &str, rate: SampleRate, bits: u32) -> Result<Self, DitherError> {
        let dither = match name {
            "none" => Self::None,
            "tpdf" => Self::Tpdf,
            "shaped" => Self::Shaped(Shaper::Own),
            _ => name
                .strip_prefix("shaped:")
                .and_then(|shaper| Shaper::ALL.into_iter().find(|s| s.name() == shaper))
                .map(Self::Shaped)
                .ok_or_else(|| DitherError::Unknown { name: name.to_owned() })?,
        };
        dither.check(rate, bits)?;
        Ok(dither)
    }

    /// The name on the command line.
    pub fn name(self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Tpdf => "tpdf".to_owned(),
            Self::Shaped(shaper) => format!("shaped:{}", shaper.name()),
        }
    }

    /// Whether it can be had for a rate and a word length.
    ///
    /// # Errors
    /// As [`Self::from_name`].
    pub fn check(self, rate: SampleRate, bits: u32) -> Result<(), DitherError> {
        if !matches!(bits, 16 | 20 | 24) {
            return Err(DitherError::WordLength { bits });
        }
        let Self::Shaped(shaper) = self else { return Ok(()) };
        if bits == 24 {
            return Err(DitherError::Bits { bits });
        }
        if !shaper.suits(rate) {
            let instead = if Shaper::Own.suits(rate) { "shaped:own or tpdf" } else { "tpdf" };
            return Err(DitherError::Rate { shaper: shaper.name(), rate, instead });
        }
        Ok(())
    }
}

/// Threshold of hearing in quiet, dB sound pressure level (Terhardt 1979); `freq_hz` above 0.
pub fn hearing_threshold_db(freq_hz: f64) -> f64 {
    let khz = freq_hz.max(20.0) / 1000.0;
    3.64 * khz.powf(-0.8) - 6.5 * (-0.6 * (khz - 3.3).powi(2)).exp() + 0.001 * khz.powi(4)
}

/// Above the cap the threshold is taken as flat: more would only make the noise louder.
const CAP_DB: f64 = 26.0;

/// Points of the design grid from 0 Hz to Nyquist.
const DESIGN_POINTS: usize = 4096;

/// Above this the noise is left at the level of flat dither, so that no ultrasonic energy is added.
const SHAPED_BELOW_HZ: f64 = 30_000.0;

/// Half the width of the transition at [`SHAPED_BELOW_HZ`].
const SHAPED_EDGE_HZ: f64 = 2_000.0;

/// Our own shaper for a rate: 12 taps at 44.1 and 48 kHz, 20 above.
///
/// `|N(f)|²` follows the threshold of hearing, capped at 26 dB, up to 30 kHz, and is 1 above; its mean logarithm
/// is 0 (Gerzon and Craven 1989: no shaper can do better). Linear prediction on the inverse spectrum gives the
/// minimum-phase FIR nearest to it, already monic, so no cepstrum is needed.
pub fn own_coefficients(rate: SampleRate) -> Vec<f64> {
    let taps = if rate.0 > 48_000 { 20 } else { 12 };
    let inverse: Vec<f64> = own_target_db(rate).iter().map(|db| 10f64.powf(-db / 10.0)).collect();
    linear_prediction(&autocorrelation(&inverse, taps))
}

/// Wanted noise spectrum in dB from 0 Hz to Nyquist, mean 0.
fn own_target_db(rate: SampleRate) -> Vec<f64> {
    let freq_hz = |i: usize| rate.nyquist_hz() * i as f64 / DESIGN_POINTS as f64;
    let mut target: Vec<f64> =
        (0..=DESIGN_POINTS).map(|i| hearing_threshold_db(freq_hz(i)).min(CAP_DB)).collect();
    let shaped = (0..=DESIGN_POINTS).filter(|&i| freq_hz(i) <= SHAPED_BELOW_HZ).count();
    let level = target[..shaped].iter().sum::<f64>() / shaped as f64;
    for (i, db) in target.iter_mut().enumerate() {
        let x = (freq_hz(i) - SHAPED_BELOW_HZ + SHAPED_EDGE_HZ) / (2.0 * SHAPED_EDGE_HZ);
        *db = (*db - level) * (0.5 + 0.5 * (PI * x.clamp(0.0, 1.0)).cos());
    }
    let mean = target.iter().sum::<f64>() / target.len() as f64;
    target.iter_mut().for_each(|db| *db -= mean);
    target
}

/// Autocorrelation at lags 0 to `lags` of a power spectrum given from 0 Hz to Nyquist.
fn autocorrelation(power: &[f64], lags: usize) -> Vec<f64> {
    let n = power.len() - 1;
    let at = |lag: usize, i: usize| {
        // Reduced first, so that the cosine stays exact.
        power[i] * (PI * ((lag * i) % (2 * n)) as f64 / n as f64).cos()
    };
    (0..=lags).map(|lag| at(lag, 0) + at(lag, n) + 2.0 * (1..n).map(|i| at(lag, i)).sum::<f64>()).collect()
}

/// Predictor coefficients `c` with `x[n] ≈ Σ c_k x[n−k]` by the Levinson-Durbin recursion.
fn linear_prediction(r: &[f64]) -> Vec<f64> {
    let mut c: Vec<f64> = Vec::with_capacity(r.len());
    let mut error = r[0];
    for order in 1..r.len() {
        let rest: f64 = c.iter().enumerate().map(|(k, ck)| ck * r[order - 1 - k]).sum();
        let reflection = (r[order] - rest) / error;
        let turned: Vec<f64> = c.iter().rev().copied().collect();
        c.iter_mut().zip(turned).for_each(|(ck, t)| *ck -= reflection * t);
        c.push(reflection);
        error *= 1.0 - reflection * reflection;
    }
    c
}

/// Most taps a shaper has.
const TAPS_MAX: usize = 20;

/// Past errors of both channels, newest first from `at`; written twice, so that it is read without wrapping.
#[derive(Debug, Clone)]
struct Errors {
    past: [[f64; 2]; 2 * TAPS_MAX],
    at: usize,
}

impl Errors {
    const fn new() -> Self {
        Self { past: [[0.0; 2]; 2 * TAPS_MAX], at: 0 }
    }

    /// `Σ c_k e[n−k]` for both channels.
    fn filtered(&self, coefficients: &[f64]) -> [f64; 2] {
        let mut sum = [0.0; 2];
        for (c, e) in coefficients.iter().zip(&self.past[self.at..]) {
            sum[0] += c * e[0];
            sum[1] += c * e[1];
        }
        sum
    }

    fn push(&mut self, error: [f64; 2]) {
        self.at = if self.at == 0 { TAPS_MAX - 1 } else { self.at - 1 };
        self.past[self.at] = error;
        self.past[self.at + TAPS_MAX] = error;
    }
}

/// Whether the input is music or black.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing but black so far.
    Start,
    /// Dithering; black frames are held back until it is clear how long they last.
    Dithering,
    /// In a black passage that has lasted long enough.
    Blank,
}

/// Reduces stereo frames to integers of 16, 20 or 24 bits. Output is as long as the input and aligned with it, but lags
/// inside (auto-blank looks ahead); memory is constant.
#[derive(Debug, Clone)]
pub struct Quantizer {
    /// `2^(bits−1)`.
    scale: f64,
    dither: Dither,
    /// Of the shaper; empty otherwise.
    coefficients: Vec<f64>,
    noise: [Noise; 2],
    errors: Errors,
    start: Frames,
    /// Absolute frame of the next output.
    frame: i64,
    state: State,
    /// Black frames not yet decided upon.
    held: Vec<[f64; 2]>,
    blank_after: usize,
    clipped: u64,
}

impl Quantizer {
    /// A quantiser to `bits` (16, 20 or 24) whose first input is frame 0 of the noise.
    ///
    /// # Errors
    /// The word length, or the shaper at this rate, does not exist.
    pub fn new(bits: u32, dither: Dither, seed: u64, rate: SampleRate) -> Result<Self, DitherError> {
        dither.check(rate, bits)?;
        let coefficients = match dither {
            Dither::Shaped(shaper) => shaper.coefficients(rate),
            Dither::None | Dither::Tpdf => Vec::new(),
        };
        let blank_after = rate.frames_from_seconds(BLANK_AFTER_S).as_len().max(1);
        Ok(Self {
            scale: f64::from(1u32 << (bits - 1)),
            dither,
            coefficients,
            noise: [Noise::new(seed, 0), Noise::new(seed, 1)],
            errors: Errors::new(),
            start: Frames::ZERO,
            frame: 0,
            state: State::Start,
            held: Vec::with_capacity(blank_after),
            blank_after,
            clipped: 0,
        })
    }

    /// The same with its first input at an absolute frame, for a slice of a longer pass. With flat dither the slice
    /// has the bits of the whole pass; a shaper remembers, so its first samples differ.
    #[must_use]
    pub fn starting_at(mut self, frame: Frames) -> Self {
        self.start = frame;
        self.frame = frame.0;
        self
    }

    /// Samples that did not fit and were clipped, since it was made.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Takes frames of both channels (equal lengths; what one has more is left out) and appends what is decided:
    /// integers of the word length, −2^(bits−1) to 2^(bits−1)−1. NaN counts as 0.
    pub fn push(&mut self, left: &[f64], right: &[f64], out: &mut Vec<[i32; 2]>) {
        for (&l, &r) in left.iter().zip(right) {
            let frame = [without_nan(l), without_nan(r)];
            if self.dither == Dither::None {
                let quantised = frame.map(|x| self.clip((x * self.scale).round()));
                self.emit(quantised, out);
            } else if frame.iter().all(|x| x.abs() < BLACK) {
                self.push_black(frame, out);
            } else {
                self.push_sound(frame, out);
            }
        }
    }

    /// Appends the frames held back; the output is then as long as the input. After it the quantiser is as new,
    /// but keeps its count.
    pub fn finish(&mut self, out: &mut Vec<[i32; 2]>) {
        if self.state == State::Dithering {
            self.release_dithered(out);
        } else {
            self.release_black(out);
        }
        self.errors = Errors::new();
        self.state = State::Start;
        self.frame = self.start.0;
    }

    fn push_black(&mut self, frame: [f64; 2], out: &mut Vec<[i32; 2]>) {
        if self.state == State::Blank {
            return self.emit([0; 2], out);
        }
        self.held.push(frame);
        if self.held.len() >= self.blank_after {
            self.release_black(out);
            self.state = State::Blank;
            self.errors = Errors::new();
        }
    }

    fn push_sound(&mut self, frame: [f64; 2], out: &mut Vec<[i32; 2]>) {
        self.state = State::Dithering;
        self.release_dithered(out);
        let quantised = self.dithered(frame);
        self.emit(quantised, out);
    }

    fn release_black(&mut self, out: &mut Vec<[i32; 2]>) {
        for _ in 0..self.held.len() {
            self.emit([0; 2], out);
        }
        self.held.clear();
    }

    fn release_dithered(&mut self, out: &mut Vec<[i32; 2]>) {
        for at in 0..self.held.len() {
            let quantised = self.dithered(self.held[at]);
            self.emit(quantised, out);
        }
        self.held.clear();
    }

    fn emit(&mut self, frame: [i32; 2], out: &mut Vec<[i32; 2]>) {
        self.frame += 1;
        out.push(frame);
    }

    /// One frame with dither, and its error into the loop of the shaper.
    fn dithered(&mut self, frame: [f64; 2]) -> [i32; 2] {
        let fed_back = self.errors.filtered(&self.coefficients);
        let mut quantised = [0; 2];
        let mut errors = [0.0; 2];
        for channel in 0..2 {
            let wanted = frame[channel] * self.scale - fed_back[channel];
            let rounded = round(wanted + self.noise[channel].triangular(self.frame));
            quantised[channel] = self.clip(rounded);
            let error = f64::from(quantised[channel]) - wanted;
            // Where it clips, the loop must not try to make good what cannot be made good.
            errors[channel] = if fits(rounded, self.scale) { error } else { error.clamp(-1.0, 1.0) };
        }
        if !self.coefficients.is_empty() {
            self.errors.push(errors);
        }
        quantised
    }

    fn clip(&mut self, value: f64) -> i32 {
        self.clipped += u64::from(!fits(value, self.scale));
        value.clamp(-self.scale, self.scale - 1.0) as i32
    }
}

fn fits(value: f64, scale: f64) -> bool {
    value >= -scale && value < scale
}

fn without_nan(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x }
}

/// To the nearest integer by pushing the fraction out of the mantissa; exact below 2^51, beyond which it is clipped anyway.
fn round(x: f64) -> f64 {
    const PUSH: f64 = 1.5 * (1u64 << 52) as f64;
    (x + PUSH) - PUSH
}

#[cfg(test)]
mod tests {
    use super::*;

    const CD: SampleRate = SampleRate::CD;

    fn quantised(bits: u32, dither: Dither, rate: SampleRate, left: &[f64], right: &[f64]) -> Vec<[i32; 2]> {
        let mut quantizer = Quantizer::new(bits, dither, 7, rate).unwrap();
        let mut out = Vec::new();
        for (l, r) in left.chunks(777).zip(right.chunks(777)) {
            quantizer.push(l, r, &mut out);
        }
        quantizer.finish(&mut out);
        assert_eq!(out.len(), left.len());
        out
    }

    /// Error of the left channel in least significant bits.
    fn errors_lsb(bits: u32, dither: Dither, rate: SampleRate, x: &[f64]) -> Vec<f64> {
        let scale = f64::from(1u32 << (bits - 1));
        let y = quantised(bits, dither, rate, x, x);
        y.iter().zip(x).map(|(y, x)| f64::from(y[0]) - x * scale).collect()
    }

    fn power(x: &[f64]) -> f64 {
        x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64
    }

    /// Mean power spectrum over Hann blocks of 4096, in units in which white noise of power 1 reads 1.
    fn spectrum(x: &[f64]) -> Vec<f64> {
        let n = 4096;
        let window = crate::dsp::window::hann_periodic(n);
        let norm: f64 = window.iter().map(|w| w * w).sum();
        let fft = crate::dsp::fft::RealFftPlanner::<f64>::new().plan_fft_forward(n);
        let mut sum = vec![0.0; n / 2 + 1];
        let mut bins = fft.make_output_vec();
        let mut blocks = 0.0;
        for block in x.chunks_exact(n) {
            let mut windowed: Vec<f64> = block.iter().zip(&window).map(|(a, b)| a * b).collect();
            fft.process(&mut windowed, &mut bins).unwrap();
            sum.iter_mut().zip(&bins).for_each(|(s, c)| *s += c.norm_sqr() / norm);
            blocks += 1.0;
        }
        sum.iter_mut().for_each(|s| *s /= blocks);
        sum
    }

    /// `|1 − Σ c_k z^−k|²` at a frequency.
    fn transfer(coefficients: &[f64], freq_hz: f64, rate: SampleRate) -> f64 {
        let w = 2.0 * PI * freq_hz / rate.hz();
        let (mut re, mut im) = (1.0, 0.0);
        for (k, c) in coefficients.iter().enumerate() {
            let phase = w * (k + 1) as f64;
            re -= c * phase.cos();
            im += c * phase.sin();
        }
        re * re + im * im
    }

    /// Gain over flat dither, weighted with the threshold of hearing, dB.
    fn weighted_gain_db(coefficients: &[f64], rate: SampleRate) -> f64 {
        let (mut shaped, mut flat) = (0.0, 0.0);
        for i in 1..20_000 {
            let freq_hz = rate.nyquist_hz() * f64::from(i) / 20_000.0;
            let weight = 10f64.powf(-hearing_threshold_db(freq_hz) / 10.0);
            shaped += weight * transfer(coefficients, freq_hz, rate);
            flat += weight;
        }
        -10.0 * (shaped / flat).log10()
    }

    #[test]
    fn flat_dither_has_a_quarter_lsb_squared_wherever_the_signal_lies() {
        for bits in [16, 20, 24] {
            let lsb = 2f64.powi(1 - bits as i32);
            let mut powers = Vec::new();
            for step in 0..8 {
                let x = vec![(100.0 + f64::from(step) / 8.0) * lsb; 1 << 17];
                let e = errors_lsb(bits, Dither::Tpdf, CD, &x);
                let mean = e.iter().sum::<f64>() / e.len() as f64;
                assert!(mean.abs() < 0.006, "{bits} bits, {step}/8: mean {mean}");
                powers.push(power(&e));
            }
            let all = powers.iter().sum::<f64>() / 8.0;
            assert!((all - 0.25).abs() <= 0.003, "{bits} bits: {all}");
            let spread = powers.iter().fold(0.0f64, |m, p| m.max((10.0 * (p / all).log10()).abs()));
            assert!(spread <= 0.1, "{bits} bits: noise modulation {spread} dB");
        }
    }

    #[test]
    fn flat_dither_is_flat() {
        let x: Vec<f64> = (0..1 << 20).map(|n| 0.3 * (f64::from(n) * 0.01).sin()).collect();
        let spectrum = spectrum(&errors_lsb(16, Dither::Tpdf, CD, &x));
        for band in spectrum[10..2048].chunks_exact(200) {
            let db = 10.0 * (band.iter().sum::<f64>() / band.len() as f64 / 0.25).log10();
            assert!(db.abs() <= 0.1, "{db} dB");
        }
    }

    #[test]
    fn a_tone_far_below_the_last_bit_keeps_its_level_and_is_clean() {
        let n = 1 << 19;
        let w = 2.0 * PI * 1000.0 / 44_100.0;
        let level = 10f64.powf(-110.0 / 20.0);
        let x: Vec<f64> = (0..n).map(|i| level * (w * f64::from(i)).sin()).collect();
        for dither in [Dither::Tpdf, Dither::Shaped(Shaper::Lipshitz5), Dither::Shaped(Shaper::Own)] {
            let y = quantised(16, dither, CD, &x, &x);
            let read = |w: f64| {
                let (mut re, mut im) = (0.0, 0.0);
                for (i, y) in y.iter().enumerate() {
                    re += f64::from(y[0]) * (w * i as f64).sin();
                    im += f64::from(y[0]) * (w * i as f64).cos();
                }
                re.hypot(im) * 2.0 / f64::from(n) / 32768.0
            };
            let db = 20.0 * (read(w) / level).log10();
            assert!(db.abs() <= 0.25, "{dither:?}: {db} dB");
            for harmonic in [2.0, 3.0, 5.0] {
                let db = 20.0 * read(harmonic * w).log10();
                assert!(db < -130.0, "{dither:?}: harmonic {harmonic} at {db} dBFS");
            }
        }
    }

    #[test]
    fn published_shapers_weigh_what_the_literature_says() {
        // dsp.md section 7: gain over flat dither with the threshold of hearing as weight, 44.1 kHz.
        for (shaper, expected_db) in [
            (Shaper::Lipshitz5, 9.4),
            (Shaper::ModifiedE9, 10.7),
            (Shaper::FWeighted9, 11.4),
            (Shaper::ImprovedE9, 12.3),
        ] {
            let db = weighted_gain_db(&shaper.coefficients(CD), CD);
            assert!((db - expected_db).abs() < 0.06, "{shaper:?}: {db}");
        }
    }

    #[test]
    fn no_shaper_breaks_the_theorem_of_gerzon_and_craven() {
        for hz in crate::units::SESSION_RATES_HZ {
            let rate = SampleRate(hz);
            for shaper in Shaper::ALL.into_iter().filter(|s| s.suits(rate)) {
                let c = shaper.coefficients(rate);
                let n = 8192;
                let mean = (0..n)
                    .map(|i| {
                        transfer(&c, rate.nyquist_hz() * (f64::from(i) + 0.5) / f64::from(n), rate).log10()
                    })
                    .sum::<f64>()
                    * 10.0
                    / f64::from(n);
                // Zero means: monic and minimum phase.
                assert!(mean.abs() < 0.01, "{shaper:?} at {rate}: {mean} dB");
            }
        }
    }

    #[test]
    fn own_shapers_gain_twelve_decibels_and_leave_the_ultrasound_alone() {
        for hz in crate::units::SESSION_RATES_HZ {
            let rate = SampleRate(hz);
            let c = Shaper::Own.coefficients(rate);
            assert!(c.len() <= TAPS_MAX);
            let gain = weighted_gain_db(&c, rate);
            assert!(gain >= 12.0, "{rate}: {gain} dB");
            for freq_hz in (33..96).map(|k| f64::from(k) * 1000.0).filter(|f| *f < rate.nyquist_hz()) {
                let db = 10.0 * transfer(&c, freq_hz, rate).log10();
                assert!(db < 4.0, "{rate}: {db} dB at {freq_hz} Hz");
            }
        }
    }

    #[test]
    fn the_error_has_the_spectrum_of_the_shaper() {
        let x: Vec<f64> = (0..1 << 19).map(|n| 0.25 * (f64::from(n) * 0.013).sin()).collect();
        for (shaper, hz) in [
            (Shaper::FWeighted3, 44_100),
            (Shaper::Lipshitz5, 44_100),
            (Shaper::FWeighted9, 44_100),
            (Shaper::ModifiedE9, 44_100),
            (Shaper::ImprovedE9, 48_000),
            (Shaper::Own, 44_100),
            (Shaper::Own, 96_000),
        ] {
            let rate = SampleRate(hz);
            let c = shaper.coefficients(rate);
            let spectrum = spectrum(&errors_lsb(16, Dither::Shaped(shaper), rate, &x));
            for bin in (16..2032).step_by(64) {
                let mean = |f: &dyn Fn(usize) -> f64| (bin - 15..bin + 16).map(f).sum::<f64>() / 31.0;
                let measured = mean(&|k| spectrum[k]);
                let expected = mean(&|k| 0.25 * transfer(&c, rate.hz() * k as f64 / 4096.0, rate));
                let db = 10.0 * (measured / expected).log10();
                assert!(db.abs() < 0.7, "{shaper:?} at {rate}, bin {bin}: {db} dB off");
            }
        }
    }

    #[test]
    fn long_black_is_black_and_short_black_is_dithered() {
        let second = 44_100;
        let tone = |n: usize| (0..n).map(|i| 0.1 * (i as f64 * 0.05).sin() + 0.2).collect::<Vec<f64>>();
        // Black in between is a decayed tail under −180 dBFS, not exact zero.
        let mut x = tone(second);
        x.extend(vec![5e-10; second / 2]);
        x.extend(tone(second));
        x.extend(vec![0.0; second / 2 - 1]);
        x.extend(tone(second / 4));
        let loud = vec![0.0; x.len()];
        for dither in [Dither::Tpdf, Dither::Shaped(Shaper::FWeighted9), Dither::Shaped(Shaper::Own)] {
            let y = quantised(16, dither, CD, &x, &loud);
            let black = |range: std::ops::Range<usize>| y[range].iter().all(|f| *f == [0, 0]);
            assert!(black(second..second + second / 2), "{dither:?}: not black");
            assert!(y[second - 4..second].iter().any(|f| f[1] != 0), "{dither:?}: black too early");
            assert!(y[second * 3 / 2..second * 3 / 2 + 20].iter().any(|f| f[1] != 0), "{dither:?}: late");
            let short = second * 5 / 2;
            assert!(!black(short..short + second / 2 - 1), "{dither:?}: a short pause lost its dither");
        }
    }

    #[test]
    fn one_loud_channel_keeps_both_dithered() {
        let x: Vec<f64> = (0..44_100).map(|i| 0.5 * (f64::from(i) * 0.05).sin() + 0.001).collect();
        let y = quantised(16, Dither::Tpdf, CD, &x, &vec![0.0; x.len()]);
        assert!(y[40_000..].iter().any(|f| f[1] != 0));
    }

    #[test]
    fn a_black_file_is_black_whatever_its_length() {
        for frames in [0, 1, 100, 100_000] {
            let x = vec![0.0; frames];
            assert!(quantised(16, Dither::Tpdf, CD, &x, &x).iter().all(|f| *f == [0, 0]));
        }
    }

    #[test]
    fn without_dither_values_on_the_grid_pass_untouched() {
        for bits in [16, 20, 24] {
            let scale = f64::from(1u32 << (bits - 1));
            let values: Vec<i32> = (-300..300).chain([-(scale as i32), scale as i32 - 1]).collect();
            let x: Vec<f64> = values.iter().map(|&v| f64::from(v) / scale).collect();
            let y = quantised(bits, Dither::None, CD, &x, &x);
            assert!(y.iter().zip(&values).all(|(y, v)| *y == [*v, *v]));
        }
    }

    #[test]
    fn overs_are_clipped_and_counted_and_the_loop_recovers() {
        let mut x = vec![1.5; 500];
        x.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        x.extend(vec![0.25; 1 << 15]);
        for dither in [Dither::Tpdf, Dither::Shaped(Shaper::ImprovedE9)] {
            let mut quantizer = Quantizer::new(16, dither, 7, CD).unwrap();
            let mut y = Vec::new();
            quantizer.push(&x, &x, &mut y);
            quantizer.finish(&mut y);
            assert_eq!(quantizer.clipped(), 2 * 502);
            assert!(y[..500].iter().all(|f| *f == [32767, 32767]));
            let tail: Vec<f64> = y[600..].iter().map(|f| f64::from(f[0]) - 8192.0).collect();
            assert!(power(&tail) < 100.0, "{dither:?}: {}", power(&tail));
        }
    }

    #[test]
    fn noise_belongs_to_the_place() {
        let x: Vec<f64> = (0..5000).map(|i| 0.1 * (f64::from(i) * 0.02).cos() + 0.2).collect();
        let whole = quantised(16, Dither::Tpdf, CD, &x, &x);
        let mut slice = Vec::new();
        let mut quantizer = Quantizer::new(16, Dither::Tpdf, 7, CD).unwrap().starting_at(Frames(1234));
        quantizer.push(&x[1234..], &x[1234..], &mut slice);
        quantizer.finish(&mut slice);
        assert_eq!(slice, whole[1234..]);
        assert!(whole.iter().any(|f| f[0] != f[1]), "channels share their noise");
    }

    #[test]
    fn names_are_those_of_the_command_line_and_gaps_are_refused() {
        for name in
            ["none", "tpdf", "shaped:own", "shaped:lipshitz5", "shaped:fweighted3", "shaped:fweighted9"]
        {
            assert_eq!(Dither::from_name(name, CD, 16).unwrap().name(), name);
        }
        for name in ["shaped:modified_e9", "shaped:improved_e9"] {
            assert_eq!(Dither::from_name(name, SampleRate(48_000), 20).unwrap().name(), name);
        }
        assert_eq!(Dither::from_name("shaped", SampleRate(192_000), 16), Ok(Dither::Shaped(Shaper::Own)));
        for (name, rate, bits) in [
            ("shaped:lipshitz5", 96_000, 16),
            ("shaped", 32_000, 16),
            ("shaped", 44_100, 24),
            ("pink", 44_100, 16),
            ("shaped:", 44_100, 16),
            ("tpdf", 44_100, 18),
        ] {
            let error = Dither::from_name(name, SampleRate(rate), bits).unwrap_err().to_string();
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
