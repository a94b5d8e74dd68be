//! Every continuous parameter moved while a tone plays: no zipper, no click (`A3` for jumps, `E5` for rides).
//!
//! A 1 kHz tone; in the worst frame of 93 ms the energy farther than 300 Hz from the tone and from its harmonics (which a
//! steady setting makes as well) is compared with the tone. What lies below 80 Hz is not counted: so far a constant level
//! reaches in a window of this length. Times of attack,
//! hold and release shape the sound only through the level and are ridden with the others.

use std::collections::BTreeMap;

use glassmaster::audio::{Block, QUANTUM};
use glassmaster::dsp::fft::RealFft;
use glassmaster::dsp::window::kaiser_at;
use glassmaster::model::ParamValue;
use glassmaster::process::{Kind, ParamDesc, ParamKind, Setup, Taper, Unit, Values, find, values_of};
use glassmaster::units::{Frames, SampleRate};

const RATE_HZ: f64 = 44_100.0;
const TONE_HZ: f64 = 1000.0;
const FRAME: usize = 4096;

/// Kinds with settings that make them work on the tone.
const AT_WORK: &[(&str, &[(&str, f64)])] = &[
    ("compressor", &[("threshold_db", -30.0), ("ratio", 3.0)]),
    ("saturator", &[("drive_db", 6.0)]),
    (
        "multiband",
        &[
            ("band1_gain_db", -4.0),
            ("band2_ratio", 3.0),
            ("band2_gain_db", 3.0),
            ("band2_expand_ratio", 1.5),
            ("band3_ratio", 2.0),
            ("band3_gain_db", -6.0),
        ],
    ),
    ("deesser", &[("freq_hz", 900.0), ("threshold_db", -20.0)]),
    // An attack of 1 ms would follow a jump of the curve that fast, as it should.
    ("expander", &[("threshold_db", -10.0), ("ratio", 3.0), ("attack_ms", 10.0)]),
    ("transient", &[("attack_db", 6.0), ("sustain_db", 6.0)]),
    ("dc_filter", &[]),
    // 6 dB over the ceiling, every character by its place.
    ("limiter", &[("input_gain_db", 17.0)]),
    ("limiter", &[("input_gain_db", 17.0), ("character", 1.0)]),
    ("limiter", &[("input_gain_db", 17.0), ("character", 2.0)]),
    ("limiter", &[("input_gain_db", 17.0), ("character", 3.0)]),
];

fn tone(n: usize) -> f64 {
    0.25 * (2.0 * std::f64::consts::PI * TONE_HZ * n as f64 / RATE_HZ).sin()
}

/// Runs the tone through a kind; `value_at` gives the value of one parameter at a frame (asked once a block).
fn run(
    kind: &dyn Kind,
    values: &Values,
    param: usize,
    frames: usize,
    value_at: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let mut values = values.clone();
    values.set(param, value_at(0));
    let mut processor = kind.build(&values, &Setup { sample_rate: SampleRate::CD });
    let mut out = Vec::new();
    for start in (0..frames).step_by(QUANTUM) {
        processor.set(param, value_at(start));
        let mut block = Block::silent();
        for samples in block.channels_mut() {
            samples.iter_mut().enumerate().for_each(|(i, s)| *s = tone(start + i));
        }
        processor.process(Frames(start as i64), &mut block);
        out.extend_from_slice(block.left());
    }
    out
}

