//! CD masters end to end: two mixes at 48 kHz become a session, a DDP set and a CD image, which other programs read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{assert_one_line, have, run, run_json, sine, text, write_wav};

/// Songs of 5 s and 6 s with 2 s between, at 48 kHz.
fn session(dir: &Path) {
    write_wav(&dir.join("1 First.wav"), 48_000, 5.0, sine(48_000, 997.0, -12.0));
    write_wav(&dir.join("2 Second.wav"), 48_000, 6.0, sine(48_000, 440.0, -18.0));
    let made = run(
        dir,
        &["new", "a.gms", "--album", "Disc", "--artist", "Band", "--from", "1 First.wav", "2 Second.wav"],
    );
    assert!(made.status.success(), "{}", text(&made.stderr));
}

#[test]
fn a_session_becomes_a_set_and_images_that_agree() {
    let dir = tempfile::tempdir().unwrap();
    session(dir.path());
    let told = run_json(
        dir.path(),
        &["deliver", "a.gms", "ddp", "cd_wav_cue", "cd_bin_cue", "--out", "out", "--json"],
    );
    let errors = told["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error").count();
    assert_eq!(errors, 0, "{}", told["findings"]);
    let audio: Vec<_> = told["files"].as_array().unwrap().iter().filter(|f| f["frames"] != 0).collect();
    assert!(audio.len() == 3 && audio.iter().all(|f| f["bit_exact"] == true), "{audio:?}");

    // By hand: 2 s pause, 5 s, 2 s pause, 6 s. Song 1 at 2 s, pause at 7 s, song 2 at 9 s, end at 15 s.
    let out = dir.path().join("out");
    let read = run_json(dir.path(), &["ddp", "verify", "out/Band - Disc DDP", "--json"]);
    assert_ne!(read["verdict"], "fail", "{read}");
    let starts: Vec<_> = [0, 1].iter().map(|t| read["tracks"][t]["indexes"][0].clone()).collect();
    assert_eq!(starts, ["00:02:00", "00:09:00"]);
    assert_eq!((&read["tracks"][1]["pause"], &read["lead_out"]), (&"00:07:00".into(), &"00:15:00".into()));
    let sheet = fs::read_to_string(out.join("Band - Disc DDP/PQ_SHEET.txt")).unwrap();
    let md5 = read["files"].as_array().unwrap().iter().find(|f| f["name"] == "IMAGE.DAT").unwrap();
    for part in ["00:09:00", "00:15:00", "Band", md5["md5"].as_str().unwrap()] {
        assert!(sheet.contains(part), "{part} is missing in {sheet}");
    }

    // The three images hold the same sound; those to burn begin at 00:02:00, with the first song.
    let set = fs::read(out.join("Band - Disc DDP/IMAGE.DAT")).unwrap();
    let bin = fs::read(out.join("Band - Disc CD image BIN.bin")).unwrap();
    assert_eq!(set.len(), 15 * 75 * 2352);
    assert!(set[150 * 2352..] == bin[..]);
    let mut wav = hound::WavReader::open(out.join("Band - Disc CD image WAV.wav")).unwrap();
    let samples: Vec<u8> = wav.samples::<i16>().flat_map(|s| s.unwrap().to_le_bytes()).collect();
    assert!(samples == bin);
    // RMS of a sine at -12 dBFS: 32768 · 10^(-12/20) / √2 = 5820; at -18 dBFS 2917; between them dither alone.
    let rms = |second: usize| {
        let part = &set[second * 176_400..(second + 1) * 176_400];
        let sum: f64 =
            part.as_chunks::<2>().0.iter().map(|b| f64::from(i16::from_le_bytes(*b)).powi(2)).sum();
        (sum / 88_200.0).sqrt()
    };
    assert!((rms(4) - 5820.0).abs() < 3.0 && (rms(11) - 2917.0).abs() < 3.0, "{} {}", rms(4), rms(11));
    assert!(rms(1) < 2.0 && rms(7) < 2.0, "{} {}", rms(1), rms(7));

    let tool = |program: &str, args: &[&str]| {
        let out = Command::new(program).args(args).current_dir(&out).output().unwrap();
        assert!(out.status.success(), "{program}: {}", text(&out.stderr));
        text(&out.stdout) + &text(&out.stderr)
    };
    if have("cdrdao") {
        // Track 2 begins 7 s into the file, 9 s into the disc.
        let toc = tool("cdrdao", &["show-toc", "Band - Disc CD image WAV.cue"]);
        for part in ["START  00:00:00", "PREGAP 00:02:00", "START  00:07:00", "END    00:13:00"] {
            assert!(toc.contains(part), "{part} is missing in {toc}");
        }
    }
    if have("cuebreakpoints") {
        assert_eq!(tool("cuebreakpoints", &["Band - Disc CD image WAV.cue"]).trim(), "0:07.00");
    }
}

