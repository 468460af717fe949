//! What the door decided, for those who are to know: the audit log, and whoever listens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use report::timestamp;
use serde::Serialize;
use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::audit::AuditLog;

/// A decision, as it is written. It has no pixel and no encoding.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Decision {
    pub(crate) time: String,
    /// What was asked: `recognize` or `verify`.
    pub(crate) question: &'static str,
    /// Who the face was claimed to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claim: Option<String>,
    /// Who it is; nothing for a stranger.
    pub(crate) person: Option<String>,
    /// The person's distance, or else the nearest one's.
    pub(crate) distance: Option<f32>,
    /// Below it faces are one person's.
    pub(crate) threshold: f32,
    pub(crate) verdict: Verdict,
}

/// How a decision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Somebody who is enrolled.
    Recognized,
    /// Nobody who is enrolled.
    Stranger,
    /// The person that was claimed, or two photos of one person.
    Same,
    /// Somebody else.
    Different,
    /// Not compared, since too many claims had failed.
    Refused,
}

/// Decisions that are kept for a listener who is slow; then it misses the oldest.
const BACKLOG: usize = 64;

/// Most who listen at a time: each holds a connection.
const MOST_LISTENERS: usize = 16;

/// Where decisions go.
#[derive(Debug)]
pub(crate) struct Decisions {
    audit: Option<AuditLog>,
    /// Nothing once the server ends.
    events: Mutex<Option<Sender<Arc<Decision>>>>,
    listeners: Arc<Semaphore>,
}

/// Hears decisions from now on.
pub(crate) struct Listener {
    pub(crate) events: Receiver<Arc<Decision>>,
    _permit: OwnedSemaphorePermit,
}

impl Decisions {
    pub(crate) fn new(audit: Option<AuditLog>) -> Self {
        let events = Mutex::new(Some(broadcast::channel(BACKLOG).0));
        Self { audit, events, listeners: Arc::new(Semaphore::new(MOST_LISTENERS)) }
    }

    /// Somebody who wants to hear.
    ///
    /// # Errors
    /// When the server ends, or too many listen already: which of them.
    pub(crate) fn listen(&self) -> Result<Listener, &'static str> {
        let events = self.events().as_ref().map(Sender::subscribe).ok_or("the server is ending")?;
        let permit = Arc::clone(&self.listeners).try_acquire_owned();
        let permit = permit.map_err(|_| "too many are listening already")?;
        Ok(Listener { events, _permit: permit })
    }

    /// Ends what listeners hear, so that the server need not wait for them.
    pub(crate) fn close(&self) {
        *self.events() = None;
    }

    // It is there or not.
    fn events(&self) -> MutexGuard<'_, Option<Sender<Arc<Decision>>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who is to know.
    pub(crate) fn record(&self, decision: Decision) {
        if let Some(audit) = &self.audit {
            audit.write(&decision);
        }
        if let Some(events) = &*self.events() {
            // Nobody may be listening.
            let _ = events.send(Arc::new(decision));
        }
    }

    /// Lets the audit log try again what it could not do. May wait for a disk.
    pub(crate) fn check(&self) {
        if let Some(audit) = &self.audit {
            audit.check();
        }
    }

    /// How the audit log was when it was last needed, in a word for readiness.
    pub(crate) fn audit_state(&self) -> &'static str {
        match &self.audit {
            None => "off",
            Some(audit) if audit.is_failing() => "failing",
            Some(_) => "ok",
        }
    }
}

/// Now, as RFC 3339 has it.
pub(crate) fn now() -> String {
    // A clock that shows a time before 1970 is wrong; 1970 says so.
    timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()))
}
