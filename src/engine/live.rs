//! The program's end of the engine: says what is wanted, reads what is heard. Never waits for the audio.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use ringbuf::HeapCons;
use ringbuf::traits::{Consumer, Producer};

use super::callback::{Callback, Clock};
use super::conductor::{Conductor, Wish};
use super::link::{Control, LoopRange, MeterFrame, ProgramEnds, rings};
use super::monitor::Monitor;
use super::sample_ring::{MeterTap, SampleReader};
use super::shared::{LoadReading, Shared};
use crate::media::{OpenSource, SourceKey};
use crate::model::{Session, SlotId, SourceRef};
use crate::render::{RenderNote, SlotProbe};
use crate::units::{Frames, SampleRate};

/// Opens sources on the conductor's thread.
pub type OpenLive = Arc<dyn OpenSource + Send + Sync>;

/// Says which file stands for a source of a session.
pub type Resolver = Arc<dyn Fn(&SourceRef) -> SourceKey + Send + Sync>;

/// Wishes that may wait for the conductor.
const WISHES: usize = 256;

/// Something the program should show or log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// Sources that are silent, parameters that were not understood.
    Notes(Vec<RenderNote>),
}

/// What is heard, for one frame of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EngineStatus {
    /// Album frame heard next.
    pub position: Frames,
    /// Whether the transport runs.
    pub playing: bool,
    /// Callbacks since the counters were reset; stands still when no device runs.
    pub callbacks: u64,
    /// Source frames that came late, callbacks that took too long, xruns; sticky until they are reset.
    pub dropouts: u64,
    /// Callbacks that took longer than their buffer lasts.
    pub late_callbacks: u64,
    /// Xruns the device reported.
    pub xruns: u64,
    /// Quanta in which a source was late.
    pub late: u64,
    /// Quanta in which a source could not be read.
    pub failed: u64,
    /// Time in the callback against the time its buffers last.
    pub load: LoadReading,
    /// The audio thread has real-time priority.
    pub realtime: bool,
    /// The output guard has muted the monitor.
    pub guard_tripped: bool,
    /// The device is gone.
    pub device_lost: bool,
    /// The session runs at another rate than the device was opened for: open it anew.
    pub wrong_rate: bool,
}

/// The live engine. Owned by the program's thread; a [`Callback`] goes to the device.
pub struct LiveEngine {
    shared: Arc<Shared>,
    ends: ProgramEnds,
    /// Controls the ring had no place for, in order.
    held: Vec<Control>,
    /// Of the session given last.
    session_number: u64,
    wishes: Option<SyncSender<Wish>>,
    events: Receiver<EngineEvent>,
    conductor: Option<JoinHandle<()>>,
}

impl LiveEngine {
    /// An engine and the callback for its device. `files` may wait (pre-roll), `streams` never do (live).
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn new(
        rate: SampleRate,
        files: OpenLive,
        streams: OpenLive,
        clock: Box<dyn Clock>,
    ) -> io::Result<(Self, Box<Callback>)> {
        let shared = Arc::new(Shared::default());
        let (callback_ends, conductor_ends, ends) = rings();
        let callback = Box::new(Callback::new(callback_ends, shared.clone(), clock, rate));
        let (wishes, wished) = sync_channel(WISHES);
        let (say, events) = sync_channel(WISHES);
        let conductor = Conductor::new(conductor_ends, shared.clone(), files, streams, say);
        let thread = Builder::new().name("gm-conductor".to_owned()).spawn(move || conductor.run(&wished))?;
        let engine = Self {
            shared,
            ends,
            held: Vec::new(),
            session_number: 0,
            wishes: Some(wishes),
            events,
            conductor: Some(thread),
        };
        Ok((engine, callback))
    }

    /// The session to be heard. A running transport goes over to it: parameters smoothly, anything else with a
    /// crossfade of 20 ms, the playhead staying with its song.
    ///
    /// # Errors
    /// The session back, when the conductor is busy with 256 wishes: set it again on the next poll.
    pub fn set_session(&mut self, session: Arc<Session>, resolver: Resolver) -> Result<(), Arc<Session>> {
        let Some(wishes) = &self.wishes else { return Err(session) };
        match wishes.try_send(Wish::Session(session, resolver, self.session_number + 1)) {
            Ok(()) => {
                self.session_number += 1;
                Ok(())
            }
            Err(
                TrySendError::Full(Wish::Session(session, ..))
                | TrySendError::Disconnected(Wish::Session(session, ..)),
            ) => Err(session),
            Err(_) => Ok(()),
        }
    }

    /// How many sessions it has been given: the number of the last. What is heard says which it is of
    /// ([`super::SamplePlace::session`]).
    pub fn session_number(&self) -> u64 {
        self.session_number
    }

    /// Plays from an album frame; also the seek of a running transport (5 ms out, 5 ms in).
    pub fn play(&mut self, from: Frames) {
        let intent = self.shared.intent.fetch_add(1, Relaxed) + 1;
        self.wish(Wish::Play { from: from.max(Frames::ZERO), intent });
    }

