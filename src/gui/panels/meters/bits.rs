//! The bit panel: a cell for each bit of the words, lit by how often it changes, and how many bits are really used.
//!
//! 16 bits in a 24-bit word are seen at a glance: eight cells stay dark. A cell among lit ones that stands still is
//! outlined: a stuck bit. What is finer than 32 bits is floating point and says so.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::{heading, speak};
use crate::app::frame::BitReading;
use crate::app::frame::Frame;
use crate::gui::theme::{Theme, faded, theme};

/// Cells of a row when no word is longer.
const USUAL_CELLS: usize = 24;
/// Cells at most.
const MOST_CELLS: usize = 32;
/// Height of a row with its words at most, points.
const TALLEST_ROW: f32 = 110.0;
/// Changes in this share of the samples are full light: what noise has.
const FULL_LIGHT: f32 = 0.5;

/// The panel.
pub fn bits_ui(ui: &mut Ui, frame: &Frame, size: Vec2) {
    let t = theme();
    heading(ui, "Bits", &frame.meters.point);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let bits = &frame.meters.level.bits;
    speak(ui, &response, Role::Meter, || {
        format!("Bits, left {}, right {}", spoken(&bits[0]), spoken(&bits[1]))
    });
    let cells = cells_of(bits);
    let name = 14.0;
    let wide = rect.width() - name;
    // Figures stand at the right where there is room, else between the rows.
    let beside = if wide >= 420.0 { 150.0 } else { 0.0 };
    let area =
        Rect::from_min_max(rect.min + vec2(name, 2.0), pos2(rect.right() - beside, rect.bottom() - 14.0));
    // In a tall room the rows stay together.
    let row = (area.height() / 2.0).min(TALLEST_ROW);
    let area = area.with_max_y(area.top() + 2.0 * row);
    for (channel, reading) in bits.iter().enumerate() {
        let top = area.top() + channel as f32 * row;
        let line = Rect::from_x_y_ranges(area.x_range(), top..=top + row);
        let words = line_height(t, beside);
        let height = (row - words - 4.0).max(4.0);
        let cells_rect = Rect::from_min_size(line.min, vec2(line.width(), height));
        let side = ["L", "R"][channel];
        let at = pos2(rect.left(), cells_rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, side, t.font(t.small), t.text_weak);
        cells_ui(ui, t, cells_rect, reading, cells);
        let (at, align) = if beside > 0.0 {
            (pos2(rect.right() - beside + 12.0, cells_rect.center().y), Align2::LEFT_CENTER)
        } else {
            (cells_rect.left_bottom() + vec2(0.0, 1.0), Align2::LEFT_TOP)
        };
        ui.painter().text(at, align, in_words(reading), t.font(t.small), t.text);
    }
    numbers_ui(ui, t, area, cells, area.bottom() + 14.0);
    response.on_hover_text(
        "How often each bit changes from sample to sample in the last second, the sign at the left: noise and dither half \
         of the time. Outlined in yellow: a bit that stands still among others. Used is the lowest bit that was ever one \
         since reset; finer than 32 bit is floating point.",
    );
}

fn line_height(t: &Theme, beside: f32) -> f32 {
    if beside > 0.0 { 0.0 } else { t.small + 3.0 }
}

/// 24, or 32 where a longer word was seen.
fn cells_of(bits: &[BitReading; 2]) -> usize {
    let longer = |b: &BitReading| b.is_finer || b.used as usize > USUAL_CELLS;
    if bits.iter().any(longer) { MOST_CELLS } else { USUAL_CELLS }
}

/// Bits that stand still among others, by number.
fn stuck(reading: &BitReading) -> impl Iterator<Item = usize> + use<> {
    let mask = reading.stuck;
    (1..=MOST_CELLS).filter(move |bit| mask >> (MOST_CELLS - bit) & 1 == 1)
}

/// The figure, and what is wrong.
fn in_words(reading: &BitReading) -> String {
    let mut text = reading.in_words();
    let still: Vec<String> = stuck(reading).map(|bit| bit.to_string()).collect();
    if !still.is_empty() {
        text += &format!(" · still: {}", still.join(" "));
    }
    if reading.beyond > 0 {
        text += &format!(" · {} beyond full scale", reading.beyond);
    }
    text
}

/// Without the sign that is only for the eye.
fn spoken(reading: &BitReading) -> String {
    in_words(reading).replace(" ·", ",")
}

fn cell(row: Rect, cells: usize, index: usize) -> Rect {
    let width = row.width() / cells as f32;
    let left = row.left() + index as f32 * width;
    // Bytes stand a little apart.
    Rect::from_min_size(
        pos2(left, row.top()),
        vec2(width - if index % 8 == 7 { 3.0 } else { 1.0 }, row.height()),
    )
}

fn cells_ui(ui: &Ui, t: &Theme, row: Rect, reading: &BitReading, cells: usize) {
    for index in 0..cells {
        let rect = cell(row, cells, index);
        ui.painter().rect_filled(rect, 0.0, t.ground);
        let light = (reading.activity[index] / FULL_LIGHT).clamp(0.0, 1.0);
        if light > 0.0 {
            ui.painter().rect_filled(rect, 0.0, faded(t.master, 0.15 + 0.85 * light));
        }
        let is_stuck = reading.stuck >> (MOST_CELLS - 1 - index) & 1 == 1;
        let is_used = index < reading.used as usize;
        let line = if is_stuck { t.warning } else { t.line_strong };
        if is_stuck || (is_used && light <= 0.0) {
            ui.painter().rect_stroke(rect, 0.0, Stroke::new(1.0, line), StrokeKind::Inside);
        }
    }
}

fn numbers_ui(ui: &Ui, t: &Theme, area: Rect, cells: usize, bottom: f32) {
    for bit in [1, 8, 16, 24, 32].into_iter().filter(|bit| *bit <= cells) {
        let at = pos2(cell(area, cells, bit - 1).center().x, bottom);
        ui.painter().text(at, Align2::CENTER_BOTTOM, bit.to_string(), t.font(t.small), t.text_weak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_many_as_the_longest_word_needs() {
        let read = |used, is_finer| BitReading { used, is_finer, ..BitReading::default() };
        assert_eq!(cells_of(&[read(16, false), read(24, false)]), 24);
        assert_eq!(cells_of(&[read(16, false), read(25, false)]), 32);
        assert_eq!(cells_of(&[read(20, true), read(16, false)]), 32);
    }

    #[test]
    fn a_stuck_bit_is_named_by_its_number() {
        let reading = BitReading { used: 16, stuck: 1 << (32 - 11), ..BitReading::default() };
        assert_eq!(in_words(&reading), "16 bit used · still: 11");
        assert_eq!(spoken(&reading), "16 bit used, still: 11");
    }
}
