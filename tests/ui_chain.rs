//! The chain panel and its editors, by their labels: every control does its edit, a drag is one undo step.
#![cfg(feature = "ui-tests")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "tests")]

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use glassmaster::app::{Command, Frame};
use glassmaster::edit::{self, Edit};
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::chain::{ChainState, chain_ui};
use glassmaster::model::{Chain, ChainRef, ParamValue, Session, Slot, SlotId};
use glassmaster::units::SampleRate;

/// The panel over a program that only knows edits and selection.
struct Desk {
    frame: Frame,
    state: ChainState,
    out: Outbox,
    sent: Vec<Command>,
}

impl Desk {
    fn new(kinds: &[&str]) -> Self {
        let mut session = Session::new(SampleRate(96_000));
        let slots = kinds.iter().enumerate().map(|(i, k)| Slot::new(SlotId(i as u64 + 1), k)).collect();
        session.album_chain = Arc::new(Chain { slots, ..Chain::default() });
        session.next_id = 100;
        Self {
            frame: Frame::still(Arc::new(session)),
            state: ChainState::default(),
            out: Outbox::default(),
            sent: Vec::new(),
        }
    }

    fn draw(&mut self, ui: &mut egui::Ui) {
        chain_ui(ui, &self.frame, &mut self.state, &mut self.out);
        for command in self.out.take_commands() {
            match &command {
                Command::Edit { edit, .. } => {
                    let next = edit::apply(&self.frame.session, edit).unwrap();
                    self.frame.session = Arc::new(next);
                }
                Command::Select(selection) => self.frame.selection = selection.clone(),
                _ => {}
            }
            self.sent.push(command);
        }
    }

    fn order(&self) -> Vec<&str> {
        self.frame.session.album_chain.slots.iter().map(|s| s.kind.as_str()).collect()
    }

    fn slot(&self, place: usize) -> &Slot {
        &self.frame.session.album_chain.slots[place]
    }
}

fn desk(kinds: &[&str]) -> Harness<'static, Desk> {
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1200.0, 420.0))
        .with_step_dt(1.0 / 60.0)
        .with_context_setup(glassmaster::gui::theme::install)
        .build_ui_state(|ui, desk: &mut Desk| desk.draw(ui), Desk::new(kinds));
    harness.run();
    harness
}

fn open(harness: &mut Harness<'_, Desk>, label: &str) {
    harness.get_by_label(label).click();
    harness.run();
}

fn drag(harness: &mut Harness<'_, Desk>, from: egui::Pos2, to: egui::Pos2) {
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    for i in 1..=4 {
        harness.hover_at(from.lerp(to, i as f32 / 4.0));
        harness.step();
    }
    harness.drop_at(to);
    harness.run();
}

fn number(desk: &Desk, place: usize, id: &str) -> f64 {
    match desk.slot(place).params.get(id) {
        Some(ParamValue::Number(value)) => *value,
        other => panic!("{id} is {other:?}"),
    }
}

#[test]
fn an_empty_chain_says_what_to_do_and_takes_a_processor() {
    let mut harness = desk(&[]);
    harness.get_by_label_contains("Add a processor with +");
    open(&mut harness, "Add processor");
    open(&mut harness, "Gain");
    assert_eq!(harness.state().order(), ["gain"]);
}

#[test]
fn a_click_selects_and_the_dot_bypasses() {
    let mut harness = desk(&["gain", "width"]);
    harness.get_by_label_contains("Click a processor");
    open(&mut harness, "Slot 2 Stereo width");
    assert_eq!(harness.state().frame.selection.slot, Some(SlotId(2)));
    open(&mut harness, "Slot 1 on");
    assert!(!harness.state().slot(0).enabled);
    assert!(harness.state().slot(1).enabled);
}

#[test]
fn dragging_a_slot_moves_it() {
    let mut harness = desk(&["gain", "width", "limiter"]);
    let from = harness.get_by_label("Slot 1 Gain").rect().center();
    let behind = harness.get_by_label("Slot 2 Stereo width").rect();
    drag(&mut harness, from, behind.right_center() + egui::vec2(2.0, 0.0));
    assert_eq!(harness.state().order(), ["width", "gain", "limiter"]);
    let from = harness.get_by_label("Slot 3 True-peak limiter").rect().center();
    drag(&mut harness, from, egui::pos2(10.0, from.y));
    assert_eq!(harness.state().order(), ["limiter", "width", "gain"]);
}

#[test]
fn the_menu_of_a_slot_copies_pastes_and_removes() {
    let mut harness = desk(&["gain", "width"]);
    harness.get_by_label("Slot 1 Gain").click_secondary();
    harness.run();
    open(&mut harness, "Copy processor");
    harness.get_by_label("Slot 2 Stereo width").click_secondary();
    harness.run();
    open(&mut harness, "Paste Gain after");
    assert_eq!(harness.state().order(), ["gain", "width", "gain"]);
    harness.get_by_label("Slot 1 Gain").click_secondary();
    harness.run();
    open(&mut harness, "Remove");
    assert_eq!(harness.state().order(), ["width", "gain"]);
}

