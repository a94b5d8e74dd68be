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
    /// A session from files, folders or zips, in running order
    New(NewArgs),
    /// The delivered-mix check: one verdict a file, with findings
    Check(CheckArgs),
    /// Loudness, peaks and dynamics of any audio file
    Measure(MeasureArgs),
    /// The mastered songs side by side, measured exactly, and what services make of them
    Album(AlbumArgs),
    /// One file through one chain, then rate conversion and dither
    Process(ProcessArgs),
    /// The album pass of a session, or one song of it, to one file; prints the tap hash
    Render(RenderArgs),
    /// Deliverables by id (all ordered ones if none is named), in one pass
    Deliver(DeliverArgs),
    /// Any DDP 2.00 set: check it, show its contents, write its tracks out
    Ddp(DdpArgs),
    /// Plays live without a window; prints dropouts, load and the tap hash
    Play(PlayArgs),
    /// The built-in demo album: the window, or its whole job without one
    Demo(DemoArgs),
    /// Every processor: kind, parameters, units, ranges, defaults, latency
    Processors(ProcessorsArgs),
    /// Audio hosts and devices with rates, formats, buffer sizes
    Devices(JsonOnly),
    /// What this machine lacks or could do better, each with its mend
    Doctor(JsonOnly),
    /// The cache of converted sources and waveforms: where it is, how large, and emptying it
    Cache(CacheArgs),
}

