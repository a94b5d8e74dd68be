//! The thread between the program and the callback: compiles plans, prepares renderers, sends them, frees them.
//!
//! It holds the session that is wanted and the one that is playing. A difference in parameters is sent as a group; any
//! other is a new renderer, prepared a little ahead of the playhead. While one is on its way no other is prepared: the
//! newest session wins when it has arrived. One that came too late is asked for again, further ahead.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use ringbuf::traits::{Consumer, Producer};

use super::link::{ConductorEnds, LoopRange, Message, Retired, Why};
use super::live::{EngineEvent, OpenLive, Resolver};
use super::shared::Shared;
use crate::audio::fpu::FpuGuard;
use crate::model::Session;
use crate::render::{ParamGroup, PlanChange, RenderPlan, Renderer, Sources, diff, map_position};
use crate::units::Frames;

/// How often the conductor looks at its rings when nobody calls it.
const TICK: Duration = Duration::from_millis(5);

/// How far ahead of the playhead a swap is prepared at first, seconds; doubled when it came too late.
const AHEAD_S: f64 = 0.06;

/// Swaps that came too late before the playhead is simply moved to a new renderer.
const SWAP_TRIES: u32 = 5;

/// A pre-roll may take this long, and never covers more than [`PREROLL_MAX_S`].
const PREROLL_BUDGET: Duration = Duration::from_millis(25);

/// Longest pre-roll, seconds.
const PREROLL_MAX_S: f64 = 2.0;

/// Repetitions of a loop kept ready.
const LOOP_STOCK: u64 = 2;

/// What the program wants.
pub(super) enum Wish {
    /// With its number.
    Session(Arc<Session>, Resolver, u64),
    Play {
        from: Frames,
        intent: u64,
    },
    Loop(Option<LoopRange>),
    /// Renderers anew, states forgotten: after the output guard has tripped.
    Renew,
}

/// A plan with the session it was made from, as its parameters stand now.
#[derive(Clone)]
struct Score {
    session: Arc<Session>,
    /// Of the session.
    number: u64,
    plan: Arc<RenderPlan>,
}

pub(super) struct Conductor {
    pub ends: ConductorEnds,
    pub shared: Arc<Shared>,
    pub files: OpenLive,
    pub streams: OpenLive,
    pub events: SyncSender<EngineEvent>,
    wanted: Option<(Arc<Session>, Resolver, u64)>,
    /// Laid out like what is heard, parameters as last sent.
    score: Option<Score>,
    /// On its way to the callback.
    swapping: Option<Score>,
    /// The callback did not take it yet: the ring was full.
    unsent: Vec<Message>,
    renew: bool,
    tries: u32,
    last_id: u64,
    loop_range: Option<LoopRange>,
    loop_number: u64,
    /// Repetitions sent, ever.
    loop_sent: u64,
    /// Frames the pre-roll makes in a second of this machine's time, as last seen.
    preroll_speed: f64,
}

impl Conductor {
    pub fn new(
        ends: ConductorEnds,
        shared: Arc<Shared>,
        files: OpenLive,
        streams: OpenLive,
        events: SyncSender<EngineEvent>,
    ) -> Self {
        Self {
            ends,
            shared,
            files,
            streams,
            events,
            wanted: None,
            score: None,
            swapping: None,
            unsent: Vec::new(),
            renew: false,
            tries: 0,
            last_id: 0,
            loop_range: None,
            loop_number: 0,
            loop_sent: 0,
            preroll_speed: 1_000_000.0,
        }
    }

