//! CD-Text: Sony's 18-byte packs, written and read (ddp.md section 7).
//!
//! A pack is type, track, sequence number, block and position, twelve bytes of payload and a CRC-16 (polynomial
//! 0x1021, start 0, inverted, big-endian). The strings of a type (disc, then each track, each ended by a NUL) run
//! through the payloads of its packs. Three 0x8f packs at the end of a block hold its counts and language.

use super::disc::{Disc, Texts, error, warning};
use crate::model::metadata::first_outside_latin1;
use crate::model::{Finding, Severity};

/// Length of a pack.
pub const PACK: usize = 18;
/// Bytes of text in a pack.
pub const PAYLOAD: usize = 12;
/// Most packs in a block: the sequence number is one byte.
pub const PACKS_MAX: usize = 256;
/// Language code of English.
pub const ENGLISH: u8 = 0x09;
/// Longest string that is recommended, bytes.
const STRING_MAX: usize = 160;

/// Genre codes 2 to 25 with their names; beyond them the published lists disagree.
pub const GENRES: [&str; 24] = [
    "Adult Contemporary",
    "Alternative Rock",
    "Children's",
    "Classical",
    "Contemporary Christian",
    "Country",
    "Dance",
    "Easy Listening",
    "Erotic",
    "Folk",
    "Gospel",
    "Hip Hop",
    "Jazz",
    "Latin",
    "Musical",
    "New Age",
    "Opera",
    "Operetta",
    "Pop",
    "Rap",
    "Reggae",
    "Rock",
    "Rhythm & Blues",
    "Sound Effects",
];

/// The CD-Text code of a genre by its name, not minding case; `None` for others.
pub fn genre_code(name: &str) -> Option<u16> {
    let at = GENRES.iter().position(|g| g.eq_ignore_ascii_case(name.trim()))?;
    u16::try_from(at + 2).ok()
}

/// The name of a genre code from [`GENRES`].
pub fn genre_name(code: u16) -> Option<&'static str> {
    GENRES.get(usize::from(code).checked_sub(2)?).copied()
}

/// The name of a language code (EBU Tech 3264), as far as it is one of the usual ones.
pub fn language_name(code: u8) -> Option<&'static str> {
    Some(match code {
        0x06 => "Czech",
        0x07 => "Danish",
        0x08 => "German",
        0x09 => "English",
        0x0a => "Spanish",
        0x0f => "French",
        0x15 => "Italian",
        0x1b => "Hungarian",
        0x1d => "Dutch",
        0x1e => "Norwegian",
        0x20 => "Polish",
        0x21 => "Portuguese",
        0x27 => "Finnish",
        0x28 => "Swedish",
        0x29 => "Turkish",
        0x56 => "Russian",
        0x65 => "Korean",
        0x69 => "Japanese",
        0x70 => "Greek",
        0x75 => "Chinese",
        _ => return None,
    })
}

/// Why CD-Text cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CdTextError {
    /// A letter ISO 8859-1 does not have.
    #[error(
        "CD-Text cannot hold “{letter}” in “{text}”: change the text, allow transliteration, or leave CD-Text off"
    )]
    Character {
        /// The letter.
        letter: char,
        /// The text it is in.
        text: String,
    },
    /// More packs than a block holds.
    #[error("the texts need {0} CD-Text packs, a disc holds 256: shorten them or leave some out")]
    TooLong(usize),
}

/// What goes into the packs beside the texts of the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CdTextOptions {
    /// Also write UPC and ISRC as 0x8e packs (off by default, as most writers have it).
    pub codes: bool,
}

/// A text in the characters of CD-Text: typographic quotes, dashes, spaces and the euro sign become plain ones and
/// letters with separate accents are joined. With `transliterate`, what is still outside ISO 8859-1 is replaced by the
/// nearest plain letters; without, it stays and is reported by [`check`].
pub fn prepared(text: &str, transliterate: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if let Some(joined) = out.chars().next_back().and_then(|base| joined(base, c)) {
            out.pop();
            out.push(joined);
        } else if let Some(plain) = plain(c) {
            out.push_str(plain);
        } else if transliterate && first_outside_latin1(c.encode_utf8(&mut [0; 4])).is_some() {
            let nearest = deunicode::deunicode_char(c).unwrap_or("?");
            out.extend(nearest.chars().filter(|c| !c.is_control()));
        } else {
            out.push(c);
        }
    }
    out
}

