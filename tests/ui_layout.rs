//! Where the meters stand, as hands move them: column, lower panel, windows, layouts under names.
#![cfg(feature = "ui-tests")]

use std::sync::Arc;

use egui::{Key, Modifiers, PointerButton, pos2, vec2};
use egui_kittest::kittest::Queryable;
use glassmaster::app::Action;
use glassmaster::app::meter_settings::{Arrangement, LayoutSettings, MeterSettings};
use glassmaster::gui::panels::meters::MeterKind;

mod ui_support;

use ui_support::{
    Window, click, double_click, drag, frame_of, press, rect, session, type_text, window, window_of,
};

fn layout(h: &Window) -> LayoutSettings {
    h.state().backend().frame.meter_settings.layout.clone()
}

fn column(h: &Window) -> Vec<String> {
    layout(h).now.column.into_iter().map(|p| p.view).collect()
}

/// A window over an album whose meters stand as told.
fn window_with(size: egui::Vec2, arrange: impl FnOnce(&mut Arrangement)) -> Window {
    let mut frame = frame_of(session(&["Opening", "Second", "Third"]));
    let mut settings = MeterSettings::default();
    arrange(&mut settings.layout.now);
    frame.meter_settings = Arc::new(settings);
    window_of(frame, size)
}

fn run(h: &mut Window, command: &str) {
    press(h, Modifiers::COMMAND, Key::K);
    type_text(h, command);
    press(h, Modifiers::NONE, Key::Enter);
}

#[test]
fn a_heading_dragged_up_moves_its_view() {
    let mut h = window(&["Opening"]);
    assert_eq!(column(&h), ["level", "loudness", "spectrum", "field"]);
    let (from, to) = (rect(&h, "Spectrum heading").center(), rect(&h, "Level heading").center());
    drag(&mut h, from, to);
    assert_eq!(column(&h), ["spectrum", "level", "loudness", "field"]);
    assert!(rect(&h, "Spectrum heading").top() < rect(&h, "Level heading").top());
    // Onto itself: nothing.
    let at = rect(&h, "Level heading").center();
    drag(&mut h, at, at + vec2(0.0, 9.0));
    assert_eq!(column(&h), ["spectrum", "level", "loudness", "field"]);
}

#[test]
fn the_menu_of_a_heading_hides_a_view_and_the_view_menu_brings_it_back() {
    let mut h = window(&["Opening"]);
    let at = rect(&h, "Field heading").center();
    click(&mut h, at, PointerButton::Primary);
    h.get_by_label("In the column").click();
    h.run();
    assert_eq!(column(&h), ["level", "loudness", "spectrum"]);
    assert!(h.query_by_label("Field heading").is_none());
    h.get_by_label("View").click();
    h.run();
    h.get_by_label_contains("Meters").click();
    h.run();
    h.get_by_label_contains("Field").click();
    h.run();
    h.get_by_label("In the column").click();
    h.run();
    assert_eq!(column(&h), ["level", "loudness", "spectrum", "field"]);
}

#[test]
fn a_border_moves_height_between_two_views_and_a_double_click_gives_it_back() {
    let mut h = window(&["Opening"]);
    let border = "Border between Level and Loudness";
    let (before, spectrum) = (rect(&h, border), rect(&h, "Spectrum heading"));
    let from = before.center();
    drag(&mut h, from, from - vec2(0.0, 30.0));
    let after = rect(&h, border);
    assert!((before.top() - after.top() - 30.0).abs() < 1.5, "{before:?} {after:?}");
    assert!((rect(&h, "Spectrum heading").top() - spectrum.top()).abs() < 1.5, "the others stay");
    assert!(layout(&h).now.column[0].height > 100.0 && layout(&h).is_changed());
    // No farther than the smallest height.
    drag(&mut h, after.center(), after.center() - vec2(0.0, 600.0));
    let level = rect(&h, border).top() - rect(&h, "Level heading").top();
    assert!((level - MeterKind::Level.view().smallest_height).abs() < 1.5, "{level}");
    let at = rect(&h, border).center();
    double_click(&mut h, at);
    assert!((rect(&h, border).top() - before.top()).abs() < 1.5);
}

