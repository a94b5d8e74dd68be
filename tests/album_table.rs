//! The album table: a song measured alone against the whole album, the whole against the exported files, and what is
//! measured anew after an edit.

#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "a test")]

mod common;

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{assert_one_line, run, run_json, text, write_wav};
use glassmaster::app::core::{Core, Setup};
use glassmaster::app::frame::{Frame, Mode, RowState};
use glassmaster::app::settings::Folders;
use glassmaster::app::{Action, Command};
use glassmaster::edit::{Edit, SongField, apply};
use glassmaster::jobs::JobContext;
use glassmaster::jobs::album_scan::{measure_album, measure_song, signatures};
use glassmaster::jobs::sources::take;
use glassmaster::media::library::Library;
use glassmaster::meter::album::{Reading, Standing};
use glassmaster::model::{Chain, ParamValue, Session, Slot, SlotId, Song, SongId};
use glassmaster::store;
use glassmaster::units::{Frames, SampleRate};

const RATE: u32 = 44_100;

/// Music by formula: a bass, a pulse of three tones and some noise, swelling; louder and brighter with `tune`.
fn music(tune: f64) -> impl Fn(usize, usize) -> f64 {
    move |frame, channel| {
        let t = frame as f64 / f64::from(RATE);
        let beat = (-6.0 * (t * (1.7 + 0.2 * tune)).fract()).exp();
        let swell = 0.6 + 0.4 * (TAU * t / 5.0).sin();
        let noise = ((frame as f64 * 12.9898 + channel as f64 * 4.1).sin() * 43758.5453).fract();
        let tones = (TAU * 440.0 * t).sin() + (TAU * (880.0 + 40.0 * channel as f64) * t).sin();
        let bass = (TAU * 55.0 * t).sin();
        (0.05 + 0.03 * tune) * swell * (bass + beat * (1.5 * tones + (0.3 + 0.2 * tune) * noise))
    }
}

/// Three songs of 7 s, two of them 2 s apart and the third spliced on; compressor and limiter over the album.
fn album(folder: &Path, library: &Library) -> Session {
    let mut session = Session::new(SampleRate(RATE));
    for (id, gap_s) in [(1u64, 2.0), (2, 2.0), (3, 0.0)] {
        let path = write_wav(&folder.join(format!("{id}.wav")), RATE, 7.0, music(id as f64));
        let source = take(library, &path, &JobContext::detached()).unwrap().source;
        let gap = SampleRate(RATE).frames_from_seconds(gap_s);
        let mut song = Song::new(SongId(id), source, SampleRate(RATE), gap);
        song.metadata.title = format!("Song {id}");
        session.songs.push(Arc::new(song));
    }
    session.next_id = 20;
    session
}

fn slot(id: u64, kind: &str, params: &[(&str, f64)]) -> Slot {
    let mut slot = Slot::new(SlotId(id), kind);
    slot.params = params.iter().map(|(k, v)| ((*k).to_owned(), ParamValue::Number(*v))).collect();
    slot
}

fn with_album_chain(session: &Session) -> Session {
    let slots = vec![
        slot(10, "compressor", &[("threshold_db", -24.0), ("ratio", 3.0), ("release_ms", 800.0)]),
        slot(11, "limiter", &[("input_gain_db", 6.0), ("ceiling_dbtp", -1.0)]),
    ];
    Session { album_chain: Arc::new(Chain { slots, ..Chain::default() }), ..session.clone() }
}

struct Bench {
    dir: tempfile::TempDir,
    library: Arc<Library>,
    session: Session,
}

fn bench() -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let library = Arc::new(Library::new(dir.path().join("cache"), 1 << 30));
    let session = album(dir.path(), &library);
    Bench { dir, library, session }
}

#[test]
fn a_song_measured_alone_reads_as_in_the_whole_album() {
    let Bench { library, session, dir: _dir } = bench();
    let session = with_album_chain(&session);
    let cx = JobContext::detached();
    let whole = measure_album(&session, &library, 2, &cx).unwrap();
    assert!(whole.exact && whole.songs.len() == 3);
    for (index, (_, measured)) in whole.songs.iter().enumerate() {
        let alone = measure_song(&session, index, &library, &cx).unwrap();
        for reading in Reading::ALL {
            let of = |f| reading.of(f, &Standing::default());
            let (a, b) = (of(&alone.figures), of(&measured.figures));
            assert_eq!(a.is_some(), b.is_some());
            let apart = a.zip(b).map_or(0.0, |(a, b)| (a - b).abs());
            assert!(apart < 0.01, "song {}: {reading:?} {a:?} and {b:?}", index + 1);
        }
        // Everything within the run-in of album frame 0 is exact.
        if index == 0 {
            assert_eq!(alone, **measured);
        }
    }
    let loudest = whole.songs.iter().filter_map(|(_, m)| m.figures.integrated_lufs).reduce(f64::max);
    assert!(whole.album.integrated_lufs < loudest);
    assert_eq!(
        whole.album.true_peak_dbtp,
        whole.songs.iter().filter_map(|(_, m)| m.figures.true_peak_dbtp).reduce(f64::max)
    );
}

