//! Kill −9 of the program with unsaved work: at most 15 s of it are lost, and the saved file always opens.
//!
//! The program under the knife is this test again, as a child process that runs [`Core`] without a window. It makes an edit
//! every half second of simulated time and tells its parent so. Time is passed in, so that a minute of work takes a
//! moment; while a file is being written the simulated clock stands still, because a real program would have the whole
//! half second for a write that takes some milliseconds. The parent kills it when a pseudo-random number of edits has been
//! told of, a pseudo-random moment later, opens the program anew on the same folders, and takes up what it offers.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test; the child talks to its parent"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use glassmaster::app::core::{Core, Setup};
use glassmaster::app::frame::SaveState;
use glassmaster::app::settings::Folders;
use glassmaster::app::{Action, Command, Frame};
use glassmaster::edit::Edit;
use glassmaster::model::SourceRef;
use glassmaster::units::Frames;

/// Names the folder to work in, for the child.
const FOLDER: &str = "GM_KILL_FOLDER";

/// Set to `saved` where the child saves.
const MODE: &str = "GM_KILL_MODE";

/// Simulated seconds between edits.
const STEP_S: f64 = 0.5;

/// Edits between two saves: neither a divisor nor a multiple of the time between autosaves.
const EDITS_A_SAVE: u32 = 97;

/// Kills of each kind.
const KILLS: u32 = 25;

/// The most work that may be lost, seconds.
const MAY_LOSE_S: f64 = 15.0;

fn core_in(folder: &Path) -> Core {
    let folders =
        Folders { config: folder.join("config"), data: folder.join("data"), cache: folder.join("cache") };
    Core::new(Setup { folders, threads: 1, audio: false }).unwrap()
}

/// The number of the last edit in a state of the session.
fn edits_in(frame: &Frame) -> u32 {
    frame.session.notes.parse().unwrap_or(0)
}

/// Ticks without letting time pass until nothing is being written.
fn settle(core: &mut Core, now_s: f64) -> Arc<Frame> {
    loop {
        // Asked first: what ends behind a tick is collected by the next one.
        let writing = core.is_writing();
        let frame = core.tick(now_s);
        if !writing && !core.is_writing() {
            return frame;
        }
        std::thread::yield_now();
    }
}

/// The child: works until it is killed.
#[test]
fn the_program_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let saves = std::env::var(MODE).is_ok_and(|m| m == "saved");
    let mut core = core_in(folder);
    let source = SourceRef { sample_rate_hz: 44_100, frames: 44_100, ..Default::default() };
    core.handle(Command::Edit {
        edit: Edit::AddSongs { sources: vec![source], at: 0, gap: Frames(0) },
        gesture: None,
    });
    if saves {
        core.handle(Command::SaveAs(folder.join("album.json")));
        settle(&mut core, 0.0);
    }
    for edit in 1.. {
        let now_s = f64::from(edit) * STEP_S;
        println!("\nTIME {edit}");
        settle(&mut core, now_s);
        core.handle(Command::Edit { edit: Edit::SetNotes(edit.to_string()), gesture: None });
        println!("\nDONE {edit}");
        if saves && edit % EDITS_A_SAVE == 0 {
            core.handle(Command::Do(Action::Save));
            // The next edits come while it is being written.
            core.tick(now_s);
        }
    }
}

/// Knuth's MMIX generator: moments that are the same in every run.
struct Moments(u64);

impl Moments {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(end)) as u32
    }
}

/// What was known to be done when the program was killed.
#[derive(Debug, Default)]
struct Known {
    /// Steps of simulated time that had begun.
    time: u32,
    /// The last edit done.
    edits: u32,
}

impl Known {
    fn hear(&mut self, line: &str) {
        let number = |after: &str| line.strip_prefix(after).and_then(|n| n.parse().ok());
        self.time = number("TIME ").unwrap_or(self.time);
        self.edits = number("DONE ").unwrap_or(self.edits);
    }
}

