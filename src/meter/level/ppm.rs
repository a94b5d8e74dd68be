//! Programme meters (IEC 60268-10): type I (DIN 45406, Nordic N9) and type II (BBC, EBU), which differ in how fast they
//! charge and fall; their scales are drawn by the window.
//!
//! Two capacitors are charged through resistors by the rectified signal while it is higher than they are, `z' = r·(|x| −
//! z)`, and always leak; the pointer shows their mean. One capacitor cannot follow the tables of the standard: a short
//! burst needs a slower one than a long burst. The rates are our own fit to the tables with bursts of 5 kHz; the tests
//! hold them against it. A steady sine settles a little under its peak, where charge and leak are equal:
//! `2r/π·(sin θ − θ·cos θ) = leak·cos θ`, `z = cos θ`; the reading is scaled by it, so that a sine reads its peak.
//! What lies between the samples is not seen, as with every quasi-peak meter on samples; true peaks have their own bar.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{Needle, TINY, clean, dbfs};

/// Which ballistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PpmType {
    /// DIN, Nordic.
    I,
    /// IIa BBC, IIb EBU.
    II,
}

/// Factor in a second to decibels in a second.
const DB_PER_NEPER: f64 = 8.685_889_638_065_035;

impl PpmType {
    /// Charging rates of the two capacitors, 1/s.
    fn charge_per_s(self) -> [f64; 2] {
        match self {
            Self::I => [444.0, 1147.0],
            Self::II => [159.0, 970.0],
        }
    }

    /// Fall in dB a second: 20 dB in 1.6 s (1.5 to 1.7), 24 dB in 2.8 s.
    pub fn fall_db_per_s(self) -> f64 {
        match self {
            Self::I => 20.0 / 1.6,
            Self::II => 24.0 / 2.8,
        }
    }

    fn leak_per_s(self) -> f64 {
        self.fall_db_per_s() / DB_PER_NEPER
    }
}

/// Where a capacitor settles on a steady sine of peak 1.
fn settled(charge_per_s: f64, leak_per_s: f64) -> f64 {
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..60 {
        let theta = 0.5 * (low + high);
        let gained = 2.0 * charge_per_s / PI * (theta.sin() - theta * theta.cos());
        if gained > leak_per_s * theta.cos() { high = theta } else { low = theta }
    }
    low.cos()
}

/// The meter of one channel.
#[derive(Debug, Clone)]
pub struct Ppm {
    charge: [f64; 2],
    leak: f64,
    gain: f64,
    held: [f64; 2],
    max: f64,
}

impl Ppm {
    /// At a rate in hertz, at rest.
    pub fn new(rate_hz: u32, kind: PpmType) -> Self {
        let hz = f64::from(rate_hz.max(1));
        let rates = kind.charge_per_s();
        let steady = rates.map(|r| settled(r, kind.leak_per_s()));
        Self {
            charge: rates.map(|r| -(-r / hz).exp_m1()),
            leak: (-kind.leak_per_s() / hz).exp(),
            gain: 1.0 / (steady[0] + steady[1]),
            held: [0.0; 2],
            max: 0.0,
        }
    }

    /// Takes a block.
    pub fn push(&mut self, samples: &[f64]) {
        let [mut slow, mut fast] = self.held;
        let mut max = self.max;
        for &x in samples {
            let size = clean(x).abs();
            let (to_slow, to_fast) = (size - slow, size - fast);
            slow += self.charge[0] * if to_slow > 0.0 { to_slow } else { 0.0 };
            fast += self.charge[1] * if to_fast > 0.0 { to_fast } else { 0.0 };
            slow = (slow * self.leak).max(TINY);
            fast = (fast * self.leak).max(TINY);
            max = if slow + fast > max { slow + fast } else { max };
        }
        self.held = [slow, fast];
        self.max = max;
    }

