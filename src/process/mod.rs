//! Processors: one file each, descriptor, arithmetic and tests together; one line in the registry.

pub mod processor;
pub mod registry;

pub use processor::{
    Kind, ParamDesc, ParamError, ParamIndex, ParamKind, Processor, Setup, Taper, Unit, Values, values_of,
};
pub use registry::{find, kinds};
