//! The spectrogram panel: time to the right, frequency up on the axis of the spectrum, level as lightness.
//!
//! The picture is a texture used as a ring: each new column is written into its place and nothing else is uploaded; two
//! pieces of the texture, the older and the newer, are drawn side by side. Only another range, slope or run paints all of it
//! (1 MB) again.

use egui::load::SizedTexture;
use egui::{
    Align2, Color32, ColorImage, Id, Image, Pos2, Rect, Role, Sense, Stroke, TextureHandle, TextureOptions,
    Ui, Vec2, pos2, vec2,
};

use super::parts::heading_menu;
use super::speak;
use crate::app::frame::{GRAM_COLUMNS, GRAM_HIGH_HZ, GRAM_LOW_HZ, GRAM_ROWS, SpectrogramView};
use crate::app::meter_settings::SpectrumSettings;
use crate::app::{Command, Frame};
use crate::gui::colour_ramp::ramp;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::plain;
use crate::gui::widgets::frequency::{Axis, hz_text, note_text};
use crate::units::{Frames, SampleRate, hms_from_seconds};

/// Ranges of the colours, dB.
const RANGES_DB: [f32; 4] = [60.0, 80.0, 90.0, 120.0];
/// Seconds across.
const SPANS_S: [u32; 4] = [10, 30, 60, 180];
/// Frequencies named at the side, Hz: decades first, the others where there is room.
const NAMED_HZ: [(f64, &str); 9] = [
    (100.0, "100"),
    (1000.0, "1k"),
    (10_000.0, "10k"),
    (20.0, "20"),
    (50.0, "50"),
    (500.0, "500"),
    (5000.0, "5k"),
    (200.0, "200"),
    (2000.0, "2k"),
];
/// Room from one name to the next, points.
const NAME_APART: f32 = 14.0;

/// What a texture shows; with another one all of it is painted again.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    run: u64,
    top_db: f32,
    range_db: f32,
    slope_db_oct: f32,
}

/// The texture of a panel.
#[derive(Clone)]
struct Painted {
    texture: TextureHandle,
    look: Look,
    /// Columns written into it.
    written: u64,
}

/// The panel.
pub fn spectrogram_ui(ui: &mut Ui, frame: &Frame, size: Vec2, out: &mut Outbox) {
    let t = theme();
    let settings = &frame.meter_settings.spectrum;
    let gram = &frame.spectrum.gram;
    let remark = format!(
        "{} {} · {} to {} dB · {} s",
        settings.size.base(),
        settings.window.in_words(),
        plain(f64::from(settings.gram_top() - settings.gram_range()), 0),
        plain(f64::from(settings.gram_top()), 0),
        settings.gram_seconds
    );
    heading_menu(ui, "Spectrogram", &remark, |ui| menu_ui(ui, frame, out));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let id = response.id.with("texture");
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 2.0, t.spectrogram_dark);
    speak(ui, &response, Role::Canvas, || in_words(frame));
    let view = Place { rect, gram, rate: frame.rate() };
    if gram.written > 0 {
        let texture = painted(ui, id, gram, settings);
        view.paint(ui, &texture);
    }
    view.paint_marks(&painter);
    if let Some(at) = response.hover_pos() {
        view.cursor(&painter, at);
    }
    if let Some(pos) = response.interact_pointer_pos().filter(|_| response.clicked())
        && let Some(place) = view.column_at(pos.x).and_then(|n| gram.place(n))
    {
        out.send(Command::Seek(Frames(place)));
    }
    if gram.written == 0 {
        let text = "Play to see the spectrogram.";
        painter.text(rect.center(), Align2::CENTER_CENTER, text, t.font(t.small), t.text_weak);
    }
    response.context_menu(|ui| menu_ui(ui, frame, out));
    response.on_hover_text("Click to go there.");
}

