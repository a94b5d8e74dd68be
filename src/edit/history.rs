//! Undo and redo by keeping sessions: one list for edits and knobs.
//!
//! Edits of one gesture (a drag while the button is down, a key held) replace each other: a fader ride is one step.

use std::sync::Arc;

use crate::model::Session;

/// Names one gesture: edits that carry the same id in a row become one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GestureId(pub u64);

/// Most steps kept; the oldest go first. Steps share what did not change.
const MOST_STEPS: usize = 1000;

#[derive(Debug)]
struct Step {
    session: Arc<Session>,
    name: &'static str,
    gesture: Option<GestureId>,
}

/// The sessions an engineer can go back and forth between.
#[derive(Debug)]
pub struct History {
    /// The first step is the session as opened.
    steps: Vec<Step>,
    at: usize,
}

impl History {
    /// A history that starts at a session.
    pub fn new(session: Arc<Session>) -> Self {
        Self { steps: vec![Step { session, name: "Open", gesture: None }], at: 0 }
    }

    /// The session now.
    pub fn session(&self) -> &Arc<Session> {
        &self.steps[self.at].session
    }

    /// Takes the next session in. Nothing is recorded where nothing changed. What was undone before is gone.
    pub fn commit(&mut self, session: Session, name: &'static str, gesture: Option<GestureId>) {
        if session == **self.session() {
            return;
        }
        let same_gesture = gesture.is_some() && self.at > 0 && self.steps[self.at].gesture == gesture;
        self.steps.truncate(self.at + 1);
        let step = Step { session: Arc::new(session), name, gesture };
        if same_gesture {
            self.steps[self.at] = step;
        } else {
            self.steps.push(step);
            if self.steps.len() > MOST_STEPS {
                self.steps.remove(0);
            }
            self.at = self.steps.len() - 1;
        }
    }

    /// Puts another session in place of this step's: what follows from the step by itself (a gain that follows the
    /// loudness) and is no step of its own. What was undone can still be redone.
    pub fn amend(&mut self, session: Session) {
        if session != **self.session() {
            self.steps[self.at].session = Arc::new(session);
        }
    }

    /// Back by a step.
    pub fn undo(&mut self) -> bool {
        let can = self.at > 0;
        self.at -= usize::from(can);
        can
    }

    /// Forward by a step.
    pub fn redo(&mut self) -> bool {
        let can = self.at + 1 < self.steps.len();
        self.at += usize::from(can);
        can
    }

    /// Name of what undo would take back.
    pub fn undo_name(&self) -> Option<&'static str> {
        (self.at > 0).then(|| self.steps[self.at].name)
    }

    /// Name of what redo would do again.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.steps.get(self.at + 1).map(|s| s.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SampleRate;

    fn noted(text: &str) -> Session {
        Session { notes: text.to_owned(), ..Session::new(SampleRate::CD) }
    }

    #[test]
    fn a_gesture_is_one_step() {
        let mut h = History::new(Arc::new(noted("")));
        for text in ["1", "2", "3"] {
            h.commit(noted(text), "Notes", Some(GestureId(7)));
        }
        h.commit(noted("4"), "Notes", Some(GestureId(8)));
        assert!(h.undo());
        assert_eq!(h.session().notes, "3");
        assert!(h.undo());
        assert_eq!(h.session().notes, "");
        assert!(!h.undo());
        assert!(h.redo() && h.redo() && !h.redo());
        assert_eq!(h.session().notes, "4");
    }

    #[test]
    fn what_follows_from_a_step_is_no_step() {
        let mut h = History::new(Arc::new(noted("")));
        h.commit(noted("1"), "Notes", None);
        h.commit(noted("2"), "Notes", None);
        h.undo();
        h.amend(noted("1 and what follows"));
        assert!(h.redo());
        assert_eq!(h.session().notes, "2");
        assert!(h.undo());
        assert_eq!(h.session().notes, "1 and what follows");
        assert!(h.undo() && !h.undo());
    }

    #[test]
    fn a_new_edit_ends_what_could_be_redone_and_nothing_new_is_no_step() {
        let mut h = History::new(Arc::new(noted("")));
        h.commit(noted("1"), "Notes", None);
        h.undo();
        h.commit(noted("2"), "Notes", None);
        assert!(!h.redo());
        h.commit(noted("2"), "Notes", None);
        assert!(h.undo());
        assert_eq!(h.session().notes, "");
        assert_eq!(h.redo_name(), Some("Notes"));
    }
}
