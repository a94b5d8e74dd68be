//! Rows L1 to L6 for the character transparent, L7 to L9 for the others and for what sets them apart. The signals are made here; the true peak is read by an interpolation of 32 points a frame through the
//! spectrum of the whole, which shares nothing with the limiter's detector.

use std::f64::consts::PI;

use glassmaster::dsp::kweight::KWeight;
use glassmaster::dsp::window::{kaiser_at, sinc};
use glassmaster::units::SampleRate;

use super::lab::{CD, Given, Instance, db, noise, sine, tone_and_rest, true_peak_32x};
use super::table::{Row, at_most};

const CEILING_DBTP: f64 = -1.0;

/// Frames of a torture signal.
const FRAMES: usize = 60_000;

fn limiter(rate: SampleRate, input_gain_db: f64) -> Instance {
    with_character("transparent", rate, input_gain_db)
}

fn with_character(character: &str, rate: SampleRate, input_gain_db: f64) -> Instance {
    let settings = [
        ("character", Given::Word(character)),
        ("input_gain_db", Given::Number(input_gain_db)),
        ("ceiling_dbtp", Given::Number(CEILING_DBTP)),
    ];
    Instance::new("limiter", rate, &settings)
}

/// How far the output passes the ceiling: between the samples, and at them.
fn over_db(channels: [&[f64]; 2], rate: SampleRate, input_gain_db: f64) -> (f64, f64) {
    over_of(limiter(rate, input_gain_db), channels)
}

fn over_of(mut limiter: Instance, channels: [&[f64]; 2]) -> (f64, f64) {
    let out = limiter.run(channels);
    let between = out.iter().map(|o| true_peak_32x(o)).fold(0.0, f64::max);
    let samples = out.iter().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
    (db(between) - CEILING_DBTP, db(samples) - CEILING_DBTP)
}

/// A minute's worth of band in miniature: drum, bass, chord, cymbal and voice-like noise, different on the two sides.
fn programme(rate: SampleRate, frames: usize, side: u64) -> Vec<f64> {
    let hiss = noise(side + 10, frames);
    let (mut low, mut voice) = (0.0, 0.0);
    let x: Vec<f64> = (0..frames)
        .map(|n| {
            let t = n as f64 / rate.hz();
            let beat = (t * 2.0).fract() / 2.0;
            let drum = (-25.0 * beat).exp() * (2.0 * PI * (45.0 + 150.0 * (-70.0 * beat).exp()) * beat).sin();
            let snare = (-18.0 * ((t * 2.0 + 0.5).fract() / 2.0)).exp() * hiss[n];
            low += 0.6 * (hiss[n] - low);
            voice += 0.05 * (hiss[n] - voice);
            let bass: f64 = (1..8).map(|k| (2.0 * PI * 55.0 * f64::from(k) * t).sin() / f64::from(k)).sum();
            let pan = side as f64 * 0.37;
            let chord: f64 = [220.0, 277.2, 329.6, 659.3, 2637.0, 7902.0]
                .iter()
                .map(|f| (2.0 * PI * f * t + pan).sin() / 6.0)
                .sum();
            drum + 0.4 * bass + 0.5 * snare + 0.3 * chord + 0.2 * low + voice
        })
        .collect();
    normalised(band_limited(&x, 0.94))
}

fn normalised(x: Vec<f64>) -> Vec<f64> {
    let peak = x.iter().fold(1e-9f64, |m, v| m.max(v.abs()));
    x.iter().map(|v| v / peak).collect()
}

/// Without what lies above a share of Nyquist.
fn band_limited(x: &[f64], share: f64) -> Vec<f64> {
    let taps: Vec<f64> = (-200..=200)
        .map(|k| share * sinc(share * f64::from(k)) * kaiser_at(f64::from(k) / 200.0, 9.0))
        .collect();
    (0..x.len())
        .map(|n| {
            let reach = (n as i64 - 200)..;
            taps.iter()
                .zip(reach)
                .map(|(t, i)| usize::try_from(i).ok().and_then(|i| x.get(i)).map_or(0.0, |v| t * v))
                .sum()
        })
        .collect()
}

/// With soft ends, so that the ends are no signal of their own.
fn faded(mut x: Vec<f64>) -> Vec<f64> {
    let frames = x.len();
    for i in 0..600 {
        let gain = 0.5 - 0.5 * (PI * i as f64 / 600.0).cos();
        x[i] *= gain;
        x[frames - 1 - i] *= gain;
    }
    x
}

/// Signs of a sinc's tail around places `period` apart.
fn signs(period: usize) -> Vec<f64> {
    (0..FRAMES)
        .map(|n| {
            let k = (n % period) as i64 - (period / 2) as i64;
            let tail = if k.rem_euclid(2) == 0 { 1.0 } else { -1.0 };
            if k >= 0 { tail } else { -tail }
        })
        .collect()
}

