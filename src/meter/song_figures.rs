//! The figures of one song of an album: those of [`super::analysis`], and beside them what only an album asks for: smallest
//! PSR, spectral balance, level at both ends.
//!
//! Short-term values lie on the grid of 100 ms (Tech 3342 v4). The balance is the
//! power below 120 Hz, between, and above 2 kHz against the whole, from spectra of 8192 points (Hann, half overlapped, in
//! power). A song starts where its first 100 ms pass −70 LUFS and ends with the last that do; its start and end level are
//! the short-term loudness of the first and last 3 s between the two.

use serde::Serialize;

use super::analysis::{Analyzer, FileFacts};
use super::loudness::{lufs_from_power, power_from_lufs};
use crate::dsp::fft::RealFft;
use crate::dsp::kweight::KWeight;
use crate::units::db_from_power;

/// Steps a second.
const STEPS_PER_SECOND: u64 = 10;
/// Steps of a short-term window, 3 s.
const SHORT_TERM_STEPS: usize = 30;
/// Fewest steps that have a start and an end level, 400 ms.
const FEWEST_STEPS: usize = 4;
/// What is quieter does not sound, LUFS.
const SOUNDS_LUFS: f64 = -70.0;
/// Borders of the spectral balance, Hz.
pub const BALANCE_BORDERS_HZ: [f64; 2] = [120.0, 2000.0];
/// Points of a spectrum for the balance.
const FFT_POINTS: usize = 8192;

/// The readings of a song or an album. What silence or shortness has no reading of is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SongFigures {
    /// Length, seconds.
    pub duration_s: f64,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Highest short-term loudness, LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// Highest momentary loudness, LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Loudness range, LU.
    pub loudness_range_lu: Option<f64>,
    /// True peak, dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// Sample peak, dBFS.
    pub sample_peak_dbfs: Option<f64>,
    /// AES17 RMS, dBFS.
    pub rms_dbfs: Option<f64>,
    /// True peak over integrated loudness, dB.
    pub plr_db: Option<f64>,
    /// Smallest distance of the true peak of 3 s from their loudness, dB.
    pub min_psr_db: Option<f64>,
    /// TT DR.
    pub dr: Option<f64>,
    /// Power below 120 Hz, between, and above 2 kHz, dB against the whole.
    pub balance_db: Option<[f64; 3]>,
    /// Of left and right, −1..1.
    pub correlation: Option<f64>,
    /// Short-term loudness of the first 3 s that sound, LUFS.
    pub start_lufs: Option<f64>,
    /// Short-term loudness of the last 3 s that sound, LUFS.
    pub end_lufs: Option<f64>,
}

/// A measured song: its figures, and what the figures of its album are made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeasuredSong {
    /// The readings.
    pub figures: SongFigures,
    /// Powers of the gating blocks, one each 100 ms.
    pub gating_powers: Vec<f64>,
    /// Short-term powers, one each 100 ms.
    pub short_term_powers: Vec<f64>,
    /// Power in the three parts of the spectrum, summed over the song.
    pub band_powers: [f64; 3],
    /// ΣL², ΣR², ΣLR.
    pub products: [f64; 3],
    /// Frames measured.
    pub frames: u64,
}

/// Measures a stereo song in one pass: feed blocks, then [`Self::finish`].
pub struct SongMeter {
    analyzer: Analyzer,
    rate_hz: u64,
    frames: u64,
    products: [f64; 3],
    filter: KWeight,
    energy: [f64; 2],
    /// K-weighted power of each step.
    steps: Vec<f64>,
    balance: BalanceMeter,
}

impl SongMeter {
    /// For a stereo song of about `frames` frames at a rate in hertz.
    pub fn new(rate_hz: u32, frames: u64) -> Self {
        let facts = FileFacts { sample_rate_hz: rate_hz, channels: 2, ..FileFacts::default() };
        Self {
            analyzer: Analyzer::for_frames(facts, frames),
            rate_hz: u64::from(rate_hz.max(1)),
            frames: 0,
            products: [0.0; 3],
            filter: KWeight::new(f64::from(rate_hz.max(1))),
            energy: [0.0; 2],
            steps: Vec::new(),
            balance: BalanceMeter::new(rate_hz),
        }
    }

