//! The loudness panel: M and S as bars, I big, and range, ratios and maxima of what was heard since the reset, of the song
//! or of the album by place. One decimal, always with a unit.

use egui::{Align2, Color32, Painter, Pos2, Rect, Role, Sense, Stroke, Ui, UiBuilder, Vec2, pos2, vec2};

use super::history::running_ui;
use super::parts::{
    LoudnessAxis, choices, heading_menu, loudness_menu, loudness_text, set_loudness, unit_word,
};
use super::{point_menu, speak};
use crate::app::Command;
use crate::app::command::MeterAct;
use crate::app::frame::{Frame, LoudnessView, PlaceReading};
use crate::app::meter_settings::{LoudnessPart, LoudnessSettings};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, theme};
use crate::gui::widgets::figures::{plain_reading, reading, signed};
use crate::units::ms_from_seconds;

/// Size the panel is made for, points; larger rooms magnify it.
const MADE_FOR: Vec2 = vec2(228.0, 182.0);
/// The figures are spread over this at most, points.
const WIDEST: f32 = 190.0;
/// A rest of the width that has room for the last minutes, points.
const HISTORY_FROM: f32 = 240.0;
/// Height of the buttons.
const CONTROLS: f32 = 24.0;
/// A range of less than this is not stable (Tech 3342), seconds.
const STABLE_S: f64 = 60.0;

/// What the panel shows beside M and S, of whichever part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Figures {
    integrated_lufs: Option<f64>,
    range_lu: Option<f64>,
    max_momentary_lufs: Option<f64>,
    max_short_term_lufs: Option<f64>,
    true_peak_dbtp: Option<f64>,
    plr_db: Option<f64>,
    psr_db: Option<f64>,
    min_psr_db: Option<f64>,
    measured_s: f64,
    stale_s: f64,
    /// Of how many seconds in all, where that is known.
    length_s: Option<f64>,
}

impl Figures {
    fn of(view: &LoudnessView, part: LoudnessPart) -> Self {
        match part {
            LoudnessPart::SinceReset => Self {
                integrated_lufs: view.integrated_lufs,
                range_lu: view.range_lu,
                max_momentary_lufs: view.max_momentary_lufs,
                max_short_term_lufs: view.max_short_term_lufs,
                true_peak_dbtp: view.max_true_peak_dbtp,
                plr_db: view.plr_db,
                psr_db: view.psr_db,
                min_psr_db: view.min_psr_db,
                measured_s: view.measured_s,
                stale_s: 0.0,
                length_s: None,
            },
            LoudnessPart::Song => view.song.as_ref().map(Self::of_place).unwrap_or_default(),
            LoudnessPart::Album => Self::of_place(&view.album),
        }
    }

    fn of_place(place: &PlaceReading) -> Self {
        Self {
            integrated_lufs: place.integrated_lufs,
            range_lu: place.range_lu,
            max_momentary_lufs: place.max_momentary_lufs,
            max_short_term_lufs: place.max_short_term_lufs,
            true_peak_dbtp: place.true_peak_dbtp.into_iter().flatten().reduce(f64::max),
            plr_db: place.plr_db,
            psr_db: place.psr_db,
            min_psr_db: place.min_psr_db,
            measured_s: place.measured_s,
            stale_s: place.stale_s,
            length_s: Some(place.length_s),
        }
    }

    fn is_stable(&self) -> bool {
        self.measured_s >= STABLE_S
    }
}

