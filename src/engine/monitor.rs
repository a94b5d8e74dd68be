//! The monitor section: level, the gain of a playback service, dim, mono, side, left, right, swap, polarity. After the tap, never in a file.
//!
//! Everything it does is one 2×2 matrix, `out = M·in`; a change moves the matrix to its new place over 20 ms (raised
//! cosine). At rest in neutral position it touches no bit.

use crate::render::ramp::{SWITCH_FADE_MS, raised_cosine};
use crate::units::{SampleRate, gain_from_db};

/// Gains of a playback service that are heard, dB. A figure that is wrong must not hurt an ear or a loudspeaker.
pub const SERVICE_RANGE_DB: [f64; 2] = [-60.0, 20.0];

/// What the switches of the monitor section say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Monitor {
    /// Level, dB; −∞ is silence.
    pub level_db: f64,
    /// Gain of a playback service whose level is heard, dB: within [`SERVICE_RANGE_DB`], 0 where it is no number.
    pub service_db: f64,
    /// Whether the level is lowered by `dim_db`.
    pub dim: bool,
    /// How far, dB, negative.
    pub dim_db: f64,
    /// `(L+R)/2` on both sides.
    pub mono: bool,
    /// `(L−R)/2` on both sides.
    pub side: bool,
    /// Left alone, in its place; with `right` both.
    pub left: bool,
    /// Right alone, in its place; with `left` both.
    pub right: bool,
    /// Left and right exchanged.
    pub swap: bool,
    /// The right channel turned over.
    pub polarity: bool,
    /// Silence.
    pub mute: bool,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            level_db: 0.0,
            service_db: 0.0,
            dim: false,
            dim_db: -20.0,
            mono: false,
            side: false,
            left: false,
            right: false,
            swap: false,
            polarity: false,
            mute: false,
        }
    }
}

/// Rows are outputs, columns inputs.
type Matrix = [[f64; 2]; 2];

const IDENTITY: Matrix = [[1.0, 0.0], [0.0, 1.0]];

impl Monitor {
    fn matrix(&self) -> Matrix {
        let mut m = IDENTITY;
        if self.polarity {
            m[1][1] = -1.0;
        }
        if self.swap {
            m.swap(0, 1);
        }
        if self.left != self.right {
            m[usize::from(self.left)] = [0.0; 2];
        }
        if self.side || self.mono {
            let sign = if self.side { -0.5 } else { 0.5 };
            let row = [0.5 * m[0][0] + sign * m[1][0], 0.5 * m[0][1] + sign * m[1][1]];
            m = [row, row];
        }
        let gain = self.gain();
        m.map(|row| row.map(|x| if gain.to_bits() == 1f64.to_bits() { x } else { x * gain }))
    }

    fn gain(&self) -> f64 {
        if self.mute || !self.level_db.is_finite() {
            return 0.0;
        }
        gain_from_db(self.level_db + self.service_db() + if self.dim { self.dim_db } else { 0.0 })
    }

    fn service_db(&self) -> f64 {
        let [least, most] = SERVICE_RANGE_DB;
        if self.service_db.is_finite() { self.service_db.clamp(least, most) } else { 0.0 }
    }
}

/// The monitor section, running.
#[derive(Debug, Clone)]
pub(super) struct MonitorRunner {
    from: Matrix,
    to: Matrix,
    step: u32,
    steps: u32,
    set_to: Monitor,
}

/// What a setting changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MonitorMove {
    /// Nothing that can be heard.
    Nothing,
    /// The gain of a service alone.
    Service,
    /// Anything else.
    Section,
}

impl MonitorRunner {
    pub fn new(rate: SampleRate) -> Self {
        let steps = crate::render::ramp::frames_from_ms(SWITCH_FADE_MS, rate);
        Self { from: IDENTITY, to: IDENTITY, step: steps, steps, set_to: Monitor::default() }
    }

    /// At another rate, settled.
    pub fn set_rate(&mut self, rate: SampleRate) {
        *self = Self { from: self.to, to: self.to, set_to: self.set_to, ..Self::new(rate) };
    }

    /// Moves there over 20 ms; says what that changes.
    pub fn set(&mut self, monitor: &Monitor) -> MonitorMove {
        let before = std::mem::replace(&mut self.set_to, *monitor);
        self.from = self.now();
        self.to = monitor.matrix();
        self.step = 0;
        let without_service = |m: &Monitor| Monitor { service_db: 0.0, ..*m }.matrix();
        if before.matrix() == self.to {
            MonitorMove::Nothing
        } else if without_service(&before) == without_service(monitor) {
            MonitorMove::Service
        } else {
            MonitorMove::Section
        }
    }

