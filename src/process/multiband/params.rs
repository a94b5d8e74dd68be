//! Parameters of the multiband processor: thirteen for the whole, then twenty for every band.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::process::dynamics::DETECTOR_WORDS;
use crate::process::{ParamDesc, ParamIndex, Unit, Values};

/// Most bands.
pub const BANDS: usize = 6;

/// Index of `bands`.
pub const COUNT: ParamIndex = 0;
/// Index of `phase`.
pub const PHASE: ParamIndex = 1;
/// Index of `split1_hz`; the others follow.
pub const SPLIT: ParamIndex = 2;
pub(super) const DETECTOR: ParamIndex = SPLIT + BANDS - 1;
pub(super) const LINK: ParamIndex = DETECTOR + 1;
pub(super) const AUTO_RELEASE: ParamIndex = DETECTOR + 2;
pub(super) const MIX: ParamIndex = DETECTOR + 3;
pub(super) const OUTPUT: ParamIndex = DETECTOR + 4;
pub(super) const LOOKAHEAD: ParamIndex = DETECTOR + 5;

/// First parameter of the first band.
pub const FIRST_BAND: ParamIndex = LOOKAHEAD + 1;

/// Parameters of a band; band `b` (from 0) starts at `FIRST_BAND + b · PARAMS_PER_BAND`.
pub const PARAMS_PER_BAND: usize = 20;

pub(super) const THRESHOLD: usize = 0;
pub(super) const RATIO: usize = 1;
pub(super) const KNEE: usize = 2;
pub(super) const ATTACK: usize = 3;
pub(super) const RELEASE: usize = 4;
pub(super) const RANGE: usize = 5;
pub(super) const GAIN: usize = 6;
pub(super) const EXPAND_THRESHOLD: usize = 7;
pub(super) const EXPAND_RATIO: usize = 8;
pub(super) const WIDTH: usize = 9;
pub(super) const BYPASS: usize = 10;
pub(super) const SOLO: usize = 11;
pub(super) const UP_THRESHOLD: usize = 12;
pub(super) const UP_RATIO: usize = 13;
pub(super) const UP_RANGE: usize = 14;
pub(super) const HOLD: usize = 15;
pub(super) const BAND_DETECTOR: usize = 16;
pub(super) const BAND_AUTO_RELEASE: usize = 17;
pub(super) const BAND_LINK: usize = 18;
pub(super) const BAND_MIX: usize = 19;

/// Longest hold of a band.
pub(super) const HOLD_MAX_MS: f64 = 200.0;

/// Words of a band's own detector; the first is that of all bands, the others are [`DETECTOR_WORDS`].
const BAND_DETECTORS: &[&str] = &["as_all", "peak", "rms", "smooth"];

/// Words of a band's own automatic release.
const BAND_AUTO_RELEASES: &[&str] = &["as_all", "off", "on"];

const COUNTS: &[&str] = &["2", "3", "4", "5", "6"];

/// Where the splits are when nothing is given.
const SPLITS_HZ: [f64; BANDS - 1] = [120.0, 2000.0, 6000.0, 10_000.0, 14_000.0];

/// How many bands the values ask for.
pub fn band_count(values: &Values) -> usize {
    values.choice(COUNT).min(COUNTS.len() - 1) + 2
}

pub(super) static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    let mut params = vec![
        ParamDesc::choice("bands", "Bands", COUNTS, 1).structural().help("Number of bands."),
        ParamDesc::choice("phase", "Phase", &["minimum", "linear"], 0).structural().help(
            "Minimum: Linkwitz-Riley 24 dB/oct, no latency, the phase of an all-pass. Linear: the same slopes without phase shift, some 90 ms of latency.",
        ),
    ];
    params.extend((1..BANDS).map(split_param));
    params.extend([
        ParamDesc::choice("detector", "Detector", DETECTOR_WORDS, 1).help(
            "Of all bands without a detector of their own. Peak: largest sample of 10 ms. RMS: mean square of 10 ms. Smooth: RMS with a gain curve without corners.",
        ),
        ParamDesc::number("link_percent", "Link", Unit::Percent, 0.0, 100.0, 100.0)
            .help("100 %: both channels of a band get the larger reduction; 0 %: each its own."),
        ParamDesc::switch("auto_release", "Auto release", false).help(
            "Adds a slow release of 1.5 s for reduction that lasts (charged over 0.5 s); the larger reduction counts.",
        ),
        ParamDesc::number("mix_percent", "Mix", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of the processed bands; the rest is the bands as they were, in phase."),
        ParamDesc::number("output_db", "Output", Unit::Db, -24.0, 24.0, 0.0).help("Gain after all bands."),
        ParamDesc::number("lookahead_ms", "Look-ahead", Unit::Ms, 0.0, 20.0, 0.0)
            .structural()
            .help("Delays the sound of all bands, not their detectors; adds to the latency."),
    ]);
    params.extend((1..=BANDS).flat_map(band_params));
    params.push(ParamDesc::follow("auto_makeup", "Auto make-up", "Output"));
    params
});

