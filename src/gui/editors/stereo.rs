//! The editor of the stereo processor: goniometers and correlation before and after, width and correlation over
//! frequency, and the frequencies of the mono-maker and the zones of width as lines to drag.

use egui::{Align2, Color32, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::SlotView;
use super::groups::{Listed, groups_of, split_ui};
use super::history::{Axis, db_mark, ground, note};
use super::spectra::HzLine;
use super::transfer::reset_by_double_click;
use crate::app::Frame;
use crate::app::frame::BandField;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::reading;
use crate::gui::widgets::frequency::{paint_axis, paint_names, x_from_hz};
use crate::gui::widgets::goniometer::{Disc, Trail, paint_correlation};
use crate::gui::widgets::number::picture_info;

const GROUPS: &[Listed] = &[
    ("Width", &[("width_percent", "Width"), ("mid_gain_db", "Mid"), ("side_gain_db", "Side")]),
    (
        "Zones",
        &[
            ("low_width_percent", "Low width"),
            ("width_split_low_hz", "Low split"),
            ("high_width_percent", "High width"),
            ("width_split_high_hz", "High split"),
        ],
    ),
    ("Mono", &[("mono_below_hz", "Mono below"), ("mono_slope_db_oct", "Slope"), ("phase", "Phase")]),
    ("Place", &[("balance_percent", "Balance"), ("rotation_deg", "Rotation"), ("delay_ms", "Delay")]),
    ("Guard", &[("mono_safe", "Mono safe"), ("correlation_floor", "Floor"), ("equal_power", "Equal power")]),
];

/// Side against mid in the picture.
const WIDTH: Axis = Axis { low_db: -36.0, high_db: 6.0 };
/// Height of the correlation bar with its numbers, points.
const CORRELATION: f32 = 32.0;
/// Below this the mono-maker is off, Hz.
const OFF_HZ: f64 = 14.0;

/// Draws the stereo processor into all of `ui`.
pub fn stereo_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, out: &mut Outbox) {
    let groups = groups_of(view, GROUPS);
    split_ui(ui, view, &groups, out, |ui, rect, out| {
        let side = (rect.height() - CORRELATION - 4.0).min(rect.width() * 0.29);
        fields_ui(ui, Rect::from_min_size(rect.min, vec2(2.0 * side + 8.0, rect.height())), frame, view);
        let bands = Rect::from_min_max(pos2(rect.left() + 2.0 * side + 16.0, rect.top()), rect.max);
        bands_ui(ui, bands, frame, view, out);
    });
}

/// Both goniometers at one gain, each with its correlation below.
fn fields_ui(ui: &Ui, rect: Rect, frame: &Frame, view: &SlotView<'_>) {
    let focus = (frame.focus.slot == Some(view.slot.id)).then_some(&*frame.focus);
    let points = |of: fn(&crate::app::frame::FocusView) -> &Vec<[f32; 2]>| {
        focus.map_or(&[] as &[[f32; 2]], |f| of(f).as_slice())
    };
    let (before, after) = (points(|f| &f.field_before), points(|f| &f.field_after));
    let gain = shared_gain(before, after);
    let t = theme();
    let width = (rect.width() - 8.0) / 2.0;
    let sides = [
        ("before", before, focus.and_then(|f| f.before.correlation), t.wave_peak),
        ("after", after, focus.and_then(|f| f.after.correlation), t.master),
    ];
    for (i, (name, points, correlation, colour)) in sides.into_iter().enumerate() {
        let left = rect.left() + i as f32 * (width + 8.0);
        let column = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        let picture = column.with_max_y(column.bottom() - CORRELATION - 4.0);
        let bar = column.with_min_y(column.bottom() - CORRELATION);
        let response = ui.interact(column, view.id(("field", name)), Sense::hover());
        let shown = reading(correlation, 2);
        picture_info(&response, || format!("Goniometer {name}, correlation {shown}"));
        response.on_hover_text(
            "Mono is upright, left leans left. Both pictures have the same gain. Correlation over 0.3 s.",
        );
        field_ui(ui, picture, points, gain, colour);
        let painter = ui.painter();
        note(painter, picture.min + vec2(6.0, 4.0), Align2::LEFT_TOP, name);
        let zoom = if gain > 0.0 { format!("×{gain:.0}") } else { String::new() };
        note(painter, picture.right_top() + vec2(-6.0, 4.0), Align2::RIGHT_TOP, zoom);
        correlation_ui(ui, bar, correlation, &shown);
    }
}

