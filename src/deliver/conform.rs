//! Master tap to delivery: rate conversion, ceiling, dither, once each and in this order.
//!
//! The default ceiling policy is a *guard*: the true-peak limiter of [`crate::process`] at the delivery rate, set to the
//! album's own ceiling. Conversion raises peaks (0.7 dB and more on loud masters); the guard acts where they pass the
//! ceiling and is bit-transparent elsewhere. Without a conversion there is no guard: the tap is what was approved.
//! The output has exactly [`converted_frames`] frames, whatever the size of the blocks that came in.

use std::collections::BTreeMap;

use super::DeliverError;
use crate::audio::format::{SampleFormat, int_from_f64};
use crate::audio::{Block, QUANTUM};
use crate::dsp::dither::{Dither, Quantizer};
use crate::dsp::resample::RateConverter;
use crate::model::{ParamValue, Session};
use crate::process::{self, Kind, Processor, Setup, values_of};
use crate::units::{Frames, SampleRate, gain_from_db};

/// Frames ready for a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Chunk<'a> {
    /// Integers of `bits` bits, left and right.
    Int {
        /// Frames.
        frames: &'a [[i32; 2]],
        /// Significant bits.
        bits: u32,
    },
    /// Floats, full scale ±1.0.
    Float {
        /// Left.
        left: &'a [f64],
        /// Right, as long.
        right: &'a [f64],
    },
}

impl Chunk<'_> {
    /// Frames in it.
    pub fn len(&self) -> usize {
        match self {
            Self::Int { frames, .. } => frames.len(),
            Self::Float { left, .. } => left.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The frames of a range, which lies inside.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        match *self {
            Self::Int { frames, bits } => Self::Int { frames: &frames[range], bits },
            Self::Float { left, right } => Self::Float { left: &left[range.clone()], right: &right[range] },
        }
    }
}

/// What to do about peaks that a rate conversion raises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ceiling {
    /// Limit what passes this true peak, dBTP.
    Guard {
        /// The album's own ceiling.
        ceiling_dbtp: f64,
    },
    /// Turn the whole album down (or up) by this, dB.
    Trim {
        /// Gain of every frame.
        trim_db: f64,
    },
    /// Leave them.
    Nothing,
}

/// The last switched-on limiter of the album chain, with the gain out of its slot, says where the album's ceiling is,
/// dBTP; without one it is 0.
pub fn album_ceiling_dbtp(session: &Session) -> f64 {
    limiter_ceiling_dbtp(session).unwrap_or(0.0)
}

/// The same; `None` without a limiter.
pub fn limiter_ceiling_dbtp(session: &Session) -> Option<f64> {
    let slot = session.album_chain.slots.iter().rfind(|slot| slot.enabled && slot.kind == "limiter")?;
    let kind = process::find("limiter")?;
    let (values, _) = values_of(kind, &slot.params);
    let place = kind.params().iter().position(|p| p.id == "ceiling_dbtp")?;
    Some(kind.params()[place].clamped(values.get(place) + slot.output_db))
}

/// The delivery of a stretch of the master tap.
#[derive(Debug, Clone, PartialEq)]
pub struct ConformSpec {
    /// Rate of the tap.
    pub from: SampleRate,
    /// Rate of the file.
    pub to: SampleRate,
    /// Samples of the file.
    pub format: SampleFormat,
    /// `none`, `tpdf`, `shaped`, `shaped:NAME`; floats and 32-bit integers take none.
    pub dither: String,
    /// Seed of the dither's noise.
    pub seed: u64,
    /// Policy where the rates differ.
    pub ceiling: Ceiling,
    /// Frames of the tap that will come.
    pub frames: u64,
}

/// Frames at another rate: `round(frames · to / from)`.
pub fn converted_frames(frames: u64, from: SampleRate, to: SampleRate) -> u64 {
    if from == to {
        return frames;
    }
    let (from, to) = (u128::from(from.0.max(1)), u128::from(to.0));
    u64::try_from((u128::from(frames) * to * 2 + from) / (from * 2)).unwrap_or(u64::MAX)
}

