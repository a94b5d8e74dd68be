//! Presets in the window, and a slot carried to another chain, as hands do it.
#![cfg(feature = "ui-tests")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "tests")]

mod ui_support;

use std::sync::Arc;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, accesskit::Role, vec2};
use egui_kittest::kittest::Queryable;
use glassmaster::app::presets::Presets;
use glassmaster::app::{Command, Frame};
use glassmaster::edit::Edit;
use glassmaster::gui::workspaces::Workspace;
use glassmaster::model::{
    Chain, ChainRef, ParamValue, Preset, PresetFor, PresetShelf, Session, Slot, SlotId, SongId,
};
use ui_support::{Window, click, drag, frame_of, press, rect, session, song, told, type_text, window_of};

/// Three songs, two slots on the first; its chain is open, the first slot chosen.
fn album() -> Session {
    let mut session = session(&["Opening", "Second", "Third"]);
    let mut gain = Slot::new(SlotId(50), "gain");
    gain.params.insert("gain_db".into(), ParamValue::Number(-2.5));
    let slots = vec![gain, Slot::new(SlotId(51), "limiter")];
    Arc::make_mut(&mut session.songs[0]).chain = Arc::new(Chain { slots, ..Chain::default() });
    session.next_id = 100;
    session
}

fn open(frame: impl FnOnce(&mut Frame)) -> Window {
    let mut still = frame_of(album());
    still.selection.chain = ChainRef::Song(SongId(1));
    still.selection.songs = vec![SongId(1)];
    still.selection.slot = Some(SlotId(50));
    frame(&mut still);
    let mut window = window_of(still, vec2(1600.0, 1000.0));
    window.state_mut().state_mut().workspace = Workspace::Master;
    window.run();
    window
}

fn kinds(h: &Window, index: usize) -> Vec<String> {
    song(h, index).chain.slots.iter().map(|s| s.kind.clone()).collect()
}

fn album_kinds(h: &Window) -> usize {
    h.state().backend().frame.session.album_chain.slots.len()
}

fn row(h: &Window, number: usize) -> Pos2 {
    h.get_by(|node| {
        node.role() == Role::Row && node.label().is_some_and(|l| l.starts_with(&format!("{number} ")))
    })
    .rect()
    .center()
}

fn press_button(h: &mut Window, label: &str) {
    h.get_by_role_and_label(Role::Button, label).click();
    h.run();
}

#[test]
fn a_slot_dropped_on_a_song_is_copied_there_in_one_step() {
    let mut h = open(|_| {});
    let (from, own, second) = (rect(&h, "Slot 1 Gain").center(), row(&h, 1), row(&h, 2));
    drag(&mut h, from, second);
    assert_eq!(kinds(&h, 1), ["gain"]);
    assert_eq!(song(&h, 1).chain.slots[0].params["gain_db"], ParamValue::Number(-2.5));
    assert_eq!(kinds(&h, 0), ["gain", "limiter"], "the slot itself stays in its place");
    assert_eq!(told(&h, |c| matches!(c, Command::Edit { .. })), 1);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert!(kinds(&h, 1).is_empty());
    // On its own song, and on nothing, it goes nowhere.
    drag(&mut h, from, own);
    drag(&mut h, from, from - vec2(0.0, 300.0));
    assert_eq!(kinds(&h, 0), ["gain", "limiter"]);
    assert_eq!(told(&h, |c| matches!(c, Command::Edit { .. })), 1);
}

#[test]
fn with_ctrl_it_moves_and_escape_puts_it_back() {
    let mut h = open(|_| {});
    let (from, to) = (rect(&h, "Slot 2 True-peak limiter").center(), row(&h, 3));
    let carry = |h: &mut Window| {
        h.hover_at(from);
        h.step();
        h.drag_at(from);
        h.step();
        for i in 1..=6 {
            h.hover_at(from.lerp(to, i as f32 / 6.0));
            h.step();
        }
    };
    carry(&mut h);
    h.key_press(Key::Escape);
    h.step();
    h.drop_at(to);
    h.run();
    assert_eq!((kinds(&h, 0).len(), kinds(&h, 2).len()), (2, 0), "escaped");
    carry(&mut h);
    let (pos, modifiers) = (to, Modifiers::COMMAND);
    h.event_modifiers(
        Event::PointerButton { pos, button: PointerButton::Primary, pressed: false, modifiers },
        modifiers,
    );
    h.run();
    assert_eq!(kinds(&h, 0), ["gain"]);
    assert_eq!(kinds(&h, 2), ["limiter"]);
    assert_eq!(song(&h, 2).chain.slots[0].id, SlotId(51));
}

#[test]
fn the_tab_of_another_chain_takes_a_slot_and_so_does_the_menu() {
    let mut h = open(|_| {});
    let from = rect(&h, "Slot 1 Gain").center();
    let tab = h.get_by_role_and_label(Role::Tab, "Album").rect().center();
    drag(&mut h, from, tab);
    assert_eq!(album_kinds(&h), 1);
    click(&mut h, from, PointerButton::Secondary);
    h.get_by_label_contains("Copy to").click();
    h.run();
    h.get_by_role_and_label(Role::Button, "3 Third").click();
    h.run();
    assert_eq!(kinds(&h, 2), ["gain"]);
}

