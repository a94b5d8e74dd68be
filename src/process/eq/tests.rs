use super::params::{CHANNEL, FREQ, GAIN, Q, SLOPE};
use super::*;
use crate::dsp::biquad::{Section, butterworth_q};
use std::f64::consts::PI;

pub(super) const CD: Setup = Setup { sample_rate: SampleRate::CD };

/// Sets one band (from 0).
pub(super) fn band(values: &mut Values, band: usize, word: usize, freq: f64, gain: f64, q: f64) {
    let at = band * PARAMS_PER_BAND;
    for (offset, v) in [(ENABLED, 1.0), (TYPE, word as f64), (FREQ, freq), (GAIN, gain), (Q, q)] {
        values.set(at + offset, v);
    }
}

pub(super) fn run(
    eq: &mut dyn Processor,
    blocks: usize,
    input: impl Fn(usize) -> (f64, f64),
) -> Vec<[f64; 2]> {
    let mut out = Vec::new();
    for k in 0..blocks {
        let mut block = Block::silent();
        for i in 0..QUANTUM {
            let (l, r) = input(k * QUANTUM + i);
            block.channels_mut()[0][i] = l;
            block.channels_mut()[1][i] = r;
        }
        eq.process(Frames((k * QUANTUM) as i64), &mut block);
        out.extend(block.left().iter().zip(block.right()).map(|(l, r)| [*l, *r]));
    }
    out
}

pub(super) fn impulse(n: usize) -> (f64, f64) {
    if n == 0 { (0.25, 0.25) } else { (0.0, 0.0) }
}

/// Magnitude in dB of a response to the impulse, by the Fourier sum.
pub(super) fn magnitude_db(h: &[[f64; 2]], f: f64, rate: f64) -> f64 {
    let w = 2.0 * PI * f / rate;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, v) in h.iter().enumerate() {
        re += v[0] * (w * n as f64).cos();
        im -= v[0] * (w * n as f64).sin();
    }
    10.0 * ((re * re + im * im) / 0.0625).log10()
}

fn frequencies() -> impl Iterator<Item = f64> {
    (0..25).map(|i| 30.0 * (20_000f64 / 30.0).powf(f64::from(i) / 24.0))
}

/// Worst difference between the running equaliser and analog sections where those are above −60 dB.
fn worst_db(values: &Values, sections: &[Section], f0: f64, setup: &Setup) -> f64 {
    let mut eq = EqKind.build(values, setup);
    let h = run(&mut *eq, 256, impulse);
    frequencies()
        .map(|f| {
            let analog: f64 = sections.iter().map(|s| s.power_at(f / f0)).product();
            if analog < 1e-6 {
                return 0.0;
            }
            (magnitude_db(&h, f, setup.sample_rate.hz()) - 10.0 * analog.log10()).abs()
        })
        .fold(0.0, f64::max)
}

#[test]
fn bells_and_shelves_have_the_analog_magnitude() {
    // dsp.md row E1 through the processor, oversampler included. High Q below 200 Hz rings longer than the stretch
    // looked at here; the design test covers it.
    for rate in [SampleRate::CD, SampleRate(96_000)] {
        let setup = Setup { sample_rate: rate };
        let mut worst = 0.0f64;
        for f0 in [200.0, 1000.0, 5000.0, 10_000.0, 15_000.0, 18_000.0] {
            for gain_db in [-12.0, -9.0, 6.0, 12.0] {
                for (word, section) in [
                    (0, Section::Bell { gain_db, q: 0.5 }),
                    (0, Section::Bell { gain_db, q: 2.0 }),
                    (1, Section::LowShelf { gain_db, q: 0.707 }),
                    (2, Section::HighShelf { gain_db, q: 0.707 }),
                ] {
                    let q = match section {
                        Section::Bell { q, .. } => q,
                        _ => 0.707,
                    };
                    let mut values = Values::defaults(&PARAMS);
                    band(&mut values, 3, word, f0, gain_db, q);
                    worst = worst.max(worst_db(&values, &[section], f0, &setup));
                }
            }
        }
        println!("E1 at {rate}: {worst:.4} dB");
        assert!(worst <= 0.02, "{worst}");
    }
}