/// Torture with energy right up to Nyquist.
fn full_band() -> Vec<Vec<f64>> {
    let clipped =
        |x: Vec<f64>, gain: f64| x.iter().map(|v| (gain * v).clamp(-1.0, 1.0)).collect::<Vec<f64>>();
    vec![
        noise(1, FRAMES).iter().map(|v| v.signum()).collect(),
        clipped(noise(2, FRAMES), 3.0),
        clipped(programme(CD, FRAMES, 1), 4.0),
        signs(8),
        signs(32),
        signs(64),
        signs(128),
    ]
}

fn torture_tones() -> Vec<Vec<f64>> {
    let tone = |share: f64, phase: f64| -> Vec<f64> {
        (0..FRAMES).map(|n| (2.0 * PI * share * n as f64 + phase).sin()).collect()
    };
    let square: Vec<f64> = (0..FRAMES).map(|n| if n % 90 < 45 { 1.0 } else { -1.0 }).collect();
    vec![tone(0.25, PI / 4.0), tone(1.0 / 3.0, 0.3), tone(0.45, 0.1), band_limited(&square, 0.94)]
}

/// Worst reading over signals that go to both channels, +6 dB.
fn worst(signals: impl IntoIterator<Item = Vec<f64>>) -> (f64, f64) {
    signals
        .into_iter()
        .map(|x| {
            let x = faded(x);
            over_db([&x, &x], CD, 6.0)
        })
        .fold((f64::NEG_INFINITY, f64::NEG_INFINITY), |w, o| (w.0.max(o.0), w.1.max(o.1)))
}

/// Distortion and noise of a sine under 6 dB of reduction, dB re the sine.
fn under_reduction(freq_hz: f64) -> f64 {
    let tone = sine(freq_hz, 0.0, CD, 4 * CD.0 as usize);
    let settings = [
        ("input_gain_db", Given::Number(5.0)),
        ("ceiling_dbtp", Given::Number(CEILING_DBTP)),
        ("release_ms", Given::Number(100.0)),
        ("auto_release", Given::Switch(false)),
    ];
    let out = Instance::new("limiter", CD, &settings).run_mono(&tone);
    tone_and_rest(&out[2 * CD.0 as usize..3 * CD.0 as usize], freq_hz, CD).1
}

/// The characters, the loudest last.
const CHARACTERS: [&str; 4] = ["smooth", "transparent", "punch", "loud"];

/// Worst reading of the characters over programme, limited torture and torture, 6 dB into the ceiling; and at the samples.
fn worst_of_characters() -> ([f64; 3], f64) {
    let programme = [programme(CD, FRAMES, 0), programme(CD, FRAMES, 1)];
    let limited = full_band().into_iter().map(|x| band_limited(&x, 0.94));
    let groups: [Vec<Vec<f64>>; 3] =
        [programme.to_vec(), torture_tones().into_iter().chain(limited).collect(), full_band()];
    let mut samples = f64::NEG_INFINITY;
    let worst = groups.map(|signals| {
        let mut worst = f64::NEG_INFINITY;
        for x in signals.into_iter().map(faded) {
            for character in CHARACTERS {
                let (between, at) = over_of(with_character(character, CD, 6.0), [&x, &x]);
                worst = worst.max(between);
                samples = samples.max(at);
            }
        }
        worst
    });
    (worst, samples)
}

/// How much louder (K-weighted energy) the programme gets 6 dB into the ceiling, by character.
fn louder_db() -> [f64; 4] {
    let x = [0, 1].map(|side| programme(CD, 3 * FRAMES, side));
    let loudness = |channels: [&[f64]; 2]| {
        let mut energy = [0.0; 2];
        KWeight::new(CD.hz()).add_energy(channels[0], channels[1], &mut energy);
        10.0 * (energy[0] + energy[1]).log10()
    };
    CHARACTERS.map(|character| {
        let [l, r] = with_character(character, CD, 5.0).run([&x[0], &x[1]]);
        loudness([&l, &r]) - loudness([&x[0], &x[1]])
    })
}

/// Gain 20 ms after a burst of 10 ms, 6 dB over the ceiling, in a quiet tone of 3 kHz, by character, dB.
fn after_a_hit_db() -> [f64; 4] {
    let ms = CD.hz() / 1000.0;
    let (from, to) = (FRAMES / 2, FRAMES / 2 + (10.0 * ms) as usize);
    let x: Vec<f64> = sine(3000.0, 0.0, CD, FRAMES)
        .iter()
        .enumerate()
        .map(|(n, v)| if (from..to).contains(&n) { 10f64.powf(0.25) * v } else { 0.1 * v })
        .collect();
    let at = to + (20.0 * ms) as usize;
    let power = |x: &[f64]| x[at - 73..at + 74].iter().map(|v| v * v).sum::<f64>();
    CHARACTERS.map(|character| {
        let y = with_character(character, CD, 0.0).run_mono(&x);
        10.0 * (power(&y) / power(&x)).log10()
    })
}

