//! Every format we read, written by an independent program (ffmpeg, sox, flac, lame) and read back: lossless ones bit
//! for bit, lossy ones to the exact length and place. A program that is missing is named and its part skipped.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::print_stdout,
    clippy::needless_range_loop,
    reason = "a test file: helpers outside test functions fail by panicking, and exact means exact"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use glassmaster::media::facts::{Format, Note};
use glassmaster::media::{Decoder, FileFacts, SourceError, probe};

const FRAMES: usize = 60_001;

/// Runs a program quietly; false (and a word on why) if it is not here.
fn run(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Err(_) => {
            println!("skipped: {program} is not installed");
            false
        }
        Ok(status) => {
            assert!(status.success(), "{program} {args:?} failed");
            true
        }
    }
}

/// A deterministic, music-like stereo signal of 24-bit integers: two tones, a slow swell and some noise.
fn signal(frames: usize) -> Vec<[i32; 2]> {
    let mut seed = 0x0123_4567_89AB_CDEF_u64;
    (0..frames)
        .map(|i| {
            let t = i as f64 / 44_100.0;
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (seed >> 33) as f64 / f64::from(1u32 << 31) - 0.5;
            let swell = 0.5 + 0.4 * (t * 3.0).sin();
            let left = swell * (t * 2764.6).sin() * 0.6 + noise * 0.05;
            let right = swell * (t * 4146.9).sin() * 0.5 - noise * 0.04;
            [(left * 8_388_607.0) as i32, (right * 8_388_607.0) as i32]
        })
        .collect()
}

/// A plain WAV through hound: 16 or 24-bit integers.
fn write_wav(path: &Path, frames: &[[i32; 2]], bits: u16, channels: u16) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 44_100,
        bits_per_sample: bits,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for frame in frames {
        for sample in &frame[..channels as usize] {
            writer.write_sample(sample >> (24 - bits)).unwrap();
        }
    }
    writer.finalize().unwrap();
}

/// All frames that come out, the facts, and how it ended.
fn decode(path: &Path) -> (FileFacts, [Vec<f64>; 2], Result<(), SourceError>) {
    let mut decoder = Decoder::open(path).unwrap();
    let facts = decoder.facts().clone();
    let (mut all, mut block) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let end = loop {
        match decoder.next(&mut block) {
            Ok(0) => break Ok(()),
            Ok(n) => {
                assert_eq!((n, n), (block[0].len(), block[1].len()));
                all[0].extend_from_slice(&block[0]);
                all[1].extend_from_slice(&block[1]);
            }
            Err(error) => break Err(error),
        }
    };
    (facts, all, end)
}

fn assert_exact(path: &Path, frames: &[[i32; 2]], bits: u32) {
    let (facts, audio, end) = decode(path);
    end.unwrap();
    assert_eq!(facts.frames as usize, frames.len(), "{}", path.display());
    assert_eq!(audio[0].len(), frames.len(), "{}", path.display());
    let scale = f64::from(1u32 << (bits - 1));
    for (i, frame) in frames.iter().enumerate() {
        for ch in 0..2 {
            let want = f64::from(frame[ch] >> (24 - bits)) / scale;
            assert_eq!(audio[ch][i].to_bits(), want.to_bits(), "{} frame {i}", path.display());
        }
    }
}

/// Correlation of what was decoded with the original at the same place, and one frame to either side.
fn assert_in_place(path: &Path, frames: &[[i32; 2]], audio: &[Vec<f64>; 2]) {
    let error = |shift: i64| -> f64 {
        (5000..40_000usize)
            .map(|i| {
                let want = f64::from(frames[i][0]) / 8_388_608.0;
                (audio[0][(i as i64 + shift) as usize] - want).powi(2)
            })
            .sum()
    };
    assert!(error(0) < error(1) && error(0) < error(-1), "{} is out of place", path.display());
}

struct Rig {
    _dir: tempfile::TempDir,
    root: PathBuf,
    frames: Vec<[i32; 2]>,
    wav16: String,
    wav24: String,
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_path_buf();
        let frames = signal(FRAMES);
        let path = |name: &str| root.join(name).to_string_lossy().into_owned();
        let (wav16, wav24) = (path("in16.wav"), path("in24.wav"));
        write_wav(Path::new(&wav16), &frames, 16, 2);
        write_wav(Path::new(&wav24), &frames, 24, 2);
        Self { _dir: dir, root, frames, wav16, wav24 }
    }

    fn path(&self, name: &str) -> String {
        self.root.join(name).to_string_lossy().into_owned()
    }

    /// `ffmpeg -i input args output`, and the output's path.
    fn ffmpeg(&self, input: &str, args: &[&str], output: &str) -> Option<PathBuf> {
        let output = self.path(output);
        let all = [&["-y", "-loglevel", "error", "-i", input][..], args, &[&output]].concat();
        run("ffmpeg", &all).then(|| PathBuf::from(&output))
    }
}

