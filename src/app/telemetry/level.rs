//! Peaks and levels at the meter point.

use crate::app::frame::LevelView;
use crate::app::meter_settings::LevelSettings;
use crate::meter::peak::LevelMeter;
use crate::meter::true_peak::{Keep, TruePeakMeter, dbtp};
use crate::units::SampleRate;

/// Consecutive full-scale samples that count as a run.
const OVER_SAMPLES: u32 = 3;

/// The level meters.
pub(super) struct Levels {
    levels: [LevelMeter; 2],
    true_peak: TruePeakMeter,
}

impl Levels {
    pub(super) fn new(rate: SampleRate, _: &LevelSettings) -> Self {
        let level = || LevelMeter::new(rate.0, OVER_SAMPLES);
        Self { levels: [level(), level()], true_peak: TruePeakMeter::new(Keep::Maximum) }
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        self.true_peak.push(left, right);
        self.levels[0].push(left);
        self.levels[1].push(right);
    }

    /// What spans a jump of the sound starts anew.
    pub(super) fn restart(&mut self) {
        self.true_peak.restart();
        self.levels.iter_mut().for_each(LevelMeter::restart);
    }

    pub(super) fn view(&self) -> LevelView {
        let levels = [self.levels[0].reading(), self.levels[1].reading()];
        LevelView {
            peak_dbfs: levels.map(|l| l.peak_dbfs),
            hold_dbfs: levels.map(|l| l.hold_dbfs),
            rms_dbfs: levels.map(|l| l.rms_dbfs),
            true_peak_dbtp: self.true_peak.highest().map(|c| dbtp(c.value)),
            full_scale_runs: levels.iter().map(|l| l.overs).sum(),
        }
    }
}
