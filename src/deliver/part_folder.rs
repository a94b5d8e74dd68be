//! Several files that appear together: a folder of their own, or files among a client's.
//!
//! Both are made in a folder `NAME.part` beside their place, flushed to the disk, and renamed. [`PartFolder`] gives the
//! whole folder its name in one step; one that is replaced steps aside first and goes when the new one stands.
//! [`FileSet`] puts files into a folder that may hold others: `NAME.part` becomes `NAME.part.ready`, from then on the set
//! counts as delivered; all files it replaces are taken away before the first new one gets its name, so that at no moment
//! old and new stand side by side, and other files are not touched. A program killed in between leaves some names
//! missing and the rest of the set in `NAME.part.ready`; the next export of that name completes the move (or, for a
//! folder, puts the old one back) before it does anything else.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::DeliverError;
use super::writer::{busy, create_folder, parent_of, part_path, sync_folder};

/// Marks a part folder as being written by a living program.
const LOCK_NAME: &str = ".lock";

/// Inside a ready set: what it replaces. Where it is missing, nothing may be replaced.
const ASIDE_NAME: &str = ".old";

/// A folder being filled; dropping it removes it.
#[derive(Debug)]
struct WorkFolder {
    path: PathBuf,
    lock: Option<File>,
    /// Its name may belong to another export already.
    is_given_up: bool,
}

impl WorkFolder {
    /// Makes the folder in which `target` comes into being, anew if a killed export left one.
    fn create(target: &Path) -> Result<Self, DeliverError> {
        create_folder(parent_of(target))?;
        let path = part_path(target);
        refuse_if_alive(&path, target)?;
        if path.symlink_metadata().is_ok() {
            fs::remove_dir_all(&path).map_err(|e| DeliverError::from_io(&path, e))?;
        }
        let in_context = |e: io::Error| DeliverError::from_io(target, e);
        fs::create_dir(&path).map_err(in_context)?;
        let mut folder = Self { path, lock: None, is_given_up: false };
        let lock = File::create(folder.path.join(LOCK_NAME)).map_err(in_context)?;
        // A file system without locks is written to all the same.
        if let Err(fs::TryLockError::WouldBlock) = lock.try_lock() {
            return Err(busy(target));
        }
        folder.lock = Some(lock);
        Ok(folder)
    }

    /// Gives the folder, flushed before, the name `target`. Its lock goes as late as can be: between that and the new
    /// name another export could take the folder for a dead one.
    fn rename_to(&mut self, target: &Path) -> io::Result<()> {
        self.is_given_up = true;
        self.lock = None;
        fs::remove_file(self.path.join(LOCK_NAME))?;
        fs::rename(&self.path, target)?;
        sync_folder(target)
    }

    /// Writes a small file into it.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        File::create_new(self.path.join(name))?.write_all(bytes)
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        self.lock = None;
        // After a commit the name is free for others; a failure leaves a `.part` folder, never a master.
        if !self.is_given_up {
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

/// Refuses if the program that fills the folder still lives.
fn refuse_if_alive(folder: &Path, target: &Path) -> Result<(), DeliverError> {
    match File::open(folder.join(LOCK_NAME)) {
        Ok(lock) if matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)) => Err(busy(target)),
        _ => Ok(()),
    }
}

fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_folder(folder)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The name a folder has while its replacement takes its place: one nobody else uses.
fn aside_path(target: &Path) -> PathBuf {
    with_ending(&part_path(target), ".old")
}

/// Mends what a replacement killed between its two renames left: the former folder gets its name back, or goes if the
/// new one stands.
fn restore_aside(target: &Path) -> io::Result<()> {
    let aside = aside_path(target);
    match (aside.symlink_metadata().is_ok(), target.symlink_metadata().is_ok()) {
        (false, _) => Ok(()),
        (true, false) => fs::rename(&aside, target),
        // What cannot be removed is in nobody's way.
        (true, true) => {
            drop(fs::remove_dir_all(&aside));
            Ok(())
        }
    }
}