#[test]
fn cuts_are_butterworth() {
    // Row E2.
    let mut worst = 0.0f64;
    for order in [1usize, 2, 3, 8, 16] {
        for f0 in [300.0, 4000.0, 16_000.0] {
            for high in [true, false] {
                let mut values = Values::defaults(&PARAMS);
                band(&mut values, 0, if high { 3 } else { 4 }, f0, 0.0, 1.0);
                values.set(SLOPE, (order - 1) as f64);
                let mut sections: Vec<Section> = (0..order / 2)
                    .map(|i| butterworth_q(order, i))
                    .map(|q| if high { Section::HighPass { q } } else { Section::LowPass { q } })
                    .collect();
                if order % 2 == 1 {
                    sections.push(if high { Section::HighPass1 } else { Section::LowPass1 });
                }
                worst = worst.max(worst_db(&values, &sections, f0, &CD));
                let h = run(&mut *EqKind.build(&values, &CD), 400, impulse);
                let corner = magnitude_db(&h, f0, 44_100.0);
                assert!((corner + 3.0103).abs() < 0.02, "order {order} at {f0} Hz: {corner} dB");
            }
        }
    }
    println!("E2: {worst:.4} dB");
    assert!(worst <= 0.1);
}

#[test]
fn a_flat_tilt_is_a_straight_line() {
    // The gain five octaves above, and a fifth of it per octave in between, from 20 Hz to 20 kHz.
    for (f0, gain_db) in [(632.5, 3.0), (1000.0, -6.0), (3000.0, 20.0)] {
        for phase in [0.0, 1.0] {
            let mut values = Values::defaults(&PARAMS);
            band(&mut values, 0, 8, f0, gain_db, 1.0);
            values.set(PHASE, phase);
            let mut eq = EqKind.build(&values, &CD);
            let blocks = eq.latency().as_len() / QUANTUM + 500;
            let h = run(&mut *eq, blocks, impulse);
            let at = |f: f64| magnitude_db(&h, f, 44_100.0);
            for i in 0..=20 {
                // The kernel resolves 5 Hz.
                let f = if phase > 0.5 { 40.0 } else { 20.0 } * 500f64.powf(f64::from(i) / 20.0);
                let line = gain_db / 5.0 * (f / f0).log2();
                assert!((at(f) - line).abs() < 0.1, "{f} Hz, phase {phase}: {} for {line}", at(f));
            }
            for octaves in [1.0, 2.0] {
                let (up, down) = (at(f0 * 2f64.powf(octaves)), at(f0 * 2f64.powf(-octaves)));
                assert!((up + down).abs() < 0.05, "{f0}: {up} {down}");
            }
        }
    }
}

/// Phase of a section at a frequency, analog, radians.
fn analog_phase(section: Section, x: f64) -> f64 {
    // Magnitude is all that is public of a prototype; the phase is computed from the formulas of dsp.md, section 1.1.
    let (b, a) = match section {
        Section::Bell { gain_db, q } => {
            let a = 10f64.powf(gain_db / 40.0);
            ([1.0, a / q, 1.0], [1.0, 1.0 / (a * q), 1.0])
        }
        Section::LowShelf { gain_db, q } => {
            let a = 10f64.powf(gain_db / 40.0);
            ([a, a * a.sqrt() / q, a * a], [a, a.sqrt() / q, 1.0])
        }
        Section::HighShelf { gain_db, q } => {
            let a = 10f64.powf(gain_db / 40.0);
            ([a * a, a * a.sqrt() / q, a], [1.0, a.sqrt() / q, a])
        }
        Section::LowPass { q } => ([0.0, 0.0, 1.0], [1.0, 1.0 / q, 1.0]),
        Section::HighPass { q } => ([1.0, 0.0, 0.0], [1.0, 1.0 / q, 1.0]),
        _ => unreachable!("{section:?} is not looked at"),
    };
    let phase = |p: [f64; 3]| (p[1] * x).atan2(p[2] - p[0] * x * x);
    phase(b) - phase(a)
}

