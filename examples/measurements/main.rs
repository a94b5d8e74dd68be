//! Measures every row of the targets table on our own processors and prints it as Markdown:
//! `cargo run --release --example measurements > docs/measurements.md`.
//!
//! Ids of rows (`E1`, `L`) as arguments print only those groups, to the terminal. Ends with 1 when a row misses its target.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]
#![expect(clippy::panic, reason = "a signal that cannot be made is a slip in this program")]

mod colour;
mod dynamics;
mod engine;
mod eq;
mod lab;
mod limiter;
#[path = "../../tests/render_support/mod.rs"]
mod render_support;
#[path = "../../tests/sweep_support/mod.rs"]
mod sweep_support;
mod sweeps;
mod table;
mod words;

use std::process::ExitCode;

use table::Row;

#[global_allocator]
static GUARD: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

/// First letters of the ids a part measures, and the part.
type Part = (&'static str, fn() -> Vec<Row>);

const PARTS: [Part; 7] = [
    ("E", eq::rows),
    ("CM", dynamics::rows),
    ("L", limiter::rows),
    ("NS", colour::rows),
    ("DR", words::rows),
    ("A", engine::rows),
    ("AE", sweeps::rows),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |letters: &str| {
        wanted.is_empty() || wanted.iter().any(|id| id.chars().next().is_some_and(|c| letters.contains(c)))
    };
    println!("# Measurements\n");
    println!(
        "What Glassmaster {} reaches, measured on its own processors by `cargo run --release --example measurements`.\n\
         Signals and readings are those of the program in `examples/measurements`; figures of others were taken on\n\
         the same kinds of signal with Debian 12 builds of sox, ffmpeg, LSP, x42, Calf and ZamAudio plug-ins.\n",
        env!("CARGO_PKG_VERSION")
    );
    println!("| row | what is measured | target | others | here | met |");
    println!("|---|---|---|---|---|---|");
    let mut missed = 0;
    for (_, rows) in PARTS.iter().filter(|(letters, _)| is_wanted(letters)) {
        for row in rows() {
            println!("{}", row.markdown());
            missed += usize::from(!row.is_met());
        }
    }
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
