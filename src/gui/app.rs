//! The window: ticks the program, lays the panels out, hands commands over.
//!
//! The layout is that of gui.md, section 1: transport, timeline and meters never leave the screen, only the lower panel
//! changes with the workspace. Drawing goes on by itself only while the program is busy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Panel, Ui};

use super::dialogs::{self, Dialogs};
use super::outbox::{Outbox, Wish};
use super::panels::chain::ChainState;
use super::panels::meters::{MeterPanels, meter_windows_ui};
use super::panels::song_list::SongListState;
use super::panels::timeline::TimelineState;
use super::panels::{
    album_strip, chain, deliver, intake, log, menu, meters, review, song_list, status, timeline, transport,
};
use super::theme::{self, theme};
use super::workspaces::{Workspace, WorkspaceState, result};
use super::{keys, widgets};
use crate::app::{Action, Command, Frame};

/// How often something that changes slowly is looked at while nothing else happens.
const BUSY_INTERVAL: Duration = Duration::from_millis(16);

/// The program behind the window: the real core, or a still one for tests.
pub trait Backend {
    /// Lets the program do what is due and gives the picture of now. `now_s` is a steady clock in seconds.
    fn tick(&mut self, now_s: f64) -> Arc<Frame>;
    /// Does a command.
    fn handle(&mut self, command: Command);
    /// Whether pictures change by themselves (playing, a job runs), so that drawing must go on.
    fn busy(&self) -> bool;
    /// The window is closing for good.
    fn close(&mut self) {}
}

/// What is only visual, of every panel.
#[derive(Default)]
pub struct WindowState {
    /// The step of the job.
    pub workspace: Workspace,
    /// Timeline.
    pub timeline: TimelineState,
    /// Song list.
    pub song_list: SongListState,
    /// Chain panel.
    pub chain: ChainState,
    /// Intake, Review, Deliver.
    pub work: WorkspaceState,
    /// Meters.
    pub meters: MeterPanels,
    /// Whether the log is open.
    pub log_open: bool,
    /// Whether the window fills the screen.
    pub full_screen: bool,
}

/// The window over a program.
pub struct GlassmasterApp<B: Backend> {
    backend: B,
    frame: Arc<Frame>,
    state: WindowState,
    dialogs: Dialogs,
    out: Outbox,
    began: Instant,
    title: String,
    styled: bool,
}

impl<B: Backend> GlassmasterApp<B> {
    /// A window that chooses files through the system's dialogs where there are any.
    pub fn new(backend: B) -> Self {
        Self::with_chooser(backend, Box::new(dialogs::files::PortalChooser::default()))
    }

    /// A window that chooses files in another way.
    pub fn with_chooser(mut backend: B, chooser: Box<dyn dialogs::files::FileChooser>) -> Self {
        let frame = backend.tick(0.0);
        Self {
            backend,
            frame,
            state: WindowState::default(),
            dialogs: Dialogs::new(chooser),
            out: Outbox::default(),
            began: Instant::now(),
            title: String::new(),
            styled: false,
        }
    }

    /// The program.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// The program, to be changed by a test.
    pub fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// What is only visual.
    pub fn state_mut(&mut self) -> &mut WindowState {
        &mut self.state
    }

    /// Draws everything and does what was asked for.
    pub fn draw(&mut self, ui: &mut Ui) {
        if !self.styled {
            theme::install(ui.ctx());
            self.styled = true;
            // Fonts come with the next pass.
            ui.ctx().request_repaint();
            return;
        }
        self.frame = self.backend.tick(self.began.elapsed().as_secs_f64());
        let frame = Arc::clone(&self.frame);
        self.take_input(ui, &frame);
        self.panels_ui(ui, &frame);
        meter_windows_ui(ui.ctx(), &frame, &mut self.state.meters, &mut self.out);
        self.dialogs.ui(ui, &frame, &mut self.state, &mut self.out);
        self.settle(ui.ctx(), &frame);
    }

