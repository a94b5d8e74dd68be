//! Intake: what the client delivered, what was measured on it and what the check found; the engineer's notes.

use std::collections::BTreeMap;

use egui::{Id, RichText, ScrollArea, Sense, Ui, vec2};

use super::parts::{
    Column, by_gravity, cell, fact, finding_line, head, level, measured, notes_field, number_column,
    paint_severity, severity_word, side_by_side, table_head, table_row, teach, text_column, worst,
};
use crate::app::frame::{SongState, SourceState};
use crate::app::{Action, Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::model::{ChainRef, Finding, Song, SongId};
use crate::units::{Frames, SampleRate, hms_from_seconds, ms_from_seconds};

const COLUMNS: [Column; 10] = [
    number_column("#", 22.0),
    text_column("File", 0.0),
    text_column("Format", 64.0),
    number_column("Rate", 62.0),
    number_column("Bits", 30.0),
    number_column("Length", 48.0),
    number_column("LUFS", 44.0),
    number_column("dBTP", 44.0),
    text_column("", 14.0),
    text_column("State", 96.0),
];

/// What is only visual in the intake.
#[derive(Debug, Default)]
pub struct IntakeState {
    /// The finding last gone to, marked in the list: its song and its place in the list.
    visited: Option<(SongId, usize)>,
}

/// Draws the intake into what is left of a panel.
pub fn intake_ui(ui: &mut Ui, frame: &Frame, state: &mut IntakeState, out: &mut Outbox) {
    if frame.session.songs.is_empty() {
        side_by_side(ui, &[300.0, 0.0], |ui, part| match part {
            0 => album_ui(ui, frame, out),
            _ => empty_ui(ui, out),
        });
        return;
    }
    side_by_side(ui, &[270.0, 0.0, 356.0], |ui, part| match part {
        0 => album_ui(ui, frame, out),
        1 => files_ui(ui, frame, out),
        _ => song_ui(ui, frame, state, out),
    });
}

fn empty_ui(ui: &mut Ui, out: &mut Outbox) {
    head(ui, "Delivered files", "");
    teach(
        ui,
        "Drop mixes here: files, folders or a zip. Each becomes a song in the order of its name; it is read, measured and \
         checked (format, clipping, headroom, silence), and nothing is ever written to it.",
    );
    ui.add_space(theme().grid * 2.0);
    if ui.button("Import mixes…").clicked() {
        out.act(Action::Import);
    }
}

fn album_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    ScrollArea::vertical().id_salt("intake album").auto_shrink(false).show(ui, |ui| {
        head(ui, "Album", "");
        let session = &frame.session;
        let seconds = frame.rate().seconds_from_frames(frame.timeline.end - frame.timeline.program_start());
        fact(ui, "Songs", &session.songs.len().to_string());
        fact(ui, "Total time", &ms_from_seconds(seconds));
        fact(ui, "Session rate", &frame.rate().to_string());
        fact(ui, "Other rates", &other_rates(&session.songs, frame.rate()));
        ui.add_space(theme().grid * 2.0);
        head(ui, "Session notes", "");
        let hint = "Client, wishes, formats, rounds agreed …";
        let id = Id::unique("intake session notes");
        if let Some((text, gesture)) = notes_field(ui, id, "Session notes", &session.notes, hint, 8, out) {
            out.send(Command::Edit { edit: Edit::SetNotes(text), gesture: Some(gesture) });
        }
    });
}

/// How many files have another rate than the session, and which.
fn other_rates(songs: &[std::sync::Arc<Song>], rate: SampleRate) -> String {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for song in songs.iter().filter(|s| s.source.sample_rate_hz != rate.0) {
        *counts.entry(song.source.sample_rate_hz).or_default() += 1;
    }
    if counts.is_empty() {
        return "none: nothing is converted".to_owned();
    }
    let texts: Vec<_> = counts.iter().map(|(hz, n)| format!("{n} at {}", SampleRate(*hz))).collect();
    texts.join(", ")
}

fn files_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    head(ui, "Delivered files", "integrated loudness and true peak of the file as delivered");
    ScrollArea::vertical().id_salt("intake files").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        table_head(ui, &COLUMNS);
        for (index, song) in frame.session.songs.iter().enumerate() {
            file_row(ui, frame, index, song, out);
        }
    });
}

fn file_row(ui: &mut Ui, frame: &Frame, index: usize, song: &Song, out: &mut Outbox) {
    let t = theme();
    let known = frame.song_state(song.id);
    let findings: &[Finding] = known.map_or(&[], |s| &s.findings);
    let (state, colour) = source_state(known);
    let file = song.source.file_name();
    let checked = known.is_some_and(is_checked);
    let verdict = if checked { severity_word(worst(findings)) } else { "not checked yet" };
    let label = format!("File {}, {file}, {verdict}", index + 1);
    let chosen = frame.current_song() == Some(song.id);
    let (response, cells) = table_row(ui, &COLUMNS, chosen, &label);
    let rate_colour = if song.source.sample_rate_hz == frame.rate().0 { t.text } else { t.warning };
    let length = ms_from_seconds(song.source.frames as f64 / f64::from(song.source.sample_rate_hz.max(1)));
    let bits = if song.source.bits == 0 { "–".to_owned() } else { song.source.bits.to_string() };
    let texts = [
        ((index + 1).to_string(), t.text_weak),
        (file.to_owned(), t.text),
        (song.source.format.clone(), t.text),
        (SampleRate(song.source.sample_rate_hz).to_string(), rate_colour),
        (bits, t.text),
        (length, t.text),
        (level(known.and_then(|s| s.integrated_lufs)), t.text),
        (level(known.and_then(|s| s.true_peak_dbtp)), t.text),
        (String::new(), t.text),
        (state.clone(), colour),
    ];
    let mut cut = false;
    for ((text, colour), (rect, column)) in texts.iter().zip(cells.iter().zip(&COLUMNS)) {
        cut |= cell(ui, *rect, text, *colour, column.right);
    }
    if checked && let Some(rect) = cells.get(8) {
        paint_severity(ui, rect.center(), worst(findings));
    }
    let response = if cut { response.on_hover_text(format!("{file}\n{verdict}\n{state}")) } else { response };
    if response.clicked() {
        select(frame, song.id, out);
    }
}

