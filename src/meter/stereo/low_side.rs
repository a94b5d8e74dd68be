//! Side energy in the bass, which a vinyl cutter must follow in depth.
//!
//! Below 150 and below 300 Hz (Linkwitz–Riley low-pass, fourth order): the side's part of the energy,
//! `⟨S²⟩ / (⟨M²⟩ + ⟨S²⟩)`, 0 for mono bass, ½ for unrelated channels, 1 for opposite ones. Over the last second, and since
//! reset.

use super::Products;
use super::grid::Grid;
use super::split::LowPasses;

/// Upper ends of the two bands, Hz.
pub const LOW_SIDE_HZ: [f64; 2] = [150.0, 300.0];

/// Evaluations a second.
const STEPS: u32 = 100;
const TIME_S: f64 = 1.0;
/// Mean square under which there is no bass (−80 dBFS).
const SILENCE: f64 = 1e-8;

/// The side's part of the bass.
#[derive(Debug, Clone)]
pub struct LowSide {
    grid: Grid,
    filters: LowPasses<2>,
    means: [Products; 2],
    totals: [Products; 2],
}

fn share(products: Products) -> f64 {
    products.side() / (products.mid() + products.side())
}

impl LowSide {
    /// At a rate in hertz.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            grid: Grid::new(rate_hz, STEPS),
            filters: LowPasses::new(LOW_SIDE_HZ, rate_hz),
            means: [Products::default(); 2],
            totals: [Products::default(); 2],
        }
    }

    /// Takes a block of both channels. NaN and infinity cost the 10 ms they fall into.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = left.len().min(right.len());
        let mut at = 0;
        while at < length {
            let end = length.min(at + self.grid.room());
            self.filters.push(&left[at..end], &right[at..end]);
            if let Some(frames) = self.grid.advance(end - at) {
                self.close(frames);
            }
            at = end;
        }
    }

    fn close(&mut self, frames: u64) {
        let part = -(-self.grid.seconds_of(frames) / TIME_S).exp_m1();
        let sums = self.filters.take();
        for ((mean, total), sum) in self.means.iter_mut().zip(&mut self.totals).zip(sums) {
            *mean = mean.towards(sum.times(1.0 / frames.max(1) as f64), part);
            *total = total.plus(sum);
        }
    }

    /// Over the last second, 0 to 1, below each of [`LOW_SIDE_HZ`]; `None` where there is no bass.
    pub fn now(&self) -> [Option<f64>; 2] {
        self.means.map(|m| (m.power() > SILENCE).then(|| share(m)))
    }

    /// Since reset.
    pub fn since_reset(&self) -> [Option<f64>; 2] {
        self.totals.map(|t| (t.power() > 1e-12).then(|| share(t)))
    }

    /// The sound jumped: what averages begins anew.
    pub fn restart(&mut self) {
        self.means = [Products::default(); 2];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn meter_of(rate: u32, signal: impl Fn(f64) -> [f64; 2]) -> LowSide {
        let mut meter = LowSide::new(rate);
        let frames = (0..6 * rate).map(|n| signal(f64::from(n) / f64::from(rate)));
        let (left, right): (Vec<f64>, Vec<f64>) = frames.map(|f| (f[0], f[1])).unzip();
        meter.push(&left, &right);
        meter
    }

    #[test]
    fn the_share_is_that_of_the_side_below_each_frequency() {
        // Mid 0.4 at 50 Hz; side 0.1 at 50 Hz and 0.2 at 220 Hz; loud highs that do not matter.
        for rate in crate::units::SESSION_RATES_HZ {
            let meter = meter_of(rate, |t| {
                let (mid, high) = (0.4 * (TAU * 50.0 * t).sin(), 0.3 * (TAU * 5000.0 * t).sin());
                let side = 0.1 * (TAU * 50.0 * t).cos() + 0.2 * (TAU * 220.0 * t).sin();
                [mid + side + high, mid - side - high]
            });
            // |H|² of the low-pass: (1 + x⁴)⁻², x = f/f0 through the bilinear transform.
            let tan = |hz: f64| (std::f64::consts::PI * hz / f64::from(rate)).tan();
            for (i, corner) in LOW_SIDE_HZ.into_iter().enumerate() {
                let power = |hz: f64, a: f64| a * a * (1.0 + (tan(hz) / tan(corner)).powi(4)).powi(-2);
                let side = power(50.0, 0.1) + power(220.0, 0.2) + power(5000.0, 0.3);
                let expected = side / (side + power(50.0, 0.4));
                for measured in [meter.since_reset()[i], meter.now()[i]] {
                    let measured = measured.unwrap();
                    assert!(
                        (measured - expected).abs() < 0.002,
                        "{rate}, {corner}: {measured}, not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn without_bass_there_is_no_share() {
        let meter = meter_of(48_000, |t| [0.5 * (TAU * 9000.0 * t).sin(), 0.0]);
        assert_eq!(meter.now(), [None, None]);
        assert_eq!(meter_of(48_000, |_| [0.0; 2]).since_reset(), [None, None]);
    }
}
