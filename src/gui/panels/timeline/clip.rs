//! Clips and what lies between them: waves, headers, fades, trims, gaps.
//!
//! A drag remembers what it began from; every edit of it is computed from there, so that nothing adds up.

use egui::{
    Align, Align2, Color32, CursorIcon, PointerButton, Rangef, Rect, Response, Role, Sense, Shape, Stroke, Ui,
};
use egui::{WidgetInfo, pos2, vec2};

use super::TimelineState;
use super::view::snapped;
use super::wave::{WaveArea, wave_ui};
use crate::app::frame::SourceState;
use crate::app::{Action, Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::panels::menu::action_item;
use crate::gui::panels::song_list::{seconds_from, selection_of};
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::number::{NumberSpec, number_input};
use crate::gui::widgets::text::{TextOutcome, edit_field, elided};
use crate::model::{Fade, FadeShape, PlacedSong, Song, SongId};
use crate::units::{Frames, gain_from_db};

const HEADER_HEIGHT: f32 = 20.0;
const EDGE_WIDTH: f32 = 7.0;
const HANDLE: f32 = 7.0;

/// What is dragged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grip {
    /// The clip, against the song before.
    Body,
    /// Its head.
    Head,
    /// Its tail.
    Tail,
    /// The end of its fade-in.
    FadeIn,
    /// The start of its fade-out.
    FadeOut,
}

/// A drag with what it began from.
#[derive(Debug, Clone)]
pub struct Drag {
    grip: Grip,
    song: SongId,
    origin: f32,
    was: Song,
    placed: PlacedSong,
    previous_end: Frames,
}

/// Draws every clip in sight and answers the pointer on them.
pub fn clips_ui(ui: &mut Ui, body: Rect, frame: &Frame, state: &mut TimelineState, out: &mut Outbox) {
    let t = theme();
    ui.painter_at(body).rect_filled(body, 0.0, t.ground);
    let background = ui.interact(body, ui.scope_id().with("timeline"), Sense::click());
    background.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Timeline"));
    if background.clicked()
        && let Some(pos) = background.interact_pointer_pos()
    {
        out.send(Command::Seek(cursor_at(frame, state, body, pos.x)));
    }
    let songs = frame.session.songs.iter().zip(&frame.timeline.songs).enumerate();
    let in_sight: Vec<_> = songs
        .map(|(index, (song, placed))| (index, song, placed, clip_rect(body, state, placed)))
        .filter(|(.., rect)| rect.right() >= body.left() - 20.0 && rect.left() <= body.right() + 20.0)
        .collect();
    // Grounds first, so that where two songs cross both waves and both curves are seen.
    for (_, song, _, rect) in &in_sight {
        ground_ui(ui, body, *rect, frame.selection.songs.contains(&song.id));
    }
    for &(index, song, placed, rect) in &in_sight {
        waves_ui(ui, body, below_header(rect), frame, index, song, placed, state);
    }
    for &(index, song, placed, rect) in &in_sight {
        clip_ui(ui, body, rect, frame, index, song, placed, state, out);
    }
    for index in 0..frame.session.songs.len() {
        gap_ui(ui, body, frame, index, state, out);
    }
    if state.drag.is_some() && !ui.input(|i| i.pointer.any_down()) {
        state.drag = None;
    }
}

fn clip_rect(body: Rect, state: &TimelineState, placed: &PlacedSong) -> Rect {
    let x = |f: Frames| state.view.ui_from_album(body, f.0 as f64);
    Rect::from_min_max(pos2(x(placed.start), body.top() + 4.0), pos2(x(placed.end), body.bottom() - 4.0))
}

fn cursor_at(frame: &Frame, state: &TimelineState, body: Rect, x: f32) -> Frames {
    let at = state.view.album_from_ui(body, x);
    snapped(at, frame.session.snap_to_cd_frames, frame.rate()).max(Frames::ZERO)
}

fn below_header(rect: Rect) -> Rect {
    Rect::from_min_max(pos2(rect.left(), rect.top() + HEADER_HEIGHT), rect.max)
}

