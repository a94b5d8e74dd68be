//! The column of meters: views one above the other, moved by their headings, sized by the lines between them.

use egui::{
    Align, Id, Layout, Popup, Rect, Role, ScrollArea, Sense, SetOpenCommand, Stroke, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use super::places::{arrange, column_menu};
use super::{MeterKind, MeterPanels};
use crate::app::Frame;
use crate::app::meter_settings::{USUAL_WIDTH, ViewPlace, WIDTHS};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

/// Between two views: a line in the middle of it.
const BORDER: f32 = 9.0;
/// A heading, to be taken hold of.
const HEADING: f32 = 17.0;
/// What transport and timeline keep of the window's width before a column wider than usual gets any, points: the monitor's
/// switches need it.
const KEPT_WIDTH: f32 = 1020.0;

/// What of the column is held with the mouse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Held {
    /// The left border: a width.
    Width(f32),
    /// The border under a view: the heights of it and of the one below.
    Heights(MeterKind, f32, MeterKind, f32),
    /// A heading, and the place it would be put before.
    Heading(MeterKind, usize),
}

/// Width of the column in a window: as chosen, but transport and timeline keep their room.
pub fn column_width(frame: &Frame, panels: &MeterPanels, window_width: f32) -> f32 {
    let chosen = match panels.held {
        Some(Held::Width(width)) => width,
        _ => frame.meter_settings.layout.now.column_width,
    };
    let most = (window_width - KEPT_WIDTH).clamp(USUAL_WIDTH, *WIDTHS.end());
    if chosen.is_finite() { chosen.clamp(*WIDTHS.start(), most) } else { *WIDTHS.start() }
}

/// Draws the column into all of `ui`.
pub fn meters_ui(ui: &mut Ui, frame: &Frame, panels: &mut MeterPanels, out: &mut Outbox) {
    let rect = ui.max_rect();
    width_handle(ui, rect, frame, panels, out);
    let inner = rect.shrink2(vec2(12.0, 5.0));
    let mut body = child(ui, inner, ui.scope_id().with("column"));
    let rows = rows_of(frame, panels);
    if rows.is_empty() {
        let text = "No meters in the column. The View menu puts them here.";
        body.add(egui::Label::new(egui::RichText::new(text).color(theme().text_weak)).wrap());
        return;
    }
    let wants: Vec<Want> = rows.iter().map(|(kind, set)| Want::of(*kind, *set)).collect();
    let heights = share(inner.height() - BORDER * (rows.len() - 1) as f32, &wants);
    let whole = heights.iter().sum::<f32>() + BORDER * (rows.len() - 1) as f32;
    ScrollArea::vertical().auto_shrink(false).show(&mut body, |ui| {
        let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), whole), Sense::hover());
        rows_ui(ui, area, frame, &rows, &heights, panels, out);
    });
}

/// The views of the column with their chosen heights (0: none), as long as this version has them.
fn rows_of(frame: &Frame, panels: &MeterPanels) -> Vec<(MeterKind, f32)> {
    let mut rows: Vec<(MeterKind, f32)> = Vec::new();
    for place in &frame.meter_settings.layout.now.column {
        if let Some(kind) =
            MeterKind::from_id(&place.view).filter(|k| rows.iter().all(|(known, _)| known != k))
        {
            let held = match panels.held {
                Some(Held::Heights(above, height, ..)) if above == kind => Some(height),
                Some(Held::Heights(.., below, height)) if below == kind => Some(height),
                _ => None,
            };
            rows.push((kind, held.unwrap_or(place.chosen_height())));
        }
    }
    rows
}

/// What a view wants of the column's height.
#[derive(Debug, Clone, Copy)]
struct Want {
    smallest: f32,
    growth: f32,
    /// Chosen by the engineer; `None` shares what is left.
    set: Option<f32>,
}

impl Want {
    fn of(kind: MeterKind, set: f32) -> Self {
        let view = kind.view();
        let set = (set > 0.0).then(|| set.max(view.smallest_height));
        Self { smallest: view.smallest_height, growth: view.growth, set }
    }
}

/// Shares a height: nobody gets less than the smallest; what was chosen holds while there is room; what is left goes by
/// growth to those nothing was chosen for, or to all where something was chosen for all.
fn share(height: f32, wants: &[Want]) -> Vec<f32> {
    let base = |w: &Want| w.set.unwrap_or(w.smallest);
    let left = height - wants.iter().map(base).sum::<f32>();
    if left >= 0.0 {
        let free = wants.iter().any(|w| w.set.is_none());
        let grows = |w: &Want| if free && w.set.is_some() { 0.0 } else { w.growth };
        let growth: f32 = wants.iter().map(grows).sum();
        return wants.iter().map(|w| base(w) + left * grows(w) / growth.max(1e-3)).collect();
    }
    let spare: f32 = wants.iter().map(|w| base(w) - w.smallest).sum();
    let given = if spare > 0.0 { (-left / spare).min(1.0) } else { 0.0 };
    wants.iter().map(|w| base(w) - given * (base(w) - w.smallest)).collect()
}

