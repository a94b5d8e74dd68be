//! Export options: which deliverables, where to, in what form.

use std::path::{Path, PathBuf};

use egui::{ComboBox, RichText, ScrollArea, Ui};

use super::{Next, foot, title};
use crate::app::frame::{DeliverableView, ExportRequest};
use crate::app::{Action, Command, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::text_button;
use crate::gui::workspaces::finding_ui;
use crate::model::Severity;
use crate::units::{SESSION_RATES_HZ, SampleRate};

const BITS: [&str; 4] = ["16", "24", "32f", "64f"];
const DITHERS: [&str; 3] = ["none", "tpdf", "shaped"];

/// The options so far.
#[derive(Debug)]
pub struct ExportDialog {
    request: ExportRequest,
    folder: String,
}

impl ExportDialog {
    /// Preset for a command of the Deliver menu.
    pub fn new(action: Action, frame: &Frame) -> Self {
        let title = match action {
            Action::ExportReference => "Reference",
            Action::ExportDdp => "DDP",
            _ => "Export",
        };
        let beside = frame.path.as_ref().and_then(|p| p.parent()).map(|p| p.join("masters"));
        let home = || directories::UserDirs::new().map(|d| d.home_dir().join("masters"));
        let out = beside.or_else(home).unwrap_or_else(|| PathBuf::from("masters"));
        let request = ExportRequest {
            title: title.to_owned(),
            deliverables: preset(action, frame),
            out: PathBuf::new(),
            rate: None,
            bits: None,
            dither: None,
            tags: true,
            ascii_names: false,
            overwrite: false,
        };
        Self { request, folder: out.display().to_string() }
    }

    /// Another folder.
    pub fn set_folder(&mut self, folder: &Path) {
        self.folder = folder.display().to_string();
    }

    /// Why it cannot start.
    fn refusal(&self, frame: &Frame) -> Option<&'static str> {
        let chosen = |d: &&DeliverableView| self.request.deliverables.contains(&d.id);
        if self.request.deliverables.is_empty() {
            return Some("Nothing is chosen");
        }
        if self.folder.trim().is_empty() {
            return Some("A folder is missing");
        }
        let hindered = frame
            .deliverables
            .iter()
            .filter(chosen)
            .any(|d| d.findings.iter().any(|f| f.severity == Severity::Error));
        hindered.then_some("An error above must be mended first")
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) -> Next {
        let t = theme();
        ui.set_width(560.0);
        title(ui, &format!("Export · {}", self.request.title));
        egui::Frame::NONE.fill(t.ground).inner_margin(8).show(ui, |ui| {
            ScrollArea::vertical().max_height(240.0).auto_shrink([false, true]).show(ui, |ui| {
                for view in frame.deliverables.iter() {
                    self.deliverable_ui(ui, view);
                }
                if frame.deliverables.is_empty() {
                    ui.label(RichText::new("There is nothing to make yet.").color(t.text_weak));
                }
            });
        });
        ui.add_space(8.0);
        let mut next = Next::Stay;
        ui.horizontal(|ui| {
            let label = ui.label(RichText::new("Folder").color(t.text_weak));
            let edit = egui::TextEdit::singleline(&mut self.folder).desired_width(400.0);
            ui.add(edit).labelled_by(label.id);
            if ui.button("Choose…").clicked() {
                next = Next::PickFolder;
            }
        });
        self.form_ui(ui);
        let refusal = self.refusal(frame);
        foot(ui, |ui| {
            ui.add_enabled_ui(refusal.is_none(), |ui| {
                let response = text_button(ui, "Start export", Some(t.master));
                if let Some(why) = refusal {
                    response.on_disabled_hover_text(why);
                } else if response.clicked() {
                    let request =
                        ExportRequest { out: PathBuf::from(self.folder.trim()), ..self.request.clone() };
                    out.send(Command::Export(request));
                    next = Next::Close;
                }
            });
            if ui.button("Cancel").clicked() {
                next = Next::Close;
            }
            ui.label(RichText::new(refusal.unwrap_or("")).size(t.small).color(t.text_weak));
        });
        next
    }

    fn deliverable_ui(&mut self, ui: &mut Ui, view: &DeliverableView) {
        let t = theme();
        let mut on = self.request.deliverables.contains(&view.id);
        if ui.checkbox(&mut on, &view.name).on_hover_text(view.files.join("\n")).changed() {
            self.request.deliverables.retain(|id| *id != view.id);
            if on {
                self.request.deliverables.push(view.id.clone());
            }
        }
        ui.indent(&view.id, |ui| {
            ui.label(RichText::new(&view.about).size(t.small).color(t.text_weak));
            if on {
                for finding in &view.findings {
                    finding_ui(ui, finding);
                }
            }
        });
    }

    /// Rate, bits and dither apply where the deliverable leaves a choice.
    fn form_ui(&mut self, ui: &mut Ui) {
        let t = theme();
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let label = ui.label(RichText::new("Rate").color(t.text_weak));
            let request = &mut self.request;
            let shown = request.rate.map_or("as the deliverable says".to_owned(), |r| r.to_string());
            let combo = ComboBox::from_id_salt("rate").selected_text(shown).show_ui(ui, |ui| {
                ui.selectable_value(&mut request.rate, None, "as the deliverable says");
                for hz in SESSION_RATES_HZ {
                    ui.selectable_value(&mut request.rate, Some(SampleRate(hz)), SampleRate(hz).to_string());
                }
            });
            combo.response.labelled_by(label.id);
            word_choice(ui, "Bits", &BITS, &mut request.bits);
            word_choice(ui, "Dither", &DITHERS, &mut request.dither);
        });
        ui.horizontal(|ui| {
            ui.checkbox(&mut self.request.tags, "Write tags");
            ui.checkbox(&mut self.request.ascii_names, "Names in plain ASCII");
            ui.checkbox(&mut self.request.overwrite, "Replace files that are already there");
        });
    }
}

fn word_choice(ui: &mut Ui, name: &str, words: &[&str], value: &mut Option<String>) {
    let label = ui.label(RichText::new(name).color(theme().text_weak));
    let shown = value.clone().unwrap_or_else(|| "default".to_owned());
    let combo = ComboBox::from_id_salt(name).selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(value, None, "default");
        for word in words {
            ui.selectable_value(value, Some((*word).to_owned()), *word);
        }
    });
    combo.response.labelled_by(label.id);
}

/// The deliverables a command proposes, of those on offer.
fn preset(action: Action, frame: &Frame) -> Vec<String> {
    let ids = frame.deliverables.iter().map(|d| d.id.clone());
    match action {
        Action::ExportReference => {
            let mut ids: Vec<String> =
                ids.filter(|id| id.contains("mp3") || id.contains("reference")).collect();
            if ids.is_empty() {
                ids = frame
                    .deliverables
                    .iter()
                    .map(|d| d.id.clone())
                    .filter(|id| id.contains("flac"))
                    .collect();
            }
            ids
        }
        Action::ExportDdp => ids.filter(|id| id.contains("ddp") || id.contains("pq")).collect(),
        _ => frame.session.orders.iter().map(|o| o.id.clone()).collect(),
    }
}
