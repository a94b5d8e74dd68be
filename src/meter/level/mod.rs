//! Level meters of one channel, all at once: sample peak with mark and maximum, RMS over 300 and 600 ms, VU, both types of
//! PPM, DC, runs of full-scale samples, bits; and the true peak of a pair ([`TruePeakBars`]).
//!
//! All of them always run, so that another scale shows what it would have shown: nothing held is lost by looking at it
//! differently. Time is counted in frames; every state moves frame by frame, so that any split into blocks gives the same
//! bits. Places are those the caller gives with a block. Nothing is allocated after `new`.

pub mod bar;
pub mod bits;
pub mod ppm;
pub mod rms;
pub mod runs;
pub mod true_peak_bars;
pub mod vu;

use crate::units::{Frames, db_from_gain};
pub use bar::PeakBar;
pub use bits::{BitMeter, BitReading};
pub use ppm::{Ppm, PpmType};
pub use rms::MeanSquare;
pub use runs::RunCounter;
pub use true_peak_bars::TruePeakBars;
pub use vu::Vu;

/// Samples beyond this are not audio; they and NaN count as silence.
const ABSURD: f64 = 1e30;
/// States do not fall under this (−600 dBFS): silence costs no denormal arithmetic.
const TINY: f64 = 1e-30;
/// Under this (−200 dBFS) there is nothing to show.
const NOTHING: f64 = 1e-10;

/// A sample as the meters take it.
#[inline(always)]
fn clean(x: f64) -> f64 {
    if x.abs() <= ABSURD { x } else { 0.0 }
}

/// A factor in dBFS; `None` in silence.
pub fn dbfs(gain: f64) -> Option<f64> {
    (gain > NOTHING).then(|| db_from_gain(gain))
}

/// A pointer: where it stands and how far it went.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Needle {
    /// Now, dBFS of the sine that would read the same.
    pub now_dbfs: Option<f64>,
    /// Highest since reset.
    pub max_dbfs: Option<f64>,
}

/// The mean of all samples since reset: the channel's DC offset.
#[derive(Debug, Clone, Default)]
pub struct DcMeter {
    sum: f64,
    frames: u64,
}

impl DcMeter {
    /// Takes a block.
    pub fn push(&mut self, samples: &[f64]) {
        self.sum = samples.iter().fold(self.sum, |sum, &x| sum + clean(x));
        self.frames += samples.len() as u64;
    }

    /// Full scale 1.0; `None` before the first frame.
    pub fn offset(&self) -> Option<f64> {
        (self.frames > 0).then(|| self.sum / self.frames as f64)
    }
}

/// Every level meter of one channel but the true peak.
#[derive(Debug, Clone)]
pub struct ChannelLevels {
    /// Sample peak.
    pub bar: PeakBar,
    /// RMS over 300 ms.
    pub rms_300: MeanSquare,
    /// RMS over 600 ms (K-System).
    pub rms_600: MeanSquare,
    /// VU.
    pub vu: Vu,
    /// DIN and Nordic.
    pub ppm_1: Ppm,
    /// BBC and EBU.
    pub ppm_2: Ppm,
    /// Mean since reset.
    pub dc: DcMeter,
    /// Full-scale samples in a row.
    pub runs: RunCounter,
    /// Bits of the words.
    pub bits: BitMeter,
}

