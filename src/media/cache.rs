//! Sources decoded and converted once: a folder of files keyed by content hash and rate.
//!
//! A file is a header of [`HEADER_BYTES`] and interleaved little-endian floats: 32-bit where that is exact (lossless
//! sources of up to 24 bits and 32-bit floats at their own rate, checked sample by sample while writing), else 64-bit. It is
//! written beside and renamed, so a half-written one never has a name. Header and length are checked at every opening,
//! the checksum (BLAKE3 of the samples) when a library first uses it. What does not fit is deleted and built again.
//!
//! Header, little endian: magic, version `u32`, rate `u32`, channels `u32`, bits of a sample `u32`, frames `u64`, first
//! damaged frame `u64` (all ones: none), checksum 32 bytes, length of the damage text `u32`, the text; at the end the
//! CRC-32 of everything before.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::pcm::{Encoding, Layout};
use super::{Decoder, SourceError, SourceKey};
use crate::dsp::resample::RateConverter;
use crate::units::SampleRate;

/// Bytes before the first frame.
pub const HEADER_BYTES: u64 = 512;
const MAGIC: &[u8; 8] = b"GMPCM\r\n\x1a";
/// Counts changes of this layout and of the conversion's sound.
const VERSION: u32 = 1;
const MAX_DETAIL_BYTES: usize = 400;
const NO_DAMAGE: u64 = u64::MAX;
/// Ending of cached audio.
const AUDIO_ENDING: &str = "pcm";
/// Ending of cached overviews.
pub(super) const OVERVIEW_ENDING: &str = "overview";
/// Beginning of the names of files being written.
const TEMP_PREFIX: &str = ".writing-";
/// Files being written by a program that died are cleared away after this many seconds.
const STALE_SECONDS: u64 = 24 * 3600;

/// Where a source was damaged, in frames of its own rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// First frame not to be trusted.
    pub frame: u64,
    /// What the decoder said.
    pub detail: String,
}

/// A finished cache file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub path: PathBuf,
    /// Its samples.
    pub layout: Layout,
    /// What was wrong with the source.
    pub damage: Option<Damage>,
    checksum: [u8; 32],
}

/// A folder of converted sources.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// A cache in `dir`, which is made when something is first written.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The name a source has at a rate.
    pub fn path_of(&self, hash: &str, rate: SampleRate) -> PathBuf {
        // A hash comes from a session file: it may not walk out of the folder.
        let safe: String = hash.chars().filter(char::is_ascii_alphanumeric).take(128).collect();
        self.dir.join(format!("{safe}-{}.{AUDIO_ENDING}", rate.0))
    }

    /// The finished file of a source at a rate, if its header and length are right. A broken one is deleted.
    pub fn lookup(&self, hash: &str, rate: SampleRate) -> Option<Entry> {
        let path = self.path_of(hash, rate);
        let entry = read_entry(&path, rate).ok()?;
        if entry.is_none() {
            remove(&path);
        }
        entry
    }

    /// [`Cache::lookup`], and the checksum of all samples. Marks the file as used now.
    pub fn lookup_verified(&self, hash: &str, rate: SampleRate) -> Option<Entry> {
        let entry = self.lookup(hash, rate)?;
        if !entry.is_sound() {
            remove(&entry.path);
            return None;
        }
        touch(&entry.path);
        Some(entry)
    }

    /// Decodes and converts a source into the cache. A damaged source is kept as far as it goes, with its damage in the
    /// entry. `progress` hears the fraction done.
    ///
    /// # Errors
    /// What keeps the source from being decoded at all; [`SourceError::Cache`]; [`SourceError::Cancelled`], which leaves nothing.
    pub fn build(
        &self,
        key: &SourceKey,
        progress: &(dyn Fn(f64) + Sync),
        cancel: &AtomicBool,
    ) -> Result<Entry, SourceError> {
        let decoder = Decoder::open(&key.path)?;
        let facts = decoder.facts();
        let narrow = facts.rate == key.rate && facts.fits_f32();
        let path = self.path_of(&key.hash, key.rate);
        fs::create_dir_all(&self.dir).map_err(|e| cache_error(&self.dir, e))?;
        let job = Job { dir: &self.dir, key, path: &path, progress, cancel };
        match job.write(decoder, narrow)? {
            Written::Done(entry) => Ok(entry),
            Written::NotExact => match job.write(Decoder::open(&key.path)?, false)? {
                Written::Done(entry) => Ok(entry),
                Written::NotExact => {
                    Err(cache_error(&path, io::Error::other("64-bit floats are always exact")))
                }
            },
        }
    }

    /// Deletes the least recently used files until at most `limit_bytes` remain; those in `keep` stay. Says how many
    /// bytes were freed.
    ///
    /// # Errors
    /// If the folder cannot be listed. Files that cannot be deleted are passed over.
    pub fn clean(&self, limit_bytes: u64, keep: &[PathBuf]) -> io::Result<u64> {
        let mut files = self.list()?;
        files.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.path.cmp(&b.path)));
        let mut total: u64 = files.iter().map(|f| f.bytes).sum();
        let mut freed = 0;
        for file in files.iter().filter(|f| !keep.contains(&f.path)) {
            if total <= limit_bytes {
                break;
            }
            if fs::remove_file(&file.path).is_ok() {
                total -= file.bytes;
                freed += file.bytes;
            }
        }
        Ok(freed)
    }

    /// Bytes all cached files take.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.list()?.iter().map(|f| f.bytes).sum())
    }

    /// Our files; those left by a writer that died are deleted on the way.
    fn list(&self) -> io::Result<Vec<Listed>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut files = Vec::new();
        for entry in entries.flatten() {
            let (path, Ok(meta)) = (entry.path(), entry.metadata()) else { continue };
            let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(TEMP_PREFIX) {
                let age = used.elapsed().map_or(0, |a| a.as_secs());
                if age > STALE_SECONDS {
                    remove(&path);
                }
            } else if path.extension().is_some_and(|e| e == AUDIO_ENDING || e == OVERVIEW_ENDING) {
                files.push(Listed { path, bytes: meta.len(), used });
            }
        }
        Ok(files)
    }
}

