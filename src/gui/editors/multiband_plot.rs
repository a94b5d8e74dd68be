//! The bands of the multiband processor on the spectrum: areas to choose, splits to drag, gains as lines that move with
//! the dynamics, solo and bypass.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::SlotView;
use super::groups::{Track, arrow_steps, switch};
use super::history::{Axis, note};
use super::multiband::{Bands, divided, joined, of_band};
use super::spectra::{HzLine, spectra_ground, spectra_names};
use super::transfer::reset_by_double_click;
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::signed;
use crate::gui::widgets::frequency::{HIGHEST_HZ, LOWEST_HZ, hz_from_x, hz_text, x_from_hz};
use crate::gui::widgets::number::picture_info;
use crate::process::multiband::SPLIT;

/// Size of a small switch, points.
const SWITCH: egui::Vec2 = vec2(22.0, 18.0);
/// How near to a line of gain the pointer takes it, points.
const REACH: f32 = 5.0;
/// Steps of the arrow keys and the wheel, dB.
const STEP_DB: f64 = 0.5;
/// Room above and below the gains, points.
const HEAD: f32 = 48.0;
const FOOT: f32 = 18.0;

/// Draws the bands and does what is done with them; the band that was chosen.
pub(super) fn plot_ui(
    ui: &mut Ui,
    rect: Rect,
    frame: &Frame,
    view: &SlotView<'_>,
    bands: &Bands,
    selected: usize,
    out: &mut Outbox,
) -> Option<usize> {
    let t = theme();
    let mut taken = None;
    let painter = spectra_ground(ui, rect, frame, view.slot.id);
    let response = ui.interact(rect, view.id("bands"), Sense::hover());
    picture_info(&response, || format!("Spectrum with {} bands", bands.count));
    let gains = Rect::from_min_max(rect.min + vec2(0.0, HEAD), rect.max - vec2(0.0, FOOT));
    let axis = gain_axis(ui, view, bands);
    for db in axis.marks(gains.height()) {
        let y = axis.y(gains, db);
        painter.hline(
            rect.x_range(),
            y,
            Stroke::new(1.0, if db.abs() < 0.1 { t.line_strong } else { t.line }),
        );
        note(&painter, pos2(rect.left() + 4.0, y - 1.0), Align2::LEFT_BOTTOM, signed(db, 0));
    }
    for band in 0..bands.count {
        let area = area_of(rect, bands, band);
        paint_area(&painter, area, band, band == selected);
        if area_ui(ui, rect, view, bands, band, band == selected, out) {
            taken = Some(band);
        }
    }
    spectra_names(&painter, rect, frame, rect.height() - 34.0);
    for band in 0..bands.count {
        let area = area_of(rect, bands, band);
        let lane = Rect::from_x_y_ranges(area.x_range(), gains.y_range());
        if gain_ui(ui, lane, &axis, view, bands.live_db(frame, view, band), band, out) {
            taken = Some(band);
        }
        switches_ui(ui, area, view, band, out);
    }
    for split in 0..bands.count - 1 {
        split_line_ui(ui, rect, view, bands, split, out);
    }
    taken
}

/// As far as the gains set reach. It stands still while one of them is dragged: the place under the pointer keeps its gain.
fn gain_axis(ui: &Ui, view: &SlotView<'_>, bands: &Bands) -> Axis {
    let key = view.id("reach of gains");
    let is_dragged =
        (0..bands.count).any(|band| ui.ctx().is_being_dragged(Track::id_of(view, &gain_name(band))));
    let set = |band| of_band(view, band, "gain_db").map_or(0.0, |i| view.values.get(i));
    let is_far = (0..bands.count).any(|band| set(band).abs() > 11.0);
    let wanted_db: f64 = if is_far { 24.0 } else { 12.0 };
    let held_db = if is_dragged { ui.data(|d| d.get_temp::<f64>(key)) } else { None };
    let reach = held_db.unwrap_or(wanted_db);
    ui.data_mut(|d| d.insert_temp(key, reach));
    Axis { low_db: -reach, high_db: reach }
}

/// Accessible name of the line of a gain.
fn gain_name(band: usize) -> String {
    format!("Gain of band {}", band + 1)
}

fn area_of(rect: Rect, bands: &Bands, band: usize) -> Rect {
    let (low, high) = bands.edges_hz(band, (LOWEST_HZ, HIGHEST_HZ));
    let x = |hz| x_from_hz(rect.x_range(), hz);
    Rect::from_x_y_ranges(x(low)..=x(high).max(x(low)), rect.y_range())
}

fn paint_area(painter: &egui::Painter, area: Rect, band: usize, is_selected: bool) {
    let colour = theme().band(band);
    painter.rect_filled(area, 0.0, faded(colour, if is_selected { 0.17 } else { 0.06 }));
    let head = Rect::from_min_size(area.min, vec2(area.width(), 3.0));
    painter.rect_filled(head, 0.0, faded(colour, if is_selected { 1.0 } else { 0.5 }));
}

