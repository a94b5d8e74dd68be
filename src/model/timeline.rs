//! Where every song lies on the album: a pure function of the session.
//!
//! Album time zero is the start of the disc image, 00:00:00 on a CD; the first song's gap is the pause before it. A
//! song starts its `gap` after the end of the song before; a negative gap is an overlap, over which the two cross.
//!
//! Where the session keeps to CD frames, a start is rounded to the nearest of them (at most 6.7 ms away) here and not in
//! the stored gap, so that no number of edits lets gaps drift. A gap of exactly 0 is a splice and is never rounded: the
//! sound goes on without a seam, and the CD mark falls into the frame that holds it.

use super::{FadeShape, Session, SongId};
use crate::units::{CdFrames, Frames, SampleRate};

/// One song in album time, frames at the session rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedSong {
    /// Which.
    pub id: SongId,
    /// First frame heard.
    pub start: Frames,
    /// First frame after it.
    pub end: Frames,
    /// Frame of the (converted) source that sounds at `start`.
    pub source_start: Frames,
    /// Length of the fade at the head: its own or the crossfade, whichever is longer.
    pub fade_in: Frames,
    /// Its curve.
    pub fade_in_shape: FadeShape,
    /// Length of the fade at the tail: its own or the crossfade, whichever is longer.
    pub fade_out: Frames,
    /// Its curve.
    pub fade_out_shape: FadeShape,
}

impl PlacedSong {
    /// Heard length.
    pub fn length(&self) -> Frames {
        self.end - self.start
    }

    /// Gain of the fades at an album frame: 1 between them, exactly 0 at the ends of a fade; before the start 0, after
    /// the end 0 where there is a fade-out and 1 where the chain may ring on.
    pub fn fade_gain_at(&self, pos_album: Frames) -> f64 {
        if pos_album < self.start {
            return 0.0;
        }
        let mut gain = 1.0;
        if self.fade_in > Frames::ZERO && pos_album < self.start + self.fade_in {
            gain *= self.fade_in_shape.gain_at((pos_album - self.start).0 as f64 / self.fade_in.0 as f64);
        }
        if self.fade_out > Frames::ZERO && pos_album >= self.end - self.fade_out {
            // The last frame of the song is the exact zero.
            let left = (self.end - pos_album).0 - 1;
            gain *= self.fade_out_shape.gain_at(left as f64 / self.fade_out.0 as f64);
        }
        gain
    }
}

/// The album in time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// In running order.
    pub songs: Vec<PlacedSong>,
    /// End of the last-ending song.
    pub end: Frames,
}

impl Timeline {
    /// Lays the songs of a session out.
    pub fn of(session: &Session) -> Self {
        let mut songs: Vec<PlacedSong> = Vec::with_capacity(session.songs.len());
        let mut cursor = Frames::ZERO;
        let cd_frame = session.sample_rate_hz.frames_per_cd_frame();
        for (i, song) in session.songs.iter().enumerate() {
            let mut start = (cursor + song.gap).max(Frames::ZERO);
            if session.snap_to_cd_frames && song.gap != Frames::ZERO {
                start = start.round_to(cd_frame);
            }
            if let Some(previous) = songs.last() {
                // However long the overlap, the running order holds.
                start = start.max(previous.start);
            }
            let end = start + song.length();
            let overlap =
                songs.last().map_or(Frames::ZERO, |p| (p.end - start).max(Frames::ZERO).min(song.length()));
            if overlap > Frames::ZERO && i > 0 {
                let previous = &mut songs[i - 1];
                let reach = previous.end - start;
                if reach > previous.fade_out {
                    (previous.fade_out, previous.fade_out_shape) = (reach, song.cross_shape);
                }
            }
            let (fade_in, fade_in_shape) = if overlap > song.fade_in.frames {
                (overlap, song.cross_shape)
            } else {
                (song.fade_in.frames, song.fade_in.shape)
            };
            songs.push(PlacedSong {
                id: song.id,
                start,
                end,
                source_start: song.trim_start,
                fade_in,
                fade_in_shape,
                fade_out: song.fade_out.frames,
                fade_out_shape: song.fade_out.shape,
            });
            cursor = end;
        }
        let end = songs.iter().map(|s| s.end).max().unwrap_or(Frames::ZERO);
        Self { songs, end }
    }

