//! The level panel: two bars on the scale chosen (dBFS, K, VU, PPM), true peak, RMS, overs, DC.
//!
//! In the column it shows the larger of both channels as figures; where there is room everything grows, true-peak bars
//! stand beside the sample bars, and figures are those of each channel.

mod face;
mod menu;

use egui::{Align2, Color32, Rect, Role, Sense, Stroke, Ui, Vec2, pos2, vec2};

use super::correlation::balance_words;
use super::parts::heading_with;
use super::point::point_button;
use super::speak;
use crate::app::frame::{AES17_OVER_PLAIN_DB, Frame, LevelView, is_full_scale_dbfs};
use crate::app::meter_settings::{HoldMode, LevelScale, LevelSettings, RmsKind, RmsTime};
use crate::app::{Action, Command};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::reading;
use crate::units::{Frames, hms_from_seconds};
use face::{Face, Tone};

/// Body at which figures have the usual size, points.
const USUAL: Vec2 = vec2(228.0, 260.0);
/// Bars of this height and more have their values under them, points.
const VALUES_FROM: f32 = 300.0;
/// A body of this width and more has figures for each channel, points.
const CHANNELS_FROM: f32 = 400.0;

/// What is drawn for a channel, dBFS.
#[derive(Debug, Clone, Copy, Default)]
struct Bar {
    /// Behind, light: the sample peak.
    light: Option<f64>,
    /// In front: average or pointer.
    solid: Option<f64>,
    mark: Option<f64>,
}

/// The panel.
pub fn level_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox, size: Vec2) {
    let t = theme();
    heading_ui(ui, t, frame, out);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    speak(ui, &response, Role::Meter, || spoken(frame));
    let response = response.on_hover_ui(|ui| hint_ui(ui, frame));
    if response.clicked() {
        match highest_place(&frame.meters.level).filter(|_| ui.input(|i| i.modifiers.shift)) {
            Some(place) => out.send(Command::Seek(place)),
            None => out.send(Command::Do(Action::ResetMeters)),
        }
    }
    let room = Room::of(rect);
    let face = Face::of(&frame.meter_settings.level);
    scale_ui(ui, t, &face, &room);
    for channel in 0..2 {
        channel_ui(ui, t, &face, &room, frame, channel);
    }
    figures_ui(ui, t, &face, &room, frame);
}

/// Where the highest true peak of both channels was.
fn highest_place(level: &LevelView) -> Option<Frames> {
    let [left, right] = level.true_peak_dbtp;
    let channel = usize::from(right > left);
    level.true_peak_at[channel]
}

fn highest(pair: [Option<f64>; 2]) -> Option<f64> {
    pair.into_iter().flatten().reduce(f64::max)
}

/// Title, scale, point and menu on one line.
fn heading_ui(ui: &mut Ui, t: &Theme, frame: &Frame, out: &mut Outbox) {
    let scale = frame.meter_settings.level.scale.label();
    let name = format!("Level meter, {scale}");
    let free = heading_with(ui, "Level", &name, |ui| menu::level_menu(ui, frame, out));
    let font = t.font(t.small);
    let shown = ui.painter().text(free.left_center(), Align2::LEFT_CENTER, scale, font, t.text);
    point_button(ui, frame, free.with_min_x(shown.right() + 8.0), out);
}

fn hint_ui(ui: &mut Ui, frame: &Frame) {
    let level = &frame.meters.level;
    let average = match frame.meter_settings.level.scale {
        LevelScale::Dbfs => "Peak light, RMS solid; the line is the held peak.",
        LevelScale::K12 | LevelScale::K14 | LevelScale::K20 => {
            "K-System, unweighted: RMS over 600 ms solid (a sine reads its peak), peak light; the line is the held peak."
        }
        LevelScale::Vu => "VU (IEC 60268-17): rectified average; the line is the highest since reset.",
        _ => "PPM (IEC 60268-10); the line is the highest since reset.",
    };
    ui.label(average);
    ui.label(
        "Overs are runs of full-scale samples, TP overs stretches above 0 dBTP; DC is the mean since reset.",
    );
    let time = |at: Frames| hms_from_seconds(frame.rate().seconds_from_frames(at));
    if let Some(at) = highest_place(level) {
        ui.label(format!("Highest true peak at {}: Shift-click goes there.", time(at)));
    }
    if let Some(at) = level.over_at.into_iter().flatten().max() {
        ui.label(format!("Last over at {}.", time(at)));
    }
    ui.label("A click resets holds, maxima and integrated readings.");
}

