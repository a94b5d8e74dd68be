//! Row M1 of the targets, the curves of the bands, and what bypass, solo, width and mix do.

use super::params::{
    ATTACK, BYPASS, EXPAND_RATIO, EXPAND_THRESHOLD, GAIN, KNEE, RATIO, RELEASE, SOLO, THRESHOLD, WIDTH,
};
use super::*;
use crate::audio::QUANTUM;
use crate::dsp::fft::RealFft;
use crate::units::{db_from_gain, gain_from_db};
use std::f64::consts::PI;

const RATE: SampleRate = SampleRate::CD;

fn of(band: usize, offset: usize) -> ParamIndex {
    FIRST_BAND + band * PARAMS_PER_BAND + offset
}

fn build(given: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
    let mut values = Values::defaults(&PARAMS);
    values.set(SPLIT, 150.0);
    values.set(SPLIT + 1, 4000.0);
    given.iter().for_each(|&(param, value)| values.set(param, value));
    MultibandKind.build(&values, &Setup { sample_rate: RATE })
}

/// Output of both channels, without the latency.
fn run(processor: &mut dyn Processor, frames: usize, input: impl Fn(usize) -> (f64, f64)) -> [Vec<f64>; 2] {
    let latency = processor.latency().as_len();
    let mut out = [Vec::new(), Vec::new()];
    for start in (0..frames + latency).step_by(QUANTUM) {
        let mut block = Block::silent();
        let (left, right) = block.stereo_mut();
        for i in 0..QUANTUM {
            (left[i], right[i]) = input(start + i);
        }
        processor.process(Frames(start as i64), &mut block);
        out.iter_mut().zip(block.channels()).for_each(|(o, c)| o.extend_from_slice(c));
    }
    out.map(|o| o[latency..latency + frames].to_vec())
}

fn sine(hz: f64, db: f64) -> impl Fn(usize) -> (f64, f64) {
    move |n| {
        let x = gain_from_db(db) * (2.0 * PI * hz * n as f64 / RATE.hz()).sin();
        (x, x)
    }
}

/// Level of a sine, dB of its peak, from the last quarter.
fn level_db(signal: &[f64]) -> f64 {
    let tail = &signal[signal.len() * 3 / 4..];
    db_from_gain((2.0 * tail.iter().map(|v| v * v).sum::<f64>() / tail.len() as f64).sqrt())
}

#[test]
fn m1_neutral_bands_sum_to_one() {
    for (linear, limit_db) in [(0.0, 1e-3), (1.0, 1e-6)] {
        for count in 2..=6usize {
            let given = [
                (COUNT, count as f64 - 2.0),
                (PHASE, linear),
                (SPLIT, 120.0),
                (SPLIT + 1, 700.0),
                (SPLIT + 2, 2500.0),
                (SPLIT + 3, 6000.0),
                (SPLIT + 4, 11_000.0),
            ];
            let length = 1 << 15;
            let impulse = |n| if n == 64 { (0.25, 0.25) } else { (0.0, 0.0) };
            let [mut h, _] = run(&mut *build(&given), length, impulse);
            let spectrum = RealFft::new(length).spectrum_of(&mut h);
            let bins = |hz: f64| (hz * length as f64 / RATE.hz()) as usize;
            let worst = spectrum[bins(20.0)..bins(20_000.0)]
                .iter()
                .map(|v| db_from_gain(v.norm() / 0.25).abs())
                .fold(0.0, f64::max);
            println!("M1 {count} bands, phase {linear}: {worst:.1e} dB");
            assert!(worst <= limit_db, "{count} bands: {worst}");
        }
    }
}

