//! Move money through Dwolla without ever paying twice.

mod ids;

pub use ids::{AccountId, CustomerId, FundingSourceId, OnDemandAuthorizationId, TransferId};
pub use payonce::journal::{self, Filter, Journal, PaymentId, Record, Standing, Summary};
pub use payonce::step::{Entry, Event, Expect};
pub use payonce::{
    Clock, Currency, Effect, Error, ErrorKind, Failure, Money, Name, Namespace, Operation, Pace, ParkReason,
    Receipt, ReferenceId, Secret, Settlement, Status, SystemClock, Timestamp,
};

/// An amount of United States dollars, the only currency there is here.
///
/// # Errors
/// `Invalid` when the text is no positive amount with at most two decimal places.
pub fn usd(amount: &str) -> Result<Money, Error> {
    Money::new(amount, Currency::USD)
}
