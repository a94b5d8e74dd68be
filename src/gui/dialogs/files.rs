//! Choosing files: through the system's portal where there is one, else in a dialog of our own.
//!
//! The portal waits on a thread of its own and answers through a bounded channel, so that nothing stops meanwhile.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use egui::{RichText, ScrollArea, Ui};

use super::{Next, foot, title};
use crate::gui::theme::theme;
use crate::gui::widgets::text::select_all;
use crate::gui::widgets::text_button;

/// Endings of files that can be mixes.
const AUDIO_ENDINGS: [&str; 14] =
    ["wav", "wave", "bwf", "rf64", "aif", "aiff", "aifc", "flac", "m4a", "mp4", "mp3", "ogg", "oga", "zip"];
/// A portal that gives up sooner than a hand can cancel is not there.
const NO_HAND_SO_QUICK: Duration = Duration::from_millis(400);
/// Most entries of a folder shown.
const MOST_ENTRIES: usize = 2000;

/// What is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A session file to open.
    OpenSession,
    /// A name to save a session under.
    SaveSession,
    /// One audio file.
    OpenAudio,
    /// Several audio files.
    Audio,
    /// Audio files, zips or a folder of them.
    Import,
    /// A folder to write into.
    Folder,
}

/// A wish for files.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRequest {
    /// What.
    pub kind: FileKind,
    /// Title of the dialog.
    pub title: String,
    /// Name proposed for saving.
    pub file_name: String,
    /// Where to begin.
    pub folder: Option<PathBuf>,
}

impl FileRequest {
    /// A wish without a proposal.
    pub fn new(kind: FileKind, title: &str) -> Self {
        Self { kind, title: title.to_owned(), file_name: String::new(), folder: None }
    }

    fn many(&self) -> bool {
        matches!(self.kind, FileKind::Import | FileKind::Audio)
    }
}

/// What came of a wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Not yet.
    Waiting,
    /// These.
    Chosen(Vec<PathBuf>),
    /// None.
    Cancelled,
    /// There is no such dialog here after all.
    Unavailable,
}

/// A way of choosing files outside the window; tests bring their own.
pub trait FileChooser {
    /// Begins; `false` if there is none, and the window asks itself.
    fn ask(&mut self, request: &FileRequest) -> bool;
    /// The answer to the last wish.
    fn poll(&mut self) -> Answer;
}

/// No chooser: the window asks itself.
#[derive(Debug, Default)]
pub struct NoChooser;

impl FileChooser for NoChooser {
    fn ask(&mut self, _request: &FileRequest) -> bool {
        false
    }

    fn poll(&mut self) -> Answer {
        Answer::Unavailable
    }
}

/// The desktop's file dialog (XDG portal on Linux).
#[derive(Debug, Default)]
pub struct PortalChooser {
    answer: Option<(Receiver<Option<Vec<PathBuf>>>, Instant)>,
    absent: bool,
}

impl PortalChooser {
    fn present(&self) -> bool {
        let bus = || {
            std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
                || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|dir| Path::new(&dir).join("bus").exists())
        };
        !self.absent && (!cfg!(target_os = "linux") || bus())
    }
}

impl FileChooser for PortalChooser {
    fn ask(&mut self, request: &FileRequest) -> bool {
        if !self.present() {
            return false;
        }
        let (send, receive) = sync_channel(1);
        let request = request.clone();
        let thread = std::thread::Builder::new().name("file dialog".to_owned()).spawn(move || {
            // The window may be gone by then.
            drop(send.send(portal(&request)));
        });
        self.answer = Some((receive, Instant::now()));
        thread.is_ok()
    }

    fn poll(&mut self) -> Answer {
        let Some((receive, asked)) = &self.answer else { return Answer::Unavailable };
        let answer = match receive.try_recv() {
            Err(TryRecvError::Empty) => return Answer::Waiting,
            Ok(Some(paths)) => Answer::Chosen(paths),
            Ok(None) if asked.elapsed() > NO_HAND_SO_QUICK => Answer::Cancelled,
            Ok(None) | Err(TryRecvError::Disconnected) => {
                self.absent = true;
                Answer::Unavailable
            }
        };
        self.answer = None;
        answer
    }
}

