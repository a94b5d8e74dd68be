//! Rows D1 to D4 (dither and word length) and R1, R2 (rate conversion).

use std::f64::consts::PI;

use glassmaster::dsp::dither::{Dither, Quantizer, Shaper};
use glassmaster::dsp::resample::RateConverter;
use glassmaster::units::{SESSION_RATES_HZ, SampleRate};

use super::lab::{CD, db, lines, sine, tone_and_rest};
use super::table::{Row, at_most};

fn quantised(bits: u32, dither: Dither, rate: SampleRate, x: &[f64]) -> Vec<[i32; 2]> {
    let mut out = Vec::with_capacity(x.len());
    match Quantizer::new(bits, dither, 42, rate) {
        Ok(mut quantizer) => {
            quantizer.push(x, x, &mut out);
            quantizer.finish(&mut out);
        }
        Err(error) => panic!("{error}"),
    }
    out
}

/// Error of the left channel in steps.
fn errors(bits: u32, dither: Dither, x: &[f64]) -> Vec<f64> {
    let scale = f64::from(1u32 << (bits - 1));
    quantised(bits, dither, CD, x).iter().zip(x).map(|(y, x)| f64::from(y[0]) - x * scale).collect()
}

fn power(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64
}

/// Error power in steps², flatness in dB, noise modulation in dB, at a word length.
fn d1(bits: u32) -> (f64, f64, f64) {
    let step = 1.0 / f64::from(1u32 << (bits - 1));
    let tone = sine(441.0, -12.0, CD, 1 << 22);
    let error = errors(bits, Dither::Tpdf, &tone);
    // Mean spectrum over many short frames, in bands of 1.1 kHz from 100 Hz on.
    let mut mean = vec![0.0; 2049];
    let frames = error.len() / 4096;
    for frame in error.chunks_exact(4096) {
        for (m, v) in mean.iter_mut().zip(lines(frame, 4096, 8.0)) {
            *m += v * v / frames as f64;
        }
    }
    let bands: Vec<f64> = mean[10..2040].chunks_exact(203).map(|b| b.iter().sum::<f64>() / 203.0).collect();
    let level = bands.iter().sum::<f64>() / bands.len() as f64;
    let flat = bands.iter().map(|b| (10.0 * (b / level).log10()).abs()).fold(0.0, f64::max);
    // A constant at sixteen places inside one step: the noise must not depend on where.
    let places: Vec<f64> = (0..16)
        .map(|k| power(&errors(bits, Dither::Tpdf, &vec![(1000.0 + f64::from(k) / 16.0) * step; 1 << 18])))
        .collect();
    let (low, high) = places.iter().fold((f64::MAX, 0.0f64), |(l, h), p| (l.min(*p), h.max(*p)));
    (power(&error), flat, 10.0 * (high / low).log10())
}

/// Level error of −110 dBFS in 16 bits and the strongest of its harmonics, over 2²² samples.
fn d2(dither: Dither) -> (f64, f64) {
    let frames = 1 << 22;
    let tone = sine(1000.0, -110.0, CD, frames);
    let y: Vec<f64> = quantised(16, dither, CD, &tone).iter().map(|f| f64::from(f[0]) / 32_768.0).collect();
    let read = |freq_hz: f64| {
        let w = 2.0 * PI * freq_hz / CD.hz();
        let (mut re, mut im) = (0.0, 0.0);
        for (n, v) in y.iter().enumerate() {
            let (s, c) = (w * n as f64).sin_cos();
            re += v * s;
            im += v * c;
        }
        db(re.hypot(im) * 2.0 / frames as f64)
    };
    let harmonics = [2.0, 3.0, 4.0, 5.0, 7.0].map(|k| read(k * 1000.0)).into_iter().fold(-400.0, f64::max);
    (read(1000.0) + 110.0, harmonics)
}

/// Threshold of hearing in quiet, dB SPL (Terhardt 1979).
fn threshold_db(freq_hz: f64) -> f64 {
    let f = freq_hz / 1000.0;
    3.64 * f.powf(-0.8) - 6.5 * (-0.6 * (f - 3.3).powi(2)).exp() + 1e-3 * f.powi(4)
}

/// What a shaper gains over flat dither, weighted by the threshold of hearing, from the noise itself: dB.
fn d3(shaper: Shaper) -> f64 {
    let tone = sine(441.0, -12.0, CD, 1 << 20);
    let weighted = |dither: Dither| {
        let error = errors(16, dither, &tone);
        let mut sum = 0.0;
        for frame in error.chunks_exact(4096) {
            for (k, v) in lines(frame, 4096, 12.0).iter().enumerate().skip(3) {
                let f = k as f64 * CD.hz() / 4096.0;
                if (100.0..20_000.0).contains(&f) {
                    sum += v * v * 10f64.powf(-threshold_db(f) / 10.0);
                }
            }
        }
        sum
    };
    10.0 * (weighted(Dither::Tpdf) / weighted(Dither::Shaped(shaper))).log10()
}

