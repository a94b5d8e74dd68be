//! The transport: to start, play, stop, loop; the times; the monitor section.

use egui::{Align2, RichText, Sense, Ui, pos2, vec2};

use crate::app::frame::{MonitorListen, MonitorView};
use crate::app::{Action, Command, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::panels::meters::services::play_text;
use crate::gui::theme::theme;
use crate::gui::widgets::icons::Icon;
use crate::gui::widgets::number::{NumberSpec, number_field};
use crate::gui::widgets::{icon_button, toggle};
use crate::model::timeline::cd_frame_at;
use crate::units::{Frames, hms_from_seconds, ms_from_seconds};

/// Draws the transport row.
pub fn transport_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    let rect = ui.max_rect();
    ui.painter().hline(rect.x_range(), rect.top(), t.hairline());
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
    ui.horizontal_centered(|ui| {
        ui.add_space(12.0);
        buttons_ui(ui, frame, out);
        ui.add_space(8.0);
        times_ui(ui, frame);
        ui.add_space(8.0);
        if ui.available_width() > 420.0 {
            monitor_ui(ui, frame, out);
        } else {
            ui.horizontal_centered(|ui| level_ui(ui, frame, out));
        }
    });
}

fn buttons_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    let any = !frame.session.songs.is_empty();
    let playing = frame.transport.playing;
    ui.spacing_mut().item_spacing.x = 4.0;
    if icon_button(ui, Icon::ToStart, "To start", None, 32.0, any).clicked() {
        out.send(Command::Seek(Frames::ZERO));
    }
    let play = icon_button(ui, Icon::Play, "Play", playing.then_some(t.master), 40.0, any);
    if play.clicked() && !playing {
        out.act(Action::PlayStop);
    }
    if icon_button(ui, Icon::Stop, "Stop", None, 32.0, any).clicked() && playing {
        out.act(Action::PlayStop);
    }
    let looping = frame.transport.loop_range.is_some();
    if icon_button(ui, Icon::Loop, "Loop", looping.then_some(t.master), 32.0, any).clicked() {
        out.act(Action::Loop);
    }
}

/// The time shown: what is heard while playing, else the cursor.
fn position(frame: &Frame) -> Frames {
    if frame.transport.playing { frame.transport.position } else { frame.transport.cursor }
}

fn times_ui(ui: &mut Ui, frame: &Frame) {
    let rate = frame.rate();
    let at = position(frame);
    let song = frame.timeline.song_at(at);
    let (label, now, whole) = match song.and_then(|p| frame.session.song(p.id).map(|s| (p, s))) {
        Some((placed, song)) => {
            let number = frame.session.song_index(placed.id).map_or(0, |i| i + 1);
            let inside = rate.seconds_from_frames((at - placed.start).min(placed.length()));
            (
                format!("{number} · {}", song.metadata.full_title()),
                short_time(inside),
                format!("/ {}", ms_from_seconds(rate.seconds_from_frames(placed.length()))),
            )
        }
        None => ("Song".to_owned(), short_time(0.0), String::new()),
    };
    time_ui(ui, &label, &now, &whole, 176.0);
    time_ui(ui, "Album", &hms_from_seconds(rate.seconds_from_frames(at)), "", 112.0);
    time_ui(ui, "CD", &cd_frame_at(at, rate).to_string(), "", 84.0);
}

/// `m:ss.mmm`, negative in the pause before a song.
fn short_time(seconds: f64) -> String {
    let ms = (seconds.abs() * 1000.0).round() as u64;
    let sign = if seconds < 0.0 && ms > 0 { "−" } else { "" };
    format!("{sign}{}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
}

fn time_ui(ui: &mut Ui, label: &str, value: &str, after: &str, width: f32) {
    let t = theme();
    let (rect, response) = ui.allocate_exact_size(vec2(width, 44.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{label} {value}")));
    let mut top = rect;
    top.set_height(16.0);
    crate::gui::widgets::elided(ui, top.translate(vec2(0.0, 3.0)), label, t.small, t.text_weak);
    let base = pos2(rect.left(), rect.bottom() - 2.0);
    let shown = ui.painter().text(base, Align2::LEFT_BOTTOM, value, t.font(t.large), t.text);
    let beside = pos2(shown.right() + 6.0, rect.bottom() - 4.0);
    ui.painter().text(beside, Align2::LEFT_BOTTOM, after, t.font(t.body), t.text_weak);
}

fn monitor_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 2.0);
        ui.add_space(5.0);
        ui.horizontal(|ui| {
            ui.label(RichText::new("Hear").color(t.text_weak));
            let point = if frame.meters.point.is_empty() { "master" } else { &frame.meters.point };
            let word = egui::RichText::new(point).color(t.master);
            ui.label(word).on_hover_text("What is heard; meters and spectrum show the same");
            ui.add_space(8.0);
            level_ui(ui, frame, out);
        });
        ui.horizontal(|ui| switches_ui(ui, frame, out));
    });
}

fn level_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    let monitor = frame.monitor;
    ui.label(RichText::new("Monitor").color(t.text_weak));
    let spec = NumberSpec::new("Monitor level", "dB", -60.0, 12.0).decimals(1).signed();
    let change = number_field(ui, "monitor_level", &spec, monitor.level_db, 72.0);
    if let Some(level_db) = change.value {
        out.send(Command::SetMonitor(MonitorView { level_db, ..monitor }));
    }
    if toggle(ui, "Dim", monitor.dim, t.warning).clicked() {
        out.send(Command::SetMonitor(MonitorView { dim: !monitor.dim, ..monitor }));
    }
}

fn switches_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    let monitor = frame.monitor;
    ui.spacing_mut().item_spacing.x = 0.0;
    for (label, mode) in [
        ("Mono", MonitorListen::Mono),
        ("Side", MonitorListen::Side),
        ("L", MonitorListen::Left),
        ("R", MonitorListen::Right),
    ] {
        let on = monitor.listen == mode;
        if toggle(ui, label, on, t.warning).clicked() {
            let listen = if on { MonitorListen::Stereo } else { mode };
            out.send(Command::SetMonitor(MonitorView { listen, ..monitor }));
        }
    }
    if toggle(ui, "Swap", monitor.swap, t.warning).clicked() {
        out.send(Command::SetMonitor(MonitorView { swap: !monitor.swap, ..monitor }));
    }
    if toggle(ui, "Ø right", monitor.invert_right, t.warning).clicked() {
        out.send(Command::SetMonitor(MonitorView { invert_right: !monitor.invert_right, ..monitor }));
    }
    service_lamp_ui(ui, frame, out);
}

/// Says that a service's level is heard; a click leaves it.
fn service_lamp_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let Some(play) = &frame.album.playing else { return };
    let about = "The monitors play at this service's level; no file does. Click to hear it as it is.";
    if toggle(ui, &play_text(play), true, theme().warning).on_hover_text(about).clicked() {
        out.send(Command::PlayAtService(None));
    }
}
