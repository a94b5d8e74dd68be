//! The steps of the job: Intake, Master, Review, Deliver. Each fills the lower panel.

pub mod result;

use egui::{Color32, RichText, Ui};

use crate::app::Action;
use crate::gui::panels::deliver::DeliverState;
use crate::gui::panels::intake::IntakeState;
use crate::gui::panels::review::ReviewState;
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

    /// The one a command shows.
    pub fn of(action: Action) -> Option<Self> {
        match action {
            Action::Intake => Some(Self::Intake),
            Action::Master => Some(Self::Master),
            Action::Review => Some(Self::Review),
            Action::Deliver => Some(Self::Deliver),
            _ => None,
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Intake => "Intake",
            Self::Master => "Master",
            Self::Review => "Review",
            Self::Deliver => "Deliver",
        }
    }

    /// Its own content, as a tab beside meters.
    pub fn content(self) -> &'static str {
        match self {
            Self::Intake => "Mixes",
            Self::Master => "Chain",
            Self::Review => "Notes",
            Self::Deliver => "Deliverables",
        }
    }
}

/// What is only visual in the workspaces.
#[derive(Default)]
pub struct WorkspaceState {
    /// Intake.
    pub intake: IntakeState,
    /// Review.
    pub review: ReviewState,
    /// Deliver.
    pub deliver: DeliverState,
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
