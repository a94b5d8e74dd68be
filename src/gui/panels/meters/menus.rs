//! The menus of the stereo meters.

use egui::{RichText, Ui};

use crate::app::frame::Frame;
use crate::app::meter_settings::{
    CorrelationBands, CorrelationTime, FieldGain, FieldPicture, Persistence, StereoSettings,
};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

fn title(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).size(theme().small).color(theme().text_weak));
}

/// One choice among several; another one is sent.
fn choice<T: PartialEq + Copy>(
    ui: &mut Ui,
    frame: &Frame,
    out: &mut Outbox,
    (now, value, text): (T, T, String),
    set: impl FnOnce(&mut StereoSettings, T),
) {
    if ui.selectable_label(now == value, text).clicked() && now != value {
        out.set_meters(frame, |m| set(&mut m.stereo, value));
    }
}

/// Picture, persistence and gain of the field.
pub(super) fn field_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let now = &frame.meter_settings.stereo;
    for picture in FieldPicture::ALL {
        let text = picture.label().to_owned();
        choice(ui, frame, out, (now.picture, picture, text), |s, v| s.picture = v);
    }
    ui.separator();
    title(ui, "Persistence");
    for persistence in Persistence::OFFERED {
        let text = format!("{} ms", persistence.ms());
        choice(ui, frame, out, (now.persistence, persistence, text), |s, v| s.persistence = v);
    }
    ui.separator();
    title(ui, "Gain");
    for gain in FieldGain::OFFERED {
        let text = gain.fixed_db().map_or_else(|| "Automatic".to_owned(), |db| format!("{db:.0} dB"));
        choice(ui, frame, out, (now.gain, gain, text), |s, v| s.gain = v);
    }
}

/// Time constant and bands of the correlation.
pub(super) fn correlation_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let now = &frame.meter_settings.stereo;
    title(ui, "Averaged over");
    for time in CorrelationTime::ALL {
        let text = format!("{:.1} s", time.seconds());
        choice(ui, frame, out, (now.average, time, text), |s, v| s.average = v);
    }
    ui.separator();
    title(ui, "By band");
    for bands in CorrelationBands::ALL {
        let text = bands.label().to_owned();
        choice(ui, frame, out, (now.bands, bands, text), |s, v| s.bands = v);
    }
}
