//! The frequency axis of every panel that has one: its ends, its lines, and frequencies in words.
//!
//! The axis is logarithmic from 10 Hz (the rumble below hearing is what a master is cleaned of) to 22 kHz.

use egui::{Painter, Rangef, Rect, Stroke, pos2, vec2};

use crate::gui::theme::{faded, theme};

/// Ends of the axis, Hz.
pub const LOWEST_HZ: f64 = 10.0;
/// See [`LOWEST_HZ`].
pub const HIGHEST_HZ: f64 = 22_000.0;

/// Frequencies with a strong line and a name.
const NAMED_HZ: [(f64, &str); 10] = [
    (20.0, "20"),
    (50.0, "50"),
    (100.0, "100"),
    (200.0, "200"),
    (500.0, "500"),
    (1000.0, "1k"),
    (2000.0, "2k"),
    (5000.0, "5k"),
    (10_000.0, "10k"),
    (20_000.0, "20k"),
];

/// A logarithmic axis of frequency between two ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Lower end, Hz.
    pub low_hz: f64,
    /// Upper end, Hz.
    pub high_hz: f64,
}

impl Axis {
    /// From [`LOWEST_HZ`] to [`HIGHEST_HZ`].
    pub const FULL: Self = Self { low_hz: LOWEST_HZ, high_hz: HIGHEST_HZ };

    /// Place of a frequency on the axis over `x`.
    pub fn x_from_hz(&self, x: Rangef, hz: f64) -> f32 {
        let place = (hz.max(1e-3) / self.low_hz).ln() / (self.high_hz / self.low_hz).ln();
        x.min + x.span() * place as f32
    }

    /// Frequency at a place, Hz.
    pub fn hz_from_x(&self, x: Rangef, at: f32) -> f64 {
        self.low_hz * (self.high_hz / self.low_hz).powf(f64::from((at - x.min) / x.span().max(1.0)))
    }

    /// Its lines; a narrow panel has those with a name alone.
    pub fn paint_lines(&self, painter: &Painter, rect: Rect) {
        let t = theme();
        let wide = is_wide(rect);
        for decade in [10.0, 100.0, 1000.0, 10_000.0] {
            for k in (1..10).filter(|_| wide) {
                let x = self.x_from_hz(rect.x_range(), decade * f64::from(k));
                painter.vline(x, rect.y_range(), Stroke::new(1.0, faded(t.line, 0.45)));
            }
        }
        for (hz, _) in NAMED_HZ {
            let x = self.x_from_hz(rect.x_range(), hz);
            painter.vline(x, rect.y_range(), Stroke::new(1.0, faded(t.line, if wide { 1.0 } else { 0.7 })));
        }
    }

    /// Its names along the bottom, drawn over curves: decades first, the others where they touch none.
    pub fn paint_names(&self, painter: &Painter, rect: Rect) {
        let t = theme();
        let mut taken: Vec<Rect> = Vec::with_capacity(NAMED_HZ.len());
        let is_decade = |hz: f64| matches!(hz as u32, 100 | 1000 | 10_000);
        let decades = NAMED_HZ.iter().filter(|(hz, _)| is_decade(*hz));
        for (hz, name) in decades.chain(NAMED_HZ.iter().filter(|(hz, _)| !is_decade(*hz))) {
            let x = self.x_from_hz(rect.x_range(), *hz);
            let galley = painter.layout_no_wrap((*name).to_owned(), t.font(t.small), t.text_weak);
            // At the right of its line, or at the left where it would leave the panel.
            let fits = x + 4.0 + galley.size().x <= rect.right();
            let left = if fits { x + 3.0 } else { x - 3.0 - galley.size().x };
            let place = Rect::from_min_size(pos2(left, rect.bottom() - 2.0 - galley.size().y), galley.size());
            let inside = (rect.left()..=rect.right()).contains(&x) && place.left() >= rect.left();
            if inside && !taken.iter().any(|other| other.expand2(vec2(LEAST_GAP, 0.0)).intersects(place)) {
                painter.galley(place.min, galley, t.text_weak);
                taken.push(place);
            }
        }
    }
}

/// Room between two names, points.
const LEAST_GAP: f32 = 5.0;

/// Place of a frequency on a full axis that spans `x`.
pub fn x_from_hz(x: Rangef, hz: f64) -> f32 {
    Axis::FULL.x_from_hz(x, hz)
}

/// Frequency at a place of a full axis, Hz.
pub fn hz_from_x(x: Rangef, at: f32) -> f64 {
    Axis::FULL.hz_from_x(x, at)
}

/// The lines of a full axis.
pub fn paint_axis(painter: &Painter, rect: Rect) {
    Axis::FULL.paint_lines(painter, rect);
}

/// The names of a full axis along the bottom.
pub fn paint_names(painter: &Painter, rect: Rect) {
    Axis::FULL.paint_names(painter, rect);
}

fn is_wide(rect: Rect) -> bool {
    rect.width() > 400.0
}

/// A frequency as written in the trade.
pub fn hz_text(hz: f64) -> String {
    if hz >= 1000.0 {
        format!("{:.2} kHz", hz / 1000.0)
    } else if hz >= 100.0 {
        format!("{hz:.0} Hz")
    } else {
        format!("{hz:.1} Hz")
    }
}

/// The nearest note of the piano (A4 = 440 Hz, equal temperament) and how far off it is in cents.
pub fn note_text(hz: f64) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    let exact = 69.0 + 12.0 * (hz / 440.0).log2();
    let nearest = exact.round();
    let cents = ((exact - nearest) * 100.0).round();
    let name = NAMES[(nearest as i64).rem_euclid(12) as usize];
    let octave = (nearest as i64).div_euclid(12) - 1;
    let sign = if cents < 0.0 { "−" } else { "+" };
    format!("{name}{octave} {sign}{:.0} ct", cents.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_frequencies_are_inverses() {
        let x = Rangef::new(10.0, 810.0);
        for hz in [10.0, 31.5, 1000.0, 20_000.0] {
            assert!((hz_from_x(x, x_from_hz(x, hz)) / hz - 1.0).abs() < 1e-4);
        }
        assert!(
            (x_from_hz(x, LOWEST_HZ) - 10.0).abs() < 1e-3 && (x_from_hz(x, HIGHEST_HZ) - 810.0).abs() < 1e-3
        );
    }

    /// Frequencies of the piano in equal temperament: C4 = 261.626 Hz, A0 = 27.5 Hz.
    #[test]
    fn notes_are_those_of_the_piano() {
        assert_eq!(note_text(440.0), "A4 +0 ct");
        assert_eq!(note_text(261.626), "C4 +0 ct");
        assert_eq!(note_text(27.5), "A0 +0 ct");
        assert_eq!(note_text(440.0 * 2f64.powf(-0.2 / 12.0)), "A4 −20 ct");
        assert_eq!(note_text(3150.0), "G7 +8 ct");
    }

    #[test]
    fn notes_are_named_from_concert_pitch() {
        assert_eq!(note_text(440.0), "A4 +0 ct");
        assert_eq!(note_text(261.63), "C4 +0 ct");
        assert_eq!(note_text(445.0), "A4 +20 ct");
        assert_eq!(note_text(27.5), "A0 +0 ct");
    }
}
