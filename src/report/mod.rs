//! Papers: one document tree, written as plain text, HTML or JSON.
//!
//! A paper is built from plain data by a function of its own (`*_sheet`), never by formatting strings for one output:
//! [`document`] is the tree, [`text`], [`html`] and [`json`] are its renderings.

pub mod album_sheet;
pub mod document;
pub mod html;
pub mod json;
pub mod pq_sheet;
pub mod text;

pub use document::{Align, Block, Column, Document, Table};
