//! The steps of the job: Intake, Master, Review, Deliver. Each fills the lower panel.

pub mod deliver;
pub mod intake;
pub mod review;

use egui::{Color32, RichText, Ui};

use crate::gui::theme::theme;
use crate::gui::widgets::icons::{Icon, paint};
use crate::model::{Finding, Severity};

/// A step of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Workspace {
    /// Delivered mixes and their checks.
    Intake,
    /// Editing and chains.
    #[default]
    Master,
    /// Notes and rounds.
    Review,
    /// Texts, codes, masters out.
    Deliver,
}

impl Workspace {
    /// In the order of the tabs.
    pub const ALL: [Self; 4] = [Self::Intake, Self::Master, Self::Review, Self::Deliver];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Intake => "Intake",
            Self::Master => "Master",
            Self::Review => "Review",
            Self::Deliver => "Deliver",
        }
    }
}

/// What is only visual in the workspaces: texts while they are typed.
#[derive(Debug, Default)]
pub struct WorkspaceState {
    /// The field being typed in: its id and its text.
    pub(crate) typing: Option<(egui::Id, String)>,
}

/// Shape and colour of a finding's gravity.
pub fn severity_mark(severity: Severity) -> (Icon, Color32) {
    let t = theme();
    match severity {
        Severity::Info => (Icon::Info, t.info),
        Severity::Warning => (Icon::Warning, t.warning),
        Severity::Error => (Icon::Error, t.error),
    }
}

/// A finding in one line.
pub fn finding_ui(ui: &mut Ui, finding: &Finding) {
    let t = theme();
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(14.0, 16.0), egui::Sense::hover());
        let (icon, colour) = severity_mark(finding.severity);
        paint(ui.painter(), icon, rect, colour);
        ui.add(egui::Label::new(RichText::new(&finding.text).color(t.text)).wrap());
    });
}

/// A heading of a part of a workspace.
pub fn heading(ui: &mut Ui, text: &str) {
    let t = theme();
    ui.add_space(2.0);
    ui.label(RichText::new(text).font(t.medium(t.body)).color(t.text));
    ui.add_space(2.0);
}

/// A text field whose text is kept as an edit when it is left or Enter is pressed; `None` while it is typed.
pub(crate) fn text_cell(
    ui: &mut Ui,
    state: &mut WorkspaceState,
    id: egui::Id,
    label: &str,
    value: &str,
    width: f32,
    rows: usize,
) -> Option<String> {
    let t = theme();
    let mut text = match &state.typing {
        Some((typed, text)) if *typed == id => text.clone(),
        _ => value.to_owned(),
    };
    let escape = ui.input(|i| i.key_pressed(egui::Key::Escape));
    let edit = if rows > 1 {
        egui::TextEdit::multiline(&mut text).desired_rows(rows)
    } else {
        egui::TextEdit::singleline(&mut text)
    };
    let edit = edit.id(id).font(t.font(t.body)).margin(egui::vec2(6.0, 3.0)).desired_width(width);
    let height = if rows > 1 { 16.0 * rows as f32 + 8.0 } else { 22.0 };
    let response = ui.add_sized([width, height], edit).accessible_name(label.to_owned());
    if response.lost_focus() {
        state.typing = None;
        return (!escape && text != value).then_some(text);
    }
    if response.has_focus() {
        state.typing = Some((id, text));
    }
    None
}
