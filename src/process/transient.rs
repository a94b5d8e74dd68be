//! Transient shaper: gain for the onset and for the tail of a sound, however loud it is.
//!
//! The level in dB (larger channel, largest sample of 10 ms, so that a steady tone reads a steady level) is followed by four
//! one-poles in dB. *Attack*: one that rises within 1 ms and one that rises within the attack time, both falling alike;
//! their distance `d` is what stands out at an onset. *Sustain*: one that falls within 20 ms and one that falls within the
//! sustain time, both rising alike; their distance is what is left of a tail. The gain is `attack_db · min(1, d/12 dB)` plus
//! the same for sustain: as only distances in dB count, nothing depends on the level. At 0 dB and 0 dB every bit passes.

use std::sync::LazyLock;

use super::dynamics::{HeldMaximum, factors_of, frames_of, make_sane};
use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::elementary::{db_from_powers, gains_from_reductions};
use crate::dsp::envelope::one_pole;
use crate::dsp::smooth::{RAMP_MS, Smoothed, SmoothedGain};
use crate::units::{Frames, SampleRate};

const ATTACK: ParamIndex = 0;
const SUSTAIN: ParamIndex = 1;
const ATTACK_TIME: ParamIndex = 2;
const SUSTAIN_TIME: ParamIndex = 3;
const LOOKAHEAD: ParamIndex = 4;
const OUTPUT: ParamIndex = 5;

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("attack_db", "Attack", Unit::Db, -15.0, 15.0, 0.0).help(
            "Gain of an onset that stands 12 dB or more out of what was before; smaller ones get less.",
        ),
        ParamDesc::number("sustain_db", "Sustain", Unit::Db, -15.0, 15.0, 0.0).help(
            "Gain of a tail that falls by 12 dB or more within the sustain time; slower ones get less.",
        ),
        ParamDesc::number("attack_ms", "Attack time", Unit::Ms, 5.0, 200.0, 30.0)
            .log()
            .help("How long an onset stands out: time to 63.2 % of its step in dB."),
        ParamDesc::number("sustain_ms", "Sustain time", Unit::Ms, 50.0, 2000.0, 300.0)
            .log()
            .help("How slowly a sound has to fall to count as going on: time to 63.2 % of its step in dB."),
        ParamDesc::number("lookahead_ms", "Look-ahead", Unit::Ms, 0.0, 10.0, 0.0)
            .structural()
            .help("Delays the sound, not the detector; adds to the latency."),
        ParamDesc::number("output_db", "Output", Unit::Db, -24.0, 24.0, 0.0).help("Gain after the shaping."),
    ]
});

/// Hold of the level.
const HOLD_MS: f64 = 10.0;

/// Rise of all that rise fast, fall of all that fall fast.
const FAST_RISE_MS: f64 = 1.0;
const FAST_FALL_MS: f64 = 20.0;

/// Distance of full effect.
const FULL_DB: f64 = 12.0;

/// Levels below are as good as silence (dBFS).
const FLOOR_DB: f64 = -90.0;

/// The entry for the registry.
pub struct TransientKind;

impl Kind for TransientKind {
    fn id(&self) -> &'static str {
        "transient"
    }

    fn name(&self) -> &'static str {
        "Transient shaper"
    }

    /// 2: gains by another series; differences are below 1e-9 dB.
    fn version(&self) -> u32 {
        2
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        let rate = setup.sample_rate;
        let frames = |ms: f64| rate.frames_from_seconds(ms / 1000.0).as_len();
        Box::new(Transient {
            rate,
            attack: Smoothed::new(values.get(ATTACK), RAMP_MS, rate),
            sustain: Smoothed::new(values.get(SUSTAIN), RAMP_MS, rate),
            output: SmoothedGain::new(values.get(OUTPUT), RAMP_MS, rate),
            held: HeldMaximum::new(frames(HOLD_MS)),
            poles: Poles {
                fast_rise: one_pole(FAST_RISE_MS, rate),
                fast_fall: one_pole(FAST_FALL_MS, rate),
                slow_rise: one_pole(values.get(ATTACK_TIME), rate),
                slow_fall: one_pole(values.get(SUSTAIN_TIME), rate),
            },
            levels: Levels::default(),
            audio: [0, 1].map(|_| Delay::new(frames(values.get(LOOKAHEAD)), 0.0)),
            gain_db: 0.0,
        })
    }
}

