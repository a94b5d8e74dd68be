//! One slot in the row of a chain: power dot, name, short readout, menu, keys.

use egui::{Align2, Key, Modifiers, Popup, PopupCloseBehavior, Rect, Response, Role, Sense, Stroke, Ui};
use egui::{WidgetInfo, pos2, vec2};

use super::name_of;
use crate::app::Frame;
use crate::edit::Edit;
use crate::gui::editors::{self, SlotView, generic};
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::gui::widgets::figures::{reading, signed};
use crate::gui::widgets::scale::meter_y;
use crate::model::{ChainRef, ChannelMode, Slot, SlotId};
use crate::process::ParamKind;

const HEIGHT: f32 = 28.0;
const DOT_WIDTH: f32 = 26.0;

/// Draws a slot; its rectangle and the response of all but the dot.
pub(super) fn slot_box_ui(
    ui: &mut Ui,
    frame: &Frame,
    at: ChainRef,
    slot: &Slot,
    place: usize,
    out: &mut Outbox,
) -> (Rect, Response) {
    let t = theme();
    let name = name_of(slot);
    let (readout, widest) = readout_of(frame, at, slot);
    let width_of = |text: &str, size: f32| {
        ui.painter().layout_no_wrap(text.to_owned(), t.font(size), t.text).size().x.ceil()
    };
    let (name_width, readout_width) = (width_of(name, t.body), width_of(widest.unwrap_or(&readout), t.small));
    let space = if readout_width > 0.0 { 8.0 } else { 0.0 };
    let width = DOT_WIDTH + name_width + space + readout_width + 12.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click_and_drag());
    let chosen = frame.selection.slot == Some(slot.id);
    response
        .widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, format!("Slot {} {name}", place + 1)));
    paint_ground(ui, rect, &response, chosen);
    let ink = if slot.enabled { t.text } else { t.text_weak };
    let text_x = rect.left() + DOT_WIDTH;
    ui.painter().text(pos2(text_x, rect.center().y), Align2::LEFT_CENTER, name, t.font(t.body), ink);
    paint_levels(ui, rect, frame, slot.id);
    let right = pos2(rect.right() - 12.0, rect.center().y);
    ui.painter().text(right, Align2::RIGHT_CENTER, readout, t.font(t.small), t.text_weak);
    power_ui(ui, at, slot, place, rect, out);
    let response = match levels_text(frame, slot.id) {
        Some(text) => response.on_hover_text(text),
        None => response,
    };
    (rect, response)
}

fn paint_ground(ui: &Ui, rect: Rect, response: &Response, chosen: bool) {
    let t = theme();
    let fill = match (chosen, response.hovered()) {
        (true, _) => t.control_down,
        (false, true) => t.control_hover,
        (false, false) => t.control,
    };
    let fill = if response.dragged() { faded(fill, 0.6) } else { fill };
    ui.painter().rect_filled(rect, t.corner, fill);
    if chosen {
        ui.painter().hline(rect.x_range(), rect.bottom() - 1.0, Stroke::new(2.0, t.master));
    }
    crate::gui::widgets::number::focus_ring(ui, response, rect);
}

/// Levels into and out of the slot, as two thin bars at its right end.
fn paint_levels(ui: &Ui, rect: Rect, frame: &Frame, slot: SlotId) {
    let t = theme();
    let levels = frame.slot_levels.iter().find(|(id, _)| *id == slot).map(|(_, l)| *l).unwrap_or_default();
    for (x, dbfs) in [(8.0, levels.before_dbfs), (5.0, levels.after_dbfs)] {
        let left = rect.right() - x;
        let track = Rect::from_x_y_ranges(left..=left + 2.0, rect.top() + 4.0..=rect.bottom() - 4.0);
        ui.painter().rect_filled(track, 0.0, t.ground);
        let Some(dbfs) = dbfs else { continue };
        let colour = match dbfs {
            -2.0.. => t.meter_high,
            -6.0.. => t.meter_mid,
            _ => t.meter_low,
        };
        let top = meter_y(track.y_range(), f64::from(dbfs)).clamp(track.top(), track.bottom());
        ui.painter().rect_filled(track.with_min_y(top), 0.0, colour);
    }
}

/// The levels in words.
fn levels_text(frame: &Frame, slot: SlotId) -> Option<String> {
    let (_, levels) = frame.slot_levels.iter().find(|(id, _)| *id == slot)?;
    let shown = |dbfs: Option<f32>| reading(dbfs.map(f64::from), 1);
    Some(format!("In {} dBFS, out {} dBFS", shown(levels.before_dbfs), shown(levels.after_dbfs)))
}

/// The dot that bypasses: filled when the slot works, a ring when not.
fn power_ui(ui: &Ui, at: ChainRef, slot: &Slot, place: usize, rect: Rect, out: &mut Outbox) {
    let t = theme();
    let area = Rect::from_min_size(rect.min, vec2(DOT_WIDTH - 2.0, rect.height()));
    let response = ui.interact(area, ui.scope_id().with(("power", slot.id.0)), Sense::click());
    let label = || format!("Slot {} on", place + 1);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, slot.enabled, label()));
    let centre = pos2(rect.left() + 13.0, rect.center().y);
    let lit = if response.hovered() { t.master_light } else { t.master };
    if slot.enabled {
        ui.painter().circle_filled(centre, 4.5, lit);
    } else {
        let ring = if response.hovered() { t.text } else { t.text_weak };
        ui.painter().circle_stroke(centre, 4.0, Stroke::new(1.5, ring));
    }
    crate::gui::widgets::number::focus_ring(ui, &response, area.shrink(3.0));
    if response.clicked() {
        out.edit(Edit::SetSlotEnabled { chain: at, slot: slot.id, enabled: !slot.enabled });
    }
    response.on_hover_text(if slot.enabled { "Bypass" } else { "Switch on" });
}

