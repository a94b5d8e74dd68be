//! Broken inputs and hostile places through the binary: one clear line that names the file, the right exit code, nothing
//! lost, no panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{assert_one_line, ordinary_user, run, run_json, sine, small_disk, text, write_wav};

const EMPTY_CHAIN: &str = r#"{"slots": []}"#;

/// A folder with one good mix, an empty chain and a session of the mix.
fn album() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_wav(&dir.path().join("good.wav"), 44_100, 1.0, sine(44_100, 440.0, -20.0));
    fs::write(dir.path().join("chain.json"), EMPTY_CHAIN).unwrap();
    let made = run(dir.path(), &["new", "album.json", "--from", "good.wav"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    dir
}

/// Noise at −12 dBFS that no coder makes small.
fn noise(frame: usize, channel: usize) -> f64 {
    let hashed = (2 * frame + channel) as u64;
    let hashed = (hashed ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hashed = (hashed ^ (hashed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((hashed >> 32) as f64 / 2f64.powi(31) - 1.0) * 0.25
}

/// Everything in a folder but the program's own home, as sorted relative paths with their bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!path.ends_with("gm-home")).then_some(path));
            } else {
                out.push((path.clone(), fs::read(path).unwrap()));
            }
        }
    }
    out.sort();
    out
}

/// Runs, asks for one line with `code` naming `names`, and that no file came, went or changed.
fn refused(dir: &Path, args: &[&str], code: i32, names: &str) -> Output {
    let before = contents(dir);
    let output = run(dir, args);
    assert_one_line(&output, code, names);
    let said = text(&output.stderr);
    assert!(!said.contains("os error"), "{args:?} speaks like a system call: {said}");
    assert!(!said.contains(".part"), "{args:?} names a file of ours: {said}");
    assert!(contents(dir) == before, "{args:?} changed files");
    output
}

/// What every command that takes a mix says to one that gives no frame at all.
fn unreadable_everywhere(dir: &Path, file: &str) {
    refused(dir, &["measure", "--json", file], 3, file);
    refused(dir, &["process", file, "out.wav", "--chain", "chain.json"], 3, file);
    refused(dir, &["new", "fresh.json", "--from", file], 3, file);
    let check = run(dir, &["check", "--json", file]);
    assert_eq!(check.status.code(), Some(3), "{}", text(&check.stderr));
    let json: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    let rules = json["files"][0]["findings"].as_array().unwrap();
    assert!(rules.iter().any(|f| f["rule"] == "unreadable"), "{json}");
    assert_eq!(json["files"][0]["verdict"], "fail");
    assert!(!text(&check.stderr).contains("panicked"));
}

fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[at..at + with.len()].copy_from_slice(with);
    out
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|w| w == what).unwrap()
}

