//! The chain of the song or of the album: slots in a row, and the editor of the chosen one.
//!
//! A click selects, a drag moves (a line shows where to) or carries a slot to another chain, the dot bypasses, the right button opens the menu of the slot.
//! With the keyboard: Alt and arrows move, Delete removes, Enter selects.

mod slot_box;

use egui::containers::scroll_area::{DragScroll, ScrollBarVisibility, ScrollSource};
use egui::{Rect, Response, RichText, ScrollArea, Stroke, Ui, UiBuilder, vec2};

use crate::app::frame::Selection;
use crate::app::{Action, Command, Frame};
use crate::edit::Edit;
use crate::gui::editors::{self, EditorState, SlotView};
use crate::gui::outbox::Outbox;
use crate::gui::panels::{presets, slot_drag};
use crate::gui::theme::theme;
use crate::gui::widgets::{dim_button, tab};
use crate::model::{Chain, ChainRef, Slot, SlotId, Song};
use crate::process;

/// Height of the row of slots, points.
const ROW_HEIGHT: f32 = 40.0;
/// Space at the edges of the panel, points.
const MARGIN: f32 = 12.0;
/// Widest row of processors an empty chain offers, points.
const OFFER_WIDTH: f32 = 760.0;
/// Room kept for what stands right of the slots, points.
const RIGHT_WIDTH: f32 = 280.0;

/// What is only visual in the chain panel.
#[derive(Debug, Default)]
pub struct ChainState {
    /// Of the editors.
    pub editor: EditorState,
    /// Copied from a slot's menu.
    clipboard: Option<Box<Slot>>,
}

/// Draws the chain panel into all of `ui`.
pub fn chain_ui(ui: &mut Ui, frame: &Frame, state: &mut ChainState, out: &mut Outbox) {
    let t = theme();
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, egui::Sense::hover());
    ui.painter().rect_filled(area, 0.0, t.panel);
    let inner = area.shrink2(vec2(MARGIN, 4.0));
    let row = Rect::from_min_size(inner.min, vec2(inner.width(), ROW_HEIGHT));
    let below = Rect::from_min_max(row.left_bottom() + vec2(0.0, 4.0), inner.max);
    state.editor.take(ui, frame);
    let at = shown_chain(frame);
    let Some(chain) = frame.session.chain(at) else { return };
    in_rect(ui, row, "chain row", |ui| row_ui(ui, frame, at, chain, state, out));
    in_rect(ui, below, "chain editor", |ui| below_ui(ui, frame, at, chain, state, out));
}

/// Draws inside a rectangle and not outside.
fn in_rect(ui: &mut Ui, rect: Rect, id: &str, add: impl FnOnce(&mut Ui)) {
    let mut child = ui.new_child(UiBuilder::new().id_salt(id).max_rect(rect));
    child.set_clip_rect(rect.expand(2.0).intersect(ui.clip_rect()));
    child.spacing_mut().item_spacing = vec2(8.0, 4.0);
    add(&mut child);
}

/// The selected chain; that of the album when its song is gone.
fn shown_chain(frame: &Frame) -> ChainRef {
    match frame.selection.chain {
        ChainRef::Song(id) if frame.session.song(id).is_none() => ChainRef::Album,
        chain => chain,
    }
}

fn row_ui(ui: &mut Ui, frame: &Frame, at: ChainRef, chain: &Chain, state: &mut ChainState, out: &mut Outbox) {
    ui.horizontal_centered(|ui| {
        which_ui(ui, frame, at, out);
        ui.add_space(12.0);
        let width = (ui.available_width() - RIGHT_WIDTH).max(80.0);
        ui.allocate_ui(vec2(width, ROW_HEIGHT), |ui| {
            let source = ScrollSource { drag: DragScroll::Never, ..ScrollSource::default() };
            // A plain wheel moves the row too: it has no other way to go.
            ui.style_mut().always_scroll_the_only_direction = true;
            ScrollArea::horizontal()
                .id_salt("slots")
                .scroll_source(source)
                .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden)
                .auto_shrink(false)
                .show(ui, |ui| ui.horizontal_centered(|ui| slots_ui(ui, frame, at, chain, state, out)));
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            for (action, label) in
                [(Action::PasteChain, "Paste"), (Action::CopyChain, "Copy"), (Action::BypassChain, "Bypass")]
            {
                let button = dim_button(ui, label, action.refusal(frame)).on_hover_text(action.about());
                if button.clicked() {
                    out.act(action);
                }
            }
            presets::chain_menu_ui(ui, frame, at, out);
        });
    });
}

