//! True-peak look-ahead limiter with four characters.
//!
//! The gain each frame needs is `min(1, ceiling / peak)`, with the peak between the samples read by
//! [`crate::dsp::peak_detector`]. It is held at its minimum over look-ahead plus hold, released *after* that minimum and
//! *before* smoothing (`release`), then smoothed by three moving averages that together reach over the look-ahead. As the
//! minimum is held for as long as the averages reach, the smoothed gain has arrived when the peak does: no overshoot by
//! construction. The hold exceeds twice the reach of the detector, so the gain stands still while the peak passes and the
//! interpolated output is the gain times the interpolated input. Gain acts at the base rate; a clamp at the ceiling
//! stands behind it and has nothing to do.
//!
//! That much is common, and the ceiling rests on it alone. The characters (`character`) differ in the law of release, in the
//! window, and in what stands ahead of the detector:
//!
//! | character | ahead of the detector | window | release |
//! |---|---|---|---|
//! | transparent | – | look-ahead | even: `g = min(fast, slow)` |
//! | smooth | leveller that looks 50 ms ahead (`level`) | look-ahead | even, fast part only |
//! | punch | – | 0.65 look-ahead | crest: body and what stands out of it |
//! | loud | leveller to 2 dB over, soft knee 8 times oversampled (`tops`) | 0.65 look-ahead | crest |
//!
//! *Transient link* is the share of a channel's reduction the other takes at once, *release link* the share of a
//! *sustained* reduction (charged over 30 ms; the leveller's whole) the other follows. A signal below the ceiling (loud: 2 dB
//! below it) passes bit for bit.

mod character;
mod level;
mod params;
mod release;
mod tops;

use self::character::Character;
use self::level::Leveller;
use self::params::{
    AUTO_RELEASE, CEILING, CHARACTER, INPUT_GAIN, LINK_RELEASE, LINK_TRANSIENT, LOOKAHEAD, PARAMS, RELEASE,
    TRUE_PEAK,
};
use self::release::{Release, Times, towards};
use self::tops::Tops;
use super::{BANDS_SHOWN, Kind, ParamDesc, ParamIndex, Processor, Setup, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::envelope::{GainSmoother, SlidingMin, one_pole};
use crate::dsp::peak_detector::PeakDetector;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::{Frames, SampleRate, db_from_gain};

/// Input gain and ceiling move slower than other parameters: the limiter at work moves against them, and its windows are
/// short.
const GAIN_RAMP_MS: f64 = 5.0 * RAMP_MS;

/// Time that makes a reduction a sustained one, for the release link.
const SUSTAIN_MS: f64 = 30.0;

/// Samples beyond this are damage, not sound; they are cut so that the arithmetic stays finite.
const INPUT_MAX: f64 = 1e9;

/// The entry for the registry.
pub struct LimiterKind;

impl Kind for LimiterKind {
    fn id(&self) -> &'static str {
        "limiter"
    }

    fn name(&self) -> &'static str {
        "True-peak limiter"
    }

    /// 2: the detector reads peaks with energy up to Nyquist up to 0.4 dB higher, so they are taken down by as much more.
    fn version(&self) -> u32 {
        2
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Limiter::new(values, setup.sample_rate))
    }
}

/// Gain states of one channel.
struct Channel {
    detector: PeakDetector,
    /// Audio after the input gain and what is ahead of the detector.
    audio: Delay,
    held: SlidingMin,
    release: Release,
    smoother: GainSmoother,
    /// Reduction that lasts, seen by the other channel.
    sustained: f64,
}

impl Channel {
    fn is_open(&self) -> bool {
        self.release.is_open() && self.sustained >= 1.0
    }

    /// States of the gain as after a long time without reduction.
    fn open(&mut self) {
        self.held.reset();
        self.smoother.reset();
        self.release.open();
        self.sustained = 1.0;
    }

    /// The released gain of the next frame.
    #[inline]
    fn release(&mut self, held: f64, times: &Times, sustain: f64) -> f64 {
        let gain = self.release.tick(held, times);
        self.sustained = if gain >= self.sustained { gain } else { towards(gain, self.sustained, sustain) };
        gain
    }
}

struct Limiter {
    latency: usize,
    /// Frames a needed gain can act on the output.
    memory: usize,
    leveller: Option<Leveller>,
    tops: Option<Tops>,
    channels: [Channel; CHANNELS],
    input_gain: SmoothedGain,
    ceiling: SmoothedGain,
    /// The ceiling in force when the gain was found, in time with the audio.
    ceiling_delay: Delay,
    link_transient: Smoothed,
    link_release: Smoothed,
    true_peak: bool,
    times: Times,
    sustain: f64,
    /// Frames until no reduction can be under way any more.
    busy: usize,
    /// Smallest gain of the last block, by channel.
    lowest: [f64; CHANNELS],
    /// The last block with the input gain alone, as late as the output.
    driven: Block,
    driven_delays: [Delay; CHANNELS],
}