/// What a screen reader says.
fn spoken(frame: &Frame) -> String {
    let (level, settings) = (&frame.meters.level, &frame.meter_settings.level);
    let mut text = format!(
        "Level, true peak {} dBTP, peak {} dBFS, {} {} dBFS, overs {}, true-peak overs {}",
        reading(highest(level.true_peak_dbtp), 2),
        reading(highest(level.peak_dbfs), 1),
        rms_label(settings),
        reading(highest(rms_dbfs(level, settings)), 1),
        level.overs.iter().sum::<u64>(),
        level.true_peak_overs.iter().sum::<u64>(),
    );
    if settings.scale != LevelScale::Dbfs {
        let face = Face::of(settings);
        let [left, right] = [0, 1].map(|c| reading(bar_of(frame, c).solid.map(|db| face.value(db)), 1));
        let (scale, unit) = (settings.scale.label(), face.unit);
        text += &format!(", {scale} left {left} right {right} {unit}");
    }
    text
}

fn rms_label(settings: &LevelSettings) -> &'static str {
    match settings.rms {
        RmsKind::Aes17 => "RMS",
        RmsKind::Plain => "RMS plain",
    }
}

fn rms_dbfs(level: &LevelView, settings: &LevelSettings) -> [Option<f64>; 2] {
    let aes17 = match settings.rms_time {
        RmsTime::Ms300 => level.rms_dbfs,
        RmsTime::Ms600 => level.rms_600.map(|n| n.now_dbfs),
    };
    let under = if settings.rms == RmsKind::Plain { AES17_OVER_PLAIN_DB } else { 0.0 };
    aes17.map(|db| db.map(|db| db - under))
}

fn bar_of(frame: &Frame, channel: usize) -> Bar {
    let (level, settings) = (&frame.meters.level, &frame.meter_settings.level);
    let peak = |solid| Bar { light: level.peak_dbfs[channel], solid, mark: level.hold_dbfs[channel] };
    let pointer = match settings.scale {
        LevelScale::Dbfs => return peak(rms_dbfs(level, settings)[channel]),
        LevelScale::K12 | LevelScale::K14 | LevelScale::K20 => return peak(level.rms_600[channel].now_dbfs),
        LevelScale::Vu => level.vu[channel],
        LevelScale::PpmDin | LevelScale::PpmNordic => level.ppm_1[channel],
        LevelScale::PpmBbc | LevelScale::PpmEbu => level.ppm_2[channel],
    };
    let mark = pointer.max_dbfs.filter(|_| settings.hold != HoldMode::Off);
    Bar { light: None, solid: pointer.now_dbfs, mark }
}

/// The parts of the panel's body.
struct Room {
    /// Everything.
    whole: Rect,
    /// Both bars, with the true-peak bars.
    bars: Rect,
    /// The figures at the right.
    figures: Rect,
    /// How much larger than usual.
    grown: f32,
    has_values: bool,
    /// Figures are those of each channel.
    has_channels: bool,
}

impl Room {
    fn of(rect: Rect) -> Self {
        let grown = (rect.width() / USUAL.x).min(rect.height() / USUAL.y);
        let grown = (1.0 + 0.4 * (grown - 1.0)).clamp(1.0, 2.5);
        let (has_values, has_channels) = (rect.height() >= VALUES_FROM, rect.width() >= CHANNELS_FROM);
        let left = rect.left() + 26.0 * grown;
        let wanted = if has_channels { 208.0 } else { 126.0 };
        let figures = (wanted * grown).min(rect.width() * 0.56);
        let right = rect.right() - figures - 16.0 * grown;
        let width = (right - left).clamp(40.0, 150.0 * grown);
        let under = if has_values { 44.0 * grown } else { 6.0 };
        let bars =
            Rect::from_min_max(pos2(left, rect.top() + 7.0), pos2(left + width, rect.bottom() - under));
        // In a wide room the figures stay beside their names.
        let left = bars.right() + 16.0 * grown;
        let width = (rect.right() - left).min(figures.max(wanted * grown));
        let figures = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        Self { whole: rect, bars, figures, grown, has_values, has_channels }
    }

    /// The bar of a channel, and its true-peak bar where there is room for one.
    fn channel(&self, channel: usize) -> (Rect, Option<Rect>) {
        let gap = 4.0 * self.grown;
        let width = (self.bars.width() - gap) / 2.0;
        let left = self.bars.left() + channel as f32 * (width + gap);
        let whole = Rect::from_x_y_ranges(left..=left + width, self.bars.y_range());
        if width < 34.0 * self.grown {
            return (whole, None);
        }
        let (bar, narrow) = whole.split_left_right_at_x(whole.right() - width * 0.24);
        (bar, Some(narrow.with_min_x(narrow.left() + 2.0)))
    }

    fn small(&self, t: &Theme) -> egui::FontId {
        t.font(t.small * self.grown)
    }
}

