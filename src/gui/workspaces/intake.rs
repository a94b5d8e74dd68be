//! Intake: the delivered mixes with their measurements and findings, and the notes of the job.

use egui::{RichText, ScrollArea, Ui};

use super::{WorkspaceState, finding_ui, heading, severity_mark, text_cell};
use crate::app::frame::{SongState, SourceState};
use crate::app::{Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::{Outbox, Wish};
use crate::gui::panels::song_list::selection_of;
use crate::gui::theme::theme;
use crate::gui::widgets::icons::paint;
use crate::model::Song;
use crate::units::{SampleRate, ms_from_seconds};

/// Draws the Intake workspace into all of `ui`.
pub fn intake_ui(ui: &mut Ui, frame: &Frame, state: &mut WorkspaceState, out: &mut Outbox) {
    egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
        let notes_width = (ui.available_width() * 0.26).clamp(220.0, 420.0);
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(notes_width);
                heading(ui, "Session notes");
                let id = ui.scope_id().with("session_notes");
                let rows = ((ui.available_height() - 16.0) / 16.0).max(4.0) as usize;
                if let Some(text) =
                    text_cell(ui, state, id, "Session notes", &frame.session.notes, notes_width - 16.0, rows)
                {
                    out.edit(Edit::SetNotes(text));
                }
            });
            ui.add_space(8.0);
            ui.vertical(|ui| {
                heading(ui, "Delivered mixes");
                ScrollArea::both().auto_shrink(false).show(ui, |ui| files_ui(ui, frame, out));
            });
        });
    });
}

fn files_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    if frame.session.songs.is_empty() {
        ui.label(
            RichText::new("Import mixes and every file is measured and checked here.").color(t.text_weak),
        );
        return;
    }
    egui::Grid::new("delivered").num_columns(7).spacing([16.0, 6.0]).striped(false).show(ui, |ui| {
        for head in ["#", "File", "Format", "Length", "LUFS", "dBTP", "Checks"] {
            ui.label(RichText::new(head).size(t.small).color(t.text_weak));
        }
        ui.end_row();
        for (index, song) in frame.session.songs.iter().enumerate() {
            file_row(ui, frame, index, song, out);
            ui.end_row();
        }
    });
    let Some(id) = frame.current_song() else { return };
    let (Some(song), Some(known)) = (frame.session.song(id), frame.song_state(id)) else { return };
    ui.add_space(12.0);
    details_ui(ui, song, known);
}

fn file_row(ui: &mut Ui, frame: &Frame, index: usize, song: &Song, out: &mut Outbox) {
    let t = theme();
    let source = &song.source;
    let known = frame.song_state(song.id);
    ui.label(RichText::new((index + 1).to_string()).color(t.text_weak));
    let chosen = frame.current_song() == Some(song.id);
    if ui.selectable_label(chosen, source.file_name()).on_hover_text(&source.path).clicked() {
        out.send(Command::Select(selection_of(frame, vec![song.id])));
    }
    ui.label(format!("{} · {}", source.format, SampleRate(source.sample_rate_hz)));
    let rate = SampleRate(source.sample_rate_hz.max(1));
    ui.label(ms_from_seconds(source.frames as f64 / rate.hz()));
    let number = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.1}").replace('-', "−"));
    ui.label(number(known.and_then(|k| k.integrated_lufs)));
    ui.label(number(known.and_then(|k| k.true_peak_dbtp)));
    verdict_ui(ui, song, known, out);
}

fn verdict_ui(ui: &mut Ui, song: &Song, known: Option<&SongState>, out: &mut Outbox) {
    let t = theme();
    ui.horizontal(|ui| match known.map(|k| (&k.source, &k.findings)) {
        Some((SourceState::Failed(why), _)) => {
            ui.label(RichText::new(why).color(t.error));
            if ui.small_button("Relink…").clicked() {
                out.wish(Wish::Relink(song.id));
            }
        }
        Some((SourceState::Preparing(done), _)) => {
            ui.label(RichText::new(format!("reading {:.0} %", done * 100.0)).color(t.text_weak));
        }
        Some((_, findings)) if !findings.is_empty() => {
            let worst = findings.iter().max_by_key(|f| f.severity);
            if let Some(worst) = worst {
                let (rect, _) = ui.allocate_exact_size(egui::vec2(14.0, 16.0), egui::Sense::hover());
                let (icon, colour) = severity_mark(worst.severity);
                paint(ui.painter(), icon, rect, colour);
                let more =
                    if findings.len() > 1 { format!("  +{}", findings.len() - 1) } else { String::new() };
                ui.label(format!("{}{more}", worst.text));
            }
        }
        Some((SourceState::Ready, _)) => {
            ui.label(RichText::new("nothing found").color(t.text_weak));
        }
        _ => {
            ui.label(RichText::new("–").color(t.text_weak));
        }
    });
}

fn details_ui(ui: &mut Ui, song: &Song, known: &SongState) {
    let t = theme();
    heading(ui, song.source.file_name());
    for finding in known.findings.iter() {
        finding_ui(ui, finding);
    }
    egui::Grid::new("measured").num_columns(4).spacing([16.0, 4.0]).show(ui, |ui| {
        for pair in known.measurements.chunks(2) {
            for (label, value) in pair {
                ui.label(RichText::new(label).color(t.text_weak));
                ui.label(value);
            }
            ui.end_row();
        }
    });
}
