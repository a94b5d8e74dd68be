//! The spectrum panel: traces on a log-frequency grid with a cursor in Hz, note and dB.
//!
//! Drag up and down moves the levels, the wheel widens them; the wheel with Ctrl (or a pinch) widens the frequencies, and a
//! drag to the side moves them; a double click shows all again.

use egui::{Align2, Id, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, pos2, vec2};

use super::parts::heading_menu;
use super::speak;
use super::spectrum_menu::spectrum_menu_ui;
use super::traces::{Line, Scale, lines_of};
use crate::app::frame::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::{plain, signed};
use crate::gui::widgets::frequency::{Axis, HIGHEST_HZ, LOWEST_HZ, hz_text, note_text};

/// A plot this wide is a window of its own: it has scales and names in full.
const WIDE: f32 = 400.0;
/// Narrowest and widest range of levels, dB.
const RANGES_DB: (f32, f32) = (12.0, 160.0);
/// Narrowest stretch of frequencies, as a factor.
const NARROWEST: f64 = 2.0;

/// What is seen of the plot: only visual, by the place of the panel.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sight {
    top_db: f32,
    bottom_db: f32,
    axis: Axis,
}

impl Default for Sight {
    fn default() -> Self {
        Self { top_db: 0.0, bottom_db: -84.0, axis: Axis::FULL }
    }
}

impl Sight {
    /// Levels moved by a drag over a plot of a height.
    fn move_db(&mut self, points: f32, height: f32) {
        let by_db = (points / height.max(1.0) * (self.top_db - self.bottom_db))
            .clamp(-60.0 - self.top_db, 60.0 - self.top_db);
        self.top_db += by_db;
        self.bottom_db += by_db;
    }

    /// A wider or narrower range of levels about one of them.
    fn widen_db(&mut self, factor: f32, about_db: f32) {
        let range = self.top_db - self.bottom_db;
        let factor = (range * factor).clamp(RANGES_DB.0, RANGES_DB.1) / range;
        self.top_db = about_db + (self.top_db - about_db) * factor;
        self.bottom_db = about_db + (self.bottom_db - about_db) * factor;
    }

    /// A wider or narrower stretch of frequencies about one of them.
    fn widen_hz(&mut self, factor: f64, about_hz: f64) {
        let end = |hz: f64| about_hz * (hz / about_hz).powf(factor);
        let (low_hz, high_hz) = (end(self.axis.low_hz), end(self.axis.high_hz));
        if high_hz / low_hz > NARROWEST {
            self.axis = Axis { low_hz: low_hz.max(LOWEST_HZ), high_hz: high_hz.min(HIGHEST_HZ) };
        }
    }

    /// Frequencies moved by a factor, as far as there are some.
    fn move_hz(&mut self, factor: f64) {
        let factor = factor.clamp(LOWEST_HZ / self.axis.low_hz, HIGHEST_HZ / self.axis.high_hz);
        self.axis = Axis { low_hz: self.axis.low_hz * factor, high_hz: self.axis.high_hz * factor };
    }
}

/// The panel.
pub fn spectrum_ui(ui: &mut Ui, frame: &Frame, size: Vec2, out: &mut Outbox) {
    let t = theme();
    heading_menu(ui, "Spectrum", &frame.spectrum.label, |ui| spectrum_menu_ui(ui, frame, out));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let id = response.id.with("sight");
    let sight = looked_at(ui, id, rect, &response);
    speak(ui, &response, Role::Canvas, || in_words(frame));
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 2.0, t.ground);
    let difference = frame.meter_settings.spectrum.difference.as_ref();
    let scale = match difference {
        Some(d) => Scale { rect, axis: sight.axis, top_db: d.range(), bottom_db: -d.range() },
        None => Scale { rect, axis: sight.axis, top_db: sight.top_db, bottom_db: sight.bottom_db },
    };
    sight.axis.paint_lines(&painter, rect);
    paint_levels(&painter, t, &scale, difference.is_some());
    let lines = lines_of(frame, t);
    let base_db = if difference.is_some() { 0.0 } else { scale.bottom_db };
    for line in &lines {
        scale.paint(&painter, &frame.spectrum.freqs_hz, line, base_db);
    }
    sight.axis.paint_names(&painter, rect);
    match response.hover_pos() {
        Some(at) => cursor(&painter, t, &scale, at, &frame.spectrum.freqs_hz, &lines, difference.is_some()),
        None => legend(&painter, t, rect, lines.iter().map(|l| (l.name.clone(), l.colour))),
    }
    if lines.is_empty() {
        let text = if difference.is_some() {
            "One of the two traces is not there yet."
        } else {
            "Play to see the spectrum."
        };
        painter.text(rect.center(), Align2::CENTER_CENTER, text, t.font(t.small), t.text_weak);
    }
}

/// The sight after what the hand did in this frame.
fn looked_at(ui: &Ui, id: Id, rect: Rect, response: &egui::Response) -> Sight {
    let mut sight = ui.data(|d| d.get_temp::<Sight>(id)).unwrap_or_default();
    let before = sight;
    if response.double_clicked() {
        sight = Sight::default();
    } else if response.dragged() {
        let moved = response.drag_delta();
        sight.move_db(moved.y, rect.height());
        let span = (sight.axis.high_hz / sight.axis.low_hz).ln();
        sight.move_hz((-f64::from(moved.x / rect.width().max(1.0)) * span).exp());
    }
    if let Some(at) = response.hover_pos() {
        let (wheel, zoom) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
        if (zoom - 1.0).abs() > 1e-4 {
            let about_hz = sight.axis.hz_from_x(rect.x_range(), at.x);
            sight.widen_hz(1.0 / f64::from(zoom), about_hz);
        } else if wheel.abs() > 0.0 {
            let about_db = egui::remap(at.y, rect.top()..=rect.bottom(), sight.top_db..=sight.bottom_db);
            sight.widen_db((-wheel / 300.0).exp(), about_db);
        }
    }
    if sight != before {
        ui.data_mut(|d| d.insert_temp(id, sight));
    }
    sight
}

