//! Dollr as a rail of the engine: open a session, execute it once, read its status.
//!
//! What must stay true: `submit` puts at most one request on the wire; what is journaled (the body) holds no
//! passcode, which is added here at the last moment; and a session is used only if it is for what was asked.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use payonce::rail::{LookUp, Order, Preparation, Rail, Setback, Submission, Then};
use payonce::{Error, ErrorKind, Money, ReferenceId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::classify::{self, Seen};
use crate::collect;
use crate::ids::{AccountId, CounterpartyId, PaymentIntentId, SessionId, WalletId};
use crate::orders::{Contents, DocumentTerms, Movement, Source};
use crate::raw;
use crate::raw::types::{
    CheckoutExecutionPayload, CreateCheckoutSessionPayload, CreatePayoutSessionPayload,
    CreateRefundSessionPayload, CreateTransferSessionPayload, ExecutionResponse, PasscodePayload,
    PayoutExecutionPayload, RefundExecutionPayload, TransferExecutionPayload,
};
#[cfg(feature = "realtime")]
use crate::realtime::Live;
use crate::transport::{Wire, ask, once};
#[cfg(feature = "realtime")]
use payonce::rail::Report;

/// How long a session for a transfer or a refund may be executed. For the others the provider decides.
const SESSION: TimeDelta = TimeDelta::minutes(15);

/// Dollr, as the engine sees it.
pub struct DollrRail {
    wire: Arc<Wire>,
    passcode: Option<PasscodePayload>,
    #[cfg(feature = "realtime")]
    live: Option<Arc<Live>>,
}

impl fmt::Debug for DollrRail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DollrRail").field("wire", &self.wire).finish_non_exhaustive()
    }
}

/// What is journaled of the request that executes a payout: all of it but the passcode.
#[derive(Serialize, Deserialize)]
struct PayoutBody {
    payout_account_id: String,
    reference_id: uuid::Uuid,
    session_id: String,
}

impl DollrRail {
    pub(crate) fn new(wire: Arc<Wire>, passcode: Option<PasscodePayload>) -> Self {
        Self {
            wire,
            passcode,
            #[cfg(feature = "realtime")]
            live: None,
        }
    }

    #[cfg(feature = "realtime")]
    pub(crate) fn with_live(self, live: Option<Arc<Live>>) -> Self {
        Self { live, ..self }
    }

    #[cfg(feature = "realtime")]
    pub(crate) fn live(&self) -> Option<&Arc<Live>> {
        self.live.as_ref()
    }

    /// Has a collection that the provider has not ended followed over the realtime channel, and no other.
    #[cfg(feature = "realtime")]
    fn follow(&self, order: &Order, report: &Report) {
        let Some(live) = &self.live else { return };
        match report {
            Report::Pending { .. } if order.operation.as_str() == Movement::Collection.as_str() => {
                live.follow(order.reference_id);
            }
            _ => live.leave(order.reference_id),
        }
    }

    pub(crate) fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    pub(crate) fn has_passcode(&self) -> bool {
        self.passcode.is_some()
    }

    fn clean(&self) -> impl Fn(&str, Option<&raw::Secret>) -> String {
        |text, secret| self.wire.clean(text, secret)
    }

    /// Reads the status of an execution, with one more try if the token is refused.
    pub(crate) async fn read_status(
        &self,
        movement: Movement,
        reference_id: ReferenceId,
    ) -> Seen<ExecutionResponse> {
        let key = &reference_id.as_uuid();
        match movement {
            Movement::Collection => ask!(self.wire, |raw| raw.get_collection_status(key)),
            Movement::Payout => ask!(self.wire, |raw| raw.get_payout_status(key)),
            Movement::Transfer => ask!(self.wire, |raw| raw.get_transfer_status(key)),
            Movement::Refund => ask!(self.wire, |raw| raw.get_refund_status(key)),
        }
    }

