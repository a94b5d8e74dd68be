//! The services panel: what playback services and delivery specifications make of the master, and listening at their level.
//!
//! A row a service: target, gain, loudness and true peak as played, a verdict in words. The chosen one is told song by song
//! below, with where its row comes from. Its level is heard through the monitors only; no file knows of it.

use egui::{Align2, Color32, Id, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::Command;
use crate::app::frame::{Frame, Grade, Held, Mode, RowState, Service, ServicePlay, SongFigures, Verdict};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, theme};
use crate::gui::widgets::figures::{plain_reading, reading, signed};
use crate::gui::widgets::icons::{Icon, paint};
use crate::gui::widgets::{elided, icon_button, toggle};

const ROW_HEIGHT: f32 = 26.0;
const HEAD_HEIGHT: f32 = 22.0;
/// Widths of the columns before the verdict: play, name, target, gain, loudness, peak.
const WIDTHS: [f32; 6] = [38.0, 178.0, 108.0, 66.0, 74.0, 82.0];
const DATE_WIDTH: f32 = 150.0;

/// What is only visual in the panel.
#[derive(Debug, Clone, Default)]
pub struct ServicesState {
    /// By song or by album; `None` is each service's own habit.
    pub mode: Option<Mode>,
    /// The service told in full.
    pub chosen: Option<String>,
    /// The measuring was asked for.
    asked: bool,
}

/// Draws the panel into all of `ui`.
pub fn services_ui(ui: &mut Ui, frame: &Frame, state: &mut ServicesState, out: &mut Outbox) {
    ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
    if !frame.album.watched && !state.asked {
        state.asked = true;
        out.send(Command::WatchAlbum(true));
    }
    tools_ui(ui, frame, state, out);
    ui.add_space(4.0);
    let chosen = state.chosen.clone();
    let chosen = chosen.and_then(|id| frame.album.services.iter().find(|s| s.id == id));
    let detail_height = if chosen.is_some() { (ui.available_height() * 0.42).max(90.0) } else { 0.0 };
    let list_height = (ui.available_height() - detail_height - 8.0).max(60.0);
    egui::ScrollArea::vertical().id_salt("services").auto_shrink(false).max_height(list_height).show(
        ui,
        |ui| {
            head_ui(ui, state);
            for service in frame.album.services.iter() {
                row_ui(ui, frame, service, state, out);
            }
        },
    );
    if let Some(service) = chosen {
        ui.add_space(4.0);
        egui::ScrollArea::vertical()
            .id_salt("service")
            .auto_shrink(false)
            .show(ui, |ui| detail_ui(ui, frame, service));
    }
}

fn tools_ui(ui: &mut Ui, frame: &Frame, state: &mut ServicesState, out: &mut Outbox) {
    let t = theme();
    ui.horizontal(|ui| {
        for (label, mode, about) in [
            ("Habit", None, "Each service as it does of itself: by album where it can, else by song"),
            (
                "By song",
                Some(Mode::Track),
                "Every song by its own loudness: the song at the playhead is shown",
            ),
            ("By album", Some(Mode::Album), "All songs by the loudness of the album"),
        ] {
            if toggle(ui, label, state.mode == mode, t.master).on_hover_text(about).clicked() {
                state.mode = mode;
            }
        }
        ui.add_space(8.0);
        let (text, colour) = match &frame.album.playing {
            Some(play) => (format!("Heard: {}", play_text(play)), t.warning),
            None => ("Heard as it is".to_owned(), t.text_weak),
        };
        ui.label(RichText::new(text).color(colour));
        if frame.album.playing.is_some() && ui.button("Leave").clicked() {
            out.send(Command::PlayAtService(None));
        }
    });
}

/// The service that is heard, with its gain.
pub fn play_text(play: &ServicePlay) -> String {
    let is_less = matches!(play.held, Some(Held::Limiter | Held::Unknown));
    let held = if is_less { ", held at the ceiling" } else { "" };
    match play.gain_db {
        Some(gain_db) => format!("{} {} dB ({}{held})", play.name, signed(gain_db, 1), play.mode.label()),
        None => format!("{} … ({})", play.name, play.mode.label()),
    }
}

/// By what a service is judged here.
fn mode_of(service: &Service, state: &ServicesState) -> Mode {
    state.mode.unwrap_or_else(|| service.mode())
}

