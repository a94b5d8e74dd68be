//! How long the run-in of a song that is measured alone must be: for each of some run-ins the largest difference of its
//! readings from those of one render of the whole album.
//!
//! `cargo run --example album_run_in -- SESSION [CACHE_FOLDER]`

use std::path::PathBuf;
use std::sync::Arc;

use glassmaster::jobs::JobContext;
use glassmaster::jobs::album_scan::{measure_album, measure_song_after};
use glassmaster::jobs::parallel::{map_in_order, thread_count};
use glassmaster::media::library::Library;
use glassmaster::meter::album::{Reading, Standing};
use glassmaster::store;

const RUN_INS_S: [f64; 6] = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = PathBuf::from(args.next().ok_or("a session file is needed")?);
    let cache = args.next().map_or_else(|| std::env::temp_dir().join("glassmaster_run_in"), PathBuf::from);
    let session = store::load(&path)?.session;
    let library = Arc::new(Library::new(cache, 20 << 30));
    let cx = JobContext::detached();
    let exact = measure_album(&session, &library, thread_count(None), &cx)?;
    for seconds in RUN_INS_S {
        let run_in = session.sample_rate_hz.frames_from_seconds(seconds);
        // The first song reaches back to album frame 0 and is exact anyway.
        let indexes: Vec<usize> = (1..session.songs.len()).collect();
        let alone = map_in_order(&indexes, thread_count(None), |_, &index| {
            measure_song_after(&session, index, Some(run_in), &library, &cx)
        });
        let mut worst = (0.0, String::from("nothing"));
        for (&index, measured) in indexes.iter().zip(alone) {
            let (alone, whole) = (measured?.figures, exact.songs[index].1.figures);
            for reading in Reading::ALL {
                let at = |figures| reading.of(figures, &Standing::default());
                let values = at(&alone).zip(at(&whole)).map(|(a, b)| (a - b).abs());
                let bands = alone.balance_db.zip(whole.balance_db);
                let band =
                    bands.map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max));
                let apart = values.unwrap_or(0.0).max(band.unwrap_or(0.0));
                if apart > worst.0 {
                    worst = (apart, format!("{} of song {}", reading.heading().0, index + 1));
                }
            }
        }
        #[expect(clippy::print_stdout, reason = "the result")]
        {
            println!("run-in {seconds:4.1} s: largest difference {:.6} ({})", worst.0, worst.1);
        }
    }
    Ok(())
}
