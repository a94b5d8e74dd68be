//! The editor of the compressor: its transfer curve, gain reduction of the last ten seconds, and its knobs.
//!
//! The curve is the static one of the compressor: reduction `c = 0` below the knee, `(1 − 1/R)·(L − T + W/2)² / (2W)` in
//! it, `(1 − 1/R)·(L − T)` above, at most the range; then make-up, then the mix with the input.

use egui::{Align2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::trace::{Traces, now_db, trace_ui};
use super::{SlotView, generic};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::number::picture_info;
use crate::process::ParamIndex;

/// Lowest level of the transfer curve, dBFS.
const FLOOR_DB: f64 = -60.0;
/// Points of the curve.
const POINTS: usize = 121;
/// Room a control takes with its space, points.
const CELL: egui::Vec2 = vec2(84.0, 80.0);
/// Least height of a picture, points.
const LEAST_PICTURE: f32 = 110.0;

/// Draws the compressor into all of `ui`.
pub fn compressor_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    pictured_ui(ui, view, out, |ui, rect| {
        let curve = Rect::from_min_size(rect.min, vec2(rect.height().min(rect.width() / 3.0), rect.height()));
        let right = Rect::from_min_max(pos2(curve.right() + 8.0, rect.top()), rect.max);
        curve_ui(ui, curve, frame, view);
        trace_ui(ui, right, frame, traces, view.slot.id, "");
    });
}

/// A picture above, every parameter below; the picture takes the room the controls leave.
pub(super) fn pictured_ui(
    ui: &mut Ui,
    view: &SlotView<'_>,
    out: &mut Outbox,
    picture: impl FnOnce(&mut Ui, Rect),
) {
    let all: Vec<ParamIndex> = (0..view.params().len()).collect();
    let area = ui.available_rect_before_wrap();
    let columns = (area.width() / CELL.x).floor().max(1.0);
    let rows = ((all.len() + 1) as f32 / columns).ceil();
    let height = (area.height() - rows * CELL.y - 8.0).max(LEAST_PICTURE.min(area.height()));
    let (rect, _) = ui.allocate_exact_size(vec2(area.width(), height), Sense::hover());
    picture(ui, rect);
    ui.add_space(4.0);
    egui::ScrollArea::vertical().id_salt(view.id("controls")).auto_shrink(false).show(ui, |ui| {
        generic::params_ui(ui, view, &all, out);
    });
}

/// What the transfer curve is made of.
#[derive(Debug, Clone, Copy)]
struct Transfer {
    threshold_db: f64,
    ratio: f64,
    knee_db: f64,
    range_db: f64,
    makeup_db: f64,
    mix: f64,
}

impl Transfer {
    /// Of a slot; `None` if the kind has no threshold and ratio.
    fn of(view: &SlotView<'_>) -> Option<Self> {
        Some(Self {
            threshold_db: view.value("threshold_db")?,
            ratio: view.value("ratio")?.max(1.0),
            knee_db: view.value("knee_db").unwrap_or(0.0),
            range_db: view.value("range_db").unwrap_or(f64::INFINITY),
            makeup_db: view.value("makeup_db").unwrap_or(0.0),
            mix: view.value("mix_percent").unwrap_or(100.0) / 100.0,
        })
    }

    /// Reduction of a steady level, dB, 0 or positive.
    fn reduction_db(&self, level_db: f64) -> f64 {
        let over = level_db - self.threshold_db;
        let slope = 1.0 - 1.0 / self.ratio;
        let wanted = if over <= -self.knee_db / 2.0 {
            0.0
        } else if over < self.knee_db / 2.0 {
            slope * (over + self.knee_db / 2.0).powi(2) / (2.0 * self.knee_db)
        } else {
            slope * over
        };
        wanted.min(self.range_db)
    }

    /// Level out for a steady level in, dBFS.
    fn output_db(&self, level_db: f64) -> f64 {
        let factor = |db: f64| 10f64.powf(db / 20.0);
        let wet = factor(self.makeup_db - self.reduction_db(level_db));
        level_db + 20.0 * (1.0 - self.mix + self.mix * wet).log10()
    }

