//! The menu of the level panel: scale, hold, RMS, reference, what makes an over; and the ways to the places found.

use egui::{Align2, RichText, Sense, Ui, vec2};

use super::highest_place;
use crate::app::meter_settings::{
    HoldMode, LevelScale, LevelSettings, OVER_SAMPLES_RANGE, RmsKind, RmsTime, VU_REFERENCE_RANGE_DBFS,
};
use crate::app::{Action, Command, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::panels::menu::action_item;
use crate::gui::theme::theme;
use crate::gui::widgets::number::{NumberSpec, number_field};
use crate::units::{Frames, hms_from_seconds};

/// What the menu holds.
pub(super) fn level_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    ui.set_min_width(230.0);
    choices_ui(ui, frame, out);
    ui.separator();
    place_item(ui, frame, "Go to the highest true peak", highest_place(&frame.meters.level), out);
    let over = frame.meters.level.over_at.into_iter().flatten().max();
    place_item(ui, frame, "Go to the last over", over, out);
    action_item(ui, Action::ResetMeters, frame, out);
}

fn choices_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let now = &frame.meter_settings.level;
    let mut set = |change: &dyn Fn(&mut LevelSettings)| out.set_meters(frame, |m| change(&mut m.level));
    scale_rows(ui, now, &mut set);
    hold_row(ui, now, &mut set);
    rms_row(ui, now, &mut set);
    reference_row(ui, now, &mut set);
    over_row(ui, now, &mut set);
}

/// Changes the settings.
type Set<'a> = dyn FnMut(&dyn Fn(&mut LevelSettings)) + 'a;

fn scale_rows(ui: &mut Ui, now: &LevelSettings, set: &mut Set<'_>) {
    for (title, scales) in [("Scale", &LevelScale::ALL[..5]), ("PPM", &LevelScale::ALL[5..])] {
        row_ui(ui, title, |ui| {
            for &scale in scales {
                let word = scale.label().trim_start_matches("PPM ");
                if choice(ui, now.scale == scale, word, scale.label()) {
                    set(&|l| l.scale = scale);
                }
            }
        });
    }
}

fn hold_row(ui: &mut Ui, now: &LevelSettings, set: &mut Set<'_>) {
    row_ui(ui, "Peak hold", |ui| {
        for mode in HoldMode::ALL {
            if choice(ui, now.hold == mode, mode.label(), &format!("Peak hold {}", mode.label())) {
                set(&|l| l.hold = mode);
            }
        }
    });
}

fn rms_row(ui: &mut Ui, now: &LevelSettings, set: &mut Set<'_>) {
    row_ui(ui, "RMS", |ui| {
        for (kind, word) in [(RmsKind::Aes17, "AES17"), (RmsKind::Plain, "Plain")] {
            if choice(ui, now.rms == kind, word, &format!("RMS {word}")) {
                set(&|l| l.rms = kind);
            }
        }
        for (time, word) in [(RmsTime::Ms300, "300 ms"), (RmsTime::Ms600, "600 ms")] {
            if choice(ui, now.rms_time == time, word, &format!("RMS over {word}")) {
                set(&|l| l.rms_time = time);
            }
        }
    });
}

fn reference_row(ui: &mut Ui, now: &LevelSettings, set: &mut Set<'_>) {
    row_ui(ui, "0 VU", |ui| {
        for reference in [-14.0, -18.0, -20.0] {
            let word = format!("−{:.0}", -reference);
            let is_on = (now.vu_reference() - reference).abs() < 0.05;
            if choice(ui, is_on, &word, &format!("0 VU at {word} dBFS")) {
                set(&|l| l.vu_reference_dbfs = reference);
            }
        }
        let (low, high) = VU_REFERENCE_RANGE_DBFS;
        let spec =
            NumberSpec::new("VU reference", "dBFS", low, high).default_value(-18.0).decimals(1).signed();
        if let Some(value) = number_field(ui, "vu_reference", &spec, now.vu_reference(), 82.0).value {
            set(&|l| l.vu_reference_dbfs = (value * 10.0).round() / 10.0);
        }
    });
}

fn over_row(ui: &mut Ui, now: &LevelSettings, set: &mut Set<'_>) {
    row_ui(ui, "Over from", |ui| {
        for samples in [1, 3] {
            let label = format!("Over from {samples} samples");
            if choice(ui, now.run_length() == samples, &samples.to_string(), &label) {
                set(&|l| l.over_samples = samples);
            }
        }
        let (fewest, most) = OVER_SAMPLES_RANGE;
        let spec =
            NumberSpec::new("Full-scale samples in a row", "samples", f64::from(fewest), f64::from(most))
                .default_value(3.0)
                .decimals(0);
        let length = f64::from(now.run_length());
        if let Some(value) = number_field(ui, "over_samples", &spec, length, 92.0).value {
            set(&|l| l.over_samples = value.round() as u32);
        }
    });
}

fn row_ui(ui: &mut Ui, title: &str, add: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let t = theme();
        let (place, _) = ui.allocate_exact_size(vec2(58.0, 20.0), Sense::hover());
        ui.painter().text(place.left_center(), Align2::LEFT_CENTER, title, t.font(t.small), t.text_weak);
        add(ui);
    });
}

fn choice(ui: &mut Ui, is_on: bool, word: &str, label: &str) -> bool {
    let response = ui.selectable_label(is_on, word);
    let clicked = response.clicked() && !is_on;
    response.accessible_name(label.to_owned());
    clicked
}

fn place_item(ui: &mut Ui, frame: &Frame, words: &str, at: Option<Frames>, out: &mut Outbox) {
    let button = match at {
        Some(at) => {
            let time = hms_from_seconds(frame.rate().seconds_from_frames(at));
            egui::Button::new(words).shortcut_text(RichText::new(time).color(theme().text_weak))
        }
        None => egui::Button::new(words),
    };
    let response = ui.add_enabled(at.is_some(), button);
    if let Some(at) = at.filter(|_| response.clicked()) {
        out.send(Command::Seek(at));
        ui.close();
    }
    response.on_disabled_hover_text("Nothing found since the meters were reset, or its place is not known");
}
