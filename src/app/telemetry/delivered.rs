//! The master tap as a CD gets it: through the very conversion of the deliverables, on the meter worker.
//!
//! [`Conform`] as for a CD image: rate conversion to 44.1 kHz, the ceiling guard where the rates differ, 16 bit with the
//! session's dither seed. A CD image begins at the first song, this where play began: the dither's noise is another stretch
//! of the same kind. After a jump the conversion begins anew, which allocates; nothing else here does once it runs.

use crate::audio::format::{SampleFormat, f64_from_int};
use crate::deliver::conform::{Ceiling, Chunk, Conform, ConformSpec, album_ceiling_dbtp};
use crate::model::Session;
use crate::units::SampleRate;

/// Dither of the deliverables unless they are told otherwise.
const DITHER: &str = "tpdf";

/// More frames than anybody plays.
const ENDLESS: u64 = 1 << 48;

/// The conversion, running.
#[derive(Debug)]
pub(super) struct Delivered {
    spec: ConformSpec,
    conform: Option<Conform>,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Delivered {
    /// Of a session at its rate.
    pub(super) fn new(rate: SampleRate, session: Option<&Session>) -> Self {
        let spec = spec_of(rate, session);
        let conform = Conform::new(spec.clone()).ok();
        Self { spec, conform, left: Vec::with_capacity(1 << 14), right: Vec::with_capacity(1 << 14) }
    }

    /// Takes up what a session says about its deliveries.
    pub(super) fn follow(&mut self, session: &Session) {
        let spec = spec_of(self.spec.from, Some(session));
        if spec != self.spec {
            self.spec = spec;
            self.restart();
        }
    }

    /// Begins anew.
    pub(super) fn restart(&mut self) {
        self.conform = Conform::new(self.spec.clone()).ok();
    }

    /// What a stretch of the tap becomes; it comes later than it goes in.
    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) -> (&[f64], &[f64]) {
        self.left.clear();
        self.right.clear();
        if let Some(Chunk::Int { frames, bits }) =
            self.conform.as_mut().and_then(|conform| conform.push(left, right).ok())
        {
            self.left.extend(frames.iter().map(|f| f64_from_int(f[0], bits)));
            self.right.extend(frames.iter().map(|f| f64_from_int(f[1], bits)));
        }
        (&self.left, &self.right)
    }
}

fn spec_of(from: SampleRate, session: Option<&Session>) -> ConformSpec {
    ConformSpec {
        from,
        to: SampleRate::CD,
        format: SampleFormat::Int16,
        dither: DITHER.to_owned(),
        seed: session.map_or(0, |s| s.dither_seed),
        ceiling: Ceiling::Guard { ceiling_dbtp: session.map_or(0.0, album_ceiling_dbtp) },
        frames: ENDLESS,
    }
}
