//! The live side of the core: engine, device and meters, and what of them is shown.

use std::io;
use std::sync::{Arc, LazyLock};

use super::focus_worker::FocusWorker;
use super::meter_worker::MeterWorker;
use super::sources::Sources;
use crate::app::command::MeterAct;
#[cfg(feature = "device")]
use crate::app::frame::DeviceChoice;
use crate::app::frame::{
    DeviceView, FocusView, MeterView, MonitorListen, MonitorView, SlotLevels, SpectrumView,
};
use crate::app::log::Log;
use crate::app::meter_settings::MeterSettings;
use crate::app::settings::Settings;
use crate::app::slot_levels::SlotMeters;
use crate::app::telemetry::{GainTrace, LevelTrace, tap_of};
#[cfg(feature = "device")]
use crate::engine::device;
use crate::engine::{
    Callback, EngineEvent, EngineStatus, LiveEngine, LoopRange, MeterFrame, MeterTap, Monitor,
    MonotonicClock, NullDevice, Pace,
};
use crate::jobs::sources::key_of;
use crate::media::file_source::FileSources;
use crate::media::prefetch::StreamSources;
use crate::meter::loudness_map::LoudnessMap;
use crate::model::{Session, SlotId, Timeline};
use crate::process::{self, Setup, Values};
use crate::units::{Frames, SampleRate};

/// Kinds whose slots show a gain reduction.
static REDUCING: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let setup = Setup { sample_rate: SampleRate(48_000) };
    let reduces = |k: &&&'static dyn process::Kind| {
        k.build(&Values::defaults(k.params()), &setup).gain_reduction_db().is_some()
    };
    process::kinds().iter().filter(reduces).map(|k| k.id()).collect()
});

/// Where the sound goes.
enum Output {
    /// A clock; nothing is heard.
    Null(NullDevice),
    /// An audio device.
    #[cfg(feature = "device")]
    Real(Box<device::OpenDevice>),
}

impl Output {
    fn close(self) -> Option<Box<Callback>> {
        match self {
            Self::Null(null) => null.close(),
            #[cfg(feature = "device")]
            Self::Real(real) => real.close(),
        }
    }

    fn is_real(&self) -> bool {
        !matches!(self, Self::Null(_))
    }
}

/// Engine, output and meters for one session rate.
struct Running {
    engine: LiveEngine,
    /// `None` only while one output gives way to another.
    output: Option<Output>,
    meters: MeterWorker,
    /// Where the engine takes the signal for them.
    tap: MeterTap,
    focus: FocusWorker,
}

/// The live side.
pub(super) struct Live {
    running: Running,
    files: Arc<FileSources>,
    streams: Arc<StreamSources>,
    rate: SampleRate,
    session: Arc<Session>,
    /// The engine was too busy to take the session.
    session_waits: bool,
    status: EngineStatus,
    monitor: MonitorView,
    loop_range: Option<(Frames, Frames)>,
    reductions: Arc<Vec<(SlotId, f32)>>,
    slot_meters: SlotMeters,
    gain_trace: GainTrace,
    slot_levels: Arc<Vec<(SlotId, SlotLevels)>>,
    /// The slot that is shown.
    probed: Option<SlotId>,
    loudness_map: Arc<LoudnessMap>,
    device: Arc<DeviceView>,
    /// Whether devices may be opened at all (not in tests and on servers).
    wanted: bool,
    /// As last applied to the device.
    settings: Settings,
    /// The monitor path is converted to the device's rate.
    converted: bool,
    /// When a lost device is tried again.
    retry_at_s: f64,
}

/// Seconds between two tries for a lost device.
const RETRY_SECONDS: f64 = 3.0;

impl Live {
    pub(super) fn new(
        settings: &Settings,
        audio: bool,
        sources: &Sources,
        session: &Arc<Session>,
        log: &mut Log,
    ) -> io::Result<Self> {
        let files = Arc::new(FileSources::new(Arc::clone(sources.library())));
        let streams = Arc::new(StreamSources::new(Arc::clone(sources.library()))?);
        let rate = session.sample_rate_hz;
        let mut running = start(rate, &files, &streams, settings)?;
        running.engine.set_monitor(monitor_of(&settings.monitor));
        let status = running.engine.poll();
        let mut live = Self {
            running,
            files,
            streams,
            rate,
            session: Arc::clone(session),
            session_waits: false,
            status,
            monitor: settings.monitor,
            loop_range: None,
            reductions: Arc::default(),
            slot_meters: SlotMeters::default(),
            gain_trace: GainTrace::default(),
            slot_levels: Arc::default(),
            probed: None,
            loudness_map: Arc::default(),
            device: Arc::default(),
            wanted: audio,
            settings: settings.clone(),
            converted: false,
            retry_at_s: 0.0,
        };
        live.open_device(settings, rate, log);
        Ok(live)
    }

