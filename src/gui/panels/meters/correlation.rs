//! The correlation panel: the needle, its minimum and time below zero; the same by band; balance, mono fold-down and
//! the side's part of the bass. What does not fit is left out from the bottom; a window shows all of it.

use egui::{Align2, Painter, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, pos2, vec2};

use super::field::clock;
use super::menus::correlation_menu;
use super::parts::heading_menu;
use super::speak;
use crate::app::frame::{BandReading, NeedleReading};
use crate::app::frame::{Frame, StereoView};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::{plain, reading};
use crate::gui::widgets::goniometer::{correlation_x, paint_correlation};

/// Height of the bar with its numbers when the panel is low, and the line of words below, points.
const BAR: f32 = 24.0;
const WORDS: f32 = 16.0;
/// Least height of a band, and of the three lines at the bottom, points.
const LEAST_BAND: f32 = 11.0;
const MOST_BAND: f32 = 30.0;
const SUMS: f32 = 86.0;
/// Balance is shown to either side up to this, dB.
const BALANCE_DB: f64 = 6.0;
/// A room this wide has every figure beside a band, points.
const WIDE: f32 = 520.0;

/// Width of the names and of the figures beside a bar, points.
#[derive(Debug, Clone, Copy)]
struct Columns {
    names: f32,
    values: f32,
    /// Less is written; the hints and the screen reader tell all of it.
    is_narrow: bool,
}

impl Columns {
    fn of(rect: Rect) -> Self {
        match rect.width() < WIDE {
            true => Self { names: 82.0, values: 82.0, is_narrow: true },
            false => Self { names: 92.0, values: 150.0, is_narrow: false },
        }
    }

    /// The bar between them.
    fn bar(self, rect: Rect) -> std::ops::RangeInclusive<f32> {
        rect.left() + self.names..=(rect.right() - self.values).max(rect.left() + self.names + 40.0)
    }
}

/// The panel.
pub fn correlation_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox, size: Vec2) {
    let stereo = &frame.meters.stereo;
    let average = frame.meter_settings.stereo.average.seconds();
    let remark = format!("{} · {average:.1} s", reading(stereo.correlation, 2));
    heading_menu(ui, "Correlation", &remark, |ui| correlation_menu(ui, frame, out));
    let (rect, response) = ui.allocate_exact_size(vec2(size.x, size.y - 22.0), Sense::hover());
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let has_room = rect.height() > BAR + WORDS + 3.0 * LEAST_BAND + SUMS;
    let columns = Columns::of(rect);
    let bar_height = if has_room { BAR + 8.0 } else { BAR };
    // With bands below, its zero stands over theirs.
    let span = if has_room && !columns.is_narrow { columns.bar(rect) } else { rect.x_range().into() };
    let bar = Rect::from_x_y_ranges(span, rect.top()..=rect.top() + bar_height);
    if bar.left() > rect.left() {
        let at = pos2(rect.left(), bar.center().y - 7.0);
        painter.text(at, Align2::LEFT_CENTER, "whole band", theme().font(theme().small), theme().text_weak);
    }
    wide_ui(&painter, bar, stereo);
    let needle = whole(stereo);
    speak(ui, &response, Role::Meter, || needle_words("Correlation", &needle));
    response.on_hover_text(format!(
        "Averaged over {average:.1} s; the thin mark is the lowest since reset. Under −60 dBFS the needle stays and no time \
         counts."
    ));
    if rect.height() < BAR + WORDS {
        return;
    }
    words_ui(&painter, bar.left_bottom() + vec2(0.0, 1.0), bar.width(), &needle);
    if has_room {
        let bands = Rect::from_min_max(
            pos2(rect.left(), bar.bottom() + WORDS + 10.0),
            pos2(rect.right(), rect.bottom() - SUMS - 4.0),
        );
        bands_ui(ui, &painter, bands, &stereo.bands);
        sums_ui(ui, &painter, rect.with_min_y(rect.bottom() - SUMS), stereo);
    }
}

/// The wide band as a needle.
fn whole(stereo: &StereoView) -> NeedleReading {
    NeedleReading {
        now: stereo.correlation,
        is_held: stereo.is_held,
        lowest: stereo
            .min_correlation
            .map(|value| crate::app::frame::Lowest { value, at_s: stereo.min_at_s.unwrap_or(0.0) }),
        measured_s: stereo.measured_s,
        below_zero_s: stereo.below_zero_s,
    }
}

