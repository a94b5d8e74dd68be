//! The meters against a second meter written plainly here (BS.1770-5, Tech 3342: `f64`, sample by sample, windows by
//! their sums) and against closed forms: tones, gates and single channels in the manner of Report BS.2217, range, the
//! wave at the very end, at six rates; and the same through files of every coding and the built program.

#![expect(clippy::unwrap_used, reason = "a test holds a second meter and writes files")]

mod common;

use std::f64::consts::PI;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::run_json;
use glassmaster::meter::analysis::{Analyzer, FileFacts, Measurements};
use glassmaster::units::SESSION_RATES_HZ;

const LOUDNESS_BAR_LU: f64 = 0.02;
const RANGE_BAR_LU: f64 = 0.1;
const PEAK_BAR_DB: f64 = 0.1;

/// Five coefficients: b0 b1 b2 a1 a2.
type Biquad = [f64; 5];

/// Head shelf and high pass of BS.1770-5 at a rate, from the analogue prototypes of its table.
fn k_filter(rate: f64) -> [Biquad; 2] {
    let k = (PI * 1_681.974_450_955_533 / rate).tan();
    let q = 0.707_175_236_955_419_6;
    let vh = 10f64.powf(3.999_843_853_973_347 / 20.0);
    let vb = vh.powf(0.499_666_774_154_541_6);
    let a0 = 1.0 + k / q + k * k;
    let shelf = [
        (vh + vb * k / q + k * k) / a0,
        2.0 * (k * k - vh) / a0,
        (vh - vb * k / q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    ];
    let k = (PI * 38.135_470_876_024_44 / rate).tan();
    let q = 0.500_327_037_323_877_3;
    let a0 = 1.0 + k / q + k * k;
    [shelf, [1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]]
}

/// Gain of the K curve in dB.
fn k_gain_db(rate: f64, hz: f64) -> f64 {
    let w = 2.0 * PI * hz / rate;
    let size = |c: [f64; 3]| {
        let re = c[0] + c[1] * w.cos() + c[2] * (2.0 * w).cos();
        let im = c[1] * w.sin() + c[2] * (2.0 * w).sin();
        re.hypot(im)
    };
    let gain: f64 =
        k_filter(rate).iter().map(|s| size([s[0], s[1], s[2]]) / size([1.0, s[3], s[4]])).product();
    20.0 * gain.log10()
}

fn filtered(x: &[f64], [b0, b1, b2, a1, a2]: Biquad) -> Vec<f64> {
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    let mut out = Vec::with_capacity(x.len());
    for &x0 in x {
        let y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
        (x2, x1, y2, y1) = (x1, x0, y1, y0);
        out.push(y0);
    }
    out
}

fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// The second meter: sums of K-weighted squares up to each sample.
struct Reference {
    rate: f64,
    sums: Vec<f64>,
}

impl Reference {
    fn new(rate: u32, channels: &[&[f64]]) -> Self {
        let rate = f64::from(rate);
        let [shelf, high_pass] = k_filter(rate);
        let weighted: Vec<Vec<f64>> =
            channels.iter().map(|x| filtered(&filtered(x, shelf), high_pass)).collect();
        let mut sums = vec![0.0];
        let mut sum = 0.0;
        for n in 0..weighted[0].len() {
            sum += weighted.iter().map(|w| w[n] * w[n]).sum::<f64>();
            sums.push(sum);
        }
        Self { rate, sums }
    }

    /// Mean powers of windows of so many seconds, one each 100 ms.
    fn powers(&self, seconds: f64) -> Vec<f64> {
        let place = |s: f64| (s * self.rate + 1e-6).floor() as usize;
        (0..)
            .map(|k| (place(f64::from(k) * 0.1), place(f64::from(k) * 0.1 + seconds)))
            .take_while(|&(_, end)| end < self.sums.len())
            .map(|(start, end)| (self.sums[end] - self.sums[start]) / (end - start) as f64)
            .collect()
    }

    fn integrated(&self) -> Option<f64> {
        let loud: Vec<f64> = self.powers(0.4).into_iter().filter(|&p| lufs(p) > -70.0).collect();
        let mean = |p: &[f64]| p.iter().sum::<f64>() / p.len() as f64;
        let gate = lufs(mean(&loud)) - 10.0;
        let kept: Vec<f64> = loud.iter().copied().filter(|&p| lufs(p) > gate).collect();
        (!kept.is_empty()).then(|| lufs(mean(&kept)))
    }

    fn range(&self) -> f64 {
        let heard: Vec<f64> = self.powers(3.0).into_iter().filter(|&p| lufs(p) >= -70.0).collect();
        let gate = lufs(heard.iter().sum::<f64>() / heard.len() as f64) - 20.0;
        let mut kept: Vec<f64> = heard.into_iter().map(lufs).filter(|&l| l >= gate).collect();
        kept.sort_by(f64::total_cmp);
        let at = |part: f64| kept[((kept.len() - 1) as f64 * part).round() as usize];
        at(0.95) - at(0.10)
    }

    fn max_short_term(&self) -> f64 {
        lufs(self.powers(3.0).into_iter().fold(0.0, f64::max))
    }
}

fn sine(rate: u32, hz: f64, peak_db: f64, seconds: f64) -> Vec<f64> {
    let gain = 10f64.powf(peak_db / 20.0);
    (0..(seconds * f64::from(rate)) as usize)
        .map(|n| gain * (2.0 * PI * hz * n as f64 / f64::from(rate)).sin())
        .collect()
}

fn measured(rate: u32, left: &[f64], right: &[f64]) -> Measurements {
    let channels = if right.is_empty() { 1 } else { 2 };
    let facts = FileFacts { sample_rate_hz: rate, channels, ..FileFacts::default() };
    let mut analyzer = Analyzer::for_frames(facts, left.len() as u64);
    analyzer.push(left, right);
    analyzer.finish().measurements
}

/// Holds a reading and keeps the worst.
fn hold(worst: &mut f64, name: &str, reading: Option<f64>, exact: f64, bar: f64) {
    let off = (reading.unwrap_or(f64::NAN) - exact).abs();
    assert!(off <= bar, "{name}: {reading:?} for {exact}");
    *worst = worst.max(off);
}

#[test]
fn tones_from_25_hz_to_10_khz_read_their_level() {
    for rate in SESSION_RATES_HZ {
        let mut worst = 0.0;
        for hz in [25.0, 100.0, 500.0, 1000.0, 2000.0, 10_000.0] {
            for target in [-23.0, -24.0] {
                let level = target + 0.691 - k_gain_db(f64::from(rate), hz);
                let x = sine(rate, hz, level, 6.0);
                let m = measured(rate, &x, &x);
                let name = format!("{rate}: {hz} Hz at {target}");
                hold(&mut worst, &name, m.integrated_lufs, target, LOUDNESS_BAR_LU);
                hold(&mut worst, &name, m.max_short_term_lufs, target, LOUDNESS_BAR_LU);
            }
        }
        println!("{rate:>6} Hz  tones      {worst:.4}");
    }
}

#[test]
fn gates_open_and_close_where_they_should() {
    for rate in SESSION_RATES_HZ {
        let level = |lufs: f64| lufs + 0.691 - k_gain_db(f64::from(rate), 1000.0);
        let tone = |lufs: f64, seconds: f64| sine(rate, 1000.0, level(lufs), seconds);
        let (mut worst, mut beside) = (0.0, 0.0);
        for steady in [-10.0, -69.5] {
            let x = tone(steady, 3.0);
            let name = format!("{rate}: {steady}");
            hold(&mut worst, &name, measured(rate, &x, &x).integrated_lufs, steady, LOUDNESS_BAR_LU);
        }
        let x = tone(-70.5, 3.0);
        assert_eq!(measured(rate, &x, &x).integrated_lufs, None, "{rate}: under the gate");
        // Half loud, half quieter by q: the gate lies at 10·lg((1 + 10^(q/10))/2) − 10 = −12.8 dB.
        for (quieter, counts) in [(-12.5f64, true), (-13.1, false)] {
            let x = [tone(-20.0, 5.0), tone(-20.0 + quieter, 5.0)].concat();
            let exact =
                -20.0 + if counts { 10.0 * ((1.0 + 10f64.powf(quieter / 10.0)) / 2.0).log10() } else { 0.0 };
            let reading = measured(rate, &x, &x).integrated_lufs;
            let name = format!("{rate}: gate {quieter}");
            // The blocks across the step are part of the exact reading.
            hold(&mut beside, &name, reading, exact, 0.2);
            hold(&mut worst, &name, reading, Reference::new(rate, &[&x, &x]).integrated().unwrap(), 0.001);
        }
        println!("{rate:>6} Hz  gates      {worst:.4}");
    }
}

#[test]
fn each_channel_counts_alone_and_mono_is_one() {
    for rate in SESSION_RATES_HZ {
        let x = sine(rate, 997.0, -20.0, 2.0);
        let nothing = vec![0.0; x.len()];
        let exact = -20.0 - 0.691 - 10.0 * 2f64.log10() + k_gain_db(f64::from(rate), 997.0);
        let mut worst = 0.0;
        for (left, right) in [(&x[..], &nothing[..]), (&nothing, &x), (&x, &[])] {
            let m = measured(rate, left, right);
            hold(&mut worst, "channel", m.integrated_lufs, exact, LOUDNESS_BAR_LU);
            hold(&mut worst, "channel", m.true_peak_dbtp, -20.0, 0.01);
        }
        println!("{rate:>6} Hz  channels   {worst:.4}");
    }
}

/// Pulsing filtered noise, quiet and loud parts, two channels, from a seed.
fn programme(rate: u32, seconds: f64) -> [Vec<f64>; 2] {
    let noise = [0, 1].map(|c| glassmaster::dsp::noise::Noise::new(11, c));
    let pole = 1.0 - (-2.0 * PI * 3000.0 / f64::from(rate)).exp();
    noise.map(|noise| {
        let mut low = 0.0;
        (0..(seconds * f64::from(rate)) as i64)
            .map(|n| {
                let t = n as f64 / f64::from(rate);
                low += pole * (noise.triangular(n) - low);
                let part = [1.0, 0.2, 0.5, 0.05][(t / 5.0) as usize % 4];
                1.5 * part * ((-5.0 * (t * 2.0).fract()).exp() + 0.1) * low
            })
            .collect()
    })
}

#[test]
fn a_programme_reads_as_the_second_meter_does() {
    for rate in SESSION_RATES_HZ {
        let [left, right] = programme(rate, 21.0);
        let reference = Reference::new(rate, &[&left, &right]);
        let m = measured(rate, &left, &right);
        let mut worst = 0.0;
        hold(&mut worst, "I", m.integrated_lufs, reference.integrated().unwrap(), 0.001);
        hold(&mut worst, "LRA", m.loudness_range_lu, reference.range(), 0.001);
        assert!(m.max_short_term_lufs.unwrap() >= reference.max_short_term() - 1e-6);
        println!("{rate:>6} Hz  programme  {worst:.6}");
    }
}

#[test]
fn a_pause_counts_no_window_that_it_touches() {
    let rate = 48_000;
    let k_db = k_gain_db(48_000.0, 1000.0) - 0.691;
    let (soft, loud) = (sine(rate, 1000.0, -30.0, 5.0), sine(rate, 1000.0, -10.0, 2.0));
    let mut meter = glassmaster::meter::loudness::LoudnessMeter::new(rate, 2, 0.1);
    // The pauses begin and end off every grid; what was loud in them may reach into no window.
    for _ in 0..3 {
        meter.set_running(true);
        meter.push(&soft, &soft);
        meter.push(&soft[..12_345], &soft[..12_345]);
        meter.set_running(false);
        meter.push(&loud, &loud);
        meter.push(&soft[..777], &soft[..777]);
    }
    let r = meter.reading();
    for value in [r.integrated_lufs, r.max_momentary_lufs, r.max_short_term_lufs] {
        assert!((value.unwrap() - (-30.0 + k_db)).abs() < 0.1, "{r:?}");
    }
    assert!(r.range_lu.unwrap() < 0.1, "{r:?}");
}

/// Exact wave of samples followed by silence, by a long windowed sinc.
fn highest_near_end(x: &[f64]) -> f64 {
    let wave = |t: f64| -> f64 {
        let first = (t - 300.0).max(0.0) as usize;
        (first..x.len())
            .map(|k| {
                let d = t - k as f64;
                let window = glassmaster::dsp::window::kaiser_at(d / 300.0, 9.0);
                x[k] * glassmaster::dsp::window::sinc(d) * window
            })
            .sum()
    };
    let end = x.len() as f64;
    (0..64 * 40).map(|i| wave(end - 30.0 + f64::from(i) / 64.0).abs()).fold(0.0, f64::max)
}

#[test]
fn a_crest_in_the_last_samples_is_read_at_every_rate() {
    for rate in SESSION_RATES_HZ {
        let mut worst = 0.0;
        for (per_frame, before_end) in
            [(0.25, 3.5), (0.25, 1.5), (0.125, 0.5), (0.2, 2.3), (0.25, 20.5), (0.1, 0.0)]
        {
            let n = rate as usize / 2 + 7;
            let top = (n - 1) as f64 - before_end;
            let x: Vec<f64> = (0..n)
                .map(|i| {
                    let t = i as f64 - top;
                    let shape = (PI * (t / 128.0).clamp(-0.5, 0.5)).cos().powi(2);
                    0.5 * shape * (2.0 * PI * per_frame * t).cos()
                })
                .collect();
            let exact = 20.0 * highest_near_end(&x).log10();
            let m = measured(rate, &x, &vec![0.0; n]);
            hold(&mut worst, &format!("{rate}: {before_end}"), m.true_peak_dbtp, exact, PEAK_BAR_DB);
            let late = n as f64 / f64::from(rate) - m.true_peak_at_s.unwrap();
            assert!(late < 60.0 / f64::from(rate), "{rate}: {late} s before the end");
        }
        println!("{rate:>6} Hz  last crest {worst:.4}");
    }
}

/// How a file holds its samples.
#[derive(Clone, Copy, PartialEq)]
enum Coding {
    Int(u16),
    Float(u16),
}

fn write_wav(path: &Path, rate: u32, [left, right]: &[Vec<f64>; 2], coding: Coding) {
    let (tag, bits) = match coding {
        Coding::Int(bits) => (1u16, bits),
        Coding::Float(bits) => (3, bits),
    };
    let mut data = Vec::new();
    for x in left.iter().zip(right).flat_map(|(l, r)| [*l, *r]) {
        match coding {
            Coding::Int(bits) => {
                let value = (x * 2f64.powi(i32::from(bits) - 1)).round() as i32;
                data.extend(&value.to_le_bytes()[..usize::from(bits / 8)]);
            }
            Coding::Float(32) => data.extend((x as f32).to_le_bytes()),
            Coding::Float(_) => data.extend(x.to_le_bytes()),
        }
    }
    let frame = bits / 8 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((data.len() as u32 + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    file.extend([tag.to_le_bytes(), 2u16.to_le_bytes()].concat());
    file.extend([rate.to_le_bytes(), (rate * u32::from(frame)).to_le_bytes()].concat());
    file.extend([frame.to_le_bytes(), bits.to_le_bytes()].concat());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    std::fs::write(path, file).unwrap();
}

/// A loud and a soft half of 1 kHz, and a burst of a quarter of the rate whose crests lie between the samples.
fn file_signal(rate: u32) -> [Vec<f64>; 2] {
    let mut left = [sine(rate, 1000.0, -20.0, 8.0), sine(rate, 1000.0, -30.0, 8.0)].concat();
    let right = left.clone();
    let (start, long, fade) = (rate as usize * 10, rate as usize / 10, rate as usize / 100);
    for i in 0..long {
        let shape = (i.min(long - 1 - i) as f64 / fade as f64).min(1.0);
        let ramp = 0.5 - 0.5 * (PI * shape).cos();
        left[start + i] = 0.7 * ramp * (PI / 2.0 * i as f64 + PI / 4.0).sin();
    }
    [left, right]
}

#[test]
fn files_of_every_coding_read_the_same_through_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<(u32, PathBuf)> = Vec::new();
    for (rate, codings) in [
        (44_100, &[Coding::Int(16), Coding::Int(24), Coding::Float(32), Coding::Float(64)][..]),
        (96_000, &[Coding::Int(24)]),
        (192_000, &[Coding::Float(32)]),
    ] {
        let signal = file_signal(rate);
        for (i, &coding) in codings.iter().enumerate() {
            let path = folder.path().join(format!("{rate}-{i}.wav"));
            write_wav(&path, rate, &signal, coding);
            let made = coding == Coding::Int(24)
                && Command::new("flac").args(["-s", "-f"]).arg(&path).status().is_ok_and(|s| s.success());
            if made {
                paths.push((rate, path.with_extension("flac")));
            } else if coding == Coding::Int(24) {
                println!("no FLAC at {rate} Hz: flac is not installed");
            }
            paths.push((rate, path));
        }
    }
    let names: Vec<&str> = paths.iter().map(|(_, p)| p.to_str().unwrap()).collect();
    let json = run_json(folder.path(), &[&["measure", "--json"], &names[..]].concat());
    let mut worst = [0.0; 3];
    for ((rate, path), m) in paths.iter().zip(json["files"].as_array().unwrap()) {
        let [left, right] = file_signal(*rate);
        let reference = Reference::new(*rate, &[&left, &right]);
        let name = path.display().to_string();
        let get = |key: &str| m[key].as_f64();
        hold(&mut worst[0], &name, get("integrated_lufs"), reference.integrated().unwrap(), LOUDNESS_BAR_LU);
        hold(&mut worst[1], &name, get("loudness_range_lu"), reference.range(), RANGE_BAR_LU);
        hold(&mut worst[2], &name, get("true_peak_dbtp"), 20.0 * 0.7f64.log10(), PEAK_BAR_DB);
        assert!((get("true_peak_at_s").unwrap() - 10.05).abs() < 0.05, "{m}");
        assert!(get("min_psr_db").unwrap() < 1.0 && m["per_channel"].as_array().unwrap().len() == 2);
        assert_eq!(m["third_octaves_dbfs"].as_array().unwrap().len(), 31);
    }
    println!("files: I {:.4}, LRA {:.4}, TP {:.4}", worst[0], worst[1], worst[2]);
    // On one thread: the same text to the last digit.
    let alone = run_json(folder.path(), &[&["measure", "--json", "--threads", "1"], &names[..1]].concat());
    assert_eq!(alone["files"][0], run_json(folder.path(), &["measure", "--json", names[0]])["files"][0]);
}
