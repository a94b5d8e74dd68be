//! A song: our edit of one immutable source file.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Chain, Extra, SongMetadata};
use crate::units::{Frames, SampleRate};

/// Identity of a song, unique in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SongId(pub u64);

/// The file a song is made from. Never written to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct SourceRef {
    /// Path with `/`, relative to the session file where that is possible, else absolute.
    pub path: String,
    /// BLAKE3 of the whole file, 64 lower-case hex digits.
    pub hash: String,
    /// Rate of the file.
    pub sample_rate_hz: u32,
    /// Length in frames at the file's own rate.
    pub frames: u64,
    /// 1 or 2.
    pub channels: u32,
    /// Significant bits of integer samples, 32 or 64 for floats; 0 where a lossy format has none.
    pub bits: u32,
    /// Short name of the format as shown (`WAV 24`, `FLAC 16`, `MP3` …).
    pub format: String,
}

impl SourceRef {
    /// Length after conversion to `rate`: `round(frames · rate / own rate)`.
    pub fn frames_at(&self, rate: SampleRate) -> Frames {
        let own = u128::from(self.sample_rate_hz.max(1));
        let scaled = (u128::from(self.frames) * u128::from(rate.0) * 2 + own) / (own * 2);
        Frames(i64::try_from(scaled).unwrap_or(i64::MAX))
    }

    /// The file's name without folders.
    pub fn file_name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or(&self.path)
    }
}

/// Shape of a fade. `t` runs from 0 at the silent end to 1 at the full end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FadeShape {
    /// `t`
    Linear,
    /// `½ − ½·cos(πt)`: raised cosine, smooth at both ends.
    #[default]
    Cosine,
    /// `sin(πt/2)`: two of them crossing keep the power of unrelated sounds.
    EqualPower,
    /// 60 dB in decibels over the length, brought to exact zero: `(10^(3t) − 1)/(10³ − 1)`.
    Exponential,
    /// The exponential mirrored: quick at the silent end, slow at the full end.
    Logarithmic,
}

impl FadeShape {
    /// Every shape, in menu order.
    pub const ALL: [Self; 5] =
        [Self::Linear, Self::Cosine, Self::EqualPower, Self::Exponential, Self::Logarithmic];

    /// Gain at `t` in 0..=1; exactly 0 and 1 at the ends.
    pub fn gain_at(self, t: f64) -> f64 {
        use std::f64::consts::{FRAC_PI_2, PI};
        if t <= 0.0 {
            return 0.0;
        }
        if t >= 1.0 {
            return 1.0;
        }
        match self {
            Self::Linear => t,
            Self::Cosine => 0.5 - 0.5 * (PI * t).cos(),
            Self::EqualPower => (FRAC_PI_2 * t).sin(),
            Self::Exponential => (1000f64.powf(t) - 1.0) / 999.0,
            Self::Logarithmic => 1.0 - (1000f64.powf(1.0 - t) - 1.0) / 999.0,
        }
    }

    /// As shown to the user.
    pub fn label(self) -> &'static str {
        match self {
            Self::Linear => "Linear",
            Self::Cosine => "Cosine",
            Self::EqualPower => "Equal power",
            Self::Exponential => "Exponential",
            Self::Logarithmic => "Logarithmic",
        }
    }
}

/// A fade at one end of a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fade {
    /// Length at the session rate; 0 is none.
    pub frames: Frames,
    /// Its curve.
    #[serde(default)]
    pub shape: FadeShape,
}

/// One song of the album. All times are frames at the session rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Song {
    /// Identity; stays with the song through moves and undo.
    pub id: SongId,
    /// Its file.
    pub source: SourceRef,
    /// First frame of the (converted) source that is heard.
    pub trim_start: Frames,
    /// First frame of the (converted) source that is not heard any more.
    pub trim_end: Frames,
    /// Silence between the end of the song before and this start (for the first song: from album time zero). Negative
    /// is an overlap: a crossfade.
    pub gap: Frames,
    /// At the head.
    #[serde(default)]
    pub fade_in: Fade,
    /// At the tail.
    #[serde(default)]
    pub fade_out: Fade,
    /// Curve of the crossfade with the song before where the two overlap.
    #[serde(default = "equal_power")]
    pub cross_shape: FadeShape,
    /// Gain into the chain, dB.
    #[serde(default)]
    pub gain_db: f64,
    /// Level after the chain, dB: the balance between songs.
    #[serde(default)]
    pub level_db: f64,
    /// Processors of this song.
    #[serde(default)]
    pub chain: Arc<Chain>,
    /// Titles, codes and credits.
    #[serde(default)]
    pub metadata: SongMetadata,
    /// Further CD index marks (index 2 and on), frames from the song's start, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Frames>,
    /// Free text of the engineer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Fields of other versions.
    #[serde(flatten)]
    pub extra: Extra,
}