struct Listed {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Entry {
    /// Whether the samples have the checksum of the header.
    fn is_sound(&self) -> bool {
        let hash = || -> io::Result<[u8; 32]> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(HEADER_BYTES))?;
            let mut hasher = blake3::Hasher::new();
            let mut chunk = vec![0; 1 << 18];
            loop {
                match file.read(&mut chunk)? {
                    0 => return Ok(*hasher.finalize().as_bytes()),
                    n => hasher.update(&chunk[..n]),
                };
            }
        };
        hash().is_ok_and(|h| h == self.checksum)
    }
}

/// Marks a file as used now, for the least-recently-used order. Failing is harmless: it is only cleared away sooner.
fn touch(path: &Path) {
    let done = File::options().append(true).open(path).and_then(|f| f.set_modified(SystemTime::now()));
    drop(done);
}

/// Deletes a file that is of no use; one that stays is met and judged again.
fn remove(path: &Path) {
    drop(fs::remove_file(path));
}

fn cache_error(path: &Path, error: io::Error) -> SourceError {
    SourceError::Cache { path: path.to_path_buf(), error }
}

enum Written {
    Done(Entry),
    /// A sample did not fit 32 bits.
    NotExact,
}

/// One file being written.
struct Job<'a> {
    dir: &'a Path,
    key: &'a SourceKey,
    path: &'a Path,
    progress: &'a (dyn Fn(f64) + Sync),
    cancel: &'a AtomicBool,
}

impl Job<'_> {
    fn write(&self, mut decoder: Decoder, narrow: bool) -> Result<Written, SourceError> {
        let facts = decoder.facts().clone();
        let mut converter = RateConverter::new(facts.rate, self.key.rate)
            .map_err(|e| SourceError::Unsupported { path: self.key.path.clone(), detail: e.to_string() })?;
        let temp = tempfile::Builder::new().prefix(TEMP_PREFIX).tempfile_in(self.dir);
        let temp = temp.map_err(|e| cache_error(self.dir, e))?;
        let mut sink = Sink::new(temp, facts.channels, narrow).map_err(|e| cache_error(self.path, e))?;
        let (mut block, mut converted) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        let mut damage = None;
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(SourceError::Cancelled);
            }
            let frames = match decoder.next(&mut block) {
                Err(SourceError::Damaged { frame, detail, .. }) => {
                    damage = Some(Damage { frame, detail });
                    0
                }
                other => other?,
            };
            converted.iter_mut().for_each(Vec::clear);
            match frames {
                0 => converter.finish(&mut converted),
                _ => converter.push([&block[0], &block[1]], &mut converted),
            }
            if !sink.push(&converted).map_err(|e| cache_error(self.path, e))? {
                return Ok(Written::NotExact);
            }
            if frames == 0 {
                break;
            }
            (self.progress)(decoder.position() as f64 / facts.frames.max(1) as f64);
        }
        let entry = sink.finish(self.path, self.key.rate, damage).map_err(|e| cache_error(self.path, e))?;
        Ok(Written::Done(entry))
    }
}

/// Packs frames behind room for the header.
struct Sink {
    output: BufWriter<NamedTempFile>,
    hasher: blake3::Hasher,
    channels: u32,
    narrow: bool,
    frames: u64,
    bytes: Vec<u8>,
}

