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
    AlbumRow, CurveKind, CurveView, FieldView, FocusView, LevelTrace, LevelView, LoudnessView, MeterView,
    Mode, PlaceReading, RowState, Selection, ServicePlay, SongFigures, SpectrumView, StereoView,
};
use glassmaster::app::meter_settings::{
    BuiltIn, CorrelationBands, Difference, FieldPicture, LevelScale, LevelSettings, LoudnessPart,
    LoudnessUnit, MeterSettings, StereoSettings, TraceRef,
};
use glassmaster::app::telemetry::Meters;
use glassmaster::dsp::noise::Noise;
use glassmaster::engine::SamplePlace;
use glassmaster::gui::outbox::Outbox;
use glassmaster::gui::panels::chain::{ChainState, chain_ui};
use glassmaster::gui::panels::meters::album_table::{AlbumTableState, album_table_ui};
use glassmaster::gui::panels::meters::services::{ServicesState, services_ui};
use glassmaster::gui::panels::meters::{MeterKind, MeterPanels, meters_ui, spectrogram_ui, spectrum_ui};
use glassmaster::gui::panels::timeline::{TimelineState, timeline_ui};
use glassmaster::gui::theme::theme;
use glassmaster::meter::album::standings;
use glassmaster::meter::level::{BitReading, Needle};
use glassmaster::meter::loudness_counts::LoudnessCounts;
use glassmaster::meter::loudness_map::{LoudnessMap, MapCell};
use glassmaster::meter::spectrum::Channel;
use glassmaster::meter::stereo::{BandMeter, BandSplit, FoldDown, LowSide, PolarLevel, Scope, StereoMeter};
use glassmaster::model::{Chain, ChainRef, Fade, FadeShape, ParamValue, Session, Slot, SlotId, SongId};
use glassmaster::units::Frames;
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
            plr_db: Some(9.2),
            psr_db: Some(8.1),
            min_psr_db: Some(7.6),
            measured_s: 40.0,
            album,
            counts: Arc::new(counts),
            short_term_history: Arc::new((0..1800).map(|i| loudness_at(f64::from(i) * 0.1).1).collect()),
            ..LoudnessView::default()
        },
        stereo: stereo(),
        ..MeterView::default()
    });
    frame.spectrum = Arc::new(spectrum());
    frame.field = Arc::new(field());
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
fn loud_picture(name: &str, kind: MeterKind, size: Vec2, zoom: f32, set: impl FnOnce(&mut MeterSettings)) {
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
    loud_picture("history", MeterKind::History, vec2(960.0, 260.0), 1.0, |_| {});
}

#[test]
fn loudness_of_the_last_minutes_at_150_percent() {
    loud_picture("history_minutes", MeterKind::History, vec2(480.0, 200.0), 1.5, |m| {
        m.loudness.running_history = true;
        m.loudness.target_lufs = -14.0;
    });
}

#[test]
fn the_distribution_of_loudness() {
    loud_picture("histogram", MeterKind::Histogram, vec2(560.0, 240.0), 1.5, |_| {});
}

#[test]
fn the_waveform_with_its_gain_reduction() {
    loud_picture("trace", MeterKind::Trace, vec2(800.0, 240.0), 1.0, |m| m.loudness.trace_s = 30);
}

#[test]
fn loudness_as_large_as_a_window() {
    loud_picture("loudness_window", MeterKind::Loudness, vec2(560.0, 480.0), 1.0, |m| {
        m.loudness.target_lufs = -14.0;
        m.loudness.unit = LoudnessUnit::Lu;
        m.loudness.part = LoudnessPart::Album;
    });
}

#[test]
fn loudness_in_the_narrowest_column_at_150_percent() {
    loud_picture("loudness_narrow", MeterKind::Loudness, vec2(216.0, 267.0), 1.5, |_| {});
}

