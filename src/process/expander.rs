//! Expander and gate: turns down what lies below a threshold.
//!
//! Level `L` in dB from the side chain; with threshold `T`, ratio `R` and knee `W` the reduction wanted is
//! `(R − 1)·(T − L)`, bent over the knee, at most the range; level and smoothing are those of `process::dynamics`. Attack is
//! the time to 63.2 % of the step in dB when it opens, release when it closes. A gate is an expander of high ratio; hold and
//! hysteresis keep it from chattering (once the level has reached `T`, the threshold is `T − hysteresis` until it falls below
//! that), look-ahead lets it open before the sound. While it is open every bit passes.

use std::sync::LazyLock;

use super::dynamics::sidechain::{
    HighPassOrder, LOW_PASS_OFF_HZ, SideChain, high_pass_param, listen_param, slope_param,
};
use super::dynamics::{
    Ballistics, DETECTOR_WORDS, Detector, ExpanderCurve, Follower, Lanes, LevelReader, Times, delayed_key,
    fade, frames_of, gain_shown_db, make_sane,
};
use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::units::{Frames, SampleRate};

const THRESHOLD: ParamIndex = 0;
const HYSTERESIS: ParamIndex = 1;
const RATIO: ParamIndex = 2;
const KNEE: ParamIndex = 3;
const RANGE: ParamIndex = 4;
const ATTACK: ParamIndex = 5;
const HOLD: ParamIndex = 6;
const RELEASE: ParamIndex = 7;
const DETECTOR: ParamIndex = 8;
const LOOKAHEAD: ParamIndex = 9;
const LINK: ParamIndex = 10;
const SIDECHAIN_HPF: ParamIndex = 11;
const SIDECHAIN_SLOPE: ParamIndex = 12;
const SIDECHAIN_LPF: ParamIndex = 13;
const SIDECHAIN_LISTEN: ParamIndex = 14;
const MIX: ParamIndex = 15;

/// Longest hold the engineer can ask for.
const HOLD_MAX_MS: f64 = 500.0;

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("threshold_db", "Threshold", Unit::Dbfs, -90.0, 0.0, -60.0)
            .help("Level below which the gain goes down: sine peak with the peak detector, rms with the others."),
        ParamDesc::number("hysteresis_db", "Hysteresis", Unit::Db, 0.0, 24.0, 0.0)
            .help("So far below the threshold the level has to fall before it closes again."),
        ParamDesc::number("ratio", "Ratio", Unit::Ratio, 1.0, 100.0, 2.0)
            .log()
            .help("Decibels out for one decibel in below the threshold. 1 does nothing, from 20 on it is a gate."),
        ParamDesc::number("knee_db", "Knee", Unit::Db, 0.0, 24.0, 6.0).help("Width of the bend around the threshold."),
        ParamDesc::number("range_db", "Range", Unit::Db, 0.0, 90.0, 40.0).help("Largest reduction."),
        ParamDesc::number("attack_ms", "Attack", Unit::Ms, 0.05, 200.0, 1.0)
            .log()
            .help("Time to 63.2 % of the step in dB when it opens."),
        ParamDesc::number("hold_ms", "Hold", Unit::Ms, 0.0, HOLD_MAX_MS, 20.0)
            .help("Time the level is held before it begins to close."),
        ParamDesc::number("release_ms", "Release", Unit::Ms, 5.0, 3000.0, 150.0)
            .log()
            .help("Time to 63.2 % of the step in dB when it closes."),
        ParamDesc::choice("detector", "Detector", DETECTOR_WORDS, 0).help(
            "Peak: largest sample of 10 ms. RMS: mean square of 10 ms. Smooth: RMS with a gain curve without corners.",
        ),
        ParamDesc::number("lookahead_ms", "Look-ahead", Unit::Ms, 0.0, 20.0, 0.0)
            .structural()
            .help("Delays the sound, not the side chain; adds to the latency."),
        ParamDesc::number("link_percent", "Link", Unit::Percent, 0.0, 100.0, 100.0)
            .help("100 %: the louder channel opens both; 0 %: each its own."),
        high_pass_param(),
        slope_param(),
        ParamDesc::number("sidechain_lpf_hz", "Side-chain low-pass", Unit::Hz, 200.0, LOW_PASS_OFF_HZ, LOW_PASS_OFF_HZ)
            .log()
            .help("Takes highs out of what is detected, 12 dB per octave (Butterworth); 20 kHz is off."),
        listen_param(),
        ParamDesc::number("mix_percent", "Mix", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of the expanded signal; the rest is the latency-matched input."),
    ]
});

