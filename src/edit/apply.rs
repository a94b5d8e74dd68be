//! What each edit does. Every function takes the session apart as little as it can: songs and chains are shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AlbumField, Edit, EditError, SongField, SongFlag};
use crate::model::metadata::normalised_code;
use crate::model::{
    Chain, ChainRef, ParamValue, Session, Slot, SlotId, Song, SongId, SourceRef, Timeline,
    title_from_file_name,
};
use crate::process;
use crate::process::audition;
use crate::process::listen::{MATCH_RANGE_DB, SLOT_GAIN_RANGE_DB, clean_gain_db};
use crate::units::{Frames, SampleRate};

/// Gains of songs stay in this range, dB.
const GAIN_RANGE_DB: (f64, f64) = (-60.0, 24.0);

/// Shortest song a trim leaves: one CD frame.
fn shortest(session: &Session) -> Frames {
    Frames(session.sample_rate_hz.frames_per_cd_frame())
}

/// The pause before the first song of a disc: two seconds (Red Book).
fn first_pause(rate: SampleRate) -> Frames {
    Frames(150 * rate.frames_per_cd_frame())
}

/// Makes the next session.
///
/// # Errors
/// [`EditError`]; the session given is untouched.
pub fn apply(session: &Session, edit: &Edit) -> Result<Session, EditError> {
    let mut next = session.clone();
    match edit {
        Edit::AddSongs { sources, at, gap } => add_songs(&mut next, sources, *at, *gap),
        Edit::RemoveSongs(songs) => remove_songs(&mut next, songs)?,
        Edit::MoveSong { song, to } => move_song(&mut next, *song, *to)?,
        Edit::Relink { song, source } => relink(&mut next, *song, source)?,
        Edit::SetGap { song, gap } => set_gap(&mut next, *song, *gap)?,
        Edit::SetTrimStart { song, pos_source } => set_trim_start(&mut next, *song, *pos_source)?,
        Edit::SetTrimEnd { song, pos_source } => set_trim_end(&mut next, *song, *pos_source)?,
        Edit::SplitSong { song, pos_source } => split_song(&mut next, *song, *pos_source)?,
        Edit::SetFadeIn { song, fade } => {
            let song = song_mut(&mut next, *song)?;
            song.fade_in = *fade;
            song.fade_in.frames = fade.frames.max(Frames::ZERO).min(song.length());
        }
        Edit::SetFadeOut { song, fade } => {
            let song = song_mut(&mut next, *song)?;
            song.fade_out = *fade;
            song.fade_out.frames = fade.frames.max(Frames::ZERO).min(song.length());
        }
        Edit::SetCrossShape { song, shape } => song_mut(&mut next, *song)?.cross_shape = *shape,
        Edit::SetGain { song, gain_db } => song_mut(&mut next, *song)?.gain_db = level(*gain_db)?,
        Edit::SetLevel { song, level_db } => song_mut(&mut next, *song)?.level_db = level(*level_db)?,
        Edit::SetSongText { song, field, text } => set_song_text(song_mut(&mut next, *song)?, *field, text),
        Edit::SetSongFlag { song, flag, on } => {
            let metadata = &mut song_mut(&mut next, *song)?.metadata;
            match flag {
                SongFlag::CopyPermitted => metadata.copy_permitted = *on,
                SongFlag::PreEmphasis => metadata.pre_emphasis = *on,
            }
        }
        Edit::SetSongNotes { song, text } => song_mut(&mut next, *song)?.notes.clone_from(text),
        Edit::SetAlbumText { field, text } => set_album_text(&mut next, *field, text),
        Edit::SetNotes(text) => next.notes.clone_from(text),
        Edit::SetRound(round) => next.round = (*round).max(1),
        Edit::SetSnap(on) => next.snap_to_cd_frames = *on,
        Edit::SetRipple(on) => next.ripple = *on,
        Edit::SetDitherSeed(seed) => next.dither_seed = *seed,
        Edit::SetOrders(orders) => next.orders.clone_from(orders),
        Edit::SetSampleRate(rate) => set_sample_rate(&mut next, *rate)?,
        Edit::AddSlot { chain, at, kind } => {
            let kind = process::find(kind).ok_or_else(|| EditError::NoKind(kind.clone()))?;
            let id = SlotId(next.take_id());
            let mut slot = Slot::new(id, kind.id());
            slot.version = kind.version();
            insert_slot(&mut next, *chain, *at, slot)?;
        }
        Edit::PasteSlot { chain, at, slot } => {
            let mut slot = (**slot).clone();
            slot.id = SlotId(next.take_id());
            insert_slot(&mut next, *chain, *at, slot)?;
        }
        Edit::RemoveSlot { chain, slot } => {
            let index = slot_index(&next, *chain, *slot)?;
            chain_mut(&mut next, *chain)?.slots.remove(index);
        }
        Edit::MoveSlot { chain, slot, to } => {
            let index = slot_index(&next, *chain, *slot)?;
            let slots = &mut chain_mut(&mut next, *chain)?.slots;
            let moved = slots.remove(index);
            let to = (*to).min(slots.len());
            slots.insert(to, moved);
        }
        Edit::SetSlotEnabled { chain, slot, enabled } => {
            slot_mut(&mut next, *chain, *slot)?.enabled = *enabled
        }
        Edit::SetSlotMode { chain, slot, mode } => slot_mut(&mut next, *chain, *slot)?.mode = *mode,
        Edit::SetSlotWet { chain, slot, wet } => {
            if !wet.is_finite() {
                return Err(EditError::Value("a mix is a number from 0 to 100 %".to_owned()));
            }
            slot_mut(&mut next, *chain, *slot)?.wet = wet.clamp(0.0, 1.0);
        }
        Edit::SetSlotInput { chain, slot, input_db } => {
            slot_mut(&mut next, *chain, *slot)?.input_db = slot_gain(*input_db, SLOT_GAIN_RANGE_DB)?;
        }
        Edit::SetSlotOutput { chain, slot, output_db } => {
            slot_mut(&mut next, *chain, *slot)?.output_db = slot_gain(*output_db, SLOT_GAIN_RANGE_DB)?;
        }
        Edit::SetSlotListen { chain, slot, listen, match_db } => {
            let slot = slot_mut(&mut next, *chain, *slot)?;
            slot.listen = *listen;
            if let Some(db) = match_db {
                slot.match_db = slot_gain(*db, MATCH_RANGE_DB)?;
            }
        }
        Edit::EndAuditions => next = audition::delivered(&next),
        Edit::SetParams { chain, slot, values } => set_params(slot_mut(&mut next, *chain, *slot)?, values)?,
        Edit::ResetSlot { chain, slot } => slot_mut(&mut next, *chain, *slot)?.params = BTreeMap::new(),
        Edit::SetSlot { chain, slot, to } => set_slot(slot_mut(&mut next, *chain, *slot)?, to)?,
        Edit::SendSlot { from, slot, to, keep } => send_slot(&mut next, *from, *slot, *to, *keep)?,
        Edit::SetChain { chain, to } => set_chain(&mut next, *chain, to)?,
    }
    Ok(next)
}

