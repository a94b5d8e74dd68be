//! The rows L1 to L6 of the measurements for every character, and what sets the characters apart.

use super::*;
use crate::dsp::kweight::KWeight;
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

const TRANSPARENT: f64 = 0.0;
const SMOOTH: f64 = 1.0;
const PUNCH: f64 = 2.0;
const LOUD: f64 = 3.0;
const CHARACTERS: [f64; 4] = [TRANSPARENT, SMOOTH, PUNCH, LOUD];

/// How far a limited signal passes the ceiling between the samples, dB; sample peaks are asserted.
fn over_db(left: &[f64], right: &[f64], rate: SampleRate, input_gain_db: f64, character: f64) -> f64 {
    over_with(left, right, rate, &[(INPUT_GAIN, input_gain_db), (CHARACTER, character)])
}

fn over_with(left: &[f64], right: &[f64], rate: SampleRate, given: &[(ParamIndex, f64)]) -> f64 {
    let mut limiter = build(rate, given);
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
            let kick = (-30.0 * beat).exp() * (2.0 * PI * (50.0 + 120.0 * (-60.0 * beat).exp()) * beat).sin();
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
        ("white ±1 again", noise(4, FRAMES).iter().map(|v| v.signum()).collect()),
        ("clipped noise", clipped(3.0)),
        ("signs 32", signs(32)),
        ("signs 128", signs(128)),
        ("signs 256", signs(256)),
        ("clipped programme", programme(CD, FRAMES, 2).iter().map(|v| (4.0 * v).clamp(-1.0, 1.0)).collect()),
    ]
}

#[test]
fn l1_programme_keeps_the_true_peak() {
    for hz in [44_100, 48_000, 96_000, 192_000] {
        let rate = SampleRate(hz);
        // As out of a converter: nothing in the last 6 % below Nyquist.
        let music = |seed| band_limited(&programme(rate, FRAMES, seed), 0.94);
        let (l, r) = (music(1), music(2));
        for (gain_db, character) in [3.0, 6.0, 9.0].into_iter().flat_map(|g| CHARACTERS.map(|c| (g, c))) {
            if character > 0.0 && (gain_db, hz) != (6.0, 44_100) && (gain_db, hz) != (9.0, 96_000) {
                continue;
            }
            let over = over_db(&faded(l.clone()), &faded(r.clone()), rate, gain_db, character);
            println!("L1 {hz} Hz +{gain_db} dB character {character}: {over:+.4} dB");
            assert!(over <= 0.05, "{hz} Hz +{gain_db} dB character {character}: {over}");
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
        for character in CHARACTERS {
            let over = over_db(&x, &x, CD, 6.0, character);
            println!("L2 {name}, character {character}: {over:+.4} dB");
            assert!(over <= 0.10, "{name}, character {character}: {over}");
        }
    }
}

#[test]
fn l2b_full_band_torture_stays_near_the_ceiling() {
    for (name, x) in full_band_torture() {
        let x = faded(x);
        for character in CHARACTERS {
            let over = over_db(&x, &x, CD, 6.0, character);
            println!("L2b {name}, character {character}: {over:+.4} dB");
            assert!(over <= 0.45, "{name}, character {character}: {over}");
        }
    }
}

#[test]
fn l4_low_notes_are_not_bent_and_l5_the_gain_is_still() {
    for (freq_hz, limit_db) in [(50.0, -74.0), (5000.0, -120.0)] {
        let frames = CD.0 as usize * 3;
        let w = 2.0 * PI * freq_hz / CD.hz();
        let x: Vec<f64> = (0..frames).map(|n| (w * n as f64).sin()).collect();
        for (auto, character) in [0.0, 1.0].into_iter().flat_map(|a| CHARACTERS.map(|c| (a, c))) {
            let given = [(INPUT_GAIN, 5.0), (RELEASE, 100.0), (AUTO_RELEASE, auto), (CHARACTER, character)];
            // Loud bends the wave itself: its figure is in its help.
            let limit_db = if character < LOUD { limit_db } else { -24.0 };
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
                "L4/L5 {freq_hz} Hz auto {auto} character {character}: {thd_db:.1} dB, level {:.3}",
                db_from_gain(re.hypot(im))
            );
            assert!(thd_db <= limit_db, "{freq_hz} Hz: {thd_db} dB");
            assert!(character >= LOUD || (db_from_gain(re.hypot(im)) + 1.0).abs() < 0.02);
        }
    }
}

