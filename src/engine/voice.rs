//! A renderer being heard: its quanta cut to any length, under a gain that fades.

use crate::audio::{Block, QUANTUM};
use crate::render::ramp::Ramp;
use crate::render::{QuantumReport, Renderer};
use crate::units::Frames;

/// A renderer, read frame by frame.
pub(super) struct Voice {
    pub renderer: Box<Renderer>,
    block: Block,
    /// Frames of the block already given; past its end before the first block is made.
    cursor: usize,
    /// Frames to skip in the first block.
    skip: usize,
    pub gain: Ramp,
    /// The quantum now read lacks frames of a source.
    is_spoiled: bool,
    /// Frames read last lacked some.
    was_spoiled: bool,
}

impl Voice {
    /// Heard from album frame `at` on, which lies in the renderer's next quantum.
    pub fn new(renderer: Box<Renderer>, at: Frames, gain: Ramp) -> Self {
        let skip = (at - renderer.position()).as_len().min(QUANTUM - 1);
        Self {
            renderer,
            block: Block::silent(),
            cursor: QUANTUM,
            skip,
            gain,
            is_spoiled: false,
            was_spoiled: false,
        }
    }

    /// Album frame of the next frame.
    pub fn position(&self) -> Frames {
        if self.cursor == QUANTUM {
            self.renderer.position() + Frames(self.skip as i64)
        } else {
            self.renderer.position() - Frames((QUANTUM - self.cursor) as i64)
        }
    }

    /// Whether the plan has nothing more to sound.
    pub fn is_over(&self) -> bool {
        self.position() >= self.renderer.plan().end()
    }

    /// Fills the slices, or adds to them; what happened on the way.
    ///
    /// Calls `made` after every quantum the renderer makes, and says whether it lacks frames of a source.
    pub fn read(
        &mut self,
        left: &mut [f64],
        right: &mut [f64],
        add: bool,
        made: &mut impl FnMut(&mut Renderer, bool),
    ) -> QuantumReport {
        let mut report = QuantumReport::default();
        let mut spoiled = self.is_spoiled && self.cursor < QUANTUM;
        let mut done = 0;
        while done < left.len() {
            if self.cursor == QUANTUM {
                let quantum = self.renderer.next(&mut self.block);
                report.late |= quantum.late;
                report.failed |= quantum.failed;
                self.is_spoiled = quantum.late || quantum.failed;
                spoiled |= self.is_spoiled;
                made(&mut self.renderer, self.is_spoiled);
                self.cursor = std::mem::take(&mut self.skip);
            }
            let count = (left.len() - done).min(QUANTUM - self.cursor);
            self.give(&mut left[done..done + count], &mut right[done..done + count], add);
            done += count;
        }
        self.was_spoiled = spoiled;
        report
    }

    /// Whether frames of a source were missing in what was read last.
    pub fn was_spoiled(&self) -> bool {
        self.was_spoiled
    }

    fn give(&mut self, left: &mut [f64], right: &mut [f64], add: bool) {
        let range = self.cursor..self.cursor + left.len();
        self.cursor = range.end;
        let (from_left, from_right) = (&self.block.left()[range.clone()], &self.block.right()[range]);
        if self.gain.is_settled() && self.gain.now().to_bits() == 1f64.to_bits() && !add {
            left.copy_from_slice(from_left);
            right.copy_from_slice(from_right);
            return;
        }
        for ((l, r), (fl, fr)) in left.iter_mut().zip(right).zip(from_left.iter().zip(from_right)) {
            let gain = self.gain.tick();
            (*l, *r) = if add { (*l + gain * fl, *r + gain * fr) } else { (gain * fl, gain * fr) };
        }
    }
}
