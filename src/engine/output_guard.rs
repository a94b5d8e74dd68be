//! The last thing before the device: a signal no ear should get mutes the output until someone has looked.
//!
//! NaN and infinity trip at once; a level above +24 dBFS trips when it lasts: 32 frames more above than below. The
//! frames that trip it are already silent.

/// +24 dBFS.
const LIMIT: f64 = 15.848_931_924_611_133;

/// Frames above the limit, less those below since, that trip the guard.
const PATIENCE: u32 = 32;

/// Watches the output.
#[derive(Debug, Clone, Default)]
pub(super) struct OutputGuard {
    above: u32,
    tripped: bool,
}

impl OutputGuard {
    #[cfg(test)]
    pub fn is_tripped(&self) -> bool {
        self.tripped
    }

    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Silences what must not be heard; whether it tripped just now.
    pub fn process(&mut self, left: &mut [f64], right: &mut [f64]) -> bool {
        let was = self.tripped;
        for (l, r) in left.iter_mut().zip(right) {
            self.watch(*l, *r);
            if self.tripped {
                (*l, *r) = (0.0, 0.0);
            }
        }
        self.tripped && !was
    }

    fn watch(&mut self, left: f64, right: f64) {
        let loud = left.abs().max(right.abs());
        if loud > LIMIT {
            self.above += 1;
        } else {
            self.above = self.above.saturating_sub(1);
        }
        self.tripped |= self.above >= PATIENCE || !left.is_finite() || !right.is_finite();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_never_come_out() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut guard = OutputGuard::default();
            let (mut left, mut right) = ([0.5, 0.5, 0.5], [0.5, bad, 0.5]);
            assert!(guard.process(&mut left, &mut right));
            assert_eq!((left, right), ([0.5, 0.0, 0.0], [0.5, 0.0, 0.0]));
            assert!(guard.is_tripped());
            guard.reset();
            assert!(!guard.process(&mut [0.5], &mut [0.5]));
        }
    }

    #[test]
    fn a_runaway_trips_and_a_loud_master_does_not() {
        let mut guard = OutputGuard::default();
        let mut runaway: Vec<f64> = (0..100).map(|i| if i % 8 == 0 { 0.0 } else { 20.0 }).collect();
        assert!(guard.process(&mut runaway.clone(), &mut runaway));
        assert_eq!(runaway[99], 0.0);
        let mut guard = OutputGuard::default();
        let mut loud: Vec<f64> = (0..10_000).map(|i| if i % 4 == 0 { 16.0 } else { 3.0 }).collect();
        assert!(!guard.process(&mut loud.clone(), &mut loud));
    }
}
