//! A parameter moved while a tone plays, and how much of what comes out is not the tone.
//!
//! A 1 kHz tone; in the worst frame of 93 ms the energy farther than 300 Hz from the tone and from its harmonics (which a
//! steady setting makes as well) is compared with the tone, which counts as no weaker than 40 dB under what went in: a knob
//! may end in silence. What lies below 80 Hz is not counted: so far a constant level
//! reaches in a window of this length. Times of attack, hold and release shape the sound only through the level and are
//! moved with the others.

use std::collections::BTreeMap;

use glassmaster::audio::{Block, FpuGuard, QUANTUM};
use glassmaster::dsp::fft::RealFft;
use glassmaster::dsp::window::kaiser_at;
use glassmaster::model::{Listen, ParamValue, Slot, SlotId};
use glassmaster::process::slot::{SlotRunner, SlotSet};
use glassmaster::process::{Kind, ParamDesc, ParamKind, Setup, Taper, Unit, Values, find, values_of};
use glassmaster::units::{Frames, SampleRate};

const RATE_HZ: f64 = 44_100.0;
const TONE_HZ: f64 = 1000.0;
const FRAME: usize = 4096;
/// Where the tone has settled.
const SETTLED: usize = 20_000;
/// Frames of a ride: two seconds.
const RIDE: usize = 88_200;

