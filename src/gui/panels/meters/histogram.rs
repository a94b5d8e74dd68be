//! How often which loudness came: S and M in bins of 0.5 LU, of the song, the album or since the reset, with the
//! integrated loudness and the ends of the loudness range (10th and 95th percentiles of S, EBU Tech 3342).

use std::ops::Range;
use std::sync::Arc;

use egui::{Align2, Mesh, Painter, Rangef, Rect, Role, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::parts::{choices, heading_menu, loudness_menu, loudness_text, set_loudness, unit_word};
use super::{MeterPanels, speak};
use crate::app::frame::Frame;
use crate::app::frame::LoudnessMap;
use crate::app::frame::{BIN_LU, LOWEST_LUFS, LoudnessCounts};
use crate::app::meter_settings::{LoudnessPart, LoudnessSettings};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::units::Frames;

/// A distribution is counted anew no more often than this while it changes, seconds.
const EVERY_S: f64 = 0.5;
/// Marks in the room below, points.
const MARKS: f32 = 15.0;
/// A plot this wide names its colours, points.
const LEGEND_FROM: f32 = 400.0;

/// What is only visual in the distribution.
#[derive(Debug, Default)]
pub struct HistogramState {
    counted: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    of: Source,
    at_s: f64,
    short_term: Vec<u32>,
    momentary: Vec<u32>,
    range_lufs: Option<(f64, f64)>,
}

/// What was counted, so that nothing is counted twice.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    Map { map: usize, cells: Range<usize>, changes: u64 },
    SinceReset { counts: usize, total: u64 },
}

impl Source {
    fn of(frame: &Frame, part: LoudnessPart) -> Self {
        let map = &frame.loudness_map;
        let in_map = |cells| Self::Map { map: Arc::as_ptr(map).addr(), cells, changes: map.changes() };
        match part {
            LoudnessPart::SinceReset => {
                let counts = &frame.meters.loudness.counts;
                Self::SinceReset { counts: Arc::as_ptr(counts).addr(), total: counts.momentary.total() }
            }
            LoudnessPart::Album => in_map(0..map.cells()),
            LoudnessPart::Song => in_map(song_cells(frame)),
        }
    }

    /// The same thing, if not in the same state.
    fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Map { map: a, cells: c, .. }, Self::Map { map: b, cells: d, .. }) => a == b && c == d,
            (Self::SinceReset { counts: a, .. }, Self::SinceReset { counts: b, .. }) => a == b,
            _ => false,
        }
    }
}

/// Cells of the song heard last, else of the one at the cursor.
fn song_cells(frame: &Frame) -> Range<usize> {
    let heard = frame.meters.loudness.song_id.and_then(|id| frame.timeline.song(id));
    let at = || frame.timeline.song_at(frame.transport.cursor);
    let map = &frame.loudness_map;
    heard.or_else(at).map_or(0..0, |s| map.index_at(s.start)..map.index_at(s.end - Frames(1)) + 1)
}

/// Counts what was measured in some cells of the map and is true still.
fn count_cells(map: &LoudnessMap, cells: Range<usize>) -> LoudnessCounts {
    let counts = LoudnessCounts::default();
    for cell in cells.filter_map(|i| map.cell(i)).filter(|c| !c.is_stale) {
        counts.momentary.add(f64::from(cell.momentary_lufs));
        counts.short_term.add(f64::from(cell.short_term_lufs));
    }
    counts
}

impl HistogramState {
    fn counted(&mut self, frame: &Frame, part: LoudnessPart, now_s: f64) -> Option<&Counted> {
        let of = Source::of(frame, part);
        let recent = |c: &Counted| c.of.is_of(&of) && (0.0..EVERY_S).contains(&(now_s - c.at_s));
        let fits = self.counted.as_ref().is_some_and(|c| c.of == of || recent(c));
        if !fits {
            let counts = match &of {
                Source::Map { cells, .. } => Arc::new(count_cells(&frame.loudness_map, cells.clone())),
                Source::SinceReset { .. } => Arc::clone(&frame.meters.loudness.counts),
            };
            self.counted = Some(Counted {
                of,
                at_s: now_s,
                short_term: counts.short_term.bins(),
                momentary: counts.momentary.bins(),
                range_lufs: counts.short_term.range_lufs(),
            });
        }
        self.counted.as_ref()
    }
}