    /// In dBFS of a steady sine.
    pub fn needle(&self) -> Needle {
        let shown = |sum: f64| dbfs(self.gain * sum);
        Needle { now_dbfs: shown(self.held[0] + self.held[1]), max_dbfs: shown(self.max) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SESSION_RATES_HZ;
    use std::f64::consts::TAU;

    /// Length in ms, reading against steady in dB, tolerance in dB (IEC 60268-10, loudness.md section 7).
    const TYPE_I: &[(f64, f64, f64)] =
        &[(10.0, -1.0, 0.5), (5.0, -2.0, 1.0), (3.0, -4.0, 1.0), (0.4, -15.0, 4.0)];
    const TYPE_II: &[(f64, f64, f64)] =
        &[(100.0, 0.0, 0.5), (10.0, -2.5, 0.5), (5.0, -4.0, 0.75), (1.5, -9.0, 1.0), (0.5, -17.0, 2.0)];

    fn burst(rate: u32, kind: PpmType, ms: f64, phase: f64) -> f64 {
        let hz = f64::from(rate);
        let frames = (ms / 1000.0 * hz).round() as i32;
        let tone: Vec<f64> =
            (0..frames).map(|i| 0.5 * (TAU * 5000.0 * f64::from(i) / hz + phase).sin()).collect();
        let mut meter = Ppm::new(rate, kind);
        meter.push(&tone);
        meter.push(&[0.0; 100]);
        meter.needle().max_dbfs.unwrap() + 6.0206
    }

    #[test]
    fn tone_bursts_read_as_the_tables_of_iec_60268_10_at_every_rate() {
        for (kind, table) in [(PpmType::I, TYPE_I), (PpmType::II, TYPE_II)] {
            for &(ms, expected, tolerance) in table {
                let mut worst = 0.0f64;
                for rate in SESSION_RATES_HZ {
                    for phase in [0.0, 0.4, 0.8, 1.2, 1.57, 2.0, 2.5, 3.0] {
                        let off = burst(rate, kind, ms, phase) - expected;
                        worst = if off.abs() > worst.abs() { off } else { worst };
                    }
                }
                println!("type {kind:?}, {ms} ms: {expected} dB, at most {worst:+.2} dB from it");
                assert!(worst.abs() <= tolerance, "type {kind:?}, {ms} ms: {worst:+.2} dB");
            }
        }
    }

    #[test]
    fn it_falls_at_the_rate_of_its_type() {
        for (kind, fallen_db, seconds) in [(PpmType::I, 20.0, 1.6), (PpmType::II, 24.0, 2.8)] {
            for rate in SESSION_RATES_HZ {
                let mut meter = Ppm::new(rate, kind);
                meter.push(&vec![0.5; rate as usize]);
                let before = meter.needle();
                meter.push(&vec![0.0; (seconds * f64::from(rate)) as usize]);
                let fall = before.now_dbfs.unwrap() - meter.needle().now_dbfs.unwrap();
                assert!((fall - fallen_db).abs() < 0.001, "type {kind:?} at {rate} Hz fell {fall} dB");
                assert_eq!(meter.needle().max_dbfs, before.max_dbfs);
            }
        }
    }

    #[test]
    fn a_steady_tone_reads_its_peak_whatever_its_frequency() {
        for rate in [44_100, 96_000] {
            for tone_hz in [40.0, 100.0, 997.0, 3_111.0, 5_003.0] {
                for kind in [PpmType::I, PpmType::II] {
                    let mut meter = Ppm::new(rate, kind);
                    let step = TAU * tone_hz / f64::from(rate);
                    let tone: Vec<f64> =
                        (0..rate * 3).map(|i| 0.125_892_541_179 * (step * f64::from(i)).sin()).collect();
                    meter.push(&tone);
                    let read = meter.needle().max_dbfs.unwrap();
                    // −18 dBFS is TEST; low tones make the pointer tremble.
                    assert!((read + 18.0).abs() < 0.15, "type {kind:?}, {tone_hz} Hz at {rate}: {read}");
                }
            }
        }
    }

    #[test]
    fn long_silence_costs_no_denormals() {
        let mut meter = Ppm::new(44_100, PpmType::I);
        meter.push(&[1.0; 4410]);
        (0..600).for_each(|_| meter.push(&[0.0; 44_100]));
        assert!(meter.held.iter().all(|z| z.is_normal()) && meter.needle().now_dbfs.is_none());
    }
}
