//! Rows N1 and N2 (saturation) and S1 (stereo).

use glassmaster::units::SampleRate;

use super::lab::{CD, Given, Instance, Response, Settings, db, noise, sine, strongest_inharmonic_db};
use super::table::{Row, at_most};

/// Frames of a tone: what the spectrum looks at, and time to settle on both sides.
const FRAMES: usize = 3 << 16;

/// The strongest line that is no harmonic: 5001 Hz, −1 dBFS, driven by 12 dB.
fn inharmonic(curve: &str, rate: SampleRate) -> f64 {
    let settings = [("curve", Given::Word(curve)), ("drive_db", Given::Number(12.0))];
    let tone = sine(5001.0, -1.0, rate, FRAMES);
    let out = Instance::new("saturator", rate, &settings).run_mono(&tone);
    strongest_inharmonic_db(&out, 5001.0, rate)
}

/// Change of the mid signal, error of the side's corner and slope, whether neutral is the input.
fn s1() -> (f64, f64, f64, bool) {
    let (l, r) = (noise(1, 40_000), noise(2, 40_000));
    let mut mid = 0.0f64;
    let (mut corner, mut slope) = (0.0f64, 0.0f64);
    for f0 in [80.0, 150.0, 300.0] {
        for (word, order) in [("6", 1), ("12", 2)] {
            let settings = [("mono_below_hz", Given::Number(f0)), ("mono_slope_db_oct", Given::Word(word))];
            let out = Instance::new("width", CD, &settings).run([&l, &r]);
            mid = (0..l.len()).map(|n| ((out[0][n] + out[1][n]) - (l[n] + r[n])).abs()).fold(mid, f64::max);
            let side = side_response(&settings);
            let target = |f: f64| -10.0 * (1.0 + (f0 / f).powi(2 * order)).log10();
            let (at, got) = side.near(f0);
            corner = corner.max((got - target(at)).abs());
            slope = side
                .between(f0 / 8.0, 20_000.0)
                .map(|(f, got)| (got - target(f)).abs())
                .fold(slope, f64::max);
        }
    }
    let neutral = Instance::new("width", CD, &[]).run([&l, &r]) == [l.clone(), r.clone()];
    (db(mid), corner, slope, neutral)
}

/// Response of the side signal.
fn side_response(settings: Settings<'_>) -> Response {
    let mut x = vec![0.0; 1 << 17];
    x[0] = 0.25;
    let opposite: Vec<f64> = x.iter().map(|v| -v).collect();
    let [left, right] = Instance::new("width", CD, settings).run([&x, &opposite]);
    let side: Vec<f64> = left.iter().zip(&right).map(|(l, r)| 2.0 * (l - r)).collect();
    Response::of(&side, CD)
}

/// All rows of saturation and stereo.
pub fn rows() -> Vec<Row> {
    let soft: Vec<(&str, f64)> =
        ["tanh", "tape", "tube", "transformer"].into_iter().map(|c| (c, inharmonic(c, CD))).collect();
    let worst = soft.iter().map(|(_, v)| *v).fold(f64::NEG_INFINITY, f64::max);
    let told: Vec<String> = soft.iter().map(|(c, v)| format!("{c} {v:.0}")).collect();
    let hard = inharmonic("hard", CD);
    let (mid, corner, slope, neutral) = s1();
    vec![
        Row::new(
            "N1",
            "Saturation, soft curves at their default oversampling: strongest inharmonic line, 5001 Hz +12 dB",
            "≤ −120 dBFS",
            "tanh 1× −18; 4× −122; 8× −170",
            format!("{} dBFS", told.join(", ")),
            at_most(worst, -120.0),
        ),
        Row::new(
            "N2",
            "Saturation, hard clip: the same",
            "≤ −85 dBFS",
            "1× −15; 8× −62; 8× + ADAA −91",
            format!("{hard:.1} dBFS"),
            at_most(hard, -85.0),
        ),
        Row::new(
            "S1",
            "Stereo: mid unchanged; side −3.01 dB at the corner, slope 6 and 12 dB/oct; neutral",
            "≤ 1e-6 dB; ± 0.05 dB; null",
            "–",
            format!(
                "mid differs by {mid:.0} dBFS; {corner:.4} dB, slope {slope:.4} dB; {}",
                if neutral { "null" } else { "no null" }
            ),
            at_most(mid, -140.0) && at_most(corner.max(slope), 0.05) && neutral,
        ),
    ]
}
