//! Runs a plan one quantum at a time: sources, song chains, sum in running order, album chain, master tap.
//!
//! The only loop that makes sound: the audio callback and every export call [`Renderer::next`]. Whoever does holds an
//! [`crate::audio::fpu::FpuGuard`] on its thread. Nothing in `next` or `apply` allocates, frees, locks or asks for the
//! time.
//!
//! From album frame 0 a render is the same bits everywhere. In the middle, a renderer starts from reset state and is
//! pre-rolled: its bits are not promised to equal those of a render from the start, only to be close, the closer the
//! longer the pre-roll is against the memory of the processors. Where the pre-roll reaches album frame 0 it is exact.

use std::sync::Arc;

use crate::audio::Block;
use crate::media::{OpenSource, ReadOutcome};
use crate::model::{SlotId, SongId};
use crate::units::{Frames, SampleRate};

use super::params::{ParamGroup, Target};
use super::plan::{Q, RenderNote, RenderPlan};
use super::strand::{ChainRunner, Strand, StrandEnd};
use super::watch::{ChainPeaks, SlotProbe, WatchPoint};

/// Where a renderer gets its sources.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// For the pre-roll, which may wait: files. `None` takes `play`.
    pub preroll: Option<&'a dyn OpenSource>,
    /// From the first quantum handed out on: streams for live, files for an export.
    pub play: &'a dyn OpenSource,
}

/// What happened while a quantum was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuantumReport {
    /// A stream was late: silence stands where its frames belong.
    pub late: bool,
    /// A source cannot be read: silence in its place.
    pub failed: bool,
}

impl QuantumReport {
    /// Adds what happened to one source.
    pub(super) fn note(&mut self, outcome: ReadOutcome) {
        match outcome {
            ReadOutcome::Complete => {}
            ReadOutcome::Late => self.late = true,
            ReadOutcome::Failed => self.failed = true,
        }
    }
}

/// Gain change of one slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainReduction {
    /// Slot in its chain, from 0.
    pub slot: u16,
    /// In the last block, dB, signed as [`crate::process::Processor::gain_reduction_db`].
    pub db: f64,
}

/// Where a renderer is looked at.
#[derive(Debug, Clone, Copy)]
enum Watch {
    /// A slot of the album chain.
    Album,
    /// A slot of the song at this place.
    Strand(usize),
    /// An end of whichever song sounds.
    Sounding,
}

/// A plan, running.
pub struct Renderer {
    plan: Arc<RenderPlan>,
    strands: Vec<Strand>,
    album: ChainRunner,
    quantum: i64,
    strand_out: Block,
    notes: Vec<RenderNote>,
    /// Where the slot that is probed stands.
    probed: Option<Target>,
    /// Where it is looked at, and silence for where nothing sounds.
    watch: Option<Watch>,
    silence: Block,
    /// Number of the session its parameters are of; only carried.
    session_number: u64,
}

impl Renderer {
    /// A renderer whose next quantum is the one that holds album frame `at` (from 0), after `preroll` frames run before
    /// it from reset state. Allocates and reads files: not for the audio thread. Holds no [`crate::audio::fpu::FpuGuard`]
    /// itself: the caller does.
    pub fn start(plan: &Arc<RenderPlan>, sources: Sources<'_>, at: Frames, preroll: Frames) -> Self {
        let target = at.max(Frames::ZERO).floor_to(Q).0 / Q;
        let from = first_quantum(plan, target, preroll);
        let mut renderer = Self::at_quantum(plan, from);
        let warm = if from < target { sources.preroll.unwrap_or(sources.play) } else { sources.play };
        renderer.open(warm);
        let mut scrap = Block::silent();
        while renderer.quantum < target {
            renderer.next(&mut scrap);
        }
        if from < target && sources.preroll.is_some() {
            renderer.open(sources.play);
        }
        renderer
    }

