//! Thinned points of the signal for a small goniometer (both sides of a slot); [`super::Scope`] is the exact one.

use std::f64::consts::FRAC_1_SQRT_2;

/// A point of the goniometer: `x` across (side, left leans left), `y` up (mid).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GonioPoint {
    /// `(R − L)/√2`.
    pub x: f32,
    /// `(L + R)/√2`.
    pub y: f32,
}

/// A goniometer point of a frame.
pub fn gonio_point(left: f64, right: f64) -> GonioPoint {
    GonioPoint { x: ((right - left) * FRAC_1_SQRT_2) as f32, y: ((left + right) * FRAC_1_SQRT_2) as f32 }
}

/// Keeps the last points for the display, thinned to about 12 000 a second: at twice the rate every second frame.
#[derive(Debug, Clone)]
pub struct Goniometer {
    points: Vec<GonioPoint>,
    next: usize,
    filled: usize,
    every: usize,
    skip: usize,
}

/// Points a second, about.
const POINTS_PER_SECOND: u32 = 12_000;

impl Goniometer {
    /// At a rate in hertz, for the last `points` points.
    pub fn new(rate_hz: u32, points: usize) -> Self {
        let every = (rate_hz / POINTS_PER_SECOND).max(1) as usize;
        Self { points: vec![GonioPoint::default(); points.max(1)], next: 0, filled: 0, every, skip: 0 }
    }

    /// Takes a block of both channels.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        for (&l, &r) in left.iter().zip(right) {
            if self.skip == 0 {
                self.points[self.next] = gonio_point(l, r);
                self.next = (self.next + 1) % self.points.len();
                self.filled = (self.filled + 1).min(self.points.len());
                self.skip = self.every;
            }
            self.skip -= 1;
        }
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl Iterator<Item = GonioPoint> + '_ {
        let (newer, older) = self.points.split_at(self.next);
        let older = if self.filled == self.points.len() { older } else { &[] };
        older.iter().chain(newer).copied()
    }

    /// No points.
    pub fn reset(&mut self) {
        (self.next, self.filled, self.skip) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goniometer_points_stand_where_they_should() {
        let up = gonio_point(0.5, 0.5);
        assert!(up.x.abs() < 1e-9 && up.y > 0.7);
        let left = gonio_point(1.0, 0.0);
        assert!(left.x < -0.7 && left.y > 0.7);
        let mut scope = Goniometer::new(48_000, 100);
        let ramp: Vec<f64> = (0..1000).map(f64::from).collect();
        scope.push(&ramp, &ramp);
        let points: Vec<_> = scope.points().collect();
        assert_eq!(points.len(), 100);
        assert!(points.windows(2).all(|w| w[1].y > w[0].y));
        assert!((f64::from(points[99].y) - 996.0 * 2f64.sqrt()).abs() < 0.01);
    }
}
