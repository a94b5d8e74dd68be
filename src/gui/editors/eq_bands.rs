//! The bands of the EQ as its editor sees them, and the changes it makes to one.

use std::sync::LazyLock;

use super::SlotView;
use crate::process::eq::{BANDS, PARAMS_PER_BAND, SOLO};
use crate::process::{self, ParamDesc, ParamIndex, ParamKind, Values};

/// Positions inside a band, found by their ids.
struct Offsets {
    enabled: usize,
    shape: usize,
    freq: usize,
    gain: usize,
    q: usize,
    slope: usize,
    channel: usize,
    range: usize,
    dynamic: usize,
    sidechain: usize,
}

static OFFSETS: LazyLock<Offsets> = LazyLock::new(|| {
    let at = |id: &str| {
        let id = format!("band1_{id}");
        params().iter().position(|p| p.id == id.as_str()).unwrap_or(0)
    };
    Offsets {
        enabled: at("enabled"),
        shape: at("type"),
        freq: at("freq_hz"),
        gain: at("gain_db"),
        q: at("q"),
        slope: at("slope_db_oct"),
        channel: at("channel"),
        range: at("dyn_range_db"),
        dynamic: at("dyn_enabled"),
        sidechain: at("dyn_sidechain"),
    }
});

fn params() -> &'static [ParamDesc] {
    process::find("eq").map_or(&[], |kind| kind.params())
}

/// One band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Band {
    /// From 0.
    pub number: usize,
    /// Whether it works.
    pub on: bool,
    /// Hz.
    pub freq_hz: f64,
    /// dB, for the types that have a gain.
    pub gain_db: f64,
    /// Quality, for the types that have one.
    pub q: f64,
    /// By how much a level moves its gain at most, dB.
    pub range_db: f64,
    /// It alone is listened to.
    pub solo: bool,
    free_sidechain: bool,
    shape: usize,
    slope: usize,
    channel: usize,
    untouched: bool,
}

/// Every band.
pub(super) fn bands_of(values: &Values) -> Vec<Band> {
    (0..BANDS).map(|number| Band::of(values, number)).collect()
}

impl Band {
    fn of(values: &Values, number: usize) -> Self {
        let o = &*OFFSETS;
        let first = number * PARAMS_PER_BAND;
        let untouched = (first..first + PARAMS_PER_BAND)
            .all(|i| (values.get(i) - params()[i].default_value()).abs() < 1e-9);
        Self {
            number,
            on: values.is_on(first + o.enabled),
            freq_hz: values.get(first + o.freq),
            gain_db: values.get(first + o.gain),
            q: values.get(first + o.q),
            range_db: if values.is_on(first + o.dynamic) { values.get(first + o.range) } else { 0.0 },
            solo: values.choice(SOLO) == number + 1,
            free_sidechain: values.choice(first + o.sidechain) == 1,
            shape: values.choice(first + o.shape),
            slope: values.choice(first + o.slope),
            channel: values.choice(first + o.channel),
            untouched,
        }
    }

    fn at(&self, offset: usize) -> ParamIndex {
        self.number * PARAMS_PER_BAND + offset
    }

    pub(super) fn enabled_index(&self) -> ParamIndex {
        self.at(OFFSETS.enabled)
    }

    pub(super) fn shape_index(&self) -> ParamIndex {
        self.at(OFFSETS.shape)
    }

    pub(super) fn freq_index(&self) -> ParamIndex {
        self.at(OFFSETS.freq)
    }

    pub(super) fn gain_index(&self) -> ParamIndex {
        self.at(OFFSETS.gain)
    }

    pub(super) fn q_index(&self) -> ParamIndex {
        self.at(OFFSETS.q)
    }

    pub(super) fn slope_index(&self) -> ParamIndex {
        self.at(OFFSETS.slope)
    }

    pub(super) fn channel_index(&self) -> ParamIndex {
        self.at(OFFSETS.channel)
    }

