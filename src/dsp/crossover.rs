//! Linkwitz–Riley crossovers of fourth order (24 dB/oct) in a tree, summing to an all-pass.
//!
//! `LP4 = LP2²`, `HP4 = HP2²` with Butterworth halves; `LP4 + HP4 = (s²−√2·s+1)/(s²+√2·s+1)`, an all-pass, and so it stays
//! through the bilinear transform at any rate. The lower bands of a tree have to pass the all-passes of the splits above
//! them; as that is linear, it is done once on their running sum: `out = AP_k(sum of the lower bands) + band k`.
//! The filters are those of [`super::statevar`] and may be moved while they run.

use super::smooth::Smoothed;
use super::statevar::{Core, CoreStep};
use super::svf::Frame;
use crate::audio::{Block, QUANTUM};
use crate::units::SampleRate;

/// Time of a change of a frequency: a jump by octaves turns the phase, which splatters more than a change of gain.
const TUNE_RAMP_MS: f64 = 30.0;

/// Frames between two designs of a moving filter.
const CONTROL_FRAMES: usize = 16;

/// `1/Q` of a Butterworth filter of second order.
const DAMPING: f64 = std::f64::consts::SQRT_2;

/// Highest corner as a part of the sample rate.
const TOP: f64 = 0.46;

/// One split of the tree.
#[derive(Debug, Clone)]
struct Split {
    ln_hz: Smoothed,
    rate_hz: f64,
    /// `tan(π·f/fs)` at the end of the last block.
    g: f64,
    /// The same for every frame of this block, while it moves.
    path: [f64; QUANTUM],
    is_moving: bool,
    both: Core,
    low: Core,
    high: Core,
    all_pass: Core,
}

impl Split {
    fn new(hz: f64, rate: SampleRate) -> Self {
        let mut split = Self {
            ln_hz: Smoothed::new(hz.ln(), TUNE_RAMP_MS, rate),
            rate_hz: rate.hz(),
            g: 0.0,
            path: [0.0; QUANTUM],
            is_moving: false,
            both: Core::default(),
            low: Core::default(),
            high: Core::default(),
            all_pass: Core::default(),
        };
        split.reset();
        split
    }

    fn reset(&mut self) {
        self.ln_hz.settle();
        self.g = self.g_now();
        self.is_moving = false;
        let none = Core::default();
        (self.both, self.low, self.high, self.all_pass) = (none, none, none, none);
    }

    fn g_now(&self) -> f64 {
        let part = (self.ln_hz.value().exp() / self.rate_hz).min(TOP);
        (std::f64::consts::PI * part).tan()
    }

    /// Where the corner is in the next block.
    fn advance(&mut self) {
        self.is_moving = self.ln_hz.is_moving();
        if !self.is_moving {
            return;
        }
        for start in (0..QUANTUM).step_by(CONTROL_FRAMES) {
            self.ln_hz.advance(CONTROL_FRAMES as u32);
            let (from, to) = (self.g, self.g_now());
            for (i, g) in self.path[start..start + CONTROL_FRAMES].iter_mut().enumerate() {
                *g = from + (to - from) * (i + 1) as f64 / CONTROL_FRAMES as f64;
            }
            self.g = to;
        }
    }

    /// The low part goes to `low`, the high part stays in `rest`.
    fn split(&mut self, rest: &mut [Frame; QUANTUM], low_part: &mut Block) {
        if self.is_moving {
            let path = self.path;
            self.split_by(|i| CoreStep::new(path[i], DAMPING), rest, low_part);
        } else {
            let resting = CoreStep::new(self.g, DAMPING);
            self.split_by(|_| resting, rest, low_part);
        }
    }

