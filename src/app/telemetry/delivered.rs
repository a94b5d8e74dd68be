//! The master tap as a CD gets it: through the very conversion of the deliverables, on the meter worker.
//!
//! [`Conform`] as for a CD image: rate conversion to 44.1 kHz, the ceiling guard where the rates differ, 16 bit with the
//! session's dither seed. A CD image begins at the first song, this where play began: the dither's noise is another stretch
//! of the same kind. After a jump the conversion begins anew, which allocates; nothing else here does once it runs.

use crate::audio::format::{SampleFormat, f64_from_int};
use crate::deliver::conform::{Ceiling, Chunk, Conform, ConformSpec, album_ceiling_dbtp, converted_frames};
use crate::model::Session;
use crate::units::SampleRate;

/// Dither of the deliverables unless they are told otherwise.
const DITHER: &str = "tpdf";

/// Frames a push may give.
const ROOM: usize = 1 << 14;

/// Blocks of silence that push everything out: more than a second at any rate.
const MOST_FLUSHED: usize = 256;

/// More frames than anybody plays.
const ENDLESS: u64 = 1 << 48;

/// The conversion, running.
#[derive(Debug)]
pub(super) struct Delivered {
    spec: ConformSpec,
    conform: Option<Conform>,
    left: Vec<f64>,
    right: Vec<f64>,
    /// Frames since it began: put in, at the rate of the session, and come out.
    taken: u64,
    given: u64,
}

impl Delivered {
    /// Of a session at its rate.
    pub(super) fn new(rate: SampleRate, session: Option<&Session>) -> Self {
        let spec = spec_of(rate, session);
        let conform = Conform::new(spec.clone()).ok();
        let [left, right] = [(); 2].map(|()| Vec::with_capacity(ROOM));
        Self { spec, conform, left, right, taken: 0, given: 0 }
    }

    /// Takes up what a session says about its deliveries; whether that is another conversion, which is to be begun with
    /// [`Self::restart`].
    #[must_use]
    pub(super) fn follow(&mut self, session: &Session) -> bool {
        let spec = spec_of(self.spec.from, Some(session));
        let is_other = spec != self.spec;
        self.spec = spec;
        is_other
    }

    /// Begins anew.
    pub(super) fn restart(&mut self) {
        self.conform = Conform::new(self.spec.clone()).ok();
        (self.taken, self.given) = (0, 0);
    }

    /// Frames of what was put in that have yet to come out.
    pub(super) fn pending(&self) -> usize {
        let due = converted_frames(self.taken, self.spec.from, self.spec.to);
        due.saturating_sub(self.given) as usize
    }

    /// What is pending, as if silence followed. The signal ends here.
    pub(super) fn flush(&mut self) -> (Vec<f64>, Vec<f64>) {
        let (pending, silence) = (self.pending(), [0.0; 1024]);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for _ in 0..MOST_FLUSHED {
            if left.len() >= pending {
                break;
            }
            let (l, r) = self.push(&silence, &silence);
            left.extend_from_slice(l);
            right.extend_from_slice(r);
        }
        left.truncate(pending);
        right.truncate(pending);
        (left, right)
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
        self.taken += left.len() as u64;
        self.given += self.left.len() as u64;
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
