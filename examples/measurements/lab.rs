//! The measuring kit: builds a processor from parameter names as a chain file gives them, sends signals through it, and
//! reads what comes out with tools that know nothing of the processor.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use glassmaster::audio::{Block, FpuGuard, QUANTUM};
use glassmaster::dsp::fft::{Complex, RealFft};
use glassmaster::dsp::noise::Noise;
use glassmaster::dsp::window::kaiser_at;
use glassmaster::model::ParamValue;
use glassmaster::process::{Kind, Processor, Setup, Values, find, values_of};
use glassmaster::units::{Frames, SampleRate};

/// The rate most rows are measured at.
pub const CD: SampleRate = SampleRate::CD;

/// A parameter as a chain file writes it.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// A number.
    Number(f64),
    /// A word of a choice.
    Word(&'a str),
    /// A switch.
    Switch(bool),
}

/// Parameters of one instance.
pub type Settings<'a> = &'a [(&'a str, Given<'a>)];

/// A processor that runs.
pub struct Instance {
    kind: &'static dyn Kind,
    processor: Box<dyn Processor>,
    frame: i64,
}

impl Instance {
    /// Builds a kind with these parameters, the others at their defaults.
    ///
    /// # Panics
    /// The kind or a parameter does not exist, or a value is outside its range.
    pub fn new(kind: &str, rate: SampleRate, settings: Settings<'_>) -> Self {
        let found = find(kind).unwrap_or_else(|| panic!("there is no processor “{kind}”"));
        let (values, wrong) = values_of(found, &given(settings));
        assert!(wrong.is_empty(), "{kind}: {wrong:?}");
        Self::of(found, &values, rate)
    }

    fn of(kind: &'static dyn Kind, values: &Values, rate: SampleRate) -> Self {
        Self { kind, processor: kind.build(values, &Setup { sample_rate: rate }), frame: 0 }
    }

    /// Reported latency in frames.
    pub fn latency(&self) -> usize {
        self.processor.latency().as_len()
    }

    /// A new value of a number.
    pub fn set(&mut self, param: &str, value: f64) {
        let index = self.kind.params().iter().position(|p| p.id == param);
        self.processor.set(index.unwrap_or_else(|| panic!("no parameter {param}")), value);
    }

    /// One block in place.
    pub fn block(&mut self, block: &mut Block) {
        self.processor.process(Frames(self.frame), block);
        self.frame += QUANTUM as i64;
    }

    /// Sends two channels through, `before` called ahead of each block with its first frame; the output as it comes,
    /// `tail` frames longer than the input.
    pub fn stream(
        &mut self,
        input: [&[f64]; 2],
        tail: usize,
        mut before: impl FnMut(usize, &mut Self),
    ) -> [Vec<f64>; 2] {
        let _fpu = FpuGuard::new();
        let frames = input[0].len() + tail;
        let mut out = [Vec::with_capacity(frames), Vec::with_capacity(frames)];
        for start in (0..frames).step_by(QUANTUM) {
            before(start, self);
            let mut block = Block::silent();
            for (samples, input) in block.channels_mut().iter_mut().zip(input) {
                for (sample, n) in samples.iter_mut().zip(start..) {
                    *sample = input.get(n).copied().unwrap_or(0.0);
                }
            }
            self.block(&mut block);
            out.iter_mut().zip(block.channels()).for_each(|(o, c)| o.extend_from_slice(c));
        }
        out
    }

    /// Sends two channels through and takes the reported latency off: as long as the input.
    pub fn run(&mut self, input: [&[f64]; 2]) -> [Vec<f64>; 2] {
        let (latency, frames) = (self.latency(), input[0].len());
        self.stream(input, latency + QUANTUM, |_, _| ()).map(|o| o[latency..latency + frames].to_vec())
    }

    /// The same signal on both channels; the left one comes back.
    pub fn run_mono(&mut self, input: &[f64]) -> Vec<f64> {
        let [left, _] = self.run([input, input]);
        left
    }

    /// Response to an impulse of 0.25 on both channels, latency left in.
    pub fn impulse(&mut self, frames: usize) -> Vec<f64> {
        let mut x = vec![0.0; frames];
        x[0] = 0.25;
        let [mut left, _] = self.stream([&x, &x], 0, |_, _| ());
        left.truncate(frames);
        left.iter_mut().for_each(|v| *v *= 4.0);
        left
    }
}

fn given(settings: Settings<'_>) -> BTreeMap<String, ParamValue> {
    let value = |given: &Given<'_>| match *given {
        Given::Number(n) => ParamValue::Number(n),
        Given::Word(w) => ParamValue::Word(w.to_owned()),
        Given::Switch(s) => ParamValue::Switch(s),
    };
    settings.iter().map(|(id, v)| ((*id).to_owned(), value(v))).collect()
}

/// dB of an amplitude.
pub fn db(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-30).log10()
}

/// A sine of this peak level.
pub fn sine(freq_hz: f64, peak_db: f64, rate: SampleRate, frames: usize) -> Vec<f64> {
    let (w, a) = (2.0 * PI * freq_hz / rate.hz(), 10f64.powf(peak_db / 20.0));
    (0..frames).map(|n| a * (w * n as f64).sin()).collect()
}

/// Uniform noise, −1 to 1.
pub fn noise(seed: u64, frames: usize) -> Vec<f64> {
    let noise = Noise::new(seed, 0);
    (0..frames as i64).map(|n| 2.0 * noise.uniform(n, 0) - 1.0).collect()
}

/// A spectrum in magnitude re a signal of unit sum, bins `rate/length` apart.
pub struct Response {
    magnitude: Vec<f64>,
    bin_hz: f64,
}

