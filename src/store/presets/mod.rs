//! Preset files: those of the program and those of the user.
//!
//! The user's lie under one folder, chains in `chains/`, slots in a folder named after their kind; the name of a file is
//! the name of its preset as far as file systems allow. Each is written whole or not at all, nothing is overwritten
//! unasked, what is removed is moved into `removed/`, and a file that does not read costs one line.

mod factory;

use std::fs;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::safe_write::{folder_of, write_atomically};
use crate::model::{Preset, PresetFor, PresetShelf, Slot, SlotId};

pub use factory::{factory, find_factory};

/// The folder of chain presets.
const CHAINS: &str = "chains";

/// Where removed presets go.
const REMOVED: &str = "removed";

/// Largest file taken for a preset.
const LARGEST_BYTES: u64 = 1 << 20;

/// Most files looked at in one folder.
const MOST_FILES: usize = 2000;

/// Longest file name made from a preset's name, bytes; file systems take 255, and some is for the ending.
const LONGEST_NAME: usize = 160;

/// Why a preset could not be kept, renamed or removed.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// Nothing of the name can stand in a file name.
    #[error("a preset needs a name with letters or digits")]
    NoName,
    /// Another preset has the name.
    #[error("there is already a preset “{name}”; choose another name or replace it")]
    Taken {
        /// The name.
        name: String,
    },
    /// Nothing to keep.
    #[error("there is nothing to keep: the chain is empty")]
    Empty,
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

/// What the presets in a folder of this name are for.
fn what_of(folder: &str) -> PresetFor {
    if folder == CHAINS { PresetFor::Chain } else { PresetFor::Slot(folder.to_owned()) }
}

/// Reads the text of a preset file.
///
/// # Errors
/// What is wrong, in one line.
fn parse(text: &str, what: &PresetFor) -> Result<Preset, String> {
    let preset: Preset = serde_json::from_str(text).map_err(|e| format!("not a preset ({e})"))?;
    if what.fits(&preset.chain.slots) {
        return Ok(preset);
    }
    Err(match what {
        PresetFor::Chain => "not a chain preset; it has no slots".to_owned(),
        PresetFor::Slot(kind) => format!("not a preset of one “{kind}”"),
    })
}

/// A name as a file name: what file systems do not allow becomes a hyphen. `None` where no letter or digit is left.
pub fn file_stem_of(name: &str) -> Option<String> {
    let allowed = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
    let safe: String = name.trim().chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let mut stem = safe.trim_start_matches(['.', ' ']).to_owned();
    stem.truncate(stem.floor_char_boundary(LONGEST_NAME));
    stem.truncate(stem.trim_end_matches(['.', ' ']).len());
    if !stem.chars().any(char::is_alphanumeric) {
        return None;
    }
    // Names of devices on Windows, with or without an ending.
    let first = stem.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = first.len() == 4 && first.ends_with(|c: char| c.is_ascii_digit());
    let device = ["CON", "PRN", "AUX", "NUL"].contains(&first.as_str())
        || (numbered && (first.starts_with("COM") || first.starts_with("LPT")));
    Some(if device {
        stem.replacen(&stem[..first.len()], &format!("{}-", &stem[..first.len()]), 1)
    } else {
        stem
    })
}

/// The user's presets on disk.
#[derive(Debug, Clone)]
pub struct PresetFolder {
    root: PathBuf,
}

impl PresetFolder {
    /// Under this folder, which need not exist yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The presets there, by name, and a line for each file that does not read.
    pub fn read(&self) -> (PresetShelf, Vec<String>) {
        let (mut shelf, mut wrong) = (PresetShelf::default(), Vec::new());
        for folder in sorted_entries(&self.root) {
            let name = file_name(&folder);
            if !folder.is_dir() || name == REMOVED || name.starts_with('.') {
                continue;
            }
            let what = what_of(&name);
            for path in sorted_entries(&folder) {
                if path.extension().is_none_or(|e| e != "json") || file_name(&path).starts_with('.') {
                    continue;
                }
                let id = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
                match read_file(&path, &what) {
                    Ok(preset) => shelf.push(what.clone(), id, preset),
                    Err(detail) => wrong.push(format!("{}: {detail}", path.display())),
                }
            }
        }
        (shelf, wrong)
    }

