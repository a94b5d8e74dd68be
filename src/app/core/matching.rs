//! Matching a slot by loudness from the window: a job that measures, then one edit.

use std::sync::Arc;

use super::{Core, Done};
use crate::edit::Edit;
use crate::jobs::matching::{self, Goal, MatchError, Matched, Request, Setting};
use crate::jobs::{JobContext, Priority};
use crate::model::{ChainRef, Listen, Session, Slot, SlotId};

/// What a matching job brings back.
pub(crate) struct MatchDone {
    request: Request,
    /// The slot as it was measured.
    measured: Slot,
    setting: Option<Setting>,
    result: Result<Matched, MatchError>,
}

impl Core {
    /// Starts a match; a bypass that has been matched already is switched to at once.
    pub(super) fn match_slot(&mut self, chain: ChainRef, slot: SlotId, goal: Goal) {
        let request = Request { chain, slot, goal, loop_range: self.live.loop_range() };
        let session = Arc::clone(self.document.session());
        let Some(measured) = settled(&session, &request) else {
            return self.log.warn(format!("Match: {}", MatchError::NoSlot));
        };
        let setting = matching::setting_of(&session, &request).ok();
        if let (Goal::Bypass, Some((measured, match_db))) = (goal, &self.bypass_setting)
            && setting.as_ref() == Some(measured)
        {
            let match_db = Some(*match_db);
            return self.edit(Edit::SetSlotListen { chain, slot, listen: Listen::MatchedBypass, match_db });
        }
        let library = Arc::clone(self.sources.library());
        let work = move |cx: &JobContext| {
            let threads = crate::jobs::parallel::thread_count(None);
            let folder = library.cache().dir();
            let result = matching::run(&session, &library, folder, &request, threads, cx);
            Done::Matched(Box::new(MatchDone { request, measured, setting, result }))
        };
        self.jobs.spawn(title_of(goal), Priority::Asked, work);
    }

    /// Applies what was found, if the slot is still as it was measured.
    pub(super) fn matched(&mut self, done: MatchDone) {
        let MatchDone { request, measured, setting, result } = done;
        match result {
            Ok(found) => {
                let session = self.document.session();
                let same = settled(session, &request).as_ref() == Some(&measured)
                    && matching::setting_of(session, &request).ok() == setting;
                if !same {
                    return self.log.warn(format!(
                        "{}: that slot, or what runs into it, was changed meanwhile; nothing was done, match again",
                        title_of(request.goal)
                    ));
                }
                self.log.info(found.text);
                if let (Edit::SetSlotListen { match_db: Some(match_db), .. }, Some(setting)) =
                    (&found.edit, setting)
                {
                    self.bypass_setting = Some((setting, *match_db));
                }
                self.edit(found.edit);
            }
            Err(MatchError::Cancelled) => {
                self.log.info(format!("{}: cancelled; nothing was changed", title_of(request.goal)));
            }
            Err(error) => self.log.warn(format!("{}: {error}", title_of(request.goal))),
        }
    }
}

/// The slot without what is only for listening: what a match depends on.
fn settled(session: &Session, request: &Request) -> Option<Slot> {
    let slot = session.chain(request.chain)?.slot(request.slot)?;
    Some(Slot { listen: Listen::Normal, match_db: 0.0, ..slot.clone() })
}

fn title_of(goal: Goal) -> &'static str {
    match goal {
        Goal::Output => "Match output",
        Goal::Bypass => "Match bypass",
        Goal::Loudness(_) => "Find gain",
    }
}