/// The plain spelling of a typographic sign.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '‘' | '’' | '‚' | '‛' | '′' => "'",
        '“' | '”' | '„' | '‟' | '″' => "\"",
        '\u{2010}'..='\u{2015}' | '−' => "-",
        '…' => "...",
        '€' => "EUR",
        '\t' | '\n' | '\r' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => " ",
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => "",
        _ => return None,
    })
}

/// A letter and a combining accent as one letter of ISO 8859-1 (file names from some systems come apart like that).
fn joined(base: char, accent: char) -> Option<char> {
    let (bases, letters) = match accent {
        '\u{300}' => ("AEIOUaeiou", "ÀÈÌÒÙàèìòù"),
        '\u{301}' => ("AEIOUYaeiouy", "ÁÉÍÓÚÝáéíóúý"),
        '\u{302}' => ("AEIOUaeiou", "ÂÊÎÔÛâêîôû"),
        '\u{303}' => ("ANOano", "ÃÑÕãñõ"),
        '\u{308}' => ("AEIOUaeiouy", "ÄËÏÖÜäëïöüÿ"),
        '\u{30a}' => ("Aa", "Åå"),
        '\u{327}' => ("Cc", "Çç"),
        _ => return None,
    };
    bases.chars().zip(letters.chars()).find(|(b, _)| *b == base).map(|(_, l)| l)
}

/// The bytes of a text in ISO 8859-1.
///
/// # Errors
/// The first character that is not in it.
pub fn latin1(text: &str) -> Result<Vec<u8>, CdTextError> {
    match first_outside_latin1(text) {
        Some(letter) => Err(CdTextError::Character { letter, text: text.to_owned() }),
        None => Ok(text.chars().map(|c| c as u8).collect()),
    }
}

/// CRC-16 as CD-Text has it: polynomial 0x1021, start 0, not reflected, inverted.
pub fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0u16;
    for &byte in bytes {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    !crc
}

/// What stands against the texts of a disc: characters, lengths, gaps.
pub fn check(disc: &Disc) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_texts(&disc.texts, "the album", &mut findings);
    for (i, track) in disc.tracks.iter().enumerate() {
        check_texts(&track.texts, &format!("track {}", i + 1), &mut findings);
    }
    for (name, of) in [("title", 0), ("performer", 1)] {
        let on_tracks = disc.tracks.iter().filter(|t| !t.texts.all()[of].is_empty()).count();
        if on_tracks > 0 && disc.texts.all()[of].is_empty() {
            findings.push(warning(
                "cd_text_missing",
                format!("tracks have a CD-Text {name}, the album has none"),
            ));
        }
        if on_tracks < disc.tracks.len() && (on_tracks > 0 || !disc.texts.all()[of].is_empty()) {
            let missing = disc.tracks.len() - on_tracks;
            let text = format!("{missing} of {} tracks have no CD-Text {name}", disc.tracks.len());
            findings.push(warning("cd_text_missing", text));
        }
    }
    if let Err(why @ CdTextError::TooLong(_)) = encode(disc, CdTextOptions::default()) {
        findings.push(error("cd_text_size", why.to_string()));
    }
    findings
}

fn check_texts(texts: &Texts, whose: &str, findings: &mut Vec<Finding>) {
    for (text, name) in texts.all().into_iter().zip(Texts::NAMES) {
        if let Some(letter) = first_outside_latin1(text) {
            let text =
                format!("the {name} of {whose}, “{text}”, holds “{letter}”, which CD-Text cannot carry");
            findings.push(error("cd_text_character", text));
        }
        let length = text.chars().count();
        if length > STRING_MAX {
            let text =
                format!("the {name} of {whose} has {length} characters; CD-Text recommends 160 at most");
            let finding = warning("cd_text_long", text);
            findings.push(finding.measured(length as f64, STRING_MAX as f64, "characters"));
        }
    }
}

