//! The editors of compressor and expander: curve, thresholds, the last ten seconds, and their controls.
//!
//! The curves are those the processors run (`process::dynamics`); then make-up, then the mix with the input.

use egui::Ui;

use super::SlotView;
use super::groups::{Listed, groups_of, split_ui};
use super::history::Axis;
use super::trace::Traces;
use super::transfer::{Curve, Dynamics, Threshold, dynamics_ui, levels_axis};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::process::dynamics::curve::{Curve as Downward, ExpanderCurve, UpwardCurve};
use crate::units::{db_from_gain, gain_from_db};

const COMPRESSOR: &[Listed] = &[
    (
        "Curve",
        &[("threshold_db", "Threshold"), ("ratio", "Ratio"), ("knee_db", "Knee"), ("range_db", "Range")],
    ),
    ("Upward", &[("up_threshold_db", "Threshold"), ("up_ratio", "Ratio"), ("up_range_db", "Range")]),
    (
        "Time",
        &[
            ("attack_ms", "Attack"),
            ("release_ms", "Release"),
            ("hold_ms", "Hold"),
            ("lookahead_ms", "Look-ahead"),
            ("auto_release", "Auto release"),
        ],
    ),
    (
        "Side chain",
        &[
            ("detector", "Detector"),
            ("sidechain_hpf_hz", "High-pass"),
            ("sidechain_slope_db_oct", "Slope"),
            ("sidechain_tilt_db", "Tilt"),
            ("sidechain_listen", "Listen"),
        ],
    ),
    ("Channels", &[("link_percent", "Link"), ("channel_mode", "Mode"), ("threshold_offset_db", "Offset")]),
    ("Output", &[("makeup_db", "Make-up"), ("auto_makeup", "Auto make-up"), ("mix_percent", "Mix")]),
];

const EXPANDER: &[Listed] = &[
    (
        "Curve",
        &[
            ("threshold_db", "Threshold"),
            ("ratio", "Ratio"),
            ("knee_db", "Knee"),
            ("range_db", "Range"),
            ("hysteresis_db", "Hysteresis"),
        ],
    ),
    (
        "Time",
        &[
            ("attack_ms", "Attack"),
            ("hold_ms", "Hold"),
            ("release_ms", "Release"),
            ("lookahead_ms", "Look-ahead"),
        ],
    ),
    (
        "Side chain",
        &[
            ("detector", "Detector"),
            ("sidechain_hpf_hz", "High-pass"),
            ("sidechain_slope_db_oct", "Slope"),
            ("sidechain_lpf_hz", "Low-pass"),
            ("sidechain_listen", "Listen"),
            ("link_percent", "Link"),
        ],
    ),
    ("Output", &[("mix_percent", "Mix")]),
];

/// Draws the compressor into all of `ui`.
pub fn compressor_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    let groups = groups_of(view, COMPRESSOR);
    split_ui(ui, view, &groups, out, |ui, rect, out| {
        if let Some(shown) = compressor(view) {
            dynamics_ui(ui, rect, frame, view, traces, &shown, out);
        }
    });
}

/// Draws the expander into all of `ui`.
pub fn expander_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    let groups = groups_of(view, EXPANDER);
    split_ui(ui, view, &groups, out, |ui, rect, out| {
        if let Some(shown) = expander(view) {
            dynamics_ui(ui, rect, frame, view, traces, &shown, out);
        }
    });
}

/// The curve of one channel of a compressor.
#[derive(Debug, Clone, Copy)]
struct Transfer {
    down: Downward,
    up: Option<UpwardCurve>,
    makeup_db: f64,
    mix: f64,
}

impl Transfer {
    /// Of a slot whose threshold is moved by `offset_db`; `None` if the kind has no threshold and ratio.
    fn of(view: &SlotView<'_>, offset_db: f64) -> Option<Self> {
        let knee_db = view.value("knee_db").unwrap_or(0.0);
        let up_ratio = view.value("up_ratio").unwrap_or(1.0).max(1.0);
        let up = view.value("up_threshold_db").filter(|_| up_ratio > 1.0).map(|threshold_db| UpwardCurve {
            threshold_db: threshold_db + offset_db,
            slope: 1.0 - 1.0 / up_ratio,
            knee_db,
            range_db: view.value("up_range_db").unwrap_or(0.0),
        });
        let down = Downward {
            threshold_db: view.value("threshold_db")? + offset_db,
            slope: 1.0 - 1.0 / view.value("ratio")?.max(1.0),
            knee_db,
            range_db: view.value("range_db").unwrap_or(f64::INFINITY),
        };
        Some(Self {
            down,
            up,
            makeup_db: view.value("makeup_db").unwrap_or(0.0),
            mix: view.value("mix_percent").unwrap_or(100.0) / 100.0,
        })
    }

    /// Gain change of a steady level, dB.
    fn gain_db(&self, level_db: f64) -> f64 {
        self.up.map_or(0.0, |up| up.gain_db(level_db)) - self.down.reduction_db(level_db)
    }

    /// Level out for a steady level in, dBFS.
    fn output_db(&self, level_db: f64) -> f64 {
        level_db + mixed_db(self.makeup_db + self.gain_db(level_db), self.mix)
    }

