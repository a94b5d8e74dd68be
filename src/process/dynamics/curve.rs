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
        at_most(self.slope * beyond(level_db - self.threshold_db, self.knee_db), self.range_db)
    }
}

/// At this level and below nothing is raised: there is noise, or nothing.
pub(crate) const SILENCE_DB: f64 = -80.0;

/// So far above it everything wanted is given; between the two in proportion.
pub(crate) const SILENCE_FADE_DB: f64 = 10.0;

/// Upward compression below a threshold: the mirrored [`Curve`], `(1 − 1/R)·(T − L)` with the same knee, at most the range,
/// times `(L + 80 dB)/10 dB` held to 0…1, so that silence is not raised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UpwardCurve {
    /// `T`, dB.
    pub threshold_db: f64,
    /// `1 − 1/R`.
    pub slope: f64,
    /// `W`, dB, 0 or more.
    pub knee_db: f64,
    /// Largest gain, dB.
    pub range_db: f64,
}

impl UpwardCurve {
    /// Gain wanted at a level, dB, 0 or positive.
    #[inline]
    pub(crate) fn gain_db(&self, level_db: f64) -> f64 {
        let wanted = at_most(self.slope * beyond(self.threshold_db - level_db, self.knee_db), self.range_db);
        let share = (level_db - SILENCE_DB) * (1.0 / SILENCE_FADE_DB);
        wanted * at_most(at_least(share, 0.0), 1.0)
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
        at_most(self.slope * beyond(self.threshold_db - level_db, self.knee_db), self.range_db)
    }

    /// The same for every level, in place.
    pub(crate) fn reductions_db(&self, levels_db: &mut [f64]) {
        levels_db.iter_mut().for_each(|l| *l = self.reduction_db(*l));
    }
}

/// How far a level is beyond a threshold, bent over the knee: 0 below it, a parabola in it, a straight line above.
#[inline]
fn beyond(over_db: f64, knee_db: f64) -> f64 {
    let bend = at_most(at_least(over_db + 0.5 * knee_db, 0.0), knee_db);
    let in_knee = if knee_db > 0.0 { bend * bend / (2.0 * knee_db) } else { 0.0 };
    in_knee + at_least(over_db - 0.5 * knee_db, 0.0)
}

// Not `min`, `max`, `clamp`: their care for NaN and the order of limits keeps a block of levels from becoming vector code.

#[inline(always)]
fn at_most(value: f64, limit: f64) -> f64 {
    if value < limit { value } else { limit }
}

#[inline(always)]
fn at_least(value: f64, limit: f64) -> f64 {
    if value > limit { value } else { limit }
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

    #[test]
    fn upward_mirrors_downward_and_leaves_silence_alone() {
        let (knee_db, slope) = (10.0, 0.5);
        let up = UpwardCurve { threshold_db: -40.0, slope, knee_db, range_db: 12.0 };
        let down = Curve { threshold_db: -40.0, slope, knee_db, range_db: 12.0 };
        for away in [-20.0, -5.0, -2.0, 0.0, 1.0, 5.0, 17.0, 24.0, 29.9] {
            assert!((up.gain_db(-40.0 - away) - down.reduction_db(-40.0 + away)).abs() < 1e-12, "{away}");
        }
        for (level, gain) in [(-70.0, 12.0), (-75.0, 6.0), (-79.0, 1.2), (-80.0, 0.0), (-200.0, 0.0)] {
            assert!((up.gain_db(level) - gain).abs() < 1e-12, "{level}");
        }
    }
}
