//! The song list: the running order as a table, edited in place, reordered by dragging.
//!
//! Double-click a title or a gap to type; Enter keeps, Escape drops, Tab goes on. Dragging a row shows the place with a
//! line. Selecting here selects in the timeline.

use egui::{Align, Align2, Color32, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::frame::{RowState, Selection, SongState, SourceState};
use crate::app::{Action, Command, Frame};
use crate::edit::{Edit, SongField};
use crate::gui::outbox::{Outbox, Wish};
use crate::gui::panels::menu::action_item;
use crate::gui::panels::slot_drag;
use crate::gui::theme::theme;
use crate::gui::widgets::figures::{plain, plain_reading};
use crate::gui::widgets::icons::{Icon, paint};
use crate::gui::widgets::text::{TextOutcome, edit_field, elided};
use crate::model::{ChainRef, PlacedSong, Severity, Song, SongId};
use crate::units::{Frames, SampleRate, ms_from_seconds};

const HEAD_HEIGHT: f32 = 26.0;
const ROW_HEIGHT: f32 = 24.0;
const FAULT_HEIGHT: f32 = 26.0;

const LUFS_ABOUT: &str = "Integrated loudness of the file as delivered, before gain and chain";

/// A column that can be edited in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Title.
    Title,
    /// Gap before the song, seconds.
    Gap,
}

/// What is only visual in the song list.
#[derive(Debug, Default)]
pub struct SongListState {
    editing: Option<(SongId, Column, String)>,
    /// Where a range selection began.
    anchor: Option<SongId>,
    dragging: Option<SongId>,
    /// First selected song last time, to bring a newly selected one into sight.
    seen: Option<SongId>,
    /// Place files would be dropped at, while they hover here.
    pub insertion: Option<usize>,
}

/// Left and right edges of the columns.
struct Columns {
    number: Rect,
    title: Rect,
    start: Rect,
    length: Rect,
    gap: Rect,
    lufs: Rect,
    peak: Rect,
    /// Loudness and true peak of the master, where it is measured.
    master: Option<(Rect, Rect)>,
    state: Rect,
}

impl Columns {
    /// `with_master` gives room to the figures of the master: in a narrow list the start steps back for them.
    fn of(row: Rect, with_master: bool) -> Self {
        let mut right = row.right() - 6.0;
        let mut take = |width: f32| {
            right -= width;
            Rect::from_min_max(pos2(right, row.top()), pos2(right + width - 4.0, row.bottom()))
        };
        let state = take(20.0);
        let master = with_master.then(|| {
            let peak = take(40.0);
            (take(42.0), peak)
        });
        let peak = take(40.0);
        let lufs = take(44.0);
        let gap = take(48.0);
        let length = take(44.0);
        let start = take(if with_master && row.width() < 430.0 { 0.0 } else { 44.0 });
        let number = Rect::from_min_max(row.min, pos2(row.left() + 26.0, row.bottom()));
        let title =
            Rect::from_min_max(pos2(number.right() + 8.0, row.top()), pos2(start.left() - 4.0, row.bottom()));
        Self { number, title, start, length, gap, lufs, peak, master, state }
    }
}

/// Draws the list into all of `ui`.
pub fn song_list_ui(ui: &mut Ui, frame: &Frame, state: &mut SongListState, out: &mut Outbox) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD_HEIGHT), Sense::hover());
    head_ui(ui, head, frame.album.watched);
    state.insertion = None;
    if frame.session.songs.is_empty() {
        return empty_ui(ui, out);
    }
    let first = frame.selection.songs.first().copied();
    let newly = first.filter(|id| state.seen.replace(*id) != Some(*id));
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let mut rows = Vec::with_capacity(frame.session.songs.len());
        for (index, song) in frame.session.songs.iter().enumerate() {
            let row = row_ui(ui, frame, index, song, state, out);
            if newly == Some(song.id) {
                ui.scroll_to_rect(row.0, None);
            }
            rows.push(row);
        }
        total_ui(ui, frame);
        reorder_ui(ui, frame, &rows, state, out);
        let rest = ui.allocate_response(ui.available_size().max(vec2(10.0, 8.0)), Sense::click());
        if rest.clicked() {
            out.send(Command::Select(Selection { songs: Vec::new(), ..frame.selection.clone() }));
        }
    });
}

