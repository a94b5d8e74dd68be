//! Wide-band: correlation, balance, mono fold-down, mid and side.
//!
//! Balance is `10·log10(⟨R²⟩/⟨L²⟩)`. The fold-down loss is `10·log10(⟨((L+R)/2)²⟩ / ((⟨L²⟩+⟨R²⟩)/2))`: 0 dB for mono,
//! −3.01 dB for unrelated channels, −∞ for opposite ones (shown as −120). Both as one-pole averages of 300 ms and since
//! reset. Mid `(L+R)/2` and side `(L−R)/2` are RMS by AES17 (a full-scale sine reads 0 dBFS), 300 ms. Under −60 dBFS there
//! is no reading; since reset, silence weighs nothing. Evaluated every millisecond.

use super::Products;
use super::grid::Grid;
use super::needle::{Needle, NeedleReading};
use crate::units::db_from_power;

/// Time constant of balance, fold-down, mid and side; that of the correlation unless it is set.
const TIME_S: f64 = 0.3;
/// Mean square under which there is nothing to correlate (−60 dBFS).
const SILENCE: f64 = 1e-6;
/// A full-scale sine has half the mean square of a full-scale square.
const AES17: f64 = 2.0;
/// Evaluations a second.
const STEPS: u32 = 1000;

/// What the stereo meter shows; `None` in silence.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StereoReading {
    /// −1 to 1. Needs sound in both channels.
    pub correlation: Option<f64>,
    /// The needle, which stays in silence, and its past.
    pub needle: NeedleReading,
    /// Right over left in dB; ±∞ never: `None` if a channel is digital silence.
    pub balance_db: Option<f64>,
    /// The same since reset.
    pub long_balance_db: Option<f64>,
    /// Level change of the mono sum, dB; at least −120.
    pub fold_down_db: Option<f64>,
    /// The same since reset.
    pub long_fold_down_db: Option<f64>,
    /// RMS of `(L+R)/2`, dBFS.
    pub mid_dbfs: Option<f64>,
    /// RMS of `(L−R)/2`, dBFS.
    pub side_dbfs: Option<f64>,
}

/// Correlation and balance of a stereo signal.
#[derive(Debug, Clone)]
pub struct StereoMeter {
    rate_hz: u32,
    grid: Grid,
    sums: Products,
    needle: Needle,
    /// 300 ms.
    means: Products,
    /// Since reset.
    total: Products,
}

