//! Finished masters held against independent programs: sox, ffmpeg, flac, metaflac, lame, and the `hound` reader.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use glassmaster::deliver::{self, DeliverError, DeliveryContext, Written};
use glassmaster::model::{Session, Song, SongId, SourceRef};
use glassmaster::units::{Frames, SampleRate};
use serde_json::{Value, json};

const RATE: u32 = 48_000;

/// Three songs: a pause of 100 ms before the second, a segue into the third.
fn session() -> Session {
    let mut session = Session::new(SampleRate(RATE));
    let album = &mut session.metadata;
    (album.title, album.artist) = ("Rainy Days".into(), "The Ärzte".into());
    (album.upc, album.release_date) = ("4006381333931".into(), "2026-11-20".into());
    (album.copyright, album.catalog, album.genre) = ("2026 Us".into(), "CAT001".into(), "Ambient".into());
    for (i, (frames, gap)) in [(40_001, 96_000), (30_000, 4800), (50_000, 0)].into_iter().enumerate() {
        let source =
            SourceRef { sample_rate_hz: RATE, frames, path: format!("{i}.wav"), ..SourceRef::default() };
        let mut song = Song::new(SongId(i as u64 + 1), source, SampleRate(RATE), Frames(gap));
        song.metadata.title = format!("Ночь {}", i + 1);
        song.metadata.isrc = format!("USABC110000{}", i + 1);
        song.metadata.composer = "C. Omposer".into();
        song.metadata.songwriter = "L. Yricist".into();
        session.songs.push(Arc::new(song));
    }
    session
}

fn context() -> DeliveryContext {
    DeliveryContext::new(Arc::new(session()), jiff::civil::date(2026, 11, 20).at(10, 20, 30, 0))
}

/// The master tap at an album frame: two sines a side, and noise of 24 bits.
fn tap(pos: i64) -> [f64; 2] {
    let t = pos as f64 / f64::from(RATE);
    let tau = std::f64::consts::TAU;
    let noise =
        f64::from(((pos as u32).wrapping_mul(2_654_435_761) >> 12) as i32 - (1 << 19)) / f64::from(1 << 28);
    [
        0.4 * (tau * 441.0 * t).sin() + noise,
        0.3 * (tau * 1000.0 * t).sin() + 0.2 * (tau * 60.0 * t).cos() - noise,
    ]
}

/// Feeds the album to several deliverables at once, in blocks of 64, as the renderer gives them.
fn deliver_all(
    cx: &DeliveryContext,
    orders: &[(&str, Value)],
    out: &Path,
) -> Result<Vec<Written>, DeliverError> {
    let mut runs = Vec::new();
    for (id, settings) in orders {
        let deliverable = deliver::find(id).unwrap();
        let own = cx.ordered(deliverable, settings.as_object().unwrap())?;
        let sink = deliverable.begin(&own, out)?;
        runs.push((deliverable, own, sink));
    }
    let end = cx.timeline.end.0;
    for start in (0..end).step_by(64) {
        let (left, right): (Vec<f64>, Vec<f64>) =
            (start..start + 64).map(|p| if p < end { tap(p) } else { [0.0; 2] }).map(|[l, r]| (l, r)).unzip();
        for (_, _, sink) in &mut runs {
            sink.push(Frames(start), &left, &right)?;
        }
    }
    let mut all = Vec::new();
    for (deliverable, own, sink) in runs {
        let mut written = sink.finish()?;
        let findings = deliverable.verify(&own, &mut written)?;
        assert!(findings.is_empty(), "{findings:#?}");
        all.extend(written);
    }
    Ok(all)
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

fn run(program: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(args).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {words}");
    output.stdout
}

fn text(program: &str, args: &[&str]) -> String {
    String::from_utf8_lossy(&run(program, args)).trim().to_owned()
}

fn as_str(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn names_under(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(names_under(&path));
        }
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    names
}

/// Samples of a 16-bit file through sox, as 16-bit integers.
fn sox_samples(path: &Path, bits: &str) -> Vec<i32> {
    let raw = run("sox", &["-D", as_str(path), "-t", "raw", "-e", "signed-integer", "-b", bits, "-L", "-"]);
    match bits {
        "16" => raw.chunks_exact(2).map(|b| i32::from(i16::from_le_bytes([b[0], b[1]]))).collect(),
        _ => raw.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
    }
}

fn paths_of<'a>(written: &'a [Written], id: &str) -> Vec<&'a PathBuf> {
    written.iter().filter(|w| w.deliverable == id).map(|w| &w.path).collect()
}

