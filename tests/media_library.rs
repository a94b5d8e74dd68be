//! The library: conversion into the cache, damage, changed and missing files, broken cache files, cleaning up.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test file: helpers outside test functions fail by panicking, and exact means exact"
)]

use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use glassmaster::media::{
    FileSources, FrameSource, Library, MemorySources, OpenSource, ReadOutcome, SourceError, SourceKey, hash,
};
use glassmaster::units::{Frames, SampleRate};

const FRAMES: i64 = 48_000;

/// A 1 kHz sine of one second at 48 kHz in 24 bits.
fn write_sine(path: &Path) {
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels: 2, sample_rate: 48_000, bits_per_sample: 24, sample_format };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..FRAMES {
        let value = (0.5 * (TAU * 1000.0 * i as f64 / 48_000.0).sin() * 8_388_608.0) as i32;
        writer.write_sample(value).unwrap();
        writer.write_sample(-value).unwrap();
    }
    writer.finalize().unwrap();
}

struct Rig {
    dir: tempfile::TempDir,
    library: Arc<Library>,
    path: PathBuf,
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sine.wav");
        write_sine(&path);
        let library = Arc::new(Library::new(dir.path().join("cache"), 1 << 30));
        Self { dir, library, path }
    }

    fn key(&self, rate: u32) -> SourceKey {
        let hash = hash::of_file(&self.path).unwrap();
        SourceKey { path: self.path.clone(), hash, rate: SampleRate(rate) }
    }

    fn fresh(&self) -> Library {
        Library::new(self.dir.path().join("cache"), 1 << 30)
    }

    fn cache_files(&self) -> Vec<PathBuf> {
        let dir = fs::read_dir(self.dir.path().join("cache"));
        dir.map(|d| d.flatten().map(|e| e.path()).collect()).unwrap_or_default()
    }
}

fn prepare(library: &Library, key: &SourceKey) -> Result<Frames, SourceError> {
    library.prepare(key, &|_| (), &AtomicBool::new(false))
}

fn read_all(source: &mut dyn FrameSource) -> [Vec<f64>; 2] {
    let frames = source.length().as_len();
    let (mut l, mut r) = (vec![0.0; frames], vec![0.0; frames]);
    assert_eq!(source.read(Frames::ZERO, &mut l, &mut r), ReadOutcome::Complete);
    [l, r]
}

#[test]
fn plain_samples_at_the_session_rate_need_no_cache() {
    let rig = Rig::new();
    let key = rig.key(48_000);
    assert!(!rig.library.is_ready(&key));
    assert_eq!(prepare(&rig.library, &key).unwrap(), Frames(FRAMES));
    assert!(rig.library.is_ready(&key));
    assert!(rig.cache_files().is_empty());
    let mut source = rig.library.open_file(&key).unwrap();
    let (mut l, mut r) = ([9.0; 64], [9.0; 64]);
    assert_eq!(source.read(Frames(-32), &mut l, &mut r), ReadOutcome::Complete);
    assert!(l[..33].iter().all(|s| *s == 0.0) && l[33] != 0.0);
    assert_eq!(source.read(Frames(FRAMES), &mut l, &mut r), ReadOutcome::Complete);
    assert!(l.iter().chain(&r).all(|s| *s == 0.0));
}

#[test]
fn another_rate_is_converted_to_the_exact_length_and_place() {
    let rig = Rig::new();
    let key = rig.key(44_100);
    assert!(matches!(rig.library.open_file(&key), Err(SourceError::NotReady { .. })));
    assert_eq!(prepare(&rig.library, &key).unwrap(), Frames(44_100));
    let [l, r] = read_all(&mut rig.library.open_file(&key).unwrap());
    for i in 4000..40_000 {
        let want = 0.5 * (TAU * 1000.0 * i as f64 / 44_100.0).sin();
        // 24-bit truncation in the source is the largest error.
        assert!((l[i] - want).abs() < 3e-7 && (r[i] + want).abs() < 3e-7, "frame {i}: {} for {want}", l[i]);
    }
    let memory = MemorySources::new(Arc::clone(&rig.library));
    assert_eq!(read_all(&mut *memory.open(&key, Frames::ZERO).unwrap()), [l.clone(), r.clone()]);
    let files = FileSources::new(Arc::clone(&rig.library));
    assert_eq!(read_all(&mut *files.open(&key, Frames::ZERO).unwrap()), [l, r]);
}

#[test]
fn a_broken_cache_file_is_built_again() {
    let rig = Rig::new();
    let key = rig.key(44_100);
    prepare(&rig.library, &key).unwrap();
    let file = rig.cache_files().remove(0);
    let good = fs::read(&file).unwrap();
    for (place, cut) in [(20, false), (100_000, false), (200, true), (good.len() - 8, true)] {
        let mut bad = good.clone();
        bad[place] ^= 0x40;
        if cut {
            bad.truncate(place);
        }
        fs::write(&file, bad).unwrap();
        assert_eq!(prepare(&rig.fresh(), &key).unwrap(), Frames(44_100));
        assert_eq!(fs::read(&file).unwrap(), good);
    }
    assert_eq!(rig.cache_files().len(), 1);
}

#[test]
fn missing_and_changed_files_are_told_apart() {
    let rig = Rig::new();
    let key = rig.key(48_000);
    prepare(&rig.library, &key).unwrap();
    let mut bytes = fs::read(&rig.path).unwrap();
    bytes.extend([0; 8]);
    fs::write(&rig.path, bytes).unwrap();
    assert!(matches!(prepare(&rig.library, &key), Err(SourceError::Changed { .. })));
    assert!(!rig.library.is_ready(&key));
    fs::remove_file(&rig.path).unwrap();
    assert!(matches!(rig.library.open_file(&key), Err(SourceError::Missing { .. })));
}

#[test]
fn a_cut_source_is_reported_each_time_and_plays_as_far_as_it_goes() {
    let rig = Rig::new();
    let bytes = fs::read(&rig.path).unwrap();
    fs::write(&rig.path, &bytes[..bytes.len() - 24_000 * 6]).unwrap();
    for (rate, length) in [(48_000, 24_000), (44_100, 22_050)] {
        let key = rig.key(rate);
        for library in [&rig.fresh(), &*rig.library] {
            let result = prepare(library, &key);
            assert!(matches!(result, Err(SourceError::Damaged { frame: 24_000, .. })), "{result:?}");
            assert_eq!(library.open_file(&key).unwrap().length(), Frames(length));
        }
    }
}

#[test]
fn cleaning_keeps_what_is_in_use_and_a_cancel_leaves_nothing() {
    let rig = Rig::new();
    let key = rig.key(96_000);
    let stopped = rig.library.prepare(&key, &|_| (), &AtomicBool::new(true));
    assert!(matches!(stopped, Err(SourceError::Cancelled)));
    assert!(rig.cache_files().is_empty());
    prepare(&rig.library, &key).unwrap();
    assert_eq!(rig.library.clean(0).unwrap(), 0);
    assert_eq!(rig.cache_files().len(), 1);
    assert!(rig.fresh().clean(0).unwrap() > 0);
    assert!(rig.cache_files().is_empty());
    assert!(matches!(rig.library.open_file(&key), Err(SourceError::NotReady { .. })));
}