/// What is judged: the album, or the song at the playhead.
fn figures_of(frame: &Frame, mode: Mode) -> Option<SongFigures> {
    match mode {
        Mode::Album => frame.album.whole,
        Mode::Track => {
            let at = if frame.transport.playing { frame.transport.position } else { frame.transport.cursor };
            frame.album.row(frame.timeline.song_at(at)?.id)?.figures
        }
    }
}

/// Rectangles of the columns, then the verdict, then the date.
fn columns(rect: Rect) -> [Rect; 8] {
    let mut left = rect.left();
    let mut take = |width: f32| {
        let column = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width - 6.0, rect.bottom()));
        left += width;
        column
    };
    let [play, name, target, gain, lufs, peak] = WIDTHS.map(&mut take);
    let rest = (rect.right() - WIDTHS.iter().sum::<f32>() - rect.left()).max(80.0);
    let date = if rest > DATE_WIDTH + 180.0 { DATE_WIDTH } else { 0.0 };
    let verdict = take(rest - date);
    [play, name, target, gain, lufs, peak, verdict, take(date)]
}

fn head_ui(ui: &mut Ui, state: &ServicesState) {
    let t = theme();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD_HEIGHT), Sense::hover());
    let [_, name, target, gain, lufs, peak, verdict, date] = columns(rect);
    let what = match state.mode {
        None => "Verdict",
        Some(Mode::Track) => "Verdict on the song at the playhead",
        Some(Mode::Album) => "Verdict on the album",
    };
    elided(ui, name, "Service", t.small, t.text_weak);
    for (rect, label) in [(target, "Target"), (gain, "Gain dB"), (lufs, "LUFS"), (peak, "dBTP")] {
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, label, t.font(t.small), t.text_weak);
    }
    elided(ui, verdict, what, t.small, t.text_weak);
    if date.width() > 20.0 {
        elided(ui, date, "As of, confidence", t.small, t.text_weak);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
}

fn row_ui(ui: &mut Ui, frame: &Frame, service: &Service, state: &mut ServicesState, out: &mut Outbox) {
    let t = theme();
    let mode = mode_of(service, state);
    let turns = service.turns_by(mode);
    let verdict = match turns {
        true => figures_of(frame, subject(service, mode)).map(|f| service.verdict(&f)),
        false => Some(Verdict { text: format!("– ({})", other_way(mode)), ..Verdict::default() }),
    };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    let row = ui.interact(rect, Id::unique("service row").with(&service.id), Sense::click());
    let chosen = state.chosen.as_ref() == Some(&service.id);
    let words = verdict.as_ref().map_or("not measured yet", |v| v.text.as_str());
    row.widget_info(|| {
        WidgetInfo::selected(
            Role::Row,
            true,
            chosen,
            format!("{}, target {}: {words}", service.name, service.target_text()),
        )
    });
    if chosen {
        ui.painter().rect_filled(rect, 0.0, t.selection);
    } else if row.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.panel_raised);
    }
    let [play, name, target, gain, lufs, peak, said, date] = columns(rect);
    if turns && service.spec.is_none() && service.target_lufs.is_some() {
        play_ui(ui, frame, service, mode, play, out);
    }
    elided(ui, name, &service.name, t.body, t.text);
    let right = |rect: Rect, text: String| {
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, text, t.font(t.body), t.text);
    };
    right(target, service.target_text());
    if let Some(playback) = verdict.as_ref().and_then(|v| v.playback) {
        right(gain, reading(Some(playback.gain_db), 1));
        right(lufs, plain_reading(Some(playback.lufs), 1));
        right(peak, plain_reading(playback.true_peak_dbtp, 1));
    }
    if turns {
        verdict_ui(ui, t, said, verdict.as_ref());
    } else {
        elided(ui, said, words, t.body, t.text_weak);
    }
    if date.width() > 20.0 {
        elided(ui, date, &format!("{}, {}", service.date, service.confidence.label()), t.small, t.text_weak);
    }
    let tip = format!(
        "{words}\n{}\n{} ({}; {})",
        service.note,
        service.source,
        service.date,
        service.confidence.label()
    );
    if row.on_hover_text(tip.trim()).clicked() {
        state.chosen = (!chosen).then(|| service.id.clone());
    }
}

/// Why a service has nothing to say in a mode it does not turn by.
fn other_way(mode: Mode) -> &'static str {
    match mode {
        Mode::Track => "turns whole albums only",
        Mode::Album => "turns song by song only",
    }
}

/// Sides and discs are judged on the album whatever is asked for.
fn subject(service: &Service, mode: Mode) -> Mode {
    let whole = service.spec.is_some_and(|s| s.side_s.is_some() || s.disc_s.is_some());
    if whole { Mode::Album } else { mode }
}