/// A parameter of a setting, as a chain file has it.
pub type Given = (&'static str, GivenValue);

/// A value in such a setting.
#[derive(Clone, Copy)]
pub enum GivenValue {
    /// A number.
    Number(f64),
    /// A word of a choice.
    Word(&'static str),
}
use GivenValue::{Number, Word};

/// Every kind, with settings that make it work on the tone; a kind of several ways to work has several.
const AT_WORK: &[(&str, &[Given])] = &[
    ("gain", &[]),
    (
        "eq",
        &[
            ("band1_type", Word("bell")),
            ("band1_freq_hz", Number(900.0)),
            ("band1_gain_db", Number(6.0)),
            ("band2_type", Word("high_shelf")),
            ("band2_freq_hz", Number(1500.0)),
            ("band2_gain_db", Number(-4.0)),
            ("band3_type", Word("low_cut")),
            ("band3_freq_hz", Number(200.0)),
            ("band4_type", Word("tilt")),
            ("band4_gain_db", Number(2.0)),
        ],
    ),
    (
        "eq",
        &[
            ("band1_type", Word("bell")),
            ("band1_freq_hz", Number(1000.0)),
            ("band1_dyn_range_db", Number(-9.0)),
            ("band1_dyn_threshold_db", Number(-20.0)),
            ("band2_type", Word("low_shelf")),
            ("band2_freq_hz", Number(1500.0)),
            ("band2_dyn_range_db", Number(6.0)),
            ("band2_dyn_threshold_db", Number(-18.0)),
            ("band2_dyn_sidechain", Word("free")),
            ("band3_type", Word("flat_tilt")),
            ("band3_gain_db", Number(1.0)),
        ],
    ),
    ("compressor", &[("threshold_db", Number(-30.0)), ("ratio", Number(3.0))]),
    (
        "compressor",
        &[("threshold_db", Number(0.0)), ("up_threshold_db", Number(-4.0)), ("up_ratio", Number(2.5))],
    ),
    ("limiter", &[("input_gain_db", Number(17.0))]),
    ("limiter", &[("input_gain_db", Number(17.0)), ("character", Word("smooth"))]),
    ("limiter", &[("input_gain_db", Number(17.0)), ("character", Word("punch"))]),
    ("limiter", &[("input_gain_db", Number(17.0)), ("character", Word("loud"))]),
    ("saturator", &[("drive_db", Number(6.0))]),
    (
        "multiband",
        &[
            ("band1_gain_db", Number(-4.0)),
            ("band2_ratio", Number(3.0)),
            ("band2_gain_db", Number(3.0)),
            ("band2_expand_ratio", Number(1.5)),
            ("band2_up_threshold_db", Number(-6.0)),
            ("band2_up_ratio", Number(2.0)),
            ("band3_ratio", Number(2.0)),
            ("band3_gain_db", Number(-6.0)),
        ],
    ),
    ("deesser", &[("freq_hz", Number(900.0)), ("threshold_db", Number(-20.0))]),
    // An attack of 1 ms would follow a jump of the curve that fast, as it should.
    ("expander", &[("threshold_db", Number(-10.0)), ("ratio", Number(3.0)), ("attack_ms", Number(10.0))]),
    (
        "expander",
        &[
            ("threshold_db", Number(-10.0)),
            ("ratio", Number(3.0)),
            ("attack_ms", Number(10.0)),
            ("sidechain_lpf_hz", Number(3000.0)),
        ],
    ),
    ("transient", &[("attack_db", Number(6.0)), ("sustain_db", Number(6.0))]),
    (
        "width",
        &[
            ("width_percent", Number(120.0)),
            ("mono_below_hz", Number(200.0)),
            ("low_width_percent", Number(60.0)),
            ("high_width_percent", Number(130.0)),
            ("rotation_deg", Number(5.0)),
            ("delay_ms", Number(-2.2)),
        ],
    ),
    ("dc_filter", &[]),
];

/// Parameters that do not act in the settings above: bands that are off.
const UNUSED: &[&str] = &["split3", "split4", "split5"];

/// What came out while one parameter moved, dB re the tone.
#[derive(Debug)]
pub struct Sweep {
    /// Kind and parameter.
    pub what: String,
    /// A fifth of the range in two seconds.
    pub ride_dbc: f64,
    /// The whole range in two seconds.
    pub whole_dbc: f64,
    /// There and back at once: a level by 6 dB, others by a tenth of their range.
    pub jump_dbc: f64,
}

/// A kind at work.
pub type Case = &'static (&'static str, &'static [Given]);

/// What is swept.
pub fn cases() -> impl Iterator<Item = Case> {
    AT_WORK.iter()
}

/// Moves every continuous parameter of a kind that the host does not rebuild it for.
pub fn sweeps_of((id, given): Case) -> Vec<Sweep> {
    let _fpu = FpuGuard::new();
    let Some(kind) = find(id) else { return Vec::new() };
    let values = settings(kind, given);
    let mut ruler = Ruler::new();
    kind.params()
        .iter()
        .enumerate()
        .filter(|(index, param)| {
            !kind.needs_rebuild(*index, &values, &values)
                && !UNUSED.iter().any(|u| param.id.starts_with(u))
                && !is_of_a_band_that_is_off(&param.id, id)
        })
        .filter_map(|(index, param)| sweep(kind, id, &values, index, param, &mut ruler))
        .collect()
}

/// An EQ has 24 bands and a multiband six; four and three of them are on.
fn is_of_a_band_that_is_off(param: &str, kind: &str) -> bool {
    let on = if kind == "eq" { 4 } else { 3 };
    let number = param.strip_prefix("band").and_then(|rest| rest.split('_').next()?.parse::<u32>().ok());
    number.is_some_and(|n| n > on)
}

fn sweep(
    kind: &dyn Kind,
    id: &'static str,
    values: &Values,
    index: usize,
    param: &ParamDesc,
    ruler: &mut Ruler,
) -> Option<Sweep> {
    let from = values.get(index);
    // A delay by half a period of the tone: the fade passes through nothing, the largest change there is.
    let tenth = moved(param, from, if param.id == "delay_ms" { 0.05 } else { 0.1 })?;
    let share_of = |n: usize| (n.saturating_sub(SETTLED) as f64 / RIDE as f64).min(1.0);
    let ride_to = |n: usize| moved(param, from, 0.2 * share_of(n)).unwrap_or(from);
    let whole_to = |n: usize| at_share(param, share_of(n)).unwrap_or(from);
    let far = if is_level(param) { from + 6.0 * (tenth - from).signum() } else { tenth };
    let jump_to = |n: usize| if n / QUANTUM % 400 < 200 { from } else { param.clamped(far) };
    let length = SETTLED + RIDE + 8000;
    let ride = run(kind, values, index, length, ride_to);
    let whole = run(kind, values, index, length, whole_to);
    let jump = run(kind, values, index, 80_000, jump_to);
    Some(Sweep {
        what: format!("{id} {}", param.id),
        ride_dbc: ruler.splatter_dbc(&ride[SETTLED - 4096..]),
        whole_dbc: ruler.splatter_dbc(&whole[SETTLED - 4096..]),
        jump_dbc: ruler.splatter_dbc(&jump[SETTLED..]),
    })
}

/// Input, output and matched-bypass gain of the slot around a processor, over their whole range and by 6 dB.
pub fn sweeps_of_the_slot() -> Vec<Sweep> {
    let _fpu = FpuGuard::new();
    let mut ruler = Ruler::new();
    let matched = |db: f64| SlotSet::Listen(Listen::MatchedBypass, db);
    let gains: [(&str, &dyn Fn(f64) -> SlotSet); 3] =
        [("input", &SlotSet::Input), ("output", &SlotSet::Output), ("matched bypass", &matched)];
    gains
        .map(|(name, set)| {
            let at = |n: usize| (n.saturating_sub(SETTLED) as f64 / RIDE as f64).min(1.0);
            let mut splatter = |value_at: &dyn Fn(usize) -> f64| {
                let out = run_slot(SETTLED + RIDE + 8000, |n| set(value_at(n)));
                ruler.splatter_dbc(&out[SETTLED - 4096..])
            };
            Sweep {
                what: format!("slot {name}"),
                ride_dbc: splatter(&|n| 9.6 * at(n)),
                whole_dbc: splatter(&|n| 24.0 - 48.0 * at(n)),
                jump_dbc: splatter(&|n| if n / QUANTUM % 400 < 200 { 0.0 } else { 6.0 }),
            }
        })
        .into()
}

/// Runs the tone through a slot; `set` gives what is set before each block.
fn run_slot(frames: usize, set: impl Fn(usize) -> SlotSet) -> Vec<f64> {
    let slot = Slot::new(SlotId(1), "gain");
    let (mut runner, _) = SlotRunner::new(&slot, &Setup { sample_rate: SampleRate::CD });
    let mut out = Vec::with_capacity(frames);
    for start in (0..frames).step_by(QUANTUM) {
        runner.apply(set(start));
        let mut block = Block::silent();
        for samples in block.channels_mut() {
            samples.iter_mut().enumerate().for_each(|(i, s)| *s = tone(start + i));
        }
        runner.process(Frames(start as i64), &mut block);
        out.extend_from_slice(block.left());
    }
    out
}

fn tone(n: usize) -> f64 {
    0.25 * (2.0 * std::f64::consts::PI * TONE_HZ * n as f64 / RATE_HZ).sin()
}

/// The right channel against the left: kinds that work on the image get one.
fn right_gain(kind: &dyn Kind) -> f64 {
    if matches!(kind.id(), "width" | "gain") { -0.4 } else { 0.7 }
}

/// Runs the tone through a kind; `value_at` gives the value of one
/// parameter at a frame, asked once a block. What comes out on the left.
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
    let mut out = Vec::with_capacity(frames);
    for start in (0..frames).step_by(QUANTUM) {
        processor.set(param, value_at(start));
        let mut block = Block::silent();
        for (samples, level) in block.channels_mut().iter_mut().zip([1.0, right_gain(kind)]) {
            samples.iter_mut().enumerate().for_each(|(i, s)| *s = level * tone(start + i));
        }
        processor.process(Frames(start as i64), &mut block);
        out.extend_from_slice(block.left());
    }
    out
}

/// Reads what is beside the tone.
struct Ruler {
    fft: RealFft,
    window: Vec<f64>,
    /// Energy of the tone that went in.
    tone: f64,
}

impl Ruler {
    fn new() -> Self {
        let window: Vec<f64> =
            (0..FRAME).map(|i| kaiser_at(2.0 * i as f64 / (FRAME - 1) as f64 - 1.0, 20.0)).collect();
        let mut fft = RealFft::new(FRAME);
        let mut frame: Vec<f64> = (0..FRAME).map(|i| tone(i) * window[i]).collect();
        let tone = fft.spectrum_of(&mut frame).iter().map(|v| v.norm_sqr()).sum();
        Self { fft, window, tone }
    }

    /// Energy away from the tone and its harmonics in the worst frame, dB relative to the tone in that frame.
    fn splatter_dbc(&mut self, signal: &[f64]) -> f64 {
        let hz = |k: usize| k as f64 * RATE_HZ / FRAME as f64;
        let mut worst = -400.0f64;
        for start in (0..signal.len() - FRAME).step_by(1000) {
            let mut frame: Vec<f64> = (0..FRAME).map(|i| signal[start + i] * self.window[i]).collect();
            let spectrum = self.fft.spectrum_of(&mut frame);
            let (mut far, mut near) = (0.0, 0.0);
            for (k, value) in spectrum.iter().enumerate().filter(|(k, _)| hz(*k) > 80.0) {
                let harmonic = (hz(k) / TONE_HZ).round().max(1.0) * TONE_HZ;
                if (hz(k) - harmonic).abs() > 300.0 {
                    far += value.norm_sqr();
                } else if harmonic < 1.5 * TONE_HZ {
                    near += value.norm_sqr();
                }
            }
            worst = worst.max(10.0 * (far / near.max(1e-4 * self.tone)).max(1e-40).log10());
        }
        worst
    }
}

fn settings(kind: &dyn Kind, given: &[Given]) -> Values {
    let value = |given: &GivenValue| match *given {
        Number(n) => ParamValue::Number(n),
        Word(w) => ParamValue::Word(w.to_owned()),
    };
    let given: BTreeMap<String, ParamValue> =
        given.iter().map(|(id, v)| ((*id).to_owned(), value(v))).collect();
    let (values, errors) = values_of(kind, &given);
    assert!(errors.is_empty(), "{errors:?}");
    values
}

/// The value at a share of the range, as a knob travels.
fn at_share(param: &ParamDesc, share: f64) -> Option<f64> {
    let ParamKind::Number { min, max, taper, .. } = param.kind else { return None };
    Some(match taper {
        Taper::Linear => min + share * (max - min),
        Taper::Log => min * (max / min).powf(share),
    })
}

/// The value a share of the range away; downwards where there is no room above.
fn moved(param: &ParamDesc, from: f64, share: f64) -> Option<f64> {
    let ParamKind::Number { min, max, taper, .. } = param.kind else { return None };
    let at = match taper {
        Taper::Linear => (from - min) / (max - min),
        Taper::Log => (from / min).ln() / (max / min).ln(),
    };
    at_share(param, if at > 0.75 { at - share } else { at + share })
}

/// Whether a parameter is a level or a gain, which jumps by 6 dB; others by a tenth of their range.
fn is_level(param: &ParamDesc) -> bool {
    matches!(param.unit, Unit::Db | Unit::Dbfs | Unit::Dbtp)
}
