//! The menus that say where a meter stands, and the layouts as commands.

use egui::Ui;

use super::{MeterKind, point_menu};
use crate::app::meter_settings::{Arrangement, BuiltIn, MeterSettings};
use crate::app::{Action, Frame};
use crate::gui::outbox::Outbox;

/// The layout of the program a command chooses.
fn built_in_of(action: Action) -> Option<BuiltIn> {
    match action {
        Action::LayoutCalm => Some(BuiltIn::Calm),
        Action::LayoutLoudness => Some(BuiltIn::Loudness),
        Action::LayoutSpectrum => Some(BuiltIn::Spectrum),
        Action::LayoutAlbum => Some(BuiltIn::Album),
        _ => None,
    }
}

/// Changes what stands where.
pub fn arrange(frame: &Frame, out: &mut Outbox, change: impl FnOnce(&mut Arrangement)) {
    out.set_meters(frame, |m| change(&mut m.layout.now));
}

/// Does a command of the layouts or of a view's window; `false` if it is another one.
pub fn do_action(action: Action, frame: &Frame, out: &mut Outbox) -> bool {
    if let Some(layout) = built_in_of(action) {
        out.set_meters(frame, |m| m.layout.choose_built_in(layout));
    } else if let Some(kind) = MeterKind::of(action) {
        arrange(frame, out, |a| a.toggle_window(kind.id()));
    } else {
        match action {
            Action::ResetLayout => out.set_meters(frame, |m| m.layout.reset()),
            Action::MeterColumn => arrange(frame, out, |a| a.column_shown = !a.column_shown),
            _ => return false,
        }
    }
    true
}

/// Whether a command of the meters is a switch that is on; `None` if it is none.
pub fn switched(action: Action, settings: &MeterSettings) -> Option<bool> {
    let layout = &settings.layout;
    if let Some(point) = action.meter_point() {
        return Some(settings.point == point);
    }
    if let Some(built_in) = built_in_of(action) {
        return Some(layout.chosen == built_in.label());
    }
    if let Some(kind) = MeterKind::of(action) {
        return Some(layout.now.in_window(kind.id()));
    }
    (action == Action::MeterColumn).then_some(layout.now.column_shown)
}

/// Where one view stands, as switches.
pub fn place_menu(ui: &mut Ui, frame: &Frame, kind: MeterKind, out: &mut Outbox) {
    let now = &frame.meter_settings.layout.now;
    let id = kind.id();
    if ui.selectable_label(now.in_column(id), "In the column").clicked() {
        arrange(frame, out, |a| a.toggle_column(id));
        ui.close();
    }
    if ui.selectable_label(now.in_strip(id), "In the lower panel").clicked() {
        arrange(frame, out, |a| a.toggle_strip(id));
        ui.close();
    }
    if ui.selectable_label(now.in_window(id), "In its own window").clicked() {
        arrange(frame, out, |a| a.toggle_window(id));
        ui.close();
    }
}

/// Where a view of the column stands, and its place in the column.
pub(super) fn column_menu(ui: &mut Ui, frame: &Frame, kind: MeterKind, out: &mut Outbox) {
    place_menu(ui, frame, kind, out);
    ui.separator();
    let column = &frame.meter_settings.layout.now.column;
    let Some(index) = column.iter().position(|p| p.view == kind.id()) else { return };
    let up = ui.add_enabled(index > 0, egui::Button::new("Move up"));
    if up.clicked() {
        arrange(frame, out, |a| a.move_in_column(kind.id(), index.saturating_sub(1)));
        ui.close();
    }
    let down = ui.add_enabled(index + 1 < column.len(), egui::Button::new("Move down"));
    if down.clicked() {
        arrange(frame, out, |a| a.move_in_column(kind.id(), index + 2));
        ui.close();
    }
    let set = column.get(index).is_some_and(|p| p.chosen_height() > 0.0);
    if ui.add_enabled(set, egui::Button::new("Usual height")).clicked() {
        arrange(frame, out, |a| a.set_height(kind.id(), 0.0));
        ui.close();
    }
}

/// The part of the View menu that says where every meter stands.
pub fn places_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    ui.menu_button("Meters", |ui| {
        for &kind in MeterKind::ALL {
            ui.menu_button(kind.label(), |ui| place_menu(ui, frame, kind, out));
        }
        ui.separator();
        ui.menu_button("Listen at", |ui| point_menu(ui, frame, out));
    });
}

/// The user's own layouts.
pub fn own_layouts_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let layout = &frame.meter_settings.layout;
    for own in &layout.own {
        if ui.selectable_label(layout.chosen == own.name, &own.name).clicked() {
            out.set_meters(frame, |m| m.layout.choose_own(&own.name));
            ui.close();
        }
    }
}