    /// Keeps slots as a preset. Over one of the same name only where `overwrite` says so; its text and foreign fields
    /// stay. The id it has from now on.
    ///
    /// # Errors
    /// [`PresetError`]; what was there is untouched.
    pub fn save(
        &self,
        what: &PresetFor,
        name: &str,
        slots: &[Slot],
        overwrite: bool,
    ) -> Result<String, PresetError> {
        if slots.is_empty() {
            return Err(PresetError::Empty);
        }
        let id = file_stem_of(name).ok_or(PresetError::NoName)?;
        let path = self.path(what, &id);
        if path.exists() && !overwrite {
            return Err(PresetError::Taken { name: name.trim().to_owned() });
        }
        let mut preset = read_file(&path, what).unwrap_or_default();
        name.trim().clone_into(&mut preset.name);
        preset.chain.slots = slots.to_vec();
        preset.chain.slots.iter_mut().for_each(|slot| slot.id = SlotId::default());
        write(&path, &preset)?;
        Ok(id)
    }

    /// Gives a preset another name. The id it has from now on.
    ///
    /// # Errors
    /// [`PresetError`]; it keeps its old name.
    pub fn rename(&self, what: &PresetFor, id: &str, name: &str) -> Result<String, PresetError> {
        let old = self.path(what, id);
        let new_id = file_stem_of(name).ok_or(PresetError::NoName)?;
        let new = self.path(what, &new_id);
        let moves = new != old;
        if moves && new.exists() && !is_same_file(&old, &new) {
            return Err(PresetError::Taken { name: name.trim().to_owned() });
        }
        let mut preset =
            read_file(&old, what).map_err(|detail| PresetError::Unreadable { path: old.clone(), detail })?;
        name.trim().clone_into(&mut preset.name);
        write(&old, &preset)?;
        if moves {
            fs::rename(&old, &new).map_err(|e| StoreError::from_io(&new, e))?;
        }
        Ok(new_id)
    }

    /// Takes a preset away: its file is moved aside. Where it lies now.
    ///
    /// # Errors
    /// [`PresetError`]; it stays.
    pub fn remove(&self, what: &PresetFor, id: &str) -> Result<PathBuf, PresetError> {
        let path = self.path(what, id);
        let aside = self.root.join(REMOVED).join(folder_name(what));
        fs::create_dir_all(&aside).map_err(|e| StoreError::from_io(&aside, e))?;
        let free = |n: u32| {
            let name = if n == 0 { format!("{id}.json") } else { format!("{id} ({n}).json") };
            Some(aside.join(name)).filter(|p| !p.exists())
        };
        let target = (0..u32::MAX).find_map(free).ok_or(PresetError::NoName)?;
        fs::rename(&path, &target).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                PresetError::Unreadable { path: path.clone(), detail: "it is not there any more".to_owned() }
            }
            _ => PresetError::Store(StoreError::from_io(&path, e)),
        })?;
        Ok(target)
    }

    fn path(&self, what: &PresetFor, id: &str) -> PathBuf {
        // An id is a file name as it lies there; what could lead elsewhere is made one.
        let is_plain = !id.is_empty() && !id.starts_with('.') && !id.contains(['/', '\\', '\0']);
        let id =
            if is_plain { id.to_owned() } else { file_stem_of(id).unwrap_or_else(|| "unnamed".to_owned()) };
        self.root.join(folder_name(what)).join(format!("{id}.json"))
    }
}

/// The folder for presets of a sort.
fn folder_name(what: &PresetFor) -> String {
    match what {
        PresetFor::Chain => CHAINS.to_owned(),
        PresetFor::Slot(kind) => file_stem_of(kind).unwrap_or_else(|| "unnamed".to_owned()),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What lies in a folder, by name without regard to capitals; nothing where there is no such folder.
fn sorted_entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_FILES);
    let mut paths: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    paths.sort_by_key(|p| (file_name(p).to_lowercase(), p.clone()));
    paths
}

fn read_file(path: &Path, what: &PresetFor) -> Result<Preset, String> {
    let size = fs::metadata(path).map_err(|e| format!("cannot be read ({e})"))?.len();
    if size > LARGEST_BYTES {
        return Err(format!("{} kB is no preset", size >> 10));
    }
    let text = fs::read_to_string(path).map_err(|e| format!("cannot be read ({e})"))?;
    let mut preset = parse(&text, what)?;
    if preset.name.trim().is_empty() {
        preset.name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    }
    Ok(preset)
}

fn write(path: &Path, preset: &Preset) -> Result<(), StoreError> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(|e| StoreError::from_io(folder, e))?;
    let mut bytes = serde_json::to_vec_pretty(preset)
        .map_err(|e| StoreError::Io { path: path.to_owned(), error: std::io::Error::other(e) })?;
    bytes.push(b'\n');
    write_atomically(path, &bytes)
}