fn head_ui(ui: &Ui, rect: Rect, with_master: bool) {
    let c = Columns::of(rect, with_master);
    cell(ui, c.number, "#", true);
    elided(ui, c.title, "Title", theme().small, theme().text_weak);
    let heads = [
        (c.start, "Start", "Where the song begins on the disc, minutes and seconds"),
        (c.length, "Length", "As heard, minutes and seconds"),
        (c.gap, "Gap s", "Silence before the song, seconds; negative where it crosses with the one before"),
        (c.lufs, "LUFS", LUFS_ABOUT),
        (c.peak, "dBTP", "True peak of the file as delivered, before gain and chain"),
    ];
    let master = c.master.map(|(lufs, peak)| {
        [
            (lufs, "Master LUFS", "Integrated loudness of the master; … while it is measured again"),
            (peak, "Master dBTP", "True peak of the master"),
        ]
    });
    if let Some((lufs, peak)) = c.master {
        for (label, pair) in [("mix", c.lufs.union(c.peak)), ("master", lufs.union(peak))] {
            pair_head(ui, pair, label);
        }
    }
    for (i, (rect, label, about)) in heads.into_iter().chain(master.into_iter().flatten()).enumerate() {
        if rect.width() <= 0.0 {
            continue;
        }
        // Loudness and peak of mix and master stand under a word for both.
        let is_pair = with_master && i >= 3;
        cell(ui, if is_pair { rect.with_min_y(rect.center().y - 2.0) } else { rect }, words(label), true);
        ui.interact(rect, ui.scope_id().with(label), Sense::hover()).on_hover_text(about);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, theme().hairline());
}

/// What stands in a column's head of its label.
fn words(label: &str) -> &str {
    label.trim_start_matches("Master ")
}

/// A word over two columns, and a line beside it that spans them.
fn pair_head(ui: &Ui, pair: Rect, text: &str) {
    let t = theme();
    let upper = pair.with_max_y(pair.center().y);
    let shown =
        ui.painter().text(upper.right_center(), Align2::RIGHT_CENTER, text, t.font(t.small), t.text_weak);
    ui.painter().hline(pair.left() + 6.0..=shown.left() - 4.0, upper.center().y, t.hairline());
}

fn empty_ui(ui: &mut Ui, out: &mut Outbox) {
    let t = theme();
    ui.add_space(16.0);
    ui.horizontal(|ui| {
        ui.add_space(12.0);
        ui.vertical(|ui| {
            ui.label(egui::RichText::new("No songs yet.").color(t.text_weak));
            ui.add_space(4.0);
            if ui.button("Import mixes…").clicked() {
                out.act(Action::Import);
            }
        });
    });
}

/// A right-aligned text of a table.
fn cell(ui: &Ui, rect: Rect, text: &str, head: bool) {
    let t = theme();
    let (size, colour) = if head { (t.small, t.text_weak) } else { (t.body, t.text) };
    cell_in(ui, rect, text, size, colour);
}

fn cell_in(ui: &Ui, rect: Rect, text: &str, size: f32, colour: Color32) {
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, text, theme().font(size), colour);
}

/// Seconds with as many digits as a gap needs, a splice as such.
pub fn gap_text(gap: Frames, rate: SampleRate) -> String {
    let seconds = rate.seconds_from_frames(gap);
    if gap == Frames::ZERO {
        return "0".to_owned();
    }
    plain(seconds, 2)
}

fn failure(state: Option<&SongState>) -> Option<&str> {
    match state.map(|s| &s.source) {
        Some(SourceState::Failed(why)) => Some(why),
        _ => None,
    }
}

fn row_ui(
    ui: &mut Ui,
    frame: &Frame,
    index: usize,
    song: &Song,
    state: &mut SongListState,
    out: &mut Outbox,
) -> (Rect, Response) {
    let t = theme();
    let known = frame.song_state(song.id);
    let why = failure(known);
    let height = ROW_HEIGHT + if why.is_some() { FAULT_HEIGHT } else { 0.0 };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let id = ui.scope_id().with(("song", song.id.0));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let selected = frame.selection.songs.contains(&song.id);
    let name = format!("{} {}", index + 1, song.metadata.full_title());
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, &name));
    if selected {
        ui.painter().rect_filled(rect, 0.0, t.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.panel_raised);
    }
    let top = Rect::from_min_size(rect.min, vec2(rect.width(), ROW_HEIGHT));
    let columns = Columns::of(top, frame.album.watched);
    cells_ui(ui, frame, index, song, &columns, state);
    state_mark(ui, known, columns.state, id);
    if let Some(why) = why {
        fault_ui(ui, rect, song.id, why, out);
    }
    edit_ui(ui, frame, index, song, &columns, state, out);
    pointer_ui(&response, ui, frame, song.id, &columns, state, out);
    slot_drag::drop_target_ui(ui, frame, ChainRef::Song(song.id), rect, out);
    (rect, response)
}