#[test]
fn every_band_follows_the_curve_of_the_compressor() {
    let formula = |level: f64, threshold: f64, ratio: f64| {
        let over = level - threshold;
        let bent = if over.abs() <= 3.0 { (over + 3.0).powi(2) / 12.0 } else { over.max(0.0) };
        -(1.0 - 1.0 / ratio) * bent
    };
    let ten_log_2 = 10.0 * 2f64.log10();
    for linear in [0.0, 1.0] {
        // Tones far from the splits, so that the neighbours hold little of them.
        for (band, hz, splits) in
            [(0, 50.0, [700.0, 4000.0]), (1, 800.0, [50.0, 12_000.0]), (2, 15_000.0, [150.0, 1000.0])]
        {
            let mut worst = 0.0f64;
            for step in 0..7 {
                let db = -30.0 + 5.0 * f64::from(step);
                let given = [
                    (PHASE, linear),
                    (SPLIT, splits[0]),
                    (SPLIT + 1, splits[1]),
                    (of(band, RATIO), 4.0),
                    (of(band, THRESHOLD), -20.0),
                    (of(band, ATTACK), 20.0),
                    (of(band, RELEASE), 400.0),
                ];
                let neutral = &given[..3];
                let [out, _] = run(&mut *build(&given), 44_100, sine(hz, db));
                let [before, _] = run(&mut *build(neutral), 44_100, sine(hz, db));
                let gain = level_db(&out) - level_db(&before);
                worst = worst.max((gain - formula(db - ten_log_2, -20.0, 4.0)).abs());
            }
            println!("band {band} at {hz} Hz, phase {linear}: {worst:.4} dB");
            assert!(worst < 0.02, "band {band}: {worst}");
        }
    }
}

#[test]
fn the_expander_turns_down_what_is_below_its_threshold() {
    for db in [-20.0, -50.0, -60.0, -70.0] {
        let given = [
            (of(1, EXPAND_THRESHOLD), -45.0),
            (of(1, EXPAND_RATIO), 2.0),
            (of(1, KNEE), 0.0),
            (of(1, ATTACK), 5.0),
            (of(1, RELEASE), 50.0),
        ];
        let [out, _] = run(&mut *build(&given), 44_100, sine(1000.0, db));
        let rms = db - 10.0 * 2f64.log10();
        let expected = -(-45.0 - rms).max(0.0);
        // What the other bands hold of the tone, 46 dB down and not quite in phase, is not turned down.
        let leak = 1.0 / 257.0 + 0.15f64.powi(4);
        let bounds = [leak, -leak].map(|l| db_from_gain(gain_from_db(expected) + l));
        let gain = level_db(&out) - db;
        assert!(gain <= bounds[0] + 0.05 && gain >= bounds[1] - 0.05, "{db}: {gain}, {expected}");
    }
}

#[test]
fn the_expander_opens_by_the_attack_and_closes_by_the_release() {
    let step = |n: usize| {
        let db = if (44_100..88_200).contains(&n) { -10.0 } else { -50.0 };
        sine(800.0, db)(n)
    };
    let given = [
        (COUNT, 0.0),
        (SPLIT, 12_000.0),
        (of(0, EXPAND_RATIO), 2.0),
        (of(0, EXPAND_THRESHOLD), -30.0),
        (of(0, KNEE), 0.0),
        (of(0, ATTACK), 20.0),
        (of(0, RELEASE), 150.0),
    ];
    let [out, _] = run(&mut *build(&given), 3 * 44_100, step);
    let [before, _] = run(&mut *build(&given[..2]), 3 * 44_100, step);
    let reduction = |n: usize| {
        let power = |x: &[f64]| x[n..n + 55].iter().map(|v| v * v).sum::<f64>();
        10.0 * (power(&before) / power(&out)).log10()
    };
    let full = reduction(44_000);
    let opened = (44_100..).find(|n| reduction(*n) < 0.368 * full).unwrap() + 28 - 44_100;
    let closed = (88_200..).find(|n| reduction(*n) > 0.632 * full).unwrap() + 28 - 88_200;
    let (opened_ms, closed_ms) = (opened as f64 / 44.1, closed as f64 / 44.1);
    println!("expander in a band: set 20/150, measured {opened_ms:.1}/{closed_ms:.1} ms, {full:.2} dB");
    assert!((opened_ms / 20.0 - 1.0).abs() < 0.06 && (closed_ms / 150.0 - 1.0).abs() < 0.06);
}

