//! What an MP4 says about the edges of its audio: the edit list (ISO 14496-12) and iTunes' `iTunSMPB`.
//!
//! AAC encoders put 1024 to 2112 frames of lead-in before the music and fill the last block. symphonia hands out all of
//! it, so the cut is made from the numbers found here.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::SourceError;

/// Largest `moov` that is read: hours of audio need some megabytes.
const MAX_MOOV_BYTES: u64 = 64 << 20;
/// Boxes looked at on one level.
const MAX_BOXES: usize = 4096;

/// The first audio track's timing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AudioTrack {
    /// Four letters of the sample description (`mp4a`, `alac`, `Opus` …).
    pub coding: [u8; 4],
    /// Ticks in a second of the track; usually the sample rate.
    pub timescale: u32,
    /// Sum of all block durations, in ticks.
    pub media_ticks: u64,
    /// Lead-in and length of the music, in ticks; `None` where the file does not say.
    pub edges: Option<Edges>,
}

/// The part of a track that is music.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edges {
    /// Ticks to drop at the start.
    pub lead_in: u64,
    /// Ticks to keep.
    pub length: u64,
}

/// Reads the timing of the first audio track; `None` where there is none.
///
/// # Errors
/// [`SourceError::Missing`], [`SourceError::Io`].
pub fn read_audio_track(path: &Path) -> Result<Option<AudioTrack>, SourceError> {
    let file = File::open(path).map_err(|e| SourceError::from_io(path, e))?;
    let moov = read_moov(BufReader::new(file)).map_err(|e| SourceError::from_io(path, e))?;
    Ok(moov.as_deref().and_then(parse_moov))
}

/// The contents of the top-level `moov` box.
fn read_moov(mut input: impl Read + Seek) -> std::io::Result<Option<Vec<u8>>> {
    let file_bytes = input.seek(SeekFrom::End(0))?;
    let mut at = 0u64;
    for _ in 0..MAX_BOXES {
        input.seek(SeekFrom::Start(at))?;
        let mut head = Vec::new();
        input.by_ref().take(16).read_to_end(&mut head)?;
        let Some((name, header_bytes, size)) = box_header(&head, file_bytes - at) else { return Ok(None) };
        if &name == b"moov" {
            let body = (size - header_bytes).min(MAX_MOOV_BYTES);
            input.seek(SeekFrom::Start(at + header_bytes))?;
            let mut moov = Vec::new();
            input.take(body).read_to_end(&mut moov)?;
            return Ok(Some(moov));
        }
        at += size;
        if at >= file_bytes {
            return Ok(None);
        }
    }
    Ok(None)
}

/// Name, header length and whole length of the box at the start of `head`, never beyond `room`.
fn box_header(head: &[u8], room: u64) -> Option<([u8; 4], u64, u64)> {
    let short = u64::from(u32_be(head, 0)?);
    let name = *head.get(4..)?.first_chunk()?;
    let (header, size) = match short {
        0 => (8, room),
        1 => (16, u64_be(head, 8)?),
        n => (8, n),
    };
    (size >= header && size <= room).then_some((name, header, size))
}

/// Boxes inside a box. A box that does not fit ends the list.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, header, size) = box_header(self.0, self.0.len() as u64)?;
        let (this, rest) = self.0.split_at(size as usize);
        self.0 = rest;
        Some((name, &this[header as usize..]))
    }
}

fn child<'a>(body: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(body).take(MAX_BOXES).find(|(n, _)| n == name).map(|(_, b)| b)
}

fn path<'a>(body: &'a [u8], names: &[&[u8; 4]]) -> Option<&'a [u8]> {
    names.iter().try_fold(body, |at, name| child(at, name))
}

fn parse_moov(moov: &[u8]) -> Option<AudioTrack> {
    let movie_scale = u64::from(timescale(child(moov, b"mvhd")?)?).max(1);
    let tracks = Boxes(moov).take(MAX_BOXES).filter(|(n, _)| n == b"trak");
    let trak = tracks.map(|(_, b)| b).find(|t| is_sound(t))?;
    let stbl = path(trak, &[b"mdia", b"minf", b"stbl"])?;
    let mut track = AudioTrack {
        coding: *child(stbl, b"stsd")?.get(12..)?.first_chunk()?,
        timescale: timescale(path(trak, &[b"mdia", b"mdhd"])?)?,
        media_ticks: stts_total(child(stbl, b"stts")?),
        edges: None,
    };
    track.edges = itunes_edges(moov).or_else(|| edit_edges(trak, &track, movie_scale));
    track.edges = track.edges.filter(|e| e.lead_in.saturating_add(e.length) <= track.media_ticks);
    Some(track)
}

fn is_sound(trak: &[u8]) -> bool {
    path(trak, &[b"mdia", b"hdlr"]).and_then(|h| h.get(8..12)) == Some(b"soun")
}

/// Timescale of `mvhd` and `mdhd`: after two dates of 4 bytes (version 0) or 8 (version 1).
fn timescale(header: &[u8]) -> Option<u32> {
    u32_be(header, if header.first() == Some(&1) { 20 } else { 12 })
}

/// Sum over the table of block durations.
fn stts_total(stts: &[u8]) -> u64 {
    let entries = stts.get(8..).unwrap_or_default().as_chunks::<8>().0;
    entries.iter().fold(0u64, |sum, e| {
        let count = u64::from(u32_be(e, 0).unwrap_or(0));
        sum.saturating_add(count.saturating_mul(u64::from(u32_be(e, 4).unwrap_or(0))))
    })
}

