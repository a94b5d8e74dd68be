//! The flat tilt: a straight line in decibels over octaves from 20 Hz to 20 kHz.
//!
//! A ladder of first-order shelves whose poles stand at equal steps of the logarithm, each with its zero the same share of a
//! step below: `|H|` then follows `f^α`, α being that share (J. O. Smith, H. F. Smith, *Closed Form Fractional Integration
//! and Differentiation via Real Exponentially Spaced Pole-Zero Pairs*, 2016; before them A. Oustaloup). Ten shelves from 3 Hz
//! to 133 kHz; the outermost two are wider by half, in place of the endless ladder beyond them. Within 0.04 dB of the
//! line from 20 Hz to 20 kHz as it runs for gains up to 12 dB, 0.07 dB at 30 dB (6 dB per octave); exact at the frequency it
//! turns about, where it is 0 dB. A falling
//! line is the rising one upside down.

use std::f64::consts::LOG10_2;

use super::biquad::Section;

/// Octaves from the frequency to where the line has the gain asked for.
pub const OCTAVES: f64 = 5.0;

/// Second-order sections of a ladder.
pub const SECTIONS: usize = 5;

/// Centres of the lowest and the highest shelf, Hz: as far below 20 Hz as above 20 kHz.
const LOWEST_HZ: f64 = 3.0;
const HIGHEST_HZ: f64 = 400_000.0 / LOWEST_HZ;

/// Width of the outermost shelves in those of the others; found by a search over this, the ends and the count.
const END_WIDTH: f64 = 1.5;

/// The sections of a line through 0 dB at `f0_hz` and `gain_db` (−30 to 30) five octaves above, relative to `f0_hz`.
pub fn sections(f0_hz: f64, gain_db: f64) -> [Section; SECTIONS] {
    let mut ladder: [Section; SECTIONS] = std::array::from_fn(|i| {
        let (low, high) = (shelf(2 * i, gain_db.abs()), shelf(2 * i + 1, gain_db.abs()));
        let [mut zeros, mut poles] = [0, 1].map(|end| [low[end] / f0_hz, high[end] / f0_hz]);
        if gain_db < 0.0 {
            std::mem::swap(&mut zeros, &mut poles);
        }
        Section::Shelves1 { gain: 1.0, zeros, poles }
    });
    let at_f0: f64 = ladder.iter().map(|s| s.power_at(1.0)).product();
    if let Section::Shelves1 { gain, .. } = &mut ladder[0] {
        *gain = 1.0 / at_f0.sqrt();
    }
    ladder
}

/// Zero and pole of a shelf of a rising line, Hz.
fn shelf(index: usize, gain_db: f64) -> [f64; 2] {
    let last = 2 * SECTIONS - 1;
    let step = (HIGHEST_HZ / LOWEST_HZ).powf(1.0 / last as f64);
    let centre = LOWEST_HZ * step.powi(index as i32);
    // A pole alone falls by 20·log10(2) dB per octave.
    let share = gain_db / OCTAVES / (20.0 * LOG10_2);
    let half = step.powf(0.5 * share);
    let wide = step.powf((END_WIDTH - 0.5) * share);
    [
        if index == 0 { centre / wide } else { centre / half },
        if index == last { centre * wide } else { centre * half },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn it_is_a_straight_line_from_20_hz_to_20_khz() {
        // Gains up to 12 dB, and beyond.
        let mut worst = [0.0f64; 2];
        for f0 in [20.0, 632.5, 1000.0, 12_000.0] {
            for gain_db in [-30.0, -12.0, -3.0, 0.5, 6.0, 12.0, 18.0, 30.0f64] {
                for rate_hz in [88_200.0, 96_000.0, 192_000.0] {
                    let running = sections(f0, gain_db).map(|s| s.matched(f0, rate_hz));
                    for i in 0..=120 {
                        let f = 20.0 * 1000f64.powf(f64::from(i) / 120.0);
                        let line = gain_db / 5.0 * (f / f0).log2();
                        let ours: f64 = running.iter().map(|b| b.power_at(2.0 * PI * f / rate_hz)).product();
                        let class = &mut worst[usize::from(gain_db.abs() > 12.0)];
                        *class = class.max((10.0 * ours.log10() - line).abs());
                    }
                }
            }
        }
        println!("flat tilt: {:.4} dB up to 12 dB, {:.4} dB up to 30 dB", worst[0], worst[1]);
        assert!(worst[0] < 0.04 && worst[1] < 0.07, "{worst:?}");
    }
}
