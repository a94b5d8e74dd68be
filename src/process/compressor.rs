//! Compressor: feed-forward, in the logarithmic domain (Giannoulis, Massberg, Reiss, JAES 60(6) 2012).
//!
//! Level `L` in dB from the side chain; with threshold `T`, ratio `R`, knee `W` the reduction wanted is
//! `c = 0` below the knee, `(1 − 1/R)·(L − T + W/2)² / (2W)` in it, `(1 − 1/R)·(L − T)` above, at most the range. It is
//! smoothed in dB *after* the curve, so times do not depend on the level: `τ` is the time to 63.2 % of the step in dB.
//!
//! Detectors: *peak* holds the largest sample of 10 ms (so that a sine reads its peak, without ripple); *rms* is the mean
//! square of the last 10 ms; *smooth* is rms with two equal one-poles in a row instead of one, so that the gain has
//! no corner. Hold and window are taken off the release, so that the time printed is the time measured.
//! A signal under the threshold passes bit for bit when make-up is 0 dB and the mix is full.

use std::sync::LazyLock;

use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::envelope::{SlidingMin, one_pole};
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::{Frames, SampleRate};

const THRESHOLD: ParamIndex = 0;
const RATIO: ParamIndex = 1;
const KNEE: ParamIndex = 2;
const ATTACK: ParamIndex = 3;
const RELEASE: ParamIndex = 4;
const HOLD: ParamIndex = 5;
const AUTO_RELEASE: ParamIndex = 6;
const DETECTOR: ParamIndex = 7;
const LOOKAHEAD: ParamIndex = 8;
const LINK: ParamIndex = 9;
const MAKEUP: ParamIndex = 10;
const RANGE: ParamIndex = 11;
const SIDECHAIN_HPF: ParamIndex = 12;
const MIX: ParamIndex = 13;

/// Longest hold the engineer can ask for.
const HOLD_MAX_MS: f64 = 200.0;

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("threshold_db", "Threshold", Unit::Dbfs, -60.0, 0.0, -18.0)
            .help("Level above which the gain goes down: sine peak with the peak detector, rms with the others."),
        ParamDesc::number("ratio", "Ratio", Unit::Ratio, 1.0, 100.0, 2.0)
            .log()
            .help("Decibels in for one decibel out above the threshold."),
        ParamDesc::number("knee_db", "Knee", Unit::Db, 0.0, 24.0, 6.0)
            .help("Width of the bend around the threshold."),
        ParamDesc::number("attack_ms", "Attack", Unit::Ms, 0.1, 500.0, 30.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the gain goes down (10 to 90 % takes 2.2 times as long)."),
        ParamDesc::number("release_ms", "Release", Unit::Ms, 5.0, 3000.0, 200.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the gain comes back."),
        ParamDesc::number("hold_ms", "Hold", Unit::Ms, 0.0, HOLD_MAX_MS, 0.0)
            .help("Time the level is held before the release begins."),
        ParamDesc::switch("auto_release", "Auto release", false).help(
            "Adds a slow release of 1.5 s for reduction that lasts (charged over 0.5 s); the larger reduction counts.",
        ),
        ParamDesc::choice("detector", "Detector", &["peak", "rms", "smooth"], 1).help(
            "Peak: largest sample of 10 ms. RMS: mean square of 10 ms. Smooth: RMS with a gain curve without corners.",
        ),
        ParamDesc::number("lookahead_ms", "Look-ahead", Unit::Ms, 0.0, 20.0, 0.0)
            .structural()
            .help("Delays the sound, not the side chain; adds to the latency."),
        ParamDesc::number("link_percent", "Link", Unit::Percent, 0.0, 100.0, 100.0)
            .help("100 %: both channels get the larger reduction; 0 %: each its own."),
        ParamDesc::number("makeup_db", "Make-up", Unit::Db, -12.0, 24.0, 0.0)
            .help("Gain after the compression, before the mix."),
        ParamDesc::number("range_db", "Range", Unit::Db, 0.0, 60.0, 60.0).help("Largest reduction."),
        ParamDesc::number("sidechain_hpf_hz", "Side-chain high-pass", Unit::Hz, 0.0, 500.0, 0.0)
            .help("Takes lows out of what is detected, 12 dB per octave; 0 is off."),
        ParamDesc::number("mix_percent", "Mix", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of the compressed signal; the rest is the latency-matched input."),
    ]
});

