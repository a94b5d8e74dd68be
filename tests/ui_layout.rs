//! Where the meters stand, as hands move them: column, lower panel, windows, layouts under names.
#![cfg(feature = "ui-tests")]

use std::sync::Arc;

use egui::{Key, Modifiers, PointerButton, Role, pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use glassmaster::app::command::MeterAct;
use glassmaster::app::frame::{MeterView, SpectrumView};
use glassmaster::app::meter_settings::{
    Arrangement, LayoutSettings, LoudnessPart, LoudnessUnit, MeterSettings,
};
use glassmaster::app::{Action, Command};
use glassmaster::gui::panels::meters::MeterKind;
use glassmaster::meter::loudness_map::{LoudnessMap, MapCell};

mod ui_support;

use ui_support::{
    RATE, Window, click, double_click, drag, frame_of, press, rect, seconds, session, told, type_text, wheel,
    window, window_of,
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
    let at = rect(&h, "Field heading").left_center() + vec2(30.0, 0.0);
    click(&mut h, at, PointerButton::Primary);
    h.get_by_label("In the column").click();
    h.run();
    assert_eq!(column(&h), ["level", "loudness", "spectrum"]);
    assert!(h.query_by_label("Field heading").is_none());
    h.get_by_label("View").click();
    h.run();
    h.get_by_role_and_label(Role::Button, "Meters").click();
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
    run(&mut h, "calm meters");
    run(&mut h, "lacquer");
    assert!(h.query_by_label("Level heading").is_none(), "by the palette too");
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
        let switches: &[&str] = if size.x < 1280.0 { &[] } else { &["Mono", "Swap"] };
        for label in ["Timeline", "Play", "Album overview", "Level heading"].iter().chain(switches) {
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

/// A window whose meters read as told, with loudness heard on the first song.
fn heard(arrange: impl FnOnce(&mut Arrangement)) -> Window {
    let mut h = window_with(vec2(1600.0, 1000.0), arrange);
    let map = LoudnessMap::new(RATE, seconds(186.0));
    for i in 0..600 {
        let cell =
            MapCell { momentary_lufs: -11.0, short_term_lufs: -12.0, true_peak_dbtp: -1.0, is_stale: false };
        map.write(i, cell);
    }
    h.state_mut().backend_mut().frame.loudness_map = Arc::new(map);
    read(&mut h, -10.2);
    h.run();
    h
}

fn read(h: &mut Window, lufs: f64) {
    let mut meters = MeterView::default();
    meters.loudness.integrated_lufs = Some(lufs);
    meters.loudness.range_lu = Some(6.4);
    meters.loudness.measured_s = 30.0;
    h.state_mut().backend_mut().frame.meters = Arc::new(meters);
}

#[test]
fn a_view_speaks_its_values_at_most_twice_a_second() {
    let mut h = heard(|_| {});
    h.run_steps(40);
    assert!(h.query_by_label_contains("integrated −10.2 LUFS").is_some());
    assert!(h.query_by_label_contains("range 6.4 LU, not stable yet").is_some());
    // Two readings in a quarter of a second: one of them is not spoken.
    let mut texts = 1;
    for i in 0..60 {
        read(&mut h, -11.0 - f64::from(i / 3) * 0.1);
        let before = h.get_by_label_contains("Loudness since reset").accesskit_node().label();
        h.step();
        texts +=
            usize::from(h.get_by_label_contains("Loudness since reset").accesskit_node().label() != before);
    }
    assert!((2..=4).contains(&texts), "{texts} texts in a second");
    read(&mut h, -9.0);
    h.run_steps(40);
    assert!(h.query_by_label_contains("integrated −9.0 LUFS").is_some());
}

#[test]
fn the_history_goes_where_it_is_clicked_and_zooms_like_the_timeline() {
    let mut h = heard(|a| a.toggle_strip("history"));
    let node = |h: &Window| h.get_by_label_contains("Loudness history").rect();
    let area = node(&h);
    let plot_left = area.left() + 30.0;
    let middle = pos2((plot_left + area.right()) / 2.0, area.center().y);
    click(&mut h, middle, PointerButton::Primary);
    let cursor = h.state().backend().frame.transport.cursor;
    assert!((RATE.seconds_from_frames(cursor) - 93.0).abs() < 1.0, "{cursor:?}");
    // Zoomed in at the middle, the same place a quarter of the width further is a shorter time.
    wheel(&mut h, middle, 4.0, Modifiers::NONE);
    let aside = middle + vec2((area.right() - plot_left) / 4.0, 0.0);
    click(&mut h, aside, PointerButton::Primary);
    let zoomed = RATE.seconds_from_frames(h.state().backend().frame.transport.cursor);
    assert!(zoomed > 100.0 && zoomed < 120.0, "{zoomed}");
}

#[test]
fn loudness_is_paused_continued_reset_and_shown_as_chosen() {
    let mut h = heard(|_| {});
    h.get_by_label("Pause").click();
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::Meter(MeterAct::Pause))), 1);
    let mut meters = (*h.state().backend().frame.meters).clone();
    meters.loudness.is_paused = true;
    h.state_mut().backend_mut().frame.meters = Arc::new(meters);
    h.run();
    h.get_by_label("Continue").click();
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::Meter(MeterAct::Continue))), 1);
    h.get_by_label("Reset").click();
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::Meter(MeterAct::Reset))), 1);
    h.get_by_label("Loudness settings").click();
    h.run();
    h.get_by_label("−14").click();
    h.run();
    h.get_by_label("LU").click();
    h.run();
    h.get_by_label("this song").click();
    h.run();
    let shown = h.state().backend().frame.meter_settings.loudness.clone();
    assert_eq!((shown.target_lufs, shown.unit, shown.part), (-14.0, LoudnessUnit::Lu, LoudnessPart::Song));
}