/// What conforming did.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct ConformReport {
    /// Rate before conversion, if there was one.
    pub converted_from_hz: Option<u32>,
    /// Places where the guard acted.
    pub guard_events: u64,
    /// Its largest reduction, dB, 0 or negative.
    pub guard_deepest_db: f64,
    /// Album-wide trim, dB.
    pub trim_db: f64,
    /// Samples beyond full scale that an integer file cut off.
    pub clipped_samples: u64,
}

/// The way of the tap into a file's numbers.
pub struct Conform {
    spec: ConformSpec,
    converter: Option<RateConverter>,
    guard: Option<Guard>,
    gain: Option<f64>,
    quantizer: Option<Quantizer>,
    taken: u64,
    converted: u64,
    clipped: u64,
    planar: [Vec<f64>; 2],
    guarded: [Vec<f64>; 2],
    ints: Vec<[i32; 2]>,
}

impl std::fmt::Debug for Conform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conform")
            .field("spec", &self.spec)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

impl Conform {
    /// Prepares a delivery.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] for a rate or dither that does not exist.
    pub fn new(spec: ConformSpec) -> Result<Self, DeliverError> {
        let is_converted = spec.from != spec.to;
        let mut guard = None;
        let mut gain = None;
        let mut converter = None;
        if is_converted {
            converter = Some(RateConverter::new(spec.from, spec.to).map_err(|e| refused(&e))?);
            match spec.ceiling {
                Ceiling::Guard { ceiling_dbtp } => {
                    let kind = process::find("limiter").ok_or_else(|| {
                        DeliverError::Refused(
                            "the guard needs the limiter, which this build lacks".to_owned(),
                        )
                    })?;
                    guard = Some(Guard::new(kind, ceiling_dbtp, spec.to)?);
                }
                Ceiling::Trim { trim_db } => gain = Some(gain_from_db(trim_db)),
                Ceiling::Nothing => {}
            }
        }
        let quantizer = match spec.format.integer_bits() {
            // 32-bit integers are finer than any converter's noise: rounded, never dithered.
            None | Some(32) => None,
            Some(bits) => {
                let dither = Dither::from_name(&spec.dither, spec.to, bits).map_err(|e| refused(&e))?;
                Some(Quantizer::new(bits, dither, spec.seed, spec.to).map_err(|e| refused(&e))?)
            }
        };
        Ok(Self {
            spec,
            converter,
            guard,
            gain,
            quantizer,
            taken: 0,
            converted: 0,
            clipped: 0,
            planar: Default::default(),
            guarded: Default::default(),
            ints: Vec::new(),
        })
    }

    /// What is delivered.
    pub fn spec(&self) -> &ConformSpec {
        &self.spec
    }

    /// Frames that will have come out in the end.
    pub fn frames_out(&self) -> u64 {
        converted_frames(self.spec.frames, self.spec.from, self.spec.to)
    }

