//! De-esser and tamer of resonances: turns a band down when it stands out of the whole, however loud the whole is.
//!
//! `D = level(band) − level(whole)` in dB, both mean squares of 5 ms over both channels; the reduction wanted is `D − T`, from
//! 0 to the range. As only the difference counts, a quiet take is treated like a loud one. The band is what lies above the
//! frequency (24 dB/oct), in bell mode a band-pass around it. *Wide* turns everything down; *split* only the highs, as a
//! shelf whose gain moves; *bell* only the resonance. Shelf and bell are state-variable filters mixed as `x + …`, which is `x`
//! itself, bit for bit, while there is no reduction. The sound is delayed by 1 ms, so that a fast attack is there in time.

use std::sync::LazyLock;

use super::dynamics::{Follower, Lane, MeanSquare, Times, fade, follow, frames_of, gain_shown_db, make_sane};
use super::{BANDS_SHOWN, Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::delay::Delay;
use crate::dsp::elementary::{db_from_powers, gains_from_reductions};
use crate::dsp::envelope::one_pole;
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::dsp::statevar::{Core, CoreStep};
use crate::dsp::svf::Frame;
use crate::units::{Frames, SampleRate};

const FREQ: ParamIndex = 0;
const THRESHOLD: ParamIndex = 1;
const RANGE: ParamIndex = 2;
const MODE: ParamIndex = 3;
const Q: ParamIndex = 4;
const ATTACK: ParamIndex = 5;
const RELEASE: ParamIndex = 6;
const LISTEN: ParamIndex = 7;

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("freq_hz", "Frequency", Unit::Hz, 200.0, 16_000.0, 6000.0)
            .log()
            .help("Where the sibilants begin; in bell mode the centre of the resonance."),
        ParamDesc::number("threshold_db", "Threshold", Unit::Db, -60.0, 0.0, -12.0)
            .help("How far the band may come up to the level of the whole. Does not depend on how loud the music is."),
        ParamDesc::number("range_db", "Range", Unit::Db, 0.0, 24.0, 6.0).help("Largest reduction."),
        ParamDesc::choice("mode", "Mode", &["wide", "split", "bell"], 1).structural().help(
            "Wide: everything is turned down. Split: only what lies above the frequency. Bell: only the band around it.",
        ),
        ParamDesc::number("q", "Q", Unit::None, 0.3, 10.0, 2.0)
            .log()
            .help("Quality of the band and of its bell in bell mode; the other modes ignore it."),
        ParamDesc::number("attack_ms", "Attack", Unit::Ms, 0.1, 20.0, 0.5)
            .log()
            .help("Time to 63.2 % of the step in dB when the gain goes down, once the level is read (over 5 ms)."),
        ParamDesc::number("release_ms", "Release", Unit::Ms, 5.0, 500.0, 50.0)
            .log()
            .help("Time to 63.2 % of the step in dB when the gain comes back."),
        ParamDesc::switch("listen", "Listen", false).audition().help("Plays the band that is detected instead."),
    ]
});

/// Over which both levels are read.
const WINDOW_MS: f64 = 5.0;

/// Delay of the sound.
const LOOKAHEAD_MS: f64 = 1.0;

/// Below this mean square nothing is turned down: there the band is noise.
const FLOOR_DB: f64 = -90.0;

/// Time of a change of frequency.
const TUNE_RAMP_MS: f64 = 30.0;

/// Frames between two designs of a moving filter.
const CONTROL_FRAMES: usize = 16;

/// Highest frequency as a part of the sample rate.
const TOP: f64 = 0.45;

/// `1/Q` of a Butterworth filter of second order.
const BUTTERWORTH: f64 = std::f64::consts::SQRT_2;

/// The entry for the registry.
pub struct DeesserKind;

impl Kind for DeesserKind {
    fn id(&self) -> &'static str {
        "deesser"
    }

    fn name(&self) -> &'static str {
        "De-esser"
    }

    /// 2: gains by another series, levels are rounded to the nearest step; reductions differ by up to 1e-4 dB.
    fn version(&self) -> u32 {
        2
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        Box::new(Deesser::new(values, setup.sample_rate))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Wide,
    Split,
    Bell,
}