/// A gain of a slot inside its range.
fn slot_gain(db: f64, range_db: (f64, f64)) -> Result<f64, EditError> {
    if db.is_finite() {
        Ok(clean_gain_db(db, range_db))
    } else {
        Err(EditError::Value(format!("a gain is a number from {} to {} dB", range_db.0, range_db.1)))
    }
}

fn song_mut(session: &mut Session, id: SongId) -> Result<&mut Song, EditError> {
    session.songs.iter_mut().find(|s| s.id == id).map(Arc::make_mut).ok_or(EditError::NoSong)
}

fn index_of(session: &Session, id: SongId) -> Result<usize, EditError> {
    session.song_index(id).ok_or(EditError::NoSong)
}

fn chain_mut(session: &mut Session, at: ChainRef) -> Result<&mut Chain, EditError> {
    Ok(match at {
        ChainRef::Album => Arc::make_mut(&mut session.album_chain),
        ChainRef::Song(id) => Arc::make_mut(&mut song_mut(session, id)?.chain),
    })
}

fn slot_index(session: &Session, at: ChainRef, id: SlotId) -> Result<usize, EditError> {
    let chain = session.chain(at).ok_or(EditError::NoSong)?;
    chain.slots.iter().position(|s| s.id == id).ok_or(EditError::NoSlot)
}

fn slot_mut(session: &mut Session, at: ChainRef, id: SlotId) -> Result<&mut Slot, EditError> {
    chain_mut(session, at)?.slots.iter_mut().find(|s| s.id == id).ok_or(EditError::NoSlot)
}

