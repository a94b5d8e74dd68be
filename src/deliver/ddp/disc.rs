//! An audio CD in neutral terms: codes, texts, tracks and positions. Every CD product (DDP, cue sheet, PQ sheet) is
//! written from this and every reader gives this back.
//!
//! Positions are CD frames (1/75 s) counted from 00:00:00, the first sector of the image, as DDP counts them. Album
//! positions are rounded **down** to that grid, so that no onset lies before its mark. Red Book asks for at least two
//! seconds before the first track: where the album's first gap is shorter, the image starts with the missing silence
//! ([`Disc::silence_in_front`], whole CD frames), and everything moves by that much.

use crate::deliver::ddp::cdtext;
use crate::model::metadata::{check_isrc, ean13, normalised_code};
use crate::model::timeline::cd_frame_at;
use crate::model::{AlbumMetadata, Finding, PlacedSong, Session, Severity, Song, Timeline};
use crate::units::{CdFrames, Frames, SampleRate};

/// Earliest position of track 1's index 01: 00:02:00 (Red Book).
pub const FIRST_INDEX_MIN: CdFrames = CdFrames(150);
/// Shortest track: 4 s (Red Book).
pub const TRACK_MIN: CdFrames = CdFrames(300);
/// The last address that can be written: 99:59:74.
pub const ADDRESS_MAX: CdFrames = CdFrames(449_999);
/// Most tracks on a disc.
pub const TRACKS_MAX: usize = 99;
/// Longest master ID in DDPID, characters.
pub const MASTER_ID_MAX: usize = 48;

/// Program lengths at which a plant has something to say (ddp.md section 9), from most to least grave.
const PROGRAM_LIMITS: [(CdFrames, Severity, &str); 3] = [
    (CdFrames(359_849), Severity::Error, "longer than the 79:57:74 a disc can hold"),
    (CdFrames(351_000), Severity::Warning, "over 78:00: agree it with the plant first"),
    (CdFrames(333_000), Severity::Info, "over the nominal 74:00"),
];

/// The texts CD-Text carries for the disc and for each track (packs 0x80 to 0x85). Empty means none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    /// 0x80.
    pub title: String,
    /// 0x81.
    pub performer: String,
    /// 0x82.
    pub songwriter: String,
    /// 0x83.
    pub composer: String,
    /// 0x84.
    pub arranger: String,
    /// 0x85.
    pub message: String,
}

impl Texts {
    /// Names of the six texts, in pack order.
    pub const NAMES: [&str; 6] = ["title", "performer", "songwriter", "composer", "arranger", "message"];

    /// The texts in pack order 0x80 to 0x85.
    pub fn all(&self) -> [&str; 6] {
        [&self.title, &self.performer, &self.songwriter, &self.composer, &self.arranger, &self.message]
    }

    /// The same, to be changed.
    pub fn all_mut(&mut self) -> [&mut String; 6] {
        [
            &mut self.title,
            &mut self.performer,
            &mut self.songwriter,
            &mut self.composer,
            &mut self.arranger,
            &mut self.message,
        ]
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.all().iter().all(|t| t.is_empty())
    }
}

/// Control flags of a track in the Q channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// 50/15 µs pre-emphasis.
    pub pre_emphasis: bool,
    /// Digital copy permitted (DCP).
    pub copy: bool,
    /// Serial copy management, one generation; excludes `copy`.
    pub scms: bool,
    /// Four channels: in the standard, never used in practice and not offered.
    pub four_channel: bool,
    /// A data track (only read, from Enhanced CDs; never written).
    pub data: bool,
}

impl Flags {
    /// As a cue sheet's FLAGS words, separated by spaces; empty for a plain track.
    pub fn words(self) -> String {
        let words =
            [(self.copy, "DCP"), (self.four_channel, "4CH"), (self.pre_emphasis, "PRE"), (self.scms, "SCMS")];
        let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, w)| *w).collect();
        words.join(" ")
    }
}

/// One track.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Track {
    /// CD-Text.
    pub texts: Texts,
    /// Twelve characters without hyphens; empty if none.
    pub isrc: String,
    /// Control flags.
    pub flags: Flags,
    /// Index 00, the start of the pause before the track; `None` where it follows without one.
    pub pause: Option<CdFrames>,
    /// Index 01, 02 … in order; the first is the start of the track.
    pub indexes: Vec<CdFrames>,
}

