//! The ruler: time, CD frames or samples, the marks of the disc, the loop; a click seeks, a drag makes a loop, the right
//! button chooses what it counts.

use egui::{Align2, Painter, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::view::{RulerUnit, View, cd_step, ruler_label, ruler_step_s, sample_step, snapped};
use crate::app::{Command, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::units::{CdFrames, Frames, SampleRate};

/// Draws the ruler and answers the pointer on it.
pub fn ruler_ui(ui: &mut Ui, rect: Rect, frame: &Frame, view: &View, unit: &mut RulerUnit, out: &mut Outbox) {
    let t = theme();
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, t.panel);
    ticks(&painter, rect, frame, view, *unit);
    marks(&painter, rect, frame, view);
    loop_band(&painter, rect, frame, view);
    painter.hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
    let response = ui.interact(rect, ui.scope_id().with("ruler"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "Ruler"));
    response.context_menu(|ui| {
        for choice in RulerUnit::ALL {
            if ui.add(egui::Button::new(choice.label()).selected(choice == *unit)).clicked() {
                *unit = choice;
                ui.close();
            }
        }
    });
    let at = |pos: egui::Pos2| {
        snapped(view.album_from_ui(rect, pos.x), frame.session.snap_to_cd_frames, frame.rate())
            .max(Frames::ZERO)
    };
    let Some(pos) = response.interact_pointer_pos() else { return };
    if response.clicked() {
        out.send(Command::Seek(at(pos)));
    } else if response.dragged_by(egui::PointerButton::Primary)
        && let Some(origin) = ui.input(|i| i.pointer.press_origin())
    {
        let (a, b) = (at(origin), at(pos));
        if (b.0 - a.0) as f64 / view.frames_per_point > 3.0
            || (a.0 - b.0) as f64 / view.frames_per_point > 3.0
        {
            out.send(Command::SetLoop(Some((a.min(b), a.max(b)))));
        }
    }
}

/// The step between two labels, album frames, and the label at a multiple of it.
fn labels(view: &View, unit: RulerUnit, rate: SampleRate) -> (f64, Box<dyn Fn(i64) -> String>) {
    match unit {
        RulerUnit::Time => {
            let step_s = ruler_step_s(view, rate, 84.0);
            (step_s * rate.hz(), Box::new(move |i| ruler_label(i as f64 * step_s, step_s)))
        }
        RulerUnit::CdFrames => {
            let step = cd_step(view, rate, 84.0);
            let label = move |i: i64| CdFrames(u32::try_from(i * step).unwrap_or(0)).to_string();
            ((step * rate.frames_per_cd_frame()) as f64, Box::new(label))
        }
        RulerUnit::Samples => {
            let step = sample_step(view, 96.0);
            (step as f64, Box::new(move |i| (i * step).to_string()))
        }
    }
}

fn ticks(painter: &Painter, rect: Rect, frame: &Frame, view: &View, unit: RulerUnit) {
    let t = theme();
    let rate = frame.rate();
    let (step, label) = labels(view, unit, rate);
    let first = (view.left_album / step).floor().max(0.0) as i64;
    let last = (view.right_album(rect) / step).ceil() as i64;
    for i in first..=last.min(first + 400) {
        let x = view.ui_from_album(rect, i as f64 * step);
        painter.vline(x, (rect.bottom() - 8.0)..=rect.bottom(), Stroke::new(1.0, t.line_strong));
        let at = pos2(x + 4.0, rect.bottom() - 2.0);
        painter.text(at, Align2::LEFT_BOTTOM, label(i), t.font(t.small), t.text_weak);
    }
    let cd = rate.frames_per_cd_frame() as f64;
    if cd / view.frames_per_point >= 6.0 {
        let first = (view.left_album / cd).floor() as i64;
        let last = (view.right_album(rect) / cd).ceil() as i64;
        for i in first..=last.min(first + 1000) {
            let x = view.ui_from_album(rect, i as f64 * cd);
            painter.vline(x, (rect.bottom() - 4.0)..=rect.bottom(), Stroke::new(1.0, t.line_strong));
        }
    }
}

/// ▽ at index 0 (the end of the song before, where there is a pause) and ▼ at index 1 (the start).
fn marks(painter: &Painter, rect: Rect, frame: &Frame, view: &View) {
    let t = theme();
    let y = rect.top() + 4.0;
    let mut previous_end = Frames::ZERO;
    for placed in &frame.timeline.songs {
        let apart = (placed.start - previous_end).0 as f64 / view.frames_per_point;
        if apart > 9.0 {
            triangle(painter, view.ui_from_album(rect, previous_end.0 as f64), y, None);
        }
        triangle(painter, view.ui_from_album(rect, placed.start.0 as f64), y, Some(t.text));
        previous_end = placed.end;
    }
}

fn triangle(painter: &Painter, x: f32, y: f32, fill: Option<egui::Color32>) {
    let t = theme();
    let points = vec![pos2(x - 4.5, y), pos2(x + 4.5, y), pos2(x, y + 8.0)];
    match fill {
        Some(colour) => painter.add(Shape::convex_polygon(points, colour, Stroke::NONE)),
        None => painter.add(Shape::closed_line(points, Stroke::new(1.0, t.text))),
    };
}

fn loop_band(painter: &Painter, rect: Rect, frame: &Frame, view: &View) {
    let Some((from, to)) = frame.transport.loop_range else { return };
    let t = theme();
    let x = |f: Frames| view.ui_from_album(rect, f.0 as f64);
    let band = Rect::from_min_max(pos2(x(from), rect.top()), pos2(x(to), rect.bottom()));
    painter.rect_filled(band, 0.0, faded(t.master, 0.25));
    for edge in [band.left(), band.right()] {
        painter.vline(edge, rect.y_range(), Stroke::new(1.0, t.master));
    }
}

/// The playhead through ruler and waves, and the cursor where it is elsewhere.
pub fn playhead(painter: &Painter, rect: Rect, frame: &Frame, view: &View) {
    let t = theme();
    let x = |f: Frames| view.ui_from_album(rect, f.0 as f64);
    let transport = frame.transport;
    if transport.cursor != transport.position || !transport.playing {
        painter.vline(x(transport.cursor), rect.y_range(), Stroke::new(1.0, t.cursor));
    }
    if transport.playing {
        let x = x(transport.position);
        painter.vline(x, rect.y_range(), Stroke::new(1.5, t.playhead));
    }
    let head = if transport.playing { transport.position } else { transport.cursor };
    let top = pos2(x(head), rect.top());
    let points = vec![top + vec2(-5.0, 0.0), top + vec2(5.0, 0.0), top + vec2(0.0, 7.0)];
    painter.add(Shape::convex_polygon(points, t.playhead, Stroke::NONE));
}