#[test]
fn a_new_name_is_typed_at_once_and_a_dialog_is_as_high_as_what_it_holds() {
    let mut h = window(&["Opening"]);
    // The palette is higher than the dialog that follows it.
    run(&mut h, "meter layouts");
    h.run();
    let words = h.get_by_label_contains("None of your own yet").rect();
    assert!(rect(&h, "Close").top() - words.bottom() < 40.0, "the foot stands under the list");
    type_text(&mut h, "Vinyl");
    press(&mut h, Modifiers::NONE, Key::Enter);
    h.get_by_label("Rename Vinyl").click();
    h.run();
    type_text(&mut h, "Lacquer");
    press(&mut h, Modifiers::NONE, Key::Enter);
    let names: Vec<String> = layout(&h).own.into_iter().map(|l| l.name).collect();
    assert_eq!(names, ["Lacquer"]);
}

/// The layout of the program in the smallest window asked for: all of it in sight, nothing to scroll.
#[test]
fn the_calm_column_fits_a_window_of_800_lines() {
    let h = window_with(vec2(1280.0, 800.0), |_| {});
    let correlation = h.get_by_label_contains("Correlation –, min –").rect();
    assert!(correlation.bottom() < 800.0 - 24.0, "{correlation:?}");
    // A bar to scroll with would take width from them.
    let heading = rect(&h, "Level heading");
    assert!(heading.right() > 1280.0 - 16.0, "{heading:?}");
}

#[test]
fn several_things_are_chosen_in_the_menu_of_the_spectrum_and_a_genre_is_named_with_the_mouse() {
    let mut h = window(&["Opening"]);
    h.get_by_label("Spectrum settings").click();
    h.run();
    let menu = rect(&h, "Held maximum");
    assert!(menu.right() < rect(&h, "Spectrum heading").left(), "beside what it sets: {menu:?}");
    for label in ["Held maximum", "Held minimum"] {
        let at = rect(&h, label).center();
        click(&mut h, at, PointerButton::Primary);
    }
    let set = h.state().backend().frame.meter_settings.spectrum.clone();
    assert!(set.shows_peak && set.shows_minimum);
    let at = rect(&h, "Curves of files").center();
    click(&mut h, at, PointerButton::Primary);
    let at = rect(&h, "Name of a new genre").center();
    click(&mut h, at, PointerButton::Primary);
    type_text(&mut h, "Dub");
    assert!(!h.get_by_label("From files…").accesskit_node().is_disabled(), "the name is taken up");
    press(&mut h, Modifiers::NONE, Key::Escape);
    assert!(h.query_by_label("Held minimum").is_none(), "Escape leaves");
}

