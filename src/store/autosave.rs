//! The autosave journal: a crash costs seconds.
//!
//! While a session has unsaved changes its latest state lies in `.<name>.autosave.json` beside it, or, for a session
//! never saved, in a folder of the machine. It is written 2 s after the last change and on disk at the latest 15 s after
//! the first, and removed when the session is saved or closed. What is left at the next start is offered.

use std::fs;
use std::path::{Path, PathBuf};

use super::json::{Loaded, keep_among_versions, load, session_to_bytes};
use super::safe_write::{folder_of, write_atomically};
use super::{SessionLock, StoreError};
use crate::model::Session;

/// Quiet time after the last change before writing, seconds.
pub const IDLE_S: f64 = 2.0;

/// Longest time a change may wait for the writing to begin, seconds: a quarter of a second less than the 15 s that may be
/// lost at most, for the writing itself.
pub const LONGEST_S: f64 = 14.75;

/// Decides when to write. Time is passed in.
#[derive(Debug, Default)]
pub struct Debounce {
    first_change_s: Option<f64>,
    last_change_s: f64,
}

impl Debounce {
    /// The session changed.
    pub fn changed(&mut self, now_s: f64) {
        self.first_change_s.get_or_insert(now_s);
        self.last_change_s = now_s;
    }

    /// The session was saved or written: nothing waits.
    pub fn written(&mut self) {
        self.first_change_s = None;
    }

    /// Whether a change waits to be written.
    pub fn is_waiting(&self) -> bool {
        self.first_change_s.is_some()
    }

    /// Whether it is time to write.
    pub fn is_due(&self, now_s: f64) -> bool {
        self.first_change_s
            .is_some_and(|first| now_s - self.last_change_s >= IDLE_S || now_s - first >= LONGEST_S)
    }
}

/// The journal of a saved session.
pub fn journal_of(session: &Path) -> PathBuf {
    let name = session.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    folder_of(session).join(format!(".{stem}.autosave.json"))
}

/// The journal of a session never saved: one of its own in `folder`, locked as long as this program lives.
#[derive(Debug)]
pub struct UnsavedJournal {
    path: PathBuf,
    _lock: SessionLock,
}

impl UnsavedJournal {
    /// Chooses a name nobody uses.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|e| StoreError::from_io(folder, e))?;
        let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.6f").to_string();
        let path = folder.join(format!("unsaved-{stamp}-{}.json", std::process::id()));
        let lock = SessionLock::take(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes a journal.
///
/// # Errors
/// Those of [`write_atomically`].
pub fn write_journal(journal: &Path, session: &Session) -> Result<(), StoreError> {
    write_atomically(journal, &session_to_bytes(session, journal)?)
}

/// Removes a journal; that there is none is fine.
pub fn remove_journal(journal: &Path) {
    fs::remove_file(journal).unwrap_or_default();
}

/// A journal that waits for an answer.
#[derive(Debug)]
pub struct Recoverable {
    /// The journal.
    pub journal: PathBuf,
    /// When it was written.
    pub written: Option<std::time::SystemTime>,
    /// What it holds.
    pub loaded: Loaded,
}

/// The journal of a session file, if one is there that opens, holds something else than the file, and is not older: a
/// program killed right after saving leaves a journal that the file has overtaken. Such a journal is kept among the
/// versions, as a file that was copied or restored only looks newer.
pub fn recoverable(session_file: &Path, session: &Session) -> Option<Recoverable> {
    let found = read_journal(&journal_of(session_file))?;
    if found.loaded.session == *session {
        return None;
    }
    let saved = fs::metadata(session_file).and_then(|m| m.modified()).ok();
    let overtaken = saved.zip(found.written).is_some_and(|(saved, written)| written < saved);
    // In a folder that cannot be written to the journal itself stays, too.
    let is_kept = overtaken && keep_among_versions(&found.journal, session_file).is_ok();
    (!is_kept).then_some(found)
}

/// The newest journal of a session that was never saved and whose program is gone.
pub fn recoverable_unsaved(folder: &Path) -> Option<Recoverable> {
    let mut journals: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("unsaved-")))
        .collect();
    journals.sort();
    journals.into_iter().rev().find_map(|path| {
        // Its program lives: not ours.
        let _lock = SessionLock::take(&path).ok()?;
        read_journal(&path).filter(|r| !r.loaded.session.songs.is_empty())
    })
}

