//! The album table: one row a song, the album on top; every figure of the mastered song, what falls out marked.
//!
//! A click on a heading sorts by it (largest first), a second reverses, a third goes back to the running order. Arrows move
//! the selection, Enter plays the song. Figures of before a change are struck through until the new ones are there.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align2, Color32, EventFilter, Id, Key, Modifiers, PopupCloseBehavior, Rect, Role, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::app::frame::{AlbumRow, Frame, Outlier, Reading, RowState, SongFigures, Standing};
use crate::app::{Action, Command};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::elided;
use crate::gui::widgets::figures::{plain_reading, reading};
use crate::gui::widgets::icons::{Icon, paint};
use crate::gui::widgets::number::focus_ring;
use crate::model::SongId;

const ROW_HEIGHT: f32 = 24.0;
const HEAD_HEIGHT: f32 = 34.0;
const NUMBER_WIDTH: f32 = 44.0;
const TITLE_WIDTH: f32 = 190.0;
const CELL_WIDTH: f32 = 66.0;
/// Distance that fills half a distance bar, LU.
const BAR_LU: f64 = 6.0;

/// Columns shown at first.
const FIRST_SHOWN: [Reading; 13] = [
    Reading::Integrated,
    Reading::FromMean,
    Reading::MaxShortTerm,
    Reading::Range,
    Reading::TruePeak,
    Reading::Plr,
    Reading::MinPsr,
    Reading::Dr,
    Reading::Low,
    Reading::High,
    Reading::Correlation,
    Reading::Start,
    Reading::End,
];

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// The title.
    Title,
    /// A reading; rows without it come last.
    Reading(Reading),
}

/// What is only visual in the table.
#[derive(Debug, Clone)]
pub struct AlbumTableState {
    /// Columns shown, in the order of [`Reading::ALL`].
    pub shown: Vec<Reading>,
    /// Sorted by what, and whether the other way round; `None` is the running order.
    pub sort: Option<(SortBy, bool)>,
    /// The measuring was asked for.
    asked: bool,
}

impl Default for AlbumTableState {
    fn default() -> Self {
        Self { shown: FIRST_SHOWN.to_vec(), sort: None, asked: false }
    }
}

impl AlbumTableState {
    /// What a click on a heading does: sort, reverse, running order.
    fn click(&mut self, by: SortBy) {
        self.sort = match self.sort {
            Some((now, false)) if now == by => Some((by, true)),
            Some((now, true)) if now == by => None,
            _ => Some((by, false)),
        };
    }

    fn toggle(&mut self, reading: Reading) {
        let shows = |r: &Reading| self.shown.contains(r) != (*r == reading);
        self.shown = Reading::ALL.into_iter().filter(shows).collect();
    }
}

/// Draws the table into all of `ui`.
pub fn album_table_ui(ui: &mut Ui, frame: &Frame, state: &mut AlbumTableState, out: &mut Outbox) {
    ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
    if !frame.album.watched && !state.asked {
        state.asked = true;
        out.send(Command::WatchAlbum(true));
    }
    tools_ui(ui, frame, state, out);
    ui.add_space(4.0);
    if frame.session.songs.is_empty() {
        ui.label(egui::RichText::new("No songs yet.").color(theme().text_weak));
        return;
    }
    let order = order(frame, state);
    keys(ui, frame, &order, out);
    egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let width = NUMBER_WIDTH + TITLE_WIDTH + CELL_WIDTH * state.shown.len() as f32;
        let width = width.max(ui.available_width());
        head_ui(ui, width, state);
        whole_ui(ui, frame, width, state);
        for index in order {
            row_ui(ui, frame, index, width, state, out);
        }
    });
}

fn tools_ui(ui: &mut Ui, frame: &Frame, state: &mut AlbumTableState, out: &mut Outbox) {
    let t = theme();
    ui.horizontal(|ui| {
        // Stays open: one chooses several.
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new("Columns").config(config).ui(ui, |ui| {
            for reading in Reading::ALL {
                let mut on = state.shown.contains(&reading);
                if ui.checkbox(&mut on, named(reading)).on_hover_text(reading.about()).clicked() {
                    state.toggle(reading);
                }
            }
        });
        let refusal = Action::AlbumReport.refusal(frame);
        let report = ui.add_enabled(refusal.is_none(), egui::Button::new("Album report…"));
        if report.on_hover_text(Action::AlbumReport.about()).clicked() {
            out.act(Action::AlbumReport);
        }
        ui.label(egui::RichText::new(how_text(frame)).size(t.small).color(t.text_weak)).on_hover_text(
            "A song is measured as its file will be: its chain, the album chain, at the session's rate, before word-length \
             reduction. Measured alone it is rendered from 10 s before its start, which agrees with the whole album within \
             0.01 LU and dB. A report is always made from one render of the whole album.",
        );
    });
}

