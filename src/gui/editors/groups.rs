//! The controls beside a picture: parameters in groups with a heading, each as a name above a field.
//!
//! Cells stand on a grid; short groups share a line. The column is as narrow as it can be without scrolling, so that the
//! picture gets the rest. What no group names stands in a group of its own: a parameter is never out of reach.

use std::borrow::Cow;

use egui::{Align, Align2, Layout, Rect, Response, ScrollArea, Sense, Ui, UiBuilder, Vec2, pos2, vec2};

use super::generic::{choice_ui, spec_of, turn_by_wheel};
use super::{SlotView, edit_by_wheel};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::number::{focus_ring, number_input};
use crate::gui::widgets::text::elided;
use crate::process::{ParamIndex, ParamKind};

/// Room of a cell, points.
const CELL: Vec2 = vec2(84.0, 38.0);
/// Space right of a field, points.
const GAP: f32 = 6.0;
/// Height of a heading, points.
const HEAD: f32 = 17.0;
/// Space below a line of groups, points.
const BELOW: f32 = 4.0;
/// Height of a field, points.
const FIELD: f32 = 20.0;
/// Height of the name above it, points.
const NAME: f32 = 14.0;
/// Share of the width the controls take at most.
const MOST_SHARE: f32 = 0.5;
/// Longest word a box of one cell shows, characters.
const SHORT_WORD: usize = 7;
/// Room of a scroll bar, points.
const SCROLL_BAR: f32 = 12.0;

/// A group as an editor lists it: its heading, and the ids of its parameters with the names shown there.
pub(super) type Listed = (&'static str, &'static [(&'static str, &'static str)]);

/// One parameter in a group.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// Which.
    pub index: ParamIndex,
    /// The name shown; the accessible one is that of the parameter.
    pub label: Cow<'static, str>,
}

/// Parameters that belong together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Heading.
    pub title: Cow<'static, str>,
    /// In the order of Tab.
    pub cells: Vec<Cell>,
}

impl Group {
    /// A group of the parameters the kind has.
    pub(super) fn of(view: &SlotView<'_>, title: impl Into<Cow<'static, str>>, ids: &[(&str, &str)]) -> Self {
        let cell = |(id, label): &(&str, &str)| {
            Some(Cell { index: view.index(id)?, label: Cow::Owned((*label).to_owned()) })
        };
        Self { title: title.into(), cells: ids.iter().filter_map(cell).collect() }
    }
}

/// The groups that have a parameter, then a last one with what none of them named.
pub(super) fn groups_of(view: &SlotView<'_>, listed: &[Listed]) -> Vec<Group> {
    let mut groups: Vec<Group> = listed
        .iter()
        .map(|(title, ids)| Group::of(view, *title, ids))
        .filter(|g| !g.cells.is_empty())
        .collect();
    let is_shown = |index| groups.iter().flat_map(|g| &g.cells).any(|cell| cell.index == index);
    let rest: Vec<Cell> = (0..view.params().len())
        .filter(|index| !is_shown(*index))
        .map(|index| Cell { index, label: view.params()[index].name.clone() })
        .collect();
    if !rest.is_empty() {
        groups.push(Group { title: "More".into(), cells: rest });
    }
    groups
}

/// Draws a picture and the groups right of it into all of `ui`.
pub(super) fn split_ui(
    ui: &mut Ui,
    view: &SlotView<'_>,
    groups: &[Group],
    out: &mut Outbox,
    picture: impl FnOnce(&mut Ui, Rect, &mut Outbox),
) {
    headed_split_ui(ui, view, groups, 2, 0.0, |_| (), out, picture);
}

