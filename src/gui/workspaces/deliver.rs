//! Deliver: titles and codes with live marks, the deliverables with their findings, and the result of the last export.

use egui::{RichText, ScrollArea, Ui};

use super::{WorkspaceState, finding_ui, heading, text_cell};
use crate::app::frame::{DeliverableView, DeliveredFileView, ExportResult};
use crate::app::{Action, Command, Frame};
use crate::edit::{AlbumField, Edit, SongField};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::icons::{Icon, paint};
use crate::model::metadata::{check_isrc, ean13, first_outside_latin1};
use crate::model::{AlbumMetadata, Song};

/// Draws the Deliver workspace into all of `ui`.
pub fn deliver_ui(ui: &mut Ui, frame: &Frame, state: &mut WorkspaceState, out: &mut Outbox) {
    egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
        if let Some(result) = &frame.result {
            return result_ui(ui, result, out);
        }
        let right = (ui.available_width() * 0.32).clamp(260.0, 460.0);
        ui.horizontal_top(|ui| {
            let left = ui.available_width() - right - 16.0;
            ui.vertical(|ui| {
                ui.set_width(left);
                let scroll = ScrollArea::both().id_salt("metadata").auto_shrink(false);
                scroll.show(ui, |ui| {
                    heading(ui, "Release");
                    release_ui(ui, frame, state, out);
                    ui.add_space(8.0);
                    heading(ui, "Songs");
                    songs_ui(ui, frame, state, out);
                });
            });
            ui.vertical(|ui| {
                ui.set_width(right);
                ScrollArea::vertical().id_salt("deliverables").auto_shrink(false).show(ui, |ui| {
                    deliverables_ui(ui, frame, out);
                });
            });
        });
    });
}

fn album_text(m: &AlbumMetadata, field: AlbumField) -> &str {
    match field {
        AlbumField::Title => &m.title,
        AlbumField::Artist => &m.artist,
        AlbumField::Label => &m.label,
        AlbumField::Catalog => &m.catalog,
        AlbumField::Upc => &m.upc,
        AlbumField::Songwriter => &m.songwriter,
        AlbumField::Composer => &m.composer,
        AlbumField::Arranger => &m.arranger,
        AlbumField::Message => &m.message,
        AlbumField::Genre => &m.genre,
        AlbumField::ReleaseDate => &m.release_date,
        AlbumField::Copyright => &m.copyright,
        AlbumField::Engineer => &m.engineer,
    }
}

/// What is wrong with a text, if anything.
fn complaint(text: &str, check: impl Fn(&str) -> Result<(), String>) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    check(text).err()
}

fn cd_text(text: &str) -> Result<(), String> {
    match first_outside_latin1(text) {
        Some(c) => Err(format!("CD-Text cannot carry “{c}”; files keep it")),
        None => Ok(()),
    }
}

/// A tick, or a mark whose tooltip says what is wrong; nothing for an empty field.
fn mark_ui(ui: &mut Ui, text: &str, wrong: Option<String>) {
    let t = theme();
    let (rect, response) = ui.allocate_exact_size(egui::vec2(16.0, 20.0), egui::Sense::hover());
    match wrong {
        Some(why) => {
            paint(ui.painter(), Icon::Warning, rect, t.warning);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, why.clone()));
            response.on_hover_text(why);
        }
        None if !text.is_empty() => paint(ui.painter(), Icon::Check, rect, t.master),
        None => {}
    }
}

fn release_ui(ui: &mut Ui, frame: &Frame, state: &mut WorkspaceState, out: &mut Outbox) {
    let t = theme();
    egui::Grid::new("release").num_columns(6).spacing([8.0, 4.0]).show(ui, |ui| {
        for pair in AlbumField::ALL.chunks(2) {
            for &field in pair {
                let text = album_text(&frame.session.metadata, field);
                ui.label(RichText::new(field.label()).color(t.text_weak));
                let id = ui.scope_id().with(("album", field.label()));
                if let Some(text) = text_cell(ui, state, id, field.label(), text, 190.0, 1) {
                    out.edit(Edit::SetAlbumText { field, text });
                }
                let wrong = match field {
                    AlbumField::Upc => complaint(text, |t| ean13(t).map(|_| ())),
                    _ => complaint(text, cd_text),
                };
                mark_ui(ui, text, wrong);
            }
            ui.end_row();
        }
    });
}

