//! Live play under load, for the figures: an album of six songs at 96 kHz, a chain of five on every song and on the album,
//! on the null device in real time, while a script does what an engineer does, faster than any could.
//!
//! Every twentieth of a second a parameter moves; every five seconds a song changes its place, every seven the playhead
//! jumps, every three a slot is bypassed or put back, every ten the session is saved; an export of all songs runs all the
//! time. Then a shorter run at 64 frames. What the callback took is told as wall time (the load) and, by the kernel's
//! accounts of the audio thread, as time on the processor and time spent waiting for one: only the first is ours. Beside it
//! a thread of the same priority sleeps and wakes in the same rhythm and does nothing: when that one wakes too late, the
//! machine was not to be had, by us or anybody.
//!
//! Before that: what the meter worker takes for a second of audio at 44.1 and 96 kHz, at the master tap, as delivered, and with
//! the most costly settings; what listening at each point adds to the callback; and what an edit of an album that was heard
//! costs the worker.
//!
//! usage: cargo bench --bench live [--no-default-features] -- [SECONDS] [--json] [--no-export]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement, not a part of the program"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use glassmaster::app::core::{Core, Setup};
use glassmaster::app::frame::{ExportRequest, SourceState};
use glassmaster::app::settings::Folders;
use glassmaster::app::{Action, Command, Frame};
use glassmaster::audio::priority;
use glassmaster::edit::{Edit, GestureId};
use glassmaster::model::{Chain, ChainRef, SlotId};
use glassmaster::units::{Frames, SampleRate};
use serde_json::{Value, json};

const RATE: SampleRate = SampleRate(96_000);

const SONGS: usize = 6;

const SONG_SECONDS: f64 = 30.0;

/// Between two turns of the script.
const TURN: Duration = Duration::from_millis(50);

struct Args {
    seconds: f64,
    json: bool,
    export: bool,
}

fn args() -> Args {
    let mut args = Args { seconds: 120.0, json: false, export: true };
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "--json" => args.json = true,
            "--no-export" => args.export = false,
            // What cargo itself adds.
            "--bench" => {}
            number => args.seconds = number.parse().expect("[SECONDS] [--json] [--no-export]"),
        }
    }
    args
}

fn main() {
    let args = args();
    let meters = meters::costs();
    let dir = tempfile::tempdir().unwrap();
    let mut stage = Stage::new(dir.path(), args.export);
    let runs = [stage.run(128, args.seconds), stage.run(64, args.seconds / 4.0)];
    let json = json!({ "meters": meters.json(), "runs": runs.iter().map(Reading::json).collect::<Vec<_>>() });
    if args.json {
        println!("{json:#}");
    } else {
        println!("{}", meters.text());
        runs.iter().for_each(|run| println!("{}", run.text()));
    }
}

/// Six songs: three tones with harmonics and a noise floor each, so that no processor idles.
fn write_songs(folder: &Path) -> Vec<PathBuf> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE.0,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let write = |number: usize| {
        let path = folder.join(format!("{number:02} song.wav"));
        let mut wav = hound::WavWriter::create(&path, spec).unwrap();
        let mut noise = 1u32 + number as u32;
        for frame in 0..(SONG_SECONDS * RATE.hz()) as usize {
            let t = frame as f64 / RATE.hz();
            let beat = 0.3 + 0.7 * (-6.0 * (t * 2.0).fract()).exp();
            for side in 0..2 {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = 0.02 * (f64::from(noise) / f64::from(u32::MAX) - 0.5);
                let hz = 55.0 * (number + 1) as f64;
                let tone: f64 = [1.0, 4.0, 17.3]
                    .iter()
                    .map(|k| (std::f64::consts::TAU * (hz * k + f64::from(side)) * t).sin() / k.sqrt())
                    .sum();
                wav.write_sample((8_388_607.0 * (0.3 * beat * tone + hiss)) as i32).unwrap();
            }
        }
        wav.finalize().unwrap();
        path
    };
    (1..=SONGS).map(write).collect()
}