/// Largest difference of phase from the prototype in degrees, 20 Hz to 20 kHz, less the pure delay that fits best; and
/// that delay in samples.
fn worst_phase(section: Section, f0: f64, rate_hz: f64) -> (f64, f64) {
    let biquad = section.matched(f0, rate_hz);
    let points: Vec<(f64, f64)> = (0..200)
        .map(|i| {
            let f = 20.0 * 1000f64.powf(f64::from(i) / 199.0);
            let w = 2.0 * PI * f / rate_hz;
            let difference = biquad.phase_at(w) - analog_phase(section, f / f0);
            (w, difference - (difference / (2.0 * PI)).round() * 2.0 * PI)
        })
        .collect();
    let worst = |delay: f64| points.iter().map(|(w, d)| (d + w * delay).abs()).fold(0.0, f64::max);
    let delays = (-500..=500).map(|i| f64::from(i) * 0.002);
    let (delay, error) = delays.map(|d| (d, worst(d))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    (error.to_degrees(), delay)
}

#[test]
fn minimum_phase_is_the_phase_of_the_analog_filter() {
    // Why there is no natural-phase mode: apart from a delay of a fraction of a sample there is nothing to win.
    let (mut eq, mut cut) = ((0.0f64, 0.0f64), (0.0f64, 0.0f64));
    for rate_hz in [88_200.0, 96_000.0, 192_000.0] {
        for f0 in [30.0, 100.0, 1000.0, 5000.0, 10_000.0, 15_000.0, 18_000.0] {
            let q = std::f64::consts::FRAC_1_SQRT_2;
            let look = |section, worst: &mut (f64, f64)| {
                let (degrees, delay) = worst_phase(section, f0, rate_hz);
                *worst = (worst.0.max(degrees), worst.1.max(delay.abs()));
            };
            for gain_db in [-12.0, -6.0, 6.0, 12.0] {
                for bell_q in [0.5, 1.0, 2.0, 8.0] {
                    look(Section::Bell { gain_db, q: bell_q }, &mut eq);
                }
                look(Section::LowShelf { gain_db, q }, &mut eq);
                look(Section::HighShelf { gain_db, q }, &mut eq);
            }
            look(Section::LowPass { q }, &mut cut);
            look(Section::HighPass { q }, &mut cut);
        }
    }
    println!(
        "phase against the prototype: bells and shelves {:.2}° after {:.2} samples, cuts {:.2}° after {:.2}",
        eq.0, eq.1, cut.0, cut.1
    );
    assert!(eq.0 < 0.5 && eq.1 < 0.2 && cut.0 < 1.0 && cut.1 < 1.0, "{eq:?} {cut:?}");
}

#[test]
fn phase_and_group_delay_for_the_editor_are_those_that_run() {
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, 0, 3000.0, 5.0, 2.0);
    band(&mut values, 1, 3, 100.0, 0.0, 1.0);
    let h = run(&mut *EqKind.build(&values, &CD), 400, impulse);
    let latency = EqKind.build(&values, &CD).latency().as_len() as f64;
    let phase = |f: f64| {
        let w = 2.0 * PI * f / 44_100.0;
        let (mut re, mut im) = (0.0, 0.0);
        for (n, v) in h.iter().enumerate() {
            re += v[0] * (w * (n as f64 - latency)).cos();
            im -= v[0] * (w * (n as f64 - latency)).sin();
        }
        im.atan2(re)
    };
    let freqs = [60.0, 200.0, 2500.0, 3300.0, 12_000.0];
    let shown = phase_deg(&values, SampleRate::CD, &freqs);
    let delays = group_delay_ms(&values, SampleRate::CD, &freqs);
    for ((f, degrees), delay_ms) in freqs.iter().zip(shown).zip(delays) {
        let measured = phase(*f).to_degrees();
        let off = (measured - degrees) / 360.0;
        assert!((off - off.round()).abs() * 360.0 < 0.1, "{f} Hz: {measured}, not {degrees}");
        let slope = (phase(f + 0.5) - phase(f - 0.5)) / (2.0 * PI);
        assert!((-1000.0 * slope - delay_ms).abs() < 0.002, "{f} Hz: {} ms, not {delay_ms}", -1000.0 * slope);
    }
}

