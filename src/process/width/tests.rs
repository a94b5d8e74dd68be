//! The stereo processor against its formulas.

use std::f64::consts::PI;

use super::*;

const RATE_HZ: f64 = 44_100.0;

fn build_at(set: &[(ParamIndex, f64)], rate: SampleRate) -> Box<dyn Processor> {
    let mut values = Values::defaults(&PARAMS);
    set.iter().for_each(|(i, v)| values.set(*i, *v));
    WidthKind.build(&values, &Setup { sample_rate: rate })
}

fn build(set: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
    build_at(set, SampleRate::CD)
}

fn run(processor: &mut dyn Processor, blocks: usize, input: impl Fn(usize) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut out = Vec::new();
    for k in 0..blocks {
        let mut block = Block::silent();
        for i in 0..QUANTUM {
            let (l, r) = input(k * QUANTUM + i);
            block.channels_mut()[0][i] = l;
            block.channels_mut()[1][i] = r;
        }
        processor.process(Frames((k * QUANTUM) as i64), &mut block);
        out.extend(block.left().iter().zip(block.right()).map(|(l, r)| (*l, *r)));
    }
    out
}

fn noise(n: usize) -> (f64, f64) {
    let x = (n as f64 * 12.9898).sin() * 43758.5453;
    let y = (n as f64 * 78.233).sin() * 12543.123;
    (x.fract() * 0.5, y.fract() * 0.5)
}

/// Mid impulse of 0.5, side impulse of 0.25.
fn impulse(n: usize) -> (f64, f64) {
    if n == 0 { (0.75, 0.25) } else { (0.0, 0.0) }
}

/// Magnitude of the side signal of an impulse response at a frequency, dB against the impulse.
fn side_db(out: &[(f64, f64)], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, (l, r)) in out.iter().enumerate() {
        let w = 2.0 * PI * hz * n as f64 / RATE_HZ;
        re += 2.0 * (l - r) * w.cos();
        im -= 2.0 * (l - r) * w.sin();
    }
    10.0 * (re * re + im * im).log10()
}

/// Power of a Butterworth high-pass, dB.
fn butterworth_db(hz: f64, f0: f64, order: usize) -> f64 {
    let x = (hz / f0).powi(2 * order as i32);
    10.0 * (x / (1.0 + x)).log10()
}

#[test]
fn neutral_is_the_same_bits() {
    for (n, out) in run(&mut *build(&[]), 20, noise).into_iter().enumerate() {
        assert_eq!(out, noise(n));
    }
    // Mono safe and a moved split do nothing while nothing is widened.
    let set = [(MONO_SAFE, 1.0), (SPLIT_LOW, 100.0), (FLOOR, 0.9), (EQUAL_POWER, 1.0)];
    for (n, out) in run(&mut *build(&set), 20, noise).into_iter().enumerate() {
        assert_eq!(out, noise(n));
    }
}

#[test]
fn settings_of_before_give_the_bits_of_before() {
    let set = [(WIDTH, 137.0), (MONO_BELOW, 120.0), (MONO_SLOPE, 1.0), (MID_GAIN, -1.5), (SIDE_GAIN, 2.0)];
    let out = run(&mut *build(&[&set[..], &[(BALANCE, 20.0)]].concat()), 40, noise);
    let mut mono = MonoMaker::new(120.0, 2, SampleRate::CD);
    let gains = [-1.5, 2.0].map(crate::units::gain_from_db);
    for (k, block) in out.chunks(QUANTUM).enumerate() {
        let parts: Vec<_> =
            (0..QUANTUM).map(|i| noise(k * QUANTUM + i)).map(|(l, r)| mid_side(l, r)).collect();
        let mut side: [f64; QUANTUM] = std::array::from_fn(|i| parts[i].1);
        mono.process(&mut side);
        for (i, out) in block.iter().enumerate() {
            let (l, r) = left_right(parts[i].0 * gains[0], side[i] * (gains[1] * 1.37));
            assert_eq!(*out, (l * 0.8, r * 1.0), "frame {}", k * QUANTUM + i);
        }
    }
}

