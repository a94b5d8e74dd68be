//! The timeline: the album left to right, every song's wave in its clip, gaps between, crossfades where two overlap.
//!
//! Wheel zooms at the pointer, Shift+wheel scrolls, Ctrl+wheel zooms amplitude, middle-drag pans. Drag a clip to move it
//! against the song before; drag its edges to trim; drag the squares at its corners to fade; drag or double-click its
//! gain and its gap.

mod clip;
mod ruler;
pub mod view;
mod wave;

use std::sync::Arc;

use egui::{Event, MouseWheelUnit, Rect, Sense, Ui, pos2, vec2};

use view::{RulerUnit, View};
use wave::WaveCache;

use crate::app::frame::{Picture, WaveColumn};
use crate::app::{Action, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::panels::album_strip::Grip;
use crate::gui::theme::theme;
use crate::model::SongId;
use crate::units::Frames;

const RULER_HEIGHT: f32 = 30.0;
/// Points a notch of the wheel scrolls.
const WHEEL_SCROLL: f64 = 60.0;

/// What is only visual in the timeline.
#[derive(Debug, Default)]
pub struct TimelineState {
    /// The part in sight.
    pub view: View,
    /// What the ruler counts.
    pub ruler: RulerUnit,
    waves: WaveCache,
    /// Of the album strip.
    strip_waves: WaveCache,
    drag: Option<clip::Drag>,
    typing: Option<(SongId, String)>,
    /// The view goes its own way until play or Follow.
    follow_off: bool,
    was_playing: bool,
    /// Where the cursor was last time.
    seen_cursor: Frames,
    /// Songs last time, to show an album whole when it first appears.
    seen_songs: usize,
    width: f32,
    /// Zoomed to this song by `zoom_song`.
    zoomed: Option<SongId>,
    /// Place files would be dropped at, while they hover here.
    pub insertion: Option<usize>,
}

impl TimelineState {
    /// Whether the view follows the playhead.
    pub fn follows(&self) -> bool {
        !self.follow_off
    }

    /// Follow on or off.
    pub fn toggle_follow(&mut self) {
        self.follow_off = !self.follow_off;
    }

    /// Shows the song at the cursor; again: the album.
    pub fn zoom_song(&mut self, frame: &Frame) {
        let placed = frame.current_song().and_then(|id| frame.timeline.song(id));
        match placed {
            Some(placed) if self.zoomed != Some(placed.id) => {
                self.view.show(self.width, placed.start.0 as f64, placed.end.0 as f64, 0.04);
                self.zoomed = Some(placed.id);
            }
            _ => self.zoom_album(frame),
        }
    }

    /// Shows the whole album.
    pub fn zoom_album(&mut self, frame: &Frame) {
        self.view.show(self.width, 0.0, frame.timeline.end.0 as f64, 0.02);
        self.zoomed = None;
    }

    /// Zooms about the cursor where it is in sight, else about the middle.
    pub fn zoom_by(&mut self, factor: f64, frame: &Frame) {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(self.width.max(1.0), 1.0));
        let cursor = self.view.ui_from_album(rect, frame.transport.cursor.0 as f64);
        let x = if rect.x_range().contains(cursor) { cursor } else { rect.center().x };
        self.view.zoom_at(rect, x, factor, frame.timeline.end.0 as f64);
        self.zoomed = None;
    }

    /// Columns of a song for the album strip, kept until picture or place change.
    pub fn strip_columns(
        &mut self,
        song: SongId,
        picture: &Arc<dyn Picture>,
        from_frame: f64,
        frames_per_pixel: f64,
        pixels: usize,
    ) -> &[WaveColumn] {
        self.strip_waves.left(song, picture, from_frame, frames_per_pixel, pixels)
    }

    /// Width of the timeline when last drawn, points.
    pub fn timeline_width(&self) -> f32 {
        self.width
    }

    /// Moves the view, or one of its edges, by album frames.
    pub fn move_view(&mut self, grip: Grip, by: f64, album: f64) {
        let width = f64::from(self.width.max(1.0));
        let (left, right) = (self.view.left_album, self.view.left_album + width * self.view.frames_per_point);
        let (left, right) = match grip {
            Grip::None => (left, right),
            Grip::Middle => (left + by, right + by),
            Grip::Left => ((left + by).min(right - 64.0), right),
            Grip::Right => (left, (right + by).max(left + 64.0)),
        };
        self.view.show(self.width, left, right, 0.0);
        self.view.keep_inside(self.width, album);
        self.zoomed = None;
    }

    fn moved_by_hand(&mut self, frame: &Frame) {
        self.zoomed = None;
        if frame.transport.playing {
            self.follow_off = true;
        }
    }
}

/// Draws the timeline into all of `ui`.
pub fn timeline_ui(ui: &mut Ui, frame: &Frame, state: &mut TimelineState, out: &mut Outbox) {
    let rect = ui.available_rect_before_wrap();
    ui.allocate_rect(rect, Sense::hover());
    state.width = rect.width();
    state.insertion = None;
    if frame.session.songs.is_empty() {
        state.seen_songs = 0;
        return empty_ui(ui, rect, state, out);
    }
    settle_view(frame, state, rect);
    pointer_moves_view(ui, rect, frame, state);
    for waves in [&mut state.waves, &mut state.strip_waves] {
        waves.keep_only(|id| frame.session.song(id).is_some());
    }
    let ruler_rect = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + RULER_HEIGHT));
    let body = Rect::from_min_max(pos2(rect.left(), ruler_rect.bottom()), rect.max);
    clip::clips_ui(ui, body, frame, state, out);
    ruler::ruler_ui(ui, ruler_rect, frame, &state.view, &mut state.ruler, out);
    let painter = ui.painter_at(rect);
    ruler::playhead(&painter, rect, frame, &state.view);
    files_over_ui(ui, body, frame, state);
}

