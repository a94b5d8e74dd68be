//! Tests of dynamic bands and of the solo, against their formulas.

use super::params::*;
use super::tests::{CD, band, impulse, linear_response, magnitude_db, noise, ride, run};
use super::*;
use crate::dsp::biquad::Section;
use std::f64::consts::PI;

fn at(band: usize, offset: usize) -> ParamIndex {
    band * PARAMS_PER_BAND + offset
}

/// A dynamic band 1 of type `word` at `hz`, Q 1, static gain `gain`.
fn dynamic(word: usize, hz: f64, gain: f64, range: f64, threshold: f64) -> Values {
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, word, hz, gain, 1.0);
    values.set(DYN_RANGE, range);
    values.set(DYN_THRESHOLD, threshold);
    values
}

fn sine(hz: f64, level_db: f64, rate: f64) -> impl Fn(usize) -> f64 {
    move |n| 10f64.powf(level_db / 20.0) * (2.0 * PI * hz * n as f64 / rate).sin()
}

/// Gain of a sine in dB at the end of a second and a half, by its correlation with sine and cosine over a tenth of one.
fn gain_db(values: &Values, hz: f64, level_db: f64, setup: &Setup) -> f64 {
    let rate = setup.sample_rate.hz();
    let x = sine(hz, level_db, rate);
    let mut eq = EqKind.build(values, setup);
    let blocks = (1.5 * rate) as usize / QUANTUM + eq.latency().as_len() / QUANTUM;
    let out = run(&mut *eq, blocks, |n| (x(n), x(n)));
    let tail = &out[out.len() - (0.1 * rate) as usize..];
    let (mut re, mut im) = (0.0, 0.0);
    for (n, v) in tail.iter().enumerate() {
        let w = 2.0 * PI * hz * n as f64 / rate;
        re += v[0] * w.cos();
        im += v[0] * w.sin();
    }
    let amplitude = 2.0 * (re * re + im * im).sqrt() / tail.len() as f64;
    20.0 * amplitude.log10() - level_db
}

/// The static curve as the help text has it: 1 dB for 1 dB beyond the threshold, knee 6 dB, at most the range.
fn way_db(beyond: f64, range: f64) -> f64 {
    let way = if beyond < -3.0 {
        0.0
    } else if beyond <= 3.0 {
        (beyond + 3.0).powi(2) / 12.0
    } else {
        beyond
    };
    way.min(range.abs()) * range.signum()
}

#[test]
fn a_band_that_was_something_else_meanwhile_begins_without_an_old_move() {
    let values = dynamic(0, 1000.0, 0.0, -12.0, -40.0);
    let loud = sine(1000.0, -10.0, 44_100.0);
    let soft = sine(1000.0, -70.0, 44_100.0);
    let mut eq = EqKind.build(&values, &CD);
    run(&mut *eq, 700, |n| (loud(n), loud(n)));
    for word in [5.0, 0.0] {
        eq.set(at(0, TYPE), word);
        run(&mut *eq, 200, |n| (soft(n), soft(n)));
    }
    let out = run(&mut *eq, 100, |n| (soft(n), soft(n)));
    let peak = |x: &[Frame]| x[2000..].iter().fold(0.0f64, |m, f| m.max(f[0].abs()));
    let change_db = 20.0 * (peak(&out) / 10f64.powf(-3.5)).log10();
    assert!(change_db.abs() < 0.05, "{change_db}");
}

