//! True-peak look-ahead limiter.
//!
//! The gain each frame needs is `min(1, ceiling / peak)`, with the peak between the samples read by
//! [`crate::dsp::peak_detector`]. It is held at its minimum over look-ahead plus hold, released exponentially *after* that
//! minimum and *before* smoothing, then smoothed by three moving averages that together reach over the look-ahead. As the
//! minimum is held for as long as the averages reach, the smoothed gain has arrived when the peak does: no overshoot by
//! construction. The hold exceeds twice the reach of the detector, so the gain stands still while the peak passes and the
//! interpolated output is the gain times the interpolated input. Gain acts at the base rate; a clamp at the ceiling
//! stands behind it and has nothing to do.
//!
//! *Transient link* is the share of a channel's reduction the other takes at once, *release link* the share of a
//! *sustained* reduction (charged over 30 ms) the other follows. A signal below the ceiling passes bit for bit.

use std::sync::LazyLock;

use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::envelope::{GainSmoother, SlidingMin, one_pole};
use crate::dsp::peak_detector::PeakDetector;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::{Frames, SampleRate, db_from_gain};

const INPUT_GAIN: ParamIndex = 0;
const CEILING: ParamIndex = 1;
const RELEASE: ParamIndex = 2;
const AUTO_RELEASE: ParamIndex = 3;
const LOOKAHEAD: ParamIndex = 4;
const CHARACTER: ParamIndex = 5;
const TRUE_PEAK: ParamIndex = 6;
const LINK_TRANSIENT: ParamIndex = 7;
const LINK_RELEASE: ParamIndex = 8;

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    let mut params = vec![
        ParamDesc::number("input_gain_db", "Input gain", Unit::Db, -24.0, 36.0, 0.0)
            .help("Gain into the limiter: how loud it gets."),
        ParamDesc::number("ceiling_dbtp", "Ceiling", Unit::Dbtp, -24.0, 0.0, -1.0)
            .help("What no peak passes, between the samples too while true peak is on."),
        ParamDesc::number("release_ms", "Release", Unit::Ms, 1.0, 2000.0, 100.0).log().help(
            "Time in which 63.2 % of the reduction (as a factor) is given back once nothing needs it any more.",
        ),
        ParamDesc::switch("auto_release", "Auto release", true).help(
            "Adds a slow release of 1.5 s for reduction that lasts (charged over 200 ms): short peaks are let go after the set release, dense passages do not pump.",
        ),
        ParamDesc::number("lookahead_ms", "Look-ahead", Unit::Ms, 0.5, 20.0, 5.0).log().structural().help(
            "Time over which the gain goes down before a peak. Below 5 ms low notes are bent; adds to the latency.",
        ),
        ParamDesc::choice("character", "Character", &["transparent"], 0)
            .help("Transparent: look-ahead as set, exponential release."),
        ParamDesc::switch("true_peak", "True peak", true)
            .help("Off: only the samples keep the ceiling, the curve between them may pass it."),
        ParamDesc::number("link_transient_percent", "Link transients", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of a reduction the other channel takes at once."),
        ParamDesc::number("link_release_percent", "Link release", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of a sustained reduction (charged over 30 ms) the other channel follows."),
    ];
    params.shrink_to_fit();
    params
});

/// Shortest hold; longer where the detector reaches farther.
const HOLD_MS: f64 = 5.0;

/// Slow release of the automatic, and the time that charges it.
const SLOW_RELEASE_MS: f64 = 1500.0;
const SLOW_CHARGE_MS: f64 = 200.0;

/// Time that makes a reduction a sustained one, for the release link.
const SUSTAIN_MS: f64 = 30.0;

/// A gain nearer to 1 than this is 1 (0.000001 dB).
const SNAP: f64 = 1e-7;

/// Samples beyond this are damage, not sound; they are cut so that the arithmetic stays finite.
const INPUT_MAX: f64 = 1e9;

/// The entry for the registry.
pub struct LimiterKind;