/// The same with so many columns at least and a head of a height above the groups.
#[expect(clippy::too_many_arguments, reason = "one layout, and each is another part of it")]
pub(super) fn headed_split_ui(
    ui: &mut Ui,
    view: &SlotView<'_>,
    groups: &[Group],
    least_columns: usize,
    head_height: f32,
    head: impl FnOnce(&mut Ui),
    out: &mut Outbox,
    picture: impl FnOnce(&mut Ui, Rect, &mut Outbox),
) {
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let room = area.height() - head_height;
    let flow = Flow::fitting(view, groups, vec2(area.width(), room), least_columns);
    let scroll_bar = if flow.height > room { SCROLL_BAR } else { 0.0 };
    let column = area.with_min_x(area.right() - (flow.columns as f32 * CELL.x - GAP) - scroll_bar);
    let left = area.with_max_x(column.left() - 14.0);
    let mut child = ui.new_child(UiBuilder::new().id_salt("picture").max_rect(left));
    child.set_clip_rect(left.expand(1.0).intersect(ui.clip_rect()));
    picture(&mut child, left, out);
    if !view.slot.enabled {
        child.painter().rect_filled(left, theme().corner, faded(theme().panel, 0.55));
    }
    let top = Rect::from_min_size(column.min, vec2(column.width(), head_height));
    let row = Layout::left_to_right(Align::Min);
    head(&mut ui.new_child(UiBuilder::new().id_salt("head").max_rect(top).layout(row)));
    let controls = column.with_min_y(top.bottom());
    let mut child = ui.new_child(UiBuilder::new().id_salt("controls").max_rect(controls));
    child.set_clip_rect(controls.expand(2.0).intersect(ui.clip_rect()));
    ScrollArea::vertical().id_salt(view.id("controls")).auto_shrink(false).show(&mut child, |ui| {
        flow_ui(ui, view, groups, &flow, out);
    });
}

/// Draws groups into the room there is, with no picture beside them.
pub(super) fn groups_ui(ui: &mut Ui, view: &SlotView<'_>, groups: &[Group], out: &mut Outbox) {
    let columns = ((ui.available_width() + GAP) / CELL.x).floor().max(2.0) as usize;
    let flow = Flow::of(view, groups, columns);
    flow_ui(ui, view, groups, &flow, out);
}

/// Where groups stand on the grid.
#[derive(Debug, Clone, PartialEq)]
struct Flow {
    columns: usize,
    height: f32,
    /// Of each group: column and top of its heading, columns under it.
    heads: Vec<(usize, f32, usize)>,
    /// Of each cell of each group: column and top.
    cells: Vec<Vec<(usize, f32)>>,
}

impl Flow {
    /// With as few columns as show everything without scrolling.
    fn fitting(view: &SlotView<'_>, groups: &[Group], room: Vec2, least: usize) -> Self {
        let most = ((room.x * MOST_SHARE + GAP) / CELL.x).floor().max(2.0) as usize;
        let flows = (least.min(most)..=most).map(|columns| Self::of(view, groups, columns));
        let mut last = Self::of(view, groups, most);
        for flow in flows {
            if flow.height <= room.y {
                return flow;
            }
            last = flow;
        }
        last
    }

    fn of(view: &SlotView<'_>, groups: &[Group], columns: usize) -> Self {
        let mut flow = Self { columns, height: 0.0, heads: Vec::new(), cells: Vec::new() };
        let (mut from, mut top, mut line) = (0, 0.0, 0.0);
        for group in groups {
            let spans: Vec<usize> = group.cells.iter().map(|cell| span(view, cell.index)).collect();
            let wanted: usize = spans.iter().sum();
            if from > 0 && from + wanted > columns {
                (from, top, line) = (0, top + line, 0.0);
            }
            let (cells, rows) = wrapped(&spans, from, columns, top + HEAD);
            flow.heads.push((from, top, wanted.min(columns)));
            flow.cells.push(cells);
            line = f32::max(line, HEAD + rows as f32 * CELL.y + BELOW);
            from += wanted;
        }
        flow.height = top + line;
        flow
    }
}

/// Places of cells of these widths from a column on, and how many rows they take.
fn wrapped(spans: &[usize], from: usize, columns: usize, top: f32) -> (Vec<(usize, f32)>, usize) {
    let (mut column, mut row) = (from, 0);
    let mut places = Vec::with_capacity(spans.len());
    for &span in spans {
        if column + span > columns && column > from {
            (column, row) = (from, row + 1);
        }
        places.push((column, top + row as f32 * CELL.y));
        column += span;
    }
    (places, row + 1)
}

/// Columns of a parameter: long words take two.
fn span(view: &SlotView<'_>, index: ParamIndex) -> usize {
    match &view.params()[index].kind {
        ParamKind::Choice { words, .. } if words.iter().any(|w| w.len() > SHORT_WORD) => 2,
        ParamKind::Choice { .. } if view.params()[index].id.ends_with("_db_oct") => 2,
        _ => 1,
    }
}

