//! Intake, Review, Deliver and the dialogs, worked as a user does: by name, with keys and clicks.
#![cfg(feature = "ui-tests")]

use std::sync::Arc;

use egui::{Key, Modifiers, accesskit::Role, vec2};
use egui_kittest::{Harness, kittest::Queryable};
use glassmaster::app::frame::{DeliverableView, SongState, SourceState};
use glassmaster::app::{Command, Frame};
use glassmaster::edit::{AlbumField, Edit, SongField};
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::deliver::{DeliverState, deliver_ui};
use glassmaster::gui::panels::intake::{IntakeState, intake_ui};
use glassmaster::gui::panels::review::{ReviewState, review_ui};
use glassmaster::gui::theme;
use glassmaster::model::{Finding, Session, Severity, Song, SongId, SourceRef};
use glassmaster::units::{Frames, SampleRate};

/// Two songs of a minute; the second begins a second into its file.
fn album() -> Session {
    let mut session = Session::new(SampleRate::CD);
    session.metadata.artist = "The Band".to_owned();
    for (id, name) in [(1, "Opening"), (2, "Second")] {
        let source = SourceRef {
            path: format!("mixes/{name}.wav"),
            sample_rate_hz: 44_100,
            frames: 60 * 44_100,
            channels: 2,
            bits: 24,
            format: "WAV 24".to_owned(),
            ..SourceRef::default()
        };
        session.songs.push(Arc::new(Song::new(SongId(id), source, SampleRate::CD, Frames(88_200))));
    }
    Arc::make_mut(&mut session.songs[1]).trim_start = Frames(44_100);
    session
}

fn frame() -> Frame {
    let mut frame = Frame::still(Arc::new(album()));
    let deliverable = |id: &str, name: &str| DeliverableView {
        id: id.to_owned(),
        name: name.to_owned(),
        about: "For hearing.".to_owned(),
        findings: vec![Finding::new("upc", Severity::Warning, "No UPC is given.")],
        files: vec![format!("{id}.bin")],
        settings: &[],
    };
    frame.deliverables = Arc::new(vec![
        deliverable("wav_songs", "WAV, one file a song"),
        deliverable("mp3_songs", "MP3, one file a song"),
        deliverable("ddp", "DDP 2.00"),
    ]);
    frame
}

/// What a view is given and what it said, over all frames drawn.
struct Desk<S> {
    frame: Frame,
    state: S,
    out: Outbox,
    said: Vec<Command>,
}

type View<S> = fn(&mut egui::Ui, &Frame, &mut S, &mut Outbox);

fn desk<S: 'static>(frame: Frame, state: S, view: View<S>) -> Harness<'static, Desk<S>> {
    let mut installed = false;
    let draw = move |ui: &mut egui::Ui, desk: &mut Desk<S>| {
        if !installed {
            theme::install(ui.ctx());
            installed = true;
            return;
        }
        view(ui, &desk.frame, &mut desk.state, &mut desk.out);
        desk.said.extend(desk.out.take_commands());
    };
    let desk = Desk { frame, state, out: Outbox::default(), said: Vec::new() };
    let mut harness = Harness::builder().with_size(vec2(1400.0, 620.0)).build_ui_state(draw, desk);
    harness.run();
    harness
}

fn edits<S>(harness: &Harness<'_, Desk<S>>) -> Vec<Edit> {
    let edit = |c: &Command| if let Command::Edit { edit, .. } = c { Some(edit.clone()) } else { None };
    harness.state().said.iter().filter_map(edit).collect()
}

fn type_into<S>(harness: &mut Harness<'_, Desk<S>>, label: &str, text: &str) {
    harness.get_by_role_and_label(Role::TextInput, label).focus();
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
    harness.run();
}

#[test]
fn an_isrc_typed_with_hyphens_is_an_edit_and_has_no_mark() {
    let mut h = desk(frame(), DeliverState::default(), deliver_ui);
    type_into(&mut h, "ISRC of song 1", "us-abc-11-11111");
    assert!(h.query_by_label_contains("ISRC has 12").is_none());
    assert_eq!(edits(&h), []);
    h.key_press(Key::Enter);
    h.run();
    let text = "us-abc-11-11111".to_owned();
    assert_eq!(edits(&h), [Edit::SetSongText { song: SongId(1), field: SongField::Isrc, text }]);
    let Command::Edit { edit, .. } = h.state().said[0].clone() else { unreachable!() };
    let session = glassmaster::edit::apply(&album(), &edit).unwrap();
    assert_eq!(session.songs[0].metadata.isrc, "USABC1111111");
}