fn scale_ui(ui: &Ui, t: &Theme, face: &Face, room: &Room) {
    let mut last = f32::NEG_INFINITY;
    let bars = room.bars;
    for (value, text) in face.marks.iter().filter(|(v, _)| face.has(*v)) {
        let y = bars.bottom() - face.place(*value) * bars.height();
        // In a low panel a mark without room is left out.
        if y - last < 11.0 * room.grown {
            continue;
        }
        last = y;
        // A word has less room than figures.
        let font = if text.len() > 3 && text.is_ascii() {
            t.font(t.small * room.grown * 0.8)
        } else {
            room.small(t)
        };
        let at = pos2(bars.left() - 6.0, y);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, font, t.text_weak);
        ui.painter().hline(bars.left() - 3.0..=bars.left() - 1.0, y, Stroke::new(1.0, t.line));
    }
}

fn colour(t: &Theme, tone: Tone) -> Color32 {
    match tone {
        Tone::Low => t.meter_low,
        Tone::Mid => t.meter_mid,
        Tone::High => t.meter_high,
    }
}

/// Fills a bar up to a level, each band in its colour.
fn fill(ui: &Ui, t: &Theme, face: &Face, rect: Rect, level_dbfs: Option<f64>, strength: f32) {
    let Some(value) = level_dbfs.map(|db| face.value(db)) else { return };
    let y_of = |v: f64| rect.bottom() - face.place(v) * rect.height();
    for (i, (from, to, tone)) in face.zones().enumerate() {
        if i == 0 || value > from {
            let bottom = if i == 0 { rect.bottom() } else { y_of(from) };
            let part = Rect::from_x_y_ranges(rect.x_range(), y_of(value.min(to))..=bottom);
            ui.painter().rect_filled(part, 0.0, faded(colour(t, tone), strength));
        }
    }
}

fn mark_ui(ui: &Ui, t: &Theme, face: &Face, rect: Rect, level_dbfs: Option<f64>) {
    let value = level_dbfs.map(|db| face.value(db)).filter(|v| *v > face.bottom());
    if let Some(value) = value {
        let y = rect.bottom() - face.place(value) * rect.height();
        ui.painter().hline(rect.x_range(), y, Stroke::new(2.0, t.text));
    }
}

fn channel_ui(ui: &Ui, t: &Theme, face: &Face, room: &Room, frame: &Frame, channel: usize) {
    let level = &frame.meters.level;
    let bar = bar_of(frame, channel);
    let (rect, narrow) = room.channel(channel);
    ui.painter().rect_filled(rect, 1.0, t.ground);
    fill(ui, t, face, rect, bar.light, 0.45);
    fill(ui, t, face, rect, bar.solid, 1.0);
    mark_ui(ui, t, face, rect, bar.mark);
    if let Some(narrow) = narrow {
        ui.painter().rect_filled(narrow, 1.0, t.ground);
        fill(ui, t, face, narrow, level.true_peak_now_dbtp[channel], 0.7);
        mark_ui(ui, t, face, narrow, level.true_peak_dbtp[channel]);
    }
    let lit = if level.overs[channel] > 0 || level.hold_dbfs[channel].is_some_and(is_full_scale_dbfs) {
        t.meter_high
    } else if level.true_peak_overs[channel] > 0 {
        t.meter_mid
    } else {
        t.ground
    };
    let lamp = Rect::from_min_size(rect.min - vec2(0.0, 6.0), vec2(room.channel(0).0.width(), 4.0));
    ui.painter().rect_filled(lamp, 1.0, lit);
    if room.has_values {
        values_ui(ui, t, face, room, frame, channel);
    }
}

/// Under a bar: the highest peak, what the bar shows, and true peak under its own bar.
fn values_ui(ui: &Ui, t: &Theme, face: &Face, room: &Room, frame: &Frame, channel: usize) {
    let level = &frame.meters.level;
    let (rect, _) = room.channel(channel);
    let step = 12.0 * room.grown;
    let now = bar_of(frame, channel).solid.map(|db| face.value(db));
    let side = if channel == 0 { "L" } else { "R" };
    let named = format!("{side} {}", face.unit);
    // Where the bar is narrower than side and unit, the unit stands with the figures alone.
    let fits =
        ui.painter().layout_no_wrap(named.clone(), room.small(t), t.text).size().x + 4.0 <= rect.width();
    let lines = [
        ("peak", reading(level.max_dbfs[channel], 1), t.text),
        (
            if frame.meter_settings.level.scale == LevelScale::Dbfs { "RMS" } else { "now" },
            face.text(now),
            t.text,
        ),
        ("", if fits { named } else { side.to_owned() }, t.text_weak),
    ];
    for (i, (name, value, ink)) in lines.into_iter().enumerate() {
        let y = rect.bottom() + 7.0 * room.grown + step * (i as f32 + 0.5);
        let center = pos2(rect.center().x, y);
        ui.painter().text(center, Align2::CENTER_CENTER, value, room.small(t), ink);
        if channel == 0 {
            let at = pos2(rect.left() - 4.0, y);
            ui.painter().text(
                at,
                Align2::RIGHT_CENTER,
                name,
                t.font(t.small * room.grown * 0.9),
                t.text_weak,
            );
        }
    }
}

