//! The row above every editor: what stands around the processor, and what is listened to.
//!
//! In and Out are gains around the processor. Match makes the output as loud as the input; Delta and Bypass matched are only
//! for listening and never in a file. A limiter also finds the gain for a loudness.

use egui::{RichText, Ui};

use super::SlotView;
use crate::app::command::Goal;
use crate::app::{Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::panels::presets;
use crate::gui::theme::theme;
use crate::gui::widgets::figures::signed;
use crate::gui::widgets::{NumberSpec, number_field, toggle};
use crate::model::{ChainRef, ChannelMode, Listen, Slot};
use crate::process::listen::SLOT_GAIN_RANGE_DB;

/// Loudness looked for at first, LUFS: what most services play at.
const FIRST_TARGET_LUFS: f64 = -14.0;

/// Targets that can be looked for, LUFS.
const TARGET_RANGE_LUFS: (f64, f64) = (-40.0, -3.0);

/// What is only visual in the row.
#[derive(Debug)]
pub(super) struct HeaderState {
    /// Loudness to look for, LUFS.
    target_lufs: f64,
}

impl Default for HeaderState {
    fn default() -> Self {
        Self { target_lufs: FIRST_TARGET_LUFS }
    }
}

/// Draws the row.
pub(super) fn header_ui(
    ui: &mut Ui,
    frame: &Frame,
    view: &SlotView<'_>,
    state: &mut HeaderState,
    out: &mut Outbox,
) {
    let t = theme();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(RichText::new(view.kind.name()).font(t.medium(t.title)));
        presets::slot_menu_ui(ui, frame, view.chain, view.slot, out);
        if !view.slot.enabled {
            ui.label(RichText::new("bypassed").color(t.warning));
        }
        ui.add_space(12.0);
        gains_ui(ui, view, out);
        match_ui(ui, view, out);
        if view.index("input_gain_db").is_some() {
            find_ui(ui, view, state, out);
        }
        ui.add_space(6.0);
        listen_ui(ui, view, out);
        ui.add_space(6.0);
        weak_label(ui, "Mix");
        mix_ui(ui, view.chain, view.slot, out);
        weak_label(ui, "Works on");
        mode_ui(ui, view, out);
        let reset = ui.button("Reset").on_hover_text("Every parameter to its default.");
        if reset.clicked() {
            out.edit(Edit::ResetSlot { chain: view.chain, slot: view.slot.id });
        }
    });
}

fn weak_label(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).color(theme().text_weak));
}

fn gains_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    let (chain, slot) = (view.chain, view.slot.id);
    let (lowest, highest) = SLOT_GAIN_RANGE_DB;
    weak_label(ui, "In");
    let spec = NumberSpec::new("Slot input", "dB", lowest, highest).signed();
    let change = number_field(ui, ("slot input", slot.0), &spec, view.slot.input_db, 72.0);
    if let Some(input_db) = change.value {
        out.edit_by(&change.response, Edit::SetSlotInput { chain, slot, input_db });
    }
    change.response.on_hover_text("Gain into the processor.");
    weak_label(ui, "Out");
    let spec = NumberSpec::new("Slot output", "dB", lowest, highest).signed();
    let change = number_field(ui, ("slot output", slot.0), &spec, view.slot.output_db, 72.0);
    if let Some(output_db) = change.value {
        out.edit_by(&change.response, Edit::SetSlotOutput { chain, slot, output_db });
    }
    change.response.on_hover_text("Gain out of the processor, before the mix.");
}

fn match_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    let help = "Makes the output as loud as the input: integrated loudness over the loop, else over the song or album. Turns the processor's own output or make-up where it has one, else Out.";
    if ui.button("Match").on_hover_text(help).clicked() {
        out.send(Command::MatchSlot { chain: view.chain, slot: view.slot.id, goal: Goal::Output });
    }
}

fn find_ui(ui: &mut Ui, view: &SlotView<'_>, state: &mut HeaderState, out: &mut Outbox) {
    let (lowest, highest) = TARGET_RANGE_LUFS;
    let spec = NumberSpec::new("Loudness target", "LUFS", lowest, highest)
        .default_value(FIRST_TARGET_LUFS)
        .decimals(1);
    let change = number_field(ui, ("loudness target", view.slot.id.0), &spec, state.target_lufs, 92.0);
    if let Some(target_lufs) = change.value {
        state.target_lufs = target_lufs;
    }
    change.response.on_hover_text("Integrated loudness wanted at the output of this slot.");
    let help =
        "Finds the input gain that gives the loudness beside it, over the loop, else over the song or album.";
    if ui.button("Find gain").on_hover_text(help).clicked() {
        let goal = Goal::Loudness(state.target_lufs);
        out.send(Command::MatchSlot { chain: view.chain, slot: view.slot.id, goal });
    }
}

fn listen_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    let t = theme();
    let (chain, slot, now) = (view.chain, view.slot.id, view.slot.listen);
    let listen_to = |listen| Edit::SetSlotListen { chain, slot, listen, match_db: None };
    let delta = toggle(ui, "Delta", now == Listen::Delta, t.warning)
        .on_hover_text("Plays only what the slot adds or takes: output minus input. Never in a file.");
    if delta.clicked() {
        out.edit(listen_to(if now == Listen::Delta { Listen::Normal } else { Listen::Delta }));
    }
    let matched = now == Listen::MatchedBypass;
    let help = format!(
        "Plays the input as loud as the output, measured when it is switched on (last {} dB). Never in a file.",
        signed(view.slot.match_db, 2)
    );
    if toggle(ui, "Bypass matched", matched, t.warning).on_hover_text(help).clicked() {
        if matched {
            out.edit(listen_to(Listen::Normal));
        } else {
            out.send(Command::MatchSlot { chain, slot, goal: Goal::Bypass });
        }
    }
}

/// Share of the processed signal, in percent.
pub(crate) fn mix_ui(ui: &mut Ui, chain: ChainRef, slot: &Slot, out: &mut Outbox) {
    let spec = NumberSpec::new("Mix", "%", 0.0, 100.0).default_value(100.0).decimals(0);
    let change = number_field(ui, ("slot mix", slot.id.0), &spec, slot.wet * 100.0, 64.0);
    if let Some(percent) = change.value {
        let edit = Edit::SetSlotWet { chain, slot: slot.id, wet: percent / 100.0 };
        out.edit_by(&change.response, edit);
    }
    change.response.on_hover_text("Share of the processed signal; the rest is the latency-matched input.");
}

fn mode_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    let combo =
        egui::ComboBox::from_id_salt(view.id("mode")).width(72.0).selected_text(view.slot.mode.label());
    let shown = combo.show_ui(ui, |ui| {
        for mode in ChannelMode::ALL {
            if ui.selectable_label(view.slot.mode == mode, mode.label()).clicked() {
                out.edit(Edit::SetSlotMode { chain: view.chain, slot: view.slot.id, mode });
            }
        }
    });
    shown
        .response
        .accessible_name("Works on")
        .on_hover_text("Part of the stereo signal; the rest passes beside it.");
}
