//! The command palette: finds any command by a few of its letters.

use egui::{Key, Modifiers, RichText, ScrollArea, Ui};

use super::Next;
use crate::app::{Action, Frame};
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;

/// Height of the list, points.
const LIST: f32 = 340.0;

/// What is typed, and which line is marked.
#[derive(Debug, Default)]
pub struct Palette {
    text: String,
    at: usize,
}

/// How well letters fit a name: each must occur in order; together and at the start of words is better. `None` if not.
pub fn fit(letters: &str, name: &str) -> Option<i32> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let mut score = 0;
    let mut from = 0;
    for letter in letters.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let starts = |i: usize| i == 0 || name[i - 1] == ' ';
        let next = (from..name.len()).find(|&i| name[i] == letter)?;
        // A start of a word further on beats a letter inside this one, unless that one follows directly.
        let word = (next..name.len()).find(|&i| name[i] == letter && starts(i));
        let place = match word {
            Some(w) if next != from || from == 0 => w,
            _ => next,
        };
        score += if starts(place) { 8 } else { 0 } + if place == from { 5 } else { 0 };
        score -= (place - from) as i32;
        from = place + 1;
    }
    Some(score)
}

/// Commands that fit, best first; all in menu order for no letters.
pub fn found(letters: &str) -> Vec<Action> {
    let searched = |a: &Action| format!("{} {}", a.name(), a.menu().label());
    let mut fits: Vec<(i32, Action)> =
        Action::ALL.iter().filter_map(|a| Some((fit(letters, &searched(a))?, *a))).collect();
    if !letters.trim().is_empty() {
        fits.sort_by_key(|(score, _)| -score);
    }
    fits.into_iter().map(|(_, action)| action).collect()
}

/// The user's meter layouts that fit, in their order.
fn found_layouts<'a>(letters: &str, frame: &'a Frame) -> Vec<&'a str> {
    let own = frame.meter_settings.layout.own.iter().map(|l| l.name.as_str());
    own.filter(|name| fit(letters, &format!("{name} Meter layout View")).is_some()).collect()
}

impl Palette {
    pub(super) fn ui(&mut self, ui: &mut Ui, frame: &Frame, out: &mut Outbox) -> Next {
        let t = theme();
        ui.set_width(480.0);
        let (down, up, enter) = ui.input_mut(|i| {
            (
                i.consume_key(Modifiers::NONE, Key::ArrowDown),
                i.consume_key(Modifiers::NONE, Key::ArrowUp),
                i.consume_key(Modifiers::NONE, Key::Enter),
            )
        });
        let edit = egui::TextEdit::singleline(&mut self.text)
            .hint_text("Search commands")
            .font(t.font(t.title))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit).accessible_name("Search commands");
        response.request_focus();
        if response.changed() {
            self.at = 0;
        }
        let actions = found(&self.text);
        let layouts = found_layouts(&self.text, frame);
        self.at = (self.at + usize::from(down))
            .saturating_sub(usize::from(up))
            .min((actions.len() + layouts.len()).saturating_sub(1));
        ui.add_space(6.0);
        let mut run = actions.get(self.at).copied().filter(|_| enter);
        let marked = self.at.checked_sub(actions.len()).and_then(|i| layouts.get(i));
        let mut layout = marked.copied().filter(|_| enter);
        // As high with one command as with all: nothing moves under the pointer while one types.
        ScrollArea::vertical().max_height(LIST).auto_shrink(false).show(ui, |ui| {
            if actions.is_empty() && layouts.is_empty() {
                ui.label(RichText::new("No command has these letters in this order").color(t.text_weak));
            }
            for (i, &action) in actions.iter().enumerate() {
                let refusal = action.refusal(frame);
                let name = RichText::new(action.name());
                let button = egui::Button::new(name)
                    .selected(i == self.at)
                    .frame_when_inactive(i == self.at)
                    .shortcut_text(RichText::new(action.key_text()).color(t.text_weak))
                    .min_size(egui::vec2(ui.available_width(), 22.0));
                let response = ui.add_enabled(refusal.is_none(), button);
                if i == self.at && (up || down) {
                    response.scroll_to_me(None);
                }
                let response = match refusal {
                    Some(why) => response.on_disabled_hover_text(why),
                    None => response.on_hover_text(action.about()),
                };
                if response.clicked() {
                    run = Some(action);
                }
            }
            for (i, &name) in layouts.iter().enumerate() {
                let marked = self.at == actions.len() + i;
                let button = egui::Button::new(name)
                    .selected(marked)
                    .frame_when_inactive(marked)
                    .shortcut_text(RichText::new("meter layout").color(t.text_weak))
                    .min_size(egui::vec2(ui.available_width(), 22.0));
                let response = ui.add(button);
                if marked && (up || down) {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    layout = Some(name);
                }
            }
        });
        if let Some(name) = layout {
            out.set_meters(frame, |m| m.layout.choose_own(name));
            return Next::Close;
        }
        match run.filter(|a| a.refusal(frame).is_none()) {
            Some(action) => {
                out.act(action);
                Next::Close
            }
            None => Next::Stay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_the_command() {
        assert_eq!(found("exp ddp")[0], Action::ExportDdp);
        assert_eq!(found("pj")[0], Action::PlayJoint);
        assert_eq!(found("undo")[0], Action::Undo);
        assert!(found("xyzzy").is_empty());
        assert_eq!(found("").len(), Action::ALL.len());
    }
}
