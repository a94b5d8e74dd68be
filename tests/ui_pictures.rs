//! Pictures of panels, held against those that were looked at and accepted (`tests/snapshots`).
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --features snapshots --test ui_pictures` writes them anew; look before committing.
#![cfg(feature = "snapshots")]

mod ui_support;

use std::f64::consts::TAU;
use std::sync::Arc;

use egui::{Ui, Vec2, vec2};
use egui_kittest::{Harness, SnapshotOptions};
use glassmaster::app::Frame;
use glassmaster::app::frame::{
    AlbumRow, FocusView, LevelView, LoudnessView, MeterView, Mode, RowState, Selection, ServicePlay,
    SongFigures, SpectrumView, StereoView,
};
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::chain::{ChainState, chain_ui};
use glassmaster::gui::panels::meters::album_table::{AlbumTableState, album_table_ui};
use glassmaster::gui::panels::meters::meters_ui;
use glassmaster::gui::panels::meters::services::{ServicesState, services_ui};
use glassmaster::gui::panels::timeline::{TimelineState, timeline_ui};
use glassmaster::gui::theme::theme;
use glassmaster::meter::album::standings;
use glassmaster::model::{Chain, ChainRef, Fade, FadeShape, ParamValue, Session, Slot, SlotId, SongId};
use ui_support::{RATE, frame_of, seconds, session, window_of};

/// One rasteriser draws all of them (lavapipe), but its versions round the edges of letters and thin lines differently:
/// a pixel may be off by what the eye does not see (0.6 is a colour distance of about two grey levels in 255), and ten of
/// a picture, fewer than the smallest letter has, by more.
fn tolerance() -> SnapshotOptions {
    SnapshotOptions::new().threshold(0.6).max_failed_pixels(10)
}

/// Draws a panel alone on a frame of its own.
fn picture(name: &str, size: Vec2, draw: impl FnMut(&mut Ui) + 'static) {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_context_setup(glassmaster::gui::theme::install)
        .with_options(tolerance())
        .build_ui(draw);
    harness.run_steps(3);
    harness.snapshot(name);
}

#[test]
fn the_empty_start() {
    let size = vec2(1280.0, 800.0);
    let mut harness = window_of(Frame::still(Arc::new(Session::new(RATE))), size);
    harness.snapshot_options("empty_start", &tolerance());
}

/// Two songs that cross over six seconds, the second with a fade at its end, the first selected; a gap and a third.
#[test]
fn the_timeline_with_a_fade_and_a_crossfade() {
    let mut session = session(&["Opening", "Second", "Third"]);
    let song = Arc::make_mut(&mut session.songs[1]);
    song.gap = seconds(-6.0);
    song.fade_out = Fade { frames: seconds(8.0), shape: FadeShape::Cosine };
    song.gain_db = -1.5;
    let mut frame = frame_of(session);
    frame.selection = Selection { songs: vec![SongId(1)], ..Selection::default() };
    frame.transport.cursor = seconds(75.0);
    frame.transport.position = frame.transport.cursor;
    frame.transport.loop_range = Some((seconds(54.0), seconds(66.0)));
    let (mut state, mut out) = (TimelineState::default(), Outbox::default());
    let mut shown = false;
    picture("timeline", vec2(960.0, 320.0), move |ui| {
        timeline_ui(ui, &frame, &mut state, &mut out);
        if !std::mem::replace(&mut shown, true) {
            state.view.show(960.0, seconds(45.0).0 as f64, seconds(125.0).0 as f64, 0.0);
        }
    });
}

/// Sixty-four samples: the curve between them and a dot on each.
#[test]
fn the_timeline_at_sample_zoom() {
    let frame = frame_of(session(&["Opening"]));
    let (mut state, mut out) = (TimelineState::default(), Outbox::default());
    let mut shown = false;
    picture("samples", vec2(480.0, 240.0), move |ui| {
        timeline_ui(ui, &frame, &mut state, &mut out);
        if !std::mem::replace(&mut shown, true) {
            let from = seconds(5.0).0 as f64;
            state.view.show(480.0, from, from + 64.0, 0.0);
        }
    });
}

#[test]
fn the_meters_of_a_loud_passage() {
    let mut frame = Frame::still(Arc::new(Session::new(RATE)));
    frame.meters = Arc::new(MeterView {
        point: "master · master tap".to_owned(),
        level: LevelView {
            peak_dbfs: [Some(-1.4), Some(-3.2)],
            hold_dbfs: [Some(-0.3), Some(-1.1)],
            rms_dbfs: [Some(-12.8), Some(-13.5)],
            true_peak_dbtp: [Some(-0.12), Some(-1.02)],
            ..LevelView::default()
        },
        loudness: LoudnessView {
            momentary_lufs: Some(-8.9),
            short_term_lufs: Some(-9.6),
            integrated_lufs: Some(-10.2),
            range_lu: Some(6.4),
            max_momentary_lufs: Some(-7.1),
            max_short_term_lufs: Some(-8.4),
            plr_lu: Some(9.2),
            psr_lu: Some(8.1),
            min_psr_lu: Some(7.6),
            measured_s: 40.0,
            is_paused: false,
            short_term_history: Arc::new((0..400).map(|i| -14.0 + 5.0 * (i as f32 / 40.0).sin()).collect()),
        },
        stereo: StereoView { correlation: Some(0.62), min_correlation: Some(-0.15), balance_db: Some(-0.4) },
        gap: false,
    });
    frame.spectrum = Arc::new(spectrum());
    let point = |i: u32| {
        let at = f64::from(i) * 0.37;
        let (mid, side) = (0.5 * (at * 1.3).sin(), 0.2 * (at * 2.9).cos());
        [(mid + side) as f32, (mid - side) as f32]
    };
    frame.field = Arc::new((0..512).map(point).collect());
    let mut out = Outbox::default();
    picture("meters", vec2(252.0, 860.0), move |ui| meters_ui(ui, &frame, &mut out));
}

#[test]
fn the_eq_over_the_spectrum() {
    let mut slot = Slot::new(SlotId(1), "eq");
    for (band, kind, hz, db) in [
        (1, "bell", 210.0, -2.0),
        (2, "low_cut", 28.0, 0.0),
        (3, "bell", 3150.0, 1.2),
        (4, "high_shelf", 9500.0, 1.5),
    ] {
        let mut set = |what: &str, value: ParamValue| {
            slot.params.insert(format!("band{band}_{what}"), value);
        };
        set("enabled", ParamValue::Switch(true));
        set("type", ParamValue::Word(kind.to_owned()));
        set("freq_hz", ParamValue::Number(hz));
        set("gain_db", ParamValue::Number(db));
    }
    for (id, value) in [("band1_dyn_range_db", -5.0), ("band3_dyn_range_db", 3.0)] {
        slot.params.insert(id.to_owned(), ParamValue::Number(value));
    }
    let mut session = Session::new(RATE);
    session.album_chain = Arc::new(Chain { slots: vec![slot], ..Chain::default() });
    let mut frame = Frame::still(Arc::new(session));
    frame.selection = Selection { chain: ChainRef::Album, slot: Some(SlotId(1)), ..Selection::default() };
    frame.spectrum = Arc::new(spectrum());
    let (after, mut bands_db) = (spectrum(), vec![0.0; 24]);
    (bands_db[0], bands_db[2]) = (-2.5, 1.0);
    frame.focus = Arc::new(FocusView {
        slot: Some(SlotId(1)),
        before_db: after
            .now_db
            .iter()
            .enumerate()
            .map(|(i, db)| db + 1.5 * (i as f32 * 0.05).sin())
            .collect(),
        after_db: after.now_db,
        freqs_hz: after.freqs_hz,
        bands_db,
        ..FocusView::default()
    });
    let (mut state, mut out) = (ChainState::default(), Outbox::default());
    picture("eq", vec2(960.0, 380.0), move |ui| chain_ui(ui, &frame, &mut state, &mut out));
}

/// A spectrum with a hum of hills.
fn spectrum() -> SpectrumView {
    let freqs_hz: Vec<f32> = (0..200).map(|i| 10.0 * 2200f32.powf(i as f32 / 199.0)).collect();
    let level = |lift: f64| {
        let at = move |i: usize| {
            let place = i as f64 / 199.0;
            let hills = 5.0 * (TAU * place * 9.0).sin() + 2.0 * (TAU * place * 23.0).sin();
            (lift - 34.0 + hills - 90.0 * (place - 0.5).powi(2)) as f32
        };
        (0..200).map(at).collect()
    };
    SpectrumView {
        now_db: level(0.0),
        average_db: level(-3.0),
        peak_db: level(6.0),
        freqs_hz,
        label: "1/12 oct · 4.5 dB/oct".to_owned(),
        slope_db_oct: 4.5,
    }
}

/// Ten songs by formula: one too loud and over its peak, one dull, one nearly mono-less, one of before a change.
fn album_frame() -> Frame {
    let titles = [
        "Icyland",
        "Nebula",
        "Jungle",
        "Desert",
        "Coherence",
        "Laboratory",
        "Palace",
        "Motion",
        "Inevitable",
        "Hell",
    ];
    let mut frame = frame_of(session(&titles));
    let figures: Vec<SongFigures> = (0..titles.len())
        .map(|i| {
            let x = i as f64;
            let loud = if i == 9 { 3.4 } else { 0.0 };
            let lufs = -13.2 + (x * 1.7).sin() * 0.9 + loud;
            let peak = if i == 9 { -0.21 } else { -1.02 - 0.05 * x };
            SongFigures {
                duration_s: 180.0 + 9.0 * x,
                integrated_lufs: Some(lufs),
                max_short_term_lufs: Some(lufs + 2.3),
                max_momentary_lufs: Some(lufs + 3.9),
                loudness_range_lu: Some(if i == 6 { 12.4 } else { 5.2 + (x * 0.9).cos() }),
                true_peak_dbtp: Some(peak),
                sample_peak_dbfs: Some(peak - 0.3),
                rms_dbfs: Some(lufs - 0.4),
                plr_db: Some(peak - lufs),
                min_psr_db: Some(8.6 + (x * 0.7).sin()),
                dr: Some((9.0 + (x * 2.0).sin() * 2.0).round()),
                balance_db: Some([-5.0 + x.sin(), -2.6, if i == 3 { -18.0 } else { -12.5 + x.cos() }]),
                correlation: Some(if i == 4 { 0.12 } else { 0.62 + 0.02 * x }),
                start_lufs: Some(lufs - 4.0 - x),
                end_lufs: Some(lufs - 9.0),
            }
        })
        .collect();
    let rows =
        figures.iter().zip(standings(&figures, -1.0)).zip(1..).map(|((figures, standing), id)| AlbumRow {
            song: SongId(id),
            figures: Some(*figures),
            standing,
            state: if id == 3 { RowState::Stale } else { RowState::Fresh },
            measuring: id == 3,
        });
    frame.album.rows = Arc::new(rows.collect());
    frame.album.watched = true;
    let duration_s = figures.iter().map(|f| f.duration_s).sum();
    frame.album.whole = Some(SongFigures { duration_s, true_peak_dbtp: Some(-0.21), ..figures[1] });
    frame.album.services = Arc::new(glassmaster::store::services::built_in().unwrap());
    frame.selection = Selection { songs: vec![SongId(5)], ..Selection::default() };
    frame
}

#[test]
fn the_album_table_with_what_falls_out() {
    let frame = album_frame();
    let (mut state, mut out) = (AlbumTableState::default(), Outbox::default());
    picture("album_table", vec2(1120.0, 350.0), move |ui| {
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme().panel);
        album_table_ui(ui, &frame, &mut state, &mut out);
    });
}

#[test]
fn the_services_and_one_of_them_song_by_song() {
    let mut frame = album_frame();
    frame.transport.cursor = frame.timeline.songs[9].start;
    frame.album.playing = Some(ServicePlay {
        id: "apple_music".to_owned(),
        name: "Apple Music (Sound Check)".to_owned(),
        mode: Mode::Album,
        gain_db: Some(-3.7),
        held: None,
    });
    let mut state = ServicesState { chosen: Some("spotify".to_owned()), ..ServicesState::default() };
    let mut out = Outbox::default();
    picture("services", vec2(1120.0, 760.0), move |ui| {
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme().panel);
        services_ui(ui, &frame, &mut state, &mut out);
    });
}
