//! The album table as a file: measured in one render of the whole album, written as HTML, CSV, JSON or text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::JobContext;
use super::album_scan::{AlbumScan, ScanError, measure_album};
use crate::media::library::Library;
use crate::meter::services::{Mode, Service};
use crate::model::Session;
use crate::report::album_sheet::{AlbumSheet, SheetService, SheetSong};
use crate::report::{html, text};
use crate::store::{StoreError, write_atomically};

/// Why no report was written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing was measured.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The file cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ending of the file names no form.
    #[error("{}: a report is .html, .csv, .json or .txt; choose one of these endings", path.display())]
    Ending {
        /// What was asked for.
        path: PathBuf,
    },
    /// A value could not be put into JSON: a bug.
    #[error("the report cannot be put into JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Forms a report can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For browsers and printers.
    Html,
    /// For tables.
    Csv,
    /// For scripts.
    Json,
    /// For terminals.
    Text,
}

impl Form {
    /// The form a file's ending asks for.
    ///
    /// # Errors
    /// [`ReportError::Ending`].
    pub fn of(path: &Path) -> Result<Self, ReportError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "html" | "htm" => Ok(Self::Html),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "txt" => Ok(Self::Text),
            _ => Err(ReportError::Ending { path: path.to_owned() }),
        }
    }

    /// A sheet in this form.
    ///
    /// # Errors
    /// [`ReportError::Json`].
    pub fn render(self, sheet: &AlbumSheet) -> Result<String, ReportError> {
        Ok(match self {
            Self::Html => html::render(&sheet.document()),
            Self::Csv => sheet.csv(),
            Self::Json => serde_json::to_string_pretty(sheet)? + "\n",
            Self::Text => text::render(&sheet.document()),
        })
    }
}

/// The sheet of a scan.
pub fn sheet_of(session: &Session, scan: &AlbumScan, services: &[Service]) -> AlbumSheet {
    let songs = scan.songs.iter().zip(&scan.standings).map(|((id, measured), standing)| {
        let index = session.song_index(*id).unwrap_or_default();
        SheetSong {
            number: index + 1,
            title: session.song(*id).map(|s| s.metadata.full_title()).unwrap_or_default(),
            figures: measured.figures,
            standing: standing.clone(),
            verdicts: services.iter().map(|s| s.verdict_by(Mode::Track, &measured.figures)).collect(),
        }
    });
    let judged = |service: &Service| SheetService {
        album_verdict: service.verdict_by(Mode::Album, &scan.album),
        service: service.clone(),
    };
    AlbumSheet {
        title: session.metadata.title.clone(),
        artist: session.metadata.artist.clone(),
        sample_rate_hz: session.sample_rate_hz.0,
        exact: scan.exact,
        tap_hash: scan.tap_hash.clone(),
        program: format!("Glassmaster {}", env!("CARGO_PKG_VERSION")),
        album: scan.album,
        songs: songs.collect(),
        services: services.iter().map(judged).collect(),
    }
}

/// Measures the album in one go, writes what the ending of the file asks for, and gives what was measured.
///
/// # Errors
/// [`ReportError`]; the target is then as it was.
pub fn write_report(
    session: &Session,
    services: &[Service],
    library: &Arc<Library>,
    target: &Path,
    threads: usize,
    cx: &JobContext,
) -> Result<AlbumScan, ReportError> {
    let form = Form::of(target)?;
    let scan = measure_album(session, library, threads, cx)?;
    let text = form.render(&sheet_of(session, &scan, services))?;
    write_atomically(target, text.as_bytes())?;
    Ok(scan)
}
