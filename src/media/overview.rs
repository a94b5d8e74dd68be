//! The picture of a file: minimum, maximum and RMS over ever larger pieces.
//!
//! The finest level sums up 256 frames, every further one eight pieces of the level below, up to one piece for
//! all. Values are 32-bit floats, left and right apart. Built in one pass from blocks of any size; the result does not
//! depend on how they were cut. Positions are frames of the file at its own rate. Below 256 frames a pixel the
//! caller draws the samples themselves.

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;

use super::cache::{Cache, OVERVIEW_ENDING};

/// Frames in a piece of the finest level.
pub const BASE_FRAMES: u64 = 256;
/// Pieces that make one of the level above.
pub const FACTOR: usize = 8;
/// Opens every overview file; its last byte is the version.
const MAGIC: &[u8; 8] = b"GMOVER\x1a\x01";
/// Bytes of a piece in a file: two channels of three floats.
const PIECE_BYTES: usize = 24;

/// One channel of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Peak {
    /// Lowest sample.
    pub min: f32,
    /// Highest sample.
    pub max: f32,
    /// Root of the mean square.
    pub rms: f32,
}

impl Peak {
    /// Of several pieces with their weights in frames.
    fn of(parts: impl Iterator<Item = (Self, f64)>) -> Self {
        let (mut min, mut max, mut power, mut frames) = (f32::INFINITY, f32::NEG_INFINITY, 0.0, 0.0);
        for (part, weight) in parts {
            min = min.min(part.min);
            max = max.max(part.max);
            power += f64::from(part.rms).powi(2) * weight;
            frames += weight;
        }
        if frames <= 0.0 {
            return Self::default();
        }
        Self { min, max, rms: (power / frames).sqrt() as f32 }
    }
}

/// Left and right.
pub type Column = [Peak; 2];

/// All levels of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    frames: u64,
    levels: Vec<Vec<Column>>,
}

impl Overview {
    /// Frames it covers.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// What to draw: `pixels` columns for a range of frames (fractions are fine; outside the file is silence).
    pub fn columns(&self, range: Range<f64>, pixels: usize) -> Vec<Column> {
        let width = (range.end - range.start) / pixels.max(1) as f64;
        let level = self.level_for(width);
        let edge = |i: usize| range.start + width * i as f64;
        (0..pixels).map(|i| self.column(level, edge(i), edge(i + 1))).collect()
    }

    /// The coarsest level that still has two pieces in a pixel, or the finest.
    fn level_for(&self, frames_per_pixel: f64) -> usize {
        let fits = |level: &usize| piece_frames(*level) as f64 * 2.0 <= frames_per_pixel;
        (0..self.levels.len()).rev().find(fits).unwrap_or(0)
    }

    fn column(&self, level: usize, start: f64, end: f64) -> Column {
        let Some(pieces) = self.levels.get(level) else { return Column::default() };
        let size = piece_frames(level) as f64;
        // `as` saturates: before the file is its start. A piece belongs to the pixel in which it begins, at least one to each.
        let first = (start.max(0.0) / size) as usize;
        let last = ((end.max(0.0) / size) as usize).max(first + 1).min(pieces.len());
        if end <= 0.0 || start >= self.frames as f64 || first >= last {
            return Column::default();
        }
        let part = |ch: usize| Peak::of(pieces[first..last].iter().map(|c| (c[ch], size)));
        [part(0), part(1)]
    }

    /// The overview kept under this hash, if there is a sound one.
    pub fn load(cache: &Cache, hash: &str) -> Option<Self> {
        parse(&fs::read(file_of(cache, hash)).ok()?)
    }

    /// Keeps it under a hash: written beside and renamed.
    ///
    /// # Errors
    /// Those of the system.
    pub fn store(&self, cache: &Cache, hash: &str) -> std::io::Result<()> {
        fs::create_dir_all(cache.dir())?;
        let mut temp = tempfile::Builder::new().prefix(".writing-").tempfile_in(cache.dir())?;
        temp.write_all(&self.bytes())?;
        temp.persist(file_of(cache, hash)).map_err(|e| e.error)?;
        Ok(())
    }

    /// Magic, frames, the finest level, CRC-32 of it all.
    fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(self.frames.to_le_bytes());
        for peak in self.levels.first().into_iter().flatten().flatten() {
            out.extend([peak.min, peak.max, peak.rms].into_iter().flat_map(f32::to_le_bytes));
        }
        out.extend(crc32fast::hash(&out).to_le_bytes());
        out
    }
}

fn file_of(cache: &Cache, hash: &str) -> PathBuf {
    let safe: String = hash.chars().filter(char::is_ascii_alphanumeric).take(128).collect();
    cache.dir().join(format!("{safe}.{OVERVIEW_ENDING}"))
}

fn parse(bytes: &[u8]) -> Option<Overview> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    let frames = u64::from_le_bytes(*body.get(8..)?.first_chunk()?);
    let pieces = body.get(16..)?;
    let sound = body.starts_with(MAGIC)
        && crc32fast::hash(body) == u32::from_le_bytes(*crc)
        && pieces.len() as u64 == frames.div_ceil(BASE_FRAMES) * PIECE_BYTES as u64;
    if !sound {
        return None;
    }
    let float = |b: &[u8], at: usize| {
        b.get(at..).and_then(|b| b.first_chunk()).map_or(0.0, |b| f32::from_le_bytes(*b))
    };
    let peak = |b: &[u8], at| Peak { min: float(b, at), max: float(b, at + 4), rms: float(b, at + 8) };
    let base = pieces.chunks_exact(PIECE_BYTES).map(|b| [peak(b, 0), peak(b, 12)]).collect();
    Some(pile_up(frames, base))
}

