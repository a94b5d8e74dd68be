//! Meters in windows of their own, for a second screen: the same picture as in the column, as large as the window.

use egui::{Context, Ui, ViewportBuilder, ViewportClass, ViewportId, vec2};

use super::meters::{correlation_ui, field_ui, level_ui, loudness_ui};
use super::spectrum::spectrum_ui;
use crate::app::{Action, Frame};
use crate::gui::keys;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

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
}

impl MeterKind {
    /// The one a command opens.
    pub fn of(action: Action) -> Option<Self> {
        match action {
            Action::LevelWindow => Some(Self::Level),
            Action::LoudnessWindow => Some(Self::Loudness),
            Action::SpectrumWindow => Some(Self::Spectrum),
            Action::FieldWindow => Some(Self::Field),
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

    fn size(self) -> egui::Vec2 {
        match self {
            Self::Level => vec2(260.0, 420.0),
            Self::Loudness => vec2(320.0, 260.0),
            Self::Spectrum => vec2(820.0, 420.0),
            Self::Field => vec2(420.0, 480.0),
        }
    }
}

/// Draws the open windows; one closed by its frame is put away.
pub fn meter_windows_ui(ctx: &Context, frame: &Frame, open: &mut Vec<MeterKind>, out: &mut Outbox) {
    open.retain(|&meter| {
        let builder = ViewportBuilder::default()
            .with_title(format!("{} – Glassmaster", meter.label()))
            .with_app_id("glassmaster")
            .with_inner_size(meter.size())
            .with_min_inner_size([200.0, 180.0]);
        ctx.show_viewport_immediate(ViewportId::from_hash_of(meter), builder, |ui, class| {
            window_ui(ui, class, frame, meter, out)
        })
    });
}

/// Draws one window; `false` when it is to be closed.
fn window_ui(ui: &mut Ui, class: ViewportClass, frame: &Frame, meter: MeterKind, out: &mut Outbox) -> bool {
    // Space plays whichever window has the focus.
    for action in keys::take_actions(ui.ctx()) {
        if action.refusal(frame).is_none() {
            out.act(action);
        }
    }
    let ground = egui::Frame::NONE.fill(theme().panel).inner_margin(12);
    if class == ViewportClass::EmbeddedWindow {
        ui.set_min_size(meter.size());
        ground.show(ui, |ui| meter_ui(ui, frame, meter, out));
    } else {
        egui::CentralPanel::default().frame(ground).show(ui, |ui| meter_ui(ui, frame, meter, out));
    }
    !ui.input(|i| i.viewport().close_requested())
}

fn meter_ui(ui: &mut Ui, frame: &Frame, meter: MeterKind, out: &mut Outbox) {
    ui.spacing_mut().item_spacing.y = 5.0;
    // Below the heading.
    let size = ui.available_size() - vec2(0.0, 21.0);
    match meter {
        MeterKind::Level => level_ui(ui, frame, out, size),
        MeterKind::Loudness => loudness_ui(ui, frame, size),
        MeterKind::Spectrum => spectrum_ui(ui, frame, size),
        MeterKind::Field => {
            field_ui(ui, frame, vec2(size.x, (size.y - 56.0).max(60.0)));
            correlation_ui(ui, &frame.meters, vec2(size.x, 46.0));
        }
    }
}
