//! One slot running: channel mode, wet mix, bypass, latency-matched dry signal; and what a change of a slot means.
//!
//! In the modes other than stereo the processor gets its part of the signal on both channels and the slot adds what it
//! changed: with `d = wet·(processed − part)`, mid is `L + d, R + d`, side `L + d, R − d`, left `L + d, R`. A part the
//! processor leaves alone is therefore left alone bit for bit. Off is the delayed input bit for bit; 20 ms after
//! switching off the processor sleeps, and on waking it is reset and fed for its latency before it is faded in.

use super::drywet::DryWet;
use super::listen::{ListenMix, MATCH_RANGE_DB, SLOT_GAIN_RANGE_DB, clean_gain_db};
use super::{BANDS_SHOWN, Kind, ParamError, ParamIndex, Processor, Setup, find, values_of};
use crate::audio::{Block, QUANTUM};
use crate::dsp::midside::mid_side;
use crate::dsp::smooth::{RAMP_MS, SmoothedGain};
use crate::model::{ChannelMode, Listen, Slot};
use crate::units::Frames;

/// A slot of a chain, ready to run. Building allocates; everything else may be called on the audio thread.
pub struct SlotRunner {
    /// `None` for an unknown kind: the sound passes.
    processor: Option<Box<dyn Processor>>,
    mode: ChannelMode,
    latency: Frames,
    mix: DryWet,
    enabled: bool,
    /// The share when enabled, 0 to 1.
    wet: f64,
    /// Into and out of the processor.
    input: SmoothedGain,
    output: SmoothedGain,
    listen: ListenMix,
}

impl SlotRunner {
    /// Builds a slot, at rest, and says what was wrong with its parameters (those have their defaults). A slot of an
    /// unknown kind passes the sound through with latency 0.
    pub fn new(slot: &Slot, setup: &Setup) -> (Self, Vec<ParamError>) {
        match find(&slot.kind) {
            Some(kind) => {
                let (values, errors) = values_of(kind, &slot.params);
                (Self::around(Some(kind.build(&values, setup)), slot, setup), errors)
            }
            None => (Self::around(None, slot, setup), Vec::new()),
        }
    }

    /// Around an instance built elsewhere.
    fn around(processor: Option<Box<dyn Processor>>, slot: &Slot, setup: &Setup) -> Self {
        let latency = processor.as_ref().map_or(Frames::ZERO, |p| p.latency());
        let wet = clean_share(slot.wet);
        let share = if slot.enabled { wet } else { 0.0 };
        Self {
            processor,
            mode: slot.mode,
            latency,
            mix: DryWet::new(latency.as_len(), share, setup.sample_rate),
            enabled: slot.enabled,
            wet,
            input: gain_of(slot.input_db, setup),
            output: gain_of(slot.output_db, setup),
            listen: ListenMix::new(slot, setup.sample_rate),
        }
    }

    /// Delay from input to output in frames, whether enabled or not.
    pub fn latency(&self) -> Frames {
        self.latency
    }

    /// Forgets the past and settles every fade.
    pub fn reset(&mut self) {
        if let Some(processor) = &mut self.processor {
            processor.reset();
        }
        self.settle_gains();
        self.mix.reset();
        self.listen.settle();
    }

    fn settle_gains(&mut self) {
        self.input.settle();
        self.output.settle();
    }

    /// A new value for a parameter that needs no rebuild; taken up smoothly from the next block on.
    pub fn set_param(&mut self, param: ParamIndex, value: f64) {
        if let Some(processor) = &mut self.processor {
            processor.set(param, value);
        }
    }

    /// Fades the processor in or out.
    pub fn set_enabled(&mut self, enabled: bool) {
        self.enabled = enabled;
        self.apply_share();
    }

    /// Fades to a new share of the processed signal, 0 to 1.
    pub fn set_wet(&mut self, wet: f64) {
        self.wet = clean_share(wet);
        self.apply_share();
    }

