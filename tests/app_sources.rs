//! What the program without a window does with mixes that come in: picture, measurements and verdict, in one reading.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{sine, write_wav};
use glassmaster::app::Action;
use glassmaster::app::command::Command;
use glassmaster::app::core::{Core, Setup};
use glassmaster::app::frame::Frame;
use glassmaster::app::meter_settings::{MeterPoint, MeterSettings};
use glassmaster::app::settings::Folders;
use glassmaster::model::SlotId;
use glassmaster::units::SampleRate;

fn core(home: &Path) -> Core {
    Core::new(Setup { folders: Folders::under(home), threads: 2, audio: false }).unwrap()
}

/// Lets the program work until every one of `songs` songs is drawn and measured.
fn until_known(core: &mut Core, songs: usize) -> Arc<Frame> {
    for step in 0..10_000_000 {
        let frame = core.tick(f64::from(step) * 1e-3);
        let known = frame.songs.iter().filter(|s| s.picture.is_some() && s.integrated_lufs.is_some());
        if known.count() == songs && !core.is_busy() {
            return frame;
        }
        std::thread::yield_now();
    }
    panic!("the songs were never drawn and measured");
}

/// Bytes this process has read by system calls, where the system counts them.
fn bytes_read() -> Option<u64> {
    let io = std::fs::read_to_string("/proc/self/io").ok()?;
    io.lines().find_map(|l| l.strip_prefix("rchar: "))?.parse().ok()
}

/// One test, because the count is of the whole process.
#[test]
fn a_mix_is_drawn_measured_and_judged_in_one_reading_beside_the_one_for_its_identity() {
    let dir = tempfile::tempdir().unwrap();
    let levels = [-20.0, -14.0, -9.0];
    let paths: Vec<PathBuf> = levels
        .iter()
        .map(|dbfs| {
            let path = dir.path().join(format!("{dbfs}.wav"));
            write_wav(&path, 44_100, 15.0, sine(44_100, 997.0, *dbfs))
        })
        .collect();
    let size: u64 = paths.iter().map(|p| p.metadata().unwrap().len()).sum();
    let mut first = core(&dir.path().join("home"));
    let before = bytes_read();
    first.handle(Command::Import { paths, at: None });
    let frame = until_known(&mut first, 3);
    if let (Some(before), Some(after)) = (before, bytes_read()) {
        let readings = (after - before) as f64 / size as f64;
        eprintln!("{readings:.2} readings of the files");
        assert!(readings < 2.5, "{readings}: the hash is one, everything else another");
    }
    for state in frame.songs.iter() {
        // A sine on both channels reads its level in LUFS near 1 kHz (ITU-R BS.1770: −3.01 + 3.01 for two channels).
        let path = &frame.session.song(state.id).unwrap().source.path;
        let dbfs: f64 = Path::new(path).file_stem().unwrap().to_string_lossy().parse().unwrap();
        let lufs = state.integrated_lufs.unwrap();
        assert!((lufs - dbfs).abs() < 0.1, "{lufs} for {dbfs}");
        assert!(!state.measurements.is_empty());
        let columns = state.picture.as_ref().unwrap().columns(0, 0.0, 44_100.0 * 15.0 / 10.0, 10);
        let peak = 10f64.powf(dbfs / 20.0);
        assert!(columns.iter().all(|c| (f64::from(c.max) - peak).abs() < 0.01), "{columns:?}");
    }
    first.close();
    // A second song of the same file, and a session that is opened again, have pictures without a new reading.
    let cached = std::fs::read_dir(dir.path().join("home/cache")).unwrap();
    let pictures = cached.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "overview"));
    assert_eq!(pictures.count(), 3);
}

#[test]
fn a_slot_the_meters_listen_behind_is_that_of_one_session_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut core = core(&dir.path().join("home"));
    let listen = |core: &mut Core, point: MeterPoint| {
        core.handle(Command::SetMeters(Box::new(MeterSettings { point, ..MeterSettings::default() })));
        assert_eq!(core.tick(0.0).meter_settings.point, point);
    };
    for (point, after) in
        [(MeterPoint::AfterSlot(SlotId(1)), MeterPoint::MasterTap), (MeterPoint::Source, MeterPoint::Source)]
    {
        listen(&mut core, point);
        core.handle(Command::New { sample_rate: SampleRate(48_000) });
        assert_eq!(core.tick(0.0).meter_settings.point, after);
    }
}

#[test]
fn commands_say_where_the_meters_listen_and_leave_everything_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut core = core(&dir.path().join("home"));
    let mut settings = MeterSettings::default();
    settings.loudness.target_lufs = -14.0;
    core.handle(Command::SetMeters(Box::new(settings.clone())));
    for (action, point) in [
        (Action::MetersSource, MeterPoint::Source),
        (Action::MetersSong, MeterPoint::SongChain),
        (Action::MetersDelivered, MeterPoint::Delivered),
        (Action::MetersMonitor, MeterPoint::Monitor),
        (Action::MetersMaster, MeterPoint::MasterTap),
    ] {
        core.handle(Command::Do(action));
        let expected = MeterSettings { point, ..settings.clone() };
        assert_eq!(*core.tick(0.0).meter_settings, expected, "{action:?}");
    }
}