    fn curve(self) -> Curve<'static> {
        Curve {
            gain_db: Box::new(move |level| self.gain_db(level)),
            out_db: Box::new(move |level| self.output_db(level)),
        }
    }
}

/// A gain mixed with the signal as it came, dB.
pub(super) fn mixed_db(gain_db: f64, mix: f64) -> f64 {
    db_from_gain(1.0 - mix + mix * gain_from_db(gain_db))
}

fn compressor(view: &SlotView<'_>) -> Option<Dynamics<'static>> {
    let has_own = view.index("channel_mode").is_some_and(|index| view.values.choice(index) > 0);
    let offset_db = view.value("threshold_offset_db").filter(|db| has_own && db.abs() > 0.01);
    let main = Transfer::of(view, 0.0)?;
    let adds_gain = main.up.is_some();
    let mut thresholds = vec![Threshold { index: view.index("threshold_db")?, name: "Threshold" }];
    if adds_gain && let Some(index) = view.index("up_threshold_db") {
        thresholds.push(Threshold { index, name: "Upward threshold" });
    }
    Some(Dynamics {
        axis: levels_axis(view, &thresholds, -60.0),
        curve: main.curve(),
        second: offset_db.and_then(|offset_db| Transfer::of(view, offset_db)).map(Transfer::curve),
        thresholds,
        adds_gain,
    })
}

fn expander(view: &SlotView<'_>) -> Option<Dynamics<'static>> {
    let curve = ExpanderCurve {
        threshold_db: view.value("threshold_db")?,
        slope: view.value("ratio")?.max(1.0) - 1.0,
        knee_db: view.value("knee_db").unwrap_or(0.0),
        range_db: view.value("range_db").unwrap_or(f64::INFINITY),
    };
    let mix = view.value("mix_percent").unwrap_or(100.0) / 100.0;
    Some(Dynamics {
        axis: Axis { low_db: -96.0, high_db: 0.0 },
        curve: Curve {
            gain_db: Box::new(move |level| -curve.reduction_db(level)),
            out_db: Box::new(move |level| level + mixed_db(-curve.reduction_db(level), mix)),
        },
        second: None,
        thresholds: vec![Threshold { index: view.index("threshold_db")?, name: "Threshold" }],
        adds_gain: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChainRef, ParamValue, Slot, SlotId};

    fn transfer() -> Transfer {
        let down = Downward { threshold_db: -20.0, slope: 0.75, knee_db: 6.0, range_db: 60.0 };
        Transfer { down, up: None, makeup_db: 0.0, mix: 1.0 }
    }

    /// Giannoulis, Massberg, Reiss 2012, equation 4: at the threshold `(1 − 1/R)·W/8` is taken away.
    #[test]
    fn the_curve_is_that_of_the_compressor() {
        let curve = transfer();
        assert_eq!(curve.output_db(-40.0), -40.0);
        assert!((curve.output_db(0.0) - -15.0).abs() < 1e-9);
        assert!((curve.gain_db(-20.0) + 0.75 * 6.0 / 8.0).abs() < 1e-9);
        let hard = Transfer { down: Downward { knee_db: 0.0, ..curve.down }, ..curve };
        assert!((hard.output_db(-10.0) - -17.5).abs() < 1e-9);
        let gentle = Transfer { down: Downward { range_db: 3.0, ..curve.down }, makeup_db: 2.0, ..curve };
        assert!((gentle.output_db(0.0) - -1.0).abs() < 1e-9);
        let dry = Transfer { mix: 0.0, ..curve };
        assert!((dry.output_db(0.0)).abs() < 1e-9);
    }

    /// Upward 2 : 1 below −40 dB: what lies 20 dB under it comes up by 10 dB, at most by the range.
    #[test]
    fn an_upward_curve_lifts_what_is_soft() {
        let up = UpwardCurve { threshold_db: -40.0, slope: 0.5, knee_db: 0.0, range_db: 12.0 };
        let curve = Transfer { up: Some(up), ..transfer() };
        assert!((curve.output_db(-60.0) - -50.0).abs() < 1e-9);
        assert!((curve.gain_db(-69.0) - 12.0).abs() < 1e-9);
        assert!(curve.gain_db(-90.0).abs() < 1e-9);
        assert!((curve.output_db(-35.0) - -35.0).abs() < 1e-9);
    }

    #[test]
    fn an_expander_turns_down_what_is_below() {
        let mut slot = Slot::new(SlotId(1), "expander");
        for (id, value) in [("threshold_db", -40.0), ("ratio", 3.0), ("knee_db", 0.0), ("range_db", 30.0)] {
            slot.params.insert(id.to_owned(), ParamValue::Number(value));
        }
        let view = SlotView::new(ChainRef::Album, &slot).unwrap();
        let shown = expander(&view).unwrap();
        assert!(((shown.curve.out_db)(-50.0) - -70.0).abs() < 1e-9);
        assert!(((shown.curve.out_db)(-90.0) - -120.0).abs() < 1e-9);
        assert!(((shown.curve.out_db)(-10.0) - -10.0).abs() < 1e-9);
    }
}