#[test]
fn notches_are_deep_and_tilts_symmetric() {
    // Row E3.
    for f0 in [200.0, 1000.0, 12_000.0] {
        let mut values = Values::defaults(&PARAMS);
        band(&mut values, 0, 5, f0, 0.0, 2.0);
        let h = run(&mut *EqKind.build(&values, &CD), 600, impulse);
        let depth = magnitude_db(&h, f0, 44_100.0);
        assert!(depth < -60.0, "{f0}: {depth}");
        band(&mut values, 0, 7, f0, 4.0, 1.0);
        let h = run(&mut *EqKind.build(&values, &CD), 600, impulse);
        for octaves in [0.0, 0.5] {
            let up = magnitude_db(&h, f0 * 2f64.powf(octaves), 44_100.0);
            let down = magnitude_db(&h, f0 * 2f64.powf(-octaves), 44_100.0);
            assert!((up + down).abs() < 0.05, "{f0}: {up} {down}");
        }
    }
}

pub(super) fn noise(n: usize) -> (f64, f64) {
    let hash = |seed: u64| {
        let mut x = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed;
        x ^= x >> 31;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 27;
        (x >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (hash(17), hash(99))
}

#[test]
fn neutral_is_the_delayed_input_bit_for_bit() {
    // Row E6: bands on at 0 dB, and bands off.
    for rate in [44_100, 96_000] {
        let setup = Setup { sample_rate: SampleRate(rate) };
        let mut values = Values::defaults(&PARAMS);
        band(&mut values, 0, 0, 1000.0, 0.0, 1.0);
        band(&mut values, 5, 2, 8000.0, 0.0, 1.0);
        let mut eq = EqKind.build(&values, &setup);
        let latency = eq.latency().as_len();
        for (n, out) in run(&mut *eq, 20, noise).into_iter().enumerate().skip(latency) {
            let (l, r) = noise(n - latency);
            assert_eq!(out, [l, r]);
        }
    }
}

#[test]
fn after_a_ride_back_to_zero_it_is_neutral_again() {
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, 0, 1000.0, 6.0, 1.0);
    let mut eq = EqKind.build(&values, &CD);
    run(&mut *eq, 10, noise);
    eq.set(GAIN, 0.0);
    run(&mut *eq, 64, noise);
    let latency = eq.latency().as_len();
    for (n, out) in run(&mut *eq, 10, noise).into_iter().enumerate().skip(latency) {
        let (l, r) = noise(n - latency);
        assert_eq!(out, [l, r]);
    }
}

#[test]
fn a_band_on_one_part_leaves_the_others_alone() {
    for (word, mid, side) in [(1usize, 12.0, 0.0), (2, 0.0, 12.0)] {
        let mut values = Values::defaults(&PARAMS);
        band(&mut values, 0, 0, 1000.0, 12.0, 1.0);
        values.set(CHANNEL, word as f64);
        let gain = |l: f64, r: f64| {
            let h = run(&mut *EqKind.build(&values, &CD), 200, |n| if n == 0 { (l, r) } else { (0.0, 0.0) });
            magnitude_db(&h, 1000.0, 44_100.0)
        };
        let (same, opposite) = (gain(0.25, 0.25), gain(0.25, -0.25));
        assert!((same - mid).abs() < 0.02 && (opposite - side).abs() < 0.02, "{same} {opposite}");
    }
}

#[test]
fn a_band_is_on_when_its_type_is_given() {
    let word = |w: &str| ParamValue::Word(w.to_owned());
    let mut given = BTreeMap::new();
    given.insert("band2_type".to_owned(), word("high_shelf"));
    given.insert("band3_type".to_owned(), word("bell"));
    given.insert("band3_enabled".to_owned(), ParamValue::Switch(false));
    given.insert("band4_slope_db_oct".to_owned(), ParamValue::Number(24.0));
    let (values, errors) = crate::process::values_of(&EqKind, &given);
    assert!(errors.is_empty(), "{errors:?}");
    let on: Vec<bool> = (0..4).map(|b| values.is_on(band_switches(b).0)).collect();
    assert_eq!(on, [false, true, false, false]);
    assert_eq!(values.choice(3 * PARAMS_PER_BAND + SLOPE), 3);
}

#[test]
fn the_curve_for_the_editor_is_the_curve_that_runs() {
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, 0, 3000.0, 5.0, 2.0);
    band(&mut values, 1, 3, 100.0, 0.0, 1.0);
    values.set(OUTPUT, -2.0);
    let h = run(&mut *EqKind.build(&values, &CD), 400, impulse);
    let freqs = [50.0, 100.0, 1000.0, 3000.0, 15_000.0];
    for (f, db) in freqs.iter().zip(response_db(&values, SampleRate::CD, &freqs)) {
        let measured = magnitude_db(&h, *f, 44_100.0);
        assert!((measured - db).abs() < 0.01, "{f} Hz: {measured} {db}");
    }
}

