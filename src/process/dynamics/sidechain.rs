//! What the detector hears: the input through a high-pass, a low-pass and a tilt.
//!
//! High-pass: Butterworth of first, second or third order (a pole and a section of quality 1). Low-pass: Butterworth of second
//! order. Tilt by `G` dB about 1 kHz: `(k·s + 1)/(s + k)` with `k = 10^(G/20)`, which is 1 at 1 kHz, `k` far above and `1/k`
//! far below. All through the bilinear transform, exact at their corner. A new corner is reached evenly, so that the level does
//! not jump; what is off costs nothing and passes every bit.

use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::statevar::{Core, CoreStep};
use crate::dsp::svf::Frame;
use crate::process::{ParamDesc, Unit};
use crate::units::{SampleRate, gain_from_db};

/// Time of a change of a corner.
const TUNE_RAMP_MS: f64 = 30.0;

/// Where the tilt turns.
pub(crate) const TILT_HZ: f64 = 1000.0;

/// From here on a low-pass is off.
pub(crate) const LOW_PASS_OFF_HZ: f64 = 20_000.0;

/// Highest corner as a part of the sample rate.
const TOP: f64 = 0.45;

/// Words of a slope parameter, dB per octave.
pub(crate) const SLOPE_WORDS: &[&str] = &["6", "12", "18"];

/// `sidechain_hpf_hz`.
pub(crate) fn high_pass_param() -> ParamDesc {
    ParamDesc::number("sidechain_hpf_hz", "Side-chain high-pass", Unit::Hz, 0.0, 500.0, 0.0)
        .help("Takes lows out of what is detected; 0 is off. -3 dB at this frequency.")
}

/// `sidechain_slope_db_oct`.
pub(crate) fn slope_param() -> ParamDesc {
    ParamDesc::choice("sidechain_slope_db_oct", "Side-chain slope", SLOPE_WORDS, 1)
        .structural()
        .help("Slope of the side-chain high-pass in dB per octave (Butterworth).")
}

/// `sidechain_tilt_db`.
pub(crate) fn tilt_param() -> ParamDesc {
    ParamDesc::number("sidechain_tilt_db", "Side-chain tilt", Unit::Db, -12.0, 12.0, 0.0).help(
        "Tilts what is detected about 1 kHz: highs up by so much, lows down by as much (6 dB per octave). 0 is off.",
    )
}

/// `sidechain_listen`.
pub(crate) fn listen_param() -> ParamDesc {
    ParamDesc::switch("sidechain_listen", "Side-chain listen", false)
        .audition()
        .help("Plays what the detector hears instead of the sound.")
}

/// Order of the high-pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HighPassOrder {
    First,
    Second,
    Third,
}

impl HighPassOrder {
    /// Of the index of a word of [`SLOPE_WORDS`].
    pub(crate) fn from_value(value: f64) -> Self {
        match value as usize {
            0 => Self::First,
            1 => Self::Second,
            _ => Self::Third,
        }
    }

    /// `1/Q` of its section of second order.
    fn damping(self) -> f64 {
        if self == Self::Third { 1.0 } else { std::f64::consts::SQRT_2 }
    }
}

/// `tan(π·f/fs)` of a corner on its way; 0 is off.
#[derive(Debug, Clone, Copy, Default)]
struct Corner {
    g: f64,
    target: f64,
    step: f64,
    left: u32,
}

impl Corner {
    /// To another corner, 0 for off; it comes out of `rest`, and goes there before it is off.
    fn set(&mut self, target: f64, rest: f64, rate: SampleRate) {
        if self.target.to_bits() == target.to_bits() {
            return;
        }
        self.target = target;
        self.left = rate.frames_from_seconds(TUNE_RAMP_MS / 1000.0).as_len().max(1) as u32;
        if self.g <= 0.0 {
            self.g = rest;
        }
        let end = if target > 0.0 { target } else { rest };
        self.step = (end - self.g) / f64::from(self.left);
    }

    fn settle(&mut self) {
        (self.g, self.left) = (self.target, 0);
    }

    fn is_on(&self) -> bool {
        self.g > 0.0
    }

    fn is_moving(&self) -> bool {
        self.left > 0
    }

    fn advance(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            self.g = if self.left == 0 { self.target } else { self.g + self.step };
        }
    }
}

/// One pole at `g = tan(π·f/fs)`: its low-pass, both channels.
#[derive(Debug, Clone, Copy, Default)]
struct Pole {
    s: Frame,
}