fn child(ui: &mut Ui, rect: Rect, id: Id) -> Ui {
    let builder = UiBuilder::new().scope_id(id).max_rect(rect).layout(Layout::top_down(Align::Min));
    let mut child = ui.new_child(builder);
    child.shrink_clip_rect(rect.expand(4.0));
    child
}

fn rows_ui(
    ui: &mut Ui,
    area: Rect,
    frame: &Frame,
    rows: &[(MeterKind, f32)],
    heights: &[f32],
    panels: &mut MeterPanels,
    out: &mut Outbox,
) {
    let mut tops = Vec::with_capacity(rows.len());
    let mut top = area.top();
    for (i, ((kind, _), height)) in rows.iter().zip(heights).enumerate() {
        tops.push(top);
        let rect = Rect::from_x_y_ranges(area.x_range(), top..=top + height);
        // Under the view, so that what a view puts into its heading is in front.
        let heading = heading_handle(ui, rect, frame, *kind, panels, out);
        let mut view = child(ui, rect, ui.scope_id().with(kind.id()));
        kind.ui(&mut view, frame, panels, out);
        if heading.hovered() && !heading.dragged() {
            ui.painter().hline(area.x_range(), rect.top() + HEADING, Stroke::new(1.0, theme().line_strong));
        }
        top += height;
        if let Some((below, _)) = rows.get(i + 1) {
            let border = Rect::from_x_y_ranges(area.x_range(), top..=top + BORDER);
            let pair = (*kind, *height, *below, heights[i + 1]);
            border_ui(ui, border, pair, frame, panels, out);
        }
        top += BORDER;
    }
    carry(ui, area, &tops, top - BORDER, panels);
}

/// The heading as a handle: drag moves the view, a click says where else it can stand.
fn heading_handle(
    ui: &mut Ui,
    rect: Rect,
    frame: &Frame,
    kind: MeterKind,
    panels: &mut MeterPanels,
    out: &mut Outbox,
) -> egui::Response {
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), HEADING));
    let response = ui.interact(bar, ui.scope_id().with(("heading", kind.id())), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{} heading", kind.label())));
    if response.drag_started() {
        panels.held = Some(Held::Heading(kind, usize::MAX));
    }
    if response.drag_stopped() {
        if let Some(Held::Heading(kind, to)) = panels.held.take() {
            arrange(frame, out, |a| move_before(&mut a.column, kind, to));
        }
    } else {
        let asked = response.clicked() || response.secondary_clicked();
        let open = asked.then_some(SetOpenCommand::Toggle);
        Popup::menu(&response).open_memory(open).show(|ui| column_menu(ui, frame, kind, out));
    }
    let cursor = if response.dragged() { egui::CursorIcon::Grabbing } else { egui::CursorIcon::Grab };
    response.on_hover_text("Drag to move; click for its places").on_hover_and_drag_cursor(cursor)
}

/// Puts a view before the `to`th of those that are shown; ids this version does not know keep their places.
fn move_before(column: &mut Vec<ViewPlace>, kind: MeterKind, to: usize) {
    let shown: Vec<usize> =
        (0..column.len()).filter(|&i| MeterKind::from_id(&column[i].view).is_some()).collect();
    let at = shown.get(to).copied().unwrap_or(column.len());
    let Some(from) = column.iter().position(|p| p.view == kind.id()) else { return };
    let place = column.remove(from);
    column.insert(if at > from { at - 1 } else { at }, place);
}

/// While a heading is carried: where it would go.
fn carry(ui: &Ui, area: Rect, tops: &[f32], bottom: f32, panels: &mut MeterPanels) {
    let Some(Held::Heading(_, to)) = &mut panels.held else { return };
    let Some(pos) = ui.input(|i| i.pointer.latest_pos()) else { return };
    let ends = tops.iter().skip(1).copied().chain([bottom]);
    *to = tops.iter().zip(ends).take_while(|(top, end)| pos.y > (*top + end) / 2.0).count();
    let y = tops.get(*to).copied().unwrap_or(bottom + BORDER) - BORDER / 2.0;
    ui.painter().hline(area.x_range(), y.max(area.top()), Stroke::new(2.0, theme().focus));
}

