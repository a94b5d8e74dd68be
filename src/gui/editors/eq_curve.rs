//! The picture behind the nodes of the EQ: axes, grid, live spectrum, the curve of every band and the total.
//!
//! Curves are the magnitudes of the filters as they run ([`eq::response_db`]), not a drawing of them.

use egui::{Align2, Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::eq_bands::Band;
use crate::app::frame::SpectrumView;
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
        let of_band = |b: &Band| (b.number, eq::band_response_db(values, b.number, rate, &freqs_hz));
        Self {
            values: values.clone(),
            rate,
            total_db: eq::response_db(values, rate, &freqs_hz),
            parts,
            bands: bands.iter().filter(|b| b.on).map(of_band).collect(),
            freqs_hz,
        }
    }

    /// Draws bands, parts and the total.
    pub(super) fn paint(&self, painter: &Painter, scale: &Scale, selected: Option<usize>) {
        let t = theme();
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
        painter.add(Shape::line(self.points(scale, &self.total_db), Stroke::new(2.0, t.text)));
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
    for i in -3..=3 {
        let db = step * f64::from(i);
        let y = scale.y_from_db(db);
        let stroke = if i == 0 { Stroke::new(1.0, t.line_strong) } else { Stroke::new(1.0, t.line) };
        painter.hline(rect.x_range(), y, stroke);
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

/// The live spectrum as a quiet ground.
pub(super) fn paint_spectrum(painter: &Painter, scale: &Scale, spectrum: &SpectrumView) {
    let t = theme();
    let rect = scale.rect;
    let y = |db: f32| rect.top() + rect.height() * (db / SPECTRUM_FLOOR_DB).clamp(0.0, 1.0);
    let points: Vec<Pos2> = spectrum
        .freqs_hz
        .iter()
        .zip(&spectrum.now_db)
        .map(|(f, db)| {
            pos2(scale.x_from_hz(f64::from(*f)), y(if db.is_finite() { *db } else { SPECTRUM_FLOOR_DB }))
        })
        .filter(|p| p.x >= rect.left() && p.x <= rect.right())
        .collect();
    if points.len() > 1 {
        fill_to(painter, &points, rect.bottom(), faded(t.master, 0.16));
        painter.add(Shape::line(points, Stroke::new(1.0, faded(t.master, 0.5))));
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