fn insert_slot(session: &mut Session, at: ChainRef, index: usize, slot: Slot) -> Result<(), EditError> {
    let slots = &mut chain_mut(session, at)?.slots;
    slots.insert(index.min(slots.len()), slot);
    Ok(())
}

fn level(db: f64) -> Result<f64, EditError> {
    if !db.is_finite() {
        return Err(EditError::Value("a gain is a number in dB".to_owned()));
    }
    Ok(db.clamp(GAIN_RANGE_DB.0, GAIN_RANGE_DB.1))
}

fn add_songs(session: &mut Session, sources: &[SourceRef], at: usize, gap: Frames) {
    let rate = session.sample_rate_hz;
    let at = at.min(session.songs.len());
    for (i, source) in sources.iter().enumerate() {
        let id = SongId(session.take_id());
        let mut song = Song::new(id, source.clone(), rate, gap);
        song.metadata.title = title_from_file_name(source.file_name(), Some(at + i + 1));
        session.songs.insert(at + i, Arc::new(song));
    }
    if at == 0 && !sources.is_empty() {
        let pause = first_pause(rate);
        // What was first is second now and takes the usual gap.
        if let Some(former) = session.songs.get_mut(sources.len())
            && former.gap == pause
        {
            Arc::make_mut(former).gap = gap;
        }
        Arc::make_mut(&mut session.songs[0]).gap = pause;
    }
}

fn remove_songs(session: &mut Session, ids: &[SongId]) -> Result<(), EditError> {
    for id in ids {
        let index = index_of(session, *id)?;
        let before = Timeline::of(session);
        let removed = session.songs.remove(index);
        let hold = !session.ripple;
        if let Some(next) = session.songs.get_mut(index) {
            let next = Arc::make_mut(next);
            if hold {
                let end_before = if index == 0 { Frames::ZERO } else { before.songs[index - 1].end };
                next.gap = before.songs[index + 1].start - end_before;
            } else if index == 0 {
                next.gap = removed.gap;
            }
        }
    }
    Ok(())
}

fn move_song(session: &mut Session, id: SongId, to: usize) -> Result<(), EditError> {
    let from = index_of(session, id)?;
    let to = to.min(session.songs.len() - 1);
    if from == to {
        return Ok(());
    }
    let first_gap = session.songs[0].gap;
    let song = session.songs.remove(from);
    session.songs.insert(to, song);
    // The pause before the disc belongs to the place, not to the song: the two firsts exchange their gaps.
    if from == 0 || to == 0 {
        let (new_first, old_first) = if to == 0 { (0, 1) } else { (0, to) };
        let gap = session.songs[new_first].gap;
        Arc::make_mut(&mut session.songs[old_first]).gap = gap;
        Arc::make_mut(&mut session.songs[new_first]).gap = first_gap;
    }
    Ok(())
}

fn relink(session: &mut Session, id: SongId, source: &SourceRef) -> Result<(), EditError> {
    let rate = session.sample_rate_hz;
    let song = song_mut(session, id)?;
    let whole = song.trim_end == song.source.frames_at(rate);
    let length = source.frames_at(rate);
    song.source = source.clone();
    song.trim_start = song.trim_start.min(length);
    song.trim_end = if whole { length } else { song.trim_end.min(length) };
    let heard = song.length();
    song.fade_in.frames = song.fade_in.frames.min(heard);
    song.fade_out.frames = song.fade_out.frames.min(heard);
    Ok(())
}

/// Lets the song after `index` keep its place although what is before it changed.
fn hold_next(session: &mut Session, index: usize, before: &Timeline) {
    if session.ripple {
        return;
    }
    let end = Timeline::of(session).songs[index].end;
    if let Some(next) = session.songs.get_mut(index + 1) {
        let gap = before.songs[index + 1].start - end;
        if next.gap != gap {
            Arc::make_mut(next).gap = gap;
        }
    }
}

fn set_gap(session: &mut Session, id: SongId, gap: Frames) -> Result<(), EditError> {
    let index = index_of(session, id)?;
    let before = Timeline::of(session);
    // An overlap is at most the shorter of the two songs.
    let floor = if index == 0 {
        Frames::ZERO
    } else {
        -session.songs[index - 1].length().min(session.songs[index].length())
    };
    song_mut(session, id)?.gap = gap.max(floor);
    hold_next(session, index, &before);
    Ok(())
}

