//! Reads any DDP 2.00 set (1.01 as far as it differs) and holds it to every rule we know: the reader of the program,
//! the check after every write, and the judge of sets from elsewhere.
//!
//! Files come from strangers: names in the map must be plain names in the folder itself, links are refused, small
//! files are bounded, lengths are measured and not believed. What is wrong becomes a finding; only a folder that is no
//! set at all is an error.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::cdtext::Block;
use super::checksum::{self, Summer, Sums};
use super::ddpid::Identity;
use super::ddpms::{self, MapPacket, Stream};
use super::disc::{Disc, FIRST_INDEX_MIN, Texts, Track, error, seconds, warning};
use super::judge::{Contents, interpret};
use super::{DDPID_NAME, DDPMS_NAME};
use crate::deliver::cd_image::SECTOR_BYTES;
use crate::model::{Finding, Severity};
use crate::units::CdFrames;

/// Largest descriptor or list that is read; the largest true one (99 tracks of 99 indexes) has 630 kB.
const SMALL_FILE_MAX: u64 = 1 << 20;
/// Most files beside a set that are looked at as checksum lists.
const LISTS_MAX: usize = 16;

/// Why a folder could not be read as a set.
#[derive(Debug, thiserror::Error)]
pub enum DdpReadError {
    /// There is no DDPID or DDPMS.
    #[error("{}: not a DDP set: {missing} is missing", folder.display())]
    NotASet {
        /// The folder.
        folder: PathBuf,
        /// What is missing.
        missing: String,
    },
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The caller stopped it.
    #[error("stopped")]
    Cancelled,
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFile {
    /// Name in the folder.
    pub name: String,
    /// Size and checksums as read.
    pub sums: Sums,
}

/// A set as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct DdpSet {
    /// The folder.
    pub folder: PathBuf,
    /// DDPID.
    pub identity: Identity,
    /// DDPMS.
    pub map: Vec<MapPacket>,
    /// The disc; what could not be read is left at nothing.
    pub disc: Disc,
    /// CD-Text by language block.
    pub cd_text: Vec<Block>,
    /// Name of the audio image, if it was found.
    pub image: Option<String>,
    /// The files of the set that were found.
    pub files: Vec<SetFile>,
    /// What stands against the set, in the order of the check.
    pub findings: Vec<Finding>,
}

impl DdpSet {
    /// The gravest finding, if any.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|f| f.severity).max()
    }

    /// Checksums of the image.
    pub fn image_sums(&self) -> Option<&Sums> {
        let name = self.image.as_ref()?;
        self.files.iter().find(|f| f.name == *name).map(|f| &f.sums)
    }
}

/// Reads and checks a set.
///
/// # Errors
/// It is no set, or a file cannot be read.
pub fn verify(folder: &Path) -> Result<DdpSet, DdpReadError> {
    verify_with(folder, &mut |_, _| true)
}

/// [`verify`] with progress: `go_on` gets the bytes read and the bytes of the image, and says whether to go on.
///
/// # Errors
/// It is no set, a file cannot be read, or the caller stopped it.
pub fn verify_with(folder: &Path, go_on: &mut dyn FnMut(u64, u64) -> bool) -> Result<DdpSet, DdpReadError> {
    let names = names_in(folder)?;
    let mut reader = Reader { folder, names, files: Vec::new(), findings: Vec::new() };
    let id = reader.must_read(DDPID_NAME)?;
    let ms = reader.must_read(DDPMS_NAME)?;
    let map = ddpms::parse(&ms);
    let pq = reader.stream_of(&map, Stream::Pq);
    let text = reader.stream_of(&map, Stream::CdText);
    let image = reader.image_of(&map, go_on)?;
    reader.sizes_of_others(&map);
    let contents = Contents {
        id,
        ms,
        pq: pq.unwrap_or_default(),
        cd_text: text,
        image_bytes: image.as_ref().map(|i| i.bytes),
    };
    let (identity, map, mut disc, cd_text, findings) = interpret(&contents);
    let mut all = std::mem::take(&mut reader.findings);
    all.extend(findings);
    let name = image.map(|image| {
        check_silence(&disc, &image, &mut all);
        image.name
    });
    reader.check_lists(&mut all);
    disc.silence_in_front = CdFrames(0);
    Ok(DdpSet {
        folder: folder.to_owned(),
        identity,
        map,
        disc,
        cd_text,
        image: name,
        files: reader.files,
        findings: all,
    })
}