    /// Takes frames of the tap and gives what is ready, which may be nothing yet.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] if more frames come than were announced.
    pub fn push(&mut self, left: &[f64], right: &[f64]) -> Result<Chunk<'_>, DeliverError> {
        self.taken += left.len() as u64;
        if self.taken > self.spec.frames || left.len() != right.len() {
            return Err(DeliverError::Refused(
                "the album pass gave more frames than the timeline has".into(),
            ));
        }
        clear(&mut self.planar);
        match &mut self.converter {
            Some(converter) => converter.push([left, right], &mut self.planar),
            None => {
                self.planar[0].extend_from_slice(left);
                self.planar[1].extend_from_slice(right);
            }
        }
        Ok(self.onward(false))
    }

    /// The last frames.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] if frames are missing.
    pub fn finish(&mut self) -> Result<Chunk<'_>, DeliverError> {
        if self.taken != self.spec.frames {
            return Err(DeliverError::Refused(format!(
                "the album pass stopped after {} of {} frames",
                self.taken, self.spec.frames
            )));
        }
        clear(&mut self.planar);
        if let Some(converter) = &mut self.converter {
            converter.finish(&mut self.planar);
        }
        Ok(self.onward(true))
    }

    /// What it did so far.
    pub fn report(&self) -> ConformReport {
        let (guard_events, guard_deepest_db) =
            self.guard.as_ref().map_or((0, 0.0), |g| (g.events, g.deepest_db));
        let trim_db = match (self.gain, self.spec.ceiling) {
            (Some(_), Ceiling::Trim { trim_db }) => trim_db,
            _ => 0.0,
        };
        ConformReport {
            converted_from_hz: self.converter.is_some().then_some(self.spec.from.0),
            guard_events,
            guard_deepest_db,
            trim_db,
            clipped_samples: self.clipped,
        }
    }

    /// From converted frames in `planar` to the numbers of the file.
    fn onward(&mut self, is_last: bool) -> Chunk<'_> {
        self.keep_exact_length(is_last);
        if let Some(gain) = self.gain {
            for sample in self.planar.iter_mut().flatten() {
                *sample *= gain;
            }
        }
        if let Some(guard) = &mut self.guard {
            clear(&mut self.guarded);
            guard.push(&self.planar, &mut self.guarded);
            if is_last {
                guard.finish(&mut self.guarded);
            }
            std::mem::swap(&mut self.planar, &mut self.guarded);
        }
        let Some(bits) = self.spec.format.integer_bits() else {
            return Chunk::Float { left: &self.planar[0], right: &self.planar[1] };
        };
        self.quantise(bits, is_last);
        Chunk::Int { frames: &self.ints, bits }
    }

    /// The converter's last block may be a frame longer or shorter than the rounded length.
    fn keep_exact_length(&mut self, is_last: bool) {
        let room = usize::try_from(self.frames_out() - self.converted).unwrap_or(usize::MAX);
        for channel in &mut self.planar {
            if is_last {
                channel.resize(room, 0.0);
            } else {
                channel.truncate(room);
            }
        }
        self.converted += self.planar[0].len() as u64;
    }

    fn quantise(&mut self, bits: u32, is_last: bool) {
        let [left, right] = &self.planar;
        self.ints.clear();
        match &mut self.quantizer {
            Some(quantizer) => {
                quantizer.push(left, right, &mut self.ints);
                if is_last {
                    quantizer.finish(&mut self.ints);
                }
                self.clipped = quantizer.clipped();
            }
            None => self.ints.extend(
                left.iter().zip(right).map(|(l, r)| [int_from_f64(*l, bits), int_from_f64(*r, bits)]),
            ),
        }
    }
}

/// A range of the album on its way into a file's numbers: takes blocks of the whole pass and passes over what lies
/// before and behind.
#[derive(Debug)]
pub struct ConformRange {
    conform: Conform,
    /// Next album frame wanted.
    next: Frames,
}

impl ConformRange {
    /// The range begins at album frame `start` and has the frames of the specification.
    ///
    /// # Errors
    /// As [`Conform::new`].
    pub fn new(spec: ConformSpec, start: Frames) -> Result<Self, DeliverError> {
        Ok(Self { conform: Conform::new(spec)?, next: start })
    }

    /// Takes frames of the tap from album frame `start` on and gives what is ready, which may be nothing yet.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] if frames were left out.
    pub fn push(&mut self, start: Frames, left: &[f64], right: &[f64]) -> Result<Chunk<'_>, DeliverError> {
        let missing = self.conform.spec.frames - self.conform.taken;
        if start > self.next && missing > 0 {
            return Err(DeliverError::Refused(format!(
                "the album pass left out frames {} to {}",
                self.next.0, start.0
            )));
        }
        let skipped = (self.next - start).as_len().min(left.len());
        let taken = (left.len() - skipped).min(usize::try_from(missing).unwrap_or(usize::MAX));
        self.next += Frames(taken as i64);
        self.conform.push(&left[skipped..skipped + taken], &right[skipped..skipped + taken])
    }

    /// The last frames.
    ///
    /// # Errors
    /// As [`Conform::finish`].
    pub fn finish(&mut self) -> Result<Chunk<'_>, DeliverError> {
        self.conform.finish()
    }

    /// What it did so far.
    pub fn report(&self) -> ConformReport {
        self.conform.report()
    }
}

fn refused(error: &impl std::fmt::Display) -> DeliverError {
    DeliverError::Refused(error.to_string())
}

fn clear(channels: &mut [Vec<f64>; 2]) {
    channels.iter_mut().for_each(Vec::clear);
}

/// Reductions smaller than this are no event, dB.
const EVENT_DB: f64 = -0.001;