fn ground_ui(ui: &Ui, body: Rect, rect: Rect, selected: bool) {
    let t = theme();
    let painter = ui.painter_at(body);
    painter.rect_filled(rect, 0.0, if selected { faded(t.selection, 0.75) } else { t.panel });
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER_HEIGHT));
    painter.rect_filled(header, 0.0, if selected { t.selection } else { t.panel_raised });
}

#[expect(clippy::too_many_arguments, reason = "one clip and everything it is drawn from")]
fn clip_ui(
    ui: &mut Ui,
    body: Rect,
    rect: Rect,
    frame: &Frame,
    index: usize,
    song: &Song,
    placed: &PlacedSong,
    state: &mut TimelineState,
    out: &mut Outbox,
) {
    let t = theme();
    let selected = frame.selection.songs.contains(&song.id);
    let painter = ui.painter_at(body);
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER_HEIGHT));
    let inner = below_header(rect);
    ghost_ui(ui, body, inner, frame, song, placed, state);
    fade_curves(&painter, inner, placed, state);
    let id = ui.scope_id().with(("clip", song.id.0));
    let response = ui.interact(rect.intersect(body), id, Sense::click_and_drag());
    let name = format!("Clip {} {}", index + 1, song.metadata.full_title());
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, selected, &name));
    body_pointer_ui(ui, &response, body, frame, song, placed, index, state, out);
    edges_ui(ui, body, rect, frame, song, placed, index, state, out);
    fades_ui(ui, body, inner, frame, song, placed, index, state, out);
    // Where the next song crosses in, its own header begins.
    let next = frame.timeline.songs.get(index + 1).map_or(placed.end, |n| n.start.max(placed.start));
    let end = state.view.ui_from_album(body, next.0 as f64);
    let header = header.with_max_x(header.right().min(end));
    header_ui(ui, body, header, index, song, out);
    painter.vline(rect.left(), rect.y_range(), Stroke::new(1.0, t.line_strong));
    painter.vline(rect.right(), rect.y_range(), Stroke::new(1.0, t.line_strong));
}

fn lanes(inner: Rect) -> [Rect; 2] {
    let middle = inner.center().y;
    let top = Rect::from_min_max(inner.min, pos2(inner.right(), middle)).shrink2(vec2(0.0, 3.0));
    let bottom = Rect::from_min_max(pos2(inner.left(), middle), inner.max).shrink2(vec2(0.0, 3.0));
    [top, bottom]
}

#[expect(clippy::too_many_arguments, reason = "one clip and everything it is drawn from")]
fn waves_ui(
    ui: &Ui,
    body: Rect,
    inner: Rect,
    frame: &Frame,
    index: usize,
    song: &Song,
    placed: &PlacedSong,
    state: &mut TimelineState,
) {
    let t = theme();
    let known = frame.song_state(song.id);
    let Some(picture) = known.and_then(|k| k.picture.as_ref()) else {
        return no_wave_ui(ui, inner.intersect(body), known.map(|k| &k.source));
    };
    let x = Rangef::new(inner.left().max(body.left()), inner.right().min(body.right()));
    let fpp = state.view.frames_per_point;
    let start = state.view.album_from_ui(body, x.min);
    let colours = if frame.selection.songs.contains(&song.id) {
        (t.wave_sel_peak, t.wave_sel_rms)
    } else {
        (t.wave_peak, t.wave_rms)
    };
    let area = WaveArea {
        song: song.id,
        picture,
        x,
        from_source: start - placed.start.0 as f64 + placed.source_start.0 as f64,
        frames_per_point: fpp,
        pixels_per_point: ui.pixels_per_point(),
        gain: gain_from_db(song.gain_db) as f32 * state.view.amplitude,
        fades: Some(placed),
        colours,
    };
    for (part, strength) in stretches(body, inner, frame, index, placed, state) {
        let painter = ui.painter_at(Rect::from_x_y_ranges(part, inner.y_range()).intersect(body));
        let area = WaveArea { colours: (faded(colours.0, strength), faded(colours.1, strength)), ..area };
        for (channel, lane) in lanes(inner).into_iter().enumerate() {
            wave_ui(&painter, lane, &area, channel, &mut state.waves);
        }
    }
}

