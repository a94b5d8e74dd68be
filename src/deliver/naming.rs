//! File names from patterns: `{artist} {album} {nn} {title} {version} {rate} {depth} {round} {cat} {side}`.
//!
//! Names are safe on every system a client may use: no `/ \ : * ? " < > |` and no control characters, no leading dot,
//! no dot or space at the end, none of the device names Windows reserves, at most [`MAX_NAME_BYTES`] bytes of UTF-8.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::DeliverError;
use crate::model::{Finding, Session, Severity};
use crate::units::SampleRate;

/// File systems allow 255; the rest is for `.part` and the like while a file is written.
pub const MAX_NAME_BYTES: usize = 240;

/// The fields a pattern may name.
pub const FIELDS: [&str; 10] =
    ["artist", "album", "nn", "title", "version", "rate", "depth", "round", "cat", "side"];

/// What the fields of a pattern stand for, for one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameFields {
    /// `{artist}`
    pub artist: String,
    /// `{album}`
    pub album: String,
    /// `{nn}`, two digits at least; empty for the album as one file.
    pub nn: String,
    /// `{title}`; the album's for the album as one file.
    pub title: String,
    /// `{version}`
    pub version: String,
    /// `{rate}`: `96k`, `44.1k`.
    pub rate: String,
    /// `{depth}`: `24b`, `32f`, `320k`.
    pub depth: String,
    /// `{round}`: `R2`.
    pub round: String,
    /// `{cat}`
    pub cat: String,
    /// `{side}`: `A`, `B`; empty where there are no sides.
    pub side: String,
}

impl NameFields {
    /// Of the album as one file.
    pub fn of_album(session: &Session, rate: SampleRate, depth: &str) -> Self {
        let album = &session.metadata;
        let khz = rate.hz() / 1000.0;
        Self {
            artist: album.artist.clone(),
            album: album.title.clone(),
            title: album.title.clone(),
            rate: format!("{khz}k"),
            depth: depth.to_owned(),
            round: format!("R{}", session.round),
            cat: album.catalog.clone(),
            ..Self::default()
        }
    }

    /// Of song `index`, from 0.
    pub fn of_song(session: &Session, index: usize, rate: SampleRate, depth: &str) -> Self {
        let of_album = Self::of_album(session, rate, depth);
        let Some(song) = session.songs.get(index) else {
            return of_album;
        };
        let song = &song.metadata;
        let digits = session.songs.len().to_string().len().max(2);
        Self {
            artist: song.artist_or(&session.metadata).to_owned(),
            nn: format!("{:0digits$}", index + 1),
            title: song.title.clone(),
            version: song.version.clone(),
            ..of_album
        }
    }

    fn value(&self, field: &str) -> Option<&str> {
        Some(match field {
            "artist" => &self.artist,
            "album" => &self.album,
            "nn" => &self.nn,
            "title" => &self.title,
            "version" => &self.version,
            "rate" => &self.rate,
            "depth" => &self.depth,
            "round" => &self.round,
            "cat" => &self.cat,
            "side" => &self.side,
            _ => return None,
        })
    }
}

/// A pattern with its fields filled in, made safe, with `.extension` behind it (none if empty). What surrounded an empty
/// field closes up: `{nn} {title} ({version})` without a version is `01 Title`.
///
/// # Errors
/// [`DeliverError::Refused`] names an unknown field or an unclosed brace.
pub fn file_name(
    pattern: &str,
    fields: &NameFields,
    extension: &str,
    ascii: bool,
) -> Result<String, DeliverError> {
    let filled = fill(pattern, fields)?;
    let filled = tidy(&filled);
    let plain = if ascii { ascii_name(&filled) } else { filled };
    let dotted = if extension.is_empty() { String::new() } else { format!(".{extension}") };
    Ok(safe_stem(&plain, MAX_NAME_BYTES - dotted.len(), ascii) + &dotted)
}

