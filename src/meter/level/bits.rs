//! The bit meter: which bits of the words carry the signal.
//!
//! A sample is read as a 32-bit word in two's complement, bit 1 the sign and bit 32 worth 2⁻³¹ of full scale; shorter words
//! stand at the top with zeros under them. *Used* is the lowest bit that was ever one since reset: 16 bits in a 24-bit file
//! are 16. A sample that is no multiple of 2⁻³¹ is *finer* than any word: floating point. A bit's *activity* is the share
//! of samples in the last second (ten tenths, each counted whole) in which it differs from the sample before: about 0.5
//! for noise and dither, 0 for a bit that stands still. A bit at or above the lowest used one that never differed though
//! others did is *stuck*. Samples outside −1 ≤ x < 1 have no word; they are counted apart.

/// Bits of the word.
pub const BITS: usize = 32;
/// Worth of the sign bit: a word is a sample times this.
const WORD_SCALE: f64 = 2_147_483_648.0;
/// Tenths of a second in the window.
const TENTHS: usize = 10;
/// Samples that a byte can count.
const DRAIN_FRAMES: u32 = 255;
/// Each bit of a byte in a byte of its own, the lowest first: eight counters move in one addition.
const SPREAD: [u64; 256] = {
    let mut table = [0u64; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            table[byte] |= ((byte as u64 >> bit) & 1) << (8 * bit);
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// What the meter says of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BitReading {
    /// Number of the lowest bit ever one since reset, 1 to 32; 0 for silence.
    pub used: u32,
    /// Some sample since reset was finer than 32 bits.
    pub is_finer: bool,
    /// Share of samples in the last second in which each bit changed, bit 1 (the sign) first.
    pub activity: [f32; BITS],
    /// Bits that stand still among others that move since reset; bit 1 is the highest of the mask.
    pub stuck: u32,
    /// Samples since reset that no word can hold.
    pub beyond: u64,
}

impl BitReading {
    /// In words: `24 bit used`, `float`, `silence`.
    pub fn in_words(&self) -> String {
        match (self.is_finer, self.used) {
            (true, _) => "float, finer than 32 bit".to_owned(),
            (false, 0) => "silence".to_owned(),
            (false, used) => format!("{used} bit used"),
        }
    }
}

/// The meter of one channel.
#[derive(Debug, Clone)]
pub struct BitMeter {
    before: Option<i32>,
    ever_one: u32,
    ever_changed: u32,
    is_finer: bool,
    beyond: u64,
    /// Changes not yet added to `tenth`: bytes of counters, the lowest bit first.
    pending: [u64; 4],
    pending_frames: u32,
    /// Changes of each bit in the tenth going on, the lowest bit first.
    tenth: [u32; BITS],
    tenths: [[u32; BITS]; TENTHS],
    /// Tenths that are complete.
    complete: u64,
    tenth_frames: u32,
    frames_left: u32,
}

impl BitMeter {
    /// At a rate in hertz.
    pub fn new(rate_hz: u32) -> Self {
        let tenth_frames = (rate_hz / TENTHS as u32).max(1);
        Self {
            before: None,
            ever_one: 0,
            ever_changed: 0,
            is_finer: false,
            beyond: 0,
            pending: [0; 4],
            pending_frames: 0,
            tenth: [0; BITS],
            tenths: [[0; BITS]; TENTHS],
            complete: 0,
            tenth_frames,
            frames_left: tenth_frames,
        }
    }

    /// Takes a block.
    pub fn push(&mut self, samples: &[f64]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let room = self.frames_left.min(DRAIN_FRAMES - self.pending_frames);
            let (part, after) = rest.split_at(rest.len().min(room as usize));
            self.count(part);
            self.pending_frames += part.len() as u32;
            self.frames_left -= part.len() as u32;
            if self.pending_frames == DRAIN_FRAMES || self.frames_left == 0 {
                self.drain();
            }
            if self.frames_left == 0 {
                self.end_tenth();
            }
            rest = after;
        }
    }

    fn count(&mut self, samples: &[f64]) {
        let mut counters = self.pending;
        for &x in samples {
            let scaled = x * WORD_SCALE;
            // NaN too.
            if !(-WORD_SCALE..WORD_SCALE).contains(&scaled) {
                self.beyond += 1;
                continue;
            }
            let nearest_zero = scaled as i64;
            let rest = scaled - nearest_zero as f64;
            // The word at or under the sample.
            let word = (nearest_zero - i64::from(rest < 0.0)) as i32;
            self.is_finer |= rest != 0.0;
            self.ever_one |= word as u32;
            let changed = (word ^ self.before.unwrap_or(word)) as u32;
            self.before = Some(word);
            self.ever_changed |= changed;
            for (counter, byte) in counters.iter_mut().zip(changed.to_le_bytes()) {
                *counter += SPREAD[usize::from(byte)];
            }
        }
        self.pending = counters;
    }

    fn drain(&mut self) {
        let bytes = self.pending.iter().flat_map(|c| c.to_le_bytes());
        for (count, byte) in self.tenth.iter_mut().zip(bytes) {
            *count += u32::from(byte);
        }
        (self.pending, self.pending_frames) = ([0; 4], 0);
    }

    fn end_tenth(&mut self) {
        self.tenths[(self.complete % TENTHS as u64) as usize] = self.tenth;
        self.complete += 1;
        (self.tenth, self.frames_left) = ([0; BITS], self.tenth_frames);
    }

    /// The sound jumps: the next sample has none before it.
    pub fn break_off(&mut self) {
        self.before = None;
    }

    /// What it says now.
    pub fn reading(&self) -> BitReading {
        let heard = self.complete.min(TENTHS as u64) as usize;
        let frames = (heard as u32 * self.tenth_frames).max(1) as f32;
        let activity = std::array::from_fn(|i| {
            let changes: u32 = self.tenths[..heard].iter().map(|t| t[BITS - 1 - i]).sum();
            changes as f32 / frames
        });
        let lowest = self.ever_one.trailing_zeros();
        let used = BITS as u32 - lowest;
        let carrying = u32::MAX.checked_shl(lowest).unwrap_or(0);
        let stuck = if self.ever_changed == 0 { 0 } else { carrying & !self.ever_changed };
        BitReading { used, is_finer: self.is_finer, activity, stuck, beyond: self.beyond }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of so many bits as samples.
    fn samples(words: impl IntoIterator<Item = i32>, bits: u32) -> Vec<f64> {
        let scale = f64::from(1u32 << (bits - 1));
        words.into_iter().map(|w| f64::from(w) / scale).collect()
    }

    fn noise(bits: u32, n: usize) -> Vec<i32> {
        let mut seed = 11u64;
        (0..n)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 32) as i32 >> (32 - bits)
            })
            .collect()
    }

    fn read(x: &[f64]) -> BitReading {
        let mut meter = BitMeter::new(44_100);
        meter.push(x);
        meter.reading()
    }

    #[test]
    fn sixteen_bits_in_a_file_of_twenty_four_are_sixteen() {
        let words: Vec<i32> = noise(16, 44_100).into_iter().map(|w| w << 8).collect();
        let r = read(&samples(words, 24));
        assert_eq!((r.used, r.is_finer, r.stuck, r.beyond), (16, false, 0, 0));
        assert!(r.activity[..16].iter().all(|a| (a - 0.5).abs() < 0.02), "{:?}", r.activity);
        assert!(r.activity[16..].iter().all(|a| *a < 1e-9));
        assert_eq!(r.in_words(), "16 bit used");
        assert_eq!(read(&samples(noise(24, 44_100), 24)).used, 24);
        assert_eq!(read(&samples(noise(32, 44_100), 32)).used, 32);
    }

    #[test]
    fn dither_keeps_the_lowest_bit_moving_under_a_quiet_tone() {
        // A tone of 3 steps at 16 bits: rounded, its lowest bit follows the tone; dithered (triangular), it is noise.
        let tone = |i: usize| 3.0 * (i as f64 * 0.01).sin();
        let (a, b) = (noise(16, 44_100), noise(17, 44_100));
        let dither = |i: usize| f64::from(a[i]) / 65_536.0 + f64::from(b[i]) / 131_072.0;
        let rounded: Vec<i32> = (0..44_100).map(|i| tone(i).round() as i32).collect();
        let dithered: Vec<i32> = (0..44_100).map(|i| (tone(i) + dither(i)).round() as i32).collect();
        let (rounded, dithered) = (read(&samples(rounded, 16)), read(&samples(dithered, 16)));
        assert_eq!((rounded.used, dithered.used), (16, 16));
        assert!(rounded.activity[15] < 0.03 && (dithered.activity[15] - 0.5).abs() < 0.1, "{dithered:?}");
    }

    #[test]
    fn a_bit_that_stands_still_is_named() {
        for (set, clear) in [(1 << 5, 0), (0, 1 << 5), (1, 0)] {
            let words = noise(16, 44_100).into_iter().map(|w| (w | set) & !clear);
            let r = read(&samples(words, 16));
            let bit = if set == 1 { 16 } else { 11 };
            assert_eq!((r.used, r.stuck), (16, 1 << (32 - bit)), "set {set:x}, clear {clear:x}");
            assert!(r.activity[bit - 1] < 1e-9);
        }
    }

    #[test]
    fn one_step_under_zero_uses_every_bit_of_its_word_and_none_moves() {
        let r = read(&samples(vec![-1; 44_100], 24));
        assert_eq!((r.used, r.stuck), (24, 0));
        assert!(r.activity.iter().all(|a| *a < 1e-9));
        let r = read(&samples((0..44_100).map(|i| -(i & 1)), 24));
        assert!(r.activity[..24].iter().all(|a| *a > 0.999) && r.activity[24] < 1e-9);
    }

    #[test]
    fn a_signal_finer_than_32_bits_is_float() {
        let third: Vec<f64> = (0..4410).map(|i| (f64::from(i) * 0.1).sin() / 3.0).collect();
        let r = read(&third);
        assert!(r.is_finer && r.in_words().starts_with("float"));
        assert!(!read(&[f64::from(2.0f32.powi(-31))]).is_finer);
        assert!(read(&[-f64::from(2.0f32.powi(-32))]).is_finer);
        // The word at or under a sample: just under zero every bit is one.
        let tiny: Vec<f64> = (0..44_100).map(|i| if i % 2 == 0 { 1e-12 } else { -1e-12 }).collect();
        assert!(read(&tiny).activity.iter().all(|a| *a > 0.999));
    }

    #[test]
    fn what_no_word_can_hold_is_counted_apart() {
        let r = read(&[1.0, -1.0, f64::NAN, 1.5, f64::NEG_INFINITY]);
        assert_eq!((r.used, r.beyond, r.is_finer), (1, 4, false));
        assert_eq!(read(&[0.0; 10]), BitReading::default());
    }

    #[test]
    fn activity_is_that_of_the_last_second() {
        let mut meter = BitMeter::new(48_000);
        let flipping: Vec<f64> = (0..48_000).map(|i| f64::from(i & 1) / 2.0).collect();
        meter.push(&flipping);
        assert!((meter.reading().activity[1] - 1.0).abs() < 1e-4);
        meter.push(&[0.0; 24_000]);
        assert!((meter.reading().activity[1] - 0.5).abs() < 1e-3);
        meter.push(&[0.0; 24_000]);
        let r = meter.reading();
        assert!(r.activity[1] < 1e-4 && r.used == 2);
    }
}
