//! True-peak bars of a pair: the highest point of the wave of each 10 ms (16 points a sample), falling as the sample-peak
//! bar, its maximum with its place, and how often it went over 0 dBTP.
//!
//! The wave is searched in cells of 10 ms counted from the start, so that blocks of any size give the same bits. An over is
//! a stretch of cells side by side whose true peak is above full scale: a passage pressed against the ceiling for half a
//! second without a break counts once, as a run of full-scale samples does.

use super::super::true_peak::{Keep, TruePeakMeter};
use super::bar::FALL_DB_PER_S;
use super::{TINY, dbfs};
use crate::units::{Frames, gain_from_db};

/// Cells in a second.
const CELLS_PER_S: u32 = 100;
/// Above this it is an over: 0 dBTP.
const OVER: f64 = 1.0;

/// The readings of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TruePeakReading {
    /// The falling bar, dBTP.
    pub now_dbtp: Option<f64>,
    /// Highest since reset, dBTP.
    pub max_dbtp: Option<f64>,
    /// The frame at or before the point where that was.
    pub max_at: Option<Frames>,
    /// Stretches over 0 dBTP since reset.
    pub overs: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Channel {
    bar: f64,
    max: f64,
    max_at: Option<Frames>,
    overs: u64,
    is_over: bool,
}

/// The meter of both channels.
#[derive(Debug, Clone)]
pub struct TruePeakBars {
    meter: TruePeakMeter,
    cell: [Vec<f64>; 2],
    /// Frames of the cell that are there.
    filled: usize,
    /// Where the cell begins.
    cell_at: Option<Frames>,
    /// Frames the meter has taken since it began anew.
    taken: u64,
    /// Factor of the fall in one cell.
    fall: f64,
    channels: [Channel; 2],
}

impl TruePeakBars {
    /// At a rate in hertz, in silence.
    pub fn new(rate_hz: u32) -> Self {
        let frames = (rate_hz / CELLS_PER_S).max(1) as usize;
        Self {
            meter: TruePeakMeter::new(Keep::Intervals),
            cell: [vec![0.0; frames], vec![0.0; frames]],
            filled: 0,
            cell_at: None,
            taken: 0,
            fall: gain_from_db(-FALL_DB_PER_S / f64::from(CELLS_PER_S)),
            channels: [Channel::default(); 2],
        }
    }

    /// Takes a block of both channels (of the same length) whose first frame lies at a place.
    pub fn push(&mut self, left: &[f64], right: &[f64], at: Option<Frames>) {
        let frames = left.len().min(right.len());
        let expected = self.cell_at.map(|cell| cell + Frames(self.filled as i64));
        if self.filled > 0 && at != expected {
            // A cell has one place.
            self.search();
        }
        let mut done = 0;
        while done < frames {
            if self.filled == 0 {
                self.cell_at = at.map(|at| at + Frames(done as i64));
            }
            let n = (self.cell[0].len() - self.filled).min(frames - done);
            for (cell, samples) in self.cell.iter_mut().zip([left, right]) {
                cell[self.filled..self.filled + n].copy_from_slice(&samples[done..done + n]);
            }
            (self.filled, done) = (self.filled + n, done + n);
            if self.filled == self.cell[0].len() {
                self.search();
            }
        }
    }

    /// The sound ends here: the wave is read to its end, as if silence followed. The next sound begins anew.
    pub fn finish(&mut self) {
        if self.filled > 0 {
            self.search();
        }
        self.meter.finish();
        self.note();
        self.begin_anew();
    }

    /// The sound jumps: no wave is drawn across the break. Of the last half millisecond only the samples count.
    pub fn break_off(&mut self) {
        if self.filled > 0 {
            self.search();
        }
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        self.meter.reset();
        self.taken = 0;
        self.channels.iter_mut().for_each(|c| c.is_over = false);
    }

    fn search(&mut self) {
        let [left, right] = &self.cell;
        self.meter.push(&left[..self.filled], &right[..self.filled]);
        self.note();
        self.taken += self.filled as u64;
        self.cell_at = self.cell_at.map(|at| at + Frames(self.filled as i64));
        self.filled = 0;
    }

    /// Takes over the highest point of the cell.
    fn note(&mut self) {
        let crests = self.meter.highest();
        for ((channel, value), crest) in self.channels.iter_mut().zip(self.meter.take_interval()).zip(crests)
        {
            channel.bar = value.max(channel.bar * self.fall).max(TINY);
            channel.overs += u64::from(value > OVER && !channel.is_over);
            channel.is_over = value > OVER;
            if value > channel.max {
                channel.max = value;
                // Of a new maximum the meter's highest point is this one.
                channel.max_at = self.cell_at.map(|at| at + Frames(crest.frame as i64 - self.taken as i64));
            }
        }
    }

