//! How much heavy work runs at once, and how much may wait; beyond that a request is told to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

/// Why a piece of work was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkFault {
    #[error("{waiting} pieces of work are waiting already: try again in a second")]
    Busy { waiting: usize },
    #[error("the work ended abnormally; the log says where")]
    Crashed,
    #[error("{0}")]
    Failed(String),
}

/// A bounded line before a bounded number of blocking threads.
#[derive(Clone, Debug)]
pub struct Slots {
    running: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most_waiting: usize,
}

/// Leaves the line when dropped, so that a cancelled wait is not counted for ever.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Slots {
    #[must_use]
    pub fn new(at_once: usize, most_waiting: usize) -> Self {
        Self { running: Arc::new(Semaphore::new(at_once.max(1))), waiting: Arc::default(), most_waiting }
    }

    /// As many at once as there are processors, and 256 in line.
    #[must_use]
    pub fn for_this_machine() -> Self {
        Self::new(std::thread::available_parallelism().map_or(2, usize::from), 256)
    }

    /// Runs `work` on a blocking thread as soon as a slot is free. A panic inside stays inside.
    ///
    /// # Errors
    /// [`WorkFault::Busy`] when the line is full, [`WorkFault::Crashed`] when the work panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkFault> {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(&self.waiting);
        if waiting >= self.most_waiting {
            return Err(WorkFault::Busy { waiting });
        }
        self.work(place, work).await
    }

    /// As [`Slots::run`], however long the line is: for the parts of something that was let in as a whole, whose number the caller bounds.
    ///
    /// # Errors
    /// [`WorkFault::Crashed`] when the work panicked.
    pub async fn run_admitted<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkFault> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.work(Place(&self.waiting), work).await
    }

    async fn work<T: Send + 'static>(
        &self,
        place: Place<'_>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkFault> {
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|_| WorkFault::Crashed)?;
        drop(place);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|_| WorkFault::Crashed)
    }

    /// How many wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_line_is_told_to_come_back_and_a_panic_stays_inside() {
        let slots = Slots::new(1, 1);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let slots = slots.clone();
            async move { slots.run(move || held.recv().is_ok()).await }
        });
        while slots.running.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let second = tokio::spawn({
            let slots = slots.clone();
            async move { slots.run(|| 2).await }
        });
        while slots.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(slots.run(|| 3).await, Err(WorkFault::Busy { waiting: 1 }));
        hold.send(()).expect("the first is still there");
        assert_eq!(first.await.expect("joins"), Ok(true));
        assert_eq!(second.await.expect("joins"), Ok(2));
        assert_eq!(slots.run(|| panic!("on purpose")).await, Err::<(), _>(WorkFault::Crashed));
        assert_eq!(slots.run(|| 4).await, Ok(4));
        assert_eq!(slots.waiting(), 0);
    }
}
