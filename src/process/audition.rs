//! What of a session is only for listening, and the session without it.
//!
//! A slot is auditioned when it plays its difference or its matched bypass, or when a parameter marked
//! [`super::ParamDesc::audition`] (a solo, a side-chain listen) is not at its default. It is heard live, saved and undone
//! like any setting; masters are made of [`delivered`], which has none of it.

use std::sync::Arc;

use super::{ParamDesc, find, values_of};
use crate::model::{Chain, ChainRef, Listen, Session, Slot, SlotId};

/// Something that is only for listening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audition {
    /// In which chain.
    pub chain: ChainRef,
    /// In which slot.
    pub slot: SlotId,
    /// Place of the slot in its chain, from 1.
    pub place: usize,
    /// The processor, as shown.
    pub processor: String,
    /// What is listened to, as shown (`difference`, `Solo 2`).
    pub what: String,
}

impl Audition {
    /// Where it is, for a log: `slot 2 (Compressor) of “Afterglow”`.
    pub fn place_in_words(&self, session: &Session) -> String {
        let of = chain_in_words(session, self.chain);
        format!("slot {} ({}) of {of}", self.place, self.processor)
    }

    /// What a master has to say of it.
    pub fn note(&self, session: &Session) -> String {
        format!(
            "{}: {} is only for listening and is off in the file",
            self.place_in_words(session),
            self.what
        )
    }
}

/// A chain as a log names it: `the album chain`, `“Afterglow”`.
pub fn chain_in_words(session: &Session, chain: ChainRef) -> String {
    match chain {
        ChainRef::Album => "the album chain".to_owned(),
        ChainRef::Song(id) => {
            let title = session.song(id).map(|s| s.metadata.full_title()).unwrap_or_default();
            format!("“{title}”")
        }
    }
}

/// Everything of a session that is only for listening, song by song, then the album chain.
pub fn auditions(session: &Session) -> Vec<Audition> {
    let songs = session.songs.iter().map(|s| (ChainRef::Song(s.id), &s.chain));
    let chains = songs.chain(std::iter::once((ChainRef::Album, &session.album_chain)));
    chains.flat_map(|(at, chain)| auditions_of(at, chain)).collect()
}

fn auditions_of(at: ChainRef, chain: &Chain) -> impl Iterator<Item = Audition> + '_ {
    chain.slots.iter().enumerate().flat_map(move |(i, slot)| {
        let processor = find(&slot.kind).map_or(slot.kind.as_str(), |k| k.name());
        words_of(slot).into_iter().map(move |what| Audition {
            chain: at,
            slot: slot.id,
            place: i + 1,
            processor: processor.to_owned(),
            what,
        })
    })
}

/// What of a slot is only for listening, as shown.
pub fn words_of(slot: &Slot) -> Vec<String> {
    let listen = match slot.listen {
        Listen::Normal => None,
        other => Some(other.label().to_lowercase()),
    };
    listen.into_iter().chain(moved_params(slot).map(|p| p.name.to_string())).collect()
}

/// Parameters for listening that are not at their default.
fn moved_params(slot: &Slot) -> impl Iterator<Item = &'static ParamDesc> + '_ {
    let kind = find(&slot.kind).filter(|k| k.params().iter().any(|p| p.audition));
    kind.into_iter().flat_map(|kind| {
        let (values, _) = values_of(kind, &slot.params);
        let moved = move |i: usize, p: &ParamDesc| values.get(i).to_bits() != p.default_value().to_bits();
        kind.params().iter().enumerate().filter(move |(i, p)| p.audition && moved(*i, p)).map(|(_, p)| p)
    })
}

/// The slot as a master has it.
#[must_use]
pub fn without(slot: &Slot) -> Slot {
    let mut plain = slot.clone();
    plain.listen = Listen::Normal;
    for param in moved_params(slot) {
        plain.params.remove(param.id.as_ref());
    }
    plain
}

/// The session as a master has it: nothing in it is only for listening.
#[must_use]
pub fn delivered(session: &Session) -> Session {
    let mut plain = session.clone();
    for song in &mut plain.songs {
        if let Some(chain) = chain_without(&song.chain) {
            Arc::make_mut(song).chain = chain;
        }
    }
    if let Some(chain) = chain_without(&plain.album_chain) {
        plain.album_chain = chain;
    }
    plain
}

/// The chain as a master has it; `None` where that is what it is.
fn chain_without(chain: &Arc<Chain>) -> Option<Arc<Chain>> {
    chain.slots.iter().any(|slot| !words_of(slot).is_empty()).then(|| {
        let slots = chain.slots.iter().map(without).collect();
        Arc::new(Chain { slots, extra: chain.extra.clone() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ParamValue;
    use crate::units::SampleRate;

    fn session() -> Session {
        let mut session = Session::new(SampleRate::CD);
        let mut deesser = Slot::new(SlotId(1), "deesser");
        deesser.params.insert("listen".to_owned(), ParamValue::Switch(true));
        deesser.params.insert("range_db".to_owned(), ParamValue::Number(6.0));
        let mut gain = Slot::new(SlotId(2), "gain");
        gain.listen = Listen::Delta;
        gain.input_db = 3.0;
        let plain = Slot::new(SlotId(3), "mystery");
        session.album_chain = Arc::new(Chain { slots: vec![deesser, gain, plain], ..Chain::default() });
        session
    }

    #[test]
    fn a_master_has_nothing_that_is_only_for_listening() {
        let session = session();
        let found = auditions(&session);
        assert_eq!(found.iter().map(|a| a.slot.0).collect::<Vec<_>>(), [1, 2]);
        let note = found[1].note(&session);
        assert!(note.starts_with("slot 2 (Gain) of the album chain: difference"), "{note}");
        let plain = delivered(&session);
        assert!(auditions(&plain).is_empty());
        let slots = &plain.album_chain.slots;
        assert!(!slots[0].params.contains_key("listen") && slots[0].params.contains_key("range_db"));
        assert!(slots[1].listen == Listen::Normal && slots[1].input_db == 3.0);
        // What nothing is auditioned in is shared, not copied.
        assert!(Arc::ptr_eq(&delivered(&plain).album_chain, &plain.album_chain));
    }

    #[test]
    fn a_switch_at_its_default_is_no_audition() {
        let mut slot = Slot::new(SlotId(1), "deesser");
        slot.params.insert("listen".to_owned(), ParamValue::Switch(false));
        assert!(words_of(&slot).is_empty());
    }
}
