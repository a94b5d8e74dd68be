//! The renderer offline: places, sums, fades, delays, seeks, threads, parameter changes, edits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at what it did not expect, and compares exact values"
)]

mod render_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use glassmaster::audio::fpu::FpuGuard;
use glassmaster::media::{FrameSource, OpenSource, ReadOutcome, SourceError, SourceKey};
use glassmaster::model::{Chain, Fade, FadeShape, Timeline};
use glassmaster::render::{PlanChange, RangeOptions, TapHash, diff, map_position, render_range};
use glassmaster::units::{Frames, gain_from_db};
use render_support::{Album, Memory, busy_album, noise, pull};

fn hash(left: &[f64], right: &[f64]) -> String {
    let mut hash = TapHash::new();
    hash.update(left, right);
    hash.hex()
}

#[test]
fn a_plain_song_reaches_the_tap_untouched_at_its_place() {
    let mut album = Album::new();
    let audio = noise(10_007, 9, 0.9);
    let song = album.add(audio.clone(), 1_003);
    (song.trim_start, song.trim_end) = (Frames(100), Frames(9_100));
    let (left, right, summary) = album.render((0, 12_000), 1);
    assert!(left[..1_003].iter().chain(&left[10_003..]).all(|&x| x == 0.0));
    assert_eq!(left[1_003..10_003], audio.0[100..9_100]);
    assert_eq!(right[1_003..10_003], audio.1[100..9_100]);
    assert_eq!(summary.tap_hash, hash(&left, &right));
    assert!(summary.notes.is_empty() && summary.failed.is_empty());
}

#[test]
fn crossing_songs_are_summed_with_gains_and_fades_as_the_formula_says() {
    let mut album = Album::new();
    let (one, two) = (noise(9_001, 4, 0.5), noise(8_003, 5, 0.5));
    let song = album.add(one.clone(), 500);
    song.gain_db = 2.0;
    song.level_db = -3.0;
    song.fade_in = Fade { frames: Frames(701), shape: FadeShape::Linear };
    album.add(two.clone(), -2_001).fade_out = Fade { frames: Frames(333), shape: FadeShape::Logarithmic };
    let (left, _, _) = album.render((0, 16_000), 1);
    let timeline = Timeline::of(&album.session);
    let places = [
        (&one, timeline.songs[0], gain_from_db(2.0), gain_from_db(-3.0)),
        (&two, timeline.songs[1], 1.0, 1.0),
    ];
    for (pos, &x) in (0i64..).zip(&left) {
        let want: f64 = places
            .iter()
            .map(|(audio, placed, gain, level)| {
                let i = pos - placed.start.0;
                let sample = usize::try_from(i).ok().and_then(|i| audio.0.get(i)).copied().unwrap_or(0.0);
                sample * gain * placed.fade_gain_at(Frames(pos)) * level
            })
            .sum();
        assert!((x - want).abs() < 1e-15, "frame {pos}: {x}, not {want}");
    }
}

#[test]
fn delays_of_song_and_album_chains_are_made_good_to_the_frame() {
    let mut album = Album::new();
    let slots = vec![album.slot("limiter", &[]), album.slot("limiter", &[])];
    let slot = album.slot("limiter", &[]);
    let mut click = vec![0.0; 5_000];
    click[0] = 0.1;
    click[3_210] = 0.2;
    album.add(Arc::new((click.clone(), click)), 0).chain = Arc::new(Chain { slots, ..Chain::default() });
    album.session.album_chain = Arc::new(Chain { slots: vec![slot], ..Chain::default() });
    assert_ne!(album.plan().album_latency.0 % 64, 0, "a delay off the grid is what this test is about");
    let (left, ..) = album.render((0, 5_000), 1);
    let loudest = |range: std::ops::Range<usize>| {
        range.max_by(|&a, &b| left[a].abs().total_cmp(&left[b].abs())).unwrap()
    };
    assert_eq!(loudest(0..2_000), 0);
    assert_eq!(loudest(2_000..5_000), 3_210);
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let album = busy_album();
    let end = album.plan().end().0;
    let (left, right, one) = album.render((0, end), 1);
    assert!(left.iter().any(|x| x.abs() > 0.1));
    for threads in [2, 3, 8] {
        let (_, _, many) = album.render((0, end), threads);
        assert_eq!(many.tap_hash, one.tap_hash, "{threads} threads");
    }
    // A range is a slice of the whole pass.
    let (from, to) = (33_333, 50_001);
    let (_, _, part) = album.render((from, to), 2);
    let (from, to) = (from as usize, to as usize);
    assert_eq!(part.tap_hash, hash(&left[from..to], &right[from..to]));
}

