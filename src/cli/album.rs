//! `glassmaster album`: the album table and what services make of the master, exact.

use std::path::Path;

use super::args::AlbumArgs;
use super::machine;
use super::output::{CliError, print, say};
use crate::app::settings::Folders;
use crate::jobs::JobContext;
use crate::jobs::album_report::{Form, ReportError, sheet_of};
use crate::jobs::album_scan::{ScanError, measure_album};
use crate::jobs::render::threads_for;
use crate::meter::services::Service;
use crate::store;
use crate::store::services as table;

pub fn run(args: &AlbumArgs) -> Result<u8, CliError> {
    let asked = args.out.as_deref().map(Form::of).transpose().map_err(|e| CliError::usage(e.to_string()))?;
    if let Some(path) = args.out.as_deref().filter(|p| p.exists() && !args.force) {
        return Err(CliError::output_text(format!(
            "{}: is there already; --force replaces it",
            path.display()
        )));
    }
    let session = machine::open_session(&args.session)?;
    if session.songs.is_empty() {
        return Err(CliError::input_text(format!("{}: no song to measure", args.session.display())));
    }
    let services = services(&Folders::of_user().config.join(table::FILE_NAME))?;
    let library = machine::library();
    let cx = JobContext::detached();
    let threads = threads_for(&session, args.threads);
    let scan = machine::with_progress("measuring", &cx, || measure_album(&session, &library, threads, &cx))
        .map_err(|error| match error {
        ScanError::System(_) => CliError::output(error),
        other => CliError::input(other),
    })?;
    let sheet = sheet_of(&session, &scan, &services);
    let rendered = |form: Form| form.render(&sheet).map_err(CliError::output);
    if let (Some(path), Some(form)) = (args.out.as_deref(), asked) {
        write(path, &rendered(form)?)?;
    }
    match (args.json, args.csv) {
        (true, _) => print(&rendered(Form::Json)?)?,
        (_, true) => print(&rendered(Form::Csv)?)?,
        _ if args.out.is_some() => {}
        _ => print(&rendered(Form::Text)?)?,
    }
    Ok(0)
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    store::write_atomically(path, text.as_bytes()).map_err(|e| CliError::output(ReportError::from(e)))
}

/// The table of services; a damaged file of the user is said and left aside.
fn services(own: &Path) -> Result<Vec<Service>, CliError> {
    table::load(own, Service::fault).or_else(|error| {
        say(&format!("glassmaster: {error}"));
        table::built_in().map_err(CliError::output_text)
    })
}