fn equal_power() -> FadeShape {
    FadeShape::EqualPower
}

impl Song {
    /// A whole source as a song, neutral, with `gap` before it.
    pub fn new(id: SongId, source: SourceRef, rate: SampleRate, gap: Frames) -> Self {
        let length = source.frames_at(rate);
        let title = title_from_file_name(source.file_name(), None);
        Self {
            id,
            source,
            trim_start: Frames::ZERO,
            trim_end: length,
            gap,
            fade_in: Fade::default(),
            fade_out: Fade::default(),
            cross_shape: FadeShape::EqualPower,
            gain_db: 0.0,
            level_db: 0.0,
            chain: Arc::default(),
            metadata: SongMetadata { title, ..SongMetadata::default() },
            indexes: Vec::new(),
            notes: String::new(),
            extra: Extra::new(),
        }
    }

    /// Heard length.
    pub fn length(&self) -> Frames {
        self.trim_end - self.trim_start
    }
}

/// The title a delivered file suggests: its name without ending, without a track number in front, with spaces for
/// underscores where there are no spaces.
///
/// A number of up to three digits in front counts as a track number when a sign stands behind it (`3. `, `03-`, `03_`),
/// when it begins with a zero, or when it is the song's own `position` in the running order, counted from 1: so
/// "99 Luftballons" keeps its number unless it is the ninety-ninth song.
pub fn title_from_file_name(name: &str, position: Option<usize>) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let rest = without_track_number(stem, position).unwrap_or(stem);
    let title = if rest.contains(' ') { rest.to_owned() } else { rest.replace('_', " ") };
    title.trim().to_owned()
}

/// What stands behind a track number; `None` where there is none, or nothing behind it.
fn without_track_number(stem: &str, position: Option<usize>) -> Option<&str> {
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 3 {
        return None;
    }
    let (number, behind) = stem.split_at(digits);
    let is_sign = |c: char| matches!(c, '.' | '-' | '_' | '–' | ')');
    let title = behind.trim_start_matches(|c: char| c == ' ' || is_sign(c));
    let parted = behind.starts_with(|c: char| c == ' ' || is_sign(c));
    let counted = number.parse::<usize>().ok() == position
        || number.starts_with('0')
        || behind.trim_start().starts_with(is_sign);
    (parted && counted && !title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_file_name_without_its_track_number() {
        for (name, position, title) in [
            ("01_icyland_44k.wav", None, "icyland 44k"),
            ("01 Opening.wav", None, "Opening"),
            ("10 Hell.wav", Some(10), "Hell"),
            ("10 Hell.wav", Some(3), "10 Hell"),
            ("3. Third_mix 2.flac", None, "Third_mix 2"),
            ("07 - Palace.aiff", None, "Palace"),
            ("99 Luftballons.wav", Some(4), "99 Luftballons"),
            ("1999.wav", Some(1), "1999"),
            ("07.wav", Some(7), "07"),
            ("7even.wav", Some(7), "7even"),
            ("Élan vital.wav", Some(1), "Élan vital"),
            ("No ending", None, "No ending"),
        ] {
            assert_eq!(title_from_file_name(name, position), title, "{name}");
        }
    }

    #[test]
    fn fades_start_at_zero_end_at_one_and_never_fall() {
        for shape in FadeShape::ALL {
            assert_eq!(shape.gain_at(0.0), 0.0);
            assert_eq!(shape.gain_at(1.0), 1.0);
            let mut last = 0.0;
            for i in 0..=1000 {
                let g = shape.gain_at(f64::from(i) / 1000.0);
                assert!(g >= last, "{shape:?} falls at {i}");
                last = g;
            }
        }
    }

    #[test]
    fn equal_power_fades_keep_the_power() {
        for i in 0..=100 {
            let t = f64::from(i) / 100.0;
            let (a, b) = (FadeShape::EqualPower.gain_at(t), FadeShape::EqualPower.gain_at(1.0 - t));
            assert!((a * a + b * b - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn converted_length_is_rounded_to_the_nearest_frame() {
        let source = SourceRef { sample_rate_hz: 44_100, frames: 2_646_000, ..SourceRef::default() };
        assert_eq!(source.frames_at(SampleRate(48_000)), Frames(2_880_000));
        assert_eq!(source.frames_at(SampleRate::CD), Frames(2_646_000));
    }
}
