//! Gain, trim, polarity and routing: `out = R · diag(±10^((gain + trim)/20)) · in`, trim and polarity per input channel.
//!
//! `R` is the routing: swapped or not, then as it is, `(L+R)/2` or `(L+R)/√2` on both, or one channel on both. Gains move
//! evenly in decibels; a change of polarity or routing fades within 20 ms instead of jumping. Neutral passes bit for bit.

use std::sync::LazyLock;

use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::Block;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::Frames;

const GAIN: ParamIndex = 0;
const INVERT_LEFT: ParamIndex = 1;
const INVERT_RIGHT: ParamIndex = 2;
const TRIM_LEFT: ParamIndex = 3;
const TRIM_RIGHT: ParamIndex = 4;
const SWAP: ParamIndex = 5;
const MONO: ParamIndex = 6;

const MONO_WORDS: &[&str] = &["off", "average", "power", "left", "right"];

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("gain_db", "Gain", Unit::Db, -60.0, 24.0, 0.0).help("Gain of both channels."),
        ParamDesc::switch("invert_left", "Invert left", false)
            .help("Turns the polarity of the left channel."),
        ParamDesc::switch("invert_right", "Invert right", false)
            .help("Turns the polarity of the right channel."),
        ParamDesc::number("trim_left_db", "Trim left", Unit::Db, -24.0, 24.0, 0.0)
            .help("Gain of the left channel besides that of both."),
        ParamDesc::number("trim_right_db", "Trim right", Unit::Db, -24.0, 24.0, 0.0)
            .help("Gain of the right channel besides that of both."),
        ParamDesc::switch("swap_channels", "Swap channels", false)
            .help("Exchanges left and right, behind trims and polarity."),
        ParamDesc::choice("mono", "Mono", MONO_WORDS, 0).help(
            "What both channels carry, last: off leaves them, average is (L+R)/2, power (L+R)/1.414 (for unlike channels), left or right that channel alone.",
        ),
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
        let rate = setup.sample_rate;
        let gain = |param| SmoothedGain::new(values.get(param), RAMP_MS, rate);
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let (swap, mono) = (values.is_on(SWAP), values.choice(MONO));
        Box::new(Gain {
            gain: gain(GAIN),
            polarity: [INVERT_LEFT, INVERT_RIGHT].map(|p| smoothed(polarity(values.get(p)))),
            trim: [gain(TRIM_LEFT), gain(TRIM_RIGHT)],
            route: route(swap, mono).map(|row| row.map(smoothed)),
            swap,
            mono,
        })
    }
}

/// Factor of a polarity switch.
fn polarity(switch: f64) -> f64 {
    if switch >= 0.5 { -1.0 } else { 1.0 }
}

/// Weights `[to][from]` of a routing.
fn route(swap: bool, mono: usize) -> [[f64; 2]; 2] {
    let [left, right] = if swap { [[0.0, 1.0], [1.0, 0.0]] } else { STRAIGHT };
    let both = match MONO_WORDS.get(mono).copied() {
        Some("average") => [0.5; 2],
        Some("power") => [std::f64::consts::FRAC_1_SQRT_2; 2],
        Some("left") => left,
        Some("right") => right,
        _ => return [left, right],
    };
    [both, both]
}

