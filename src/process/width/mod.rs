//! Stereo: width as a whole and by frequency, mono-maker, mid and side gain, balance, rotation, delay between the channels.
//!
//! In this order: delay of one channel (`align`), rotation `L' = L·cos φ − R·sin φ`, `R' = L·sin φ + R·cos φ`, then
//! `M = (L+R)/2`, `S = (L−R)/2`; `M' = g_mid·M`, `S' = w·g_side·zones(HP(S))`, then `L = M'+S'`, `R = M'−S'` and balance,
//! which turns down the channel it moves away from. `w` = 0 is mono, 1 unchanged. Equal power multiplies both by
//! `√(2/(1+w²))`. The mono-maker (`mono`) and the zones of width (`zones`) filter the side signal alone: mid, and with
//! it the mono sum, is untouched. In linear phase (`linear`) both are one symmetric kernel and the mid waits for it.
//! Mono safe (`safe`) holds widening back. Everything neutral passes bit for bit.

mod align;
mod linear;
mod mono;
mod params;
mod safe;
#[cfg(test)]
mod tests;
mod zones;

use self::align::Align;
use self::linear::{LinearSide, SideShape, Sides};
use self::mono::MonoMaker;
use self::params::{
    BALANCE, DELAY, EQUAL_POWER, FLOOR, HIGH_WIDTH, LINEAR, LOW_WIDTH, MID_GAIN, MONO_BELOW, MONO_SAFE,
    MONO_SLOPE, ORDERS, PARAMS, PHASE, ROTATION, SIDE_GAIN, SPLIT_HIGH, SPLIT_LOW, WIDTH,
};
use self::safe::Safe;
use self::zones::{ZoneValues, Zones};
use super::{BANDS_SHOWN, Kind, ParamDesc, ParamIndex, Processor, Setup, Values};
use crate::audio::{Block, QUANTUM};
use crate::dsp::midside::{left_right, mid_side};
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::{Frames, SampleRate};

/// Lowest width shown as a gain, dB.
const SHOWN_FLOOR_DB: f64 = -60.0;

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

    /// The kernel of the linear phase is not computed on the audio thread, and a delay other than 0 has a latency.
    fn needs_rebuild(&self, param: ParamIndex, old: &Values, new: &Values) -> bool {
        let in_kernel = [MONO_BELOW, LOW_WIDTH, HIGH_WIDTH, SPLIT_LOW, SPLIT_HIGH, MONO_SAFE];
        PARAMS[param].structural
            || (in_kernel.contains(&param) && new.choice(PHASE) == LINEAR)
            || (param == DELAY && delays(old) != delays(new))
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Width::new(values, setup.sample_rate))
    }
}

/// Whether one channel is delayed.
fn delays(values: &Values) -> bool {
    values.get(DELAY).abs() > 0.0
}

fn side_shape(values: &Values) -> SideShape {
    SideShape {
        mono_below_hz: values.get(MONO_BELOW),
        order: ORDERS[values.choice(MONO_SLOPE)],
        zones: ZoneValues {
            factors: [LOW_WIDTH, HIGH_WIDTH].map(|p| values.get(p) / 100.0),
            splits_hz: [SPLIT_LOW, SPLIT_HIGH].map(|p| values.get(p)),
        },
    }
}

/// Factors of the left and the right channel.
fn balance_factors(percent: f64) -> (f64, f64) {
    ((1.0 - percent / 100.0).min(1.0), (1.0 + percent / 100.0).min(1.0))
}

/// The filters of the side signal.
enum SideFilter {
    Minimum { mono: Box<MonoMaker>, zones: Box<Zones> },
    Linear { filter: Box<LinearSide>, factors: [f64; 2] },
}

