//! The level panel and the bit panel as hands, keys and screen readers find them.
#![cfg(feature = "ui-tests")]

use std::sync::Arc;

use egui::{Key, Modifiers, PointerButton, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use glassmaster::app::frame::{LevelView, MeterView, StereoView};
use glassmaster::app::meter_settings::{
    HoldMode, LevelScale, LevelSettings, MeterPoint, MeterSettings, RmsKind, RmsTime,
};
use glassmaster::app::{Action, Command};
use glassmaster::gui::panels::meters::MeterKind;
use glassmaster::meter::level::{BitReading, Needle};
use glassmaster::model::{Chain, Slot, SlotId};

mod ui_support;

use ui_support::{Window, click, frame_of, press, rect, seconds, session, told, type_text, window_of};

/// A window over levels of which a few are known.
fn window_with(level: LevelView, settings: LevelSettings, bits: bool) -> Window {
    let mut frame = frame_of(session(&["Opening", "Second"]));
    let mut meters = MeterSettings { level: settings, ..MeterSettings::default() };
    if bits {
        meters.layout.now.toggle_column("bits");
    }
    frame.meter_settings = Arc::new(meters);
    frame.meters = Arc::new(MeterView { level, ..MeterView::default() });
    window_of(frame, vec2(1600.0, 1000.0))
}

fn some_levels() -> LevelView {
    let needle = |db| Needle { now_dbfs: Some(db), max_dbfs: Some(db + 1.0) };
    LevelView {
        peak_dbfs: [Some(-1.4), Some(-3.2)],
        hold_dbfs: [Some(-0.3), Some(-1.1)],
        rms_dbfs: [Some(-12.8), Some(-13.5)],
        rms_600: [needle(-13.0), needle(-14.5)],
        vu: [needle(-16.4), needle(-18.2)],
        ppm_2: [needle(-10.0), needle(-14.0)],
        true_peak_dbtp: [Some(-0.61), Some(0.42)],
        true_peak_at: [Some(seconds(31.0)), Some(seconds(75.25))],
        true_peak_overs: [0, 3],
        overs: [2, 1],
        over_at: [Some(seconds(20.0)), Some(seconds(12.0))],
        ..LevelView::default()
    }
}

fn settings(h: &Window) -> LevelSettings {
    let told = &h.state().backend().told;
    let last = told.iter().rev().find_map(|c| match c {
        Command::SetMeters(settings) => Some(settings.level.clone()),
        _ => None,
    });
    last.unwrap_or_default()
}

fn open_menu(h: &mut Window, scale: &str) {
    h.get_by_label(&format!("Level meter, {scale}")).click();
    h.run();
}

/// With the keyboard alone.
fn type_number(h: &mut Window, label: &str, text: &str) {
    h.get_by_label(label).focus();
    h.run();
    press(h, Modifiers::NONE, Key::Enter);
    press(h, Modifiers::COMMAND, Key::A);
    type_text(h, text);
    press(h, Modifiers::NONE, Key::Enter);
}

#[test]
fn the_panel_speaks_its_values_with_their_units() {
    let h = window_with(some_levels(), LevelSettings::default(), false);
    h.get_by_label("Level, true peak +0.42 dBTP, peak −1.4 dBFS, RMS −12.8 dBFS, overs 3, true-peak overs 3");
    let k14 = LevelSettings { scale: LevelScale::K14, rms: RmsKind::Plain, ..LevelSettings::default() };
    let h = window_with(some_levels(), k14, false);
    h.get_by_label_contains("RMS plain −15.8 dBFS");
    h.get_by_label_contains("K-14 left +1.0 right −0.5 dB");
    let vu = LevelSettings { scale: LevelScale::Vu, rms_time: RmsTime::Ms600, ..LevelSettings::default() };
    let h = window_with(some_levels(), vu, false);
    h.get_by_label_contains("RMS −13.0 dBFS");
    h.get_by_label_contains("VU left +1.6 right −0.2 VU");
    let bbc = LevelSettings { scale: LevelScale::PpmBbc, ..LevelSettings::default() };
    let h = window_with(some_levels(), bbc, false);
    h.get_by_label_contains("PPM BBC left +6.0 right +5.0 PPM");
    let h = window_with(LevelView::default(), LevelSettings::default(), false);
    h.get_by_label_contains("true peak – dBTP, peak – dBFS");
}

#[test]
fn every_choice_of_the_menu_sets_what_it_says_and_the_menu_stays_open() {
    let mut h = window_with(some_levels(), LevelSettings::default(), false);
    open_menu(&mut h, "dBFS");
    type Is = fn(&LevelSettings) -> bool;
    let choices: [(&str, Is); 10] = [
        ("K-20", |l| l.scale == LevelScale::K20),
        ("VU", |l| l.scale == LevelScale::Vu),
        ("PPM Nordic", |l| l.scale == LevelScale::PpmNordic),
        ("PPM BBC", |l| l.scale == LevelScale::PpmBbc),
        ("Peak hold 10 s", |l| l.hold == HoldMode::TenSeconds),
        ("Peak hold Off", |l| l.hold == HoldMode::Off),
        ("RMS Plain", |l| l.rms == RmsKind::Plain),
        ("RMS over 600 ms", |l| l.rms_time == RmsTime::Ms600),
        ("0 VU at −20 dBFS", |l| (l.vu_reference_dbfs + 20.0).abs() < 1e-9),
        ("Over from 1 samples", |l| l.over_samples == 1),
    ];
    for (label, is) in choices {
        h.get_by_label(label).click();
        h.run();
        assert!(is(&settings(&h)), "{label}: {:?}", settings(&h));
    }
    // Numbers between are typed.
    type_number(&mut h, "VU reference", "-16.5");
    assert!((settings(&h).vu_reference_dbfs + 16.5).abs() < 1e-9, "{:?}", settings(&h));
    type_number(&mut h, "Full-scale samples in a row", "5");
    assert_eq!(settings(&h).over_samples, 5);
}

#[test]
fn the_menu_is_reached_with_the_keyboard() {
    let mut h = window_with(some_levels(), LevelSettings::default(), false);
    h.get_by_label("Level meter, dBFS").focus();
    h.run();
    press(&mut h, Modifiers::NONE, Key::Enter);
    h.get_by_label("K-12").focus();
    h.run();
    press(&mut h, Modifiers::NONE, Key::Enter);
    assert_eq!(settings(&h).scale, LevelScale::K12);
}

#[test]
fn a_click_resets_and_a_shift_click_goes_to_the_highest_true_peak() {
    let mut h = window_with(some_levels(), LevelSettings::default(), false);
    let panel = "Level, true peak +0.42 dBTP, peak −1.4 dBFS, RMS −12.8 dBFS, overs 3, true-peak overs 3";
    let at = rect(&h, panel).center();
    let seeks = |h: &Window| told(h, |c| matches!(c, Command::Seek(at) if *at == seconds(75.25)));
    let resets = |h: &Window| told(h, |c| matches!(c, Command::Do(Action::ResetMeters)));
    h.event_modifiers(egui::Event::PointerMoved(at), Modifiers::SHIFT);
    for pressed in [true, false] {
        let (pos, button, modifiers) = (at, PointerButton::Primary, Modifiers::SHIFT);
        h.event_modifiers(egui::Event::PointerButton { pos, button, pressed, modifiers }, Modifiers::SHIFT);
    }
    h.run();
    assert_eq!((seeks(&h), resets(&h)), (1, 0));
    click(&mut h, at, PointerButton::Primary);
    assert_eq!((seeks(&h), resets(&h)), (1, 1));
}

#[test]
fn the_menu_goes_to_what_was_found() {
    let mut h = window_with(some_levels(), LevelSettings::default(), false);
    open_menu(&mut h, "dBFS");
    h.get_by_label_contains("Go to the last over").click();
    h.run();
    assert_eq!(told(&h, |c| matches!(c, Command::Seek(at) if *at == seconds(20.0))), 1);
    let mut h = window_with(LevelView::default(), LevelSettings::default(), false);
    open_menu(&mut h, "dBFS");
    assert!(h.get_by_label_contains("Go to the highest true peak").accesskit_node().is_disabled());
}

#[test]
fn the_bits_are_spoken_and_stand_where_they_are_put() {
    let mut level = some_levels();
    level.bits = [
        BitReading { used: 16, ..BitReading::default() },
        BitReading { used: 24, stuck: 1 << (32 - 20), ..BitReading::default() },
    ];
    let h = window_with(level, LevelSettings::default(), true);
    h.get_by_label("Bits, left 16 bit used, right 24 bit used, still: 20");
    assert_eq!(MeterKind::of(Action::BitsWindow), Some(MeterKind::Bits));
}

#[test]
fn a_click_on_the_meter_point_chooses_where_the_meters_listen() {
    let mut h = window_with(some_levels(), LevelSettings::default(), false);
    h.get_by_label_contains("Meters listen at").click();
    h.run();
    h.get_by_label("As delivered, 44.1 kHz and 16 bit").click();
    h.run();
    let points = |c: &Command| matches!(c, Command::SetMeters(m) if m.point == MeterPoint::Delivered);
    assert_eq!(told(&h, points), 1);
}

fn chain(slots: &[(u64, &str)]) -> Arc<Chain> {
    let slots = slots.iter().map(|(id, kind)| Slot::new(SlotId(*id), kind)).collect();
    Arc::new(Chain { slots, ..Chain::default() })
}

/// Two songs; in the second, where the playhead is, two processors; behind them a limiter for the album. Nothing is selected.
fn window_with_chains() -> Window {
    let mut session = session(&["Opening", "Second"]);
    Arc::make_mut(&mut session.songs[0]).chain = chain(&[(11, "compressor")]);
    Arc::make_mut(&mut session.songs[1]).chain = chain(&[(21, "eq"), (22, "gain")]);
    let mut limiter = Slot::new(SlotId(31), "limiter");
    limiter.params.insert("ceiling_dbtp".to_owned(), (-1.0).into());
    limiter.output_db = -0.5;
    session.album_chain = Arc::new(Chain { slots: vec![limiter], ..Chain::default() });
    let mut frame = frame_of(session);
    frame.transport.cursor = seconds(90.0);
    window_of(frame, vec2(1600.0, 1000.0))
}

fn point(h: &Window) -> MeterPoint {
    h.state().backend().frame.meter_settings.point
}

#[test]
fn every_slot_is_chosen_by_its_name_with_the_keyboard_and_the_present_one_is_marked() {
    let mut h = window_with_chains();
    let button = "Meters listen at: listen at";
    for (label, slot) in [("Song 2, after 2 Gain", 22), ("Album, after 1 True-peak limiter", 31)] {
        h.get_by_label(button).focus();
        h.run();
        press(&mut h, Modifiers::NONE, Key::Enter);
        assert!(h.query_by_label("Song 1, after 1 Compressor").is_none(), "of the song at the playhead only");
        h.get_by_label(label).focus();
        h.run();
        press(&mut h, Modifiers::NONE, Key::Enter);
        assert_eq!(point(&h), MeterPoint::AfterSlot(SlotId(slot)));
    }
    h.get_by_label(button).click();
    h.run();
    let is_marked = |label: &str| {
        let toggled = h.get_by_label(label).accesskit_node().toggled();
        toggled == Some(egui::accesskit::Toggled::True)
    };
    assert!(is_marked("Album, after 1 True-peak limiter") && !is_marked("Master tap"));
}

#[test]
fn the_view_menu_and_the_palette_choose_where_the_meters_listen() {
    let mut h = window_with_chains();
    for label in ["View", "Meters", "Listen at"] {
        h.get_by_role_and_label(egui::Role::Button, label).click();
        h.run();
    }
    h.get_by_label("Song 2, after 1 Parametric EQ").click();
    h.run();
    assert_eq!(point(&h), MeterPoint::AfterSlot(SlotId(21)));
    for (words, action) in [
        ("meters listen at the source", Action::MetersSource),
        ("meters listen at the master tap", Action::MetersMaster),
        ("meters listen as delivered", Action::MetersDelivered),
        ("meters listen at the monitors", Action::MetersMonitor),
    ] {
        press(&mut h, Modifiers::COMMAND, Key::K);
        type_text(&mut h, words);
        press(&mut h, Modifiers::NONE, Key::Enter);
        assert_eq!(told(&h, |c| matches!(c, Command::Do(done) if *done == action)), 1, "{words}");
    }
}

#[test]
fn the_waveform_has_the_ceiling_behind_the_gain_out_of_the_limiter() {
    let mut h = window_with_chains();
    let mut settings = MeterSettings::default();
    settings.layout.now.toggle_column("trace");
    h.state_mut().backend_mut().frame.meter_settings = Arc::new(settings);
    h.run();
    h.get_by_label_contains("Waveform of the last 10 seconds: ceiling −1.5 dBTP, highest peak");
    let mut h = window_with(some_levels(), LevelSettings::default(), false);
    let mut settings = MeterSettings::default();
    settings.layout.now.toggle_column("trace");
    h.state_mut().backend_mut().frame.meter_settings = Arc::new(settings);
    h.run();
    h.get_by_label_contains("Waveform of the last 10 seconds: highest peak");
}

#[test]
fn correlation_and_field_are_spoken_at_most_twice_a_second() {
    let mut h = window_with(some_levels(), LevelSettings::default(), false);
    h.run_steps(40);
    let read = |h: &mut Window, value: f64| {
        let stereo = StereoView {
            correlation: Some(value),
            mid_side_dbfs: [Some(-10.0 - value), Some(-20.0)],
            ..StereoView::default()
        };
        h.state_mut().backend_mut().frame.meters = Arc::new(MeterView { stereo, ..MeterView::default() });
    };
    for what in ["Correlation +", "Goniometer, "] {
        read(&mut h, 0.9);
        h.run_steps(40);
        let said = |h: &Window| h.get_by_label_contains(what).accesskit_node().label();
        let mut texts = 0;
        for i in 0..60 {
            read(&mut h, 0.8 - f64::from(i / 3) * 0.01);
            let before = said(&h);
            h.step();
            texts += usize::from(said(&h) != before);
        }
        assert!((1..=3).contains(&texts), "{texts} texts in a second of {what}");
    }
}