    #[inline(always)]
    fn split_by(
        &mut self,
        step_at: impl Fn(usize) -> CoreStep,
        rest: &mut [Frame; QUANTUM],
        low_part: &mut Block,
    ) {
        let (mut both, mut low, mut high) = (self.both, self.low, self.high);
        let (left, right) = low_part.stereo_mut();
        for (i, frame) in rest.iter_mut().enumerate() {
            let step = step_at(i);
            let x = *frame;
            let (band1, low1) = both.tick(&step, x);
            let high1 = [x[0] - DAMPING * band1[0] - low1[0], x[1] - DAMPING * band1[1] - low1[1]];
            let (_, low2) = low.tick(&step, low1);
            let (band2, below) = high.tick(&step, high1);
            (left[i], right[i]) = (low2[0], low2[1]);
            *frame = [high1[0] - DAMPING * band2[0] - below[0], high1[1] - DAMPING * band2[1] - below[1]];
        }
        (self.both, self.low, self.high) = (both, low, high);
    }

    /// The sum of the bands below through the all-pass, plus the next band.
    fn join(&mut self, sum: &mut [Frame; QUANTUM], part: &Block) {
        if self.is_moving {
            let path = self.path;
            self.join_by(|i| CoreStep::new(path[i], DAMPING), sum, part);
        } else {
            let resting = CoreStep::new(self.g, DAMPING);
            self.join_by(|_| resting, sum, part);
        }
    }

    #[inline(always)]
    fn join_by(&mut self, step_at: impl Fn(usize) -> CoreStep, sum: &mut [Frame; QUANTUM], part: &Block) {
        let mut all_pass = self.all_pass;
        let (left, right) = (part.left(), part.right());
        for (i, frame) in sum.iter_mut().enumerate() {
            let (band, _) = all_pass.tick(&step_at(i), *frame);
            *frame =
                [frame[0] - 2.0 * DAMPING * band[0] + left[i], frame[1] - 2.0 * DAMPING * band[1] + right[i]];
        }
        self.all_pass = all_pass;
    }
}

/// Splits blocks into bands and puts them together again.
#[derive(Debug, Clone)]
pub struct Crossover {
    splits: Vec<Split>,
    /// As given; a split below its predecessor runs at its predecessor's frequency.
    wanted_hz: Vec<f64>,
}

impl Crossover {
    /// With these corner frequencies (−6 dB), at least one, lowest first: one band more than frequencies.
    pub fn new(splits_hz: &[f64], rate: SampleRate) -> Self {
        let splits = in_order(splits_hz).map(|hz| Split::new(hz, rate)).collect();
        Self { splits, wanted_hz: splits_hz.to_vec() }
    }

    /// Moves a split smoothly; an index too many is ignored.
    pub fn set_hz(&mut self, index: usize, hz: f64) {
        if let Some(wanted) = self.wanted_hz.get_mut(index) {
            *wanted = hz;
            for (split, hz) in self.splits.iter_mut().zip(in_order(&self.wanted_hz)) {
                split.ln_hz.set(hz.ln());
            }
        }
    }

    /// Forgets the past and settles.
    pub fn reset(&mut self) {
        self.splits.iter_mut().for_each(Split::reset);
    }

    /// One block into its bands, lowest first; `parts` holds one more than there are splits.
    pub fn split(&mut self, block: &Block, parts: &mut [Block]) {
        let mut rest: [Frame; QUANTUM] = std::array::from_fn(|i| [block.left()[i], block.right()[i]]);
        for (split, part) in self.splits.iter_mut().zip(parts.iter_mut()) {
            split.advance();
            split.split(&mut rest, part);
        }
        if let Some(top) = parts.get_mut(self.splits.len()) {
            write(&rest, top);
        }
    }

    /// Puts the bands of the last [`Self::split`] together.
    pub fn join(&mut self, parts: &[Block], block: &mut Block) {
        let [lowest, others @ ..] = parts else { return };
        let mut sum: [Frame; QUANTUM] = std::array::from_fn(|i| [lowest.left()[i], lowest.right()[i]]);
        // The lowest split is the only one its own bands need no all-pass for; the highest band passes every split.
        for (split, part) in self.splits.iter_mut().skip(1).zip(others) {
            split.join(&mut sum, part);
        }
        write(&sum, block);
        if let Some(top) = others.last() {
            block.add(top);
        }
    }
}

