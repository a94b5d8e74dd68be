//! The hash of a master tap: BLAKE3 over the bits of its samples, so that two renders can be compared in one line.

use crate::units::Frames;

/// Hashes stereo `f64` frames in order: left then right, little endian, as they are.
#[derive(Debug, Clone, Default)]
pub struct TapHash {
    hasher: blake3::Hasher,
    frames: i64,
}

impl TapHash {
    /// Nothing hashed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next frames; both channels have the same length.
    pub fn update(&mut self, left: &[f64], right: &[f64]) {
        let mut bytes = [0u8; 16 * 64];
        for (left, right) in left.chunks(64).zip(right.chunks(64)) {
            for ((l, r), out) in left.iter().zip(right).zip(bytes.chunks_exact_mut(16)) {
                out[..8].copy_from_slice(&l.to_bits().to_le_bytes());
                out[8..].copy_from_slice(&r.to_bits().to_le_bytes());
            }
            self.hasher.update(&bytes[..16 * left.len()]);
            self.frames += left.len() as i64;
        }
    }

    /// Frames taken so far.
    pub fn frames(&self) -> Frames {
        Frames(self.frames)
    }

    /// 64 lower-case hex digits.
    pub fn hex(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_blake3_of_the_interleaved_bits_however_it_was_cut() {
        let left: Vec<f64> = (0..200).map(|i| f64::from(i) * 0.01).collect();
        let right: Vec<f64> = left.iter().map(|x| -x).collect();
        let bytes: Vec<u8> =
            left.iter().zip(&right).flat_map(|(l, r)| [l.to_le_bytes(), r.to_le_bytes()].concat()).collect();
        let mut tap = TapHash::new();
        tap.update(&left[..77], &right[..77]);
        tap.update(&left[77..], &right[77..]);
        assert_eq!(tap.hex(), blake3::hash(&bytes).to_hex().to_string());
        assert_eq!(tap.frames(), Frames(200));
    }
}
