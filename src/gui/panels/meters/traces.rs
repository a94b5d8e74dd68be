//! The traces of the spectrum as lines with name and colour: live ones, curves of files, frozen ones, and differences.

use egui::{Color32, Pos2, Rect, Stroke, pos2};

use crate::app::Frame;
use crate::app::frame::{CurveKind, CurveView};
use crate::app::meter_settings::TraceRef;
use crate::gui::theme::{Theme, faded};
use crate::gui::widgets::fill::fill_columns;
use crate::gui::widgets::frequency::Axis;

/// Strength of the area under the average.
const FILL: f32 = 0.25;

/// One line of the plot.
pub(super) struct Line {
    /// As the legend and the cursor name it.
    pub name: String,
    /// Its colour.
    pub colour: Color32,
    /// Strength of the area down to the bottom (in a difference: to the line at 0 dB); 0 for none.
    pub fill: f32,
    /// Levels at the spectrum's frequencies, dB; NaN where there is none.
    pub levels_db: Vec<f32>,
    /// Deviation to each side, dB; empty for none.
    pub spread_db: Vec<f32>,
}

impl Line {
    fn live(name: String, colour: Color32, levels_db: &[f32]) -> Option<Self> {
        let is_there = !levels_db.is_empty();
        is_there.then(|| Self {
            name,
            colour,
            fill: 0.0,
            levels_db: levels_db.to_vec(),
            spread_db: Vec::new(),
        })
    }
}

/// What is drawn now, the hindmost first.
pub(super) fn lines_of(frame: &Frame, t: &Theme) -> Vec<Line> {
    let settings = &frame.meter_settings.spectrum;
    if let Some(difference) = &settings.difference {
        return difference_of(frame, t, &difference.of, &difference.minus).into_iter().collect();
    }
    let live = &frame.spectrum;
    let [first, second] = live.channels;
    // With one channel the traces need not say whose they are.
    let of = |word: &str, channel: &str| {
        if second.is_empty() { word.to_owned() } else { format!("{word} {channel}") }
    };
    let curves = frame.curves.iter().filter(|c| c.is_shown).map(|c| curve_line(t, c));
    let mut lines: Vec<Line> = curves.collect();
    if settings.shows_average {
        let name = of(&format!("average {}", live.average_over), first);
        let average = Line::live(name, t.master, &live.average_db);
        lines.extend(average.map(|line| Line { fill: FILL, ..line }));
    }
    lines.extend(Line::live(of("average", second), t.master_light, &live.second_average_db));
    let live_lines = [
        ("now", settings.shows_now, faded(t.text, 0.5), first, &live.now_db),
        ("now", settings.shows_now, faded(t.master_light, 0.5), second, &live.second_now_db),
        ("held", settings.shows_peak, faded(t.meter_mid, 0.7), first, &live.peak_db),
        ("lowest", settings.shows_minimum, faded(t.text_weak, 0.7), first, &live.minimum_db),
    ];
    for (word, is_wanted, colour, channel, levels) in live_lines {
        if is_wanted {
            lines.extend(Line::live(of(word, channel), colour, levels));
        }
    }
    lines
}

fn curve_line(t: &Theme, curve: &CurveView) -> Line {
    let mut name = match curve.kind {
        CurveKind::Frozen(_) => format!("{} (frozen)", curve.name),
        _ => curve.name.clone(),
    };
    if let Some(by_db) = curve.levelled_by_db.filter(|db| db.abs() >= 0.05) {
        let sign = if by_db < 0.0 { "−" } else { "+" };
        name.push_str(&format!(" ({sign}{:.1} dB)", by_db.abs()));
    }
    let level = |point| curve.level_db(point).unwrap_or(f32::NAN);
    Line {
        name,
        colour: colour_of(t, curve.kind),
        fill: 0.0,
        levels_db: (0..curve.levels_db.len()).map(level).collect(),
        spread_db: (*curve.spread_db).clone(),
    }
}

/// Mixes blue, masters with hues of their own, references orange, genres yellow, frozen traces each its own.
pub fn colour_of(t: &Theme, kind: CurveKind) -> Color32 {
    match kind {
        CurveKind::Song => t.mix,
        CurveKind::Album => t.wave_rms,
        CurveKind::Master => t.band(1),
        CurveKind::Masters => t.band(4),
        CurveKind::Reference => t.reference,
        CurveKind::Genre => t.band(6),
        CurveKind::Frozen(slot) => t.band([5, 7, 3, 0][slot % 4]),
    }
}