/// One string and the track it belongs to (0 is the disc).
type Owned = (u8, Vec<u8>);

/// The packs of a disc's texts; empty when it has none.
///
/// # Errors
/// A character CD-Text cannot hold, or more text than 256 packs hold.
pub fn encode(disc: &Disc, options: CdTextOptions) -> Result<Vec<u8>, CdTextError> {
    let mut packs = Packs::default();
    for kind in 0..6usize {
        let mut strings: Vec<Owned> = vec![(0, latin1(disc.texts.all()[kind])?)];
        for (number, track) in (1u8..).zip(&disc.tracks) {
            strings.push((number, latin1(track.texts.all()[kind])?));
        }
        packs.add_strings(0x80 + kind as u8, strings);
    }
    packs.add_strings(0x86, vec![(0, latin1(&disc.disc_id)?)]);
    if let Some((code, text)) = &disc.genre {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend(latin1(text)?);
        packs.add_strings(0x87, vec![(0, payload)]);
    }
    if options.codes {
        let mut strings: Vec<Owned> = vec![(0, latin1(&disc.upc)?)];
        for (number, track) in (1u8..).zip(&disc.tracks) {
            strings.push((number, latin1(&track.isrc)?));
        }
        packs.add_strings(0x8e, strings);
    }
    packs.finish(disc.last_track(), disc.language)
}

#[derive(Default)]
struct Packs {
    /// Header bytes 0, 1 and 3 and the payload, in sequence.
    packs: Vec<([u8; 3], [u8; PAYLOAD])>,
    /// Packs of types 0x80 to 0x8f.
    counts: [usize; 16],
}

impl Packs {
    /// A type's strings, unless all are empty.
    fn add_strings(&mut self, kind: u8, strings: Vec<Owned>) {
        if strings.iter().all(|(_, s)| s.is_empty()) {
            return;
        }
        // For every byte: whose string it is of and where in it.
        let mut bytes = Vec::new();
        for (track, string) in &strings {
            bytes.extend(string.iter().chain([&0]).enumerate().map(|(at, &b)| (b, *track, at)));
        }
        for chunk in bytes.chunks(PAYLOAD) {
            let mut payload = [0; PAYLOAD];
            for (cell, (byte, ..)) in payload.iter_mut().zip(chunk) {
                *cell = *byte;
            }
            let (track, position) = chunk.first().map_or((0, 0), |&(_, track, at)| (track, at.min(15) as u8));
            self.packs.push(([kind, track, position], payload));
            self.counts[usize::from(kind & 0x0f)] += 1;
        }
    }

    /// All packs with the three of the block's counts, numbered and summed.
    fn finish(mut self, last_track: u8, language: u8) -> Result<Vec<u8>, CdTextError> {
        if self.packs.is_empty() {
            return Ok(Vec::new());
        }
        let total = self.packs.len() + 3;
        let last_sequence = u8::try_from(total - 1).ok().ok_or(CdTextError::TooLong(total))?;
        self.counts[15] = 3;
        let mut sizes = [0u8; 36];
        (sizes[1], sizes[2]) = (1, last_track);
        for (cell, &count) in sizes[4..20].iter_mut().zip(&self.counts) {
            *cell = u8::try_from(count).unwrap_or(u8::MAX);
        }
        (sizes[20], sizes[28]) = (last_sequence, language);
        for (part, payload) in (0u8..).zip(sizes.as_chunks::<PAYLOAD>().0) {
            self.packs.push(([0x8f, part, 0], *payload));
        }
        let mut file = Vec::with_capacity(total * PACK);
        for (sequence, ([kind, track, position], payload)) in (0..=255u8).zip(self.packs) {
            let start = file.len();
            file.extend([kind, track, sequence, position]);
            file.extend(payload);
            let crc = crc16(&file[start..]);
            file.extend(crc.to_be_bytes());
        }
        Ok(file)
    }
}

