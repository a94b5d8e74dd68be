//! The body of the audio callback, without a device: takes messages, runs the transport, fills a buffer of any size.
//!
//! A voice is a renderer under a fading gain. Start: the new voice (with 5 ms fade-in unless it begins the album, so that
//! play from the top is the master tap bit for bit). Seek: 5 ms out, then the new voice. Plan swap: 20 ms crossfade at
//! the frame it was prepared for. Loop: at the exact frame the next voice begins while the last one fades over 5 ms.
//! Nothing here allocates, frees, locks, waits or logs.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use ringbuf::traits::{Consumer, Observer, Producer};

use super::link::{
    CallbackEnds, Control, LoopRange, METERED_SLOTS, Message, MeterFrame, RETIRE_RESERVE, Retired, Why,
};
use super::monitor::{Monitor, MonitorMove, MonitorRunner};
use super::monitor_rate::MonitorRate;
use super::output_guard::OutputGuard;
use super::sample_ring::{Begin, MeterTap, SamplePlace};
use super::shared::Shared;
use super::voice::Voice;
use crate::audio::fpu::FpuGuard;
use crate::dsp::resample::ResampleError;
use crate::model::SlotId;
use crate::render::ramp::{Ramp, SEEK_FADE_MS, SWITCH_FADE_MS};
use crate::render::watch::{ChainPeaks, stronger_db};
use crate::render::{GainReduction, Renderer};
use crate::units::{Frames, SampleRate};

/// Messages taken in one callback at most.
const MESSAGES_PER_CALLBACK: usize = 16;

/// Frames worked on at a time.
const SEGMENT: usize = 256;

/// Stretches of a segment that the tap behind the monitor section tells apart.
const STRETCHES: usize = 8;

/// Frames a meter frame gathers before it is offered.
const METER_FRAMES: u32 = 512;

/// Renderers kept ready for the next repetitions of a loop.
const LOOP_STOCK: usize = 2;

/// Tells the time for the load meter.
pub trait Clock: Send {
    /// Nanoseconds since some moment; never runs backwards.
    fn nanos(&self) -> u64;
}

/// The monotonic clock of the system.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicClock(Instant);

