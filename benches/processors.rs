//! What each processor costs: nanoseconds per stereo frame and multiples of real time, at 44.1 and 96 kHz, and the whole
//! chain of a song: EQ with 8 bands, compressor, multiband with 3 bands, width, saturation 8 times oversampled, limiter.
//!
//! `cargo bench --bench processors`. Every figure is the least of nine runs over a loud programme that keeps the dynamics
//! at work, so that other programs of the machine weigh little; one thread.
#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::panic, reason = "a processor that does not exist is a slip in this program")]

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::time::Instant;

use glassmaster::audio::{Block, FpuGuard, QUANTUM};
use glassmaster::dsp::noise::Noise;
use glassmaster::model::ParamValue;
use glassmaster::process::{Processor, Setup, find, values_of};
use glassmaster::units::{Frames, SampleRate};

/// Seconds of sound in one run.
const SECONDS: f64 = 1.0;
const RUNS: usize = 9;

/// A named setting: kind and parameters.
type Case = (&'static str, &'static str, Vec<(String, ParamValue)>);

fn number(id: &str, value: f64) -> (String, ParamValue) {
    (id.to_owned(), ParamValue::Number(value))
}

fn word(id: &str, value: &str) -> (String, ParamValue) {
    (id.to_owned(), ParamValue::Word(value.to_owned()))
}

/// An equaliser with this many bells and shelves, spread over the range.
fn eq(bands: usize, phase: &str) -> Vec<(String, ParamValue)> {
    let mut params = vec![word("phase", phase)];
    for band in 1..=bands {
        let kind = if band == 1 {
            "low_shelf"
        } else if band == bands {
            "high_shelf"
        } else {
            "bell"
        };
        params.push(word(&format!("band{band}_type"), kind));
        let freq = 40.0 * 350f64.powf((band - 1) as f64 / (bands.max(2) - 1) as f64);
        params.push(number(&format!("band{band}_freq_hz"), freq));
        params.push(number(&format!("band{band}_gain_db"), if band % 2 == 0 { 2.0 } else { -2.0 }));
    }
    params
}

/// Bands that all compress.
fn working_bands(count: usize) -> Vec<(String, ParamValue)> {
    let mut params = vec![word("bands", &count.to_string())];
    for band in 1..=count {
        params.push(number(&format!("band{band}_ratio"), 2.0));
        params.push(number(&format!("band{band}_threshold_db"), -40.0));
    }
    params
}

fn cases() -> Vec<Case> {
    vec![
        ("gain", "gain", vec![number("gain_db", -1.0)]),
        ("EQ, 1 band", "eq", eq(1, "minimum")),
        ("EQ, 8 bands", "eq", eq(8, "minimum")),
        ("EQ, 24 bands", "eq", eq(24, "minimum")),
        ("EQ, 8 bands, linear phase", "eq", eq(8, "linear")),
        ("compressor", "compressor", vec![number("threshold_db", -24.0)]),
        (
            "compressor, peak, look-ahead 5 ms",
            "compressor",
            vec![number("threshold_db", -24.0), word("detector", "peak"), number("lookahead_ms", 5.0)],
        ),
        ("multiband, 3 bands", "multiband", vec![word("bands", "3")]),
        ("multiband, 3 bands at work", "multiband", working_bands(3)),
        ("multiband, 6 bands at work", "multiband", working_bands(6)),
        ("multiband, 3 bands, linear phase", "multiband", vec![word("bands", "3"), word("phase", "linear")]),
        ("de-esser", "deesser", vec![]),
        (
            "saturation, tape, 8×",
            "saturator",
            vec![word("curve", "tape"), word("oversampling", "8"), number("drive_db", 6.0)],
        ),
        (
            "saturation, hard, 8×",
            "saturator",
            vec![word("curve", "hard"), word("oversampling", "8"), number("drive_db", 6.0)],
        ),
        ("width", "width", vec![number("width_percent", 112.0)]),
        ("width, mono below 150 Hz", "width", vec![number("mono_below_hz", 150.0)]),
        ("limiter, idle", "limiter", vec![number("input_gain_db", -12.0)]),
        ("limiter, +3 dB", "limiter", vec![number("input_gain_db", 3.0)]),
        ("limiter, +6 dB", "limiter", vec![number("input_gain_db", 6.0)]),
        ("expander", "expander", vec![]),
        ("expander at work", "expander", vec![number("threshold_db", -12.0)]),
        ("transient shaper", "transient", vec![]),
        ("transient shaper at work", "transient", vec![number("attack_db", 3.0), number("sustain_db", -2.0)]),
        ("DC filter", "dc_filter", vec![]),
    ]
}

