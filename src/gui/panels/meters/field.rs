//! The field panel: goniometer as lissajous, polar samples or polar level, with the levels of mid and side.

use egui::{Align2, Painter, Rect, Role, Sense, Ui, Vec2, pos2};

use super::menus::field_menu;
use super::parts::heading_menu;
use super::speak;
use crate::app::frame::{Frame, StereoView};
use crate::app::meter_settings::{FieldGain, FieldPicture};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets::figures::{plain, reading};
use crate::gui::widgets::goniometer::{Disc, Trail, paint_polar};
use crate::units::gain_from_db;

/// Height of the line of levels, points.
const FIGURES: f32 = 18.0;

/// The panel.
pub fn field_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox, size: Vec2) {
    let settings = &frame.meter_settings.stereo;
    let stereo = &frame.meters.stereo;
    let gain_db = stereo.field.gain_db;
    let gain_of = if settings.gain == FieldGain::Auto { "auto" } else { "fixed" };
    let remark = format!("{} · {gain_of} {} dB", settings.picture.label(), reading(Some(gain_db), 0));
    heading_menu(ui, "Field", &remark, |ui| field_menu(ui, frame, out));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let [mid, side, ratio] = levels(stereo);
    speak(ui, &response, Role::Canvas, || {
        let picture = settings.picture.label();
        format!("Goniometer, {picture}: mid {mid} dBFS, side {side} dBFS, side against mid {ratio} dB")
    });
    let persistence = settings.persistence.ms();
    response.on_hover_text(format!(
        "Mono is upright, left leans left, opposite phase lies flat. A point fades by the factor e in {persistence} ms. At \
         0 dB mono at full scale touches the edge. Mid and side: RMS (AES17, 0.3 s). The line of the polar level is its \
         envelope, which falls by 6 dB a second."
    ));
    let picture = rect.with_max_y(rect.bottom() - FIGURES);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.rect_filled(picture, 2.0, theme().ground);
    picture_ui(&painter.with_clip_rect(picture), picture, frame);
    let below = rect.with_min_y(picture.bottom());
    let is_wide = rect.width() > 300.0;
    let figures = if is_wide {
        [("mid", mid, "dBFS"), ("side", side, "dBFS"), ("S/M", ratio, "dB")]
    } else {
        // One unit for both.
        [("M", mid, ""), ("S", side, "dBFS"), ("S/M", ratio, "dB")]
    };
    figures_ui(&painter, below, is_wide, &figures);
}

fn picture_ui(painter: &Painter, rect: Rect, frame: &Frame) {
    let settings = &frame.meter_settings.stereo;
    let view = &frame.meters.stereo.field;
    let is_folded = settings.picture != FieldPicture::Lissajous;
    let disc = Disc::within(rect, is_folded);
    disc.paint_guides(painter);
    let (gain, colour) = (gain_from_db(view.gain_db) as f32, theme().master);
    if settings.picture == FieldPicture::PolarLevel {
        return paint_polar(painter, &disc, &view.polar, gain, colour);
    }
    let fading = (view.persistence_s > 0.0).then_some((view.spacing_s as f32, view.persistence_s as f32));
    Trail { points: &frame.field, gain, fading, is_joined: !is_folded, colour }.paint(painter, &disc);
}

/// Mid, side, and side against mid.
fn levels(stereo: &StereoView) -> [String; 3] {
    let [mid, side] = stereo.mid_side_dbfs;
    let ratio = mid.zip(side).map(|(mid, side)| side - mid);
    [reading(mid, 1), reading(side, 1), reading(ratio, 1)]
}

/// Named figures in a line: spread over it, or one after the other.
fn figures_ui(painter: &Painter, rect: Rect, is_spread: bool, figures: &[(&str, String, &str)]) {
    let t = theme();
    let step = rect.width() / figures.len() as f32;
    let mut next = rect.left();
    for (i, (name, value, unit)) in figures.iter().enumerate() {
        let left = if is_spread { rect.left() + step * i as f32 } else { next };
        let mut at = pos2(left, rect.center().y + 1.0);
        for (text, gap, colour) in
            [(*name, 4.0, t.text_weak), (value, 3.0, t.text), (*unit, 5.0, t.text_weak)]
        {
            let shown = painter.text(at, Align2::LEFT_CENTER, text, t.font(t.small), colour);
            at.x = shown.right() + gap;
        }
        next = at.x;
    }
}

/// `0:42.3` of seconds.
pub(super) fn clock(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0) as u64;
    format!("{}:{}", tenths / 600, plain_tenths(tenths % 600))
}

fn plain_tenths(tenths: u64) -> String {
    let text = plain(tenths as f64 / 10.0, 1);
    if tenths < 100 { format!("0{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_minutes_and_seconds() {
        assert_eq!(
            [0.0, 9.96, 42.3, 61.05, 600.0].map(clock),
            ["0:00.0", "0:09.9", "0:42.3", "1:01.0", "10:00.0"]
        );
    }
}
