//! `glassmaster demo`: the built-in album, in the window or its whole job without one.

use std::path::PathBuf;

use super::machine;
use super::output::CliError;
use crate::app::demo::album;
use crate::app::settings::Folders;
use crate::jobs::parallel::thread_count;

/// Makes the demo album where it is missing and gives its session file.
pub fn session_file() -> Result<PathBuf, CliError> {
    let folder = Folders::of_user().data.join("demo");
    album::create(&folder, &machine::library(), thread_count(None)).map_err(CliError::output)
}
