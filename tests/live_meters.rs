//! What the meters read live is what the file reads: the program plays synthesised albums and measures their renders, and
//! the ledger of the album, fed by an engine that seeks about, ends at the same figures.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at what it did not expect, and compares exact values"
)]

mod common;
mod render_support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{run, run_json, text, write_wav};
use glassmaster::app::frame::{MeterView, PlaceReading};
use glassmaster::app::meter_settings::{MeterPoint, MeterSettings};
use glassmaster::app::telemetry::{Meters, tap_of};
use glassmaster::engine::{Callback, LiveEngine, MeterTap, Monitor, MonotonicClock, SamplePlace};
use glassmaster::meter::loudness::LoudnessMeter;
use glassmaster::meter::loudness_map::LoudnessMap;
use glassmaster::meter::true_peak::{Keep, TruePeakMeter};
use glassmaster::model::{Chain, Session, SlotId, Timeline};
use glassmaster::units::Frames;
use render_support::{Album, RATE, key, noise};
use serde_json::{Value, json};

/// A tone with harmonics that swells and pauses, and noise: loudness, range and peaks all have something to read.
fn music(rate: u32, seed: u64) -> impl Fn(usize, usize) -> f64 {
    move |frame, channel| {
        let t = frame as f64 / f64::from(rate);
        let swell = 0.08 + 0.5 * (0.9 * t + seed as f64).sin().powi(2);
        let hz = 110.0 * (1.0 + seed as f64) + 3.0 * channel as f64;
        let tone: f64 =
            [1.0, 3.0, 9.1].iter().map(|k| (std::f64::consts::TAU * hz * k * t).sin() / k).sum::<f64>();
        let mut hash = (frame as u64 * 2 + channel as u64 + seed * 77).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
        let noise = (hash.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        swell * (0.6 * tone + 0.1 * noise) / 1.6
    }
}

fn slot(id: u32, kind: &str, params: &Value) -> Value {
    json!({"id": id, "kind": kind, "version": 1, "enabled": true, "mode": "stereo", "wet": 1.0, "params": params})
}

/// An album of two songs at a rate, with a compressor on the first and a limiter on the album.
fn make_album(home: &Path, rate: u32, gap: &str) {
    for (name, seed) in [("1.wav", 1), ("2.wav", 2)] {
        write_wav(&home.join(name), rate, 4.4 + seed as f64 * 0.1234, music(rate, seed));
    }
    let rate = rate.to_string();
    let args = ["new", "a.json", "--rate", rate.as_str(), "--gap", gap, "--from", "1.wav", "2.wav"];
    let made = run(home, &args);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let path = home.join("a.json");
    let mut session: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    session["songs"][0]["chain"] =
        json!({"slots": [slot(901, "compressor", &json!({"threshold_db": -22.0, "ratio": 2.5}))]});
    session["songs"][1]["gain_db"] = json!(-4.5);
    session["album_chain"] = json!({"slots": [
        slot(902, "gain", &json!({"gain_db": 2.5})),
        slot(903, "limiter", &json!({"input_gain_db": 3.0})),
    ]});
    std::fs::write(&path, session.to_string()).unwrap();
}

/// Figures that both `measure` and the meters give.
const FIGURES: [&str; 7] = [
    "integrated_lufs",
    "loudness_range_lu",
    "max_momentary_lufs",
    "max_short_term_lufs",
    "true_peak_dbtp",
    "sample_peak_dbfs",
    "plr_db",
];

#[test]
fn the_album_played_reads_what_its_file_reads_to_the_last_digit() {
    for (rate, gap) in [(44_100, "2"), (48_000, "1"), (88_200, "0"), (96_000, "0.5")] {
        let dir = tempfile::tempdir().unwrap();
        make_album(dir.path(), rate, gap);
        let rendered = run(dir.path(), &["render", "a.json", "--out", "a.wav", "--bits", "64f"]);
        assert!(rendered.status.success(), "{}", text(&rendered.stderr));
        let file = &run_json(dir.path(), &["measure", "a.wav", "--json"])["files"][0];
        let played = run_json(dir.path(), &["play", "a.json", "--free", "--preload", "--json"]);
        assert!(played["tap_hash"].is_string(), "frames were lost at {rate}: {played}");
        let live = &played["meters"];
        for figure in FIGURES {
            assert!(file[figure].is_f64(), "{rate}: {figure} of {file}");
            assert_eq!(live[figure].to_string(), file[figure].to_string(), "{rate}: {figure}");
        }
        assert_eq!(live["point"], "master · master tap");
        assert!(live["min_psr_db"].as_f64().is_some_and(|db| db > 0.0), "{live}");
        // By place: the same sums over the same sub-blocks.
        let place = &live["by_place"];
        for figure in FIGURES {
            assert_eq!(place[figure].to_string(), file[figure].to_string(), "{rate}: {figure} by place");
        }
        assert_eq!(place["measured_s"], place["length_s"], "{rate}");
    }
}

/// The file of that ending below a folder.
fn find_file(folder: &Path, ending: &str) -> PathBuf {
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                return path;
            }
        }
    }
    panic!("no .{ending} below {}", folder.display());
}

