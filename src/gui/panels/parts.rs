//! Parts the lower panels and the dialogs share: marks of findings, tables, fields that keep what was typed.
//!
//! A finding has a shape and a colour: disc (worth knowing), triangle (wants a look), octagon (must be mended), tick
//! (nothing found).

use egui::{
    Align2, Color32, Id, Key, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::plain_reading;
use crate::model::{Finding, Severity};

/// Height of a row of a table, points.
pub const ROW: f32 = 22.0;

/// The gravest of some findings.
pub fn worst(findings: &[Finding]) -> Option<Severity> {
    findings.iter().map(|f| f.severity).max()
}

/// A severity as a word.
pub fn severity_word(severity: Option<Severity>) -> &'static str {
    match severity {
        None => "nothing found",
        Some(Severity::Info) => "worth knowing",
        Some(Severity::Warning) => "wants a look",
        Some(Severity::Error) => "must be mended",
    }
}

/// A severity as a colour; nothing found is green.
pub fn severity_colour(severity: Option<Severity>) -> Color32 {
    let t = theme();
    match severity {
        None => t.master,
        Some(Severity::Info) => t.info,
        Some(Severity::Warning) => t.warning,
        Some(Severity::Error) => t.error,
    }
}

/// Paints the shape of a severity about a point, 10 points large.
pub fn paint_severity(ui: &Ui, centre: egui::Pos2, severity: Option<Severity>) {
    let colour = severity_colour(severity);
    let painter = ui.painter();
    match severity {
        None => {
            let points = vec![centre + vec2(-4.0, 0.5), centre + vec2(-1.0, 3.5), centre + vec2(4.5, -3.5)];
            painter.add(Shape::line(points, Stroke::new(1.5, colour)));
        }
        Some(Severity::Info) => {
            painter.circle_filled(centre, 4.5, colour);
        }
        Some(Severity::Warning) => {
            let points = vec![centre + vec2(0.0, -5.0), centre + vec2(5.5, 4.5), centre + vec2(-5.5, 4.5)];
            painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
        }
        Some(Severity::Error) => {
            let corner = |i: u8| {
                let angle = (f32::from(i) + 0.5) * std::f32::consts::FRAC_PI_4;
                centre + 5.6 * vec2(angle.cos(), angle.sin())
            };
            painter.add(Shape::convex_polygon((0..8).map(corner).collect(), colour, Stroke::NONE));
        }
    }
}

/// The shape of a severity with its reason on hover, as a widget of its own.
pub fn severity_mark(ui: &mut Ui, severity: Option<Severity>, reason: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(14.0, 18.0), Sense::hover());
    paint_severity(ui, rect.center(), severity);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, reason));
    response.on_hover_text(reason)
}

/// A finding as a line: shape and sentence, with the value and limit on hover.
pub fn finding_line(ui: &mut Ui, finding: &Finding) -> Response {
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), Sense::hover());
        paint_severity(ui, rect.center(), Some(finding.severity));
        let label = ui.add(egui::Label::new(RichText::new(&finding.text).color(theme().text)).wrap());
        match measured(finding) {
            Some(text) => label.on_hover_text(text),
            None => label,
        }
    })
    .inner
}

/// Findings, the gravest first; as they came where equally grave.
pub fn by_gravity(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|f| std::cmp::Reverse(f.severity));
    sorted
}

/// Value and limit of a finding with their unit.
pub fn measured(finding: &Finding) -> Option<String> {
    let value = finding.value?;
    let unit = finding.unit.as_deref().unwrap_or_default();
    let limit = finding.limit.map(|l| format!(", limit {} {unit}", figure(l))).unwrap_or_default();
    Some(format!("{} {unit}{limit}", figure(value)).replace(" ,", ",").trim_end().to_owned())
}

/// A number with at most two decimals and a true minus.
pub fn figure(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').replace('-', "−")
}

/// A level with one decimal and a true minus, or a dash where there is none.
pub fn level(value: Option<f64>) -> String {
    plain_reading(value, 1)
}

/// Head of a part of a panel: its name, and a note at the right.
pub fn head(ui: &mut Ui, title: &str, note: &str) {
    let t = theme();
    ui.horizontal(|ui| {
        ui.set_height(20.0);
        ui.label(RichText::new(title).font(t.medium(t.body)).color(t.text));
        if !note.is_empty() {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(note).size(t.small).color(t.text_weak)).truncate());
            });
        }
    });
    ui.add_space(t.grid);
}