/// In the lower panel there is more width than anything needs: figures stay together.
#[test]
fn loudness_in_the_lower_panel() {
    loud_picture("loudness_strip", MeterKind::Loudness, vec2(1100.0, 320.0), 1.0, |_| {});
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

/// Levels of a loud passage, left over full scale.
fn levels() -> LevelView {
    let needle = |now: f64, max: f64| Needle { now_dbfs: Some(now), max_dbfs: Some(max) };
    LevelView {
        peak_dbfs: [Some(-1.4), Some(-3.2)],
        hold_dbfs: [Some(-0.3), Some(-1.1)],
        max_dbfs: [Some(0.0), Some(-0.8)],
        rms_dbfs: [Some(-12.8), Some(-13.5)],
        rms_600: [needle(-13.0, -10.2), needle(-13.6, -10.9)],
        vu: [needle(-16.4, -14.8), needle(-18.2, -15.6)],
        ppm_1: [needle(-8.2, -5.0), needle(-10.4, -6.3)],
        ppm_2: [needle(-10.6, -8.0), needle(-12.9, -9.1)],
        true_peak_now_dbtp: [Some(-1.2), Some(-3.0)],
        true_peak_dbtp: [Some(0.42), Some(-0.61)],
        true_peak_at: [Some(seconds(75.25)), Some(seconds(31.0))],
        true_peak_overs: [3, 0],
        full_scale_runs: 2,
        overs: [2, 0],
        over_at: [Some(seconds(75.25)), None],
        dc: [Some(0.000_021), Some(-0.000_004)],
        bits: [dithered(), BitReading { used: 24, stuck: 1 << (32 - 20), ..noisy(24) }],
        ..LevelView::default()
    }
}

fn noisy(bits: usize) -> BitReading {
    let activity = std::array::from_fn(|i| match i {
        i if i >= bits => 0.0,
        i if i < 4 => 0.06 * (i + 1) as f32,
        _ => 0.5,
    });
    BitReading { used: bits as u32, activity, ..BitReading::default() }
}

/// Sixteen bits in a word of 24.
fn dithered() -> BitReading {
    noisy(16)
}

fn frame_with_levels(settings: LevelSettings) -> Frame {
    let mut frame = Frame::still(Arc::new(Session::new(RATE)));
    let point = "master · master tap".to_owned();
    frame.meters = Arc::new(MeterView { point, level: levels(), ..MeterView::default() });
    frame.meter_settings = Arc::new(MeterSettings { level: settings, ..MeterSettings::default() });
    frame
}

/// The level panel on every face, in the size it has in the column, and once large as in a window of its own.
#[test]
fn the_levels_on_every_scale() {
    let frames =
        LevelScale::ALL.map(|scale| frame_with_levels(LevelSettings { scale, ..LevelSettings::default() }));
    let (mut panels, mut out) = (MeterPanels::default(), Outbox::default());
    let (cell, gap) = (vec2(228.0, 240.0), vec2(24.0, 20.0));
    picture("levels", vec2(780.0, 800.0), move |ui| {
        ui.painter().rect_filled(ui.max_rect().expand(20.0), 0.0, theme().panel);
        for (i, frame) in frames.iter().enumerate() {
            let place = vec2((i % 3) as f32, (i / 3) as f32) * (cell + gap);
            let rect = egui::Rect::from_min_size(egui::pos2(12.0, 12.0) + place, cell);
            let mut inner = ui.new_child(egui::UiBuilder::new().id_salt(i).max_rect(rect));
            (MeterKind::Level.view().ui)(&mut inner, frame, &mut panels, &mut out);
        }
    });
}

/// A view alone on the ground of a panel.
fn view_picture(name: &str, size: Vec2, kind: MeterKind, scale: LevelScale) {
    let frame = frame_with_levels(LevelSettings { scale, ..LevelSettings::default() });
    let (mut panels, mut out) = (MeterPanels::default(), Outbox::default());
    picture(name, size, move |ui| {
        ui.painter().rect_filled(ui.max_rect().expand(20.0), 0.0, theme().panel);
        let rect = egui::Rect::from_min_size(egui::pos2(12.0, 12.0), size - vec2(24.0, 24.0));
        let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect));
        (kind.view().ui)(&mut inner, &frame, &mut panels, &mut out);
    });
}

#[test]
fn the_levels_in_a_window_of_their_own() {
    view_picture("levels_large", vec2(620.0, 720.0), MeterKind::Level, LevelScale::Dbfs);
}

#[test]
fn the_levels_in_a_window_of_usual_size() {
    view_picture("levels_window", vec2(260.0, 420.0), MeterKind::Level, LevelScale::K14);
}

#[test]
fn the_levels_in_the_lower_panel() {
    view_picture("levels_strip", vec2(1100.0, 340.0), MeterKind::Level, LevelScale::PpmBbc);
}

