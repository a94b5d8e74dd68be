//! The spectrum of a stereo signal: one transform of left and one of right serve every channel and every trace.
//!
//! The transform is linear, so mid `(L+R)/2` and side `(L−R)/2` come from the two complex spectra, and the stereo reading
//! is the mean power of left and right (a full-scale sine in both reads 0 dB). A new spectrum comes each quarter of the
//! length or thirty times a second, whichever is more often; each of them enters every trace.

use serde::{Deserialize, Serialize};

use super::analyzer::step_for;
use super::transform::{Ring, Transform};
use super::{FftSize, Lobe, SpectrumView, WindowKind, trace_db};
use crate::dsp::fft::Complex;

/// At least so many spectra a second.
const REFRESH_HZ: u32 = 30;

/// Which signal a trace shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Mean power of left and right.
    #[default]
    Stereo,
    /// Left.
    Left,
    /// Right.
    Right,
    /// `(L+R)/2`.
    Mid,
    /// `(L−R)/2`.
    Side,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Stereo, Self::Left, Self::Right, Self::Mid, Self::Side];

    /// As shown.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Stereo => "stereo",
            Self::Left => "left",
            Self::Right => "right",
            Self::Mid => "mid",
            Self::Side => "side",
        }
    }
}

/// One spectrum of left and right.
#[derive(Debug, Clone, Copy)]
pub struct Bins<'a> {
    left: &'a [Complex<f64>],
    right: &'a [Complex<f64>],
}

impl Bins<'_> {
    /// Writes the powers of a channel's bins; a full-scale sine on a bin has 1.
    pub fn powers(&self, channel: Channel, out: &mut [f64]) {
        let pairs = out.iter_mut().zip(self.left.iter().zip(self.right));
        match channel {
            Channel::Stereo => pairs.for_each(|(p, (l, r))| *p = 0.5 * (l.norm_sqr() + r.norm_sqr())),
            Channel::Left => pairs.for_each(|(p, (l, _))| *p = l.norm_sqr()),
            Channel::Right => pairs.for_each(|(p, (_, r))| *p = r.norm_sqr()),
            Channel::Mid => pairs.for_each(|(p, (l, r))| *p = 0.25 * (l + r).norm_sqr()),
            Channel::Side => pairs.for_each(|(p, (l, r))| *p = 0.25 * (l - r).norm_sqr()),
        }
    }
}

/// Transforms a stereo signal. Nothing is allocated after `new`.
pub struct StereoSpectrum {
    rate_hz: u32,
    transform: Transform,
    window: Vec<f64>,
    lobe: Lobe,
    rings: [Ring; 2],
    bins: [Vec<Complex<f64>>; 2],
    hop: usize,
    /// Samples until the next spectrum; first until the rings are full, so that none holds silence from before the sound.
    until_next: usize,
}

impl StereoSpectrum {
    /// For a rate in hertz.
    pub fn new(rate_hz: u32, size: FftSize, kind: WindowKind) -> Self {
        let hop = (size.length(rate_hz) / 4).min((rate_hz / REFRESH_HZ).max(1) as usize);
        Self::with_hop(rate_hz, size, kind, hop)
    }

    /// With a spectrum each `hop` samples.
    pub fn with_hop(rate_hz: u32, size: FftSize, kind: WindowKind, hop: usize) -> Self {
        let length = size.length(rate_hz);
        let transform = Transform::new(length);
        let hop = hop.max(1);
        Self {
            rate_hz: rate_hz.max(1),
            window: kind.scaled(length),
            lobe: Lobe::new(kind),
            rings: [Ring::new(length), Ring::new(length)],
            bins: [transform.output(), transform.output()],
            transform,
            hop,
            until_next: length,
        }
    }