/// What brings the larger of both pictures near the edge: a power of two, so that it rarely changes. 0 where both are
/// silent.
fn shared_gain(before: &[[f32; 2]], after: &[[f32; 2]]) -> f32 {
    let peak = before.iter().chain(after).flatten().fold(0.0f32, |m, s| m.max(s.abs()));
    if peak > 1e-4 { (1.0 / peak).log2().floor().max(0.0).exp2() } else { 0.0 }
}

fn field_ui(ui: &Ui, rect: Rect, points: &[[f32; 2]], gain: f32, colour: Color32) {
    let painter = ground(ui, rect);
    let disc = Disc::within(rect, false);
    disc.paint_guides(&painter);
    Trail { points, gain, fading: None, is_joined: false, colour: faded(colour, 0.75) }
        .paint(&painter, &disc);
}

fn correlation_ui(ui: &Ui, rect: Rect, correlation: Option<f64>, shown: &str) {
    let t = theme();
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), 8.0));
    let painter = ui.painter();
    paint_correlation(painter, bar, correlation, None, false);
    let below = bar.bottom() + 3.0;
    note(painter, pos2(bar.left(), below), Align2::LEFT_TOP, "−1");
    note(painter, pos2(bar.right(), below), Align2::RIGHT_TOP, "+1");
    let at = pos2(bar.center().x, below - 1.0);
    painter.text(at, Align2::CENTER_TOP, shown, t.font(t.body), t.text);
}

/// Width above, correlation below, over one frequency axis with the lines of the processor.
fn bands_ui(ui: &mut Ui, rect: Rect, frame: &Frame, view: &SlotView<'_>, out: &mut Outbox) {
    let t = theme();
    let response = ui.interact(rect, view.id("bands"), Sense::hover());
    picture_info(&response, || "Width and correlation over frequency".to_owned());
    let painter = ground(ui, rect);
    paint_axis(&painter, rect);
    let middle = rect.top() + rect.height() * 0.56;
    let width = Rect::from_min_max(rect.min + vec2(0.0, 18.0), pos2(rect.right(), middle));
    let correlation = Rect::from_min_max(pos2(rect.left(), middle + 18.0), rect.max - vec2(0.0, 16.0));
    painter.hline(rect.x_range(), middle + 1.0, Stroke::new(1.0, t.line_strong));
    let bands: &[BandField] =
        if frame.focus.slot == Some(view.slot.id) { &frame.focus.field_bands } else { &[] };
    width_ui(&painter, width, bands);
    correlations_ui(&painter, correlation, bands);
    paint_names(&painter, rect);
    lines_ui(ui, rect, view, out);
}

fn width_ui(painter: &Painter, rect: Rect, bands: &[BandField]) {
    let t = theme();
    for db in WIDTH.marks(rect.height()) {
        let y = WIDTH.y(rect, db);
        painter.hline(rect.x_range(), y, Stroke::new(1.0, t.line));
        note(painter, pos2(rect.left() + 4.0, y - 1.0), Align2::LEFT_BOTTOM, db_mark(db));
    }
    for band in bands {
        let span = x_from_hz(rect.x_range(), f64::from(band.low_hz)) + 1.0
            ..=x_from_hz(rect.x_range(), f64::from(band.high_hz)) - 1.0;
        let top = |db: f32| WIDTH.y(rect, f64::from(db));
        if let Some(db) = band.side_after_db {
            let bar = Rect::from_x_y_ranges(span.clone(), top(db)..=rect.bottom());
            painter.rect_filled(bar, 0.0, faded(t.master, 0.5));
        }
        if let Some(db) = band.side_before_db {
            painter.hline(span, top(db), Stroke::new(2.0, t.wave_peak));
        }
    }
    note(painter, rect.right_top() + vec2(-6.0, -14.0), Align2::RIGHT_TOP, "side against mid, dB");
}

