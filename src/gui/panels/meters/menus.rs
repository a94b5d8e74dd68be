//! Headings of the stereo meters with a menu at the right.

use egui::{Align, Layout, Rect, RichText, Shape, Stroke, Ui, UiBuilder, vec2};

use super::heading;
use crate::app::frame::Frame;
use crate::app::meter_settings::{
    CorrelationBands, CorrelationTime, FieldGain, FieldPicture, Persistence, StereoSettings,
};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

/// Height of a heading, points.
const HEIGHT: f32 = 16.0;

/// A title at the left and a remark at the right that opens a menu; `name` is what the menu is called.
pub(super) fn heading_menu(ui: &mut Ui, title: &str, remark: &str, name: &str, menu: impl FnOnce(&mut Ui)) {
    let t = theme();
    let top = ui.next_widget_position();
    heading(ui, t, title, "");
    let rect = Rect::from_min_size(top, vec2(ui.available_width(), HEIGHT));
    let layout = Layout::right_to_left(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout).id_salt(name), |ui| {
        ui.spacing_mut().button_padding = vec2(3.0, 0.0);
        ui.spacing_mut().interact_size.y = HEIGHT;
        ui.visuals_mut().widgets.inactive.weak_bg_fill = egui::Color32::TRANSPARENT;
        ui.visuals_mut().widgets.inactive.bg_stroke.color = egui::Color32::TRANSPARENT;
        let text = RichText::new(format!("{remark}    ")).size(t.small).color(t.text_weak);
        let button = ui.menu_button(text, |ui| {
            ui.set_min_width(140.0);
            menu(ui);
        });
        let tip = button.response.rect.right_center() + vec2(-8.0, 2.5);
        let corners = vec![tip, tip + vec2(-3.5, -5.0), tip + vec2(3.5, -5.0)];
        ui.painter().add(Shape::convex_polygon(corners, t.text_weak, Stroke::NONE));
        button.response.accessible_name(name.to_owned());
    });
}

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
