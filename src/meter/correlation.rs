//! Stereo: correlation, balance, mono fold-down, points for the goniometer.
//!
//! `r = ⟨LR⟩ / √(⟨L²⟩⟨R²⟩)`: +1 mono, 0 unrelated, −1 opposite. Balance is `10·log10(⟨R²⟩/⟨L²⟩)`. The fold-down loss is
//! `10·log10(⟨((L+R)/2)²⟩ / ((⟨L²⟩+⟨R²⟩)/2))`: 0 dB for mono, −3.01 dB for unrelated channels, −∞ for opposite ones. Each ⟨⟩
//! is a one-pole average with a time constant of 300 ms. Under −60 dBFS there is no reading.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::units::db_from_power;

/// Time constant of the averages.
const TIME_S: f64 = 0.3;
/// Mean square under which there is nothing to correlate (−60 dBFS).
const SILENCE: f64 = 1e-6;

/// What the stereo meter shows; `None` in silence.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StereoReading {
    /// −1 to 1. Needs sound in both channels.
    pub correlation: Option<f64>,
    /// Lowest correlation since reset.
    pub min_correlation: Option<f64>,
    /// Right over left in dB; ±∞ never: `None` if a channel is digital silence.
    pub balance_db: Option<f64>,
    /// Level change of the mono sum, dB; at least −120.
    pub fold_down_db: Option<f64>,
}

/// Correlation and balance of a stereo signal.
#[derive(Debug, Clone)]
pub struct StereoMeter {
    step: f64,
    /// ⟨L²⟩, ⟨R²⟩, ⟨LR⟩.
    means: [f64; 3],
    minimum: Option<f64>,
}

impl StereoMeter {
    /// At a rate in hertz.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            step: 1.0 - (-1.0 / (TIME_S * f64::from(rate_hz.max(1)))).exp(),
            means: [0.0; 3],
            minimum: None,
        }
    }

    /// Takes a block of both channels.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let mut means = self.means;
        for (&l, &r) in left.iter().zip(right) {
            for (mean, product) in means.iter_mut().zip([l * l, r * r, l * r]) {
                *mean += self.step * (product - *mean);
            }
        }
        let usable = means.iter().all(|m| m.is_finite()) && means[0] + means[1] > 1e-20;
        self.means = if usable { means } else { [0.0; 3] };
        if let Some(now) = self.correlation() {
            self.minimum = Some(self.minimum.map_or(now, |m: f64| m.min(now)));
        }
    }

    fn correlation(&self) -> Option<f64> {
        let [l, r, lr] = self.means;
        (l > SILENCE && r > SILENCE).then(|| (lr / (l * r).sqrt()).clamp(-1.0, 1.0))
    }

    /// What the meter shows now.
    pub fn reading(&self) -> StereoReading {
        let [l, r, lr] = self.means;
        let audible = l + r > SILENCE;
        StereoReading {
            correlation: self.correlation(),
            min_correlation: self.minimum,
            balance_db: (audible && l > 0.0 && r > 0.0).then(|| db_from_power(r / l)),
            fold_down_db: audible
                .then(|| db_from_power((0.25 * (l + r + 2.0 * lr) / (0.5 * (l + r))).max(1e-12))),
        }
    }

    /// Forgets the minimum; the averages go on.
    pub fn restart(&mut self) {
        self.minimum = None;
    }
}

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
    use std::f64::consts::PI;

    fn tone(phase_deg: f64, amplitude: f64) -> Vec<f64> {
        (0..96_000)
            .map(|n| amplitude * (2.0 * PI * f64::from(n) / 48.0 + phase_deg.to_radians()).sin())
            .collect()
    }

    fn read(left: &[f64], right: &[f64]) -> StereoReading {
        let mut meter = StereoMeter::new(48_000);
        for (l, r) in left.chunks(64).zip(right.chunks(64)) {
            meter.push(l, r);
        }
        meter.reading()
    }

    #[test]
    fn correlation_is_the_cosine_of_the_phase() {
        for phase in [0.0, 45.0, 90.0, 120.0, 180.0f64] {
            let r = read(&tone(0.0, 0.5), &tone(phase, 0.25));
            let cosine = phase.to_radians().cos();
            assert!((r.correlation.unwrap() - cosine).abs() < 2e-3, "{phase}: {r:?}");
            assert!((r.balance_db.unwrap() + 6.0206).abs() < 0.01);
        }
    }

    #[test]
    fn fold_down_knows_mono_unrelated_and_opposite() {
        let x = tone(0.0, 0.5);
        assert!(read(&x, &x).fold_down_db.unwrap().abs() < 1e-6);
        assert!((read(&x, &tone(90.0, 0.5)).fold_down_db.unwrap() + 3.0103).abs() < 0.01);
        assert!(read(&x, &tone(180.0, 0.5)).fold_down_db.unwrap() < -100.0);
    }

    #[test]
    fn silence_and_one_channel_have_no_correlation() {
        assert_eq!(read(&[0.0; 1000], &[0.0; 1000]), StereoReading::default());
        let r = read(&tone(0.0, 0.5), &vec![0.0; 96_000]);
        assert_eq!((r.correlation, r.balance_db), (None, None));
        assert!((r.fold_down_db.unwrap() + 3.0103).abs() < 1e-6);
        assert_eq!(read(&[f64::NAN; 64], &[0.5; 64]).correlation, None);
    }

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
