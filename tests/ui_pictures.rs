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
    FocusView, LevelTrace, LevelView, LoudnessView, MeterView, PlaceReading, Selection, SpectrumView,
    StereoView,
};
use glassmaster::app::meter_settings::{BuiltIn, LoudnessPart, LoudnessUnit, MeterSettings};
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::chain::{ChainState, chain_ui};
use glassmaster::gui::panels::meters::{MeterKind, MeterPanels, meters_ui};
use glassmaster::gui::panels::timeline::{TimelineState, timeline_ui};
use glassmaster::meter::loudness_counts::LoudnessCounts;
use glassmaster::meter::loudness_map::{LoudnessMap, MapCell};
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

/// Three songs half heard: every meter has something to show.
fn loud_passage() -> Frame {
    let mut session = session(&["Opening", "Second", "A third with a long title"]);
    let mut limiter = Slot::new(SlotId(7), "limiter");
    limiter.params.insert("ceiling_dbtp".to_owned(), ParamValue::Number(-1.0));
    session.album_chain = Arc::new(Chain { slots: vec![limiter], ..Chain::default() });
    let mut frame = frame_of(session);
    let album = PlaceReading {
        integrated_lufs: Some(-11.4),
        range_lu: Some(7.3),
        max_momentary_lufs: Some(-6.2),
        max_short_term_lufs: Some(-7.0),
        true_peak_dbtp: [Some(-0.98), Some(-1.02)],
        plr_db: Some(10.4),
        psr_db: Some(8.0),
        min_psr_db: Some(6.9),
        measured_s: 122.0,
        stale_s: 14.0,
        length_s: 186.0,
        ..PlaceReading::default()
    };
    let counts = LoudnessCounts::default();
    for i in 0..1200 {
        let (m, s) = loudness_at(f64::from(i) * 0.1);
        counts.momentary.add(f64::from(m));
        counts.short_term.add(f64::from(s));
    }
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
            max_true_peak_dbtp: Some(-0.12),
            plr_lu: Some(9.2),
            psr_lu: Some(8.1),
            min_psr_lu: Some(7.6),
            measured_s: 40.0,
            album,
            counts: Arc::new(counts),
            short_term_history: Arc::new((0..1800).map(|i| loudness_at(f64::from(i) * 0.1).1).collect()),
            ..LoudnessView::default()
        },
        stereo: StereoView {
            correlation: Some(0.62),
            min_correlation: Some(-0.15),
            balance_db: Some(-0.4),
            ..StereoView::default()
        },
        ..MeterView::default()
    });
    frame.spectrum = Arc::new(spectrum());
    let point = |i: u32| {
        let at = f64::from(i) * 0.37;
        let (mid, side) = (0.5 * (at * 1.3).sin(), 0.2 * (at * 2.9).cos());
        [(mid + side) as f32, (mid - side) as f32]
    };
    frame.field = Arc::new((0..512).map(point).collect());
    frame.loudness_map = Arc::new(heard_map());
    frame.level_trace = Arc::new(heard_trace());
    frame.transport.cursor = seconds(121.0);
    frame
}

/// Momentary and short-term loudness by formula, LUFS.
fn loudness_at(at_s: f64) -> (f32, f32) {
    let slow = -12.5 + 4.0 * (TAU * at_s / 47.0).sin() - 2.0 * (TAU * at_s / 13.0).cos();
    let quick = 1.6 * (TAU * at_s / 1.7).sin() + 0.9 * (TAU * at_s / 0.61).cos();
    ((slow + quick) as f32, (slow + 0.2 * quick) as f32)
}

/// Two songs heard, fourteen seconds of the second changed since, the third not heard.
fn heard_map() -> LoudnessMap {
    let map = LoudnessMap::new(RATE, seconds(186.0));
    for index in 0..1220 {
        let (momentary_lufs, short_term_lufs) = loudness_at(index as f64 * 0.1);
        map.write(index, MapCell { momentary_lufs, short_term_lufs, true_peak_dbtp: -1.0, is_stale: false });
    }
    map.mark_stale(900..1040);
    map
}

