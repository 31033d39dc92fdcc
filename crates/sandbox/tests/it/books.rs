//! Whatever is asked, in whatever order and through whatever faults, the books balance and no key is paid twice.

use std::time::Duration;

use payonce_sandbox::{Guards, Sandbox, Storm};
use proptest::prelude::*;
use reqwest::Method;
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
    Execute { kind: usize, session: usize, account: i64, key: usize, currency: usize },
    Create { order: bool, currency: usize, payee_bears: bool },
    AddItem { source: usize, qty: i64, cents: i64 },
    RemoveItem { source: usize, item: i64 },
    Publish { source: usize },
    Cancel { source: usize },
    OpenCreated { source: usize },
    Checkout { cents: i64, currency: usize },
    Account { method: usize, number: i64 },
    Confirm { key: usize },
    Wait { seconds: u64 },
}

const CURRENCIES: [&str; 3] = ["USD", "LRD", "RWF"];

/// Pairs of method and provider, the last of which do not fit.
const METHODS: [(&str, &str); 5] = [
    ("MTN_MOMO_LBR", "PAWAPAY"),
    ("AIRTEL_RWA", "PAWAPAY"),
    ("CREDIT_CARD", "STRIPE"),
    ("WALLET", "PLATFORM"),
    ("MTN_MOMO_LBR", "STRIPE"),
];