/// A limiter with its delay removed: as many frames out as in, at the same places.
struct Guard {
    limiter: Box<dyn Processor>,
    block: Block,
    fill: usize,
    start: Frames,
    /// Frames of delay still to be dropped.
    to_drop: usize,
    taken: u64,
    given: u64,
    is_acting: bool,
    events: u64,
    deepest_db: f64,
}

impl Guard {
    fn new(kind: &'static dyn Kind, ceiling_dbtp: f64, rate: SampleRate) -> Result<Self, DeliverError> {
        let given = BTreeMap::from([("ceiling_dbtp".to_owned(), ParamValue::Number(ceiling_dbtp))]);
        let (values, errors) = values_of(kind, &given);
        if let Some(error) = errors.first() {
            return Err(DeliverError::Refused(format!("the guard: {error}")));
        }
        let limiter = kind.build(&values, &Setup { sample_rate: rate });
        Ok(Self {
            to_drop: limiter.latency().as_len(),
            limiter,
            block: Block::silent(),
            fill: 0,
            start: Frames::ZERO,
            taken: 0,
            given: 0,
            is_acting: false,
            events: 0,
            deepest_db: 0.0,
        })
    }

    fn push(&mut self, input: &[Vec<f64>; 2], out: &mut [Vec<f64>; 2]) {
        let [left, right] = input;
        self.taken += left.len() as u64;
        for (l, r) in left.iter().zip(right) {
            self.push_frame(*l, *r, out);
        }
    }

    fn push_frame(&mut self, left: f64, right: f64, out: &mut [Vec<f64>; 2]) {
        let (block_left, block_right) = self.block.stereo_mut();
        (block_left[self.fill], block_right[self.fill]) = (left, right);
        self.fill += 1;
        if self.fill == QUANTUM {
            self.run_block(out);
        }
    }

    fn run_block(&mut self, out: &mut [Vec<f64>; 2]) {
        self.limiter.process(self.start, &mut self.block);
        self.start += Frames(QUANTUM as i64);
        self.fill = 0;
        self.note_reduction(self.limiter.gain_reduction_db().unwrap_or(0.0));
        let dropped = self.to_drop.min(QUANTUM);
        self.to_drop -= dropped;
        let wanted = usize::try_from(self.taken - self.given).unwrap_or(usize::MAX).min(QUANTUM - dropped);
        for (channel, block) in out.iter_mut().zip(self.block.channels()) {
            channel.extend_from_slice(&block[dropped..dropped + wanted]);
        }
        self.given += wanted as u64;
    }

    fn note_reduction(&mut self, db: f64) {
        let is_acting = db < EVENT_DB;
        self.events += u64::from(is_acting && !self.is_acting);
        self.is_acting = is_acting;
        self.deepest_db = self.deepest_db.min(db);
    }