/// Milliseconds from the first black sample to the last sample that is not zero.
fn d4() -> f64 {
    let second = CD.0 as usize;
    let mut x = sine(1000.0, -20.0, CD, second);
    x.extend(vec![0.0; second]);
    let worst = [Dither::Tpdf, Dither::Shaped(Shaper::FWeighted9), Dither::Shaped(Shaper::Own)]
        .into_iter()
        .map(|dither| {
            let y = quantised(16, dither, CD, &x);
            let last = y.iter().rposition(|f| *f != [0, 0]).unwrap_or(0);
            (last + 1).saturating_sub(second)
        })
        .max();
    worst.unwrap_or(0) as f64 * 1000.0 / CD.hz()
}

fn convert(x: &[f64], from: u32, to: u32) -> Vec<f64> {
    let mut out = [Vec::new(), Vec::new()];
    match RateConverter::new(SampleRate(from), SampleRate(to)) {
        Ok(mut converter) => {
            converter.push([x, x], &mut out);
            converter.finish(&mut out);
        }
        Err(error) => panic!("{error}"),
    }
    let [left, _] = out;
    left
}

/// Level of a tone after conversion, dB re what it was.
fn gain_db(freq_hz: f64, from: u32, to: u32) -> f64 {
    let y = convert(&sine(freq_hz, 0.0, SampleRate(from), from as usize), from, to);
    let rate = SampleRate(to);
    let skip = y.len() / 4;
    db(tone_and_rest(&y[skip..y.len() - skip], freq_hz, rate).0)
}

/// What a conversion does: ripple to 20 kHz, gain at 20/21 of the lower Nyquist frequency (21 kHz for 44.1 kHz), worst
/// alias, worst spur or image.
struct Conversion {
    ripple_db: f64,
    edge_db: f64,
    alias_db: f64,
    spur_db: f64,
}

fn conversion(from: u32, to: u32) -> Conversion {
    let ripple = |f: &f64| gain_db(*f, from, to).abs();
    let ripple_db = [20.0, 100.0, 1000.0, 5000.0, 10_000.0, 15_000.0, 18_000.0, 19_000.0, 19_500.0, 20_000.0]
        .iter()
        .map(ripple)
        .fold(0.0, f64::max);
    let edge_db = gain_db(f64::from(from.min(to)) / 2.0 * 20.0 / 21.0, from, to);
    let strongest = |y: &[f64], except: Option<f64>| {
        let length = 1 << 15;
        let bin = f64::from(to) / length as f64;
        // The main lobe of the window reaches 11 bins to either side.
        let away = |k: usize| except.is_none_or(|f| (k as f64 * bin - f).abs() > (12.0 * bin).max(45.0));
        db(lines(y, length, 34.0)
            .iter()
            .enumerate()
            .filter(|(k, _)| away(*k))
            .map(|(_, v)| *v)
            .fold(0.0, f64::max))
    };
    let tone = |f: f64| convert(&sine(f, 0.0, SampleRate(from), from as usize), from, to);
    let nyquist = f64::from(to) / 2.0;
    let alias_db = (0..40)
        .map(|k| nyquist * 1.05 + f64::from(k) * (f64::from(from) / 2.0 - nyquist * 1.05) / 40.0)
        .filter(|f| *f > nyquist * 1.049)
        .map(|f| strongest(&tone(f), None))
        .fold(f64::NEG_INFINITY, f64::max);
    let spur_db = [997.0, 5003.0, 12_007.0, 17_011.0, 20_000.0]
        .into_iter()
        .map(|f| strongest(&tone(f), Some(f)))
        .fold(f64::NEG_INFINITY, f64::max);
    Conversion { ripple_db, edge_db, alias_db, spur_db }
}

/// The highest frequency, to 50 Hz, that a conversion weakens by less than 0.1 dB.
fn edge_hz(from: u32, to: u32) -> f64 {
    let top = f64::from(from.min(to)) / 2.0;
    (0..)
        .map(|k| 20_000.0 + 50.0 * f64::from(k))
        .take_while(|f| *f < top - 20.0)
        .take_while(|f| gain_db(*f, from, to) > -0.1)
        .last()
        .unwrap_or(0.0)
}

/// The worst of all conversions between two session rates, down or up.
fn worst_pair(down: bool) -> (usize, Conversion) {
    let pairs = SESSION_RATES_HZ.iter().flat_map(|from| SESSION_RATES_HZ.iter().map(move |to| (*from, *to)));
    let pairs: Vec<(u32, u32)> = pairs.filter(|(from, to)| from != to && (from > to) == down).collect();
    let worst = pairs.iter().map(|(from, to)| conversion(*from, *to)).reduce(|a, b| Conversion {
        ripple_db: a.ripple_db.max(b.ripple_db),
        edge_db: a.edge_db.min(b.edge_db),
        alias_db: a.alias_db.max(b.alias_db),
        spur_db: a.spur_db.max(b.spur_db),
    });
    match worst {
        Some(worst) => (pairs.len(), worst),
        None => panic!("there are no session rates"),
    }
}