#[test]
fn wav_from_hound_is_exact() {
    let rig = Rig::new();
    assert_exact(Path::new(&rig.wav16), &rig.frames, 16);
    assert_exact(Path::new(&rig.wav24), &rig.frames, 24);
    let facts = probe(Path::new(&rig.wav24)).unwrap();
    assert_eq!((facts.format_name().as_str(), facts.rate.0, facts.channels), ("WAV 24", 44_100, 2));
    assert!(facts.notes.is_empty());
}

#[test]
fn mono_comes_on_both_sides_and_says_so() {
    let rig = Rig::new();
    let path = rig.root.join("mono.wav");
    write_wav(&path, &rig.frames, 16, 1);
    let (facts, audio, end) = decode(&path);
    end.unwrap();
    assert_eq!(facts.channels, 1);
    assert_eq!(audio[0], audio[1]);
    assert_eq!(audio[0][777], f64::from(rig.frames[777][0] >> 8) / 32_768.0);
}

#[test]
fn uncompressed_files_of_other_programs_are_exact() {
    let rig = Rig::new();
    let cases: &[(&[&str], &str, Format, &str)] = &[
        (&["-c:a", "pcm_s24le"], "a.wav", Format::Wav, "WAV 24"),
        (&["-c:a", "pcm_s32le"], "b.wav", Format::Wav, "WAV 32"),
        (&["-c:a", "pcm_f32le"], "c.wav", Format::Wav, "WAV 32f"),
        (&["-c:a", "pcm_f64le"], "d.wav", Format::Wav, "WAV 64f"),
        (&["-c:a", "pcm_s24le", "-rf64", "always"], "e.wav", Format::Rf64, "RF64 24"),
        (&["-c:a", "pcm_s24be"], "f.aiff", Format::Aiff, "AIFF 24"),
        (&["-c:a", "pcm_s32be"], "g.aiff", Format::Aiff, "AIFF 32"),
        (&["-c:a", "pcm_f32be", "-f", "aiff"], "h.aif", Format::Aifc, "AIFC 32f"),
        (&["-c:a", "pcm_f64be", "-f", "aiff"], "i.aif", Format::Aifc, "AIFC 64f"),
        (
            &["-c:a", "flac", "-bits_per_raw_sample", "24", "-sample_fmt", "s32"],
            "j.flac",
            Format::Flac,
            "FLAC 24",
        ),
        (&["-c:a", "alac", "-sample_fmt", "s32p"], "k.m4a", Format::Alac, "ALAC 24"),
    ];
    for (args, name, format, shown) in cases {
        let Some(path) = rig.ffmpeg(&rig.wav24, args, name) else { return };
        let facts = probe(&path).unwrap();
        assert_eq!((facts.format, facts.format_name().as_str()), (*format, *shown));
        assert_exact(&path, &rig.frames, 24);
    }
    let sowt = rig.ffmpeg(&rig.wav16, &["-c:a", "pcm_s16le", "-f", "aiff"], "l.aifc").unwrap();
    assert_eq!(probe(&sowt).unwrap().format, Format::Aifc);
    assert_exact(&sowt, &rig.frames, 16);
    let flac16 = rig.ffmpeg(&rig.wav16, &["-c:a", "flac"], "m.flac").unwrap();
    assert_exact(&flac16, &rig.frames, 16);
    let alac16 = rig.ffmpeg(&rig.wav16, &["-c:a", "alac"], "n.m4a").unwrap();
    assert_exact(&alac16, &rig.frames, 16);
}

#[test]
fn flac_and_sox_files_are_exact() {
    let rig = Rig::new();
    let flac = rig.path("ref.flac");
    if run("flac", &["-s", "-f", "-8", "-o", &flac, &rig.wav24]) {
        assert_exact(Path::new(&flac), &rig.frames, 24);
    }
    let ogg = rig.path("ref.oga");
    if run("flac", &["-s", "-f", "--ogg", "-o", &ogg, &rig.wav24]) {
        assert_exact(Path::new(&ogg), &rig.frames, 24);
    }
    let aiff = rig.path("sox.aiff");
    if run("sox", &[&rig.wav24, &aiff]) {
        assert_exact(Path::new(&aiff), &rig.frames, 24);
    }
}

