//! A number the engineer can drag, type, step and reset; the base of the knob.
//!
//! Drag up or right raises (Shift: a tenth as fast), double-click or Enter types, Alt-click resets, the arrow keys step.
//! Escape drops what was typed.

use egui::{Align2, Event, Id, Key, Modifiers, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, vec2};

use super::figures::{plain, signed};
use crate::gui::theme::theme;

/// How a drag travels over the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Travel {
    /// Equal steps.
    Linear,
    /// Equal ratios; the range is positive.
    Log,
}

/// A number as a control.
#[derive(Debug, Clone)]
pub struct NumberSpec<'a> {
    /// Accessible name, and the label of a knob.
    pub label: &'a str,
    /// As shown after the number (`dB`), empty for none.
    pub unit: &'a str,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// What a reset gives.
    pub default: f64,
    /// How a drag travels.
    pub travel: Travel,
    /// Digits after the point.
    pub decimals: usize,
    /// Show `+` before positive numbers.
    pub signed: bool,
    /// Points of drag over the whole range.
    pub drag_points: f32,
}

impl<'a> NumberSpec<'a> {
    /// A linear number with two decimals and 0 (or the nearest end) as default.
    pub fn new(label: &'a str, unit: &'a str, min: f64, max: f64) -> Self {
        Self {
            label,
            unit,
            min,
            max,
            default: 0f64.clamp(min, max),
            travel: Travel::Linear,
            decimals: 2,
            signed: false,
            drag_points: 250.0,
        }
    }

    /// With a default.
    #[must_use]
    pub fn default_value(mut self, default: f64) -> Self {
        self.default = default;
        self
    }

    /// Travels in equal ratios.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.travel = Travel::Log;
        self
    }

    /// With so many digits after the point.
    #[must_use]
    pub fn decimals(mut self, decimals: usize) -> Self {
        self.decimals = decimals;
        self
    }

    /// With a sign before positive numbers.
    #[must_use]
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// Place of a value in the range, 0 to 1.
    pub fn place_from(&self, value: f64) -> f64 {
        let (lo, hi, v) = match self.travel {
            Travel::Linear => (self.min, self.max, value),
            Travel::Log => (self.min.ln(), self.max.ln(), value.max(self.min).ln()),
        };
        ((v - lo) / (hi - lo)).clamp(0.0, 1.0)
    }

    /// Value at a place, 0 to 1.
    pub fn value_from(&self, place: f64) -> f64 {
        let place = place.clamp(0.0, 1.0);
        match self.travel {
            Travel::Linear => self.min + (self.max - self.min) * place,
            Travel::Log => (self.min.ln() + (self.max.ln() - self.min.ln()) * place).exp(),
        }
    }

    /// The number as shown, with a true minus, without its unit. Hertz from 1000 on are written `3.15 k`.
    pub fn number_text(&self, value: f64) -> String {
        if self.unit == "Hz" && value.abs() >= 1000.0 {
            return format!("{:.2} k", value / 1000.0);
        }
        let decimals = if self.unit == "Hz" && value.abs() >= 100.0 { 0 } else { self.decimals };
        if self.signed { signed(value, decimals) } else { plain(value, decimals) }
    }

    /// The number with its unit.
    pub fn text(&self, value: f64) -> String {
        let number = self.number_text(value);
        match self.unit {
            "" => number,
            "Hz" if number.ends_with('k') => format!("{number}Hz"),
            unit => format!("{number} {unit}"),
        }
    }

    /// Reads what was typed: a number with point or comma, `k` for thousands, the unit or not.
    pub fn parse(&self, text: &str) -> Option<f64> {
        let plain = text.trim().replace(['−', '–'], "-").replace(',', ".");
        let end = plain.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+')).unwrap_or(plain.len());
        let (number, rest) = plain.split_at(end);
        let factor = if rest.trim_start().to_lowercase().starts_with('k') { 1000.0 } else { 1.0 };
        let value = number.parse::<f64>().ok()? * factor;
        value.is_finite().then(|| value.clamp(self.min, self.max))
    }
}

/// What a number control did this frame.
#[derive(Debug)]
pub struct Change {
    /// The new value, if it changed.
    pub value: Option<f64>,
    /// For hover texts, menus and [`crate::gui::outbox::Outbox::edit_by`].
    pub response: Response,
}

/// Text being typed into a number, kept in egui's memory under the control's id.
type Typing = Option<String>;

/// Drag, keys, reset and typing of a number inside `rect`. Draws only the text field while something is typed.
///
/// `true` beside the change: it is being typed, so the caller draws no number.
pub(crate) fn number_input(
    ui: &mut Ui,
    rect: Rect,
    type_rect: Rect,
    id: Id,
    spec: &NumberSpec<'_>,
    value: f64,
) -> (Change, bool) {
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(enabled, value, spec.label);
        info.current_text_value = Some(spec.text(value));
        info
    });
    let typing: Typing = ui.data(|d| d.get_temp::<Typing>(id)).flatten();
    if let Some(text) = typing {
        let new = type_ui(ui, type_rect, id, spec, text);
        return (Change { value: new, response }, true);
    }
    let mut new = None;
    if response.dragged() {
        let delta = response.drag_delta();
        let fine = if ui.input(|i| i.modifiers.shift) { 0.1 } else { 1.0 };
        let travel = f64::from((delta.x - delta.y) * fine / spec.drag_points);
        // The exact place is kept beside the control, so that rounding elsewhere does not stop a slow drag.
        let key = id.with("place");
        let at = if response.drag_started() { None } else { ui.data(|d| d.get_temp::<f64>(key)) };
        let place = (at.unwrap_or_else(|| spec.place_from(value)) + travel).clamp(0.0, 1.0);
        ui.data_mut(|d| d.insert_temp(key, place));
        new = Some(spec.value_from(place));
    }
    if response.clicked() && ui.input(|i| i.modifiers.alt) {
        new = Some(spec.default);
    } else if response.double_clicked() {
        start_typing(ui, id, spec, value);
    } else if response.clicked() {
        response.request_focus();
    }
    if response.has_focus() {
        ui.memory_mut(|m| {
            m.set_focus_lock_filter(
                id,
                egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() },
            );
        });
        let (steps, enter) = ui.input_mut(key_steps);
        if steps != 0 {
            new = Some(spec.value_from(spec.place_from(value) + f64::from(steps) / 100.0));
        }
        if enter {
            start_typing(ui, id, spec, value);
        }
    }
    let changed = new.filter(|v| (v - value).abs() > 0.0);
    (Change { value: changed, response }, false)
}

