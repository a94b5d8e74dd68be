//! The PQ sheet: what plants and clients read beside a CD master, in mm:ss:ff of 75 frames a second.
//!
//! Absolute times count from 00:00:00, the start of the first pause, and agree with the PQ descriptor to the frame.
//! "On the cover" counts from track 1, pauses left out, rounded to seconds.

use super::document::{Align, Document, Table};
use crate::units::CdFrames;

/// What the sheet says about the whole disc. Empty texts are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PqSheet {
    /// Release title.
    pub title: String,
    /// Album artist.
    pub artist: String,
    /// Label.
    pub label: String,
    /// Catalogue number or master ID.
    pub catalog: String,
    /// EAN-13.
    pub upc: String,
    /// Mastering engineer.
    pub engineer: String,
    /// Date as it is to be printed.
    pub date: String,
    /// What the master is: `44.1 kHz 16-bit stereo, DDP 2.00`.
    pub format: String,
    /// Name of the folder or file the master is.
    pub source: String,
    /// MD5 of the image, hex.
    pub image_md5: String,
    /// `yes, English`; `no`.
    pub cd_text: String,
    /// In order.
    pub tracks: Vec<PqSheetTrack>,
    /// The end of the disc.
    pub lead_out: CdFrames,
    /// Free remarks.
    pub remarks: String,
}

/// A track on the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PqSheetTrack {
    /// Title.
    pub title: String,
    /// Performer.
    pub performer: String,
    /// Twelve characters without hyphens; empty if none.
    pub isrc: String,
    /// Index 00, if there is a pause.
    pub pause: Option<CdFrames>,
    /// Index 01, 02 …
    pub indexes: Vec<CdFrames>,
    /// `DCP`, `PRE`, `SCMS`, `4CH`, separated by spaces.
    pub flags: String,
}

impl PqSheetTrack {
    fn start(&self) -> CdFrames {
        self.indexes.first().copied().unwrap_or_default()
    }

    fn pause_length(&self) -> CdFrames {
        self.pause.map_or(CdFrames(0), |pause| between(pause, self.start()))
    }
}

impl PqSheet {
    /// The sheet as a paper.
    pub fn document(&self) -> Document {
        let mut document = Document::new("PQ sheet");
        document.facts(self.head());
        document.heading("Tracks");
        document.table(self.index_table());
        document.heading("Lengths");
        document.table(self.length_table());
        document.paragraph(
            "Times are mm:ss:ff, 75 frames a second. Absolute times count from 00:00:00, the start of the first \
             pause. “To next start” is what a player shows; “without pause” is what is printed on a cover.",
        );
        document.paragraph(self.remarks.clone());
        document
    }

    fn head(&self) -> Vec<(&'static str, String)> {
        let flagged = |word: &str| {
            let tracks: Vec<String> = (1..)
                .zip(&self.tracks)
                .filter(|(_, t)| t.flags.split(' ').any(|f| f == word))
                .map(|(n, _): (usize, _)| n.to_string())
                .collect();
            if tracks.is_empty() { "none".to_owned() } else { format!("track {}", tracks.join(", ")) }
        };
        vec![
            ("Title", self.title.clone()),
            ("Artist", self.artist.clone()),
            ("Label", self.label.clone()),
            ("Catalogue", self.catalog.clone()),
            ("UPC/EAN", self.upc.clone()),
            ("Engineer", self.engineer.clone()),
            ("Date", self.date.clone()),
            ("Format", self.format.clone()),
            ("Source", self.source.clone()),
            ("MD5 of the image", self.image_md5.clone()),
            ("Tracks", self.tracks.len().to_string()),
            ("Total time", self.lead_out.to_string()),
            ("CD-Text", self.cd_text.clone()),
            ("Pre-emphasis", flagged("PRE")),
            ("Copy permitted", flagged("DCP")),
        ]
    }

    /// One line for every index, as in the PQ descriptor.
    fn index_table(&self) -> Table {
        let mut table = Table::new(&[
            ("Track", Align::Right),
            ("Index", Align::Right),
            ("Absolute", Align::Right),
            ("Title", Align::Left),
            ("Performer", Align::Left),
            ("ISRC", Align::Left),
            ("Flags", Align::Left),
        ]);
        for (number, track) in (1..).zip(&self.tracks) {
            if let Some(pause) = track.pause {
                table.rows.push(index_row(number, 0, pause));
            }
            for (index, &at) in (1..).zip(&track.indexes) {
                let mut row = index_row(number, index, at);
                if index == 1 {
                    row.extend(
                        [&track.title, &track.performer, &track.isrc, &track.flags].map(String::clone),
                    );
                }
                table.rows.push(row);
            }
        }
        table.rows.push(vec![
            "AA".to_owned(),
            "01".to_owned(),
            self.lead_out.to_string(),
            "Lead-out".to_owned(),
        ]);
        table
    }

