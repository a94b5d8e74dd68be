//! Sounds made from arithmetic: plucked strings, struck bars, pads, bass and drums, each a function of time.

use std::f64::consts::TAU;

/// Uniform noise in −1..1 from a counter, the same everywhere (a SplitMix64 step, Steele et al. 2014).
pub fn noise(seed: u64, n: u64) -> f64 {
    let mut z = (seed ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(n << 17 | 1);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// Frequency of a MIDI note number, A4 = 440 Hz.
pub fn hz_from_note(note: f64) -> f64 {
    440.0 * ((note - 69.0) / 12.0).exp2()
}

/// A sum of decaying partials, run by rotating phasors: no sine in the inner loop.
struct Partials {
    /// Real and imaginary part and rotation of each.
    phasors: Vec<[f64; 4]>,
}

impl Partials {
    /// `(frequency, level, decay time to 1/e)` each; those above 18 kHz or Nyquist are left out.
    fn new(rate: f64, partials: impl Iterator<Item = (f64, f64, f64)>) -> Self {
        let top = (rate * 0.45).min(18_000.0);
        let phasors = partials
            .filter(|p| p.0 < top)
            .map(|(hz, level, decay_s)| {
                let shrink = (-1.0 / (decay_s * rate)).exp();
                let (sin, cos) = (TAU * hz / rate).sin_cos();
                [0.0, level, cos * shrink, sin * shrink]
            })
            .collect();
        Self { phasors }
    }

    fn next(&mut self) -> f64 {
        let mut sum = 0.0;
        for [im, re, cos, sin] in &mut self.phasors {
            sum += *im;
            (*re, *im) = (*re * *cos - *im * *sin, *re * *sin + *im * *cos);
        }
        sum
    }
}

/// One note rendered dry, mono, at full velocity about ±0.5.
pub fn render(instrument: Instrument, rate: f64, note: f64, length_s: f64, seed: u64) -> Vec<f64> {
    match instrument {
        Instrument::Keys => keys(rate, note, length_s),
        Instrument::Guitar => guitar(rate, note, length_s, seed),
        Instrument::Pad => pad(rate, note, length_s),
        Instrument::Bass => bass(rate, note, length_s),
        Instrument::Lead => lead(rate, note, length_s),
        Instrument::Kick => kick(rate),
        Instrument::Snare => snare(rate, seed),
        Instrument::Hat => hat(rate, seed),
    }
}

/// What plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instrument {
    /// Struck, bell-like.
    Keys,
    /// A plucked string (Karplus and Strong 1983).
    Guitar,
    /// Slow and wide.
    Pad,
    /// Round low notes.
    Bass,
    /// A singing line.
    Lead,
    /// Bass drum.
    Kick,
    /// Snare drum.
    Snare,
    /// Hi-hat.
    Hat,
}

fn frames(rate: f64, seconds: f64) -> usize {
    (rate * seconds) as usize
}

/// Ends a note without a click: the last 30 ms fall to zero.
fn released(mut samples: Vec<f64>, rate: f64) -> Vec<f64> {
    let tail = frames(rate, 0.03).min(samples.len());
    let start = samples.len() - tail;
    for (i, s) in samples[start..].iter_mut().enumerate() {
        *s *= 1.0 - i as f64 / tail as f64;
    }
    samples
}

fn keys(rate: f64, note: f64, length_s: f64) -> Vec<f64> {
    let f = hz_from_note(note);
    let partials = (1..=7).map(|k| {
        let k = f64::from(k);
        // A stiff string: partials a little sharp, the high ones gone sooner.
        let hz = f * k * (1.0 + 0.000_3 * k * k).sqrt();
        (hz, 0.34 / k.powf(1.3), 1.9 / k.sqrt())
    });
    let mut voice = Partials::new(rate, partials);
    released((0..frames(rate, length_s)).map(|_| voice.next()).collect(), rate)
}

fn guitar(rate: f64, note: f64, length_s: f64, seed: u64) -> Vec<f64> {
    let period = rate / hz_from_note(note);
    let taps = (period - 0.5).floor().max(2.0) as usize;
    let fraction = period - 0.5 - taps as f64;
    let mut line: Vec<f64> = (0..taps).map(|i| noise(seed, i as u64)).collect();
    // A softer pluck: the burst is smoothed once.
    for i in 1..taps {
        line[i] = 0.5 * (line[i] + line[i - 1]);
    }
    let (mut at, mut last, mut allpass) = (0, 0.0, 0.0);
    let tune = (1.0 - fraction) / (1.0 + fraction);
    let out = (0..frames(rate, length_s)).map(|_| {
        let now = line[at];
        let averaged = 0.498_5 * (now + last);
        last = now;
        let tuned = tune * averaged + allpass;
        allpass = averaged - tune * tuned;
        line[at] = tuned;
        at = (at + 1) % taps;
        0.6 * now
    });
    released(out.collect(), rate)
}

fn pad(rate: f64, note: f64, length_s: f64) -> Vec<f64> {
    let f = hz_from_note(note);
    let partials = [0.9965, 1.0, 1.0041].into_iter().flat_map(move |detune| {
        (1..=9).map(move |k| (f * detune * f64::from(k), 0.09 / f64::from(k).powf(1.4), 60.0))
    });
    let mut voice = Partials::new(rate, partials);
    let attack = 0.6f64.min(length_s / 3.0);
    let release = 0.9f64.min(length_s / 3.0);
    (0..frames(rate, length_s))
        .map(|i| {
            let t = i as f64 / rate;
            let rise = (t / attack).min(1.0);
            let fall = ((length_s - t) / release).clamp(0.0, 1.0);
            voice.next() * rise * rise * (3.0 - 2.0 * rise) * fall * fall * (3.0 - 2.0 * fall)
        })
        .collect()
}

fn bass(rate: f64, note: f64, length_s: f64) -> Vec<f64> {
    let f = hz_from_note(note);
    let mut voice = Partials::new(
        rate,
        (1..=10).map(|k| {
            let k = f64::from(k);
            (f * k, 0.42 / k.powf(1.5), 1.4 / k.powf(0.8))
        }),
    );
    released((0..frames(rate, length_s)).map(|_| voice.next()).collect(), rate)
}

fn lead(rate: f64, note: f64, length_s: f64) -> Vec<f64> {
    let f = hz_from_note(note);
    let mut phase = 0.0;
    let out = (0..frames(rate, length_s)).map(|i| {
        let t = i as f64 / rate;
        let vibrato = 1.0 + 0.004 * ((t - 0.25).clamp(0.0, 0.3) / 0.3) * (TAU * 5.3 * t).sin();
        phase = (phase + f * vibrato / rate).fract();
        let x = TAU * phase;
        let envelope = (t / 0.03).min(1.0) * (-t * 0.7).exp();
        envelope * 0.3 * (x.sin() + 0.45 * (2.0 * x).sin() + 0.2 * (3.0 * x).sin() + 0.1 * (5.0 * x).sin())
    });
    released(out.collect(), rate)
}

fn kick(rate: f64) -> Vec<f64> {
    let mut phase = 0.0;
    let out = (0..frames(rate, 0.45)).map(|i| {
        let t = i as f64 / rate;
        phase += (48.0 + 150.0 * (-t * 38.0).exp()) / rate;
        let click = (-t * 900.0).exp() * 0.35;
        (TAU * phase).sin() * (-t * 9.5).exp() * 0.9 + click
    });
    released(out.collect(), rate)
}

fn snare(rate: f64, seed: u64) -> Vec<f64> {
    let mut low = 0.0;
    // One-pole high-pass at about 900 Hz on the noise.
    let keep = (-TAU * 900.0 / rate).exp();
    let out = (0..frames(rate, 0.3)).map(|i| {
        let t = i as f64 / rate;
        // Noise on an 48 kHz clock, held, so that every rate hears the same hiss.
        let hiss = noise(seed, (t * 48_000.0) as u64);
        low = keep * low + (1.0 - keep) * hiss;
        let body = (TAU * 186.0 * t).sin() * (-t * 22.0).exp() * 0.5;
        (hiss - low) * (-t * 17.0).exp() * 0.45 + body
    });
    released(out.collect(), rate)
}

fn hat(rate: f64, seed: u64) -> Vec<f64> {
    let mut low = 0.0;
    let keep = (-TAU * 6500.0 / rate).exp();
    let out = (0..frames(rate, 0.12)).map(|i| {
        let t = i as f64 / rate;
        let hiss = noise(seed, (t * 48_000.0) as u64);
        low = keep * low + (1.0 - keep) * hiss;
        (hiss - low) * (-t * 60.0).exp() * 0.3
    });
    released(out.collect(), rate)
}