impl Track {
    /// Index 01.
    pub fn start(&self) -> CdFrames {
        self.indexes.first().copied().unwrap_or_default()
    }

    /// The first position that belongs to the track: index 00 where there is one, else index 01.
    pub fn first(&self) -> CdFrames {
        self.pause.unwrap_or_else(|| self.start())
    }
}

/// An audio CD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disc {
    /// EAN-13 (a UPC with a leading zero); empty if none.
    pub upc: String,
    /// Catalogue or job number in DDPID; never reaches the disc.
    pub master_id: String,
    /// CD-Text of the disc.
    pub texts: Texts,
    /// CD-Text 0x86, disc identification; empty if none.
    pub disc_id: String,
    /// CD-Text 0x87: code of [`cdtext::GENRES`] and free text.
    pub genre: Option<(u16, String)>,
    /// Language of the CD-Text block (0x09 English).
    pub language: u8,
    /// In order, numbered from 1.
    pub tracks: Vec<Track>,
    /// Length of the image.
    pub lead_out: CdFrames,
    /// Silence the image has before album time zero.
    pub silence_in_front: CdFrames,
}

impl Default for Disc {
    fn default() -> Self {
        Self {
            upc: String::new(),
            master_id: String::new(),
            texts: Texts::default(),
            disc_id: String::new(),
            genre: None,
            language: cdtext::ENGLISH,
            tracks: Vec::new(),
            lead_out: CdFrames(0),
            silence_in_front: CdFrames(0),
        }
    }
}

/// What the engineer decides about a disc made from a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscOptions {
    /// Whether the disc carries CD-Text; off, texts are not held to its characters.
    pub cd_text: bool,
    /// Replace letters ISO 8859-1 lacks by the nearest plain ones (Ночь → Noch') instead of refusing them.
    pub transliterate: bool,
}

impl Default for DiscOptions {
    fn default() -> Self {
        Self { cd_text: true, transliterate: false }
    }
}

impl Disc {
    /// The disc a session becomes, with what stands against it. Findings of severity error must be mended first.
    pub fn from_session(session: &Session, timeline: &Timeline) -> (Self, Vec<Finding>) {
        Self::from_session_with(session, timeline, DiscOptions::default())
    }