    /// In reset state at a quantum, no source open.
    fn at_quantum(plan: &Arc<RenderPlan>, quantum: i64) -> Self {
        let strands = plan.strands.iter().map(|s| Strand::new(s, plan.album_latency, plan.rate)).collect();
        Self {
            strands,
            album: ChainRunner::new(&plan.album_chain, plan.rate),
            quantum,
            strand_out: Block::silent(),
            notes: Vec::new(),
            probed: None,
            watch: None,
            silence: Block::silent(),
            session_number: 0,
            plan: plan.clone(),
        }
    }

    fn open(&mut self, opener: &dyn OpenSource) {
        let from = self.quantum;
        self.notes = self.strands.iter_mut().filter_map(|s| s.open(opener, from)).collect();
    }

    /// Overwrites `out` with the next quantum of the master tap and goes on by one.
    pub fn next(&mut self, out: &mut Block) -> QuantumReport {
        let mut report = QuantumReport::default();
        out.clear();
        for strand in &mut self.strands {
            if strand.is_active(self.quantum) {
                report.note(strand.render(self.quantum, &mut self.strand_out));
                out.add(&self.strand_out);
            }
        }
        finish(&mut self.album, self.quantum, out);
        self.quantum += 1;
        report
    }

    /// Takes up changed parameters, smoothly, from the next quantum on. A group made for another plan is left alone.
    pub fn apply(&mut self, group: &ParamGroup) {
        if group.plan_id != self.plan.id {
            return;
        }
        for entry in &group.entries {
            match entry.target {
                Target::Song(index) => {
                    if let Some(strand) = self.strands.get_mut(usize::from(index)) {
                        strand.apply(entry.change);
                    }
                }
                Target::Album => {
                    if let super::params::ParamChange::Slot(slot, set) = entry.change {
                        self.album.set(slot, set);
                    }
                }
            }
        }
    }

