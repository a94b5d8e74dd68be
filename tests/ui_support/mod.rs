//! What window tests share: a program that edits, selects and seeks but makes no sound, an album with a picture of every
//! wave, and hands.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "a test helper; no test uses all of it")]

use std::f64::consts::TAU;
use std::sync::Arc;

use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use glassmaster::app::frame::{Picture, WaveColumn};
use glassmaster::app::{Action, Command, Frame};
use glassmaster::edit::{History, apply};
use glassmaster::gui::dialogs::files::NoChooser;
use glassmaster::gui::{Backend, GlassmasterApp};
use glassmaster::model::{Session, Song, SongId, SourceRef, Timeline};
use glassmaster::units::{Frames, SampleRate};

/// Rate of every session here.
pub const RATE: SampleRate = SampleRate(48_000);

/// A program that edits, selects and undoes, records what it is told, and makes no sound.
pub struct Still {
    pub history: History,
    pub frame: Frame,
    pub told: Vec<Command>,
}

impl Backend for Still {
    fn tick(&mut self, _now_s: f64) -> Arc<Frame> {
        Arc::new(self.frame.clone())
    }

    fn handle(&mut self, command: Command) {
        match &command {
            Command::Edit { edit, gesture } => {
                if let Ok(next) = apply(self.history.session(), edit) {
                    self.history.commit(next, edit.name(), *gesture);
                }
            }
            Command::Do(Action::Undo) => {
                self.history.undo();
            }
            Command::Select(selection) => self.frame.selection = selection.clone(),
            Command::Seek(pos) => self.frame.transport.cursor = *pos,
            Command::SetMeters(settings) => self.frame.meter_settings = Arc::new((**settings).clone()),
            Command::SetLoop(range) => self.frame.transport.loop_range = *range,
            _ => {}
        }
        self.told.push(command);
        let session = Arc::clone(self.history.session());
        self.frame.timeline = Arc::new(Timeline::of(&session));
        self.frame.session = session;
        self.frame.undo_name = self.history.undo_name();
        self.frame.redo_name = self.history.redo_name();
    }

    fn busy(&self) -> bool {
        false
    }
}

/// A wave by formula: two sines under slow swells, the same in overview and samples.
#[derive(Debug)]
pub struct Swells {
    /// Seconds of the file.
    pub seconds: f64,
    /// What makes one song's wave another than the next one's.
    pub tune: f64,
}

impl Swells {
    fn level(&self, at_s: f64) -> f64 {
        let inside = (0.0..self.seconds).contains(&at_s);
        let swell = 0.45 + 0.4 * (TAU * at_s / (7.0 + self.tune)).sin();
        if inside { swell.clamp(0.02, 0.9) } else { 0.0 }
    }

    fn sample(&self, channel: usize, frame: i64) -> f32 {
        let at_s = frame as f64 / RATE.hz();
        let hz = 220.0 * (1.0 + self.tune) + 3.0 * channel as f64;
        let tone = 0.7 * (TAU * hz * at_s).sin() + 0.3 * (TAU * 3.1 * hz * at_s).sin();
        (self.level(at_s) * tone) as f32
    }
}

impl Picture for Swells {
    fn columns(&self, channel: usize, from: f64, frames_per_pixel: f64, pixels: usize) -> Vec<WaveColumn> {
        let column = |i: usize| {
            let at_s = (from + i as f64 * frames_per_pixel) / RATE.hz();
            let ripple = 1.0 - 0.25 * (TAU * at_s * 1.7 + channel as f64).sin().abs();
            let peak = (self.level(at_s) * ripple) as f32;
            WaveColumn { min: -peak, max: peak, rms: peak * 0.45 }
        };
        (0..pixels).map(column).collect()
    }

    fn samples(&self, channel: usize, from: i64, frames: usize) -> Option<Vec<f32>> {
        Some((from..from + frames as i64).map(|f| self.sample(channel, f)).collect())
    }
}