/// The entry for the registry.
pub struct ExpanderKind;

impl Kind for ExpanderKind {
    fn id(&self) -> &'static str {
        "expander"
    }

    fn name(&self) -> &'static str {
        "Expander and gate"
    }

    /// 2: linked channels are one lane; reductions differ by less than 1e-6 dB.
    fn version(&self) -> u32 {
        2
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Expander::new(values, setup.sample_rate))
    }
}

struct Expander {
    rate: SampleRate,
    readers: [LevelReader; CHANNELS],
    followers: [Follower; CHANNELS],
    /// Whether each channel was last open, for the hysteresis.
    is_open: [bool; CHANNELS],
    /// Levels, reductions and gains of the block at hand.
    lanes: Lanes,
    side_chain: SideChain,
    audio: [Delay; CHANNELS],
    /// What the detector hears, in time with the sound.
    heard: [Delay; CHANNELS],
    threshold: Smoothed,
    hysteresis: Smoothed,
    /// `R − 1`.
    slope: Smoothed,
    knee: Smoothed,
    range: Smoothed,
    link: Smoothed,
    mix: Smoothed,
    listen: Smoothed,
    ballistics: Ballistics,
    times: Times,
    gain_db: f64,
}

impl Expander {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let lookahead = rate.frames_from_seconds(values.get(LOOKAHEAD) / 1000.0).as_len();
        let delays = || [0, 1].map(|_| Delay::new(lookahead, 0.0));
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let ballistics = Ballistics {
            detector: Detector::from_value(values.get(DETECTOR)),
            attack_ms: values.get(ATTACK),
            release_ms: values.get(RELEASE),
            hold_ms: values.get(HOLD),
            auto_release: false,
        };
        let mut expander = Self {
            rate,
            readers: [0, 1].map(|_| LevelReader::new(HOLD_MAX_MS, rate)),
            followers: [Follower::default(); CHANNELS],
            is_open: [false; CHANNELS],
            lanes: Lanes::none(),
            side_chain: SideChain::new(HighPassOrder::from_value(values.get(SIDECHAIN_SLOPE)), rate),
            audio: delays(),
            heard: delays(),
            threshold: smoothed(values.get(THRESHOLD)),
            hysteresis: smoothed(values.get(HYSTERESIS)),
            slope: smoothed(values.get(RATIO) - 1.0),
            knee: smoothed(values.get(KNEE)),
            range: smoothed(values.get(RANGE)),
            link: smoothed(values.get(LINK) / 100.0),
            mix: smoothed(values.get(MIX) / 100.0),
            listen: smoothed(values.get(SIDECHAIN_LISTEN)),
            ballistics,
            times: ballistics.expander_times(rate).0,
            gain_db: 0.0,
        };
        expander.side_chain.set_high_pass_hz(values.get(SIDECHAIN_HPF));
        expander.side_chain.set_low_pass_hz(values.get(SIDECHAIN_LPF));
        expander.side_chain.reset();
        expander.set_times();
        expander
    }

    fn curve_numbers(&mut self) -> [&mut Smoothed; 5] {
        [&mut self.threshold, &mut self.hysteresis, &mut self.slope, &mut self.knee, &mut self.range]
    }

    fn set_times(&mut self) {
        let (times, window) = self.ballistics.expander_times(self.rate);
        self.times = times;
        self.readers.iter_mut().for_each(|reader| reader.set_window(window));
    }

    fn curve(&self) -> ExpanderCurve {
        ExpanderCurve {
            threshold_db: self.threshold.value(),
            slope: self.slope.value(),
            knee_db: self.knee.value(),
            range_db: self.range.value(),
        }
    }

    /// Levels become wanted reductions, in place.
    fn apply_curve(&mut self) {
        let moves = self.curve_numbers().iter().any(|n| n.is_moving());
        if !moves && self.hysteresis.rests_at(0.0) {
            // A resting curve is the same for all frames, so that the loop over a block becomes vector code.
            let curve = self.curve();
            for (lane, is_open) in self.lanes.as_mut_slice().iter_mut().zip(&mut self.is_open) {
                *is_open = lane[QUANTUM - 1] >= curve.threshold_db;
                curve.reductions_db(lane);
            }
            if self.lanes.is_one() {
                self.is_open[1] = self.is_open[0];
            }
            return;
        }
        for i in 0..QUANTUM {
            self.curve_numbers().into_iter().for_each(|n| _ = n.tick());
            let (curve, hysteresis_db) = (self.curve(), self.hysteresis.value());
            for (lane, is_open) in self.lanes.as_mut_slice().iter_mut().zip(&mut self.is_open) {
                let lower_db = if *is_open { hysteresis_db } else { 0.0 };
                let threshold_db = curve.threshold_db - lower_db;
                *is_open = lane[i] >= threshold_db;
                lane[i] = ExpanderCurve { threshold_db, ..curve }.reduction_db(lane[i]);
            }
        }
        if self.lanes.is_one() {
            self.is_open[1] = self.is_open[0];
        }
    }

    /// The gains in force for what the detector hears.
    fn read(&mut self, key: &Block) {
        let [one, other] = &self.followers;
        let agree = one.agrees_with(other) && self.is_open[0] == self.is_open[1];
        let one = self.link.rests_at(1.0) && agree;
        let links = frames_of(&mut self.link);
        self.lanes.read_levels(&mut self.readers, self.ballistics.detector, key.channels(), one);
        self.apply_curve();
        let lanes = &mut self.lanes;
        // The channel that is open keeps both open.
        lanes.link_to_smaller(&links);
        lanes.follow(&mut self.followers, self.times);
        self.gain_db = gain_shown_db(lanes.as_slice());
        lanes.become_gains();
    }
}

