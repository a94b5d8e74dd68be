//! Rows E1 to E6: the equaliser against its analog prototypes (Audio EQ Cookbook; Butterworth), written down here once
//! more as quotients of complex polynomials, so that a slip in the designs cannot hide.

use glassmaster::dsp::fft::Complex;
use glassmaster::units::SampleRate;

use super::lab::{CD, Given, Instance, Response, Settings, noise, sine, splatter_dbc};
use super::table::{Row, at_most};

type C = Complex<f64>;

/// Frames of an impulse response: the slowest prototype of the grid (30 Hz, Q 8, cut by 12 dB) has died away by then.
const FRAMES: usize = 1 << 17;

fn bell(s: C, gain_db: f64, q: f64) -> C {
    let a = 10f64.powf(gain_db / 40.0);
    (s * s + s * (a / q) + 1.0) / (s * s + s / (a * q) + 1.0)
}

fn low_shelf(s: C, gain_db: f64, q: f64) -> C {
    let a = 10f64.powf(gain_db / 40.0);
    (s * s + s * (a.sqrt() / q) + a) * a / (s * s * a + s * (a.sqrt() / q) + 1.0)
}

fn high_shelf(s: C, gain_db: f64, q: f64) -> C {
    let a = 10f64.powf(gain_db / 40.0);
    (s * s * a + s * (a.sqrt() / q) + 1.0) * a / (s * s + s * (a.sqrt() / q) + a)
}

/// Magnitude of an analog filter in dB at a frequency, the corner at `f0_hz`.
fn analog_db(filter: impl Fn(C) -> C, f_hz: f64, f0_hz: f64) -> f64 {
    20.0 * filter(C::new(0.0, f_hz / f0_hz)).norm().log10()
}

fn band<'a>(kind: &'a str, f0_hz: f64, gain_db: f64, q: f64) -> Vec<(&'a str, Given<'a>)> {
    vec![
        ("band1_type", Given::Word(kind)),
        ("band1_freq_hz", Given::Number(f0_hz)),
        ("band1_gain_db", Given::Number(gain_db)),
        ("band1_q", Given::Number(q)),
    ]
}

fn response(rate: SampleRate, settings: Settings<'_>) -> Response {
    Response::of(&Instance::new("eq", rate, settings).impulse(FRAMES), rate)
}

/// Largest difference from a prototype between two frequencies, where the prototype is above `floor_db`.
fn worst_error(
    measured: &Response,
    band_hz: (f64, f64),
    floor_db: f64,
    target_db: impl Fn(f64) -> f64,
) -> f64 {
    measured
        .between(band_hz.0, band_hz.1)
        .map(|(f, db)| (target_db(f), db))
        .filter(|(target, _)| *target > floor_db)
        .map(|(target, db)| (db - target).abs())
        .fold(0.0, f64::max)
}

/// The grid of row E1 at a rate: bells apart from shelves.
fn e1(rate: SampleRate) -> (f64, f64) {
    let (mut bells, mut shelves) = (0.0f64, 0.0f64);
    for f0 in [30.0, 60.0, 125.0, 300.0, 1000.0, 3000.0, 6000.0, 10_000.0, 13_000.0, 15_000.0, 18_000.0] {
        for gain in [-12.0, -9.0, -3.0, 3.0, 6.0, 12.0] {
            for q in [0.5, 1.0, 2.0, 8.0] {
                let measured = response(rate, &band("bell", f0, gain, q));
                let target = |f| analog_db(|s| bell(s, gain, q), f, f0);
                bells = bells.max(worst_error(&measured, (10.0, 20_000.0), -200.0, target));
            }
            let measured = response(rate, &band("low_shelf", f0, gain, 0.707));
            let target = |f| analog_db(|s| low_shelf(s, gain, 0.707), f, f0);
            shelves = shelves.max(worst_error(&measured, (10.0, 20_000.0), -200.0, target));
            let measured = response(rate, &band("high_shelf", f0, gain, 0.707));
            let target = |f| analog_db(|s| high_shelf(s, gain, 0.707), f, f0);
            shelves = shelves.max(worst_error(&measured, (10.0, 20_000.0), -200.0, target));
        }
    }
    (bells, shelves)
}

/// Butterworth magnitude of order `n` in dB.
fn butterworth_db(f_hz: f64, f0_hz: f64, order: i32, high: bool) -> f64 {
    let x = if high { f0_hz / f_hz } else { f_hz / f0_hz };
    -10.0 * (1.0 + x.powi(2 * order)).log10()
}

