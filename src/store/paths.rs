//! Source paths: absolute in memory, relative to the session file on disk where that makes sense.

use std::path::{Component, Path, PathBuf};

/// Removes `.` and resolves `..` by name, without asking the disk.
fn normalised(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    out.push("..");
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// An absolute path for one read from a session in `folder`.
pub fn absolute_from_stored(stored: &str, folder: &Path) -> PathBuf {
    let native = if std::path::MAIN_SEPARATOR == '/' { stored.to_owned() } else { stored.replace('/', "\\") };
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    normalised(&folder.join(native))
}

/// How far up a relative path may climb before the absolute one is the better name.
const MOST_STEPS_UP: usize = 3;

/// The path to store for a source, seen from a session in `folder`: relative with `/`, or absolute.
pub fn stored_from_absolute(path: &Path, folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let (path, folder) = (normalised(path), normalised(&folder));
    let common = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().count() - common;
    // The root alone is nothing in common.
    if common < 2 || up > MOST_STEPS_UP {
        return path.to_string_lossy().replace('\\', if cfg!(windows) { "/" } else { "\\" });
    }
    let steps = std::iter::repeat_n("..".to_owned(), up);
    let rest = path.components().skip(common).map(|c| c.as_os_str().to_string_lossy().into_owned());
    steps.chain(rest).collect::<Vec<_>>().join("/")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn sources_near_the_session_are_relative_and_come_back() {
        let folder = Path::new("/home/a/album");
        for (path, stored) in [
            ("/home/a/album/mixes/01.wav", "mixes/01.wav"),
            ("/home/a/mixes/01.wav", "../mixes/01.wav"),
            ("/media/disk/01.wav", "/media/disk/01.wav"),
        ] {
            assert_eq!(stored_from_absolute(Path::new(path), folder), stored);
            assert_eq!(absolute_from_stored(stored, folder), Path::new(path));
        }
    }

    #[test]
    fn dots_are_resolved_by_name() {
        assert_eq!(absolute_from_stored("./x/../y.wav", Path::new("/a/b")), Path::new("/a/b/y.wav"));
    }
}
