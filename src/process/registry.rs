//! Every kind of processor; the one place a new file is named.

use super::{Kind, eq, gain, width};

/// In the order of the menu.
const REGISTRY: &[&dyn Kind] = &[&gain::GainKind, &eq::EqKind, &width::WidthKind];

/// Every kind, in menu order.
pub fn kinds() -> &'static [&'static dyn Kind] {
    REGISTRY
}

/// The kind of this id.
pub fn find(id: &str) -> Option<&'static dyn Kind> {
    REGISTRY.iter().copied().find(|kind| kind.id() == id)
}