/// What the image told while it was read.
struct ImageFacts {
    name: String,
    bytes: u64,
    /// Byte offset of the first byte that is not zero.
    first_sound: Option<u64>,
}

struct Reader<'a> {
    folder: &'a Path,
    /// Plain files in the folder; links and folders are not among them.
    names: Vec<String>,
    files: Vec<SetFile>,
    findings: Vec<Finding>,
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> DdpReadError {
    let path = path.to_owned();
    move |error| DdpReadError::Io { path, error }
}

fn names_in(folder: &Path) -> Result<Vec<String>, DdpReadError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error(folder))? {
        let entry = entry.map_err(io_error(folder))?;
        // The entry's own type: a link is no file.
        if entry.file_type().map_err(io_error(folder))?.is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

impl Reader<'_> {
    /// The file of a name; one that differs in case only is taken, with a note.
    fn find(&mut self, name: &str) -> Option<String> {
        if self.names.iter().any(|n| n == name) {
            return Some(name.to_owned());
        }
        let found = self.names.iter().find(|n| n.eq_ignore_ascii_case(name)).cloned()?;
        let text = format!("{name} is called {found} in the folder; some systems mind the case");
        self.findings.push(warning("ddp_name", text));
        Some(found)
    }

    fn must_read(&mut self, name: &str) -> Result<Vec<u8>, DdpReadError> {
        let missing = || DdpReadError::NotASet { folder: self.folder.to_owned(), missing: name.to_owned() };
        let not_there = missing();
        let found = self.find(name).ok_or(not_there)?;
        let path = self.folder.join(&found);
        let bytes = read_small(&path).map_err(io_error(&path))?;
        self.files.push(SetFile { name: found, sums: Sums::of(&bytes) });
        Ok(bytes)
    }

    /// The content of the first descriptor of a kind the map names.
    fn stream_of(&mut self, map: &[MapPacket], kind: Stream) -> Option<Vec<u8>> {
        let packet = map.iter().find(|p| p.kind() == kind)?;
        let name = self.safe_file(packet)?;
        match read_small(&self.folder.join(&name)) {
            Ok(bytes) => {
                check_length(&name, packet.length, bytes.len() as u64, "bytes", &mut self.findings);
                self.files.push(SetFile { name, sums: Sums::of(&bytes) });
                Some(bytes)
            }
            Err(why) => {
                self.findings.push(error("ddp_file", format!("{name} cannot be read: {why}")));
                None
            }
        }
    }

    /// The name a packet gives, if it is a plain file of the folder.
    fn safe_file(&mut self, packet: &MapPacket) -> Option<String> {
        let name = packet.name.as_str();
        if let Some(why) = unsafe_name(name) {
            let text = format!("the map names the file “{}”, {why}; it is not opened", name.escape_default());
            self.findings.push(error("ddp_name", text));
            return None;
        }
        let found = self.find(name);
        if found.is_none() {
            let text = format!("{name}, named by the map, is missing or is not a plain file");
            self.findings.push(error("ddp_file", text));
        }
        found
    }

    fn image_of(
        &mut self,
        map: &[MapPacket],
        go_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Option<ImageFacts>, DdpReadError> {
        let Some(packet) = map.iter().find(|p| p.kind() == Stream::Audio) else { return Ok(None) };
        let Some(name) = self.safe_file(packet) else { return Ok(None) };
        let path = self.folder.join(&name);
        let mut file = File::open(&path).map_err(io_error(&path))?;
        let total = file.metadata().map_err(io_error(&path))?.len();
        let mut summer = Summer::default();
        let mut facts = ImageFacts { name: name.clone(), bytes: 0, first_sound: None };
        let mut buffer = vec![0u8; SECTOR_BYTES * 128];
        loop {
            let got = file.read(&mut buffer).map_err(io_error(&path))?;
            if got == 0 {
                break;
            }
            let block = &buffer[..got];
            if facts.first_sound.is_none() {
                facts.first_sound = block.iter().position(|&b| b != 0).map(|at| facts.bytes + at as u64);
            }
            summer.add(block);
            facts.bytes += got as u64;
            if !go_on(facts.bytes, total) {
                return Err(DdpReadError::Cancelled);
            }
        }
        let sectors = packet.length.map(|s| s.saturating_mul(SECTOR_BYTES as u64));
        check_length(&name, sectors, facts.bytes, "bytes (sectors of 2352)", &mut self.findings);
        self.files.push(SetFile { name, sums: summer.finish() });
        Ok(Some(facts))
    }

    /// Streams we do not read (data sessions, subcode): only whether they are there.
    fn sizes_of_others(&mut self, map: &[MapPacket]) {
        for packet in map.iter().filter(|p| p.kind() == Stream::Other).take(100) {
            if self.safe_file(packet).is_some() {
                let text = format!(
                    "{} ({} {}{}) is not part of the audio and was not checked",
                    packet.name, packet.stream, packet.subcode, packet.mode
                );
                self.findings.push(warning("ddp_map", text));
            }
        }
    }

    /// Every checksum list beside the set against what was read.
    fn check_lists(&self, findings: &mut Vec<Finding>) {
        let lists: Vec<&String> = self
            .names
            .iter()
            .filter(|n| checksum::is_list_name(n) && !self.files.iter().any(|f| f.name == **n))
            .take(LISTS_MAX)
            .collect();
        let names: Vec<&str> = self.files.iter().map(|f| f.name.as_str()).collect();
        let mut vouched = vec![false; names.len()];
        for list in &lists {
            let Ok(bytes) = read_small(&self.folder.join(list)) else {
                findings.push(warning("ddp_checksum", format!("{list} cannot be read as a checksum list")));
                continue;
            };
            for (which, claim) in checksum::claims(&bytes, &names) {
                vouched[which] = true;
                if !claim.holds(&self.files[which].sums) {
                    let text = format!("{}: its {} is not the one in {list}", names[which], claim.name());
                    findings.push(error("ddp_checksum", text));
                }
            }
        }
        let left: Vec<&str> = names.iter().zip(&vouched).filter(|(_, v)| !**v).map(|(n, _)| *n).collect();
        if left.len() == names.len() {
            findings.push(Finding::new(
                "ddp_checksum",
                Severity::Info,
                "the set comes without checksums we can read",
            ));
        } else if !left.is_empty() {
            findings.push(warning("ddp_checksum", format!("no checksum covers {}", left.join(", "))));
        }
    }
}

fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(SMALL_FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SMALL_FILE_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "far too large for what it should be"));
    }
    Ok(bytes)
}