fn how_text(frame: &Frame) -> String {
    let rows = &frame.album.rows;
    let open = rows.iter().filter(|r| matches!(r.state, RowState::Waiting | RowState::Stale)).count();
    match (frame.album.watched, open) {
        (false, _) => "not measured".to_owned(),
        (true, 0) if frame.album.exact => "measured in one render of the whole album".to_owned(),
        (true, 0) => "as mastered, measured song by song".to_owned(),
        (true, 1) => "1 song is being measured …".to_owned(),
        (true, open) => format!("{open} songs are being measured …"),
    }
}

/// Name and unit of a column.
fn named(reading: Reading) -> String {
    let (name, unit, _) = reading.heading();
    if unit.is_empty() { name.to_owned() } else { format!("{name} {unit}") }
}

/// Places of the songs in the order of the rows.
fn order(frame: &Frame, state: &AlbumTableState) -> Vec<usize> {
    let mut order: Vec<usize> = (0..frame.session.songs.len()).collect();
    let Some((by, reversed)) = state.sort else { return order };
    let value = |index: &usize| {
        let SortBy::Reading(reading) = by else { return None };
        let row = frame.album.row(frame.session.songs.get(*index)?.id)?;
        reading.of(&row.figures?, &row.standing)
    };
    let title = |index: &usize| frame.session.songs[*index].metadata.full_title().to_lowercase();
    match by {
        SortBy::Title => order.sort_by_key(title),
        // Without a reading last, whichever way round.
        SortBy::Reading(_) => order.sort_by(|a, b| match (value(a), value(b)) {
            (Some(a), Some(b)) if reversed => a.total_cmp(&b),
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }),
    }
    if reversed && by == SortBy::Title {
        order.reverse();
    }
    order
}

fn row_id(song: SongId) -> Id {
    Id::unique("album table row").with(song.0)
}

/// Arrows and Enter, while a row has the keyboard.
fn keys(ui: &Ui, frame: &Frame, order: &[usize], out: &mut Outbox) {
    let songs: Vec<SongId> = order.iter().map(|i| frame.session.songs[*i].id).collect();
    let focused = ui.memory(|m| m.focused());
    let Some(at) = songs.iter().position(|s| focused == Some(row_id(*s))) else { return };
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    if pressed(Key::Enter)
        && let Some(placed) = frame.timeline.song(songs[at])
    {
        out.send(Command::Play { from: Some(placed.start) });
    }
    let step = i32::from(pressed(Key::ArrowDown)) - i32::from(pressed(Key::ArrowUp));
    let next = at.saturating_add_signed(step as isize).min(songs.len() - 1);
    if next != at {
        ui.memory_mut(|m| m.request_focus(row_id(songs[next])));
        choose(frame, songs[next], out);
    }
}

fn choose(frame: &Frame, song: SongId, out: &mut Outbox) {
    out.send(Command::Select(frame.selection.with_songs(vec![song])));
    let placed = frame.timeline.song(song);
    let inside = placed.is_some_and(|p| (p.start..p.end).contains(&frame.transport.cursor));
    if let Some(placed) = placed.filter(|_| !frame.transport.playing && !inside) {
        out.send(Command::Seek(placed.start));
    }
}

/// Number, title, and the cells of a line.
fn line_of(rect: Rect, count: usize) -> (Rect, Rect, Vec<Rect>) {
    let number = Rect::from_min_size(rect.min, vec2(NUMBER_WIDTH, rect.height()));
    let cells_from = rect.left() + rect.width() - CELL_WIDTH * count as f32;
    let title =
        Rect::from_min_max(pos2(number.right() + 6.0, rect.top()), pos2(cells_from - 4.0, rect.bottom()));
    let cells = (0..count).map(|i| {
        let left = cells_from + CELL_WIDTH * i as f32;
        Rect::from_min_size(pos2(left, rect.top()), vec2(CELL_WIDTH, rect.height()))
    });
    (number, title, cells.collect())
}

