//! Counter-based noise: the value at a place is a function of the place alone.
//!
//! `uniform(seed, channel, frame, draw)` is the top 53 bits of a 64-bit hash, so the noise under a frame is the same
//! after a seek, in another block size, and in the next render. The hash is the SplitMix64 sequence (Steele, Lea,
//! Flood, OOPSLA 2014: a Weyl sequence of step 0x9E3779B97F4A7C15 through a variant of the MurmurHash3 finaliser,
//! Stafford's mix 13) with its start chosen by the same mixing from seed and channel.

/// Step of the Weyl sequence: 2^64 divided by the golden ratio, made odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Draws that belong to one frame.
const DRAWS_PER_FRAME: u64 = 4;

/// Stafford's mix 13: every input bit flips every output bit with probability near one half.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The noise of one channel under one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    start: u64,
}

impl Noise {
    /// The noise of a channel.
    pub const fn new(seed: u64, channel: u32) -> Self {
        // Mixed twice, so that neighbouring seeds and channels start far apart on the sequence.
        let key = mix(seed.wrapping_add(STEP)) ^ mix(STEP.wrapping_mul(channel as u64 + 2));
        Self { start: mix(key) }
    }

    /// 64 random bits. `draw` is below 4; `frame` may be negative.
    pub const fn bits(self, frame: i64, draw: u64) -> u64 {
        let counter = (frame as u64).wrapping_mul(DRAWS_PER_FRAME).wrapping_add(draw);
        mix(self.start.wrapping_add(counter.wrapping_mul(STEP)))
    }

    /// Uniform in 0 (included) to 1 (excluded), in steps of 2^−53.
    pub fn uniform(self, frame: i64, draw: u64) -> f64 {
        (self.bits(frame, draw) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Triangular in −1 to 1, mean 0, variance 1/6: the difference of draws 0 and 1.
    pub fn triangular(self, frame: i64) -> f64 {
        self.uniform(frame, 0) - self.uniform(frame, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: i64 = 1 << 18;

    #[test]
    fn the_hash_is_splitmix64() {
        // Published test vector of SplitMix64 with state 1234567: first three outputs.
        let outputs = [1, 2, 3].map(|n: u64| mix(1_234_567u64.wrapping_add(n.wrapping_mul(STEP))));
        assert_eq!(
            outputs,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn uniform_fills_its_range_evenly() {
        let noise = Noise::new(1, 0);
        let mut bins = [0u32; 64];
        for frame in -FRAMES / 2..FRAMES / 2 {
            let u = noise.uniform(frame, 0);
            assert!((0.0..1.0).contains(&u));
            bins[(u * 64.0) as usize] += 1;
        }
        let expected = FRAMES as f64 / 64.0;
        let chi2: f64 = bins.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
        // 63 degrees of freedom: the 0.1 % points are 36 and 104.
        assert!((33.0..105.0).contains(&chi2), "{chi2}");
    }

    #[test]
    fn triangular_has_variance_one_sixth_and_no_memory() {
        for (seed, channel) in [(0, 0), (0, 1), (1, 0), (u64::MAX, 7)] {
            let noise = Noise::new(seed, channel);
            let x: Vec<f64> = (0..FRAMES).map(|n| noise.triangular(n)).collect();
            let mean = x.iter().sum::<f64>() / FRAMES as f64;
            let variance = x.iter().map(|v| v * v).sum::<f64>() / FRAMES as f64;
            assert!(mean.abs() < 0.004, "{mean}");
            assert!((variance * 6.0 - 1.0).abs() < 0.01, "{variance}");
            for lag in 1..40 {
                let r: f64 = x.iter().zip(&x[lag..]).map(|(a, b)| a * b).sum::<f64>() / FRAMES as f64 * 6.0;
                assert!(r.abs() < 0.01, "lag {lag}: {r}");
            }
        }
    }

    #[test]
    fn channels_seeds_and_draws_are_unrelated() {
        let a = Noise::new(5, 0);
        for (what, b, draw) in
            [("channel", Noise::new(5, 1), 0), ("seed", Noise::new(6, 0), 0), ("draw", a, 1)]
        {
            for lag in -3..=3 {
                let r: f64 =
                    (0..FRAMES).map(|n| (a.uniform(n, 0) - 0.5) * (b.uniform(n + lag, draw) - 0.5)).sum();
                assert!((r * 12.0 / FRAMES as f64).abs() < 0.01, "{what}, lag {lag}");
            }
        }
    }
}
