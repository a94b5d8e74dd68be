//! A hidden folder beside the target in which a set is made, so that it appears whole under its name or not at all.
//!
//! Dropped before the move (cancelled, failed), it takes everything with it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::DeliverDdpError;

/// The set being made.
pub struct Staging {
    /// Held for its end: what is left in it goes with it.
    _temp: TempDir,
    folder: PathBuf,
}

impl Staging {
    /// A staging folder beside `target`, on the same file system. The folder `target` lies in is made if missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn beside(target: &Path) -> Result<Self, DeliverDdpError> {
        let parent = parent_of(target);
        fs::create_dir_all(&parent)?;
        let name = target.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let temp =
            tempfile::Builder::new().prefix(&format!(".{name}.")).suffix(".part").tempdir_in(&parent)?;
        // The temporary folder is private; the one inside gets the rights folders usually get.
        let folder = temp.path().join("set");
        fs::create_dir(&folder)?;
        Ok(Self { _temp: temp, folder })
    }

    /// Where files are written meanwhile.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a small file and flushes it to disk.
    ///
    /// # Errors
    /// Writing failed, or the name is taken.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DeliverDdpError> {
        let mut file = File::create_new(self.folder.join(name))?;
        file.write_all(bytes)?;
        Ok(file.sync_all()?)
    }

    /// The folder becomes `target`. A set that stood there is replaced only with `force`: it steps aside to a name of
    /// its own (`NAME.old`) until the new one stands, and comes back if that fails.
    ///
    /// # Errors
    /// Something stands there that may not be replaced, or the move failed; then it still stands there, or beside.
    pub fn become_folder(self, target: &Path, force: bool) -> Result<(), DeliverDdpError> {
        sync_folder(&self.folder)?;
        let old = if target.symlink_metadata().is_ok() {
            check_replaceable(target, force)?;
            let aside = free_name_beside(target);
            fs::rename(target, &aside)?;
            Some(aside)
        } else {
            None
        };
        if let Err(why) = fs::rename(&self.folder, target) {
            if let Some(old) = &old {
                fs::rename(old, target).map_err(|again| left_aside(old, &again))?;
            }
            return Err(why.into());
        }
        sync_folder(&parent_of(target))?;
        if let Some(old) = old {
            // The new set stands and is whole; what cannot be removed of the old one stays in sight under its new name.
            drop(fs::remove_dir_all(old));
        }
        Ok(())
    }

    /// Moves the named files into `folder`, in order. Files of that name are replaced only with `force`.
    ///
    /// # Errors
    /// A file of that name stands there, or a move failed.
    pub fn move_files(
        self,
        names: &[String],
        folder: &Path,
        force: bool,
    ) -> Result<Vec<PathBuf>, DeliverDdpError> {
        let targets: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        let taken = targets.iter().find(|path| !force && path.symlink_metadata().is_ok());
        if let Some(path) = taken {
            return Err(DeliverDdpError::Exists { path: path.clone() });
        }
        for (name, target) in names.iter().zip(&targets) {
            fs::rename(self.folder.join(name), target)?;
        }
        sync_folder(folder)?;
        Ok(targets)
    }
}

/// Whether what stands under the target's name may be replaced: asked for, and a DDP set or an empty folder. A folder of
/// anything else is never taken away.
///
/// # Errors
/// It may not.
pub fn check_replaceable(target: &Path, force: bool) -> Result<(), DeliverDdpError> {
    let is_folder = target.symlink_metadata().is_ok_and(|m| m.is_dir());
    let is_set = is_folder && target.join(super::DDPID_NAME).is_file();
    let is_empty = is_folder && fs::read_dir(target)?.next().is_none();
    if force && (is_set || is_empty) {
        Ok(())
    } else if force {
        Err(DeliverDdpError::Disc(format!("{} is no DDP set and is not replaced", target.display())))
    } else {
        Err(DeliverDdpError::Exists { path: target.to_owned() })
    }
}

/// `NAME.old`, `NAME.old2` …: the first that is free.
fn free_name_beside(target: &Path) -> PathBuf {
    let named = |n: u32| {
        let mut name = target.as_os_str().to_owned();
        name.push(if n == 1 { ".old".to_owned() } else { format!(".old{n}") });
        PathBuf::from(name)
    };
    (1..u32::MAX).map(named).find(|p| p.symlink_metadata().is_err()).unwrap_or_else(|| named(u32::MAX))
}

fn left_aside(old: &Path, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("{why}; the set that stood there is kept as {}", old.display()))
}

fn parent_of(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes names that were just given last through a power cut, where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_of(staging: &Staging, text: &str) {
        staging.write(super::super::DDPID_NAME, text.as_bytes()).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_forced_set_takes_the_place_of_the_old_one_and_leaves_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("set");
        for text in ["first", "second"] {
            let staging = Staging::beside(&target).unwrap();
            set_of(&staging, text);
            staging.become_folder(&target, true).unwrap();
            assert_eq!(fs::read_to_string(target.join("DDPID")).unwrap(), text);
            assert_eq!(names(temp.path()), ["set"]);
        }
    }

    #[test]
    fn the_old_set_comes_back_if_the_new_one_cannot_take_its_place() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("set");
        let staging = Staging::beside(&target).unwrap();
        set_of(&staging, "first");
        staging.become_folder(&target, false).unwrap();
        let old = temp.path().join("set.old");
        fs::create_dir(&old).unwrap();
        fs::write(old.join("mine"), "kept").unwrap();
        let mut staging = Staging::beside(&target).unwrap();
        // A folder that cannot be moved: into itself.
        staging.folder = temp.path().to_owned();
        assert!(staging.become_folder(&target, true).is_err());
        assert_eq!(fs::read_to_string(target.join("DDPID")).unwrap(), "first");
        assert_eq!(fs::read_to_string(old.join("mine")).unwrap(), "kept");
        assert_eq!(names(temp.path()), ["set", "set.old"]);
    }

    #[test]
    fn a_folder_that_is_no_set_is_never_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("photos");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("cat.jpg"), "cat").unwrap();
        let staging = Staging::beside(&target).unwrap();
        set_of(&staging, "new");
        assert!(matches!(staging.become_folder(&target, true), Err(DeliverDdpError::Disc(_))));
        assert_eq!(names(&target), ["cat.jpg"]);
    }
}