/// A line of the figures: name, left and right, both in one word for a narrow panel, unit.
struct Line {
    name: &'static str,
    pair: [String; 2],
    both: String,
    unit: &'static str,
}

impl Line {
    fn level(name: &'static str, pair: [Option<f64>; 2], unit: &'static str) -> Self {
        Self { name, pair: pair.map(|v| reading(v, 1)), both: reading(highest(pair), 1), unit }
    }

    fn count(name: &'static str, pair: [u64; 2]) -> Self {
        let [left, right] = pair;
        let both = if left == right && left == 0 { "0".to_owned() } else { format!("{left} / {right}") };
        Self { name, pair: pair.map(|n| n.to_string()), both, unit: "" }
    }
}

fn lines(face: &Face, frame: &Frame) -> Vec<Line> {
    let (level, settings) = (&frame.meters.level, &frame.meter_settings.level);
    let mut lines = Vec::with_capacity(8);
    if settings.scale != LevelScale::Dbfs {
        let now = [0, 1].map(|c| bar_of(frame, c).solid.map(|db| face.value(db)));
        let (name, both) = (settings.scale.label(), face.text(highest(now)));
        lines.push(Line { name, pair: now.map(|v| face.text(v)), both, unit: face.unit });
    }
    if settings.hold != HoldMode::Off {
        lines.push(Line::level("peak hold", level.hold_dbfs, "dBFS"));
    }
    lines.push(Line::level(rms_label(settings), rms_dbfs(level, settings), "dBFS"));
    lines.push(Line::count("overs", level.overs));
    lines.push(Line::count("TP overs", level.true_peak_overs));
    let balance = balance_words(frame.meters.stereo.balance_db);
    let number = balance.trim_end_matches(" dB").to_owned();
    let pair = [String::new(), number.clone()];
    lines.push(Line { name: "balance", pair, both: number, unit: "dB" });
    let percent = level.dc.map(|dc| dc.map(|dc| 100.0 * dc));
    let widest = percent.into_iter().flatten().max_by(|a, b| a.abs().total_cmp(&b.abs()));
    let pair = percent.map(|p| reading(p, 3));
    lines.push(Line { name: "DC", pair, both: reading(widest, 3), unit: "%" });
    lines.push(Line::level("max peak", level.max_dbfs, "dBFS"));
    lines
}

fn figures_ui(ui: &Ui, t: &Theme, face: &Face, room: &Room, frame: &Frame) {
    let (painter, rect, k) = (ui.painter(), room.figures, room.grown);
    let peak = highest(frame.meters.level.true_peak_dbtp);
    let small = room.small(t);
    let top = rect.min + vec2(0.0, 4.0);
    painter.text(top, Align2::LEFT_TOP, "true peak", small.clone(), t.text_weak);
    let ink = peak.map_or(t.text_weak, |p| if p > 0.0 { t.meter_high } else { t.text });
    let big = t.font((t.readout * k).min(rect.width() / 4.4));
    let value = painter.text(top + vec2(0.0, 14.0 * k), Align2::LEFT_TOP, reading(peak, 2), big, ink);
    let unit_at = value.right_bottom() + vec2(4.0, -3.0 * k);
    painter.text(unit_at, Align2::LEFT_BOTTOM, "dBTP", small.clone(), t.text_weak);
    let unit_x = rect.right() - 26.0 * k;
    let columns = [unit_x - 44.0 * k, unit_x - 4.0];
    let step = 17.0 * k;
    let mut y = rect.top() + 58.0 * k;
    if room.has_channels {
        for (name, x) in ["L", "R"].into_iter().zip(columns) {
            painter.text(pos2(x, y), Align2::RIGHT_CENTER, name, small.clone(), t.text_weak);
        }
        y += step;
    }
    for line in lines(face, frame) {
        if y > room.whole.bottom() - 4.0 {
            break;
        }
        painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, line.name, small.clone(), t.text_weak);
        if room.has_channels {
            for (value, x) in line.pair.into_iter().zip(columns) {
                painter.text(pos2(x, y), Align2::RIGHT_CENTER, value, small.clone(), t.text);
            }
        } else {
            painter.text(pos2(columns[1], y), Align2::RIGHT_CENTER, line.both, small.clone(), t.text);
        }
        painter.text(pos2(unit_x, y), Align2::LEFT_CENTER, line.unit, small.clone(), t.text_weak);
        y += step;
    }
}
