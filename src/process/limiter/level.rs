//! The leveller ahead of the limiter (smooth, loud): takes down what lasts, so that the limiter has only peaks to deal with.
//!
//! From the samples, not from the curve between them: it promises no ceiling. A frame needs `min(1, C·h/|x|)` with the
//! headroom `h` it leaves to what follows. That is held for 25 ms (half a period of 20 Hz), followed by a one-pole with a charge
//! and a release, and smoothed by three moving averages over 20 ms. A single peak is too short to charge it; what lasts
//! charges it fully. The audio waits, so that the gain is under way when a loud passage begins. Whatever stays below `C·h` is
//! multiplied by exactly 1.

use super::release::towards;
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::envelope::{GainSmoother, SlidingMin, one_pole};
use crate::units::SampleRate;

/// Hold of the needed gain.
const HOLD_MS: f64 = 25.0;

/// Reach of the averages.
const SMOOTH_MS: f64 = 20.0;

/// What a leveller is made for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LevelSetup {
    /// How long the audio waits, ms.
    pub wait_ms: f64,
    /// Level it leads to, dB over the ceiling.
    pub headroom_db: f64,
    /// Time that charges it, ms.
    pub charge_ms: f64,
    /// Its release, in set releases.
    pub release_times: f64,
    /// Release of the slow part of the automatic, ms.
    pub slow_release_ms: f64,
}

/// What charges the slow part of the automatic.
const SLOW_CHARGE_MS: f64 = 500.0;

#[derive(Debug, Clone)]
struct Channel {
    audio: Delay,
    held: SlidingMin,
    body: f64,
    slow: f64,
    smoother: GainSmoother,
}

/// Leveller of both channels.
#[derive(Debug, Clone)]
pub(super) struct Leveller {
    setup: LevelSetup,
    rate: SampleRate,
    headroom: f64,
    latency: usize,
    memory: usize,
    channels: [Channel; CHANNELS],
    charge: f64,
    release: f64,
    slow_charge: f64,
    slow_release: f64,
    auto: bool,
    busy: usize,
    /// Smallest gain of the last block, by channel.
    pub lowest: [f64; CHANNELS],
}

impl Leveller {
    pub(super) fn new(setup: LevelSetup, release_ms: f64, auto: bool, rate: SampleRate) -> Self {
        let frames = |ms: f64| rate.frames_from_seconds(ms / 1000.0).as_len();
        let smoother = GainSmoother::new((frames(SMOOTH_MS) + 2).div_ceil(3));
        let (hold, reach, latency) = (frames(HOLD_MS), smoother.reach(), frames(setup.wait_ms));
        let mut leveller = Self {
            setup,
            rate,
            headroom: 10f64.powf(setup.headroom_db / 20.0),
            latency,
            memory: hold + reach + latency + QUANTUM,
            channels: [0, 1].map(|_| Channel {
                audio: Delay::new(latency, 0.0),
                held: SlidingMin::new(hold, 1.0),
                body: 1.0,
                slow: 1.0,
                smoother: smoother.clone(),
            }),
            charge: one_pole(setup.charge_ms, rate),
            release: 0.0,
            slow_charge: one_pole(SLOW_CHARGE_MS, rate),
            slow_release: one_pole(setup.slow_release_ms, rate),
            auto,
            busy: 0,
            lowest: [1.0; CHANNELS],
        };
        leveller.set_release(release_ms);
        leveller
    }

    pub(super) fn latency(&self) -> usize {
        self.latency
    }

    pub(super) fn set_release(&mut self, release_ms: f64) {
        self.release = one_pole(self.setup.release_times * release_ms, self.rate);
    }

    pub(super) fn set_auto(&mut self, auto: bool) {
        self.auto = auto;
    }

    pub(super) fn reset(&mut self) {
        self.channels.iter_mut().for_each(|c| c.audio.reset());
        self.open();
        self.busy = 0;
        self.lowest = [1.0; CHANNELS];
    }

    /// Takes the long way through the next block.
    #[cfg(test)]
    pub(super) fn stay_awake(&mut self) {
        self.busy = self.memory;
    }

    /// The gains as after a long time without reduction.
    fn open(&mut self) {
        for channel in &mut self.channels {
            channel.held.reset();
            channel.smoother.reset();
            (channel.body, channel.slow) = (1.0, 1.0);
        }
    }

    fn is_open(&self) -> bool {
        self.channels.iter().all(|c| c.body >= 1.0 && c.slow >= 1.0)
    }

    /// One block in place. `link` is the share of a channel's reduction the other follows.
    pub(super) fn process(&mut self, block: &mut Block, ceilings: &[f64; QUANTUM], link: f64) {
        let loudest = block.channels().iter().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
        let threshold = self.headroom * ceilings.iter().copied().fold(f64::INFINITY, f64::min);
        if loudest > threshold {
            self.busy = self.memory;
        }
        let mut gains = [[1.0; QUANTUM]; CHANNELS];
        if self.busy > 0 {
            self.find(block, ceilings, link, &mut gains);
            self.count_down();
        }
        self.lowest = gains.map(|g| g.iter().copied().fold(1.0, f64::min));
        for ((channel, samples), gains) in self.channels.iter_mut().zip(block.channels_mut()).zip(&gains) {
            for (sample, gain) in samples.iter_mut().zip(gains) {
                *sample = channel.audio.tick(*sample) * gain;
            }
        }
    }

    fn find(
        &mut self,
        block: &Block,
        ceilings: &[f64; QUANTUM],
        link: f64,
        gains: &mut [[f64; QUANTUM]; CHANNELS],
    ) {
        let headroom = self.headroom;
        let needed = |x: f64, ceiling: f64| {
            let (size, allowed) = (x.abs(), headroom * ceiling);
            if size > allowed { allowed / size } else { 1.0 }
        };
        for (i, ceiling) in ceilings.iter().enumerate() {
            let bodies: [f64; CHANNELS] =
                std::array::from_fn(|c| self.body(c, needed(block.channels()[c][i], *ceiling)));
            for (c, channel) in self.channels.iter_mut().enumerate() {
                let follow = 1.0 - link * (1.0 - bodies[1 - c]);
                gains[c][i] = channel.smoother.tick(bodies[c].min(follow));
            }
        }
    }

    /// The followed gain of a channel.
    #[inline]
    fn body(&mut self, channel: usize, needed: f64) -> f64 {
        let (charge, release) = (self.charge, self.release);
        let channel = &mut self.channels[channel];
        let held = channel.held.tick(needed);
        channel.body = towards(held, channel.body, if held < channel.body { charge } else { release });
        if self.auto {
            let coefficient = if held < channel.slow { self.slow_charge } else { self.slow_release };
            channel.slow = towards(held, channel.slow, coefficient);
        } else if channel.slow < 1.0 {
            channel.slow = towards(1.0, channel.slow, release);
        }
        channel.body.min(channel.slow)
    }

    /// Notices when the gain has been 1 for as long as everything reaches.
    fn count_down(&mut self) {
        if !self.is_open() {
            self.busy = self.memory;
            return;
        }
        self.busy = self.busy.saturating_sub(QUANTUM);
        if self.busy == 0 {
            self.open();
        }
    }
}
