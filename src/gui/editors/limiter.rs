//! The editor of the limiter: input and output of the last ten seconds with what the limiter cuts out of them, the
//! ceiling as a line that can be dragged, and the figures before and after.

use egui::{Align2, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::SlotView;
use super::groups::{Listed, Track, groups_of, split_ui};
use super::history::{backed, fill_columns, gain_axis, ground, paint_gain, x_of_age};
use super::trace::{LENGTH_S, Past, Traces, age_s, now_db};
use super::transfer::{legend, line_stroke, paint_level_line, reset_by_double_click};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::{plain_reading, reading, signed};
use crate::gui::widgets::number::picture_info;
use crate::units::{db_from_gain, gain_from_db};

const GROUPS: &[Listed] = &[
    ("Level", &[("input_gain_db", "Input gain"), ("ceiling_dbtp", "Ceiling"), ("true_peak", "True peak")]),
    (
        "Gain",
        &[
            ("character", "Character"),
            ("lookahead_ms", "Look-ahead"),
            ("release_ms", "Release"),
            ("auto_release", "Auto release"),
        ],
    ),
    ("Link", &[("link_transient_percent", "Transients"), ("link_release_percent", "Release")]),
];

/// Width of the figures, points.
const FIGURES: f32 = 196.0;
/// Height of a line of figures, points.
const LINE: f32 = 21.0;
/// Lines above the scale have room for this much, dB above the input gain.
const HEADROOM_DB: f64 = 3.0;
/// How near to the ceiling the pointer takes it, points.
const REACH: f32 = 5.0;
/// Steps of the arrow keys and the wheel, dB.
const STEP_DB: f64 = 0.1;

/// Draws the limiter into all of `ui`.
pub fn limiter_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    let groups = groups_of(view, GROUPS);
    split_ui(ui, view, &groups, out, |ui, rect, out| {
        let past = Past::of(frame, traces, view.slot.id);
        let split = rect.right() - FIGURES;
        let plot = Rect::from_min_max(rect.min, pos2(split - 10.0, rect.bottom()));
        let figures = Rect::from_min_max(pos2(split, rect.top()), rect.max);
        history_ui(ui, plot, view, &past, out);
        figures_ui(ui, figures, frame, view, &past);
    });
}

/// A linear scale of magnitudes about the middle of a picture.
#[derive(Debug, Clone, Copy)]
struct Scale {
    rect: Rect,
    /// Magnitude at the edges.
    top: f64,
}

impl Scale {
    /// With room for what the input gain lifts.
    fn of(rect: Rect, input_gain_db: f64) -> Self {
        let top_db = (input_gain_db + HEADROOM_DB).clamp(HEADROOM_DB, 12.0);
        Self { rect, top: gain_from_db((top_db / 3.0).ceil() * 3.0) }
    }

    fn height(&self, magnitude: f64) -> f32 {
        (magnitude / self.top).min(1.0) as f32 * self.rect.height() / 2.0
    }

    fn y_of_db(&self, db: f64) -> f32 {
        self.rect.center().y - self.height(gain_from_db(db))
    }

    fn db_of_y(&self, y: f32) -> f64 {
        let share = f64::from((self.rect.center().y - y) / (self.rect.height().max(1.0) / 2.0));
        db_from_gain((share * self.top).max(1e-4))
    }
}

