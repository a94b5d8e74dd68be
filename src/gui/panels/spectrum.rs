//! The spectrum and the stereo field under the meters.

use crate::app::Frame;
use crate::gui::outbox::Outbox;

/// What is only visual in spectrum and field.
#[derive(Debug, Default)]
pub struct SpectrumState {}

/// Draws spectrum, goniometer and correlation into what is left of the column.
pub fn spectrum_ui(_ui: &mut egui::Ui, _frame: &Frame, _state: &mut SpectrumState, _out: &mut Outbox) {}