/// What a slot says beside its name, and the widest it may say, so that nothing moves.
fn readout_of(frame: &Frame, at: ChainRef, slot: &Slot) -> (String, Option<&'static str>) {
    if !slot.enabled {
        return ("bypassed".to_owned(), None);
    }
    if let Some((_, reduction)) = frame.gain_reductions.iter().find(|(id, _)| *id == slot.id) {
        return (format!("{} dB", signed(f64::from(*reduction), 1)), Some("−00.0 dB"));
    }
    let Some(view) = SlotView::new(at, slot) else { return ("unknown".to_owned(), None) };
    match slot.kind.as_str() {
        "eq" => (bands_text(&view), Some("00 bands")),
        "compressor" | "limiter" => ("– dB".to_owned(), Some("−00.0 dB")),
        _ => (first_number(&view), None),
    }
}

fn bands_text(view: &SlotView<'_>) -> String {
    let on = |(i, p): (usize, &crate::process::ParamDesc)| {
        p.id.ends_with("_enabled") && !p.id.ends_with("_dyn_enabled") && view.values.is_on(i)
    };
    let count = view.params().iter().enumerate().filter(|&pair| on(pair)).count();
    if count == 1 { "1 band".to_owned() } else { format!("{count} bands") }
}

fn first_number(view: &SlotView<'_>) -> String {
    let number = view.params().iter().enumerate().find(|(_, p)| matches!(p.kind, ParamKind::Number { .. }));
    number.map_or_else(String::new, |(i, p)| generic::spec_of(p, &p.name).text(view.values.get(i)))
}

/// Alt and arrows move a slot that has the keyboard, Delete removes it.
pub(super) fn keys(
    ui: &Ui,
    response: &Response,
    at: ChainRef,
    slot: SlotId,
    place: usize,
    count: usize,
    out: &mut Outbox,
) {
    if !response.has_focus() {
        return;
    }
    editors::keep_delete(ui.ctx());
    let (left, right, delete) = ui.input_mut(|i| {
        (
            i.consume_key(Modifiers::ALT, Key::ArrowLeft),
            i.consume_key(Modifiers::ALT, Key::ArrowRight),
            i.consume_key(Modifiers::NONE, Key::Delete),
        )
    });
    if left && place > 0 {
        out.edit(Edit::MoveSlot { chain: at, slot, to: place - 1 });
    }
    if right && place + 1 < count {
        out.edit(Edit::MoveSlot { chain: at, slot, to: place + 1 });
    }
    if delete {
        out.edit(Edit::RemoveSlot { chain: at, slot });
    }
}

/// The menu under the right button.
pub(super) fn menu(
    response: &Response,
    frame: &Frame,
    at: ChainRef,
    slot: &Slot,
    place: usize,
    clipboard: &mut Option<Box<Slot>>,
    out: &mut Outbox,
) {
    let popup = Popup::context_menu(response).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| {
        ui.set_min_width(180.0);
        let bypass = if slot.enabled { "Bypass" } else { "Switch on" };
        if entry(ui, bypass) {
            out.edit(Edit::SetSlotEnabled { chain: at, slot: slot.id, enabled: !slot.enabled });
        }
        ui.separator();
        modes_ui(ui, at, slot, out);
        ui.horizontal(|ui| {
            ui.label("Mix");
            editors::mix_ui(ui, at, slot, out);
        });
        ui.separator();
        if entry(ui, "Reset") {
            out.edit(Edit::ResetSlot { chain: at, slot: slot.id });
        }
        if entry(ui, "Copy processor") {
            *clipboard = Some(Box::new(slot.clone()));
        }
        if let Some(copied) = clipboard
            && entry(ui, &format!("Paste {} after", name_of(copied)))
        {
            out.edit(Edit::PasteSlot { chain: at, at: place + 1, slot: copied.clone() });
        }
        ui.menu_button("Copy to", |ui| copy_to_ui(ui, frame, at, slot, out));
        ui.separator();
        if entry(ui, "Remove") {
            out.edit(Edit::RemoveSlot { chain: at, slot: slot.id });
        }
    });
}

/// The other chains, as places for a copy.
fn copy_to_ui(ui: &mut Ui, frame: &Frame, at: ChainRef, slot: &Slot, out: &mut Outbox) {
    let songs = frame.session.songs.iter().enumerate();
    let songs = songs.map(|(i, s)| (ChainRef::Song(s.id), format!("{} {}", i + 1, super::song_name(s))));
    let chains = songs.chain([(ChainRef::Album, "Album".to_owned())]);
    egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        for (to, name) in chains.filter(|(to, _)| *to != at) {
            if entry(ui, &name) {
                out.edit(Edit::SendSlot { from: at, slot: slot.id, to, keep: true });
            }
        }
    });
}

/// A line of the menu; a click closes it.
fn entry(ui: &mut Ui, label: &str) -> bool {
    let clicked = ui.button(label).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

fn modes_ui(ui: &mut Ui, at: ChainRef, slot: &Slot, out: &mut Outbox) {
    for mode in ChannelMode::ALL {
        if ui.radio(slot.mode == mode, mode.label()).clicked() {
            out.edit(Edit::SetSlotMode { chain: at, slot: slot.id, mode });
            ui.close();
        }
    }
}