#[test]
fn turning_a_knob_is_one_gesture_and_stays_in_range() {
    let mut harness = desk(&["width"]);
    open(&mut harness, "Slot 1 Stereo width");
    let knob = harness.get_by_label("Width").rect().center();
    harness.state_mut().sent.clear();
    drag(&mut harness, knob, knob - egui::vec2(0.0, 60.0));
    let width = number(harness.state(), 0, "width_percent");
    assert!(width > 110.0 && width < 200.0, "{width}");
    let gestures: Vec<_> = harness
        .state()
        .sent
        .iter()
        .filter_map(|c| match c {
            Command::Edit { edit: Edit::SetParams { .. }, gesture } => Some(gesture.unwrap()),
            _ => None,
        })
        .collect();
    assert!(gestures.len() >= 3);
    assert!(gestures.iter().all(|g| *g == gestures[0]));
}

#[test]
fn an_unknown_processor_says_that_it_passes_the_sound() {
    let mut harness = desk(&["mystery"]);
    open(&mut harness, "Slot 1 mystery");
    harness.get_by_label_contains("passes the sound unchanged");
    assert_eq!(harness.state().frame.selection.chain, ChainRef::Album);
}

fn double_click(harness: &mut Harness<'_, Desk>, at: egui::Pos2) {
    // Long enough after the last click that this is no triple click.
    harness.run_steps(60);
    harness.hover_at(at);
    harness.step();
    for _ in 0..2 {
        harness.drag_at(at);
        harness.step();
        harness.drop_at(at);
        harness.step();
    }
    harness.run();
}

fn eq_desk() -> Harness<'static, Desk> {
    let mut harness = desk(&["eq"]);
    open(&mut harness, "Slot 1 Parametric EQ");
    harness
}

/// The EQ with a bell from a double-click left of the middle; where its node is.
fn eq_with_bell() -> (Harness<'static, Desk>, egui::Pos2) {
    let mut harness = eq_desk();
    let plot = harness.get_by_label_contains("EQ curve").rect();
    let at = plot.center() + egui::vec2(-150.0, -30.0);
    double_click(&mut harness, at);
    (harness, at)
}

#[test]
fn a_double_click_in_the_plot_adds_a_bell_there() {
    let (harness, at) = eq_with_bell();
    let plot = harness.get_by_label_contains("EQ curve, 1 bands on").rect();
    let freq = number(harness.state(), 0, "band1_freq_hz");
    let gain = number(harness.state(), 0, "band1_gain_db");
    let place = f64::from((at.x - plot.left()) / plot.width());
    let wanted = 10.0 * 2200f64.powf(place);
    assert!((freq / wanted - 1.0).abs() < 0.01, "{freq} for {wanted}");
    let wanted = 12.0 * f64::from(30.0 / (plot.height() / 2.0));
    assert!((gain - wanted).abs() < 0.05, "{gain} for {wanted}");
    let node = harness.get_by_label_contains("Band 1 Bell").rect().center();
    assert!(node.distance(at) < 1.5, "{node:?} {at:?}");
}

#[test]
fn dragging_a_node_moves_frequency_and_gain_in_one_step() {
    let (mut harness, at) = eq_with_bell();
    harness.state_mut().sent.clear();
    let to = at + egui::vec2(200.0, 60.0);
    drag(&mut harness, at, to);
    let node = harness.get_by_label_contains("Band 1 Bell").rect().center();
    assert!(node.distance(to) < 2.0, "{node:?} {to:?}");
    let edits: Vec<_> = harness.state().sent.iter().collect();
    let of = |c: &Command| match c {
        Command::Edit { edit: Edit::SetParams { values, .. }, gesture } => (values.len(), gesture.unwrap()),
        other => panic!("{other:?}"),
    };
    assert!(edits.len() >= 3);
    assert!(edits.iter().all(|c| of(c) == (2, of(edits[0]).1)));
}

#[test]
fn a_band_answers_to_keys_and_to_a_double_click() {
    let (mut harness, at) = eq_with_bell();
    let freq = number(harness.state(), 0, "band1_freq_hz");
    harness.get_by_label_contains("Band 1 Bell").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowRight);
    harness.run();
    let higher = number(harness.state(), 0, "band1_freq_hz");
    assert!((higher / freq - 2f64.powf(1.0 / 24.0)).abs() < 1e-6);
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowRight);
    harness.run();
    let finer = number(harness.state(), 0, "band1_freq_hz");
    assert!((finer / higher - 2f64.powf(0.1 / 24.0)).abs() < 1e-6, "Shift is a tenth as fast");
    let now = harness.get_by_label_contains("Band 1 Bell").rect().center();
    assert!(now.x > at.x);
    double_click(&mut harness, now);
    assert_eq!(harness.state().slot(0).params["band1_enabled"], ParamValue::Switch(false));
    harness.get_by_label_contains("Band 1 Bell").focus();
    harness.run();
    harness.key_press(egui::Key::Delete);
    harness.run();
    assert!(harness.query_by_label_contains("Band 1 Bell").is_none());
    assert_eq!(number(harness.state(), 0, "band1_gain_db"), 0.0);
}

