//! Processors: one file each, descriptor, arithmetic and tests together; one line in the registry.

pub mod audition;
pub mod compressor;
pub mod dc_filter;
pub mod deesser;
pub(crate) mod drywet;
pub(crate) mod dynamics;
pub mod eq;
pub mod expander;
pub mod gain;
pub mod limiter;
pub mod listen;
pub mod multiband;
pub mod processor;
pub mod registry;
pub mod saturator;
pub mod slot;
pub mod transient;
pub mod width;

pub use processor::{
    BANDS_SHOWN, FOLLOW_SWITCHES, Kind, ParamDesc, ParamError, ParamIndex, ParamKind, Processor, Setup,
    Taper, Unit, Values, follows_loudness, values_of,
};
pub use registry::{find, kinds};
