//! The window without a screen: what hands do to song list, timeline, menus and dialogs, and what commands come of it.
#![cfg(feature = "ui-tests")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Key, Modifiers, Rect, pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use glassmaster::app::frame::{DeliverableView, SaveState, SourceState};
use glassmaster::app::meter_settings::{CorrelationBands, FieldPicture, StereoSettings};
use glassmaster::app::{Action, Command, Frame};
use glassmaster::edit::Edit;
use glassmaster::gui::workspaces::Workspace;
use glassmaster::model::SongId;
use glassmaster::units::Frames;

mod ui_support;

use ui_support::{
    RATE, Window, double_click, drag, press, rect, session, told, type_text, wheel, window, window_of,
};

fn titles(h: &Window) -> Vec<String> {
    h.state().backend().frame.session.songs.iter().map(|s| s.metadata.title.clone()).collect()
}

fn selected(h: &Window, label: &str) -> bool {
    h.get_by_label(label).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
}

#[test]
fn a_row_selects_in_the_timeline_and_a_clip_in_the_list() {
    let mut h = window(&["Opening", "Second", "Third"]);
    h.get_by_label("2 Second").click();
    h.run();
    assert_eq!(h.state().backend().frame.selection.songs, [SongId(2)]);
    assert!(selected(&h, "Clip 2 Second"));
    h.get_by_label("Clip 3 Third").click();
    h.run();
    assert_eq!(h.state().backend().frame.selection.songs, [SongId(3)]);
    assert!(selected(&h, "3 Third") && !selected(&h, "2 Second"));
}

#[test]
fn a_row_dragged_up_moves_the_song_in_one_step() {
    let mut h = window(&["Opening", "Second", "Third"]);
    let (from, to) = (rect(&h, "3 Third").center(), rect(&h, "1 Opening"));
    drag(&mut h, from, pos2(to.center().x, to.top() + 2.0));
    assert_eq!(titles(&h), ["Third", "Opening", "Second"]);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert_eq!(titles(&h), ["Opening", "Second", "Third"]);
}

#[test]
fn a_title_is_typed_in_place_and_the_letters_stay_in_the_field() {
    let mut h = window(&["Opening", "Second"]);
    let row = rect(&h, "1 Opening");
    double_click(&mut h, pos2(row.left() + 60.0, row.center().y));
    // S, X and L are commands, the space plays: not while a text is typed.
    for letter in ["S", "x", "l", " ", "a"] {
        type_text(&mut h, letter);
    }
    press(&mut h, Modifiers::NONE, Key::Space);
    press(&mut h, Modifiers::NONE, Key::S);
    assert_eq!(told(&h, |c| matches!(c, Command::Do(_))), 0);
    press(&mut h, Modifiers::NONE, Key::Enter);
    assert_eq!(titles(&h)[0], "Sxl a");
    assert_eq!(h.state().backend().frame.undo_name, Some("Title"));
}

#[test]
fn escape_drops_what_was_typed() {
    let mut h = window(&["Opening"]);
    let row = rect(&h, "1 Opening");
    double_click(&mut h, pos2(row.left() + 60.0, row.center().y));
    type_text(&mut h, "Nonsense");
    press(&mut h, Modifiers::NONE, Key::Escape);
    assert_eq!(titles(&h), ["Opening"]);
    assert_eq!(told(&h, |c| matches!(c, Command::Edit { .. })), 0);
}

#[test]
fn a_gap_is_typed_in_the_timeline() {
    let mut h = window(&["Opening", "Second"]);
    h.state_mut().state_mut().timeline.view.show(1000.0, 58.0 * 48_000.0, 70.0 * 48_000.0, 0.0);
    h.run();
    let gap = rect(&h, "Gap before song 2").center();
    double_click(&mut h, gap);
    type_text(&mut h, "3,5");
    press(&mut h, Modifiers::NONE, Key::Enter);
    assert_eq!(h.state().backend().frame.session.songs[1].gap, RATE.frames_from_seconds(3.5));
}

#[test]
fn dragging_a_clip_changes_its_gap_in_one_undo_step_on_the_cd_grid() {
    let mut h = window(&["Opening", "Second"]);
    let from = rect(&h, "Clip 2 Second").center();
    let before = h.state().backend().frame.session.songs[1].gap;
    drag(&mut h, from, from + vec2(60.0, 0.0));
    let after = h.state().backend().frame.session.songs[1].gap;
    assert!(after > before + Frames(48_000), "{after:?}");
    assert!(told(&h, |c| matches!(c, Command::Edit { edit: Edit::SetGap { .. }, gesture: Some(_) })) > 2);
    let start = h.state().backend().frame.timeline.songs[1].start;
    assert_eq!(start.0 % RATE.frames_per_cd_frame(), 0);
    press(&mut h, Modifiers::COMMAND, Key::Z);
    assert_eq!(h.state().backend().frame.session.songs[1].gap, before);
}