impl Limiter {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let character = Character::of(values.choice(CHARACTER));
        let frames = |ms: f64| rate.frames_from_seconds(ms / 1000.0).as_len();
        let stage = (frames(character.lookahead_part * values.get(LOOKAHEAD)) + 2).div_ceil(3);
        let reach = GainSmoother::new(stage).reach();
        let hold = frames(character.hold_ms).max(2 * (PeakDetector::latency() + 1));
        let from_gain_to_audio = reach - 1 + hold / 2;
        let (release_ms, auto) = (values.get(RELEASE), values.is_on(AUTO_RELEASE));
        let leveller = character.level.map(|setup| Leveller::new(setup, release_ms, auto, rate));
        let tops = character.bends_tops.then(Tops::new);
        let ahead = leveller.as_ref().map_or(0, Leveller::latency) + tops.as_ref().map_or(0, Tops::latency);
        let channel = |_| Channel {
            detector: PeakDetector::new(rate),
            audio: Delay::new(PeakDetector::latency() + from_gain_to_audio, 0.0),
            held: SlidingMin::new(reach + hold, 1.0),
            release: Release::new(character.law),
            smoother: GainSmoother::new(stage),
            sustained: 1.0,
        };
        let percent = |param| Smoothed::new(values.get(param) / 100.0, RAMP_MS, rate);
        let ceiling = SmoothedGain::new(values.get(CEILING), GAIN_RAMP_MS, rate);
        Self {
            latency: ahead + PeakDetector::latency() + from_gain_to_audio,
            driven: Block::silent(),
            driven_delays: [(); CHANNELS]
                .map(|()| Delay::new(ahead + PeakDetector::latency() + from_gain_to_audio, 0.0)),
            memory: 2 * reach + hold + QUANTUM,
            leveller,
            tops,
            channels: [0, 1].map(channel),
            input_gain: SmoothedGain::new(values.get(INPUT_GAIN), GAIN_RAMP_MS, rate),
            ceiling_delay: Delay::new(from_gain_to_audio, ceiling.factor()),
            ceiling,
            link_transient: percent(LINK_TRANSIENT),
            link_release: percent(LINK_RELEASE),
            true_peak: values.is_on(TRUE_PEAK),
            times: Times::new(character.law, release_ms, auto, rate),
            sustain: one_pole(SUSTAIN_MS, rate),
            busy: 0,
            lowest: [1.0; CHANNELS],
        }
    }

    /// Input gain, with what is not sound taken out.
    fn drive(&mut self, block: &mut Block) {
        for sample in block.channels_mut().iter_mut().flatten() {
            *sample = if sample.is_nan() { 0.0 } else { sample.clamp(-INPUT_MAX, INPUT_MAX) };
        }
        self.input_gain.apply(block);
    }

    /// What stands ahead of the detector; the smallest gain of the block goes into `lowest`.
    fn before(&mut self, block: &mut Block, ceilings: &[f64; QUANTUM], lowest: &mut [f64; CHANNELS]) {
        if let Some(leveller) = &mut self.leveller {
            leveller.process(block, ceilings, self.link_release.value());
            lowest.iter_mut().zip(leveller.lowest).for_each(|(l, gain)| *l *= gain);
        }
        if let Some(tops) = &mut self.tops {
            tops.process(block, ceilings);
            lowest.iter_mut().zip(tops.lowest).for_each(|(l, gain)| *l *= gain);
        }
    }

    /// The gain every frame needs, by channel; whether any is below 1.
    fn needed(&mut self, block: &Block, ceilings: &[f64; QUANTUM], gains: &mut [[f64; QUANTUM]; 2]) -> bool {
        let threshold = ceilings.iter().copied().fold(f64::INFINITY, f64::min);
        let mut any = false;
        for ((channel, input), gains) in self.channels.iter_mut().zip(block.channels()).zip(gains) {
            if self.true_peak {
                channel.detector.process(input, threshold, gains);
            } else {
                channel.detector.process_samples(input, gains);
            }
            for (gain, ceiling) in gains.iter_mut().zip(ceilings) {
                let peak = *gain;
                *gain = if peak > *ceiling { ceiling / peak } else { 1.0 };
                any |= peak > *ceiling;
            }
        }
        any
    }

    /// From the needed gains to those applied.
    fn shape(&mut self, gains: &mut [[f64; QUANTUM]; 2]) {
        let [left, right] = &mut self.channels;
        let [gains_left, gains_right] = gains;
        for (l, r) in gains_left.iter_mut().zip(gains_right) {
            let (held_l, held_r) = (left.held.tick(*l), right.held.tick(*r));
            let both = held_l.min(held_r);
            let link = self.link_transient.tick();
            let released_l = left.release(held_l + link * (both - held_l), &self.times, self.sustain);
            let released_r = right.release(held_r + link * (both - held_r), &self.times, self.sustain);
            let link = self.link_release.tick();
            let follow = |other: f64| 1.0 - link * (1.0 - other);
            *l = left.smoother.tick(released_l.min(follow(right.sustained)));
            *r = right.smoother.tick(released_r.min(follow(left.sustained)));
        }
    }

    /// Notices when the gain has been 1 for as long as the averages reach.
    fn count_down(&mut self) {
        if !self.channels.iter().all(Channel::is_open) {
            self.busy = self.memory;
            return;
        }
        self.busy = self.busy.saturating_sub(QUANTUM);
        if self.busy == 0 {
            self.channels.iter_mut().for_each(Channel::open);
        }
    }

    /// Multiplies the delayed audio with its gain.
    fn apply(&mut self, block: &mut Block, ceilings: &[f64; QUANTUM], gains: &[[f64; QUANTUM]; 2]) {
        let delayed: [f64; QUANTUM] = std::array::from_fn(|i| self.ceiling_delay.tick(ceilings[i]));
        for ((channel, samples), gains) in self.channels.iter_mut().zip(block.channels_mut()).zip(gains) {
            for ((sample, gain), ceiling) in samples.iter_mut().zip(gains).zip(&delayed) {
                *sample = (channel.audio.tick(*sample) * gain).clamp(-ceiling, *ceiling);
            }
        }
    }
}