/// Each channel to itself.
const STRAIGHT: [[f64; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

struct Gain {
    gain: SmoothedGain,
    /// Left and right, −1 to 1.
    polarity: [Smoothed; 2],
    trim: [SmoothedGain; 2],
    /// `[to][from]`.
    route: [[Smoothed; 2]; 2],
    swap: bool,
    mono: usize,
}

impl Gain {
    fn is_moving(&self) -> bool {
        self.gain.is_moving()
            || self.polarity.iter().any(Smoothed::is_moving)
            || self.trim.iter().any(SmoothedGain::is_moving)
    }

    fn is_straight(&self) -> bool {
        let weights = self.route.iter().flatten().zip(STRAIGHT.as_flattened());
        weights.into_iter().all(|(w, straight)| w.rests_at(*straight))
    }

    fn set_route(&mut self) {
        let targets = route(self.swap, self.mono);
        let weights = self.route.iter_mut().flatten().zip(targets.as_flattened());
        weights.for_each(|(weight, target)| weight.set(*target));
    }

    /// Gain, trim and polarity of each channel.
    fn scale(&mut self, block: &mut Block) {
        if self.is_moving() {
            let (left, right) = block.stereo_mut();
            for (l, r) in left.iter_mut().zip(right) {
                let gain = self.gain.tick();
                *l *= gain * self.polarity[0].tick() * self.trim[0].tick();
                *r *= gain * self.polarity[1].tick() * self.trim[1].tick();
            }
            return;
        }
        for (c, samples) in block.channels_mut().iter_mut().enumerate() {
            let factor = self.gain.factor() * self.polarity[c].value() * self.trim[c].factor();
            samples.iter_mut().for_each(|s| *s *= factor);
        }
    }

    fn mix(&mut self, block: &mut Block) {
        if self.is_straight() {
            return;
        }
        let (left, right) = block.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            let [to_left, to_right] = &mut self.route;
            let mix = |row: &mut [Smoothed; 2]| *l * row[0].tick() + *r * row[1].tick();
            (*l, *r) = (mix(to_left), mix(to_right));
        }
    }
}

impl Processor for Gain {
    fn reset(&mut self) {
        self.gain.settle();
        self.polarity.iter_mut().for_each(Smoothed::settle);
        self.trim.iter_mut().for_each(SmoothedGain::settle);
        self.route.iter_mut().flatten().for_each(Smoothed::settle);
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            GAIN => self.gain.set_db(value),
            INVERT_LEFT => self.polarity[0].set(polarity(value)),
            INVERT_RIGHT => self.polarity[1].set(polarity(value)),
            TRIM_LEFT => self.trim[0].set_db(value),
            TRIM_RIGHT => self.trim[1].set_db(value),
            SWAP => {
                self.swap = value >= 0.5;
                self.set_route();
            }
            MONO => {
                self.mono = value as usize;
                self.set_route();
            }
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        self.scale(block);
        self.mix(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SampleRate;

    fn build(gain_db: f64, left: f64, right: f64) -> Box<dyn Processor> {
        with(&[(GAIN, gain_db), (INVERT_LEFT, left), (INVERT_RIGHT, right)])
    }

    fn with(set: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
        let mut values = Values::defaults(&PARAMS);
        set.iter().for_each(|(i, v)| values.set(*i, *v));
        GainKind.build(&values, &Setup { sample_rate: SampleRate::CD })
    }

    /// A block of constant channels through it; the last frame.
    fn last(processor: &mut dyn Processor, left: f64, right: f64) -> (f64, f64) {
        let mut block = Block::silent();
        block.channels_mut()[0] = [left; 64];
        block.channels_mut()[1] = [right; 64];
        processor.process(Frames::ZERO, &mut block);
        (block.left()[63], block.right()[63])
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
    fn trims_polarity_swap_and_mono_follow_the_matrix() {
        let half_db = 20.0 * 0.5f64.log10();
        for (swap, mono, expected) in [
            (0.0, 0.0, (0.4, -0.3)),
            (1.0, 0.0, (-0.3, 0.4)),
            (0.0, 1.0, (0.05, 0.05)),
            (0.0, 2.0, (0.1 * 0.5f64.sqrt(), 0.1 * 0.5f64.sqrt())),
            (0.0, 3.0, (0.4, 0.4)),
            (0.0, 4.0, (-0.3, -0.3)),
            (1.0, 3.0, (-0.3, -0.3)),
        ] {
            // 0.8 trimmed by half, 0.3 inverted.
            let set = [(TRIM_LEFT, half_db), (INVERT_RIGHT, 1.0), (SWAP, swap), (MONO, mono)];
            let (l, r) = last(&mut *with(&set), 0.8, 0.3);
            assert!(
                (l - expected.0).abs() < 1e-15 && (r - expected.1).abs() < 1e-15,
                "{swap} {mono}: {l} {r}"
            );
            // The same after a change while running.
            let mut moved = with(&set[..2]);
            moved.set(SWAP, swap);
            moved.set(MONO, mono);
            (0..15).for_each(|_| drop(last(&mut *moved, 0.8, 0.3)));
            assert_eq!(last(&mut *moved, 0.8, 0.3), (l, r));
        }
    }

    #[test]
    fn a_swap_fades_and_is_the_other_channel_bit_for_bit() {
        let mut gain = with(&[]);
        gain.set(SWAP, 1.0);
        let mut previous = 0.7;
        for _ in 0..20 {
            let (l, _) = last(&mut *gain, 0.7, -0.123_456_789);
            assert!(l <= previous && previous - l < 0.2);
            previous = l;
        }
        assert_eq!(last(&mut *gain, 0.7, -0.123_456_789), (-0.123_456_789, 0.7));
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
