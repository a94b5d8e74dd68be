//! The status line: device, load, lamps, jobs, and the last message.

use egui::{Align, Color32, Layout, RichText, Sense, Ui, vec2};

use super::log::log_mark;
use crate::app::frame::{DeviceView, JobView};
use crate::app::{Action, Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::elided;
use crate::gui::widgets::icons::{Icon, paint};
use crate::process::audition::auditions;
use crate::units::SampleRate;

/// Draws the status line.
pub fn status_ui(ui: &mut Ui, frame: &Frame, log_open: &mut bool, out: &mut Outbox) {
    let t = theme();
    ui.painter().hline(ui.max_rect().x_range(), ui.max_rect().top(), t.hairline());
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        ui.style_mut().override_font_id = Some(t.font(t.small));
        ui.add_space(12.0);
        device_ui(ui, &frame.device, out);
        audition_ui(ui, frame, out);
        for job in frame
            .jobs
            .iter()
            .filter(|j| j.prominent)
            .chain(frame.jobs.iter().filter(|j| !j.prominent))
            .take(2)
        {
            job_ui(ui, job, out);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(12.0);
            let label = if *log_open { "Hide log" } else { "Show log" };
            if ui.add(egui::Button::new(RichText::new(label).color(t.text_weak)).frame(false)).clicked() {
                *log_open = !*log_open;
            }
            message_ui(ui, frame);
        });
    });
}

fn device_ui(ui: &mut Ui, device: &DeviceView, out: &mut Outbox) {
    let t = theme();
    let name = if device.name.is_empty() { "no device" } else { &device.name };
    let text = match (&device.lost, device.rate_hz) {
        (Some(lost), _) => RichText::new(lost).color(t.error),
        (None, 0) => RichText::new(name).color(t.text_weak),
        (None, hz) => RichText::new(format!("{name} · {} · {} frames", SampleRate(hz), device.buffer_frames)),
    };
    if ui.add(egui::Button::new(text).frame(false)).on_hover_text("Audio device…").clicked() {
        out.act(Action::Devices);
    }
    let percent = |share: f32| format!("{:.0} %", share * 100.0);
    ui.label(
        RichText::new(format!("load {}  worst {}", percent(device.load_mean), percent(device.load_worst)))
            .color(t.text_weak),
    );
    let dropouts = format!("dropouts {}", device.dropouts);
    let colour = if device.dropouts > 0 { t.error } else { t.text_weak };
    if lamp_ui(ui, &dropouts, colour, device.dropouts > 0).clicked() {
        out.send(Command::ClearLamps);
    }
    if let Some(why) = &device.guard
        && lamp_ui(ui, "output guard", t.error, true).on_hover_text(why).clicked()
    {
        out.send(Command::ClearLamps);
    }
    if device.rate_hz > 0 && device.host.is_some() {
        let (word, colour) = if device.bit_transparent {
            ("bit-transparent", t.master)
        } else {
            ("not bit-transparent", t.text_weak)
        };
        ui.label(RichText::new(word).color(colour))
            .on_hover_text("Whether the samples of the master reach the device unchanged");
    }
}

fn lamp_ui(ui: &mut Ui, label: &str, colour: Color32, lit: bool) -> egui::Response {
    let text = RichText::new(label).color(colour);
    let response = ui.add_enabled(lit, egui::Button::new(text).frame(false));
    if lit { response.on_hover_text("Click clears the lamp") } else { response }
}

/// Says that something is heard that no file will have, and ends it.
fn audition_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let found = auditions(&frame.session);
    let Some(first) = found.first() else { return };
    let more = if found.len() > 1 { format!(" and {} more", found.len() - 1) } else { String::new() };
    let text = format!("auditioning {} {}{more}", first.processor, first.what.to_lowercase());
    let lamp = ui.add(egui::Button::new(RichText::new(text).color(theme().warning)).frame(false));
    let lamp = lamp.on_hover_ui(|ui| {
        for audition in &found {
            ui.label(format!("{}: {}", audition.place_in_words(&frame.session), audition.what));
        }
        ui.label("Only for listening: no file has it. Click ends all of it.");
    });
    if lamp.clicked() {
        out.edit(Edit::EndAuditions);
    }
}

fn job_ui(ui: &mut Ui, job: &JobView, out: &mut Outbox) {
    let t = theme();
    let percent = job.fraction.map(|f| format!(" {:.0} %", f * 100.0)).unwrap_or_default();
    // What was asked for says what it is at.
    let detail =
        if job.prominent && !job.detail.is_empty() { format!(" · {}", job.detail) } else { String::new() };
    ui.label(RichText::new(format!("{}{detail}{percent}", job.title))).on_hover_text(&job.detail);
    let (rect, _) = ui.allocate_exact_size(vec2(100.0, 6.0), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, t.control);
    let mut done = rect;
    done.set_width(rect.width() * job.fraction.unwrap_or(0.0).clamp(0.0, 1.0));
    ui.painter().rect_filled(done, 0.0, t.master);
    let cancel = egui::Button::new(RichText::new("cancel").color(t.text_weak)).frame(false);
    if ui.add(cancel).on_hover_text(format!("Cancel {}", job.title)).clicked() {
        out.send(Command::CancelJob(job.id));
    }
}

fn message_ui(ui: &mut Ui, frame: &Frame) {
    let t = theme();
    let Some(line) = frame.log.last() else { return };
    let width = (ui.available_width() - 8.0).max(0.0);
    if width < 60.0 {
        return;
    }
    let galley = ui.painter().layout_no_wrap(line.text.clone(), t.font(t.small), t.text);
    let (rect, response) =
        ui.allocate_exact_size(vec2(width.min(galley.size().x + 20.0), 16.0), Sense::hover());
    let (icon, colour) = log_mark(line.level);
    let mut mark = rect;
    mark.set_width(12.0);
    if icon != Icon::Info {
        paint(ui.painter(), icon, mark, colour);
    }
    let mut text = rect;
    text.min.x += 16.0;
    elided(ui, text, &line.text, t.small, t.text_weak);
    response.on_hover_text(&line.text);
}
