//! The album table kept up to date: after each change only the songs whose sound changed are rendered anew, beside the
//! work and below everything else.
//!
//! What makes a song's figures has a signature ([`crate::jobs::album_scan`]); figures are kept by it for as long as the
//! program runs, so that undo and redo find theirs again. One song is rendered at a time: the one worked on first, then
//! the one changed last. A render of what is no longer wanted is cancelled. Figures of before a change stay, marked as
//! such, until the new ones are there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Core, Done};
use crate::app::frame::{AlbumRow, AlbumView, RowState, SourceState};
use crate::deliver::conform::album_ceiling_dbtp;
use crate::jobs::album_report::{ReportError, write_report};
use crate::jobs::album_scan::{AlbumScan, ScanError, Signature, measure_song, signatures};
use crate::jobs::render::threads_for;
use crate::jobs::{JobContext, Priority};
use crate::meter::album;
use crate::meter::services::Service;
use crate::meter::song_figures::MeasuredSong;
use crate::meter::spectrum::BandCurve;
use crate::model::{ChainRef, Session, SongId};

/// Rest after a change before anything is rendered, seconds.
const REST_S: f64 = 0.7;

/// Measurements kept: about 12 MB.
const MOST_KNOWN: usize = 256;

/// What a measurement brings back.
pub(crate) struct Scanned {
    signature: Signature,
    result: Result<MeasuredSong, ScanError>,
}

/// What a report brings back.
pub(crate) struct Reported {
    path: PathBuf,
    signatures: Vec<Option<Signature>>,
    result: Result<AlbumScan, ReportError>,
}

/// A song as it is wanted.
#[derive(Debug)]
struct Wanted {
    song: SongId,
    /// `None` where it has no length.
    signature: Option<Signature>,
    /// When it changed: a larger number is later.
    changed: u64,
}

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Failure {
    /// Stopped by hand: measured again after the next change of the session, whatever it is.
    ByHand,
    /// It cannot be measured as it is.
    Wrong(String),
}

impl Failure {
    fn in_words(&self) -> String {
        match self {
            Self::ByHand => "stopped by hand; measured again after the next change".to_owned(),
            Self::Wrong(why) => why.clone(),
        }
    }
}

/// A measurement, and whether it comes from a render of the whole album.
type Known = (Arc<MeasuredSong>, bool);

/// The table.
#[derive(Debug, Default)]
pub(super) struct AlbumTable {
    watched: bool,
    known: BTreeMap<Signature, Known>,
    /// Oldest first.
    order: VecDeque<Signature>,
    /// Of what is wanted now.
    failed: BTreeMap<Signature, Failure>,
    /// The session last looked at, and since when it has been the one.
    seen: Option<(Arc<Session>, f64)>,
    wanted: Vec<Wanted>,
    changes: u64,
    /// What is shown of each song.
    shown: BTreeMap<SongId, Known>,
    running: Option<(u64, Signature)>,
    pub(super) view: AlbumView,
}

impl AlbumTable {
    pub(super) fn new(services: Vec<Service>) -> Self {
        let mut table = Self::default();
        table.set_services(services);
        table
    }

    pub(super) fn set_services(&mut self, services: Vec<Service>) {
        self.view.services = Arc::new(services);
    }

    /// The average spectrum of a song's master, and whether it is that of now.
    pub(super) fn master_of(&self, song: SongId) -> Option<(Arc<BandCurve>, bool)> {
        let curve = self.shown.get(&song)?.0.curve.clone()?;
        let is_fresh = self.view.row(song).is_some_and(|row| row.state == RowState::Fresh);
        Some((curve, is_fresh))
    }

    /// Something is measured, or waits for it and can be.
    pub(super) fn is_waiting(&self, is_ready: impl Fn(SongId) -> bool) -> bool {
        self.watched
            && (self.running.is_some() || self.wanted.iter().any(|w| self.needs(w) && is_ready(w.song)))
    }