impl Kind for LimiterKind {
    fn id(&self) -> &'static str {
        "limiter"
    }

    fn name(&self) -> &'static str {
        "True-peak limiter"
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Limiter::new(values, setup.sample_rate))
    }
}

/// Gain states of one channel.
struct Channel {
    detector: PeakDetector,
    /// Audio after the input gain.
    audio: Delay,
    held: SlidingMin,
    smoother: GainSmoother,
    fast: f64,
    slow: f64,
    /// Reduction that lasts, seen by the other channel.
    sustained: f64,
}

impl Channel {
    fn is_open(&self) -> bool {
        self.fast >= 1.0 && self.slow >= 1.0 && self.sustained >= 1.0
    }

    /// States of the gain as after a long time without reduction.
    fn open(&mut self) {
        self.held.reset();
        self.smoother.reset();
        (self.fast, self.slow, self.sustained) = (1.0, 1.0, 1.0);
    }
}

struct Limiter {
    rate: SampleRate,
    latency: usize,
    /// Frames a needed gain can act on the output.
    memory: usize,
    channels: [Channel; CHANNELS],
    input_gain: SmoothedGain,
    ceiling: SmoothedGain,
    /// The ceiling in force when the gain was found, in time with the audio.
    ceiling_delay: Delay,
    link_transient: Smoothed,
    link_release: Smoothed,
    auto_release: bool,
    true_peak: bool,
    release: f64,
    slow_release: f64,
    slow_charge: f64,
    sustain: f64,
    /// Frames until no reduction can be under way any more.
    busy: usize,
    /// Smallest gain of the last block.
    lowest: f64,
}

