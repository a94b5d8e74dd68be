//! Curves behind the spectrum, made by the program from audio files: songs, references, genres.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use common::{sine, write_wav};
use glassmaster::app::command::{Command, CurveAct};
use glassmaster::app::core::{Core, Setup};
use glassmaster::app::frame::{CurveKind, CurveView, Frame};
use glassmaster::app::meter_settings::TraceRef;
use glassmaster::app::settings::Folders;
use glassmaster::edit::Edit;

fn core(home: &Path) -> Core {
    Core::new(Setup { folders: Folders::under(home), threads: 2, audio: false }).unwrap()
}

thread_local! {
    /// The clock of the program.
    static NOW_MS: Cell<u32> = const { Cell::new(0) };
}

/// Lets the program work until the frame is as wanted.
fn until(core: &mut Core, what: &str, wanted: impl Fn(&Frame) -> bool) -> Arc<Frame> {
    for _ in 0..1_000_000 {
        NOW_MS.set(NOW_MS.get() + 1);
        let frame = core.tick(f64::from(NOW_MS.get()) * 1e-3);
        if wanted(&frame) && !core.is_busy() {
            return frame;
        }
        std::thread::yield_now();
    }
    let frame = core.tick(f64::from(NOW_MS.get()) * 1e-3);
    let names: Vec<_> = frame.curves.iter().map(|c| &c.name).collect();
    panic!("never came: {what}; busy {}; {names:?}; {:?}; {:?}", core.is_busy(), frame.album.rows, frame.log);
}

/// Frequency at which a curve is highest, without the slope.
fn highest_hz(frame: &Frame, curve: &CurveView) -> f32 {
    let flat = |p: usize| {
        let level = curve.level_db(p).unwrap_or(-999.0);
        level - frame.spectrum.tilt_db(frame.spectrum.freqs_hz[p])
    };
    let points = 0..frame.spectrum.freqs_hz.len();
    let top = points.max_by(|&a, &b| flat(a).total_cmp(&flat(b))).unwrap();
    frame.spectrum.freqs_hz[top]
}

