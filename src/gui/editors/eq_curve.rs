//! The picture behind the nodes of the EQ: axes, grid, spectra, piano, the curve of every band and the total, phase or delay.
//!
//! Curves are the magnitudes of the filters as they run ([`eq::response_db`]), not a drawing of them.

use egui::{Align2, Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::eq_bands::Band;
use crate::app::Frame;
use crate::app::frame::{FocusView, SpectrumView};
use crate::gui::panels::meters::curve_colour;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::signed;
use crate::gui::widgets::frequency::{
    self, HIGHEST_HZ, LOWEST_HZ, hz_text, note_text, paint_axis, paint_names,
};
use crate::process::Values;
use crate::process::eq::{self, BandChannel};
use crate::units::SampleRate;

/// Points of a curve.
const POINTS: usize = 480;
/// Spectrum level at the bottom of the plot, dB; the top is 0 dB.
const SPECTRUM_FLOOR_DB: f32 = -96.0;

/// Where frequencies and decibels lie on the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// The plot.
    pub rect: Rect,
    /// Decibels from the middle to the top.
    pub range_db: f64,
}

impl Scale {
    pub(super) fn x_from_hz(&self, hz: f64) -> f32 {
        frequency::x_from_hz(self.rect.x_range(), hz)
    }

    pub(super) fn hz_from_x(&self, x: f32) -> f64 {
        frequency::hz_from_x(self.rect.x_range(), x)
    }

    pub(super) fn y_from_db(&self, db: f64) -> f32 {
        self.rect.center().y - (self.rect.height() / 2.0) * (db / self.range_db) as f32
    }

    pub(super) fn db_from_y(&self, y: f32) -> f64 {
        f64::from((self.rect.center().y - y) / (self.rect.height().max(1.0) / 2.0)) * self.range_db
    }
}

/// A curve with the axis on the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RightAxis {
    /// Degrees.
    Phase,
    /// Milliseconds.
    GroupDelay,
}

impl RightAxis {
    fn unit(self) -> &'static str {
        match self {
            Self::Phase => "°",
            Self::GroupDelay => " ms",
        }
    }

    /// Ends the axis may have; the smallest that holds the curve is taken.
    fn ends(self) -> &'static [f64] {
        match self {
            Self::Phase => &[45.0, 90.0, 180.0, 360.0, 720.0, 1440.0],
            Self::GroupDelay => &[0.2, 0.4, 1.0, 2.0, 4.0, 10.0, 20.0, 40.0, 100.0, 200.0],
        }
    }
}

/// A dynamic band, with its gain moved by all of its range.
#[derive(Debug)]
struct Moved {
    /// From 0.
    band: usize,
    range_db: Vec<f64>,
    /// It works on the whole signal, so the total moves with it.
    is_stereo: bool,
}

/// The curves of a set of values, kept until a value changes.
#[derive(Debug)]
pub(super) struct Curves {
    values: Values,
    rate: SampleRate,
    freqs_hz: Vec<f64>,
    total_db: Vec<f64>,
    /// Totals of the parts of the signal that have bands of their own.
    parts: Vec<(&'static str, Vec<f64>)>,
    /// Of every band at work, with its number from 0.
    bands: Vec<(usize, Vec<f64>)>,
    /// Of every dynamic band at work.
    moved: Vec<Moved>,
    right: Option<(RightAxis, Vec<f64>)>,
}

impl Curves {
    /// The curves of these values; the old ones where nothing changed.
    pub(super) fn of(old: Option<Self>, values: &Values, rate: SampleRate, bands: &[Band]) -> Self {
        match old {
            Some(old) if old.values == *values && old.rate == rate => old,
            _ => Self::compute(values, rate, bands),
        }
    }

