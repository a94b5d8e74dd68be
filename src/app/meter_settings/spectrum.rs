//! Settings of the spectrum and spectrogram.

use serde::{Deserialize, Serialize};

use crate::meter::spectrum::{Channel, FftSize, Smoothing, WindowKind};

/// Over what the average trace is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AverageOver {
    /// 0.3 s.
    Fast,
    /// 1 s.
    Medium,
    /// 3 s.
    #[default]
    Slow,
    /// Since the reset.
    Infinite,
    /// Since the song that is heard began.
    Song,
}

impl AverageOver {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fast, Self::Medium, Self::Slow, Self::Infinite, Self::Song];

    /// Time constant in seconds (power falls to 1/e, 4.3 dB, in it; 20 dB take 4.6 of them); infinite for plain means.
    pub fn seconds(self) -> f64 {
        match self {
            Self::Fast => 0.3,
            Self::Medium => 1.0,
            Self::Slow => 3.0,
            Self::Infinite | Self::Song => f64::INFINITY,
        }
    }

    /// As shown.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Fast => "0.3 s",
            Self::Medium => "1 s",
            Self::Slow => "3 s",
            Self::Infinite => "all",
            Self::Song => "song",
        }
    }
}

/// Slopes, in dB an octave about 1 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slope {
    /// None.
    Flat,
    /// 3: pink noise is flat.
    Three,
    /// 4.5: mastered music looks flat.
    #[default]
    FourAndHalf,
    /// 6.
    Six,
}

impl Slope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Flat, Self::Three, Self::FourAndHalf, Self::Six];

    /// dB an octave.
    pub fn db_per_octave(self) -> f64 {
        match self {
            Self::Flat => 0.0,
            Self::Three => 3.0,
            Self::FourAndHalf => 4.5,
            Self::Six => 6.0,
        }
    }
}

/// A trace by name: one that can stand on either side of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceRef {
    /// The last spectrum of the first channel.
    Now,
    /// Its average.
    Average,
    /// Its held maximum.
    Peak,
    /// Its held minimum.
    Minimum,
    /// The average of the second channel.
    Second,
    /// The mix of the current song.
    Song,
    /// All mixes of the album.
    Album,
    /// The master of the current song.
    Master,
    /// The masters of all songs.
    Masters,
    /// A curve of the shelf, by id: a reference or a genre.
    Curve(String),
    /// A frozen trace, 0 to 3.
    Frozen(usize),
}

/// One trace minus another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// This …
    pub of: TraceRef,
    /// … minus this.
    pub minus: TraceRef,
    /// Scale, dB to each side of the line at 0 dB.
    pub range_db: f32,
}

/// Scales of a difference, dB to each side.
pub const DIFFERENCE_RANGES_DB: std::ops::RangeInclusive<f32> = 1.0..=120.0;
/// Scale of a difference where none is known, dB.
pub const USUAL_DIFFERENCE_DB: f32 = 12.0;

impl Difference {
    /// The scale, within its bounds, dB.
    pub fn range(&self) -> f32 {
        let sane = if self.range_db.is_finite() { self.range_db } else { USUAL_DIFFERENCE_DB };
        sane.clamp(*DIFFERENCE_RANGES_DB.start(), *DIFFERENCE_RANGES_DB.end())
    }
}

/// Tops of the spectrogram's colours, dB.
pub const GRAM_TOPS_DB: std::ops::RangeInclusive<f32> = -120.0..=20.0;
/// Ranges of the spectrogram's colours, dB.
pub const GRAM_RANGES_DB: std::ops::RangeInclusive<f32> = 60.0..=120.0;