    /// Takes a block of both channels, of equal length. Samples that are no numbers count as silence.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        self.analyzer.push(left, right);
        let length = left.len().min(right.len());
        let mut at = 0;
        while at < length {
            let border = self.border(self.steps.len() as u64 + 1);
            let end = length.min(at + usize::try_from(border - self.frames).unwrap_or(usize::MAX));
            self.take(&left[at..end], &right[at..end]);
            self.frames += (end - at) as u64;
            at = end;
            if self.frames == border {
                self.close_step();
            }
        }
    }

    fn take(&mut self, left: &[f64], right: &[f64]) {
        self.filter.add_energy(left, right, &mut self.energy);
        self.balance.push(left, right);
        for (&l, &r) in left.iter().zip(right).filter(|(l, r)| l.is_finite() && r.is_finite()) {
            self.products[0] += l * l;
            self.products[1] += r * r;
            self.products[2] += l * r;
        }
    }

    /// First frame after step `k − 1`.
    fn border(&self, k: u64) -> u64 {
        k * self.rate_hz / STEPS_PER_SECOND
    }

    fn close_step(&mut self) {
        let step = self.steps.len() as u64;
        let frames = (self.border(step + 1) - self.border(step)).max(1) as f64;
        let power = (self.energy[0] + self.energy[1]) / frames;
        if !power.is_finite() {
            self.filter.reset();
        }
        self.steps.push(if power.is_finite() { power } else { 0.0 });
        self.energy = [0.0; 2];
    }

    /// The figures.
    pub fn finish(self) -> MeasuredSong {
        let analysis = self.analyzer.finish();
        let m = &analysis.measurements;
        let band_powers = self.balance.finish();
        let (start_lufs, end_lufs) = ends_lufs(&self.steps);
        let figures = SongFigures {
            duration_s: self.frames as f64 / self.rate_hz as f64,
            integrated_lufs: m.integrated_lufs,
            max_short_term_lufs: m.max_short_term_lufs,
            max_momentary_lufs: m.max_momentary_lufs,
            loudness_range_lu: m.loudness_range_lu,
            true_peak_dbtp: m.true_peak_dbtp,
            sample_peak_dbfs: m.sample_peak_dbfs,
            rms_dbfs: m.rms_dbfs,
            plr_db: m.plr_db,
            min_psr_db: m.min_psr_db,
            dr: m.dr,
            balance_db: balance_db(band_powers),
            correlation: m.correlation,
            start_lufs,
            end_lufs,
        };
        MeasuredSong {
            figures,
            short_term_powers: self.steps.windows(SHORT_TERM_STEPS).map(mean).collect(),
            gating_powers: analysis.gating_powers,
            band_powers,
            products: self.products,
            frames: self.frames,
        }
    }
}

fn mean(powers: &[f64]) -> f64 {
    powers.iter().sum::<f64>() / powers.len().max(1) as f64
}

/// Short-term loudness at both ends of what sounds.
fn ends_lufs(steps: &[f64]) -> (Option<f64>, Option<f64>) {
    let gate = power_from_lufs(SOUNDS_LUFS);
    let sounds = |p: &f64| *p > gate;
    let (Some(first), Some(last)) = (steps.iter().position(sounds), steps.iter().rposition(sounds)) else {
        return (None, None);
    };
    let heard = &steps[first..=last];
    let count = heard.len().min(SHORT_TERM_STEPS);
    if count < FEWEST_STEPS {
        return (None, None);
    }
    let level = |part: &[f64]| Some(lufs_from_power(mean(part)));
    (level(&heard[..count]), level(&heard[heard.len() - count..]))
}

/// The powers of the three parts in dB against their sum; `None` in silence.
pub fn balance_db(powers: [f64; 3]) -> Option<[f64; 3]> {
    let whole: f64 = powers.iter().sum();
    // A part without any power stands at the foot of 64-bit arithmetic, not at minus infinity.
    (whole > 0.0).then(|| powers.map(|p| db_from_power((p / whole).max(1e-20))))
}

/// Sums the power of the three parts of the spectrum.
struct BalanceMeter {
    fft: RealFft,
    window: Vec<f64>,
    /// Last samples of both channels.
    waiting: [Vec<f64>; 2],
    scratch: Vec<f64>,
    /// First bins of the middle and of the high part.
    borders: [usize; 2],
    powers: [f64; 3],
}

impl BalanceMeter {
    fn new(rate_hz: u32) -> Self {
        let bin_hz = f64::from(rate_hz.max(1)) / FFT_POINTS as f64;
        let turn = std::f64::consts::TAU / FFT_POINTS as f64;
        Self {
            fft: RealFft::new(FFT_POINTS),
            window: (0..FFT_POINTS).map(|n| 0.5 - 0.5 * (turn * n as f64).cos()).collect(),
            waiting: [Vec::with_capacity(FFT_POINTS), Vec::with_capacity(FFT_POINTS)],
            scratch: vec![0.0; FFT_POINTS],
            borders: BALANCE_BORDERS_HZ.map(|hz| (hz / bin_hz).round() as usize),
            powers: [0.0; 3],
        }
    }

