//! The meter column: level, loudness, spectrum, field, correlation; always in sight, always of the signal being heard.

use egui::{Align2, Color32, FontId, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::spectrum::spectrum_ui;
use crate::app::frame::{Frame, MeterView};
use crate::app::{Action, Command};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::{plain_reading, reading};

/// Bottom of the level scale, dBFS.
const FLOOR_DB: f64 = -60.0;

/// Marks of the level scale, dBFS.
const MARKS_DB: [i32; 9] = [0, -3, -6, -12, -18, -24, -36, -48, -60];

/// The column.
pub fn meters_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 5.0;
        let width = ui.available_width();
        // What the fixed parts take: headings, lines, loudness, correlation.
        let free = (ui.available_height() - 330.0).max(240.0);
        level_ui(ui, frame, out, vec2(width, (free * 0.38).clamp(130.0, 260.0)));
        separator(ui, t);
        loudness_ui(ui, frame, vec2(width, 150.0));
        separator(ui, t);
        spectrum_ui(ui, frame, vec2(width, (free * 0.32).clamp(96.0, 240.0)));
        separator(ui, t);
        field_ui(ui, frame, vec2(width, (free * 0.30).clamp(90.0, 220.0)));
        correlation_ui(ui, &frame.meters, vec2(width, 46.0));
    });
}

fn separator(ui: &mut Ui, t: &Theme) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, t.line));
}

/// A title at the left and a remark at the right of a line.
pub fn heading(ui: &mut Ui, t: &Theme, title: &str, remark: &str) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let font = t.font(t.small);
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, title, font.clone(), t.text_weak);
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, remark, font, t.text_weak);
}

/// Height on a scale that gives the top decibels more room: 0 at the floor, 1 at 0 dBFS.
fn deflection(db: f64) -> f32 {
    let x = ((db.clamp(FLOOR_DB, 0.0) - FLOOR_DB) / -FLOOR_DB) as f32;
    x.powf(1.6)
}

pub(super) fn level_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox, size: Vec2) {
    let t = theme();
    let meters = &frame.meters;
    heading(ui, t, "Level", &meters.point);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let shown = reading(highest(meters.true_peak_dbtp), 2);
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, format!("Level, true peak {shown} dBTP")));
    if response
        .on_hover_text(
            "Peak light, RMS (AES17, 0.3 s) solid; overs are runs of full-scale samples. Click to reset holds, maxima and \
         integrated readings.",
        )
        .clicked()
    {
        out.send(Command::Do(Action::ResetMeters));
    }
    let bars =
        Rect::from_min_max(rect.min + vec2(26.0, 6.0), pos2(rect.left() + 26.0 + 58.0, rect.bottom() - 6.0));
    level_scale(ui, t, bars);
    for channel in 0..2 {
        let left = bars.left() + channel as f32 * 31.0;
        let bar = Rect::from_x_y_ranges(left..=left + 27.0, bars.y_range());
        level_bar(ui, t, bar, meters, channel);
    }
    level_figures(ui, t, Rect::from_min_max(pos2(bars.right() + 18.0, rect.top()), rect.max), frame);
}

fn highest(pair: [Option<f64>; 2]) -> Option<f64> {
    pair.into_iter().flatten().reduce(f64::max)
}

fn level_scale(ui: &Ui, t: &Theme, bars: Rect) {
    let mut last = f32::NEG_INFINITY;
    for db in MARKS_DB {
        let y = bars.bottom() - deflection(f64::from(db)) * bars.height();
        // In a low panel a mark without room is left out.
        if y - last < 11.0 {
            continue;
        }
        last = y;
        let text = if db == 0 { "0".to_owned() } else { format!("−{}", -db) };
        ui.painter().text(
            pos2(bars.left() - 6.0, y),
            Align2::RIGHT_CENTER,
            text,
            t.font(t.small),
            t.text_weak,
        );
        ui.painter().hline(bars.left() - 3.0..=bars.left() - 1.0, y, Stroke::new(1.0, t.line));
    }
}