/// One language block of a CD-Text file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Character set: 0x00 ISO 8859-1, 0x01 ASCII, 0x80 MS-JIS.
    pub character_set: u8,
    /// Language code.
    pub language: u8,
    /// First and last track the texts are for.
    pub tracks: (u8, u8),
    /// Texts of the disc.
    pub album: Texts,
    /// Texts of tracks 1 to the last.
    pub songs: Vec<Texts>,
    /// 0x86.
    pub disc_id: String,
    /// 0x87.
    pub genre: Option<(u16, String)>,
    /// 0x8e of the disc.
    pub upc: String,
    /// 0x8e of the tracks.
    pub isrcs: Vec<String>,
}

/// Reads a CD-Text file; whatever stands against it becomes a finding (rule `ddp_cdtext`). Bounded by the file.
pub fn parse(file: &[u8]) -> (Vec<Block>, Vec<Finding>) {
    let mut findings = Vec::new();
    let file = without_frame(file, &mut findings);
    let packs: Vec<&[u8]> = file.chunks_exact(PACK).collect();
    check_crcs(&packs, &mut findings);
    let mut blocks = Vec::new();
    for number in 0..8u8 {
        let own: Vec<&[u8]> = packs.iter().copied().filter(|p| (p[3] >> 4) & 7 == number).collect();
        if !own.is_empty() {
            blocks.push(parse_block(number, &own, &mut findings));
        }
    }
    (blocks, findings)
}

/// The packs without the header or the trailing zero some programs add.
fn without_frame<'a>(file: &'a [u8], findings: &mut Vec<Finding>) -> &'a [u8] {
    let rest = file.len() % PACK;
    if rest == 1 && file.last() == Some(&0) {
        let text = "CD-Text ends with one zero byte after the packs; some plants refuse that";
        findings.push(Finding::new("ddp_cdtext", Severity::Info, text));
    } else if rest == 4 && file.first() == Some(&0) {
        let text = "CD-Text starts with the four-byte header of a drive; a DDP file holds the packs only";
        findings.push(error("ddp_cdtext", text));
        return &file[4..];
    } else if rest != 0 || file.is_empty() {
        let text = format!("CD-Text has {} bytes, not a whole number of 18-byte packs", file.len());
        findings.push(error("ddp_cdtext", text));
    }
    file
}

fn check_crcs(packs: &[&[u8]], findings: &mut Vec<Finding>) {
    let bad: Vec<usize> =
        (0..packs.len()).filter(|&i| crc16(&packs[i][..16]).to_be_bytes() != packs[i][16..18]).collect();
    if let Some(first) = bad.first() {
        let text = format!(
            "{} of {} CD-Text packs have a wrong CRC, the first is pack {first}",
            bad.len(),
            packs.len()
        );
        findings.push(error("ddp_cdtext", text));
    }
    if packs.iter().any(|p| !(0x80..=0x8f).contains(&p[0])) {
        findings.push(error("ddp_cdtext", "CD-Text holds a pack of a type that does not exist"));
    }
}

fn parse_block(number: u8, packs: &[&[u8]], findings: &mut Vec<Finding>) -> Block {
    if packs.len() > PACKS_MAX {
        let text = format!("CD-Text block {number} has {} packs, 256 is the most", packs.len());
        findings.push(error("ddp_cdtext", text));
    }
    if packs.iter().enumerate().any(|(i, p)| usize::from(p[2]) != i % PACKS_MAX) {
        findings.push(error(
            "ddp_cdtext",
            format!("the packs of CD-Text block {number} are not numbered in order"),
        ));
    }
    let sizes = payload_of(0x8f, packs);
    let mut block = Block { character_set: byte(&sizes, 0), ..Block::default() };
    block.tracks = (byte(&sizes, 1), byte(&sizes, 2));
    block.language = byte(&sizes, 28 + usize::from(number));
    check_sizes(number, packs, &sizes, findings);
    let last = usize::from(block.tracks.1.min(99));
    block.songs = vec![Texts::default(); last];
    for kind in 0..6u8 {
        let strings = strings_of(0x80 + kind, packs, last, block.character_set, findings);
        let slot = usize::from(kind);
        for (track, text) in strings.into_iter().enumerate() {
            let texts = if track == 0 { Some(&mut block.album) } else { block.songs.get_mut(track - 1) };
            if let Some(texts) = texts {
                *texts.all_mut()[slot] = text;
            }
        }
    }
    block.disc_id = strings_of(0x86, packs, 0, 0, findings).into_iter().next().unwrap_or_default();
    let genre = payload_of(0x87, packs);
    if let Some((code, text)) = genre.split_first_chunk::<2>() {
        block.genre = Some((u16::from_be_bytes(*code), text_until_nul(text)));
    }
    let mut codes = strings_of(0x8e, packs, last, 0, findings).into_iter();
    block.upc = codes.next().unwrap_or_default();
    block.isrcs = codes.collect();
    block
}