impl ChannelLevels {
    /// At a rate in hertz, in silence.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            bar: PeakBar::new(rate_hz),
            rms_300: MeanSquare::new(rate_hz, 0.3),
            rms_600: MeanSquare::new(rate_hz, 0.6),
            vu: Vu::new(rate_hz),
            ppm_1: Ppm::new(rate_hz, PpmType::I),
            ppm_2: Ppm::new(rate_hz, PpmType::II),
            dc: DcMeter::default(),
            runs: RunCounter::default(),
            bits: BitMeter::new(rate_hz),
        }
    }

    /// Takes a block whose first sample lies at a place of the album (`None` where it is not known).
    pub fn push(&mut self, samples: &[f64], at: Option<Frames>) {
        self.bar.push(samples, at);
        self.rms_300.push(samples);
        self.rms_600.push(samples);
        self.vu.push(samples);
        self.ppm_1.push(samples);
        self.ppm_2.push(samples);
        self.dc.push(samples);
        self.runs.push(samples, at);
        self.bits.push(samples);
    }

    /// The sound jumps: no run goes on across the break. Maxima, marks and counts stay, pointers go on falling.
    pub fn break_off(&mut self) {
        self.runs.break_off();
        self.bits.break_off();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SESSION_RATES_HZ;
    use std::f64::consts::TAU;

    /// Noise over a tone, some of it over full scale, some on 16 bits, some not finite.
    fn signal(n: usize) -> Vec<f64> {
        let mut seed = 7u64;
        (0..n)
            .map(|i| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (seed >> 40) as f64 / f64::from(1 << 23) - 1.0;
                let x = (0.7 * (i as f64 * 0.05).sin() + 0.5 * noise).clamp(-1.0, 1.0);
                match i % 997 {
                    0 => f64::NAN,
                    1 => f64::INFINITY,
                    _ if i < n / 2 => (x * 32_768.0).round() / 32_768.0,
                    _ => x,
                }
            })
            .collect()
    }

    fn fed(rate_hz: u32, x: &[f64], sizes: &[usize]) -> ChannelLevels {
        let mut meters = ChannelLevels::new(rate_hz);
        let (mut at, mut rest) = (0, x);
        for size in sizes.iter().cycle() {
            let (block, after) = rest.split_at((*size).min(rest.len()));
            meters.push(block, Some(Frames(at)));
            (at, rest) = (at + block.len() as i64, after);
            if rest.is_empty() {
                return meters;
            }
        }
        meters
    }

    #[test]
    fn any_split_gives_the_same_bits_at_every_rate() {
        for rate in SESSION_RATES_HZ {
            let x = signal(rate as usize / 3);
            let whole = format!("{:?}", fed(rate, &x, &[x.len()]));
            for sizes in [&[1usize][..], &[64], &[1, 7, 1000, 33], &[4096, 5]] {
                assert!(format!("{:?}", fed(rate, &x, sizes)) == whole, "{rate} Hz in blocks of {sizes:?}");
            }
        }
    }

    #[test]
    fn the_offset_is_the_mean() {
        let mut dc = DcMeter::default();
        assert_eq!(dc.offset(), None);
        let x: Vec<f64> = (0..48_000).map(|i| 0.001 + 0.5 * (TAU * f64::from(i) / 48.0).sin()).collect();
        x.chunks(100).for_each(|b| dc.push(b));
        assert!((dc.offset().unwrap() - 0.001).abs() < 1e-12);
    }

    #[test]
    fn a_sine_reads_its_peak_on_every_pointer_at_every_rate() {
        for rate in SESSION_RATES_HZ {
            let hz = f64::from(rate);
            let x: Vec<f64> = (0..rate * 6).map(|i| 0.25 * (TAU * 997.0 * f64::from(i) / hz).sin()).collect();
            let meters = fed(rate, &x, &[1024]);
            let expected = -12.0412;
            for (name, reading, tolerance) in [
                ("bar", dbfs(meters.bar.bar()), 0.01),
                ("RMS 300", meters.rms_300.needle().now_dbfs, 0.01),
                ("RMS 600", meters.rms_600.needle().now_dbfs, 0.01),
                ("VU", meters.vu.needle().now_dbfs, 0.01),
                // Sampled crests of a tone near a divisor of the rate lie up to 0.05 dB low.
                ("PPM I", meters.ppm_1.needle().now_dbfs, 0.1),
                ("PPM II", meters.ppm_2.needle().now_dbfs, 0.1),
            ] {
                let off = reading.unwrap() - expected;
                assert!(off.abs() < tolerance, "{name} at {rate} Hz: {off:+.4} dB");
            }
        }
    }
}
