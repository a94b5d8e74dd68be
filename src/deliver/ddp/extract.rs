//! The tracks of a set as WAV files.
//!
//! Each file runs from a track's index 01 to the next track's index 01, so that the pause belongs to the end of the
//! song before it and the files in a row play as the disc does. What lies before track 1 is left out, or written as
//! track 00 from 00:02:00 on when asked for (a hidden track).

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::DeliverDdpError;
use super::disc::{FIRST_INDEX_MIN, Track};
use super::verify::DdpSet;
use crate::deliver::cd_image::{Pair, PairSink, SECTOR_BYTES, WavSink};
use crate::deliver::part_folder::FileSet;
use crate::units::CdFrames;

/// Choices of an extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtractOptions {
    /// Also write what lies between 00:02:00 and track 1 as track 00.
    pub hidden_track: bool,
    /// Replace files that stand there.
    pub force: bool,
}

/// Names the files while they are made: `tracks.part`.
const FILES_NAME: &str = "tracks";

/// One file to be written.
struct Part {
    name: String,
    start: CdFrames,
    end: CdFrames,
}

/// Writes the tracks into the folder `out`, which is made if missing, and gives back their paths. `go_on` gets the
/// sectors done and all of them, and says whether to go on. All files appear together at the end.
///
/// # Errors
/// The set has no image to read, a file exists, or reading or writing failed.
pub fn extract(
    set: &DdpSet,
    out: &Path,
    options: ExtractOptions,
    go_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Vec<PathBuf>, DeliverDdpError> {
    let image =
        set.image.as_ref().ok_or_else(|| DeliverDdpError::Disc("the set has no audio image".to_owned()))?;
    let sectors = set.image_sums().map_or(0, |s| s.bytes) / SECTOR_BYTES as u64;
    let parts = parts_of(set, CdFrames(u32::try_from(sectors).unwrap_or(u32::MAX)), options);
    if parts.is_empty() {
        return Err(DeliverDdpError::Disc("the set has no track that can be read".to_owned()));
    }
    let names: Vec<String> = parts.iter().map(|p| p.name.clone()).collect();
    let files = FileSet::create(out, FILES_NAME, &names, options.force)?;
    let mut file = BufReader::with_capacity(1 << 18, File::open(set.folder.join(image))?);
    let total: u64 = parts.iter().map(|p| u64::from(p.end.0 - p.start.0)).sum();
    let mut done = 0;
    for part in &parts {
        let mut sink = WavSink::create(&files.path().join(&part.name))?;
        file.seek(SeekFrom::Start(u64::from(part.start.0) * SECTOR_BYTES as u64))?;
        for _ in part.start.0..part.end.0 {
            let mut sector = [0u8; SECTOR_BYTES];
            file.read_exact(&mut sector)?;
            sink.write_pairs(&pairs_of(&sector))?;
            done += 1;
            if done % 75 == 0 && !go_on(done, total) {
                return Err(DeliverDdpError::Cancelled);
            }
        }
        sink.finish()?;
    }
    files.commit()?;
    Ok(names.iter().map(|name| out.join(name)).collect())
}

/// What is to be written, held to the image's true length.
fn parts_of(set: &DdpSet, image: CdFrames, options: ExtractOptions) -> Vec<Part> {
    let disc = &set.disc;
    let mut parts = Vec::new();
    let first = disc.tracks.first().map_or(CdFrames(0), Track::start);
    if options.hidden_track && first > FIRST_INDEX_MIN {
        parts.push(Part { name: "00 Hidden track.wav".to_owned(), start: FIRST_INDEX_MIN, end: first });
    }
    for (i, track) in disc.tracks.iter().enumerate() {
        let title = if track.texts.title.is_empty() { "Track" } else { &track.texts.title };
        let name = format!("{:02} {}.wav", i + 1, file_name_of(title));
        parts.push(Part { name, start: track.start(), end: disc.end_of(i) });
    }
    for part in &mut parts {
        part.end = part.end.min(image);
    }
    parts.retain(|p| p.start < p.end);
    parts
}

/// A title as part of a file name on any system.
fn file_name_of(title: &str) -> String {
    let safe = |c: char| if c.is_control() || r#"<>:"/\|?*"#.contains(c) { '_' } else { c };
    let name: String = title.chars().take(100).map(safe).collect();
    name.trim_end_matches(['.', ' ']).to_owned()
}

fn pairs_of(sector: &[u8; SECTOR_BYTES]) -> Vec<Pair> {
    let (quads, _) = sector.as_chunks::<4>();
    quads.iter().map(|[a, b, c, d]| [i16::from_le_bytes([*a, *b]), i16::from_le_bytes([*c, *d])]).collect()
}
