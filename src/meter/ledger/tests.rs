//! An album measured by place against the same frames measured as files.

use super::*;
use crate::meter::loudness::{LoudnessMeter, LoudnessReading};
use crate::meter::true_peak::{Keep, TruePeakMeter};

const RATE: SampleRate = SampleRate(44_100);

/// Two channels of swelling noise with pauses.
fn music(frames: usize, seed: u64) -> [Vec<f64>; 2] {
    let mut state = seed * 2 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let mut last = 0.0;
    let mut side = || {
        let swell = |i: usize| 0.02 + 0.4 * (i as f64 * 0.000_03).sin().powi(2);
        let mut sample = |i: usize| {
            last = 0.7 * last + 0.3 * next();
            swell(i) * last
        };
        (0..frames).map(&mut sample).collect()
    };
    [side(), side()]
}

fn span(id: u64, start: i64, end: i64) -> SongSpan {
    SongSpan { id, start: Frames(start), end: Frames(end), holds_from: Frames::ZERO }
}

/// Three songs on 25 s of album; neither starts nor the end lie on the grid of 10 ms but the first.
fn spans() -> Vec<SongSpan> {
    vec![span(1, 88_200, 400_001), span(2, 400_001, 720_777), span(3, 720_777, 1_102_600)]
}

fn ledger(spans: &[SongSpan]) -> (Ledger, Arc<LoudnessMap>) {
    let mut ledger = Ledger::new(RATE);
    let end = spans.last().unwrap().end;
    let map = Arc::new(LoudnessMap::new(RATE, end));
    ledger.lay_out(spans, end, Arc::clone(&map));
    (ledger, map)
}

/// Plays a stretch of the album in odd blocks.
fn play(ledger: &mut Ledger, [left, right]: &[Vec<f64>; 2], from: usize, to: usize) {
    ledger.begin(Frames(from as i64), from == 0);
    for at in (from..to).step_by(1777) {
        let range = at..to.min(at + 1777);
        ledger.push(&left[range.clone()], &right[range]);
        ledger.refresh_if_due();
    }
    ledger.refresh();
}

/// The song alone, measured as a file is.
fn alone([left, right]: &[Vec<f64>; 2], from: usize, to: usize) -> (LoudnessReading, f64) {
    let mut meter = LoudnessMeter::new(RATE.0, 2, 1.0);
    meter.push(&left[from..to], &right[from..to]);
    let mut peak = TruePeakMeter::new(Keep::Maximum);
    peak.push(&left[from..to], &right[from..to]);
    peak.finish();
    (meter.reading(), peak.max_dbtp().unwrap())
}

fn highest_of(reading: &LedgerReading) -> f64 {
    reading.true_peak_dbtp.into_iter().flatten().fold(f64::MIN, f64::max)
}

fn assert_same(of: &LedgerReading, (file, peak): (LoudnessReading, f64), what: &str) {
    assert_eq!(of.integrated_lufs, file.integrated_lufs, "{what}");
    assert_eq!(of.range_lu, file.range_lu, "{what}");
    assert_eq!(of.max_momentary_lufs, file.max_momentary_lufs, "{what}");
    assert_eq!(of.max_short_term_lufs, file.max_short_term_lufs, "{what}");
    let highest = highest_of(of);
    assert!((highest - peak).abs() < 1e-6, "{what}: {highest}, not {peak}");
    assert_eq!(of.measured_s, of.length_s, "{what}");
}

fn album() -> [Vec<f64>; 2] {
    let mut album = music(1_102_600, 3);
    album.iter_mut().for_each(|side| side[..88_200].fill(0.0));
    album
}

