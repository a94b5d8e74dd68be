//! Polar level: how loud it is in each direction.
//!
//! With `x = (R−L)/√2` and `y = (L+R)/√2` the direction of a frame is `atan2(x, y)`, a frame and its opposite being one
//! direction: mono 0°, left only −45°, right only +45°, opposite phase ±90°. Each of [`SECTORS`] sectors of 3°, one centred
//! on mono, keeps the largest radius `√(L²+R²)` of its frames: one value falls with the persistence (a factor e each), the
//! envelope by 6 dB a second. All frames count.
//! The arc tangent is the polynomial of Abramowitz and Stegun 4.4.49 (error at most 1e-5 rad).

use super::grid::Grid;

/// Sectors of 3° from −90° (0) by way of mono (30) to +87° (59); +90° is −90°.
pub const SECTORS: usize = 60;

/// Evaluations a second.
const STEPS: u32 = 1000;
/// Fall of the envelope.
const FALL_DB_PER_S: f64 = 6.0;
/// Radius that is none.
const NOTHING: f64 = 1e-7;

/// The running picture.
#[derive(Debug, Clone)]
pub struct PolarLevel {
    grid: Grid,
    persistence_s: f64,
    peaks: [f64; SECTORS],
    envelope: [f64; SECTORS],
}

/// The sector of a frame.
#[inline]
fn sector_of(left: f64, right: f64) -> usize {
    let (x, y) = (right - left, left + right);
    let (across, up) = (x.abs(), y.abs());
    let t = across.min(up) / across.max(up);
    let s = t * t;
    let atan =
        t * (0.999_866_0 + s * (-0.330_299_5 + s * (0.180_141_0 + s * (-0.085_133_0 + s * 0.020_835_1))));
    let angle = if across > up { std::f64::consts::FRAC_PI_2 - atan } else { atan };
    let signed = if (x < 0.0) == (y < 0.0) { angle } else { -angle };
    let sectors = signed * (SECTORS as f64 / std::f64::consts::PI);
    ((sectors + 0.5).floor() as i64 + SECTORS as i64 / 2).rem_euclid(SECTORS as i64) as usize
}

impl PolarLevel {
    /// At a rate in hertz.
    pub fn new(rate_hz: u32, persistence_s: f64) -> Self {
        Self {
            grid: Grid::new(rate_hz, STEPS),
            persistence_s,
            peaks: [0.0; SECTORS],
            envelope: [0.0; SECTORS],
        }
    }

    /// Another persistence, s.
    pub fn set_persistence(&mut self, persistence_s: f64) {
        self.persistence_s = persistence_s;
    }

    /// Takes a block of both channels.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = left.len().min(right.len());
        let mut at = 0;
        while at < length {
            let end = length.min(at + self.grid.room());
            for (&l, &r) in left[at..end].iter().zip(&right[at..end]) {
                let radius = (l * l + r * r).sqrt();
                if radius > NOTHING && radius.is_finite() {
                    let sector = sector_of(l, r);
                    self.peaks[sector] = self.peaks[sector].max(radius);
                }
            }
            if let Some(frames) = self.grid.advance(end - at) {
                self.close(self.grid.seconds_of(frames));
            }
            at = end;
        }
    }

    fn close(&mut self, length_s: f64) {
        let fall = (-length_s / self.persistence_s).exp();
        let slow = crate::units::gain_from_db(-FALL_DB_PER_S * length_s);
        for (peak, envelope) in self.peaks.iter_mut().zip(&mut self.envelope) {
            *envelope = (*envelope * slow).max(*peak);
            // As it was at the end of the step.
            *peak *= fall;
            if *envelope < NOTHING {
                (*peak, *envelope) = (0.0, 0.0);
            }
        }
    }

    /// Radius of each sector now and its envelope, linear; 1 is full scale in one channel.
    pub fn sectors(&self) -> impl Iterator<Item = [f32; 2]> + '_ {
        self.peaks.iter().zip(&self.envelope).map(|(peak, envelope)| [*peak as f32, *envelope as f32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn directions_are_those_of_atan2() {
        for i in -1800..1800 {
            let wanted = f64::from(i) / 20.0;
            // A place on a border may fall to either side.
            if ((wanted / 3.0 - 0.5) - (wanted / 3.0 - 0.5).round()).abs() < 0.01 {
                continue;
            }
            let (sin, cos) = (wanted * PI / 180.0).sin_cos();
            let (left, right) = ((cos - sin) / 2f64.sqrt(), (cos + sin) / 2f64.sqrt());
            let expected = ((wanted / 3.0).round() as i64 + 30).rem_euclid(60) as usize;
            assert_eq!(sector_of(left, right), expected, "{wanted}");
            assert_eq!(sector_of(-left, -right), expected, "{wanted} turned over");
        }
        assert_eq!(sector_of(0.3, 0.3), 30);
        assert_eq!(sector_of(0.3, 0.0), 15);
        assert_eq!(sector_of(0.0, -0.3), 45);
        assert_eq!(sector_of(0.3, -0.3), 0);
    }

    #[test]
    fn a_sector_falls_with_the_persistence_and_its_envelope_by_6_db_a_second() {
        for rate in [44_100u32, 96_000] {
            let mut polar = PolarLevel::new(rate, 0.2);
            let mut left = vec![0.0; rate as usize + 1];
            left[0] = 0.5;
            polar.push(&left, &vec![0.0; left.len()]);
            let [now, envelope] = polar.sectors().nth(15).unwrap();
            // One second: 0.5·e⁻⁵ and −6 dB, but for the millisecond the peak fell in.
            assert!((f64::from(now) / (0.5 * (-5f64).exp()) - 1.0).abs() < 0.006, "{now}");
            assert!((f64::from(envelope) / (0.5 * 10f64.powf(-0.3)) - 1.0).abs() < 0.001, "{envelope}");
            assert_eq!(polar.sectors().filter(|s| s[1] > 0.0).count(), 1);
        }
    }
}
