//! Rows C1 to C3 of the targets, both ways of compression, mid/side, and the side chain.

use super::params::*;
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
                let power = |x: &[f64]| x[x.len() - 64 - n..x.len() - 64].iter().map(|v| v * v).sum::<f64>();
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
            assert!((r / release - 1.0).abs() <= 0.05, "detector {detector}: release {r} ms for {release}");
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