/// What a screen reader says of a needle.
fn needle_words(name: &str, needle: &NeedleReading) -> String {
    format!("{name} {}, {}, {}", reading(needle.now, 2), lowest_words(needle), below_words(needle))
}

fn lowest_words(needle: &NeedleReading) -> String {
    match needle.lowest {
        Some(lowest) => format!("min {} at {}", reading(Some(lowest.value), 2), clock(lowest.at_s)),
        None => "min –".to_owned(),
    }
}

fn below_words(needle: &NeedleReading) -> String {
    match needle.below_zero_share() {
        Some(share) => format!("below 0: {} s, {} %", plain(needle.below_zero_s, 1), percent(share)),
        None => "below 0: –".to_owned(),
    }
}

/// A share in percent; what is under a tenth of one but not nothing says so.
fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.001 { "<0.1".to_owned() } else { plain(100.0 * share, 1) }
}

fn wide_ui(painter: &Painter, rect: Rect, stereo: &StereoView) {
    let t = theme();
    let bar = rect.with_max_y(rect.bottom() - 15.0);
    paint_correlation(painter, bar, stereo.correlation, stereo.min_correlation, stereo.is_held);
    let marks =
        [(-1.0, "−1", Align2::LEFT_TOP), (-0.5, "−0.5", Align2::CENTER_TOP), (0.0, "0", Align2::CENTER_TOP)];
    let marks = marks.into_iter().chain([(0.5, "+0.5", Align2::CENTER_TOP), (1.0, "+1", Align2::RIGHT_TOP)]);
    for (value, text, align) in marks {
        let at = pos2(correlation_x(bar.x_range(), value), bar.bottom() + 1.0);
        painter.text(at, align, text, t.font(t.small), t.text_weak);
    }
}

fn words_ui(painter: &Painter, at: Pos2, width: f32, needle: &NeedleReading) {
    let t = theme();
    painter.text(at, Align2::LEFT_TOP, lowest_words(needle), t.font(t.small), t.text);
    let colour = if needle.below_zero_s > 0.0 { t.meter_mid } else { t.text };
    let right = at + vec2(width, 0.0);
    painter.text(right, Align2::RIGHT_TOP, below_words(needle), t.font(t.small), colour);
}

/// A row for each band, the highest at the top.
fn bands_ui(ui: &Ui, painter: &Painter, rect: Rect, bands: &[BandReading]) {
    let t = theme();
    if bands.is_empty() {
        painter.text(
            rect.left_top(),
            Align2::LEFT_TOP,
            "By band: nothing measured yet",
            t.font(t.small),
            t.text_weak,
        );
        return;
    }
    let height = (rect.height() / bands.len() as f32).min(MOST_BAND);
    // Where rows are lower than letters, every second or third has its words.
    let every = (LEAST_BAND / height).ceil().max(1.0) as usize;
    let columns = Columns::of(rect);
    let bars = columns.bar(rect);
    for (row, band) in bands.iter().rev().enumerate() {
        let top = rect.top() + height * row as f32;
        let place = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
        let gap = (height * 0.12).min(2.0);
        let bar = Rect::from_x_y_ranges(bars.clone(), top + gap..=top + height - gap);
        let needle = &band.needle;
        paint_correlation(painter, bar, needle.now, needle.lowest.map(|l| l.value), needle.is_held);
        let response = ui.interact(place, ui.scope_id().with(("correlation band", row)), Sense::hover());
        speak(ui, &response, Role::Meter, || {
            needle_words(&format!("Correlation {}", band_name(band)), needle)
        });
        response.on_hover_text(format!(
            "{}: {}\n{}\n{}",
            band_name(band),
            reading(needle.now, 2),
            lowest_words(needle),
            below_words(needle)
        ));
        if row % every == 0 {
            row_words(painter, place, bar, columns, band);
        }
    }
}