    /// Takes up one change found by [`slot_change`].
    pub fn apply(&mut self, set: SlotSet) {
        match set {
            SlotSet::Param(param, value) => self.set_param(param, value),
            SlotSet::Enabled(on) => self.set_enabled(on),
            SlotSet::Wet(wet) => self.set_wet(wet),
            SlotSet::Input(db) => self.input.set_db(clean_gain_db(db, SLOT_GAIN_RANGE_DB)),
            SlotSet::Output(db) => self.output.set_db(clean_gain_db(db, SLOT_GAIN_RANGE_DB)),
            SlotSet::Listen(listen, match_db) => self.listen.set(listen, match_db),
        }
    }

    fn apply_share(&mut self) {
        let share = if self.enabled { self.wet } else { 0.0 };
        let woken = self.mix.set_wet(share);
        if let (true, Some(processor)) = (woken, &mut self.processor) {
            processor.reset();
            self.settle_gains();
        }
    }

    /// Works on one block in place; `start` as in [`Processor::process`].
    pub fn process(&mut self, start: Frames, block: &mut Block) {
        self.run(start, block, None);
    }

    /// The same; `before` becomes the input as it stands beside the output, delayed by the latency.
    pub fn process_beside(&mut self, start: Frames, block: &mut Block, before: &mut Block) {
        self.run(start, block, Some(before));
    }

    fn run(&mut self, start: Frames, block: &mut Block, before: Option<&mut Block>) {
        let Some(processor) = &mut self.processor else {
            if let Some(before) = before {
                before.clone_from(block);
            }
            return;
        };
        let dry = self.mix.dry(block);
        if let Some(before) = before {
            before.clone_from(&dry);
        }
        if self.mix.is_asleep() {
            block.clone_from(&dry);
            return self.listen.apply(&dry, block);
        }
        let mut part = if self.mode == ChannelMode::Stereo { None } else { Some(part_of(block, self.mode)) };
        let worked_on = part.as_mut().unwrap_or(block);
        self.input.apply(worked_on);
        processor.process(start, worked_on);
        match processor.driven() {
            Some(driven) if self.mode == ChannelMode::Stereo => {
                self.listen.undrive(worked_on, driven, &dry, &mut self.output);
            }
            Some(driven) => {
                self.listen.undrive(worked_on, driven, &part_of(&dry, self.mode), &mut self.output);
            }
            None => self.output.apply(worked_on),
        }
        if let Some(part) = &part {
            *block = with_part(&dry, part, self.mode);
        }
        self.mix.mix(&dry, block);
        self.listen.apply(&dry, block);
    }

    /// The gain change in the last block, signed as [`Processor::gain_reduction_db`]; `None` where there is none or it is
    /// off.
    pub fn gain_reduction_db(&self) -> Option<f64> {
        if self.mix.is_asleep() {
            return None;
        }
        self.processor.as_ref().and_then(|p| p.gain_reduction_db())
    }

    /// [`Processor::band_gains_db`] of the last block; 0 bands where it is off.
    pub fn band_gains_db(&self, out: &mut [f32; BANDS_SHOWN]) -> usize {
        match &self.processor {
            Some(processor) if !self.mix.is_asleep() => processor.band_gains_db(out),
            _ => 0,
        }
    }
}

fn gain_of(db: f64, setup: &Setup) -> SmoothedGain {
    SmoothedGain::new(clean_gain_db(db, SLOT_GAIN_RANGE_DB), RAMP_MS, setup.sample_rate)
}

/// A share inside 0 to 1; NaN is 1.
fn clean_share(wet: f64) -> f64 {
    if wet.is_nan() { 1.0 } else { wet.clamp(0.0, 1.0) }
}