/// Energy further than 300 Hz from 1 kHz in the worst 93 ms frame, dB re the tone.
fn splatter_dbc(signal: &[[f64; 2]]) -> f64 {
    let n = 4096;
    let mut worst = f64::NEG_INFINITY;
    for start in (0..signal.len().saturating_sub(n)).step_by(1024) {
        let window = |i: usize| crate::dsp::window::kaiser_at(2.0 * i as f64 / (n - 1) as f64 - 1.0, 20.0);
        let mut frame: Vec<f64> = (0..n).map(|i| signal[start + i][0] * window(i)).collect();
        let spectrum = crate::dsp::fft::RealFft::new(n).spectrum_of(&mut frame);
        let (mut far, mut near) = (0.0, 0.0);
        for (k, v) in spectrum.iter().enumerate().skip(1) {
            let away = (k as f64 * 44_100.0 / n as f64 - 1000.0).abs();
            if away > 300.0 { far += v.norm_sqr() } else { near += v.norm_sqr() }
        }
        worst = worst.max(10.0 * (far / near).log10());
    }
    worst
}

/// A 1 kHz tone at −12 dBFS while `each` moves parameters before every block.
pub(super) fn ride(values: &Values, each: impl Fn(usize, &mut dyn Processor)) -> f64 {
    let mut eq = EqKind.build(values, &CD);
    let mut out = Vec::new();
    for k in 0..1700 {
        each(k, &mut *eq);
        let tone = |n: usize| 0.25 * (2.0 * PI * 1000.0 * (k * QUANTUM + n) as f64 / 44_100.0).sin();
        out.extend(run(&mut *eq, 1, |n| (tone(n), tone(n))));
    }
    splatter_dbc(&out[8192..])
}

#[test]
fn moves_do_not_splatter() {
    // Rows E5 (rides of 2 s) and A3 (jumps and switches).
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, 0, 1000.0, 0.0, 1.0);
    let part = |k: usize| (k.saturating_sub(150) as f64 / 1378.0).min(1.0);
    let gain = ride(&values, |k, eq| eq.set(GAIN, 12.0 * part(k)));
    band(&mut values, 0, 0, 200.0, 12.0, 2.0);
    let sweep = ride(&values, |k, eq| eq.set(FREQ, 200.0 * 25f64.powf(part(k))));
    println!("E5: gain {gain:.1} dBc, frequency {sweep:.1} dBc");
    assert!(gain <= -90.0 && sweep <= -90.0);
    band(&mut values, 0, 0, 1000.0, 6.0, 1.0);
    let at = |k: usize, eq: &mut dyn Processor, param, value| {
        if k == 700 {
            eq.set(param, value);
        }
    };
    for (name, param, value) in [
        ("gain to 0", GAIN, 0.0),
        ("frequency", FREQ, 3000.0),
        ("Q", Q, 8.0),
        ("type", TYPE, 1.0),
        ("off", ENABLED, 0.0),
        ("channel", CHANNEL, 2.0),
    ] {
        let dbc = ride(&values, |k, eq| at(k, eq, param, value));
        println!("A3 {name}: {dbc:.1} dBc");
        assert!(dbc <= -75.0, "{name}: {dbc}");
    }
}

#[test]
fn a_number_that_is_none_does_not_stay() {
    let mut values = Values::defaults(&PARAMS);
    band(&mut values, 0, 0, 100.0, 6.0, 8.0);
    let mut eq = EqKind.build(&values, &CD);
    run(&mut *eq, 2, |n| if n == 5 { (f64::NAN, f64::INFINITY) } else { noise(n) });
    let after = run(&mut *eq, 20, noise);
    assert!(after.iter().flatten().all(|v| v.is_finite()));
}

