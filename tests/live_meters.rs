//! What the meters read live is what the file reads: the program plays synthesised albums and measures their renders, and
//! the ledger of the album, fed by an engine that seeks about, ends at the same figures.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at what it did not expect, and compares exact values"
)]

mod common;

use std::path::Path;

use common::{run, run_json, text, write_wav};
use serde_json::{Value, json};

/// A tone with harmonics that swells and pauses, and noise: loudness, range and peaks all have something to read.
fn music(rate: u32, seed: u64) -> impl Fn(usize, usize) -> f64 {
    move |frame, channel| {
        let t = frame as f64 / f64::from(rate);
        let swell = 0.08 + 0.5 * (0.9 * t + seed as f64).sin().powi(2);
        let hz = 110.0 * (1.0 + seed as f64) + 3.0 * channel as f64;
        let tone: f64 =
            [1.0, 3.0, 9.1].iter().map(|k| (std::f64::consts::TAU * hz * k * t).sin() / k).sum::<f64>();
        let mut hash = (frame as u64 * 2 + channel as u64 + seed * 77).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
        let noise = (hash.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        swell * (0.6 * tone + 0.1 * noise) / 1.6
    }
}

fn slot(id: u32, kind: &str, params: &Value) -> Value {
    json!({"id": id, "kind": kind, "version": 1, "enabled": true, "mode": "stereo", "wet": 1.0, "params": params})
}

/// An album of two songs at a rate, with a compressor on the first and a limiter on the album.
fn make_album(home: &Path, rate: u32, gap: &str) {
    for (name, seed) in [("1.wav", 1), ("2.wav", 2)] {
        write_wav(&home.join(name), rate, 4.4 + seed as f64 * 0.1234, music(rate, seed));
    }
    let rate = rate.to_string();
    let args = ["new", "a.json", "--rate", rate.as_str(), "--gap", gap, "--from", "1.wav", "2.wav"];
    let made = run(home, &args);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let path = home.join("a.json");
    let mut session: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    session["songs"][0]["chain"] =
        json!({"slots": [slot(901, "compressor", &json!({"threshold_db": -22.0, "ratio": 2.5}))]});
    session["songs"][1]["gain_db"] = json!(-4.5);
    session["album_chain"] = json!({"slots": [
        slot(902, "gain", &json!({"gain_db": 2.5})),
        slot(903, "limiter", &json!({"input_gain_db": 3.0})),
    ]});
    std::fs::write(&path, session.to_string()).unwrap();
}

/// Figures that both `measure` and the meters give.
const FIGURES: [&str; 7] = [
    "integrated_lufs",
    "loudness_range_lu",
    "max_momentary_lufs",
    "max_short_term_lufs",
    "true_peak_dbtp",
    "sample_peak_dbfs",
    "plr_db",
];

#[test]
fn the_album_played_reads_what_its_file_reads_to_the_last_digit() {
    for (rate, gap) in [(44_100, "2"), (48_000, "1"), (88_200, "0"), (96_000, "0.5")] {
        let dir = tempfile::tempdir().unwrap();
        make_album(dir.path(), rate, gap);
        let rendered = run(dir.path(), &["render", "a.json", "--out", "a.wav", "--bits", "64f"]);
        assert!(rendered.status.success(), "{}", text(&rendered.stderr));
        let file = &run_json(dir.path(), &["measure", "a.wav", "--json"])["files"][0];
        let played = run_json(dir.path(), &["play", "a.json", "--free", "--preload", "--json"]);
        assert!(played["tap_hash"].is_string(), "frames were lost at {rate}: {played}");
        let live = &played["meters"];
        for figure in FIGURES {
            assert!(file[figure].is_f64(), "{rate}: {figure} of {file}");
            assert_eq!(live[figure].to_string(), file[figure].to_string(), "{rate}: {figure}");
        }
        assert_eq!(live["point"], "master · master tap");
        assert!(live["min_psr_db"].as_f64().is_some_and(|db| db > 0.0), "{live}");
        // By place: the same sums over the same sub-blocks, peaks in single precision.
        let place = &live["by_place"];
        for figure in &FIGURES[..4] {
            let off = (place[*figure].as_f64().unwrap() - file[*figure].as_f64().unwrap()).abs();
            assert!(off < 1e-12, "{rate}: {figure} by place is off by {off}");
        }
        for figure in &FIGURES[4..6] {
            let off = (place[*figure].as_f64().unwrap() - file[*figure].as_f64().unwrap()).abs();
            assert!(off < 1e-6, "{rate}: {figure} by place is off by {off}");
        }
        assert_eq!(place["measured_s"], place["length_s"], "{rate}");
    }
}