fn head_ui(ui: &mut Ui, width: f32, state: &mut AlbumTableState) {
    let t = theme();
    let (rect, _) = ui.allocate_exact_size(vec2(width, HEAD_HEIGHT), Sense::hover());
    let (_, title, cells) = line_of(rect, state.shown.len());
    heading_ui(ui, title, ("Title", ""), "Sorts by title", SortBy::Title, state, Align2::LEFT_CENTER);
    for (cell, reading) in cells.into_iter().zip(state.shown.clone()) {
        let (name, unit, _) = reading.heading();
        let by = SortBy::Reading(reading);
        heading_ui(ui, cell, (name, unit), &reading.about(), by, state, Align2::RIGHT_CENTER);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
}

fn heading_ui(
    ui: &mut Ui,
    rect: Rect,
    (name, unit): (&str, &str),
    about: &str,
    by: SortBy,
    state: &mut AlbumTableState,
    side: Align2,
) {
    let t = theme();
    let response = ui.interact(rect, ui.scope_id().with(("head", name)), Sense::click());
    let sorted = state.sort.filter(|(now, _)| *now == by);
    let way = match sorted {
        Some((_, false)) => " ▾",
        Some((_, true)) => " ▴",
        None => "",
    };
    let label = format!("Sort by {name} {unit}").trim_end().to_owned();
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, sorted.is_some(), &label));
    let colour = if sorted.is_some() || response.hovered() { t.text } else { t.text_weak };
    let inner = rect.shrink2(vec2(4.0, 2.0));
    let place = |y: f32| pos2(if side == Align2::LEFT_CENTER { inner.left() } else { inner.right() }, y);
    let painter = ui.painter();
    let middle = if unit.is_empty() { inner.center().y } else { inner.top() + 8.0 };
    let word = painter.text(place(middle), side, name, t.font(t.small), colour);
    if sorted.is_some() {
        sort_mark(ui, pos2(word.left() - 6.0, middle), way == " ▾", t.master);
    }
    painter.text(place(inner.bottom() - 7.0), side, unit, t.font(t.small), faded(t.text_weak, 0.8));
    focus_ring(ui, &response, rect.shrink(2.0));
    if response.on_hover_text(format!("{about}. Click: sort, reverse, running order")).clicked() {
        state.click(by);
    }
}

fn sort_mark(ui: &Ui, centre: egui::Pos2, down: bool, colour: Color32) {
    let y = if down { 1.0 } else { -1.0 };
    let points = [vec2(-3.0, -2.0 * y), vec2(3.0, -2.0 * y), vec2(0.0, 3.0 * y)].map(|v| centre + v);
    ui.painter().add(egui::Shape::convex_polygon(points.to_vec(), colour, Stroke::NONE));
}

/// The row of the album.
fn whole_ui(ui: &mut Ui, frame: &Frame, width: f32, state: &AlbumTableState) {
    let t = theme();
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, t.panel_raised);
    let (_, title, cells) = line_of(rect, state.shown.len());
    elided(ui, title, "Album", t.body, t.text);
    let figures = frame.album.whole;
    let standing = Standing::default();
    response.widget_info(|| {
        let spoken =
            figures.map_or_else(|| "not measured".to_owned(), |f| spoken(&f, &standing, &state.shown));
        WidgetInfo::labeled(Role::Row, true, format!("Album: {spoken}"))
    });
    let Some(figures) = figures else { return };
    for (cell, reading) in cells.into_iter().zip(&state.shown) {
        // The mean of a balance against itself says nothing; what the album has no distance to is left empty.
        if let Some(value) = reading.of(&figures, &standing) {
            value_ui(ui, t, cell, *reading, value, t.text, !frame.album.fresh);
        }
    }
}

