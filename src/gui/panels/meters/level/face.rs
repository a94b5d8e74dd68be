//! The faces of the level meter: which value stands where, its marks, and where colour changes.
//!
//! Levels come in dBFS of a sine; a face turns them into its own unit. dBFS and DIN widen towards the top; K, Nordic and EBU
//! are even in decibels; BBC is even in its marks, 4 dB each and 6 dB under 2; VU is even in voltage (IEC 60268-17).
//! References: K (Katz); DIN 0 dB = −9 dBFS; Nordic and EBU 0 and BBC 4 = −18 dBFS (alignment level, EBU R 68).

use crate::app::meter_settings::{LevelScale, LevelSettings};
use crate::gui::widgets::figures::{plain_reading, reading};

/// How strong a level is on a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Usual.
    Low,
    /// High.
    Mid,
    /// Beyond what is allowed, or close to full scale.
    High,
}

/// How values are spread over the height.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Law {
    /// A power of the share of the range: more room at the top.
    Power(f32),
    /// Even.
    Even,
    /// Even in voltage.
    Voltage,
}

/// A face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Face {
    /// 0 of the face in dBFS of a sine; for BBC the level of mark 4.
    zero_dbfs: f64,
    bottom: f64,
    top: f64,
    law: Law,
    is_bbc: bool,
    /// Marks: value and text, the highest first.
    pub marks: &'static [(f64, &'static str)],
    /// Where the middle and the high tone begin.
    turns: [f64; 2],
    /// Written after a reading.
    pub unit: &'static str,
}

const DBFS_MARKS: &[(f64, &str)] = &[
    (0.0, "0"),
    (-3.0, "−3"),
    (-6.0, "−6"),
    (-12.0, "−12"),
    (-18.0, "−18"),
    (-24.0, "−24"),
    (-36.0, "−36"),
    (-48.0, "−48"),
    (-60.0, "−60"),
];
const K_MARKS: &[(f64, &str)] = &[
    (20.0, "+20"),
    (16.0, "+16"),
    (14.0, "+14"),
    (12.0, "+12"),
    (8.0, "+8"),
    (4.0, "+4"),
    (0.0, "0"),
    (-4.0, "−4"),
    (-10.0, "−10"),
    (-20.0, "−20"),
    (-30.0, "−30"),
    (-40.0, "−40"),
];
const VU_MARKS: &[(f64, &str)] = &[
    (3.0, "+3"),
    (2.0, "+2"),
    (1.0, "+1"),
    (0.0, "0"),
    (-1.0, "−1"),
    (-2.0, "−2"),
    (-3.0, "−3"),
    (-5.0, "−5"),
    (-7.0, "−7"),
    (-10.0, "−10"),
    (-20.0, "−20"),
];
const DIN_MARKS: &[(f64, &str)] = &[
    (5.0, "+5"),
    (0.0, "0"),
    (-5.0, "−5"),
    (-10.0, "−10"),
    (-15.0, "−15"),
    (-20.0, "−20"),
    (-30.0, "−30"),
    (-40.0, "−40"),
    (-50.0, "−50"),
];
const NORDIC_MARKS: &[(f64, &str)] = &[
    (12.0, "+12"),
    (9.0, "+9"),
    (6.0, "+6"),
    (0.0, "TEST"),
    (-6.0, "−6"),
    (-12.0, "−12"),
    (-18.0, "−18"),
    (-24.0, "−24"),
    (-30.0, "−30"),
    (-36.0, "−36"),
    (-42.0, "−42"),
];
const BBC_MARKS: &[(f64, &str)] =
    &[(7.0, "7"), (6.0, "6"), (5.0, "5"), (4.0, "4"), (3.0, "3"), (2.0, "2"), (1.0, "1")];
const EBU_MARKS: &[(f64, &str)] = &[
    (12.0, "+12"),
    (9.0, "+9"),
    (8.0, "+8"),
    (4.0, "+4"),
    (0.0, "TEST"),
    (-4.0, "−4"),
    (-8.0, "−8"),
    (-12.0, "−12"),
];

impl Face {
    /// As the settings choose it.
    pub fn of(settings: &LevelSettings) -> Self {
        let even = |zero_dbfs, bottom, top, marks, turns| Self {
            zero_dbfs,
            bottom,
            top,
            law: Law::Even,
            is_bbc: false,
            marks,
            turns,
            unit: "dB",
        };
        match settings.scale {
            LevelScale::Dbfs => {
                Self { law: Law::Power(1.6), unit: "dBFS", ..even(0.0, -60.0, 0.0, DBFS_MARKS, [-6.0, -2.0]) }
            }
            // loudness.md section 6: green under 0, amber to +4, red over it.
            LevelScale::K12 => even(-12.0, -48.0, 12.0, K_MARKS, [0.0, 4.0]),
            LevelScale::K14 => even(-14.0, -46.0, 14.0, K_MARKS, [0.0, 4.0]),
            LevelScale::K20 => even(-20.0, -40.0, 20.0, K_MARKS, [0.0, 4.0]),
            LevelScale::Vu => Self {
                law: Law::Voltage,
                unit: "VU",
                ..even(settings.vu_reference(), -20.0, 3.0, VU_MARKS, [0.0, 0.0])
            },
            // Red from the permitted maximum of −9 dBFS on.
            LevelScale::PpmDin => {
                Self { law: Law::Power(1.6), ..even(-9.0, -50.0, 5.0, DIN_MARKS, [0.0, 0.0]) }
            }
            LevelScale::PpmNordic => even(-18.0, -42.0, 12.0, NORDIC_MARKS, [9.0, 9.0]),
            LevelScale::PpmBbc => {
                Self { is_bbc: true, unit: "PPM", ..even(-18.0, 0.0, 7.0, BBC_MARKS, [6.0, 6.0]) }
            }
            LevelScale::PpmEbu => even(-18.0, -12.0, 12.0, EBU_MARKS, [9.0, 9.0]),
        }
    }