impl SideFilter {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let shape = side_shape(values);
        if values.choice(PHASE) == LINEAR {
            let filter = Box::new(LinearSide::new(&shape, values.is_on(MONO_SAFE), rate));
            return Self::Linear { filter, factors: shape.zones.factors };
        }
        Self::Minimum {
            mono: Box::new(MonoMaker::new(shape.mono_below_hz, shape.order, rate)),
            zones: Box::new(Zones::new(shape.zones, rate)),
        }
    }

    fn is_off(&self) -> bool {
        match self {
            Self::Minimum { mono, zones } => mono.is_off() && zones.are_off(),
            Self::Linear { filter, .. } => filter.is_off(),
        }
    }

    /// Factors of lows and highs.
    fn factors(&self) -> [f64; 2] {
        match self {
            Self::Minimum { zones, .. } => zones.factors_now(),
            Self::Linear { factors, .. } => *factors,
        }
    }

    fn reset(&mut self) {
        match self {
            Self::Minimum { mono, zones } => {
                mono.reset();
                zones.reset();
            }
            Self::Linear { filter, .. } => filter.reset(),
        }
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        let Self::Minimum { mono, zones } = self else { return };
        match param {
            MONO_BELOW => mono.set(value),
            LOW_WIDTH => zones.set_factor(0, value / 100.0),
            HIGH_WIDTH => zones.set_factor(1, value / 100.0),
            SPLIT_LOW => zones.set_split(0, value),
            SPLIT_HIGH => zones.set_split(1, value),
            _ => {}
        }
    }

    /// Delays the block where the filter has a delay; the filtered side where that is known already.
    fn delay(&mut self, block: &mut Block) -> Option<Sides> {
        match self {
            Self::Minimum { .. } => None,
            Self::Linear { filter, .. } => filter.process(block),
        }
    }

    /// The side at 100 % width and with its zones.
    fn apply(&mut self, side: [f64; QUANTUM]) -> Sides {
        let (mut plain, mut zoned) = (side, side);
        if let Self::Minimum { mono, zones } = self {
            mono.process(&mut plain);
            zoned = plain;
            zones.process(&mut zoned);
        }
        Sides { plain, zoned }
    }
}

struct Width {
    align: Option<Box<Align>>,
    /// Radians.
    rotation: Smoothed,
    filter: SideFilter,
    width: Smoothed,
    /// Factor of both, for equal power.
    norm: Smoothed,
    equal_power: bool,
    mid: SmoothedGain,
    side: SmoothedGain,
    safe: Safe,
    balance: [Smoothed; 2],
    latency: usize,
}

impl Width {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let (left, right) = balance_factors(values.get(BALANCE));
        let align = delays(values).then(|| Box::new(Align::new(values.get(DELAY), rate)));
        let of_align = if align.is_some() { align::HALF } else { 0 };
        let of_filter = if values.choice(PHASE) == LINEAR { linear::latency_at(rate) } else { 0 };
        let width = values.get(WIDTH) / 100.0;
        let equal_power = values.is_on(EQUAL_POWER);
        Self {
            align,
            rotation: Smoothed::new(values.get(ROTATION).to_radians(), RAMP_MS, rate),
            filter: SideFilter::new(values, rate),
            width: Smoothed::new(width, RAMP_MS, rate),
            norm: Smoothed::new(norm_of(width, equal_power), RAMP_MS, rate),
            equal_power,
            mid: SmoothedGain::new(values.get(MID_GAIN), RAMP_MS, rate),
            side: SmoothedGain::new(values.get(SIDE_GAIN), RAMP_MS, rate),
            safe: Safe::new(values.is_on(MONO_SAFE), values.get(FLOOR), rate),
            balance: [left, right].map(|f| Smoothed::new(f, RAMP_MS, rate)),
            latency: of_align + of_filter,
        }
    }

    /// Whether nothing happens behind delay and rotation.
    fn is_neutral(&self) -> bool {
        self.width.rests_at(1.0)
            && self.norm.rests_at(1.0)
            && self.mid.is_unity()
            && self.side.is_unity()
            && self.balance.iter().all(|b| b.rests_at(1.0))
            && self.filter.is_off()
    }

    fn rotate(&mut self, block: &mut Block) {
        if self.rotation.rests_at(0.0) {
            return;
        }
        let (mut sin, mut cos) = self.rotation.value().sin_cos();
        let (left, right) = block.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            if self.rotation.is_moving() {
                (sin, cos) = self.rotation.tick().sin_cos();
            }
            (*l, *r) = (*l * cos - *r * sin, *l * sin + *r * cos);
        }
    }

    fn set_width(&mut self, width: f64) {
        self.width.set(width);
        self.norm.set(norm_of(width, self.equal_power));
    }

    /// Applies the gains and puts left and right together.
    fn image(&mut self, mut mid: [f64; QUANTUM], sides: Sides, block: &mut Block) {
        let Sides { mut plain, zoned: mut side } = sides;
        for i in 0..QUANTUM {
            mid[i] *= self.mid.tick();
            let gain = self.side.tick();
            plain[i] *= gain;
            side[i] *= gain * self.width.tick();
        }
        self.safe.process(&mid, &plain, &mut side);
        let (left, right) = block.stereo_mut();
        for i in 0..QUANTUM {
            let norm = self.norm.tick();
            let (l, r) = left_right(mid[i] * norm, side[i] * norm);
            left[i] = l * self.balance[0].tick();
            right[i] = r * self.balance[1].tick();
        }
    }
}

