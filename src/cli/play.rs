//! `glassmaster play`: live without a window, for listening on a server and for proving that live equals export.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::args::PlayArgs;
use super::machine;
use super::output::{CliError, print, print_json, say};
use crate::app::command::MeterAct;
use crate::app::frame::{MeterView, PlaceReading};
use crate::app::meter_settings::{MeterPoint, MeterSettings};
use crate::app::telemetry::{Meters, tap_of};
use crate::engine::{
    Callback, EngineEvent, EngineStatus, LiveEngine, MonotonicClock, NullDevice, Pace, SamplePlace,
};
use crate::jobs::JobContext;
use crate::jobs::parallel::thread_count;
use crate::jobs::sources::{key_of, prepare};
use crate::media::OpenSource;
use crate::media::file_source::FileSources;
use crate::media::memory::MemorySources;
use crate::media::prefetch::StreamSources;
use crate::meter::loudness_map::LoudnessMap;
use crate::model::{Session, SlotId, SourceRef, Timeline};
use crate::process::audition::auditions;
use crate::render::TapHash;
use crate::units::{Frames, SampleRate};

/// Time the engine has to begin to play.
const PATIENCE: Duration = Duration::from_secs(20);

/// The word of the meter point whose hash is that of a master.
const MASTER: &str = "master";

/// How often the engine is looked after.
const INTERVAL: Duration = Duration::from_millis(2);

pub fn run(args: &PlayArgs) -> Result<u8, CliError> {
    let session = Arc::new(machine::open_session(&args.session)?);
    for audition in auditions(&session) {
        say(&format!(
            "glassmaster: {} plays {}: masters are made without it, and their tap hash differs",
            audition.place_in_words(&session),
            audition.what
        ));
    }
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
    let point = point_of(&args.point)?;
    engine.set_tap(tap_of(point, Some(&session)));
    if !args.hold {
        // Asked for before the device runs: then its first buffer is likely to be the music already.
        engine.play(range.0);
    }
    let device = Some(open(args, rate, callback)?);
    let mut player = Player { args, rate, device, session: Arc::clone(&session), point, restarted_at: None };
    if args.hold {
        wait_for_enter()?;
        engine.play(range.0);
    }
    let heard = player.listen(&mut engine, range)?;
    if args.free && !args.preload && heard.status.late > 0 {
        say(
            "glassmaster: sources came late, so what was heard has holes; --preload loads them whole before playing",
        );
    }
    drop(player.device.take());
    report(args, &session, range, &heard)
}

/// A running device; it stops when dropped.
trait Running {
    /// Stops it and gives the callback back, with all it was playing.
    fn close(self: Box<Self>) -> Option<Box<Callback>>;

    /// Frames of a buffer, where the device has not chosen them itself.
    fn buffer_frames(&self) -> Option<u32>;
}

impl Running for NullDevice {
    fn close(self: Box<Self>) -> Option<Box<Callback>> {
        Self::close(*self)
    }

    fn buffer_frames(&self) -> Option<u32> {
        None
    }
}

#[cfg(feature = "device")]
impl Running for crate::engine::device::OpenDevice {
    fn close(self: Box<Self>) -> Option<Box<Callback>> {
        Self::close(*self)
    }

    fn buffer_frames(&self) -> Option<u32> {
        self.opened_as().buffer_frames
    }
}

fn open(args: &PlayArgs, rate: SampleRate, callback: Box<Callback>) -> Result<Box<dyn Running>, CliError> {
    if args.device == "null" {
        let pace = if args.free { Pace::Heard } else { Pace::RealTime };
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
    let from = frames_of(rate, args.from, "from")?;
    let to = match args.seconds {
        Some(s) => from + frames_of(rate, s, "seconds")?,
        None => end,
    };
    if from < to { Ok((from, to)) } else { Err(CliError::usage("there is nothing to play in that range")) }
}

/// The meter point of a word.
fn point_of(word: &str) -> Result<MeterPoint, CliError> {
    let slot = || word.strip_prefix("slot:").and_then(|id| id.parse().ok()).map(SlotId);
    Ok(match word {
        "source" => MeterPoint::Source,
        "song" => MeterPoint::SongChain,
        MASTER => MeterPoint::MasterTap,
        "delivered" => MeterPoint::Delivered,
        "monitor" => MeterPoint::Monitor,
        _ => MeterPoint::AfterSlot(slot().ok_or_else(|| {
            CliError::usage(format!(
                "--point cannot be {word}; it is source, song, master, delivered, monitor or slot:ID"
            ))
        })?),
    })
}

fn frames_of(rate: SampleRate, seconds: f64, option: &str) -> Result<Frames, CliError> {
    if seconds.is_finite() && seconds >= 0.0 {
        Ok(rate.frames_from_seconds(seconds))
    } else {
        Err(CliError::usage(format!("--{option} cannot be {seconds}; it is a time in seconds")))
    }
}

/// What was heard.
struct Heard {
    status: EngineStatus,
    /// Of the range, if every frame of it passed.
    tap_hash: Option<String>,
    /// Where the device was closed and opened again.
    restarted_at: Option<Frames>,
    buffer_frames: u32,
    meters: MeterView,
}

/// The device of a run, which may be closed and opened again on the way.
struct Player<'a> {
    args: &'a PlayArgs,
    rate: SampleRate,
    session: Arc<Session>,
    point: MeterPoint,
    device: Option<Box<dyn Running>>,
    restarted_at: Option<Frames>,
}

