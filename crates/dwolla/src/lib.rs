//! Move money through Dwolla without ever paying twice.

mod ids;
#[allow(dead_code, reason = "the resources read their links with it")]
mod links;
mod returns;

pub use ids::{AccountId, CustomerId, FundingSourceId, OnDemandAuthorizationId, TransferId};
pub use links::{Link, Owner};
pub use payonce::journal::{self, Filter, Journal, PaymentId, Record, Standing, Summary};
pub use payonce::step::{Entry, Event, Expect};
pub use payonce::{
    Clock, Currency, Effect, Error, ErrorKind, Failure, Money, Name, Namespace, Operation, Pace, ParkReason,
    Receipt, ReferenceId, Secret, Settlement, Status, SystemClock, Timestamp,
};
pub use returns::{BankAfterReturn, RemovalRule, ReturnCode, ReturnWindow};

/// An amount of United States dollars, the only currency there is here.
///
/// # Errors
/// `Invalid` when the text is no positive amount with at most two decimal places.
pub fn usd(amount: &str) -> Result<Money, Error> {
    Money::new(amount, Currency::USD)
}