impl Limiter {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let lookahead = rate.frames_from_seconds(values.get(LOOKAHEAD) / 1000.0).as_len();
        let stage = (lookahead + 2).div_ceil(3);
        let reach = GainSmoother::new(stage).reach();
        let hold = rate.frames_from_seconds(HOLD_MS / 1000.0).as_len().max(2 * (PeakDetector::latency() + 1));
        let from_gain_to_audio = reach - 1 + hold / 2;
        let channel = |_| Channel {
            detector: PeakDetector::new(rate),
            audio: Delay::new(PeakDetector::latency() + from_gain_to_audio, 0.0),
            held: SlidingMin::new(reach + hold, 1.0),
            smoother: GainSmoother::new(stage),
            fast: 1.0,
            slow: 1.0,
            sustained: 1.0,
        };
        let percent = |param| Smoothed::new(values.get(param) / 100.0, RAMP_MS, rate);
        let ceiling = SmoothedGain::new(values.get(CEILING), RAMP_MS, rate);
        Self {
            rate,
            latency: PeakDetector::latency() + from_gain_to_audio,
            memory: 2 * reach + hold + QUANTUM,
            channels: [0, 1].map(channel),
            input_gain: SmoothedGain::new(values.get(INPUT_GAIN), RAMP_MS, rate),
            ceiling_delay: Delay::new(from_gain_to_audio, ceiling.factor()),
            ceiling,
            link_transient: percent(LINK_TRANSIENT),
            link_release: percent(LINK_RELEASE),
            auto_release: values.is_on(AUTO_RELEASE),
            true_peak: values.is_on(TRUE_PEAK),
            release: one_pole(values.get(RELEASE), rate),
            slow_release: one_pole(SLOW_RELEASE_MS, rate),
            slow_charge: one_pole(SLOW_CHARGE_MS, rate),
            sustain: one_pole(SUSTAIN_MS, rate),
            busy: 0,
            lowest: 1.0,
        }
    }

    /// Input gain, with what is not sound taken out.
    fn drive(&mut self, block: &mut Block) {
        for sample in block.channels_mut().iter_mut().flatten() {
            *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-INPUT_MAX, INPUT_MAX) };
        }
        if self.input_gain.is_moving() {
            let (left, right) = block.stereo_mut();
            for (l, r) in left.iter_mut().zip(right) {
                let gain = self.input_gain.tick();
                *l *= gain;
                *r *= gain;
            }
        } else {
            block.scale(self.input_gain.factor());
        }
    }

    /// The gain every frame needs, by channel; whether any is below 1.
    fn needed(&mut self, block: &Block, ceilings: &[f64; QUANTUM], gains: &mut [[f64; QUANTUM]; 2]) -> bool {
        let threshold = ceilings.iter().copied().fold(f64::INFINITY, f64::min);
        let mut any = false;
        for ((channel, input), gains) in self.channels.iter_mut().zip(block.channels()).zip(gains) {
            if self.true_peak {
                channel.detector.process(input, threshold, gains);
            } else {
                channel.detector.process_samples(input, gains);
            }
            for (gain, ceiling) in gains.iter_mut().zip(ceilings) {
                let peak = *gain;
                *gain = if peak > *ceiling { ceiling / peak } else { 1.0 };
                any |= peak > *ceiling;
            }
        }
        any
    }

    /// From the needed gains to those applied.
    fn shape(&mut self, gains: &mut [[f64; QUANTUM]; 2]) {
        let [left, right] = &mut self.channels;
        let [gains_left, gains_right] = gains;
        let times = Times {
            release: self.release,
            slow: self.auto_release.then_some((self.slow_charge, self.slow_release)),
            sustain: self.sustain,
        };
        for (l, r) in gains_left.iter_mut().zip(gains_right) {
            let (held_l, held_r) = (left.held.tick(*l), right.held.tick(*r));
            let both = held_l.min(held_r);
            let link = self.link_transient.tick();
            let released_l = left.release(held_l + link * (both - held_l), &times);
            let released_r = right.release(held_r + link * (both - held_r), &times);
            let link = self.link_release.tick();
            let follow = |other: f64| 1.0 - link * (1.0 - other);
            *l = left.smoother.tick(released_l.min(follow(right.sustained)));
            *r = right.smoother.tick(released_r.min(follow(left.sustained)));
        }
    }

    /// Notices when the gain has been 1 for as long as the averages reach.
    fn count_down(&mut self) {
        if !self.channels.iter().all(Channel::is_open) {
            self.busy = self.memory;
            return;
        }
        self.busy = self.busy.saturating_sub(QUANTUM);
        if self.busy == 0 {
            self.channels.iter_mut().for_each(Channel::open);
        }
    }

    /// Multiplies the delayed audio with its gain.
    fn apply(&mut self, block: &mut Block, ceilings: &[f64; QUANTUM], gains: &[[f64; QUANTUM]; 2]) {
        let delayed: [f64; QUANTUM] = std::array::from_fn(|i| self.ceiling_delay.tick(ceilings[i]));
        for ((channel, samples), gains) in self.channels.iter_mut().zip(block.channels_mut()).zip(gains) {
            for ((sample, gain), ceiling) in samples.iter_mut().zip(gains).zip(&delayed) {
                *sample = (channel.audio.tick(*sample) * gain).clamp(-ceiling, *ceiling);
            }
        }
    }
}

/// Coefficients of the release.
struct Times {
    release: f64,
    /// Charge and release of the slow stage, where it is on.
    slow: Option<(f64, f64)>,
    sustain: f64,
}

/// One step from `state` towards `target`, which snaps to 1.
#[inline]
fn towards(target: f64, state: f64, coefficient: f64) -> f64 {
    let next = target + coefficient * (state - target);
    if next > 1.0 - SNAP { 1.0 } else { next }
}

impl Channel {
    /// Lets the held gain go back in time: down at once, up by the release.
    #[inline]
    fn release(&mut self, held: f64, times: &Times) -> f64 {
        self.fast = if held <= self.fast { held } else { towards(held, self.fast, times.release) };
        let mut gain = self.fast;
        if let Some((charge, release)) = times.slow {
            self.slow = towards(held, self.slow, if held < self.slow { charge } else { release });
            gain = gain.min(self.slow);
        } else {
            self.slow = 1.0;
        }
        self.sustained =
            if gain >= self.sustained { gain } else { towards(gain, self.sustained, times.sustain) };
        gain
    }
}