#[test]
fn a_24_bit_wav_holds_the_tap_to_the_last_bit() {
    let dir = tempfile::tempdir().unwrap();
    let cx = context();
    let written = deliver_all(&cx, &[("wav_songs", json!({"dither": "none"}))], dir.path()).unwrap();
    assert_eq!(written.len(), 3);
    for (index, file) in written.iter().enumerate() {
        let (start, end) = cx.timeline.file_range(index).unwrap();
        let mut reader = hound::WavReader::open(&file.path).unwrap();
        assert_eq!(reader.duration() as i64, (end - start).0);
        assert_eq!(reader.spec().bits_per_sample, 24);
        let got: Vec<i32> = reader.samples::<i32>().map(Result::unwrap).collect();
        let want: Vec<i32> =
            (start.0..end.0).flat_map(|p| tap(p).map(|v| (v * f64::from(1 << 23)).round() as i32)).collect();
        assert_eq!(got, want);
        assert!(file.bit_exact);
        let measured = file.measurements.as_ref().unwrap();
        assert_eq!(measured.frames as i64, (end - start).0);
        if has("sox") {
            assert!(sox_samples(&file.path, "32").iter().zip(&want).all(|(a, b)| *a == b << 8));
            assert_eq!(text("soxi", &["-s", as_str(&file.path)]), (end - start).0.to_string());
            assert_eq!(text("soxi", &["-p", as_str(&file.path)]), "24");
        }
    }
}

#[test]
fn songs_played_in_a_row_are_the_album_at_any_rate() {
    let dir = tempfile::tempdir().unwrap();
    let settings = json!({"rate": 44100, "bits": 16, "ceiling": "none"});
    let orders = [("wav_songs", settings.clone()), ("wav_album", settings)];
    let cx = context();
    let written = deliver_all(&cx, &orders, dir.path()).unwrap();
    let samples = |path: &PathBuf| -> Vec<i16> {
        hound::WavReader::open(path).unwrap().samples::<i16>().map(Result::unwrap).collect()
    };
    let joined: Vec<i16> = paths_of(&written, "wav_songs").into_iter().flat_map(samples).collect();
    let album = samples(paths_of(&written, "wav_album")[0]);
    let frames = (cx.timeline.end - cx.timeline.program_start()).0 as f64;
    assert_eq!(album.len(), (frames * 44_100.0 / 48_000.0).round() as usize * 2);
    assert!(joined == album);
    // The tap at the other rate, far from the ends: within dither and rounding (1.5 steps) and the noise above 20 kHz.
    let at = |n: usize| {
        let pos = 96_000.0 + n as f64 * 48_000.0 / 44_100.0;
        let t = pos / 48_000.0;
        0.4 * (std::f64::consts::TAU * 441.0 * t).sin()
    };
    for n in 5000..6000 {
        assert!((f64::from(album[2 * n]) / 32_768.0 - at(n)).abs() < 0.003, "frame {n}");
    }
    assert_eq!(written[0].conform.converted_from_hz, Some(48_000));
}

#[test]
fn every_format_passes_its_own_programs() {
    let dir = tempfile::tempdir().unwrap();
    let cx = context();
    let mut orders = vec![
        ("wav_songs", json!({"bits": 16, "dither": "shaped"})),
        ("flac_songs", json!({})),
        ("flac_album", json!({"bits": 16})),
        ("wav_album", json!({"bits": "32f", "pattern": "float"})),
    ];
    if deliver::mp3::is_available() {
        orders.push(("mp3_songs", json!({})));
        orders.push(("mp3_album", json!({"pattern": "{album} {round}"})));
    }
    let written = deliver_all(&cx, &orders, dir.path()).unwrap();
    assert!(!names_under(dir.path()).iter().any(|n| n.contains(".part") || n.contains(".lock")));
    for file in &written {
        check_with_ffprobe(file);
    }
    check_flac(&cx, &written);
    check_wav_tags(&cx, &written);
    check_float(&written);
    check_mp3(&written);
}

fn check_with_ffprobe(file: &Written) {
    if !has("ffmpeg") {
        return;
    }
    let decoded = run("ffmpeg", &["-v", "error", "-i", as_str(&file.path), "-f", "s32le", "-"]);
    assert_eq!(decoded.len() as u64, file.frames * 8, "{}", file.path.display());
}

