//! Cue sheets (CDRWin): written for our images, read tolerantly.
//!
//! INDEX times count from the start of the FILE. Indexes are written as they are heard, with real samples and INDEX 00,
//! never with PREGAP. Order inside a track follows cue2ddp: texts, ISRC, FLAGS, INDEX.

use super::cd_image::ImageStart;
use super::ddp::disc::{Disc, Texts};
use crate::units::CdFrames;

/// Most lines that are read; a sheet of 99 tracks with 99 indexes each has about 10 000.
const LINES_MAX: usize = 50_000;

/// What kind of file a FILE line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CueKind {
    /// Raw little-endian samples.
    Binary,
    /// Raw big-endian samples.
    Motorola,
    /// RIFF/WAVE.
    Wave,
    /// AIFF.
    Aiff,
    /// MP3.
    Mp3,
}

impl CueKind {
    const ALL: [(Self, &str); 5] = [
        (Self::Binary, "BINARY"),
        (Self::Motorola, "MOTOROLA"),
        (Self::Wave, "WAVE"),
        (Self::Aiff, "AIFF"),
        (Self::Mp3, "MP3"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(k, _)| *k == self).map_or("WAVE", |(_, w)| w)
    }
}

/// Letters of a written sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CueEncoding {
    /// ISO 8859-1, for CD tools; letters it lacks become question marks.
    Latin1,
    /// UTF-8, for players.
    Utf8,
}

/// A track of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CueTrack {
    /// 1 to 99.
    pub number: u8,
    /// TITLE.
    pub title: String,
    /// PERFORMER.
    pub performer: String,
    /// SONGWRITER.
    pub songwriter: String,
    /// ISRC.
    pub isrc: String,
    /// FLAGS, words with spaces.
    pub flags: String,
    /// PREGAP: silence that is not in the file.
    pub pregap: Option<CdFrames>,
    /// Which FILE each index is in, its number and its time from that file's start.
    pub indexes: Vec<(usize, u8, CdFrames)>,
}

/// A cue sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CueSheet {
    /// CATALOG.
    pub catalog: String,
    /// TITLE of the disc.
    pub title: String,
    /// PERFORMER of the disc.
    pub performer: String,
    /// SONGWRITER of the disc.
    pub songwriter: String,
    /// FILE lines.
    pub files: Vec<(String, CueKind)>,
    /// Tracks.
    pub tracks: Vec<CueTrack>,
}

/// Why a sheet could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CueError {
    /// A line is not what it should be.
    #[error("cue sheet, line {line}: {detail}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// Nothing to play.
    #[error("this is not a cue sheet: it names no file or no track")]
    Empty,
}

impl CueSheet {
    /// The sheet of a disc in one file that begins at `start`. Indexes before the file's start are left out.
    pub fn of_disc(disc: &Disc, file: &str, kind: CueKind, start: ImageStart) -> Self {
        let offset = start.position();
        let in_file = |at: CdFrames| at.0.checked_sub(offset.0).map(CdFrames);
        let mut tracks = Vec::with_capacity(disc.tracks.len());
        for (number, track) in (1u8..).zip(&disc.tracks) {
            // A first pause of exactly the two seconds a drive makes itself is not in the file at all.
            let pause = match track.pause {
                Some(_) if number == 1 && track.start() == offset => None,
                Some(at) if number == 1 && at < offset => Some(CdFrames(0)),
                other => other.and_then(in_file),
            };
            let marks = track.indexes.iter().copied().filter_map(in_file);
            let indexes =
                pause.map(|at| (0, 0, at)).into_iter().chain((1u8..).zip(marks).map(|(i, at)| (0, i, at)));
            let Texts { title, performer, songwriter, .. } = track.texts.clone();
            let (isrc, flags, indexes) = (track.isrc.clone(), track.flags.words(), indexes.collect());
            tracks.push(CueTrack {
                number,
                title,
                performer,
                songwriter,
                isrc,
                flags,
                pregap: None,
                indexes,
            });
        }
        Self {
            catalog: disc.upc.clone(),
            title: disc.texts.title.clone(),
            performer: disc.texts.performer.clone(),
            songwriter: disc.texts.songwriter.clone(),
            files: vec![(file.to_owned(), kind)],
            tracks,
        }
    }