#[test]
fn l6_what_stays_below_the_ceiling_passes_bit_for_bit() {
    for hz in [44_100, 96_000] {
        let rate = SampleRate(hz);
        let x: Vec<f64> = programme(rate, FRAMES, 3).iter().map(|v| 0.5 * v).collect();
        // −6 dBFS: 3 dB below the knee of loud.
        for character in CHARACTERS {
            let [l, r] = run(build(rate, &[(CHARACTER, character)]).as_mut(), &x, &x);
            assert!(l == x && r == x, "{hz} Hz, character {character}");
        }
    }
    // And again after it has been at work.
    let mut x = vec![1.5; 1000];
    x.extend(programme(CD, 200_000, 3).iter().map(|v| 0.5 * v));
    for character in CHARACTERS {
        let given = [(AUTO_RELEASE, 0.0), (RELEASE, 10.0), (CHARACTER, character)];
        let [l, _] = run(build(CD, &given).as_mut(), &x, &x);
        assert!(l[60_000..] == x[60_000..], "character {character}");
    }
}

#[test]
fn the_short_way_through_quiet_passages_changes_no_bit() {
    let x: Vec<f64> = programme(CD, FRAMES, 5)
        .iter()
        .enumerate()
        .map(|(n, v)| if n / 9000 % 2 == 0 { 1.5 * v } else { 0.3 * v })
        .collect();
    for (character, auto) in [1.0, 0.0].into_iter().flat_map(|a| CHARACTERS.map(|c| (c, a))) {
        let mut values = Values::defaults(&PARAMS);
        values.set(CHARACTER, character);
        // Without the automatic and fast, everything comes to rest in between.
        values.set(AUTO_RELEASE, auto);
        values.set(RELEASE, if auto > 0.0 { 100.0 } else { 1.0 });
        let mut short = Limiter::new(&values, CD);
        let mut long = Limiter::new(&values, CD);
        for (start, frames) in x.chunks_exact(QUANTUM).enumerate() {
            let mut a = Block::silent();
            a.channels_mut()[0].copy_from_slice(frames);
            let mut b = a.clone();
            short.process(Frames((start * QUANTUM) as i64), &mut a);
            long.busy = long.memory;
            long.leveller.iter_mut().for_each(Leveller::stay_awake);
            long.process(Frames((start * QUANTUM) as i64), &mut b);
            assert!(a == b, "block {start}, character {character}");
        }
    }
}

