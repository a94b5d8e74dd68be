//! Gain, trim and polarity: `out = ±10^(gain/20) · in`, polarity per channel.
//!
//! Gain moves evenly in decibels; a change of polarity passes through zero within 20 ms instead of jumping.

use std::sync::LazyLock;

use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::Block;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::Frames;

const GAIN: ParamIndex = 0;
const INVERT_LEFT: ParamIndex = 1;
const INVERT_RIGHT: ParamIndex = 2;

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("gain_db", "Gain", Unit::Db, -60.0, 24.0, 0.0).help("Gain of both channels."),
        ParamDesc::switch("invert_left", "Invert left", false)
            .help("Turns the polarity of the left channel."),
        ParamDesc::switch("invert_right", "Invert right", false)
            .help("Turns the polarity of the right channel."),
    ]
});

/// The entry for the registry.
pub struct GainKind;

impl Kind for GainKind {
    fn id(&self) -> &'static str {
        "gain"
    }

    fn name(&self) -> &'static str {
        "Gain"
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        let polarity = |param| Smoothed::new(polarity(values.get(param)), RAMP_MS, setup.sample_rate);
        Box::new(Gain {
            gain: SmoothedGain::new(values.get(GAIN), RAMP_MS, setup.sample_rate),
            polarity: [polarity(INVERT_LEFT), polarity(INVERT_RIGHT)],
        })
    }
}

/// Factor of a polarity switch.
fn polarity(switch: f64) -> f64 {
    if switch >= 0.5 { -1.0 } else { 1.0 }
}

struct Gain {
    gain: SmoothedGain,
    /// Left and right, −1 to 1.
    polarity: [Smoothed; 2],
}

impl Gain {
    fn is_moving(&self) -> bool {
        self.gain.is_moving() || self.polarity.iter().any(Smoothed::is_moving)
    }
}

impl Processor for Gain {
    fn reset(&mut self) {
        self.gain.settle();
        self.polarity.iter_mut().for_each(Smoothed::settle);
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            GAIN => self.gain.set_db(value),
            INVERT_LEFT => self.polarity[0].set(polarity(value)),
            INVERT_RIGHT => self.polarity[1].set(polarity(value)),
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        if self.is_moving() {
            let (left, right) = block.stereo_mut();
            for (l, r) in left.iter_mut().zip(right) {
                let gain = self.gain.tick();
                *l *= gain * self.polarity[0].tick();
                *r *= gain * self.polarity[1].tick();
            }
            return;
        }
        for (samples, polarity) in block.channels_mut().iter_mut().zip(&self.polarity) {
            let factor = self.gain.factor() * polarity.value();
            samples.iter_mut().for_each(|s| *s *= factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SampleRate;

    fn build(gain_db: f64, left: f64, right: f64) -> Box<dyn Processor> {
        let mut values = Values::defaults(&PARAMS);
        values.set(GAIN, gain_db);
        values.set(INVERT_LEFT, left);
        values.set(INVERT_RIGHT, right);
        GainKind.build(&values, &Setup { sample_rate: SampleRate::CD })
    }

    fn one(processor: &mut dyn Processor, value: f64) -> Block {
        let mut block = Block::silent();
        block.channels_mut()[0] = [value; 64];
        block.channels_mut()[1] = [value; 64];
        processor.process(Frames::ZERO, &mut block);
        block
    }

    #[test]
    fn decibels_and_polarity_are_as_labelled() {
        let out = one(&mut *build(-6.020_599_913_279_624, 0.0, 1.0), 0.5);
        assert!((out.left()[0] - 0.25).abs() < 1e-15);
        assert!((out.right()[63] + 0.25).abs() < 1e-15);
        let neutral = one(&mut *build(0.0, 0.0, 0.0), 0.123_456_789);
        assert_eq!(neutral.left()[5].to_bits(), 0.123_456_789f64.to_bits());
    }

    #[test]
    fn a_polarity_change_passes_through_zero() {
        let mut gain = build(0.0, 0.0, 0.0);
        gain.set(INVERT_LEFT, 1.0);
        let mut last = 1.0;
        for _ in 0..20 {
            let out = one(&mut *gain, 1.0);
            for v in out.left() {
                assert!((v - last).abs() < 0.01, "steps of at most one hundredth");
                last = *v;
            }
            assert_eq!(out.right()[0], 1.0);
        }
        assert_eq!(last, -1.0);
    }
}
