//! The wave of a clip: one mesh for each channel from the columns of a [`Picture`], closer from the samples themselves, at
//! sample zoom the curve between them. Fades shape the wave, so that it looks as it sounds.
//!
//! Columns lie on a grid of source frames, not of the view, so that scrolling moves the same picture. They are kept
//! until zoom, data or the part in sight change.

use std::sync::Arc;

use egui::{Color32, Mesh, Painter, Rangef, Rect, Shape, Stroke, pos2};

use crate::app::frame::{Picture, WaveColumn};
use crate::gui::theme::theme;
use crate::model::{PlacedSong, SongId};
use crate::units::Frames;

/// Frames a point below which the wave is a line: through the samples, and closer the curve between them.
const LINE_ZOOM: f64 = 6.0;
/// Frames a point below which the curve between the samples is drawn.
const SAMPLE_ZOOM: f64 = 0.5;
/// Frames a pixel below which columns are made from the samples: the overview has no finer pieces.
const PIECE: f64 = 256.0;
/// Most samples columns are made from; farther out the overview is fine enough for its pieces not to be seen.
const MOST_SAMPLES: f64 = 131_000.0;
/// Samples on either side of the windowed sinc that draws the curve between samples.
const SINC_REACH: i64 = 8;

/// What is asked of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ask {
    picture: usize,
    channel: usize,
    from: f64,
    frames_per_pixel: f64,
    pixels: usize,
}

/// Columns drawn last time, by song and channel.
#[derive(Debug, Default)]
pub struct WaveCache {
    kept: Vec<(SongId, Ask, Vec<WaveColumn>)>,
}

impl WaveCache {
    /// Forgets songs that are gone.
    pub fn keep_only(&mut self, known: impl Fn(SongId) -> bool) {
        self.kept.retain(|(song, ..)| known(*song));
    }

    /// Columns of the left channel.
    pub fn left(
        &mut self,
        song: SongId,
        picture: &Arc<dyn Picture>,
        from: f64,
        frames_per_pixel: f64,
        pixels: usize,
    ) -> &[WaveColumn] {
        let id = Arc::as_ptr(picture).cast::<()>() as usize;
        let ask = Ask { picture: id, channel: 0, from, frames_per_pixel, pixels };
        self.columns(song, picture.as_ref(), ask)
    }

    fn columns(&mut self, song: SongId, picture: &dyn Picture, ask: Ask) -> &[WaveColumn] {
        let place = self.kept.iter().position(|(s, a, _)| *s == song && a.channel == ask.channel);
        let index = place.unwrap_or_else(|| {
            self.kept.push((song, Ask { pixels: 0, ..ask }, Vec::new()));
            self.kept.len() - 1
        });
        let entry = &mut self.kept[index];
        // A picture that grows is asked again until it is whole.
        if entry.1 != ask || entry.2.len() < ask.pixels {
            let close = from_samples(picture, ask);
            entry.2 = close
                .unwrap_or_else(|| picture.columns(ask.channel, ask.from, ask.frames_per_pixel, ask.pixels));
            entry.1 = ask;
        }
        &entry.2
    }
}

/// Columns from the samples themselves; `None` where the overview is fine enough or the samples are not read yet.
fn from_samples(picture: &dyn Picture, ask: Ask) -> Option<Vec<WaveColumn>> {
    let frames = ask.frames_per_pixel * ask.pixels as f64;
    if ask.frames_per_pixel >= PIECE || frames > MOST_SAMPLES {
        return None;
    }
    let first = ask.from.floor() as i64;
    let samples = picture.samples(ask.channel, first, frames.ceil() as usize + 3)?;
    let place = |pixel: usize| (ask.from + pixel as f64 * ask.frames_per_pixel - first as f64) as usize;
    let column = |pixel: usize| {
        // To the first sample of the next column, so that the wave has no holes.
        let own = samples.get(place(pixel)..=place(pixel + 1))?;
        let (mut min, mut max, mut power) = (f32::INFINITY, f32::NEG_INFINITY, 0.0);
        for &sample in own {
            (min, max) = (min.min(sample), max.max(sample));
            power += f64::from(sample) * f64::from(sample);
        }
        Some(WaveColumn { min, max, rms: (power / own.len() as f64).sqrt() as f32 })
    };
    (0..ask.pixels).map(column).collect()
}

/// What part of a source is drawn where.
pub struct WaveArea<'a> {
    /// Whose.
    pub song: SongId,
    /// Its picture.
    pub picture: &'a Arc<dyn Picture>,
    /// Points from left to right that are in sight.
    pub x: Rangef,
    /// Source frame at the left of `x`.
    pub from_source: f64,
    /// Frames a point.
    pub frames_per_point: f64,
    /// Pixels a point.
    pub pixels_per_point: f32,
    /// Factor on the samples.
    pub gain: f32,
    /// Whose fades shape the wave; `None` shows it as it is in the file.
    pub fades: Option<&'a PlacedSong>,
    /// Peak and RMS colour.
    pub colours: (Color32, Color32),
}

