//! Points for the goniometer at evenly spread, slightly irregular instants, each with its age, and the display's gain.
//!
//! The time that is shown is cut into as many equal stretches as there are points. Each gives one point, at an instant chosen
//! at random within it (always the same for the same stretch) and worked out between the frames by a Kaiser-windowed
//! sinc of 32 frames. So a tone, whatever its ratio to the rate, shows its whole figure: 20 kHz at 44.1 kHz stands on its
//! ellipse within 1 %, and none is thinned to a few points that stand still.
//!
//! The automatic gain puts the loudest radius of the last moments on the edge: at once upwards in level, 6 dB a second back.

use super::grid::Grid;
use crate::dsp::noise::Noise;
use crate::dsp::window::interpolator_phases;
use crate::units::{db_from_gain, gain_from_db};

/// Frames to either side of a point.
const HALF: usize = 16;
/// Instants between two frames.
const PHASES: usize = 64;
/// Kaiser window parameter: the transition ends at 20 kHz at 44.1 kHz, ripples and images are 50 dB down.
const BETA: f64 = 4.6;
/// Frames a point is made of.
const TAPS: usize = 2 * HALF + 1;
/// Frames kept; a power of two above [`TAPS`].
const LINE: usize = 64;
/// Evaluations of the gain a second.
const STEPS: u32 = 1000;
/// The loudest radius falls by this.
const FALL_DB_PER_S: f64 = 6.0;
/// Radius of a frame at full scale in both channels, which stands on the edge at 0 dB.
const EDGE: f64 = std::f64::consts::SQRT_2;
/// The automatic gain never lowers, nor raises by more.
const MOST_GAIN_DB: f64 = 48.0;

/// Direction (radians, 0 mono, −π/4 left only, ±π/2 opposite) and radius of a frame; a frame and its opposite are one
/// direction.
pub fn polar_of(left: f32, right: f32) -> (f32, f32) {
    let (x, y) = (right - left, left + right);
    let (x, y) = if y < 0.0 { (-x, -y) } else { (x, y) };
    (x.atan2(y), left.hypot(right))
}

/// The last points of a signal.
#[derive(Debug, Clone)]
pub struct Scope {
    rate_hz: f64,
    phases: Vec<Vec<f64>>,
    /// The last frames, each twice, so that any stretch lies in one piece.
    line: Vec<[f64; 2]>,
    frames: u64,
    points: Vec<[f32; 2]>,
    next: usize,
    filled: usize,
    /// Frames from one point to the next.
    spacing: f64,
    /// Which stretch comes next, counted from `origin` (a frame).
    stretch: u64,
    origin: f64,
    /// Frame of the next point.
    instant: f64,
    random: Noise,
    grid: Grid,
    loudest: f64,
    held_loudest: f64,
}

impl Scope {
    /// At a rate in hertz: this many points over the last `persistence_s` seconds.
    pub fn new(rate_hz: u32, points: usize, persistence_s: f64) -> Self {
        let mut scope = Self {
            rate_hz: f64::from(rate_hz.max(1)),
            phases: interpolator_phases(PHASES, HALF, BETA),
            line: vec![[0.0; 2]; 2 * LINE],
            frames: 0,
            points: vec![[0.0; 2]; points.max(1)],
            next: 0,
            filled: 0,
            spacing: 1.0,
            stretch: 0,
            origin: 0.0,
            instant: 0.0,
            random: Noise::new(0x60_4E10, 0),
            grid: Grid::new(rate_hz, STEPS),
            loudest: 0.0,
            held_loudest: 0.0,
        };
        scope.set_persistence(persistence_s);
        scope
    }

    /// Another time to show, s: the points so far, which were spread otherwise, are given up.
    pub fn set_persistence(&mut self, persistence_s: f64) {
        self.spacing = (persistence_s.max(0.001) * self.rate_hz / self.points.len() as f64).max(0.125);
        self.clear();
    }

    /// No points.
    pub fn clear(&mut self) {
        (self.next, self.filled, self.stretch) = (0, 0, 0);
        self.origin = self.frames as f64;
        self.choose();
    }