#[test]
fn more_crossing_songs_than_workers_come_to_an_end() {
    let mut album = Album::new();
    for seed in 0..6 {
        album.add(noise(20_000, seed, 0.1), -19_000);
    }
    let end = album.plan().end().0;
    assert_eq!(album.render((0, end), 2).2.tap_hash, album.render((0, end), 1).2.tap_hash);
}

/// Memory that notes how far it was read and how many sources were opened.
struct Watched(Memory, Arc<Seen>);

#[derive(Default)]
struct Seen {
    read_to: AtomicI64,
    opened: AtomicI64,
}

struct WatchedSource(Box<dyn FrameSource>, Arc<Seen>);

impl FrameSource for WatchedSource {
    fn read(&mut self, pos: Frames, left: &mut [f64], right: &mut [f64]) -> ReadOutcome {
        self.1.read_to.fetch_max(pos.0, Ordering::SeqCst);
        self.0.read(pos, left, right)
    }

    fn length(&self) -> Frames {
        self.0.length()
    }
}

impl OpenSource for Watched {
    fn open(&self, source: &SourceKey, from: Frames) -> Result<Box<dyn FrameSource>, SourceError> {
        self.1.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(WatchedSource(self.0.open(source, from)?, Arc::clone(&self.1))))
    }
}

/// Runs the pass and hands every block's place and what was seen of the sources to `look`.
fn watch(album: &Album, threads: usize, mut look: impl FnMut(i64, &Seen)) {
    let seen = Arc::new(Seen::default());
    let opener = Watched(album.memory.clone(), Arc::clone(&seen));
    let mut sink = |pos: Frames, _: &[f64], _: &[f64]| -> Result<(), std::convert::Infallible> {
        look(pos.0, &seen);
        Ok(())
    };
    let options = RangeOptions { threads, ..RangeOptions::default() };
    render_range(&album.plan(), &opener, (Frames(0), album.plan().end()), options, &mut sink).unwrap();
}

#[test]
fn a_song_runs_seconds_ahead_of_the_sum_and_no_more() {
    let mut album = Album::new();
    album.add(noise(2_000_000, 1, 0.1), 0);
    // 8 MiB of 16-byte frames wait in the queue; a block each is in the hands of worker and sum.
    let most = (8 << 20) / 16 + 3 * 4096;
    let mut farthest = 0;
    watch(&album, 2, |pos, seen| {
        farthest = farthest.max(seen.read_to.load(Ordering::SeqCst) - pos);
    });
    assert!(farthest <= most, "{farthest} frames ahead, {most} allowed");
}

#[test]
fn a_source_is_opened_when_its_song_is_due() {
    let mut album = Album::new();
    for seed in 0..4 {
        album.add(noise(20_000, seed, 0.1), 0);
    }
    watch(&album, 1, |pos, seen| {
        // A block of 4096 frames is given when it is whole, so the song at its end may have begun.
        let due = ((pos + 4096) / 20_000 + 1).min(4);
        assert!(seen.opened.load(Ordering::SeqCst) <= due, "at {pos}");
    });
}

#[test]
fn a_missing_source_is_silence_a_note_and_a_failed_song() {
    let mut album = busy_album();
    let (left, ..) = album.render((0, 60_000), 1);
    let missing = album.session.songs[2].id;
    let path = album.session.songs[2].source.path.clone();
    album.memory.0.remove(&path);
    for threads in [1, 2] {
        let (silent, _, summary) = album.render((0, album.plan().end().0), threads);
        assert_eq!(left[..60_000], silent[..60_000]);
        assert_eq!(summary.failed, vec![missing]);
        assert_eq!(summary.notes.len(), 1);
        assert_eq!(summary.notes[0].song, Some(missing));
        assert!(summary.notes[0].text.contains("missing"), "{}", summary.notes[0].text);
    }
}

#[test]
fn a_renderer_started_anywhere_is_exact_where_the_preroll_reaches_the_start_and_close_elsewhere() {
    let album = busy_album();
    let (left, ..) = album.render((0, 70_000), 1);
    let _fpu = FpuGuard::new();
    for at in [0, 64, 5_000, 40_000] {
        let mut renderer = album.start(at, at);
        let from = renderer.position().0 as usize;
        assert_eq!(from as i64, at / 64 * 64);
        let (got, _) = pull(&mut renderer, 100);
        assert_eq!(got, left[from..from + 6_400], "started at {at}");
    }
    // In the middle, with the gain riders of a limiter and a compressor still finding their place: half a second of
    // pre-roll is within 0.1 dB.
    let mut renderer = album.start(40_000, 24_000);
    let (got, _) = pull(&mut renderer, 100);
    for (i, (a, b)) in got.iter().zip(&left[40_000..]).enumerate() {
        assert!((a - b).abs() < 0.0116 * b.abs() + 1e-4, "frame {i}: {a} against {b}");
    }
}