    /// Silence behind the end brings out what the look-ahead holds back.
    fn finish(&mut self, out: &mut [Vec<f64>; 2]) {
        while self.given < self.taken {
            self.push_frame(0.0, 0.0, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{ParamDesc, ParamIndex, Unit, Values};

    #[test]
    fn the_ceiling_is_that_of_the_last_limiter_that_is_on_with_the_gain_out_of_its_slot() {
        use crate::model::{Chain, Slot, SlotId};
        let limiter = |id, ceiling_dbtp: f64, output_db, enabled| {
            let mut slot = Slot::new(SlotId(id), "limiter");
            slot.params.insert("ceiling_dbtp".to_owned(), ceiling_dbtp.into());
            Slot { output_db, enabled, ..slot }
        };
        let mut session = Session::new(SampleRate(48_000));
        assert_eq!((limiter_ceiling_dbtp(&session), album_ceiling_dbtp(&session)), (None, 0.0));
        let slots = vec![
            limiter(1, -3.0, 0.0, true),
            limiter(2, -1.0, -0.5, true),
            limiter(3, -6.0, 0.0, false),
            Slot::new(SlotId(4), "gain"),
        ];
        session.album_chain = std::sync::Arc::new(Chain { slots, ..Chain::default() });
        assert_eq!((limiter_ceiling_dbtp(&session), album_ceiling_dbtp(&session)), (Some(-1.5), -1.5));
    }

    /// A limiter of the crudest kind: a delay of 37 frames that clips at the ceiling.
    struct Clipper {
        ceiling: f64,
        memory: std::collections::VecDeque<[f64; 2]>,
        reduction_db: f64,
    }

    impl Processor for Clipper {
        fn latency(&self) -> Frames {
            Frames(37)
        }

        fn reset(&mut self) {}

        fn set(&mut self, _param: ParamIndex, _value: f64) {}

        fn process(&mut self, _start: Frames, block: &mut Block) {
            self.reduction_db = 0.0;
            let (left, right) = block.stereo_mut();
            for (l, r) in left.iter_mut().zip(right) {
                self.memory.push_back([*l, *r]);
                let [a, b] = self.memory.pop_front().unwrap();
                let peak = a.abs().max(b.abs());
                if peak > self.ceiling {
                    self.reduction_db = self.reduction_db.min(20.0 * (self.ceiling / peak).log10());
                }
                (*l, *r) = (a.clamp(-self.ceiling, self.ceiling), b.clamp(-self.ceiling, self.ceiling));
            }
        }

        fn gain_reduction_db(&self) -> Option<f64> {
            Some(self.reduction_db)
        }
    }

    struct ClipperKind;

    impl Kind for ClipperKind {
        fn id(&self) -> &'static str {
            "clipper"
        }

        fn name(&self) -> &'static str {
            "Clipper"
        }

        fn params(&self) -> &'static [ParamDesc] {
            const PARAMS: &[ParamDesc] =
                &[ParamDesc::number("ceiling_dbtp", "Ceiling", Unit::Dbtp, -20.0, 0.0, -1.0)];
            PARAMS
        }

        fn build(&self, values: &Values, _setup: &Setup) -> Box<dyn Processor> {
            Box::new(Clipper {
                ceiling: gain_from_db(values.get(0)),
                memory: vec![[0.0; 2]; 37].into(),
                reduction_db: 0.0,
            })
        }
    }

    fn spec(from: u32, to: u32, format: SampleFormat, frames: u64) -> ConformSpec {
        ConformSpec {
            from: SampleRate(from),
            to: SampleRate(to),
            format,
            dither: "tpdf".into(),
            seed: 7,
            ceiling: Ceiling::Nothing,
            frames,
        }
    }

    fn music(frames: usize) -> (Vec<f64>, Vec<f64>) {
        let wave = |n: usize, step: f64| 0.4 * (n as f64 * step).sin() + 0.3 * (n as f64 * step * 7.3).sin();
        (0..frames).map(|n| (wave(n, 0.031), wave(n, 0.047))).unzip()
    }