fn flow_ui(ui: &mut Ui, view: &SlotView<'_>, groups: &[Group], flow: &Flow, out: &mut Outbox) {
    let t = theme();
    let size = vec2(flow.columns as f32 * CELL.x - GAP, flow.height);
    let (area, _) = ui.allocate_exact_size(size, Sense::hover());
    let place = |column: usize, y: f32| area.min + vec2(column as f32 * CELL.x, y);
    for ((group, head), cells) in groups.iter().zip(&flow.heads).zip(&flow.cells) {
        let from = place(head.0, head.1);
        let right = from.x + head.2 as f32 * CELL.x - GAP;
        let title = ui.painter().text(from, Align2::LEFT_TOP, &*group.title, t.medium(t.small), t.text);
        let line = egui::Rangef::new(title.right() + 6.0, right);
        if line.span() > 4.0 {
            ui.painter().hline(line, title.center().y + 0.5, t.hairline());
        }
        for (cell, at) in group.cells.iter().zip(cells) {
            let width = span(view, cell.index) as f32 * CELL.x - GAP;
            let rect = Rect::from_min_size(place(at.0, at.1), vec2(width, CELL.y - 4.0));
            cell_ui(ui, rect, view, cell, out);
        }
    }
}

/// One parameter: its name above a field, a box or a switch.
pub(super) fn cell_ui(ui: &mut Ui, rect: Rect, view: &SlotView<'_>, cell: &Cell, out: &mut Outbox) {
    let t = theme();
    let name = Rect::from_min_size(rect.min, vec2(rect.width(), NAME));
    let field = Rect::from_min_size(pos2(rect.left(), name.bottom()), vec2(rect.width(), FIELD));
    elided(ui, name, &cell.label, t.small, t.text_weak);
    let param = &view.params()[cell.index];
    let id = view.id((&param.id, "cell"));
    match &param.kind {
        ParamKind::Number { .. } => number_ui(ui, field, id, view, cell.index, out),
        ParamKind::Switch { .. } => switch_ui(ui, field, id, view, cell.index, out),
        ParamKind::Choice { .. } => {
            let builder = UiBuilder::new().max_rect(field).layout(Layout::left_to_right(Align::Center));
            let mut child = ui.new_child(builder);
            child.spacing_mut().interact_size.y = FIELD;
            child.spacing_mut().button_padding = vec2(6.0, 1.0);
            child.spacing_mut().icon_spacing = 2.0;
            choice_ui(&mut child, view, cell.index, &param.name, field.width() + 4.0, out);
        }
    }
    // Not a stop of Tab: the field itself resets with Alt and a click.
    let name = ui.interact(name, id.with("name"), Sense::CLICK).on_hover_text(&*param.help);
    if name.double_clicked() || (name.clicked() && ui.input(|i| i.modifiers.alt)) {
        out.edit(view.edit(&[(cell.index, param.default_value())]));
    }
}

fn number_ui(
    ui: &mut Ui,
    rect: Rect,
    id: egui::Id,
    view: &SlotView<'_>,
    index: ParamIndex,
    out: &mut Outbox,
) {
    let t = theme();
    let param = &view.params()[index];
    let spec = spec_of(param, &param.name);
    let value = view.values.get(index);
    let (change, typing) = number_input(ui, rect, rect, id, &spec, value);
    if !typing {
        let shown = change.value.unwrap_or(value);
        let visuals = ui.style().interact(&change.response);
        ui.painter().rect(rect, t.corner, visuals.weak_bg_fill, visuals.bg_stroke, egui::StrokeKind::Inside);
        let origin = if spec.min < 0.0 && spec.max > 0.0 { spec.place_from(0.0) } else { 0.0 };
        paint_place(ui, rect, origin as f32, spec.place_from(shown) as f32);
        focus_ring(ui, &change.response, rect);
        let at = rect.center() - vec2(0.0, 1.0);
        ui.painter().text(at, Align2::CENTER_CENTER, spec.text(shown), t.font(t.body), t.text);
    }
    if let Some(new) = change.value {
        out.edit_by(&change.response, view.edit(&[(index, new)]));
    }
    turn_by_wheel(ui, view, index, &spec, &change.response, out);
    change.response.on_hover_text(&*param.help);
}