/// Coefficients of the followers.
struct Poles {
    fast_rise: f64,
    fast_fall: f64,
    slow_rise: f64,
    slow_fall: f64,
}

/// The followers, dBFS: both of the attack fall alike, both of the sustain rise alike.
struct Levels {
    /// Fast rise and fast fall: of both pairs.
    near: f64,
    /// Slow rise, fast fall.
    onset: f64,
    /// Fast rise, slow fall.
    tail: f64,
}

impl Default for Levels {
    fn default() -> Self {
        Self { near: FLOOR_DB, onset: FLOOR_DB, tail: FLOOR_DB }
    }
}

#[inline]
fn follow(state: &mut f64, level: f64, rise: f64, fall: f64) {
    let pole = if level > *state { rise } else { fall };
    *state = level + pole * (*state - level);
}

impl Levels {
    /// How far an onset stands out and how far a tail goes on, 0 to 1.
    #[inline]
    fn tick(&mut self, level: f64, poles: &Poles) -> (f64, f64) {
        follow(&mut self.near, level, poles.fast_rise, poles.fast_fall);
        follow(&mut self.onset, level, poles.slow_rise, poles.fast_fall);
        follow(&mut self.tail, level, poles.fast_rise, poles.slow_fall);
        let share = |distance: f64| (distance * (1.0 / FULL_DB)).clamp(0.0, 1.0);
        (share(self.near - self.onset), share(self.tail - self.near))
    }
}

struct Transient {
    rate: SampleRate,
    attack: Smoothed,
    sustain: Smoothed,
    output: SmoothedGain,
    /// Of the power.
    held: HeldMaximum,
    poles: Poles,
    levels: Levels,
    audio: [Delay; CHANNELS],
    gain_db: f64,
}

impl Transient {
    /// The gain of every frame, dB.
    fn wanted_db(&mut self, block: &Block) -> [f64; QUANTUM] {
        let mut gains = [0.0; QUANTUM];
        for (level, (l, r)) in gains.iter_mut().zip(block.left().iter().zip(block.right())) {
            let (l, r) = (l * l, r * r);
            *level = if l > r { l } else { r };
        }
        self.held.run(&mut gains);
        db_from_powers(&mut gains);
        let (attack, sustain) = (frames_of(&mut self.attack), frames_of(&mut self.sustain));
        for (i, gain) in gains.iter_mut().enumerate() {
            let (onset, tail) = self.levels.tick(gain.max(FLOOR_DB), &self.poles);
            *gain = attack[i] * onset + sustain[i] * tail;
        }
        gains
    }
}

impl Processor for Transient {
    fn latency(&self) -> Frames {
        Frames(self.audio[0].frames() as i64)
    }

    fn reset(&mut self) {
        self.attack.settle();
        self.sustain.settle();
        self.output.settle();
        self.held.reset();
        self.levels = Levels::default();
        self.audio.iter_mut().for_each(Delay::reset);
        self.gain_db = 0.0;
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            ATTACK => self.attack.set(value),
            SUSTAIN => self.sustain.set(value),
            ATTACK_TIME => self.poles.slow_rise = one_pole(value, self.rate),
            SUSTAIN_TIME => self.poles.slow_fall = one_pole(value, self.rate),
            OUTPUT => self.output.set_db(value),
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_sane(block);
        let mut gains = self.wanted_db(block);
        self.gain_db = extreme(&gains);
        gains.iter_mut().for_each(|g| *g = -*g);
        gains_from_reductions(&mut gains);
        let output = factors_of(&mut self.output);
        gains.iter_mut().zip(&output).for_each(|(gain, output)| *gain *= output);
        for (delay, samples) in self.audio.iter_mut().zip(block.channels_mut()) {
            delay.run(samples);
            samples.iter_mut().zip(&gains).for_each(|(x, gain)| *x *= gain);
        }
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        Some(self.gain_db)
    }
}

