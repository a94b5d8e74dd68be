//! What is wrong with a title or a code while it is typed, and codes counted on from the first song.
//!
//! ISRC: ISO 3901. UPC/EAN: GS1. CD-Text characters: ISO 8859-1. The rules themselves are in `model::metadata`.

use crate::edit::{AlbumField, Edit, SongField};
use crate::model::metadata::{check_isrc, ean13, first_outside_latin1, normalised_code};
use crate::model::{AlbumMetadata, Session, Severity, SongId, SongMetadata};

/// What is to be said about a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// How grave.
    pub severity: Severity,
    /// One sentence.
    pub reason: String,
}

impl Mark {
    fn error(reason: String) -> Option<Self> {
        Some(Self { severity: Severity::Error, reason })
    }

    fn warning(reason: String) -> Option<Self> {
        Some(Self { severity: Severity::Warning, reason })
    }
}

/// Text of a song's field.
pub fn song_text(metadata: &SongMetadata, field: SongField) -> &str {
    match field {
        SongField::Title => &metadata.title,
        SongField::Version => &metadata.version,
        SongField::Artist => &metadata.artist,
        SongField::Songwriter => &metadata.songwriter,
        SongField::Composer => &metadata.composer,
        SongField::Arranger => &metadata.arranger,
        SongField::Message => &metadata.message,
        SongField::Isrc => &metadata.isrc,
    }
}

/// Text of a field of the release.
pub fn album_text(metadata: &AlbumMetadata, field: AlbumField) -> &str {
    match field {
        AlbumField::Title => &metadata.title,
        AlbumField::Artist => &metadata.artist,
        AlbumField::Label => &metadata.label,
        AlbumField::Catalog => &metadata.catalog,
        AlbumField::Upc => &metadata.upc,
        AlbumField::Songwriter => &metadata.songwriter,
        AlbumField::Composer => &metadata.composer,
        AlbumField::Arranger => &metadata.arranger,
        AlbumField::Message => &metadata.message,
        AlbumField::Genre => &metadata.genre,
        AlbumField::ReleaseDate => &metadata.release_date,
        AlbumField::Copyright => &metadata.copyright,
        AlbumField::Engineer => &metadata.engineer,
    }
}

/// What is to be said about a song's field with this text in it.
pub fn song_mark(session: &Session, song: SongId, field: SongField, text: &str) -> Option<Mark> {
    match field {
        SongField::Isrc => isrc_mark(session, song, text),
        SongField::Title if text.trim().is_empty() => Mark::warning("the song has no title".to_owned()),
        _ => latin1_mark(text),
    }
}

fn isrc_mark(session: &Session, song: SongId, text: &str) -> Option<Mark> {
    let code = normalised_code(text);
    if code.is_empty() {
        return None;
    }
    if let Err(reason) = check_isrc(&code) {
        return Mark::error(reason);
    }
    let other = session.songs.iter().position(|s| s.id != song && s.metadata.isrc == code)?;
    Mark::error(format!("song {} has the same ISRC; every recording has one of its own", other + 1))
}

/// What is to be said about a field of the release with this text in it.
pub fn album_mark(field: AlbumField, text: &str) -> Option<Mark> {
    match field {
        AlbumField::Upc => {
            let code = normalised_code(text);
            if code.is_empty() { None } else { ean13(&code).err().and_then(Mark::error) }
        }
        AlbumField::ReleaseDate => {
            let reason = "a release date reads YYYY, YYYY-MM or YYYY-MM-DD";
            if text.is_empty() || is_date(text) { None } else { Mark::warning(reason.to_owned()) }
        }
        AlbumField::Title
        | AlbumField::Artist
        | AlbumField::Songwriter
        | AlbumField::Composer
        | AlbumField::Arranger
        | AlbumField::Message => latin1_mark(text),
        AlbumField::Label
        | AlbumField::Catalog
        | AlbumField::Genre
        | AlbumField::Copyright
        | AlbumField::Engineer => None,
    }
}

fn latin1_mark(text: &str) -> Option<Mark> {
    let c = first_outside_latin1(text)?;
    let shown = if c.is_control() {
        format!("control character {:#04x}", u32::from(c))
    } else {
        format!("“{c}”")
    };
    Mark::warning(format!("{shown} is not in ISO 8859-1: CD-Text cannot carry it, files can"))
}

/// Whether a text is `YYYY`, `YYYY-MM` or `YYYY-MM-DD` and a day there is.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |at: usize, len: usize| -> Option<i8> {
        let part = parts.get(at)?;
        (part.len() == len && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let year = parts.first().filter(|y| y.len() == 4 && y.bytes().all(|b| b.is_ascii_digit()));
    let Some(year) = year.and_then(|y| y.parse::<i16>().ok()) else { return false };
    match parts.len() {
        1 => true,
        2 => number(1, 2).is_some_and(|m| (1..=12).contains(&m)),
        3 => number(1, 2).zip(number(2, 2)).is_some_and(|(m, d)| jiff::civil::Date::new(year, m, d).is_ok()),
        _ => false,
    }
}

