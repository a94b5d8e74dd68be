//! `glassmaster ddp`: any DDP 2.00 set checked, shown, or taken apart into its tracks.

use serde_json::{Value, json};

use super::args::{DdpArgs, DdpCommand, DdpExtractArgs, DdpFolderArgs};
use super::check::finding_text;
use super::machine;
use super::output::{CHECK_FAILED, CliError, print, print_json};
use crate::deliver::ddp::DeliverDdpError;
use crate::deliver::ddp::cdtext::{Block, language_name};
use crate::deliver::ddp::disc::{Disc, Texts, Track};
use crate::deliver::ddp::extract::{ExtractOptions, extract as extract_tracks};
use crate::deliver::ddp::verify::{DdpReadError, DdpSet, text_lines, verify_with};
use crate::jobs::JobContext;
use crate::model::Severity;
use crate::report::{Align, Document, Table, text};

pub fn run(args: &DdpArgs) -> Result<u8, CliError> {
    match &args.command {
        DdpCommand::Verify(args) => verify(args),
        DdpCommand::Show(args) => show(args),
        DdpCommand::Extract(args) => extract(args),
    }
}

fn verify(args: &DdpFolderArgs) -> Result<u8, CliError> {
    let set = read(&args.folder)?;
    let failed = set.worst() == Some(Severity::Error);
    if args.json {
        let mut told = json_of(&set);
        told["verdict"] = verdict(&set).into();
        print_json(&told)?;
    } else {
        let findings: String = set.findings.iter().map(finding_text).collect();
        print(&format!("{}: {}\n{findings}", args.folder.display(), verdict(&set)))?;
    }
    Ok(if failed { CHECK_FAILED } else { 0 })
}

fn show(args: &DdpFolderArgs) -> Result<u8, CliError> {
    let set = read(&args.folder)?;
    if args.json {
        print_json(&json_of(&set))?;
    } else {
        print(&text::render(&contents(&set)))?;
    }
    Ok(0)
}

fn extract(args: &DdpExtractArgs) -> Result<u8, CliError> {
    let set = read(&args.folder)?;
    let cx = JobContext::detached();
    let options = ExtractOptions { hidden_track: args.hidden_track, force: args.force };
    let files = machine::with_progress("extracting", &cx, || {
        extract_tracks(&set, &args.out, options, &mut |done, total| {
            cx.set_fraction(done as f64 / total.max(1) as f64);
            true
        })
    })
    .map_err(|error| match error {
        // What cannot be taken apart is at fault, not the place written to.
        DeliverDdpError::Disc(text) => CliError::input_text(format!("{}: {text}", args.folder.display())),
        DeliverDdpError::Io(why) => CliError::output_text(format!("{}: {why}", args.out.display())),
        other => CliError::output(other),
    })?;
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    if args.json {
        print_json(&json!({ "files": names }))?;
    } else {
        print(&names.iter().map(|n| format!("{n}\n")).collect::<String>())?;
    }
    Ok(0)
}

fn read(folder: &std::path::Path) -> Result<DdpSet, CliError> {
    let cx = JobContext::detached();
    let read = machine::with_progress("reading", &cx, || -> Result<DdpSet, DdpReadError> {
        verify_with(folder, &mut |done, total| {
            cx.set_fraction(done as f64 / total.max(1) as f64);
            true
        })
    });
    read.map_err(CliError::input)
}

fn verdict(set: &DdpSet) -> &'static str {
    match set.worst() {
        Some(Severity::Error) => "fail",
        Some(Severity::Warning) => "warn",
        Some(Severity::Info) | None => "pass",
    }
}

/// Table of contents and CD-Text as a paper.
fn contents(set: &DdpSet) -> Document {
    let disc = &set.disc;
    let mut document = Document::new(format!("{} disc", set.identity.level));
    document.facts([
        ("Master ID", disc.master_id.clone()),
        ("UPC/EAN", disc.upc.clone()),
        ("Tracks", disc.tracks.len().to_string()),
        ("Lead-out", disc.lead_out.to_string()),
        ("MD5 of the image", set.image_sums().map(|s| s.md5_hex()).unwrap_or_default()),
    ]);
    document.heading("Table of contents");
    document.table(table_of_contents(disc));
    for block in &set.cd_text {
        let language = language_name(block.language)
            .map_or_else(|| format!("language {:#04x}", block.language), str::to_owned);
        document.heading(format!("CD-Text, {language}"));
        document.table(cd_text_table(block));
        document.facts([("Disc ID", block.disc_id.clone()), ("UPC/EAN", block.upc.clone())]);
    }
    document
}

fn table_of_contents(disc: &Disc) -> Table {
    let mut table = Table::new(&[
        ("Track", Align::Right),
        ("Pause", Align::Right),
        ("Start", Align::Right),
        ("Length", Align::Right),
        ("ISRC", Align::Left),
        ("Flags", Align::Left),
        ("Further indexes", Align::Left),
    ]);
    for (i, track) in disc.tracks.iter().enumerate() {
        let further: Vec<String> = track.indexes.iter().skip(1).map(ToString::to_string).collect();
        table.rows.push(vec![
            format!("{:02}", i + 1),
            track.pause.map(|p| p.to_string()).unwrap_or_default(),
            track.start().to_string(),
            disc.length_of(i).to_string(),
            track.isrc.clone(),
            track.flags.words(),
            further.join(" "),
        ]);
    }
    table
}

fn cd_text_table(block: &Block) -> Table {
    let mut table = Table::new(&[("Of", Align::Right), ("What", Align::Left), ("Text", Align::Left)]);
    let mut lines = |of: String, texts: &Texts| {
        for (what, text) in text_lines(texts) {
            table.rows.push(vec![of.clone(), what.to_owned(), text.to_owned()]);
        }
    };
    lines("disc".to_owned(), &block.album);
    for (i, texts) in block.songs.iter().enumerate() {
        lines(format!("{:02}", usize::from(block.tracks.0) + i), texts);
    }
    table
}

fn json_of(set: &DdpSet) -> Value {
    let disc = &set.disc;
    let tracks: Vec<Value> =
        disc.tracks.iter().enumerate().map(|(i, track)| json_of_track(disc, i, track)).collect();
    let files: Vec<Value> = set
        .files
        .iter()
        .map(|f| json!({ "name": f.name, "bytes": f.sums.bytes, "md5": f.sums.md5_hex(), "crc32": f.sums.crc32_hex() }))
        .collect();
    json!({
        "path": set.folder.display().to_string(),
        "level": set.identity.level,
        "master_id": disc.master_id,
        "upc": disc.upc,
        "lead_out": disc.lead_out.to_string(),
        "cd_text": json_of_texts(&disc.texts),
        "tracks": tracks,
        "files": files,
        "findings": set.findings,
    })
}

fn json_of_track(disc: &Disc, index: usize, track: &Track) -> Value {
    json!({
        "number": index + 1,
        "pause": track.pause.map(|p| p.to_string()),
        "indexes": track.indexes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "length": disc.length_of(index).to_string(),
        "isrc": track.isrc,
        "flags": track.flags.words(),
        "cd_text": json_of_texts(&track.texts),
    })
}

fn json_of_texts(texts: &Texts) -> Value {
    text_lines(texts).into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
}
