//! What measuring costs, beside other meters, in one run: the album scan of integrated loudness, range, momentary and
//! short-term maxima every 10 ms and true peak; at 44.1 and 96 kHz; on one core and on all.
//!
//! `cargo bench --no-default-features --bench meters [-- peers | parts | FILE]`; a FILE of music takes the place of the
//! sound made here. Peers: the `ebur128` crate (M and S read every 10 ms, and
//! once never), libebur128 through a small C program compiled here where its header is installed, and ffmpeg's
//! `ebur128=peak=true` (time to decode alone subtracted). A peer that is missing is left out with a line that says so.
//! Every figure is the least of several rounds in which all take turns, so that other programs of the machine weigh
//! little; `x` says how many times as fast as the crate with its values read every 10 ms.
#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::panic, reason = "a peer that refuses sound it was made for is a slip in this program")]

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use glassmaster::jobs::measuring::{Feed, measure_on};
use glassmaster::media::{Decoder, SourceError};
use glassmaster::meter::analysis::{Analyzer, FileFacts};
use glassmaster::meter::bandwidth::BandwidthMeter;
use glassmaster::meter::dynamics::{DrChannel, Moments};
use glassmaster::meter::loudness::LoudnessMeter;
use glassmaster::meter::thirds::AverageSpectrum;
use glassmaster::meter::true_peak::{CrestSteps, Keep, TruePeakMeter};

const RATES_HZ: [u32; 2] = [44_100, 96_000];
/// Seconds of the sound made here.
const SECONDS: f64 = 60.0;
const ROUNDS: usize = 5;
/// Frames of one call.
const BLOCK: usize = 4096;
/// The one all others are held against.
const YARDSTICK: &str = "ebur128 crate, M and S every 10 ms";

/// Sound in two channels, and where it stands as a file for the programs that read files.
struct Programme {
    rate: u32,
    left: Vec<f64>,
    right: Vec<f64>,
    interleaved: Vec<f32>,
}

/// White noise, −1..1, from a seed.
struct White(u64);

impl White {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

impl Programme {
    /// Something like a loud song: beats of filtered noise over a bass, driven into a ceiling, 24 bits.
    fn new(rate: u32) -> Self {
        let n = (SECONDS * f64::from(rate)) as usize;
        let pole = 1.0 - (-std::f64::consts::TAU * 4000.0 / f64::from(rate)).exp();
        let mut white = White(7);
        let (mut low, mut out) = ([0.0f64; 2], [Vec::with_capacity(n), Vec::with_capacity(n)]);
        for i in 0..n {
            let t = i as f64 / f64::from(rate);
            let part = if ((t / 8.0) as u64).is_multiple_of(2) { 1.0 } else { 0.4 };
            let beat = (-6.0 * (t * 2.0).fract()).exp() + 0.15;
            let bass = 0.5 * (std::f64::consts::TAU * 55.0 * t).sin();
            let common = white.next();
            for c in 0..2 {
                low[c] += pole * (0.6 * common + 0.4 * white.next() - low[c]);
                let driven = 1.8 * part * (beat * 2.0 * low[c] + bass);
                let limited = 0.9 * (driven / 0.9).tanh();
                out[c].push((limited * 8_388_608.0).round() / 8_388_608.0);
            }
        }
        let [left, right] = out;
        let interleaved = left.iter().zip(&right).flat_map(|(&l, &r)| [l as f32, r as f32]).collect();
        Self { rate, left, right, interleaved }
    }

    fn blocks(&self, frames: usize) -> impl Iterator<Item = (&[f64], &[f64])> {
        self.left.chunks(frames).zip(self.right.chunks(frames))
    }

    fn facts(&self) -> FileFacts {
        FileFacts { sample_rate_hz: self.rate, channels: 2, bits: Some(24), ..FileFacts::default() }
    }