fn cells_ui(ui: &Ui, frame: &Frame, index: usize, song: &Song, c: &Columns, state: &SongListState) {
    let t = theme();
    let rate = frame.rate();
    let edits = |column| matches!(&state.editing, Some((id, at, _)) if *id == song.id && *at == column);
    cell_in(ui, c.number, &(index + 1).to_string(), t.body, t.text_weak);
    if !edits(Column::Title) {
        let title = song.metadata.full_title();
        let (text, colour) =
            if title.is_empty() { ("untitled", t.text_weak) } else { (title.as_str(), t.text) };
        elided(ui, c.title, text, t.body, colour);
    }
    if let Some(placed) = frame.timeline.songs.get(index) {
        if c.start.width() > 0.0 {
            cell(ui, c.start, &ms_from_seconds(rate.seconds_from_frames(placed.start)), false);
        }
        cell(ui, c.length, &ms_from_seconds(rate.seconds_from_frames(placed.length())), false);
    }
    if !edits(Column::Gap) {
        cell(ui, c.gap, &gap_text(song.gap, rate), false);
    }
    let known = frame.song_state(song.id);
    let (lufs, peak) = known.map_or((None, None), |k| (k.integrated_lufs, k.true_peak_dbtp));
    let colour = if peak.is_some_and(|p| p > 0.0) { t.error } else { t.text_weak };
    cell_in(ui, c.lufs, &plain_reading(lufs, 1), t.body, t.text_weak);
    cell_in(ui, c.peak, &plain_reading(peak, 1), t.body, colour);
    if let Some(rects) = c.master {
        master_ui(ui, frame, song.id, rects);
    }
}

/// The figures of the master; those of before a change are weak, with `…` while there are none.
fn master_ui(ui: &Ui, frame: &Frame, song: SongId, (lufs, peak): (Rect, Rect)) {
    let t = theme();
    let row = frame.album.row(song);
    let Some(figures) = row.and_then(|r| r.figures) else {
        let waits = row.is_none_or(|r| r.state == RowState::Waiting);
        return cell_in(ui, lufs, if waits { "…" } else { "–" }, t.body, t.text_weak);
    };
    let fresh = row.is_some_and(|r| r.state == RowState::Fresh);
    let ink = if fresh { t.text } else { t.text_weak };
    let over = figures.true_peak_dbtp.is_some_and(|p| p > 0.0);
    cell_in(ui, lufs, &plain_reading(figures.integrated_lufs, 1), t.body, ink);
    cell_in(ui, peak, &plain_reading(figures.true_peak_dbtp, 1), t.body, if over { t.error } else { ink });
}

fn state_mark(ui: &Ui, known: Option<&SongState>, rect: Rect, id: egui::Id) {
    let t = theme();
    let worst = known.and_then(|k| k.findings.iter().map(|f| f.severity).max());
    let (icon, colour, text) = match (known.map(|k| &k.source), worst) {
        (Some(SourceState::Failed(why)), _) => (Icon::Error, t.error, why.clone()),
        (Some(SourceState::Preparing(done)), _) => {
            let text = format!("{:.0}", done * 100.0);
            cell_in(ui, rect, &text, t.small, t.text_weak);
            return;
        }
        (_, Some(Severity::Error)) => (Icon::Error, t.error, findings_text(known)),
        (_, Some(Severity::Warning)) => (Icon::Warning, t.warning, findings_text(known)),
        (Some(SourceState::Ready), _) => (Icon::Check, t.master, "Ready".to_owned()),
        _ => return,
    };
    paint(ui.painter(), icon, rect, colour);
    let mark = ui.interact(rect, id.with("state"), Sense::hover());
    mark.on_hover_text(text);
}

fn findings_text(known: Option<&SongState>) -> String {
    known
        .map(|k| k.findings.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join("\n"))
        .unwrap_or_default()
}

