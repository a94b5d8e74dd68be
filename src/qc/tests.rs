//! Constructed faults: each rule hit, and clean files left alone.

use std::f64::consts::PI;

use super::*;
use crate::meter::analysis::{Analyzer, FileFacts};

const RATE: u32 = 44_100;

/// Ten seconds of a swelling tone with overtones, peak about −6 dBFS, on the 24-bit grid.
fn mix() -> Vec<f64> {
    let grid = f64::from(1u32 << 23);
    (0..RATE * 10)
        .map(|n| {
            let t = f64::from(n) / f64::from(RATE);
            let swell = 0.2 + 0.8 * (2.0 * PI * 0.7 * t).sin().powi(8);
            let wave = (2.0 * PI * 220.0 * t).sin() + 0.6 * (2.0 * PI * 663.0 * t + 1.0).sin();
            (0.3 * swell * wave * grid).round() / grid
        })
        .collect()
}

fn wav() -> DeliveredFile {
    DeliveredFile {
        path: "song.wav".to_owned(),
        format: "WAV".to_owned(),
        sample_rate_hz: RATE,
        channels: 2,
        bits: Some(24),
        ..DeliveredFile::default()
    }
}

fn check_with(file: &DeliveredFile, left: &[f64], right: &[f64], brief: &Brief) -> FileCheck {
    let mut file = file.clone();
    let facts = FileFacts {
        path: file.path.clone(),
        format: file.format.clone(),
        sample_rate_hz: file.sample_rate_hz,
        channels: file.channels,
        bits: file.bits,
    };
    let mut analyzer = Analyzer::for_frames(facts, left.len() as u64);
    let mut scan = FaultScan::new(file.sample_rate_hz, file.channels, file.bits, brief);
    for (l, r) in left.chunks(4096).zip(right.chunks(4096)) {
        analyzer.push(l, r);
        scan.push(l, r);
    }
    if file.frames_decoded == 0 {
        file.frames_decoded = left.len() as u64;
    }
    let (analysis, faults) = (analyzer.finish(), scan.finish());
    check_file(&file, Some((&analysis, &faults)), &album_of([&file].into_iter()), brief)
}

fn check(left: &[f64], right: &[f64]) -> FileCheck {
    check_with(&wav(), left, right, &Brief::default())
}

fn rules(check: &FileCheck) -> Vec<&str> {
    check.findings.iter().map(|f| f.rule.as_str()).collect()
}

#[test]
fn a_good_mix_passes_without_a_word() {
    let x = mix();
    let check = check(&x, &x);
    assert_eq!(check.findings, []);
    assert_eq!(check.verdict, Verdict::Pass);
    let json = serde_json::to_value(&check).unwrap();
    assert_eq!(json["verdict"], "pass");
    assert!(json["measurements"]["integrated_lufs"].is_number());
}

#[test]
fn a_clip_is_named_with_channel_and_place() {
    let x = mix();
    let mut y = x.clone();
    let at = 4 * RATE as usize + 4410;
    y[at..at + 6].fill(1.0 - 1.0 / 8_388_608.0);
    let check = check(&x, &y);
    let clip = check.findings.iter().find(|f| f.rule == "clipping").unwrap();
    assert_eq!(clip.channel.as_deref(), Some("right"));
    assert!((clip.start_s.unwrap() - 4.1).abs() < 1e-4 && (clip.end_s.unwrap() - 4.1).abs() < 1e-3);
    assert!((clip.value.unwrap() - 6.0).abs() < 1e-9);
    assert_eq!(check.verdict, Verdict::Fail);
    assert!(rules(&check).contains(&"headroom") && rules(&check).contains(&"true_peak"));
    let peak = check.findings.iter().find(|f| f.rule == "true_peak").unwrap();
    assert!((peak.start_s.unwrap() - 4.1).abs() < 1e-3);
}

#[test]
fn clipping_that_was_turned_down_is_told_apart() {
    let x: Vec<f64> = mix().iter().map(|s| (s * 2.0).clamp(-0.5, 0.5)).collect();
    let check = check(&x, &x);
    assert!(rules(&check).contains(&"attenuated_clipping"), "{:?}", rules(&check));
    assert!(!rules(&check).contains(&"clipping"));
}

#[test]
fn silence_at_both_ends_is_measured_in_seconds() {
    let mut x = vec![0.0; RATE as usize * 2];
    x.extend(mix().iter().map(|s| s + 0.0));
    x.extend(vec![0.0; RATE as usize * 5]);
    let check = check(&x, &x);
    assert_eq!(rules(&check), ["leading_silence", "trailing_silence"]);
    assert!((check.findings[0].end_s.unwrap() - 2.0).abs() < 0.01);
    assert!((check.findings[1].start_s.unwrap() - 12.0).abs() < 0.01);
    assert!((check.findings[1].end_s.unwrap() - 17.0).abs() < 0.01);
    assert_eq!(check.verdict, Verdict::Warn);
}

