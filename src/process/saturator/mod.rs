//! Saturation and clipping: five curves, oversampled, with first-order antiderivative anti-aliasing.
//!
//! The way of the sound: drive, tone before, emphasis `E` of the curve, oversampling, `f(x + b) − f(b)` (`b` is the bias),
//! back, `1/E`, tone after, 5 Hz high-pass where the curve is asymmetric, mix with the latency-matched input, output
//! gain. All curves have slope 1 at 0, so low levels pass unchanged but for the drive. Harmonics of a sine of peak `A`
//! well below full scale, relative to it, at bias 0:
//!
//! | curve | `f(x)` | second | third | `E` |
//! |---|---|---|---|---|
//! | tanh | `tanh x` | none | `A²/12` | 1 |
//! | tape | `x/√(1+x²)` | none | `A²/8 · e(f)` | `(1+s/ω)/(1+s/2ω)`, `ω` = 2π·3183 Hz (50 µs): highs +6 dB |
//! | tube | `(tanh(x+a) − tanh a)/(1 − tanh² a)`, `tanh a` = 0.25 | `A/8` | `A²·(1/3 − 1/16)/4` | 1 |
//! | transformer | `tanh x` | none | `A²/12 · e(f)` | `(s+4ω)/(s+ω)`, `ω` = 2π·40 Hz: lows +12 dB |
//! | hard | `x` within ±1 | none | none below ±1 | 1 |
//!
//! with `e(f) = |E(f)|³ / |E(3f)|`: a tape bends the highs first, a transformer the lows, and neither changes the balance
//! of what it does not bend. Third harmonics rise by 2 dB per dB, the tube's second by 1 dB. Nearer to full scale the fifth
//! and higher ones follow. A hard clip that does not clip passes the driven input bit for bit. Oversampling 1 is the bare curve, without latency and with aliases.

mod clean;
mod params;
mod tone;

use clean::CleanWay;
use params::{
    BIAS, CURVE, Curve, DRIVE, FACTORS, MIX, OUTPUT, OVERSAMPLING, PARAMS, TONE_AFTER, TONE_BEFORE,
};
use tone::{DcBlock, Emphasis, Tone};

use super::drywet::DryWet;
use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::oversampler::{DroopFilter, Oversampler};
use crate::dsp::simd::widest;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::dsp::waveshape::{Antialiased, Waveshape};
use crate::units::{Frames, SampleRate, gain_from_db};

/// Time of a change of the bias: the level it makes has to pass the high-pass without a thump.
const BIAS_RAMP_MS: f64 = 200.0;

/// Samples beyond this are damage, not sound.
const INPUT_MAX: f64 = 1e6;

/// The entry for the registry.
pub struct SaturatorKind;

impl Kind for SaturatorKind {
    fn id(&self) -> &'static str {
        "saturator"
    }

    fn name(&self) -> &'static str {
        "Saturator"
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Saturator::new(values, setup.sample_rate))
    }
}

/// What a steady sample becomes with these values: drive, bias, curve, mix and output gain; without what depends on
/// frequency (tone, emphasis) and without the high-pass that follows an asymmetric curve.
pub fn static_curve(values: &Values) -> impl Fn(f64) -> f64 + use<> {
    let curve = Curve::from_value(values.get(CURVE));
    let (shape, scale) = (curve.shape(), curve.scale());
    let bias = values.get(BIAS) + curve.own_bias();
    let rest = shape.at(bias);
    let (drive, output) = (gain_from_db(values.get(DRIVE)), gain_from_db(values.get(OUTPUT)));
    let wet = values.get(MIX) / 100.0;
    move |x| output * (x + wet * ((shape.at(x * drive + bias) - rest) * scale - x))
}

/// One channel.
struct Shaper {
    oversampler: Oversampler,
    bend: Bend,
}

impl Shaper {
    fn new(shape: Waveshape, factor: usize) -> Self {
        let inner = if factor > 1 { DroopFilter::latency(factor) } else { 0 };
        let antialiased = (factor > 1).then(|| (Antialiased::new(shape, 0.0), DroopFilter::new(factor)));
        Self { oversampler: Oversampler::new(factor, inner), bend: Bend { shape, factor, antialiased } }
    }

    fn reset(&mut self, bias: f64) {
        self.oversampler.clear();
        if let Some((shaper, droop)) = &mut self.bend.antialiased {
            shaper.rest_at(bias);
            droop.clear();
        }
    }

    /// One block in place through `(f(x + b) − f(b)) · scale`, `b` for every base frame. Whether anything went beyond the
    /// limits of the curve.
    fn process(&mut self, samples: &mut [f64; QUANTUM], bias: &BiasBlock, scale: f64) -> bool {
        let Self { oversampler, bend } = self;
        let mut peak = 0.0;
        widest(
            #[inline(always)]
            || {
                oversampler.process(
                    samples,
                    #[inline(always)]
                    |frames| peak = bend.process(frames, bias, scale),
                );
            },
        );
        peak > 1.0
    }
}

/// What happens at the higher rate.
struct Bend {
    shape: Waveshape,
    factor: usize,
    /// Anti-aliasing and what makes its droop good; `None` without oversampling.
    antialiased: Option<(Antialiased, DroopFilter)>,
}