#[test]
fn the_bits_in_the_lower_panel() {
    view_picture("bits_strip", vec2(1100.0, 340.0), MeterKind::Bits, LevelScale::Dbfs);
}

#[test]
fn the_bits_in_the_column() {
    view_picture("bits", vec2(252.0, 146.0), MeterKind::Bits, LevelScale::Dbfs);
}

#[test]
fn the_bits_in_a_window_of_their_own() {
    view_picture("bits_wide", vec2(664.0, 184.0), MeterKind::Bits, LevelScale::Dbfs);
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
        label: after.label,
        freqs_hz: after.freqs_hz,
        bands_db,
        ..FocusView::default()
    });
    let (mut state, mut out) = (ChainState::default(), Outbox::default());
    picture("eq", vec2(960.0, 380.0), move |ui| chain_ui(ui, &frame, &mut state, &mut out));
}

/// Four seconds that could be music: a bass in the middle, a chord spread over the width with phases of its own, hiss as
/// of a room; for half a second the bass is turned over at the right.
fn passage() -> [Vec<f64>; 2] {
    let noise = [0, 1].map(|channel| Noise::new(11, channel));
    let at = |channel: usize, n: i64| {
        let t = n as f64 / RATE.hz();
        let turn = if channel == 1 && (1.5..2.0).contains(&t) { -1.0 } else { 1.0 };
        let beat = (-4.0 * (t % 0.5)).exp();
        let bass = turn * 0.35 * beat * (TAU * 55.0 * t).sin();
        let chord: f64 = (0..12)
            .map(|k| {
                let k = f64::from(k);
                let (hz, pan) = (220.0 * (1.0 + 0.26 * k), (2.1 * k).sin());
                let gain = if channel == 0 { 1.0 - pan } else { 1.0 + pan };
                0.035 * gain * (TAU * hz * t + 1.3 * k + 0.25 * k * channel as f64).sin()
            })
            .sum();
        let hiss = 0.05 * beat * (noise[0].triangular(n) + 0.6 * noise[1].triangular(n + channel as i64));
        bass + chord * (0.6 + 0.4 * (TAU * 0.7 * t).sin()) + hiss
    };
    [0, 1].map(|channel| (0..4 * i64::from(RATE.0)).map(|n| at(channel, n)).collect())
}

/// Points of the goniometer at the end of the passage.
fn field() -> Vec<[f32; 2]> {
    let [left, right] = passage();
    let mut scope = Scope::new(RATE.0, 4096, 0.4);
    scope.push(&left, &right);
    scope.points().collect()
}

/// The stereo meters after the passage.
fn stereo_by(split: BandSplit) -> StereoView {
    let [left, right] = passage();
    let mut wide = StereoMeter::new(RATE.0);
    let mut bands = BandMeter::new(RATE.0, split, 0.3);
    let (mut fold_down, mut low_side) = (FoldDown::new(RATE.0), LowSide::new(RATE.0));
    let (mut scope, mut polar) = (Scope::new(RATE.0, 4096, 0.4), PolarLevel::new(RATE.0, 0.2));
    wide.push(&left, &right);
    bands.push(&left, &right);
    fold_down.push(&left, &right);
    low_side.push(&left, &right);
    scope.push(&left, &right);
    polar.push(&left, &right);
    let reading = wide.reading();
    StereoView {
        correlation: reading.needle.now,
        min_correlation: reading.needle.lowest.map(|l| l.value),
        min_at_s: reading.needle.lowest.map(|l| l.at_s),
        below_zero_s: reading.needle.below_zero_s,
        measured_s: reading.needle.measured_s,
        bands: bands.readings().collect(),
        balance_db: reading.balance_db,
        long_balance_db: reading.long_balance_db,
        fold_down_db: reading.fold_down_db,
        long_fold_down_db: reading.long_fold_down_db,
        long_fold_down_lu: fold_down.loss_lu(),
        mid_side_dbfs: [reading.mid_dbfs, reading.side_dbfs],
        low_side: low_side.since_reset(),
        low_side_now: low_side.now(),
        field: FieldView {
            spacing_s: scope.spacing_s(),
            persistence_s: 0.2,
            gain_db: scope.auto_gain_db(),
            polar: Arc::new(polar.sectors().collect()),
        },
        ..StereoView::default()
    }
}