fn history_ui(ui: &mut Ui, rect: Rect, view: &SlotView<'_>, past: &Past<'_>, out: &mut Outbox) {
    let t = theme();
    let response = ui.interact(rect, view.id("past"), Sense::hover());
    let (deepest, _) = past.extremes_db();
    picture_info(&response, || format!("Gain reduction, last {LENGTH_S:.0} s, deepest {deepest:.1} dB"));
    let painter = ground(ui, rect);
    let input_gain_db = view.value("input_gain_db").unwrap_or(0.0);
    let scale = Scale::of(rect, input_gain_db);
    paint_grid(&painter, &scale, t);
    paint_waves(&painter, &scale, past, gain_from_db(input_gain_db), t);
    let upper = Rect::from_min_max(rect.min, pos2(rect.right(), rect.center().y));
    paint_gain(&painter, upper, &gain_axis(past, false), past);
    legend(ui, rect, &[("out", t.master), ("cut away", t.over), ("gain, dB", t.over)]);
    let corner = rect.right_bottom() - vec2(6.0, 2.0);
    backed(&painter, corner, Align2::RIGHT_BOTTOM, "last 10 s", t.text_weak);
    for db in [0.0, -6.0, -12.0] {
        let at = pos2(rect.left() + 4.0, scale.y_of_db(db));
        backed(&painter, at, Align2::LEFT_CENTER, signed(db, 0), t.text_weak);
    }
    ceiling_ui(ui, &scale, view, out);
}

fn paint_grid(painter: &egui::Painter, scale: &Scale, t: &Theme) {
    let rect = scale.rect;
    for age in 1..10 {
        painter.vline(x_of_age(rect, f64::from(age)), rect.y_range(), Stroke::new(1.0, faded(t.line, 0.45)));
    }
    painter.hline(rect.x_range(), rect.center().y, Stroke::new(1.0, t.line));
    for db in [0.0, -6.0, -12.0] {
        let (y, below) = (scale.y_of_db(db), rect.center().y + scale.height(gain_from_db(db)));
        painter.hline(rect.x_range(), y, Stroke::new(1.0, t.line));
        painter.hline(rect.x_range(), below, Stroke::new(1.0, t.line));
    }
}

/// The output, and beyond it what was taken away from the driven input, mirrored about the middle.
fn paint_waves(painter: &egui::Painter, scale: &Scale, past: &Past<'_>, input_gain: f64, t: &Theme) {
    let (count, middle) = (past.points.len(), scale.rect.center().y);
    let x = |i: usize| x_of_age(scale.rect, age_s(count, i));
    for side in [-1.0, 1.0] {
        let outs = past
            .points
            .iter()
            .enumerate()
            .map(|(i, p)| (x(i), middle, middle + side * scale.height(f64::from(p.after))));
        let cut = past.points.iter().enumerate().map(|(i, p)| {
            let after = f64::from(p.after);
            let before = (f64::from(p.before) * input_gain).max(after);
            (x(i), middle + side * scale.height(after), middle + side * scale.height(before))
        });
        fill_columns(painter, outs, faded(t.master, 0.6));
        fill_columns(painter, cut, faded(t.over, 0.55));
    }
}

/// The ceiling: dragged above, mirrored below.
fn ceiling_ui(ui: &mut Ui, scale: &Scale, view: &SlotView<'_>, out: &mut Outbox) {
    let Some(index) = view.index("ceiling_dbtp") else { return };
    let track = Track {
        index,
        name: "Ceiling on the waveform".to_owned(),
        is_across: false,
        place_from: &|db| scale.y_of_db(db),
        value_from: &|y| scale.db_of_y(y),
        stepped: &|db, steps| db + steps * STEP_DB,
    };
    let ceiling_db = view.values.get(index);
    let y = scale.y_of_db(ceiling_db);
    let rect = scale.rect;
    let hit = Rect::from_x_y_ranges(rect.x_range(), y - REACH..=y + REACH).intersect(rect);
    let response = track.handle(ui, view, hit, out);
    reset_by_double_click(view, index, &response, out);
    let stroke = line_stroke(&response);
    paint_level_line(ui, rect, y, stroke);
    let below = rect.center().y + scale.height(gain_from_db(ceiling_db));
    paint_level_line(ui, rect, below, Stroke::new(1.0, faded(stroke.color, 0.5)));
    let text = format!("ceiling {} dBTP", signed(ceiling_db, 1));
    let at = pos2(rect.right() - 40.0, y - 2.0);
    backed(ui.painter(), at, Align2::RIGHT_BOTTOM, text, stroke.color);
}