#[test]
fn zero_is_mono_and_the_mono_sum_stays() {
    for percent in [0.0, 37.0, 200.0] {
        for (n, (l, r)) in run(&mut *build(&[(WIDTH, percent)]), 4, noise).into_iter().enumerate() {
            let (a, b) = noise(n);
            assert!((l + r - a - b).abs() < 1e-15);
            assert!(((l - r) - (a - b) * percent / 100.0).abs() < 1e-15);
        }
    }
}

#[test]
fn the_mono_maker_follows_butterworth_on_side_and_leaves_mid() {
    // dsp.md row S1, by the response to a side impulse.
    for (word, order) in ORDERS.into_iter().enumerate() {
        for f0 in [60.0, 150.0, 300.0] {
            let mut width = build(&[(MONO_BELOW, f0), (MONO_SLOPE, word as f64)]);
            let out = run(&mut *width, 2000, impulse);
            assert!((out[0].0 + out[0].1 - 1.0).abs() < 1e-12);
            assert!(out[1..].iter().all(|(l, r)| (l + r).abs() < 1e-12), "mid untouched");
            for f in [f0 / 4.0, f0 / 2.0, f0, 2.0 * f0, 5000.0, 15_000.0] {
                let (expected, got) = (butterworth_db(f, f0, order), side_db(&out, f));
                assert!((got - expected).abs() < 0.05, "order {order} {f0} Hz at {f} Hz: {got} {expected}");
            }
        }
    }
}

#[test]
fn the_linear_mono_maker_has_the_same_slopes_no_phase_and_an_exact_mid() {
    for (word, order) in ORDERS.into_iter().enumerate() {
        for f0 in [60.0, 150.0, 300.0] {
            let mut width = build(&[(MONO_BELOW, f0), (MONO_SLOPE, word as f64), (PHASE, 1.0)]);
            let latency = width.latency().as_len();
            let out = run(&mut *width, 2 * latency / QUANTUM + 1, impulse);
            for (n, (l, r)) in out.iter().enumerate() {
                let mid = if n == latency { 1.0 } else { 0.0 };
                assert!((l + r - mid).abs() < 1e-15, "mid at {n}");
            }
            let side: Vec<f64> = out.iter().map(|(l, r)| l - r).collect();
            let mirrored = |k: usize| (side[latency - k] - side[latency + k]).abs();
            assert!((0..latency).all(|k| mirrored(k) < 1e-12), "symmetric about the reported latency");
            for f in [f0 / 2.0, f0, 2.0 * f0, 1000.0, 15_000.0] {
                let (expected, got) = (butterworth_db(f, f0, order), side_db(&out, f));
                let allowed = if expected < -20.0 { 0.5 } else { 0.05 };
                assert!(
                    (got - expected).abs() < allowed,
                    "order {order} {f0} Hz at {f} Hz: {got} {expected}"
                );
            }
        }
    }
}

/// The analog shelves, worked out apart from the program: `|1 + (a−1)/(1+jx) + (b−1)·jy/(1+jy)|`, dB.
fn shelves_db(hz: f64, low: (f64, f64), high: (f64, f64)) -> f64 {
    type C = crate::dsp::fft::Complex<f64>;
    let (jx, jy) = (C::new(0.0, hz / low.0), C::new(0.0, hz / high.0));
    let h = C::new(1.0, 0.0) + C::new(low.1 - 1.0, 0.0) / (jx + 1.0) + (jy * (high.1 - 1.0)) / (jy + 1.0);
    20.0 * h.norm().log10()
}