fn set_trim_start(session: &mut Session, id: SongId, pos_source: Frames) -> Result<(), EditError> {
    let index = index_of(session, id)?;
    let before = Timeline::of(session);
    let least = shortest(session);
    let ripple = session.ripple;
    let song = song_mut(session, id)?;
    let pos = pos_source.max(Frames::ZERO).min(song.trim_end - least).max(Frames::ZERO);
    let moved = pos - song.trim_start;
    song.trim_start = pos;
    if !ripple {
        // The sound stays where it is in time: only the edge moves.
        song.gap += moved;
    }
    fit_fades(song);
    hold_next(session, index, &before);
    Ok(())
}

fn set_trim_end(session: &mut Session, id: SongId, pos_source: Frames) -> Result<(), EditError> {
    let index = index_of(session, id)?;
    let before = Timeline::of(session);
    let least = shortest(session);
    let rate = session.sample_rate_hz;
    let song = song_mut(session, id)?;
    let length = song.source.frames_at(rate);
    song.trim_end = pos_source.max(song.trim_start + least).min(length);
    fit_fades(song);
    hold_next(session, index, &before);
    Ok(())
}

fn fit_fades(song: &mut Song) {
    let heard = song.length();
    song.fade_in.frames = song.fade_in.frames.min(heard);
    song.fade_out.frames = song.fade_out.frames.min(heard);
}

fn split_song(session: &mut Session, id: SongId, pos_source: Frames) -> Result<(), EditError> {
    let index = index_of(session, id)?;
    let least = shortest(session);
    let (start, end) = (session.songs[index].trim_start, session.songs[index].trim_end);
    if pos_source < start + least || pos_source > end - least {
        return Err(EditError::Value("a song is split at least one CD frame from its ends".to_owned()));
    }
    let mut second = (*session.songs[index]).clone();
    second.id = SongId(session.take_id());
    second.trim_start = pos_source;
    second.gap = Frames::ZERO;
    second.fade_in.frames = Frames::ZERO;
    second.metadata.isrc.clear();
    for slot in &mut Arc::make_mut(&mut second.chain).slots {
        slot.id = SlotId(session.take_id());
    }
    let cut_album = pos_source - start;
    second.indexes = second.indexes.iter().filter(|&&i| i > cut_album).map(|&i| i - cut_album).collect();
    fit_fades(&mut second);
    let first = Arc::make_mut(&mut session.songs[index]);
    first.trim_end = pos_source;
    first.fade_out.frames = Frames::ZERO;
    first.indexes.retain(|&i| i < cut_album);
    fit_fades(first);
    session.songs.insert(index + 1, Arc::new(second));
    Ok(())
}

fn set_song_text(song: &mut Song, field: SongField, text: &str) {
    let m = &mut song.metadata;
    match field {
        SongField::Title => text.clone_into(&mut m.title),
        SongField::Version => text.clone_into(&mut m.version),
        SongField::Artist => text.clone_into(&mut m.artist),
        SongField::Songwriter => text.clone_into(&mut m.songwriter),
        SongField::Composer => text.clone_into(&mut m.composer),
        SongField::Arranger => text.clone_into(&mut m.arranger),
        SongField::Message => text.clone_into(&mut m.message),
        SongField::Isrc => m.isrc = normalised_code(text),
    }
}

fn set_album_text(session: &mut Session, field: AlbumField, text: &str) {
    let m = &mut session.metadata;
    let place = match field {
        AlbumField::Title => &mut m.title,
        AlbumField::Artist => &mut m.artist,
        AlbumField::Label => &mut m.label,
        AlbumField::Catalog => &mut m.catalog,
        AlbumField::Upc => {
            m.upc = normalised_code(text);
            return;
        }
        AlbumField::Songwriter => &mut m.songwriter,
        AlbumField::Composer => &mut m.composer,
        AlbumField::Arranger => &mut m.arranger,
        AlbumField::Message => &mut m.message,
        AlbumField::Genre => &mut m.genre,
        AlbumField::ReleaseDate => &mut m.release_date,
        AlbumField::Copyright => &mut m.copyright,
        AlbumField::Engineer => &mut m.engineer,
    };
    text.clone_into(place);
}

