//! What somebody dropped on us → audio files in running order: files, folders, zips.
//!
//! Folders are walked in natural order (`2 b` before `10 a`). Zips come from strangers: entries keep only the plain
//! parts of their names, sizes and counts are bounded while unpacking, and nothing that exists is written over. What is
//! left out is listed with its reason. What a file really is, `probe` says later.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Folders inside folders.
const MAX_DEPTH: usize = 16;
/// Files taken from all paths together.
const MAX_FILES: usize = 10_000;
/// Entries of one zip.
const MAX_ENTRIES: usize = 10_000;
/// Unpacked bytes of one zip: an album of 24-bit 192 kHz mixes with its alternates fits.
const MAX_UNPACKED_BYTES: u64 = 64 << 30;
/// Audio does not pack better than this; a bomb does.
const MAX_RATIO: u64 = 200;
/// Endings under which audio comes, wrong ones included: content is looked at later.
const AUDIO_ENDINGS: &[&str] = &[
    "wav", "wave", "bwf", "rf64", "bw64", "w64", "aif", "aiff", "aifc", "flac", "fla", "mp3", "mp2", "m4a",
    "mp4", "aac", "alac", "ogg", "oga", "opus", "dsf", "dff", "wv", "ape", "caf", "wma", "au", "snd",
];

/// One thing found, in running order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file that says it is audio.
    Audio {
        /// Where it is.
        path: PathBuf,
        /// It lies in a folder of alternate versions (`Alternate…`, `Alt…`).
        alternate: bool,
    },
    /// Something left out.
    Skipped {
        /// Where it is (for an entry of a zip: the zip and the name in it).
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Collects audio files from files, folders and zips, in the order given and in natural order inside. Zips are
/// unpacked into a folder of their own name inside `unpack_into`. Stops early, with what it has, when `cancel` is set.
pub fn collect(paths: &[PathBuf], unpack_into: &Path, cancel: &AtomicBool) -> Vec<Found> {
    let mut walk = Walk { unpack_into, cancel, found: Vec::new() };
    for path in paths {
        walk.take(path, 0, false);
    }
    walk.found
}

struct Walk<'a> {
    unpack_into: &'a Path,
    cancel: &'a AtomicBool,
    found: Vec<Found>,
}

impl Walk<'_> {
    fn take(&mut self, path: &Path, depth: usize, alternate: bool) {
        if self.cancel.load(Ordering::Relaxed) {
            return;
        }
        if self.found.len() >= MAX_FILES {
            return;
        }
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) => return self.skip(path, &error.to_string()),
        };
        if is_hidden(path) && depth > 0 {
            self.skip(path, "a hidden file");
        } else if meta.is_dir() {
            self.take_folder(path, depth, alternate || (depth > 0 && is_alternate(path)));
        } else if !meta.is_file() {
            self.skip(path, "not a plain file");
        } else if ending(path) == "zip" {
            self.take_zip(path, depth);
        } else if AUDIO_ENDINGS.contains(&ending(path).as_str()) {
            self.found.push(Found::Audio { path: path.to_path_buf(), alternate });
        } else if depth == 0 {
            // Named one by one, it is meant; its content decides.
            self.found.push(Found::Audio { path: path.to_path_buf(), alternate });
        } else {
            self.skip(path, "not an audio file");
        }
    }

    fn take_folder(&mut self, path: &Path, depth: usize, alternate: bool) {
        if depth >= MAX_DEPTH {
            return self.skip(path, "folders are nested too deep");
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.skip(path, &error.to_string()),
        };
        let mut children: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        children.sort_by(|a, b| {
            let name = |p: &Path| p.file_name().unwrap_or_default().to_string_lossy().into_owned();
            natord::compare_ignore_case(&name(a), &name(b)).then_with(|| a.cmp(b))
        });
        for child in children {
            // A link to a folder may lead in a circle.
            let link_to_folder = child.is_symlink() && child.is_dir();
            if link_to_folder {
                self.skip(&child, "a link to a folder");
            } else {
                self.take(&child, depth + 1, alternate);
            }
        }
    }

    fn take_zip(&mut self, path: &Path, depth: usize) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = free_folder(self.unpack_into, &clean_name(&name));
        match unpack(path, &folder, self.cancel, &mut self.found) {
            Ok(()) => self.take_folder(&folder, depth.max(1), false),
            Err(error) => self.skip(path, &format!("cannot be unpacked: {error}")),
        }
    }

    fn skip(&mut self, path: &Path, reason: &str) {
        self.found.push(Found::Skipped { path: path.to_path_buf(), reason: reason.to_owned() });
    }
}

fn ending(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Hidden files, and what macOS leaves in zips.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name == "__MACOSX"
}

fn is_alternate(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name == "alt" || name == "alts" || name.starts_with("alternate") || name.starts_with("alt ")
}

/// `folder/name`, or with a number behind where that exists.
fn free_folder(folder: &Path, name: &str) -> PathBuf {
    let plain = folder.join(name);
    let numbered = (2..10_000).map(|n| folder.join(format!("{name} {n}")));
    std::iter::once(plain.clone()).chain(numbered).find(|p| !p.exists()).unwrap_or(plain)
}

/// A name without separators, control characters and dots at its ends.
fn clean_name(name: &str) -> String {
    let clean: String =
        name.chars().map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c }).collect();
    let clean = clean.trim_matches(['.', ' ']).chars().take(120).collect::<String>();
    if clean.is_empty() { "Unnamed".to_owned() } else { clean }
}

