//! Live equals export: the callback, driven with random block sizes, against the offline render, bit for bit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at what it did not expect, and compares exact values"
)]

mod render_support;

use std::sync::Arc;

use glassmaster::engine::{Callback, Clock, LiveEngine, LoopRange, Monitor, NullDevice, Pace};
use glassmaster::model::Session;
use glassmaster::render::TapHash;
use glassmaster::units::Frames;
use render_support::{Album, RATE, Random, busy_album, key, noise};

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

/// Calls back with one frame at a time until the transport runs; that frame is the first of the album.
fn begin(callback: &mut Callback) -> [f64; 2] {
    let mut frame = [0.0f64; 2];
    for _ in 0..50_000_000 {
        callback.process(&mut frame, 2);
        if callback.shared().is_playing() {
            return frame;
        }
        std::thread::yield_now();
    }
    panic!("the transport did not start");
}

#[test]
fn random_block_sizes_give_the_bits_of_the_offline_render() {
    let album = busy_album();
    let end = album.plan().end().0;
    let offline = album.render((0, end), 2).2.tap_hash;
    for seed in 1..6 {
        let mut random = Random(seed);
        let (mut engine, mut callback) = engine(&album);
        engine.set_monitor(Monitor::default());
        engine.play(Frames::ZERO);
        let mut out = begin(&mut callback).to_vec();
        while out.len() < 2 * end as usize {
            let left = end as usize - out.len() / 2;
            let mut block = vec![0.0f64; 2 * left.min(1 + random.below(4_096) as usize)];
            callback.process(&mut block, 2);
            out.extend(block);
        }
        let (left, right): (Vec<f64>, Vec<f64>) = out.chunks(2).map(|f| (f[0], f[1])).unzip();
        let mut hash = TapHash::new();
        hash.update(&left, &right);
        assert_eq!(hash.hex(), offline, "block sizes of seed {seed}");
        let status = engine.poll();
        assert_eq!((status.dropouts, status.failed), (0, 0));
        assert!(!status.guard_tripped && status.position == Frames(end));
    }
}

#[test]
fn the_null_device_plays_the_album_and_gives_the_callback_back() {
    let album = busy_album();
    let (left, ..) = album.render((0, 90_000), 1);
    let (mut engine, callback) = engine(&album);
    engine.play(Frames::ZERO);
    let (sender, captured) = std::sync::mpsc::sync_channel(100_000);
    let capture = move |block: &[f32]| drop(sender.try_send(block.to_vec()));
    let device = NullDevice::start(callback, 441, Pace::Free, Some(Box::new(capture))).unwrap();
    let mut heard = Vec::new();
    while heard.len() < 90_000 {
        let block = captured.recv().unwrap();
        let loud = block.iter().any(|x| *x != 0.0);
        if !heard.is_empty() || loud {
            heard.extend(block.chunks(2).map(|f| f[0]));
        }
    }
    let first = left.iter().position(|x| *x != 0.0).unwrap();
    let begun = heard.iter().position(|x| *x != 0.0).unwrap();
    for (i, (got, want)) in heard[begun..].iter().zip(&left[first..]).enumerate() {
        assert_eq!(got.to_bits(), (*want as f32).to_bits(), "frame {i}");
    }
    assert!(device.close().is_some());
}

#[test]
fn a_new_plan_crosses_over_and_is_then_its_own_render_bit_for_bit() {
    let mut album = Album::new();
    album.add(noise(200_000, 1, 0.3), 0);
    let (mut engine, mut callback) = engine(&album);
    engine.play(Frames::ZERO);
    begin(&mut callback);
    // Inside the reach of the pre-roll, where a renderer started in the middle is exact.
    album.session.songs[0] = {
        let mut song = (*album.session.songs[0]).clone();
        song.fade_in.frames = Frames(150_000);
        Arc::new(song)
    };
    set(&mut engine, &album.session);
    let (left, ..) = album.render((0, 200_000), 1);
    let mut run = 0;
    let mut frame = [0.0f64; 2];
    let mut changed = false;
    for _ in 0..190_000 {
        let at = engine.shared().position();
        callback.process(&mut frame, 2);
        run = if frame[0].to_bits() == left[at.as_len()].to_bits() { run + 1 } else { 0 };
        changed |= run > 1_000;
        if changed && run > 4_000 {
            return;
        }
        std::thread::yield_now();
    }
    panic!("the new plan was not heard; {run} frames agree at the end");
}

