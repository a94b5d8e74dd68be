//! The sample-peak bar: rises at once, falls 20 dB in 1.7 s (IEC 60268-18 style), its mark waits a while at the top.
//!
//! The mark is set by a sample at least as high; so many frames after the last of them it joins the bar again.

use super::{TINY, clean};
use crate::units::Frames;

/// Fall of a peak bar in dB a second.
pub const FALL_DB_PER_S: f64 = 20.0 / 1.7;
/// How long the mark waits if nothing else is set, seconds.
pub const HOLD_S: f64 = 1.0;

/// The bar of one channel.
#[derive(Debug, Clone)]
pub struct PeakBar {
    rate_hz: f64,
    /// Factor of the fall in one frame.
    fall: f64,
    bar: f64,
    mark: f64,
    hold_frames: u64,
    frames_left: u64,
    max: f64,
    max_at: Option<Frames>,
}

impl PeakBar {
    /// At a rate in hertz; the mark waits [`HOLD_S`].
    pub fn new(rate_hz: u32) -> Self {
        let rate_hz = f64::from(rate_hz.max(1));
        let fall = 10f64.powf(-FALL_DB_PER_S / rate_hz / 20.0);
        let mut bar = Self {
            rate_hz,
            fall,
            bar: 0.0,
            mark: 0.0,
            hold_frames: 0,
            frames_left: 0,
            max: 0.0,
            max_at: None,
        };
        bar.set_hold_s(HOLD_S);
        bar
    }

    /// How long the mark waits, seconds; one that waits longer already is cut short.
    pub fn set_hold_s(&mut self, seconds: f64) {
        self.hold_frames = (seconds.max(0.0) * self.rate_hz).round() as u64;
        self.frames_left = self.frames_left.min(self.hold_frames);
    }

    /// Takes a block whose first sample lies at a place.
    pub fn push(&mut self, samples: &[f64], at: Option<Frames>) {
        let (mut bar, mut mark, mut left) = (self.bar, self.mark, self.frames_left);
        for (i, &x) in samples.iter().enumerate() {
            let size = clean(x).abs();
            let fallen = (bar * self.fall).max(TINY);
            bar = if size > fallen { size } else { fallen };
            if size >= mark {
                (mark, left) = (size, self.hold_frames);
            } else if left > 0 {
                left -= 1;
            } else {
                mark = bar;
            }
            if size > self.max {
                self.max = size;
                self.max_at = at.map(|at| at + Frames(i as i64));
            }
        }
        (self.bar, self.mark, self.frames_left) = (bar, mark, left);
    }

    /// Where the bar stands, full scale 1.0.
    pub fn bar(&self) -> f64 {
        self.bar
    }

    /// Where the mark stands.
    pub fn mark(&self) -> f64 {
        self.mark
    }

    /// The highest sample since reset.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Where that was first reached.
    pub fn max_at(&self) -> Option<Frames> {
        self.max_at
    }

    /// Forgets maximum and mark; the bar goes on.
    pub fn restart(&mut self) {
        (self.max, self.max_at, self.mark, self.frames_left) = (0.0, None, 0.0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{SESSION_RATES_HZ, db_from_gain};

    #[test]
    fn the_bar_falls_twenty_decibels_in_1_7_seconds_at_every_rate() {
        for rate in SESSION_RATES_HZ {
            let mut bar = PeakBar::new(rate);
            bar.push(&[0.1, -1.0], None);
            assert!((bar.bar() - 1.0).abs() < 1e-15, "it rises at once");
            let silence = vec![0.0; (f64::from(rate) * 1.7).round() as usize];
            bar.push(&silence, None);
            assert!((db_from_gain(bar.bar()) + 20.0).abs() < 0.001, "{rate} Hz: {}", bar.bar());
        }
    }

    #[test]
    fn the_mark_waits_to_the_frame() {
        for (rate, seconds) in [(44_100, 1.0), (48_000, 3.0), (96_000, 10.0), (192_000, 1.0)] {
            let mut bar = PeakBar::new(rate);
            bar.set_hold_s(seconds);
            bar.push(&[0.5], None);
            let frames = (seconds * f64::from(rate)) as usize;
            bar.push(&vec![0.0; frames], None);
            assert!((bar.mark() - 0.5).abs() < 1e-15, "{rate} Hz: gone after {frames} frames");
            bar.push(&[0.0], None);
            assert!(bar.mark() < 0.46 && (bar.mark() - bar.bar()).abs() < 1e-15, "{rate} Hz: still there");
        }
    }

    #[test]
    fn the_mark_is_taken_up_by_what_is_as_high() {
        let mut bar = PeakBar::new(48_000);
        bar.push(&[0.5], None);
        bar.push(&[0.0; 40_000], None);
        bar.push(&[-0.5], None);
        bar.push(&[0.0; 40_000], None);
        assert!((bar.mark() - 0.5).abs() < 1e-15);
        bar.push(&[0.7], Some(Frames(900)));
        assert!((bar.mark() - 0.7).abs() < 1e-15 && bar.max_at() == Some(Frames(900)));
    }

    #[test]
    fn a_shorter_wait_holds_at_once() {
        let mut bar = PeakBar::new(1000);
        bar.set_hold_s(10.0);
        bar.push(&[1.0], None);
        bar.set_hold_s(1.0);
        bar.push(&[0.0; 1001], None);
        assert!(bar.mark() < 0.9);
        bar.push(&[0.2, 0.1], Some(Frames(5)));
        assert!((bar.max() - 1.0).abs() < 1e-15 && bar.max_at().is_none());
        bar.restart();
        assert!(bar.max().abs() < 1e-15 && bar.bar() > 0.25, "the bar goes on");
    }
}