/// Levels of a trace by name with the word for it; `None` where there is none now.
fn levels_of(frame: &Frame, trace: &TraceRef) -> Option<(String, Vec<f32>)> {
    let live = &frame.spectrum;
    let [first, second] = live.channels;
    let (name, levels) = match trace {
        TraceRef::Now => (format!("{first} now"), &live.now_db),
        TraceRef::Average => (format!("{first} average"), &live.average_db),
        TraceRef::Peak => (format!("{first} held"), &live.peak_db),
        TraceRef::Minimum => (format!("{first} lowest"), &live.minimum_db),
        TraceRef::Second => (format!("{second} average"), &live.second_average_db),
        TraceRef::Song
        | TraceRef::Album
        | TraceRef::Master
        | TraceRef::Masters
        | TraceRef::Curve(_)
        | TraceRef::Frozen(_) => {
            let curve = frame.curves.iter().find(|c| c.trace == *trace)?;
            let level = |point| curve.level_db(point).unwrap_or(f32::NAN);
            return Some((curve.name.clone(), (0..curve.levels_db.len()).map(level).collect()));
        }
    };
    (!levels.is_empty()).then(|| (name, levels.clone()))
}

/// One trace minus another, point by point.
pub(super) fn difference_of(frame: &Frame, t: &Theme, of: &TraceRef, minus: &TraceRef) -> Option<Line> {
    let (a, of_db) = levels_of(frame, of)?;
    let (b, minus_db) = levels_of(frame, minus)?;
    let levels_db = of_db.iter().zip(&minus_db).map(|(a, b)| a - b).collect();
    Some(Line {
        name: format!("{a} − {b}"), colour: t.master, fill: FILL, levels_db, spread_db: Vec::new()
    })
}

/// Where a plot puts levels.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    /// Its rectangle.
    pub rect: Rect,
    /// Its frequencies.
    pub axis: Axis,
    /// Level at the top, dB.
    pub top_db: f32,
    /// Level at the bottom, dB.
    pub bottom_db: f32,
}

impl Scale {
    /// Place of a level; beyond the ends at the ends.
    pub fn y(&self, db: f32) -> f32 {
        egui::remap_clamp(db, self.top_db..=self.bottom_db, self.rect.top()..=self.rect.bottom())
    }

    /// Points of levels: the highest where several fall on one pixel.
    fn points(&self, freqs_hz: &[f32], levels_db: &[f32]) -> Vec<Pos2> {
        let mut points: Vec<Pos2> = Vec::with_capacity(levels_db.len());
        for (hz, db) in freqs_hz.iter().zip(levels_db).filter(|(_, db)| db.is_finite()) {
            let x = self.axis.x_from_hz(self.rect.x_range(), f64::from(*hz));
            if x < self.rect.left() - 40.0 || x > self.rect.right() + 40.0 {
                continue;
            }
            let y = self.y(*db);
            match points.last_mut() {
                Some(last) if x - last.x < 0.7 => last.y = last.y.min(y),
                _ => points.push(pos2(x, y)),
            }
        }
        points
    }

    /// Paints a line with its area and spread.
    pub fn paint(&self, painter: &egui::Painter, freqs_hz: &[f32], line: &Line, base_db: f32) {
        let points = self.points(freqs_hz, &line.levels_db);
        if points.len() < 2 {
            return;
        }
        if !line.spread_db.is_empty() {
            let moved = |sign: f32| -> Vec<f32> {
                line.levels_db.iter().zip(&line.spread_db).map(|(l, s)| l + sign * s).collect()
            };
            let (high, low) = (self.points(freqs_hz, &moved(1.0)), self.points(freqs_hz, &moved(-1.0)));
            fill_columns(
                painter,
                high.iter().zip(&low).map(|(a, b)| (a.x, a.y, b.y)),
                faded(line.colour, 0.18),
            );
        }
        if line.fill > 0.0 {
            let base = self.y(base_db);
            fill_columns(painter, points.iter().map(|p| (p.x, p.y, base)), faded(line.colour, line.fill));
        }
        painter.line(points, Stroke::new(1.2, line.colour));
    }
}
