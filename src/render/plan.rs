//! A session laid out for rendering: which source sounds when, through what, and how much delay must be made good.
//!
//! Album frame 0 is the start of the disc image; quantum `k` of the output is album frames `[64k, 64k + 64)`. The album
//! chain delays by `La`, the chain of song `s` by `Ls`; so while output quantum `k` is made, the album chain is fed the
//! sum from album frame `64k + La` on, and song `s` is fed its source from `64k + La + Ls` on. A song runs from the
//! quantum in which its first frame is fed until its tail has rung out.

use std::sync::Arc;

use crate::audio::QUANTUM;
use crate::media::SourceKey;
use crate::model::{Chain, PlacedSong, Session, Song, SongId, SourceRef, Timeline};
use crate::process::slot::SlotRunner;
use crate::process::{Setup, audition};
use crate::units::{Frames, SampleRate};

/// How long the tail of a song's chain may ring after its end, seconds; the last 20 ms of it fade to zero.
pub const TAIL_SECONDS: f64 = 2.0;

/// Frames in a quantum, as a position.
pub(super) const Q: i64 = QUANTUM as i64;

/// Something about a song or slot that the engineer should hear of: a source that cannot be read, a parameter that was
/// not understood. The render goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderNote {
    /// Which song; `None` for the album chain.
    pub song: Option<SongId>,
    /// One sentence.
    pub text: String,
}

/// One song of a plan.
#[derive(Debug, Clone)]
pub struct StrandPlan {
    /// Which song.
    pub song: SongId,
    /// Its title, for notes.
    pub title: String,
    /// Its source at the session rate.
    pub key: SourceKey,
    /// Where it lies on the album.
    pub placed: PlacedSong,
    /// Gain into the chain, dB.
    pub gain_db: f64,
    /// Level after the chain, dB.
    pub level_db: f64,
    /// Its processors.
    pub chain: Arc<Chain>,
    /// Delay of its chain, frames.
    pub chain_latency: Frames,
    /// Frames the chain rings on after the end; 0 where nothing can ring.
    pub tail: Frames,
    /// First output quantum it takes part in.
    pub first_quantum: i64,
    /// The output quantum after its last.
    pub end_quantum: i64,
}

/// A session laid out for rendering. Immutable; any number of renderers may run it.
#[derive(Debug, Clone)]
pub struct RenderPlan {
    /// Identity: parameter groups name the plan they were made for. Chosen by the caller.
    pub id: u64,
    /// Rate everything runs at.
    pub rate: SampleRate,
    /// The album in time.
    pub timeline: Timeline,
    /// In running order.
    pub strands: Vec<StrandPlan>,
    /// Processors after the sum.
    pub album_chain: Arc<Chain>,
    /// Delay of the album chain, frames.
    pub album_latency: Frames,
    /// What was odd about chains (unknown kinds, parameters out of range).
    pub notes: Vec<RenderNote>,
}

impl RenderPlan {
    /// Lays a session out. `resolve` says which file stands for a source. Builds every chain once to learn its delay.
    pub fn compile(session: &Session, resolve: &dyn Fn(&SourceRef) -> SourceKey, id: u64) -> Self {
        let rate = session.sample_rate_hz;
        let timeline = Timeline::of(session);
        let mut notes = Vec::new();
        let album_latency = chain_latency(&session.album_chain, rate, None, &mut notes);
        let strands = session
            .songs
            .iter()
            .zip(&timeline.songs)
            .map(|(song, placed)| {
                let latency = chain_latency(&song.chain, rate, Some(song.id), &mut notes);
                strand_plan(song, placed, resolve(&song.source), album_latency, latency, rate)
            })
            .collect();
        Self { id, rate, timeline, strands, album_chain: session.album_chain.clone(), album_latency, notes }
    }

    /// The same for a master: nothing that is only for listening ([`audition`]) is in it. Every delivery and every
    /// rendered album is made of this; live plays what [`Self::compile`] lays out.
    pub fn for_master(session: &Session, resolve: &dyn Fn(&SourceRef) -> SourceKey, id: u64) -> Self {
        Self::compile(&audition::delivered(session), resolve, id)
    }

    /// Delay of the album chain and the slowest song chain together, frames.
    pub fn latency(&self) -> Frames {
        let slowest = self.strands.iter().map(|s| s.chain_latency).max().unwrap_or_default();
        self.album_latency + slowest
    }

    /// Album frame after which nothing sounds any more: the end of the last song with its tail.
    pub fn end(&self) -> Frames {
        self.strands.iter().map(|s| s.placed.end + s.tail).max().unwrap_or_default()
    }

    /// The quantum a render from reset state begins with, 0 or negative: early enough that every delay is filled when
    /// album frame 0 is made.
    pub fn reset_quantum(&self) -> i64 {
        -self.latency().ceil_to(Q).0 / Q
    }
}

fn chain_latency(
    chain: &Chain,
    rate: SampleRate,
    song: Option<SongId>,
    notes: &mut Vec<RenderNote>,
) -> Frames {
    let mut total = Frames::ZERO;
    for slot in &chain.slots {
        let (runner, errors) = SlotRunner::new(slot, &Setup { sample_rate: rate });
        total += runner.latency();
        notes.extend(errors.iter().map(|e| RenderNote { song, text: format!("{}: {e}", slot.kind) }));
    }
    total
}

fn strand_plan(
    song: &Song,
    placed: &PlacedSong,
    key: SourceKey,
    album_latency: Frames,
    chain_latency: Frames,
    rate: SampleRate,
) -> StrandPlan {
    // After a fade-out the song is at zero, and nothing rings without processors.
    let rings = placed.fade_out == Frames::ZERO && !song.chain.slots.is_empty();
    let tail = if rings { rate.frames_from_seconds(TAIL_SECONDS) } else { Frames::ZERO };
    let first = (placed.start - album_latency - chain_latency).floor_to(Q).0 / Q;
    let end = (placed.end + tail - album_latency).ceil_to(Q).0 / Q;
    StrandPlan {
        song: song.id,
        title: song.metadata.full_title(),
        key,
        placed: *placed,
        gain_db: song.gain_db,
        level_db: song.level_db,
        chain: song.chain.clone(),
        chain_latency,
        tail,
        first_quantum: first,
        end_quantum: end.max(first),
    }
}

/// The album frame of `new` at which the same moment of the same song sounds as at `pos_old` of `old`: inside a song
/// the same frame of its source, in a gap the same distance before the next song. A song that is gone keeps the album
/// position.
pub fn map_position(old: &Timeline, new: &Timeline, pos_old: Frames) -> Frames {
    let Some(index) = old.songs.iter().rposition(|s| s.start <= pos_old) else {
        return pos_old.max(Frames::ZERO);
    };
    let song = &old.songs[index];
    if pos_old < song.end {
        return new.song(song.id).map_or(pos_old, |to| {
            let pos_source = pos_old - song.start + song.source_start;
            (pos_source - to.source_start + to.start).max(to.start).min(to.end)
        });
    }
    let next = old.songs.get(index + 1).and_then(|next| new.song(next.id).map(|to| (next, to)));
    match (next, new.song(song.id)) {
        (Some((next, to)), _) => (to.start - (next.start - pos_old)).max(Frames::ZERO),
        (None, Some(to)) => to.end + (pos_old - song.end),
        (None, None) => pos_old,
    }
}