/// The parts of a clip in sight with the strength they are drawn in: where two songs cross both are seen through.
fn stretches(
    body: Rect,
    inner: Rect,
    frame: &Frame,
    index: usize,
    placed: &PlacedSong,
    state: &TimelineState,
) -> Vec<(Rangef, f32)> {
    const CROSSING: f32 = 0.65;
    let songs = &frame.timeline.songs;
    let x = |f: Frames| state.view.ui_from_album(body, f.0 as f64);
    let before = index.checked_sub(1).and_then(|i| songs.get(i)).map_or(placed.start, |p| p.end);
    let after = songs.get(index + 1).map_or(placed.end, |n| n.start);
    let from = x(before.max(placed.start).min(placed.end)).max(inner.left());
    let to = x(after.min(placed.end).max(placed.start)).min(inner.right()).max(from);
    [(inner.left(), from, CROSSING), (from, to, 1.0), (to, inner.right(), CROSSING)]
        .into_iter()
        .filter(|(a, b, _)| b.min(body.right()) > a.max(body.left()))
        .map(|(a, b, strength)| (Rangef::new(a, b), strength))
        .collect()
}

fn no_wave_ui(ui: &Ui, rect: Rect, source: Option<&SourceState>) {
    let t = theme();
    let (text, colour) = match source {
        Some(SourceState::Failed(why)) => (why.clone(), t.error),
        Some(SourceState::Preparing(done)) => (format!("reading {:.0} %", done * 100.0), t.text_weak),
        _ => return,
    };
    let middle = Rect::from_center_size(rect.center(), vec2((rect.width() - 16.0).max(8.0), 16.0));
    elided(ui, middle, &text, t.small, colour);
}

/// What is trimmed away, while its edge is held.
fn ghost_ui(
    ui: &Ui,
    body: Rect,
    inner: Rect,
    frame: &Frame,
    song: &Song,
    placed: &PlacedSong,
    state: &mut TimelineState,
) {
    let Some(drag) = &state.drag else { return };
    if drag.song != song.id || !matches!(drag.grip, Grip::Head | Grip::Tail) {
        return;
    }
    let Some(picture) = frame.song_state(song.id).and_then(|k| k.picture.as_ref()) else { return };
    let fpp = state.view.frames_per_point;
    let x = match drag.grip {
        Grip::Head => Rangef::new(body.left(), inner.left()),
        _ => Rangef::new(inner.right(), body.right()),
    };
    if x.span() < 1.0 {
        return;
    }
    let whole = Rect::from_x_y_ranges(x, inner.y_range());
    let painter = ui.painter_at(whole.intersect(body));
    let start = state.view.album_from_ui(body, x.min);
    let ghost = theme().wave_ghost;
    let area = WaveArea {
        // Not kept: its own place in the cache would be overwritten by the clip's.
        song: SongId(u64::MAX),
        picture,
        x,
        from_source: start - placed.start.0 as f64 + placed.source_start.0 as f64,
        frames_per_point: fpp,
        pixels_per_point: ui.pixels_per_point(),
        gain: gain_from_db(song.gain_db) as f32 * state.view.amplitude,
        fades: None,
        colours: (ghost, ghost),
    };
    for (channel, lane) in lanes(whole).into_iter().enumerate() {
        wave_ui(&painter, lane, &area, channel, &mut state.waves);
    }
}

