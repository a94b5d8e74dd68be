//! Loudness over the album by place (S as a line, M soft behind it), with songs, mean and target; or of the last minutes.
//! A click goes there; wheel, Shift+wheel and middle drag move the view as in the timeline.
//!
//! The album's map is walked only when it or the view changed, once for all pixels.

use std::sync::Arc;

use egui::{Align2, Color32, Mesh, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::parts::{
    LoudnessAxis, choices, heading_menu, loudness_menu, loudness_text, set_loudness, unit_word,
};
use super::{MeterPanels, speak};
use crate::app::Command;
use crate::app::frame::Frame;
use crate::app::frame::LoudnessMap;
use crate::app::meter_settings::LoudnessSettings;
use crate::gui::outbox::Outbox;
use crate::gui::panels::timeline::view::{View, ruler_step_s};
use crate::gui::panels::timeline::{album_frames, hands_move_view};
use crate::gui::theme::{Theme, faded, theme};
use crate::units::{Frames, ms_from_seconds};

/// Room of the scale at the left, points.
const SCALE: f32 = 30.0;
/// Room of the titles above and of the times below, points.
const TITLES: f32 = 15.0;
/// Values of the running history in a second.
const RUNNING_PER_SECOND: f32 = 10.0;

/// What is only visual in the history.
#[derive(Debug, Default)]
pub struct HistoryState {
    view: View,
    /// Length of the album the view was made for.
    seen: Frames,
    drawn: Option<Drawn>,
}

/// The part of the map in sight, one column for a point.
#[derive(Debug)]
struct Drawn {
    map: Arc<LoudnessMap>,
    changes: u64,
    view: View,
    width: f32,
    columns: Vec<Column>,
}

/// What was measured under a point of the width. A range without a value has its low end above its high one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Column {
    short_term: (f32, f32),
    momentary: (f32, f32),
    is_heard: bool,
    is_stale: bool,
}

const NOTHING: (f32, f32) = (f32::INFINITY, f32::NEG_INFINITY);

fn widen(range: (f32, f32), value: f32) -> (f32, f32) {
    if value.is_nan() { range } else { (range.0.min(value), range.1.max(value)) }
}

/// The columns of a view of the map: under each point the smallest and largest values of its cells.
fn columns_of(map: &LoudnessMap, view: &View, width: f32) -> Vec<Column> {
    let cell_at = |x: f64| map.index_at(Frames((view.left_album + x * view.frames_per_point) as i64));
    let count = width.max(0.0).ceil() as usize;
    let mut columns = Vec::with_capacity(count);
    for x in 0..count {
        let outside = view.left_album + (x as f64 + 1.0) * view.frames_per_point <= 0.0;
        let first = cell_at(x as f64);
        let last = cell_at(x as f64 + 1.0).max(first + 1).min(map.cells());
        let mut column = Column { short_term: NOTHING, momentary: NOTHING, is_heard: false, is_stale: false };
        let cells = if outside { 0..0 } else { first..last };
        for cell in cells.filter_map(|i| map.cell(i)) {
            column.short_term = widen(column.short_term, cell.short_term_lufs);
            column.momentary = widen(column.momentary, cell.momentary_lufs);
            column.is_heard = true;
            column.is_stale |= cell.is_stale;
        }
        columns.push(column);
    }
    columns
}

/// The panel, into all the room there is.
pub fn history_ui(ui: &mut Ui, frame: &Frame, panels: &mut MeterPanels, out: &mut Outbox) {
    let settings = &frame.meter_settings.loudness;
    let remark = match settings.running_history {
        true => "the last minutes".to_owned(),
        false => format!("album by place, {}", unit_word(settings)),
    };
    heading_menu(ui, "History", &remark, |ui| {
        let ways = [(false, "Album by place"), (true, "Last minutes")];
        if let Some(running) = choices(ui, settings.running_history, &ways) {
            set_loudness(frame, out, |l| l.running_history = running);
        }
        loudness_menu(ui, frame, out);
    });
    let (rect, response) = ui.allocate_exact_size(ui.available_size().max(vec2(80.0, 40.0)), Sense::click());
    let plot = Rect::from_min_max(rect.min + vec2(SCALE, TITLES), rect.max - vec2(0.0, TITLES));
    let axis = LoudnessAxis::new(settings);
    let t = theme();
    ui.painter().rect_filled(plot, 2.0, t.ground);
    axis.marks_ui(ui.painter(), t, plot, plot.left() - 5.0, 22.0);
    let painter = ui.painter_at(plot);
    axis.grid_ui(&painter, t, plot, 22.0);
    axis.target_ui(&painter, t, plot, settings);
    if settings.running_history {
        speak(ui, &response, Role::Canvas, || spoken_running(settings, frame));
        running_ui(ui, t, plot, frame, &axis);
        return;
    }
    speak(ui, &response, Role::Canvas, || spoken(settings, frame));
    album_ui(ui, t, plot, frame, &axis, &mut panels.history);
    if let Some(pos) = response.interact_pointer_pos().filter(|p| response.clicked() && plot.contains(*p)) {
        let to = panels.history.view.album_from_ui(plot, pos.x);
        out.send(Command::Seek(Frames(to.max(0.0) as i64).min(frame.timeline.end)));
    }
    response.on_hover_text("Short-term as a line, momentary soft behind it. Click to go there.");
}

