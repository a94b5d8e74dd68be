//! The monitor path at another rate, for a device that cannot run at the session's: never silence, never a wrong speed.
//!
//! After the tap and the monitor section, through the converter of [`crate::dsp::resample`]. Its room is set aside before
//! the device starts; nothing here allocates afterwards.

use crate::dsp::resample::{RateConverter, ResampleError};
use crate::units::SampleRate;

/// Converted frames, waiting to be played.
#[derive(Debug)]
pub(super) struct MonitorRate {
    converter: RateConverter,
    ready: [Vec<f64>; 2],
    given: usize,
}

impl MonitorRate {
    /// Between two rates, for pushes of at most `frames` frames.
    pub fn new(from: SampleRate, to: SampleRate, frames: usize) -> Result<Self, ResampleError> {
        let converter = RateConverter::new(from, to)?;
        let room = converter.max_push_frames(frames);
        Ok(Self { converter, ready: [Vec::with_capacity(room), Vec::with_capacity(room)], given: 0 })
    }

    /// Takes frames at the session rate. Only when nothing is waiting.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        self.ready.iter_mut().for_each(Vec::clear);
        self.given = 0;
        self.converter.push([left, right], &mut self.ready);
    }

    /// The next frame at the device's rate; `None` when another push is needed.
    pub fn next(&mut self) -> Option<[f64; 2]> {
        let frame = [*self.ready[0].get(self.given)?, *self.ready[1].get(self.given)?];
        self.given += 1;
        Some(frame)
    }
}