/// What is done to invoices, orders and accounts.
fn act_on_source() -> impl Strategy<Value = Act> {
    let source = 0..6_usize;
    prop_oneof![
        (any::<bool>(), 0..3_usize, any::<bool>()).prop_map(|(order, currency, payee_bears)| Act::Create {
            order,
            currency,
            payee_bears
        }),
        (source.clone(), -1_i64..4, 0_i64..30_000).prop_map(|(source, qty, cents)| Act::AddItem {
            source,
            qty,
            cents
        }),
        (source.clone(), 1000_i64..1010).prop_map(|(source, item)| Act::RemoveItem { source, item }),
        source.clone().prop_map(|source| Act::Publish { source }),
        source.clone().prop_map(|source| Act::Cancel { source }),
        source.prop_map(|source| Act::OpenCreated { source }),
        (0_i64..30_000, 0..3_usize).prop_map(|(cents, currency)| Act::Checkout { cents, currency }),
        (0..METHODS.len(), 0_i64..8).prop_map(|(method, number)| Act::Account { method, number }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let account = prop_oneof![18_i64..27, 31_i64..36];
    let cents = 0_i64..30_000;
    prop_oneof![
        1 => (account.clone(), cents.clone()).prop_map(|(account, cents)| Act::OpenPayout { account, cents }),
        1 => (101_i64..114).prop_map(|source| Act::OpenCheckout { source }),
        1 => (14_i64..19, 2_i64..7, cents.clone()).prop_map(|(counterparty, wallet, cents)| Act::OpenTransfer {
            counterparty,
            wallet,
            cents
        }),
        1 => (8999_i64..9006, cents).prop_map(|(intent, cents)| Act::OpenRefund { intent, cents }),
        2 => (0..4_usize, 0..8_usize, account, 0..6_usize, 0..3_usize).prop_map(
            |(kind, session, account, key, currency)| Act::Execute { kind, session, account, key, currency }
        ),
        4 => act_on_source(),
        1 => (0..6_usize).prop_map(|key| Act::Confirm { key }),
        1 => (0_u64..1000).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// A decimal as JSON has it, from hundredths.
fn amount(cents: i64) -> serde_json::Value {
    json!(format!("{}.{:02}", cents / 100, cents % 100).parse::<serde_json::Number>().unwrap())
}

/// A run on one sandbox.
struct Run {
    sandbox: Sandbox,
    merchant: Merchant,
    sessions: Vec<String>,
    /// Tag and id of what was created.
    sources: Vec<(&'static str, i64)>,
    keys: Vec<Uuid>,
}

impl Run {
    async fn act(&mut self, act: &Act) {
        let later = "2099-01-01T00:00:00Z";
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
            Act::Execute { kind, session, account, key, currency } => {
                let session = match self.sessions.len() {
                    0 => "1".to_owned(),
                    opened => self.sessions[session % opened].clone(),
                };
                self.execute(kind, &session, account, self.keys[key], CURRENCIES[currency]).await;
            }
            Act::Confirm { key } => {
                self.sandbox.confirm_card(self.keys[key]);
            }
            Act::Wait { seconds } => self.sandbox.clock().advance(Duration::from_secs(seconds)),
            ref other => self.act_on_source(other).await,
        }
    }

    async fn act_on_source(&mut self, act: &Act) {
        match *act {
            Act::Create { order, currency, payee_bears } => {
                let tag = if order { "orders" } else { "invoices" };
                let bearer = if payee_bears { "PAYEE" } else { "PAYER" };
                let body = json!({ "counterparty_id": 15, "currency": CURRENCIES[currency], "note": "",
                    "fee_bearer": bearer, "as_payment_link": true });
                if let Ok((200, made)) = self.merchant.post(&format!("/v1/{tag}/create"), body).await {
                    self.sources.push((tag, made["id"].as_i64().unwrap()));
                }
            }
            Act::AddItem { source, qty, cents } => {
                for currency in CURRENCIES {
                    let item =
                        json!({ "name": "Shoe", "currency": currency, "qty": qty, "amount": amount(cents) });
                    self.on_source(source, Method::POST, "/v1/{tag}/{id}/items/add", Some(item)).await;
                }
            }
            Act::RemoveItem { source, item } => {
                let path = format!("/v1/{{tag}}/{{id}}/items/{item}/remove");
                self.on_source(source, Method::DELETE, &path, None).await;
            }
            Act::Publish { source } => {
                self.on_source(source, Method::PUT, "/v1/{tag}/publish/{id}", None).await;
            }
            Act::Cancel { source } => {
                self.on_source(source, Method::DELETE, "/v1/{tag}/cancel/{id}", None).await;
            }
            Act::OpenCreated { source } => {
                if let Some((tag, id)) = self.created(source) {
                    let kind = if tag == "orders" { "ORDER" } else { "INVOICE" };
                    self.open("checkout", json!({ "source_id": id, "source_type": kind })).await;
                }
            }
            Act::Checkout { cents, currency } => {
                let currency = CURRENCIES[currency];
                let body = json!({ "mode": "DIRECT", "source_kind": "ORDER", "party_phone": "231774567890",
                    "currency": currency,
                    "items": [{ "name": "Shoe", "currency": currency, "amount": amount(cents) }] });
                if let Ok((200, made)) = self.merchant.post("/v1/checkouts/create", body).await {
                    self.sources.push(("orders", made["source_id"].as_i64().unwrap()));
                }
            }
            Act::Account { method, number } => {
                let (method, provider) = METHODS[method];
                let mobile = method.contains('M') && method != "PLATFORM";
                let number = mobile.then(|| format!("23177000000{number}"));
                let body = json!({ "account_name": "Ama", "method": method, "provider": provider,
                    "party_id": 42, "insensitive_account_number": number });
                let path = "/v1/payment-accounts/create?operation_type=COLLECTION";
                // Accounts made here get the numbers from 33 on, which executions try.
                let _ = self.merchant.post(path, body).await;
            }
            _ => unreachable!("the rest is done by `act`"),
        }
    }

    fn created(&self, source: usize) -> Option<(&'static str, i64)> {
        (!self.sources.is_empty()).then(|| self.sources[source % self.sources.len()])
    }

    async fn on_source(&self, source: usize, method: Method, path: &str, body: Option<serde_json::Value>) {
        if let Some((tag, id)) = self.created(source) {
            let path = path.replace("{tag}", tag).replace("{id}", &id.to_string());
            // Whatever is answered, the books are asked below.
            let _ = self.merchant.send(method, &path, body).await;
        }
    }

    async fn open(&mut self, kind: &str, body: serde_json::Value) {
        // A storm may swallow the reply; a session nobody knows of is not used.
        if let Ok((200, session)) = self.merchant.post(&format!("/v1/sessions/{kind}"), body).await {
            self.sessions.push(session["id"].to_string());
        }
    }

    async fn execute(&self, kind: usize, session: &str, account: i64, key: Uuid, currency: &str) {
        let plain = json!({ "session_id": session, "reference_id": key });
        let (path, body) = match kind {
            0 => ("payout", payout(session, account, key)),
            1 => (
                "collection",
                json!({ "session_id": session, "payment_account_id": account.to_string(),
                "currency": currency, "reference_id": key }),
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
    let mut run = Run { sandbox, merchant, sessions: Vec::new(), sources: Vec::new(), keys };
    let mut balanced = true;
    for act in acts {
        run.act(act).await;
        balanced &= run.sandbox.ledger().is_balanced();
    }
    run.sandbox.clock().advance(Duration::from_secs(3600));
    let failed = run.sandbox.requests().into_iter().find(|request| request.status >= Some(500));
    assert!(storm.is_some() || failed.is_none(), "no request makes the sandbox itself fail: {failed:?}");
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
