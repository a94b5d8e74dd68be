//! The spectrum before and after a slot on a log-frequency axis, and lines on it that can be dragged.

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, vec2};

use super::SlotView;
use super::groups::Track;
use super::history::{backed, fill_columns, ground};
use super::transfer::line_stroke;
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::frequency::{hz_from_x, hz_text, paint_axis, paint_names, x_from_hz};
use crate::model::SlotId;
use crate::process::ParamIndex;

/// Level at the bottom of the picture, dB; the top is 0 dB.
const FLOOR_DB: f32 = -96.0;
/// How near to a line the pointer takes it, points.
const REACH: f32 = 5.0;
/// Steps of the arrow keys and the wheel for an octave.
const STEPS_PER_OCTAVE: f64 = 24.0;

/// Ground and frequency lines with both spectra of a slot; the names of the axis come last, with [`paint_names`].
pub(super) fn spectra_ground(ui: &Ui, rect: Rect, frame: &Frame, slot: SlotId) -> Painter {
    let t = theme();
    let painter = ground(ui, rect);
    paint_axis(&painter, rect);
    if frame.focus.slot == Some(slot) {
        let focus = &frame.focus;
        paint_spectrum(&painter, rect, &focus.freqs_hz, &focus.before_db, t.wave_peak, 0.22);
        paint_spectrum(&painter, rect, &focus.freqs_hz, &focus.after_db, t.master, 0.22);
    }
    painter
}

/// Names of the axis and of the two colours, the latter from `top` points below the top.
pub(super) fn spectra_names(painter: &Painter, rect: Rect, frame: &Frame, top: f32) {
    let t = theme();
    paint_names(painter, rect);
    let mut at = rect.min + vec2(6.0, top);
    for (word, colour) in [("before", t.wave_peak), ("after", t.master)] {
        at.x = backed(painter, at, Align2::LEFT_TOP, word, colour).right() + 8.0;
    }
    if rect.width() > 420.0 {
        backed(painter, at, Align2::LEFT_TOP, &*frame.focus.label, t.text_weak);
    }
}

fn paint_spectrum(
    painter: &Painter,
    rect: Rect,
    freqs_hz: &[f32],
    levels_db: &[f32],
    colour: Color32,
    fill: f32,
) {
    let y = |db: f32| {
        let db = if db.is_finite() { db } else { FLOOR_DB };
        rect.top() + rect.height() * (db / FLOOR_DB).clamp(0.0, 1.0)
    };
    let line: Vec<Pos2> = freqs_hz
        .iter()
        .zip(levels_db)
        .map(|(hz, db)| Pos2::new(x_from_hz(rect.x_range(), f64::from(*hz)), y(*db)))
        .filter(|p| p.x >= rect.left() && p.x <= rect.right())
        .collect();
    fill_columns(painter, line.iter().map(|p| (p.x, p.y, rect.bottom())), faded(colour, fill));
    painter.add(Shape::line(line, Stroke::new(1.0, faded(colour, 0.7))));
}

/// A frequency as a line across the spectrum.
pub(super) struct HzLine<'a> {
    /// The parameter.
    pub index: ParamIndex,
    /// Where it works and stands, Hz: not always what is set.
    pub hz: f64,
    /// What is set with every change of it.
    pub also: &'a [(ParamIndex, f64)],
    /// Accessible name.
    pub name: String,
    /// Word beside it; none where it is empty.
    pub word: &'a str,
    /// Line of text the word stands in, from the top.
    pub row: usize,
    /// Frequencies it is kept between by hand, Hz.
    pub limits_hz: (f64, f64),
    /// Dragged below this it is 0 (off), Hz; 0 where there is no off.
    pub off_below_hz: f64,
}

impl HzLine<'_> {
    /// Draws the line and lets it be moved; what was done with it.
    pub(super) fn show(&self, ui: &Ui, rect: Rect, view: &SlotView<'_>, out: &mut Outbox) -> egui::Response {
        let kept = |hz: f64| {
            if hz < self.off_below_hz { 0.0 } else { hz.clamp(self.limits_hz.0, self.limits_hz.1) }
        };
        let floor = |hz: f64| if hz > 0.0 { hz } else { self.off_below_hz * 0.8 };
        let track = Track {
            index: self.index,
            name: self.name.clone(),
            is_across: true,
            place_from: &|hz| x_from_hz(rect.x_range(), floor(hz)),
            value_from: &|x| kept(hz_from_x(rect.x_range(), x)),
            stepped: &|hz, steps| {
                let from = if hz > 0.0 { hz } else { self.off_below_hz };
                kept(from * 2f64.powf(steps / STEPS_PER_OCTAVE))
            },
        };
        let hz = self.hz;
        let x = x_from_hz(rect.x_range(), floor(hz)).clamp(rect.left(), rect.right());
        let hit = Rect::from_x_y_ranges(x - REACH..=x + REACH, rect.y_range()).intersect(rect);
        let response = track.handle_at(ui, view, hz, self.also, hit, out);
        let stroke = line_stroke(&response);
        let painter = ui.painter().with_clip_rect(rect);
        painter.vline(x, rect.y_range(), stroke);
        if !self.word.is_empty() {
            let value = if hz > 0.0 { hz_text(hz) } else { "off".to_owned() };
            let text = format!("{} {value}", self.word);
            let top = rect.top() + 18.0 + 15.0 * self.row as f32;
            let (at, align) = if x > rect.right() - 120.0 {
                (Pos2::new(x - 4.0, top), Align2::RIGHT_TOP)
            } else {
                (Pos2::new(x + 4.0, top), Align2::LEFT_TOP)
            };
            backed(&painter, at, align, text, stroke.color);
        }
        response
    }
}
