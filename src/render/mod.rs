//! The one renderer: session to plan, plan to master tap.
//!
//! [`plan`] lays a session out for rendering and tells what an edit means for a running plan; [`Renderer`] runs a plan
//! one quantum at a time, live and offline alike; [`offline`] pulls a range of the album through it.

pub mod offline;
pub mod params;
pub mod plan;
pub mod ramp;
pub mod renderer;
pub mod strand;
pub mod tap;
pub mod watch;

pub use offline::{Progress, RangeOptions, RenderError, RenderSummary, Sink, render_range};
pub use params::{ParamChange, ParamEntry, ParamGroup, PlanChange, Target, diff};
pub use plan::{RenderNote, RenderPlan, StrandPlan, TAIL_SECONDS, map_position};
pub use renderer::{GainReduction, QuantumReport, Renderer, Sources};
pub use tap::TapHash;
pub use watch::SlotProbe;
