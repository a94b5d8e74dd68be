//! The soft knee of the loud character: bends the tops before the limiter sees them.
//!
//! With `u = |x| / ceiling`, knee `k` and limit `m`: `f(u) = u` up to `k`, `k + (m−k)·tanh((u−k)/(m−k))` above; slope and
//! curvature are continuous at the knee. Worked on at 8 times the rate, and only as the *difference* `f(u) − u`, which is
//! filtered back to the base rate, freed of what lies close to Nyquist (where a peak is farthest from its samples), and
//! added to the delayed input: where the curve through the samples stays below the knee
//! for as long as the filters reach, the difference is 0 and the input passes bit for bit.

use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::oversampler::Oversampler;
use crate::dsp::waveshape::Waveshape;
use crate::dsp::window::{kaiser_at, sinc};

/// Points per frame of the curve.
const FACTOR: usize = 8;

/// Knee and limit, dB re the ceiling.
const KNEE_DB: f64 = -2.0;
const LIMIT_DB: f64 = 1.0;

/// The low-pass of the difference: −6 dB at this part of Nyquist, half-length in frames, Kaiser parameter (50 dB at 0.95).
const PASS: f64 = 0.92;
const HALF: usize = 56;
const BETA: f64 = 4.5;

/// Linear-phase low-pass, delay [`HALF`].
#[derive(Debug, Clone)]
struct LowPass {
    /// Centre tap, then outwards.
    taps: [f64; HALF + 1],
    line: [f64; 2 * HALF + QUANTUM],
}

impl LowPass {
    fn new() -> Self {
        let mut taps: [f64; HALF + 1] = std::array::from_fn(|i| {
            PASS * sinc(PASS * i as f64) * kaiser_at(i as f64 / (HALF + 1) as f64, BETA)
        });
        let sum = taps[0] + 2.0 * taps[1..].iter().sum::<f64>();
        taps.iter_mut().for_each(|t| *t /= sum);
        Self { taps, line: [0.0; 2 * HALF + QUANTUM] }
    }

    fn process(&mut self, block: &mut [f64; QUANTUM]) {
        self.line.copy_within(QUANTUM.., 0);
        self.line[2 * HALF..].copy_from_slice(block);
        block.fill(0.0);
        if self.line.iter().all(|v| v.abs() <= 0.0) {
            return;
        }
        for (i, tap) in self.taps.iter().enumerate() {
            let before = &self.line[HALF - i..HALF - i + QUANTUM];
            let after = &self.line[HALF + i..HALF + i + QUANTUM];
            let tap = if i == 0 { 0.5 * tap } else { *tap };
            for ((sum, b), a) in block.iter_mut().zip(before).zip(after) {
                *sum += tap * (b + a);
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Channel {
    over: Oversampler,
    low_pass: LowPass,
    audio: Delay,
}

/// The knee of both channels.
#[derive(Debug, Clone)]
pub(super) struct Tops {
    channels: [Channel; CHANNELS],
    knee: f64,
    range: f64,
    /// Smallest `f(u)/u` of the last block, by channel.
    pub lowest: [f64; CHANNELS],
}

impl Tops {
    pub(super) fn new() -> Self {
        let [knee, limit] = [KNEE_DB, LIMIT_DB].map(|db: f64| 10f64.powf(db / 20.0));
        let over = Oversampler::new(FACTOR, 0);
        let audio = Delay::new(over.latency() + HALF, 0.0);
        Self {
            channels: [0, 1].map(|_| Channel {
                over: over.clone(),
                low_pass: LowPass::new(),
                audio: audio.clone(),
            }),
            knee,
            range: limit - knee,
            lowest: [1.0; CHANNELS],
        }
    }

    pub(super) fn latency(&self) -> usize {
        self.channels[0].audio.frames()
    }

    pub(super) fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.over.clear();
            channel.low_pass.line.fill(0.0);
            channel.audio.reset();
        }
        self.lowest = [1.0; CHANNELS];
    }

    /// One block in place.
    pub(super) fn process(&mut self, block: &mut Block, ceilings: &[f64; QUANTUM]) {
        let (knee, range) = (self.knee, self.range);
        let mut lowest = [1.0f64; CHANNELS];
        for ((channel, samples), lowest) in
            self.channels.iter_mut().zip(block.channels_mut()).zip(&mut lowest)
        {
            let mut difference = *samples;
            channel.over.process(&mut difference, |fine| {
                for (points, ceiling) in fine.chunks_exact_mut(FACTOR).zip(ceilings) {
                    *lowest = lowest.min(bend(points, *ceiling, knee, range));
                }
            });
            channel.low_pass.process(&mut difference);
            for (sample, difference) in samples.iter_mut().zip(&difference) {
                let audio = channel.audio.tick(*sample);
                *sample = if difference.abs() > 0.0 { audio + difference } else { audio };
            }
        }
        self.lowest = lowest;
    }
}

/// Puts `f(u) − u` in the place of every point; the smallest `f(u)/u`.
#[inline]
fn bend(points: &mut [f64], ceiling: f64, knee: f64, range: f64) -> f64 {
    let (from, range) = (knee * ceiling, range * ceiling);
    let mut lowest = 1.0f64;
    for point in points {
        let size = point.abs();
        *point = if size > from {
            let bent = from + range * Waveshape::Tanh.at((size - from) / range);
            lowest = lowest.min(bent / size);
            (bent - size) * point.signum()
        } else {
            0.0
        };
    }
    lowest
}