    /// [`Disc::from_session`] with the engineer's decisions.
    pub fn from_session_with(
        session: &Session,
        timeline: &Timeline,
        options: DiscOptions,
    ) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let rate = session.sample_rate_hz;
        let silence = front_silence(timeline, rate);
        if silence.0 > 0 {
            let text = format!(
                "the image starts with {silence} of added silence, so that track 1 starts at 00:02:00"
            );
            findings.push(Finding::new("cd_lead_in_silence", Severity::Info, text));
        }
        let mut disc = Self { silence_in_front: silence, ..Self::default() };
        disc.lead_out = after(timeline.end.ceil_to(rate.frames_per_cd_frame()), rate, silence);
        disc.tracks = place_tracks(session, timeline, silence, &mut findings);
        disc.take_album_metadata(&session.metadata, options, &mut findings);
        for (number, (track, song)) in disc.tracks.iter_mut().zip(&session.songs).enumerate() {
            track.take_metadata(number + 1, song, &session.metadata, options, &mut findings);
        }
        findings.extend(disc.check());
        if options.cd_text {
            findings.extend(cdtext::check(&disc));
        }
        (disc, findings)
    }

    /// The track number of the last track.
    pub fn last_track(&self) -> u8 {
        u8::try_from(self.tracks.len()).unwrap_or(u8::MAX)
    }

    /// Where track `index` (from 0) stops being heard: the next track's index 01, or the lead-out.
    pub fn end_of(&self, index: usize) -> CdFrames {
        self.tracks.get(index + 1).map_or(self.lead_out, Track::start)
    }

    /// Length of track `index` (from 0) from its index 01 to the next index 01 or the lead-out.
    pub fn length_of(&self, index: usize) -> CdFrames {
        let start = self.tracks.get(index).map_or(CdFrames(0), Track::start);
        CdFrames(self.end_of(index).0.saturating_sub(start.0))
    }

    /// Whether the disc carries any CD-Text.
    pub fn has_text(&self) -> bool {
        !self.texts.is_empty()
            || !self.disc_id.is_empty()
            || self.genre.is_some()
            || self.tracks.iter().any(|t| !t.texts.is_empty())
    }

    /// The limits of Red Book and of the plants (ddp.md section 9) that positions and codes can break.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check_tracks(&mut findings);
        self.check_length(&mut findings);
        self.check_codes(&mut findings);
        findings
    }

    fn take_album_metadata(
        &mut self,
        album: &AlbumMetadata,
        options: DiscOptions,
        findings: &mut Vec<Finding>,
    ) {
        if !album.upc.trim().is_empty() {
            match ean13(&normalised_code(&album.upc)) {
                Ok(upc) => self.upc = upc,
                Err(why) => findings.push(error("cd_upc", format!("UPC/EAN {}: {why}", album.upc))),
            }
        }
        self.master_id = cdtext::prepared(&album.catalog, true);
        if !options.cd_text {
            return;
        }
        self.disc_id.clone_from(&self.master_id);
        self.genre = cdtext::genre_code(&album.genre).map(|code| (code, album.genre.trim().to_owned()));
        let given = [
            &album.title,
            &album.artist,
            &album.songwriter,
            &album.composer,
            &album.arranger,
            &album.message,
        ];
        take_texts(&mut self.texts, given.map(String::as_str), "the album", options, findings);
    }

    fn check_tracks(&self, findings: &mut Vec<Finding>) {
        if self.tracks.is_empty() || self.tracks.len() > TRACKS_MAX {
            let text = format!("a disc has 1 to 99 tracks, this has {}", self.tracks.len());
            findings.push(error("cd_tracks", text).measured(self.tracks.len() as f64, 99.0, "tracks"));
        }
        let mut last = None;
        for (i, track) in self.tracks.iter().enumerate() {
            check_indexes(i + 1, track, last, findings);
            last = Some(track.indexes.last().copied().unwrap_or_default());
            self.check_track_length(i, findings);
            if track.flags.copy && track.flags.scms {
                findings.push(error("cd_flags", format!("track {}: DCP and SCMS exclude each other", i + 1)));
            }
        }
        if let Some(first) = self.tracks.first() {
            check_pregap(first, findings);
        }
    }

    fn check_track_length(&self, index: usize, findings: &mut Vec<Finding>) {
        let Some(track) = self.tracks.get(index) else { return };
        let number = index + 1;
        let length = self.length_of(index);
        let to_pause = self.tracks.get(index + 1).map_or(self.lead_out, Track::first);
        let heard = CdFrames(to_pause.0.saturating_sub(track.start().0));
        let at = |f: Finding, l: CdFrames| {
            f.measured(seconds(l), 4.0, "s").at(seconds(track.start()), seconds(self.end_of(index)))
        };
        if length < TRACK_MIN {
            let text = format!("track {number} lasts {length}: a track is at least 4 s long");
            findings.push(at(error("cd_track_short", text), length));
        } else if heard < TRACK_MIN {
            let text = format!(
                "track {number} without the pause after it lasts {heard}, under 4 s: some plants refuse it"
            );
            findings.push(at(warning("cd_track_short", text), heard));
        }
    }

    fn check_length(&self, findings: &mut Vec<Finding>) {
        if self.lead_out > ADDRESS_MAX {
            let text = format!("the disc ends at {}, past the last address 99:59:74", self.lead_out);
            findings.push(error("cd_program_length", text));
            return;
        }
        let limit = PROGRAM_LIMITS.iter().find(|(limit, ..)| self.lead_out > *limit);
        if let Some(&(limit, severity, why)) = limit {
            let text = format!("the disc lasts {}, {why}", self.lead_out);
            let finding = Finding::new("cd_program_length", severity, text);
            findings.push(finding.measured(seconds(self.lead_out), seconds(limit), "s"));
        }
    }

    fn check_codes(&self, findings: &mut Vec<Finding>) {
        if !self.upc.is_empty()
            && let Err(why) = ean13(&self.upc)
        {
            findings.push(error("cd_upc", format!("UPC/EAN {}: {why}", self.upc)));
        }
        if self.master_id.chars().count() > MASTER_ID_MAX {
            let text =
                format!("the master ID has {} characters, DDP holds 48", self.master_id.chars().count());
            findings.push(error("cd_master_id", text));
        }
        if let Some(c) = self.master_id.chars().find(|c| !matches!(c, ' '..='~')) {
            findings
                .push(error("cd_master_id", format!("the master ID holds “{c}”, which is not plain ASCII")));
        }
        for (i, track) in self.tracks.iter().enumerate().filter(|(_, t)| !t.isrc.is_empty()) {
            check_track_isrc(i + 1, &track.isrc, findings);
            if let Some(other) = self.tracks[..i].iter().position(|t| t.isrc == track.isrc) {
                let text = format!("tracks {} and {} carry the same ISRC {}", other + 1, i + 1, track.isrc);
                findings.push(warning("cd_isrc_duplicate", text));
            }
        }
    }
}

