//! The session: an album being mastered, everything needed to bring it back exactly.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AlbumMetadata, Chain, Extra, Finding, Order, Severity, Slot, SlotId, Song, SongId};
use crate::units::{Frames, SampleRate};

/// Version of the session file this program writes.
pub const FORMAT_VERSION: u32 = 1;

/// Which chain of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChainRef {
    /// Of one song.
    Song(SongId),
    /// Of the album.
    Album,
}

/// An album being mastered. Immutable once shared; `edit::apply` makes the next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Version of the file format.
    pub format_version: u32,
    /// Rate everything runs at.
    pub sample_rate_hz: SampleRate,
    /// Titles and codes of the release.
    #[serde(default)]
    pub metadata: AlbumMetadata,
    /// In running order.
    #[serde(default)]
    pub songs: Vec<Arc<Song>>,
    /// Processors after the sum of the songs.
    #[serde(default)]
    pub album_chain: Arc<Chain>,
    /// Whether songs keep to CD frames (1/75 s) when moved or trimmed.
    #[serde(default = "on")]
    pub snap_to_cd_frames: bool,
    /// Whether moving or trimming a song moves all after it.
    #[serde(default = "on")]
    pub ripple: bool,
    /// Counted round of the job, from 1.
    #[serde(default = "first_round")]
    pub round: u32,
    /// Seed of the dither noise, so that a render repeats bit for bit.
    #[serde(default)]
    pub dither_seed: u64,
    /// Ordered deliverables.
    #[serde(default)]
    pub orders: Vec<Order>,
    /// Free text of the engineer.
    #[serde(default)]
    pub notes: String,
    /// The next unused id for songs and slots.
    #[serde(default)]
    pub next_id: u64,
    /// Fields of other versions.
    #[serde(flatten)]
    pub extra: Extra,
}

fn on() -> bool {
    true
}

fn first_round() -> u32 {
    1
}

impl Session {
    /// An empty album at a rate.
    pub fn new(sample_rate_hz: SampleRate) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            sample_rate_hz,
            metadata: AlbumMetadata::default(),
            songs: Vec::new(),
            album_chain: Arc::default(),
            snap_to_cd_frames: true,
            ripple: true,
            round: 1,
            dither_seed: 0,
            orders: Vec::new(),
            notes: String::new(),
            next_id: 1,
            extra: Extra::new(),
        }
    }

    /// The song with this id.
    pub fn song(&self, id: SongId) -> Option<&Arc<Song>> {
        self.songs.iter().find(|s| s.id == id)
    }

    /// Place of a song in the running order, from 0.
    pub fn song_index(&self, id: SongId) -> Option<usize> {
        self.songs.iter().position(|s| s.id == id)
    }

    /// A chain of this session.
    pub fn chain(&self, at: ChainRef) -> Option<&Arc<Chain>> {
        match at {
            ChainRef::Album => Some(&self.album_chain),
            ChainRef::Song(id) => self.song(id).map(|s| &s.chain),
        }
    }

    /// Every slot of every chain with where it stands.
    pub fn slots(&self) -> impl Iterator<Item = (ChainRef, &Slot)> {
        let songs = self
            .songs
            .iter()
            .flat_map(|s| s.chain.slots.iter().map(move |slot| (ChainRef::Song(s.id), slot)));
        songs.chain(self.album_chain.slots.iter().map(|slot| (ChainRef::Album, slot)))
    }

    /// An id no song or slot has.
    pub fn take_id(&mut self) -> u64 {
        let id = self.next_id.max(1);
        self.next_id = id + 1;
        id
    }

    /// Mends what must hold for the rest of the program and says what it mended: unique ids, trims inside the source,
    /// finite gains. A session from a file always opens.
    pub fn repaired(mut self) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        self.repair_rate(&mut findings);
        self.repair_ids(&mut findings);
        let rate = self.sample_rate_hz;
        for song in &mut self.songs {
            repair_song(song, rate, &mut findings);
        }
        (self, findings)
    }

    fn repair_rate(&mut self, findings: &mut Vec<Finding>) {
        if !self.sample_rate_hz.is_session_rate() {
            let was = self.sample_rate_hz;
            self.sample_rate_hz = SampleRate::CD;
            findings.push(Finding::new(
                "session",
                Severity::Warning,
                format!("a session cannot run at {was}; it was set to 44.1 kHz"),
            ));
        }
    }

    fn repair_ids(&mut self, findings: &mut Vec<Finding>) {
        let largest =
            self.songs.iter().map(|s| s.id.0).chain(self.slots().map(|(_, s)| s.id.0)).max().unwrap_or(0);
        self.next_id = self.next_id.max(largest.saturating_add(1)).max(1);
        let mut seen = BTreeSet::new();
        let mut next = self.next_id;
        let mut fresh = |id: u64| {
            if id != 0 && seen.insert(id) {
                return None;
            }
            next += 1;
            seen.insert(next - 1);
            Some(next - 1)
        };
        let mut repeated = false;
        for song in &mut self.songs {
            if let Some(id) = fresh(song.id.0) {
                Arc::make_mut(song).id = SongId(id);
                repeated = true;
            }
        }
        let chains =
            self.songs.iter_mut().map(|s| &mut Arc::make_mut(s).chain).chain([&mut self.album_chain]);
        for chain in chains {
            for slot in &mut Arc::make_mut(chain).slots {
                if let Some(id) = fresh(slot.id.0) {
                    slot.id = SlotId(id);
                }
            }
        }
        self.next_id = next;
        if repeated {
            findings.push(Finding::new(
                "session",
                Severity::Info,
                "songs without an id of their own were given one",
            ));
        }
    }
}

