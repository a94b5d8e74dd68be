//! Correlation by band: three by crossover, octaves, or thirds of an octave.

use super::bank::Bank;
use super::grid::Grid;
use super::needle::{Needle, NeedleReading};
use super::split::{SPLITS_HZ, ThreeBands};

/// Evaluations a second.
const STEPS: u32 = 100;
/// Mean square in a band under which it is silent (−80 dBFS: a band of music is far softer than the whole).
const SILENCE: f64 = 1e-8;

/// How the spectrum is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BandSplit {
    /// Below 120 Hz, to 2 kHz, above: Linkwitz–Riley, fourth order.
    #[default]
    Three,
    /// Ten octaves, IEC 61260-1 class 1.
    Octaves,
    /// Thirty thirds of an octave, IEC 61260-1 class 1.
    Thirds,
}

/// One band's needle.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BandReading {
    /// Lower edge, Hz; 0 for the lowest of three.
    pub low_hz: f64,
    /// Upper edge, Hz; half the rate for the highest of three.
    pub high_hz: f64,
    /// Its correlation.
    pub needle: NeedleReading,
}

#[derive(Debug, Clone)]
enum Filter {
    Three(Box<ThreeBands>),
    Octaves(Box<Bank<2>>),
    Thirds(Box<Bank<6>>),
}

/// A needle for each band.
#[derive(Debug, Clone)]
pub struct BandMeter {
    rate_hz: u32,
    grid: Grid,
    filter: Filter,
    edges_hz: Vec<[f64; 2]>,
    needles: Vec<Needle>,
}

impl BandMeter {
    /// At a rate in hertz, with a time constant in seconds.
    pub fn new(rate_hz: u32, split: BandSplit, time_s: f64) -> Self {
        let filter = match split {
            BandSplit::Three => Filter::Three(Box::new(ThreeBands::new(rate_hz))),
            BandSplit::Octaves => Filter::Octaves(Box::new(Bank::new(rate_hz))),
            BandSplit::Thirds => Filter::Thirds(Box::new(Bank::new(rate_hz))),
        };
        let edges_hz: Vec<[f64; 2]> = match &filter {
            Filter::Three(_) => {
                let [low, high] = SPLITS_HZ;
                vec![[0.0, low], [low, high], [high, 0.5 * f64::from(rate_hz)]]
            }
            Filter::Octaves(bank) => bank.edges_hz().collect(),
            Filter::Thirds(bank) => bank.edges_hz().collect(),
        };
        let needles = edges_hz.iter().map(|_| Needle::new(time_s, SILENCE)).collect();
        Self { rate_hz, grid: Grid::new(rate_hz, STEPS), filter, edges_hz, needles }
    }

    /// Another time constant, s; nothing is lost.
    pub fn set_time(&mut self, time_s: f64) {
        self.needles.iter_mut().for_each(|n| n.set_time(time_s.clamp(0.01, 10.0)));
    }

    /// Takes a block of both channels; the shorter sets the length. NaN and infinity cost the 10 ms they fall into.
    pub fn push(&mut self, left: &[f64], right: &[f64]) {
        let length = left.len().min(right.len());
        let mut at = 0;
        while at < length {
            let end = length.min(at + self.grid.room());
            let (l, r) = (&left[at..end], &right[at..end]);
            match &mut self.filter {
                Filter::Three(bands) => bands.push(l, r),
                Filter::Octaves(bank) => bank.push(l, r),
                Filter::Thirds(bank) => bank.push(l, r),
            }
            if self.grid.advance(end - at).is_some() {
                self.close();
            }
            at = end;
        }
    }

    fn close(&mut self) {
        let at_s = self.grid.seconds();
        let mut needles = self.needles.iter_mut();
        let mut step = |sums: super::Products, frames: u64, rate_hz: f64| {
            // A band at a low rate may have no frame in these 10 ms.
            if let Some(needle) = needles.next().filter(|_| frames > 0) {
                needle.step(sums.times(1.0 / frames as f64), frames as f64 / rate_hz, at_s);
            }
        };
        match &mut self.filter {
            Filter::Three(bands) => {
                let (sums, frames) = bands.take();
                sums.into_iter().for_each(|s| step(s, frames, f64::from(self.rate_hz)));
            }
            Filter::Octaves(bank) => bank.take(|g| step(g.sums, g.frames, g.rate_hz)),
            Filter::Thirds(bank) => bank.take(|g| step(g.sums, g.frames, g.rate_hz)),
        }
    }