    /// The song of this id.
    pub fn song(&self, id: SongId) -> Option<&PlacedSong> {
        self.songs.iter().find(|s| s.id == id)
    }

    /// The song sounding at an album frame; of two that cross, the later. In a gap, the one before it.
    pub fn song_at(&self, pos_album: Frames) -> Option<&PlacedSong> {
        self.songs.iter().rev().find(|s| s.start <= pos_album).or_else(|| self.songs.first())
    }

    /// Start of the first song: where a file of the album begins.
    pub fn program_start(&self) -> Frames {
        self.songs.first().map_or(Frames::ZERO, |s| s.start)
    }

    /// The slice of the album that is song `index` as a file: from its start to the next start; the pause belongs to
    /// the song before it (workflow.md 4.1). The last goes to the end of the album.
    pub fn file_range(&self, index: usize) -> Option<(Frames, Frames)> {
        let song = self.songs.get(index)?;
        let end = self.songs.get(index + 1).map_or(self.end, |next| next.start);
        Some((song.start, end))
    }
}

/// The CD frame an album position falls in, rounded down so that no onset lies before its mark.
pub fn cd_frame_at(pos_album: Frames, rate: SampleRate) -> CdFrames {
    CdFrames(u32::try_from(pos_album.0.max(0) / rate.frames_per_cd_frame()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Song, SourceRef};

    fn session(songs: &[(i64, i64)]) -> Session {
        let mut session = Session::new(SampleRate::CD);
        session.snap_to_cd_frames = false;
        for (i, (length, gap)) in songs.iter().enumerate() {
            let source = SourceRef { sample_rate_hz: 44_100, frames: *length as u64, ..SourceRef::default() };
            session.songs.push(Arc::new(Song::new(
                SongId(i as u64 + 1),
                source,
                SampleRate::CD,
                Frames(*gap),
            )));
        }
        session
    }

    #[test]
    fn songs_follow_each_other_with_their_gaps() {
        let t = Timeline::of(&session(&[(1000, 88_200), (500, 200), (300, 0)]));
        assert_eq!(t.songs[0].start, Frames(88_200));
        assert_eq!(t.songs[1].start, Frames(89_400));
        assert_eq!(t.songs[2].start, Frames(89_900));
        assert_eq!(t.end, Frames(90_200));
        assert_eq!(t.file_range(0), Some((Frames(88_200), Frames(89_400))));
        assert_eq!(t.file_range(2), Some((Frames(89_900), Frames(90_200))));
    }

    #[test]
    fn an_overlap_crossfades_with_constant_power() {
        let t = Timeline::of(&session(&[(1000, 0), (1000, -400)]));
        let (a, b) = (&t.songs[0], &t.songs[1]);
        assert_eq!(b.start, Frames(600));
        for pos in 600..1000 {
            let (ga, gb) = (a.fade_gain_at(Frames(pos)), b.fade_gain_at(Frames(pos)));
            // One frame of difference between "first zero" and "last zero" of the two ramps.
            assert!((ga * ga + gb * gb - 1.0).abs() < 0.01, "{pos}: {ga} {gb}");
        }
        assert_eq!(a.fade_gain_at(Frames(999)), 0.0);
        assert_eq!(b.fade_gain_at(Frames(600)), 0.0);
    }

    #[test]
    fn starts_keep_to_cd_frames_but_a_splice_has_no_seam() {
        let mut session = session(&[(10_000, 88_200), (10_001, 300), (5000, 0)]);
        session.snap_to_cd_frames = true;
        let t = Timeline::of(&session);
        assert_eq!(t.songs[0].start, Frames(88_200));
        assert_eq!(t.songs[1].start, Frames(98_500).round_to(588));
        assert_eq!(t.songs[2].start, t.songs[1].end);
    }

    #[test]
    fn an_absurd_overlap_keeps_the_running_order() {
        let t = Timeline::of(&session(&[(1000, 0), (100, -5000), (100, 0)]));
        assert!(t.songs[1].start >= t.songs[0].start);
        assert_eq!(t.end, Frames(1000));
    }
}
