//! True-peak meter: the highest point of the wave between the samples (ITU-R BS.1770-5, annex 2), per channel with its
//! place, and the highest point of the interval since last asked, for a live bar.
//!
//! 16 points per sample at every rate; the samples themselves count too. 0 Hz is kept. Nothing is allocated after `new`.
//!
//! [`CrestSteps`] reads a file: it also keeps the crest of every 100 ms, for the peak to short-term loudness ratio.

use crate::dsp::interpolate::{Crest, CrestFinder, DELAY_FRAMES};
use crate::units::db_from_gain;

/// Channels measured at most.
const CHANNELS: usize = 2;
const NOTHING: Crest = Crest { value: 0.0, frame: 0 };

/// Which maxima are kept. The interval costs more: the search starts anew at every interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The maximum since reset.
    Maximum,
    /// That, and the maximum of each interval.
    Intervals,
}

/// The meter of one or two channels.
#[derive(Debug, Clone)]
pub struct TruePeakMeter {
    finders: [CrestFinder; CHANNELS],
    highest: [Crest; CHANNELS],
    interval: [Crest; CHANNELS],
    keep: Keep,
}

impl TruePeakMeter {
    /// Starts in silence.
    pub fn new(keep: Keep) -> Self {
        Self {
            finders: [CrestFinder::new(), CrestFinder::new()],
            highest: [NOTHING; CHANNELS],
            interval: [NOTHING; CHANNELS],
            keep,
        }
    }

    /// Takes a block of both channels; for a mono signal give an empty `right`.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        self.each(left, right, CrestFinder::push);
    }

    /// Reads the wave to its end. Call once, after the last block.
    pub fn finish(&mut self) {
        self.each(&[], &[], |finder, _, best| finder.finish(best));
    }

    fn each(&mut self, left: &[f64], right: &[f64], go: impl Fn(&mut CrestFinder, &[f64], &mut Crest)) {
        for (c, samples) in [left, right].into_iter().enumerate() {
            match self.keep {
                Keep::Maximum => go(&mut self.finders[c], samples, &mut self.highest[c]),
                Keep::Intervals => {
                    go(&mut self.finders[c], samples, &mut self.interval[c]);
                    if self.interval[c].value > self.highest[c].value {
                        self.highest[c] = self.interval[c];
                    }
                }
            }
        }
    }

    /// Highest point of each channel since reset.
    pub fn highest(&self) -> [Crest; CHANNELS] {
        self.highest
    }

    /// Highest point of both channels since reset, dBTP; `None` in silence.
    pub fn max_dbtp(&self) -> Option<f64> {
        dbtp(self.highest[0].value.max(self.highest[1].value))
    }

    /// Highest points since the last call, factors; the next interval begins. Zero with [`Keep::Maximum`].
    pub fn take_interval(&mut self) -> [f64; CHANNELS] {
        let taken = self.interval.map(|c| c.value);
        self.interval = [NOTHING; CHANNELS];
        taken
    }

    /// As new.
    pub fn reset(&mut self) {
        self.finders.iter_mut().for_each(CrestFinder::reset);
        self.highest = [NOTHING; CHANNELS];
        self.interval = [NOTHING; CHANNELS];
    }

    /// Forgets the maxima but not the signal just heard; places go on counting.
    pub fn restart(&mut self) {
        self.highest = [NOTHING; CHANNELS];
        self.interval = [NOTHING; CHANNELS];
    }
}

/// Steps of [`CrestSteps`] in a second.
const STEPS_PER_SECOND: u64 = 10;

/// One channel of a file: its highest point, and that of every step of 100 ms, on the grid `⌊k·fs/10⌋` of the gating
/// blocks. A crest belongs to the step that holds the frame at or before it.
#[derive(Debug)]
pub struct CrestSteps {
    finder: CrestFinder,
    rate_hz: u64,
    taken: u64,
    /// Steps over.
    closed: u64,
    step: Crest,
    highest: Crest,
    /// Factors; as many steps as there is room for.
    steps: Vec<f64>,
}