/// The chain of performance.md's live rows.
const CHAIN: [&str; 6] =
    ["EQ, 8 bands", "compressor", "multiband, 3 bands", "width", "saturation, tape, 8×", "limiter, +3 dB"];

/// A loud stretch of drums, bass, chord and hiss, peaks near full scale.
fn programme(rate: SampleRate) -> Vec<Block> {
    let noise = [Noise::new(1, 0), Noise::new(1, 1)];
    let quanta = (rate.hz() * SECONDS) as usize / QUANTUM;
    (0..quanta)
        .map(|k| {
            let mut block = Block::silent();
            for (side, channel) in block.channels_mut().iter_mut().enumerate() {
                for (i, sample) in channel.iter_mut().enumerate() {
                    let n = (k * QUANTUM + i) as i64;
                    let t = n as f64 / rate.hz();
                    let beat = (t * 2.0).fract() / 2.0;
                    let drum = (-25.0 * beat).exp() * (2.0 * PI * 60.0 * beat).sin();
                    let bass = (2.0 * PI * 55.0 * t).sin();
                    let chord = (2.0 * PI * 329.6 * t + side as f64).sin() + (2.0 * PI * 2637.0 * t).sin();
                    let hiss = 2.0 * noise[side].uniform(n, 0) - 1.0;
                    *sample = 0.4 * drum + 0.25 * bass + 0.12 * chord + 0.08 * hiss;
                }
            }
            block
        })
        .collect()
}

fn build(case: &Case, rate: SampleRate) -> Option<Box<dyn Processor>> {
    let kind = find(case.1)?;
    let given: BTreeMap<String, ParamValue> = case.2.iter().cloned().collect();
    let (values, wrong) = values_of(kind, &given);
    assert!(wrong.is_empty(), "{}: {wrong:?}", case.0);
    Some(kind.build(&values, &Setup { sample_rate: rate }))
}

/// Least nanoseconds per stereo frame over the runs; the copying of the input is taken off.
fn nanoseconds(processors: &mut [Box<dyn Processor>], input: &[Block]) -> f64 {
    let _fpu = FpuGuard::new();
    let mut frame = 0;
    let mut once = |processors: &mut [Box<dyn Processor>]| {
        let began = Instant::now();
        for block in input {
            let mut block = block.clone();
            for processor in processors.iter_mut() {
                processor.process(Frames(frame), &mut block);
            }
            frame += QUANTUM as i64;
            std::hint::black_box(&block);
        }
        began.elapsed().as_secs_f64()
    };
    let copying = (0..RUNS).map(|_| once(&mut [])).fold(f64::INFINITY, f64::min);
    let working = (0..RUNS).map(|_| once(processors)).fold(f64::INFINITY, f64::min);
    (working - copying).max(0.0) * 1e9 / (input.len() * QUANTUM) as f64
}

fn main() {
    let rates = [SampleRate::CD, SampleRate(96_000)];
    let inputs = rates.map(programme);
    println!("{:<36} {:>12} {:>10} {:>12} {:>10}", "", "44.1 kHz ns", "x real", "96 kHz ns", "x real");
    let line = |name: &str, figures: [f64; 2]| {
        let times = [0, 1].map(|i| 1e9 / (figures[i] * rates[i].hz()));
        println!(
            "{name:<36} {:>12.1} {:>9.0}x {:>12.1} {:>9.0}x",
            figures[0], times[0], figures[1], times[1]
        );
    };
    let cases = cases();
    for case in &cases {
        let mut figures = [0.0; 2];
        for ((figure, rate), input) in figures.iter_mut().zip(rates).zip(&inputs) {
            let Some(processor) = build(case, rate) else { panic!("there is no processor “{}”", case.1) };
            *figure = nanoseconds(&mut [processor], input);
        }
        line(case.0, figures);
    }
    let mut whole = [0.0; 2];
    for ((figure, rate), input) in whole.iter_mut().zip(rates).zip(&inputs) {
        let mut chain: Vec<Box<dyn Processor>> = CHAIN
            .iter()
            .filter_map(|name| cases.iter().find(|c| c.0 == *name))
            .filter_map(|case| build(case, rate))
            .collect();
        *figure = nanoseconds(&mut chain, input);
    }
    line("whole chain of six", whole);
}