/// Error and corner of the cuts.
fn e2() -> (f64, f64) {
    let (mut worst, mut corner) = (0.0f64, 0.0f64);
    for order in 1..=16 {
        let slope = (6 * order).to_string();
        for f0 in [20.0, 80.0, 500.0, 3000.0, 10_000.0, 16_000.0] {
            for high in [true, false] {
                let word = if high { "low_cut" } else { "high_cut" };
                let settings = [
                    ("band1_type", Given::Word(word)),
                    ("band1_freq_hz", Given::Number(f0)),
                    ("band1_slope_db_oct", Given::Word(&slope)),
                ];
                let measured = response(CD, &settings);
                let target = |f| butterworth_db(f, f0, order, high);
                worst = worst.max(worst_error(&measured, (10.0, 20_000.0), -60.0, target));
                // The bin beside the corner, brought to it by the prototype's own slope.
                let (f, db) = measured.near(f0);
                corner = corner.max((db - target(f) + target(f0) + 3.0103).abs());
            }
        }
    }
    (worst, corner)
}

/// Depth of the shallowest notch and the worst asymmetry of a tilt.
fn e3() -> (f64, f64) {
    let (mut depth, mut tilt) = (f64::NEG_INFINITY, 0.0f64);
    let bin = CD.hz() / FRAMES as f64;
    for f0 in [50.0, 1000.0, 5000.0, 12_000.0] {
        // On a bin, so that the bottom of the notch is read and not its side.
        let on_bin = (f0 / bin).round() * bin;
        for q in [0.7, 4.0] {
            depth = depth.max(response(CD, &band("notch", on_bin, 0.0, q)).near(on_bin).1);
        }
    }
    for f0 in [300.0, 1000.0, 3000.0] {
        let measured = response(CD, &band("tilt", f0, 6.0, 1.0));
        for octaves in [0.5f64, 1.0, 2.0, 2.7] {
            let (high, up) = measured.near(f0 * octaves.exp2());
            let mirror = f0 * f0 / high;
            let k = 10f64.powf(6.0 / 20.0);
            let target = |f: f64| analog_db(|s| (s * k + 1.0) / (s + k), f, f0);
            let (low, down) = measured.near(mirror);
            // The mirror frequency is seldom on a bin: its share is taken at the bin read.
            tilt = tilt.max((up + down - target(high) - target(low)).abs());
        }
    }
    (depth, tilt)
}

/// Spread of the group delay in samples, worst error above 40 Hz, difference of latency reported and measured.
fn e4() -> (f64, f64, f64) {
    let (mut spread, mut error, mut late) = (0.0f64, 0.0f64, 0.0f64);
    let shapes: [(&str, f64, f64, f64); 5] = [
        ("bell", 60.0, 6.0, 2.0),
        ("bell", 1000.0, -9.0, 4.0),
        ("bell", 12_000.0, 6.0, 1.0),
        ("low_shelf", 100.0, 6.0, 0.707),
        ("high_shelf", 15_000.0, 4.0, 0.707),
    ];
    for (kind, f0, gain, q) in shapes {
        let mut settings = band(kind, f0, gain, q);
        settings.push(("phase", Given::Word("linear")));
        let mut eq = Instance::new("eq", CD, &settings);
        let latency = eq.latency();
        let h = eq.impulse(FRAMES);
        let centre: f64 =
            h.iter().enumerate().map(|(n, v)| n as f64 * v).sum::<f64>() / h.iter().sum::<f64>();
        late = late.max((centre - latency as f64).abs());
        spread = spread.max(group_delay_spread(&h, latency));
        let target = |f: f64| {
            analog_db(
                |s| match kind {
                    "bell" => bell(s, gain, q),
                    "low_shelf" => low_shelf(s, gain, q),
                    _ => high_shelf(s, gain, q),
                },
                f,
                f0,
            )
        };
        error = error.max(worst_error(&Response::of(&h, CD), (40.0, 20_000.0), -200.0, target));
    }
    (spread, error, late)
}