fn row_words(painter: &Painter, place: Rect, bar: Rect, columns: Columns, band: &BandReading) {
    let t = theme();
    let font = t.font(t.small);
    painter.text(place.left_center(), Align2::LEFT_CENTER, band_name(band), font.clone(), t.text_weak);
    let right = pos2(bar.right(), place.center().y);
    let column = |x: f32, text: String, colour| {
        painter.text(right + vec2(x, 0.0), Align2::RIGHT_CENTER, text, font.clone(), colour);
    };
    column(38.0, reading(band.needle.now, 2), t.text);
    column(78.0, reading(band.needle.lowest.map(|l| l.value), 2), t.meter_mid);
    if columns.is_narrow {
        return;
    }
    let share = band.needle.below_zero_share();
    let below = share.map_or_else(|| "–".to_owned(), |share| format!("{} % < 0", percent(share)));
    column(columns.values, below, if share.is_some_and(|s| s > 0.0) { t.meter_mid } else { t.text_weak });
}

/// `120 Hz–2 kHz`, `over 2 kHz`, `under 120 Hz`; of an octave or a third of one its mid frequency.
fn band_name(band: &BandReading) -> String {
    let (low, high) = (band.low_hz, band.high_hz);
    if low <= 0.0 {
        format!("under {}", short_hz(high))
    } else if (high / low) > 2.1 {
        if high > 20_000.0 {
            format!("over {}", short_hz(low))
        } else {
            format!("{}–{}", short_hz(low), short_hz(high))
        }
    } else {
        short_hz(nominal_hz((low * high).sqrt()))
    }
}

/// The nominal mid frequency of an exact one: those of IEC 61260-1, annex E.
fn nominal_hz(exact_hz: f64) -> f64 {
    const NOMINAL: [f64; 10] = [1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0];
    let tenth = (10.0 * exact_hz.log10()).round();
    NOMINAL[tenth.rem_euclid(10.0) as usize % 10] * 10f64.powf((tenth / 10.0).floor())
}

fn short_hz(hz: f64) -> String {
    let (value, unit) = if hz >= 1000.0 { (hz / 1000.0, "kHz") } else { (hz, "Hz") };
    let text = format!("{value:.2}");
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Balance, mono fold-down, bass.
fn sums_ui(ui: &Ui, painter: &Painter, rect: Rect, stereo: &StereoView) {
    let t = theme();
    painter.hline(rect.x_range(), rect.top(), t.hairline());
    let row = |i: usize| {
        let top = rect.top() + 6.0 + 27.0 * i as f32;
        Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), 26.0))
    };
    balance_ui(ui, painter, row(0), stereo);
    let fold = format!(
        "{} dB · {} LU since reset, now {} dB",
        reading(stereo.long_fold_down_db, 1),
        reading(stereo.long_fold_down_lu, 1),
        reading(stereo.fold_down_db, 1)
    );
    let about = "What a mono sum costs: its level against that of both channels, and its loudness (K-weighted, ungated).";
    let short = format!("{} dB since reset", reading(stereo.long_fold_down_db, 1));
    line_ui(ui, painter, row(1), ("Mono sum", &fold, &short), about);
    let share = |s: Option<f64>| s.map_or_else(|| "–".to_owned(), percent);
    let ([low, high], [low_now, high_now]) = (stereo.low_side, stereo.low_side_now);
    let bass = format!(
        "under 150 Hz {} %, under 300 Hz {} %, now {} %, {} %",
        share(low),
        share(high),
        share(low_now),
        share(high_now)
    );
    let about = "The side's part of the energy of the bass since reset and over the last second: 0 % is mono, 50 % unrelated \
                 channels. A vinyl cutter follows it in depth.";
    let short = format!("under 150 Hz {} %", share(low));
    line_ui(ui, painter, row(2), ("Side in bass", &bass, &short), about);
}

/// A line of words; the short ones where there is no room for all.
fn line_ui(ui: &Ui, painter: &Painter, rect: Rect, (name, text, short): (&str, &str, &str), about: &str) {
    let t = theme();
    let response = ui.interact(rect, ui.scope_id().with(name), Sense::hover());
    speak(ui, &response, Role::Meter, || format!("{name}: {text}"));
    let columns = Columns::of(rect);
    let shown = if columns.is_narrow { short } else { text };
    response.on_hover_text(if columns.is_narrow { format!("{text}\n{about}") } else { about.to_owned() });
    let font = t.font(t.small);
    painter.text(rect.left_center(), Align2::LEFT_CENTER, name, font.clone(), t.text_weak);
    let at = rect.left_center() + vec2(columns.names, 0.0);
    painter.text(at, Align2::LEFT_CENTER, shown, font, t.text);
}

