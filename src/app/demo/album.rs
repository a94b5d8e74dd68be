//! Puts the demo album on disk: mixes made on first use, and its mastered session with the identities of these files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::songs::{DEMO_SONGS, DemoSong};
use crate::audio::format::int_from_f64;
use crate::deliver::audio_file::AudioFile;
use crate::deliver::conform::Chunk;
use crate::deliver::writer::DeliverError;
use crate::jobs::JobContext;
use crate::jobs::parallel::map_in_order;
use crate::jobs::sources::take;
use crate::media::SourceError;
use crate::media::library::Library;
use crate::model::Session;
use crate::store::{self, StoreError};
use crate::units::SampleRate;

/// The mastered session as it stands in the repository.
const SESSION: &str = include_str!("../../../sessions/demo.json");

/// Name of the session file.
const SESSION_NAME: &str = "Glass Demo.json";

/// Why the demo could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A mix could not be written.
    #[error(transparent)]
    Write(#[from] DeliverError),
    /// The session could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mix that was just written cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Makes what is missing of the demo album in `folder` and gives its session file. A session already there is left as
/// the user has it.
///
/// # Errors
/// [`DemoError`].
pub fn create(folder: &Path, library: &Library, threads: usize) -> Result<PathBuf, DemoError> {
    let session_file = folder.join(SESSION_NAME);
    let mixes = folder.join("mixes");
    std::fs::create_dir_all(&mixes).map_err(|e| StoreError::from_io(&mixes, e))?;
    let made = map_in_order(&DEMO_SONGS, threads, |_, song| write_mix(song, &mixes.join(song.file_name)));
    made.into_iter().collect::<Result<Vec<()>, _>>()?;
    if !session_file.exists() {
        store::save(&session_file, &session(&mixes, library)?)?;
    }
    Ok(session_file)
}

/// The mastered session around the mixes in a folder.
fn session(mixes: &Path, library: &Library) -> Result<Session, DemoError> {
    let damaged = |detail: String| StoreError::Damaged {
        path: PathBuf::from("sessions/demo.json"),
        detail,
        versions: PathBuf::from("sessions"),
    };
    let mut session: Session = serde_json::from_str(SESSION).map_err(|e| damaged(e.to_string()))?;
    for (song, demo) in session.songs.iter_mut().zip(&DEMO_SONGS) {
        let taken = take(library, &mixes.join(demo.file_name), &JobContext::detached())?;
        Arc::make_mut(song).source = taken.source;
    }
    Ok(session.repaired().0)
}

fn write_mix(song: &DemoSong, target: &Path) -> Result<(), DeliverError> {
    if target.exists() {
        return Ok(());
    }
    let [left, right] = song.render();
    let bits = song.format.integer_bits().unwrap_or(24);
    let frames: Vec<[i32; 2]> =
        left.iter().zip(&right).map(|(&l, &r)| [int_from_f64(l, bits), int_from_f64(r, bits)]).collect();
    let rate = SampleRate(song.rate_hz);
    let mut file = AudioFile::create(target, song.format, rate, frames.len() as u64, false)?;
    for part in frames.chunks(1 << 14) {
        file.write(&Chunk::Int { frames: part, bits }, target)?;
    }
    file.finish(target)
}