impl Mode {
    fn from_value(value: f64) -> Self {
        match value as usize {
            0 => Self::Wide,
            1 => Self::Split,
            _ => Self::Bell,
        }
    }
}

/// Frequency and quality, frame by frame.
struct Tuning {
    ln_hz: Smoothed,
    ln_q: Smoothed,
    rate_hz: f64,
    /// `tan(π·f/fs)` and `1/Q` at the end of the last block.
    now: (f64, f64),
    path: [(f64, f64); QUANTUM],
    /// It moved in this block.
    moved: bool,
}

impl Tuning {
    fn new(hz: f64, q: f64, rate: SampleRate) -> Self {
        let mut tuning = Self {
            ln_hz: Smoothed::new(hz.ln(), TUNE_RAMP_MS, rate),
            ln_q: Smoothed::new(q.ln(), TUNE_RAMP_MS, rate),
            rate_hz: rate.hz(),
            now: (0.0, 0.0),
            path: [(0.0, 0.0); QUANTUM],
            moved: false,
        };
        tuning.reset();
        tuning
    }

    fn reset(&mut self) {
        self.ln_hz.settle();
        self.ln_q.settle();
        self.now = self.design();
        self.path = [self.now; QUANTUM];
        self.moved = false;
    }

    fn design(&self) -> (f64, f64) {
        let part = (self.ln_hz.value().exp() / self.rate_hz).min(TOP);
        ((std::f64::consts::PI * part).tan(), (-self.ln_q.value()).exp())
    }

    fn is_moving(&self) -> bool {
        self.ln_hz.is_moving() || self.ln_q.is_moving()
    }

    /// Whether it is the same for every frame of this block.
    fn is_at_rest(&self) -> bool {
        !self.moved
    }

    fn advance(&mut self) {
        if !self.is_moving() {
            if std::mem::take(&mut self.moved) {
                self.path = [self.now; QUANTUM];
            }
            return;
        }
        self.moved = true;
        for start in (0..QUANTUM).step_by(CONTROL_FRAMES) {
            self.ln_hz.advance(CONTROL_FRAMES as u32);
            self.ln_q.advance(CONTROL_FRAMES as u32);
            let (from, to) = (self.now, self.design());
            for (i, place) in self.path[start..start + CONTROL_FRAMES].iter_mut().enumerate() {
                let t = (i + 1) as f64 / CONTROL_FRAMES as f64;
                *place = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            }
            self.now = to;
        }
    }
}

struct Deesser {
    mode: Mode,
    rate: SampleRate,
    tuning: Tuning,
    threshold: Smoothed,
    range: Smoothed,
    listen: Smoothed,
    times: Times,
    /// The two filters in a row of the detected band.
    key: [Core; 2],
    band_level: Loudness,
    whole_level: Loudness,
    reduction: Follower,
    audio: [Delay; CHANNELS],
    /// The detected band in time with the sound.
    band: [Delay; CHANNELS],
    filter: Core,
    deepest_db: f64,
}

/// The mean square of both channels together.
struct Loudness([MeanSquare; CHANNELS]);

impl Loudness {
    fn new(rate: SampleRate) -> Self {
        Self([0, 1].map(|_| MeanSquare::new(WINDOW_MS, rate)))
    }

    /// In dB, for every frame.
    fn levels_db(&mut self, block: &Block) -> [f64; QUANTUM] {
        let [left, right] = &mut self.0;
        let (mut levels, mut others) = ([0.0; QUANTUM], [0.0; QUANTUM]);
        left.run(block.left(), &mut levels);
        right.run(block.right(), &mut others);
        levels.iter_mut().zip(&others).for_each(|(l, r)| *l = 0.5 * (*l + r));
        db_from_powers(&mut levels);
        levels
    }