/// All rows of dither and of rate conversion.
pub fn rows() -> Vec<Row> {
    let all: Vec<(u32, (f64, f64, f64))> = [16, 20, 24].into_iter().map(|b| (b, d1(b))).collect();
    let d1_met = all
        .iter()
        .all(|(_, (p, f, m))| at_most((p - 0.25).abs(), 0.003) && at_most(*f, 0.1) && at_most(*m, 0.1));
    let d1_told: Vec<String> =
        all.iter().map(|(b, (p, f, m))| format!("{b} bit {p:.4}, ± {f:.3} dB, {m:.3} dB")).collect();
    let (flat, shaped) = (d2(Dither::Tpdf), d2(Dither::Shaped(Shaper::FWeighted9)));
    let (f9, l5, own) = (d3(Shaper::FWeighted9), d3(Shaper::Lipshitz5), d3(Shaper::Own));
    let blank = d4();
    let down = conversion(96_000, 44_100);
    let edge = edge_hz(96_000, 44_100);
    let (downs, worst_down) = worst_pair(true);
    let (ups, worst_up) = worst_pair(false);
    vec![
        Row::new(
            "D1",
            "TPDF dither: error power in LSB², flatness, noise modulation",
            "0.250 ± 0.003; ± 0.1 dB; ≤ 0.1 dB",
            "sox, ffmpeg 0.250",
            d1_told.join("; "),
            d1_met,
        ),
        Row::new(
            "D2",
            "Linearity: −110 dBFS in 16 bits, 2²² samples; its harmonics",
            "± 0.1 dB; ≤ −135 dBFS",
            "sox −0.01; ffmpeg triangular_hp −0.35",
            format!(
                "TPDF {:+.3} dB, {:.0} dBFS; F-weighted 9 {:+.3} dB, {:.0} dBFS",
                flat.0, flat.1, shaped.0, shaped.1
            ),
            at_most(flat.0.abs().max(shaped.0.abs()), 0.1) && at_most(flat.1, -135.0),
        ),
        Row::new(
            "D3",
            "Noise shaping: gain over TPDF, weighted by the threshold of hearing",
            "≥ 11 dB (F-weighted 9), ≥ 9 dB (Lipshitz 5)",
            "shibata 15.3; Gesemann 14.0",
            format!("F-weighted 9 {f9:.1} dB, Lipshitz 5 {l5:.1} dB, own {own:.1} dB"),
            at_most(11.0, f9) && at_most(9.0, l5),
        ),
        Row::new(
            "D4",
            "Auto-blank: black out after black in",
            "≤ 10 ms",
            "–",
            format!("{blank:.2} ms"),
            at_most(blank, 10.0),
        ),
        Row::new(
            "R1",
            "Rate conversion 96 → 44.1 kHz: ripple to 20 kHz, −0.1 dB edge, alias, spur",
            "≤ 0.001 dB; ≥ 21.0 kHz; ≤ −170 dB; ≤ −170 dB",
            "soxr VHQ 0.002, 20.54 kHz, −190, −189",
            format!(
                "{:.5} dB; {:.2} kHz; {:.0} dB; {:.0} dB",
                down.ripple_db,
                edge / 1000.0,
                down.alias_db,
                down.spur_db
            ),
            at_most(down.ripple_db, 0.001)
                && at_most(21_000.0, edge)
                && at_most(down.alias_db.max(down.spur_db), -170.0),
        ),
        Row::new(
            "R1 all",
            "Rate conversion down, every pair of the six rates: ripple to 20 kHz, gain at 20/21 Nyquist, alias, spur",
            "≤ 0.001 dB; ≥ −0.1 dB; ≤ −170 dB; ≤ −170 dB",
            "swr 1.12 dB, −33",
            format!(
                "{downs} pairs, worst {:.5} dB; {:.4} dB; {:.0} dB; {:.0} dB",
                worst_down.ripple_db, worst_down.edge_db, worst_down.alias_db, worst_down.spur_db
            ),
            at_most(worst_down.ripple_db, 0.001)
                && at_most(-0.1, worst_down.edge_db)
                && at_most(worst_down.alias_db.max(worst_down.spur_db), -170.0),
        ),
        Row::new(
            "R2",
            "Rate conversion up, every pair of the six rates: ripple to 20 kHz, gain at 20/21 Nyquist, images and spurs",
            "≤ 0.001 dB; ≥ −0.1 dB; ≤ −160 dB",
            "soxr −184/−189; swr −7/−94",
            format!(
                "{ups} pairs, worst {:.5} dB; {:.4} dB; {:.0} dB",
                worst_up.ripple_db, worst_up.edge_db, worst_up.spur_db
            ),
            at_most(worst_up.ripple_db, 0.001)
                && at_most(-0.1, worst_up.edge_db)
                && at_most(worst_up.spur_db, -160.0),
        ),
    ]
}