#[test]
fn eight_bit_wave_is_offset_binary() {
    let rig = Rig::new();
    let Some(path) = rig.ffmpeg(&rig.wav16, &["-c:a", "pcm_u8"], "u8.wav") else { return };
    let (facts, audio, end) = decode(&path);
    end.unwrap();
    assert_eq!((facts.bits, audio[0].len()), (8, FRAMES));
    for (i, frame) in rig.frames.iter().enumerate() {
        assert!((audio[0][i] - f64::from(frame[0]) / 8_388_608.0).abs() < 0.02);
    }
}

#[test]
fn mp3_with_a_lame_tag_has_the_exact_length_and_place() {
    let rig = Rig::new();
    for (i, args) in
        [&["-b", "320"][..], &["-V", "2"], &["-b", "128", "--resample", "44.1"]].iter().enumerate()
    {
        let path = rig.path(&format!("{i}.mp3"));
        if !run("lame", &[&["--quiet"], *args, &[&rig.wav16, &path]].concat()) {
            return;
        }
        let (facts, audio, end) = decode(Path::new(&path));
        end.unwrap();
        assert_eq!((facts.format, facts.frames as usize, audio[0].len()), (Format::Mp3, FRAMES, FRAMES));
        assert!(facts.notes.is_empty());
        assert_in_place(Path::new(&path), &rig.frames, &audio);
    }
    let path = rig.path("untagged.mp3");
    assert!(run("lame", &["--quiet", "-t", "-b", "192", &rig.wav16, &path]));
    let (facts, audio, end) = decode(Path::new(&path));
    end.unwrap();
    assert_eq!(facts.notes, [Note::UnknownDelay]);
    assert_eq!(facts.frames as usize, audio[0].len());
    assert!(audio[0].len() >= FRAMES);
}

#[test]
fn aac_is_cut_to_the_music() {
    let rig = Rig::new();
    let Some(path) = rig.ffmpeg(&rig.wav16, &["-c:a", "aac", "-b:a", "256k"], "x.m4a") else { return };
    let (facts, audio, end) = decode(&path);
    end.unwrap();
    assert_eq!((facts.format, facts.frames as usize, audio[0].len()), (Format::Aac, FRAMES, FRAMES));
    assert!(facts.notes.is_empty());
    assert_in_place(&path, &rig.frames, &audio);
    let adts = rig.ffmpeg(&rig.wav16, &["-c:a", "aac", "-b:a", "256k"], "x.aac").unwrap();
    let (facts, audio, end) = decode(&adts);
    end.unwrap();
    assert_eq!(facts.notes, [Note::UnknownDelay]);
    assert_eq!(facts.frames as usize, audio[0].len());
}

#[test]
fn vorbis_has_the_exact_length_and_place() {
    let rig = Rig::new();
    let Some(path) = rig.ffmpeg(&rig.wav16, &["-c:a", "libvorbis", "-q:a", "8"], "x.ogg") else { return };
    let (facts, audio, end) = decode(&path);
    end.unwrap();
    assert_eq!((facts.format, facts.frames as usize, audio[0].len()), (Format::Vorbis, FRAMES, FRAMES));
    assert_in_place(&path, &rig.frames, &audio);
}

#[test]
fn tags_are_read_from_every_format() {
    let rig = Rig::new();
    let meta = ["-metadata", "title=Ré", "-metadata", "artist=Band", "-metadata", "album=LP"];
    for name in ["t.wav", "t.flac", "t.mp3", "t.m4a", "t.ogg"] {
        let Some(path) = rig.ffmpeg(&rig.wav16, &meta, name) else { return };
        let tags = probe(&path).unwrap().tags;
        assert_eq!(
            (tags.title.as_str(), tags.artist.as_str(), tags.album.as_str()),
            ("Ré", "Band", "LP"),
            "{name}"
        );
    }
}

