//! `glassmaster ddp` through the binary, on sets the library wrote.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{assert_one_line, run, run_json, text};
use glassmaster::deliver::ddp::disc::{Disc, Texts, Track};
use glassmaster::deliver::ddp::{DdpOptions, DdpWriter};
use glassmaster::units::CdFrames;

/// Two tracks: starts at 2 s and 12 s, pause from 10 s, 22 s in all.
fn write_set(folder: &Path) -> PathBuf {
    let track = |title: &str, pause: u32, start: u32, isrc: &str| Track {
        texts: Texts { title: title.to_owned(), performer: "Band".to_owned(), ..Texts::default() },
        isrc: isrc.to_owned(),
        pause: Some(CdFrames(pause)),
        indexes: vec![CdFrames(start)],
        ..Track::default()
    };
    let disc = Disc {
        upc: "0123456789012".to_owned(),
        texts: Texts { title: "Disc".to_owned(), performer: "Band".to_owned(), ..Texts::default() },
        tracks: vec![track("Öne", 0, 150, "USABC1111111"), track("Two", 750, 900, "")],
        lead_out: CdFrames(1650),
        silence_in_front: CdFrames(150),
        ..Disc::default()
    };
    let target = folder.join("set");
    let mut writer = DdpWriter::create(&target, disc, DdpOptions::default()).unwrap();
    let pairs: Vec<[i16; 2]> = (0..1500 * 588).map(|i| [(i % 30_000) as i16, (i / 30_000) as i16]).collect();
    writer.write(&pairs).unwrap();
    writer.finish(|_| Vec::new()).unwrap();
    target
}

#[test]
fn a_good_set_passes_and_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    write_set(dir.path());
    let json = run_json(dir.path(), &["ddp", "verify", "set", "--json"]);
    assert_eq!(json["verdict"], "pass", "{json}");
    assert_eq!(json["upc"], "0123456789012");
    assert_eq!(json["lead_out"], "00:22:00");
    assert_eq!(json["tracks"][1]["pause"], "00:10:00");
    assert_eq!(json["tracks"][1]["indexes"][0], "00:12:00");
    assert_eq!(json["tracks"][0]["length"], "00:10:00");
    assert_eq!(json["tracks"][0]["cd_text"]["title"], "Öne");
    let shown = text(&run(dir.path(), &["ddp", "show", "set"]).stdout);
    for part in ["DDP 2.00 disc", "00:12:00", "USABC1111111", "Öne", "English", "0123456789012"] {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
}

#[test]
fn a_damaged_set_is_code_1_and_says_where() {
    let dir = tempfile::tempdir().unwrap();
    let set = write_set(dir.path());
    let mut image = fs::read(set.join("IMAGE.DAT")).unwrap();
    image[1_000_000] ^= 1;
    fs::write(set.join("IMAGE.DAT"), image).unwrap();
    let output = run(dir.path(), &["ddp", "verify", "set"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("IMAGE.DAT: its MD5"), "{}", text(&output.stdout));
    let output = run(dir.path(), &["ddp", "verify", "set", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &json["verdict"]), (Some(1), &"fail".into()));
}

#[test]
fn what_is_no_set_is_code_3() {
    let dir = tempfile::tempdir().unwrap();
    for command in
        [&["ddp", "verify", "."][..], &["ddp", "show", "."], &["ddp", "extract", ".", "--out", "o"]]
    {
        assert_one_line(&run(dir.path(), command), 3, "DDPID");
    }
    assert_one_line(&run(dir.path(), &["ddp", "verify", "gone"]), 3, "gone");
    assert!(!dir.path().join("o").exists());
}

#[test]
fn tracks_are_written_once_and_replaced_only_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    write_set(dir.path());
    let extract = ["ddp", "extract", "set", "--out", "tracks"];
    let output = run(dir.path(), &extract);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let first = dir.path().join("tracks/01 Öne.wav");
    let mut wav = hound::WavReader::open(&first).unwrap();
    // Ten seconds of the album from its first pair on.
    assert_eq!(wav.duration(), 441_000);
    assert_eq!(wav.samples::<i16>().map(Result::unwrap).take(6).collect::<Vec<_>>(), [0, 0, 1, 0, 2, 0]);
    assert_one_line(&run(dir.path(), &extract), 4, "01 Öne.wav");
    fs::write(&first, "x").unwrap();
    assert_eq!(run(dir.path(), &[&extract[..], &["--force"]].concat()).status.code(), Some(0));
    assert!(fs::metadata(&first).unwrap().len() > 441_000);
    fs::write(dir.path().join("file"), "in the way").unwrap();
    assert_eq!(run(dir.path(), &["ddp", "extract", "set", "--out", "file"]).status.code(), Some(4));
}
