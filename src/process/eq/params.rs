//! Parameters of the equaliser: seven of a band and nine of its dynamics, then four for the whole.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::dsp::biquad::{Section, butterworth_q};
use crate::dsp::flat_tilt;
use crate::dsp::midside::mid_side;
use crate::dsp::svf::{Frame, MAX_SECTIONS};
use crate::process::{ParamDesc, ParamIndex, Unit, Values};

/// Bands.
pub const BANDS: usize = 24;

/// Parameters of a band; band `b` (from 0) starts at `b · PARAMS_PER_BAND`.
pub const PARAMS_PER_BAND: usize = 16;

pub(super) const ENABLED: usize = 0;
pub(super) const TYPE: usize = 1;
pub(super) const FREQ: usize = 2;
pub(super) const GAIN: usize = 3;
pub(super) const Q: usize = 4;
pub(super) const SLOPE: usize = 5;
pub(super) const CHANNEL: usize = 6;
pub(super) const DYN_RANGE: usize = 7;
pub(super) const DYN_THRESHOLD: usize = 8;
pub(super) const DYN_ATTACK: usize = 9;
pub(super) const DYN_RELEASE: usize = 10;
pub(super) const DYN_MODE: usize = 11;
pub(super) const DYN_SIDECHAIN: usize = 12;
pub(super) const DYN_SC_FREQ: usize = 13;
pub(super) const DYN_SC_Q: usize = 14;
pub(super) const DYN_ENABLED: usize = 15;

/// Index of `phase`.
pub const PHASE: ParamIndex = BANDS * PARAMS_PER_BAND;

/// Index of `output_db`.
pub const OUTPUT: ParamIndex = PHASE + 1;

/// Index of `solo_band`.
pub const SOLO: ParamIndex = OUTPUT + 1;

pub(super) const TYPES: &[&str] =
    &["bell", "low_shelf", "high_shelf", "low_cut", "high_cut", "notch", "band_pass", "tilt", "flat_tilt"];
const SLOPES: &[&str] =
    &["6", "12", "18", "24", "30", "36", "42", "48", "54", "60", "66", "72", "78", "84", "90", "96"];
const DYN_MODES: &[&str] = &["above", "below"];
const DYN_SIDECHAINS: &[&str] = &["linked", "free"];
const SOLO_BANDS: &[&str] = &[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
    "19", "20", "21", "22", "23", "24",
];
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
    /// Tilt about the frequency, bending into shelves.
    Tilt,
    /// Straight line in dB over octaves through 0 dB at the frequency.
    FlatTilt,
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

impl BandChannel {
    /// The part of a frame the band works on; of all of it the left channel.
    #[inline]
    pub(super) fn part_of(self, frame: &Frame) -> f64 {
        match self {
            Self::Stereo | Self::Left => frame[0],
            Self::Right => frame[1],
            Self::Mid => mid_side(frame[0], frame[1]).0,
            Self::Side => mid_side(frame[0], frame[1]).1,
        }
    }

    /// What a detector of this part hears: both channels, or the part twice.
    #[inline]
    pub(super) fn key_of(self, frame: &Frame) -> Frame {
        if self == Self::Stereo { *frame } else { [self.part_of(frame); 2] }
    }

    /// By what a change of the part changes left and right.
    pub(super) fn to_left_right(self) -> Frame {
        match self {
            Self::Stereo | Self::Mid => [1.0, 1.0],
            Self::Side => [1.0, -1.0],
            Self::Left => [1.0, 0.0],
            Self::Right => [0.0, 1.0],
        }
    }
}

const BAND_TYPES: [BandType; 9] = [
    BandType::Bell,
    BandType::LowShelf,
    BandType::HighShelf,
    BandType::LowCut,
    BandType::HighCut,
    BandType::Notch,
    BandType::BandPass,
    BandType::Tilt,
    BandType::FlatTilt,
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
        self.can_be_dynamic() || matches!(self.band_type, BandType::Tilt | BandType::FlatTilt)
    }

    /// Whether its gain may follow a level.
    pub(super) fn can_be_dynamic(self) -> bool {
        matches!(self.band_type, BandType::Bell | BandType::LowShelf | BandType::HighShelf)
    }

    /// Number of sections, and each of them, relative to `f0_hz`.
    pub(super) fn sections(self, f0_hz: f64, gain_db: f64, q: f64) -> (usize, [Section; MAX_SECTIONS]) {
        let one = |section| (1, [section; MAX_SECTIONS]);
        match self.band_type {
            BandType::Bell => one(Section::Bell { gain_db, q }),
            BandType::LowShelf => one(Section::LowShelf { gain_db, q }),
            BandType::HighShelf => one(Section::HighShelf { gain_db, q }),
            BandType::Notch => one(Section::Notch { q }),
            BandType::BandPass => one(Section::BandPass { q }),
            BandType::Tilt => one(Section::Tilt { gain_db }),
            BandType::FlatTilt => {
                let ladder = flat_tilt::sections(f0_hz, gain_db);
                (ladder.len(), std::array::from_fn(|i| ladder[i.min(ladder.len() - 1)]))
            }
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
            "Minimum: the phase of the analog filters, little latency. Linear: no phase shift, a third of a second of latency, pre-ringing of steep cuts; dynamic bands work after its kernel with the phase of the analog filters.",
        ),
    );
    params.push(
        ParamDesc::number("output_db", "Output", Unit::Db, -24.0, 24.0, 0.0).help("Gain after all bands."),
    );
    params.push(ParamDesc::choice("solo_band", "Solo", SOLO_BANDS, 0).audition().help(
        "For listening: plays of the result only what this band touches (0: off). Of a bell, notch or band-pass a band-pass with its frequency and Q, of shelves and cuts the side of the frequency they work on (12 dB/oct), of tilts everything; of a band on a part of the signal that part alone.",
    ));
    params.push(ParamDesc::follow("auto_gain", "Auto gain", "Output"));
    params
});