/// Range and length, also on the right button.
fn menu_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let before = out.meters(frame).spectrum.clone();
    let mut s = before.clone();
    for range_db in RANGES_DB {
        let is_on = (s.gram_range_db - range_db).abs() < 0.1;
        if ui.radio(is_on, format!("Range {range_db} dB")).clicked() {
            s.gram_range_db = range_db;
        }
    }
    ui.separator();
    for top_db in [0.0, -20.0, -40.0] {
        let is_on = (s.gram_top_db - top_db).abs() < 0.1;
        if ui.radio(is_on, format!("Lightest at {} dB", plain(f64::from(top_db), 0))).clicked() {
            s.gram_top_db = top_db;
        }
    }
    ui.separator();
    for seconds in SPANS_S {
        ui.radio_value(&mut s.gram_seconds, seconds, format!("{seconds} s across"));
    }
    if s != before {
        out.set_meters(frame, |m| m.spectrum = s);
    }
}

/// The texture with every column of the view in it: new ones are written, nothing else is.
fn painted(ui: &Ui, id: Id, gram: &SpectrogramView, settings: &SpectrumSettings) -> TextureHandle {
    let look = Look {
        run: gram.run,
        top_db: settings.gram_top(),
        range_db: settings.gram_range(),
        slope_db_oct: gram.slope_db_oct,
    };
    let known =
        ui.data(|d| d.get_temp::<Painted>(id)).filter(|p| p.look == look && p.written <= gram.written);
    let mut painted = known.unwrap_or_else(|| {
        let blank = ColorImage::filled([GRAM_COLUMNS, GRAM_ROWS], theme().spectrogram_dark);
        let texture = ui.ctx().load_texture("spectrogram", blank, TextureOptions::LINEAR);
        Painted { texture, look, written: 0 }
    });
    if painted.written < gram.written {
        let colours = Colours::new(&look);
        let first = painted.written.max(gram.shown().start);
        for stretch in stretches(first..gram.written) {
            let at = (stretch.start % GRAM_COLUMNS as u64) as usize;
            painted.texture.set_partial([at, 0], colours.image(gram, stretch), TextureOptions::LINEAR);
        }
        painted.written = gram.written;
        ui.data_mut(|d| d.insert_temp(id, painted.clone()));
    }
    painted.texture
}

/// Columns cut where the ring begins again.
fn stretches(columns: std::ops::Range<u64>) -> Vec<std::ops::Range<u64>> {
    let ring = GRAM_COLUMNS as u64;
    let cut = (columns.start / ring + 1) * ring;
    if columns.end <= cut { vec![columns] } else { vec![columns.start..cut, cut..columns.end] }
}

/// From levels to colours.
struct Colours {
    ramp: Vec<Color32>,
    /// Colours for one decibel.
    per_db: f32,
    bottom_db: f32,
    /// Slope at each row, dB.
    tilt_db: Vec<f32>,
}

impl Colours {
    fn new(look: &Look) -> Self {
        let tilt = |row| look.slope_db_oct * (SpectrogramView::row_hz(row) as f32 / 1000.0).log2();
        Self {
            ramp: ramp(theme()),
            per_db: 255.0 / look.range_db,
            bottom_db: look.top_db - look.range_db,
            tilt_db: (0..GRAM_ROWS).map(tilt).collect(),
        }
    }

    /// Columns as a picture, the highest frequency on top.
    fn image(&self, gram: &SpectrogramView, columns: std::ops::Range<u64>) -> ColorImage {
        let width = (columns.end - columns.start) as usize;
        let mut image = ColorImage::filled([width, GRAM_ROWS], self.ramp[0]);
        for (x, n) in columns.enumerate() {
            for (row, (byte, tilt_db)) in gram.column(n).iter().zip(&self.tilt_db).enumerate() {
                let level_db = SpectrogramView::level_db(*byte) + tilt_db;
                let index = ((level_db - self.bottom_db) * self.per_db).clamp(0.0, 255.0) as usize;
                image.pixels[(GRAM_ROWS - 1 - row) * width + x] = self.ramp[index];
            }
        }
        image
    }
}

/// Where time and frequency lie in the panel.
struct Place<'a> {
    rect: Rect,
    gram: &'a SpectrogramView,
    rate: SampleRate,
}

