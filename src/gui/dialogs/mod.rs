//! Windows over the window: questions where something could be lost, files, export, device, palette, keys, about.
//!
//! One is open at a time. None of them stops the sound.

pub mod device;
pub mod export;
pub mod files;
pub mod help;
pub mod layouts;
pub mod palette;
pub mod presets;

use std::path::PathBuf;

use egui::{Id, Modal, RichText, Ui};

use self::files::{FileChooser, FileKind, FileRequest, PathDialog};
use super::app::WindowState;
use super::outbox::Outbox;
use super::theme::{faded, theme};
use super::widgets::text_button;
use crate::app::command::CurveAct;
use crate::app::frame::SaveState;
use crate::app::{Action, Command, Frame};
use crate::model::SongId;
use crate::units::{SESSION_RATES_HZ, SampleRate};

/// What waits for the answer to “save first?”.
#[derive(Debug, Clone, PartialEq)]
pub enum Pending {
    /// Close the window.
    Quit,
    /// Ask for the rate of a new session.
    New,
    /// Choose a session to open.
    Choose,
    /// Open this session.
    Open(PathBuf),
    /// Go back to the saved session.
    Revert,
}

/// What a chosen path is for.
#[derive(Debug, Clone, PartialEq)]
enum Purpose {
    Open,
    SaveAs {
        then: Option<Pending>,
    },
    Import,
    Relink(SongId),
    ExportFolder,
    /// Its name.
    Curve(String),
    AlbumReport,
}

/// The dialog that is open.
enum Dialog {
    Question(Pending),
    NewSession { rate: SampleRate },
    Export(export::ExportDialog),
    Device(device::DeviceDialog),
    Palette(palette::Palette),
    SavePreset(presets::SaveDialog),
    Presets(presets::BrowseDialog),
    Layouts(layouts::LayoutsDialog),
    Keys { filter: String },
    About,
    Path(PathDialog, Purpose, Option<Box<export::ExportDialog>>),
}

/// What a drawn dialog wants next.
enum Next {
    Stay,
    Close,
    Chosen(Vec<PathBuf>),
    PickFolder,
    Save,
    Discard,
}

/// The dialogs of the window.
pub struct Dialogs {
    open: Option<Dialog>,
    chooser: Box<dyn FileChooser>,
    /// What the system's own dialog was opened for, and an export dialog to go back to.
    outside: Option<(FileRequest, Purpose, Option<Box<export::ExportDialog>>)>,
    /// Done as soon as the session is on disk.
    after_save: Option<Pending>,
    /// Done in this frame.
    now: Option<Pending>,
    quitting: bool,
}

impl Dialogs {
    /// None open.
    pub fn new(chooser: Box<dyn FileChooser>) -> Self {
        Self { open: None, chooser, outside: None, after_save: None, now: None, quitting: false }
    }

    /// Whether one is open, so that keys belong to it.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether an answer from outside is waited for.
    pub fn waits(&self) -> bool {
        self.outside.is_some() || self.after_save.is_some()
    }

    /// Whether leaving this session could lose something.
    pub fn must_ask(&self, frame: &Frame) -> bool {
        !self.quitting
            && match frame.save {
                SaveState::Saved => false,
                SaveState::Unsaved | SaveState::Saving => true,
                SaveState::NeverSaved => frame.undo_name.is_some() || !frame.session.songs.is_empty(),
            }
    }

    /// Asks what becomes of unsaved work, then goes on.
    pub fn ask_before(&mut self, pending: Pending) {
        self.open = Some(Dialog::Question(pending));
    }

    /// Chooses another file for a song.
    pub fn relink(&mut self, song: SongId) {
        self.choose(FileRequest::new(FileKind::OpenAudio, "Relink source"), Purpose::Relink(song), None);
    }

    /// Chooses the file of a reference or those of a genre.
    pub fn measure_curve(&mut self, name: String, several: bool) {
        let request = if several {
            FileRequest::new(FileKind::Audio, &format!("Files of {name}"))
        } else {
            FileRequest::new(FileKind::OpenAudio, "Reference for the spectrum")
        };
        self.choose(request, Purpose::Curve(name), None);
    }

    /// Opens a session, after asking where this one could be lost.
    pub fn open_session(&mut self, path: PathBuf, frame: &Frame) {
        self.first_ask(Pending::Open(path), frame);
    }

