//! The last seconds at the meter point: peak light, RMS solid, the chains' total gain reduction cut out of them from above,
//! the limiter's ceiling as a line, overs in red.

use egui::{Align2, Color32, Mesh, Painter, Rect, Role, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::parts::{choices, heading_menu, set_loudness};
use super::speak;
use crate::app::frame::{Frame, LIVE_FULL_SCALE, LevelTrace, TRACE_PER_SECOND, TracePoint};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::{plain, reading};
use crate::units::db_from_gain;

/// Bottom of the scale, dBFS.
const FLOOR_DB: f64 = -48.0;
/// Room of the scale at the left and of the times below, points.
const SCALE: f32 = 30.0;
const TIMES: f32 = 15.0;
/// Lengths that can be chosen, seconds.
const LENGTHS: [(u32, &str); 3] = [(10, "10 s"), (30, "30 s"), (60, "60 s")];

/// The last seconds, one point for each point of the width, oldest first; `None` before the sound began.
fn columns_of(trace: &LevelTrace, seconds: u32, count: usize) -> Vec<Option<TracePoint>> {
    let written = trace.written();
    let length = u64::from(seconds) * TRACE_PER_SECOND;
    // On a grid of whole columns, so that a column keeps its points while it moves.
    let per_column = (length as f64 / count.max(1) as f64).max(1e-9);
    let newest = (written as f64 / per_column).floor();
    let column = |i: usize| {
        let number = newest - (count - i) as f64;
        // Narrower columns than points: each shows the point it lies in.
        let from =
            if per_column < 1.0 { (number * per_column).floor() } else { (number * per_column).ceil() };
        let to = ((number + 1.0) * per_column).ceil().max(from + 1.0);
        let points = (from.max(0.0) as u64)..(to.max(0.0) as u64);
        points.filter_map(|p| trace.point(p)).reduce(|a, b| TracePoint {
            peak: a.peak.max(b.peak),
            rms: a.rms.max(b.rms),
            gain_db: [a.gain_db, b.gain_db].into_iter().flatten().reduce(f32::min),
        })
    };
    (0..count).map(column).collect()
}

/// The panel, into all the room there is.
pub fn trace_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    let seconds = frame.meter_settings.loudness.trace_s.clamp(10, 60);
    let remark = format!("{seconds} s, gain reduction");
    heading_menu(ui, "Waveform", &remark, |ui| {
        if let Some(length) = choices(ui, seconds, &LENGTHS) {
            set_loudness(frame, out, |l| l.trace_s = length);
        }
    });
    let (rect, response) = ui.allocate_exact_size(ui.available_size().max(vec2(80.0, 40.0)), Sense::hover());
    let plot = Rect::from_min_max(rect.min + vec2(SCALE, 6.0), rect.max - vec2(0.0, TIMES));
    let columns = columns_of(&frame.level_trace, seconds, plot.width().max(1.0) as usize);
    let ceiling_dbtp = frame.ceiling_dbtp();
    speak(ui, &response, Role::Canvas, || spoken(&columns, seconds, ceiling_dbtp));
    ui.painter().rect_filled(plot, 2.0, t.ground);
    grid_ui(ui, t, rect, plot, seconds);
    let painter = ui.painter_at(plot);
    let level = |gain: f32| y_of(plot, db_from_gain(f64::from(gain.max(1e-9))));
    fill(&painter, plot, &columns, faded(t.master, 0.35), |p| (level(p.peak), plot.bottom()));
    fill(&painter, plot, &columns, faded(t.master, 0.85), |p| (level(p.rms), plot.bottom()));
    let depth = |p: &TracePoint| y_of(plot, f64::from(p.gain_db.unwrap_or(0.0)));
    fill(&painter, plot, &columns, faded(t.ground, 0.8), |p| (plot.top(), depth(p)));
    gain_line(&painter, plot, &columns, t.meter_mid);
    let red = |p: &TracePoint| {
        if f64::from(p.peak) >= LIVE_FULL_SCALE { (plot.top(), plot.top() + 4.0) } else { (0.0, 0.0) }
    };
    fill(&painter, plot, &columns, t.over, red);
    if let Some(ceiling_dbtp) = ceiling_dbtp {
        let y = y_of(plot, ceiling_dbtp);
        painter.hline(plot.x_range(), y, Stroke::new(1.0, faded(t.text, 0.7)));
    }
    figures_ui(&painter, t, plot, &ceiling_words(ceiling_dbtp, " · "), &columns);
    response.on_hover_text(
        "Peak light, RMS solid; the amber line hanging from above is the gain all chains together take away, in dB on the \
         same scale. Red: at full scale or over (0 dBFS, to a step of 16 bits).",
    );
}

fn y_of(plot: Rect, db: f64) -> f32 {
    let place = (db.clamp(FLOOR_DB, 0.0) / FLOOR_DB) as f32;
    plot.top() + place * plot.height()
}

/// Rectangles between two heights, one a column; nothing where they are the same.
fn fill(
    painter: &Painter,
    plot: Rect,
    columns: &[Option<TracePoint>],
    colour: Color32,
    heights: impl Fn(&TracePoint) -> (f32, f32),
) {
    let mut mesh = Mesh::default();
    for (i, point) in columns.iter().enumerate() {
        let Some((from, to)) = point.as_ref().map(&heights).filter(|(from, to)| to > from) else { continue };
        let x = plot.left() + i as f32;
        mesh.add_colored_rect(Rect::from_min_max(pos2(x, from), pos2(x + 1.0, to)), colour);
    }
    painter.add(Shape::mesh(mesh));
}

