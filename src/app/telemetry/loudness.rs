//! Loudness at the meter point since the reset, and what is derived from it.

use std::sync::Arc;

use super::places::Places;
use crate::app::frame::LoudnessView;
use crate::app::meter_settings::LoudnessSettings;
use crate::meter::dynamics::{PSR_GATE_LUFS, PsrMeter, plr_db};
use crate::meter::loudness::LoudnessMeter;
use crate::meter::loudness_counts::LoudnessCounts;
use crate::meter::true_peak::{Keep, TruePeakMeter, dbtp};
use crate::units::SampleRate;

/// Hours of integrated loudness without a reset.
const MOST_HOURS: f64 = 12.0;

/// Values of the short-term history: ten a second for five minutes.
const HISTORY_VALUES: usize = 3000;

/// Steps of 100 ms in the window of PSR.
const PSR_STEPS: u32 = 30;

/// The loudness meters.
pub(super) struct Loudness {
    rate: SampleRate,
    meter: LoudnessMeter,
    /// Highest points since it was last asked.
    interval_peak: TruePeakMeter,
    /// Highest true peak of the step now running, and since reset while measuring; highest sample likewise.
    step_peak: f64,
    max_true_peak: f64,
    max_sample_peak: f64,
    psr: PsrMeter,
    min_psr_db: Option<f64>,
    /// Steps measured without a pause.
    unbroken: u32,
    /// Frames since reset while measuring.
    frames: u64,
    /// Frames until the next step of 100 ms.
    to_step: usize,
    history: Vec<f32>,
    counts: Arc<LoudnessCounts>,
}

impl Loudness {
    pub(super) fn new(rate: SampleRate, _: &LoudnessSettings) -> Self {
        Self {
            rate,
            meter: LoudnessMeter::new(rate.0, 2, MOST_HOURS),
            interval_peak: TruePeakMeter::new(Keep::Intervals),
            step_peak: 0.0,
            max_true_peak: 0.0,
            max_sample_peak: 0.0,
            psr: PsrMeter::new(),
            min_psr_db: None,
            unbroken: 0,
            frames: 0,
            to_step: (rate.0 / 10) as usize,
            history: Vec::with_capacity(HISTORY_VALUES),
            counts: Arc::default(),
        }
    }

    pub(super) fn push(&mut self, mut left: &[f64], mut right: &[f64]) {
        while !left.is_empty() {
            let n = left.len().min(self.to_step);
            self.measure(&left[..n], &right[..n]);
            (left, right) = (&left[n..], &right[n..]);
            self.to_step -= n;
            if self.to_step == 0 {
                self.step();
            }
        }
    }

    fn measure(&mut self, left: &[f64], right: &[f64]) {
        self.meter.push(left, right);
        self.interval_peak.push(left, right);
        self.note_true_peak();
        if self.meter.is_running() {
            self.frames += left.len() as u64;
            let samples = left.iter().chain(right);
            let highest = |top: f64, x: &f64| if x.abs() > top { x.abs() } else { top };
            self.max_sample_peak = samples.fold(self.max_sample_peak, highest);
        }
    }

    fn note_true_peak(&mut self) {
        let [left, right] = self.interval_peak.take_interval();
        let highest = left.max(right);
        self.step_peak = self.step_peak.max(highest);
        if self.meter.is_running() {
            self.max_true_peak = self.max_true_peak.max(highest);
        }
    }

    /// Every 100 ms.
    fn step(&mut self) {
        self.to_step = (self.rate.0 / 10) as usize;
        let short_term = self.meter.short_term_lufs();
        self.psr.push(std::mem::take(&mut self.step_peak), short_term);
        if self.meter.is_running() {
            self.unbroken += 1;
            self.meter.momentary_lufs().into_iter().for_each(|l| self.counts.momentary.add(l));
            short_term.into_iter().for_each(|l| self.counts.short_term.add(l));
            let counts = self.unbroken >= PSR_STEPS && short_term.is_some_and(|l| l >= PSR_GATE_LUFS);
            if let Some(psr_db) = self.psr.psr_db().filter(|_| counts) {
                self.min_psr_db = Some(self.min_psr_db.map_or(psr_db, |least| least.min(psr_db)));
            }
        }
        if self.history.len() == HISTORY_VALUES {
            self.history.remove(0);
        }
        self.history.push(short_term.map_or(f32::NEG_INFINITY, |s| s as f32));
    }

    /// Stops or goes on measuring what is gathered since the reset, all of it together (EBU Tech 3341, 3.1).
    pub(super) fn set_running(&mut self, running: bool) {
        if running != self.meter.is_running() {
            self.meter.set_running(running);
            self.unbroken = 0;
        }
    }

    /// The signal ends here: the wave behind the last frame counts.
    pub(super) fn finish(&mut self) {
        self.interval_peak.finish();
        self.note_true_peak();
    }

    /// The signal is broken: no wave is drawn across the break.
    pub(super) fn break_off(&mut self) {
        self.note_true_peak();
        self.interval_peak.reset();
    }

    /// Whether integrated loudness and range take nothing more: after [`MOST_HOURS`].
    pub(super) fn is_full(&self) -> bool {
        self.meter.is_full()
    }

    /// The readings, over an older picture.
    pub(super) fn view_into(&mut self, places: &Places, out: &mut LoudnessView) {
        let reading = self.meter.reading();
        let max_true_peak_dbtp = dbtp(self.max_true_peak);
        let song = places.current_song().map(|(_, id)| id);
        let history = Arc::get_mut(&mut out.short_term_history);
        match history.filter(|values| values.capacity() >= HISTORY_VALUES) {
            Some(values) => values.clone_from(&self.history),
            // The first picture, or one that somebody still looks at.
            None => {
                let mut values = Vec::with_capacity(HISTORY_VALUES);
                values.clone_from(&self.history);
                out.short_term_history = Arc::new(values);
            }
        }
        *out = LoudnessView {
            momentary_lufs: reading.momentary_lufs,
            short_term_lufs: reading.short_term_lufs,
            integrated_lufs: reading.integrated_lufs,
            range_lu: reading.range_lu,
            max_momentary_lufs: reading.max_momentary_lufs,
            max_short_term_lufs: reading.max_short_term_lufs,
            plr_db: plr_db(max_true_peak_dbtp, reading.integrated_lufs),
            psr_db: self.psr.psr_db(),
            min_psr_db: self.min_psr_db,
            measured_s: self.frames as f64 / self.rate.hz(),
            is_paused: !self.meter.is_running(),
            max_true_peak_dbtp,
            max_sample_peak_dbfs: dbtp(self.max_sample_peak),
            song_id: song,
            song: song.and_then(|id| places.song(id)),
            album: places.album(),
            counts: Arc::clone(&self.counts),
            short_term_history: Arc::clone(&out.short_term_history),
        };
    }
}
