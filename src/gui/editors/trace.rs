//! Gain reduction of the last ten seconds, collected while the sound runs, and its picture.

use std::collections::{BTreeMap, VecDeque};

use egui::{Align2, Mesh, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use crate::app::Frame;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::{reading, signed};
use crate::gui::widgets::number::picture_info;
use crate::model::SlotId;

/// Length of a trace, seconds.
const LENGTH_S: f64 = 10.0;
/// A pause of drawing longer than this is not drawn as reduction that lasted, seconds.
const LONGEST_STEP_S: f64 = 0.25;
/// Width of the meter beside a trace, points.
const METER_WIDTH: f32 = 76.0;

/// The traces of every slot that reduces gain.
#[derive(Debug, Default)]
pub struct Traces {
    /// Sound time: stands still with the transport.
    clock_s: f64,
    last_seen_s: Option<f64>,
    by_slot: BTreeMap<SlotId, VecDeque<(f64, f32)>>,
}

impl Traces {
    /// Takes up the readings of a frame drawn at `now_s`.
    pub(super) fn take(&mut self, now_s: f64, frame: &Frame) {
        let step = self.last_seen_s.map_or(0.0, |last| (now_s - last).clamp(0.0, LONGEST_STEP_S));
        self.last_seen_s = Some(now_s);
        if !frame.transport.playing {
            return;
        }
        self.clock_s += step;
        for (slot, reduction_db) in frame.gain_reductions.iter() {
            self.by_slot.entry(*slot).or_default().push_back((self.clock_s, *reduction_db));
        }
        let oldest = self.clock_s - LENGTH_S;
        for trace in self.by_slot.values_mut() {
            while trace.front().is_some_and(|(at, _)| *at < oldest) {
                trace.pop_front();
            }
        }
        self.by_slot.retain(|_, trace| !trace.is_empty());
    }

    /// Age in seconds and reduction in dB of every reading of a slot, oldest first.
    fn readings(&self, slot: SlotId) -> impl Iterator<Item = (f64, f32)> + '_ {
        self.by_slot.get(&slot).into_iter().flatten().map(|(at, db)| (self.clock_s - at, *db))
    }

    /// The deepest reduction in the trace, dB, 0 or negative.
    fn deepest_db(&self, slot: SlotId) -> f32 {
        self.readings(slot).map(|(_, db)| db).fold(0.0, f32::min)
    }
}

/// The reduction now, dB, of a slot that has one.
pub(super) fn now_db(frame: &Frame, slot: SlotId) -> Option<f32> {
    frame.gain_reductions.iter().find(|(id, _)| *id == slot).map(|(_, db)| *db)
}

/// Draws trace and meter of a slot into a rectangle; `note` stands at the top left.
pub(super) fn trace_ui(ui: &Ui, rect: Rect, frame: &Frame, traces: &Traces, slot: SlotId, note: &str) {
    let t = theme();
    let deepest = traces.deepest_db(slot);
    let now = now_db(frame, slot);
    let response = ui.interact(rect, ui.scope_id().with(("trace", slot.0)), Sense::hover());
    picture_info(&response, || format!("Gain reduction, last {LENGTH_S:.0} s, deepest {deepest:.1} dB"));
    let split = rect.right() - METER_WIDTH;
    let plot = Rect::from_min_max(rect.min, pos2(split - 4.0, rect.bottom()));
    let meter = Rect::from_min_max(pos2(split, rect.top()), rect.max);
    let depth = if deepest < -12.0 { 24.0 } else { 12.0 };
    paint_plot(ui, plot, traces, slot, depth);
    let painter = ui.painter_at(plot);
    let corner = |x: f32, align| (pos2(x, plot.bottom() - 4.0), align);
    let (at, align) = corner(plot.left() + 6.0, Align2::LEFT_BOTTOM);
    painter.text(at, align, note, t.font(t.small), t.text_weak);
    let (at, align) = corner(plot.right() - 6.0, Align2::RIGHT_BOTTOM);
    painter.text(at, align, "gain reduction · last 10 s", t.font(t.small), t.text_weak);
    paint_meter(ui, meter, now, deepest, depth);
}

