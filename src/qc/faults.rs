//! Faults with a place, gathered in the same pass as the measurements: clipped runs, where the sound begins and ends.
//!
//! A *clipped run* is at least N samples in a row, equal within one step of the file's format, that stand out as a flat
//! top: the wave arrives at or leaves it by more than eight steps at once. (A slow clean wave also has equal samples at
//! its crest, but near a crest it bends like a parabola and falls by less than three steps at the next sample.) Runs count
//! at −1 dBFS and above; below that only at the highest level the channel ever reaches on that side, which is how a clipped
//! and then attenuated mix looks.

/// Level from which every flat top counts: −1 dBFS.
const HOT: f64 = 0.891_250_938_133_745_5;
/// Flat tops below this are not looked for (−20 dBFS).
const LOWEST: f64 = 0.1;
/// A flat top ends or begins with a step of more than this many quantising steps.
const EDGE_STEPS: f64 = 8.0;
/// Places kept for each channel and side; beyond it runs are only counted.
const PLACES: usize = 512;
/// Samples looked at together when deciding whether anything can clip here.
const STRIDE: usize = 64;

/// Samples stuck at one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipRun {
    /// First frame.
    pub frame: u64,
    /// Samples.
    pub samples: u64,
    /// Level, factor with sign.
    pub level: f64,
}

/// The clipped runs of one channel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChannelClips {
    /// In order of time; at most 1024 are kept.
    pub runs: Vec<ClipRun>,
    /// Runs found, kept or not.
    pub count: u64,
}

impl ChannelClips {
    /// Samples in the longest run kept.
    pub fn longest(&self) -> u64 {
        self.runs.iter().map(|r| r.samples).max().unwrap_or(0)
    }
}

/// What the scan found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    /// Sample rate in hertz, for places in seconds.
    pub sample_rate_hz: u32,
    /// Frames scanned.
    pub frames: u64,
    /// Clipped runs, one entry a channel.
    pub clips: Vec<ChannelClips>,
    /// First and last frame with a sample at or over the silence level.
    pub audible: Option<(u64, u64)>,
    /// First and last frame that is not digital zero.
    pub sounding: Option<(u64, u64)>,
}

/// The scan. Feed blocks, then [`Self::finish`]. Nothing is allocated while feeding.
#[derive(Debug)]
pub struct FaultScan {
    sample_rate_hz: u32,
    frames: u64,
    silence: f64,
    channels: Vec<ClipScan>,
    audible: Option<(u64, u64)>,
    sounding: Option<(u64, u64)>,
}

impl FaultScan {
    /// For a file of 1 or 2 channels. `integer_bits` is the depth of an integer file; `None` is float. Thresholds from
    /// the brief.
    pub fn new(sample_rate_hz: u32, channels: u32, integer_bits: Option<u32>, brief: &super::Brief) -> Self {
        // A float file holds 24 significant bits.
        let step = 0.5f64.powi(integer_bits.unwrap_or(24).clamp(1, 32) as i32 - 1);
        let shortest = u64::from(brief.clip_run_samples.max(1));
        Self {
            sample_rate_hz,
            frames: 0,
            silence: 10f64.powf(brief.silence_dbfs / 20.0),
            channels: (0..channels.clamp(1, 2)).map(|_| ClipScan::new(step, shortest)).collect(),
            audible: None,
            sounding: None,
        }
    }

    /// Takes a block: both channels in equal length, or a mono signal and an empty slice.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        for (scan, samples) in self.channels.iter_mut().zip([left, right]) {
            for (k, part) in samples.chunks(STRIDE).enumerate() {
                let start = self.frames + (k * STRIDE) as u64;
                let (lowest, highest) = extremes(part);
                scan.push(start, part, lowest, highest);
                let peak = highest.max(-lowest);
                if peak > 0.0 {
                    note(&mut self.sounding, start, part, |x| x.abs() > 0.0);
                }
                if peak >= self.silence {
                    note(&mut self.audible, start, part, |x| x.abs() >= self.silence);
                }
            }
        }
        self.frames += left.len() as u64;
    }

    /// What was found.
    pub fn finish(self) -> Faults {
        Faults {
            sample_rate_hz: self.sample_rate_hz,
            frames: self.frames,
            clips: self.channels.into_iter().map(ClipScan::finish).collect(),
            audible: self.audible,
            sounding: self.sounding,
        }
    }
}

