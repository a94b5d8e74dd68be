//! Plain samples in a file: where they lie, how they are written, and reading them at any frame.
//!
//! An integer of `b` container bits stands for `value / 2^(b−1)`: exact in `f64`. Samples of fewer significant bits sit
//! at the top of their container (WAVEFORMATEXTENSIBLE, AIFF), so the container alone decides the scale. Eight-bit WAVE
//! samples are offset binary. Mono is delivered on both channels.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::SourceError;

/// Frames read from the disk at once.
const CHUNK_FRAMES: u64 = 16_384;

/// How one sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Unsigned byte, 128 is zero.
    U8,
    /// Signed integer in this many bytes (1 to 4).
    Int {
        /// Container bytes.
        bytes: u8,
        /// Byte order.
        big_endian: bool,
    },
    /// IEEE float in 32 bits.
    F32 {
        /// Byte order.
        big_endian: bool,
    },
    /// IEEE float in 64 bits.
    F64 {
        /// Byte order.
        big_endian: bool,
    },
}

impl Encoding {
    /// Bytes of one sample.
    pub fn bytes(self) -> u64 {
        match self {
            Self::U8 => 1,
            Self::Int { bytes, .. } => u64::from(bytes),
            Self::F32 { .. } => 4,
            Self::F64 { .. } => 8,
        }
    }
}

/// Where the samples of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Byte of the first frame.
    pub data_start: u64,
    /// Whole frames.
    pub frames: u64,
    /// 1 or 2, interleaved.
    pub channels: u32,
    /// Of each sample.
    pub encoding: Encoding,
}

impl Layout {
    fn frame_bytes(&self) -> u64 {
        self.encoding.bytes() * u64::from(self.channels)
    }
}

/// Reads frames of an uncompressed file at any position; sequential reading is read ahead in large pieces.
#[derive(Debug)]
pub struct PcmReader {
    path: PathBuf,
    file: File,
    layout: Layout,
    /// Frame of the first byte in `bytes`.
    window_start: u64,
    bytes: Vec<u8>,
}

impl PcmReader {
    /// Opens a file whose layout is known.
    ///
    /// # Errors
    /// [`SourceError::Missing`] or [`SourceError::Io`].
    pub fn open(path: &Path, layout: Layout) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(|e| SourceError::from_io(path, e))?;
        Ok(Self { path: path.to_path_buf(), file, layout, window_start: 0, bytes: Vec::new() })
    }

    /// Where its samples are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Reads from `frame` on into both slices (of equal length) and says how many frames there were; less than asked
    /// only at the end of the layout.
    ///
    /// # Errors
    /// [`SourceError::Damaged`] if the file became shorter, [`SourceError::Io`].
    pub fn read(&mut self, frame: u64, left: &mut [f64], right: &mut [f64]) -> Result<usize, SourceError> {
        let wanted = left.len().min(right.len()) as u64;
        let end = frame.saturating_add(wanted).min(self.layout.frames);
        let mut at = frame;
        while at < end {
            self.load(at)?;
            let stop = end.min(self.window_start + self.window_frames());
            let (from, to) = ((at - frame) as usize, (stop - frame) as usize);
            self.unpack_window(at, &mut left[from..to], &mut right[from..to]);
            at = stop;
        }
        Ok(end.saturating_sub(frame) as usize)
    }

    fn window_frames(&self) -> u64 {
        self.bytes.len() as u64 / self.layout.frame_bytes()
    }

    fn load(&mut self, frame: u64) -> Result<(), SourceError> {
        if frame >= self.window_start && frame < self.window_start + self.window_frames() {
            return Ok(());
        }
        let frames = CHUNK_FRAMES.min(self.layout.frames - frame);
        let start = self.layout.data_start + frame * self.layout.frame_bytes();
        self.bytes.resize((frames * self.layout.frame_bytes()) as usize, 0);
        self.window_start = frame;
        let done = self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.read_exact(&mut self.bytes));
        done.map_err(|error| {
            self.bytes.clear();
            self.read_error(frame, error)
        })
    }

    fn read_error(&self, frame: u64, error: io::Error) -> SourceError {
        let path = self.path.clone();
        if error.kind() == io::ErrorKind::UnexpectedEof {
            let detail = "the file has become shorter while it was read".to_owned();
            return SourceError::Damaged { path, frame, detail };
        }
        SourceError::Io { path, error }
    }

    fn unpack_window(&self, frame: u64, left: &mut [f64], right: &mut [f64]) {
        let width = self.layout.frame_bytes();
        let offset = ((frame - self.window_start) * width) as usize;
        unpack(&self.bytes[offset..], self.layout.encoding, self.layout.channels, left, right);
    }
}

