//! Numbers in words: a true minus, never “−0.0”, a dash where there is none. Every panel writes its levels with these.

/// A number with so many decimals; `−` for negative ones, nothing for others.
pub fn plain(value: f64, decimals: usize) -> String {
    let size = format!("{:.decimals$}", value.abs());
    let zero = size.bytes().all(|b| matches!(b, b'0' | b'.'));
    if value < 0.0 && !zero { format!("−{size}") } else { size }
}

/// A number with its sign, but for zero.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = plain(value, decimals);
    let positive = value > 0.0 && text.bytes().any(|b| matches!(b, b'1'..=b'9'));
    if positive { format!("+{text}") } else { text }
}

/// A reading: with its sign, a dash where there is none.
pub fn reading(value: Option<f64>, decimals: usize) -> String {
    value.filter(|v| v.is_finite()).map_or_else(|| "–".to_owned(), |v| signed(v, decimals))
}

/// A reading that is never negative or whose plus says nothing (LU, a column of LUFS): without a plus.
pub fn plain_reading(value: Option<f64>, decimals: usize) -> String {
    value.filter(|v| v.is_finite()).map_or_else(|| "–".to_owned(), |v| plain(v, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_is_a_minus_and_nothing_is_less_than_zero_by_rounding() {
        assert_eq!(plain(-10.24, 1), "−10.2");
        assert_eq!(plain(-0.04, 1), "0.0");
        assert_eq!(signed(0.04, 1), "0.0");
        assert_eq!(signed(0.4, 1), "+0.4");
        assert_eq!(signed(-0.4, 1), "−0.4");
        assert_eq!(signed(-0.4, 0), "0");
        assert_eq!(reading(None, 2), "–");
        assert_eq!(reading(Some(f64::NEG_INFINITY), 2), "–");
        assert_eq!(plain_reading(Some(6.42), 1), "6.4");
    }
}