/// Response to the impulse in linear mode, as long as the kernel.
pub(super) fn linear_response(values: &Values, right: f64) -> (usize, Vec<[f64; 2]>) {
    let mut eq = EqKind.build(values, &CD);
    let latency = eq.latency().as_len();
    let blocks = 2 * latency / QUANTUM + 1;
    (latency, run(&mut *eq, blocks, |n| if n == 0 { (0.25, right) } else { (0.0, 0.0) }))
}

/// Magnitude of the left channel, dB re 0.25; bin spacing 44100/65536 Hz.
fn linear_spectrum(h: &[[f64; 2]]) -> Vec<f64> {
    let mut signal = vec![0.0; 65_536];
    signal.iter_mut().zip(h).for_each(|(s, v)| *s = v[0]);
    let spectrum = crate::dsp::fft::RealFft::new(65_536).spectrum_of(&mut signal);
    spectrum.iter().map(|v| 20.0 * (v.norm() / 0.25).log10()).collect()
}

#[test]
fn linear_phase_is_symmetric_and_has_the_target_magnitude() {
    // Row E4.
    let mut values = Values::defaults(&PARAMS);
    values.set(PHASE, 1.0);
    band(&mut values, 0, 0, 60.0, 6.0, 2.0);
    band(&mut values, 1, 0, 10_000.0, -9.0, 1.0);
    band(&mut values, 2, 2, 15_000.0, 4.0, 0.707);
    band(&mut values, 3, 3, 30.0, 0.0, 1.0);
    let (latency, h) = linear_response(&values, 0.25);
    for i in 0..latency {
        let (before, after) = (h[latency - i][0], h[latency + i][0]);
        assert!((before - after).abs() < 1e-13, "group delay is the latency at every frequency");
    }
    let freqs: Vec<f64> = (0..30_000).map(|k| f64::from(k) * 44_100.0 / 65_536.0).collect();
    let target = response_db(&values, SampleRate::CD, &freqs);
    let measured = linear_spectrum(&h);
    let worst = (60..29_700).map(|k| (target[k] - measured[k]).abs()).fold(0.0, f64::max);
    println!("E4: {worst:.4} dB above 40 Hz, latency {latency}");
    assert!(worst <= 0.1, "{worst}");
}

#[test]
fn linear_phase_works_on_parts_alone_and_mixed() {
    for mixed in [false, true] {
        let mut values = Values::defaults(&PARAMS);
        values.set(PHASE, 1.0);
        band(&mut values, 0, 0, 1000.0, 12.0, 4.0);
        values.set(CHANNEL, 2.0); // side
        if mixed {
            band(&mut values, 1, 0, 8000.0, 6.0, 4.0);
            values.set(PARAMS_PER_BAND + CHANNEL, 3.0); // left
        }
        let bin = |hz: f64| (hz * 65_536.0 / 44_100.0).round() as usize;
        let (same, opposite) = (linear_response(&values, 0.25).1, linear_response(&values, -0.25).1);
        let (mid, side) = (linear_spectrum(&same), linear_spectrum(&opposite));
        // The left bell's skirt at 1 kHz is below 0.01 dB, the side bell's at 8 kHz too.
        assert!(mid[bin(1000.0)].abs() < 0.02, "mid at the side band: {}", mid[bin(1000.0)]);
        assert!((side[bin(1000.0)] - 12.0).abs() < 0.02, "{}", side[bin(1000.0)]);
        let left = if mixed { 6.0 } else { 0.0 };
        assert!((mid[bin(8000.0)] - left).abs() < 0.05, "{}", mid[bin(8000.0)]);
    }
}

#[test]
fn linear_phase_at_zero_decibels_is_the_delayed_input() {
    let mut values = Values::defaults(&PARAMS);
    values.set(PHASE, 1.0);
    band(&mut values, 0, 0, 1000.0, 0.0, 1.0);
    let mut eq = EqKind.build(&values, &CD);
    let latency = eq.latency().as_len();
    for (n, out) in run(&mut *eq, latency / QUANTUM + 4, noise).into_iter().enumerate().skip(latency) {
        let (l, r) = noise(n - latency);
        assert_eq!(out, [l, r]);
    }
    let mut moved = values.clone();
    moved.set(GAIN, 3.0);
    assert!(EqKind.needs_rebuild(GAIN, &values, &moved), "the kernel is made at build time");
    assert!(!EqKind.needs_rebuild(OUTPUT, &values, &moved));
}