    /// Opens the dialog a command needs; `false` if it needs none.
    pub fn open_for(&mut self, action: Action, frame: &Frame) -> bool {
        // A save that failed leaves nothing behind to surprise with later.
        self.after_save = None;
        match action {
            Action::New => self.first_ask(Pending::New, frame),
            Action::Open => self.first_ask(Pending::Choose, frame),
            Action::Quit => self.first_ask(Pending::Quit, frame),
            Action::Revert => self.open = Some(Dialog::Question(Pending::Revert)),
            Action::Import => {
                self.choose(FileRequest::new(FileKind::Import, "Import mixes"), Purpose::Import, None)
            }
            Action::Save if frame.path.is_none() => self.save_as(frame, None),
            Action::SaveAs => self.save_as(frame, None),
            Action::Relink => match frame.current_song() {
                Some(song) => self.relink(song),
                None => return false,
            },
            Action::Devices => self.open = Some(Dialog::Device(device::DeviceDialog::new(frame))),
            Action::ExportReference | Action::ExportDdp | Action::Export => {
                self.open = Some(Dialog::Export(export::ExportDialog::new(action, frame)));
            }
            Action::AlbumReport => self.report_as(frame),
            Action::SavePreset | Action::SaveSlotPreset => {
                let target = presets::target_of(frame, action == Action::SaveSlotPreset);
                let Some(target) = target else { return false };
                self.open = Some(Dialog::SavePreset(presets::SaveDialog::new(target)));
            }
            Action::Presets | Action::SlotPresets => {
                let target = presets::target_of(frame, action == Action::SlotPresets);
                let Some(target) = target else { return false };
                self.open = Some(Dialog::Presets(presets::BrowseDialog::new(target)));
            }
            Action::Palette => self.open = Some(Dialog::Palette(palette::Palette::default())),
            Action::Layouts => self.open = Some(Dialog::Layouts(layouts::LayoutsDialog::default())),
            Action::Keys => self.open = Some(Dialog::Keys { filter: String::new() }),
            Action::About => self.open = Some(Dialog::About),
            _ => return false,
        }
        true
    }

    fn first_ask(&mut self, pending: Pending, frame: &Frame) {
        if self.must_ask(frame) {
            self.ask_before(pending);
        } else {
            self.go_on(pending);
        }
    }

    fn go_on(&mut self, pending: Pending) {
        match pending {
            Pending::Quit => self.quitting = true,
            Pending::New => self.open = Some(Dialog::NewSession { rate: SampleRate(96_000) }),
            Pending::Choose => {
                self.choose(FileRequest::new(FileKind::OpenSession, "Open session"), Purpose::Open, None);
            }
            // Done by `settle`, which can send commands.
            Pending::Open(_) | Pending::Revert => self.now = Some(pending),
        }
    }

    fn save_as(&mut self, frame: &Frame, then: Option<Pending>) {
        let mut request = FileRequest::new(FileKind::SaveSession, "Save session as");
        let title = &frame.session.metadata.title;
        let name = if title.is_empty() { "Album" } else { title };
        request.file_name = format!("{}.glassmaster", name.replace(['/', '\\'], "-"));
        request.folder = frame.path.as_ref().and_then(|p| p.parent().map(PathBuf::from));
        self.choose(request, Purpose::SaveAs { then }, None);
    }

    /// Where the report of the album goes; its ending chooses the form.
    fn report_as(&mut self, frame: &Frame) {
        let mut request = FileRequest::new(FileKind::SaveReport, "Album report: .html, .csv, .json or .txt");
        let title = &frame.session.metadata.title;
        let name = if title.is_empty() { "Album" } else { title };
        request.file_name = format!("{} - loudness.html", name.replace(['/', '\\'], "-"));
        request.folder = frame.path.as_ref().and_then(|p| p.parent().map(PathBuf::from));
        self.choose(request, Purpose::AlbumReport, None);
    }

    fn choose(&mut self, request: FileRequest, purpose: Purpose, back: Option<Box<export::ExportDialog>>) {
        if self.chooser.ask(&request) {
            self.outside = Some((request, purpose, back));
            self.open = None;
        } else {
            self.open = Some(Dialog::Path(PathDialog::new(request), purpose, back));
        }
    }