fn fill(pattern: &str, fields: &NameFields) -> Result<String, DeliverError> {
    let mut name = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        name.push_str(before);
        let Some((field, tail)) = after.split_once('}') else {
            return Err(DeliverError::Refused(format!("the name pattern “{pattern}” lacks a closing brace")));
        };
        let value = fields.value(field).ok_or_else(|| {
            let known = FIELDS.map(|f| format!("{{{f}}}")).join(" ");
            DeliverError::Refused(format!("the name pattern has no field {{{field}}}; there are {known}"))
        })?;
        // Within a value a slash is a letter, never a folder.
        name.extend(value.chars().map(safe_char));
        rest = tail;
    }
    name.push_str(rest);
    Ok(name.chars().map(safe_char).collect())
}

/// The character, or what stands for it in a name.
fn safe_char(c: char) -> char {
    match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        c if c.is_control() || is_invisible(c) => ' ',
        c => c,
    }
}

/// Marks that turn the reading direction or have no width: two names could look alike.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Removes what empty fields leave: empty brackets, doubled spaces, hanging hyphens.
fn tidy(name: &str) -> String {
    let without = name.replace("()", "").replace("[]", "");
    let words: Vec<&str> = without.split_whitespace().collect();
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    for word in words {
        if word == "-" && kept.last().is_none_or(|last| *last == "-") {
            continue;
        }
        kept.push(word);
    }
    if kept.last() == Some(&"-") {
        kept.pop();
    }
    kept.join(" ")
}

fn ascii_name(name: &str) -> String {
    let plain: String = deunicode::deunicode(name).chars().map(safe_char).collect();
    plain.split_whitespace().collect::<Vec<_>>().join("_")
}

fn safe_stem(name: &str, max_bytes: usize, ascii: bool) -> String {
    // A leading dot hides a file, a leading underscore is refused by some shops with the plain-ASCII rule.
    let leading: &[char] = if ascii { &['.', ' ', '_'] } else { &['.', ' '] };
    let name = name.trim_start_matches(leading);
    let end = name.floor_char_boundary(max_bytes.min(name.len()));
    let name = name[..end].trim_end_matches(['.', ' ']);
    let name = if name.is_empty() { "untitled" } else { name };
    if is_reserved(name) {
        // Behind the device's name, before any dot: `con.mix` is the console too.
        let stem = name.split('.').next().unwrap_or(name);
        return format!("{stem}_{}", &name[stem.len()..]);
    }
    name.to_owned()
}

/// Device names of Windows, with or without an extension behind them.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|n| {
            matches!(n, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

/// A finding for every name that two files would share, on systems that do not tell small from capital letters either.
pub fn clashes<'a>(names: impl IntoIterator<Item = &'a Path>) -> Vec<Finding> {
    let mut count: BTreeMap<String, (PathBuf, u32)> = BTreeMap::new();
    for name in names {
        count.entry(name.to_string_lossy().to_lowercase()).or_insert_with(|| (name.to_owned(), 0)).1 += 1;
    }
    count
        .into_values()
        .filter(|(_, n)| *n > 1)
        .map(|(name, n)| {
            let text = format!(
                "{n} files would be called “{}”; change a title or put {{nn}} into the name pattern",
                name.display()
            );
            Finding::new("name_clash", Severity::Error, text)
        })
        .collect()
}