#[test]
fn a_truncated_mix_is_said_by_every_command_and_mastered_by_none() {
    let dir = album();
    let d = dir.path();
    let good = fs::read(d.join("good.wav")).unwrap();
    fs::write(d.join("cut.wav"), &good[..good.len() / 2]).unwrap();
    let measured = refused(d, &["measure", "--json", "cut.wav"], 3, "cut.wav");
    let json: serde_json::Value = serde_json::from_slice(&measured.stdout).unwrap();
    // hound writes a header of 68 bytes (WAVE_FORMAT_EXTENSIBLE) before 6 bytes a frame.
    let frames = (good.len() / 2 - find(&good, b"data") - 8) / 6;
    assert_eq!(json["files"][0]["frames"], frames);
    refused(d, &["process", "cut.wav", "out.wav", "--chain", "chain.json"], 3, "cut.wav");
    let check = run(d, &["check", "cut.wav"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(text(&check.stdout).contains("truncated"));
    // It may be put into a session (the rest may come later), but never in silence, and it is not mastered.
    assert_one_line(&run(d, &["new", "cut.json", "--from", "good.wav", "cut.wav"]), 3, "cut.wav");
    refused(d, &["render", "cut.json", "--out", "out.wav"], 3, "cut.wav");
    refused(d, &["deliver", "cut.json", "wav_songs", "--out", "."], 3, "cut.wav");
}

#[test]
fn a_file_of_zero_bytes_is_refused() {
    let dir = album();
    fs::write(dir.path().join("zero.wav"), "").unwrap();
    unreadable_everywhere(dir.path(), "zero.wav");
}

#[test]
fn what_is_not_audio_is_refused() {
    let dir = album();
    fs::write(dir.path().join("letter.wav"), "Dear mastering engineer, ".repeat(400)).unwrap();
    unreadable_everywhere(dir.path(), "letter.wav");
    // A folder is no mix either, and is named as what it is.
    fs::create_dir(dir.path().join("mixes.wav")).unwrap();
    refused(dir.path(), &["measure", "mixes.wav"], 3, "mixes.wav: a folder");
}

#[test]
fn a_mix_that_is_not_there_is_named() {
    let dir = album();
    unreadable_everywhere(dir.path(), "gone.wav");
    // One good file beside it is taken; that the other is missing is still said.
    assert_one_line(&run(dir.path(), &["new", "both.json", "--from", "good.wav", "gone.wav"]), 3, "gone.wav");
    assert!(dir.path().join("both.json").exists());
}

#[test]
fn a_wrong_ending_is_read_by_its_content() {
    let dir = album();
    let d = dir.path();
    let made = run(d, &["process", "good.wav", "true.flac", "--chain", "chain.json", "--dither", "none"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    fs::rename(d.join("true.flac"), d.join("false.wav")).unwrap();
    let json = run_json(d, &["measure", "--json", "false.wav"]);
    assert_eq!(json["files"][0]["frames"], 44_100);
    assert!(json["files"][0]["format"].as_str().unwrap().contains("FLAC"), "{json}");
    assert!(run(d, &["new", "false.json", "--from", "false.wav"]).status.success());
    assert!(run(d, &["render", "false.json", "--out", "out.wav"]).status.success());
}

#[test]
fn eight_channels_are_refused() {
    let dir = album();
    let spec = hound::WavSpec {
        channels: 8,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(dir.path().join("surround.wav"), spec).unwrap();
    (0..8 * 480).for_each(|i| wav.write_sample((i % 100) as i16).unwrap());
    wav.finalize().unwrap();
    unreadable_everywhere(dir.path(), "surround.wav");
    refused(dir.path(), &["measure", "surround.wav"], 3, "8 channels");
}

#[test]
fn absurd_sizes_in_headers_are_not_believed() {
    let dir = album();
    let d = dir.path();
    let good = fs::read(d.join("good.wav")).unwrap();
    let data = find(&good, b"data");
    let huge = 0xffff_fff0u32.to_le_bytes();
    // Chunk sizes beyond the file, a rate and a frame size nobody has.
    fs::write(d.join("format.wav"), patched(&good, 16, &huge)).unwrap();
    fs::write(d.join("rate.wav"), patched(&good, 24, &huge)).unwrap();
    fs::write(d.join("still.wav"), patched(&good, 24, &[0; 4])).unwrap();
    fs::write(d.join("bits.wav"), patched(&good, 34, &[0xff, 0xff])).unwrap();
    for file in ["format.wav", "rate.wav", "still.wav", "bits.wav"] {
        unreadable_everywhere(d, file);
    }
    // A length no stream writer leaves is a promise not kept; the one a stream writer leaves means “to the end”.
    fs::write(d.join("promise.wav"), patched(&good, data + 4, &0x7000_0000u32.to_le_bytes())).unwrap();
    refused(d, &["measure", "promise.wav"], 3, "promise.wav");
    fs::write(d.join("stream.wav"), patched(&good, data + 4, &[0xff; 4])).unwrap();
    let json = run_json(d, &["measure", "--json", "stream.wav"]);
    assert_eq!(json["files"][0]["frames"], 44_100);
    // FLAC: 2^36 − 1 samples announced (RFC 9639, 8.2: 36 bits from bit 4 of byte 13 of STREAMINFO).
    let made = run(d, &["process", "good.wav", "whole.flac", "--chain", "chain.json"]);
    assert!(made.status.success());
    let mut flac = fs::read(d.join("whole.flac")).unwrap();
    flac[21] |= 0x0f;
    flac[22..26].fill(0xff);
    fs::write(d.join("long.flac"), flac).unwrap();
    refused(d, &["measure", "long.flac"], 3, "long.flac");
    refused(d, &["process", "long.flac", "out.wav", "--chain", "chain.json"], 3, "long.flac");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_or_written_is_said_to_an_ordinary_user() {
    use std::os::unix::fs::PermissionsExt;
    let dir = album();
    let d = dir.path();
    let Some(user) = ordinary_user(d) else { return };
    let mode = |path: &Path, bits| fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
    for name in ["secret.wav", "secret.json", "secret-chain.json"] {
        let from = ["good.wav", "album.json", "chain.json"]
            [["secret.wav", "secret.json", "secret-chain.json"].iter().position(|n| *n == name).unwrap()];
        fs::copy(d.join(from), d.join(name)).unwrap();
        mode(&d.join(name), 0o000);
    }
    let open = d.join("open");
    fs::create_dir(&open).unwrap();
    mode(&open, 0o777);
    let closed = d.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(closed.join("kept.json"), "kept").unwrap();
    mode(&closed, 0o555);
    let says = |args: &[&str], code, names: &str, why: &str| {
        let output = user().args(args).output().unwrap();
        assert_one_line(&output, code, names);
        let said = text(&output.stderr);
        assert!(
            said.contains(why) && !said.contains("os error") && !said.contains(".part"),
            "{args:?}: {said}"
        );
    };
    let unread = "may not be read";
    says(&["measure", "secret.wav"], 3, "secret.wav", unread);
    says(&["process", "secret.wav", "open/o.wav", "--chain", "chain.json"], 3, "secret.wav", unread);
    says(
        &["process", "good.wav", "open/o.wav", "--chain", "secret-chain.json"],
        3,
        "secret-chain.json",
        unread,
    );
    says(&["new", "open/n.json", "--from", "secret.wav"], 3, "secret.wav", unread);
    says(&["render", "secret.json", "--out", "open/o.wav"], 3, "secret.json", unread);
    says(&["deliver", "secret.json", "wav_songs", "--out", "open"], 3, "secret.json", unread);
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
    says(
        &["process", "good.wav", "closed/o.wav", "--chain", "chain.json"],
        4,
        "closed/o.wav",
        "not permitted",
    );
    says(&["render", "album.json", "--out", "closed/o.wav"], 4, "closed/o.wav", "not permitted");
    says(&["deliver", "album.json", "wav_songs", "--out", "closed"], 4, "closed", "not permitted");
    says(&["deliver", "album.json", "wav_songs", "--out", "closed/deep"], 4, "closed/deep", "not permitted");
    says(&["new", "closed/n.json", "--from", "good.wav"], 4, "closed/n.json", "may not be written");
    says(&["new", "closed/kept.json", "--from", "good.wav", "--force"], 4, "closed/kept.json", "may not be");
    assert_eq!(fs::read(closed.join("kept.json")).unwrap(), b"kept");
    assert_eq!(fs::read_dir(&closed).unwrap().count(), 1);
    mode(&closed, 0o755);
}

#[cfg(unix)]
#[test]
fn a_full_disk_costs_nothing_but_the_export() {
    let dir = album();
    let d = dir.path();
    // Six seconds in 24 bits are 1.5 MiB; of noise, also as FLAC.
    write_wav(&d.join("long.wav"), 44_100, 6.0, noise);
    assert!(run(d, &["new", "long.json", "--from", "long.wav"]).status.success());
    let Some(disk) = small_disk(&d.join("disk")) else { return };
    fs::write(disk.path().join("o.wav"), "an earlier master").unwrap();
    let full = |args: &[&str], names: &str| {
        let output = run(d, args);
        assert_one_line(&output, 4, names);
        let said = text(&output.stderr);
        assert!(said.contains("space") || said.contains("full"), "{args:?}: {said}");
        assert!(!said.contains("os error") && !said.contains(".part"), "{said}");
        assert_eq!(fs::read(disk.path().join("o.wav")).unwrap(), b"an earlier master");
        let names = fs::read_dir(disk.path()).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(names, ["o.wav"], "{args:?} left something behind");
    };
    full(&["render", "long.json", "--out", "disk/o.wav", "--force"], "disk/o.wav");
    full(&["render", "long.json", "--out", "disk/new.flac", "--bits", "24"], "disk/new.flac");
    full(&["process", "long.wav", "disk/p.wav", "--chain", "chain.json"], "disk/p.wav");
    full(&["deliver", "long.json", "wav_songs", "--out", "disk"], "disk");
    full(&["deliver", "long.json", "wav_album", "--out", "disk"], "disk");
    // A session on a disk without a byte left: the one there stays.
    let session = disk.path().join("s.json");
    fs::copy(d.join("long.json"), &session).unwrap();
    let before = fs::read(&session).unwrap();
    disk.fill();
    let output = run(d, &["new", "disk/s.json", "--from", "long.wav", "--force"]);
    assert_one_line(&output, 4, "disk/s.json");
    assert!(text(&output.stderr).contains("full"), "{}", text(&output.stderr));
    assert_eq!(fs::read(&session).unwrap(), before);
}

#[test]
fn a_folder_that_is_not_there_is_named_as_such() {
    let dir = album();
    let d = dir.path();
    refused(d, &["render", "album.json", "--out", "nowhere/o.wav"], 4, "nowhere: there is no folder");
    refused(d, &["process", "good.wav", "nowhere/o.wav", "--chain", "chain.json"], 4, "nowhere: there is no");
    refused(d, &["render", "album.json", "--out", "good.wav/o.wav"], 4, "good.wav: there is no folder");
    refused(d, &["new", "nowhere/a.json", "--from", "good.wav"], 4, "nowhere: there is no folder");
    refused(d, &["process", "good.wav", "o.wav", "--chain", "gone.json"], 3, "gone.json");
    refused(d, &["check", "good.wav", "--brief", "gone.json"], 3, "gone.json");
    refused(d, &["render", "gone.json", "--out", "o.wav"], 3, "gone.json");
    // Nothing is overwritten unasked.
    refused(d, &["render", "album.json", "--out", "good.wav"], 4, "good.wav: already exists");
    refused(d, &["new", "album.json", "--from", "good.wav"], 4, "album.json: already exists");
}

#[test]
fn a_missing_or_changed_source_stops_a_master_and_not_the_session() {
    let dir = album();
    let d = dir.path();
    fs::rename(d.join("good.wav"), d.join("moved.wav")).unwrap();
    refused(d, &["render", "album.json", "--out", "o.wav"], 3, "good.wav");
    refused(d, &["deliver", "album.json", "wav_songs", "--out", "."], 3, "good.wav");
    write_wav(&d.join("good.wav"), 44_100, 1.0, sine(44_100, 441.0, -20.0));
    refused(d, &["render", "album.json", "--out", "o.wav"], 3, "good.wav");
    refused(d, &["deliver", "album.json", "wav_songs", "--out", "."], 3, "has changed");
    fs::rename(d.join("moved.wav"), d.join("good.wav")).unwrap();
    assert!(run(d, &["render", "album.json", "--out", "o.wav"]).status.success());
}

#[test]
fn a_damaged_session_or_one_from_the_future_is_left_alone() {
    let dir = album();
    let d = dir.path();
    let whole = fs::read_to_string(d.join("album.json")).unwrap();
    fs::write(d.join("cut.json"), &whole[..whole.len() / 2]).unwrap();
    fs::write(d.join("noise.json"), [0xff, 0, 0x80, 7].repeat(100)).unwrap();
    fs::write(d.join("empty.json"), "").unwrap();
    fs::write(d.join("other.json"), r#"{"name": "not a session"}"#).unwrap();
    fs::write(d.join("deep.json"), "[".repeat(100_000)).unwrap();
    let newer = whole.replacen("\"format_version\": 1", "\"format_version\": 4000", 1);
    assert_ne!(newer, whole);
    fs::write(d.join("newer.json"), newer).unwrap();
    for name in ["cut.json", "noise.json", "empty.json", "other.json", "deep.json", "newer.json"] {
        refused(d, &["render", name, "--out", "o.wav"], 3, name);
        refused(d, &["deliver", name, "wav_songs", "--out", "."], 3, name);
        refused(d, &["play", name, "--free"], 3, name);
    }
    refused(d, &["render", "newer.json", "--out", "o.wav"], 3, "4000");
    refused(d, &["process", "good.wav", "o.wav", "--chain", "noise.json"], 3, "noise.json");
}
