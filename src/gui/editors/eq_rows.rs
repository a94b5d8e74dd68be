//! The values of the selected band of the EQ below its plot: the filter in one row, its dynamics in the next.

use egui::{Align, Layout, Rect, RichText, Ui, pos2, vec2};

use super::SlotView;
use super::eq::inside;
use super::eq_bands::{Band, removed};
use super::generic::{choice_ui, field_ui};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::figures::signed;
use crate::gui::widgets::toggle;

/// Height of one row, points.
const ROW_HEIGHT: f32 = 42.0;
/// Height of both rows, points.
pub(super) const ROWS_HEIGHT: f32 = 2.0 * ROW_HEIGHT;
/// Width of a field, points.
const FIELD: f32 = 76.0;
/// Width of a box with words in it, points.
const WORDS: f32 = 96.0;
/// Width of the name of a row, points.
const NAME: f32 = 92.0;

/// Draws both rows; `moves_db` is the present dynamic gain of every band, where it is known.
pub(super) fn rows_ui(
    ui: &mut Ui,
    rect: Rect,
    view: &SlotView<'_>,
    band: Option<&Band>,
    moves_db: &[f32],
    out: &mut Outbox,
) {
    let (filter, dynamics) = rect.split_top_bottom_at_y(rect.top() + ROW_HEIGHT);
    inside(ui, filter, |ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        match band {
            Some(band) => band_ui(ui, view, band, out),
            None => weak(ui, "No band"),
        }
        whole_ui(ui, view, out);
    });
    let Some(band) = band else { return };
    let width = dynamics.width();
    let dynamics = Rect::from_min_max(dynamics.min, pos2(dynamics.left() + width, dynamics.bottom()));
    inside(ui, dynamics, |ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        dynamics_ui(ui, view, band, moves_db.get(band.number).copied(), out);
    });
}

fn weak(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).color(theme().text_weak));
}

/// What belongs to all bands, at the right.
fn whole_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if let Some(output) = view.index("output_db") {
            labelled(ui, "Output", FIELD, |ui| field_ui(ui, view, output, "Output", FIELD, out));
        }
        if let Some(phase) = view.index("phase") {
            labelled(ui, "Phase", WORDS, |ui| choice_ui(ui, view, phase, "Phase", WORDS, out));
        }
    });
}

fn band_ui(ui: &mut Ui, view: &SlotView<'_>, band: &Band, out: &mut Outbox) {
    let t = theme();
    let name = format!("Band {}", band.number + 1);
    labelled(ui, &name, NAME, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let on = if band.on { "On" } else { "Off" };
            let response = toggle(ui, on, band.on, t.band(band.number)).accessible_name("Band on");
            if response.clicked() {
                out.edit(view.edit(&[(band.enabled_index(), if band.on { 0.0 } else { 1.0 })]));
            }
            solo_ui(ui, view, band, out);
        });
    });
    labelled(ui, "Type", WORDS, |ui| choice_ui(ui, view, band.shape_index(), "Type", WORDS, out));
    labelled(ui, "Frequency", FIELD, |ui| field_ui(ui, view, band.freq_index(), "Frequency", FIELD, out));
    labelled(ui, "Gain", FIELD, |ui| {
        ui.add_enabled_ui(band.has_gain(), |ui| field_ui(ui, view, band.gain_index(), "Gain", FIELD, out));
    });
    if band.is_cut() {
        labelled(ui, "Slope", WORDS, |ui| choice_ui(ui, view, band.slope_index(), "Slope", WORDS, out));
    } else {
        labelled(ui, "Q", FIELD, |ui| {
            ui.add_enabled_ui(band.has_q(), |ui| field_ui(ui, view, band.q_index(), "Q", FIELD, out));
        });
    }
    labelled(ui, "Channel", WORDS, |ui| choice_ui(ui, view, band.channel_index(), "Channel", WORDS, out));
    if ui.button("Remove").on_hover_text("Takes the band out.").clicked() {
        out.edit(view.edit(&removed(view, band)));
    }
}

/// Listening to the band alone: lit in the colour of a warning, because the master is not what is heard.
fn solo_ui(ui: &mut Ui, view: &SlotView<'_>, band: &Band, out: &mut Outbox) {
    let response = toggle(ui, "Solo", band.solo, theme().warning).accessible_name("Band solo");
    let help = "Plays only what this band touches (H on the node). Exports never have it.";
    if response.on_hover_text(help).clicked() {
        out.edit(view.edit(&[band.solo_toggled()]));
    }
}

/// What lets the gain of the band follow a level.
fn dynamics_ui(ui: &mut Ui, view: &SlotView<'_>, band: &Band, move_db: Option<f32>, out: &mut Outbox) {
    labelled(ui, "Dynamics", NAME, |ui| {
        let text = match move_db {
            _ if !band.can_be_dynamic() => "none".to_owned(),
            _ if !band.is_dynamic() => "static".to_owned(),
            Some(db) if band.on => format!("{} dB", signed(f64::from(db), 1)),
            _ => "–".to_owned(),
        };
        let moved = band.on && move_db.is_some_and(|db| db.abs() >= 0.05);
        let ink = if moved { theme().text } else { theme().text_weak };
        ui.label(RichText::new(text).color(ink)).on_hover_text("What the level adds to the gain now.");
    });
    if !band.can_be_dynamic() {
        weak(ui, "Bells and shelves can be dynamic; this type of band is always static.");
        return;
    }
    let mut field = |ui: &mut Ui, id: &str, name: &str| {
        let Some(index) = band.index_of(view, id) else { return };
        labelled(ui, name, FIELD, |ui| field_ui(ui, view, index, name, FIELD, out));
    };
    field(ui, "dyn_range_db", "Range");
    if !band.is_dynamic() {
        weak(ui, "A range lets the level move the gain.");
        return;
    }
    field(ui, "dyn_threshold_db", "Threshold");
    field(ui, "dyn_attack_ms", "Attack");
    field(ui, "dyn_release_ms", "Release");
    for (id, name) in [("dyn_mode", "Acts"), ("dyn_sidechain", "Side-chain")] {
        if let Some(index) = band.index_of(view, id) {
            labelled(ui, name, WORDS, |ui| choice_ui(ui, view, index, name, WORDS, out));
        }
    }
    if band.has_free_sidechain() {
        let mut field = |ui: &mut Ui, id: &str, name: &str, label: &str| {
            let Some(index) = band.index_of(view, id) else { return };
            labelled(ui, name, FIELD, |ui| field_ui(ui, view, index, label, FIELD, out));
        };
        field(ui, "dyn_sc_freq_hz", "at", "Side-chain frequency");
        field(ui, "dyn_sc_q", "Q", "Side-chain Q");
    }
}

/// A control with its name above.
fn labelled(ui: &mut Ui, name: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    let t = theme();
    ui.allocate_ui_with_layout(vec2(width, 38.0), Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(vec2(width, 38.0));
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.spacing_mut().interact_size.y = 20.0;
        ui.spacing_mut().button_padding.y = 2.0;
        ui.label(RichText::new(name).size(t.small).color(t.text_weak));
        add(ui);
    });
}
