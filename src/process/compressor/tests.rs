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

/// Upward gain by region: below the threshold, in the knee, above; at most the range; faded between -70 and -80 dBFS.
fn upward_formula(level: f64, threshold: f64, ratio: f64, knee: f64, range: f64) -> f64 {
    let under = threshold - level;
    let bent = if 2.0 * under < -knee {
        0.0
    } else if 2.0 * under.abs() <= knee && knee > 0.0 {
        (under + knee / 2.0).powi(2) / (2.0 * knee)
    } else {
        under
    };
    ((1.0 - 1.0 / ratio) * bent).min(range) * ((level + 80.0) / 10.0).clamp(0.0, 1.0)
}

/// Gain of the last tenth of a second, dB.
fn settled_gain_db(out: &[f64], input: &[f64]) -> f64 {
    let (end, n) = (input.len() - 64, 4800);
    let power = |x: &[f64]| x[end - n..end].iter().map(|v| v * v).sum::<f64>();
    10.0 * (power(out) / power(input)).log10()
}

#[test]
fn c1_holds_upward_and_both_ways() {
    for (detector, crest_db) in [(0.0, 0.0), (1.0, 10.0 * 2f64.log10()), (2.0, 10.0 * 2f64.log10())] {
        for (down, up, knee, range) in
            [(1.0, 2.0, 0.0, 24.0), (1.0, 4.0, 8.0, 9.0), (3.0, 2.0, 6.0, 12.0), (20.0, 20.0, 0.0, 24.0)]
        {
            let mut worst: f64 = 0.0;
            for step in 0..=42 {
                let db = -83.0 + 2.0 * f64::from(step);
                let given = [
                    (DETECTOR, detector),
                    (THRESHOLD, -20.0),
                    (RATIO, down),
                    (KNEE, knee),
                    (ATTACK, 5.0),
                    (RELEASE, 40.0),
                    (UP_THRESHOLD, -36.0),
                    (UP_RATIO, up),
                    (UP_RANGE, range),
                ];
                let x = sine(1000.0, db, 48_000);
                let mut compressor = build(&given);
                let [y, _] = run(compressor.as_mut(), &x, &x);
                let level = db - crest_db;
                let expected =
                    formula(level, -20.0, down, knee) - level + upward_formula(level, -36.0, up, knee, range);
                worst = worst.max((settled_gain_db(&y, &x) - expected).abs());
                let meter = compressor.gain_reduction_db().unwrap();
                assert!((meter - expected).abs() < 0.05, "meter {meter}, {expected}");
            }
            println!("C1 detector {detector} down {down} up {up} knee {knee}: {worst:.5} dB");
            assert!(worst <= 0.02, "{worst}");
        }
    }
}

#[test]
fn c2_holds_for_upward_gain() {
    for detector in [0.0, 1.0, 2.0] {
        let third = 96_000;
        let mut x = sine(2000.0, -16.0, third);
        x.extend(sine(2000.0, -56.0, third));
        x.extend(sine(2000.0, -16.0, third));
        let given = [
            (DETECTOR, detector),
            (RATIO, 1.0),
            (KNEE, 0.0),
            (ATTACK, 20.0),
            (RELEASE, 150.0),
            (UP_THRESHOLD, -30.0),
            (UP_RATIO, 2.0),
            (UP_RANGE, 24.0),
        ];
        let [y, _] = run(build(&given).as_mut(), &x, &x);
        // Over whole periods of the tone.
        let gain = |n: usize| {
            let power = |x: &[f64]| x[n - 12..n + 12].iter().map(|v| v * v).sum::<f64>();
            10.0 * (power(&y) / power(&x)).log10()
        };
        let full = gain(2 * third - 100);
        let up = (third + 12..).find(|n| gain(*n) > 0.632 * full).unwrap() - third;
        let down = (2 * third + 12..).find(|n| gain(*n) < 0.368 * full).unwrap() - 2 * third;
        let (up, down) = (up as f64 / 48.0, down as f64 / 48.0);
        println!("C2 upward, detector {detector}: set 20/150, measured {down:.2}/{up:.2} ms, {full:.2} dB");
        assert!((up / 150.0 - 1.0).abs() < 0.05 && (down / 20.0 - 1.0).abs() < 0.05);
    }
}

