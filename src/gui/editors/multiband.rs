//! The editor of the multiband processor: bands on the live spectrum, the curve of the chosen band, and its controls.
//!
//! A double-click between the splits divides the band there (both halves keep its settings); a double-click on a split
//! joins the bands beside it (the lower one's settings stay).

use egui::Ui;

use super::SlotView;
use super::dynamics::mixed_db;
use super::groups::{Group, Listed, headed_split_ui};
use super::multiband_plot::plot_ui;
use super::transfer::{Curve, Dynamics, Now, Threshold, curve_ui, levels_axis};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::widgets::tab;
use crate::model::SlotId;
use crate::process::dynamics::curve::{Curve as Downward, ExpanderCurve, UpwardCurve};
use crate::process::multiband::{BANDS, COUNT, FIRST_BAND, PARAMS_PER_BAND, SPLIT, band_count};
use crate::process::{ParamIndex, Values};

/// Widest the curve of the chosen band is drawn, points.
const CURVE: f32 = 210.0;
/// A split keeps this ratio to its neighbours when it is dragged or made.
pub(super) const LEAST_RATIO: f64 = 1.1;

/// Height of the row that chooses whose controls are shown, points.
const TABS: f32 = 26.0;
/// Columns of the controls at least, so that the row has room.
const COLUMNS: usize = 5;

/// What is only visual in the multiband editor.
#[derive(Debug, Default)]
pub struct MultibandState {
    /// The chosen band of the slot shown last.
    selected: Option<(SlotId, usize)>,
    /// The controls are those of the whole.
    shows_all: bool,
}

/// Draws the multiband processor into all of `ui`.
pub fn multiband_ui(
    ui: &mut Ui,
    frame: &Frame,
    view: &SlotView<'_>,
    state: &mut MultibandState,
    out: &mut Outbox,
) {
    let bands = Bands::of(&view.values);
    let known = state.selected.filter(|(slot, _)| *slot == view.slot.id).map_or(0, |(_, band)| band);
    let known = known.min(bands.count - 1);
    let (mut from_plot, mut from_tabs) = (None, None);
    let groups = if state.shows_all { whole_groups(view, &bands) } else { band_groups(view, known) };
    let head = |ui: &mut Ui| from_tabs = tabs_ui(ui, &bands, (!state.shows_all).then_some(known));
    headed_split_ui(ui, view, &groups, COLUMNS, TABS, head, out, |ui, rect, out| {
        let side = (rect.width() * 0.26).min(CURVE).min(rect.height());
        let plot = rect.with_max_x(rect.right() - side - 8.0);
        from_plot = plot_ui(ui, plot, frame, view, &bands, known, out);
        let curve = rect.with_min_x(plot.right() + 8.0);
        let gain_db = bands.live_db(frame, view, known);
        curve_ui(ui, curve, view, &Now { gain_db, input_dbfs: None }, &dynamics(view, known), out);
    });
    match from_tabs {
        Some(Shown::All) => state.shows_all = true,
        Some(Shown::Band(band)) => {
            (state.selected, state.shows_all) = (Some((view.slot.id, band)), false);
        }
        None => {
            state.selected = Some((view.slot.id, from_plot.unwrap_or(known)));
            state.shows_all &= from_plot.is_none();
        }
    }
}

/// Whose controls are shown.
enum Shown {
    Band(usize),
    All,
}

fn tabs_ui(ui: &mut Ui, bands: &Bands, chosen: Option<usize>) -> Option<Shown> {
    ui.spacing_mut().item_spacing.x = 0.0;
    let mut taken = None;
    for band in 0..bands.count {
        let response = tab(ui, &(band + 1).to_string(), chosen == Some(band), TABS - 4.0);
        if response.accessible_name(format!("Controls of band {}", band + 1)).clicked() {
            taken = Some(Shown::Band(band));
        }
    }
    if tab(ui, "All bands", chosen.is_none(), TABS - 4.0).clicked() {
        taken = Some(Shown::All);
    }
    taken
}

