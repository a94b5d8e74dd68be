//! What hands do to the timeline and the dialogs: fades and their shapes, crossfades, loops, close-ups, trims, exports.
#![cfg(feature = "ui-tests")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod ui_support;

use std::sync::Arc;

use egui::{Key, Modifiers, PointerButton, pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use glassmaster::app::frame::{DeliverableView, JobId, JobView, SettingDesc, SettingKind};
use glassmaster::app::{Action, Command, Frame};
use glassmaster::edit::Edit;
use glassmaster::gui::workspaces::Workspace;
use glassmaster::model::{FadeShape, Session, SongId};
use glassmaster::units::Frames;
use ui_support::{
    RATE, Window, click, drag, frame_of, press, rect, seconds, session, song, told, type_text, wheel, window,
    window_of,
};

/// Shows a stretch of the album, in seconds.
fn show(h: &mut Window, from_s: f64, to_s: f64) {
    let timeline = &mut h.state_mut().state_mut().timeline;
    let width = timeline.timeline_width();
    timeline.view.show(width, RATE.hz() * from_s, RATE.hz() * to_s, 0.0);
    h.run();
}

/// Album seconds under a point of the timeline.
fn seconds_at(h: &mut Window, x: f32) -> f64 {
    let area = rect(h, "Timeline");
    h.state_mut().state_mut().timeline.view.album_from_ui(area, x) / RATE.hz()
}

fn edits(h: &Window, is: impl Fn(&Edit) -> bool) -> usize {
    told(h, |c| matches!(c, Command::Edit { edit, .. } if is(edit)))
}

#[test]
fn a_fade_is_drawn_at_the_corner_and_its_shape_chosen_with_the_right_button() {
    let mut h = window(&["Opening"]);
    show(&mut h, 40.0, 70.0);
    let handle = rect(&h, "Fade out of song 1").center();
    let end = seconds_at(&mut h, handle.x);
    drag(&mut h, handle, handle - vec2(200.0, 0.0));
    let begins = seconds_at(&mut h, handle.x - 200.0);
    let fade = song(&h, 0).fade_out;
    assert!((RATE.seconds_from_frames(fade.frames) - (end - begins)).abs() < 0.2, "{fade:?}");
    let handle = rect(&h, "Fade out of song 1").center();
    click(&mut h, handle, PointerButton::Secondary);
    h.get_by_label("Exponential").click();
    h.run();
    assert_eq!(song(&h, 0).fade_out.shape, FadeShape::Exponential);
    assert_eq!(song(&h, 0).fade_out.frames, fade.frames);
    // The drag was one step, the shape another.
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert_eq!(song(&h, 0).fade_out, fade);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert_eq!(song(&h, 0).fade_out.frames, Frames::ZERO);
}

#[test]
fn pulling_a_song_over_the_one_before_crosses_them_with_a_shape_of_their_own() {
    let mut h = window(&["Opening", "Second"]);
    show(&mut h, 50.0, 80.0);
    let clip = pos2(rect(&h, "Clip 2 Second").center().x, rect(&h, "Timeline").bottom() - 40.0);
    let points_a_second = f64::from(rect(&h, "Timeline").width()) / 30.0;
    drag(&mut h, clip, clip - vec2((6.0 * points_a_second) as f32, 0.0));
    let gap = RATE.seconds_from_frames(song(&h, 1).gap);
    assert!((gap + 4.0).abs() < 0.1, "2 s apart, pulled 6 s: {gap}");
    let placed = h.state().backend().frame.timeline.songs.clone();
    assert_eq!(placed[0].fade_out, placed[0].end - placed[1].start);
    assert_eq!(placed[1].fade_in, placed[0].end - placed[1].start);
    let handle = rect(&h, "Fade in of song 2").center();
    click(&mut h, handle, PointerButton::Secondary);
    h.get_by_label("Linear").click();
    h.run();
    assert_eq!(edits(&h, |e| matches!(e, Edit::SetCrossShape { shape: FadeShape::Linear, .. })), 1);
    assert_eq!(song(&h, 1).cross_shape, FadeShape::Linear);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert_eq!(song(&h, 1).gap, seconds(2.0));
}

#[test]
fn a_drag_on_the_ruler_loops_whole_cd_frames_whichever_way_it_goes() {
    let mut h = window(&["Opening", "Second"]);
    let ruler = rect(&h, "Ruler");
    for (from, to) in [(0.3, 0.6), (0.6, 0.3)] {
        let at = |share: f32| pos2(ruler.left() + ruler.width() * share, ruler.center().y);
        drag(&mut h, at(from), at(to));
        let (a, b) = h.state().backend().frame.transport.loop_range.unwrap();
        let (x_a, x_b) = (seconds_at(&mut h, at(0.3).x), seconds_at(&mut h, at(0.6).x));
        assert!((RATE.seconds_from_frames(a) - x_a).abs() < 0.02, "{a:?} {x_a}");
        assert!((RATE.seconds_from_frames(b) - x_b).abs() < 0.02, "{b:?} {x_b}");
        assert!(a.0 % RATE.frames_per_cd_frame() == 0 && b.0 % RATE.frames_per_cd_frame() == 0);
    }
}

#[test]
fn the_wheel_goes_from_the_album_to_single_samples_at_the_pointer() {
    let mut h = window(&["Opening", "Second"]);
    let pos = rect(&h, "Timeline").center();
    let under = seconds_at(&mut h, pos.x);
    wheel(&mut h, pos, 80.0, Modifiers::NONE);
    let view = h.state_mut().state_mut().timeline.view;
    assert!((view.frames_per_point - 1.0 / 40.0).abs() < 1e-9, "{}", view.frames_per_point);
    assert!((seconds_at(&mut h, pos.x) - under).abs() * RATE.hz() < 1.0);
    // Amplitude is another axis, and the way back ends with the album in sight.
    wheel(&mut h, pos, 4.0, Modifiers::COMMAND);
    assert!(h.state_mut().state_mut().timeline.view.amplitude > 2.0);
    wheel(&mut h, pos, -80.0, Modifiers::NONE);
    let view = h.state_mut().state_mut().timeline.view;
    let whole = view.frames_per_point * f64::from(h.state_mut().state_mut().timeline.timeline_width());
    assert!(whole >= RATE.hz() * 124.0, "{whole}");
}

#[test]
fn a_head_is_trimmed_to_whole_cd_frames_in_one_step_and_the_songs_after_it_follow() {
    let mut h = window(&["Opening", "Second", "Third"]);
    show(&mut h, 60.0, 90.0);
    let starts = |h: &Window| -> Vec<i64> {
        h.state().backend().frame.timeline.songs.iter().map(|s| s.start.0).collect()
    };
    let before = starts(&h);
    let edge = pos2(rect(&h, "Head of song 2").center().x, rect(&h, "Timeline").center().y);
    drag(&mut h, edge, edge + vec2(120.0, 0.0));
    let cut = song(&h, 1).trim_start;
    assert!(cut > seconds(1.0) && cut.0 % RATE.frames_per_cd_frame() == 0, "{cut:?}");
    let after = starts(&h);
    assert_eq!(after[1], before[1], "rippling, the song keeps its gap");
    assert_eq!(after[2], before[2] - cut.0);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert_eq!(starts(&h), before);
}

#[test]
fn in_a_gap_there_is_nothing_to_trim_or_split() {
    let mut h = window(&["Opening", "Second"]);
    h.state_mut().backend_mut().frame.transport.cursor = seconds(63.0);
    h.run();
    for key in [Key::OpenBracket, Key::CloseBracket, Key::S] {
        press(&mut h, Modifiers::NONE, key);
    }
    assert_eq!(told(&h, |c| matches!(c, Command::Do(_))), 0);
    h.state_mut().backend_mut().frame.transport.cursor = seconds(70.0);
    h.run();
    press(&mut h, Modifiers::NONE, Key::OpenBracket);
    assert_eq!(told(&h, |c| matches!(c, Command::Do(Action::TrimHead))), 1);
}

#[test]
fn a_song_chosen_in_silence_is_where_space_begins() {
    let mut h = window(&["Opening", "Second"]);
    h.get_by_label("2 Second").click();
    h.run();
    let start = h.state().backend().frame.timeline.songs[1].start;
    assert_eq!(h.state().backend().frame.transport.cursor, start);
    // While the album plays the cursor stays where it is.
    h.state_mut().backend_mut().frame.transport.playing = true;
    h.get_by_label("1 Opening").click();
    h.run_steps(4);
    assert_eq!(h.state().backend().frame.selection.songs, [SongId(1)]);
    assert_eq!(h.state().backend().frame.transport.cursor, start);
}

#[test]
fn commands_are_refused_where_they_would_do_nothing() {
    let two = frame_of(session(&["Opening", "Second"]));
    let at = |seconds_album: f64| {
        let mut frame = two.clone();
        frame.transport.cursor = seconds(seconds_album);
        frame
    };
    assert_eq!(Action::PreviousSong.refusal(&at(10.0)), Some("This is the first song"));
    assert_eq!(Action::NextSong.refusal(&at(10.0)), None);
    assert_eq!(Action::MoveDown.refusal(&at(100.0)), Some("This is the last song"));
    assert_eq!(Action::Crossfade.refusal(&at(10.0)), Some("This is the first song"));
    assert_eq!(Action::Split.refusal(&at(63.0)), Some("The cursor is in no song"));
    assert_eq!(Action::Split.refusal(&at(70.0)), None);
    assert_eq!(Action::PasteChain.refusal(&at(0.0)), Some("No chain was copied"));
    let one = frame_of(session(&["Opening"]));
    assert_eq!(Action::PlayJoint.refusal(&one), Some("An album of one song has no joint"));
    let none = Frame::still(Arc::new(Session::new(RATE)));
    assert!(Action::ALL.iter().filter(|a| a.refusal(&none).is_some()).count() > 30);
}

const SETTINGS: &[SettingDesc] = &[
    SettingDesc {
        id: "bits",
        name: "Bits",
        kind: SettingKind::Choice { words: &["16", "24"], default: "24" },
        help: "Word length.",
    },
    SettingDesc {
        id: "tags",
        name: "Tags",
        kind: SettingKind::Switch { default: true },
        help: "Titles inside the files.",
    },
];

fn with_deliverable() -> Frame {
    let mut frame = frame_of(session(&["Opening"]));
    frame.deliverables = Arc::new(vec![DeliverableView {
        id: "flac_songs".to_owned(),
        name: "FLAC".to_owned(),
        about: "For the test.".to_owned(),
        findings: Vec::new(),
        files: vec!["01 Opening.flac".to_owned()],
        settings: SETTINGS,
    }]);
    frame
}

#[test]
fn an_export_takes_the_options_its_deliverable_describes() {
    let mut h = window_of(with_deliverable(), vec2(1280.0, 800.0));
    press(&mut h, Modifiers::COMMAND, Key::R);
    h.get_by_label("Bits of FLAC").click();
    h.run();
    h.get_by_label("16").click();
    h.run();
    h.get_by_label("Tags of FLAC").click();
    h.run();
    h.get_by_label("Start export").click();
    h.run();
    let told = &h.state().backend().told;
    let request = told.iter().find_map(|c| if let Command::Export(r) = c { Some(r) } else { None }).unwrap();
    assert_eq!(request.deliverables, ["flac_songs"]);
    let given = &request.settings["flac_songs"];
    assert_eq!(given.get("bits").and_then(|v| v.as_str()), Some("16"));
    assert_eq!(given.get("tags").and_then(|v| v.as_bool()), Some(false));
}

#[test]
fn an_export_shows_what_it_is_at_and_can_be_cancelled() {
    let mut frame = with_deliverable();
    frame.jobs = Arc::new(vec![JobView {
        id: JobId(7),
        title: "Export Reference".to_owned(),
        detail: "01 Opening".to_owned(),
        fraction: Some(0.43),
        prominent: true,
    }]);
    let mut h = window_of(frame, vec2(1280.0, 800.0));
    assert!(h.query_by_label("Export Reference · 01 Opening 43 %").is_some());
    let cancel = h.get_by_label("cancel");
    assert!(!cancel.accesskit_node().is_disabled());
    cancel.click();
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::CancelJob(JobId(7)))), 1);
}

#[test]
fn a_meter_opens_in_a_window_of_its_own_and_goes_again() {
    let mut h = window(&["Opening"]);
    let spectra = |h: &Window| h.query_all_by_label("Spectrum: silence").count();
    assert_eq!(spectra(&h), 1);
    for want in [2, 1] {
        press(&mut h, Modifiers::COMMAND, Key::K);
        type_text(&mut h, "spectrum in its own window");
        press(&mut h, Modifiers::NONE, Key::Enter);
        h.run_steps(4);
        assert_eq!(spectra(&h), want);
    }
}

#[test]
fn every_workspace_is_a_command() {
    let mut h = window(&["Opening"]);
    for (name, workspace) in [("deliver", Workspace::Deliver), ("review", Workspace::Review)] {
        press(&mut h, Modifiers::COMMAND, Key::K);
        type_text(&mut h, name);
        press(&mut h, Modifiers::NONE, Key::Enter);
        h.run_steps(4);
        assert_eq!(h.state_mut().state_mut().workspace, workspace);
    }
}