fn set_params(slot: &mut Slot, values: &[(String, ParamValue)]) -> Result<(), EditError> {
    let kind = process::find(&slot.kind).ok_or_else(|| EditError::NoKind(slot.kind.clone()))?;
    for (id, value) in values {
        let desc = kind
            .params()
            .iter()
            .find(|p| p.id == id.as_str())
            .ok_or_else(|| EditError::Value(format!("{} has no parameter “{id}”", kind.name())))?;
        let value = match value {
            ParamValue::Number(n) if matches!(desc.kind, process::ParamKind::Number { .. }) => {
                ParamValue::Number(desc.clamped(*n))
            }
            other => {
                let number = desc.value_from(other).map_err(|e| EditError::Value(e.to_string()))?;
                desc.to_param_value(number)
            }
        };
        slot.params.insert(id.clone(), value);
    }
    Ok(())
}

fn set_slot(slot: &mut Slot, to: &Slot) -> Result<(), EditError> {
    if slot.kind != to.kind {
        return Err(EditError::Value(format!("settings of “{}” do not fit “{}”", to.kind, slot.kind)));
    }
    *slot = Slot {
        id: slot.id,
        enabled: slot.enabled,
        listen: slot.listen,
        match_db: slot.match_db,
        ..audition::without(to)
    };
    Ok(())
}

fn send_slot(
    session: &mut Session,
    from: ChainRef,
    id: SlotId,
    to: ChainRef,
    keep: bool,
) -> Result<(), EditError> {
    if from == to {
        return Err(EditError::Value("a processor is sent to another chain".to_owned()));
    }
    let index = slot_index(session, from, id)?;
    let mut slot = slot_mut(session, from, id)?.clone();
    if keep {
        slot.id = SlotId(session.take_id());
    } else {
        chain_mut(session, from)?.slots.remove(index);
    }
    insert_slot(session, to, usize::MAX, slot)
}

fn set_chain(session: &mut Session, at: ChainRef, to: &Chain) -> Result<(), EditError> {
    let mut chain = to.clone();
    for slot in &mut chain.slots {
        slot.id = SlotId(session.take_id());
    }
    *chain_mut(session, at)? = chain;
    Ok(())
}

