//! The editor of any processor, drawn from its parameters: a knob for a number, a switch, a box for a word.

use egui::{Align, Layout, RichText, ScrollArea, Stroke, StrokeKind, Ui, vec2};

use super::{SlotView, edit_by_wheel, wheel_notches};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::knob::KNOB_SIZE;
use crate::gui::widgets::{NumberSpec, Travel, knob, number_field, toggle};
use crate::process::{ParamDesc, ParamIndex, ParamKind, Taper, Unit};

/// Width of a box with words, points.
const CHOICE_WIDTH: f32 = 104.0;

/// Draws every parameter into all of `ui`, wrapped into rows.
pub fn generic_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    let all: Vec<ParamIndex> = (0..view.params().len()).collect();
    ScrollArea::vertical().id_salt(view.id("generic")).auto_shrink(false).show(ui, |ui| {
        params_ui(ui, view, &all, out);
    });
}

/// Draws some parameters, wrapped into rows.
pub fn params_ui(ui: &mut Ui, view: &SlotView<'_>, indexes: &[ParamIndex], out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(12.0, 8.0);
        for &index in indexes {
            param_ui(ui, view, index, &view.params()[index].name, out);
        }
    });
}

/// Draws the parameters with these ids, those that the kind has.
pub fn params_by_id_ui(ui: &mut Ui, view: &SlotView<'_>, ids: &[&str], out: &mut Outbox) {
    let indexes: Vec<ParamIndex> = ids.iter().filter_map(|id| view.index(id)).collect();
    params_ui(ui, view, &indexes, out);
}

/// Draws one parameter as a cell of the height of a knob.
pub fn param_ui(ui: &mut Ui, view: &SlotView<'_>, index: ParamIndex, label: &str, out: &mut Outbox) {
    match &view.params()[index].kind {
        ParamKind::Number { .. } => knob_ui(ui, view, index, label, out),
        ParamKind::Switch { .. } => switch_ui(ui, view, index, label, out),
        ParamKind::Choice { .. } => {
            cell(ui, CHOICE_WIDTH, label, |ui| choice_ui(ui, view, index, label, CHOICE_WIDTH, out));
        }
    }
}

fn knob_ui(ui: &mut Ui, view: &SlotView<'_>, index: ParamIndex, label: &str, out: &mut Outbox) {
    let param = &view.params()[index];
    let spec = spec_of(param, label);
    let value = view.values.get(index);
    let change = knob(ui, view.id(&param.id), &spec, value);
    if let Some(new) = change.value {
        out.edit_by(&change.response, view.edit(&[(index, new)]));
    }
    turn_by_wheel(ui, view, index, &spec, &change.response, out);
    change.response.on_hover_text(&*param.help);
}

/// A number as a field of a width.
pub fn field_ui(
    ui: &mut Ui,
    view: &SlotView<'_>,
    index: ParamIndex,
    label: &str,
    width: f32,
    out: &mut Outbox,
) {
    let param = &view.params()[index];
    let spec = spec_of(param, label);
    let change = number_field(ui, view.id((&param.id, "field", label)), &spec, view.values.get(index), width);
    if let Some(new) = change.value {
        out.edit_by(&change.response, view.edit(&[(index, new)]));
    }
    turn_by_wheel(ui, view, index, &spec, &change.response, out);
    change.response.on_hover_text(&*param.help);
}

pub(super) fn turn_by_wheel(
    ui: &Ui,
    view: &SlotView<'_>,
    index: ParamIndex,
    spec: &NumberSpec<'_>,
    response: &egui::Response,
    out: &mut Outbox,
) {
    let notches = wheel_notches(ui, response);
    if notches.abs() > 0.0 {
        let fine = if ui.input(|i| i.modifiers.shift) { 0.1 } else { 1.0 };
        let place = spec.place_from(view.values.get(index)) + notches * fine / 100.0;
        edit_by_wheel(ui, response, view.edit(&[(index, spec.value_from(place))]), out);
    }
}

