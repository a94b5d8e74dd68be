//! Live equals export on real audio hosts: the real program plays into ALSA's `file` plugin and into a JACK server, and
//! each recording is the offline render, sample for sample.
//!
//! ALSA's `file` plugin (in libasound itself) writes whatever a program plays into a file, as fast as it comes: nothing
//! paces it, so the operating system's limit on file sizes stands guard over the disk. JACK's dummy driver keeps time; in
//! synchronous mode it waits for its clients, so that a busy machine costs time and no samples. A recorder is connected
//! before the program may begin (`play --hold`).
#![cfg(all(feature = "device", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{glassmaster, sine, text, write_wav};
use serde_json::{Value, json};

/// Bits of the left and the right sample, both zeros the same.
type Frame = [u32; 2];

/// A recording may grow to this many 512-byte blocks (400 MB) before the system ends the program.
const FILE_LIMIT_BLOCKS: u32 = 800_000;

fn bits(sample: f32) -> u32 {
    if sample == 0.0 { 0 } else { sample.to_bits() }
}

/// Two songs of `seconds` together and a gap, equaliser, compressor and limiter on one song and on the album; sound from the first frame on.
fn album(home: &Path, rate: u32, seconds: f64) {
    let tone = |hz: f64, dbfs: f64| {
        let (low, high) = (sine(rate, hz, dbfs), sine(rate, hz * 7.3, dbfs - 9.0));
        // A quarter of a second at full level, then 12 dB down, and again: something to do for the dynamics.
        let level = move |frame: usize| if frame / (rate as usize / 4) % 2 == 0 { 1.0 } else { 0.25 };
        move |frame: usize, channel: usize| {
            level(frame) * (low(frame + 40, channel) + high(frame + 17 * channel, channel))
        }
    };
    write_wav(&home.join("1.wav"), rate, 0.55 * seconds, tone(220.0, -4.0));
    write_wav(&home.join("2.wav"), rate, 0.45 * seconds, tone(330.0, -3.0));
    let rate = rate.to_string();
    let made = glassmaster(home)
        .args(["new", "s.json", "--from", "1.wav", "2.wav", "--gap", "0.2", "--rate", &rate])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let mut session: Value = serde_json::from_slice(&fs::read(home.join("s.json")).unwrap()).unwrap();
    session["songs"][0]["gap"] = 0.into();
    session["songs"][0]["chain"]["slots"] = chain(900);
    session["album_chain"]["slots"] = chain(910);
    session["next_id"] = 1_000.into();
    fs::write(home.join("s.json"), serde_json::to_vec(&session).unwrap()).unwrap();
}

fn chain(first_id: u32) -> Value {
    let slot = |i: u32, kind: &str, params: Value| {
        json!({"id": first_id + i, "kind": kind, "version": 1, "enabled": true, "mode": "stereo", "wet": 1.0,
            "params": params})
    };
    json!([
        slot(
            0,
            "eq",
            json!({"band1_type": "bell", "band1_freq_hz": 900.0, "band1_gain_db": 3.0,
            "band2_type": "high_shelf", "band2_freq_hz": 6_000.0, "band2_gain_db": -2.0})
        ),
        slot(1, "compressor", json!({"threshold_db": -20.0, "ratio": 3.0, "attack_ms": 10.0})),
        slot(2, "limiter", json!({"input_gain_db": 4.0, "ceiling_dbtp": -1.5})),
    ])
}

/// The whole album from its frame zero on as 32-bit floats: what every device must get.
fn rendered(home: &Path) -> Vec<Frame> {
    let out = home.join("want.wav");
    let args = ["render", "s.json", "--bits", "32f", "--range", "0..", "--force", "--out", "want.wav"];
    let output = glassmaster(home).args(args).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut wav = hound::WavReader::open(out).unwrap();
    let samples: Vec<u32> = wav.samples::<f32>().map(|s| bits(s.unwrap())).collect();
    let frames: Vec<Frame> = samples.chunks_exact(2).map(|f| [f[0], f[1]]).collect();
    let sounding = frames.iter().filter(|f| **f != [0; 2]).count();
    assert!(frames[0] != [0; 2] && sounding > frames.len() / 2, "a recording of silence proves nothing");
    frames
}

/// How many silent frames a recording has before what was rendered; all of that must be equal. Behind the end of the
/// album stand the last milliseconds of its chains, until the program stops.
fn silence_before(recorded: &[Frame], rendered: &[Frame]) -> Result<usize, String> {
    let silent = recorded.iter().take_while(|f| **f == [0; 2]).count();
    let sound = &recorded[silent..];
    if let Some(i) = sound.iter().zip(rendered).position(|(r, w)| r != w) {
        return Err(format!("frame {i} of {}: {:?}, not {:?}", rendered.len(), sound[i], rendered[i]));
    }
    if sound.len() < rendered.len() {
        return Err(format!("{} frames of {}", sound.len(), rendered.len()));
    }
    Ok(silent)
}