/// Hold of the peak detector and window of the mean square.
const WINDOW_MS: f64 = 10.0;

/// The part of the mean-square window by which a falling level is late.
const RMS_LAG: f64 = 0.8;

/// The part by which a rising level is late, for a step well over the threshold.
const RMS_RISE: f64 = 0.41;

/// Slow release of the automatic, and the time that charges it.
const SLOW_RELEASE_MS: f64 = 1500.0;
const SLOW_CHARGE_MS: f64 = 500.0;

/// Two equal one-poles in a row reach 63.2 % of a step after this many of their time constants: `(1+t)·e^−t = e^−1`.
const TWO_POLES: f64 = 2.146_193_220_620_583;

/// Reductions below this are none (dB).
const SNAP_DB: f64 = 1e-9;

/// Samples beyond this are damage, not sound.
const INPUT_MAX: f64 = 1e9;

/// Fixed point of the mean square: powers up to +30 dB re full scale, in steps of 2^−40.
const POWER_MAX: f64 = 1024.0;
const POWER_UNIT: f64 = (1u64 << 40) as f64;

/// The entry for the registry.
pub struct CompressorKind;

impl Kind for CompressorKind {
    fn id(&self) -> &'static str {
        "compressor"
    }

    fn name(&self) -> &'static str {
        "Compressor"
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Compressor::new(values, setup.sample_rate))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detector {
    Peak,
    Rms,
    Smooth,
}

impl Detector {
    fn from_value(value: f64) -> Self {
        match value as usize {
            0 => Self::Peak,
            1 => Self::Rms,
            _ => Self::Smooth,
        }
    }
}

/// Second-order Butterworth high-pass as a trapezoidal state-variable filter (Zavalishin).
#[derive(Debug, Clone, Copy, Default)]
struct HighPass {
    /// `tan(π·f/fs)`; 0 is off.
    g: f64,
    s1: f64,
    s2: f64,
}

impl HighPass {
    #[inline]
    fn tick(&mut self, x: f64) -> f64 {
        let k = std::f64::consts::SQRT_2;
        let high = (x - (self.g + k) * self.s1 - self.s2) / (1.0 + self.g * (self.g + k));
        let band = self.g * high + self.s1;
        let low = self.g * band + self.s2;
        self.s1 = self.g * high + band;
        self.s2 = self.g * band + low;
        high
    }
}

/// Mean square of a window, in whole numbers so that nothing drifts.
#[derive(Debug, Clone)]
struct MeanSquare {
    ring: Vec<i64>,
    at: usize,
    sum: i64,
}

impl MeanSquare {
    #[inline]
    fn tick(&mut self, x: f64) -> f64 {
        let power = ((x * x).min(POWER_MAX) * POWER_UNIT) as i64;
        self.sum += power - std::mem::replace(&mut self.ring[self.at], power);
        self.at = if self.at + 1 == self.ring.len() { 0 } else { self.at + 1 };
        self.sum as f64
    }
}

/// States of one channel.
struct Channel {
    audio: Delay,
    filter: HighPass,
    /// Of the negative level, so that its minimum is the peak.
    held: SlidingMin,
    mean: MeanSquare,
    /// Reduction in dB after one and after two one-poles.
    first: f64,
    second: f64,
    slow: f64,
}

impl Channel {
    fn reset(&mut self) {
        self.audio.reset();
        (self.filter.s1, self.filter.s2) = (0.0, 0.0);
        self.held.reset();
        self.mean.ring.fill(0);
        (self.mean.at, self.mean.sum) = (0, 0);
        (self.first, self.second, self.slow) = (0.0, 0.0, 0.0);
    }

    /// Level as power for every frame.
    fn levels(&mut self, input: &[f64; QUANTUM], detector: Detector) -> [f64; QUANTUM] {
        let mut key = *input;
        if self.filter.g > 0.0 {
            key.iter_mut().for_each(|x| *x = self.filter.tick(*x));
        }
        let scale = 1.0 / (POWER_UNIT * self.mean.ring.len() as f64);
        std::array::from_fn(|i| {
            // The mean runs on in every mode, so that switching is seamless.
            let mean = self.mean.tick(key[i]) * scale;
            -self.held.tick(if detector == Detector::Peak { -key[i] * key[i] } else { -mean })
        })
    }