impl Processor for Expander {
    fn latency(&self) -> Frames {
        Frames(self.audio[0].frames() as i64)
    }

    fn reset(&mut self) {
        self.readers.iter_mut().for_each(LevelReader::reset);
        self.followers = [Follower::default(); CHANNELS];
        self.is_open = [false; CHANNELS];
        self.side_chain.reset();
        self.audio.iter_mut().chain(&mut self.heard).for_each(Delay::reset);
        self.curve_numbers().into_iter().for_each(Smoothed::settle);
        [&mut self.link, &mut self.mix, &mut self.listen].into_iter().for_each(Smoothed::settle);
        self.gain_db = 0.0;
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            THRESHOLD => self.threshold.set(value),
            HYSTERESIS => self.hysteresis.set(value),
            RATIO => self.slope.set(value.max(1.0) - 1.0),
            KNEE => self.knee.set(value),
            RANGE => self.range.set(value),
            ATTACK => self.ballistics.attack_ms = value,
            HOLD => self.ballistics.hold_ms = value,
            RELEASE => self.ballistics.release_ms = value,
            DETECTOR => self.ballistics.detector = Detector::from_value(value),
            SIDECHAIN_HPF => self.side_chain.set_high_pass_hz(value),
            SIDECHAIN_LPF => self.side_chain.set_low_pass_hz(value),
            SIDECHAIN_LISTEN => self.listen.set(value),
            LINK => self.link.set(value / 100.0),
            MIX => self.mix.set(value / 100.0),
            _ => {}
        }
        if matches!(param, ATTACK | HOLD | RELEASE | DETECTOR) {
            self.set_times();
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_sane(block);
        let filtered = self.side_chain.is_on().then(|| {
            let mut key = block.clone();
            self.side_chain.run(&mut key);
            key
        });
        let key = filtered.as_ref().unwrap_or(block);
        let heard = delayed_key(&mut self.heard, &self.listen, key);
        self.read(key);
        let mix = frames_of(&mut self.mix);
        for (channel, samples) in block.channels_mut().iter_mut().enumerate() {
            self.audio[channel].run(samples);
            for ((x, gain), mix) in samples.iter_mut().zip(self.lanes.of_channel(channel)).zip(&mix) {
                *x *= 1.0 + mix * (gain - 1.0);
            }
        }
        if let Some(heard) = heard {
            fade(&mut self.listen, block, &heard);
        }
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        Some(self.gain_db)
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
        ExpanderKind.build(&values, &Setup { sample_rate: RATE })
    }

