//! The real program under the real window, without a screen or a sound card: files in, a chain, an export cancelled, an
//! export finished, and play from the end.
#![cfg(feature = "ui-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::f64::consts::TAU;
use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use glassmaster::app::core::{Core, Setup};
use glassmaster::app::frame::{LogLevel, LogLine, SourceState};
use glassmaster::app::settings::Folders;
use glassmaster::app::{Action, Command, Frame};
use glassmaster::gui::dialogs::files::NoChooser;
use glassmaster::gui::workspaces::Workspace;
use glassmaster::gui::{Backend, GlassmasterApp};
use glassmaster::units::SampleRate;

/// The core, with its last frame kept for the test.
struct Watched {
    core: Core,
    frame: Arc<Frame>,
}

impl Backend for Watched {
    fn tick(&mut self, now_s: f64) -> Arc<Frame> {
        self.frame = self.core.tick(now_s);
        Arc::clone(&self.frame)
    }

    fn handle(&mut self, command: Command) {
        self.core.handle(command);
    }

    fn busy(&self) -> bool {
        false
    }
}

type Window = Harness<'static, GlassmasterApp<Watched>>;

fn window(home: &Path) -> Window {
    let folders = Folders::under(home);
    let mut core = Core::new(Setup { folders, threads: 2, audio: false }).unwrap();
    let frame = core.tick(0.0);
    let app = GlassmasterApp::with_chooser(Watched { core, frame }, Box::new(NoChooser));
    let mut h = Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .with_step_dt(1.0 / 60.0)
        .build_ui_state(|ui, app| GlassmasterApp::draw(app, ui), app);
    h.run_steps(4);
    h
}

fn frame(h: &Window) -> Arc<Frame> {
    Arc::clone(&h.state().backend().frame)
}

/// Draws until something has come about.
fn until(h: &mut Window, what: &str, come: impl Fn(&Frame) -> bool) {
    for _ in 0..200_000 {
        if come(&frame(h)) {
            return;
        }
        h.step();
        std::thread::yield_now();
    }
    panic!("never: {what}");
}

fn command(h: &mut Window, command: Command) {
    h.state_mut().backend_mut().handle(command);
    h.run_steps(3);
}

/// A sine of so many seconds.
fn write_mix(path: &Path, hz: f64, seconds: f64) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..(seconds * 44_100.0) as i64 {
        let sample = (0.3 * (TAU * hz * i as f64 / 44_100.0).sin() * f64::from(1 << 23)) as i32;
        writer.write_sample(sample).unwrap();
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
}

fn album(home: &Path, seconds: f64) -> Window {
    let (first, second) = (home.join("Opening.wav"), home.join("Second.wav"));
    write_mix(&first, 440.0, seconds);
    write_mix(&second, 550.0, seconds);
    let mut h = window(&home.join("home"));
    command(&mut h, Command::Import { paths: vec![first, second], at: None });
    until(&mut h, "both songs ready", |f| {
        f.songs.len() == 2 && f.songs.iter().all(|s| s.source == SourceState::Ready && s.picture.is_some())
    });
    h
}

#[test]
fn a_processor_added_is_the_one_that_opens_and_another_song_opens_its_own_of_that_kind() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = album(dir.path(), 5.0);
    for song in ["1 Opening", "2 Second"] {
        h.get_by_label(song).click();
        h.run_steps(4);
        h.get_by_label_contains(&format!("Song {} ·", &song[..1])).click();
        h.run_steps(4);
        for name in ["Add Gain", "Add processor"] {
            h.get_by_label(name).click();
            h.run_steps(4);
        }
        h.get_by_label("Parametric EQ").click();
        h.run_steps(4);
        assert!(h.query_by_label("EQ curve, 0 bands on").is_some(), "{song}");
    }
    h.get_by_label("1 Opening").click();
    h.run_steps(4);
    let now = frame(&h);
    let chain = now.session.chain(now.selection.chain).unwrap();
    let slot = chain.slot(now.selection.slot.unwrap()).unwrap();
    assert_eq!(
        (now.selection.songs.first(), slot.kind.as_str()),
        (now.session.songs.first().map(|s| &s.id), "eq")
    );
    // Taken out, its neighbour is shown.
    command(&mut h, Command::Do(Action::RemoveSlot));
    let now = frame(&h);
    let chain = now.session.chain(now.selection.chain).unwrap();
    assert_eq!(chain.slots.len(), 1);
    assert_eq!(now.selection.slot, Some(chain.slots[0].id));
}

