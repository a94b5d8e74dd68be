//! Orders as wholes: names that clash are found before anything is made, and lossy files tell what they lost.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::path::Path;

use common::{assert_one_line, run, run_json, sine, text, write_wav};

fn new_session(dir: &Path, files: &[&str]) {
    let made =
        run(dir, &[&["new", "a.gms", "--album", "Album", "--artist", "Band", "--from"], files].concat());
    assert!(made.status.success(), "{}", text(&made.stderr));
}

#[test]
fn orders_that_would_write_one_file_are_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    write_wav(&dir.path().join("1.wav"), 44_100, 5.0, sine(44_100, 440.0, -12.0));
    new_session(dir.path(), &["1.wav"]);
    let deliver = |ids: &[&str]| run(dir.path(), &[&["deliver", "a.gms", "--out", "out"], ids].concat());
    // The album as a WAV and the disc image as a WAV get one name from one pattern; in other letters it is the same file.
    for pattern in ["pattern={artist} - {album}", "pattern=ALBUM"] {
        let clash = deliver(&["wav_album", "cd_wav_cue", "--set", pattern]);
        assert_one_line(&clash, 2, "wav_album and cd_wav_cue would both write");
    }
    // Two orders of songs with one folder between them.
    let clash = deliver(&["wav_songs", "flac_songs", "--set", "folder={album}"]);
    assert_one_line(&clash, 2, "wav_songs and flac_songs would both write “Album”");
    assert_one_line(&deliver(&["ddp", "ddp"]), 2, "ddp and ddp would both write");
    assert!(!dir.path().join("out").exists());
    let fine = deliver(&["wav_album", "cd_wav_cue", "wav_songs", "flac_songs"]);
    assert_eq!(fine.status.code(), Some(0), "{}", text(&fine.stderr));
}

/// Every figure on a paper is that of the finished file: what a delivery says of a file is what `measure` says of it, to
/// the last digit, also where the file was not measured a second time because its sound was read back the same.
#[test]
fn what_a_delivery_says_of_its_files_is_what_measuring_them_says() {
    let dir = tempfile::tempdir().unwrap();
    let beat = |frame: usize, channel: usize| {
        let t = frame as f64 / 48_000.0;
        let decay = (-4.0 * (t * 2.0).fract()).exp();
        0.7 * decay * (std::f64::consts::TAU * (300.0 + 7.0 * channel as f64) * t * t.sqrt()).sin()
    };
    write_wav(&dir.path().join("1.wav"), 48_000, 5.0, beat);
    write_wav(&dir.path().join("2.wav"), 48_000, 4.0, sine(48_000, 440.0, -18.0));
    new_session(dir.path(), &["1.wav", "2.wav"]);
    // A gain, so that the sound no longer fits a 32-bit float and is rounded on its way into one.
    let session = dir.path().join("a.gms");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&session).unwrap()).unwrap();
    json["songs"][0]["level_db"] = (-1.7).into();
    std::fs::write(&session, json.to_string()).unwrap();
    let mp3: &[&str] = if cfg!(feature = "mp3") { &["mp3_songs"] } else { &[] };
    let plain = ["wav_songs", "flac_songs", "wav_album", "ddp", "cd_wav_cue", "cd_bin_cue"];
    let mut compared = 0;
    for (out, ids, set) in [
        ("a", [&plain[..], mp3].concat(), "bits=16"),
        ("b", vec!["wav_songs", "flac_album"], "rate=44100"),
        ("c", vec!["wav_songs"], "bits=20"),
        ("d", vec!["wav_songs"], "bits=32f"),
        ("e", vec!["wav_album"], "bits=64f"),
    ] {
        let args = [&["deliver", "a.gms", "--json", "--out", out, "--set", set], &ids[..]].concat();
        let told = run_json(dir.path(), &args);
        for file in told["files"].as_array().unwrap().iter().filter(|f| f["frames"] != 0) {
            compared += 1;
            let path = file["path"].as_str().unwrap();
            let mut said = file["measurements"].clone();
            let is_raw = path.ends_with(".bin") || path.ends_with(".DAT");
            let measured = if is_raw { with_header(dir.path(), path) } else { path.to_owned() };
            let mut again =
                run_json(dir.path(), &["measure", "--json", "--threads", "2", &measured])["files"][0].take();
            if is_raw || ids.contains(&"cd_wav_cue") {
                // Named after what it is on a disc.
                said["format"] = again["format"].clone();
            }
            (said["path"], again["path"]) = ("".into(), "".into());
            assert!(again["integrated_lufs"].is_number() && again["true_peak_dbtp"].is_number());
            assert_eq!(said, again, "{path}");
        }
    }
    assert_eq!(compared, 2 + 2 + 4 + 2 * mp3.len() + 3 + 2 + 2 + 1);
}