#[test]
fn damage_does_not_outlive_the_memory_and_reset_is_as_new() {
    let clean = programme(CD, FRAMES, 6);
    let mut broken = clean.clone();
    (broken[500], broken[501], broken[502]) = (f64::NAN, f64::INFINITY, -1e300);
    for character in CHARACTERS {
        let given = [(INPUT_GAIN, 6.0), (AUTO_RELEASE, 0.0), (CHARACTER, character)];
        let mut limiter = build(CD, &given);
        let out = run(limiter.as_mut(), &broken, &broken);
        assert!(out.iter().flatten().all(|v| v.abs() <= gain_from_db(-1.0)));
        limiter.reset();
        let again = run(limiter.as_mut(), &clean, &clean);
        let fresh = run(build(CD, &given).as_mut(), &clean, &clean);
        assert!(again == fresh, "character {character}");
    }
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

#[test]
fn without_link_every_channel_keeps_the_ceiling_by_itself() {
    let quiet: Vec<f64> = programme(CD, FRAMES, 8).iter().map(|v| 0.6 * v).collect();
    let (l, r) = (faded(band_limited(&programme(CD, FRAMES, 7), 0.94)), faded(band_limited(&quiet, 0.94)));
    for character in CHARACTERS {
        let given = [(INPUT_GAIN, 6.0), (CHARACTER, character), (LINK_TRANSIENT, 0.0), (LINK_RELEASE, 0.0)];
        let over = over_with(&l, &r, CD, &given);
        println!("unlinked, character {character}: {over:+.4} dB");
        assert!(over <= 0.05, "{character}: {over}");
        assert!(over > -0.1, "{character}: it should be at work");
    }
}

#[test]
fn the_gain_of_both_channels_is_shown() {
    let loud: Vec<f64> = (0..FRAMES).map(|n| 2.0 * (n as f64 * 0.1).sin()).collect();
    let quiet = vec![0.1; FRAMES];
    let mut limiter = build(CD, &[(LINK_TRANSIENT, 0.0), (LINK_RELEASE, 0.0)]);
    run(limiter.as_mut(), &loud, &quiet);
    let mut gains = [0.0; BANDS_SHOWN];
    assert_eq!(limiter.band_gains_db(&mut gains), 2);
    // 2 to −1 dBFS.
    assert!((gains[0] + 7.02).abs() < 0.2, "{}", gains[0]);
    assert!(gains[1].abs() < 1e-6, "{}", gains[1]);
    assert!((limiter.gain_reduction_db().unwrap() - f64::from(gains[0])).abs() < 1e-5);
}

/// K-weighted energy of both channels, dB.
fn loudness_db([left, right]: &[Vec<f64>; 2]) -> f64 {
    let mut energy = [0.0; 2];
    KWeight::new(CD.hz()).add_energy(left, right, &mut energy);
    10.0 * (energy[0] + energy[1]).log10()
}

/// Gain at times in ms after the end of a burst 6 dB over the ceiling in a quiet 3 kHz tone, dB.
fn recovery_db(character: f64, burst_ms: f64, after_ms: &[f64]) -> Vec<f64> {
    let per_ms = CD.hz() / 1000.0;
    let (from, to) = (40_000, 40_000 + (burst_ms * per_ms) as usize);
    let x: Vec<f64> = (0..90_000)
        .map(|n| {
            let size = if (from..to).contains(&n) { gain_from_db(5.0) } else { 0.1 };
            size * (2.0 * PI * 3000.0 * n as f64 / CD.hz()).sin()
        })
        .collect();
    let [y, _] = run(build(CD, &[(CHARACTER, character)]).as_mut(), &x, &x);
    let power = |x: &[f64], at: usize| x[at - 73..at + 74].iter().map(|v| v * v).sum::<f64>();
    let gain_db = |ms: &f64| {
        let at = (if *ms < 0.0 { from as f64 } else { to as f64 } + ms * per_ms) as usize;
        10.0 * (power(&y, at) / power(&x, at)).log10()
    };
    after_ms.iter().map(gain_db).collect()
}

#[test]
fn the_characters_are_different_algorithms() {
    // Loudness from the same programme, 6 dB over: the order of their names.
    let x = [1, 2].map(|side| programme(CD, 150_000, side));
    let loud = |character: f64| {
        let given = [(INPUT_GAIN, 5.0), (CHARACTER, character)];
        loudness_db(&run(build(CD, &given).as_mut(), &x[0], &x[1])) - loudness_db(&x)
    };
    let [transparent, smooth, punch, loudest] = CHARACTERS.map(loud);
    println!("louder by {transparent:.2}, {smooth:.2}, {punch:.2}, {loudest:.2} dB");
    assert!(smooth < transparent && transparent + 0.1 < punch && punch + 0.4 < loudest);

    // What a hit of 10 ms does to what comes before and after it.
    let [transparent, smooth, punch, loudest] =
        CHARACTERS.map(|c| recovery_db(c, 10.0, &[-20.0, -6.0, 20.0, 50.0]));
    println!("recovery {transparent:.2?} {smooth:.2?} {punch:.2?} {loudest:.2?}");
    assert!(transparent[0].abs() < 0.01 && smooth[0] < -0.5, "only smooth looks 20 ms ahead");
    assert!(transparent[1] < punch[1] - 0.5, "punch begins later");
    assert!(transparent[2] < -4.5 && punch[2] > -3.0 && loudest[2] > -2.0);
    assert!(punch[3] > -2.0 && transparent[3] < -3.0);

    // A second of the same is a body: punch holds it as transparent does, or it would pump.
    let [transparent, _, punch, _] = CHARACTERS.map(|c| recovery_db(c, 500.0, &[50.0]));
    assert!(transparent[0] < -5.0 && punch[0] < -5.0, "{transparent:?} {punch:?}");
}

#[test]
fn the_knee_of_loud_makes_no_false_tones() {
    // 5 kHz, 6 dB over, as row N1: what is no harmonic has folded back.
    let frames = 1 << 16;
    let x: Vec<f64> = (0..frames + 60_000).map(|n| (2.0 * PI * 5001.0 * n as f64 / CD.hz()).sin()).collect();
    let [y, _] = run(build(CD, &[(INPUT_GAIN, 5.0), (CHARACTER, LOUD)]).as_mut(), &x, &x);
    let window: Vec<f64> = (0..frames)
        .map(|i| crate::dsp::window::kaiser_at(2.0 * i as f64 / (frames - 1) as f64 - 1.0, 28.0))
        .collect();
    let mut stretch: Vec<f64> = y[y.len() - frames..].iter().zip(&window).map(|(v, w)| v * w).collect();
    let scale = 2.0 / window.iter().sum::<f64>();
    let mut fft = crate::dsp::fft::RealFft::new(frames);
    let worst = fft
        .spectrum_of(&mut stretch)
        .iter()
        .enumerate()
        .filter(|(k, _)| {
            let f = *k as f64 * CD.hz() / frames as f64;
            let off = (f / 5001.0 - (f / 5001.0).round()).abs() * 5001.0;
            f > 40.0 && off > 40.0
        })
        .map(|(_, v)| v.norm() * scale)
        .fold(0.0, f64::max);
    println!("strongest line beside the harmonics: {:.1} dBFS", db_from_gain(worst));
    assert!(db_from_gain(worst) < -120.0);
}