#[test]
fn the_static_curve_is_its_formula() {
    let mut worst = 0.0f64;
    for rate in [44_100, 96_000] {
        let setup = Setup { sample_rate: SampleRate(rate) };
        for (gain, range, below) in
            [(0.0, -6.0, false), (3.0, -12.0, false), (-4.0, 8.0, false), (2.0, 6.0, true), (0.0, -9.0, true)]
        {
            let mut values = dynamic(0, 1000.0, gain, range, -30.0);
            values.set(DYN_MODE, f64::from(u8::from(below)));
            for level in [-50.0, -40.0, -32.0, -30.0, -28.0, -24.0, -10.0] {
                let beyond = if below { -30.0 - level } else { level + 30.0 };
                let expected = gain + way_db(beyond, range);
                let measured = gain_db(&values, 1000.0, level, &setup);
                worst = worst.max((measured - expected).abs());
                assert!((measured - expected).abs() < 0.02, "{level} dBFS: {measured}, not {expected}");
            }
        }
    }
    println!("dynamic band, static curve: {worst:.4} dB");
}

#[test]
fn shelves_move_like_bells() {
    // Their gain far inside, listened to at the corner.
    for (word, hz) in [(1usize, 60.0), (2, 16_000.0)] {
        let mut values = dynamic(word, 1000.0, 0.0, -6.0, -30.0);
        values.set(DYN_SIDECHAIN, 1.0);
        values.set(DYN_SC_FREQ, hz);
        let section = if word == 1 {
            Section::LowShelf { gain_db: -6.0, q: 1.0 }
        } else {
            Section::HighShelf { gain_db: -6.0, q: 1.0 }
        };
        let expected = 10.0 * section.power_at(hz / 1000.0).log10();
        let measured = gain_db(&values, hz, -10.0, &CD);
        assert!((measured - expected).abs() < 0.02, "{measured}, not {expected}");
        assert!(gain_db(&values, hz, -40.0, &CD).abs() < 0.02);
    }
}

#[test]
fn a_free_side_chain_hears_its_own_frequency_alone() {
    // At −20 dBFS 300 Hz passes a band-pass of Q 4 at 4 kHz with −34.5 dB: far below the threshold.
    let mut values = dynamic(0, 300.0, 0.0, -6.0, -30.0);
    assert!((gain_db(&values, 300.0, -20.0, &CD) + 6.0).abs() < 0.02);
    values.set(DYN_SIDECHAIN, 1.0);
    values.set(DYN_SC_FREQ, 4000.0);
    values.set(DYN_SC_Q, 4.0);
    assert!(gain_db(&values, 300.0, -20.0, &CD).abs() < 0.02);
    // A tone in the side-chain moves the band at 300 Hz.
    let rate = 44_100.0;
    let (low, high) = (sine(300.0, -60.0, rate), sine(4000.0, -20.0, rate));
    let mut eq = EqKind.build(&values, &CD);
    run(&mut *eq, 1000, |n| (low(n) + high(n), low(n) + high(n)));
    assert!((eq.gain_reduction_db().unwrap() + 6.0).abs() < 0.01);
    let mut shown = [0.0; BANDS_SHOWN];
    assert_eq!(eq.band_gains_db(&mut shown), BANDS);
    assert!((shown[0] + 6.0).abs() < 0.01 && shown[1] == 0.0, "{shown:?}");
}

/// Time from a step of the input level to 63.2 % of the step in dB of the gain, ms, by the gain the band reports.
fn time_ms(values: &Values, rate: u32, from_db: f64, to_db: f64) -> f64 {
    let setup = Setup { sample_rate: SampleRate(rate) };
    let hz = f64::from(rate);
    let (before, after) = (sine(2000.0, from_db, hz), sine(2000.0, to_db, hz));
    let mut eq = EqKind.build(values, &setup);
    let step = hz as usize / QUANTUM * QUANTUM;
    run(&mut *eq, step / QUANTUM, |n| (before(n), before(n)));
    let mut moves = Vec::new();
    for k in 0..step / QUANTUM {
        let out = run(&mut *eq, 1, |n| {
            let at = step + k * QUANTUM + n;
            (after(at), after(at))
        });
        assert!(out.iter().flatten().all(|v| v.is_finite()));
        moves.push(eq.gain_reduction_db().unwrap());
    }
    let (first, last) = (moves[0], moves[moves.len() - 1]);
    let passed = |m: &f64| (m - first) / (last - first) >= 1.0 - (-1.0f64).exp();
    let k = moves.iter().position(passed).unwrap();
    let part = (first + (last - first) * (1.0 - (-1.0f64).exp()) - moves[k - 1]) / (moves[k] - moves[k - 1]);
    // A block's gain is that of its end; what the band hears is late by half the oversampler, like the sound.
    let late = if rate < 88_200 { 44.0 } else { 0.0 };
    ((k as f64 + part) * QUANTUM as f64 - late) / hz * 1000.0
}

