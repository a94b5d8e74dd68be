//! The command line as a user meets it: the binary run in a fresh folder.

#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "a test")]

mod common;

use common::{assert_one_line, run, run_json, sine, text, write_wav};

#[test]
fn measure_reads_a_calibrated_sine() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_wav(&dir.path().join("a.wav"), 48_000, 4.0, sine(48_000, 997.0, -23.0));
    let json = run_json(dir.path(), &["measure", "--json", path.to_str().unwrap()]);
    let m = &json["files"][0];
    // ITU-R BS.1770: a stereo 997 Hz sine at -23 dBFS per channel reads -23.0 LUFS.
    assert!((m["integrated_lufs"].as_f64().unwrap() + 23.0).abs() < 0.01, "{m}");
    assert!((m["sample_peak_dbfs"].as_f64().unwrap() + 23.0).abs() < 0.01);
    // AES17: the RMS of a sine equals its peak.
    assert!((m["rms_dbfs"].as_f64().unwrap() + 23.0).abs() < 0.01);
    assert_eq!(m["frames"], 192_000);
    assert_eq!(m["sample_rate_hz"], 48_000);
    assert_eq!(m["bits"], 24);
}

#[test]
fn silence_has_no_loudness_rather_than_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_wav(&dir.path().join("s.wav"), 44_100, 2.0, |_, _| 0.0);
    let json = run_json(dir.path(), &["measure", "--json", path.to_str().unwrap()]);
    for key in ["integrated_lufs", "true_peak_dbtp", "sample_peak_dbfs", "rms_dbfs", "plr_db"] {
        assert!(json["files"][0][key].is_null(), "{key}");
    }
}

#[test]
fn what_cannot_be_read_is_one_line_and_code_3() {
    let dir = tempfile::tempdir().unwrap();
    assert_one_line(&run(dir.path(), &["measure", "gone.wav"]), 3, "gone.wav");
    std::fs::write(dir.path().join("text.wav"), "not audio at all").unwrap();
    assert_one_line(&run(dir.path(), &["measure", "text.wav"]), 3, "text.wav");
    std::fs::write(dir.path().join("empty.flac"), "").unwrap();
    assert_one_line(&run(dir.path(), &["measure", "empty.flac"]), 3, "empty.flac");
}

#[test]
fn what_is_wrong_with_a_measured_file_is_one_line_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("holes.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    for n in 0..88_200 {
        let holes = [(7, f32::NAN), (70, f32::NEG_INFINITY), (700, 2e30)];
        let hole = holes.iter().find(|(at, _)| *at == n).map(|h| h.1);
        wav.write_sample(hole.unwrap_or(if n % 100 < 50 { 0.1 } else { -0.1 })).unwrap();
    }
    wav.finalize().unwrap();
    let output = run(dir.path(), &["measure", "--json", "holes.wav"]);
    assert_one_line(&output, 3, "holes.wav: 3 samples are no numbers");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let m = &json["files"][0];
    assert_eq!((&m["non_finite_samples"], &m["frames"]), (&3.into(), &88_200.into()));
    // What is left is measured: a square wave of a tenth.
    assert!((m["sample_peak_dbfs"].as_f64().unwrap() + 20.0).abs() < 1e-3, "{m}");
    assert!(m["integrated_lufs"].as_f64().unwrap() > -22.0 && m["true_peak_dbtp"].as_f64().unwrap() < -17.0);
    // Cut short: the line says where, and the figures are of what is there.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(dir.path().join("short.wav"), &bytes[..bytes.len() / 2]).unwrap();
    let output = run(dir.path(), &["measure", "--json", "short.wav"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("measured up to there"), "{}", text(&output.stderr));
}

#[test]
fn wrong_usage_is_code_2_and_help_is_0() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(dir.path(), &["measure"]).status.code(), Some(2));
    assert_eq!(run(dir.path(), &["conjure"]).status.code(), Some(2));
    let help = run(dir.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("measure"));
}

#[test]
fn processors_are_listed_with_names_units_ranges_and_latency() {
    let dir = tempfile::tempdir().unwrap();
    let json = run_json(dir.path(), &["processors", "--json"]);
    let kinds = json["processors"].as_array().unwrap();
    assert!(kinds.iter().any(|k| k["kind"] == "gain"));
    for kind in kinds {
        assert!(kind["latency_frames"]["96000"].is_u64(), "{}", kind["kind"]);
        for p in kind["parameters"].as_array().unwrap() {
            assert!(
                p["default"] != serde_json::Value::Null && !p["name"].as_str().unwrap().is_empty(),
                "{p}"
            );
            if p["type"] == "number" {
                let [min, max, default] = ["min", "max", "default"].map(|k| p[k].as_f64().unwrap());
                assert!(min <= default && default <= max, "{p}");
            }
        }
    }
}

#[test]
fn the_cache_says_its_size_and_is_emptied_on_request() {
    let dir = tempfile::tempdir().unwrap();
    write_wav(&dir.path().join("1.wav"), 48_000, 2.0, sine(48_000, 440.0, -12.0));
    let made = run(dir.path(), &["new", "a.json", "--from", "1.wav", "--rate", "44100"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let rendered = run(dir.path(), &["render", "a.json", "--out", "a.wav"]);
    assert!(rendered.status.success(), "{}", text(&rendered.stderr));
    // Two seconds of two channels in 64-bit floats, brought to the session rate.
    let before = run_json(dir.path(), &["cache", "--json"]);
    let bytes = before["bytes"].as_u64().unwrap();
    assert!(bytes >= 2 * 44_100 * 2 * 8, "{before}");
    let cleared = run_json(dir.path(), &["cache", "--clear", "--json"]);
    assert_eq!((cleared["bytes"].as_u64(), cleared["freed_bytes"].as_u64()), (Some(0), Some(bytes)));
    assert_one_line(&run(dir.path(), &["cache", "--shrink-to=-1"]), 2, "--shrink-to");
}
