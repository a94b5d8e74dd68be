//! The command line: batch work, scripts, tests, and checks against other programs.
//!
//! Names, JSON keys and exit codes are a public interface: add to them, never change them. Exit codes: 0 done; 1 done,
//! and a check failed; 2 wrong usage; 3 an input could not be read; 4 an output could not be written.

mod album;
mod args;
mod cache;
mod chain_file;
mod check;
mod ddp;
mod deliver;
mod demo;
mod devices;
mod doctor;
mod machine;
mod measure;
mod new;
mod output;
mod play;
mod processors;
mod render;

use std::process::ExitCode;

use clap::Parser;

pub use args::{Cli, Command};
use output::CliError;

/// Runs the command line of this process. With no command (or a session only) `window` is called with the session.
pub fn run(window: impl FnOnce(Option<std::path::PathBuf>) -> Result<(), String>) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let verbose = cli.verbose;
    let Some(command) = cli.command else {
        return finish(window(cli.session).map(|()| 0).map_err(CliError::usage), verbose);
    };
    let done = match command {
        Command::New(args) => new::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Album(args) => album::run(&args),
        Command::Process(args) => render::process(&args),
        Command::Render(args) => render::render(&args),
        Command::Deliver(args) => deliver::run(&args),
        Command::Ddp(args) => ddp::run(&args),
        Command::Play(args) => play::run(&args),
        Command::Demo(args) if args.headless => demo::headless(&args),
        Command::Demo(_) => demo::session_file()
            .and_then(|session| window(Some(session)).map_err(CliError::usage))
            .map(|()| 0),
        Command::Processors(args) => processors::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Cache(args) => cache::run(&args),
    };
    finish(done, verbose)
}

/// Clap's own messages: help and version are no errors; anything else is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    let code = if error.use_stderr() { output::USAGE } else { 0 };
    // Nobody is left to be told that the terminal is gone.
    error.print().unwrap_or_default();
    ExitCode::from(code)
}

fn finish(done: Result<u8, CliError>, verbose: bool) -> ExitCode {
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::say(&error.line(verbose));
            ExitCode::from(error.code)
        }
    }
}
