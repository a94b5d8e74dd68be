//! The editors of de-esser, transient shaper, gain and DC filter: the detected band on the spectrum where there is one,
//! levels and gain of the last ten seconds, and the controls.

use egui::{Rect, Sense, Shape, Stroke, Ui, pos2};

use super::SlotView;
use super::groups::{Listed, groups_of, groups_ui, split_ui};
use super::history::{Axis, backed, db_mark, fill_columns};
use super::spectra::{HzLine, spectra_ground, spectra_names};
use super::trace::{Past, Traces, now_db};
use super::transfer::{past_ui, reset_by_double_click};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::frequency::hz_from_x;
use crate::gui::widgets::number::picture_info;
use crate::units::{db_from_gain, gain_from_db};

const DEESSER: &[Listed] = &[
    ("Band", &[("freq_hz", "Frequency"), ("q", "Q"), ("mode", "Mode"), ("listen", "Listen")]),
    ("Reduction", &[("threshold_db", "Threshold"), ("range_db", "Range")]),
    ("Time", &[("attack_ms", "Attack"), ("release_ms", "Release")]),
];

const TRANSIENT: &[Listed] = &[
    ("Onset", &[("attack_db", "Attack"), ("attack_ms", "Time")]),
    ("Tail", &[("sustain_db", "Sustain"), ("sustain_ms", "Time")]),
    ("Output", &[("lookahead_ms", "Look-ahead"), ("output_db", "Output")]),
];

const GAIN: &[Listed] = &[
    ("Gain", &[("gain_db", "Both"), ("trim_left_db", "Trim left"), ("trim_right_db", "Trim right")]),
    ("Polarity", &[("invert_left", "Invert left"), ("invert_right", "Invert right")]),
    ("Channels", &[("swap_channels", "Swap"), ("mono", "Mono")]),
];

const DC_FILTER: &[Listed] = &[("High-pass", &[("corner_hz", "Corner"), ("slope_db_oct", "Slope")])];

/// Of the levels in these editors.
const LEVELS: Axis = Axis { low_db: -60.0, high_db: 0.0 };
/// Decibels of the picture of the reduction in the band.
const REACH_DB: f64 = 24.0;

/// Draws the de-esser into all of `ui`.
pub fn deesser_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    let groups = groups_of(view, DEESSER);
    split_ui(ui, view, &groups, out, |ui, rect, out| {
        let past = Past::of(frame, traces, view.slot.id);
        let band = Rect::from_min_max(rect.min, pos2(rect.left() + rect.width() * 0.46, rect.bottom()));
        let right = Rect::from_min_max(pos2(band.right() + 8.0, rect.top()), rect.max);
        band_ui(ui, band, frame, view, out);
        past_ui(ui, right, frame, view, &past, &LEVELS, false, out, |_, _, _| {});
    });
}

/// Draws the transient shaper into all of `ui`.
pub fn transient_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    let groups = groups_of(view, TRANSIENT);
    split_ui(ui, view, &groups, out, |ui, rect, out| {
        let past = Past::of(frame, traces, view.slot.id);
        past_ui(ui, rect, frame, view, &past, &LEVELS, true, out, |_, _, _| {});
    });
}

/// Draws the gain into all of `ui`.
pub fn gain_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    groups_ui(ui, view, &groups_of(view, GAIN), out);
}

/// Draws the DC filter into all of `ui`.
pub fn dc_filter_ui(ui: &mut Ui, view: &SlotView<'_>, out: &mut Outbox) {
    groups_ui(ui, view, &groups_of(view, DC_FILTER), out);
}