    /// Smooths the reduction in time.
    #[inline]
    fn follow(&mut self, wanted: f64, times: &Times) -> f64 {
        let pole = if wanted > self.first { times.attack } else { times.release };
        self.first = settle(wanted + pole * (self.first - wanted));
        let mut reduction = self.first;
        if times.two_poles {
            let pole = if self.first > self.second { times.attack } else { times.release };
            self.second = settle(self.first + pole * (self.second - self.first));
            reduction = self.second;
        } else {
            self.second = self.first;
        }
        if times.auto {
            let pole = if wanted > self.slow { times.slow_charge } else { times.slow_release };
            self.slow = settle(wanted + pole * (self.slow - wanted));
            reduction = reduction.max(self.slow);
        } else {
            self.slow = 0.0;
        }
        reduction
    }
}

#[inline]
fn settle(reduction_db: f64) -> f64 {
    if reduction_db < SNAP_DB { 0.0 } else { reduction_db }
}

/// Coefficients of the smoothing in time.
#[derive(Debug, Clone, Copy)]
struct Times {
    attack: f64,
    release: f64,
    two_poles: bool,
    auto: bool,
    slow_charge: f64,
    slow_release: f64,
}

/// The static curve at one moment.
#[derive(Debug, Clone, Copy)]
struct Curve {
    threshold_db: f64,
    /// `1 − 1/R`.
    slope: f64,
    knee_db: f64,
    range_db: f64,
}

impl Curve {
    /// Reduction wanted at a level, dB, 0 or positive.
    #[inline]
    fn reduction_db(&self, level_db: f64) -> f64 {
        let over = level_db - self.threshold_db;
        let bend = (over + 0.5 * self.knee_db).clamp(0.0, self.knee_db);
        let in_knee = if self.knee_db > 0.0 { bend * bend / (2.0 * self.knee_db) } else { 0.0 };
        (self.slope * (in_knee + (over - 0.5 * self.knee_db).max(0.0))).min(self.range_db)
    }
}

struct Compressor {
    rate: SampleRate,
    channels: [Channel; CHANNELS],
    threshold: Smoothed,
    slope: Smoothed,
    knee: Smoothed,
    range: Smoothed,
    link: Smoothed,
    mix: Smoothed,
    makeup: SmoothedGain,
    detector: Detector,
    attack_ms: f64,
    release_ms: f64,
    hold_ms: f64,
    auto_release: bool,
    times: Times,
    deepest_db: f64,
}

