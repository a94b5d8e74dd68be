//! The nodes of the EQ: a handle for every band, its menu and its keys.
//!
//! Drag moves frequency and gain (Shift: a tenth as fast), the wheel turns Q or slope, double-click switches the band
//! off and on, the right button opens the menu; arrow keys move, Delete removes, Tab goes to the next. Alt with dragging up
//! and down or with the arrows sets the range of a dynamic band, H plays the band alone.

use egui::{Align2, EventFilter, Key, Modifiers, Pos2, Rangef, Rect, Response, Role, Sense, Stroke, Ui};
use egui::{WidgetInfo, pos2, vec2};

use super::eq_bands::{Band, new_bell, removed};
use super::eq_curve::Scale;
use super::generic::word_text;
use super::{SlotView, edit_by_wheel, keep_delete, wheel_notches};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::frequency::hz_text;
use crate::process::{ParamIndex, ParamKind};

const RADIUS: f32 = 8.5;
/// Turns of the wheel for an octave of Q.
const NOTCHES_PER_OCTAVE: f64 = 6.0;
/// Steps of the arrow keys for an octave.
const KEYS_PER_OCTAVE: f64 = 24.0;
/// Step of the arrow keys, dB.
const KEY_DB: f64 = 0.5;
/// With Shift everything is this much finer.
const FINE: f64 = 0.1;

/// Draws every band's node and does what is done with it; the band selected after that.
pub(super) fn nodes_ui(
    ui: &mut Ui,
    view: &SlotView<'_>,
    scale: &Scale,
    bands: &[Band],
    mut selected: Option<usize>,
    moves_db: &[f32],
    out: &mut Outbox,
) -> Option<usize> {
    for band in bands.iter().filter(|b| !b.is_free()) {
        let place = node_place(scale, band);
        let rect = Rect::from_center_size(place, vec2(2.0 * RADIUS + 4.0, 2.0 * RADIUS + 4.0));
        let response = ui.interact(rect, view.id(("node", band.number)), Sense::click_and_drag());
        name_node(&response, band);
        if band.is_dynamic() {
            paint_range(ui, scale, place, band, moves_db.get(band.number).copied().unwrap_or(0.0));
        }
        paint_node(ui, place, band, selected == Some(band.number), &response);
        let taken = response.clicked() || response.drag_started() || response.gained_focus();
        if taken || response.secondary_clicked() {
            response.request_focus();
            selected = Some(band.number);
        }
        move_node(ui, view, scale, band, &response, out);
        let gone = node_keys(ui, view, band, &response, out) | node_menu(view, band, &response, out);
        if gone && selected == Some(band.number) {
            selected = None;
        }
    }
    selected
}

/// Where a node lies; at the edge when its band is outside the plot.
pub(super) fn node_place(scale: &Scale, band: &Band) -> Pos2 {
    let inside = scale.rect.shrink(RADIUS);
    let place = pos2(scale.x_from_hz(band.freq_hz), scale.y_from_db(band.node_db()));
    inside.clamp(place)
}

fn name_node(response: &Response, band: &Band) {
    let label = || {
        let gain = if band.has_gain() { format!(" {:+.1} dB", band.gain_db) } else { String::new() };
        format!("Band {} {} {}{gain}", band.number + 1, band.shape_text(), hz_text(band.freq_hz))
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, band.on, label()));
}

fn paint_node(ui: &Ui, place: Pos2, band: &Band, selected: bool, response: &Response) {
    let t = theme();
    let colour = t.band(band.number);
    let (fill, ink) = if band.on { (colour, t.on_accent) } else { (faded(t.ground, 0.8), colour) };
    let painter = ui.painter();
    painter.circle(place, RADIUS, fill, Stroke::new(1.0, if band.on { fill } else { faded(colour, 0.7) }));
    if band.solo {
        painter.circle_stroke(place, RADIUS + 6.0, Stroke::new(2.0, t.warning));
    }
    if selected || response.hovered() {
        painter.circle_stroke(place, RADIUS + 2.0, Stroke::new(1.5, t.text));
    }
    if response.has_focus() {
        painter.circle_stroke(place, RADIUS + 4.0, Stroke::new(1.0, t.focus));
    }
    let number = (band.number + 1).to_string();
    painter.text(place, Align2::CENTER_CENTER, number, t.medium(t.small), ink);
}

