//! The core: takes commands, keeps the session, the sound and the jobs going, and shows a frame.
//!
//! `handle` does what is asked at once or starts a job; `tick`, called for every drawn frame and by scripts, collects
//! what jobs and engine report. Time is passed in, so that tests need no clock.

mod actions;
mod album_table;
mod curves;
mod document;
mod exports;
mod focus_worker;
mod follow;
mod live;
mod matching;
mod meter_worker;
mod presets;
mod services;
mod sources;

use std::path::Path;
use std::sync::Arc;

use super::Command;
use super::frame::{
    ExportRequest, ExportResult, Frame, JobId, JobView, MeterView, MonitorView, Selection, TransportView,
};
use super::log::Log;
use super::meter_settings::{MeterPoint, MeterSettings};
use super::settings::{Folders, Settings};
use crate::edit::{Edit, GestureId};
use crate::engine::EngineStatus;
use crate::jobs::matching::Setting;
use crate::jobs::{Pool, Priority};
use crate::model::{Chain, Session, Timeline};
use crate::units::{Frames, SampleRate};
use curves::Curves;
use document::Document;
use live::Live;
use presets::OwnPresets;
use sources::Sources;

/// Rate of a session before anything is in it.
const FIRST_RATE: SampleRate = SampleRate(44_100);

/// Gestures the core itself makes are counted from here, beside those of the window.
const OWN_GESTURES: u64 = 1 << 63;

/// What a job brings back.
pub(crate) enum Done {
    /// An import.
    Imported(sources::Imported),
    /// A source looked at, converted, measured or drawn.
    Source(sources::SourceDone),
    /// An export.
    Exported(Box<ExportResult>),
    /// A slot measured by loudness.
    Matched(Box<matching::MatchDone>),
    /// A slot measured because its gain follows the loudness.
    Followed(Box<follow::Followed>),
    /// Audio files measured for a curve behind the spectrum.
    Curves(Box<curves::CurvesDone>),
    /// A song measured for the album table.
    Scanned(Box<album_table::Scanned>),
    /// A report of the album.
    Reported(Box<album_table::Reported>),
}

/// How a core is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where it keeps its own things.
    pub folders: Folders,
    /// Worker threads for jobs.
    pub threads: usize,
    /// Whether to open the audio device of the settings; else the null device.
    pub audio: bool,
}

/// The program without a window.
pub struct Core {
    folders: Folders,
    settings: Settings,
    document: Document,
    timeline: Arc<Timeline>,
    sources: Sources,
    live: Live,
    jobs: Pool<Done>,
    log: Log,
    selection: Selection,
    cursor: Frames,
    play_from: Frames,
    /// Where a joint ends.
    stop_at: Option<Frames>,
    copied_chain: Option<Chain>,
    /// Kind of the slot selected last.
    slot_kind: Option<String>,
    /// What the last matched bypass was measured on, and its gain in dB.
    bypass_setting: Option<(Setting, f64)>,
    followers: follow::Followers,
    album: album_table::AlbumTable,
    /// Exports that wait for gains that follow the loudness.
    waiting_exports: Vec<ExportRequest>,
    result: Option<Arc<ExportResult>>,
    deliverables: exports::Offers,
    presets: OwnPresets,
    curves: Curves,
    gestures: u64,
    /// Nobody chose the rate of the session: the first mixes do.
    rate_is_open: bool,
    now_s: f64,
}

