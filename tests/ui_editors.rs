//! The editors of the processors by their labels: what is dragged, typed, chosen and stepped, in a panel as low as it
//! opens and as narrow as it may be.
#![cfg(feature = "ui-tests")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "tests")]

use std::sync::Arc;

use egui::{Event, Key, Pos2, Rect, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use glassmaster::app::frame::{BandField, FocusPoint, FocusView, Selection, SideReading};
use glassmaster::app::{Command, Frame};
use glassmaster::edit;
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::chain::{ChainState, chain_ui};
use glassmaster::model::{Chain, ParamValue, Session, Slot, SlotId};
use glassmaster::process::{ParamKind, find};
use glassmaster::units::SampleRate;

/// Of the lower panel in a window of 1600 × 1000, and the narrowest.
const ROOMY: Vec2 = vec2(1348.0, 391.0);
const NARROW: Vec2 = vec2(900.0, 391.0);

/// The panel over a program that only knows edits.
struct Desk {
    frame: Frame,
    state: ChainState,
    out: Outbox,
    sent: Vec<Command>,
}

impl Desk {
    fn new(kind: &str) -> Self {
        let mut session = Session::new(SampleRate(48_000));
        session.album_chain = Arc::new(Chain { slots: vec![Slot::new(SlotId(1), kind)], ..Chain::default() });
        session.next_id = 100;
        let mut frame = Frame::still(Arc::new(session));
        frame.selection = Selection { slot: Some(SlotId(1)), ..Selection::default() };
        Self { frame, state: ChainState::default(), out: Outbox::default(), sent: Vec::new() }
    }

    fn set(&mut self, slot: Slot) {
        let mut session = (*self.frame.session).clone();
        session.album_chain = Arc::new(Chain { slots: vec![slot], ..Chain::default() });
        self.frame.session = Arc::new(session);
    }

    fn draw(&mut self, ui: &mut egui::Ui) {
        chain_ui(ui, &self.frame, &mut self.state, &mut self.out);
        for command in self.out.take_commands() {
            if let Command::Edit { edit, .. } = &command {
                self.frame.session = Arc::new(edit::apply(&self.frame.session, edit).unwrap());
            }
            self.sent.push(command);
        }
    }

    fn slot(&self) -> &Slot {
        &self.frame.session.album_chain.slots[0]
    }

    /// The value of a parameter, its default where none was set.
    fn number(&self, id: &str) -> f64 {
        let param = find(&self.slot().kind).unwrap().params().iter().find(|p| p.id == id).unwrap();
        self.slot().params.get(id).map_or(param.default_value(), |value| param.value_from(value).unwrap())
    }

    /// The gestures of the edits sent since the last look.
    fn gestures(&mut self) -> Vec<Option<edit::GestureId>> {
        let gesture = |command: &Command| match command {
            Command::Edit { gesture, .. } => Some(*gesture),
            _ => None,
        };
        std::mem::take(&mut self.sent).iter().filter_map(gesture).collect()
    }
}

type Panel = Harness<'static, Desk>;

fn panel_of(desk: Desk, size: Vec2) -> Panel {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_step_dt(1.0 / 60.0)
        .with_context_setup(glassmaster::gui::theme::install)
        .build_ui_state(|ui, desk: &mut Desk| desk.draw(ui), desk);
    harness.run();
    harness
}

fn panel(kind: &str) -> Panel {
    panel_of(Desk::new(kind), ROOMY)
}

/// What plays through the slot: a tone of −6 dBFS that is turned down by 6 dB.
fn listening(kind: &str) -> Desk {
    let mut desk = Desk::new(kind);
    let freqs_hz: Vec<f32> = (0..200).map(|i| 10.0 * 2200f32.powf(i as f32 / 199.0)).collect();
    let side = |correlation, loudness| SideReading {
        peak_dbfs: [Some(-6.0); 2],
        max_true_peak_dbtp: Some(-0.5),
        momentary_lufs: Some(loudness),
        short_term_lufs: Some(loudness),
        correlation: Some(correlation),
    };
    let band = |low_hz: f32| BandField {
        low_hz,
        high_hz: 2.0 * low_hz,
        side_before_db: Some(-20.0),
        side_after_db: Some(-14.0),
        correlation_before: Some(0.9),
        correlation_after: Some(-0.2),
    };
    let point = |i: i32| [(i as f32 * 0.37).sin() * 0.3, (i as f32 * 0.37 + 0.4).sin() * 0.3];
    desk.frame.transport.playing = true;
    desk.frame.gain_reductions = Arc::new(vec![(SlotId(1), -6.0)]);
    desk.frame.focus = Arc::new(FocusView {
        slot: Some(SlotId(1)),
        before_db: freqs_hz.iter().map(|hz| -30.0 - hz.log10()).collect(),
        after_db: freqs_hz.iter().map(|hz| -36.0 - hz.log10()).collect(),
        freqs_hz,
        history: Arc::new(vec![FocusPoint { before: 0.5, after: 0.25, gain_db: -6.0 }; 700]),
        bands_db: vec![-6.0, -2.0, -1.0],
        before: side(0.75, -14.0),
        after: side(0.5, -11.5),
        field_before: Arc::new((0..300).map(point).collect()),
        field_after: Arc::new((0..300).map(point).collect()),
        field_bands: (0..9).map(|octave| band(31.25 * 2f32.powi(octave))).collect(),
        ..FocusView::default()
    });
    desk
}

fn rect(h: &Panel, label: &str) -> Rect {
    h.get_by_label(label).rect()
}

fn drag(h: &mut Panel, from: Pos2, by: Vec2) {
    h.hover_at(from);
    h.step();
    h.drag_at(from);
    h.step();
    for i in 1..=4 {
        h.hover_at(from + by * (i as f32 / 4.0));
        h.step();
    }
    h.drop_at(from + by);
    h.run();
}

fn double_click(h: &mut Panel, at: Pos2) {
    // Long enough after the last click that this is no triple click.
    h.run_steps(60);
    h.hover_at(at);
    h.step();
    for _ in 0..2 {
        h.drag_at(at);
        h.step();
        h.drop_at(at);
        h.step();
    }
    h.run();
}

fn click(h: &mut Panel, label: &str) {
    h.get_by_label(label).click();
    h.run();
}

fn press(h: &mut Panel, key: Key) {
    h.key_press(key);
    h.run();
}

/// All of it came as one step of undo.
fn is_one_gesture(h: &mut Panel) -> bool {
    let gestures = h.state_mut().gestures();
    gestures.len() >= 2 && gestures[0].is_some() && gestures.iter().all(|g| *g == gestures[0])
}

#[test]
fn the_threshold_is_dragged_on_the_curve_and_on_the_waveform() {
    let mut h = panel("compressor");
    let curve = h.get_by_label_contains("Transfer curve").rect();
    let line = rect(&h, "Threshold on the curve");
    drag(&mut h, line.center() + vec2(0.0, 60.0), vec2(curve.width() / 6.0, 0.0));
    let value = h.state().number("threshold_db");
    assert!((value - -8.0).abs() < 0.3, "{value}");
    assert!(is_one_gesture(&mut h));
    let levels = h.get_by_label_contains("Gain reduction, last 10 s").rect();
    let line = rect(&h, "Threshold on the waveform");
    drag(&mut h, line.center(), vec2(0.0, levels.height() / 3.0));
    let value = h.state().number("threshold_db");
    assert!((value - -28.0).abs() < 0.4, "{value}");
    assert!(is_one_gesture(&mut h));
    let line = rect(&h, "Threshold on the waveform");
    double_click(&mut h, line.center());
    assert_eq!(h.state().number("threshold_db"), -18.0);
    h.get_by_label("Threshold on the curve").focus();
    h.run();
    press(&mut h, Key::ArrowRight);
    assert_eq!(h.state().number("threshold_db"), -17.5);
}

#[test]
fn a_field_is_typed_and_its_name_resets_it() {
    let mut h = panel("compressor");
    let field = rect(&h, "Ratio");
    double_click(&mut h, field.center());
    h.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    h.event(Event::Text("4,5".to_owned()));
    h.run();
    press(&mut h, Key::Enter);
    assert_eq!(h.state().number("ratio"), 4.5);
    let name = rect(&h, "Ratio").center_top() - vec2(0.0, 7.0);
    double_click(&mut h, name);
    assert_eq!(h.state().number("ratio"), 2.0);
    click(&mut h, "Auto release");
    assert_eq!(h.state().slot().params["auto_release"], ParamValue::Switch(true));
}

#[test]
fn a_split_is_dragged_and_stepped_between_its_neighbours() {
    let mut h = panel("multiband");
    let plot = h.get_by_label_contains("Spectrum with 3 bands").rect();
    let line = rect(&h, "Split 1 on the spectrum");
    let octave = plot.width() / 2200f32.log2();
    drag(&mut h, line.center(), vec2(octave, 0.0));
    let hz = h.state().number("split1_hz");
    assert!((hz / 240.0 - 1.0).abs() < 0.02, "{hz}");
    assert!(is_one_gesture(&mut h));
    let line = rect(&h, "Split 1 on the spectrum");
    drag(&mut h, line.center(), vec2(plot.width(), 0.0));
    let hz = h.state().number("split1_hz");
    assert!((hz - 2000.0 / 1.1).abs() < 1.0, "{hz}");
    h.get_by_label("Split 2 on the spectrum").focus();
    h.run();
    press(&mut h, Key::ArrowRight);
    let hz = h.state().number("split2_hz");
    assert!((hz / 2000.0 - 2f64.powf(1.0 / 24.0)).abs() < 1e-6, "{hz}");
}

/// A split set below the one before it works, stands and is taken there.
#[test]
fn a_split_out_of_order_is_taken_where_it_works() {
    let mut desk = Desk::new("multiband");
    let mut slot = Slot::new(SlotId(1), "multiband");
    slot.params.insert("split1_hz".to_owned(), ParamValue::Number(1000.0));
    slot.params.insert("split2_hz".to_owned(), ParamValue::Number(200.0));
    desk.set(slot);
    let mut h = panel_of(desk, ROOMY);
    let plot = h.get_by_label_contains("Spectrum with 3 bands").rect();
    let (first, second) = (rect(&h, "Split 1 on the spectrum"), rect(&h, "Split 2 on the spectrum"));
    assert_eq!(first, second);
    let octave = plot.width() / 2200f32.log2();
    drag(&mut h, second.center(), vec2(octave, 0.0));
    let (low, high) = (h.state().number("split1_hz"), h.state().number("split2_hz"));
    assert!(low == 1000.0 && (high / 2000.0 - 1.0).abs() < 0.02, "{low} {high}");
}

#[test]
fn a_double_click_divides_a_band_and_joins_two() {
    let mut h = panel("multiband");
    let middle = h.get_by_label_contains("Band 2, 120 Hz to 2.00 kHz").rect();
    double_click(&mut h, middle.center() + vec2(-20.0, 60.0));
    h.get_by_label_contains("Spectrum with 4 bands");
    let made = h.state().number("split2_hz");
    assert!(made > 200.0 && made < 490.0, "{made}");
    assert_eq!(h.state().number("split3_hz"), 2000.0);
    let line = rect(&h, "Split 2 on the spectrum");
    double_click(&mut h, line.center());
    h.get_by_label_contains("Spectrum with 3 bands");
    assert_eq!((h.state().number("split1_hz"), h.state().number("split2_hz")), (120.0, 2000.0));
}

#[test]
fn a_click_chooses_the_band_whose_controls_are_shown() {
    let mut h = panel("multiband");
    assert!(h.query_by_label("1 Threshold").is_some() && h.query_by_label("2 Threshold").is_none());
    let band = h.get_by_label_contains("Band 2, 120 Hz").rect();
    h.hover_at(band.center() + vec2(0.0, 60.0));
    h.drag_at(band.center() + vec2(0.0, 60.0));
    h.step();
    h.drop_at(band.center() + vec2(0.0, 60.0));
    h.run();
    assert!(h.query_by_label("1 Threshold").is_none());
    let field = rect(&h, "2 Ratio");
    double_click(&mut h, field.center());
    h.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    h.event(Event::Text("3".to_owned()));
    h.run();
    press(&mut h, Key::Enter);
    assert_eq!(h.state().number("band2_ratio"), 3.0);
    click(&mut h, "Solo band 3");
    click(&mut h, "Bypass band 1");
    assert_eq!((h.state().number("band3_solo"), h.state().number("band1_bypass")), (1.0, 1.0));
    click(&mut h, "All bands");
    assert!(h.query_by_label("2 Ratio").is_none());
    h.get_by_label("Split 2");
}

#[test]
fn the_gain_of_a_band_is_dragged_on_the_spectrum() {
    let mut h = panel("multiband");
    let line = rect(&h, "Gain of band 3");
    drag(&mut h, line.center(), vec2(0.0, -40.0));
    let gain = h.state().number("band3_gain_db");
    assert!(gain > 2.0 && gain < 8.0, "{gain}");
    assert!(is_one_gesture(&mut h));
}

/// The axis stands still under the pointer: a drag in small steps to beyond 11 dB goes on at the same rate.
#[test]
fn the_gain_of_a_band_follows_the_pointer_past_eleven_decibels() {
    let mut h = panel("multiband");
    let line = rect(&h, "Gain of band 3").center();
    h.drag_at(line);
    h.step();
    let mut gains = vec![0.0];
    for step in 1..=60 {
        h.hover_at(line - vec2(0.0, 2.0 * step as f32));
        h.step();
        gains.push(h.state().number("band3_gain_db"));
    }
    h.drop_at(line - vec2(0.0, 120.0));
    h.run();
    let steps: Vec<f64> = gains.windows(2).map(|w| w[1] - w[0]).collect();
    let most = steps.iter().copied().fold(0.0, f64::max);
    assert!(gains[60] > 11.5, "{gains:?}");
    assert!(most < 1.0, "{gains:?}");
}

/// A threshold as low as it can be set lies on the axis, so that it starts where it is.
#[test]
fn the_lowest_thresholds_are_taken_where_they_stand() {
    let cases = [
        ("compressor", "up_ratio", "up_threshold_db", -80.0, "Upward threshold on the curve"),
        (
            "multiband",
            "band1_expand_ratio",
            "band1_expand_threshold_db",
            -100.0,
            "Expander threshold on the curve",
        ),
    ];
    for (kind, ratio, threshold, lowest_db, label) in cases {
        let mut desk = Desk::new(kind);
        let mut slot = Slot::new(SlotId(1), kind);
        slot.params.insert(ratio.to_owned(), ParamValue::Number(2.0));
        slot.params.insert(threshold.to_owned(), ParamValue::Number(lowest_db + 5.0));
        desk.set(slot);
        let mut h = panel_of(desk, ROOMY);
        let line = rect(&h, label);
        drag(&mut h, line.center() + vec2(0.0, 40.0), vec2(8.0, 0.0));
        let value = h.state().number(threshold);
        assert!(value > lowest_db + 5.0 && value < lowest_db + 12.0, "{kind}: {value}");
    }
}

#[test]
fn the_ceiling_is_dragged_on_the_waveform() {
    let mut h = panel("limiter");
    let line = rect(&h, "Ceiling on the waveform");
    drag(&mut h, line.center(), vec2(0.0, 20.0));
    let lower = h.state().number("ceiling_dbtp");
    assert!(lower < -2.0 && lower > -6.0, "{lower}");
    assert!(is_one_gesture(&mut h));
    h.get_by_label("Ceiling on the waveform").focus();
    h.run();
    press(&mut h, Key::ArrowUp);
    assert!((h.state().number("ceiling_dbtp") - lower - 0.1).abs() < 1e-9);
}

#[test]
fn the_mono_maker_is_dragged_from_off_on_the_picture() {
    let mut h = panel("width");
    let line = rect(&h, "Mono below on the picture");
    drag(&mut h, line.center(), vec2(60.0, 0.0));
    let hz = h.state().number("mono_below_hz");
    assert!(hz > 25.0 && hz < 200.0, "{hz}");
    let line = rect(&h, "Mono below on the picture");
    drag(&mut h, line.center(), vec2(-300.0, 0.0));
    assert_eq!(h.state().number("mono_below_hz"), 0.0);
}

#[test]
fn what_is_heard_is_named_in_the_pictures() {
    let h = panel_of(listening("width"), ROOMY);
    h.get_by_label_contains("Goniometer before, correlation +0.75");
    h.get_by_label_contains("Goniometer after, correlation +0.50");
    let h = panel_of(listening("limiter"), ROOMY);
    h.get_by_label_contains("Gain reduction, last 10 s, deepest -6.0 dB");
    // A sine of −6.02 dBFS through tanh: third harmonic near A²/12, a little less so near full scale.
    let h = panel_of(listening("saturator"), ROOMY);
    let label = h.get_by_label_contains("Harmonics, second -150.0 dB, third -3");
    assert!(label.rect().width() > 100.0);
}

const PICTURED: [&str; 8] =
    ["compressor", "expander", "multiband", "deesser", "transient", "limiter", "saturator", "width"];

/// Every parameter has a control, none covers another, and none is cut at the right.
#[test]
fn every_parameter_has_a_control_of_its_own() {
    for kind in PICTURED.iter().chain(&["gain", "dc_filter"]) {
        for size in [ROOMY, NARROW] {
            let mut h = panel_of(listening(kind), size);
            let mut found = controls_in(&h, kind, size);
            if *kind == "multiband" {
                click(&mut h, "All bands");
                found.extend(controls_in(&h, kind, size));
            }
            for param in find(kind).unwrap().params() {
                let is_hidden = ["band2", "band3", "band4", "band5", "band6", "split3", "split4", "split5"]
                    .iter()
                    .any(|prefix| *kind == "multiband" && param.id.starts_with(prefix));
                assert!(is_hidden || found.contains(&param.name.to_string()), "{kind} {}", param.name);
            }
        }
    }
}

/// The automatic gain of the EQ stands beside its output, in a narrow and in a low panel too, and covers nothing.
#[test]
fn the_eq_has_its_automatic_gain_beside_the_output() {
    for size in [ROOMY, NARROW, vec2(900.0, 250.0), vec2(1348.0, 250.0)] {
        let mut h = panel("eq");
        h.set_size(size);
        h.run();
        click(&mut h, "Add band");
        let auto = rect(&h, "Auto gain");
        let right = |label: &str| -> Vec<Rect> {
            let rects = h.query_all_by_label(label).map(|n| n.rect());
            rects.filter(|r| (r.center().y - auto.center().y).abs() < 12.0).collect()
        };
        let output = right("Output")[0];
        assert!(output.right() <= size.x && auto.right() <= output.left(), "{size} {auto} {output}");
        for label in ["Phase", "Channel", "Q"] {
            for other in right(label) {
                assert!(!other.intersect(auto).is_positive(), "{size}: {label} {other} {auto}");
                assert!(label == "Phase" || other.right() <= auto.left(), "{size}: {label} {other} {auto}");
            }
        }
        let phase = right("Phase").iter().map(|r| r.left()).fold(f32::MAX, f32::min);
        let channel = right("Channel").iter().map(|r| r.right()).fold(0.0, f32::max);
        assert!(channel <= phase, "{size}: {channel} {phase}");
        click(&mut h, "Auto gain");
        assert_eq!(h.state().slot().params["auto_gain"], ParamValue::Switch(true));
    }
}

/// The parameters that have a control now; panics where one covers another or reaches out of the panel.
fn controls_in(h: &Panel, kind: &str, size: Vec2) -> Vec<String> {
    let mut cells: Vec<(String, Rect)> = Vec::new();
    for param in find(kind).unwrap().params() {
        let is_box = matches!(param.kind, ParamKind::Choice { .. });
        // A box has its name twice: on itself and on the button in it.
        // The heading of the editor may have the same word.
        let is_control = |rect: &Rect| rect.width() >= 40.0 && (is_box || rect.height() >= 18.0);
        let mut rects = h.query_all_by_label(&param.name).map(|node| node.rect());
        let Some(rect) = rects.find(is_control) else { continue };
        assert!(rect.right() <= size.x && rect.left() >= 0.0, "{kind} {}: {rect:?}", param.name);
        for (other, taken) in &cells {
            let shared = rect.shrink(1.0).intersect(*taken);
            assert!(!shared.is_positive(), "{kind}: {} covers {other}", param.name);
        }
        cells.push((param.name.to_string(), rect));
    }
    cells.into_iter().map(|(name, _)| name).collect()
}

/// Nothing shown moves when sound sets in, and an editor without sound is complete.
#[test]
fn the_picture_stands_still_when_sound_sets_in() {
    for kind in PICTURED {
        let still = panel_of(Desk::new(kind), ROOMY);
        let playing = panel_of(listening(kind), ROOMY);
        for param in find(kind).unwrap().params() {
            let place = |h: &Panel| h.query_all_by_label(&param.name).next().map(|n| n.rect());
            assert_eq!(place(&still), place(&playing), "{kind} {}", param.name);
        }
    }
}