impl WaveArea<'_> {
    /// Factor at a source frame, with the fades.
    fn gain_at(&self, pos_source: f64) -> f32 {
        let fade = self.fades.map_or(1.0, |placed| {
            let at = Frames(pos_source.round() as i64) - placed.source_start + placed.start;
            // The file goes on beyond its ends only in a ghost.
            placed.fade_gain_at(at.max(placed.start))
        });
        self.gain * fade as f32
    }
}

/// Draws one channel into a lane.
pub fn wave_ui(painter: &Painter, lane: Rect, area: &WaveArea<'_>, channel: usize, cache: &mut WaveCache) {
    painter.hline(
        area.x,
        lane.center().y,
        Stroke::new(1.0, crate::gui::theme::faded(theme().line_strong, 0.5)),
    );
    if area.frames_per_point < LINE_ZOOM && samples_ui(painter, lane, area, channel) {
        return;
    }
    let frames_per_pixel = area.frames_per_point / f64::from(area.pixels_per_point);
    let from = (area.from_source / frames_per_pixel).floor() * frames_per_pixel;
    let pixels = (area.x.span() * area.pixels_per_point).ceil() as usize + 2;
    let picture = Arc::as_ptr(area.picture).cast::<()>() as usize;
    let ask = Ask { picture, channel, from, frames_per_pixel, pixels };
    let columns = cache.columns(area.song, area.picture.as_ref(), ask);
    let x0 = area.x.min + ((from - area.from_source) / area.frames_per_point) as f32;
    let place = Place { x0, step: 1.0 / area.pixels_per_point, lane };
    let shaped: Vec<Shaped> = columns
        .iter()
        .enumerate()
        .map(|(i, &column)| Shaped { column, gain: area.gain_at(from + i as f64 * frames_per_pixel) })
        .collect();
    painter.add(Shape::mesh(mesh(&shaped, &place, area.colours)));
}

struct Place {
    x0: f32,
    step: f32,
    lane: Rect,
}

/// A column with the factor on it.
struct Shaped {
    column: WaveColumn,
    gain: f32,
}

impl Place {
    fn y(&self, sample: f32) -> f32 {
        let half = self.lane.height() / 2.0;
        (self.lane.center().y - sample * half).clamp(self.lane.top(), self.lane.bottom())
    }
}

/// Two strips, peaks and RMS, and marks where samples reach full scale.
fn mesh(columns: &[Shaped], place: &Place, (peak, rms): (Color32, Color32)) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(columns.len() * 4);
    mesh.reserve_triangles(columns.len() * 4);
    strip(&mut mesh, columns, place, peak, |c| (c.max, c.min));
    strip(&mut mesh, columns, place, rms, |c| (c.rms.min(c.max.max(0.0)), (-c.rms).max(c.min.min(0.0))));
    let over = theme().over;
    for (i, Shaped { column, gain }) in columns.iter().enumerate() {
        let x = place.x0 + i as f32 * place.step;
        if column.max >= 1.0 {
            let y = place.y(column.max * gain);
            mesh.add_colored_rect(Rect::from_min_max(pos2(x - 0.5, y), pos2(x + 1.0, y + 3.0)), over);
        }
        if column.min <= -1.0 {
            let y = place.y(column.min * gain);
            mesh.add_colored_rect(Rect::from_min_max(pos2(x - 0.5, y - 3.0), pos2(x + 1.0, y)), over);
        }
    }
    mesh
}

fn strip(
    mesh: &mut Mesh,
    columns: &[Shaped],
    place: &Place,
    colour: Color32,
    ends: impl Fn(&WaveColumn) -> (f32, f32),
) {
    let first = mesh.vertices.len() as u32;
    for (i, Shaped { column, gain }) in columns.iter().enumerate() {
        let x = place.x0 + i as f32 * place.step;
        let (top, bottom) = ends(column);
        let (top, bottom) = (place.y(top * gain), place.y(bottom * gain));
        let thin = (place.step - (bottom - top)).max(0.0) / 2.0;
        mesh.colored_vertex(pos2(x, top - thin), colour);
        mesh.colored_vertex(pos2(x, bottom + thin), colour);
    }
    for i in 1..columns.len() as u32 {
        let k = first + 2 * i;
        mesh.add_triangle(k - 2, k - 1, k);
        mesh.add_triangle(k - 1, k, k + 1);
    }
}

