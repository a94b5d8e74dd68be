//! What an editor sees of its slot: the callback hands out input and output of one slot, aligned, and sounds the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at what it did not expect, and compares exact values"
)]

mod render_support;

use std::sync::Arc;

use glassmaster::app::focus::Focus;
use glassmaster::audio::QUANTUM;
use glassmaster::engine::{Callback, Clock, LiveEngine, MeterFrame};
use glassmaster::model::{Chain, Session, Slot, SlotId};
use glassmaster::render::{SlotProbe, TapHash};
use glassmaster::units::Frames;
use render_support::{Album, RATE, busy_album, key, noise};

/// Time stands still: no load reading depends on the machine.
struct Still;

impl Clock for Still {
    fn nanos(&self) -> u64 {
        0
    }
}

fn engine(album: &Album) -> (LiveEngine, Box<Callback>) {
    let memory = Arc::new(album.memory.clone());
    let (mut engine, callback) = LiveEngine::new(RATE, memory.clone(), memory, Box::new(Still)).unwrap();
    set(&mut engine, &album.session);
    (engine, callback)
}

fn set(engine: &mut LiveEngine, session: &Session) {
    engine.set_session(Arc::new(session.clone()), Arc::new(key)).unwrap();
}

/// What was heard, shown and metered from the start of the album to its end.
struct Seen {
    tap_hash: String,
    probes: Vec<SlotProbe>,
    meters: Vec<MeterFrame>,
}

/// Plays an album with a probe in a slot.
fn play(album: &Album, probe: Option<SlotId>) -> Seen {
    let (mut engine, mut callback) = engine(album);
    engine.set_probe(probe);
    engine.play(Frames::ZERO);
    let end = album.plan().end().as_len();
    let (mut seen, mut hash) =
        (Seen { tap_hash: String::new(), probes: Vec::new(), meters: Vec::new() }, TapHash::new());
    let mut frame = [0.0f64; 2];
    for _ in 0..50_000_000 {
        callback.process(&mut frame, 2);
        if callback.shared().is_playing() {
            break;
        }
        std::thread::yield_now();
    }
    hash.update(&frame[..1], &frame[1..]);
    while hash.frames().as_len() < end {
        let mut block = vec![0.0f64; 2 * 333.min(end - hash.frames().as_len())];
        callback.process(&mut block, 2);
        let (left, right): (Vec<f64>, Vec<f64>) = block.chunks(2).map(|f| (f[0], f[1])).unzip();
        hash.update(&left, &right);
        seen.probes.extend(std::iter::from_fn(|| engine.next_probe()));
        seen.meters.extend(std::iter::from_fn(|| engine.next_meter_frame()));
    }
    assert_eq!(callback.shared().probes_lost(), 0);
    seen.tap_hash = hash.hex();
    seen
}

fn one_song(slots: Vec<Slot>, level: f64) -> Album {
    let mut album = Album::new();
    album.session.album_chain = Arc::new(Chain { slots, ..Chain::default() });
    album.add(noise(120_000, 5, level), 0);
    album
}

#[test]
fn a_gain_of_minus_six_reads_six_decibels_apart() {
    let slot = Album::new().slot("gain", &[("gain_db", -6.0)]);
    let album = one_song(vec![slot], 0.5);
    let id = album.session.album_chain.slots[0].id;
    let seen = play(&album, Some(id));
    let mut focus = Focus::new(RATE);
    seen.probes.iter().for_each(|p| focus.push(p));
    let view = focus.view();
    assert_eq!(view.slot, Some(id));
    let apart = |before: Option<f64>, after: Option<f64>| before.unwrap() - after.unwrap();
    assert!((apart(view.before.momentary_lufs, view.after.momentary_lufs) - 6.0).abs() < 1e-6);
    assert!((apart(view.before.max_true_peak_dbtp, view.after.max_true_peak_dbtp) - 6.0).abs() < 1e-6);
    assert!((apart(view.before.peak_dbfs[0], view.after.peak_dbfs[0]) - 6.0).abs() < 1e-6);
    for (before, after) in view.before_db.iter().zip(&view.after_db) {
        assert!((before - after - 6.0).abs() < 1e-3, "{before} to {after}");
    }
    // 2.5 s of sound, then the chain is fed silence to the end of the plan.
    assert!(view.history.len() >= 249 && view.history[100].before > 0.1);
    let factor = 10f32.powf(-6.0 / 20.0);
    assert!(view.history.iter().all(|p| (p.after - factor * p.before).abs() < 1e-6));
    // The same levels at every slot, by the meter frames.
    let highest = |border: usize| seen.meters.iter().map(|m| m.album_peaks[border]).fold(0.0, f32::max);
    assert!((highest(1) / highest(0) - factor).abs() < 1e-6 && highest(0) > 0.1);
}

