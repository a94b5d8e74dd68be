//! One pass over a file for every reading of `measure`.
//!
//! The caller decodes and feeds planar blocks of any size; they are regrouped into chunks of 1024 frames, so that no
//! figure depends on how the file was read. NaN, infinity and samples beyond 1e30 are counted and measured as silence.
//! The pass consists of four [`Part`]s that know nothing of each other: fed with the same [`Chunk`]s they may run on
//! threads of their own, and the figures are the same to the last bit.
//!
//! Conventions: peaks and `dc_offset` are of the worst channel; `rms_dbfs` is AES17 over the mean power of the channels;
//! the loudness range is taken to the end of the file without added silence, so that live and file agree; `correlation`
//! is over the whole file; `effective_bits` counts from the sign to the lowest bit ever used, and is not given for a
//! float file that uses bits below the 32nd; `bandwidth_hz` as in [`super::bandwidth`]. Places count from the first frame.

mod figures;
mod level;
#[cfg(test)]
mod tests;

pub use figures::{Analysis, ChannelMeasurements, FileFacts, Measurements};

use self::level::Levels;
use super::bandwidth::BandwidthMeter;
use super::dynamics::{least_psr_db, plr_db};
use super::loudness::{ABSOLUTE_GATE_LUFS, LoudnessMeter, lufs_from_power, power_from_lufs};
use super::thirds::{AveragePowers, AverageSpectrum};
use super::true_peak::{CrestSteps, dbtp};
use crate::dsp::interpolate::ABSURD;
use crate::dsp::simd::widest;
use crate::units::db_from_power;

/// Frames handled at a time.
const CHUNK: usize = 1024;
const CHANNELS: usize = 2;
/// Borders of low, middle and high in the spectral balance, hertz.
const BALANCE_HZ: [f64; 2] = [120.0, 2000.0];
/// Steps of 100 ms in a second, in a gating block, in a short-term window.
const STEPS_PER_SECOND: u64 = 10;
const GATING_STEPS: usize = 4;
const SHORT_TERM_STEPS: usize = 30;

/// Frames of a file, both channels (the right one empty for a mono file), free of what is not a number.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Chunk {
    fn pieces(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        (0..self.left.len()).step_by(CHUNK).map(|at| {
            let end = self.left.len().min(at + CHUNK);
            (&self.left[at..end], self.right.get(at..end).unwrap_or(&[]))
        })
    }
}

/// Cuts what is read into chunks.
#[derive(Debug)]
pub struct Intake {
    stereo: bool,
    frames: usize,
    waiting: Chunk,
    filled: usize,
    non_finite: u64,
}

impl Intake {
    /// For 1 or 2 channels; chunks of `pieces` times 1024 frames.
    pub fn new(channels: u32, pieces: usize) -> Self {
        let (stereo, frames) = (channels > 1, pieces.max(1) * CHUNK);
        Self { stereo, frames, waiting: empty_chunk(stereo, frames), filled: 0, non_finite: 0 }
    }

    /// Takes a block: both channels in equal length, or a mono signal and an empty slice; `ready` is lent each full chunk.
    pub fn push(&mut self, left: &[f64], right: &[f64], mut ready: impl FnMut(&mut Chunk)) {
        let length = if self.stereo { left.len().min(right.len()) } else { left.len() };
        let mut at = 0;
        while at < length {
            let take = (length - at).min(self.frames - self.filled);
            self.keep(&left[at..at + take], if self.stereo { &right[at..at + take] } else { &[] });
            at += take;
            if self.filled == self.frames {
                ready(&mut self.waiting);
                self.refill();
            }
        }
    }

    /// Makes sure there is a whole chunk to write into, also where `ready` kept the last one.
    fn refill(&mut self) {
        self.filled = 0;
        if self.waiting.left.len() != self.frames {
            self.waiting = empty_chunk(self.stereo, self.frames);
        }
    }

    /// Puts samples into the waiting chunk, silence in place of what is not a number.
    fn keep(&mut self, left: &[f64], right: &[f64]) {
        let places = [&mut self.waiting.left, &mut self.waiting.right];
        for (place, samples) in places.into_iter().zip([left, right]).filter(|(_, s)| !s.is_empty()) {
            let place = &mut place[self.filled..self.filled + samples.len()];
            self.non_finite += widest(
                #[inline(always)]
                || copy_clean(place, samples),
            );
        }
        self.filled += left.len();
    }

    /// The last, shorter chunk, and how many samples were no numbers.
    pub fn finish(mut self) -> (Chunk, u64) {
        self.waiting.left.truncate(self.filled);
        self.waiting.right.truncate(self.filled);
        (self.waiting, self.non_finite)
    }
}

fn empty_chunk(stereo: bool, frames: usize) -> Chunk {
    Chunk { left: vec![0.0; frames], right: vec![0.0; if stereo { frames } else { 0 }] }
}

