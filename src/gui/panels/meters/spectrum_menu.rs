//! The menu of the spectrum: how it is analysed, what is drawn, frozen traces, curves of files, difference.

use egui::{RichText, Ui};

use crate::app::command::{CurveAct, MeterAct};
use crate::app::frame::{CurveKind, CurveView};
use crate::app::meter_settings::{
    AverageOver, Channel, Difference, FftSize, Slope, Smoothing, SpectrumSettings, TraceRef,
    USUAL_DIFFERENCE_DB, WindowKind,
};
use crate::app::{Command, Frame};
use crate::gui::outbox::{Outbox, Wish};
use crate::gui::theme::theme;

/// Scales of a difference, dB to each side.
const DIFFERENCES_DB: [f32; 4] = [3.0, 6.0, 12.0, 24.0];
/// Ways a held maximum falls, dB a second.
const FALLS: [(f64, &str); 3] = [(0.0, "holds"), (6.0, "falls 6 dB/s"), (20.0, "falls 20 dB/s")];
/// Letters of the frozen traces.
const LETTERS: [&str; 4] = ["A", "B", "C", "D"];

/// What the menu holds. It stays open: several things are chosen at a time, and names are typed in it.
pub(super) fn spectrum_menu_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    ui.set_min_width(190.0);
    let before = out.meters(frame).spectrum.clone();
    let mut settings = before.clone();
    analyser_ui(ui, &mut settings);
    ui.separator();
    traces_ui(ui, &mut settings, out);
    ui.separator();
    frozen_ui(ui, frame, out);
    curves_ui(ui, frame, &mut settings, out);
    difference_ui(ui, frame, &mut settings);
    if settings != before {
        out.set_meters(frame, |m| m.spectrum = settings);
    }
}

/// A submenu named by what is chosen in it.
fn choice<T: PartialEq + Copy>(
    ui: &mut Ui,
    label: &str,
    value: &mut T,
    options: &[T],
    word: impl Fn(T) -> String,
) {
    ui.menu_button(format!("{label}: {}", word(*value)), |ui| {
        for option in options {
            ui.radio_value(value, *option, word(*option));
        }
    });
}

fn analyser_ui(ui: &mut Ui, s: &mut SpectrumSettings) {
    choice(ui, "Size", &mut s.size, &FftSize::ALL, |n| n.base().to_string());
    choice(ui, "Window", &mut s.window, &WindowKind::ALL, |w| w.in_words().to_owned());
    choice(ui, "Smoothing", &mut s.smoothing, &Smoothing::ALL, |n| match n {
        Smoothing::None => "none (tones read their level)".to_owned(),
        Smoothing::Octave(_) => n.in_words(),
    });
    choice(ui, "Slope", &mut s.slope, &Slope::ALL, |n| format!("{} dB/oct", n.db_per_octave()));
    choice(ui, "Channel", &mut s.channel, &Channel::ALL, |c| c.in_words().to_owned());
    let seconds: Vec<Option<Channel>> =
        std::iter::once(None).chain(Channel::ALL.into_iter().map(Some)).collect();
    choice(ui, "Second channel", &mut s.second, &seconds, |c| {
        c.map_or_else(|| "none".to_owned(), |c| c.in_words().to_owned())
    });
    choice(ui, "Average over", &mut s.average, &AverageOver::ALL, |a| match a {
        AverageOver::Infinite => "all since reset".to_owned(),
        AverageOver::Song => "the song".to_owned(),
        _ => a.in_words().to_owned(),
    });
}

fn traces_ui(ui: &mut Ui, s: &mut SpectrumSettings, out: &mut Outbox) {
    ui.checkbox(&mut s.shows_now, "Now");
    ui.checkbox(&mut s.shows_average, "Average");
    ui.checkbox(&mut s.shows_peak, "Held maximum");
    ui.checkbox(&mut s.shows_minimum, "Held minimum");
    // A submenu whether or not the maximum is shown: what lies below stays where it is.
    let is_now = |fall: f64| (s.peak_fall_db_per_s - fall).abs() < 0.1;
    let word = FALLS.iter().find(|(fall, _)| is_now(*fall)).map_or("falls", |(_, word)| word);
    ui.menu_button(format!("The maximum {word}"), |ui| {
        for (fall, word) in FALLS {
            if ui.radio((s.peak_fall_db_per_s - fall).abs() < 0.1, word).clicked() {
                s.peak_fall_db_per_s = fall;
            }
        }
    });
    if ui.button("Reset average and holds").clicked() {
        out.send(Command::Meter(MeterAct::ResetSpectrum));
    }
}