    /// Album frame of the first frame of the next quantum.
    pub fn position(&self) -> Frames {
        Frames(self.quantum * Q)
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Arc<RenderPlan> {
        &self.plan
    }

    /// Which session its parameters are of, in the count of whoever runs it; 0 until it is set.
    pub fn session_number(&self) -> u64 {
        self.session_number
    }

    /// Notes which session its parameters are of.
    pub fn set_session_number(&mut self, number: u64) {
        self.session_number = number;
    }

    /// Rate it runs at.
    pub fn rate(&self) -> SampleRate {
        self.plan.rate
    }

    /// Sources that could not be opened.
    pub fn notes(&self) -> &[RenderNote] {
        &self.notes
    }

    /// Gain reductions of the album chain in the last quantum.
    pub fn album_gain_reductions(&self) -> impl Iterator<Item = GainReduction> {
        reductions(&self.album)
    }

    /// Gain reductions of a song's chain in the last quantum.
    pub fn song_gain_reductions(&self, index: usize) -> impl Iterator<Item = GainReduction> {
        self.strands.get(index).into_iter().flat_map(|s| reductions(&s.chain))
    }

    /// Measures levels at every slot from now on; what is heard is the same.
    pub fn meter_slots(&mut self) {
        self.album.meter();
        self.strands.iter_mut().for_each(|s| s.chain.meter());
    }

    /// Highest levels of the album chain since the last call.
    pub fn take_album_peaks(&mut self) -> ChainPeaks {
        self.album.take_peaks()
    }

    /// Highest levels of a song's chain since the last call.
    pub fn take_song_peaks(&mut self, index: usize) -> ChainPeaks {
        self.strands.get_mut(index).map(|s| s.chain.take_peaks()).unwrap_or_default()
    }

    /// Looks at this slot from now on, wherever it stands, or at none; what is heard is the same.
    pub fn set_probe(&mut self, slot: Option<SlotId>) {
        self.probed = self.album.set_probe(slot).then_some(Target::Album);
        for (strand, index) in self.strands.iter_mut().zip(0u16..) {
            if strand.chain.set_probe(slot) {
                self.probed = Some(Target::Song(index));
            }
        }
    }

    /// The probed slot in the last quantum made; `None` if no sound ran through it.
    pub fn probe(&mut self) -> Option<&mut SlotProbe> {
        match self.probed? {
            Target::Album => self.album.probe(),
            Target::Song(index) => {
                let last = self.quantum - 1;
                self.strands.get_mut(usize::from(index)).filter(|s| s.is_active(last))?.chain.probe()
            }
        }
    }

    /// Looks at this place from now on, or at none; what is heard is the same. A slot that is not here is no place.
    pub fn set_watch(&mut self, point: Option<WatchPoint>) {
        let slot = match point {
            Some(WatchPoint::AfterSlot(slot)) => Some(slot),
            _ => None,
        };
        let end = match point {
            Some(WatchPoint::Source) => Some(StrandEnd::Source),
            Some(WatchPoint::SongChain) => Some(StrandEnd::Output),
            _ => None,
        };
        self.watch = end.map(|_| Watch::Sounding);
        if self.album.set_watch(slot) {
            self.watch = Some(Watch::Album);
        }
        for (strand, index) in self.strands.iter_mut().zip(0..) {
            strand.set_watch(end);
            if strand.chain.set_watch(slot) {
                self.watch = Some(Watch::Strand(index));
            }
        }
    }

    /// The watched place in the last quantum made, and the album frame at which its first frame is heard; `None` where
    /// nothing is watched. Where the song of a watched slot does not run, it is silence of no place; where no song does,
    /// the silence of the gap.
    pub fn watched(&self) -> Option<(&Block, Option<Frames>)> {
        let last = self.quantum - 1;
        let strand = |index: usize| self.strands.get(index).filter(|s| s.is_active(last));
        let heard = Frames(last * Q);
        let seen = match self.watch? {
            Watch::Album => self.album.watched().map(|(block, delay)| (block, heard + delay)),
            Watch::Strand(index) => match strand(index) {
                Some(strand) => strand.watched(last),
                None => return Some((&self.silence, None)),
            },
            Watch::Sounding => match self.sounding_song() {
                Some((index, _)) => strand(index)?.watched(last),
                None => Some((&self.silence, heard + self.plan.album_latency)),
            },
        };
        seen.map(|(block, at)| (block, Some(at)))
    }

    /// The song that sounds in the last quantum made (of several, the last in running order) and its place in the
    /// running order.
    pub fn sounding_song(&self) -> Option<(usize, SongId)> {
        let quantum = self.quantum - 1;
        self.strands.iter().enumerate().rev().find(|(_, s)| s.is_active(quantum)).map(|(i, s)| (i, s.song()))
    }

    /// The parts of a renderer in reset state at the first quantum of the plan, for a render that may run songs on
    /// threads of their own.
    pub(super) fn parts_from_reset(plan: &Arc<RenderPlan>) -> Parts {
        let Self { strands, album, quantum, .. } = Self::at_quantum(plan, plan.reset_quantum());
        Parts { strands, album, quantum }
    }
}

/// A renderer taken apart: the songs (no source open), what follows their sum, and the next quantum.
pub(super) struct Parts {
    pub strands: Vec<Strand>,
    pub album: ChainRunner,
    pub quantum: i64,
}

/// What follows the sum: the album chain, in place.
pub(super) fn finish(album: &mut ChainRunner, quantum: i64, sum: &mut Block) {
    album.process(Frames(quantum * Q), sum);
}

fn reductions(chain: &ChainRunner) -> impl Iterator<Item = GainReduction> {
    (0u16..).zip(chain.gain_reductions_db()).filter_map(|(slot, db)| db.map(|db| GainReduction { slot, db }))
}

/// The quantum to begin with: `preroll` and all latency before `target`, but where that is before album frame 0 exactly
/// where a render from the start begins.
fn first_quantum(plan: &RenderPlan, target: i64, preroll: Frames) -> i64 {
    let wanted = Frames(target * Q) - preroll.max(Frames::ZERO);
    if wanted <= Frames::ZERO {
        return plan.reset_quantum();
    }
    (wanted - plan.latency()).floor_to(Q).0.max(plan.reset_quantum() * Q) / Q
}
