//! The editor of the saturator: its curve with the stretch in use, the harmonics a sine at the present level gets from
//! it, and the spectrum before and after.
//!
//! Curve and harmonics come from [`static_curve`], the processor's own functions. Harmonic `k` is
//! `|X_k| / |X_1|` of one period of `N` points, `X_k = Σ f(A·sin(2πn/N))·e^(−2πikn/N)`.

use std::f64::consts::TAU;

use egui::{Align2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::SlotView;
use super::groups::{Listed, groups_of, split_ui};
use super::history::{Axis, db_mark, ground, note};
use super::spectra::{spectra_ground, spectra_names};
use super::trace::{Past, Traces};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::{plain, signed};
use crate::gui::widgets::number::picture_info;
use crate::process::saturator::static_curve;
use crate::units::{db_from_gain, gain_from_db};

const GROUPS: &[Listed] = &[
    ("Curve", &[("curve", "Curve"), ("drive_db", "Drive"), ("bias", "Bias")]),
    ("Tone", &[("tone_before_db", "Before"), ("tone_after_db", "After")]),
    ("Output", &[("mix_percent", "Mix"), ("output_db", "Output"), ("oversampling", "Oversampling")]),
];

/// Magnitude at the edges of the curve.
const EDGE: f64 = 1.25;
/// Points of the curve.
const POINTS: usize = 201;
/// Points of a period.
const PERIOD: usize = 512;
/// Harmonics shown: the second to the tenth.
const HARMONICS: usize = 9;
/// Of the harmonics against the fundamental.
const AXIS: Axis = Axis { low_db: -100.0, high_db: 0.0 };
/// Level of the sine while nothing plays, dBFS.
const STILL_DBFS: f64 = -6.0;

/// Draws the saturator into all of `ui`.
pub fn saturator_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    let groups = groups_of(view, GROUPS);
    split_ui(ui, view, &groups, out, |ui, rect, _| {
        let past = Past::of(frame, traces, view.slot.id);
        let live = past.peak_dbfs().filter(|_| frame.transport.playing);
        let side = rect.height().min(rect.width() * 0.32);
        let curve = Rect::from_min_size(rect.min, vec2(side, rect.height()));
        let bars =
            Rect::from_min_size(curve.right_top() + vec2(8.0, 0.0), vec2(rect.width() * 0.28, rect.height()));
        let spectrum = Rect::from_min_max(bars.right_top() + vec2(8.0, 0.0), rect.max);
        let shape = static_curve(&view.values);
        curve_ui(ui, curve, view, &shape, live);
        harmonics_ui(ui, bars, view, &shape, live);
        let painter = spectra_ground(ui, spectrum, frame, view.slot.id);
        spectra_names(&painter, spectrum, frame, 4.0);
        let response = ui.interact(spectrum, view.id("spectrum"), Sense::hover());
        picture_info(&response, || "Spectrum before and after".to_owned());
    });
}

/// Sample out against sample in, lit as far as the signal reaches.
fn curve_ui(ui: &Ui, rect: Rect, view: &SlotView<'_>, shape: &impl Fn(f64) -> f64, live_dbfs: Option<f64>) {
    let t = theme();
    let response = ui.interact(rect, view.id("transfer"), Sense::hover());
    let drive_db = view.value("drive_db").unwrap_or(0.0);
    picture_info(&response, || format!("Saturation curve, drive {drive_db:.1} dB"));
    let painter = ground(ui, rect);
    let at = |x: f64, y: f64| {
        let share = |v: f64| ((v / EDGE).clamp(-1.5, 1.5) / 2.0) as f32;
        rect.center() + vec2(share(x) * rect.width(), -share(y) * rect.height())
    };
    for full in [-1.0, 0.0, 1.0] {
        let stroke = Stroke::new(1.0, t.line);
        painter.hline(rect.x_range(), at(0.0, full).y, stroke);
        painter.vline(at(full, 0.0).x, rect.y_range(), stroke);
    }
    for (x, text) in [(-1.0, "−1"), (1.0, "+1")] {
        note(&painter, pos2(at(x, 0.0).x + 2.0, rect.bottom() - 2.0), Align2::LEFT_BOTTOM, text);
    }
    painter.line_segment([at(-EDGE, -EDGE), at(EDGE, EDGE)], Stroke::new(1.0, t.line_strong));
    let value = |i: usize| EDGE * (2.0 * i as f64 / (POINTS - 1) as f64 - 1.0);
    let line = |reach: f64| -> Vec<egui::Pos2> {
        (0..POINTS).map(value).filter(|x| x.abs() <= reach).map(|x| at(x, shape(x))).collect()
    };
    painter.add(Shape::line(line(EDGE), Stroke::new(1.5, t.text_weak)));
    if let Some(level_dbfs) = live_dbfs {
        let reach = gain_from_db(level_dbfs);
        painter.add(Shape::line(line(reach), Stroke::new(3.0, t.master)));
        for x in [-reach, reach] {
            painter.circle_filled(at(x, shape(x)), 3.5, t.master_light);
        }
    }
    note(&painter, rect.min + vec2(6.0, 4.0), Align2::LEFT_TOP, "out / in, full scale = 1");
}

