//! `glassmaster deliver`: deliverables by id, all in one pass, read back and measured.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::DeliverArgs;
use super::check::finding_text;
use super::machine;
use super::output::{CHECK_FAILED, CliError, print, print_json, say};
use crate::deliver::{self, SettingKind, Written};
use crate::jobs::JobContext;
use crate::jobs::export::{Delivery, ExportError, Request, export};
use crate::jobs::parallel::thread_count;
use crate::media::library::Library;
use crate::model::{Extra, Order, Session, Severity};

pub fn run(args: &DeliverArgs) -> Result<u8, CliError> {
    if args.list {
        return list(args.json);
    }
    let (Some(session), Some(out)) = (&args.session, &args.out) else {
        return Err(CliError::usage("deliver needs a session and --out DIR; --list names the deliverables"));
    };
    let session = Arc::new(machine::open_session(session)?);
    let orders = orders(args, &session)?;
    let delivery = deliver(&session, &machine::library(), orders, out, args.force, args.threads)?;
    report(&delivery, args.json)
}

/// Makes a delivery with messages on the terminal.
pub fn deliver(
    session: &Arc<Session>,
    library: &Arc<Library>,
    orders: Vec<Order>,
    out: &Path,
    force: bool,
    threads: Option<usize>,
) -> Result<Delivery, CliError> {
    let request =
        Request { orders, force, written_at: jiff::Zoned::now().datetime(), threads: thread_count(threads) };
    let cx = JobContext::detached();
    machine::with_progress("delivering", &cx, || export(session, library, &request, out, &cx)).map_err(
        |error| {
            if let ExportError::Refused(findings) = &error {
                findings.iter().for_each(|f| say(finding_text(f).trim_end()));
            }
            match error {
                ExportError::Source(error) => CliError::input(error),
                error @ ExportError::Empty => CliError::input(error),
                error @ (ExportError::Unknown(_) | ExportError::Clash(_)) => {
                    CliError::usage(error.to_string())
                }
                error @ ExportError::Refused(_) => CliError::failed(error.to_string()),
                other => CliError::output(other),
            }
        },
    )
}

/// The deliverables named, else those ordered in the session; options go to those that have them.
fn orders(args: &DeliverArgs, session: &Session) -> Result<Vec<Order>, CliError> {
    let mut orders: Vec<Order> = if args.ids.is_empty() {
        session.orders.clone()
    } else {
        let settings_of = |id: &String| {
            session.orders.iter().find(|o| o.id == *id).map(|o| o.settings.clone()).unwrap_or_default()
        };
        args.ids.iter().map(|id| Order { id: id.clone(), settings: settings_of(id) }).collect()
    };
    if orders.is_empty() {
        return Err(CliError::usage(
            "nothing is ordered in the session; name deliverables (--list names them all)",
        ));
    }
    for order in &mut orders {
        let Some(deliverable) = deliver::find(&order.id) else { continue };
        for setting in &args.set {
            let (name, value) = setting
                .split_once('=')
                .ok_or_else(|| CliError::usage(format!("--set {setting}: it is NAME=VALUE")))?;
            if deliverable.settings().iter().any(|s| s.id == name) {
                order.settings.insert(name.to_owned(), setting_value(value));
            }
        }
    }
    Ok(orders)
}

/// A typed value: switch, number or text.
fn setting_value(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => {
            text.parse::<f64>().ok().filter(|_| text.contains('.')).map_or_else(|| text.into(), Into::into)
        }
    }
}

/// Prints what was delivered; a finding of severity error is exit code 1.
pub fn report(delivery: &Delivery, as_json: bool) -> Result<u8, CliError> {
    if as_json {
        print_json(&json!({
            "files": delivery.files,
            "findings": delivery.findings,
            "tap_hash": delivery.tap_hash,
            "fft_path": delivery.fft_path,
        }))?;
    } else {
        let files: String = delivery.files.iter().map(file_text).collect();
        let findings: String = delivery.findings.iter().map(finding_text).collect();
        print(&format!("{files}{findings}tap hash {}\n", delivery.tap_hash))?;
    }
    let failed = delivery.findings.iter().any(|f| f.severity == Severity::Error);
    Ok(if failed { CHECK_FAILED } else { 0 })
}

fn file_text(file: &Written) -> String {
    let measured = file.measurements.as_ref().map_or_else(String::new, |m| {
        let lufs = m.integrated_lufs.map_or_else(|| "–".to_owned(), |v| format!("{v:.1}"));
        let peak = m.true_peak_dbtp.map_or_else(|| "–".to_owned(), |v| format!("{v:.2}"));
        format!("  {lufs} LUFS  {peak} dBTP")
    });
    let exact = match file.null_db {
        Some(db) => format!("  null {db:.1} dB"),
        None if file.bit_exact => "  bit exact".to_owned(),
        None => String::new(),
    };
    format!("{}  {} bytes  {}{measured}{exact}\n", file.path.display(), file.bytes, file.format)
}

fn list(as_json: bool) -> Result<u8, CliError> {
    if as_json {
        let all: Vec<Value> = deliver::deliverables()
            .iter()
            .map(|d| {
                let settings: Vec<Value> = d.settings().iter().map(setting_json).collect();
                json!({ "id": d.id(), "name": d.name(), "about": d.about(), "settings": settings })
            })
            .collect();
        print_json(&json!({ "deliverables": all }))?;
        return Ok(0);
    }
    let mut text = String::new();
    for d in deliver::deliverables() {
        text.push_str(&format!("{:12} {}\n{:13}{}\n", d.id(), d.name(), "", d.about()));
        for s in d.settings() {
            text.push_str(&format!("{:13}{:12} {}\n", "", s.id, s.help));
        }
    }
    print(&text)?;
    Ok(0)
}

fn setting_json(setting: &deliver::SettingDesc) -> Value {
    let mut out: Extra = Extra::new();
    out.insert("id".into(), setting.id.into());
    out.insert("name".into(), setting.name.into());
    out.insert("help".into(), setting.help.into());
    match setting.kind {
        SettingKind::Choice { words, default } => {
            out.insert("words".into(), json!(words));
            out.insert("default".into(), default.into());
        }
        SettingKind::Switch { default } => {
            out.insert("default".into(), default.into());
        }
        SettingKind::Decibels { min, max, default } => {
            out.insert("min_db".into(), min.into());
            out.insert("max_db".into(), max.into());
            out.insert("default".into(), default.into());
        }
        SettingKind::Text { default } => {
            out.insert("default".into(), default.into());
        }
    }
    Value::Object(out)
}