fn stereo() -> StereoView {
    stereo_by(BandSplit::Three)
}

/// A frame whose stereo meters have heard the passage.
fn stereo_frame(settings: StereoSettings) -> Frame {
    let mut frame = Frame::still(Arc::new(Session::new(RATE)));
    let stereo = stereo_by(settings.bands.split());
    frame.meters = Arc::new(MeterView { stereo, ..MeterView::default() });
    frame.field = Arc::new(field());
    frame.meter_settings = Arc::new(MeterSettings { stereo: settings, ..MeterSettings::default() });
    frame
}

/// Draws the window of a meter.
fn meter_picture(name: &str, size: Vec2, meter: MeterKind, settings: StereoSettings) {
    let frame = stereo_frame(settings);
    let (mut panels, mut out) = (MeterPanels::default(), Outbox::default());
    picture(name, size, move |ui| {
        egui::Frame::NONE
            .fill(theme().panel)
            .inner_margin(12)
            .show(ui, |ui| meter.ui(ui, &frame, &mut panels, &mut out));
    });
}

#[test]
fn the_field_as_lissajous() {
    meter_picture("field_lissajous", vec2(420.0, 500.0), MeterKind::Field, StereoSettings::default());
}

#[test]
fn the_field_as_polar_samples() {
    let settings = StereoSettings { picture: FieldPicture::PolarSample, ..StereoSettings::default() };
    meter_picture("field_polar_sample", vec2(420.0, 400.0), MeterKind::Field, settings);
}

#[test]
fn the_field_as_polar_level() {
    let settings = StereoSettings { picture: FieldPicture::PolarLevel, ..StereoSettings::default() };
    meter_picture("field_polar_level", vec2(420.0, 400.0), MeterKind::Field, settings);
}

#[test]
fn the_correlation_in_three_bands() {
    let settings = StereoSettings::default();
    meter_picture("correlation", vec2(620.0, 340.0), MeterKind::Correlation, settings);
}

#[test]
fn the_correlation_in_a_tall_column() {
    let settings = StereoSettings::default();
    meter_picture("correlation_column", vec2(252.0, 340.0), MeterKind::Correlation, settings);
}

#[test]
fn the_correlation_by_octaves() {
    let settings = StereoSettings { bands: CorrelationBands::Octaves, ..StereoSettings::default() };
    meter_picture("correlation_octaves", vec2(620.0, 420.0), MeterKind::Correlation, settings);
}

#[test]
fn the_correlation_by_thirds() {
    let settings = StereoSettings { bands: CorrelationBands::Thirds, ..StereoSettings::default() };
    meter_picture("correlation_thirds", vec2(760.0, 640.0), MeterKind::Correlation, settings);
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
        channels: ["stereo", ""],
        average_over: "3 s",
        ..SpectrumView::default()
    }
}

/// What the meters make of a second of sound: hills of noise with a few tones, and a sweep.
fn heard(settings: &MeterSettings, seconds: u32) -> Arc<SpectrumView> {
    let mut meters = Meters::new(RATE, settings);
    let mut seed = 7u64;
    let mut noise = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let (mut low, mut lower, mut phase) = (0.0, 0.0, 0.0);
    let block = 800u32;
    for at in (0..seconds * RATE.0).step_by(block as usize) {
        let mut planes = [Vec::new(), Vec::new()];
        for i in at..at + block {
            let time = f64::from(i) / RATE.hz();
            let (common, apart) = (noise(), noise());
            low += 0.06 * (common - low);
            lower += 0.004 * (common - lower);
            phase += TAU * 80.0 * 2f64.powf(0.5 * time) / RATE.hz();
            let pulse = (-8.0 * time.fract()).exp();
            let tone = 0.25 * pulse * (TAU * 55.0 * time).sin()
                + 0.05 * phase.sin()
                + 0.02 * (TAU * 997.0 * time).sin();
            let mid = 0.5 * lower + 0.12 * low + 0.012 * common + tone;
            let side = 0.006 * apart;
            planes[0].push(mid + side);
            planes[1].push(mid - side);
        }
        let position = Some(Frames(i64::from(at) + 48_000 * 95));
        let place = SamplePlace { position, ..SamplePlace::default() };
        meters.push_at(&place, &planes[0], &planes[1]);
    }
    Arc::new(meters.spectrum())
}

