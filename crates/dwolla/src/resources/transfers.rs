//! Transfers that were made: retrieved, listed with their fees, cancelled. To make one, there is
//! [`Dwolla::transfer`](crate::Dwolla::transfer).
//!
//! What must stay true: a transfer is cancelled only where the provider's own word, just read, allows it; and whatever a
//! cancellation is answered, what is said of it is what the transfer then is.

use payonce::journal::Intent;
use payonce::rail::Order;
use payonce::{Error, ErrorKind};
use payonce_rest::ask;

use super::search::ListTransfers;
use super::{Api, unreadable_answer};
use crate::client::{Dwolla, Payment};
use crate::ids::TransferId;
use crate::links::Owner;
use crate::raw::enums::CancelStatus;
use crate::raw::types;
use crate::status::{Transfer, TransferFailure, TransferStatus};

/// The most transfers that one payment's money is followed through. The provider is known to use three.
const LONGEST_CHAIN: usize = 10;

impl Dwolla {
    /// The transfers that were made, by this client or another.
    pub fn transfers(&self) -> Transfers {
        Transfers { api: Api::of(self) }
    }

    /// The transfer that a payment's present attempt made, by the provider's present word; none if the provider knows of
    /// none, which of a payment on its way is no proof that it will not. Reads only.
    ///
    /// ```no_run
    /// # async fn cancel(dwolla: dwolla::Dwolla) -> Result<(), dwolla::Error> {
    /// if let Some(payment) = dwolla.find("invoice/4711").await?
    ///     && let Some(transfer) = dwolla.transfer_of(&payment).await?
    /// {
    ///     dwolla.transfers().cancel(transfer.id).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What kept the provider's word from being read; of more than one transfer for the payment, an error that names them.
    pub async fn transfer_of(&self, payment: &Payment) -> Result<Option<Transfer>, Error> {
        let Intent { operation, name, contents, expect, .. } = payment.record().intent.clone();
        let order = Order { operation, name, reference_id: payment.reference_id(), contents, expect };
        let made = self.rail().made(&order).await.map_err(|setback| setback.error)?;
        made.map(|reply| Api::of(self).reading(|reader| Transfer::read(reply, reader))).transpose()
    }

    /// Whether a bank sent a payment's money back, by the provider's present word, however the payment ended: a transfer
    /// that was processed may be returned for up to 60 days more, and the payment stays completed. Where the money moved
    /// by several transfers, all of them are asked about. None says that there is no return *yet*. Reads only.
    ///
    /// ```no_run
    /// # async fn returned(dwolla: dwolla::Dwolla) -> Result<(), dwolla::Error> {
    /// if let Some(payment) = dwolla.find("invoice/4711").await?
    ///     && let Some(returned) = dwolla.returned(&payment).await?
    ///     && let Some(failure) = returned.failure
    /// {
    ///     println!("sent back with {}: {:?}", failure.code, failure.code.meaning());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`transfer_of`](Self::transfer_of).
    pub async fn returned(&self, payment: &Payment) -> Result<Option<Returned>, Error> {
        let Some(transfer) = self.transfer_of(payment).await? else { return Ok(None) };
        let transfers = self.transfers();
        for transfer in transfers.chain(transfer).await? {
            if transfer.status == TransferStatus::Failed {
                let failure = match transfers.failure(transfer.id.clone()).await {
                    Ok(failure) => Some(failure),
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::Forbidden
                        ) =>
                    {
                        None
                    }
                    Err(error) => return Err(error),
                };
                return Ok(Some(Returned { transfer, failure }));
            }
        }
        Ok(None)
    }
}

/// What a bank sent back: a payment's transfer, or one of those that its money moved by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Returned {
    /// The transfer that failed. It is another than the payment's own where only a part of the way was returned, such as
    /// the last one, from the payee's balance to a bank: the payee has the money then.
    pub transfer: Transfer,
    /// Why, with the return code; none where the provider does not say.
    pub failure: Option<TransferFailure>,
}

/// The transfers: retrieve, list, cancel, and why one failed.
///
/// ```no_run
/// use dwolla::{Cancellation, CustomerId, Dwolla, TransferId, TransferStatus};
///
/// # async fn transfers(dwolla: Dwolla, jane: CustomerId, id: TransferId) -> Result<(), dwolla::Error> {
/// let transfer = dwolla.transfers().retrieve(id.clone()).await?;
/// for fee in dwolla.transfers().fees(id.clone()).await? {
///     println!("{} of {}", fee.amount, transfer.amount);
/// }
/// for failed in dwolla.transfers().list(jane).status(TransferStatus::Failed).await? {
///     let failure = dwolla.transfers().failure(failed.id).await?;
///     println!("{failure}: the bank account is {:?}", failure.code.bank());
/// }
/// match dwolla.transfers().cancel(id).await? {
///     Cancellation::Cancelled(_) => println!("no money moves"),
///     Cancellation::TooLate(transfer) => println!("it is {}", transfer.status),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Transfers {
    api: Api,
}

/// What came of the wish to cancel a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a caller must treat both")]
pub enum Cancellation {
    /// It is cancelled, by this request or before: its money does not move.
    Cancelled(Transfer),
    /// It can no longer be cancelled: it is on its way, settled or failed, as its status says.
    TooLate(Transfer),
}

