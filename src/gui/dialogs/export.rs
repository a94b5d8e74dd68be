//! Export options: which deliverables, where to, in what form.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use egui::{ComboBox, Response, RichText, ScrollArea, Ui};

use super::{Next, accepted, foot, title};
use crate::app::frame::{DeliverableView, ExportRequest, SettingDesc, SettingKind};
use crate::app::{Action, Command, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::panels::parts::by_gravity;
use crate::gui::theme::theme;
use crate::gui::widgets::{NumberSpec, number_field, text_button};
use crate::gui::workspaces::finding_ui;
use crate::model::{Extra, Finding, Severity};
use crate::units::SampleRate;

/// Width of a choice or text, points.
const FIELD: f32 = 168.0;
/// Width of the dialog, points.
const WIDTH: f32 = 680.0;
/// Most the list of deliverables takes, points.
const LIST_HEIGHT: f32 = 380.0;

/// What *Export reference…* proposes: MP3, or FLAC where MP3 cannot be made.
const REFERENCES: [&[&str]; 2] = [&["mp3_songs", "mp3_album"], &["flac_songs", "flac_album"]];
/// What *Export DDP…* proposes.
const DISC: &str = "ddp";

/// The options so far.
#[derive(Debug)]
pub struct ExportDialog {
    request: ExportRequest,
    /// Chosen when the dialog opened; they stand first.
    first: Vec<String>,
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
            settings: ordered(action, frame),
            overwrite: false,
        };
        Self { first: request.deliverables.clone(), request, folder: out.display().to_string() }
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
        ui.set_width(WIDTH);
        title(ui, &format!("Export · {}", self.request.title));
        egui::Frame::NONE.fill(t.ground).inner_margin(8).show(ui, |ui| {
            ScrollArea::vertical().max_height(LIST_HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
                let (first, rest): (Vec<_>, Vec<_>) =
                    frame.deliverables.iter().partition(|d| self.first.contains(&d.id));
                for view in first.into_iter().chain(rest) {
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
            let edit = egui::TextEdit::singleline(&mut self.folder).desired_width(WIDTH - 150.0);
            ui.add(edit).labelled_by(label.id);
            if ui.button("Choose…").clicked() {
                next = Next::PickFolder;
            }
        });
        ui.checkbox(&mut self.request.overwrite, "Replace files that are already there");
        let refusal = self.refusal(frame);
        foot(ui, |ui| {
            ui.add_enabled_ui(refusal.is_none(), |ui| {
                let response = text_button(ui, "Start export", Some(t.master));
                if let Some(why) = refusal {
                    response.on_disabled_hover_text(why);
                } else if response.clicked() || accepted(ui) {
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
                self.settings_ui(ui, view);
                findings_ui(ui, &view.findings);
            }
        });
    }

    /// What the deliverable leaves open, each as its description says, in two columns.
    fn settings_ui(&mut self, ui: &mut Ui, view: &DeliverableView) {
        let given = self.request.settings.entry(view.id.clone()).or_default();
        egui::Grid::new(("settings", &view.id)).num_columns(4).spacing([12.0, 4.0]).show(ui, |ui| {
            for (i, desc) in view.settings.iter().enumerate() {
                ui.label(RichText::new(desc.name).color(theme().text_weak)).on_hover_text(desc.help);
                let name = format!("{} of {}", desc.name, view.name);
                setting_ui(ui, desc, given, &view.id).on_hover_text(desc.help).accessible_name(name);
                if i % 2 == 1 {
                    ui.end_row();
                }
            }
        });
    }
}

/// The gravest findings; how many more there are.
fn findings_ui(ui: &mut Ui, findings: &[Finding]) {
    const MOST: usize = 4;
    let sorted = by_gravity(findings);
    for finding in sorted.iter().take(MOST) {
        finding_ui(ui, finding);
    }
    if let Some(rest) = sorted.get(MOST..).filter(|rest| !rest.is_empty()) {
        let texts: Vec<&str> = rest.iter().map(|f| f.text.as_str()).collect();
        let words = RichText::new(format!("and {} more", rest.len())).size(theme().small);
        ui.label(words.color(theme().text_weak)).on_hover_text(texts.join("\n"));
    }
}

/// The control of one setting; stores what differs from the default.
fn setting_ui(ui: &mut Ui, desc: &SettingDesc, given: &mut Extra, whose: &str) -> Response {
    let id = || desc.id.to_owned();
    match desc.kind {
        SettingKind::Switch { default } => {
            let mut on = given.get(desc.id).and_then(|v| v.as_bool()).unwrap_or(default);
            let word = if on { "yes" } else { "no" };
            let response = ui.checkbox(&mut on, word);
            if response.changed() {
                given.insert(id(), on.into());
            }
            response
        }
        SettingKind::Choice { words, default } => {
            let now = given.get(desc.id).and_then(|v| v.as_str()).unwrap_or(default).to_owned();
            let combo = ComboBox::from_id_salt((whose, desc.id)).width(FIELD).selected_text(word(&now));
            let shown = combo.show_ui(ui, |ui| {
                for choice in words {
                    if ui.selectable_label(now == *choice, word(choice)).clicked() {
                        given.insert(id(), (*choice).into());
                    }
                }
            });
            shown.response
        }
        SettingKind::Decibels { min, max, default } => {
            let now = given.get(desc.id).and_then(|v| v.as_f64()).unwrap_or(default);
            let spec = NumberSpec::new(desc.name, "dB", min, max).default_value(default).decimals(1);
            let change = number_field(ui, (whose, desc.id), &spec, now, FIELD);
            if let Some(db) = change.value {
                given.insert(id(), db.into());
            }
            change.response
        }
        SettingKind::Text { default } => {
            let mut text = given.get(desc.id).and_then(|v| v.as_str()).unwrap_or(default).to_owned();
            let response = ui.add(egui::TextEdit::singleline(&mut text).desired_width(FIELD - 8.0));
            if response.changed() {
                given.insert(id(), text.into());
            }
            response
        }
    }
}

/// A word of a setting as shown: hertz as kilohertz.
fn word(word: &str) -> String {
    match word.parse::<u32>() {
        Ok(hz) if hz >= 8000 => SampleRate(hz).to_string(),
        _ => word.to_owned(),
    }
}

/// The deliverables a command proposes, of those on offer.
fn preset(action: Action, frame: &Frame) -> Vec<String> {
    let on_offer = |ids: &[&str]| -> Vec<String> {
        let wanted = |d: &&DeliverableView| ids.contains(&d.id.as_str());
        frame.deliverables.iter().filter(wanted).map(|d| d.id.clone()).collect()
    };
    let can_be_made = |id: &String| {
        let view = frame.deliverables.iter().find(|d| d.id == *id);
        view.is_some_and(|d| d.findings.iter().all(|f| f.severity != Severity::Error))
    };
    match action {
        Action::ExportReference => {
            let proposals = REFERENCES.map(on_offer);
            let best = proposals.iter().find(|ids| !ids.is_empty() && ids.iter().all(can_be_made));
            best.or_else(|| proposals.first()).cloned().unwrap_or_default()
        }
        Action::ExportDdp => on_offer(&[DISC]),
        _ => frame.session.orders.iter().map(|o| o.id.clone()).collect(),
    }
}

/// The settings the session's orders keep.
fn ordered(action: Action, frame: &Frame) -> BTreeMap<String, Extra> {
    match action {
        Action::Export => frame.session.orders.iter().map(|o| (o.id.clone(), o.settings.clone())).collect(),
        _ => BTreeMap::new(),
    }
}