impl Track {
    fn take_metadata(
        &mut self,
        number: usize,
        song: &Song,
        album: &AlbumMetadata,
        options: DiscOptions,
        findings: &mut Vec<Finding>,
    ) {
        let given = &song.metadata;
        self.flags =
            Flags { pre_emphasis: given.pre_emphasis, copy: given.copy_permitted, ..Flags::default() };
        if !given.isrc.trim().is_empty() {
            let isrc = normalised_code(&given.isrc);
            match check_isrc(&isrc) {
                Ok(()) => self.isrc = isrc,
                Err(why) => {
                    findings.push(error("cd_isrc", format!("track {number}: ISRC {}: {why}", given.isrc)));
                }
            }
        }
        if options.cd_text {
            let title = given.full_title();
            let performer = given.artist_or(album);
            let given =
                [&title, performer, &given.songwriter, &given.composer, &given.arranger, &given.message];
            take_texts(&mut self.texts, given, &format!("track {number}"), options, findings);
        }
    }
}

/// Silence needed in front of the album so that its first song starts at 00:02:00 or later.
fn front_silence(timeline: &Timeline, rate: SampleRate) -> CdFrames {
    let start = cd_frame_at(timeline.program_start(), rate);
    CdFrames(FIRST_INDEX_MIN.0.saturating_sub(start.0))
}

/// An album position on the disc, rounded down.
fn after(pos_album: Frames, rate: SampleRate, silence: CdFrames) -> CdFrames {
    CdFrames(cd_frame_at(pos_album, rate).0.saturating_add(silence.0))
}

fn place_tracks(
    session: &Session,
    timeline: &Timeline,
    silence: CdFrames,
    findings: &mut Vec<Finding>,
) -> Vec<Track> {
    let rate = session.sample_rate_hz;
    let mut tracks: Vec<Track> = Vec::with_capacity(timeline.songs.len());
    let mut heard_to = Frames::ZERO;
    for (i, placed) in timeline.songs.iter().enumerate() {
        let start = after(placed.start, rate, silence);
        let pause = if i == 0 { CdFrames(0) } else { after(heard_to, rate, silence) };
        tracks.push(Track {
            pause: (pause < start).then_some(pause),
            indexes: vec![start],
            ..Track::default()
        });
        heard_to = heard_to.max(placed.end);
    }
    let end = after(timeline.end, rate, silence);
    for (i, placed) in timeline.songs.iter().enumerate() {
        let next = tracks.get(i + 1).map_or(end, Track::first);
        if let Some(song) = session.song(placed.id) {
            add_marks(&mut tracks[i], i + 1, song, placed, next, (rate, silence), findings);
        }
    }
    tracks
}

/// Index 02 and on; a mark that falls on the one before it or outside the track is left out, with a finding.
fn add_marks(
    track: &mut Track,
    number: usize,
    song: &Song,
    placed: &PlacedSong,
    next: CdFrames,
    (rate, silence): (SampleRate, CdFrames),
    findings: &mut Vec<Finding>,
) {
    for mark in &song.indexes {
        let at = after(placed.start + *mark, rate, silence);
        let last = track.indexes.last().copied().unwrap_or_default();
        if at <= last || at >= next || mark.0 < 0 || track.indexes.len() >= 99 {
            let text =
                format!("track {number}: the index mark at {at} has no room of its own and was left out");
            findings.push(warning("cd_index", text).at(seconds(at), seconds(at)));
        } else {
            track.indexes.push(at);
        }
    }
}

fn take_texts(
    to: &mut Texts,
    given: [&str; 6],
    whose: &str,
    options: DiscOptions,
    findings: &mut Vec<Finding>,
) {
    for ((slot, text), name) in to.all_mut().into_iter().zip(given).zip(Texts::NAMES) {
        *slot = cdtext::prepared(text, options.transliterate);
        if options.transliterate && *slot != cdtext::prepared(text, false) {
            let text = format!("the {name} of {whose}, “{text}”, is written “{slot}” in CD-Text");
            findings.push(Finding::new("cd_text_transliterated", Severity::Info, text));
        }
    }
}