fn check_flac(cx: &DeliveryContext, written: &[Written]) {
    let songs = paths_of(written, "flac_songs");
    let album = paths_of(written, "flac_album")[0];
    if !has("flac") || !has("metaflac") {
        return;
    }
    for path in songs.iter().copied().chain([album]) {
        run("flac", &["-t", "--silent", "--warnings-as-errors", as_str(path)]);
        assert_ne!(text("metaflac", &["--show-md5sum", as_str(path)]), "0".repeat(32));
    }
    assert_eq!(text("metaflac", &["--show-bps", as_str(songs[1])]), "24");
    let (start, end) = cx.timeline.file_range(0).unwrap();
    assert_eq!(text("metaflac", &["--show-total-samples", as_str(songs[0])]), (end - start).0.to_string());
    let tags = text("metaflac", &["--export-tags-to=-", as_str(songs[1])]);
    for line in [
        "TITLE=Ночь 2",
        "ARTIST=The Ärzte",
        "ALBUM=Rainy Days",
        "ALBUMARTIST=The Ärzte",
        "TRACKNUMBER=2",
        "TRACKTOTAL=3",
        "ISRC=USABC1100002",
        "BARCODE=4006381333931",
        "COMPOSER=C. Omposer",
        "LYRICIST=L. Yricist",
        "COPYRIGHT=2026 Us",
        "DATE=2026-11-20",
        "GENRE=Ambient",
    ] {
        assert!(tags.lines().any(|l| l == line), "{line} is not in\n{tags}");
    }
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("decoded.wav");
    run("flac", &["-d", "--silent", "-o", as_str(&wav), as_str(songs[2])]);
    let decoded: Vec<i32> =
        hound::WavReader::open(&wav).unwrap().samples::<i32>().map(Result::unwrap).collect();
    let (start, end) = cx.timeline.file_range(2).unwrap();
    assert_eq!(decoded.len() as i64, (end - start).0 * 2);
    // Flat dither at 24 bits: within 1.5 steps of the tap.
    let worst = (start.0..end.0)
        .flat_map(tap)
        .zip(&decoded)
        .map(|(want, got)| (want * f64::from(1 << 23) - f64::from(*got)).abs())
        .fold(0.0, f64::max);
    assert!(worst <= 1.5 && worst > 0.5, "{worst}");
}

fn check_wav_tags(cx: &DeliveryContext, written: &[Written]) {
    let path = paths_of(written, "wav_songs")[1];
    let bytes = fs::read(path).unwrap();
    // A plain fmt chunk of 16 bytes with format tag 1.
    let fmt = bytes.windows(4).position(|w| w == b"fmt ").unwrap();
    assert_eq!(bytes[fmt + 4..fmt + 10], [16, 0, 0, 0, 1, 0]);
    if has("ffmpeg") {
        let tags =
            text("ffprobe", &["-v", "error", "-show_entries", "format_tags", "-of", "json", as_str(path)]);
        let tags: Value = serde_json::from_str(&tags).unwrap();
        let tags = &tags["format"]["tags"];
        assert_eq!(tags["title"], "Ночь 2");
        assert_eq!(tags["artist"], "The Ärzte");
        assert_eq!(tags["album"], "Rainy Days");
        assert_eq!(tags["date"], "2026-11-20");
        assert_eq!(tags["creation_time"], "10:20:30");
        let place = cx.timeline.songs[1].start - cx.timeline.program_start();
        assert_eq!(tags["time_reference"], place.0.to_string());
        assert!(tags["coding_history"].as_str().unwrap().starts_with("A=PCM,F=48000,W=16,M=stereo"));
    }
    let axml = String::from_utf8_lossy(&bytes).into_owned();
    assert!(axml.contains("<dc:identifier>ISRC:USABC1100002</dc:identifier>"));
}

fn check_float(written: &[Written]) {
    let path = paths_of(written, "wav_album")[0];
    assert!(path.ends_with("float.wav"));
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(reader.spec().sample_format, hound::SampleFormat::Float);
    let got: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    let want: Vec<f32> =
        (96_000..96_000 + got.len() as i64 / 2).flat_map(|p| tap(p).map(|v| v as f32)).collect();
    assert!(got == want);
    if has("sox") {
        assert_eq!(text("soxi", &["-e", as_str(path)]), "Floating Point PCM");
    }
}

