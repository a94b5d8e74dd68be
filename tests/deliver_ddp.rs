//! DDP sets as wholes: byte for byte against sets a licensed writer made (where they are at hand), written and read
//! back on disk, damaged, and read by independent programs.

use std::fs;
use std::path::Path;
use std::process::Command;

use glassmaster::deliver::cd_image::{CdImageKind, CdImageWriter, Pair};
use glassmaster::deliver::ddp::disc::{Disc, Flags, Texts, Track};
use glassmaster::deliver::ddp::extract::{ExtractOptions, extract};
use glassmaster::deliver::ddp::verify::verify;
use glassmaster::deliver::ddp::{DdpOptions, DdpWriter, DeliverDdpError};
use glassmaster::deliver::toc;
use glassmaster::model::Severity;
use glassmaster::units::CdFrames;

fn track(all: [&str; 6], pause: Option<u32>, indexes: &[u32]) -> Track {
    Track {
        texts: texts(all),
        pause: pause.map(CdFrames),
        indexes: indexes.iter().copied().map(CdFrames).collect(),
        ..Track::default()
    }
}

fn texts(all: [&str; 6]) -> Texts {
    let mut texts = Texts::default();
    for (slot, text) in texts.all_mut().into_iter().zip(all) {
        *slot = text.to_owned();
    }
    texts
}

fn disc(album: [&str; 6], tracks: Vec<Track>, lead_out: u32, silence: u32) -> Disc {
    Disc {
        texts: texts(album),
        tracks,
        lead_out: CdFrames(lead_out),
        silence_in_front: CdFrames(silence),
        ..Disc::default()
    }
}

const NONE: [&str; 6] = [""; 6];

fn full_025() -> Disc {
    let mut one = track(["One", "", "", "", "", ""], Some(0), &[150, 525]);
    one.isrc = "USABC1111111".to_owned();
    one.flags.pre_emphasis = true;
    let mut two = track(["Two", "", "", "", "", ""], Some(750), &[900]);
    two.flags = Flags { copy: true, four_channel: true, ..Flags::default() };
    let mut disc = disc(["Disc", "", "", "", "", ""], vec![one, two], 1650, 150);
    disc.upc = "0123456789012".to_owned();
    disc
}

fn golden_discs() -> Vec<(&'static str, Disc)> {
    let mut scms = disc(NONE, vec![track(NONE, Some(0), &[150])], 900, 150);
    scms.tracks[0].flags.scms = true;
    let long_title = "A disc title that is quite a bit longer than fifteen characters";
    let long = ["Another long track title, over thirty chars", "Q", "", "", "", ""];
    let credits =
        ["Disc Title", "Disc Performer", "Disc Songwriter", "Disc Composer", "Disc Arranger", "Disc Message"];
    let one = track(["One", "", "", "Composer One", "Arranger One", "Message One"], Some(0), &[150]);
    let two = track(["Two", "Performer Two", "", "Composer Two", "", ""], None, &[900]);
    let latin = ["Café Déjà Vu", "Björk", "", "", "", ""];
    let uber = track(["Über", "", "", "", "", ""], Some(0), &[150]);
    vec![
        ("cue2ddp-009-pregap-3s", disc(NONE, vec![track(NONE, Some(0), &[225])], 750, 0)),
        ("cue2ddp-010-scms", scms),
        (
            "cue2ddp-024-cdtext-long",
            disc([long_title, "P", "", "", "", ""], vec![track(long, Some(0), &[150])], 900, 150),
        ),
        ("cue2ddp-025-full", full_025()),
        ("cue2ddp-031-cdtext-latin1", disc(latin, vec![uber], 900, 150)),
        ("cue2ddp-092-cdtext-credits", disc(credits, vec![one, two], 1650, 150)),
    ]
}

/// Sample pair i: left the low 16 bits of i, right i >> 16.
fn pattern(sectors: u32) -> Vec<Pair> {
    (0..sectors * 588).map(|i| [(i & 0xffff) as u16 as i16, (i >> 16) as i16]).collect()
}

