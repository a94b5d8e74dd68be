//! One song running: source, trims, gain, chain, fades, level. And a chain running, for songs and album alike.

use crate::audio::{Block, QUANTUM};
use crate::media::{FrameSource, OpenSource, ReadOutcome};
use crate::model::{Chain, SlotId, SongId};
use crate::process::Setup;
use crate::process::slot::{SlotRunner, SlotSet};
use crate::units::{Frames, SampleRate, gain_from_db};

use super::params::ParamChange;
use super::plan::{Q, RenderNote, StrandPlan};
use super::ramp::{Ramp, SWITCH_FADE_MS, frames_from_ms, raised_cosine};
use super::watch::{ChainPeaks, SlotProbe, peak_of};

/// A chain of processors, running.
pub(super) struct ChainRunner {
    slots: Vec<SlotRunner>,
    /// In the order of the slots.
    ids: Vec<SlotId>,
    /// Whether levels are looked at; they cost time.
    is_metered: bool,
    /// Highest since taken.
    peaks: ChainPeaks,
    /// The slot that is probed, and what its last quantum was.
    probed: Option<usize>,
    probe: SlotProbe,
    /// The slot whose output is watched, and its last quantum.
    watched: Option<usize>,
    seen: Block,
}

impl ChainRunner {
    pub fn new(chain: &Chain, rate: SampleRate) -> Self {
        let setup = Setup { sample_rate: rate };
        Self {
            slots: chain.slots.iter().map(|slot| SlotRunner::new(slot, &setup).0).collect(),
            ids: chain.slots.iter().map(|slot| slot.id).collect(),
            is_metered: false,
            peaks: ChainPeaks::default(),
            probed: None,
            probe: SlotProbe::default(),
            watched: None,
            seen: Block::silent(),
        }
    }

    pub fn process(&mut self, start: Frames, block: &mut Block) {
        if self.is_metered || self.probed.is_some() || self.watched.is_some() {
            return self.process_watched(start, block);
        }
        for slot in &mut self.slots {
            slot.process(start, block);
        }
    }

    /// The same sound, looked at on the way.
    fn process_watched(&mut self, start: Frames, block: &mut Block) {
        self.note_peak(0, block);
        for i in 0..self.slots.len() {
            let slot = &mut self.slots[i];
            if self.probed == Some(i) {
                let probe = &mut self.probe;
                slot.process_beside(start, block, &mut probe.before);
                probe.after.clone_from(block);
                probe.gain_db = slot.gain_reduction_db().map(|db| db as f32);
                probe.bands = slot.band_gains_db(&mut probe.bands_db);
            } else {
                slot.process(start, block);
            }
            if self.watched == Some(i) {
                self.seen.clone_from(block);
            }
            self.note_peak(i + 1, block);
        }
    }

    fn note_peak(&mut self, border: usize, block: &Block) {
        if let (true, Some(peak)) = (self.is_metered, self.peaks.get_mut(border)) {
            *peak = peak.max(peak_of(block));
        }
    }

    /// Looks at the levels of every slot from now on.
    pub fn meter(&mut self) {
        self.is_metered = true;
    }

    /// Highest levels since the last call.
    pub fn take_peaks(&mut self) -> ChainPeaks {
        std::mem::take(&mut self.peaks)
    }

    /// Looks at the slot of this id from now on, if it is here; whether it is.
    pub fn set_probe(&mut self, slot: Option<SlotId>) -> bool {
        self.probed = self.ids.iter().position(|id| Some(*id) == slot);
        self.probe.slot = slot.unwrap_or_default();
        self.probed.is_some()
    }

    /// The probed slot in the last quantum.
    pub fn probe(&mut self) -> Option<&mut SlotProbe> {
        self.probed.map(|_| &mut self.probe)
    }

    /// Watches the output of the slot of this id from now on, if it is here; whether it is.
    pub fn set_watch(&mut self, slot: Option<SlotId>) -> bool {
        self.watched = self.ids.iter().position(|id| Some(*id) == slot);
        self.watched.is_some()
    }

    /// The watched slot's last output, and the delay of the slots behind it.
    pub fn watched(&self) -> Option<(&Block, Frames)> {
        let behind = self.slots.get(self.watched? + 1..)?;
        let delay = behind.iter().fold(Frames::ZERO, |sum, slot| sum + slot.latency());
        Some((&self.seen, delay))
    }

    pub fn set(&mut self, slot: u16, set: SlotSet) {
        if let Some(runner) = self.slots.get_mut(usize::from(slot)) {
            runner.apply(set);
        }
    }

    /// Gain change of each slot in its last block, dB, `None` for slots that have none.
    pub fn gain_reductions_db(&self) -> impl Iterator<Item = Option<f64>> {
        self.slots.iter().map(SlotRunner::gain_reduction_db)
    }
}

/// One song, running.
pub(super) struct Strand {
    pub plan: StrandPlan,
    source: Option<Box<dyn FrameSource>>,
    gain: Ramp,
    level: Ramp,
    pub chain: ChainRunner,
    /// Album frames from the output position to the frame this song is heard at in the sum.
    album_latency: Frames,
    tail_fade: u32,
    /// Which end of the strand is watched, and its last quantum.
    watch: Option<StrandEnd>,
    seen: Block,
}

/// The ends of a strand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StrandEnd {
    /// What comes from the file.
    Source,
    /// What goes to the sum.
    Output,
}

