//! The loudness panel: M, S, I, range, and the last minutes.

use egui::{Align2, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::heading;
use crate::app::frame::Frame;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::{plain_reading, reading};

/// The panel.
pub fn loudness_ui(ui: &mut Ui, frame: &Frame, size: Vec2) {
    let t = theme();
    let m = &frame.meters.loudness;
    heading(
        ui,
        t,
        "Loudness",
        if frame.meters.gap { "a stretch was not measured" } else { "LUFS, EBU R 128" },
    );
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let text = format!(
        "Loudness: short-term {} LUFS, integrated {} LUFS",
        reading(m.short_term_lufs, 1),
        reading(m.integrated_lufs, 1)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, text.clone()));
    let half = rect.width() / 2.0;
    figure(ui, t, rect.min, "short-term", &reading(m.short_term_lufs, 1), "LUFS", 22.0);
    figure(ui, t, rect.min + vec2(half, 0.0), "integrated", &reading(m.integrated_lufs, 1), "LUFS", 22.0);
    let small = [
        ("moment.", reading(m.momentary_lufs, 1), ""),
        ("LRA", plain_reading(m.range_lu, 1), "LU"),
        ("PLR", plain_reading(m.plr_lu, 1), "LU"),
        ("PSR", plain_reading(m.psr_lu, 1), "LU"),
    ];
    let step = rect.width() / 4.0;
    for (i, (label, value, unit)) in small.into_iter().enumerate() {
        let at = rect.min + vec2(step * i as f32, 46.0);
        figure(ui, t, at, label, &value, unit, 14.0);
    }
    let max_at = rect.min + vec2(0.0, 84.0);
    let maxima = format!(
        "max M {}   max S {} LUFS",
        reading(m.max_momentary_lufs, 1),
        reading(m.max_short_term_lufs, 1)
    );
    ui.painter().text(max_at, Align2::LEFT_TOP, maxima, t.font(t.small), t.text_weak);
    history(ui, t, Rect::from_min_max(rect.min + vec2(0.0, 102.0), rect.max), &m.short_term_history);
}

fn figure(ui: &Ui, t: &Theme, at: Pos2, label: &str, value: &str, unit: &str, size: f32) {
    let painter = ui.painter();
    painter.text(at, Align2::LEFT_TOP, label, t.font(t.small), t.text_weak);
    let shown = painter.text(at + vec2(0.0, 14.0), Align2::LEFT_TOP, value, t.font(size), t.text);
    painter.text(
        shown.right_bottom() + vec2(3.0, -2.0),
        Align2::LEFT_BOTTOM,
        unit,
        t.font(t.small),
        t.text_weak,
    );
}

/// Short-term loudness of the last minutes, −41 to −5 LUFS, newest at the right.
fn history(ui: &Ui, t: &Theme, rect: Rect, values: &[f32]) {
    const LOW: f32 = -41.0;
    const HIGH: f32 = -5.0;
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 2.0, t.ground);
    for line in [-35.0, -29.0, -23.0, -17.0, -11.0] {
        let y = egui::remap(line, LOW..=HIGH, rect.bottom()..=rect.top());
        painter.hline(rect.x_range(), y, Stroke::new(1.0, faded(t.line, 0.5)));
    }
    // Ten values a second: a pixel for each fifth of a second.
    let count = (rect.width() * 2.0) as usize;
    let start = values.len().saturating_sub(count);
    let mut line: Vec<Pos2> = Vec::new();
    let flush = |line: &mut Vec<Pos2>| {
        if line.len() > 1 {
            painter.line(std::mem::take(line), Stroke::new(1.2, t.master));
        }
        line.clear();
    };
    for (i, &value) in values[start..].iter().enumerate() {
        if !value.is_finite() {
            flush(&mut line);
            continue;
        }
        let x = rect.right() - (values.len() - start - i) as f32 * 0.5;
        line.push(pos2(x, egui::remap_clamp(value, LOW..=HIGH, rect.bottom()..=rect.top())));
    }
    flush(&mut line);
}
