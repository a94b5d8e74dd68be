//! The album table on paper: the figures of every song and of the whole, what falls out, what services make of it.
//!
//! Figures on paper come from one render of the whole album and nothing else; the sheet says so, with the hash of what was
//! rendered. [`AlbumSheet::document`] is for reading, [`AlbumSheet::csv`] for tables, the value itself for JSON.

use serde::Serialize;

use super::document::{Align, Document, Table};
use crate::meter::album::{Reading, Standing};
use crate::meter::services::{Held, Mode, Service, Verdict};
use crate::meter::song_figures::SongFigures;
use crate::units::hms_from_seconds;

/// A song as the sheet shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SheetSong {
    /// From 1.
    pub number: usize,
    /// Title.
    pub title: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: SongFigures,
    /// Where it stands.
    pub standing: Standing,
    /// What each service makes of it, in the order of the services; `None` where it does not turn song by song.
    pub verdicts: Vec<Option<Verdict>>,
}

/// A service as the sheet shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SheetService {
    /// Its row of the table.
    #[serde(flatten)]
    pub service: Service,
    /// What it makes of the album as one; `None` where it does not turn albums.
    pub album_verdict: Option<Verdict>,
}

/// Everything the sheet says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlbumSheet {
    /// Album title.
    pub title: String,
    /// Album artist.
    pub artist: String,
    /// Rate the album was rendered and measured at, Hz.
    pub sample_rate_hz: u32,
    /// The whole was rendered in one go.
    pub exact: bool,
    /// BLAKE3 of the master tap.
    pub tap_hash: String,
    /// The program that measured.
    pub program: String,
    /// The whole.
    pub album: SongFigures,
    /// In running order.
    pub songs: Vec<SheetSong>,
    /// Services and specifications.
    pub services: Vec<SheetService>,
}

impl AlbumSheet {
    /// For reading: text or HTML.
    pub fn document(&self) -> Document {
        let title = if self.title.is_empty() { "Untitled album" } else { &self.title };
        let mut paper = Document::new(format!("Loudness and peaks · {title}"));
        paper.facts([
            ("Album", title.to_owned()),
            ("Artist", self.artist.clone()),
            ("Songs", self.songs.len().to_string()),
            ("Length", hms_from_seconds(self.album.duration_s)),
            ("Measured", self.how()),
            ("Master tap", format!("BLAKE3 {}", self.tap_hash)),
            ("Program", self.program.clone()),
        ]);
        paper.heading("Songs");
        paper.table(self.figures_table());
        paper.paragraph(
            "Low, Mid and High are the power below 120 Hz, between, and above 2 kHz against the whole, and that against \
             the mean of the songs. LRA is that of Tech 3342 (10 Hz) to the end of each song, without the 1.5 s of \
             silence after it that the standard lets follow: as the live meters read it. * stands at what falls out of \
             the row.",
        );
        paper.paragraph(
            "The loudness and range of the album are gated over the blocks of all songs (AES TD1008), its DR is the mean of \
             theirs. A file of the whole album also has blocks across its seams, and can read some hundredths of an LU \
             otherwise.",
        );
        self.put_outliers(&mut paper);
        paper.heading("Services and specifications");
        paper.table(self.services_table());
        paper.paragraph(
            "The gain of a service is its target minus the loudness; one that only turns down raises nothing; raising \
             stops where the true peak reaches its ceiling. A dash stands where a service does not turn that way. Services \
             change without notice: see the dates.",
        );
        paper.heading("Song by song");
        paper.table(self.gains_table());
        paper
    }

    fn how(&self) -> String {
        let way =
            if self.exact { "in one render of the whole album" } else { "song by song, each with a run-in" };
        format!("{way}, {} Hz, 64-bit, before word-length reduction", self.sample_rate_hz)
    }

    fn figures_table(&self) -> Table {
        let mut columns = vec![("No".to_owned(), Align::Right), ("Title".to_owned(), Align::Left)];
        columns.extend(Reading::ALL.map(|r| (heading(r), Align::Right)));
        let names: Vec<(&str, Align)> = columns.iter().map(|(n, a)| (n.as_str(), *a)).collect();
        let mut table = Table::new(&names);
        for song in &self.songs {
            let cells = Reading::ALL.map(|r| cell(r, &song.figures, &song.standing));
            table.rows.push([song.number.to_string(), song.title.clone()].into_iter().chain(cells).collect());
        }
        let cells = Reading::ALL.map(|r| cell(r, &self.album, &Standing::default()));
        table.rows.push([String::new(), "Album".to_owned()].into_iter().chain(cells).collect());
        table
    }

    fn put_outliers(&self, paper: &mut Document) {
        let mut table =
            Table::new(&[("No", Align::Right), ("Title", Align::Left), ("Falls out", Align::Left)]);
        for song in &self.songs {
            for outlier in &song.standing.outliers {
                table.rows.push(vec![song.number.to_string(), song.title.clone(), typeset(&outlier.why)]);
            }
        }
        if table.rows.is_empty() {
            paper.paragraph("Nothing falls out of the row.");
        } else {
            paper.heading("What falls out");
            paper.table(table);
        }
    }