#[test]
fn times_are_those_set() {
    let step = |n: usize| {
        let db = if (44_100..88_200).contains(&n) { -6.0 } else { -40.0 };
        sine(800.0, db)(n)
    };
    let given = [
        (COUNT, 0.0),
        (SPLIT, 12_000.0),
        (of(0, RATIO), 4.0),
        (of(0, THRESHOLD), -30.0),
        (of(0, KNEE), 0.0),
        (of(0, ATTACK), 20.0),
        (of(0, RELEASE), 100.0),
    ];
    let [out, _] = run(&mut *build(&given), 3 * 44_100, step);
    let [before, _] = run(&mut *build(&given[..2]), 3 * 44_100, step);
    let reduction = |n: usize| {
        // Over one period of the tone.
        let power = |x: &[f64]| x[n..n + 55].iter().map(|v| v * v).sum::<f64>();
        10.0 * (power(&before) / power(&out)).log10()
    };
    let full = reduction(88_000);
    let attack = (44_100..).find(|n| reduction(*n) > 0.632 * full).unwrap() + 28 - 44_100;
    let release = (88_200..).find(|n| reduction(*n) < 0.368 * full).unwrap() + 28 - 88_200;
    let (attack_ms, release_ms) = (attack as f64 / 44.1, release as f64 / 44.1);
    println!("C2 in a band: set 20/100, measured {attack_ms:.1}/{release_ms:.1} ms");
    // The rise of the rms window is taken off the attack as it is for a large step: C2 within a tenth here.
    assert!((attack_ms / 20.0 - 1.0).abs() < 0.1 && (release_ms / 100.0 - 1.0).abs() < 0.06);
}

#[test]
fn solo_bypass_gain_and_width_act_on_their_band_only() {
    // 1 kHz lies in the second of three bands, −0.004 dB down from the third split, 66 dB above the first.
    let level = |given: &[(ParamIndex, f64)], hz: f64| {
        let [left, _] = run(&mut *build(given), 22_050, sine(hz, -10.0));
        level_db(&left) + 10.0
    };
    assert!(level(&[(of(1, SOLO), 1.0)], 1000.0).abs() < 0.05);
    assert!(level(&[(of(0, SOLO), 1.0)], 1000.0) < -60.0);
    assert!((level(&[(of(1, GAIN), -6.0)], 1000.0) + 6.0).abs() < 0.05);
    assert!(level(&[(of(1, GAIN), -6.0), (of(1, BYPASS), 1.0)], 1000.0).abs() < 1e-2);
    assert!(level(&[(of(1, GAIN), -6.0)], 20.0).abs() < 0.05);
    let half = level(&[(of(1, GAIN), -6.0), (MIX, 50.0)], 1000.0);
    assert!((half - db_from_gain(0.5 + 0.5 * gain_from_db(-6.0))).abs() < 0.05, "{half}");
    // Width 0 of the band makes a side signal vanish there, and there only.
    for (hz, gone) in [(1000.0, true), (30.0, false)] {
        let side = |n| (sine(hz, -10.0)(n).0, -sine(hz, -10.0)(n).0);
        let [left, _] = run(&mut *build(&[(of(1, WIDTH), 0.0)]), 22_050, side);
        assert_eq!(level_db(&left) < -50.0, gone, "{hz} Hz");
    }
}

#[test]
fn linear_phase_neutral_is_the_delayed_input() {
    let noise = |n: usize| (((n * n) as f64 * 0.37).sin() * 0.5, ((n * 7) as f64 * 0.91).cos() * 0.5);
    let out = run(&mut *build(&[(PHASE, 1.0), (COUNT, 4.0)]), 4000, noise);
    assert!(
        (0..4000).all(|n| (out[0][n] - noise(n).0).abs() < 1e-13 && (out[1][n] - noise(n).1).abs() < 1e-13)
    );
}
