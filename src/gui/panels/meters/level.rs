//! The level panel: peak, RMS, true peak, overs.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::heading;
use crate::app::frame::{Frame, MeterView};
use crate::app::{Action, Command};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::reading;

/// Bottom of the level scale, dBFS.
const FLOOR_DB: f64 = -60.0;

/// Marks of the level scale, dBFS.
const MARKS_DB: [i32; 9] = [0, -3, -6, -12, -18, -24, -36, -48, -60];

/// Height on a scale that gives the top decibels more room: 0 at the floor, 1 at 0 dBFS.
fn deflection(db: f64) -> f32 {
    let x = ((db.clamp(FLOOR_DB, 0.0) - FLOOR_DB) / -FLOOR_DB) as f32;
    x.powf(1.6)
}

/// The panel.
pub fn level_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox, size: Vec2) {
    let t = theme();
    let meters = &frame.meters;
    heading(ui, t, "Level", &meters.point);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let shown = reading(highest(meters.level.true_peak_dbtp), 2);
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
    fill(meters.level.peak_dbfs[channel], 0.45);
    fill(meters.level.rms_dbfs[channel], 1.0);
    if let Some(hold) = meters.level.hold_dbfs[channel].filter(|h| *h > FLOOR_DB) {
        painter.hline(bar.x_range(), y_of(hold), Stroke::new(2.0, t.text));
    }
    let over = meters.level.hold_dbfs[channel].is_some_and(|h| h >= -0.000_1);
    let lamp = Rect::from_min_size(bar.min - vec2(0.0, 5.0), vec2(bar.width(), 3.0));
    painter.rect_filled(lamp, 1.0, if over { t.meter_high } else { t.ground });
}

fn level_figures(ui: &Ui, t: &Theme, rect: Rect, frame: &Frame) {
    let meters = &frame.meters;
    let painter = ui.painter();
    let peak = highest(meters.level.true_peak_dbtp);
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
    let peak_hold = highest(meters.level.hold_dbfs);
    let rms = highest(meters.level.rms_dbfs);
    let rows = [
        ("peak hold", reading(peak_hold, 1), "dBFS"),
        ("RMS", reading(rms, 1), "dBFS"),
        ("overs", meters.level.full_scale_runs.to_string(), ""),
        ("balance", reading(meters.stereo.balance_db, 1), "dB"),
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