impl Bend {
    /// A block in place; the largest magnitude that went in, for the hard clip alone.
    #[inline(always)]
    fn process(&mut self, frames: &mut [f64], bias: &BiasBlock, scale: f64) -> f64 {
        let mut peak = 0.0f64;
        if bias.is_used {
            for (chunk, b) in frames.chunks_exact_mut(self.factor).zip(&bias.values) {
                chunk.iter_mut().for_each(|x| *x += b);
            }
        }
        if self.shape == Waveshape::Hard {
            peak = frames.iter().fold(0.0, |m, x| x.abs().max(m));
        }
        match &mut self.antialiased {
            Some((shaper, _)) => shaper.process(frames),
            None => frames.iter_mut().for_each(|x| *x = self.shape.at(*x)),
        }
        if bias.is_used {
            for (chunk, rest) in frames.chunks_exact_mut(self.factor).zip(&bias.rests) {
                chunk.iter_mut().for_each(|y| *y = (*y - rest) * scale);
            }
        }
        if let Some((_, droop)) = &mut self.antialiased {
            droop.process(frames);
        }
        peak
    }
}

/// The bias of one block.
struct BiasBlock {
    is_used: bool,
    values: [f64; QUANTUM],
    /// The curve at rest.
    rests: [f64; QUANTUM],
}

struct Saturator {
    curve: Curve,
    drive: SmoothedGain,
    bias: Smoothed,
    output: SmoothedGain,
    tone_before: Tone,
    tone_after: Tone,
    emphasis: Option<[Emphasis; CHANNELS]>,
    shapers: [Shaper; CHANNELS],
    dc: DcBlock,
    /// Beside a hard clip.
    clean: Option<CleanWay>,
    mix: DryWet,
    latency: usize,
}

impl Saturator {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let curve = Curve::from_value(values.get(CURVE));
        let factor = FACTORS[values.choice(OVERSAMPLING).min(FACTORS.len() - 1)];
        let shapers = [0, 1].map(|_| Shaper::new(curve.shape(), factor));
        let latency = shapers[0].oversampler.latency();
        let mut saturator = Self {
            curve,
            drive: SmoothedGain::new(values.get(DRIVE), RAMP_MS, rate),
            bias: Smoothed::new(values.get(BIAS) + curve.own_bias(), BIAS_RAMP_MS, rate),
            output: SmoothedGain::new(values.get(OUTPUT), RAMP_MS, rate),
            tone_before: Tone::new(values.get(TONE_BEFORE), rate),
            tone_after: Tone::new(values.get(TONE_AFTER), rate),
            emphasis: curve.emphasis(rate),
            shapers,
            dc: DcBlock::new(rate),
            clean: (curve == Curve::Hard).then(|| CleanWay::new(latency, rate)),
            mix: DryWet::new(latency, values.get(MIX) / 100.0, rate),
            latency,
        };
        saturator.reset();
        saturator
    }

    fn is_asymmetric(&self) -> bool {
        !(self.bias.rests_at(0.0) || self.bias.rests_at(-0.0))
    }

    fn clear_path(&mut self) {
        self.drive.settle();
        self.bias.settle();
        self.tone_before.reset();
        self.tone_after.reset();
        self.emphasis.iter_mut().flatten().for_each(Emphasis::clear);
        let bias = self.bias.value();
        self.shapers.iter_mut().for_each(|s| s.reset(bias));
        self.dc.reset(self.is_asymmetric());
        self.clean.iter_mut().for_each(CleanWay::reset);
    }

    fn bias_block(&mut self) -> BiasBlock {
        let shape = self.curve.shape();
        let is_used = self.is_asymmetric();
        let mut block = BiasBlock { is_used, values: [0.0; QUANTUM], rests: [0.0; QUANTUM] };
        if self.bias.is_moving() {
            block.values.fill_with(|| self.bias.tick());
            for (rest, value) in block.rests.iter_mut().zip(&block.values) {
                *rest = shape.at(*value);
            }
        } else if is_used {
            block.values = [self.bias.value(); QUANTUM];
            block.rests = [shape.at(self.bias.value()); QUANTUM];
        }
        block
    }

    fn saturate(&mut self, block: &mut Block) {
        self.drive.apply(block);
        let clean = self.clean.as_mut().map(|c| c.delayed(block));
        let mut bent = !(self.tone_before.is_off() && self.tone_after.is_off() && self.dc.is_off());
        self.tone_before.process(block);
        let asymmetric = self.is_asymmetric();
        let bias = self.bias_block();
        let scale = self.curve.scale();
        for (c, (samples, shaper)) in block.channels_mut().iter_mut().zip(&mut self.shapers).enumerate() {
            let emphasis = self.emphasis.as_mut().map(|e| &mut e[c]);
            match emphasis {
                Some(emphasis) => {
                    emphasis.apply(samples);
                    bent |= shaper.process(samples, &bias, scale);
                    emphasis.undo(samples);
                }
                None => bent |= shaper.process(samples, &bias, scale),
            }
        }
        self.tone_after.process(block);
        self.dc.process(block, asymmetric);
        if let (Some(way), Some(clean)) = (&mut self.clean, &clean) {
            way.mix(clean, block, bent || asymmetric);
        }
    }
}

impl Processor for Saturator {
    fn latency(&self) -> Frames {
        Frames(self.latency as i64)
    }

    fn reset(&mut self) {
        self.clear_path();
        self.output.settle();
        self.mix.reset();
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        if param == MIX && self.mix.set_wet(value / 100.0) {
            self.clear_path();
        }
        match param {
            DRIVE => self.drive.set_db(value),
            BIAS => self.bias.set(value + self.curve.own_bias()),
            OUTPUT => self.output.set_db(value),
            TONE_BEFORE => self.tone_before.set(value),
            TONE_AFTER => self.tone_after.set(value),
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        for sample in block.channels_mut().iter_mut().flatten() {
            *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-INPUT_MAX, INPUT_MAX) };
        }
        let dry = self.mix.dry(block);
        if self.mix.is_asleep() {
            *block = dry;
        } else {
            self.saturate(block);
            self.mix.mix(&dry, block);
        }
        self.output.apply(block);
    }
}

#[cfg(test)]
mod tests;