/// The deepest reduction of a block; where nothing is reduced the largest gain.
fn extreme(gains_db: &[f64; QUANTUM]) -> f64 {
    let (least, most) =
        gains_db.iter().fold((0.0, 0.0), |(least, most): (f64, f64), g| (least.min(*g), most.max(*g)));
    if least < 0.0 { least } else { most }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{db_from_gain, gain_from_db};
    use std::f64::consts::PI;

    const RATE: SampleRate = SampleRate(48_000);

    fn run(given: &[(ParamIndex, f64)], frames: usize, input: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut values = Values::defaults(&PARAMS);
        given.iter().for_each(|&(param, value)| values.set(param, value));
        let mut transient = TransientKind.build(&values, &Setup { sample_rate: RATE });
        let latency = transient.latency().as_len();
        let mut out = Vec::new();
        for start in (0..frames + latency).step_by(QUANTUM) {
            let mut block = Block::silent();
            let samples = std::array::from_fn(|i| input(start + i));
            *block.channels_mut() = [samples, samples.map(|v| 0.5 * v)];
            transient.process(Frames(start as i64), &mut block);
            out.extend_from_slice(block.left());
        }
        out[latency..latency + frames].to_vec()
    }

    /// A 1 kHz tone that jumps by 30 dB after 2 s and back after 4 s.
    fn steps(n: usize, db: f64) -> f64 {
        let db = if (96_000..192_000).contains(&n) { db } else { db - 30.0 };
        gain_from_db(db) * (2.0 * PI * 1000.0 * n as f64 / RATE.hz()).sin()
    }

    fn gain_db(out: &[f64], n: usize, db: f64) -> f64 {
        let power = |f: &dyn Fn(usize) -> f64| (n - 24..n + 24).map(|i| f(i).powi(2)).sum::<f64>();
        10.0 * (power(&|i| out[i]) / power(&|i| steps(i, db))).log10()
    }

    #[test]
    fn an_onset_gets_the_gain_of_the_formula() {
        let out = run(&[(ATTACK, 6.0), (ATTACK_TIME, 30.0)], 192_000, |n| steps(n, -10.0));
        for (ms, near) in [(10.0, 1.0), (20.0, 1.0), (40.0, 1.0), (80.0, 1.0)] {
            // A step of 30 dB: the slow follower is 30·e^(−t/30 ms) behind.
            let distance = 30.0 * ((-ms / 30.0f64).exp() - (-ms / 1.0f64).exp()) * near;
            let expected = 6.0 * (distance / 12.0).min(1.0);
            let got = gain_db(&out, 96_000 + (ms * 48.0) as usize, -10.0);
            println!("{ms} ms after the onset: {got:.3} dB, formula {expected:.3}");
            assert!((got - expected).abs() < 0.1, "{ms}: {got} {expected}");
        }
        assert!(gain_db(&out, 190_000, -10.0).abs() < 1e-6, "a steady tone is left alone");
    }

    #[test]
    fn a_tail_gets_the_gain_of_the_formula() {
        let out = run(&[(SUSTAIN, -6.0), (SUSTAIN_TIME, 300.0)], 288_000, |n| steps(n, -10.0));
        for ms in [20.0, 60.0, 300.0, 600.0] {
            // After the hold of 10 ms.
            let t: f64 = ms - 10.0;
            let distance = 30.0 * ((-t / 300.0).exp() - (-t / 20.0).exp());
            let expected = -6.0 * (distance / 12.0).min(1.0);
            let got = gain_db(&out, 192_000 + (ms * 48.0) as usize, -10.0);
            println!("{ms} ms after the end: {got:.3} dB, formula {expected:.3}");
            assert!((got - expected).abs() < 0.1, "{ms}: {got} {expected}");
        }
    }

    #[test]
    fn the_level_does_not_matter() {
        let given = [(ATTACK, 9.0), (SUSTAIN, 5.0)];
        let loud = run(&given, 240_000, |n| steps(n, 0.0));
        let soft = run(&given, 240_000, |n| steps(n, -40.0));
        let worst = (90_000..240_000).map(|n| (loud[n] - 100.0 * soft[n]).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-2 * gain_from_db(-30.0), "{worst}");
        assert!(db_from_gain(loud[96_000..97_000].iter().fold(0.0, |m: f64, v| m.max(v.abs()))) > 8.5);
    }

    #[test]
    fn at_zero_every_bit_passes() {
        let out = run(&[(LOOKAHEAD, 3.0)], 120_000, |n| steps(n, -3.0));
        assert!((0..120_000).all(|n| out[n].to_bits() == steps(n, -3.0).to_bits()));
    }
}
