//! The log: every line with its time, newest at the bottom.

use egui::{RichText, ScrollArea, Ui};

use crate::app::Frame;
use crate::app::frame::{LogLevel, LogLine};
use crate::gui::theme::theme;
use crate::gui::widgets::icons::{Icon, paint};

/// Draws the log into all of `ui`.
pub fn log_ui(ui: &mut Ui, frame: &Frame) {
    let t = theme();
    egui::Frame::NONE.fill(t.ground).inner_margin(8).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
            if frame.log.is_empty() {
                ui.label(RichText::new("Nothing to report.").color(t.text_weak));
            }
            for line in frame.log.iter() {
                line_ui(ui, line);
            }
        });
    });
}

fn line_ui(ui: &mut Ui, line: &LogLine) {
    let t = theme();
    let (icon, colour) = log_mark(line.level);
    ui.horizontal(|ui| {
        ui.label(RichText::new(&line.time).color(t.text_weak));
        let (rect, _) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::hover());
        paint(ui.painter(), icon, rect, colour);
        ui.add(egui::Label::new(&line.text).selectable(true).wrap());
    });
}

/// Shape and colour of a line's gravity.
pub fn log_mark(level: LogLevel) -> (Icon, egui::Color32) {
    let t = theme();
    match level {
        LogLevel::Info => (Icon::Info, t.line_strong),
        LogLevel::Warning => (Icon::Warning, t.warning),
        LogLevel::Error => (Icon::Error, t.error),
    }
}