/// The panel, into all the room there is.
pub fn loudness_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    let settings = &frame.meter_settings.loudness;
    let view = &frame.meters.loudness;
    let figures = Figures::of(view, settings.part);
    heading_menu(ui, "Loudness", &remark(frame), |ui| settings_menu(ui, frame, out));
    let size = ui.available_size().max(vec2(120.0, 80.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    speak(ui, &response, Role::Meter, || spoken(settings, view, &figures));
    let body = Rect::from_min_max(rect.min, rect.max - vec2(0.0, CONTROLS));
    let zoom = (body.width() / MADE_FOR.x).min(body.height() / MADE_FOR.y).clamp(1.0, 3.0);
    let bars = Rect::from_min_size(body.min, vec2(62.0 * zoom, body.height()));
    bars_ui(ui, t, bars.shrink2(vec2(0.0, 6.0)), zoom, settings, view, &figures);
    let right = Rect::from_min_max(pos2(bars.right() + 12.0 * zoom, body.top()), body.max);
    figures_ui(ui, t, right, zoom, settings, view, &figures);
    let rest = Rect::from_min_max(pos2(right.left() + (WIDEST + 24.0) * zoom, body.top()), body.max);
    if rest.width() > HISTORY_FROM {
        history(ui, t, rest, frame, zoom);
    }
    let controls = Rect::from_min_max(pos2(rect.left(), body.bottom()), rect.max);
    controls_ui(ui, controls, frame, &figures, out);
}

/// The last minutes beside the figures, on a scale of their own, where a wide room has place for them.
fn history(ui: &Ui, t: &Theme, rect: Rect, frame: &Frame, zoom: f32) {
    let settings = &frame.meter_settings.loudness;
    let bottom = (rect.height() - 12.0).min(MADE_FOR.y * zoom);
    let plot = Rect::from_min_max(rect.min + vec2(30.0, 6.0), pos2(rect.right(), rect.top() + bottom - 15.0));
    let axis = LoudnessAxis::new(settings);
    ui.painter().rect_filled(plot, 2.0, t.ground);
    axis.marks_ui(ui.painter(), t, plot, plot.left() - 5.0, 26.0);
    let painter = ui.painter_at(plot);
    axis.grid_ui(&painter, t, plot, 26.0);
    axis.target_ui(&painter, t, plot, settings);
    running_ui(ui, t, plot, frame, &axis);
}

/// What the figures are of; “EBU Mode” only when it is.
fn remark(frame: &Frame) -> String {
    let settings = &frame.meter_settings.loudness;
    if frame.meters.gap {
        return "a stretch was not measured".to_owned();
    }
    if settings.is_ebu_mode(frame.meter_settings.point, frame.meters.gap) {
        return "EBU Mode".to_owned();
    }
    format!("0 LU = {} LUFS", crate::gui::widgets::figures::plain(settings.target(), 1))
}

fn spoken(settings: &LoudnessSettings, view: &LoudnessView, figures: &Figures) -> String {
    let unit = unit_word(settings);
    format!(
        "Loudness {}: integrated {} {unit}, short-term {} {unit}, momentary {} {unit}, range {} LU{}, true peak {} dBTP{}",
        settings.part.label(),
        loudness_text(settings, figures.integrated_lufs),
        loudness_text(settings, view.short_term_lufs),
        loudness_text(settings, view.momentary_lufs),
        plain_reading(figures.range_lu, 1),
        if figures.is_stable() { "" } else { ", not stable yet" },
        reading(figures.true_peak_dbtp, 1),
        if view.is_paused { ", paused" } else { "" },
    )
}

fn settings_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let settings = &frame.meter_settings.loudness;
    ui.label("Figures of");
    let parts = LoudnessPart::ALL.map(|p| (p, p.label()));
    if let Some(part) = choices(ui, settings.part, &parts) {
        set_loudness(frame, out, |l| l.part = part);
    }
    loudness_menu(ui, frame, out);
    ui.separator();
    ui.menu_button("Listen at", |ui| point_menu(ui, frame, out));
    if ui.button("Forget what was measured by place").clicked() {
        out.send(Command::Meter(MeterAct::ForgetPlaces));
        ui.close();
    }
}

fn bars_ui(
    ui: &Ui,
    t: &Theme,
    rect: Rect,
    zoom: f32,
    settings: &LoudnessSettings,
    view: &LoudnessView,
    figures: &Figures,
) {
    let painter = ui.painter();
    let axis = LoudnessAxis::new(settings);
    let left = rect.left() + 30.0 * zoom;
    let width = 13.0 * zoom;
    let area =
        Rect::from_x_y_ranges(left..=left + 2.0 * width + 4.0 * zoom, rect.top()..=rect.bottom() - 14.0);
    axis.marks_ui(painter, t, area, left - 5.0, 26.0);
    let bars = [
        ("M", view.momentary_lufs, figures.max_momentary_lufs),
        ("S", view.short_term_lufs, figures.max_short_term_lufs),
    ];
    for (i, (name, now, max)) in bars.into_iter().enumerate() {
        let x = left + i as f32 * (width + 4.0 * zoom);
        let bar = Rect::from_x_y_ranges(x..=x + width, area.y_range());
        painter.rect_filled(bar, 1.0, t.ground);
        if let Some(now) = now {
            let fill = Rect::from_x_y_ranges(bar.x_range(), axis.y(area, now)..=bar.bottom());
            painter.rect_filled(fill, 0.0, bar_colour(t, settings, now));
        }
        if let Some(max) = max {
            painter.hline(bar.x_range(), axis.y(area, max), Stroke::new(2.0, t.text));
        }
        let at = pos2(bar.center().x, rect.bottom() + 2.0);
        painter.text(at, Align2::CENTER_BOTTOM, name, t.font(t.small), t.text_weak);
    }
    axis.target_ui(painter, t, area, settings);
}