    /// Takes answers from outside and does what waited.
    pub fn settle(&mut self, ctx: &egui::Context, frame: &Frame, out: &mut Outbox) {
        if self.outside.is_some() {
            self.poll_outside(out);
        }
        if frame.save == SaveState::Saved
            && let Some(pending) = self.after_save.take()
        {
            self.go_on(pending);
        }
        match self.now.take() {
            Some(Pending::Open(path)) => out.send(Command::Open(path)),
            Some(Pending::Revert) => out.send(Command::Do(Action::Revert)),
            _ => {}
        }
        if self.quitting {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn poll_outside(&mut self, out: &mut Outbox) {
        let answer = self.chooser.poll();
        match answer {
            files::Answer::Waiting => {}
            files::Answer::Chosen(paths) => {
                if let Some((_, purpose, back)) = self.outside.take() {
                    self.chosen(paths, purpose, back, out);
                }
            }
            files::Answer::Cancelled => {
                if let Some((_, _, Some(back))) = self.outside.take() {
                    self.open = Some(Dialog::Export(*back));
                }
            }
            files::Answer::Unavailable => {
                if let Some((request, purpose, back)) = self.outside.take() {
                    self.open = Some(Dialog::Path(PathDialog::new(request), purpose, back));
                }
            }
        }
    }

    fn chosen(
        &mut self,
        mut paths: Vec<PathBuf>,
        purpose: Purpose,
        back: Option<Box<export::ExportDialog>>,
        out: &mut Outbox,
    ) {
        self.open = None;
        if paths.is_empty() {
            return;
        }
        match purpose {
            Purpose::Import => out.send(Command::Import { paths, at: None }),
            Purpose::Curve(name) => out.send(Command::Curve(CurveAct::Measure { name, files: paths })),
            Purpose::Open => out.send(Command::Open(paths.remove(0))),
            Purpose::Relink(song) => out.send(Command::Relink { song, path: paths.remove(0) }),
            Purpose::SaveAs { then } => {
                let mut path = paths.remove(0);
                if path.extension().is_none() {
                    path.set_extension("glassmaster");
                }
                out.send(Command::SaveAs(path));
                self.after_save = then;
            }
            Purpose::AlbumReport => {
                let mut path = paths.remove(0);
                if path.extension().is_none() {
                    path.set_extension("html");
                }
                out.send(Command::AlbumReport(path));
            }
            Purpose::ExportFolder => {
                if let Some(mut dialog) = back {
                    dialog.set_folder(&paths[0]);
                    self.open = Some(Dialog::Export(*dialog));
                }
            }
        }
    }

    /// Draws the open dialog.
    pub fn ui(&mut self, ui: &mut Ui, frame: &Frame, _state: &mut WindowState, out: &mut Outbox) {
        let Some(mut dialog) = self.open.take() else { return };
        let t = theme();
        let ground = egui::Frame::popup(ui.style()).inner_margin(16);
        // Before any field is drawn: a line of text lets go of the focus when it takes Enter.
        let is_typing = ui.memory(|m| m.focused().is_some());
        ui.data_mut(|d| d.insert_temp(typing_id(), is_typing));
        let modal = Modal::new(Id::unique("dialog")).frame(ground).backdrop_color(faded(t.shade, 0.45));
        let shown = modal.show(ui.ctx(), |ui| match &mut dialog {
            Dialog::Question(pending) => question_ui(ui, frame, pending),
            Dialog::NewSession { rate } => new_session_ui(ui, rate, out),
            Dialog::Export(export) => export.ui(ui, frame, out),
            Dialog::Device(device) => device.ui(ui, frame, out),
            Dialog::Palette(palette) => palette.ui(ui, frame, out),
            Dialog::SavePreset(save) => save.ui(ui, frame, out),
            Dialog::Presets(presets) => presets.ui(ui, frame, out),
            Dialog::Layouts(layouts) => layouts.ui(ui, frame, out),
            Dialog::Keys { filter } => help::keys_ui(ui, filter),
            Dialog::About => help::about_ui(ui),
            Dialog::Path(path, ..) => path.ui(ui),
        });
        let next = if shown.should_close() { Next::Close } else { shown.inner };
        match (next, dialog) {
            (Next::Stay, dialog) => self.open = Some(dialog),
            (Next::Close, Dialog::Path(_, Purpose::ExportFolder, Some(back))) => {
                self.open = Some(Dialog::Export(*back));
            }
            (Next::Discard, Dialog::Question(pending)) => self.go_on(pending),
            (Next::Save, Dialog::Question(pending)) if frame.path.is_none() => {
                self.save_as(frame, Some(pending))
            }
            (Next::Save, Dialog::Question(pending)) => {
                out.send(Command::Do(Action::Save));
                self.after_save = Some(pending);
            }
            (Next::Chosen(paths), Dialog::Path(_, purpose, back)) => self.chosen(paths, purpose, back, out),
            (Next::PickFolder, Dialog::Export(export)) => {
                let request = FileRequest::new(FileKind::Folder, "Folder for the masters");
                self.choose(request, Purpose::ExportFolder, Some(Box::new(export)));
            }
            _ => {}
        }
    }
}

/// The head of a dialog.
pub(crate) fn title(ui: &mut Ui, text: &str) {
    let t = theme();
    ui.label(RichText::new(text).font(t.medium(t.title)));
    ui.add_space(8.0);
}

/// Enter does what the coloured button does, unless something else had the focus when it was pressed.
pub(crate) fn accepted(ui: &Ui) -> bool {
    let was_typing = ui.data(|d| d.get_temp(typing_id())).unwrap_or(false);
    !was_typing && ui.memory(|m| m.focused().is_none()) && ui.input(|i| i.key_pressed(egui::Key::Enter))
}

/// Where it is remembered whether something had the focus when the dialog began to be drawn.
fn typing_id() -> Id {
    Id::unique("typing in a dialog")
}

/// Buttons at the right of a dialog's foot, the last one first.
fn foot(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.add_space(12.0);
    // In a row: by itself the layout would take the height the dialog had before.
    ui.horizontal(|ui| ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), add));
}

