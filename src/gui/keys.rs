//! Which key is which command: the letters as printed in the menus, parsed once.
//!
//! Keys belong to the job first: they work wherever the focus is, except while a text is being typed. A shifted sign is
//! taken as its sign (`+` may need Shift on one keyboard and not on another).

use std::sync::OnceLock;

use egui::{Event, Key, Modifiers};

use crate::app::Action;

/// A key with its modifiers, as written in a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Ctrl (Command on a Mac), Shift, Alt.
    pub modifiers: Modifiers,
}

/// Reads `Ctrl+Shift+Z`; `None` for an empty or unknown text.
pub fn chord_from(text: &str) -> Option<Chord> {
    let mut modifiers = Modifiers::NONE;
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('+').filter(|(head, _)| !head.is_empty()) {
        match head {
            "Ctrl" => modifiers |= Modifiers::COMMAND,
            "Shift" => modifiers |= Modifiers::SHIFT,
            "Alt" => modifiers |= Modifiers::ALT,
            _ => return None,
        }
        rest = tail;
    }
    let key = match rest {
        "+" => Key::Plus,
        "-" => Key::Minus,
        "," => Key::Comma,
        "." => Key::Period,
        "[" => Key::OpenBracket,
        "]" => Key::CloseBracket,
        name => Key::from_name(name)?,
    };
    Some(Chord { key, modifiers })
}

/// Every command with a key.
pub fn key_map() -> &'static [(Chord, Action)] {
    static MAP: OnceLock<Vec<(Chord, Action)>> = OnceLock::new();
    MAP.get_or_init(|| Action::ALL.iter().filter_map(|&a| Some((chord_from(a.key())?, a))).collect())
}

/// The command of a key press.
pub fn action_of(key: Key, modifiers: Modifiers) -> Option<Action> {
    // `+` and `=` share a key on most keyboards; Ctrl+Y is redo and Ctrl+F follow for many hands.
    if key == Key::Equals && !modifiers.command {
        return Some(Action::ZoomIn);
    }
    if key == Key::Y && modifiers.command && !modifiers.shift {
        return Some(Action::Redo);
    }
    if key == Key::F && modifiers.command && !modifiers.shift {
        return Some(Action::Follow);
    }
    let sign = matches!(key, Key::Plus | Key::OpenBracket | Key::CloseBracket);
    let same = |chord: &Chord| {
        chord.key == key
            && chord.modifiers.command == modifiers.command
            && chord.modifiers.alt == modifiers.alt
            && (sign || chord.modifiers.shift == modifiers.shift)
    };
    key_map().iter().find(|(chord, _)| same(chord)).map(|(_, action)| *action)
}

/// Takes the commands out of the input, unless a text is being typed: then only those with Ctrl that a text field has
/// no use for, and function keys.
pub fn take_actions(ctx: &egui::Context) -> Vec<Action> {
    let typing = ctx.text_edit_focused();
    let keeps_delete = super::editors::keeps_delete(ctx);
    let mut actions = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| match event_action(event, typing) {
            // A focused band or processor is what Delete means.
            Some(Action::RemoveSong) if keeps_delete => true,
            Some(action) => {
                actions.push(action);
                false
            }
            None => true,
        });
    });
    actions
}

fn event_action(event: &Event, typing: bool) -> Option<Action> {
    match event {
        Event::Key { key, pressed: true, modifiers, .. } => {
            let action = action_of(*key, *modifiers)?;
            let belongs_to_text = typing && !for_all(action);
            (!belongs_to_text).then_some(action)
        }
        // The system turns these keys into events of their own.
        Event::Copy if !typing => Some(Action::CopyChain),
        Event::Paste(_) if !typing => Some(Action::PasteChain),
        _ => None,
    }
}

/// Commands that work while a text is being typed.
fn for_all(action: Action) -> bool {
    matches!(
        action,
        Action::New
            | Action::Open
            | Action::Import
            | Action::Save
            | Action::SaveAs
            | Action::Quit
            | Action::Palette
            | Action::FullScreen
            | Action::Keys
            | Action::ExportReference
            | Action::ExportDdp
            | Action::Export
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_menus_can_be_pressed() {
        for action in Action::ALL {
            assert_eq!(chord_from(action.key()).is_some(), !action.key().is_empty(), "{}", action.key());
        }
    }

    #[test]
    fn keys_find_their_commands() {
        let command_shift = Modifiers::COMMAND | Modifiers::SHIFT;
        assert_eq!(action_of(Key::Space, Modifiers::NONE), Some(Action::PlayStop));
        assert_eq!(action_of(Key::Z, command_shift), Some(Action::Redo));
        assert_eq!(action_of(Key::Y, Modifiers::COMMAND), Some(Action::Redo));
        assert_eq!(action_of(Key::F, Modifiers::COMMAND), Some(Action::Follow));
        assert_eq!(action_of(Key::Z, Modifiers::NONE), Some(Action::ZoomSong));
        assert_eq!(action_of(Key::Plus, Modifiers::SHIFT), Some(Action::ZoomIn));
        assert_eq!(action_of(Key::Q, Modifiers::NONE), None);
    }
}