/// Where the bands lie.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bands {
    /// How many.
    pub count: usize,
    /// Between them, Hz; no split lies below the one before it.
    pub splits_hz: Vec<f64>,
}

impl Bands {
    /// Of a set of values.
    pub(super) fn of(values: &Values) -> Self {
        let count = band_count(values);
        let mut floor = 0.0f64;
        let splits_hz = (0..count - 1)
            .map(|k| {
                floor = floor.max(values.get(SPLIT + k));
                floor
            })
            .collect();
        Self { count, splits_hz }
    }

    /// Edges of a band between the ends of an axis, Hz.
    pub(super) fn edges_hz(&self, band: usize, axis_hz: (f64, f64)) -> (f64, f64) {
        let low = if band == 0 { axis_hz.0 } else { self.splits_hz[band - 1] };
        (low, self.splits_hz.get(band).copied().unwrap_or(axis_hz.1))
    }

    /// What a split may be between its neighbours, Hz.
    pub(super) fn limits_hz(&self, split: usize) -> (f64, f64) {
        let below = if split == 0 { 20.0 } else { self.splits_hz[split - 1] };
        let above = self.splits_hz.get(split + 1).copied().unwrap_or(20_000.0);
        let low = if split == 0 { below } else { below * LEAST_RATIO };
        let high = if split + 1 < self.splits_hz.len() { above / LEAST_RATIO } else { above };
        // Where there is no room for the ratio it stays between them.
        if low <= high { (low, high) } else { (below, above) }
    }

    /// The splits that are set to something else than where they work, with where they work.
    pub(super) fn out_of_order(&self, view: &SlotView<'_>) -> Vec<(ParamIndex, f64)> {
        let splits = self.splits_hz.iter().enumerate().map(|(k, hz)| (SPLIT + k, *hz));
        splits.filter(|(index, hz)| (view.values.get(*index) - hz).abs() > 0.0).collect()
    }

    /// The gain change of a band now, dB.
    pub(super) fn live_db(&self, frame: &Frame, view: &SlotView<'_>, band: usize) -> f64 {
        let live = (frame.focus.slot == Some(view.slot.id)).then(|| frame.focus.bands_db.get(band)).flatten();
        live.map_or(0.0, |db| f64::from(*db))
    }
}

/// A parameter of a band, by its id without the band.
pub(super) fn of_band(view: &SlotView<'_>, band: usize, id: &str) -> Option<ParamIndex> {
    view.index(&format!("band{}_{id}", band + 1))
}

/// The controls of a band.
fn band_groups(view: &SlotView<'_>, band: usize) -> Vec<Group> {
    let own = format!("band{}_", band + 1);
    let listed: &[Listed] = &[
        (
            "Compressor",
            &[("threshold_db", "Threshold"), ("ratio", "Ratio"), ("knee_db", "Knee"), ("range_db", "Range")],
        ),
        ("Expander", &[("expand_threshold_db", "Threshold"), ("expand_ratio", "Ratio")]),
        (
            "Time",
            &[
                ("attack_ms", "Attack"),
                ("release_ms", "Release"),
                ("hold_ms", "Hold"),
                ("auto_release", "Auto release"),
            ],
        ),
        ("Detector", &[("detector", "Detector"), ("link_percent", "Link")]),
        ("Upward", &[("up_threshold_db", "Threshold"), ("up_ratio", "Ratio"), ("up_range_db", "Range")]),
        (
            "Output",
            &[
                ("gain_db", "Gain"),
                ("width_percent", "Width"),
                ("mix_percent", "Mix"),
                ("solo", "Solo"),
                ("bypass", "Bypass"),
            ],
        ),
    ];
    let group = |(title, ids): &Listed| {
        let ids: Vec<(String, &str)> = ids.iter().map(|(id, label)| (format!("{own}{id}"), *label)).collect();
        let ids: Vec<(&str, &str)> = ids.iter().map(|(id, label)| (id.as_str(), *label)).collect();
        Group::of(view, *title, &ids)
    };
    with_rest(view, listed.iter().map(group).collect(), |id| id.starts_with(&own))
}

