//! Parameters of the stereo processor.

use std::sync::LazyLock;

use crate::process::{ParamDesc, ParamIndex, Unit};

pub(super) const WIDTH: ParamIndex = 0;
pub(super) const MONO_BELOW: ParamIndex = 1;
pub(super) const MONO_SLOPE: ParamIndex = 2;
pub(super) const MID_GAIN: ParamIndex = 3;
pub(super) const SIDE_GAIN: ParamIndex = 4;
pub(super) const BALANCE: ParamIndex = 5;
pub(super) const LOW_WIDTH: ParamIndex = 6;
pub(super) const HIGH_WIDTH: ParamIndex = 7;
pub(super) const SPLIT_LOW: ParamIndex = 8;
pub(super) const SPLIT_HIGH: ParamIndex = 9;
pub(super) const PHASE: ParamIndex = 10;
pub(super) const ROTATION: ParamIndex = 11;
pub(super) const DELAY: ParamIndex = 12;
pub(super) const MONO_SAFE: ParamIndex = 13;
pub(super) const FLOOR: ParamIndex = 14;
pub(super) const EQUAL_POWER: ParamIndex = 15;

/// Butterworth orders of the words of `mono_slope_db_oct`.
pub(super) const ORDERS: [usize; 3] = [1, 2, 4];

/// Word of `phase`.
pub(super) const LINEAR: usize = 1;

/// Largest delay of a channel against the other, ms.
pub(super) const MOST_DELAY_MS: f64 = 5.0;

pub(super) static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("width_percent", "Width", Unit::Percent, 0.0, 200.0, 100.0)
            .help("Factor on the side signal: 0 is mono, 100 unchanged. The mono sum does not depend on it."),
        ParamDesc::number("mono_below_hz", "Mono below", Unit::Hz, 0.0, 1000.0, 0.0)
            .help("High-pass corner of the side signal (-3 dB). Under 10 Hz it is off."),
        ParamDesc::choice("mono_slope_db_oct", "Mono slope", &["6", "12", "24"], 0)
            .structural()
            .help("Slope of the side high-pass; in minimum phase 6 dB/oct turns the phase least."),
        ParamDesc::number("mid_gain_db", "Mid", Unit::Db, -24.0, 24.0, 0.0).help("Gain of the mid signal."),
        ParamDesc::number("side_gain_db", "Side", Unit::Db, -24.0, 24.0, 0.0)
            .help("Gain of the side signal, besides the width."),
        ParamDesc::number("balance_percent", "Balance", Unit::Percent, -100.0, 100.0, 0.0)
            .help("Above 0 turns the left channel down, at 100 to silence; below 0 the right."),
        ParamDesc::number("low_width_percent", "Low width", Unit::Percent, 0.0, 200.0, 100.0).help(
            "Width below the low split against that of the middle: at 100 the lows are as wide as the rest.",
        ),
        ParamDesc::number("high_width_percent", "High width", Unit::Percent, 0.0, 200.0, 100.0).help(
            "Width above the high split against that of the middle: at 100 the highs are as wide as the rest.",
        ),
        ParamDesc::number("width_split_low_hz", "Low split", Unit::Hz, 20.0, 20_000.0, 250.0)
            .log()
            .help("Where the lows end: half-way of a first-order shelf of the side signal."),
        ParamDesc::number("width_split_high_hz", "High split", Unit::Hz, 20.0, 20_000.0, 4000.0)
            .log()
            .help("Where the highs begin: half-way of a first-order shelf of the side signal. Never below the low split."),
        ParamDesc::choice("phase", "Phase", &["minimum", "linear"], 0).structural().help(
            "Of the mono-maker and the zones of width. Minimum: no latency. Linear: the same magnitudes without phase shift of side against mid, a third of a second of latency.",
        ),
        ParamDesc::number("rotation_deg", "Rotation", Unit::Degrees, -45.0, 45.0, 0.0)
            .help("Turns the whole image, ahead of all else: above 0 to the right; 45 brings what was left alone into the middle."),
        ParamDesc::number("delay_ms", "Delay", Unit::Ms, -MOST_DELAY_MS, MOST_DELAY_MS, 0.0)
            .help("Above 0 delays the right channel, below 0 the left, ahead of all else; fractions of a sample too. Other than 0 it adds 48 frames of latency."),
        ParamDesc::switch("mono_safe", "Mono safe", false).help(
            "Holds back width above 100 % where it would make the correlation (400 ms) fall below the floor.",
        ),
        ParamDesc::number("correlation_floor", "Correlation floor", Unit::None, 0.0, 0.9, 0.2)
            .help("Correlation of left and right that widening may not undercut while mono safe is on. What is less correlated at 100 % width stays as it is."),
        ParamDesc::switch("equal_power", "Equal power", false)
            .help("Divides mid and side by the root of (1 + width²)/2, so that width does not change the loudness of an image that is half side. The mono sum then depends on the width."),
    ]
});