/// `√(2/(1+w²))` for equal power.
fn norm_of(width: f64, equal_power: bool) -> f64 {
    if equal_power { (2.0 / (1.0 + width * width)).sqrt() } else { 1.0 }
}

impl Processor for Width {
    fn latency(&self) -> Frames {
        Frames(self.latency as i64)
    }

    fn reset(&mut self) {
        if let Some(align) = &mut self.align {
            align.reset();
        }
        self.rotation.settle();
        self.filter.reset();
        self.width.settle();
        self.norm.settle();
        self.mid.settle();
        self.side.settle();
        self.safe.reset();
        self.balance.iter_mut().for_each(Smoothed::settle);
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            WIDTH => self.set_width(value / 100.0),
            MID_GAIN => self.mid.set_db(value),
            SIDE_GAIN => self.side.set_db(value),
            BALANCE => {
                let (left, right) = balance_factors(value);
                self.balance[0].set(left);
                self.balance[1].set(right);
            }
            ROTATION => self.rotation.set(value.to_radians()),
            DELAY => {
                if let Some(align) = &mut self.align {
                    align.set_ms(value);
                }
            }
            MONO_SAFE => self.safe.set_on(value >= 0.5),
            FLOOR => self.safe.set_floor(value),
            EQUAL_POWER => {
                self.equal_power = value >= 0.5;
                self.norm.set(norm_of(self.width.target(), self.equal_power));
            }
            _ => self.filter.set(param, value),
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        if let Some(align) = &mut self.align {
            align.process(block);
        }
        self.rotate(block);
        let known = self.filter.delay(block);
        if self.is_neutral() {
            return self.safe.forget();
        }
        let (mut mid, mut side) = ([0.0; QUANTUM], [0.0; QUANTUM]);
        for (i, (l, r)) in block.left().iter().zip(block.right()).enumerate() {
            (mid[i], side[i]) = mid_side(*l, *r);
        }
        let sides = known.unwrap_or_else(|| self.filter.apply(side));
        self.image(mid, sides, block);
    }

    /// What mono safe holds back of the side signal.
    fn gain_reduction_db(&self) -> Option<f64> {
        self.safe.is_on().then(|| self.safe.held_db())
    }

    /// Width of lows, middle and highs in dB, mono safe included: 0 is unchanged.
    fn band_gains_db(&self, out: &mut [f32; BANDS_SHOWN]) -> usize {
        let [low, high] = self.filter.factors();
        for (out, zone) in out.iter_mut().zip([low, 1.0, high]) {
            let width = 1.0 + self.safe.share() * (zone * self.width.value() - 1.0);
            *out = (20.0 * width.log10()).max(SHOWN_FLOOR_DB) as f32;
        }
        3
    }
}
