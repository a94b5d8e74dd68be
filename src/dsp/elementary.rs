//! Logarithms and exponentials written out, so that a block of them becomes vector code with the same bits everywhere.

/// From here on to its double, the low bits of a number are its whole part.
const TWO_52: f64 = (1u64 << 52) as f64;

/// `10·log10(power)`, floor −200 dB, within 1e-12 dB: exponent taken from the bits, mantissa in √½…√2 by the series of
/// `ln m = 2·artanh((m−1)/(m+1))`.
#[inline]
pub fn db_from_power(power: f64) -> f64 {
    const DB_PER_OCTAVE: f64 = 10.0 * std::f64::consts::LOG10_2;
    const DB_PER_NEPER: f64 = 10.0 * std::f64::consts::LOG10_E;
    // The bits of √½: adding their distance to 1 moves the split of the octaves to √½.
    const SPLIT: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    let bits = power.max(1e-20).to_bits().wrapping_sub(SPLIT);
    // Twelve bits with sign, as a number without an instruction that vectors lack: put behind the bits of 2^52.
    let octaves = f64::from_bits((bits >> 52 ^ 0x800) | TWO_52.to_bits()) - (TWO_52 + 2048.0);
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) + SPLIT);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let mut series = 1.0 / 15.0;
    for odd in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * s2 + 1.0 / odd;
    }
    octaves * DB_PER_OCTAVE + 2.0 * DB_PER_NEPER * s * series
}

/// `10^(−reduction/20)`, relative error 1e-13: `2^(n+f)`, the fraction by its series. 0 dB is exactly 1; negative reductions
/// are gain; both end at 1000 dB.
#[inline]
pub fn gain_from_reduction(reduction_db: f64) -> f64 {
    const OCTAVES_PER_DB: f64 = std::f64::consts::LOG2_10 / 20.0;
    // Adding it rounds to a whole number, which then stands in the low bits.
    const ROUND: f64 = 1.5 * TWO_52;
    const FACTORIALS: [f64; 11] =
        [39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0];
    let octaves = reduction_db.clamp(-1000.0, 1000.0) * -OCTAVES_PER_DB;
    let shifted = octaves + ROUND;
    let x = (octaves - (shifted - ROUND)) * std::f64::consts::LN_2;
    let mut series = 0.0;
    for factorial in FACTORIALS {
        series = (series + 1.0 / factorial) * x;
    }
    (1.0 + series) * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// [`db_from_power`] of every value, in place.
pub fn db_from_powers(values: &mut [f64]) {
    values.iter_mut().for_each(|v| *v = db_from_power(*v));
}

/// [`gain_from_reduction`] of every value, in place.
pub fn gains_from_reductions(values: &mut [f64]) {
    values.iter_mut().for_each(|v| *v = gain_from_reduction(*v));
}

/// `e^x` for `x` of 0 and below (0 below −700), relative error 1e-15.
#[inline]
pub fn exp_of_negative(x: f64) -> f64 {
    // ln 2 in two parts, the first with 21 zero bits at its end (Cody & Waite).
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // Adding it rounds to a whole number, which then stands in the low bits.
    const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
    let x = x.max(-700.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let mut series = 1.0;
    for n in [12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        series = 1.0 + series * r * (1.0 / n);
    }
    series * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// `ln(1 + e)` for `e` from 0 to 1, relative error 1e-15.
#[inline]
pub fn ln_one_plus(e: f64) -> f64 {
    // Above √2 the half of it, as numbers rather than branches.
    let upper = if e > std::f64::consts::SQRT_2 - 1.0 { 1.0 } else { 0.0 };
    let (below, above, octave) = (e - upper, e + (2.0 + upper), upper * std::f64::consts::LN_2);
    let s = below / above;
    let s2 = s * s;
    let mut series = 1.0 / 17.0;
    for odd in [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * s2 + 1.0 / odd;
    }
    octave + 2.0 * s * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::gain_from_db;

    #[test]
    fn they_agree_with_the_standard_library() {
        for i in 0..20_000 {
            let power = 10f64.powf(-19.0 + f64::from(i) * 0.0015);
            assert!((db_from_power(power) - 10.0 * power.log10()).abs() < 1e-11, "{power}");
            let db = f64::from(i) * 0.01;
            assert!((gain_from_reduction(db) / gain_from_db(-db) - 1.0).abs() < 1e-13, "{db}");
            assert!((gain_from_reduction(-db) / gain_from_db(db) - 1.0).abs() < 1e-13, "{db}");
            let x = -f64::from(i) * 0.01;
            assert!((exp_of_negative(x) / x.exp() - 1.0).abs() < 1e-14, "{x}");
            let e = f64::from(i) / 20_000.0;
            assert!((ln_one_plus(e) - e.ln_1p()).abs() <= 4e-16, "{e}");
        }
        assert_eq!((exp_of_negative(0.0), ln_one_plus(0.0), gain_from_reduction(0.0)), (1.0, 0.0, 1.0));
        assert!(exp_of_negative(-1e300) < 1e-300);
    }
}