#[test]
fn heard_in_one_go_album_and_songs_read_what_their_frames_alone_read() {
    let album = album();
    let (mut ledger, map) = ledger(&spans());
    play(&mut ledger, &album, 0, 1_102_600);
    assert_same(ledger.album(), alone(&album, 88_200, 1_102_600), "album");
    for s in spans() {
        let file = alone(&album, s.start.0 as usize, s.end.0 as usize);
        assert_same(ledger.song(s.id).unwrap(), file, &format!("song {}", s.id));
    }
    // The cell that ends at 10 s, against a meter that ran up to there.
    let mut meter = LoudnessMeter::new(RATE.0, 2, 1.0);
    meter.push(&album[0][..441_000], &album[1][..441_000]);
    let cell = map.cell(99).unwrap();
    assert_eq!(cell.momentary_lufs, meter.momentary_lufs().unwrap() as f32);
    assert_eq!(cell.short_term_lufs, meter.short_term_lufs().unwrap() as f32);
    assert!(!cell.is_stale);
}

#[test]
fn seeks_that_overlap_end_at_the_figures_of_the_file() {
    let album = album();
    let (mut ledger, _) = ledger(&spans());
    // Each begins 100 ms (4410 frames) and more before what it adds.
    for (from, to) in [(700_001, 1_102_600), (390_000, 715_000), (600_000, 650_000), (0, 401_000)] {
        play(&mut ledger, &album, from, to);
    }
    let (file, peak) = alone(&album, 88_200, 1_102_600);
    let read = ledger.album();
    let off = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs();
    assert!(off(read.integrated_lufs, file.integrated_lufs) < 1e-7);
    assert!(off(read.range_lu, file.range_lu) < 1e-7);
    assert!(off(read.max_momentary_lufs, file.max_momentary_lufs) < 1e-7);
    assert!((highest_of(read) - peak).abs() < 1e-6);
    assert_eq!(read.measured_s, read.length_s);
}

#[test]
fn what_follows_a_seek_counts_after_a_tenth_of_a_second() {
    let album = album();
    let (mut ledger, map) = ledger(&spans());
    play(&mut ledger, &album, 441_000, 882_000);
    let read = *ledger.album();
    assert!((read.measured_s - 9.9).abs() < 0.011, "{}", read.measured_s);
    assert_eq!((map.cell(99), map.cell(100)), (None, None));
    assert!(map.cell(101).is_some_and(|c| c.momentary_lufs.is_nan() && c.true_peak_dbtp.is_finite()));
    assert!(map.cell(105).is_some_and(|c| c.momentary_lufs.is_finite()));
    // Song 3 was entered from before its start: nothing of it is missing but its end.
    let song = ledger.song(3).unwrap();
    assert!((song.measured_s - (882_000.0 - 720_777.0) / 44_100.0).abs() < 0.011, "{}", song.measured_s);
}