/// Where a number lies in its range, as a line along the bottom of its field.
fn paint_place(ui: &Ui, rect: Rect, origin: f32, place: f32) {
    let t = theme();
    let bar = Rect::from_min_max(pos2(rect.left() + 2.0, rect.bottom() - 3.0), rect.max - vec2(2.0, 1.0));
    let x = |share: f32| bar.left() + bar.width() * share;
    let (from, to) = (x(origin.min(place)), x(origin.max(place)));
    ui.painter().rect_filled(Rect::from_x_y_ranges(from..=to, bar.y_range()), 0.0, faded(t.master, 0.8));
}

fn switch_ui(
    ui: &mut Ui,
    rect: Rect,
    id: egui::Id,
    view: &SlotView<'_>,
    index: ParamIndex,
    out: &mut Outbox,
) {
    let param = &view.params()[index];
    let on = view.values.is_on(index);
    let colour = if param.audition { theme().reference } else { theme().master };
    let response = switch(ui, rect, id, &param.name, if on { "On" } else { "Off" }, on.then_some(colour));
    if response.on_hover_text(&*param.help).clicked() {
        out.edit(view.edit(&[(index, if on { 0.0 } else { 1.0 })]));
    }
}

/// A switch in a rectangle, lit in a colour while on.
pub(super) fn switch(
    ui: &Ui,
    rect: Rect,
    id: egui::Id,
    name: &str,
    word: &str,
    on: Option<egui::Color32>,
) -> Response {
    let t = theme();
    let response = ui.interact(rect, id, Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, enabled, on.is_some(), name));
    let (fill, ink) = match on {
        Some(colour) => (colour, t.on_accent),
        None if response.hovered() => (t.control_hover, t.text),
        None => (t.control, t.text),
    };
    ui.painter().rect_filled(rect, t.corner, fill);
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        word,
        t.font(t.body.min(rect.height() - 4.0)),
        ink,
    );
    focus_ring(ui, &response, rect);
    response
}

/// How a line in a picture moves a parameter.
pub(super) struct Track<'a> {
    /// The parameter.
    pub index: ParamIndex,
    /// Accessible name.
    pub name: String,
    /// It is moved left and right; else up and down.
    pub is_across: bool,
    /// Where a value lies, points.
    pub place_from: &'a dyn Fn(f64) -> f32,
    /// The value at a place.
    pub value_from: &'a dyn Fn(f32) -> f64,
    /// A value moved by so many steps of the keys or the wheel.
    pub stepped: &'a dyn Fn(f64, f64) -> f64,
}