/// The line between two views: drag shares their height anew, a double click shares it as usual.
fn border_ui(
    ui: &mut Ui,
    rect: Rect,
    (above, height_above, below, height_below): (MeterKind, f32, MeterKind, f32),
    frame: &Frame,
    panels: &mut MeterPanels,
    out: &mut Outbox,
) {
    let t = theme();
    let response = ui.interact(rect, ui.scope_id().with(("border", above.id())), Sense::click_and_drag());
    let label = format!("Border between {} and {}", above.label(), below.label());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &label));
    if response.drag_started() {
        panels.grabbed = [height_above, height_below];
    }
    if response.dragged() {
        let [start_above, start_below] = panels.grabbed;
        let least = (above.view().smallest_height - start_above).min(0.0);
        let most = (start_below - below.view().smallest_height).max(0.0);
        let by = response.total_drag_delta().map_or(0.0, |d| d.y).clamp(least, most);
        panels.held = Some(Held::Heights(above, start_above + by, below, start_below - by));
    } else if response.drag_stopped()
        && let Some(Held::Heights(above, height_above, below, height_below)) = panels.held.take()
    {
        arrange(frame, out, |a| {
            a.set_height(above.id(), height_above.round());
            a.set_height(below.id(), height_below.round());
        });
    }
    if response.double_clicked() {
        arrange(frame, out, |a| {
            a.set_height(above.id(), 0.0);
            a.set_height(below.id(), 0.0);
        });
    }
    let active = response.hovered() || response.dragged();
    let stroke = if active { Stroke::new(2.0, t.line_strong) } else { Stroke::new(1.0, t.line) };
    ui.painter().hline(rect.x_range(), rect.center().y, stroke);
    response.on_hover_and_drag_cursor(egui::CursorIcon::ResizeVertical);
}

/// The left border of the column.
fn width_handle(ui: &mut Ui, rect: Rect, frame: &Frame, panels: &mut MeterPanels, out: &mut Outbox) {
    let t = theme();
    let edge = Rect::from_x_y_ranges(rect.left()..=rect.left() + 6.0, rect.y_range());
    let response = ui.interact(edge, ui.scope_id().with("width"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, "Width of the meter column"));
    if response.drag_started() {
        panels.grabbed = [rect.width(), 0.0];
    }
    if response.dragged() {
        let width = panels.grabbed[0] - response.total_drag_delta().map_or(0.0, |d| d.x);
        panels.held = Some(Held::Width(width.clamp(*WIDTHS.start(), *WIDTHS.end())));
    } else if response.drag_stopped()
        && let Some(Held::Width(width)) = panels.held.take()
    {
        arrange(frame, out, |a| a.column_width = width.round());
    }
    if response.double_clicked() {
        arrange(frame, out, |a| a.column_width = USUAL_WIDTH);
    }
    let active = response.hovered() || response.dragged();
    let stroke = if active { Stroke::new(2.0, t.line_strong) } else { Stroke::new(1.0, t.line) };
    ui.painter().line_segment([pos2(rect.left(), rect.top()), pos2(rect.left(), rect.bottom())], stroke);
    response.on_hover_and_drag_cursor(egui::CursorIcon::ResizeHorizontal);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(smallest: f32, growth: f32, set: Option<f32>) -> Want {
        Want { smallest, growth, set }
    }

    #[test]
    fn a_height_is_shared_by_growth_and_what_was_chosen_holds() {
        let free = [want(100.0, 1.0, None), want(50.0, 3.0, None)];
        assert_eq!(share(350.0, &free), [150.0, 200.0]);
        let one = [want(100.0, 1.0, Some(120.0)), want(50.0, 3.0, None)];
        assert_eq!(share(350.0, &one), [120.0, 230.0]);
        let all = [want(100.0, 1.0, Some(120.0)), want(50.0, 3.0, Some(130.0))];
        assert_eq!(share(350.0, &all), [145.0, 205.0]);
    }

    #[test]
    fn too_little_room_takes_from_what_was_chosen_but_never_below_the_smallest() {
        let wants = [want(100.0, 1.0, Some(200.0)), want(50.0, 1.0, None), want(50.0, 1.0, Some(100.0))];
        assert_eq!(share(275.0, &wants), [150.0, 50.0, 75.0]);
        assert_eq!(share(10.0, &wants), [100.0, 50.0, 50.0]);
    }

    #[test]
    fn a_view_is_moved_among_those_that_are_shown() {
        let place = |view: &str| ViewPlace { view: view.to_owned(), height: 0.0 };
        let mut column: Vec<ViewPlace> = ["level", "hologram", "field", "spectrum"].map(place).into();
        let order = |column: &[ViewPlace]| column.iter().map(|p| p.view.clone()).collect::<Vec<_>>();
        move_before(&mut column, MeterKind::Spectrum, 1);
        assert_eq!(order(&column), ["level", "hologram", "spectrum", "field"]);
        move_before(&mut column, MeterKind::Level, 9);
        assert_eq!(order(&column), ["hologram", "spectrum", "field", "level"]);
    }
}