/// Equaliser with eight bands, compressor, width, gain, limiter.
fn chain() -> Chain {
    let mut eq = serde_json::Map::new();
    for band in 1..=8u32 {
        eq.insert(format!("band{band}_type"), "bell".into());
        eq.insert(format!("band{band}_freq_hz"), (40.0 * 2f64.powi(band as i32)).into());
        eq.insert(format!("band{band}_gain_db"), if band % 2 == 0 { 1.5 } else { -1.5 }.into());
    }
    let slot = |id: u32, kind: &str, params: Value| {
        json!({"id": id, "kind": kind, "version": 1, "enabled": true, "mode": "stereo", "wet": 1.0,
            "params": params})
    };
    let slots = json!([
        slot(1, "eq", Value::Object(eq)),
        slot(2, "compressor", json!({"threshold_db": -22.0, "ratio": 2.5})),
        slot(3, "width", json!({"width_percent": 110.0})),
        slot(4, "gain", json!({"gain_db": 0.5})),
        slot(5, "limiter", json!({"input_gain_db": 3.0})),
    ]);
    serde_json::from_value(json!({ "slots": slots })).unwrap()
}

/// The program at work.
struct Stage {
    core: Core,
    begun: Instant,
    out: PathBuf,
    exports: bool,
    exported: u32,
}

impl Stage {
    fn new(home: &Path, exports: bool) -> Self {
        let folders =
            Folders { config: home.join("config"), data: home.join("data"), cache: home.join("cache") };
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let core = Core::new(Setup { folders, threads, audio: false }).unwrap();
        let mut stage = Self { core, begun: Instant::now(), out: home.join("out"), exports, exported: 0 };
        stage.core.handle(Command::New { sample_rate: RATE });
        stage.core.handle(Command::Import { paths: write_songs(home), at: None });
        let frame =
            stage.wait(|f| f.songs.len() == SONGS && f.songs.iter().all(|s| s.source == SourceState::Ready));
        let chains = frame.session.songs.iter().map(|s| ChainRef::Song(s.id)).chain([ChainRef::Album]);
        for target in chains {
            stage.core.handle(Command::edit(Edit::SetChain { chain: target, to: chain() }));
        }
        stage.core.handle(Command::SaveAs(home.join("album.json")));
        stage.wait(|f| f.jobs.is_empty() && f.path.is_some());
        stage
    }

    fn tick(&mut self) -> Arc<Frame> {
        self.core.tick(self.begun.elapsed().as_secs_f64())
    }

    fn wait(&mut self, until: impl Fn(&Frame) -> bool) -> Arc<Frame> {
        loop {
            let frame = self.tick();
            if until(&frame) {
                return frame;
            }
            std::thread::sleep(TURN);
        }
    }

    /// Plays for a while at a buffer size, with the script going on.
    fn run(&mut self, buffer_frames: u32, seconds: f64) -> Reading {
        self.core.handle(Command::SetDevice { host: None, device: None, buffer_frames });
        self.core.handle(Command::Play { from: Some(Frames::ZERO) });
        self.wait(|f| f.transport.playing && f.transport.position > RATE.frames_from_seconds(0.5));
        self.core.handle(Command::ClearLamps);
        let before = Accounts::now();
        let sleeper = Sleeper::start(Duration::from_secs_f64(f64::from(buffer_frames) / RATE.hz()));
        let mut script = Script::default();
        let begun = Instant::now();
        while begun.elapsed().as_secs_f64() < seconds {
            let frame = self.tick();
            self.keep_exporting(&frame);
            for command in script.turn(&frame) {
                self.core.handle(command);
            }
            let next = TURN * script.turns;
            std::thread::sleep(next.saturating_sub(begun.elapsed()));
        }
        self.tick();
        let status = self.core.engine_status();
        let reading = Reading {
            buffer_frames,
            seconds: begun.elapsed().as_secs_f64(),
            status,
            accounts: Accounts::now().since(&before),
            sleeper: sleeper.stop(),
            script,
            exports: std::mem::take(&mut self.exported),
        };
        self.core.handle(Command::Do(Action::PlayStop));
        self.wait(|f| !f.transport.playing);
        reading
    }