impl Strand {
    /// Ready to render from quantum `from` on, in reset state.
    pub fn new(plan: &StrandPlan, album_latency: Frames, rate: SampleRate) -> Self {
        Self {
            source: None,
            gain: Ramp::new(gain_from_db(plan.gain_db), SWITCH_FADE_MS, rate),
            level: Ramp::new(gain_from_db(plan.level_db), SWITCH_FADE_MS, rate),
            chain: ChainRunner::new(&plan.chain, rate),
            album_latency,
            tail_fade: frames_from_ms(SWITCH_FADE_MS, rate),
            watch: None,
            seen: Block::silent(),
            plan: plan.clone(),
        }
    }

    /// Opens the source for reading from where quantum `from` needs it. A source that cannot be opened is silence and a
    /// note.
    pub fn open(&mut self, opener: &dyn OpenSource, from: i64) -> Option<RenderNote> {
        if from >= self.plan.end_quantum {
            return None;
        }
        let placed = &self.plan.placed;
        let fed = self.fed_at(from.max(self.plan.first_quantum)).max(placed.start).min(placed.end);
        match opener.open(&self.plan.key, fed - placed.start + placed.source_start) {
            Ok(source) => {
                self.source = Some(source);
                None
            }
            Err(error) => {
                self.source = None;
                let text = format!("“{}” is silent: {error}", self.plan.title);
                Some(RenderNote { song: Some(self.plan.song), text })
            }
        }
    }

    pub fn song(&self) -> SongId {
        self.plan.song
    }

    pub fn is_active(&self, quantum: i64) -> bool {
        (self.plan.first_quantum..self.plan.end_quantum).contains(&quantum)
    }

    /// Overwrites `out` with what this song gives to the sum in an active quantum. Quanta follow each other.
    pub fn render(&mut self, quantum: i64, out: &mut Block) -> ReadOutcome {
        let outcome = self.read(self.fed_at(quantum), out);
        self.see(StrandEnd::Source, out);
        self.gain.apply(out);
        self.chain.process(Frames((quantum - self.plan.first_quantum) * Q), out);
        self.fade(Frames(quantum * Q) + self.album_latency, out);
        self.level.apply(out);
        self.see(StrandEnd::Output, out);
        outcome
    }

    fn see(&mut self, end: StrandEnd, block: &Block) {
        if self.watch == Some(end) {
            self.seen.clone_from(block);
        }
    }

    /// Watches an end from now on, or none.
    pub fn set_watch(&mut self, end: Option<StrandEnd>) {
        self.watch = end;
    }

    /// The watched end in quantum `quantum`, and the album frame at which it is heard; of a watched slot the same.
    pub fn watched(&self, quantum: i64) -> Option<(&Block, Frames)> {
        let heard = Frames(quantum * Q) + self.album_latency;
        match self.watch {
            Some(StrandEnd::Source) => Some((&self.seen, heard + self.plan.chain_latency)),
            Some(StrandEnd::Output) => Some((&self.seen, heard)),
            None => self.chain.watched().map(|(block, delay)| (block, heard + delay)),
        }
    }

    pub fn apply(&mut self, change: ParamChange) {
        match change {
            ParamChange::Gain(gain) => self.gain.set(gain),
            ParamChange::Level(gain) => self.level.set(gain),
            ParamChange::Slot(slot, set) => self.chain.set(slot, set),
        }
    }

    /// Album frame of the first source frame fed into the chain while `quantum` is made.
    fn fed_at(&self, quantum: i64) -> Frames {
        Frames(quantum * Q) + self.album_latency + self.plan.chain_latency
    }

    /// Source frames from album frame `fed` on; zero outside the trims.
    fn read(&mut self, fed: Frames, out: &mut Block) -> ReadOutcome {
        out.clear();
        let placed = &self.plan.placed;
        let from = (placed.start - fed).0.clamp(0, Q) as usize;
        let to = (placed.end - fed).0.clamp(0, Q) as usize;
        if from >= to {
            return ReadOutcome::Complete;
        }
        let Some(source) = &mut self.source else { return ReadOutcome::Failed };
        let pos_source = fed + Frames(from as i64) - placed.start + placed.source_start;
        let (left, right) = out.stereo_mut();
        source.read(pos_source, &mut left[from..to], &mut right[from..to])
    }

    /// The fades of the song, and the end of its tail; most blocks lie between them.
    fn fade(&self, heard: Frames, out: &mut Block) {
        let placed = &self.plan.placed;
        let last = heard + Frames(Q - 1);
        let tail_end = placed.end + self.plan.tail;
        let flat_from = placed.start + placed.fade_in;
        let flat_to = (placed.end - placed.fade_out).max(placed.start);
        let rings = placed.fade_out == Frames::ZERO && self.plan.tail > Frames::ZERO;
        let flat_to = if rings { tail_end - Frames(i64::from(self.tail_fade)) } else { flat_to };
        if heard >= flat_from && last < flat_to {
            return;
        }
        let gain: [f64; QUANTUM] = std::array::from_fn(|i| {
            let pos_album = heard + Frames(i as i64);
            placed.fade_gain_at(pos_album) * self.tail_gain(tail_end, pos_album)
        });
        for channel in out.channels_mut() {
            channel.iter_mut().zip(&gain).for_each(|(x, g)| *x *= g);
        }
    }

    fn tail_gain(&self, tail_end: Frames, pos_album: Frames) -> f64 {
        if self.plan.tail == Frames::ZERO {
            return f64::from(u8::from(pos_album < tail_end));
        }
        raised_cosine((tail_end - pos_album).0.clamp(0, i64::from(self.tail_fade)) as u32, self.tail_fade)
    }
}