/// A folder of files on its way to its name. Files are made inside [`PartFolder::path`]; [`PartFolder::commit`]
/// renames the whole; dropping it removes it.
#[derive(Debug)]
pub struct PartFolder {
    work: WorkFolder,
    target: PathBuf,
    force: bool,
}

impl PartFolder {
    /// Begins a folder that will be `target`. With `force` an existing folder is replaced at the end.
    ///
    /// # Errors
    /// [`DeliverError::AlreadyExists`], or what the system said.
    pub fn create(target: &Path, force: bool) -> Result<Self, DeliverError> {
        restore_aside(target).map_err(|e| DeliverError::from_io(target, e))?;
        if target.symlink_metadata().is_ok() && (!force || !target.is_dir()) {
            return Err(DeliverError::AlreadyExists { path: target.to_owned() });
        }
        Ok(Self { work: WorkFolder::create(target)?, target: target.to_owned(), force })
    }

    /// Where its files are made.
    pub fn path(&self) -> &Path {
        &self.work.path
    }

    /// The name it will have.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Writes a small file into it.
    ///
    /// # Errors
    /// What the system said, or the name is taken.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DeliverError> {
        self.work.write(name, bytes).map_err(|e| DeliverError::from_io(&self.target.join(name), e))
    }

    /// Flushes every file and folder inside and gives the folder its name.
    ///
    /// # Errors
    /// What the system said; the part folder is gone then and what stood under the name still stands.
    pub fn commit(mut self) -> Result<(), DeliverError> {
        self.try_commit().map_err(|e| DeliverError::from_io(&self.target, e))
    }

    fn try_commit(&mut self) -> io::Result<()> {
        sync_tree(&self.work.path)?;
        if self.target.symlink_metadata().is_ok() {
            if !self.force {
                return Err(ErrorKind::AlreadyExists.into());
            }
            self.replace()?;
        } else {
            self.work.rename_to(&self.target)?;
        }
        sync_folder(parent_of(&self.target))
    }

    /// Puts the old folder aside, the new in its place, and removes the old; on failure the old comes back.
    fn replace(&mut self) -> io::Result<()> {
        let aside = aside_path(&self.target);
        if aside.symlink_metadata().is_ok() {
            fs::remove_dir_all(&aside)?;
        }
        fs::rename(&self.target, &aside)?;
        if let Err(error) = self.work.rename_to(&self.target) {
            fs::rename(&aside, &self.target).map_err(|again| kept_aside(&aside, &again))?;
            return Err(error);
        }
        // The new folder stands; what cannot be removed of the old one is no failure of it.
        drop(fs::remove_dir_all(&aside));
        Ok(())
    }
}

fn kept_aside(aside: &Path, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("{why}; what stood there is kept as {}", aside.display()))
}

/// Files that get their names together in a folder that may hold others. They are made inside [`FileSet::path`];
/// dropping it removes them.
#[derive(Debug)]
pub struct FileSet {
    work: WorkFolder,
    /// The name of the set in its folder; nothing is ever called so, only the part folder after it.
    target: PathBuf,
    force: bool,
}

impl FileSet {
    /// Begins the files `names` in `folder`, which is made if missing. `name` tells this set from others there. With
    /// `force` files of those names are replaced at the end.
    ///
    /// # Errors
    /// [`DeliverError::AlreadyExists`], or what the system said.
    pub fn create(folder: &Path, name: &str, names: &[String], force: bool) -> Result<Self, DeliverError> {
        let target = folder.join(name);
        let ready = ready_path(&target);
        if ready.symlink_metadata().is_ok() {
            refuse_if_alive(&ready, &target)?;
            complete(&ready, folder, force).map_err(|e| DeliverError::from_io(&ready, e))?;
        }
        refuse_taken(folder, names, force)?;
        Ok(Self { work: WorkFolder::create(&target)?, target, force })
    }

    /// Where its files are made.
    pub fn path(&self) -> &Path {
        &self.work.path
    }

