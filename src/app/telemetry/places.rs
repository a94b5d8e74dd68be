//! Where on the album the signal at the meter point lies, and what of earlier measurements an edit leaves standing.
//!
//! The engine says of every frame which session it was made with ([`SamplePlace`]). Between an edit and the moment it is
//! heard the sound is still that of an older session: it is measured where its song lies now, if the edit left that song
//! alone. What an edit voids: a song whose source, trims, gain, level, fades or chain changed; every song when the album
//! chain changed; and the head of a song as far as the tail of another neighbour (2 s, and 2 s more through an album chain)
//! may reach into it. Titles, markers and the like void nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::app::frame::PlaceReading;
use crate::engine::{Begin, SamplePlace};
use crate::meter::ledger::{self, Ledger, SongSpan};
use crate::meter::loudness_map::LoudnessMap;
use crate::model::{PlacedSong, Session, Song, SongId, Timeline};
use crate::render::TAIL_SECONDS;
use crate::units::{Frames, SampleRate};

/// Sessions remembered: sound of an older one has no place any more.
const REMEMBERED: usize = 64;

/// A session as it lies in time.
#[derive(Debug)]
struct Layout {
    number: u64,
    session: Arc<Session>,
    timeline: Timeline,
}

impl Layout {
    fn song(&self, index: usize) -> Option<(&Song, &PlacedSong)> {
        Some((self.session.songs.get(index)?, self.timeline.songs.get(index)?))
    }

    fn index_of(&self, id: SongId) -> Option<usize> {
        self.timeline.songs.iter().position(|s| s.id == id)
    }

    /// First frame of a song, and of what follows it.
    fn range(&self, index: usize) -> (Frames, Frames) {
        self.timeline.file_range(index).unwrap_or_default()
    }

    /// How far, from its start, the sound of the song before may reach into one.
    fn reach_into(&self, index: usize) -> Frames {
        let before = index.checked_sub(1).and_then(|i| self.song(i));
        let (Some((song, before)), Some((_, placed))) = (before, self.song(index)) else {
            return Frames::ZERO;
        };
        let tail = self.session.sample_rate_hz.frames_from_seconds(TAIL_SECONDS);
        let rings = before.fade_out == Frames::ZERO && !song.chain.slots.is_empty();
        let mut end = before.end + if rings { tail } else { Frames::ZERO };
        if !self.session.album_chain.slots.is_empty() {
            end += tail;
        }
        (end - placed.start).max(Frames::ZERO)
    }
}

/// Whether a song, wherever it lies, sounds the same in both.
fn sounds_alike(a: &Layout, i: usize, b: &Layout, j: usize) -> bool {
    let (Some((old, was)), Some((new, is))) = (a.song(i), b.song(j)) else { return false };
    let placed = |p: &PlacedSong| (p.length(), p.fade_in, p.fade_in_shape, p.fade_out, p.fade_out_shape);
    let chains = |x: &Session, y: &Session| {
        Arc::ptr_eq(&x.album_chain, &y.album_chain) || x.album_chain == y.album_chain
    };
    old.id == new.id
        && a.session.sample_rate_hz == b.session.sample_rate_hz
        && chains(&a.session, &b.session)
        && placed(was) == placed(is)
        && was.source_start == is.source_start
        && old.source == new.source
        && old.gain_db.to_bits() == new.gain_db.to_bits()
        && old.level_db.to_bits() == new.level_db.to_bits()
        && (Arc::ptr_eq(&old.chain, &new.chain) || old.chain == new.chain)
}

/// First frame of song `j`, from its start, that is still what it was as song `i` of the layout before.
fn holds_from(a: &Layout, i: usize, b: &Layout, j: usize) -> Frames {
    if !sounds_alike(a, i, b, j) {
        return Frames(i64::MAX / 2);
    }
    let distance = |l: &Layout, k: usize| {
        let start = |k: usize| l.timeline.songs.get(k).map(|s| s.start);
        k.checked_sub(1).and_then(start).zip(start(k)).map(|(before, here)| here - before)
    };
    let same_neighbour = match (i.checked_sub(1), j.checked_sub(1)) {
        (Some(x), Some(y)) => sounds_alike(a, x, b, y) && distance(a, i) == distance(b, j),
        (None, None) => true,
        _ => false,
    };
    if same_neighbour { Frames::ZERO } else { a.reach_into(i).max(b.reach_into(j)) }
}