    fn clear(&mut self) {
        self.0.iter_mut().for_each(MeanSquare::clear);
    }
}

impl Deesser {
    fn new(values: &Values, rate: SampleRate) -> Self {
        let lookahead = rate.frames_from_seconds(LOOKAHEAD_MS / 1000.0).as_len();
        let smoothed = |value| Smoothed::new(value, RAMP_MS, rate);
        let delays = || [0, 1].map(|_| Delay::new(lookahead, 0.0));
        Self {
            mode: Mode::from_value(values.get(MODE)),
            rate,
            tuning: Tuning::new(values.get(FREQ), values.get(Q), rate),
            threshold: smoothed(values.get(THRESHOLD)),
            range: smoothed(values.get(RANGE)),
            listen: smoothed(values.get(LISTEN)),
            times: Times {
                attack: one_pole(values.get(ATTACK), rate),
                let_go: 0.0,
                release: one_pole(values.get(RELEASE), rate),
                two_poles: false,
                auto: false,
                slow_charge: 0.0,
                slow_release: 0.0,
            },
            key: [Core::default(); 2],
            band_level: Loudness::new(rate),
            whole_level: Loudness::new(rate),
            reduction: Follower::default(),
            audio: delays(),
            band: delays(),
            filter: Core::default(),
            deepest_db: 0.0,
        }
    }

    /// The band that is detected.
    fn detected(&mut self, block: &Block) -> Block {
        let is_bell = self.mode == Mode::Bell;
        let step_of = |(g, k): (f64, f64)| CoreStep::new(g, if is_bell { k } else { BUTTERWORTH });
        let at_rest = self.tuning.is_at_rest();
        let mut step = step_of(self.tuning.now);
        let mut band = block.clone();
        let (left, right) = band.stereo_mut();
        let [first, second] = &mut self.key;
        for i in 0..QUANTUM {
            if !at_rest {
                step = step_of(self.tuning.path[i]);
            }
            let x = [left[i], right[i]];
            let y = if is_bell {
                let (pass, _) = first.tick(&step, x);
                let k = self.tuning.path[i].1;
                [k * pass[0], k * pass[1]]
            } else {
                high_pass(second, &step, high_pass(first, &step, x))
            };
            (left[i], right[i]) = (y[0], y[1]);
        }
        band
    }

    /// The reductions in force for a detected band.
    fn reductions(&mut self, band: &Block, whole: &Block) -> [f64; QUANTUM] {
        let mut reductions = self.band_level.levels_db(band);
        let wholes = self.whole_level.levels_db(whole);
        let (threshold, range) = (frames_of(&mut self.threshold), frames_of(&mut self.range));
        for (i, value) in reductions.iter_mut().enumerate() {
            let over = if wholes[i] < FLOOR_DB { 0.0 } else { *value - wholes[i] - threshold[i] };
            let over = if over > 0.0 { over } else { 0.0 };
            *value = if over < range[i] { over } else { range[i] };
        }
        follow([Lane { follower: &mut self.reduction, values: &mut reductions, times: self.times }]);
        self.deepest_db = -gain_shown_db(&[reductions]);
        reductions
    }

    /// The sound with reductions.
    fn turn_down(&mut self, block: &mut Block, reductions_db: &[f64; QUANTUM]) {
        if self.deepest_db <= 0.0 && self.tuning.is_at_rest() {
            self.pass(block);
            return;
        }
        // Half the reduction as a factor: `A`.
        let mut halves = reductions_db.map(|r| 0.5 * r);
        gains_from_reductions(&mut halves);
        let (left, right) = block.stereo_mut();
        for i in 0..QUANTUM {
            let (x, a) = ([left[i], right[i]], halves[i]);
            let y = match self.mode {
                Mode::Wide => [a * a * x[0], a * a * x[1]],
                Mode::Split => shelf(&mut self.filter, x, a, self.tuning.path[i]),
                Mode::Bell => bell(&mut self.filter, x, a, self.tuning.path[i]),
            };
            if reductions_db[i] > 0.0 {
                (left[i], right[i]) = (y[0], y[1]);
            }
        }
    }