/// The lower edge of what is cut out.
fn gain_line(painter: &Painter, plot: Rect, columns: &[Option<TracePoint>], colour: Color32) {
    let gain = |c: &Option<TracePoint>| c.and_then(|p| p.gain_db);
    let mut from = 0;
    for run in columns.split(|c| gain(c).is_none()) {
        let at = |(i, c): (usize, &Option<TracePoint>)| {
            let x = plot.left() + (from + i) as f32 + 0.5;
            pos2(x, y_of(plot, f64::from(gain(c).unwrap_or(0.0))))
        };
        if run.len() > 1 {
            painter.line(run.iter().enumerate().map(at).collect(), Stroke::new(1.2, colour));
        }
        from += run.len() + 1;
    }
}

fn grid_ui(ui: &Ui, t: &Theme, rect: Rect, plot: Rect, seconds: u32) {
    let painter = ui.painter_at(rect);
    let step = if plot.height() > 140.0 { 6 } else { 12 };
    for db in (0..=48).step_by(step) {
        let y = y_of(plot, -f64::from(db));
        painter.hline(plot.x_range(), y, Stroke::new(1.0, faded(t.line, 0.5)));
        let at = pos2(plot.left() - 5.0, y);
        painter.text(at, Align2::RIGHT_CENTER, plain(-f64::from(db), 0), t.font(t.small), t.text_weak);
    }
    let step = seconds as usize / 5;
    for age in (0..=seconds).step_by(step.max(1)) {
        let x = plot.right() - plot.width() * age as f32 / seconds as f32;
        painter.vline(x, plot.y_range(), Stroke::new(1.0, faded(t.line, 0.5)));
        let (text, align) = match age {
            0 => ("now".to_owned(), Align2::RIGHT_BOTTOM),
            a if a == seconds => (format!("−{a} s"), Align2::LEFT_BOTTOM),
            a => (format!("−{a}"), Align2::CENTER_BOTTOM),
        };
        painter.text(pos2(x, rect.bottom()), align, text, t.font(t.small), t.text_weak);
    }
}

/// Deepest reduction and highest peak in sight, dB.
fn extremes(columns: &[Option<TracePoint>]) -> (Option<f64>, Option<f64>) {
    let points = || columns.iter().flatten();
    let deepest = points().filter_map(|p| p.gain_db).reduce(f32::min).map(f64::from);
    let highest = points().map(|p| p.peak).reduce(f32::max).filter(|p| *p > 1e-6);
    (deepest, highest.map(|p| db_from_gain(f64::from(p))))
}

fn figures_ui(painter: &Painter, t: &Theme, plot: Rect, ceiling: &str, columns: &[Option<TracePoint>]) {
    let (deepest, highest) = extremes(columns);
    let text = format!("{ceiling}peak {} dBFS · reduction {} dB", reading(highest, 1), reading(deepest, 1));
    let at = plot.right_bottom() - vec2(4.0, 4.0);
    let galley = painter.layout_no_wrap(text, t.font(t.small), t.text);
    let rect = Align2::RIGHT_BOTTOM.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(3.0, 0.0)), t.corner, faded(t.ground, 0.75));
    painter.galley(rect.min, galley, t.text);
}

/// The ceiling with what follows it; nothing without a limiter.
fn ceiling_words(ceiling_dbtp: Option<f64>, then: &str) -> String {
    ceiling_dbtp.map_or(String::new(), |c| format!("ceiling {} dBTP{then}", plain(c, 1)))
}

fn spoken(columns: &[Option<TracePoint>], seconds: u32, ceiling_dbtp: Option<f64>) -> String {
    let (deepest, highest) = extremes(columns);
    format!(
        "Waveform of the last {seconds} seconds: {}highest peak {} dBFS, deepest gain reduction {} dB",
        ceiling_words(ceiling_dbtp, ", "),
        reading(highest, 1),
        reading(deepest, 1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_keeps_the_highest_peak_and_the_deepest_gain() {
        let trace = LevelTrace::default();
        (0..1000).for_each(|i| trace.write(if i == 505 { 1.0 } else { 0.1 }, 0.05));
        trace.write_gain(0..1000, -1.0);
        trace.write_gain(508..509, -7.0);
        let columns = columns_of(&trace, 10, 100);
        assert_eq!(columns.len(), 100);
        let spike: Vec<usize> = (0..100).filter(|&i| columns[i].is_some_and(|c| c.peak > 0.5)).collect();
        assert_eq!(spike, [50]);
        assert_eq!(columns[50].unwrap().gain_db, Some(-7.0));
        assert_eq!(extremes(&columns), (Some(-7.0), Some(0.0)));
        // Wider than there are points: every column still has one.
        assert!(columns_of(&trace, 10, 3000).iter().all(Option::is_some));
        // Half a history: the older half is empty.
        let short = LevelTrace::default();
        (0..500).for_each(|_| short.write(0.5, 0.2));
        let columns = columns_of(&short, 10, 100);
        assert!(columns[..50].iter().all(Option::is_none) && columns[50..].iter().all(Option::is_some));
    }
}
