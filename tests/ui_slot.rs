//! The row above an editor and the lamp for what is only for listening, by their labels.
#![cfg(feature = "ui-tests")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "tests")]

mod ui_support;

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use glassmaster::app::command::Goal;
use glassmaster::app::frame::SlotLevels;
use glassmaster::app::{Command, Frame};
use glassmaster::edit::{self, Edit};
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::chain::{ChainState, chain_ui};
use glassmaster::model::{Chain, ChainRef, Listen, Session, Slot, SlotId};
use glassmaster::units::SampleRate;
use ui_support::{told, window_of};

fn frame_of(kind: &str) -> Frame {
    let mut session = Session::new(SampleRate(48_000));
    session.album_chain = Arc::new(Chain { slots: vec![Slot::new(SlotId(1), kind)], ..Chain::default() });
    session.next_id = 100;
    let mut frame = Frame::still(Arc::new(session));
    frame.selection.slot = Some(SlotId(1));
    frame
}

/// The chain panel over a program that only knows edits.
struct Desk {
    frame: Frame,
    state: ChainState,
    out: Outbox,
    sent: Vec<Command>,
}

impl Desk {
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

    fn goals(&self) -> Vec<Goal> {
        let goal = |command: &Command| match command {
            Command::MatchSlot { chain: ChainRef::Album, slot: SlotId(1), goal } => Some(*goal),
            _ => None,
        };
        self.sent.iter().filter_map(goal).collect()
    }
}

fn desk(kind: &str, width: f32) -> Harness<'static, Desk> {
    let desk = Desk {
        frame: frame_of(kind),
        state: ChainState::default(),
        out: Outbox::default(),
        sent: Vec::new(),
    };
    let mut harness = Harness::builder()
        .with_size(egui::vec2(width, 420.0))
        .with_step_dt(1.0 / 60.0)
        .with_context_setup(glassmaster::gui::theme::install)
        .build_ui_state(|ui, desk: &mut Desk| desk.draw(ui), desk);
    harness.run();
    harness
}

fn click(harness: &mut Harness<'_, Desk>, label: &str) {
    harness.get_by_label(label).click();
    harness.run();
}

#[test]
fn match_and_find_gain_ask_for_what_they_say() {
    let mut harness = desk("limiter", 1200.0);
    click(&mut harness, "Match");
    click(&mut harness, "Find gain");
    assert_eq!(harness.state().goals(), [Goal::Output, Goal::Loudness(-14.0)]);
    // Only what has an input gain looks for one.
    assert!(desk("gain", 1200.0).query_by_label("Find gain").is_none());
}

#[test]
fn the_target_is_stepped_from_the_keyboard() {
    let mut harness = desk("limiter", 1200.0);
    harness.get_by_label_contains("Loudness target").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowUp);
    harness.run();
    click(&mut harness, "Find gain");
    let [Goal::Loudness(target)] = harness.state().goals()[..] else { panic!("one goal") };
    assert!(target > -14.0, "{target}");
}

#[test]
fn difference_and_matched_bypass_are_switched_on_and_off() {
    let mut harness = desk("gain", 1200.0);
    click(&mut harness, "Delta");
    assert_eq!(harness.state().slot().listen, Listen::Delta);
    click(&mut harness, "Delta");
    assert_eq!(harness.state().slot().listen, Listen::Normal);
    click(&mut harness, "Bypass matched");
    assert_eq!(harness.state().goals(), [Goal::Bypass], "it is measured first");
    let listen = Edit::SetSlotListen {
        chain: ChainRef::Album,
        slot: SlotId(1),
        listen: Listen::MatchedBypass,
        match_db: Some(3.0),
    };
    let desk = harness.state_mut();
    desk.frame.session = Arc::new(edit::apply(&desk.frame.session, &listen).unwrap());
    harness.run();
    click(&mut harness, "Bypass matched");
    assert_eq!((harness.state().slot().listen, harness.state().slot().match_db), (Listen::Normal, 3.0));
}

#[test]
fn gains_of_the_slot_are_stepped_from_the_keyboard_and_fit_a_narrow_window() {
    for width in [1200.0, 560.0] {
        let mut harness = desk("limiter", width);
        for label in ["Slot input", "Slot output"] {
            let field = harness.get_by_label_contains(label);
            assert!(field.rect().right() <= width, "{label} at {width}");
            field.focus();
            harness.run();
            harness.key_press(egui::Key::ArrowUp);
            harness.run();
        }
        assert!(harness.get_by_label("Reset").rect().right() <= width, "{width}");
        let slot = harness.state().slot();
        assert!(slot.input_db > 0.0 && slot.output_db > 0.0, "{slot:?}");
    }
}

#[test]
fn levels_of_a_slot_are_said_where_the_pointer_rests() {
    let mut harness = desk("gain", 1200.0);
    let levels = SlotLevels { before_dbfs: Some(-3.0), after_dbfs: Some(-9.5) };
    harness.state_mut().frame.slot_levels = Arc::new(vec![(SlotId(1), levels)]);
    harness.get_by_label("Slot 1 Gain").hover();
    harness.run_steps(60);
    harness.get_by_label_contains("out −9.5 dBFS");
}

#[test]
fn the_lamp_says_what_is_auditioned_and_one_click_ends_it() {
    let mut frame = frame_of("gain");
    let quiet = window_of(frame.clone(), egui::vec2(1280.0, 800.0));
    assert!(quiet.query_by_label_contains("auditioning").is_none());
    let listen = Edit::SetSlotListen {
        chain: ChainRef::Album,
        slot: SlotId(1),
        listen: Listen::Delta,
        match_db: None,
    };
    frame.session = Arc::new(edit::apply(&frame.session, &listen).unwrap());
    let mut window = window_of(frame, egui::vec2(1280.0, 800.0));
    window.get_by_label("auditioning Gain difference").click();
    window.run_steps(3);
    assert_eq!(told(&window, |c| matches!(c, Command::Edit { edit: Edit::EndAuditions, .. })), 1);
}