fn spoken(settings: &LoudnessSettings, frame: &Frame) -> String {
    let album = &frame.meters.loudness.album;
    format!(
        "Loudness history of the album: mean {} {}, {} of {} measured",
        loudness_text(settings, album.integrated_lufs),
        unit_word(settings),
        ms_from_seconds(album.measured_s),
        ms_from_seconds(album.length_s),
    )
}

fn spoken_running(settings: &LoudnessSettings, frame: &Frame) -> String {
    let now = loudness_text(settings, frame.meters.loudness.short_term_lufs);
    format!("Loudness history of the last minutes: short-term {now} {}", unit_word(settings))
}

fn album_ui(ui: &Ui, t: &Theme, plot: Rect, frame: &Frame, axis: &LoudnessAxis, state: &mut HistoryState) {
    let album = album_frames(frame);
    if state.seen != frame.timeline.end {
        state.seen = frame.timeline.end;
        state.view.show(plot.width(), 0.0, album, 0.01);
    }
    hands_move_view(ui, plot, album, &mut state.view);
    let view = state.view;
    songs_ui(ui, t, plot, frame, &view);
    let painter = ui.painter_at(plot);
    let columns = state.columns(frame, plot.width());
    hatch_ui(&painter, t, plot, columns);
    let soft = columns.iter().map(|c| c.momentary);
    fill_ui(&painter, plot, axis, soft, faded(t.master, 0.18));
    let line = columns.iter().map(|c| c.short_term);
    line_ui(&painter, plot, axis, line, t.master);
    if columns.iter().all(|c| !c.is_heard) {
        let words = "Nothing was heard yet. What plays is drawn here, by its place on the album.";
        painter.text(plot.center(), Align2::CENTER_CENTER, words, t.font(t.small), t.text_weak);
    }
    if let Some(mean) = frame.meters.loudness.album.integrated_lufs {
        let y = axis.y(plot, mean);
        painter.hline(plot.x_range(), y, Stroke::new(1.0, faded(t.text, 0.6)));
        let text = format!("album {}", loudness_text(&frame.meter_settings.loudness, Some(mean)));
        let at = pos2(plot.right() - 4.0, y - 1.0);
        painter.text(at, Align2::RIGHT_BOTTOM, text, t.font(t.small), t.text);
    }
    let head = if frame.transport.playing { frame.transport.position } else { frame.transport.cursor };
    let x = view.ui_from_album(plot, head.0 as f64);
    painter.vline(x, plot.y_range(), Stroke::new(1.0, t.playhead));
}

impl HistoryState {
    /// The columns in sight; made anew only when the map or the view changed.
    fn columns(&mut self, frame: &Frame, width: f32) -> &[Column] {
        let map = &frame.loudness_map;
        let changes = map.changes();
        let fits = |d: &Drawn| {
            Arc::ptr_eq(&d.map, map)
                && d.changes == changes
                && d.view == self.view
                && (d.width - width).abs() < 0.01
        };
        if !self.drawn.as_ref().is_some_and(fits) {
            let columns = columns_of(map, &self.view, width);
            self.drawn = Some(Drawn { map: Arc::clone(map), changes, view: self.view, width, columns });
        }
        self.drawn.as_ref().map_or(&[], |d| &d.columns)
    }
}

