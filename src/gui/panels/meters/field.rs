//! The field panel: goniometer and correlation.

use egui::{Align2, Color32, FontId, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::heading;
use crate::app::frame::{Frame, StereoView};
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::reading;

/// The goniometer: mono is upright, left leans left. The picture is scaled to the loudest point shown.
pub fn field_ui(ui: &mut Ui, frame: &Frame, size: Vec2) {
    let t = theme();
    let peak = frame.field.iter().flatten().fold(0.0f32, |m, s| m.max(s.abs()));
    let gain = if peak > 1e-5 { 1.0 / peak } else { 0.0 };
    let zoom = if gain > 0.0 {
        format!("goniometer · gain {:+.0} dB", 20.0 * gain.log10())
    } else {
        "goniometer".to_owned()
    };
    heading(ui, t, "Field", &zoom);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Goniometer"));
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 2.0, t.ground);
    let radius = rect.height().min(rect.width()) / 2.0 - 8.0;
    let center = rect.center();
    guides(&painter, t, center, radius);
    let color = faded(t.master, 0.75);
    // A frame at full scale in one channel lies on the circle.
    let scale = gain * radius * std::f32::consts::FRAC_1_SQRT_2;
    for [left, right] in frame.field.iter() {
        let at = center + vec2((right - left) * scale, -(left + right) * scale);
        painter.rect_filled(Rect::from_center_size(at, vec2(1.3, 1.3)), 0.0, color);
    }
}

fn guides(painter: &egui::Painter, t: &Theme, center: Pos2, radius: f32) {
    let thin = Stroke::new(1.0, t.line);
    painter.circle_stroke(center, radius, thin);
    let d = radius * std::f32::consts::FRAC_1_SQRT_2;
    painter.line_segment([center - vec2(d, d), center + vec2(d, d)], thin);
    painter.line_segment([center - vec2(d, -d), center + vec2(d, -d)], thin);
    painter.line_segment([center - vec2(0.0, radius), center + vec2(0.0, radius)], thin);
    let font = t.font(t.small);
    painter.text(center + vec2(-d - 3.0, -d - 1.0), Align2::RIGHT_BOTTOM, "L", font.clone(), t.text_weak);
    painter.text(center + vec2(d + 3.0, -d - 1.0), Align2::LEFT_BOTTOM, "R", font.clone(), t.text_weak);
    painter.text(center + vec2(4.0, -radius), Align2::LEFT_TOP, "M", font.clone(), t.text_weak);
    painter.text(center + vec2(radius + 4.0, 0.0), Align2::LEFT_CENTER, "S", font, t.text_weak);
}

/// The correlation bar.
pub fn correlation_ui(ui: &mut Ui, stereo: &StereoView, size: Vec2) {
    let t = theme();
    let shown = reading(stereo.correlation, 2);
    heading(ui, t, "Correlation", &shown);
    let (rect, response) = ui.allocate_exact_size(vec2(size.x, size.y - 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, format!("Correlation {shown}")));
    let response = response.on_hover_text("Over 0.3 s; the thin mark is the lowest since reset");
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), 8.0));
    let x_of = |c: f64| egui::remap(c.clamp(-1.0, 1.0) as f32, -1.0..=1.0, bar.left()..=bar.right());
    let painter = ui.painter();
    painter.rect_filled(bar, 1.0, t.ground);
    if let Some(c) = stereo.correlation {
        let color: Color32 = if c < 0.0 { t.meter_high } else { t.master };
        let (from, to) = (x_of(0.0).min(x_of(c)), x_of(0.0).max(x_of(c)));
        painter.rect_filled(Rect::from_x_y_ranges(from..=to, bar.y_range()), 0.0, color);
        painter.vline(x_of(c), bar.y_range(), Stroke::new(2.0, t.text));
    }
    if let Some(lowest) = stereo.min_correlation {
        painter.vline(x_of(lowest), bar.y_range(), Stroke::new(1.0, t.meter_mid));
    }
    let font: FontId = t.font(t.small);
    for (c, text, align) in
        [(-1.0, "−1", Align2::LEFT_TOP), (0.0, "0", Align2::CENTER_TOP), (1.0, "+1", Align2::RIGHT_TOP)]
    {
        painter.text(pos2(x_of(c), bar.bottom() + 2.0), align, text, font.clone(), t.text_weak);
    }
    drop(response);
}
