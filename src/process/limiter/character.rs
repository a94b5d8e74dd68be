//! What the characters are made of.

use super::level::LevelSetup;
use super::release::Law;

/// One algorithm of gain reduction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Character {
    /// Time the gain takes to go down, in set look-aheads.
    pub lookahead_part: f64,
    /// Shortest hold; longer where the detector reaches farther.
    pub hold_ms: f64,
    pub law: Law,
    pub level: Option<LevelSetup>,
    pub bends_tops: bool,
}

const TRANSPARENT: Character = Character {
    lookahead_part: 1.0,
    hold_ms: 5.0,
    law: Law::Even { slow: true },
    level: None,
    bends_tops: false,
};

const SMOOTH: Character = Character {
    law: Law::Even { slow: false },
    level: Some(LevelSetup {
        wait_ms: 50.0,
        headroom_db: 0.0,
        charge_ms: 60.0,
        release_times: 4.0,
        slow_release_ms: 4000.0,
    }),
    ..TRANSPARENT
};

const PUNCH: Character = Character {
    lookahead_part: 0.65,
    hold_ms: 5.0,
    law: Law::Crest { charge_ms: 80.0, stands_out_db: 2.0 },
    level: None,
    bends_tops: false,
};

const LOUD: Character = Character {
    law: Law::Crest { charge_ms: 40.0, stands_out_db: 1.0 },
    level: Some(LevelSetup {
        wait_ms: 0.0,
        headroom_db: 2.0,
        charge_ms: 150.0,
        release_times: 1.0,
        slow_release_ms: 1000.0,
    }),
    bends_tops: true,
    ..PUNCH
};

impl Character {
    /// By its place in the parameter.
    pub(super) fn of(index: usize) -> Self {
        [TRANSPARENT, SMOOTH, PUNCH, LOUD][index.min(3)]
    }
}