fn read_journal(journal: &Path) -> Option<Recoverable> {
    let written = fs::metadata(journal).ok()?.modified().ok();
    let loaded = load(journal).ok()?;
    Some(Recoverable { journal: journal.to_owned(), written, loaded })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::save;
    use crate::units::SampleRate;

    #[test]
    fn a_change_is_written_after_two_quiet_seconds_or_fifteen_busy_ones() {
        let mut d = Debounce::default();
        assert!(!d.is_due(100.0));
        d.changed(0.0);
        assert!(!d.is_due(1.9));
        assert!(d.is_due(2.0));
        for i in 1..=14 {
            d.changed(f64::from(i));
            assert!(!d.is_due(f64::from(i) + 0.5));
        }
        d.changed(14.9);
        assert!(d.is_due(15.0) && d.is_waiting());
        d.written();
        assert!(!d.is_waiting());
        assert!(!d.is_due(99.0));
    }

    #[test]
    fn what_differs_from_the_file_is_offered() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        let mut session = Session::new(SampleRate::CD);
        save(&file, &session).unwrap();
        assert!(recoverable(&file, &session).is_none());
        write_journal(&journal_of(&file), &session).unwrap();
        assert!(recoverable(&file, &session).is_none(), "the same is no offer");
        session.notes = "more".into();
        write_journal(&journal_of(&file), &session).unwrap();
        let saved = load(&file).unwrap().session;
        assert_eq!(recoverable(&file, &saved).unwrap().loaded.session.notes, "more");
        remove_journal(&journal_of(&file));
        assert!(recoverable(&file, &saved).is_none());
    }

    #[test]
    fn a_journal_the_file_has_overtaken_is_not_offered() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        let mut session = Session::new(SampleRate::CD);
        session.notes = "older".into();
        write_journal(&journal_of(&file), &session).unwrap();
        session.notes = "newer".into();
        save(&file, &session).unwrap();
        let written = fs::metadata(journal_of(&file)).unwrap().modified().unwrap();
        let set_age = |before_s: u64| {
            let journal = fs::File::options().write(true).open(journal_of(&file)).unwrap();
            journal.set_modified(written - std::time::Duration::from_secs(before_s)).unwrap();
        };
        set_age(60);
        assert!(recoverable(&file, &session).is_none());
        let kept: Vec<_> =
            fs::read_dir(crate::store::json::versions_folder(&file)).unwrap().flatten().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(
            load(&kept[0].path()).unwrap().session.notes,
            "older",
            "a file that only looks newer costs nothing"
        );
        fs::File::options().write(true).open(&file).unwrap().set_modified(written).unwrap();
        set_age(0);
        assert_eq!(recoverable(&file, &session).unwrap().loaded.session.notes, "older", "of the same moment");
    }

    #[test]
    fn a_session_never_saved_is_offered_once_its_program_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let journal = UnsavedJournal::create(dir.path()).unwrap();
        let source = crate::model::SourceRef { sample_rate_hz: 44_100, frames: 99, ..Default::default() };
        let mut session = Session::new(SampleRate::CD);
        let song =
            crate::model::Song::new(crate::model::SongId(1), source, SampleRate::CD, crate::units::Frames(0));
        session.songs.push(std::sync::Arc::new(song));
        write_journal(journal.path(), &session).unwrap();
        assert!(recoverable_unsaved(dir.path()).is_none(), "its program lives");
        drop(journal);
        assert_eq!(recoverable_unsaved(dir.path()).unwrap().loaded.session.songs.len(), 1);
    }
}