    fn keep_exporting(&mut self, frame: &Frame) {
        if !self.exports || frame.jobs.iter().any(|job| job.title.starts_with("Export")) {
            return;
        }
        if let Some(result) = &frame.result {
            assert!(result.error.is_none(), "the export failed: {:?}", result.error);
            self.exported += 1;
            self.core.handle(Command::DismissResult);
        }
        self.core.handle(Command::Export(ExportRequest {
            title: "songs".to_owned(),
            deliverables: vec!["wav_songs".to_owned()],
            out: self.out.clone(),
            settings: BTreeMap::new(),
            overwrite: true,
        }));
    }
}

/// What hands do, by the number of the turn.
#[derive(Debug, Default)]
struct Script {
    turns: u32,
    moves: u32,
    reorders: u32,
    seeks: u32,
    bypasses: u32,
    saves: u32,
}

impl Script {
    fn turn(&mut self, frame: &Frame) -> Vec<Command> {
        self.turns += 1;
        let turn = self.turns;
        let every = |seconds: u32| turn.is_multiple_of(20 * seconds);
        let mut commands = vec![self.turn_a_knob(frame)];
        if every(5) {
            self.reorders += 1;
            let song = frame.session.songs[turn as usize / 100 % SONGS].id;
            commands.push(Command::edit(Edit::MoveSong { song, to: turn as usize / 37 % SONGS }));
        }
        if every(3) {
            self.bypasses += 1;
            let (chain, slots) = self.a_chain(frame);
            let slot = slots[turn as usize / 60 % slots.len()];
            let enabled = self.bypasses.is_multiple_of(2);
            commands.push(Command::edit(Edit::SetSlotEnabled { chain, slot, enabled }));
        }
        if every(7) || !frame.transport.playing {
            self.seeks += 1;
            let end = frame.timeline.end.0;
            let to = Frames(end * i64::from(self.seeks * 37 % 80) / 100);
            commands.push(if frame.transport.playing {
                Command::Seek(to)
            } else {
                Command::Play { from: Some(to) }
            });
        }
        if every(10) {
            self.saves += 1;
            commands.push(Command::Do(Action::Save));
        }
        commands
    }

    /// Mostly the song that sounds, every fourth time the album.
    fn a_chain(&self, frame: &Frame) -> (ChainRef, Vec<SlotId>) {
        let at = frame.transport.position;
        let sounding = frame.timeline.songs.iter().rposition(|s| s.start <= at).unwrap_or(0);
        let chain = match self.turns % 4 {
            0 => ChainRef::Album,
            _ => ChainRef::Song(frame.session.songs[sounding].id),
        };
        let slots = frame.session.chain(chain).map(|c| c.slots.iter().map(|s| s.id).collect());
        (chain, slots.unwrap_or_default())
    }

    fn turn_a_knob(&mut self, frame: &Frame) -> Command {
        self.moves += 1;
        let (chain, slots) = self.a_chain(frame);
        let swing = (f64::from(self.turns) * 0.21).sin();
        let (place, param, value) = match self.turns / 20 % 5 {
            0 => (0, "band3_gain_db", 4.0 * swing),
            1 => (0, "band5_freq_hz", 1_200.0 * 2f64.powf(swing)),
            2 => (1, "threshold_db", -22.0 + 6.0 * swing),
            3 => (2, "width_percent", 100.0 + 30.0 * swing),
            _ => (4, "input_gain_db", 3.0 + 2.0 * swing),
        };
        let values = vec![(param.to_owned(), serde_json::from_value(json!(value)).unwrap())];
        let gesture = Some(GestureId(u64::from(self.turns / 20)));
        Command::Edit { edit: Edit::SetParams { chain, slot: slots[place], values }, gesture }
    }
}

/// The kernel's accounts of the audio thread and of the machine.
#[derive(Debug, Default, Clone, Copy)]
struct Accounts {
    /// Seconds on a processor.
    ran_s: f64,
    /// Seconds ready to run, waiting for a processor.
    waited_s: f64,
    /// Pages of memory it had to wait for.
    page_faults: f64,
    /// Times it was taken off the processor against its will.
    preempted: f64,
    /// Seconds (summed over processors) the machine below this one took away.
    stolen_s: f64,
}

