//! The spectrum: calibrated so that a full-scale sine reads 0 dB at no slope, in every size and window.
//!
//! Powers of the bins are one-sided: a sine of amplitude 1 on a bin reads 1. They are shown on a grid of frequencies equally
//! spaced in logarithm and tilted about 1 kHz. There are two readings, and a trace says which it is:
//!
//! * **tones** (no smoothing): the highest bin under each point. Between two bins a window reads a sine too low (Hann by
//!   1.42 dB at most, Blackman-Harris by 0.83, seven terms by 0.48); where three bins have the shape of a single sine under
//!   the window, its level is taken from that shape, so that a sine reads its level wherever it lies.
//! * **mean power of a bin** (1/n octave): the mean over the band, which is a power density: noise reads the same in every
//!   smoothing and falls by 3 dB with each doubling of the size, pink noise is flat at 3 dB an octave, white rises 3 dB an octave
//!   there. A sine reads lower by the width of the band in bins against the noise bandwidth of the window. A band is never
//!   narrower than two bins, and bins are joined by straight lines of power, so that there are no steps in the bass.

mod analyzer;
mod curve;
mod reading;
mod stereo;
#[cfg(test)]
mod tests;
mod transform;
mod window;

use serde::{Deserialize, Serialize};

pub use analyzer::SpectrumAnalyzer;
pub use curve::{BandCurve, BandMeter, CURVE_POINTS, Spread, curve_hz};
pub use reading::{Tone, strongest_tone, trace_db};
pub use stereo::{Bins, Channel, StereoSpectrum, Traces};
pub use window::{Lobe, WindowKind};

/// The slope turns about this frequency.
pub const PIVOT_HZ: f64 = 1000.0;

/// Length of the transform at 44.1 and 48 kHz; twice as long for each doubling of the rate, so that the bins stay as wide in
/// hertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum FftSize {
    /// 4096: bins of 11.7 Hz at 48 kHz; with the window of seven terms tones are exact from 40 Hz on.
    #[serde(rename = "4096")]
    N4096,
    /// 8192: 5.9 Hz.
    #[default]
    #[serde(rename = "8192")]
    N8192,
    /// 16 384: 2.9 Hz.
    #[serde(rename = "16384")]
    N16384,
    /// 32 768: 1.5 Hz.
    #[serde(rename = "32768")]
    N32768,
    /// 65 536: 0.7 Hz.
    #[serde(rename = "65536")]
    N65536,
}

impl FftSize {
    /// All of them, shortest first.
    pub const ALL: [Self; 5] = [Self::N4096, Self::N8192, Self::N16384, Self::N32768, Self::N65536];

    /// Samples at 44.1 and 48 kHz.
    pub fn base(self) -> usize {
        4096 << self as usize
    }

    /// Samples at a rate in hertz.
    pub fn length(self, rate_hz: u32) -> usize {
        let doublings = (f64::from(rate_hz) / 48_000.0).log2().ceil().clamp(0.0, 4.0);
        self.base() << doublings as u32
    }
}

/// Width of the display's smoothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    /// The highest bin at each point: tones read their level.
    None,
    /// Mean power over 1/n of an octave.
    Octave(u32),
}

impl Smoothing {
    /// What there is to choose from.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Octave(1),
        Self::Octave(3),
        Self::Octave(6),
        Self::Octave(12),
        Self::Octave(24),
        Self::Octave(48),
    ];

    /// As shown.
    pub fn in_words(self) -> String {
        match self {
            Self::None => "tones".to_owned(),
            Self::Octave(n) => format!("1/{n} oct"),
        }
    }
}

/// How the spectrum is displayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectrumView {
    /// Lowest frequency, Hz.
    pub low_hz: f64,
    /// Highest frequency, Hz; not above the Nyquist frequency.
    pub high_hz: f64,
    /// Which reading, and how wide.
    pub smoothing: Smoothing,
    /// 0, 3, 4.5 or 6 dB an octave.
    pub slope_db_per_octave: f64,
}

impl Default for SpectrumView {
    fn default() -> Self {
        Self { low_hz: 20.0, high_hz: 20_000.0, smoothing: Smoothing::Octave(12), slope_db_per_octave: 4.5 }
    }
}

impl SpectrumView {
    /// The frequency of a point of `points`, Hz.
    pub fn hz_at(&self, point: usize, points: usize) -> f64 {
        let part = point as f64 / points.saturating_sub(1).max(1) as f64;
        self.low_hz * (self.high_hz / self.low_hz).powf(part)
    }

    /// What the slope adds at a frequency, dB.
    pub fn tilt_db(&self, hz: f64) -> f64 {
        self.slope_db_per_octave * (hz / PIVOT_HZ).log2()
    }
}
