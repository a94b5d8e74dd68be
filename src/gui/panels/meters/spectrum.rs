//! The spectrum panel: now, averaged and held, on a log-frequency grid, with a cursor in Hz, note and dB.

use egui::{Align2, Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::heading;
use crate::app::frame::{Frame, SpectrumView};
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::plain;
use crate::gui::widgets::frequency::{hz_from_x, hz_text, note_text, paint_axis, paint_names, x_from_hz};

/// Range shown, dB.
const TOP_DB: f32 = 0.0;
const BOTTOM_DB: f32 = -84.0;

/// A spectrum as a filled area and a line, in `top_db..bottom_db` over a rectangle.
pub fn spectrum_area(
    painter: &egui::Painter,
    rect: Rect,
    freqs_hz: &[f32],
    levels_db: &[f32],
    range_db: (f32, f32),
    color: egui::Color32,
    fill_strength: f32,
) {
    let y_of = |db: f32| egui::remap_clamp(db, range_db.0..=range_db.1, rect.top()..=rect.bottom());
    let points: Vec<Pos2> = freqs_hz
        .iter()
        .zip(levels_db)
        .map(|(&f, &db)| pos2(x_from_hz(rect.x_range(), f64::from(f)), y_of(db)))
        .collect();
    if points.len() < 2 {
        return;
    }
    if fill_strength > 0.0 {
        let fill = faded(color, fill_strength);
        let mut mesh = Mesh::default();
        for (i, p) in points.iter().enumerate() {
            mesh.colored_vertex(*p, fill);
            mesh.colored_vertex(pos2(p.x, rect.bottom()), fill);
            if i > 0 {
                let b = 2 * i as u32;
                mesh.add_triangle(b - 2, b - 1, b);
                mesh.add_triangle(b - 1, b, b + 1);
            }
        }
        painter.add(Shape::mesh(mesh));
    }
    painter.line(points, Stroke::new(1.2, color));
}

/// The panel.
pub fn spectrum_ui(ui: &mut Ui, frame: &Frame, size: Vec2) {
    let t = theme();
    let spectrum = &frame.spectrum;
    heading(ui, t, "Spectrum", &spectrum.label);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Spectrum"));
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 2.0, t.ground);
    paint_axis(&painter, rect);
    for db in [-12.0, -24.0, -36.0, -48.0, -60.0, -72.0] {
        let y = egui::remap(db, TOP_DB..=BOTTOM_DB, rect.top()..=rect.bottom());
        painter.hline(rect.x_range(), y, Stroke::new(1.0, faded(t.line, 0.4)));
        // In a window of its own there is room for the scale.
        if rect.width() > 400.0 {
            let at = pos2(rect.right() - 4.0, y - 1.0);
            let mark = format!("{} dB", plain(f64::from(db), 0));
            painter.text(at, Align2::RIGHT_BOTTOM, mark, t.font(t.small), t.text_weak);
        }
    }
    let range = (TOP_DB, BOTTOM_DB);
    spectrum_area(&painter, rect, &spectrum.freqs_hz, &spectrum.average_db, range, t.master, 0.25);
    spectrum_area(&painter, rect, &spectrum.freqs_hz, &spectrum.now_db, range, faded(t.text, 0.45), 0.0);
    spectrum_area(&painter, rect, &spectrum.freqs_hz, &spectrum.peak_db, range, faded(t.meter_mid, 0.5), 0.0);
    paint_names(&painter, rect);
    if let Some(at) = response.hover_pos() {
        cursor(&painter, t, rect, at, spectrum);
    } else {
        let legend = [("average", t.master), ("now", t.text), ("held", t.meter_mid)];
        let mut x = rect.left() + 6.0;
        for (text, color) in legend {
            let end = painter.text(pos2(x, rect.top() + 4.0), Align2::LEFT_TOP, text, t.font(t.small), color);
            x = end.right() + 8.0;
        }
    }
}

fn cursor(painter: &egui::Painter, t: &Theme, rect: Rect, at: Pos2, spectrum: &SpectrumView) {
    let hz = hz_from_x(rect.x_range(), at.x);
    painter.vline(at.x, rect.y_range(), Stroke::new(1.0, faded(t.text, 0.6)));
    let nearest = spectrum.freqs_hz.iter().position(|f| f64::from(*f) >= hz);
    let level = nearest.and_then(|i| spectrum.average_db.get(i));
    let level = level.map_or_else(String::new, |db| format!("  {} dB", plain(f64::from(*db), 1)));
    let text = format!("{}  {}{level}", hz_text(hz), note_text(hz));
    painter.text(rect.left_top() + vec2(6.0, 4.0), Align2::LEFT_TOP, text, t.font(t.small), t.text);
}