#[test]
fn the_tail_after_a_song_without_fade_out_rings_two_seconds_at_most_and_ends_in_a_fade() {
    let mut album = Album::new();
    let slot = album.slot("limiter", &[]);
    album.add(noise(5_000, 3, 0.3), 0).chain = Arc::new(Chain { slots: vec![slot], ..Chain::default() });
    assert_eq!(album.plan().end(), Frames(5_000 + 96_000));
    Arc::make_mut(&mut album.session.songs[0]).fade_out =
        Fade { frames: Frames(10), shape: FadeShape::Linear };
    assert_eq!(album.plan().end(), Frames(5_000));
}

#[test]
fn edits_are_told_apart() {
    let album = busy_album();
    let old = &album.session;
    let edited = |edit: &dyn Fn(&mut glassmaster::model::Session)| {
        let mut new = old.clone();
        edit(&mut new);
        diff(old, &new, 1)
    };
    let song = |edit: fn(&mut glassmaster::model::Song)| edited(&|s| edit(Arc::make_mut(&mut s.songs[1])));
    let entries = |change: PlanChange| match change {
        PlanChange::Params(group) => group.entries.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(song(|s| s.metadata.title = "x".to_owned()), PlanChange::None);
    assert_eq!(song(|s| s.trim_end = Frames(40_000)), PlanChange::Structure);
    assert_eq!(song(|s| s.gap = Frames(1)), PlanChange::Structure);
    assert_eq!(song(|s| s.fade_out.frames = Frames(64)), PlanChange::Structure);
    assert_eq!(edited(&|s| s.songs.swap(0, 1)), PlanChange::Structure);
    assert_eq!(edited(&|s| drop(Arc::make_mut(&mut s.album_chain).slots.pop())), PlanChange::Structure);
    assert_eq!(entries(song(|s| (s.gain_db, s.level_db) = (1.0, 2.0))), 2);
    assert_eq!(entries(song(|s| Arc::make_mut(&mut s.chain).slots[0].enabled = false)), 1);
    let album_gain = edited(&|s| {
        let slot = &mut Arc::make_mut(&mut s.album_chain).slots[2];
        slot.params.insert("gain_db".to_owned(), (-6.0).into());
    });
    assert_eq!(entries(album_gain), 1);
}

#[test]
fn a_parameter_group_settles_at_the_sound_of_a_new_plan() {
    let mut album = Album::new();
    let slot = album.slot("gain", &[("gain_db", 0.0)]);
    album.session.album_chain = Arc::new(Chain { slots: vec![slot], ..Chain::default() });
    album.add(noise(96_000, 6, 0.1), 0);
    let mut new = album.session.clone();
    Arc::make_mut(&mut new.songs[0]).level_db = -6.0;
    let slot = &mut Arc::make_mut(&mut new.album_chain).slots[0];
    slot.params.insert("gain_db".to_owned(), 4.0.into());
    let PlanChange::Params(group) = diff(&album.session, &new, 1) else { panic!("parameters only") };
    let mut running = album.start(0, 0);
    let before = pull(&mut running, 1).0;
    running.apply(&group);
    let mut stale = group.clone();
    stale.plan_id = 2;
    stale.entries[0].change = glassmaster::render::ParamChange::Level(100.0);
    running.apply(&stale);
    let after = pull(&mut running, 1_000).0;
    album.session = new;
    let fresh = pull(&mut album.start(0, 0), 1_001).0;
    assert!((after[0] / before[63] - 1.0).abs() < 1e9 && after[63_999] != 0.0);
    for i in 48_000..63_000 {
        assert!((after[i] - fresh[64 + i]).abs() < 1e-6, "{i}: {} {}", after[i], fresh[64 + i]);
    }
}

#[test]
fn positions_follow_the_song_when_the_album_moves_under_the_playhead() {
    let album = busy_album();
    let old = Timeline::of(&album.session);
    let mut moved = album.session.clone();
    Arc::make_mut(&mut moved.songs[0]).gap = Frames(10_000);
    Arc::make_mut(&mut moved.songs[1]).trim_start = Frames(100);
    let new = Timeline::of(&moved);
    let in_second = old.songs[1].start + Frames(20_000);
    assert_eq!(map_position(&old, &new, in_second), new.songs[1].start + Frames(19_900));
    let in_gap = old.songs[2].start - Frames(10);
    assert_eq!(map_position(&old, &new, in_gap), new.songs[2].start - Frames(10));
    assert_eq!(map_position(&old, &Timeline::default(), in_second), in_second);
    assert_eq!(map_position(&old, &new, Frames(3)), Frames(3));
}