impl Player<'_> {
    fn listen(&mut self, engine: &mut LiveEngine, range: (Frames, Frames)) -> Result<Heard, CliError> {
        let restart_at = self.restart_at(range)?;
        let mut tap =
            Tap::new((range.1 - range.0).as_len(), &self.session, engine.session_number(), self.point);
        let mut waited = Duration::ZERO;
        loop {
            let status = engine.poll();
            while let Some(EngineEvent::Notes(notes)) = engine.next_event() {
                notes.iter().for_each(|n| say(&format!("glassmaster: {}", n.text)));
            }
            let taken = tap.take(engine);
            if status.position >= range.1 || tap.is_complete() {
                engine.stop();
                return Ok(self.heard(status, tap));
            }
            if restart_at.is_some_and(|at| self.restarted_at.is_none() && status.position >= at) {
                self.restart(engine)?;
            }
            if status.device_lost {
                return Err(CliError::output_text("the device is gone; connect it again and start anew"));
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

    fn restart_at(&self, range: (Frames, Frames)) -> Result<Option<Frames>, CliError> {
        let Some(seconds) = self.args.restart_after else { return Ok(None) };
        let at = range.0 + frames_of(self.rate, seconds, "restart-after")?;
        if at < range.1 {
            Ok(Some(at))
        } else {
            Err(CliError::usage("--restart-after lies behind the end of what is played"))
        }
    }

    /// The callback goes from the closed device to the same device opened anew, with all it was playing.
    fn restart(&mut self, engine: &LiveEngine) -> Result<(), CliError> {
        let stuck = || CliError::output_text("the device does not let go; start anew");
        let callback = self.device.take().and_then(Running::close).ok_or_else(stuck)?;
        self.restarted_at = Some(engine.shared().position());
        self.device = Some(open(self.args, self.rate, callback)?);
        Ok(())
    }

    fn heard(&self, status: EngineStatus, mut tap: Tap) -> Heard {
        tap.meters.finish();
        let own = self.device.as_ref().and_then(|d| d.buffer_frames());
        Heard {
            status,
            tap_hash: tap.is_complete().then(|| tap.hash.hex()),
            restarted_at: self.restarted_at,
            buffer_frames: own.unwrap_or(self.args.buffer),
            meters: tap.meters.view(),
        }
    }
}

/// The device runs and is silent until somebody presses Enter; the end of the input counts as that.
fn wait_for_enter() -> Result<(), CliError> {
    say("glassmaster: ready; Enter begins to play");
    std::io::stdin().read_line(&mut String::new()).map(drop).map_err(CliError::input)
}

/// Hashes the signal being heard and measures it, with the meters of the window.
struct Tap {
    hash: TapHash,
    meters: Meters,
    /// Where a file of the album begins: there the meters are reset.
    program_start: Frames,
    wanted: usize,
    block: Vec<[f64; 2]>,
    sides: [Vec<f64>; 2],
}

impl Tap {
    fn new(wanted: usize, session: &Arc<Session>, number: u64, point: MeterPoint) -> Self {
        let timeline = Timeline::of(session);
        let map = Arc::new(LoudnessMap::new(session.sample_rate_hz, timeline.end));
        let mut meters =
            Meters::new(session.sample_rate_hz, &MeterSettings { point, ..MeterSettings::default() });
        meters.set_session(number, session, &map);
        let (hash, program_start) = (TapHash::new(), timeline.program_start());
        let (block, sides) = (vec![[0.0; 2]; 1 << 14], Default::default());
        Self { hash, meters, program_start, wanted, block, sides }
    }

    /// Takes what waits, at most as much as is wanted; how many frames there were.
    fn take(&mut self, engine: &mut LiveEngine) -> usize {
        let mut all = 0;
        while let Some((place, taken)) = engine.samples().take(&mut self.block) {
            all += taken;
            self.hear(&place, taken);
        }
        all
    }

    /// The first frames of the block, which lie together.
    fn hear(&mut self, place: &SamplePlace, taken: usize) {
        let used = &self.block[..taken.min(self.wanted - self.hash.frames().as_len())];
        for (side, i) in self.sides.iter_mut().zip(0..) {
            side.clear();
            side.extend(used.iter().map(|f| f[i]));
        }
        let [left, right] = &self.sides;
        self.hash.update(left, right);
        let before = place.position.map_or(0, |at| (self.program_start - at).as_len().min(left.len()));
        if before > 0 {
            self.meters.push_at(place, &left[..before], &right[..before]);
            self.meters.act(&MeterAct::Reset);
        }
        self.meters.push_at(&place.after(before), &left[before..], &right[before..]);
    }

    fn is_complete(&self) -> bool {
        self.hash.frames().as_len() == self.wanted
    }
}

fn meters_json(view: &MeterView) -> serde_json::Value {
    let loudness = &view.loudness;
    json!({
        "point": view.point,
        "integrated_lufs": loudness.integrated_lufs,
        "loudness_range_lu": loudness.range_lu,
        "max_momentary_lufs": loudness.max_momentary_lufs,
        "max_short_term_lufs": loudness.max_short_term_lufs,
        "true_peak_dbtp": loudness.max_true_peak_dbtp,
        "sample_peak_dbfs": loudness.max_sample_peak_dbfs,
        "plr_db": loudness.plr_db,
        "min_psr_db": loudness.min_psr_db,
        "by_place": place_json(&loudness.album),
    })
}

/// The album as the ledger has it: the same figures where all of it was heard in one go.
fn place_json(album: &PlaceReading) -> serde_json::Value {
    let highest = |peaks: [Option<f64>; 2]| peaks.into_iter().flatten().reduce(f64::max);
    json!({
        "integrated_lufs": album.integrated_lufs,
        "loudness_range_lu": album.range_lu,
        "max_momentary_lufs": album.max_momentary_lufs,
        "max_short_term_lufs": album.max_short_term_lufs,
        "true_peak_dbtp": highest(album.true_peak_dbtp),
        "sample_peak_dbfs": highest(album.sample_peak_dbfs),
        "plr_db": album.plr_db,
        "min_psr_db": album.min_psr_db,
        "measured_s": album.measured_s,
        "length_s": album.length_s,
    })
}

fn meters_text(view: &MeterView) -> String {
    let loudness = &view.loudness;
    let shown = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.2}"));
    format!(
        "{}: I {} LUFS, LRA {} LU, max M {} LUFS, max S {} LUFS, true peak {} dBTP",
        view.point,
        shown(loudness.integrated_lufs),
        shown(loudness.range_lu),
        shown(loudness.max_momentary_lufs),
        shown(loudness.max_short_term_lufs),
        shown(loudness.max_true_peak_dbtp)
    )
}

/// The hash of the master tap. What was heard at another point is no master and has none.
fn hash_line(point: &str, tap_hash: Option<&str>) -> String {
    match point {
        MASTER => format!("tap hash {}\n", tap_hash.unwrap_or("– (not every frame passed the meter ring)")),
        _ => String::new(),
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
    let tap_hash = heard.tap_hash.as_deref().filter(|_| args.point == MASTER);
    if args.json {
        print_json(&json!({
            "seconds": seconds,
            "sample_rate_hz": session.sample_rate_hz.0,
            "buffer_frames": heard.buffer_frames,
            "callbacks": status.callbacks,
            "dropouts": status.dropouts,
            "late_callbacks": status.late_callbacks,
            "xruns": status.xruns,
            "late_quanta": status.late,
            "failed_quanta": status.failed,
            "load_mean": load.mean,
            "load_p999": load.p999,
            "load_worst": load.worst,
            "restarted_at_frame": heard.restarted_at.map(|at| at.0),
            "tap_hash": tap_hash,
            "meters": meters_json(&heard.meters),
        }))?;
    } else {
        print(&format!(
            "{seconds:.1} s at {}, {} frames a buffer, {} callbacks\ndropouts {} (callbacks late {}, sources late {}, xruns {})\nload mean {:.1} %, 99.9 % {:.1} %, worst {:.1} %\n{}\n{}",
            session.sample_rate_hz,
            heard.buffer_frames,
            status.callbacks,
            status.dropouts,
            status.late_callbacks,
            status.late,
            status.xruns,
            load.mean * 100.0,
            load.p999 * 100.0,
            load.worst * 100.0,
            meters_text(&heard.meters),
            hash_line(&args.point, tap_hash)
        ))?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_master_tap_has_a_hash() {
        assert_eq!(hash_line(MASTER, Some("abc")), "tap hash abc\n");
        assert!(hash_line(MASTER, None).contains("not every frame"));
        for point in ["source", "song", "delivered", "monitor", "slot:1"] {
            assert_eq!(hash_line(point, Some("abc")), "", "{point}");
        }
    }
}