/// One frame of the part a mode works on.
#[inline]
fn part(mode: ChannelMode, left: f64, right: f64) -> f64 {
    match mode {
        ChannelMode::Stereo | ChannelMode::Left => left,
        ChannelMode::Right => right,
        ChannelMode::Mid => mid_side(left, right).0,
        ChannelMode::Side => mid_side(left, right).1,
    }
}

/// The part a mode works on, on both channels.
fn part_of(block: &Block, mode: ChannelMode) -> Block {
    let mut out = Block::silent();
    let (left, right) = out.stereo_mut();
    for (out, (l, r)) in left.iter_mut().zip(block.left().iter().zip(block.right())) {
        *out = part(mode, *l, *r);
    }
    *right = *left;
    out
}

/// The delayed input with its part replaced by the processed one.
fn with_part(dry: &Block, processed: &Block, mode: ChannelMode) -> Block {
    let mut out = dry.clone();
    let (left, right) = out.stereo_mut();
    for i in 0..QUANTUM {
        let change = processed.left()[i] - part(mode, left[i], right[i]);
        match mode {
            ChannelMode::Stereo | ChannelMode::Left => left[i] += change,
            ChannelMode::Right => right[i] += change,
            ChannelMode::Mid => {
                left[i] += change;
                right[i] += change;
            }
            ChannelMode::Side => {
                left[i] += change;
                right[i] -= change;
            }
        }
    }
    out
}

/// One change a running slot takes up without being rebuilt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SlotSet {
    /// A parameter has a new value.
    Param(ParamIndex, f64),
    /// Switched on or off.
    Enabled(bool),
    /// A new share of the processed signal.
    Wet(f64),
    /// A new gain into the processor, dB.
    Input(f64),
    /// A new gain out of the processor, dB.
    Output(f64),
    /// Something else is listened to; with the gain of the matched bypass, dB.
    Listen(Listen, f64),
}

/// What the step from one state of a slot to another asks of the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum SlotChange {
    /// Nothing that can be heard.
    Same,
    /// These changes, in this order, on the running slot.
    Params(Vec<SlotSet>),
    /// A new instance.
    Rebuild,
}

/// What the step from `old` to `new` asks for. Another kind, version or mode, or a parameter that
/// [`Kind::needs_rebuild`] names, is a rebuild.
pub fn slot_change(old: &Slot, new: &Slot) -> SlotChange {
    if (&old.kind, old.version, old.mode) != (&new.kind, new.version, new.mode) {
        return SlotChange::Rebuild;
    }
    let Some(kind) = find(&new.kind) else { return SlotChange::Same };
    let Some(mut sets) = param_sets(kind, old, new) else { return SlotChange::Rebuild };
    if old.wet.to_bits() != new.wet.to_bits() {
        sets.push(SlotSet::Wet(clean_share(new.wet)));
    }
    if old.input_db.to_bits() != new.input_db.to_bits() {
        sets.push(SlotSet::Input(clean_gain_db(new.input_db, SLOT_GAIN_RANGE_DB)));
    }
    if old.output_db.to_bits() != new.output_db.to_bits() {
        sets.push(SlotSet::Output(clean_gain_db(new.output_db, SLOT_GAIN_RANGE_DB)));
    }
    if (old.listen, old.match_db.to_bits()) != (new.listen, new.match_db.to_bits()) {
        sets.push(SlotSet::Listen(new.listen, clean_gain_db(new.match_db, MATCH_RANGE_DB)));
    }
    if old.enabled != new.enabled {
        sets.push(SlotSet::Enabled(new.enabled));
    }
    if sets.is_empty() { SlotChange::Same } else { SlotChange::Params(sets) }
}