impl Compressor {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let frames = |ms: f64| rate.frames_from_seconds(ms / 1000.0).as_len();
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let channel = |_| Channel {
            audio: Delay::new(frames(values.get(LOOKAHEAD)), 0.0),
            filter: HighPass::default(),
            held: SlidingMin::new(frames(WINDOW_MS + HOLD_MAX_MS), 0.0),
            mean: MeanSquare { ring: vec![0; frames(WINDOW_MS).max(1)], at: 0, sum: 0 },
            first: 0.0,
            second: 0.0,
            slow: 0.0,
        };
        let mut compressor = Self {
            rate,
            channels: [0, 1].map(channel),
            threshold: smoothed(values.get(THRESHOLD)),
            slope: smoothed(1.0 - 1.0 / values.get(RATIO)),
            knee: smoothed(values.get(KNEE)),
            range: smoothed(values.get(RANGE)),
            link: smoothed(values.get(LINK) / 100.0),
            mix: smoothed(values.get(MIX) / 100.0),
            makeup: SmoothedGain::new(values.get(MAKEUP), RAMP_MS, rate),
            detector: Detector::from_value(values.get(DETECTOR)),
            attack_ms: values.get(ATTACK),
            release_ms: values.get(RELEASE),
            hold_ms: values.get(HOLD),
            auto_release: values.is_on(AUTO_RELEASE),
            times: Times {
                attack: 0.0,
                release: 0.0,
                two_poles: false,
                auto: false,
                slow_charge: one_pole(SLOW_CHARGE_MS, rate),
                slow_release: one_pole(SLOW_RELEASE_MS, rate),
            },
            deepest_db: 0.0,
        };
        compressor.set_filter(values.get(SIDECHAIN_HPF));
        compressor.set_times();
        compressor
    }

    fn set_filter(&mut self, freq_hz: f64) {
        let g = if freq_hz < 1.0 { 0.0 } else { (std::f64::consts::PI * freq_hz / self.rate.hz()).tan() };
        self.channels.iter_mut().for_each(|c| c.filter.g = g);
    }

    /// Coefficients from the times asked for, less what the detector takes itself.
    fn set_times(&mut self) {
        let peak_hold_ms = WINDOW_MS.min(0.5 * self.release_ms);
        let (late_ms, window_ms) = match self.detector {
            Detector::Peak => (peak_hold_ms, peak_hold_ms + self.hold_ms),
            Detector::Rms | Detector::Smooth => (RMS_LAG * peak_hold_ms, self.hold_ms),
        };
        let poles = if self.detector == Detector::Smooth { TWO_POLES } else { 1.0 };
        let rise_ms = match self.detector {
            Detector::Peak => 0.0,
            Detector::Rms | Detector::Smooth => (RMS_RISE * WINDOW_MS).min(0.45 * self.attack_ms),
        };
        self.times.attack = one_pole((self.attack_ms - rise_ms) / poles, self.rate);
        self.times.release = one_pole((self.release_ms - late_ms) / poles, self.rate);
        self.times.two_poles = self.detector == Detector::Smooth;
        self.times.auto = self.auto_release;
        let window = self.rate.frames_from_seconds(window_ms / 1000.0).as_len().max(1);
        self.channels.iter_mut().for_each(|c| c.held.set_window(window));
    }

    fn curve_is_moving(&self) -> bool {
        [&self.threshold, &self.slope, &self.knee, &self.range].iter().any(|p| p.is_moving())
    }

    fn curve(&self) -> Curve {
        Curve {
            threshold_db: self.threshold.value(),
            slope: self.slope.value(),
            knee_db: self.knee.value(),
            range_db: self.range.value(),
        }
    }

    /// Levels become wanted reductions, in place.
    fn apply_curve(&mut self, levels: &mut [[f64; QUANTUM]; 2]) {
        let [left, right] = levels;
        if self.curve_is_moving() {
            for (l, r) in left.iter_mut().zip(right) {
                self.threshold.tick();
                self.slope.tick();
                self.knee.tick();
                self.range.tick();
                let curve = self.curve();
                *l = curve.reduction_db(db_from_power(*l));
                *r = curve.reduction_db(db_from_power(*r));
            }
            return;
        }
        let curve = self.curve();
        for level in left.iter_mut().chain(right) {
            *level = curve.reduction_db(db_from_power(*level));
        }
    }

    /// Wanted reductions become gains, in place.
    fn apply_times(&mut self, reductions: &mut [[f64; QUANTUM]; 2]) {
        let [left, right] = &mut self.channels;
        let [reductions_left, reductions_right] = reductions;
        self.deepest_db = 0.0;
        for (l, r) in reductions_left.iter_mut().zip(reductions_right.iter_mut()) {
            let both = l.max(*r);
            let link = self.link.tick();
            *l = left.follow(*l + link * (both - *l), &self.times);
            *r = right.follow(*r + link * (both - *r), &self.times);
            self.deepest_db = self.deepest_db.max(*l).max(*r);
        }
        for reduction in reductions_left.iter_mut().chain(reductions_right) {
            *reduction = gain_from_reduction(*reduction);
        }
    }

    fn apply_gains(&mut self, block: &mut Block, gains: &[[f64; QUANTUM]; 2]) {
        let (left, right) = block.stereo_mut();
        let [channel_left, channel_right] = &mut self.channels;
        for i in 0..QUANTUM {
            let (makeup, mix) = (self.makeup.tick(), self.mix.tick());
            let out = |dry: f64, gain: f64| {
                let wet = dry * gain * makeup;
                if mix >= 1.0 { wet } else { mix * wet + (1.0 - mix) * dry }
            };
            left[i] = out(channel_left.audio.tick(left[i]), gains[0][i]);
            right[i] = out(channel_right.audio.tick(right[i]), gains[1][i]);
        }
    }
}

