//! `glassmaster new`: a session from files, folders or zips, in running order.

use super::args::NewArgs;
use super::machine;
use super::output::{CliError, INPUT, print, say};
use crate::app::settings::Folders;
use crate::edit::{AlbumField, Edit, apply};
use crate::jobs::JobContext;
use crate::jobs::import::import;
use crate::jobs::parallel::thread_count;
use crate::jobs::sources::session_rate_for;
use crate::model::{Session, SourceRef, Timeline};
use crate::store::{self, SessionLock};
use crate::units::{SampleRate, hms_from_seconds};

pub fn run(args: &NewArgs) -> Result<u8, CliError> {
    if args.session.exists() && !args.force {
        return Err(CliError::output_text(format!(
            "{}: already exists; choose another name or give --force",
            args.session.display()
        )));
    }
    let folder = store::safe_write::folder_of(&args.session).join("Audio");
    let library = machine::library();
    let threads = thread_count(args.threads);
    let brought =
        import(&args.from, &folder, &library, threads, &JobContext::detached()).map_err(CliError::input)?;
    for line in &brought.left_out {
        say(&format!("glassmaster: {line}"));
    }
    let mut code = 0;
    for error in brought.unreadable {
        say(&CliError::input(error).line(false));
        code = INPUT;
    }
    for taken in &brought.taken {
        if let Some((declared, present)) = taken.facts.truncation() {
            say(&format!(
                "glassmaster: {}: {present} of {declared} frames are there; it stands in the session, ask for it again",
                taken.source.path
            ));
            code = INPUT;
        }
    }
    let sources: Vec<SourceRef> = brought.taken.into_iter().map(|t| t.source).collect();
    if sources.is_empty() && code == INPUT {
        // Every file was named with its reason; nothing was written.
        return Ok(code);
    }
    if sources.is_empty() {
        return Err(CliError::input_text("no audio file was found in what was given; nothing was written"));
    }
    let session = session_of(args, sources)?;
    let _lock = SessionLock::take(&args.session).map_err(CliError::output)?;
    store::save(&args.session, &session).map_err(CliError::output)?;
    let timeline = Timeline::of(&session);
    let rate = session.sample_rate_hz;
    let length = hms_from_seconds(rate.seconds_from_frames(timeline.end));
    print(&format!("{}: {} songs, {rate}, {length}\n", args.session.display(), session.songs.len()))?;
    Ok(code)
}

fn session_of(args: &NewArgs, sources: Vec<SourceRef>) -> Result<Session, CliError> {
    let rate = args.rate.map_or_else(|| session_rate_for(&sources), SampleRate);
    if !rate.is_session_rate() {
        return Err(CliError::usage(format!(
            "--rate cannot be {}; a session runs at 44100 to 192000",
            rate.0
        )));
    }
    if !(args.gap.is_finite() && (-60.0..=600.0).contains(&args.gap)) {
        return Err(CliError::usage(format!("--gap cannot be {}; allowed: -60 to 600 seconds", args.gap)));
    }
    let mut session = Session::new(rate);
    let gap = rate.frames_from_seconds(args.gap);
    let mut edits = vec![Edit::AddSongs { sources, at: 0, gap }];
    for (field, text) in [(AlbumField::Title, &args.album), (AlbumField::Artist, &args.artist)] {
        if let Some(text) = text {
            edits.push(Edit::SetAlbumText { field, text: text.clone() });
        }
    }
    for edit in edits {
        session = apply(&session, &edit).map_err(CliError::input)?;
    }
    Ok(session)
}

/// The folder zips of a check are unpacked into, gone with the value.
pub fn unpack_folder() -> Result<tempfile::TempDir, CliError> {
    let cache = Folders::of_user().cache;
    std::fs::create_dir_all(&cache).map_err(CliError::output)?;
    tempfile::Builder::new().prefix("unpacked-").tempdir_in(&cache).map_err(CliError::output)
}