/// Every frequency, at least as high as the one before.
fn in_order(splits_hz: &[f64]) -> impl Iterator<Item = f64> {
    splits_hz.iter().scan(0.0f64, |highest, hz| {
        *highest = highest.max(*hz);
        Some(*highest)
    })
}

fn write(frames: &[Frame; QUANTUM], block: &mut Block) {
    for (c, samples) in block.channels_mut().iter_mut().enumerate() {
        samples.iter_mut().zip(frames).for_each(|(s, f)| *s = f[c]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::fft::{Complex, RealFft};
    use std::f64::consts::PI;

    const LENGTH: usize = 1 << 16;

    /// Spectra of every band on its own through the joining, and of the sum.
    fn spectra(splits_hz: &[f64], rate: SampleRate) -> Vec<Vec<Complex<f64>>> {
        let count = splits_hz.len() + 1;
        (0..=count)
            .map(|only| {
                let mut crossover = Crossover::new(splits_hz, rate);
                let mut parts = vec![Block::silent(); count];
                let mut out = Vec::new();
                for k in 0..LENGTH / QUANTUM {
                    let mut block = Block::silent();
                    block.channels_mut()[0][0] = if k == 0 { 1.0 } else { 0.0 };
                    crossover.split(&block, &mut parts);
                    for (k, part) in parts.iter_mut().enumerate() {
                        if only < count && k != only {
                            part.clear();
                        }
                    }
                    crossover.join(&parts, &mut block);
                    out.extend_from_slice(block.left());
                }
                RealFft::new(LENGTH).spectrum_of(&mut out)
            })
            .collect()
    }

    #[test]
    fn bands_have_linkwitz_riley_slopes_and_sum_to_an_all_pass() {
        let all = [80.0, 400.0, 2000.0, 6000.0, 14_000.0];
        for rate in [44_100, 96_000] {
            let rate = SampleRate(rate);
            for count in 1..=5 {
                let splits = &all[..count];
                let spectra = spectra(splits, rate);
                let (mut worst_sum, mut worst_band) = (0.0f64, 0.0f64);
                let w = |hz: f64| (PI * hz / rate.hz()).tan();
                let hz_of = |k: usize| k as f64 * rate.hz() / LENGTH as f64;
                let error_db =
                    |value: &Complex<f64>, expected: f64| (20.0 * (value.norm() / expected).log10()).abs();
                for value in &spectra[count + 1][8..LENGTH / 2] {
                    worst_sum = worst_sum.max(error_db(value, 1.0));
                }
                for (band, spectrum) in spectra[..=count].iter().enumerate() {
                    for (k, value) in spectrum.iter().enumerate().take(LENGTH / 2).skip(8) {
                        let mut expected = 1.0;
                        for (s, hz) in splits.iter().enumerate().take(band + 1) {
                            let x4 = (w(hz_of(k)) / w(*hz)).powi(4);
                            expected *= if s == band { 1.0 } else { x4 } / (1.0 + x4);
                        }
                        if expected > 1e-4 {
                            worst_band = worst_band.max(error_db(value, expected));
                        }
                    }
                }
                println!(
                    "{} bands at {}: sum {worst_sum:.1e} dB, bands {worst_band:.1e} dB",
                    count + 1,
                    rate.0
                );
                assert!(worst_sum < 1e-6 && worst_band < 1e-6);
            }
        }
    }

    #[test]
    fn a_split_below_its_predecessor_waits_there() {
        let mut crossover = Crossover::new(&[1000.0, 500.0], SampleRate::CD);
        let at = |c: &Crossover, i: usize| c.splits[i].ln_hz.target().exp();
        assert!((at(&crossover, 1) - 1000.0).abs() < 1e-9);
        crossover.set_hz(0, 200.0);
        assert!((at(&crossover, 0) - 200.0).abs() < 1e-9 && (at(&crossover, 1) - 500.0).abs() < 1e-9);
    }
}
