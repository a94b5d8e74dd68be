//! The album strip: the whole record to scale, gaps dark, with a handle for the part the timeline shows.

use egui::{Align2, Painter, Rangef, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2};

use crate::app::Frame;
use crate::app::frame::WaveColumn;
use crate::gui::outbox::Outbox;
use crate::gui::panels::timeline::{TimelineState, album_frames};
use crate::gui::theme::{faded, theme};
use crate::model::PlacedSong;

/// Draws the strip; dragging the handle or its edges moves the timeline's view.
pub fn album_strip_ui(ui: &mut Ui, frame: &Frame, state: &mut TimelineState, _out: &mut Outbox) {
    let t = theme();
    let rect = ui.max_rect();
    let (_, response) = ui.allocate_exact_size(rect.size(), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::ScrollBar, true, "Album overview"));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, t.ground);
    painter.hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
    if frame.session.songs.is_empty() {
        return;
    }
    let strip = rect.shrink2(egui::vec2(1.0, 3.0));
    let frames_per_point = album_frames(frame) / f64::from(strip.width());
    for (index, placed) in frame.timeline.songs.iter().enumerate() {
        song_block(&painter, strip, frame, index, placed, frames_per_point, state);
    }
    let head = if frame.transport.playing { frame.transport.position } else { frame.transport.cursor };
    let x = strip.left() + (head.0 as f64 / frames_per_point) as f32;
    painter.vline(x, rect.y_range(), Stroke::new(1.0, t.playhead));
    handle_ui(ui, &painter, strip, &response, frame, state, frames_per_point);
}

fn song_block(
    painter: &Painter,
    strip: Rect,
    frame: &Frame,
    index: usize,
    placed: &PlacedSong,
    fpp: f64,
    state: &mut TimelineState,
) {
    let t = theme();
    let x = |f: i64| strip.left() + (f as f64 / fpp) as f32;
    let block =
        Rect::from_min_max(pos2(x(placed.start.0), strip.top()), pos2(x(placed.end.0), strip.bottom()));
    let selected = frame.selection.songs.contains(&placed.id);
    painter.rect_filled(block, 0.0, if selected { t.selection } else { t.panel });
    painter.vline(block.left(), block.y_range(), t.hairline());
    let pixels = block.width().floor() as usize;
    if let Some(picture) = frame.song_state(placed.id).and_then(|s| s.picture.as_ref()) {
        let columns = state.strip_columns(placed.id, picture, placed.source_start.0 as f64, fpp, pixels);
        let colour = if selected { t.wave_sel_peak } else { t.line_strong };
        small_wave(painter, block, columns, colour);
    }
    let number = (index + 1).to_string();
    if block.width() > 12.0 {
        let at = pos2(block.left() + 4.0, block.top() + 1.0);
        let painter = painter.with_clip_rect(block.intersect(painter.clip_rect()));
        painter.text(at, Align2::LEFT_TOP, number, t.font(t.small), t.text);
    }
}

fn small_wave(painter: &Painter, block: Rect, columns: &[WaveColumn], colour: egui::Color32) {
    let half = block.height() / 2.0;
    let mut mesh = egui::Mesh::default();
    for (i, column) in columns.iter().enumerate() {
        let x = block.left() + i as f32;
        let y = Rangef::new(
            block.center().y - column.max.clamp(0.0, 1.0) * half,
            block.center().y - column.min.clamp(-1.0, 0.0) * half,
        );
        mesh.add_colored_rect(Rect::from_min_max(pos2(x, y.min), pos2(x + 1.0, y.max)), colour);
    }
    painter.add(egui::Shape::mesh(mesh));
}

fn handle_ui(
    ui: &Ui,
    painter: &Painter,
    strip: Rect,
    response: &egui::Response,
    frame: &Frame,
    state: &mut TimelineState,
    frames_per_point: f64,
) {
    let t = theme();
    let shown = f64::from(state.timeline_width()) * state.view.frames_per_point;
    let x =
        |album: f64| (strip.left() + (album / frames_per_point) as f32).clamp(strip.left(), strip.right());
    let handle = Rect::from_min_max(
        pos2(x(state.view.left_album), strip.top() - 1.0),
        pos2(x(state.view.left_album + shown), strip.bottom() + 1.0),
    );
    painter.rect(handle, 0.0, faded(t.text, 0.06), Stroke::new(1.0, t.text_weak), StrokeKind::Inside);
    let near = |pos: f32, edge: f32| (pos - edge).abs() < 5.0;
    if let Some(pos) = response.hover_pos()
        && (near(pos.x, handle.left()) || near(pos.x, handle.right()))
    {
        ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
    }
    if response.drag_started()
        && let Some(origin) = ui.input(|i| i.pointer.press_origin())
    {
        let grip = match origin.x {
            p if near(p, handle.left()) => Grip::Left,
            p if near(p, handle.right()) => Grip::Right,
            p if handle.x_range().contains(p) => Grip::Middle,
            _ => Grip::None,
        };
        ui.data_mut(|d| d.insert_temp(response.id, grip));
    }
    let dx = f64::from(response.drag_delta().x) * frames_per_point;
    if response.dragged() && dx.abs() > 0.0 {
        let grip = ui.data(|d| d.get_temp::<Grip>(response.id)).unwrap_or(Grip::None);
        state.move_view(grip, dx, album_frames(frame));
    }
    if (response.clicked() || response.drag_started())
        && let Some(pos) = response.interact_pointer_pos()
        && !handle.x_range().contains(pos.x)
    {
        let centre = f64::from(pos.x - strip.left()) * frames_per_point;
        state.view.left_album = centre - shown / 2.0;
    }
}

/// What of the handle is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grip {
    /// Nothing.
    None,
    /// All of it.
    Middle,
    /// Its left edge.
    Left,
    /// Its right edge.
    Right,
}
