//! The program without a window: everything the product does, driven by commands, seen through frames.

pub mod action;
pub mod command;
pub mod core;
pub mod demo;
pub mod doctor;
pub mod focus;
pub mod frame;
pub mod log;
pub mod meter_settings;
pub mod presets;
pub mod settings;
pub mod slot_levels;
pub mod telemetry;

pub use action::Action;
pub use command::Command;
pub use frame::Frame;