/// Lowest and highest sample, zero included.
fn extremes(samples: &[f64]) -> (f64, f64) {
    samples
        .iter()
        .fold((0.0, 0.0), |(low, high), &x| (if x < low { x } else { low }, if x > high { x } else { high }))
}

/// Widens a span of frames by the first and last sample that fits.
fn note(span: &mut Option<(u64, u64)>, start: u64, part: &[f64], fits: impl Fn(f64) -> bool) {
    let (Some(first), Some(last)) = (part.iter().position(|&x| fits(x)), part.iter().rposition(|&x| fits(x)))
    else {
        return;
    };
    let (first, last) = (start + first as u64, start + last as u64);
    *span = Some(span.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
}

/// Looks for flat tops on both sides of one channel.
#[derive(Debug)]
struct ClipScan {
    step: f64,
    shortest: u64,
    /// Above and below zero.
    sides: [Side; 2],
    run: Run,
    /// The sample before the next one.
    previous: f64,
}

/// Flat tops of one sign.
#[derive(Debug)]
struct Side {
    /// Highest magnitude so far.
    highest: f64,
    /// Runs at −1 dBFS and above.
    hot: Places,
    /// Runs at the highest level so far, below −1 dBFS.
    top: Places,
}

#[derive(Debug)]
struct Places {
    runs: Vec<ClipRun>,
    count: u64,
}

impl Places {
    fn new() -> Self {
        Self { runs: Vec::with_capacity(PLACES), count: 0 }
    }

    fn add(&mut self, run: ClipRun) {
        self.count += 1;
        if self.runs.len() < PLACES {
            self.runs.push(run);
        }
    }

    fn clear(&mut self) {
        self.runs.clear();
        self.count = 0;
    }
}

/// Equal samples being counted.
#[derive(Debug, Clone, Copy)]
struct Run {
    frame: u64,
    samples: u64,
    level: f64,
    before: f64,
}

impl ClipScan {
    fn new(step: f64, shortest: u64) -> Self {
        // Made one by one: a clone of an empty list has no room.
        let side = || Side { highest: 0.0, hot: Places::new(), top: Places::new() };
        Self {
            step,
            shortest,
            sides: [side(), side()],
            run: Run { frame: 0, samples: 0, level: 0.0, before: 0.0 },
            previous: 0.0,
        }
    }

    /// Takes up to a stride of samples whose extremes are known; most strides cannot clip and are passed over.
    fn push(&mut self, start: u64, part: &[f64], lowest: f64, highest: f64) {
        // Both sides must see the peak: no short circuit.
        let above = self.sides[0].reached_by(highest, self.step);
        let below = self.sides[1].reached_by(-lowest, self.step);
        let reaches = above || below;
        if !reaches {
            // The first sample may still be the fall from a run that reached the end of the stride before.
            if let (Some(&first), Some(&last)) = (part.first(), part.last()) {
                self.close(first);
                self.previous = last;
            }
            return;
        }
        for (frame, &x) in (start..).zip(part) {
            if self.run.samples > 0 && (x - self.run.level).abs() <= self.step {
                self.run.samples += 1;
            } else {
                self.close(x);
                self.run = Run { frame, samples: 1, level: x, before: self.previous };
            }
            self.previous = x;
        }
    }

    /// Ends the run before a sample that differs.
    fn close(&mut self, after: f64) {
        let run = self.run;
        self.run.samples = 0;
        let magnitude = run.level.abs();
        if run.samples < self.shortest || magnitude < LOWEST {
            return;
        }
        let sign = run.level.signum();
        let (rise, fall) = (magnitude - sign * run.before, magnitude - sign * after);
        let flat_top = rise > 0.0 && fall > 0.0 && rise.max(fall) > EDGE_STEPS * self.step;
        if flat_top {
            let found = ClipRun { frame: run.frame, samples: run.samples, level: run.level };
            self.sides[usize::from(sign < 0.0)].add(found, self.step);
        }
    }

    fn finish(mut self) -> ChannelClips {
        self.close(0.0);
        let step = self.step;
        let mut clips = ChannelClips::default();
        for side in self.sides {
            // Below −1 dBFS a run counts only if nothing ever went higher.
            let stands = side.top.runs.first().is_some_and(|r| r.level.abs() >= side.highest - step);
            for places in [Some(side.hot), stands.then_some(side.top)].into_iter().flatten() {
                clips.count += places.count;
                clips.runs.extend(places.runs);
            }
        }
        clips.runs.sort_by_key(|r| r.frame);
        clips
    }
}

impl Side {
    /// Whether samples up to `peak` can hold a run that counts; keeps the highest level.
    fn reached_by(&mut self, peak: f64, step: f64) -> bool {
        if peak > self.highest + step {
            self.top.clear();
        }
        self.highest = self.highest.max(peak);
        peak >= LOWEST && (peak >= HOT || peak >= self.highest - step)
    }

    fn add(&mut self, run: ClipRun, step: f64) {
        let magnitude = run.level.abs();
        if magnitude >= HOT {
            self.hot.add(run);
        } else if magnitude >= self.highest - 2.0 * step {
            self.top.add(run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::format::{f64_from_int, int_from_f64};
    use crate::qc::Brief;
    use std::f64::consts::PI;

    fn tone(hz: f64, amplitude: f64, ceiling: f64, bits: u32) -> Vec<f64> {
        (0..88_200)
            .map(|n| {
                let x = amplitude * (2.0 * PI * hz * f64::from(n) / 44_100.0).sin();
                f64_from_int(int_from_f64(x.clamp(-ceiling, ceiling), bits), bits)
            })
            .collect()
    }

    fn scan(x: &[f64], bits: Option<u32>) -> Faults {
        let mut scan = FaultScan::new(44_100, 1, bits, &Brief::default());
        for block in x.chunks(1000) {
            scan.push(block, &[]);
        }
        scan.finish()
    }

    #[test]
    fn clipped_tones_are_found_at_any_pitch_depth_and_level() {
        for bits in [16, 24] {
            for hz in [50.0, 440.0, 3000.0] {
                for ceiling in [1.0, 0.95, 0.5] {
                    let faults = scan(&tone(hz, 1.5 * ceiling, ceiling, bits), Some(bits));
                    let clips = &faults.clips[0];
                    // Two flat tops in each period of two seconds.
                    let expected = 4.0 * hz;
                    assert!(
                        (clips.count as f64 - expected).abs() < 0.35 * expected,
                        "{bits} {hz} {ceiling}: {}",
                        clips.count
                    );
                    assert!(clips.longest() >= 3);
                }
            }
        }
    }

    #[test]
    fn clean_tones_are_not_clipped() {
        for bits in [16, 24] {
            for hz in [20.0, 30.0, 50.0, 100.0, 440.0, 997.0, 11_025.0] {
                for amplitude in [0.999, 0.95, 0.3] {
                    let faults = scan(&tone(hz, amplitude, 1.0, bits), Some(bits));
                    assert_eq!(faults.clips[0].count, 0, "{bits} bits, {hz} Hz, {amplitude}");
                }
            }
        }
    }

    #[test]
    fn a_single_run_has_its_place_and_length() {
        let mut x = tone(440.0, 0.5, 1.0, 24);
        x[30_000..30_005].fill(f64_from_int(8_388_607, 24));
        let clips = scan(&x, Some(24)).clips.swap_remove(0);
        assert_eq!(clips.runs.len(), 1);
        assert_eq!((clips.runs[0].frame, clips.runs[0].samples), (30_000, 5));
        // At the very end too, and across a border of strides.
        let mut y = tone(440.0, 0.5, 1.0, 24);
        let n = y.len();
        y[n - 4..].fill(-1.0);
        y[64 * 100 - 2..64 * 100 + 2].fill(-1.0);
        let found: Vec<_> = scan(&y, Some(24)).clips[0].runs.iter().map(|r| (r.frame, r.samples)).collect();
        assert_eq!(found, [(6398, 4), (n as u64 - 4, 4)]);
    }

    #[test]
    fn a_lower_flat_top_is_dropped_when_the_channel_goes_higher() {
        let mut x = tone(440.0, 0.75, 0.5, 24);
        x[80_000] = 0.7;
        x[80_100] = -0.7;
        assert_eq!(scan(&x, Some(24)).clips[0].count, 0);
    }

    #[test]
    fn beginning_and_end_of_sound_are_exact() {
        let mut x = vec![0.0; 50_000];
        x[9000] = 0.0005;
        x[10_000..20_000].fill(0.01);
        let faults = scan(&x, Some(24));
        assert_eq!(faults.audible, Some((10_000, 19_999)));
        assert_eq!(faults.sounding, Some((9000, 19_999)));
        assert_eq!(scan(&[0.0; 1000], None).sounding, None);
    }
}
