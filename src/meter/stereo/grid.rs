//! Cuts a stream at the absolute places `⌊k·fs/n⌋`, n times a second.

/// Where the stream stands on the grid.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    rate_hz: u64,
    steps_per_second: u64,
    frames: u64,
    steps: u64,
}

impl Grid {
    pub(super) fn new(rate_hz: u32, steps_per_second: u32) -> Self {
        let rate_hz = u64::from(rate_hz.max(steps_per_second));
        Self { rate_hz, steps_per_second: u64::from(steps_per_second), frames: 0, steps: 0 }
    }

    fn border(&self, step: u64) -> u64 {
        step * self.rate_hz / self.steps_per_second
    }

    /// Frames to the end of this step; at least one.
    pub(super) fn room(&self) -> usize {
        usize::try_from(self.border(self.steps + 1) - self.frames).unwrap_or(usize::MAX)
    }

    /// Goes on by at most [`Self::room`] frames; the frames of the step that ends with them, if one does.
    pub(super) fn advance(&mut self, frames: usize) -> Option<u64> {
        self.frames += frames as u64;
        let end = self.border(self.steps + 1);
        if self.frames < end {
            return None;
        }
        let length = end - self.border(self.steps);
        self.steps += 1;
        Some(length)
    }

    /// Frames so far, as seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds_of(self.frames)
    }

    pub(super) fn seconds_of(&self, frames: u64) -> f64 {
        frames as f64 / self.rate_hz as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_the_same_places_however_the_stream_is_cut() {
        for rate in [44_100u32, 48_000, 192_000] {
            let mut grid = Grid::new(rate, 1000);
            let (mut at, mut ends) = (0usize, Vec::new());
            for size in (1..40).cycle().take(400) {
                let mut left = size;
                while left > 0 {
                    let part = left.min(grid.room());
                    left -= part;
                    at += part;
                    if grid.advance(part).is_some() {
                        ends.push(at);
                    }
                }
            }
            for (k, end) in ends.iter().enumerate() {
                assert_eq!(*end, (k + 1) * rate as usize / 1000);
            }
        }
    }
}