impl Processor for Compressor {
    fn latency(&self) -> Frames {
        Frames(self.channels[0].audio.frames() as i64)
    }

    fn reset(&mut self) {
        self.channels.iter_mut().for_each(Channel::reset);
        for parameter in [
            &mut self.threshold,
            &mut self.slope,
            &mut self.knee,
            &mut self.range,
            &mut self.link,
            &mut self.mix,
        ] {
            parameter.settle();
        }
        self.makeup.settle();
        self.deepest_db = 0.0;
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            THRESHOLD => self.threshold.set(value),
            RATIO => self.slope.set(1.0 - 1.0 / value.max(1.0)),
            KNEE => self.knee.set(value),
            ATTACK => self.attack_ms = value,
            RELEASE => self.release_ms = value,
            HOLD => self.hold_ms = value,
            AUTO_RELEASE => self.auto_release = value >= 0.5,
            DETECTOR => self.detector = Detector::from_value(value),
            LINK => self.link.set(value / 100.0),
            MAKEUP => self.makeup.set_db(value),
            RANGE => self.range.set(value),
            SIDECHAIN_HPF => self.set_filter(value),
            MIX => self.mix.set(value / 100.0),
            _ => {}
        }
        if matches!(param, ATTACK | RELEASE | HOLD | AUTO_RELEASE | DETECTOR) {
            self.set_times();
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        for sample in block.channels_mut().iter_mut().flatten() {
            *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-INPUT_MAX, INPUT_MAX) };
        }
        let [left, right] = &mut self.channels;
        let mut work = [left.levels(block.left(), self.detector), right.levels(block.right(), self.detector)];
        self.apply_curve(&mut work);
        self.apply_times(&mut work);
        self.apply_gains(block, &work);
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        Some(-self.deepest_db)
    }
}

/// `10·log10(power)`, floor −200 dB, within 1e-12 dB: exponent taken from the bits, mantissa in √½…√2 by the series of
/// `ln m = 2·artanh((m−1)/(m+1))`. Written out so that a block of them becomes vector code with the same bits everywhere.
#[inline]
fn db_from_power(power: f64) -> f64 {
    const DB_PER_OCTAVE: f64 = 10.0 * std::f64::consts::LOG10_2;
    const DB_PER_NEPER: f64 = 10.0 * std::f64::consts::LOG10_E;
    // The bits of √½: adding their distance to 1 moves the split of the octaves to √½.
    const SPLIT: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    let bits = power.max(1e-20).to_bits().wrapping_sub(SPLIT);
    let octaves = (bits as i64 >> 52) as f64;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) + SPLIT);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let mut series = 1.0 / 17.0;
    for odd in [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * s2 + 1.0 / odd;
    }
    octaves * DB_PER_OCTAVE + 2.0 * DB_PER_NEPER * s * series
}

