//! Gains that follow the loudness: a slot whose own switch asks for it is matched again whenever it, or what runs into it,
//! has changed and then rested for a moment.
//!
//! What is found is written into the slot's make-up or output gain and belongs to the edit that caused it: undo takes both
//! back. The gain is a value of the session like any other, so what is played is what is exported, from wherever it is
//! played. A session is taken as matched when it is opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Core, Done};
use crate::jobs::matching::{self, MatchError, Matched, Request, Setting, followers};
use crate::jobs::{JobContext, Priority};
use crate::model::{Session, SlotId};

/// Rest after a change before anything is measured, seconds.
const REST_S: f64 = 0.7;

/// What a measurement brings back.
pub(crate) struct Followed {
    request: Request,
    setting: Setting,
    result: Result<Matched, MatchError>,
}

/// The slots that follow, and what each was last matched on.
#[derive(Debug, Default)]
pub(super) struct Followers {
    known: BTreeMap<SlotId, Setting>,
    /// The session last looked at, and since when it has been the one.
    seen: Option<(Arc<Session>, f64)>,
    /// All of `seen` is matched.
    settled: bool,
    /// The job that measures, and on what.
    running: Option<(u64, SlotId, Setting)>,
}

impl Followers {
    /// Something waits to be measured.
    pub fn is_waiting(&self) -> bool {
        !self.settled
    }
}

impl Core {
    /// The session as it is counts as matched.
    pub(super) fn take_as_matched(&mut self) {
        let session = Arc::clone(self.document.session());
        let settings = followers(&session).into_iter();
        let settings = settings.filter_map(|r| matching::setting_of(&session, &r).ok().map(|s| (r.slot, s)));
        self.followers = Followers { known: settings.collect(), ..Followers::default() };
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
        if let Some((job, slot, setting)) = &self.followers.running {
            if self.jobs.jobs().iter().any(|j| j.id == *job) {
                return;
            }
            // Cancelled before it began: not asked for again until something changes.
            self.followers.known.insert(*slot, setting.clone());
            self.followers.running = None;
        }
        let changed = followers(&session).into_iter().find_map(|request| {
            let setting = matching::setting_of(&session, &request).ok()?;
            (self.followers.known.get(&request.slot) != Some(&setting)).then_some((request, setting))
        });
        match changed {
            Some((request, setting)) => self.follow(session, request, setting),
            None => self.followers.settled = true,
        }
    }

    fn follow(&mut self, session: Arc<Session>, request: Request, setting: Setting) {
        let library = Arc::clone(self.sources.library());
        let measured = setting.clone();
        let work = move |cx: &JobContext| {
            let threads = crate::jobs::parallel::thread_count(None);
            let folder = library.cache().dir();
            let result = matching::run(&session, &library, folder, &request, threads, cx);
            Done::Followed(Box::new(Followed { request, setting: measured, result }))
        };
        let job = self.jobs.spawn("Follow loudness", Priority::Soon, work);
        self.followers.running = Some((job, request.slot, setting));
    }

    /// Takes up what was found, if the slot is still as it was measured; else it is measured again.
    pub(super) fn followed(&mut self, done: Followed) {
        self.followers.running = None;
        let Followed { request, setting, result } = done;
        let now = matching::setting_of(self.document.session(), &request).ok();
        if now.as_ref() != Some(&setting) {
            return;
        }
        let slot = request.slot;
        match result {
            Ok(found) => match self.document.amend(&found.edit, self.now_s) {
                Ok(()) => {
                    self.log.info(found.text);
                    self.session_changed();
                }
                Err(error) => self.log.warn(format!("Follow loudness: {error}")),
            },
            Err(MatchError::Cancelled) => {
                self.log
                    .info("Follow loudness: cancelled; the gain stays until something changes".to_owned());
            }
            Err(error) => self.log.warn(format!("Follow loudness: {error}")),
        }
        if let Ok(matched) = matching::setting_of(self.document.session(), &request) {
            self.followers.known.insert(slot, matched);
        }
    }
}