    /// Writes a small file into it.
    ///
    /// # Errors
    /// What the system said, or the name is taken.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DeliverError> {
        self.work.write(name, bytes).map_err(|e| DeliverError::from_io(&self.folder().join(name), e))
    }

    fn folder(&self) -> &Path {
        parent_of(&self.target)
    }

    /// Flushes every file made inside and gives them their names.
    ///
    /// # Errors
    /// [`DeliverError::AlreadyExists`] if a name was taken meanwhile, or what the system said. If that was in the middle
    /// of the move, the next export of this name completes it.
    pub fn commit(mut self) -> Result<(), DeliverError> {
        let (folder, target) = (self.folder().to_owned(), self.target.clone());
        let in_context = |e: io::Error| DeliverError::from_io(&target, e);
        let names = names_in(&self.work.path).map_err(in_context)?;
        refuse_taken(&folder, &names, self.force)?;
        self.make_ready().map_err(in_context)?;
        put_in_place(&ready_path(&target), &folder).map_err(in_context)
    }

    /// From here on the set is complete and only moves. The lock goes with it.
    fn make_ready(&mut self) -> io::Result<()> {
        if self.force {
            fs::create_dir(self.work.path.join(ASIDE_NAME))?;
        }
        sync_tree(&self.work.path)?;
        fs::rename(&self.work.path, ready_path(&self.target))?;
        self.work.is_given_up = true;
        sync_folder(self.folder())
    }
}

fn ready_path(target: &Path) -> PathBuf {
    with_ending(&part_path(target), ".ready")
}