/// Settings of the spectrum and spectrogram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpectrumSettings {
    /// Length of the transform at 44.1 and 48 kHz.
    pub size: FftSize,
    /// Window.
    pub window: WindowKind,
    /// Which reading, and how wide.
    pub smoothing: Smoothing,
    /// Slope.
    pub slope: Slope,
    /// What all traces show.
    pub channel: Channel,
    /// A second channel, as instant and average.
    pub second: Option<Channel>,
    /// Over what is averaged.
    pub average: AverageOver,
    /// The last spectrum is drawn.
    pub shows_now: bool,
    /// The average is drawn.
    pub shows_average: bool,
    /// The held maximum is drawn.
    pub shows_peak: bool,
    /// How fast the held maximum falls, dB a second; 0 holds it.
    pub peak_fall_db_per_s: f64,
    /// The held minimum is drawn.
    pub shows_minimum: bool,
    /// The curve of the current song's mix is drawn.
    pub shows_song: bool,
    /// The mean of the album's mixes with its spread is drawn.
    pub shows_album: bool,
    /// The curve of the current song's master is drawn.
    pub shows_master: bool,
    /// The mean of the album's masters with its spread is drawn.
    pub shows_masters: bool,
    /// Ids of the curves of the shelf that are drawn.
    pub shown_curves: Vec<String>,
    /// What is drawn instead of levels.
    pub difference: Option<Difference>,
    /// Level at the top of the spectrogram's colours, dB.
    pub gram_top_db: f32,
    /// Range of its colours, dB: 60 to 120.
    pub gram_range_db: f32,
    /// Seconds across it.
    pub gram_seconds: u32,
}

impl Default for SpectrumSettings {
    fn default() -> Self {
        Self {
            size: FftSize::N8192,
            window: WindowKind::Hann,
            smoothing: Smoothing::Octave(12),
            slope: Slope::FourAndHalf,
            channel: Channel::Stereo,
            second: None,
            average: AverageOver::Slow,
            shows_now: true,
            shows_average: true,
            shows_peak: false,
            peak_fall_db_per_s: 0.0,
            shows_minimum: false,
            shows_song: false,
            shows_album: false,
            shows_master: false,
            shows_masters: false,
            shown_curves: Vec::new(),
            difference: None,
            gram_top_db: 0.0,
            gram_range_db: 90.0,
            gram_seconds: 30,
        }
    }
}

impl SpectrumSettings {
    /// Level at the top of the spectrogram's colours, within its bounds, dB.
    pub fn gram_top(&self) -> f32 {
        let sane = if self.gram_top_db.is_finite() { self.gram_top_db } else { 0.0 };
        sane.clamp(*GRAM_TOPS_DB.start(), *GRAM_TOPS_DB.end())
    }

    /// Range of the spectrogram's colours, within its bounds, dB.
    pub fn gram_range(&self) -> f32 {
        let sane = if self.gram_range_db.is_finite() { self.gram_range_db } else { 90.0 };
        sane.clamp(*GRAM_RANGES_DB.start(), *GRAM_RANGES_DB.end())
    }

    /// Size, window, reading and slope in words (`8192 Hann · 1/12 oct · 4.5 dB/oct`).
    pub fn in_words(&self) -> String {
        let slope = self.slope.db_per_octave();
        format!(
            "{} {} · {} · {slope} dB/oct",
            self.size.base(),
            self.window.in_words(),
            self.smoothing.in_words()
        )
    }

    /// Whether a curve of masters is drawn or compared with: they have to be rendered.
    pub fn wants_masters(&self) -> bool {
        let is_master = |trace: &TraceRef| matches!(trace, TraceRef::Master | TraceRef::Masters);
        let compares = self.difference.as_ref().is_some_and(|d| is_master(&d.of) || is_master(&d.minus));
        self.shows_master || self.shows_masters || compares
    }

    /// Whether `other` only draws differently what is measured alike.
    pub fn measures_like(&self, other: &Self) -> bool {
        (self.size, self.window, self.channel, self.second, self.gram_seconds)
            == (other.size, other.window, other.channel, other.second, other.gram_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_settings_file_says_is_bounded_before_it_is_drawn() {
        let text = r#"{"difference": {"of": "average", "minus": "masters", "range_db": 1e30},
            "gram_top_db": 1e38, "gram_range_db": -1e38}"#;
        let settings: SpectrumSettings = serde_json::from_str(text).unwrap();
        let difference = settings.difference.clone().unwrap();
        assert_eq!(difference.range(), 120.0);
        assert_eq!((settings.gram_top(), settings.gram_range()), (20.0, 60.0));
        for (range_db, range) in [(f32::NAN, 12.0), (f32::INFINITY, 12.0), (-5.0, 1.0), (24.0, 24.0)] {
            assert_eq!(Difference { range_db, ..difference.clone() }.range(), range);
        }
        assert!(settings.wants_masters(), "compared with");
        assert!(!SpectrumSettings::default().wants_masters());
    }
}
