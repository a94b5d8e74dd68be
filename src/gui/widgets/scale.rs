//! The scale of level meters: more room for the top, where mastering happens.
//!
//! Piecewise linear in dB between the marks of the drawing: 0, −3, −6, −12, −18, −24, −36, −48, −60 dBFS.

use egui::Rangef;

/// Marks and their place from the top, 0 to 1.
const MARKS: [(f64, f64); 9] = [
    (0.0, 0.0),
    (-3.0, 0.06),
    (-6.0, 0.12),
    (-12.0, 0.24),
    (-18.0, 0.36),
    (-24.0, 0.48),
    (-36.0, 0.68),
    (-48.0, 0.86),
    (-60.0, 1.0),
];

/// Height of a level on a meter that spans `y` (top is 0 dBFS, bottom −60 dBFS).
pub fn meter_y(y: Rangef, level_dbfs: f64) -> f32 {
    let level = level_dbfs.clamp(-60.0, 0.0);
    let place = MARKS.windows(2).find(|pair| level >= pair[1].0).map_or(1.0, |pair| {
        let t = (pair[0].0 - level) / (pair[0].0 - pair[1].0);
        pair[0].1 + t * (pair[1].1 - pair[0].1)
    });
    y.min + (y.max - y.min) * place as f32
}

/// The marks of the scale, dBFS, that have room: all but the last.
pub fn level_ticks() -> impl Iterator<Item = f64> {
    MARKS.iter().map(|mark| mark.0).take(MARKS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_falls_from_zero_to_minus_sixty() {
        let y = Rangef::new(10.0, 110.0);
        for (level, want) in [(0.0, 10.0), (-60.0, 110.0), (f64::NEG_INFINITY, 110.0)] {
            assert!((meter_y(y, level) - want).abs() < 1e-4);
        }
        assert!((meter_y(y, -9.0) - 28.0).abs() < 1e-4);
        let mut last = 0.0;
        for db in 0..=60 {
            let now = meter_y(y, -f64::from(db));
            assert!(now > last);
            last = now;
        }
    }
}