    fn services_table(&self) -> Table {
        let mut table = Table::new(&[
            ("Service", Align::Left),
            ("Target", Align::Right),
            ("Gain", Align::Right),
            ("Plays at", Align::Right),
            ("True peak", Align::Right),
            ("The album as one", Align::Left),
            ("As of", Align::Left),
            ("Confidence", Align::Left),
            ("Source", Align::Left),
        ]);
        for row in &self.services {
            let (service, verdict) = (&row.service, row.album_verdict.as_ref());
            let played = verdict.and_then(|v| v.playback);
            let is_limited = played.is_some_and(|p| p.held == Held::Limiter);
            let peak = |true_peak_dbtp| {
                let told = number(true_peak_dbtp, 2, "dBTP", false);
                if is_limited { "limited there".to_owned() } else { told }
            };
            table.rows.push(vec![
                service.name.clone(),
                service.target_text(),
                played.map_or_else(String::new, |p| number(Some(p.gain_db), 2, "dB", true)),
                played.map_or_else(String::new, |p| number(Some(p.lufs), 1, "LUFS", false)),
                played.map_or_else(String::new, |p| peak(p.true_peak_dbtp)),
                verdict.map_or_else(|| "– (turns song by song)".to_owned(), |v| v.text.clone()),
                service.date.clone(),
                service.confidence.label().to_owned(),
                service.source.clone(),
            ]);
        }
        table
    }

    /// Gain and loudness of every song at every service that turns songs one by one.
    fn gains_table(&self) -> Table {
        let turning: Vec<usize> = (0..self.services.len())
            .filter(|&i| {
                let service = &self.services[i].service;
                service.spec.is_none() && service.target_lufs.is_some() && service.turns_by(Mode::Track)
            })
            .collect();
        let mut columns = vec![("No", Align::Right), ("Title", Align::Left)];
        columns.extend(turning.iter().map(|&i| (self.services[i].service.name.as_str(), Align::Right)));
        let mut table = Table::new(&columns);
        for song in &self.songs {
            let mut row = vec![song.number.to_string(), song.title.clone()];
            row.extend(turning.iter().map(|&i| {
                let played = song.verdicts.get(i).and_then(|v| v.as_ref()?.playback);
                played.map_or_else(
                    || "–".to_owned(),
                    |p| {
                        format!(
                            "{} → {}",
                            number(Some(p.gain_db), 1, "dB", true),
                            number(Some(p.lufs), 1, "LUFS", false)
                        )
                    },
                )
            }));
            table.rows.push(row);
        }
        table
    }

    /// For tables: a line of names with units, one for each song, one for the album. Points as decimal signs, what there is
    /// no reading of left empty.
    pub fn csv(&self) -> String {
        let mut head = vec!["number".to_owned(), "title".to_owned(), "duration_s".to_owned()];
        head.extend(Reading::ALL.map(heading));
        head.push("falls out".to_owned());
        let mut out = line(&head);
        for song in &self.songs {
            let why: Vec<String> = song.standing.outliers.iter().map(|o| typeset(&o.why)).collect();
            out += &self.csv_line(
                &song.number.to_string(),
                &song.title,
                &song.figures,
                &song.standing,
                &why.join("; "),
            );
        }
        out += &self.csv_line("", "Album", &self.album, &Standing::default(), "");
        out
    }

    fn csv_line(&self, number: &str, title: &str, f: &SongFigures, s: &Standing, why: &str) -> String {
        let mut cells = vec![number.to_owned(), title.to_owned(), format!("{:.3}", f.duration_s)];
        cells.extend(Reading::ALL.map(|r| r.of(f, s).map_or_else(String::new, |v| format!("{v:.3}"))));
        cells.push(why.to_owned());
        line(&cells)
    }
}

/// A line of comma-separated values (RFC 4180).
fn line(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        let safe = text_for_spreadsheets(cell);
        let plain = !safe.contains([',', '"', '\n', '\r']);
        if plain { safe } else { format!("\"{}\"", safe.replace('"', "\"\"")) }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A cell that begins as a formula of a spreadsheet does stays text behind an apostrophe; figures are left alone.
fn text_for_spreadsheets(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}

fn heading(reading: Reading) -> String {
    let (name, unit, _) = reading.heading();
    if unit.is_empty() { name.to_owned() } else { format!("{name} {unit}") }
}

fn cell(reading: Reading, figures: &SongFigures, standing: &Standing) -> String {
    let Some(value) = reading.of(figures, standing) else { return String::new() };
    let mark = if standing.outliers.iter().any(|o| o.reading == reading) { "*" } else { "" };
    let (_, _, decimals) = reading.heading();
    format!("{mark}{}", number(Some(value), decimals, "", false))
}

/// A value with a true minus; with `signed` a plus too. A dash where there is none.
fn number(value: Option<f64>, decimals: usize, unit: &str, signed: bool) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let text = if signed { format!("{value:+.decimals$}") } else { format!("{value:.decimals$}") };
    let zero = text.bytes().all(|b| !b.is_ascii_digit() || b == b'0');
    let text = if zero { text.replace(['-', '+'], "") } else { typeset(&text) };
    format!("{text} {unit}").trim_end().to_owned()
}