impl Accounts {
    fn now() -> Self {
        let mut accounts = Self::default();
        for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            // The kernel keeps 15 letters of a name.
            if read("comm").trim() != "gm-null-device" {
                continue;
            }
            let schedstat = read("schedstat");
            let mut nanos = schedstat.split_whitespace().map(|n| n.parse::<f64>().unwrap_or(0.0) * 1e-9);
            (accounts.ran_s, accounts.waited_s) = (nanos.next().unwrap_or(0.0), nanos.next().unwrap_or(0.0));
            let stat = read("stat");
            // Behind the name in brackets, the eighth.
            let faults = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(7));
            accounts.page_faults = faults.and_then(|n| n.parse().ok()).unwrap_or(0.0);
            let preempted = "nonvoluntary_ctxt_switches:";
            let status = read("status");
            let line = status.lines().find_map(|l| l.strip_prefix(preempted));
            accounts.preempted = line.and_then(|n| n.trim().parse().ok()).unwrap_or(0.0);
        }
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let stolen = stat.split_whitespace().nth(8).and_then(|n| n.parse::<f64>().ok());
        accounts.stolen_s = stolen.unwrap_or(0.0) / 100.0;
        accounts
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            ran_s: self.ran_s - before.ran_s,
            waited_s: self.waited_s - before.waited_s,
            page_faults: self.page_faults - before.page_faults,
            preempted: self.preempted - before.preempted,
            stolen_s: self.stolen_s - before.stolen_s,
        }
    }
}

/// What a thread saw that did nothing.
#[derive(Debug, Default, Clone, Copy)]
struct Naps {
    /// Wakings later than a buffer lasts.
    late: u32,
    longest_s: f64,
}

/// A thread of the audio thread's priority that wakes once a buffer and does nothing.
struct Sleeper {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Naps>,
}