fn check_indexes(number: usize, track: &Track, last: Option<CdFrames>, findings: &mut Vec<Finding>) {
    let all: Vec<CdFrames> = track.pause.into_iter().chain(track.indexes.iter().copied()).collect();
    if track.indexes.is_empty() {
        findings.push(error("cd_index", format!("track {number} has no index 01")));
    }
    if track.indexes.len() > 99 {
        findings.push(error("cd_index", format!("track {number} has more than 99 indexes")));
    }
    if all.windows(2).any(|w| w[1] <= w[0]) {
        let text = format!("track {number}: each index lies at least one CD frame after the one before it");
        findings.push(error("cd_index", text).at(seconds(track.first()), seconds(track.start())));
    }
    if let Some(last) = last
        && track.first() <= last
    {
        let text = format!(
            "track {number} begins at {}, not after the last index of the track before ({last})",
            track.first()
        );
        findings.push(error("cd_index", text).at(seconds(track.first()), seconds(track.first())));
    }
}

fn check_pregap(first: &Track, findings: &mut Vec<Finding>) {
    let start = first.start();
    if first.pause != Some(CdFrames(0)) {
        findings.push(error("cd_pregap", "track 1 has its index 00 at 00:00:00"));
    }
    if start < FIRST_INDEX_MIN {
        let text = format!("track 1 starts at {start}; 00:02:00 is the earliest");
        findings.push(error("cd_pregap", text).measured(seconds(start), 2.0, "s"));
    } else if start.0 > 225 {
        let text = format!("track 1 starts at {start}: some CD recorders refuse a first pause over 3 s");
        findings.push(Finding::new("cd_pregap", Severity::Info, text).measured(seconds(start), 3.0, "s"));
    }
}

fn check_track_isrc(number: usize, isrc: &str, findings: &mut Vec<Finding>) {
    let Err(why) = check_isrc(isrc) else { return };
    let bytes = isrc.as_bytes();
    // The Q channel codes the first five as letters or digits, so a digit there is odd but can be pressed.
    let codable = bytes.len() == 12
        && bytes[..5].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && bytes[5..].iter().all(u8::is_ascii_digit);
    let severity = if codable { Severity::Warning } else { Severity::Error };
    findings.push(Finding::new("cd_isrc", severity, format!("track {number}: ISRC {isrc}: {why}")));
}

/// Seconds of a CD position.
pub(crate) fn seconds(frames: CdFrames) -> f64 {
    f64::from(frames.0) / 75.0
}

pub(crate) fn error(rule: &str, text: impl Into<String>) -> Finding {
    Finding::new(rule, Severity::Error, text)
}

