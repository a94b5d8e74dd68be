//! Buttons: with words, with an icon, switches and tabs. A greyed one says why in its tooltip.

use egui::{Align2, Color32, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use super::icons::{Icon, paint};
use super::number::focus_ring;
use crate::gui::theme::{faded, theme};

/// A button with words; `accent` fills it with a colour.
pub fn text_button(ui: &mut Ui, label: &str, accent: Option<Color32>) -> Response {
    let t = theme();
    let (text, fill) = match accent {
        Some(colour) if ui.is_enabled() => (t.on_accent, colour),
        _ => (t.text, t.control),
    };
    let button = egui::Button::new(egui::RichText::new(label).color(text)).fill(fill);
    ui.add(button)
}

/// A button that cannot be used now and says why, or can.
pub fn dim_button(ui: &mut Ui, label: &str, refusal: Option<&str>) -> Response {
    let response = ui.add_enabled(refusal.is_none(), egui::Button::new(label));
    match refusal {
        Some(why) => response.on_disabled_hover_text(why),
        None => response,
    }
}

/// A square button with an icon, lit in a colour when `on`.
pub fn icon_button(
    ui: &mut Ui,
    icon: Icon,
    label: &str,
    on: Option<Color32>,
    width: f32,
    enabled: bool,
) -> Response {
    let t = theme();
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(width, 24.0), sense);
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, on.is_some(), label));
    let fill = match on {
        Some(colour) => colour,
        None if response.is_pointer_button_down_on() => t.control_down,
        None if response.hovered() && enabled => t.control_hover,
        None => t.control,
    };
    let ink = match (on, enabled) {
        (_, false) => t.line_strong,
        (Some(_), true) => t.on_accent,
        (None, true) => t.text,
    };
    ui.painter().rect_filled(rect, t.corner, fill);
    paint(ui.painter(), icon, rect, ink);
    focus_ring(ui, &response, rect);
    response.on_hover_text(label)
}

/// A switch with a word: lit in a colour when on.
pub fn toggle(ui: &mut Ui, label: &str, on: bool, colour: Color32) -> Response {
    let t = theme();
    let galley = ui.painter().layout_no_wrap(label.to_owned(), t.font(t.body), t.text);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(12.0, 6.0), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, enabled, on, label));
    let (fill, ink) = match (on, response.hovered()) {
        (true, _) => (colour, t.on_accent),
        (false, true) => (t.control_hover, t.text),
        (false, false) => (Color32::TRANSPARENT, t.text_weak),
    };
    ui.painter().rect_filled(rect, t.corner, fill);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, label, t.font(t.body), ink);
    focus_ring(ui, &response, rect);
    response
}

/// A tab: underlined in the master's colour when chosen.
pub fn tab(ui: &mut Ui, label: &str, chosen: bool, height: f32) -> Response {
    let t = theme();
    let galley = ui.painter().layout_no_wrap(label.to_owned(), t.font(t.body), t.text);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(galley.size().x + 24.0, height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, label));
    let ink = if chosen || response.hovered() { t.text } else { t.text_weak };
    if response.hovered() && !chosen {
        ui.painter().rect_filled(rect, 0.0, faded(t.control, 0.5));
    }
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, label, t.font(t.body), ink);
    if chosen {
        let y = rect.bottom() - 1.0;
        ui.painter().hline(rect.x_range(), y, Stroke::new(2.0, t.master));
    }
    if response.has_focus() {
        let ring = rect.shrink(2.0);
        ui.painter().rect_stroke(ring, t.corner, Stroke::new(1.0, t.focus), StrokeKind::Inside);
    }
    response
}