/// Raw sectors as a WAV beside them; its name.
fn with_header(dir: &Path, raw: &str) -> String {
    let bytes = std::fs::read(dir.join(raw)).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(dir.join("raw.wav"), spec).unwrap();
    for pair in bytes.chunks_exact(2) {
        wav.write_sample(i16::from_le_bytes([pair[0], pair[1]])).unwrap();
    }
    wav.finalize().unwrap();
    "raw.wav".to_owned()
}

/// A master that runs over is written as asked, said, and not called good.
#[test]
fn samples_cut_off_at_full_scale_are_an_error_with_their_number() {
    let dir = tempfile::tempdir().unwrap();
    let (rate, amplitude) = (44_100, 10f64.powf(-6.0 / 20.0));
    write_wav(&dir.path().join("1.wav"), rate, 5.0, sine(rate, 441.0, -6.0));
    new_session(dir.path(), &["1.wav"]);
    let session = dir.path().join("a.gms");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&session).unwrap()).unwrap();
    json["songs"][0]["level_db"] = 12.0.into();
    std::fs::write(&session, json.to_string()).unwrap();
    let done = run(dir.path(), &["deliver", "a.gms", "wav_album", "--out", "out", "--json"]);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stderr));
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let clipped = told["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "clipped").unwrap();
    // The share of a sine above 1 where it would reach `peak`: 1 − 2·asin(1/peak)/π.
    let peak = amplitude * 10f64.powf(12.0 / 20.0);
    let share = 1.0 - 2.0 * (1.0 / peak).asin() / std::f64::consts::PI;
    let expected = 2.0 * 5.0 * f64::from(rate) * share;
    let counted = clipped["value"].as_f64().unwrap();
    assert!((counted / expected - 1.0).abs() < 0.01, "{counted} of {expected}");
    assert_eq!(clipped["severity"], "error");
}

#[cfg(feature = "mp3")]
mod lossy {
    use std::process::Command;

    use super::common::{have, run_json, sine, write_wav};
    use super::new_session;