/// What one clicks in stays where it is, however long the word on the button is.
#[test]
fn the_menu_of_the_levels_stands_still_while_scales_are_tried() {
    let mut h = window(&["Opening"]);
    h.get_by_label("Level meter, dBFS").click();
    h.run();
    let before = rect(&h, "K-12");
    assert!(before.right() < rect(&h, "Level heading").left(), "beside the bars: {before:?}");
    for scale in ["VU", "PPM Nordic", "K-20"] {
        let at = rect(&h, scale).center();
        click(&mut h, at, PointerButton::Primary);
        assert_eq!(rect(&h, "K-12"), before, "after {scale}");
    }
}

#[test]
fn the_spectrogram_is_set_at_its_heading() {
    let mut h = window_with(vec2(1600.0, 1000.0), |a| a.toggle_strip("spectrogram"));
    h.get_by_label("Spectrogram settings").click();
    h.run();
    h.get_by_label("Range 60 dB").click();
    h.run();
    h.get_by_label("60 s across").click();
    h.run();
    let set = h.state().backend().frame.meter_settings.spectrum.clone();
    assert_eq!((set.gram_range_db, set.gram_seconds), (60.0, 60));
}

#[test]
fn the_palette_keeps_its_place_while_one_types() {
    let mut h = window(&["Opening"]);
    press(&mut h, Modifiers::COMMAND, Key::K);
    h.run();
    let field = |h: &Window| h.get_by_role_and_label(Role::TextInput, "Search commands").rect();
    let before = field(&h);
    for text in ["loudness me", "xyzzy"] {
        type_text(&mut h, text);
        h.run();
        assert_eq!(field(&h), before, "after {text}");
    }
    h.get_by_label_contains("No command has these letters");
}

/// Run by hand: `cargo test --release --features ui-tests --test ui_layout -- --ignored --nocapture`.
#[test]
#[ignore = "measures time"]
fn a_frame_with_every_meter_moving_at_2160_lines() {
    let titles: Vec<String> = (1..=14).map(|i| format!("Song {i}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut frame = frame_of(session(&titles));
    let mut settings = MeterSettings::default();
    settings.layout.now.column.clear();
    for kind in MeterKind::ALL {
        settings.layout.now.toggle_column(kind.id());
    }
    settings.layout.now.toggle_strip("history");
    frame.meter_settings = Arc::new(settings);
    frame.transport.playing = true;
    let map = Arc::new(LoudnessMap::new(RATE, frame.timeline.end));
    frame.loudness_map = Arc::clone(&map);
    let mut h = window_of(frame, vec2(3840.0, 2160.0));
    let trace = Arc::clone(&h.state().backend().frame.level_trace);
    let mut passes_ms: Vec<f64> = Vec::new();
    for i in 0..300usize {
        let level = -14.0 + 4.0 * (i as f32 * 0.1).sin();
        let cell = MapCell {
            momentary_lufs: level,
            short_term_lufs: level - 1.0,
            true_peak_dbtp: -1.0,
            is_stale: false,
        };
        (0..28).for_each(|k| map.write((i * 28 + k) % map.cells(), cell));
        trace.write(0.5, 0.2);
        read(&mut h, f64::from(level));
        let frame = &mut h.state_mut().backend_mut().frame;
        frame.transport.position = seconds(i as f64 / 60.0);
        let now_db = (0..512).map(|b| -40.0 + 9.0 * ((b + i) as f32 * 0.07).sin()).collect();
        let freqs_hz = (0..512).map(|b| 10.0 * 2200f32.powf(b as f32 / 511.0)).collect();
        frame.spectrum = Arc::new(SpectrumView { now_db, freqs_hz, ..SpectrumView::default() });
        let begun = std::time::Instant::now();
        h.step();
        let output = h.output();
        let shapes = output.shapes.clone();
        let triangles = h.ctx.tessellate(shapes, output.pixels_per_point).len();
        assert!(triangles > 0);
        passes_ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    passes_ms.drain(..50);
    passes_ms.sort_by(f64::total_cmp);
    let mean = passes_ms.iter().sum::<f64>() / passes_ms.len() as f64;
    println!("mean {mean:.2} ms, 99th {:.2} ms", passes_ms[passes_ms.len() * 99 / 100]);
}
