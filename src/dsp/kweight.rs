//! K-weighting of ITU-R BS.1770-5: a head shelf, then the RLB high pass.
//!
//! The recommendation prints coefficients for 48 kHz only and asks for the same response elsewhere. Both sections are
//! bilinear transforms of fixed analogue prototypes with `K = tan(π·f0/fs)`, which gives the printed table at 48 kHz to
//! 14 digits and the same curve within 0.04 dB up to 192 kHz. The high pass keeps `b = 1, −2, 1` at every rate: its
//! small gain at high frequencies is part of the calibration.
//!
//! Left and right run side by side in pairs of `f64`, transposed direct form II, so that the compiler puts a frame into
//! one vector register.

use std::f64::consts::PI;

/// Corner, gain and quality of the head shelf's prototype (they reproduce BS.1770-5, table 1).
const SHELF_HZ: f64 = 1_681.974_450_955_533;
const SHELF_DB: f64 = 3.999_843_853_973_347;
const SHELF_Q: f64 = 0.707_175_236_955_419_6;
const SHELF_BAND_EXPONENT: f64 = 0.499_666_774_154_541_6;
/// Corner and quality of the high pass (BS.1770-5, table 2).
const HIGH_PASS_HZ: f64 = 38.135_470_876_024_44;
const HIGH_PASS_Q: f64 = 0.500_327_037_323_877_3;

/// Second-order section: `b` and `a1, a2` of `y = b0·x + b1·x₋₁ + b2·x₋₂ − a1·y₋₁ − a2·y₋₂`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Feed-forward coefficients.
    pub b: [f64; 3],
    /// Feedback coefficients `a1`, `a2`.
    pub a: [f64; 2],
}

impl Section {
    /// Magnitude at a frequency in hertz, as a factor.
    pub fn magnitude(&self, hz: f64, rate_hz: f64) -> f64 {
        let w = 2.0 * PI * hz / rate_hz;
        let power = |c0: f64, c1: f64, c2: f64| {
            let re = c0 + c1 * w.cos() + c2 * (2.0 * w).cos();
            let im = c1 * w.sin() + c2 * (2.0 * w).sin();
            re * re + im * im
        };
        (power(self.b[0], self.b[1], self.b[2]) / power(1.0, self.a[0], self.a[1])).sqrt()
    }
}

/// The two sections at a rate in hertz: head shelf, high pass.
pub fn sections(rate_hz: f64) -> [Section; 2] {
    [shelf(rate_hz), high_pass(rate_hz)]
}

/// `tan(π·f0/fs)`; held below the Nyquist frequency so that absurd rates give a stable filter.
fn warped(hz: f64, rate_hz: f64) -> f64 {
    (PI * (hz / rate_hz).clamp(0.0, 0.49)).tan()
}

fn shelf(rate_hz: f64) -> Section {
    let k = warped(SHELF_HZ, rate_hz);
    let high = 10f64.powf(SHELF_DB / 20.0);
    let band = high.powf(SHELF_BAND_EXPONENT);
    let a0 = 1.0 + k / SHELF_Q + k * k;
    Section {
        b: [
            (high + band * k / SHELF_Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / SHELF_Q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / SHELF_Q + k * k) / a0],
    }
}

fn high_pass(rate_hz: f64) -> Section {
    let k = warped(HIGH_PASS_HZ, rate_hz);
    let a0 = 1.0 + k / HIGH_PASS_Q + k * k;
    Section { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / HIGH_PASS_Q + k * k) / a0] }
}

/// A frame of two channels.
type Pair = [f64; 2];

/// The running filter of two channels (a mono signal uses the first).
#[derive(Debug, Clone)]
pub struct KWeight {
    sections: [Section; 2],
    state: [Pair; 4],
}

impl KWeight {
    /// At a rate in hertz.
    pub fn new(rate_hz: f64) -> Self {
        Self { sections: sections(rate_hz), state: [[0.0; 2]; 4] }
    }

    /// Forgets what it has heard.
    pub fn reset(&mut self) {
        self.state = [[0.0; 2]; 4];
    }

    /// Filters both channels and adds the squares of the result to `energy`, sample by sample in order, so that the
    /// sum does not depend on how the signal is cut into blocks. The shorter slice sets the length.
    pub fn add_energy(&mut self, left: &[f64], right: &[f64], energy: &mut [f64; 2]) {
        let mut state = self.state;
        let mut sum = *energy;
        for (&l, &r) in left.iter().zip(right) {
            let y = step(&self.sections, &mut state, [l, r]);
            sum = lanes(|i| sum[i] + y[i] * y[i]);
        }
        self.state = state;
        *energy = sum;
    }

