//! Settings of the loudness meters: scale, unit, target, and which part of the programme the figures are of. All of them
//! are display; changing one loses nothing that was measured.
//!
//! EBU Tech 3341 (v4): scales EBU +9 (−18 to +9 LU) and EBU +18 (−36 to +18 LU), 0 LU at −23 LUFS, in LU or LUFS with
//! the reference at the same place. Tech 3341 names +9 as the default; music lies above it, so that +18 is ours.

use serde::{Deserialize, Serialize};

use super::MeterPoint;

/// Reference of EBU R 128, LUFS.
pub const EBU_TARGET_LUFS: f64 = -23.0;
/// Targets that can be typed, LUFS.
pub const TARGETS_LUFS: std::ops::RangeInclusive<f64> = -36.0..=0.0;
/// Bands that can be typed, LU.
pub const BANDS_LU: std::ops::RangeInclusive<f64> = 0.0..=6.0;

/// Range of the bars and histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoudnessScale {
    /// −18 to +9 LU about the target.
    EbuPlus9,
    /// −36 to +18 LU about the target.
    #[default]
    EbuPlus18,
    /// −60 to 0 LUFS, wherever the target is.
    Absolute,
}

impl LoudnessScale {
    /// In the order of the menu.
    pub const ALL: [Self; 3] = [Self::EbuPlus9, Self::EbuPlus18, Self::Absolute];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::EbuPlus9 => "EBU +9",
            Self::EbuPlus18 => "EBU +18",
            Self::Absolute => "−60 to 0 LUFS",
        }
    }
}

/// How figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoudnessUnit {
    /// Absolute.
    #[default]
    Lufs,
    /// Against the target.
    Lu,
}

/// What the figures beside M and S are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoudnessPart {
    /// Everything heard since the reset, in the order it was heard.
    #[default]
    SinceReset,
    /// The song heard last, by place.
    Song,
    /// The album, by place.
    Album,
}

impl LoudnessPart {
    /// In the order of the menu.
    pub const ALL: [Self; 3] = [Self::SinceReset, Self::Song, Self::Album];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::SinceReset => "since reset",
            Self::Song => "this song",
            Self::Album => "whole album",
        }
    }
}

/// Settings of the loudness meters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoudnessSettings {
    /// Range of the bars.
    pub scale: LoudnessScale,
    /// How figures are written.
    pub unit: LoudnessUnit,
    /// 0 LU, LUFS.
    pub target_lufs: f64,
    /// So far off the target is still on it, LU.
    pub band_lu: f64,
    /// What integrated loudness, range and maxima are of.
    pub part: LoudnessPart,
    /// The history shows the last minutes, not the album by place.
    pub running_history: bool,
    /// What the distribution is of.
    pub distribution: LoudnessPart,
    /// Seconds of the waveform history: 10, 30 or 60.
    pub trace_s: u32,
}

impl Default for LoudnessSettings {
    fn default() -> Self {
        Self {
            scale: LoudnessScale::default(),
            unit: LoudnessUnit::default(),
            target_lufs: EBU_TARGET_LUFS,
            band_lu: 1.0,
            part: LoudnessPart::default(),
            running_history: false,
            distribution: LoudnessPart::Album,
            trace_s: 10,
        }
    }
}

impl LoudnessSettings {
    /// The target, within its bounds, LUFS.
    pub fn target(&self) -> f64 {
        let sane = if self.target_lufs.is_finite() { self.target_lufs } else { EBU_TARGET_LUFS };
        sane.clamp(*TARGETS_LUFS.start(), *TARGETS_LUFS.end())
    }

    /// The band about the target, within its bounds, LU.
    pub fn band(&self) -> f64 {
        let sane = if self.band_lu.is_finite() { self.band_lu } else { 1.0 };
        sane.clamp(*BANDS_LU.start(), *BANDS_LU.end())
    }

    /// Bottom and top of the scale, LUFS.
    pub fn range_lufs(&self) -> (f64, f64) {
        let target = self.target();
        match self.scale {
            LoudnessScale::EbuPlus9 => (target - 18.0, target + 9.0),
            LoudnessScale::EbuPlus18 => (target - 36.0, target + 18.0),
            LoudnessScale::Absolute => (-60.0, 0.0),
        }
    }

    /// Whether the meter is in EBU Mode as Tech 3341 describes it, so that its figures may be called by that name:
    ///
    /// * 0 LU is −23.0 LUFS, on the scale EBU +9 or EBU +18;
    /// * the figures are since the reset, as heard (by place, a stretch heard again replaces another);
    /// * the whole programme goes through the meter point: the master tap or the master as delivered, not one song, one
    ///   slot or the monitors with their level and mutes;
    /// * nothing was lost on the way since the reset.
    ///
    /// A pause does not end it: pause and continue are a part of EBU Mode.
    pub fn is_ebu_mode(&self, point: MeterPoint, is_gap: bool) -> bool {
        let reference = (self.target_lufs - EBU_TARGET_LUFS).abs() < 1e-6;
        let scale = self.scale != LoudnessScale::Absolute;
        let whole = matches!(point, MeterPoint::MasterTap | MeterPoint::Delivered);
        reference && scale && whole && self.part == LoudnessPart::SinceReset && !is_gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_stays_within_its_bounds() {
        let band = |band_lu| LoudnessSettings { band_lu, ..LoudnessSettings::default() }.band();
        assert_eq!([1e300, -1.0, f64::NAN, 2.5].map(band), [6.0, 0.0, 1.0, 2.5]);
    }

    #[test]
    fn ebu_mode_is_said_only_when_it_is() {
        let ebu = LoudnessSettings::default();
        assert!(ebu.is_ebu_mode(MeterPoint::MasterTap, false));
        assert!(ebu.is_ebu_mode(MeterPoint::Delivered, false));
        assert!(
            LoudnessSettings { scale: LoudnessScale::EbuPlus9, ..ebu.clone() }
                .is_ebu_mode(MeterPoint::MasterTap, false)
        );
        assert!(
            LoudnessSettings { unit: LoudnessUnit::Lu, ..ebu.clone() }
                .is_ebu_mode(MeterPoint::MasterTap, false)
        );
        assert!(!ebu.is_ebu_mode(MeterPoint::MasterTap, true), "a stretch was lost");
        for point in [MeterPoint::Source, MeterPoint::SongChain, MeterPoint::Monitor] {
            assert!(!ebu.is_ebu_mode(point, false), "{point:?}");
        }
        for other in [
            LoudnessSettings { target_lufs: -14.0, ..ebu.clone() },
            LoudnessSettings { scale: LoudnessScale::Absolute, ..ebu.clone() },
            LoudnessSettings { part: LoudnessPart::Album, ..ebu.clone() },
        ] {
            assert!(!other.is_ebu_mode(MeterPoint::MasterTap, false), "{other:?}");
        }
    }

    /// Tech 3341: +9 is −41 to −14 LUFS, +18 is −59 to −5 LUFS.
    #[test]
    fn scales_are_those_of_tech_3341() {
        let of = |scale| LoudnessSettings { scale, ..LoudnessSettings::default() }.range_lufs();
        assert_eq!(of(LoudnessScale::EbuPlus9), (-41.0, -14.0));
        assert_eq!(of(LoudnessScale::EbuPlus18), (-59.0, -5.0));
        let wrong = LoudnessSettings { target_lufs: f64::NAN, ..LoudnessSettings::default() };
        assert_eq!(wrong.target(), -23.0);
    }
}
