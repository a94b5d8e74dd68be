//! The open session as a document: its history, its file, its lock, its autosave.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::frame::{RecoveryOffer, SaveState};
use crate::app::log::Log;
use crate::app::settings::Folders;
use crate::edit::{Edit, EditError, GestureId, History};
use crate::jobs::{Pool, Priority};
use crate::model::Session;
use crate::store::autosave::{self, Debounce, Recoverable, UnsavedJournal};
use crate::store::{self, SessionLock, StoreError};

/// What the writing thread reports.
pub enum Written {
    /// The session file, with the state that is now in it.
    Session(Result<(PathBuf, Arc<Session>), StoreError>),
    /// The autosave journal.
    Journal(Result<(), StoreError>),
}

/// The session being worked on and everything about its file.
pub struct Document {
    history: History,
    path: Option<PathBuf>,
    lock: Option<SessionLock>,
    /// The state on disk.
    saved: Option<Arc<Session>>,
    saving: bool,
    debounce: Debounce,
    /// The journal a session never saved is written to, once there is something to write.
    unsaved: Option<UnsavedJournal>,
    /// A journal found at the start or on opening, waiting for an answer.
    recovery: Option<Recoverable>,
    autosave_folder: PathBuf,
    /// One thread, so that writes keep their order.
    writer: Pool<Written>,
}

impl Document {
    /// A new document around a session.
    ///
    /// # Errors
    /// The system gives no thread for writing.
    pub fn new(session: Session, folders: &Folders) -> std::io::Result<Self> {
        Ok(Self {
            history: History::new(Arc::new(session)),
            path: None,
            lock: None,
            saved: None,
            saving: false,
            debounce: Debounce::default(),
            unsaved: None,
            recovery: None,
            autosave_folder: folders.data.join("autosave"),
            writer: Pool::new(1)?,
        })
    }

    /// The session now.
    pub fn session(&self) -> &Arc<Session> {
        self.history.session()
    }

    /// Its history, to read.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Its file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How memory and disk stand to each other.
    pub fn save_state(&self) -> SaveState {
        match &self.saved {
            _ if self.saving => SaveState::Saving,
            None => SaveState::NeverSaved,
            Some(saved) if Arc::ptr_eq(saved, self.session()) || **saved == **self.session() => {
                SaveState::Saved
            }
            Some(_) => SaveState::Unsaved,
        }
    }

    /// Does an edit.
    ///
    /// # Errors
    /// The edit's own; nothing changed.
    pub fn apply(&mut self, edit: &Edit, gesture: Option<GestureId>, now_s: f64) -> Result<(), EditError> {
        let next = crate::edit::apply(self.session(), edit)?;
        self.commit(next, edit.name(), gesture, now_s);
        Ok(())
    }

    /// Takes a whole session as the next step.
    pub fn commit(&mut self, next: Session, name: &'static str, gesture: Option<GestureId>, now_s: f64) {
        self.history.commit(next, name, gesture);
        self.debounce.changed(now_s);
    }

    /// Does an edit that follows from the last step and is taken back with it.
    ///
    /// # Errors
    /// The edit's own; nothing changed.
    pub fn amend(&mut self, edit: &Edit, now_s: f64) -> Result<(), EditError> {
        let next = crate::edit::apply(self.session(), edit)?;
        self.history.amend(next);
        self.debounce.changed(now_s);
        Ok(())
    }

    /// Back by a step.
    pub fn undo(&mut self, now_s: f64) -> bool {
        let done = self.history.undo();
        self.changed_if(done, now_s)
    }

    /// Forward by a step.
    pub fn redo(&mut self, now_s: f64) -> bool {
        let done = self.history.redo();
        self.changed_if(done, now_s)
    }

    fn changed_if(&mut self, done: bool, now_s: f64) -> bool {
        if done {
            self.debounce.changed(now_s);
        }
        done
    }

