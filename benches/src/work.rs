//! What is done to a journal, whichever it is: payments recorded, and whole payments written.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use dollr::journal::{Intent, Journal};
use dollr::{
    Currency, Entry, Event, Expect, Money, Name, Namespace, Operation, Receipt, ReferenceId, Standing,
};
use dollr::{Timestamp, usd};
use tokio::runtime::Runtime;

/// So many payments that were intended, each under the key that it would have. Their names begin with that.
pub(crate) fn intents(whose: &str, rows: usize) -> Result<Vec<Intent>> {
    let operation = Operation::new("payout")?;
    let namespace = Namespace::new("bench-client")?;
    let amount = usd("250.00")?;
    (0..rows)
        .map(|n| {
            let name = Name::new(format!("{whose}/2026-11/{n:06}"))?;
            Ok(Intent {
                rail: "dollr".to_owned(),
                reference_id: ReferenceId::derive(&namespace, &operation, &name, 1),
                operation: operation.clone(),
                name,
                contents: r#"{"payout":{"account":18,"amount":{"amount":"250.00","currency":"USD"}}}"#
                    .to_owned(),
                expect: Expect::Amount(amount),
            })
        })
        .collect()
}

/// A moment as good as any.
pub(crate) fn moment() -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::TimeDelta::milliseconds(1_795_000_000_000)
}

/// Deals the work out to the callers.
fn deal<T>(work: Vec<T>, callers: usize) -> Vec<Vec<T>> {
    let mut hands: Vec<Vec<T>> = (0..callers).map(|_| Vec::new()).collect();
    for (n, piece) in work.into_iter().enumerate() {
        hands[n % callers].push(piece);
    }
    hands
}

/// How many pieces of work a second the callers get done, each doing one after another.
pub(crate) fn rate<T, F, Fut>(runtime: &Runtime, work: Vec<T>, callers: usize, act: F) -> Result<f64>
where
    T: Send + 'static,
    F: Fn(T) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let pieces = work.len();
    let hands = deal(work, callers);
    let elapsed = runtime.block_on(async move {
        let began = Instant::now();
        let tasks: Vec<_> = hands
            .into_iter()
            .map(|hand| {
                let act = act.clone();
                tokio::spawn(async move {
                    for piece in hand {
                        act(piece).await?;
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        anyhow::Ok(began.elapsed())
    })?;
    Ok(pieces as f64 / elapsed.as_secs_f64())
}

/// How many payments a second so many callers record.
pub(crate) fn recorded(
    runtime: &Runtime,
    journal: Arc<dyn Journal>,
    callers: usize,
    rows: usize,
) -> Result<f64> {
    rate(runtime, intents("salary", rows)?, callers, move |intent| {
        let journal = Arc::clone(&journal);
        async move {
            let (_, lease) = journal.intend(intent, moment()).await?;
            lease.context("a new payment came without its lease").map(drop)
        }
    })
}

/// How many whole payments a second so many callers write: intended; prepared and sending; completed.
pub(crate) fn whole_payments(
    runtime: &Runtime,
    journal: Arc<dyn Journal>,
    callers: usize,
    intents: Vec<Intent>,
) -> Result<f64> {
    rate(runtime, intents, callers, move |intent| {
        let journal = Arc::clone(&journal);
        async move { whole_payment(&*journal, intent).await }
    })
}

/// Writes one payment from its beginning to its end.
pub(crate) async fn whole_payment(journal: &dyn Journal, intent: Intent) -> Result<()> {
    let now = |event| Entry { at: moment(), event };
    let (reference_id, money) = (intent.reference_id, Money::new("250.00", Currency::USD)?);
    let receipt = Receipt {
        reference_id,
        payer_amount: money,
        payee_amount: money,
        provider_transaction_id: Some("b7c1f0de-tx".to_owned()),
    };
    let prepared = Event::Prepared {
        body: format!(
            r#"{{"payout_account_id":"18","reference_id":"{}","session_id":"88"}}"#,
            reference_id.as_uuid()
        ),
        expires_at: moment(),
        provider_at: Some(moment()),
    };
    let (_, lease) = journal.intend(intent, moment()).await?;
    let lease = lease.context("a new payment came without its lease")?;
    let sending = vec![now(prepared), now(Event::Sending)];
    let lease = journal.append(lease, sending, Standing::Sending).await?;
    journal.append(lease, vec![now(Event::Completed { receipt })], Standing::Completed).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_of_work_is_dealt_out_once() {
        let hands = deal((0..10).collect(), 4);
        assert_eq!(hands, [vec![0, 4, 8], vec![1, 5, 9], vec![2, 6], vec![3, 7]]);
    }
}
