//! What whole-program tests share: the binary, a folder of its own, files made on the spot.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "a test helper; no test uses all of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program under test, with a home of its own.
pub fn glassmaster(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassmaster"));
    command.env("GLASSMASTER_HOME", home.join("gm-home")).current_dir(home);
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

/// Runs it and gives everything back.
pub fn run(home: &Path, args: &[&str]) -> Output {
    glassmaster(home).args(args).output().unwrap()
}

/// Runs it, asks for success, and reads standard output as JSON.
pub fn run_json(home: &Path, args: &[&str]) -> serde_json::Value {
    let output = run(home, args);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout)))
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Asserts that a run failed with a code and one line on standard error that names `names`.
pub fn assert_one_line(output: &Output, code: i32, names: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "more than a line: {said}");
    assert!(said.contains(names), "does not name {names}: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// A stereo WAV of `seconds` made by `sample(frame, channel)` in −1..1, 24 bit.
pub fn write_wav(path: &Path, rate: u32, seconds: f64, sample: impl Fn(usize, usize) -> f64) -> PathBuf {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..(seconds * f64::from(rate)) as usize {
        for channel in 0..2 {
            wav.write_sample((sample(frame, channel) * 8_388_607.0).round() as i32).unwrap();
        }
    }
    wav.finalize().unwrap();
    path.to_owned()
}

/// A sine of a level in dBFS.
pub fn sine(rate: u32, hz: f64, dbfs: f64) -> impl Fn(usize, usize) -> f64 {
    let gain = 10f64.powf(dbfs / 20.0);
    move |frame, _| gain * (std::f64::consts::TAU * hz * frame as f64 / f64::from(rate)).sin()
}

/// Whether an outside program is there; says that a check is left out if it is not.
pub fn have(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|p| p.join(program).is_file()));
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

/// The folder of real test data, where it is; says that a check is left out if it is not.
pub fn testdata(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata").join(name);
    if !path.exists() {
        eprintln!("SKIPPED: no test data at {}", path.display());
        return None;
    }
    Some(path)
}