/// Song borders and titles above, times below.
fn songs_ui(ui: &Ui, t: &Theme, plot: Rect, frame: &Frame, view: &View) {
    let outer = plot.expand2(vec2(0.0, TITLES));
    let painter = ui.painter_at(outer.expand2(vec2(14.0, 0.0)));
    for (index, placed) in frame.timeline.songs.iter().enumerate() {
        let x = view.ui_from_album(plot, placed.start.0 as f64);
        let end = view.ui_from_album(plot, placed.end.0 as f64);
        for (x, strength) in [(x, 1.0), (end, 0.6)] {
            if plot.x_range().contains(x) {
                painter.vline(x, plot.y_range(), Stroke::new(1.0, faded(t.line, strength)));
            }
        }
        let left = x.max(plot.left());
        if end - left < 12.0 || left > plot.right() {
            continue;
        }
        let title = frame.session.songs.get(index).map_or("", |s| s.metadata.title.as_str());
        let text = format!("{} {title}", index + 1);
        let room = Rect::from_min_max(pos2(left, outer.top()), pos2(end - 2.0, plot.top()));
        let painter = painter.with_clip_rect(room.intersect(painter.clip_rect()));
        painter.text(pos2(left + 1.0, outer.top()), Align2::LEFT_TOP, text, t.font(t.small), t.text_weak);
    }
    let step = ruler_step_s(view, frame.rate(), 64.0);
    let per_second = frame.rate().hz();
    let first = (view.left_album.max(0.0) / per_second / step).ceil() as i64;
    let last = (view.right_album(plot) / per_second / step).floor() as i64;
    for i in first..=last.min(first + 200) {
        let at_s = i as f64 * step;
        let x = view.ui_from_album(plot, at_s * per_second);
        let at = pos2(x.max(plot.left()), outer.bottom());
        painter.text(at, Align2::CENTER_BOTTOM, ms_from_seconds(at_s), t.font(t.small), t.text_weak);
    }
}

/// Hatches what was heard before an edit.
fn hatch_ui(painter: &Painter, t: &Theme, plot: Rect, columns: &[Column]) {
    let mut x = 0;
    while x < columns.len() {
        let run = columns[x..].iter().take_while(|c| c.is_stale).count();
        if run > 0 {
            let from = plot.left() + x as f32;
            let rect = Rect::from_x_y_ranges(from..=from + run as f32, plot.y_range());
            hatched(painter, rect, Stroke::new(1.0, faded(t.text_weak, 0.5)));
        }
        x += run.max(1);
    }
}

/// Slanted lines over a rectangle, on one grid for all rectangles.
fn hatched(painter: &Painter, rect: Rect, stroke: Stroke) {
    const STEP: f32 = 8.0;
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let mut x = ((rect.left() - rect.height()) / STEP).floor() * STEP;
    while x < rect.right() {
        painter.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], stroke);
        x += STEP;
    }
}

/// A line through the middles of the columns, and behind it their whole ranges; broken where there is nothing.
fn line_ui(
    painter: &Painter,
    plot: Rect,
    axis: &LoudnessAxis,
    ranges: impl Iterator<Item = (f32, f32)>,
    colour: Color32,
) {
    let mut mesh = Mesh::default();
    let mut line: Vec<Pos2> = Vec::new();
    let flush = |line: &mut Vec<Pos2>| {
        if line.len() > 1 {
            painter.line(std::mem::take(line), Stroke::new(1.4, colour));
        }
        line.clear();
    };
    for (i, (low, high)) in ranges.enumerate() {
        if high < low || high == f32::NEG_INFINITY {
            flush(&mut line);
            continue;
        }
        let (top, bottom) = (axis.y(plot, f64::from(high)), axis.y(plot, f64::from(low)));
        let x = plot.left() + i as f32;
        if bottom - top > 1.4 {
            mesh.add_colored_rect(Rect::from_min_max(pos2(x, top), pos2(x + 1.0, bottom)), colour);
        }
        line.push(pos2(x + 0.5, (top + bottom) / 2.0));
    }
    flush(&mut line);
    painter.add(Shape::mesh(mesh));
}

/// Columns from their highest values down to the bottom.
fn fill_ui(
    painter: &Painter,
    plot: Rect,
    axis: &LoudnessAxis,
    ranges: impl Iterator<Item = (f32, f32)>,
    colour: Color32,
) {
    let mut mesh = Mesh::default();
    for (i, (_, high)) in ranges.enumerate().filter(|(_, (_, high))| *high > f32::NEG_INFINITY) {
        let x = plot.left() + i as f32;
        let top = axis.y(plot, f64::from(high));
        mesh.add_colored_rect(Rect::from_min_max(pos2(x, top), pos2(x + 1.0, plot.bottom())), colour);
    }
    painter.add(Shape::mesh(mesh));
}