impl Sink {
    fn new(temp: NamedTempFile, channels: u32, narrow: bool) -> io::Result<Self> {
        let mut output = BufWriter::with_capacity(1 << 18, temp);
        output.write_all(&[0; HEADER_BYTES as usize])?;
        let hasher = blake3::Hasher::new();
        Ok(Self { output, hasher, channels, narrow, frames: 0, bytes: Vec::new() })
    }

    /// False if a sample would be rounded.
    fn push(&mut self, [left, right]: &[Vec<f64>; 2]) -> io::Result<bool> {
        self.bytes.clear();
        for (l, r) in left.iter().zip(right) {
            let frame = [*l, *r];
            for sample in &frame[..self.channels as usize] {
                if !self.narrow {
                    self.bytes.extend(sample.to_le_bytes());
                } else if f64::from(*sample as f32).to_bits() == sample.to_bits() || sample.is_nan() {
                    self.bytes.extend((*sample as f32).to_le_bytes());
                } else {
                    return Ok(false);
                }
            }
        }
        self.frames += left.len() as u64;
        self.hasher.update(&self.bytes);
        self.output.write_all(&self.bytes)?;
        Ok(true)
    }

    fn finish(self, path: &Path, rate: SampleRate, damage: Option<Damage>) -> io::Result<Entry> {
        let big_endian = false;
        let encoding = if self.narrow { Encoding::F32 { big_endian } } else { Encoding::F64 { big_endian } };
        let layout =
            Layout { data_start: HEADER_BYTES, frames: self.frames, channels: self.channels, encoding };
        let checksum = *self.hasher.finalize().as_bytes();
        let entry = Entry { path: path.to_path_buf(), layout, damage, checksum };
        let mut temp = self.output.into_inner().map_err(io::IntoInnerError::into_error)?;
        temp.seek(SeekFrom::Start(0))?;
        temp.write_all(&header_bytes(&entry, rate))?;
        temp.persist(path).map_err(|e| e.error)?;
        Ok(entry)
    }
}

fn header_bytes(entry: &Entry, rate: SampleRate) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let bits = entry.layout.encoding.bytes() as u32 * 8;
    for word in [VERSION, rate.0, entry.layout.channels, bits] {
        out.extend(word.to_le_bytes());
    }
    out.extend(entry.layout.frames.to_le_bytes());
    out.extend(entry.damage.as_ref().map_or(NO_DAMAGE, |d| d.frame).to_le_bytes());
    out.extend(entry.checksum);
    let mut detail = entry.damage.as_ref().map(|d| d.detail.clone()).unwrap_or_default();
    while detail.len() > MAX_DETAIL_BYTES {
        detail.pop();
    }
    out.extend((detail.len() as u32).to_le_bytes());
    out.extend(detail.as_bytes());
    out.resize(HEADER_BYTES as usize - 4, 0);
    out.extend(crc32fast::hash(&out).to_le_bytes());
    out
}

/// `Ok(None)` for a file that is not a sound cache file of this version and rate.
fn read_entry(path: &Path, rate: SampleRate) -> io::Result<Option<Entry>> {
    let mut file = File::open(path)?;
    let file_bytes = file.metadata()?.len();
    let mut head = Vec::new();
    (&mut file).take(HEADER_BYTES).read_to_end(&mut head)?;
    Ok(parse_header(&head, path, rate).filter(|e| {
        let payload = e.layout.frames.checked_mul(e.layout.encoding.bytes() * u64::from(e.layout.channels));
        payload.and_then(|p| p.checked_add(HEADER_BYTES)) == Some(file_bytes)
    }))
}

fn parse_header(head: &[u8], path: &Path, rate: SampleRate) -> Option<Entry> {
    let (body, crc) = head.split_last_chunk::<4>()?;
    let u32_at = |at: usize| body.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let u64_at = |at: usize| body.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b));
    let sound = head.len() as u64 == HEADER_BYTES
        && body.starts_with(MAGIC)
        && crc32fast::hash(body) == u32::from_le_bytes(*crc)
        && u32_at(8)? == VERSION
        && u32_at(12)? == rate.0;
    if !sound {
        return None;
    }
    let encoding = match u32_at(20)? {
        32 => Encoding::F32 { big_endian: false },
        64 => Encoding::F64 { big_endian: false },
        _ => return None,
    };
    let channels = u32_at(16).filter(|c| matches!(c, 1 | 2))?;
    let frame = u64_at(32)?;
    let detail = body.get(76..76 + u32_at(72)? as usize)?;
    let damage =
        (frame != NO_DAMAGE).then(|| Damage { frame, detail: String::from_utf8_lossy(detail).into_owned() });
    Some(Entry {
        path: path.to_path_buf(),
        layout: Layout { data_start: HEADER_BYTES, frames: u64_at(24)?, channels, encoding },
        damage,
        checksum: *body.get(40..)?.first_chunk()?,
    })
}
