//! The pass of [`crate::meter::analysis`] over one long file on several threads: the caller reads, the parts of the pass
//! listen on threads of their own through short queues. The figures are the same to the last bit with any number.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use crate::meter::analysis::{Analysis, Analyzer, Chunk, FileFacts, Intake, Part, analysis_of, hours_for};

/// Chunks of 16 × 1024 frames: a queue holds at most 2 MB.
const PIECES: usize = 16;
const QUEUE: usize = 8;
/// Shorter files are not worth the threads: 10 s at 44.1 kHz.
const LEAST_FRAMES: u64 = 441_000;
/// The order in which parts are dealt out: the dearest first.
const DEALT: [usize; 4] = [1, 3, 0, 2];

/// Takes blocks of a file; both channels in equal length, or a mono signal and an empty slice.
pub type Feed<'a> = dyn FnMut(&[f64], &[f64]) + 'a;

/// Measures what `read` feeds, said to be `frames` long, with up to `threads` threads beside the caller's.
///
/// # Errors
/// Those of `read`.
pub fn measure_on<E>(
    facts: FileFacts,
    frames: u64,
    threads: usize,
    read: impl FnOnce(&mut Feed<'_>) -> Result<(), E>,
) -> Result<Analysis, E> {
    if threads > 1 && frames >= LEAST_FRAMES {
        return std::thread::scope(|scope| on_threads(scope, facts, frames, threads, read));
    }
    let mut analyzer = Analyzer::for_frames(facts, frames);
    read(&mut |left, right| analyzer.push(left, right))?;
    Ok(analyzer.finish())
}

fn on_threads<'scope, E>(
    scope: &'scope Scope<'scope, '_>,
    facts: FileFacts,
    frames: u64,
    threads: usize,
    read: impl FnOnce(&mut Feed<'_>) -> Result<(), E>,
) -> Result<Analysis, E> {
    let hours = hours_for(&facts, frames);
    let mut queues: Vec<SyncSender<Arc<Chunk>>> = Vec::new();
    let mut listeners = Vec::new();
    for parts in dealt(Part::all(&facts, hours), threads) {
        let (queue, chunks) = sync_channel(QUEUE);
        queues.push(queue);
        listeners.push(scope.spawn(move || listen(parts, &chunks)));
    }
    let send = |chunk: Chunk| {
        let chunk = Arc::new(chunk);
        // A listener that is gone has panicked, which is seen when it is joined.
        queues.iter().for_each(|queue| drop(queue.send(Arc::clone(&chunk))));
    };
    let mut intake = Intake::new(facts.channels, PIECES);
    let outcome = read(&mut |left, right| intake.push(left, right, |chunk| send(std::mem::take(chunk))));
    let (last, non_finite) = intake.finish();
    send(last);
    drop(queues);
    let parts: Vec<Part> =
        listeners.into_iter().flat_map(|l| l.join().unwrap_or_else(|panic| resume_unwind(panic))).collect();
    outcome.map(|()| analysis_of(facts, parts, non_finite))
}

/// The parts of each thread.
fn dealt(parts: [Part; 4], threads: usize) -> Vec<Vec<Part>> {
    let mut parts = parts.map(Some);
    let mut hands: Vec<Vec<Part>> = (0..threads.min(DEALT.len())).map(|_| Vec::new()).collect();
    let count = hands.len();
    for (turn, part) in DEALT.into_iter().enumerate() {
        hands[turn % count].extend(parts[part].take());
    }
    hands
}

fn listen(mut parts: Vec<Part>, chunks: &Receiver<Arc<Chunk>>) -> Vec<Part> {
    for chunk in chunks {
        parts.iter_mut().for_each(|part| part.push(&chunk));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise::Noise;

    /// Twelve seconds with something for every reading: tone, noise, clipped stretches, a number that is none.
    fn programme() -> [Vec<f64>; 2] {
        [0u32, 1].map(|channel| {
            let noise = Noise::new(3, channel);
            let mut x: Vec<f64> = (0..44_100 * 12)
                .map(|n| {
                    let tone = (f64::from(n) * (0.02 + 0.03 * f64::from(channel))).sin();
                    (tone + noise.triangular(i64::from(n)) * f64::from(n % 50_000) / 40_000.0)
                        .clamp(-1.0, 1.0)
                })
                .collect();
            x[7000] = f64::NAN;
            x
        })
    }

    fn measured(channels: u32, threads: usize, block: usize) -> Analysis {
        let [left, right] = programme();
        let facts = FileFacts { sample_rate_hz: 44_100, channels, bits: Some(24), ..FileFacts::default() };
        let read = |feed: &mut Feed<'_>| {
            for (l, r) in left.chunks(block).zip(right.chunks(block)) {
                feed(l, if channels > 1 { r } else { &[] });
            }
            Ok::<_, ()>(())
        };
        measure_on(facts, left.len() as u64, threads, read).unwrap()
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for channels in [1, 2] {
            let alone = measured(channels, 1, 4096);
            assert!(alone.measurements.integrated_lufs.is_some() && alone.measurements.min_psr_db.is_some());
            assert_eq!(alone.measurements.non_finite_samples, u64::from(channels));
            for threads in [2, 3, 4, 9] {
                assert_eq!(measured(channels, threads, 1000 + threads), alone, "{threads} threads");
            }
        }
    }

    #[test]
    fn what_the_reader_says_ends_the_pass() {
        let facts = FileFacts { sample_rate_hz: 44_100, channels: 2, ..FileFacts::default() };
        let read = |feed: &mut Feed<'_>| {
            feed(&[0.1; 100_000], &[0.1; 100_000]);
            Err("cancelled")
        };
        assert_eq!(measure_on(facts, 1_000_000, 4, read), Err("cancelled"));
    }
}