/// Whether two names are one file, as on disks that know no capitals.
fn is_same_file(a: &Path, b: &Path) -> bool {
    fs::canonicalize(a).ok().zip(fs::canonicalize(b).ok()).is_some_and(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ParamValue;

    fn gain(db: f64) -> Slot {
        let mut slot = Slot::new(SlotId(7), "gain");
        slot.params.insert("gain_db".into(), ParamValue::Number(db));
        slot
    }

    fn what() -> PresetFor {
        PresetFor::Slot("gain".into())
    }

    #[test]
    fn names_become_file_names_that_every_system_takes() {
        for (name, stem) in [
            ("Drums & Bass", Some("Drums & Bass")),
            ("  a/b\\c:d ", Some("a-b-c-d")),
            ("../../etc/passwd", Some("-..-etc-passwd")),
            ("...", None),
            ("", None),
            ("?*", None),
            ("NUL", Some("NUL-")),
            ("com1.x", Some("com1-.x")),
            ("com1-.x", Some("com1-.x")),
            ("Größe 2.", Some("Größe 2")),
            ("line\nbreak", Some("line-break")),
        ] {
            assert_eq!(file_stem_of(name).as_deref(), stem, "{name:?}");
        }
        assert_eq!(file_stem_of(&"x".repeat(500)).unwrap().len(), LONGEST_NAME);
    }

    #[test]
    fn a_preset_is_kept_found_renamed_and_moved_aside() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PresetFolder::new(dir.path().join("presets"));
        let id = folder.save(&what(), "Loud: +3", &[gain(3.0)], false).unwrap();
        assert_eq!(id, "Loud- +3");
        let (shelf, wrong) = folder.read();
        assert!(wrong.is_empty());
        let preset = shelf.get(&what(), &id).unwrap();
        assert_eq!(preset.name, "Loud: +3");
        assert_eq!(preset.slot().unwrap().params["gain_db"], ParamValue::Number(3.0));
        assert_eq!(preset.slot().unwrap().id, SlotId(0));
        let id = folder.rename(&what(), &id, "Quiet").unwrap();
        let (shelf, _) = folder.read();
        assert_eq!(shelf.of(&what()).len(), 1);
        assert_eq!(shelf.get(&what(), &id).unwrap().name, "Quiet");
        let aside = folder.remove(&what(), &id).unwrap();
        assert!(aside.exists() && aside.starts_with(dir.path().join("presets/removed/gain")));
        folder.save(&what(), "Quiet", &[gain(1.0)], false).unwrap();
        assert_ne!(folder.remove(&what(), &id).unwrap(), aside);
        assert!(folder.read().0.of(&what()).is_empty());
        assert!(folder.remove(&what(), &id).is_err());
    }

    #[test]
    fn nothing_is_overwritten_unasked_and_foreign_fields_stay() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PresetFolder::new(dir.path().to_owned());
        folder.save(&what(), "One", &[gain(1.0)], false).unwrap();
        let path = dir.path().join("gain/One.json");
        let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        json["rating"] = 5.into();
        json["about"] = "mine".into();
        fs::write(&path, json.to_string()).unwrap();
        let taken = folder.save(&what(), "One", &[gain(2.0)], false).unwrap_err();
        assert!(matches!(taken, PresetError::Taken { .. }), "{taken}");
        folder.save(&what(), "One", &[gain(2.0)], true).unwrap();
        folder.save(&what(), "Two", &[gain(2.0)], false).unwrap();
        assert!(matches!(folder.rename(&what(), "Two", "One"), Err(PresetError::Taken { .. })));
        folder.rename(&what(), "One", "Three").unwrap();
        let text = fs::read_to_string(dir.path().join("gain/Three.json")).unwrap();
        assert!(text.contains("\"rating\": 5") && text.contains("\"about\": \"mine\""), "{text}");
        assert!(text.contains("\"gain_db\": 2.0") && !text.contains("\"id\""), "{text}");
    }

    #[test]
    fn broken_files_are_a_line_each_and_every_truncation_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = PresetFolder::new(dir.path().to_owned());
        folder.save(&PresetFor::Chain, "Good", &[gain(1.0), gain(2.0)], false).unwrap();
        let bytes = fs::read(dir.path().join("chains/Good.json")).unwrap();
        let bad = dir.path().join("chains/Bad.json");
        for cut in 0..bytes.trim_ascii_end().len() {
            fs::write(&bad, &bytes[..cut]).unwrap();
            let (shelf, wrong) = folder.read();
            assert_eq!((shelf.of(&PresetFor::Chain).len(), wrong.len()), (1, 1));
            assert!(wrong[0].contains("Bad.json") && wrong[0].lines().count() == 1, "{wrong:?}");
        }
        fs::write(&bad, r#"{"name":"x"}"#).unwrap();
        fs::create_dir(dir.path().join("gain")).unwrap();
        fs::write(dir.path().join("gain/Wrong.json"), r#"{"slots":[{"kind":"eq"}]}"#).unwrap();
        fs::write(dir.path().join("gain/notes.txt"), "mine").unwrap();
        assert_eq!(folder.read().1.len(), 2);
    }
}