    /// The same for one channel.
    pub fn add_energy_mono(&mut self, samples: &[f64], energy: &mut [f64; 2]) {
        self.add_energy(samples, samples, energy);
        energy[1] = 0.0;
    }
}

/// Both lanes of one operation.
#[inline(always)]
fn lanes(f: impl Fn(usize) -> f64) -> Pair {
    [f(0), f(1)]
}

/// One frame through both sections.
#[inline(always)]
fn step([s1, s2]: &[Section; 2], z: &mut [Pair; 4], x: Pair) -> Pair {
    let u = lanes(|i| s1.b[0] * x[i] + z[0][i]);
    z[0] = lanes(|i| (s1.b[1] * x[i] + z[1][i]) - s1.a[0] * u[i]);
    z[1] = lanes(|i| s1.b[2] * x[i] - s1.a[1] * u[i]);
    let y = lanes(|i| u[i] + z[2][i]);
    z[2] = lanes(|i| (z[3][i] - 2.0 * u[i]) - s2.a[0] * y[i]);
    z[3] = lanes(|i| u[i] - s2.a[1] * y[i]);
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    /// BS.1770-5 at 48 kHz and its derivation at the other rates: b0 b1 b2 a1 a2 of the shelf, a1 a2 of the high pass.
    const TABLE: [(f64, [f64; 7]); 6] = [
        (44_100.0, [1.53084123005035, -2.65097999515473, 1.16907907992159, -1.66365511325602, 0.71259542807323, -1.98916967362980, 0.98919903578704]),
        (48_000.0, [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585, -1.99004745483398, 0.99007225036621]),
        (88_200.0, [1.55751537557965, -2.90562707992635, 1.36133397747221, -1.83091998796233, 0.84414226108785, -1.99457751545034, 0.99458487587805]),
        (96_000.0, [1.55971422897580, -2.92674157825108, 1.37826120231582, -1.84460946989011, 0.85584332293064, -1.99501754472472, 0.99502375904092]),
        (176_400.0, [1.57111531774185, -3.03654450240465, 1.46887161198976, -1.91532931683305, 0.91877174416001, -1.99728692242381, 0.99728876502607]),
        (192_000.0, [1.57222721509128, -3.04728305156155, 1.47797134097961, -1.92220223060749, 0.92511773511683, -1.99750722284070, 0.99750877835551]),
    ];

    #[test]
    fn coefficients_match_the_published_table() {
        for (rate, expected) in TABLE {
            let [s, h] = sections(rate);
            let ours = [s.b[0], s.b[1], s.b[2], s.a[0], s.a[1], h.a[0], h.a[1]];
            for (a, b) in ours.iter().zip(expected) {
                assert!((a - b).abs() < 1e-13, "{rate} Hz: {a} against {b}");
            }
            assert!(h.b.iter().zip([1.0, -2.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-15));
        }
    }

    #[test]
    fn gain_follows_the_curve_at_48_khz() {
        for (hz, db) in [(20.0, -13.28), (100.0, -1.13), (997.0, 0.69), (2000.0, 3.07), (10_000.0, 4.04)] {
            let [s, h] = sections(48_000.0);
            let ours = 20.0 * (s.magnitude(hz, 48_000.0) * h.magnitude(hz, 48_000.0)).log10();
            assert!((ours - db).abs() < 0.006, "{hz} Hz: {ours} dB");
        }
    }

    #[test]
    fn running_filter_has_the_gain_of_its_coefficients() {
        let rate = 44_100.0;
        let tone: Vec<f64> = (0..88_200).map(|n| (2.0 * PI * 1000.0 * f64::from(n) / rate).sin()).collect();
        let mut filter = KWeight::new(rate);
        let mut energy = [0.0; 2];
        filter.add_energy(&tone[..44_100], &tone[..44_100], &mut energy);
        energy = [0.0; 2];
        filter.add_energy(&tone[44_100..], &tone[44_100..], &mut energy);
        let [s, h] = sections(rate);
        let expected = 0.5 * (s.magnitude(1000.0, rate) * h.magnitude(1000.0, rate)).powi(2);
        for e in energy {
            assert!((e / 44_100.0 / expected - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn absurd_rates_stay_finite() {
        let mut filter = KWeight::new(10.0);
        let mut energy = [0.0; 2];
        filter.add_energy_mono(&[1.0; 10_000], &mut energy);
        assert!(energy[0].is_finite());
    }
}
