//! The meter point: where the engine is to take the signal, and how the place is called.

use std::fmt::Write;

use crate::app::meter_settings::MeterPoint;
use crate::engine::MeterTap;
use crate::model::{Session, Slot, SlotId};
use crate::process;
use crate::render::watch::WatchPoint;

/// Where a slot stands.
enum Home<'a> {
    Album(&'a Slot),
    Song(usize, &'a Slot),
}

fn home_of(session: &Session, id: SlotId) -> Option<Home<'_>> {
    let find = |slots: &'_ [Slot]| slots.iter().position(|s| s.id == id);
    if let Some(i) = find(&session.album_chain.slots) {
        return Some(Home::Album(&session.album_chain.slots[i]));
    }
    let songs = session.songs.iter().enumerate();
    songs
        .into_iter()
        .find_map(|(n, song)| find(&song.chain.slots).map(|i| Home::Song(n, &song.chain.slots[i])))
}

/// Where the engine takes the signal for a point. A slot that is not in the session gives way to the master tap.
pub fn tap_of(point: MeterPoint, session: Option<&Session>) -> MeterTap {
    match point {
        MeterPoint::Source => MeterTap::Inside(WatchPoint::Source),
        MeterPoint::SongChain => MeterTap::Inside(WatchPoint::SongChain),
        MeterPoint::AfterSlot(id) if session.is_some_and(|s| home_of(s, id).is_some()) => {
            MeterTap::Inside(WatchPoint::AfterSlot(id))
        }
        MeterPoint::AfterSlot(_) | MeterPoint::MasterTap | MeterPoint::Delivered => MeterTap::Master,
        MeterPoint::Monitor => MeterTap::Monitor,
    }
}

/// Writes the point in words (`song 3 · after Compressor`). `song` is the place in the running order of the song heard.
pub(super) fn describe(out: &mut String, point: MeterPoint, session: Option<&Session>, song: Option<usize>) {
    out.clear();
    let written = match point {
        MeterPoint::Source => of_song(out, song, "source"),
        MeterPoint::SongChain => of_song(out, song, "after its chain"),
        MeterPoint::AfterSlot(id) => match session.and_then(|s| home_of(s, id)) {
            Some(Home::Album(slot)) => write!(out, "album · after {}", name_of(slot)),
            Some(Home::Song(n, slot)) => write!(out, "song {} · after {}", n + 1, name_of(slot)),
            None => write!(out, "master · master tap (the chosen slot is gone)"),
        },
        MeterPoint::MasterTap => write!(out, "master · master tap"),
        MeterPoint::Delivered => write!(out, "as delivered · 44.1 kHz, 16 bit"),
        MeterPoint::Monitor => write!(out, "monitor · to the loudspeakers"),
    };
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

fn of_song(out: &mut String, song: Option<usize>, what: &str) -> std::fmt::Result {
    match song {
        Some(n) => write!(out, "song {} · {what}", n + 1),
        None => write!(out, "no song · {what}"),
    }
}

fn name_of(slot: &Slot) -> &str {
    process::find(&slot.kind).map_or(slot.kind.as_str(), |kind| kind.name())
}