/// A minute of beats, limited by up to seven decibels.
fn heard_trace() -> LevelTrace {
    let trace = LevelTrace::default();
    for i in 0..6000u64 {
        let beat = (-(i as f64 % 50.0) / 14.0).exp();
        let swell = 0.6 + 0.3 * (TAU * i as f64 / 700.0).sin();
        let peak = if i == 5400 { 1.01 } else { (0.25 + 0.85 * beat * swell).min(0.891) };
        trace.write(peak as f32, (0.12 + 0.3 * beat * swell) as f32);
        trace.write_gain(i..i + 1, (-7.0 * beat * swell * swell) as f32);
    }
    trace
}

#[test]
fn the_meters_of_a_loud_passage() {
    let frame = loud_passage();
    let (mut panels, mut out) = (MeterPanels::default(), Outbox::default());
    picture("meters", vec2(252.0, 900.0), move |ui| meters_ui(ui, &frame, &mut panels, &mut out));
}

/// Draws one view into all the room of a lower panel.
fn view_picture(name: &str, kind: MeterKind, size: Vec2, zoom: f32, set: impl FnOnce(&mut MeterSettings)) {
    let mut frame = loud_passage();
    let mut settings = MeterSettings::default();
    set(&mut settings);
    frame.meter_settings = Arc::new(settings);
    let (mut panels, mut out) = (MeterPanels::default(), Outbox::default());
    let draw = move |ui: &mut Ui| {
        let ground = egui::Frame::NONE.fill(glassmaster::gui::theme::theme().panel).inner_margin(12);
        ground.show(ui, |ui| (kind.view().ui)(ui, &frame, &mut panels, &mut out));
    };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_pixels_per_point(zoom)
        .with_context_setup(glassmaster::gui::theme::install)
        .with_options(tolerance())
        .build_ui(draw);
    harness.run_steps(3);
    harness.snapshot(name);
}

#[test]
fn loudness_over_the_album() {
    view_picture("history", MeterKind::History, vec2(960.0, 260.0), 1.0, |_| {});
}

#[test]
fn loudness_of_the_last_minutes_at_150_percent() {
    view_picture("history_minutes", MeterKind::History, vec2(480.0, 200.0), 1.5, |m| {
        m.loudness.running_history = true;
        m.loudness.target_lufs = -14.0;
    });
}

#[test]
fn the_distribution_of_loudness() {
    view_picture("histogram", MeterKind::Histogram, vec2(560.0, 240.0), 1.5, |_| {});
}

#[test]
fn the_waveform_with_its_gain_reduction() {
    view_picture("trace", MeterKind::Trace, vec2(800.0, 240.0), 1.0, |m| m.loudness.trace_s = 30);
}

#[test]
fn loudness_as_large_as_a_window() {
    view_picture("loudness_window", MeterKind::Loudness, vec2(560.0, 480.0), 1.0, |m| {
        m.loudness.target_lufs = -14.0;
        m.loudness.unit = LoudnessUnit::Lu;
        m.loudness.part = LoudnessPart::Album;
    });
}

#[test]
fn loudness_in_the_narrowest_column_at_150_percent() {
    view_picture("loudness_narrow", MeterKind::Loudness, vec2(216.0, 267.0), 1.5, |_| {});
}

#[test]
fn the_loudness_layout_in_the_smallest_window() {
    let mut frame = loud_passage();
    let mut settings = MeterSettings::default();
    settings.layout.choose_built_in(BuiltIn::Loudness);
    frame.meter_settings = Arc::new(settings);
    let mut harness = window_of(frame, vec2(1280.0, 800.0));
    harness.snapshot_options("layout_loudness", &tolerance());
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
