//! The meters column: level, true peak, loudness, correlation.

use crate::app::Frame;
use crate::gui::outbox::Outbox;

/// What is only visual in the meters column.
#[derive(Debug, Default)]
pub struct MetersState {}

/// Draws level and loudness at the top of the column; takes the height it needs.
pub fn meters_ui(_ui: &mut egui::Ui, _frame: &Frame, _state: &mut MetersState, _out: &mut Outbox) {}