fn portal(request: &FileRequest) -> Option<Vec<PathBuf>> {
    let mut dialog = rfd::FileDialog::new().set_title(&request.title);
    if let Some(folder) = &request.folder {
        dialog = dialog.set_directory(folder);
    }
    match request.kind {
        FileKind::OpenSession => {
            dialog.add_filter("Sessions", &["glassmaster", "json"]).pick_file().map(|p| vec![p])
        }
        FileKind::SaveSession => dialog.set_file_name(&request.file_name).save_file().map(|p| vec![p]),
        FileKind::OpenAudio => dialog.add_filter("Audio", &AUDIO_ENDINGS).pick_file().map(|p| vec![p]),
        FileKind::Audio => dialog.add_filter("Audio", &AUDIO_ENDINGS).pick_files(),
        FileKind::Import => dialog.add_filter("Audio and zips", &AUDIO_ENDINGS).pick_files(),
        FileKind::Folder => dialog.pick_folder().map(|p| vec![p]),
    }
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// Folders first.
    is_file: bool,
    name: String,
}

/// Our own dialog: a path to type and the folder's entries to click.
#[derive(Debug)]
pub struct PathDialog {
    request: FileRequest,
    folder: PathBuf,
    entries: Result<Vec<Entry>, String>,
    text: String,
    chosen: Vec<String>,
    /// The path is to have the focus, all of it selected.
    focus: bool,
    /// Something was typed, entered or chosen: until then Enter takes nothing.
    touched: bool,
}

impl PathDialog {
    /// Opens at the place proposed, or the home folder.
    pub fn new(request: FileRequest) -> Self {
        let home = directories::UserDirs::new().map(|d| d.home_dir().to_path_buf());
        let folder = request.folder.clone().or(home).unwrap_or_else(|| PathBuf::from("/"));
        let mut dialog = Self {
            request,
            folder: PathBuf::new(),
            entries: Ok(Vec::new()),
            text: String::new(),
            chosen: Vec::new(),
            focus: true,
            touched: false,
        };
        dialog.go(folder);
        dialog
    }

    fn go(&mut self, folder: PathBuf) {
        self.entries = list(&folder, self.request.kind);
        self.text = folder.join(&self.request.file_name).display().to_string();
        self.folder = folder;
        self.chosen.clear();
    }

    /// What would be taken: the entries chosen, else what is typed.
    fn result(&self) -> Vec<PathBuf> {
        if self.chosen.is_empty() {
            vec![PathBuf::from(self.text.trim())]
        } else {
            self.chosen.iter().map(|name| self.folder.join(name)).collect()
        }
    }

