//! `glassmaster demo`: the built-in album, in the window or its whole job without one.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::DemoArgs;
use super::check::as_text;
use super::machine;
use super::output::{CliError, print, say};
use crate::app::demo::album;
use crate::app::settings::Folders;
use crate::deliver;
use crate::jobs::JobContext;
use crate::jobs::check::check;
use crate::jobs::parallel::thread_count;
use crate::model::{Extra, Order};
use crate::qc::Brief;

/// Makes the demo album where it is missing and gives its session file.
pub fn session_file() -> Result<PathBuf, CliError> {
    let folder = Folders::of_user().data.join("demo");
    album::create(&folder, &machine::library(), thread_count(None)).map_err(CliError::output)
}

/// The whole job without a window: check the mixes, master, reference and (where there is one) DDP, read back, report.
pub fn headless(args: &DemoArgs) -> Result<u8, CliError> {
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("demo-out"));
    let session_file = session_file()?;
    let library = machine::library();
    let session = Arc::new(machine::open_session(&session_file)?);
    let mixes: Vec<PathBuf> = session.songs.iter().map(|s| PathBuf::from(&s.source.path)).collect();
    say("Checking the delivered mixes");
    let checks = check(&mixes, &Brief::default(), thread_count(None), &JobContext::detached())
        .map_err(CliError::input)?;
    for check in &checks {
        print(&as_text(check))?;
    }
    say("Mastering and delivering");
    let ids = ["wav_songs", "mp3_album", "ddp"];
    let orders: Vec<Order> = ids
        .into_iter()
        .filter(|id| deliver::find(id).is_some() && (*id != "mp3_album" || cfg!(feature = "mp3")))
        .map(|id| Order { id: id.to_owned(), settings: Extra::new() })
        .collect();
    let delivery = super::deliver::deliver(&session, &library, orders, &out, args.force, None)?;
    super::deliver::report(&delivery, false)
}