/// Runs the child, kills it after `edits` edits and `spins` turns of an empty loop.
fn kill_after(folder: &Path, mode: &str, edits: u32, spins: u32) -> Known {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_program_that_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .env(MODE, mode)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut known = Known::default();
    while known.edits < edits {
        known.hear(&lines.next().expect("it ended by itself").unwrap());
    }
    (0..spins).for_each(|_| std::hint::spin_loop());
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    // What it had told before it died; the last line may be cut.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    rest.iter().for_each(|line| known.hear(line));
    known
}

/// Checks what is there after a kill; the oldest work missing, in seconds.
fn lost_s(known: &Known, found: u32) -> f64 {
    if found >= known.edits {
        return 0.0;
    }
    f64::from(known.time - (found + 1)) * STEP_S
}

fn temporary_files(folder: &Path) -> usize {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.file_name());
    names.filter(|n| n.to_string_lossy().starts_with(".glassmaster-")).count()
}

#[test]
fn a_saved_session_loses_at_most_fifteen_seconds() {
    let mut moments = Moments(0x5a7ed);
    let (mut worst, mut offers, mut strays) = (0.0f64, 0, 0);
    for kill in 0..KILLS {
        let dir = tempfile::tempdir().unwrap();
        let known = kill_after(dir.path(), "saved", 1 + moments.below(180), moments.below(200_000));
        let file = dir.path().join("album.json");
        let json: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(json["songs"].as_array().unwrap().len(), 1, "kill {kill}");
        strays += temporary_files(dir.path());

        let mut core = core_in(dir.path());
        core.handle(Command::Open(file.clone()));
        let frame = core.tick(0.0);
        let saved = edits_in(&frame);
        if frame.recovery.is_some() {
            offers += 1;
            core.handle(Command::Recover(true));
        }
        let found = edits_in(&core.tick(0.0));
        let lost = lost_s(&known, found);
        worst = worst.max(lost);
        assert!(found >= saved, "kill {kill}: offered edit {found}, the file has {saved}");
        assert!(
            lost <= MAY_LOSE_S,
            "kill {kill}: {lost} s lost, {known:?}, found {found}, in the file {saved}"
        );

        core.handle(Command::Do(Action::Save));
        assert_eq!(settle(&mut core, 1.0).save, SaveState::Saved);
        assert_eq!(temporary_files(dir.path()), 0, "kill {kill}: a stray file stays");
        let reopened = glassmaster::store::load(&file).unwrap().session;
        assert_eq!(reopened.notes.parse().unwrap_or(0), found, "kill {kill}");
    }
    eprintln!(
        "saved: at most {worst} s lost, {offers} of {KILLS} offered a recovery, {strays} stray files cleared"
    );
    assert!(offers > KILLS / 3, "the kills fell where nothing was at stake");
}

#[test]
fn a_session_never_saved_loses_at_most_fifteen_seconds() {
    let mut moments = Moments(0xfade);
    let (mut worst, mut offers) = (0.0f64, 0);
    for kill in 0..KILLS {
        let dir = tempfile::tempdir().unwrap();
        let known = kill_after(dir.path(), "never", 1 + moments.below(180), moments.below(200_000));
        let mut core = core_in(dir.path());
        let offered = core.tick(0.0).recovery.is_some();
        if offered {
            offers += 1;
            core.handle(Command::Recover(true));
        }
        let found = edits_in(&settle(&mut core, 0.0));
        let lost = lost_s(&known, found);
        worst = worst.max(lost);
        assert!(lost <= MAY_LOSE_S, "kill {kill}: {lost} s lost, {known:?}, found {found}");
        // Taking it up writes a journal, and that clears the folder.
        let strays = temporary_files(&dir.path().join("data/autosave"));
        assert!(!offered || strays == 0, "kill {kill}: a stray file stays");
    }
    eprintln!("never saved: at most {worst} s lost, {offers} of {KILLS} offered a recovery");
    assert!(offers > KILLS / 2, "the kills fell where nothing was at stake");
}