/// `10^(−reduction/20)` for reductions of 0 dB (exactly 1) and more, within 1e-13: `2^−(n+f)`, the fraction by its series.
#[inline]
fn gain_from_reduction(reduction_db: f64) -> f64 {
    const OCTAVES_PER_DB: f64 = std::f64::consts::LOG2_10 / 20.0;
    let octaves = reduction_db.min(1000.0) * OCTAVES_PER_DB;
    let whole = (octaves + 0.5) as i64;
    let x = (whole as f64 - octaves) * std::f64::consts::LN_2;
    let mut series = 1.0;
    for n in [12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        series = 1.0 + series * x * (1.0 / n);
    }
    series * f64::from_bits(((1023 - whole) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{db_from_gain, gain_from_db};
    use std::f64::consts::PI;

    const RATE: SampleRate = SampleRate(48_000);

    fn build(given: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
        let mut values = Values::defaults(&PARAMS);
        given.iter().for_each(|&(param, value)| values.set(param, value));
        CompressorKind.build(&values, &Setup { sample_rate: RATE })
    }

    fn run(processor: &mut dyn Processor, left: &[f64], right: &[f64]) -> [Vec<f64>; 2] {
        let mut out = [Vec::new(), Vec::new()];
        for start in (0..left.len()).step_by(QUANTUM) {
            let mut block = Block::silent();
            for (channel, input) in block.channels_mut().iter_mut().zip([left, right]) {
                for (sample, n) in channel.iter_mut().zip(start..) {
                    *sample = input.get(n).copied().unwrap_or(0.0);
                }
            }
            processor.process(Frames(start as i64), &mut block);
            out.iter_mut().zip(block.channels()).for_each(|(o, c)| o.extend_from_slice(c));
        }
        out
    }

    fn sine(freq_hz: f64, db: f64, frames: usize) -> Vec<f64> {
        let w = 2.0 * PI * freq_hz / RATE.hz();
        (0..frames).map(|n| gain_from_db(db) * (w * n as f64).sin()).collect()
    }

    /// The formula of the paper, written out by region.
    fn formula(level: f64, threshold: f64, ratio: f64, knee: f64) -> f64 {
        let over = level - threshold;
        if 2.0 * over < -knee {
            level
        } else if 2.0 * over.abs() <= knee {
            level + (1.0 / ratio - 1.0) * (over + knee / 2.0).powi(2) / (2.0 * knee)
        } else {
            threshold + over / ratio
        }
    }

    #[test]
    fn fast_logarithm_and_exponential_agree_with_std() {
        for i in 0..20_000 {
            let power = 10f64.powf(-19.0 + f64::from(i) * 0.0015);
            assert!((db_from_power(power) - 10.0 * power.log10()).abs() < 1e-11, "{power}");
            let db = f64::from(i) * 0.01;
            assert!((gain_from_reduction(db) / gain_from_db(-db) - 1.0).abs() < 1e-13, "{db}");
        }
        assert_eq!(gain_from_reduction(0.0), 1.0);
        assert!(db_from_power(0.0) < -199.0);
    }

    #[test]
    fn c1_the_static_curve_is_the_formula() {
        for (detector, crest_db) in [(0.0, 0.0), (1.0, 10.0 * 2f64.log10()), (2.0, 10.0 * 2f64.log10())] {
            for (ratio, knee) in [(4.0, 0.0), (2.0, 6.0), (100.0, 12.0)] {
                let mut worst: f64 = 0.0;
                for step in 0..=30 {
                    let db = -60.0 + 2.0 * f64::from(step);
                    let given = [
                        (DETECTOR, detector),
                        (THRESHOLD, -24.0),
                        (RATIO, ratio),
                        (KNEE, knee),
                        (ATTACK, 5.0),
                        (RELEASE, 50.0),
                    ];
                    let x = sine(1000.0, db, 48_000 / 2);
                    let [y, _] = run(build(&given).as_mut(), &x, &x);
                    let n = 4800;
                    let power =
                        |x: &[f64]| x[x.len() - 64 - n..x.len() - 64].iter().map(|v| v * v).sum::<f64>();
                    let reduction = 10.0 * (power(&y[..x.len()]) / power(&x)).log10();
                    let level = db - crest_db;
                    worst = worst.max((reduction - (formula(level, -24.0, ratio, knee) - level)).abs());
                }
                println!("C1 detector {detector} ratio {ratio} knee {knee}: {worst:.5} dB");
                assert!(worst <= 0.02, "detector {detector}, ratio {ratio}, knee {knee}: {worst}");
            }
        }
    }

    /// Times to 63.2 % of the dB step of a 2 kHz tone −40 → −6 → −40 dBFS, read from the gain itself.
    fn times_ms(detector: f64, attack: f64, release: f64) -> (f64, f64) {
        let third = 48_000 * 2;
        let mut x = sine(2000.0, -40.0, third);
        x.extend(sine(2000.0, -6.0, third));
        x.extend(sine(2000.0, -40.0, third));
        let given = [
            (DETECTOR, detector),
            (THRESHOLD, -20.0),
            (RATIO, 4.0),
            (KNEE, 0.0),
            (ATTACK, attack),
            (RELEASE, release),
        ];
        let [y, _] = run(build(&given).as_mut(), &x, &x);
        let gain_db = |n: usize| {
            db_from_gain(
                (y[n - 11..n + 12].iter().map(|v| v * v).sum::<f64>()
                    / x[n - 11..n + 12].iter().map(|v| v * v).sum::<f64>())
                .sqrt(),
            )
        };
        let deepest = gain_db(2 * third - 100);
        let at = |from: usize, passed: &dyn Fn(f64) -> bool| {
            (from + 12..from + third - 100)
                .find(|&n| passed(gain_db(n)))
                .map_or(f64::NAN, |n| (n - from) as f64 / 48.0)
        };
        (at(third, &|g| g <= 0.632 * deepest), at(2 * third, &|g| g >= 0.368 * deepest))
    }

    #[test]
    fn c2_attack_and_release_take_the_time_they_say() {
        for detector in [0.0, 1.0, 2.0] {
            for (attack, release) in [(10.0, 100.0), (30.0, 300.0)] {
                let (a, r) = times_ms(detector, attack, release);
                println!("C2 detector {detector}: set {attack}/{release}, measured {a:.2}/{r:.2} ms");
                assert!((a / attack - 1.0).abs() <= 0.05, "detector {detector}: attack {a} ms for {attack}");
                assert!(
                    (r / release - 1.0).abs() <= 0.05,
                    "detector {detector}: release {r} ms for {release}"
                );
            }
        }
    }

    #[test]
    fn c3_linked_channels_get_the_same_gain_and_the_mix_does_not_comb() {
        let (l, r) = (sine(1000.0, -3.0, 24_000), sine(1000.0, -30.0, 24_000));
        let [yl, yr] = run(build(&[(LINK, 100.0), (RATIO, 4.0)]).as_mut(), &l, &r);
        for n in 12_000..24_000 {
            if l[n].abs() > 0.1 {
                assert!((yl[n] / l[n] - yr[n] / r[n]).abs() < 1e-12);
            }
        }
        let x = sine(1000.0, 0.0, 48_000);
        let given = [(MIX, 50.0), (RATIO, 100.0), (THRESHOLD, -60.0), (KNEE, 0.0), (LOOKAHEAD, 5.0)];
        let mut compressor = build(&given);
        let latency = compressor.latency().as_len();
        assert_eq!(latency, 240);
        let [y, _] = run(compressor.as_mut(), &x, &x);
        // 57 dB down and the dry half: half the sum of the two, sample for sample.
        let wet = gain_from_db(formula(-10.0 * 2f64.log10(), -60.0, 100.0, 0.0) + 10.0 * 2f64.log10());
        for n in 40_000..48_000 {
            assert!((y[n] - 0.5 * (1.0 + wet) * x[n - latency]).abs() < 1e-5, "{n}");
        }
    }

    #[test]
    fn below_the_threshold_and_at_ratio_one_every_bit_passes() {
        let x = sine(777.0, -30.0, 10_000);
        for given in [&[(THRESHOLD, -10.0)][..], &[(RATIO, 1.0), (THRESHOLD, -60.0)]] {
            let [y, _] = run(build(given).as_mut(), &x, &x);
            assert_eq!(y[..x.len()], x);
        }
    }

    #[test]
    fn damage_does_not_outlive_its_block() {
        let mut x = sine(500.0, -6.0, 96_000);
        (x[100], x[101], x[102]) = (f64::NAN, f64::INFINITY, f64::NEG_INFINITY);
        for detector in [0.0, 1.0, 2.0] {
            let mut compressor = build(&[(DETECTOR, detector), (SIDECHAIN_HPF, 100.0)]);
            let [y, _] = run(compressor.as_mut(), &x, &x);
            assert!(y.iter().all(|v| v.is_finite()));
            let clean = sine(500.0, -6.0, 96_000);
            let [expected, _] =
                run(build(&[(DETECTOR, detector), (SIDECHAIN_HPF, 100.0)]).as_mut(), &clean, &clean);
            assert!((y[95_000] - expected[95_000]).abs() < 1e-3, "detector {detector}");
            compressor.reset();
            let [again, _] = run(compressor.as_mut(), &clean, &clean);
            assert_eq!(again, expected, "reset is not as new");
        }
    }

    #[test]
    fn the_side_chain_filter_is_butterworth() {
        let mut filter = HighPass { g: (PI * 100.0 / RATE.hz()).tan(), ..HighPass::default() };
        let y: Vec<f64> = sine(100.0, 0.0, 48_000).into_iter().map(|x| filter.tick(x)).collect();
        let rms = (y[24_000..].iter().map(|v| v * v).sum::<f64>() / 24_000.0 * 2.0).sqrt();
        assert!((db_from_gain(rms) + 3.0103).abs() < 0.01, "{rms}");
    }
}