/// The way of a dynamic band from its node: to where it goes at most, and where it is.
fn paint_range(ui: &Ui, scale: &Scale, place: Pos2, band: &Band, move_db: f32) {
    let colour = faded(theme().band(band.number), if band.on { 1.0 } else { 0.5 });
    let inside = scale.rect.y_range();
    let y = |db: f64| inside.clamp(scale.y_from_db(band.gain_db + db));
    let end = y(band.range_db);
    let painter = ui.painter();
    painter.vline(place.x, Rangef::new(place.y.min(end), place.y.max(end)), Stroke::new(1.5, colour));
    painter.hline(place.x - 5.0..=place.x + 5.0, end, Stroke::new(1.5, colour));
    if move_db.abs() >= 0.05 {
        painter.circle_filled(pos2(place.x, y(f64::from(move_db))), 4.0, theme().text);
    }
}

fn fine(ui: &Ui) -> f64 {
    if ui.input(|i| i.modifiers.shift) { FINE } else { 1.0 }
}

/// Drag, wheel and double-click.
fn move_node(
    ui: &Ui,
    view: &SlotView<'_>,
    scale: &Scale,
    band: &Band,
    response: &Response,
    out: &mut Outbox,
) {
    if response.dragged() {
        let delta = response.drag_delta() * fine(ui) as f32;
        if delta.length_sq() > 0.0 {
            out.edit_by(response, view.edit(&dragged(ui, view, scale, band, response, delta)));
        }
    }
    let notches = wheel_notches(ui, response);
    if notches.abs() > 0.0 {
        let value = if band.is_cut() {
            (band.slope_index(), band.slope_step(notches.signum()))
        } else {
            (band.q_index(), band.q * 2f64.powf(notches * fine(ui) / NOTCHES_PER_OCTAVE))
        };
        edit_by_wheel(ui, response, view.edit(&[value]), out);
    }
    if response.double_clicked() {
        out.edit(view.edit(&[(band.enabled_index(), if band.on { 0.0 } else { 1.0 })]));
    }
}

/// The values of a band whose node was dragged. The exact place is kept beside the node, so that a node at the end of
/// a range waits for the pointer to come back.
fn dragged(
    ui: &Ui,
    view: &SlotView<'_>,
    scale: &Scale,
    band: &Band,
    response: &Response,
    delta: egui::Vec2,
) -> Vec<(ParamIndex, f64)> {
    let key = response.id.with("place");
    let known = if response.drag_started() { None } else { ui.data(|d| d.get_temp::<Pos2>(key)) };
    let from = known.unwrap_or(pos2(scale.x_from_hz(band.freq_hz), scale.y_from_db(band.node_db())));
    let place = from + delta;
    ui.data_mut(|d| d.insert_temp(key, place));
    if band.can_be_dynamic() && ui.input(|i| i.modifiers.alt) {
        ui.data_mut(|d| d.remove::<Pos2>(key));
        let way_db = scale.db_from_y(scale.y_from_db(0.0) + delta.y);
        return range_moved(view, band, way_db).to_vec();
    }
    let mut values = vec![(band.freq_index(), scale.hz_from_x(place.x))];
    if band.has_gain() {
        values.push((band.gain_index(), scale.db_from_y(place.y)));
    }
    values
}

/// The range as it is set moved by so much, and the band dynamic: also where its dynamics were switched off.
fn range_moved(view: &SlotView<'_>, band: &Band, by_db: f64) -> [(ParamIndex, f64); 2] {
    let set_db = view.values.get(band.range_index());
    [(band.range_index(), set_db + by_db), (band.dynamic_index(), 1.0)]
}

