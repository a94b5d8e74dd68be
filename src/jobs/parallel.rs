//! The same work on many things with a few threads, results in the order of the things.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `work` on every item with at most `threads` threads; the results stand in the order of the items.
pub fn map_in_order<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            let result = work(index, item);
            results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            scope.spawn(worker);
        }
        worker();
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

/// Threads to use: as many as the machine has, or what the user allows.
pub fn thread_count(limit: Option<usize>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    limit.map_or(cores, |l| l.clamp(1, 64))
}

/// Threads for each of so many things worked on at the same time.
pub fn threads_each(threads: usize, things: usize) -> usize {
    threads / things.clamp(1, threads.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_with_any_number_of_threads() {
        let items: Vec<usize> = (0..57).collect();
        for threads in [1, 2, 5] {
            assert_eq!(
                map_in_order(&items, threads, |i, &x| i + x * 10),
                items.iter().map(|x| x * 11).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn threads_are_shared_out() {
        for (threads, things, each) in [(2, 1, 2), (2, 2, 1), (2, 14, 1), (8, 3, 2), (4, 0, 4), (1, 5, 1)] {
            assert_eq!(threads_each(threads, things), each);
        }
    }
}