/// The parameters of band `n` (from 1).
fn band_params(n: usize) -> Vec<ParamDesc> {
    let named = |mut param: ParamDesc| {
        param.id = Cow::Owned(format!("band{n}_{}", param.id));
        param.name = Cow::Owned(format!("{n} {}", param.name));
        param
    };
    filter_params().into_iter().chain(dynamics_params()).map(named).collect()
}

/// What a band is, at rest.
fn filter_params() -> [ParamDesc; DYN_RANGE] {
    [
        ParamDesc::switch("enabled", "On", false)
            .help("Whether the band works; in a file a band is on when its type is given."),
        ParamDesc::choice("type", "Type", TYPES, 0).help(
            "Shape of the band. Tilt: one pole, bends into shelves some two octaves from the frequency. Flat tilt: a straight line in dB over octaves from 20 Hz to 20 kHz.",
        ),
        ParamDesc::number("freq_hz", "Frequency", Unit::Hz, 10.0, 20_000.0, 1000.0)
            .log()
            .help("Centre of a bell, notch, band-pass or tilt, midpoint of a shelf, -3 dB point of a cut."),
        ParamDesc::number("gain_db", "Gain", Unit::Db, -30.0, 30.0, 0.0).help(
            "Gain of a bell or shelf. A tilt has this gain far above its frequency and the opposite far below; a flat tilt has it five octaves above and the opposite five octaves below, which is a fifth of it per octave.",
        ),
        ParamDesc::number("q", "Q", Unit::None, 0.1, 40.0, 0.707).log().help(
            "Quality of a bell, shelf, notch or band-pass; a cut of a bell undoes the same boost exactly. Cuts are Butterworth and ignore it, and so do tilts.",
        ),
        ParamDesc::choice("slope_db_oct", "Slope", SLOPES, 1).help("Slope of a low or high cut."),
        ParamDesc::choice("channel", "Channel", CHANNELS, 0).help("Part of the signal the band works on."),
    ]
}

/// How its gain follows a level.
fn dynamics_params() -> [ParamDesc; PARAMS_PER_BAND - DYN_RANGE] {
    [
        ParamDesc::number("dyn_range_db", "Range", Unit::Db, -24.0, 24.0, 0.0).help(
            "How far the level moves the gain of a bell or shelf at most, down or up; 0: the band is static. The gain moves by 1 dB for each dB of the level beyond the threshold until the range is used up, with a soft knee of 6 dB. Other types of band are always static.",
        ),
        ParamDesc::number("dyn_threshold_db", "Threshold", Unit::Dbfs, -80.0, 0.0, -30.0).help(
            "Level of the side-chain beyond which the gain moves: the peak level of a sine at the frequency of the side-chain, read at the input of the equaliser; of a stereo band the louder channel.",
        ),
        ParamDesc::number("dyn_attack_ms", "Attack", Unit::Ms, 0.5, 200.0, 10.0).log().help(
            "Time to 63.2 % of the step in dB when the gain moves away; the side-chain's band-pass takes Q/(pi f) of its own.",
        ),
        ParamDesc::number("dyn_release_ms", "Release", Unit::Ms, 5.0, 2000.0, 100.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the gain comes back."),
        ParamDesc::choice("dyn_mode", "Acts", DYN_MODES, 0)
            .help("Whether the gain moves while the level is above or while it is below the threshold."),
        ParamDesc::choice("dyn_sidechain", "Side-chain", DYN_SIDECHAINS, 0).help(
            "Linked: the level is read through a band-pass with the frequency and Q of the band. Free: with a frequency and Q of its own.",
        ),
        ParamDesc::number("dyn_sc_freq_hz", "Side-chain frequency", Unit::Hz, 10.0, 20_000.0, 1000.0)
            .log()
            .help("Centre of a free side-chain's band-pass."),
        ParamDesc::number("dyn_sc_q", "Side-chain Q", Unit::None, 0.1, 40.0, 0.707)
            .log()
            .help("Quality of a free side-chain's band-pass."),
        ParamDesc::switch("dyn_enabled", "Dynamic", true)
            .help("Off: the band is static whatever its range, threshold and times are."),
    ]
}