fn frozen_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let frozen = |slot: usize| frame.curves.iter().find(|c| c.kind == CurveKind::Frozen(slot));
    let count = (0..LETTERS.len()).filter(|s| frozen(*s).is_some()).count();
    ui.menu_button(format!("Frozen traces: {count}"), |ui| {
        ui.set_min_width(220.0);
        for (slot, letter) in LETTERS.into_iter().enumerate() {
            ui.horizontal(|ui| match frozen(slot) {
                Some(curve) => frozen_row_ui(ui, slot, letter, curve, out),
                None => {
                    if ui.button(format!("Freeze the average as {letter}")).clicked() {
                        out.send(Command::Curve(CurveAct::Freeze(slot)));
                    }
                }
            });
        }
    });
}

fn frozen_row_ui(ui: &mut Ui, slot: usize, letter: &str, curve: &CurveView, out: &mut Outbox) {
    let mut is_shown = curve.is_shown;
    if ui.checkbox(&mut is_shown, letter).changed() {
        out.send(Command::Curve(CurveAct::ShowFrozen(slot, is_shown)));
    }
    if let Some(name) = name_ui(ui, &format!("Name of frozen trace {letter}"), &curve.name) {
        out.send(Command::Curve(CurveAct::NameFrozen(slot, name)));
    }
    if ui.button("Again").on_hover_text("Freezes the average as it is now.").clicked() {
        out.send(Command::Curve(CurveAct::Freeze(slot)));
    }
    if ui.button("Clear").clicked() {
        out.send(Command::Curve(CurveAct::ClearFrozen(slot)));
    }
}

/// A name to type over; the new one when it is left.
fn name_ui(ui: &mut Ui, label: &str, name: &str) -> Option<String> {
    let id = ui.scope_id().with(label);
    let mut text = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_else(|| name.to_owned());
    let edit = egui::TextEdit::singleline(&mut text).desired_width(110.0).align(egui::Align2::LEFT_CENTER);
    let response = ui.add(edit).accessible_name(label);
    if response.lost_focus() {
        ui.data_mut(|d| d.remove::<String>(id));
        let text = text.trim().to_owned();
        return (!text.is_empty() && text != name).then_some(text);
    }
    if response.changed() {
        ui.data_mut(|d| d.insert_temp(id, text));
    }
    None
}

fn curves_ui(ui: &mut Ui, frame: &Frame, s: &mut SpectrumSettings, out: &mut Outbox) {
    ui.menu_button("Curves of files", |ui| {
        ui.set_min_width(300.0);
        ui.checkbox(&mut s.shows_song, "Mix of the current song");
        ui.checkbox(&mut s.shows_album, "Mixes of the album ± spread");
        ui.checkbox(&mut s.shows_master, "Master of the current song");
        ui.checkbox(&mut s.shows_masters, "Masters of the album ± spread");
        let kept = |c: &&CurveView| matches!(c.kind, CurveKind::Reference | CurveKind::Genre);
        for curve in frame.curves.iter().filter(kept) {
            let TraceRef::Curve(id) = &curve.trace else { continue };
            ui.horizontal(|ui| kept_row_ui(ui, curve, id, s, out));
        }
        ui.separator();
        if ui.button("Reference from a file…").clicked() {
            out.wish(Wish::MeasureCurve { name: String::new(), several: false });
            ui.close();
        }
        genre_ui(ui, out);
        let note = "Curves lie as loud (K-weighted) as the average of what plays.";
        ui.label(RichText::new(note).size(theme().small).color(theme().text_weak));
    });
}

