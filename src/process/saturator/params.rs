//! Parameters of the saturator, and what its curves are made of.

use std::sync::LazyLock;

use super::tone::Emphasis;
use crate::audio::CHANNELS;
use crate::dsp::waveshape::Waveshape;
use crate::process::{ParamDesc, ParamIndex, Unit};
use crate::units::SampleRate;

pub(super) const CURVE: ParamIndex = 0;
pub(super) const DRIVE: ParamIndex = 1;
pub(super) const BIAS: ParamIndex = 2;
pub(super) const OVERSAMPLING: ParamIndex = 3;
pub(super) const MIX: ParamIndex = 4;
pub(super) const OUTPUT: ParamIndex = 5;
pub(super) const TONE_BEFORE: ParamIndex = 6;
pub(super) const TONE_AFTER: ParamIndex = 7;

/// In the order of the words of `oversampling`.
pub(super) const FACTORS: [usize; 5] = [1, 2, 4, 8, 16];

pub(super) static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::choice("curve", "Curve", &["tanh", "tape", "tube", "transformer", "hard"], 0)
            .structural()
            .help(
                "tanh: odd harmonics. Tape: odd, earlier and softer, highs first. Tube: asymmetric, second harmonic first. Transformer: odd, lows first. Hard: clips at full scale.",
            ),
        ParamDesc::number("drive_db", "Drive", Unit::Db, -24.0, 36.0, 0.0)
            .help("Gain into the curve, whose limits are at full scale. Nothing is turned down for it."),
        ParamDesc::number("bias", "Bias", Unit::None, -1.0, 1.0, 0.0).help(
            "Moves the signal on the curve, in units of full scale: makes even harmonics. The resting level is taken away again.",
        ),
        ParamDesc::choice("oversampling", "Oversampling", &["1", "2", "4", "8", "16"], 3)
            .structural()
            .help("How many times the rate the curve runs at. 1 is the bare curve without latency, with aliases."),
        ParamDesc::number("mix_percent", "Mix", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of the saturated signal; the rest is the latency-matched input."),
        ParamDesc::number("output_db", "Output", Unit::Db, -36.0, 24.0, 0.0).help("Gain after the mix."),
        ParamDesc::number("tone_before_db", "Tone before", Unit::Db, -12.0, 12.0, 0.0).help(
            "Tilt about 1 kHz ahead of the curve: highs by this, lows by the opposite. Off at 0 dB.",
        ),
        ParamDesc::number("tone_after_db", "Tone after", Unit::Db, -12.0, 12.0, 0.0)
            .help("Tilt about 1 kHz behind the curve. The opposite of tone before restores the balance."),
        ParamDesc::follow("auto_level", "Auto level", "Output"),
    ]
});

/// The words of `curve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    Tanh,
    Tape,
    Tube,
    Transformer,
    Hard,
}

/// `tanh a` of the tube.
pub(super) const TUBE_REST: f64 = 0.25;

impl Curve {
    pub(super) fn from_value(value: f64) -> Self {
        match value as usize {
            0 => Self::Tanh,
            1 => Self::Tape,
            2 => Self::Tube,
            3 => Self::Transformer,
            _ => Self::Hard,
        }
    }

    pub(super) fn shape(self) -> Waveshape {
        match self {
            Self::Tanh | Self::Tube | Self::Transformer => Waveshape::Tanh,
            Self::Tape => Waveshape::Root,
            Self::Hard => Waveshape::Hard,
        }
    }

    /// What is added to the bias.
    pub(super) fn own_bias(self) -> f64 {
        if self == Self::Tube { TUBE_REST.atanh() } else { 0.0 }
    }

    /// What brings the slope at 0 to 1 where the curve has a bias of its own.
    pub(super) fn scale(self) -> f64 {
        if self == Self::Tube { 1.0 / (1.0 - TUBE_REST * TUBE_REST) } else { 1.0 }
    }

    /// The filter ahead of the curve that is undone behind it.
    pub(super) fn emphasis(self, rate: SampleRate) -> Option<[Emphasis; CHANNELS]> {
        let emphasis = match self {
            // Time constant 50 µs.
            Self::Tape => Emphasis::new(TAPE_HZ, 2.0 * TAPE_HZ, 1.0, rate),
            Self::Transformer => Emphasis::new(4.0 * TRANSFORMER_HZ, TRANSFORMER_HZ, 4.0, rate),
            Self::Tanh | Self::Tube | Self::Hard => return None,
        };
        Some([emphasis.clone(), emphasis])
    }
}

/// `1 / (2π · 50 µs)`.
pub(super) const TAPE_HZ: f64 = 1e6 / (100.0 * std::f64::consts::PI);

/// Below it the emphasis of the transformer is level.
pub(super) const TRANSFORMER_HZ: f64 = 40.0;