impl Response {
    /// Of an impulse response, zero-padded to a power of two.
    pub fn of(impulse: &[f64], rate: SampleRate) -> Self {
        let length = impulse.len().next_power_of_two();
        let mut padded = impulse.to_vec();
        padded.resize(length, 0.0);
        let magnitude = RealFft::new(length).spectrum_of(&mut padded).iter().map(|c| c.norm()).collect();
        Self { magnitude, bin_hz: rate.hz() / length as f64 }
    }

    /// Every bin between two frequencies, thinned to about 400 to the octave at most: Hz and dB.
    pub fn between(&self, from_hz: f64, to_hz: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let first = (from_hz / self.bin_hz).ceil().max(1.0) as usize;
        let last = ((to_hz / self.bin_hz).floor() as usize).min(self.magnitude.len() - 1);
        let mut bin = first;
        std::iter::from_fn(move || {
            (bin <= last).then(|| {
                let here = bin;
                bin += (bin / 600).max(1);
                (here as f64 * self.bin_hz, db(self.magnitude[here]))
            })
        })
    }

    /// dB at the bin nearest to a frequency, and that bin's frequency.
    pub fn near(&self, freq_hz: f64) -> (f64, f64) {
        let bin = (freq_hz / self.bin_hz).round() as usize;
        (bin as f64 * self.bin_hz, db(self.magnitude[bin]))
    }
}

/// Kaiser-windowed magnitudes (β as given) of the middle `length` samples, re a sine of amplitude 1.
pub fn lines(x: &[f64], length: usize, beta: f64) -> Vec<f64> {
    let start = (x.len() - length) / 2;
    let mut sum = 0.0;
    let mut windowed: Vec<f64> = (0..length)
        .map(|i| {
            let w = kaiser_at(2.0 * i as f64 / (length - 1) as f64 - 1.0, beta);
            sum += w;
            w * x[start + i]
        })
        .collect();
    RealFft::new(length).spectrum_of(&mut windowed).iter().map(|c| 2.0 * c.norm() / sum).collect()
}

/// The strongest line that is no multiple of `fundamental_hz`, dBFS.
pub fn strongest_inharmonic_db(x: &[f64], fundamental_hz: f64, rate: SampleRate) -> f64 {
    let length = 1 << 16;
    let bin_hz = rate.hz() / length as f64;
    let guard = 40.0 * bin_hz;
    let worst = lines(x, length, 28.0)
        .iter()
        .enumerate()
        .filter(|(k, _)| {
            let f = *k as f64 * bin_hz;
            let off = (f / fundamental_hz).fract().min(1.0 - (f / fundamental_hz).fract()) * fundamental_hz;
            f > guard && off > guard
        })
        .map(|(_, v)| *v)
        .fold(0.0, f64::max);
    db(worst)
}

/// Amplitude of a sine by least squares over the stretch, which should hold whole periods; and what is left, as a ratio
/// of powers in dB.
pub fn tone_and_rest(x: &[f64], freq_hz: f64, rate: SampleRate) -> (f64, f64) {
    let w = 2.0 * PI * freq_hz / rate.hz();
    // Normal equations of sine, cosine and a constant.
    let (mut ss, mut cc, mut sc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, v) in x.iter().enumerate() {
        let (s, c) = (w * n as f64).sin_cos();
        ss += s * s;
        cc += c * c;
        sc += s * c;
        xs += v * s;
        xc += v * c;
    }
    let det = ss * cc - sc * sc;
    let (a, b) = ((xs * cc - xc * sc) / det, (xc * ss - xs * sc) / det);
    let rest: f64 = x
        .iter()
        .enumerate()
        .map(|(n, v)| {
            let (s, c) = (w * n as f64).sin_cos();
            (v - a * s - b * c).powi(2)
        })
        .sum();
    let tone = (a * a + b * b) * x.len() as f64 / 2.0;
    (a.hypot(b), 10.0 * (rest / tone).max(1e-40).log10())
}

/// Energy further than 300 Hz from a tone in the worst 93 ms frame, dB re the tone (rows E5 and A3).
pub fn splatter_dbc(x: &[f64], tone_hz: f64, rate: SampleRate) -> f64 {
    let length = 4096;
    let mut worst = f64::NEG_INFINITY;
    for start in (0..x.len() - length).step_by(512) {
        let spectrum = lines(&x[start..start + length], length, 20.0);
        let (mut far, mut near) = (0.0, 0.0);
        for (k, v) in spectrum.iter().enumerate().skip(1) {
            let away = (k as f64 * rate.hz() / length as f64 - tone_hz).abs();
            if away > 300.0 { far += v * v } else { near += v * v }
        }
        worst = worst.max(10.0 * (far / near).log10());
    }
    worst
}

/// Largest magnitude of the curve through the samples on a grid of 32 points a frame, by zero-padding the spectrum of
/// the whole: the independent reading of rows L1 to L2b.
pub fn true_peak_32x(x: &[f64]) -> f64 {
    let length = (x.len() * 2).next_power_of_two();
    let mut padded = vec![0.0; length];
    padded[length / 4..length / 4 + x.len()].copy_from_slice(x);
    let mut fft = RealFft::new(length);
    let spectrum = fft.spectrum_of(&mut padded);
    let mut y = vec![0.0; length];
    let mut worst = 0.0f64;
    // Shifting by a 32nd of a frame at a time keeps the transforms short.
    for step in 0..32 {
        let mut shifted: Vec<_> = spectrum
            .iter()
            .enumerate()
            .map(|(k, c)| {
                let turn = 2.0 * PI * k as f64 / length as f64 * f64::from(step) / 32.0;
                c * Complex::new(turn.cos(), turn.sin())
            })
            .collect();
        fft.inverse(&mut shifted, &mut y);
        worst = y.iter().fold(worst, |m, v| m.max(v.abs()));
    }
    worst / length as f64
}
