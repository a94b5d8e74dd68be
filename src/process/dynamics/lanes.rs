//! Levels, reductions and gains of a block: one lane for each channel, or one for both where they must be the same.

use super::Detector;
use super::follower::{Follower, Lane, Times, follow};
use super::level::LevelReader;
use crate::audio::{CHANNELS, QUANTUM};
use crate::dsp::elementary::{db_from_powers, gains_from_reductions};

/// Something for every frame of each channel; one lane where both have the same.
#[derive(Debug, Clone)]
pub(crate) struct Lanes {
    values: [[f64; QUANTUM]; CHANNELS],
    count: usize,
}

impl Lanes {
    /// Levels of a key in dB; one lane if `one`, of the louder channel.
    pub(crate) fn levels_db(
        readers: &mut [LevelReader; CHANNELS],
        detector: Detector,
        key: &[[f64; QUANTUM]; CHANNELS],
        one: bool,
    ) -> Self {
        let [left, right] = readers;
        let mut values = [left.levels(&key[0], detector), right.levels(&key[1], detector)];
        if one {
            let [left, right] = &mut values;
            for (l, r) in left.iter_mut().zip(right) {
                *l = if *r > *l { *r } else { *l };
            }
        }
        let mut lanes = Self { values, count: if one { 1 } else { CHANNELS } };
        lanes.as_mut_slice().iter_mut().for_each(|lane| db_from_powers(lane));
        lanes
    }

    /// One for each channel, or one for both.
    pub(crate) fn as_slice(&self) -> &[[f64; QUANTUM]] {
        &self.values[..self.count]
    }

    /// The same, to write.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [[f64; QUANTUM]] {
        &mut self.values[..self.count]
    }

    /// Whether one does for both.
    pub(crate) fn is_one(&self) -> bool {
        self.count == 1
    }

    /// Of a channel.
    pub(crate) fn of_channel(&self, channel: usize) -> &[f64; QUANTUM] {
        &self.values[channel.min(self.count - 1)]
    }

    /// Adds the reductions of another with as many lanes.
    pub(crate) fn add(&mut self, other: &Self) {
        for (lane, more) in self.as_mut_slice().iter_mut().zip(other.as_slice()) {
            lane.iter_mut().zip(more).for_each(|(r, m)| *r += m);
        }
    }

    /// Reductions become linear gains.
    pub(crate) fn to_gains(&mut self) {
        self.as_mut_slice().iter_mut().for_each(|lane| gains_from_reductions(lane));
    }

    /// Moves each follower of two channels on towards these reductions, which become those in force.
    pub(crate) fn follow(&mut self, followers: &mut [Follower; CHANNELS], times: Times) {
        let [one, other] = followers;
        let [left, right] = &mut self.values;
        if self.count == 1 {
            follow([Lane { follower: one, values: left, times }]);
            *other = *one;
        } else {
            follow([
                Lane { follower: one, values: left, times },
                Lane { follower: other, values: right, times },
            ]);
        }
    }

    /// Brings each channel by a share of the way to what the louder one has.
    pub(crate) fn link_to_louder(&mut self, levels: &Self, links: &[f64; QUANTUM]) {
        let [level_left, level_right] = &levels.values;
        self.link(links, |i, l, r| if level_left[i] >= level_right[i] { l } else { r });
    }

    /// Brings each channel by a share of the way to the larger of both.
    pub(crate) fn link_to_larger(&mut self, links: &[f64; QUANTUM]) {
        self.link(links, |_, l, r| if l > r { l } else { r });
    }

    /// Brings each channel by a share of the way to the smaller of both.
    pub(crate) fn link_to_smaller(&mut self, links: &[f64; QUANTUM]) {
        self.link(links, |_, l, r| if l < r { l } else { r });
    }

    fn link(&mut self, links: &[f64; QUANTUM], both: impl Fn(usize, f64, f64) -> f64) {
        if self.count == 1 {
            return;
        }
        let [left, right] = &mut self.values;
        for (i, (l, r)) in left.iter_mut().zip(right).enumerate() {
            let both = both(i, *l, *r);
            *l += links[i] * (both - *l);
            *r += links[i] * (both - *r);
        }
    }
}