/// The first name (or folder) that two orders of a delivery would both write, in one line. Orders are given as their id
/// and the files they write; folders count, because each order makes its own.
pub fn clash_of_orders(orders: &[(&str, Vec<PathBuf>)]) -> Option<String> {
    let mut claimed: BTreeMap<String, usize> = BTreeMap::new();
    for (index, (id, files)) in orders.iter().enumerate() {
        let with_folders = files.iter().flat_map(|file| file.ancestors()).filter(|p| p.file_name().is_some());
        for name in with_folders {
            let owner = *claimed.entry(name.to_string_lossy().to_lowercase()).or_insert(index);
            if owner != index {
                return Some(format!(
                    "{} and {id} would both write “{}”; give one of them another name pattern",
                    orders[owner].0,
                    name.display()
                ));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields() -> NameFields {
        NameFields {
            artist: "AC/DC".into(),
            album: "Côte d’Azur".into(),
            nn: "03".into(),
            title: "What? \"Now\"".into(),
            rate: "44.1k".into(),
            depth: "24b".into(),
            round: "R2".into(),
            cat: "CAT001".into(),
            ..NameFields::default()
        }
    }

    fn named(pattern: &str) -> String {
        file_name(pattern, &fields(), "wav", false).unwrap()
    }

    #[test]
    fn fields_are_filled_and_made_safe() {
        assert_eq!(named("{nn} {title}"), "03 What_ _Now_.wav");
        assert_eq!(named("{artist}-{cat}_{rate}{depth}_{round}"), "AC_DC-CAT001_44.1k24b_R2.wav");
        assert_eq!(named("../../etc/{nn}"), "_.._etc_03.wav");
    }

    #[test]
    fn empty_fields_close_up() {
        assert_eq!(named("{nn} {title} ({version})"), "03 What_ _Now_.wav");
        assert_eq!(named("{side} - {nn} - {version}"), "- 03.wav".trim_start_matches("- "));
    }

    #[test]
    fn ascii_names_have_no_accents_and_no_spaces() {
        let name = file_name("{album} {nn}", &fields(), "flac", true).unwrap();
        assert_eq!(name, "Cote_d'Azur_03.flac");
        let cyrillic = NameFields { title: "._Ночь".into(), ..NameFields::default() };
        assert_eq!(file_name("{title}", &cyrillic, "wav", true).unwrap(), "Noch'.wav");
    }

    #[test]
    fn unknown_fields_are_named() {
        let error = file_name("{nn} {colour}", &fields(), "wav", false).unwrap_err().to_string();
        assert!(error.contains("{colour}") && error.contains("{title}"), "{error}");
        assert!(file_name("{nn", &fields(), "wav", false).is_err());
    }

    #[test]
    fn windows_devices_and_long_names() {
        let with = |title: &str| NameFields { title: title.into(), ..NameFields::default() };
        assert_eq!(file_name("{title}", &with("con"), "wav", false).unwrap(), "con_.wav");
        assert_eq!(file_name("{title}", &with("Lpt1"), "wav", false).unwrap(), "Lpt1_.wav");
        assert_eq!(file_name("{title}", &with("aux.1"), "wav", false).unwrap(), "aux_.1.wav");
        assert_eq!(file_name("{title}", &with("Concert"), "wav", false).unwrap(), "Concert.wav");
        assert_eq!(file_name("{title}", &with("..."), "wav", false).unwrap(), "untitled.wav");
        let long = file_name("{title}", &with(&"語".repeat(200)), "wav", false).unwrap();
        assert_eq!(long.len(), 240 - 4 - (240 - 4) % 3 + 4);
    }

    #[test]
    fn names_that_differ_only_in_case_clash() {
        let names = [Path::new("A/Song.wav"), Path::new("A/song.WAV"), Path::new("B/song.wav")];
        let findings = clashes(names);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].rule, "name_clash");
    }

    #[test]
    fn orders_that_share_a_file_or_a_folder_clash() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let songs = ("wav_songs", paths(&["Album WAV/1.wav", "Album WAV/2.wav"]));
        let album = ("wav_album", paths(&["Album.wav"]));
        assert_eq!(clash_of_orders(&[songs.clone(), album.clone()]), None);
        let image = ("cd_wav_cue", paths(&["album.WAV", "album.cue"]));
        let clash = clash_of_orders(&[songs.clone(), album, image]).unwrap();
        assert!(clash.starts_with("wav_album and cd_wav_cue would both write “album.WAV”"), "{clash}");
        let flac = ("flac_songs", paths(&["Album WAV/1.flac"]));
        assert!(clash_of_orders(&[songs, flac]).unwrap().contains("flac_songs would both write “Album WAV”"));
    }

    proptest! {
        #[test]
        fn any_title_gives_a_safe_name(title in "\\PC*|.*", ascii: bool) {
            let fields = NameFields { title, nn: "01".into(), ..NameFields::default() };
            let name = file_name("{title}", &fields, "wav", ascii).unwrap();
            prop_assert!(name.len() <= MAX_NAME_BYTES && name.ends_with(".wav"));
            prop_assert!(!name.starts_with(['.', ' ']));
            let stem = name.strip_suffix(".wav").unwrap();
            prop_assert!(!stem.is_empty() && !stem.ends_with(['.', ' ']));
            let has_forbidden = name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\0', '\n']);
            prop_assert!(!has_forbidden);
            prop_assert!(!ascii || name.is_ascii());
        }
    }
}
