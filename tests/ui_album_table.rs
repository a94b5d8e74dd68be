//! The album table and the services as hands and screen readers find them.
#![cfg(feature = "ui-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod ui_support;

use std::sync::Arc;

use egui::{Key, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use glassmaster::app::frame::{AlbumRow, Frame, Mode, RowState, Service, ServicePlay, SongFigures};
use glassmaster::app::{Action, Command};
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::meters::album_table::{AlbumTableState, album_table_ui};
use glassmaster::gui::panels::meters::services::{ServicesState, services_ui};
use glassmaster::model::SongId;
use ui_support::{frame_of, session, window_of};

/// Three songs of −12, −9 and −14 LUFS, the last of before a change.
fn album_frame() -> Frame {
    let mut frame = frame_of(session(&["Opening", "Loud", "Quiet"]));
    let row = |id: u64, lufs: f64, state: RowState| AlbumRow {
        song: SongId(id),
        figures: Some(SongFigures {
            integrated_lufs: Some(lufs),
            true_peak_dbtp: Some(-1.5),
            ..SongFigures::default()
        }),
        state,
        ..AlbumRow::default()
    };
    frame.album.watched = true;
    frame.album.rows = Arc::new(vec![
        row(1, -12.0, RowState::Fresh),
        row(2, -9.0, RowState::Fresh),
        row(3, -14.0, RowState::Stale),
    ]);
    let rows: Vec<Service> = serde_json::from_value(serde_json::json!([
        {"id": "here", "name": "Here", "target_lufs": -14, "direction": "down", "modes": ["track"]},
        {"id": "disc", "name": "Disc", "spec": {"max_sample_peak_dbfs": 0}}
    ]))
    .unwrap();
    frame.album.services = Arc::new(rows);
    frame
}

type Shown<S> = Harness<'static, (S, Outbox)>;

fn shown<S: Default + 'static>(
    draw: impl Fn(&mut egui::Ui, &Frame, &mut S, &mut Outbox) + 'static,
) -> Shown<S> {
    let frame = album_frame();
    let mut harness = Harness::builder()
        .with_size(vec2(1100.0, 420.0))
        .with_context_setup(glassmaster::gui::theme::install)
        .build_ui_state(
            move |ui, (state, out)| draw(ui, &frame, state, out),
            (S::default(), Outbox::default()),
        );
    harness.run_steps(3);
    harness
}

fn told<S>(harness: &mut Shown<S>) -> Vec<Command> {
    harness.state_mut().1.take_commands()
}

#[test]
fn rows_speak_their_figures_sort_by_a_heading_and_play_with_enter() {
    let mut table = shown::<AlbumTableState>(album_table_ui);
    let loud = table.get_by_label_contains("2 Loud: I −9.0 LUFS");
    let top = |table: &Shown<AlbumTableState>, name: &str| table.get_by_label_contains(name).rect().top();
    assert!(loud.rect().top() > top(&table, "1 Opening"));
    table.get_by_label_contains("3 Quiet: I −14.0 LUFS, TP −1.50 dBTP; of before the last change");
    table.get_by_label("Sort by I LUFS").click();
    table.run_steps(2);
    assert!(top(&table, "2 Loud") < top(&table, "1 Opening"), "loudest first");
    table.get_by_label("Sort by I LUFS").click();
    table.run_steps(2);
    assert!(top(&table, "3 Quiet") < top(&table, "1 Opening"), "quietest first");
    table.get_by_label("Sort by I LUFS").click();
    table.run_steps(2);
    assert!(top(&table, "1 Opening") < top(&table, "2 Loud"), "running order");
    table.get_by_label_contains("1 Opening: ").click();
    table.run_steps(2);
    let chosen = |told: &[Command], id| {
        told.iter().any(|c| matches!(c, Command::Select(s) if s.songs == [SongId(id)]))
    };
    assert!(chosen(&told(&mut table), 1));
    table.key_press(Key::ArrowDown);
    table.run_steps(2);
    assert!(chosen(&told(&mut table), 2), "the arrow moves on");
    table.key_press(Key::Enter);
    table.run_steps(2);
    let start = album_frame().timeline.songs[1].start;
    assert!(told(&mut table).iter().any(|c| matches!(c, Command::Play { from: Some(at) } if *at == start)));
}

#[test]
fn a_services_button_plays_at_its_level_and_a_row_tells_it_song_by_song() {
    let mut panel = shown::<ServicesState>(services_ui);
    panel.get_by_label_contains("Here, target −14.0 LUFS: plays 2.0 dB quieter");
    assert!(panel.query_by_label("Play at the level of Disc").is_none(), "a specification has no level");
    panel.get_by_label("Play at the level of Here").click();
    panel.run_steps(2);
    assert!(
        told(&mut panel)
            .iter()
            .any(|c| matches!(c, Command::PlayAtService(Some((id, Mode::Track))) if id == "here"))
    );
    panel.get_by_label_contains("Here, target").click();
    panel.run_steps(2);
    panel.get_by_label("2 Loud: plays 5.0 dB quieter");
    panel.get_by_label("3 Quiet: left as it is");
}

#[test]
fn the_transport_shows_the_service_that_is_heard_and_leaves_it() {
    let mut frame = album_frame();
    frame.album.playing = Some(ServicePlay {
        id: "here".to_owned(),
        name: "Here".to_owned(),
        mode: Mode::Track,
        gain_db: Some(-2.0),
        held: None,
    });
    assert_eq!(Action::ServiceOff.refusal(&frame), None);
    let mut window = window_of(frame, vec2(1600.0, 1000.0));
    window.get_by_label("Here −2.0 dB (track)").click();
    window.run();
    let told = &window.state().backend().told;
    assert!(told.iter().any(|c| matches!(c, Command::PlayAtService(None))));
}

#[test]
fn a_way_a_service_does_not_turn_has_a_dash_and_no_button() {
    let mut panel = shown::<ServicesState>(services_ui);
    panel.get_by_label("Play at the level of Here");
    panel.get_by_label("By album").click();
    panel.run_steps(2);
    panel.get_by_label_contains("Here, target −14.0 LUFS: – (turns song by song only)");
    assert!(panel.query_by_label("Play at the level of Here").is_none());
    panel.get_by_label("By song").click();
    panel.run_steps(2);
    panel.get_by_label("Play at the level of Here");
}