#[test]
fn songs_references_and_genres_have_curves_and_their_files_stay_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    // Two rates, so that curves of both are on one scale.
    let tones = [(44_100u32, 997.0, -20.0), (96_000, 3150.0, -14.0)];
    let paths: Vec<_> = tones
        .iter()
        .map(|(rate, hz, dbfs)| {
            let path = dir.path().join(format!("{hz}.wav"));
            write_wav(&path, *rate, 3.0, sine(*rate, *hz, *dbfs))
        })
        .collect();
    let bytes: Vec<_> = paths.iter().map(|p| std::fs::read(p).unwrap()).collect();
    let mut core = core(&dir.path().join("home"));
    core.handle(Command::Import { paths: paths.clone(), at: None });
    let is_known = |f: &Frame| f.curves.iter().any(|c| c.kind == CurveKind::Album && c.name.contains('2'));
    let frame = until(&mut core, "curves of the songs", is_known);
    let of_kind = |frame: &Frame, kind| frame.curves.iter().find(|c| c.kind == kind).cloned();
    let song = of_kind(&frame, CurveKind::Song).unwrap();
    assert!((highest_hz(&frame, &song) / 997.0).log2().abs() < 0.1, "{}", highest_hz(&frame, &song));
    assert!(!song.is_shown, "quiet until asked for");
    assert!(!of_kind(&frame, CurveKind::Album).unwrap().spread_db.is_empty());

    // Masters are rendered once their curve is wanted; without chains they have the tone of the mixes.
    assert!(of_kind(&frame, CurveKind::Master).is_none() && !frame.album.watched);
    let mut settings = (*frame.meter_settings).clone();
    settings.spectrum.shows_masters = true;
    core.handle(Command::SetMeters(Box::new(settings)));
    let are_known = |f: &Frame| f.curves.iter().any(|c| c.name == "album, 2 masters");
    let frame = until(&mut core, "curves of the masters", are_known);
    let masters = of_kind(&frame, CurveKind::Masters).unwrap();
    assert!(masters.is_shown && masters.trace == TraceRef::Masters && !masters.spread_db.is_empty());
    let master = of_kind(&frame, CurveKind::Master).unwrap();
    assert!((highest_hz(&frame, &master) / 997.0).log2().abs() < 0.1, "{}", highest_hz(&frame, &master));
    let raise = Edit::SetGain { song: frame.session.songs[0].id, gain_db: 3.0 };
    core.handle(Command::Edit { edit: raise, gesture: None });
    let at_once = core.tick(f64::from(NOW_MS.get()) * 1e-3);
    assert!(of_kind(&at_once, CurveKind::Master).unwrap().name.ends_with("(before the last change)"));
    assert_eq!(
        of_kind(&at_once, CurveKind::Masters).unwrap().name,
        "album, 2 masters (1 of before a change)"
    );

    let measure = |name: &str, files: &[std::path::PathBuf]| {
        Command::Curve(CurveAct::Measure { name: name.to_owned(), files: files.to_vec() })
    };
    core.handle(measure("", &paths[1..]));
    core.handle(measure("Two tones", &paths));
    core.handle(measure("None", &[dir.path().join("missing.wav")]));
    let frame = until(&mut core, "both curves", |f| {
        f.log.iter().any(|l| l.text.contains("“None” not made"))
            && of_kind(f, CurveKind::Reference).is_some()
            && of_kind(f, CurveKind::Genre).is_some()
    });
    let reference = of_kind(&frame, CurveKind::Reference).unwrap();
    assert!(reference.is_shown && reference.spread_db.is_empty() && reference.name == "3150");
    assert!((highest_hz(&frame, &reference) / 3150.0).log2().abs() < 0.1);
    // What is damaged is taken as far as it reads, and said.
    let (whole, cut) = (std::fs::read(&paths[0]).unwrap(), dir.path().join("cut.wav"));
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    core.handle(measure("Cut", &[cut]));
    let frame = until(&mut core, "a line about damage", |f| {
        f.log
            .iter()
            .any(|l| l.text.contains("“Cut”: taken in part") && l.text.contains("read as far as 0:00:01."))
    });
    core.handle(Command::Curve(CurveAct::Remove("Cut".to_owned())));
    let frame = until(&mut core, "one reference", |f| f.curves.len() < frame.curves.len());
    let genre = of_kind(&frame, CurveKind::Genre).unwrap();
    assert!(genre.name == "Two tones, 2 files" && genre.spread_db.iter().any(|s| *s > 10.0));
    // Nothing was heard: they stand at their own levels, and nothing can be frozen.
    assert_eq!(reference.levelled_by_db, None);
    core.handle(Command::Curve(CurveAct::Freeze(0)));
    let frame = until(&mut core, "a line about it", |f| f.log.iter().any(|l| l.text.contains("freeze")));
    assert!(of_kind(&frame, CurveKind::Frozen(0)).is_none());

    let rename =
        |id: &str, name: &str| Command::Curve(CurveAct::Rename { id: id.to_owned(), name: name.to_owned() });
    core.handle(rename("Two tones", "Tones"));
    core.handle(Command::Curve(CurveAct::Remove("3150".to_owned())));
    let frame = until(&mut core, "renamed and removed", |f| of_kind(f, CurveKind::Reference).is_none());
    let genre = of_kind(&frame, CurveKind::Genre).unwrap();
    assert_eq!(genre.trace, TraceRef::Curve("Tones".to_owned()));
    assert!(genre.is_shown, "a new name does not hide it");
    core.close();
    drop(core);
    // They belong to the machine: another session finds them.
    let mut again = self::core(&dir.path().join("home"));
    let frame = until(&mut again, "the genre again", |f| of_kind(f, CurveKind::Genre).is_some());
    assert!(of_kind(&frame, CurveKind::Genre).unwrap().is_shown);
    again.close();
    for (path, bytes) in paths.iter().zip(bytes) {
        assert_eq!(std::fs::read(path).unwrap(), bytes, "files are only read");
    }
}