fn set_sample_rate(session: &mut Session, rate: SampleRate) -> Result<(), EditError> {
    if !rate.is_session_rate() {
        return Err(EditError::Value(format!("a session cannot run at {rate}")));
    }
    let old = session.sample_rate_hz;
    if rate == old {
        return Ok(());
    }
    let scaled = |f: Frames| {
        let (from, to) = (i128::from(old.0), i128::from(rate.0));
        Frames(((i128::from(f.0) * to * 2 + from).div_euclid(from * 2)) as i64)
    };
    for song in &mut session.songs {
        let song = Arc::make_mut(song);
        let whole = song.trim_end == song.source.frames_at(old);
        let length = song.source.frames_at(rate);
        song.trim_start = scaled(song.trim_start).min(length);
        song.trim_end = if whole { length } else { scaled(song.trim_end).min(length) };
        song.gap = scaled(song.gap);
        song.fade_in.frames = scaled(song.fade_in.frames);
        song.fade_out.frames = scaled(song.fade_out.frames);
        song.indexes.iter_mut().for_each(|i| *i = scaled(*i));
        fit_fades(song);
    }
    session.sample_rate_hz = rate;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fade, Listen};

    fn source(frames: u64) -> SourceRef {
        SourceRef {
            path: "a.wav".into(),
            sample_rate_hz: 44_100,
            frames,
            channels: 2,
            bits: 24,
            ..SourceRef::default()
        }
    }

    fn album(lengths: &[u64]) -> Session {
        let sources = lengths.iter().map(|&l| source(l)).collect();
        let empty = Session::new(SampleRate::CD);
        apply(&empty, &Edit::AddSongs { sources, at: 0, gap: Frames(88_200) }).unwrap()
    }

    fn starts(session: &Session) -> Vec<i64> {
        Timeline::of(session).songs.iter().map(|s| s.start.0).collect()
    }

    #[test]
    fn the_first_song_gets_the_pause_of_the_disc() {
        let s = album(&[588_000, 588_000]);
        assert_eq!(starts(&s), [88_200, 88_200 + 588_000 + 88_200]);
        let s = apply(&s, &Edit::AddSongs { sources: vec![source(588)], at: 0, gap: Frames(588) }).unwrap();
        assert_eq!(s.songs[0].gap, Frames(88_200));
        assert_eq!(s.songs[1].gap, Frames(588));
    }

    #[test]
    fn ripple_moves_what_follows_and_its_absence_holds_it() {
        let s = album(&[588_000, 588_000, 588_000]);
        let trim = Edit::SetTrimEnd { song: s.songs[0].id, pos_source: Frames(294_000) };
        let rippled = apply(&s, &trim).unwrap();
        assert_eq!(starts(&rippled)[1], starts(&s)[1] - 294_000);
        assert_eq!(starts(&rippled)[2], starts(&s)[2] - 294_000);
        let held = apply(&apply(&s, &Edit::SetRipple(false)).unwrap(), &trim).unwrap();
        assert_eq!(starts(&held), starts(&s));
        let head = Edit::SetTrimStart { song: s.songs[1].id, pos_source: Frames(5880) };
        let held = apply(&apply(&s, &Edit::SetRipple(false)).unwrap(), &head).unwrap();
        assert_eq!(starts(&held)[1], starts(&s)[1] + 5880, "the sound stays in place, the edge moves");
        assert_eq!(starts(&held)[2], starts(&s)[2]);
    }

    #[test]
    fn moving_a_song_keeps_the_first_pause_at_the_front() {
        let s = album(&[588_000, 1_176_000, 588_000]);
        let gap = Edit::SetGap { song: s.songs[2].id, gap: Frames(44_100) };
        let s = apply(&s, &gap).unwrap();
        let third = s.songs[2].id;
        let s = apply(&s, &Edit::MoveSong { song: third, to: 0 }).unwrap();
        assert_eq!(s.songs[0].id, third);
        assert_eq!(s.songs[0].gap, Frames(88_200));
        assert_eq!(s.songs[1].gap, Frames(44_100));
        let back = apply(&s, &Edit::MoveSong { song: third, to: 2 }).unwrap();
        assert_eq!(back.songs[2].gap, Frames(44_100));
        assert_eq!(back.songs[0].gap, Frames(88_200));
    }

    #[test]
    fn a_split_song_sounds_as_before() {
        let s = album(&[588_000]);
        let s = apply(&s, &Edit::SplitSong { song: s.songs[0].id, pos_source: Frames(100_001) }).unwrap();
        let t = Timeline::of(&s);
        assert_eq!(t.songs[1].start, t.songs[0].end);
        assert_eq!(t.songs[1].source_start, Frames(100_001));
        assert_ne!(s.songs[0].id, s.songs[1].id);
        assert!(apply(&s, &Edit::SplitSong { song: s.songs[0].id, pos_source: Frames(10) }).is_err());
    }

    #[test]
    fn the_session_rate_scales_every_time() {
        let s = album(&[441_000, 441_000]);
        let fade = Edit::SetFadeOut {
            song: s.songs[0].id,
            fade: Fade { frames: Frames(44_100), ..Fade::default() },
        };
        let s = apply(&apply(&s, &fade).unwrap(), &Edit::SetSampleRate(SampleRate(96_000))).unwrap();
        assert_eq!(s.songs[0].trim_end, Frames(960_000));
        assert_eq!(s.songs[0].fade_out.frames, Frames(96_000));
        assert_eq!(s.songs[1].gap, Frames(192_000));
        assert!(apply(&s, &Edit::SetSampleRate(SampleRate(22_050))).is_err());
    }

    #[test]
    fn removing_without_ripple_leaves_a_hole() {
        let s = album(&[588_000, 588_000, 588_000]);
        let s = apply(&s, &Edit::SetRipple(false)).unwrap();
        let before = starts(&s);
        let s = apply(&s, &Edit::RemoveSongs(vec![s.songs[1].id])).unwrap();
        assert_eq!(starts(&s), [before[0], before[2]]);
    }

    #[test]
    fn nonsense_is_refused_and_leaves_the_session_alone() {
        let s = album(&[588_000]);
        let song = s.songs[0].id;
        assert_eq!(apply(&s, &Edit::SetGain { song: SongId(99), gain_db: 0.0 }), Err(EditError::NoSong));
        assert!(apply(&s, &Edit::SetGain { song, gain_db: f64::NAN }).is_err());
        assert!(apply(&s, &Edit::AddSlot { chain: ChainRef::Album, at: 0, kind: "nope".into() }).is_err());
        assert_eq!(apply(&s, &Edit::SetGain { song, gain_db: 99.0 }).unwrap().songs[0].gain_db, 24.0);
    }

    #[test]
    fn what_stands_around_a_processor_is_set_and_every_audition_ended() {
        let s = album(&[588_000]);
        let chain = ChainRef::Song(s.songs[0].id);
        let s = apply(&s, &Edit::AddSlot { chain, at: 0, kind: "gain".into() }).unwrap();
        let slot = s.songs[0].chain.slots[0].id;
        let s = apply(&s, &Edit::SetSlotInput { chain, slot, input_db: 99.0 }).unwrap();
        let s = apply(&s, &Edit::SetSlotOutput { chain, slot, output_db: -3.5 }).unwrap();
        assert!(apply(&s, &Edit::SetSlotOutput { chain, slot, output_db: f64::NAN }).is_err());
        let matched = |listen, match_db| Edit::SetSlotListen { chain, slot, listen, match_db };
        let s = apply(&s, &matched(Listen::MatchedBypass, Some(4.5))).unwrap();
        let s = apply(&s, &matched(Listen::Delta, None)).unwrap();
        let at = |s: &Session| s.songs[0].chain.slots[0].clone();
        assert_eq!((at(&s).input_db, at(&s).output_db, at(&s).match_db), (24.0, -3.5, 4.5));
        assert_eq!(at(&s).listen, Listen::Delta);
        let ended = apply(&s, &Edit::EndAuditions).unwrap();
        assert_eq!(at(&ended), Slot { listen: Listen::Normal, ..at(&s) });
    }

    #[test]
    fn a_preset_of_a_slot_changes_its_settings_and_nothing_else() {
        let s = album(&[588_000]);
        let add = |kind: &str| Edit::AddSlot { chain: ChainRef::Album, at: 9, kind: kind.into() };
        let s = apply(&apply(&s, &add("gain")).unwrap(), &add("width")).unwrap();
        let slot = s.album_chain.slots[0].id;
        let off = Edit::SetSlotEnabled { chain: ChainRef::Album, slot, enabled: false };
        let s = apply(&s, &off).unwrap();
        let mut to = Slot::new(SlotId(0), "gain");
        to.params.insert("gain_db".into(), ParamValue::Number(-2.0));
        to.wet = 0.5;
        let load = |to: &Slot| Edit::SetSlot { chain: ChainRef::Album, slot, to: Box::new(to.clone()) };
        let loaded = apply(&s, &load(&to)).unwrap();
        let now = &loaded.album_chain.slots[0];
        assert_eq!((now.id, now.enabled, now.wet), (slot, false, 0.5));
        assert_eq!(now.params, to.params);
        assert_eq!(loaded.album_chain.slots[1], s.album_chain.slots[1]);
        assert!(apply(&s, &load(&Slot::new(SlotId(0), "eq"))).is_err());
    }

    #[test]
    fn a_slot_goes_to_another_chain_whole_as_a_copy_or_itself() {
        let s = album(&[588_000, 588_000]);
        let (a, b) = (ChainRef::Song(s.songs[0].id), ChainRef::Song(s.songs[1].id));
        let mut slot = Slot::new(SlotId(0), "gain");
        slot.params.insert("gain_db".into(), ParamValue::Number(-2.0));
        let s = apply(&s, &Edit::PasteSlot { chain: a, at: 0, slot: Box::new(slot.clone()) }).unwrap();
        let id = s.songs[0].chain.slots[0].id;
        let send = |keep| Edit::SendSlot { from: a, slot: id, to: b, keep };
        let copied = apply(&s, &send(true)).unwrap();
        assert_eq!(copied.songs[0].chain, s.songs[0].chain);
        assert_eq!(copied.songs[1].chain.slots[0].params, slot.params);
        assert_ne!(copied.songs[1].chain.slots[0].id, id);
        let moved = apply(&copied, &send(false)).unwrap();
        assert!(moved.songs[0].chain.slots.is_empty());
        assert_eq!(moved.songs[1].chain.slots[1].id, id);
        let nowhere = Edit::SendSlot { from: a, slot: id, to: ChainRef::Song(SongId(99)), keep: false };
        assert_eq!(apply(&s, &nowhere), Err(EditError::NoSong));
        assert!(apply(&s, &Edit::SendSlot { from: a, slot: id, to: a, keep: true }).is_err());
    }

    #[test]
    fn an_overlap_is_never_longer_than_either_song() {
        let s = album(&[588_000, 58_800]);
        let s = apply(&s, &Edit::SetGap { song: s.songs[1].id, gap: Frames(-900_000) }).unwrap();
        assert_eq!(s.songs[1].gap, Frames(-58_800));
    }
}
