//! The menu bar: every command with its key, greyed with the reason, and the name of the session.

use egui::{Align2, RichText, Ui};

use crate::app::action::Menu;
use crate::app::frame::{MonitorListen, SaveState};
use crate::app::{Action, Frame};
use crate::gui::app::WindowState;
use crate::gui::outbox::Outbox;
use crate::gui::panels::meters;
use crate::gui::theme::theme;
use crate::gui::workspaces::Workspace;

/// Draws the menu bar.
pub fn menu_ui(ui: &mut Ui, frame: &Frame, state: &WindowState, out: &mut Outbox) {
    let t = theme();
    let bar = ui.max_rect();
    let shown = format!("{} · round {} · {}", session_title(frame), frame.session.round, save_words(frame));
    let centre = egui::pos2(bar.center().x.max(bar.left() + 620.0), bar.center().y);
    let galley = ui.painter().layout_no_wrap(shown, t.font(t.body), t.text_weak);
    if centre.x + galley.size().x / 2.0 < bar.right() - 8.0 {
        ui.painter().galley(
            Align2::CENTER_CENTER.anchor_size(centre, galley.size()).min,
            galley,
            t.text_weak,
        );
    }
    egui::MenuBar::new().ui(ui, |ui| {
        ui.add_space(8.0);
        for menu in Menu::ALL {
            ui.menu_button(menu.label(), |ui| {
                ui.set_min_width(240.0);
                for &action in Action::ALL.iter().filter(|a| a.menu() == menu && !has_place_menu(**a)) {
                    if opens_group(action) {
                        ui.separator();
                    }
                    item_ui(ui, action, frame, state, out);
                    match action {
                        Action::Open => recent_ui(ui, frame, out),
                        Action::LayoutAlbum => meters::own_layouts_menu(ui, frame, out),
                        Action::MeterColumn => meters::places_menu(ui, frame, out),
                        _ => {}
                    }
                }
            });
        }
    });
}

/// Artist and title of the album, or the file's name.
pub fn session_title(frame: &Frame) -> String {
    let m = &frame.session.metadata;
    let stem = || frame.path.as_ref().and_then(|p| p.file_stem()).map(|s| s.to_string_lossy().into_owned());
    match (m.title.is_empty(), m.artist.is_empty()) {
        (false, false) => format!("{} – {}", m.title, m.artist),
        (false, true) => m.title.clone(),
        _ => stem().unwrap_or_else(|| "New session".to_owned()),
    }
}

fn save_words(frame: &Frame) -> &'static str {
    match frame.save {
        SaveState::NeverSaved => "never saved",
        SaveState::Saved => "saved",
        SaveState::Unsaved => "not saved",
        SaveState::Saving => "saving",
    }
}

/// Windows of meters are opened from the menu that says where each meter stands, and so is what says where they listen.
fn has_place_menu(action: Action) -> bool {
    meters::MeterKind::of(action).is_some() || action.meter_point().is_some()
}

/// Commands that begin a new group in their menu.
fn opens_group(action: Action) -> bool {
    matches!(
        action,
        Action::Import
            | Action::Save
            | Action::Devices
            | Action::Quit
            | Action::SelectAll
            | Action::NudgeLeft
            | Action::NextSong
            | Action::MoveUp
            | Action::Relink
            | Action::CopyChain
            | Action::Presets
            | Action::ReturnOnStop
            | Action::Dim
            | Action::ResetMeters
            | Action::Follow
            | Action::ZoomSong
            | Action::Palette
            | Action::LayoutCalm
            | Action::Log
            | Action::About
    )
}

/// Whether a command is a switch that is on; `None` if it is no switch.
pub fn switched(action: Action, frame: &Frame, state: &WindowState) -> Option<bool> {
    let listen = |mode| Some(frame.monitor.listen == mode);
    match action {
        Action::Ripple => Some(frame.session.ripple),
        Action::Snap => Some(frame.session.snap_to_cd_frames),
        Action::Loop => Some(frame.transport.loop_range.is_some()),
        Action::ReturnOnStop => Some(frame.transport.return_on_stop),
        Action::Dim => Some(frame.monitor.dim),
        Action::Mono => listen(MonitorListen::Mono),
        Action::Side => listen(MonitorListen::Side),
        Action::Follow => Some(state.timeline.follows()),
        Action::Log => Some(state.log_open),
        _ if Workspace::of(action).is_some() => Some(Workspace::of(action) == Some(state.workspace)),
        Action::FullScreen => Some(state.full_screen),
        _ => meters::switched(action, &frame.meter_settings),
    }
}

/// A command in the menu of a thing: with its key, greyed with the reason.
pub fn action_item(ui: &mut Ui, action: Action, frame: &Frame, out: &mut Outbox) {
    let key = RichText::new(action.key_text()).color(theme().text_weak);
    let refusal = action.refusal(frame);
    let button = egui::Button::new(action.name()).shortcut_text(key);
    let response = ui.add_enabled(refusal.is_none(), button);
    let response = match refusal {
        Some(why) => response.on_disabled_hover_text(why),
        None => response.on_hover_text(action.about()),
    };
    if response.clicked() {
        out.act(action);
        ui.close();
    }
}

fn item_ui(ui: &mut Ui, action: Action, frame: &Frame, state: &WindowState, out: &mut Outbox) {
    let t = theme();
    let refusal = action.refusal(frame);
    let name = match action {
        Action::Undo => frame.undo_name.map_or("Undo".to_owned(), |n| format!("Undo {}", n.to_lowercase())),
        Action::Redo => frame.redo_name.map_or("Redo".to_owned(), |n| format!("Redo {}", n.to_lowercase())),
        _ => action.name().to_owned(),
    };
    let switch = switched(action, frame, state);
    let on = switch == Some(true);
    let mut button =
        egui::Button::new(name).shortcut_text(RichText::new(action.key_text()).color(t.text_weak));
    if switch.is_some() {
        button = button.selected(on);
    }
    let response = ui.add_enabled(refusal.is_none(), button);
    let response = match refusal {
        Some(why) => response.on_disabled_hover_text(why),
        None => response.on_hover_text(action.about()),
    };
    if response.clicked() {
        out.act(action);
        ui.close();
    }
}

fn recent_ui(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    if frame.recent.is_empty() {
        return;
    }
    ui.menu_button("Open recent", |ui| {
        for path in frame.recent.iter().take(12) {
            let name =
                path.file_stem().map_or_else(|| path.display().to_string(), |s| s.to_string_lossy().into());
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                out.wish(crate::gui::outbox::Wish::Open(path.clone()));
                ui.close();
            }
        }
    });
}