    fn needs(&self, wanted: &Wanted) -> bool {
        wanted.signature.is_some_and(|s| !self.known.contains_key(&s) && !self.failed.contains_key(&s))
    }

    fn learn(&mut self, signature: Signature, known: Known) {
        self.failed.remove(&signature);
        if self.known.insert(signature, known).is_none() {
            self.order.push_back(signature);
        }
        // What is wanted now always finds room.
        while self.order.len() > MOST_KNOWN.max(4 * self.wanted.len()) {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// The session is another one: what it wants now, and which songs of it changed.
    fn look_at(&mut self, session: &Arc<Session>, now_s: f64) {
        let before: BTreeMap<SongId, (Option<Signature>, u64)> =
            self.wanted.iter().map(|w| (w.song, (w.signature, w.changed))).collect();
        self.changes += 1;
        let songs = session.songs.iter().zip(signatures(session));
        self.wanted = songs
            .map(|(song, signature)| {
                let same = before.get(&song.id).filter(|(was, _)| *was == signature);
                Wanted { song: song.id, signature, changed: same.map_or(self.changes, |(_, at)| *at) }
            })
            .collect();
        self.shown.retain(|id, _| session.song(*id).is_some());
        let wanted: BTreeSet<Signature> = self.wanted.iter().filter_map(|w| w.signature).collect();
        self.failed.retain(|signature, why| *why != Failure::ByHand && wanted.contains(signature));
        self.seen = Some((Arc::clone(session), now_s));
        self.show();
    }

    /// Stops what is rendered for nothing; gives the job to cancel.
    fn superseded(&mut self) -> Option<u64> {
        let (job, signature) = self.running?;
        let wanted = self.watched && self.wanted.iter().any(|w| w.signature == Some(signature));
        if wanted {
            return None;
        }
        self.running = None;
        Some(job)
    }

    /// The song to render next: the one worked on, then the latest change, then the running order.
    fn next(
        &self,
        worked_on: Option<SongId>,
        is_ready: impl Fn(SongId) -> bool,
    ) -> Option<(usize, Signature)> {
        let rank = |(index, w): &(usize, &Wanted)| (Some(w.song) == worked_on, w.changed, usize::MAX - index);
        let open = self.wanted.iter().enumerate().filter(|(_, w)| self.needs(w) && is_ready(w.song));
        open.max_by_key(rank).and_then(|(index, w)| Some((index, w.signature?)))
    }

    /// The rows anew.
    fn show(&mut self) {
        for wanted in &self.wanted {
            if let Some(known) = wanted.signature.and_then(|s| self.known.get(&s)) {
                self.shown.insert(wanted.song, known.clone());
            }
        }
        let ceiling_dbtp = self.seen.as_ref().map_or(0.0, |(session, _)| album_ceiling_dbtp(session));
        let mut rows: Vec<AlbumRow> = self.wanted.iter().map(|w| self.row(w)).collect();
        let figures: Vec<_> = rows.iter().map(|r| r.figures.unwrap_or_default()).collect();
        for (row, standing) in rows.iter_mut().zip(album::standings(&figures, ceiling_dbtp)) {
            row.standing = standing;
        }
        let parts: Vec<_> = self.wanted.iter().filter_map(|w| self.shown.get(&w.song)).collect();
        let complete = !parts.is_empty() && parts.len() == self.wanted.len();
        let songs: Vec<_> = parts.iter().map(|(measured, _)| Arc::clone(measured)).collect();
        self.view.whole = complete.then(|| album::of_songs(&songs));
        self.view.fresh = complete && rows.iter().all(|r| r.state == RowState::Fresh);
        self.view.exact = self.view.fresh && parts.iter().all(|(_, exact)| *exact);
        self.view.watched = self.watched;
        self.view.rows = Arc::new(rows);
    }

    fn row(&self, wanted: &Wanted) -> AlbumRow {
        let shown = self.shown.get(&wanted.song);
        let is = |map_has: fn(&Self, &Signature) -> bool| wanted.signature.is_some_and(|s| map_has(self, &s));
        let why = wanted.signature.and_then(|s| self.failed.get(&s));
        let state = match (why, shown) {
            (Some(why), _) => RowState::Failed(why.in_words()),
            (None, _) if wanted.signature.is_none() => {
                RowState::Failed("the song has no length of its own".to_owned())
            }
            (None, Some(_)) if is(|table, s| table.known.contains_key(s)) => RowState::Fresh,
            (None, Some(_)) => RowState::Stale,
            (None, None) => RowState::Waiting,
        };
        AlbumRow {
            song: wanted.song,
            figures: shown.map(|(measured, _)| measured.figures),
            state,
            measuring: is(|table, s| table.running.is_some_and(|(_, running)| running == *s)),
            ..AlbumRow::default()
        }
    }
}

impl Core {
    /// Measures the songs in the background from now on, or no longer.
    pub(super) fn watch_album(&mut self, watched: bool) {
        self.album.watched = watched;
        self.album.seen = None;
        self.album.show();
    }

    /// Looks whether a song has to be measured again; call often.
    pub(super) fn scan_album(&mut self) {
        if let Some(job) = self.album.superseded() {
            self.jobs.cancel(job);
        }
        if !self.album.watched {
            return;
        }
        let session = Arc::clone(self.document.session());
        let since = match &self.album.seen {
            Some((seen, since)) if Arc::ptr_eq(seen, &session) => *since,
            _ => return self.album.look_at(&session, self.now_s),
        };
        let jobs = self.jobs.jobs();
        if let Some((job, signature)) = self.album.running
            && !self.jobs.holds(job)
        {
            // Stopped by hand before it began: not asked for again until something changes.
            self.album.running = None;
            self.album.failed.insert(signature, Failure::ByHand);
            self.album.show();
        }
        let is_asked = jobs.iter().any(|j| j.priority == Priority::Asked);
        if self.now_s - since >= REST_S
            && self.album.running.is_none()
            && !is_asked
            && !self.followers.is_waiting()
        {
            self.scan_next(session);
        }
    }

    fn scan_next(&mut self, session: Arc<Session>) {
        let worked_on = match self.selection.chain {
            ChainRef::Song(id) => Some(id),
            ChainRef::Album => self.selection.songs.first().copied(),
        };
        let Some((index, signature)) = self.album.next(worked_on, |song| self.is_ready(song)) else { return };
        let library = Arc::clone(self.sources.library());
        let title = session.songs.get(index).map(|s| s.metadata.full_title()).unwrap_or_default();
        let work = move |cx: &JobContext| {
            cx.set_detail(&title);
            let result = measure_song(&session, index, &library, cx);
            Done::Scanned(Box::new(Scanned { signature, result }))
        };
        let job = self.jobs.spawn("Measure song", Priority::Idle, work);
        self.album.running = Some((job, signature));
        self.album.show();
    }

    fn is_ready(&self, song: SongId) -> bool {
        self.sources.state(song) == SourceState::Ready
    }

    /// Something of the table is measured, or waits for it and can be.
    pub(super) fn album_is_waiting(&self) -> bool {
        self.album.is_waiting(|song| self.is_ready(song))
    }

    /// Takes up what was measured.
    pub(super) fn scanned(&mut self, done: Scanned) {
        let Scanned { signature, result } = done;
        let was_wanted = self.album.running.take_if(|(_, running)| *running == signature).is_some();
        match result {
            Ok(measured) => self.album.learn(signature, (Arc::new(measured), false)),
            // Stopped because something else is wanted, or by hand.
            Err(ScanError::Cancelled) if was_wanted => {
                self.album.failed.insert(signature, Failure::ByHand);
            }
            Err(ScanError::Cancelled) => {}
            Err(error) => {
                self.log.warn(format!("Album table: {error}"));
                self.album.failed.insert(signature, Failure::Wrong(error.to_string()));
            }
        }
        self.album.show();
    }

    /// Measures the album in one go and writes it down.
    pub(super) fn report_album(&mut self, path: PathBuf) {
        let session = Arc::clone(self.document.session());
        let library = Arc::clone(self.sources.library());
        let services = Arc::clone(&self.album.view.services);
        self.jobs.spawn("Album report", Priority::Asked, move |cx| {
            let threads = threads_for(&session, None);
            let result = write_report(&session, &services, &library, &path, threads, cx);
            Done::Reported(Box::new(Reported { signatures: signatures(&session), path, result }))
        });
    }

    /// The report is written; what it measured is exact and kept.
    pub(super) fn reported(&mut self, done: Reported) {
        match done.result {
            Ok(scan) => {
                self.log.info(format!(
                    "Album report: {}, measured in one render of the whole album",
                    done.path.display()
                ));
                let by_song = done.signatures.into_iter().flatten().zip(scan.songs);
                for (signature, (_, measured)) in by_song {
                    self.album.learn(signature, (measured, true));
                }
                self.album.show();
            }
            Err(ReportError::Scan(ScanError::Cancelled)) => {
                self.log.info("Album report: cancelled; nothing was written".to_owned());
            }
            Err(error) => self.log.error(format!("Album report: {error}")),
        }
    }

    /// Gives figures another chance that could not be measured: a source may be back.
    pub(super) fn forget_failed_scans(&mut self) {
        if !self.album.failed.is_empty() {
            self.album.failed.clear();
            self.album.show();
        }
    }
}

/// The services of the user's file over the built-in ones; what is wrong with the file comes with it.
pub(super) fn read_services(own: &Path) -> (Vec<Service>, Option<String>) {
    match crate::store::services::load(own, Service::fault) {
        Ok(services) => (services, None),
        Err(error) => (crate::store::services::built_in().unwrap_or_default(), Some(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Song, SourceRef};
    use crate::units::{Frames, SampleRate};

    fn song(id: u64) -> Arc<Song> {
        let source = SourceRef {
            path: format!("/{id}.wav"),
            hash: format!("{id}"),
            sample_rate_hz: 48_000,
            frames: 480_000,
            channels: 2,
            bits: 24,
            format: "WAV 24".to_owned(),
        };
        Arc::new(Song::new(SongId(id), source, SampleRate(48_000), Frames::ZERO))
    }

    /// Two songs; the first was stopped by hand, the second cannot be measured.
    #[test]
    fn what_was_stopped_by_hand_is_measured_after_any_change_and_no_failure_outlives_its_song() {
        let mut session = Session::new(SampleRate(48_000));
        session.songs = vec![song(1), song(2)];
        let mut table = AlbumTable { watched: true, ..AlbumTable::default() };
        table.look_at(&Arc::new(session.clone()), 0.0);
        let of = |table: &AlbumTable, index: usize| table.wanted[index].signature.unwrap();
        let (first, second) = (of(&table, 0), of(&table, 1));
        table.failed.insert(first, Failure::ByHand);
        table.failed.insert(second, Failure::Wrong("the file is gone".to_owned()));
        table.show();
        assert!(matches!(&table.view.rows[0].state, RowState::Failed(why) if why.contains("next change")));
        assert_eq!(table.next(None, |_| true), None);
        // Something that changes neither of them.
        session.metadata.title = "Another title".to_owned();
        table.look_at(&Arc::new(session.clone()), 1.0);
        assert_eq!(table.next(None, |_| true), Some((0, first)));
        assert_eq!(table.view.rows[1].state, RowState::Failed("the file is gone".to_owned()));
        session.songs.pop();
        table.look_at(&Arc::new(session), 2.0);
        assert!(table.failed.is_empty());
    }
}
