//! A fixed delay line.

/// Delays a stream of values by a fixed number of frames; what comes out first is the initial value.
#[derive(Debug, Clone)]
pub struct Delay {
    ring: Vec<f64>,
    at: usize,
    initial: f64,
}

impl Delay {
    /// A delay of `frames`, filled with `initial`.
    pub fn new(frames: usize, initial: f64) -> Self {
        Self { ring: vec![initial; frames], at: 0, initial }
    }

    /// Its length in frames.
    pub fn frames(&self) -> usize {
        self.ring.len()
    }

    /// Puts a value in and takes out the one put in [`Self::frames`] calls before.
    #[inline]
    pub fn tick(&mut self, value: f64) -> f64 {
        let frames = self.ring.len();
        let Some(place) = self.ring.get_mut(self.at) else { return value };
        self.at = if self.at + 1 == frames { 0 } else { self.at + 1 };
        std::mem::replace(place, value)
    }

    /// The same for every value of a slice, in place.
    pub fn run(&mut self, values: &mut [f64]) {
        if self.ring.is_empty() {
            return;
        }
        let mut rest = values;
        while !rest.is_empty() {
            let count = rest.len().min(self.ring.len() - self.at);
            let (now, later) = rest.split_at_mut(count);
            now.swap_with_slice(&mut self.ring[self.at..self.at + count]);
            self.at = if self.at + count == self.ring.len() { 0 } else { self.at + count };
            rest = later;
        }
    }

    /// Filled with its initial value again.
    pub fn reset(&mut self) {
        self.fill(self.initial);
    }

    /// Filled with a value, which [`Self::reset`] will use from now on.
    pub fn fill(&mut self, value: f64) {
        self.initial = value;
        self.ring.fill(value);
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_come_out_after_the_delay() {
        for frames in [0, 1, 5, 64, 100] {
            let mut delay = Delay::new(frames, -1.0);
            for start in (0..640).step_by(64) {
                let mut values: Vec<f64> = (start..start + 64).map(|n| n as f64).collect();
                delay.run(&mut values);
                for (n, value) in (start..).zip(values) {
                    let expected = if n < frames { -1.0 } else { (n - frames) as f64 };
                    assert_eq!(value, expected, "{frames}");
                }
            }
        }
    }

    #[test]
    fn values_come_out_after_the_delay() {
        for frames in [0, 1, 5] {
            let mut delay = Delay::new(frames, -1.0);
            for n in 0..20 {
                let expected = if n < frames { -1.0 } else { (n - frames) as f64 };
                assert_eq!(delay.tick(n as f64), expected);
            }
        }
    }
}