fn key_steps(input: &mut egui::InputState) -> (i32, bool) {
    let mut steps = 0;
    for (key, by) in [(Key::ArrowUp, 1), (Key::ArrowRight, 1), (Key::ArrowDown, -1), (Key::ArrowLeft, -1)] {
        if input.consume_key(Modifiers::NONE, key) {
            steps += by;
        }
    }
    (steps, input.consume_key(Modifiers::NONE, Key::Enter))
}

fn start_typing(ui: &Ui, id: Id, spec: &NumberSpec<'_>, value: f64) {
    let text = format!("{:.*}", spec.decimals, value);
    ui.data_mut(|d| d.insert_temp::<Typing>(id, Some(text)));
    ui.memory_mut(|m| m.request_focus(id.with("typed")));
}

fn type_ui(ui: &mut Ui, rect: Rect, id: Id, spec: &NumberSpec<'_>, mut text: String) -> Option<f64> {
    let t = theme();
    let escaped = ui
        .input(|i| i.events.iter().any(|e| matches!(e, Event::Key { key: Key::Escape, pressed: true, .. })));
    let edit = egui::TextEdit::singleline(&mut text)
        .id(id.with("typed"))
        .font(t.font(t.body))
        .margin(vec2(4.0, 2.0))
        .align(egui::Align2::CENTER_CENTER);
    let response = ui.place(rect, edit).accessible_name(format!("{} value", spec.label));
    if response.lost_focus() {
        ui.data_mut(|d| d.insert_temp::<Typing>(id, None));
        return if escaped { None } else { spec.parse(&text) };
    }
    ui.data_mut(|d| d.insert_temp::<Typing>(id, Some(text)));
    None
}

/// A number in a field of a width: shows `value unit`, drags, types, steps.
pub fn number_field(
    ui: &mut Ui,
    id_salt: impl egui::AsIdSalt,
    spec: &NumberSpec<'_>,
    value: f64,
    width: f32,
) -> Change {
    let t = theme();
    let id = ui.make_persistent_id(id_salt);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(width, 20.0), Sense::hover());
    let (change, typing) = number_input(ui, rect, rect, id, spec, value);
    if !typing {
        let visuals = ui.style().interact(&change.response);
        let (fill, stroke) = (visuals.weak_bg_fill, visuals.bg_stroke);
        // Buttons of a menu have no ground; a field keeps its own, so that one sees that it can be typed in.
        let fill = if fill == egui::Color32::TRANSPARENT { t.control } else { fill };
        ui.painter().rect(rect, t.corner, fill, stroke, egui::StrokeKind::Inside);
        focus_ring(ui, &change.response, rect);
        let shown = change.value.unwrap_or(value);
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, spec.text(shown), t.font(t.body), t.text);
    }
    change
}

/// The ring round what has the keyboard.
pub(crate) fn focus_ring(ui: &Ui, response: &Response, rect: Rect) {
    if response.has_focus() {
        let t = theme();
        ui.painter().rect_stroke(
            rect.expand(1.0),
            t.corner,
            egui::Stroke::new(1.0, t.focus),
            egui::StrokeKind::Outside,
        );
    }
}

/// Role of what is drawn and only looked at.
pub fn picture_info(response: &Response, label: impl Fn() -> String) {
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, label()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_sign_unit_and_true_minus() {
        let gain = NumberSpec::new("Gain", "dB", -60.0, 24.0).decimals(1).signed();
        assert_eq!(gain.text(1.25), "+1.2 dB");
        assert_eq!(gain.text(-1.0), "−1.0 dB");
        assert_eq!(gain.text(-0.01), "0.0 dB");
        let hz = NumberSpec::new("Frequency", "Hz", 20.0, 20_000.0).log().decimals(1);
        assert_eq!(hz.text(3150.0), "3.15 kHz");
        assert_eq!(hz.text(63.0), "63.0 Hz");
    }

    #[test]
    fn what_is_typed_is_read_as_people_write_it() {
        let hz = NumberSpec::new("Frequency", "Hz", 20.0, 20_000.0).log();
        assert_eq!(hz.parse("3,15 kHz"), Some(3150.0));
        assert_eq!(hz.parse("5"), Some(20.0));
        assert_eq!(hz.parse("abc"), None);
        let gain = NumberSpec::new("Gain", "dB", -60.0, 24.0);
        assert_eq!(gain.parse("−3 dB"), Some(-3.0));
        assert_eq!(gain.parse("+2"), Some(2.0));
    }

    #[test]
    fn places_and_values_are_inverses() {
        for spec in [NumberSpec::new("a", "", -5.0, 5.0), NumberSpec::new("b", "Hz", 20.0, 20_000.0).log()] {
            for i in 0..=20 {
                let place = f64::from(i) / 20.0;
                assert!((spec.place_from(spec.value_from(place)) - place).abs() < 1e-12);
            }
        }
    }
}
