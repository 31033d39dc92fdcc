//! Everything of the provider beside making a transfer: transfers that were made, customers, accounts, funding sources.
//!
//! What must stay true: nothing here moves money; a question may be asked twice, a creation is sent once; and what cannot
//! be read is an error that names it, never a panic and never a silent default.

use std::fmt;
use std::sync::Arc;

use payonce::{Error, ErrorKind};
use payonce_rest::{blame, created};

use crate::classify::Seen;
use crate::client::Dwolla;
use crate::links::Pin;
use crate::reader::Reader;
use crate::transport::Wire;

pub(crate) mod accounts;
pub(crate) mod banks;
pub(crate) mod customers;
pub(crate) mod funding_sources;
pub(crate) mod on_demand_authorizations;
pub(crate) mod search;
pub(crate) mod simulations;
pub(crate) mod transfers;

/// The way to the provider, as each resource's handle holds it.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) wire: Arc<Wire>,
    pub(crate) pin: Pin,
}

impl Api {
    pub(crate) fn of(client: &Dwolla) -> Self {
        Self { wire: Arc::clone(client.rail().wire()), pin: client.rail().pin().clone() }
    }

    /// Has a reply read, by a reader of its texts and links.
    pub(crate) fn reading<T>(&self, read: impl FnOnce(Reader<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let clean = |text: &str, secret: Option<&crate::raw::Secret>| self.wire.clean(text, secret);
        read(Reader { pin: &self.pin, clean: &clean })
    }

    /// Reads where the thing is that a call made. `what` may have been made all the same when that cannot be read, and
    /// `look` is how to find out. What is there already is named by the error, or taken, if `or_existing`.
    pub(crate) fn made<Id: fmt::Display>(
        &self,
        seen: Seen<Option<String>>,
        read: impl Fn(&Pin, &'static str, &str) -> Result<Id, Error>,
        (what, look): (&str, &str),
        or_existing: bool,
    ) -> Result<Id, Error> {
        if let Seen::Answer(head, Some(problem)) = &seen
            && let Some(Ok(there)) = problem.duplicate_of().map(|href| read(&self.pin, "about", href))
        {
            if or_existing {
                return Ok(there);
            }
            let refused = blame(head, Some(problem));
            let named = format!("{}; {what} that is there already is {there}", refused.message());
            let named = Error::new(refused.kind(), named).with_status(head.status);
            return Err(named.with_request_id(head.request_id.clone()));
        }
        let place = created(seen, what, look)?;
        let nowhere = || Error::new(ErrorKind::Unreadable, "the provider does not say where it is");
        let id = place.ok_or_else(nowhere).and_then(|place| read(&self.pin, "location", &place));
        id.map_err(|error| {
            Error::new(ErrorKind::Unreadable, format!("{what} was created, but its id is not known: {look}"))
                .with_source(error)
        })
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wire.fmt(f)
    }
}

/// The error for an answer that is not one.
pub(crate) fn unreadable_answer(what: &str) -> Error {
    Error::new(ErrorKind::Unreadable, format!("the provider answered with {what}"))
}

/// Refuses text that the provider cannot mean to keep: empty, too long, or with control characters. `what` names it.
pub(crate) fn line(what: &str, text: String, longest: usize) -> Result<String, Error> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        let message = format!("{what} is empty or holds a control character");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    let length = text.chars().count();
    if length > longest {
        let message = format!("{what} has {length} characters; the provider takes {longest}");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(text)
}
