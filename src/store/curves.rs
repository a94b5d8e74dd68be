//! Curves the user made from audio files, to be laid behind the spectrum: one JSON file each in the machine's folder.
//!
//! A curve of one file is a reference, one of several a genre: mean and spread. What is removed is moved aside.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::bounded::read_text;
use super::presets::file_stem_of;
use super::safe_write::write_atomically;

/// Where removed curves go, in the folder.
const REMOVED: &str = "removed";
/// A curve is some 4 KB; larger files are none.
const LARGEST_BYTES: u64 = 1 << 20;
/// No level is larger.
const LARGEST_DB: f32 = 1000.0;
/// More files are not read.
const MOST_FILES: usize = 500;

/// A curve the user keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptCurve {
    /// As shown.
    pub name: String,
    /// Names of the files it was made from.
    pub files: Vec<String>,
    /// The curve at the points of the program's curves, dB of power a hertz: of several files the mean.
    pub mean_db: Vec<f32>,
    /// Standard deviation of the files at each point, dB.
    pub spread_db: Vec<f32>,
}

impl KeptCurve {
    /// Whether it was made from one file.
    pub fn is_reference(&self) -> bool {
        self.files.len() == 1
    }

    /// Whether what was read can be used.
    fn is_sound(&self) -> bool {
        let numbers = |values: &[f32]| values.iter().all(|v| v.abs() <= LARGEST_DB);
        !self.files.is_empty()
            && self.mean_db.len() == self.spread_db.len()
            && numbers(&self.mean_db)
            && numbers(&self.spread_db)
    }
}

/// Why a curve could not be kept, renamed or removed.
#[derive(Debug, thiserror::Error)]
pub enum CurveError {
    /// Nothing of the name can stand in a file name.
    #[error("a curve needs a name with letters or digits")]
    NoName,
    /// Another curve has the name.
    #[error("there is already a curve “{0}”; choose another name")]
    Taken(String),
    /// The file is not there any more, or does not read.
    #[error("{}: {detail}", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Writing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The folder of the user's curves.
#[derive(Debug, Clone)]
pub struct CurveFolder {
    root: PathBuf,
}

impl CurveFolder {
    /// A folder; it need not be there yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// All curves by id, in the order of their names, and a line for each file that does not read.
    pub fn read(&self) -> (Vec<(String, KeptCurve)>, Vec<String>) {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten().map(|e| e.path());
        let mut paths: Vec<PathBuf> =
            entries.filter(|p| p.extension().is_some_and(|e| e == "json")).take(MOST_FILES).collect();
        paths.sort();
        let (mut curves, mut wrong) = (Vec::new(), Vec::new());
        for path in paths {
            let id = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            match read_file(&path) {
                Ok(curve) => curves.push((id, curve)),
                Err(detail) => wrong.push(format!("{}: {detail}", path.display())),
            }
        }
        curves.sort_by_key(|(_, c)| c.name.to_lowercase());
        (curves, wrong)
    }

    /// Keeps a curve under its name, or that name with a number where there is one already; its id.
    ///
    /// # Errors
    /// The name does not serve or the folder cannot be written.
    pub fn save(&self, curve: &KeptCurve) -> Result<String, CurveError> {
        let stem = file_stem_of(&curve.name).ok_or(CurveError::NoName)?;
        let named = |n: usize| if n == 1 { stem.clone() } else { format!("{stem} {n}") };
        let free = |id: &String| !self.path(id).exists();
        let (number, id) =
            (1..=MOST_FILES).map(|n| (n, named(n))).find(|(_, id)| free(id)).ok_or(CurveError::NoName)?;
        let mut curve = curve.clone();
        if number > 1 {
            curve.name = format!("{} {number}", curve.name.trim());
        }
        self.write(&self.path(&id), &curve)?;
        Ok(id)
    }

    /// Gives a curve another name; its new id.
    ///
    /// # Errors
    /// The name does not serve or is taken, or the file cannot be read or written.
    pub fn rename(&self, id: &str, name: &str) -> Result<String, CurveError> {
        let old = self.path(id);
        let new_id = file_stem_of(name).ok_or(CurveError::NoName)?;
        let new = self.path(&new_id);
        if new != old && new.exists() {
            return Err(CurveError::Taken(name.trim().to_owned()));
        }
        let mut curve =
            read_file(&old).map_err(|detail| CurveError::Unreadable { path: old.clone(), detail })?;
        name.trim().clone_into(&mut curve.name);
        self.write(&old, &curve)?;
        if new != old {
            fs::rename(&old, &new).map_err(|e| StoreError::from_io(&new, e))?;
        }
        Ok(new_id)
    }