pub(crate) fn warning(rule: &str, text: impl Into<String>) -> Finding {
    Finding::new(rule, Severity::Warning, text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{SongId, SourceRef};

    fn session(rate: SampleRate, songs: &[(i64, i64)]) -> Session {
        let mut session = Session::new(rate);
        // Positions off the grid, as a session has them that does not keep to it.
        session.snap_to_cd_frames = false;
        session.metadata.title = "Album".to_owned();
        for (i, &(length, gap)) in songs.iter().enumerate() {
            let source = SourceRef { sample_rate_hz: rate.0, frames: length as u64, ..SourceRef::default() };
            let mut song = Song::new(SongId(i as u64 + 1), source, rate, Frames(gap));
            song.metadata.title = format!("Song {}", i + 1);
            session.songs.push(Arc::new(song));
        }
        session
    }

    fn disc(session: &Session) -> (Disc, Vec<Finding>) {
        Disc::from_session(session, &Timeline::of(session))
    }

    fn rules(findings: &[Finding], severity: Severity) -> Vec<&str> {
        findings.iter().filter(|f| f.severity == severity).map(|f| f.rule.as_str()).collect()
    }

    #[test]
    fn positions_floor_to_the_grid_at_every_rate_and_the_missing_silence_comes_first() {
        for hz in crate::units::SESSION_RATES_HZ {
            let rate = SampleRate(hz);
            let grid = rate.frames_per_cd_frame();
            // 10 s and 5 frames, no first gap; a pause of 2 s; a segue; an overlap.
            let songs = [(750 * grid + 5, 0), (750 * grid, 150 * grid), (750 * grid, 0), (750 * grid, -100)];
            let (disc, findings) = disc(&session(rate, &songs));
            assert_eq!(disc.silence_in_front, CdFrames(150));
            let starts: Vec<u32> = disc.tracks.iter().map(|t| t.start().0).collect();
            assert_eq!(starts, [150, 1050, 1800, 2549], "{hz}");
            let pauses: Vec<Option<u32>> = disc.tracks.iter().map(|t| t.pause.map(|p| p.0)).collect();
            assert_eq!(pauses, [Some(0), Some(900), None, None], "{hz}");
            // 3299 frames and −95 of the 5 + ... : the last started sector counts whole.
            assert_eq!(disc.lead_out, CdFrames(3300), "{hz}");
            assert!(rules(&findings, Severity::Error).is_empty(), "{findings:?}");
        }
    }

    #[test]
    fn a_long_first_gap_is_kept_as_it_is() {
        let (disc, _) = disc(&session(SampleRate::CD, &[(588 * 400, 588 * 160 + 587)]));
        assert_eq!(disc.silence_in_front, CdFrames(0));
        assert_eq!(disc.tracks[0].start(), CdFrames(160));
        assert_eq!(disc.tracks[0].pause, Some(CdFrames(0)));
        assert_eq!(disc.lead_out, CdFrames(561));
    }

    #[test]
    fn limits_are_findings() {
        let (_, f) = disc(&session(SampleRate::CD, &[(588 * 299, 588 * 150)]));
        assert_eq!(rules(&f, Severity::Error), ["cd_track_short"]);
        let (_, f) = disc(&session(SampleRate::CD, &[(588 * 299, 588 * 150), (588 * 300, 588)]));
        assert_eq!(rules(&f, Severity::Warning), ["cd_track_short"]);
        let (_, f) = disc(&session(SampleRate::CD, &[(588 * 359_849, 0)]));
        assert_eq!(rules(&f, Severity::Error), ["cd_program_length"]);
        let (_, f) = disc(&session(SampleRate::CD, &[(588 * 340_000, 0)]));
        assert!(rules(&f, Severity::Info).contains(&"cd_program_length"));
        let (_, f) = disc(&session(SampleRate::CD, &[]));
        assert!(rules(&f, Severity::Error).contains(&"cd_tracks"));
        let (_, f) = disc(&session(SampleRate::CD, &[(588 * 300, 0); 100]));
        assert!(rules(&f, Severity::Error).contains(&"cd_tracks"));
    }

    #[test]
    fn marks_become_indexes_or_findings() {
        let mut s = session(SampleRate::CD, &[(588 * 400, 0)]);
        Arc::make_mut(&mut s.songs[0]).indexes =
            vec![Frames(588 * 100 + 3), Frames(588 * 100 + 9), Frames(588 * 401)];
        let (disc, f) = disc(&s);
        assert_eq!(disc.tracks[0].indexes, [CdFrames(150), CdFrames(250)]);
        assert_eq!(rules(&f, Severity::Warning), ["cd_index", "cd_index"]);
    }

    #[test]
    fn codes_and_characters_are_checked_and_named() {
        let mut s = session(SampleRate::CD, &[(588 * 400, 0), (588 * 400, 0)]);
        s.metadata.upc = "036000291452".to_owned();
        s.metadata.artist = "“Köner”".to_owned();
        Arc::make_mut(&mut s.songs[0]).metadata.isrc = "us-abc-11-11111".to_owned();
        Arc::make_mut(&mut s.songs[1]).metadata.isrc = "USABC1111111".to_owned();
        Arc::make_mut(&mut s.songs[1]).metadata.title = "Ночь".to_owned();
        let timeline = Timeline::of(&s);
        let (disc, f) = Disc::from_session(&s, &timeline);
        assert_eq!(disc.upc, "0036000291452");
        assert_eq!(disc.tracks[0].isrc, "USABC1111111");
        assert_eq!(disc.tracks[0].texts.performer, "\"Köner\"");
        assert!(rules(&f, Severity::Warning).contains(&"cd_isrc_duplicate"));
        assert!(f.iter().any(|f| f.rule == "cd_text_character" && f.text.contains('Н')), "{f:?}");
        let options = DiscOptions { transliterate: true, ..DiscOptions::default() };
        let (disc, f) = Disc::from_session_with(&s, &timeline, options);
        assert_eq!(disc.tracks[1].texts.title, "Noch'");
        assert!(rules(&f, Severity::Error).is_empty());
        s.metadata.upc = "4006381333932".to_owned();
        let (disc, f) = Disc::from_session_with(&s, &timeline, options);
        assert_eq!((disc.upc.as_str(), rules(&f, Severity::Error)), ("", vec!["cd_upc"]));
    }
}
