//! Where the meters listen: the menu of the points in the order of the signal, with every slot of the song at the playhead
//! and of the album by name, and the button in a heading that opens it.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, Popup, Rect, RichText, Role, Sense, Ui, WidgetInfo};

use crate::app::Frame;
use crate::app::meter_settings::MeterPoint;
use crate::gui::outbox::Outbox;
use crate::gui::panels::chain::name_of;
use crate::gui::theme::theme;
use crate::gui::widgets::number::focus_ring;
use crate::model::{Slot, SlotId};

/// A line of the menu.
#[derive(Debug, Clone, PartialEq)]
enum Entry {
    /// Says whose the slots below are.
    Title(String),
    /// A point, as written in the menu, and in full for screen readers.
    Point { point: MeterPoint, text: String, spoken: String },
}

impl Entry {
    fn fixed(point: MeterPoint, text: &str) -> Self {
        Self::Point { point, text: text.to_owned(), spoken: text.to_owned() }
    }
}

/// The points in the order of the signal. The slots are those of the song at the playhead and of the album; the slot that is
/// listened behind is there too when it is of another song.
fn entries_of(frame: &Frame) -> Vec<Entry> {
    let songs = &frame.session.songs;
    let at_playhead = frame.song_at_playhead();
    let listened = listened_song(frame).filter(|index| Some(*index) != at_playhead);
    let mut entries = vec![Entry::fixed(MeterPoint::Source, "Source")];
    for index in at_playhead.into_iter().chain(listened) {
        let title = songs[index].metadata.full_title();
        let whose = format!("Song {}", index + 1);
        slots_into(&mut entries, &format!("{whose} · {title}"), &whose, &songs[index].chain.slots);
    }
    entries.push(Entry::fixed(MeterPoint::SongChain, "After the song's chain"));
    slots_into(&mut entries, "Album chain", "Album", &frame.session.album_chain.slots);
    entries.push(Entry::fixed(MeterPoint::MasterTap, "Master tap"));
    entries.push(Entry::fixed(MeterPoint::Delivered, "As delivered, 44.1 kHz and 16 bit"));
    entries.push(Entry::fixed(MeterPoint::Monitor, "Monitors"));
    entries
}

fn slots_into(entries: &mut Vec<Entry>, title: &str, whose: &str, slots: &[Slot]) {
    if !slots.is_empty() {
        entries.push(Entry::Title(title.to_owned()));
    }
    entries.extend(slots.iter().enumerate().map(|(i, slot)| {
        let off = if slot.enabled { "" } else { " (off)" };
        let name = format!("{} {}{off}", i + 1, name_of(slot));
        Entry::Point {
            point: MeterPoint::AfterSlot(slot.id),
            text: format!("    After {name}"),
            spoken: format!("{whose}, after {name}"),
        }
    }));
}

/// The place of the song whose slot is listened behind.
fn listened_song(frame: &Frame) -> Option<usize> {
    let MeterPoint::AfterSlot(id) = frame.meter_settings.point else { return None };
    let has = |slots: &[Slot], id: SlotId| slots.iter().any(|s| s.id == id);
    frame.session.songs.iter().position(|song| has(&song.chain.slots, id))
}

/// The menu.
pub fn point_menu(ui: &mut Ui, frame: &Frame, out: &mut Outbox) {
    let now = frame.meter_settings.point;
    for entry in entries_of(frame) {
        match entry {
            Entry::Title(title) => {
                ui.label(RichText::new(title).size(theme().small).color(theme().text_weak));
            }
            Entry::Point { point, text, spoken } => {
                let response = ui.selectable_label(now == point, text);
                if response.accessible_name(spoken).clicked() {
                    out.set_meters(frame, |m| m.point = point);
                    ui.close();
                }
            }
        }
    }
}