fn settle_view(frame: &Frame, state: &mut TimelineState, rect: Rect) {
    if state.seen_songs == 0 {
        state.zoom_album(frame);
    }
    state.seen_songs = frame.session.songs.len();
    if frame.transport.playing && !state.was_playing {
        state.follow_off = false;
    }
    state.was_playing = frame.transport.playing;
    // The playhead by pages; in silence the cursor wherever a command puts it.
    let moved = std::mem::replace(&mut state.seen_cursor, frame.transport.cursor) != frame.transport.cursor;
    let shown = match frame.transport.playing {
        true => (!state.follow_off).then_some(frame.transport.position),
        false => moved.then_some(frame.transport.cursor),
    };
    if let Some(shown) = shown.filter(|_| state.drag.is_none()) {
        let x = state.view.ui_from_album(rect, shown.0 as f64);
        if !rect.x_range().contains(x) {
            let width = f64::from(rect.width()) * state.view.frames_per_point;
            state.view.left_album = shown.0 as f64 - width * 0.05;
        }
    }
}

fn pointer_moves_view(ui: &Ui, rect: Rect, frame: &Frame, state: &mut TimelineState) {
    if hands_move_view(ui, rect, frame.timeline.end.0 as f64, &mut state.view) {
        state.moved_by_hand(frame);
    }
}

/// Wheel, pinch and middle button over a rectangle move the view of an album of so many frames; whether they did.
pub fn hands_move_view(ui: &Ui, rect: Rect, album: f64, view: &mut View) -> bool {
    let (pos, middle, delta, events) =
        ui.input(|i| (i.pointer.latest_pos(), i.pointer.middle_down(), i.pointer.delta(), i.events.clone()));
    let Some(pos) = pos.filter(|p| rect.contains(*p) && ui.rect_contains_pointer(rect)) else {
        return false;
    };
    let before = *view;
    if middle && delta.x.abs() > 0.0 {
        view.left_album -= f64::from(delta.x) * view.frames_per_point;
    }
    for event in events {
        match event {
            Event::MouseWheel { unit, delta, modifiers, .. } => {
                let notches = match unit {
                    MouseWheelUnit::Point => delta / 50.0,
                    MouseWheelUnit::Line => delta,
                    MouseWheelUnit::Page => delta * 8.0,
                };
                if modifiers.shift || delta.x.abs() > delta.y.abs() {
                    let by = f64::from(notches.x + notches.y) * WHEEL_SCROLL;
                    view.left_album -= by * view.frames_per_point;
                } else if modifiers.command {
                    let factor = 1.25f32.powf(notches.y);
                    view.amplitude = (view.amplitude * factor).clamp(0.5, 64.0);
                } else {
                    view.zoom_at(rect, pos.x, 1.25f64.powf(-f64::from(notches.y)), album);
                }
            }
            Event::Zoom(factor) => view.zoom_at(rect, pos.x, 1.0 / f64::from(factor.max(0.01)), album),
            _ => {}
        }
    }
    let moved = *view != before;
    view.keep_inside(rect.width(), album);
    moved
}

fn files_over_ui(ui: &Ui, body: Rect, frame: &Frame, state: &mut TimelineState) {
    let hovering = ui.input(|i| !i.raw.hovered_files.is_empty());
    let pos = ui.input(|i| i.pointer.latest_pos());
    let Some(pos) = pos.filter(|p| hovering && body.contains(*p)) else { return };
    let at = state.view.album_from_ui(body, pos.x);
    let middle = |p: &crate::model::PlacedSong| (p.start.0 + p.end.0) as f64 / 2.0;
    let place = frame.timeline.songs.iter().filter(|p| middle(p) < at).count();
    state.insertion = Some(place);
    let x = match frame.timeline.songs.get(place) {
        Some(next) => next.start,
        None => frame.timeline.end,
    };
    let x = state.view.ui_from_album(body, x.0 as f64);
    ui.painter_at(body).vline(x, body.y_range(), egui::Stroke::new(2.0, theme().focus));
}

fn empty_ui(ui: &mut Ui, rect: Rect, state: &mut TimelineState, out: &mut Outbox) {
    let t = theme();
    let hovering = ui.input(|i| !i.raw.hovered_files.is_empty());
    if hovering {
        state.insertion = Some(0);
        let inner = rect.shrink(12.0);
        ui.painter().rect_stroke(inner, t.corner, egui::Stroke::new(2.0, t.focus), egui::StrokeKind::Inside);
    }
    let place = Rect::from_center_size(rect.center(), vec2(rect.width().min(520.0), 150.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        ui.vertical_centered(|ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            ui.label(egui::RichText::new("Drop mixes here").font(t.medium(t.large)));
            let words = "Files, folders or zips. They are read, checked and laid out in natural order with two \
                         seconds between the songs. The files themselves are never changed.";
            ui.label(egui::RichText::new(words).color(t.text_weak));
            if ui.button("Import mixes…").clicked() {
                out.act(Action::Import);
            }
        });
    });
}

/// The frames an album has at least for drawing.
pub fn album_frames(frame: &Frame) -> f64 {
    frame.timeline.end.max(Frames(1)).0 as f64
}
