//! DC filter: takes away a constant level and what lies far below hearing.
//!
//! Minimum phase, −3.01 dB at the corner. 6 dB/oct is one trapezoidal one-pole (Zavalishin), `y = x − low`: a step of DC dies
//! away as `e^(−t/τ)`, `τ = 1/(2π·f)`, without ever changing sign. 12 dB/oct is two equal ones in a row, each at
//! `f·√(√2 − 1)`: no bump in the magnitude, and of all filters of second order the one whose step swings through least.

use std::sync::LazyLock;

use super::dynamics::make_sane;
use super::{Kind, ParamDesc, ParamIndex, Processor, Setup, Unit, Values};
use crate::audio::{Block, CHANNELS, QUANTUM};
use crate::dsp::smooth::{RAMP_MS, Smoothed};
use crate::units::{Frames, SampleRate};

const CORNER: ParamIndex = 0;
const SLOPE: ParamIndex = 1;

/// Frames between two designs of a moving filter.
const CONTROL_FRAMES: usize = 16;

static PARAMS: LazyLock<Vec<ParamDesc>> = LazyLock::new(|| {
    vec![
        ParamDesc::number("corner_hz", "Corner", Unit::Hz, 2.0, 20.0, 5.0)
            .log()
            .help("Frequency that is 3 dB down."),
        ParamDesc::choice("slope_db_oct", "Slope", &["6", "12"], 0)
            .structural()
            .help("6 dB/oct turns the phase least and never swings through; 12 dB/oct takes more rumble."),
    ]
});

/// The entry for the registry.
pub struct DcFilterKind;

impl Kind for DcFilterKind {
    fn id(&self) -> &'static str {
        "dc_filter"
    }

    fn name(&self) -> &'static str {
        "DC filter"
    }

    fn params(&self) -> &'static [ParamDesc] {
        &PARAMS
    }

    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor> {
        let rate = setup.sample_rate;
        let mut filter = DcFilter {
            ln_hz: Smoothed::new(values.get(CORNER).ln(), RAMP_MS, rate),
            second: values.choice(SLOPE) == 1,
            rate,
            step: 0.0,
            states: [[0.0; 2]; CHANNELS],
        };
        filter.step = filter.design();
        Box::new(filter)
    }
}

struct DcFilter {
    ln_hz: Smoothed,
    /// Two filters in a row.
    second: bool,
    rate: SampleRate,
    /// `g / (1 + g)` with `g = tan(π·f/fs)`.
    step: f64,
    states: [[f64; 2]; CHANNELS],
}

impl DcFilter {
    fn design(&self) -> f64 {
        // Two in a row are 3.01 dB down where each is 1.505 dB down.
        let each = if self.second { (std::f64::consts::SQRT_2 - 1.0).sqrt() } else { 1.0 };
        let g = (std::f64::consts::PI * self.ln_hz.value().exp() * each / self.rate.hz()).tan();
        g / (1.0 + g)
    }
}

#[inline(always)]
fn high_pass(x: f64, state: &mut f64, step: f64) -> f64 {
    let v = (x - *state) * step;
    let low = v + *state;
    *state = low + v;
    x - low
}

impl Processor for DcFilter {
    fn reset(&mut self) {
        self.ln_hz.settle();
        self.step = self.design();
        self.states = [[0.0; 2]; CHANNELS];
    }

    fn set(&mut self, param: ParamIndex, value: f64) {
        if param == CORNER {
            self.ln_hz.set(value.ln());
        }
    }

    fn process(&mut self, _start: Frames, block: &mut Block) {
        make_sane(block);
        for from in (0..QUANTUM).step_by(CONTROL_FRAMES) {
            let start = self.step;
            if self.ln_hz.is_moving() {
                self.ln_hz.advance(CONTROL_FRAMES as u32);
                self.step = self.design();
            }
            let slope = (self.step - start) / CONTROL_FRAMES as f64;
            for (samples, states) in block.channels_mut().iter_mut().zip(&mut self.states) {
                for (i, x) in samples[from..from + CONTROL_FRAMES].iter_mut().enumerate() {
                    let step = start + slope * (i + 1) as f64;
                    *x = high_pass(*x, &mut states[0], step);
                    if self.second {
                        *x = high_pass(*x, &mut states[1], step);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn response(given: &[(ParamIndex, f64)], frames: usize, input: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut values = Values::defaults(&PARAMS);
        given.iter().for_each(|&(param, value)| values.set(param, value));
        let mut filter = DcFilterKind.build(&values, &Setup { sample_rate: SampleRate(48_000) });
        let mut out = Vec::new();
        for start in (0..frames).step_by(QUANTUM) {
            let mut block = Block::silent();
            block.channels_mut()[0] = std::array::from_fn(|i| input(start + i));
            filter.process(Frames(start as i64), &mut block);
            out.extend_from_slice(block.left());
        }
        out
    }

    #[test]
    fn the_magnitude_is_the_formula() {
        for corner in [2.0, 5.0, 20.0] {
            for (slope, order) in [(0.0, 1), (1.0, 2)] {
                let given = [(CORNER, corner), (SLOPE, slope)];
                let h = response(&given, 192_000, |n| if n == 0 { 1.0 } else { 0.0 });
                let pole = if order == 2 { corner * (2f64.sqrt() - 1.0).sqrt() } else { corner };
                for f in [0.5 * corner, corner, 4.0 * corner, 1000.0, 20_000.0] {
                    let (re, im) = h.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, v)| {
                        let w = 2.0 * PI * f * n as f64 / 48_000.0;
                        (re + v * w.cos(), im - v * w.sin())
                    });
                    let x = ((PI * f / 48_000.0).tan() / (PI * pole / 48_000.0).tan()).powi(2);
                    let expected = f64::from(order) * 10.0 * (x / (1.0 + x)).log10();
                    let got = 10.0 * (re * re + im * im).log10();
                    assert!(
                        (got - expected).abs() < 0.001,
                        "{corner} Hz order {order} at {f}: {got} {expected}"
                    );
                    if (f - corner).abs() < 1e-9 {
                        assert!((got + 3.0103).abs() < 0.002, "{got}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_step_dies_away_without_a_bump() {
        let step = response(&[(CORNER, 5.0)], 96_000, |_| 0.5);
        assert!(
            step.windows(2).all(|w| w[1] <= w[0] && w[1] >= 0.0),
            "it only falls and never swings through"
        );
        let tau = 48_000.0 / (2.0 * PI * 5.0);
        assert!((step[tau as usize] / 0.5 - (-1.0f64).exp()).abs() < 1e-3);
        // What is left is where the state no longer moves: −260 dB.
        assert!(step[95_999] < 1e-12);
        // Second order: (1 − t)·e^−t swings through by e^−2.
        let step = response(&[(CORNER, 5.0), (SLOPE, 1.0)], 96_000, |_| 1.0);
        let lowest = step.iter().copied().fold(0.0, f64::min);
        assert!((lowest + (-2.0f64).exp()).abs() < 1e-3, "{lowest}");
    }
}