    async fn open_payout(&self, order: &Order, account: AccountId, amount: Money) -> Preparation {
        let ask = CreatePayoutSessionPayload {
            amount: amount.amount().into(),
            currency: amount.currency().to_string(),
            payout_account_id: account.value(),
        };
        let seen = ask!(self.wire, |raw| raw.create_payout_session(&ask));
        classify::preparation(seen, |session| {
            let same = (session.amount, &session.currency, session.payout_account_id)
                == (ask.amount, &ask.currency, ask.payout_account_id);
            let body = PayoutBody {
                payout_account_id: account.to_string(),
                reference_id: order.reference_id.as_uuid(),
                session_id: SessionId::from(session.id).to_string(),
            };
            prepared(same, &body, session.expires_at.utc())
        })
    }

    async fn open_transfer(
        &self,
        order: &Order,
        (wallet, counterparty): (WalletId, CounterpartyId),
        amount: Money,
    ) -> Preparation {
        let expires_at = match self.wire.provider_now().await {
            Ok(now) => now + SESSION,
            Err(setback) => return Preparation::Setback(setback),
        };
        let ask = CreateTransferSessionPayload {
            amount: amount.amount().into(),
            currency: amount.currency().to_string(),
            expires_at: expires_at.into(),
            from_wallet_id: wallet.value(),
            to_counterparty_id: counterparty.value(),
        };
        let seen = ask!(self.wire, |raw| raw.create_transfer_session(&ask));
        classify::preparation(seen, |session| {
            let same =
                (session.amount, &session.currency, session.from_wallet_id, session.to_counterparty_id)
                    == (ask.amount, &ask.currency, ask.from_wallet_id, ask.to_counterparty_id);
            let session_id = SessionId::from(session.id).to_string();
            let body = TransferExecutionPayload { reference_id: order.reference_id.as_uuid(), session_id };
            prepared(same, &body, expires_at.max(session.expires_at.utc()))
        })
    }

    async fn open_refund(
        &self,
        order: &Order,
        payment_intent: PaymentIntentId,
        amount: Money,
        reason: Option<String>,
    ) -> Preparation {
        let expires_at = match self.wire.provider_now().await {
            Ok(now) => now + SESSION,
            Err(setback) => return Preparation::Setback(setback),
        };
        let ask = CreateRefundSessionPayload {
            amount: amount.amount().into(),
            expires_at: expires_at.into(),
            original_payment_intent_id: payment_intent.value(),
            reason,
        };
        let seen = ask!(self.wire, |raw| raw.create_refund_session(&ask));
        classify::preparation(seen, |session| {
            let same = (session.amount, session.original_payment_intent_id)
                == (ask.amount, ask.original_payment_intent_id);
            let session_id = SessionId::from(session.id).to_string();
            let body = RefundExecutionPayload { reference_id: order.reference_id.as_uuid(), session_id };
            prepared(same, &body, expires_at.max(session.expires_at.utc()))
        })
    }

    async fn open_checkout(
        &self,
        order: &Order,
        source: Source,
        (account, currency): (AccountId, String),
        document: Option<DocumentTerms>,
    ) -> Preparation {
        if let Some(terms) = document
            && let Err(preparation) = collect::make_payable(&self.wire, source, terms.total).await
        {
            return preparation;
        }
        let (source_type, source_id) = source.on_the_wire();
        let ask = CreateCheckoutSessionPayload { source_id, source_type };
        let seen = ask!(self.wire, |raw| raw.create_checkout_session(&ask));
        classify::preparation(seen, |session| {
            let same = (session.source_id, session.source_type) == (ask.source_id, ask.source_type.clone());
            let body = CheckoutExecutionPayload {
                currency,
                payment_account_id: account.to_string(),
                reference_id: order.reference_id.as_uuid(),
                session_id: SessionId::from(session.id).to_string(),
            };
            prepared(same, &body, session.expires_at.utc())
        })
    }

