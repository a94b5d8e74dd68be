//! `glassmaster play`: live without a window, for listening on a server and for proving that live equals export.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::args::PlayArgs;
use super::machine;
use super::output::{CliError, print, print_json, say};
use crate::engine::{Callback, EngineEvent, EngineStatus, LiveEngine, MonotonicClock, NullDevice, Pace};
use crate::jobs::JobContext;
use crate::jobs::parallel::thread_count;
use crate::jobs::sources::{key_of, prepare};
use crate::media::OpenSource;
use crate::media::file_source::FileSources;
use crate::media::memory::MemorySources;
use crate::media::prefetch::StreamSources;
use crate::model::{Session, SourceRef, Timeline};
use crate::render::TapHash;
use crate::units::{Frames, SampleRate};

/// Time the engine has to begin to play.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often the engine is looked after.
const INTERVAL: Duration = Duration::from_millis(2);

pub fn run(args: &PlayArgs) -> Result<u8, CliError> {
    if args.device != "null" {
        return Err(CliError::usage(format!(
            "--device {}: only the null device is built in so far",
            args.device
        )));
    }
    let session = Arc::new(machine::open_session(&args.session)?);
    let library = machine::library();
    let cx = JobContext::detached();
    if let Some(error) = prepare(&session, &library, thread_count(None), &cx).into_iter().next() {
        return Err(CliError::input(error));
    }
    let files = Arc::new(FileSources::new(Arc::clone(&library)));
    let live: Arc<dyn OpenSource + Send + Sync> = if args.preload {
        Arc::new(MemorySources::new(Arc::clone(&library)))
    } else {
        Arc::new(StreamSources::new(Arc::clone(&library)).map_err(CliError::output)?)
    };
    let rate = session.sample_rate_hz;
    let (mut engine, callback) =
        LiveEngine::new(rate, files, live, Box::new(MonotonicClock::default())).map_err(CliError::output)?;
    let resolver = Arc::new(move |source: &SourceRef| key_of(source, rate));
    engine
        .set_session(Arc::clone(&session), resolver)
        .map_err(|_session| CliError::output_text("the engine took no session; start again"))?;
    let range = range_of(args, &session)?;
    let device = open(args, rate, callback)?;
    let heard = listen(&mut engine, range)?;
    drop(device);
    report(args, &session, range, &heard)
}

/// A running device; it stops when dropped.
trait Running {}

impl Running for NullDevice {}

#[cfg(feature = "device")]
impl Running for crate::engine::device::OpenDevice {}

fn open(args: &PlayArgs, rate: SampleRate, callback: Box<Callback>) -> Result<Box<dyn Running>, CliError> {
    if args.device == "null" {
        let pace = if args.free { Pace::Free } else { Pace::RealTime };
        let null = NullDevice::start(callback, args.buffer as usize, pace, None).map_err(CliError::output)?;
        return Ok(Box::new(null));
    }
    open_real(args, rate, callback)
}

#[cfg(not(feature = "device"))]
fn open_real(args: &PlayArgs, _: SampleRate, _: Box<Callback>) -> Result<Box<dyn Running>, CliError> {
    Err(CliError::usage(format!("--device {}: built without audio devices; only null works", args.device)))
}

#[cfg(feature = "device")]
fn open_real(
    args: &PlayArgs,
    rate: SampleRate,
    callback: Box<Callback>,
) -> Result<Box<dyn Running>, CliError> {
    use crate::engine::device::{DeviceChoice, open};

    let choice = DeviceChoice {
        host: args.host.clone(),
        device: (args.device != "default").then(|| args.device.clone()),
        buffer_frames: args.buffer,
    };
    let device = open(&choice, rate, callback).map_err(|(error, _)| CliError::output(error))?;
    let opened = device.opened_as();
    say(&format!("glassmaster: {} at {}, {}", opened.name, opened.rate, opened.format));
    Ok(Box::new(device))
}

fn range_of(args: &PlayArgs, session: &Session) -> Result<(Frames, Frames), CliError> {
    let rate = session.sample_rate_hz;
    let end = Timeline::of(session).end;
    let seconds = |s: f64, what: &str| {
        if s.is_finite() && s >= 0.0 {
            Ok(rate.frames_from_seconds(s))
        } else {
            Err(CliError::usage(format!("--{what} cannot be {s}; it is a time in seconds")))
        }
    };
    let from = seconds(args.from, "from")?;
    let to = match args.seconds {
        Some(s) => from + seconds(s, "seconds")?,
        None => end,
    };
    if from < to { Ok((from, to)) } else { Err(CliError::usage("there is nothing to play in that range")) }
}

/// What was heard.
struct Heard {
    status: EngineStatus,
    /// Of the range, if every frame of it passed.
    tap_hash: Option<String>,
}

fn listen(engine: &mut LiveEngine, range: (Frames, Frames)) -> Result<Heard, CliError> {
    engine.play(range.0);
    let wanted = (range.1 - range.0).as_len();
    let mut hash = TapHash::new();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut block = vec![[0.0; 2]; 1 << 14];
    let mut waited = Duration::ZERO;
    loop {
        let status = engine.poll();
        while let Some(EngineEvent::Notes(notes)) = engine.next_event() {
            notes.iter().for_each(|n| say(&format!("glassmaster: {}", n.text)));
        }
        let taken = engine.take_samples(&mut block);
        let missing = wanted - hash.frames().as_len();
        let used = taken.min(missing);
        left.clear();
        right.clear();
        left.extend(block[..used].iter().map(|f| f[0]));
        right.extend(block[..used].iter().map(|f| f[1]));
        hash.update(&left, &right);
        if status.position >= range.1 || hash.frames().as_len() == wanted {
            engine.stop();
            let complete = hash.frames().as_len() == wanted;
            return Ok(Heard { status, tap_hash: complete.then(|| hash.hex()) });
        }
        if !status.playing && status.position <= range.0 {
            waited += INTERVAL;
            if waited > PATIENCE {
                return Err(CliError::output_text("the engine did not begin to play within 20 s"));
            }
        }
        if taken == 0 {
            std::thread::park_timeout(INTERVAL);
        }
    }
}

fn report(
    args: &PlayArgs,
    session: &Session,
    range: (Frames, Frames),
    heard: &Heard,
) -> Result<u8, CliError> {
    let status = &heard.status;
    let load = status.load;
    let seconds = session.sample_rate_hz.seconds_from_frames(range.1 - range.0);
    if args.json {
        print_json(&json!({
            "seconds": seconds,
            "sample_rate_hz": session.sample_rate_hz.0,
            "buffer_frames": args.buffer,
            "callbacks": status.callbacks,
            "dropouts": status.dropouts,
            "late_quanta": status.late,
            "failed_quanta": status.failed,
            "load_mean": load.mean,
            "load_p999": load.p999,
            "load_worst": load.worst,
            "tap_hash": heard.tap_hash,
        }))?;
    } else {
        print(&format!(
            "{seconds:.1} s at {}, {} frames a buffer, {} callbacks\ndropouts {}\nload mean {:.1} %, 99.9 % {:.1} %, worst {:.1} %\ntap hash {}\n",
            session.sample_rate_hz,
            args.buffer,
            status.callbacks,
            status.dropouts,
            load.mean * 100.0,
            load.p999 * 100.0,
            load.worst * 100.0,
            heard.tap_hash.as_deref().unwrap_or("– (not every frame passed the meter ring)")
        ))?;
    }
    Ok(0)
}
