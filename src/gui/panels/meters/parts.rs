//! What several meters share: a heading with a menu of settings, the loudness axis, and the menu of scale and target.

use egui::{
    Align2, Painter, Popup, PopupCloseBehavior, Rect, RectAlign, Response, Role, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use super::{remark_ui, title_ui};
use crate::app::frame::Frame;
use crate::app::meter_settings::{
    BANDS_LU, EBU_TARGET_LUFS, LoudnessScale, LoudnessSettings, LoudnessUnit, TARGETS_LUFS,
};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{Theme, faded, theme};
use crate::gui::widgets::figures::{plain, plain_reading, reading, signed};
use crate::gui::widgets::{NumberSpec, number_field};

/// Targets offered beside the one that is typed, LUFS.
const TARGETS: [f64; 6] = [-23.0, -18.0, -16.0, -14.0, -12.0, -9.0];

/// The menu of a heading: beside the meter where there is room, so that one sees what is chosen, else below its right end.
/// It stays open while things are chosen in it.
pub fn beside<'a>(button: &Response, heading: Rect) -> Popup<'a> {
    const ELSE: &[RectAlign] = &[RectAlign::LEFT_END, RectAlign::BOTTOM_END, RectAlign::TOP_END];
    Popup::menu(button)
        .anchor(heading)
        .align(RectAlign::LEFT_START)
        .align_alternatives(ELSE)
        .gap(8.0)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
}

/// A heading whose right end opens a menu of settings.
pub fn heading_menu(ui: &mut Ui, title: &str, remark: &str, menu: impl FnOnce(&mut Ui)) {
    let free = heading_with(ui, title, &format!("{title} settings"), menu);
    remark_ui(ui, free, remark);
}

/// Title and menu of a heading, the menu under a name of its own; gives the place between them.
pub(super) fn heading_with(ui: &mut Ui, title: &str, name: &str, menu: impl FnOnce(&mut Ui)) -> Rect {
    let t = theme();
    let (line, free) = title_ui(ui, title);
    let button = line.with_min_x(line.right() - line.height());
    let response = ui.interact(button, ui.scope_id().with((title, "settings")), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let ink = if response.hovered() || response.has_focus() { t.text } else { t.text_weak };
    for i in -1..=1 {
        ui.painter().circle_filled(button.center() + vec2(4.0 * i as f32, 0.0), 1.2, ink);
    }
    crate::gui::widgets::number::focus_ring(ui, &response, button);
    beside(&response, line).show(|ui| {
        ui.set_min_width(180.0);
        menu(ui);
    });
    response.on_hover_text(format!("{title} settings"));
    free.with_max_x(button.left() - 4.0)
}

/// Some words of which one is chosen; the one clicked.
pub fn choices<T: PartialEq + Copy>(ui: &mut Ui, now: T, of: &[(T, &str)]) -> Option<T> {
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (value, label) in of {
            if ui.selectable_label(*value == now, *label).clicked() {
                chosen = Some(*value);
            }
        }
    });
    chosen
}

/// Changes how loudness is shown.
pub fn set_loudness(frame: &Frame, out: &mut Outbox, change: impl FnOnce(&mut LoudnessSettings)) {
    out.set_meters(frame, |m| change(&mut m.loudness));
}

/// Scale, unit and target.
pub fn loudness_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let settings = &frame.meter_settings.loudness;
    ui.label("Scale");
    if let Some(scale) = choices(ui, settings.scale, &LoudnessScale::ALL.map(|s| (s, s.label()))) {
        set_loudness(frame, out, |l| l.scale = scale);
    }
    let units = [(LoudnessUnit::Lufs, "LUFS"), (LoudnessUnit::Lu, "LU")];
    if let Some(unit) = choices(ui, settings.unit, &units) {
        set_loudness(frame, out, |l| l.unit = unit);
    }
    ui.label("Target");
    let words = TARGETS.map(|target| plain(target, 0));
    let targets: Vec<(f64, &str)> = TARGETS.into_iter().zip(words.iter().map(String::as_str)).collect();
    if let Some(target) = choices(ui, settings.target(), &targets) {
        set_loudness(frame, out, |l| l.target_lufs = target);
    }
    ui.horizontal(|ui| {
        let spec = NumberSpec::new("Target loudness", "LUFS", *TARGETS_LUFS.start(), *TARGETS_LUFS.end());
        let spec = spec.default_value(EBU_TARGET_LUFS).decimals(1);
        if let Some(target) = number_field(ui, "target", &spec, settings.target(), 84.0).value {
            set_loudness(frame, out, |l| l.target_lufs = (target * 10.0).round() / 10.0);
        }
        ui.label("±");
        let spec = NumberSpec::new("Band about the target", "LU", *BANDS_LU.start(), *BANDS_LU.end());
        let spec = spec.default_value(1.0).decimals(1);
        if let Some(band) = number_field(ui, "band", &spec, settings.band(), 64.0).value {
            set_loudness(frame, out, |l| l.band_lu = (band * 10.0).round() / 10.0);
        }
    });
}

/// The unit loudness is written in.
pub fn unit_word(settings: &LoudnessSettings) -> &'static str {
    match settings.unit {
        LoudnessUnit::Lufs => "LUFS",
        LoudnessUnit::Lu => "LU",
    }
}

/// A loudness in the chosen unit, one decimal.
pub fn loudness_text(settings: &LoudnessSettings, lufs: Option<f64>) -> String {
    match settings.unit {
        LoudnessUnit::Lufs => plain_reading(lufs, 1),
        LoudnessUnit::Lu => reading(lufs.map(|l| l - settings.target()), 1),
    }
}