fn check_mp3(written: &[Written]) {
    for path in paths_of(written, "mp3_songs") {
        let frames = written.iter().find(|w| w.path == *path).unwrap().frames;
        if has("lame") {
            let dir = tempfile::tempdir().unwrap();
            let wav = dir.path().join("decoded.wav");
            run("lame", &["--quiet", "--decode", as_str(path), as_str(&wav)]);
            assert_eq!(u64::from(hound::WavReader::open(&wav).unwrap().duration()), frames);
        }
        if has("ffmpeg") {
            let entries = "format=bit_rate:format_tags";
            let probe =
                text("ffprobe", &["-v", "error", "-show_entries", entries, "-of", "json", as_str(path)]);
            let probe: Value = serde_json::from_str(&probe).unwrap();
            let tags = &probe["format"]["tags"];
            assert!(tags["title"].as_str().unwrap().starts_with("Ночь"));
            assert!(tags["track"].as_str().unwrap().ends_with("/3"), "{tags}");
            assert_eq!(tags["album_artist"], "The Ärzte");
            assert_eq!(tags["BARCODE"], "4006381333931");
            assert!(tags["TSRC"].as_str().unwrap().starts_with("USABC110000"), "{tags}");
            assert_eq!(tags["composer"], "C. Omposer");
            assert!(tags["date"].as_str().unwrap().starts_with("2026"), "{tags}");
        }
    }
}

#[test]
fn mp3_songs_decoded_in_a_row_line_up_with_the_tap() {
    if !deliver::mp3::is_available() || !has("ffmpeg") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let cx = context();
    let written = deliver_all(&cx, &[("mp3_songs", json!({}))], dir.path()).unwrap();
    for (index, file) in written.iter().enumerate() {
        let raw = run("ffmpeg", &["-v", "error", "-i", as_str(&file.path), "-f", "f64le", "-"]);
        let left: Vec<f64> =
            raw.chunks_exact(16).map(|b| f64::from_le_bytes(b[..8].try_into().unwrap())).collect();
        let start = cx.timeline.file_range(index).unwrap().0.0;
        // The right place has the smallest error: one frame off is far worse at 441 Hz.
        let error = |shift: i64| -> f64 {
            (2000..20_000).map(|n| (left[n as usize] - tap(start + n + shift)[0]).powi(2)).sum::<f64>()
                / 18_000.0
        };
        assert!(
            error(0) < error(1) / 4.0 && error(0) < error(-1) / 4.0,
            "{} {} {}",
            error(-1),
            error(0),
            error(1)
        );
        assert!(error(0).sqrt() < 0.01, "{}", error(0).sqrt());
    }
}

#[test]
fn before_finish_no_final_name_exists_and_a_drop_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cx = context();
    let mut sinks = Vec::new();
    for id in ["wav_songs", "wav_album", "flac_album"] {
        let deliverable = deliver::find(id).unwrap();
        let own = cx.ordered(deliverable, &serde_json::Map::new()).unwrap();
        sinks.push(deliverable.begin(&own, dir.path()).unwrap());
        for name in deliverable.files(&own).unwrap() {
            assert!(!dir.path().join(name).exists());
        }
    }
    let silence = vec![0.0; cx.timeline.end.as_len()];
    for sink in &mut sinks {
        sink.push(Frames(0), &silence, &silence).unwrap();
    }
    assert!(
        names_under(dir.path()).iter().all(|n| n.ends_with(".wav") || n.contains(".part") || n == ".lock")
    );
    for entry in fs::read_dir(dir.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.ends_with(".part"), "{name}");
    }
    drop(sinks);
    assert!(names_under(dir.path()).is_empty());
}

#[test]
fn what_stands_there_is_not_replaced_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let mut cx = context();
    let order = [("wav_songs", json!({})), ("wav_album", json!({}))];
    deliver_all(&cx, &order, dir.path()).unwrap();
    let before = names_under(dir.path());
    for one in &order {
        let refused = deliver_all(&cx, std::slice::from_ref(one), dir.path());
        // Of a single file the clash shows when it is opened, with the first frame; of a folder at once.
        assert!(matches!(refused, Err(DeliverError::AlreadyExists { .. })), "{refused:?}");
    }
    assert_eq!(names_under(dir.path()), before);
    cx.force = true;
    deliver_all(&cx, &order, dir.path()).unwrap();
    assert_eq!(names_under(dir.path()), before);
}

#[test]
fn a_damaged_file_is_found_on_reading_back() {
    let dir = tempfile::tempdir().unwrap();
    let cx = context();
    for id in ["wav_album", "flac_album"] {
        let mut written = deliver_all(&cx, &[(id, json!({}))], dir.path()).unwrap();
        let path = written[0].path.clone();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let findings = deliver::find(id).unwrap().verify(&cx, &mut written).unwrap();
        assert!(findings.iter().any(|f| f.text.contains("checksum")), "{findings:#?}");
        assert!(!written[0].bit_exact);
    }
}

