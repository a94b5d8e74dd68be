//! One pass over a file for every reading of `measure`.
//!
//! The caller decodes and feeds planar blocks of any size; they are regrouped into blocks of 1024 frames, so that no
//! figure depends on how the file was read. NaN and infinite samples are counted and measured as silence.
//!
//! Conventions: peaks and `dc_offset` are of the worst channel; `rms_dbfs` is AES17 over the mean power of the channels;
//! the loudness range is taken to the end of the file without added silence, so that live and file agree; `correlation`
//! is over the whole file; `effective_bits` counts from the sign to the lowest bit ever used, and is not given for a
//! float file that uses bits below the 32nd; `bandwidth_hz` as in [`super::bandwidth`].

use serde::{Deserialize, Serialize};

use super::bandwidth::BandwidthMeter;
use super::dynamics::{DrChannel, Moments, aes17_dbfs, plr_db, track_dr};
use super::loudness::{LoudnessMeter, LoudnessReading};
use super::true_peak::{Keep, TruePeakMeter};
use crate::units::db_from_gain;

/// Frames handled at a time.
const CHUNK: usize = 1024;
const CHANNELS: usize = 2;
/// Bits looked for at most.
const MAX_BITS: u32 = 32;

/// What the caller knows about the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileFacts {
    /// As the user named it.
    pub path: String,
    /// Container and coding, in the words of the reader (`WAV`, `FLAC` …).
    pub format: String,
    /// Sample rate in hertz.
    pub sample_rate_hz: u32,
    /// Channels: 1 or 2 are measured.
    pub channels: u32,
    /// Bits of a stored sample; `None` where the coding has none (lossy).
    pub bits: Option<u32>,
}

/// Every figure of `measure --json`, keys as on the command line. What does not exist is `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Measurements {
    /// As the user named it.
    pub path: String,
    /// Container and coding.
    pub format: String,
    /// Sample rate in hertz.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Bits of a stored sample.
    pub bits: Option<u32>,
    /// Frames measured.
    pub frames: u64,
    /// Seconds measured.
    pub duration_s: f64,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Loudness range, LU.
    pub loudness_range_lu: Option<f64>,
    /// Highest momentary loudness, LUFS.
    pub max_momentary_lufs: Option<f64>,
    /// Highest short-term loudness, LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// Highest point of the wave, dBTP, worst channel.
    pub true_peak_dbtp: Option<f64>,
    /// Highest sample, dBFS, worst channel.
    pub sample_peak_dbfs: Option<f64>,
    /// AES17 RMS of the whole file, dBFS.
    pub rms_dbfs: Option<f64>,
    /// True peak over integrated loudness, dB.
    pub plr_db: Option<f64>,
    /// TT DR.
    pub dr: Option<f64>,
    /// Mean of the worst channel, −1..1, with its sign.
    pub dc_offset: Option<f64>,
    /// Of left and right, −1..1; `None` for mono or silence.
    pub correlation: Option<f64>,
    /// From the sign to the lowest bit ever used.
    pub effective_bits: Option<u32>,
    /// Highest frequency with energy.
    pub bandwidth_hz: Option<f64>,
}

/// What the measurements hold beside the printed figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analysis {
    /// The printed figures.
    pub measurements: Measurements,
    /// Frame of the highest point of the wave in each channel.
    pub true_peak_frames: [u64; CHANNELS],
    /// True peak of each channel, dBTP.
    pub channel_true_peaks_dbtp: [Option<f64>; CHANNELS],
    /// Samples that were not finite numbers.
    pub non_finite_samples: u64,
    /// Powers of the gating blocks: those of all songs give the album's loudness.
    pub gating_powers: Vec<f64>,
}

/// The pass. Feed blocks, then [`Self::finish`]. Nothing is allocated while feeding.
pub struct Analyzer {
    facts: FileFacts,
    stereo: bool,
    /// Frames waiting for a full chunk.
    waiting: [Vec<f64>; CHANNELS],
    filled: usize,
    frames: u64,
    non_finite: u64,
    loudness: LoudnessMeter,
    true_peak: TruePeakMeter,
    dr: [DrChannel; CHANNELS],
    moments: [Moments; CHANNELS],
    cross_sum: f64,
    bits: LowestBit,
    bandwidth: BandwidthMeter,
}

