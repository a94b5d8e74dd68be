//! Every continuous parameter of every processor moved while a tone plays: no zipper, no click (`A3` for jumps, `E5` for
//! rides).

mod sweep_support;

use std::collections::BTreeSet;

use sweep_support::{Sweep, cases, sweeps_of, sweeps_of_the_slot};

#[test]
fn every_kind_is_swept() {
    let all: BTreeSet<&str> = glassmaster::process::kinds().iter().map(|k| k.id()).collect();
    assert_eq!(cases().map(|(kind, _)| *kind).collect::<BTreeSet<_>>(), all);
}

#[test]
fn rides_and_jumps_of_every_continuous_parameter_stay_clean() {
    let sweeps: Vec<Sweep> = std::thread::scope(|scope| {
        let threads: Vec<_> = cases().map(|case| scope.spawn(move || sweeps_of(case))).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).chain(sweeps_of_the_slot()).collect()
    });
    for s in &sweeps {
        println!(
            "{:38} ride {:7.1} whole {:7.1} jump {:7.1} dBc",
            s.what, s.ride_dbc, s.whole_dbc, s.jump_dbc
        );
    }
    let is_missed = |s: &&Sweep| s.ride_dbc.max(s.whole_dbc) > -90.0 || s.jump_dbc > -75.0;
    let missed: Vec<&Sweep> = sweeps.iter().filter(is_missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}