impl Transfers {
    /// The provider's present word on the transfer of that id. Reads only.
    ///
    /// A payment that was completed may be returned by a bank for up to 60 days more; its transfer is `failed` then.
    ///
    /// # Errors
    /// `Invalid` when the id has not the shape of one; `NotFound` when there is no such transfer; otherwise what kept
    /// the provider's word from being read.
    pub async fn retrieve(&self, id: TransferId) -> Result<Transfer, Error> {
        let id = id.checked()?;
        let seen = ask!(self.api.wire, |raw| raw.retrieve_transfer(id.as_str()));
        self.read(&id, seen.success()?)
    }

    /// The fees that the provider charged with the transfer of that id: transfers of their own, each of which names that
    /// one as [`created_from_transfer`](Transfer::created_from_transfer). Reads only.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve). `Unreadable` also when one of them is the fee of another transfer, or the
    /// provider says that there are more than it lists.
    pub async fn fees(&self, id: TransferId) -> Result<Vec<Transfer>, Error> {
        let id = id.checked()?;
        let seen = ask!(self.api.wire, |raw| raw.list_transfer_fees(id.as_str()));
        let types::FeeList { total, transactions } = seen.success()?;
        if usize::try_from(total) != Ok(transactions.len()) {
            return Err(unreadable_answer("a list of fees that is not as long as it says"));
        }
        let fees = transactions.into_iter().map(|fee| {
            let fee = self.api.reading(|reader| Transfer::read(fee, reader))?;
            match &fee.created_from_transfer {
                Some(parent) if *parent == id => Ok(fee),
                _ => Err(unreadable_answer("a list of fees that holds one of another transfer")),
            }
        });
        fees.collect()
    }

    /// Why the transfer of that id failed. Reads only.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve); `NotFound` also when the transfer has not failed.
    pub async fn failure(&self, id: TransferId) -> Result<TransferFailure, Error> {
        let id = id.checked()?;
        let seen = ask!(self.api.wire, |raw| raw.retrieve_transfer_failure(id.as_str()));
        let reply = seen.success()?;
        self.api.reading(|reader| TransferFailure::read(&id, reply, reader))
    }

    /// The transfers of a customer or an account, newest first as a rule. Fees are among them.
    pub fn list(&self, owner: impl Into<Owner>) -> ListTransfers {
        ListTransfers::of(self.api.clone(), owner.into())
    }

    /// Cancels the transfer of that id, if the provider still allows it.
    ///
    /// The transfer is read first, and the request is sent, once, only if it is pending and has a link to cancel it. If
    /// that fails it is read again: settlement may have been faster. When this returns `Ok`, what it returns was read
    /// from the provider. A crash in the middle leaves the transfer cancelled or not; asking again says which. A payment
    /// that is cancelled ends `Failed`, by itself, at its next look at the provider.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve). When the provider refuses although the transfer still looks cancellable, or does
    /// not answer, the error is that of the request, and asking again does no harm.
    pub async fn cancel(&self, id: TransferId) -> Result<Cancellation, Error> {
        let id = id.checked()?;
        if let Some(decided) = decided(self.retrieve(id.clone()).await?) {
            return Ok(decided);
        }
        let asked = types::CancelTransfer { status: CancelStatus::Cancelled };
        let seen = ask!(self.api.wire, |raw| raw.cancel_transfer(id.as_str(), None, &asked));
        let refused = match seen.success().and_then(|reply| self.read(&id, reply)) {
            Ok(transfer) if transfer.status == TransferStatus::Cancelled => {
                return Ok(Cancellation::Cancelled(transfer));
            }
            Ok(_) => unreadable_answer("a transfer that is not cancelled"),
            Err(error) => error,
        };
        match self.retrieve(id).await.ok().and_then(decided) {
            Some(decided) => Ok(decided),
            None => Err(refused),
        }
    }

    /// A transfer, and after it those that fund it and those that it funds, as far as the provider links them.
    async fn chain(&self, transfer: Transfer) -> Result<Vec<Transfer>, Error> {
        let mut chain = vec![transfer];
        let mut seen = 0;
        while let Some(transfer) = chain.get(seen) {
            seen += 1;
            let next = [transfer.funding_transfer.clone(), transfer.funded_transfer.clone()];
            for id in next.into_iter().flatten() {
                if chain.iter().any(|known| known.id == id) {
                    continue;
                }
                if chain.len() == LONGEST_CHAIN {
                    return Err(unreadable_answer("transfers that fund each other without an end"));
                }
                chain.push(self.retrieve(id).await?);
            }
        }
        Ok(chain)
    }

    /// Reads a reply about the transfer that was asked for.
    fn read(&self, id: &TransferId, reply: types::Transfer) -> Result<Transfer, Error> {
        self.api.reading(|reader| {
            reader.is_same(&reply.id, id, "transfer")?;
            Transfer::read(reply, reader)
        })
    }
}

/// What there is to say without a request; none if it can be cancelled.
fn decided(transfer: Transfer) -> Option<Cancellation> {
    match transfer.status {
        TransferStatus::Cancelled => Some(Cancellation::Cancelled(transfer)),
        _ if transfer.is_cancellable() => None,
        _ => Some(Cancellation::TooLate(transfer)),
    }
}