/// Gain of the fades over the height of the clip; where two songs overlap these are the curves of the crossfade.
fn fade_curves(painter: &egui::Painter, inner: Rect, placed: &PlacedSong, state: &TimelineState) {
    let t = theme();
    let stroke = Stroke::new(1.2, t.text);
    let y = |gain: f64| inner.bottom() - gain as f32 * inner.height();
    let points = |frames: Frames| (frames.0 as f64 / state.view.frames_per_point) as f32;
    for (frames, shape, tail) in
        [(placed.fade_in, placed.fade_in_shape, false), (placed.fade_out, placed.fade_out_shape, true)]
    {
        let width = points(frames);
        if width < 1.0 {
            continue;
        }
        let steps = (width / 3.0).clamp(8.0, 96.0) as usize;
        let line = (0..=steps)
            .map(|i| {
                let place = i as f64 / steps as f64;
                let x = place as f32 * width;
                let x = if tail { inner.right() - x } else { inner.left() + x };
                pos2(x, y(shape.gain_at(place)))
            })
            .collect();
        painter.add(Shape::line(line, stroke));
    }
}

#[expect(clippy::too_many_arguments, reason = "one clip and everything it is drawn from")]
fn body_pointer_ui(
    ui: &Ui,
    response: &Response,
    body: Rect,
    frame: &Frame,
    song: &Song,
    placed: &PlacedSong,
    index: usize,
    state: &mut TimelineState,
    out: &mut Outbox,
) {
    if response.clicked()
        && let Some(pos) = response.interact_pointer_pos()
    {
        out.send(Command::Select(selection_of(frame, clicked_songs(ui, frame, song.id))));
        out.send(Command::Seek(cursor_at(frame, state, body, pos.x)));
    }
    response.context_menu(|ui| clip_menu(ui, frame, out));
    if response.secondary_clicked() && !frame.selection.songs.contains(&song.id) {
        out.send(Command::Select(selection_of(frame, vec![song.id])));
    }
    drag_ui(ui, response, Grip::Body, frame, song, placed, index, state, out);
}

fn clicked_songs(ui: &Ui, frame: &Frame, song: SongId) -> Vec<SongId> {
    if !ui.input(|i| i.modifiers.command) {
        return vec![song];
    }
    let chosen = &frame.selection.songs;
    let keeps = |id: &SongId| chosen.contains(id) != (*id == song);
    frame.session.songs.iter().map(|s| s.id).filter(keeps).collect()
}

fn clip_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    for action in [
        Action::PlaySong,
        Action::PlayJoint,
        Action::ZoomSong,
        Action::Split,
        Action::TrimHead,
        Action::TrimTail,
        Action::Crossfade,
        Action::RemoveSong,
    ] {
        action_item(ui, action, frame, out);
    }
}

#[expect(clippy::too_many_arguments, reason = "one clip and everything it is drawn from")]
fn edges_ui(
    ui: &Ui,
    body: Rect,
    rect: Rect,
    frame: &Frame,
    song: &Song,
    placed: &PlacedSong,
    index: usize,
    state: &mut TimelineState,
    out: &mut Outbox,
) {
    if rect.width() < 4.0 * EDGE_WIDTH {
        return;
    }
    for (grip, x, name) in [(Grip::Head, rect.left(), "Head"), (Grip::Tail, rect.right(), "Tail")] {
        let range = match grip {
            Grip::Head => Rangef::new(x, x + EDGE_WIDTH),
            _ => Rangef::new(x - EDGE_WIDTH, x),
        };
        let edge = Rect::from_x_y_ranges(range, rect.y_range()).intersect(body);
        if edge.width() < 1.0 {
            continue;
        }
        let id = ui.scope_id().with(("edge", song.id.0, name));
        let response = ui.interact(edge, id, Sense::click_and_drag());
        response
            .widget_info(|| WidgetInfo::labeled(Role::Slider, true, format!("{name} of song {}", index + 1)));
        if response.hovered() || response.dragged() {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
            ui.painter_at(body).vline(x, rect.y_range(), Stroke::new(2.0, theme().focus));
        }
        drag_ui(ui, &response, grip, frame, song, placed, index, state, out);
    }
}