impl Sleeper {
    fn start(lasts: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let run = move || {
            // Refused or not: the audio thread asks the same system.
            priority::raise().unwrap_or_default();
            let mut naps = Naps::default();
            let mut deadline = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                deadline += lasts;
                std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
                let late = deadline.elapsed();
                naps.longest_s = naps.longest_s.max(late.as_secs_f64());
                if late > lasts {
                    naps.late += 1;
                    deadline = Instant::now();
                }
            }
            naps
        };
        let thread = std::thread::Builder::new().name("sleeper".to_owned()).spawn(run).unwrap();
        Self { stop, thread }
    }

    fn stop(self) -> Naps {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

struct Reading {
    buffer_frames: u32,
    seconds: f64,
    sleeper: Naps,
    status: glassmaster::engine::EngineStatus,
    accounts: Accounts,
    script: Script,
    exports: u32,
}

fn machine_load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

impl Reading {
    fn json(&self) -> Value {
        let (status, accounts, script) = (&self.status, &self.accounts, &self.script);
        json!({
            "sample_rate_hz": RATE.0,
            "buffer_frames": self.buffer_frames,
            "seconds": self.seconds,
            "realtime_priority": status.realtime,
            "callbacks": status.callbacks,
            "dropouts": status.dropouts,
            "late_callbacks": status.late_callbacks,
            "device_xruns": status.xruns,
            "source_underruns": status.late,
            "source_failures": status.failed,
            "load_mean": status.load.mean,
            "load_p999": status.load.p999,
            "load_worst": status.load.worst,
            "audio_thread_ran_s": accounts.ran_s,
            "audio_thread_waited_s": accounts.waited_s,
            "audio_thread_preempted": accounts.preempted,
            "audio_thread_page_faults": accounts.page_faults,
            "machine_stolen_s": accounts.stolen_s,
            "idle_thread_woken_late": self.sleeper.late,
            "idle_thread_latest_s": self.sleeper.longest_s,
            "machine_load": machine_load(),
            "parameter_moves": script.moves,
            "reorders": script.reorders,
            "seeks": script.seeks,
            "bypasses": script.bypasses,
            "saves": script.saves,
            "exports_finished": self.exports,
        })
    }

    fn text(&self) -> String {
        let (status, accounts, script) = (&self.status, &self.accounts, &self.script);
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        format!(
            "{} at {} frames, {:.0} s, {} callbacks, real-time priority {}\n\
             dropouts {}: callbacks late {}, device xruns {}, source underruns {}\n\
             load mean {}, 99.9 % {}, worst {}\n\
             audio thread: on the processor {:.2} s ({}), waiting for one {:.3} s, preempted {} times, page faults {}; stolen from the machine {:.2} s; load {}\n\
             idle thread beside it: woken too late {} times, at most {:.2} ms\n\
             meanwhile: {} parameter moves, {} reorders, {} seeks, {} bypasses, {} saves, {} exports finished\n",
            RATE,
            self.buffer_frames,
            self.seconds,
            status.callbacks,
            if status.realtime { "granted" } else { "refused" },
            status.dropouts,
            status.late_callbacks,
            status.xruns,
            status.late,
            percent(status.load.mean),
            percent(status.load.p999),
            percent(status.load.worst),
            accounts.ran_s,
            percent(accounts.ran_s / self.seconds),
            accounts.waited_s,
            accounts.preempted,
            accounts.page_faults,
            accounts.stolen_s,
            machine_load(),
            self.sleeper.late,
            self.sleeper.longest_s * 1e3,
            script.moves,
            script.reorders,
            script.seeks,
            script.bypasses,
            script.saves,
            self.exports,
        )
    }
}

/// What measuring costs, apart from the program.
mod meters {
    use std::sync::Arc;
    use std::time::Instant;

    use glassmaster::app::meter_settings::{
        Channel, CorrelationBands, FftSize, FieldPicture, MeterPoint, MeterSettings, SpectrumSettings,
        StereoSettings,
    };
    use glassmaster::app::telemetry::{Meters, Pictures, tap_of};
    use glassmaster::engine::{Callback, LiveEngine, MonotonicClock, SamplePlace};
    use glassmaster::media::{FrameSource, OpenSource, ReadOutcome, SourceError, SourceKey};
    use glassmaster::meter::loudness_map::LoudnessMap;
    use glassmaster::model::{Session, Song, SongId, SourceRef, Timeline};
    use glassmaster::units::{Frames, SampleRate};
    use serde_json::{Value, json};

    /// Audio measured for a figure.
    const SECONDS: usize = 30;

    const BUFFER: usize = 256;

    /// Noise that repeats every second or so.
    struct Noise(Arc<Vec<f64>>);

    impl FrameSource for Noise {
        fn read(&mut self, pos: Frames, left: &mut [f64], right: &mut [f64]) -> ReadOutcome {
            for (i, (l, r)) in left.iter_mut().zip(right).enumerate() {
                let at = (pos.0 as usize + i) % 65_000;
                (*l, *r) = (self.0[at], self.0[at + 100]);
            }
            ReadOutcome::Complete
        }

        fn length(&self) -> Frames {
            Frames(1 << 40)
        }
    }

    struct Sources(Arc<Vec<f64>>);

    impl OpenSource for Sources {
        fn open(&self, _: &SourceKey, _: Frames) -> Result<Box<dyn FrameSource>, SourceError> {
            Ok(Box::new(Noise(Arc::clone(&self.0))))
        }
    }

    fn noise() -> Vec<f64> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.4 * (f64::from(state) / f64::from(u32::MAX) - 0.5)
        };
        (0..1 << 16).map(|_| next()).collect()
    }

    fn session(rate: SampleRate) -> Arc<Session> {
        let mut session = Session::new(rate);
        let frames = 600 * u64::from(rate.0);
        let source = SourceRef { frames, sample_rate_hz: rate.0, channels: 2, ..SourceRef::default() };
        let mut song = Song::new(SongId(1), source, rate, Frames::ZERO);
        song.chain = Arc::new(super::chain());
        session.songs.push(Arc::new(song));
        Arc::new(session)
    }

    /// The figures.
    pub struct Costs {
        /// Rate, point, milliseconds of the worker for a second of audio (of that, pictures).
        worker: Vec<(u32, &'static str, f64, f64)>,
        /// Rate, point, microseconds of the callback for a second of audio.
        callback: Vec<(u32, &'static str, f64)>,
        /// What is edited, milliseconds of the worker for one edit of an album heard whole.
        edits: Vec<(&'static str, f64)>,
    }

    /// Measures them.
    pub fn costs() -> Costs {
        let mut costs = Costs { worker: Vec::new(), callback: Vec::new(), edits: edits_ms() };
        for rate in [SampleRate(44_100), SampleRate(96_000)] {
            for (point, name) in
                [(MeterPoint::MasterTap, "master tap"), (MeterPoint::Delivered, "as delivered")]
            {
                let settings = MeterSettings { point, ..MeterSettings::default() };
                let (all, painting) = worker_ms(rate, &settings);
                costs.worker.push((rate.0, name, all, painting));
            }
            let (all, painting) = worker_ms(rate, &costly());
            costs.worker.push((rate.0, "master tap, everything at its longest", all, painting));
            for (point, name) in [
                (MeterPoint::MasterTap, "master tap"),
                (MeterPoint::Source, "source"),
                (MeterPoint::AfterSlot(glassmaster::model::SlotId(3)), "after slot 3"),
                (MeterPoint::SongChain, "song chain"),
                (MeterPoint::Monitor, "monitor"),
            ] {
                costs.callback.push((rate.0, name, callback_us(rate, point)));
            }
        }
        costs
    }

    /// Transforms of 65 536 points of two channels with every trace, correlation by thirds of an octave, the level in
    /// every direction.
    fn costly() -> MeterSettings {
        MeterSettings {
            stereo: StereoSettings {
                bands: CorrelationBands::Thirds,
                picture: FieldPicture::PolarLevel,
                ..StereoSettings::default()
            },
            spectrum: SpectrumSettings {
                size: FftSize::N65536,
                second: Some(Channel::Side),
                shows_peak: true,
                shows_minimum: true,
                ..SpectrumSettings::default()
            },
            ..MeterSettings::default()
        }
    }

    /// An album of ten minutes, heard whole; then a song of it changes, and then a gap.
    fn edits_ms() -> Vec<(&'static str, f64)> {
        const SONGS: u64 = 10;
        const EDITS: u64 = 20;
        let (rate, noise) = (SampleRate(44_100), noise());
        let mut session = Session::new(rate);
        session.snap_to_cd_frames = false;
        for id in 1..=SONGS {
            let frames = 60 * u64::from(rate.0);
            let path = id.to_string();
            let source =
                SourceRef { path, frames, sample_rate_hz: rate.0, channels: 2, ..SourceRef::default() };
            session.songs.push(Arc::new(Song::new(SongId(id), source, rate, Frames::ZERO)));
        }
        let mut meters = Meters::new(rate, &MeterSettings::default());
        let mut number = 0;
        let mut set = |meters: &mut Meters, session: &Session, map: &Arc<LoudnessMap>| {
            let begun = Instant::now();
            meters.set_session(number, &Arc::new(session.clone()), map);
            number += 1;
            begun.elapsed().as_secs_f64() * 1000.0 / EDITS as f64
        };
        let map = Arc::new(LoudnessMap::new(rate, Timeline::of(&session).end));
        set(&mut meters, &session, &map);
        let mut place = SamplePlace { position: Some(Frames::ZERO), ..SamplePlace::default() };
        while place.position < Some(Timeline::of(&session).end) {
            meters.push_at(&place, &noise[..44_100], &noise[100..44_200]);
            place = place.after(44_100);
        }
        meters.view();
        let gains = (0..EDITS).map(|i| {
            Arc::make_mut(&mut session.songs[4]).gain_db = i as f64;
            set(&mut meters, &session, &map)
        });
        let gains: f64 = gains.sum();
        let gaps = (0..EDITS).map(|i| {
            Arc::make_mut(&mut session.songs[1]).gap = Frames(441 * (i as i64 + 1));
            let map = Arc::new(LoudnessMap::new(rate, Timeline::of(&session).end));
            set(&mut meters, &session, &map)
        });
        let gaps: f64 = gaps.sum();
        vec![("a song's gain", gains), ("the gap before the second song", gaps)]
    }

    fn worker_ms(rate: SampleRate, settings: &MeterSettings) -> (f64, f64) {
        let (noise, session) = (noise(), session(rate));
        let mut meters = Meters::new(rate, settings);
        let map = Arc::new(LoudnessMap::new(rate, Timeline::of(&session).end));
        meters.set_session(0, &session, &map);
        let (mut pictures, mut place) = (Pictures::default(), SamplePlace::default());
        place.position = Some(Frames::ZERO);
        let mut painting = 0.0;
        let block = rate.0 as usize / 30;
        let begun = Instant::now();
        for i in 0..30 * SECONDS {
            let at = i * 37 % 50_000;
            meters.push_at(&place, &noise[at..at + block], &noise[at + 50..at + 50 + block]);
            place = place.after(block);
            let paints = Instant::now();
            drop(pictures.paint(&mut meters));
            painting += paints.elapsed().as_secs_f64();
        }
        let per_second = 1000.0 / SECONDS as f64;
        (begun.elapsed().as_secs_f64() * per_second, painting * per_second)
    }

    fn callback_us(rate: SampleRate, point: MeterPoint) -> f64 {
        let (sources, session) = (Arc::new(Sources(Arc::new(noise()))), session(rate));
        let clock = Box::new(MonotonicClock::default());
        let (mut engine, mut callback) = LiveEngine::new(rate, sources.clone(), sources, clock).unwrap();
        let key =
            |_: &SourceRef| SourceKey { path: "noise".into(), hash: String::new(), rate: SampleRate(0) };
        engine.set_session(Arc::clone(&session), Arc::new(key)).unwrap();
        engine.set_tap(tap_of(point, Some(&session)));
        engine.play(Frames::ZERO);
        let (mut out, mut scrap) = (vec![0.0f32; 2 * BUFFER], vec![[0.0; 2]; 1 << 14]);
        let mut turn = |callback: &mut Callback| {
            let begun = Instant::now();
            callback.process(&mut out, 2);
            let took = begun.elapsed().as_secs_f64();
            engine.take_samples(&mut scrap);
            took
        };
        while !callback.shared().is_playing() {
            turn(&mut callback);
        }
        let buffers = SECONDS * rate.0 as usize / BUFFER;
        let took: f64 = (0..buffers).map(|_| turn(&mut callback)).sum();
        took * 1e6 / SECONDS as f64
    }

    impl Costs {
        /// For machines.
        pub fn json(&self) -> Value {
            let worker = self.worker.iter().map(|(rate, point, ms, painting)| {
                json!({"rate_hz": rate, "point": point, "worker_ms_per_s": ms, "of_that_pictures_ms": painting})
            });
            let callback = self
                .callback
                .iter()
                .map(|(rate, point, us)| json!({"rate_hz": rate, "point": point, "callback_us_per_s": us}));
            let edits = self.edits.iter().map(|(what, ms)| json!({"edit": what, "worker_ms": ms}));
            json!({"worker": worker.collect::<Vec<_>>(), "callback": callback.collect::<Vec<_>>(), "edits": edits.collect::<Vec<_>>()})
        }

        /// For people.
        pub fn text(&self) -> String {
            let worker = self.worker.iter().map(|(rate, point, ms, painting)| {
                format!("meter worker, {rate} Hz, {point}: {ms:.2} ms a second of audio, of that pictures {painting:.2} ms\n")
            });
            let callback = self.callback.iter().map(|(rate, point, us)| {
                format!(
                    "callback, {rate} Hz, a chain of five, meters at {point}: {us:.0} µs a second of audio\n"
                )
            });
            let edits = self.edits.iter().map(|(what, ms)| {
                format!(
                    "meter worker, an album of ten minutes heard whole, {what} changes: {ms:.2} ms an edit\n"
                )
            });
            worker.chain(callback).chain(edits).collect()
        }
    }
}
