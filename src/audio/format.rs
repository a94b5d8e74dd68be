//! Sample formats and the exact conversions between integers and floats.
//!
//! An integer of `bits` bits stands for `value / 2^(bits−1)`; the conversion to `f64` is exact, and the way back
//! rounds to nearest (half away from zero) and clips at the two ends. 24-bit samples are packed in three bytes, little endian.

/// How samples are stored in a file or asked for by the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum SampleFormat {
    /// 16-bit integer.
    #[serde(rename = "16")]
    Int16,
    /// 20 significant bits in a 24-bit container.
    #[serde(rename = "20")]
    Int20,
    /// 24-bit integer.
    #[serde(rename = "24")]
    Int24,
    /// 32-bit integer.
    #[serde(rename = "32")]
    Int32,
    /// 32-bit IEEE float.
    #[serde(rename = "32f")]
    Float32,
    /// 64-bit IEEE float.
    #[serde(rename = "64f")]
    Float64,
}

impl SampleFormat {
    /// Significant bits of an integer format; `None` for floats.
    pub fn integer_bits(self) -> Option<u32> {
        match self {
            Self::Int16 => Some(16),
            Self::Int20 => Some(20),
            Self::Int24 => Some(24),
            Self::Int32 => Some(32),
            Self::Float32 | Self::Float64 => None,
        }
    }

    /// Bytes one sample takes in a file.
    pub fn bytes(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Int20 | Self::Int24 => 3,
            Self::Int32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// Whether samples are IEEE floats.
    pub fn is_float(self) -> bool {
        self.integer_bits().is_none()
    }

    /// The spelling of the command line: `16`, `20`, `24`, `32`, `32f`, `64f`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int16 => "16",
            Self::Int20 => "20",
            Self::Int24 => "24",
            Self::Int32 => "32",
            Self::Float32 => "32f",
            Self::Float64 => "64f",
        }
    }

    /// The format of a command-line spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Int16, Self::Int20, Self::Int24, Self::Int32, Self::Float32, Self::Float64]
            .into_iter()
            .find(|f| f.name() == name)
    }
}

/// The exact value of a `bits`-bit integer sample.
pub fn f64_from_int(value: i32, bits: u32) -> f64 {
    f64::from(value) / f64::from(1u32 << (bits - 1))
}

/// The `bits`-bit integer nearest to `value`, clipped at both ends; NaN gives 0. Exact for values on the grid.
pub fn int_from_f64(value: f64, bits: u32) -> i32 {
    let scale = f64::from(1u32 << (bits - 1));
    // `as` saturates and maps NaN to 0.
    (value * scale).round().clamp(-scale, scale - 1.0) as i32
}

/// Reads a 24-bit little-endian sample.
pub fn i24_from_le(bytes: [u8; 3]) -> i32 {
    i32::from_le_bytes([0, bytes[0], bytes[1], bytes[2]]) >> 8
}

/// Packs a 24-bit little-endian sample.
pub fn i24_to_le(value: i32) -> [u8; 3] {
    let b = value.to_le_bytes();
    [b[0], b[1], b[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_survive_the_way_through_float() {
        for bits in [16, 20, 24, 32] {
            let top = (1i64 << (bits - 1)) - 1;
            for v in [-top - 1, -top, -12345, -1, 0, 1, 777, top] {
                let v = v as i32;
                assert_eq!(int_from_f64(f64_from_int(v, bits), bits), v, "{bits} bits");
            }
        }
    }

    #[test]
    fn overs_clip_and_nan_is_silence() {
        assert_eq!(int_from_f64(1.0, 16), 32767);
        assert_eq!(int_from_f64(-1.5, 24), -8_388_608);
        assert_eq!(int_from_f64(f64::NAN, 24), 0);
    }

    #[test]
    fn packed_24_bit_keeps_its_sign() {
        for v in [-8_388_608, -1, 0, 1, 8_388_607] {
            assert_eq!(i24_from_le(i24_to_le(v)), v);
        }
    }
}