    /// Everything that comes out for blocks of the sizes given in turn.
    fn run(spec: ConformSpec, sizes: &[usize]) -> (Vec<[i32; 2]>, [Vec<f64>; 2]) {
        let (left, right) = music(spec.frames as usize);
        let mut conform = Conform::new(spec).unwrap();
        let (mut ints, mut floats) = (Vec::new(), [Vec::new(), Vec::new()]);
        let mut take = |chunk: Chunk<'_>| match chunk {
            Chunk::Int { frames, .. } => ints.extend_from_slice(frames),
            Chunk::Float { left, right } => {
                floats[0].extend_from_slice(left);
                floats[1].extend_from_slice(right);
            }
        };
        let mut at = 0;
        for size in sizes.iter().cycle() {
            let end = (at + size).min(left.len());
            take(conform.push(&left[at..end], &right[at..end]).unwrap());
            at = end;
            if at == left.len() {
                break;
            }
        }
        take(conform.finish().unwrap());
        (ints, floats)
    }

    #[test]
    fn the_length_is_exact_whatever_the_rates_and_blocks() {
        for (from, to, frames, want) in [
            (44_100, 48_000, 10_001, 10_885), // 10885.44
            (96_000, 44_100, 10_001, 4594),   // 4594.2
            (48_000, 44_100, 3, 3),           // 2.76
            (44_100, 44_100, 777, 777),
        ] {
            for format in [SampleFormat::Int16, SampleFormat::Float64] {
                let (ints, floats) = run(spec(from, to, format, frames), &[64, 1000, 7]);
                assert_eq!(ints.len().max(floats[0].len()), want, "{from} to {to}");
            }
        }
        assert_eq!(converted_frames(10_001, SampleRate(44_100), SampleRate(48_000)), 10_885);
    }

    #[test]
    fn blocks_do_not_change_the_bits() {
        for format in [SampleFormat::Int16, SampleFormat::Int24, SampleFormat::Float32] {
            let a = run(spec(96_000, 44_100, format, 20_000), &[64]);
            let b = run(spec(96_000, 44_100, format, 20_000), &[1, 333, 4096, 5]);
            assert_eq!(a, b);
        }
    }

    #[test]
    fn floats_at_the_same_rate_pass_untouched() {
        let (_, floats) = run(spec(48_000, 48_000, SampleFormat::Float64, 5000), &[64]);
        let (left, right) = music(5000);
        assert_eq!(floats, [left, right]);
    }

    #[test]
    fn a_trim_is_exact_and_only_after_conversion() {
        let trimmed = |to| ConformSpec {
            ceiling: Ceiling::Trim { trim_db: -6.020_599_913_279_624 },
            ..spec(48_000, to, SampleFormat::Float64, 5000)
        };
        let (_, same_rate) = run(trimmed(48_000), &[64]);
        assert_eq!(same_rate[0], music(5000).0);
        let (_, plain) = run(spec(48_000, 44_100, SampleFormat::Float64, 5000), &[64]);
        let (_, halved) = run(trimmed(44_100), &[64]);
        for (a, b) in plain[0].iter().zip(&halved[0]) {
            assert!((a / 2.0 - b).abs() < 1e-15);
        }
    }

    #[test]
    fn missing_and_surplus_frames_are_refused() {
        let mut conform = Conform::new(spec(48_000, 48_000, SampleFormat::Int16, 10)).unwrap();
        conform.push(&[0.0; 6], &[0.0; 6]).unwrap();
        let error = conform.finish().unwrap_err().to_string();
        assert!(error.contains("6 of 10"), "{error}");
        assert!(conform.push(&[0.0; 5], &[0.0; 5]).is_err());
        let odd = ConformSpec { dither: "confetti".into(), ..spec(48_000, 48_000, SampleFormat::Int16, 1) };
        assert!(Conform::new(odd).unwrap_err().to_string().contains("confetti"));
    }

    #[test]
    fn clipped_samples_are_counted() {
        let mut conform = Conform::new(ConformSpec {
            dither: "none".into(),
            ..spec(48_000, 48_000, SampleFormat::Int16, 4)
        })
        .unwrap();
        let chunk = conform.push(&[0.5, 1.2, -1.0, -1.5], &[0.0; 4]).unwrap();
        let Chunk::Int { frames, .. } = chunk else { panic!("integers were asked for") };
        assert_eq!(frames.iter().map(|f| f[0]).collect::<Vec<_>>(), [16_384, 32_767, -32_768, -32_768]);
        assert_eq!(conform.report().clipped_samples, 2);
    }

    #[test]
    fn an_idle_guard_is_transparent_and_an_acting_one_is_counted() {
        let mut guard = Guard::new(&ClipperKind, -6.0, SampleRate::CD).unwrap();
        let (left, right) = music(1000);
        let quiet = [left, right].map(|c| c.iter().map(|v| v * 0.3).collect::<Vec<f64>>());
        let mut out = [Vec::new(), Vec::new()];
        guard.push(&quiet, &mut out);
        guard.finish(&mut out);
        assert_eq!(out, quiet);
        assert_eq!((guard.events, guard.deepest_db), (0, 0.0));

        // Two peaks far apart: two events, the deeper of them 6 dB over a ceiling of −6 dB.
        let mut guard = Guard::new(&ClipperKind, -6.0, SampleRate::CD).unwrap();
        let mut loud = [vec![0.0; 1000], vec![0.0; 1000]];
        loud[0][100] = 0.8;
        loud[1][700] = -1.0;
        let mut out = [Vec::new(), Vec::new()];
        guard.push(&loud, &mut out);
        guard.finish(&mut out);
        assert_eq!(out[0].len(), 1000);
        assert!((out[0][100] - gain_from_db(-6.0)).abs() < 1e-12);
        assert!((out[1][700] + gain_from_db(-6.0)).abs() < 1e-12);
        assert_eq!(guard.events, 2);
        assert!((guard.deepest_db + 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_guard_outside_the_limiters_range_is_refused() {
        assert!(Guard::new(&ClipperKind, 3.0, SampleRate::CD).is_err());
    }
}
