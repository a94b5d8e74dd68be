//! Review: the round, the notes on the session and on every song.

use egui::{RichText, ScrollArea, Ui};

use super::{WorkspaceState, heading, text_cell};
use crate::app::Frame;
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

/// Draws the Review workspace into all of `ui`.
pub fn review_ui(ui: &mut Ui, frame: &Frame, state: &mut WorkspaceState, out: &mut Outbox) {
    let t = theme();
    egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
        ui.horizontal(|ui| {
            heading(ui, &format!("Round {}", frame.session.round));
            if ui.button("Next round").on_hover_text("The number stands in names and on sheets").clicked() {
                out.edit(Edit::SetRound(frame.session.round + 1));
            }
            if ui.add_enabled(frame.session.round > 1, egui::Button::new("Back one round")).clicked() {
                out.edit(Edit::SetRound(frame.session.round - 1));
            }
        });
        ui.add_space(4.0);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let width = (ui.available_width() - 208.0).max(200.0);
            egui::Grid::new("song_notes").num_columns(2).spacing([12.0, 6.0]).show(ui, |ui| {
                ui.label(RichText::new("Session").color(t.text_weak));
                let id = ui.scope_id().with("review_session_notes");
                if let Some(text) =
                    text_cell(ui, state, id, "Notes on the session", &frame.session.notes, width, 2)
                {
                    out.edit(Edit::SetNotes(text));
                }
                ui.end_row();
                for (index, song) in frame.session.songs.iter().enumerate() {
                    let title = format!("{}  {}", index + 1, song.metadata.full_title());
                    let (rect, _) = ui.allocate_exact_size(egui::vec2(180.0, 40.0), egui::Sense::hover());
                    crate::gui::widgets::elided(ui, rect, &title, t.body, t.text);
                    let id = ui.scope_id().with(("song_notes", song.id.0));
                    let label = format!("Notes on song {}", index + 1);
                    if let Some(text) = text_cell(ui, state, id, &label, &song.notes, width, 2) {
                        out.edit(Edit::SetSongNotes { song: song.id, text });
                    }
                    ui.end_row();
                }
            });
        });
    });
}