/// Short-term loudness of the last minutes, newest at the right.
pub(super) fn running_ui(ui: &Ui, t: &Theme, plot: Rect, frame: &Frame, axis: &LoudnessAxis) {
    let values = &frame.meters.loudness.short_term_history;
    let seconds = 300.0f32;
    let per_point = seconds * RUNNING_PER_SECOND / plot.width().max(1.0);
    let painter = ui.painter_at(plot.expand2(vec2(0.0, TITLES)));
    for minute in 0..=5 {
        let x = plot.right() - plot.width() * minute as f32 * 60.0 / seconds;
        painter.vline(x, plot.y_range(), t.hairline());
        let (text, align) = match minute {
            0 => ("now".to_owned(), Align2::RIGHT_BOTTOM),
            5 => ("−5 min".to_owned(), Align2::LEFT_BOTTOM),
            _ => (format!("−{minute}"), Align2::CENTER_BOTTOM),
        };
        painter.text(pos2(x, plot.bottom() + TITLES), align, text, t.font(t.small), t.text_weak);
    }
    let range = |x: usize| {
        // Ages in values, from the newest back.
        let right = (plot.width() - x as f32 - 1.0).max(0.0) * per_point;
        let newest = values.len() as f32 - right;
        let from = (newest - per_point).floor().max(0.0) as usize;
        let to = (newest.max(0.0).ceil() as usize).min(values.len());
        values.get(from..to).unwrap_or_default().iter().fold(NOTHING, |r, v| widen(r, *v))
    };
    let columns = (0..plot.width().ceil() as usize).map(range);
    line_ui(&painter.with_clip_rect(plot), plot, axis, columns, t.master);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::frame::MapCell;
    use crate::units::SampleRate;

    fn cell(short_term_lufs: f32, is_stale: bool) -> MapCell {
        MapCell { momentary_lufs: short_term_lufs + 2.0, short_term_lufs, true_peak_dbtp: -1.0, is_stale }
    }

    #[test]
    fn a_column_holds_the_extremes_of_its_cells() {
        let map = LoudnessMap::new(SampleRate(48_000), Frames(480_000));
        (0..50).for_each(|i| map.write(i, cell(-20.0 - i as f32 * 0.1, false)));
        map.write(31, cell(-3.0, false));
        map.mark_stale(40..45);
        // Ten cells a point.
        let view = View { left_album: 0.0, frames_per_point: 48_000.0, amplitude: 1.0 };
        let columns = columns_of(&map, &view, 10.0);
        assert_eq!(columns.len(), 10);
        assert_eq!(columns[0].short_term, (-20.9, -20.0));
        assert_eq!(columns[3].short_term, (-23.9, -3.0));
        assert_eq!(columns[3].momentary.1, -1.0);
        let flags: Vec<_> = columns.iter().map(|c| (c.is_heard, c.is_stale)).collect();
        assert_eq!(flags[3..6], [(true, false), (true, true), (false, false)]);
        // Closer than a cell: its value under every point.
        let near = View { left_album: 31.0 * 4800.0, frames_per_point: 1200.0, amplitude: 1.0 };
        let columns = columns_of(&map, &near, 4.0);
        assert!(columns.iter().all(|c| c.short_term == (-3.0, -3.0)), "{columns:?}");
    }

    #[test]
    fn the_map_is_walked_only_when_something_changed() {
        let session = crate::model::Session::new(SampleRate(48_000));
        let mut frame = Frame::still(Arc::new(session));
        let map = Arc::new(LoudnessMap::new(SampleRate(48_000), Frames(480_000)));
        frame.loudness_map = Arc::clone(&map);
        let mut state = HistoryState::default();
        let first = state.columns(&frame, 100.0).as_ptr();
        assert_eq!(state.columns(&frame, 100.0).as_ptr(), first);
        map.write(0, cell(-9.0, false));
        assert!(state.columns(&frame, 100.0)[0].is_heard);
        state.view.left_album = 9600.0;
        assert!(!state.columns(&frame, 100.0)[0].is_heard);
    }
}