impl CrestSteps {
    /// At a rate in hertz, with room for the steps of `max_hours`; later ones still count for the maximum
    /// ([`Self::make_room`]).
    pub fn new(rate_hz: u32, max_hours: f64) -> Self {
        let capacity = (max_hours.clamp(0.0, 1000.0) * 36_000.0).ceil() as usize + 2;
        Self {
            finder: CrestFinder::new(),
            rate_hz: u64::from(rate_hz.max(STEPS_PER_SECOND as u32)),
            taken: 0,
            closed: 0,
            step: NOTHING,
            highest: NOTHING,
            steps: Vec::with_capacity(capacity),
        }
    }

    /// Makes sure that the steps of the next second find room; allocates where they would not.
    pub fn make_room(&mut self) {
        self.steps.reserve(STEPS_PER_SECOND as usize);
    }

    /// Takes samples.
    pub fn push(&mut self, mut samples: &[f64]) {
        while !samples.is_empty() {
            let wanted = self.step_end().saturating_sub(self.taken);
            let (now, later) =
                samples.split_at(samples.len().min(usize::try_from(wanted).unwrap_or(usize::MAX)));
            self.finder.push_in_place(now, &mut self.step);
            self.taken += now.len() as u64;
            samples = later;
            if self.taken == self.step_end() {
                self.close_step();
            }
        }
    }

    /// Frames to take until the step under way is known to its end.
    fn step_end(&self) -> u64 {
        (self.closed + 1) * self.rate_hz / STEPS_PER_SECOND + DELAY_FRAMES as u64
    }

    fn close_step(&mut self) {
        if self.step.value > self.highest.value {
            self.highest = self.step;
        }
        if self.steps.len() < self.steps.capacity() {
            self.steps.push(self.step.value);
        }
        self.step = NOTHING;
        self.closed += 1;
    }

    /// Reads the wave to its end. Call once, after the last block.
    pub fn finish(&mut self) {
        self.push(&[0.0; DELAY_FRAMES]);
        self.finder.push_in_place(&[0.0; DELAY_FRAMES], &mut self.step);
        self.close_step();
    }

    /// Highest point of all.
    pub fn highest(&self) -> Crest {
        self.highest
    }

    /// Highest point of each step, factors; the last may be shorter.
    pub fn steps(&self) -> &[f64] {
        &self.steps
    }
}

/// A factor in dBTP; `None` for silence.
pub fn dbtp(value: f64) -> Option<f64> {
    (value > 0.0).then(|| db_from_gain(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn tone(f: f64, phase_deg: f64, amplitude: f64) -> Vec<f64> {
        (0..4800).map(|n| amplitude * (2.0 * PI * f * f64::from(n) + phase_deg.to_radians()).sin()).collect()
    }

    #[test]
    fn a_tone_hidden_between_samples_reads_its_amplitude_on_its_channel() {
        let mut meter = TruePeakMeter::new(Keep::Maximum);
        let mut x = tone(0.25, 45.0, 0.5);
        let fade = |i: usize| 0.5 - 0.5 * (PI * (i as f64 / 480.0).min(1.0)).cos();
        let n = x.len();
        (0..n).for_each(|i| x[i] *= fade(i) * fade(n - 1 - i));
        meter.push(&x, &vec![0.0; n]);
        meter.finish();
        let [left, right] = meter.highest();
        assert!((db_from_gain(left.value) + 6.0206).abs() < 0.01, "{}", left.value);
        assert!(right.value.abs() < 1e-300);
        assert!(x.iter().all(|s| s.abs() < 0.36));
    }

    #[test]
    fn intervals_restart_and_the_maximum_stays() {
        let mut meter = TruePeakMeter::new(Keep::Intervals);
        meter.push(&tone(0.01, 0.0, 0.8), &[]);
        assert!((meter.take_interval()[0] - 0.8).abs() < 0.01);
        meter.push(&[0.0; 100], &[]);
        meter.take_interval();
        meter.push(&tone(0.01, 0.0, 0.2), &[]);
        assert!((meter.take_interval()[0] - 0.2).abs() < 0.01);
        assert!((meter.highest()[0].value - 0.8).abs() < 0.01);
    }

    #[test]
    fn silence_has_no_reading() {
        let mut meter = TruePeakMeter::new(Keep::Maximum);
        meter.push(&[0.0; 100], &[0.0; 100]);
        meter.finish();
        assert_eq!(meter.max_dbtp(), None);
    }
}
