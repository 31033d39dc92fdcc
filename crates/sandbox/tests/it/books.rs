//! Whatever is asked, in whatever order and through whatever faults, the books balance and no key is paid twice.

use std::time::Duration;

use payonce_sandbox::{Guards, Sandbox, Storm};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use crate::merchant::{Merchant, payout};

/// One thing a client or time may do. Numbers choose among the sessions and keys of the run.
#[derive(Clone, Debug)]
enum Act {
    OpenPayout { account: i64, cents: i64 },
    OpenCheckout { source: i64 },
    OpenTransfer { counterparty: i64, wallet: i64, cents: i64 },
    OpenRefund { intent: i64, cents: i64 },
    Execute { kind: usize, session: usize, account: i64, key: usize },
    Confirm { key: usize },
    Wait { seconds: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    let account = prop_oneof![18_i64..27, 31_i64..33];
    let cents = 0_i64..30_000;
    prop_oneof![
        (account.clone(), cents.clone()).prop_map(|(account, cents)| Act::OpenPayout { account, cents }),
        (101_i64..114).prop_map(|source| Act::OpenCheckout { source }),
        (14_i64..19, 2_i64..7, cents.clone()).prop_map(|(counterparty, wallet, cents)| Act::OpenTransfer {
            counterparty,
            wallet,
            cents
        }),
        (8999_i64..9006, cents).prop_map(|(intent, cents)| Act::OpenRefund { intent, cents }),
        (0..4_usize, 0..8_usize, account.clone(), 0..6_usize)
            .prop_map(|(kind, session, account, key)| Act::Execute { kind, session, account, key }),
        (0..4_usize, 0..8_usize, account, 0..6_usize)
            .prop_map(|(kind, session, account, key)| Act::Execute { kind, session, account, key }),
        (0..6_usize).prop_map(|key| Act::Confirm { key }),
        (0_u64..1000).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// A run on one sandbox.
struct Run {
    sandbox: Sandbox,
    merchant: Merchant,
    sessions: Vec<String>,
    keys: Vec<Uuid>,
}

impl Run {
    async fn act(&mut self, act: &Act) {
        let later = "2099-01-01T00:00:00Z";
        let amount = |cents: i64| {
            json!(format!("{}.{:02}", cents / 100, cents % 100).parse::<serde_json::Number>().unwrap())
        };
        match *act {
            Act::OpenPayout { account, cents } => {
                let body =
                    json!({ "payout_account_id": account, "amount": amount(cents), "currency": "USD" });
                self.open("payout", body).await;
            }
            Act::OpenCheckout { source } => {
                self.open("checkout", json!({ "source_id": source, "source_type": "INVOICE" })).await;
            }
            Act::OpenTransfer { counterparty, wallet, cents } => {
                let body = json!({ "from_wallet_id": wallet, "to_counterparty_id": counterparty,
                    "amount": amount(cents), "currency": "USD", "expires_at": later });
                self.open("transfer", body).await;
            }
            Act::OpenRefund { intent, cents } => {
                let body = json!({ "original_payment_intent_id": intent, "amount": amount(cents), "expires_at": later });
                self.open("refund", body).await;
            }
            Act::Execute { kind, session, account, key } => {
                let session = match self.sessions.len() {
                    0 => "1".to_owned(),
                    opened => self.sessions[session % opened].clone(),
                };
                self.execute(kind, &session, account, self.keys[key]).await;
            }
            Act::Confirm { key } => {
                self.sandbox.confirm_card(self.keys[key]);
            }
            Act::Wait { seconds } => self.sandbox.clock().advance(Duration::from_secs(seconds)),
        }
    }

    async fn open(&mut self, kind: &str, body: serde_json::Value) {
        // A storm may swallow the reply; a session nobody knows of is not used.
        if let Ok((200, session)) = self.merchant.post(&format!("/v1/sessions/{kind}"), body).await {
            self.sessions.push(session["id"].to_string());
        }
    }

    async fn execute(&self, kind: usize, session: &str, account: i64, key: Uuid) {
        let plain = json!({ "session_id": session, "reference_id": key });
        let (path, body) = match kind {
            0 => ("payout", payout(session, account, key)),
            1 => (
                "collection",
                json!({ "session_id": session, "payment_account_id": account.to_string(),
                "currency": "USD", "reference_id": key }),
            ),
            2 => ("transfer", plain),
            _ => ("refund", plain),
        };
        // Whatever is answered, the books are asked below.
        let _ = self.merchant.post(&format!("/v1/executions/{path}"), body).await;
    }
}

async fn run(acts: &[Act], guards: Guards, storm: Option<u64>) -> (bool, Vec<Uuid>) {
    let sandbox = Sandbox::builder().guards(guards).start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    if let Some(seed) = storm {
        let storm = Storm::new(seed).lost_requests(0.1).lost_replies(0.1).resets(0.1).garbage(0.1);
        sandbox.storm(storm.errors_before(0.1).errors_after(0.1));
        sandbox.on("POST /v1/executions/*").probability(0.3, seed).before_effect().duplicate_delivery();
        let late = Duration::from_secs(seed % 2000);
        sandbox.on("POST /v1/executions/*").probability(0.2, seed).before_effect().deliver_late(late);
    }
    let keys = (0..6).map(|_| Uuid::new_v4()).collect();
    let mut run = Run { sandbox, merchant, sessions: Vec::new(), keys };
    let mut balanced = true;
    for act in acts {
        run.act(act).await;
        balanced &= run.sandbox.ledger().is_balanced();
    }
    run.sandbox.clock().advance(Duration::from_secs(3600));
    (balanced && run.sandbox.ledger().is_balanced(), run.sandbox.ledger().paid_twice())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_and_no_key_is_paid_twice(
        acts in prop::collection::vec(act(), 1..60),
        storm in prop::option::of(any::<u64>()),
        key_once: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let guards = Guards { key_once, session_once: true };
        let (balanced, paid_twice) = runtime.block_on(run(&acts, guards, storm));
        prop_assert!(balanced);
        if key_once {
            prop_assert_eq!(paid_twice, Vec::<Uuid>::new());
        }
    }
}
