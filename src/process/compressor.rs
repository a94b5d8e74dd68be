//! Compressor: feed-forward, in the logarithmic domain; level, curve and times are those of `process::dynamics`.
//!
//! Stereo link `λ`: the reduction wanted of a channel is `(1−λ)` its own and `λ` the larger of both. A signal under the
//! threshold passes bit for bit when make-up is 0 dB and the mix is full.

use std::sync::LazyLock;

use super::dynamics::{Ballistics, Curve, DETECTOR_WORDS, Detector, Follower, LevelReader, Times, make_sane};
use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::elementary::{db_from_power, db_from_powers, gains_from_reductions};
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
        ParamDesc::choice("detector", "Detector", DETECTOR_WORDS, 1).help(
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

/// States of one channel.
struct Channel {
    audio: Delay,
    level: LevelReader,
    reduction: Follower,
}

impl Channel {
    fn reset(&mut self) {
        self.audio.reset();
        self.level.reset();
        self.reduction.reset();
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
    ballistics: Ballistics,
    times: Times,
    deepest_db: f64,
}

impl Compressor {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let frames = |ms: f64| rate.frames_from_seconds(ms / 1000.0).as_len();
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let channel = |_| Channel {
            audio: Delay::new(frames(values.get(LOOKAHEAD)), 0.0),
            level: LevelReader::new(HOLD_MAX_MS, rate),
            reduction: Follower::default(),
        };
        let ballistics = Ballistics {
            detector: Detector::from_value(values.get(DETECTOR)),
            attack_ms: values.get(ATTACK),
            release_ms: values.get(RELEASE),
            hold_ms: values.get(HOLD),
            auto_release: values.is_on(AUTO_RELEASE),
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
            ballistics,
            times: ballistics.times(rate).0,
            deepest_db: 0.0,
        };
        compressor.set_filter(values.get(SIDECHAIN_HPF));
        compressor.channels.iter_mut().for_each(|c| c.level.filter.clear());
        compressor.set_times();
        compressor
    }

    fn set_filter(&mut self, freq_hz: f64) {
        self.channels.iter_mut().for_each(|c| c.level.filter.set_hz(freq_hz, self.rate));
    }

    fn set_times(&mut self) {
        let (times, window) = self.ballistics.times(self.rate);
        self.times = times;
        self.channels.iter_mut().for_each(|c| c.level.set_window(window));
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
        for levels in [left, right] {
            db_from_powers(levels);
            curve.reductions_db(levels);
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
            *l = left.reduction.follow(*l + link * (both - *l), &self.times);
            *r = right.reduction.follow(*r + link * (both - *r), &self.times);
            self.deepest_db = self.deepest_db.max(*l).max(*r);
        }
        gains_from_reductions(reductions_left);
        gains_from_reductions(reductions_right);
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
            ATTACK => self.ballistics.attack_ms = value,
            RELEASE => self.ballistics.release_ms = value,
            HOLD => self.ballistics.hold_ms = value,
            AUTO_RELEASE => self.ballistics.auto_release = value >= 0.5,
            DETECTOR => self.ballistics.detector = Detector::from_value(value),
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
        make_sane(block);
        let [left, right] = &mut self.channels;
        let detector = self.ballistics.detector;
        let mut work =
            [left.level.levels(block.left(), detector), right.level.levels(block.right(), detector)];
        self.apply_curve(&mut work);
        self.apply_times(&mut work);
        self.apply_gains(block, &work);
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        Some(-self.deepest_db)
    }
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
}