    /// Puts another session in place of this one, which was saved or given up.
    pub fn replace(&mut self, session: Session, opened: Option<(PathBuf, Option<SessionLock>)>) {
        self.forget_journals();
        let session = Arc::new(session);
        self.history = History::new(Arc::clone(&session));
        self.debounce.written();
        self.saving = false;
        self.recovery = None;
        match opened {
            Some((path, lock)) => {
                self.recovery = autosave::recoverable(&path, &session);
                self.saved = Some(session);
                self.lock = lock;
                self.path = Some(path);
            }
            None => {
                self.saved = None;
                self.lock = None;
                self.path = None;
            }
        }
    }

    /// Opens a session file in place of this one. A file another program holds opens without the right to write it.
    ///
    /// # Errors
    /// [`StoreError`]; this document stays.
    pub fn open(&mut self, path: &Path, log: &mut Log) -> Result<(), StoreError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let held = self.lock.take_if(|lock| lock.is_of(&path));
        let lock = held.map_or_else(|| SessionLock::take(&path), Ok);
        let loaded = match store::load(&path) {
            Ok(loaded) => loaded,
            Err(error) => {
                if let Ok(lock) = lock
                    && self.path.as_deref() == Some(&path)
                {
                    self.lock = Some(lock);
                }
                return Err(error);
            }
        };
        let lock = match lock {
            Ok(lock) => Some(lock),
            Err(error) => {
                log.warn(error.to_string());
                None
            }
        };
        for finding in &loaded.findings {
            log.warn(finding.text.clone());
        }
        self.replace(loaded.session, Some((path, lock)));
        Ok(())
    }

    /// Starts writing the session to its file, or to a new one.
    ///
    /// # Errors
    /// The file is held by another program, or its folder cannot be written.
    pub fn save(&mut self, to: Option<&Path>) -> Result<(), StoreError> {
        let Some(path) = to.or(self.path.as_deref()) else { return Ok(()) };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let overtaken = self.journals_overtaken_by(&path);
        if !self.lock.as_ref().is_some_and(|lock| lock.is_of(&path)) {
            self.lock = Some(SessionLock::take(&path)?);
        }
        let session = Arc::clone(self.session());
        self.saving = true;
        self.writer.spawn("Save", Priority::Asked, move |_| {
            let saved = store::save(&path, &session);
            if saved.is_ok() {
                // At once, and before any later journal: nobody is ever offered less than the file holds.
                overtaken.iter().for_each(|journal| autosave::remove_journal(journal));
            }
            Written::Session(saved.map(|()| (path, session)))
        });
        Ok(())
    }

    /// Journals that hold nothing more once the session is saved to `path`; one that is on offer stays.
    fn journals_overtaken_by(&self, path: &Path) -> Vec<PathBuf> {
        let own = self.path.as_deref().filter(|_| self.lock.is_some()).map(autosave::journal_of);
        let unsaved = self.unsaved.as_ref().map(|j| j.path().to_owned());
        let all = [Some(autosave::journal_of(path)), own, unsaved];
        all.into_iter().flatten().filter(|journal| !self.is_offered(journal)).collect()
    }

    /// The session as last saved, for going back to it.
    pub fn saved(&self) -> Option<&Arc<Session>> {
        self.saved.as_ref()
    }

    /// Collects what was written and writes the journal when it is time. Gives the path of a session just saved.
    pub fn tick(&mut self, now_s: f64, log: &mut Log) -> Option<PathBuf> {
        let mut just_saved = None;
        for (_, done) in self.writer.finished() {
            match done {
                Ok(Written::Session(Ok((path, session)))) => {
                    self.saving = false;
                    self.saved = Some(session);
                    self.path = Some(path.clone());
                    if self.save_state() == SaveState::Saved {
                        self.debounce.written();
                        self.forget_journals();
                    } else if let Some(journal) = self.unsaved.take() {
                        // Changed meanwhile: from now on the journal lies beside the file.
                        self.write_journal(log);
                        self.remove_in_turn(journal.path().to_owned());
                    }
                    log.info(format!("Saved {}", path.display()));
                    just_saved = Some(path);
                }
                Ok(Written::Session(Err(error))) => {
                    self.saving = false;
                    log.error(format!("Not saved: {error}"));
                }
                Ok(Written::Journal(Ok(()))) => {}
                Ok(Written::Journal(Err(error))) => log.error(format!("No autosave: {error}")),
                Err(panic) => {
                    self.saving = false;
                    log.error(format!("Not saved, a bug: {panic}"));
                }
            }
        }
        if self.debounce.is_due(now_s) {
            self.write_journal(log);
        }
        just_saved
    }

    fn write_journal(&mut self, log: &mut Log) {
        // Until the offer is answered its journal is not overwritten; what changes meanwhile is written right after.
        if self.journal().is_some_and(|journal| self.is_offered(&journal)) {
            return;
        }
        self.debounce.written();
        if self.path.is_none() && self.unsaved.is_none() {
            match UnsavedJournal::create(&self.autosave_folder) {
                Ok(journal) => self.unsaved = Some(journal),
                Err(error) => {
                    log.error(format!("No autosave: {error}"));
                    return;
                }
            }
        }
        let Some(journal) = self.journal() else { return };
        let session = Arc::clone(self.session());
        self.writer.spawn("Autosave", Priority::Asked, move |_| {
            Written::Journal(autosave::write_journal(&journal, &session))
        });
    }

    fn journal(&self) -> Option<PathBuf> {
        self.path
            .as_deref()
            .map(autosave::journal_of)
            .or_else(|| self.unsaved.as_ref().map(|j| j.path().to_owned()))
    }

    /// Whether this journal waits for an answer.
    fn is_offered(&self, journal: &Path) -> bool {
        self.recovery.as_ref().is_some_and(|r| r.journal == *journal)
    }

    fn forget_journals(&mut self) {
        if let Some(path) = &self.path
            && self.lock.is_some()
        {
            let journal = autosave::journal_of(path);
            if !self.is_offered(&journal) {
                self.remove_in_turn(journal);
            }
        }
        if let Some(journal) = self.unsaved.take() {
            self.remove_in_turn(journal.path().to_owned());
        }
    }

    /// Removes a journal after whatever write of it still waits.
    fn remove_in_turn(&mut self, journal: PathBuf) {
        self.writer.spawn("Autosave", Priority::Asked, move |_| {
            autosave::remove_journal(&journal);
            Written::Journal(Ok(()))
        });
    }

    /// Looks for a session that was never saved and whose program is gone.
    pub fn look_for_unsaved(&mut self) {
        self.recovery = autosave::recoverable_unsaved(&self.autosave_folder);
    }

    /// What could be taken up again.
    pub fn recovery(&self) -> Option<RecoveryOffer> {
        self.recovery.as_ref().map(|r| {
            let album = &r.loaded.session.metadata;
            let named = if album.title.is_empty() { "A session" } else { &album.title };
            let when =
                r.written.and_then(|t| jiff::Timestamp::try_from(t).ok()).map_or_else(String::new, |t| {
                    t.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
                });
            RecoveryOffer { name: format!("{named}, {} songs", r.loaded.session.songs.len()), when }
        })
    }

    /// Takes the offered state up as one undo step, or drops it.
    pub fn recover(&mut self, take: bool, now_s: f64, log: &mut Log) {
        let Some(offer) = self.recovery.take() else { return };
        if take {
            self.commit(offer.loaded.session, "Recover autosave", None, now_s);
            // What was recovered is in a journal of ours before the old one goes.
            self.write_journal(log);
        }
        if !take || Some(&offer.journal) != self.journal().as_ref() {
            self.remove_in_turn(offer.journal);
        }
    }

    /// The program ends: nothing is left to recover (what was to be saved was saved, the rest was given up).
    pub fn close(&mut self) {
        self.forget_journals();
        self.writer.wait_until_idle();
    }

    /// Whether a write is under way.
    pub fn is_writing(&self) -> bool {
        !self.writer.jobs().is_empty()
    }

    /// Whether a change waits for the journal: until it is written somebody has to call [`Self::tick`].
    pub fn is_waiting_to_write(&self) -> bool {
        self.debounce.is_waiting()
    }
}
