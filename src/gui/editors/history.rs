//! Pictures of the last ten seconds: levels before and after a slot, its gain change over them, how often which gain
//! change came, and the numbers of it.

use egui::{Align2, Color32, Painter, Pos2, Rangef, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::trace::{LENGTH_S, Past, age_s};
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::{plain, reading};
pub(super) use crate::gui::widgets::fill::fill_columns;
use crate::units::db_from_gain;

/// Bars of the histogram for a decibel.
const BINS_PER_DB: f64 = 2.0;

/// A decibel axis from bottom to top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// At the bottom (the left), dB.
    pub low_db: f64,
    /// At the top (the right), dB.
    pub high_db: f64,
}

impl Axis {
    /// Share of the way from low to high, 0 to 1.
    pub(super) fn share(&self, db: f64) -> f32 {
        let db = if db.is_nan() { self.low_db } else { db };
        ((db - self.low_db) / (self.high_db - self.low_db)).clamp(0.0, 1.0) as f32
    }

    /// Height of a level in a rectangle.
    pub(super) fn y(&self, rect: Rect, db: f64) -> f32 {
        rect.bottom() - rect.height() * self.share(db)
    }

    /// Level at a height, also outside the rectangle.
    pub(super) fn db_at_y(&self, rect: Rect, y: f32) -> f64 {
        self.low_db + (self.high_db - self.low_db) * f64::from((rect.bottom() - y) / rect.height().max(1.0))
    }

    /// Place of a level from left to right.
    pub(super) fn x(&self, rect: Rect, db: f64) -> f32 {
        rect.left() + rect.width() * self.share(db)
    }

    /// Level at a place, also outside the rectangle.
    pub(super) fn db_at_x(&self, rect: Rect, x: f32) -> f64 {
        self.low_db + (self.high_db - self.low_db) * f64::from((x - rect.left()) / rect.width().max(1.0))
    }

    /// Round marks inside the axis, so many points apart at least.
    pub(super) fn marks(&self, points: f32) -> Vec<f64> {
        let span = self.high_db - self.low_db;
        let most = f64::from(points / 22.0).max(1.0);
        let step = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0].into_iter().find(|s| span / s <= most).unwrap_or(48.0);
        let first = (self.low_db / step).floor() + 1.0;
        let count = ((self.high_db / step).ceil() - first).max(0.0) as usize;
        (0..count).map(|i| (first + i as f64) * step).collect()
    }
}

/// The axis of the gain change that shows everything: from the top where nothing is added.
pub(super) fn gain_axis(past: &Past<'_>, adds_gain: bool) -> Axis {
    let (deepest, highest) = past.extremes_db();
    let reach = if deepest < -12.0 || highest > 12.0 { 24.0 } else { 12.0 };
    Axis { low_db: -reach, high_db: if adds_gain { reach } else { 0.0 } }
}

/// Place of an age in a picture of the last ten seconds.
pub(super) fn x_of_age(rect: Rect, age_s: f64) -> f32 {
    rect.right() - rect.width() * (age_s / LENGTH_S) as f32
}

/// The ground of a picture and its painter.
pub(super) fn ground(ui: &Ui, rect: Rect) -> Painter {
    let t = theme();
    ui.painter().rect_filled(rect, t.corner, t.ground);
    ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()))
}

/// A small text.
pub(super) fn note(painter: &Painter, at: Pos2, align: Align2, text: impl Into<String>) -> Rect {
    let t = theme();
    painter.text(at, align, text.into(), t.font(t.small), t.text_weak)
}

/// A small text over fills: on a piece of the ground.
pub(super) fn backed(
    painter: &Painter,
    at: Pos2,
    align: Align2,
    text: impl Into<String>,
    colour: Color32,
) -> Rect {
    let t = theme();
    let galley = painter.layout_no_wrap(text.into(), t.font(t.small), colour);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(2.0, -1.0)), t.corner, faded(t.ground, 0.72));
    painter.galley(rect.min, galley, colour);
    rect
}

/// A mark of a decibel axis.
pub(super) fn db_mark(db: f64) -> String {
    plain(db, 0)
}

/// The seconds and the level lines of a picture of levels in time.
pub(super) fn paint_time_grid(painter: &Painter, rect: Rect, axis: &Axis) {
    let t = theme();
    for age in 1..10 {
        let x = x_of_age(rect, f64::from(age));
        painter.vline(x, rect.y_range(), Stroke::new(1.0, faded(t.line, 0.45)));
    }
    for db in axis.marks(rect.height()) {
        let y = axis.y(rect, db);
        painter.hline(rect.x_range(), y, Stroke::new(1.0, t.line));
        // The bottom line is where other notes stand.
        if y < rect.bottom() - 16.0 && y > rect.top() + 14.0 {
            backed(painter, pos2(rect.left() + 4.0, y), Align2::LEFT_CENTER, db_mark(db), t.text_weak);
        }
    }
}

/// Levels before (light) and after (darker), from the bottom up.
pub(super) fn paint_levels(painter: &Painter, rect: Rect, axis: &Axis, past: &Past<'_>) {
    let t = theme();
    let count = past.points.len();
    let columns = |of: fn(&crate::app::frame::FocusPoint) -> f32| {
        past.points.iter().enumerate().map(move |(i, point)| {
            let y = axis.y(rect, db_from_gain(f64::from(of(point)).max(1e-9)));
            (x_of_age(rect, age_s(count, i)), y, rect.bottom())
        })
    };
    fill_columns(painter, columns(|p| p.before), faded(t.wave_peak, 0.35));
    fill_columns(painter, columns(|p| p.after), faded(t.master, 0.4));
}