impl Core {
    /// Starts with an empty session.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(setup: Setup) -> std::io::Result<Self> {
        let settings = Settings::load(&setup.folders.settings_file());
        let mut log = Log::default();
        let document = Document::new(Session::new(FIRST_RATE), &setup.folders)?;
        let sources = Sources::new(&setup.folders, &settings);
        let own_services = setup.folders.config.join(crate::store::services::FILE_NAME);
        let (services, fault) = album_table::read_services(&own_services);
        if let Some(fault) = fault {
            log.warn(fault);
        }
        let live = Live::new(&settings, setup.audio, &sources, document.session(), &mut log)?;
        let mut core = Self {
            timeline: Arc::new(Timeline::of(document.session())),
            document,
            sources,
            live,
            jobs: Pool::in_background(setup.threads)?,
            log,
            selection: Selection::default(),
            cursor: Frames::ZERO,
            play_from: Frames::ZERO,
            stop_at: None,
            copied_chain: None,
            slot_kind: None,
            bypass_setting: None,
            followers: follow::Followers::default(),
            album: album_table::AlbumTable::new(services),
            waiting_exports: Vec::new(),
            result: None,
            deliverables: exports::Offers::default(),
            presets: OwnPresets::new(&setup.folders),
            curves: Curves::new(&setup.folders),
            gestures: OWN_GESTURES,
            rate_is_open: true,
            now_s: 0.0,
            folders: setup.folders,
            settings,
        };
        core.document.look_for_unsaved();
        core.presets.refresh(&mut core.log);
        core.curves.refresh(&mut core.log);
        core.session_changed();
        Ok(core)
    }

    /// Does what is asked.
    pub fn handle(&mut self, command: Command) {
        match command {
            Command::Do(action) => self.act(action),
            Command::Edit { edit, gesture } => self.edit_in(edit, gesture),
            Command::Play { from: Some(from) } => self.play(from, None),
            Command::Play { from: None } if self.live.is_playing() => self.play(self.cursor, None),
            Command::Play { from: None } => self.play_or_stop(),
            Command::Seek(to) => self.seek(to),
            Command::SetLoop(range) => self.live.set_loop(range),
            Command::SetMonitor(monitor) => self.set_monitor(monitor),
            Command::Select(selection) => self.select(selection),
            Command::Import { paths, at } => self.import(paths, at),
            Command::Relink { song, path } => self.relink(song, path),
            Command::New { sample_rate } => {
                self.rate_is_open = false;
                self.document.replace(Session::new(sample_rate), None);
                self.opened();
            }
            Command::Open(path) => self.open(&path),
            Command::SaveAs(path) => self.save(Some(&path)),
            Command::Recover(take) => {
                self.document.recover(take, self.now_s, &mut self.log);
                self.session_changed();
                self.take_as_matched();
            }
            Command::Export(request) => self.export_when_settled(request),
            Command::MatchSlot { chain, slot, goal } => self.match_slot(chain, slot, goal),
            Command::CancelJob(id) => self.jobs.cancel(id.0),
            Command::DismissResult => self.result = None,
            Command::SetDevice { host, device, buffer_frames } => {
                self.settings.no_device = host.is_none();
                self.settings.host = host;
                self.settings.device = device;
                self.settings.buffer_frames = buffer_frames;
                self.save_settings();
                self.live.open_device(&self.settings, self.document.session().sample_rate_hz, &mut self.log);
            }
            Command::SavePreset { chain, slot, name, overwrite } => {
                self.save_preset(chain, slot, &name, overwrite);
            }
            Command::RenamePreset { what, id, name } => {
                self.presets.rename(&what, &id, &name, &mut self.log);
            }
            Command::RemovePreset { what, id } => self.presets.remove(&what, &id, &mut self.log),
            Command::RefreshPresets => self.presets.refresh(&mut self.log),
            Command::RefreshDevices => self.live.refresh_devices(),
            Command::SetMeters(settings) => self.set_meters(*settings),
            Command::Meter(what) => self.live.tell_meters(what),
            Command::Curve(act) => self.act_on_curves(act),
            Command::WatchAlbum(watched) => self.watch_album(watched),
            Command::AlbumReport(path) => self.report_album(path),
            Command::PlayAtService(chosen) => self.play_at_service(chosen),
            Command::ClearLamps => self.live.clear_lamps(),
        }
    }

    /// Collects what happened and shows the frame. `now_s` counts seconds from any start and never goes back.
    pub fn tick(&mut self, now_s: f64) -> Arc<Frame> {
        self.now_s = now_s;
        if let Some(path) = self.document.tick(now_s, &mut self.log) {
            self.settings.remember(&path);
            self.save_settings();
        }
        for (_, done) in self.jobs.finished() {
            match done {
                Ok(Done::Imported(imported)) => self.imported(imported),
                Ok(Done::Source(done)) => self.source_done(done),
                Ok(Done::Exported(result)) => self.exported(*result),
                Ok(Done::Matched(done)) => self.matched(*done),
                Ok(Done::Followed(done)) => self.followed(*done),
                Ok(Done::Curves(done)) => self.curves_measured(*done),
                Ok(Done::Scanned(done)) => self.scanned(*done),
                Ok(Done::Reported(done)) => self.reported(*done),
                Err(panic) => self.log.error(format!("A job failed, a bug: {panic}")),
            }
        }
        self.follow_loudness();
        self.start_waiting_exports();
        self.scan_album();
        self.live.tick(now_s, &mut self.log);
        self.follow_transport();
        self.tick_curves();
        self.follow_service();
        self.deliverables.refresh(self.document.session(), &self.timeline);
        Arc::new(self.frame())
    }

    /// Stops the sound and leaves nothing to recover: what was to be saved was saved, the rest was given up.
    pub fn close(&mut self) {
        self.live.stop();
        self.document.close();
    }

    /// Whether something moves without the user, so that [`Self::tick`] must be called: sound, jobs, saving, a change that
    /// waits for the autosave.
    pub fn is_busy(&self) -> bool {
        let document = &self.document;
        let saves = document.is_writing() || document.is_waiting_to_write();
        let measures = self.followers.is_waiting() || self.album_is_waiting();
        self.live.is_playing() || saves || measures || !self.jobs.is_idle()
    }

    /// What the sound engine reported on the last tick: counters and load since the lamps were last cleared.
    pub fn engine_status(&self) -> EngineStatus {
        self.live.status()
    }

    /// Whether the session or its autosave is being written at this moment.
    pub fn is_writing(&self) -> bool {
        self.document.is_writing()
    }

    /// The settings of this machine.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn edit(&mut self, edit: Edit) {
        self.edit_in(edit, None);
    }

    fn edit_in(&mut self, edit: Edit, gesture: Option<GestureId>) {
        match self.document.apply(&edit, gesture, self.now_s) {
            Ok(()) => {
                self.select_added(&edit);
                self.session_changed();
            }
            Err(error) => self.log.warn(format!("{}: {error}", edit.name())),
        }
    }

    /// A processor just added is the one to be set.
    fn select_added(&mut self, edit: &Edit) {
        let (Edit::AddSlot { chain, at, .. } | Edit::PasteSlot { chain, at, .. }) = edit else { return };
        let slots = self.document.session().chain(*chain).map(|c| &c.slots);
        if let Some(slot) = slots.and_then(|s| s.get(*at).or(s.last())) {
            self.selection.chain = *chain;
            self.selection.slot = Some(slot.id);
        }
    }

    fn next_gesture(&mut self) -> GestureId {
        self.gestures += 1;
        GestureId(self.gestures)
    }

    /// The session is another one than before: time, sound and jobs follow.
    fn session_changed(&mut self) {
        let session = Arc::clone(self.document.session());
        self.timeline = Arc::new(Timeline::of(&session));
        self.keep_selection();
        self.live.set_session(&session);
        self.look_after_sources();
    }

    /// Nothing is selected that is not there, and the kind of processor worked on is remembered.
    fn keep_selection(&mut self) {
        let session = Arc::clone(self.document.session());
        self.selection.settle(&session, self.slot_kind.as_deref());
        let chain = session.chain(self.selection.chain);
        let slot = self.selection.slot.and_then(|id| chain.and_then(|c| c.slot(id)));
        if let Some(slot) = slot {
            self.slot_kind = Some(slot.kind.clone());
        }
        self.live.show_slot(self.selection.slot);
    }

    fn select(&mut self, selection: Selection) {
        self.selection = selection;
        self.keep_selection();
    }

    fn open(&mut self, path: &Path) {
        match self.document.open(path, &mut self.log) {
            Ok(()) => {
                self.rate_is_open = false;
                self.log.info(format!("Opened {}", path.display()));
                self.settings.remember(path);
                self.save_settings();
                self.opened();
            }
            Err(error) => self.log.error(error.to_string()),
        }
    }

    /// Another session is on the desk.
    fn opened(&mut self) {
        self.live.stop();
        self.live.set_loop(None);
        self.selection = Selection::default();
        if matches!(self.settings.meters.point, MeterPoint::AfterSlot(_)) {
            // Slots are numbered anew in every session.
            self.set_meters(MeterSettings { point: MeterPoint::default(), ..self.settings.meters.clone() });
        }
        self.result = None;
        self.stop_at = None;
        let rate = self.document.session().sample_rate_hz;
        self.live.session_rate_is(rate, &self.settings, &mut self.log);
        self.session_changed();
        self.take_as_matched();
        self.seek(self.timeline.program_start());
    }

    fn save(&mut self, to: Option<&Path>) {
        if let Err(error) = self.document.save(to) {
            self.log.error(format!("Not saved: {error}"));
        }
    }

    fn revert(&mut self) {
        if let Some(saved) = self.document.saved().map(|s| (**s).clone()) {
            self.document.commit(saved, "Revert to saved", None, self.now_s);
            self.session_changed();
            self.take_as_matched();
        }
    }

    fn save_settings(&mut self) {
        if let Err(error) = self.settings.save(&self.folders.settings_file()) {
            self.log.warn(format!("Settings not kept: {error}"));
        }
    }

    fn set_monitor(&mut self, monitor: MonitorView) {
        // The level of a service is the program's own.
        let monitor = MonitorView { service: self.settings.monitor.service, ..monitor };
        self.settings.monitor = monitor;
        self.live.set_monitor(monitor);
        self.save_settings();
    }

    fn set_meters(&mut self, settings: MeterSettings) {
        self.live.set_meters(&settings);
        self.settings.meters = settings;
        self.curves_changed();
        self.save_settings();
    }

    fn change_monitor(&mut self, change: impl FnOnce(&mut MonitorView)) {
        let mut monitor = self.settings.monitor;
        change(&mut monitor);
        self.set_monitor(monitor);
    }

    fn play(&mut self, from: Frames, until: Option<Frames>) {
        self.play_from = from;
        self.stop_at = until;
        self.live.play(from);
    }

    /// From the cursor; from the start of the album where nothing is left to play behind it.
    fn play_or_stop(&mut self) {
        if self.live.is_playing() {
            self.stop();
        } else {
            let at_end = self.cursor >= self.timeline.end;
            self.play(if at_end { self.timeline.program_start() } else { self.cursor }, None);
        }
    }

    fn stop(&mut self) {
        let heard = self.live.position();
        self.live.stop();
        self.stop_at = None;
        self.cursor =
            if self.settings.return_on_stop { self.play_from } else { heard.min(self.timeline.end) };
    }

    fn seek(&mut self, to: Frames) {
        self.cursor = to.max(Frames::ZERO).min(self.timeline.end);
        self.stop_at = None;
        self.play_from = self.cursor;
        self.live.seek(self.cursor);
    }

    /// Stops at the end of a joint and of the album.
    fn follow_transport(&mut self) {
        if !self.live.is_playing() {
            return;
        }
        let at = self.live.position();
        let end = self.timeline.end + Frames(i64::from(self.document.session().sample_rate_hz.0) * 2);
        let loops = self.live.loop_range().is_some_and(|(_, to)| at < to);
        if self.stop_at.is_some_and(|stop| at >= stop) || (at >= end && !loops) {
            self.stop();
        }
    }

    fn frame(&self) -> Frame {
        let playing = self.live.is_playing();
        let jobs = self.jobs.jobs().into_iter().map(|job| JobView {
            id: JobId(job.id),
            title: job.title,
            detail: job.detail,
            fraction: job.fraction,
            prominent: job.priority == Priority::Asked,
        });
        Frame {
            session: Arc::clone(self.document.session()),
            timeline: Arc::clone(&self.timeline),
            path: self.document.path().map(Path::to_owned),
            save: self.document.save_state(),
            undo_name: self.document.history().undo_name(),
            redo_name: self.document.history().redo_name(),
            can_paste: self.copied_chain.is_some(),
            songs: Arc::new(self.sources.song_states(self.document.session())),
            selection: self.selection.clone(),
            transport: TransportView {
                playing,
                position: if playing { self.live.position() } else { self.cursor },
                cursor: self.cursor,
                loop_range: self.live.loop_range(),
                return_on_stop: self.settings.return_on_stop,
            },
            monitor: self.settings.monitor,
            album: self.album.view.clone(),
            meter_settings: Arc::new(self.settings.meters.clone()),
            loudness_map: self.live.loudness_map(),
            level_trace: self.live.trace(),
            meters: if playing { self.live.meters() } else { at_rest(&self.live.meters()) },
            spectrum: self.live.spectrum(),
            curves: self.curves.view(),
            field: if playing { self.live.field() } else { Arc::default() },
            gain_reductions: self.live.gain_reductions(),
            slot_levels: self.live.slot_levels(),
            focus: if playing { self.live.focus() } else { Arc::new(self.live.focus().at_rest()) },
            device: self.live.device(),
            jobs: Arc::new(jobs.collect()),
            log: self.log.lines(),
            recovery: self.document.recovery(),
            result: self.result.clone(),
            deliverables: self.deliverables.views(),
            recent: Arc::new(self.settings.recent.clone()),
            presets: self.presets.view(),
        }
    }
}

/// The meters while nothing is heard: what was measured so far stays, what shows this moment falls.
fn at_rest(meters: &Arc<MeterView>) -> Arc<MeterView> {
    let mut rest = (**meters).clone();
    rest.level = rest.level.at_rest();
    rest.loudness = rest.loudness.at_rest();
    rest.stereo = rest.stereo.at_rest();
    Arc::new(rest)
}
