//! A static curve, level out against level in, with the point it works at now and thresholds that can be dragged; the
//! last ten seconds beside it on the same level axis.

use egui::{Align2, Rangef, Rect, Response, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::SlotView;
use super::groups::Track;
use super::history::{
    Axis, backed, db_mark, gain_axis, gain_figures, ground, note, paint_figures, paint_gain, paint_histogram,
    paint_levels, paint_time_grid,
};
use super::trace::{LENGTH_S, Past, Traces, now_db};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::number::picture_info;
use crate::process::{ParamIndex, ParamKind};

/// Points of a curve.
const POINTS: usize = 241;
/// A gain change smaller than this is none, dB.
const NO_CHANGE_DB: f64 = 0.05;
/// Width of the numbers, points.
const FIGURES: f32 = 66.0;
/// Width of the histogram, points.
const HISTOGRAM: f32 = 58.0;
/// Space between pictures, points.
const GAP: f32 = 8.0;
/// Steps of the arrow keys and the wheel, dB.
const STEP_DB: f64 = 0.5;
/// How near to a line the pointer takes it, points.
const REACH: f32 = 5.0;

/// A level curve of a channel or of both.
pub(super) struct Curve<'a> {
    /// Gain change of a steady level, dB, as the gain reduction reads.
    pub gain_db: Box<dyn Fn(f64) -> f64 + 'a>,
    /// Level out of a steady level in, dBFS.
    pub out_db: Box<dyn Fn(f64) -> f64 + 'a>,
}

/// A threshold that is shown and dragged.
pub(super) struct Threshold {
    /// The parameter.
    pub index: ParamIndex,
    /// As in `Threshold on the curve`.
    pub name: &'static str,
}

/// What a dynamics editor shows.
pub(super) struct Dynamics<'a> {
    /// Of levels.
    pub axis: Axis,
    /// The curve.
    pub curve: Curve<'a>,
    /// That of the second channel where it has its own.
    pub second: Option<Curve<'a>>,
    /// Thresholds, the main one first.
    pub thresholds: Vec<Threshold>,
    /// Gain may be added as well as taken.
    pub adds_gain: bool,
}

/// The axis of levels down to `low_db`, or as far as a threshold that is shown can be set.
pub(super) fn levels_axis(view: &SlotView<'_>, thresholds: &[Threshold], low_db: f64) -> Axis {
    let lowest = |threshold: &Threshold| match view.params()[threshold.index].kind {
        ParamKind::Number { min, .. } => min,
        _ => low_db,
    };
    Axis { low_db: thresholds.iter().map(lowest).fold(low_db, f64::min), high_db: 0.0 }
}

impl Curve<'_> {
    /// The level whose steady gain is nearest to the gain now, near the input where many have the same.
    fn level_of(&self, axis: &Axis, gain_db: f64, input_dbfs: f64) -> f64 {
        let miss = |level: f64| ((self.gain_db)(level) - gain_db).abs() + 0.003 * (level - input_dbfs).abs();
        let levels =
            (0..POINTS).map(|i| axis.low_db + (axis.high_db - axis.low_db) * i as f64 / (POINTS - 1) as f64);
        levels.min_by(|a, b| miss(*a).total_cmp(&miss(*b))).unwrap_or(input_dbfs)
    }
}

/// Draws curve, history, histogram and numbers side by side.
pub(super) fn dynamics_ui(
    ui: &mut Ui,
    rect: Rect,
    frame: &Frame,
    view: &SlotView<'_>,
    traces: &Traces,
    dynamics: &Dynamics<'_>,
    out: &mut Outbox,
) {
    let past = Past::of(frame, traces, view.slot.id);
    let side = rect.height().min(rect.width() * 0.36);
    let curve = Rect::from_min_size(rect.min, vec2(side, rect.height()));
    let right = Rect::from_min_max(pos2(curve.right() + GAP, rect.top()), rect.max);
    let now = Now {
        gain_db: now_db(frame, view.slot.id).map_or(0.0, f64::from),
        input_dbfs: past.input_dbfs().filter(|_| frame.transport.playing),
    };
    curve_ui(ui, curve, view, &now, dynamics, out);
    let handles = |ui: &mut Ui, plot: Rect, out: &mut Outbox| {
        for threshold in &dynamics.thresholds {
            level_line_ui(ui, plot, view, threshold, &dynamics.axis, out);
        }
    };
    past_ui(ui, right, frame, view, &past, &dynamics.axis, dynamics.adds_gain, out, handles);
}