fn reduction_db(gain: f64) -> f64 {
    db_from_gain(gain.max(1e-10))
}

impl Processor for Limiter {
    fn latency(&self) -> Frames {
        Frames(self.latency as i64)
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.detector.reset();
            channel.audio.reset();
            channel.open();
        }
        self.driven_delays.iter_mut().for_each(Delay::reset);
        self.driven = Block::silent();
        self.leveller.iter_mut().for_each(Leveller::reset);
        self.tops.iter_mut().for_each(Tops::reset);
        self.input_gain.settle();
        self.ceiling.settle();
        self.link_transient.settle();
        self.link_release.settle();
        self.ceiling_delay.fill(self.ceiling.factor());
        self.busy = 0;
        self.lowest = [1.0; CHANNELS];
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            INPUT_GAIN => self.input_gain.set_db(value),
            CEILING => self.ceiling.set_db(value),
            RELEASE => {
                self.times.set_release(value);
                self.leveller.iter_mut().for_each(|l| l.set_release(value));
            }
            AUTO_RELEASE => {
                self.times.set_auto(value >= 0.5);
                self.leveller.iter_mut().for_each(|l| l.set_auto(value >= 0.5));
            }
            TRUE_PEAK => self.true_peak = value >= 0.5,
            LINK_TRANSIENT => self.link_transient.set(value / 100.0),
            LINK_RELEASE => self.link_release.set(value / 100.0),
            // Look-ahead and character are structural.
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        self.drive(block);
        self.driven.clone_from(block);
        for (delay, samples) in self.driven_delays.iter_mut().zip(self.driven.channels_mut()) {
            delay.run(samples);
        }
        let ceilings: [f64; QUANTUM] = if self.ceiling.is_moving() {
            std::array::from_fn(|_| self.ceiling.tick())
        } else {
            [self.ceiling.factor(); QUANTUM]
        };
        let mut ahead = [1.0; CHANNELS];
        self.before(block, &ceilings, &mut ahead);
        let mut gains = [[1.0; QUANTUM]; CHANNELS];
        if self.needed(block, &ceilings, &mut gains) {
            self.busy = self.memory;
        }
        if self.busy > 0 {
            self.shape(&mut gains);
            self.count_down();
        } else {
            self.link_transient.advance(QUANTUM as u32);
            self.link_release.advance(QUANTUM as u32);
        }
        for ((lowest, gains), ahead) in self.lowest.iter_mut().zip(&gains).zip(ahead) {
            *lowest = gains.iter().copied().fold(1.0, f64::min) * ahead;
        }
        self.apply(block, &ceilings, &gains);
    }

    fn driven(&self) -> Option<&Block> {
        Some(&self.driven)
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        let [left, right] = self.lowest;
        Some(reduction_db(left.min(right)))
    }

    fn band_gains_db(&self, out: &mut [f32; BANDS_SHOWN]) -> usize {
        for (out, lowest) in out.iter_mut().zip(self.lowest) {
            *out = reduction_db(lowest) as f32;
        }
        CHANNELS
    }
}

#[cfg(test)]
mod tests;
