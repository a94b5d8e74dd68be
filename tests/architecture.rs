//! The layer table of `ARCHITECTURE.md`, checked: every `crate::x` under `src/` may only point down, and every outside
//! crate has its one door.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Layer, and the layers it may import besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("audio", &["units"]),
    ("dsp", &["units", "audio"]),
    ("meter", &["units", "audio", "dsp"]),
    ("model", &["units"]),
    ("process", &["units", "audio", "dsp", "model"]),
    ("edit", &["units", "model", "process"]),
    ("store", &["units", "model"]),
    ("media", &["units", "audio", "dsp"]),
    ("render", &["units", "audio", "dsp", "meter", "model", "process", "media"]),
    ("engine", &["units", "audio", "dsp", "meter", "model", "process", "media", "render"]),
    ("qc", &["units", "audio", "dsp", "meter", "model", "media", "render"]),
    ("deliver", &["units", "audio", "dsp", "meter", "model", "process", "render", "qc", "report"]),
    ("report", &["units", "model", "meter", "qc"]),
    (
        "jobs",
        &[
            "units", "audio", "dsp", "meter", "model", "process", "edit", "store", "media", "render", "qc",
            "deliver", "report",
        ],
    ),
    (
        "app",
        &[
            "units", "audio", "dsp", "meter", "model", "process", "edit", "store", "media", "render",
            "engine", "qc", "deliver", "report", "jobs",
        ],
    ),
    (
        "cli",
        &[
            "units", "audio", "dsp", "meter", "model", "process", "edit", "store", "media", "render",
            "engine", "qc", "deliver", "report", "jobs", "app",
        ],
    ),
    ("gui", &["units", "model", "process", "edit", "app"]),
];

/// Outside crate, and the files or folders under `src/` that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("realfft", &["dsp/fft.rs"]),
    ("rubato", &["dsp/resample.rs", "dsp/monitor_resample.rs"]),
    ("cpal", &["engine/device.rs"]),
    ("symphonia", &["media/"]),
    ("egui", &["gui/"]),
    ("eframe", &["gui/"]),
    ("rfd", &["gui/"]),
    ("clap", &["cli/"]),
    ("mp3lame_encoder", &["deliver/mp3.rs"]),
    ("flac_codec", &["deliver/flac.rs"]),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, out: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut out = Vec::new();
    walk(&src, &mut out);
    out.into_iter().map(|(p, t)| (p.strip_prefix(&src).unwrap().to_owned(), t)).collect()
}

/// Code of a line: what stands before a comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// Upward imports of one file, as `line: layer`.
fn upward(layer: &str, text: &str) -> Vec<String> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(l, _)| *l == layer) else {
        return vec![format!("no layer is called {layer}")];
    };
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate() {
        for rest in code(line).split("crate::").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let known = MAY_IMPORT.iter().any(|(l, _)| *l == name);
            if known && name != layer && !allowed.contains(&name.as_str()) {
                found.push(format!("{}: {layer} imports {name}", n + 1));
            }
        }
    }
    found
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let mut parts = path.components();
        let first = parts.next().unwrap().as_os_str().to_string_lossy().into_owned();
        let layer = first.trim_end_matches(".rs");
        if layer == "lib" || layer == "main" {
            continue;
        }
        wrong.extend(upward(layer, &text).into_iter().map(|w| format!("{}:{w}", path.display())));
    }
    assert!(wrong.is_empty(), "upward imports:\n{}", wrong.join("\n"));
}

#[test]
fn a_planted_upward_import_is_found() {
    assert_eq!(upward("dsp", "use crate::units::Frames;\nuse crate::app::Frame;"), ["2: dsp imports app"]);
    assert!(upward("gui", "use crate::engine::Live; // no").len() == 1);
    assert!(upward("dsp", "// see crate::app").is_empty());
}

#[test]
fn outside_crates_have_one_door() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let name = path.to_string_lossy().replace('\\', "/");
        for (krate, doors) in DOORS {
            let named = |line: &str| {
                let line = code(line);
                line.contains(&format!("use {krate}::"))
                    || line.contains(&format!(" {krate}::"))
                    || line.contains(&format!("({krate}::"))
                    || line.contains(&format!("<{krate}::"))
            };
            if text.lines().any(named) && !doors.iter().any(|d| name.starts_with(d)) {
                wrong.push(format!("{name} names {krate}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
