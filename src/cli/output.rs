//! What a command says: results on standard output, everything else on standard error, errors as one line.

use std::io::{IsTerminal, Write};

/// Exit code: done, and a check failed.
pub const CHECK_FAILED: u8 = 1;
/// Exit code: wrong usage.
pub const USAGE: u8 = 2;
/// Exit code: an input could not be read or is not what it should be.
pub const INPUT: u8 = 3;
/// Exit code: an output could not be written.
pub const OUTPUT: u8 = 4;

/// An error with its exit code; one line: what, where, what to do.
#[derive(Debug)]
pub struct CliError {
    /// The exit code.
    pub code: u8,
    text: String,
    causes: Vec<String>,
}

impl CliError {
    /// Wrong usage.
    pub fn usage(text: impl Into<String>) -> Self {
        Self { code: USAGE, text: text.into(), causes: Vec::new() }
    }

    /// An input is at fault.
    pub fn input(error: impl std::error::Error) -> Self {
        Self::of(INPUT, &error)
    }

    /// An input is at fault, in our own words.
    pub fn input_text(text: impl Into<String>) -> Self {
        Self { code: INPUT, text: text.into(), causes: Vec::new() }
    }

    /// An output is at fault.
    pub fn output(error: impl std::error::Error) -> Self {
        Self::of(OUTPUT, &error)
    }

    /// A check found what must be mended.
    pub fn failed(text: impl Into<String>) -> Self {
        Self { code: CHECK_FAILED, text: text.into(), causes: Vec::new() }
    }

    /// An output is at fault, in our own words.
    pub fn output_text(text: impl Into<String>) -> Self {
        Self { code: OUTPUT, text: text.into(), causes: Vec::new() }
    }

    fn of(code: u8, error: &dyn std::error::Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(c) = cause {
            causes.push(c.to_string());
            cause = c.source();
        }
        Self { code, text: error.to_string(), causes }
    }

    /// The line to print; with `verbose` the chain of causes behind it.
    pub fn line(&self, verbose: bool) -> String {
        let text = self.text.replace('\n', " ");
        if verbose && !self.causes.is_empty() {
            format!("glassmaster: {text} (because: {})", self.causes.join("; because: "))
        } else {
            format!("glassmaster: {text}")
        }
    }
}

/// Why a file could not be read, and what to do.
pub fn unread_because(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file; check the name".to_owned(),
        std::io::ErrorKind::PermissionDenied => {
            "it may not be read (no permission); ask its owner for the right to read it".to_owned()
        }
        _ => error.to_string(),
    }
}

/// A line on standard error.
pub fn say(line: &str) {
    // A closed terminal is no reason to stop the work.
    writeln!(std::io::stderr().lock(), "{line}").unwrap_or_default();
}

/// A result on standard output.
///
/// # Errors
/// The pipe is closed or the disk full.
pub fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(CliError::output)
}

/// One JSON document on standard output.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    let mut text = serde_json::to_string_pretty(value).map_err(CliError::output)?;
    text.push('\n');
    print(&text)
}

/// A progress line that overwrites itself; silent where standard error is no terminal.
#[derive(Debug)]
pub struct ProgressLine {
    shown: bool,
    last_percent: Option<u32>,
}

impl ProgressLine {
    /// For this run.
    pub fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal(), last_percent: None }
    }

    /// Shows how far a step is.
    pub fn show(&mut self, what: &str, fraction: f64) {
        let percent = (fraction.clamp(0.0, 1.0) * 100.0) as u32;
        if self.shown && self.last_percent != Some(percent) {
            self.last_percent = Some(percent);
            write!(std::io::stderr().lock(), "\r\x1b[K{what} {percent:3} %").unwrap_or_default();
        }
    }

    /// Clears the line.
    pub fn clear(&mut self) {
        if self.shown && self.last_percent.take().is_some() {
            write!(std::io::stderr().lock(), "\r\x1b[K").unwrap_or_default();
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.clear();
    }
}
