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
    temp: TempDir,
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
        Ok(Self { temp, folder })
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

    /// The folder becomes `target`. What stood there is replaced only with `force`, and only by the whole set.
    ///
    /// # Errors
    /// Something stands there, or the move failed; then it still stands there.
    pub fn become_folder(self, target: &Path, force: bool) -> Result<(), DeliverDdpError> {
        sync_folder(&self.folder)?;
        let old = self.temp.path().join("old");
        let had_old = target.symlink_metadata().is_ok();
        if had_old {
            if !force {
                return Err(DeliverDdpError::Exists { path: target.to_owned() });
            }
            fs::rename(target, &old)?;
        }
        if let Err(why) = fs::rename(&self.folder, target) {
            if had_old {
                fs::rename(&old, target)?;
            }
            return Err(why.into());
        }
        Ok(sync_folder(&parent_of(target))?)
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