/// `cache`
#[derive(Debug, Args)]
pub struct CacheArgs {
    /// Remove everything; what is needed is made again
    #[arg(long)]
    pub clear: bool,
    /// Remove what was used longest ago until at most so many GiB remain
    #[arg(long, value_name = "GIB", conflicts_with = "clear")]
    pub shrink_to: Option<f64>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// A command whose only choice is the form of its output.
#[derive(Debug, Args)]
pub struct JsonOnly {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `processors`.
#[derive(Debug, Args)]
pub struct ProcessorsArgs {
    /// List the factory presets instead: chains, and settings of single processors
    #[arg(long)]
    pub chains: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// What `measure` says about its figures.
const MEASURE_CONVENTIONS: &str = "Loudness is that of BS.1770-5. The loudness range (EBU Tech 3342 v4, 10 Hz) is taken to \
the end of the file, without the 1.5 s of silence that step 5 of the standard lets follow: live meters and files then give \
the same figure, and an album that of its songs. The silence would add 15 values, at most 3 LU under the end of the file: \
that tells in files of a few seconds only.";

/// `measure`.
#[derive(Debug, Args)]
#[command(after_help = MEASURE_CONVENTIONS)]
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

/// `album`.
#[derive(Debug, Args)]
pub struct AlbumArgs {
    /// Session file
    pub session: PathBuf,
    /// Print one JSON document
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values
    #[arg(long)]
    pub csv: bool,
    /// Write a report: .html, .csv, .json or .txt
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace a file of that name
    #[arg(long)]
    pub force: bool,
    /// Use at most this many threads
    #[arg(long)]
    pub threads: Option<usize>,
}

/// The form of a written file.
#[derive(Debug, Args)]
pub struct FormatArgs {
    /// 16, 20, 24, 32f or 64f
    #[arg(long, default_value = "24")]
    pub bits: String,
    /// Rate of the file in hertz; its own if left out
    #[arg(long, value_name = "HZ")]
    pub rate: Option<u32>,
    /// none, tpdf, shaped or shaped:NAME; tpdf if left out, none for floats
    #[arg(long)]
    pub dither: Option<String>,
    /// Seed of the dither's noise
    #[arg(long)]
    pub seed: Option<u64>,
    /// Replace a file of that name
    #[arg(long)]
    pub force: bool,
}

/// `process`.
#[derive(Debug, Args)]
pub struct ProcessArgs {
    /// Audio file
    pub input: PathBuf,
    /// File to write, .wav or .flac
    pub output: PathBuf,
    /// Chain file, or factory:NAME for one of the program's own (`processors --chains` lists them)
    #[arg(long, value_name = "FILE|factory:NAME")]
    pub chain: PathBuf,
    /// The form of the file
    #[command(flatten)]
    pub format: FormatArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Session file
    pub session: PathBuf,
    /// File to write, .wav or .flac
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Only this song (with the pause after it)
    #[arg(long, value_name = "N", conflicts_with = "range")]
    pub song: Option<usize>,
    /// Only from A to B, in album seconds
    #[arg(long, value_name = "A..B")]
    pub range: Option<String>,
    /// The form of the file
    #[command(flatten)]
    pub format: FormatArgs,
    /// Use at most this many threads
    #[arg(long)]
    pub threads: Option<usize>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Files, folders or zips
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// What was agreed on: rate, bits and limits as JSON
    #[arg(long, value_name = "FILE")]
    pub brief: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Use at most this many threads
    #[arg(long)]
    pub threads: Option<usize>,
}

/// `new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Session file to write
    pub session: PathBuf,
    /// Files, folders or zips, in running order
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// Rate of the session in hertz; that of most of the playing time if left out
    #[arg(long, value_name = "HZ")]
    pub rate: Option<u32>,
    /// Silence between songs in seconds
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS", allow_negative_numbers = true)]
    pub gap: f64,
    /// Title of the album
    #[arg(long, value_name = "T")]
    pub album: Option<String>,
    /// Artist of the album
    #[arg(long, value_name = "A")]
    pub artist: Option<String>,
    /// Replace a session of that name (it is kept as a version)
    #[arg(long)]
    pub force: bool,
    /// Use at most this many threads
    #[arg(long)]
    pub threads: Option<usize>,
}

/// `deliver`.
#[derive(Debug, Args)]
pub struct DeliverArgs {
    /// Session file
    pub session: Option<PathBuf>,
    /// Deliverables; all ordered ones if none is named
    pub ids: Vec<String>,
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A setting for the deliverables that have it, as NAME=VALUE; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Replace what is already there
    #[arg(long)]
    pub force: bool,
    /// Name all deliverables with their settings
    #[arg(long)]
    pub list: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Use at most this many threads
    #[arg(long)]
    pub threads: Option<usize>,
}

/// `ddp`.
#[derive(Debug, Args)]
pub struct DdpArgs {
    /// What to do with the set
    #[command(subcommand)]
    pub command: DdpCommand,
}

/// What can be done with a DDP set.
#[derive(Debug, Subcommand)]
pub enum DdpCommand {
    /// Every rule and every checksum; exit code 1 if one is broken
    Verify(DdpFolderArgs),
    /// Table of contents and CD-Text
    Show(DdpFolderArgs),
    /// The tracks as WAV files
    Extract(DdpExtractArgs),
}

/// `ddp verify`, `ddp show`.
#[derive(Debug, Args)]
pub struct DdpFolderArgs {
    /// Folder of the set
    pub folder: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `ddp extract`.
#[derive(Debug, Args)]
pub struct DdpExtractArgs {
    /// Folder of the set
    pub folder: PathBuf,
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Also what lies before track 1, as track 00
    #[arg(long)]
    pub hidden_track: bool,
    /// Replace files that stand there
    #[arg(long)]
    pub force: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `play`.
#[derive(Debug, Args)]
pub struct PlayArgs {
    /// Session file
    pub session: PathBuf,
    /// Device by id or name as `glassmaster devices` lists it, default, or null
    #[arg(long, value_name = "NAME", default_value = "null")]
    pub device: String,
    /// Audio host of the device; ALSA if left out
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Start in album seconds
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    pub from: f64,
    /// How long; to the end of the album if left out
    #[arg(long, value_name = "N")]
    pub seconds: Option<f64>,
    /// Frames a buffer
    #[arg(long, value_name = "FRAMES", default_value_t = 512)]
    pub buffer: u32,
    /// Load the sources whole before playing (for backends no clock paces)
    #[arg(long)]
    pub preload: bool,
    /// Null device only: as fast as the machine allows
    #[arg(long)]
    pub free: bool,
    /// Where the meters listen: source, song, master, delivered, monitor, or slot:ID (the tap hash is the master's)
    #[arg(long, value_name = "POINT", default_value = "master")]
    pub point: String,
    /// Open the device, then wait for Enter before playing (time to connect its ports)
    #[arg(long)]
    pub hold: bool,
    /// Close the device after so many seconds and open it again, to see that playing goes on in its place
    #[arg(long, value_name = "T")]
    pub restart_after: Option<f64>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Do the whole job without a window: check, master, reference, DDP, read-back, report
    #[arg(long, requires = "out")]
    pub headless: bool,
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace what is already there
    #[arg(long)]
    pub force: bool,
}