/// The controls of the whole.
fn whole_groups(view: &SlotView<'_>, bands: &Bands) -> Vec<Group> {
    let splits: Vec<(String, String)> =
        (1..bands.count).map(|k| (format!("split{k}_hz"), format!("Split {k}"))).collect();
    let splits: Vec<(&str, &str)> = splits.iter().map(|(id, label)| (id.as_str(), label.as_str())).collect();
    let groups = vec![
        Group::of(view, "Bands", &[("bands", "Bands"), ("phase", "Phase"), ("lookahead_ms", "Look-ahead")]),
        Group::of(view, "Splits", &splits),
        Group::of(
            view,
            "Detector of all bands",
            &[("detector", "Detector"), ("link_percent", "Link"), ("auto_release", "Auto release")],
        ),
        Group::of(view, "Output", &[("mix_percent", "Mix"), ("output_db", "Output")]),
    ];
    let is_numbered = |id: &str, word: &str| {
        id.strip_prefix(word).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    with_rest(view, groups, |id| !is_numbered(id, "band") && !is_numbered(id, "split"))
}

/// Groups without the empty ones, and one more with what belongs here and no group has.
fn with_rest(view: &SlotView<'_>, mut groups: Vec<Group>, belongs: impl Fn(&str) -> bool) -> Vec<Group> {
    groups.retain(|group| !group.cells.is_empty());
    let is_shown = |id: &str| groups.iter().flat_map(|g| &g.cells).any(|c| view.params()[c.index].id == id);
    let rest: Vec<(&str, &str)> = view
        .params()
        .iter()
        .filter(|p| belongs(&p.id) && !is_shown(&p.id))
        .map(|p| (&*p.id, &*p.name))
        .collect();
    if !rest.is_empty() {
        let more = Group::of(view, "More", &rest);
        groups.push(more);
    }
    groups
}

/// The curve of a band: compression above, expansion below.
fn dynamics(view: &SlotView<'_>, band: usize) -> Dynamics<'static> {
    let value = |id: &str, default: f64| of_band(view, band, id).map_or(default, |i| view.values.get(i));
    let (knee_db, range_db) = (value("knee_db", 0.0), value("range_db", 60.0));
    let down = Downward {
        threshold_db: value("threshold_db", 0.0),
        slope: 1.0 - 1.0 / value("ratio", 1.0).max(1.0),
        knee_db,
        range_db,
    };
    let expand_ratio = value("expand_ratio", 1.0).max(1.0);
    let expander = ExpanderCurve {
        threshold_db: value("expand_threshold_db", -60.0),
        slope: expand_ratio - 1.0,
        knee_db,
        range_db,
    };
    let up_ratio = value("up_ratio", 1.0).max(1.0);
    let upward = UpwardCurve {
        threshold_db: value("up_threshold_db", -50.0),
        slope: 1.0 - 1.0 / up_ratio,
        knee_db,
        range_db: value("up_range_db", 0.0),
    };
    let (makeup_db, mix) = (value("gain_db", 0.0), value("mix_percent", 100.0) / 100.0);
    let gain =
        move |level: f64| upward.gain_db(level) - down.reduction_db(level) - expander.reduction_db(level);
    let threshold = |id, name| of_band(view, band, id).map(|index| Threshold { index, name });
    let expands = threshold("expand_threshold_db", "Expander threshold").filter(|_| expand_ratio > 1.0);
    let lifts = threshold("up_threshold_db", "Upward threshold").filter(|_| up_ratio > 1.0);
    let thresholds: Vec<Threshold> =
        threshold("threshold_db", "Threshold").into_iter().chain(expands).chain(lifts).collect();
    Dynamics {
        axis: levels_axis(view, &thresholds, -80.0),
        curve: Curve {
            gain_db: Box::new(gain),
            out_db: Box::new(move |level| level + mixed_db(gain(level) + makeup_db, mix)),
        },
        second: None,
        thresholds,
        adds_gain: up_ratio > 1.0,
    }
}

/// The values of another number of bands, as a choice: the splits in order, and every new one above the last in force (half
/// way to 20 kHz in octaves where it is set lower).
pub(super) fn counted(view: &SlotView<'_>, choice: usize) -> Vec<(ParamIndex, f64)> {
    let known = Bands::of(&view.values).splits_hz;
    let mut values = vec![(COUNT, choice as f64)];
    let mut last_hz = 0.0;
    for k in 0..=choice.min(BANDS - 2) {
        let set_hz = view.values.get(SPLIT + k);
        let hz = match known.get(k) {
            Some(hz) => *hz,
            None if set_hz >= last_hz * LEAST_RATIO => set_hz,
            None => f64::sqrt(last_hz * 20_000.0),
        };
        if (hz - set_hz).abs() > 0.0 {
            values.push((SPLIT + k, hz));
        }
        last_hz = hz;
    }
    values
}

/// The values that divide the band a frequency lies in; `None` where there are as many as can be, or no room.
pub(super) fn divided(view: &SlotView<'_>, bands: &Bands, hz: f64) -> Option<Vec<(ParamIndex, f64)>> {
    let place = bands.splits_hz.partition_point(|split| *split < hz);
    let near = |other: &f64| (hz / other).max(other / hz) < LEAST_RATIO;
    if bands.count >= BANDS || bands.splits_hz.iter().any(near) {
        return None;
    }
    let mut splits = bands.splits_hz.clone();
    splits.insert(place, hz.clamp(20.0, 20_000.0));
    let from = |band: usize| if band <= place { band } else { band - 1 };
    Some(rearranged(view, &splits, from))
}

/// The values that join the bands beside a split; `None` where only two are left.
pub(super) fn joined(view: &SlotView<'_>, bands: &Bands, split: usize) -> Option<Vec<(ParamIndex, f64)>> {
    if bands.count <= 2 {
        return None;
    }
    let mut splits = bands.splits_hz.clone();
    splits.remove(split);
    let from = |band: usize| if band <= split { band } else { band + 1 };
    Some(rearranged(view, &splits, from))
}

/// New splits, and every band with the settings of another; only what changes. What is left over has its defaults.
fn rearranged(
    view: &SlotView<'_>,
    splits_hz: &[f64],
    from: impl Fn(usize) -> usize,
) -> Vec<(ParamIndex, f64)> {
    let default = |index: ParamIndex| view.params()[index].default_value();
    let count = splits_hz.len() + 1;
    let mut values = vec![(COUNT, (count - 2) as f64)];
    for k in 0..BANDS - 1 {
        values.push((SPLIT + k, splits_hz.get(k).copied().unwrap_or_else(|| default(SPLIT + k))));
    }
    for band in 0..BANDS {
        for offset in 0..PARAMS_PER_BAND {
            let index = FIRST_BAND + band * PARAMS_PER_BAND + offset;
            let source = FIRST_BAND + from(band) * PARAMS_PER_BAND + offset;
            values.push((index, if band < count { view.values.get(source) } else { default(index) }));
        }
    }
    values.retain(|(index, value)| (view.values.get(*index) - value).abs() > 0.0);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChainRef, ParamValue, Slot};

    /// Four bands whose gains are their numbers.
    fn slot() -> Slot {
        let mut slot = Slot::new(SlotId(1), "multiband");
        slot.params.insert("bands".to_owned(), ParamValue::Word("4".to_owned()));
        for (k, hz) in [100.0, 1000.0, 8000.0].into_iter().enumerate() {
            slot.params.insert(format!("split{}_hz", k + 1), ParamValue::Number(hz));
        }
        for n in 1..=4 {
            slot.params.insert(format!("band{n}_gain_db"), ParamValue::Number(f64::from(n)));
        }
        slot
    }

    fn after(
        slot: &Slot,
        change: impl Fn(&SlotView<'_>, &Bands) -> Option<Vec<(ParamIndex, f64)>>,
    ) -> (Bands, Vec<f64>) {
        let view = SlotView::new(ChainRef::Album, slot).unwrap();
        let mut values = view.values.clone();
        for (index, value) in change(&view, &Bands::of(&view.values)).unwrap() {
            values.set(index, value);
        }
        let gain = |band| values.get(of_band(&view, band, "gain_db").unwrap());
        (Bands::of(&values), (0..BANDS).map(gain).collect())
    }

    #[test]
    fn a_divided_band_keeps_its_settings_in_both_halves() {
        let (bands, gains) = after(&slot(), |view, bands| divided(view, bands, 300.0));
        assert_eq!(bands.splits_hz, [100.0, 300.0, 1000.0, 8000.0]);
        assert_eq!(gains, [1.0, 2.0, 2.0, 3.0, 4.0, 0.0]);
        let slot = slot();
        let view = SlotView::new(ChainRef::Album, &slot).unwrap();
        assert_eq!(divided(&view, &Bands::of(&view.values), 1050.0), None);
    }

    /// Splits out of order work at the one before; more bands write that down, and the new split lies above.
    #[test]
    fn more_bands_have_their_splits_in_order() {
        let mut slot = slot();
        slot.params.insert("split2_hz".to_owned(), ParamValue::Number(12_000.0));
        let (bands, _) = after(&slot, |view, _| Some(counted(view, 3)));
        assert_eq!(bands.splits_hz[..3], [100.0, 12_000.0, 12_000.0]);
        assert!((bands.splits_hz[3] - f64::sqrt(12_000.0 * 20_000.0)).abs() < 1e-6);
        let view = SlotView::new(ChainRef::Album, &slot).unwrap();
        assert_eq!(Bands::of(&view.values).out_of_order(&view), [(SPLIT + 2, 12_000.0)]);
        assert_eq!(counted(&view, 3).len(), 3);
    }

    #[test]
    fn joined_bands_keep_the_settings_of_the_lower() {
        let (bands, gains) = after(&slot(), |view, bands| joined(view, bands, 1));
        assert_eq!(bands.splits_hz, [100.0, 8000.0]);
        assert_eq!(gains, [1.0, 2.0, 4.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn dividing_and_joining_again_changes_nothing() {
        let (bands, gains) = after(&slot(), |view, bands| divided(view, bands, 4000.0));
        let mut five = slot();
        five.params.insert("bands".to_owned(), ParamValue::Word("5".to_owned()));
        for (k, hz) in bands.splits_hz.iter().enumerate() {
            five.params.insert(format!("split{}_hz", k + 1), ParamValue::Number(*hz));
        }
        for (band, gain) in gains.iter().enumerate() {
            five.params.insert(format!("band{}_gain_db", band + 1), ParamValue::Number(*gain));
        }
        let (bands, gains) = after(&five, |view, bands| joined(view, bands, 2));
        assert_eq!(bands.splits_hz, [100.0, 1000.0, 8000.0]);
        assert_eq!(gains, [1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
    }

    /// A split set below the one before it is where that one is, as in the processor.
    #[test]
    fn splits_never_cross() {
        let mut crossed = slot();
        crossed.params.insert("split2_hz".to_owned(), ParamValue::Number(50.0));
        let view = SlotView::new(ChainRef::Album, &crossed).unwrap();
        let bands = Bands::of(&view.values);
        assert_eq!(bands.splits_hz, [100.0, 100.0, 8000.0]);
        let (low, high) = bands.limits_hz(1);
        assert!(low <= high && low > 100.0);
    }
}
