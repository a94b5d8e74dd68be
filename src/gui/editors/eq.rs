//! The editor of the EQ: the curve over the spectrum with a node for every band, and the values of the chosen one.
//!
//! Where the program listens to this slot, the spectrum before it stands behind the one after it, and dynamic bands move.

use egui::{
    Align, Frame as Ground, Layout, Margin, Rect, RichText, Sense, Stroke, Ui, UiBuilder, pos2, vec2,
};

use super::SlotView;
use super::eq_bands::{Band, bands_of};
use super::eq_curve::{
    Curves, RightAxis, Scale, paint_curves, paint_grid, paint_piano, paint_pointer, paint_spectra,
};
use super::eq_nodes::{add_at, node_place, nodes_ui};
use super::eq_rows::{rows_height, rows_ui};
use super::generic::field_ui;
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::number::picture_info;
use crate::model::SlotId;

/// Height of the strip above the plot, points.
const STRIP_HEIGHT: f32 = 24.0;
/// Scales of the plot, dB from the middle to the top.
const RANGES_DB: [f64; 3] = [6.0, 12.0, 24.0];
/// Height of the piano below the plot, points.
const PIANO_HEIGHT: f32 = 9.0;
/// Where a band lies that was not put at a place.
const NEW_HZ: f64 = 1000.0;

/// What is only visual in the EQ editor.
#[derive(Debug)]
pub struct EqState {
    range_db: f64,
    /// The chosen band of the slot shown last.
    selected: Option<(SlotId, usize)>,
    curves: Option<Curves>,
    /// What the axis on the right shows.
    right: Option<RightAxis>,
    /// A low panel shows the dynamics of the band.
    dynamics: bool,
}

impl Default for EqState {
    fn default() -> Self {
        Self { range_db: RANGES_DB[1], selected: None, curves: None, right: None, dynamics: false }
    }
}

/// Draws the EQ into all of `ui`.
pub fn eq_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, state: &mut EqState, out: &mut Outbox) {
    let bands = bands_of(&view.values);
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let rows = Rect::from_min_max(pos2(area.left(), area.bottom() - rows_height(area.height())), area.max);
    let strip = Rect::from_min_size(area.min, vec2(area.width(), STRIP_HEIGHT));
    let plot = Rect::from_min_max(strip.left_bottom(), pos2(area.right(), rows.top() - 4.0));
    let known = state.selected.filter(|(slot, _)| *slot == view.slot.id).map(|(_, band)| band);
    let shown = bands.iter().find(|b| !b.is_free()).map(|b| b.number);
    let mut selected = known.filter(|&band| !bands[band].is_free()).or(shown);
    inside(ui, strip, |ui| strip_ui(ui, frame, view, state, &bands, &mut selected, out));
    inside(ui, plot, |ui| plot_ui(ui, plot, frame, view, state, &bands, &mut selected, out));
    let moves_db = moves_of(frame, view);
    rows_ui(ui, rows, view, selected.map(|band| &bands[band]), moves_db, &mut state.dynamics, out);
    state.selected = selected.map(|band| (view.slot.id, band));
}

/// The present dynamic gain of every band, dB, as far as it is known.
fn moves_of<'a>(frame: &'a Frame, view: &SlotView<'_>) -> &'a [f32] {
    let is_shown = frame.focus.slot == Some(view.slot.id) && view.slot.enabled;
    if is_shown { &frame.focus.bands_db } else { &[] }
}

pub(super) fn inside(ui: &mut Ui, rect: Rect, add: impl FnOnce(&mut Ui)) {
    let mut child =
        ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
    child.set_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
    add(&mut child);
}

fn strip_ui(
    ui: &mut Ui,
    frame: &Frame,
    view: &SlotView<'_>,
    state: &mut EqState,
    bands: &[Band],
    selected: &mut Option<usize>,
    out: &mut Outbox,
) {
    let t = theme();
    let weak = |text: &str| RichText::new(text.to_owned()).size(t.small).color(t.text_weak);
    if ui.button("Add band").on_hover_text("Adds a bell; or double-click in the plot.").clicked() {
        *selected = add_at(view, bands, NEW_HZ, 0.0, out).or(*selected);
    }
    let spectra = if has_before(frame, view) {
        format!("before (line) and after · {}", frame.focus.label)
    } else {
        frame.spectrum.label.clone()
    };
    ui.label(weak(&spectra));
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for range in RANGES_DB.iter().rev() {
            let on = (state.range_db - range).abs() < 0.1;
            if ui.selectable_label(on, format!("±{range:.0} dB")).clicked() {
                state.range_db = *range;
            }
        }
        ui.add_space(8.0);
        ui.label(weak("Scale"));
        ui.add_space(12.0);
        for (axis, name, help) in [
            (RightAxis::GroupDelay, "Delay", "Draws the group delay of the stereo bands, less the latency."),
            (RightAxis::Phase, "Phase", "Draws the phase of the stereo bands, less the latency."),
        ] {
            let on = state.right == Some(axis);
            if ui.selectable_label(on, name).on_hover_text(help).clicked() {
                state.right = (!on).then_some(axis);
            }
        }
    });
}

/// Whether the spectrum before this slot is known.
fn has_before(frame: &Frame, view: &SlotView<'_>) -> bool {
    let focus = &frame.focus;
    focus.slot == Some(view.slot.id)
        && focus.before_db.len() == focus.freqs_hz.len()
        && focus.freqs_hz.len() > 1
}

