//! Rows A3 and E5 for every continuous parameter of every processor, not for one.

use super::sweep_support::{Sweep, cases, sweeps_of, sweeps_of_the_slot};
use super::table::{Row, at_most};

/// The worst of the sweeps by one reading, in words, and how many there are.
fn worst(sweeps: &[Sweep], reading: fn(&Sweep) -> f64) -> (f64, String) {
    let worst = sweeps.iter().max_by(|a, b| reading(a).total_cmp(&reading(b)));
    worst.map_or((f64::NAN, String::new()), |s| (reading(s), format!("{:.0} dBc ({})", reading(s), s.what)))
}

/// Rides and jumps of all.
pub fn rows() -> Vec<Row> {
    let sweeps: Vec<Sweep> = cases().flat_map(sweeps_of).chain(sweeps_of_the_slot()).collect();
    let (jump, jump_told) = worst(&sweeps, |s| s.jump_dbc);
    let (ride, ride_told) = worst(&sweeps, |s| s.ride_dbc);
    let (whole, whole_told) = worst(&sweeps, |s| s.whole_dbc);
    let count = sweeps.len();
    vec![
        Row::new(
            "A3 all",
            "Every continuous parameter of every processor and of the slot: jumps of 6 dB, or of a tenth of the range",
            "≤ −75 dBc",
            "–",
            format!("{count} parameters, worst {jump_told}"),
            at_most(jump, -75.0),
        ),
        Row::new(
            "E5 all",
            "The same, a fifth of the range and the whole range in 2 s",
            "≤ −90 dBc",
            "–",
            format!("{count} parameters, worst {ride_told}; whole range {whole_told}"),
            at_most(ride.max(whole), -90.0),
        ),
    ]
}
