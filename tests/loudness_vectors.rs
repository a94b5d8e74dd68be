//! EBU Tech 3341 and 3342 (v4) cases made from sines at six rates, held against what an exact meter reads; and our
//! meter beside the `ebur128` crate and ffmpeg's `ebur128` filter where those are right.
//!
//! Cases 6 (five channels), 7 and 8 (recordings of the EBU's own) cannot be made here.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test prints its table and why it skips")]

use std::f64::consts::PI;
use std::path::Path;
use std::process::Command;

use glassmaster::dsp::kweight::sections;
use glassmaster::meter::analysis::{Analyzer, FileFacts};
use glassmaster::meter::loudness::{LoudnessMeter, LoudnessReading};
use glassmaster::meter::true_peak::{Keep, TruePeakMeter};
use glassmaster::units::SESSION_RATES_HZ;

/// Steps of (seconds, level of each channel in dBFS); `SILENCE` is none.
type Steps = Vec<(f64, f64)>;
const SILENCE: f64 = f64::NEG_INFINITY;

/// Strict bars around the exact reading.
const LOUDNESS_BAR_LU: f64 = 0.02;
const RANGE_BAR_LU: f64 = 0.1;
const PEAK_BAR_DB: f64 = 0.1;

/// A 1 kHz sine whose level moves in steps, phase continuous.
struct Tone {
    /// 10 ms hold ten whole periods at every rate used.
    periods: Vec<f64>,
    rate: f64,
}

impl Tone {
    fn new(rate: u32) -> Self {
        let n = rate / 100;
        let periods = (0..n).map(|i| (2.0 * PI * 1000.0 * f64::from(i) / f64::from(rate)).sin()).collect();
        Self { periods, rate: f64::from(rate) }
    }

    fn render(&self, steps: &Steps) -> Vec<f64> {
        let mut out = Vec::new();
        let mut seconds = 0.0;
        for &(length, db) in steps {
            seconds += length;
            let end = (seconds * self.rate).round() as usize;
            let gain = 10f64.powf(db / 20.0);
            while out.len() < end {
                out.push(gain * self.periods[out.len() % self.periods.len()]);
            }
        }
        out
    }

    fn measure(&self, steps: &Steps) -> LoudnessReading {
        let x = self.render(steps);
        let mut meter = LoudnessMeter::new(self.rate as u32, 2, 1.0);
        for block in x.chunks(4096) {
            meter.push(block, block);
        }
        meter.reading()
    }
}

/// What the K curve of a rate differs from that of 48 kHz at 1 kHz, dB. The exact readings of the cases are stated for
/// 48 kHz; the same meter at 192 kHz reads 0.027 LU lower, because the sections are bilinear transforms.
fn k_difference_db(rate: f64) -> f64 {
    let gain = |rate: f64| sections(rate).iter().map(|s| s.magnitude(1000.0, rate)).product::<f64>();
    20.0 * (gain(rate) / gain(48_000.0)).log10()
}

/// Worst deviation of a kind, printed as a table with `--nocapture`.
#[derive(Default)]
struct Worst {
    cases: Vec<(String, f64)>,
    /// Added to every exact loudness.
    shift_db: f64,
}

impl Worst {
    fn hold_loudness(&mut self, case: &str, reading: Option<f64>, exact: f64) {
        self.hold(case, reading, exact + self.shift_db, LOUDNESS_BAR_LU);
    }

    fn hold(&mut self, case: &str, reading: Option<f64>, exact: f64, bar: f64) {
        let reading = reading.unwrap_or(f64::NAN);
        let off = (reading - exact).abs();
        assert!(off <= bar, "case {case}: {reading} for {exact}");
        match self.cases.iter_mut().find(|(name, _)| name == case) {
            Some((_, worst)) => *worst = worst.max(off),
            None => self.cases.push((case.to_owned(), off)),
        }
    }

    fn print(&self, rate: u32) {
        for (case, worst) in &self.cases {
            println!("{rate:>6} Hz  {case:<10} {worst:.4}");
        }
    }
}