/// The compressor frame by frame, straight from the formulas: rms of 10 ms, curve, link, one-pole in dB.
fn plain_rms(x: [&[f64]; 2], threshold: f64, ratio: f64, knee: f64, link: f64) -> [Vec<f64>; 2] {
    let window = 480;
    // Less what the window takes itself: 4.1 ms of the attack, 8 ms of the release.
    let pole = |ms: f64| (-1000.0 / (ms * RATE.hz())).exp();
    let (attack, release) = (pole(30.0 - 4.1), pole(200.0 - 8.0));
    let mut out = [Vec::new(), Vec::new()];
    let (mut sums, mut reductions) = ([0.0; 2], [0.0; 2]);
    for n in 0..x[0].len() {
        let wanted: [f64; 2] = std::array::from_fn(|c| {
            sums[c] += x[c][n] * x[c][n] - if n >= window { x[c][n - window].powi(2) } else { 0.0 };
            let level = 10.0 * (sums[c].max(0.0) / window as f64).max(1e-20).log10();
            level - formula(level, threshold, ratio, knee)
        });
        for c in 0..2 {
            let wanted = wanted[c] + link * (wanted[0].max(wanted[1]) - wanted[c]);
            let pole = if wanted > reductions[c] { attack } else { release };
            reductions[c] = wanted + pole * (reductions[c] - wanted);
            out[c].push(x[c][n] * 10f64.powf(-reductions[c] / 20.0));
        }
    }
    out
}

#[test]
fn without_the_new_it_is_the_plain_compressor_frame_by_frame() {
    let noise = crate::dsp::noise::Noise::new(11, 0);
    let x: [Vec<f64>; 2] = [0u64, 1].map(|c| {
        (0..40_000i64)
            .map(|n| {
                let swell = 0.1 + 0.8 * (n as f64 * 2e-4 + c as f64).sin().abs();
                swell * (noise.uniform(2 * n + c as i64, 0) - 0.5)
            })
            .collect()
    });
    for link in [100.0, 60.0, 0.0] {
        let [l, r] = run(build(&[(THRESHOLD, -24.0), (RATIO, 3.0), (LINK, link)]).as_mut(), &x[0], &x[1]);
        let plain = plain_rms([&x[0], &x[1]], -24.0, 3.0, 6.0, link / 100.0);
        let worst = l.iter().zip(&plain[0]).chain(r.iter().zip(&plain[1])).map(|(a, b)| (a - b).abs());
        let worst = worst.fold(0.0, f64::max);
        println!("link {link}: {worst:.1e}");
        assert!(worst < 1e-8, "link {link}: {worst}");
    }
}

#[test]
fn mid_and_side_or_left_and_right_have_thresholds_of_their_own() {
    let (a, b) = (sine(1000.0, -12.0, 48_000), sine(3000.0, -16.0, 48_000));
    let level = |db: f64| db - 10.0 * 2f64.log10();
    let reduction = |db: f64, threshold: f64| level(db) - formula(level(db), threshold, 4.0, 0.0);
    for (offset, link) in [(0.0, 0.0), (-10.0, 0.0), (8.0, 0.0), (-10.0, 100.0)] {
        let given = [
            (RATIO, 4.0),
            (KNEE, 0.0),
            (THRESHOLD, -30.0),
            (RELEASE, 50.0),
            (LINK, link),
            (THRESHOLD_OFFSET, offset),
        ];
        let own = [reduction(-12.0, -30.0), reduction(-16.0, -30.0 + offset)];
        let expected = if link > 0.0 { [own[0].max(own[1]); 2] } else { own };
        // Left and right are the two tones, or mid and side are.
        let mut given_lr = given.to_vec();
        given_lr.push((CHANNEL_MODE, 2.0));
        let [l, r] = run(build(&given_lr).as_mut(), &a, &b);
        assert!((settled_gain_db(&l, &a) + expected[0]).abs() < 0.02, "{offset} {link}");
        assert!((settled_gain_db(&r, &b) + expected[1]).abs() < 0.02, "{offset} {link}");
        let left: Vec<f64> = a.iter().zip(&b).map(|(m, s)| m + s).collect();
        let right: Vec<f64> = a.iter().zip(&b).map(|(m, s)| m - s).collect();
        let mut given_ms = given.to_vec();
        given_ms.push((CHANNEL_MODE, 1.0));
        let [l, r] = run(build(&given_ms).as_mut(), &left, &right);
        let mid: Vec<f64> = l.iter().zip(&r).map(|(l, r)| 0.5 * (l + r)).collect();
        let side: Vec<f64> = l.iter().zip(&r).map(|(l, r)| 0.5 * (l - r)).collect();
        assert!((settled_gain_db(&mid, &a) + expected[0]).abs() < 0.02, "{offset} {link}");
        assert!((settled_gain_db(&side, &b) + expected[1]).abs() < 0.02, "{offset} {link}");
    }
}