/// Minus signs before figures.
fn typeset(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let figure = c == '-' && rest.peek().is_some_and(char::is_ascii_digit);
        out.push(if figure { '−' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::album::{Outlier, standings};
    use crate::meter::services::Direction;
    use crate::report::{html, text};

    fn sheet() -> AlbumSheet {
        let figures = SongFigures {
            duration_s: 61.5,
            integrated_lufs: Some(-9.75),
            true_peak_dbtp: Some(-0.25),
            ..SongFigures::default()
        };
        let service = Service {
            name: "Somewhere".to_owned(),
            target_lufs: Some(-14.0),
            direction: Direction::Down,
            modes: vec![Mode::Track],
            date: "2023".to_owned(),
            ..Service::default()
        };
        let mut standing = standings(&[figures], 0.0).remove(0);
        standing.outliers =
            vec![Outlier { reading: Reading::TruePeak, why: "too high, \"it\" says".to_owned() }];
        let verdict = service.verdict(&figures);
        AlbumSheet {
            title: "<b>Album</b>".to_owned(),
            artist: String::new(),
            sample_rate_hz: 44_100,
            exact: true,
            tap_hash: "abc".to_owned(),
            program: "Glassmaster".to_owned(),
            album: figures,
            songs: vec![SheetSong {
                number: 1,
                title: "=One, two".to_owned(),
                figures,
                standing,
                verdicts: vec![Some(verdict.clone())],
            }],
            services: vec![SheetService { service, album_verdict: Some(verdict) }],
        }
    }

    #[test]
    fn the_paper_says_figures_marks_gains_and_how_they_were_measured() {
        let page = text::render(&sheet().document());
        for part in [
            "*−0.25",
            "−9.8",
            "−4.25 dB",
            "plays 4.2 dB quieter",
            "in one render of the whole album",
            "2023",
            "1.5 s",
        ] {
            assert!(page.contains(part), "{part} in\n{page}");
        }
        assert!(!html::render(&sheet().document()).contains("<b>"));
    }

    #[test]
    fn what_a_spreadsheet_would_reckon_with_stays_text() {
        for title in ["-2+3+cmd|' /C calc'!A0", "=1", "+1+1", "@SUM(A1)", "\t=1", "\r=1", "-Intro"] {
            let mut sheet = sheet();
            sheet.songs[0].title = title.to_owned();
            let csv = sheet.csv();
            let kept = csv.contains(&format!("1,'{title},")) || csv.contains(&format!("1,\"'{title}\","));
            assert!(kept, "{title:?} in {csv}");
            assert!(csv.contains(",-9.750,"), "figures stay figures");
        }
    }

    #[test]
    fn a_way_a_service_does_not_turn_has_a_dash_and_a_limited_peak_no_figure() {
        let mut sheet = sheet();
        let (by_song, mut limited) = (sheet.services[0].service.clone(), sheet.services[0].clone());
        sheet.services[0].album_verdict = by_song.verdict_by(Mode::Album, &sheet.album);
        limited.service = Service {
            name: "Loudest".to_owned(),
            target_lufs: Some(-5.0),
            direction: Direction::Both,
            raise_ceiling_dbtp: Some(-1.0),
            raise_limiter: true,
            modes: vec![Mode::Album],
            ..Service::default()
        };
        limited.album_verdict = limited.service.verdict_by(Mode::Album, &sheet.album);
        sheet.songs[0].verdicts.push(limited.service.verdict_by(Mode::Track, &sheet.album));
        sheet.services.push(limited);
        let page = text::render(&sheet.document());
        assert!(page.contains("– (turns song by song)") && page.contains("limited there"), "{page}");
        assert!(!page.contains("4.50 dBTP"), "{page}");
        assert!(page.contains("−4.2 dB → −14.0 LUFS") || page.contains("−4.3 dB → −14.0 LUFS"), "{page}");
    }

    #[test]
    fn a_table_for_other_programs_quotes_what_must_be_quoted() {
        let csv = sheet().csv();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("number,title,duration_s,I LUFS,to mean LU"));
        assert!(lines[1].starts_with("1,\"'=One, two\",61.500,-9.750,0.000,0.000,"), "{}", lines[1]);
        assert!(lines[1].ends_with("\"too high, \"\"it\"\" says\""), "{}", lines[1]);
        assert!(lines[2].starts_with(",Album,61.500,-9.750,,"));
    }
}
