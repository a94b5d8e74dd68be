//! The meters: a column always in sight, and windows of their own; always of the signal at the meter point.
//!
//! Each view is a file with one function of a frame and a size; [`MeterKind`] lists them.

mod field;
mod kind;
mod level;
mod loudness;
mod spectrogram;
mod spectrum;
mod spectrum_menu;
mod traces;
mod windows;

use egui::{Align2, Sense, Stroke, Ui, vec2};

use crate::app::frame::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, theme};
use field::{correlation_ui, field_ui};
pub use kind::MeterKind;
use level::level_ui;
use loudness::loudness_ui;
pub use spectrogram::spectrogram_ui;
pub use spectrum::spectrum_ui;
pub use traces::colour_of as curve_colour;
pub use windows::meter_windows_ui;

/// The column.
pub fn meters_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 5.0;
        let width = ui.available_width();
        // What the fixed parts take: headings, lines, loudness, correlation.
        let free = (ui.available_height() - 330.0).max(240.0);
        level_ui(ui, frame, out, vec2(width, (free * 0.38).clamp(130.0, 260.0)));
        separator(ui, t);
        loudness_ui(ui, frame, vec2(width, 150.0));
        separator(ui, t);
        spectrum_ui(ui, frame, vec2(width, (free * 0.32).clamp(96.0, 240.0)), out);
        separator(ui, t);
        field_ui(ui, frame, vec2(width, (free * 0.30).clamp(90.0, 220.0)));
        correlation_ui(ui, &frame.meters.stereo, vec2(width, 46.0));
    });
}

fn separator(ui: &mut Ui, t: &Theme) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, t.line));
}

/// A title at the left and a remark at the right of a line.
pub fn heading(ui: &mut Ui, t: &Theme, title: &str, remark: &str) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let font = t.font(t.small);
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, title, font.clone(), t.text_weak);
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, remark, font, t.text_weak);
}