/// Unpacks interleaved samples into both slices; mono goes to both. Frames beyond the bytes are left as they were.
pub fn unpack(bytes: &[u8], encoding: Encoding, channels: u32, left: &mut [f64], right: &mut [f64]) {
    let f32_at = f64::from;
    match encoding {
        Encoding::U8 => each(bytes, channels, left, right, |[b]: [u8; 1]| (f64::from(b) - 128.0) / 128.0),
        Encoding::Int { bytes: 1, .. } => {
            each(bytes, channels, left, right, |b: [u8; 1]| f64::from(i8::from_le_bytes(b)) / 128.0);
        }
        Encoding::Int { bytes: 2, big_endian: false } => {
            each(bytes, channels, left, right, |b| f64::from(i16::from_le_bytes(b)) / 32_768.0);
        }
        Encoding::Int { bytes: 2, big_endian: true } => {
            each(bytes, channels, left, right, |b| f64::from(i16::from_be_bytes(b)) / 32_768.0);
        }
        // Three bytes become the upper three of a 32-bit integer: the scale is then that of 32 bits.
        Encoding::Int { bytes: 3, big_endian: false } => {
            each(bytes, channels, left, right, |[a, b, c]: [u8; 3]| int32(i32::from_le_bytes([0, a, b, c])));
        }
        Encoding::Int { bytes: 3, big_endian: true } => {
            each(bytes, channels, left, right, |[a, b, c]: [u8; 3]| int32(i32::from_be_bytes([a, b, c, 0])));
        }
        Encoding::Int { big_endian: false, .. } => {
            each(bytes, channels, left, right, |b| int32(i32::from_le_bytes(b)));
        }
        Encoding::Int { big_endian: true, .. } => {
            each(bytes, channels, left, right, |b| int32(i32::from_be_bytes(b)));
        }
        Encoding::F32 { big_endian: false } => {
            each(bytes, channels, left, right, |b| f32_at(f32::from_le_bytes(b)));
        }
        Encoding::F32 { big_endian: true } => {
            each(bytes, channels, left, right, |b| f32_at(f32::from_be_bytes(b)));
        }
        Encoding::F64 { big_endian: false } => each(bytes, channels, left, right, f64::from_le_bytes),
        Encoding::F64 { big_endian: true } => each(bytes, channels, left, right, f64::from_be_bytes),
    }
}

fn int32(value: i32) -> f64 {
    f64::from(value) / 2_147_483_648.0
}

fn each<const N: usize>(
    bytes: &[u8],
    channels: u32,
    left: &mut [f64],
    right: &mut [f64],
    value: impl Fn([u8; N]) -> f64,
) {
    let (samples, _) = bytes.as_chunks::<N>();
    let frames = left.iter_mut().zip(right);
    if channels == 1 {
        for ((l, r), sample) in frames.zip(samples) {
            *l = value(*sample);
            *r = *l;
        }
    } else {
        let (pairs, _) = samples.as_chunks::<2>();
        for ((l, r), [a, b]) in frames.zip(pairs) {
            *l = value(*a);
            *r = value(*b);
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact values are promised")]
mod tests {
    use super::*;

    fn one(bytes: &[u8], encoding: Encoding) -> f64 {
        let (mut l, mut r) = ([9.0], [9.0]);
        unpack(bytes, encoding, 1, &mut l, &mut r);
        assert_eq!(l, r);
        l[0]
    }

    #[test]
    fn full_scale_of_every_width_is_minus_one_and_half_is_half() {
        let int = |bytes, big_endian| Encoding::Int { bytes, big_endian };
        assert_eq!(one(&[0], Encoding::U8), -1.0);
        assert_eq!(one(&[192], Encoding::U8), 0.5);
        assert_eq!(one(&[0x80], int(1, true)), -1.0);
        assert_eq!(one(&[0, 0x80], int(2, false)), -1.0);
        assert_eq!(one(&[0x40, 0], int(2, true)), 0.5);
        assert_eq!(one(&[0, 0, 0x80], int(3, false)), -1.0);
        assert_eq!(one(&[1, 0, 0], int(3, false)), 1.0 / 8_388_608.0);
        assert_eq!(one(&[0xff, 0xff, 0xff], int(3, true)), -1.0 / 8_388_608.0);
        assert_eq!(one(&[1, 0, 0, 0], int(4, false)), 1.0 / 2_147_483_648.0);
        assert_eq!(one(&[0x7f, 0xff, 0xff, 0xff], int(4, true)), 2_147_483_647.0 / 2_147_483_648.0);
        assert_eq!(one(&0.1f32.to_be_bytes(), Encoding::F32 { big_endian: true }), f64::from(0.1f32));
        assert_eq!(one(&0.1f64.to_le_bytes(), Encoding::F64 { big_endian: false }), 0.1);
    }

    #[test]
    fn any_order_of_reading_gives_the_same_frames() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("raw");
        let frames = 3 * CHUNK_FRAMES + 17;
        let value = |f: u64, ch: u64| ((f * 7 + ch * 13) % 65_536) as i16;
        let data: Vec<u8> =
            (0..frames).flat_map(|f| [value(f, 0), value(f, 1)]).flat_map(i16::to_le_bytes).collect();
        std::fs::write(&path, data).unwrap();
        let encoding = Encoding::Int { bytes: 2, big_endian: false };
        let layout = Layout { data_start: 0, frames, channels: 2, encoding };
        let mut reader = PcmReader::open(&path, layout).unwrap();
        for (start, len) in [(0, 64), (16_380, 64), (40_000, 20_000), (3, 5), (frames - 10, 64)] {
            let (mut l, mut r) = (vec![0.0; len], vec![0.0; len]);
            let n = reader.read(start, &mut l, &mut r).unwrap();
            assert_eq!(n as u64, (len as u64).min(frames - start));
            for i in 0..n as u64 {
                assert_eq!(l[i as usize], f64::from(value(start + i, 0)) / 32_768.0);
                assert_eq!(r[i as usize], f64::from(value(start + i, 1)) / 32_768.0);
            }
        }
    }
}