    fn length_table(&self) -> Table {
        let mut table = Table::new(&[
            ("Track", Align::Right),
            ("Start", Align::Right),
            ("Pause before", Align::Right),
            ("To next start", Align::Right),
            ("Without pause", Align::Right),
            ("On the cover", Align::Right),
        ]);
        let mut cover_frames = 0;
        for (i, track) in self.tracks.iter().enumerate() {
            let next = self.tracks.get(i + 1);
            let to_next = between(track.start(), next.map_or(self.lead_out, PqSheetTrack::start));
            let heard_to = next.map_or(self.lead_out, |n| n.pause.unwrap_or(n.start()));
            let heard = between(track.start(), heard_to);
            cover_frames += heard.0;
            table.rows.push(vec![
                format!("{:02}", i + 1),
                track.start().to_string(),
                track.pause_length().to_string(),
                to_next.to_string(),
                heard.to_string(),
                minutes(heard.0),
            ]);
        }
        table.rows.push(vec![
            "All".to_owned(),
            String::new(),
            String::new(),
            self.lead_out.to_string(),
            CdFrames(cover_frames).to_string(),
            minutes(cover_frames),
        ]);
        table
    }
}

fn index_row(track: usize, index: usize, at: CdFrames) -> Vec<String> {
    vec![format!("{track:02}"), format!("{index:02}"), at.to_string()]
}

fn between(from: CdFrames, to: CdFrames) -> CdFrames {
    CdFrames(to.0.saturating_sub(from.0))
}

/// `m:ss`, rounded to the nearest second.
fn minutes(frames: u32) -> String {
    let seconds = frames.saturating_add(37) / 75;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text;

    /// The worked example of the format's description: starts at 2 s and 12 s, pause of 2 s, 22 s in all.
    fn sheet() -> PqSheet {
        PqSheet {
            title: "Disc".into(),
            artist: "Band".into(),
            upc: "0123456789012".into(),
            date: "2026-11-21".into(),
            format: "44.1 kHz 16-bit stereo, DDP 2.00".into(),
            image_md5: "0123456789abcdef0123456789abcdef".into(),
            cd_text: "yes, English".into(),
            tracks: vec![
                PqSheetTrack {
                    title: "One".into(),
                    performer: "Band".into(),
                    isrc: "USABC1111111".into(),
                    pause: Some(CdFrames(0)),
                    indexes: vec![CdFrames(150), CdFrames(525)],
                    flags: "PRE".into(),
                },
                PqSheetTrack {
                    title: "Two".into(),
                    performer: "Guest".into(),
                    pause: Some(CdFrames(751)),
                    indexes: vec![CdFrames(900)],
                    flags: "DCP".into(),
                    ..PqSheetTrack::default()
                },
            ],
            lead_out: CdFrames(1650),
            ..PqSheet::default()
        }
    }

    #[test]
    fn the_sheet_of_two_tracks() {
        // By hand, 75 frames a second: 150 = 2 s; 525 = 7 s; 751 = 10 s + 1; 900 = 12 s; 1650 = 22 s.
        // Track 1: 900 - 150 = 750 = 10 s, to the pause 751 - 150 = 601 = 8 s + 1; pause 900 - 751 = 149 = 1 s + 74.
        // Track 2: 1650 - 900 = 750 = 10 s. Heard: 601 + 750 = 1351 = 18 s + 1.
        let want = "\
PQ sheet
========

Title             Disc
Artist            Band
UPC/EAN           0123456789012
Date              2026-11-21
Format            44.1 kHz 16-bit stereo, DDP 2.00
MD5 of the image  0123456789abcdef0123456789abcdef
Tracks            2
Total time        00:22:00
CD-Text           yes, English
Pre-emphasis      track 1
Copy permitted    track 2

Tracks
------

Track  Index  Absolute  Title     Performer  ISRC          Flags
-----  -----  --------  --------  ---------  ------------  -----
   01     00  00:00:00
   01     01  00:02:00  One       Band       USABC1111111  PRE
   01     02  00:07:00
   02     00  00:10:01
   02     01  00:12:00  Two       Guest                    DCP
   AA     01  00:22:00  Lead-out

Lengths
-------

Track     Start  Pause before  To next start  Without pause  On the cover
-----  --------  ------------  -------------  -------------  ------------
   01  00:02:00      00:02:00       00:10:00       00:08:01          0:08
   02  00:12:00      00:01:74       00:10:00       00:10:00          0:10
  All                               00:22:00       00:18:01          0:18

Times are mm:ss:ff, 75 frames a second. Absolute times count from 00:00:00, the start of the first
pause. “To next start” is what a player shows; “without pause” is what is printed on a cover.
";
        assert_eq!(text::render(&sheet().document()), want);
    }

    #[test]
    fn cover_times_are_rounded_to_the_nearest_second() {
        assert_eq!(minutes(37), "0:00");
        assert_eq!(minutes(38), "0:01");
        assert_eq!(minutes(75 * 60 - 1), "1:00");
    }
}
