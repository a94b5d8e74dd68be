//! Rows A1 to A5: the engine. The callback is driven without a device; the allocation guard of row A4 is this program's
//! allocator and ends it at the first allocation inside the callback.

use std::sync::Arc;
use std::time::Instant;

use assert_no_alloc::assert_no_alloc;
use glassmaster::audio::{Block, FpuGuard, QUANTUM};
use glassmaster::engine::{Callback, LiveEngine, Monitor, MonotonicClock};
use glassmaster::render::TapHash;
use glassmaster::units::Frames;

use super::lab::{CD, Given, Instance, Settings, noise, sine, splatter_dbc};
use super::render_support::{Album, RATE, Random, busy_album, key};
use super::table::{Row, at_most};

fn live(album: &Album) -> (LiveEngine, Box<Callback>) {
    let memory = Arc::new(album.memory.clone());
    let clock = Box::new(MonotonicClock::default());
    let made = LiveEngine::new(RATE, memory.clone(), memory, clock);
    let (mut engine, callback) = made.unwrap_or_else(|error| panic!("{error}"));
    assert!(
        engine.set_session(Arc::new(album.session.clone()), Arc::new(key)).is_ok(),
        "the engine takes the album"
    );
    engine.set_monitor(Monitor::default());
    engine.play(Frames::ZERO);
    (engine, callback)
}

/// Hash of the album as the callback gives it in buffers of the sizes `next` names, under the allocation guard.
fn live_hash(album: &Album, end: usize, mut next: impl FnMut() -> usize) -> String {
    let (_engine, mut callback) = live(album);
    let mut buffer = vec![0.0f64; 2 * 8192];
    let mut out: Vec<f64> = Vec::with_capacity(2 * end);
    while !callback.shared().is_playing() {
        assert_no_alloc(|| callback.process(&mut buffer[..2], 2));
        std::thread::yield_now();
    }
    out.extend(&buffer[..2]);
    while out.len() < 2 * end {
        let frames = next().min(end - out.len() / 2);
        assert_no_alloc(|| callback.process(&mut buffer[..2 * frames], 2));
        out.extend(&buffer[..2 * frames]);
    }
    let (left, right): (Vec<f64>, Vec<f64>) = out.chunks(2).map(|f| (f[0], f[1])).unzip();
    let mut hash = TapHash::new();
    hash.update(&left, &right);
    hash.hex()
}

/// Whether every buffer size, fixed and random, gives the bits of the offline render.
fn a1_a2() -> (usize, usize) {
    let album = busy_album();
    let end = album.plan().end();
    let offline = album.render((0, end.0), 2).2.tap_hash;
    let mut same = 0;
    let mut tried = 0;
    for size in [1, 17, 64, 333, 512, 4096] {
        tried += 1;
        same += usize::from(live_hash(&album, end.as_len(), || size) == offline);
    }
    for seed in 1..5 {
        let mut random = Random(seed);
        tried += 1;
        same += usize::from(live_hash(&album, end.as_len(), || 1 + random.below(4096) as usize) == offline);
    }
    (same, tried)
}

/// The worst of sudden changes by 6 dB, or of a switch, under a 1 kHz sine at −6 dBFS.
fn a3() -> (f64, String) {
    let jumps: [(&str, Settings<'_>, &str, f64); 4] = [
        ("gain", &[], "gain_db", -6.0),
        (
            "eq",
            &[
                ("band1_type", Given::Word("bell")),
                ("band1_freq_hz", Given::Number(1000.0)),
                ("band1_gain_db", Given::Number(6.0)),
            ],
            "band1_gain_db",
            0.0,
        ),
        ("limiter", &[("ceiling_dbtp", Given::Number(0.0))], "input_gain_db", -6.0),
        ("width", &[], "mid_gain_db", -6.0),
    ];
    let tone = sine(1000.0, -6.0, CD, 100_000);
    let mut worst = f64::NEG_INFINITY;
    let mut told = Vec::new();
    for (kind, settings, param, value) in jumps {
        let mut unit = Instance::new(kind, CD, settings);
        let [out, _] = unit.stream([&tone, &tone], 0, |frame, unit| {
            if frame == 50_048 {
                unit.set(param, value);
            }
        });
        let dbc = splatter_dbc(&out[16_384..], 1000.0, CD);
        worst = worst.max(dbc);
        told.push(format!("{kind} {dbc:.0}"));
    }
    (worst, told.join(", "))
}

/// Time per block in a minute of black against loud noise, the worst of all processors. Each second counts with the
/// least disturbed of its eight parts, so that other programs of the machine do not.
fn a5() -> (f64, &'static str) {
    let _fpu = FpuGuard::new();
    let hiss = noise(1, 64 * QUANTUM);
    let mut worst = (0.0f64, "");
    for kind in glassmaster::process::kinds() {
        let mut unit = Instance::new(kind.id(), CD, &[]);
        let mut second = |level: f64| {
            let part = CD.0 as usize / QUANTUM / 8;
            let one = |_| {
                let began = Instant::now();
                for k in 0..part {
                    let mut block = Block::silent();
                    for channel in block.channels_mut() {
                        let from = (k % 64) * QUANTUM;
                        channel.iter_mut().zip(&hiss[from..]).for_each(|(s, h)| *s = level * h);
                    }
                    unit.block(&mut block);
                }
                began.elapsed().as_secs_f64()
            };
            (0..8).map(one).fold(f64::INFINITY, f64::min)
        };
        let loud = (0..3).map(|_| second(0.5)).fold(f64::INFINITY, f64::min);
        let black = (0..60).map(|_| second(0.0)).fold(0.0, f64::max);
        if black / loud > worst.0 {
            worst = (black / loud, kind.id());
        }
    }
    worst
}

/// All rows of the engine.
pub fn rows() -> Vec<Row> {
    let (same, tried) = a1_a2();
    let (jump, told) = a3();
    let (ratio, kind) = a5();
    let all = same == tried;
    vec![
        Row::new(
            "A1",
            "Engine: buffers of 1, 17, 64, 333, 512, 4096 frames and random",
            "bit-identical",
            "dpl −36 dB, fil4 −37 dB, LSP compressor −130 dB",
            format!("{same} of {tried} runs identical"),
            all,
        ),
        Row::new(
            "A2",
            "Engine: offline render and live capture",
            "bit-identical",
            "–",
            format!("{same} of {tried} runs have the hash of the offline render"),
            all,
        ),
        Row::new(
            "A3",
            "Jumps of 6 dB under 1 kHz at −6 dBFS: energy beside the tone",
            "≤ −75 dBc",
            "one-pole 20 ms −62",
            format!("{told} dBc"),
            at_most(jump, -75.0),
        ),
        Row::new(
            "A4",
            "Engine: allocations and frees in the callback during A1",
            "none",
            "–",
            "none (the guard ends the program at the first)".into(),
            true,
        ),
        Row::new(
            "A5",
            "Time per block in a minute of black after loud noise, dearest second of the worst processor",
            "≤ 1.2 × loud",
            "–",
            format!("{ratio:.2} × ({kind})"),
            at_most(ratio, 1.2),
        ),
    ]
}
