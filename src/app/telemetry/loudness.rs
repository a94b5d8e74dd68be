//! Loudness at the meter point, and what is derived from it.

use std::sync::Arc;

use crate::app::frame::LoudnessView;
use crate::app::meter_settings::LoudnessSettings;
use crate::meter::dynamics::{PsrMeter, plr_db};
use crate::meter::loudness::LoudnessMeter;
use crate::meter::loudness_counts::LoudnessCounts;
use crate::meter::true_peak::{Keep, TruePeakMeter};
use crate::units::SampleRate;

/// Hours of integrated loudness without a reset.
const MOST_HOURS: f64 = 12.0;

/// Values of the short-term history: ten a second for five minutes.
const HISTORY_VALUES: usize = 3000;

/// The loudness meters.
pub(super) struct Loudness {
    rate: SampleRate,
    meter: LoudnessMeter,
    /// True peak by steps of 100 ms, for PSR.
    interval_peak: TruePeakMeter,
    psr: PsrMeter,
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
            psr: PsrMeter::new(),
            frames: 0,
            to_step: (rate.0 / 10) as usize,
            history: Vec::with_capacity(HISTORY_VALUES),
            counts: Arc::default(),
        }
    }

    pub(super) fn push(&mut self, mut left: &[f64], mut right: &[f64]) {
        self.frames += left.len() as u64;
        while !left.is_empty() {
            let n = left.len().min(self.to_step);
            self.meter.push(&left[..n], &right[..n]);
            self.interval_peak.push(&left[..n], &right[..n]);
            (left, right) = (&left[n..], &right[n..]);
            self.to_step -= n;
            if self.to_step == 0 {
                self.step();
            }
        }
    }

    /// Every 100 ms.
    fn step(&mut self) {
        self.to_step = (self.rate.0 / 10) as usize;
        let [l, r] = self.interval_peak.take_interval();
        let short_term = self.meter.short_term_lufs();
        self.psr.push(l.max(r), short_term);
        if self.meter.is_running() {
            self.meter.momentary_lufs().into_iter().for_each(|l| self.counts.momentary.add(l));
            short_term.into_iter().for_each(|l| self.counts.short_term.add(l));
        }
        if self.history.len() == HISTORY_VALUES {
            self.history.remove(0);
        }
        self.history.push(short_term.map_or(f32::NEG_INFINITY, |s| s as f32));
    }

    /// Stops or goes on measuring what is gathered since the reset.
    pub(super) fn set_running(&mut self, running: bool) {
        self.meter.set_running(running);
    }

    /// What spans a jump of the sound starts anew.
    pub(super) fn restart(&mut self) {
        self.interval_peak.restart();
        self.meter.restart();
    }

    /// The readings; the largest true peak is measured elsewhere.
    pub(super) fn view(&mut self, max_true_peak_dbtp: Option<f64>) -> LoudnessView {
        let reading = self.meter.reading();
        LoudnessView {
            momentary_lufs: reading.momentary_lufs,
            short_term_lufs: reading.short_term_lufs,
            integrated_lufs: reading.integrated_lufs,
            range_lu: reading.range_lu,
            max_momentary_lufs: reading.max_momentary_lufs,
            max_short_term_lufs: reading.max_short_term_lufs,
            plr_lu: plr_db(max_true_peak_dbtp, reading.integrated_lufs),
            psr_lu: self.psr.psr_db(),
            min_psr_lu: self.psr.minimum_db(),
            measured_s: self.frames as f64 / self.rate.hz(),
            is_paused: !self.meter.is_running(),
            counts: Arc::clone(&self.counts),
            short_term_history: Arc::new(self.history.clone()),
            ..LoudnessView::default()
        }
    }
}