impl Analyzer {
    /// For a file of at most `max_hours` (the room is taken at once: 1 MB an hour).
    pub fn new(facts: FileFacts, max_hours: f64) -> Self {
        let rate = facts.sample_rate_hz;
        let stereo = facts.channels > 1;
        Self {
            stereo,
            waiting: [vec![0.0; CHUNK], vec![0.0; if stereo { CHUNK } else { 0 }]],
            filled: 0,
            frames: 0,
            non_finite: 0,
            loudness: LoudnessMeter::new(rate, if stereo { 2 } else { 1 }, max_hours),
            true_peak: TruePeakMeter::new(Keep::Maximum),
            dr: [DrChannel::new(rate, max_hours), DrChannel::new(rate, max_hours)],
            moments: [Moments::default(); CHANNELS],
            cross_sum: 0.0,
            bits: LowestBit::default(),
            bandwidth: BandwidthMeter::new(rate),
            facts,
        }
    }

    /// For a file of known length in frames (a little more is taken; far more is not gated).
    pub fn for_frames(facts: FileFacts, frames: u64) -> Self {
        let hours = frames as f64 / f64::from(facts.sample_rate_hz.max(1)) / 3600.0;
        Self::new(facts, hours.min(100.0) + 0.1)
    }

    /// Takes a block: both channels in equal length, or a mono signal and an empty slice.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = if self.stereo { left.len().min(right.len()) } else { left.len() };
        let mut at = 0;
        while at < length {
            let take = (length - at).min(CHUNK - self.filled);
            self.keep(0, &left[at..at + take]);
            if self.stereo {
                self.keep(1, &right[at..at + take]);
            }
            self.filled += take;
            at += take;
            if self.filled == CHUNK {
                self.measure();
            }
        }
    }

    /// Puts samples into the waiting chunk, silence in place of what is not a number.
    fn keep(&mut self, channel: usize, samples: &[f64]) {
        let place = &mut self.waiting[channel][self.filled..self.filled + samples.len()];
        let mut bad = 0u64;
        for (w, &x) in place.iter_mut().zip(samples) {
            let good = x.abs() <= f64::MAX;
            bad += u64::from(!good);
            *w = if good { x } else { 0.0 };
        }
        self.non_finite += bad;
    }

    fn measure(&mut self) {
        let n = self.filled;
        let left = &self.waiting[0][..n];
        let right = if self.stereo { &self.waiting[1][..n] } else { &[] };
        self.loudness.push(left, right);
        self.true_peak.push(left, right);
        self.bandwidth.push(left, right);
        for (c, samples) in [left, right].into_iter().enumerate() {
            self.moments[c].add(Moments::of(samples));
            self.dr[c].push(samples);
            self.bits.push(samples);
        }
        self.cross_sum += cross(left, right);
        self.frames += n as u64;
        self.filled = 0;
    }

    /// The figures.
    pub fn finish(mut self) -> Analysis {
        if self.filled > 0 {
            self.measure();
        }
        self.true_peak.finish();
        let reading = self.loudness.reading();
        let crests = self.true_peak.highest();
        Analysis {
            true_peak_frames: crests.map(|c| c.frame),
            channel_true_peaks_dbtp: crests.map(|c| super::true_peak::dbtp(c.value)),
            non_finite_samples: self.non_finite,
            gating_powers: self.loudness.gating_powers().to_vec(),
            measurements: self.measurements(&reading),
        }
    }

    fn measurements(self, reading: &LoudnessReading) -> Measurements {
        let count = self.frames.max(1) as f64;
        let channels = if self.stereo { CHANNELS } else { 1 };
        let heard = &self.moments[..channels];
        let peak = heard.iter().fold(0.0f64, |a, m| a.max(m.peak));
        let mean_square = heard.iter().map(|m| m.square_sum).sum::<f64>() / (count * channels as f64);
        let dc = heard.iter().map(|m| m.sum / count).max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let true_peak_dbtp = self.true_peak.max_dbtp();
        let [left, right] = self.dr;
        let dr = if self.stereo { vec![left.finish(), right.finish()] } else { vec![left.finish()] };
        Measurements {
            path: self.facts.path,
            format: self.facts.format,
            sample_rate_hz: self.facts.sample_rate_hz,
            channels: self.facts.channels,
            bits: self.facts.bits,
            frames: self.frames,
            duration_s: self.frames as f64 / f64::from(self.facts.sample_rate_hz.max(1)),
            integrated_lufs: finite(reading.integrated_lufs),
            loudness_range_lu: finite(reading.range_lu),
            max_momentary_lufs: finite(reading.max_momentary_lufs),
            max_short_term_lufs: finite(reading.max_short_term_lufs),
            true_peak_dbtp,
            sample_peak_dbfs: finite((peak > 0.0).then(|| db_from_gain(peak))),
            rms_dbfs: finite(aes17_dbfs(mean_square)),
            plr_db: plr_db(true_peak_dbtp, reading.integrated_lufs),
            dr: finite(track_dr(&dr)),
            dc_offset: finite(dc.filter(|_| self.frames > 0)),
            correlation: correlation(&self.moments, self.cross_sum),
            effective_bits: self.bits.bits(),
            bandwidth_hz: self.bandwidth.finish(),
        }
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

/// Σ LR / √(ΣL² ΣR²).
fn correlation(moments: &[Moments; CHANNELS], cross_sum: f64) -> Option<f64> {
    let norm = moments[0].square_sum.sqrt() * moments[1].square_sum.sqrt();
    finite((norm > 0.0).then(|| (cross_sum / norm).clamp(-1.0, 1.0)))
}

fn cross(left: &[f64], right: &[f64]) -> f64 {
    let mut acc = [0.0; 4];
    let pairs = left.chunks_exact(4).zip(right.chunks_exact(4));
    for (l, r) in pairs {
        for k in 0..4 {
            acc[k] += l[k] * r[k];
        }
    }
    let done = left.len().min(right.len()) / 4 * 4;
    let rest: f64 = left.iter().zip(right).skip(done).map(|(l, r)| l * r).sum();
    acc.iter().sum::<f64>() + rest
}

/// Finds the lowest bit ever used: the smallest `b` for which every sample is a multiple of `2^−(b−1)`.
#[derive(Debug, Clone, Default)]
struct LowestBit {
    bits: u32,
    heard: bool,
}

impl LowestBit {
    fn push(&mut self, samples: &[f64]) {
        if self.bits > MAX_BITS {
            return;
        }
        if !self.heard {
            self.heard = samples.iter().any(|x| x.abs() > 0.0);
            self.bits = u32::from(self.heard);
        }
        while self.heard && self.bits <= MAX_BITS && !on_grid(samples, self.bits) {
            self.bits += 1;
        }
    }

    fn bits(&self) -> Option<u32> {
        (1..=MAX_BITS).contains(&self.bits).then_some(self.bits)
    }
}

/// Whether every sample is a multiple of `2^−(bits−1)`. Adding and taking away 1.5·2⁵² rounds to a whole number, and
/// unlike a call to `round` it stays in vector registers.
fn on_grid(samples: &[f64], bits: u32) -> bool {
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let scale = f64::from(1u32 << (bits - 1));
    let mut off = [0.0f64; 4];
    let mut four = samples.chunks_exact(4);
    for x in &mut four {
        for k in 0..4 {
            let v = x[k] * scale;
            off[k] += (v - ((v + ROUNDER) - ROUNDER)).abs();
        }
    }
    let rest: f64 = four.remainder().iter().map(|x| (x * scale - (x * scale).round()).abs()).sum();
    off.iter().sum::<f64>() + rest <= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::format::{f64_from_int, int_from_f64};
    use std::f64::consts::PI;

    fn facts(channels: u32) -> FileFacts {
        FileFacts {
            path: "mix.wav".to_owned(),
            format: "WAV".to_owned(),
            sample_rate_hz: 48_000,
            channels,
            bits: Some(24),
        }
    }

    fn sine(amplitude: f64, bits: u32) -> Vec<f64> {
        (0..48_000 * 5)
            .map(|n| {
                let x = amplitude * (2.0 * PI * 997.0 * f64::from(n) / 48_000.0).sin();
                f64_from_int(int_from_f64(x, bits), bits)
            })
            .collect()
    }

    fn measure(left: &[f64], right: &[f64], block: usize) -> Measurements {
        let mut analyzer = Analyzer::for_frames(facts(2), left.len() as u64);
        for (l, r) in left.chunks(block).zip(right.chunks(block)) {
            analyzer.push(l, r);
        }
        analyzer.finish().measurements
    }

    fn near(value: Option<f64>, expected: f64, within: f64) {
        let value = value.unwrap();
        assert!((value - expected).abs() <= within, "{value} for {expected}");
    }

    #[test]
    fn a_sine_reads_as_the_standards_say() {
        let x = sine(0.1, 24);
        let m = measure(&x, &x, 1000);
        near(m.integrated_lufs, -20.0, 0.01);
        near(m.true_peak_dbtp, -20.0, 0.01);
        near(m.sample_peak_dbfs, -20.0, 0.01);
        near(m.rms_dbfs, -20.0, 0.001);
        near(m.plr_db, 0.0, 0.02);
        near(m.dr, 0.0, 0.0);
        near(m.loudness_range_lu, 0.0, 0.01);
        near(m.correlation, 1.0, 1e-12);
        near(m.dc_offset, 0.0, 1e-6);
        near(m.bandwidth_hz, 997.0, 80.0);
        assert_eq!(m.effective_bits, Some(24));
        assert_eq!(m.frames, 240_000);
        near(Some(m.duration_s), 5.0, 0.0);
    }

    #[test]
    fn mono_is_one_channel() {
        let x = sine(0.1, 24);
        let mut analyzer = Analyzer::for_frames(facts(1), x.len() as u64);
        analyzer.push(&x, &[]);
        let m = analyzer.finish().measurements;
        near(m.integrated_lufs, -23.01, 0.01);
        near(m.rms_dbfs, -20.0, 0.001);
        assert_eq!(m.correlation, None);
    }

    #[test]
    fn the_way_of_reading_changes_no_bit() {
        let (x, y) = (sine(0.4, 24), sine(0.1, 16));
        assert_eq!(measure(&x, &y, 64), measure(&x, &y, 5000));
    }

    #[test]
    fn lowest_bit_is_found_in_any_container() {
        for bits in [8, 16, 20, 24, 32] {
            let x = sine(0.3, bits);
            assert_eq!(measure(&x, &x, 4096).effective_bits, Some(bits));
        }
        let float: Vec<f64> = sine(0.3, 32).iter().map(|x| x / 3.0).collect();
        assert_eq!(measure(&float, &float, 4096).effective_bits, None);
        let one = [0.0, 0.0, -1.0, 0.0];
        assert_eq!(measure(&one, &one, 4).effective_bits, Some(1));
    }

    #[test]
    fn offset_and_polarity_show() {
        let x: Vec<f64> = sine(0.2, 24).iter().map(|s| s - 0.01).collect();
        let y: Vec<f64> = sine(0.2, 24).iter().map(|s| -s).collect();
        let m = measure(&x, &y, 1024);
        near(m.dc_offset, -0.01, 1e-5);
        assert!(m.correlation.unwrap() < -0.99);
    }

    #[test]
    fn silence_and_nothing_are_null_in_json_and_never_nan() {
        let zeros = vec![0.0; 100_000];
        for x in [&zeros[..], &[]] {
            let m = measure(x, x, 1024);
            let json = serde_json::to_value(&m).unwrap();
            for key in
                ["integrated_lufs", "true_peak_dbtp", "sample_peak_dbfs", "rms_dbfs", "dr", "correlation"]
            {
                assert!(json[key].is_null(), "{key}: {}", json[key]);
            }
            assert!(json["effective_bits"].is_null() && json["bandwidth_hz"].is_null());
        }
        let mut bad = sine(0.1, 24);
        (bad[7], bad[70_000]) = (f64::NAN, f64::NEG_INFINITY);
        let mut analyzer = Analyzer::for_frames(facts(2), bad.len() as u64);
        analyzer.push(&bad, &bad);
        let analysis = analyzer.finish();
        assert_eq!(analysis.non_finite_samples, 4);
        near(analysis.measurements.integrated_lufs, -20.0, 0.05);
    }
}