    /// The sound of a file.
    fn of_file(path: &Path) -> Result<Self, SourceError> {
        let mut decoder = Decoder::open(path)?;
        let (mut left, mut right, mut block) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        while decoder.next(&mut block)? > 0 {
            left.extend_from_slice(&block[0]);
            right.extend_from_slice(&block[1]);
        }
        let interleaved = left.iter().zip(&right).flat_map(|(&l, &r)| [l as f32, r as f32]).collect();
        Ok(Self { rate: decoder.facts().rate.0, left, right, interleaved })
    }

    fn seconds(&self) -> f64 {
        self.left.len() as f64 / f64::from(self.rate)
    }

    /// As a WAV of 32-bit float.
    fn write_wav(&self, path: &Path) -> io::Result<()> {
        let bytes = (self.interleaved.len() * 4) as u32;
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(b"RIFF")?;
        file.write_all(&(bytes + 36).to_le_bytes())?;
        file.write_all(b"WAVEfmt \x10\0\0\0\x03\0\x02\0")?;
        file.write_all(&self.rate.to_le_bytes())?;
        file.write_all(&(self.rate * 8).to_le_bytes())?;
        file.write_all(b"\x08\0\x20\0data")?;
        file.write_all(&bytes.to_le_bytes())?;
        self.write_raw(&mut file)?;
        file.flush()
    }

    fn write_raw(&self, to: &mut impl Write) -> io::Result<()> {
        self.interleaved.iter().try_for_each(|x| to.write_all(&x.to_le_bytes()))
    }
}

/// What a run gave, so that it is seen that all did the same work.
#[derive(Clone, Copy, Default)]
struct Found {
    integrated_lufs: f64,
    range_lu: f64,
    true_peak_dbtp: f64,
}

fn figure(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn our_scan(p: &Programme) -> Found {
    let mut loudness = LoudnessMeter::new(p.rate, 2, 0.1);
    let mut peak = TruePeakMeter::new(Keep::Maximum);
    for (l, r) in p.blocks(BLOCK) {
        loudness.push(l, r);
        peak.push(l, r);
    }
    peak.finish();
    let reading = loudness.reading();
    Found {
        integrated_lufs: figure(reading.integrated_lufs),
        range_lu: figure(reading.range_lu),
        true_peak_dbtp: figure(peak.max_dbtp()),
    }
}

fn our_analysis(p: &Programme) -> Found {
    let mut analyzer = Analyzer::for_frames(p.facts(), p.left.len() as u64);
    for (l, r) in p.blocks(BLOCK) {
        analyzer.push(l, r);
    }
    let m = analyzer.finish().measurements;
    Found {
        integrated_lufs: figure(m.integrated_lufs),
        range_lu: figure(m.loudness_range_lu),
        true_peak_dbtp: figure(m.true_peak_dbtp),
    }
}

/// The same on threads of its own for the parts of the pass, as a long file is measured.
fn our_analysis_on(p: &Programme, threads: usize) -> Found {
    let read = |feed: &mut Feed<'_>| {
        p.blocks(BLOCK).for_each(|(l, r)| feed(l, r));
        Ok::<_, std::convert::Infallible>(())
    };
    let Ok(analysis) = measure_on(p.facts(), p.left.len() as u64, threads, read);
    let m = analysis.measurements;
    Found {
        integrated_lufs: figure(m.integrated_lufs),
        range_lu: figure(m.loudness_range_lu),
        true_peak_dbtp: figure(m.true_peak_dbtp),
    }
}

fn crate_scan(p: &Programme, reads_every_10_ms: bool) -> Found {
    use ebur128::{EbuR128, Mode};
    let modes = Mode::M | Mode::S | Mode::I | Mode::LRA | Mode::TRUE_PEAK;
    let Ok(mut meter) = EbuR128::new(2, p.rate, modes) else { panic!("the crate refuses {} Hz", p.rate) };
    let mut highest = f64::NEG_INFINITY;
    for (l, r) in p.blocks(p.rate as usize / 100) {
        let taken = meter.add_frames_planar_f64(&[l, r]);
        debug_assert!(taken.is_ok());
        if reads_every_10_ms {
            highest = highest.max(meter.loudness_momentary().unwrap_or(f64::NAN));
            highest = highest.max(meter.loudness_shortterm().unwrap_or(f64::NAN));
        }
    }
    black_box(highest);
    let peak = |c| meter.true_peak(c).unwrap_or(f64::NAN);
    Found {
        integrated_lufs: meter.loudness_global().unwrap_or(f64::NAN),
        range_lu: meter.loudness_range().unwrap_or(f64::NAN),
        true_peak_dbtp: 20.0 * peak(0).max(peak(1)).log10(),
    }
}

/// Measures a raw stereo float stream from a file; prints seconds, I, LRA and true peak.
const C_PROGRAM: &str = r#"
#include <ebur128.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int main(int argc, char **argv) {
    unsigned rate = (unsigned)atoi(argv[1]);
    size_t frames = (size_t)atol(argv[2]), hop = rate / 100, at;
    int reads = atoi(argv[3]);
    float *x = malloc(frames * 2 * sizeof(float));
    FILE *f = fopen(argv[4], "rb");
    if (!f || !x || fread(x, 2 * sizeof(float), frames, f) != frames) return 1;
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    ebur128_state *st = ebur128_init(2, rate,
        EBUR128_MODE_M | EBUR128_MODE_S | EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK);
    double m, highest = -1000, i, lra, p, q;
    for (at = 0; at < frames; at += hop) {
        ebur128_add_frames_float(st, x + 2 * at, at + hop <= frames ? hop : frames - at);
        if (reads) {
            ebur128_loudness_momentary(st, &m); if (m > highest) highest = m;
            ebur128_loudness_shortterm(st, &m); if (m > highest) highest = m;
        }
    }
    ebur128_loudness_global(st, &i);
    ebur128_loudness_range(st, &lra);
    ebur128_true_peak(st, 0, &p);
    ebur128_true_peak(st, 1, &q);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%.9f %.9f %.9f %.9f %f\n", (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec),
        i, lra, 20 * log10(p > q ? p : q), highest);
    return 0;
}
"#;

