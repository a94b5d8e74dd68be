//! Rows C1 to C3 (compressor) and M1 (multiband).

use glassmaster::units::SampleRate;

use super::lab::{CD, Given, Instance, Response, Settings, db, noise, sine, tone_and_rest};
use super::table::{Row, at_most};

/// The static curve of Giannoulis, Massberg and Reiss (JAES 60(6), 2012): level out for a level in, dB.
fn curve_db(level: f64, threshold: f64, ratio: f64, knee: f64) -> f64 {
    let over = level - threshold;
    if 2.0 * over < -knee {
        level
    } else if 2.0 * over.abs() <= knee && knee > 0.0 {
        level + (1.0 / ratio - 1.0) * (over + knee / 2.0).powi(2) / (2.0 * knee)
    } else {
        threshold + over / ratio
    }
}

fn compressor<'a>(threshold: f64, ratio: f64, knee: f64, detector: &'a str) -> Vec<(&'a str, Given<'a>)> {
    vec![
        ("threshold_db", Given::Number(threshold)),
        ("ratio", Given::Number(ratio)),
        ("knee_db", Given::Number(knee)),
        ("detector", Given::Word(detector)),
        ("attack_ms", Given::Number(10.0)),
        ("release_ms", Given::Number(100.0)),
    ]
}

/// Worst difference from the static curve, steady 1 kHz from −60 to 0 dBFS in steps of 2 dB, at 44.1 and 96 kHz.
fn c1(detector: &str) -> f64 {
    // The level the law counts in: the sine's peak, or its root mean square.
    let offset = if detector == "peak" { 0.0 } else { -10.0 * 2f64.log10() };
    let mut worst = 0.0f64;
    for rate in [CD, SampleRate(96_000)] {
        for (threshold, ratio, knee) in [(-20.0, 2.0, 0.0), (-30.0, 4.0, 6.0), (-18.0, 10.0, 12.0)] {
            for step in 0..=30 {
                let level = -60.0 + 2.0 * f64::from(step);
                let tone = sine(1000.0, level, rate, 2 * rate.0 as usize);
                let mut unit =
                    Instance::new("compressor", rate, &compressor(threshold, ratio, knee, detector));
                let out = unit.run_mono(&tone);
                let tail = &out[out.len() - rate.0 as usize / 10..];
                let got = db(tone_and_rest(tail, 1000.0, rate).0);
                let law = level + offset;
                let wanted = level + curve_db(law, threshold, ratio, knee) - law;
                worst = worst.max((got - wanted).abs());
            }
        }
    }
    worst
}

/// Attack and release measured: 2 kHz, −40 to −6 to −40 dBFS, time to 63.2 % of the step of the gain in dB.
fn c2(attack_ms: f64, release_ms: f64, detector: &str) -> (f64, f64) {
    let rate = SampleRate(96_000);
    let second = rate.0 as usize;
    let mut tone = sine(2000.0, 0.0, rate, 4 * second);
    for (n, v) in tone.iter_mut().enumerate() {
        *v *= 10f64.powf(if (second..2 * second + second / 2).contains(&n) { -6.0 } else { -40.0 } / 20.0);
    }
    let mut settings = compressor(-30.0, 4.0, 0.0, detector);
    settings[4] = ("attack_ms", Given::Number(attack_ms));
    settings[5] = ("release_ms", Given::Number(release_ms));
    let out = Instance::new("compressor", rate, &settings).run_mono(&tone);
    // A compressor multiplies: where the tone is near a crest, out / in is the gain.
    let gains: Vec<(usize, f64)> = (0..tone.len())
        .filter(|n| n % 12 == 3 || n % 12 == 9)
        .filter(|&n| tone[n].abs() > 1e-6)
        .map(|n| (n, db(out[n] / tone[n])))
        .collect();
    let time_ms = |from: usize, until: usize| {
        let inside: Vec<(usize, f64)> =
            gains.iter().copied().filter(|(n, _)| (from..until).contains(n)).collect();
        let before = gains.iter().rfind(|(n, _)| *n < from).map_or(0.0, |g| g.1);
        let after = inside.last().map_or(0.0, |g| g.1);
        let mark = before + (after - before) * (1.0 - (-1f64).exp());
        let passed = |g: f64| if after < before { g <= mark } else { g >= mark };
        let n = inside.iter().find(|(_, g)| passed(*g)).map_or(until, |(n, _)| *n);
        (n - from) as f64 * 1000.0 / rate.hz()
    };
    (time_ms(second, 5 * second / 2), time_ms(5 * second / 2, 4 * second))
}