    /// Chords with an attack twice a second over quiet noise: tones, transients and something no coder can guess.
    fn music(frame: usize, channel: usize) -> f64 {
        let t = frame as f64 / 44_100.0;
        let beat = t * 2.0 % 1.0;
        let tone = |hz: f64| (std::f64::consts::TAU * hz * t).sin();
        let chord: f64 =
            [220.0, 277.2, 329.6, 880.0, 3520.0].iter().map(|hz| tone(hz + channel as f64)).sum();
        let noise = (frame as u64 * 2 + channel as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        let noise = (noise.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        0.1 * chord * (-3.0 * beat).exp() + 0.2 * noise * (-30.0 * beat).exp() + 0.01 * noise
    }

    /// Stereo floats a program prints, with `given` subtracted: the level of the rest, dBFS as AES17 counts it.
    fn residual_db(decoded: &[u8], given: &[f32]) -> f64 {
        let decoded = decoded.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
        let sum: f64 = decoded.zip(given).map(|(d, g)| (f64::from(d) - f64::from(*g)).powi(2)).sum();
        10.0 * (2.0 * sum / given.len() as f64).log10()
    }

    /// A tag whose inside looks like frames of MPEG layer I, 104 bytes each, as texts in UTF-16 and pictures can.
    #[test]
    fn a_tag_that_looks_like_music_does_not_hide_the_music() {
        let dir = tempfile::tempdir().unwrap();
        write_wav(&dir.path().join("1.wav"), 44_100, 5.0, sine(44_100, 997.0, -20.0));
        new_session(dir.path(), &["1.wav"]);
        let set = ["--set", "tags=false", "--set", "pattern=a"];
        run_json(
            dir.path(),
            &[&["deliver", "a.gms", "mp3_album", "--out", ".", "--json"][..], &set].concat(),
        );
        let plain = std::fs::read(dir.path().join("a.mp3")).unwrap();
        assert_eq!(plain[..2], [0xff, 0xfb]);
        let mut frame = [0; 104];
        frame[..4].copy_from_slice(&[0xff, 0xfe, 0x31, 0]);
        let content = frame.repeat(9);
        let size = [0, 0, (content.len() >> 7) as u8, (content.len() & 0x7f) as u8];
        let tagged = [b"ID3\x03\0\0", &size[..], &content, &plain].concat();
        std::fs::write(dir.path().join("b.mp3"), tagged).unwrap();
        let told = run_json(dir.path(), &["measure", "a.mp3", "b.mp3", "--json"]);
        for what in ["frames", "integrated_lufs", "true_peak_dbtp"] {
            assert_eq!(told["files"][0][what], told["files"][1][what], "{what}");
        }
    }

    #[test]
    fn the_residual_of_an_mp3_falls_with_its_bit_rate_and_is_what_another_decoder_finds() {
        let dir = tempfile::tempdir().unwrap();
        write_wav(&dir.path().join("1.wav"), 44_100, 6.0, music);
        write_wav(&dir.path().join("2.wav"), 44_100, 4.0, sine(44_100, 997.0, -20.0));
        new_session(dir.path(), &["1.wav", "2.wav"]);
        let mut last = 0.0;
        for kbps in ["128", "192", "320"] {
            let set = format!("kbps={kbps}");
            let args = ["deliver", "a.gms", "mp3_album", "mp3_songs", "wav_album", "--out", kbps];
            let args = [&args[..], &["--set", &set, "--set", "bits=32f", "--json"]].concat();
            let told = run_json(dir.path(), &args);
            let files = told["files"].as_array().unwrap();
            let of = |id: &str| files.iter().find(|f| f["deliverable"] == id).unwrap();
            let null_db = of("mp3_album")["null_db"].as_f64().unwrap();
            assert!(
                (-80.0..-20.0).contains(&null_db) && null_db < last - 1.0,
                "{kbps}: {null_db} after {last}"
            );
            last = null_db;
            let songs: Vec<f64> = files.iter().filter_map(|f| f["null_db"].as_f64()).collect();
            assert!(songs.len() == 3 && of("mp3_songs")["bit_exact"] == false, "{songs:?}");
            assert!(of("wav_album")["bit_exact"] == true && of("wav_album")["null_db"].is_null());
            if have("ffmpeg") {
                let mp3 = of("mp3_album")["path"].as_str().unwrap();
                let args = ["-v", "error", "-i", mp3, "-f", "f32le", "-"];
                let decoded =
                    Command::new("ffmpeg").args(args).current_dir(dir.path()).output().unwrap().stdout;
                let wav = dir.path().join(of("wav_album")["path"].as_str().unwrap());
                let given: Vec<f32> =
                    hound::WavReader::open(wav).unwrap().samples().map(Result::unwrap).collect();
                assert_eq!(decoded.len(), given.len() * 4);
                let other = residual_db(&decoded, &given);
                // Two decoders differ by the rounding of their 32-bit floats, far under any residual.
                assert!((other - null_db).abs() < 0.05, "{kbps}: ours {null_db}, ffmpeg's {other}");
            }
        }
        // Nothing that was kept for the comparison stays.
        let cache = dir.path().join("gm-home/cache");
        let strange = std::fs::read_dir(cache).map_or(0, |d| {
            d.filter(|e| {
                !e.as_ref().unwrap().path().extension().is_some_and(|e| e == "pcm" || e == "overview")
            })
            .count()
        });
        assert_eq!(strange, 0);
    }
}