/// Compiles the C program; says why it is left out where it cannot be.
fn libebur128(folder: &Path) -> Result<PathBuf, String> {
    let (source, program) = (folder.join("peer.c"), folder.join("peer"));
    std::fs::write(&source, C_PROGRAM).map_err(|e| e.to_string())?;
    let mut cc = Command::new("cc");
    cc.args(["-O3", "-march=native", "-o"]).args([&program, &source]).args(["-lebur128", "-lm"]);
    let output = cc.output().map_err(|e| format!("cc: {e}"))?;
    if output.status.success() {
        return Ok(program);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(said.lines().find(|l| l.contains("error") || l.contains("ld")).unwrap_or("cc failed").to_owned())
}

/// Seconds inside the C program, and its figures.
fn c_scan(program: &Path, p: &Programme, raw: &Path, reads: bool) -> Option<(f64, Found)> {
    let numbers = [p.rate.to_string(), p.left.len().to_string(), u8::from(reads).to_string()];
    let output = Command::new(program).args(numbers).arg(raw).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = said.split_whitespace().filter_map(|w| w.parse().ok()).collect();
    let &[seconds, integrated_lufs, range_lu, true_peak_dbtp, _] = &figures[..] else { return None };
    Some((seconds, Found { integrated_lufs, range_lu, true_peak_dbtp }))
}

/// Seconds of one run of ffmpeg with an audio filter, and what it printed last.
fn ffmpeg(wav: &Path, filter: &str) -> Option<(f64, String)> {
    let start = Instant::now();
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostats", "-threads", "1", "-i"]).arg(wav);
    let output = command.args(["-af", filter, "-f", "null", "-"]).stdin(Stdio::null()).output().ok()?;
    let seconds = start.elapsed().as_secs_f64();
    output.status.success().then(|| (seconds, String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn ffmpeg_scan(wav: &Path) -> Option<(f64, Found)> {
    let (whole, said) = ffmpeg(wav, "ebur128=peak=true:framelog=verbose")?;
    let (decode, _) = ffmpeg(wav, "anull")?;
    let summary = said.rsplit("Summary:").next()?;
    let figure = |name: &str| -> f64 {
        let line = summary.lines().find(|l| l.trim().starts_with(name));
        line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok()).unwrap_or(f64::NAN)
    };
    let found =
        Found { integrated_lufs: figure("I:"), range_lu: figure("LRA:"), true_peak_dbtp: figure("Peak:") };
    Some(((whole - decode).max(1e-9), found))
}

/// What takes blocks of a programme.
type Listener = Box<dyn FnMut(&[f64], &[f64])>;
/// Someone who measures: seconds and figures of a run, if it can run.
type Run<'a> = Box<dyn Fn() -> Option<(f64, Found)> + 'a>;

fn timed<'a>(work: impl Fn() -> Found + 'a) -> Run<'a> {
    Box::new(move || {
        let start = Instant::now();
        let found = work();
        Some((start.elapsed().as_secs_f64(), found))
    })
}

/// The same work on this many threads at once; seconds for one programme.
fn on_threads<'a>(threads: usize, work: impl Fn() -> Found + Sync + 'a) -> Run<'a> {
    Box::new(move || {
        let start = Instant::now();
        let mut found = Found::default();
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(&work)).collect();
            found = work();
            others.into_iter().for_each(|t| drop(t.join()));
        });
        Some((start.elapsed().as_secs_f64() / threads as f64, found))
    })
}