/// Green on the target or below, amber above its band.
fn bar_colour(t: &Theme, settings: &LoudnessSettings, lufs: f64) -> Color32 {
    if lufs > settings.target() + settings.band() { t.meter_mid } else { t.meter_low }
}

fn figures_ui(
    ui: &Ui,
    t: &Theme,
    rect: Rect,
    zoom: f32,
    settings: &LoudnessSettings,
    view: &LoudnessView,
    figures: &Figures,
) {
    let painter = ui.painter().with_clip_rect(rect.expand(2.0));
    let unit = unit_word(settings);
    let on_target =
        figures.integrated_lufs.is_some_and(|i| (i - settings.target()).abs() <= settings.band() + 1e-9);
    let ink = if on_target { t.master } else { t.text };
    let is_wide = rect.width() > 144.0 * zoom;
    let title = match is_wide {
        true => format!("integrated, {}", settings.part.label()),
        false => "integrated".to_owned(),
    };
    let integrated = loudness_text(settings, figures.integrated_lufs);
    let shown = big(&painter, t, rect.min, zoom, &title, (&integrated, t.readout, ink), unit);
    if rect.width() > 150.0 * zoom {
        let end = pos2(rect.right().min(rect.left() + WIDEST * zoom), shown.bottom());
        distance(&painter, t, (shown.right() + 6.0, end), zoom, settings, figures);
    }
    // In a wide room the figures stay together.
    let half = rect.width().min(WIDEST * zoom) / 2.0;
    let row = rect.min + vec2(0.0, 48.0 * zoom);
    // Without room beside the figures their unit stands in the name.
    let (names, size, unit_after) = match is_wide {
        true => (["short-term".to_owned(), "momentary".to_owned()], t.large, unit),
        false => ([format!("S {unit}"), format!("M {unit}")], t.title, ""),
    };
    let values = [view.short_term_lufs, view.momentary_lufs].map(|l| loudness_text(settings, l));
    for (i, (name, value)) in names.iter().zip(&values).enumerate() {
        let at = row + vec2(half * i as f32, 0.0);
        big(&painter, t, at, zoom, name, (value, size, t.text), unit_after);
    }
    // Since the reset it is of the last 3 s, by place of the loudest.
    let psr_name = match settings.part {
        LoudnessPart::SinceReset => "PSR now",
        LoudnessPart::Song | LoudnessPart::Album => "PSR at max S",
    };
    let range_name = match (figures.is_stable(), is_wide) {
        (true, _) => "LRA",
        (false, true) => "LRA, unstable",
        (false, false) => "LRA?",
    };
    let rows = [
        ("max S", loudness_text(settings, figures.max_short_term_lufs), unit),
        ("max M", loudness_text(settings, figures.max_momentary_lufs), unit),
        ("true peak", reading(figures.true_peak_dbtp, 1), "dBTP"),
        (range_name, plain_reading(figures.range_lu, 1), "LU"),
        ("PLR", plain_reading(figures.plr_db, 1), "dB"),
        (psr_name, plain_reading(figures.psr_db, 1), "dB"),
        ("PSR min", plain_reading(figures.min_psr_db, 1), "dB"),
    ];
    let font = t.font(t.small * zoom);
    for (i, (name, value, unit)) in rows.into_iter().enumerate() {
        let y = rect.top() + (92.0 + 13.5 * i as f32) * zoom;
        let weak = name == range_name && !figures.is_stable();
        painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, name, font.clone(), t.text_weak);
        let at = pos2((rect.left() + 118.0 * zoom).min(rect.right() - 30.0 * zoom), y);
        let ink = if weak { t.text_weak } else { t.text };
        painter.text(at, Align2::RIGHT_CENTER, value, font.clone(), ink);
        painter.text(at + vec2(4.0 * zoom, 0.0), Align2::LEFT_CENTER, unit, font.clone(), t.text_weak);
    }
}