    /// The session is another one: heard at once, the playhead stays with its song.
    pub(super) fn set_session(&mut self, session: &Arc<Session>) {
        self.session = Arc::clone(session);
        let rate = session.sample_rate_hz;
        let resolver = Arc::new(move |source: &crate::model::SourceRef| key_of(source, rate));
        self.session_waits = self.running.engine.set_session(Arc::clone(session), resolver).is_err();
        if !self.session_waits {
            self.tell_session(session);
        }
    }

    /// The meters learn of the session the engine was given.
    fn tell_session(&mut self, session: &Arc<Session>) {
        let (rate, length) = (session.sample_rate_hz, Timeline::of(session).end);
        if !self.loudness_map.fits(rate, length) {
            self.loudness_map = Arc::new(LoudnessMap::new(rate, length));
        }
        let number = self.running.engine.session_number();
        self.running.meters.set_session(number, session, &self.loudness_map);
        self.choose_tap();
    }

    /// Takes the signal for the meters where they listen.
    fn choose_tap(&mut self) {
        let tap = tap_of(self.settings.meters.point, Some(&self.session));
        if tap != self.running.tap {
            self.running.tap = tap;
            self.running.engine.set_tap(tap);
        }
    }

    /// Another rate needs another engine; the same rate costs nothing.
    pub(super) fn session_rate_is(&mut self, rate: SampleRate, settings: &Settings, log: &mut Log) {
        if rate == self.rate {
            return;
        }
        match start(rate, &self.files, &self.streams, settings) {
            Ok(mut running) => {
                running.engine.set_monitor(monitor_of(&self.monitor));
                running.engine.set_probe(self.probed);
                self.running = running;
                self.rate = rate;
                self.loop_range = None;
                self.open_device(settings, rate, log);
            }
            Err(error) => log.error(format!("The sound engine cannot start: {error}; restart the program")),
        }
    }

    /// Opens the device of the settings; without one, or where it refuses, the null device keeps everything usable.
    pub(super) fn open_device(&mut self, settings: &Settings, rate: SampleRate, log: &mut Log) {
        self.settings = settings.clone();
        self.refresh_devices();
        let view = Arc::make_mut(&mut self.device);
        *view = DeviceView { choices: Arc::clone(&view.choices), ..DeviceView::default() };
        view.rate_hz = rate.0;
        view.buffer_frames = settings.buffer_frames;
        let Some(callback) = self.running.output.take().and_then(Output::close) else {
            self.restart_engine(rate, log);
            return;
        };
        if self.wanted && !settings.no_device {
            self.open_real(callback, rate, log);
        } else {
            self.open_null(callback, log);
        }
    }

    fn open_null(&mut self, callback: Box<Callback>, log: &mut Log) {
        let frames = self.settings.buffer_frames as usize;
        match NullDevice::start(callback, frames, Pace::RealTime, None) {
            Ok(null) => self.running.output = Some(Output::Null(null)),
            Err(error) => log.error(format!("The null device cannot start: {error}; restart the program")),
        }
        let view = Arc::make_mut(&mut self.device);
        "no device".clone_into(&mut view.name);
        view.bit_transparent = true;
    }

    #[cfg(not(feature = "device"))]
    fn open_real(&mut self, callback: Box<Callback>, _rate: SampleRate, log: &mut Log) {
        self.open_null(callback, log);
    }

    #[cfg(feature = "device")]
    fn open_real(&mut self, callback: Box<Callback>, rate: SampleRate, log: &mut Log) {
        let choice = device::DeviceChoice {
            host: self.settings.host.clone(),
            device: self.settings.device.clone(),
            buffer_frames: self.settings.buffer_frames,
        };
        match device::open(&choice, rate, callback) {
            Ok(open) => {
                let opened = open.opened_as();
                let view = Arc::make_mut(&mut self.device);
                view.host = Some(choice.host.unwrap_or_else(|| "ALSA".to_owned()));
                view.name = format!("{} · {}", view.host.as_deref().unwrap_or_default(), opened.name);
                view.id = choice.device;
                view.rate_hz = opened.rate.0;
                view.buffer_frames = opened.buffer_frames.unwrap_or(choice.buffer_frames);
                self.converted = opened.converted;
                if opened.converted {
                    log.warn(format!("{} cannot run at {rate}: the monitors hear a conversion to {}; files are not touched", opened.name, opened.rate));
                }
                self.running.output = Some(Output::Real(Box::new(open)));
            }
            Err((error, callback)) => {
                log.warn(format!("No sound: {error}"));
                match callback {
                    Some(callback) => self.open_null(callback, log),
                    None => self.restart_engine(rate, log),
                }
            }
        }
    }