    fn choose(&mut self) {
        let within = self.random.uniform(self.stretch as i64, 0);
        self.instant = self.origin + (self.stretch as f64 + within) * self.spacing;
    }

    /// Seconds from one point to the next: point `i` from the newest is as old as `i` of these, within one.
    pub fn spacing_s(&self) -> f64 {
        self.spacing / self.rate_hz
    }

    /// Takes a block of both channels. What is not a number counts as silence.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = left.len().min(right.len());
        let mut at = 0;
        while at < length {
            let end = length.min(at + self.grid.room());
            self.take(&left[at..end], &right[at..end]);
            if self.grid.advance(end - at).is_some() {
                let fall = gain_from_db(-FALL_DB_PER_S / f64::from(STEPS));
                self.held_loudest = (self.held_loudest * fall).max(std::mem::take(&mut self.loudest).sqrt());
            }
            at = end;
        }
    }

    fn take(&mut self, left: &[f64], right: &[f64]) {
        for (&l, &r) in left.iter().zip(right) {
            let power = l * l + r * r;
            let frame = if power.is_finite() { [l, r] } else { [0.0; 2] };
            self.loudest = self.loudest.max(frame[0] * frame[0] + frame[1] * frame[1]);
            let place = (self.frames % LINE as u64) as usize;
            (self.line[place], self.line[place + LINE]) = (frame, frame);
            self.frames += 1;
            // A point needs the frames on both of its sides.
            while self.instant < self.frames as f64 - HALF as f64 {
                let point = self.between(self.instant);
                self.keep(point);
            }
        }
    }

    /// The signal at an instant, which lies [`HALF`] frames or a little more behind the newest frame.
    fn between(&self, instant: f64) -> [f32; 2] {
        let steps = (instant.max(0.0) * PHASES as f64) as u64;
        let (frame, phase) = (steps / PHASES as u64, (steps % PHASES as u64) as usize);
        let oldest = (frame + (LINE - HALF) as u64) % LINE as u64;
        let stretch = &self.line[oldest as usize..oldest as usize + TAPS];
        let mut sum = [0.0f64; 2];
        for (tap, frame) in self.phases[phase].iter().zip(stretch) {
            sum = [sum[0] + tap * frame[0], sum[1] + tap * frame[1]];
        }
        sum.map(|s| s as f32)
    }

    fn keep(&mut self, point: [f32; 2]) {
        self.points[self.next] = point;
        self.next = (self.next + 1) % self.points.len();
        self.filled = (self.filled + 1).min(self.points.len());
        self.stretch += 1;
        self.choose();
    }

    /// Left and right, oldest first.
    pub fn points(&self) -> impl Iterator<Item = [f32; 2]> + '_ {
        let (newer, older) = self.points.split_at(self.next);
        let older = if self.filled == self.points.len() { older } else { &[] };
        older.iter().chain(newer).copied()
    }

    /// The automatic gain now, dB, 0 to 48; 0 in silence.
    pub fn auto_gain_db(&self) -> f64 {
        let loudest = self.held_loudest;
        if loudest < 1e-5 { 0.0 } else { db_from_gain(EDGE / loudest).clamp(0.0, MOST_GAIN_DB) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{FRAC_PI_4, PI, TAU};

    fn scope_of(rate: u32, persistence_s: f64, signal: impl Fn(f64) -> [f64; 2]) -> Scope {
        let mut scope = Scope::new(rate, 4096, persistence_s);
        let frames = (0..rate).map(|n| signal(f64::from(n) / f64::from(rate)));
        let (left, right): (Vec<f64>, Vec<f64>) = frames.map(|f| (f[0], f[1])).unzip();
        for (l, r) in left.chunks(500).zip(right.chunks(500)) {
            scope.push(l, r);
        }
        scope
    }

    /// Every tone at every rate: a cosine and a sine are a circle, wherever the points fall, and they fall all round it.
    #[test]
    fn a_tone_up_to_20_khz_stands_on_its_ellipse_all_round() {
        for rate in crate::units::SESSION_RATES_HZ {
            // A quarter and a third of the rate too, where whole frames would give four and three points.
            for hz in [40.0, 1000.0, f64::from(rate) / 4.0, f64::from(rate) / 3.0, 19_000.0, 20_000.0] {
                let hz = hz.min(20_000.0);
                // Not all of the second, which begins with a jump.
                for persistence_s in [0.05, 0.4, 0.9] {
                    let scope = scope_of(rate, persistence_s, |t| {
                        [0.5 * (TAU * hz * t).cos(), 0.25 * (TAU * hz * t).sin()]
                    });
                    let points: Vec<_> = scope.points().collect();
                    let shown_s = points.len() as f64 * scope.spacing_s();
                    assert!((shown_s - persistence_s).abs() < 1e-3 || points.len() < 4096, "{shown_s}");
                    let mut quarters = [0; 16];
                    for [l, r] in points {
                        let (x, y) = (f64::from(l) / 0.5, f64::from(r) / 0.25);
                        assert!((x.hypot(y) - 1.0).abs() < 0.01, "{rate}, {hz} Hz: {x}, {y}");
                        let part = ((y.atan2(x) + PI) / TAU * 16.0) as usize % 16;
                        quarters[part] += 1;
                    }
                    if hz >= 1000.0 {
                        let (least, most) = (quarters.iter().min().unwrap(), quarters.iter().max().unwrap());
                        assert!(*least * 2 > *most, "{rate}, {hz} Hz: {quarters:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_point_is_as_old_as_its_number_says() {
        // The left channel counts the seconds; a ramp goes through the filter unchanged.
        let scope = scope_of(48_000, 0.4, |t| [t, 0.0]);
        let points: Vec<_> = scope.points().map(|p| f64::from(p[0])).collect();
        let newest = 1.0 - HALF as f64 / 48_000.0;
        for (age, at_s) in points.iter().rev().enumerate() {
            let expected = newest - age as f64 * scope.spacing_s();
            assert!((at_s - expected).abs() < 2.0 * scope.spacing_s(), "{age}: {at_s}, not {expected}");
        }
        assert_eq!(points.len(), 4096);
    }

    #[test]
    fn directions_are_what_the_guides_say() {
        for (left, right, angle, radius) in [
            (0.5f32, 0.5f32, 0.0f32, 0.5 * 2f32.sqrt()),
            (0.5, 0.0, -FRAC_PI_4 as f32, 0.5),
            (-0.5, 0.0, -FRAC_PI_4 as f32, 0.5),
            (0.0, 0.3, FRAC_PI_4 as f32, 0.3),
        ] {
            let (a, r) = polar_of(left, right);
            assert!((a - angle).abs() < 1e-6 && (r - radius).abs() < 1e-6, "{left}, {right}: {a}, {r}");
        }
        assert!((polar_of(0.4, -0.4).0.abs() - 0.5 * PI as f32).abs() < 1e-6);
    }

    #[test]
    fn the_gain_puts_the_loudest_on_the_edge_and_comes_back_6_db_a_second() {
        let scope = scope_of(48_000, 0.2, |t| [0.25 * (TAU * 1000.0 * t).sin(); 2]);
        assert!((scope.auto_gain_db() - 12.041).abs() < 0.01, "{}", scope.auto_gain_db());
        let scope = scope_of(48_000, 0.2, |t| if t < 0.5 { [1.0, 1.0] } else { [0.0; 2] });
        assert!((scope.auto_gain_db() - 3.0).abs() < 0.02, "{}", scope.auto_gain_db());
        assert!(scope_of(48_000, 0.2, |_| [0.0; 2]).auto_gain_db().abs() < 1e-9);
        let mut scope = scope_of(48_000, 0.2, |_| [0.1; 2]);
        scope.clear();
        assert_eq!(scope.points().count(), 0);
        scope.push(&[f64::NAN; 4800], &[0.2; 4800]);
        assert!(scope.points().all(|p| p[0].is_finite()));
    }
}
