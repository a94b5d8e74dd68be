//! Widgets used by several panels: knob, number field, buttons, icons, scales.
//!
//! Every one names itself to the accessibility tree and answers to the keyboard.

pub mod button;
pub mod figures;
pub mod fill;
pub mod frequency;
pub mod goniometer;
pub mod icons;
pub mod knob;
pub mod number;
pub mod scale;
pub mod text;

pub use button::{dim_button, icon_button, tab, text_button, toggle};
pub use knob::knob;
pub use number::{Change, NumberSpec, Travel, number_field};
pub use scale::{level_ticks, meter_y};
pub use text::{TextOutcome, edit_field, elided, readout};