#[test]
fn the_column_is_as_wide_as_its_border_is_dragged_within_bounds() {
    let mut h = window(&["Opening"]);
    let edge = "Width of the meter column";
    let from = rect(&h, edge).center();
    drag(&mut h, from, from - vec2(80.0, 0.0));
    assert!((layout(&h).now.column_width - 332.0).abs() < 1.5);
    let from = rect(&h, edge).center();
    drag(&mut h, from, from - vec2(800.0, 0.0));
    assert!((layout(&h).now.column_width - 480.0).abs() < 0.5);
    let from = rect(&h, edge).center();
    drag(&mut h, from, from + vec2(700.0, 0.0));
    assert!((layout(&h).now.column_width - 200.0).abs() < 0.5);
    let at = rect(&h, edge).center();
    double_click(&mut h, at);
    assert!((layout(&h).now.column_width - 252.0).abs() < 0.5);
}

#[test]
fn a_meter_in_the_lower_panel_is_a_tab_beside_the_workspace() {
    let mut h = window(&["Opening"]);
    assert!(h.query_by_label("Chain").is_none(), "without meters there are no tabs");
    run(&mut h, "spectrum meters");
    assert!(layout(&h).now.in_strip("spectrum"));
    h.get_by_label("Chain").click();
    h.run();
    assert_eq!(layout(&h).now.strip_front, "");
    h.get_by_label("Spectrum").click();
    h.run();
    assert_eq!(layout(&h).now.strip_front, "spectrum");
    // A workspace asked for is shown.
    run(&mut h, "review");
    assert_eq!(layout(&h).now.strip_front, "");
    assert!(h.query_by_label("Notes").is_some());
}

#[test]
fn layouts_are_kept_under_a_name_renamed_deleted_and_reset() {
    let mut h = window(&["Opening"]);
    run(&mut h, "meter column");
    assert!(h.query_by_label("Level heading").is_none());
    run(&mut h, "meter layouts");
    type_text(&mut h, "Vinyl");
    h.get_by_label("Save").click();
    h.run();
    h.get_by_label("Rename Vinyl").click();
    h.run();
    h.get_by_label("New name").focus();
    h.run();
    press(&mut h, Modifiers::COMMAND, Key::A);
    type_text(&mut h, "Lacquer");
    h.get_by_label("Keep name").click();
    h.run();
    h.get_by_label("Close").click();
    h.run();
    assert_eq!((layout(&h).own.len(), layout(&h).chosen.as_str()), (1, "Lacquer"));
    run(&mut h, "calm meters");
    assert!(h.query_by_label("Level heading").is_some());
    h.get_by_label("View").click();
    h.run();
    h.get_by_label("Lacquer").click();
    h.run();
    assert!(h.query_by_label("Level heading").is_none());
    run(&mut h, "meter column");
    run(&mut h, "reset meter layout");
    assert!(h.query_by_label("Level heading").is_none());
    run(&mut h, "meter layouts");
    h.get_by_label("Delete Lacquer").click();
    h.run();
    assert!(layout(&h).own.is_empty());
}

#[test]
fn reset_is_greyed_while_nothing_was_moved() {
    let mut frame = frame_of(session(&[]));
    assert!(Action::ResetLayout.refusal(&frame).is_some());
    let mut settings = MeterSettings::default();
    settings.layout.now.column_width = 300.0;
    frame.meter_settings = Arc::new(settings);
    assert_eq!(Action::ResetLayout.refusal(&frame), None);
}

/// Every view at every place, and the widest column in the smallest window.
#[test]
fn no_layout_takes_the_transport_or_the_timeline() {
    for size in [vec2(1100.0, 700.0), vec2(1280.0, 800.0), vec2(1600.0, 1000.0)] {
        let h = window_with(size, |a| {
            a.column_width = 480.0;
            a.column = Vec::new();
            for kind in MeterKind::ALL {
                a.toggle_column(kind.id());
                a.toggle_strip(kind.id());
            }
        });
        let screen = egui::Rect::from_min_size(pos2(0.0, 0.0), size);
        for label in ["Timeline", "Play", "Album overview", "Level heading"] {
            let rect = rect(&h, label);
            assert!(screen.contains_rect(rect), "{label} at {size}: {rect:?}");
        }
        let timeline = rect(&h, "Timeline");
        assert!(timeline.width() > 340.0 && timeline.height() > 100.0, "{size}: {timeline:?}");
    }
}

#[test]
fn a_layout_of_another_version_draws() {
    let h = window_with(vec2(1280.0, 800.0), |a| {
        a.toggle_column("hologram");
        a.toggle_strip("hologram");
        a.toggle_window("hologram");
        a.column_width = f32::NAN;
        a.column[0].height = 1e9;
    });
    assert!(h.query_by_label("hologram").is_none());
    assert!(rect(&h, "Level heading").width() > 150.0);
}