#[test]
fn an_edit_voids_what_it_changes_and_moves_the_rest_along() {
    let album = album();
    let (mut ledger, map) = ledger(&spans());
    play(&mut ledger, &album, 0, 1_102_600);
    let before = *ledger.song(3).unwrap();
    // Song 2 sounds otherwise and is 1 s (100 sub-blocks) longer; song 3 moves.
    let mut edited = spans();
    (edited[1].end, edited[1].holds_from) = (Frames(764_877), Frames(i64::MAX / 2));
    (edited[2].start, edited[2].end) = (Frames(764_877), Frames(1_146_700));
    let longer = Arc::new(LoudnessMap::new(RATE, Frames(1_146_700)));
    ledger.lay_out(&edited, Frames(1_146_700), Arc::clone(&longer));
    assert_eq!(ledger.song(3), Some(&before), "a song moves with its figures");
    let second = ledger.song(2).unwrap();
    assert_eq!((second.integrated_lufs, second.measured_s), (None, 0.0));
    assert!((second.stale_s - 7.27).abs() < 0.02, "{}", second.stale_s);
    assert!((ledger.album().stale_s - 7.27).abs() < 0.02);
    assert!(longer.cell(100).unwrap().is_stale && !longer.cell(50).unwrap().is_stale);
    assert!(!longer.cell(220).unwrap().is_stale);
    assert_eq!(longer.cell(220).map(|c| c.momentary_lufs), map.cell(210).map(|c| c.momentary_lufs));
    // Heard again: whole.
    let mut new = music(1_146_700, 9);
    for side in 0..2 {
        new[side][..400_001].copy_from_slice(&album[side][..400_001]);
        new[side][764_877..].copy_from_slice(&album[side][720_777..]);
    }
    play(&mut ledger, &new, 380_000, 790_000);
    let (file, _) = alone(&new, 88_200, 1_146_700);
    let off = ledger.album().integrated_lufs.unwrap() - file.integrated_lufs.unwrap();
    assert!(off.abs() < 1e-6 && ledger.album().stale_s == 0.0, "{off}");
    // A move off the grid: the song keeps its figures, the album has to hear it again.
    let mut moved = edited.clone();
    moved[1].holds_from = Frames::ZERO;
    (moved[1].end, moved[2].start, moved[2].end) = (Frames(764_900), Frames(764_900), Frames(1_146_723));
    ledger.lay_out(&moved, Frames(1_146_723), longer);
    assert_eq!(ledger.song(3).unwrap().integrated_lufs, before.integrated_lufs);
    assert!((ledger.album().stale_s - 8.66).abs() < 0.02, "{}", ledger.album().stale_s);
}

#[test]
fn an_edit_that_moves_nothing_voids_its_song_down_to_the_frame_it_shares() {
    let album = album();
    let (mut ledger, map) = ledger(&spans());
    play(&mut ledger, &album, 0, 1_102_600);
    let others = [*ledger.song(1).unwrap(), *ledger.song(3).unwrap()];
    let mut edited = spans();
    edited[1].holds_from = Frames(i64::MAX / 2);
    ledger.lay_out(&edited, Frames(1_102_600), Arc::clone(&map));
    assert_eq!([*ledger.song(1).unwrap(), *ledger.song(3).unwrap()], others);
    let second = *ledger.song(2).unwrap();
    assert_eq!((second.integrated_lufs, second.measured_s), (None, 0.0));
    // Song 2 begins and ends inside sub-blocks 907 and 1634: neither holds any more, on the album's own grid.
    assert!((ledger.album().stale_s - 7.28).abs() < 1e-9, "{}", ledger.album().stale_s);
    let stale: Vec<bool> = (0..map.cells()).map(|i| map.cell(i).unwrap().is_stale).collect();
    assert!((0..stale.len()).all(|i| stale[i] == (90..=163).contains(&i)), "{stale:?}");
    // The same again, and with the map laid out anew, leaves the same.
    let before = *ledger.album();
    ledger.lay_out(&edited, Frames(1_102_600), Arc::clone(&map));
    assert_eq!(*ledger.album(), before);
    let other = Arc::new(LoudnessMap::new(RATE, Frames(1_102_600)));
    ledger.lay_out(&spans(), Frames(1_102_600), Arc::clone(&other));
    assert_eq!(*ledger.album(), before);
    assert!((0..stale.len()).all(|i| other.cell(i).map(|c| c.is_stale) == Some(stale[i])));
    // Heard again with what changed: the whole is the file's.
    play(&mut ledger, &album, 380_000, 740_000);
    let (file, peak) = alone(&album, 88_200, 1_102_600);
    let off = ledger.album().integrated_lufs.unwrap() - file.integrated_lufs.unwrap();
    assert!(off.abs() < 1e-7 && ledger.album().stale_s == 0.0, "{off}");
    assert!((highest_of(ledger.album()) - peak).abs() < 1e-9);
}

#[test]
fn what_rings_before_the_first_song_is_not_the_albums() {
    let mut album = album();
    for side in &mut album {
        (87_000..88_200).for_each(|i| side[i] = 0.3 * (i as f64 * 0.01).sin());
    }
    let (mut ledger, _) = ledger(&spans());
    play(&mut ledger, &album, 0, 1_102_600);
    assert_same(ledger.album(), alone(&album, 88_200, 1_102_600), "album");
}