/// A session of songs of a minute each, two seconds apart.
pub fn session(titles: &[&str]) -> Session {
    let mut session = Session::new(RATE);
    for (i, title) in titles.iter().enumerate() {
        let path = format!("{title}.wav");
        let source = SourceRef { path, sample_rate_hz: 48_000, frames: 48_000 * 60, ..SourceRef::default() };
        let song = Song::new(SongId(i as u64 + 1), source, RATE, seconds(2.0));
        session.songs.push(Arc::new(song));
    }
    session.next_id = titles.len() as u64 + 1;
    session
}

/// A still frame whose songs have pictures.
pub fn frame_of(session: Session) -> Frame {
    let mut frame = Frame::still(Arc::new(session));
    let mut songs = (*frame.songs).clone();
    for (i, song) in songs.iter_mut().enumerate() {
        song.picture = Some(Arc::new(Swells { seconds: 60.0, tune: i as f64 * 0.5 }));
    }
    frame.songs = Arc::new(songs);
    frame
}

/// Seconds as frames.
pub fn seconds(s: f64) -> Frames {
    RATE.frames_from_seconds(s)
}

/// A window over a frame.
pub type Window = Harness<'static, GlassmasterApp<Still>>;

/// Opens one.
pub fn window_of(frame: Frame, size: egui::Vec2) -> Window {
    let still = Still { history: History::new(Arc::clone(&frame.session)), frame, told: Vec::new() };
    let app = GlassmasterApp::with_chooser(still, Box::new(NoChooser));
    let mut harness = Harness::builder()
        .with_size(size)
        .with_step_dt(1.0 / 60.0)
        .build_ui_state(|ui, app| GlassmasterApp::draw(app, ui), app);
    harness.run();
    harness
}

/// A window of 1600 × 1000 over songs of these titles.
pub fn window(titles: &[&str]) -> Window {
    window_of(frame_of(session(titles)), vec2(1600.0, 1000.0))
}

/// The song at a place of the running order.
pub fn song(h: &Window, index: usize) -> Arc<Song> {
    Arc::clone(&h.state().backend().frame.session.songs[index])
}

/// How many commands of a kind were sent.
pub fn told(h: &Window, is: impl Fn(&Command) -> bool) -> usize {
    h.state().backend().told.iter().filter(|c| is(c)).count()
}

/// Where a thing of this label lies.
pub fn rect(h: &Window, label: &str) -> Rect {
    h.get_by_label(label).rect()
}

/// Presses and releases the main button twice.
pub fn double_click(h: &mut Window, pos: Pos2) {
    click(h, pos, PointerButton::Primary);
    click(h, pos, PointerButton::Primary);
}

/// Presses and releases a button.
pub fn click(h: &mut Window, pos: Pos2, button: PointerButton) {
    for pressed in [true, false] {
        h.event(Event::PointerMoved(pos));
        h.event(Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
    }
    h.run();
}

/// Drags with the main button in eight steps.
pub fn drag(h: &mut Window, from: Pos2, to: Pos2) {
    h.hover_at(from);
    h.step();
    h.drag_at(from);
    h.step();
    for i in 1..=8 {
        h.hover_at(from + (to - from) * (i as f32 / 8.0));
        h.step();
    }
    h.drop_at(to);
    h.run();
}

/// Turns the wheel over a place; up is closer.
pub fn wheel(h: &mut Window, pos: Pos2, notches: f32, modifiers: Modifiers) {
    h.hover_at(pos);
    h.step();
    h.event(Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, notches),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers,
    });
    // egui smooths its own scrolling for a few frames more.
    h.run_steps(20);
}

/// Types into what has the focus.
pub fn type_text(h: &mut Window, text: &str) {
    h.event(Event::Text(text.to_owned()));
    h.run();
}

/// Presses a key.
pub fn press(h: &mut Window, modifiers: Modifiers, key: Key) {
    h.key_press_modifiers(modifiers, key);
    h.run();
}