#[test]
fn fades_and_trims_are_dragged_at_their_handles() {
    let mut h = window(&["Opening"]);
    let from = rect(&h, "Fade in of song 1").center();
    drag(&mut h, from, from + vec2(100.0, 0.0));
    assert!(h.state().backend().frame.session.songs[0].fade_in.frames > Frames(48_000));
    let from = rect(&h, "Tail of song 1").center();
    drag(&mut h, from, from - vec2(100.0, 0.0));
    assert!(h.state().backend().frame.session.songs[0].trim_end < Frames(48_000 * 59));
}

#[test]
fn the_wheel_zooms_at_the_pointer() {
    let mut h = window(&["Opening", "Second"]);
    let area = rect(&h, "Timeline");
    let pos = area.center();
    let before = h.state_mut().state_mut().timeline.view;
    let under = before.album_from_ui(area, pos.x);
    wheel(&mut h, pos, 3.0, Modifiers::NONE);
    let after = h.state_mut().state_mut().timeline.view;
    assert!(after.frames_per_point < 0.6 * before.frames_per_point);
    assert!((after.album_from_ui(area, pos.x) - under).abs() < 1.0);
}

#[test]
fn the_palette_finds_and_runs_a_command() {
    let mut h = window(&["Opening", "Second"]);
    press(&mut h, Modifiers::COMMAND, Key::K);
    type_text(&mut h, "play joint");
    press(&mut h, Modifiers::NONE, Key::Enter);
    assert_eq!(told(&h, |c| matches!(c, Command::Do(Action::PlayJoint))), 1);
    assert!(h.query_by_role(egui::accesskit::Role::TextInput).is_none());
}

#[test]
fn keys_do_their_commands_and_refused_ones_do_nothing() {
    let mut h = window(&["Opening", "Second"]);
    press(&mut h, Modifiers::NONE, Key::Space);
    press(&mut h, Modifiers::NONE, Key::G);
    assert_eq!(told(&h, |c| matches!(c, Command::Do(Action::PlayStop))), 1);
    assert_eq!(told(&h, |c| matches!(c, Command::Do(Action::PlayJoint))), 1);
    let mut h = window(&[]);
    press(&mut h, Modifiers::NONE, Key::Space);
    assert_eq!(told(&h, |_| true), 0);
}

#[test]
fn a_greyed_command_says_why() {
    let mut h = window(&[]);
    h.get_by_label("Song").click();
    h.run();
    let item = h.get_by_label_contains("Split at cursor");
    assert!(item.accesskit_node().is_disabled());
    let pos = item.rect().center();
    h.hover_at(pos);
    for _ in 0..60 {
        h.step();
    }
    assert!(h.query_by_label_contains("The album is empty").is_some());
}

#[test]
fn an_empty_album_teaches_and_imports_through_our_own_dialog() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mix.wav");
    std::fs::write(&file, b"").unwrap();
    let mut h = window(&[]);
    assert!(h.query_by_label("Drop mixes here").is_some());
    press(&mut h, Modifiers::COMMAND, Key::I);
    h.get_by_label("Path").focus();
    h.run();
    press(&mut h, Modifiers::COMMAND, Key::A);
    type_text(&mut h, &file.display().to_string());
    h.get_by_label("Import").click();
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::Import { paths, .. } if *paths == [file.clone()])), 1);
}

fn unsaved() -> Frame {
    let mut frame = Frame::still(Arc::new(session(&["Opening"])));
    frame.path = Some(PathBuf::from("album.glassmaster"));
    frame.save = SaveState::Unsaved;
    frame
}

#[test]
fn unsaved_work_is_asked_about_before_a_new_session() {
    let mut h = window_of(unsaved(), vec2(1280.0, 800.0));
    press(&mut h, Modifiers::COMMAND, Key::N);
    h.get_by_label("Cancel").click();
    h.run();
    assert_eq!(told(&h, |_| true), 0);
    press(&mut h, Modifiers::COMMAND, Key::N);
    h.get_by_label("Discard").click();
    h.run();
    h.get_by_label("Create").click();
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::New { sample_rate } if sample_rate.0 == 96_000)), 1);
}

#[test]
fn save_waits_for_the_disk_before_it_goes_on() {
    let mut h = window_of(unsaved(), vec2(1280.0, 800.0));
    press(&mut h, Modifiers::COMMAND, Key::N);
    h.get_by_label("Save").click();
    h.run_steps(4);
    assert_eq!(told(&h, |c| matches!(c, Command::Do(Action::Save))), 1);
    assert!(h.query_by_label("Create").is_none());
    h.state_mut().backend_mut().frame.save = SaveState::Saved;
    h.run_steps(4);
    assert!(h.query_by_label("Create").is_some());
}