#[test]
fn escape_drops_what_was_typed_and_tab_keeps_it_and_goes_on() {
    let mut h = desk(frame(), DeliverState::default(), deliver_ui);
    type_into(&mut h, "Composer of song 2", "Nobody");
    h.key_press(Key::Escape);
    h.run();
    assert_eq!(edits(&h), []);
    assert_eq!(h.get_by_label("Composer of song 2").value().unwrap_or_default(), "");

    type_into(&mut h, "Version of song 2", "Live");
    h.key_press(Key::Tab);
    h.run();
    let text = "Live".to_owned();
    assert_eq!(edits(&h), [Edit::SetSongText { song: SongId(2), field: SongField::Version, text }]);
    assert!(h.get_by_label("Performer of song 2").is_focused());
    h.key_press_modifiers(Modifiers::SHIFT, Key::Tab);
    h.run();
    assert!(h.get_by_label("Version of song 2").is_focused());
}

#[test]
fn a_bad_upc_shows_its_reason_while_it_is_typed() {
    let mut h = desk(frame(), DeliverState::default(), deliver_ui);
    type_into(&mut h, "UPC/EAN", "4006381333932");
    h.get_by_label_contains("check digit should be 1");
    h.key_press(Key::Enter);
    h.run();
    let text = "4006381333932".to_owned();
    assert_eq!(edits(&h), [Edit::SetAlbumText { field: AlbumField::Upc, text }]);
}

#[test]
fn isrcs_are_filled_in_one_step() {
    let mut frame = frame();
    let mut session = album();
    Arc::make_mut(&mut session.songs[0]).metadata.isrc = "USABC1100009".to_owned();
    frame.session = Arc::new(session);
    let mut h = desk(frame, DeliverState::default(), deliver_ui);
    h.get_by_label("Fill ISRCs upwards from the first").click();
    h.run();
    let text = "USABC1100010".to_owned();
    assert_eq!(edits(&h), [Edit::SetSongText { song: SongId(2), field: SongField::Isrc, text }]);
    assert!(matches!(h.state().said[0], Command::Edit { gesture: Some(_), .. }));
}

#[test]
fn a_finding_is_a_place_in_the_album() {
    let mut frame = frame();
    frame.songs = Arc::new(vec![
        SongState { id: SongId(1), ..SongState::default() },
        SongState {
            id: SongId(2),
            source: SourceState::Ready,
            integrated_lufs: Some(-14.2),
            measurements: Arc::new(vec![("True peak".to_owned(), "−0.3 dBTP".to_owned())]),
            findings: Arc::new(vec![Finding::new("clipping", Severity::Error, "Clipped.").at(12.5, 12.6)]),
            ..SongState::default()
        },
    ]);
    frame.selection.songs = vec![SongId(2)];
    let start = frame.timeline.song(SongId(2)).unwrap().start;
    let mut h = desk(frame, IntakeState::default(), intake_ui);
    h.get_by_label_contains("Second.wav, must be mended");
    h.get_by_label("−0.3 dBTP");
    h.get_by_label_contains("0:00:12.500").click();
    h.run();
    let seeks: Vec<_> = h
        .state()
        .said
        .iter()
        .filter_map(|c| if let Command::Seek(f) = c { Some(*f) } else { None })
        .collect();
    assert_eq!(seeks, [start + Frames(44_100 * 23 / 2)]);
    h.get_by_label_contains("File 1, Opening.wav").click();
    h.run();
    assert!(h.state().said.iter().any(|c| matches!(c, Command::Select(s) if s.songs == [SongId(1)])));
}

#[test]
fn an_empty_album_teaches() {
    let empty = || Frame::still(Arc::new(Session::new(SampleRate::CD)));
    desk(empty(), IntakeState::default(), intake_ui).get_by_label_contains("Drop mixes here");
    desk(empty(), ReviewState::default(), review_ui).get_by_label_contains("The album is empty");
    desk(empty(), DeliverState::default(), deliver_ui).get_by_label_contains("The album is empty");
}

#[test]
fn notes_are_one_gesture_while_they_are_typed() {
    let mut h = desk(frame(), ReviewState::default(), review_ui);
    let label = "Notes on 2  Second";
    for text in ["vocal ", "up"] {
        h.get_by_label(label).focus();
        h.run();
        h.get_by_label(label).type_text(text);
        h.run();
    }
    let gestures: Vec<_> = h
        .state()
        .said
        .iter()
        .filter_map(|c| if let Command::Edit { gesture, .. } = c { *gesture } else { None })
        .collect();
    assert!(gestures.len() >= 2 && gestures.iter().all(|g| *g == gestures[0]), "{gestures:?}");
    let text = "vocal up".to_owned();
    assert_eq!(edits(&h).last(), Some(&Edit::SetSongNotes { song: SongId(2), text }));
}