/// The stronger channel and by how much; `balance_db` is right against left.
pub(super) fn balance_words(balance_db: Option<f64>) -> String {
    match balance_db {
        Some(db) if db >= 0.05 => format!("R {} dB", plain(db, 1)),
        Some(db) if db <= -0.05 => format!("L {} dB", plain(-db, 1)),
        Some(_) => "0.0 dB".to_owned(),
        None => "–".to_owned(),
    }
}

fn balance_ui(ui: &Ui, painter: &Painter, rect: Rect, stereo: &StereoView) {
    let t = theme();
    let [now, long] = [stereo.balance_db, stereo.long_balance_db].map(balance_words);
    let response = ui.interact(rect, ui.scope_id().with("balance"), Sense::hover());
    speak(ui, &response, Role::Meter, || format!("Balance: now {now}, since reset {long}"));
    response.on_hover_text(
        "Which channel is stronger: over 0.3 s (bar) and since reset (mark). Ends of the bar: 6 dB.",
    );
    let font = t.font(t.small);
    painter.text(rect.left_center(), Align2::LEFT_CENTER, "Balance", font.clone(), t.text_weak);
    let columns = Columns::of(rect);
    let bar = Rect::from_x_y_ranges(columns.bar(rect), rect.center().y - 5.0..=rect.center().y + 5.0);
    let x = |db: f64| egui::remap((db / BALANCE_DB).clamp(-1.0, 1.0) as f32, -1.0..=1.0, bar.x_range());
    painter.rect_filled(bar, 1.0, t.ground);
    if let Some(db) = stereo.balance_db {
        let span = x(0.0).min(x(db))..=x(0.0).max(x(db));
        painter.rect_filled(Rect::from_x_y_ranges(span, bar.y_range()), 0.0, faded(t.master, 0.8));
    }
    painter.vline(x(0.0), bar.y_range(), Stroke::new(1.0, t.line_strong));
    if let Some(db) = stereo.long_balance_db {
        painter.vline(x(db), bar.y_range(), Stroke::new(2.0, t.text));
    }
    let side = |x: f32, align: Align2, text: &str| {
        painter.text(pos2(x, rect.center().y), align, text, font.clone(), t.text_weak);
    };
    side(bar.left() - 4.0, Align2::RIGHT_CENTER, "L");
    side(bar.right() + 4.0, Align2::LEFT_CENTER, "R");
    let text = if columns.is_narrow { now } else { format!("{now}, all {long}") };
    painter.text(rect.right_center(), Align2::RIGHT_CENTER, text, font.clone(), t.text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_named_as_in_the_trade() {
        let name =
            |low_hz: f64, high_hz: f64| band_name(&BandReading { low_hz, high_hz, ..BandReading::default() });
        assert_eq!(name(0.0, 120.0), "under 120 Hz");
        assert_eq!(name(120.0, 2000.0), "120 Hz–2 kHz");
        assert_eq!(name(2000.0, 24_000.0), "over 2 kHz");
        let octaves: Vec<f64> =
            (-5..=4).map(|k| nominal_hz(1000.0 * 10f64.powf(0.3 * f64::from(k)))).collect();
        let expected = [31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0];
        assert!(octaves.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-9), "{octaves:?}");
        assert_eq!(name(28.2, 35.5), "31.5 Hz");
        assert_eq!(name(2818.0, 3548.0), "3.15 kHz");
    }

    #[test]
    fn the_balance_says_its_side() {
        let words = [Some(1.24), Some(-0.72), Some(-0.04), None].map(balance_words);
        assert_eq!(words, ["R 1.2 dB", "L 0.7 dB", "0.0 dB", "–"]);
    }

    #[test]
    fn needles_are_spoken_whole() {
        let needle = NeedleReading {
            now: Some(0.62),
            is_held: false,
            lowest: Some(crate::app::frame::Lowest { value: -0.15, at_s: 42.3 }),
            measured_s: 400.0,
            below_zero_s: 3.2,
        };
        assert_eq!(lowest_words(&needle), "min −0.15 at 0:42.3");
        assert_eq!(below_words(&needle), "below 0: 3.2 s, 0.8 %");
        assert_eq!(below_words(&NeedleReading::default()), "below 0: –");
        assert_eq!(percent(0.0001), "<0.1");
    }
}
