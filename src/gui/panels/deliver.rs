//! Deliver: titles and codes, typed once and checked while they are typed; what can be made of the album, and making it.

use egui::{Id, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2};

use super::intake::select;
use super::metadata::{Mark, album_mark, album_text, count, isrcs_from_first, song_mark, song_text};
use super::parts::{
    Column, by_gravity, cell, cells, field, finding_line, head, number_column, paint_severity, severity_mark,
    severity_word, side_by_side, table_head, teach, text_column, worst,
};
use crate::app::frame::DeliverableView;
use crate::app::{Action, Command, Frame};
use crate::edit::{AlbumField, Edit, SongField, SongFlag};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::model::Song;

/// Height of a row with fields.
const FIELD_ROW: f32 = 26.0;

const COLUMNS: [Column; 9] = [
    number_column("#", 20.0),
    text_column("Title", 0.0),
    text_column("Version", 72.0),
    text_column("Performer", 100.0),
    text_column("ISRC", 116.0),
    text_column("Songwriter", 84.0),
    text_column("Composer", 84.0),
    text_column("Copy", 28.0),
    text_column("Emph.", 36.0),
];

/// The text columns of the table, in the order of [`COLUMNS`].
const FIELDS: [SongField; 6] = [
    SongField::Title,
    SongField::Version,
    SongField::Artist,
    SongField::Isrc,
    SongField::Songwriter,
    SongField::Composer,
];

/// What is only visual in the delivery.
#[derive(Debug, Default)]
pub struct DeliverState {
    /// The deliverable whose files and findings are shown, by id.
    open: Option<String>,
}

/// Draws the delivery into what is left of a panel.
pub fn deliver_ui(ui: &mut Ui, frame: &Frame, state: &mut DeliverState, out: &mut Outbox) {
    side_by_side(ui, &[290.0, 0.0, 300.0], |ui, part| match part {
        0 => album_ui(ui, frame, out),
        1 => songs_ui(ui, frame, out),
        _ => deliverables_ui(ui, frame, state, out),
    });
}

fn album_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    head(ui, "Release", "");
    ScrollArea::vertical().id_salt("deliver album").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for which in AlbumField::ALL {
            album_field(ui, frame, which, out);
        }
    });
}

fn album_field(ui: &mut Ui, frame: &Frame, which: AlbumField, out: &mut Outbox) {
    let t = theme();
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    let split = row.left() + 124.0;
    cell(ui, Rect::from_min_max(row.min, pos2(split - 8.0, row.bottom())), which.label(), t.text_weak, false);
    let rect = Rect::from_min_max(pos2(split, row.top()), row.max - vec2(8.0, 0.0));
    let id = Id::unique(("album field", which));
    let current = album_text(&frame.session.metadata, which);
    let hint = match which {
        AlbumField::ReleaseDate => "YYYY-MM-DD",
        AlbumField::Upc => "12 or 13 digits",
        _ => "",
    };
    let field = field(ui, rect, id, which.label(), current, hint);
    mark_in(ui, rect, which.label(), album_mark(which, &field.text).as_ref());
    if let Some(text) = field.kept {
        out.edit(Edit::SetAlbumText { field: which, text });
    }
}

/// A mark at the right end of a field, with its reason on hover.
fn mark_in(ui: &mut Ui, rect: Rect, label: &str, mark: Option<&Mark>) {
    let Some(mark) = mark else { return };
    let at = Rect::from_min_max(pos2(rect.right() - 18.0, rect.top()), rect.max);
    let builder = egui::UiBuilder::new()
        .id_salt((label, "mark", rect.left() as i32))
        .max_rect(at.shrink2(vec2(2.0, 3.0)));
    // A child of its own: the field's row keeps its height.
    let mut over = ui.new_child(builder);
    severity_mark(&mut over, Some(mark.severity), &format!("{label}: {}", mark.reason));
}

fn songs_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let note = match count(&frame.session) {
        (0, 0) => String::new(),
        (0, n) => format!("{n} to look at"),
        (n, 0) => format!("{n} to mend"),
        (n, m) => format!("{n} to mend, {m} to look at"),
    };
    head(ui, "Songs", &note);
    if frame.session.songs.is_empty() {
        teach(
            ui,
            "The album is empty. Import mixes; titles, performers and codes typed here are written into every file, tag, \
             cue sheet and disc.",
        );
        return;
    }
    ScrollArea::both().id_salt("deliver songs").auto_shrink(false).show(ui, |ui| {
        ui.set_min_width(690.0);
        ui.spacing_mut().item_spacing.y = 0.0;
        table_head(ui, &COLUMNS);
        for (index, song) in frame.session.songs.iter().enumerate() {
            song_row(ui, frame, index, song, out);
        }
        ui.add_space(theme().grid * 2.0);
        fill_button(ui, frame, out);
    });
}

fn fill_button(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let edits = isrcs_from_first(&frame.session);
    let refusal = match &edits {
        Err(why) => Some(why.clone()),
        Ok(edits) if edits.is_empty() => Some("there is only one song".to_owned()),
        Ok(_) => None,
    };
    let button = ui.add_enabled(refusal.is_none(), egui::Button::new("Fill ISRCs upwards from the first"));
    let button = button
        .on_hover_text(
            "Every song gets the code of the first with its last five digits counted on; one step of undo",
        )
        .on_disabled_hover_text(refusal.unwrap_or_default());
    if button.clicked() {
        let gesture = Some(out.gesture_of(button.id, true));
        for edit in edits.unwrap_or_default() {
            out.send(Command::Edit { edit, gesture });
        }
    }
}

