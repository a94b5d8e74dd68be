//! Stereo width, mono-maker, mid and side gain, balance.
//!
//! `M = (L+R)/2`, `S = (L−R)/2`; `M' = g_mid·M`, `S' = w·g_side·HP(S)`, then `L = M'+S'`, `R = M'−S'` and balance, which
//! turns down the channel it moves away from. `w` = 0 is mono, 1 unchanged. The mono-maker is a Butterworth high-pass
//! of the side signal alone (−3.01 dB at its corner): mid, and with it the mono sum, is untouched; in return the phase of
//! side against mid turns near the corner, least with 6 dB/oct. Everything neutral passes bit for bit.

use std::sync::LazyLock;

use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, QUANTUM};
use crate::dsp::biquad::{Section, butterworth_q};
use crate::dsp::midside::{left_right, mid_side};
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::dsp::svf::{Cascade, Frame, SvfCoefs};
use crate::units::{Frames, SampleRate};

const WIDTH: ParamIndex = 0;
const MONO_BELOW: ParamIndex = 1;
const MONO_SLOPE: ParamIndex = 2;
const MID_GAIN: ParamIndex = 3;
const SIDE_GAIN: ParamIndex = 4;
const BALANCE: ParamIndex = 5;

/// Below this the mono-maker is off.
const MONO_OFF_HZ: f64 = 10.0;

/// Frames between two designs of a moving filter.
const CONTROL_FRAMES: usize = 16;

/// Butterworth orders of the words of `mono_slope_db_oct`.
const ORDERS: [usize; 3] = [1, 2, 4];

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("width_percent", "Width", Unit::Percent, 0.0, 200.0, 100.0)
            .help("Factor on the side signal: 0 is mono, 100 unchanged. The mono sum does not depend on it."),
        ParamDesc::number("mono_below_hz", "Mono below", Unit::Hz, 0.0, 1000.0, 0.0)
            .help("High-pass corner of the side signal (-3 dB). Under 10 Hz it is off."),
        ParamDesc::choice("mono_slope_db_oct", "Mono slope", &["6", "12", "24"], 0)
            .structural()
            .help("Slope of the side high-pass; 6 dB/oct turns the phase least."),
        ParamDesc::number("mid_gain_db", "Mid", Unit::Db, -24.0, 24.0, 0.0).help("Gain of the mid signal."),
        ParamDesc::number("side_gain_db", "Side", Unit::Db, -24.0, 24.0, 0.0)
            .help("Gain of the side signal, besides the width."),
        ParamDesc::number("balance_percent", "Balance", Unit::Percent, -100.0, 100.0, 0.0)
            .help("Above 0 turns the left channel down, at 100 to silence; below 0 the right."),
    ]
});

/// The entry for the registry.
pub struct WidthKind;

impl Kind for WidthKind {
    fn id(&self) -> &'static str {
        "width"
    }

    fn name(&self) -> &'static str {
        "Stereo width"
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        let rate = setup.sample_rate;
        let (left, right) = balance_factors(values.get(BALANCE));
        Box::new(Width {
            width: Smoothed::new(values.get(WIDTH) / 100.0, RAMP_MS, rate),
            mid: SmoothedGain::new(values.get(MID_GAIN), RAMP_MS, rate),
            side: SmoothedGain::new(values.get(SIDE_GAIN), RAMP_MS, rate),
            balance: [left, right].map(|f| Smoothed::new(f, RAMP_MS, rate)),
            mono: MonoMaker::new(values.get(MONO_BELOW), ORDERS[values.choice(MONO_SLOPE)], rate),
        })
    }
}

/// Factors of the left and the right channel.
fn balance_factors(percent: f64) -> (f64, f64) {
    ((1.0 - percent / 100.0).min(1.0), (1.0 + percent / 100.0).min(1.0))
}

struct Width {
    width: Smoothed,
    mid: SmoothedGain,
    side: SmoothedGain,
    balance: [Smoothed; 2],
    mono: MonoMaker,
}

