//! Dialogs of presets: keeping one under a name, and looking through all of them to load, rename or remove.

use egui::{Align, Key, Layout, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, vec2};

use super::{Next, foot, title};
use crate::app::presets::Origin;
use crate::app::{Command, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::panels::presets::PresetTarget;
use crate::gui::theme::theme;
use crate::gui::widgets::{dim_button, text_button};
use crate::model::{Preset, ShelvedPreset};
use crate::process;

/// Height of the list of presets, points.
const LIST_HEIGHT: f32 = 320.0;
/// Its width.
const LIST_WIDTH: f32 = 240.0;
/// Width of the dialog that has it.
const WIDTH: f32 = 620.0;

/// The target of the selection: its chain, or its slot. `None` where there is none.
pub fn target_of(frame: &Frame, of_slot: bool) -> Option<PresetTarget> {
    let at = frame.selection.chain;
    let chain = frame.session.chain(at)?;
    if of_slot {
        let slot = frame.selection.slot.and_then(|id| chain.slot(id))?;
        return Some(PresetTarget::slot(at, slot));
    }
    Some(PresetTarget::chain(at))
}

/// `chain`, or the name of the processor.
fn name_of(target: &PresetTarget) -> String {
    match &target.slot {
        None => "chain".to_owned(),
        Some((_, kind)) => process::find(kind).map_or(kind.clone(), |k| k.name().to_owned()),
    }
}

/// Asks for the name of a preset to keep.
#[derive(Debug)]
pub struct SaveDialog {
    target: PresetTarget,
    name: String,
    /// The field has had the keyboard.
    begun: bool,
}

impl SaveDialog {
    /// For what is there now.
    pub fn new(target: PresetTarget) -> Self {
        Self { target, name: String::new(), begun: false }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) -> Next {
        let t = theme();
        ui.set_width(420.0);
        title(ui, &format!("Save {} as preset", name_of(&self.target)));
        let typed = name_field(ui, "Preset name", &mut self.name, &mut self.begun);
        let is_name = frame.presets.is_name(&self.name);
        let taken = frame.presets.own_named(&self.target.what(), &self.name);
        ui.add_space(4.0);
        let note = match taken {
            Some(there) => RichText::new(format!("“{}” is there already and would be replaced.", there.name))
                .color(t.warning),
            None => RichText::new("A file in your presets folder, readable by hand.").color(t.text_weak),
        };
        ui.label(note);
        let replaces = taken.is_some();
        let mut next = Next::Stay;
        foot(ui, |ui| {
            let (label, colour) = if replaces { ("Replace", t.warning) } else { ("Save", t.master) };
            let button = ui.add_enabled_ui(is_name, |ui| text_button(ui, label, Some(colour))).inner;
            // Enter keeps a new preset; what would be replaced wants the button.
            if button.clicked() || (typed && is_name && !replaces) {
                let (chain, slot) = (self.target.chain, self.target.slot.as_ref().map(|(id, _)| *id));
                let name = self.name.trim().to_owned();
                out.send(Command::SavePreset { chain, slot, name, overwrite: replaces });
                next = Next::Close;
            }
            if ui.button("Cancel").clicked() {
                next = Next::Close;
            }
        });
        next
    }
}

/// A part of a dialog that keeps to its rectangle.
fn part_of(ui: &mut Ui, id: &str, rect: Rect) -> Ui {
    let layout = Layout::top_down(Align::Min);
    let mut part = ui.new_child(UiBuilder::new().id_salt(id).max_rect(rect).layout(layout));
    part.set_clip_rect(rect.intersect(ui.clip_rect()));
    part
}

/// A field that takes the keyboard when it appears; `true` when Enter was pressed in it.
fn name_field(ui: &mut Ui, label: &str, text: &mut String, begun: &mut bool) -> bool {
    let edit = egui::TextEdit::singleline(text).hint_text("Name").desired_width(f32::INFINITY);
    let response = ui.add(edit).accessible_name(label.to_owned());
    if !*begun {
        response.request_focus();
        *begun = true;
    }
    response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter))
}

/// All presets for a chain or a slot.
#[derive(Debug)]
pub struct BrowseDialog {
    target: PresetTarget,
    chosen: Option<(Origin, String)>,
    /// The new name being typed, and whether its field has had the keyboard.
    renaming: Option<(String, bool)>,
    refreshed: bool,
}