#[test]
fn zones_follow_their_shelves_in_both_phases() {
    for (low, high) in
        [((200.0, 0.5), (4000.0, 1.5)), ((120.0, 0.0), (2000.0, 2.0)), ((400.0, 1.7), (6000.0, 0.3))]
    {
        let zones = [
            (SPLIT_LOW, low.0),
            (LOW_WIDTH, 100.0 * low.1),
            (SPLIT_HIGH, high.0),
            (HIGH_WIDTH, 100.0 * high.1),
        ];
        for phase in [0.0, 1.0] {
            let mut width = build(&[&zones[..], &[(PHASE, phase)]].concat());
            let blocks = 2 * width.latency().as_len() / QUANTUM + 1200;
            let out = run(&mut *width, blocks, impulse);
            let latency = width.latency().as_len();
            assert!((out[latency].0 + out[latency].1 - 1.0).abs() < 1e-12, "mid untouched");
            for f in [60.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0] {
                let (expected, got) = (shelves_db(f, low, high), side_db(&out, f));
                // The trapezoidal one-pole is a little steeper than the analog one towards the Nyquist frequency.
                let allowed = if phase > 0.5 { 0.05 } else { 0.05 + 0.4 * (f / 8000.0).powi(2) };
                assert!((got - expected).abs() < allowed, "phase {phase} at {f} Hz: {got} {expected}");
            }
        }
    }
}

#[test]
fn zones_at_one_split_are_plain_width() {
    let set = [(SPLIT_LOW, 1000.0), (SPLIT_HIGH, 300.0), (LOW_WIDTH, 160.0), (HIGH_WIDTH, 160.0)];
    let plain = run(&mut *build(&[(WIDTH, 160.0)]), 50, noise);
    for (a, b) in run(&mut *build(&set), 50, noise).iter().zip(&plain) {
        assert!((a.0 - b.0).abs() < 1e-13 && (a.1 - b.1).abs() < 1e-13);
    }
}

#[test]
fn the_zones_turn_side_against_mid_by_less_than_twenty_degrees() {
    // asin((a−1)/(a+1)) is the largest phase of a first-order shelf.
    let out = run(&mut *build(&[(LOW_WIDTH, 200.0), (SPLIT_LOW, 200.0)]), 1200, impulse);
    let mut worst = 0.0f64;
    for f in (1..100).map(|i| 20.0 * 1.07f64.powi(i)).filter(|f| *f < 15_000.0) {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, (l, r)) in out.iter().enumerate() {
            let w = 2.0 * PI * f * n as f64 / RATE_HZ;
            re += (l - r) * w.cos();
            im -= (l - r) * w.sin();
        }
        worst = worst.max(im.atan2(re).abs().to_degrees());
    }
    assert!((worst - (1.0f64 / 3.0).asin().to_degrees()).abs() < 0.05, "{worst}");
}

#[test]
fn linear_phase_without_filters_only_waits() {
    let mut width = build(&[(PHASE, 1.0)]);
    let latency = width.latency().as_len();
    let out = run(&mut *width, latency / QUANTUM + 10, noise);
    for n in latency..out.len() {
        assert_eq!(out[n], noise(n - latency));
    }
}

#[test]
fn balance_turns_one_channel_down() {
    let out = run(&mut *build(&[(BALANCE, 50.0)]), 1, |_| (0.5, 0.25));
    assert_eq!(out[10], (0.25, 0.25));
}

#[test]
fn rotation_moves_the_image_and_keeps_its_power() {
    let at = |deg: f64, input: (f64, f64)| run(&mut *build(&[(ROTATION, deg)]), 1, |_| input)[5];
    let (l, r) = at(45.0, (1.0, 0.0));
    assert!((l - 0.5f64.sqrt()).abs() < 1e-15 && (r - 0.5f64.sqrt()).abs() < 1e-15);
    // The middle, turned by 45 degrees, is all right or all left.
    assert!(at(45.0, (0.5, 0.5)).0.abs() < 1e-15 && at(-45.0, (0.5, 0.5)).1.abs() < 1e-15);
    for deg in [-45.0, -12.5, 3.0, 30.0] {
        let (l, r) = at(deg, (0.3, -0.8));
        assert!((l * l + r * r - 0.73).abs() < 1e-14, "{deg}");
    }
}