fn fault_ui(ui: &mut Ui, row: Rect, song: SongId, why: &str, out: &mut Outbox) {
    let t = theme();
    let line = Rect::from_min_max(pos2(row.left() + 36.0, row.top() + ROW_HEIGHT), row.max);
    let button = Rect::from_min_max(pos2(line.right() - 84.0, line.top() + 1.0), line.max - vec2(6.0, 3.0));
    let text = Rect::from_min_max(line.min, pos2(button.left() - 6.0, line.bottom()));
    elided(ui, text, why, t.small, t.error);
    if ui.put(button, egui::Button::new("Relink…").small()).clicked() {
        out.wish(Wish::Relink(song));
    }
}

fn start_editing(state: &mut SongListState, frame: &Frame, song: &Song, column: Column) {
    let text = match column {
        Column::Title => song.metadata.title.clone(),
        Column::Gap => format!("{:.3}", frame.rate().seconds_from_frames(song.gap)),
    };
    state.editing = Some((song.id, column, text));
}

fn edit_ui(
    ui: &mut Ui,
    frame: &Frame,
    index: usize,
    song: &Song,
    c: &Columns,
    state: &mut SongListState,
    out: &mut Outbox,
) {
    let Some((id, column, text)) = &mut state.editing else { return };
    if *id != song.id {
        return;
    }
    let column = *column;
    let (rect, label, align) = match column {
        Column::Title => (c.title.expand2(vec2(4.0, -2.0)), "Title", Align::Min),
        Column::Gap => (c.gap.expand2(vec2(6.0, -2.0)), "Gap", Align::Max),
    };
    let field = ui.scope_id().with(("edit", song.id.0, column == Column::Gap));
    let (_, outcome) = edit_field(ui, rect, field, &format!("{label} of song {}", index + 1), text, align);
    if outcome == TextOutcome::Open {
        return;
    }
    let text = std::mem::take(text);
    state.editing = None;
    if outcome != TextOutcome::Dropped {
        keep(frame, song, column, text, out);
    }
    if outcome == TextOutcome::Next {
        match column {
            Column::Title => start_editing(state, frame, song, Column::Gap),
            Column::Gap => {
                if let Some(next) = frame.session.songs.get(index + 1) {
                    start_editing(state, frame, next, Column::Title);
                }
            }
        }
    }
}

fn keep(frame: &Frame, song: &Song, column: Column, text: String, out: &mut Outbox) {
    match column {
        Column::Title if text != song.metadata.title => {
            out.edit(Edit::SetSongText { song: song.id, field: SongField::Title, text });
        }
        Column::Gap => {
            if let Some(seconds) = seconds_from(&text) {
                out.edit(Edit::SetGap { song: song.id, gap: frame.rate().frames_from_seconds(seconds) });
            }
        }
        Column::Title => {}
    }
}

/// Seconds as typed: point or comma, `−` or `-`, with or without `s`, or `m:ss`.
pub fn seconds_from(text: &str) -> Option<f64> {
    let plain = text.trim().trim_end_matches(['s', ' ']).replace(['−', '–'], "-").replace(',', ".");
    let value = match plain.split_once(':') {
        Some((minutes, seconds)) => minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?,
        None => plain.parse::<f64>().ok()?,
    };
    (value.is_finite() && value.abs() < 36_000.0).then_some(value)
}

fn pointer_ui(
    response: &Response,
    ui: &Ui,
    frame: &Frame,
    song: SongId,
    c: &Columns,
    state: &mut SongListState,
    out: &mut Outbox,
) {
    if response.double_clicked()
        && let (Some(pos), Some(song)) = (response.interact_pointer_pos(), frame.session.song(song))
    {
        let column = if c.gap.x_range().contains(pos.x) { Column::Gap } else { Column::Title };
        return start_editing(state, frame, song, column);
    }
    if response.clicked() {
        let modifiers = ui.input(|i| i.modifiers);
        select(frame, song, modifiers, state, out);
        cursor_follows(frame, song, modifiers, out);
    }
    if response.secondary_clicked() && !frame.selection.songs.contains(&song) {
        select(frame, song, egui::Modifiers::NONE, state, out);
    }
    response.context_menu(|ui| context_ui(ui, frame, song, state, out));
    if response.drag_started_by(egui::PointerButton::Primary) {
        state.dragging = Some(song);
        if !frame.selection.songs.contains(&song) {
            select(frame, song, egui::Modifiers::NONE, state, out);
        }
    }
}