impl Default for MonotonicClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MonotonicClock {
    fn nanos(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// A sample as a device takes it.
pub trait DeviceSample: Copy {
    /// From full scale ±1; overs are clipped where the format has an end.
    fn from_f64(value: f64) -> Self;
}

impl DeviceSample for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl DeviceSample for f32 {
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

impl DeviceSample for i32 {
    fn from_f64(value: f64) -> Self {
        crate::audio::format::int_from_f64(value, 32)
    }
}

impl DeviceSample for i16 {
    fn from_f64(value: f64) -> Self {
        crate::audio::format::int_from_f64(value, 16) as Self
    }
}

/// What a device runs. Built by [`super::LiveEngine`]; moves from device to device with all it holds.
pub struct Callback {
    ends: CallbackEnds,
    shared: Arc<Shared>,
    clock: Box<dyn Clock>,
    rate: SampleRate,
    device_rate: SampleRate,
    monitor_rate: Option<MonitorRate>,
    playing: bool,
    current: Option<Voice>,
    outgoing: Option<Voice>,
    /// Begins when the outgoing voice has faded.
    queued: Option<(Box<Renderer>, Frames)>,
    swap: Option<PendingSwap>,
    loop_range: Option<LoopRange>,
    loop_number: u64,
    /// The playhead has been before the end of the loop: play from behind it does not jump.
    loop_armed: bool,
    again: [Option<Box<Renderer>>; LOOP_STOCK],
    position: Frames,
    monitor: MonitorRunner,
    /// Counts the settings of the monitor section, for the tap behind it.
    monitor_number: u32,
    guard: OutputGuard,
    meter: MeterFrame,
    /// The slot that is shown, and how often its signal began anew.
    probe: Option<SlotId>,
    probe_run: u32,
    /// Where the meters listen.
    tap: MeterTap,
    /// Counts the runs of the sound, and how the present one began.
    run: u32,
    begin: Begin,
    /// What of the scratch buffers is heard, and where it lies, for the tap behind the monitor section.
    stretches: Stretches,
    left: [f64; SEGMENT],
    right: [f64; SEGMENT],
    /// Time and frames not yet judged: shorter callbacks than a quantum are judged together.
    load_nanos: u64,
    load_frames: usize,
}

struct PendingSwap {
    renderer: Box<Renderer>,
    at_old: Frames,
    at_new: Frames,
}

impl Callback {
    pub(super) fn new(
        ends: CallbackEnds,
        shared: Arc<Shared>,
        clock: Box<dyn Clock>,
        rate: SampleRate,
    ) -> Self {
        Self {
            ends,
            shared,
            clock,
            rate,
            device_rate: rate,
            monitor_rate: None,
            playing: false,
            current: None,
            outgoing: None,
            queued: None,
            swap: None,
            loop_range: None,
            loop_number: 0,
            loop_armed: false,
            again: [const { None }; LOOP_STOCK],
            position: Frames::ZERO,
            monitor: MonitorRunner::new(rate),
            monitor_number: 0,
            guard: OutputGuard::default(),
            meter: MeterFrame::default(),
            probe: None,
            probe_run: 0,
            tap: MeterTap::Master,
            run: 0,
            begin: Begin::Clean,
            stretches: Stretches::default(),
            left: [0.0; SEGMENT],
            right: [0.0; SEGMENT],
            load_nanos: 0,
            load_frames: 0,
        }
    }

    /// Fills an interleaved buffer of any number of frames. Channels beyond the second are silent; one channel gets
    /// the left.
    pub fn process<S: DeviceSample>(&mut self, out: &mut [S], channels: usize) {
        let begun = self.clock.nanos();
        let _fpu = FpuGuard::new();
        self.take_messages();
        let channels = channels.max(1);
        let frames = out.len() / channels;
        if self.monitor_rate.is_some() {
            self.fill_converted(out, channels);
        } else {
            self.fill_direct(out, channels);
        }
        self.publish();
        self.note_load(self.clock.nanos().saturating_sub(begun), frames);
    }

    fn fill_direct<S: DeviceSample>(&mut self, out: &mut [S], channels: usize) {
        for chunk in out.chunks_mut(SEGMENT * channels) {
            self.fill(chunk.len() / channels);
            for (frame, i) in chunk.chunks_exact_mut(channels).zip(0..) {
                put(frame, [self.left[i], self.right[i]]);
            }
        }
    }

    fn fill_converted<S: DeviceSample>(&mut self, out: &mut [S], channels: usize) {
        for frame in out.chunks_exact_mut(channels) {
            put(frame, self.next_converted());
        }
    }

    /// The next frame at the device's rate.
    fn next_converted(&mut self) -> [f64; 2] {
        loop {
            match self.monitor_rate.as_mut().map(MonitorRate::next) {
                Some(Some(frame)) => return frame,
                Some(None) => self.fill(SEGMENT),
                None => return [0.0; 2],
            }
            if let Some(monitor_rate) = &mut self.monitor_rate {
                monitor_rate.push(&self.left, &self.right);
            }
        }
    }

    /// Readies the callback for a device: the session runs at `rate`, the device at `device_rate`. A renderer at another
    /// rate is forgotten. Not on the audio thread.
    ///
    /// # Errors
    /// Rates between which there is no conversion.
    pub fn fit(&mut self, rate: SampleRate, device_rate: SampleRate) -> Result<(), ResampleError> {
        self.monitor_rate =
            if rate == device_rate { None } else { Some(MonitorRate::new(rate, device_rate, SEGMENT)?) };
        self.device_rate = device_rate;
        if rate != self.rate {
            self.forget();
            self.monitor.set_rate(rate);
            self.rate = rate;
        }
        self.shared.wrong_rate.store(false, Relaxed);
        (self.run, self.begin) = (self.run.wrapping_add(1), Begin::Crossed);
        Ok(())
    }

    /// Frees every renderer.
    fn forget(&mut self) {
        (self.current, self.outgoing, self.queued, self.swap) = (None, None, None, None);
        self.drop_stock();
        self.playing = false;
    }

    /// Rate of the session it plays.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Rate of the device it was fitted to.
    pub fn device_rate(&self) -> SampleRate {
        self.device_rate
    }

    /// What the callback tells the rest of the program.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The monitored signal, `count` frames into the scratch buffers.
    fn fill(&mut self, count: usize) {
        let mut done = 0;
        self.stretches.clear();
        while done < count {
            let segment = self.until_event(count - done);
            self.mix(done, segment);
            done += segment;
            self.handle_events();
        }
        let (left, right) = (&mut self.left[..count], &mut self.right[..count]);
        self.meter.measure(left, right);
        self.monitor.process(left, right);
        if self.guard.process(left, right) {
            self.shared.guard_tripped.store(true, Relaxed);
        }
        for (place, range) in self.stretches.iter() {
            self.ends.samples.push(place, &self.left[range.clone()], &self.right[range]);
        }
    }

    /// Where the next frame of the sound lies.
    fn place(&self) -> SamplePlace {
        let heard = self.current.as_ref();
        SamplePlace {
            position: heard.map(Voice::position),
            plan: heard.map_or(0, |v| v.renderer.plan().id),
            session: heard.map_or(0, |v| v.renderer.session_number()),
            run: self.run,
            begin: self.begin,
            tap: self.tap,
            monitor: if self.tap == MeterTap::Monitor { self.monitor_number } else { 0 },
        }
    }

    /// Frames the sample ring has room for.
    pub fn sample_room(&self) -> usize {
        self.ends.samples.room()
    }

    /// Frames to the next moment at which voices change, at least 1, at most `wanted`.
    fn until_event(&self, wanted: usize) -> usize {
        let mut frames = wanted;
        if let Some(fading) = self.outgoing.as_ref() {
            frames = frames.min(fading.gain.remaining().max(1));
        }
        if let Some(voice) = self.current.as_ref() {
            let here = voice.position();
            let events = [
                self.swap.as_ref().map(|s| s.at_old),
                self.loop_range.filter(|l| here < l.to).map(|l| l.to),
                Some(voice.renderer.plan().end()),
            ];
            for at in events.into_iter().flatten().filter(|&at| at > here) {
                frames = frames.min((at - here).as_len());
            }
        }
        frames.max(1)
    }

    /// Voices into the scratch buffers, and on to whoever measures.
    fn mix(&mut self, done: usize, segment: usize) {
        let mut place = self.place();
        let left = &mut self.left[done..done + segment];
        let right = &mut self.right[done..done + segment];
        let mut heard = false;
        let run = &mut self.probe_run;
        let watch = Watch { run, place, shared: &self.shared, ends: &mut self.ends, meter: &mut self.meter };
        let mut watch = Some(watch);
        for (voice, is_current) in [(&mut self.current, true), (&mut self.outgoing, false)] {
            let Some(voice) = voice else { continue };
            let mut watch = watch.take_if(|_| is_current);
            let mut made = |renderer: &mut Renderer, is_spoiled: bool| {
                if let Some(watch) = &mut watch {
                    watch.look_at(renderer, is_spoiled);
                }
            };
            let report = voice.read(left, right, heard, &mut made);
            heard = true;
            if voice.was_spoiled() {
                place.position = None;
            }
            self.shared.late_quanta.fetch_add(u64::from(report.late), Relaxed);
            self.shared.failed_quanta.fetch_add(u64::from(report.failed), Relaxed);
        }
        if !heard {
            left.fill(0.0);
            right.fill(0.0);
            return;
        }
        match self.tap {
            MeterTap::Master => self.ends.samples.push(place, left, right),
            MeterTap::Monitor => self.stretches.add(place, done..done + segment),
            // Offered quantum by quantum, when each was made.
            MeterTap::Inside(_) => {}
        }
        if let Some(voice) = &self.current {
            self.position = voice.position();
        }
    }

    /// What is due after the frames just made.
    fn handle_events(&mut self) {
        if self.outgoing.as_ref().is_some_and(|v| v.gain.is_settled()) {
            self.retire_outgoing();
            if let Some((renderer, at)) = self.queued.take() {
                self.begin(renderer, at);
            }
        }
        let Some(here) = self.current.as_ref().map(Voice::position) else { return };
        if self.swap.as_ref().is_some_and(|s| here >= s.at_old) {
            self.cross_to_swap(here);
        }
        self.loop_armed |= self.loop_range.is_some_and(|l| here < l.to);
        if self.loop_armed && self.loop_range.is_some_and(|l| here >= l.to) {
            self.repeat();
        } else if self.current.as_ref().is_some_and(Voice::is_over) {
            self.fade_out_current();
            self.playing = false;
        }
    }

    /// At the loop's end: the next repetition begins. Where none is ready yet the album goes on until it is.
    fn repeat(&mut self) {
        let Some(range) = self.loop_range else { return };
        let Some(renderer) = self.again.iter_mut().find_map(Option::take) else { return };
        self.shared.loop_taken.fetch_add(1, Relaxed);
        self.drop_swap();
        self.fade_out_current();
        let fade = Ramp::between(0.0, 1.0, SEEK_FADE_MS, self.rate);
        self.make_current(Voice::new(renderer, range.from, fade), Begin::Faded);
        self.position = range.from;
    }

    fn cross_to_swap(&mut self, here: Frames) {
        let Some(swap) = self.swap.take() else { return };
        if here > swap.at_old {
            return self.retire(swap.renderer, Why::TooLate);
        }
        self.fade_out_current_over(SWITCH_FADE_MS);
        self.shared.plan_id.store(swap.renderer.plan().id, Relaxed);
        let fade = Ramp::between(0.0, 1.0, SWITCH_FADE_MS, self.rate);
        self.make_current(Voice::new(swap.renderer, swap.at_new, fade), Begin::Crossed);
        self.position = swap.at_new;
    }

    fn take_messages(&mut self) {
        // However many there are: a stop is never behind a plan.
        while let Some(control) = self.ends.controls.try_pop() {
            match control {
                Control::Stop => self.stop(),
                Control::Monitor(monitor) => self.set_monitor(&monitor),
                Control::ResetGuard => {
                    self.guard.reset();
                    self.shared.guard_tripped.store(false, Relaxed);
                }
                Control::Probe(slot) => self.set_probe(slot),
                Control::Tap(tap) => self.set_tap(tap),
            }
        }
        for _ in 0..MESSAGES_PER_CALLBACK {
            if self.ends.retired.vacant_len() < RETIRE_RESERVE {
                return;
            }
            let Some(message) = self.ends.messages.try_pop() else { return };
            self.take(message);
        }
    }

    /// What is heard behind the monitor section is another sound from here on, 20 ms of it in between.
    fn set_monitor(&mut self, monitor: &Monitor) {
        match self.monitor.set(monitor) {
            MonitorMove::Nothing => return,
            MonitorMove::Service => {}
            MonitorMove::Section => self.monitor_number = self.monitor_number.wrapping_add(1),
        }
        if self.tap == MeterTap::Monitor {
            (self.run, self.begin) = (self.run.wrapping_add(1), Begin::Faded);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Start { renderer, at, intent } => self.start(renderer, at, intent),
            Message::Swap { renderer, at_old, at_new, intent } => {
                let late = self.current.as_ref().is_none_or(|v| v.position() >= at_old);
                self.drop_swap();
                if late || intent != self.shared.intent.load(Relaxed) {
                    return self.retire(renderer, Why::TooLate);
                }
                self.swap = Some(PendingSwap { renderer, at_old, at_new });
            }
            Message::Loop { range, number } => {
                (self.loop_range, self.loop_number, self.loop_armed) = (range, number, false);
                self.drop_stock();
            }
            Message::Again { renderer, number } => match self.again.iter_mut().find(|a| a.is_none()) {
                Some(place) if number == self.loop_number => *place = Some(renderer),
                _ => {
                    self.shared.loop_taken.fetch_add(1, Relaxed);
                    self.retire(renderer, Why::Done);
                }
            },
            Message::Params(group, session) => {
                let voices = [&mut self.current, &mut self.outgoing].into_iter().flatten();
                let waiting = self.queued.iter_mut().map(|q| &mut q.0);
                let swap = self.swap.iter_mut().map(|s| &mut s.renderer);
                let again = self.again.iter_mut().flatten();
                let renderers = voices.map(|v| &mut v.renderer).chain(waiting).chain(swap).chain(again);
                renderers.for_each(|r| {
                    r.apply(&group);
                    if r.plan().id == group.plan_id {
                        r.set_session_number(session);
                    }
                });
                self.retired(Retired::Params(group));
            }
        }
    }

    fn start(&mut self, renderer: Box<Renderer>, at: Frames, intent: u64) {
        if intent != self.shared.intent.load(Relaxed) {
            return self.retire(renderer, Why::Done);
        }
        self.drop_swap();
        self.drop_queued();
        if renderer.rate() != self.rate {
            // It would play at a wrong speed: the device is to be opened anew for the session's rate.
            self.shared.wrong_rate.store(true, Relaxed);
            self.stop();
            return self.retire(renderer, Why::Done);
        }
        if self.current.is_some() {
            self.fade_out_current();
        }
        self.playing = true;
        self.position = at;
        if self.outgoing.is_some() {
            self.queued = Some((renderer, at));
        } else {
            self.begin(renderer, at);
        }
    }

    /// A voice out of silence: from the top of the album untouched, elsewhere faded in.
    fn begin(&mut self, renderer: Box<Renderer>, at: Frames) {
        self.shared.plan_id.store(renderer.plan().id, Relaxed);
        let from = if at == Frames::ZERO { 1.0 } else { 0.0 };
        let mut gain = Ramp::between(from, 1.0, SEEK_FADE_MS, self.rate);
        if at == Frames::ZERO {
            gain.settle();
        }
        self.position = at;
        self.loop_armed = false;
        let begin = if at == Frames::ZERO { Begin::Clean } else { Begin::Faded };
        self.make_current(Voice::new(renderer, at, gain), begin);
    }

    /// The voice that is heard and shown from now on.
    fn make_current(&mut self, mut voice: Voice, begin: Begin) {
        voice.renderer.meter_slots();
        voice.renderer.set_probe(self.probe);
        voice.renderer.set_watch(self.tap.inside());
        (self.run, self.begin) = (self.run.wrapping_add(1), begin);
        self.probe_run = self.probe_run.wrapping_add(1);
        self.current = Some(voice);
    }

    fn set_probe(&mut self, slot: Option<SlotId>) {
        self.probe = slot;
        self.probe_run = self.probe_run.wrapping_add(1);
        if let Some(voice) = &mut self.current {
            voice.renderer.set_probe(slot);
        }
    }

    fn set_tap(&mut self, tap: MeterTap) {
        self.tap = tap;
        if let Some(voice) = &mut self.current {
            voice.renderer.set_watch(tap.inside());
        }
    }

    fn stop(&mut self) {
        self.drop_swap();
        self.drop_queued();
        self.fade_out_current();
        self.playing = false;
    }

    fn fade_out_current(&mut self) {
        self.fade_out_current_over(SEEK_FADE_MS);
    }

    fn fade_out_current_over(&mut self, ms: f64) {
        if let Some(mut voice) = self.current.take() {
            self.retire_outgoing();
            voice.gain = Ramp::between(voice.gain.now(), 0.0, ms, self.rate);
            self.outgoing = Some(voice);
        }
    }

    fn retire_outgoing(&mut self) {
        if let Some(voice) = self.outgoing.take() {
            self.retire(voice.renderer, Why::Done);
        }
    }

    fn drop_swap(&mut self) {
        if let Some(swap) = self.swap.take() {
            self.retire(swap.renderer, Why::TooLate);
        }
    }

    fn drop_queued(&mut self) {
        if let Some((renderer, _)) = self.queued.take() {
            self.retire(renderer, Why::Done);
        }
    }

    fn drop_stock(&mut self) {
        for i in 0..LOOP_STOCK {
            if let Some(renderer) = self.again[i].take() {
                self.shared.loop_taken.fetch_add(1, Relaxed);
                self.retire(renderer, Why::Done);
            }
        }
    }

    fn retire(&mut self, renderer: Box<Renderer>, why: Why) {
        self.retired(Retired::Renderer(renderer, why));
    }

    fn retired(&mut self, retired: Retired) {
        // The reserve of the ring makes this succeed; if it ever did not, leaking is better than freeing here.
        if let Err(refused) = self.ends.retired.try_push(retired) {
            std::mem::forget(refused);
        }
    }

    fn publish(&mut self) {
        self.shared.position.store(self.position.0, Relaxed);
        self.shared.playing.store(self.playing, Relaxed);
        self.shared.callbacks.fetch_add(1, Relaxed);
        if self.meter.frames >= METER_FRAMES {
            self.meter.position = self.position;
            if self.ends.meters.try_push(self.meter).is_ok() {
                self.meter = MeterFrame::default();
            }
        }
    }

    fn note_load(&mut self, nanos: u64, frames: usize) {
        self.load_nanos += nanos;
        self.load_frames += frames;
        if self.load_frames >= crate::audio::QUANTUM {
            let lasts = self.load_frames as f64 / self.device_rate.hz();
            self.shared.note_load(self.load_nanos as f64 * 1e-9 / lasts);
            (self.load_nanos, self.load_frames) = (0, 0);
        }
    }
}

/// One frame into the channels a device has.
fn put<S: DeviceSample>(frame: &mut [S], sides: [f64; 2]) {
    frame.fill(S::from_f64(0.0));
    frame.iter_mut().zip(sides).for_each(|(to, from)| *to = S::from_f64(from));
}

/// Stretches of the scratch buffers, and where each lies.
#[derive(Debug, Default)]
struct Stretches {
    stretches: [(SamplePlace, usize, usize); STRETCHES],
    count: usize,
}

impl Stretches {
    fn clear(&mut self) {
        self.count = 0;
    }

    /// Beyond [`STRETCHES`] it is not kept: as if its reader had been late.
    fn add(&mut self, place: SamplePlace, range: Range<usize>) {
        if let Some(free) = self.stretches.get_mut(self.count) {
            *free = (place, range.start, range.end);
            self.count += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = (SamplePlace, Range<usize>)> + use<> {
        self.stretches.into_iter().take(self.count).map(|(place, from, to)| (place, from..to))
    }
}

/// What is shown of the slots of the voice that is heard.
struct Watch<'a> {
    run: &'a mut u32,
    place: SamplePlace,
    shared: &'a Shared,
    ends: &'a mut CallbackEnds,
    meter: &'a mut MeterFrame,
}

impl Watch<'_> {
    /// Gathers what the quantum just made has to show. One that lacks frames of a source has no place.
    fn look_at(&mut self, renderer: &mut Renderer, is_spoiled: bool) {
        gather_slots(self.meter, renderer);
        if let Some((block, position)) = renderer.watched() {
            let place = SamplePlace { position: position.filter(|_| !is_spoiled), ..self.place };
            self.ends.samples.push(place, block.left(), block.right());
        }
        let Some(probe) = renderer.probe() else { return };
        probe.run = *self.run;
        // A worker that is late misses quanta; the audio never waits for it.
        if self.ends.probes.try_push(probe.clone()).is_err() {
            *self.run = self.run.wrapping_add(1);
            self.shared.probes_lost.fetch_add(1, Relaxed);
        }
    }
}

fn gather_slots(meter: &mut MeterFrame, renderer: &mut Renderer) {
    gather_reductions(&mut meter.album_reduction_db, renderer.album_gain_reductions());
    gather_peaks(&mut meter.album_peaks, &renderer.take_album_peaks());
    let Some((index, song)) = renderer.sounding_song() else { return };
    if meter.song != Some(song) {
        meter.song = Some(song);
        meter.song_reduction_db = [0.0; METERED_SLOTS];
        meter.song_peaks = ChainPeaks::default();
    }
    gather_reductions(&mut meter.song_reduction_db, renderer.song_gain_reductions(index));
    gather_peaks(&mut meter.song_peaks, &renderer.take_song_peaks(index));
}

fn gather_reductions(gathered: &mut [f32; METERED_SLOTS], readings: impl Iterator<Item = GainReduction>) {
    for reading in readings {
        if let Some(strongest) = gathered.get_mut(usize::from(reading.slot)) {
            *strongest = stronger_db(*strongest, reading.db as f32);
        }
    }
}

fn gather_peaks(gathered: &mut ChainPeaks, peaks: &ChainPeaks) {
    gathered.iter_mut().zip(peaks).for_each(|(highest, peak)| *highest = highest.max(*peak));
}
