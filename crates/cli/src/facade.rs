//! The clients of both rails, for what a command asks of either alike: settings, the journal's payments, their end.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use dollr::{Dollr, DollrRail};
use dwolla::{Dwolla, DwollaRail};
use payonce::journal::{Filter, Journal, Listed};
use payonce::{Error, ErrorKind, Limits, Name, Operation, Payment, ReferenceId, Vitals};
use serde_json::Value;

use crate::rail::Rail;

/// The settings by the names of their variables.
pub(crate) type Variables = BTreeMap<String, OsString>;

/// Where a client's journal is.
pub(crate) enum Place<'p> {
    /// In this file, which is made if there is none.
    File(&'p Path),
    /// It is open already, and other clients may have it too.
    Open(Arc<dyn Journal>),
    /// Nowhere: nothing will be paid.
    Memory,
}

/// The client of one rail.
pub(crate) trait Facade: Clone + Send + Sync + Sized + 'static {
    /// The rail as the engine sees it.
    type Over: payonce::Rail;

    /// The rail's name.
    const RAIL: Rail;

    /// The client that the settings describe.
    fn open(variables: Variables, journal: Place<'_>) -> Result<Self, Error>;

    /// The client of a worker: so many payments in the middle of a call at any time.
    fn worker(variables: Variables, journal: Arc<dyn Journal>, concurrency: usize) -> Result<Self, Error>;

    /// Takes up what is free in the journal, and drives it, until it is stopped.
    fn work(&self, limits: Limits) -> impl Future<Output = Result<(), Error>> + Send;

    /// How the worker is.
    fn vitals(&self) -> Vitals;

    /// Lets the calls in flight end within that time, and begins no more; says whether they have ended.
    fn stop_within(&self, grace: Duration) -> impl Future<Output = bool> + Send;

    /// Fetches a token, and tells how far the provider's clock is ahead, to the second, if its reply told.
    fn sign_in(&self) -> impl Future<Output = Result<Option<TimeDelta>, Error>> + Send;

    /// Lets the calls in flight end, and begins no more.
    fn stop_driving(&self) -> impl Future<Output = ()> + Send;

    /// The provider's own record of a payment, as JSON, if it has one.
    fn record_of(
        &self,
        payment: &Payment<Self::Over>,
    ) -> impl Future<Output = Result<Option<Value>, Error>> + Send;

    /// The rail as the engine sees it: single requests, none repeated.
    fn rail(&self) -> &Self::Over;

    /// The key of the first attempt at a payment of that name, whether it was made or not.
    fn key(&self, operation: &Operation, name: &Name) -> ReferenceId;

    /// Finds a payment in the journal.
    fn find_payment(
        &self,
        name: &Name,
    ) -> impl Future<Output = Result<Option<Payment<Self::Over>>, Error>> + Send;

    /// Lists the journal's payments.
    fn list_payments(&self, filter: Filter) -> impl Future<Output = Result<Vec<Listed>, Error>> + Send;
}

/// What the provider has under the payment's key.
async fn execution(dollr: &Dollr, payment: &Payment<DollrRail>) -> Result<Option<Value>, Error> {
    match dollr.execution(payment.operation(), payment.reference_id()).await {
        Ok(execution) => Ok(Some(serde_json::json!(execution))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The transfer that the payment made.
async fn transfer(dwolla: &Dwolla, payment: &Payment<DwollaRail>) -> Result<Option<Value>, Error> {
    Ok(dwolla.transfer_of(payment).await?.map(|transfer| serde_json::json!(transfer)))
}

fn execution_key(dollr: &Dollr, operation: &Operation, name: &Name) -> ReferenceId {
    dollr.reference_id(operation, name)
}

/// Dwolla makes transfers and nothing else.
fn transfer_key(dwolla: &Dwolla, _: &Operation, name: &Name) -> ReferenceId {
    dwolla.reference_id(name)
}

macro_rules! facade {
    ($client:ident, $builder:path, $over:path, $record:ident, $key:ident) => {
        impl Facade for $client {
            type Over = $over;
            const RAIL: Rail = Rail::$client;

            fn open(variables: Variables, journal: Place<'_>) -> Result<Self, Error> {
                let builder = <$builder>::from_variables(variables)?;
                match journal {
                    Place::File(path) => builder.journal(path).build(),
                    Place::Open(journal) => builder.journal_with(journal).build(),
                    Place::Memory => builder.journal_in_memory().build(),
                }
            }

            fn worker(
                variables: Variables,
                journal: Arc<dyn Journal>,
                concurrency: usize,
            ) -> Result<Self, Error> {
                <$builder>::from_variables(variables)?.journal_with(journal).concurrency(concurrency).build()
            }

            async fn work(&self, limits: Limits) -> Result<(), Error> {
                self.work(limits).await
            }

            fn vitals(&self) -> Vitals {
                self.vitals()
            }

            async fn stop_within(&self, grace: Duration) -> bool {
                self.stop_within(grace).await
            }

            async fn sign_in(&self) -> Result<Option<TimeDelta>, Error> {
                self.sign_in().await
            }

            async fn stop_driving(&self) {
                self.stop().await;
            }

            async fn record_of(&self, payment: &Payment<Self::Over>) -> Result<Option<Value>, Error> {
                $record(self, payment).await
            }

            fn rail(&self) -> &Self::Over {
                self.rail()
            }

            fn key(&self, operation: &Operation, name: &Name) -> ReferenceId {
                $key(self, operation, name)
            }

            async fn find_payment(&self, name: &Name) -> Result<Option<Payment<Self::Over>>, Error> {
                self.find(name).await
            }

            async fn list_payments(&self, filter: Filter) -> Result<Vec<Listed>, Error> {
                self.list(filter).await
            }
        }
    };
}

facade!(Dollr, dollr::Builder, DollrRail, execution, execution_key);
facade!(Dwolla, dwolla::Builder, DwollaRail, transfer, transfer_key);