/// The line of the samples, closer the reconstructed curve, closest with a dot for each sample. `false` if the samples are not read yet.
fn samples_ui(painter: &Painter, lane: Rect, area: &WaveArea<'_>, channel: usize) -> bool {
    let first = area.from_source.floor() as i64 - SINC_REACH;
    let shown = (f64::from(area.x.span()) * area.frames_per_point).ceil() as usize + 1;
    let Some(samples) = area.picture.samples(channel, first, shown + 2 * SINC_REACH as usize + 1) else {
        return false;
    };
    let place = Place { x0: area.x.min, step: 1.0, lane };
    let x_of =
        |pos_source: f64| area.x.min + ((pos_source - area.from_source) / area.frames_per_point) as f32;
    let line = if area.frames_per_point < SAMPLE_ZOOM {
        let at = |i: usize| {
            let pos_source = area.from_source + i as f64 * area.frames_per_point;
            let sample = between(&samples, pos_source - first as f64) * area.gain_at(pos_source);
            pos2(area.x.min + i as f32, place.y(sample))
        };
        (0..=area.x.span().ceil() as usize).map(at).collect()
    } else {
        let at = |(i, sample): (usize, &f32)| {
            let pos_source = (first + i as i64) as f64;
            pos2(x_of(pos_source), place.y(sample * area.gain_at(pos_source)))
        };
        samples.iter().enumerate().map(at).collect()
    };
    painter.add(Shape::line(line, Stroke::new(1.2, area.colours.1)));
    if area.frames_per_point < 0.2 {
        for (i, &sample) in samples.iter().enumerate() {
            let x = x_of((first + i as i64) as f64);
            if area.x.contains(x) {
                let colour = if sample.abs() >= 1.0 { theme().over } else { area.colours.1 };
                let y = place.y(sample * area.gain_at((first + i as i64) as f64));
                painter.circle_filled(pos2(x, y), 2.5, colour);
            }
        }
    }
    true
}

/// The band-limited signal between samples: a sinc with a raised-cosine window of eight samples to either side.
fn between(samples: &[f32], pos: f64) -> f32 {
    use std::f64::consts::PI;
    let centre = pos.floor() as i64;
    let mut sum = 0.0;
    for k in centre - SINC_REACH + 1..=centre + SINC_REACH {
        let Some(&sample) = usize::try_from(k).ok().and_then(|k| samples.get(k)) else { continue };
        let x = pos - k as f64;
        let sinc = if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
        let window = 0.5 + 0.5 * (PI * x / SINC_REACH as f64).cos();
        sum += f64::from(sample) * sinc * window;
    }
    sum as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp that knows its samples and a coarse overview, which would be seen.
    #[derive(Debug)]
    struct Ramp;

    impl Picture for Ramp {
        fn columns(&self, _: usize, _: f64, _: f64, pixels: usize) -> Vec<WaveColumn> {
            vec![WaveColumn { min: -1.0, max: 1.0, rms: 0.5 }; pixels]
        }

        fn samples(&self, _: usize, from: i64, frames: usize) -> Option<Vec<f32>> {
            Some((from..from + frames as i64).map(|i| i as f32 / 1000.0).collect())
        }
    }

    #[test]
    fn between_overview_and_samples_columns_are_exact_and_touch() {
        let ask = Ask { picture: 0, channel: 0, from: 100.5, frames_per_pixel: 20.25, pixels: 30 };
        let columns = from_samples(&Ramp, ask).unwrap();
        assert_eq!(columns.len(), 30);
        for (i, column) in columns.iter().enumerate() {
            let first = (100.5 + i as f64 * 20.25).floor();
            let next = (100.5 + (i + 1) as f64 * 20.25).floor();
            assert!((f64::from(column.min) - first / 1000.0).abs() < 1e-6, "{i}");
            assert!((f64::from(column.max) - next / 1000.0).abs() < 1e-6, "{i}");
        }
        assert!(from_samples(&Ramp, Ask { frames_per_pixel: 300.0, ..ask }).is_none());
        assert!(from_samples(&Ramp, Ask { frames_per_pixel: 200.0, pixels: 1000, ..ask }).is_none());
    }

    #[test]
    fn the_curve_goes_through_the_samples_and_is_the_sine_between_them() {
        let f = 0.1;
        let sine = |x: f64| (2.0 * std::f64::consts::PI * f * x).sin();
        let samples: Vec<f32> = (0..64).map(|i| sine(f64::from(i)) as f32).collect();
        for i in 20..40 {
            assert!((between(&samples, f64::from(i)) - samples[i as usize]).abs() < 1e-6);
            let x = f64::from(i) + 0.37;
            assert!((f64::from(between(&samples, x)) - sine(x)).abs() < 0.01, "{x}");
        }
    }
}