fn row_ui(ui: &mut Ui, frame: &Frame, index: usize, width: f32, state: &AlbumTableState, out: &mut Outbox) {
    let t = theme();
    let song = &frame.session.songs[index];
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), Sense::hover());
    let response = ui.interact(rect, row_id(song.id), Sense::click());
    let chosen = frame.selection.songs.contains(&song.id);
    let empty = AlbumRow { song: song.id, ..AlbumRow::default() };
    let row = frame.album.row(song.id).unwrap_or(&empty);
    let title = song.metadata.full_title();
    response.widget_info(|| {
        let label = format!("{} {title}: {}", index + 1, row_in_words(row, &state.shown));
        WidgetInfo::selected(Role::Row, true, chosen, label)
    });
    if chosen {
        ui.painter().rect_filled(rect, 0.0, t.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.panel_raised);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect.shrink(1.0), 0.0, Stroke::new(1.0, t.focus), egui::StrokeKind::Inside);
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    }
    let (number, name, cells) = line_of(rect, state.shown.len());
    number_ui(ui, t, number, index, row);
    elided(ui, name, if title.is_empty() { "untitled" } else { &title }, t.body, t.text);
    if let Some(figures) = &row.figures {
        for (cell, reading) in cells.into_iter().zip(&state.shown) {
            cell_ui(ui, t, cell, row, figures, *reading);
        }
    }
    if response.clicked() {
        response.request_focus();
        choose(frame, song.id, out);
    }
    if response.double_clicked()
        && let Some(placed) = frame.timeline.song(song.id)
    {
        out.send(Command::Play { from: Some(placed.start) });
    }
}

/// The number, and how far the row is: `…` while figures are old or missing.
fn number_ui(ui: &Ui, t: &Theme, rect: Rect, index: usize, row: &AlbumRow) {
    let at = pos2(rect.left() + 22.0, rect.center().y);
    ui.painter().text(at, Align2::RIGHT_CENTER, index + 1, t.font(t.body), t.text_weak);
    let mark = Rect::from_center_size(pos2(rect.left() + 34.0, rect.center().y), vec2(16.0, 16.0));
    let hover = |text: &str| {
        let place = ui.interact(mark, row_id(row.song).with("state"), Sense::hover());
        place.on_hover_text(text);
    };
    match &row.state {
        RowState::Fresh => {}
        RowState::Failed(why) => {
            paint(ui.painter(), Icon::Error, mark, t.error);
            hover(why);
        }
        RowState::Stale | RowState::Waiting => {
            let colour = if row.measuring { t.master } else { t.text_weak };
            ui.painter().text(mark.center(), Align2::CENTER_CENTER, "…", t.font(t.body), colour);
            let old =
                if row.state == RowState::Stale { "; the figures are of before the change" } else { "" };
            let way = if row.measuring { "being measured" } else { "waits to be measured" };
            hover(&format!("The song {way}{old}"));
        }
    }
}

fn cell_ui(ui: &Ui, t: &Theme, rect: Rect, row: &AlbumRow, figures: &SongFigures, reading: Reading) {
    let Some(value) = reading.of(figures, &row.standing) else { return };
    let old = row.state != RowState::Fresh;
    if matches!(reading, Reading::FromMean | Reading::FromLoudest) {
        bar_ui(ui, t, rect, value, reading == Reading::FromMean);
    }
    let outlier: Option<&Outlier> = row.standing.outliers.iter().find(|o| o.reading == reading);
    let colour = if outlier.is_some() { t.warning } else { t.text };
    let shown = value_ui(ui, t, rect, reading, value, colour, old);
    if let Some(outlier) = outlier {
        let mark = Rect::from_center_size(pos2(shown.left() - 9.0, rect.center().y), vec2(12.0, 12.0));
        paint(ui.painter(), Icon::Warning, mark, t.warning);
        let place = ui.interact(rect, row_id(row.song).with(reading), Sense::hover());
        place.on_hover_text(outlier.why.replace('-', "−"));
    }
}

/// A distance as a bar: from the middle for the mean, from the right for the loudest.
fn bar_ui(ui: &Ui, t: &Theme, rect: Rect, value_lu: f64, from_middle: bool) {
    let inner = Rect::from_min_max(rect.min + vec2(4.0, ROW_HEIGHT - 5.0), rect.max - vec2(4.0, 2.0));
    let part = (value_lu / BAR_LU).clamp(-1.0, 1.0) as f32;
    let zero = if from_middle { inner.center().x } else { inner.right() };
    let reach = if from_middle { inner.width() / 2.0 } else { inner.width() };
    let end = zero + part * reach;
    ui.painter().rect_filled(inner, 1.0, t.ground);
    let bar = Rect::from_x_y_ranges(zero.min(end)..=zero.max(end), inner.y_range());
    ui.painter().rect_filled(bar, 1.0, faded(t.master, 0.75));
    ui.painter().vline(zero, inner.y_range(), Stroke::new(1.0, t.line_strong));
}