/// Holds the counts of the 0x8f packs against the packs.
fn check_sizes(number: u8, packs: &[&[u8]], sizes: &[u8], findings: &mut Vec<Finding>) {
    if sizes.len() != 36 {
        let text =
            format!("CD-Text block {number} has {} size packs instead of three", sizes.len() / PAYLOAD);
        findings.push(error("ddp_cdtext", text));
        return;
    }
    for kind in 0x80..=0x8fu8 {
        let have = packs.iter().filter(|p| p[0] == kind).count();
        let said = usize::from(byte(sizes, 4 + usize::from(kind & 0x0f)));
        if have != said {
            let text = format!(
                "CD-Text counts {said} packs of type {kind:#04x} in block {number}, there are {have}"
            );
            findings.push(error("ddp_cdtext", text));
        }
    }
    let last = usize::from(byte(sizes, 20 + usize::from(number)));
    if last + 1 != packs.len() {
        let text =
            format!("CD-Text says pack {last} is the last of block {number}, it is {}", packs.len() - 1);
        findings.push(error("ddp_cdtext", text));
    }
    if !matches!(byte(sizes, 0), 0x00 | 0x01) {
        let text = format!(
            "CD-Text block {number} is not in ISO 8859-1 (character set {:#04x}); it is not shown",
            byte(sizes, 0)
        );
        findings.push(warning("ddp_cdtext", text));
    }
}

/// The payload of every pack of a type, joined.
fn payload_of(kind: u8, packs: &[&[u8]]) -> Vec<u8> {
    packs.iter().filter(|p| p[0] == kind).flat_map(|p| p[4..16].iter().copied()).collect()
}

/// The strings of a type: disc, track 1 … `last`. A TAB means "as the one before".
fn strings_of(
    kind: u8,
    packs: &[&[u8]],
    last: usize,
    character_set: u8,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    let Some(first) = packs.iter().find(|p| p[0] == kind) else { return Vec::new() };
    if first[3] & 0x80 != 0 || character_set >= 0x80 {
        return Vec::new();
    }
    check_positions(kind, packs, findings);
    let payload = payload_of(kind, packs);
    let mut strings: Vec<String> = vec![String::new(); usize::from(first[1] & 0x7f).min(last)];
    let ends = payload.iter().filter(|&&b| b == 0).count();
    if ends + strings.len() < last + 1 {
        let text = format!(
            "CD-Text type {kind:#04x} has {ends} strings, the disc and {last} tracks need {}",
            last + 1
        );
        findings.push(error("ddp_cdtext", text));
    }
    for string in payload.split(|&b| b == 0).take((last + 1).saturating_sub(strings.len())) {
        let again = string == b"\t".as_slice();
        let text = if again { strings.last().cloned().unwrap_or_default() } else { text_until_nul(string) };
        strings.push(text);
    }
    strings
}

/// Byte 1 and the low bits of byte 3 must say whose string a pack begins with and how far in it.
fn check_positions(kind: u8, packs: &[&[u8]], findings: &mut Vec<Finding>) {
    let own: Vec<&&[u8]> = packs.iter().filter(|p| p[0] == kind).collect();
    let Some(first) = own.first() else { return };
    let (mut track, mut position) = (usize::from(first[1]), usize::from(first[3] & 0x0f));
    for pack in own {
        let said = usize::from(pack[3] & 0x0f);
        // 15 also stands for 13 and 14 with some writers.
        let position_ok = said == position.min(15) || (said == 15 && position >= 13);
        if usize::from(pack[1]) != track && pack[4..16].iter().any(|&b| b != 0)
            || !position_ok && pack[4] != 0
        {
            let text =
                format!("CD-Text pack {} (type {kind:#04x}) names the wrong track or position", pack[2]);
            findings.push(error("ddp_cdtext", text));
            return;
        }
        for &b in &pack[4..16] {
            (track, position) = if b == 0 { (track + 1, 0) } else { (track, position + 1) };
        }
    }
}