/// All take turns; the least time of each.
fn race<'a>(runs: &[(&'a str, Run<'_>)]) -> Vec<(&'a str, f64, Found)> {
    let mut best: Vec<(&str, f64, Found)> =
        runs.iter().map(|(name, _)| (*name, f64::INFINITY, Found::default())).collect();
    for _ in 0..ROUNDS {
        for ((_, run), best) in runs.iter().zip(&mut best) {
            if let Some((seconds, found)) = run()
                && seconds < best.1
            {
                (best.1, best.2) = (seconds, found);
            }
        }
    }
    best.retain(|b| b.1.is_finite());
    best
}

fn print_race(title: &str, p: &Programme, results: &[(&str, f64, Found)]) {
    println!("\n{} Hz, {title}", p.rate);
    let yardstick = results.iter().find(|r| r.0 == YARDSTICK).map_or(f64::NAN, |r| r.1);
    for (name, seconds, found) in results {
        let mut line = format!("  {name:38} {:8.0} x real time", p.seconds() / seconds);
        if yardstick.is_finite() {
            let written = write!(line, " {:6.2} x", yardstick / seconds);
            debug_assert!(written.is_ok());
        }
        if found.integrated_lufs < 0.0 {
            let Found { integrated_lufs, range_lu, true_peak_dbtp } = found;
            let written =
                write!(line, "   {integrated_lufs:7.3} LUFS {range_lu:6.3} LU {true_peak_dbtp:7.3} dBTP");
            debug_assert!(written.is_ok());
        }
        println!("{line}");
    }
}

