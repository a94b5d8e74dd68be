//! Nothing in the callback allocates or frees: plan swaps, seeks, parameters, loops, a lost device, all under a guard.
//!
//! The guard aborts the process; that it is awake is proven in a child process that drops a plan under it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at what it did not expect, and compares exact values"
)]

mod render_support;

use std::sync::Arc;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use glassmaster::app::meter_settings::{
    AverageOver, Channel, CorrelationBands, FftSize, FieldPicture, MeterPoint, MeterSettings, Smoothing,
    SpectrumSettings, StereoSettings,
};
use glassmaster::app::telemetry::{Meters, Pictures};
use glassmaster::engine::lease::Lease;
use glassmaster::engine::{Callback, LiveEngine, LoopRange, MeterTap, Monitor, MonotonicClock};
use glassmaster::meter::loudness_map::LoudnessMap;
use glassmaster::model::{Session, Song, Timeline};
use glassmaster::render::watch::WatchPoint;
use glassmaster::units::Frames;
use render_support::{Album, RATE, busy_album, key};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

fn engine(album: &Album) -> (LiveEngine, Box<Callback>) {
    let memory = Arc::new(album.memory.clone());
    let clock = Box::new(MonotonicClock::default());
    LiveEngine::new(RATE, memory.clone(), memory, clock).unwrap()
}

fn set(engine: &mut LiveEngine, session: &Session) {
    engine.set_session(Arc::new(session.clone()), Arc::new(key)).unwrap();
}

/// Calls back under the guard until `done`, in buffers of `frames`.
fn run(callback: &mut Callback, frames: usize, mut done: impl FnMut(&Callback) -> bool) {
    let mut out = vec![0.0f32; 2 * frames];
    for _ in 0..5_000_000 {
        assert_no_alloc(|| callback.process(&mut out, 2));
        if done(callback) {
            return;
        }
        std::thread::yield_now();
    }
    panic!("waited in vain");
}

fn until(position: i64) -> impl FnMut(&Callback) -> bool {
    move |callback| callback.shared().position() >= Frames(position)
}

fn edited(session: &Session, index: usize, edit: fn(&mut Song)) -> Session {
    let mut new = session.clone();
    edit(Arc::make_mut(&mut new.songs[index]));
    new
}

#[test]
fn the_callback_never_allocates_or_frees() {
    let album = busy_album();
    let (mut engine, mut callback) = engine(&album);
    set(&mut engine, &album.session);
    engine.set_monitor(Monitor { dim: true, swap: true, ..Monitor::default() });
    engine.set_probe(Some(album.session.album_chain.slots[3].id));
    engine.play(Frames::ZERO);
    run(&mut callback, 64, |c| c.shared().is_playing());
    // Parameters.
    let session = edited(&album.session, 0, |s| s.gain_db = -6.0);
    set(&mut engine, &session);
    run(&mut callback, 64, until(4_000));
    engine.set_probe(Some(album.session.songs[1].chain.slots[0].id));
    // A new plan, crossed over.
    let session = edited(&session, 2, |s| s.gap = Frames(9_000));
    set(&mut engine, &session);
    run(&mut callback, 1, until(12_000));
    // Seeks, one upon the other, the meters listening elsewhere each time.
    let slot = album.session.songs[1].chain.slots[0].id;
    let taps = [WatchPoint::Source, WatchPoint::AfterSlot(slot), WatchPoint::SongChain].map(MeterTap::Inside);
    for (to, tap) in [40_000, 30_000, 20_000].into_iter().zip(taps) {
        engine.set_tap(tap);
        engine.play(Frames(to));
        run(&mut callback, 17, until(to + 300));
    }
    engine.set_tap(MeterTap::Monitor);
    // A loop, and out of it.
    engine.set_loop(Some(LoopRange { from: Frames(21_000), to: Frames(23_000) }));
    let mut wraps = 0;
    let mut last = Frames::ZERO;
    run(&mut callback, 7, |c| {
        wraps += u32::from(c.shared().position() < last);
        last = c.shared().position();
        wraps > 3
    });
    engine.set_loop(None);
    // The device is lost and another takes over: the callback comes back as it was.
    let (mut lease, back) = Lease::new(callback);
    let mut out = vec![0.0f32; 128];
    assert_no_alloc(|| lease.get().unwrap().process(&mut out, 2));
    drop(lease);
    let mut callback = back.wait().expect("the callback comes back");
    run(&mut callback, 4_096, |c| !c.shared().is_playing());
    engine.stop();
    run(&mut callback, 64, |c| !c.shared().is_playing());
}

