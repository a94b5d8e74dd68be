//! The list of the meters' views.

use egui::{Ui, Vec2, vec2};

use super::{correlation_ui, field_ui, level_ui, loudness_ui, spectrum_ui};
use crate::app::{Action, Frame};
use crate::gui::outbox::Outbox;

/// A meter that can have a window of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeterKind {
    /// Peak, RMS, true peak.
    Level,
    /// M, S, I, range, history.
    Loudness,
    /// The live spectrum.
    Spectrum,
    /// Goniometer and correlation.
    Field,
    /// Correlation by band, balance, mono sum.
    Correlation,
}

impl MeterKind {
    /// The one a command opens.
    pub fn of(action: Action) -> Option<Self> {
        match action {
            Action::LevelWindow => Some(Self::Level),
            Action::LoudnessWindow => Some(Self::Loudness),
            Action::SpectrumWindow => Some(Self::Spectrum),
            Action::FieldWindow => Some(Self::Field),
            Action::CorrelationWindow => Some(Self::Correlation),
            _ => None,
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Level => "Level",
            Self::Loudness => "Loudness",
            Self::Spectrum => "Spectrum",
            Self::Field => "Field",
            Self::Correlation => "Correlation",
        }
    }

    /// Opens its window, or closes it.
    pub fn toggle(self, open: &mut Vec<Self>) {
        if open.contains(&self) {
            open.retain(|m| *m != self);
        } else {
            open.push(self);
        }
    }

    /// Size of its window when it first opens, points.
    pub(super) fn size(self) -> Vec2 {
        match self {
            Self::Level => vec2(260.0, 420.0),
            Self::Loudness => vec2(320.0, 260.0),
            Self::Spectrum => vec2(820.0, 420.0),
            Self::Field => vec2(420.0, 500.0),
            Self::Correlation => vec2(620.0, 380.0),
        }
    }

    /// Draws it into all the room there is.
    pub fn ui(self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
        ui.spacing_mut().item_spacing.y = 5.0;
        // Below the heading.
        let size = ui.available_size() - vec2(0.0, 21.0);
        match self {
            Self::Level => level_ui(ui, frame, out, size),
            Self::Loudness => loudness_ui(ui, frame, size),
            Self::Spectrum => spectrum_ui(ui, frame, size),
            Self::Field => {
                field_ui(ui, frame, out, vec2(size.x, (size.y - 88.0).max(60.0)));
                correlation_ui(ui, frame, out, vec2(size.x, 62.0));
            }
            Self::Correlation => correlation_ui(ui, frame, out, size),
        }
    }
}