#[test]
fn a_chain_preset_is_loaded_from_the_panel_as_one_step() {
    let mut h = open(|_| {});
    press_button(&mut h, "Chain presets");
    press_button(&mut h, "Gentle");
    assert_eq!(kinds(&h, 0), ["compressor", "limiter"]);
    assert_eq!(told(&h, |c| matches!(c, Command::Edit { .. })), 1);
    assert_eq!(told(&h, |c| matches!(c, Command::RefreshPresets)), 1);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert_eq!(kinds(&h, 0), ["gain", "limiter"]);
}

#[test]
fn a_slot_preset_changes_only_its_slot() {
    let mut h = open(|_| {});
    press_button(&mut h, "Processor presets");
    press_button(&mut h, "Headroom");
    let slot = &song(&h, 0).chain.slots[0];
    assert_eq!((slot.id, &slot.params["gain_db"]), (SlotId(50), &ParamValue::Number(-6.0)));
    assert_eq!(kinds(&h, 0), ["gain", "limiter"]);
    assert_eq!(told(&h, |c| matches!(c, Command::Edit { edit: Edit::SetSlot { .. }, .. })), 1);
}

/// A preset of the user of one gain.
fn with_own(name: &str) -> impl FnOnce(&mut Frame) {
    let mut shelf = PresetShelf::default();
    let chain = Chain { slots: vec![Slot::new(SlotId(0), "gain")], ..Chain::default() };
    let preset = Preset { name: name.to_owned(), about: "Mine.".to_owned(), chain };
    shelf.push(PresetFor::Slot("gain".into()), name.to_owned(), preset.clone());
    shelf.push(PresetFor::Chain, name.to_owned(), preset);
    move |frame| frame.presets = Presets::with_own(shelf)
}

fn saved(h: &Window) -> Vec<(Option<SlotId>, String, bool)> {
    let told = h.state().backend().told.iter();
    told.filter_map(|c| match c {
        Command::SavePreset { slot, name, overwrite, .. } => Some((*slot, name.clone(), *overwrite)),
        _ => None,
    })
    .collect()
}

fn command(h: &mut Window, name: &str) {
    press(h, Modifiers::COMMAND, Key::K);
    type_text(h, name);
    press(h, Modifiers::NONE, Key::Enter);
}

#[test]
fn a_preset_is_kept_under_a_name_and_replaced_only_by_its_button() {
    let mut h = open(with_own("Mine"));
    command(&mut h, "save chain as preset");
    type_text(&mut h, "Bright rock");
    press(&mut h, Modifiers::NONE, Key::Enter);
    assert_eq!(saved(&h), [(None, "Bright rock".to_owned(), false)]);
    command(&mut h, "save processor as preset");
    h.get_by_label_contains("Save Gain as preset");
    type_text(&mut h, "Mine");
    press(&mut h, Modifiers::NONE, Key::Enter);
    assert_eq!(saved(&h).len(), 1, "Enter replaces nothing");
    h.get_by_label_contains("“Mine” is there already");
    press_button(&mut h, "Replace");
    assert_eq!(saved(&h)[1], (Some(SlotId(50)), "Mine".to_owned(), true));
}

#[test]
fn presets_are_looked_through_loaded_renamed_and_removed() {
    let mut h = open(with_own("Mine"));
    command(&mut h, "chain presets");
    let tall = rect(&h, "Close").bottom() - rect(&h, "Acoustic").top();
    assert!(tall < 460.0, "the dialog is as tall as its list: {tall}");
    h.get_by_role_and_label(Role::Button, "Classical").click();
    h.run();
    h.get_by_label_contains("Orchestra, chamber music");
    press_button(&mut h, "Rename");
    press_button(&mut h, "Delete");
    press_button(&mut h, "Load");
    assert_eq!(kinds(&h, 0), ["eq", "limiter"]);
    h.get_by_role_and_label(Role::Button, "Mine").click();
    h.run();
    press_button(&mut h, "Rename");
    let all = Event::Key {
        key: Key::A,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::COMMAND,
    };
    h.event(all);
    type_text(&mut h, "Better");
    press_button(&mut h, "Keep name");
    let renamed =
        |c: &Command| matches!(c, Command::RenamePreset { id, name, .. } if id == "Mine" && name == "Better");
    assert_eq!(told(&h, renamed), 1);
    h.get_by_role_and_label(Role::Button, "Mine").click();
    h.run();
    press_button(&mut h, "Delete");
    let removed =
        |c: &Command| matches!(c, Command::RemovePreset { what: PresetFor::Chain, id } if id == "Mine");
    assert_eq!(told(&h, removed), 1, "the factory's was not touched");
}