impl Pole {
    #[inline(always)]
    fn low(&mut self, g: f64, x: Frame) -> Frame {
        let share = g / (1.0 + g);
        let mut low = [0.0; CHANNELS];
        for c in 0..CHANNELS {
            let v = (x[c] - self.s[c]) * share;
            low[c] = v + self.s[c];
            self.s[c] = low[c] + v;
        }
        low
    }
}

/// The filters of a side chain, both channels.
#[derive(Debug, Clone)]
pub(crate) struct SideChain {
    rate: SampleRate,
    order: HighPassOrder,
    high: Corner,
    low: Corner,
    tilt_db: Smoothed,
    high_pole: Pole,
    high_core: Core,
    low_core: Core,
    tilt_pole: Pole,
}

impl SideChain {
    /// All off.
    pub(crate) fn new(order: HighPassOrder, rate: SampleRate) -> Self {
        Self {
            rate,
            order,
            high: Corner::default(),
            low: Corner::default(),
            tilt_db: Smoothed::new(0.0, RAMP_MS, rate),
            high_pole: Pole::default(),
            high_core: Core::default(),
            low_core: Core::default(),
            tilt_pole: Pole::default(),
        }
    }

    fn g(&self, freq_hz: f64) -> f64 {
        (std::f64::consts::PI * (freq_hz / self.rate.hz()).min(TOP)).tan()
    }

    /// Corner of the high-pass; below 1 Hz it is off.
    pub(crate) fn set_high_pass_hz(&mut self, freq_hz: f64) {
        let target = if freq_hz < 1.0 { 0.0 } else { self.g(freq_hz) };
        // At 1 Hz it passes what is heard: from there it comes out of nothing.
        self.high.set(target, self.g(1.0), self.rate);
    }

    /// Corner of the low-pass; off from [`LOW_PASS_OFF_HZ`].
    pub(crate) fn set_low_pass_hz(&mut self, freq_hz: f64) {
        let target = if freq_hz >= LOW_PASS_OFF_HZ { 0.0 } else { self.g(freq_hz) };
        self.low.set(target, self.g(LOW_PASS_OFF_HZ), self.rate);
    }

    /// Gain far above 1 kHz.
    pub(crate) fn set_tilt_db(&mut self, tilt_db: f64) {
        self.tilt_db.set(tilt_db);
    }

    /// Forgets the past and settles.
    pub(crate) fn reset(&mut self) {
        self.high.settle();
        self.low.settle();
        self.tilt_db.settle();
        (self.high_pole, self.tilt_pole) = (Pole::default(), Pole::default());
        (self.high_core, self.low_core) = (Core::default(), Core::default());
    }

    /// Whether it changes anything.
    pub(crate) fn is_on(&self) -> bool {
        self.high.is_on() || self.low.is_on() || !self.tilt_db.rests_at(0.0)
    }

    /// Filters a block in place.
    pub(crate) fn run(&mut self, key: &mut Block) {
        if self.high.is_on() {
            self.run_high(key);
        }
        if self.low.is_on() {
            self.run_low(key);
        }
        if !self.tilt_db.rests_at(0.0) {
            self.run_tilt(key);
        }
    }

    fn run_high(&mut self, key: &mut Block) {
        let (order, damping) = (self.order, self.order.damping());
        let mut step = CoreStep::new(self.high.g, damping);
        each_frame(key, |x| {
            if self.high.is_moving() {
                self.high.advance();
                step = CoreStep::new(self.high.g, damping);
            }
            let mut x = x;
            if order != HighPassOrder::Second {
                let low = self.high_pole.low(self.high.g, x);
                x = [x[0] - low[0], x[1] - low[1]];
            }
            if order != HighPassOrder::First {
                let (band, low) = self.high_core.tick(&step, x);
                x = [x[0] - damping * band[0] - low[0], x[1] - damping * band[1] - low[1]];
            }
            x
        });
        if !self.high.is_on() {
            (self.high_pole, self.high_core) = (Pole::default(), Core::default());
        }
    }

    fn run_low(&mut self, key: &mut Block) {
        let damping = std::f64::consts::SQRT_2;
        let mut step = CoreStep::new(self.low.g, damping);
        each_frame(key, |x| {
            if self.low.is_moving() {
                self.low.advance();
                step = CoreStep::new(self.low.g, damping);
            }
            self.low_core.tick(&step, x).1
        });
        if !self.low.is_on() {
            self.low_core = Core::default();
        }
    }

    fn run_tilt(&mut self, key: &mut Block) {
        let g = self.g(TILT_HZ);
        let mut k = gain_from_db(self.tilt_db.value());
        each_frame(key, |x| {
            if self.tilt_db.is_moving() {
                k = gain_from_db(self.tilt_db.tick());
            }
            // `k·s/(s+k) + (1/k)·k/(s+k)`.
            let low = self.tilt_pole.low(g * k, x);
            let tilted = |c: usize| k * (x[c] - low[c]) + low[c] / k;
            [tilted(0), tilted(1)]
        });
        if self.tilt_db.rests_at(0.0) {
            self.tilt_pole = Pole::default();
        }
    }
}