/// Arrows move the node that has the keyboard, Delete removes its band (`true`).
fn node_keys(ui: &Ui, view: &SlotView<'_>, band: &Band, response: &Response, out: &mut Outbox) -> bool {
    if !response.has_focus() {
        return false;
    }
    keep_delete(ui.ctx());
    ui.memory_mut(|m| {
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        m.set_focus_lock_filter(response.id, arrows);
    });
    let mut steps = (0.0, 0.0);
    let mut range_steps = 0.0;
    let mut solo = false;
    let delete = ui.input_mut(|input| {
        // The one with most keys first: a pattern without Shift or Alt takes those as well.
        let ranges = [(Modifiers::ALT | Modifiers::SHIFT, FINE), (Modifiers::ALT, 1.0)];
        for (modifiers, size) in ranges {
            let mut count = |key| input.count_and_consume_key(modifiers, key) as f64 * size;
            range_steps += count(Key::ArrowUp) - count(Key::ArrowDown);
        }
        for (modifiers, size) in [(Modifiers::SHIFT, FINE), (Modifiers::NONE, 1.0)] {
            let mut count = |key| input.count_and_consume_key(modifiers, key) as f64 * size;
            steps.0 += count(Key::ArrowRight) - count(Key::ArrowLeft);
            steps.1 += count(Key::ArrowUp) - count(Key::ArrowDown);
        }
        solo = input.consume_key(Modifiers::NONE, Key::H);
        input.consume_key(Modifiers::NONE, Key::Delete)
    });
    let range_steps: f64 = range_steps;
    let (across, up): (f64, f64) = steps;
    let mut values = Vec::new();
    if across.abs() > 0.0 {
        values.push((band.freq_index(), band.freq_hz * 2f64.powf(across / KEYS_PER_OCTAVE)));
    }
    if up.abs() > 0.0 && band.has_gain() {
        values.push((band.gain_index(), band.gain_db + up * KEY_DB));
    }
    if range_steps.abs() > 0.0 && band.can_be_dynamic() {
        values.extend(range_moved(view, band, range_steps * KEY_DB));
    }
    if solo {
        out.edit(view.edit(&[band.solo_toggled()]));
    }
    if !values.is_empty() {
        // Key after key without a pause is one step, like the wheel.
        edit_by_wheel(ui, response, view.edit(&values), out);
    }
    if delete {
        out.edit(view.edit(&removed(view, band)));
    }
    delete
}

/// The menu under the right button; `true` when the band was removed.
fn node_menu(view: &SlotView<'_>, band: &Band, response: &Response, out: &mut Outbox) -> bool {
    let mut gone = false;
    response.context_menu(|ui| {
        ui.set_min_width(160.0);
        let on = if band.on { "Switch off" } else { "Switch on" };
        if ui.button(on).clicked() {
            out.edit(view.edit(&[(band.enabled_index(), if band.on { 0.0 } else { 1.0 })]));
        }
        if ui.button(if band.solo { "Solo off" } else { "Solo" }).clicked() {
            out.edit(view.edit(&[band.solo_toggled()]));
        }
        ui.separator();
        words_menu(ui, view, "Type", band.shape_index(), out);
        if band.is_cut() {
            words_menu(ui, view, "Slope", band.slope_index(), out);
        }
        words_menu(ui, view, "Channel", band.channel_index(), out);
        ui.separator();
        if ui.button("Remove band").clicked() {
            out.edit(view.edit(&removed(view, band)));
            gone = true;
        }
    });
    gone
}

fn words_menu(ui: &mut Ui, view: &SlotView<'_>, name: &str, index: ParamIndex, out: &mut Outbox) {
    let param = &view.params()[index];
    let ParamKind::Choice { words, .. } = &param.kind else { return };
    let chosen = view.values.choice(index);
    ui.menu_button(name, |ui| {
        for (i, word) in words.iter().enumerate() {
            if ui.radio(i == chosen, word_text(param, word)).clicked() {
                out.edit(view.edit(&[(index, i as f64)]));
                ui.close();
            }
        }
    });
}

/// Puts a new bell where the plot was double-clicked; its band.
pub(super) fn add_at(
    view: &SlotView<'_>,
    bands: &[Band],
    freq_hz: f64,
    gain_db: f64,
    out: &mut Outbox,
) -> Option<usize> {
    let free = bands.iter().find(|b| b.is_free())?;
    out.edit(view.edit(&new_bell(free, freq_hz, gain_db)));
    Some(free.number)
}