/// The panel, into all the room there is.
pub fn histogram_ui(ui: &mut Ui, frame: &Frame, panels: &mut MeterPanels, out: &mut Outbox) {
    let t = theme();
    let settings = &frame.meter_settings.loudness;
    let part = settings.distribution;
    let remark = format!("{}, {}", part.label(), unit_word(settings));
    heading_menu(ui, "Distribution", &remark, |ui| {
        if let Some(part) = choices(ui, part, &LoudnessPart::ALL.map(|p| (p, p.label()))) {
            set_loudness(frame, out, |l| l.distribution = part);
        }
        loudness_menu(ui, frame, out);
    });
    let (rect, response) = ui.allocate_exact_size(ui.available_size().max(vec2(80.0, 40.0)), Sense::hover());
    let now_s = ui.input(|i| i.time);
    let Some(counted) = panels.histogram.counted(frame, part, now_s) else { return };
    let integrated = integrated_of(frame, part);
    speak(ui, &response, Role::Canvas, || spoken(settings, part, integrated, counted));
    let plot = Rect::from_min_max(rect.min, rect.max - vec2(0.0, MARKS));
    ui.painter().rect_filled(plot, 2.0, t.ground);
    let scale = Scale::new(settings, plot);
    marks_ui(ui, t, &scale, rect, settings);
    let painter = ui.painter_at(plot);
    let band = scale.x(settings.target() - settings.band())..=scale.x(settings.target() + settings.band());
    painter.rect_filled(Rect::from_x_y_ranges(band, plot.y_range()), 0.0, faded(t.master, 0.12));
    bars(&painter, &scale, &counted.momentary, faded(t.text, 0.22));
    bars(&painter, &scale, &counted.short_term, faded(t.master, 0.7));
    ends_ui(&painter, t, &scale, settings, counted, integrated);
    legend_ui(&painter, t, plot);
    response.on_hover_text(
        "Short-term green, momentary grey, in bins of 0.5 LU. I is the integrated loudness; 10 and 95 are the ends of the \
         loudness range.",
    );
}

fn integrated_of(frame: &Frame, part: LoudnessPart) -> Option<f64> {
    let view = &frame.meters.loudness;
    match part {
        LoudnessPart::SinceReset => view.integrated_lufs,
        LoudnessPart::Song => view.song.as_ref().and_then(|s| s.integrated_lufs),
        LoudnessPart::Album => view.album.integrated_lufs,
    }
}

fn spoken(
    settings: &LoudnessSettings,
    part: LoudnessPart,
    integrated: Option<f64>,
    counted: &Counted,
) -> String {
    let (low, high) = counted.range_lufs.unzip();
    let text = |v| loudness_text(settings, v);
    format!(
        "Loudness distribution, {}: integrated {} {unit}, range from {} to {} {unit}",
        part.label(),
        text(integrated),
        text(low),
        text(high),
        unit = unit_word(settings),
    )
}

/// The lying loudness scale.
struct Scale {
    low_lufs: f64,
    high_lufs: f64,
    plot: Rect,
}

impl Scale {
    fn new(settings: &LoudnessSettings, plot: Rect) -> Self {
        let (low_lufs, high_lufs) = settings.range_lufs();
        Self { low_lufs, high_lufs, plot }
    }

    fn x(&self, lufs: f64) -> f32 {
        let place = (lufs - self.low_lufs) / (self.high_lufs - self.low_lufs);
        self.plot.left() + place.clamp(-0.1, 1.1) as f32 * self.plot.width()
    }
}

fn marks_ui(ui: &Ui, t: &Theme, scale: &Scale, rect: Rect, settings: &LoudnessSettings) {
    let axis = super::parts::LoudnessAxis::new(settings);
    let painter = ui.painter_at(rect);
    for lufs in axis.marks_lufs(scale.plot.width(), 34.0) {
        let x = scale.x(lufs);
        painter.vline(x, scale.plot.y_range(), Stroke::new(1.0, faded(t.line, 0.5)));
        let text = axis.mark_text(lufs);
        let half = 8.0;
        let x = x.clamp(rect.left() + half, rect.right() - half);
        painter.text(pos2(x, rect.bottom()), Align2::CENTER_BOTTOM, text, t.font(t.small), t.text_weak);
    }
}

/// Bars as high as their share of the highest.
fn bars(painter: &Painter, scale: &Scale, bins: &[u32], colour: egui::Color32) {
    let highest = bins.iter().copied().max().unwrap_or(0).max(1) as f32;
    let mut mesh = Mesh::default();
    for (i, &count) in bins.iter().enumerate().filter(|(_, c)| **c > 0) {
        let from = LOWEST_LUFS + i as f64 * BIN_LU;
        let (left, right) = (scale.x(from), scale.x(from + BIN_LU));
        let height = count as f32 / highest * (scale.plot.height() - 16.0);
        let bar = Rect::from_min_max(
            pos2(left, scale.plot.bottom() - height.max(1.0)),
            pos2((right - 0.5).max(left + 0.5), scale.plot.bottom()),
        );
        mesh.add_colored_rect(bar, colour);
    }
    painter.add(Shape::mesh(mesh));
}