/// A name, its value below and the unit after it; where the unit stands.
fn big(
    painter: &Painter,
    t: &Theme,
    at: Pos2,
    zoom: f32,
    name: &str,
    (value, size, ink): (&str, f32, Color32),
    unit: &str,
) -> Rect {
    painter.text(at, Align2::LEFT_TOP, name, t.font(t.small * zoom), t.text_weak);
    let shown = painter.text(at + vec2(0.0, 12.0 * zoom), Align2::LEFT_TOP, value, t.font(size * zoom), ink);
    let baseline = if size > 20.0 { 4.5 } else { 2.0 };
    painter.text(
        shown.right_bottom() + vec2(3.0, -baseline * zoom),
        Align2::LEFT_BOTTOM,
        unit,
        t.font(t.small * zoom),
        t.text_weak,
    )
}

/// How far the integrated loudness is from the target, on the line of the unit between a left and a right end; where figures
/// are in LU they say it themselves.
fn distance(
    painter: &Painter,
    t: &Theme,
    (left, end): (f32, Pos2),
    zoom: f32,
    settings: &LoudnessSettings,
    figures: &Figures,
) {
    let far = figures.integrated_lufs.map(|i| i - settings.target());
    let Some(far) = far.filter(|_| settings.unit == crate::app::meter_settings::LoudnessUnit::Lufs) else {
        return;
    };
    let text = format!("{} LU", signed(far, 1));
    let galley = painter.layout_no_wrap(text, t.font(t.small * zoom), t.text_weak);
    if end.x - galley.size().x >= left {
        painter.galley(end - galley.size(), galley, t.text_weak);
    }
}

fn controls_ui(ui: &mut Ui, rect: Rect, frame: &Frame, figures: &Figures, out: &mut Outbox) {
    let t = theme();
    let view = &frame.meters.loudness;
    let mut row =
        ui.new_child(UiBuilder::new().max_rect(rect).layout(egui::Layout::left_to_right(egui::Align::Max)));
    row.spacing_mut().item_spacing.x = 6.0;
    row.spacing_mut().interact_size.y = 20.0;
    row.spacing_mut().button_padding = vec2(6.0, 1.0);
    let small = |text: &str| egui::RichText::new(text).size(t.small);
    let (act, name) = match (view.is_paused, view.measured_s > 0.0) {
        (true, true) => (MeterAct::Continue, "Continue"),
        (true, false) => (MeterAct::Continue, "Start"),
        (false, _) => (MeterAct::Pause, "Pause"),
    };
    let help = "Integrated loudness, range and maxima since the reset stand still together; M and S go on";
    if row.button(small(name)).on_hover_text(help).clicked() {
        out.send(Command::Meter(act));
    }
    if row.button(small("Reset")).on_hover_text("Begins everything since the reset anew").clicked() {
        out.send(Command::Meter(MeterAct::Reset));
    }
    row.label(small(&measured_words(frame, figures)).color(t.text_weak));
}

/// How much was measured, and of how much.
fn measured_words(frame: &Frame, figures: &Figures) -> String {
    let measured = ms_from_seconds(figures.measured_s);
    let part = frame.meter_settings.loudness.part;
    match figures.length_s {
        _ if part == LoudnessPart::SinceReset && frame.meters.loudness.is_paused => {
            format!("{measured} paused")
        }
        None => measured,
        Some(length) if figures.stale_s >= 1.0 => {
            format!("{measured} of {}, {} old", ms_from_seconds(length), ms_from_seconds(figures.stale_s))
        }
        Some(length) => format!("{measured} of {}", ms_from_seconds(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_place_are_those_of_the_place() {
        let place = |lufs: f64| PlaceReading {
            integrated_lufs: Some(lufs),
            true_peak_dbtp: [Some(-1.5), Some(-1.0)],
            measured_s: 61.0,
            length_s: 90.0,
            ..PlaceReading::default()
        };
        let view = LoudnessView {
            integrated_lufs: Some(-20.0),
            measured_s: 59.0,
            song: Some(place(-11.0)),
            album: place(-12.0),
            ..LoudnessView::default()
        };
        let since = Figures::of(&view, LoudnessPart::SinceReset);
        assert_eq!((since.integrated_lufs, since.is_stable(), since.length_s), (Some(-20.0), false, None));
        let song = Figures::of(&view, LoudnessPart::Song);
        assert_eq!((song.integrated_lufs, song.is_stable()), (Some(-11.0), true));
        assert_eq!((song.true_peak_dbtp, song.length_s), (Some(-1.0), Some(90.0)));
        assert_eq!(Figures::of(&view, LoudnessPart::Album).integrated_lufs, Some(-12.0));
        let none = LoudnessView { song: None, ..view };
        assert_eq!(Figures::of(&none, LoudnessPart::Song), Figures::default());
    }
}