fn song_row(ui: &mut Ui, frame: &Frame, index: usize, song: &Song, out: &mut Outbox) {
    let t = theme();
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), FIELD_ROW), Sense::hover());
    let chosen = frame.current_song() == Some(song.id);
    if chosen {
        ui.painter().rect_filled(row, 0.0, t.selection);
    }
    let cells = cells(&COLUMNS, row.shrink2(vec2(4.0, 1.0)));
    let number = (index + 1).to_string();
    if let Some(rect) = cells.first() {
        let response = ui.interact(*rect, Id::unique(("deliver row", song.id)), Sense::click());
        let label = format!("Song {number}, {}", song.metadata.full_title());
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Row, true, chosen, &label));
        cell(ui, *rect, &number, t.text_weak, true);
        if response.clicked() {
            select(frame, song.id, out);
        }
    }
    for (which, rect) in FIELDS.iter().zip(cells.iter().skip(1)) {
        song_field(ui, frame, &number, song, *which, *rect, out);
    }
    let flags = [
        (SongFlag::CopyPermitted, song.metadata.copy_permitted, "Digital copy permitted"),
        (SongFlag::PreEmphasis, song.metadata.pre_emphasis, "Pre-emphasis 50/15 µs"),
    ];
    for ((flag, on, about), rect) in flags.into_iter().zip(cells.iter().skip(1 + FIELDS.len())) {
        let mut on = on;
        let response = ui.place(*rect, egui::Checkbox::without_text(&mut on));
        let response = response.accessible_name(format!("{about}, song {number}")).on_hover_text(about);
        if response.changed() {
            out.edit(Edit::SetSongFlag { song: song.id, flag, on });
        }
    }
}

fn song_field(
    ui: &mut Ui,
    frame: &Frame,
    number: &str,
    song: &Song,
    which: SongField,
    rect: Rect,
    out: &mut Outbox,
) {
    let id = Id::unique(("song field", song.id, which));
    let label = format!("{} of song {number}", which.label());
    let hint = if which == SongField::Artist { frame.session.metadata.artist.as_str() } else { "" };
    let field = field(ui, rect, id, &label, song_text(&song.metadata, which), hint);
    mark_in(ui, rect, &label, song_mark(&frame.session, song.id, which, &field.text).as_ref());
    if let Some(text) = field.kept {
        out.edit(Edit::SetSongText { song: song.id, field: which, text });
    }
}

fn deliverables_ui(ui: &mut Ui, frame: &Frame, state: &mut DeliverState, out: &mut Outbox) {
    head(ui, "Deliverables", "");
    ui.horizontal(|ui| {
        for action in [Action::ExportReference, Action::ExportDdp, Action::Export] {
            let refusal = action.refusal(frame);
            let button = ui.add_enabled(refusal.is_none(), egui::Button::new(action.name()));
            let button = button.on_hover_text(format!("{}  {}", action.about(), action.key_text()));
            if button.on_disabled_hover_text(refusal.unwrap_or_default()).clicked() {
                out.act(action);
            }
        }
    });
    ui.add_space(theme().grid * 2.0);
    if frame.deliverables.is_empty() {
        teach(ui, "What can be made of the album is listed here as soon as it has songs.");
        return;
    }
    ScrollArea::vertical().id_salt("deliverables").auto_shrink(false).show(ui, |ui| {
        for deliverable in frame.deliverables.iter() {
            deliverable_ui(ui, deliverable, state);
        }
    });
}

fn deliverable_ui(ui: &mut Ui, deliverable: &DeliverableView, state: &mut DeliverState) {
    let t = theme();
    let open = state.open.as_deref() == Some(deliverable.id.as_str());
    let verdict = worst(&deliverable.findings);
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::click());
    let label = format!("{}, {}", deliverable.name, severity_word(verdict));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, open, &label));
    let fill = if open || response.hovered() { t.control } else { t.panel_raised };
    ui.painter().rect_filled(row, t.corner, fill);
    if response.has_focus() {
        let ring = egui::Stroke::new(1.0, t.focus);
        ui.painter().rect_stroke(row, t.corner, ring, egui::StrokeKind::Inside);
    }
    paint_severity(ui, pos2(row.left() + 12.0, row.center().y), verdict);
    let count = match deliverable.files.len() {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    let count_rect = Rect::from_min_max(pos2(row.right() - 64.0, row.top()), row.max - vec2(6.0, 0.0));
    let name_rect =
        Rect::from_min_max(pos2(row.left() + 24.0, row.top()), pos2(count_rect.left(), row.bottom()));
    cell(ui, name_rect, &deliverable.name, t.text, false);
    cell(ui, count_rect, &count, t.text_weak, true);
    if response.on_hover_text(&deliverable.about).clicked() {
        state.open = (!open).then(|| deliverable.id.clone());
    }
    if open {
        details_ui(ui, deliverable);
    }
}

fn details_ui(ui: &mut Ui, deliverable: &DeliverableView) {
    let t = theme();
    ui.indent(("details", deliverable.id.as_str()), |ui| {
        teach(ui, &deliverable.about);
        for finding in by_gravity(&deliverable.findings) {
            finding_line(ui, finding);
        }
        for file in &deliverable.files {
            ui.add(egui::Label::new(RichText::new(file).size(t.small).color(t.text)).truncate());
        }
        ui.add_space(t.grid);
    });
}
