//! Parameters of the limiter, and what each character is made of.

use std::sync::LazyLock;

use crate::process::{ParamDesc, ParamIndex, Unit};

pub(super) const INPUT_GAIN: ParamIndex = 0;
pub(super) const CEILING: ParamIndex = 1;
pub(super) const RELEASE: ParamIndex = 2;
pub(super) const AUTO_RELEASE: ParamIndex = 3;
pub(super) const LOOKAHEAD: ParamIndex = 4;
pub(super) const CHARACTER: ParamIndex = 5;
pub(super) const TRUE_PEAK: ParamIndex = 6;
pub(super) const LINK_TRANSIENT: ParamIndex = 7;
pub(super) const LINK_RELEASE: ParamIndex = 8;

pub(super) static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    let mut params = vec![
        ParamDesc::number("input_gain_db", "Input gain", Unit::Db, -24.0, 36.0, 0.0)
            .help("Gain into the limiter: how loud it gets."),
        ParamDesc::number("ceiling_dbtp", "Ceiling", Unit::Dbtp, -24.0, 0.0, -1.0)
            .help("What no peak passes, between the samples too while true peak is on."),
        ParamDesc::number("release_ms", "Release", Unit::Ms, 1.0, 2000.0, 100.0).log().help(RELEASE_HELP),
        ParamDesc::switch("auto_release", "Auto release", true).help(AUTO_HELP),
        ParamDesc::number("lookahead_ms", "Look-ahead", Unit::Ms, 0.5, 20.0, 5.0)
            .log()
            .structural()
            .help(LOOKAHEAD_HELP),
        ParamDesc::choice("character", "Character", &["transparent", "smooth", "punch", "loud"], 0)
            .structural()
            .help(CHARACTER_HELP),
        ParamDesc::switch("true_peak", "True peak", true)
            .help("Off: only the samples keep the ceiling, the curve between them may pass it."),
        ParamDesc::number("link_transient_percent", "Link transients", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of a reduction the other channel takes at once."),
        ParamDesc::number("link_release_percent", "Link release", Unit::Percent, 0.0, 100.0, 100.0)
            .help(LINK_RELEASE_HELP),
    ];
    params.shrink_to_fit();
    params
});

const RELEASE_HELP: &str = "Time in which 63.2 % of the reduction is given back once nothing needs it any more. \
    Transparent: of the factor. Smooth: of the peaks; the leveller takes four times as long. Punch and loud: of the body \
    (and loud's leveller), in decibels; what stands out above it is let go in a tenth of that time (at least 5 ms).";

const AUTO_HELP: &str = "Short peaks are let go after the set release, dense passages do not pump. Transparent: adds a \
    slow release of 1.5 s for reduction that lasts (charged over 200 ms). Smooth and loud: the leveller has a slow release \
    of 4 s and 1 s (charged over 500 ms). Punch and loud: the body is let go in five times the set release.";

const LOOKAHEAD_HELP: &str = "Time over which the gain goes down before a peak; punch and loud take 65 % of it. \
    Below 5 ms low notes are bent; adds to the latency.";

const CHARACTER_HELP: &str = "Transparent: one gain with exponential release. Smooth: a leveller that looks 50 ms ahead (so \
    much more latency) takes what lasts, the limiter what is left; quietest, keeps the most crest. Punch: what stands out \
    is let go within milliseconds, so that a hit does not pull down what follows. These three bend a 50 Hz or 5 kHz tone \
    under 6 dB of reduction by less than 0.0001 %. Loud: sustained level is led to 2 dB over the ceiling, the tops are bent \
    by a soft knee (8 times oversampled) that begins 2 dB below the ceiling, the rest goes as in punch; about 2 dB \
    louder than transparent at 6 dB over, with 5.6 % of distortion on a steady tone; below the knee nothing is touched.";

const LINK_RELEASE_HELP: &str = "Share of a sustained reduction (charged over 30 ms; smooth and loud: all of the leveller's) the other channel follows.";