/// Chooses between the chain of the song and that of the album.
fn which_ui(ui: &mut Ui, frame: &Frame, at: ChainRef, out: &mut Outbox) {
    let session = &frame.session;
    let song = match at {
        ChainRef::Song(id) => Some(id),
        ChainRef::Album => frame.current_song(),
    };
    if let Some(song) = song.and_then(|id| session.song(id)) {
        let number = session.song_index(song.id).map_or(0, |i| i + 1);
        let label = cut(&format!("Song {number} · {}", song_name(song)), 28);
        tab_ui(ui, frame, ChainRef::Song(song.id), &label, at != ChainRef::Album, out);
    }
    tab_ui(ui, frame, ChainRef::Album, "Album", at == ChainRef::Album, out);
}

/// The tab of a chain, which also takes slots of the other one.
fn tab_ui(ui: &mut Ui, frame: &Frame, chain: ChainRef, label: &str, shown: bool, out: &mut Outbox) {
    let response = tab(ui, label, shown, 32.0);
    if response.clicked() {
        select_chain(frame, chain, out);
    }
    slot_drag::drop_target_ui(ui, frame, chain, response.rect, out);
}

/// The song's title; its file where it has none yet.
fn song_name(song: &Song) -> String {
    let title = song.metadata.full_title();
    if title.is_empty() { song.source.file_name().to_owned() } else { title }
}

/// The first `most` characters of a text.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

fn select_chain(frame: &Frame, chain: ChainRef, out: &mut Outbox) {
    let slot = frame.session.chain(chain).and_then(|c| c.slots.first()).map(|s| s.id);
    out.send(Command::Select(Selection { chain, slot, ..frame.selection.clone() }));
}

fn select_slot(frame: &Frame, chain: ChainRef, slot: SlotId, out: &mut Outbox) {
    out.send(Command::Select(Selection { chain, slot: Some(slot), ..frame.selection.clone() }));
}

fn slots_ui(
    ui: &mut Ui,
    frame: &Frame,
    at: ChainRef,
    chain: &Chain,
    state: &mut ChainState,
    out: &mut Outbox,
) {
    let boxes: Vec<(Rect, Response)> = chain
        .slots
        .iter()
        .enumerate()
        .map(|(place, slot)| {
            let (rect, response) = slot_box::slot_box_ui(ui, frame, at, slot, place, out);
            if response.clicked() {
                select_slot(frame, at, slot.id, out);
            }
            slot_box::keys(ui, &response, at, slot.id, place, chain.slots.len(), out);
            slot_box::menu(&response, frame, at, slot, place, &mut state.clipboard, out);
            (rect, response)
        })
        .collect();
    move_ui(ui, at, chain, &boxes, out);
    add_ui(ui, at, chain, &mut state.clipboard, out);
}

/// The line where a dragged slot would go, and the move when it is let go.
fn move_ui(ui: &Ui, at: ChainRef, chain: &Chain, boxes: &[(Rect, Response)], out: &mut Outbox) {
    let held = |r: &Response| r.dragged() || r.drag_stopped();
    let Some(from) = boxes.iter().position(|(_, r)| held(r)) else { return };
    let Some(pointer) = ui.input(|i| i.pointer.latest_pos()) else { return };
    if boxes[from].1.drag_started() {
        slot_drag::pick_up(ui.ctx(), at, chain.slots[from].id);
    }
    // Off the row it is on its way to another chain, or put back.
    let reach = boxes[from].0.expand2(vec2(0.0, ROW_HEIGHT)).y_range();
    if !slot_drag::is_held(ui.ctx(), chain.slots[from].id) || !reach.contains(pointer.y) {
        return;
    }
    let before = boxes.iter().filter(|(rect, _)| rect.center().x < pointer.x).count();
    let to = if before > from { before - 1 } else { before };
    if boxes[from].1.drag_stopped() {
        if to != from {
            out.edit(Edit::MoveSlot { chain: at, slot: chain.slots[from].id, to });
        }
        return;
    }
    ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
    let edge = |i: usize| boxes.get(i).map(|(r, _)| r.left() - 4.0);
    let last = boxes.last().map_or(0.0, |(r, _)| r.right() + 4.0);
    let rect = boxes[from].0;
    let x = edge(before).unwrap_or(last);
    ui.painter().vline(x, rect.expand(4.0).y_range(), Stroke::new(2.0, theme().focus));
}