/// A song chosen in silence is the one Space plays; while the album plays, and inside the song, the cursor stays.
fn cursor_follows(frame: &Frame, song: SongId, modifiers: egui::Modifiers, out: &mut Outbox) {
    let Some(placed) = frame.timeline.song(song) else { return };
    let inside = (placed.start..placed.end).contains(&frame.transport.cursor);
    if !frame.transport.playing && !inside && !modifiers.any() {
        out.send(Command::Seek(placed.start));
    }
}

fn context_ui(ui: &mut Ui, frame: &Frame, song: SongId, state: &mut SongListState, out: &mut Outbox) {
    if let Some(song) = frame.session.song(song) {
        for (label, column) in [("Rename", Column::Title), ("Type gap", Column::Gap)] {
            if ui.button(label).clicked() {
                start_editing(state, frame, song, column);
                ui.close();
            }
        }
    }
    ui.separator();
    for action in [
        Action::PlaySong,
        Action::PlayJoint,
        Action::ZoomSong,
        Action::Crossfade,
        Action::MoveUp,
        Action::MoveDown,
        Action::RemoveSong,
    ] {
        action_item(ui, action, frame, out);
    }
    if ui.button("Relink source…").clicked() {
        out.wish(Wish::Relink(song));
        ui.close();
    }
}

/// The selection after a click, with the habits of Ctrl (one more or less) and Shift (up to here).
pub fn select(
    frame: &Frame,
    song: SongId,
    modifiers: egui::Modifiers,
    state: &mut SongListState,
    out: &mut Outbox,
) {
    let order: Vec<SongId> = frame.session.songs.iter().map(|s| s.id).collect();
    let place = |id: SongId| order.iter().position(|&s| s == id);
    let songs = if modifiers.shift
        && let (Some(a), Some(b)) = (state.anchor.and_then(place), place(song))
    {
        order[a.min(b)..=a.max(b)].to_vec()
    } else if modifiers.command {
        state.anchor = Some(song);
        let chosen = &frame.selection.songs;
        let keeps = |id: &SongId| (chosen.contains(id)) != (*id == song);
        order.iter().copied().filter(keeps).collect()
    } else {
        state.anchor = Some(song);
        vec![song]
    };
    out.send(Command::Select(selection_of(frame, songs)));
}

/// A selection of songs, see [`Selection::with_songs`].
pub fn selection_of(frame: &Frame, songs: Vec<SongId>) -> Selection {
    frame.selection.with_songs(songs)
}

fn reorder_ui(
    ui: &Ui,
    frame: &Frame,
    rows: &[(Rect, Response)],
    state: &mut SongListState,
    out: &mut Outbox,
) {
    let pointer = ui.input(|i| i.pointer.interact_pos().or(i.pointer.latest_pos()));
    let hovering_files = ui.input(|i| !i.raw.hovered_files.is_empty());
    let Some(pos) = pointer else { return };
    let place = rows.iter().filter(|(rect, _)| rect.center().y < pos.y).count();
    let inside = ui.clip_rect().contains(pos);
    if hovering_files && inside {
        state.insertion = Some(place);
        insertion_line(ui, rows, place);
    }
    let Some(song) = state.dragging else { return };
    let held = ui.input(|i| i.pointer.primary_down());
    if held {
        insertion_line(ui, rows, place);
        return;
    }
    state.dragging = None;
    let moved: Vec<SongId> =
        if frame.selection.songs.contains(&song) { frame.selection.songs.clone() } else { vec![song] };
    for edit in moves(frame, &moved, place) {
        let gesture = Some(out.gesture_of(ui.scope_id().with("reorder"), false));
        out.send(Command::Edit { edit, gesture });
    }
    // The next drag is a step of its own.
    out.gesture_of(ui.scope_id().with("reorder"), true);
}

fn insertion_line(ui: &Ui, rows: &[(Rect, Response)], place: usize) {
    let y = match rows.get(place) {
        Some((rect, _)) => rect.top(),
        None => rows.last().map_or(0.0, |(rect, _)| rect.bottom()),
    };
    ui.painter().hline(ui.max_rect().x_range(), y, Stroke::new(2.0, theme().focus));
}

