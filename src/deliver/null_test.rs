//! The null test of lossy files: what went into the encoder is kept until the finished file is decoded, and the two are
//! subtracted.
//!
//! The residual is `10·lg(2 · mean (decoded − given)²)` over all frames and both channels, in dBFS as AES17 counts RMS: a
//! residual as strong as a full-scale sine reads 0 dB. Decoder and file are lined up by the file's own gapless data; what
//! one side lacks counts as silence there. What is kept are 32-bit floats (their rounding lies at −150 dB) in a file
//! without a name that vanishes with its last user, whatever happens to the program.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::meter::dynamics::aes17_dbfs;

/// Bytes of a kept frame.
const FRAME_BYTES: usize = 8;

/// Keeps what goes into an encoder.
#[derive(Debug)]
pub struct NullRecorder {
    out: BufWriter<File>,
    bytes: Vec<u8>,
}

impl NullRecorder {
    /// Begins in a folder, which is made if missing.
    ///
    /// # Errors
    /// What the system said.
    pub fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self { out: BufWriter::with_capacity(1 << 17, file), bytes: Vec::new() })
    }

    /// The next frames.
    ///
    /// # Errors
    /// What the system said; then there is nothing to compare with.
    pub fn push(&mut self, left: &[f64], right: &[f64]) -> io::Result<()> {
        self.bytes.clear();
        for (l, r) in left.iter().zip(right) {
            self.bytes.extend((*l as f32).to_le_bytes());
            self.bytes.extend((*r as f32).to_le_bytes());
        }
        self.out.write_all(&self.bytes)
    }

    /// All is in.
    ///
    /// # Errors
    /// What the system said.
    pub fn finish(self) -> io::Result<NullReference> {
        Ok(NullReference { file: self.out.into_inner().map_err(io::IntoInnerError::into_error)? })
    }
}

/// What a decoded file is held against.
#[derive(Debug)]
pub struct NullReference {
    file: File,
}

impl NullReference {
    /// Begins a comparison. One at a time: they share a position.
    ///
    /// # Errors
    /// What the system said.
    pub fn compare(&self) -> io::Result<NullTest> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(NullTest { kept: BufReader::with_capacity(1 << 17, file), bytes: Vec::new(), sum: 0.0, frames: 0 })
    }
}

/// A comparison under way.
#[derive(Debug)]
pub struct NullTest {
    kept: BufReader<File>,
    bytes: Vec<u8>,
    /// Σ of the squared differences of both channels.
    sum: f64,
    frames: u64,
}

impl NullTest {
    /// The next decoded frames.
    ///
    /// # Errors
    /// What the system said of the kept ones.
    pub fn push(&mut self, left: &[f64], right: &[f64]) -> io::Result<()> {
        self.take(left.len())?;
        let kept = self.bytes.as_chunks::<FRAME_BYTES>().0.iter().copied().map(frame_of);
        let kept = kept.chain(std::iter::repeat([0.0; 2]));
        for ((l, r), [kept_l, kept_r]) in left.iter().zip(right).zip(kept) {
            self.sum += (l - kept_l).powi(2) + (r - kept_r).powi(2);
        }
        self.frames += left.len() as u64;
        Ok(())
    }

    /// Reads up to `frames` kept frames into `bytes`.
    fn take(&mut self, frames: usize) -> io::Result<()> {
        self.bytes.clear();
        let limit = (frames * FRAME_BYTES) as u64;
        self.kept.by_ref().take(limit).read_to_end(&mut self.bytes).map(|_| ())
    }

    /// The residual in dBFS; `None` if there is no difference at all.
    ///
    /// # Errors
    /// What the system said of the kept frames.
    pub fn finish(mut self) -> io::Result<Option<f64>> {
        loop {
            self.take(1 << 14)?;
            let (rest, _) = self.bytes.as_chunks::<FRAME_BYTES>();
            if rest.is_empty() {
                return Ok(aes17_dbfs(self.sum / (2 * self.frames.max(1)) as f64));
            }
            self.sum += rest.iter().copied().map(frame_of).map(|[l, r]| l * l + r * r).sum::<f64>();
            self.frames += rest.len() as u64;
        }
    }
}

fn frame_of([a, b, c, d, e, f, g, h]: [u8; FRAME_BYTES]) -> [f64; 2] {
    [f32::from_le_bytes([a, b, c, d]), f32::from_le_bytes([e, f, g, h])].map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residual(given: &[f64], decoded: &[f64]) -> Option<f64> {
        let dir = tempfile::tempdir().unwrap();
        let mut recorder = NullRecorder::create(&dir.path().join("deep/scratch")).unwrap();
        for block in given.chunks(1000) {
            recorder.push(block, block).unwrap();
        }
        let reference = recorder.finish().unwrap();
        // Twice, because a second look begins at the start again.
        reference.compare().unwrap().push(&[1.0; 5], &[1.0; 5]).unwrap();
        let mut test = reference.compare().unwrap();
        for block in decoded.chunks(777) {
            test.push(block, block).unwrap();
        }
        assert!(std::fs::read_dir(dir.path().join("deep/scratch")).unwrap().next().is_none());
        test.finish().unwrap()
    }

    #[test]
    fn the_residual_is_the_level_of_what_was_added() {
        let wave = |n: usize| (n as f64 * 0.1).sin() * 0.5;
        let given: Vec<f64> = (0..44_100).map(wave).collect();
        // A sine of −40 dBFS on top: AES17 reads its level.
        let added: Vec<f64> =
            given.iter().enumerate().map(|(n, g)| g + 0.01 * (n as f64 * 0.37).sin()).collect();
        let db = residual(&given, &added).unwrap();
        assert!((db + 40.0).abs() < 0.01, "{db}");
    }

    #[test]
    fn what_is_missing_or_surplus_counts_and_equal_is_nothing() {
        let given = vec![0.5; 20_000];
        assert_eq!(residual(&given, &given), None);
        // Half the frames missing or surplus at 0.5: 10 lg (2 · 0.25 / 2) = −6.02 dB.
        for (a, b) in [(&given[..], &given[..10_000]), (&given[..10_000], &given[..])] {
            let db = residual(a, b).unwrap();
            assert!((db + 6.0206).abs() < 0.001, "{db}");
        }
    }
}
