//! The result page of an export: what was written, what was measured on it, what the read-back found.

use egui::{RichText, ScrollArea, Ui};

use super::{finding_ui, heading};
use crate::app::Command;
use crate::app::frame::{DeliveredFileView, ExportResult};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::figures::plain;

/// Draws the page into all of `ui`.
pub fn result_ui(ui: &mut Ui, result: &ExportResult, out: &mut Outbox) {
    egui::Frame::NONE.inner_margin(12).show(ui, |ui| page_ui(ui, result, out));
}

fn page_ui(ui: &mut Ui, result: &ExportResult, out: &mut Outbox) {
    let t = theme();
    ui.horizontal(|ui| {
        heading(ui, &result.title);
        match &result.error {
            Some(error) => ui.label(RichText::new(error).color(t.error)),
            None => ui.label(RichText::new("written, read back and measured").color(t.master)),
        };
        if ui.button("Done").clicked() {
            out.send(Command::DismissResult);
        }
    });
    ui.add(
        egui::Label::new(RichText::new(result.out.display().to_string()).color(t.text_weak)).selectable(true),
    );
    ui.add_space(4.0);
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        for finding in &result.findings {
            finding_ui(ui, finding);
        }
        if result.files.is_empty() {
            return;
        }
        egui::Grid::new("result").num_columns(7).spacing([16.0, 4.0]).show(ui, |ui| {
            for head in ["File", "Size", "Length", "LUFS", "dBTP", "Against the master", "SHA-256"] {
                ui.label(RichText::new(head).size(t.small).color(t.text_weak));
            }
            ui.end_row();
            for file in &result.files {
                result_row(ui, file);
                ui.end_row();
            }
        });
    });
}

fn result_row(ui: &mut Ui, file: &DeliveredFileView) {
    let t = theme();
    let number = |v: Option<f64>| v.map_or(String::new(), |v| plain(v, 1));
    ui.add(egui::Label::new(&file.path).selectable(true));
    ui.label(size_text(file.bytes));
    ui.label(file.duration_s.map(crate::units::ms_from_seconds).unwrap_or_default());
    ui.label(number(file.integrated_lufs));
    ui.label(number(file.true_peak_dbtp));
    ui.label(file.null.as_deref().unwrap_or(""));
    let short: String = file.sha256.chars().take(16).collect();
    let full = &file.sha256;
    if ui
        .add(egui::Button::new(RichText::new(format!("{short}…")).color(t.text_weak)).frame(false))
        .on_hover_text(full)
        .clicked()
    {
        ui.ctx().copy_text(full.clone());
    }
}

fn size_text(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