/// Draws the last ten seconds with histogram and numbers; `over` draws on the levels.
#[expect(clippy::too_many_arguments, reason = "one picture, and each is another thing of it")]
pub(super) fn past_ui(
    ui: &mut Ui,
    rect: Rect,
    frame: &Frame,
    view: &SlotView<'_>,
    past: &Past<'_>,
    axis: &Axis,
    adds_gain: bool,
    out: &mut Outbox,
    over: impl FnOnce(&mut Ui, Rect, &mut Outbox),
) {
    let bars = if rect.width() > 300.0 { HISTOGRAM } else { 0.0 };
    let figures = Rect::from_min_max(pos2(rect.right() - FIGURES, rect.top()), rect.max);
    let histogram = Rect::from_x_y_ranges(figures.left() - bars..=figures.left(), rect.y_range());
    let plot = Rect::from_min_max(rect.min, pos2(histogram.left() - GAP / 2.0, rect.bottom()));
    let gain = gain_axis(past, adds_gain);
    let response = ui.interact(plot, view.id("past"), Sense::hover());
    let (deepest, _) = past.extremes_db();
    picture_info(&response, || format!("Gain reduction, last {LENGTH_S:.0} s, deepest {deepest:.1} dB"));
    let painter = ground(ui, plot);
    paint_levels(&painter, plot, axis, past);
    paint_gain(&painter, plot, &gain, past);
    paint_time_grid(&painter, plot, axis);
    legend(ui, plot, &[("in", theme().wave_peak), ("out", theme().master), ("gain, dB", theme().over)]);
    let corner = plot.right_bottom() - vec2(6.0, 2.0);
    backed(&painter, corner, Align2::RIGHT_BOTTOM, "last 10 s", theme().text_weak);
    over(ui, plot, out);
    if bars > 0.0 {
        paint_histogram(ui, histogram, &gain, past);
        let hover = ui.interact(histogram, view.id("histogram"), Sense::hover());
        picture_info(&hover, || "Histogram of the gain change, last 10 s".to_owned());
        hover.on_hover_text("How often which gain change came in the last 10 s.");
    }
    paint_figures(ui, figures, &gain_figures(now_db(frame, view.slot.id), past, adds_gain));
}

/// Words in the colours of what they name, along the bottom left.
pub(super) fn legend(ui: &Ui, plot: Rect, words: &[(&str, egui::Color32)]) {
    let painter = ui.painter().with_clip_rect(plot);
    let mut at = plot.left_bottom() + vec2(6.0, -2.0);
    for (word, colour) in words {
        let shown = backed(&painter, at, Align2::LEFT_BOTTOM, *word, *colour);
        at.x = shown.right() + 8.0;
    }
}

/// Where a curve works.
pub(super) struct Now {
    /// Gain change, dB.
    pub gain_db: f64,
    /// Level in, dBFS, where it is known.
    pub input_dbfs: Option<f64>,
}

/// Draws the curve with its thresholds and the point it works at.
pub(super) fn curve_ui(
    ui: &mut Ui,
    rect: Rect,
    view: &SlotView<'_>,
    now: &Now,
    dynamics: &Dynamics<'_>,
    out: &mut Outbox,
) {
    let t = theme();
    let axis = &dynamics.axis;
    let response = ui.interact(rect, view.id("transfer"), Sense::hover());
    let main_db = dynamics.thresholds.first().map_or(0.0, |main| view.values.get(main.index));
    picture_info(&response, || format!("Transfer curve, threshold {main_db:.1} dB"));
    let painter = ground(ui, rect);
    for db in axis.marks(rect.width().min(rect.height())) {
        let (x, y) = (axis.x(rect, db), axis.y(rect, db));
        painter.hline(rect.x_range(), y, Stroke::new(1.0, t.line));
        painter.vline(x, rect.y_range(), Stroke::new(1.0, t.line));
        note(&painter, pos2(x + 2.0, rect.bottom() - 2.0), Align2::LEFT_BOTTOM, db_mark(db));
    }
    painter.line_segment([rect.left_bottom(), rect.right_top()], Stroke::new(1.0, t.line_strong));
    let level = |i: usize| axis.low_db + (axis.high_db - axis.low_db) * i as f64 / (POINTS - 1) as f64;
    let line = |curve: &Curve<'_>| -> Vec<egui::Pos2> {
        (0..POINTS).map(|i| pos2(axis.x(rect, level(i)), axis.y(rect, (curve.out_db)(level(i))))).collect()
    };
    if let Some(second) = &dynamics.second {
        painter.extend(Shape::dashed_line(&line(second), Stroke::new(1.5, t.text_weak), 5.0, 3.0));
    }
    painter.add(Shape::line(line(&dynamics.curve), Stroke::new(2.0, t.text)));
    note(&painter, rect.min + vec2(6.0, 4.0), Align2::LEFT_TOP, "out / in, dBFS");
    for threshold in &dynamics.thresholds {
        curve_handle_ui(ui, rect, view, threshold, dynamics, out);
    }
    paint_dot(&painter, rect, now, dynamics);
}

