//! What the session says about a file, once, and the names each format has for it (workflow.md 4.3).
//!
//! A title carries no version words where the format has a field for them (Vorbis `VERSION`, ID3 `TIT3`); RIFF INFO has
//! none, so there the printed title goes in. RIFF INFO `ISRC` means *source*, never the code: the code of a WAV goes
//! into an `axml` chunk.

use crate::model::Session;

/// The texts and codes of one file; empty means there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags {
    /// Title without version words.
    pub title: String,
    /// Version words.
    pub version: String,
    /// Performer.
    pub artist: String,
    /// Album title.
    pub album: String,
    /// Album artist.
    pub album_artist: String,
    /// Number and count, from 1; none for the album as one file.
    pub track: Option<(u32, u32)>,
    /// Twelve characters.
    pub isrc: String,
    /// UPC/EAN digits.
    pub barcode: String,
    /// Composer.
    pub composer: String,
    /// Songwriter, lyricist.
    pub lyricist: String,
    /// Arranger.
    pub arranger: String,
    /// Copyright line.
    pub copyright: String,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub date: String,
    /// Genre.
    pub genre: String,
    /// Record label.
    pub label: String,
    /// Catalogue number.
    pub catalog: String,
    /// Message of the song or album.
    pub comment: String,
    /// Mastering engineer.
    pub engineer: String,
}

/// The first that is not empty.
fn or<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

impl Tags {
    /// Of song `index` (from 0) as a file; nothing but the album's if there is no such song.
    pub fn of_song(session: &Session, index: usize) -> Self {
        let of_album = Self::of_album(session);
        let Some(song) = session.songs.get(index) else {
            return of_album;
        };
        let (song, album) = (&song.metadata, &session.metadata);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            title: song.title.clone(),
            version: song.version.clone(),
            artist: song.artist_or(album).to_owned(),
            track: Some((number(index + 1), number(session.songs.len()))),
            isrc: song.isrc.clone(),
            composer: or(&song.composer, &album.composer).to_owned(),
            lyricist: or(&song.songwriter, &album.songwriter).to_owned(),
            arranger: or(&song.arranger, &album.arranger).to_owned(),
            comment: song.message.clone(),
            ..of_album
        }
    }

    /// Of the album as one file.
    pub fn of_album(session: &Session) -> Self {
        let album = &session.metadata;
        Self {
            title: album.title.clone(),
            artist: album.artist.clone(),
            album: album.title.clone(),
            album_artist: album.artist.clone(),
            barcode: album.upc.clone(),
            composer: album.composer.clone(),
            lyricist: album.songwriter.clone(),
            arranger: album.arranger.clone(),
            copyright: album.copyright.clone(),
            date: album.release_date.clone(),
            genre: album.genre.clone(),
            label: album.label.clone(),
            catalog: album.catalog.clone(),
            comment: album.message.clone(),
            engineer: album.engineer.clone(),
            ..Self::default()
        }
    }

    /// Title with its version in brackets, as printed.
    pub fn printed_title(&self) -> String {
        if self.version.is_empty() {
            self.title.clone()
        } else {
            format!("{} ({})", self.title, self.version)
        }
    }

    /// RIFF INFO fields that have something in them.
    pub fn riff_info(&self) -> Vec<(&'static str, String)> {
        let track = self.track.map_or_else(String::new, |(n, _)| n.to_string());
        let fields = [
            ("INAM", self.printed_title()),
            ("IART", self.artist.clone()),
            ("IPRD", self.album.clone()),
            ("ITRK", track.clone()),
            ("TRCK", self.track.map_or_else(String::new, |(n, of)| format!("{n}/{of}"))),
            ("ICRD", self.date.clone()),
            ("IGNR", self.genre.clone()),
            ("ICOP", self.copyright.clone()),
            ("ICMT", self.comment.clone()),
            ("IENG", self.engineer.clone()),
            ("ISFT", program()),
        ];
        fields.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Vorbis comments that have something in them.
    pub fn vorbis(&self) -> Vec<(&'static str, String)> {
        let (number, total) =
            self.track.map_or_else(Default::default, |(n, of)| (n.to_string(), of.to_string()));
        let fields = [
            ("TITLE", self.title.clone()),
            ("VERSION", self.version.clone()),
            ("ARTIST", self.artist.clone()),
            ("ALBUM", self.album.clone()),
            ("ALBUMARTIST", self.album_artist.clone()),
            ("TRACKNUMBER", number),
            ("TRACKTOTAL", total),
            ("ISRC", self.isrc.clone()),
            ("BARCODE", self.barcode.clone()),
            ("COMPOSER", self.composer.clone()),
            ("LYRICIST", self.lyricist.clone()),
            ("ARRANGER", self.arranger.clone()),
            ("COPYRIGHT", self.copyright.clone()),
            ("DATE", self.date.clone()),
            ("GENRE", self.genre.clone()),
            ("ORGANIZATION", self.label.clone()),
            ("CATALOGNUMBER", self.catalog.clone()),
            ("COMMENT", self.comment.clone()),
        ];
        fields.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }
}

/// Name and version of this program, as written into files.
pub fn program() -> String {
    format!("Glassmaster {}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A song's worth of tags with letters of several alphabets.
    pub fn example() -> Tags {
        Tags {
            title: "Déjà Vu".into(),
            version: "Radio Edit".into(),
            artist: "Ночь & Co".into(),
            album: "Rainy Days".into(),
            album_artist: "Various".into(),
            track: Some((3, 12)),
            isrc: "USABC1100003".into(),
            barcode: "4006381333931".into(),
            composer: "C. Omposer".into(),
            lyricist: "L. Yricist".into(),
            arranger: "A. Rranger".into(),
            copyright: "2026 Somebody".into(),
            date: "2026-11-20".into(),
            genre: "Ambient".into(),
            label: "Label".into(),
            catalog: "CAT001".into(),
            comment: "a message".into(),
            engineer: "E. Ngineer".into(),
        }
    }

    #[test]
    fn empty_fields_are_left_out() {
        let tags = Tags { title: "T".into(), ..Tags::default() };
        assert_eq!(tags.vorbis(), [("TITLE", "T".to_owned())]);
        let ids: Vec<&str> = tags.riff_info().iter().map(|f| f.0).collect();
        assert_eq!(ids, ["INAM", "ISFT"]);
        assert!(tags.riff_info().iter().all(|(id, _)| *id != "ISRC"));
    }

    #[test]
    fn the_version_has_its_own_field_where_there_is_one() {
        let tags = example();
        assert!(tags.vorbis().contains(&("TITLE", "Déjà Vu".into())));
        assert!(tags.vorbis().contains(&("VERSION", "Radio Edit".into())));
        assert!(tags.riff_info().contains(&("INAM", "Déjà Vu (Radio Edit)".into())));
    }
}
