//! Texts: readouts of a fixed width, cut texts with their whole in a tooltip, and fields edited in place.

use egui::{Align, Color32, Id, Key, Rect, Response, RichText, Ui};

use crate::gui::theme::theme;

/// A label above a number; the number keeps its place whatever it is.
pub fn readout(ui: &mut Ui, label: &str, value: &str, unit: &str, size: f32) {
    let t = theme();
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.label(RichText::new(label).size(t.small).color(t.text_weak));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.label(RichText::new(value).size(size).color(t.text));
            if !unit.is_empty() {
                ui.label(RichText::new(unit).size(t.small).color(t.text_weak));
            }
        });
    });
}

/// Paints a text left-aligned into a rectangle, cut with an ellipsis where it does not fit. `true` if it was cut.
pub fn elided(ui: &Ui, rect: Rect, text: &str, size: f32, colour: Color32) -> bool {
    let t = theme();
    let mut job = egui::text::LayoutJob::single_section(
        text.to_owned(),
        egui::TextFormat::simple(t.font(size), colour),
    );
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width().max(8.0));
    let galley = ui.painter().layout_job(job);
    let cut = galley.elided;
    let at = egui::pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
    cut
}

/// How editing in place ended, if it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextOutcome {
    /// Goes on.
    Open,
    /// Enter or a click elsewhere: keep it.
    Kept,
    /// Tab: keep it and go on to the next.
    Next,
    /// Escape: drop it.
    Dropped,
}

/// A field for editing in place; it takes the keyboard when it first appears.
pub fn edit_field(
    ui: &mut Ui,
    rect: Rect,
    id: Id,
    label: &str,
    text: &mut String,
    align: Align,
) -> (Response, TextOutcome) {
    let t = theme();
    let (escape, tab) = ui.input(|i| (i.key_pressed(Key::Escape), i.key_pressed(Key::Tab)));
    let first = ui.data(|d| d.get_temp::<bool>(id)) != Some(true);
    let edit = egui::TextEdit::singleline(text)
        .id(id)
        .font(t.font(t.body))
        .margin(egui::vec2(4.0, 1.0))
        .align(egui::Align2([align, egui::Align::Center]));
    let response = ui.place(rect, edit).accessible_name(label.to_owned());
    if first {
        response.request_focus();
        select_all(ui, id, text);
        ui.data_mut(|d| d.insert_temp(id, true));
        return (response, TextOutcome::Open);
    }
    let outcome = match (response.lost_focus() || !response.has_focus(), escape, tab) {
        (false, ..) => TextOutcome::Open,
        (true, true, _) => TextOutcome::Dropped,
        (true, false, true) => TextOutcome::Next,
        (true, false, false) => TextOutcome::Kept,
    };
    if outcome != TextOutcome::Open {
        ui.data_mut(|d| d.remove::<bool>(id));
    }
    (response, outcome)
}

/// Selects all of a text field, so that typing replaces it.
pub(crate) fn select_all(ui: &Ui, id: Id, text: &str) {
    let mut state = egui::TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let range = egui::text::CCursorRange::two(
        egui::text::CCursor::new(0),
        egui::text::CCursor::new(text.chars().count()),
    );
    state.cursor.set_char_range(Some(range));
    egui::TextEdit::store_state(ui.ctx(), id, state);
}
