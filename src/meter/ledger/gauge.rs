//! Measures a run of the sound into the sub-blocks of a sheet.

use super::sheet::{Sheet, SubBlock};
use crate::dsp::kweight::KWeight;
use crate::meter::true_peak::{Keep, TruePeakMeter};
use crate::units::SampleRate;

/// Measures a run of the sound into the sub-blocks of a sheet.
#[derive(Debug)]
pub(super) struct Gauge {
    filter: KWeight,
    peak: TruePeakMeter,
    energy: [f64; 2],
    sample_peak: [f64; 2],
    /// Frames from the sheet's origin: the next, and the first that counts.
    pub next: i64,
    pub counts_from: i64,
    pub is_running: bool,
}

impl Gauge {
    pub fn new(rate: SampleRate) -> Self {
        Self {
            filter: KWeight::new(rate.hz()),
            peak: TruePeakMeter::new(Keep::Intervals),
            energy: [0.0; 2],
            sample_peak: [0.0; 2],
            next: 0,
            counts_from: 0,
            is_running: false,
        }
    }

    /// From silence at a frame counted from the sheet's origin.
    pub fn begin(&mut self, at: i64, counts_from: i64) {
        self.filter.reset();
        self.peak.reset();
        self.forget_sub_block();
        (self.next, self.counts_from, self.is_running) = (at, counts_from.max(at), true);
    }

    fn forget_sub_block(&mut self) {
        self.energy = [0.0; 2];
        self.sample_peak = [0.0; 2];
        self.peak.take_interval();
    }

    /// Whether this was not the last frame of the sheet.
    pub fn push(&mut self, sheet: &mut Sheet, mut left: &[f64], mut right: &[f64]) {
        let length = (sheet.end - sheet.origin).0;
        while self.is_running && !left.is_empty() {
            let k = sheet.sub_block_at(self.next.max(0));
            let border = if self.next < 0 { 0 } else { sheet.border(k + 1).min(length) };
            let count = usize::try_from(border - self.next).unwrap_or(0).min(left.len());
            if count == 0 {
                self.is_running = false;
                return;
            }
            self.measure(&left[..count], &right[..count]);
            (left, right) = (&left[count..], &right[count..]);
            self.next += count as i64;
            if self.next == border {
                self.close(sheet, k, border == length);
            }
        }
    }

    fn measure(&mut self, left: &[f64], right: &[f64]) {
        self.filter.add_energy(left, right, &mut self.energy);
        self.peak.push(left, right);
        for (top, samples) in self.sample_peak.iter_mut().zip([left, right]) {
            *top = samples.iter().fold(*top, |top, x| if x.abs() > top { x.abs() } else { top });
        }
    }

    fn close(&mut self, sheet: &mut Sheet, k: usize, is_end: bool) {
        let energy = self.energy[0] + self.energy[1];
        if !energy.is_finite() {
            self.filter.reset();
        }
        let begun = sheet.border(k);
        let block = SubBlock { energy, true_peak: self.peak.take_interval(), sample_peak: self.sample_peak };
        let counts = self.next > begun && begun >= self.counts_from;
        if counts {
            sheet.write(k, block);
        }
        self.forget_sub_block();
        if is_end {
            self.peak.finish();
            let tail = self.peak.take_interval();
            if counts {
                sheet.raise_last(tail);
            }
            self.is_running = false;
        }
    }
}