impl Place<'_> {
    const AXIS: Axis = Axis { low_hz: GRAM_LOW_HZ, high_hz: GRAM_HIGH_HZ };

    /// Left edge of a column; the newest ends at the right.
    fn x_of(&self, n: u64) -> f32 {
        let back = (self.gram.written - n) as f32;
        self.rect.right() - back * self.rect.width() / self.gram.across.max(1) as f32
    }

    fn column_at(&self, x: f32) -> Option<u64> {
        let part = (self.rect.right() - x) / self.rect.width().max(1.0);
        let back = (part * self.gram.across as f32).ceil().max(1.0);
        let n = self.gram.written.checked_sub(back as u64)?;
        self.gram.shown().contains(&n).then_some(n)
    }

    fn y_of(&self, hz: f64) -> f32 {
        let place = Self::AXIS.x_from_hz(egui::Rangef::new(0.0, 1.0), hz);
        self.rect.bottom() - place * self.rect.height()
    }

    /// The two pieces of the ring.
    fn paint(&self, ui: &Ui, texture: &TextureHandle) {
        for stretch in stretches(self.gram.shown()) {
            let ring = GRAM_COLUMNS as f32;
            let from = (stretch.start % GRAM_COLUMNS as u64) as f32 / ring;
            let width = (stretch.end - stretch.start) as f32 / ring;
            let piece =
                Rect::from_x_y_ranges(self.x_of(stretch.start)..=self.x_of(stretch.end), self.rect.y_range());
            let uv = Rect::from_min_max(pos2(from, 0.0), pos2(from + width, 1.0));
            let source = SizedTexture::new(texture.id(), vec2(ring, GRAM_ROWS as f32));
            Image::from_texture(source).uv(uv).paint_at(ui, piece);
        }
    }

    /// Frequencies at the left, places on the album along the bottom.
    fn paint_marks(&self, painter: &egui::Painter) {
        let t = theme();
        let mut taken: Vec<f32> = Vec::with_capacity(NAMED_HZ.len());
        for (hz, name) in NAMED_HZ {
            let y = self.y_of(hz);
            painter.hline(self.rect.left()..=self.rect.left() + 5.0, y, Stroke::new(1.0, t.text));
            let is_free = taken.iter().all(|other| (other - y).abs() >= NAME_APART);
            if is_free && y > self.rect.top() + 8.0 && y < self.rect.bottom() - 20.0 {
                plated(painter, pos2(self.rect.left() + 8.0, y), Align2::LEFT_CENTER, name);
                taken.push(y);
            }
        }
        self.paint_times(painter);
    }

    /// Whole seconds of the album along the bottom.
    fn paint_times(&self, painter: &egui::Painter) {
        let t = theme();
        let seconds = self.gram.across as f64 / self.gram.columns_per_s.max(1e-3);
        let most = f64::from(self.rect.width() / 60.0).max(1.0);
        let steps = [1i64, 2, 5, 10, 30, 60, 120];
        let step_s = steps.into_iter().find(|s| seconds / *s as f64 <= most).unwrap_or(300);
        let step_of =
            |n: u64| self.gram.place(n).map(|place| place.div_euclid(step_s * i64::from(self.rate.0)));
        let shown = self.gram.shown();
        for n in shown.start + 1..shown.end {
            let (Some(before), Some(now)) = (step_of(n - 1), step_of(n)) else { continue };
            let x = self.x_of(n);
            if now != before + 1 || x < self.rect.left() + 40.0 || x > self.rect.right() - 18.0 {
                continue;
            }
            let at_s = now * step_s;
            let text = format!("{}:{:02}", at_s / 60, at_s % 60);
            let stroke = Stroke::new(1.0, t.text);
            painter.vline(x, self.rect.bottom() - 4.0..=self.rect.bottom(), stroke);
            plated(painter, pos2(x, self.rect.bottom() - 4.0), Align2::CENTER_BOTTOM, &text);
        }
    }

    /// Lines through the pointer, and what lies there.
    fn cursor(&self, painter: &egui::Painter, at: Pos2) {
        let t = theme();
        let stroke = Stroke::new(1.0, faded(t.text, 0.6));
        painter.vline(at.x, self.rect.y_range(), stroke);
        painter.hline(self.rect.x_range(), at.y, stroke);
        let part = (self.rect.bottom() - at.y) / self.rect.height().max(1.0);
        let hz = Self::AXIS.hz_from_x(egui::Rangef::new(0.0, 1.0), part);
        let mut text = format!("{}  {}", hz_text(hz), note_text(hz));
        if let Some(n) = self.column_at(at.x) {
            let row = (part * (GRAM_ROWS - 1) as f32).round() as usize;
            if let Some(byte) = self.gram.column(n).get(row) {
                let tilt = f64::from(self.gram.slope_db_oct) * (hz / 1000.0).log2();
                let level = f64::from(SpectrogramView::level_db(*byte)) + tilt;
                text.push_str(&format!("  {} dB", plain(level, 1)));
            }
            if let Some(place) = self.gram.place(n) {
                text.push_str(&format!("  {}", hms_from_seconds(place as f64 / self.rate.hz())));
            }
        }
        let galley = painter.layout_no_wrap(text, t.font(t.small), t.text);
        let ground =
            Rect::from_min_size(self.rect.left_top() + vec2(30.0, 4.0), galley.size() + vec2(8.0, 2.0));
        painter.rect_filled(ground, 2.0, faded(t.ground, 0.8));
        painter.galley(ground.min + vec2(4.0, 1.0), galley, t.text);
    }
}