fn song_text(song: &Song, field: SongField) -> &str {
    let m = &song.metadata;
    match field {
        SongField::Title => &m.title,
        SongField::Version => &m.version,
        SongField::Artist => &m.artist,
        SongField::Songwriter => &m.songwriter,
        SongField::Composer => &m.composer,
        SongField::Arranger => &m.arranger,
        SongField::Message => &m.message,
        SongField::Isrc => &m.isrc,
    }
}

fn songs_ui(ui: &mut Ui, frame: &Frame, state: &mut WorkspaceState, out: &mut Outbox) {
    let t = theme();
    egui::Grid::new("song_texts").num_columns(2 * SongField::ALL.len() + 1).spacing([4.0, 4.0]).show(
        ui,
        |ui| {
            ui.label("");
            for field in SongField::ALL {
                ui.label(RichText::new(field.label()).size(t.small).color(t.text_weak));
                ui.label("");
            }
            ui.end_row();
            for (index, song) in frame.session.songs.iter().enumerate() {
                ui.label(RichText::new((index + 1).to_string()).color(t.text_weak));
                for field in SongField::ALL {
                    let text = song_text(song, field);
                    let width = if field == SongField::Title { 150.0 } else { 112.0 };
                    let id = ui.scope_id().with((song.id.0, field.label()));
                    let label = format!("{} of song {}", field.label(), index + 1);
                    if let Some(text) = text_cell(ui, state, id, &label, text, width, 1) {
                        out.edit(Edit::SetSongText { song: song.id, field, text });
                    }
                    let wrong = match field {
                        SongField::Isrc => complaint(text, check_isrc).or_else(|| repeated(frame, song)),
                        _ => complaint(text, cd_text),
                    };
                    mark_ui(ui, text, wrong);
                }
                ui.end_row();
            }
        },
    );
}

fn repeated(frame: &Frame, song: &Song) -> Option<String> {
    let isrc = &song.metadata.isrc;
    let other = frame.session.songs.iter().position(|s| s.id != song.id && s.metadata.isrc == *isrc);
    other.filter(|_| !isrc.is_empty()).map(|i| format!("song {} has the same ISRC", i + 1))
}

fn deliverables_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    heading(ui, "Masters out");
    ui.horizontal(|ui| {
        for action in [Action::ExportReference, Action::ExportDdp, Action::Export] {
            let refusal = action.refusal(frame);
            if crate::gui::widgets::dim_button(ui, action.name(), refusal).clicked() {
                out.act(action);
            }
        }
    });
    ui.add_space(8.0);
    for deliverable in frame.deliverables.iter() {
        deliverable_ui(ui, deliverable);
    }
    if frame.deliverables.is_empty() {
        ui.label(
            RichText::new("With songs in the album, what can be made of it stands here.").color(t.text_weak),
        );
    }
}

fn deliverable_ui(ui: &mut Ui, view: &DeliverableView) {
    let t = theme();
    ui.label(RichText::new(&view.name).font(t.medium(t.body))).on_hover_text(&view.about);
    for finding in &view.findings {
        finding_ui(ui, finding);
    }
    let files = match view.files.as_slice() {
        [] => "no files".to_owned(),
        [one] => one.clone(),
        [first, .., last] => format!("{first} … {last} ({} files)", view.files.len()),
    };
    ui.label(RichText::new(files).size(t.small).color(t.text_weak)).on_hover_text(view.files.join("\n"));
    ui.add_space(8.0);
}

fn result_ui(ui: &mut Ui, result: &ExportResult, out: &mut Outbox) {
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
    let number = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.1}").replace('-', "−"));
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
