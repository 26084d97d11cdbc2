//! Parallel outer loops on scoped threads: no global pool, so nothing to break across `fork`.

use std::cell::Cell;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::error::{Error, Result};
use crate::interrupt::{Stop, interrupted};

thread_local! {
    /// Whether this thread is running a task of a loop.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// How many threads a loop may use: `AVERTED_THREADS` if set, else what the machine offers.
pub fn threads() -> usize {
    let wanted = std::env::var("AVERTED_THREADS").ok().and_then(|v| v.parse().ok());
    wanted.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get)).max(1)
}

/// `(0..n).map(task)`, shared among threads, returned in order.
///
/// Which thread ran a task never shows in the result, so the answer does not depend on
/// [`threads`] as long as `task` depends on its index alone. A loop within a task runs on the task's own thread: the
/// outer loop has taken the others.
///
/// ```
/// assert_eq!(averted::parallel::map(4, |i| i * i), [0, 1, 4, 9]);
/// ```
pub fn map<T: Send>(n: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    share(n, || false, task)
}

/// [`map`], without the tasks that have not started when `stop` says so.
fn share<T: Send>(n: usize, stop: impl Fn() -> bool + Sync, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let workers = if INSIDE.get() { 1 } else { threads().min(n) };
    if workers <= 1 {
        return (0..n).take_while(|_| !stop()).map(task).collect();
    }
    let task = |i: usize| {
        INSIDE.set(true);
        let done = task(i);
        INSIDE.set(false);
        done
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n || stop() {
                return done;
            }
            done.push((i, task(i)));
        }
    };
    let stopping = Stop::here();
    let mut results: Vec<(usize, T)> = thread::scope(|scope| {
        let handles: Vec<_> = (1..workers).map(|_| scope.spawn(|| stopping.helping(work))).collect();
        let mut all = work();
        for handle in handles {
            match handle.join() {
                Ok(part) => all.extend(part),
                Err(panic) => resume_unwind(panic),
            }
        }
        all
    });
    results.sort_unstable_by_key(|&(i, _)| i);
    results.into_iter().map(|(_, value)| value).collect()
}

/// [`map`] for tasks that can fail, with a look at `watch` and at [`interrupted`] before each one.
///
/// # Errors
/// The error of the lowest failing index, or [`Error::Interrupted`] when `watch` asked to stop.
pub fn try_map<T: Send>(
    n: usize,
    watch: &Watch<'_>,
    task: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let stop = || watch.stop.load(Ordering::Relaxed) || interrupted();
    let results = share(n, stop, |i| if watch.stopped(i, n) { Err(Error::Interrupted) } else { task(i) });
    let results = results.into_iter().collect::<Result<Vec<T>>>()?;
    if results.len() == n { Ok(results) } else { Err(Error::Interrupted) }
}

/// Progress and interruption of a long loop: called with (tasks started, tasks in all), answers whether to stop.
///
/// ```
/// use averted::parallel::{Watch, try_map};
/// assert!(try_map(3, &Watch::none(), |i| Ok(i)).is_ok());
/// assert!(try_map(3, &Watch::new(&|_, _| true), |i| Ok(i)).is_err());
/// ```
pub struct Watch<'a> {
    ask: Option<&'a (dyn Fn(usize, usize) -> bool + Sync)>,
    stop: AtomicBool,
    started: AtomicUsize,
}

impl<'a> Watch<'a> {
    /// Nobody watches.
    pub fn none() -> Self {
        Self { ask: None, stop: AtomicBool::new(false), started: AtomicUsize::new(0) }
    }

    /// `ask(started, all)` returns true to stop.
    pub fn new(ask: &'a (dyn Fn(usize, usize) -> bool + Sync)) -> Self {
        Self { ask: Some(ask), ..Self::none() }
    }

    fn stopped(&self, _index: usize, all: usize) -> bool {
        let started = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(ask) = self.ask
            && !self.stop.load(Ordering::Relaxed)
            && ask(started, all)
        {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Watch, try_map};
    use crate::error::Error;

    #[test]
    fn map_keeps_the_order() {
        let squares = super::map(1_000, |i| i * i);
        assert!(squares.iter().enumerate().all(|(i, &s)| s == i * i));
    }

    #[test]
    fn a_loop_within_a_task_stays_on_its_thread() {
        let here = || std::thread::current().id();
        let alone = |_| super::map(8, |_| here()).into_iter().all(|id| id == here());
        if super::threads() > 1 {
            assert!(super::map(4, alone).into_iter().all(|one| one));
        }
        assert_eq!(super::map(3, |i| i), [0, 1, 2]);
    }

    #[test]
    fn nothing_is_started_after_the_end_of_the_watch() {
        let (asked, ran) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let tenth = |_: usize, _: usize| asked.fetch_add(1, Ordering::Relaxed) >= 10;
        let watch = Watch::new(&tenth);
        let found = try_map(usize::MAX, &watch, |_| Ok(ran.fetch_add(1, Ordering::Relaxed)));
        assert!(matches!(found, Err(Error::Interrupted)));
        assert!(ran.load(Ordering::Relaxed) <= 10);
        assert!(matches!(try_map(3, &watch, |_| Ok(0)), Err(Error::Interrupted)));
    }
}