/// The gain change as a line and what it takes away (or adds) as a fill, from 0 dB.
pub(super) fn paint_gain(painter: &Painter, rect: Rect, axis: &Axis, past: &Past<'_>) {
    let t = theme();
    let zero = axis.y(rect, 0.0);
    let line: Vec<Pos2> =
        past.gains.iter().map(|(age, db)| pos2(x_of_age(rect, *age), axis.y(rect, f64::from(*db)))).collect();
    fill_columns(painter, line.iter().map(|p| (p.x, zero, p.y)), faded(t.over, 0.1));
    if axis.high_db > 0.0 {
        painter.hline(rect.x_range(), zero, Stroke::new(1.0, faded(t.over, 0.35)));
    }
    painter.add(Shape::line(line, Stroke::new(1.2, t.over)));
    // The scale of its own, right.
    for db in axis.marks(rect.height()) {
        let y = axis.y(rect, db);
        if y > rect.top() + 14.0 && y < rect.bottom() - 16.0 {
            painter.hline(Rangef::new(rect.right() - 6.0, rect.right()), y, Stroke::new(1.0, t.over));
            backed(painter, pos2(rect.right() - 8.0, y), Align2::RIGHT_CENTER, db_mark(db), t.over);
        }
    }
}

/// How often which gain change came, on the axis of the gain: the longest bar is the one met most.
pub(super) fn paint_histogram(ui: &Ui, rect: Rect, axis: &Axis, past: &Past<'_>) {
    let t = theme();
    let painter = ground(ui, rect);
    for db in axis.marks(rect.height()) {
        painter.hline(rect.x_range(), axis.y(rect, db), Stroke::new(1.0, faded(t.line, 0.7)));
    }
    let bins = histogram(axis, past);
    let most = bins.iter().copied().max().unwrap_or(0).max(1) as f32;
    for (i, count) in bins.iter().enumerate() {
        let from = axis.low_db + i as f64 / BINS_PER_DB;
        let y = Rangef::new(axis.y(rect, from + 1.0 / BINS_PER_DB), axis.y(rect, from) - 1.0);
        let width = (rect.width() - 4.0) * *count as f32 / most;
        let bar = Rect::from_x_y_ranges(rect.left()..=rect.left() + width, y);
        if *count > 0 {
            painter.rect_filled(bar.intersect(rect), 0.0, faded(t.over, 0.65));
        }
    }
    note(&painter, rect.right_bottom() - vec2(4.0, 2.0), Align2::RIGHT_BOTTOM, "how often");
}

/// Readings in each half decibel of the axis. A gain of 0 is no change and not counted.
fn histogram(axis: &Axis, past: &Past<'_>) -> Vec<u32> {
    let count = ((axis.high_db - axis.low_db) * BINS_PER_DB).round() as usize;
    let mut bins = vec![0; count];
    for (_, db) in past.gains.iter().filter(|(_, db)| db.abs() > 0.01) {
        let place = (f64::from(*db) - axis.low_db) * BINS_PER_DB;
        bins[(place.max(0.0) as usize).min(count - 1)] += 1;
    }
    bins
}

/// Numbers below one another, each with its name above; the room of each is the same whatever it says.
pub(super) fn paint_figures(ui: &Ui, rect: Rect, figures: &[(&str, String)]) {
    let t = theme();
    let step = (rect.height() / figures.len().max(1) as f32).min(40.0);
    for (i, (name, value)) in figures.iter().enumerate() {
        let at = pos2(rect.right(), rect.top() + i as f32 * step);
        ui.painter().text(at, Align2::RIGHT_TOP, *name, t.font(t.small), t.text_weak);
        let at = at + vec2(0.0, 11.0);
        ui.painter().text(at, Align2::RIGHT_TOP, value, t.font(t.title), t.text);
    }
}

/// The numbers of a gain change: now, the ends and the mean of the last ten seconds.
pub(super) fn gain_figures(
    now: Option<f32>,
    past: &Past<'_>,
    adds_gain: bool,
) -> Vec<(&'static str, String)> {
    let (deepest, highest) = past.extremes_db();
    let known = |db: f32| (!past.gains.is_empty()).then_some(f64::from(db));
    let mut figures =
        vec![("now, dB", reading(now.map(f64::from), 1)), ("deepest, dB", reading(known(deepest), 1))];
    if adds_gain {
        figures.push(("highest, dB", reading(known(highest), 1)));
    }
    figures.push(("mean, dB", reading(past.mean_db(), 1)));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_levels_are_inverses() {
        let axis = Axis { low_db: -60.0, high_db: 0.0 };
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(300.0, 200.0));
        assert_eq!((axis.y(rect, 0.0), axis.y(rect, -60.0)), (20.0, 220.0));
        for db in [-55.0, -18.0, -0.5] {
            assert!((axis.db_at_y(rect, axis.y(rect, db)) - db).abs() < 1e-3);
            assert!((axis.db_at_x(rect, axis.x(rect, db)) - db).abs() < 1e-3);
        }
        assert_eq!(axis.marks(120.0), [-48.0, -36.0, -24.0, -12.0]);
        assert_eq!(Axis { low_db: -12.0, high_db: 12.0 }.marks(100.0), [-6.0, 0.0, 6.0]);
    }

    #[test]
    fn the_histogram_counts_half_decibels_and_leaves_out_no_change() {
        let axis = Axis { low_db: -12.0, high_db: 0.0 };
        let gains = vec![(0.3, 0.0), (0.2, -0.2), (0.1, -3.1), (0.05, -3.4), (0.0, -40.0)];
        let bins = histogram(&axis, &Past { points: &[], gains });
        assert_eq!(bins.len(), 24);
        assert_eq!(bins.iter().sum::<u32>(), 4);
        assert_eq!((bins[23], bins[17], bins[0]), (1, 2, 1));
    }
}