    fn compute(values: &Values, rate: SampleRate, bands: &[Band]) -> Self {
        let freqs_hz: Vec<f64> = (0..POINTS)
            .map(|i| LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ).powf(i as f64 / (POINTS - 1) as f64))
            .collect();
        let parts = [
            (BandChannel::Mid, "mid"),
            (BandChannel::Side, "side"),
            (BandChannel::Left, "left"),
            (BandChannel::Right, "right"),
        ];
        let has = |name: &str| bands.iter().any(|b| b.on && b.channel_word() == name);
        let parts = parts
            .into_iter()
            .filter(|(_, name)| has(name))
            .map(|(channel, name)| (name, eq::response_of_channel_db(values, rate, channel, &freqs_hz)))
            .collect();
        let moved_by_range = |b: &Band| Moved {
            band: b.number,
            range_db: eq::moved_band_response_db(values, b.number, b.range_db, rate, &freqs_hz),
            is_stereo: b.channel_word() == "stereo",
        };
        let of_band = |b: &Band| (b.number, eq::band_response_db(values, b.number, rate, &freqs_hz));
        Self {
            values: values.clone(),
            rate,
            total_db: eq::response_db(values, rate, &freqs_hz),
            parts,
            bands: bands.iter().filter(|b| b.on).map(of_band).collect(),
            moved: bands.iter().filter(|b| b.on && b.is_dynamic()).map(moved_by_range).collect(),
            right: None,
            freqs_hz,
        }
    }

    /// Draws bands, parts and the total; `moves_db` is the present dynamic gain of every band, where it is known.
    pub(super) fn paint(&self, painter: &Painter, scale: &Scale, selected: Option<usize>, moves_db: &[f32]) {
        let t = theme();
        for moved in &self.moved {
            self.paint_range(painter, scale, moved, selected == Some(moved.band));
        }
        for (band, curve) in &self.bands {
            let colour = t.band(*band);
            let chosen = selected == Some(*band);
            let points = self.points(scale, curve);
            fill_to(painter, &points, scale.y_from_db(0.0), faded(colour, if chosen { 0.18 } else { 0.09 }));
            painter
                .add(Shape::line(points, Stroke::new(1.0, faded(colour, if chosen { 1.0 } else { 0.55 }))));
        }
        for (name, curve) in &self.parts {
            let points = self.points(scale, curve);
            if let Some(last) = points.last() {
                let at = pos2(
                    scale.rect.right() - 4.0,
                    last.y.clamp(scale.rect.top() + 8.0, scale.rect.bottom() - 8.0) - 8.0,
                );
                painter.text(at, Align2::RIGHT_CENTER, *name, t.font(t.small), t.text_weak);
            }
            painter.extend(Shape::dashed_line(&points, Stroke::new(1.0, t.text_weak), 5.0, 3.0));
        }
        let mut total_db = self.total_db.clone();
        let mut is_moved = false;
        for moved in &self.moved {
            let move_db = f64::from(moves_db.get(moved.band).copied().unwrap_or(0.0));
            if move_db.abs() < 0.02 {
                continue;
            }
            let now =
                eq::moved_band_response_db(&self.values, moved.band, move_db, self.rate, &self.freqs_hz);
            let colour = t.band(moved.band);
            painter.add(Shape::line(self.points(scale, &now), Stroke::new(1.5, colour)));
            if let Some((_, rest)) = self.bands.iter().find(|(b, _)| *b == moved.band && moved.is_stereo) {
                total_db.iter_mut().zip(now.iter().zip(rest)).for_each(|(sum, (n, r))| *sum += n - r);
                is_moved = true;
            }
        }
        if is_moved {
            let rest = self.points(scale, &self.total_db);
            painter.add(Shape::line(rest, Stroke::new(1.0, faded(t.text, 0.45))));
        }
        painter.add(Shape::line(self.points(scale, &total_db), Stroke::new(2.0, t.text)));
    }

    /// The room a dynamic band moves in: between its curve at rest and the one with all of its range.
    fn paint_range(&self, painter: &Painter, scale: &Scale, moved: &Moved, chosen: bool) {
        let colour = theme().band(moved.band);
        let Some((_, rest)) = self.bands.iter().find(|(b, _)| *b == moved.band) else { return };
        let (from, to) = (self.points(scale, rest), self.points(scale, &moved.range_db));
        fill_between(painter, &from, &to, faded(colour, if chosen { 0.22 } else { 0.12 }));
        painter.extend(Shape::dashed_line(&to, Stroke::new(1.0, faded(colour, 0.8)), 3.0, 3.0));
    }