#[test]
fn a_hot_limited_mix_lacks_headroom() {
    let x: Vec<f64> =
        (0..RATE * 10).map(|n| 0.98 * (2.0 * PI * 220.0 * f64::from(n) / 44_100.0).sin()).collect();
    let check = check(&x, &x);
    let found: Vec<_> =
        check.findings.iter().map(|f| (f.rule.as_str(), f.unit.as_deref().unwrap())).collect();
    assert_eq!(found, [("headroom", "dBFS"), ("headroom", "dB")]);
}

#[test]
fn nothing_and_silence_are_empty() {
    assert_eq!(rules(&check(&[], &[])), ["empty"]);
    let zeros = vec![0.0; RATE as usize];
    assert_eq!(rules(&check(&zeros, &zeros)), ["empty"]);
    let faint: Vec<f64> = mix().iter().map(|s| s * 0.0005).collect();
    assert_eq!(rules(&check(&faint, &faint)), ["empty"]);
}

#[test]
fn short_and_broken_files_are_told_apart_from_unreadable_ones() {
    let x = mix();
    let mut short = wav();
    short.frames_expected = Some(x.len() as u64 * 2);
    let found = check_with(&short, &x, &x, &Brief::default());
    assert_eq!(rules(&found), ["truncated"]);
    assert_eq!((found.findings[0].start_s, found.findings[0].end_s), (Some(10.0), Some(20.0)));
    let mut broken = wav();
    broken.read_fault = Some(ReadFault { kind: ReadFaultKind::Damaged, text: "wrong checksum".to_owned() });
    assert_eq!(rules(&check_with(&broken, &x, &x, &Brief::default())), ["truncated"]);
    for kind in [ReadFaultKind::Io, ReadFaultKind::Unsupported, ReadFaultKind::Damaged] {
        let mut file = DeliveredFile { path: "x".to_owned(), ..DeliveredFile::default() };
        file.read_fault = Some(ReadFault { kind, text: "not audio".to_owned() });
        let found = check_file(&file, None, &Album::default(), &Brief::default());
        assert_eq!(rules(&found), ["unreadable"]);
        assert_eq!(found.verdict, Verdict::Fail);
    }
}

#[test]
fn formats_and_channels_are_held_against_the_brief() {
    let x = mix();
    let mut mp3 = wav();
    (mp3.format, mp3.lossy, mp3.bits) = ("MP3".to_owned(), true, None);
    assert_eq!(rules(&check_with(&mp3, &x, &x, &Brief::default())), ["format"]);
    let agreed = Brief { formats: Some(vec!["mp3".to_owned()]), ..Brief::default() };
    assert_eq!(rules(&check_with(&mp3, &x, &x, &agreed)), [""; 0]);
    let only_aiff = Brief { formats: Some(vec!["AIFF".to_owned()]), ..Brief::default() };
    assert_eq!(rules(&check_with(&wav(), &x, &x, &only_aiff)), ["format"]);
    let mut mono = wav();
    mono.channels = 1;
    let found = check_with(&mono, &x, &x, &Brief::default());
    assert_eq!((rules(&found), found.verdict), (vec!["channels"], Verdict::Pass));
    let mut many = wav();
    many.channels = 8;
    assert_eq!(check_file(&many, None, &Album::default(), &Brief::default()).verdict, Verdict::Fail);
}

#[test]
fn rate_and_depth_follow_the_brief_or_the_majority() {
    let (a, b) = (wav(), DeliveredFile { sample_rate_hz: 48_000, bits: Some(16), ..wav() });
    let files = [a.clone(), a.clone(), b.clone()];
    let album = album_of(files.iter());
    assert_eq!(album, Album { sample_rate_hz: Some(44_100), bits: Some(24) });
    let empty_ok = |file: &DeliveredFile, brief: &Brief| {
        let file = DeliveredFile { frames_decoded: 1, ..file.clone() };
        check_file(&file, None, &album, brief)
    };
    assert_eq!(rules(&empty_ok(&a, &Brief::default())), [""; 0]);
    let odd = empty_ok(&b, &Brief::default());
    assert_eq!((rules(&odd), odd.verdict), (vec!["rate_mismatch", "depth_mismatch"], Verdict::Warn));
    let brief = Brief { sample_rate_hz: Some(48_000), bits: Some(16), ..Brief::default() };
    assert_eq!(rules(&empty_ok(&b, &brief)), [""; 0]);
    let other = empty_ok(&a, &brief);
    assert_eq!((rules(&other), other.verdict), (vec!["rate_mismatch", "depth_mismatch"], Verdict::Fail));
    assert_eq!(other.findings[1].severity, Severity::Info, "more bits than agreed on are no fault");
}