#[expect(clippy::too_many_arguments, reason = "one call, and each is another thing of the editor")]
fn plot_ui(
    ui: &mut Ui,
    rect: Rect,
    frame: &Frame,
    view: &SlotView<'_>,
    state: &mut EqState,
    bands: &[Band],
    selected: &mut Option<usize>,
    out: &mut Outbox,
) {
    let t = theme();
    let (rect, piano) = rect.split_top_bottom_at_y(rect.bottom() - PIANO_HEIGHT);
    let scale = Scale { rect, range_db: state.range_db };
    let mut curves = Curves::of(state.curves.take(), &view.values, frame.rate(), bands);
    let ground = ui.interact(rect, view.id("plot"), Sense::click());
    let count = bands.iter().filter(|b| b.on).count();
    picture_info(&ground, || format!("EQ curve, {count} bands on"));
    ui.painter().rect_filled(rect, t.corner, t.ground);
    let painter = ui.painter_at(rect);
    let focus = has_before(frame, view).then_some(&*frame.focus);
    paint_spectra(&painter, &scale, &frame.spectrum, focus);
    paint_curves(&painter, &scale, frame, focus);
    paint_grid(&painter, &scale);
    paint_piano(&ui.painter_at(piano), piano);
    if let Some(axis) = state.right {
        curves.paint_right(&painter, &scale, axis);
    }
    curves.paint(&painter, &scale, *selected, moves_of(frame, view));
    if let Some(pointer) = ground.hover_pos() {
        paint_pointer(&painter, &scale, &curves, pointer);
    }
    if !view.slot.enabled {
        painter.rect_filled(rect, t.corner, faded(t.ground, 0.6));
    }
    if let Some(at) = ground.interact_pointer_pos().filter(|_| ground.double_clicked()) {
        let made = add_at(view, bands, scale.hz_from_x(at.x), scale.db_from_y(at.y), out);
        *selected = made.or(*selected);
    } else {
        *selected = nodes_ui(ui, view, &scale, bands, *selected, moves_of(frame, view), out);
    }
    state.curves = Some(curves);
    if let Some(band) = selected.map(|band| &bands[band]).filter(|b| !b.is_free()) {
        readout_ui(ui, &scale, view, bands, band, out);
    }
    if bands.iter().all(Band::is_free) {
        let text = "Double-click to add a band: drag it, turn the wheel for its width.";
        painter.text(
            scale.rect.center() - vec2(0.0, 24.0),
            egui::Align2::CENTER_CENTER,
            text,
            t.font(t.body),
            t.text_weak,
        );
    }
}

/// The values beside the selected node, to be typed.
fn readout_ui(
    ui: &mut Ui,
    scale: &Scale,
    view: &SlotView<'_>,
    bands: &[Band],
    band: &Band,
    out: &mut Outbox,
) {
    let t = theme();
    let others: Vec<_> =
        bands.iter().filter(|b| !b.is_free() && *b != band).map(|b| node_place(scale, b)).collect();
    let rect = readout_rect(scale, readout_size(band), node_place(scale, band), &others);
    if !scale.rect.contains_rect(rect) {
        return;
    }
    let mut child =
        ui.new_child(UiBuilder::new().id_salt("readout").max_rect(rect).layout(Layout::top_down(Align::Min)));
    let ground = Ground::NONE
        .fill(faded(t.panel_raised, 0.94))
        .stroke(Stroke::new(1.0, t.line_strong))
        .corner_radius(t.corner)
        .inner_margin(Margin::symmetric(8, 4));
    ground.show(&mut child, |ui| {
        ui.set_min_size(rect.size() - vec2(16.0, 8.0));
        ui.spacing_mut().item_spacing = vec2(4.0, 3.0);
        let title = format!("{}  {} · {}", band.number + 1, band.shape_text(), band.channel_word());
        ui.label(RichText::new(title).color(t.band(band.number)));
        ui.horizontal(|ui| {
            let label = |what: &str| format!("Band {} {what}", band.number + 1);
            field_ui(ui, view, band.freq_index(), &label("frequency"), 68.0, out);
            if band.has_gain() {
                field_ui(ui, view, band.gain_index(), &label("gain"), 58.0, out);
            }
            if band.has_q() {
                ui.spacing_mut().item_spacing.x = 4.0;
                ui.label(RichText::new("Q").size(t.small).color(t.text_weak));
                field_ui(ui, view, band.q_index(), &label("Q"), 44.0, out);
            }
        });
    });
}

/// Size of the readout of a band: as wide as the values it has, points.
fn readout_size(band: &Band) -> egui::Vec2 {
    let gain = if band.has_gain() { 66.0 } else { 0.0 };
    let q = if band.has_q() { 62.0 } else { 0.0 };
    vec2(f32::max(86.0 + gain + q, 132.0), 50.0)
}

/// Beside the node: above and right of it unless another node or the edge is there.
fn readout_rect(scale: &Scale, size: egui::Vec2, node: egui::Pos2, others: &[egui::Pos2]) -> Rect {
    let room = scale.rect.shrink(4.0);
    let (right, left) = (node.x + 20.0, node.x - 20.0 - size.x);
    let (above, below) = (node.y - 14.0 - size.y, node.y + 14.0);
    let places = [(right, above), (left, above), (right, below), (left, below)]
        .map(|(x, y)| Rect::from_min_size(pos2(x, y), size));
    let is_free = |r: &&Rect| room.contains_rect(**r) && !others.iter().any(|p| r.expand(8.0).contains(*p));
    let inside = || places.iter().find(|r| room.contains_rect(**r));
    places.iter().find(is_free).or_else(inside).copied().unwrap_or(places[0])
}