#[inline(always)]
fn copy_clean(place: &mut [f64], samples: &[f64]) -> u64 {
    let mut bad = 0u64;
    for (w, &x) in place.iter_mut().zip(samples) {
        let good = x.abs() <= ABSURD;
        bad += u64::from(!good);
        *w = if good { x } else { 0.0 };
    }
    bad
}

/// What runs by itself. Each hears every chunk in order.
pub enum Part {
    /// K-weighted: momentary, short-term, integrated, range.
    Loudness(Box<LoudnessMeter>),
    /// The wave between the samples, by channel.
    Crests(Box<[CrestSteps; CHANNELS]>),
    /// Sums, peaks, DR, bits.
    Levels(Box<LevelsPart>),
    /// Bandwidth and thirds of an octave.
    Spectrum(Box<SpectrumPart>),
}

/// Levels of the samples.
pub struct LevelsPart(Levels);

/// Both transforms of a file.
pub struct SpectrumPart {
    bandwidth: BandwidthMeter,
    average: AverageSpectrum,
}

impl Part {
    /// The four, for a file of `max_hours` (the room is taken at once: 1.5 MB an hour).
    pub fn all(facts: &FileFacts, max_hours: f64) -> [Self; 4] {
        let (rate, channels) = (facts.sample_rate_hz, if facts.channels > 1 { CHANNELS } else { 1 });
        [
            Self::Loudness(Box::new(LoudnessMeter::new(rate, channels, max_hours))),
            Self::Crests(Box::new([CrestSteps::new(rate, max_hours), CrestSteps::new(rate, max_hours)])),
            Self::Levels(Box::new(LevelsPart(Levels::new(rate, channels > 1, facts.bits, max_hours)))),
            Self::Spectrum(Box::new(SpectrumPart {
                bandwidth: BandwidthMeter::new(rate),
                average: AverageSpectrum::new(rate, channels),
            })),
        ]
    }

    /// Takes the next chunk. Allocates only where the file turns out longer than was said: a length in a header is not
    /// to be believed.
    pub fn push(&mut self, chunk: &Chunk) {
        for (left, right) in chunk.pieces() {
            match self {
                Self::Loudness(meter) => {
                    meter.make_room();
                    meter.push(left, right);
                }
                Self::Crests(crests) => {
                    crests.iter_mut().for_each(CrestSteps::make_room);
                    crests[0].push(left);
                    crests[1].push(right);
                }
                Self::Levels(levels) => {
                    levels.0.make_room();
                    levels.0.push(left, right);
                }
                Self::Spectrum(spectrum) => {
                    spectrum.bandwidth.push(left, right);
                    spectrum.average.push(left, right);
                }
            }
        }
    }
}

/// The pass on one thread. Feed blocks, then [`Self::finish`]. Nothing is allocated while feeding as much as was said.
pub struct Analyzer {
    facts: FileFacts,
    intake: Intake,
    parts: [Part; 4],
}

impl Analyzer {
    /// With room for a file of `max_hours`; a longer one takes more.
    pub fn new(facts: FileFacts, max_hours: f64) -> Self {
        Self { intake: Intake::new(facts.channels, 1), parts: Part::all(&facts, max_hours), facts }
    }

    /// For a file said to have so many frames; a longer one is measured to its end all the same.
    pub fn for_frames(facts: FileFacts, frames: u64) -> Self {
        let hours = hours_for(&facts, frames);
        Self::new(facts, hours)
    }

    /// Takes a block: both channels in equal length, or a mono signal and an empty slice.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let parts = &mut self.parts;
        self.intake.push(left, right, |chunk| parts.iter_mut().for_each(|part| part.push(chunk)));
    }

    /// The figures.
    pub fn finish(mut self) -> Analysis {
        let (last, non_finite) = self.intake.finish();
        self.parts.iter_mut().for_each(|part| part.push(&last));
        analysis_of(self.facts, self.parts, non_finite)
    }
}

/// Room to measure in for a file said to have so many frames: some minutes more.
pub fn hours_for(facts: &FileFacts, frames: u64) -> f64 {
    let hours = frames as f64 / f64::from(facts.sample_rate_hz.max(1)) / 3600.0;
    hours.min(100.0) + 0.1
}

/// The figures of parts that have heard the whole file.
pub fn analysis_of(
    facts: FileFacts,
    parts: impl IntoIterator<Item = Part>,
    non_finite_samples: u64,
) -> Analysis {
    let rate = facts.sample_rate_hz;
    let mut analysis = Analysis {
        measurements: Measurements {
            path: facts.path,
            format: facts.format,
            sample_rate_hz: rate,
            channels: facts.channels,
            bits: facts.bits,
            non_finite_samples,
            ..Measurements::default()
        },
        ..Analysis::default()
    };
    let (mut crests, mut spectrum) = (None, None);
    for part in parts {
        match part {
            Part::Loudness(meter) => take_loudness(*meter, rate, &mut analysis),
            Part::Crests(found) => crests = Some(found),
            Part::Levels(levels) => {
                analysis.products = levels.0.products();
                levels.0.finish(&mut analysis.measurements);
            }
            Part::Spectrum(found) => spectrum = Some(found),
        }
    }
    if let Some(crests) = crests {
        take_crests(*crests, rate, &mut analysis);
    }
    if let Some(spectrum) = spectrum {
        analysis.measurements.bandwidth_hz = spectrum.bandwidth.finish();
        take_spectrum(&spectrum.average.finish(), &mut analysis);
    }
    analysis
}