/// A label and a value under the label's column.
pub fn fact(ui: &mut Ui, label: &str, value: &str) {
    let t = theme();
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(112.0, 18.0), Sense::hover());
        cell(ui, rect, label, t.text_weak, false);
        ui.add(egui::Label::new(RichText::new(value).color(t.text)).truncate());
    });
}

/// Weak text that teaches, wrapped.
pub fn teach(ui: &mut Ui, text: &str) {
    ui.add(egui::Label::new(RichText::new(text).color(theme().text_weak)).wrap());
}

/// Draws parts of a panel beside each other with a hairline between. A width of 0 shares what is left.
pub fn side_by_side(ui: &mut Ui, widths: &[f32], mut part: impl FnMut(&mut Ui, usize)) {
    let t = theme();
    let all = ui.available_rect_before_wrap();
    let (fixed, free) = (widths.iter().sum::<f32>(), widths.iter().filter(|w| **w <= 0.0).count());
    let share = ((all.width() - fixed) / free.max(1) as f32).max(160.0);
    let mut left = all.left();
    for (index, width) in widths.iter().enumerate() {
        let right = if index + 1 == widths.len() {
            all.right()
        } else {
            left + if *width > 0.0 { *width } else { share }
        };
        let rect = Rect::from_min_max(pos2(left, all.top()), pos2(right.max(left), all.bottom()));
        if index > 0 {
            ui.painter().vline(left, rect.y_range(), t.hairline());
        }
        let inner = rect.shrink2(vec2(12.0, 8.0));
        let builder = UiBuilder::new().id_salt(("part", index)).max_rect(inner);
        ui.scope_builder(builder, |ui| {
            ui.set_clip_rect(rect.intersect(ui.clip_rect()));
            part(ui, index);
        });
        left = right;
    }
    ui.advance_cursor_after_rect(all);
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub head: &'static str,
    /// Points; 0 takes what is left.
    pub width: f32,
    /// Numbers stand at the right.
    pub right: bool,
}

/// Text column.
pub const fn text_column(head: &'static str, width: f32) -> Column {
    Column { head, width, right: false }
}

/// Number column.
pub const fn number_column(head: &'static str, width: f32) -> Column {
    Column { head, width, right: true }
}

/// The cells of a row; columns are 8 points apart.
pub fn cells(columns: &[Column], row: Rect) -> Vec<Rect> {
    let gap = 8.0;
    let fixed: f32 = columns.iter().map(|c| c.width + gap).sum::<f32>() - gap;
    let free = columns.iter().filter(|c| c.width <= 0.0).count().max(1) as f32;
    let share = ((row.width() - fixed) / free).max(60.0);
    let mut left = row.left();
    let mut rects = Vec::with_capacity(columns.len());
    for column in columns {
        let width = if column.width > 0.0 { column.width } else { share };
        rects.push(Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height())));
        left += width + gap;
    }
    rects
}

/// The head of a table with a line under it.
pub fn table_head(ui: &mut Ui, columns: &[Column]) {
    let t = theme();
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    for (rect, column) in cells(columns, row.shrink2(vec2(4.0, 0.0))).iter().zip(columns) {
        small_cell(ui, *rect, column.head, t.text_weak, column.right);
    }
    ui.painter().hline(row.x_range(), row.bottom(), t.hairline());
}

/// A row of a table that can be clicked: its ground, and its cells to paint into.
pub fn table_row(ui: &mut Ui, columns: &[Column], chosen: bool, label: &str) -> (Response, Vec<Rect>) {
    let t = theme();
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, label));
    if chosen {
        ui.painter().rect_filled(row, 0.0, t.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(row, 0.0, faded(t.control, 0.6));
    }
    if response.has_focus() {
        let ring = Stroke::new(1.0, t.focus);
        ui.painter().rect_stroke(row, t.corner, ring, egui::StrokeKind::Inside);
    }
    (response, cells(columns, row.shrink2(vec2(4.0, 0.0))))
}

/// Paints a text into a cell, cut with an ellipsis where it does not fit; says whether it was cut.
pub fn cell(ui: &Ui, rect: Rect, text: &str, colour: Color32, right: bool) -> bool {
    paint_cell(ui, rect, text, theme().body, colour, right)
}

fn small_cell(ui: &Ui, rect: Rect, text: &str, colour: Color32, right: bool) {
    paint_cell(ui, rect, text, theme().small, colour, right);
}