    /// Takes a stretch of the signal (both of one length); `each` hears every spectrum with the samples left behind it.
    pub fn push(&mut self, mut left: &[f64], mut right: &[f64], each: &mut dyn FnMut(Bins<'_>, usize)) {
        while !left.is_empty() && left.len() == right.len() {
            let n = left.len().min(self.until_next);
            self.rings[0].push(&left[..n]);
            self.rings[1].push(&right[..n]);
            (left, right) = (&left[n..], &right[n..]);
            self.until_next -= n;
            if self.until_next == 0 {
                self.until_next = self.hop;
                self.analyse();
                each(Bins { left: &self.bins[0], right: &self.bins[1] }, left.len());
            }
        }
    }

    fn analyse(&mut self) {
        for (ring, bins) in self.rings.iter().zip(&mut self.bins) {
            ring.windowed(&self.window, &mut self.transform.input);
            self.transform.run(bins);
        }
    }

    /// The signal does not go on: no spectrum spans the break.
    pub fn restart(&mut self) {
        self.until_next = self.window.len();
    }

    /// Bins of a spectrum.
    pub fn bin_count(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// Samples a spectrum looks at.
    pub fn length(&self) -> usize {
        self.window.len()
    }

    /// Samples between two spectra.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Distance of two bins, Hz.
    pub fn bin_hz(&self) -> f64 {
        f64::from(self.rate_hz) / self.window.len() as f64
    }

    /// Part of a new spectrum in an average of a time constant in seconds; 0 for infinite.
    pub fn step_for(&self, average_s: f64) -> f64 {
        step_for(self.hop, f64::from(self.rate_hz), average_s)
    }

    /// The shape of a sine under the window.
    pub fn lobe(&self) -> &Lobe {
        &self.lobe
    }

    /// Power of noise of density 1 per hertz in a bin.
    pub fn noise_hz(&self) -> f64 {
        self.bin_hz() * self.lobe.kind().noise_bins()
    }

    /// Writes powers in dB on a grid.
    pub fn trace_db(&self, powers: &[f64], view: &SpectrumView, out: &mut [f32]) {
        trace_db(powers, self.bin_hz(), &self.lobe, view, out);
    }
}

/// What is kept of a channel's spectra. Nothing is allocated after `new`.
pub struct Traces {
    /// The last spectrum.
    pub now: Vec<f64>,
    /// The average.
    pub average: Vec<f64>,
    /// The held maximum.
    pub peak: Vec<f64>,
    /// The held minimum.
    pub minimum: Vec<f64>,
    averaged: u64,
    held: u64,
}

impl Traces {
    /// For spectra of so many bins.
    pub fn new(bins: usize) -> Self {
        let zeros = || vec![0.0; bins];
        Self { now: zeros(), average: zeros(), peak: zeros(), minimum: zeros(), averaged: 0, held: 0 }
    }

    /// Takes a spectrum: `step` is its part in the average (0: the mean of all since the restart), `fall` the factor a held
    /// peak falls by from one spectrum to the next (1: it does not).
    pub fn take(&mut self, bins: Bins<'_>, channel: Channel, step: f64, fall: f64) {
        self.take_powers(|now| bins.powers(channel, now), step, fall);
    }

    /// The same of powers that are written into the last spectrum.
    pub(super) fn take_powers(&mut self, write: impl FnOnce(&mut [f64]), step: f64, fall: f64) {
        write(&mut self.now);
        self.averaged += 1;
        // Early on the plain mean, so that the trace does not rise from nothing.
        let step = step.max(1.0 / self.averaged as f64);
        let is_first = self.held == 0;
        self.held += 1;
        let kept = self.average.iter_mut().zip(&mut self.peak).zip(&mut self.minimum);
        for (((average, peak), minimum), &power) in kept.zip(&self.now) {
            *average += step * (power - *average);
            *peak = power.max(*peak * fall);
            *minimum = if is_first { power } else { power.min(*minimum) };
        }
    }

    /// The average begins anew.
    pub fn restart_average(&mut self) {
        self.averaged = 0;
    }

    /// The held maximum and minimum begin anew.
    pub fn reset_holds(&mut self) {
        self.held = 0;
        self.peak.fill(0.0);
    }

    /// Whether anything was measured.
    pub fn is_empty(&self) -> bool {
        self.averaged == 0
    }
}