/// The ledger of the album at the meter point, and how the signal finds its place in it.
#[derive(Debug)]
pub(super) struct Places {
    ledger: Ledger,
    /// Oldest first; the last is the session that is wanted.
    layouts: VecDeque<Arc<Layout>>,
    /// The one the ledger is laid out for.
    laid_out: Option<Arc<Layout>>,
    map: Arc<LoudnessMap>,
    /// Place of the frame that would go on where the last one ended, as the engine counts and as the album lies now.
    last: Option<SamplePlace>,
    next: Option<Frames>,
    /// The monitor section that was measured behind, if that is the point.
    monitor: Option<u32>,
}

/// What the next frames are for the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Sound of no place.
    Nowhere,
    /// The sound goes on.
    On,
    /// A new run begins; at the taps behind the renderer the engine has faded the old one out and this one in.
    Jump,
    /// Frames are missing: the sound is cut.
    Cut,
}

impl Places {
    /// Of no album yet, measured at a rate.
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            ledger: Ledger::new(rate),
            layouts: VecDeque::with_capacity(REMEMBERED),
            laid_out: None,
            map: Arc::default(),
            last: None,
            next: None,
            monitor: None,
        }
    }

    /// The session that is wanted from now on, by the engine's number, and the map of its album.
    pub(super) fn lay_out(&mut self, number: u64, session: &Arc<Session>, map: &Arc<LoudnessMap>) {
        let new = self.remember(number, session);
        let old = self.laid_out.replace(Arc::clone(&new));
        let spans = self.spans_of(old.as_deref(), &new);
        self.next = self.next.and_then(|next| old.and_then(|old| moved(&old, &new, next)));
        let is_same = Arc::ptr_eq(map, &self.map) && is_unmoved(&spans, self.ledger.spans());
        if !is_same {
            let end = self.to_ledger(new.timeline.end, new.session.sample_rate_hz);
            self.ledger.lay_out(&spans, end, Arc::clone(map));
            self.map = Arc::clone(map);
        }
        if self.next.is_none() {
            self.ledger.stop();
        }
    }

    /// A session that another has followed already: its sound finds its place, but nothing is laid out for it. Where none
    /// of it was heard, what it changed and the next put back still holds.
    pub(super) fn pass(&mut self, number: u64, session: &Arc<Session>) {
        self.remember(number, session);
    }

    fn remember(&mut self, number: u64, session: &Arc<Session>) -> Arc<Layout> {
        let new = Arc::new(Layout { number, session: Arc::clone(session), timeline: Timeline::of(session) });
        if self.layouts.len() == REMEMBERED {
            self.layouts.pop_front();
        }
        self.layouts.push_back(Arc::clone(&new));
        new
    }

    /// The same session for a ledger that measures at another rate or another point: everything is unheard.
    pub(super) fn begin_anew(&mut self, rate: SampleRate) {
        let last = self.layouts.back().cloned();
        *self = Self { map: Arc::clone(&self.map), ..Self::new(rate) };
        if let Some(last) = last {
            let map = Arc::clone(&self.map);
            map.clear();
            self.lay_out(last.number, &last.session, &map);
        }
    }

    fn spans_of(&self, old: Option<&Layout>, new: &Layout) -> Vec<SongSpan> {
        let rate = new.session.sample_rate_hz;
        let span = |j: usize| {
            let (start, end) = new.range(j);
            let id = new.timeline.songs[j].id;
            let held = old.and_then(|old| old.index_of(id).map(|i| holds_from(old, i, new, j)));
            SongSpan {
                id: id.0,
                start: self.to_ledger(start, rate),
                end: self.to_ledger(end, rate),
                holds_from: self.to_ledger(held.unwrap_or_default(), rate),
            }
        };
        (0..new.timeline.songs.len()).map(span).collect()
    }

    /// An album frame of the session as the ledger counts.
    fn to_ledger(&self, frame: Frames, rate: SampleRate) -> Frames {
        let (own, theirs) = (i128::from(self.ledger.rate().0), i128::from(rate.0.max(1)));
        if own == theirs {
            return frame;
        }
        let scaled = (2 * i128::from(frame.0) * own + theirs).div_euclid(2 * theirs);
        Frames(i64::try_from(scaled).unwrap_or(i64::MAX / 2))
    }

    /// Finds the place of frames that come; how many of them lie together there (at least 1), and what they are for the
    /// ledger, which is told. Allocates nothing.
    pub(super) fn step(&mut self, place: &SamplePlace, frames: usize) -> (Step, usize) {
        let found = place.position.and_then(|at| self.find(place.session, at));
        let Some((at, most)) = found else {
            self.ledger.stop();
            (self.last, self.next) = (None, None);
            return (Step::Nowhere, frames);
        };
        let count = most.min(frames).max(1);
        if self.monitor.replace(place.monitor).is_some_and(|before| before != place.monitor) {
            self.ledger.void();
        }
        let step = if self.goes_on(place, at) { Step::On } else { self.jump(place, at) };
        self.last = Some(*place);
        self.next = Some(at + Frames(count as i64));
        (step, count)
    }

    /// Where the frames that [`Self::step`] took last began, so many of them, as the album lies now.
    pub(super) fn heard_from(&self, count: usize) -> Option<Frames> {
        self.next.map(|next| next - Frames(count as i64))
    }

    /// Whether the frames follow those before; a change of the sound on the way is told to the ledger.
    fn goes_on(&mut self, place: &SamplePlace, at: Frames) -> bool {
        let (Some(last), Some(next)) = (self.last, self.next) else { return false };
        if next != at || last.tap != place.tap || last.monitor != place.monitor {
            return false;
        }
        let is_same_run = last.run == place.run;
        if is_same_run && last.session == place.session {
            return true;
        }
        let is_alike = self.is_alike(last.session, place.session, at);
        if is_same_run && !is_alike {
            self.ledger.unsettle();
        }
        is_same_run || is_alike && place.begin == Begin::Crossed && last.run.wrapping_add(1) == place.run
    }

    fn jump(&mut self, place: &SamplePlace, at: Frames) -> Step {
        let rate = self.layouts.back().map_or(self.ledger.rate(), |l| l.session.sample_rate_hz);
        let at_ledger = self.to_ledger(at, rate);
        let is_same_run = self.last.is_some_and(|l| l.run == place.run && l.session == place.session);
        if is_same_run {
            self.ledger.begin_unfaded(at_ledger);
            return Step::Cut;
        }
        let is_clean = place.begin == Begin::Clean && at == Frames::ZERO;
        self.ledger.begin(at_ledger, is_clean);
        Step::Jump
    }

    /// The next frames do not go on from those before, wherever they lie.
    pub(super) fn cut(&mut self) {
        self.ledger.stop();
        self.next = None;
    }

    /// Where a frame of some session lies now, and how many frames from there on lie together.
    fn find(&self, number: u64, at: Frames) -> Option<(Frames, usize)> {
        let now = self.layouts.back()?;
        if number == now.number {
            return Some((at, usize::MAX));
        }
        let then = self.layouts.iter().find(|l| l.number == number)?;
        let moved = moved(then, now, at)?;
        let songs = &then.timeline.songs;
        let end = songs.iter().map(|s| s.start).find(|start| *start > at).unwrap_or(Frames(i64::MAX / 2));
        Some((moved, (end - at).as_len()))
    }

    /// Whether the song at an album frame (as it lies now) sounds the same in two sessions.
    fn is_alike(&self, a: u64, b: u64, at: Frames) -> bool {
        let layout = |number| self.layouts.iter().find(|l| l.number == number);
        let (Some(a), Some(b), Some(now)) = (layout(a), layout(b), self.layouts.back()) else { return false };
        let Some(index) = now.timeline.songs.iter().rposition(|s| s.start <= at) else {
            return a.session.album_chain == b.session.album_chain;
        };
        let id = now.timeline.songs[index].id;
        a.index_of(id)
            .zip(b.index_of(id))
            .is_some_and(|(i, j)| holds_from(a, i, b, j) <= at - now.timeline.songs[index].start)
    }

    /// Measures frames at the place that [`Self::step`] found, or after those measured last. Allocates nothing.
    pub(super) fn measure(&mut self, left: &[f64], right: &[f64]) {
        self.ledger.push(left, right);
    }

    /// Works out what is due; everything, where the sound has come to its end.
    pub(super) fn refresh(&mut self, is_end: bool) {
        if is_end {
            self.ledger.refresh();
        } else {
            self.ledger.refresh_if_due();
        }
    }

    /// Forgets what was measured.
    pub(super) fn clear(&mut self) {
        self.ledger.clear();
        (self.last, self.next) = (None, None);
    }

    /// The song heard last, with its place in the running order.
    pub(super) fn current_song(&self) -> Option<(usize, SongId)> {
        let id = SongId(self.ledger.current_song()?);
        Some((self.layouts.back()?.index_of(id)?, id))
    }

    /// The session that is wanted.
    pub(super) fn session(&self) -> Option<&Arc<Session>> {
        self.layouts.back().map(|l| &l.session)
    }

    /// By place: of the album.
    pub(super) fn album(&self) -> PlaceReading {
        *self.ledger.album()
    }

    /// By place: of a song.
    pub(super) fn song(&self, id: SongId) -> Option<PlaceReading> {
        self.ledger.song(id.0).copied()
    }
}

