//! The audio device: host, device, buffer; or none.

use egui::{ComboBox, RichText, Ui};

use super::{Next, foot, title};
use crate::app::frame::DeviceChoice;
use crate::app::{Command, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::text_button;
use crate::units::SampleRate;

/// Buffer sizes on offer, frames.
const BUFFERS: [u32; 7] = [32, 64, 128, 256, 512, 1024, 2048];

/// What is chosen so far.
#[derive(Debug)]
pub struct DeviceDialog {
    host: Option<String>,
    device: Option<String>,
    buffer_frames: u32,
}

impl DeviceDialog {
    /// Begins with what is in use.
    pub fn new(frame: &Frame) -> Self {
        let d = &frame.device;
        let buffer_frames = if d.buffer_frames == 0 { 256 } else { d.buffer_frames };
        Self { host: d.host.clone(), device: d.id.clone(), buffer_frames }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) -> Next {
        let t = theme();
        ui.set_width(460.0);
        title(ui, "Audio device");
        let choices = &frame.device.choices;
        egui::Grid::new("device").num_columns(2).spacing([12.0, 8.0]).show(ui, |ui| {
            self.host_ui(ui, choices);
            ui.end_row();
            self.device_ui(ui, choices);
            ui.end_row();
            self.buffer_ui(ui, frame);
            ui.end_row();
        });
        self.rate_note(ui, frame);
        let mut next = Next::Stay;
        foot(ui, |ui| {
            if text_button(ui, "Use", Some(t.master)).clicked() {
                out.send(Command::SetDevice {
                    host: self.host.clone(),
                    device: self.device.clone(),
                    buffer_frames: self.buffer_frames,
                });
                next = Next::Close;
            }
            if ui.button("Cancel").clicked() {
                next = Next::Close;
            }
            if ui.button("Look again").on_hover_text("Looks for hosts and devices again").clicked() {
                out.send(Command::RefreshDevices);
            }
        });
        next
    }

    fn host_ui(&mut self, ui: &mut Ui, choices: &[DeviceChoice]) {
        let label = ui.label(RichText::new("Host").color(theme().text_weak));
        let mut hosts: Vec<&str> = choices.iter().map(|c| c.host.as_str()).collect();
        hosts.dedup();
        let before = self.host.clone();
        let shown = self.host.as_deref().unwrap_or("None (silent, keeps everything usable)");
        ComboBox::from_id_salt("host")
            .width(320.0)
            .selected_text(shown)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut self.host, None, "None (silent, keeps everything usable)");
                for host in hosts {
                    ui.selectable_value(&mut self.host, Some(host.to_owned()), host);
                }
            })
            .response
            .labelled_by(label.id);
        if self.host != before {
            self.device = None;
        }
    }

    fn device_ui(&mut self, ui: &mut Ui, choices: &[DeviceChoice]) {
        let label = ui.label(RichText::new("Device").color(theme().text_weak));
        let here: Vec<&DeviceChoice> =
            choices.iter().filter(|c| Some(c.host.as_str()) == self.host.as_deref()).collect();
        let shown = here
            .iter()
            .find(|c| Some(c.id.as_str()) == self.device.as_deref())
            .map_or("Default of the host", |c| c.name.as_str());
        ui.add_enabled_ui(self.host.is_some(), |ui| {
            ComboBox::from_id_salt("device")
                .width(320.0)
                .selected_text(shown)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.device, None, "Default of the host");
                    for choice in &here {
                        ui.selectable_value(&mut self.device, Some(choice.id.clone()), &choice.name);
                    }
                })
                .response
                .labelled_by(label.id);
        });
    }

    fn buffer_ui(&mut self, ui: &mut Ui, frame: &Frame) {
        let label = ui.label(RichText::new("Buffer").color(theme().text_weak));
        let text = |frames: u32| {
            let ms = 1000.0 * f64::from(frames) / frame.rate().hz();
            format!("{frames} frames · {ms:.1} ms")
        };
        ComboBox::from_id_salt("buffer")
            .width(320.0)
            .selected_text(text(self.buffer_frames))
            .show_ui(ui, |ui| {
                for frames in BUFFERS {
                    ui.selectable_value(&mut self.buffer_frames, frames, text(frames));
                }
            })
            .response
            .labelled_by(label.id);
    }

    /// Says whether the device runs at the session's rate.
    fn rate_note(&self, ui: &mut Ui, frame: &Frame) {
        let t = theme();
        let here = |c: &&DeviceChoice| {
            Some(c.host.as_str()) == self.host.as_deref() && Some(c.id.as_str()) == self.device.as_deref()
        };
        let Some(choice) = frame.device.choices.iter().find(here) else { return };
        let rates: Vec<String> = choice.rates_hz.iter().map(|&hz| SampleRate(hz).to_string()).collect();
        let fits = choice.rates_hz.contains(&frame.rate().0);
        ui.add_space(6.0);
        let (text, colour) = if fits || rates.is_empty() {
            (format!("Offers {}", rates.join(", ")), t.text_weak)
        } else {
            let text = format!(
                "Does not offer {}: the monitor path is converted. Offers {}",
                frame.rate(),
                rates.join(", ")
            );
            (text, t.warning)
        };
        ui.label(RichText::new(text).size(t.small).color(colour));
    }
}