#[test]
fn a_loop_repeats_to_the_frame() {
    let mut album = Album::new();
    // A ramp: every frame says where it is.
    let ramp: Vec<f64> = (0..100_000).map(|i| f64::from(i) * 1e-6).collect();
    album.add(Arc::new((ramp.clone(), ramp)), 0);
    let (mut engine, mut callback) = engine(&album);
    let (from, to) = (1_003, 4_777);
    engine.set_loop(Some(LoopRange { from: Frames(from), to: Frames(to) }));
    engine.play(Frames::ZERO);
    begin(&mut callback);
    let mut expected = 1;
    let mut repeats = 0;
    let mut frame = [0.0f64; 2];
    for _ in 0..60_000 {
        callback.process(&mut frame, 2);
        // After the cross-over of 5 ms the frame itself is heard.
        if expected > from + 300 || repeats == 0 {
            let heard = (frame[0] * 1e6).round() as i64;
            assert_eq!(heard, expected, "repetition {repeats}");
        }
        expected += 1;
        if expected == to {
            (expected, repeats) = (from, repeats + 1);
            if repeats == 5 {
                return;
            }
        }
        // The conductor keeps two repetitions ready; give it time to.
        for _ in 0..20 {
            std::thread::yield_now();
        }
    }
    panic!("only {repeats} repetitions");
}

#[test]
fn a_nan_in_the_album_mutes_the_monitor_until_it_is_reset() {
    let mut album = Album::new();
    let mut samples = vec![0.1; 50_000];
    samples[20_000] = f64::NAN;
    album.add(Arc::new((samples.clone(), samples)), 0);
    let (mut engine, mut callback) = engine(&album);
    engine.play(Frames::ZERO);
    begin(&mut callback);
    let mut out = vec![0.0f64; 2 * 30_000];
    callback.process(&mut out, 2);
    assert!(out[2 * 19_998] != 0.0 && out[2 * 20_000..].iter().all(|x| *x == 0.0));
    assert!(engine.poll().guard_tripped);
    engine.reset_guard();
    callback.process(&mut out[..2_000], 2);
    assert!(!engine.poll().guard_tripped);
    assert_eq!(out[1_000], 0.1);
}

#[test]
fn stop_and_seek_fade_and_stay_where_they_are_told() {
    let mut album = Album::new();
    album.add(Arc::new((vec![0.5; 200_000], vec![0.5; 200_000])), 0);
    let (mut engine, mut callback) = engine(&album);
    engine.play(Frames::ZERO);
    begin(&mut callback);
    let mut out = vec![0.0f64; 2 * 4_800];
    callback.process(&mut out, 2);
    engine.stop();
    callback.process(&mut out, 2);
    assert!(out.chunks(2).map(|f| f[0]).collect::<Vec<_>>().windows(2).all(|w| (w[0] - w[1]).abs() < 0.01));
    assert_eq!(out[2 * 300], 0.0, "silent after 5 ms");
    assert!(!engine.poll().playing);
    engine.seek(Frames(77_777));
    assert_eq!(engine.poll().position, Frames(77_777));
    engine.play(Frames(77_777));
    let first = begin(&mut callback);
    assert_eq!(first[0], 0.0, "fades in");
    callback.process(&mut out, 2);
    assert_eq!(out[2 * 300], 0.5);
    assert_eq!(engine.poll().position, Frames(77_778 + 4_800));
}

/// The level of a playback service is heard and is in no file.
#[test]
fn a_service_scales_the_monitors_by_its_gain_and_touches_no_file() {
    let album = busy_album();
    let end = album.plan().end().0;
    let (left, right, before) = album.render((0, end), 1);
    let (mut engine, mut callback) = engine(&album);
    let service_db = -4.25;
    engine.set_monitor(Monitor { service_db, ..Monitor::default() });
    // The switch fades over 20 ms, in silence.
    callback.process(&mut vec![0.0f64; 2 * 4_800], 2);
    engine.play(Frames::ZERO);
    let mut out = begin(&mut callback).to_vec();
    while out.len() < 2 * end as usize {
        let mut block = vec![0.0f64; (2 * end as usize - out.len()).min(1_000)];
        callback.process(&mut block, 2);
        out.extend(block);
    }
    let gain = glassmaster::units::gain_from_db(service_db);
    for (at, heard) in out.chunks(2).enumerate() {
        assert_eq!((heard[0], heard[1]), (gain * left[at], gain * right[at]), "frame {at}");
    }
    assert_eq!(album.render((0, end), 1).2.tap_hash, before.tap_hash, "the file is as it was");
}