    /// No reduction in a whole block: the filter only hears it.
    fn pass(&mut self, block: &Block) {
        let (g, k) = self.tuning.now;
        let step = match self.mode {
            Mode::Wide => return,
            Mode::Split => CoreStep::new(g, BUTTERWORTH),
            Mode::Bell => CoreStep::new(g, k),
        };
        for (l, r) in block.left().iter().zip(block.right()) {
            self.filter.tick(&step, [*l, *r]);
        }
    }
}

/// High-pass of second order.
#[inline(always)]
fn high_pass(core: &mut Core, step: &CoreStep, x: Frame) -> Frame {
    let (band, low) = core.tick(step, x);
    [x[0] - BUTTERWORTH * band[0] - low[0], x[1] - BUTTERWORTH * band[1] - low[1]]
}

/// A. Simper's mix: `A² x + k(1−A)A·band + (1−A²)·low`, corner times √A; gain `A²` far above.
#[inline(always)]
fn shelf(core: &mut Core, x: Frame, a: f64, (g, _): (f64, f64)) -> Frame {
    let (band, low) = core.tick(&CoreStep::new(g * a.sqrt(), BUTTERWORTH), x);
    let (all, middle, below) = (a * a, BUTTERWORTH * (1.0 - a) * a, 1.0 - a * a);
    [all * x[0] + middle * band[0] + below * low[0], all * x[1] + middle * band[1] + below * low[1]]
}

/// `x + k(A²−1)·band` with `k = 1/(Q·A)`; gain `A²` at the centre.
#[inline(always)]
fn bell(core: &mut Core, x: Frame, a: f64, (g, k): (f64, f64)) -> Frame {
    let k = k / a;
    let (band, _) = core.tick(&CoreStep::new(g, k), x);
    let share = k * (a * a - 1.0);
    [x[0] + share * band[0], x[1] + share * band[1]]
}

impl Processor for Deesser {
    fn latency(&self) -> Frames {
        Frames(self.audio[0].frames() as i64)
    }