/// The spectrum with the band that is listened to, and what is taken out of it now.
fn band_ui(ui: &mut Ui, rect: Rect, frame: &Frame, view: &SlotView<'_>, out: &mut Outbox) {
    let t = theme();
    let response = ui.interact(rect, view.id("band"), Sense::hover());
    picture_info(&response, || "Detected band on the spectrum".to_owned());
    let painter = spectra_ground(ui, rect, frame, view.slot.id);
    let Some(index) = view.index("freq_hz") else { return };
    let shape = Tuned::of(view);
    let columns = |of: &dyn Fn(f32) -> f32| -> Vec<(f32, f32)> {
        (0..=rect.width() as usize).map(|i| rect.left() + i as f32).map(|x| (x, of(x))).collect()
    };
    // The band as a hill: as high as it is heard.
    let hill = columns(&|x| {
        let hz = hz_from_x(rect.x_range(), x);
        rect.bottom() - rect.height() * 0.9 * shape.detected(hz) as f32
    });
    fill_columns(&painter, hill.iter().map(|(x, y)| (*x, *y, rect.bottom())), faded(t.band_1, 0.16));
    let now = f64::from(now_db(frame, view.slot.id).unwrap_or(0.0));
    let top = rect.top() + 40.0;
    let y = |db: f64| top + (rect.bottom() - top) * (-db / REACH_DB).clamp(0.0, 1.0) as f32;
    let line = columns(&|x| {
        let hz = hz_from_x(rect.x_range(), x);
        y(shape.treated_db(hz, now))
    });
    fill_columns(&painter, line.iter().map(|(x, y)| (*x, top, *y)), faded(t.over, 0.3));
    painter.add(Shape::line(line.iter().map(|(x, y)| pos2(*x, *y)).collect(), Stroke::new(1.5, t.over)));
    for db in [-6.0, -12.0, -18.0] {
        let at = pos2(rect.left() + 4.0, y(db));
        painter.hline(rect.left()..=rect.left() + 3.0, at.y, Stroke::new(1.0, t.over));
        backed(&painter, at, egui::Align2::LEFT_CENTER, db_mark(db), t.over);
    }
    spectra_names(&painter, rect, frame, 4.0);
    let line = HzLine {
        index,
        hz: view.values.get(index),
        also: &[],
        name: "Frequency on the spectrum".to_owned(),
        word: "",
        row: 0,
        limits_hz: (200.0, 16_000.0),
        off_below_hz: 0.0,
    };
    let response = line.show(ui, rect, view, out);
    reset_by_double_click(view, index, &response, out);
}

/// What is detected and what is turned down, over frequency.
#[derive(Debug, Clone, Copy)]
struct Tuned {
    freq_hz: f64,
    q: f64,
    mode: usize,
}

impl Tuned {
    fn of(view: &SlotView<'_>) -> Self {
        Self {
            freq_hz: view.value("freq_hz").unwrap_or(6000.0),
            q: view.value("q").unwrap_or(2.0),
            mode: view.index("mode").map_or(1, |index| view.values.choice(index)),
        }
    }

    fn is_bell(&self) -> bool {
        self.mode == 2
    }

    /// Magnitude of the detected band, 0 to 1: two Butterworth high-passes of second order in a row, in bell mode one
    /// band-pass.
    fn detected(&self, hz: f64) -> f64 {
        let w = hz / self.freq_hz;
        if self.is_bell() {
            1.0 / f64::hypot(1.0, self.q * (w - 1.0 / w))
        } else {
            w.powi(4) / (1.0 + w.powi(4))
        }
    }

    /// Gain at a frequency while the gain change is `gain_db`, dB: all of it in wide mode, else that of the shelf
    /// `(A²s² + √2·A·s + 1)/(s² + √2·s + 1)` about `√A·ω` or of the bell `(s² + A/Q·s + 1)/(s² + s/(AQ) + 1)`.
    fn treated_db(&self, hz: f64, gain_db: f64) -> f64 {
        if self.mode == 0 {
            return gain_db;
        }
        let gain = gain_from_db(gain_db);
        let w = hz / self.freq_hz;
        let power = if self.is_bell() {
            let (off, slope) = ((1.0 - w * w).powi(2), (w / self.q).powi(2));
            (off + gain * slope) / (off + slope / gain)
        } else {
            (1.0 + gain * w.powi(4)) / (1.0 + w.powi(4) / gain)
        };
        0.5 * db_from_gain(power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reduction_lies_where_the_mode_says() {
        let split = Tuned { freq_hz: 6000.0, q: 2.0, mode: 1 };
        assert!((split.treated_db(6000.0, -6.0) + 3.0).abs() < 1e-9);
        assert!((split.treated_db(60_000.0, -6.0) + 6.0).abs() < 0.01);
        assert!(split.treated_db(600.0, -6.0).abs() < 0.01);
        let bell = Tuned { mode: 2, ..split };
        assert!((bell.treated_db(6000.0, -6.0) + 6.0).abs() < 1e-9);
        assert!(bell.treated_db(600.0, -6.0).abs() < 0.1);
        let wide = Tuned { mode: 0, ..split };
        assert!((wide.treated_db(100.0, -6.0) + 6.0).abs() < 1e-9);
    }

    /// Butterworth: two sections of −3.01 dB at the corner; a band-pass is 1 at its centre and −3.01 dB at `w − 1/w = 1/Q`.
    #[test]
    fn the_detected_band_is_that_of_the_filters() {
        let split = Tuned { freq_hz: 6000.0, q: 2.0, mode: 1 };
        assert!((split.detected(6000.0) - 0.5).abs() < 1e-12);
        let bell = Tuned { mode: 2, ..split };
        assert!((bell.detected(6000.0) - 1.0).abs() < 1e-12);
        let w = 0.25 + (0.0625f64 + 1.0).sqrt();
        assert!((bell.detected(6000.0 * w) - 0.5f64.sqrt()).abs() < 1e-9);
    }
}
