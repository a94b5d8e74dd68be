//! The linear-phase equaliser: one symmetric kernel with the product of the analog magnitudes of all bands.
//!
//! At each frequency the bands are 2×2 matrices on left and right, multiplied in their order; when no band works on mid or
//! side the matrix is diagonal in left/right, when none works on left or right it is diagonal in mid/side, and two
//! convolutions do. Group delay is half the kernel at every frequency. Kernels are designed when an instance is built:
//! every parameter but the output gain and the solo asks for a new one.
//!
//! A kernel cannot move, so dynamic bands work after it as those of the minimum-phase equaliser, below 88.2 kHz with its
//! latency besides; they listen to the input as there.

use super::params::{BandChannel, ENABLED, FREQ, GAIN, OUTPUT, PARAMS_PER_BAND, Q, Shape};
use super::solo::Solo;
use super::{BANDS, MinimumPhase, band_gains, deepest_move, interleaved, is_dynamic, make_finite};
use crate::audio::{Block, QUANTUM};
use crate::dsp::biquad::Section;
use crate::dsp::delay::Delay;
use crate::dsp::fir::{History, Kernel, linear_phase_kernel, no_spectrum};
use crate::dsp::midside::{left_right, mid_side};
use crate::dsp::oversample;
use crate::dsp::smooth::{RAMP_MS, SmoothedGain};
use crate::process::drywet::DryWet;
use crate::process::{BANDS_SHOWN, ParamIndex, Processor, Setup, Values};
use crate::units::{Frames, SampleRate};

/// Taps below 88.2 kHz: 0.37 s of delay, 5 Hz of resolution.
const TAPS: usize = 1 << 15;

/// Taps at this rate: the same resolution at 88.2 and 96 kHz; half of it above, for the sake of speed.
fn taps_at(rate: SampleRate) -> usize {
    if rate.0 < super::FAST_ENOUGH_HZ { TAPS } else { 2 * TAPS }
}

/// Delay of the linear-phase mode in frames.
pub(super) fn latency_at(rate: SampleRate) -> usize {
    taps_at(rate) / 2
}

/// One band as it acts at a frequency.
struct Factor {
    channel: BandChannel,
    f0_hz: f64,
    sections: Vec<Section>,
}

impl Factor {
    /// Linear magnitude.
    fn at(&self, hz: f64) -> f64 {
        self.sections.iter().map(|s| s.power_at(hz / self.f0_hz)).product::<f64>().sqrt()
    }
}

/// The bands that do something and stand still.
fn factors(values: &Values) -> Vec<Factor> {
    let mut factors = Vec::new();
    for band in 0..BANDS {
        let value = |offset| values.get(band * PARAMS_PER_BAND + offset);
        let shape = Shape::of(values, band);
        if !shape.enabled || is_dynamic(values, band) || (shape.has_gain() && value(GAIN).abs() <= 0.0) {
            continue;
        }
        let (count, sections) = shape.sections(value(FREQ), value(GAIN), value(Q));
        let sections = sections[..count].to_vec();
        factors.push(Factor { channel: shape.channel, f0_hz: value(FREQ), sections });
    }
    factors
}

/// Where the matrix of the bands is diagonal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Domain {
    LeftRight,
    MidSide,
    /// Nowhere: four convolutions.
    Mixed,
}

fn domain_of(factors: &[Factor]) -> Domain {
    let any = |a, b| factors.iter().any(|f| f.channel == a || f.channel == b);
    match (any(BandChannel::Mid, BandChannel::Side), any(BandChannel::Left, BandChannel::Right)) {
        (true, true) => Domain::Mixed,
        (true, false) => Domain::MidSide,
        (false, _) => Domain::LeftRight,
    }
}

/// The matrix `[to][from]` of all bands on left and right at a frequency.
fn matrix_at(factors: &[Factor], hz: f64) -> [[f64; 2]; 2] {
    factors.iter().fold([[1.0, 0.0], [0.0, 1.0]], |m, factor| {
        let h = factor.at(hz);
        let (sum, difference) = (0.5 * (1.0 + h), 0.5 * (1.0 - h));
        let band = match factor.channel {
            BandChannel::Stereo => [[h, 0.0], [0.0, h]],
            BandChannel::Left => [[h, 0.0], [0.0, 1.0]],
            BandChannel::Right => [[1.0, 0.0], [0.0, h]],
            BandChannel::Mid => [[sum, -difference], [-difference, sum]],
            BandChannel::Side => [[sum, difference], [difference, sum]],
        };
        let entry = |r: usize, c: usize| band[r][0] * m[0][c] + band[r][1] * m[1][c];
        [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]]
    })
}

/// Kernel of one entry of the matrix in its domain.
fn kernel_of(factors: &[Factor], domain: Domain, rate: SampleRate, to: usize, from: usize) -> Kernel {
    let entry = |hz: f64| {
        let m = matrix_at(factors, hz);
        match (domain, to) {
            (Domain::MidSide, 0) => m[0][0] + m[0][1],
            (Domain::MidSide, _) => m[0][0] - m[0][1],
            (Domain::LeftRight | Domain::Mixed, _) => m[to][from],
        }
    };
    Kernel::new(&linear_phase_kernel(taps_at(rate), rate.hz(), entry))
}