/// Peaks and loudness before and after, what was gained, and the gain now.
fn figures_ui(ui: &mut Ui, rect: Rect, frame: &Frame, view: &SlotView<'_>, past: &Past<'_>) {
    let is_focus = frame.focus.slot == Some(view.slot.id);
    let (before, after) = if is_focus { (frame.focus.before, frame.focus.after) } else { Default::default() };
    let gained = |before: Option<f64>, after: Option<f64>| reading(after.zip(before).map(|(a, b)| a - b), 1);
    let row = |name: &'static str, before: Option<f64>, after: Option<f64>, decimals| {
        [
            name.to_owned(),
            plain_reading(before, decimals),
            plain_reading(after, decimals),
            gained(before, after),
        ]
    };
    let head = ["", "in", "out", "gained"].map(str::to_owned);
    let peak = row("peak, dBTP", before.max_true_peak_dbtp, after.max_true_peak_dbtp, 2);
    let rows = [
        head,
        peak,
        row("M, LUFS", before.momentary_lufs, after.momentary_lufs, 1),
        row("S, LUFS", before.short_term_lufs, after.short_term_lufs, 1),
    ];
    for (i, cells) in rows.iter().enumerate() {
        line_ui(ui, rect, i as f32 * LINE, cells, i == 0);
    }
    let (deepest, _) = past.extremes_db();
    let known = !past.gains.is_empty();
    let now = now_db(frame, view.slot.id).map(f64::from);
    let gain_top = rows.len() as f32 * LINE + 8.0;
    ui.painter().hline(rect.x_range(), rect.top() + gain_top - 5.0, theme().hairline());
    let head = ["gain, dB", "now", "deepest", "mean"].map(str::to_owned);
    line_ui(ui, rect, gain_top, &head, true);
    let deepest = reading(known.then_some(f64::from(deepest)), 1);
    let cells = ["both".to_owned(), reading(now, 1), deepest, reading(past.mean_db(), 1)];
    line_ui(ui, rect, gain_top + LINE, &cells, false);
    if is_focus && let [left, right] = frame.focus.bands_db[..] {
        for (i, (name, db)) in [("left", left), ("right", right)].into_iter().enumerate() {
            let cells = [name.to_owned(), reading(Some(f64::from(db)), 1), String::new(), String::new()];
            line_ui(ui, rect, gain_top + LINE * (2 + i) as f32, &cells, false);
        }
    }
    let response = ui.interact(rect, view.id("figures"), Sense::hover());
    picture_info(&response, || "Levels before and after the limiter".to_owned());
    response.on_hover_text(
        "In: before the input gain. True peak: largest since the editor was opened or the meters were reset. M: 400 ms, S: 3 s. Gained in dB and LU.",
    );
}

fn line_ui(ui: &Ui, rect: Rect, top: f32, cells: &[String; 4], is_head: bool) {
    let t = theme();
    let y = rect.top() + top + LINE / 2.0;
    let stops = [0.0, 0.54, 0.77, 1.0];
    for (i, (cell, stop)) in cells.iter().zip(stops).enumerate() {
        let align = if i == 0 { Align2::LEFT_CENTER } else { Align2::RIGHT_CENTER };
        let (size, colour) = if is_head || i == 0 { (t.small, t.text_weak) } else { (t.body, t.text) };
        let at = pos2(rect.left() + rect.width() * stop, y);
        ui.painter().text(at, align, cell, t.font(size), colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_has_room_for_the_input_gain_and_inverts() {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(400.0, 200.0));
        assert!((db_from_gain(Scale::of(rect, 0.0).top) - 3.0).abs() < 1e-9);
        assert!((db_from_gain(Scale::of(rect, 5.0).top) - 9.0).abs() < 1e-9);
        assert!((db_from_gain(Scale::of(rect, 30.0).top) - 12.0).abs() < 1e-9);
        let scale = Scale::of(rect, 0.0);
        for db in [-20.0, -6.0, -1.0, 0.0] {
            assert!((scale.db_of_y(scale.y_of_db(db)) - db).abs() < 1e-3, "{db}");
        }
    }
}