    /// Moves a curve aside; where it lies now.
    ///
    /// # Errors
    /// It is not there, or cannot be moved.
    pub fn remove(&self, id: &str) -> Result<PathBuf, CurveError> {
        let path = self.path(id);
        let aside = self.root.join(REMOVED);
        fs::create_dir_all(&aside).map_err(|e| StoreError::from_io(&aside, e))?;
        let name = |n: usize| if n == 0 { format!("{id}.json") } else { format!("{id} ({n}).json") };
        let free = (0..usize::MAX).map(|n| aside.join(name(n))).find(|p| !p.exists());
        let target = free.ok_or(CurveError::NoName)?;
        fs::rename(&path, &target).map_err(|e| StoreError::from_io(&path, e))?;
        Ok(target)
    }

    /// The file of an id; ids come from files of the folder or from [`file_stem_of`], and a strange one stays in the folder.
    fn path(&self, id: &str) -> PathBuf {
        let safe = file_stem_of(id).unwrap_or_else(|| "-".to_owned());
        self.root.join(format!("{safe}.json"))
    }

    fn write(&self, path: &Path, curve: &KeptCurve) -> Result<(), StoreError> {
        fs::create_dir_all(&self.root).map_err(|e| StoreError::from_io(&self.root, e))?;
        let bytes = serde_json::to_vec_pretty(curve)
            .map_err(|e| StoreError::Io { path: path.to_owned(), error: std::io::Error::other(e) })?;
        write_atomically(path, &bytes)
    }
}

fn read_file(path: &Path) -> Result<KeptCurve, String> {
    parse(&read_text(path, LARGEST_BYTES).map_err(|e| e.to_string())?)
}

fn parse(text: &str) -> Result<KeptCurve, String> {
    let curve: KeptCurve = serde_json::from_str(text).map_err(|e| format!("not a curve ({e})"))?;
    if curve.is_sound() { Ok(curve) } else { Err("not a curve (points missing or absurd)".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str, count: usize) -> KeptCurve {
        let mean_db = (0..181).map(|p| -60.0 - 0.1 * p as f32).collect();
        let (files, spread_db) = (vec!["a.wav".to_owned(); count], vec![1.5; 181]);
        KeptCurve { name: name.to_owned(), files, mean_db, spread_db }
    }

    #[test]
    fn curves_are_kept_listed_renamed_and_moved_aside() {
        let dir = tempfile::tempdir().unwrap();
        let folder = CurveFolder::new(dir.path().join("curves"));
        assert!(folder.read().0.is_empty());
        let id = folder.save(&kept("Late 70s", 3)).unwrap();
        assert_eq!(folder.save(&kept("Late 70s", 1)).unwrap(), "Late 70s 2");
        let (curves, wrong) = folder.read();
        assert!(wrong.is_empty());
        assert_eq!(
            curves.iter().map(|(id, c)| (id.as_str(), c.is_reference())).collect::<Vec<_>>(),
            [("Late 70s", false), ("Late 70s 2", true)]
        );
        assert_eq!(curves[0].1, kept("Late 70s", 3), "what comes back is what was kept");
        assert!(matches!(folder.rename(&id, "Late 70s 2"), Err(CurveError::Taken(_))));
        assert_eq!(folder.rename(&id, "Disco / Soul").unwrap(), "Disco - Soul");
        assert_eq!(folder.read().0[0].1.name, "Disco / Soul");
        assert!(folder.remove("Disco - Soul").unwrap().exists());
        assert_eq!(folder.read().0.len(), 1);
        assert!(folder.remove("gone").is_err() && folder.save(&kept("…", 1)).is_err());
        assert!(folder.path("../../x").starts_with(dir.path().join("curves")));
    }

    #[test]
    fn every_truncation_and_absurd_numbers_are_refused() {
        let text = serde_json::to_string(&kept("x", 2)).unwrap();
        assert!(parse(&text).is_ok());
        for end in (0..text.len()).filter(|e| text.is_char_boundary(*e)) {
            assert!(parse(&text[..end]).is_err(), "{end}");
        }
        assert!(parse(&text.replacen("-60.0", "1e9", 1)).is_err());
        assert!(parse(&text.replacen("-60.0,", "", 1)).is_err());
        assert!(parse(&text.replace("\"a.wav\",\"a.wav\"", "")).is_err());
    }
}
