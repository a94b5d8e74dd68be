//! `glassmaster render` and `glassmaster process`: one file out of the one renderer.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::args::{FormatArgs, ProcessArgs, RenderArgs};
use super::output::{CliError, print, print_json, say};
use super::{chain_file, machine};
use crate::audio::format::SampleFormat;
use crate::deliver::conform::Ceiling;
use crate::jobs::matching::{self, MatchError};
use crate::jobs::render::{FileSpec, RenderFileError, Rendered, render_to_file, threads_for};
use crate::jobs::sources::take;
use crate::jobs::{JobContext, parallel};
use crate::media::library::Library;
use crate::model::{Session, SlotId, Song, SongId, Timeline};
use crate::units::{Frames, SampleRate};

/// The album pass of a session, or a part of it.
pub fn render(args: &RenderArgs) -> Result<u8, CliError> {
    let session = machine::open_session(&args.session)?;
    let range = range_of(args, &session)?;
    let spec = file_spec(&args.format, session.sample_rate_hz, None, threads_for(&session, args.threads))?;
    let library = machine::library();
    let rendered = run_with_progress(&session, &library, range, &args.out, &spec)?;
    report(&args.out, &rendered, &spec, args.json)
}

/// One file through one chain.
pub fn process(args: &ProcessArgs) -> Result<u8, CliError> {
    let mut chain = chain_file::read(&args.chain)?;
    for (slot, id) in chain.slots.iter_mut().zip(1..) {
        slot.id = SlotId(id);
    }
    let library = machine::library();
    let taken = take(&library, &args.input, &JobContext::detached()).map_err(CliError::input)?;
    // The file is the album: it begins at album frame 0 and runs at its own rate.
    let mut session = Session::new(taken.facts.rate);
    session.snap_to_cd_frames = false;
    session.dither_seed = args.format.seed.unwrap_or(0);
    let mut song = Song::new(SongId(1), taken.source, session.sample_rate_hz, Frames::ZERO);
    song.chain = Arc::new(chain);
    let range = (Frames::ZERO, song.length());
    session.songs.push(Arc::new(song));
    let session = with_followed_gains(session, &library)?;
    let mut spec = file_spec(&args.format, session.sample_rate_hz, Some(Ceiling::Nothing), 1)?;
    // A chain is tried as it stands: its solos and differences are what was asked for.
    spec.with_auditions = true;
    let rendered = run_with_progress(&session, &library, range, &args.output, &spec)?;
    report(&args.output, &rendered, &spec, args.json)
}

/// The session with every gain that follows the loudness set; what was found is said.
fn with_followed_gains(session: Session, library: &Arc<Library>) -> Result<Session, CliError> {
    if matching::followers(&session).is_empty() {
        return Ok(session);
    }
    let cx = JobContext::detached();
    let threads = parallel::thread_count(None);
    let folder = library.cache().dir();
    let (session, told) = machine::with_progress("matching", &cx, || {
        matching::follow_all(session, library, folder, threads, &cx)
    })
    .map_err(|error| match error {
        MatchError::Disk(_) | MatchError::System(_) => CliError::output(error),
        other => CliError::input(other),
    })?;
    told.iter().for_each(|line| say(&format!("glassmaster: {line}")));
    Ok(session)
}

fn run_with_progress(
    session: &Session,
    library: &Arc<Library>,
    range: (Frames, Frames),
    target: &Path,
    spec: &FileSpec,
) -> Result<Rendered, CliError> {
    let cx = JobContext::detached();
    machine::with_progress("rendering", &cx, || render_to_file(session, library, range, target, spec, &cx))
        .map_err(|error| match error {
            RenderFileError::Source(error) => CliError::input(error),
            other => CliError::output(other),
        })
}

fn report(target: &Path, rendered: &Rendered, spec: &FileSpec, as_json: bool) -> Result<u8, CliError> {
    for note in &rendered.notes {
        say(&format!("glassmaster: {note}"));
    }
    if as_json {
        print_json(&json!({
            "path": target.display().to_string(),
            "frames": rendered.frames,
            "sample_rate_hz": spec.rate.0,
            "format": spec.format.name(),
            "tap_hash": rendered.tap_hash,
            "conform": rendered.conform,
        }))?;
    } else {
        print(&format!(
            "{}: {} frames, {} {}\ntap hash {}\n",
            target.display(),
            rendered.frames,
            spec.rate,
            spec.format.name(),
            rendered.tap_hash
        ))?;
        if rendered.conform.clipped_samples > 0 {
            say(&format!(
                "glassmaster: {} samples passed full scale and were cut off",
                rendered.conform.clipped_samples
            ));
        }
    }
    Ok(0)
}

fn file_spec(
    args: &FormatArgs,
    own_rate: SampleRate,
    ceiling: Option<Ceiling>,
    threads: usize,
) -> Result<FileSpec, CliError> {
    let format = SampleFormat::from_name(&args.bits).ok_or_else(|| {
        CliError::usage(format!("--bits cannot be {}; allowed: 16, 20, 24, 32f, 64f", args.bits))
    })?;
    let dither = match (&args.dither, format.is_float()) {
        (Some(name), false) => name.clone(),
        (Some(name), true) if name != "none" => {
            return Err(CliError::usage("a float file takes no dither; leave --dither out"));
        }
        (_, true) => "none".to_owned(),
        (None, false) => "tpdf".to_owned(),
    };
    let rate = match args.rate {
        None => own_rate,
        Some(hz @ 8_000..=384_000) => SampleRate(hz),
        Some(hz) => return Err(CliError::usage(format!("--rate cannot be {hz}; allowed: 8000 to 384000"))),
    };
    Ok(FileSpec { format, rate, dither, ceiling, with_auditions: false, force: args.force, threads })
}

/// The range asked for in album frames: the program from the first song's start to the end if nothing is said.
fn range_of(args: &RenderArgs, session: &Session) -> Result<(Frames, Frames), CliError> {
    let timeline = Timeline::of(session);
    if let Some(number) = args.song {
        let range = number.checked_sub(1).and_then(|i| timeline.file_range(i));
        return range.ok_or_else(|| {
            CliError::usage(format!(
                "--song cannot be {number}; the album has {} songs",
                timeline.songs.len()
            ))
        });
    }
    let Some(text) = &args.range else { return Ok((timeline.program_start(), timeline.end)) };
    let wrong =
        || CliError::usage(format!("--range cannot be {text}; it is A..B in album seconds, as 12.5..60"));
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let seconds = |part: &str, otherwise: Frames| match part {
        "" => Some(otherwise),
        part => part
            .parse::<f64>()
            .ok()
            .filter(|s| s.is_finite() && *s >= 0.0)
            .map(|s| session.sample_rate_hz.frames_from_seconds(s)),
    };
    let range =
        (seconds(from, Frames::ZERO).ok_or_else(wrong)?, seconds(to, timeline.end).ok_or_else(wrong)?);
    if range.0 < range.1 { Ok(range) } else { Err(wrong()) }
}