    /// Draws phase or group delay with its axis on the right.
    pub(super) fn paint_right(&mut self, painter: &Painter, scale: &Scale, axis: RightAxis) {
        let curve = match self.right.take() {
            Some((known, curve)) if known == axis => curve,
            _ => match axis {
                RightAxis::Phase => eq::phase_deg(&self.values, self.rate, &self.freqs_hz),
                RightAxis::GroupDelay => eq::group_delay_ms(&self.values, self.rate, &self.freqs_hz),
            },
        };
        paint_right_axis(painter, scale, axis, &self.freqs_hz, &curve);
        self.right = Some((axis, curve));
    }

    fn points(&self, scale: &Scale, curve_db: &[f64]) -> Vec<Pos2> {
        // Far outside the plot a line is only long; a cut reaches hundreds of decibels.
        let limit = scale.range_db * 1.5;
        self.freqs_hz
            .iter()
            .zip(curve_db)
            .map(|(f, db)| pos2(scale.x_from_hz(*f), scale.y_from_db(db.clamp(-limit, limit))))
            .collect()
    }

    /// The total at a frequency, dB.
    pub(super) fn total_at(&self, hz: f64) -> f64 {
        let after = self.freqs_hz.partition_point(|f| *f < hz).clamp(1, POINTS - 1);
        let (f0, f1) = (self.freqs_hz[after - 1], self.freqs_hz[after]);
        let part = ((hz / f0).ln() / (f1 / f0).ln()).clamp(0.0, 1.0);
        self.total_db[after - 1] + part * (self.total_db[after] - self.total_db[after - 1])
    }
}

/// A curve in its own unit, 0 in the middle of the plot, and the names of its axis.
fn paint_right_axis(painter: &Painter, scale: &Scale, axis: RightAxis, freqs_hz: &[f64], curve: &[f64]) {
    let t = theme();
    let largest = curve.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let ends = axis.ends();
    let end = ends.iter().copied().find(|e| *e >= largest).unwrap_or(ends[ends.len() - 1]);
    // The topmost mark of the decibels lies at three quarters; so does the end of this axis.
    let own = Scale { rect: scale.rect, range_db: end / 0.75 };
    let points: Vec<Pos2> = freqs_hz
        .iter()
        .zip(curve)
        .map(|(f, v)| pos2(own.x_from_hz(*f), own.y_from_db(v.clamp(-1.3 * end, 1.3 * end))))
        .collect();
    painter.extend(Shape::dashed_line(&points, Stroke::new(1.5, t.text), 6.0, 2.0));
    let is_low = scale.rect.height() / 8.0 < t.small + 2.0;
    for i in (-3i32..=3).filter(|i| !is_low || i % 3 == 0) {
        let value = end * f64::from(i) / 3.0;
        let decimals = if end < 3.0 { 2 } else { usize::from(end < 30.0) };
        let text = format!("{}{}", signed(value, decimals), axis.unit());
        let at = pos2(scale.rect.right() - 4.0, own.y_from_db(value) - 1.0);
        painter.text(at, Align2::RIGHT_BOTTOM, text, t.font(t.small), t.text);
    }
}