impl BrowseDialog {
    /// For what is selected.
    pub fn new(target: PresetTarget) -> Self {
        Self { target, chosen: None, renaming: None, refreshed: false }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) -> Next {
        if !self.refreshed {
            out.send(Command::RefreshPresets);
            self.refreshed = true;
        }
        ui.set_width(WIDTH);
        title(ui, &format!("Presets for {}", name_of(&self.target)));
        let (area, _) = ui.allocate_exact_size(vec2(WIDTH, LIST_HEIGHT), Sense::hover());
        let (left, right) = area.split_left_right_at_x(area.left() + LIST_WIDTH);
        let mut list = part_of(ui, "list", left);
        ScrollArea::vertical().auto_shrink(false).show(&mut list, |ui| self.list_ui(ui, frame, out));
        let right = right.with_min_x(right.left() + 16.0);
        self.about_ui(&mut part_of(ui, "about", right), frame, out);
        let mut next = Next::Stay;
        foot(ui, |ui| {
            if ui.button("Close").clicked() {
                next = Next::Close;
            }
        });
        next
    }

    fn list_ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
        let t = theme();
        for origin in Origin::ALL {
            ui.label(RichText::new(origin.label()).size(t.small).color(t.text_weak));
            let presets = frame.presets.shelf(origin).of(&self.target.what());
            if presets.is_empty() {
                ui.label(RichText::new("None kept yet.").color(t.text_weak));
            }
            for ShelvedPreset { id, preset } in presets {
                let on = self.chosen.as_ref().is_some_and(|(o, i)| *o == origin && i == id);
                let line = ui.selectable_label(on, &preset.name);
                if line.clicked() && !on {
                    self.chosen = Some((origin, id.clone()));
                    self.renaming = None;
                }
                if line.double_clicked() {
                    self.load(preset, out);
                }
            }
            ui.add_space(6.0);
        }
    }

    fn load(&self, preset: &Preset, out: &mut Outbox) {
        if let Some(edit) = self.target.load(preset) {
            out.edit(edit);
        }
    }

    fn about_ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
        let t = theme();
        let what = self.target.what();
        let chosen = self.chosen.clone();
        let Some((origin, id, preset)) = chosen.and_then(|(origin, id)| {
            let preset = frame.presets.shelf(origin).get(&what, &id)?;
            Some((origin, id, preset))
        }) else {
            ui.label(RichText::new("Choose a preset to read what it is for.").color(t.text_weak));
            return;
        };
        ui.label(RichText::new(&preset.name).font(t.medium(t.body)));
        ui.add(egui::Label::new(&preset.about).wrap());
        let kinds = preset.chain.slots.iter().map(|s| process::find(&s.kind).map_or(&*s.kind, |k| k.name()));
        if what == crate::model::PresetFor::Chain {
            let chain = kinds.collect::<Vec<_>>().join(" · ");
            ui.add(egui::Label::new(RichText::new(chain).color(t.text_weak)).wrap());
        }
        ui.add_space(8.0);
        if self.renaming.is_some() {
            return self.rename_ui(ui, frame, &id, out);
        }
        ui.horizontal(|ui| {
            if text_button(ui, "Load", Some(t.master)).clicked() {
                self.load(preset, out);
            }
            let refusal = (origin == Origin::Factory).then_some("It belongs to the program");
            if dim_button(ui, "Rename", refusal).clicked() {
                self.renaming = Some((preset.name.clone(), false));
            }
            let remove = dim_button(ui, "Delete", refusal);
            if remove.clicked() {
                out.send(Command::RemovePreset { what: what.clone(), id: id.clone() });
                self.chosen = None;
            }
            remove.on_hover_text("Its file is moved into the folder “removed” beside the presets.");
        });
    }

    fn rename_ui(&mut self, ui: &mut Ui, frame: &Frame, id: &str, out: &mut Outbox) {
        let what = self.target.what();
        let Some((name, begun)) = &mut self.renaming else { return };
        let typed = name_field(ui, "New name", name, begun);
        let taken = frame
            .presets
            .own_id(name)
            .filter(|new| new != id && frame.presets.shelf(Origin::Own).get(&what, new).is_some());
        let refusal = match taken {
            Some(_) => Some("There is a preset of that name"),
            None if !frame.presets.is_name(name) => Some("A name has letters or digits"),
            None => None,
        };
        let (mut done, mut left) = (false, false);
        ui.horizontal(|ui| {
            done = dim_button(ui, "Keep name", refusal).clicked() || (typed && refusal.is_none());
            left = ui.button("Leave it").clicked();
        });
        if done {
            let name = name.trim().to_owned();
            self.chosen = frame.presets.own_id(&name).map(|id| (Origin::Own, id));
            out.send(Command::RenamePreset { what, id: id.to_owned(), name });
        }
        if done || left {
            self.renaming = None;
        }
    }
}
