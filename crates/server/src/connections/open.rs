//! Which connections are open, and which of them wait for their client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A connection without a request stays open at least so long: time for one that has
/// arrived to be read, and for an answer to be written.
const MOMENT: Duration = Duration::from_millis(100);

/// A connection whose request's body does not get on stays open at least so long: a slow
/// network pauses now and then.
const PAUSE: Duration = Duration::from_secs(1);

/// The open connections.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenConnections(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    count: usize,
    /// Connections that wait for their client, by number.
    waiting: BTreeMap<u64, Waiting>,
}

/// A connection that waits for its client.
#[derive(Debug)]
struct Waiting {
    /// Whether part of a request's body has come. A slow sender is kept in preference to a
    /// silent client.
    has_begun: bool,
    /// From when on it may be closed for another.
    patient_until: Instant,
    close: Arc<Notify>,
}

/// Whether there is room for another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// There is.
    Free,
    /// Perhaps after this time.
    In(Duration),
    /// All are at work.
    None,
}

impl OpenConnections {
    fn locked(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes a connection if there is no room otherwise: of those without a request, or else
    /// of those with a part of one, the one that has waited for longest.
    pub(super) fn make_room(&self, most: usize) -> Room {
        self.make_room_at(most, Instant::now())
    }

    /// [`make_room`](Self::make_room) as of a time.
    fn make_room_at(&self, most: usize, now: Instant) -> Room {
        let mut open = self.locked();
        if open.count < most {
            return Room::Free;
        }
        let order = |waiting: &Waiting| (waiting.has_begun, waiting.patient_until);
        let first = open.waiting.iter().min_by_key(|(_, waiting)| order(waiting));
        let Some((&place, first)) = first else { return Room::None };
        let early = first.patient_until.saturating_duration_since(now);
        if !early.is_zero() {
            return Room::In(early);
        }
        if let Some(first) = open.waiting.remove(&place) {
            first.close.notify_one();
        }
        Room::Free
    }

    /// Adds a connection, which waits for a request.
    pub(super) fn add(&self) -> OpenConnection {
        self.locked().count += 1;
        let (place, close) = (Arc::default(), Arc::default());
        let connection = OpenConnection { open: self.clone(), place, close };
        connection.rest();
        connection
    }
}

/// One of the open connections.
#[derive(Clone, Debug)]
pub(crate) struct OpenConnection {
    open: OpenConnections,
    /// Its number among those that wait, if it does.
    place: Arc<Mutex<Option<u64>>>,
    close: Arc<Notify>,
}

/// As long as it exists, the connection waits for its client.
#[derive(Debug)]
pub(crate) struct BodyWait<'c>(&'c OpenConnection);

impl Drop for BodyWait<'_> {
    fn drop(&mut self) {
        self.0.work();
    }
}

impl OpenConnection {
    /// Waits for a request from now on.
    pub(super) fn rest(&self) {
        self.wait(false, MOMENT);
    }

    /// Waits for a further part of a request's body.
    pub(crate) fn wait_for_body(&self) -> BodyWait<'_> {
        self.wait(true, PAUSE);
        BodyWait(self)
    }

    /// Has a request to answer.
    pub(super) fn work(&self) {
        let mut place = self.place();
        if let Some(place) = place.take() {
            self.open.locked().waiting.remove(&place);
        }
    }

    fn wait(&self, has_begun: bool, patience: Duration) {
        let mut place = self.place();
        let mut open = self.open.locked();
        if let Some(place) = place.take() {
            open.waiting.remove(&place);
        }
        let patient_until = Instant::now() + patience;
        let (number, close) = (open.next, Arc::clone(&self.close));
        open.next += 1;
        open.waiting.insert(number, Waiting { has_begun, patient_until, close });
        *place = Some(number);
    }

    /// Ends when the connection has to make room.
    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }

    /// Takes it out: it is closed.
    pub(super) fn remove(&self) {
        self.work();
        self.open.locked().count -= 1;
    }

    fn place(&self) -> MutexGuard<'_, Option<u64>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_makes_room_and_who_works_does_not() {
        let open = OpenConnections::default();
        let [first, second] = [open.add(), open.add()];
        assert_eq!(open.make_room(3), Room::Free);
        first.work();
        second.work();
        assert_eq!(open.make_room(2), Room::None);
        // Half a body waits longer than a connection without a request.
        let before = Instant::now();
        let body = first.wait_for_body();
        assert!(matches!(open.make_room_at(2, before), Room::In(early) if early >= PAUSE));
        // But a connection without a request goes first.
        second.rest();
        assert_eq!(open.make_room_at(2, Instant::now() + MOMENT), Room::Free);
        let (first_place, second_place) = (first.place().is_some(), *second.place());
        let closed = second_place.is_none_or(|p| !open.locked().waiting.contains_key(&p));
        assert!(first_place && closed);
        drop(body);
        second.remove();
        first.remove();
        let open = open.locked();
        assert_eq!((open.count, open.waiting.len()), (0, 0));
    }

    #[test]
    fn the_one_that_has_waited_for_longest_is_closed() {
        let open = OpenConnections::default();
        let [first, second] = [open.add(), open.add()];
        assert_eq!(open.make_room_at(2, Instant::now() + MOMENT), Room::Free);
        let places = || {
            [&first, &second].map(|c| {
                let place = *c.place();
                place.is_some_and(|place| open.locked().waiting.contains_key(&place))
            })
        };
        assert_eq!(places(), [false, true]);
    }
}
