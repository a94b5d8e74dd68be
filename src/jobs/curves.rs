//! Average spectra of audio files, for the curves behind the spectrum. Files are only read.

use std::path::{Path, PathBuf};

use super::JobContext;
use crate::media::SourceError;
use crate::media::decode::Decoder;
use crate::meter::spectrum::{BandCurve, BandMeter, Spread};
use crate::units::hms_from_seconds;

/// What files gave.
#[derive(Debug)]
pub struct MeasuredCurves {
    /// Mean and spread of those that could be read; `None` of none.
    pub spread: Option<Spread>,
    /// Names of the files that are in it.
    pub files: Vec<String>,
    /// Why others are not, a line each.
    pub left_out: Vec<String>,
    /// Which of them are damaged, and how far they were read, a line each.
    pub in_part: Vec<String>,
}

/// Reads files one after the other.
///
/// # Errors
/// Only cancelling; a file that cannot be read is left out and said, one that is damaged is taken as far as it reads, and
/// said as well.
pub fn measure(paths: &[PathBuf], cx: &JobContext) -> Result<MeasuredCurves, SourceError> {
    let (mut curves, mut files) = (Vec::new(), Vec::new());
    let (mut left_out, mut in_part) = (Vec::new(), Vec::new());
    for (index, path) in paths.iter().enumerate() {
        let progress = |part: f64| cx.set_fraction((index as f64 + part) / paths.len() as f64);
        match curve_of(path, cx, &progress) {
            Ok((Some(curve), damage)) => {
                curves.push(curve);
                in_part.extend(damage);
                files.push(path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()));
            }
            Ok((None, Some(damage))) => left_out.push(damage),
            Ok((None, None)) => {
                left_out.push(format!("{}: silent, or shorter than half a second", path.display()));
            }
            Err(SourceError::Cancelled) => return Err(SourceError::Cancelled),
            Err(error) => left_out.push(error.to_string()),
        }
    }
    let spread = Spread::of(&curves.iter().collect::<Vec<_>>());
    Ok(MeasuredCurves { spread, files, left_out, in_part })
}

/// The curve of one file, as far as it decodes, with a line about damage; `None` where there is too little sound in it.
fn curve_of(
    path: &Path,
    cx: &JobContext,
    progress: &dyn Fn(f64),
) -> Result<(Option<BandCurve>, Option<String>), SourceError> {
    let mut decoder = Decoder::open(path)?;
    let facts = decoder.facts().clone();
    let mut meter = BandMeter::new(facts.rate.0);
    let mut block = [Vec::new(), Vec::new()];
    let mut damage = None;
    loop {
        if cx.is_cancelled() {
            return Err(SourceError::Cancelled);
        }
        match decoder.next(&mut block) {
            Ok(0) => break,
            Err(error @ SourceError::Damaged { .. }) => {
                let rate_hz = f64::from(facts.rate.0);
                let read = hms_from_seconds(decoder.position() as f64 / rate_hz);
                let frames = facts.truncation().map_or(facts.frames, |(declared, _)| declared);
                let whole = hms_from_seconds(frames as f64 / rate_hz);
                damage = Some(format!("{error}; read as far as {read} of {whole}"));
                break;
            }
            Ok(_) => {}
            Err(error) => return Err(error),
        }
        meter.push(&block[0], &block[1]);
        progress(decoder.position() as f64 / facts.frames.max(1) as f64);
    }
    Ok((meter.finish(), damage))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16 bits, stereo, 48 kHz: a header that declares so many frames, and fewer of them.
    fn wav(declared: u32, present: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(b"RIFF");
        bytes.extend((36 + 4 * declared).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(16u32.to_le_bytes());
        bytes.extend([1u16, 2].map(u16::to_le_bytes).concat());
        bytes.extend([48_000u32, 4 * 48_000].map(u32::to_le_bytes).concat());
        bytes.extend([4u16, 16].map(u16::to_le_bytes).concat());
        bytes.extend(b"data");
        bytes.extend((4 * declared).to_le_bytes());
        for n in 0..present {
            let sample = if n / 24 % 2 == 0 { 8000i16 } else { -8000 };
            bytes.extend([sample, sample].map(i16::to_le_bytes).concat());
        }
        bytes
    }

    #[test]
    fn a_damaged_file_is_taken_as_far_as_it_reads_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str, bytes: Vec<u8>| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let whole = path("whole.wav", wav(96_000, 96_000));
        let cut = path("cut.wav", wav(96_000, 72_000));
        let stump = path("stump.wav", wav(96_000, 100));
        let made = measure(&[whole, cut, stump], &JobContext::detached()).unwrap();
        assert_eq!(made.files, ["whole.wav", "cut.wav"]);
        assert_eq!(made.spread.unwrap().count, 2);
        let [line] = &made.in_part[..] else { panic!("{:?}", made.in_part) };
        assert!(line.contains("cut.wav") && line.ends_with("; read as far as 0:00:01.500 of 0:00:02.000"));
        let [line] = &made.left_out[..] else { panic!("{:?}", made.left_out) };
        assert!(line.contains("stump.wav: damaged after frame 100"), "{line}");
    }
}