#[test]
fn times_are_what_they_say() {
    for (attack, release, rate) in [(10.0, 100.0, 44_100), (30.0, 300.0, 96_000)] {
        let mut values = dynamic(0, 2000.0, 0.0, -12.0, -34.0);
        values.set(DYN_ATTACK, attack);
        values.set(DYN_RELEASE, release);
        let up = time_ms(&values, rate, -40.0, -6.0);
        let down = time_ms(&values, rate, -6.0, -40.0);
        println!("dynamic band: attack {up:.2} of {attack}, release {down:.2} of {release} ms");
        assert!((up / attack - 1.0).abs() < 0.05, "attack {up}");
        assert!((down / release - 1.0).abs() < 0.05, "release {down}");
    }
}

/// −10 dBFS at 1 kHz, over the threshold half of the time, and noise.
fn bursts(n: usize) -> (f64, f64) {
    let tone = if n % 8000 < 4000 { 0.3 * (2.0 * PI * 1000.0 * n as f64 / 44_100.0).sin() } else { 0.0 };
    (0.1 * noise(n).0 + tone, 0.1 * noise(n).1 + tone)
}

#[test]
fn without_range_it_is_the_static_band_bit_for_bit() {
    let (mut still, mut values) = (dynamic(0, 1000.0, 4.0, 0.0, -30.0), dynamic(0, 1000.0, 4.0, 0.0, -60.0));
    for offset in DYN_THRESHOLD..PARAMS_PER_BAND {
        still.set(offset, PARAMS[offset].default_value());
    }
    values.set(DYN_MODE, 1.0);
    values.set(DYN_ATTACK, 1.0);
    let out = |values: &Values| run(&mut *EqKind.build(values, &CD), 200, bursts);
    assert_eq!(out(&still), out(&values));
    // And while the level stays on this side of the threshold.
    let quiet = dynamic(0, 1000.0, 4.0, -6.0, 0.0);
    assert_eq!(out(&still), out(&quiet));
}

#[test]
fn it_acts_on_its_part_of_the_signal_and_hears_that_alone() {
    let mut values = dynamic(0, 1000.0, 0.0, -6.0, -30.0);
    values.set(CHANNEL, 2.0); // side
    let x = sine(1000.0, -20.0, 44_100.0);
    let mut eq = EqKind.build(&values, &CD);
    run(&mut *eq, 1000, |n| (x(n), x(n)));
    assert_eq!(eq.gain_reduction_db(), Some(0.0), "no side, nothing heard");
    run(&mut *eq, 1000, |n| (x(n), -x(n)));
    assert!((eq.gain_reduction_db().unwrap() + 6.0).abs() < 0.01);
}

#[test]
fn other_types_are_static_and_say_so() {
    for word in [3, 4, 5, 6, 7, 8] {
        let mut values = dynamic(word, 1000.0, 4.0, 0.0, -60.0);
        let out = |values: &Values| run(&mut *EqKind.build(values, &CD), 100, bursts);
        let still = out(&values);
        values.set(DYN_RANGE, -12.0);
        assert_eq!(still, out(&values), "{}", TYPES[word]);
        assert!(!is_dynamic(&values, 0));
    }
}

