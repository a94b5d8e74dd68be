//! The chain of the song or of the album: slots in a row, and the editor of the chosen one.

use crate::app::Frame;
use crate::gui::outbox::Outbox;

/// What is only visual in the chain panel.
#[derive(Debug, Default)]
pub struct ChainState {}

/// Draws the chain panel into all of `ui`.
pub fn chain_ui(_ui: &mut egui::Ui, _frame: &Frame, _state: &mut ChainState, _out: &mut Outbox) {}