#[test]
fn a_wrong_sample_or_one_too_few_is_seen() {
    let want: Vec<Frame> = (1..1_000).map(|i| [i, i + 7]).collect();
    let recording = |frames: &[Frame]| [&[[0; 2]; 64], frames, &[[0; 2]; 9]].concat();
    assert_eq!(silence_before(&recording(&want), &want), Ok(64));
    let mut wrong = want.clone();
    wrong[500][1] ^= 1;
    assert!(silence_before(&recording(&wrong), &want).unwrap_err().starts_with("frame 500"));
    let mut dropped = want.clone();
    dropped.remove(700);
    assert!(silence_before(&recording(&dropped), &want).unwrap_err().starts_with("frame 700"));
    assert!(silence_before(&want[..998], &want).is_err());
}

/// What `play` said of a run: nothing ran dry, nothing failed, no conversion of rates.
fn assert_clean(output: &Output) -> Value {
    assert!(output.status.success(), "{:?}: {}", output.status, text(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    for counter in ["late_quanta", "failed_quanta"] {
        assert_eq!(said[counter], 0, "{said}");
    }
    said
}

mod alsa {
    use super::*;

    /// Whether ALSA is set up here at all; says that a check is left out if it is not.
    fn is_there() -> bool {
        let found = Path::new("/usr/share/alsa/alsa.conf").is_file();
        if !found {
            eprintln!("SKIPPED: ALSA is not set up (package libasound2-data)");
        }
        found
    }

    /// Makes the default device of this home one that writes into `capture.raw`, every opening into a file of its own.
    fn set_up(home: &Path) {
        let text = r#"pcm.!default {
  type file
  slave.pcm "null"
  file { @func getenv vars [ GM_CAPTURE ] default "/dev/null" }
  format "raw"
  truncate 0
}
"#;
        fs::write(home.join(".asoundrc"), text).unwrap();
    }

    /// Plays the session into `name`, under the limit on file sizes; the frames in buffers of `buffer`.
    fn play(home: &Path, name: &str, buffer: u32, more: &[&str]) -> Output {
        let program = glassmaster(home);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -f {FILE_LIMIT_BLOCKS} && exec \"$0\" \"$@\""));
        command.arg(program.get_program()).current_dir(home);
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("HOME", home).env("GM_CAPTURE", home.join(name));
        command.args(["play", "s.json", "--host", "alsa", "--device", "default", "--preload", "--json"]);
        command.arg("--buffer").arg(buffer.to_string()).args(more).output().unwrap()
    }

    fn recorded(path: &Path) -> Vec<Frame> {
        let bytes = fs::read(path).unwrap();
        let sample = |b: &[u8]| bits(f32::from_le_bytes(b.try_into().unwrap()));
        bytes.chunks_exact(8).map(|f| [sample(&f[..4]), sample(&f[4..])]).collect()
    }

    #[test]
    fn gets_the_offline_render_at_every_buffer_size() {
        if !is_there() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        set_up(home);
        album(home, 48_000, 2.5);
        let want = rendered(home);
        for buffer in [256, 512, 333] {
            let name = format!("{buffer}.raw");
            let said = assert_clean(&play(home, &name, buffer, &[]));
            assert_eq!((&said["buffer_frames"], &said["xruns"]), (&buffer.into(), &0.into()), "{said}");
            let silent = silence_before(&recorded(&home.join(&name)), &want);
            let silent = silent.unwrap_or_else(|e| panic!("buffer {buffer}: {e}"));
            eprintln!("ALSA, buffer {buffer}: {} frames equal after {silent} silent ones", want.len());
            fs::remove_file(home.join(&name)).unwrap();
        }
    }

    #[test]
    fn goes_on_in_its_place_when_the_device_is_opened_anew() {
        if !is_there() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        set_up(home);
        // Long enough that a busy machine notices half a second before all of it has been played.
        album(home, 48_000, 20.0);
        let want = rendered(home);
        let said = assert_clean(&play(home, "r.raw", 256, &["--restart-after", "0.5"]));
        let at = said["restarted_at_frame"].as_u64();
        let at = at.unwrap_or_else(|| panic!("played to its end before it could be closed: {said}")) as usize;
        assert!(at >= 24_000 && at < want.len(), "{said}");
        let mut files: Vec<_> = fs::read_dir(home).unwrap().map(|e| e.unwrap().path()).collect();
        files.retain(|p| p.file_name().unwrap().to_string_lossy().starts_with("r.raw"));
        files.sort();
        let takes: Vec<_> = files.iter().map(|p| recorded(p)).filter(|f| !f.is_empty()).collect();
        assert_eq!(takes.len(), 2, "{files:?}");
        // What was in the device's buffer when it was closed is gone, as with every device.
        let silent = takes[0].iter().take_while(|f| **f == [0; 2]).count();
        let before = &takes[0][silent..];
        assert!(before.len() <= at && before.len() + 4 * 256 >= at, "{} of {at}", before.len());
        assert!(before == &want[..before.len()], "before the restart");
        let gap = silence_before(&takes[1], &want[at..]).unwrap();
        assert_eq!(gap, 0, "it goes on with the first buffer");
        eprintln!(
            "ALSA: closed at frame {at} ({} of them in the file), {} more equal",
            before.len(),
            want.len() - at
        );
    }
}