/// A frame with curves of every kind behind what is heard.
fn with_curves(mut settings: MeterSettings, seconds: u32) -> Frame {
    let mut frame = Frame::still(Arc::new(Session::new(RATE)));
    settings.spectrum.shows_peak = true;
    let live = heard(&settings, seconds);
    let curve = |trace, kind, name: &str, hills: f32, spread: f32| {
        let place = |i: usize| i as f32 / live.average_db.len() as f32;
        let levels = live.average_db.iter().enumerate();
        let levels =
            levels.map(|(i, db)| db + hills * (place(i) * 21.0).sin() + 2.0 - 4.0 * place(i)).collect();
        let spread = live.average_db.iter().enumerate().map(|(i, _)| spread * (1.0 + place(i))).collect();
        CurveView {
            trace,
            kind,
            name: name.to_owned(),
            levels_db: Arc::new(levels),
            spread_db: Arc::new(if hills > 2.5 { spread } else { Vec::new() }),
            levelled_by_db: (kind == CurveKind::Reference).then_some(-1.4),
            is_shown: true,
        }
    };
    frame.curves = Arc::new(vec![
        curve(TraceRef::Album, CurveKind::Album, "album, 9 mixes", 3.0, 2.0),
        curve(TraceRef::Curve("r".to_owned()), CurveKind::Reference, "Blue Lines", 1.5, 0.0),
        curve(TraceRef::Frozen(0), CurveKind::Frozen(0), "verse", 0.8, 0.0),
    ]);
    frame.meter_settings = Arc::new(settings);
    frame.spectrum = live;
    frame
}

/// A drawing of the spectrum into all the room there is.
fn spectrum_picture(name: &str, size: Vec2, frame: Frame) {
    let mut out = Outbox::default();
    picture(name, size, move |ui| {
        spectrum_ui(ui, &frame, ui.available_size() - vec2(0.0, 21.0), &mut out);
    });
}

#[test]
fn the_spectrum_with_its_curves() {
    spectrum_picture("spectrum", vec2(820.0, 420.0), with_curves(MeterSettings::default(), 6));
}

#[test]
fn the_spectrum_in_the_column() {
    spectrum_picture("spectrum_column", vec2(252.0, 220.0), with_curves(MeterSettings::default(), 6));
}

/// Mid and side, and the one minus the other.
fn mid_and_side(difference: bool) -> Frame {
    let mut settings = MeterSettings::default();
    settings.spectrum.channel = Channel::Mid;
    settings.spectrum.second = Some(Channel::Side);
    let (of, minus) = (TraceRef::Average, TraceRef::Second);
    settings.spectrum.difference = difference.then_some(Difference { of, minus, range_db: 24.0 });
    let mut frame = with_curves(settings, 6);
    frame.curves = Arc::default();
    frame
}

#[test]
fn the_spectrum_of_mid_and_side() {
    spectrum_picture("spectrum_mid_side", vec2(520.0, 260.0), mid_and_side(false));
}

#[test]
fn the_spectrum_as_a_difference() {
    spectrum_picture("spectrum_difference", vec2(520.0, 260.0), mid_and_side(true));
}

fn spectrogram_picture(name: &str, size: Vec2) {
    let mut settings = MeterSettings::default();
    settings.spectrum.gram_seconds = 10;
    let frame = with_curves(settings, 14);
    let mut out = Outbox::default();
    picture(name, size, move |ui| {
        spectrogram_ui(ui, &frame, ui.available_size() - vec2(0.0, 21.0), &mut out);
    });
}

#[test]
fn the_spectrogram_of_a_sweep() {
    spectrogram_picture("spectrogram", vec2(820.0, 420.0));
}

#[test]
fn the_spectrogram_in_the_column() {
    spectrogram_picture("spectrogram_column", vec2(252.0, 200.0));
}

/// Ten songs by formula: one too loud and over its peak, one wide open, one far from mono, one of before a change.
#[expect(clippy::unwrap_used, reason = "a test")]
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
    let mut state = ServicesState::default();
    state.chosen = Some("spotify".to_owned());
    let mut out = Outbox::default();
    picture("services", vec2(1120.0, 760.0), move |ui| {
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme().panel);
        services_ui(ui, &frame, &mut state, &mut out);
    });
}