#[test]
fn as_delivered_reads_what_the_cd_image_reads() {
    let dir = tempfile::tempdir().unwrap();
    make_album(dir.path(), 96_000, "2");
    let done = run(dir.path(), &["deliver", "a.json", "cd_wav_cue", "--out", "cd"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let wav = find_file(&dir.path().join("cd"), "wav");
    let file = &run_json(dir.path(), &["measure", wav.to_str().unwrap(), "--json"])["files"][0];
    assert_eq!(file["sample_rate_hz"], 44_100);
    let args = ["play", "a.json", "--free", "--preload", "--json", "--point", "delivered"];
    let live = &run_json(dir.path(), &args)["meters"];
    assert_eq!(live["point"], "as delivered · 44.1 kHz, 16 bit");
    for figure in &FIGURES[..6] {
        let off = (live[*figure].as_f64().unwrap() - file[*figure].as_f64().unwrap()).abs();
        eprintln!("{figure}: live {}, CD image {}", live[*figure], file[*figure]);
        assert!(off < 0.01, "{figure} is off by {off}");
    }
}

/// An engine under our hands: what is called back goes to meters.
struct Stage {
    engine: LiveEngine,
    callback: Box<Callback>,
    meters: Meters,
    map: Arc<LoudnessMap>,
    tap: MeterTap,
    /// What the meters took: place of the first, and the left channel.
    heard: Vec<(SamplePlace, Vec<f64>)>,
    out: Vec<f64>,
}

impl Stage {
    fn new(album: &Album, point: MeterPoint) -> Self {
        let memory = Arc::new(album.memory.clone());
        let clock = Box::new(MonotonicClock::default());
        let (mut engine, callback) = LiveEngine::new(RATE, memory.clone(), memory, clock).unwrap();
        let session = Arc::new(album.session.clone());
        engine.set_session(Arc::clone(&session), Arc::new(key)).unwrap();
        let tap = tap_of(point, Some(&session));
        engine.set_tap(tap);
        let mut meters = Meters::new(RATE, &MeterSettings { point, ..MeterSettings::default() });
        let map = Arc::new(LoudnessMap::new(RATE, Timeline::of(&session).end));
        meters.set_session(engine.session_number(), &session, &map);
        Self { engine, callback, meters, map, tap, heard: Vec::new(), out: Vec::new() }
    }

    /// The session is another one from now on.
    fn edit(&mut self, session: &Session) {
        let session = Arc::new(session.clone());
        self.engine.set_session(Arc::clone(&session), Arc::new(key)).unwrap();
        self.meters.set_session(self.engine.session_number(), &session, &self.map);
    }

    /// Plays from a place to a place.
    fn play(&mut self, from: i64, to: i64) {
        self.engine.play(Frames(from));
        let mut begun = false;
        for _ in 0..10_000_000 {
            let mut out = [0.0f64; 2 * 441];
            self.callback.process(&mut out, 2);
            let playing = self.callback.shared().is_playing();
            begun |= playing && (from..to).contains(&self.callback.shared().position().0);
            if begun {
                self.out.extend_from_slice(&out);
                self.listen();
            } else {
                std::thread::yield_now();
            }
            if begun && (self.callback.shared().position() >= Frames(to) || !playing) {
                return;
            }
        }
        panic!("waited in vain");
    }

    fn listen(&mut self) {
        let mut frames = vec![[0.0; 2]; 5000];
        while let Some((place, count)) = self.engine.samples().take(&mut frames) {
            let (left, right): (Vec<f64>, Vec<f64>) = frames[..count].iter().map(|f| (f[0], f[1])).unzip();
            assert_eq!(place.tap, self.tap);
            self.meters.push_at(&place, &left, &right);
            self.heard.push((place, left));
        }
    }

    /// By place: of a song as it is heard last, and of the album.
    fn by_place(&mut self) -> (PlaceReading, PlaceReading) {
        let loudness = self.meters.view().loudness;
        (loudness.song.unwrap(), loudness.album)
    }

    fn finish(mut self) -> MeterView {
        self.meters.finish();
        self.meters.view()
    }
}

/// One song of 6 s, gains in both chains: -1 dB in, +3 dB, -2 dB, -0.5 dB out; +2 dB, -1.25 dB on the album.
fn gains() -> (Album, [SlotId; 4]) {
    let mut album = Album::new();
    let mut slot = |db: f64| album.slot("gain", &[("gain_db", db)]);
    let slots = [slot(3.0), slot(-2.0), slot(2.0), slot(-1.25)];
    let ids = [slots[0].id, slots[1].id, slots[2].id, slots[3].id];
    let [a, b, c, d] = slots;
    let tone: Vec<f64> = (0..288_000).map(|i| 0.1 * (f64::from(i) * 0.13).sin()).collect();
    let song = album.add(Arc::new((tone.clone(), tone)), 0);
    (song.gain_db, song.level_db) = (-1.0, -0.5);
    song.chain = Arc::new(Chain { slots: vec![a, b], ..Chain::default() });
    album.session.album_chain = Arc::new(Chain { slots: vec![c, d], ..Chain::default() });
    (album, ids)
}

#[test]
fn every_point_reads_its_own_gain_and_changes_no_bit_of_the_sound() {
    let (album, [a, b, c, d]) = gains();
    let read = |point| {
        let mut stage = Stage::new(&album, point);
        stage.engine.set_monitor(Monitor { level_db: -10.0, ..Monitor::default() });
        for _ in 0..20 {
            // Until the monitor stands where it was set.
            stage.callback.process(&mut [0.0f64; 2 * 441], 2);
        }
        stage.play(0, 288_000);
        let out: Vec<u64> = stage.out[..500_000].iter().map(|x| x.to_bits()).collect();
        (stage.finish(), out)
    };
    let (source, sound) = read(MeterPoint::Source);
    assert_eq!(source.point, "song 1 · source");
    // 0.1 in both channels at 993 Hz: -20 LUFS within the slope of the K curve (loudness.md 3.3).
    let quiet = source.loudness.max_short_term_lufs.unwrap();
    assert!((quiet + 20.0).abs() < 0.01, "{quiet}");
    for (point, gain_db, words) in [
        (MeterPoint::AfterSlot(a), 2.0, "song 1 · after Gain"),
        (MeterPoint::AfterSlot(b), 0.0, "song 1 · after Gain"),
        (MeterPoint::SongChain, -0.5, "song 1 · after its chain"),
        (MeterPoint::AfterSlot(c), 1.5, "album · after Gain"),
        (MeterPoint::AfterSlot(d), 0.25, "album · after Gain"),
        (MeterPoint::MasterTap, 0.25, "master · master tap"),
        (MeterPoint::AfterSlot(SlotId(77)), 0.25, "master · master tap (the chosen slot is gone)"),
        (MeterPoint::Monitor, -9.75, "monitor · to the loudspeakers"),
        (MeterPoint::Delivered, 0.25, "as delivered · 44.1 kHz, 16 bit"),
    ] {
        let (view, out) = read(point);
        assert_eq!(view.point, words);
        // The K curve at 44.1 kHz is not quite that at 48.
        let within = if point == MeterPoint::Delivered { 0.005 } else { 1e-6 };
        let off = view.loudness.max_short_term_lufs.unwrap() - quiet - gain_db;
        assert!(off.abs() < within, "{words}: off by {off} dB");
        let off = view.loudness.integrated_lufs.unwrap() - source.loudness.integrated_lufs.unwrap() - gain_db;
        assert!(off.abs() < 0.005, "{words}: I off by {off}");
        assert!(out == sound, "{words}: the sound is another");
    }
}

#[test]
fn a_frame_is_booked_where_it_is_heard_at_every_point() {
    let mut album = Album::new();
    let mut slot = |kind: &str| album.slot(kind, &[]);
    let slots = [slot("gain"), slot("limiter"), slot("limiter"), slot("gain")];
    let ids: Vec<SlotId> = slots.iter().map(|s| s.id).collect();
    let [a, b, c, d] = slots;
    let mut click = vec![0.0; 60_000];
    click[20_011] = 0.5;
    let song = album.add(Arc::new((click.clone(), click)), 9_001);
    song.chain = Arc::new(Chain { slots: vec![a, b], ..Chain::default() });
    album.session.album_chain = Arc::new(Chain { slots: vec![c, d], ..Chain::default() });
    let slots = ids.into_iter().map(MeterPoint::AfterSlot);
    let others = [MeterPoint::Source, MeterPoint::SongChain, MeterPoint::MasterTap, MeterPoint::Monitor];
    for point in slots.chain(others) {
        let mut stage = Stage::new(&album, point);
        stage.play(0, 60_000);
        let mut highest = (0.0, Frames::ZERO);
        for (place, left) in &stage.heard {
            for (x, i) in left.iter().zip(0..) {
                if x.abs() > highest.0 {
                    highest = (x.abs(), place.position.unwrap() + Frames(i));
                }
            }
        }
        assert_eq!(highest.1, Frames(9_001 + 20_011), "{point:?}");
    }
}

#[test]
fn an_album_heard_in_pieces_ends_at_the_figures_of_its_file() {
    let mut album = Album::new();
    album.add(noise(260_000, 1, 0.5), 96_000);
    // Processors of a short memory: after a seek the sound itself is what it is in the file.
    let eq = album.slot("eq", &[("band1_freq_hz", 2_000.0), ("band1_gain_db", 6.0)]);
    album.add(noise(230_000, 2, 0.3), 4_801).chain = Arc::new(Chain { slots: vec![eq], ..Chain::default() });
    let width = album.slot("width", &[("width_percent", 130.0)]);
    album.session.album_chain = Arc::new(Chain { slots: vec![width], ..Chain::default() });
    let end = Timeline::of(&album.session).end.0;
    let (left, right, _) = album.render((96_000, end), 1);
    let mut file = LoudnessMeter::new(RATE.0, 2, 1.0);
    file.push(&left, &right);
    let mut peak = TruePeakMeter::new(Keep::Maximum);
    peak.push(&left, &right);
    peak.finish();
    let mut stage = Stage::new(&album, MeterPoint::MasterTap);
    // Each piece begins a quarter of a second before what it adds; the last is out of the middle.
    for (from, to) in [(400_000, end), (0, 200_000), (188_000, 412_000), (250_000, 300_000)] {
        stage.play(from, to);
    }
    let view = stage.finish();
    let album = view.loudness.album;
    let reading = file.reading();
    let off = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs();
    let highest = album.true_peak_dbtp.into_iter().flatten().reduce(f64::max);
    let offs = [
        off(album.integrated_lufs, reading.integrated_lufs),
        off(album.range_lu, reading.range_lu),
        off(album.max_momentary_lufs, reading.max_momentary_lufs),
        off(album.max_short_term_lufs, reading.max_short_term_lufs),
        off(highest, peak.max_dbtp()),
    ];
    eprintln!("I, LRA, max M, max S, TP are off by {offs:?}");
    assert!(offs.iter().all(|off| *off < 0.01), "{offs:?}");
    assert_eq!(album.measured_s, album.length_s);
}

#[test]
fn an_edit_in_the_middle_is_measured_anew_alone() {
    let mut album = Album::new();
    album.add(noise(200_000, 1, 0.5), 96_000);
    album.add(noise(180_000, 2, 0.3), 4_801);
    album.add(noise(190_000, 3, 0.4), 9_607);
    let end = Timeline::of(&album.session).end.0;
    let second = Timeline::of(&album.session).file_range(1).unwrap();
    let mut stage = Stage::new(&album, MeterPoint::MasterTap);
    // From the middle, then from the start, until all is known.
    stage.play(250_000, end);
    stage.play(0, 280_000);
    stage.play(end - 4_000, end);
    let before = stage.by_place();
    assert!((before.1.measured_s - before.1.length_s).abs() < 1e-9, "{before:?}");
    let song = |album: &mut Album| Arc::make_mut(&mut album.session.songs[1]).gain_db = -3.0;
    song(&mut album);
    stage.edit(&album.session);
    let edited = stage.by_place();
    assert_eq!(edited.0, before.0, "the third song is what it was");
    let length_s = (second.1 - second.0).0 as f64 / RATE.hz();
    assert!((edited.1.stale_s - length_s).abs() < 0.03, "{} of {length_s}", edited.1.stale_s);
    // The edited song again, from a quarter of a second before it to a quarter behind it.
    stage.play(second.0.0 - 12_000, second.1.0 + 12_000);
    let (_, read) = stage.by_place();
    assert_eq!((read.stale_s, read.measured_s), (0.0, read.length_s));
    let (left, right, _) = album.render((96_000, end), 1);
    let mut file = LoudnessMeter::new(RATE.0, 2, 1.0);
    file.push(&left, &right);
    let reading = file.reading();
    for (name, live, file) in [
        ("I", read.integrated_lufs, reading.integrated_lufs),
        ("LRA", read.range_lu, reading.range_lu),
        ("max M", read.max_momentary_lufs, reading.max_momentary_lufs),
        ("max S", read.max_short_term_lufs, reading.max_short_term_lufs),
    ] {
        let off = (live.unwrap() - file.unwrap()).abs();
        assert!(off < 1e-6, "{name} is off by {off}");
    }
    assert!(read.integrated_lufs != before.1.integrated_lufs);
}

#[test]
fn a_song_whose_source_is_missing_is_measured_at_no_point() {
    let mut album = Album::new();
    album.add(noise(100_000, 1, 0.5), 0);
    "gone".clone_into(&mut album.add(noise(60_000, 2, 0.3), 0).source.path);
    album.add(noise(80_000, 3, 0.4), 0);
    for point in [MeterPoint::MasterTap, MeterPoint::Source, MeterPoint::SongChain, MeterPoint::Monitor] {
        let mut stage = Stage::new(&album, point);
        stage.play(0, 240_000);
        let (_, read) = stage.by_place();
        // Song 3 counts a tenth of a second after its start.
        let heard_s = f64::from(100_000 + 80_000 - 4_800) / RATE.hz();
        assert!((read.measured_s - heard_s).abs() < 0.03, "{point:?}: {} of {heard_s}", read.measured_s);
        assert_eq!(read.length_s, 5.0);
    }
}

#[test]
fn a_services_level_is_heard_behind_the_monitor_section_alone() {
    let (album, _) = gains();
    let read = |point, service_db| {
        let mut stage = Stage::new(&album, point);
        stage.engine.set_monitor(Monitor { service_db, ..Monitor::default() });
        for _ in 0..20 {
            stage.callback.process(&mut [0.0f64; 2 * 441], 2);
        }
        stage.play(0, 288_000);
        let taken: Vec<u64> = stage.heard.iter().flat_map(|(_, left)| left).map(|x| x.to_bits()).collect();
        (stage.finish().loudness, taken)
    };
    let (plain, plain_bits) = read(MeterPoint::MasterTap, 0.0);
    let (master, master_bits) = read(MeterPoint::MasterTap, -6.25);
    let common = plain_bits.len().min(master_bits.len());
    assert!(
        common >= 288_000 && plain_bits[..common] == master_bits[..common],
        "not a bit of the master tap"
    );
    assert_eq!(master.album.integrated_lufs, plain.album.integrated_lufs);
    let (monitor, _) = read(MeterPoint::Monitor, -6.25);
    let off = monitor.max_short_term_lufs.unwrap() - plain.max_short_term_lufs.unwrap() + 6.25;
    assert!(off.abs() < 1e-9, "{off}");
}