/// Edits that give every song the ISRC of the first with its designation (the last five digits) counted on by one.
///
/// # Errors
/// Why it cannot be done, in words for the engineer.
pub fn isrcs_from_first(session: &Session) -> Result<Vec<Edit>, String> {
    let first = session.songs.first().ok_or("the album is empty")?;
    let code = first.metadata.isrc.as_str();
    if code.is_empty() {
        return Err("type the ISRC of the first song; the others are counted on from it".to_owned());
    }
    check_isrc(code).map_err(|why| format!("the ISRC of the first song is not valid: {why}"))?;
    let (prefix, designation) = code.split_at(7);
    let start: usize =
        designation.parse().map_err(|e| format!("the ISRC of the first song is not valid: {e}"))?;
    if start + session.songs.len() - 1 > 99_999 {
        return Err(format!(
            "the designation {designation} cannot be counted on for {} songs",
            session.songs.len()
        ));
    }
    let edit = |(i, song): (usize, &std::sync::Arc<crate::model::Song>)| Edit::SetSongText {
        song: song.id,
        field: SongField::Isrc,
        text: format!("{prefix}{:05}", start + i),
    };
    Ok(session.songs.iter().enumerate().skip(1).map(edit).collect())
}

/// How many fields of the session have something said about them: to be mended, and to be looked at.
pub fn count(session: &Session) -> (usize, usize) {
    let album = AlbumField::ALL.iter().filter_map(|f| album_mark(*f, album_text(&session.metadata, *f)));
    let songs = session.songs.iter().flat_map(|song| {
        let mark = move |f: &SongField| song_mark(session, song.id, *f, song_text(&song.metadata, *f));
        SongField::ALL.iter().filter_map(mark)
    });
    album.chain(songs).fold((0, 0), |(errors, warnings), mark| match mark.severity {
        Severity::Error => (errors + 1, warnings),
        Severity::Warning | Severity::Info => (errors, warnings + 1),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Song, SourceRef};
    use crate::units::{Frames, SampleRate};

    fn session(isrcs: &[&str]) -> Session {
        let mut session = Session::new(SampleRate::CD);
        for (i, isrc) in isrcs.iter().enumerate() {
            let source = SourceRef { path: format!("{i}.wav"), ..SourceRef::default() };
            let mut song = Song::new(SongId(i as u64 + 1), source, SampleRate::CD, Frames::ZERO);
            song.metadata.isrc = (*isrc).to_owned();
            session.songs.push(Arc::new(song));
        }
        session
    }

    #[test]
    fn the_same_isrc_twice_names_the_other_song() {
        let s = session(&["USABC1111111", "USABC1111111", ""]);
        let mark = song_mark(&s, SongId(2), SongField::Isrc, "US-ABC-11-11111").unwrap();
        assert!(mark.reason.contains("song 1"), "{}", mark.reason);
        assert_eq!(song_mark(&s, SongId(3), SongField::Isrc, ""), None);
        assert_eq!(song_mark(&s, SongId(3), SongField::Isrc, "us abc 11 11112"), None);
        assert_eq!(count(&s), (2, 0));
    }

    #[test]
    fn letters_cd_text_lacks_are_a_warning() {
        let s = session(&[""]);
        let mark = song_mark(&s, SongId(1), SongField::Title, "Ночь").unwrap();
        assert_eq!(mark.severity, Severity::Warning);
        assert!(mark.reason.contains('Н'));
        assert_eq!(album_mark(AlbumField::Engineer, "Ночь"), None);
    }

    #[test]
    fn dates_are_days_there_are() {
        for good in ["1999", "2026-02", "2024-02-29"] {
            assert_eq!(album_mark(AlbumField::ReleaseDate, good), None, "{good}");
        }
        for bad in ["99", "2026-13", "2023-02-29", "2026-1-1", "next May", "2026-01-01-01"] {
            assert!(album_mark(AlbumField::ReleaseDate, bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn isrcs_are_counted_on_and_refused_past_the_last() {
        let codes = |s: &Session| -> Vec<String> {
            let edits = isrcs_from_first(s).unwrap();
            let text = |e| if let Edit::SetSongText { text, .. } = e { text } else { String::new() };
            edits.into_iter().map(text).collect()
        };
        assert_eq!(codes(&session(&["USABC1100099", "", "X"])), ["USABC1100100", "USABC1100101"]);
        assert!(isrcs_from_first(&session(&["USABC1199999", ""])).is_err());
        assert!(isrcs_from_first(&session(&["", ""])).unwrap_err().contains("first song"));
        assert!(isrcs_from_first(&session(&["USABC", ""])).unwrap_err().contains("12 characters"));
    }
}
