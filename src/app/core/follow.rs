//! Gains that follow the loudness: a slot whose own switch asks for it is matched again whenever it, or what runs into it,
//! has changed and then rested for a moment.
//!
//! What is found is written into the slot's make-up or output gain and belongs to the edit that caused it: undo takes both
//! back. The gain is a value of the session like any other, so what is played is what is exported, from wherever it is
//! played. A session is taken as matched when it is opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Core, Done};
use crate::app::frame::ExportRequest;
use crate::jobs::matching::{self, MatchError, Matched, Request, Setting, followers};
use crate::jobs::{JobContext, Priority};
use crate::model::{Session, SlotId};
use crate::process::audition;

/// Rest after a change before anything is measured, seconds.
const REST_S: f64 = 0.7;

/// What a measurement brings back.
pub(crate) struct Followed {
    request: Request,
    setting: Setting,
    result: Result<Matched, MatchError>,
}

/// Settings remembered as matched, for each slot.
const MOST_KNOWN: usize = 64;

/// The slots that follow, and what each was matched on.
#[derive(Debug, Default)]
pub(super) struct Followers {
    /// Newest last; steps of the history one may come back to are among them.
    known: BTreeMap<SlotId, Vec<Setting>>,
    /// The session last looked at, and since when it has been the one.
    seen: Option<(Arc<Session>, f64)>,
    /// All of `seen` is matched.
    settled: bool,
    running: Option<Running>,
}

/// A measurement under way.
#[derive(Debug)]
struct Running {
    job: u64,
    slot: SlotId,
    setting: Setting,
    /// The session it was begun for.
    session: Arc<Session>,
}

impl Followers {
    /// Something waits to be measured.
    pub fn is_waiting(&self) -> bool {
        !self.settled
    }

    fn knows(&self, slot: SlotId, setting: &Setting) -> bool {
        self.known.get(&slot).is_some_and(|known| known.contains(setting))
    }

    fn learn(&mut self, slot: SlotId, setting: Setting) {
        let known = self.known.entry(slot).or_default();
        if !known.contains(&setting) {
            known.push(setting);
            if known.len() > MOST_KNOWN {
                known.remove(0);
            }
        }
    }
}

impl Core {
    /// The session as it is counts as matched; what was measured for another one is dropped.
    pub(super) fn take_as_matched(&mut self) {
        if let Some(running) = self.followers.running.take() {
            self.jobs.cancel(running.job);
        }
        let session = Arc::clone(self.document.session());
        for request in followers(&session) {
            if let Ok(setting) = matching::setting_of(&session, &request) {
                self.followers.learn(request.slot, setting);
            }
        }
        self.followers.seen = None;
    }

    /// Looks whether something has to be matched again; call often.
    pub(super) fn follow_loudness(&mut self) {
        let session = Arc::clone(self.document.session());
        match &self.followers.seen {
            Some((seen, since)) if Arc::ptr_eq(seen, &session) => {
                if self.followers.settled || self.now_s - since < REST_S {
                    return;
                }
            }
            _ => {
                self.followers.seen = Some((Arc::clone(&session), self.now_s));
                self.followers.settled = followers(&session).is_empty();
                return;
            }
        }
        if !self.is_measuring(&session) {
            self.measure_next(session);
        }
    }

    /// Whether a measurement of this session runs; one of what it no longer is gets stopped.
    fn is_measuring(&mut self, session: &Session) -> bool {
        let Some(running) = &self.followers.running else { return false };
        if !self.jobs.holds(running.job) {
            // Cancelled before it began: not asked for again until something changes.
            let (slot, setting) = (running.slot, running.setting.clone());
            self.followers.learn(slot, setting);
            self.followers.running = None;
            return false;
        }
        let now = followers(session).into_iter().find(|r| r.slot == running.slot);
        let now = now.and_then(|request| matching::setting_of(session, &request).ok());
        if now.as_ref() == Some(&running.setting) {
            return true;
        }
        self.jobs.cancel(running.job);
        self.followers.running = None;
        false
    }

    fn measure_next(&mut self, session: Arc<Session>) {
        let changed = followers(&session).into_iter().find_map(|request| {
            let setting = matching::setting_of(&session, &request).ok()?;
            (!self.followers.knows(request.slot, &setting)).then_some((request, setting))
        });
        match changed {
            Some((request, setting)) => self.follow(session, request, setting),
            None => self.followers.settled = true,
        }
    }

    fn follow(&mut self, session: Arc<Session>, request: Request, setting: Setting) {
        let library = Arc::clone(self.sources.library());
        let (measured, heard) = (setting.clone(), Arc::clone(&session));
        let work = move |cx: &JobContext| {
            let threads = crate::jobs::parallel::thread_count(None);
            let folder = library.cache().dir();
            let result = matching::run(&heard, &library, folder, &request, threads, cx);
            Done::Followed(Box::new(Followed { request, setting: measured, result }))
        };
        let job = self.jobs.spawn("Follow loudness", Priority::Soon, work);
        self.followers.running = Some(Running { job, slot: request.slot, setting, session });
    }

    /// Takes up what was found, if the slot is still as it was measured; else it is measured again.
    pub(super) fn followed(&mut self, done: Followed) {
        let Followed { request, setting, result } = done;
        let is_ours = |r: &Running| r.slot == request.slot && r.setting == setting;
        let Some(running) = self.followers.running.take_if(|r| is_ours(r)) else { return };
        let session = Arc::clone(self.document.session());
        if matching::setting_of(&session, &request).ok().as_ref() != Some(&setting) {
            return;
        }
        let place = format!("Loudness of {}", audition::chain_in_words(&session, request.chain));
        match result {
            Ok(found) => {
                // Part of the step it follows from; where another was made meanwhile, a step of its own.
                let follows = Arc::ptr_eq(&running.session, &session);
                let (edit, now_s) = (&found.edit, self.now_s);
                let document = &mut self.document;
                let done =
                    if follows { document.amend(edit, now_s) } else { document.apply(edit, None, now_s) };
                match done {
                    Ok(()) => {
                        self.log.info(format!("{place}: {}", found.text));
                        self.session_changed();
                    }
                    Err(error) => self.log.warn(format!("{place}: {error}")),
                }
            }
            Err(MatchError::Cancelled) => {
                self.log.info(format!("{place}: cancelled; the gain stays until something changes"));
            }
            Err(error) => self.log.warn(format!("{place}: {error}")),
        }
        self.followers.learn(request.slot, setting);
        if let Ok(matched) = matching::setting_of(self.document.session(), &request) {
            self.followers.learn(request.slot, matched);
        }
    }

    /// Exports, as soon as every gain that follows is set.
    pub(super) fn export_when_settled(&mut self, request: ExportRequest) {
        self.follow_loudness();
        if self.followers.is_waiting() {
            self.log.info(format!("{}: waits for the gains that follow the loudness", request.title));
            self.waiting_exports.push(request);
        } else {
            self.export(request);
        }
    }

    /// Starts what waited.
    pub(super) fn start_waiting_exports(&mut self) {
        if !self.followers.is_waiting() {
            for request in std::mem::take(&mut self.waiting_exports) {
                self.export(request);
            }
        }
    }
}