    /// Stops with a fade of 5 ms, whatever is being prepared.
    pub fn stop(&mut self) {
        self.shared.intent.fetch_add(1, Relaxed);
        self.control(Control::Stop);
    }

    /// Moves the playhead: a running transport goes on there, a stopped one stays stopped.
    pub fn seek(&mut self, to: Frames) {
        if self.shared.is_playing() {
            self.play(to);
        } else {
            self.shared.position.store(to.max(Frames::ZERO).0, Relaxed);
        }
    }

    /// Repeats a stretch of at least 0.1 s, or goes on as the album does.
    pub fn set_loop(&mut self, range: Option<LoopRange>) {
        self.wish(Wish::Loop(range.filter(|r| r.to > r.from)));
    }

    /// Sets the monitor section.
    pub fn set_monitor(&mut self, monitor: Monitor) {
        self.control(Control::Monitor(monitor));
    }

    /// Opens every source anew: one became ready, or came back.
    pub fn reload(&mut self) {
        self.wish(Wish::Renew);
    }

    /// Lets sound through again after the output guard has tripped, from renderers that have forgotten what happened.
    pub fn reset_guard(&mut self) {
        self.wish(Wish::Renew);
        self.control(Control::ResetGuard);
    }

    /// What is heard now. Call it regularly: it also sends what the rings had no place for.
    pub fn poll(&mut self) -> EngineStatus {
        self.send_held();
        let s = &self.shared;
        EngineStatus {
            position: s.position(),
            playing: s.is_playing(),
            callbacks: s.callbacks.load(Relaxed),
            dropouts: s.dropouts(),
            late_callbacks: s.late_callbacks.load(Relaxed),
            xruns: s.xruns.load(Relaxed),
            late: s.late_quanta.load(Relaxed),
            failed: s.failed_quanta.load(Relaxed),
            load: s.load(),
            realtime: s.priority.load(Relaxed) > 0,
            guard_tripped: s.guard_tripped.load(Relaxed),
            device_lost: s.is_device_lost(),
            wrong_rate: s.wrong_rate.load(Relaxed),
        }
    }

    /// The next readings of the signal being heard, oldest first.
    pub fn next_meter_frame(&mut self) -> Option<MeterFrame> {
        self.ends.meters.try_pop()
    }

    /// Frames of the signal at the meter tap, wherever on the album they lie; how many were taken.
    pub fn take_samples(&mut self, out: &mut [[f64; 2]]) -> usize {
        let mut filled = 0;
        while let Some((_, count)) = self.ends.samples.take(&mut out[filled..]) {
            filled += count;
        }
        filled
    }

    /// The ring of the signal at the meter tap, with the place of every frame.
    pub fn samples(&mut self) -> &mut SampleReader {
        &mut self.ends.samples
    }

    /// Takes the signal for the meters from another place. The sound does not change.
    pub fn set_tap(&mut self, tap: MeterTap) {
        self.control(Control::Tap(tap));
    }

    /// Frames waiting for [`Self::take_samples`].
    pub fn samples_waiting(&self) -> usize {
        self.ends.samples.waiting()
    }

    /// Hands the sample ring to a worker; afterwards [`Self::take_samples`] gives nothing.
    pub fn take_sample_ring(&mut self) -> SampleReader {
        std::mem::replace(&mut self.ends.samples, SampleReader::empty())
    }

    /// Shows what this slot does, wherever it stands in the session, or no slot any more.
    pub fn set_probe(&mut self, slot: Option<SlotId>) {
        self.control(Control::Probe(slot));
    }

    /// The next quantum of the probed slot, oldest first.
    pub fn next_probe(&mut self) -> Option<SlotProbe> {
        self.ends.probes.try_pop()
    }

    /// Hands the ring of the probed slot to a worker; afterwards [`Self::next_probe`] gives nothing.
    pub fn take_probe_ring(&mut self) -> HeapCons<SlotProbe> {
        use ringbuf::traits::Split;
        let (_, empty) = ringbuf::HeapRb::new(1).split();
        std::mem::replace(&mut self.ends.probes, empty)
    }

    /// The next thing to show or log.
    pub fn next_event(&mut self) -> Option<EngineEvent> {
        self.events.try_recv().ok()
    }

    /// Counters and states by atomics, for a device's error handler and for reading from other threads.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn wish(&mut self, wish: Wish) {
        if let Some(wishes) = &self.wishes {
            // 256 wishes behind, the oldest intents are void anyway.
            drop(wishes.try_send(wish));
        }
    }

    fn control(&mut self, control: Control) {
        self.held.push(control);
        self.send_held();
    }

    fn send_held(&mut self) {
        let sent = self.held.iter().take_while(|c| self.ends.controls.try_push(**c).is_ok()).count();
        self.held.drain(..sent);
    }
}

impl Drop for LiveEngine {
    fn drop(&mut self) {
        self.wishes = None;
        if let Some(thread) = self.conductor.take() {
            // It ends when its queue does; its panic has been reported.
            drop(thread.join());
        }
    }
}