/// A file was looked at as soon as there are measurements or findings of it.
fn is_checked(state: &SongState) -> bool {
    !state.measurements.is_empty() || !state.findings.is_empty()
}

fn source_state(known: Option<&SongState>) -> (String, egui::Color32) {
    let t = theme();
    match known.map(|s| &s.source) {
        None | Some(SourceState::Unknown) => ("waiting".to_owned(), t.text_weak),
        Some(SourceState::Preparing(share)) => (format!("reading {:.0} %", share * 100.0), t.text_weak),
        Some(SourceState::Ready) => ("ready".to_owned(), t.text_weak),
        Some(SourceState::Failed(why)) => (why.clone(), t.error),
    }
}

/// Selects one song; the chain shown follows unless the album's is open.
pub fn select(frame: &Frame, song: SongId, out: &mut Outbox) {
    let mut next = frame.selection.clone();
    next.songs = vec![song];
    if let ChainRef::Song(shown) = next.chain
        && shown != song
    {
        next.chain = ChainRef::Song(song);
        next.slot = None;
    }
    out.send(Command::Select(next));
}

fn song_ui(ui: &mut Ui, frame: &Frame, state: &mut IntakeState, out: &mut Outbox) {
    let Some(song) = frame.current_song().and_then(|id| frame.session.song(id)) else {
        teach(ui, "Select a file to see what was found in it.");
        return;
    };
    let known = frame.song_state(song.id);
    ScrollArea::vertical().id_salt("intake song").auto_shrink(false).show(ui, |ui| {
        let number = frame.session.song_index(song.id).map_or(0, |i| i + 1);
        head(ui, &format!("{number}  {}", song.metadata.full_title()), "");
        if let Some(SongState { source: SourceState::Failed(why), .. }) = known {
            ui.add(egui::Label::new(RichText::new(why).color(theme().error)).wrap());
            ui.add_space(theme().grid);
        }
        match known {
            Some(known) if is_checked(known) => {
                findings_ui(ui, frame, song, known, state, out);
                ui.add_space(theme().grid * 2.0);
                head(ui, "Measured on the file", "");
                for (label, value) in known.measurements.iter() {
                    fact(ui, label, value);
                }
            }
            _ => teach(ui, "The file is being read; its measurements and findings appear here."),
        }
    });
}

fn findings_ui(
    ui: &mut Ui,
    frame: &Frame,
    song: &Song,
    known: &SongState,
    state: &mut IntakeState,
    out: &mut Outbox,
) {
    head(ui, "Findings", "a click goes there");
    if known.findings.is_empty() {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), Sense::hover());
            paint_severity(ui, rect.center(), None);
            ui.label("Nothing found.");
        });
    }
    for (index, finding) in by_gravity(&known.findings).into_iter().enumerate() {
        let visited = state.visited == Some((song.id, index));
        if finding_ui(ui, finding, visited)
            && let Some(place) = album_place(frame, song.id, finding)
        {
            state.visited = Some((song.id, index));
            out.send(Command::Seek(place));
        }
    }
}

/// A finding with its place; `true` when the place was clicked.
fn finding_ui(ui: &mut Ui, finding: &Finding, visited: bool) -> bool {
    let t = theme();
    finding_line(ui, finding);
    let channel = finding.channel.clone().unwrap_or_default();
    let details = [channel, measured(finding).unwrap_or_default()];
    let details: Vec<_> = details.into_iter().filter(|s| !s.is_empty()).collect();
    if finding.start_s.is_none() && details.is_empty() {
        return false;
    }
    let mut clicked = false;
    ui.horizontal(|ui| {
        ui.add_space(22.0);
        if let Some(start) = finding.start_s {
            let place = match finding.end_s.filter(|end| *end > start) {
                Some(end) => format!("{} – {}", hms_from_seconds(start), hms_from_seconds(end)),
                None => hms_from_seconds(start),
            };
            let colour = if visited { t.master_light } else { t.info };
            let link = egui::Button::new(RichText::new(place).size(t.small).color(colour)).frame(false);
            clicked = ui.add(link).on_hover_text("Puts the playhead there (time of the file)").clicked();
        }
        let details = RichText::new(details.join(" · ")).size(t.small).color(t.text_weak);
        ui.add(egui::Label::new(details).truncate());
    });
    clicked
}

/// Where a finding of a file lies in the album, also where the song was trimmed.
fn album_place(frame: &Frame, song: SongId, finding: &Finding) -> Option<Frames> {
    let placed = frame.timeline.song(song)?;
    let in_source = frame.rate().frames_from_seconds(finding.start_s?);
    Some((placed.start - placed.source_start + in_source).max(Frames::ZERO))
}
