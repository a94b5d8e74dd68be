//! The values of the selected band of the EQ below its plot: the filter in one row, its dynamics in the next; where the panel
//! is low one row shows either.

use egui::{Align, Layout, Rect, RichText, Ui, pos2, vec2};

use super::SlotView;
use super::eq::inside;
use super::eq_bands::{Band, removed};
use super::generic::{choice_ui, field_ui};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::figures::signed;
use crate::gui::widgets::toggle;
use crate::process::ParamIndex;

/// Height of one row, points.
const ROW_HEIGHT: f32 = 42.0;
/// A panel lower than this shows one row at a time, points.
const LOW: f32 = 250.0;
/// A panel narrower than this has narrow controls, points.
const NARROW: f32 = 900.0;

/// Widths of controls, points.
#[derive(Debug, Clone, Copy)]
struct Widths {
    /// The name of a row with what stands below it.
    name: f32,
    /// A number.
    field: f32,
    /// A number with a long unit.
    level: f32,
    /// A box with words in it.
    words: f32,
    /// Room for what can be reached elsewhere too.
    is_wide: bool,
}

impl Widths {
    fn of(width: f32) -> Self {
        if width < NARROW {
            Self { name: 78.0, field: 62.0, level: 74.0, words: 88.0, is_wide: false }
        } else {
            Self { name: 92.0, field: 76.0, level: 76.0, words: 96.0, is_wide: true }
        }
    }

    fn gap(self) -> f32 {
        if self.is_wide { 8.0 } else { 6.0 }
    }
}

/// Height of the rows in an editor of this height, points.
pub(super) fn rows_height(editor: f32) -> f32 {
    if editor < LOW { ROW_HEIGHT } else { 2.0 * ROW_HEIGHT }
}

/// Draws the rows. `moves_db` is the present dynamic gain of every band, where it is known; `dynamics` which of the two is
/// shown where there is room for one.
pub(super) fn rows_ui(
    ui: &mut Ui,
    rect: Rect,
    view: &SlotView<'_>,
    band: Option<&Band>,
    moves_db: &[f32],
    dynamics: &mut bool,
    out: &mut Outbox,
) {
    let widths = Widths::of(rect.width());
    let is_one = rect.height() < 1.5 * ROW_HEIGHT;
    let (mut top, mut bottom) = rect.split_top_bottom_at_y(rect.top() + ROW_HEIGHT);
    if is_one {
        let switch = Rect::from_min_size(rect.min, vec2(SWITCH, ROW_HEIGHT));
        inside(ui, switch, |ui| switch_ui(ui, dynamics));
        top = Rect::from_min_max(pos2(switch.right(), rect.top()), rect.max);
        bottom = top;
    }
    if !is_one || !*dynamics {
        inside(ui, top, |ui| {
            ui.spacing_mut().item_spacing.x = widths.gap();
            match band {
                Some(band) => band_ui(ui, view, band, widths, out),
                None => weak(ui, "No band"),
            }
            whole_ui(ui, view, widths, out);
        });
    }
    if let Some(band) = band.filter(|_| !is_one || *dynamics) {
        inside(ui, bottom, |ui| {
            ui.spacing_mut().item_spacing.x = widths.gap();
            dynamics_ui(ui, view, band, moves_db.get(band.number).copied(), widths, out);
        });
    }
}

/// Width of the switch between the rows, points.
const SWITCH: f32 = 28.0;

/// Goes to the other row.
fn switch_ui(ui: &mut Ui, dynamics: &mut bool) {
    let (label, help) =
        if *dynamics { ("‹", "Back to the filter") } else { ("›", "The dynamics of the band") };
    let response = ui.button(label).on_hover_text(help);
    if response.accessible_name("Filter or dynamics").clicked() {
        *dynamics = !*dynamics;
    }
}

fn weak(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).color(theme().text_weak));
}

/// What belongs to all bands, at the right.
fn whole_ui(ui: &mut Ui, view: &SlotView<'_>, widths: Widths, out: &mut Outbox) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if let Some(output) = view.index("output_db") {
            labelled(ui, "Output", widths.field, |ui| {
                field_ui(ui, view, output, "Output", widths.field, out)
            });
        }
        if let Some(auto) = view.index("auto_gain") {
            labelled(ui, "Auto", AUTO, |ui| auto_ui(ui, view, auto, out));
        }
        if let Some(phase) = view.index("phase") {
            labelled(ui, "Phase", widths.words, |ui| choice_ui(ui, view, phase, "Phase", widths.words, out));
        }
    });
}