    /// The sheet as text, with line feeds.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        put(&mut out, "", "CATALOG", &self.catalog);
        put_texts(&mut out, "", [&self.title, &self.performer, &self.songwriter]);
        let mut open = None;
        for track in &self.tracks {
            let mut file = track.indexes.first().map_or(0, |(f, ..)| *f);
            self.put_file(&mut out, file, &mut open);
            out.push_str(&format!("  TRACK {:02} AUDIO\n", track.number));
            put_texts(&mut out, "    ", [&track.title, &track.performer, &track.songwriter]);
            put(&mut out, "    ", "ISRC", &track.isrc);
            put(&mut out, "    ", "FLAGS", &track.flags);
            put(&mut out, "    ", "PREGAP", &track.pregap.map_or(String::new(), |p| p.to_string()));
            for (of, number, at) in &track.indexes {
                file = *of;
                self.put_file(&mut out, file, &mut open);
                out.push_str(&format!("    INDEX {number:02} {at}\n"));
            }
        }
        out
    }

    /// The sheet as a file.
    pub fn to_bytes(&self, encoding: CueEncoding) -> Vec<u8> {
        let text = self.to_text();
        match encoding {
            CueEncoding::Utf8 => text.into_bytes(),
            CueEncoding::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        }
    }

    /// Reads a sheet: UTF-8 with or without a mark, else ISO 8859-1; any case; unknown lines are passed over.
    ///
    /// # Errors
    /// A line that matters is broken, or there is no file or track.
    pub fn parse(bytes: &[u8]) -> Result<Self, CueError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
        };
        let mut sheet = Self::default();
        for (i, line) in text.lines().take(LINES_MAX).enumerate() {
            let words = words_of(line);
            sheet.take_line(&words).map_err(|detail| CueError::Line { line: i + 1, detail })?;
        }
        if sheet.files.is_empty() || sheet.tracks.is_empty() { Err(CueError::Empty) } else { Ok(sheet) }
    }

    fn put_file(&self, out: &mut String, file: usize, open: &mut Option<usize>) {
        if *open != Some(file)
            && let Some((name, kind)) = self.files.get(file)
        {
            out.push_str(&format!("FILE \"{}\" {}\n", quoted(name), kind.word()));
            *open = Some(file);
        }
    }

    fn take_line(&mut self, words: &[String]) -> Result<(), String> {
        let Some((command, rest)) = words.split_first() else { return Ok(()) };
        let value = rest.first().cloned().unwrap_or_default();
        match command.to_ascii_uppercase().as_str() {
            "CATALOG" => self.catalog = value,
            "FILE" => self.take_file(rest)?,
            "TRACK" => self.take_track(rest)?,
            "TITLE" => *self.text_slot(|s| &mut s.title, |t| &mut t.title) = value,
            "PERFORMER" => *self.text_slot(|s| &mut s.performer, |t| &mut t.performer) = value,
            "SONGWRITER" => *self.text_slot(|s| &mut s.songwriter, |t| &mut t.songwriter) = value,
            "ISRC" => self.track()?.isrc = value,
            "FLAGS" => self.track()?.flags = rest.join(" ").to_ascii_uppercase(),
            "PREGAP" => self.track()?.pregap = Some(time_of(&value)?),
            "INDEX" => self.take_index(rest)?,
            _ => {}
        }
        Ok(())
    }

    fn text_slot(
        &mut self,
        of_disc: impl Fn(&mut Self) -> &mut String,
        of_track: impl Fn(&mut CueTrack) -> &mut String,
    ) -> &mut String {
        if self.tracks.is_empty() {
            return of_disc(self);
        }
        let last = self.tracks.len() - 1;
        of_track(&mut self.tracks[last])
    }

    fn track(&mut self) -> Result<&mut CueTrack, String> {
        self.tracks.last_mut().ok_or_else(|| "comes before the first TRACK".to_owned())
    }

    fn take_file(&mut self, rest: &[String]) -> Result<(), String> {
        let [name, .., kind] = rest else { return Err("FILE needs a name and a kind".to_owned()) };
        let kind = CueKind::ALL.iter().find(|(_, w)| kind.eq_ignore_ascii_case(w)).map(|(k, _)| *k);
        self.files.push((name.clone(), kind.ok_or("FILE is of a kind we do not know")?));
        Ok(())
    }

    fn take_track(&mut self, rest: &[String]) -> Result<(), String> {
        let number = rest.first().and_then(|n| n.parse().ok()).filter(|n| (1..=99).contains(n));
        let number = number.ok_or("TRACK needs a number from 1 to 99")?;
        self.tracks.push(CueTrack { number, ..CueTrack::default() });
        Ok(())
    }

    fn take_index(&mut self, rest: &[String]) -> Result<(), String> {
        let file = self.files.len().checked_sub(1).ok_or("INDEX comes before the first FILE")?;
        let [number, time] = rest else { return Err("INDEX needs a number and a time".to_owned()) };
        let number = number.parse().ok().filter(|n| *n <= 99).ok_or("INDEX needs a number from 0 to 99")?;
        let time = time_of(time)?;
        self.track()?.indexes.push((file, number, time));
        Ok(())
    }
}

fn put(out: &mut String, indent: &str, command: &str, value: &str) {
    if !value.is_empty() {
        out.push_str(&format!("{indent}{command} {value}\n"));
    }
}