    /// The bands, lowest first.
    pub fn readings(&self) -> impl Iterator<Item = BandReading> + '_ {
        let bands = self.edges_hz.iter().zip(&self.needles);
        bands.map(|([low_hz, high_hz], needle)| BandReading {
            low_hz: *low_hz,
            high_hz: *high_hz,
            needle: needle.reading(),
        })
    }

    /// The sound jumped: the averages begin anew, what counts since reset stays.
    pub fn restart(&mut self) {
        self.needles.iter_mut().for_each(Needle::restart);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const SPLITS: [BandSplit; 3] = [BandSplit::Three, BandSplit::Octaves, BandSplit::Thirds];

    fn meter_of(rate: u32, split: BandSplit, seconds: f64, signal: impl Fn(f64) -> [f64; 2]) -> BandMeter {
        let mut meter = BandMeter::new(rate, split, 0.3);
        let count = (seconds * f64::from(rate)) as u32;
        let frames = (0..count).map(|n| signal(f64::from(n) / f64::from(rate)));
        let (left, right): (Vec<f64>, Vec<f64>) = frames.map(|f| (f[0], f[1])).unzip();
        for (l, r) in left.chunks(1013).zip(right.chunks(1013)) {
            meter.push(l, r);
        }
        meter
    }

    fn band_at(meter: &BandMeter, hz: f64) -> BandReading {
        meter.readings().find(|b| b.low_hz <= hz && hz < b.high_hz).unwrap()
    }

    /// A tone in each of three bands, each with a phase of its own.
    const TONES: [(f64, f64); 3] = [(50.0, 180.0), (500.0, 60.0), (6300.0, 0.0)];

    fn tones(at_s: f64) -> [f64; 2] {
        let sum = |is_right: f64| {
            let one = |(hz, phase): (f64, f64)| 0.2 * (TAU * hz * at_s + is_right * phase.to_radians()).sin();
            TONES.into_iter().map(one).sum()
        };
        [sum(0.0), sum(1.0)]
    }

    #[test]
    fn each_band_shows_the_phase_of_its_own_tone_at_every_rate() {
        for rate in crate::units::SESSION_RATES_HZ {
            for split in SPLITS {
                let meter = meter_of(rate, split, 3.0, tones);
                for (hz, phase) in TONES {
                    let now = band_at(&meter, hz).needle.now.unwrap();
                    let wanted = phase.to_radians().cos();
                    assert!((now - wanted).abs() < 0.02, "{rate}, {split:?}, {hz} Hz: {now}, not {wanted}");
                }
            }
        }
    }

    #[test]
    fn a_neighbour_is_heard_only_as_much_as_the_filter_lets_through() {
        // In the octave of 1 kHz a tone in phase; an octave above a tone ten times as strong with opposite phase.
        let (octave, rate) = (10f64.powf(0.3), 48_000.0);
        let meter = meter_of(48_000, BandSplit::Octaves, 4.0, |t| {
            let (near, far) = (0.05 * (TAU * 1000.0 * t).sin(), 0.5 * (TAU * 1000.0 * octave * t).sin());
            [near + far, near - far]
        });
        // |H|² of the band-pass: 1/(1 + X⁶), X = (w² − w1·w2)/(w·(w2 − w1)) with w = tan(π·f/fs) at the rate it runs at.
        let tan = |hz: f64| (std::f64::consts::PI * hz / (rate / 8.0)).tan();
        let (low, high) = (tan(1000.0 / octave.sqrt()), tan(1000.0 * octave.sqrt()));
        let power = |hz: f64| {
            let w = tan(hz);
            1.0 / (1.0 + ((w * w - low * high) / (w * (high - low))).powi(6))
        };
        let (near, far) = (0.05f64.powi(2) * power(1000.0), 0.25 * power(1000.0 * octave));
        let expected = (near - far) / (near + far);
        let now = band_at(&meter, 1000.0).needle.now.unwrap();
        assert!((now - expected).abs() < 0.02, "{now}, not {expected}");
    }

    #[test]
    fn the_time_below_zero_and_the_minimum_are_each_band_s_own() {
        for split in SPLITS {
            // The bass turns over from 3 to 5 s; all else stays.
            let meter = meter_of(44_100, split, 8.0, |t| {
                let (bass, rest) = (0.3 * (TAU * 80.0 * t).sin(), 0.3 * (TAU * 1500.0 * t).sin());
                [bass + rest, if (3.0..5.0).contains(&t) { rest - bass } else { rest + bass }]
            });
            let bass = band_at(&meter, 80.0).needle;
            // As in the wide band, the way in and the way out cancel but for e^(−2/0.3).
            assert!((bass.below_zero_s - 2.0).abs() < 0.05, "{split:?}: {bass:?}");
            let lowest = bass.lowest.unwrap();
            assert!(lowest.value < -0.99 && (lowest.at_s - 5.0).abs() < 0.06, "{split:?}: {lowest:?}");
            let rest = band_at(&meter, 1500.0).needle;
            assert!(rest.below_zero_s <= 0.0 && rest.lowest.unwrap().value > 0.9, "{split:?}: {rest:?}");
            assert!((rest.measured_s - 7.7).abs() < 0.1, "{split:?}: {rest:?}");
        }
    }

    #[test]
    fn silence_has_no_needle_and_blocks_do_not_matter() {
        for split in SPLITS {
            assert!(meter_of(48_000, split, 1.0, |_| [0.0; 2]).readings().all(|b| b.needle.now.is_none()));
            let (left, right): (Vec<f64>, Vec<f64>) =
                (0..20_000).map(|n| tones(f64::from(n) / 96_000.0)).map(|f| (f[0], f[1])).unzip();
            let of = |size: usize| {
                let mut meter = BandMeter::new(96_000, split, 0.3);
                left.chunks(size).zip(right.chunks(size)).for_each(|(l, r)| meter.push(l, r));
                meter.readings().collect::<Vec<_>>()
            };
            assert_eq!(of(3), of(20_000), "{split:?}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_forgotten() {
        for split in SPLITS {
            let meter = meter_of(48_000, split, 4.0, |t| {
                let frame = tones(t);
                if (0.5..0.5001).contains(&t) { [f64::NAN, frame[1]] } else { frame }
            });
            for (hz, phase) in TONES {
                let now = band_at(&meter, hz).needle.now.unwrap();
                assert!((now - phase.to_radians().cos()).abs() < 0.02, "{split:?}, {hz} Hz: {now}");
            }
        }
    }
}