fn by_character(figures: [f64; 4]) -> String {
    let each: Vec<String> =
        CHARACTERS.iter().zip(figures).map(|(name, figure)| format!("{name} {figure:+.2}")).collect();
    format!("{} dB", each.join(", "))
}

/// What holds for all characters, and what sets them apart.
fn character_rows() -> Vec<Row> {
    let ([programme, limited, torture], samples) = worst_of_characters();
    let (louder, recovery) = (louder_db(), after_a_hit_db());
    let kept = programme <= 0.05 && limited <= 0.10 && torture <= 0.6 && samples <= 1e-12;
    vec![
        Row::new(
            "L7",
            "Limiter: all four characters, +6 dB: programme; limited torture; torture; samples",
            "≤ +0.05; +0.10; +0.6 dB; never over",
            "–",
            format!("{programme:+.4}; {limited:+.4}; {torture:+.4}; {samples:+.4} dB"),
            kept,
        ),
        Row::new(
            "L8",
            "Limiter: characters, programme 6 dB into the ceiling: louder by (K-weighted)",
            "in this order",
            "–",
            by_character(louder),
            louder.is_sorted(),
        ),
        Row::new(
            "L9",
            "Limiter: characters, gain 20 ms after a hit of 10 ms, 6 dB over",
            "punch 1.5 dB nearer to 0 than transparent",
            "–",
            by_character(recovery),
            recovery[2] >= recovery[1] + 1.5,
        ),
    ]
}

/// All rows of the limiter.
pub fn rows() -> Vec<Row> {
    let mut rows = transparent_rows();
    rows.extend(character_rows());
    rows
}

/// The character transparent.
fn transparent_rows() -> Vec<Row> {
    let mut samples = f64::NEG_INFINITY;
    let mut programme_over = f64::NEG_INFINITY;
    for hz in [44_100, 48_000, 96_000, 192_000] {
        let rate = SampleRate(hz);
        let (l, r) = (faded(programme(rate, 2 * FRAMES, 0)), faded(programme(rate, 2 * FRAMES, 1)));
        for gain in [3.0, 6.0, 9.0] {
            let (between, at) = over_db([&l, &r], rate, gain);
            programme_over = programme_over.max(between);
            samples = samples.max(at);
        }
    }
    let limited = full_band().into_iter().map(|x| band_limited(&x, 0.94));
    let (l2, at) = worst(torture_tones().into_iter().chain(limited));
    samples = samples.max(at);
    let (l2b, at) = worst(full_band());
    samples = samples.max(at);
    let (thd50, thd5k) = (under_reduction(50.0), under_reduction(5000.0));
    let quiet: Vec<f64> = programme(CD, FRAMES, 0).iter().map(|v| 0.6 * v).collect();
    let idle = limiter(CD, 0.0).run([&quiet, &quiet]) == [quiet.clone(), quiet.clone()];
    vec![
        Row::new(
            "L1",
            "Limiter: true peak over the ceiling, programme +3 to +9 dB, 44.1 to 192 kHz",
            "≤ +0.05 dB",
            "dpl +0.17; LSP +0.14; alimiter +2.26",
            format!("{programme_over:+.4} dB"),
            at_most(programme_over, 0.05),
        ),
        Row::new(
            "L2",
            "Limiter: the same, torture band-limited to 0.94 Nyquist",
            "≤ +0.10 dB",
            "dpl +0.34; LSP +0.17",
            format!("{l2:+.4} dB"),
            at_most(l2, 0.10),
        ),
        Row::new(
            "L2b",
            "Limiter: the same, torture up to Nyquist",
            "≤ +0.6 dB; goal ≤ +0.45",
            "LSP +0.45; alimiter at 192 kHz +0.40; dpl +3.6",
            format!("{l2b:+.4} dB"),
            at_most(l2b, 0.6),
        ),
        Row::new(
            "L3",
            "Limiter: sample peak, all signals above",
            "never over",
            "alimiter, dpl exact; LSP full +1.6",
            format!("{samples:+.4} dB at most"),
            at_most(samples, 1e-12),
        ),
        Row::new(
            "L4",
            "Limiter: 50 Hz, 6 dB reduction, release 100 ms: THD+N",
            "≤ 0.02 %",
            "dpl 0.012 %; Calf 0.41 %; alimiter 1.6 %",
            format!("{:.1e} % ({thd50:.0} dB)", 100.0 * 10f64.powf(thd50 / 20.0)),
            at_most(thd50, -73.98),
        ),
        Row::new(
            "L5",
            "Limiter: 5 kHz, 6 dB reduction: THD+N",
            "≤ −120 dB",
            "dpl −147; alimiter −91; LSP −73",
            format!("{thd5k:.0} dB"),
            at_most(thd5k, -120.0),
        ),
        Row::new(
            "L6",
            "Limiter: below the ceiling",
            "bit-identical delayed input",
            "–",
            if idle { "bit-identical".into() } else { "differs".into() },
            idle,
        ),
    ]
}