    fn push(&mut self, left: &[f64], right: &[f64]) {
        let mut at = 0;
        while at < left.len() {
            let end = left.len().min(at + FFT_POINTS - self.waiting[0].len());
            for (waiting, samples) in self.waiting.iter_mut().zip([left, right]) {
                waiting.extend(samples[at..end].iter().map(|x| if x.is_finite() { *x } else { 0.0 }));
            }
            at = end;
            if self.waiting[0].len() == FFT_POINTS {
                self.measure();
                self.waiting.iter_mut().for_each(|w| drop(w.drain(..FFT_POINTS / 2)));
            }
        }
    }

    fn measure(&mut self) {
        for waiting in &self.waiting {
            self.scratch.fill(0.0);
            for ((s, x), w) in self.scratch.iter_mut().zip(waiting).zip(&self.window) {
                *s = x * w;
            }
            let spectrum = self.fft.spectrum_of(&mut self.scratch);
            for (k, bin) in spectrum.iter().enumerate() {
                let part = self.borders.iter().filter(|b| k >= **b).count();
                self.powers[part] += bin.norm_sqr();
            }
        }
    }

    fn finish(mut self) -> [f64; 3] {
        if self.waiting[0].len() > FFT_POINTS / 2 || self.powers.iter().sum::<f64>() <= 0.0 {
            self.measure();
        }
        self.powers
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    const RATE: u32 = 48_000;

    fn tone(hz: f64, amplitude: f64, seconds: f64) -> Vec<f64> {
        let frames = (seconds * f64::from(RATE)) as u32;
        (0..frames).map(|n| amplitude * (TAU * hz * f64::from(n) / f64::from(RATE)).sin()).collect()
    }

    fn measured(left: &[f64], right: &[f64], block: usize) -> MeasuredSong {
        let mut meter = SongMeter::new(RATE, left.len() as u64);
        for (l, r) in left.chunks(block).zip(right.chunks(block)) {
            meter.push(l, r);
        }
        meter.finish()
    }

    #[test]
    fn the_balance_of_three_tones_is_that_of_their_squares() {
        // Amplitudes 0.1, 0.2, 0.1: powers 1 : 4 : 1.
        let parts = [tone(60.0, 0.1, 4.0), tone(500.0, 0.2, 4.0), tone(5000.0, 0.1, 4.0)];
        let sum: Vec<f64> = (0..parts[0].len()).map(|i| parts.iter().map(|p| p[i]).sum()).collect();
        let balance = measured(&sum, &sum, 1000).figures.balance_db.unwrap();
        let want = [1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0].map(|p: f64| 10.0 * p.log10());
        for (is, want) in balance.iter().zip(want) {
            assert!((is - want).abs() < 0.02, "{is} for {want}");
        }
    }

    #[test]
    fn start_and_end_are_the_first_and_last_three_seconds_that_sound() {
        // 997 Hz in both channels at amplitude a reads 20·log10(a) LUFS (BS.1770-5).
        let mut x = vec![0.0; RATE as usize];
        x.extend(tone(997.0, 0.1, 5.0));
        x.extend(tone(997.0, 0.01, 5.0));
        x.extend(vec![0.0; 2 * RATE as usize]);
        let figures = measured(&x, &x, 777).figures;
        let near = |value: Option<f64>, want: f64| (value.unwrap() - want).abs() < 0.02;
        assert!(near(figures.start_lufs, -20.0), "{:?}", figures.start_lufs);
        assert!(near(figures.end_lufs, -40.0), "{:?}", figures.end_lufs);
    }

    #[test]
    fn the_smallest_psr_of_a_steady_sine_is_its_peak_over_its_loudness() {
        let x = tone(997.0, 0.25, 6.0);
        let figures = measured(&x, &x, 480).figures;
        assert!(figures.min_psr_db.unwrap().abs() < 0.02, "{:?}", figures.min_psr_db);
        assert!((figures.rms_dbfs.unwrap() + 12.04).abs() < 0.01);
    }

    #[test]
    fn the_way_of_feeding_changes_no_bit_and_silence_reads_nothing() {
        let (x, y) = (tone(313.0, 0.3, 4.0), tone(2712.0, 0.2, 4.0));
        assert_eq!(measured(&x, &y, 64), measured(&x, &y, 5000));
        let nothing = vec![0.0; 200_000];
        let figures = measured(&nothing, &nothing, 4096).figures;
        let duration_s = figures.duration_s;
        assert_eq!(figures, SongFigures { duration_s, ..SongFigures::default() });
    }
}
