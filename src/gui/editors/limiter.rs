//! The editor of the limiter: gain reduction of the last ten seconds under the ceiling, and its knobs.

use egui::Ui;

use super::SlotView;
use super::dynamics::pictured_ui;
use super::trace::{Traces, trace_ui};
use crate::app::Frame;
use crate::gui::editors::generic::spec_of;
use crate::gui::outbox::Outbox;

/// Draws the limiter into all of `ui`.
pub fn limiter_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, traces: &Traces, out: &mut Outbox) {
    let note = [("input_gain_db", "Input"), ("ceiling_dbtp", "Ceiling")]
        .into_iter()
        .filter_map(|(id, name)| {
            let index = view.index(id)?;
            let text = spec_of(&view.params()[index], name).text(view.values.get(index));
            Some(format!("{name} {text}"))
        })
        .collect::<Vec<_>>()
        .join(" · ");
    pictured_ui(ui, view, out, |ui, rect| trace_ui(ui, rect, frame, traces, view.slot.id, &note));
}