impl Width {
    fn is_neutral(&self) -> bool {
        self.width.rests_at(1.0)
            && self.mid.is_unity()
            && self.side.is_unity()
            && self.balance.iter().all(|b| b.rests_at(1.0))
            && self.mono.is_off()
    }
}

impl Processor for Width {
    fn reset(&mut self) {
        self.width.settle();
        self.mid.settle();
        self.side.settle();
        self.balance.iter_mut().for_each(Smoothed::settle);
        self.mono.reset();
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            WIDTH => self.width.set(value / 100.0),
            MONO_BELOW => self.mono.set(value),
            MID_GAIN => self.mid.set_db(value),
            SIDE_GAIN => self.side.set_db(value),
            BALANCE => {
                let (left, right) = balance_factors(value);
                self.balance[0].set(left);
                self.balance[1].set(right);
            }
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        if self.is_neutral() {
            return;
        }
        let (left, right) = block.stereo_mut();
        let (mut mid, mut side) = ([0.0; QUANTUM], [0.0; QUANTUM]);
        for i in 0..QUANTUM {
            (mid[i], side[i]) = mid_side(left[i], right[i]);
        }
        self.mono.process(&mut side);
        for i in 0..QUANTUM {
            let m = mid[i] * self.mid.tick();
            let s = side[i] * (self.side.tick() * self.width.tick());
            let (l, r) = left_right(m, s);
            left[i] = l * self.balance[0].tick();
            right[i] = r * self.balance[1].tick();
        }
    }
}

/// The high-pass of the side signal.
struct MonoMaker {
    order: usize,
    rate_hz: f64,
    ln_hz: Smoothed,
    /// 1 while the filter is heard.
    share: Smoothed,
    filter: Cascade,
}

impl MonoMaker {
    fn new(below_hz: f64, order: usize, rate: SampleRate) -> Self {
        let on = below_hz >= MONO_OFF_HZ;
        let mut mono = Self {
            order,
            rate_hz: rate.hz(),
            ln_hz: Smoothed::new(below_hz.max(MONO_OFF_HZ).ln(), RAMP_MS, rate),
            share: Smoothed::new(if on { 1.0 } else { 0.0 }, RAMP_MS, rate),
            filter: Cascade::default(),
        };
        mono.reset();
        mono
    }

    fn is_off(&self) -> bool {
        self.share.rests_at(0.0)
    }

    fn reset(&mut self) {
        self.ln_hz.settle();
        self.share.settle();
        self.filter.clear();
        let (coefs, count) = self.design();
        self.filter.jump_to(&coefs[..count]);
    }

    fn set(&mut self, below_hz: f64) {
        let on = below_hz >= MONO_OFF_HZ;
        let was_off = self.is_off();
        self.share.set(if on { 1.0 } else { 0.0 });
        if on {
            self.ln_hz.set(below_hz.ln());
        }
        if on && was_off {
            self.ln_hz.settle();
            self.filter.clear();
            let (coefs, count) = self.design();
            self.filter.jump_to(&coefs[..count]);
        }
    }

    fn design(&self) -> ([SvfCoefs; 2], usize) {
        let f0_hz = self.ln_hz.value().exp();
        let mut coefs = [SvfCoefs::IDENTITY; 2];
        let count = self.order.div_ceil(2);
        for (i, coef) in coefs.iter_mut().enumerate().take(count) {
            let section = if self.order == 1 {
                Section::HighPass1
            } else {
                Section::HighPass { q: butterworth_q(self.order, i) }
            };
            *coef = SvfCoefs::from_biquad(&section.matched(f0_hz, self.rate_hz));
        }
        (coefs, count)
    }