/// Harmonics of a sine of a peak, from the second on, dB against the fundamental.
fn harmonics_db(shape: impl Fn(f64) -> f64, peak: f64) -> [f64; HARMONICS] {
    let period: Vec<f64> =
        (0..PERIOD).map(|n| shape(peak * (TAU * n as f64 / PERIOD as f64).sin())).collect();
    let line = |k: usize| {
        let turn = TAU * k as f64 / PERIOD as f64;
        let (re, im) = period.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, v)| {
            let (sin, cos) = (turn * n as f64).sin_cos();
            (re + v * cos, im - v * sin)
        });
        f64::hypot(re, im)
    };
    let fundamental = line(1).max(1e-12);
    std::array::from_fn(|i| db_from_gain((line(i + 2) / fundamental).max(1e-12)))
}

fn harmonics_ui(
    ui: &Ui,
    rect: Rect,
    view: &SlotView<'_>,
    shape: &impl Fn(f64) -> f64,
    live_dbfs: Option<f64>,
) {
    let t = theme();
    let level_dbfs = live_dbfs.unwrap_or(STILL_DBFS);
    let levels = harmonics_db(shape, gain_from_db(level_dbfs));
    let response = ui.interact(rect, view.id("harmonics"), Sense::hover());
    picture_info(&response, || {
        format!("Harmonics, second {:.1} dB, third {:.1} dB", levels[0].max(-150.0), levels[1].max(-150.0))
    });
    let painter = ground(ui, rect);
    let plot = Rect::from_min_max(rect.min + vec2(30.0, 34.0), rect.max - vec2(4.0, 18.0));
    for db in [0.0, -20.0, -40.0, -60.0, -80.0] {
        let y = AXIS.y(plot, db);
        painter.hline(plot.x_range(), y, Stroke::new(1.0, t.line));
        note(&painter, pos2(plot.left() - 4.0, y), Align2::RIGHT_CENTER, db_mark(db));
    }
    let step = plot.width() / HARMONICS as f32;
    for (i, db) in levels.iter().enumerate() {
        let x = plot.left() + (i as f32 + 0.5) * step;
        let half = (step * 0.32).min(12.0);
        let top = AXIS.y(plot, *db);
        let bar = Rect::from_x_y_ranges(x - half..=x + half, top..=plot.bottom());
        painter.rect_filled(bar, 0.0, faded(t.master, if i % 2 == 0 { 0.55 } else { 0.85 }));
        note(&painter, pos2(x, plot.bottom() + 2.0), Align2::CENTER_TOP, (i + 2).to_string());
        if *db > AXIS.low_db && step > 22.0 {
            note(&painter, pos2(x, top - 1.0), Align2::CENTER_BOTTOM, plain(*db, 0));
        }
    }
    let what = if live_dbfs.is_some() { "now" } else { "still" };
    note(&painter, rect.min + vec2(6.0, 4.0), Align2::LEFT_TOP, "harmonics, dB against the first");
    let text = format!("of a sine at {} dBFS ({what})", signed(level_dbfs, 1));
    note(&painter, rect.min + vec2(6.0, 17.0), Align2::LEFT_TOP, text);
    response.on_hover_text(
        "What the curve makes of a sine as high as the peaks of the last 0.3 s; while nothing plays, of one at −6 dBFS. Tone and emphasis are left out.",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Values, find};

    fn of(settings: &[(&str, f64)]) -> impl Fn(f64) -> f64 {
        let kind = find("saturator").unwrap();
        let mut values = Values::defaults(kind.params());
        for (id, value) in settings {
            values.set(kind.params().iter().position(|p| p.id == *id).unwrap(), *value);
        }
        static_curve(&values)
    }

    /// Series of the curves: third of tanh `A²/12`, second of the tube `A/8`.
    #[test]
    fn harmonics_of_small_sines_are_those_of_the_series() {
        let peak: f64 = 0.05;
        let tanh = harmonics_db(of(&[]), peak);
        assert!((tanh[1] - 20.0 * (peak * peak / 12.0).log10()).abs() < 0.05, "{tanh:?}");
        assert!(tanh[0] < -140.0, "{tanh:?}");
        let tube = harmonics_db(of(&[("curve", 2.0)]), peak);
        assert!((tube[0] - 20.0 * (peak / 8.0).log10()).abs() < 0.05, "{tube:?}");
    }

    /// A square wave has odd harmonics of `1/k` and no even ones.
    #[test]
    fn a_hard_clip_driven_far_makes_a_square() {
        let square = harmonics_db(|x| x.signum(), 1.0);
        for (i, db) in square.iter().enumerate() {
            let k = i + 2;
            if k % 2 == 1 {
                assert!((db - 20.0 * (1.0 / k as f64).log10()).abs() < 0.05, "{k}: {db}");
            } else {
                assert!(*db < -40.0, "{k}: {db}");
            }
        }
        assert!(harmonics_db(of(&[("curve", 4.0)]), 0.5).iter().all(|db| *db < -140.0));
    }
}
