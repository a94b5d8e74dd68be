//! Counts samples at full scale ([`crate::meter::full_scale`]) in a row: an over is a run of at least N of them (1 and 3 are usual).
//!
//! Runs are counted for every N at once, so that another N shows its count at once. A run counts once, however long.

use crate::meter::full_scale::LIVE_FULL_SCALE;
use crate::units::Frames;

/// The longest run told apart.
pub const LONGEST_RUN: usize = 32;

/// The counter of one channel.
#[derive(Debug, Clone)]
pub struct RunCounter {
    run: u32,
    counts: [u64; LONGEST_RUN],
    last_at: [Option<Frames>; LONGEST_RUN],
}

impl Default for RunCounter {
    fn default() -> Self {
        Self { run: 0, counts: [0; LONGEST_RUN], last_at: [None; LONGEST_RUN] }
    }
}

impl RunCounter {
    /// Takes a block whose first sample lies at a place.
    pub fn push(&mut self, samples: &[f64], at: Option<Frames>) {
        for (i, &x) in samples.iter().enumerate() {
            if x.abs() >= LIVE_FULL_SCALE {
                self.count_one(at.map(|at| at + Frames(i as i64)));
            } else {
                self.run = 0;
            }
        }
    }

    #[cold]
    fn count_one(&mut self, at: Option<Frames>) {
        let before = self.run as usize;
        if before < LONGEST_RUN {
            self.counts[before] += 1;
            self.last_at[before] = at.map(|at| at - Frames(before as i64));
        }
        self.run = self.run.saturating_add(1);
    }

    /// Runs of at least so many samples since reset; 1 to [`LONGEST_RUN`], others count as the nearest of them.
    pub fn count(&self, samples: u32) -> u64 {
        self.counts[index(samples)]
    }

    /// Where the last of them began.
    pub fn last_at(&self, samples: u32) -> Option<Frames> {
        self.last_at[index(samples)]
    }

    /// No run goes on across what follows.
    pub fn break_off(&mut self) {
        self.run = 0;
    }

    /// Counts from zero again.
    pub fn restart(&mut self) {
        *self = Self::default();
    }
}

fn index(samples: u32) -> usize {
    (samples.max(1) as usize - 1).min(LONGEST_RUN - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overs_are_counted_once_a_run_across_blocks() {
        let mut counter = RunCounter::default();
        counter.push(&[0.0, 1.0, 1.0], None);
        counter.push(&[1.0, 1.0, 0.0, -1.0, -1.0, 0.0], None);
        counter.push(&[-1.0, -1.0, -1.0], None);
        assert_eq!(counter.count(3), 2);
    }

    #[test]
    fn every_length_is_counted_at_once_with_the_place_where_the_last_began() {
        let mut counter = RunCounter::default();
        let one = [0.0, 1.0, 0.0];
        let five = [0.5, -1.0, -1.0, 1.0, 1.0, 1.0, 0.0];
        counter.push(&one, Some(Frames(100)));
        counter.push(&five[..3], Some(Frames(200)));
        counter.push(&five[3..], Some(Frames(203)));
        counter.push(&one, Some(Frames(300)));
        assert_eq!([1, 2, 3, 5, 6].map(|n| counter.count(n)), [3, 1, 1, 1, 0]);
        assert_eq!(
            [1, 3, 5, 6].map(|n| counter.last_at(n)),
            [Some(301), Some(201), Some(201), None].map(|f| f.map(Frames))
        );
        assert_eq!(counter.count(0), 3, "0 is taken as 1");
    }

    #[test]
    fn full_scale_of_16_bits_counts_and_one_step_less_does_not() {
        let mut counter = RunCounter::default();
        counter
            .push(&[32_767.0 / 32_768.0, 0.0, 32_766.0 / 32_768.0, 0.0, f64::INFINITY, f64::NAN, -1.0], None);
        assert_eq!(counter.count(1), 3);
        counter.break_off();
        counter.push(&[-1.0], None);
        assert_eq!((counter.count(1), counter.count(2)), (4, 0));
        counter.push(&[1.0; 100], None);
        assert_eq!((counter.count(1), counter.count(32), counter.count(99)), (4, 1, 1));
    }
}