#[test]
fn the_grid_of_filters_is_as_good_as_a_filter_of_its_own() {
    // Held between two points of the grid, away from the centre: the response of the filter of that gain.
    let way = way_db(2.13, -12.0);
    let values = dynamic(0, 1000.0, 1.0, -12.0, -30.0);
    let mut both = values.clone();
    both.set(DYN_SIDECHAIN, 1.0);
    both.set(DYN_SC_Q, 40.0);
    let key = sine(1000.0, -27.87, 44_100.0);
    let probe = sine(700.0, -80.0, 44_100.0);
    let of = |with: f64| {
        let mut eq = EqKind.build(&both, &CD);
        run(&mut *eq, 1400, |n| (key(n) + with * probe(n), 0.0))
    };
    let (a, b) = (of(1.0), of(0.0));
    let tail = 80_000..84_410;
    let (mut re, mut im) = (0.0, 0.0);
    for n in tail.clone() {
        let w = 2.0 * PI * 700.0 * n as f64 / 44_100.0;
        re += (a[n][0] - b[n][0]) * w.cos();
        im += (a[n][0] - b[n][0]) * w.sin();
    }
    let measured = 20.0 * (2.0 * (re * re + im * im).sqrt() / tail.len() as f64).log10() + 80.0;
    let expected = 10.0 * Section::Bell { gain_db: 1.0 + way, q: 1.0 }.power_at(0.7).log10();
    assert!((measured - expected).abs() < 0.01, "{measured}, not {expected}");
}

#[test]
fn moves_of_its_parameters_do_not_splatter() {
    // A3 and E5 with the band at work on the tone, which is at −12 dBFS. The steady setting is the floor.
    let mut values = dynamic(0, 1000.0, 2.0, -6.0, -18.0);
    values.set(DYN_SIDECHAIN, 1.0);
    let jump = |k: usize, eq: &mut dyn Processor, param, value| {
        if k == 700 {
            eq.set(param, value);
        }
    };
    for (name, param, value) in [
        ("range", DYN_RANGE, -12.0),
        ("range to none", DYN_RANGE, 0.0),
        ("threshold", DYN_THRESHOLD, -12.0),
        ("gain", GAIN, -4.0),
        ("mode", DYN_MODE, 1.0),
        ("attack", DYN_ATTACK, 1.0),
        ("release", DYN_RELEASE, 20.0),
        ("side-chain", DYN_SC_FREQ, 3000.0),
        ("side-chain Q", DYN_SC_Q, 8.0),
        ("Q", Q, 4.0),
        ("output", OUTPUT, -4.0),
        ("linked", DYN_SIDECHAIN, 0.0),
        ("type", TYPE, 1.0),
        ("off", ENABLED, 0.0),
        ("frequency", FREQ, 1500.0),
        ("solo", SOLO, 1.0),
    ] {
        let dbc = ride(&values, |k, eq| jump(k, eq, param, value));
        println!("A3 dynamic {name}: {dbc:.1} dBc");
        assert!(dbc <= -75.0, "{name}: {dbc}");
    }
    let part = |k: usize| (k.saturating_sub(150) as f64 / 1378.0).min(1.0);
    for (name, param, from, to) in [
        ("threshold", DYN_THRESHOLD, -18.0, -6.0),
        ("range", DYN_RANGE, -6.0, 6.0),
        ("gain", GAIN, 2.0, -9.0),
        ("frequency", FREQ, 1000.0, 2000.0),
        ("Q", Q, 1.0, 4.0),
        ("attack", DYN_ATTACK, 10.0, 100.0),
        ("release", DYN_RELEASE, 100.0, 1000.0),
        ("side-chain frequency", DYN_SC_FREQ, 1000.0, 2000.0),
        ("side-chain Q", DYN_SC_Q, 0.707, 8.0),
    ] {
        let dbc = ride(&values, |k, eq| eq.set(param, from + (to - from) * part(k)));
        println!("E5 dynamic {name}: {dbc:.1} dBc");
        assert!(dbc <= -90.0, "{name}: {dbc}");
    }
}