#[test]
fn the_exact_table_is_that_of_the_exported_files() {
    let Bench { session, dir, library: _library } = bench();
    let session = with_album_chain(&session);
    let file = dir.path().join("album.glassmaster");
    store::save(&file, &session).unwrap();
    let table = run_json(dir.path(), &["album", "album.glassmaster", "--json"]);
    assert_eq!(table["exact"], true);
    for number in 1..=3usize {
        let name = format!("{number}.64.wav");
        let song = number.to_string();
        run_json(
            dir.path(),
            &["render", "album.glassmaster", "--song", &song, "--bits", "64f", "--out", &name, "--json"],
        );
        let measured = &run_json(dir.path(), &["measure", "--json", &name])["files"][0];
        let row = &table["songs"][number - 1];
        for key in [
            "integrated_lufs",
            "max_short_term_lufs",
            "max_momentary_lufs",
            "loudness_range_lu",
            "true_peak_dbtp",
            "sample_peak_dbfs",
            "rms_dbfs",
            "plr_db",
            "min_psr_db",
            "dr",
            "correlation",
        ] {
            let (a, b) = (row[key].as_f64(), measured[key].as_f64());
            let apart = a.zip(b).map(|(a, b)| (a - b).abs());
            assert!(
                apart.is_some_and(|d| d < 1e-9),
                "song {number} {key}: {a:?} in the table, {b:?} in the file"
            );
        }
    }
    // The services by hand, from the table as it is shipped.
    let services = table["services"].as_array().unwrap();
    let spotify = services.iter().position(|s| s["id"] == "spotify").unwrap();
    let first = &table["songs"][0];
    let (i, tp) = (first["integrated_lufs"].as_f64().unwrap(), first["true_peak_dbtp"].as_f64().unwrap());
    let wanted = -14.0 - i;
    let gain = if wanted > 0.0 { wanted.min((-1.0 - tp).max(0.0)) } else { wanted };
    let played = &first["verdicts"][spotify]["playback"];
    assert!((played["gain_db"].as_f64().unwrap() - gain).abs() < 1e-9, "{played}");
    // On paper.
    let made = run(dir.path(), &["album", "album.glassmaster", "--out", "sheet.html"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let page = std::fs::read_to_string(dir.path().join("sheet.html")).unwrap();
    assert!(page.contains("in one render of the whole album") && page.contains("Spotify"));
    assert_one_line(
        &run(dir.path(), &["album", "album.glassmaster", "--out", "sheet.html"]),
        4,
        "sheet.html",
    );
    assert_one_line(&run(dir.path(), &["album", "album.glassmaster", "--out", "sheet.doc"]), 2, "sheet.doc");
    let csv = text(&run(dir.path(), &["album", "album.glassmaster", "--csv"]).stdout);
    assert_eq!(csv.lines().count(), 5, "{csv}");
}

#[test]
fn a_signature_changes_with_the_sound_and_with_nothing_else() {
    let Bench { session, .. } = bench();
    let before = signatures(&session);
    let changed = |session: &Session| -> Vec<bool> {
        signatures(session).iter().zip(&before).map(|(a, b)| a != b).collect()
    };
    let edited = |edit: Edit| changed(&apply(&session, &edit).unwrap());
    let (song, text) = (SongId(2), "Another title".to_owned());
    assert_eq!(edited(Edit::SetSongText { song, field: SongField::Title, text }), [false; 3]);
    // Without chains every song is its own, spliced on or not.
    assert_eq!(edited(Edit::SetGain { song, gain_db: 1.0 }), [false, true, false]);
    let first = SongId(1);
    assert_eq!(edited(Edit::SetGain { song: first, gain_db: 1.0 }), [true, false, false]);
    assert_eq!(changed(&with_album_chain(&session)), [true; 3]);
    // With a chain that remembers, what sounded just before is part of a song.
    let session = with_album_chain(&session);
    let with_chain = signatures(&session);
    let next = signatures(&apply(&session, &Edit::SetGain { song: first, gain_db: 1.0 }).unwrap());
    assert!(next.iter().zip(&with_chain).all(|(a, b)| a != b));
}

fn core_with(bench: &Bench) -> Core {
    let folders = Folders::under(&bench.dir.path().join("home"));
    let mut core = Core::new(Setup { folders, threads: 2, audio: false }).unwrap();
    let file: PathBuf = bench.dir.path().join("core.glassmaster");
    store::save(&file, &bench.session).unwrap();
    core.handle(Command::Open(file));
    core
}

/// Lets the program work until nothing is left to do; time passes by itself.
fn until_idle(core: &mut Core, now_s: &mut f64) -> Arc<Frame> {
    for _ in 0..10_000_000 {
        *now_s += 1e-3;
        let frame = core.tick(*now_s);
        if *now_s > 2.0 && !core.is_busy() && frame.album.rows.iter().all(|r| r.figures.is_some()) {
            return frame;
        }
        std::thread::yield_now();
    }
    panic!("the table was never complete");
}

fn states(frame: &Frame) -> Vec<RowState> {
    frame.album.rows.iter().map(|r| r.state.clone()).collect()
}

fn lufs(frame: &Frame, index: usize) -> f64 {
    frame.album.rows[index].figures.unwrap().integrated_lufs.unwrap()
}

#[test]
fn only_what_changed_is_measured_anew_and_undo_finds_its_figures_again() {
    let bench = bench();
    let mut core = core_with(&bench);
    let mut now_s = 0.0;
    assert!(!core.tick(now_s).album.watched, "nobody asked yet");
    core.handle(Command::WatchAlbum(true));
    let first = until_idle(&mut core, &mut now_s);
    assert_eq!(states(&first), [RowState::Fresh, RowState::Fresh, RowState::Fresh]);
    assert!(first.album.fresh && !first.album.exact && first.album.whole.is_some());
    core.handle(Command::Edit { edit: Edit::SetGain { song: SongId(1), gain_db: -3.0 }, gesture: None });
    let edited = core.tick(now_s);
    assert_eq!(states(&edited), [RowState::Stale, RowState::Fresh, RowState::Fresh]);
    assert_eq!(lufs(&edited, 0), lufs(&first, 0), "old figures stay until the new ones are there");
    now_s += 1.0;
    let after = until_idle(&mut core, &mut now_s);
    assert!((lufs(&after, 0) - lufs(&first, 0) + 3.0).abs() < 1e-9, "no chain: 3 dB are 3 LU");
    core.handle(Command::Do(Action::Undo));
    let undone = core.tick(now_s);
    assert!(undone.album.fresh, "{:?}", states(&undone));
    assert_eq!(lufs(&undone, 0), lufs(&first, 0));
    // A report measures the whole, and what it measured is kept as exact.
    let report = bench.dir.path().join("report.csv");
    core.handle(Command::AlbumReport(report.clone()));
    let reported = until_idle(&mut core, &mut now_s);
    assert!(report.exists() && reported.album.exact);
}

#[test]
fn a_services_level_follows_the_song_and_is_left_again() {
    let bench = bench();
    let mut core = core_with(&bench);
    let mut now_s = 0.0;
    core.handle(Command::PlayAtService(Some(("youtube".to_owned(), Mode::Track))));
    let waiting = core.tick(now_s);
    assert_eq!(waiting.album.playing.as_ref().unwrap().gain_db, None);
    assert_eq!(waiting.monitor.service.unwrap().gain_db, 0.0);
    let frame = until_idle(&mut core, &mut now_s);
    let gain_of = |index: usize| (-14.0 - lufs(&frame, index)).min(0.0);
    for index in 0..3 {
        core.handle(Command::Seek(frame.timeline.songs[index].start + Frames(10)));
        let heard = core.tick(now_s);
        let gain_db = heard.monitor.service.unwrap().gain_db;
        assert!((gain_db - gain_of(index)).abs() < 1e-12, "song {}: {gain_db}", index + 1);
        assert!(!heard.device.bit_transparent || gain_db == 0.0);
    }
    core.handle(Command::PlayAtService(Some(("tidal".to_owned(), Mode::Album))));
    let album_db = core.tick(now_s).monitor.service.unwrap().gain_db;
    let whole = frame.album.whole.unwrap().integrated_lufs.unwrap();
    assert!((album_db - (-14.0 - whole).min(0.0)).abs() < 1e-12);
    // A view that sets the monitors cannot set the service.
    let monitor = glassmaster::app::frame::MonitorView { dim: true, ..frame.monitor };
    core.handle(Command::SetMonitor(monitor));
    assert_eq!(core.tick(now_s).monitor.service.unwrap().gain_db, album_db);
    core.handle(Command::Do(Action::ServiceOff));
    let off = core.tick(now_s);
    assert_eq!(off.monitor.service, None);
    // It never was a part of the session.
    assert!(Arc::ptr_eq(&off.session, &waiting.session) && off.undo_name.is_none());
    assert_eq!(core.settings().monitor.service, None);
}
