//! The window: views that read a [`crate::app::Frame`], keep only what is visual, and say what the engineer did.
//!
//! | file | what |
//! |---|---|
//! | [`app`] | the eframe application: ticks the program, draws, hands commands over |
//! | [`theme`] | colours, sizes, fonts |
//! | [`outbox`] | commands and wishes of a frame; gestures |
//! | [`keys`] | which key is which command |
//! | [`widgets`] | knob, number field, buttons, icons, scales |
//! | [`panels`] | menu, transport, album strip, song list, timeline, chain, meters, spectrum, status |
//! | [`editors`] | editors of processors |
//! | [`workspaces`] | Intake, Review, Deliver |
//! | [`dialogs`] | palette, files, export, device, questions |

pub mod app;
mod colour_ramp;
pub mod dialogs;
pub mod editors;
pub mod keys;
pub mod outbox;
pub mod panels;
mod run;
pub mod theme;
pub mod widgets;
pub mod workspaces;

pub use app::{Backend, GlassmasterApp};
pub use outbox::{Outbox, Wish};
pub use run::run;