fn paint_cell(ui: &Ui, rect: Rect, text: &str, size: f32, colour: Color32, right: bool) -> bool {
    let format = egui::TextFormat::simple(theme().font(size), colour);
    let mut job = egui::text::LayoutJob::single_section(text.to_owned(), format);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width().max(8.0));
    let galley = ui.painter().layout_job(job);
    let anchor = if right { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
    let at = anchor.anchor_size(anchor.pos_in_rect(&rect), galley.size());
    let cut = galley.elided;
    ui.painter().galley(at.min, galley, colour);
    cut
}

/// What a field for one line showed and kept.
#[derive(Debug)]
pub struct Field {
    /// The text edit.
    pub response: Response,
    /// The text in it now, also while it is typed.
    pub text: String,
    /// The text is kept (Enter, Tab or a click elsewhere) and differs from what was there. Escape keeps nothing.
    pub kept: Option<String>,
}

/// One line of text in a rectangle: what is typed is a draft until it is kept; Escape drops it.
pub fn field(ui: &mut Ui, rect: Rect, id: Id, label: &str, current: &str, hint: &str) -> Field {
    let draft: Option<String> = ui.data(|d| d.get_temp(id));
    let typed_before = draft.is_some();
    let mut text = draft.unwrap_or_else(|| current.to_owned());
    let escaped = ui.input(|i| i.key_pressed(Key::Escape));
    let edit = egui::TextEdit::singleline(&mut text)
        .id(id)
        // Room for a mark at the right, whether there is one or not.
        .margin(egui::Margin { left: 5, right: 19, top: 3, bottom: 3 })
        .hint_text(RichText::new(hint).italics().color(theme().text_weak))
        .align(Align2::LEFT_CENTER);
    let response = ui.place(rect, edit).accessible_name(label);
    let kept = if response.has_focus() {
        if typed_before || response.changed() {
            ui.data_mut(|d| d.insert_temp(id, text.clone()));
        }
        None
    } else if typed_before || response.changed() {
        ui.data_mut(|d| d.remove::<String>(id));
        let dropped = escaped && response.lost_focus();
        if dropped {
            text = current.to_owned();
        }
        (!dropped && text != current).then(|| text.clone())
    } else {
        None
    };
    Field { response, text, kept }
}

/// Several lines of text, sent as they are typed: one step of undo for as long as the field keeps the keyboard. While
/// it does, what is typed stands, however late the program answers.
pub fn notes_field(
    ui: &mut Ui,
    id: Id,
    label: &str,
    current: &str,
    hint: &str,
    rows: usize,
    out: &mut Outbox,
) -> Option<(String, crate::edit::GestureId)> {
    let draft: Option<String> = ui.data(|d| d.get_temp(id));
    let mut text = draft.unwrap_or_else(|| current.to_owned());
    let edit = egui::TextEdit::multiline(&mut text)
        .id(id)
        .desired_rows(rows)
        .desired_width(f32::INFINITY)
        .margin(vec2(6.0, 4.0))
        .hint_text(RichText::new(hint).italics().color(theme().text_weak));
    let response = ui.add(edit).accessible_name(label);
    if response.gained_focus() {
        out.gesture_of(id, true);
    }
    let changed = response.changed();
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, text.clone()));
    } else {
        ui.data_mut(|d| d.remove::<String>(id));
    }
    changed.then(|| (text, out.gesture_of(id, false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_a_true_minus_and_no_idle_zeros() {
        assert_eq!(figure(-1.50), "−1.5");
        assert_eq!(figure(44_100.0), "44100");
        assert_eq!(figure(0.006), "0.01");
        assert_eq!(level(Some(-10.24)), "−10.2");
        assert_eq!(level(None), "–");
    }

    #[test]
    fn the_gravest_come_first_and_keep_their_order() {
        let f = |rule, severity| Finding::new(rule, severity, "");
        let findings = [
            f("a", Severity::Info),
            f("b", Severity::Error),
            f("c", Severity::Info),
            f("d", Severity::Error),
        ];
        let rules: Vec<_> = by_gravity(&findings).iter().map(|f| f.rule.as_str()).collect();
        assert_eq!(rules, ["b", "d", "a", "c"]);
        assert_eq!(worst(&findings), Some(Severity::Error));
        assert_eq!(
            measured(&f("x", Severity::Info).measured(-0.2, -1.0, "dBTP")).as_deref(),
            Some("−0.2 dBTP, limit −1 dBTP")
        );
    }
}
