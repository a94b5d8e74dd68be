//! The log panel's lines: bounded, shared with frames without copying while nothing is said.

use std::sync::Arc;

use super::frame::{LogLevel, LogLine};

/// Lines kept.
const MOST_LINES: usize = 2000;

/// What the program has said.
#[derive(Debug, Default)]
pub struct Log {
    lines: Arc<Vec<LogLine>>,
}

impl Log {
    /// Adds a line with the time of day.
    pub fn say(&mut self, level: LogLevel, text: impl Into<String>) {
        let lines = Arc::make_mut(&mut self.lines);
        if lines.len() == MOST_LINES {
            lines.drain(..MOST_LINES / 4);
        }
        let time = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
        lines.push(LogLine { time, level, text: text.into() });
    }

    /// For the record.
    pub fn info(&mut self, text: impl Into<String>) {
        self.say(LogLevel::Info, text);
    }

    /// Wants a look.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.say(LogLevel::Warning, text);
    }

    /// Something failed.
    pub fn error(&mut self, text: impl Into<String>) {
        self.say(LogLevel::Error, text);
    }

    /// Oldest first.
    pub fn lines(&self) -> Arc<Vec<LogLine>> {
        Arc::clone(&self.lines)
    }
}