/// The moves that bring songs to a place between rows, each against the order the one before left.
fn moves(frame: &Frame, songs: &[SongId], place: usize) -> Vec<Edit> {
    let mut order: Vec<SongId> = frame.session.songs.iter().map(|s| s.id).collect();
    let before: Vec<SongId> =
        order[..place.min(order.len())].iter().copied().filter(|s| !songs.contains(s)).collect();
    let mut edits = Vec::new();
    for (k, &song) in order.clone().iter().filter(|s| songs.contains(s)).enumerate() {
        let anchor = before.last().and_then(|last| order.iter().position(|s| s == last));
        let Some(from) = order.iter().position(|&s| s == song) else { continue };
        let start = anchor.map_or(0, |i| i + 1) + k;
        let to = if from < start { start - 1 } else { start };
        if from != to {
            order.remove(from);
            order.insert(to, song);
            edits.push(Edit::MoveSong { song, to });
        }
    }
    edits
}

fn total_ui(ui: &mut Ui, frame: &Frame) {
    let t = theme();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.top() + 0.5, t.hairline());
    let c = Columns::of(rect, frame.album.watched);
    let count = frame.session.songs.len();
    let words = if count == 1 { "1 song".to_owned() } else { format!("{count} songs") };
    elided(ui, c.title, &words, t.body, t.text_weak);
    let played: i64 = frame.timeline.songs.last().map_or(0, |_: &PlacedSong| frame.timeline.end.0);
    let length = ms_from_seconds(frame.rate().seconds_from_frames(Frames(played)));
    cell_in(ui, c.length, &length, t.body, t.text_weak);
    // The loudest true peak is that of the album; its loudness is not the mean of the songs' and stays out.
    let peaks = frame.timeline.songs.iter().filter_map(|p| frame.song_state(p.id)?.true_peak_dbtp);
    cell_in(ui, c.peak, &plain_reading(peaks.reduce(f64::max), 1), t.body, t.text_weak);
    if let (Some((lufs, peak)), Some(whole)) = (c.master, frame.album.whole) {
        let ink = if frame.album.fresh { t.text } else { t.text_weak };
        cell_in(ui, lufs, &plain_reading(whole.integrated_lufs, 1), t.body, ink);
        cell_in(ui, peak, &plain_reading(whole.true_peak_dbtp, 1), t.body, ink);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Session, SourceRef};

    fn frame(count: u64) -> Frame {
        let mut session = Session::new(SampleRate::CD);
        for i in 1..=count {
            let source = SourceRef { sample_rate_hz: 44_100, frames: 441_000, ..SourceRef::default() };
            session.songs.push(Arc::new(Song::new(SongId(i), source, SampleRate::CD, Frames(88_200))));
        }
        session.next_id = count + 1;
        Frame::still(Arc::new(session))
    }

    fn order_after(count: u64, songs: &[u64], place: usize) -> Vec<u64> {
        let frame = frame(count);
        let songs: Vec<_> = songs.iter().map(|&i| SongId(i)).collect();
        let mut session = (*frame.session).clone();
        for edit in moves(&frame, &songs, place) {
            session = crate::edit::apply(&session, &edit).unwrap();
        }
        session.songs.iter().map(|s| s.id.0).collect()
    }

    #[test]
    fn dragged_rows_land_where_the_line_was() {
        assert_eq!(order_after(4, &[1], 2), [2, 1, 3, 4]);
        assert_eq!(order_after(4, &[4], 0), [4, 1, 2, 3]);
        assert_eq!(order_after(4, &[1], 4), [2, 3, 4, 1]);
        assert_eq!(order_after(4, &[2], 2), [1, 2, 3, 4]);
        assert_eq!(order_after(5, &[1, 4], 3), [2, 3, 1, 4, 5]);
        assert_eq!(order_after(5, &[4, 5], 1), [1, 4, 5, 2, 3]);
        assert_eq!(order_after(5, &[1, 2], 5), [3, 4, 5, 1, 2]);
    }

    #[test]
    fn seconds_are_read_as_typed() {
        assert_eq!(seconds_from("2,5 s"), Some(2.5));
        assert_eq!(seconds_from("−0.75"), Some(-0.75));
        assert_eq!(seconds_from("1:02.5"), Some(62.5));
        assert_eq!(seconds_from("soon"), None);
    }
}
