//! The sources of a session on this machine: are they there, are they what they were, are they converted.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::cache::{Cache, Damage, Entry};
use super::file_source::FileSource;
use super::pcm::Layout;
use super::{SourceError, SourceKey, hash, probe};
use crate::units::Frames;

/// Where the frames of a source lie at the session rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The source's own file, or a cache file.
    pub path: PathBuf,
    /// Its samples.
    pub layout: Layout,
    /// What is wrong with the source.
    pub damage: Option<Damage>,
}

impl Place {
    /// Length in frames at the session rate.
    pub fn length(&self) -> Frames {
        Frames(i64::try_from(self.layout.frames).unwrap_or(i64::MAX))
    }
}

/// Finds, checks and converts sources. Shared between threads; nothing here belongs on the audio thread.
#[derive(Debug)]
pub struct Library {
    cache: Cache,
    limit_bytes: u64,
    /// Hash of files whose length and time have not changed since.
    identities: Mutex<HashMap<PathBuf, Identity>>,
    /// Cache files whose checksum was right in this run; they are not cleaned away while the library lives.
    verified: Mutex<Vec<PathBuf>>,
}

#[derive(Debug, Clone)]
struct Identity {
    bytes: u64,
    modified: Option<SystemTime>,
    hash: String,
}

impl Library {
    /// A library with its cache in `cache_dir`, cleaned down to `limit_bytes` whenever something was added.
    pub fn new(cache_dir: PathBuf, limit_bytes: u64) -> Self {
        Self {
            cache: Cache::new(cache_dir),
            limit_bytes,
            identities: Mutex::default(),
            verified: Mutex::default(),
        }
    }

    /// The folder of converted audio and overviews.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Makes a source ready to be opened, decoding or converting it where that is needed, and gives its length at the
    /// session rate. Takes from nothing to seconds; may run on several threads for different sources. `progress` hears 0 to 1.
    ///
    /// # Errors
    /// [`SourceError::Damaged`] for a source that can be opened but is not whole: what could be decoded is ready. Everything
    /// else means that the source cannot be played: missing, changed, not audio, no room in the cache, cancelled.
    pub fn prepare(
        &self,
        key: &SourceKey,
        progress: &(dyn Fn(f64) + Sync),
        cancel: &AtomicBool,
    ) -> Result<Frames, SourceError> {
        self.check_identity(key, cancel)?;
        let place = match own_place(key)? {
            Some(place) => place,
            None => self.cached_place(key, progress, cancel)?,
        };
        progress(1.0);
        match place.damage.clone() {
            Some(Damage { frame, detail }) => {
                Err(SourceError::Damaged { path: key.path.clone(), frame, detail })
            }
            None => Ok(place.length()),
        }
    }

    /// Whether a source can be opened at once. Looks at file dates and headers only, so it may be asked often; a file
    /// that was never prepared in this run is not ready.
    pub fn is_ready(&self, key: &SourceKey) -> bool {
        let known = self.known_hash(&key.path).is_some_and(|h| h == key.hash);
        known && self.place_now(key).is_ok()
    }

    /// Where the frames of a prepared source are.
    ///
    /// # Errors
    /// [`SourceError::NotReady`] if it must be converted first; [`SourceError::Missing`], [`SourceError::Changed`].
    pub fn place(&self, key: &SourceKey) -> Result<Place, SourceError> {
        self.check_identity(key, &AtomicBool::new(false))?;
        self.place_now(key)
    }

    /// Opens a prepared source for blocking reads.
    ///
    /// # Errors
    /// Those of [`Library::place`], and those of the system.
    pub fn open_file(&self, key: &SourceKey) -> Result<FileSource, SourceError> {
        let place = self.place(key)?;
        FileSource::open(&place.path, place.layout)
    }

    /// Tells the library the hash of a file that was just hashed elsewhere, to spare doing it again.
    pub fn remember(&self, path: &Path, hash: &str) {
        if let Ok((bytes, modified)) = stamp(path) {
            let identity = Identity { bytes, modified, hash: hash.to_owned() };
            lock(&self.identities).insert(path.to_path_buf(), identity);
        }
    }