    fn now(&self) -> Matrix {
        if self.step >= self.steps {
            return self.to;
        }
        let share = raised_cosine(self.step, self.steps);
        let mut m = self.to;
        for (row, from) in m.iter_mut().zip(&self.from) {
            for (x, f) in row.iter_mut().zip(from) {
                *x = f + (*x - f) * share;
            }
        }
        m
    }

    pub fn process(&mut self, left: &mut [f64], right: &mut [f64]) {
        if self.step >= self.steps && self.to == IDENTITY {
            return;
        }
        for (l, r) in left.iter_mut().zip(right) {
            let m = self.now();
            (*l, *r) = (m[0][0] * *l + m[0][1] * *r, m[1][0] * *l + m[1][1] * *r);
            self.step = (self.step + 1).min(self.steps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(monitor: Monitor) -> (f64, f64) {
        let mut runner = MonitorRunner::new(SampleRate(48_000));
        runner.set(&monitor);
        let (mut left, mut right) = (vec![0.5; 2_000], vec![-0.25; 2_000]);
        runner.process(&mut left, &mut right);
        (left[1_999], right[1_999])
    }

    #[test]
    fn every_switch_does_what_it_says() {
        let neutral = Monitor::default();
        assert_eq!(settled(neutral), (0.5, -0.25));
        assert_eq!(settled(Monitor { mono: true, ..neutral }), (0.125, 0.125));
        assert_eq!(settled(Monitor { side: true, ..neutral }), (0.375, 0.375));
        assert_eq!(settled(Monitor { left: true, ..neutral }), (0.5, 0.0));
        assert_eq!(settled(Monitor { right: true, ..neutral }), (0.0, -0.25));
        assert_eq!(settled(Monitor { left: true, right: true, ..neutral }), (0.5, -0.25));
        assert_eq!(settled(Monitor { swap: true, ..neutral }), (-0.25, 0.5));
        assert_eq!(settled(Monitor { polarity: true, ..neutral }), (0.5, 0.25));
        assert_eq!(settled(Monitor { mute: true, ..neutral }), (0.0, 0.0));
        let at_service = settled(Monitor { service_db: -6.25, ..neutral });
        assert_eq!(at_service, (0.5 * gain_from_db(-6.25), -0.25 * gain_from_db(-6.25)));
        // No row of a table reaches an ear unchecked.
        for (service_db, heard_db) in
            [(300.0, 20.0), (-300.0, -60.0), (f64::NAN, 0.0), (f64::INFINITY, 0.0), (f64::NEG_INFINITY, 0.0)]
        {
            assert_eq!(settled(Monitor { service_db, ..neutral }).0, 0.5 * gain_from_db(heard_db));
        }
        let dimmed = settled(Monitor { dim: true, ..neutral });
        assert!((dimmed.0 - 0.05).abs() < 1e-12);
    }

    #[test]
    fn a_switch_moves_without_a_step_and_neutral_is_exact_again() {
        let mut runner = MonitorRunner::new(SampleRate(48_000));
        runner.set(&Monitor { mute: true, ..Monitor::default() });
        let (mut left, mut right) = (vec![1.0; 2_000], vec![1.0; 2_000]);
        runner.process(&mut left, &mut right);
        assert!(left.windows(2).all(|w| (w[0] - w[1]).abs() < 0.002));
        runner.set(&Monitor::default());
        runner.process(&mut [0.0; 1_000], &mut [0.0; 1_000]);
        let (mut left, mut right) = ([0.1], [-0.0]);
        runner.process(&mut left, &mut right);
        assert_eq!((left[0].to_bits(), right[0].to_bits()), (0.1f64.to_bits(), (-0.0f64).to_bits()));
    }

    #[test]
    fn a_setting_says_what_it_changes() {
        let mut runner = MonitorRunner::new(SampleRate(48_000));
        let neutral = Monitor::default();
        assert_eq!(runner.set(&neutral), MonitorMove::Nothing);
        assert_eq!(runner.set(&Monitor { service_db: -3.0, ..neutral }), MonitorMove::Service);
        assert_eq!(runner.set(&Monitor { dim: true, service_db: -3.0, ..neutral }), MonitorMove::Section);
        assert_eq!(runner.set(&Monitor { dim: true, ..neutral }), MonitorMove::Service);
        assert_eq!(runner.set(&Monitor { mono: true, service_db: -1.0, ..neutral }), MonitorMove::Section);
    }
}