    fn reset(&mut self) {
        self.tuning.reset();
        self.threshold.settle();
        self.range.settle();
        self.listen.settle();
        self.key.iter_mut().for_each(Core::clear);
        self.band_level.clear();
        self.whole_level.clear();
        self.reduction.reset();
        self.audio.iter_mut().chain(&mut self.band).for_each(Delay::reset);
        self.filter.clear();
        self.deepest_db = 0.0;
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        match param {
            FREQ => self.tuning.ln_hz.set(value.ln()),
            Q => self.tuning.ln_q.set(value.ln()),
            THRESHOLD => self.threshold.set(value),
            RANGE => self.range.set(value),
            ATTACK => self.times.attack = one_pole(value, self.rate),
            RELEASE => self.times.release = one_pole(value, self.rate),
            LISTEN => self.listen.set(value),
            _ => {}
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_sane(block);
        self.tuning.advance();
        let mut band = self.detected(block);
        let reductions = self.reductions(&band, block);
        for channel in 0..CHANNELS {
            self.audio[channel].run(&mut block.channels_mut()[channel]);
            self.band[channel].run(&mut band.channels_mut()[channel]);
        }
        self.turn_down(block, &reductions);
        fade(&mut self.listen, block, &band);
    }

    fn band_gains_db(&self, out: &mut [f32; BANDS_SHOWN]) -> usize {
        out[0] = -self.deepest_db as f32;
        1
    }

    fn gain_reduction_db(&self) -> Option<f64> {
        Some(-self.deepest_db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{db_from_gain, gain_from_db};
    use std::f64::consts::PI;

    const RATE: SampleRate = SampleRate(48_000);

    fn build(given: &[(ParamIndex, f64)]) -> Box<dyn Processor> {
        let mut values = Values::defaults(&PARAMS);
        given.iter().for_each(|&(param, value)| values.set(param, value));
        DeesserKind.build(&values, &Setup { sample_rate: RATE })
    }

    /// The left output without the latency.
    fn run(processor: &mut dyn Processor, frames: usize, input: impl Fn(usize) -> f64) -> Vec<f64> {
        let latency = processor.latency().as_len();
        let mut out = Vec::new();
        for start in (0..frames + latency).step_by(QUANTUM) {
            let mut block = Block::silent();
            let samples = std::array::from_fn(|i| input(start + i));
            *block.channels_mut() = [samples, samples];
            processor.process(Frames(start as i64), &mut block);
            out.extend_from_slice(block.left());
        }
        out[latency..latency + frames].to_vec()
    }

    fn tone(hz: f64, db: f64, n: usize) -> f64 {
        gain_from_db(db) * (2.0 * PI * hz * n as f64 / RATE.hz()).sin()
    }

    /// Peak of a tone in the last half second, dB.
    fn level_db(signal: &[f64], hz: f64) -> f64 {
        let tail = &signal[signal.len() - 24_000..];
        let (re, im) = tail.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, v)| {
            let w = 2.0 * PI * hz * n as f64 / RATE.hz();
            (re + v * w.cos(), im + v * w.sin())
        });
        db_from_gain(f64::hypot(re, im) / 12_000.0)
    }

    /// Band above 6 kHz at 12 kHz, 24 dB/oct through the bilinear transform.
    fn high_pass_db(hz: f64, corner_hz: f64) -> f64 {
        let x4 = ((PI * hz / RATE.hz()).tan() / (PI * corner_hz / RATE.hz()).tan()).powi(4);
        db_from_gain(x4 / (1.0 + x4))
    }

    #[test]
    fn the_reduction_depends_on_the_ratio_and_not_on_the_level() {
        // 12 kHz against 400 Hz, both whole periods in 5 ms; expected from the powers of the two.
        for (s_db, range) in [(-10.0, 12.0), (-4.0, 12.0), (0.0, 3.0), (-30.0, 12.0)] {
            let band = 10f64.powf((s_db + high_pass_db(12_000.0, 6000.0)) / 10.0);
            let difference = 10.0 * (band / (1.0 + 10f64.powf(s_db / 10.0))).log10();
            let expected = (difference + 12.0).clamp(0.0, range);
            for loud_db in [-1.0, -20.0, -50.0] {
                let input = |n| tone(400.0, loud_db, n) + tone(12_000.0, loud_db + s_db, n);
                let given = [(MODE, 0.0), (THRESHOLD, -12.0), (RANGE, range)];
                let mut deesser = build(&given);
                let out = run(deesser.as_mut(), 48_000, input);
                let gain = level_db(&out, 400.0) - loud_db;
                assert!((gain + expected).abs() < 0.05, "{s_db} at {loud_db}: {gain} {expected}");
                let meter = deesser.gain_reduction_db().unwrap();
                assert!((meter + expected).abs() < 0.05, "meter {meter}");
            }
        }
    }

    #[test]
    fn split_and_bell_turn_down_their_band_only() {
        let input = |n| tone(200.0, -20.0, n) + tone(12_000.0, -20.0, n);
        let given = [(MODE, 1.0), (FREQ, 5000.0), (THRESHOLD, -20.0), (RANGE, 6.0)];
        let out = run(build(&given).as_mut(), 48_000, input);
        assert!((level_db(&out, 200.0) + 20.0).abs() < 0.01);
        // A shelf of second order comes within half a dB of its end an octave and a bit above the corner.
        assert!((level_db(&out, 12_000.0) + 26.0).abs() < 0.2, "{}", level_db(&out, 12_000.0));
        let given = [(MODE, 2.0), (FREQ, 12_000.0), (Q, 3.0), (THRESHOLD, -20.0), (RANGE, 6.0)];
        let out = run(build(&given).as_mut(), 48_000, input);
        assert!((level_db(&out, 200.0) + 20.0).abs() < 0.01);
        assert!((level_db(&out, 12_000.0) + 26.0).abs() < 0.01, "{}", level_db(&out, 12_000.0));
    }

    #[test]
    fn without_reduction_every_bit_passes() {
        let input = |n| tone(300.0, -6.0, n) + tone(9000.0, -40.0, n);
        for mode in [0.0, 1.0, 2.0] {
            // The onset of the tones is a hiss for a moment; 1.5 s later nothing is left of the reduction.
            let out = run(build(&[(MODE, mode)]).as_mut(), 96_000, input);
            assert!((80_000..96_000).all(|n| out[n].to_bits() == input(n).to_bits()), "mode {mode}");
            let given = [(MODE, mode), (RANGE, 0.0), (THRESHOLD, -60.0)];
            let out = run(build(&given).as_mut(), 9600, input);
            assert!((0..9600).all(|n| out[n].to_bits() == input(n).to_bits()), "mode {mode}, range 0");
        }
    }

    #[test]
    fn attack_is_there_in_time_and_release_as_set() {
        // A hiss begins on top of a low tone and ends again.
        let input = |n| {
            let s = if (24_000..48_000).contains(&n) { tone(9600.0, -10.0, n) } else { 0.0 };
            s + tone(400.0, -30.0, n)
        };
        let given = [(MODE, 0.0), (THRESHOLD, -20.0), (RANGE, 10.0), (RELEASE, 100.0)];
        let mut deesser = build(&given);
        let out = run(deesser.as_mut(), 96_000, input);
        let reduction = |n: usize| {
            let power = |f: &dyn Fn(usize) -> f64| (n - 60..n + 60).map(|i| f(i).powi(2)).sum::<f64>();
            10.0 * (power(&input) / power(&|i| out[i])).log10()
        };
        assert!(reduction(24_000 + 144) > 9.9, "full reduction 3 ms after the onset: {}", reduction(24_144));
        // The band leaves the window 5 ms after the end; then 63.2 % in 100 ms.
        let back = (48_300..).find(|n| reduction(*n) < 3.68).unwrap() - 48_000;
        let back_ms = back as f64 / 48.0;
        println!("set 100, measured {back_ms:.1} ms from the end of the hiss");
        assert!(back_ms > 99.0 && back_ms < 106.0, "{back_ms}");
    }

    #[test]
    fn listen_plays_the_detected_band() {
        let input = |n| tone(400.0, -20.0, n) + tone(12_000.0, -20.0, n);
        let out = run(build(&[(LISTEN, 1.0)]).as_mut(), 48_000, input);
        assert!((level_db(&out, 12_000.0) + 20.0 - high_pass_db(12_000.0, 6000.0)).abs() < 0.01);
        assert!((level_db(&out, 400.0) + 20.0 - high_pass_db(400.0, 6000.0)).abs() < 0.1);
    }

    #[test]
    fn it_tames_a_narrow_resonance_down_to_200_hz() {
        // A tone that rings on a chord, an octave and more away from the rest; Q 8.
        for hz in [200.0, 250.0, 1000.0, 16_000.0] {
            let input = |n| tone(hz, -12.0, n) + tone(if hz < 900.0 { 5000.0 } else { 100.0 }, -20.0, n);
            let given = [(MODE, 2.0), (FREQ, hz), (Q, 8.0), (THRESHOLD, -12.0), (RANGE, 5.0)];
            let mut deesser = build(&given);
            let out = run(deesser.as_mut(), 48_000, input);
            assert!((level_db(&out, hz) + 17.0).abs() < 0.02, "{hz}: {}", level_db(&out, hz));
            let other = if hz < 900.0 { 5000.0 } else { 100.0 };
            assert!((level_db(&out, other) + 20.0).abs() < 0.02, "{hz}: {}", level_db(&out, other));
            let mut shown = [0.0; BANDS_SHOWN];
            assert_eq!(deesser.band_gains_db(&mut shown), 1);
            assert!((shown[0] + 5.0).abs() < 0.02, "{}", shown[0]);
        }
    }
}
