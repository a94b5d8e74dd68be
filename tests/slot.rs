//! The slot around a processor, from outside: what is only for listening never reaches a master, and matching by
//! loudness holds on written files, by our meter and by ffmpeg's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at what it did not expect, and compares exact values"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::Arc;

use common::{have, run, run_json, sine, text, write_wav};
use glassmaster::app::action::Action;
use glassmaster::app::command::{Command, Goal};
use glassmaster::app::core::{Core, Setup};
use glassmaster::app::frame::{Frame, LogLevel};
use glassmaster::app::settings::Folders;
use glassmaster::audio::format::SampleFormat;
use glassmaster::edit::{Edit, apply};
use glassmaster::jobs::JobContext;
use glassmaster::jobs::export::{Request, export};
use glassmaster::jobs::inspect::inspect;
use glassmaster::jobs::render::{FileSpec, render_to_file};
use glassmaster::jobs::sources::take;
use glassmaster::media::Library;
use glassmaster::model::{
    ChainRef, Extra, Listen, Order, ParamValue, Session, Slot, SlotId, Song, SongId, Timeline,
};
use glassmaster::units::Frames;

/// Beats of noise over a low tone, loud and soft by turns: the crest and the dynamics of music.
fn programme(frame: usize, channel: usize) -> f64 {
    let t = frame as f64 / 44_100.0;
    let beat = (-(t * 2.0).fract() * 5.0).exp();
    let section = if (t / 3.0).fract() < 0.5 { 0.5 } else { 0.12 };
    let mut word = (frame as u64 * 2 + channel as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word ^= word >> 31;
    word = word.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let noise = (word >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
    let tone = (std::f64::consts::TAU * 110.0 * t).sin() + 0.4 * (std::f64::consts::TAU * 660.0 * t).sin();
    section * (0.5 * beat * noise + 0.25 * tone)
}

fn library(home: &Path) -> Arc<Library> {
    Arc::new(Library::new(home.join("cache"), 1 << 30))
}

/// A session of one file that begins at album frame 0, at its own rate.
fn session_of(library: &Library, file: &Path) -> Session {
    let taken = take(library, file, &JobContext::detached()).unwrap();
    let mut session = Session::new(taken.facts.rate);
    session.snap_to_cd_frames = false;
    let id = SongId(session.take_id());
    session.songs.push(Arc::new(Song::new(id, taken.source, session.sample_rate_hz, Frames::ZERO)));
    session
}

/// The album as a 32-bit float file, as `render` makes it.
fn written(session: &Session, library: &Arc<Library>, target: &Path) -> (PathBuf, Vec<String>) {
    let timeline = Timeline::of(session);
    let spec = FileSpec {
        format: SampleFormat::from_name("32f").unwrap(),
        rate: session.sample_rate_hz,
        dither: "none".to_owned(),
        ceiling: None,
        with_auditions: false,
        force: true,
        threads: 1,
    };
    let range = (timeline.program_start(), timeline.end);
    let rendered = render_to_file(session, library, range, target, &spec, &JobContext::detached()).unwrap();
    (target.to_owned(), rendered.notes)
}

/// Integrated loudness of a file by our meter.
fn ours_lufs(file: &Path) -> f64 {
    let inspected = inspect(file, &JobContext::detached(), &mut |_, _| ()).unwrap();
    inspected.analysis.measurements.integrated_lufs.unwrap()
}

/// The same by ffmpeg, to the tenth it prints.
fn ffmpeg_lufs(file: &Path) -> Option<f64> {
    if !have("ffmpeg") {
        return None;
    }
    let args = ["-af", "ebur128", "-f", "null", "-"];
    let output = Program::new("ffmpeg").arg("-i").arg(file).args(args).output().unwrap();
    let said = text(&output.stderr);
    let summary = &said[said.rfind("Integrated loudness").unwrap()..];
    let line = summary.lines().find(|l| l.contains("I:")).unwrap();
    Some(line.split_whitespace().nth(1).unwrap().parse().unwrap())
}

/// The program with one file in it and one processor in a chain.
struct Desk {
    core: Core,
    library: Arc<Library>,
    chain: ChainRef,
    slot: SlotId,
    dir: tempfile::TempDir,
    now_s: f64,
}

impl Desk {
    fn new(kind: &str, in_album: bool, params: &[(&str, f64)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = write_wav(&dir.path().join("mix.wav"), 44_100, 6.0, programme);
        let folders = Folders::under(&dir.path().join("home"));
        let mut core = Core::new(Setup { folders, threads: 2, audio: false }).unwrap();
        core.handle(Command::Import { paths: vec![file], at: None });
        let library = library(dir.path());
        let mut desk = Self { core, library, chain: ChainRef::Album, slot: SlotId(0), dir, now_s: 0.0 };
        let frame = desk.work();
        if !in_album {
            desk.chain = ChainRef::Song(frame.session.songs[0].id);
        }
        desk.edit(Edit::AddSlot { chain: desk.chain, at: 0, kind: kind.to_owned() });
        desk.slot = desk.work().session.chain(desk.chain).unwrap().slots[0].id;
        let values = params.iter().map(|(id, v)| ((*id).to_owned(), ParamValue::Number(*v))).collect();
        desk.edit(Edit::SetParams { chain: desk.chain, slot: desk.slot, values });
        desk
    }

    fn edit(&mut self, edit: Edit) {
        self.core.handle(Command::edit(edit));
    }

    fn ask(&mut self, goal: Goal) {
        self.core.handle(Command::MatchSlot { chain: self.chain, slot: self.slot, goal });
    }

    /// Lets the program work until nothing runs any more.
    fn work(&mut self) -> Arc<Frame> {
        for _ in 0..10_000_000 {
            self.now_s += 1e-3;
            let frame = self.core.tick(self.now_s);
            if frame.jobs.is_empty() {
                return self.core.tick(self.now_s);
            }
            std::thread::yield_now();
        }
        panic!("a job did not end");
    }

    /// Lets the program work until nothing is left that it would do by itself.
    fn rest(&mut self) -> Arc<Frame> {
        for _ in 0..10_000_000 {
            self.now_s += 0.01;
            let frame = self.core.tick(self.now_s);
            if !self.core.is_busy() {
                return frame;
            }
            std::thread::yield_now();
        }
        panic!("the program does not come to rest");
    }

    fn slot_of(&self, frame: &Frame) -> Slot {
        frame.session.chain(self.chain).unwrap().slot(self.slot).unwrap().clone()
    }

    /// Loudness of the written album with the slot, and without it.
    fn out_and_in(&self, frame: &Frame) -> [f64; 2] {
        let off = Edit::SetSlotEnabled { chain: self.chain, slot: self.slot, enabled: false };
        let without = apply(&frame.session, &off).unwrap();
        [&*frame.session, &without].map(|session| {
            let (file, _) = written(session, &self.library, &self.dir.path().join("out.wav"));
            let ours = ours_lufs(&file);
            if let Some(theirs) = ffmpeg_lufs(&file) {
                assert!((ours - theirs).abs() < 0.11, "ours {ours:.2}, ffmpeg {theirs:.1} LUFS");
            }
            ours
        })
    }
}

#[test]
fn a_matched_compressor_is_as_loud_as_what_runs_into_it() {
    let mut desk = Desk::new("compressor", false, &[("threshold_db", -30.0), ("ratio", 4.0)]);
    let frame = desk.work();
    let [out, input] = desk.out_and_in(&frame);
    assert!(input - out > 2.0, "the test needs a compressor at work: {input:.2} to {out:.2}");
    // What was being listened to does not matter, and stays.
    let (chain, slot) = (desk.chain, desk.slot);
    desk.edit(Edit::SetSlotListen { chain, slot, listen: Listen::Delta, match_db: None });
    desk.ask(Goal::Output);
    let frame = desk.work();
    let matched = desk.slot_of(&frame);
    assert!(matches!(matched.params["makeup_db"], ParamValue::Number(db) if db > 2.0), "{matched:?}");
    assert_eq!((matched.output_db, matched.listen), (0.0, Listen::Delta));
    let [out, input] = desk.out_and_in(&frame);
    assert!((out - input).abs() <= 0.05, "in {input:.3}, out {out:.3} LUFS");
    // One step back.
    assert_eq!(frame.undo_name, Some("Parameter"));
}

#[test]
fn a_kind_without_a_gain_of_its_own_is_matched_by_the_slot() {
    let mut desk = Desk::new("gain", true, &[("gain_db", -7.5)]);
    desk.ask(Goal::Output);
    let frame = desk.work();
    assert!((desk.slot_of(&frame).output_db - 7.5).abs() < 0.011, "{:?}", desk.slot_of(&frame));
}

#[test]
fn the_gain_for_minus_nine_lufs_gives_minus_nine_in_the_file() {
    for in_album in [true, false] {
        let mut desk = Desk::new("limiter", in_album, &[("ceiling_dbtp", -1.0)]);
        desk.ask(Goal::Loudness(-9.0));
        let frame = desk.work();
        let [out, input] = desk.out_and_in(&frame);
        assert!(input < -12.0, "the test needs something to do: {input:.2}");
        assert!((out + 9.0).abs() <= 0.05, "in album {in_album}: {out:.3} LUFS");
        let said = frame.log.last().unwrap();
        assert!(said.text.contains("LUFS") && said.level == LogLevel::Info, "{said:?}");
    }
}

#[test]
fn a_target_out_of_reach_is_said_and_changes_nothing() {
    let mut desk = Desk::new("limiter", true, &[("ceiling_dbtp", -1.0)]);
    let before = desk.work().session.clone();
    desk.ask(Goal::Loudness(12.0));
    let frame = desk.work();
    assert_eq!(*frame.session, *before);
    let said = frame.log.last().unwrap();
    assert!(said.text.contains("was not reached") && said.level == LogLevel::Warning, "{said:?}");
}

#[test]
fn a_slot_changed_meanwhile_is_left_alone() {
    let mut desk = Desk::new("gain", true, &[("gain_db", -7.5)]);
    desk.ask(Goal::Output);
    // What a job brings is taken up by a tick, so this comes before it however fast the job is.
    let values = vec![("gain_db".to_owned(), ParamValue::Number(-2.0))];
    desk.edit(Edit::SetParams { chain: desk.chain, slot: desk.slot, values });
    let frame = desk.work();
    assert_eq!(desk.slot_of(&frame).output_db, 0.0);
    assert!(frame.log.last().unwrap().text.contains("meanwhile"), "{:?}", frame.log.last());
}

#[test]
fn a_matched_bypass_is_measured_once_and_switched_from_then_on() {
    let mut desk = Desk::new("gain", true, &[("gain_db", -7.5)]);
    desk.ask(Goal::Bypass);
    let frame = desk.work();
    let slot = desk.slot_of(&frame);
    assert!(slot.listen == Listen::MatchedBypass && (slot.match_db + 7.5).abs() < 0.02, "{slot:?}");
    let (chain, id) = (desk.chain, desk.slot);
    desk.edit(Edit::SetSlotListen { chain, slot: id, listen: Listen::Normal, match_db: None });
    desk.ask(Goal::Bypass);
    let frame = desk.core.tick(desk.now_s);
    assert!(frame.jobs.is_empty() && desk.slot_of(&frame) == slot, "at once, nothing measured");
    // Another setting is another loudness.
    desk.edit(Edit::SetSlotInput { chain, slot: id, input_db: 3.0 });
    desk.ask(Goal::Bypass);
    let frame = desk.work();
    assert!((desk.slot_of(&frame).match_db + 4.5).abs() < 0.02, "{:?}", desk.slot_of(&frame));
}

/// Through the whole program, on the device without sound: choosing, playing, stopping.
#[test]
fn the_chosen_slot_is_seen_while_it_plays_and_rests_with_the_transport() {
    let mut desk = Desk::new("gain", true, &[("gain_db", -7.5)]);
    let start = desk.work().timeline.program_start();
    desk.core.handle(Command::Play { from: Some(start) });
    let (mut begun, mut seen) = (false, None);
    for _ in 0..100_000_000u64 {
        desk.now_s += 1e-6;
        let frame = desk.core.tick(desk.now_s);
        if frame.focus.before.momentary_lufs.is_some() && !frame.slot_levels.is_empty() {
            seen = Some(frame);
            break;
        }
        // Between the wish and the first buffer it does not play yet.
        begun |= frame.transport.playing;
        assert!(!begun || frame.transport.playing, "the song is over and nothing was seen");
        std::thread::yield_now();
    }
    let frame = seen.unwrap();
    let view = &frame.focus;
    assert_eq!(view.slot, Some(desk.slot));
    let apart = view.before.momentary_lufs.unwrap() - view.after.momentary_lufs.unwrap();
    assert!((apart - 7.5).abs() < 1e-6, "{apart}");
    assert_eq!(view.before_db.len(), view.freqs_hz.len());
    assert!(!view.field_before.is_empty() && view.field_bands.len() == 10);
    let (_, levels) = frame.slot_levels.iter().find(|(id, _)| *id == desk.slot).unwrap();
    let apart = levels.before_dbfs.unwrap() - levels.after_dbfs.unwrap();
    assert!((apart - 7.5).abs() < 1e-3, "{apart}");
    desk.core.handle(Command::Do(glassmaster::app::Action::PlayStop));
    let mut rest = desk.core.tick(desk.now_s);
    while rest.transport.playing {
        std::thread::yield_now();
        rest = desk.core.tick(desk.now_s);
    }
    assert!(rest.focus.before_db.is_empty() && rest.focus.field_bands.is_empty());
    assert!(!rest.focus.history.is_empty(), "the history stands still");
    // Another slot has nothing to show yet.
    desk.edit(Edit::AddSlot { chain: desk.chain, at: 1, kind: "width".to_owned() });
    let other = desk.core.tick(desk.now_s);
    assert!(other.focus.history.is_empty() && other.focus.slot != Some(desk.slot));
}

#[test]
fn what_is_only_for_listening_reaches_no_master_and_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let mix = write_wav(&dir.path().join("mix.wav"), 44_100, 2.0, programme);
    let mut session = session_of(&library, &mix);
    let chain = ChainRef::Song(session.songs[0].id);
    for kind in ["gain", "deesser"] {
        session = apply(&session, &Edit::AddSlot { chain, at: 0, kind: kind.to_owned() }).unwrap();
    }
    let [deesser, gain] = [0, 1].map(|i| session.songs[0].chain.slots[i].id);
    let values = vec![("gain_db".to_owned(), ParamValue::Number(-4.0))];
    session = apply(&session, &Edit::SetParams { chain, slot: gain, values }).unwrap();
    let listened = Edit::SetSlotListen { chain, slot: gain, listen: Listen::Delta, match_db: None };
    let soloed = Edit::SetParams {
        chain,
        slot: deesser,
        values: vec![("listen".to_owned(), ParamValue::Switch(true))],
    };
    let auditioned = apply(&apply(&session, &listened).unwrap(), &soloed).unwrap();
    let (plain, notes) = written(&session, &library, &dir.path().join("plain.wav"));
    assert!(notes.is_empty(), "{notes:?}");
    let (other, notes) = written(&auditioned, &library, &dir.path().join("other.wav"));
    assert_eq!(std::fs::read(plain).unwrap(), std::fs::read(other).unwrap());
    assert!(
        notes.len() == 2 && notes[1].contains("slot 2 (Gain)") && notes[1].contains("difference"),
        "{notes:?}"
    );
    // The same for a delivery, which says it as findings.
    let request = Request {
        orders: vec![Order { id: "wav_songs".to_owned(), settings: Extra::new() }],
        force: true,
        written_at: "2024-05-06T07:08:09".parse().unwrap(),
        threads: 1,
    };
    let delivered = [&session, &auditioned].map(|session| {
        let out = dir.path().join("delivery");
        export(&Arc::new(session.clone()), &library, &request, &out, &JobContext::detached()).unwrap()
    });
    assert_eq!(delivered[0].tap_hash, delivered[1].tap_hash);
    let said = |i: usize| delivered[i].findings.iter().filter(|f| f.rule == "audition_off").count();
    assert_eq!((said(0), said(1)), (0, 2));
}

#[test]
fn process_takes_the_gains_of_a_slot_and_plays_a_difference() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write_wav(&home.join("in.wav"), 44_100, 2.0, sine(44_100, 997.0, -20.0));
    let peak = |chain: &str| {
        std::fs::write(home.join("chain.json"), chain).unwrap();
        let args = ["process", "in.wav", "out.wav", "--chain", "chain.json", "--bits", "32f", "--force"];
        let output = run(home, &args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let found = run_json(home, &["measure", "out.wav", "--json"]);
        found["files"][0]["sample_peak_dbfs"].as_f64().unwrap_or_else(|| panic!("{found}"))
    };
    let halved = r#""kind":"gain","params":{"gain_db":-6.020599913279624}"#;
    assert!((peak(&format!(r#"{{"slots":[{{{halved}}}]}}"#)) + 26.02).abs() < 0.01);
    // x/2 − x has the level of x/2; −1.5 and −2.5 dB more around it.
    assert!((peak(&format!(r#"{{"slots":[{{{halved},"listen":"delta"}}]}}"#)) + 26.02).abs() < 0.01);
    let gains = format!(r#"{{"slots":[{{{halved},"input_db":-1.5,"output_db":-2.5}}]}}"#);
    assert!((peak(&gains) + 30.02).abs() < 0.01);
    let matched = format!(r#"{{"slots":[{{{halved},"listen":"matched_bypass","match_db":-3}}]}}"#);
    assert!((peak(&matched) + 23.0).abs() < 0.01);
    std::fs::write(home.join("chain.json"), format!(r#"{{"slots":[{{{halved},"input_db":-30}}]}}"#)).unwrap();
    let refused = run(home, &["process", "in.wav", "no.wav", "--chain", "chain.json"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("input_db"));
}

#[test]
fn a_makeup_that_follows_is_part_of_the_edit_that_moved_it() {
    let mut desk = Desk::new("compressor", false, &[("threshold_db", -30.0), ("ratio", 4.0)]);
    let switch = |on: bool| vec![("auto_makeup".to_owned(), ParamValue::Switch(on))];
    desk.edit(Edit::SetParams { chain: desk.chain, slot: desk.slot, values: switch(true) });
    let frame = desk.rest();
    let [output, input] = desk.out_and_in(&frame);
    assert!((output - input).abs() <= 0.05, "{output} {input}");
    let makeup = |desk: &Desk, frame: &Frame| match desk.slot_of(frame).params.get("makeup_db") {
        Some(ParamValue::Number(db)) => *db,
        _ => 0.0,
    };
    let first = makeup(&desk, &frame);
    assert!(first > 1.0, "{first}");

    // Deeper: followed again, and one step of undo takes both back.
    let values = vec![("threshold_db".to_owned(), ParamValue::Number(-40.0))];
    desk.edit(Edit::SetParams { chain: desk.chain, slot: desk.slot, values });
    let frame = desk.rest();
    let [output, input] = desk.out_and_in(&frame);
    assert!((output - input).abs() <= 0.05, "{output} {input}");
    assert!(makeup(&desk, &frame) > first + 1.0);
    desk.core.handle(Command::Do(Action::Undo));
    let frame = desk.rest();
    assert_eq!(makeup(&desk, &frame), first);
    assert_eq!(desk.slot_of(&frame).params["threshold_db"], ParamValue::Number(-30.0));

    // Off: it stays where it is.
    desk.edit(Edit::SetParams { chain: desk.chain, slot: desk.slot, values: switch(false) });
    let values = vec![("ratio".to_owned(), ParamValue::Number(1.5))];
    desk.edit(Edit::SetParams { chain: desk.chain, slot: desk.slot, values });
    let frame = desk.rest();
    assert_eq!(makeup(&desk, &frame), first);
}

#[test]
fn process_sets_the_gains_that_follow() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write_wav(&home.join("in.wav"), 44_100, 6.0, programme);
    let chain = r#"{"slots":[
        {"kind":"compressor","params":{"threshold_db":-35,"ratio":3,"auto_makeup":true}},
        {"kind":"eq","params":{"band1_type":"high_shelf","band1_freq_hz":2000,"band1_gain_db":6,"auto_gain":true}},
        {"kind":"saturator","params":{"drive_db":12,"auto_level":true}},
        {"kind":"multiband","params":{"band2_ratio":3,"band2_threshold_db":-40,"auto_makeup":true}}]}"#;
    std::fs::write(home.join("chain.json"), chain).unwrap();
    let args = ["process", "in.wav", "out.wav", "--chain", "chain.json", "--bits", "32f"];
    let output = run(home, &args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (made, given) = (home.join("out.wav"), home.join("in.wav"));
    // Four matches of 0.02 LU each.
    assert!((ours_lufs(&made) - ours_lufs(&given)).abs() <= 0.1);
    if let (Some(made), Some(given)) = (ffmpeg_lufs(&made), ffmpeg_lufs(&given)) {
        assert!((made - given).abs() <= 0.2, "{made} {given}");
    }
}