/// Chooses a band (`true`) and divides it where it is double-clicked.
fn area_ui(
    ui: &Ui,
    plot: Rect,
    view: &SlotView<'_>,
    bands: &Bands,
    band: usize,
    is_selected: bool,
    out: &mut Outbox,
) -> bool {
    let area = area_of(plot, bands, band);
    let response = ui.interact(area, view.id(("area", band)), Sense::click());
    let (low, high) = bands.edges_hz(band, (LOWEST_HZ, HIGHEST_HZ));
    response.widget_info(|| {
        let label = format!("Band {}, {} to {}", band + 1, hz_text(low), hz_text(high));
        WidgetInfo::selected(Role::Button, true, is_selected, label)
    });
    if response.has_focus() {
        ui.painter().rect_stroke(
            area.shrink(1.0),
            0.0,
            Stroke::new(1.0, theme().focus),
            egui::StrokeKind::Inside,
        );
        let steps = arrow_steps(ui, &response, false);
        if let Some(index) = of_band(view, band, "gain_db").filter(|_| steps.abs() > 0.0) {
            let gain_db = view.values.get(index) + steps * STEP_DB;
            super::edit_by_wheel(ui, &response, view.edit(&[(index, gain_db)]), out);
        }
    }
    if response.clicked() {
        response.request_focus();
    }
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.double_clicked())
        && let Some(values) = divided(view, bands, hz_from_x(plot.x_range(), at.x))
    {
        out.edit(view.edit(&values));
    }
    let taken = response.clicked() || response.gained_focus();
    response
        .on_hover_text("Click: the controls of this band. Double-click: divide it there. Arrows: its gain.");
    taken
}

/// The gain of a band: as set (dragged up and down), and as it is now.
fn gain_ui(
    ui: &Ui,
    lane: Rect,
    axis: &Axis,
    view: &SlotView<'_>,
    live_db: f64,
    band: usize,
    out: &mut Outbox,
) -> bool {
    let t = theme();
    let Some(index) = of_band(view, band, "gain_db") else { return false };
    let set_db = view.values.get(index);
    let is_bypassed = of_band(view, band, "bypass").is_some_and(|i| view.values.is_on(i));
    let track = Track {
        index,
        name: gain_name(band),
        is_across: false,
        place_from: &|db| axis.y(lane, db),
        value_from: &|y| axis.db_at_y(lane, y),
        stepped: &|db, steps| db + steps * STEP_DB,
    };
    let y = axis.y(lane, set_db);
    let hit = Rect::from_x_y_ranges(lane.x_range(), y - REACH..=y + REACH);
    let response = track.handle(ui, view, hit, out);
    reset_by_double_click(view, index, &response, out);
    let colour = if is_bypassed { t.text_weak } else { t.band(band) };
    let painter = ui.painter().with_clip_rect(lane.intersect(ui.clip_rect()));
    let now = axis.y(lane, set_db + live_db);
    let moved = Rect::from_x_y_ranges(lane.x_range(), y.min(now)..=y.max(now));
    painter.rect_filled(moved, 0.0, faded(colour, 0.35));
    let strength = if response.hovered() || response.dragged() || response.has_focus() { 1.0 } else { 0.7 };
    painter.hline(lane.x_range(), y, Stroke::new(1.0, faded(colour, strength)));
    painter.hline(lane.x_range(), now, Stroke::new(2.5, colour));
    if lane.width() > 40.0 {
        let at = pos2(lane.center().x, lane.top() - 4.0);
        painter_text(ui, at, &format!("{} dB", signed(live_db, 1)));
    }
    response.clicked() || response.drag_started() || response.gained_focus()
}

fn painter_text(ui: &Ui, at: egui::Pos2, text: &str) {
    let t = theme();
    ui.painter().text(at, Align2::CENTER_BOTTOM, text, t.font(t.small), t.text);
}

/// Solo and bypass at the top of a band that has room for them; the controls have them too.
fn switches_ui(ui: &Ui, area: Rect, view: &SlotView<'_>, band: usize, out: &mut Outbox) {
    let t = theme();
    if area.width() < 2.0 * SWITCH.x + 8.0 {
        return;
    }
    let from = pos2(area.center().x - SWITCH.x - 2.0, area.top() + 8.0);
    let all = [("solo", "S", "Solo", t.reference), ("bypass", "B", "Bypass", t.warning)];
    for (i, (id, word, name, colour)) in all.into_iter().enumerate() {
        let Some(index) = of_band(view, band, id) else { continue };
        let rect = Rect::from_min_size(from + vec2(i as f32 * (SWITCH.x + 4.0), 0.0), SWITCH);
        let on = view.values.is_on(index);
        let name = format!("{name} band {}", band + 1);
        let response = switch(ui, rect, view.id((id, band, "plot")), &name, word, on.then_some(colour));
        if response.on_hover_text(format!("{name}. {}", view.params()[index].help)).clicked() {
            out.edit(view.edit(&[(index, if on { 0.0 } else { 1.0 })]));
        }
    }
}

/// A split: dragged, stepped, and taken out by a double-click.
fn split_line_ui(ui: &Ui, rect: Rect, view: &SlotView<'_>, bands: &Bands, split: usize, out: &mut Outbox) {
    let line = HzLine {
        index: SPLIT + split,
        hz: bands.splits_hz[split],
        also: &bands.out_of_order(view),
        name: format!("Split {} on the spectrum", split + 1),
        word: "",
        row: 0,
        limits_hz: bands.limits_hz(split),
        off_below_hz: 0.0,
    };
    let response = line.show(ui, rect, view, out);
    let x = x_from_hz(rect.x_range(), bands.splits_hz[split]);
    let grip = Rect::from_center_size(pos2(x, rect.bottom() - 30.0), vec2(7.0, 18.0));
    ui.painter().rect_filled(grip, theme().corner, theme().reference);
    if response.hovered() || response.dragged() || response.has_focus() {
        let text = hz_text(bands.splits_hz[split]);
        let at = pos2(x + 8.0, rect.bottom() - 30.0);
        let t = theme();
        ui.painter().text(at, Align2::LEFT_CENTER, text, t.font(t.small), t.text);
    }
    if response.double_clicked()
        && let Some(values) = joined(view, bands, split)
    {
        out.edit(view.edit(&values));
    }
}
