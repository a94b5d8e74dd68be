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

/// The last switched-on limiter of the album chain says where the album's ceiling is, dBTP; without one it is 0.
pub fn album_ceiling_dbtp(session: &Session) -> f64 {
    let limiter = session.album_chain.slots.iter().rfind(|slot| slot.enabled && slot.kind == "limiter");
    let (Some(slot), Some(kind)) = (limiter, process::find("limiter")) else {
        return 0.0;
    };
    let (values, _) = values_of(kind, &slot.params);
    let place = kind.params().iter().position(|p| p.id == "ceiling_dbtp");
    place.map_or(0.0, |i| values.get(i))
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
