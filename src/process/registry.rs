//! Every kind of processor; the one place a new file is named.

use super::{
    Kind, compressor, dc_filter, deesser, eq, expander, gain, limiter, multiband, saturator, transient, width,
};

/// In the order of the menu.
const REGISTRY: &[&dyn Kind] = &[
    &eq::EqKind,
    &compressor::CompressorKind,
    &multiband::MultibandKind,
    &deesser::DeesserKind,
    &expander::ExpanderKind,
    &transient::TransientKind,
    &saturator::SaturatorKind,
    &width::WidthKind,
    &gain::GainKind,
    &dc_filter::DcFilterKind,
    &limiter::LimiterKind,
];

/// Every kind, in menu order.
pub fn kinds() -> &'static [&'static dyn Kind] {
    REGISTRY
}

/// The kind of this id.
pub fn find(id: &str) -> Option<&'static dyn Kind> {
    REGISTRY.iter().copied().find(|kind| kind.id() == id)
}