/// Lines of level with their figures where there is room.
fn paint_levels(painter: &egui::Painter, t: &Theme, scale: &Scale, is_difference: bool) {
    let range = scale.top_db - scale.bottom_db;
    let step = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0]
        .into_iter()
        .find(|s| range / s * 22.0 <= scale.rect.height().max(60.0))
        .unwrap_or(24.0);
    let first = (scale.bottom_db / step).ceil() as i32;
    let last = (scale.top_db / step).floor() as i32;
    for k in first..=last {
        let db = k as f32 * step;
        let y = scale.y(db);
        let is_centre = is_difference && k == 0;
        let stroke =
            if is_centre { Stroke::new(1.0, t.line_strong) } else { Stroke::new(1.0, faded(t.line, 0.4)) };
        painter.hline(scale.rect.x_range(), y, stroke);
        // In a window of its own there is room for the scale.
        let is_clear = y > scale.rect.top() + 14.0 && y < scale.rect.bottom() - 16.0;
        if scale.rect.width() > WIDE && is_clear {
            let at = pos2(scale.rect.right() - 4.0, y - 1.0);
            let value = f64::from(db);
            let mark = if is_difference { signed(value, 0) } else { plain(value, 0) };
            painter.text(at, Align2::RIGHT_BOTTOM, format!("{mark} dB"), t.font(t.small), t.text_weak);
        }
    }
}

/// Names in their colours from the upper left on, in as many rows as they need.
fn legend(
    painter: &egui::Painter,
    t: &Theme,
    rect: Rect,
    names: impl Iterator<Item = (String, egui::Color32)>,
) {
    let mut at = rect.left_top() + vec2(6.0, 4.0);
    for (name, colour) in names {
        let galley = painter.layout_no_wrap(name, t.font(t.small), t.text);
        let width = 16.0 + galley.size().x;
        if at.x + width > rect.right() - 4.0 && at.x > rect.left() + 6.0 {
            at = pos2(rect.left() + 6.0, at.y + galley.size().y + 2.0);
        }
        let middle = at.y + 0.5 * galley.size().y;
        painter.hline(at.x..=at.x + 11.0, middle, Stroke::new(2.0, colour));
        painter.galley(at + vec2(15.0, 0.0), galley, t.text_weak);
        at.x += width + 8.0;
    }
}

/// The line under the pointer: frequency, note, and the level of each trace.
fn cursor(
    painter: &egui::Painter,
    t: &Theme,
    scale: &Scale,
    at: Pos2,
    freqs_hz: &[f32],
    lines: &[Line],
    is_difference: bool,
) {
    let hz = scale.axis.hz_from_x(scale.rect.x_range(), at.x);
    painter.vline(at.x, scale.rect.y_range(), Stroke::new(1.0, faded(t.text, 0.6)));
    let text = format!("{}  {}", hz_text(hz), note_text(hz));
    let place = scale.rect.left_top() + vec2(6.0, 4.0);
    let head = painter.text(place, Align2::LEFT_TOP, text, t.font(t.small), t.text);
    let after = freqs_hz.partition_point(|f| f64::from(*f) < hz).min(freqs_hz.len().saturating_sub(1));
    let level = |line: &Line| line.levels_db.get(after).copied().filter(|db| db.is_finite());
    let rows = lines.iter().filter_map(|line| {
        let db = f64::from(level(line)?);
        let value = if is_difference { signed(db, 1) } else { plain(db, 1) };
        Some((format!("{} {value} dB", line.name), line.colour))
    });
    let below = Rect::from_min_max(pos2(scale.rect.left(), head.bottom()), scale.rect.max);
    legend(painter, t, below, rows);
}

/// What is told of the picture: the strongest tone.
fn in_words(frame: &Frame) -> String {
    let spectrum = &frame.spectrum;
    let channel = spectrum.channels[0];
    match spectrum.strongest {
        Some(tone) => {
            let level = plain(tone.level_db, 1);
            format!("Spectrum, {channel}: strongest at {}, {level} dB; {}", hz_text(tone.hz), spectrum.label)
        }
        None => "Spectrum: silence".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plot_moves_and_widens_within_its_ends() {
        let mut sight = Sight::default();
        sight.move_db(100.0, 200.0);
        assert!((sight.top_db - 42.0).abs() < 1e-4 && (sight.bottom_db + 42.0).abs() < 1e-4);
        sight.move_db(1000.0, 200.0);
        assert!(sight.top_db <= 60.0, "not out of sight");
        let mut sight = Sight::default();
        sight.widen_db(0.5, -42.0);
        assert!((sight.top_db + 21.0).abs() < 1e-4 && (sight.bottom_db + 63.0).abs() < 1e-4);
        sight.widen_db(0.001, -42.0);
        assert!((sight.top_db - sight.bottom_db - 12.0).abs() < 1e-3);
        sight.widen_hz(0.5, 1000.0);
        let x = egui::Rangef::new(0.0, 100.0);
        let at = Axis::FULL.x_from_hz(x, 1000.0);
        assert!((sight.axis.x_from_hz(x, 1000.0) - at).abs() < 1e-3, "what is under the pointer stays there");
        sight.move_hz(1e6);
        assert!((sight.axis.high_hz - HIGHEST_HZ).abs() < 1e-6);
        sight.widen_hz(1e-3, 1000.0);
        assert!(sight.axis.high_hz / sight.axis.low_hz > NARROWEST);
    }
}
