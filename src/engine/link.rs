//! The rings between the program and the audio thread, and what travels in them.
//!
//! | ring | from, to | capacity | when full |
//! |---|---|---|---|
//! | messages | conductor, callback | 64 | the conductor keeps it and tries again |
//! | controls | program, callback | 256 | refused; the program tries again on its next poll |
//! | retired | callback, conductor | 64 | the callback takes no message while fewer than 16 places are free |
//! | meters | callback, program | 256 | the readings go on accumulating: late, never lost |
//! | samples | callback, meter worker | 2^19 frames | frames are dropped; the next are marked ([`super::sample_ring`]) |
//! | probes | callback, focus worker | 2^11 quanta | quanta are dropped and counted |

use ringbuf::traits::Split;
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::monitor::Monitor;
use super::sample_ring::{MeterTap, SampleReader, SampleWriter, sample_ring};
use crate::model::{SlotId, SongId};
use crate::render::watch::{ChainPeaks, WATCHED_SLOTS};
use crate::render::{ParamGroup, Renderer, SlotProbe};
use crate::units::Frames;

/// Slots of a chain whose gain changes and levels are metered.
pub const METERED_SLOTS: usize = WATCHED_SLOTS;

const MESSAGES: usize = 64;
const CONTROLS: usize = 256;
const RETIRED: usize = 64;
const METERS: usize = 256;
const PROBES: usize = 1 << 11;

/// Places that must be free in the retire ring before the callback takes a message: more than it can ever hold boxes.
pub(super) const RETIRE_RESERVE: usize = 16;

/// A stretch of the album that repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopRange {
    /// First frame.
    pub from: Frames,
    /// First frame that is not played any more.
    pub to: Frames,
}

/// Down to the callback. No variant owns anything that would free itself there: boxes go back by the other ring.
pub(super) enum Message {
    /// Play this renderer from album frame `at` on, now; if it was prepared for the latest wish.
    Start { renderer: Box<Renderer>, at: Frames, intent: u64 },
    /// When the renderer now heard reaches `at_old`, go over to this one at `at_new`.
    Swap { renderer: Box<Renderer>, at_old: Frames, at_new: Frames, intent: u64 },
    /// The loop, by number; renderers for an older number are not used.
    Loop { range: Option<LoopRange>, number: u64 },
    /// A renderer at the start of the loop, for its next repetition.
    Again { renderer: Box<Renderer>, number: u64 },
    /// Values that change together, perhaps none, and the number of the session they are of.
    Params(Box<ParamGroup>, u64),
}

/// What needs no preparation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Control {
    Stop,
    Monitor(Monitor),
    ResetGuard,
    /// Shows what this slot does.
    Probe(Option<SlotId>),
    /// Where the signal for the meters is taken.
    Tap(MeterTap),
}

/// Why a renderer comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It has done its work, or is not wanted any more.
    Done,
    /// A swap whose moment had passed.
    TooLate,
}

/// Back to be freed.
pub(super) enum Retired {
    Renderer(Box<Renderer>, Why),
    Params(Box<ParamGroup>),
}

/// Readings of the signal being heard before the monitor section, gathered since the last frame that was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeterFrame {
    /// Album frame after the last one measured.
    pub position: Frames,
    /// Frames measured.
    pub frames: u32,
    /// Largest magnitude, left and right, linear.
    pub peak: [f64; 2],
    /// Sum of squares, left and right.
    pub square_sum: [f64; 2],
    /// Sum of products left·right, for correlation.
    pub product_sum: f64,
    /// Frames at or above full scale.
    pub overs: u32,
    /// Gain change by slot of the album chain, dB: the deepest reduction, else the largest gain; 0 where there is none.
    pub album_reduction_db: [f32; METERED_SLOTS],
    /// Highest levels in the album chain.
    pub album_peaks: ChainPeaks,
    /// The song sounding (of several, the last in running order).
    pub song: Option<SongId>,
    /// Gain change by slot of that song's chain, dB.
    pub song_reduction_db: [f32; METERED_SLOTS],
    /// Highest levels in that song's chain.
    pub song_peaks: ChainPeaks,
}

impl Default for MeterFrame {
    fn default() -> Self {
        Self {
            position: Frames::ZERO,
            frames: 0,
            peak: [0.0; 2],
            square_sum: [0.0; 2],
            product_sum: 0.0,
            overs: 0,
            album_reduction_db: [0.0; METERED_SLOTS],
            album_peaks: ChainPeaks::default(),
            song: None,
            song_reduction_db: [0.0; METERED_SLOTS],
            song_peaks: ChainPeaks::default(),
        }
    }
}

impl MeterFrame {
    pub(super) fn measure(&mut self, left: &[f64], right: &[f64]) {
        for (&l, &r) in left.iter().zip(right) {
            self.peak = [self.peak[0].max(l.abs()), self.peak[1].max(r.abs())];
            self.square_sum[0] += l * l;
            self.square_sum[1] += r * r;
            self.product_sum += l * r;
            self.overs += u32::from(l.abs() >= 1.0 || r.abs() >= 1.0);
        }
        self.frames += left.len() as u32;
    }
}

/// The callback's ends.
pub(super) struct CallbackEnds {
    pub messages: HeapCons<Message>,
    pub controls: HeapCons<Control>,
    pub retired: HeapProd<Retired>,
    pub meters: HeapProd<MeterFrame>,
    pub samples: SampleWriter,
    pub probes: HeapProd<SlotProbe>,
}

/// The conductor's ends.
pub(super) struct ConductorEnds {
    pub messages: HeapProd<Message>,
    pub retired: HeapCons<Retired>,
}

/// The program's ends.
pub(super) struct ProgramEnds {
    pub controls: HeapProd<Control>,
    pub meters: HeapCons<MeterFrame>,
    pub samples: SampleReader,
    pub probes: HeapCons<SlotProbe>,
}

/// An empty ring whose every page the system has already given: else the audio thread would ask for each of the first
/// thousands, one by one.
pub(super) fn touched<T: Clone>(places: usize, nothing: T) -> HeapRb<T> {
    let mut ring = HeapRb::new(places);
    ring.push_iter(std::iter::repeat(nothing));
    ring.clear();
    ring
}

/// All rings, empty.
pub(super) fn rings() -> (CallbackEnds, ConductorEnds, ProgramEnds) {
    let (messages_in, messages) = HeapRb::new(MESSAGES).split();
    let (controls_in, controls) = HeapRb::new(CONTROLS).split();
    let (retired, retired_out) = HeapRb::new(RETIRED).split();
    let (meters, meters_out) = HeapRb::new(METERS).split();
    let (samples, samples_out) = sample_ring();
    let (probes, probes_out) = touched(PROBES, SlotProbe::default()).split();
    (
        CallbackEnds { messages, controls, retired, meters, samples, probes },
        ConductorEnds { messages: messages_in, retired: retired_out },
        ProgramEnds { controls: controls_in, meters: meters_out, samples: samples_out, probes: probes_out },
    )
}