#[test]
fn streamed_waves_are_taken_to_their_end() {
    let rig = Rig::new();
    let script = [
        format!("ffmpeg -loglevel error -i '{}' -f wav - > '{}'", rig.wav16, rig.path("ff.wav")),
        format!("sox '{}' -t wav - 2>/dev/null | cat > '{}'", rig.wav16, rig.path("sox.wav")),
    ];
    for (line, name) in script.iter().zip(["ff.wav", "sox.wav"]) {
        if !run("sh", &["-c", line]) {
            return;
        }
        let path = rig.root.join(name);
        if name == "ff.wav" {
            assert_eq!(probe(&path).unwrap().notes, [Note::UnknownLength], "{name}");
        }
        assert_exact(&path, &rig.frames, 16);
    }
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let rig = Rig::new();
    let refusal = |path: &Path| probe(path).unwrap_err().to_string();
    if let Some(path) = rig.ffmpeg(&rig.wav16, &["-c:a", "libopus"], "o.opus") {
        assert!(refusal(&path).contains("Opus"));
        let six = rig.ffmpeg(&rig.wav16, &["-ac", "6"], "six.wav").unwrap();
        assert!(matches!(probe(&six), Err(SourceError::Channels { channels: 6, .. })));
        let six = rig.ffmpeg(&rig.wav16, &["-ac", "6"], "six.flac").unwrap();
        assert!(matches!(probe(&six), Err(SourceError::Channels { channels: 6, .. })));
        let adpcm = rig.ffmpeg(&rig.wav16, &["-c:a", "adpcm_ms"], "adpcm.wav").unwrap();
        assert!(refusal(&adpcm).contains("ADPCM"));
        let w64 = rig.ffmpeg(&rig.wav16, &[], "x.w64").unwrap();
        assert!(refusal(&w64).contains("Wave64"));
        let opus_mp4 = rig.ffmpeg(&rig.wav16, &["-c:a", "libopus", "-f", "mp4"], "o.m4a").unwrap();
        assert!(refusal(&opus_mp4).contains("not read"));
    }
    let write = |name: &str, bytes: &[u8]| {
        let path = rig.root.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    assert!(matches!(probe(&write("zero.wav", b"")), Err(SourceError::Empty { .. })));
    assert!(refusal(&write("notes.wav", b"hello, these are my notes")).contains("not an audio file"));
    assert!(refusal(&write("x.dsf", b"DSD \x1c\0\0\0\0\0\0\0\0\0\0\0")).contains("DSD"));
    assert!(refusal(&rig.root).contains("folder"));
    assert!(matches!(probe(&rig.root.join("gone.wav")), Err(SourceError::Missing { .. })));
}

#[test]
fn content_decides_and_a_wrong_ending_is_noted() {
    let rig = Rig::new();
    let path = rig.root.join("really.mp3");
    std::fs::copy(&rig.wav24, &path).unwrap();
    assert_exact(&path, &rig.frames, 24);
    let note = Note::WrongExtension { extension: "mp3".to_owned(), format: Format::Wav };
    assert_eq!(probe(&path).unwrap().notes, [note]);
}

/// What is left of a file cut at `keep` of its length.
fn cut(path: &Path, keep: f64, name: &str) -> PathBuf {
    let bytes = std::fs::read(path).unwrap();
    let out = path.with_file_name(name);
    std::fs::write(&out, &bytes[..(bytes.len() as f64 * keep) as usize]).unwrap();
    out
}

#[test]
fn cut_files_give_what_they_have_and_then_say_so() {
    let rig = Rig::new();
    let mut files = vec![PathBuf::from(&rig.wav24)];
    files.extend(rig.ffmpeg(&rig.wav24, &["-c:a", "pcm_s24be"], "cut.aiff"));
    files.extend(rig.ffmpeg(&rig.wav16, &["-c:a", "flac"], "cut.flac"));
    files.extend(rig.ffmpeg(&rig.wav16, &["-c:a", "libvorbis"], "cut.ogg"));
    files.extend(rig.ffmpeg(&rig.wav16, &["-c:a", "alac", "-movflags", "faststart"], "cut.m4a"));
    files.extend(rig.ffmpeg(&rig.wav16, &["-c:a", "aac", "-movflags", "faststart"], "cuta.m4a"));
    let mp3 = rig.path("cut.mp3");
    if run("lame", &["--quiet", "-b", "192", &rig.wav16, &mp3]) {
        files.push(PathBuf::from(mp3));
    }
    for path in files {
        let name = format!("cut-{}", path.file_name().unwrap().to_string_lossy());
        let short = cut(&path, 0.6, &name);
        if name.ends_with(".ogg") {
            // The length of an Ogg stream stands on its last page, and a page may be longer than what is left.
            survive(&short);
            continue;
        }
        let (_, audio, end) = decode(&short);
        let Err(SourceError::Damaged { frame, detail, .. }) = end else { panic!("{name}: {end:?}") };
        assert_eq!(frame as usize, audio[0].len(), "{name}: {detail}");
        // symphonia may find nothing in a cut MP4 although its first blocks are there.
        let least = if name.ends_with(".m4a") { 0 } else { 25_000 };
        assert!((least..50_000).contains(&audio[0].len()), "{name}: {}", audio[0].len());
    }
    if let Some(path) = rig.ffmpeg(&rig.wav16, &["-c:a", "aac"], "late.m4a") {
        let error = probe(&cut(&path, 0.6, "cut-late.m4a")).unwrap_err().to_string();
        assert!(error.contains("cut off"), "{error}");
    }
}

#[test]
fn damage_inside_is_reported_with_its_place_and_the_rest_stays_in_place() {
    let rig = Rig::new();
    let Some(path) = rig.ffmpeg(&rig.wav16, &["-c:a", "flac"], "hurt.flac") else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 400].iter_mut().for_each(|b| *b ^= 0x55);
    std::fs::write(&path, bytes).unwrap();
    let (_, audio, end) = decode(&path);
    let Err(SourceError::Damaged { frame, detail, .. }) = end else { panic!("{end:?}") };
    assert_eq!(audio[0].len(), FRAMES, "{detail}");
    let bad = (0..FRAMES).find(|i| audio[0][*i] != f64::from(rig.frames[*i][0] >> 8) / 32_768.0).unwrap();
    assert!(frame as usize <= bad && bad - frame as usize <= 64, "{detail}: {frame} but {bad}");
    let last = FRAMES - 1000;
    assert_eq!(audio[1][last], f64::from(rig.frames[last][1] >> 8) / 32_768.0);

    let mp3 = rig.path("hurt.mp3");
    if run("lame", &["--quiet", "-b", "192", &rig.wav16, &mp3]) {
        let mut bytes = std::fs::read(&mp3).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 3000].fill(0);
        std::fs::write(&mp3, bytes).unwrap();
        let (_, _, end) = decode(Path::new(&mp3));
        assert!(matches!(end, Err(SourceError::Damaged { .. })), "{end:?}");
    }
}