fn each_frame(block: &mut Block, mut filter: impl FnMut(Frame) -> Frame) {
    let (left, right) = block.stereo_mut();
    for i in 0..QUANTUM {
        let y = filter([left[i], right[i]]);
        (left[i], right[i]) = (y[0], y[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::db_from_gain;
    use std::f64::consts::PI;

    const RATE: SampleRate = SampleRate(48_000);

    /// Gain of a tone in the last half second.
    fn gain_db(side_chain: &mut SideChain, hz: f64) -> f64 {
        let tone = |n: usize| (2.0 * PI * hz * n as f64 / RATE.hz()).sin();
        let (mut re, mut im) = (0.0, 0.0);
        for start in (0..48_000).step_by(QUANTUM) {
            let mut block = Block::silent();
            block.channels_mut()[1] = std::array::from_fn(|i| tone(start + i));
            side_chain.run(&mut block);
            assert!(block.left().iter().all(|v| v.abs() < 1e-300), "channels do not mix");
            for (n, y) in (start..).zip(block.right()).filter(|(n, _)| (24_000..48_000).contains(n)) {
                let w = 2.0 * PI * hz * n as f64 / RATE.hz();
                (re, im) = (re + y * w.cos(), im + y * w.sin());
            }
        }
        db_from_gain(f64::hypot(re, im) / 12_000.0)
    }

    /// Frequency after the bilinear transform, relative to a corner.
    fn warped(hz: f64, corner_hz: f64) -> f64 {
        (PI * hz / RATE.hz()).tan() / (PI * corner_hz / RATE.hz()).tan()
    }

    const TONES_HZ: [f64; 7] = [30.0, 60.0, 120.0, 500.0, 1000.0, 4000.0, 12_000.0];

    #[test]
    fn the_high_pass_is_butterworth_of_its_order() {
        for (word, order) in [(0.0, 1), (1.0, 2), (2.0, 3)] {
            for hz in TONES_HZ {
                let mut side_chain = SideChain::new(HighPassOrder::from_value(word), RATE);
                side_chain.set_high_pass_hz(120.0);
                side_chain.reset();
                let x = warped(hz, 120.0).powi(2 * order);
                let expected = 10.0 * (x / (1.0 + x)).log10();
                let got = gain_db(&mut side_chain, hz);
                assert!((got - expected).abs() < 0.005, "{order} at {hz} Hz: {got} {expected}");
            }
        }
    }

    #[test]
    fn the_low_pass_is_butterworth() {
        for hz in TONES_HZ {
            let mut side_chain = SideChain::new(HighPassOrder::Second, RATE);
            side_chain.set_low_pass_hz(2000.0);
            side_chain.reset();
            let expected = -10.0 * (1.0 + warped(hz, 2000.0).powi(4)).log10();
            let got = gain_db(&mut side_chain, hz);
            assert!((got - expected).abs() < 0.005, "{hz} Hz: {got} {expected}");
        }
    }

    #[test]
    fn the_tilt_turns_about_one_kilohertz() {
        for tilt_db in [-12.0, -3.0, 6.0, 12.0] {
            for hz in TONES_HZ {
                let mut side_chain = SideChain::new(HighPassOrder::Second, RATE);
                side_chain.set_tilt_db(tilt_db);
                side_chain.reset();
                let (x2, k2) = (warped(hz, 1000.0).powi(2), gain_from_db(2.0 * tilt_db));
                let expected = 10.0 * ((k2 * x2 + 1.0) / (x2 + k2)).log10();
                let got = gain_db(&mut side_chain, hz);
                assert!((got - expected).abs() < 0.005, "{tilt_db} dB at {hz} Hz: {got} {expected}");
            }
        }
    }

    #[test]
    fn what_goes_off_arrives_there_and_passes_every_bit() {
        let mut side_chain = SideChain::new(HighPassOrder::Third, RATE);
        side_chain.set_high_pass_hz(100.0);
        side_chain.set_low_pass_hz(3000.0);
        side_chain.set_tilt_db(6.0);
        side_chain.reset();
        assert!(side_chain.is_on());
        side_chain.set_high_pass_hz(0.0);
        side_chain.set_low_pass_hz(LOW_PASS_OFF_HZ);
        side_chain.set_tilt_db(0.0);
        gain_db(&mut side_chain, 1000.0);
        assert!(!side_chain.is_on());
    }
}