pub(super) struct LinearPhase {
    domain: Domain,
    direct: [Kernel; 2],
    /// From the other channel, in the mixed domain.
    crossed: Option<[Kernel; 2]>,
    past: [History; 2],
    mix: DryWet,
    dynamic: Option<DynamicBands>,
    output: SmoothedGain,
    solo: Solo,
    latency: usize,
}

/// The bands after the kernel.
struct DynamicBands {
    bands: MinimumPhase,
    /// Brings the input to where the bands hear it when they listen to themselves.
    key: [Delay; 2],
}

impl DynamicBands {
    /// `None` if no band is dynamic.
    fn new(values: &Values, setup: &Setup) -> Option<Self> {
        let is_still = |band: &usize| !is_dynamic(values, *band);
        let mut values = values.clone();
        let still: Vec<usize> = (0..BANDS).filter(is_still).collect();
        still.iter().for_each(|band| values.set(band * PARAMS_PER_BAND + ENABLED, 0.0));
        let bands = MinimumPhase::new(&values, setup);
        let delay = if bands.oversampling.is_some() { oversample::LATENCY / 2 } else { 0 };
        (still.len() < BANDS).then(|| Self { bands, key: [0, 1].map(|_| Delay::new(delay, 0.0)) })
    }

    /// `input` is as late as the block.
    fn process(&mut self, input: &Block, block: &mut Block) {
        let mut key = interleaved(input);
        for frame in &mut key {
            *frame = [self.key[0].tick(frame[0]), self.key[1].tick(frame[1])];
        }
        self.bands.run(block, Some(&key));
    }

    fn reset(&mut self) {
        self.bands.reset_bands();
        self.key.iter_mut().for_each(Delay::reset);
    }
}

impl LinearPhase {
    pub(super) fn new(values: &Values, setup: &Setup) -> Self {
        let rate = setup.sample_rate;
        let factors = factors(values);
        let domain = domain_of(&factors);
        let kernel = |to, from| kernel_of(&factors, domain, rate, to, from);
        let latency = latency_at(rate);
        let share = if factors.is_empty() { 0.0 } else { 1.0 };
        let dynamic = DynamicBands::new(values, setup);
        Self {
            domain,
            direct: [kernel(0, 0), kernel(1, 1)],
            crossed: (domain == Domain::Mixed).then(|| [kernel(0, 1), kernel(1, 0)]),
            past: [History::new(taps_at(rate)), History::new(taps_at(rate))],
            mix: DryWet::new(latency, share, rate),
            output: SmoothedGain::new(values.get(OUTPUT), RAMP_MS, rate),
            solo: Solo::new(values, setup),
            latency: latency + dynamic.as_ref().map_or(0, |d| d.bands.latency().as_len()),
            dynamic,
        }
    }

    fn filter(&mut self, block: &mut Block) {
        if self.domain == Domain::MidSide {
            each_frame(block, mid_side);
        }
        for (past, samples) in self.past.iter_mut().zip(block.channels()) {
            past.push(samples);
        }
        for to in 0..2 {
            let mut sum = no_spectrum();
            self.past[to].accumulate(&self.direct[to], &mut sum);
            if let Some(crossed) = &self.crossed {
                self.past[1 - to].accumulate(&crossed[to], &mut sum);
            }
            block.channels_mut()[to] = self.past[to].block_of(&mut sum);
        }
        if self.domain == Domain::MidSide {
            each_frame(block, left_right);
        }
    }
}

fn each_frame(block: &mut Block, change: impl Fn(f64, f64) -> (f64, f64)) {
    let (left, right) = block.stereo_mut();
    for i in 0..QUANTUM {
        (left[i], right[i]) = change(left[i], right[i]);
    }
}

impl Processor for LinearPhase {
    fn latency(&self) -> Frames {
        Frames(self.latency as i64)
    }

    fn reset(&mut self) {
        self.past.iter_mut().for_each(History::clear);
        self.mix.reset();
        if let Some(dynamic) = &mut self.dynamic {
            dynamic.reset();
        }
        self.output.settle();
        self.solo.reset();
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        self.solo.set(param, value);
        if param == OUTPUT {
            self.output.set_db(value);
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_finite(block);
        let dry = self.mix.dry(block);
        if self.mix.is_asleep() {
            *block = dry.clone();
        } else {
            self.filter(block);
        }
        if let Some(dynamic) = &mut self.dynamic {
            dynamic.process(&dry, block);
        }
        self.output.apply(block);
        self.solo.process(block);
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        self.dynamic.as_ref().and_then(|d| deepest_move(&d.bands.bands))
    }

    fn band_gains_db(&self, out: &mut [f32; BANDS_SHOWN]) -> usize {
        self.dynamic.as_ref().map_or(0, |d| band_gains(&d.bands.bands, out))
    }
}