/// A value; struck through where it is of before a change.
fn value_ui(
    ui: &Ui,
    t: &Theme,
    rect: Rect,
    reading_of: Reading,
    value: f64,
    colour: Color32,
    old: bool,
) -> Rect {
    let (_, _, decimals) = reading_of.heading();
    let at = rect.right_center() - vec2(6.0, 0.0);
    let ink = if old { t.text_weak } else { colour };
    let text = shown(reading_of, value, decimals);
    let place = ui.painter().text(at, Align2::RIGHT_CENTER, text, t.font(t.body), ink);
    if old {
        ui.painter().hline(place.x_range(), place.center().y, Stroke::new(1.0, t.text_weak));
    }
    place
}

/// Distances and balances with their sign, levels as levels.
fn shown(of: Reading, value: f64, decimals: usize) -> String {
    match of {
        Reading::FromMean | Reading::FromLoudest | Reading::Low | Reading::Mid | Reading::High => {
            reading(Some(value), decimals)
        }
        _ => plain_reading(Some(value), decimals),
    }
}

fn row_in_words(row: &AlbumRow, columns: &[Reading]) -> String {
    let Some(figures) = &row.figures else {
        return match &row.state {
            RowState::Failed(why) => why.clone(),
            _ => "waits to be measured".to_owned(),
        };
    };
    let mut words = spoken(figures, &row.standing, columns);
    if row.state == RowState::Stale {
        words.push_str("; of before the last change");
    }
    for outlier in &row.standing.outliers {
        words.push_str("; ");
        words.push_str(&outlier.why);
    }
    words
}

fn spoken(figures: &SongFigures, standing: &Standing, columns: &[Reading]) -> String {
    let one = |r: &Reading| {
        let (name, unit, decimals) = r.heading();
        let value = r.of(figures, standing)?;
        Some(format!("{name} {} {unit}", shown(*r, value, decimals)).trim_end().to_owned())
    };
    columns.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Session, Song, SourceRef};
    use crate::units::{Frames, SampleRate};

    fn frame() -> Frame {
        let mut session = Session::new(SampleRate::CD);
        for (id, title) in [(1, "Beta"), (2, "alpha"), (3, "Gamma")] {
            let source = SourceRef { sample_rate_hz: 44_100, frames: 441_000, ..SourceRef::default() };
            let mut song = Song::new(SongId(id), source, SampleRate::CD, Frames(0));
            song.metadata.title = title.to_owned();
            session.songs.push(Arc::new(song));
        }
        let mut frame = Frame::still(Arc::new(session));
        let row = |id, lufs: Option<f64>| AlbumRow {
            song: SongId(id),
            figures: Some(SongFigures { integrated_lufs: lufs, ..SongFigures::default() }),
            ..AlbumRow::default()
        };
        frame.album.rows = Arc::new(vec![row(1, Some(-12.0)), row(2, None), row(3, Some(-9.0))]);
        frame
    }

    #[test]
    fn a_heading_sorts_then_reverses_then_gives_the_running_order_back() {
        let (frame, mut state) = (frame(), AlbumTableState::default());
        let by = SortBy::Reading(Reading::Integrated);
        assert_eq!(order(&frame, &state), [0, 1, 2]);
        state.click(by);
        assert_eq!(order(&frame, &state), [2, 0, 1], "loudest first, without a reading last");
        state.click(by);
        assert_eq!(order(&frame, &state), [0, 2, 1], "quietest first, without a reading last");
        state.click(by);
        assert_eq!(state.sort, None);
        state.click(SortBy::Title);
        assert_eq!(order(&frame, &state), [1, 0, 2]);
        state.click(by);
        assert_eq!(state.sort, Some((by, false)));
    }

    #[test]
    fn columns_come_and_go_in_their_order() {
        let mut state = AlbumTableState::default();
        state.toggle(Reading::SamplePeak);
        let places: Vec<_> =
            state.shown.iter().map(|r| Reading::ALL.iter().position(|a| a == r).unwrap()).collect();
        assert!(places.is_sorted() && state.shown.contains(&Reading::SamplePeak));
        state.toggle(Reading::SamplePeak);
        assert_eq!(state.shown, AlbumTableState::default().shown);
    }
}
