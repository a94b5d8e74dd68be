//! Parametric equaliser: 24 bands with the magnitude of the analog filters up to 20 kHz.
//!
//! Minimum phase: below 88.2 kHz the bands run at twice the rate between a linear-phase half-band pair, which is where a
//! matched second-order section follows its prototype within hundredths of a decibel; the latency depends on the rate
//! alone. With no band at work (none on, or all at 0 dB) the output is the input, delayed, bit for bit. Linear phase: the
//! analog magnitudes as one symmetric kernel; dynamic bands work after it.
//!
//! There is no natural-phase mode, because minimum phase is one: between the half-band pair every band has the phase of its
//! analog prototype within 0.6° from 20 Hz to 20 kHz, apart from a delay of less than 0.8 frames of the doubled rate (bells
//! and shelves of ±12 dB: within 0.4° and 0.17 frames). A test holds it to that.

mod band;
mod dynamic;
mod linear;
mod params;
mod response;
mod solo;

pub use params::{BANDS, BandChannel, BandType, OUTPUT, PARAMS_PER_BAND, PHASE, SOLO};
pub use response::{
    band_response_db, group_delay_ms, moved_band_response_db, phase_deg, response_db, response_of_channel_db,
};

use std::collections::BTreeMap;

use super::drywet::DryWet;
use super::{BANDS_SHOWN, Kind, ParamDesc, ParamIndex, Processor, Setup, Values};
use crate::audio::{Block, QUANTUM};
use crate::dsp::oversample::{self, Downsampler2, Upsampler2};
use crate::dsp::smooth::{RAMP_MS, SmoothedGain};
use crate::dsp::svf::Frame;
use crate::model::ParamValue;
use crate::units::{Frames, SampleRate};
use band::{Band, CONTROL_FRAMES};
use linear::LinearPhase;
use params::{DYN_ENABLED, DYN_RANGE, ENABLED, PARAMS, Shape, TYPE};
use solo::Solo;

/// From this rate on the bands run without oversampling.
const FAST_ENOUGH_HZ: u32 = 88_200;

/// The entry for the registry.
pub struct EqKind;

impl Kind for EqKind {
    fn id(&self) -> &'static str {
        "eq"
    }

    fn name(&self) -> &'static str {
        "Parametric EQ"
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn complete(&self, values: &mut Values, given: &BTreeMap<String, ParamValue>) {
        for band in 0..BANDS {
            let has = |what| given.contains_key(&format!("band{}_{what}", band + 1));
            if has("type") && !has("enabled") {
                values.set(band * PARAMS_PER_BAND + ENABLED, 1.0);
            }
        }
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        if is_linear(values) {
            Box::new(LinearPhase::new(values, setup))
        } else {
            Box::new(MinimumPhase::new(values, setup))
        }
    }

    /// A linear-phase kernel is designed at build time, so everything in it asks for a new instance.
    fn needs_rebuild(&self, param: ParamIndex, old: &Values, new: &Values) -> bool {
        PARAMS[param].structural || ((is_linear(old) || is_linear(new)) && param != OUTPUT && param != SOLO)
    }
}

/// The parameters that switch a band (from 0) on with a type, for editors: index of `bandN_enabled`, of `bandN_type`.
pub fn band_switches(band: usize) -> (ParamIndex, ParamIndex) {
    (band * PARAMS_PER_BAND + ENABLED, band * PARAMS_PER_BAND + TYPE)
}

/// Whether the values ask for linear phase.
fn is_linear(values: &Values) -> bool {
    values.choice(PHASE) == 1
}

/// Whether a band (from 0) is on and its gain follows a level.
pub fn is_dynamic(values: &Values, band: usize) -> bool {
    let shape = Shape::of(values, band);
    let range_db = values.get(band * PARAMS_PER_BAND + DYN_RANGE);
    let follows = values.is_on(band * PARAMS_PER_BAND + DYN_ENABLED) && range_db.abs() > 0.0;
    shape.enabled && shape.can_be_dynamic() && follows
}

/// The rate the bands run at.
fn running_rate(rate: SampleRate) -> SampleRate {
    if rate.0 < FAST_ENOUGH_HZ { SampleRate(2 * rate.0) } else { rate }
}

struct MinimumPhase {
    bands: Vec<Band>,
    oversampling: Option<Oversampling>,
    mix: DryWet,
    output: SmoothedGain,
    solo: Solo,
}

struct Oversampling {
    up: Upsampler2,
    down: Downsampler2,
}

impl MinimumPhase {
    fn new(values: &Values, setup: &Setup) -> Self {
        let base = setup.sample_rate;
        let running = running_rate(base);
        let bands: Vec<Band> = (0..BANDS).map(|i| Band::new(values, i, base, running)).collect();
        let oversampling = (running != base)
            .then(|| Oversampling { up: Upsampler2::default(), down: Downsampler2::default() });
        let latency = if oversampling.is_some() { oversample::LATENCY } else { 0 };
        let share = if bands.iter().any(Band::is_active) { 1.0 } else { 0.0 };
        Self {
            bands,
            oversampling,
            mix: DryWet::new(latency, share, base),
            output: SmoothedGain::new(values.get(OUTPUT), RAMP_MS, base),
            solo: Solo::new(values, setup),
        }
    }

