//! What a request carries: read into memory within bounds, and taken apart.
//!
//! The bytes of all bodies together have a budget, which is taken as they arrive: a
//! client that sends slowly, or stops half way, holds little of it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};

use crate::api_error::ApiError;
use crate::connections::OpenConnection;

/// Most fields of a form.
const MOST_FIELDS: usize = 64;

/// A body of which nothing arrives for so long is given up.
const STALLED: Duration = Duration::from_secs(5);

/// The body of a request that is refused has so long to arrive.
const DISCARDED: Duration = Duration::from_secs(2);

/// Bytes that all bodies may occupy together.
#[derive(Debug)]
pub(crate) struct Budget {
    largest: usize,
    free: AtomicUsize,
    whole: usize,
}

/// A share of the budget, which is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    bytes: usize,
    budget: Arc<Budget>,
}

impl Budget {
    /// One body may have `largest` bytes, all together `whole`.
    pub(crate) fn new(largest: usize, whole: usize) -> Self {
        Self { largest, free: AtomicUsize::new(whole), whole }
    }

    /// Bytes in memory now.
    pub(crate) fn held(&self) -> usize {
        self.whole - self.free.load(Ordering::Relaxed)
    }

    /// Reads a body. One that stops arriving is given up.
    async fn read(
        self: &Arc<Self>,
        mut body: Body,
        connection: Option<&OpenConnection>,
    ) -> Result<(Vec<u8>, Share), ApiError> {
        if body.size_hint().lower() > self.largest as u64 {
            return Err(self.too_large());
        }
        let mut bytes = Vec::new();
        let mut share = Share { bytes: 0, budget: Arc::clone(self) };
        loop {
            let waiting = connection.map(OpenConnection::wait_for_body);
            let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
            let next = tokio::time::timeout(STALLED, next).await.map_err(|_| stalled())?;
            drop(waiting);
            let Some(frame) = next else { break };
            let frame = frame.map_err(|_| ApiError::bad_request("the body ends early"))?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > self.largest {
                return Err(self.too_large());
            }
            share.grow(data.len())?;
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, share))
    }

    /// Lets the body of a refused request arrive, and keeps nothing of it: a proxy that is still
    /// sending when the connection is closed answers 502 instead of what we said.
    pub(crate) async fn discard(&self, mut body: Body, connection: Option<&OpenConnection>) {
        if body.size_hint().lower() > self.largest as u64 {
            return;
        }
        let _waiting = connection.map(OpenConnection::wait_for_body);
        let arrive = async {
            let mut left = self.largest;
            while let Some(Ok(frame)) =
                poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
            {
                let bytes = frame.data_ref().map_or(0, |data| data.len());
                let Some(rest) = left.checked_sub(bytes) else { break };
                left = rest;
            }
        };
        // The answer is the same, whether all of it arrived or not.
        let _ = tokio::time::timeout(DISCARDED, arrive).await;
    }

    fn too_large(&self) -> ApiError {
        let error = format!("expected a body of at most {} bytes", self.largest);
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error)
    }
}

fn stalled() -> ApiError {
    let error = format!("nothing of the body arrived for {} seconds", STALLED.as_secs());
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", error)
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let take = |free: usize| free.checked_sub(bytes);
        let taken = self.budget.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_err() {
            return Err(ApiError::busy("too much is being uploaded; try again later"));
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.free.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

/// A form's fields, or a lone photo as the field `photo`.
#[derive(Debug)]
pub(crate) struct Form {
    fields: Vec<(String, Vec<u8>)>,
    _share: Share,
}

impl Form {
    /// Reads a request's body: `multipart/form-data` with these fields, or the bytes of a
    /// photo.
    pub(crate) async fn read(
        request: Request,
        budget: &Arc<Budget>,
        known: &[&str],
    ) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let form = "multipart/form-data";
        let is_form = kind
            .and_then(|kind| kind.get(..form.len()))
            .is_some_and(|kind| kind.eq_ignore_ascii_case(form));
        let (bytes, share) = budget.read(body, parts.extensions.get()).await?;
        if !is_form {
            return Ok(Self { fields: vec![("photo".to_owned(), bytes)], _share: share });
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        let bad_form = |error: String| ApiError::bad_request(format!("no form: {error}"));
        let mut multipart =
            Multipart::from_request(request, &()).await.map_err(|e| bad_form(e.body_text()))?;
        let mut fields = Vec::new();
        while let Some(field) = multipart.next_field().await.map_err(|e| bad_form(e.body_text()))? {
            if fields.len() == MOST_FIELDS {
                return Err(bad_form(format!("expected at most {MOST_FIELDS} fields")));
            }
            let name = field.name().unwrap_or_default().to_owned();
            if !known.contains(&&*name) {
                return Err(unknown_field(&name, known));
            }
            let bytes = field.bytes().await.map_err(|e| bad_form(e.body_text()))?;
            fields.push((name, bytes.to_vec()));
        }
        Ok(Self { fields, _share: share })
    }

    /// All files of a name.
    pub(crate) fn files(&mut self, name: &str) -> Vec<Vec<u8>> {
        let fields = self.fields.iter_mut().filter(|(field, _)| field == name);
        fields.map(|(_, bytes)| std::mem::take(bytes)).collect()
    }

    /// The one file of a name.
    pub(crate) fn file(&mut self, name: &str) -> Result<Vec<u8>, ApiError> {
        let mut files = self.files(name);
        match files.len() {
            1 => Ok(files.remove(0)),
            found => Err(ApiError::bad_request(format!(
                "expected one photo, as the body or as the form's field `{name}`, found {found}"
            ))),
        }
    }

    /// Whether there is such a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// A field of text, which may stand in the `query` instead.
    pub(crate) fn text(
        &mut self,
        name: &str,
        query: Option<String>,
    ) -> Result<Option<String>, ApiError> {
        let mut fields = self.files(name);
        if fields.len() > 1 {
            let error = format!("the form has {} fields `{name}`, expected one", fields.len());
            return Err(ApiError::bad_request(error));
        }
        let Some(bytes) = fields.pop() else { return Ok(query) };
        let text = String::from_utf8(bytes).map_err(|_| {
            ApiError::bad_request(format!("the form's field `{name}` is no UTF-8 text"))
        })?;
        match query {
            Some(query) if query != text => {
                let error = format!("`{name}` is one thing in the form and another in the query");
                Err(ApiError::bad_request(error))
            }
            _ => Ok(Some(text)),
        }
    }

    /// A field of `yes` or `no`, or of other words for them.
    pub(crate) fn choice(
        &mut self,
        name: &str,
        query: Option<String>,
        [yes, no]: [&str; 2],
    ) -> Result<bool, ApiError> {
        match self.text(name, query)?.as_deref() {
            None => Ok(false),
            Some(text) if text == no => Ok(false),
            Some(text) if text == yes => Ok(true),
            Some(_) => Err(ApiError::bad_request(format!("`{name}`: expected `{yes}` or `{no}`"))),
        }
    }
}

fn unknown_field(name: &str, known: &[&str]) -> ApiError {
    let start: String = name.chars().take(40).collect();
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let known = known.join(", ");
    ApiError::bad_request(format!("unknown field `{start}` of the form, expected one of {known}"))
}