/// Names of the files in a work folder, in order.
fn names_in(work: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(work)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != LOCK_NAME {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Refuses names that are taken: all of them without `force`, those of folders ever.
fn refuse_taken(folder: &Path, names: &[String], force: bool) -> Result<(), DeliverError> {
    let mut paths = names.iter().map(|name| folder.join(name));
    match paths.find(|p| p.symlink_metadata().is_ok_and(|m| !force || m.is_dir())) {
        Some(path) => Err(DeliverError::AlreadyExists { path }),
        None => Ok(()),
    }
}

/// From and to.
type Move = (PathBuf, PathBuf);

/// The moves that bring a ready set to its names: first everything it replaces steps aside, then it takes the places.
fn moves(ready: &Path, folder: &Path) -> io::Result<[Vec<Move>; 2]> {
    let names = names_in(ready)?;
    let aside = ready.join(ASIDE_NAME);
    let mut away = Vec::new();
    for name in &names {
        let Ok(there) = folder.join(name).symlink_metadata() else { continue };
        if there.is_dir() || !aside.is_dir() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        away.push((folder.join(name), aside.join(name)));
    }
    Ok([away, names.iter().map(|name| (ready.join(name), folder.join(name))).collect()])
}

/// Completes what a killed export left ready. A file that came into its way since then was put there by somebody:
/// without `force` it is not replaced.
fn complete(ready: &Path, folder: &Path, force: bool) -> io::Result<()> {
    let modified = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    let begun = modified(&ready.join(LOCK_NAME));
    let [away, _] = moves(ready, folder)?;
    let is_newer = |path: &Path| modified(path).zip(begun).is_some_and(|(file, begun)| file > begun);
    if !force && away.iter().any(|(from, _)| is_newer(from)) {
        return Err(ErrorKind::AlreadyExists.into());
    }
    put_in_place(ready, folder)
}

/// Makes the [`moves`], on the disk one stage after the other. Begun again after it was stopped at any point, it comes to
/// the same end. Where a file cannot step aside, those that did come back.
fn put_in_place(ready: &Path, folder: &Path) -> io::Result<()> {
    let [away, into] = moves(ready, folder)?;
    for (done, (from, to)) in away.iter().enumerate() {
        if let Err(error) = fs::rename(from, to) {
            for (from, to) in away[..done].iter().rev() {
                fs::rename(to, from).map_err(|again| kept_aside(to, &again))?;
            }
            return Err(error);
        }
    }
    sync_folder(folder)?;
    for (from, to) in into {
        fs::rename(from, to)?;
    }
    sync_folder(folder)?;
    // The set stands; what cannot be removed of the rest is no failure of it.
    drop(fs::remove_dir_all(ready));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_appears_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("deep/set");
        let folder = PartFolder::create(&target, false).unwrap();
        fs::write(folder.path().join("1.wav"), b"1").unwrap();
        assert!(!target.exists());
        assert!(PartFolder::create(&target, false).unwrap_err().to_string().contains("another export"));
        folder.commit().unwrap();
        assert_eq!(all_names(&target), ["1.wav"]);
        assert_eq!(all_names(&dir.path().join("deep")), ["set"]);
        assert!(matches!(PartFolder::create(&target, false), Err(DeliverError::AlreadyExists { .. })));

        let folder = PartFolder::create(&target, true).unwrap();
        fs::write(folder.path().join("2.wav"), b"2").unwrap();
        assert_eq!(all_names(&target), ["1.wav"]);
        folder.commit().unwrap();
        assert_eq!(all_names(&target), ["2.wav"]);
        drop(PartFolder::create(&target, true).unwrap());
        assert_eq!(all_names(&dir.path().join("deep")), ["set"]);
    }

    #[test]
    fn what_a_killed_export_left_is_cleared_away() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("set");
        fs::create_dir(part_path(&target)).unwrap();
        fs::write(part_path(&target).join("old.wav"), b"half").unwrap();
        PartFolder::create(&target, false).unwrap().commit().unwrap();
        assert!(all_names(&target).is_empty());
    }

    #[test]
    fn a_replacement_killed_between_its_renames_is_mended() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("set");
        fs::create_dir(aside_path(&target)).unwrap();
        fs::write(aside_path(&target).join("1.wav"), b"1").unwrap();
        assert!(matches!(PartFolder::create(&target, false), Err(DeliverError::AlreadyExists { .. })));
        assert_eq!(all_names(dir.path()), ["set"]);
        fs::create_dir(aside_path(&target)).unwrap();
        drop(PartFolder::create(&target, true).unwrap());
        assert_eq!(all_names(dir.path()), ["set"]);
        assert_eq!(all_names(&target), ["1.wav"]);
    }

    #[test]
    fn the_old_folder_comes_back_if_the_new_one_cannot_take_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("set");
        let first = PartFolder::create(&target, false).unwrap();
        first.write("1.wav", b"1").unwrap();
        first.commit().unwrap();
        let mut second = PartFolder::create(&target, true).unwrap();
        fs::remove_dir_all(second.path()).unwrap();
        assert!(second.replace().is_err());
        assert_eq!(all_names(dir.path()), ["set"]);
        assert_eq!(all_names(&target), ["1.wav"]);
    }

    /// A CD image `a.bin` with `a.cue`, both of one content.
    fn image(folder: &Path, text: &str, force: bool) -> Result<FileSet, DeliverError> {
        let names = ["a.bin".to_owned(), "a.cue".to_owned()];
        let set = FileSet::create(folder, "a.cue", &names, force)?;
        for name in &names {
            set.write(name, text.as_bytes())?;
        }
        Ok(set)
    }

    fn contents(folder: &Path) -> Vec<Option<String>> {
        ["a.bin", "a.cue"].map(|n| fs::read_to_string(folder.join(n)).ok()).into()
    }

    #[test]
    fn files_of_a_set_appear_together_and_touch_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine.txt"), "mine").unwrap();
        let set = image(dir.path(), "old", false).unwrap();
        assert_eq!(all_names(dir.path()), ["a.cue.part", "mine.txt"]);
        assert!(image(dir.path(), "x", false).unwrap_err().to_string().contains("another export"));
        set.commit().unwrap();
        assert_eq!(all_names(dir.path()), ["a.bin", "a.cue", "mine.txt"]);
        assert!(matches!(image(dir.path(), "new", false), Err(DeliverError::AlreadyExists { .. })));
        drop(image(dir.path(), "new", true).unwrap());
        assert_eq!(contents(dir.path()), [Some("old".to_owned()), Some("old".to_owned())]);
        image(dir.path(), "new", true).unwrap().commit().unwrap();
        assert_eq!(contents(dir.path()), [Some("new".to_owned()), Some("new".to_owned())]);
        assert_eq!(all_names(dir.path()), ["a.bin", "a.cue", "mine.txt"]);
    }

    #[test]
    fn a_name_taken_while_a_set_is_written_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let set = image(dir.path(), "new", false).unwrap();
        fs::write(dir.path().join("a.cue"), "mine").unwrap();
        assert!(matches!(set.commit(), Err(DeliverError::AlreadyExists { .. })));
        assert_eq!(contents(dir.path()), [None, Some("mine".to_owned())]);
        fs::remove_file(dir.path().join("a.cue")).unwrap();
        fs::create_dir(dir.path().join("a.bin")).unwrap();
        assert!(matches!(image(dir.path(), "new", true), Err(DeliverError::AlreadyExists { .. })));
    }

    /// Every state a program can be killed in between the moves.
    #[test]
    fn a_replacement_stopped_at_any_move_is_never_a_mix_and_is_completed() {
        for done in 0..=4 {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path();
            image(folder, "old", false).unwrap().commit().unwrap();
            let mut set = image(folder, "new", true).unwrap();
            set.make_ready().unwrap();
            let ready = ready_path(&set.target);
            drop(set);
            let moves = moves(&ready, folder).unwrap().concat();
            assert_eq!(moves.len(), 4);
            for (from, to) in moves.iter().take(done) {
                fs::rename(from, to).unwrap();
            }
            let mut texts: Vec<String> = contents(folder).into_iter().flatten().collect();
            texts.dedup();
            assert!(texts.len() <= 1, "after {done} moves: {texts:?}");
            // The next export finds the set whole, and says so where it may not replace it.
            assert!(matches!(image(folder, "x", false), Err(DeliverError::AlreadyExists { .. })));
            assert_eq!(contents(folder), [Some("new".to_owned()), Some("new".to_owned())], "{done}");
            assert_eq!(all_names(folder), ["a.bin", "a.cue"]);
        }
    }

    #[test]
    fn completing_a_set_takes_nothing_that_was_put_there_since() {
        let dir = tempfile::tempdir().unwrap();
        image(dir.path(), "old", false).unwrap().commit().unwrap();
        let mut set = image(dir.path(), "new", true).unwrap();
        set.make_ready().unwrap();
        let ready = ready_path(&set.target);
        drop(set);
        let begun = fs::metadata(ready.join(LOCK_NAME)).unwrap().modified().unwrap();
        let mine = dir.path().join("a.bin");
        fs::write(&mine, "mine").unwrap();
        let later = begun + std::time::Duration::from_secs(2);
        File::options().write(true).open(&mine).unwrap().set_modified(later).unwrap();
        let refused = image(dir.path(), "x", false).unwrap_err();
        assert!(matches!(&refused, DeliverError::AlreadyExists { path } if *path == ready), "{refused}");
        assert_eq!(contents(dir.path()), [Some("mine".to_owned()), Some("old".to_owned())]);
        drop(image(dir.path(), "x", true).unwrap());
        assert_eq!(contents(dir.path()), [Some("new".to_owned()), Some("new".to_owned())]);
    }

    #[test]
    fn an_export_that_ends_leaves_the_folder_of_the_next_one_alone() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("set");
        let mut first = PartFolder::create(&target, false).unwrap();
        first.try_commit().unwrap();
        let second = PartFolder::create(&target, true).unwrap();
        second.write("2.wav", b"2").unwrap();
        drop(first);
        second.commit().unwrap();
        assert_eq!(all_names(&target), ["2.wav"]);
        assert_eq!(all_names(dir.path()), ["set"]);
    }

    #[test]
    fn completing_a_set_that_may_replace_nothing_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut set = image(dir.path(), "new", false).unwrap();
        set.make_ready().unwrap();
        drop(set);
        fs::write(dir.path().join("a.cue"), "mine").unwrap();
        assert!(matches!(image(dir.path(), "x", true), Err(DeliverError::AlreadyExists { .. })));
        assert_eq!(contents(dir.path()), [None, Some("mine".to_owned())]);
    }
}
