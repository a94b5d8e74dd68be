//! One read of an audio file for everything that wants its frames: measurements and whatever else listens.

use std::path::{Path, PathBuf};

use super::JobContext;
use super::measuring::{Feed, measure_on};
use super::parallel::{map_in_order, threads_each};
use crate::media::decode::Decoder;
use crate::media::{self, SourceError};
use crate::meter::analysis::{Analysis, FileFacts};

/// A file read to its end (or to where it is damaged).
#[derive(Debug)]
pub struct Inspected {
    /// What the file is.
    pub facts: media::FileFacts,
    /// Everything measured on the frames that decoded.
    pub analysis: Analysis,
    /// Frames that decoded.
    pub decoded_frames: u64,
    /// Why the end was not reached; what was measured is what could be read.
    pub damage: Option<SourceError>,
}

/// The facts a measurement names its file by.
pub fn measured_facts(path: &Path, facts: &media::FileFacts) -> FileFacts {
    FileFacts {
        path: path.display().to_string(),
        format: facts.format_name(),
        sample_rate_hz: facts.rate.0,
        channels: facts.channels,
        bits: (facts.bits > 0).then_some(facts.bits),
    }
}

/// Reads a file once; `listen` hears every block (left, right) besides the measurements. Mono files come on both
/// channels there.
///
/// # Errors
/// The file cannot be opened, the system fails in the middle, or the job is cancelled. A damaged file is no error here.
pub fn inspect(
    path: &Path,
    cx: &JobContext,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<Inspected, SourceError> {
    inspect_open(Decoder::open(path)?, path, 1, cx, listen)
}

/// The same for a file that is open already, at its start; a long file is measured on up to `threads` threads beside the
/// one that reads it.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_open(
    mut decoder: Decoder,
    path: &Path,
    threads: usize,
    cx: &JobContext,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<Inspected, SourceError> {
    let facts = decoder.facts().clone();
    let mut damage = None;
    let analysis = measure_on(measured_facts(path, &facts), facts.frames, threads, |feed| {
        damage = read_through(&mut decoder, cx, feed, listen)?;
        Ok(())
    })?;
    Ok(Inspected { facts, analysis, decoded_frames: decoder.position(), damage })
}

/// Reads several files, up to `threads` at once, with the threads that are over for each; results in the order of the
/// files. Progress is counted in bytes of all.
pub fn inspect_all(
    paths: &[PathBuf],
    threads: usize,
    cx: &JobContext,
) -> Vec<Result<Inspected, SourceError>> {
    let (each, shares) = (threads_each(threads, paths.len()), cx.shares(&sizes_of(paths)));
    map_in_order(paths, threads, |index, path| {
        inspect_open(Decoder::open(path)?, path, each, &shares[index], &mut |_, _| ())
    })
}

/// Bytes of each file; none where the system does not say.
pub(super) fn sizes_of(paths: &[PathBuf]) -> Vec<u64> {
    paths.iter().map(|path| std::fs::metadata(path).map_or(0, |m| m.len())).collect()
}

/// Decodes to the end, or to where the file is damaged, which it says.
fn read_through(
    decoder: &mut Decoder,
    cx: &JobContext,
    feed: &mut Feed<'_>,
    listen: &mut dyn FnMut(&[f64], &[f64]),
) -> Result<Option<SourceError>, SourceError> {
    let (stereo, frames) = (decoder.facts().channels > 1, decoder.facts().frames.max(1));
    let mut block = [Vec::new(), Vec::new()];
    loop {
        if cx.is_cancelled() {
            return Err(SourceError::Cancelled);
        }
        match decoder.next(&mut block) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error @ SourceError::Damaged { .. }) => return Ok(Some(error)),
            Err(error) => return Err(error),
        }
        let [left, right] = &block;
        feed(left, if stereo { right } else { &[] });
        listen(left, right);
        cx.set_fraction(decoder.position() as f64 / frames as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve seconds of mono: long enough to be measured on several threads.
    fn file(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(&path, spec).unwrap();
        (0..44_100 * 12).for_each(|n: i32| wav.write_sample((n * 37 % 8000) as i16).unwrap());
        wav.finalize().unwrap();
        path
    }

    #[test]
    fn a_long_file_tells_how_far_it_is_and_stops_when_told_on_any_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "a.wav");
        for threads in [1, 2, 4] {
            let cx = JobContext::detached();
            let mut seen = vec![0.0];
            let open = || Decoder::open(&path).unwrap();
            let inspected = inspect_open(open(), &path, threads, &cx, &mut |_, _| {
                seen.push(cx.fraction().unwrap_or(0.0));
            });
            assert_eq!(inspected.unwrap().analysis.measurements.frames, 44_100 * 12);
            assert!(seen.len() > 20 && seen.is_sorted() && seen[seen.len() / 2] > 0.4);
            assert!((cx.fraction().unwrap() - 1.0).abs() < 1e-5);

            let (cx, mut blocks) = (JobContext::detached(), 0);
            let stopped = inspect_open(open(), &path, threads, &cx, &mut |_, _| {
                blocks += 1;
                if blocks == 5 {
                    cx.cancel();
                }
            });
            assert!(matches!(stopped, Err(SourceError::Cancelled)) && blocks == 5, "{threads}: {blocks}");
        }
    }

    #[test]
    fn files_come_back_in_order_and_add_up_to_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.wav", "b.wav", "c.wav"].map(|name| file(folder.path(), name));
        let paths = [&paths[..2], &[folder.path().join("gone.wav")], &paths[2..]].concat();
        for threads in [1, 3, 8] {
            let cx = JobContext::detached();
            let all = inspect_all(&paths, threads, &cx);
            let names = all.iter().map(|r| r.as_ref().ok().map(|i| i.analysis.measurements.path.clone()));
            let wanted = paths.iter().enumerate().map(|(n, p)| (n != 2).then(|| p.display().to_string()));
            assert!(names.eq(wanted));
            assert!((cx.fraction().unwrap() - 1.0).abs() < 1e-4, "{:?}", cx.fraction());
            cx.cancel();
            let stopped = inspect_all(&paths[..2], threads, &cx);
            assert!(stopped.iter().all(|r| matches!(r, Err(SourceError::Cancelled))));
        }
    }
}