impl Track<'_> {
    /// The id of the line of that name.
    pub(super) fn id_of(view: &SlotView<'_>, name: &str) -> egui::Id {
        view.id(("track", name))
    }

    /// Lets the parameter be moved by what lies in `hit`: drag (Shift: a tenth as fast), wheel, arrow keys. The caller
    /// draws it, and says what a double-click does.
    pub(super) fn handle(&self, ui: &Ui, view: &SlotView<'_>, hit: Rect, out: &mut Outbox) -> Response {
        self.handle_at(ui, view, view.values.get(self.index), &[], hit, out)
    }

    /// The same for a parameter that works as `value` whatever is set; `also` is set with every change of it.
    pub(super) fn handle_at(
        &self,
        ui: &Ui,
        view: &SlotView<'_>,
        value: f64,
        also: &[(ParamIndex, f64)],
        hit: Rect,
        out: &mut Outbox,
    ) -> Response {
        let response = ui.interact(hit, Self::id_of(view, &self.name), Sense::click_and_drag());
        let param = &view.params()[self.index];
        let spec = spec_of(param, &param.name);
        let text = spec.text(value);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::slider(true, value, &self.name);
            info.current_text_value = Some(text.clone());
            info
        });
        if response.hovered() || response.dragged() {
            let icon = if self.is_across {
                egui::CursorIcon::ResizeHorizontal
            } else {
                egui::CursorIcon::ResizeVertical
            };
            ui.ctx().set_cursor_icon(icon);
        }
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        if response.dragged() {
            self.drag(ui, view, &response, value, also, out);
        }
        let steps = super::wheel_notches(ui, &response) * fineness(ui) + self.key_steps(ui, &response);
        if steps.abs() > 0.0 {
            let edit = view.edit(&self.with(also, (self.stepped)(value, steps)));
            edit_by_wheel(ui, &response, edit, out);
        }
        response.on_hover_text(format!("{} {text}\n{}", self.name, param.help))
    }

    /// The exact place is kept beside the line, so that one at the end of its range waits for the pointer.
    fn drag(
        &self,
        ui: &Ui,
        view: &SlotView<'_>,
        response: &Response,
        value: f64,
        also: &[(ParamIndex, f64)],
        out: &mut Outbox,
    ) {
        let delta = response.drag_delta() * fineness(ui) as f32;
        let along = if self.is_across { delta.x } else { delta.y };
        let key = response.id.with("place");
        let known = if response.drag_started() { None } else { ui.data(|d| d.get_temp::<f32>(key)) };
        let place = known.unwrap_or_else(|| (self.place_from)(value)) + along;
        ui.data_mut(|d| d.insert_temp(key, place));
        if along.abs() > 0.0 {
            out.edit_by(response, view.edit(&self.with(also, (self.value_from)(place))));
        }
    }

    fn with(&self, also: &[(ParamIndex, f64)], value: f64) -> Vec<(ParamIndex, f64)> {
        let others = also.iter().filter(|(index, _)| *index != self.index);
        others.copied().chain([(self.index, value)]).collect()
    }

    fn key_steps(&self, ui: &Ui, response: &Response) -> f64 {
        if response.has_focus() { arrow_steps(ui, response, self.is_across) } else { 0.0 }
    }
}

/// Steps of the arrow keys along an axis for what has the keyboard; with Shift a tenth.
pub(super) fn arrow_steps(ui: &Ui, response: &Response, is_across: bool) -> f64 {
    use egui::{EventFilter, Key, Modifiers};
    ui.memory_mut(|m| {
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        m.set_focus_lock_filter(response.id, arrows);
    });
    let (more, less) =
        if is_across { (Key::ArrowRight, Key::ArrowLeft) } else { (Key::ArrowUp, Key::ArrowDown) };
    ui.input_mut(|input| {
        let mut steps = 0.0;
        for (modifiers, size) in [(Modifiers::NONE, 1.0), (Modifiers::SHIFT, 0.1)] {
            let mut count = |key| input.count_and_consume_key(modifiers, key) as f64 * size;
            steps += count(more) - count(less);
        }
        steps
    })
}

fn fineness(ui: &Ui) -> f64 {
    if ui.input(|i| i.modifiers.shift) { 0.1 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChainRef, Slot, SlotId};

    fn with_view(kind: &str, test: impl FnOnce(&SlotView<'_>)) {
        let slot = Slot::new(SlotId(1), kind);
        test(&SlotView::new(ChainRef::Album, &slot).unwrap());
    }

    #[test]
    fn what_no_group_names_is_still_shown() {
        with_view("compressor", |view| {
            let groups = groups_of(view, &[("Curve", &[("ratio", "Ratio"), ("no_such", "None")])]);
            assert_eq!(groups.len(), 2);
            assert_eq!(groups[0].cells.len(), 1);
            assert_eq!(groups[1].cells.len(), view.params().len() - 1);
        });
    }

    #[test]
    fn no_two_cells_overlap_and_all_lie_inside_the_columns() {
        with_view("compressor", |view| {
            let all = groups_of(view, &[("Curve", &[("ratio", "Ratio"), ("knee_db", "Knee")])]);
            for columns in 2..12 {
                let flow = Flow::of(view, &all, columns);
                let mut taken = Vec::new();
                for (group, cells) in all.iter().zip(&flow.cells) {
                    for (cell, (column, top)) in group.cells.iter().zip(cells) {
                        for i in 0..span(view, cell.index) {
                            assert!(column + i < columns, "{columns}");
                            assert!(!taken.contains(&(column + i, *top as i32)), "{columns}");
                            taken.push((column + i, *top as i32));
                        }
                        assert!(top + CELL.y <= flow.height);
                    }
                }
            }
        });
    }
}
