//! Left/right to mid/side and back: `M = (L + R) / 2`, `S = (L − R) / 2`, `L = M + S`, `R = M − S`.

/// Mid and side of one frame.
#[inline]
pub fn mid_side(left: f64, right: f64) -> (f64, f64) {
    (0.5 * (left + right), 0.5 * (left - right))
}

/// Left and right of one frame.
#[inline]
pub fn left_right(mid: f64, side: f64) -> (f64, f64) {
    (mid + side, mid - side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_exact_on_a_fixed_point_grid() {
        for (l, r) in [(0.5, -0.25), (1.0, 1.0), (-0.125, 0.75)] {
            let (m, s) = mid_side(l, r);
            assert_eq!(left_right(m, s), (l, r));
        }
        assert_eq!(mid_side(1.0, 0.0), (0.5, 0.5));
        assert_eq!(mid_side(0.0, 1.0), (0.5, -0.5));
    }
}