fn split_param(n: usize) -> ParamDesc {
    let mut param = ParamDesc::number("", "", Unit::Hz, 20.0, 20_000.0, SPLITS_HZ[n - 1]).log().help(
        "Corner between this band and the next, each -6 dB there. Never below the split before it. Unused beyond the bands asked for.",
    );
    param.id = Cow::Owned(format!("split{n}_hz"));
    param.name = Cow::Owned(format!("Split {n}"));
    param
}

/// The parameters of band `n` (from 1).
fn band_params(n: usize) -> impl Iterator<Item = ParamDesc> {
    let named = move |mut param: ParamDesc| {
        param.id = Cow::Owned(format!("band{n}_{}", param.id));
        param.name = Cow::Owned(format!("{n} {}", param.name));
        param
    };
    main_params().into_iter().chain(own_params()).map(named)
}

fn main_params() -> [ParamDesc; 12] {
    [
        ParamDesc::number("threshold_db", "Threshold", Unit::Dbfs, -80.0, 0.0, -24.0)
            .help("Level of the band above which its gain goes down: sine peak with the peak detector, rms with the others."),
        ParamDesc::number("ratio", "Ratio", Unit::Ratio, 1.0, 100.0, 1.0)
            .log()
            .help("Decibels in for one decibel out above the threshold; 1 does nothing."),
        ParamDesc::number("knee_db", "Knee", Unit::Db, 0.0, 24.0, 6.0).help("Width of the bend around both thresholds."),
        ParamDesc::number("attack_ms", "Attack", Unit::Ms, 0.1, 500.0, 30.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the level rises: compression sets in, expansion lets go."),
        ParamDesc::number("release_ms", "Release", Unit::Ms, 5.0, 3000.0, 200.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the level falls."),
        ParamDesc::number("range_db", "Range", Unit::Db, 0.0, 60.0, 60.0)
            .help("Largest reduction of the compression, and of the expansion."),
        ParamDesc::number("gain_db", "Gain", Unit::Db, -24.0, 24.0, 0.0).help("Gain of the band after its dynamics."),
        ParamDesc::number("expand_threshold_db", "Expander threshold", Unit::Dbfs, -100.0, 0.0, -60.0)
            .help("Level of the band below which the expansion sets in."),
        ParamDesc::number("expand_ratio", "Expander ratio", Unit::Ratio, 1.0, 20.0, 1.0)
            .log()
            .help("Decibels out for one decibel in below that threshold; 1 does nothing."),
        ParamDesc::number("width_percent", "Width", Unit::Percent, 0.0, 200.0, 100.0)
            .help("Factor on the side signal of the band."),
        ParamDesc::switch("bypass", "Bypass", false).help("The band passes as it came, gain and width included."),
        ParamDesc::switch("solo", "Solo", false).audition().help("Only bands with solo are heard."),
    ]
}

fn own_params() -> [ParamDesc; PARAMS_PER_BAND - 12] {
    [
        ParamDesc::number("up_threshold_db", "Upward threshold", Unit::Dbfs, -80.0, 0.0, -50.0)
            .help("Level of the band below which its gain goes up: sine peak with the peak detector, rms with the others."),
        ParamDesc::number("up_ratio", "Upward ratio", Unit::Ratio, 1.0, 20.0, 1.0)
            .log()
            .help("Decibels in for one decibel out below the upward threshold; 1 does nothing."),
        ParamDesc::number("up_range_db", "Upward range", Unit::Db, 0.0, 24.0, 12.0).help(
            "Largest gain added. Below -70 dBFS the gain fades out; at -80 dBFS and below nothing is added.",
        ),
        ParamDesc::number("hold_ms", "Hold", Unit::Ms, 0.0, HOLD_MAX_MS, 0.0)
            .help("Time the level of the band is held before the release begins."),
        ParamDesc::choice("detector", "Detector", BAND_DETECTORS, 0)
            .help("Detector of this band: that of all bands, or its own."),
        ParamDesc::choice("auto_release", "Auto release", BAND_AUTO_RELEASES, 0)
            .help("Automatic release of this band: as of all bands, or its own."),
        ParamDesc::number("link_percent", "Link", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of the link of all bands: 100 % links this band as much as all, 0 % not at all."),
        ParamDesc::number("mix_percent", "Mix", Unit::Percent, 0.0, 100.0, 100.0)
            .help("Share of the mix of all bands: 0 % leaves this band as it was."),
    ]
}