/// Where the curve works now: at the level whose steady gain is the gain now.
fn paint_dot(painter: &egui::Painter, rect: Rect, now: &Now, dynamics: &Dynamics<'_>) {
    if now.input_dbfs.is_none() && now.gain_db.abs() < NO_CHANGE_DB {
        return;
    }
    let axis = &dynamics.axis;
    let level = dynamics.curve.level_of(axis, now.gain_db, now.input_dbfs.unwrap_or(axis.high_db));
    let at = pos2(axis.x(rect, level), axis.y(rect, (dynamics.curve.out_db)(level)));
    painter.circle(at, 4.5, theme().over, Stroke::new(1.0, theme().ground));
}

/// A threshold on the curve: a line across, with a grip on the curve.
fn curve_handle_ui(
    ui: &mut Ui,
    rect: Rect,
    view: &SlotView<'_>,
    threshold: &Threshold,
    dynamics: &Dynamics<'_>,
    out: &mut Outbox,
) {
    let axis = dynamics.axis;
    let value = view.values.get(threshold.index);
    let x = axis.x(rect, value);
    let track = Track {
        index: threshold.index,
        name: format!("{} on the curve", threshold.name),
        is_across: true,
        place_from: &|db| axis.x(rect, db),
        value_from: &|x| axis.db_at_x(rect, x),
        stepped: &|db, steps| db + steps * STEP_DB,
    };
    let hit = Rect::from_x_y_ranges(x - REACH..=x + REACH, rect.y_range()).intersect(rect);
    let response = track.handle(ui, view, hit, out);
    reset_by_double_click(view, threshold.index, &response, out);
    let stroke = line_stroke(&response);
    let painter = ui.painter().with_clip_rect(rect);
    painter.vline(x, rect.y_range(), stroke);
    let at = pos2(x, axis.y(rect, (dynamics.curve.out_db)(value)));
    painter.circle_filled(at, 4.0, stroke.color);
}

/// A threshold as a line over the levels.
fn level_line_ui(
    ui: &mut Ui,
    rect: Rect,
    view: &SlotView<'_>,
    threshold: &Threshold,
    axis: &Axis,
    out: &mut Outbox,
) {
    let track = Track {
        index: threshold.index,
        name: format!("{} on the waveform", threshold.name),
        is_across: false,
        place_from: &|db| axis.y(rect, db),
        value_from: &|y| axis.db_at_y(rect, y),
        stepped: &|db, steps| db + steps * STEP_DB,
    };
    let y = axis.y(rect, view.values.get(threshold.index));
    let hit = Rect::from_x_y_ranges(rect.x_range(), y - REACH..=y + REACH).intersect(rect);
    let response = track.handle(ui, view, hit, out);
    reset_by_double_click(view, threshold.index, &response, out);
    let stroke = line_stroke(&response);
    paint_level_line(ui, rect, y, stroke);
    let painter = ui.painter().with_clip_rect(rect);
    let above = y > rect.top() + 30.0;
    let (at, align) = if above {
        (pos2(rect.right() - 34.0, y - 1.0), Align2::RIGHT_BOTTOM)
    } else {
        (pos2(rect.right() - 34.0, y + 1.0), Align2::RIGHT_TOP)
    };
    backed(&painter, at, align, threshold.name.to_lowercase(), stroke.color);
}

/// A dashed line across a picture.
pub(super) fn paint_level_line(ui: &Ui, rect: Rect, y: f32, stroke: Stroke) {
    let x = Rangef::new(rect.left(), rect.right());
    let painter = ui.painter().with_clip_rect(rect);
    painter.extend(Shape::dashed_line(&[pos2(x.min, y), pos2(x.max, y)], stroke, 6.0, 4.0));
}

/// Brighter under the pointer, under the drag and with the keyboard.
pub(super) fn line_stroke(response: &Response) -> Stroke {
    let t = theme();
    if response.has_focus() {
        Stroke::new(1.5, t.focus)
    } else if response.hovered() || response.dragged() {
        Stroke::new(1.5, t.reference)
    } else {
        Stroke::new(1.0, faded(t.reference, 0.85))
    }
}

/// A double-click brings the default back.
pub(super) fn reset_by_double_click(
    view: &SlotView<'_>,
    index: ParamIndex,
    response: &Response,
    out: &mut Outbox,
) {
    if response.double_clicked() || (response.clicked() && response.ctx.input(|i| i.modifiers.alt)) {
        out.edit(view.edit(&[(index, view.params()[index].default_value())]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 : 1 above −20 dB: 5 dB of reduction belong to −10 dBFS, no reduction to the input itself.
    #[test]
    fn the_dot_lies_on_the_curve_where_the_gain_says() {
        let curve = Curve {
            gain_db: Box::new(|level| -(level + 20.0).max(0.0) / 2.0),
            out_db: Box::new(|level| level),
        };
        let axis = Axis { low_db: -60.0, high_db: 0.0 };
        assert!((curve.level_of(&axis, -5.0, -3.0) - -10.0).abs() < 0.3);
        assert!((curve.level_of(&axis, 0.0, -42.0) - -42.0).abs() < 0.3);
    }
}
