//! Parameters of the equaliser: seven per band, then two for the whole.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::dsp::biquad::{Section, butterworth_q};
use crate::dsp::svf::MAX_SECTIONS;
use crate::process::{ParamDesc, ParamIndex, Unit, Values};

/// Bands.
pub const BANDS: usize = 24;

/// Parameters of a band; band `b` (from 0) starts at `b · PARAMS_PER_BAND`.
pub const PARAMS_PER_BAND: usize = 7;

pub(super) const ENABLED: usize = 0;
pub(super) const TYPE: usize = 1;
pub(super) const FREQ: usize = 2;
pub(super) const GAIN: usize = 3;
pub(super) const Q: usize = 4;
pub(super) const SLOPE: usize = 5;
pub(super) const CHANNEL: usize = 6;

/// Index of `phase`.
pub const PHASE: ParamIndex = BANDS * PARAMS_PER_BAND;

/// Index of `output_db`.
pub const OUTPUT: ParamIndex = PHASE + 1;

const TYPES: &[&str] =
    &["bell", "low_shelf", "high_shelf", "low_cut", "high_cut", "notch", "band_pass", "tilt"];
const SLOPES: &[&str] =
    &["6", "12", "18", "24", "30", "36", "42", "48", "54", "60", "66", "72", "78", "84", "90", "96"];
const CHANNELS: &[&str] = &["stereo", "mid", "side", "left", "right"];

/// Shape of a band, in the order of the words of `bandN_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BandType {
    /// Bell.
    Bell,
    /// Low shelf.
    LowShelf,
    /// High shelf.
    HighShelf,
    /// Butterworth high-pass.
    LowCut,
    /// Butterworth low-pass.
    HighCut,
    /// Notch.
    Notch,
    /// Band-pass.
    BandPass,
    /// Tilt about the frequency.
    Tilt,
}

/// Part of the signal a band works on, in the order of the words of `bandN_channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BandChannel {
    /// Both channels.
    Stereo,
    /// `(L+R)/2`.
    Mid,
    /// `(L−R)/2`.
    Side,
    /// Left.
    Left,
    /// Right.
    Right,
}

const BAND_TYPES: [BandType; 8] = [
    BandType::Bell,
    BandType::LowShelf,
    BandType::HighShelf,
    BandType::LowCut,
    BandType::HighCut,
    BandType::Notch,
    BandType::BandPass,
    BandType::Tilt,
];

const BAND_CHANNELS: [BandChannel; 5] =
    [BandChannel::Stereo, BandChannel::Mid, BandChannel::Side, BandChannel::Left, BandChannel::Right];

/// What cannot be moved, only crossfaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub enabled: bool,
    pub band_type: BandType,
    /// Butterworth order of a cut, 1 to 16.
    pub order: usize,
    pub channel: BandChannel,
}

impl Shape {
    pub(super) fn of(values: &Values, band: usize) -> Self {
        let at = |offset| values.choice(band * PARAMS_PER_BAND + offset);
        Self {
            enabled: values.is_on(band * PARAMS_PER_BAND + ENABLED),
            band_type: BAND_TYPES[at(TYPE).min(BAND_TYPES.len() - 1)],
            order: at(SLOPE).min(SLOPES.len() - 1) + 1,
            channel: BAND_CHANNELS[at(CHANNEL).min(BAND_CHANNELS.len() - 1)],
        }
    }

    /// Takes up a parameter of a band; false for those that move.
    pub(super) fn set(&mut self, offset: usize, value: f64) -> bool {
        let index = value as usize;
        match offset {
            ENABLED => self.enabled = value >= 0.5,
            TYPE => self.band_type = BAND_TYPES[index.min(BAND_TYPES.len() - 1)],
            SLOPE => self.order = index.min(SLOPES.len() - 1) + 1,
            CHANNEL => self.channel = BAND_CHANNELS[index.min(BAND_CHANNELS.len() - 1)],
            _ => return false,
        }
        true
    }

    /// Whether 0 dB makes it do nothing.
    pub(super) fn has_gain(self) -> bool {
        matches!(self.band_type, BandType::Bell | BandType::LowShelf | BandType::HighShelf | BandType::Tilt)
    }

    /// Number of sections, and each of them.
    pub(super) fn sections(self, gain_db: f64, q: f64) -> (usize, [Section; MAX_SECTIONS]) {
        let one = |section| (1, [section; MAX_SECTIONS]);
        match self.band_type {
            BandType::Bell => one(Section::Bell { gain_db, q }),
            BandType::LowShelf => one(Section::LowShelf { gain_db, q }),
            BandType::HighShelf => one(Section::HighShelf { gain_db, q }),
            BandType::Notch => one(Section::Notch { q }),
            BandType::BandPass => one(Section::BandPass { q }),
            BandType::Tilt => one(Section::Tilt { gain_db }),
            BandType::LowCut => self.butterworth(Section::HighPass1, |q| Section::HighPass { q }),
            BandType::HighCut => self.butterworth(Section::LowPass1, |q| Section::LowPass { q }),
        }
    }

    fn butterworth(
        self,
        first: Section,
        second: impl Fn(f64) -> Section,
    ) -> (usize, [Section; MAX_SECTIONS]) {
        let mut sections = [first; MAX_SECTIONS];
        let odd = self.order % 2;
        for i in 0..self.order / 2 {
            sections[odd + i] = second(butterworth_q(self.order, i));
        }
        (odd + self.order / 2, sections)
    }
}

pub(super) static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    let mut params: Vec<ParamDesc> = (1..=BANDS).flat_map(band_params).collect();
    params.push(
        ParamDesc::choice("phase", "Phase", &["minimum", "linear"], 0).structural().help(
            "Minimum: the phase of the analog filters, little latency. Linear: no phase shift, a third of a second of latency, pre-ringing of steep cuts.",
        ),
    );
    params.push(
        ParamDesc::number("output_db", "Output", Unit::Db, -24.0, 24.0, 0.0).help("Gain after all bands."),
    );
    params
});

/// The seven parameters of band `n` (from 1).
fn band_params(n: usize) -> [ParamDesc; PARAMS_PER_BAND] {
    let named = |mut param: ParamDesc| {
        param.id = Cow::Owned(format!("band{n}_{}", param.id));
        param.name = Cow::Owned(format!("{n} {}", param.name));
        param
    };
    [
        ParamDesc::switch("enabled", "On", false)
            .help("Whether the band works; in a file a band is on when its type is given."),
        ParamDesc::choice("type", "Type", TYPES, 0).help("Shape of the band."),
        ParamDesc::number("freq_hz", "Frequency", Unit::Hz, 10.0, 20_000.0, 1000.0)
            .log()
            .help("Centre of a bell, notch, band-pass or tilt, midpoint of a shelf, -3 dB point of a cut."),
        ParamDesc::number("gain_db", "Gain", Unit::Db, -30.0, 30.0, 0.0).help(
            "Gain of a bell or shelf. A tilt has this gain far above its frequency and the opposite far below.",
        ),
        ParamDesc::number("q", "Q", Unit::None, 0.1, 40.0, 0.707).log().help(
            "Quality of a bell, shelf, notch or band-pass; a cut of a bell undoes the same boost exactly. Cuts are Butterworth and ignore it.",
        ),
        ParamDesc::choice("slope_db_oct", "Slope", SLOPES, 1).help("Slope of a low or high cut."),
        ParamDesc::choice("channel", "Channel", CHANNELS, 0).help("Part of the signal the band works on."),
    ]
    .map(named)
}
