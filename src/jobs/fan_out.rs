//! One pass into many sinks, each on a thread of its own behind a short queue: conversion, dither and encoding of the
//! deliverables run beside the rendering and beside each other.
//!
//! Every sink sees the same blocks in the same order whatever runs where, under the same floating-point mode, so the
//! files do not depend on the number of threads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, ScopedJoinHandle};

use crate::audio::fpu::FpuGuard;
use crate::deliver::{DeliverError, Sink, Written};
use crate::units::Frames;

/// Blocks a sink may lag behind: 32 of at most 64 KiB, shared between the sinks.
const QUEUE_BLOCKS: usize = 32;

/// Takes the blocks of a pass: album position, left, right.
pub type Push<'a> = dyn FnMut(Frames, &[f64], &[f64]) -> Result<(), DeliverError> + 'a;

/// Runs `pass`, gives every block it pushes to every sink, and completes the sinks if it came to its end; else they are
/// dropped and leave nothing. What each wrote, in the order of the sinks. One thread does it all on the calling one.
///
/// # Errors
/// Of the pass, or the first sink's in their order.
pub fn fan_out<R, E: From<DeliverError>>(
    sinks: Vec<Box<dyn Sink>>,
    threads: usize,
    pass: impl FnOnce(&mut Push<'_>) -> Result<R, E>,
) -> Result<(R, Vec<Vec<Written>>), E> {
    if threads <= 1 { one_by_one(sinks, pass) } else { beside(sinks, pass) }
}

fn one_by_one<R, E: From<DeliverError>>(
    mut sinks: Vec<Box<dyn Sink>>,
    pass: impl FnOnce(&mut Push<'_>) -> Result<R, E>,
) -> Result<(R, Vec<Vec<Written>>), E> {
    let result =
        pass(&mut |start, left, right| sinks.iter_mut().try_for_each(|sink| sink.push(start, left, right)))?;
    let _fpu = FpuGuard::new();
    let written = sinks.into_iter().map(Sink::finish).collect::<Result<_, _>>()?;
    Ok((result, written))
}

/// A stretch of the tap on its way to all sinks.
struct TapBlock {
    start: Frames,
    left: Vec<f64>,
    right: Vec<f64>,
}

enum Message {
    Block(Arc<TapBlock>),
    Finish,
}

fn beside<R, E: From<DeliverError>>(
    sinks: Vec<Box<dyn Sink>>,
    pass: impl FnOnce(&mut Push<'_>) -> Result<R, E>,
) -> Result<(R, Vec<Vec<Written>>), E> {
    std::thread::scope(|scope| {
        let mut queues: Vec<SyncSender<Message>> = Vec::new();
        let mut threads = Vec::new();
        for (number, sink) in sinks.into_iter().enumerate() {
            let (sender, queue) = sync_channel(QUEUE_BLOCKS);
            let spawned = Builder::new()
                .name(format!("gm-sink-{number}"))
                .spawn_scoped(scope, move || run_sink(sink, &queue))
                .map_err(|e| DeliverError::Refused(format!("no thread for a deliverable: {e}")))?;
            queues.push(sender);
            threads.push(spawned);
        }
        let result = pass(&mut |start, left, right| {
            let block = Arc::new(TapBlock { start, left: left.to_vec(), right: right.to_vec() });
            queues.iter().try_for_each(|queue| {
                // A sink that hung up says why when it is joined.
                queue.send(Message::Block(Arc::clone(&block))).map_err(|_closed| DeliverError::Cancelled)
            })
        });
        if result.is_ok() {
            for queue in &queues {
                // The same: whoever does not hear this has an error to tell.
                drop(queue.send(Message::Finish));
            }
        }
        drop(queues);
        let written = threads.into_iter().map(joined).collect::<Vec<_>>();
        let written = written.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok((result?, written))
    })
}

/// What a sink wrote: nothing if the pass broke off.
fn run_sink(mut sink: Box<dyn Sink>, queue: &Receiver<Message>) -> Result<Vec<Written>, DeliverError> {
    let _fpu = FpuGuard::new();
    for message in queue {
        match message {
            Message::Block(block) => sink.push(block.start, &block.left, &block.right)?,
            Message::Finish => return sink.finish(),
        }
    }
    Ok(Vec::new())
}

fn joined(
    thread: ScopedJoinHandle<'_, Result<Vec<Written>, DeliverError>>,
) -> Result<Vec<Written>, DeliverError> {
    thread.join().unwrap_or_else(|_panic| {
        Err(DeliverError::Refused(
            "a deliverable stopped for an unknown reason; nothing of it was written".to_owned(),
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Writes the sum of the frames it got into its file's name; fails at a block if told so.
    struct Adder {
        id: usize,
        fail_at: Option<Frames>,
        sum: f64,
        next: Frames,
        alive: Arc<AtomicUsize>,
    }

    impl Sink for Adder {
        fn push(&mut self, start: Frames, left: &[f64], right: &[f64]) -> Result<(), DeliverError> {
            assert_eq!(start, self.next);
            self.next += Frames(left.len() as i64);
            self.sum += left.iter().chain(right).sum::<f64>();
            match self.fail_at {
                Some(at) if at <= start => Err(DeliverError::Refused(format!("sink {} fails", self.id))),
                _ => Ok(()),
            }
        }

        fn finish(self: Box<Self>) -> Result<Vec<Written>, DeliverError> {
            let name = PathBuf::from(format!("{}: {}", self.id, self.sum));
            Ok(vec![Written::other(name, "test", "", String::new(), 0)])
        }
    }

    impl Drop for Adder {
        fn drop(&mut self) {
            self.alive.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn run(fails: [Option<Frames>; 3], threads: usize, blocks: i64) -> Result<Vec<String>, DeliverError> {
        let alive = Arc::new(AtomicUsize::new(3));
        let sinks = fails.iter().enumerate().map(|(id, fail_at)| {
            let alive = Arc::clone(&alive);
            Box::new(Adder { id, fail_at: *fail_at, sum: 0.0, next: Frames(0), alive }) as Box<dyn Sink>
        });
        let done = fan_out(sinks.collect(), threads, |push| {
            for block in 0..100 {
                if block == blocks {
                    return Err(DeliverError::Refused("the pass broke off".to_owned()));
                }
                push(Frames(block * 2), &[1.0, 2.0], &[0.5, block as f64])?;
            }
            Ok(())
        });
        assert_eq!(alive.load(Ordering::SeqCst), 0, "a sink outlived its delivery");
        let names = |w: &Written| w.path.to_string_lossy().into_owned();
        done.map(|((), written)| written.iter().flatten().map(names).collect())
    }

    #[test]
    fn every_sink_gets_every_block_in_order() {
        // 100 blocks of 3.5 and the numbers 0 to 99: 350 + 4950.
        for threads in [1, 2] {
            assert_eq!(run([None; 3], threads, -1).unwrap(), ["0: 5300", "1: 5300", "2: 5300"]);
        }
    }

    #[test]
    fn the_sink_that_fails_is_the_error_and_a_broken_pass_completes_nothing() {
        for threads in [1, 2] {
            let error = run([None, Some(Frames(10)), None], threads, -1).unwrap_err();
            assert_eq!(error.to_string(), "sink 1 fails");
            assert_eq!(run([None; 3], threads, 50).unwrap_err().to_string(), "the pass broke off");
        }
    }
}
