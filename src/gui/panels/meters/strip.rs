//! Meters in the lower panel: tabs beside the workspace's own content. Without meters there the panel has no tabs.

use egui::{Panel, Ui};

use super::places::{arrange, place_menu};
use super::{MeterKind, MeterPanels};
use crate::app::Frame;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::gui::widgets;

/// Height of the row of tabs, points.
const TABS: f32 = 26.0;

/// The view in front of the workspace's content.
pub fn strip_front(frame: &Frame) -> Option<MeterKind> {
    let now = &frame.meter_settings.layout.now;
    MeterKind::from_id(&now.strip_front).filter(|k| now.in_strip(k.id()))
}

/// Brings the workspace's own content to the front.
pub fn show_workspace(frame: &Frame, out: &mut Outbox) {
    arrange(frame, out, |a| a.strip_front.clear());
}

/// Draws the tabs and the view in front, if there is one; `false` when the workspace's own content is to be drawn below.
pub fn strip_ui(
    ui: &mut Ui,
    frame: &Frame,
    workspace: &str,
    panels: &mut MeterPanels,
    out: &mut Outbox,
) -> bool {
    let strip = &frame.meter_settings.layout.now.strip;
    let kinds: Vec<MeterKind> = strip.iter().filter_map(|id| MeterKind::from_id(id)).collect();
    if kinds.is_empty() {
        return false;
    }
    let front = strip_front(frame);
    Panel::top("strip").exact_size(TABS).frame(theme().panel_frame()).show(ui, |ui| {
        tabs_ui(ui, frame, workspace, &kinds, front, out);
    });
    let Some(kind) = front else { return false };
    egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
        kind.ui(ui, frame, panels, out);
    });
    true
}

fn tabs_ui(
    ui: &mut Ui,
    frame: &Frame,
    workspace: &str,
    kinds: &[MeterKind],
    front: Option<MeterKind>,
    out: &mut Outbox,
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(4.0);
        if widgets::tab(ui, workspace, front.is_none(), TABS - 1.0).clicked() {
            show_workspace(frame, out);
        }
        for &kind in kinds {
            let tab = widgets::tab(ui, kind.label(), front == Some(kind), TABS - 1.0);
            if tab.clicked() {
                arrange(frame, out, |a| kind.id().clone_into(&mut a.strip_front));
            }
            tab.context_menu(|ui| place_menu(ui, frame, kind, out));
        }
    });
}
