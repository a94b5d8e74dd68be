//! Kill −9 at any moment: what stands under a final name is whole, a session opens, and the next run succeeds.
//!
//! Fifty kills that met a living program: while rendering a file, while delivering folders of songs, while saving a
//! session. The moments are pseudo-random with a fixed seed, within the time the work takes on this machine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{glassmaster, run, run_json, sine, text, write_wav};

/// Runs tried for one kill that meets a living program; far more than it ever takes.
const MOST_TRIES: u32 = 20;

/// Knuth's MMIX generator: moments that are the same in every run.
struct Moments(u64);

impl Moments {
    /// In 0..1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / 2f64.powi(53)
    }
}

/// Starts the program and kills it after `share` of `usual`; with `after`, counted from when that path appears. Whether
/// the kill met it alive.
fn killed(home: &Path, args: &[&str], usual: Duration, share: f64, after: Option<&Path>) -> bool {
    let mut child = glassmaster(home).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut from = Instant::now();
    let mut waits_for = after;
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if waits_for.is_some_and(Path::exists) {
            (waits_for, from) = (None, Instant::now());
        }
        if waits_for.is_none() && from.elapsed() >= usual.mul_f64(share) {
            break;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    // A program that ended in this very moment was not met.
    !child.wait().unwrap().success()
}

/// Makes sure of `count` kills of living programs, each looked at by `then` (with its number). Every second one is aimed
/// at the writing itself: it is counted from when `writing` appears.
fn kill_times(
    count: usize,
    home: &Path,
    args: &dyn Fn(usize) -> Vec<String>,
    usual: Duration,
    writing: &Path,
    then: &mut dyn FnMut(usize),
) {
    let mut moments = Moments(0x5eed ^ count as u64);
    for i in 0..count {
        let args = args(i);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // On a quick machine the writing is over before it is seen: later tries are aimed earlier and by time alone.
        let met = (0..MOST_TRIES).any(|n| {
            let early = f64::from(MOST_TRIES - n) / f64::from(MOST_TRIES);
            let aimed = i % 2 == 1 && n < MOST_TRIES / 2;
            let (after, span) = if aimed { (Some(writing), 0.5) } else { (None, early) };
            killed(home, &args, usual, moments.next() * span, after)
        });
        assert!(met, "no kill met the program alive in {MOST_TRIES} tries");
        then(i);
    }
}

/// Two short songs (one of another rate, so that it is converted) with a limiter each.
fn album(home: &Path) {
    write_wav(&home.join("1.wav"), 44_100, 1.5, sine(44_100, 440.0, -6.0));
    write_wav(&home.join("2.wav"), 48_000, 1.5, sine(48_000, 330.0, -6.0));
    succeed(home, &["new", "album.json", "--from", "1.wav", "2.wav", "--gap", "0.25", "--rate", "44100"]);
    let mut session: serde_json::Value =
        serde_json::from_slice(&fs::read(home.join("album.json")).unwrap()).unwrap();
    for (i, song) in session["songs"].as_array_mut().unwrap().iter_mut().enumerate() {
        song["chain"]["slots"] = serde_json::json!([{
            "id": 900 + i, "kind": "limiter", "version": 1, "enabled": true, "mode": "stereo", "wet": 1.0,
            "params": { "ceiling_dbtp": -8.0 }
        }]);
    }
    session["next_id"] = 1000.into();
    fs::write(home.join("album.json"), serde_json::to_vec(&session).unwrap()).unwrap();
}

/// Runs to its end and says how long it took.
fn succeed(home: &Path, args: &[&str]) -> Duration {
    let from = Instant::now();
    let output = run(home, args);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    from.elapsed()
}

fn strings(args: &[&str]) -> Vec<String> {
    args.iter().map(|&a| a.to_owned()).collect()
}

/// Files in a folder that a killed program left half-made.
fn strays(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    paths.filter(|p| p.to_string_lossy().contains(".part")).collect()
}

#[test]
fn a_killed_render_leaves_the_old_file_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    album(home);
    succeed(home, &["render", "album.json", "--out", "first.wav", "--range", "0..1"]);
    let new_args = ["render", "album.json", "--out", "o.wav", "--force"];
    let usual = succeed(home, &new_args);
    let (old, new) = (fs::read(home.join("first.wav")).unwrap(), fs::read(home.join("o.wav")).unwrap());
    assert_ne!(old, new);
    let target = home.join("o.wav");
    let part = home.join("o.wav.part");
    fs::remove_file(&target).unwrap();
    let mut seen_parts = 0;
    kill_times(20, home, &|_| strings(&new_args), usual, &part, &mut |i| {
        let found = fs::read(&target).ok();
        assert!(found.as_ref().is_none_or(|f| *f == new || *f == old), "kill {i}: a half-written master");
        seen_parts += strays(home).len();
        if i % 4 == 3 {
            // The next run takes over what was left and succeeds.
            succeed(home, &new_args);
            assert_eq!(fs::read(&target).unwrap(), new);
            assert_eq!(strays(home), [] as [PathBuf; 0]);
        }
        // From nothing, from an old master, and with and without converted audio in the cache.
        match i % 3 {
            0 => fs::write(&target, &old).unwrap(),
            1 => fs::remove_file(&target).unwrap_or_default(),
            _ => fs::remove_dir_all(home.join("gm-home/cache")).unwrap(),
        }
    });
    assert!(seen_parts > 0, "no kill fell into the writing");
    succeed(home, &new_args);
    assert_eq!(fs::read(&target).unwrap(), new);
    assert_eq!(strays(home), [] as [PathBuf; 0]);
}