/// Where an entry of a zip goes inside `folder`; `None` for names that lead out of it.
fn entry_path(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut out = folder.to_path_buf();
    let name = name.replace('\\', "/");
    for part in Path::new(&name).components() {
        match part {
            Component::Normal(part) => out.push(clean_name(&part.to_string_lossy())),
            Component::CurDir => (),
            _ => return None,
        }
    }
    Some(out).filter(|p| p != folder)
}

fn unpack(path: &Path, folder: &Path, cancel: &AtomicBool, found: &mut Vec<Found>) -> io::Result<()> {
    let file = File::open(path)?;
    let packed_bytes = file.metadata()?.len();
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(io::Error::other)?;
    if archive.len() > MAX_ENTRIES {
        return Err(io::Error::other(format!("{} entries; at most {MAX_ENTRIES} are taken", archive.len())));
    }
    fs::create_dir_all(folder)?;
    let mut budget = MAX_UNPACKED_BYTES.min(packed_bytes.saturating_mul(MAX_RATIO));
    for index in 0..archive.len() {
        if cancel.load(Ordering::Relaxed) {
            return Err(io::Error::other("cancelled"));
        }
        let mut skip = |name: &str, reason: String| {
            found.push(Found::Skipped { path: path.join(name), reason });
        };
        let mut entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(error) => {
                skip(&format!("entry {index}"), error.to_string());
                continue;
            }
        };
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let hidden = Path::new(&name).components().any(|c| is_hidden(Path::new(c.as_os_str())));
        let Some(target) = entry_path(folder, &name) else {
            skip(&name, "its name leads out of the folder".to_owned());
            continue;
        };
        if entry.is_dir() || hidden {
            continue;
        }
        if !AUDIO_ENDINGS.contains(&ending(&target).as_str()) {
            skip(&name, "not an audio file".to_owned());
            continue;
        }
        match write_entry(&mut entry, &target, budget, cancel) {
            Ok(bytes) => budget -= bytes,
            Err(error) => skip(&name, error.to_string()),
        }
    }
    Ok(())
}

/// Writes one entry beside its name and renames it; the sizes in the archive are not believed.
fn write_entry(entry: &mut impl Read, target: &Path, budget: u64, cancel: &AtomicBool) -> io::Result<u64> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut temp = tempfile::NamedTempFile::new_in(folder)?;
    let mut chunk = vec![0; 1 << 16];
    let mut total = 0u64;
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(io::Error::other("cancelled"));
        }
        let n = entry.read(&mut chunk)?;
        if n == 0 {
            break;
        }
        total += n as u64;
        if total > budget {
            return Err(io::Error::other("it unpacks to far more than it should; not taken"));
        }
        temp.write_all(&chunk[..n])?;
    }
    temp.persist_noclobber(target).map_err(|e| e.error)?;
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &[Found]) -> Vec<(String, bool)> {
        let audio = found.iter().filter_map(|f| match f {
            Found::Audio { path, alternate } => Some((path, *alternate)),
            Found::Skipped { .. } => None,
        });
        audio.map(|(p, a)| (p.file_name().unwrap().to_string_lossy().into_owned(), a)).collect()
    }

    #[test]
    fn folders_come_in_natural_order_with_alternates_marked_and_the_rest_named() {
        let dir = tempfile::tempdir().unwrap();
        let album = dir.path().join("Album");
        fs::create_dir_all(album.join("Alternates")).unwrap();
        for name in ["10 Z.wav", "2 B.wav", "1 a.flac", "notes.txt", ".DS_Store", "Alternates/2 B (inst).wav"]
        {
            fs::write(album.join(name), b"x").unwrap();
        }
        let found = collect(&[album], &dir.path().join("Audio"), &AtomicBool::new(false));
        let want = [("1 a.flac", false), ("2 B.wav", false), ("10 Z.wav", false), ("2 B (inst).wav", true)];
        assert_eq!(names(&found), want.map(|(n, a)| (n.to_owned(), a)));
        assert_eq!(found.len(), 6);
    }

    fn zip_of(path: &Path, entries: &[(&str, Vec<u8>)]) {
        let mut writer = zip::ZipWriter::new(File::create(path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        for (name, bytes) in entries {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
    }

    #[test]
    fn a_zip_is_unpacked_inside_its_folder_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mixes.zip");
        let noise: Vec<u8> = (0..2000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        zip_of(
            &path,
            &[
                ("Mixes/2.wav", noise.clone()),
                ("Mixes/1.wav", noise),
                ("../evil.wav", b"x".to_vec()),
                ("/abs.wav", b"x".to_vec()),
                ("Mixes/..\\..\\evil2.wav", b"x".to_vec()),
                ("read me.txt", b"x".to_vec()),
                ("__MACOSX/Mixes/._1.wav", b"x".to_vec()),
            ],
        );
        let audio = dir.path().join("Audio");
        let found = collect(std::slice::from_ref(&path), &audio, &AtomicBool::new(false));
        assert_eq!(names(&found), [("1.wav".to_owned(), false), ("2.wav".to_owned(), false)]);
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(!dir.path().join("evil.wav").exists() && !audio.join("evil.wav").exists());
        let again = collect(&[path], &audio, &AtomicBool::new(false));
        assert_eq!(names(&again).len(), 2);
        assert!(audio.join("mixes").exists() && audio.join("mixes 2").exists());
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bomb.zip");
        zip_of(&path, &[("big.wav", vec![0; 30 << 20])]);
        let found = collect(&[path], &dir.path().join("Audio"), &AtomicBool::new(false));
        assert!(names(&found).is_empty());
        assert!(
            matches!(&found[0], Found::Skipped { reason, .. } if reason.contains("far more")),
            "{found:?}"
        );
    }
}
