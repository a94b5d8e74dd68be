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