    /// Of a channel, 0 or 1.
    pub fn reading(&self, channel: usize) -> TruePeakReading {
        let c = self.channels[channel];
        TruePeakReading { now_dbtp: dbfs(c.bar), max_dbtp: dbfs(c.max), max_at: c.max_at, overs: c.overs }
    }

    /// Highest of both channels since reset, dBTP.
    pub fn max_dbtp(&self) -> Option<f64> {
        dbfs(self.channels[0].max.max(self.channels[1].max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SESSION_RATES_HZ;
    use std::f64::consts::{FRAC_PI_4, PI, TAU};

    /// A tone at a quarter of the rate whose crests lie half-way between samples, 3.01 dB over them, Hann-shaped.
    fn hidden(n: usize, amplitude: f64) -> Vec<f64> {
        (0..n)
            .map(|i| {
                let shape = (PI * (i as f64 / n as f64 - 0.5)).cos().powi(2);
                amplitude * shape * (TAU * 0.25 * i as f64 + FRAC_PI_4).sin()
            })
            .collect()
    }

    #[test]
    fn a_crest_between_samples_is_an_over_with_its_place_at_every_rate() {
        for rate in SESSION_RATES_HZ {
            let mut bars = TruePeakBars::new(rate);
            let mut x = vec![0.0; rate as usize];
            let at = rate as usize / 3;
            x[at..at + 2000].copy_from_slice(&hidden(2000, 1.2));
            assert!(x.iter().all(|s| s.abs() < 0.86), "no sample shows it");
            x.chunks(999).fold(0, |from, block| {
                bars.push(block, &vec![0.0; block.len()], Some(Frames(5000 + from)));
                from + block.len() as i64
            });
            let (left, right) = (bars.reading(0), bars.reading(1));
            assert!((left.max_dbtp.unwrap() - 20.0 * 1.2f64.log10()).abs() < 0.05, "{rate} Hz: {left:?}");
            assert_eq!((left.overs, right.overs, right.max_dbtp), (1, 0, None), "{rate} Hz");
            let place = left.max_at.unwrap().0 - 5000 - at as i64;
            assert!((place - 1000).abs() <= 8, "{rate} Hz: {place}");
        }
    }

    #[test]
    fn overs_are_counted_by_stretch_and_not_by_crest() {
        let mut bars = TruePeakBars::new(48_000);
        let quiet = [0.0; 4800];
        for _ in 0..3 {
            let loud: Vec<f64> = (0..9600).map(|i| 1.1 * (f64::from(i) * 0.1).sin()).collect();
            bars.push(&loud, &quiet.repeat(2), None);
            bars.push(&quiet, &quiet, None);
        }
        assert_eq!((bars.reading(0).overs, bars.reading(1).overs), (3, 0));
        assert_eq!(bars.reading(0).max_at, None);
    }

    #[test]
    fn any_split_gives_the_same_bits() {
        let x = hidden(48_000, 1.3);
        let fed = |size: usize| {
            let mut bars = TruePeakBars::new(44_100);
            x.chunks(size).for_each(|b| bars.push(b, b, None));
            format!("{:?} {:?}", bars.reading(0), bars.reading(1))
        };
        let whole = fed(x.len());
        assert!([1, 7, 441, 1024].into_iter().all(|size| fed(size) == whole));
    }

    #[test]
    fn the_bar_falls_and_a_jump_keeps_the_maximum_and_draws_no_wave_across() {
        let mut bars = TruePeakBars::new(48_000);
        bars.push(&[0.5; 480], &[0.5; 480], Some(Frames::ZERO));
        let max = bars.max_dbtp();
        bars.break_off();
        bars.push(&[0.0; 81_600], &[0.0; 81_600], Some(Frames(1_000_000)));
        let now = bars.reading(0);
        assert!(now.max_dbtp >= max && now.max_at.unwrap().0 < 480);
        // The edge from silence overshoots; from its top it fell for 1.7 s.
        assert!((now.now_dbtp.unwrap() - now.max_dbtp.unwrap() + 20.0).abs() < 0.2, "{now:?}");
        let mut ended = TruePeakBars::new(48_000);
        ended.push(&hidden(2000, 1.0)[..1001], &[0.0; 1001], None);
        let before = ended.max_dbtp();
        ended.finish();
        assert!(ended.max_dbtp() > before, "the wave behind the last sample");
        let mut joined = TruePeakBars::new(48_000);
        joined.push(&[1.0; 480], &[0.0; 480], None);
        joined.break_off();
        let before = joined.max_dbtp();
        joined.push(&[-1.0; 480], &[0.0; 480], None);
        assert_eq!(joined.max_dbtp(), before);
    }
}
