//! What a sample at full scale is: one definition for files, live meters, pictures and lamps.
//!
//! In an integer format of `b` bits it is the highest positive value, `1 − 2^(1−b)`; what is cut off at the top stands
//! there, and −1.0 is beyond it. A signal without such a format (float and lossy files, everything live, where samples are
//! `f64` and may come from any file) is taken by 16 bits, 32767/32768 (−0.000265 dBFS): the lowest of all formats in use,
//! so that a mix cut off in 16 bits is found behind a conversion to float, and nothing that counts is more than 0.0003 dB
//! under 0 dBFS. Fewer than 16 bits are not looked for there.

/// Bits by which a signal without an integer format is taken.
const USUAL_BITS: u32 = 16;

/// From this magnitude on a sample is at full scale; `bits` of an integer format, `None` where there is none.
pub fn full_scale(bits: Option<u32>) -> f64 {
    1.0 - 2f64.powi(1 - bits.unwrap_or(USUAL_BITS).clamp(2, 64) as i32)
}

/// The same of a live signal.
pub const LIVE_FULL_SCALE: f64 = 32_767.0 / 32_768.0;

/// Whether a peak in dBFS of a live signal is at full scale.
pub fn is_full_scale_dbfs(peak_dbfs: f64) -> bool {
    // Half a millionth of a decibel for the way through the logarithm.
    peak_dbfs >= crate::units::db_from_gain(LIVE_FULL_SCALE) - 5e-7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_highest_positive_value_of_the_format() {
        assert_eq!(full_scale(Some(16)), 32_767.0 / 32_768.0);
        assert_eq!(full_scale(Some(24)), 8_388_607.0 / 8_388_608.0);
        assert_eq!(full_scale(None).to_bits(), LIVE_FULL_SCALE.to_bits());
        // Hostile headers.
        assert!([0, 1, u32::MAX].into_iter().all(|b| (0.5..=1.0).contains(&full_scale(Some(b)))));
    }

    #[test]
    fn the_lamp_lights_where_the_counter_counts() {
        let db = crate::units::db_from_gain;
        assert!(is_full_scale_dbfs(db(32_767.0 / 32_768.0)) && is_full_scale_dbfs(0.0));
        assert!(!is_full_scale_dbfs(db(32_766.0 / 32_768.0)) && !is_full_scale_dbfs(f64::NAN));
    }
}
