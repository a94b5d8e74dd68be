//! Static curves: the reduction wanted at a level.

/// Downward compression above a threshold.
///
/// With threshold `T`, ratio `R`, knee `W` the reduction wanted is `c = 0` below the knee,
/// `(1 − 1/R)·(L − T + W/2)² / (2W)` in it, `(1 − 1/R)·(L − T)` above, at most the range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve {
    /// `T`, dB.
    pub threshold_db: f64,
    /// `1 − 1/R`.
    pub slope: f64,
    /// `W`, dB, 0 or more.
    pub knee_db: f64,
    /// Largest reduction, dB.
    pub range_db: f64,
}

impl Curve {
    /// Reduction wanted at a level, dB, 0 or positive.
    #[inline]
    pub(crate) fn reduction_db(&self, level_db: f64) -> f64 {
        (self.slope * beyond(level_db - self.threshold_db, self.knee_db)).min(self.range_db)
    }

    /// The same for every level, in place.
    pub(crate) fn reductions_db(&self, levels_db: &mut [f64]) {
        levels_db.iter_mut().for_each(|l| *l = self.reduction_db(*l));
    }
}

/// Downward expansion below a threshold: `c = (R − 1)·(T − L)`, bent over the knee like [`Curve`], at most the range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExpanderCurve {
    /// `T`, dB.
    pub threshold_db: f64,
    /// `R − 1`.
    pub slope: f64,
    /// `W`, dB, 0 or more.
    pub knee_db: f64,
    /// Largest reduction, dB.
    pub range_db: f64,
}

impl ExpanderCurve {
    /// Reduction wanted at a level, dB, 0 or positive.
    #[inline]
    pub(crate) fn reduction_db(&self, level_db: f64) -> f64 {
        (self.slope * beyond(self.threshold_db - level_db, self.knee_db)).min(self.range_db)
    }

    /// The same for every level, in place.
    pub(crate) fn reductions_db(&self, levels_db: &mut [f64]) {
        levels_db.iter_mut().for_each(|l| *l = self.reduction_db(*l));
    }
}

/// How far a level is beyond a threshold, bent over the knee: 0 below it, a parabola in it, a straight line above.
#[inline]
fn beyond(over_db: f64, knee_db: f64) -> f64 {
    // Not `clamp`, whose check of its limits keeps a block of levels from becoming vector code.
    let bend = (over_db + 0.5 * knee_db).max(0.0).min(knee_db);
    let in_knee = if knee_db > 0.0 { bend * bend / (2.0 * knee_db) } else { 0.0 };
    in_knee + (over_db - 0.5 * knee_db).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expander_mirrors_the_compressor() {
        let curve = ExpanderCurve { threshold_db: -40.0, slope: 3.0, knee_db: 10.0, range_db: 50.0 };
        for (level, reduction) in
            [(-30.0, 0.0), (-35.0, 0.0), (-40.0, 3.75), (-45.0, 15.0), (-50.0, 30.0), (-80.0, 50.0)]
        {
            assert!((curve.reduction_db(level) - reduction).abs() < 1e-12, "{level}");
        }
    }
}