fn peers(p: &Programme, folder: &Path) {
    let (wav, raw) = (folder.join("programme.wav"), folder.join("programme.raw"));
    let written = p.write_wav(&wav).and_then(|()| p.write_raw(&mut BufWriter::new(File::create(&raw)?)));
    if let Err(error) = written {
        println!("no room for the file the other programs read: {error}");
    }
    let mut runs: Vec<(&str, Run<'_>)> = vec![
        ("ours, loudness and true peak", timed(|| our_scan(p))),
        ("ours, every reading of a file", timed(|| our_analysis(p))),
        (YARDSTICK, timed(|| crate_scan(p, true))),
        ("ebur128 crate, never read", timed(|| crate_scan(p, false))),
    ];
    match libebur128(folder) {
        Ok(program) => {
            let (with, without) = (program.clone(), program);
            let raw = &raw;
            runs.push(("libebur128, M and S every 10 ms", Box::new(move || c_scan(&with, p, raw, true))));
            runs.push(("libebur128, never read", Box::new(move || c_scan(&without, p, raw, false))));
        }
        Err(why) => println!("libebur128 is left out: {why}"),
    }
    if ffmpeg(&wav, "anull").is_some() {
        runs.push(("ffmpeg ebur128=peak=true", Box::new(|| ffmpeg_scan(&wav))));
    } else {
        println!("ffmpeg is left out: not installed");
    }
    print_race("one core", p, &race(&runs));

    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runs: Vec<(&str, Run<'_>)> = vec![
        ("ours, loudness and true peak", on_threads(threads, || our_scan(p))),
        ("ours, every reading of a file", on_threads(threads, || our_analysis(p))),
        (YARDSTICK, on_threads(threads, || crate_scan(p, true))),
        ("ebur128 crate, never read", on_threads(threads, || crate_scan(p, false))),
    ];
    print_race(&format!("{threads} files on {threads} cores"), p, &race(&runs));
    let runs: Vec<(&str, Run<'_>)> = vec![
        ("ours, every reading of a file", timed(|| our_analysis(p))),
        ("the same, its parts on all cores", timed(|| our_analysis_on(p, threads))),
    ];
    print_race(&format!("one file on {threads} cores"), p, &race(&runs));
}

/// Where our own time goes.
fn parts(p: &Programme) {
    let each = |mut go: Listener| {
        for (l, r) in p.blocks(1024) {
            go(l, r);
        }
        Found::default()
    };
    let runs: Vec<(&str, Run<'_>)> = vec![
        (
            "loudness",
            timed(|| {
                let mut meter = LoudnessMeter::new(p.rate, 2, 0.1);
                each(Box::new(move |l, r| meter.push(l, r)))
            }),
        ),
        (
            "true peak, maximum",
            timed(|| {
                let mut meter = TruePeakMeter::new(Keep::Maximum);
                each(Box::new(move |l, r| meter.push(l, r)))
            }),
        ),
        (
            "true peak, live, read every 1024",
            timed(|| {
                let mut meter = TruePeakMeter::new(Keep::Intervals);
                each(Box::new(move |l, r| {
                    meter.push(l, r);
                    black_box(meter.take_interval());
                }))
            }),
        ),
        (
            "true peak, every 100 ms",
            timed(|| {
                let mut steps = [CrestSteps::new(p.rate, 0.1), CrestSteps::new(p.rate, 0.1)];
                each(Box::new(move |l, r| {
                    steps[0].push(l);
                    steps[1].push(r);
                }))
            }),
        ),
        (
            "thirds of an octave",
            timed(|| {
                let mut meter = AverageSpectrum::new(p.rate, 2);
                each(Box::new(move |l, r| meter.push(l, r)))
            }),
        ),
        (
            "bandwidth",
            timed(|| {
                let mut meter = BandwidthMeter::new(p.rate);
                each(Box::new(move |l, r| meter.push(l, r)))
            }),
        ),
        (
            "moments",
            timed(|| {
                each(Box::new(move |l, r| {
                    black_box((Moments::of(l), Moments::of(r)));
                }))
            }),
        ),
        (
            "DR",
            timed(|| {
                let mut dr = [DrChannel::new(p.rate, 0.1), DrChannel::new(p.rate, 0.1)];
                each(Box::new(move |l, r| {
                    dr[0].push(l);
                    dr[1].push(r);
                }))
            }),
        ),
    ];
    print_race("our parts", p, &race(&runs));
}

fn main() {
    let word = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    let Ok(folder) = tempfile::tempdir() else { panic!("no temporary folder") };
    let programmes: Vec<Programme> = match word.as_str() {
        "" | "peers" | "parts" => RATES_HZ.map(Programme::new).into(),
        path => match Programme::of_file(Path::new(path)) {
            Ok(programme) => vec![programme],
            Err(error) => panic!("{error}"),
        },
    };
    for p in &programmes {
        if word != "parts" {
            peers(p, folder.path());
        }
        if word != "peers" {
            parts(p);
        }
    }
}