#[test]
fn a_set_is_replaced_only_when_asked_and_nothing_else_ever() {
    let dir = tempfile::tempdir().unwrap();
    session(dir.path());
    let deliver = ["deliver", "a.gms", "ddp", "--out", "out"];
    assert_eq!(run(dir.path(), &deliver).status.code(), Some(0));
    assert_one_line(&run(dir.path(), &deliver), 4, "Band - Disc DDP");
    let forced = [&deliver[..], &["--force"]].concat();
    assert_eq!(run(dir.path(), &forced).status.code(), Some(0));
    let set = dir.path().join("out/Band - Disc DDP");
    fs::remove_file(set.join("DDPID")).unwrap();
    assert_one_line(&run(dir.path(), &forced), 4, "no DDP set");
    assert!(set.join("IMAGE.DAT").is_file());
}

#[test]
fn the_pause_before_the_first_song_is_digital_zero_at_any_session_rate() {
    for rate in [44_100, 48_000, 96_000] {
        let dir = tempfile::tempdir().unwrap();
        // At full level from its first sample on: the hardest case for a conversion with linear phase, which rings before.
        write_wav(&dir.path().join("1.wav"), rate, 5.0, |frame, channel| {
            let wave = 0.9 * (std::f64::consts::TAU * 997.0 * frame as f64 / f64::from(rate)).cos();
            if channel == 0 { wave } else { -wave }
        });
        let made = run(dir.path(), &["new", "a.gms", "--from", "1.wav", "--album", "A", "--artist", "B"]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        // Three seconds before the song, one of them in the images to burn.
        let session = dir.path().join("a.gms");
        let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&session).unwrap()).unwrap();
        json["songs"][0]["gap"] = (3 * rate).into();
        fs::write(&session, serde_json::to_vec(&json).unwrap()).unwrap();
        let told = run_json(
            dir.path(),
            &["deliver", "a.gms", "ddp", "cd_wav_cue", "cd_bin_cue", "--out", "out", "--json"],
        );
        let rules: Vec<_> = told["findings"].as_array().unwrap().iter().map(|f| f["rule"].clone()).collect();
        assert!(!rules.contains(&"ddp_pregap".into()), "{rate}: {rules:?}");
        let out = dir.path().join("out");
        let set = fs::read(out.join("B - A DDP/IMAGE.DAT")).unwrap();
        let bin = fs::read(out.join("B - A CD image BIN.bin")).unwrap();
        let wav = fs::read(out.join("B - A CD image WAV.wav")).unwrap();
        for (image, sectors) in [(&set[..], 225), (&bin[..], 75), (&wav[44..], 75)] {
            let (pause, song) = image.split_at(sectors * 2352);
            let first = pause.iter().position(|b| *b != 0);
            assert_eq!(first.map(|b| b as f64 / 2352.0), None, "{rate}: sound in the pause, at sector");
            // The song's own start stands as it was: 0.9 of full scale, as near as ringing lets it be.
            let start = f64::from(i16::from_le_bytes([song[0], song[1]])) / 32_768.0;
            assert!((0.35..1.0).contains(&start), "{rate}: {start}");
            let right = f64::from(i16::from_le_bytes([song[2], song[3]])) / 32_768.0;
            assert!((start + right).abs() < 1e-3, "{rate}: {start} {right}");
        }
    }
}