    /// Until the program lets go of its end.
    pub fn run(mut self, wishes: &Receiver<Wish>) {
        loop {
            match wishes.recv_timeout(TICK) {
                Ok(wish) => self.hear(wish),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Ok(wish) = wishes.try_recv() {
                self.hear(wish);
            }
            self.free_retired();
            self.send_unsent();
            self.follow();
            self.stock_loop();
        }
    }

    fn hear(&mut self, wish: Wish) {
        match wish {
            Wish::Session(session, resolver, number) => self.wanted = Some((session, resolver, number)),
            Wish::Play { from, intent } => self.play(from, intent),
            Wish::Loop(range) => {
                self.loop_range = range;
                self.send_loop();
            }
            Wish::Renew => self.renew = true,
        }
    }

    fn play(&mut self, from: Frames, intent: u64) {
        if intent != self.shared.intent.load(Relaxed) {
            return;
        }
        let Some(score) = self.lay_out() else { return };
        let renderer = self.prepare(&score, from);
        self.swapping = None;
        self.score = Some(score);
        self.tries = 0;
        self.send(Message::Start { renderer, at: from, intent });
        self.send_loop();
    }

    /// The wanted session as a plan with a number of its own.
    fn lay_out(&mut self) -> Option<Score> {
        let (session, resolver, number) = self.wanted.clone()?;
        self.last_id += 1;
        let plan = Arc::new(RenderPlan::compile(&session, &*resolver, self.last_id));
        self.say(EngineEvent::Notes(plan.notes.clone()));
        Some(Score { session, number, plan })
    }

    /// A renderer at a place, pre-rolled as far as the budget allows.
    fn prepare(&mut self, score: &Score, at: Frames) -> Box<Renderer> {
        let plan = &score.plan;
        let _fpu = FpuGuard::new();
        let longest = PREROLL_MAX_S * plan.rate.hz();
        let preroll = (self.preroll_speed * PREROLL_BUDGET.as_secs_f64()).min(longest).floor();
        let sources = Sources { preroll: Some(&*self.files), play: &*self.streams };
        let begun = Instant::now();
        let mut renderer = Renderer::start(plan, sources, at, Frames(preroll as i64));
        renderer.set_session_number(score.number);
        let made = preroll.min(at.0.max(0) as f64);
        if made > 0.0 {
            self.preroll_speed = made / begun.elapsed().as_secs_f64().max(1e-6);
        }
        if !renderer.notes().is_empty() {
            self.say(EngineEvent::Notes(renderer.notes().to_vec()));
        }
        Box::new(renderer)
    }

    /// Brings what is heard to what is wanted.
    fn follow(&mut self) {
        let playing = self.shared.is_playing();
        if let Some(score) = self.swapping.take_if(|s| s.plan.id == self.shared.plan_id.load(Relaxed)) {
            self.score = Some(score);
            self.tries = 0;
            self.send_loop();
        }
        let (Some((wanted, _, number)), Some(score), None) = (&self.wanted, &mut self.score, &self.swapping)
        else {
            return;
        };
        if std::mem::take(&mut self.renew) && playing {
            return self.swap();
        }
        if *number == score.number {
            return;
        }
        let number = *number;
        match diff(&score.session, wanted, score.plan.id) {
            PlanChange::None => {
                (score.session, score.number) = (wanted.clone(), number);
                let group = ParamGroup { plan_id: score.plan.id, entries: Box::default() };
                self.send(Message::Params(Box::new(group), number));
            }
            PlanChange::Params(group) => {
                (score.session, score.number) = (wanted.clone(), number);
                self.send(Message::Params(Box::new(group), number));
            }
            PlanChange::Structure if playing => self.swap(),
            // The next start lays it out.
            PlanChange::Structure => {}
        }
    }

    /// Prepares the wanted session for a moment just ahead.
    fn swap(&mut self) {
        let intent = self.shared.intent.load(Relaxed);
        let (Some(old), Some(new)) = (self.score.clone(), self.lay_out()) else { return };
        if self.tries >= SWAP_TRIES || old.plan.rate != new.plan.rate {
            let from = map_position(&old.plan.timeline, &new.plan.timeline, self.shared.position());
            return self.play(from, intent);
        }
        let ahead = AHEAD_S * f64::from(1u32 << self.tries);
        let at_old = self.shared.position() + old.plan.rate.frames_from_seconds(ahead);
        let at_new = map_position(&old.plan.timeline, &new.plan.timeline, at_old);
        let renderer = self.prepare(&new, at_new);
        self.swapping = Some(new);
        self.send(Message::Swap { renderer, at_old, at_new, intent });
    }

    fn free_retired(&mut self) {
        while let Some(retired) = self.ends.retired.try_pop() {
            match retired {
                Retired::Renderer(renderer, why) => self.came_back(&renderer, why),
                Retired::Params(group) => drop(group),
            }
        }
    }

    /// A swap that came too late is prepared again: the difference to what is wanted is still there.
    fn came_back(&mut self, renderer: &Renderer, why: Why) {
        let id = renderer.plan().id;
        if why == Why::TooLate && self.swapping.as_ref().is_some_and(|s| s.plan.id == id) {
            self.swapping = None;
            self.tries += 1;
            self.renew = true;
        }
    }

    /// The loop under a new number, its repetitions to be prepared from the plan now heard.
    fn send_loop(&mut self) {
        self.loop_number += 1;
        let (range, number) = (self.loop_range, self.loop_number);
        self.send(Message::Loop { range, number });
    }

    fn stock_loop(&mut self) {
        let (Some(range), Some(score), None) = (self.loop_range, self.score.clone(), &self.swapping) else {
            return;
        };
        let stock = self.loop_sent - self.shared.loop_taken.load(Relaxed);
        if !self.shared.is_playing() || stock >= LOOP_STOCK || !self.unsent.is_empty() {
            return;
        }
        // Parameters may have moved since the plan was made: lay out anew under the same number.
        let plan = self.with_parameters(&score);
        let renderer = self.prepare(&Score { plan, ..score }, range.from);
        self.loop_sent += 1;
        let number = self.loop_number;
        self.send(Message::Again { renderer, number });
    }

    fn with_parameters(&mut self, score: &Score) -> Arc<RenderPlan> {
        match &self.wanted {
            Some((_, resolver, _)) => {
                Arc::new(RenderPlan::compile(&score.session, &**resolver, score.plan.id))
            }
            None => score.plan.clone(),
        }
    }

    fn send(&mut self, message: Message) {
        self.unsent.push(message);
        self.send_unsent();
    }

    /// In order, as far as the ring takes them.
    fn send_unsent(&mut self) {
        let mut waiting = std::mem::take(&mut self.unsent).into_iter();
        while let Some(message) = waiting.next() {
            if let Err(refused) = self.ends.messages.try_push(message) {
                self.unsent.push(refused);
                self.unsent.extend(waiting);
                return;
            }
        }
    }

    fn say(&self, event: EngineEvent) {
        let empty = matches!(&event, EngineEvent::Notes(notes) if notes.is_empty());
        if !empty {
            // A program that does not listen misses notes; the sound goes on.
            drop(self.events.try_send(event));
        }
    }
}