impl Processor for Limiter {
    fn latency(&self) -> Frames {
        Frames(self.latency as i64)
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.detector.reset();
            channel.audio.reset();
            channel.open();
        }
        self.input_gain.settle();
        self.ceiling.settle();
        self.link_transient.settle();
        self.link_release.settle();
        self.ceiling_delay.fill(self.ceiling.factor());
        self.busy = 0;
        self.lowest = 1.0;
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            INPUT_GAIN => self.input_gain.set_db(value),
            CEILING => self.ceiling.set_db(value),
            RELEASE => self.release = one_pole(value, self.rate),
            AUTO_RELEASE => self.auto_release = value >= 0.5,
            TRUE_PEAK => self.true_peak = value >= 0.5,
            LINK_TRANSIENT => self.link_transient.set(value / 100.0),
            LINK_RELEASE => self.link_release.set(value / 100.0),
            // Structural, or with a single choice.
            LOOKAHEAD | CHARACTER => {}
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        self.drive(block);
        let ceilings: [f64; QUANTUM] = if self.ceiling.is_moving() {
            std::array::from_fn(|_| self.ceiling.tick())
        } else {
            [self.ceiling.factor(); QUANTUM]
        };
        let mut gains = [[1.0; QUANTUM]; 2];
        if self.needed(block, &ceilings, &mut gains) {
            self.busy = self.memory;
        }
        if self.busy > 0 {
            self.shape(&mut gains);
            self.count_down();
        } else {
            self.link_transient.advance(QUANTUM as u32);
            self.link_release.advance(QUANTUM as u32);
        }
        self.lowest = gains.iter().flatten().copied().fold(1.0, f64::min);
        self.apply(block, &ceilings, &gains);
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        Some(db_from_gain(self.lowest.max(1e-10)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise::Noise;
    use crate::units::gain_from_db;
    use std::f64::consts::PI;

    const CD: SampleRate = SampleRate::CD;

    fn build(rate: SampleRate, given: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
        let mut values = Values::defaults(&PARAMS);
        given.iter().for_each(|&(param, value)| values.set(param, value));
        LimiterKind.build(&values, &Setup { sample_rate: rate })
    }

    /// Runs a signal through and takes the latency off.
    fn run(limiter: &mut dyn Processor, left: &[f64], right: &[f64]) -> [Vec<f64>; 2] {
        let latency = limiter.latency().as_len();
        let frames = left.len();
        let mut out = [Vec::new(), Vec::new()];
        for start in (0..frames + latency).step_by(QUANTUM) {
            let mut block = Block::silent();
            for (channel, input) in block.channels_mut().iter_mut().zip([left, right]) {
                for (sample, n) in channel.iter_mut().zip(start..) {
                    *sample = input.get(n).copied().unwrap_or(0.0);
                }
            }
            limiter.process(Frames(start as i64), &mut block);
            out.iter_mut().zip(block.channels()).for_each(|(o, c)| o.extend_from_slice(c));
        }
        out.map(|o| o[latency..latency + frames].to_vec())
    }

    /// Largest magnitude of the curve through the samples, on a grid of 32 points a frame, by zero-padding the
    /// spectrum of the whole; independent of the detector.
    fn true_peak(x: &[f64]) -> f64 {
        let n = x.len().next_power_of_two() * 2;
        let mut padded = vec![0.0; n];
        padded[n / 4..n / 4 + x.len()].copy_from_slice(x);
        let mut planner = crate::dsp::fft::RealFftPlanner::<f64>::new();
        let forward = planner.plan_fft_forward(n);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).unwrap();
        *spectrum.last_mut().unwrap() *= 0.5;
        let inverse = planner.plan_fft_inverse(32 * n);
        let mut wide = inverse.make_input_vec();
        wide[..spectrum.len()].copy_from_slice(&spectrum);
        let mut fine = inverse.make_output_vec();
        inverse.process(&mut wide, &mut fine).unwrap();
        fine.iter().fold(0.0f64, |m, v| m.max(v.abs())) / n as f64
    }

    /// How far a limited signal passes the ceiling between the samples, dB; sample peaks are asserted.
    fn over_db(left: &[f64], right: &[f64], rate: SampleRate, input_gain_db: f64) -> f64 {
        let mut limiter = build(rate, &[(INPUT_GAIN, input_gain_db)]);
        let ceiling = gain_from_db(-1.0);
        let out = run(limiter.as_mut(), left, right);
        assert!(out.iter().flatten().all(|s| s.abs() <= ceiling), "a sample passed the ceiling");
        db_from_gain(out.iter().map(|o| true_peak(o)).fold(0.0, f64::max) / ceiling)
    }

    fn noise(seed: u64, frames: usize) -> Vec<f64> {
        let noise = Noise::new(seed, 0);
        (0..frames as i64).map(|n| 2.0 * noise.uniform(n, 0) - 1.0).collect()
    }

    /// Drums, bass, chord and noise with a beat, peaks at 0 dBFS.
    fn programme(rate: SampleRate, frames: usize, seed: u64) -> Vec<f64> {
        let hiss = noise(seed, frames);
        let mut lowpassed = 0.0;
        let x: Vec<f64> = (0..frames)
            .map(|n| {
                let t = n as f64 / rate.hz();
                let beat = (t * 2.3).fract() / 2.3;
                let kick =
                    (-30.0 * beat).exp() * (2.0 * PI * (50.0 + 120.0 * (-60.0 * beat).exp()) * beat).sin();
                lowpassed += 0.7 * (hiss[n] - lowpassed);
                let hat = (-60.0 * ((t * 9.2).fract() / 9.2)).exp() * lowpassed;
                let chord: f64 = [110.0, 220.3, 277.2, 329.6, 1318.5, 5274.0]
                    .iter()
                    .map(|f| (2.0 * PI * f * t).sin() / 6.0)
                    .sum();
                kick + 0.5 * hat + 0.5 * chord
            })
            .collect();
        let peak = x.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        x.iter().map(|v| v / peak).collect()
    }

    /// Brings a signal to a share of Nyquist by a long windowed sinc.
    fn band_limited(x: &[f64], share: f64) -> Vec<f64> {
        use crate::dsp::window::{kaiser_at, sinc};
        let taps: Vec<f64> = (-200..=200)
            .map(|k| share * sinc(share * f64::from(k)) * kaiser_at(f64::from(k) / 200.0, 9.0))
            .collect();
        (0..x.len())
            .map(|n| {
                taps.iter().zip(n as i64 - 200..).map(|(t, i)| x.get(i as usize).map_or(0.0, |v| t * v)).sum()
            })
            .collect()
    }

    /// With soft ends, so that the ends are no signal of their own.
    fn faded(mut x: Vec<f64>) -> Vec<f64> {
        let frames = x.len();
        for i in 0..500 {
            let gain = 0.5 - 0.5 * (PI * i as f64 / 500.0).cos();
            x[i] *= gain;
            x[frames - 1 - i] *= gain;
        }
        x
    }

    const FRAMES: usize = 30_000;

    fn full_band_torture() -> Vec<(&'static str, Vec<f64>)> {
        let signs = |period: usize| -> Vec<f64> {
            // Signs of the tail of a sinc around places `period` apart.
            (0..FRAMES)
                .map(|n| {
                    let k = (n % period) as f64 - (period / 2) as f64 + 0.5;
                    if (k.floor() as i64).rem_euclid(2) == 0 { k.signum() } else { -k.signum() }
                })
                .collect()
        };
        let clipped = |gain: f64| noise(4, FRAMES).iter().map(|v| (gain * v).clamp(-1.0, 1.0)).collect();
        vec![
            ("white ±1", noise(1, FRAMES).iter().map(|v| v.signum()).collect()),
            ("clipped noise", clipped(3.0)),
            ("signs 32", signs(32)),
            ("signs 128", signs(128)),
            ("signs 256", signs(256)),
            (
                "clipped programme",
                programme(CD, FRAMES, 2).iter().map(|v| (4.0 * v).clamp(-1.0, 1.0)).collect(),
            ),
        ]
    }

    #[test]
    fn l1_programme_keeps_the_true_peak() {
        for hz in [44_100, 48_000, 96_000, 192_000] {
            let rate = SampleRate(hz);
            // As out of a converter: nothing in the last 6 % below Nyquist.
            let music = |seed| band_limited(&programme(rate, FRAMES, seed), 0.94);
            let (l, r) = (music(1), music(2));
            for gain_db in [3.0, 6.0, 9.0] {
                let over = over_db(&faded(l.clone()), &faded(r.clone()), rate, gain_db);
                println!("L1 {hz} Hz +{gain_db} dB: {over:+.4} dB");
                assert!(over <= 0.05, "{hz} Hz +{gain_db} dB: {over}");
            }
        }
    }

    #[test]
    fn l2_band_limited_torture_keeps_the_true_peak() {
        let tone = |f: f64, phase: f64| -> Vec<f64> {
            (0..FRAMES).map(|n| (2.0 * PI * f * n as f64 + phase).sin()).collect()
        };
        let mut signals = vec![
            ("fs/4 at 45°", tone(0.25, PI / 4.0)),
            ("fs/3", tone(1.0 / 3.0, 0.3)),
            ("0.45 fs", tone(0.45, 0.1)),
        ];
        for (name, x) in full_band_torture() {
            signals.push((name, band_limited(&x, 0.94)));
        }
        let square: Vec<f64> = (0..FRAMES).map(|n| if n % 90 < 45 { 1.0 } else { -1.0 }).collect();
        signals.push(("square", band_limited(&square, 0.94)));
        for (name, x) in signals {
            let x = faded(x);
            let over = over_db(&x, &x, CD, 6.0);
            println!("L2 {name}: {over:+.4} dB");
            assert!(over <= 0.10, "{name}: {over}");
        }
    }

    #[test]
    fn l2b_full_band_torture_stays_near_the_ceiling() {
        for (name, x) in full_band_torture() {
            let x = faded(x);
            let over = over_db(&x, &x, CD, 6.0);
            println!("L2b {name}: {over:+.4} dB");
            assert!(over <= 0.6, "{name}: {over}");
        }
    }

    #[test]
    fn l4_low_notes_are_not_bent_and_l5_the_gain_is_still() {
        for (freq_hz, limit_db) in [(50.0, -74.0), (5000.0, -120.0)] {
            let frames = CD.0 as usize * 3;
            let w = 2.0 * PI * freq_hz / CD.hz();
            let x: Vec<f64> = (0..frames).map(|n| (w * n as f64).sin()).collect();
            for auto in [0.0, 1.0] {
                let given = [(INPUT_GAIN, 5.0), (CEILING, -1.0), (RELEASE, 100.0), (AUTO_RELEASE, auto)];
                let [y, _] = run(build(CD, &given).as_mut(), &x, &x);
                // Least squares over whole periods of the last second; what is left is distortion and noise.
                let (mut re, mut im) = (0.0, 0.0);
                let tail = frames - CD.0 as usize - 4410..frames - 4410;
                for n in tail.clone() {
                    re += y[n] * (w * n as f64).sin() * 2.0 / CD.hz();
                    im += y[n] * (w * n as f64).cos() * 2.0 / CD.hz();
                }
                let power: f64 = tail
                    .map(|n| (y[n] - re * (w * n as f64).sin() - im * (w * n as f64).cos()).powi(2))
                    .sum::<f64>()
                    * 2.0
                    / CD.hz();
                let thd_db = 10.0 * (power / (re * re + im * im)).log10();
                println!(
                    "L4/L5 {freq_hz} Hz auto {auto}: {thd_db:.1} dB, level {:.3}",
                    db_from_gain(re.hypot(im))
                );
                assert!(thd_db <= limit_db, "{freq_hz} Hz: {thd_db} dB");
                assert!((db_from_gain(re.hypot(im)) + 1.0).abs() < 0.02);
            }
        }
    }

    #[test]
    fn l6_what_stays_below_the_ceiling_passes_bit_for_bit() {
        for hz in [44_100, 96_000] {
            let rate = SampleRate(hz);
            let x: Vec<f64> = programme(rate, FRAMES, 3).iter().map(|v| 0.5 * v).collect();
            let [l, r] = run(build(rate, &[]).as_mut(), &x, &x);
            assert!(l == x && r == x, "{hz} Hz");
        }
        // And again after it has been at work.
        let mut x = vec![1.5; 1000];
        x.extend(programme(CD, 200_000, 3).iter().map(|v| 0.5 * v));
        let [l, _] = run(build(CD, &[(AUTO_RELEASE, 0.0), (RELEASE, 10.0)]).as_mut(), &x, &x);
        assert_eq!(l[20_000..], x[20_000..]);
    }

    #[test]
    fn the_short_way_through_quiet_passages_changes_no_bit() {
        let x: Vec<f64> = programme(CD, FRAMES, 5)
            .iter()
            .enumerate()
            .map(|(n, v)| if n / 9000 % 2 == 0 { 1.5 * v } else { 0.3 * v })
            .collect();
        let values = Values::defaults(&PARAMS);
        let mut short = Limiter::new(&values, CD);
        let mut long = Limiter::new(&values, CD);
        for (start, frames) in x.chunks_exact(QUANTUM).enumerate() {
            let mut a = Block::silent();
            a.channels_mut()[0].copy_from_slice(frames);
            let mut b = a.clone();
            short.process(Frames((start * QUANTUM) as i64), &mut a);
            long.busy = long.memory;
            long.process(Frames((start * QUANTUM) as i64), &mut b);
            assert!(a == b, "block {start}");
        }
    }

    #[test]
    fn damage_does_not_outlive_the_memory_and_reset_is_as_new() {
        let clean = programme(CD, FRAMES, 6);
        let mut broken = clean.clone();
        (broken[500], broken[501], broken[502]) = (f64::NAN, f64::INFINITY, -1e300);
        let mut limiter = build(CD, &[(INPUT_GAIN, 6.0), (AUTO_RELEASE, 0.0)]);
        let out = run(limiter.as_mut(), &broken, &broken);
        assert!(out.iter().flatten().all(|v| v.abs() <= gain_from_db(-1.0)));
        limiter.reset();
        let again = run(limiter.as_mut(), &clean, &clean);
        let fresh = run(build(CD, &[(INPUT_GAIN, 6.0), (AUTO_RELEASE, 0.0)]).as_mut(), &clean, &clean);
        assert!(again == fresh);
    }

    #[test]
    fn links_act_on_transients_and_on_sustained_reduction_apart() {
        let quiet = vec![0.1; FRAMES];
        let mut click = vec![0.1; FRAMES];
        click[15_000] = 2.0;
        let loud: Vec<f64> = (0..FRAMES).map(|n| 2.0 * (n as f64 * 0.1).sin()).collect();
        let right = |left: &[f64], transient: f64, release: f64, n: usize| {
            let given = [(LINK_TRANSIENT, transient), (LINK_RELEASE, release)];
            run(build(CD, &given).as_mut(), left, &quiet)[1][n] / 0.1
        };
        assert!(right(&click, 100.0, 0.0, 15_000) < 0.5);
        assert_eq!(right(&click, 0.0, 0.0, 15_000), 1.0);
        assert!(right(&loud, 0.0, 100.0, 29_000) < 0.55);
        assert_eq!(right(&loud, 0.0, 0.0, 29_000), 1.0);
    }
}