fn loudness_cases(rate: u32) {
    let tone = Tone::new(rate);
    let mut worst = Worst { shift_db: k_difference_db(f64::from(rate)), ..Worst::default() };
    for (case, db) in [("3341-1", -23.0), ("3341-2", -33.0)] {
        let r = tone.measure(&vec![(20.0, db)]);
        for value in [r.momentary_lufs, r.short_term_lufs, r.integrated_lufs] {
            worst.hold_loudness(case, value, db + 0.007);
        }
    }
    let three = vec![(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)];
    worst.hold_loudness("3341-3", tone.measure(&three).integrated_lufs, -23.014);
    let four = vec![(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)];
    worst.hold_loudness("3341-4", tone.measure(&four).integrated_lufs, -23.014);
    let five = vec![(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)];
    worst.hold_loudness("3341-5", tone.measure(&five).integrated_lufs, -22.979);
    sliding_cases(&tone, &mut worst);
    maximum_cases(&tone, &mut worst);
    for (case, levels, exact) in [
        ("3342-1", &[-20.0, -30.0][..], 10.0),
        ("3342-2", &[-20.0, -15.0], 5.0),
        ("3342-3", &[-40.0, -20.0], 20.0),
        ("3342-4", &[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ] {
        let steps = levels.iter().map(|&db| (20.0, db)).collect();
        worst.hold(case, tone.measure(&steps).range_lu, exact, RANGE_BAR_LU);
    }
    worst.print(rate);
}

/// Cases 9 and 12: the short-term (momentary) value stands still once its window is full.
fn sliding_cases(tone: &Tone, worst: &mut Worst) {
    let nine = [(1.34, -20.0), (1.66, -30.0)].repeat(5);
    let twelve = [(0.18, -20.0), (0.22, -30.0)].repeat(25);
    for (case, steps, settled_s, exact) in [("3341-9", nine, 3.0, -22.986), ("3341-12", twelve, 1.0, -22.960)]
    {
        let x = tone.render(&steps);
        let mut meter = LoudnessMeter::new(tone.rate as u32, 2, 1.0);
        let hop = tone.rate as usize / 100;
        for (k, block) in x.chunks_exact(hop).enumerate() {
            meter.push(block, block);
            if (k + 1) as f64 * 0.01 >= settled_s {
                let value = if case == "3341-9" { meter.short_term_lufs() } else { meter.momentary_lufs() };
                worst.hold_loudness(case, value, exact);
            }
        }
    }
}

/// Cases 10, 11, 13, 14: maxima, of files and live.
fn maximum_cases(tone: &Tone, worst: &mut Worst) {
    for i in 0..20 {
        let delay = f64::from(i);
        let r = tone.measure(&vec![(delay * 0.15, SILENCE), (3.0, -23.0), (1.0, SILENCE)]);
        worst.hold_loudness("3341-10", r.max_short_term_lufs, -22.993);
        let r = tone.measure(&vec![(delay * 0.02, SILENCE), (0.4, -23.0), (1.0, SILENCE)]);
        worst.hold_loudness("3341-13", r.max_momentary_lufs, -22.993);
    }
    for (case, step, long) in [("3341-11", 0.15, 3.0), ("3341-14", 0.02, 0.4)] {
        let mut meter = LoudnessMeter::new(tone.rate as u32, 2, 1.0);
        for i in 0..20 {
            let (delay, db) = (f64::from(i) * step, -38.0 + f64::from(i));
            let x = tone.render(&vec![(delay, SILENCE), (long, db), (long - delay, SILENCE)]);
            meter.restart();
            meter.push(&x, &x);
            let r = meter.reading();
            let value = if case == "3341-11" { r.max_short_term_lufs } else { r.max_momentary_lufs };
            worst.hold_loudness(case, value, db + 0.007);
        }
    }
}

#[test]
fn loudness_cases_at_44100() {
    loudness_cases(44_100);
}

#[test]
fn loudness_cases_at_48000() {
    loudness_cases(48_000);
}

#[test]
fn loudness_cases_at_88200() {
    loudness_cases(88_200);
}

#[test]
fn loudness_cases_at_96000() {
    loudness_cases(96_000);
}

#[test]
fn loudness_cases_at_176400() {
    loudness_cases(176_400);
}

#[test]
fn loudness_cases_at_192000() {
    loudness_cases(192_000);
}

/// Of the meter that plays along; the file meter, which reads in steps of its rate, must say the same to the last bit.
fn true_peak_dbtp(rate: u32, x: &[f64]) -> f64 {
    let mut meter = TruePeakMeter::new(Keep::Maximum);
    let facts = FileFacts { sample_rate_hz: rate, channels: 2, ..FileFacts::default() };
    let mut file = Analyzer::for_frames(facts, x.len() as u64);
    for block in x.chunks(4096) {
        meter.push(block, block);
        file.push(block, block);
    }
    meter.finish();
    let peak = meter.max_dbtp();
    assert_eq!(file.finish().measurements.true_peak_dbtp, peak, "{rate}: file and live");
    peak.unwrap()
}

/// A faded sine of `periods_per_frame` cycles a sample.
fn faded_tone(rate: u32, per_frame: f64, amplitude: f64, phase_deg: f64) -> Vec<f64> {
    let n = rate as usize;
    let fade = rate as usize / 100;
    (0..n)
        .map(|i| {
            let shape = (i.min(n - 1 - i) as f64 / fade as f64).min(1.0);
            let x = (2.0 * PI * per_frame * i as f64 + phase_deg.to_radians()).sin();
            amplitude * (0.5 - 0.5 * (PI * shape).cos()) * x
        })
        .collect()
}

#[test]
fn true_peak_cases_15_to_19() {
    for rate in SESSION_RATES_HZ {
        let mut worst = Worst::default();
        for (case, per_frame, amplitude, phase, exact) in [
            ("3341-15", 1.0 / 4.0, 0.5, 0.0, -6.0206),
            ("3341-16", 1.0 / 4.0, 0.5, 45.0, -6.0206),
            ("3341-17", 1.0 / 6.0, 0.5, 60.0, -6.0206),
            ("3341-18", 1.0 / 8.0, 0.5, 67.5, -6.0206),
            ("3341-19", 1.0 / 4.0, 1.41, 45.0, 2.9844),
        ] {
            let x = faded_tone(rate, per_frame, amplitude, phase);
            worst.hold(case, Some(true_peak_dbtp(rate, &x)), exact, PEAK_BAR_DB);
        }
        worst.print(rate);
    }
}

/// Kaiser-windowed sinc, long enough to be the exact wave for comparison.
fn wave_at(x: &[f64], t: f64, cutoff: f64, half: f64) -> f64 {
    let first = (t - half).ceil().max(0.0) as usize;
    let last = ((t + half).floor() as usize).min(x.len() - 1);
    (first..=last)
        .map(|k| {
            let d = t - k as f64;
            cutoff
                * glassmaster::dsp::window::sinc(cutoff * d)
                * glassmaster::dsp::window::kaiser_at(d / half, 9.0)
                * x[k]
        })
        .sum()
}

/// Cases 20 to 23 at four times the rate: fs/6 at 0.50 around one period of fs/4 at 1.00, then low-passed to fs/2.
fn hidden_period() -> Vec<f64> {
    let before = 24 * 100;
    let at4: Vec<f64> = (0..2 * before + 16)
        .map(|n| {
            let tone = |n: usize, period: usize| (2.0 * PI * (n % period) as f64 / period as f64).sin();
            if n < before {
                0.5 * tone(n, 24) * (n as f64 / 480.0).min(1.0)
            } else if n < before + 16 {
                tone(n - before, 16)
            } else {
                0.5 * tone(n - before - 16, 24) * ((2 * before + 16 - n) as f64 / 480.0).min(1.0)
            }
        })
        .collect();
    (0..at4.len()).map(|n| wave_at(&at4, n as f64, 0.25, 400.0)).collect()
}

#[test]
fn true_peak_cases_20_to_23() {
    let at4 = hidden_period();
    let cases: Vec<(String, Vec<f64>, f64)> = (0..4)
        .map(|offset| {
            let x: Vec<f64> = at4.iter().skip(offset).step_by(4).copied().collect();
            let exact = (590 * 64..620 * 64)
                .map(|i| wave_at(&x, f64::from(i) / 64.0, 1.0, 200.0).abs())
                .fold(0.0, f64::max);
            (format!("3341-{}", 20 + offset), x, 20.0 * exact.log10())
        })
        .collect();
    // Defined relative to the rate: the samples are the same at all.
    for rate in SESSION_RATES_HZ {
        let mut worst = Worst::default();
        for (case, x, exact) in &cases {
            let reading = true_peak_dbtp(rate, x);
            worst.hold(case, Some(reading), *exact, 0.03);
            worst.hold(case, Some(reading), -0.078, PEAK_BAR_DB);
        }
        worst.print(rate);
    }
}

/// Something like music: pulsing filtered noise in two channels, from a fixed seed.
fn programme(rate: u32, seconds: f64) -> [Vec<f64>; 2] {
    let mut seed = 7u64;
    let mut white = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let n = (seconds * f64::from(rate)) as usize;
    let (mut low, mut out) = ([0.0f64; 2], [Vec::with_capacity(n), Vec::with_capacity(n)]);
    for i in 0..n {
        let t = i as f64 / f64::from(rate);
        let verse = if ((t / 8.0) as u64).is_multiple_of(2) { 1.0 } else { 0.25 };
        let beat = (-6.0 * (t * 2.0).fract()).exp() + 0.1;
        let common = white();
        for c in 0..2 {
            low[c] += 0.2 * (0.6 * common + 0.4 * white() - low[c]);
            out[c].push(0.9 * verse * beat * low[c]);
        }
    }
    out
}

/// Long enough for both gates where the other meters are quick, shorter where they are slow.
fn compared_seconds(rate: u32) -> f64 {
    if rate <= 48_000 { 36.0 } else { 12.0 }
}

#[test]
fn agrees_with_the_crate() {
    for rate in SESSION_RATES_HZ {
        let [left, right] = programme(rate, compared_seconds(rate));
        let mut ours = LoudnessMeter::new(rate, 2, 1.0);
        let modes = ebur128::Mode::M | ebur128::Mode::S | ebur128::Mode::I;
        let mut theirs = ebur128::EbuR128::new(2, rate, modes).unwrap();
        let hop = rate as usize / 100;
        let (mut compared, mut worst) = (0, 0.0f64);
        for (l, r) in left.chunks_exact(hop).zip(right.chunks_exact(hop)) {
            ours.push(l, r);
            theirs.add_frames_planar_f64(&[l, r]).unwrap();
            if let Some(m) = ours.momentary_lufs() {
                worst = worst.max((m - theirs.loudness_momentary().unwrap()).abs());
            }
            if let Some(s) = ours.short_term_lufs() {
                worst = worst.max((s - theirs.loudness_shortterm().unwrap()).abs());
                compared += 1;
            }
        }
        assert!(f64::from(compared) > 99.0 * (compared_seconds(rate) - 3.0));
        let i = ours.reading().integrated_lufs.unwrap();
        worst = worst.max((i - theirs.loudness_global().unwrap()).abs());
        assert!(worst < 0.001, "{rate}: {worst}");
        println!("{rate:>6} Hz  crate      {worst:.6}");
    }
}

/// Integrated loudness, range and true peak as ffmpeg prints them.
fn ffmpeg_figures(folder: &Path, rate: u32, [left, right]: &[Vec<f64>; 2]) -> [f64; 3] {
    let path = folder.join(format!("{rate}.wav"));
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for (l, r) in left.iter().zip(right) {
        writer.write_sample(*l as f32).unwrap();
        writer.write_sample(*r as f32).unwrap();
    }
    writer.finalize().unwrap();
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-hide_banner", "-nostats", "-i"]).arg(&path);
    let output = ffmpeg.args(["-af", "ebur128=peak=true", "-f", "null", "-"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = said.rsplit("Summary:").next().unwrap();
    ["I:", "LRA:", "Peak:"].map(|name| {
        let line = summary.lines().find(|l| l.trim().starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    })
}

#[test]
fn agrees_with_ffmpeg_to_its_printed_digit() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        println!("skipped: ffmpeg is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for rate in SESSION_RATES_HZ {
        let sound = programme(rate, compared_seconds(rate));
        let [integrated, range, peak] = ffmpeg_figures(folder.path(), rate, &sound);
        let mut meter = LoudnessMeter::new(rate, 2, 1.0);
        meter.push(&sound[0], &sound[1]);
        let r = meter.reading();
        println!("{rate:>6} Hz  ffmpeg {integrated} {range} {peak}; ours {r:?}");
        assert!((r.integrated_lufs.unwrap() - integrated).abs() < 0.06);
        assert!((r.range_lu.unwrap() - range).abs() < 0.11);
        // Above 48 kHz it looks between the samples less and less, and at 192 kHz not at all.
        if rate <= 48_000 {
            let mut meter = TruePeakMeter::new(Keep::Maximum);
            meter.push(&sound[0], &sound[1]);
            assert!((meter.max_dbtp().unwrap() - peak).abs() < 0.2);
        }
    }
}

#[test]
fn rates_without_a_whole_10_ms_keep_exact_windows() {
    // 11 025 Hz: 110.25 frames; a steady tone must read steadily whatever the window's place.
    let rate = 11_025;
    let x: Vec<f64> =
        (0..11_025 * 8).map(|n| 0.1 * (2.0 * PI * 1000.0 * f64::from(n) / f64::from(rate)).sin()).collect();
    let mut meter = LoudnessMeter::new(rate, 1, 1.0);
    meter.push(&x[..11_025], &[]);
    let mut readings = Vec::new();
    for block in x[11_025..].chunks(111) {
        meter.push(block, &[]);
        readings.extend(meter.momentary_lufs());
    }
    let (low, high) = readings.iter().fold((0.0f64, -200.0f64), |(a, b), &r| (a.min(r), b.max(r)));
    assert!(high - low < 0.02, "{low} to {high}");
    assert!((high + 23.0).abs() < 0.1, "mono -20 dBFS: {high}");
}

#[test]
fn any_split_gives_the_same_bits() {
    let [left, right] = programme(44_100, 6.0);
    let read = |size: usize| {
        let mut meter = LoudnessMeter::new(44_100, 2, 1.0);
        for (l, r) in left.chunks(size).zip(right.chunks(size)) {
            meter.push(l, r);
        }
        meter.reading()
    };
    assert_eq!(read(64), read(1001));
    assert_eq!(read(64), read(left.len()));
}

#[test]
fn silence_and_shortness_have_no_reading() {
    let mut meter = LoudnessMeter::new(48_000, 2, 1.0);
    meter.push(&[0.5; 10_000], &[0.5; 10_000]);
    assert_eq!(meter.reading(), LoudnessReading::default());
    meter.reset();
    meter.push(&vec![0.0; 480_000], &vec![0.0; 480_000]);
    assert_eq!(meter.reading(), LoudnessReading::default());
}

#[test]
fn a_pause_is_not_measured_and_nan_costs_no_more_than_its_moment() {
    let tone = Tone::new(48_000);
    let (loud, quiet) = (tone.render(&vec![(10.0, -20.0)]), tone.render(&vec![(10.0, -25.0)]));
    let mut meter = LoudnessMeter::new(48_000, 2, 1.0);
    meter.push(&quiet, &quiet);
    meter.set_running(false);
    meter.push(&loud, &loud);
    assert!((meter.short_term_lufs().unwrap() + 20.0).abs() < 0.02, "short-term goes on");
    meter.set_running(true);
    let mut broken = quiet.clone();
    broken[100_000] = f64::NAN;
    meter.push(&broken, &broken);
    let r = meter.reading();
    assert!((r.integrated_lufs.unwrap() + 25.0).abs() < 0.02, "{r:?}");
    assert!((r.max_short_term_lufs.unwrap() + 25.0).abs() < 0.02, "{r:?}");
}

#[test]
fn a_programme_twice_has_the_same_range() {
    let tone = Tone::new(44_100);
    let once: Steps = vec![(20.0, -30.0), (15.0, -20.0), (20.0, -26.0)];
    let twice = [once.clone(), once.clone()].concat();
    let (a, b) = (tone.measure(&once).range_lu.unwrap(), tone.measure(&twice).range_lu.unwrap());
    assert!((a - b).abs() < 0.1, "{a} then {b}");
}