/// A word on a dark plate, to be read on every colour of the picture.
fn plated(painter: &egui::Painter, at: Pos2, align: Align2, text: &str) {
    let t = theme();
    let galley = painter.layout_no_wrap(text.to_owned(), t.font(t.small), t.text);
    let place = align.anchor_size(at, galley.size());
    painter.rect_filled(place.expand2(vec2(2.0, -1.0)), 2.0, faded(t.ground, 0.6));
    painter.galley(place.min, galley, t.text);
}

/// What is told of the picture.
fn in_words(frame: &Frame) -> String {
    let gram = &frame.spectrum.gram;
    if gram.written == 0 {
        return "Spectrogram: nothing yet".to_owned();
    }
    let shown = gram.shown();
    let seconds = (shown.end - shown.start) as f64 / gram.columns_per_s.max(1e-3);
    match frame.spectrum.strongest {
        Some(tone) => format!(
            "Spectrogram of {seconds:.0} s: strongest now at {}, {} dB",
            hz_text(tone.hz),
            plain(tone.level_db, 1)
        ),
        None => format!("Spectrogram of {seconds:.0} s: silence now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_is_cut_where_it_begins_again() {
        assert_eq!(stretches(0..10), vec![0u64..10; 1]);
        assert_eq!(stretches(1000..1024), vec![1000u64..1024; 1]);
        assert_eq!(stretches(1000..1030), [1000..1024, 1024..1030]);
        assert_eq!(stretches(10..1034), [10..1024, 1024..1034]);
    }

    #[test]
    fn the_newest_column_is_at_the_right_and_a_click_finds_its_place() {
        let mut gram = SpectrogramView {
            written: 2000,
            across: GRAM_COLUMNS,
            places: vec![None; GRAM_COLUMNS],
            ..SpectrogramView::default()
        };
        gram.places[1999 % GRAM_COLUMNS] = Some(480_000);
        let rect = Rect::from_min_size(pos2(10.0, 0.0), vec2(1024.0, 256.0));
        let place = Place { rect, gram: &gram, rate: SampleRate(48_000) };
        assert_eq!(place.column_at(rect.right() - 0.5), Some(1999));
        assert_eq!(place.column_at(rect.left() + 0.5), Some(976));
        assert!((place.x_of(1999) - (rect.right() - 1.0)).abs() < 0.01);
        assert_eq!(place.column_at(rect.right() - 0.5).and_then(|n| gram.place(n)), Some(480_000));
        gram.written = 100;
        let place = Place { rect, gram: &gram, rate: SampleRate(48_000) };
        assert_eq!(place.column_at(rect.left() + 0.5), None, "not heard yet");
    }
}