fn repair_song(song: &mut Arc<Song>, rate: SampleRate, findings: &mut Vec<Finding>) {
    let length = song.source.frames_at(rate);
    let start = song.trim_start.max(Frames::ZERO).min(length);
    let end = song.trim_end.max(start).min(length);
    if (start, end) != (song.trim_start, song.trim_end) {
        let text =
            format!("“{}”: its trims lay outside the source and were brought inside", song.metadata.title);
        findings.push(Finding::new("session", Severity::Warning, text));
        let song = Arc::make_mut(song);
        (song.trim_start, song.trim_end) = (start, end);
    }
    if !song.gain_db.is_finite() || !song.level_db.is_finite() {
        let text = format!("“{}”: a gain was not a number and was set to 0 dB", song.metadata.title);
        findings.push(Finding::new("session", Severity::Warning, text));
        let song = Arc::make_mut(song);
        for gain in [&mut song.gain_db, &mut song.level_db] {
            if !gain.is_finite() {
                *gain = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceRef;

    #[test]
    fn a_repaired_session_has_unique_ids_and_sound_trims() {
        let source = SourceRef { sample_rate_hz: 44_100, frames: 1000, ..SourceRef::default() };
        let mut song = Song::new(SongId(5), source, SampleRate::CD, Frames::ZERO);
        song.trim_end = Frames(5000);
        Arc::make_mut(&mut song.chain).slots.push(Slot::new(SlotId(5), "eq"));
        let mut session = Session::new(SampleRate(12));
        session.songs = vec![Arc::new(song.clone()), Arc::new(song)];
        let (session, findings) = session.repaired();
        let mut ids: Vec<u64> =
            session.songs.iter().map(|s| s.id.0).chain(session.slots().map(|(_, s)| s.id.0)).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 4);
        assert!(ids.iter().all(|&id| id < session.next_id));
        assert_eq!(session.songs[0].trim_end, Frames(1000));
        assert_eq!(session.sample_rate_hz, SampleRate::CD);
        assert!(findings.len() >= 3);
    }

    #[test]
    fn json_keeps_what_it_does_not_know() {
        let mut json = serde_json::to_value(Session::new(SampleRate(96_000))).unwrap();
        json["holograms"] = serde_json::json!({"on": true});
        let session: Session = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&session).unwrap(), json);
    }
}
