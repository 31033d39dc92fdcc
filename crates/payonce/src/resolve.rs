//! What a person decides about a parked payment, and the provider's word that the decision is held against.
//!
//! What must stay true: nothing here sends money. A decision is written down or refused; whether anything may be sent
//! after it is for [`step::next`](crate::step::next) alone, which keeps the key and the fence, because a person may be
//! wrong.

use crate::engine::Inner;
use crate::error::{Effect, Error, ErrorKind};
use crate::journal::{Key, Record, Standing};
use crate::payment::Payment;
use crate::rail::{LookUp, Order, Rail, Report};
use crate::step::{Decision, Entry, Event, Receipt};

/// The longest text of a decision, in characters.
const MAX_TEXT: usize = 1000;

impl<R: Rail> Payment<R> {
    /// Asks the provider for its present word on the payment's present key, once. `None` means that it knows no such key,
    /// which of a payment on its way is no proof that it will not. Changes nothing here or there.
    ///
    /// # Errors
    /// Whatever kept the provider's word from being read.
    pub async fn look_up(&self) -> Result<Option<Report>, Error> {
        let record = self.read().await?;
        let order = Order::of(&record.intent, record.state()?.reference_id());
        self.inner().asked(&order).await
    }

    /// Writes down that the money of a parked payment moved, because somebody has seen so: the payment is completed then,
    /// and is never made again. Where the provider itself says so, its receipt is written instead.
    ///
    /// When it returns `Ok`, the decision is durable, with who made it and why; nothing can undo it. A crash in the middle
    /// leaves it made or not made. Neither text may hold a secret: the journal keeps both.
    ///
    /// # Errors
    /// `NotParked` when there is nothing to decide; `Contradicted` when the provider says that the money did not move, or
    /// knows the movement by another id; `Invalid` when a text is empty, or the receipt is of another key; `Journal` when it
    /// could not be written.
    pub async fn resolve_as_paid(&self, receipt: Receipt, by: &str, reason: &str) -> Result<Self, Error> {
        let record = self.undecided().await?;
        let order = Order::of(&record.intent, record.state()?.reference_id());
        let contradicted = |message: String| contradicted(&order, message);
        let receipt = match self.inner().asked(&order).await {
            Ok(Some(Report::Completed(told))) => {
                match (&receipt.provider_transaction_id, &told.provider_transaction_id) {
                    (Some(here), Some(there)) if here != there => {
                        return Err(contradicted(format!(
                            "the provider completed it as {there}, and not as {here}"
                        )));
                    }
                    _ => Receipt {
                        provider_transaction_id: told
                            .provider_transaction_id
                            .or(receipt.provider_transaction_id),
                        ..told
                    },
                }
            }
            Ok(Some(Report::Failed(failure))) => {
                return Err(contradicted(format!("the provider says that no money moved: {failure}")));
            }
            // It gives no end, which is why a person is asked.
            Ok(Some(Report::Pending { .. }) | None) | Err(_) => receipt,
        };
        self.resolve(record, Decision::Paid { receipt }, by, reason).await
    }

    /// Writes down that the money of a parked payment did not move, because somebody has made sure of it: the payment has
    /// failed then, and nothing is sent unless [`again`](Self::again) is called.
    ///
    /// The provider is asked first. If it holds the attempt as failed, its key is used up. Otherwise the key is kept, and
    /// trying again begins with a look-up and waits for the fence, so that a request which comes late after all, and the
    /// new attempt, can never both be executed.
    ///
    /// When it returns `Ok`, the decision is durable, with who made it and why. A crash in the middle leaves it made or not
    /// made. Neither text may hold a secret: the journal keeps both.
    ///
    /// # Errors
    /// `NotParked` when there is nothing to decide; `Contradicted` when the provider says that the money moved, or has the
    /// payment and may still move it; `Invalid` when a text is empty; `Journal` when it could not be written.
    pub async fn resolve_as_not_paid(&self, by: &str, reason: &str) -> Result<Self, Error> {
        let record = self.undecided().await?;
        let state = record.state()?;
        let order = Order::of(&record.intent, state.reference_id());
        let contradicted = |message: String| Err(contradicted(&order, message));
        let recorded = match self.inner().asked(&order).await {
            Ok(Some(Report::Completed(receipt))) => {
                let id = receipt.provider_transaction_id.as_deref().unwrap_or("it gives no id");
                return contradicted(format!("the provider says that the money moved ({id})"));
            }
            Ok(Some(Report::Pending { .. })) => {
                return contradicted("the provider has the payment and may still make it".to_owned());
            }
            Ok(Some(Report::Failed(failure))) => failure.recorded,
            Ok(None) | Err(_) => false,
        };
        self.resolve(record, Decision::NotPaid { recorded }, by, reason).await
    }

    /// The payment as the journal has it at this moment.
    async fn read(&self) -> Result<Record, Error> {
        let found = self.inner().find(Key::Name(self.name().clone())).await?;
        found.ok_or_else(|| {
            let message = format!("the journal holds no payment {:?} any more", self.name().as_str());
            Error::new(ErrorKind::UnknownPayment, message)
        })
    }

    async fn undecided(&self) -> Result<Record, Error> {
        let record = self.read().await?;
        let state = record.state()?;
        match Standing::of(&state) {
            Standing::Parked => Ok(record),
            standing => {
                let message =
                    format!("only a parked payment waits for a decision, and this one is {standing}");
                let effect = if state.in_doubt() { Effect::Unknown } else { Effect::None };
                let error = Error::new(ErrorKind::NotParked, message).with_effect(effect);
                Err(error.with_payment(self.operation().clone(), state.reference_id()))
            }
        }
    }

    async fn resolve(
        &self,
        record: Record,
        decision: Decision,
        by: &str,
        reason: &str,
    ) -> Result<Self, Error> {
        let (by, reason) = (text("who decided", by)?, text("why", reason)?);
        let at = self.inner().clock.now();
        let entry = Entry { at, event: Event::Resolved { decision, by, reason } };
        let mut state = record.state()?;
        state.apply(&entry).map_err(|source| {
            let message = "that cannot be decided of this payment: the provider itself said what it moved, and under which key";
            Error::new(ErrorKind::Invalid, message).with_source(source)
        })?;
        self.inner().journal.resolve(&record, entry.clone(), Standing::of(&state)).await?;
        let mut record = record;
        record.entries.push(entry);
        Ok(self.at(record, state.reference_id()))
    }
}

impl<R: Rail> Inner<R> {
    /// The provider's present word on an order. `None` when it knows no such key.
    pub(crate) async fn asked(&self, order: &Order) -> Result<Option<Report>, Error> {
        match self.rail.look_up(order).await {
            LookUp::Found(report) => Ok(Some(report)),
            LookUp::NotFound(_) => Ok(None),
            LookUp::Setback(setback) => {
                Err(setback.error.with_payment(order.operation.clone(), order.reference_id))
            }
        }
    }
}

fn contradicted(order: &Order, message: String) -> Error {
    Error::new(ErrorKind::Contradicted, message)
        .with_effect(Effect::Unknown)
        .with_payment(order.operation.clone(), order.reference_id)
}

/// A text that a person reads later: there is one, it is short, and it is one line.
fn text(what: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT || text.contains(char::is_control) {
        let message = format!("nothing was decided: {what} takes one line of 1 to {MAX_TEXT} characters");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(text.to_owned())
}
