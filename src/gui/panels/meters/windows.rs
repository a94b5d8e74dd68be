//! Meters in windows of their own, for a second screen: the same picture as in the column, as large as the window.

use egui::{Context, Ui, ViewportBuilder, ViewportClass, ViewportId};

use super::MeterKind;
use crate::app::Frame;
use crate::gui::keys;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

/// Draws the open windows; one closed by its frame is put away.
pub fn meter_windows_ui(ctx: &Context, frame: &Frame, open: &mut Vec<MeterKind>, out: &mut Outbox) {
    open.retain(|&meter| {
        let builder = ViewportBuilder::default()
            .with_title(format!("{} – Glassmaster", meter.label()))
            .with_app_id("glassmaster")
            .with_inner_size(meter.size())
            .with_min_inner_size([200.0, 180.0]);
        ctx.show_viewport_immediate(ViewportId::from_hash_of(meter), builder, |ui, class| {
            window_ui(ui, class, frame, meter, out)
        })
    });
}

/// Draws one window; `false` when it is to be closed.
fn window_ui(ui: &mut Ui, class: ViewportClass, frame: &Frame, meter: MeterKind, out: &mut Outbox) -> bool {
    // Space plays whichever window has the focus.
    for action in keys::take_actions(ui.ctx()) {
        if action.refusal(frame).is_none() {
            out.act(action);
        }
    }
    let ground = egui::Frame::NONE.fill(theme().panel).inner_margin(12);
    if class == ViewportClass::EmbeddedWindow {
        ui.set_min_size(meter.size());
        ground.show(ui, |ui| meter.ui(ui, frame, out));
    } else {
        egui::CentralPanel::default().frame(ground).show(ui, |ui| meter.ui(ui, frame, out));
    }
    !ui.input(|i| i.viewport().close_requested())
}