fn question_ui(ui: &mut Ui, frame: &Frame, pending: &Pending) -> Next {
    let t = theme();
    ui.set_width(420.0);
    let mut next = Next::Stay;
    if *pending == Pending::Revert {
        title(ui, "Go back to the session as last saved?");
        ui.label("What was changed since is taken back; Undo brings it again.");
        foot(ui, |ui| {
            if text_button(ui, "Revert", Some(t.warning)).clicked() || accepted(ui) {
                next = Next::Discard;
            }
            if ui.button("Cancel").clicked() {
                next = Next::Close;
            }
        });
        return next;
    }
    title(ui, "Save the changes first?");
    let name = super::panels::menu::session_title(frame);
    ui.label(format!("“{name}” has changes that are not saved."));
    foot(ui, |ui| {
        if text_button(ui, "Save", Some(t.master)).clicked() || accepted(ui) {
            next = Next::Save;
        }
        if ui.button("Discard").clicked() {
            next = Next::Discard;
        }
        if ui.button("Cancel").clicked() {
            next = Next::Close;
        }
    });
    next
}

fn new_session_ui(ui: &mut Ui, rate: &mut SampleRate, out: &mut Outbox) -> Next {
    let t = theme();
    ui.set_width(360.0);
    title(ui, "New session");
    ui.label(
        "Everything in the session runs at this rate; mixes at another rate are converted once, on import.",
    );
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("Sample rate").color(t.text_weak));
        egui::ComboBox::from_id_salt("new_rate")
            .selected_text(rate.to_string())
            .show_ui(ui, |ui| {
                for hz in SESSION_RATES_HZ {
                    ui.selectable_value(rate, SampleRate(hz), SampleRate(hz).to_string());
                }
            })
            .response
            .labelled_by(label.id);
    });
    let mut next = Next::Stay;
    foot(ui, |ui| {
        if text_button(ui, "Create", Some(t.master)).clicked() || accepted(ui) {
            out.send(Command::New { sample_rate: *rate });
            next = Next::Close;
        }
        if ui.button("Cancel").clicked() {
            next = Next::Close;
        }
    });
    next
}

/// The bar that offers an autosaved session.
pub fn recovery_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let t = theme();
    let Some(offer) = &frame.recovery else { return };
    ui.painter().rect_filled(ui.max_rect(), 0.0, t.selection);
    ui.horizontal_centered(|ui| {
        ui.add_space(12.0);
        let name =
            if frame.path.is_some() { super::panels::menu::session_title(frame) } else { offer.name.clone() };
        ui.label(format!("“{name}” was not closed properly. An autosave from {} is there.", offer.when));
        if text_button(ui, "Recover", Some(t.master)).clicked() {
            out.send(Command::Recover(true));
        }
        if ui.button("Discard autosave").clicked() {
            out.send(Command::Recover(false));
        }
    });
}