    fn take_input(&mut self, ui: &Ui, frame: &Frame) {
        if !self.dialogs.is_open() {
            for action in keys::take_actions(ui.ctx()) {
                if action.refusal(frame).is_none() {
                    self.out.act(action);
                }
            }
        }
        let dropped: Vec<std::path::PathBuf> =
            ui.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect());
        if !dropped.is_empty() {
            let at = self.state.timeline.insertion.or(self.state.song_list.insertion);
            self.out.send(Command::Import { paths: dropped, at });
        }
    }

    fn panels_ui(&mut self, ui: &mut Ui, frame: &Frame) {
        let t = theme();
        let (state, out) = (&mut self.state, &mut self.out);
        ui.spacing_mut().item_spacing.y = 0.0;
        let bare = t.panel_frame();
        Panel::top("menu").exact_size(28.0).frame(bare).show(ui, |ui| menu::menu_ui(ui, frame, state, out));
        Panel::top("workspaces").exact_size(36.0).frame(bare).show(ui, |ui| tabs_ui(ui, frame, state, out));
        if frame.recovery.is_some() {
            Panel::top("recovery")
                .exact_size(36.0)
                .frame(bare)
                .show(ui, |ui| dialogs::recovery_ui(ui, frame, out));
        }
        Panel::bottom("status").exact_size(24.0).frame(bare).show(ui, |ui| {
            status::status_ui(ui, frame, &mut state.log_open, out);
        });
        if state.log_open {
            Panel::bottom("log")
                .resizable(true)
                .default_size(140.0)
                .size_range(60.0..=400.0)
                .frame(bare)
                .show(ui, |ui| {
                    log::log_ui(ui, frame);
                });
        }
        if frame.meter_settings.layout.now.column_shown {
            let width = meters::column_width(frame, &state.meters, ui.available_width());
            Panel::right("meters").exact_size(width).frame(bare).show(ui, |ui| {
                meters::meters_ui(ui, frame, &mut state.meters, out);
            });
        }
        Panel::top("transport").exact_size(56.0).frame(bare).show(ui, |ui| {
            transport::transport_ui(ui, frame, out);
        });
        Panel::top("album").exact_size(40.0).frame(bare).show(ui, |ui| {
            album_strip::album_strip_ui(ui, frame, &mut state.timeline, out);
        });
        let height = ui.available_height();
        Panel::bottom("lower")
            .resizable(true)
            .default_size((height * 0.48).min(420.0))
            .size_range(180.0..=(height - 200.0).max(181.0))
            .frame(bare)
            .show(ui, |ui| {
                // The panel keeps its height whatever stands in it.
                ui.set_min_size(ui.available_size());
                lower_ui(ui, frame, state, out);
            });
        Panel::left("songs").resizable(true).default_size(380.0).size_range(300.0..=640.0).frame(bare).show(
            ui,
            |ui| {
                song_list::song_list_ui(ui, frame, &mut state.song_list, out);
            },
        );
        egui::CentralPanel::default().frame(egui::Frame::NONE.fill(t.ground)).show(ui, |ui| {
            timeline::timeline_ui(ui, frame, &mut state.timeline, out);
        });
    }

    /// Hands commands over and does what is the window's own.
    fn settle(&mut self, ctx: &egui::Context, frame: &Frame) {
        if ctx.input(|i| i.viewport().close_requested()) && self.dialogs.must_ask(frame) {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.dialogs.ask_before(dialogs::Pending::Quit);
        }
        let wishes = self.out.take_wishes();
        let mut changed = !wishes.is_empty();
        for wish in wishes {
            self.grant(ctx, frame, wish);
        }
        self.dialogs.settle(ctx, frame, &mut self.out);
        for command in self.out.take_commands() {
            changed = true;
            self.backend.handle(command);
        }
        self.show_title(ctx, frame);
        if changed {
            ctx.request_repaint();
        } else if self.backend.busy() || self.dialogs.waits() {
            ctx.request_repaint_after(BUSY_INTERVAL);
        }
    }

    fn grant(&mut self, ctx: &egui::Context, frame: &Frame, wish: Wish) {
        let action = match wish {
            Wish::Relink(song) => return self.dialogs.relink(song),
            Wish::Open(path) => return self.dialogs.open_session(path, frame),
            Wish::MeasureCurve { name, several } => return self.dialogs.measure_curve(name, several),
            Wish::Do(action) => action,
        };
        let state = &mut self.state;
        if let Some(workspace) = Workspace::of(action) {
            state.workspace = workspace;
            return meters::show_workspace(frame, &mut self.out);
        }
        if meters::do_action(action, frame, &mut self.out) {
            return;
        }
        match action {
            Action::Follow => state.timeline.toggle_follow(),
            Action::ZoomSong => state.timeline.zoom_song(frame),
            Action::ZoomAlbum => state.timeline.zoom_album(frame),
            Action::ZoomIn => state.timeline.zoom_by(0.5, frame),
            Action::ZoomOut => state.timeline.zoom_by(2.0, frame),
            Action::Log => state.log_open = !state.log_open,
            Action::FullScreen => {
                state.full_screen = !state.full_screen;
                ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(state.full_screen));
            }
            _ if self.dialogs.open_for(action, frame) => {}
            _ => self.backend.handle(Command::Do(action)),
        }
    }

    fn show_title(&mut self, ctx: &egui::Context, frame: &Frame) {
        let title = format!("{} – Glassmaster", menu::session_title(frame));
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

fn tabs_ui(ui: &mut Ui, frame: &Frame, state: &mut WindowState, out: &mut Outbox) {
    let t = theme();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(4.0);
        for workspace in Workspace::ALL {
            let shown = state.workspace == workspace;
            let tab = widgets::tab(ui, workspace.label(), shown, 35.0);
            // A finished export waits there to be looked at.
            if let Some(result) = frame.result.as_ref().filter(|_| workspace == Workspace::Deliver && !shown)
            {
                let colour = if result.error.is_some() { t.error } else { t.master };
                ui.painter().circle_filled(tab.rect.right_top() + egui::vec2(-5.0, 11.0), 3.0, colour);
            }
            if tab.clicked() {
                state.workspace = workspace;
                meters::show_workspace(frame, out);
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_space(12.0);
            let text = egui::RichText::new("Search commands  Ctrl+K").color(t.text_weak);
            if ui.add(egui::Button::new(text).frame(false)).clicked() {
                out.act(Action::Palette);
            }
        });
    });
}

fn lower_ui(ui: &mut Ui, frame: &Frame, state: &mut WindowState, out: &mut Outbox) {
    if meters::strip_ui(ui, frame, state.workspace.content(), &mut state.meters, out) {
        return;
    }
    match state.workspace {
        Workspace::Intake => intake::intake_ui(ui, frame, &mut state.work.intake, out),
        Workspace::Master => chain::chain_ui(ui, frame, &mut state.chain, out),
        Workspace::Review => review::review_ui(ui, frame, &mut state.work.review, out),
        Workspace::Deliver => match &frame.result {
            Some(finished) => result::result_ui(ui, finished, out),
            None => deliver::deliver_ui(ui, frame, &mut state.work.deliver, out),
        },
    }
}

impl<B: Backend> eframe::App for GlassmasterApp<B> {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.backend.close();
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        theme().panel.to_normalized_gamma_f32()
    }
}