#[test]
fn a_delay_of_whole_frames_is_the_same_bits_later() {
    // 1 ms at 48 kHz is 48 frames.
    for (ms, left, right) in [(1.0, 0, 48), (-1.0, 48, 0), (5.0, 0, 240)] {
        let mut width = build_at(&[(DELAY, ms)], SampleRate(48_000));
        let latency = width.latency().as_len();
        assert_eq!(latency, align::HALF);
        let out = run(&mut *width, 20, noise);
        for n in latency + 240..out.len() {
            assert_eq!(out[n], (noise(n - latency - left).0, noise(n - latency - right).1), "{ms} ms");
        }
    }
}

#[test]
fn a_delay_of_a_fraction_is_the_tone_later() {
    for rate in [44_100u32, 96_000] {
        for ms in [0.001, 0.0137, 0.3333, -2.71] {
            for hz in [50.0, 997.0, 10_000.0, 18_000.0] {
                let step = 2.0 * PI * hz / f64::from(rate);
                let tone = |frames: f64| 0.5 * (step * frames).sin();
                let mut width = build_at(&[(DELAY, ms)], SampleRate(rate));
                let latency = width.latency().as_len() as f64;
                let out = run(&mut *width, 40, |n| (tone(n as f64), tone(n as f64)));
                let frames = ms * 1e-3 * f64::from(rate);
                let late = |n: usize| {
                    let n = n as f64 - latency;
                    (tone(n + frames.min(0.0)), tone(n - frames.max(0.0)))
                };
                for (n, out) in out.iter().enumerate().skip(800) {
                    let error = (out.0 - late(n).0).abs().max((out.1 - late(n).1).abs());
                    assert!(error < 1e-4, "{ms} ms, {hz} Hz at {rate}: {error:.1e}");
                }
            }
        }
    }
}

#[test]
fn a_new_delay_is_faded_to_and_arrives_exactly() {
    let mut width = build_at(&[(DELAY, 1.0)], SampleRate(48_000));
    run(&mut *width, 20, noise);
    width.set(DELAY, -2.0);
    // What is set during the fade waits for the next one.
    run(&mut *width, 10, noise);
    width.set(DELAY, 0.0);
    run(&mut *width, 130, noise);
    let out = run(&mut *width, 20, noise);
    for (n, out) in out.iter().enumerate().skip(align::HALF) {
        assert_eq!(*out, noise(n - align::HALF));
    }
    // 0 as a setting has no latency and is another instance.
    let (zero, one) = (Values::defaults(&PARAMS), {
        let mut values = Values::defaults(&PARAMS);
        values.set(DELAY, 1.0);
        values
    });
    assert!(WidthKind.needs_rebuild(DELAY, &zero, &one) && WidthKind.needs_rebuild(DELAY, &one, &zero));
    assert!(!WidthKind.needs_rebuild(DELAY, &one, &one));
}

#[test]
fn equal_power_keeps_the_power_of_an_image_that_is_half_side() {
    // Left alone: mid and side are equal.
    for percent in [0.0, 50.0, 100.0, 150.0, 200.0] {
        let out = run(&mut *build(&[(WIDTH, percent), (EQUAL_POWER, 1.0)]), 1, |_| (0.6, 0.0))[9];
        let w: f64 = percent / 100.0;
        let mid = 0.3 * (2.0 / (1.0 + w * w)).sqrt();
        assert!((0.5 * (out.0 + out.1) - mid).abs() < 1e-15, "{percent}");
        assert!((0.5 * (out.0 - out.1) - w * mid).abs() < 1e-15, "{percent}");
        assert!((out.0 * out.0 + out.1 * out.1 - 0.36).abs() < 1e-14, "{percent}");
    }
}

/// Noise whose side has `side` times the amplitude of the mid.
fn image(side: f64) -> impl Fn(usize) -> (f64, f64) {
    move |n| {
        let (m, s) = noise(n);
        left_right(0.5 * m, 0.5 * side * s)
    }
}