    /// The lowest level that is reduced by so much, dBFS.
    fn level_of(&self, reduction_db: f64) -> f64 {
        let (mut low, mut high) = (FLOOR_DB, 0.0);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if self.reduction_db(middle) < reduction_db { low = middle } else { high = middle }
        }
        high
    }
}

fn curve_ui(ui: &Ui, rect: Rect, frame: &Frame, view: &SlotView<'_>) {
    let t = theme();
    let Some(transfer) = Transfer::of(view) else { return };
    let response = ui.interact(rect, view.id("transfer"), Sense::hover());
    picture_info(&response, || format!("Transfer curve, threshold {:.1} dB", transfer.threshold_db));
    ui.painter().rect_filled(rect, t.corner, t.ground);
    let painter = ui.painter_at(rect);
    let share = |db: f64| ((db - FLOOR_DB) / -FLOOR_DB) as f32;
    let at = |level: f64, out: f64| {
        pos2(rect.left() + rect.width() * share(level), rect.bottom() - rect.height() * share(out))
    };
    for db in [-48.0, -36.0, -24.0, -12.0] {
        let place = at(db, db);
        painter.hline(rect.x_range(), place.y, Stroke::new(1.0, t.line));
        painter.vline(place.x, rect.y_range(), Stroke::new(1.0, t.line));
        let mark = format!("−{:.0}", -db);
        painter.text(
            pos2(place.x + 2.0, rect.bottom() - 2.0),
            Align2::LEFT_BOTTOM,
            mark,
            t.font(t.small),
            t.text_weak,
        );
    }
    painter.line_segment([at(FLOOR_DB, FLOOR_DB), at(0.0, 0.0)], Stroke::new(1.0, t.line_strong));
    let threshold = at(transfer.threshold_db, 0.0).x;
    painter.vline(threshold, rect.y_range(), Stroke::new(1.0, faded(t.reference, 0.8)));
    let level = |i: usize| FLOOR_DB * (1.0 - i as f64 / (POINTS - 1) as f64);
    let line = (0..POINTS).map(|i| at(level(i), transfer.output_db(level(i)))).collect();
    let colour = if view.slot.enabled { t.text } else { t.text_weak };
    painter.add(Shape::line(line, Stroke::new(2.0, colour)));
    let now = now_db(frame, view.slot.id).map(|db| f64::from(-db)).filter(|db| *db > 0.05);
    if let Some(reduction) = now {
        let level = transfer.level_of(reduction);
        painter.circle_filled(at(level, transfer.output_db(level)), 4.5, t.over);
    }
    painter.text(rect.min + vec2(6.0, 4.0), Align2::LEFT_TOP, "out / in, dBFS", t.font(t.small), t.text_weak);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer() -> Transfer {
        Transfer { threshold_db: -20.0, ratio: 4.0, knee_db: 6.0, range_db: 60.0, makeup_db: 0.0, mix: 1.0 }
    }

    /// Giannoulis, Massberg, Reiss 2012, equation 4: at the threshold `(1 − 1/R)·W/8` is taken away.
    #[test]
    fn the_curve_is_that_of_the_compressor() {
        let curve = transfer();
        assert_eq!(curve.output_db(-40.0), -40.0);
        assert!((curve.output_db(0.0) - -15.0).abs() < 1e-9);
        assert!((curve.reduction_db(-20.0) - 0.75 * 6.0 / 8.0).abs() < 1e-9);
        let hard = Transfer { knee_db: 0.0, ..curve };
        assert!((hard.output_db(-10.0) - -17.5).abs() < 1e-9);
        let gentle = Transfer { range_db: 3.0, makeup_db: 2.0, ..curve };
        assert!((gentle.output_db(0.0) - -1.0).abs() < 1e-9);
        let dry = Transfer { mix: 0.0, ..curve };
        assert!((dry.output_db(0.0)).abs() < 1e-9);
    }

    #[test]
    fn the_dot_lies_where_the_reduction_is() {
        let curve = transfer();
        for level in [-19.0, -12.0, -3.0] {
            assert!((curve.level_of(curve.reduction_db(level)) - level).abs() < 1e-6);
        }
    }
}