#[expect(clippy::too_many_arguments, reason = "one clip and everything it is drawn from")]
fn fades_ui(
    ui: &mut Ui,
    body: Rect,
    inner: Rect,
    frame: &Frame,
    song: &Song,
    placed: &PlacedSong,
    index: usize,
    state: &mut TimelineState,
    out: &mut Outbox,
) {
    let t = theme();
    if inner.width() < 90.0 {
        return;
    }
    let points = |frames: Frames| (frames.0 as f64 / state.view.frames_per_point) as f32;
    let x_in = inner.left() + points(placed.fade_in).max(HANDLE / 2.0);
    let x_out = inner.right() - points(placed.fade_out).max(HANDLE / 2.0);
    for (grip, x, name) in [(Grip::FadeIn, x_in, "Fade in"), (Grip::FadeOut, x_out, "Fade out")] {
        let square = Rect::from_center_size(pos2(x, inner.top() + HANDLE / 2.0), vec2(HANDLE, HANDLE));
        if !body.intersects(square) {
            continue;
        }
        let id = ui.scope_id().with(("fade", song.id.0, name));
        let response = ui.interact(square.expand(3.0), id, Sense::click_and_drag());
        response
            .widget_info(|| WidgetInfo::labeled(Role::Slider, true, format!("{name} of song {}", index + 1)));
        let hot = response.hovered() || response.dragged();
        ui.painter_at(body).rect_filled(square, 0.0, if hot { t.focus } else { t.text });
        if hot {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        response.context_menu(|ui| shape_menu(ui, grip, song, placed, out));
        let frames = if grip == Grip::FadeIn { placed.fade_in } else { placed.fade_out };
        let text = format!("{name} {:.3} s", frame.rate().seconds_from_frames(frames));
        drag_ui(ui, &response, grip, frame, song, placed, index, state, out);
        response.on_hover_text(text);
    }
}

fn shape_menu(ui: &mut Ui, grip: Grip, song: &Song, placed: &PlacedSong, out: &mut Outbox) {
    let fade = if grip == Grip::FadeIn { song.fade_in } else { song.fade_out };
    let crosses = grip == Grip::FadeIn && placed.fade_in > song.fade_in.frames;
    let now = if crosses { song.cross_shape } else { fade.shape };
    for shape in FadeShape::ALL {
        if ui.add(egui::Button::new(shape.label()).selected(shape == now)).clicked() {
            let fade = Fade { shape, ..fade };
            out.edit(match (grip, crosses) {
                (Grip::FadeIn, true) => Edit::SetCrossShape { song: song.id, shape },
                (Grip::FadeIn, false) => Edit::SetFadeIn { song: song.id, fade },
                _ => Edit::SetFadeOut { song: song.id, fade },
            });
            ui.close();
        }
    }
    ui.separator();
    if ui.button("No fade").clicked() {
        let fade = Fade { frames: Frames::ZERO, ..fade };
        out.edit(match grip {
            Grip::FadeIn => Edit::SetFadeIn { song: song.id, fade },
            _ => Edit::SetFadeOut { song: song.id, fade },
        });
        ui.close();
    }
}

/// Begins a drag, and sends what it means now.
#[expect(clippy::too_many_arguments, reason = "one clip and everything it is drawn from")]
fn drag_ui(
    ui: &Ui,
    response: &Response,
    grip: Grip,
    frame: &Frame,
    song: &Song,
    placed: &PlacedSong,
    index: usize,
    state: &mut TimelineState,
    out: &mut Outbox,
) {
    if response.drag_started_by(PointerButton::Primary) {
        let origin = ui.input(|i| i.pointer.press_origin()).map_or(0.0, |p| p.x);
        let previous_end =
            index.checked_sub(1).and_then(|i| frame.timeline.songs.get(i)).map_or(Frames::ZERO, |p| p.end);
        state.drag =
            Some(Drag { grip, song: song.id, origin, was: song.clone(), placed: *placed, previous_end });
        if !frame.selection.songs.contains(&song.id) {
            out.send(Command::Select(selection_of(frame, vec![song.id])));
        }
    }
    if !response.dragged_by(PointerButton::Primary) {
        return;
    }
    let (Some(drag), Some(pos)) = (&state.drag, response.interact_pointer_pos()) else { return };
    if drag.song != song.id || drag.grip != grip {
        return;
    }
    let by = f64::from(pos.x - drag.origin) * state.view.frames_per_point;
    out.edit_by(response, edit_of(drag, by, frame));
    response.show_tooltip_text(drag_text(drag, index, song, placed, frame));
}

/// What a drag has brought about so far.
fn drag_text(drag: &Drag, index: usize, song: &Song, placed: &PlacedSong, frame: &Frame) -> String {
    let seconds = |f: Frames| format!("{:.3} s", frame.rate().seconds_from_frames(f));
    let gap = placed.start - drag.previous_end;
    match drag.grip {
        Grip::Body if gap < Frames::ZERO => format!("overlap {}", seconds(-gap)),
        Grip::Body if index == 0 => format!("pause {}", seconds(gap)),
        Grip::Body => format!("gap {}", seconds(gap)),
        Grip::Head => format!("{} of the file cut off", seconds(song.trim_start)),
        Grip::Tail => {
            let rest = song.source.frames_at(frame.rate()) - song.trim_end;
            format!("{} of the file cut off", seconds(rest))
        }
        Grip::FadeIn => format!("fade in {}", seconds(placed.fade_in)),
        Grip::FadeOut => format!("fade out {}", seconds(placed.fade_out)),
    }
}

/// What a drag by so many frames does.
fn edit_of(drag: &Drag, by: f64, frame: &Frame) -> Edit {
    let snap = frame.session.snap_to_cd_frames;
    let rate = frame.rate();
    let to_grid = |pos_album: f64| snapped(pos_album, snap, rate);
    let song = drag.song;
    let was = &drag.was;
    match drag.grip {
        Grip::Body => {
            let start = to_grid(drag.placed.start.0 as f64 + by);
            Edit::SetGap { song, gap: start - drag.previous_end }
        }
        Grip::Head => {
            let moved = to_grid(drag.placed.start.0 as f64 + by) - drag.placed.start;
            Edit::SetTrimStart { song, pos_source: was.trim_start + moved }
        }
        Grip::Tail => {
            let moved = to_grid(drag.placed.end.0 as f64 + by) - drag.placed.end;
            Edit::SetTrimEnd { song, pos_source: was.trim_end + moved }
        }
        Grip::FadeIn => {
            let frames = Frames((drag.placed.fade_in.0 as f64 + by).max(0.0).round() as i64);
            Edit::SetFadeIn { song, fade: Fade { frames, ..was.fade_in } }
        }
        Grip::FadeOut => {
            let frames = Frames((drag.placed.fade_out.0 as f64 - by).max(0.0).round() as i64);
            Edit::SetFadeOut { song, fade: Fade { frames, ..was.fade_out } }
        }
    }
}

fn header_ui(ui: &mut Ui, body: Rect, header: Rect, index: usize, song: &Song, out: &mut Outbox) {
    let t = theme();
    let shown = header.intersect(body);
    if shown.width() < 24.0 {
        return;
    }
    let title = format!("{}  {}", index + 1, song.metadata.full_title());
    let width = ui.painter().layout_no_wrap(title.clone(), t.font(t.body), t.text).size().x;
    let text = Rect::from_min_max(shown.min + vec2(6.0, 0.0), shown.max - vec2(4.0, 0.0));
    elided(ui, text, &title, t.body, t.text);
    let mut left = text.left() + width + 16.0;
    for (label, value, level) in [("gain", song.gain_db, false), ("level", song.level_db, true)] {
        let rect = Rect::from_min_size(pos2(left, header.top() + 1.0), vec2(94.0, HEADER_HEIGHT - 2.0));
        if rect.right() > shown.right() - 8.0 {
            break;
        }
        left = rect.right() + 8.0;
        let name = format!("Song {} {label}", index + 1);
        let spec = NumberSpec::new(&name, "dB", -60.0, 24.0).decimals(1).signed();
        let number = Rect::from_min_max(rect.min + vec2(32.0, 0.0), rect.max);
        let id = ui.scope_id().with((label, song.id.0));
        let (change, typing) = number_input(ui, rect, number, id, &spec, value);
        let hot = change.response.hovered() || change.response.dragged() || change.response.has_focus();
        if !typing {
            let colour = if hot { t.text } else { t.text_weak };
            let shown = format!("{label} {}", spec.text(change.value.unwrap_or(value)));
            ui.painter_at(body).text(rect.left_center(), Align2::LEFT_CENTER, shown, t.font(t.small), colour);
        }
        if hot {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeVertical);
        }
        if let Some(db) = change.value {
            let edit = match level {
                false => Edit::SetGain { song: song.id, gain_db: db },
                true => Edit::SetLevel { song: song.id, level_db: db },
            };
            out.edit_by(&change.response, edit);
        }
    }
}