fn kept_row_ui(ui: &mut Ui, curve: &CurveView, id: &String, s: &mut SpectrumSettings, out: &mut Outbox) {
    let mut is_shown = s.shown_curves.contains(id);
    let word = if curve.kind == CurveKind::Genre { "genre" } else { "reference" };
    if ui.checkbox(&mut is_shown, word).changed() {
        s.shown_curves.retain(|c| c != id);
        if is_shown {
            s.shown_curves.push(id.clone());
        }
    }
    // The id is the name as a file can have it; the name of a genre goes on with the count of its files.
    let shown = curve.name.rsplit_once(", ").filter(|_| curve.kind == CurveKind::Genre);
    let name = shown.map_or(curve.name.as_str(), |(name, _)| name);
    if let Some(name) = name_ui(ui, &format!("Name of {word} {id}"), name) {
        out.send(Command::Curve(CurveAct::Rename { id: id.clone(), name }));
    }
    if ui.button("Remove").clicked() {
        out.send(Command::Curve(CurveAct::Remove(id.clone())));
    }
}

/// A name and the files of a genre.
fn genre_ui(ui: &mut Ui, out: &mut Outbox) {
    let id = ui.scope_id().with("genre name");
    let mut name = ui.data(|d| d.get_temp::<String>(id)).unwrap_or_default();
    ui.horizontal(|ui| {
        let edit = egui::TextEdit::singleline(&mut name)
            .hint_text("Genre")
            .desired_width(110.0)
            .align(egui::Align2::LEFT_CENTER);
        ui.add(edit).accessible_name("Name of a new genre");
        let wants = !name.trim().is_empty();
        if ui.add_enabled(wants, egui::Button::new("From files…")).clicked() {
            out.wish(Wish::MeasureCurve { name: name.trim().to_owned(), several: true });
            name.clear();
            ui.close();
        }
    });
    ui.data_mut(|d| d.insert_temp(id, name));
}

/// Every trace there is, with its word.
fn traces_of(frame: &Frame) -> Vec<(TraceRef, String)> {
    let mut traces = vec![
        (TraceRef::Average, "average".to_owned()),
        (TraceRef::Now, "now".to_owned()),
        (TraceRef::Peak, "held maximum".to_owned()),
        (TraceRef::Minimum, "held minimum".to_owned()),
    ];
    if !frame.spectrum.channels[1].is_empty() {
        traces.push((TraceRef::Second, format!("{} average", frame.spectrum.channels[1])));
    }
    traces.extend(frame.curves.iter().map(|c| (c.trace.clone(), c.name.clone())));
    traces
}

fn difference_ui(ui: &mut Ui, frame: &Frame, s: &mut SpectrumSettings) {
    let traces = traces_of(frame);
    let word = |trace: &TraceRef| {
        traces.iter().find(|(t, _)| t == trace).map_or_else(|| "–".to_owned(), |(_, word)| word.clone())
    };
    let title = s.difference.as_ref().map_or_else(
        || "Difference: off".to_owned(),
        |d| format!("Difference: {} − {}", word(&d.of), word(&d.minus)),
    );
    ui.menu_button(title, |ui| {
        if ui.radio(s.difference.is_none(), "Off").clicked() {
            s.difference = None;
        }
        let now = s.difference.clone().unwrap_or(Difference {
            of: TraceRef::Average,
            minus: TraceRef::Peak,
            range_db: USUAL_DIFFERENCE_DB,
        });
        ui.menu_button(format!("Show: {}", word(&now.of)), |ui| {
            for (trace, word) in &traces {
                if ui.radio(now.of == *trace, word).clicked() {
                    s.difference = Some(Difference { of: trace.clone(), ..now.clone() });
                }
            }
        });
        ui.menu_button(format!("Minus: {}", word(&now.minus)), |ui| {
            for (trace, word) in &traces {
                if ui.radio(now.minus == *trace, word).clicked() {
                    s.difference = Some(Difference { minus: trace.clone(), ..now.clone() });
                }
            }
        });
        for range_db in DIFFERENCES_DB {
            let is_on = s.difference.as_ref().is_some_and(|d| (d.range() - range_db).abs() < 0.1);
            if ui.radio(is_on, format!("±{range_db} dB")).clicked() {
                s.difference = Some(Difference { range_db, ..now.clone() });
            }
        }
    });
}