/// Whether everything lies where it did and sounds as it did.
fn is_unmoved(new: &[SongSpan], old: &[SongSpan]) -> bool {
    ledger::is_unmoved(new, old) && new.iter().all(|s| s.holds_from <= Frames::ZERO)
}

/// Where a frame of an older layout lies now, if its song sounds the same and is still there.
fn moved(then: &Layout, now: &Layout, at: Frames) -> Option<Frames> {
    let Some(i) = then.timeline.songs.iter().rposition(|s| s.start <= at) else {
        let first = |l: &Layout| l.timeline.songs.first().map(|s| s.start);
        let same_chain = then.session.album_chain == now.session.album_chain;
        return (first(then) == first(now) && same_chain).then_some(at);
    };
    let j = now.index_of(then.timeline.songs[i].id)?;
    let (start, end) = now.range(j);
    let offset = at - then.timeline.songs[i].start;
    let holds = holds_from(then, i, now, j) <= offset && start + offset <= end;
    holds.then(|| start + offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::MeterTap;
    use crate::model::{Chain, Slot, SlotId, SourceRef};

    const RATE: SampleRate = SampleRate(48_000);

    /// Songs of 5 s with gaps of 1 s, a slot on the second.
    fn session() -> Session {
        let mut session = Session::new(RATE);
        for id in 1..=3 {
            let source = SourceRef {
                path: format!("{id}"),
                sample_rate_hz: RATE.0,
                frames: 240_000,
                channels: 2,
                ..SourceRef::default()
            };
            session.songs.push(Arc::new(Song::new(SongId(id), source, RATE, Frames(48_000))));
        }
        song_of(&mut session, 1).chain =
            Arc::new(Chain { slots: vec![Slot::new(SlotId(9), "gain")], ..Chain::default() });
        session
    }

    fn song_of(session: &mut Session, index: usize) -> &mut Song {
        Arc::make_mut(&mut session.songs[index])
    }

    fn place(position: i64, session: u64, run: u32) -> SamplePlace {
        SamplePlace {
            position: Some(Frames(position)),
            plan: 1,
            session,
            run,
            begin: if position == 0 { Begin::Clean } else { Begin::Faded },
            tap: MeterTap::Master,
            monitor: 0,
        }
    }

    fn hear(places: &mut Places, from: i64, to: i64, session: u64, run: u32) -> Vec<Step> {
        let mut at = from;
        let mut steps = Vec::new();
        while at < to {
            let frames = (to - at).min(4096) as usize;
            let (step, count) = places.step(&place(at, session, run), frames);
            let x: Vec<f64> = (at..at + count as i64).map(|i| 0.1 * (i as f64 * 0.13).sin()).collect();
            if step != Step::Nowhere {
                places.measure(&x, &x);
            }
            steps.push(step);
            at += count as i64;
        }
        places.refresh(true);
        steps
    }

    /// An album heard whole, and the map of it.
    fn heard(session: &Session) -> (Places, Arc<LoudnessMap>) {
        let mut places = Places::new(RATE);
        let end = Timeline::of(session).end;
        let map = Arc::new(LoudnessMap::new(RATE, end));
        places.lay_out(1, &Arc::new(session.clone()), &map);
        hear(&mut places, 0, end.0, 1, 1);
        assert_eq!(places.album().measured_s, 17.0);
        (places, map)
    }

    fn edited(edit: impl Fn(&mut Session)) -> [f64; 4] {
        let mut session = session();
        let (mut places, map) = heard(&session);
        edit(&mut session);
        places.lay_out(2, &Arc::new(session), &map);
        let song = |id| places.song(SongId(id)).map_or(-1.0, |s| s.stale_s);
        [song(1), song(2), song(3), places.album().stale_s]
    }

    #[test]
    fn an_edit_makes_stale_what_it_changes() {
        assert_eq!(edited(|s| song_of(s, 1).metadata.title = "Other".to_owned()), [0.0; 4]);
        // Song 1 has no chain: nothing of it reaches over the gap.
        assert_eq!(edited(|s| song_of(s, 0).gain_db = -3.0), [6.0, 0.0, 0.0, 6.0]);
        // The tail of song 2's chain rings for 2 s: 1 s of that lies in song 3.
        assert_eq!(edited(|s| song_of(s, 1).level_db = 1.0), [0.0, 6.0, 1.0, 7.0]);
        assert_eq!(edited(|s| song_of(s, 2).trim_end = Frames(200_000))[..2], [0.0, 0.0]);
        let album = edited(|s| {
            s.album_chain = Arc::new(Chain { slots: vec![Slot::new(SlotId(8), "gain")], ..Chain::default() })
        });
        assert_eq!(album, [6.0, 6.0, 5.0, 17.0]);
    }

    #[test]
    fn a_moved_song_takes_its_measurements_along() {
        // Song 1 goes last; both others lie 6 s earlier, on the grid.
        let stale = edited(|s| s.songs.rotate_left(1));
        assert_eq!(stale[1..3], [0.0, 0.0], "{stale:?}");
        // A longer gap before song 2 moves what follows.
        let mut session = session();
        let (mut places, _) = heard(&session);
        song_of(&mut session, 1).gap = Frames(48_000 + 9_600);
        let map = Arc::new(LoudnessMap::new(RATE, Timeline::of(&session).end));
        places.lay_out(2, &Arc::new(session), &map);
        let album = places.album();
        assert_eq!((album.stale_s, album.length_s), (0.0, 17.2));
        assert!((album.measured_s - 17.0).abs() < 1e-9, "the new silence was not heard yet");
    }

    #[test]
    fn behind_the_monitor_section_what_was_measured_holds_until_that_is_set_otherwise() {
        let (mut places, _) = heard(&session());
        let at = |position, run, monitor| SamplePlace { monitor, ..place(position, 1, run) };
        assert_eq!(places.step(&at(400_000, 2, 0), 480), (Step::Jump, 480));
        places.refresh(true);
        assert_eq!(places.album().stale_s, 0.0, "a seek, or the gain of a service");
        // In the middle of the sound.
        assert_eq!(places.step(&at(400_480, 3, 1), 480), (Step::Jump, 480));
        places.refresh(true);
        assert_eq!((places.album().stale_s, places.album().integrated_lufs), (17.0, None));
        // What is heard then holds again, also after a stretch of no place.
        let x: Vec<f64> = (0..48_000).map(|i| 0.1 * (f64::from(i) * 0.13).sin()).collect();
        for position in [Some(100_000), None, Some(200_000)] {
            let here = SamplePlace { position: position.map(Frames), ..at(0, 4, 1) };
            if places.step(&here, x.len()).0 != Step::Nowhere {
                places.measure(&x, &x);
            }
        }
        places.refresh(true);
        let stale_s = places.album().stale_s;
        assert!((stale_s - (17.0 - 1.8)).abs() < 0.05, "{stale_s}");
    }

    #[test]
    fn sessions_passed_by_leave_standing_what_the_last_one_does_not_change() {
        let mut session = session();
        let (mut places, map) = heard(&session);
        // A knob is turned and turned back before anything of it is heard.
        song_of(&mut session, 2).gain_db = 3.0;
        places.pass(2, &Arc::new(session.clone()));
        song_of(&mut session, 2).gain_db = 0.0;
        places.lay_out(3, &Arc::new(session.clone()), &map);
        assert_eq!(places.album().stale_s, 0.0);
        // What of the passed session is heard all the same finds its place, where that sounds as it does now.
        assert_eq!(hear(&mut places, 60_000, 70_000, 2, 2)[0], Step::Jump);
        assert_eq!(hear(&mut places, 640_000, 645_000, 2, 3)[0], Step::Nowhere);
        song_of(&mut session, 2).gain_db = 3.0;
        places.lay_out(4, &Arc::new(session), &map);
        assert_eq!(places.album().stale_s, 5.0);
    }

    #[test]
    fn sound_of_an_older_session_is_measured_where_its_song_lies_now() {
        let mut session = session();
        let (mut places, map) = heard(&session);
        // The last song changes while the first, as the old session has it, still sounds.
        song_of(&mut session, 2).gain_db = 3.0;
        places.lay_out(2, &Arc::new(session.clone()), &map);
        assert_eq!(hear(&mut places, 60_000, 70_000, 1, 2)[0], Step::Jump);
        assert_eq!(hear(&mut places, 640_000, 645_000, 1, 3)[0], Step::Nowhere, "this has no place any more");
        // In one run from the old parameters into the new ones, in a song that is the same in both.
        assert_eq!(hear(&mut places, 100_000, 110_000, 1, 4)[0], Step::Jump);
        assert_eq!(hear(&mut places, 110_000, 120_000, 2, 4), [Step::On; 3]);
        let crossed = SamplePlace { begin: Begin::Crossed, ..place(120_000, 2, 5) };
        assert_eq!(places.step(&crossed, 100), (Step::On, 100), "a new plan that sounds the same here");
        let seek = place(120_100, 2, 6);
        assert_eq!(places.step(&seek, 100), (Step::Jump, 100));
    }
}
