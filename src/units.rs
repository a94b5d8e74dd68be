//! Units: frames, sample rates, decibels, CD frames.
//!
//! Levels travel as plain `f64` whose name carries the unit (`gain_db`, `peak_dbfs`, `loudness_lufs`); positions in
//! time, which are easy to mix up, have types of their own. A *frame* is one sample of every channel; a *CD frame* is
//! 1/75 s (Red Book), 588 frames at 44.1 kHz.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// CD frames in a second (Red Book).
pub const CD_FRAMES_PER_SECOND: u32 = 75;

/// The rates a session can run at, in hertz.
pub const SESSION_RATES_HZ: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/// Decibels as a linear factor: `10^(db/20)`.
pub fn gain_from_db(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// A linear factor in decibels: `20·log10(|gain|)`; zero gives −∞.
pub fn db_from_gain(gain: f64) -> f64 {
    20.0 * gain.abs().log10()
}

/// A power ratio in decibels: `10·log10(power)`; zero gives −∞.
pub fn db_from_power(power: f64) -> f64 {
    10.0 * power.log10()
}

/// Sample rate in hertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(pub u32);

impl SampleRate {
    /// The compact disc's rate.
    pub const CD: Self = Self(44_100);

    /// In hertz.
    pub fn hz(self) -> f64 {
        f64::from(self.0)
    }

    /// The Nyquist frequency in hertz.
    pub fn nyquist_hz(self) -> f64 {
        self.hz() / 2.0
    }

    /// The nearest whole number of frames to a time in seconds.
    pub fn frames_from_seconds(self, seconds: f64) -> Frames {
        Frames((seconds * self.hz()).round() as i64)
    }

    /// Seconds of a number of frames.
    pub fn seconds_from_frames(self, frames: Frames) -> f64 {
        frames.0 as f64 / self.hz()
    }

    /// Frames in one CD frame; whole at every session rate (588 at 44.1 kHz, 640 at 48 kHz …).
    pub fn frames_per_cd_frame(self) -> i64 {
        i64::from(self.0 / CD_FRAMES_PER_SECOND)
    }

    /// Whether a session can run at this rate.
    pub fn is_session_rate(self) -> bool {
        SESSION_RATES_HZ.contains(&self.0)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let khz = self.hz() / 1000.0;
        if self.0.is_multiple_of(1000) { write!(f, "{khz:.0} kHz") } else { write!(f, "{khz} kHz") }
    }
}

/// A position or a length in frames (one sample of every channel). Which rate is said where it is used; in a session
/// it is the session rate. Positions may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Frames(pub i64);

impl Frames {
    /// Frame zero, or no length.
    pub const ZERO: Self = Self(0);

    /// The larger of two.
    pub fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// The smaller of two.
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// As a buffer index or length; negative becomes 0.
    pub fn as_len(self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }

    /// The largest multiple of `grid` frames not after this position.
    pub fn floor_to(self, grid: i64) -> Self {
        Self(self.0.div_euclid(grid) * grid)
    }

    /// The multiple of `grid` frames nearest to this position (halves go up).
    pub fn round_to(self, grid: i64) -> Self {
        Self((self.0 + grid / 2).div_euclid(grid) * grid)
    }

    /// The smallest multiple of `grid` frames not before this position.
    pub fn ceil_to(self, grid: i64) -> Self {
        Self(-((-self.0).div_euclid(grid)) * grid)
    }
}

impl Add for Frames {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Frames {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Frames {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Frames {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Frames {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

/// A position or a length in CD frames (1/75 s), counted from 00:00:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CdFrames(pub u32);

impl CdFrames {
    /// Minutes, seconds (0–59) and frames (0–74).
    pub fn msf(self) -> (u32, u32, u32) {
        (self.0 / (60 * 75), self.0 / 75 % 60, self.0 % 75)
    }

    /// From minutes, seconds and frames.
    pub fn from_msf(minutes: u32, seconds: u32, frames: u32) -> Self {
        Self((minutes * 60 + seconds) * 75 + frames)
    }
}

impl fmt::Display for CdFrames {
    /// `mm:ss:ff`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (m, s, ff) = self.msf();
        write!(f, "{m:02}:{s:02}:{ff:02}")
    }
}

/// `h:mm:ss.mmm` of a time in seconds, as the editor shows it; the sign is kept.
pub fn hms_from_seconds(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "−" } else { "" };
    let ms = (seconds.abs() * 1000.0).round() as u64;
    format!("{sign}{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// `m:ss` of a time in seconds, rounded down, as song lengths are printed.
pub fn ms_from_seconds(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    format!("{}:{:02}", s / 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cd_frame_is_whole_at_every_session_rate() {
        for hz in SESSION_RATES_HZ {
            assert_eq!(hz % CD_FRAMES_PER_SECOND, 0, "{hz}");
        }
        assert_eq!(SampleRate::CD.frames_per_cd_frame(), 588);
        assert_eq!(SampleRate(192_000).frames_per_cd_frame(), 2560);
    }

    #[test]
    fn msf_round_trips_and_prints_as_on_a_pq_sheet() {
        let f = CdFrames::from_msf(21, 40, 17);
        assert_eq!(f.msf(), (21, 40, 17));
        assert_eq!(f.to_string(), "21:40:17");
        assert_eq!(CdFrames::from_msf(99, 59, 74).0, 449_999);
    }

    #[test]
    fn grid_rounding_is_right_on_both_sides_of_zero() {
        assert_eq!(Frames(-1).floor_to(64), Frames(-64));
        assert_eq!(Frames(-1).ceil_to(64), Frames(0));
        assert_eq!(Frames(65).ceil_to(64), Frames(128));
        assert_eq!(Frames(32).round_to(64), Frames(64));
        assert_eq!(Frames(31).round_to(64), Frames(0));
    }

    #[test]
    fn times_print_in_the_editors_form() {
        assert_eq!(hms_from_seconds(221.25), "0:03:41.250");
        assert_eq!(hms_from_seconds(-0.5), "−0:00:00.500");
        assert_eq!(ms_from_seconds(72.9), "1:12");
    }

    #[test]
    fn decibels_and_factors_are_inverses() {
        assert!((gain_from_db(-6.020_599_913_279_624) - 0.5).abs() < 1e-15);
        assert!((db_from_gain(0.5) + 6.020_599_913_279_624).abs() < 1e-12);
        assert_eq!(db_from_gain(0.0), f64::NEG_INFINITY);
    }
}