/// From the edit list: one edit that is not an empty one. Its length is in the movie's ticks, often mere milliseconds;
/// where the block durations give the end to better precision and agree, they decide.
fn edit_edges(trak: &[u8], track: &AudioTrack, movie_scale: u64) -> Option<Edges> {
    let elst = path(trak, &[b"edts", b"elst"])?;
    let long = elst.first() == Some(&1);
    let entry_bytes = if long { 20 } else { 12 };
    let mut edits = elst.get(8..)?.chunks_exact(entry_bytes).filter_map(|e| {
        let (ticks, start) = if long {
            (u64_be(e, 0)?, u64_be(e, 8)?.cast_signed())
        } else {
            (u64::from(u32_be(e, 0)?), i64::from(u32_be(e, 4)?.cast_signed()))
        };
        u64::try_from(start).ok().map(|start| (ticks, start))
    });
    let (movie_ticks, lead_in) = edits.next()?;
    if edits.next().is_some() {
        return None;
    }
    let rest = track.media_ticks.checked_sub(lead_in)?;
    let scale = u128::from(track.timescale.max(1));
    let edited = (u128::from(movie_ticks) * scale / u128::from(movie_scale)) as u64;
    let tick = (scale as u64).div_ceil(movie_scale);
    let length = if movie_ticks == 0 || edited.abs_diff(rest) <= tick { rest } else { edited.min(rest) };
    Some(Edges { lead_in, length })
}

/// From `iTunSMPB`: hexadecimal words: 0, lead-in, padding, length.
fn itunes_edges(moov: &[u8]) -> Option<Edges> {
    let meta = path(moov, &[b"udta", b"meta"])?;
    let list = child(meta.get(4..)?, b"ilst")?;
    let text = Boxes(list).take(MAX_BOXES).filter(|(n, _)| n == b"----").find_map(|(_, item)| {
        let name = child(item, b"name")?.get(4..)?;
        if name == b"iTunSMPB" { child(item, b"data")?.get(8..) } else { None }
    })?;
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_whitespace().map(|w| u64::from_str_radix(w, 16).ok());
    let lead_in = words.nth(1)??;
    let length = words.nth(1)??;
    (length > 0).then_some(Edges { lead_in, length })
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}

fn u64_be(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|b| u64::from_be_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = (body.len() as u32 + 8).to_be_bytes().to_vec();
        out.extend(name);
        out.extend(body);
        out
    }

    fn words(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_be_bytes()).collect()
    }

    /// A `moov` of one track at 44.1 kHz: `blocks` blocks of 1024, an edit of `ms` milliseconds from 1024 on.
    fn moov(blocks: u32, last: u32, ms: u32, itunes: Option<&str>) -> Vec<u8> {
        let stsd = boxed(b"stsd", &[words(&[0, 1, 8]), b"mp4a".to_vec()].concat());
        let stts = boxed(b"stts", &words(&[0, 2, blocks, 1024, 1, last]));
        let stbl = boxed(b"stbl", &[stsd, stts].concat());
        let hdlr = boxed(b"hdlr", &[words(&[0, 0]), b"soun".to_vec()].concat());
        let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 44_100, 0]));
        let mdia = boxed(b"mdia", &[mdhd, hdlr, boxed(b"minf", &stbl)].concat());
        let elst = boxed(b"elst", &words(&[0, 1, ms, 1024, 0x10000]));
        let trak = boxed(b"trak", &[boxed(b"edts", &elst), mdia].concat());
        let mvhd = boxed(b"mvhd", &words(&[0, 0, 0, 1000, ms]));
        let udta = itunes.map_or(Vec::new(), |text| {
            let name = boxed(b"name", &[words(&[0]), b"iTunSMPB".to_vec()].concat());
            let data = boxed(b"data", &[words(&[1, 0]), text.as_bytes().to_vec()].concat());
            let ilst = boxed(b"ilst", &boxed(b"----", &[name, data].concat()));
            boxed(b"udta", &boxed(b"meta", &[words(&[0]), ilst].concat()))
        });
        [mvhd, trak, udta].concat()
    }

    #[test]
    fn an_edit_list_in_milliseconds_gives_way_to_the_exact_block_lengths() {
        let track = parse_moov(&moov(10, 500, 220, None)).unwrap();
        assert_eq!(&track.coding, b"mp4a");
        assert_eq!(track.edges, Some(Edges { lead_in: 1024, length: 9 * 1024 + 500 }));
    }

    #[test]
    fn an_edit_that_cuts_deeper_is_obeyed() {
        let track = parse_moov(&moov(10, 1024, 100, None)).unwrap();
        assert_eq!(track.edges, Some(Edges { lead_in: 1024, length: 4410 }));
    }

    #[test]
    fn itunes_numbers_come_first() {
        let text = " 00000000 00000840 000001CA 0000000000002000 00000000";
        let track = parse_moov(&moov(11, 1024, 220, Some(text))).unwrap();
        assert_eq!(track.edges, Some(Edges { lead_in: 0x840, length: 0x2000 }));
    }

    #[test]
    fn no_truncation_or_flip_makes_it_panic() {
        let good = moov(10, 500, 220, Some(" 00000000 00000840 000001CA 0000000000002000"));
        for end in 0..good.len() {
            let _ = parse_moov(&good[..end]);
            let mut bad = good.clone();
            bad[end] ^= 0xFF;
            let _ = parse_moov(&bad);
        }
    }
}