/// Why a name from the map may not be opened.
fn unsafe_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("which is no name")
    } else if name.contains(['/', '\\', ':']) || name == "." || name == ".." {
        Some("which leads out of the folder")
    } else if !name.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
        Some("which is not plain ASCII")
    } else {
        None
    }
}

fn check_length(name: &str, said: Option<u64>, is: u64, unit: &str, findings: &mut Vec<Finding>) {
    match said {
        None => findings.push(error("ddp_size", format!("the map gives no length for {name}"))),
        Some(said) if said != is => {
            let text = format!("{name} has {is} bytes, the map says {said}");
            findings.push(error("ddp_size", text).measured(is as f64, said as f64, unit));
        }
        Some(_) => {}
    }
}

/// The first two seconds are to be digital zero; sound between them and track 1 is a hidden track.
fn check_silence(disc: &Disc, image: &ImageFacts, findings: &mut Vec<Finding>) {
    let Some(first) = image.first_sound else {
        findings.push(warning("ddp_image", "the image is digital silence from end to end"));
        return;
    };
    let at = CdFrames(u32::try_from(first / SECTOR_BYTES as u64).unwrap_or(u32::MAX));
    let start = disc.tracks.first().map_or(FIRST_INDEX_MIN, Track::start);
    if at < FIRST_INDEX_MIN {
        let text = format!("there is sound at {at}; the first two seconds should be digital zero");
        findings.push(warning("ddp_pregap", text).at(seconds(at), seconds(FIRST_INDEX_MIN)));
    } else if at < start {
        let text = format!(
            "there is sound before track 1, from {at} on: a hidden track some plants and players refuse"
        );
        findings.push(warning("ddp_hidden_track", text).at(seconds(at), seconds(start)));
    }
}

/// CD-Text of a disc as lines of name and text, for display: what is empty is left out.
pub fn text_lines(texts: &Texts) -> Vec<(&'static str, &str)> {
    Texts::NAMES.into_iter().zip(texts.all()).filter(|(_, t)| !t.is_empty()).collect()
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_not_opened() {
        for name in ["", "..", "../x", "/etc/passwd", "a\\b", "C:x", "\u{7f}"] {
            assert!(unsafe_name(name).is_some(), "{name}");
        }
        assert!(unsafe_name("IMAGE.DAT").is_none());
    }
}