/// Which colour is which, where there is room beside the marks.
fn legend_ui(painter: &Painter, t: &Theme, plot: Rect) {
    if plot.width() <= LEGEND_FROM {
        return;
    }
    let mut x = plot.left() + 6.0;
    for (name, colour) in [("short-term", faded(t.master, 0.7)), ("momentary", faded(t.text, 0.22))] {
        let patch = Rect::from_min_size(pos2(x, plot.top() + 5.0), vec2(9.0, 7.0));
        painter.rect_filled(patch, 0.0, colour);
        let at = pos2(patch.right() + 4.0, plot.top() + 1.0);
        x = painter.text(at, Align2::LEFT_TOP, name, t.font(t.small), t.text_weak).right() + 10.0;
    }
}

/// Marks of the integrated loudness and of the ends of the range.
fn ends_ui(
    painter: &Painter,
    t: &Theme,
    scale: &Scale,
    settings: &LoudnessSettings,
    counted: &Counted,
    integrated: Option<f64>,
) {
    if counted.momentary.iter().all(|c| *c == 0) {
        let words = "Nothing was measured yet";
        painter.text(scale.plot.center(), Align2::CENTER_CENTER, words, t.font(t.small), t.text_weak);
        return;
    }
    let (low, high) = counted.range_lufs.unzip();
    let wide = scale.plot.width() > LEGEND_FROM;
    let top = scale.plot.top();
    let word = |text: String, ink| painter.layout_no_wrap(text, t.font(t.small), ink);
    let full = |name: &str, lufs| format!("{name} {}", loudness_text(settings, Some(lufs)));
    // The integrated loudness first; the ends of the range keep to their sides of it, in short where there is no room.
    let mut middle = Rangef::NOTHING;
    if let Some(lufs) = integrated {
        let galley = word(if wide { full("I", lufs) } else { "I".to_owned() }, t.text);
        middle = place_of(scale, scale.x(lufs) - galley.size().x / 2.0, galley.size().x);
        painter.vline(scale.x(lufs), top + 13.0..=scale.plot.bottom(), Stroke::new(1.0, t.text));
        painter.galley(pos2(middle.min, top + 1.0), galley, t.text);
    }
    for (lufs, name, is_low) in [(low, "10", true), (high, "95", false)] {
        let Some(lufs) = lufs else { continue };
        painter.vline(scale.x(lufs), top + 13.0..=scale.plot.bottom(), Stroke::new(1.0, t.text_weak));
        let long = wide.then(|| full(&format!("{name} %"), lufs));
        for text in long.into_iter().chain([name.to_owned()]) {
            let galley = word(text, t.text_weak);
            let width = galley.size().x;
            let left = if is_low {
                (scale.x(lufs) - 2.0).min(middle.min - 5.0) - width
            } else {
                (scale.x(lufs) + 2.0).max(middle.max + 5.0)
            };
            let place = place_of(scale, left, width);
            if place.max < middle.min || place.min > middle.max {
                painter.galley(pos2(place.min, top + 1.0), galley, t.text_weak);
                break;
            }
        }
    }
}

/// Where a word of a width stands, inside the plot.
fn place_of(scale: &Scale, left: f32, width: f32) -> Rangef {
    let left = left.min(scale.plot.right() - width - 2.0).max(scale.plot.left() + 2.0);
    Rangef::new(left, left + width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::frame::MapCell;
    use crate::model::Session;
    use crate::units::SampleRate;

    #[test]
    fn stale_and_unheard_cells_do_not_count() {
        let map = LoudnessMap::new(SampleRate(48_000), Frames(480_000));
        let cell = |lufs: f32| MapCell {
            momentary_lufs: lufs,
            short_term_lufs: lufs - 1.0,
            true_peak_dbtp: -1.0,
            is_stale: false,
        };
        (0..40).for_each(|i| map.write(i, cell(-12.0)));
        map.mark_stale(0..10);
        let counts = count_cells(&map, 5..60);
        assert_eq!((counts.momentary.total(), counts.short_term.total()), (30, 30));
        let bin = |bins: &[u32], lufs: f64| bins[((lufs - LOWEST_LUFS) / BIN_LU) as usize];
        assert_eq!((bin(&counts.momentary.bins(), -12.0), bin(&counts.short_term.bins(), -13.0)), (30, 30));
    }

    #[test]
    fn a_distribution_is_counted_anew_at_most_twice_a_second() {
        let mut frame = Frame::still(Arc::new(Session::new(SampleRate(48_000))));
        let mut state = HistogramState::default();
        let total = |c: Option<&Counted>| c.unwrap().momentary.iter().sum::<u32>();
        frame.meters = Arc::default();
        frame.meters.loudness.counts.momentary.add(-20.0);
        assert_eq!(total(state.counted(&frame, LoudnessPart::SinceReset, 10.0)), 1);
        frame.meters.loudness.counts.momentary.add(-20.0);
        assert_eq!(total(state.counted(&frame, LoudnessPart::SinceReset, 10.4)), 1);
        assert_eq!(total(state.counted(&frame, LoudnessPart::SinceReset, 10.6)), 2);
        // Another part is counted at once.
        assert_eq!(total(state.counted(&frame, LoudnessPart::Album, 10.6)), 0);
    }
}