#[test]
fn a_band_is_made_dynamic_and_heard_alone_from_the_keyboard() {
    let (mut harness, _) = eq_with_bell();
    assert!(harness.query_by_label("Threshold").is_none());
    harness.get_by_label_contains("Band 1 Bell").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowDown);
    harness.run();
    assert_eq!(number(harness.state(), 0, "band1_dyn_range_db"), -0.5);
    for (id, label) in
        [("dyn_threshold_db", "Threshold"), ("dyn_attack_ms", "Attack"), ("dyn_release_ms", "Release")]
    {
        assert!(harness.query_all_by_label(label).count() > 0, "{id}");
    }
    harness.key_press(egui::Key::H);
    harness.run();
    assert_eq!(harness.state().slot(0).params["solo_band"], ParamValue::from("1"));
    // Removing the band ends listening to it.
    harness.key_press(egui::Key::Delete);
    harness.run();
    assert_eq!(harness.state().slot(0).params["solo_band"], ParamValue::from("0"));
    assert_eq!(number(harness.state(), 0, "band1_dyn_range_db"), 0.0);
}

/// Where the dynamics of a band are switched off, Alt moves the range as it is set and switches them on.
#[test]
fn a_range_that_is_switched_off_is_moved_from_where_it_is_set() {
    let (mut harness, _) = eq_with_bell();
    harness.get_by_label_contains("Band 1 Bell").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowDown);
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowDown);
    harness.run();
    open(&mut harness, "Dynamic");
    assert_eq!(harness.state().slot(0).params["band1_dyn_enabled"], ParamValue::Switch(false));
    harness.get_by_label_contains("Band 1 Bell").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowDown);
    harness.run();
    assert_eq!(number(harness.state(), 0, "band1_dyn_range_db"), -1.5);
    assert_eq!(harness.state().slot(0).params["band1_dyn_enabled"], ParamValue::Switch(true));
}

#[test]
fn a_free_side_chain_has_a_frequency_of_its_own() {
    let (mut harness, _) = eq_with_bell();
    harness.get_by_label_contains("Band 1 Bell").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowUp);
    harness.run();
    assert!(harness.query_by_label("Side-chain frequency").is_none());
    harness.get_by_role_and_label(egui::Role::ComboBox, "Side-chain").click();
    harness.run();
    open(&mut harness, "Free");
    assert_eq!(harness.state().slot(0).params["band1_dyn_sidechain"], ParamValue::from("free"));
    assert!(harness.query_all_by_label("Side-chain frequency").count() > 0);
}

#[test]
fn phase_and_delay_are_drawn_on_demand() {
    let (mut harness, _) = eq_with_bell();
    open(&mut harness, "Delay");
    harness.get_all_by_label("Phase").next().unwrap().click();
    harness.run();
}

#[test]
fn the_menu_of_a_node_changes_its_type_and_a_cut_has_a_slope() {
    let (mut harness, _) = eq_with_bell();
    harness.get_by_label_contains("Band 1 Bell").click_secondary();
    harness.run();
    harness.get_by_label("Remove band");
    harness.key_press(egui::Key::Escape);
    harness.run();
    assert!(harness.query_by_label("Slope").is_none());
    harness.get_by_role_and_label(egui::Role::ComboBox, "Type").click();
    harness.run();
    open(&mut harness, "Low cut");
    assert_eq!(harness.state().slot(0).params["band1_type"], ParamValue::from("low_cut"));
    assert!(harness.query_all_by_label("Slope").count() > 0);
}

#[test]
fn the_dynamics_editors_show_their_pictures_and_every_knob() {
    let mut harness = desk(&["compressor", "limiter"]);
    for (place, slot) in ["Slot 1 Compressor", "Slot 2 True-peak limiter"].iter().enumerate() {
        open(&mut harness, slot);
        harness.get_by_label_contains("Gain reduction, last 10 s");
        let kind = glassmaster::process::find(&harness.state().slot(place).kind).unwrap();
        for param in kind.params() {
            assert!(harness.query_all_by_label(&param.name).count() > 0, "{}", param.name);
        }
    }
    open(&mut harness, "Slot 1 Compressor");
    harness.get_by_label_contains("Transfer curve, threshold -18.0 dB");
    open(&mut harness, "Auto release");
    assert_eq!(harness.state().slot(0).params["auto_release"], ParamValue::Switch(true));
}