#[test]
fn checks_name_what_is_wrong_before_writing() {
    let mut session = session();
    Arc::make_mut(&mut session.songs[0]).metadata.isrc = "US-ABC".into();
    session.metadata.upc = "4006381333932".into();
    let cx = DeliveryContext::new(Arc::new(session), context().written_at);
    let deliverable = deliver::find("wav_songs").unwrap();
    let settings =
        json!({"pattern": "{album}", "rate": 96000, "ceiling": "none", "bits": 16, "dither": "none"});
    let own = cx.ordered(deliverable, settings.as_object().unwrap()).unwrap();
    let findings = deliverable.check(&own);
    for rule in ["isrc", "upc", "name_clash", "upsampled", "ceiling", "dither"] {
        assert!(findings.iter().any(|f| f.rule == rule), "{rule} is not in {findings:#?}");
    }
    assert!(deliverable.begin(&own, Path::new("/nowhere")).is_err());
    let wrong = json!({"bits": 17});
    let error = cx.ordered(deliverable, wrong.as_object().unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("wav_songs: bits cannot be 17"), "{error}");
}

#[test]
fn a_full_disk_leaves_no_master() {
    // A device that is always full, where the system has one.
    let full = Path::new("/dev/full");
    if !full.exists() {
        eprintln!("skipped: there is no /dev/full");
        return;
    }
    let error = fs::write(full, b"x").unwrap_err();
    let line = DeliverError::from_io(full, error).to_string();
    assert!(line.contains("no space left"), "{line}");
}

#[test]
fn the_manifest_has_the_keys_of_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let files = deliver_all(&context(), &[("wav_album", json!({}))], dir.path()).unwrap();
    let manifest = deliver::Manifest { files, findings: Vec::new() };
    let json = serde_json::to_value(&manifest).unwrap();
    let file = &json["files"][0];
    for key in ["path", "deliverable", "sha256", "bytes", "measurements", "null_db"] {
        assert!(file.get(key).is_some(), "{key}");
    }
    assert_eq!((&file["null_db"], &file["bit_exact"]), (&Value::Null, &Value::Bool(true)));
    if has("sha256sum") {
        let line = text("sha256sum", &[file["path"].as_str().unwrap()]);
        assert!(line.starts_with(file["sha256"].as_str().unwrap()));
    }
}

/// The guard with the real limiter: a square-ish wave at the ceiling, whose conversion rings over it.
#[test]
fn the_guard_holds_the_ceiling_after_conversion_and_leaves_the_rest_alone() {
    use glassmaster::deliver::{Ceiling, Chunk, Conform, ConformSpec};
    let spec = |ceiling| ConformSpec {
        from: SampleRate(RATE),
        to: SampleRate(44_100),
        format: glassmaster::audio::format::SampleFormat::Float64,
        dither: "none".to_owned(),
        seed: 0,
        ceiling,
        frames: 96_000,
    };
    let converted = |ceiling| {
        let mut conform = Conform::new(spec(ceiling)).unwrap();
        let mut out = Vec::new();
        let mut take = |chunk: Chunk<'_>| match chunk {
            Chunk::Float { left, .. } => out.extend_from_slice(left),
            Chunk::Int { .. } => panic!("floats were asked for"),
        };
        // Quiet for a second and a half, then a square wave of 0.89 (−1 dBFS).
        let sound: Vec<f64> = (0..96_000)
            .map(|n| {
                let level = if n < 72_000 { 0.3 } else { 0.89 };
                let sine = (std::f64::consts::TAU * 997.0 * f64::from(n) / f64::from(RATE)).sin();
                if n < 72_000 { level * sine } else { level * sine.signum() }
            })
            .collect();
        for block in sound.chunks(64) {
            take(conform.push(block, block).unwrap());
        }
        take(conform.finish().unwrap());
        (out, conform.report())
    };
    let (bare, nothing) = converted(Ceiling::Nothing);
    let (held, report) = converted(Ceiling::Guard { ceiling_dbtp: -1.0 });
    let peak = |x: &[f64]| x.iter().fold(0.0f64, |p, v| p.max(v.abs()));
    assert_eq!((bare.len(), held.len()), (88_200, 88_200));
    assert!(peak(&bare) > 0.95, "{}", peak(&bare));
    assert!(peak(&held) <= 10f64.powf(-1.0 / 20.0), "{}", peak(&held));
    // A second that lies clear of the loud part is untouched, to the bit and at its place.
    assert!(bare[..60_000] == held[..60_000]);
    assert!(report.guard_events >= 1 && report.guard_deepest_db < -0.5, "{report:?}");
    assert_eq!((nothing.guard_events, nothing.converted_from_hz), (0, Some(48_000)));
}
