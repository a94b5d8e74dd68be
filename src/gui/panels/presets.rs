//! Menus of presets: for the chain in its row, for a slot in the header of its editor. Loading one is one edit.

use egui::{RichText, ScrollArea, Ui};

use crate::app::presets::Origin;
use crate::app::{Action, Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::model::{ChainRef, Preset, PresetFor, Slot, SlotId};

/// Tallest list in a menu, points.
const TALLEST: f32 = 380.0;

/// What presets are loaded into: a chain, or a slot of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetTarget {
    /// The chain.
    pub chain: ChainRef,
    /// The slot and its kind; `None` for the whole chain.
    pub slot: Option<(SlotId, String)>,
}

impl PresetTarget {
    /// A whole chain.
    pub fn chain(chain: ChainRef) -> Self {
        Self { chain, slot: None }
    }

    /// A slot of a chain.
    pub fn slot(chain: ChainRef, slot: &Slot) -> Self {
        Self { chain, slot: Some((slot.id, slot.kind.clone())) }
    }

    /// What its presets are for.
    pub fn what(&self) -> PresetFor {
        self.slot.as_ref().map_or(PresetFor::Chain, |(_, kind)| PresetFor::Slot(kind.clone()))
    }

    /// The edit that loads a preset.
    pub fn load(&self, preset: &Preset) -> Option<Edit> {
        match &self.slot {
            None => Some(Edit::SetChain { chain: self.chain, to: preset.to_chain() }),
            Some((slot, _)) => {
                let to = Box::new(preset.slot()?.clone());
                Some(Edit::SetSlot { chain: self.chain, slot: *slot, to })
            }
        }
    }
}

/// The button with the presets of a chain.
pub fn chain_menu_ui(ui: &mut Ui, frame: &Frame, chain: ChainRef, out: &mut Outbox) {
    let actions = [Action::SavePreset, Action::Presets];
    menu_ui(ui, frame, &PresetTarget::chain(chain), "Presets", "Chain presets", actions, out);
}

/// The button with the presets of a slot.
pub fn slot_menu_ui(ui: &mut Ui, frame: &Frame, chain: ChainRef, slot: &Slot, out: &mut Outbox) {
    let actions = [Action::SaveSlotPreset, Action::SlotPresets];
    menu_ui(ui, frame, &PresetTarget::slot(chain, slot), "Preset", "Processor presets", actions, out);
}

fn menu_ui(
    ui: &mut Ui,
    frame: &Frame,
    target: &PresetTarget,
    text: &str,
    label: &str,
    actions: [Action; 2],
    out: &mut Outbox,
) {
    let menu = ui.menu_button(text, |ui| {
        ui.set_min_width(200.0);
        ScrollArea::vertical().max_height(TALLEST).show(ui, |ui| {
            for origin in Origin::ALL {
                group_ui(ui, frame, target, origin, out);
            }
        });
        ui.separator();
        for action in actions {
            super::menu::action_item(ui, action, frame, out);
        }
    });
    if menu.response.clicked() {
        // Files may have come by another way.
        out.send(Command::RefreshPresets);
    }
    menu.response.accessible_name(label.to_owned()).on_hover_text(
        "Settings to start from: the program's and your own. Loading one is one step to undo.",
    );
}

fn group_ui(ui: &mut Ui, frame: &Frame, target: &PresetTarget, origin: Origin, out: &mut Outbox) {
    let presets = frame.presets.shelf(origin).of(&target.what());
    if presets.is_empty() {
        return;
    }
    ui.label(RichText::new(origin.label()).size(theme().small).color(theme().text_weak));
    for shelved in presets {
        let preset = &shelved.preset;
        let mut button = ui.button(&preset.name);
        if !preset.about.is_empty() {
            button = button.on_hover_text(&preset.about);
        }
        if button.clicked() {
            if let Some(edit) = target.load(preset) {
                out.edit(edit);
            }
            ui.close();
        }
    }
}
