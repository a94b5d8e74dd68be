//! A slot carried from its chain to another one: dropped on a song of the list or on the tab of a chain.
//!
//! It is copied; with Ctrl or Alt it moves. What would happen stands beside the pointer, where it would happen lights up.
//! Escape puts it back.

use egui::{
    Align2, Context, CursorIcon, DragAndDrop, Id, LayerId, Order, Rect, Stroke, StrokeKind, Ui, vec2,
};

use crate::app::Frame;
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::theme::{faded, theme};
use crate::model::{ChainRef, SlotId};
use crate::process;

/// The slot in the hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    chain: ChainRef,
    slot: SlotId,
}

/// A drag of a slot begins.
pub fn pick_up(ctx: &Context, chain: ChainRef, slot: SlotId) {
    DragAndDrop::set_payload(ctx, Held { chain, slot });
}

/// Whether this slot is still in the hand: from [`pick_up`] until it is let go or Escape.
pub fn is_held(ctx: &Context, slot: SlotId) -> bool {
    DragAndDrop::payload::<Held>(ctx).is_some_and(|held| held.slot == slot)
}

/// Lets a slot of another chain be dropped into a rectangle, to go to the end of the chain `to`.
pub fn drop_target_ui(ui: &Ui, frame: &Frame, to: ChainRef, rect: Rect, out: &mut Outbox) {
    let Some(held) = DragAndDrop::payload::<Held>(ui.ctx()) else { return };
    let Some(pos) = ui.input(|i| i.pointer.latest_pos()) else { return };
    if held.chain == to || !rect.intersect(ui.clip_rect()).contains(pos) {
        return;
    }
    let keep = !ui.input(|i| i.modifiers.command || i.modifiers.alt);
    if ui.input(|i| i.pointer.any_released()) {
        DragAndDrop::clear_payload(ui.ctx());
        out.edit(Edit::SendSlot { from: held.chain, slot: held.slot, to, keep });
        return;
    }
    let t = theme();
    ui.painter().rect_filled(rect, t.corner, faded(t.focus, 0.2));
    ui.painter().rect_stroke(rect, t.corner, Stroke::new(2.0, t.focus), StrokeKind::Inside);
    ui.ctx().set_cursor_icon(if keep { CursorIcon::Copy } else { CursorIcon::Move });
    hint_ui(ui, pos, &hint_text(frame, *held, keep));
}

fn hint_text(frame: &Frame, held: Held, keep: bool) -> String {
    let slot = frame.session.chain(held.chain).and_then(|chain| chain.slot(held.slot));
    let kind = slot.map_or("", |slot| slot.kind.as_str());
    let name = process::find(kind).map_or(kind, |kind| kind.name());
    if keep { format!("Copy {name} here (Ctrl: move)") } else { format!("Move {name} here") }
}

/// A word beside the pointer.
fn hint_ui(ui: &Ui, pos: egui::Pos2, text: &str) {
    let t = theme();
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, Id::unique("slot drag")));
    let galley = painter.layout_no_wrap(text.to_owned(), t.font(t.body), t.text);
    let place = Align2::LEFT_TOP.anchor_size(pos + vec2(16.0, 12.0), galley.size());
    painter.rect_filled(place.expand(5.0), t.corner, t.panel_raised);
    painter.rect_stroke(place.expand(5.0), t.corner, t.hairline(), StrokeKind::Inside);
    painter.galley(place.min, galley, t.text);
}