/// Fills between two lines with the same places across.
fn fill_between(painter: &Painter, one: &[Pos2], other: &[Pos2], colour: Color32) {
    let mut mesh = Mesh::default();
    for (i, (a, b)) in one.iter().zip(other).enumerate() {
        mesh.colored_vertex(*a, colour);
        mesh.colored_vertex(*b, colour);
        if i > 0 {
            let at = 2 * i as u32;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// Fills between a line and a height, one strip a column.
fn fill_to(painter: &Painter, line: &[Pos2], y: f32, colour: Color32) {
    let mut mesh = Mesh::default();
    for (i, point) in line.iter().enumerate() {
        mesh.colored_vertex(*point, colour);
        mesh.colored_vertex(pos2(point.x, y), colour);
        if i > 0 {
            let at = 2 * i as u32;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// The lines of both axes with their names.
pub(super) fn paint_grid(painter: &Painter, scale: &Scale) {
    let t = theme();
    let rect = scale.rect;
    paint_axis(painter, rect);
    paint_names(painter, rect);
    let step = scale.range_db / 4.0;
    // Names need a line of their own.
    let is_low = rect.height() / 8.0 < t.small + 2.0;
    for i in -3..=3 {
        let db = step * f64::from(i);
        let y = scale.y_from_db(db);
        let stroke = if i == 0 { Stroke::new(1.0, t.line_strong) } else { Stroke::new(1.0, t.line) };
        painter.hline(rect.x_range(), y, stroke);
        if is_low && i % 2 != 0 {
            continue;
        }
        painter.text(
            pos2(rect.left() + 4.0, y - 1.0),
            Align2::LEFT_BOTTOM,
            db_mark(db),
            t.font(t.small),
            t.text_weak,
        );
    }
}

/// A mark of the decibel axis with sign.
fn db_mark(db: f64) -> String {
    let text = signed(db, 1);
    match text.strip_suffix(".0").unwrap_or(&text) {
        "0" => "0 dB".to_owned(),
        short => short.to_owned(),
    }
}

/// The spectra as a quiet ground: after the slot and, as a line, before it where both are known, else the one of the meters.
pub(super) fn paint_spectra(
    painter: &Painter,
    scale: &Scale,
    spectrum: &SpectrumView,
    focus: Option<&FocusView>,
) {
    let t = theme();
    let points = match focus {
        Some(focus) => spectrum_points(scale, &focus.freqs_hz, &focus.after_db),
        None => spectrum_points(scale, &spectrum.freqs_hz, &spectrum.now_db),
    };
    if points.len() > 1 {
        fill_to(painter, &points, scale.rect.bottom(), faded(t.master, 0.16));
        painter.add(Shape::line(points, Stroke::new(1.0, faded(t.master, 0.5))));
    }
    if let Some(focus) = focus {
        let before = spectrum_points(scale, &focus.freqs_hz, &focus.before_db);
        painter.add(Shape::line(before, Stroke::new(1.0, faded(t.mix, 0.7))));
    }
}

/// The curves shown in the spectrum (frozen traces, references, mixes) as thin lines, with the slope and for the bins of
/// what they stand behind.
pub(super) fn paint_curves(painter: &Painter, scale: &Scale, frame: &Frame, focus: Option<&FocusView>) {
    let live = &frame.spectrum;
    let lift = |hz: f32| match focus {
        Some(focus) => {
            (focus.slope_db_oct - live.slope_db_oct) * (hz / 1000.0).log2() + focus.noise_db - live.noise_db
        }
        None => 0.0,
    };
    for curve in frame.curves.iter().filter(|c| c.is_shown) {
        let (freqs_hz, levels_db): (Vec<f32>, Vec<f32>) = live
            .freqs_hz
            .iter()
            .enumerate()
            .filter_map(|(point, hz)| Some((*hz, curve.level_db(point)? + lift(*hz))))
            .unzip();
        let points = spectrum_points(scale, &freqs_hz, &levels_db);
        painter.add(Shape::line(points, Stroke::new(1.0, faded(curve_colour(theme(), curve.kind), 0.8))));
    }
}

fn spectrum_points(scale: &Scale, freqs_hz: &[f32], levels_db: &[f32]) -> Vec<Pos2> {
    let rect = scale.rect;
    let y = |db: f32| rect.top() + rect.height() * (db / SPECTRUM_FLOOR_DB).clamp(0.0, 1.0);
    freqs_hz
        .iter()
        .zip(levels_db)
        .map(|(f, db)| {
            pos2(scale.x_from_hz(f64::from(*f)), y(if db.is_finite() { *db } else { SPECTRUM_FLOOR_DB }))
        })
        .filter(|p| p.x >= rect.left() && p.x <= rect.right())
        .collect()
}

/// The keys of a piano (A4 = 440 Hz) along the frequency axis, going on beyond both its ends; every C has its octave.
pub(super) fn paint_piano(painter: &Painter, rect: Rect) {
    let t = theme();
    painter.rect_filled(rect, 0.0, faded(t.text_weak, 0.75));
    let hz_of = |key: f64| 440.0 * 2f64.powf((key - 69.0) / 12.0);
    let x = |key: f64| frequency::x_from_hz(rect.x_range(), hz_of(key));
    for key in 3..140i32 {
        let (left, right) = (x(f64::from(key) - 0.5), x(f64::from(key) + 0.5));
        let is_black = matches!(key.rem_euclid(12), 1 | 3 | 6 | 8 | 10);
        if is_black {
            let bottom = rect.top() + 0.62 * rect.height();
            let body = Rect::from_min_max(pos2(left, rect.top()), pos2(right, bottom));
            painter.rect_filled(body, 0.0, t.ground);
        }
        // Two white keys meet at the border of E and F, B and C, and under the middle of a black one.
        let border = match key.rem_euclid(12) {
            0 | 5 => Some((left, rect.top())),
            _ if is_black => Some((0.5 * (left + right), rect.top() + 0.62 * rect.height())),
            _ => None,
        };
        if let Some((at, top)) = border {
            painter.vline(at, top..=rect.bottom(), Stroke::new(1.0, t.ground));
        }
        if key % 12 == 0 {
            let middle = pos2(0.5 * (left + right), rect.bottom() - 2.0);
            painter.circle_filled(middle, 1.3, if key == 60 { t.focus } else { t.ground });
        }
    }
}

/// The line under the pointer and what it points at: frequency, note, decibels.
pub(super) fn paint_pointer(painter: &Painter, scale: &Scale, curves: &Curves, pointer: Pos2) {
    let t = theme();
    let hz = scale.hz_from_x(pointer.x);
    painter.vline(pointer.x, scale.rect.y_range(), Stroke::new(1.0, faded(t.text_weak, 0.35)));
    let total = curves.total_at(hz);
    let text = format!("{} · {} · {} dB", hz_text(hz), note_text(hz), signed(total, 1));
    let at = scale.rect.center_top() + vec2(0.0, 4.0);
    painter.text(at, Align2::CENTER_TOP, text, t.font(t.small), t.text_weak);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale() -> Scale {
        Scale { rect: Rect::from_min_size(pos2(10.0, 20.0), vec2(800.0, 200.0)), range_db: 12.0 }
    }

    #[test]
    fn places_and_values_are_inverses() {
        let scale = scale();
        for hz in [10.0, 31.5, 1000.0, 20_000.0] {
            assert!((scale.hz_from_x(scale.x_from_hz(hz)) / hz - 1.0).abs() < 1e-4);
        }
        for db in [-12.0, -3.0, 0.0, 7.5] {
            assert!((scale.db_from_y(scale.y_from_db(db)) - db).abs() < 1e-4);
        }
        assert_eq!(scale.y_from_db(12.0), 20.0);
    }

    /// A bell of +6 dB reads +6 dB at its centre and next to nothing five octaves away.
    #[test]
    fn the_total_is_that_of_the_running_filters() {
        let kind = crate::process::find("eq").unwrap();
        let mut values = Values::defaults(kind.params());
        let set = |values: &mut Values, id: &str, v: f64| {
            values.set(kind.params().iter().position(|p| p.id == id).unwrap(), v);
        };
        set(&mut values, "band1_enabled", 1.0);
        set(&mut values, "band1_gain_db", 6.0);
        let bands = super::super::eq_bands::bands_of(&values);
        let curves = Curves::of(None, &values, SampleRate(96_000), &bands);
        assert!((curves.total_at(1000.0) - 6.0).abs() < 0.01);
        assert!(curves.total_at(31.0).abs() < 0.05);
        assert_eq!(curves.bands.len(), 1);
    }
}
