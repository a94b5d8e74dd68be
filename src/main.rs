//! The program: the window, or the command line and its exit code.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    glassmaster::cli::run(window)
}

#[cfg(not(feature = "gui"))]
fn window(_session: Option<PathBuf>) -> Result<(), String> {
    Err("built without the window; `glassmaster --help` lists what works without".to_owned())
}

#[cfg(feature = "gui")]
fn window(session: Option<PathBuf>) -> Result<(), String> {
    glassmaster::gui::run(session)
}