/// The menu of processors that can be added at the end, and the copied one.
fn add_ui(ui: &mut Ui, at: ChainRef, chain: &Chain, clipboard: &mut Option<Box<Slot>>, out: &mut Outbox) {
    let menu = ui.menu_button(RichText::new("+").size(theme().title), |ui| {
        for kind in process::kinds() {
            if ui.button(kind.name()).clicked() {
                out.edit(Edit::AddSlot { chain: at, at: chain.slots.len(), kind: kind.id().to_owned() });
            }
        }
        if let Some(slot) = clipboard {
            ui.separator();
            if ui.button(format!("Paste {}", name_of(slot))).clicked() {
                out.edit(Edit::PasteSlot { chain: at, at: chain.slots.len(), slot: slot.clone() });
            }
        }
    });
    menu.response.accessible_name("Add processor").on_hover_text("Adds a processor at the end of the chain.");
}

/// The processor's name as shown; its id where this version does not know it.
pub(super) fn name_of(slot: &Slot) -> &str {
    process::find(&slot.kind).map_or(slot.kind.as_str(), |kind| kind.name())
}

fn below_ui(
    ui: &mut Ui,
    frame: &Frame,
    at: ChainRef,
    chain: &Chain,
    state: &mut ChainState,
    out: &mut Outbox,
) {
    if chain.slots.is_empty() {
        return empty_ui(ui, at, out);
    }
    let Some(slot) = frame.selection.slot.and_then(|id| chain.slot(id)) else {
        return hint(ui, "Click a processor to open its settings.");
    };
    match SlotView::new(at, slot) {
        Some(view) => editors::editor_ui(ui, frame, &view, &mut state.editor, out),
        None => editors::unknown_ui(ui, slot),
    }
}

/// An empty chain offers what could stand in it.
fn empty_ui(ui: &mut Ui, at: ChainRef, out: &mut Outbox) {
    let t = theme();
    let whose = if at == ChainRef::Album { "the whole album" } else { "this song" };
    let text = format!("Add a processor with +: it works on {whose}, and its settings open here.");
    let rows = offer_rows(ui, ui.max_rect().width().min(OFFER_WIDTH));
    let height = 32.0 + 32.0 * rows.len() as f32;
    let place = Rect::from_center_size(ui.max_rect().center(), vec2(ui.max_rect().width(), height));
    in_rect(ui, place, "empty chain", |ui| {
        ui.vertical_centered(|ui| {
            ui.label(RichText::new(text).color(t.text_weak));
            ui.add_space(6.0);
            for (kinds, width) in &rows {
                ui.horizontal(|ui| {
                    ui.add_space(
                        ((ui.available_width() - width) / 2.0 - ui.spacing().item_spacing.x).max(0.0),
                    );
                    for kind in kinds {
                        if ui.button(offer_of(*kind)).clicked() {
                            out.edit(Edit::AddSlot { chain: at, at: 0, kind: kind.id().to_owned() });
                        }
                    }
                });
            }
        });
    });
}

fn offer_of(kind: &dyn process::Kind) -> String {
    format!("Add {}", kind.name())
}

/// The processors in rows no wider than this, each with its own width, so that they can stand in the middle.
fn offer_rows(ui: &Ui, widest: f32) -> Vec<(Vec<&'static dyn process::Kind>, f32)> {
    let font = egui::TextStyle::Button.resolve(ui.style());
    let (padding, gap) = (ui.spacing().button_padding.x * 2.0, ui.spacing().item_spacing.x);
    let mut rows: Vec<(Vec<&'static dyn process::Kind>, f32)> = Vec::new();
    for kind in process::kinds() {
        let text = ui.painter().layout_no_wrap(offer_of(*kind), font.clone(), theme().text);
        let width = text.size().x + padding;
        match rows.last_mut().filter(|(_, taken)| taken + gap + width <= widest) {
            Some((row, taken)) => {
                row.push(*kind);
                *taken += gap + width;
            }
            None => rows.push((vec![*kind], width)),
        }
    }
    rows
}

fn hint(ui: &mut Ui, text: &str) {
    let t = theme();
    ui.centered_and_justified(|ui| ui.label(RichText::new(text).color(t.text_weak)));
}