/// Width of the switch of the automatic gain, points.
const AUTO: f32 = 36.0;

/// Lets the output follow the curve, or not.
fn auto_ui(ui: &mut Ui, view: &SlotView<'_>, index: ParamIndex, out: &mut Outbox) {
    let on = view.values.is_on(index);
    let response = toggle(ui, if on { "On" } else { "Off" }, on, theme().master);
    let response = response.accessible_name("Auto gain").on_hover_text(view.params()[index].help.as_ref());
    if response.clicked() {
        out.edit(view.edit(&[(index, if on { 0.0 } else { 1.0 })]));
    }
}

fn band_ui(ui: &mut Ui, view: &SlotView<'_>, band: &Band, widths: Widths, out: &mut Outbox) {
    let Widths { field, words, .. } = widths;
    let t = theme();
    let name = format!("Band {}", band.number + 1);
    labelled(ui, &name, widths.name, |ui| {
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
    labelled(ui, "Type", words, |ui| choice_ui(ui, view, band.shape_index(), "Type", words, out));
    labelled(ui, "Frequency", field, |ui| field_ui(ui, view, band.freq_index(), "Frequency", field, out));
    labelled(ui, "Gain", field, |ui| {
        ui.add_enabled_ui(band.has_gain(), |ui| field_ui(ui, view, band.gain_index(), "Gain", field, out));
    });
    if band.is_cut() {
        labelled(ui, "Slope", words, |ui| choice_ui(ui, view, band.slope_index(), "Slope", words, out));
    } else {
        labelled(ui, "Q", field, |ui| {
            ui.add_enabled_ui(band.has_q(), |ui| field_ui(ui, view, band.q_index(), "Q", field, out));
        });
    }
    labelled(ui, "Channel", words, |ui| choice_ui(ui, view, band.channel_index(), "Channel", words, out));
    if widths.is_wide && ui.button("Remove").on_hover_text("Takes the band out.").clicked() {
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
fn dynamics_ui(
    ui: &mut Ui,
    view: &SlotView<'_>,
    band: &Band,
    move_db: Option<f32>,
    widths: Widths,
    out: &mut Outbox,
) {
    let Widths { words, .. } = widths;
    labelled(ui, "Dynamics", widths.name, |ui| {
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
    let mut field = |ui: &mut Ui, id: &str, name: &str, width: f32| {
        let Some(index) = band.index_of(view, id) else { return };
        labelled(ui, name, width, |ui| field_ui(ui, view, index, name, width, out));
    };
    field(ui, "dyn_range_db", "Range", widths.field);
    if view.values.get(band.range_index()).abs() > 0.0 {
        labelled(ui, "Moves", widths.name, |ui| enabled_ui(ui, view, band, out));
    }
    if !band.is_dynamic() {
        weak(ui, "A range lets the level move the gain.");
        return;
    }
    let mut field = |ui: &mut Ui, id: &str, name: &str, width: f32| {
        let Some(index) = band.index_of(view, id) else { return };
        labelled(ui, name, width, |ui| field_ui(ui, view, index, name, width, out));
    };
    field(ui, "dyn_threshold_db", "Threshold", widths.level);
    field(ui, "dyn_attack_ms", "Attack", widths.field);
    field(ui, "dyn_release_ms", "Release", widths.level);
    for (id, name) in [("dyn_mode", "Acts"), ("dyn_sidechain", "Side-chain")] {
        if let Some(index) = band.index_of(view, id) {
            labelled(ui, name, words, |ui| choice_ui(ui, view, index, name, words, out));
        }
    }
    if band.has_free_sidechain() {
        let mut field = |ui: &mut Ui, id: &str, name: &str, label: &str| {
            let Some(index) = band.index_of(view, id) else { return };
            labelled(ui, name, widths.field, |ui| field_ui(ui, view, index, label, widths.field, out));
        };
        field(ui, "dyn_sc_freq_hz", "at", "Side-chain frequency");
        field(ui, "dyn_sc_q", "Q", "Side-chain Q");
    }
}

/// Lets the level move the gain, or not.
fn enabled_ui(ui: &mut Ui, view: &SlotView<'_>, band: &Band, out: &mut Outbox) {
    let Some(index) = band.index_of(view, "dyn_enabled") else { return };
    let on = view.values.is_on(index);
    let response = toggle(ui, if on { "on" } else { "off" }, on, theme().master);
    let response = response.accessible_name("Dynamic").on_hover_text(view.params()[index].help.as_ref());
    if response.clicked() {
        out.edit(view.edit(&[(index, if on { 0.0 } else { 1.0 })]));
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