#[test]
fn input_and_output_of_a_slot_with_delay_stand_beside_each_other() {
    // Far under its ceiling the limiter only delays.
    let slot = Album::new().slot("limiter", &[]);
    let album = one_song(vec![slot], 0.05);
    let plan = album.plan();
    assert!(plan.album_latency > Frames(20), "the test needs a delay: {:?}", plan.album_latency);
    let seen = play(&album, Some(album.session.album_chain.slots[0].id));
    let mut loud = 0;
    for frame in seen.probes.iter().flat_map(SlotProbe::frames) {
        assert!((frame[0] - frame[2]).abs() < 1e-9 && (frame[1] - frame[3]).abs() < 1e-9, "{frame:?}");
        loud += usize::from(frame[0].abs() > 0.01);
    }
    assert!(loud > 50_000, "{loud}");
}

#[test]
fn a_probe_anywhere_changes_no_bit() {
    let album = busy_album();
    let end = album.plan().end().0;
    let offline = album.render((0, end), 2).2.tap_hash;
    let chains =
        std::iter::once(&album.session.album_chain).chain(album.session.songs.iter().map(|s| &s.chain));
    for slot in chains.flat_map(|c| &c.slots) {
        let seen = play(&album, Some(slot.id));
        assert_eq!(seen.tap_hash, offline, "{}", slot.kind);
        assert!(!seen.probes.is_empty() && seen.probes.iter().all(|p| p.slot == slot.id), "{}", slot.kind);
    }
    let unseen = play(&album, None);
    assert!(unseen.tap_hash == offline && unseen.probes.is_empty());
}

#[test]
fn a_slot_of_a_song_is_seen_while_the_song_sounds() {
    let album = busy_album();
    let song = &album.session.songs[1];
    let seen = play(&album, Some(song.chain.slots[1].id));
    let plan = album.plan();
    let strand = &plan.strands[1];
    let quanta =
        (strand.end_quantum.min(plan.end().ceil_to(64).0 / 64) - strand.first_quantum.max(0)) as usize;
    assert_eq!(seen.probes.len(), quanta);
    let whole = plan.end().as_len().div_ceil(QUANTUM);
    assert!(quanta < whole, "{quanta} of {whole}");
    let metered = seen.meters.iter().filter(|m| m.song == Some(song.id));
    assert!(metered.map(|m| m.song_peaks[2]).fold(0.0, f32::max) > 0.05);
}

#[test]
fn the_probe_follows_its_slot_into_a_new_plan() {
    let mut album = busy_album();
    let id = album.session.album_chain.slots[3].id;
    let (mut engine, mut callback) = engine(&album);
    engine.set_probe(Some(id));
    engine.play(Frames::ZERO);
    let mut block = vec![0.0f64; 2 * 64];
    let mut runs = Vec::new();
    // The limiter moves from the fourth to the first place of its chain: a new plan.
    for _ in 0..5_000_000 {
        callback.process(&mut block, 2);
        while let Some(probe) = engine.next_probe() {
            assert_eq!(probe.slot, id);
            runs.push(probe.run);
        }
        if runs.len() == 40 && album.session.album_chain.slots[3].id == id {
            Arc::make_mut(&mut album.session.album_chain).slots.rotate_right(1);
            set(&mut engine, &album.session);
        }
        if runs.last() != runs.first() {
            break;
        }
        std::thread::yield_now();
    }
    assert_ne!(runs.last(), runs.first(), "the new plan is seen, and known as one");
}
