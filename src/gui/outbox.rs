//! What the views say: commands for the program, and wishes for the window itself.
//!
//! A drag is one gesture: every edit sent with the same response while it is held has one gesture id and is one undo
//! step.

use egui::{Id, Response};

use crate::app::meter_settings::MeterSettings;
use crate::app::{Action, Command, Frame};
use crate::edit::{Edit, GestureId};
use crate::model::SongId;

/// What only the window can do: open a dialog, move the view.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// A command of the menus, wherever it is done.
    Do(Action),
    /// Choose another file for a song.
    Relink(SongId),
    /// Choose audio files for a curve behind the spectrum.
    MeasureCurve {
        /// Its name; the file's where it is empty.
        name: String,
        /// Several files: a genre.
        several: bool,
    },
    /// Open a session file, after asking what becomes of this one.
    Open(std::path::PathBuf),
}

/// Collects what a frame's views want; emptied by the application after drawing.
#[derive(Debug, Default)]
pub struct Outbox {
    commands: Vec<Command>,
    wishes: Vec<Wish>,
    held: Option<(Id, GestureId)>,
    last_gesture: u64,
}

impl Outbox {
    /// Sends a command to the program.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Asks for a command of the menus; the window does those that are its own.
    pub fn act(&mut self, action: Action) {
        self.wishes.push(Wish::Do(action));
    }

    /// Asks the window for something.
    pub fn wish(&mut self, wish: Wish) {
        self.wishes.push(wish);
    }

    /// How the meters will be set after this frame.
    pub fn meters<'a>(&'a self, frame: &'a Frame) -> &'a MeterSettings {
        let waiting = self.commands.iter().find_map(|c| match c {
            Command::SetMeters(settings) => Some(&**settings),
            _ => None,
        });
        waiting.unwrap_or(&frame.meter_settings)
    }

    /// Changes how the meters are set. Two changes of one frame are one command, so that neither is lost.
    pub fn set_meters(&mut self, frame: &Frame, change: impl FnOnce(&mut MeterSettings)) {
        let waiting = self.commands.iter_mut().find_map(|c| match c {
            Command::SetMeters(settings) => Some(settings),
            _ => None,
        });
        if let Some(settings) = waiting {
            change(settings);
        } else {
            let mut settings = Box::new((*frame.meter_settings).clone());
            change(&mut settings);
            if *settings != *frame.meter_settings {
                self.commands.push(Command::SetMeters(settings));
            }
        }
    }

    /// An edit that is a step of its own (typed, clicked).
    pub fn edit(&mut self, edit: Edit) {
        self.commands.push(Command::edit(edit));
    }

    /// An edit made by a widget: while it is dragged, all its edits are one step.
    pub fn edit_by(&mut self, response: &Response, edit: Edit) {
        let gesture = (response.dragged() || response.drag_stopped()).then(|| self.gesture(response));
        self.commands.push(Command::Edit { edit, gesture });
    }

    /// The gesture of a drag: new when the drag starts, the same until it stops.
    pub fn gesture(&mut self, response: &Response) -> GestureId {
        match self.held {
            Some((id, gesture)) if id == response.id && !response.drag_started() => gesture,
            _ => {
                self.last_gesture += 1;
                let gesture = GestureId(self.last_gesture);
                self.held = Some((response.id, gesture));
                gesture
            }
        }
    }

    /// A gesture that is not a drag (typing in a text field, from focus to its loss).
    pub fn gesture_of(&mut self, id: Id, starts: bool) -> GestureId {
        match self.held {
            Some((held, gesture)) if held == id && !starts => gesture,
            _ => {
                self.last_gesture += 1;
                let gesture = GestureId(self.last_gesture);
                self.held = Some((id, gesture));
                gesture
            }
        }
    }

    /// Takes the commands of this frame.
    pub fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// Takes the wishes of this frame.
    pub fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::meter_settings::{FieldPicture, MeterPoint};
    use crate::model::Session;
    use crate::units::SampleRate;

    #[test]
    fn two_changes_of_the_meters_in_one_frame_are_one_command_and_neither_is_lost() {
        let frame = Frame::still(Arc::new(Session::new(SampleRate(48_000))));
        let mut out = Outbox::default();
        assert_eq!(out.meters(&frame), &*frame.meter_settings);
        out.set_meters(&frame, |m| m.point = MeterPoint::Source);
        assert_eq!(out.meters(&frame).point, MeterPoint::Source, "what comes after sees it");
        out.set_meters(&frame, |m| m.stereo.picture = FieldPicture::PolarLevel);
        let sent = out.take_commands();
        let [Command::SetMeters(settings)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(settings.point, MeterPoint::Source);
        assert_eq!(settings.stereo.picture, FieldPicture::PolarLevel);
    }
}