fn switch_ui(ui: &mut Ui, view: &SlotView<'_>, index: ParamIndex, label: &str, out: &mut Outbox) {
    let on = view.values.is_on(index);
    let size = vec2(KNOB_SIZE.x, KNOB_SIZE.y);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.add_space(24.0);
        let t = theme();
        let response = toggle(ui, label, on, t.master).on_hover_text(&*view.params()[index].help);
        if !on {
            let stroke = Stroke::new(1.0, t.line_strong);
            ui.painter().rect_stroke(response.rect, t.corner, stroke, StrokeKind::Inside);
        }
        if response.clicked() {
            out.edit(view.edit(&[(index, if on { 0.0 } else { 1.0 })]));
        }
    });
}

/// One of several words.
pub fn choice_ui(
    ui: &mut Ui,
    view: &SlotView<'_>,
    index: ParamIndex,
    label: &str,
    width: f32,
    out: &mut Outbox,
) {
    let param = &view.params()[index];
    let ParamKind::Choice { words, .. } = &param.kind else { return };
    let chosen = view.values.choice(index);
    let text = words.get(chosen).map_or_else(String::new, |word| word_text(param, word));
    let combo = egui::ComboBox::from_id_salt(view.id((&param.id, label)))
        .width(width - 8.0)
        .height(360.0)
        .selected_text(text);
    let shown = combo.show_ui(ui, |ui| {
        for (i, word) in words.iter().enumerate() {
            if ui.selectable_label(i == chosen, word_text(param, word)).clicked() && i != chosen {
                out.edit(view.edit(&view.choosing(index, i)));
            }
        }
    });
    shown.response.accessible_name(label).on_hover_text(&*param.help);
}

/// A control in the middle and its name below, as high as a knob.
fn cell(ui: &mut Ui, width: f32, label: &str, add: impl FnOnce(&mut Ui)) {
    let t = theme();
    let size = vec2(width, KNOB_SIZE.y);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space(24.0);
        ui.horizontal(add);
        ui.with_layout(Layout::bottom_up(Align::Center), |ui| {
            ui.label(RichText::new(label).size(t.small).color(t.text_weak));
        });
    });
}

/// A number as the controls want it.
pub fn spec_of<'a>(param: &'a ParamDesc, label: &'a str) -> NumberSpec<'a> {
    let (min, max, default, taper) = match param.kind {
        ParamKind::Number { min, max, default, taper } => (min, max, default, taper),
        _ => (0.0, 1.0, param.default_value(), Taper::Linear),
    };
    let mut spec = NumberSpec::new(label, param.unit.symbol(), min, max)
        .default_value(default)
        .decimals(decimals_of(param.unit));
    if taper == Taper::Log && min > 0.0 {
        spec.travel = Travel::Log;
    }
    spec.signed = min < 0.0 && max > 0.0;
    spec
}

fn decimals_of(unit: Unit) -> usize {
    match unit {
        Unit::None => 2,
        Unit::Percent | Unit::DbPerOctave | Unit::Degrees => 0,
        Unit::Db | Unit::Dbfs | Unit::Dbtp | Unit::Hz | Unit::Ms | Unit::Ratio => 1,
    }
}

/// A word as shown: `low_shelf` is `Low shelf`, a slope has its unit.
pub fn word_text(param: &ParamDesc, word: &str) -> String {
    if param.id.ends_with("_db_oct") {
        return format!("{word} dB/oct");
    }
    if word == "rms" {
        return "RMS".to_owned();
    }
    let text = word.replace('_', " ");
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_as_a_person_writes_them() {
        let shape = ParamDesc::choice("type", "Type", &["low_shelf"], 0);
        assert_eq!(word_text(&shape, "low_shelf"), "Low shelf");
        let slope = ParamDesc::choice("slope_db_oct", "Slope", &["24"], 0);
        assert_eq!(word_text(&slope, "24"), "24 dB/oct");
    }

    #[test]
    fn a_number_keeps_range_default_and_taper() {
        let param = ParamDesc::number("freq_hz", "Frequency", Unit::Hz, 10.0, 20_000.0, 1000.0).log();
        let spec = spec_of(&param, "Frequency");
        assert_eq!((spec.min, spec.max, spec.default), (10.0, 20_000.0, 1000.0));
        assert_eq!(spec.travel, Travel::Log);
        assert_eq!(spec.text(63.0), "63.0 Hz");
    }
}