fn put_texts(out: &mut String, indent: &str, texts: [&String; 3]) {
    for (command, text) in ["TITLE", "PERFORMER", "SONGWRITER"].into_iter().zip(texts) {
        if !text.is_empty() {
            out.push_str(&format!("{indent}{command} \"{}\"\n", quoted(text)));
        }
    }
}

/// A cue sheet has no way to write a quote inside quotes.
fn quoted(text: &str) -> String {
    text.chars().map(|c| if c == '"' { '\'' } else { c }).filter(|c| !c.is_control()).collect()
}

/// Words of a line; quotes hold spaces together.
fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(inner) => inner.split_once('"').unwrap_or((inner, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

fn time_of(text: &str) -> Result<CdFrames, String> {
    let parts: Vec<u32> = text.split(':').map_while(|p| p.parse().ok()).collect();
    match parts[..] {
        [m, s, f] if m <= 999 && s < 60 && f < 75 => Ok(CdFrames::from_msf(m, s, f)),
        _ => Err(format!("“{text}” is not a time mm:ss:ff")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ddp::pq::tests::worked_example;
    use super::*;

    /// IMAGE.cue of ddp.md section 12, as cue2ddp wrote it.
    const WORKED_EXAMPLE: &str = "CATALOG 0123456789012\nTITLE \"Disc\"\nFILE \"IMAGE.DAT\" BINARY\n  TRACK 01 AUDIO\n    \
        TITLE \"One\"\n    ISRC USABC1111111\n    FLAGS PRE\n    INDEX 00 00:00:00\n    INDEX 01 00:02:00\n    \
        INDEX 02 00:07:00\n  TRACK 02 AUDIO\n    TITLE \"Two\"\n    FLAGS DCP 4CH\n    INDEX 00 00:10:00\n    \
        INDEX 01 00:12:00\n";

    #[test]
    fn the_worked_example_is_written_as_published() {
        let sheet = CueSheet::of_disc(&worked_example(), "IMAGE.DAT", CueKind::Binary, ImageStart::Pause);
        assert_eq!(sheet.to_text(), WORKED_EXAMPLE);
        assert_eq!(CueSheet::parse(WORKED_EXAMPLE.as_bytes()), Ok(sheet));
    }

    #[test]
    fn times_of_an_image_to_burn_count_from_the_file() {
        let sheet = CueSheet::of_disc(&worked_example(), "a.wav", CueKind::Wave, ImageStart::Program);
        assert_eq!(sheet.tracks[0].indexes, [(0, 1, CdFrames(0)), (0, 2, CdFrames(375))]);
        assert_eq!(sheet.tracks[1].indexes, [(0, 0, CdFrames(600)), (0, 1, CdFrames(750))]);
        let mut late = worked_example();
        late.tracks[0].indexes = vec![CdFrames(225), CdFrames(525)];
        let sheet = CueSheet::of_disc(&late, "a.wav", CueKind::Wave, ImageStart::Program);
        assert_eq!(sheet.tracks[0].indexes[..2], [(0, 0, CdFrames(0)), (0, 1, CdFrames(75))]);
    }

    #[test]
    fn sheets_of_other_programs_are_read() {
        let text = b"\xef\xbb\xbfREM GENRE Rock\r\nperformer \"A B\"\r\nFILE \"my disc.wav\" wave\r\n track 1 audio\r\n title One\r\n pregap 00:02:00\r\n index 1 00:00:00\r\n";
        let sheet = CueSheet::parse(text).unwrap();
        assert_eq!(sheet.performer, "A B");
        assert_eq!(sheet.files, [("my disc.wav".to_owned(), CueKind::Wave)]);
        assert_eq!((sheet.tracks[0].title.as_str(), sheet.tracks[0].pregap), ("One", Some(CdFrames(150))));
        let latin = CueSheet::parse(b"FILE a BINARY\nTRACK 01 AUDIO\nTITLE \"Caf\xe9\"\n").unwrap();
        assert_eq!(latin.tracks[0].title, "Café");
        assert!(matches!(CueSheet::parse(b"hello"), Err(CueError::Empty)));
        assert!(matches!(
            CueSheet::parse(b"FILE a BINARY\nTRACK 01 AUDIO\nINDEX 01 0:99:0"),
            Err(CueError::Line { line: 3, .. })
        ));
    }

    #[test]
    fn every_truncation_is_read_or_refused() {
        for n in 0..WORKED_EXAMPLE.len() {
            match CueSheet::parse(&WORKED_EXAMPLE.as_bytes()[..n]) {
                Ok(sheet) => assert!(!sheet.tracks.is_empty()),
                Err(why) => assert!(!why.to_string().is_empty()),
            }
        }
    }
}