    /// Why what would be taken cannot be.
    fn refusal(&self) -> Option<&'static str> {
        let paths = self.result();
        let path = paths.first()?;
        match self.request.kind {
            FileKind::Audio if paths.iter().any(|p| !p.is_file()) => Some("There is no such file"),
            FileKind::Import if paths.iter().any(|p| !p.exists()) => Some("There is no such file or folder"),
            FileKind::OpenSession | FileKind::OpenAudio if !path.is_file() => Some("There is no such file"),
            FileKind::SaveSession if path.is_dir() || path.file_name().is_none() => {
                Some("A name for the file is missing")
            }
            FileKind::Folder if path.is_file() => Some("That is a file"),
            _ => None,
        }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui) -> Next {
        let t = theme();
        ui.set_width(560.0);
        title(ui, &self.request.title);
        let mut next = Next::Stay;
        ui.horizontal(|ui| {
            let parent = self.folder.parent().map(Path::to_path_buf);
            if ui.add_enabled(parent.is_some(), egui::Button::new("Up")).clicked()
                && let Some(parent) = parent
            {
                self.go(parent);
            }
            let edit = egui::TextEdit::singleline(&mut self.text).desired_width(f32::INFINITY);
            let response = ui.add(edit).accessible_name("Path");
            if response.changed() {
                self.chosen.clear();
                self.touched = true;
            }
            if std::mem::take(&mut self.focus) {
                response.request_focus();
                select_all(ui, response.id, &self.text);
            }
            if response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
                next = self.enter();
            }
        });
        ui.add_space(4.0);
        if let Some(entered) = self.entries_ui(ui) {
            self.touched = true;
            self.go(entered);
        }
        let refusal = self.refusal();
        ui.label(RichText::new(refusal.unwrap_or(" ")).size(t.small).color(t.text_weak));
        foot(ui, |ui| {
            let word = match self.request.kind {
                FileKind::OpenSession => "Open",
                FileKind::SaveSession => "Save here",
                FileKind::OpenAudio => "Use this file",
                FileKind::Audio => "Use these files",
                FileKind::Import => "Import",
                FileKind::Folder => "Use this folder",
            };
            ui.add_enabled_ui(refusal.is_none(), |ui| {
                if text_button(ui, word, Some(t.master)).clicked() {
                    next = Next::Chosen(self.result());
                }
            });
            if ui.button("Cancel").clicked() {
                next = Next::Close;
            }
        });
        next
    }

    /// Enter in the path: into a folder, or done.
    fn enter(&mut self) -> Next {
        let path = PathBuf::from(self.text.trim());
        if path.is_dir() && self.request.kind != FileKind::Folder && path != self.folder {
            self.go(path);
            self.focus = true;
            return Next::Stay;
        }
        // What the dialog proposed when it opened is a name to save under, but no folder to import.
        if !self.touched && self.request.kind == FileKind::Import {
            return Next::Stay;
        }
        if self.refusal().is_none() { Next::Chosen(self.result()) } else { Next::Stay }
    }

    /// The entries; a folder that was opened.
    fn entries_ui(&mut self, ui: &mut Ui) -> Option<PathBuf> {
        let t = theme();
        let mut opened = None;
        egui::Frame::NONE.fill(t.ground).inner_margin(4).show(ui, |ui| {
            ScrollArea::vertical().max_height(280.0).min_scrolled_height(280.0).auto_shrink(false).show(
                ui,
                |ui| {
                    let entries = match &self.entries {
                        Ok(entries) => entries.clone(),
                        Err(why) => {
                            ui.label(RichText::new(why).color(t.error));
                            return;
                        }
                    };
                    for entry in entries {
                        let shown =
                            if entry.is_file { entry.name.clone() } else { format!("{}/", entry.name) };
                        let chosen = self.chosen.contains(&entry.name);
                        let response = ui.selectable_label(chosen, shown);
                        if response.double_clicked() && !entry.is_file {
                            opened = Some(self.folder.join(&entry.name));
                        } else if response.clicked() {
                            let more = self.request.many() && ui.input(|i| i.modifiers.command);
                            self.pick(&entry, chosen, more);
                        }
                    }
                },
            );
        });
        opened
    }

    fn pick(&mut self, entry: &Entry, was_chosen: bool, more: bool) {
        if !more {
            self.chosen.clear();
        }
        if was_chosen && more {
            self.chosen.retain(|name| *name != entry.name);
        } else {
            self.chosen.push(entry.name.clone());
        }
        self.text = self.folder.join(&entry.name).display().to_string();
        if self.request.kind == FileKind::SaveSession && !entry.is_file {
            let folder = self.folder.join(&entry.name);
            self.go(folder);
        }
    }
}

fn list(folder: &Path, kind: FileKind) -> Result<Vec<Entry>, String> {
    let read = std::fs::read_dir(folder).map_err(|e| format!("{} cannot be read: {e}", folder.display()))?;
    let mut entries: Vec<Entry> = read
        .take(MOST_ENTRIES)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let is_file = !entry.path().is_dir();
            Some(Entry { is_file, name: entry.file_name().to_string_lossy().into_owned() })
        })
        .filter(|e| !e.name.starts_with('.') && (!e.is_file || fits(&e.name, kind)))
        .collect();
    entries.sort_by(|a, b| {
        a.is_file.cmp(&b.is_file).then_with(|| natord::compare_ignore_case(&a.name, &b.name))
    });
    Ok(entries)
}

fn fits(name: &str, kind: FileKind) -> bool {
    let ending = Path::new(name).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match kind {
        FileKind::OpenSession | FileKind::SaveSession => matches!(ending.as_str(), "glassmaster" | "json"),
        FileKind::OpenAudio | FileKind::Audio => ending != "zip" && AUDIO_ENDINGS.contains(&ending.as_str()),
        FileKind::Import => AUDIO_ENDINGS.contains(&ending.as_str()),
        FileKind::Folder => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_in_natural_order_with_folders_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["10 b.wav", "2 a.wav", "notes.txt", ".hidden.wav"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        std::fs::create_dir(dir.path().join("Alternates")).unwrap();
        let names: Vec<_> = list(dir.path(), FileKind::Import).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["Alternates", "2 a.wav", "10 b.wav"]);
        assert!(list(&dir.path().join("none"), FileKind::Import).is_err());
    }
}
