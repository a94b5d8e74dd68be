//! Correlation, balance and goniometer at the meter point.

use crate::app::frame::StereoView;
use crate::app::meter_settings::StereoSettings;
use crate::meter::correlation::{Goniometer, StereoMeter};
use crate::units::SampleRate;

/// Points of the goniometer.
const FIELD_POINTS: usize = 1024;

/// The stereo meters.
pub(super) struct Stereo {
    meter: StereoMeter,
    field: Goniometer,
}

impl Stereo {
    pub(super) fn new(rate: SampleRate, _: &StereoSettings) -> Self {
        Self { meter: StereoMeter::new(rate.0), field: Goniometer::new(rate.0, FIELD_POINTS) }
    }

    pub(super) fn push(&mut self, left: &[f64], right: &[f64]) {
        self.meter.push(left, right);
        self.field.push(left, right);
    }

    /// What spans a jump of the sound starts anew.
    pub(super) fn restart(&mut self) {
        self.meter.restart();
    }

    pub(super) fn view(&self) -> StereoView {
        let reading = self.meter.reading();
        StereoView {
            correlation: reading.correlation,
            min_correlation: reading.min_correlation,
            balance_db: reading.balance_db,
        }
    }

    /// Points of the goniometer as left and right, newest last.
    pub(super) fn field_into(&self, out: &mut Vec<[f32; 2]>) {
        // The meter plots x = (R − L)/√2, y = (L + R)/√2.
        let half = std::f32::consts::FRAC_1_SQRT_2;
        out.clear();
        out.reserve(FIELD_POINTS);
        out.extend(self.field.points().map(|p| [(p.y - p.x) * half, (p.y + p.x) * half]));
    }
}