    /// Sends the journaled body, once.
    async fn execute(
        &self,
        movement: Movement,
        order: &Order,
        body: &str,
    ) -> Result<Seen<ExecutionResponse>, Error> {
        let key = order.reference_id;
        Ok(match movement {
            Movement::Collection => {
                let body: CheckoutExecutionPayload =
                    journaled(body, key, |body: &CheckoutExecutionPayload| body.reference_id)?;
                once!(self.wire, |raw| raw.execute_collection(&body))
            }
            Movement::Payout => {
                let body: PayoutBody = journaled(body, key, |body: &PayoutBody| body.reference_id)?;
                let passcode = self.passcode.clone().ok_or_else(no_passcode)?;
                let PayoutBody { payout_account_id, reference_id, session_id } = body;
                let body = PayoutExecutionPayload { passcode, payout_account_id, reference_id, session_id };
                once!(self.wire, |raw| raw.execute_payout(&body))
            }
            Movement::Transfer => {
                let body: TransferExecutionPayload =
                    journaled(body, key, |body: &TransferExecutionPayload| body.reference_id)?;
                once!(self.wire, |raw| raw.execute_transfer(&body))
            }
            Movement::Refund => {
                let body: RefundExecutionPayload =
                    journaled(body, key, |body: &RefundExecutionPayload| body.reference_id)?;
                once!(self.wire, |raw| raw.execute_refund(&body))
            }
        })
    }
}

impl Rail for DollrRail {
    fn name(&self) -> &'static str {
        "dollr"
    }

    async fn prepare(&self, order: &Order) -> Preparation {
        let contents = match serde_json::from_str(&order.contents) {
            Ok(contents) => contents,
            Err(error) => return Preparation::Setback(stop(damaged().with_source(error))),
        };
        match contents {
            // Without the passcode the session would only expire unused.
            Contents::Payout { .. } if !self.has_passcode() => Preparation::Setback(stop(no_passcode())),
            Contents::Payout { account, amount, .. } => self.open_payout(order, account, amount).await,
            Contents::Transfer { wallet, counterparty, amount } => {
                self.open_transfer(order, (wallet, counterparty), amount).await
            }
            Contents::Refund { payment_intent, amount, reason } => {
                self.open_refund(order, payment_intent, amount, reason).await
            }
            Contents::Collection { source, account, currency, document } => {
                self.open_checkout(order, source, (account, currency.to_string()), document).await
            }
        }
    }

    async fn submit(&self, order: &Order, body: &str) -> Submission {
        let seen = match Movement::of(&order.operation) {
            Ok(movement) => self.execute(movement, order, body).await,
            Err(error) => Err(error),
        };
        match seen {
            Ok(seen) => {
                let submission = classify::submission(order, seen, &self.clean());
                #[cfg(feature = "realtime")]
                if let Submission::Accepted(report) = &submission {
                    self.follow(order, report);
                }
                submission
            }
            Err(error) => Submission::NotSent(stop(error)),
        }
    }

    async fn look_up(&self, order: &Order) -> LookUp {
        match Movement::of(&order.operation) {
            Ok(movement) => {
                let seen = self.read_status(movement, order.reference_id).await;
                let answer = classify::look_up(order, seen, &self.clean());
                #[cfg(feature = "realtime")]
                if let LookUp::Found(report) = &answer {
                    self.follow(order, report);
                }
                answer
            }
            Err(error) => LookUp::Setback(stop(error)),
        }
    }
}

/// The body and the expiry as the engine journals them, if the session is for what was asked.
fn prepared(same: bool, body: &impl Serialize, expires_at: Timestamp) -> Result<(String, Timestamp), Error> {
    if !same {
        let message = "the provider opened a session for something else than was asked";
        return Err(Error::new(ErrorKind::Unreadable, message));
    }
    let body = serde_json::to_string(body).expect("a request is plain data");
    Ok((body, expires_at))
}

/// Reads a body back from the journal, and refuses one that is for another payment.
fn journaled<B: DeserializeOwned>(
    body: &str,
    key: ReferenceId,
    key_of: impl FnOnce(&B) -> uuid::Uuid,
) -> Result<B, Error> {
    let body = serde_json::from_str(body).map_err(|error| damaged().with_source(error))?;
    if key_of(&body) == key.as_uuid() { Ok(body) } else { Err(damaged()) }
}

pub(crate) fn damaged() -> Error {
    Error::new(ErrorKind::Journal, "the journal's record of the order cannot be understood")
}

pub(crate) fn no_passcode() -> Error {
    Error::new(
        ErrorKind::Configuration,
        "a payout needs the passcode: set DOLLR_PASSCODE, or Builder::passcode",
    )
}

fn stop(error: Error) -> Setback {
    Setback { error, then: Then::Stop }
}
