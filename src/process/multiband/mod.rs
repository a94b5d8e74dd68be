//! Multiband dynamics: two to six bands, each with compressor, expander, gain and width.
//!
//! Minimum phase: Linkwitz–Riley splits of fourth order with all-pass compensation ([`crate::dsp::crossover`]); with all
//! bands neutral the magnitude is 1 and there is no latency. Linear phase: symmetric low-passes and their differences, whose
//! sum is the delayed input. Level, curves and times of a band are those of the compressor (`process::dynamics`). The mix is
//! made band by band, between a band as it was and as it is, so that nothing combs. Look-ahead delays the bands after they
//! have been read.

mod band;
mod linear;
mod params;

pub use params::{BANDS, COUNT, FIRST_BAND, PARAMS_PER_BAND, PHASE, SPLIT, band_count};

use super::dynamics::{factors_of, follow, frames_of, make_sane};
use super::{BANDS_SHOWN, Kind, ParamDesc, ParamIndex, Processor, Setup, Values};
use crate::audio::Block;
use crate::dsp::crossover::Crossover;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::{Frames, SampleRate};
use band::Band;
use linear::{LinearSplit, latency_at};
use params::{AUTO_RELEASE, DETECTOR, LINK, LOOKAHEAD, MIX, OUTPUT, PARAMS};

/// The entry for the registry.
pub struct MultibandKind;

impl Kind for MultibandKind {
    fn id(&self) -> &'static str {
        "multiband"
    }

    fn name(&self) -> &'static str {
        "Multiband dynamics"
    }

    /// 2: linked channels are one lane, levels are rounded to the nearest step; reductions differ by less than 1e-7 dB.
    fn version(&self) -> u32 {
        2
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    /// The kernels of the linear-phase split are designed when an instance is built.
    fn needs_rebuild(&self, param: ParamIndex, old: &Values, new: &Values) -> bool {
        let is_split = (SPLIT..SPLIT + BANDS - 1).contains(&param);
        PARAMS[param].structural || (is_split && (is_linear(old) || is_linear(new)))
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Multiband::new(values, setup.sample_rate))
    }
}

/// Whether the values ask for linear phase.
fn is_linear(values: &Values) -> bool {
    values.choice(PHASE) == 1
}

enum Splitter {
    Minimum(Crossover),
    Linear(Box<LinearSplit>),
}

struct Multiband {
    splitter: Splitter,
    bands: Vec<Band>,
    /// The signal of every band.
    parts: Vec<Block>,
    mix: Smoothed,
    output: SmoothedGain,
    latency: usize,
}

impl Multiband {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let count = band_count(values);
        let splits_hz: Vec<f64> = (0..count - 1).map(|i| values.get(SPLIT + i)).collect();
        let linear = is_linear(values);
        let splitter = if linear {
            Splitter::Linear(Box::new(LinearSplit::new(&splits_hz, rate)))
        } else {
            Splitter::Minimum(Crossover::new(&splits_hz, rate))
        };
        let lookahead = rate.frames_from_seconds(values.get(LOOKAHEAD) / 1000.0).as_len();
        let mut multiband = Self {
            splitter,
            bands: (0..count).map(|i| Band::new(values, i, rate)).collect(),
            parts: vec![Block::silent(); count],
            mix: Smoothed::new(values.get(MIX) / 100.0, RAMP_MS, rate),
            output: SmoothedGain::new(values.get(OUTPUT), RAMP_MS, rate),
            latency: lookahead + if linear { latency_at(rate) } else { 0 },
        };
        multiband.set_solo();
        multiband.reset();
        multiband
    }

    fn set_solo(&mut self) {
        let any = self.bands.iter().any(Band::is_solo);
        for band in &mut self.bands {
            let heard = band.is_solo() || !any;
            band.set_heard(heard);
        }
    }

    fn set_band(&mut self, param: ParamIndex, value: f64) {
        let Some(at) = param.checked_sub(FIRST_BAND) else { return };
        if let Some(band) = self.bands.get_mut(at / PARAMS_PER_BAND) {
            band.set(at % PARAMS_PER_BAND, value);
            self.set_solo();
        }
    }
}

/// The followers of up to three bands, side by side where each needs one lane.
fn follow_together(bands: &mut [Band]) {
    if let [a, b, c] = bands
        && let (Some(one), Some(two), Some(three)) = (a.lane_of_both(), b.lane_of_both(), c.lane_of_both())
    {
        follow([one, two, three]);
        bands.iter_mut().for_each(Band::share_lane);
        return;
    }
    bands.iter_mut().for_each(Band::follow);
}

impl Processor for Multiband {
    fn latency(&self) -> Frames {
        Frames(self.latency as i64)
    }

    fn reset(&mut self) {
        match &mut self.splitter {
            Splitter::Minimum(crossover) => crossover.reset(),
            Splitter::Linear(linear) => linear.reset(),
        }
        self.bands.iter_mut().for_each(Band::reset);
        self.mix.settle();
        self.output.settle();
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            SPLIT..DETECTOR => {
                if let Splitter::Minimum(crossover) = &mut self.splitter {
                    crossover.set_hz(param - SPLIT, value);
                }
            }
            DETECTOR => self.bands.iter_mut().for_each(|b| b.set_detector_of_all(value)),
            LINK => self.bands.iter_mut().for_each(|b| b.set_link_of_all(value / 100.0)),
            AUTO_RELEASE => self.bands.iter_mut().for_each(|b| b.set_auto_release_of_all(value >= 0.5)),
            MIX => self.mix.set(value / 100.0),
            OUTPUT => self.output.set_db(value),
            _ => self.set_band(param, value),
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_sane(block);
        match &mut self.splitter {
            Splitter::Minimum(crossover) => crossover.split(block, &mut self.parts),
            Splitter::Linear(linear) => linear.split(block, &mut self.parts),
        }
        let mix = frames_of(&mut self.mix);
        for (band, part) in self.bands.iter_mut().zip(&self.parts) {
            band.read(part);
        }
        self.bands.chunks_mut(3).for_each(follow_together);
        for (band, part) in self.bands.iter_mut().zip(&mut self.parts) {
            band.work(part, &mix);
        }
        match &mut self.splitter {
            Splitter::Minimum(crossover) => crossover.join(&self.parts, block),
            Splitter::Linear(_) => LinearSplit::join(&self.parts, block),
        }
        if !self.output.is_unity() {
            let gains = factors_of(&mut self.output);
            for samples in block.channels_mut() {
                samples.iter_mut().zip(&gains).for_each(|(s, g)| *s *= g);
            }
        }
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        let (deepest, most) = self
            .bands
            .iter()
            .map(Band::gain_db)
            .fold((0.0, 0.0), |(deepest, most): (f64, f64), gain| (deepest.min(gain), most.max(gain)));
        Some(if deepest < 0.0 { deepest } else { most })
    }

    fn band_gains_db(&self, out: &mut [f32; BANDS_SHOWN]) -> usize {
        out.iter_mut().zip(&self.bands).for_each(|(out, band)| *out = band.gain_db() as f32);
        self.bands.len()
    }
}

#[cfg(test)]
mod tests;
