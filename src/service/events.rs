//! What happens, told to everybody who listens, in order; who was away for a while hears what he missed, or that he missed too much.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

/// Events kept for those who come back.
const MOST_KEPT: usize = 256;
/// Events that a listener may be behind before he is let go.
const MOST_WAITING: usize = 64;
/// Listeners at once.
const MOST_LISTENERS: usize = 512;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// 1, 2, 3 … since the service was started.
    pub number: u64,
    /// `published`, `reset` …
    pub kind: &'static str,
    /// JSON on one line.
    pub data: String,
}

/// Everybody who listens.
#[derive(Debug)]
pub struct Events {
    /// Names this run of the service: numbers begin anew with each.
    run: String,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    kept: VecDeque<Arc<Event>>,
    listeners: Vec<mpsc::Sender<Arc<Event>>>,
    closed: bool,
}

/// How one begins to listen.
#[derive(Debug)]
pub struct Listening {
    /// What was missed, oldest first; `None` when it cannot be told any more: what was fetched before has to be fetched anew.
    pub missed: Option<Vec<Arc<Event>>>,
    pub events: mpsc::Receiver<Arc<Event>>,
}

impl Events {
    #[must_use]
    pub fn new(run: String) -> Self {
        Self { run, inner: Mutex::default() }
    }

    /// What an event is known by to its listeners.
    #[must_use]
    pub fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// Tells everybody. Nobody is waited for: who is too far behind is let go, and may come back.
    pub fn tell(&self, kind: &'static str, data: String) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.last += 1;
        let event = Arc::new(Event { number: inner.last, kind, data });
        if inner.kept.len() == MOST_KEPT {
            inner.kept.pop_front();
        }
        inner.kept.push_back(Arc::clone(&event));
        inner.listeners.retain(|listener| listener.try_send(Arc::clone(&event)).is_ok());
    }

    /// Begins to listen, from behind the event of this id on, if it is known. `None` when too many listen already, or the service stops.
    #[must_use]
    pub fn listen(&self, last: Option<&str>) -> Option<Listening> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.listeners.retain(|listener| !listener.is_closed());
        if inner.closed || inner.listeners.len() >= MOST_LISTENERS {
            return None;
        }
        let missed = match last {
            None => Some(Vec::new()),
            Some(id) => {
                let number = id.strip_prefix(self.run.as_str()).and_then(|rest| rest.strip_prefix('-')?.parse().ok());
                let oldest = inner.kept.front().map_or(inner.last + 1, |event| event.number);
                let known = number.filter(|number: &u64| *number + 1 >= oldest && *number <= inner.last);
                known.map(|n| inner.kept.iter().filter(|event| event.number > n).cloned().collect())
            }
        };
        let (sender, events) = mpsc::channel(MOST_WAITING);
        inner.listeners.push(sender);
        Some(Listening { missed, events })
    }

    /// Ends every stream: the service stops.
    pub fn close(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.closed, inner.listeners) = (true, Vec::new());
    }

    /// How many listen now.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).listeners.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_hears_what_he_missed_or_that_it_cannot_be_told() {
        let events = Events::new("run".to_owned());
        let mut early = events.listen(None).expect("a place");
        events.tell("published", "1".to_owned());
        events.tell("published", "2".to_owned());
        assert_eq!(early.events.try_recv().expect("told").data, "1");
        let missed = |last: &str| {
            let listening = events.listen(Some(last)).expect("a place");
            listening.missed.map(|missed| missed.iter().map(|event| event.data.clone()).collect::<Vec<_>>())
        };
        assert_eq!(missed("run-1"), Some(vec!["2".to_owned()]));
        assert_eq!(missed("run-2"), Some(vec![]));
        assert_eq!(missed("run-3"), None, "an event that never was");
        assert_eq!(missed("earlier-1"), None, "another run");
        for n in 0..MOST_KEPT {
            events.tell("published", n.to_string());
        }
        assert_eq!(missed("run-1"), None, "too long ago");
        assert!(missed("run-2").is_some_and(|missed| missed.len() == MOST_KEPT));
        events.close();
        assert!(events.listen(None).is_none());
    }

    #[test]
    fn who_does_not_read_is_let_go_and_holds_nobody_up() {
        let events = Events::new("run".to_owned());
        let slow = events.listen(None).expect("a place");
        let mut quick = events.listen(None).expect("a place");
        for n in 0..=MOST_WAITING {
            events.tell("published", n.to_string());
            assert!(quick.events.try_recv().is_ok());
        }
        assert_eq!(events.listeners(), 1);
        assert_eq!(slow.events.len(), MOST_WAITING);
        let places: Vec<_> = std::iter::from_fn(|| events.listen(None)).take(MOST_LISTENERS + 1).collect();
        assert_eq!(places.len(), MOST_LISTENERS - 1);
    }
}