#[test]
fn an_album_of_nothing_and_sound_that_is_no_number_read_nothing() {
    let mut ledger = Ledger::new(RATE);
    ledger.lay_out(&[], Frames::ZERO, Arc::default());
    ledger.begin(Frames::ZERO, true);
    ledger.push(&[0.5; 5000], &[0.5; 5000]);
    ledger.refresh();
    assert_eq!(*ledger.album(), LedgerReading::default());
    let one = [span(1, 0, 220_500)];
    ledger.lay_out(&one, Frames(220_500), Arc::new(LoudnessMap::new(RATE, Frames(220_500))));
    let [mut left, right] = music(220_500, 5);
    left[100_000..100_010].fill(f64::NAN);
    left[150_000] = f64::INFINITY;
    play(&mut ledger, &[left, right], 0, 220_500);
    let read = ledger.album();
    assert!(read.integrated_lufs.is_some_and(f64::is_finite));
    assert!(highest_of(read).is_finite() && read.sample_peak_dbfs.iter().all(|p| p.unwrap().is_finite()));
    assert!(read.measured_s < read.length_s && read.measured_s > 4.9, "{}", read.measured_s);
    assert_eq!(ledger.song(1).unwrap().integrated_lufs, read.integrated_lufs);
}

#[test]
fn a_run_goes_on_through_an_edit_elsewhere() {
    let album = album();
    let (mut ledger, map) = ledger(&spans());
    ledger.begin(Frames::ZERO, true);
    ledger.push(&album[0][..300_000], &album[1][..300_000]);
    let mut edited = spans();
    edited[2].holds_from = Frames(i64::MAX / 2);
    ledger.lay_out(&edited, Frames(1_102_600), map);
    assert_eq!(ledger.next(), Some(Frames(300_000)));
    ledger.push(&album[0][300_000..], &album[1][300_000..]);
    ledger.refresh();
    assert_same(ledger.album(), alone(&album, 88_200, 1_102_600), "album");
}

#[test]
fn what_was_drawn_moves_with_its_song_also_where_another_rate_is_measured() {
    // Measured at 44.1 kHz over the map of an album at 96 kHz, as it is delivered.
    let session_rate = SampleRate(96_000);
    let spans = |start: i64| [span(1, 0, 441_000), span(2, start, start + 441_000)];
    let map = |seconds: i64| Arc::new(LoudnessMap::new(session_rate, Frames(96_000 * seconds)));
    let mut ledger = Ledger::new(RATE);
    let before = map(20);
    ledger.lay_out(&spans(441_000), Frames(882_000), Arc::clone(&before));
    let signal = music(882_000, 5);
    play(&mut ledger, &signal, 0, 882_000);
    assert!(before.cell(150).is_some_and(|cell| !cell.is_stale));
    // The second song, of another chain now, lies 5 s later.
    let mut later = spans(661_500);
    later[1].holds_from = Frames(441_000);
    let after = map(25);
    ledger.lay_out(&later, Frames(1_102_500), Arc::clone(&after));
    let cells = |range: std::ops::Range<usize>| range.map(|i| after.cell(i)).collect::<Vec<_>>();
    assert!(cells(2..98).iter().all(|c| c.is_some_and(|c| !c.is_stale)), "the first song stays");
    assert!(cells(102..148).iter().all(Option::is_none), "nothing was heard between them");
    assert!(
        cells(152..248).iter().all(|c| c.is_some_and(|c| c.is_stale)),
        "the second is stale where it lies now"
    );
    let kept = before.cell(150).map(|c| c.short_term_lufs);
    assert_eq!(after.cell(200).map(|c| c.short_term_lufs), kept);
}