fn write(target: &Path, disc: &Disc, pq_name: &str) -> Result<(), DeliverDdpError> {
    let options = DdpOptions { pq_name: pq_name.to_owned(), ..DdpOptions::default() };
    let mut writer = DdpWriter::create(target, disc.clone(), options)?;
    for block in pattern(disc.lead_out.0 - disc.silence_in_front.0).chunks(1000) {
        writer.write(block)?;
    }
    writer.finish(|_| Vec::new()).map(|_| ())
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

#[test]
fn sets_of_a_licensed_writer_are_reproduced_byte_for_byte() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata/ddp-real");
    let real = std::env::var_os("GLASSMASTER_DDP_REAL").map_or(beside, Into::into);
    if !real.is_dir() {
        eprintln!("skipped: no folder {}", real.display());
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    for (name, disc) in golden_discs() {
        let target = temp.path().join(name);
        write(&target, &disc, "SD").unwrap();
        let mut files = 0;
        for entry in fs::read_dir(real.join(name)).unwrap() {
            let entry = entry.unwrap();
            let ours = fs::read(target.join(entry.file_name())).unwrap();
            assert!(fs::read(entry.path()).unwrap() == ours, "{name}: {:?} differs", entry.file_name());
            files += 1;
        }
        // CHECKSUM.MD5 is among them, so the image has the recorded MD5 too.
        eprintln!("{name}: {files} files and the image identical");
        assert!(files >= 5);
    }
}

#[test]
fn every_written_set_reads_back_as_it_was() {
    let temp = tempfile::tempdir().unwrap();
    for (name, disc) in golden_discs() {
        let target = temp.path().join(name);
        write(&target, &disc, "PQDESCR").unwrap();
        let set = verify(&target).unwrap();
        let errors: Vec<_> = set.findings.iter().filter(|f| f.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert_eq!(set.disc, Disc { silence_in_front: CdFrames(0), ..disc }, "{name}");
    }
}

#[test]
fn nothing_stays_of_a_stopped_set_and_nothing_is_replaced_unasked() {
    let temp = tempfile::tempdir().unwrap();
    let target = temp.path().join("set");
    let mut writer = DdpWriter::create(&target, full_025(), DdpOptions::default()).unwrap();
    writer.write(&pattern(3)).unwrap();
    drop(writer);
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    write(&target, &full_025(), "SD").unwrap();
    assert!(matches!(write(&target, &full_025(), "SD"), Err(DeliverDdpError::Exists { .. })));
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn damage_on_disk_is_found() {
    let temp = tempfile::tempdir().unwrap();
    let target = temp.path().join("set");
    write(&target, &full_025(), "SD").unwrap();
    let image = target.join("IMAGE.DAT");
    let good = fs::read(&image).unwrap();
    let errors = || -> Vec<String> {
        let set = verify(&target).unwrap();
        set.findings.into_iter().filter(|f| f.severity == Severity::Error).map(|f| f.rule).collect()
    };
    let mut bad = good.clone();
    bad[1_000_000] ^= 1;
    fs::write(&image, &bad).unwrap();
    assert_eq!(errors(), ["ddp_checksum", "ddp_checksum"]);
    fs::write(&image, &good[..good.len() - 2]).unwrap();
    for rule in ["ddp_size", "ddp_image", "ddp_leadout", "ddp_checksum"] {
        assert!(errors().contains(&rule.to_owned()), "{rule}");
    }
    fs::remove_file(&image).unwrap();
    assert!(errors().contains(&"ddp_file".to_owned()));
    #[cfg(unix)]
    {
        let elsewhere = temp.path().join("elsewhere");
        fs::write(&elsewhere, &good).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &image).unwrap();
        assert!(errors().contains(&"ddp_file".to_owned()));
    }
}

#[test]
fn tracks_come_out_as_they_are_on_the_disc() {
    let temp = tempfile::tempdir().unwrap();
    let (target, out) = (temp.path().join("set"), temp.path().join("out"));
    write(&target, &full_025(), "SD").unwrap();
    let set = verify(&target).unwrap();
    let files = extract(&set, &out, ExtractOptions::default(), &mut |_, _| true).unwrap();
    let mut joined = Vec::new();
    for file in &files {
        let mut wav = hound::WavReader::open(file).unwrap();
        joined.extend(wav.samples::<i16>().map(Result::unwrap));
    }
    assert_eq!(files.len(), 2);
    assert!(joined == pattern(1500).concat());
}

#[test]
fn cue_and_toc_are_read_by_independent_programs() {
    let temp = tempfile::tempdir().unwrap();
    let mut disc = full_025();
    disc.tracks[1].flags.four_channel = false;
    let mut writer = CdImageWriter::create(temp.path(), "album", CdImageKind::Wav, &disc, false).unwrap();
    writer.write(&pattern(1500)).unwrap();
    writer.finish().unwrap();
    fs::write(temp.path().join("album.toc"), toc::text(&disc, "album.wav")).unwrap();
    let run = |program: &str, args: &[&str]| {
        let out = Command::new(program).args(args).current_dir(temp.path()).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{program}: {text}");
        text.into_owned()
    };
    if has("cuebreakpoints") {
        assert_eq!(run("cuebreakpoints", &["album.cue"]).trim(), "0:10.00");
    }
    if has("cueprint") {
        assert_eq!(run("cueprint", &["-d", "", "-t", "%t %i|", "album.cue"]), "One USABC1111111|Two |");
    }
    if has("cdrdao") {
        let text = run("cdrdao", &["show-toc", "album.toc"]);
        for part in ["00:10:00", "00:08:00", "00:20:00", "00:05:00", "US ABC 11 11111"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
