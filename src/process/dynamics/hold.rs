//! The largest value of a window, block by block.
//!
//! The past is kept as blocks of suffix maxima. The window of frame `i` of a block is the prefix of that block, whole blocks
//! before it, and a suffix of the two before those: three maxima a frame, however long the window is, and no branches.

use crate::audio::QUANTUM;

/// Largest of the last `window` values; values are 0 or more, and all were 0 before the start.
#[derive(Debug, Clone)]
pub(crate) struct HeldMaximum {
    /// Of every past block the largest from each frame to its end; a ring.
    suffixes: Vec<[f64; QUANTUM]>,
    /// Index of the newest.
    newest: usize,
    /// The newest block as it came.
    last: [f64; QUANTUM],
    window: usize,
}

impl HeldMaximum {
    /// For windows of up to `window_max` frames (at least 1); set to that.
    pub(crate) fn new(window_max: usize) -> Self {
        let window = window_max.max(1);
        Self { suffixes: vec![[0.0; QUANTUM]; window / QUANTUM + 2], newest: 0, last: [0.0; QUANTUM], window }
    }

    /// Another window from now on, at most the one it was made with.
    pub(crate) fn set_window(&mut self, frames: usize) {
        self.window = frames.clamp(1, (self.suffixes.len() - 1) * QUANTUM - 1);
    }

    /// As at the start.
    pub(crate) fn reset(&mut self) {
        self.suffixes.fill([0.0; QUANTUM]);
        self.last = [0.0; QUANTUM];
        self.newest = 0;
    }

    /// The next block; every value becomes the largest of the window that ends with it.
    pub(crate) fn run(&mut self, values: &mut [f64; QUANTUM]) {
        let came = *values;
        if self.window >= QUANTUM {
            self.hold_long(values);
        } else if self.window > 1 {
            self.hold_short(values);
        }
        self.push(&came);
    }

    fn push(&mut self, came: &[f64; QUANTUM]) {
        self.newest = if self.newest + 1 == self.suffixes.len() { 0 } else { self.newest + 1 };
        self.suffixes[self.newest] = suffix_maxima(came);
        self.last = *came;
    }

    /// The block so many before the one that is coming, from 1.
    fn past(&self, blocks: usize) -> &[f64; QUANTUM] {
        let count = self.suffixes.len();
        &self.suffixes[(self.newest + count - (blocks - 1) % count) % count]
    }

    /// Windows inside this block and the last, by doubling.
    fn hold_short(&self, values: &mut [f64; QUANTUM]) {
        let mut both = [0.0; 2 * QUANTUM];
        both[..QUANTUM].copy_from_slice(&self.last);
        both[QUANTUM..].copy_from_slice(values);
        // `both[i]` is the largest of `reach` values that end with it.
        let mut reach = 1;
        while 2 * reach <= self.window {
            widen(&mut both, reach);
            reach *= 2;
        }
        widen(&mut both, self.window - reach);
        values.copy_from_slice(&both[QUANTUM..]);
    }

    fn hold_long(&self, values: &mut [f64; QUANTUM]) {
        let whole = self.window / QUANTUM - 1;
        let rest = self.window % QUANTUM;
        let middle = (1..=whole).map(|b| self.past(b)[0]).fold(0.0, larger);
        let (newer, older) = (self.past(whole + 1), self.past(whole + 2));
        // The part of the window before the whole blocks begins at frame `1 + QUANTUM − rest + i` of these two.
        let mut tails = [middle; 2 * QUANTUM + 1];
        for i in 0..QUANTUM {
            tails[i] = larger(larger(older[i], newer[0]), middle);
            tails[QUANTUM + i] = larger(newer[i], middle);
        }
        prefix_maxima(values);
        let from = QUANTUM + 1 - rest;
        for (value, tail) in values.iter_mut().zip(&tails[from..from + QUANTUM]) {
            *value = larger(*value, *tail);
        }
    }
}

/// Without the care for NaN that keeps a loop from becoming vector code.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Every value becomes the larger of itself and the one `by` frames before.
#[inline]
fn widen<const N: usize>(values: &mut [f64; N], by: usize) {
    let before = *values;
    for (value, earlier) in values[by..].iter_mut().zip(&before) {
        *value = larger(*value, *earlier);
    }
}

fn prefix_maxima(values: &mut [f64; QUANTUM]) {
    for by in [1, 2, 4, 8, 16, 32] {
        widen(values, by);
    }
}

fn suffix_maxima(values: &[f64; QUANTUM]) -> [f64; QUANTUM] {
    let mut out = *values;
    for by in [1, 2, 4, 8, 16, 32] {
        let before = out;
        for (value, later) in out.iter_mut().zip(&before[by..]) {
            *value = larger(*value, *later);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::envelope::SlidingMin;
    use crate::dsp::noise::Noise;

    #[test]
    fn it_is_the_sliding_maximum() {
        let noise = Noise::new(5, 0);
        let x: Vec<f64> = (0..64 * 60).map(|n| (noise.uniform(n, 0) * 50.0).floor()).collect();
        for window in [1, 2, 3, 31, 63, 64, 65, 127, 128, 129, 441, 1000] {
            let mut held = HeldMaximum::new(1000);
            held.set_window(window);
            let mut plain = SlidingMin::new(window, 0.0);
            for chunk in x.chunks(QUANTUM) {
                let mut values: [f64; QUANTUM] = std::array::from_fn(|i| chunk[i]);
                held.run(&mut values);
                for (i, value) in values.iter().enumerate() {
                    assert_eq!(*value, -plain.tick(-chunk[i]), "window {window}");
                }
            }
        }
    }
}
