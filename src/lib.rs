//! Glassmaster: a real-time workstation for mastering engineers.
//!
//! Folders are layers and arrows point down only (`ARCHITECTURE.md`; `tests/architecture.rs` checks it):
//!
//! | layer | what it is |
//! |---|---|
//! | [`units`], [`audio`] | frames, rates, decibels; sample containers and formats |
//! | [`dsp`], [`meter`] | arithmetic; measuring |
//! | [`model`], [`process`], [`edit`], [`store`] | the session, its processors, its changes, its file |
//! | [`media`], [`render`] | audio files in; the one renderer |
//! | [`engine`], [`qc`], [`deliver`], [`report`] | live; checks; masters out; papers |
//! | [`jobs`], [`app`] | work beside the sound; the program without a window |
//! | [`cli`], `gui` | its two faces |

#![cfg_attr(test, allow(clippy::float_cmp, reason = "tests check exact values"))]

pub mod app;
pub mod audio;
pub mod cli;
pub mod deliver;
pub mod dsp;
pub mod edit;
pub mod engine;
#[cfg(feature = "gui")]
pub mod gui;
pub mod jobs;
pub mod media;
pub mod meter;
pub mod model;
pub mod process;
pub mod qc;
pub mod render;
pub mod report;
pub mod store;
pub mod units;
