//! Opens the window over the real core.

use std::path::PathBuf;
use std::sync::Arc;

use super::app::{Backend, GlassmasterApp};
use crate::app::core::{Core, Setup};
use crate::app::settings::Folders;
use crate::app::{Command, Frame};

impl Backend for Core {
    fn tick(&mut self, now_s: f64) -> Arc<Frame> {
        Self::tick(self, now_s)
    }

    fn handle(&mut self, command: Command) {
        Self::handle(self, command);
    }

    fn busy(&self) -> bool {
        self.is_busy()
    }

    fn close(&mut self) {
        Self::close(self);
    }
}

/// Runs the window until it is closed, with a session open if one is named.
///
/// # Errors
/// No display, no OpenGL, or no threads; one line that says so.
pub fn run(session: Option<PathBuf>) -> Result<(), String> {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let folders = Folders::of_user();
    // Sizes of the window and its panels belong to the machine.
    let window_file = folders.settings_file().with_file_name("window.ron");
    let setup = Setup { folders, threads, audio: true };
    let mut core = Core::new(setup).map_err(|e| format!("the program cannot start its threads: {e}"))?;
    core.handle(Command::WatchAlbum(true));
    if let Some(path) = session {
        core.handle(Command::Open(path));
    }
    let viewport = egui::ViewportBuilder::default()
        .with_title("Glassmaster")
        .with_app_id("glassmaster")
        .with_inner_size([1600.0, 1000.0])
        .with_min_inner_size([1100.0, 700.0])
        .with_drag_and_drop(true);
    let viewport = match eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")) {
        Ok(icon) => viewport.with_icon(icon),
        Err(_) => viewport,
    };
    let options = eframe::NativeOptions {
        viewport,
        persistence_path: Some(window_file),
        ..eframe::NativeOptions::default()
    };
    eframe::run_native("glassmaster", options, Box::new(|_| Ok(Box::new(GlassmasterApp::new(core)))))
        .map_err(|e| format!("no window: {e}; on a machine without a display use the command line (--help)"))
}