fn piece_frames(level: usize) -> u64 {
    BASE_FRAMES * (FACTOR as u64).pow(level as u32)
}

/// All levels from the finest.
fn pile_up(frames: u64, base: Vec<Column>) -> Overview {
    let mut levels = vec![base];
    while let Some(below) = levels.last().filter(|l| l.len() > 1) {
        // The last piece of a level may be shorter; its weight is its true length.
        let size = piece_frames(levels.len() - 1);
        let weight = |i: usize| frames.saturating_sub(i as u64 * size).min(size) as f64;
        let above = below.chunks(FACTOR).enumerate().map(|(i, group)| {
            let part =
                |ch: usize| Peak::of(group.iter().enumerate().map(|(j, c)| (c[ch], weight(i * FACTOR + j))));
            [part(0), part(1)]
        });
        let above = above.collect();
        levels.push(above);
    }
    Overview { frames, levels }
}

/// Builds an overview from blocks in their order.
#[derive(Debug, Default)]
pub struct OverviewBuilder {
    base: Vec<Column>,
    sums: [Sum; 2],
    /// Frames in the unfinished piece.
    open_frames: u64,
    frames: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    min: f64,
    max: f64,
    power: f64,
}

impl OverviewBuilder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next block, left and right of equal length.
    pub fn push(&mut self, [mut left, mut right]: [&[f64]; 2]) {
        while !left.is_empty() && !right.is_empty() {
            let room = (BASE_FRAMES - self.open_frames) as usize;
            let count = room.min(left.len()).min(right.len());
            let first = self.open_frames == 0;
            add(&mut self.sums[0], &left[..count], first);
            add(&mut self.sums[1], &right[..count], first);
            self.open_frames += count as u64;
            self.frames += count as u64;
            (left, right) = (&left[count..], &right[count..]);
            if self.open_frames == BASE_FRAMES {
                self.close_piece();
            }
        }
    }

    /// The overview of all that was pushed.
    pub fn finish(mut self) -> Overview {
        if self.open_frames > 0 {
            self.close_piece();
        }
        pile_up(self.frames, self.base)
    }

    fn close_piece(&mut self) {
        let frames = self.open_frames as f64;
        self.base.push(self.sums.map(|s| Peak {
            min: s.min as f32,
            max: s.max as f32,
            rms: (s.power / frames).sqrt() as f32,
        }));
        self.sums = Default::default();
        self.open_frames = 0;
    }
}

fn add(sum: &mut Sum, samples: &[f64], first: bool) {
    if first {
        *sum = Sum { min: samples[0], max: samples[0], power: 0.0 };
    }
    for s in samples {
        sum.min = sum.min.min(*s);
        sum.max = sum.max.max(*s);
        sum.power += s * s;
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact values are promised")]
mod tests {
    use super::*;

    fn ramp(frames: usize) -> Vec<f64> {
        (0..frames).map(|i| (i as f64 * 0.37).sin() * i as f64 / frames as f64).collect()
    }

    fn build(samples: &[f64], cut: usize) -> Overview {
        let mut builder = OverviewBuilder::new();
        samples.chunks(cut).for_each(|c| builder.push([c, c]));
        builder.finish()
    }

    #[test]
    fn cutting_into_blocks_does_not_matter_and_the_top_level_is_the_whole() {
        let samples = ramp(300_001);
        let whole = build(&samples, samples.len());
        assert_eq!(whole, build(&samples, 777));
        let [top, _] = whole.levels.last().unwrap()[0];
        assert_eq!(whole.levels.last().unwrap().len(), 1);
        let max = samples.iter().copied().fold(f64::MIN, f64::max);
        let rms = (samples.iter().map(|s| s * s).sum::<f64>() / samples.len() as f64).sqrt();
        assert_eq!(top.max, max as f32);
        assert!((f64::from(top.rms) - rms).abs() < 1e-6);
    }

    #[test]
    fn columns_hold_the_extremes_of_their_frames() {
        let mut samples = vec![0.0; 100_000];
        samples[50_100] = 0.9;
        samples[50_200] = -0.7;
        let overview = build(&samples, 4096);
        let columns = overview.columns(0.0..100_000.0, 100);
        assert_eq!((columns[50][0].max, columns[50][0].min), (0.9, -0.7));
        assert!(columns.iter().enumerate().all(|(i, c)| c[0].max == 0.0 || (49..=50).contains(&i)));
        let outside = overview.columns(-2000.0..-1000.0, 3);
        assert_eq!(outside, vec![Column::default(); 3]);
    }

    #[test]
    fn a_stored_overview_comes_back_and_a_broken_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().join("cache"));
        let overview = build(&ramp(70_000), 1000);
        overview.store(&cache, "abc").unwrap();
        assert_eq!(Overview::load(&cache, "abc"), Some(overview.clone()));
        let good = overview.bytes();
        for at in (0..good.len()).step_by(31) {
            assert_eq!(parse(&good[..at]), None);
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(parse(&bad), None);
        }
    }
}
