//! Review: the round that is being listened to, and what is to be done: notes on the session and on every song.

use egui::{Id, RichText, ScrollArea, Ui, vec2};

use super::intake::select;
use super::parts::{fact, head, notes_field, side_by_side, teach};
use crate::app::{Action, Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::model::Song;
use crate::units::ms_from_seconds;

/// Most rounds a field can say.
const MOST_ROUNDS: u32 = 999;

/// What is only visual in the review.
#[derive(Debug, Default)]
pub struct ReviewState {
    /// Show only songs with notes.
    only_noted: bool,
}

/// Draws the review into what is left of a panel.
pub fn review_ui(ui: &mut Ui, frame: &Frame, state: &mut ReviewState, out: &mut Outbox) {
    side_by_side(ui, &[330.0, 0.0], |ui, part| match part {
        0 => round_ui(ui, frame, out),
        _ => songs_ui(ui, frame, state, out),
    });
}

fn round_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    ScrollArea::vertical().id_salt("review round").auto_shrink(false).show(ui, |ui| {
        head(ui, "Round", "stands in the names of references");
        ui.horizontal(|ui| {
            let label = ui.label(RichText::new("Round").color(theme().text_weak));
            let mut round = frame.session.round;
            let drag = egui::DragValue::new(&mut round).range(1..=MOST_ROUNDS).speed(0.05);
            let response = ui.add(drag).labelled_by(label.id);
            if response.changed() {
                out.edit_by(&response, Edit::SetRound(round));
            }
            let next = ui.button("Next round").on_hover_text("Counts the round up by one");
            if next.clicked() && round < MOST_ROUNDS {
                out.edit(Edit::SetRound(frame.session.round + 1));
            }
            let refusal = Action::ExportReference.refusal(frame);
            let export = ui.add_enabled(refusal.is_none(), egui::Button::new("Export reference…"));
            if export.on_disabled_hover_text(refusal.unwrap_or_default()).clicked() {
                out.act(Action::ExportReference);
            }
        });
        ui.add_space(theme().grid * 2.0);
        fact(ui, "Songs with notes", &noted(frame));
        ui.add_space(theme().grid * 2.0);
        head(ui, "Session notes", "");
        let hint = "What the client said about the whole, what was agreed …";
        let id = Id::unique("review session notes");
        let notes = &frame.session.notes;
        if let Some((text, gesture)) = notes_field(ui, id, "Session notes", notes, hint, 9, out) {
            out.send(Command::Edit { edit: Edit::SetNotes(text), gesture: Some(gesture) });
        }
    });
}

fn noted(frame: &Frame) -> String {
    let songs = &frame.session.songs;
    format!("{} of {}", songs.iter().filter(|s| !s.notes.is_empty()).count(), songs.len())
}

fn songs_ui(ui: &mut Ui, frame: &Frame, state: &mut ReviewState, out: &mut Outbox) {
    ui.horizontal(|ui| {
        let t = theme();
        ui.set_height(20.0);
        ui.label(RichText::new("Notes on the songs").font(t.medium(t.body)).color(t.text));
        ui.add_space(t.grid * 4.0);
        ui.checkbox(&mut state.only_noted, "Only songs with notes");
    });
    ui.add_space(theme().grid);
    if frame.session.songs.is_empty() {
        teach(ui, "The album is empty. Import mixes; what the client says about each song is kept here.");
        return;
    }
    ScrollArea::vertical().id_salt("review songs").auto_shrink(false).show(ui, |ui| {
        for (index, song) in frame.session.songs.iter().enumerate() {
            // A song stays while it is typed in, also when its text was just emptied.
            let typing = ui.memory(|m| m.has_focus(notes_id(song)));
            if !state.only_noted || !song.notes.is_empty() || typing {
                song_ui(ui, frame, index, song, out);
            }
        }
    });
}

fn notes_id(song: &Song) -> Id {
    Id::unique(("review song notes", song.id))
}

fn song_ui(ui: &mut Ui, frame: &Frame, index: usize, song: &Song, out: &mut Outbox) {
    let t = theme();
    let title = format!("{}  {}", index + 1, song.metadata.full_title());
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(220.0, 44.0), |ui| {
            ui.set_width(220.0);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                let chosen = frame.current_song() == Some(song.id);
                let colour = if chosen { t.master_light } else { t.text };
                let button = egui::Button::new(RichText::new(&title).color(colour)).frame(false).truncate();
                if ui.add(button).on_hover_text("Selects the song").clicked() {
                    select(frame, song.id, out);
                }
                ui.label(
                    RichText::new(ms_from_seconds(frame.rate().seconds_from_frames(song.length())))
                        .size(t.small)
                        .color(t.text_weak),
                );
            });
        });
        let label = format!("Notes on {title}");
        let hint = "Nothing noted";
        if let Some((text, gesture)) = notes_field(ui, notes_id(song), &label, &song.notes, hint, 2, out) {
            let edit = Edit::SetSongNotes { song: song.id, text };
            out.send(Command::Edit { edit, gesture: Some(gesture) });
        }
    });
}