fn correlations_ui(painter: &Painter, rect: Rect, bands: &[BandField]) {
    let t = theme();
    let axis = Axis { low_db: -1.0, high_db: 1.0 };
    for (value, text) in [(1.0, "+1"), (0.0, "0"), (-1.0, "−1")] {
        let y = axis.y(rect, value);
        painter.hline(rect.x_range(), y, Stroke::new(1.0, t.line));
        let align = if value < 0.0 { Align2::LEFT_BOTTOM } else { Align2::LEFT_TOP };
        note(painter, pos2(rect.left() + 4.0, y), align, text);
    }
    for band in bands {
        let span = x_from_hz(rect.x_range(), f64::from(band.low_hz)) + 1.0
            ..=x_from_hz(rect.x_range(), f64::from(band.high_hz)) - 1.0;
        let y = |c: f32| axis.y(rect, f64::from(c));
        if let Some(c) = band.correlation_after {
            let colour = if c < 0.0 { t.meter_high } else { t.master };
            let bar = Rect::from_x_y_ranges(span.clone(), y(c.max(0.0))..=y(c.min(0.0)));
            painter.rect_filled(bar, 0.0, faded(colour, 0.5));
        }
        if let Some(c) = band.correlation_before {
            painter.hline(span, y(c), Stroke::new(2.0, t.wave_peak));
        }
    }
    note(painter, rect.right_top() + vec2(-6.0, -14.0), Align2::RIGHT_TOP, "correlation");
}

/// The mono-maker and, where they do something, the splits of the zones.
fn lines_ui(ui: &Ui, rect: Rect, view: &SlotView<'_>, out: &mut Outbox) {
    let value = |id: &str| view.value(id).unwrap_or(100.0);
    let is_other = |id: &str| (value(id) - 100.0).abs() > 0.05;
    let lines = [
        ("mono_below_hz", "Mono below", "mono below", (OFF_HZ, 1000.0), OFF_HZ, true),
        ("width_split_low_hz", "Low split", "low", (20.0, 20_000.0), 0.0, is_other("low_width_percent")),
        ("width_split_high_hz", "High split", "high", (20.0, 20_000.0), 0.0, is_other("high_width_percent")),
    ];
    for (row, (id, name, word, limits_hz, off_below_hz, is_shown)) in lines.into_iter().enumerate() {
        let Some(index) = view.index(id).filter(|_| is_shown) else { continue };
        let name = format!("{name} on the picture");
        let hz = in_force_hz(view, id);
        let line = HzLine { index, hz, also: &[], name, word, row, limits_hz, off_below_hz };
        let response = line.show(ui, rect, view, out);
        reset_by_double_click(view, index, &response, out);
    }
}

/// Where a line works: the high split never below the low one.
fn in_force_hz(view: &SlotView<'_>, id: &str) -> f64 {
    let value = |id: &str| view.value(id).unwrap_or(0.0);
    if id == "width_split_high_hz" { value(id).max(value("width_split_low_hz")) } else { value(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_goniometers_have_the_gain_of_the_louder() {
        let (soft, loud) = ([[0.1, -0.05]], [[0.2, 0.3]]);
        assert_eq!(shared_gain(&soft, &soft), 8.0);
        assert_eq!(shared_gain(&soft, &loud), 2.0);
        assert_eq!(shared_gain(&loud, &soft), 2.0);
        assert_eq!(shared_gain(&[[1.4, 0.0]], &[]), 1.0);
        assert_eq!(shared_gain(&[], &[[0.0, 0.0]]), 0.0);
    }
}