/// Lowest correlation over 400 ms (exponential) after the first second.
fn lowest_correlation(out: &[(f64, f64)]) -> f64 {
    let keep = (-1.0 / (0.4 * RATE_HZ)).exp();
    let (mut lr, mut ll, mut rr, mut lowest) = (0.0, 0.0, 0.0, 1.0f64);
    for (n, (l, r)) in out.iter().enumerate() {
        lr = l * r + keep * lr;
        ll = l * l + keep * ll;
        rr = r * r + keep * rr;
        if n > 44_100 {
            lowest = lowest.min(lr / (ll * rr).sqrt());
        }
    }
    lowest
}

#[test]
fn mono_safe_keeps_the_correlation_at_its_floor() {
    let blocks = 3 * 44_100 / QUANTUM;
    for floor in [0.0, 0.3, 0.6] {
        let set = [(WIDTH, 200.0), (MONO_SAFE, 1.0), (FLOOR, floor)];
        // Widening to 200 % would bring the correlation of a side of 0.45 to (1 − 0.81)/(1 + 0.81) = 0.105.
        let free = lowest_correlation(&run(&mut *build(&set[..1]), blocks, image(0.45)));
        let held = lowest_correlation(&run(&mut *build(&set), blocks, image(0.45)));
        assert!(free < 0.13, "{free}");
        let expected = free.max(floor);
        assert!((held - expected).abs() < 0.02, "floor {floor}: {held}, free {free}");
    }
}

#[test]
fn mono_safe_leaves_what_is_wide_already_and_what_is_narrow() {
    let safe = [(MONO_SAFE, 1.0), (FLOOR, 0.5)];
    // Side above mid: the widening is taken back whole, the side itself is not touched.
    let out = run(&mut *build(&[&safe[..], &[(WIDTH, 150.0)]].concat()), 800, image(1.5));
    for (n, (l, r)) in out.iter().enumerate().skip(300 * QUANTUM) {
        let (a, b) = image(1.5)(n);
        assert!((l - a).abs() < 1e-9 && (r - b).abs() < 1e-9, "frame {n}");
    }
    // Little side, or narrowed: the bits of the plain width.
    for (percent, side) in [(150.0, 0.1), (60.0, 1.5)] {
        let free = run(&mut *build(&[(WIDTH, percent)]), 300, image(side));
        let held = run(&mut *build(&[&safe[..], &[(WIDTH, percent)]].concat()), 300, image(side));
        assert!(free == held, "{percent} %");
    }
}

#[test]
fn mono_safe_holds_zones_too_and_says_by_how_much() {
    let blocks = 3 * 44_100 / QUANTUM;
    for phase in [0.0, 1.0] {
        let set = [(HIGH_WIDTH, 200.0), (SPLIT_HIGH, 500.0), (MONO_SAFE, 1.0), (FLOOR, 0.4), (PHASE, phase)];
        let mut width = build(&set);
        let held = lowest_correlation(&run(&mut *width, blocks, image(0.6)));
        // 0.6 alone gives (1 − 0.36)/(1 + 0.36) = 0.47.
        assert!((held - 0.4).abs() < 0.03, "phase {phase}: {held}");
        assert!(width.gain_reduction_db().unwrap() < -0.2);
        let mut bands = [0.0; BANDS_SHOWN];
        assert_eq!(width.band_gains_db(&mut bands), 3);
        assert!(bands[0].abs() < 0.01 && bands[1].abs() < 0.01 && bands[2] > 0.1 && bands[2] < 6.0);
    }
    assert_eq!(build(&[]).gain_reduction_db(), None);
    let mut bands = [9.0; BANDS_SHOWN];
    build(&[(WIDTH, 50.0), (LOW_WIDTH, 0.0), (HIGH_WIDTH, 200.0)]).band_gains_db(&mut bands);
    assert!((bands[0] + 60.0).abs() < 1e-6 && (bands[1] + 6.0206).abs() < 1e-3 && bands[2].abs() < 1e-6);
}