fn level_bar(ui: &Ui, t: &Theme, bar: Rect, meters: &MeterView, channel: usize) {
    let painter = ui.painter();
    painter.rect_filled(bar, 1.0, t.ground);
    let y_of = |db: f64| bar.bottom() - deflection(db) * bar.height();
    // Peak in three colours, RMS solid in front of it.
    let zones = [(FLOOR_DB, -6.0), (-6.0, -2.0), (-2.0, 0.0)];
    let fill = |db: Option<f64>, strength: f32| {
        let Some(db) = db.filter(|d| *d > FLOOR_DB) else { return };
        for (from, to) in zones {
            if db > from {
                let part = Rect::from_x_y_ranges(bar.x_range(), y_of(db.min(to))..=y_of(from));
                painter.rect_filled(part, 0.0, faded(t.meter((from + to) / 2.0), strength));
            }
        }
    };
    fill(meters.peak_dbfs[channel], 0.45);
    fill(meters.rms_dbfs[channel], 1.0);
    if let Some(hold) = meters.hold_dbfs[channel].filter(|h| *h > FLOOR_DB) {
        painter.hline(bar.x_range(), y_of(hold), Stroke::new(2.0, t.text));
    }
    let over = meters.hold_dbfs[channel].is_some_and(|h| h >= -0.000_1);
    let lamp = Rect::from_min_size(bar.min - vec2(0.0, 5.0), vec2(bar.width(), 3.0));
    painter.rect_filled(lamp, 1.0, if over { t.meter_high } else { t.ground });
}

fn level_figures(ui: &Ui, t: &Theme, rect: Rect, frame: &Frame) {
    let meters = &frame.meters;
    let painter = ui.painter();
    let peak = highest(meters.true_peak_dbtp);
    painter.text(rect.min + vec2(0.0, 4.0), Align2::LEFT_TOP, "true peak", t.font(t.small), t.text_weak);
    let color = peak.map_or(t.text_weak, |p| if p > 0.0 { t.meter_high } else { t.text });
    let value = painter.text(
        rect.min + vec2(0.0, 18.0),
        Align2::LEFT_TOP,
        reading(peak, 2),
        t.font(t.readout),
        color,
    );
    painter.text(
        value.right_bottom() + vec2(4.0, -3.0),
        Align2::LEFT_BOTTOM,
        "dBTP",
        t.font(t.small),
        t.text_weak,
    );
    let peak_hold = highest(meters.hold_dbfs);
    let rms = highest(meters.rms_dbfs);
    let rows = [
        ("peak hold", reading(peak_hold, 1), "dBFS"),
        ("RMS", reading(rms, 1), "dBFS"),
        ("overs", meters.full_scale_runs.to_string(), ""),
        ("balance", reading(meters.balance_db, 1), "dB"),
    ];
    for (i, (label, value, unit)) in rows.into_iter().enumerate() {
        let y = rect.top() + 58.0 + i as f32 * 17.0;
        if y > rect.bottom() - 4.0 {
            break;
        }
        painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, label, t.font(t.small), t.text_weak);
        painter.text(pos2(rect.right() - 30.0, y), Align2::RIGHT_CENTER, value, t.font(t.small), t.text);
        painter.text(pos2(rect.right() - 26.0, y), Align2::LEFT_CENTER, unit, t.font(t.small), t.text_weak);
    }
}

pub(super) fn loudness_ui(ui: &mut Ui, frame: &Frame, size: Vec2) {
    let t = theme();
    let m = &frame.meters;
    heading(ui, t, "Loudness", if m.gap { "a stretch was not measured" } else { "LUFS, EBU R 128" });
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

/// The goniometer: mono is upright, left leans left. The picture is scaled to the loudest point shown.
pub(super) fn field_ui(ui: &mut Ui, frame: &Frame, size: Vec2) {
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

pub(super) fn correlation_ui(ui: &mut Ui, meters: &MeterView, size: Vec2) {
    let t = theme();
    let shown = reading(meters.correlation, 2);
    heading(ui, t, "Correlation", &shown);
    let (rect, response) = ui.allocate_exact_size(vec2(size.x, size.y - 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, format!("Correlation {shown}")));
    let response = response.on_hover_text("Over 0.3 s; the thin mark is the lowest since reset");
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), 8.0));
    let x_of = |c: f64| egui::remap(c.clamp(-1.0, 1.0) as f32, -1.0..=1.0, bar.left()..=bar.right());
    let painter = ui.painter();
    painter.rect_filled(bar, 1.0, t.ground);
    if let Some(c) = meters.correlation {
        let color: Color32 = if c < 0.0 { t.meter_high } else { t.master };
        let (from, to) = (x_of(0.0).min(x_of(c)), x_of(0.0).max(x_of(c)));
        painter.rect_filled(Rect::from_x_y_ranges(from..=to, bar.y_range()), 0.0, color);
        painter.vline(x_of(c), bar.y_range(), Stroke::new(2.0, t.text));
    }
    if let Some(lowest) = meters.min_correlation {
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