/// The parameters that differ; `None` when one of them needs a rebuild.
fn param_sets(kind: &dyn Kind, old: &Slot, new: &Slot) -> Option<Vec<SlotSet>> {
    if old.params == new.params {
        return Some(Vec::new());
    }
    let (before, _) = values_of(kind, &old.params);
    let (after, _) = values_of(kind, &new.params);
    let changed = before.as_slice().iter().zip(after.as_slice()).enumerate();
    let changed = changed.filter(|(_, (a, b))| a.to_bits() != b.to_bits());
    changed
        .map(|(param, (_, value))| {
            (!kind.needs_rebuild(param, &before, &after)).then_some(SlotSet::Param(param, *value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ParamValue, SlotId};
    use crate::units::SampleRate;

    const SETUP: Setup = Setup { sample_rate: SampleRate::CD };

    /// Delays by 100 frames and doubles.
    struct Doubler {
        past: Vec<f64>,
    }

    impl Processor for Doubler {
        fn latency(&self) -> Frames {
            Frames(100)
        }
        fn reset(&mut self) {
            self.past.fill(0.0);
        }
        fn set(&mut self, _param: ParamIndex, _value: f64) {}
        fn process(&mut self, _start: Frames, block: &mut Block) {
            for i in 0..QUANTUM {
                for c in 0..2 {
                    self.past.push(block.channels()[c][i]);
                    block.channels_mut()[c][i] = 2.0 * self.past.remove(0);
                }
            }
        }
    }

    fn doubler(slot: &Slot) -> SlotRunner {
        SlotRunner::around(Some(Box::new(Doubler { past: vec![0.0; 200] })), slot, &SETUP)
    }

    fn input(n: usize) -> (f64, f64) {
        let t = n as f64;
        (0.3 * (t * 0.1).sin() + 0.01, 0.2 * (t * 0.037).cos())
    }

    /// Runs blocks `from..to`, calling `change` before block `at`.
    fn run(
        runner: &mut SlotRunner,
        blocks: usize,
        mut each: impl FnMut(usize, &mut SlotRunner),
    ) -> Vec<(f64, f64)> {
        let mut out = Vec::new();
        for k in 0..blocks {
            each(k, runner);
            let mut block = Block::silent();
            for i in 0..QUANTUM {
                let (l, r) = input(k * QUANTUM + i);
                block.channels_mut()[0][i] = l;
                block.channels_mut()[1][i] = r;
            }
            runner.process(Frames((k * QUANTUM) as i64), &mut block);
            out.extend(block.left().iter().zip(block.right()).map(|(l, r)| (*l, *r)));
        }
        out
    }

    fn delayed(n: usize) -> (f64, f64) {
        if n < 100 { (0.0, 0.0) } else { input(n - 100) }
    }

    #[test]
    fn off_is_the_delayed_input_bit_for_bit() {
        let mut slot = Slot::new(SlotId(1), "x");
        slot.enabled = false;
        for (n, out) in run(&mut doubler(&slot), 10, |_, _| {}).into_iter().enumerate() {
            assert_eq!(out, delayed(n), "frame {n}");
        }
    }

    #[test]
    fn half_wet_is_the_mean_of_both_without_a_comb() {
        let mut slot = Slot::new(SlotId(1), "x");
        slot.wet = 0.5;
        for (n, out) in run(&mut doubler(&slot), 10, |_, _| {}).into_iter().enumerate() {
            let (l, r) = delayed(n);
            assert!((out.0 - 1.5 * l).abs() < 1e-15 && (out.1 - 1.5 * r).abs() < 1e-15, "frame {n}");
        }
    }

    #[test]
    fn each_mode_doubles_its_part_and_keeps_the_rest() {
        for mode in ChannelMode::ALL {
            let mut slot = Slot::new(SlotId(1), "x");
            slot.mode = mode;
            for (n, out) in run(&mut doubler(&slot), 6, |_, _| {}).into_iter().enumerate() {
                let (l, r) = delayed(n);
                let (m, s) = ((l + r) / 2.0, (l - r) / 2.0);
                let expected = match mode {
                    ChannelMode::Stereo => (2.0 * l, 2.0 * r),
                    ChannelMode::Mid => (2.0 * m + s, 2.0 * m - s),
                    ChannelMode::Side => (m + 2.0 * s, m - 2.0 * s),
                    ChannelMode::Left => (2.0 * l, r),
                    ChannelMode::Right => (l, 2.0 * r),
                };
                let error = (out.0 - expected.0).abs().max((out.1 - expected.1).abs());
                assert!(error < 1e-15, "{mode:?} frame {n}");
            }
        }
    }

    #[test]
    fn bypass_fades_both_ways_and_ends_bit_exact() {
        let slot = Slot::new(SlotId(1), "x");
        let out = run(&mut doubler(&slot), 120, |k, runner| match k {
            20 => runner.set_enabled(false),
            70 => runner.set_enabled(true),
            _ => {}
        });
        // Share of the change heard, where the input is not small.
        let mut last = 1.0;
        for (n, (l, _)) in out.iter().enumerate().skip(200) {
            let dry = delayed(n).0;
            if dry.abs() > 0.05 {
                let share = l / dry - 1.0;
                assert!((share - last).abs() < 0.2, "frame {n}: {last} to {share}");
                last = share;
            }
            if (40 * 64..70 * 64).contains(&n) {
                assert_eq!(*l, dry);
            }
            if n >= 90 * 64 {
                assert_eq!(*l, 2.0 * dry);
            }
        }
    }

    /// Doubling, as a slot with these settings makes it, once every fade has ended.
    fn settled(slot: &Slot, late: SlotSet) -> Vec<(f64, f64)> {
        run(&mut doubler(slot), 60, |k, runner| {
            if k == 20 {
                runner.apply(late);
            }
        })
    }

    #[test]
    fn gains_stand_around_the_processor_inside_the_mix() {
        let half = -6.020_599_913_279_624;
        let mut slot = Slot::new(SlotId(1), "x");
        (slot.wet, slot.input_db, slot.output_db) = (0.5, half, 2.0 * half);
        let from_start = run(&mut doubler(&slot), 60, |_, _| {});
        let plain = Slot { wet: 0.5, output_db: 2.0 * half, ..Slot::new(SlotId(1), "x") };
        let moved = settled(&plain, SlotSet::Input(half));
        for n in 45 * QUANTUM..60 * QUANTUM {
            let (l, r) = delayed(n);
            // Half of the input beside half of 2 · 1/2 · 1/4 of it.
            for out in [from_start[n], moved[n]] {
                assert!((out.0 - 0.625 * l).abs() < 1e-15 && (out.1 - 0.625 * r).abs() < 1e-15, "frame {n}");
            }
        }
    }

    #[test]
    fn the_difference_is_what_the_slot_adds() {
        let slot = Slot { listen: Listen::Delta, ..Slot::new(SlotId(1), "x") };
        for (n, out) in run(&mut doubler(&slot), 10, |_, _| {}).into_iter().enumerate() {
            assert_eq!(out, delayed(n), "frame {n}: 2x − x");
        }
        let idle = Slot { enabled: false, ..slot };
        assert!(run(&mut doubler(&idle), 10, |_, _| {}).iter().all(|out| *out == (0.0, 0.0)));
    }

    #[test]
    fn a_matched_bypass_is_the_input_as_loud_as_the_output_and_ends_without_a_step() {
        let slot = Slot { match_db: 6.0, listen: Listen::MatchedBypass, ..Slot::new(SlotId(1), "x") };
        let out = settled(&slot, SlotSet::Listen(Listen::Normal, 6.0));
        let gain = 10f64.powf(6.0 / 20.0);
        let mut last = 0.0;
        for (n, (l, _)) in out.iter().enumerate() {
            let dry = delayed(n).0;
            if n < 20 * QUANTUM {
                assert!((l - gain * dry).abs() < 1e-15, "frame {n}");
            } else if n >= 45 * QUANTUM {
                assert_eq!(*l, 2.0 * dry, "exact again at frame {n}");
            }
            assert!((l - last).abs() < 0.1, "a step at frame {n}");
            last = *l;
        }
    }

    #[test]
    fn an_unknown_kind_passes_the_sound() {
        let (mut runner, errors) = SlotRunner::new(&Slot::new(SlotId(1), "mystery"), &SETUP);
        assert!(errors.is_empty() && runner.latency() == Frames::ZERO);
        for (n, out) in run(&mut runner, 3, |_, _| {}).into_iter().enumerate() {
            assert_eq!(out, input(n));
        }
    }

    #[test]
    fn changes_are_told_apart() {
        let old = Slot::new(SlotId(1), "gain");
        assert_eq!(slot_change(&old, &old), SlotChange::Same);
        let mut new = old.clone();
        new.params.insert("gain_db".to_owned(), ParamValue::Number(-3.0));
        new.wet = 0.25;
        new.enabled = false;
        let sets = vec![SlotSet::Param(0, -3.0), SlotSet::Wet(0.25), SlotSet::Enabled(false)];
        assert_eq!(slot_change(&old, &new), SlotChange::Params(sets));
        new.mode = ChannelMode::Side;
        assert_eq!(slot_change(&old, &new), SlotChange::Rebuild);
        let around = Slot { input_db: 2.0, output_db: -99.0, listen: Listen::Delta, ..old.clone() };
        let sets = vec![SlotSet::Input(2.0), SlotSet::Output(-24.0), SlotSet::Listen(Listen::Delta, 0.0)];
        assert_eq!(slot_change(&old, &around), SlotChange::Params(sets));
        let mut explicit = old.clone();
        explicit.params.insert("gain_db".to_owned(), ParamValue::Number(0.0));
        assert_eq!(slot_change(&old, &explicit), SlotChange::Same, "the default spelled out");
    }

    #[test]
    fn the_difference_of_a_limiter_is_what_it_takes_away() {
        let mut slot = Slot::new(SlotId(1), "limiter");
        slot.params.insert("input_gain_db".into(), ParamValue::Number(6.0));
        slot.listen = Listen::Delta;
        let (mut runner, errors) = SlotRunner::new(&slot, &SETUP);
        assert!(errors.is_empty());
        let mut from = 0;
        let mut loudest = |runner: &mut SlotRunner, level: f64| {
            let mut loudest = 0.0f64;
            from += 40;
            for k in from - 40..from {
                let mut block = Block::silent();
                for (i, s) in block.channels_mut().iter_mut().flat_map(|c| c.iter_mut().enumerate()) {
                    *s = level * (0.1 * (k * QUANTUM + i) as f64).sin();
                }
                runner.process(Frames((k * QUANTUM) as i64), &mut block);
                loudest = block.channels().iter().flatten().fold(loudest, |m, s| s.abs().max(m));
            }
            loudest
        };
        // Under the ceiling nothing is taken away; over it what the gain made less the ceiling.
        assert!(loudest(&mut runner, 0.25) < 1e-12);
        for _ in 0..200 {
            loudest(&mut runner, 1.0);
        }
        let taken = loudest(&mut runner, 1.0);
        assert!((taken - (10f64.powf(0.3) - 10f64.powf(-0.05))).abs() < 0.02, "{taken}");
        // Half wet, half of it; moved, bypassed or on a part of the signal, never what the gain adds.
        runner.set_wet(0.5);
        loudest(&mut runner, 1.0);
        assert!((loudest(&mut runner, 1.0) - 0.5 * taken).abs() < 0.01);
        runner.set_enabled(false);
        loudest(&mut runner, 1.0);
        assert!(loudest(&mut runner, 1.0) < 1e-12);
        slot.mode = ChannelMode::Side;
        let (mut side, _) = SlotRunner::new(&slot, &SETUP);
        assert!(loudest(&mut side, 1.0) < 1e-12);
        side.set_param(0, 30.0);
        assert!(loudest(&mut side, 1.0) < 1e-12);
    }
}
