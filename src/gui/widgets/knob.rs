//! A knob: value above, arc, name below; everything [`super::number`] can do.
//!
//! The arc runs over 270°. Numbers that can be negative fill from zero, others from the left.

use std::f32::consts::PI;

use egui::{Align2, Pos2, Rect, Sense, Shape, Stroke, Ui, Vec2, pos2, vec2};

use super::number::{Change, NumberSpec, focus_ring, number_input};
use crate::gui::theme::theme;

/// Size of a knob with its texts, points.
pub const KNOB_SIZE: Vec2 = Vec2::new(72.0, 72.0);
const RADIUS: f32 = 17.0;

/// Draws a knob and lets it be turned. Double-click types, Alt-click (or double-click on its name) resets.
pub fn knob(ui: &mut Ui, id_salt: impl egui::AsIdSalt, spec: &NumberSpec<'_>, value: f64) -> Change {
    let t = theme();
    let id = ui.make_persistent_id(id_salt);
    let (rect, _) = ui.allocate_exact_size(KNOB_SIZE, Sense::hover());
    let value_rect = Rect::from_min_size(rect.min, vec2(rect.width(), 18.0));
    let name_rect = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 16.0), rect.max);
    let turn_rect = Rect::from_min_max(rect.min, pos2(rect.right(), name_rect.top()));
    let (mut change, typing) = number_input(ui, turn_rect, value_rect, id, spec, value);
    let name = ui.interact(name_rect, id.with("name"), Sense::click());
    if name.double_clicked() || (name.clicked() && ui.input(|i| i.modifiers.alt)) {
        change.value = Some(spec.default);
    }
    let shown = change.value.unwrap_or(value);
    let painter = ui.painter();
    if !typing {
        painter.text(value_rect.center(), Align2::CENTER_CENTER, spec.text(shown), t.font(t.body), t.text);
    }
    painter.text(name_rect.center(), Align2::CENTER_CENTER, spec.label, t.font(t.small), t.text_weak);
    let centre = pos2(rect.center().x, (value_rect.bottom() + name_rect.top()) / 2.0 + 2.0);
    let origin = if spec.min < 0.0 && spec.max > 0.0 { spec.place_from(0.0) } else { 0.0 };
    let hot = change.response.hovered() || change.response.dragged();
    paint_dial(ui, centre, origin as f32, spec.place_from(shown) as f32, hot);
    focus_ring(ui, &change.response, turn_rect.shrink(2.0));
    change
}

fn paint_dial(ui: &Ui, centre: Pos2, from: f32, to: f32, hot: bool) {
    let t = theme();
    let painter = ui.painter();
    let colour = if !ui.is_enabled() { t.line_strong } else { t.master };
    painter.add(arc(centre, RADIUS, 0.0, 1.0, Stroke::new(3.0, t.control_hover)));
    if (from - to).abs() > 0.002 {
        painter.add(arc(centre, RADIUS, from.min(to), from.max(to), Stroke::new(3.0, colour)));
    }
    let direction = Vec2::angled(angle(to));
    let hand = if hot { t.text } else { t.text_weak };
    painter.line_segment(
        [centre + direction * 6.0, centre + direction * (RADIUS - 3.0)],
        Stroke::new(2.0, hand),
    );
}

/// Angle of a place, radians clockwise from the right: 135° to 405°.
fn angle(place: f32) -> f32 {
    0.75 * PI + 1.5 * PI * place
}

fn arc(centre: Pos2, radius: f32, from: f32, to: f32, stroke: Stroke) -> Shape {
    let steps = (((to - from) * 48.0).ceil() as usize).max(2);
    let points = (0..=steps)
        .map(|i| centre + Vec2::angled(angle(from + (to - from) * i as f32 / steps as f32)) * radius)
        .collect();
    Shape::line(points, stroke)
}