/// A small generator for reproducible harm.
struct Harm(u64);

impl Harm {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below
    }
}

/// Decodes to the end, whatever it may be: an error is fine, a panic or a hang is not.
fn survive(path: &Path) {
    let Ok(mut decoder) = Decoder::open(path) else { return };
    let mut block = [Vec::new(), Vec::new()];
    let mut total = 0;
    while let Ok(n) = decoder.next(&mut block) {
        total += n;
        if n == 0 || total > 5_000_000 {
            break;
        }
    }
}

#[test]
fn hostile_files_never_panic_or_hang() {
    let dir = tempfile::tempdir().unwrap();
    let short = signal(3000);
    let wav = dir.path().join("s.wav");
    write_wav(&wav, &short, 16, 2);
    let input = wav.to_string_lossy().into_owned();
    let mut files = vec![wav];
    for (name, args) in [
        ("s.aiff", &[][..]),
        ("s.flac", &[]),
        ("s.mp3", &["-c:a", "libmp3lame"]),
        ("s.ogg", &["-c:a", "libvorbis"]),
        ("a.m4a", &["-c:a", "aac"]),
        ("l.m4a", &["-c:a", "alac"]),
        ("r.wav", &["-rf64", "always"]),
    ] {
        let path = dir.path().join(name);
        let output = path.to_string_lossy().into_owned();
        if run("ffmpeg", &[&["-y", "-loglevel", "error", "-i", &input][..], args, &[&output]].concat()) {
            files.push(path);
        }
    }
    let mut harm = Harm(7);
    for path in files {
        let good = std::fs::read(&path).unwrap();
        for round in 0..60 {
            let mut bytes = good.clone();
            if round % 2 == 0 {
                bytes.truncate(if round < 20 { harm.next(200) } else { harm.next(good.len()) });
            }
            let reach = if round % 4 < 2 { bytes.len().min(300) } else { bytes.len() };
            for _ in 0..harm.next(12) {
                if reach > 0 {
                    let at = harm.next(reach);
                    bytes[at] = harm.next(256) as u8;
                }
            }
            std::fs::write(&path, &bytes).unwrap();
            survive(&path);
        }
    }
}