    fn run(processor: &mut dyn Processor, left: &[f64], right: &[f64]) -> [Vec<f64>; 2] {
        let mut out = [Vec::new(), Vec::new()];
        for start in (0..left.len()).step_by(QUANTUM) {
            let mut block = Block::silent();
            for (channel, input) in block.channels_mut().iter_mut().zip([left, right]) {
                *channel = std::array::from_fn(|i| input.get(start + i).copied().unwrap_or(0.0));
            }
            processor.process(Frames(start as i64), &mut block);
            out.iter_mut().zip(block.channels()).for_each(|(o, c)| o.extend_from_slice(c));
        }
        out
    }

    fn sine(hz: f64, db: impl Fn(usize) -> f64, frames: usize) -> Vec<f64> {
        (0..frames).map(|n| gain_from_db(db(n)) * (2.0 * PI * hz * n as f64 / RATE.hz()).sin()).collect()
    }

    fn rms_db(signal: &[f64]) -> f64 {
        db_from_gain((signal.iter().map(|v| v * v).sum::<f64>() / signal.len() as f64).sqrt())
    }

    #[test]
    fn the_static_curve_is_the_formula() {
        for (detector, crest_db) in [(0.0, 0.0), (1.0, 10.0 * 2f64.log10()), (2.0, 10.0 * 2f64.log10())] {
            for (ratio, knee, range) in [(2.0, 0.0, 90.0), (4.0, 6.0, 30.0), (100.0, 12.0, 60.0)] {
                let mut worst = 0.0f64;
                for step in 0..=28 {
                    let db = -70.0 + 2.0 * f64::from(step);
                    let given = [
                        (DETECTOR, detector),
                        (THRESHOLD, -40.0),
                        (RATIO, ratio),
                        (KNEE, knee),
                        (RANGE, range),
                        (RELEASE, 20.0),
                        (HOLD, 0.0),
                    ];
                    let x = sine(1000.0, |_| db, 48_000);
                    let [y, _] = run(build(&given).as_mut(), &x, &x);
                    let under = -40.0 - (db - crest_db);
                    let bent = if 2.0 * under.abs() <= knee && knee > 0.0 {
                        (under + knee / 2.0).powi(2) / (2.0 * knee)
                    } else {
                        under.max(0.0)
                    };
                    let expected = -((ratio - 1.0) * bent).min(range);
                    let gain = rms_db(&y[43_200..]) - rms_db(&x[43_200..]);
                    worst = worst.max((gain - expected).abs());
                }
                println!("expander detector {detector} ratio {ratio}: {worst:.5} dB");
                assert!(worst < 0.02, "{worst}");
            }
        }
    }

    #[test]
    fn opening_and_closing_take_the_time_they_say_and_hold_waits() {
        for (detector, attack, release, hold) in [
            (0.0, 10.0, 100.0, 0.0),
            (0.0, 30.0, 300.0, 100.0),
            (1.0, 20.0, 150.0, 0.0),
            (2.0, 20.0, 150.0, 20.0),
        ] {
            let given = [
                (DETECTOR, detector),
                (THRESHOLD, -20.0),
                (RATIO, 2.0),
                (KNEE, 0.0),
                (ATTACK, attack),
                (RELEASE, release),
                (HOLD, hold),
            ];
            let loud = 96_000..192_000;
            let x = sine(2000.0, |n| if loud.contains(&n) { -10.0 } else { -50.0 }, 288_000);
            let [y, _] = run(build(&given).as_mut(), &x, &x);
            // Over whole periods of the tone: 24 frames.
            let reduction = |n: usize| rms_db(&x[n - 12..n + 12]) - rms_db(&y[n - 12..n + 12]);
            let full = reduction(95_000);
            let opened = (96_012..).find(|n| reduction(*n) < full * (1.0 - 0.632)).unwrap() - 96_000;
            let closed = (192_012..).find(|n| reduction(*n) > full * 0.632).unwrap() - 192_000;
            let (opened, closed) = (opened as f64 / 48.0, closed as f64 / 48.0);
            println!("set {attack}/{hold}+{release}, measured {opened:.1}/{closed:.1} ms");
            assert!((opened / attack - 1.0).abs() < 0.05, "{opened}");
            assert!((closed / (release + hold) - 1.0).abs() < 0.05, "{closed}");
        }
    }

