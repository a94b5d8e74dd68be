//! The meters: always of the signal at the meter point, each wherever the engineer wants it.
//!
//! Each view is a file with one function of a frame; [`MeterKind`] lists them, and where they stand is a setting: in the
//! column at the right ([`meters_ui`]), as a tab of the lower panel ([`strip_ui`]), in a window of its own
//! ([`meter_windows_ui`]).

pub mod album_table;
mod bits;
mod column;
mod correlation;
mod field;
mod histogram;
mod history;
mod kind;
mod level;
mod loudness;
mod menus;
mod parts;
mod places;
mod point;
pub mod services;
mod spectrogram;
mod spectrum;
mod spectrum_menu;
mod strip;
mod trace;
mod traces;
mod windows;

use egui::{Align2, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use crate::gui::theme::theme;
use bits::bits_ui;
pub use column::{column_width, meters_ui};
use correlation::correlation_ui;
use field::field_ui;
use histogram::histogram_ui;
use history::history_ui;
pub use kind::{MeterKind, View};
use level::level_ui;
use loudness::loudness_ui;
pub use parts::{choices, heading_menu};
pub use places::{arrange, do_action, own_layouts_menu, place_menu, places_menu, switched};
pub use point::point_menu;
pub use spectrogram::spectrogram_ui;
pub use spectrum::spectrum_ui;
pub use strip::{show_workspace, strip_front, strip_ui};
use trace::trace_ui;
pub use traces::colour_of as curve_colour;
pub use windows::meter_windows_ui;

/// A spoken text is made anew no more often than this, seconds: a screen reader is not to stumble over every frame.
const SPOKEN_EVERY_S: f64 = 0.5;

/// What is only visual in the meters: what the mouse holds, and a field for each view that has something of its own.
#[derive(Debug, Default)]
pub struct MeterPanels {
    held: Option<column::Held>,
    /// Sizes of what is held when it was taken, points.
    grabbed: [f32; 2],
    windows: windows::Windows,
    album_table: album_table::AlbumTableState,
    services: services::ServicesState,
    /// Loudness over the album.
    pub history: history::HistoryState,
    /// Distribution of loudness.
    pub histogram: histogram::HistogramState,
}

/// Names a view to screen readers by its values, at most twice a second another text.
pub fn speak(ui: &Ui, response: &Response, role: Role, text: impl FnOnce() -> String) {
    let (id, now_s) = (response.id.with("spoken"), ui.input(|i| i.time));
    let known = ui.data(|d| d.get_temp::<(f64, String)>(id));
    let spoken = match known {
        Some((at_s, spoken)) if (0.0..SPOKEN_EVERY_S).contains(&(now_s - at_s)) => spoken,
        _ => {
            let spoken = text();
            ui.data_mut(|d| d.insert_temp(id, (now_s, spoken.clone())));
            spoken
        }
    };
    response.widget_info(|| WidgetInfo::labeled(role, true, &spoken));
}

/// A title at the left and a remark at the right of a line.
pub fn heading(ui: &mut Ui, title: &str, remark: &str) {
    let (_, free) = title_ui(ui, title);
    remark_ui(ui, free, remark);
}

/// The line of a heading with its title, and what is free behind that.
fn title_ui(ui: &mut Ui, title: &str) -> (Rect, Rect) {
    let t = theme();
    let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let font = t.font(t.small);
    let shown = ui.painter().text(line.left_center(), Align2::LEFT_CENTER, title, font, t.text_weak);
    (line, line.with_min_x(shown.right() + 8.0))
}

/// A remark at the right of a free place. Where room is short it loses its first parts.
fn remark_ui(ui: &Ui, free: Rect, remark: &str) {
    let (t, painter) = (theme(), ui.painter());
    let font = t.font(t.small);
    let fits = |text: &&str| {
        let galley = painter.layout_no_wrap((*text).to_owned(), font.clone(), t.text_weak);
        galley.size().x <= free.width()
    };
    if let Some(text) = shorter(remark).find(fits) {
        painter.text(free.right_center(), Align2::RIGHT_CENTER, text, font.clone(), t.text_weak);
    }
}

/// A remark, and what is left of it without its first part, its first two …
fn shorter(remark: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(remark), |text| text.split_once(" · ").map(|(_, rest)| rest))
}
