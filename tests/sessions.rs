//! Every session in `sessions/`: it loads, comes back equal from a save, and renders to the same bits on one thread and
//! on two.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{run, run_json, text};
use glassmaster::store;
use serde_json::Value;

fn sessions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "json"));
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// Written by hand, a number may lack its point: `0` is `0.0`.
fn as_floats(value: Value) -> Value {
    match value {
        Value::Number(n) => n.as_f64().unwrap().into(),
        Value::Array(items) => items.into_iter().map(as_floats).collect(),
        Value::Object(fields) => fields.into_iter().map(|(k, v)| (k, as_floats(v))).collect(),
        other => other,
    }
}

#[test]
fn every_session_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    for path in sessions() {
        let loaded = store::load(&path).unwrap();
        assert!(loaded.findings.is_empty(), "{}: {:?}", path.display(), loaded.findings);
        assert!(!loaded.session.songs.is_empty());
        let copy = dir.path().join(path.file_name().unwrap());
        store::save(&copy, &loaded.session).unwrap();
        let again = store::load(&copy).unwrap();
        assert!(again.findings.is_empty());
        assert_eq!(again.session, loaded.session, "{}", path.display());
        // Saved where it came from, it names its sources as it did: nothing is lost on the way.
        let json = |bytes: &[u8]| as_floats(serde_json::from_slice(bytes).unwrap());
        let bytes = store::session_to_bytes(&loaded.session, &path).unwrap();
        assert_eq!(json(&bytes), json(&fs::read(&path).unwrap()), "{}", path.display());
    }
}

#[test]
fn the_demo_is_made_mastered_and_the_same_on_one_thread_and_two() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let made = run(home, &["demo", "--headless", "--out", "masters"]);
    // The demo hides a clip that the check is there to find; the delivery itself must be clean.
    assert!(made.status.success(), "{}\n{}", text(&made.stdout), text(&made.stderr));
    let session = home.join("gm-home/data/demo/Glass Demo.json");
    let session = session.to_str().unwrap();
    let hash = |threads: &str, out: &str| {
        let json = run_json(home, &["render", session, "--out", out, "--threads", threads, "--json"]);
        json["tap_hash"].as_str().unwrap().to_owned()
    };
    let one = hash("1", "one.wav");
    assert_eq!(one.len(), 64);
    assert_eq!(one, hash("2", "two.wav"));
    assert!(fs::read(home.join("one.wav")).unwrap() == fs::read(home.join("two.wav")).unwrap());
}