    /// A level in the unit of the face.
    pub fn value(&self, level_dbfs: f64) -> f64 {
        let over = level_dbfs - self.zero_dbfs;
        match (self.is_bbc, over < -8.0) {
            (false, _) => over,
            (true, false) => 4.0 + over / 4.0,
            (true, true) => 2.0 + (over + 8.0) / 6.0,
        }
    }

    /// A value as written; the marks of a BBC meter are numbers without a sign.
    pub fn text(&self, value: Option<f64>) -> String {
        if self.is_bbc { plain_reading(value, 1) } else { reading(value, 1) }
    }

    /// Where a value of the face stands: 0 at the bottom, 1 at the top. Of a VU also what lies under its lowest mark.
    pub fn place(&self, value: f64) -> f32 {
        let value = value.min(self.top);
        let share = ((value - self.bottom).max(0.0) / (self.top - self.bottom)) as f32;
        match self.law {
            Law::Power(exponent) => share.powf(exponent),
            Law::Even => share,
            Law::Voltage => 10f64.powf((value - self.top) / 20.0) as f32,
        }
    }

    /// Whether a mark lies on the face.
    pub fn has(&self, value: f64) -> bool {
        (self.bottom..=self.top).contains(&value)
    }

    /// The lowest value.
    pub fn bottom(&self) -> f64 {
        self.bottom
    }

    /// Bands of one tone, from the bottom: from, to, tone. Bands without extent are left out.
    pub fn zones(&self) -> impl Iterator<Item = (f64, f64, Tone)> + use<> {
        let [mid, high] = self.turns;
        [(self.bottom, mid, Tone::Low), (mid, high, Tone::Mid), (high, self.top, Tone::High)]
            .into_iter()
            .filter(|(from, to, _)| to > from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(scale: LevelScale) -> Face {
        Face::of(&LevelSettings { scale, ..LevelSettings::default() })
    }

    #[test]
    fn marks_lie_on_their_faces_from_the_top_down_and_zones_meet() {
        for scale in LevelScale::ALL {
            let face = face(scale);
            let places: Vec<f32> =
                face.marks.iter().filter(|(v, _)| face.has(*v)).map(|(v, _)| face.place(*v)).collect();
            assert!(places.len() >= 7 && places.windows(2).all(|w| w[0] > w[1]), "{scale:?}: {places:?}");
            assert!(places[0] <= 1.0 && *places.last().unwrap() >= 0.0);
            let zones: Vec<_> = face.zones().collect();
            assert!(zones.windows(2).all(|w| (w[0].1 - w[1].0).abs() < 1e-9), "{scale:?}");
            assert!(
                (zones[0].0 - face.bottom).abs() < 1e-9 && (zones.last().unwrap().1 - face.top).abs() < 1e-9
            );
        }
    }

    #[test]
    fn alignment_levels_are_those_of_the_standards() {
        for (scale, dbfs, value) in [
            (LevelScale::Dbfs, -18.0, -18.0),
            (LevelScale::K12, -12.0, 0.0),
            (LevelScale::K14, -14.0, 0.0),
            (LevelScale::K20, 0.0, 20.0),
            (LevelScale::Vu, -18.0, 0.0),
            (LevelScale::PpmDin, -9.0, 0.0),
            (LevelScale::PpmNordic, -18.0, 0.0),
            (LevelScale::PpmEbu, -9.0, 9.0),
            (LevelScale::PpmBbc, -18.0, 4.0),
            (LevelScale::PpmBbc, -10.0, 6.0),
            (LevelScale::PpmBbc, -26.0, 2.0),
            (LevelScale::PpmBbc, -32.0, 1.0),
        ] {
            assert!((face(scale).value(dbfs) - value).abs() < 1e-9, "{scale:?} at {dbfs} dBFS");
        }
        let loud =
            LevelSettings { scale: LevelScale::Vu, vu_reference_dbfs: -14.0, ..LevelSettings::default() };
        assert!((Face::of(&loud).value(-14.0)).abs() < 1e-9);
    }

    #[test]
    fn the_vu_face_is_even_in_voltage() {
        let vu = face(LevelScale::Vu);
        // 0 VU at 71 % of the scale, half the voltage of 0 at half of that.
        assert!((vu.place(0.0) - 0.7079).abs() < 1e-3 && (vu.place(-6.0206) - 0.354).abs() < 1e-3);
    }
}