#[test]
fn export_ddp_is_preset_and_sends_one_request() {
    let mut frame = Frame::still(Arc::new(session(&["Opening"])));
    let view = |id: &str, name: &str| DeliverableView {
        id: id.to_owned(),
        name: name.to_owned(),
        about: "For the test.".to_owned(),
        findings: Vec::new(),
        files: vec!["a".to_owned()],
        settings: &[],
    };
    frame.deliverables = Arc::new(vec![view("mp3_songs", "MP3"), view("ddp", "DDP 2.00")]);
    let mut h = window_of(frame, vec2(1280.0, 800.0));
    press(&mut h, Modifiers::COMMAND, Key::D);
    h.get_by_label("Start export").click();
    h.run();
    assert_eq!(
        told(&h, |c| matches!(c, Command::Export(r) if r.deliverables == ["ddp"] && r.title == "DDP")),
        1
    );
}

#[test]
fn a_missing_source_says_why_and_offers_to_relink() {
    let mut frame = Frame::still(Arc::new(session(&["Opening", "Second"])));
    let mut songs = (*frame.songs).clone();
    songs[1].source = SourceState::Failed("the source file is missing".to_owned());
    frame.songs = Arc::new(songs);
    let mut h = window_of(frame, vec2(1280.0, 800.0));
    h.get_by_label("Relink…").click();
    h.run();
    assert!(h.query_by_label("Use this file").is_some());
}

#[test]
fn the_metadata_table_marks_a_wrong_code() {
    let mut s = session(&["Opening"]);
    s.metadata.upc = "4006381333932".to_owned();
    let mut h = window_of(Frame::still(Arc::new(s)), vec2(1600.0, 1000.0));
    h.state_mut().state_mut().workspace = Workspace::Deliver;
    h.run();
    assert!(h.query_by_label_contains("the check digit should be 1").is_some());
}

#[test]
fn every_workspace_draws_with_and_without_songs() {
    for titles in [&["Opening", "Second"][..], &[]] {
        for size in [vec2(1280.0, 800.0), vec2(3840.0, 2160.0)] {
            let mut h = window_of(Frame::still(Arc::new(session(titles))), size);
            for workspace in Workspace::ALL {
                h.state_mut().state_mut().workspace = workspace;
                h.run();
            }
        }
    }
}

#[test]
fn nothing_important_overlaps_or_is_cut_off_at_1280_by_800() {
    let h = window_of(Frame::still(Arc::new(session(&["Opening", "Second", "Third"]))), vec2(1280.0, 800.0));
    let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0));
    let labels =
        ["Timeline", "Ruler", "Album overview", "Play", "Monitor level", "3 Third", "Show log", "Dim"];
    let rects: Vec<Rect> = labels.iter().map(|l| rect(&h, l)).collect();
    for (i, a) in rects.iter().enumerate() {
        assert!(screen.contains_rect(*a) && a.width() > 8.0 && a.height() > 8.0, "{}: {a:?}", labels[i]);
        for (j, b) in rects.iter().enumerate().skip(i + 1) {
            let both = a.shrink(1.0).intersect(b.shrink(1.0));
            assert!(!both.is_positive(), "{} and {} overlap: {a:?} {b:?}", labels[i], labels[j]);
        }
    }
    let timeline = rects[0];
    assert!(timeline.width() > 500.0 && timeline.height() > 180.0, "{timeline:?}");
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("not read here".to_owned())
    }
}

#[test]
fn dropped_files_are_imported() {
    let mut h = window(&["Opening"]);
    let path = PathBuf::from("/mixes/New song.wav");
    h.input_mut().dropped_files.push(Arc::new(Dropped(path.clone())));
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::Import { paths, .. } if *paths == [path.clone()])), 1);
}

#[test]
fn the_field_is_set_in_the_menu_of_its_heading() {
    let mut h = window(&["Opening"]);
    h.get_by_label_contains("Goniometer, Lissajous: mid – dBFS, side – dBFS");
    h.get_by_label_contains("Correlation –, min –, below 0: –");
    for (menu, entry) in [("Field settings", "Polar level"), ("Correlation settings", "Octaves")] {
        h.get_by_label(menu).click();
        h.run();
        h.get_by_label(entry).click();
        h.run();
    }
    let stereo = |c: &Command| match c {
        Command::SetMeters(settings) => Some(settings.stereo.clone()),
        _ => None,
    };
    let set: Vec<_> = h.state().backend().told.iter().filter_map(stereo).collect();
    // Each is a change of what is set.
    let level = StereoSettings { picture: FieldPicture::PolarLevel, ..StereoSettings::default() };
    let octaves = StereoSettings { bands: CorrelationBands::Octaves, ..level.clone() };
    assert_eq!(set, [level, octaves]);
}