fn take_loudness(mut meter: LoudnessMeter, rate: u32, analysis: &mut Analysis) {
    let reading = meter.reading();
    let seconds = |frame: Option<u64>| frame.map(|f| seconds_of(f, rate));
    let m = &mut analysis.measurements;
    m.integrated_lufs = finite(reading.integrated_lufs);
    m.loudness_range_lu = finite(reading.range_lu);
    m.max_momentary_lufs = finite(reading.max_momentary_lufs);
    m.max_short_term_lufs = finite(reading.max_short_term_lufs);
    m.max_momentary_at_s = seconds(meter.max_momentary_frame());
    m.max_short_term_at_s = seconds(meter.max_short_term_frame());
    analysis.gating_powers = meter.gating_powers().to_vec();
    analysis.short_term_powers = meter.short_term_powers().to_vec();
    let [start, end] = sounding_ends(&analysis.gating_powers, &analysis.short_term_powers);
    m.start_short_term_lufs = finite(start.map(lufs_from_power));
    m.end_short_term_lufs = finite(end.map(lufs_from_power));
}

/// Powers of the first and the last 3 s that sound. The first gating block over −70 LUFS has what sounds in its last step,
/// the last one in its first; but at the very ends of the file.
fn sounding_ends(gating: &[f64], short_terms: &[f64]) -> [Option<f64>; 2] {
    let sounds = |&power: &f64| power > power_from_lufs(ABSOLUTE_GATE_LUFS);
    let latest = short_terms.len().checked_sub(1);
    let start = gating.iter().position(sounds).zip(latest);
    let start =
        start.map(|(first, latest)| if first == 0 { 0 } else { latest.min(first + GATING_STEPS - 1) });
    let end = gating.iter().rposition(sounds).zip(latest);
    let end = end.map(|(last, latest)| match last + 1 == gating.len() {
        true => latest,
        false => (last + 1).saturating_sub(SHORT_TERM_STEPS).min(latest),
    });
    [start, end].map(|place| short_terms.get(place?).copied())
}

/// Needs loudness and levels to be there.
fn take_crests(mut crests: [CrestSteps; CHANNELS], rate: u32, analysis: &mut Analysis) {
    crests.iter_mut().for_each(CrestSteps::finish);
    let highest = crests.each_ref().map(CrestSteps::highest);
    let [left, right] = crests.each_ref().map(CrestSteps::steps);
    let steps: Vec<f64> =
        left.iter().enumerate().map(|(i, l)| l.max(right.get(i).copied().unwrap_or(0.0))).collect();
    let short_terms = analysis.short_term_powers.iter().map(|&p| lufs_from_power(p));
    let least = least_psr_db(&steps, short_terms);
    analysis.true_peak_frames = highest.map(|c| c.frame);
    analysis.channel_true_peaks_dbtp = highest.map(|c| dbtp(c.value));
    let m = &mut analysis.measurements;
    for (channel, peak) in m.per_channel.iter_mut().zip(analysis.channel_true_peaks_dbtp) {
        channel.true_peak_dbtp = peak;
    }
    let top = if highest[1].value > highest[0].value { highest[1] } else { highest[0] };
    m.true_peak_dbtp = dbtp(top.value);
    m.true_peak_at_s = m.true_peak_dbtp.map(|_| seconds_of(top.frame, rate));
    m.plr_db = plr_db(m.true_peak_dbtp, m.integrated_lufs);
    m.min_psr_db = finite(least.map(|(db, _)| db));
    m.min_psr_at_s =
        least.map(|(_, step)| seconds_of(step as u64 * u64::from(rate) / STEPS_PER_SECOND, rate));
}

fn take_spectrum(powers: &AveragePowers, analysis: &mut Analysis) {
    let total = powers.total();
    if total <= 0.0 {
        return;
    }
    let [low, high] = BALANCE_HZ;
    let parts = [(0.0, low), (low, high), (high, f64::INFINITY)].map(|(from, to)| powers.between(from, to));
    let m = &mut analysis.measurements;
    let share = |power: f64| finite(Some(db_from_power(power / total)));
    [m.balance_low_db, m.balance_mid_db, m.balance_high_db] = parts.map(share);
    analysis.band_powers = parts.map(|power| power * m.frames as f64);
    analysis.curve = powers.curve();
    m.third_octaves_dbfs = powers.thirds().iter().map(|&p| finite(super::dynamics::aes17_dbfs(p))).collect();
}

fn seconds_of(frame: u64, rate: u32) -> f64 {
    frame as f64 / f64::from(rate.max(1))
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}