    /// Fades to the delayed input when no band has anything to do, and back.
    fn choose_path(&mut self) {
        let share = if self.bands.iter().any(Band::is_active) { 1.0 } else { 0.0 };
        if self.mix.set_wet(share) {
            self.clear_path();
        }
    }

    fn clear_path(&mut self) {
        if let Some(Oversampling { up, down }) = &mut self.oversampling {
            up.clear();
            down.clear();
        }
    }

    /// Runs the bands over a block, which wakes and sleeps with them. Dynamic bands listen to `key`, or else to the block.
    fn run(&mut self, block: &mut Block, key: Option<&[Frame; QUANTUM]>) {
        self.choose_path();
        let dry = self.mix.dry(block);
        if self.mix.is_asleep() {
            *block = dry;
        } else {
            self.filter(block, key);
            self.mix.mix(&dry, block);
        }
    }

    fn filter(&mut self, block: &mut Block, key: Option<&[Frame; QUANTUM]>) {
        let listens = self.has_dynamic_bands();
        match &mut self.oversampling {
            Some(Oversampling { up, down }) => {
                let mut frames = up.process(block);
                let key = match key {
                    Some(key) => *key,
                    // The input itself stands at the odd places.
                    None if listens => std::array::from_fn(|i| frames[2 * i + 1]),
                    None => [[0.0; 2]; QUANTUM],
                };
                self.bands.iter_mut().for_each(|b| b.process(&mut frames, 2 * CONTROL_FRAMES, &key));
                down.process(&frames, block);
            }
            None => {
                let mut frames = interleaved(block);
                let key = *key.unwrap_or(&frames);
                self.bands.iter_mut().for_each(|b| b.process(&mut frames, CONTROL_FRAMES, &key));
                for (c, samples) in block.channels_mut().iter_mut().enumerate() {
                    samples.iter_mut().zip(&frames).for_each(|(s, f)| *s = f[c]);
                }
            }
        }
    }

    /// Everything but output gain and solo, as built.
    fn reset_bands(&mut self) {
        self.bands.iter_mut().for_each(Band::reset);
        self.choose_path();
        self.clear_path();
        self.mix.reset();
    }

    fn has_dynamic_bands(&self) -> bool {
        self.bands.iter().any(Band::is_dynamic)
    }
}

/// The present gain of every band of these, dB; as many as there are.
fn band_gains(bands: &[Band], out: &mut [f32; BANDS_SHOWN]) -> usize {
    for (gain, band) in out.iter_mut().zip(bands) {
        *gain = band.move_db() as f32;
    }
    bands.len().min(BANDS_SHOWN)
}

/// The deepest cut of these bands, or else the largest gain added, dB; `None` without dynamic bands.
fn deepest_move(bands: &[Band]) -> Option<f64> {
    let moves = || bands.iter().filter(|b| b.is_dynamic()).map(Band::move_db);
    let deepest = moves().reduce(f64::min)?;
    if deepest < 0.0 { Some(deepest) } else { moves().reduce(f64::max) }
}

fn interleaved(block: &Block) -> [Frame; QUANTUM] {
    let mut frames = [[0.0; 2]; QUANTUM];
    for (frame, (l, r)) in frames.iter_mut().zip(block.left().iter().zip(block.right())) {
        *frame = [*l, *r];
    }
    frames
}

/// Replaces what is not a number or infinite by silence: a filter would keep it for ever.
fn make_finite(block: &mut Block) {
    for sample in block.channels_mut().iter_mut().flatten() {
        if !sample.is_finite() {
            *sample = 0.0;
        }
    }
}

impl Processor for MinimumPhase {
    fn latency(&self) -> Frames {
        Frames(if self.oversampling.is_some() { oversample::LATENCY as i64 } else { 0 })
    }

    fn reset(&mut self) {
        self.reset_bands();
        self.output.settle();
        self.solo.reset();
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        self.solo.set(param, value);
        match param {
            OUTPUT => self.output.set_db(value),
            PHASE | SOLO => {}
            _ => {
                if let Some(band) = self.bands.get_mut(param / PARAMS_PER_BAND) {
                    band.set(param % PARAMS_PER_BAND, value);
                }
            }
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_finite(block);
        self.run(block, None);
        self.output.apply(block);
        self.solo.process(block);
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        deepest_move(&self.bands)
    }

    fn band_gains_db(&self, out: &mut [f32; BANDS_SHOWN]) -> usize {
        band_gains(&self.bands, out)
    }
}

#[cfg(test)]
mod dynamic_tests;
#[cfg(test)]
mod tests;
