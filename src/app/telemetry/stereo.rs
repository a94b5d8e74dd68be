//! Correlation, balance, mono fold-down and goniometer at the meter point.

use std::sync::Arc;

use crate::app::frame::{FieldView, StereoView};
use crate::app::meter_settings::{FieldPicture, StereoSettings};
use crate::meter::stereo::{BandMeter, FoldDown, LowSide, PolarLevel, Scope, StereoMeter};
use crate::units::SampleRate;

/// Points of the goniometer.
const FIELD_POINTS: usize = 4096;
/// Points cover this many time constants of the fading; what is older is too faint to see.
const SHOWN_TIME_CONSTANTS: f64 = 2.0;

/// The stereo meters.
pub(super) struct Stereo {
    rate: SampleRate,
    settings: StereoSettings,
    wide: StereoMeter,
    bands: BandMeter,
    fold_down: FoldDown,
    low_side: LowSide,
    scope: Scope,
    polar: PolarLevel,
}

impl Stereo {
    pub(super) fn new(rate: SampleRate, settings: &StereoSettings) -> Self {
        let (hz, time_s) = (rate.0, settings.average.seconds());
        let persistence_s = settings.persistence.seconds();
        let mut wide = StereoMeter::new(hz);
        wide.set_time(time_s);
        Self {
            rate,
            settings: settings.clone(),
            wide,
            bands: BandMeter::new(hz, settings.bands.split(), time_s),
            fold_down: FoldDown::new(hz),
            low_side: LowSide::new(hz),
            scope: Scope::new(hz, FIELD_POINTS, SHOWN_TIME_CONSTANTS * persistence_s),
            polar: PolarLevel::new(hz, persistence_s),
        }
    }

    /// Takes other settings. Only other bands begin anew; every other count since reset goes on.
    pub(super) fn set(&mut self, settings: &StereoSettings) {
        let time_s = settings.average.seconds();
        self.wide.set_time(time_s);
        self.bands.set_time(time_s);
        if settings.bands != self.settings.bands {
            self.bands = BandMeter::new(self.rate.0, settings.bands.split(), time_s);
        }
        if settings.persistence != self.settings.persistence {
            let persistence_s = settings.persistence.seconds();
            self.scope.set_persistence(SHOWN_TIME_CONSTANTS * persistence_s);
            self.polar.set_persistence(persistence_s);
        }
        self.settings = settings.clone();
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        self.wide.push(left, right);
        self.bands.push(left, right);
        self.fold_down.push(left, right);
        self.low_side.push(left, right);
        self.scope.push(left, right);
        if self.settings.picture == FieldPicture::PolarLevel {
            self.polar.push(left, right);
        }
    }

    /// What spans a jump of the sound starts anew.
    pub(super) fn restart(&mut self) {
        self.wide.restart();
        self.bands.restart();
        self.low_side.restart();
        self.scope.clear();
    }

    /// The readings, over an older picture.
    pub(super) fn view_into(&self, out: &mut StereoView) {
        let mut bands = std::mem::take(&mut out.bands);
        bands.clear();
        bands.extend(self.bands.readings());
        let reading = self.wide.reading();
        let needle = reading.needle;
        *out = StereoView {
            correlation: needle.now,
            is_held: needle.is_held,
            min_correlation: needle.lowest.map(|l| l.value),
            min_at_s: needle.lowest.map(|l| l.at_s),
            below_zero_s: needle.below_zero_s,
            measured_s: needle.measured_s,
            bands,
            balance_db: reading.balance_db,
            long_balance_db: reading.long_balance_db,
            fold_down_db: reading.fold_down_db,
            long_fold_down_db: reading.long_fold_down_db,
            long_fold_down_lu: self.fold_down.loss_lu(),
            mid_side_dbfs: [reading.mid_dbfs, reading.side_dbfs],
            low_side: self.low_side.since_reset(),
            low_side_now: self.low_side.now(),
            field: self.field_view(&mut out.field.polar),
        };
    }

    /// With the polar level over an older one, if that is looked at no more.
    fn field_view(&self, polar: &mut Arc<Vec<[f32; 2]>>) -> FieldView {
        if Arc::get_mut(polar).is_none() {
            *polar = Arc::default();
        }
        if let Some(sectors) = Arc::get_mut(polar) {
            sectors.clear();
            if self.settings.picture == FieldPicture::PolarLevel {
                sectors.extend(self.polar.sectors());
            }
        }
        FieldView {
            spacing_s: self.scope.spacing_s(),
            persistence_s: self.settings.persistence.seconds(),
            gain_db: self.settings.gain.fixed_db().unwrap_or_else(|| self.scope.auto_gain_db()),
            polar: Arc::clone(polar),
        }
    }

    /// Points of the goniometer as left and right, newest last.
    pub(super) fn field_into(&self, out: &mut Vec<[f32; 2]>) {
        out.clear();
        if self.settings.picture != FieldPicture::PolarLevel {
            out.reserve(FIELD_POINTS);
            out.extend(self.scope.points());
        }
    }
}
