//! Mono-maker and zones in linear phase: one symmetric kernel on the side signal, the mid delayed by as much.
//!
//! The kernel has the magnitudes of the minimum-phase filters and the delay of its middle at every frequency, so side and
//! mid stay aligned. Where nothing is filtered the block is delayed and otherwise the same bits.

use super::mono::MONO_OFF_HZ;
use super::zones::ZoneValues;
use crate::audio::{Block, QUANTUM};
use crate::dsp::fir::{History, Kernel, linear_phase_kernel, no_spectrum};
use crate::dsp::midside::mid_side;
use crate::process::drywet::DryWet;
use crate::units::SampleRate;

/// Taps below 88.2 kHz: 0.37 s of delay, 5 Hz of resolution; twice as many above.
const TAPS: usize = 1 << 15;

fn taps_at(rate: SampleRate) -> usize {
    if rate.0 < 88_200 { TAPS } else { 2 * TAPS }
}

/// Delay in frames.
pub(super) fn latency_at(rate: SampleRate) -> usize {
    taps_at(rate) / 2
}

/// What the filters of the side signal are.
#[derive(Debug, Clone, Copy)]
pub(super) struct SideShape {
    /// Corner of the mono-maker, Hz.
    pub(super) mono_below_hz: f64,
    /// Its Butterworth order.
    pub(super) order: usize,
    /// The zones.
    pub(super) zones: ZoneValues,
}

impl SideShape {
    /// Magnitude of the mono-maker alone.
    fn mono_at(&self, hz: f64) -> f64 {
        if self.mono_below_hz < MONO_OFF_HZ {
            return 1.0;
        }
        let power = (hz / self.mono_below_hz).powi(2 * self.order as i32);
        (power / (1.0 + power)).sqrt()
    }

    fn kernel(&self, rate: SampleRate, magnitude: impl Fn(f64) -> f64) -> Kernel {
        Kernel::new(&linear_phase_kernel(taps_at(rate), rate.hz(), magnitude))
    }
}

/// The side signal as it would be at 100 % width, and with its zones.
pub(super) struct Sides {
    pub(super) plain: [f64; QUANTUM],
    pub(super) zoned: [f64; QUANTUM],
}

pub(super) struct LinearSide {
    /// `None`: nothing is filtered.
    zoned: Option<Kernel>,
    /// Where the plain side is wanted and another.
    plain: Option<Kernel>,
    past: History,
    delay: DryWet,
}

impl LinearSide {
    /// `with_plain`: the side at 100 % width is asked for as well.
    pub(super) fn new(shape: &SideShape, with_plain: bool, rate: SampleRate) -> Self {
        let filters = shape.mono_below_hz >= MONO_OFF_HZ || !shape.zones.are_neutral();
        let zoned = |hz: f64| shape.mono_at(hz) * shape.zones.magnitude_at(hz);
        let two = with_plain && !shape.zones.are_neutral();
        Self {
            zoned: filters.then(|| shape.kernel(rate, zoned)),
            plain: two.then(|| shape.kernel(rate, |hz| shape.mono_at(hz))),
            past: History::new(taps_at(rate)),
            delay: DryWet::new(latency_at(rate), 1.0, rate),
        }
    }

    pub(super) fn is_off(&self) -> bool {
        self.zoned.is_none()
    }

    pub(super) fn reset(&mut self) {
        self.past.clear();
        self.delay.reset();
    }

    /// Delays a block; the filtered side of it, where there is a filter.
    pub(super) fn process(&mut self, block: &mut Block) -> Option<Sides> {
        let mut side = [0.0; QUANTUM];
        for (s, (l, r)) in side.iter_mut().zip(block.left().iter().zip(block.right())) {
            let value = mid_side(*l, *r).1;
            *s = if value.is_finite() { value } else { 0.0 };
        }
        *block = self.delay.dry(block);
        let kernel = self.zoned.as_ref()?;
        self.past.push(&side);
        let mut sum = no_spectrum();
        self.past.accumulate(kernel, &mut sum);
        let zoned = self.past.block_of(&mut sum);
        let plain = match &self.plain {
            None => zoned,
            Some(plain) => {
                let mut sum = no_spectrum();
                self.past.accumulate(plain, &mut sum);
                self.past.block_of(&mut sum)
            }
        };
        Some(Sides { plain, zoned })
    }
}