/// The meter point at the right of a free place; a click or Enter opens the menu.
pub(super) fn point_button(ui: &mut Ui, frame: &Frame, free: Rect, out: &mut Outbox) {
    let t = theme();
    let name = if frame.meters.point.is_empty() { "listen at" } else { &frame.meters.point };
    let format = TextFormat::simple(t.font(t.small), Color32::PLACEHOLDER);
    let mut job = LayoutJob::single_section(name.to_owned(), format);
    job.wrap = TextWrapping::truncate_at_width(free.width().max(0.0));
    let text = ui.painter().layout_job(job);
    let place = Align2::RIGHT_CENTER.anchor_size(free.right_center(), text.size());
    let response = ui.interact(place, ui.scope_id().with("point"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Meters listen at: {name}")));
    let ink = if response.hovered() || response.has_focus() { t.text } else { t.text_weak };
    ui.painter().galley(place.min, text, ink);
    focus_ring(ui, &response, place.expand(2.0));
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(200.0);
        point_menu(ui, frame, out);
    });
    response
        .on_hover_text("Where the meters listen; click to choose")
        .on_hover_cursor(egui::CursorIcon::PointingHand);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::meter_settings::MeterSettings;
    use crate::model::{Chain, Session, Song, SongId, SourceRef};
    use crate::units::{Frames, SampleRate};

    fn chain(slots: &[(u64, &str)]) -> Arc<Chain> {
        let slots = slots.iter().map(|(id, kind)| Slot::new(SlotId(*id), kind)).collect();
        Arc::new(Chain { slots, ..Chain::default() })
    }

    /// Two songs of ten seconds, two processors in the first, one in the second, one for the album.
    fn frame(cursor_s: f64) -> Frame {
        let rate = SampleRate(48_000);
        let mut session = Session::new(rate);
        for (id, title, slots) in
            [(1, "Opening", &[(11, "eq"), (12, "gain")][..]), (2, "Second", &[(21, "gain")][..])]
        {
            let source = SourceRef {
                path: format!("{title}.wav"),
                sample_rate_hz: 48_000,
                frames: 480_000,
                ..SourceRef::default()
            };
            let mut song = Song::new(SongId(id), source, rate, Frames::ZERO);
            song.chain = chain(slots);
            session.songs.push(Arc::new(song));
        }
        session.album_chain = chain(&[(31, "limiter")]);
        let mut frame = Frame::still(Arc::new(session));
        frame.transport.cursor = rate.frames_from_seconds(cursor_s);
        frame
    }

    fn listening_at(mut frame: Frame, point: MeterPoint) -> Frame {
        frame.meter_settings = Arc::new(MeterSettings { point, ..MeterSettings::default() });
        frame
    }

    fn spoken(frame: &Frame) -> Vec<String> {
        let word = |entry| match entry {
            Entry::Title(title) => format!("[{title}]"),
            Entry::Point { spoken, .. } => spoken,
        };
        entries_of(frame).into_iter().map(word).collect()
    }

    #[test]
    fn every_slot_of_the_song_at_the_playhead_and_of_the_album_can_be_chosen() {
        let first = [
            "Source",
            "[Song 1 · Opening]",
            "Song 1, after 1 Parametric EQ",
            "Song 1, after 2 Gain",
            "After the song's chain",
            "[Album chain]",
            "Album, after 1 True-peak limiter",
            "Master tap",
            "As delivered, 44.1 kHz and 16 bit",
            "Monitors",
        ];
        assert_eq!(spoken(&frame(5.0)), first);
        let mut playing = frame(5.0);
        playing.transport.playing = true;
        playing.transport.position = playing.rate().frames_from_seconds(15.0);
        let words = spoken(&playing);
        assert_eq!(
            words[1..3],
            ["[Song 2 · Second]", "Song 2, after 1 Gain"],
            "what is heard, not the cursor"
        );
    }

    #[test]
    fn the_slot_listened_behind_is_there_while_another_song_plays() {
        let frame = listening_at(frame(5.0), MeterPoint::AfterSlot(SlotId(21)));
        assert!(spoken(&frame).contains(&"Song 2, after 1 Gain".to_owned()));
        let album = listening_at(frame, MeterPoint::AfterSlot(SlotId(31)));
        assert!(!spoken(&album).contains(&"Song 2, after 1 Gain".to_owned()));
    }

    #[test]
    fn an_empty_album_has_the_points_that_are_always_there() {
        let empty = Frame::still(Arc::new(Session::new(SampleRate(48_000))));
        assert_eq!(spoken(&empty).len(), 5);
    }
}