    /// The callback did not come back from its device: a new engine takes over on the null device.
    fn restart_engine(&mut self, rate: SampleRate, log: &mut Log) {
        match start(rate, &self.files, &self.streams, &self.settings) {
            Ok(mut running) => {
                running.engine.set_monitor(monitor_of(&self.monitor));
                running.engine.set_probe(self.probed);
                self.running = running;
                let session = Arc::clone(&self.session);
                self.set_session(&session);
                "no device".clone_into(&mut Arc::make_mut(&mut self.device).name);
            }
            Err(error) => log.error(format!("The sound engine cannot start: {error}; restart the program")),
        }
    }

    pub(super) fn refresh_devices(&mut self) {
        #[cfg(feature = "device")]
        if self.wanted {
            let choices = device::list().into_iter().flat_map(|host| {
                let name = host.name;
                host.devices.into_iter().map(move |d| DeviceChoice {
                    host: name.clone(),
                    id: d.id,
                    name: d.name,
                    rates_hz: d.rates_hz,
                })
            });
            Arc::make_mut(&mut self.device).choices = Arc::new(choices.collect());
        }
    }

    /// A device that went away: the transport stops, says so, and the device is tried again until it is back.
    fn mind_the_device(&mut self, now_s: f64, log: &mut Log) {
        let real = self.running.output.as_ref().is_some_and(Output::is_real);
        if real && self.status.device_lost {
            self.stop();
            let name = self.device.name.clone();
            let text = format!("{name} is gone: playing stopped; connect it again or choose another device");
            log.error(text.clone());
            if let Some(callback) = self.running.output.take().and_then(Output::close) {
                self.open_null(callback, log);
            } else {
                self.restart_engine(self.rate, log);
            }
            Arc::make_mut(&mut self.device).lost = Some(text);
            self.retry_at_s = now_s + RETRY_SECONDS;
        } else if self.device.lost.is_some() && !self.status.playing && now_s >= self.retry_at_s {
            self.retry_at_s = now_s + RETRY_SECONDS;
            let Some(callback) = self.running.output.take().and_then(Output::close) else { return };
            let mut quiet = Log::default();
            let lost = self.device.lost.clone();
            self.open_real(callback, self.rate, &mut quiet);
            let back = self.running.output.as_ref().is_some_and(Output::is_real);
            Arc::make_mut(&mut self.device).lost = if back { None } else { lost };
            if back {
                log.info(format!("{} is back", self.device.name));
            }
        }
    }

    /// A source became ready or went away.
    pub(super) fn sources_changed(&mut self) {
        self.running.engine.reload();
    }

    pub(super) fn play(&mut self, from: Frames) {
        self.running.engine.play(from);
        self.status.playing = true;
    }

    pub(super) fn stop(&mut self) {
        self.running.engine.stop();
        self.status.playing = false;
    }

    pub(super) fn seek(&mut self, to: Frames) {
        self.running.engine.seek(to);
    }

    pub(super) fn set_loop(&mut self, range: Option<(Frames, Frames)>) {
        self.loop_range = range.filter(|(from, to)| from < to);
        self.running.engine.set_loop(self.loop_range.map(|(from, to)| LoopRange { from, to }));
    }

    pub(super) fn loop_range(&self) -> Option<(Frames, Frames)> {
        self.loop_range
    }

    pub(super) fn set_monitor(&mut self, monitor: MonitorView) {
        self.monitor = monitor;
        self.running.engine.set_monitor(monitor_of(&monitor));
    }

    pub(super) fn is_playing(&self) -> bool {
        self.status.playing
    }

    pub(super) fn position(&self) -> Frames {
        self.status.position
    }

    pub(super) fn tell_meters(&mut self, act: MeterAct) {
        if act == MeterAct::Reset {
            self.running.focus.reset();
        }
        self.running.meters.act(act);
    }

    pub(super) fn set_meters(&mut self, settings: &MeterSettings) {
        self.running.meters.set(settings);
        self.settings.meters = settings.clone();
        self.choose_tap();
    }

    pub(super) fn loudness_map(&self) -> Arc<LoudnessMap> {
        Arc::clone(&self.loudness_map)
    }

    /// The slot whose editor is open.
    pub(super) fn show_slot(&mut self, slot: Option<SlotId>) {
        if self.probed != slot {
            self.probed = slot;
            self.running.engine.set_probe(slot);
        }
    }

    /// What the engine reported last.
    pub(super) fn status(&self) -> EngineStatus {
        self.status
    }

    pub(super) fn clear_lamps(&mut self) {
        self.running.engine.shared().reset_counters();
        self.running.engine.reset_guard();
    }

