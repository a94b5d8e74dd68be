//! Parameters of the compressor.

use std::sync::LazyLock;

use crate::process::dynamics::{DETECTOR_WORDS, sidechain};
use crate::process::{ParamDesc, ParamIndex, Unit};

pub(super) const THRESHOLD: ParamIndex = 0;
pub(super) const RATIO: ParamIndex = 1;
pub(super) const KNEE: ParamIndex = 2;
pub(super) const ATTACK: ParamIndex = 3;
pub(super) const RELEASE: ParamIndex = 4;
pub(super) const HOLD: ParamIndex = 5;
pub(super) const AUTO_RELEASE: ParamIndex = 6;
pub(super) const DETECTOR: ParamIndex = 7;
pub(super) const LOOKAHEAD: ParamIndex = 8;
pub(super) const CHANNEL_MODE: ParamIndex = 9;
pub(super) const LINK: ParamIndex = 10;
pub(super) const THRESHOLD_OFFSET: ParamIndex = 11;
pub(super) const MAKEUP: ParamIndex = 12;
pub(super) const RANGE: ParamIndex = 13;
pub(super) const UP_THRESHOLD: ParamIndex = 14;
pub(super) const UP_RATIO: ParamIndex = 15;
pub(super) const UP_RANGE: ParamIndex = 16;
pub(super) const SIDECHAIN_HPF: ParamIndex = 17;
pub(super) const SIDECHAIN_SLOPE: ParamIndex = 18;
pub(super) const SIDECHAIN_TILT: ParamIndex = 19;
pub(super) const SIDECHAIN_LISTEN: ParamIndex = 20;
pub(super) const MIX: ParamIndex = 21;

/// Words of `channel_mode`.
pub(super) const CHANNEL_MODES: &[&str] = &["linked", "mid_side", "left_right"];

/// Index of `mid_side` in them.
pub(super) const MID_SIDE: usize = 1;

/// Longest hold the engineer can ask for.
pub(super) const HOLD_MAX_MS: f64 = 200.0;

pub(super) static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    let mut params = down_params();
    params.extend(channel_params());
    params.extend([
        ParamDesc::number("makeup_db", "Make-up", Unit::Db, -12.0, 24.0, 0.0)
            .help("Gain after the compression, before the mix."),
        ParamDesc::number("range_db", "Range", Unit::Db, 0.0, 60.0, 60.0).help("Largest reduction."),
    ]);
    params.extend(up_params());
    params.extend([
        sidechain::high_pass_param(),
        sidechain::slope_param(),
        sidechain::tilt_param(),
        sidechain::listen_param(),
        ParamDesc::number("mix_percent", "Mix", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of the compressed signal; the rest is the latency-matched input."),
        ParamDesc::follow("auto_makeup", "Auto make-up", "Make-up"),
    ]);
    params
});

fn down_params() -> Vec<ParamDesc> {
    vec![
        ParamDesc::number("threshold_db", "Threshold", Unit::Dbfs, -60.0, 0.0, -18.0)
            .help("Level above which the gain goes down: sine peak with the peak detector, rms with the others."),
        ParamDesc::number("ratio", "Ratio", Unit::Ratio, 1.0, 100.0, 2.0)
            .log()
            .help("Decibels in for one decibel out above the threshold."),
        ParamDesc::number("knee_db", "Knee", Unit::Db, 0.0, 24.0, 6.0)
            .help("Width of the bend around the threshold, and around the upward threshold."),
        ParamDesc::number("attack_ms", "Attack", Unit::Ms, 0.1, 500.0, 30.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the gain goes down (10 to 90 % takes 2.2 times as long)."),
        ParamDesc::number("release_ms", "Release", Unit::Ms, 5.0, 3000.0, 200.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the gain comes back up."),
        ParamDesc::number("hold_ms", "Hold", Unit::Ms, 0.0, HOLD_MAX_MS, 0.0)
            .help("Time the level is held before the release begins."),
        ParamDesc::switch("auto_release", "Auto release", false).help(
            "Adds a slow release of 1.5 s for reduction that lasts (charged over 0.5 s); the larger reduction counts.",
        ),
        ParamDesc::choice("detector", "Detector", DETECTOR_WORDS, 1).help(
            "Peak: largest sample of 10 ms. RMS: mean square of 10 ms. Smooth: RMS with a gain curve without corners.",
        ),
        ParamDesc::number("lookahead_ms", "Look-ahead", Unit::Ms, 0.0, 20.0, 0.0)
            .structural()
            .help("Delays the sound, not the side chain; adds to the latency."),
    ]
}

fn channel_params() -> [ParamDesc; 3] {
    [
        ParamDesc::choice("channel_mode", "Channels", CHANNEL_MODES, 0).structural().help(
            "Linked: left and right, one threshold. Left/right and mid/side: two channels with thresholds of their own; mid/side detects and acts in mid and side. Link joins the two in every mode: 0 % for two compressors of their own.",
        ),
        ParamDesc::number("link_percent", "Link", Unit::Percent, 0.0, 100.0, 100.0)
            .help("100 %: both channels get the larger reduction; 0 %: each its own."),
        ParamDesc::number("threshold_offset_db", "Threshold offset", Unit::Db, -24.0, 24.0, 0.0).help(
            "Added to both thresholds of the second channel: side or right. Does nothing while the channels are linked.",
        ),
    ]
}

fn up_params() -> [ParamDesc; 3] {
    [
        ParamDesc::number("up_threshold_db", "Upward threshold", Unit::Dbfs, -80.0, 0.0, -40.0).help(
            "Level below which the gain goes up: sine peak with the peak detector, rms with the others.",
        ),
        ParamDesc::number("up_ratio", "Upward ratio", Unit::Ratio, 1.0, 20.0, 1.0)
            .log()
            .help("Decibels in for one decibel out below the upward threshold; 1 is off."),
        ParamDesc::number("up_range_db", "Upward range", Unit::Db, 0.0, 24.0, 12.0).help(
            "Largest gain added. Below -70 dBFS the gain fades out; at -80 dBFS and below nothing is added.",
        ),
    ]
}