#[test]
fn in_linear_phase_the_rest_stays_linear() {
    let mut values = dynamic(0, 1000.0, 0.0, -6.0, -30.0);
    values.set(PHASE, 1.0);
    assert!((gain_db(&values, 1000.0, -10.0, &CD) + 6.0).abs() < 0.02);
    assert!(gain_db(&values, 1000.0, -45.0, &CD).abs() < 0.02);
    // A static boost at the band's frequency before it does not reach its ear: it listens to the input.
    band(&mut values, 1, 0, 1000.0, 12.0, 1.0);
    assert!((gain_db(&values, 1000.0, -36.0, &CD) - 12.0).abs() < 0.02);
    let (latency, h) = linear_response(&values, 0.25);
    assert_eq!(latency, linear::latency_at(SampleRate::CD) + oversample::LATENCY);
    let peak = (0..h.len()).max_by(|a, b| h[*a][0].abs().total_cmp(&h[*b][0].abs()));
    assert_eq!(peak, Some(latency));
    assert!(EqKind.needs_rebuild(DYN_RANGE, &values, &values));
    assert!(!EqKind.needs_rebuild(SOLO, &values, &values));
}

#[test]
fn a_solo_is_the_region_of_its_band() {
    // Band-pass s/Q / (s²+s/Q+1) and Butterworth low- and high-pass of second order, at the band's own part.
    let x = |f: f64, f0: f64| ((PI * f / 44_100.0).tan() / (PI * f0 / 44_100.0).tan()).powi(2);
    for linear in [0.0, 1.0] {
        for (word, formula) in [
            (0usize, &(|r: f64| (r / 4.0) / ((1.0 - r).powi(2) + r / 4.0)) as &dyn Fn(f64) -> f64),
            (1, &|r| 1.0 / (1.0 + r * r)),
            (3, &|r| 1.0 / (1.0 + r * r)),
            (4, &|r| r * r / (1.0 + r * r)),
            (7, &|_| 1.0),
        ] {
            let mut values = Values::defaults(&PARAMS);
            band(&mut values, 2, word, 2000.0, 0.0, 2.0);
            values.set(at(2, ENABLED), 0.0);
            values.set(PHASE, linear);
            values.set(SOLO, 3.0);
            let mut eq = EqKind.build(&values, &CD);
            let blocks = eq.latency().as_len() / QUANTUM + 100;
            let h = run(&mut *eq, blocks, impulse);
            for f in [200.0, 2000.0, 9000.0] {
                let (ours, expected) = (magnitude_db(&h, f, 44_100.0), 10.0 * formula(x(f, 2000.0)).log10());
                assert!((ours - expected).abs() < 0.01, "{} {f} Hz: {ours}, not {expected}", TYPES[word]);
            }
        }
    }
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, 0, 1000.0, 0.0, 1.0);
    values.set(CHANNEL, 2.0); // side
    values.set(SOLO, 1.0);
    let out = run(&mut *EqKind.build(&values, &CD), 20, |n| (noise(n).0, noise(n).0));
    assert!(out.iter().flatten().all(|v| v.abs() < 1e-15), "no side, nothing to hear");
}

#[test]
fn a_solo_put_out_leaves_nothing_behind() {
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, 0, 1000.0, 0.0, 1.0);
    let mut eq = EqKind.build(&values, &CD);
    eq.set(SOLO, 1.0);
    run(&mut *eq, 40, noise);
    eq.set(SOLO, 0.0);
    run(&mut *eq, 40, noise);
    let latency = eq.latency().as_len();
    for (n, out) in run(&mut *eq, 10, noise).into_iter().enumerate().skip(latency) {
        let (l, r) = noise(n - latency);
        assert_eq!(out, [l, r]);
    }
    assert!(PARAMS[SOLO].audition);
}
