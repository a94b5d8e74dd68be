//! The dialog of meter layouts: keeps what stands where under a name, chooses, renames and deletes the user's own.

use egui::{Key, RichText, ScrollArea, Ui};

use super::{Next, foot, title};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::text::select_all;
use crate::gui::widgets::{dim_button, text_button};

/// Width of the dialog, points.
const WIDTH: f32 = 440.0;

/// What is typed.
#[derive(Debug, Default)]
pub struct LayoutsDialog {
    name: String,
    /// The field has had the keyboard.
    begun: bool,
    /// The layout being renamed, its new name, and whether the field has had the keyboard.
    renaming: Option<(String, String, bool)>,
}

impl LayoutsDialog {
    pub(super) fn ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) -> Next {
        ui.set_width(WIDTH);
        title(ui, "Meter layouts");
        self.save_ui(ui, frame, out);
        ui.add_space(8.0);
        self.own_ui(ui, frame, out);
        let mut next = Next::Stay;
        foot(ui, |ui| {
            if ui.button("Close").clicked() {
                next = Next::Close;
            }
        });
        next
    }

    fn save_ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
        let layout = &frame.meter_settings.layout;
        let refusal = layout.save_refusal(&self.name).map(|r| r.to_string());
        let replaces = layout.own.iter().any(|l| l.name == self.name.trim());
        ui.horizontal(|ui| {
            let field = egui::TextEdit::singleline(&mut self.name)
                .hint_text("Name for what stands where now")
                .desired_width(WIDTH - 100.0);
            let field = ui.add(field).accessible_name("Layout name");
            if !std::mem::replace(&mut self.begun, true) {
                field.request_focus();
            }
            let typed = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            let label = if replaces { "Replace" } else { "Save" };
            // Enter keeps a new one; what would be replaced wants the button.
            let saves = dim_button(ui, label, refusal.as_deref()).clicked()
                || (typed && !replaces && refusal.is_none());
            if saves {
                let name = std::mem::take(&mut self.name);
                // Refused above.
                out.set_meters(frame, |m| m.layout.save_as(&name).unwrap_or_default());
            }
        });
    }

    fn own_ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
        let t = theme();
        let layout = &frame.meter_settings.layout;
        if layout.own.is_empty() {
            ui.label(RichText::new("None of your own yet. They stay with this machine.").color(t.text_weak));
        }
        ScrollArea::vertical().max_height(260.0).auto_shrink([false, true]).show(ui, |ui| {
            for own in &layout.own {
                ui.push_id(&own.name, |ui| self.row_ui(ui, frame, &own.name, out));
            }
        });
    }

    fn row_ui(&mut self, ui: &mut Ui, frame: &Frame, name: &str, out: &mut Outbox) {
        let renamed = match &mut self.renaming {
            Some((from, to, begun)) if from == name => Some(rename_ui(ui, frame, from, (to, begun), out)),
            _ => None,
        };
        match renamed {
            Some(true) => self.renaming = None,
            Some(false) => {}
            None => self.plain_row_ui(ui, frame, name, out),
        }
    }

    fn plain_row_ui(&mut self, ui: &mut Ui, frame: &Frame, name: &str, out: &mut Outbox) {
        let chosen = frame.meter_settings.layout.chosen == name;
        ui.horizontal(|ui| {
            if ui.selectable_label(chosen, name).clicked() {
                out.set_meters(frame, |m| m.layout.choose_own(name));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let labelled = |what: &str| format!("{what} {name}");
                let delete = ui.button("Delete").accessible_name(labelled("Delete"));
                if delete.clicked() {
                    out.set_meters(frame, |m| m.layout.remove(name));
                }
                if ui.button("Rename").accessible_name(labelled("Rename")).clicked() {
                    self.renaming = Some((name.to_owned(), name.to_owned(), false));
                }
            });
        });
    }
}

/// The row of a layout while it gets another name; `true` when that is done or left.
fn rename_ui(
    ui: &mut Ui,
    frame: &Frame,
    from: &str,
    (to, begun): (&mut String, &mut bool),
    out: &mut Outbox,
) -> bool {
    let refusal = frame.meter_settings.layout.rename_refusal(from, to).map(|r| r.to_string());
    ui.horizontal(|ui| {
        let field = egui::TextEdit::singleline(to).desired_width(WIDTH - 190.0);
        let field = ui.add(field).accessible_name("New name");
        // Typed at once: the field has the keyboard when it appears.
        if !std::mem::replace(begun, true) {
            field.request_focus();
            select_all(ui, field.id, to);
        }
        let typed = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let keeps = dim_button(ui, "Keep name", refusal.as_deref()).clicked() || (typed && refusal.is_none());
        if keeps {
            // Refused above.
            out.set_meters(frame, |m| m.layout.rename(from, to).unwrap_or_default());
        }
        let leaves = text_button(ui, "Leave it", None).clicked();
        keeps || leaves
    })
    .inner
}