    pub(super) fn range_index(&self) -> ParamIndex {
        self.at(OFFSETS.range)
    }

    /// Whether its range does anything.
    pub(super) fn dynamic_index(&self) -> ParamIndex {
        self.at(OFFSETS.dynamic)
    }

    /// The parameter of this band with this id (`dyn_attack_ms`).
    pub(super) fn index_of(&self, view: &SlotView<'_>, id: &str) -> Option<ParamIndex> {
        view.index(&format!("band{}_{id}", self.number + 1))
    }

    /// The values that listen to it alone, or to everything again.
    pub(super) fn solo_toggled(&self) -> (ParamIndex, f64) {
        (SOLO, if self.solo { 0.0 } else { (self.number + 1) as f64 })
    }

    /// Off and as it was at first: nothing to see, and the next to be taken.
    pub(super) fn is_free(&self) -> bool {
        !self.on && self.untouched
    }

    fn word(&self, index: ParamIndex, chosen: usize) -> &'static str {
        match params().get(index).map(|p| &p.kind) {
            Some(ParamKind::Choice { words, .. }) => words.get(chosen).copied().unwrap_or(""),
            _ => "",
        }
    }

    /// Id of its type.
    pub(super) fn shape_word(&self) -> &'static str {
        self.word(self.shape_index(), self.shape)
    }

    /// Id of the part of the signal.
    pub(super) fn channel_word(&self) -> &'static str {
        self.word(self.channel_index(), self.channel)
    }

    /// Its type as shown.
    pub(super) fn shape_text(&self) -> String {
        super::generic::word_text(&params()[self.shape_index()], self.shape_word())
    }

    /// Whether its type has a gain.
    pub(super) fn has_gain(&self) -> bool {
        self.can_be_dynamic() || self.is_tilt()
    }

    fn is_tilt(&self) -> bool {
        matches!(self.shape_word(), "tilt" | "flat_tilt")
    }

    /// Whether its gain may follow a level.
    pub(super) fn can_be_dynamic(&self) -> bool {
        matches!(self.shape_word(), "bell" | "low_shelf" | "high_shelf")
    }

    /// Whether its gain follows a level when it is on.
    pub(super) fn is_dynamic(&self) -> bool {
        self.can_be_dynamic() && self.range_db.abs() > 0.0
    }

    /// Whether the side-chain has a frequency and Q of its own.
    pub(super) fn has_free_sidechain(&self) -> bool {
        self.free_sidechain
    }

    /// Whether its type has a slope instead of a quality.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self.shape_word(), "low_cut" | "high_cut")
    }

    /// Whether its type has a quality.
    pub(super) fn has_q(&self) -> bool {
        !self.is_cut() && !self.is_tilt()
    }

    /// Height of its node, dB: its gain; a cut has its corner 3 dB down.
    pub(super) fn node_db(&self) -> f64 {
        if self.has_gain() {
            self.gain_db
        } else if self.is_cut() {
            -3.01
        } else {
            0.0
        }
    }

    /// The step one steeper or flatter.
    pub(super) fn slope_step(&self, by: f64) -> f64 {
        (self.slope as f64 + by).max(0.0)
    }
}

/// The values of a band as it was at first.
pub(super) fn removed(view: &SlotView<'_>, band: &Band) -> Vec<(ParamIndex, f64)> {
    let first = band.number * PARAMS_PER_BAND;
    let heard_alone = band.solo.then_some(SOLO);
    (first..first + PARAMS_PER_BAND)
        .chain(heard_alone)
        .map(|i| (i, view.params()[i].default_value()))
        .collect()
}

/// The values of a new bell in a free band.
pub(super) fn new_bell(band: &Band, freq_hz: f64, gain_db: f64) -> Vec<(ParamIndex, f64)> {
    vec![
        (band.enabled_index(), 1.0),
        (band.shape_index(), 0.0),
        (band.freq_index(), freq_hz),
        (band.gain_index(), gain_db),
    ]
}