/// The silence before a song, with its length; double-click types it.
fn gap_ui(ui: &mut Ui, body: Rect, frame: &Frame, index: usize, state: &mut TimelineState, out: &mut Outbox) {
    let t = theme();
    let (Some(song), Some(placed)) = (frame.session.songs.get(index), frame.timeline.songs.get(index)) else {
        return;
    };
    let end = index.checked_sub(1).and_then(|i| frame.timeline.songs.get(i)).map_or(Frames::ZERO, |p| p.end);
    let x = |f: Frames| state.view.ui_from_album(body, f.0 as f64);
    let region = Rect::from_x_y_ranges(Rangef::new(x(end), x(placed.start)), body.y_range()).intersect(body);
    let typing = matches!(&state.typing, Some((id, _)) if *id == song.id);
    if (region.width() < 12.0 || placed.start <= end) && !typing {
        return;
    }
    let id = ui.scope_id().with(("gap", song.id.0));
    let response = ui.interact(region, id, Sense::click());
    let word = if index == 0 { "pause" } else { "gap" };
    let text = format!("{word} {:.3} s", frame.rate().seconds_from_frames(placed.start - end));
    let label = format!("Gap before song {}", index + 1);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label.clone()));
    if typing {
        return gap_field_ui(ui, region, frame, song, &label, state, out);
    }
    let colour = if response.hovered() { t.text } else { t.text_weak };
    gap_text(ui, region, &text, colour);
    if response.double_clicked() {
        state.typing = Some((song.id, format!("{:.3}", frame.rate().seconds_from_frames(song.gap))));
    } else if response.clicked()
        && let Some(pos) = response.interact_pointer_pos()
    {
        out.send(Command::Seek(cursor_at(frame, state, body, pos.x)));
    }
}