fn text_until_nul(bytes: &[u8]) -> String {
    bytes.iter().take_while(|&&b| b != 0).map(|&b| char::from(b)).collect()
}

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::disc::Track;
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.split_whitespace().map(|b| u8::from_str_radix(b, 16).unwrap()).collect()
    }

    fn disc_of(titles: &[&str]) -> Disc {
        let mut disc = Disc::default();
        disc.texts.title = titles[0].to_owned();
        for title in &titles[1..] {
            let mut track = Track::default();
            track.texts.title = (*title).to_owned();
            disc.tracks.push(track);
        }
        disc
    }

    #[test]
    fn the_worked_example_is_written_as_published() {
        // ddp.md section 12.4.
        let want = hex("80 00 00 00 44 69 73 63 00 4f 6e 65 00 54 77 6f 34 e1
             80 02 01 03 00 00 00 00 00 00 00 00 00 00 00 00 0e 93
             8f 00 02 00 00 01 02 00 02 00 00 00 00 00 00 00 f1 33
             8f 01 03 00 00 00 00 00 00 00 00 03 04 00 00 00 89 e8
             8f 02 04 00 00 00 00 00 09 00 00 00 00 00 00 00 67 e1");
        assert_eq!(encode(&disc_of(&["Disc", "One", "Two"]), CdTextOptions::default()).unwrap(), want);
    }

    #[test]
    fn three_types_with_an_empty_string_are_written_as_published() {
        // ddp.md section 12.4, experiment 011.
        let mut disc = disc_of(&["Disc Title", "Track One", "Track Two"]);
        disc.texts.performer = "Disc Performer".to_owned();
        disc.texts.songwriter = "Disc Writer".to_owned();
        disc.tracks[0].texts.performer = "Perf One".to_owned();
        disc.tracks[1].texts.performer = "Perf Two".to_owned();
        disc.tracks[0].texts.songwriter = "Writer One".to_owned();
        let want = hex("80 00 00 00 44 69 73 63 20 54 69 74 6c 65 00 54 a7 14
             80 01 01 01 72 61 63 6b 20 4f 6e 65 00 54 72 61 8c 65
             80 02 02 03 63 6b 20 54 77 6f 00 00 00 00 00 00 e6 b6
             81 00 03 00 44 69 73 63 20 50 65 72 66 6f 72 6d e3 18
             81 00 04 0c 65 72 00 50 65 72 66 20 4f 6e 65 00 33 b1
             81 02 05 00 50 65 72 66 20 54 77 6f 00 00 00 00 1b 61
             82 00 06 00 44 69 73 63 20 57 72 69 74 65 72 00 22 b0
             82 01 07 00 57 72 69 74 65 72 20 4f 6e 65 00 00 22 44
             8f 00 08 00 00 01 02 00 03 03 02 00 00 00 00 00 f8 8b
             8f 01 09 00 00 00 00 00 00 00 00 03 0a 00 00 00 36 1b
             8f 02 0a 00 00 00 00 00 09 00 00 00 00 00 00 00 87 ed");
        let file = encode(&disc, CdTextOptions::default()).unwrap();
        assert_eq!(file, want);
        let (blocks, findings) = parse(&file);
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(blocks[0].album, disc.texts);
        let songs: Vec<Texts> = disc.tracks.iter().map(|t| t.texts.clone()).collect();
        assert_eq!(blocks[0].songs, songs);
        assert_eq!((blocks[0].language, blocks[0].tracks), (ENGLISH, (1, 2)));
    }

    #[test]
    fn every_kind_of_pack_comes_back_without_a_finding() {
        let mut disc = disc_of(&["A long title with Ünïcödé letters of Latin", "é", "x", ""]);
        disc.disc_id = "CAT 001".to_owned();
        disc.genre = genre_code("jazz").map(|c| (c, "Jazz".to_owned()));
        disc.upc = "0123456789012".to_owned();
        disc.tracks[1].isrc = "USABC1111111".to_owned();
        let (blocks, findings) = parse(&encode(&disc, CdTextOptions { codes: true }).unwrap());
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(blocks[0].album.title, disc.texts.title);
        assert_eq!(blocks[0].disc_id, "CAT 001");
        assert_eq!(blocks[0].genre, Some((14, "Jazz".to_owned())));
        assert_eq!(blocks[0].upc, disc.upc);
        assert_eq!(blocks[0].isrcs, ["", "USABC1111111", ""]);
    }

    #[test]
    fn more_than_256_packs_are_refused() {
        let long = "x".repeat(160);
        let fits = disc_of(&vec![long.as_str(); 18]);
        assert!(encode(&fits, CdTextOptions::default()).is_ok());
        let too_many = disc_of(&vec![long.as_str(); 20]);
        assert_eq!(encode(&too_many, CdTextOptions::default()), Err(CdTextError::TooLong(272)));
        // 253 text packs and three of sizes are exactly 256: 253 · 12 = 3036 bytes with their NULs.
        let strings: Vec<String> =
            (0..23).map(|i| "y".repeat(131 + usize::from(i == 0) - usize::from(i == 22))).collect();
        let exact = disc_of(&strings.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(encode(&exact, CdTextOptions::default()).unwrap().len(), 256 * PACK);
    }

    #[test]
    fn the_tab_of_compilations_repeats_the_string_before() {
        let mut disc = disc_of(&["Disc", "One", "Two"]);
        disc.texts.performer = "Various".to_owned();
        disc.tracks[0].texts.performer = "Ann".to_owned();
        let mut file = encode(&disc, CdTextOptions::default()).unwrap();
        // Put a TAB where track 2's performer is empty: the performers start in the third pack.
        let at = 2 * PACK + 4 + "Various\0Ann\0".len() - 1;
        file[at] = 0;
        let (blocks, _) = parse(&file);
        assert_eq!(blocks[0].songs[1].performer, "");
        disc.tracks[1].texts.performer = "@".to_owned();
        let mut file = encode(&disc, CdTextOptions::default()).unwrap();
        let at = file.iter().position(|&b| b == b'@').unwrap();
        file[at] = b'\t';
        assert_eq!(parse(&file).0[0].songs[1].performer, "Ann");
    }

    #[test]
    fn damage_is_reported_and_never_fatal() {
        let mut disc = disc_of(&["Disc Title", "Track One", "Track Two"]);
        disc.genre = Some((5, "Classical".to_owned()));
        let good = encode(&disc, CdTextOptions { codes: true }).unwrap();
        for n in 0..good.len() {
            assert!(!parse(&good[..n]).1.is_empty(), "truncated to {n}");
        }
        for i in 0..good.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[i] ^= flip;
                assert!(!parse(&bad).1.is_empty(), "byte {i} ^ {flip:#x}");
            }
        }
        let mut zero = good.clone();
        zero.push(0);
        let (_, findings) = parse(&zero);
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Info]);
        let mut header = vec![0, good.len() as u8 + 2, 0, 0];
        header.extend(&good);
        let (blocks, findings) = parse(&header);
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Error]);
        assert_eq!(blocks[0].album.title, "Disc Title");
    }

    #[test]
    fn typography_becomes_plain_and_other_letters_wait_for_a_decision() {
        assert_eq!(prepared("“Don’t” – stop…\u{a0}5 €", false), "\"Don't\" - stop... 5 EUR");
        assert_eq!(prepared("Cafe\u{301}", false), "Café");
        assert_eq!(prepared("Łódź", false), "Łódź");
        assert_eq!(prepared("Łódź", true), "Lódz");
        assert!(matches!(latin1("Łódź"), Err(CdTextError::Character { letter: 'Ł', .. })));
    }
}
