//! What can be typed. Help texts are the first documentation many will read.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A workstation for mastering engineers: mixes in, checked masters out.
#[derive(Debug, Parser)]
#[command(name = "glassmaster", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// The session to open in the window
    pub session: Option<PathBuf>,
    /// Print the chain of causes behind an error
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// What to do without a window
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done without a window.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Loudness, peaks and dynamics of any audio file
    Measure(MeasureArgs),
    /// Every processor: kind, parameters, units, ranges, defaults, latency
    Processors(JsonOnly),
    /// What this machine lacks or could do better, each with its mend
    Doctor(JsonOnly),
}

/// A command whose only choice is the form of its output.
#[derive(Debug, Args)]
pub struct JsonOnly {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `measure`.
#[derive(Debug, Args)]
pub struct MeasureArgs {
    /// Audio files
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Use at most this many threads
    #[arg(long)]
    pub threads: Option<usize>,
}