    /// BLAKE3 of a file, from memory where its length and time are those of the last look.
    ///
    /// # Errors
    /// [`SourceError::Missing`], [`SourceError::Io`], [`SourceError::Cancelled`].
    pub fn hash_of(&self, path: &Path, cancel: &AtomicBool) -> Result<String, SourceError> {
        let before = stamp(path).map_err(|e| SourceError::from_io(path, e))?;
        if let Some(hash) = self.known_hash(path) {
            return Ok(hash);
        }
        let hash = hash::hash_file(path, &|_| (), cancel)?;
        let identity = Identity { bytes: before.0, modified: before.1, hash: hash.clone() };
        lock(&self.identities).insert(path.to_path_buf(), identity);
        Ok(hash)
    }

    /// Deletes the least recently used cache files until at most `limit_bytes` remain; what this library uses stays.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn clean(&self, limit_bytes: u64) -> std::io::Result<u64> {
        let keep = lock(&self.verified).clone();
        self.cache.clean(limit_bytes, &keep)
    }

    fn known_hash(&self, path: &Path) -> Option<String> {
        let (bytes, modified) = stamp(path).ok()?;
        let identities = lock(&self.identities);
        let known = identities.get(path)?;
        // A file system without times cannot vouch for anything.
        let same = modified.is_some() && known.bytes == bytes && known.modified == modified;
        same.then(|| known.hash.clone())
    }

    fn check_identity(&self, key: &SourceKey, cancel: &AtomicBool) -> Result<(), SourceError> {
        if self.hash_of(&key.path, cancel)? == key.hash {
            return Ok(());
        }
        Err(SourceError::Changed { path: key.path.clone() })
    }

    fn place_now(&self, key: &SourceKey) -> Result<Place, SourceError> {
        if let Some(place) = own_place(key)? {
            return Ok(place);
        }
        let entry = self.cache.lookup(&key.hash, key.rate);
        entry.map(from_entry).ok_or_else(|| SourceError::NotReady { path: key.path.clone(), rate: key.rate })
    }

    fn cached_place(
        &self,
        key: &SourceKey,
        progress: &(dyn Fn(f64) + Sync),
        cancel: &AtomicBool,
    ) -> Result<Place, SourceError> {
        let known = lock(&self.verified).contains(&self.cache.path_of(&key.hash, key.rate));
        let found = if known {
            self.cache.lookup(&key.hash, key.rate)
        } else {
            self.cache.lookup_verified(&key.hash, key.rate)
        };
        let built = found.is_none();
        let entry = match found {
            Some(entry) => entry,
            None => self.cache.build(key, progress, cancel)?,
        };
        if !known {
            lock(&self.verified).push(entry.path.clone());
        }
        if built {
            // The new file counts; if the folder cannot be listed, it is too large for a while.
            drop(self.clean(self.limit_bytes));
        }
        Ok(from_entry(entry))
    }
}

fn from_entry(entry: Entry) -> Place {
    Place { path: entry.path, layout: entry.layout, damage: entry.damage }
}

/// Plain samples at the session rate are read from their own file.
fn own_place(key: &SourceKey) -> Result<Option<Place>, SourceError> {
    let Some((facts, layout)) = probe::examine_pcm(&key.path)? else { return Ok(None) };
    if facts.rate != key.rate {
        return Ok(None);
    }
    let damage = facts.truncation().map(|(declared, present)| Damage {
        frame: present,
        detail: format!("{present} of {declared} frames are there"),
    });
    Ok(Some(Place { path: key.path.clone(), layout, damage }))
}

fn stamp(path: &Path) -> std::io::Result<(u64, Option<SystemTime>)> {
    let meta = std::fs::metadata(path)?;
    Ok((meta.len(), meta.modified().ok()))
}

/// A thread that panicked left these maps whole: every change to them is one insertion.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
