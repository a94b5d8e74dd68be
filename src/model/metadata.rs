//! Titles, codes and credits, entered once and written everywhere; and what makes them valid.
//!
//! ISRC: ISO 3901, twelve characters without hyphens. UPC/EAN: GS1 check digit. CD-Text characters: ISO 8859-1.

use serde::{Deserialize, Serialize};

use super::Extra;

/// What belongs to the release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AlbumMetadata {
    /// Album title.
    pub title: String,
    /// Album artist.
    pub artist: String,
    /// Record label.
    pub label: String,
    /// Catalogue number.
    pub catalog: String,
    /// UPC (12) or EAN (13) digits; empty if none.
    pub upc: String,
    /// Songwriter (CD-Text 0x82).
    pub songwriter: String,
    /// Composer (CD-Text 0x83).
    pub composer: String,
    /// Arranger (CD-Text 0x84).
    pub arranger: String,
    /// Message (CD-Text 0x85).
    pub message: String,
    /// Genre as written into tags.
    pub genre: String,
    /// Release date, `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub release_date: String,
    /// Copyright line.
    pub copyright: String,
    /// Mastering engineer, for sheets and `bext`.
    pub engineer: String,
    /// Fields of other versions.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What belongs to one song.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SongMetadata {
    /// Title without version words.
    pub title: String,
    /// Version (`Radio Edit` …).
    pub version: String,
    /// Performer; empty means the album artist.
    pub artist: String,
    /// Songwriter (CD-Text 0x82), lyricist.
    pub songwriter: String,
    /// Composer (CD-Text 0x83).
    pub composer: String,
    /// Arranger (CD-Text 0x84).
    pub arranger: String,
    /// Message (CD-Text 0x85).
    pub message: String,
    /// Twelve characters without hyphens; empty if none.
    pub isrc: String,
    /// Red Book flag: digital copy permitted.
    pub copy_permitted: bool,
    /// Red Book flag: 50/15 µs pre-emphasis.
    pub pre_emphasis: bool,
    /// Fields of other versions.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SongMetadata {
    /// Title with its version in brackets, as printed.
    pub fn full_title(&self) -> String {
        if self.version.is_empty() {
            self.title.clone()
        } else {
            format!("{} ({})", self.title, self.version)
        }
    }

    /// The performer of the song: its own, else the album's.
    pub fn artist_or<'a>(&'a self, album: &'a AlbumMetadata) -> &'a str {
        if self.artist.is_empty() { &album.artist } else { &self.artist }
    }
}

/// Removes hyphens and spaces and raises letters, as people paste codes.
pub fn normalised_code(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '-' | ' ' | '\u{2010}'..='\u{2015}'))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Checks an ISRC without hyphens against ISO 3901: two letters, three letters or digits, seven digits.
///
/// # Errors
/// What is wrong, in words for the engineer.
pub fn check_isrc(isrc: &str) -> Result<(), String> {
    let bytes = isrc.as_bytes();
    if bytes.len() != 12 {
        return Err(format!("an ISRC has 12 characters, this has {}", isrc.chars().count()));
    }
    if !bytes[..2].iter().all(u8::is_ascii_uppercase) {
        return Err("the first two characters of an ISRC are letters".to_owned());
    }
    if !bytes[2..5].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Err("characters 3 to 5 of an ISRC are letters or digits".to_owned());
    }
    if !bytes[5..].iter().all(u8::is_ascii_digit) {
        return Err("the last seven characters of an ISRC are digits".to_owned());
    }
    Ok(())
}

/// The GS1 check digit of the first 12 digits of an EAN-13: weights 1 and 3 in turn.
pub fn ean_check_digit(first_twelve: &[u8; 12]) -> u8 {
    let sum: u32 = first_twelve
        .iter()
        .enumerate()
        .map(|(i, d)| u32::from(d - b'0') * if i % 2 == 0 { 1 } else { 3 })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

/// A UPC-A (12 digits) or EAN-13 as the 13 digits a disc carries, its check digit proved.
///
/// # Errors
/// What is wrong, in words for the engineer.
pub fn ean13(code: &str) -> Result<String, String> {
    if code.is_empty() || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err("a UPC/EAN has digits only".to_owned());
    }
    let padded = match code.len() {
        12 => format!("0{code}"),
        13 => code.to_owned(),
        n => return Err(format!("a UPC has 12 digits and an EAN 13, this has {n}")),
    };
    if padded.bytes().all(|b| b == b'0') {
        return Err("a UPC/EAN of zeros means none: leave it empty".to_owned());
    }
    let mut first = [0u8; 12];
    first.copy_from_slice(&padded.as_bytes()[..12]);
    let want = ean_check_digit(&first);
    let got = padded.as_bytes()[12] - b'0';
    if want != got {
        return Err(format!("the check digit should be {want}, not {got}"));
    }
    Ok(padded)
}

/// The first character of a text that CD-Text's ISO 8859-1 block cannot carry, if any.
pub fn first_outside_latin1(text: &str) -> Option<char> {
    text.chars().find(|&c| u32::from(c) > 0xff || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_published_examples() {
        // ddp.md section 9.1.
        assert_eq!(ean_check_digit(b"400638133393"), 1);
        assert_eq!(ean13("036000291452").unwrap(), "0036000291452");
        assert_eq!(ean13("0123456789012").unwrap(), "0123456789012");
        assert!(ean13("4006381333932").unwrap_err().contains("should be 1"));
        assert!(ean13("0000000000000").is_err());
        assert!(ean13("12345").unwrap_err().contains("this has 5"));
    }

    #[test]
    fn isrc_rules() {
        assert_eq!(check_isrc("USABC1111111"), Ok(()));
        assert_eq!(normalised_code("us-abc-11-11111"), "USABC1111111");
        assert!(check_isrc("US-ABC-11-11111").is_err());
        assert!(check_isrc("1SABC1111111").is_err());
        assert!(check_isrc("USABC111111X").is_err());
        assert!(check_isrc("USÄBC111111").is_err());
    }

    #[test]
    fn characters_outside_latin1_are_found() {
        assert_eq!(first_outside_latin1("Café Déjà"), None);
        assert_eq!(first_outside_latin1("Ночь"), Some('Н'));
        assert_eq!(first_outside_latin1("a\tb"), Some('\t'));
    }
}