    /// Reads what the engine reports.
    pub(super) fn tick(&mut self, now_s: f64, log: &mut Log) {
        if self.session_waits {
            let session = Arc::clone(&self.session);
            self.set_session(&session);
        }
        let was_tripped = self.status.guard_tripped;
        self.status = self.running.engine.poll();
        if self.status.guard_tripped && !was_tripped {
            log.error("The output guard muted the monitors: the signal was not a number or far above full scale; switch the faulty processor off, then clear the lamp");
        }
        while let Some(EngineEvent::Notes(notes)) = self.running.engine.next_event() {
            for note in notes {
                log.warn(note.text);
            }
        }
        let mut frames = Vec::new();
        self.slot_meters.fall_to(now_s);
        while let Some(frame) = self.running.engine.next_meter_frame() {
            self.slot_meters.take(&self.session, &frame);
            frames.push(frame);
        }
        self.gain_trace.take(&self.trace(), self.rate, &frames);
        let latest = frames.pop();
        self.slot_levels = Arc::new(self.slot_meters.view());
        if let Some(frame) = latest {
            self.reductions = Arc::new(self.reductions_of(&frame));
        }
        self.mind_the_device(now_s, log);
        self.show_device();
    }

    fn reductions_of(&self, frame: &MeterFrame) -> Vec<(SlotId, f32)> {
        let album = self.session.album_chain.slots.iter().zip(frame.album_reduction_db);
        let song = frame.song.and_then(|id| self.session.song(id));
        let song = song.into_iter().flat_map(|s| s.chain.slots.iter().zip(frame.song_reduction_db));
        album
            .chain(song)
            .filter(|(slot, _)| REDUCING.contains(&slot.kind.as_str()))
            .map(|(s, db)| (s.id, db))
            .collect()
    }

    fn show_device(&mut self) {
        let status = &self.status;
        let guard = status.guard_tripped.then(|| "muted: the signal was not fit for loudspeakers".to_owned());
        let transparent = !self.converted && self.monitor == MonitorView::default();
        let device = Arc::make_mut(&mut self.device);
        device.bit_transparent = transparent;
        device.load_mean = status.load.mean as f32;
        device.load_worst = status.load.worst as f32;
        device.realtime = status.realtime;
        device.dropouts = status.dropouts;
        device.guard = guard;
    }

    pub(super) fn meters(&self) -> Arc<MeterView> {
        self.running.meters.published().meters
    }

    pub(super) fn spectrum(&self) -> Arc<SpectrumView> {
        self.running.meters.published().spectrum
    }

    pub(super) fn field(&self) -> Arc<Vec<[f32; 2]>> {
        self.running.meters.published().field
    }

    /// The waveform of the last minute.
    pub(super) fn trace(&self) -> Arc<LevelTrace> {
        self.running.meters.published().trace
    }

    pub(super) fn gain_reductions(&self) -> Arc<Vec<(SlotId, f32)>> {
        Arc::clone(&self.reductions)
    }

    pub(super) fn slot_levels(&self) -> Arc<Vec<(SlotId, SlotLevels)>> {
        Arc::clone(&self.slot_levels)
    }

    /// What the slot that is shown does; of another slot nothing.
    pub(super) fn focus(&self) -> Arc<FocusView> {
        let view = self.running.focus.published();
        if view.slot == self.probed {
            view
        } else {
            Arc::new(FocusView { slot: self.probed, ..FocusView::default() })
        }
    }

    pub(super) fn device(&self) -> Arc<DeviceView> {
        Arc::clone(&self.device)
    }
}

/// An engine on the null device.
fn start(
    rate: SampleRate,
    files: &Arc<FileSources>,
    streams: &Arc<StreamSources>,
    settings: &Settings,
) -> io::Result<Running> {
    let clock = Box::new(MonotonicClock::default());
    let (mut engine, callback) =
        LiveEngine::new(rate, Arc::clone(files) as _, Arc::clone(streams) as _, clock)?;
    let meters = MeterWorker::start(rate, &settings.meters, engine.take_sample_ring())?;
    let focus = FocusWorker::start(rate, engine.take_probe_ring())?;
    let device = NullDevice::start(callback, settings.buffer_frames as usize, Pace::RealTime, None)?;
    Ok(Running { engine, output: Some(Output::Null(device)), meters, tap: MeterTap::default(), focus })
}

fn monitor_of(view: &MonitorView) -> Monitor {
    Monitor {
        level_db: view.level_db,
        service_db: view.service.map_or(0.0, |s| s.gain_db),
        dim: view.dim,
        mono: view.listen == MonitorListen::Mono,
        side: view.listen == MonitorListen::Side,
        left: view.listen == MonitorListen::Left,
        right: view.listen == MonitorListen::Right,
        swap: view.swap,
        polarity: view.invert_right,
        ..Monitor::default()
    }
}