/// Largest distance of the group delay from `latency`, 20 Hz to 20 kHz: `Re(F{n·h}/F{h})`.
fn group_delay_spread(h: &[f64], latency: usize) -> f64 {
    let mut fft = glassmaster::dsp::fft::RealFft::new(h.len());
    let mut plain = h.to_vec();
    let mut weighted: Vec<f64> = h.iter().enumerate().map(|(n, v)| (n as f64 - latency as f64) * v).collect();
    let (plain, weighted) = (fft.spectrum_of(&mut plain), fft.spectrum_of(&mut weighted));
    let bin = |hz: f64| (hz * h.len() as f64 / CD.hz()).round() as usize;
    (bin(20.0)..bin(20_000.0)).map(|k| (weighted[k] / plain[k]).re.abs()).fold(0.0, f64::max)
}

/// The worst of a gain ride and a sweep of 2 s.
fn e5() -> f64 {
    let tone = sine(1000.0, -24.0, CD, 3 * CD.0 as usize);
    let ride = |settings: Settings<'_>, each: &dyn Fn(f64, &mut Instance)| {
        let mut eq = Instance::new("eq", CD, settings);
        let [out, _] = eq.stream([&tone, &tone], 0, |frame, eq| {
            each(((frame as f64 / CD.hz() - 0.5) / 2.0).clamp(0.0, 1.0), eq);
        });
        splatter_dbc(&out[8192..], 1000.0, CD)
    };
    let gain = ride(&band("bell", 1000.0, 0.0, 1.0), &|part, eq| eq.set("band1_gain_db", 12.0 * part));
    let sweep = ride(&band("bell", 200.0, 12.0, 2.0), &|part, eq| {
        eq.set("band1_freq_hz", 200.0 * 25f64.powf(part));
    });
    gain.max(sweep)
}

/// Whether bands at 0 dB leave every bit, in both phase modes.
fn e6() -> bool {
    let (l, r) = (noise(1, 50_000), noise(2, 50_000));
    ["minimum", "linear"].into_iter().all(|phase| {
        let mut settings = band("bell", 1000.0, 0.0, 1.0);
        settings.push(("phase", Given::Word(phase)));
        Instance::new("eq", CD, &settings).run([&l, &r]) == [l.clone(), r.clone()]
    })
}

/// All rows of the equaliser.
pub fn rows() -> Vec<Row> {
    let (bells, shelves) = e1(CD);
    let (bells_96, shelves_96) = e1(SampleRate(96_000));
    let (cuts, corner) = e2();
    let (depth, tilt) = e3();
    let (spread, error, late) = e4();
    let ride = e5();
    let neutral = e6();
    vec![
        Row::new(
            "E1",
            "EQ: bells and shelves against the analog prototype, 44.1 kHz",
            "≤ 0.05 dB (goal 0.02)",
            "sox, ffmpeg, JUCE 1.96–4.51 dB",
            format!(
                "bells {bells:.4} dB, shelves {shelves:.4} dB; at 96 kHz {bells_96:.4} and {shelves_96:.4} dB"
            ),
            at_most(bells.max(shelves), 0.05),
        ),
        Row::new(
            "E2",
            "EQ: cuts of 6 to 96 dB/oct against Butterworth",
            "≤ 0.1 dB; corner −3.01 ± 0.02 dB",
            "–",
            format!("{cuts:.4} dB; corner within {corner:.4} dB"),
            at_most(cuts, 0.1) && at_most(corner, 0.02),
        ),
        Row::new(
            "E3",
            "EQ: notch depth; tilt symmetry",
            "≤ −60 dB; ± 0.05 dB",
            "–",
            format!("{depth:.1} dB; {tilt:.4} dB"),
            at_most(depth, -60.0) && at_most(tilt, 0.05),
        ),
        Row::new(
            "E4",
            "EQ: linear phase: group delay spread, error above 40 Hz, latency",
            "0 samples; ≤ 0.1 dB; exact",
            "LSP FIR: its IIR error + 0.1 dB",
            format!("{spread:.1e} samples; {error:.4} dB; {late:.1e} samples off"),
            at_most(spread, 1e-6) && at_most(error, 0.1) && at_most(late, 1e-6),
        ),
        Row::new(
            "E5",
            "EQ: gain ride 0 to +12 dB and sweep in 2 s, energy beside the tone",
            "≤ −90 dBc",
            "steps of 0.1 dB: −58 dBc",
            format!("{ride:.1} dBc"),
            at_most(ride, -90.0),
        ),
        Row::new(
            "E6",
            "EQ: neutral",
            "bit-identical",
            "–",
            if neutral { "bit-identical, both phase modes".into() } else { "differs".into() },
            neutral,
        ),
    ]
}