#[test]
fn the_rate_chosen_for_a_new_session_holds_and_enter_accepts_the_dialog() {
    let dir = tempfile::tempdir().unwrap();
    let mix = dir.path().join("Opening.wav");
    write_mix(&mix, 440.0, 5.0);
    // Nobody chose: the first mixes do.
    let mut h = window(&dir.path().join("home"));
    command(&mut h, Command::Import { paths: vec![mix.clone()], at: None });
    until(&mut h, "imported", |f| !f.session.songs.is_empty());
    assert_eq!(frame(&h).session.sample_rate_hz, SampleRate::CD);
    h.key_press_modifiers(Modifiers::COMMAND, Key::N);
    h.run_steps(4);
    h.get_by_label("Discard").click();
    h.run_steps(4);
    h.key_press(Key::Enter);
    h.run_steps(4);
    assert_eq!(frame(&h).session.sample_rate_hz, SampleRate(96_000));
    command(&mut h, Command::Import { paths: vec![mix], at: None });
    until(&mut h, "imported again", |f| !f.session.songs.is_empty());
    assert_eq!(frame(&h).session.sample_rate_hz, SampleRate(96_000));
}

#[test]
fn space_at_the_end_of_the_album_begins_at_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = album(dir.path(), 5.0);
    if !frame(&h).transport.return_on_stop {
        command(&mut h, Command::Do(Action::ReturnOnStop));
    }
    let (start, end) = (frame(&h).timeline.program_start(), frame(&h).timeline.end);
    command(&mut h, Command::Seek(end));
    assert_eq!(frame(&h).transport.cursor, end);
    h.key_press(Key::Space);
    h.run_steps(2);
    until(&mut h, "it plays", |f| f.transport.playing);
    h.key_press(Key::Space);
    h.run_steps(2);
    // Stopped, it goes back to where play began.
    until(&mut h, "it stopped", |f| !f.transport.playing);
    assert_eq!(frame(&h).transport.cursor, start);
}

#[test]
fn an_export_is_cancelled_without_a_trace_and_another_brings_a_page_of_figures() {
    let dir = tempfile::tempdir().unwrap();
    // Long enough to be caught before it is done.
    let mut h = album(dir.path(), 12.0);
    let masters = dir.path().join("masters");
    let start = |h: &mut Window| {
        h.key_press_modifiers(Modifiers::COMMAND, Key::E);
        h.run_steps(4);
        h.get_by_label("FLAC, one file a song").click();
        h.run_steps(4);
        h.get_by_label("Folder").focus();
        h.run_steps(2);
        h.key_press_modifiers(Modifiers::COMMAND, Key::A);
        h.event(egui::Event::Text(masters.display().to_string()));
        h.run_steps(2);
        h.get_by_label("Start export").click();
        h.run_steps(2);
    };
    start(&mut h);
    until(&mut h, "the export runs", |f| f.jobs.iter().any(|j| j.prominent && j.fraction.is_some()));
    let job = frame(&h).jobs.iter().find(|j| j.prominent).map(|j| j.id);
    command(&mut h, Command::CancelJob(job.unwrap()));
    until(&mut h, "the job is gone", |f| f.jobs.iter().all(|j| !j.prominent));
    let now = frame(&h);
    assert!(now.result.is_none());
    let says = |l: &&LogLine| l.level == LogLevel::Info && l.text.contains("cancelled");
    assert!(now.log.iter().find(says).is_some(), "{:?}", now.log);
    let left = std::fs::read_dir(&masters).map_or(0, |files| files.count());
    assert_eq!(left, 0, "nothing is left behind");

    start(&mut h);
    until(&mut h, "the export is done", |f| f.result.is_some());
    h.state_mut().state_mut().workspace = Workspace::Deliver;
    h.run_steps(4);
    let result = frame(&h).result.clone().unwrap();
    assert_eq!(result.error, None);
    assert!(h.query_by_label("written, read back and measured").is_some());
    let songs: Vec<_> = result.files.iter().filter(|f| f.path.ends_with(".flac")).collect();
    assert_eq!(songs.len(), 2);
    // A sine at 0.3 of full scale on both channels: −10.46 dBFS of peak, BS.1770 reads −0.691 + 10·log10(2 · 0.3²/2) of
    // it, the K-weighting being 0 dB near 1 kHz and less than half a decibel off at 440 and 550 Hz.
    let lufs = -0.691 + 10.0 * (0.3f64 * 0.3).log10();
    for file in songs {
        assert!((file.integrated_lufs.unwrap() - lufs).abs() < 1.0, "{:?} {lufs}", file.integrated_lufs);
        assert!((file.true_peak_dbtp.unwrap() - 20.0 * 0.3f64.log10()).abs() < 0.1);
        assert_eq!(file.null.as_deref(), Some("bit exact"));
    }
    h.get_by_label("Done").click();
    h.run_steps(4);
    assert!(frame(&h).result.is_none());
}