/// Difference of the two channels' gains at full link; deviation of a half mix from the formula; residue of a half mix
/// without reduction behind a look-ahead.
fn c3() -> (f64, f64, f64) {
    let (loud, quiet) = (sine(1000.0, -3.0, CD, 60_000), sine(1000.0, -43.0, CD, 60_000));
    let linked = compressor(-30.0, 4.0, 6.0, "rms");
    let [l, r] = Instance::new("compressor", CD, &linked).run([&loud, &quiet]);
    let link = (1..60_000)
        .filter(|&n| loud[n].abs() > 0.1)
        .map(|n| (db(l[n] / loud[n]) - db(r[n] / quiet[n])).abs())
        .fold(0.0, f64::max);
    let mut half = compressor(-60.0, 100.0, 0.0, "peak");
    half.push(("mix_percent", Given::Number(50.0)));
    let tone = sine(1000.0, 0.0, CD, 80_000);
    let out = Instance::new("compressor", CD, &half).run_mono(&tone);
    let got = tone_and_rest(&out[out.len() - 4410..], 1000.0, CD).0;
    let gain = 10f64.powf((curve_db(0.0, -60.0, 100.0, 0.0)) / 20.0);
    let formula = (db(got) - db(0.5 + 0.5 * gain)).abs();
    let mut idle = compressor(0.0, 2.0, 0.0, "peak");
    idle.push(("mix_percent", Given::Number(50.0)));
    idle.push(("lookahead_ms", Given::Number(7.3)));
    let hiss: Vec<f64> = noise(3, 40_000).iter().map(|v| 0.25 * v).collect();
    let out = Instance::new("compressor", CD, &idle).run_mono(&hiss);
    let rest = out.iter().zip(&hiss).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    (link, formula, db(rest / 0.25))
}

/// Largest deviation of the neutral sum from 0 dB, 20 Hz to 20 kHz, over 2 to 6 bands.
fn m1(phase: &str) -> f64 {
    let mut worst = 0.0f64;
    for bands in 2..=6 {
        let count = bands.to_string();
        let mut settings: Vec<(&str, Given<'_>)> =
            vec![("bands", Given::Word(&count)), ("phase", Given::Word(phase))];
        let names: Vec<String> = (1..=6).map(|band| format!("band{band}_ratio")).collect();
        settings.extend(names.iter().map(|n| (n.as_str(), Given::Number(1.0))));
        worst = worst.max(deviation(&settings));
    }
    worst
}

fn deviation(settings: Settings<'_>) -> f64 {
    let h = Instance::new("multiband", CD, settings).impulse(1 << 17);
    Response::of(&h, CD).between(20.0, 20_000.0).map(|(_, db)| db.abs()).fold(0.0, f64::max)
}

/// All rows of dynamics but the limiter's.
pub fn rows() -> Vec<Row> {
    let (peak, rms) = (c1("peak"), c1("rms"));
    let times: Vec<(f64, f64, f64, f64)> = [(10.0, 100.0), (30.0, 250.0)]
        .into_iter()
        .map(|(attack, release)| {
            let (a, r) = c2(attack, release, "peak");
            (attack, release, a, r)
        })
        .collect();
    let off =
        times.iter().flat_map(|(a, r, ma, mr)| [ma / a, mr / r]).map(|x| (x - 1.0).abs()).fold(0.0, f64::max);
    let told: Vec<String> =
        times.iter().map(|(a, r, ma, mr)| format!("set {a:.0}/{r:.0}: {ma:.2}/{mr:.1} ms")).collect();
    let (link, mix, comb) = c3();
    let (minimum, linear) = (m1("minimum"), m1("linear"));
    vec![
        Row::new(
            "C1",
            "Compressor: static curve, 1 kHz, −60 to 0 dBFS",
            "≤ 0.02 dB",
            "LSP RMS 0.000; peak detectors 0.87",
            format!("peak {peak:.4} dB, RMS {rms:.4} dB"),
            at_most(peak.max(rms), 0.02),
        ),
        Row::new(
            "C2",
            "Compressor: time to 63.2 % of the step in dB",
            "± 5 % of the set time",
            "Calf 10.0/110, LSP 10.9/78, ffmpeg 3.4/24",
            told.join("; "),
            at_most(off, 0.05),
        ),
        Row::new(
            "C3",
            "Compressor: link 100 %; mix 50 %; mix without reduction behind look-ahead",
            "exact; latency-matched",
            "–",
            format!("{link:.1e} dB apart; {mix:.4} dB from the formula; residue {comb:.0} dB"),
            at_most(link, 1e-9) && at_most(mix, 0.02) && at_most(comb, -250.0),
        ),
        Row::new(
            "M1",
            "Multiband: neutral sum, 20 Hz to 20 kHz, 2 to 6 bands",
            "≤ 0.001 dB; ≤ 1e-6 dB linear phase",
            "ffmpeg LR4 0.0000; LSP 0.0002; Calf 2.1",
            format!("{minimum:.6} dB; linear phase {linear:.1e} dB"),
            at_most(minimum, 0.001) && at_most(linear, 1e-6),
        ),
    ]
}