fn play_ui(ui: &mut Ui, frame: &Frame, service: &Service, mode: Mode, rect: Rect, out: &mut Outbox) {
    let t = theme();
    let on = frame.album.playing.as_ref().is_some_and(|p| p.id == service.id && p.mode == mode);
    let label = format!("Play at the level of {}", service.name);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(2.0, 1.0))));
    let about = "Its gain in the monitors. A raise is heard only as far as peaks stay under its ceiling and full scale: \
                 a limiter of the service is not imitated.";
    let button = icon_button(&mut child, Icon::Play, &label, on.then_some(t.warning), 28.0, true);
    if button.on_hover_text(about).clicked() {
        let chosen = (!on).then(|| (service.id.clone(), mode));
        out.send(Command::PlayAtService(chosen));
    }
}

fn verdict_ui(ui: &Ui, t: &Theme, rect: Rect, verdict: Option<&Verdict>) {
    let Some(verdict) = verdict else {
        elided(ui, rect, "…", t.body, t.text_weak);
        return;
    };
    let (icon, colour) = mark_of(t, verdict.grade);
    let mark = Rect::from_center_size(pos2(rect.left() + 7.0, rect.center().y), vec2(12.0, 12.0));
    paint(ui.painter(), icon, mark, colour);
    let text = Rect::from_min_max(pos2(rect.left() + 18.0, rect.top()), rect.max);
    elided(ui, text, &verdict.text, t.body, t.text);
}

fn mark_of(t: &Theme, grade: Grade) -> (Icon, Color32) {
    match grade {
        Grade::Good => (Icon::Check, t.master),
        Grade::Note => (Icon::Info, t.info),
        Grade::Bad => (Icon::Warning, t.warning),
    }
}

/// The chosen service: where its row is from, and song by song.
fn detail_ui(ui: &mut Ui, frame: &Frame, service: &Service) {
    let t = theme();
    let width = ui.available_width();
    let (line, _) = ui.allocate_exact_size(vec2(width, 1.0), Sense::hover());
    ui.painter().hline(line.x_range(), line.center().y, Stroke::new(1.0, t.line));
    ui.add_space(4.0);
    ui.label(RichText::new(&service.name).font(t.medium(t.body)).color(t.text));
    let facts = [
        ("Formats", service.formats.as_str()),
        ("Note", service.note.as_str()),
        ("Source", service.source.as_str()),
    ];
    for (label, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
        ui.add(
            egui::Label::new(RichText::new(format!("{label}: {text}")).size(t.small).color(t.text_weak))
                .wrap(),
        );
    }
    ui.add_space(4.0);
    let whole = frame.album.whole.as_ref();
    if let Some(verdict) = whole.and_then(|whole| service.verdict_by(Mode::Album, whole)) {
        told_ui(ui, t, "", "Album", &verdict, false);
    }
    if service.spec.is_some_and(|s| s.side_s.is_some() || s.disc_s.is_some()) {
        return;
    }
    for (index, song) in frame.session.songs.iter().enumerate() {
        let Some(row) = frame.album.row(song.id) else { continue };
        let Some(verdict) = row.figures.as_ref().and_then(|f| service.verdict_by(Mode::Track, f)) else {
            continue;
        };
        let old = row.state != RowState::Fresh;
        told_ui(ui, t, &(index + 1).to_string(), &song.metadata.full_title(), &verdict, old);
    }
}

fn told_ui(ui: &mut Ui, t: &Theme, number: &str, title: &str, verdict: &Verdict, old: bool) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    let [place, name, _, gain, lufs, peak, said, _] = columns(rect);
    let ink = if old { t.text_weak } else { t.text };
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Label, true, format!("{number} {title}: {}", verdict.text))
    });
    ui.painter().text(
        place.right_center() - vec2(6.0, 0.0),
        Align2::RIGHT_CENTER,
        number,
        t.font(t.small),
        t.text_weak,
    );
    elided(ui, name, title, t.body, ink);
    if let Some(playback) = verdict.playback {
        let cells = [
            (gain, reading(Some(playback.gain_db), 1)),
            (lufs, plain_reading(Some(playback.lufs), 1)),
            (peak, plain_reading(playback.true_peak_dbtp, 1)),
        ];
        for (rect, text) in cells {
            ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, text, t.font(t.body), ink);
        }
    }
    verdict_ui(ui, t, said, Some(verdict));
}
