//! From the powers of the bins to a trace in dB on a grid of frequencies.

use super::{Lobe, Smoothing, SpectrumView};

/// Powers are never shown below this.
const LOWEST_DB: f64 = -180.0;

/// A band is never narrower than this, bins.
const NARROWEST_BINS: f64 = 2.0;

/// Blocks the bins are summed in beforehand; enough for 2^19 bins.
const MOST_BLOCKS: usize = 1024;

/// Writes powers in dB on the view's grid, as many points as `out` holds. Bin `k` lies at `k · bin_hz`.
pub fn trace_db(powers: &[f64], bin_hz: f64, lobe: &Lobe, view: &SpectrumView, out: &mut [f32]) {
    if powers.len() < 4 {
        out.fill(LOWEST_DB as f32);
        return;
    }
    let points = out.len();
    let step = (view.high_hz / view.low_hz).powf(1.0 / points.saturating_sub(1).max(1) as f64);
    let tones = Tones { powers, lobe };
    let sums = Sums::of(powers);
    let half = match view.smoothing {
        Smoothing::None => step.sqrt(),
        Smoothing::Octave(n) => 2f64.powf(0.5 / f64::from(n.max(1))),
    };
    let tilt_step = view.slope_db_per_octave * step.log2();
    let (mut hz, mut tilt_db) = (view.low_hz, view.tilt_db(view.low_hz));
    for value in out {
        let (low, high) = (hz / half / bin_hz, hz * half / bin_hz);
        let power = match view.smoothing {
            Smoothing::None => tones.highest(low, hz / bin_hz, high),
            Smoothing::Octave(_) => sums.mean(low, high),
        };
        *value = ((10.0 * power.log10()).max(LOWEST_DB) + tilt_db) as f32;
        hz *= step;
        tilt_db += tilt_step;
    }
}

/// A sine found in a spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    /// Its frequency, Hz.
    pub hz: f64,
    /// Its level; a full-scale sine has 0 dB.
    pub level_db: f64,
}

/// The highest peak from a frequency on, at its place between the bins; `None` under −120 dB.
pub fn strongest_tone(powers: &[f64], bin_hz: f64, lobe: &Lobe, from_hz: f64) -> Option<Tone> {
    let first = ((from_hz / bin_hz).ceil() as usize).max(1);
    let last = powers.len().saturating_sub(1);
    let k = (first..last).max_by(|&a, &b| powers[a].total_cmp(&powers[b]))?;
    let (offset, power, sure) = Tones { powers, lobe }.sine_at(k);
    let power = powers[k] + sure * (power - powers[k]);
    let level_db = 10.0 * power.log10();
    (level_db > -120.0).then_some(Tone { hz: (k as f64 + sure * offset) * bin_hz, level_db })
}

/// The reading of tones.
struct Tones<'a> {
    powers: &'a [f64],
    lobe: &'a Lobe,
}