    fn process(&mut self, side: &mut [f64; QUANTUM]) {
        if self.is_off() {
            return;
        }
        let mut frames: [Frame; QUANTUM] = [[0.0; 2]; QUANTUM];
        for (frame, s) in frames.iter_mut().zip(side.iter()) {
            frame[0] = if s.is_finite() { *s } else { 0.0 };
        }
        if self.ln_hz.is_moving() {
            for chunk in frames.chunks_mut(CONTROL_FRAMES) {
                self.ln_hz.advance(CONTROL_FRAMES as u32);
                let (coefs, count) = self.design();
                self.filter.glide(&coefs[..count], chunk);
            }
        } else {
            self.filter.run(&mut frames);
        }
        self.filter.heal();
        for (s, frame) in side.iter_mut().zip(&frames) {
            *s += self.share.tick() * (frame[0] - *s);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn build(set: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
        let mut values = Values::defaults(&PARAMS);
        set.iter().for_each(|(i, v)| values.set(*i, *v));
        WidthKind.build(&values, &Setup { sample_rate: SampleRate::CD })
    }

    fn run(
        processor: &mut dyn Processor,
        blocks: usize,
        input: impl Fn(usize) -> (f64, f64),
    ) -> Vec<(f64, f64)> {
        let mut out = Vec::new();
        for k in 0..blocks {
            let mut block = Block::silent();
            for i in 0..QUANTUM {
                let (l, r) = input(k * QUANTUM + i);
                block.channels_mut()[0][i] = l;
                block.channels_mut()[1][i] = r;
            }
            processor.process(Frames((k * QUANTUM) as i64), &mut block);
            out.extend(block.left().iter().zip(block.right()).map(|(l, r)| (*l, *r)));
        }
        out
    }

    fn noise(n: usize) -> (f64, f64) {
        let x = (n as f64 * 12.9898).sin() * 43758.5453;
        let y = (n as f64 * 78.233).sin() * 12543.123;
        (x.fract() * 0.5, y.fract() * 0.5)
    }

    #[test]
    fn neutral_is_the_same_bits() {
        for (n, out) in run(&mut *build(&[]), 20, noise).into_iter().enumerate() {
            assert_eq!(out, noise(n));
        }
    }

    #[test]
    fn zero_is_mono_and_the_mono_sum_stays() {
        for percent in [0.0, 37.0, 200.0] {
            for (n, (l, r)) in run(&mut *build(&[(WIDTH, percent)]), 4, noise).into_iter().enumerate() {
                let (a, b) = noise(n);
                assert!((l + r - a - b).abs() < 1e-15);
                assert!(((l - r) - (a - b) * percent / 100.0).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn the_mono_maker_follows_butterworth_on_side_and_leaves_mid() {
        // dsp.md row S1, by the response to a side impulse.
        for (word, order) in ORDERS.into_iter().enumerate() {
            for f0 in [60.0, 150.0, 300.0] {
                let mut width = build(&[(MONO_BELOW, f0), (MONO_SLOPE, word as f64)]);
                let out = run(&mut *width, 2000, |n| if n == 0 { (0.75, 0.25) } else { (0.0, 0.0) });
                assert!((out[0].0 + out[0].1 - 1.0).abs() < 1e-12);
                assert!(out[1..].iter().all(|(l, r)| (l + r).abs() < 1e-12), "mid untouched");
                for f in [f0 / 4.0, f0 / 2.0, f0, 2.0 * f0, 5000.0, 15_000.0] {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (n, (l, r)) in out.iter().enumerate() {
                        let w = 2.0 * PI * f * n as f64 / 44_100.0;
                        re += 2.0 * (l - r) * w.cos();
                        im -= 2.0 * (l - r) * w.sin();
                    }
                    let x = (f / f0).powi(2 * order as i32);
                    let expected = 10.0 * (x / (1.0 + x)).log10();
                    let got = 10.0 * (re * re + im * im).log10();
                    assert!(
                        (got - expected).abs() < 0.05,
                        "order {order} {f0} Hz at {f} Hz: {got} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn balance_turns_one_channel_down() {
        let out = run(&mut *build(&[(BALANCE, 50.0)]), 1, |_| (0.5, 0.25));
        assert_eq!(out[10], (0.25, 0.25));
    }
}
