//! Ctrl-C within one long computation: loops ask here whether to go on.
//!
//! ```
//! use averted::interrupt::{interrupted, interruptible};
//! let steps = interruptible(Box::new(|| true), || (0..10).take_while(|_| !interrupted()).count());
//! assert_eq!(steps, 0);
//! assert!(!interrupted());
//! ```

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Answers whether to stop.
pub type Ask = Box<dyn Fn() -> bool>;

/// Raised once somebody asked to stop, and seen by every thread at work for them.
#[derive(Debug, Clone, Default)]
pub struct Stop(Option<Arc<AtomicBool>>);

struct Watched {
    stop: Stop,
    /// None on threads that help: only the one that began may ask.
    ask: Option<Ask>,
}

thread_local! {
    static WATCHED: RefCell<Watched> = const { RefCell::new(Watched { stop: Stop(None), ask: None }) };
}

/// Puts back what this thread looked at before, also when a panic passes.
struct Before(Option<Watched>);

impl Drop for Before {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            WATCHED.replace(before);
        }
    }
}

fn under<T>(watched: Watched, work: impl FnOnce() -> T) -> T {
    let _before = Before(Some(WATCHED.replace(watched)));
    work()
}

/// Does `work`, in which [`interrupted`] asks `ask`, on this thread alone, until that first says to stop.
///
/// What ends early for it ends in [`crate::Error::Interrupted`] or, where several ways are tried, in whatever the ways
/// left say: the caller knows that it asked to stop.
pub fn interruptible<T>(ask: Ask, work: impl FnOnce() -> T) -> T {
    under(Watched { stop: Stop(Some(Arc::default())), ask: Some(ask) }, work)
}

/// Whether to stop. Costs nanoseconds and what is asked; called once a step of whatever takes milliseconds.
pub fn interrupted() -> bool {
    WATCHED.with_borrow(|watched| {
        let Some(stop) = &watched.stop.0 else { return false };
        if !stop.load(Ordering::Relaxed) && watched.ask.as_ref().is_some_and(|ask| ask()) {
            stop.store(true, Ordering::Relaxed);
        }
        stop.load(Ordering::Relaxed)
    })
}

impl Stop {
    /// That of this thread, for those that help it.
    pub fn here() -> Self {
        WATCHED.with_borrow(|watched| watched.stop.clone())
    }

    /// Does `work` on a thread that helps.
    pub fn helping<T>(&self, work: impl FnOnce() -> T) -> T {
        under(Watched { stop: self.clone(), ask: None }, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_ends_when_it_is_asked_to_and_its_helpers_with_it() {
        let looks = std::rc::Rc::new(std::cell::Cell::new(0));
        let seen = looks.clone();
        let ask: Ask = Box::new(move || {
            seen.set(seen.get() + 1);
            seen.get() > 3
        });
        let (steps, helper) = interruptible(ask, || {
            let stop = Stop::here();
            let before = std::thread::scope(|s| s.spawn(|| stop.helping(interrupted)).join());
            assert!(!before.expect("an answer"));
            let steps = (0..10).take_while(|_| !interrupted()).count();
            (steps, std::thread::scope(|s| s.spawn(|| stop.helping(interrupted)).join()))
        });
        assert_eq!((steps, helper.expect("an answer")), (3, true));
        // It is asked no more once it has said so, and nothing is left behind.
        assert_eq!(looks.get(), 4);
        assert!(!interrupted());
    }
}