impl Tones<'_> {
    fn at(&self, k: usize) -> f64 {
        self.powers.get(k).copied().unwrap_or(0.0)
    }

    /// Offset, power and sureness of the sine under bin `k`; none where a neighbour is higher.
    fn sine_at(&self, k: usize) -> (f64, f64, f64) {
        let (before, peak, after) = (self.at(k.saturating_sub(1)), self.at(k), self.at(k + 1));
        if k == 0 || before > peak || after > peak {
            return (0.0, peak, 0.0);
        }
        // The lowest bin has no shape: what lies at 0 Hz is no sine.
        let before = if k == 1 { before.min(after) } else { before };
        self.lobe.sine_at(before, peak, after)
    }

    /// Highest power between two places, bins; `middle` is read where no bin lies between them.
    fn highest(&self, low: f64, middle: f64, high: f64) -> f64 {
        let top = self.powers.len() - 1;
        let (first, last) = (low.ceil() as usize, (high.floor() as usize).min(top));
        let mut highest = if first > last || high - low < 2.0 { self.between(middle) } else { 0.0 };
        // A sine's own place may lie in here though its bin does not.
        for k in first.saturating_sub(1)..=(last + 1).min(top) {
            let inside = (first..=last).contains(&k);
            let power = self.at(k);
            if inside {
                highest = highest.max(power);
            }
            if power > 0.4 * highest {
                let (offset, level, sure) = self.sine_at(k);
                let place = k as f64 + offset;
                if sure > 0.0 && (low..=high).contains(&place) {
                    highest = highest.max(power + sure * (level - power));
                }
            }
        }
        highest
    }

    /// The curve between bins: near a sine the lobe of the window, elsewhere a cubic in dB.
    fn between(&self, bin: f64) -> f64 {
        let k = bin as usize;
        let cubic = self.cubic(bin);
        let nearest = if self.at(k + 1) > self.at(k) { k + 1 } else { k };
        let (offset, level, sure) = self.sine_at(nearest);
        let away = bin - nearest as f64;
        if sure <= 0.0 || away.abs() >= 1.0 {
            return cubic;
        }
        // At the bins both are the same; to the next bin the lobe gives way, so that there is no step.
        let share = sure * (1.0 - away.powi(4));
        cubic + share * (level * self.lobe.kind().lobe_power(away - offset) - cubic)
    }

    /// A cubic in the logarithm that never leaves the span of its two bins (tangents are harmonic means of the slopes, as
    /// Fritsch and Butland have them): no false peaks, no corners.
    fn cubic(&self, bin: f64) -> f64 {
        let (k, t) = (bin as usize, bin.fract());
        let log = |k: usize| self.at(k).max(1e-18).log10();
        let (a, b, c, d) = (log(k.saturating_sub(1)), log(k), log(k + 1), log(k + 2));
        let tangent = |p: f64, q: f64| if p * q > 0.0 { 2.0 * p * q / (p + q) } else { 0.0 };
        let (from, to) = (tangent(b - a, c - b), tangent(c - b, d - c));
        let s = 1.0 - t;
        let ends = b * s * s * (1.0 + 2.0 * t) + c * t * t * (3.0 - 2.0 * t);
        10f64.powf(ends + s * t * (s * from - t * to))
    }
}

/// Powers with sums of blocks, so that a wide band costs no more than a narrow one.
struct Sums<'a> {
    powers: &'a [f64],
    blocks: [f64; MOST_BLOCKS],
    /// Bins in a block.
    block: usize,
}

impl<'a> Sums<'a> {
    fn of(powers: &'a [f64]) -> Self {
        let root = (powers.len() as f64).sqrt() as usize;
        let block = root.max(powers.len() / MOST_BLOCKS).next_power_of_two();
        let mut blocks = [0.0; MOST_BLOCKS];
        for (sum, bins) in blocks.iter_mut().zip(powers.chunks(block)) {
            *sum = bins.iter().sum();
        }
        Self { powers, blocks, block }
    }

    /// Sum of the bins `first..end`. Nothing is subtracted, so that faint bands beside loud ones stay exact.
    fn sum(&self, first: usize, end: usize) -> f64 {
        let (from, to) = (first.div_ceil(self.block), end / self.block);
        if from >= to {
            return self.powers[first..end].iter().sum();
        }
        let head: f64 = self.powers[first..from * self.block].iter().sum();
        let tail: f64 = self.powers[to * self.block..end].iter().sum();
        head + self.blocks[from..to].iter().sum::<f64>() + tail
    }

    /// Mean between two places, bins, of the powers joined by straight lines.
    fn mean(&self, low: f64, high: f64) -> f64 {
        let missing = (NARROWEST_BINS - (high - low)).max(0.0) / 2.0;
        let top = (self.powers.len() - 1) as f64;
        let high = (high + missing).min(top);
        let low = (low - missing).clamp(0.0, high - 1e-6);
        let (i, j) = (low as usize, (high as usize).min(self.powers.len() - 2));
        let at = |place: f64, k: usize| {
            self.powers[k] + (place - k as f64) * (self.powers[k + 1] - self.powers[k])
        };
        let area = if i >= j {
            0.5 * (high - low) * (at(low, i) + at(high, i))
        } else {
            let (p, q) = (self.powers[i + 1], self.powers[j]);
            let head = 0.5 * ((i + 1) as f64 - low) * (at(low, i) + p);
            let tail = 0.5 * (high - j as f64) * (q + at(high, j));
            // Trapezoids from bin i + 1 to bin j.
            let inner = self.sum(i + 1, j + 1) - 0.5 * (p + q);
            head + inner.max(0.0) + tail
        };
        area / (high - low)
    }
}