/// Energy away from the tone and its harmonics in the worst frame, dB relative to the tone in that frame.
fn splatter_dbc(signal: &[f64], fft: &mut RealFft, window: &[f64]) -> f64 {
    let hz = |k: usize| k as f64 * RATE_HZ / FRAME as f64;
    let mut worst = f64::NEG_INFINITY;
    for start in (0..signal.len() - FRAME).step_by(1000) {
        let mut frame: Vec<f64> = (0..FRAME).map(|i| signal[start + i] * window[i]).collect();
        let spectrum = fft.spectrum_of(&mut frame);
        let (mut far, mut near) = (0.0, 0.0);
        for (k, value) in spectrum.iter().enumerate().filter(|(k, _)| hz(*k) > 80.0) {
            let harmonic = (hz(k) / TONE_HZ).round().max(1.0) * TONE_HZ;
            if (hz(k) - harmonic).abs() > 300.0 {
                far += value.norm_sqr();
            } else if harmonic < 1.5 * TONE_HZ {
                near += value.norm_sqr();
            }
        }
        // A tone that is gated away leaves nothing to compare with.
        if near > 1e-6 {
            worst = worst.max(10.0 * (far / near).log10());
        }
    }
    worst
}

fn settings(kind: &dyn Kind, given: &[(&str, f64)]) -> Values {
    let value = |id: &str, v: f64| {
        let param = kind.params().iter().find(|p| p.id == id);
        param.map_or(ParamValue::Number(v), |p| p.to_param_value(v))
    };
    let given: BTreeMap<String, ParamValue> =
        given.iter().map(|(id, v)| ((*id).to_owned(), value(id, *v))).collect();
    let (values, errors) = values_of(kind, &given);
    assert!(errors.is_empty(), "{errors:?}");
    values
}

/// The value a share of the range away, as a knob travels; downwards where there is no room above.
fn moved(param: &ParamDesc, from: f64, share: f64) -> Option<f64> {
    let ParamKind::Number { min, max, taper, .. } = param.kind else { return None };
    let (at, value): (f64, &dyn Fn(f64) -> f64) = match taper {
        Taper::Linear => ((from - min) / (max - min), &|at| min + at * (max - min)),
        Taper::Log => ((from / min).ln() / (max / min).ln(), &|at| min * (max / min).powf(at)),
    };
    Some(value(if at > 0.75 { at - share } else { at + share }))
}

/// Whether a parameter is a level or a gain, which jumps by 6 dB; others by a tenth of their range.
fn is_level(param: &ParamDesc) -> bool {
    matches!(param.unit, Unit::Db | Unit::Dbfs | Unit::Dbtp)
}

#[test]
fn rides_and_jumps_of_every_continuous_parameter_stay_clean() {
    let mut fft = RealFft::new(FRAME);
    let window: Vec<f64> =
        (0..FRAME).map(|i| kaiser_at(2.0 * i as f64 / (FRAME - 1) as f64 - 1.0, 20.0)).collect();
    let mut failures = Vec::new();
    for (id, given) in AT_WORK {
        let kind = find(id).unwrap();
        let values = settings(kind, given);
        for (index, param) in kind.params().iter().enumerate() {
            let unused = ["band4", "band5", "band6", "split3", "split4", "split5"];
            if kind.needs_rebuild(index, &values, &values) || unused.iter().any(|u| param.id.starts_with(u)) {
                continue;
            }
            let from = values.get(index);
            let Some(tenth) = moved(param, from, 0.1) else { continue };
            let ride_to = |n: usize| moved(param, from, 0.2 * (n as f64 / 88_200.0).min(1.0)).unwrap();
            let still = run(kind, &values, index, 50_000, |_| from);
            let ride = run(kind, &values, index, 100_000, ride_to);
            let far = if is_level(param) { from + 6.0 * (tenth - from).signum() } else { tenth };
            let jump_to = |n: usize| if n / QUANTUM % 400 < 200 { from } else { far };
            let jump = run(kind, &values, index, 60_000, jump_to);
            let steady = splatter_dbc(&still[20_000..], &mut fft, &window);
            let ride = splatter_dbc(&ride[20_000..], &mut fft, &window);
            let jump = splatter_dbc(&jump[8000..], &mut fft, &window);
            println!("{id:10} {:26} steady {steady:7.1} ride {ride:7.1} jump {jump:7.1} dBc", param.id);
            if ride > -90.0 || jump > -75.0 {
                failures.push(format!("{id} {}: ride {ride:.1}, jump {jump:.1} dBc", param.id));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