fn gap_text(ui: &Ui, region: Rect, text: &str, colour: Color32) {
    let t = theme();
    let galley = ui.painter().layout_no_wrap(text.to_owned(), t.font(t.small), colour);
    let painter = ui.painter_at(region);
    let size = galley.size();
    if size.x + 8.0 <= region.width() {
        painter.galley(region.center() - size / 2.0, galley, colour);
    } else {
        let at = pos2(region.center().x - size.y / 2.0, region.center().y + size.x / 2.0);
        let shape = egui::epaint::TextShape::new(at, galley, colour).with_angle(-std::f32::consts::FRAC_PI_2);
        painter.add(shape);
    }
}

fn gap_field_ui(
    ui: &mut Ui,
    region: Rect,
    frame: &Frame,
    song: &Song,
    label: &str,
    state: &mut TimelineState,
    out: &mut Outbox,
) {
    let Some((_, text)) = &mut state.typing else { return };
    let rect = Rect::from_center_size(region.center(), vec2(72.0, 20.0));
    let id = ui.scope_id().with(("gap_field", song.id.0));
    let (_, outcome) = edit_field(ui, rect, id, label, text, Align::Center);
    if outcome == TextOutcome::Open {
        return;
    }
    let typed = seconds_from(text);
    state.typing = None;
    if let (Some(seconds), true) = (typed, outcome != TextOutcome::Dropped) {
        out.edit(Edit::SetGap { song: song.id, gap: frame.rate().frames_from_seconds(seconds) });
    }
}