/// Takes what waits, as the meter worker does: signal in, pictures out.
fn listen(engine: &mut LiveEngine, meters: &mut Meters, pictures: &mut Pictures, room: &mut Room) {
    while let Some((place, count)) = engine.samples().take(&mut room.frames) {
        for (side, i) in room.sides.iter_mut().zip(0..) {
            side.clear();
            side.extend(room.frames[..count].iter().map(|f| f[i]));
        }
        meters.push_at(&place, &room.sides[0], &room.sides[1]);
        room.shown = Some(pictures.paint(meters));
    }
}

struct Room {
    frames: Vec<[f64; 2]>,
    sides: [Vec<f64>; 2],
    shown: Option<glassmaster::app::telemetry::Published>,
}

/// All that costs: the longest transforms of two channels, every trace, the spectrogram, correlation by thirds of an
/// octave, the level in every direction.
fn costly(point: MeterPoint) -> MeterSettings {
    MeterSettings {
        point,
        stereo: StereoSettings {
            bands: CorrelationBands::Thirds,
            picture: FieldPicture::PolarLevel,
            ..StereoSettings::default()
        },
        spectrum: SpectrumSettings {
            size: FftSize::N65536,
            smoothing: Smoothing::Octave(48),
            channel: Channel::Mid,
            second: Some(Channel::Side),
            average: AverageOver::Song,
            shows_peak: true,
            shows_minimum: true,
            peak_fall_db_per_s: 6.0,
            gram_seconds: 10,
            ..SpectrumSettings::default()
        },
        ..MeterSettings::default()
    }
}

#[test]
fn the_meter_worker_allocates_nothing_once_it_runs() {
    let points = [MeterPoint::MasterTap, MeterPoint::Source, MeterPoint::Delivered, MeterPoint::Monitor];
    for point in points {
        watch_the_worker(&MeterSettings { point, ..MeterSettings::default() });
        watch_the_worker(&costly(point));
    }
}

/// Most of the album measured under the guard.
fn watch_the_worker(settings: &MeterSettings) {
    let album = busy_album();
    let (mut engine, mut callback) = engine(&album);
    set(&mut engine, &album.session);
    engine.set_tap(glassmaster::app::telemetry::tap_of(settings.point, Some(&album.session)));
    let mut meters = Meters::new(RATE, settings);
    let session = Arc::new(album.session.clone());
    let map = Arc::new(LoudnessMap::new(RATE, Timeline::of(&session).end));
    meters.set_session(engine.session_number(), &session, &map);
    let mut pictures = Pictures::default();
    let mut room = Room {
        frames: vec![[0.0; 2]; 4096],
        sides: [Vec::with_capacity(4096), Vec::with_capacity(4096)],
        shown: None,
    };
    engine.play(Frames::ZERO);
    // The first pictures are painted, the conversion finds its room. The longest transform has nothing to show yet.
    run(&mut callback, 512, until(30_000));
    listen(&mut engine, &mut meters, &mut pictures, &mut room);
    run(&mut callback, 512, until(90_000));
    assert!(engine.samples_waiting() > 50_000);
    assert_no_alloc(|| listen(&mut engine, &mut meters, &mut pictures, &mut room));
    assert_eq!(engine.samples_waiting(), 0);
    let shown = room.shown.unwrap();
    assert!(shown.meters.loudness.max_momentary_lufs.is_some() && !shown.meters.point.is_empty());
    let polar = settings.stereo.picture == FieldPicture::PolarLevel;
    assert_eq!(shown.meters.stereo.field.polar.is_empty(), !polar);
    if settings.point == MeterPoint::MasterTap {
        // Elsewhere the album may be too short for the longest transform between two of its seams.
        let spectrum = &shown.spectrum;
        assert!(!spectrum.now_db.is_empty() && !spectrum.gram.levels.is_empty());
        assert_eq!(spectrum.second_average_db.is_empty(), settings.spectrum.second.is_none());
        assert_eq!(spectrum.minimum_db.is_empty(), !settings.spectrum.shows_minimum);
    }
}

/// Run as a child: must die.
#[test]
#[ignore = "the negative control; run by the test below"]
fn control_drops_a_plan_under_the_guard() {
    let renderer = Box::new(busy_album().start(0, 0));
    assert_no_alloc(move || drop(renderer));
}

#[test]
fn the_guard_is_awake() {
    let this = std::env::current_exe().unwrap();
    let child = std::process::Command::new(this)
        .args(["--ignored", "--exact", "control_drops_a_plan_under_the_guard"])
        .output()
        .unwrap();
    assert!(!child.status.success(), "dropping a plan under the guard went unnoticed");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(said.contains("running 1 test"), "the control did not run: {said}");
}