#[test]
fn between_the_thresholds_every_bit_passes_in_every_mode() {
    let (l, r) = (sine(777.0, -30.0, 10_000), sine(1234.0, -29.0, 10_000));
    for mode in [0.0, 1.0, 2.0] {
        let given = [(CHANNEL_MODE, mode), (THRESHOLD, -10.0), (UP_THRESHOLD, -70.0), (UP_RATIO, 3.0)];
        let mut compressor = build(&given);
        // Rising out of silence the level passes below the upward threshold; after a second nothing of that is left.
        let (mut long_l, mut long_r) = (l.repeat(16), r.repeat(16));
        long_l.truncate(150_016);
        long_r.truncate(150_016);
        let [yl, yr] = run(compressor.as_mut(), &long_l, &long_r);
        assert!(yl[140_000..150_000] == long_l[140_000..150_000], "mode {mode}");
        assert!(yr[140_000..150_000] == long_r[140_000..150_000], "mode {mode}");
    }
}

#[test]
fn listen_plays_what_the_detector_hears_in_time() {
    let x = sine(200.0, -20.0, 48_000);
    for (slope, order) in [(0.0, 1), (1.0, 2), (2.0, 3)] {
        for mode in [0.0, 1.0] {
            let given = [
                (SIDECHAIN_LISTEN, 1.0),
                (SIDECHAIN_HPF, 200.0),
                (SIDECHAIN_SLOPE, slope),
                (SIDECHAIN_TILT, 6.0),
                (CHANNEL_MODE, mode),
                (LOOKAHEAD, 3.0),
                (THRESHOLD, -60.0),
                (MAKEUP, 12.0),
            ];
            let [y, z] = run(build(&given).as_mut(), &x, &vec![0.0; x.len()]);
            let warp = |hz: f64| (PI * hz / RATE.hz()).tan();
            let x2 = (warp(200.0) / warp(1000.0)).powi(2);
            let k2 = gain_from_db(12.0);
            let tilt = 10.0 * ((k2 * x2 + 1.0) / (x2 + k2)).log10();
            // Every Butterworth filter is at half power at its corner.
            let expected = tilt - 10.0 * 2f64.log10();
            let got = settled_gain_db(&y, &x);
            assert!((got - expected).abs() < 0.01, "order {order}: {got}, {expected}");
            assert!(z.iter().all(|v| v.abs() < 1e-12), "the other channel is silent");
        }
    }
    // Without filters the detector hears the input: out comes the input, as late as the sound.
    let [y, _] = run(build(&[(SIDECHAIN_LISTEN, 1.0), (LOOKAHEAD, 5.0)]).as_mut(), &x, &x);
    assert_eq!(y[240..x.len()], x[..x.len() - 240]);
}

#[test]
fn the_side_chain_decides_what_is_compressed() {
    // A low tone that the high-pass takes out is left alone; the tilt lifts a high tone over the threshold.
    let reduced = |given: &[(ParamIndex, f64)], hz: f64, db: f64| {
        let x = sine(hz, db, 48_000);
        let mut all = vec![(THRESHOLD, -20.0), (RATIO, 100.0), (KNEE, 0.0), (RELEASE, 50.0)];
        all.extend_from_slice(given);
        let [y, _] = run(build(&all).as_mut(), &x, &x);
        -settled_gain_db(&y, &x)
    };
    assert!(reduced(&[], 50.0, -6.0) > 10.0);
    assert!(reduced(&[(SIDECHAIN_HPF, 400.0), (SIDECHAIN_SLOPE, 2.0)], 50.0, -6.0) < 1e-6);
    let soft = reduced(&[(SIDECHAIN_HPF, 400.0), (SIDECHAIN_SLOPE, 0.0)], 50.0, 0.0);
    let x2 = ((PI * 50.0 / RATE.hz()).tan() / (PI * 400.0 / RATE.hz()).tan()).powi(2);
    let level = 10.0 * (0.5 * x2 / (1.0 + x2)).log10();
    let expected = 0.99 * (level + 20.0).max(0.0);
    assert!((soft - expected).abs() < 0.02, "{soft} {expected}");
    assert!(reduced(&[], 8000.0, -20.0) < 1e-6);
    assert!(reduced(&[(SIDECHAIN_TILT, 12.0)], 8000.0, -20.0) > 7.0);
}
