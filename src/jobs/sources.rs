//! Files become sources: identity, facts, the rate an album of them wants; and sources become ready to render.

use std::path::{Path, PathBuf};

use super::JobContext;
use super::parallel::map_in_order;
use crate::media::library::Library;
use crate::media::{self, FileFacts, SourceError, SourceKey};
use crate::model::{Session, SourceRef};
use crate::units::{SESSION_RATES_HZ, SampleRate};

/// A file that can be a source.
#[derive(Debug, Clone)]
pub struct Taken {
    /// As the session will know it; the path is absolute.
    pub source: SourceRef,
    /// What is known of the file.
    pub facts: FileFacts,
}

/// Looks at a file and takes its identity.
///
/// # Errors
/// It is not audio, not readable, has more than two channels; or the job was cancelled.
pub fn take(library: &Library, path: &Path, cx: &JobContext) -> Result<Taken, SourceError> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let facts = media::probe(&path)?;
    let hash = library.hash_of(&path, cx.cancel_flag())?;
    let source = SourceRef {
        path: path.to_string_lossy().into_owned(),
        hash,
        sample_rate_hz: facts.rate.0,
        frames: facts.frames,
        channels: facts.channels,
        bits: facts.bits,
        format: facts.format_name(),
    };
    Ok(Taken { source, facts })
}

/// The rate of most of the playing time; a rate no session runs at counts for the nearest one above it.
pub fn session_rate_for(sources: &[SourceRef]) -> SampleRate {
    let rate_of = |hz: u32| SESSION_RATES_HZ.into_iter().find(|r| *r >= hz).unwrap_or(192_000);
    let seconds_at = |rate: u32| -> f64 {
        let at_rate = sources.iter().filter(|s| rate_of(s.sample_rate_hz) == rate);
        at_rate.map(|s| s.frames as f64 / f64::from(s.sample_rate_hz.max(1))).sum()
    };
    let mut best = (SampleRate::CD, 0.0);
    for rate in SESSION_RATES_HZ {
        let seconds = seconds_at(rate);
        if seconds > best.1 {
            best = (SampleRate(rate), seconds);
        }
    }
    best.0
}

/// What the media layer calls a source at a rate.
pub fn key_of(source: &SourceRef, rate: SampleRate) -> SourceKey {
    SourceKey { path: PathBuf::from(&source.path), hash: source.hash.clone(), rate }
}

/// Makes every source of a session ready to render, decoding and converting where needed. What could not be made ready
/// (or is damaged) is listed once a file, in running order.
pub fn prepare(session: &Session, library: &Library, threads: usize, cx: &JobContext) -> Vec<SourceError> {
    let mut keys: Vec<SourceKey> = Vec::new();
    for song in &session.songs {
        let key = key_of(&song.source, session.sample_rate_hz);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let done = map_in_order(&keys, threads, |_, key| library.prepare(key, &|_| (), cx.cancel_flag()));
    done.into_iter().filter_map(Result::err).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(sample_rate_hz: u32, seconds: u64) -> SourceRef {
        SourceRef { sample_rate_hz, frames: seconds * u64::from(sample_rate_hz), ..SourceRef::default() }
    }

    #[test]
    fn the_session_takes_the_rate_of_most_of_the_time() {
        assert_eq!(session_rate_for(&[]), SampleRate(44_100));
        assert_eq!(session_rate_for(&[source(44_100, 100), source(96_000, 150)]), SampleRate(96_000));
        assert_eq!(
            session_rate_for(&[source(44_100, 100), source(96_000, 150), source(44_100, 60)]),
            SampleRate(44_100)
        );
        assert_eq!(session_rate_for(&[source(22_050, 10)]), SampleRate(44_100));
        assert_eq!(session_rate_for(&[source(384_000, 10)]), SampleRate(192_000));
    }
}
