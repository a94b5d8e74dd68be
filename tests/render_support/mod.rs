//! Sessions and sources in memory for the tests of the renderer and the engine.
#![allow(dead_code, clippy::unwrap_used, reason = "helpers of tests; each test file uses its part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use glassmaster::audio::Block;
use glassmaster::audio::fpu::FpuGuard;
use glassmaster::media::{FrameSource, OpenSource, ReadOutcome, SourceError, SourceKey};
use glassmaster::model::{
    Chain, Fade, FadeShape, ParamValue, Session, Slot, SlotId, Song, SongId, SourceRef,
};
use glassmaster::render::{RangeOptions, RenderPlan, RenderSummary, Renderer, Sources, render_range};
use glassmaster::units::{Frames, SampleRate};

pub const RATE: SampleRate = SampleRate(48_000);

/// A repeatable stream of numbers (xorshift64*).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 to `below` − 1.
    pub fn below(&mut self, below: u64) -> u64 {
        (self.next() >> 33) % below
    }

    /// −1 to 1.
    pub fn sample(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Two channels of a source.
pub type Audio = Arc<(Vec<f64>, Vec<f64>)>;

struct MemorySource(Audio);

impl FrameSource for MemorySource {
    fn read(&mut self, pos: Frames, left: &mut [f64], right: &mut [f64]) -> ReadOutcome {
        for i in 0..left.len() {
            let at = usize::try_from(pos.0 + i as i64).ok();
            left[i] = at.and_then(|at| self.0.0.get(at)).copied().unwrap_or(0.0);
            right[i] = at.and_then(|at| self.0.1.get(at)).copied().unwrap_or(0.0);
        }
        ReadOutcome::Complete
    }

    fn length(&self) -> Frames {
        Frames(self.0.0.len() as i64)
    }
}

/// Sources by name.
#[derive(Default, Clone)]
pub struct Memory(pub BTreeMap<String, Audio>);

impl OpenSource for Memory {
    fn open(&self, source: &SourceKey, _from: Frames) -> Result<Box<dyn FrameSource>, SourceError> {
        let name = source.path.to_string_lossy().into_owned();
        match self.0.get(&name) {
            Some(audio) => Ok(Box::new(MemorySource(audio.clone()))),
            None => Err(SourceError::Missing { path: source.path.clone() }),
        }
    }
}

pub fn key(source: &SourceRef) -> SourceKey {
    SourceKey { path: PathBuf::from(&source.path), hash: source.hash.clone(), rate: RATE }
}

/// Noise with a slow swell, so that dynamics have something to do.
pub fn noise(frames: usize, seed: u64, level: f64) -> Audio {
    let mut random = Random(seed * 2 + 1);
    let mut side = |_: usize| -> Vec<f64> {
        (0..frames).map(|i| level * random.sample() * (0.6 + 0.4 * (i as f64 * 0.0007).sin())).collect()
    };
    Arc::new((side(0), side(1)))
}

/// An album in memory.
pub struct Album {
    pub session: Session,
    pub memory: Memory,
}

impl Album {
    pub fn new() -> Self {
        let mut session = Session::new(RATE);
        session.snap_to_cd_frames = false;
        Self { session, memory: Memory::default() }
    }

    /// Adds a song of these samples.
    pub fn add(&mut self, audio: Audio, gap: i64) -> &mut Song {
        let id = self.session.take_id();
        let path = format!("song{id}");
        let source = SourceRef {
            path: path.clone(),
            sample_rate_hz: RATE.0,
            frames: audio.0.len() as u64,
            channels: 2,
            ..SourceRef::default()
        };
        self.memory.0.insert(path, audio);
        self.session.songs.push(Arc::new(Song::new(SongId(id), source, RATE, Frames(gap))));
        Arc::make_mut(self.session.songs.last_mut().unwrap())
    }

    pub fn slot(&mut self, kind: &str, params: &[(&str, f64)]) -> Slot {
        let mut slot = Slot::new(SlotId(self.session.take_id()), kind);
        slot.params = params.iter().map(|(k, v)| ((*k).to_owned(), ParamValue::Number(*v))).collect();
        slot
    }

    pub fn plan(&self) -> Arc<RenderPlan> {
        Arc::new(RenderPlan::compile(&self.session, &key, 1))
    }

    /// The tap of a range, on this many threads.
    pub fn render(&self, range: (i64, i64), threads: usize) -> (Vec<f64>, Vec<f64>, RenderSummary) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut sink = |pos: Frames, l: &[f64], r: &[f64]| -> Result<(), std::convert::Infallible> {
            assert_eq!(pos.0, range.0 + left.len() as i64, "the sink is given frames without gaps");
            left.extend_from_slice(l);
            right.extend_from_slice(r);
            Ok(())
        };
        let options = RangeOptions { threads, ..RangeOptions::default() };
        let range = (Frames(range.0), Frames(range.1));
        let summary = render_range(&self.plan(), &self.memory, range, options, &mut sink).unwrap();
        (left, right, summary)
    }

    /// A renderer at `at`.
    pub fn start(&self, at: i64, preroll: i64) -> Renderer {
        let sources = Sources { preroll: None, play: &self.memory };
        Renderer::start(&self.plan(), sources, Frames(at), Frames(preroll))
    }
}

/// The next `quanta` quanta, left and right.
pub fn pull(renderer: &mut Renderer, quanta: usize) -> (Vec<f64>, Vec<f64>) {
    let _fpu = FpuGuard::new();
    let mut block = Block::silent();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for _ in 0..quanta {
        let _ = renderer.next(&mut block);
        left.extend_from_slice(block.left());
        right.extend_from_slice(block.right());
    }
    (left, right)
}

/// Three songs, one crossing into the next, lengths and places off every grid, chains on two songs and the album with
/// delays that are no multiple of the quantum.
pub fn busy_album() -> Album {
    let mut album = Album::new();
    let (eq, compressor) = (album.slot("eq", &[]), album.slot("compressor", &[("threshold_db", -24.0)]));
    let (eq_gain, limiter) = (album.slot("gain", &[("gain_db", 3.0)]), album.slot("limiter", &[]));
    let (song_limiter, song_gain) = (album.slot("limiter", &[]), album.slot("gain", &[("gain_db", -2.5)]));
    album.session.album_chain =
        Arc::new(Chain { slots: vec![eq, compressor, eq_gain, limiter], ..Chain::default() });
    let first = album.add(noise(30_011, 1, 0.5), 4_801);
    first.trim_start = Frames(777);
    first.fade_in = Fade { frames: Frames(1_003), shape: FadeShape::Exponential };
    first.gain_db = 1.5;
    let second = album.add(noise(41_003, 2, 0.7), -5_017);
    second.chain = Arc::new(Chain { slots: vec![song_gain, song_limiter], ..Chain::default() });
    second.level_db = -1.25;
    let (width, slot) = (album.slot("width", &[]), album.slot("limiter", &[]));
    let third = album.add(noise(20_029, 3, 0.4), 3_001);
    third.chain = Arc::new(Chain { slots: vec![width, slot], ..Chain::default() });
    album
}