impl StereoMeter {
    /// At a rate in hertz.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            grid: Grid::new(rate_hz, STEPS),
            sums: Products::default(),
            needle: Needle::new(TIME_S, SILENCE),
            means: Products::default(),
            total: Products::default(),
        }
    }

    /// Time constant of the correlation, s.
    pub fn set_time(&mut self, time_s: f64) {
        self.needle.set_time(time_s.clamp(0.01, 10.0));
    }

    /// Takes a block of both channels; the shorter sets the length. NaN and infinity cost the millisecond they fall into.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = left.len().min(right.len());
        let mut at = 0;
        while at < length {
            let end = length.min(at + self.grid.room());
            self.sums.add(&left[at..end], &right[at..end]);
            if let Some(frames) = self.grid.advance(end - at) {
                self.close(frames);
            }
            at = end;
        }
    }

    fn close(&mut self, frames: u64) {
        let sums = std::mem::take(&mut self.sums);
        let sums = if sums.is_finite() { sums } else { Products::default() };
        let means = sums.times(1.0 / frames.max(1) as f64);
        let length_s = self.grid.seconds_of(frames);
        self.needle.step(means, length_s, self.grid.seconds());
        let next = self.means.towards(means, -(-length_s / TIME_S).exp_m1());
        self.means = if next.power() > 1e-200 { next } else { Products::default() };
        self.total = self.total.plus(sums);
    }

    /// What the meter shows now.
    pub fn reading(&self) -> StereoReading {
        let (now, total) = (self.means, self.total);
        let is_audible = now.power() > SILENCE;
        let has_sounded = total.power() > 0.0;
        let level = |power: f64| (power > 1e-20).then(|| db_from_power(AES17 * power));
        StereoReading {
            correlation: self.needle.means().correlation(SILENCE),
            needle: self.needle.reading(),
            balance_db: now.balance_db().filter(|_| is_audible),
            long_balance_db: total.balance_db(),
            fold_down_db: is_audible.then(|| now.fold_down_db()),
            long_fold_down_db: has_sounded.then(|| total.fold_down_db()),
            mid_dbfs: level(now.mid()).filter(|_| is_audible),
            side_dbfs: level(now.side()).filter(|_| is_audible),
        }
    }

    /// The sound jumped: what averages begins anew, what counts since reset goes on.
    pub fn restart(&mut self) {
        self.needle.restart();
        self.means = Products::default();
    }

    /// As new, at the same time constant.
    pub fn reset(&mut self) {
        let needle = self.needle.renewed();
        *self = Self { needle, ..Self::new(self.rate_hz) };
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

    fn meter_of(rate: u32, seconds: f64, signal: impl Fn(f64) -> [f64; 2]) -> StereoMeter {
        let mut meter = StereoMeter::new(rate);
        let frames: Vec<[f64; 2]> =
            (0..(seconds * f64::from(rate)) as u32).map(|n| signal(f64::from(n) / f64::from(rate))).collect();
        for part in frames.chunks(777) {
            let (left, right): (Vec<f64>, Vec<f64>) = part.iter().map(|f| (f[0], f[1])).unzip();
            meter.push(&left, &right);
        }
        meter
    }

    fn sine(hz: f64, at_s: f64) -> f64 {
        (2.0 * PI * hz * at_s).sin()
    }

    #[test]
    fn the_time_below_zero_is_that_of_the_signal_at_every_rate() {
        for rate in crate::units::SESSION_RATES_HZ {
            // In phase but for 4..5.5 s and 8..8.25 s, where r passes zero a time of ln 2 constants after each turn.
            let turned = |t: f64| (4.0..5.5).contains(&t) || (8.0..8.25).contains(&t);
            let signal = |t: f64| {
                let x = 0.5 * sine(1000.0, t);
                [x, if turned(t) { -x } else { x }]
            };
            let needle = meter_of(rate, 10.0, signal).reading().needle;
            // r falls from 1 as 2·e^(−t/τ) − 1, so it is below zero from ln 2·τ after the turn on. When it turns back at
            // r0 = 2·e^(−d/τ) − 1, it rises as 1 − (1 − r0)·e^(−t/τ): above zero after τ·ln(1 − r0).
            let below = |d: f64| {
                let lowest = 2.0 * (-d / TIME_S).exp() - 1.0;
                d - TIME_S * 2f64.ln() + TIME_S * (1.0 - lowest).ln()
            };
            let expected = below(1.5) + below(0.25);
            assert!((needle.below_zero_s - expected).abs() < 0.004, "{rate}: {} s", needle.below_zero_s);
            assert!((needle.measured_s - (10.0 - TIME_S)).abs() < 0.002, "{}", needle.measured_s);
            let lowest = needle.lowest.unwrap();
            assert!((lowest.at_s - 5.5).abs() < 0.002, "{lowest:?}");
            assert!((lowest.value - (2.0 * (-1.5f64 / TIME_S).exp() - 1.0)).abs() < 0.003, "{lowest:?}");
            let share = needle.below_zero_share().unwrap();
            assert!((share - expected / 9.7).abs() < 0.001);
        }
    }

    #[test]
    fn in_silence_the_needle_is_held_and_no_time_counts() {
        let meter = meter_of(48_000, 6.0, |t| {
            if t < 2.0 { [0.1 * sine(440.0, t), 0.1 * sine(440.0, t + 1.0 / 440.0 / 6.0)] } else { [0.0; 2] }
        });
        let r = meter.reading();
        assert_eq!(r.correlation, None);
        assert!(r.needle.is_held && (r.needle.now.unwrap() - 0.5).abs() < 0.01, "{r:?}");
        // From 0.3 s to where the mean square, 0.005, has fallen to 1e-6: 2 s and 0.3·ln 5000 more.
        assert!((r.needle.measured_s - (1.7 + TIME_S * 5000f64.ln())).abs() < 0.01, "{r:?}");
        assert_eq!((r.balance_db, r.fold_down_db, r.mid_dbfs, r.side_dbfs), (None, None, None, None));
        assert!(r.long_balance_db.unwrap().abs() < 0.01);
        // Cosine of 60°: (1 + 0.5) / 2.
        assert!((r.long_fold_down_db.unwrap() - 10.0 * 0.75f64.log10()).abs() < 0.01);
    }

    #[test]
    fn unrelated_noise_stands_at_zero_within_its_standard_error() {
        let noise = [crate::dsp::noise::Noise::new(7, 0), crate::dsp::noise::Noise::new(7, 1)];
        let rate = 48_000;
        let mut meter = StereoMeter::new(rate);
        let (mut sum, mut readings) = (0.0, 0);
        for block in 0..400i64 {
            let channel = |c: usize| (0..4800).map(|i| 0.3 * noise[c].triangular(block * 4800 + i)).collect();
            let (left, right): (Vec<f64>, Vec<f64>) = (channel(0), channel(1));
            meter.push(&left, &right);
            if block >= 20 {
                sum += meter.reading().correlation.unwrap().powi(2);
                readings += 1;
            }
        }
        // A one-pole average of white noise is worth 2·τ·fs frames: σ = 1/√(2·0.3·48 000) = 0.0059.
        let sigma = 1.0 / (2.0 * TIME_S * f64::from(rate)).sqrt();
        let measured = (sum / f64::from(readings)).sqrt();
        assert!((measured / sigma - 1.0).abs() < 0.2, "{measured}, not {sigma}");
        assert!((meter.reading().long_fold_down_db.unwrap() + 3.0103).abs() < 0.01);
    }

    #[test]
    fn levels_and_balance_of_known_gains() {
        // L = 0.5, R = 0.25 of one sine: M = 0.375, S = 0.125.
        let r = meter_of(96_000, 4.0, |t| [0.5 * sine(997.0, t), 0.25 * sine(997.0, t)]).reading();
        let db = |x: f64| 20.0 * x.log10();
        assert!((r.balance_db.unwrap() - db(0.5)).abs() < 1e-3, "{r:?}");
        assert!((r.long_balance_db.unwrap() - db(0.5)).abs() < 1e-6);
        assert!((r.mid_dbfs.unwrap() - db(0.375)).abs() < 0.01, "{r:?}");
        assert!((r.side_dbfs.unwrap() - db(0.125)).abs() < 0.01, "{r:?}");
        let loss = 10.0 * (0.375f64.powi(2) / (0.5 * (0.25 + 0.0625))).log10();
        assert!((r.long_fold_down_db.unwrap() - loss).abs() < 1e-6);
    }

    #[test]
    fn the_time_constant_is_the_one_that_was_set() {
        for time_s in [0.1, 0.3, 0.6, 1.0] {
            let mut meter = StereoMeter::new(48_000);
            meter.set_time(time_s);
            let x: Vec<f64> = (0..48_000 * 8).map(|n| 0.5 * sine(1000.0, f64::from(n) / 48_000.0)).collect();
            meter.push(&x, &x);
            let y: Vec<f64> = x.iter().map(|v| -v).collect();
            let frames = (time_s * 48_000.0) as usize;
            meter.push(&x[..frames], &y[..frames]);
            let expected = 2.0 * (-1f64).exp() - 1.0;
            assert!((meter.reading().correlation.unwrap() - expected).abs() < 1e-3, "{time_s}");
        }
    }

    #[test]
    fn figures_do_not_depend_on_the_blocks() {
        let noise = crate::dsp::noise::Noise::new(3, 0);
        let left: Vec<f64> = (0..30_000).map(|i| noise.triangular(i)).collect();
        let right: Vec<f64> = (0..30_000).map(|i| noise.triangular(i + 9)).collect();
        let of = |size: usize| {
            let mut meter = StereoMeter::new(44_100);
            left.chunks(size).zip(right.chunks(size)).for_each(|(l, r)| meter.push(l, r));
            meter.reading()
        };
        assert_eq!(of(1), of(64));
        assert_eq!(of(64), of(30_000));
        let mut meter = StereoMeter::new(44_100);
        meter.push(&left, &right);
        meter.reset();
        assert_eq!(meter.reading(), StereoReading::default());
    }
}