    #[test]
    fn open_it_passes_every_bit_and_look_ahead_is_the_latency() {
        let x = sine(777.0, |_| -10.0, 48_000);
        let given = [(THRESHOLD, -30.0), (LOOKAHEAD, 5.0)];
        let mut expander = build(&given);
        assert_eq!(expander.latency(), Frames(240));
        let [y, _] = run(expander.as_mut(), &x, &x);
        assert!((24_000..47_000).all(|n| y[n + 240].to_bits() == x[n].to_bits()));
        let [y, _] = run(build(&[(RATIO, 1.0), (THRESHOLD, 0.0)]).as_mut(), &x, &x);
        assert_eq!(y[..x.len()], x);
    }

    #[test]
    fn the_louder_channel_keeps_both_open() {
        let (l, r) = (sine(500.0, |_| -10.0, 48_000), sine(500.0, |_| -70.0, 48_000));
        let [_, linked] = run(build(&[(THRESHOLD, -40.0)]).as_mut(), &l, &r);
        let [_, alone] = run(build(&[(THRESHOLD, -40.0), (LINK, 0.0), (RELEASE, 50.0)]).as_mut(), &l, &r);
        assert!((rms_db(&linked[43_200..]) - rms_db(&r[43_200..])).abs() < 1e-9);
        assert!((rms_db(&alone[43_200..]) - rms_db(&r[43_200..]) + 30.0).abs() < 0.02);
    }

    #[test]
    fn hysteresis_keeps_it_open_between_the_thresholds() {
        // −36 dB lies between T = −30 and T − 12: it depends on what was before.
        let gate = [(THRESHOLD, -30.0), (HYSTERESIS, 12.0), (RATIO, 100.0), (KNEE, 0.0), (RANGE, 40.0)];
        let settled = |before_db: f64, now_db: f64| {
            let mut given = gate.to_vec();
            given.extend([(HOLD, 0.0), (RELEASE, 20.0)]);
            let x = sine(1000.0, |n| if n < 24_000 { before_db } else { now_db }, 72_000);
            let [y, _] = run(build(&given).as_mut(), &x, &x);
            rms_db(&y[62_400..72_000]) - rms_db(&x[62_400..72_000])
        };
        assert!(settled(-10.0, -36.0).abs() < 1e-9, "it was open and stays so");
        assert!((settled(-60.0, -36.0) + 40.0).abs() < 0.01, "it was closed and stays so");
        assert!((settled(-10.0, -43.0) + 40.0).abs() < 0.01, "below both it closes");
        assert!(settled(-60.0, -29.0).abs() < 1e-6, "above it opens");
    }

    #[test]
    fn the_side_chain_decides_and_can_be_listened_to() {
        let x = sine(6000.0, |_| -20.0, 48_000);
        // A low-pass that takes the tone out closes the gate: 12 dB per octave.
        let given =
            [(THRESHOLD, -30.0), (RATIO, 100.0), (KNEE, 0.0), (RELEASE, 20.0), (SIDECHAIN_LPF, 1000.0)];
        let [y, _] = run(build(&given).as_mut(), &x, &x);
        assert!((rms_db(&y[43_200..48_000]) - rms_db(&x[43_200..48_000]) + 40.0).abs() < 0.01);
        let mut listening = given.to_vec();
        listening.extend([(SIDECHAIN_LISTEN, 1.0), (LOOKAHEAD, 2.0)]);
        let [y, _] = run(build(&listening).as_mut(), &x, &x);
        let warp = |hz: f64| (PI * hz / RATE.hz()).tan();
        let expected = -10.0 * (1.0 + (warp(6000.0) / warp(1000.0)).powi(4)).log10();
        let got = rms_db(&y[43_200..48_000]) - rms_db(&x[43_200..48_000]);
        assert!((got - expected).abs() < 0.01, "{got} {expected}");
    }
}