/// The files of a delivered folder with the frames our own measurement reads in them.
fn frames_in(home: &Path, folder: &Path) -> Vec<(String, u64)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let mut args = vec!["measure", "--json"];
    args.extend(paths.iter().map(|p| p.to_str().unwrap()));
    let json = run_json(home, &args);
    let frames = json["files"].as_array().unwrap().iter().map(|f| f["frames"].as_u64().unwrap());
    let names = paths.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned());
    names.zip(frames).collect()
}

#[test]
fn a_killed_delivery_leaves_whole_folders_only() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    album(home);
    let args = ["deliver", "album.json", "wav_songs", "flac_songs", "--out", "out", "--force"];
    let usual = succeed(home, &args);
    let out = home.join("out");
    let mut folders: Vec<PathBuf> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    let reference: Vec<_> = folders.iter().map(|f| frames_in(home, f)).collect();
    assert_eq!(reference.len(), 2);
    assert!(reference.iter().all(|files| files.len() == 2));
    fs::remove_dir_all(&out).unwrap();
    let mut part = folders[1].clone().into_os_string();
    part.push(".part");
    let mut seen_parts = 0;
    kill_times(15, home, &|_| strings(&args), usual, Path::new(&part), &mut |i| {
        for (folder, want) in folders.iter().zip(&reference) {
            if folder.exists() {
                assert_eq!(frames_in(home, folder), *want, "kill {i}: {}", folder.display());
            }
        }
        if out.exists() {
            seen_parts += strays(&out).len();
        }
        if i % 5 == 4 {
            succeed(home, &args);
            assert_eq!(strays(&out), [] as [PathBuf; 0]);
            assert!(folders.iter().zip(&reference).all(|(f, want)| frames_in(home, f) == *want));
        } else if i % 5 == 1 && out.exists() {
            fs::remove_dir_all(&out).unwrap();
        }
    });
    assert!(seen_parts > 0, "no kill fell into the writing");
    succeed(home, &args);
    assert_eq!(strays(&out), [] as [PathBuf; 0]);
}

#[test]
fn a_killed_save_leaves_the_old_session_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    album(home);
    let save = |i: usize| {
        let title = format!("Album {i}");
        let args = ["new", "s.json", "--from", "1.wav", "2.wav", "--force", "--album", &title];
        strings(&args)
    };
    let first = save(999);
    let usual = succeed(home, &first.iter().map(String::as_str).collect::<Vec<_>>());
    let session = home.join("s.json");
    let title_of = |path: &Path| {
        let json: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(json["format_version"], 1);
        assert_eq!(json["songs"].as_array().unwrap().len(), 2);
        json["metadata"]["title"].as_str().unwrap().to_owned()
    };
    let mut old = title_of(&session);
    let writing = home.join(".s.json.lock");
    kill_times(15, home, &save, usual, &writing, &mut |i| {
        let found = title_of(&session);
        assert!(found == old || found == format!("Album {i}"), "kill {i}: {found} after {old}");
        old = found;
        succeed(home, &["render", "s.json", "--out", "o.wav", "--range", "0..0.1", "--force"]);
        // A lock that outlived its program would look to the next kill like writing that has begun.
        fs::remove_file(&writing).unwrap_or_default();
    });
    for version in fs::read_dir(home.join("s.json.versions")).unwrap() {
        let path = version.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            title_of(&path);
        }
    }
    let last = save(1000);
    succeed(home, &last.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(title_of(&session), "Album 1000");
}