fn paint_plot(ui: &Ui, rect: Rect, traces: &Traces, slot: SlotId, depth_db: f32) {
    let t = theme();
    ui.painter().rect_filled(rect, t.corner, t.ground);
    let painter = ui.painter_at(rect);
    let y = |db: f32| rect.top() + rect.height() * (-db / depth_db).clamp(0.0, 1.0);
    for i in 1..4 {
        let db = -depth_db * i as f32 / 4.0;
        painter.hline(rect.x_range(), y(db), Stroke::new(1.0, t.line));
        let at = pos2(rect.left() + 4.0, y(db) - 1.0);
        painter.text(at, Align2::LEFT_BOTTOM, format!("−{:.0}", -db), t.font(t.small), t.text_weak);
    }
    let seconds = |age: f64| rect.right() - rect.width() * (age / LENGTH_S) as f32;
    for age in 1..10 {
        painter.vline(seconds(f64::from(age)), rect.y_range(), Stroke::new(1.0, faded(t.line, 0.5)));
    }
    let line: Vec<Pos2> = traces.readings(slot).map(|(age, db)| pos2(seconds(age), y(db))).collect();
    let mut mesh = Mesh::default();
    for (i, point) in line.iter().enumerate() {
        mesh.colored_vertex(pos2(point.x, rect.top()), faded(t.over, 0.3));
        mesh.colored_vertex(*point, faded(t.over, 0.3));
        if i > 0 {
            let at = 2 * i as u32;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    painter.add(Shape::mesh(mesh));
    painter.add(Shape::line(line, Stroke::new(1.0, t.over)));
}

fn paint_meter(ui: &Ui, rect: Rect, now: Option<f32>, deepest_db: f32, depth_db: f32) {
    let t = theme();
    let bar = Rect::from_min_size(rect.min, vec2(14.0, rect.height()));
    let painter = ui.painter();
    painter.rect_filled(bar, 0.0, t.ground);
    let y = |db: f32| bar.top() + bar.height() * (-db / depth_db).clamp(0.0, 1.0);
    let shown = now.unwrap_or(0.0);
    painter.rect_filled(Rect::from_min_max(bar.min, pos2(bar.right(), y(shown))), 0.0, t.over);
    if deepest_db < 0.0 {
        painter.hline(bar.x_range(), y(deepest_db), Stroke::new(2.0, t.text));
    }
    let text = |at: f32, what: &str, size: f32, colour| {
        painter.text(pos2(rect.right(), rect.top() + at), Align2::RIGHT_TOP, what, t.font(size), colour);
    };
    text(0.0, "now, dB", t.small, t.text_weak);
    text(12.0, &reading(now.map(f64::from), 1), t.title, t.text);
    text(40.0, "deepest, dB", t.small, t.text_weak);
    text(52.0, &signed(f64::from(deepest_db), 1), t.title, t.text);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Session;
    use crate::units::SampleRate;

    fn frame(playing: bool, reduction_db: f32) -> Frame {
        let mut frame = Frame::still(Arc::new(Session::new(SampleRate(48_000))));
        frame.transport.playing = playing;
        frame.gain_reductions = Arc::new(vec![(SlotId(1), reduction_db)]);
        frame
    }

    #[test]
    fn a_trace_holds_ten_seconds_of_sound() {
        let mut traces = Traces::default();
        for i in 0..300 {
            traces.take(f64::from(i) * 0.1, &frame(true, if i == 100 { -9.0 } else { -1.0 }));
        }
        let ages: Vec<f64> = traces.readings(SlotId(1)).map(|(age, _)| age).collect();
        assert!((100..=102).contains(&ages.len()), "{}", ages.len());
        assert!(ages[0] <= 10.0 + 1e-9 && ages[ages.len() - 1] == 0.0);
        assert_eq!(traces.deepest_db(SlotId(1)), -1.0);
    }

    #[test]
    fn a_trace_stands_still_with_the_transport() {
        let mut traces = Traces::default();
        traces.take(0.0, &frame(true, -3.0));
        for i in 1..100 {
            traces.take(f64::from(i), &frame(false, 0.0));
        }
        assert_eq!(traces.readings(SlotId(1)).collect::<Vec<_>>(), [(0.0, -3.0)]);
    }
}