/// The upright loudness scale. LU and LUFS are two ways to write the same marks, so that nothing moves between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoudnessAxis {
    low_lufs: f64,
    high_lufs: f64,
    target_lufs: f64,
    unit: LoudnessUnit,
}

impl LoudnessAxis {
    /// As set.
    pub fn new(settings: &LoudnessSettings) -> Self {
        let (low_lufs, high_lufs) = settings.range_lufs();
        Self { low_lufs, high_lufs, target_lufs: settings.target(), unit: settings.unit }
    }

    /// Height of a loudness in a rectangle; outside the scale it is at its end.
    pub fn y(&self, rect: Rect, lufs: f64) -> f32 {
        let place = ((lufs - self.low_lufs) / (self.high_lufs - self.low_lufs)).clamp(0.0, 1.0);
        rect.bottom() - place as f32 * rect.height()
    }

    /// Marks at least so many points apart: the target, and steps from it.
    pub fn marks_lufs(&self, height: f32, apart: f32) -> Vec<f64> {
        let per_lu = f64::from(height) / (self.high_lufs - self.low_lufs);
        let fits = |step: &f64| step * per_lu >= f64::from(apart);
        let step = [3.0, 6.0, 9.0, 18.0, 36.0].into_iter().find(fits).unwrap_or(72.0);
        let first = ((self.low_lufs - self.target_lufs) / step).ceil() as i32;
        let last = ((self.high_lufs - self.target_lufs) / step).floor() as i32;
        (first..=last).map(|i| self.target_lufs + f64::from(i) * step).collect()
    }

    /// A mark as written.
    pub fn mark_text(&self, lufs: f64) -> String {
        match self.unit {
            LoudnessUnit::Lufs => plain(lufs, usize::from(lufs.fract().abs() > 0.05)),
            LoudnessUnit::Lu => signed(lufs - self.target_lufs, 0),
        }
    }

    /// Writes the marks, right-aligned at `x`.
    pub fn marks_ui(&self, painter: &Painter, t: &Theme, rect: Rect, x: f32, apart: f32) {
        for lufs in self.marks_lufs(rect.height(), apart) {
            let at = pos2(x, self.y(rect, lufs));
            painter.text(at, Align2::RIGHT_CENTER, self.mark_text(lufs), t.font(t.small), t.text_weak);
            painter.hline(x + 1.0..=x + 4.0, at.y, Stroke::new(1.0, t.line));
        }
    }

    /// Lines behind a picture.
    pub fn grid_ui(&self, painter: &Painter, t: &Theme, rect: Rect, apart: f32) {
        for lufs in self.marks_lufs(rect.height(), apart) {
            painter.hline(rect.x_range(), self.y(rect, lufs), Stroke::new(1.0, faded(t.line, 0.5)));
        }
    }

    /// The target and its band across a picture.
    pub fn target_ui(&self, painter: &Painter, t: &Theme, rect: Rect, settings: &LoudnessSettings) {
        let target = settings.target();
        let band = self.y(rect, target + settings.band())..=self.y(rect, target - settings.band());
        painter.rect_filled(Rect::from_x_y_ranges(rect.x_range(), band), 0.0, faded(t.master, 0.18));
        painter.hline(rect.x_range(), self.y(rect, target), Stroke::new(1.0, t.master));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tech 3341: the reference stays where it is when LU and LUFS are exchanged.
    #[test]
    fn nothing_moves_between_lu_and_lufs() {
        let rect = Rect::from_min_size(pos2(0.0, 10.0), vec2(10.0, 270.0));
        let lufs = LoudnessSettings { scale: LoudnessScale::EbuPlus9, ..LoudnessSettings::default() };
        let lu = LoudnessSettings { unit: LoudnessUnit::Lu, ..lufs.clone() };
        let (a, b) = (LoudnessAxis::new(&lufs), LoudnessAxis::new(&lu));
        let marks = a.marks_lufs(270.0, 20.0);
        assert_eq!(marks, b.marks_lufs(270.0, 20.0));
        assert_eq!(marks.first().zip(marks.last()), Some((&-41.0, &-14.0)));
        assert!(marks.contains(&-23.0));
        for mark in marks {
            assert_eq!(a.y(rect, mark), b.y(rect, mark));
        }
        assert_eq!((a.mark_text(-23.0), b.mark_text(-23.0)), ("−23".to_owned(), "0".to_owned()));
        assert_eq!((a.mark_text(-14.0), b.mark_text(-14.0)), ("−14".to_owned(), "+9".to_owned()));
        assert_eq!((a.y(rect, -41.0), a.y(rect, -14.0), a.y(rect, 3.0)), (280.0, 10.0, 10.0));
    }

    #[test]
    fn figures_are_written_in_the_chosen_unit() {
        let lufs = LoudnessSettings { target_lufs: -14.0, ..LoudnessSettings::default() };
        let lu = LoudnessSettings { unit: LoudnessUnit::Lu, ..lufs.clone() };
        assert_eq!((loudness_text(&lufs, Some(-10.24)), unit_word(&lufs)), ("−10.2".to_owned(), "LUFS"));
        assert_eq!((loudness_text(&lu, Some(-10.24)), unit_word(&lu)), ("+3.8".to_owned(), "LU"));
        assert_eq!(loudness_text(&lu, None), "–");
    }
}
